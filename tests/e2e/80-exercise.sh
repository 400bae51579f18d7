# The exercise, steps 1 to 9: every expected result of its table.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_install; ok $? "ipl, samples, decks, server's files"
one_line() { tr -d '\n' <<<"$OUT"; }

# 1. The decks: each command's reply, completion code 0, rings.
for deck in $IMAGE_DECKS; do
    OUT=$(cat "$SCRATCH/$deck.out")
    like "$OUT" 'STEP WAS EXECUTED - COND CODE 0000' "1: $deck: completion code 0"
    unlike "$OUT" 'IKJ5|IRR[0-9]+E|NOT (DEFINED|FOUND|AUTHORIZED)|COND CODE 00(04|08|12)' "1: $deck: no command failed"
done
like "$(cat "$SCRATCH/RACFUSER.out")" 'USER=USER1 +NAME=WORKSHOP USER1 +OWNER=' "1: LISTUSER USER1"
like "$(cat "$SCRATCH/RACFUSER.out")" 'INFORMATION FOR GROUP GMINVOKE' "1: LISTGRP GMINVOKE"
like "$(cat "$SCRATCH/RACFRES.out")" 'EJBROLE +BBGZDFLT\.zos\.connect\.access\.roles\.zosConnectAccess' "1: RLIST of the role"
ring() { sallyport racf "RACDCERT ID($1) LISTRING($2)"; }
OUT=$(ring USER1 Liberty.KeyRing)
like "$OUT" '^ +USER1 +ID\(USER1\) +PERSONAL +YES$' "1: LISTRING: label, owner, usage, default"
like "$OUT" '^ +Liberty CA +CERTAUTH +CERTAUTH +NO$' "1: and the CA"
OUT=$(ring LIBSERV Liberty.KeyRing)
like "$OUT" '^ +Liberty Client Cert +ID\(LIBSERV\) +PERSONAL +YES$' "1: the server's certificate inbound"
like "$OUT" '^ +zCEE CA +CERTAUTH +CERTAUTH +NO$' "1: the outbound CA is trusted inbound"
OUT=$(ring LIBSERV zCEE.KeyRing)
like "$OUT" '^ +zCEE Client Cert +ID\(LIBSERV\) +PERSONAL +YES$' "1: the outbound certificate"
like "$OUT" '^ +Liberty CA +CERTAUTH +CERTAUTH +NO$' "1: and whom it trusts"
sallyport racf 'RLIST SURROGAT USER1.SUBMIT AUTHUSER' >"$SCRATCH/out"
like "$(cat "$SCRATCH/out")" 'IBMUSER +READ' "1: SURROGAT"

# 2. Angel, region and server as started tasks.
console 'S BBGZANGL'; like "$OUT" 'IEF695I START BBGZANGL .* IS ASSIGNED TO USER LIBANGEL' "2: the angel"
console 'S CICSREG'; like "$OUT" 'IEF695I START CICSREG .* IS ASSIGNED TO USER CICSREG' "2: the region"
console 'S BAQSTRT'; like "$OUT" 'IEF695I START BAQSTRT .* IS ASSIGNED TO USER LIBSERV' "2: STARTED gives the server LIBSERV"
LOG=$(log_of)
wait_for 20 grep -q CWWKF0011I "$LOG"; ok $? "2: the server is ready"
OUT=$(cat "$LOG")
for include in safSecurity ipic keyringOutboundMutual apiRequesterHTTPS groupAccess shared; do
    like "$OUT" "CWWKG0028A: Processing included configuration resource: .*/includes/$include\.xml$" "2: include $include"
done
for group in SAFCRED ZOSWLM TXRRS ZOSDUMP PRODMGR ZOSAIO; do
    like "$OUT" "CWWKB0103I: Authorized service group $group is available\." "2: service group $group"
done
for group in LOCALCOM WOLA; do like "$OUT" "CWWKB010[14].*$group" "2: $group, which nobody may, is not"; done
like "$OUT" "CWWKO0219I: TCP Channel defaultHttpEndpoint has been started .* port $HTTP\." "2: HTTP port"
like "$OUT" "CWWKO0219I: TCP Channel defaultHttpEndpoint-ssl has been started .* port $HTTPS\." "2: HTTPS port"
like "$OUT" 'BAQR7043I.*cscvincService' "2: the service is installed"
like "$OUT" 'BAQR7000I.*cscvinc' "2: the API"
like "$OUT" 'BAQR7100I.*cscvincapi_1\.0\.0' "2: the API requester"
server_pids() { processes sallyport-server | sort | tr '\n' ' '; }
PIDS=$(server_pids)

# 3. requireSecure="true": the stub cannot follow to TLS.
secure_error() { # STEP
    like "$OUT" 'GETAPI - STEP WAS EXECUTED - COND CODE 0005' "$1: completion code 5"
    like "$OUT" '^ *Error code: 0000000005' "$1: error code 5"
    like "$(one_line)" 'BAQI0005E: .*HWTHRQST RC=262\(0x106\) RSC=6 RSN=A redirect status was returned but no redirect location was provided' "$1: BAQI0005E"
    like "$OUT" '^ *Error origin: ?STUB' "$1: by the stub"
}
submit_edit GETAPI; secure_error 3
is "$STATUS" 0 "3: submit ends with 0: the job ran to its end"
SUBMIT_OPTIONS='--fail-above 4' submit_edit GETAPI; is "$STATUS" 4 "3: --fail-above 4 makes 5 a failure"
SUBMIT_OPTIONS='--fail-above 5' submit_edit GETAPI; is "$STATUS" 0 "3: --fail-above 5 does not"

# 4. requireSecure="false": takes effect with REFRESH,CONFIG, not before.
REQUESTER=$SERVER_DIR/includes/apiRequesterHTTPS.xml
set_secure() { sed -i "s/requireSecure=\"[a-z]*\"/requireSecure=\"$1\"/" "$REQUESTER"; image_own; }
set_secure false
submit_edit GETAPI; secure_error "4: nothing was refreshed"
certificates USER1=USER1 'LIBSERV=zCEE Client Cert'; ok $? "4: a client's certificate"
# A client that keeps asking, over one kept connection and over new ones.
cat >"$SCRATCH/client.py" <<'PY'
import http.client, os, ssl, sys, time
port, scratch, fresh = int(sys.argv[1]), sys.argv[2], sys.argv[3] == "new"
tls = ssl.create_default_context(cafile=scratch + "/ca.pem")
tls.load_cert_chain(scratch + "/USER1.pem")
n = {}
conn = None
while not os.path.exists(scratch + "/enough"):
    try:
        if conn is None or fresh:
            conn = http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=10)
        conn.request("GET", "/cscvinc/employee/111111")
        r = conn.getresponse()
        body = r.read()
        what = str(r.status) if b"C. BAKER" in body else "wrong body"
    except Exception as e:
        what, conn = type(e).__name__, None
    n[what] = n.get(what, 0) + 1
    if sum(n.values()) == 1:
        open(scratch + "/began." + sys.argv[3], "w")
print(" ".join("%s=%d" % i for i in sorted(n.items())))
PY
for how in kept new; do
    background python3 "$SCRATCH/client.py" "$HTTPS" "$SCRATCH" $how >"$SCRATCH/client.$how" 2>&1
    wait_for 10 test -e "$SCRATCH/began.$how"; ok $? "4: a client asks all the time ($how connections)"
done
log_mark
refresh
is "$OUT" "CWWKB0005I: COMMAND RESPONSES COMPLETED SUCCESSFULLY FROM File Refresh Command Handler.
CWWKB0002I: MODIFY COMMAND REFRESH,CONFIG COMPLETED SUCCESSFULLY." "4: the console's reply"
like "$(log_since)" 'CWWKG0016I: Starting server configuration update' "4: the update begins"
like "$(log_since)" 'CWWKG0017I: The server configuration was successfully updated in [0-9.]+ seconds\.' "4: and has been done"
for i in 1 2 3 4 5; do
    set_secure true; refresh
    set_secure false; refresh
done
touch "$SCRATCH/enough"
wait "${_pids[@]}"
is "$(log_since | grep -c CWWKG0017I)" 11 "4: eleven updates"
for how in kept new; do
    OUT=$(cat "$SCRATCH/client.$how")
    like "$OUT" '^200=[0-9]+$' "4: no request was lost meanwhile ($how connections: $OUT)"
done
is "$(server_pids)" "$PIDS" "4: no restart: the same processes"

# 5. The record through the whole chain.
submit_edit GETAPI
is "$STATUS" 0 "5: submit"
like "$OUT" 'GETAPI - STEP WAS EXECUTED - COND CODE 0200' "5: completion code 200"
for line in 'NUMB: 111111' 'NAME: C. BAKER' 'ADDRX: OTTAWA, ONTARIO' 'PHONE: 51212003' 'DATEX: 26 11 81' 'AMOUNT: $0011.00' \
    'EIBRESP: 00000000' 'EIBRESP2: 00000000' 'USERID: LIBSERV' 'HTTP CODE: 0000000200'; do
    if sed 's/^ *//; s/ *$//' <<<"$OUT" | grep -qxF -- "$line"; then pass "5: $line"; else fail "5: $line"; note "$OUT"; fi
done

# 6. No such record: the API's response rule.
submit_edit GETAPI -e "s/PARM='111111'/PARM='000000'/"
like "$OUT" 'GETAPI - STEP WAS EXECUTED - COND CODE 0404' "6: completion code 404, in full"
is "$STATUS" 0 "6: submit"
like "$OUT" '^ *Error code: 0000000404' "6: error code"
like "$OUT" '^ *Error origin: ?API' "6: origin"
is "$(sed -n 's/^ *Error msg: *//p' <<<"$OUT" | jq -cS .)" "$(jq -cS . <<'J'
{"cscvincServiceOperationResponse":{"Container1":{"RESPONSE_CONTAINER":{
 "ACTION":"S","CEIBRESP":13,"CEIBRESP2":80,"USERID":"LIBSERV","FILEA_AREA":{
 "STAT":"","NUMB":"000000","NAME":"","ADDRX":"","PHONE":"","DATEX":"","AMOUNT":"","COMMENT":""}}}}}
J
)" "6: the API's body, all members"
SUBMIT_OPTIONS='--fail-above 403' submit_edit GETAPI -e "s/PARM='111111'/PARM='000000'/"
is "$STATUS" 4 "6: --fail-above 403"

# 7. A job of somebody who may not invoke.
submit_edit GETAPI -e 's/USER=USER1/USER=USER2/'
like "$OUT" 'GETAPI - STEP WAS EXECUTED - COND CODE 0403' "7: completion code 403"
like "$OUT" '^ *Error code: 0000000403' "7: error code"
like "$OUT" '^ *Error origin: ?ZCEE' "7: origin"
like "$(one_line)" 'BAQR7115E: The asserted user ID USER2 is not authorized to invoke the API requester on resource /zosConnect/apiRequesters/cscvincapi_1\.0\.0\.' "7: BAQR7115E"
submit_edit GETAPI -e 's/USER=USER1/USER=FRED/'
like "$OUT" 'SUBMITTER IS NOT AUTHORIZED BY USER' "7: a job of FRED needs FRED.SUBMIT"
submit_edit GETAPI -e 's/USER=USER1/USER=FRED,PASSWORD=FRED/'
like "$OUT" 'COND CODE 0200' "7: FRED may"

# 8. A wrong password: the system log and the started task's output.
SYSLOG=$SALLYPORT_ROOT/log/syslogall.log
stc_output() { cat "$(dirname "$(grep -l 'IEF403I BAQSTRT' "$SALLYPORT_ROOT"/spool/STC*/001.JESMSGLG)")"/*.STDERR; }
refused_logon() { # STEP sed...: LOGGED is what came to the log
    local step=$1 mark before; shift
    mark=$(wc -l <"$SYSLOG") before=$(stc_output | grep -c .)
    submit_edit GETAPI "$@"
    like "$OUT" 'GETAPI - STEP WAS EXECUTED - COND CODE 0401' "$step: completion code 401"
    like "$OUT" '^ *Error code: 0000000401' "$step: error code"
    like "$OUT" '^ *Error msg: ?Unauthorized *$' "$step: Unauthorized"
    LOGGED=$(tail -n +$((mark + 1)) "$SYSLOG")
    TASK=$(stc_output | tail -n +$((before + 1)))
}
count() { is "$(grep -cF -- "$2" <<<"$1")" 2 "$3"; }
refused_logon 8 -e 's/BAQPASSWORD=USER1/BAQPASSWORD=WRONG/'
for where in "system log" "started task's output"; do
    [ "$where" = "system log" ] && text=$LOGGED || text=$TASK
    count "$text" 'ICH408I USER(USER1   ) GROUP(SYS1    ) NAME(WORKSHOP USER1      )' "8: ICH408I twice, $where"
    count "$text" 'LOGON/JOB INITIATION - INVALID PASSWORD' "8: INVALID PASSWORD twice, $where"
    count "$text" 'IRR013I VERIFICATION FAILED. INVALID PASSWORD GIVEN.' "8: IRR013I twice, $where"
done
unlike "$LOGGED$TASK$(cat "$LOG")" WRONG "8: the password is in no log"

# 9. A user nobody knows.
refused_logon 9 -e 's/BAQUSERNAME=USER1/BAQUSERNAME=USERX/'
for where in "system log" "started task's output"; do
    [ "$where" = "system log" ] && text=$LOGGED || text=$TASK
    count "$text" 'IRR012I VERIFICATION FAILED. USER PROFILE NOT FOUND.' "9: IRR012I twice, $where"
    unlike "$text" ICH408I "9: and no ICH408I, $where"
done
submit_edit GETAPI; like "$OUT" 'COND CODE 0200' "9: the right user is served as before"

# The exit status of submit when a job does not run to its end.
sed 's/EXEC PGM=GETAPI/EXEC PGM=/' "$CNTL/GETAPI" >"$CNTL/BAD"
runs "submit: JCL error" 8 sallyport submit "$CNTL/BAD"
runs "submit: abend of a step that is not there" 12 sallyport submit <(sed 's/PGM=GETAPI/PGM=NOSUCH/' "$CNTL/GETAPI")
like "$OUT" 'ABEND=?S?806|S806' "submit: S806"
done_testing
