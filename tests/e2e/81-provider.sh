# The record by curl over HTTPS: each method with its response rules, who may
# call and who may not, and what is malformed never reaches the program.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_up; ok $? "the exercise's image"
EMPLOYEE=/cscvinc/employee
J='Content-Type: application/json'
# answers NAME STATUS [BODY-REGEX]: of the request just made
answers() { is "$CODE" "$2" "$1: $2"; [ "$CODE" = "$2" ] || note "curl $CURL, $BODY"; [ -z "${3:-}" ] || like "$BODY" "$3" "$1: says so"; }
outcome() { is "$(field CEIBRESP)/$(field CEIBRESP2) $(field NUMB) $(field NAME)" "$2" "$1: the program's answer"; }

# --- the record
api GET $EMPLOYEE/111111; answers "GET" 200; outcome "GET" "0/0 111111 C. BAKER"
like "$HEAD" '^Content-Type: application/json' "GET: content type"
is "$(field USERID)" USER1 "GET: under the certificate's user"
AS=LIBSERV api GET $EMPLOYEE/111111; is "$(field USERID)" LIBSERV "GET: another certificate, another user"
api GET "$EMPLOYEE/111111?unknown=1&x=%41"; answers "GET with a query nobody reads" 200
api GET $EMPLOYEE/999000; answers "GET of no record" 404; outcome "GET of no record" "13/80 999000 "
api POST $EMPLOYEE -H "$J" -d "$(record_json 999000 'A. NEW')"; answers "POST" 200; outcome "POST" "0/0 999000 A. NEW"
api GET $EMPLOYEE/999000; answers "GET of the new one" 200
is "$(jq -cS '.. | .FILEA_AREA? // empty' <<<"$BODY")" '{"ADDRX":"HERE","AMOUNT":"$0001.00","COMMENT":"TEST","DATEX":"01 01 26","NAME":"A. NEW","NUMB":"999000","PHONE":"12345678","STAT":"Y"}' "GET: every field as posted"
api POST $EMPLOYEE -H "$J" -d "$(record_json 999000 'ANOTHER')"; answers "POST of a duplicate" 409; outcome "POST of a duplicate" "14/150 999000 ANOTHER"
api POST $EMPLOYEE; answers "POST without a payload" 400 'BAQR0417W: .*payload is empty'
api PUT $EMPLOYEE/999000 -H "$J" -d "$(record_json 123456 'B. CHANGED')"; answers "PUT" 200; outcome "PUT: the path's number wins" "0/0 999000 B. CHANGED"
get_record 123456; answers "PUT: the body's number is untouched" 404
api PUT $EMPLOYEE/999001 -H "$J" -d "$(record_json 999001 NOBODY)"; answers "PUT of no record" 400; outcome "PUT of no record" "16/30 999001 NOBODY"
get_record 999000; is "$(field NAME)" "B. CHANGED" "the change lasts"
api DELETE $EMPLOYEE/999000; answers "DELETE" 200; outcome "DELETE" "0/0 999000 "
api DELETE $EMPLOYEE/999000; answers "DELETE again" 404; outcome "DELETE again" "13/80 999000 "
api PUT $EMPLOYEE/111111 -H "$J" -d '{"cscvincServiceOperation":{"Container1":{"REQUEST_CONTAINER":{"FILEA_AREA":{"NAME":"Ren\u00e9 \u20ac\"\\"}}}}}'
answers "PUT of other than ASCII" 200; is "$(field NAME)" 'René €"\' "it comes back as it went"
api PUT $EMPLOYEE/111111 -H "$J" -d "$(record_json 111111 'C. BAKER' 'OTTAWA, ONTARIO')"; answers "PUT back" 200
api POST "/zosConnect/services/cscvincService?action=invoke" -H "$J" -d '{"cscvincServiceOperation":{"Container1":{"REQUEST_CONTAINER":{"ACTION":"S","FILEA_AREA":{"NUMB":"111111"}}}}}'
answers "the service itself" 200; is "$(field NAME)" "C. BAKER" "the service itself: the record"

# --- the clear port
OUT=$(curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "http://127.0.0.1:$HTTP$EMPLOYEE/111111?a=b")
is "$OUT" "302 https://127.0.0.1:$HTTPS$EMPLOYEE/111111?a=b" "requireSecure: 302 with Location"
OUT=$(curl -s -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: wg31.lab.test' "http://127.0.0.1:$HTTP$EMPLOYEE/111111")
is "$OUT" "302 https://wg31.lab.test:$HTTPS$EMPLOYEE/111111" "to the host that was asked"
OUT=$(curl -s -o /dev/null -w '%{http_code}|%{redirect_url}' -X POST "http://127.0.0.1:$HTTP/zosConnect/apiRequesters/cscvincapi_1.0.0")
is "$OUT" "302|" "a requester: no Location"
log_mark
OUT=$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$HTTPS$EMPLOYEE/111111")
is "$OUT" 000 "clear text on the TLS port"
logged() { log_since | grep -q "$1"; }
wait_for 5 logged CWWKO0801E; ok $? "is CWWKO0801E in the log"

# --- who may
log_mark
AS= api GET $EMPLOYEE/111111; answers "no certificate" 000
like "$(log_since)" 'CWWKO0801E.*null cert chain' "no certificate: the log says why"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$SCRATCH/key" -out "$SCRATCH/crt" -subj /O=IBM/OU=ATS/CN=USER1 -days 2 2>/dev/null
cat "$SCRATCH/key" "$SCRATCH/crt" >"$SCRATCH/FALSE.pem"
log_mark
AS=FALSE api GET $EMPLOYEE/111111; answers "a self-made certificate of that name" 000
like "$(log_since)" 'CWWKO0801E.*self-signed' "a self-made certificate: the log says why"
sallyport racf --file - >"$SCRATCH/out" 2>&1 <<'D'
RACDCERT ID(USER2) GENCERT SUBJECTSDN(CN('USER2')) WITHLABEL('USER2') SIGNWITH(CERTAUTH LABEL('Liberty CA')) NOTAFTER(DATE(2036/12/31))
RACDCERT ID(FRED) GENCERT SUBJECTSDN(CN('FRED')) WITHLABEL('FRED') SIGNWITH(CERTAUTH LABEL('Liberty CA')) NOTAFTER(DATE(2036/12/31))
RACDCERT ID(WSGUEST) GENCERT SUBJECTSDN(CN('NOBODY')) WITHLABEL('GONE') SIGNWITH(CERTAUTH LABEL('Liberty CA')) NOTAFTER(DATE(2036/12/31))
D
certificates USER2=USER2 FRED=FRED WSGUEST=GONE; ok $? "certificates of USER2, FRED and of one that is deleted"
sallyport racf "RACDCERT ID(WSGUEST) DELETE(LABEL('GONE'))" >/dev/null
sallyport racf 'SETROPTS RACLIST(DIGTCERT) REFRESH' >/dev/null
AS=WSGUEST api GET $EMPLOYEE/111111; answers "a certificate of ours that maps to nobody" 401
log_mark
AS=USER2 api GET $EMPLOYEE/111111; answers "a user without READ to the APPL" 401
sallyport racf 'CONNECT USER2 GROUP(ZCEEUSRS)' >/dev/null
AS=USER2 api GET $EMPLOYEE/111111
answers "a user who may not invoke" 403 'BAQR0406W: The zosConnectAuthorization interceptor encountered an error while processing a request for service cscvincService under request URL https://127\.0\.0\.1:[0-9]+/cscvinc/employee/111111\.'
is "$(jq -r .errorDetails <<<"$BODY")" 'BAQR0409W: User USER2 is not authorized to perform the request.' "BAQR0409W names the user"
like "$(log_since)" 'BAQR0409W: User USER2' "and so does the log"
AS=FRED api GET $EMPLOYEE/111111; answers "FRED may" 200; is "$(field USERID)" FRED "and is FRED in the region"
api GET /cscvinc/api-docs; answers "api-docs needs reader authority" 403 BAQR0409W
sallyport racf 'CONNECT FRED GROUP(GMREADR)' >/dev/null
AS=FRED api GET /cscvinc/api-docs; answers "a cached identity outlives the change" 403
console 'F BAQSTRT,ZCON,CLEARSAFCACHE'; like "$OUT" 'ZCON,CLEARSAFCACHE COMPLETED SUCCESSFULLY' "the operator empties the cache"
AS=FRED api GET /cscvinc/api-docs; answers "api-docs" 200
is "$(jq -r '[.swagger, .basePath, (.paths | keys | join(" "))] | join(" ")' <<<"$BODY")" '2.0 /cscvinc /employee /employee/{employee}' "api-docs: the API's document"

# --- basic authentication: the certificate is not asked for
sed -i 's/clientAuthentication="true"/clientAuthentication="false"/' "$SERVER_DIR/includes/keyringOutboundMutual.xml"; image_own
refresh; is "$STATUS" 0 "clientAuthentication=false, refresh"
AS= api GET $EMPLOYEE/111111; answers "nothing shown" 401 '^Unauthorized$'
like "$HEAD" '^WWW-Authenticate: Basic realm="' "a challenge"
AS= api GET $EMPLOYEE/111111 -u USER1:USER1; answers "user and password" 200; is "$(field USERID)" USER1 "is USER1"
AS= api GET $EMPLOYEE/111111 -u user1:user1; answers "in lower case" 200
AS= api GET $EMPLOYEE/111111 -u USER1:WRONG; answers "a wrong password" 401
AS= api GET $EMPLOYEE/111111 -u USERX:USERX; answers "an unknown user" 401
AS= api GET $EMPLOYEE/111111 -u USER1:; answers "an empty password" 401
AS= api GET $EMPLOYEE/111111 -H 'Authorization: Basic !!!'; answers "not base64" 401
AS= api GET $EMPLOYEE/111111 -H "Authorization: Basic $(printf %05000d 0)"; answers "too long" 401
AS= api GET $EMPLOYEE/111111 -H 'Authorization: Bearer abc'; answers "a token nobody can check" 401
AS= api GET $EMPLOYEE/111111 -u USER2:USER2; answers "who may not invoke" 403 BAQR0409W
api GET $EMPLOYEE/111111 -u USER2:USER2; answers "certificate before password" 200; is "$(field USERID)" USER1 "is the certificate's"
unlike "$(cat "$(log_of)")" 'WRONG' "no password in the log"

# --- paths and methods
api GET /nothing; answers "an unknown path" 404 'BAQR0490W: No API is published under path /nothing\.'
api GET $EMPLOYEE/1/2; answers "a path too long" 404 BAQR0490W
api GET /cscvinc/../cscvinc/employee/111111; answers "dots are not resolved" 404
api PATCH $EMPLOYEE/111111; answers "a wrong method" 405 'BAQR0491W: Method PATCH is not available under path /cscvinc/employee/111111\.'
api GET $EMPLOYEE; answers "a method of the other path" 405 BAQR0491W
api BREW $EMPLOYEE; answers "no method at all" 501
for bad in %zz %f %ff %c3%28 %00; do api GET "$EMPLOYEE/11111$bad"; answers "path $bad" 400 BAQR0492W; done
api GET $EMPLOYEE/1111112; answers "a path value that is too long" 400 'NUMB: &quot;1111112&quot; is longer than 6 characters'
api GET "$EMPLOYEE/$(head -c 40000 /dev/zero | tr '\0' 1)"; answers "an endless path" 400
api GET /zosConnect/services/none; answers "an unknown service" 404 BAQR0431W
api GET /zosConnect/services/cscvincService; answers "a service is invoked by POST" 405
api POST /zosConnect/apiRequesters/none; answers "an unknown requester" 404 BAQR1001E

# --- bodies that are wrong never reach the program
wrap() { printf '{"cscvincServiceOperation":{"Container1":{"REQUEST_CONTAINER":{"FILEA_AREA":%s}}}}' "$1"; }
refused() { # NAME BODY REGEX [STATUS]
    printf '%s' "$2" >"$SCRATCH/json"
    api PUT $EMPLOYEE/111111 -H "$J" --data-binary "@$SCRATCH/json"
    answers "$1" "${4:-400}" "$3"
}
refused "not JSON" '{"a":' 'BAQR0417W: .*Error: not JSON at byte 5'
refused "cut off" "$(wrap '{"NAME":"X"' | head -c 60)" 'BAQR0417W: .*not JSON'
refused "something behind it" "$(wrap '{"NAME":"X"}')}" 'not JSON at byte [0-9]+: something behind the value'
refused "an array" '[]' 'request: expected an object, found an array'
refused "a number" '12' 'request: expected an object, found a number'
refused "single quotes" "{'a':1}" 'BAQR0417W'
refused "a comment" '/* x */{}' 'BAQR0417W'
refused "not UTF-8" "$(wrap "{\"NAME\":\"$(printf '\377')\"}")" 'not JSON'
refused "half a surrogate" "$(wrap '{"NAME":"\ud800"}')" 'not JSON'
refused "nested too deeply" "$(python3 -c 'print("{\"a\":" * 100 + "1" + "}" * 100)')" 'JSON nested deeper than 64'
refused "nested much too deeply" "$(python3 -c 'print("[" * 100000)')" 'BAQR0417W'
refused "a number for text" "$(wrap '{"NAME":12}')" 'Error: NAME: expected a string, found a number'
refused "true for text" "$(wrap '{"NAME":true}')" 'NAME: expected a string, found true'
refused "an object for text" "$(wrap '{"NAME":{"a":1}}')" 'NAME: expected a string, found an object'
refused "an array for text" "$(wrap '{"NAME":["a"]}')" 'NAME: expected a string, found an array'
refused "text for an object" "$(wrap '"x"')" 'FILEA_AREA: expected an object, found a string'
refused "a member twice" "$(wrap '{"NAME":"A","NAME":"B"}')" 'NAME: given twice in one object'
for row in STAT:1 NAME:20 ADDRX:20 PHONE:8 DATEX:8 AMOUNT:8 COMMENT:9; do
    value=$(printf "%0$((${row#*:} + 1))d" 0)
    refused "${row%:*} too long" "$(wrap "{\"${row%:*}\":\"$value\"}")" "${row%:*}: &quot;$value&quot; is longer than ${row#*:} characters"
done
head -c 33600000 /dev/zero | tr '\0' ' ' >"$SCRATCH/big"
api PUT $EMPLOYEE/111111 -H "$J" --data-binary "@$SCRATCH/big"; answers "oversized" 413
api PUT $EMPLOYEE/111111 -H "$J" -H 'Transfer-Encoding: chunked' --data-binary "@$SCRATCH/big"; answers "oversized in chunks" 413
api PUT $EMPLOYEE/111111 -H "$J" -H 'Expect: tea' -d '{}'; answers "an unknown expectation" 417
api PUT $EMPLOYEE/111111 -H "$J" -H "X: $(head -c 100000 /dev/zero | tr '\0' x)" -d '{}'; answers "an endless header" 400
OUT=$(printf 'GET %s/111111 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' $EMPLOYEE |
    openssl s_client -quiet -connect "127.0.0.1:$HTTPS" -CAfile "$SCRATCH/ca.pem" -cert "$SCRATCH/USER1.pem" 2>/dev/null | head -1)
like "$OUT" '^HTTP/1.1 400' "two lengths of one body: 400"
get_record 111111; answers "the record" 200; outcome "the record" "0/0 111111 C. BAKER"
is "$(field ADDRX)" "OTTAWA, ONTARIO" "is as it was"
done_testing
