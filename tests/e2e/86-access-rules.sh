# Who may do what at a server: APPL, zosConnectAccess, requireAuth, failing over
# to basic authentication, groups, identity assertion.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_up; ok $? "the exercise's image"
unlike "$(cat "$SALLYPORT_ROOT/regions/CICSREG/logs/messages.log")" "DFHXS1104|DFHXS[0-9]+[EW]" "the region's default user is usable"
SYSLOG=$SALLYPORT_ROOT/log/syslogall.log
racf() { sallyport racf "$1" </dev/null >"$SCRATCH/racf.out" 2>&1 || note "$1: $(cat "$SCRATCH/racf.out")"; }
# A second server, asked over clear text and TLS without asking for certificates.
PLAIN=$(free_port) PLAINS=$(free_port)
sallyport server create second >/dev/null
ELSEWHERE=$SALLYPORT_ROOT/servers/second
# configure: GROUPS (manager), API (attributes), REQUESTERS, WEB, MORE, then refresh
configure() {
    sed -e "s|@WEB@|${WEB-<webAppSecurity allowFailOverToBasicAuth='true'/>}|" -e "s|@GROUPS@|${GROUPS_-globalInvokeGroup='GMINVOKE' globalAdminGroup='GMADMIN' globalInterceptorsRef='list'}|" \
        -e "s|@SAF@|${SAF_-<safAuthorization racRouteLog='ASIS'/>}|" -e "s|@API@|${API-}|" -e "s|@SERVICES@|${SERVICES-}|" -e "s|@REQUESTERS@|${REQUESTERS-idAssertion='OFF'}|" -e "s|@ENDPOINT@|${ENDPOINT-receiveTimeout='20s'}|" >"$ELSEWHERE/server.xml" <<XML
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>zosconnect:zosConnectCommands-1.0</feature><feature>zosconnect:cicsService-1.0</feature>
    <feature>zosconnect:apiRequester-1.0</feature><feature>appSecurity-2.0</feature><feature>zosSecurity-1.0</feature><feature>transportSecurity-1.0</feature></featureManager>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="$PLAIN" httpsPort="$PLAINS"/>
  <config updateTrigger="mbean"/>
  @WEB@
  <safRegistry id="saf"/>@SAF@<safCredentials unauthenticatedUser="WSGUEST" profilePrefix="BBGZDFLT"/>
  <sslDefault sslRef="in" outboundSSLRef="out"/>
  <ssl id="in" keyStoreRef="inKeys" clientAuthenticationSupported="true"/>
  <keyStore id="inKeys" location="safkeyring:///Liberty.KeyRing" password="password" type="JCERACFKS" fileBased="false" readOnly="true"/>
  <ssl id="out" keyStoreRef="outKeys"/>
  <keyStore id="outKeys" location="safkeyring:///zCEE.KeyRing" password="password" type="JCERACFKS" fileBased="false" readOnly="true"/>
  <zosconnect_cicsIpicConnection id="cscvinc" host="127.0.0.1" port="$REGION_PORT" zosConnectNetworkid="ZOSCONN" zosConnectApplid="ZOSCONN"/>
  <authCache timeout="1s"/>
  <zosconnect_zosConnectManager requireSecure="false" @GROUPS@/>
  <zosconnect_authorizationInterceptor id="auth"/>
  <zosconnect_zosConnectInterceptors id="list" interceptorRef="auth"/>
  <zosconnect_services location="/\${wlp.user.dir}/shared/services">@SERVICES@</zosconnect_services>
  <zosconnect_zosConnectAPIs location="/\${wlp.user.dir}/shared/apis"><zosConnectAPI name="cscvinc" @API@/></zosconnect_zosConnectAPIs>
  <zosconnect_endpointConnection id="cscvincAPI" host="https://127.0.0.1" port="$HTTPS" connectionTimeout="5s" @ENDPOINT@/>
  <zosconnect_apiRequesters location="/\${wlp.user.dir}/shared/apiRequesters" requireSecure="false" @REQUESTERS@/>
</server>
XML
    [ "$(id -u)" -ne 0 ] || chown -R 50001 "$ELSEWHERE"
    [ -z "${STARTED_:-}" ] || { console 'F SECOND,REFRESH,CONFIG'; like "$OUT" 'COMPLETED SUCCESSFULLY' "configured: ${1:-}"; console 'F SECOND,CACHE,CLEAR,AUTH'; }
}
configure
console "S BAQSTRT,JOBNAME=SECOND,PARMS='second'"
wait_for 20 grep -q CWWKF0011I "$(log_of second)"; ok $? "a second server of the same procedure"
STARTED_=1
R=/cscvinc/employee/111111
get() { # [curl arguments]: over clear text
    CODE=$(curl -s --max-time 15 -o "$SCRATCH/b" -D "$SCRATCH/h" -w '%{http_code}' "$@" "http://127.0.0.1:$PLAIN$R" </dev/null); BODY=$(tr -d '\0' <"$SCRATCH/b"); HEAD=$(tr -d '\r' <"$SCRATCH/h"); : >"$SCRATCH/b"
}
gets() { # the same over TLS
    CODE=$(curl -s --max-time 15 -o "$SCRATCH/b" -D "$SCRATCH/h" -w '%{http_code}' --cacert "$SCRATCH/ca.pem" "$@" "https://127.0.0.1:$PLAINS$R" </dev/null); BODY=$(tr -d '\0' <"$SCRATCH/b"); HEAD=$(tr -d '\r' <"$SCRATCH/h"); : >"$SCRATCH/b"
}
mark() { MARK=$(wc -l <"$SYSLOG"); SECOND_MARK=$(wc -l <"$(log_of second)"); }
syslog() { tail -n +$((MARK + 1)) "$SYSLOG"; }
second_log() { tail -n +$((SECOND_MARK + 1)) "$(log_of second)"; }

# APPL and EJBROLE.
get -u USER1:USER1; is "$CODE" 200 "USER1, basic"; is "$(field USERID)" USER1 "the program runs as USER1"
get; is "$CODE" 401 "nobody: challenged"; like "$HEAD" '^WWW-Authenticate: Basic realm="' "with a realm"
mark; get -u USER2:USER2
is "$CODE" 401 "no READ to APPL: the login fails"
refused_appl() { syslog | grep -q 'BBGZDFLT CL(APPL'; }
wait_for 5 refused_appl # the line takes its way through the master
is "$(syslog | grep -c 'BBGZDFLT CL(APPL')" 1 "ICH408I names class APPL, once"
like "$(second_log)" 'CWWKS2907E: SAF Service IRRSIA00_CREATE .* user USER2 has insufficient authority to access APPL-ID BBGZDFLT\..*reason code 0x00000020' "and CWWKS2907E"
racf 'PERMIT BBGZDFLT CLASS(APPL) ID(USER2) ACCESS(READ)'
get -u USER2:USER2; is "$CODE" 401 "a PERMIT waits for the REFRESH"
racf 'SETROPTS RACLIST(APPL) REFRESH'
mark; get -u USER2:USER2
is "$CODE" 403 "APPL but no EJBROLE: forbidden"
role_is_named() { syslog | grep -q zosConnectAccess; }
wait_for 10 role_is_named # written beside the answer
like "$(syslog)" 'BBGZDFLT\.zos\.connect\.access\.roles\.zosConnectAccess' "ICH408I names the role"
like "$(second_log)" 'CWWKS9104A: Authorization failed for user USER2' "CWWKS9104A"
racf 'PERMIT BBGZDFLT.zos.connect.access.roles.zosConnectAccess CLASS(EJBROLE) ID(USER2) ACCESS(READ)'
racf 'SETROPTS RACLIST(EJBROLE) REFRESH'
get -u USER2:USER2
is "$CODE" 403 "role but no invoke group: forbidden"
like "$BODY" 'BAQR0406W.*BAQR0409W: User USER2 is not authorized' "by the authorization interceptor"

# Certificates, failing over.
gets --cert "$SCRATCH/USER1.pem"; is "$CODE" 200 "a certificate"; is "$(field USERID)" USER1 "mapped to USER1"
gets --cert "$SCRATCH/LIBSERV.pem" -u USER1:USER1; is "$(field USERID)" LIBSERV "a certificate goes before a password"
gets -u USER1:USER1; is "$CODE" 200 "without certificate: basic"
gets -H 'Authorization: Bearer abc'; is "$CODE" 401 "a token nobody can check"
WEB= configure "no failing over"
gets -u USER1:USER1; is "$CODE" 403 "no certificate, no failing over: forbidden"; unlike "$HEAD" 'WWW-Authenticate' "without a challenge"
gets --cert "$SCRATCH/USER1.pem"; is "$CODE" 200 "a certificate still does"

# Groups: a resource's own list replaces the global one.
API="invokeGroup='GMADMIN'" configure "the API has its own invokeGroup"
get -u USER1:USER1; is "$CODE" 403 "a member of the global invoke group is out"
racf 'CONNECT FRED GROUP(GMADMIN)'; console 'F SECOND,CACHE,CLEAR,AUTH'
get -u FRED:FRED; is "$CODE" 200 "a member of its own is in"
API="adminGroup='LIBGRP' operationsGroup='LIBGRP' invokeGroup='GMINVOKE' readerGroup='LIBGRP'" configure "all four on the API"
racf 'CONNECT USER2 GROUP(GMADMIN)'; console 'F SECOND,CACHE,CLEAR,AUTH'
get -u USER2:USER2; is "$CODE" 403 "a global administrator cannot invoke it"
configure "global lists only"
get -u USER2:USER2; is "$CODE" 200 "a global administrator can"
racf 'REMOVE USER2 GROUP(GMADMIN)'; console 'F SECOND,CACHE,CLEAR,AUTH'
GROUPS_="globalInterceptorsRef='list'" configure "no group at all"
get -u USER1:USER1; is "$CODE" 403 "an interceptor without groups refuses everybody"
API="runGlobalInterceptors='false'" configure "no global interceptors for the API"
get -u USER2:USER2; is "$CODE" 200 "no list, no check"
API="runGlobalInterceptors='false' interceptorsRef='list' invokeGroup='GMINVOKE'" configure "its own list"
get -u USER2:USER2; is "$CODE" 403 "its own list is asked"

# requireAuth="false": nobody is authenticated; interceptors refuse that.
API="requireAuth='false' runGlobalInterceptors='false'" configure "requireAuth=false"
mark; get; is "$CODE" 500 "nobody is asked who he is, and no user flows to the region"
like "$(second_log)" 'BAQR0658E: .*NO_USER' "whose USERAUTH(IDENTIFY) wants one"
API="requireAuth='false'" configure "requireAuth=false and groups"
mark; get; is "$CODE" 403 "an interceptor needs an identity"; like "$(second_log)$BODY" 'BAQR0407W' "BAQR0407W"

# requireSecure.
API="requireSecure='true'" configure "requireSecure"
get -u USER1:USER1; is "$CODE" 302 "clear text: redirected"; like "$HEAD" "^Location: https://127.0.0.1:$PLAINS$R\$" "to the TLS port"
gets -u USER1:USER1; is "$CODE" 200 "over TLS"

# Identity assertion. The job is USER1's or FRED's; the connection is USER1's.
job() { submit_edit GETAPI -e "s/9080/$PLAIN/" -e "s/\"BAQPORT=[0-9]*/\"BAQPORT=$PLAIN/" "$@"; OUT=$(tr -d '\n' <<<"$OUT"); }
as_fred='s/USER=USER1/USER=FRED,PASSWORD=FRED/'
as_user2='s/USER=USER1/USER=USER2/'
configure "idAssertion OFF"
job -e "$as_user2"; like "$OUT" 'COND CODE 0200' "OFF: the connection's user counts, not the job's"
REQUESTERS="idAssertion='ASSERT_ONLY'" configure "ASSERT_ONLY"
job -e "$as_user2"; like "$OUT" 'COND CODE 0403.*BAQR7115E: The asserted user ID USER2' "ASSERT_ONLY: the job's user counts"
job -e "$as_fred"; like "$OUT" 'COND CODE 0200' "ASSERT_ONLY: FRED may"
REQUESTERS="idAssertion='ASSERT_SURROGATE'" configure "ASSERT_SURROGATE"
mark; job -e "$as_fred"
like "$OUT" 'COND CODE 0403.*BAQR7114E: .*USER1.*FRED' "ASSERT_SURROGATE: no profile, refused"
racf 'RDEFINE SURROGAT FRED.BAQASSRT UACC(NONE)'; racf 'SETROPTS RACLIST(SURROGAT) REFRESH'
mark; job -e "$as_fred"; like "$OUT" 'COND CODE 0403.*BAQR7114E' "no access, refused"
like "$(syslog)" 'FRED\.BAQASSRT' "and ICH408I"
racf 'PERMIT FRED.BAQASSRT CLASS(SURROGAT) ID(USER1) ACCESS(READ)'; racf 'SETROPTS RACLIST(SURROGAT) REFRESH'
job -e "$as_fred"; like "$OUT" 'COND CODE 0200' "READ to FRED.BAQASSRT: allowed"
racf 'RDEFINE SURROGAT USER2.BAQASSRT UACC(READ)'; racf 'SETROPTS RACLIST(SURROGAT) REFRESH'
job -e "$as_user2"; like "$OUT" 'COND CODE 0403.*BAQR7115E' "a surrogate of one who may not invoke: refused"
REQUESTERS="idAssertion='ASSERT_ONLY' requireAuth='false'" configure "ASSERT_ONLY, requireAuth=false"
job -e "$as_fred" -e '/BAQUSERNAME/d' -e 's/"BAQPASSWORD=USER1"/"BAQVERBOSE=OFF"/'
like "$OUT" 'COND CODE 0200' "no password needed: the job's user is authorized"
REQUESTERS="idAssertion='OFF' requireAuth='false'" configure "OFF, requireAuth=false"
mark; job; like "$OUT" 'COND CODE 0403' "nobody to authorize"; like "$(second_log)$OUT" BAQR0407W "BAQR0407W"

# Unsigned identities.
ask() { # USER: what a stub without a token would send
    CODE=$(curl -s --max-time 15 -o "$SCRATCH/b" -w '%{http_code}' -u USER1:USER1 -X POST -H "Sallyport-User: $1" -H 'Sallyport-Api-Method: GET' -H 'Sallyport-Api-Path: %2Fcscvinc%2Femployee%2F%7Bemployee%7D' \
        -H 'Content-Type: application/octet-stream' --data-binary '111111' "http://127.0.0.1:$PLAIN/zosConnect/apiRequesters/cscvincapi_1.0.0" </dev/null); BODY=$(tr -d '\0' <"$SCRATCH/b")
}
REQUESTERS="idAssertion='ASSERT_ONLY'" configure "unsigned identities are not believed"
ask FRED; is "$CODE" 403 "FRED says a header"; like "$BODY" BAQR7116E "BAQR7116E"
REQUESTERS="idAssertion='ASSERT_ONLY' allowUnsignedIdentity='true'" configure "allowUnsignedIdentity"
ask USER2; is "$CODE" 403 "an unsigned USER2 may not invoke"; like "$BODY" BAQR7115E "BAQR7115E"
ask FRED; unlike "$CODE $BODY" '403|BAQR711' "an unsigned FRED may"
ask NOBODY1; is "$CODE" 403 "a user nobody knows"

# Timeouts of the endpoint.
hole=$(free_port)
background python3 -c "
import socket, time
s = socket.socket(); s.bind(('127.0.0.1', $hole)); s.listen(5)
open('$SCRATCH/listens', 'w')
time.sleep(60)"
wait_for 10 test -e "$SCRATCH/listens"
ENDPOINT="receiveTimeout='1s'" configure "an endpoint that never answers"
sed -i "s|host=\"https://127.0.0.1\" port=\"$HTTPS\"|host=\"http://127.0.0.1\" port=\"$hole\"|" "$ELSEWHERE/server.xml"
console 'F SECOND,REFRESH,CONFIG'
begin=$SECONDS; job; like "$OUT" 'COND CODE 0504.*BAQR1003E' "receiveTimeout: 504 BAQR1003E"
[ $((SECONDS - begin)) -le 6 ]; ok $? "after about a second"
sed -i "s|port=\"$hole\"|port=\"1\"|" "$ELSEWHERE/server.xml"; console 'F SECOND,REFRESH,CONFIG'
job; like "$OUT" 'COND CODE 0500.*BAQR1002E' "an endpoint that refuses: 500 BAQR1002E"

# Endpoints whose certificate is refused: by whom it was issued, for whom it is.
openssl req -x509 -newkey rsa:2048 -nodes -subj '/O=Elsewhere/CN=stranger' -days 2 -keyout "$SCRATCH/s.key" -out "$SCRATCH/s.pem" 2>/dev/null
stranger=$(free_port)
background openssl s_server -accept "$stranger" -cert "$SCRATCH/s.pem" -key "$SCRATCH/s.key" -quiet -www
listens() { (: >"/dev/tcp/127.0.0.1/$1"); }
wait_for 10 listens "$stranger"
configure "an endpoint nobody trusts"
sed -i "s|host=\"https://127.0.0.1\" port=\"$HTTPS\"|host=\"https://127.0.0.1\" port=\"$stranger\"|" "$ELSEWHERE/server.xml"; console 'F SECOND,REFRESH,CONFIG'
mark; job; like "$OUT" 'COND CODE 0500.*BAQR1002E' "500 BAQR1002E"
like "$(second_log)" 'CWPKI0823E: SSL HANDSHAKE FAILURE:  A signer with SubjectDN \[CN=stranger,O=Elsewhere\] was sent from the host \[127\.0\.0\.1:[0-9]+\]\..* trust store \[safkeyring:///zCEE\.KeyRing\], located in SSL configuration alias \[out\]\..*PKIX path' "CWPKI0823E says whose and what for"
configure "an endpoint of another name"
sed -i 's|<ssl id="out" |&verifyHostname="true" |; s|host="https://127.0.0.1"|host="https://127.0.0.2"|' "$ELSEWHERE/server.xml"; console 'F SECOND,REFRESH,CONFIG'
mark; job; like "$OUT" 'COND CODE 0500.*BAQR1002E' "500 BAQR1002E"
like "$(second_log)" 'CWPKI0824E: SSL HANDSHAKE FAILURE:  Host name verification error while connecting to host \[127\.0\.0\.2\]\.  The host name used to access the server does not match' "CWPKI0824E"

# The angel ends and comes back: refused meanwhile, then served without a
# restart of the server.
cert_code() { curl -s --max-time 15 -o /dev/null -w '%{http_code}' --cacert "$SCRATCH/ca.pem" --cert "$SCRATCH/USER1.pem" "https://127.0.0.1:$PLAINS$R" </dev/null; }
serves() { [ "$(cert_code)" = 200 ]; }
configure "as at first"
console 'C BBGZANGL'; like "$OUT" 'IEE301I BBGZANGL CANCEL COMMAND ACCEPTED' "C BBGZANGL"
wait_for 20 bash -c "! sallyport status | grep -q BBGZANGL"
is "$(cert_code)" 503 "without its angel the server says so"
console 'S BBGZANGL'
wait_for 5 serves; ok $? "with it, the server serves again"
front=$(for p in $(processes sallyport-angel); do for s in /proc/$p/fd/*; do case $(readlink "$s") in */saf/*.db|*/saf/*.sqlite*|*/saf/*) echo "$p"; break ;; esac; done; done | sort -n | tail -1)
console 'F SECOND,CACHE,CLEAR,AUTH'
kill -9 "$front"; ok $? "the front of the security database is killed"
wait_for 10 serves; ok $? "and started again: the server serves"

# A broken update keeps the old configuration.
configure "back"
cp "$ELSEWHERE/server.xml" "$SCRATCH/good.xml"
mark; echo '<server><oops' >"$ELSEWHERE/server.xml"; console 'F SECOND,REFRESH,CONFIG'
like "$(second_log)" 'CWWKG0014E.*server\.xml' "a broken server.xml: file and line"
get -u USER1:USER1; is "$CODE" 200 "the old configuration serves on"

# What the server decides in process is recorded as the profile's AUDIT says.
ROLE=BBGZDFLT.zos.connect.access.roles.zosConnectAccess
accesses() { sallyport smf --event access --class ejbrole --user USER1 | grep -c "$1"; }
is "$(accesses SUCCESS)" 0 "AUDIT(FAILURES): a permitted access leaves no record"
racf "RALTER EJBROLE $ROLE AUDIT(ALL(READ))"; racf "SETROPTS RACLIST(EJBROLE) REFRESH"
get -u USER1:USER1; is "$CODE" 200 "AUDIT(ALL), a permitted access"
recorded() { [ "$(accesses SUCCESS)" -ge 1 ]; }
wait_for 5 recorded; ok $? "is recorded"
racf "RALTER EJBROLE $ROLE AUDIT(NONE)"; racf "SETROPTS RACLIST(EJBROLE) REFRESH"
N=$(accesses .)
get -u USER1:USER1; is "$CODE" 200 "AUDIT(NONE)"
is "$(accesses .)" "$N" "leaves none"

# safRoleMapper: another profile for the role; what no profile may have is #.
MAPPED="<safRoleMapper id='m' profilePattern='X.%profilePrefix%%%role%.* b' toUpperCase='@U@'/><safAuthorization racRouteLog='ASIS' roleMapper='m'/>"
racf "RDEFINE EJBROLE X.BBGZDFLT#zosConnectAccess.#.OTHER UACC(NONE)"
mapped() { syslog | grep -qF "$1 CL(EJBROLE"; }
for upper in false true; do
    profile='X.BBGZDFLT#zosConnectAccess.##b'; [ $upper = false ] || profile=$(tr a-z A-Z <<<"$profile")
    SAF_=${MAPPED/@U@/$upper} configure "a role mapper, toUpperCase $upper"
    mark; get -u USER1:USER1; is "$CODE" 403 "nobody has the profile of that pattern"
    like "$(second_log)" "CWWKS2911E: .*$profile" "which is named: there is none"
    racf "RDEFINE EJBROLE $profile UACC(NONE)"; racf "SETROPTS RACLIST(EJBROLE) REFRESH"
    mark; get -u USER1:USER1; is "$CODE" 403 "nor is he permitted"
    wait_for 10 mapped "$profile"; ok $? "ICH408I names it"
    racf "PERMIT $profile CLASS(EJBROLE) ID(USER1) ACCESS(READ)"; racf "SETROPTS RACLIST(EJBROLE) REFRESH"
    get -u USER1:USER1; is "$CODE" 200 "READ to it is what he needs"
done
# racRouteLog NONE, the default, is silent about it.
SAF_="<safAuthorization/>" configure "no racRouteLog"
racf "PERMIT $ROLE CLASS(EJBROLE) ID(USER2) DELETE"; racf "SETROPTS RACLIST(EJBROLE) REFRESH"; console 'F SECOND,CACHE,CLEAR,AUTH'
mark; get -u USER2:USER2; is "$CODE" 403 "refused all the same"
like "$(second_log)" 'CWWKS9104A: Authorization failed for user USER2' "the server's log says it"
get -u USER1:USER1; is "$CODE" 200 "another one later"
unlike "$(syslog)" 'CL\(EJBROLE' "the system log does not: racRouteLog NONE"
done_testing
