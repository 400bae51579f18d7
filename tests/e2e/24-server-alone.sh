# A server without a security database, and without an angel: it runs, what
# needs them is refused; both come, go and come back. As a plain process, whose
# user is who issued the command.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
plain_server || fail "set-up"
DIR=$SERVER_DIR LOG=$(log_of)
configure() { # FILTER-OF-AUTHORIZATION
    cat >"$SCRATCH/server.xml" <<END
<server><featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>zosSecurity-1.0</feature></featureManager>
<safRegistry id="saf"/>$1<safCredentials profilePrefix="BBGZDFLT"/><webAppSecurity allowFailOverToBasicAuth="true"/>
<httpEndpoint id="defaultHttpEndpoint" httpPort="$PORT" httpsPort="$TLS"/><zosconnect_zosConnectManager requireSecure="false"/>
<zosconnect_cicsIpicConnection id="cscvinc" host="127.0.0.1" port="1"/>
<ssl id="defaultSSLConfig" keyStoreRef="ring"/><keyStore id="ring" type="JCERACFKS" fileBased="false" readOnly="true" location="safkeyring:///Liberty.KeyRing" password="password"/></server>
END
    as cp "$SCRATCH/server.xml" "$DIR/server.xml"
}
configure '<safAuthorization racRouteLog="ASIS"/>'
boot() { : >"$SCRATCH/boot"; chmod 644 "$SCRATCH/boot"; printf '%s\n' "$@" >"$SCRATCH/boot"; as cp "$SCRATCH/boot" "$DIR/bootstrap.properties"; }
REQUIRED=com.ibm.ws.zos.core.angelRequired SERVICES=com.ibm.ws.zos.core.angelRequiredServices
services() { grep -oE 'CWWKB010[34]I: Authorized service group [A-Z]+ is (not )?available' "$LOG" | sed 's/.*group \([A-Z]*\) is \(n\?\).*/\1\2/' | sort | tr '\n' ' '; }
# CODE is "in" when only the region is missing.
ask() {
    CODE=$(curl -s -o "$SCRATCH/answer" --max-time 20 -w '%{http_code}' "$@" "http://127.0.0.1:$PORT/cscvinc/employee/111111")
    ! grep -q BAQR0429W "$SCRATCH/answer" || CODE=in
}
said() { [ "$(grep -c "$1" "$LOG")" -ge "${2:-1}" ]; }
racf() { local c; for c; do OUT=$(sallyport racf "$c" 2>&1 </dev/null) || fail "$c: $OUT"; done; }

# No database has ever been there.
runs "start" 0 as sallyport server start myServer
like "$(cat "$LOG")" "CWWKB0101I: The angel process is not available\.  No authorized services will be loaded\.  The reason code is 4\.$" "CWWKB0101I"
is "$(services)" "LOCALCOMn PRODMGRn SAFCREDn TXRRSn WOLAn ZOSAIOn ZOSDUMPn ZOSWLMn " "no service group is available"
like "$(cat "$LOG")" "CWWKF0011I" "the server is ready"
like "$(cat "$LOG")" "CWPKI0033E: .*Liberty.KeyRing" "the key ring cannot be read"
! curl -sk --max-time 5 "https://127.0.0.1:$TLS/" >/dev/null; ok $? "so there is no TLS port"
ask -u USER1:USER1; is "$CODE" 503 "a password nobody can check is refused"
ask; is "$CODE" 401 "nobody is asked who they are, as always"
runs "status" 0 as sallyport server status myServer
runs "a command of the operator" 0 as sallyport server modify myServer STATUS
sleep 1.2; ask -u USER1:USER1; is "$CODE" 503 "and stays refused"
is "$(grep -c CWWKB0101I "$LOG")" 1 "it is said once"

# The database comes, then the angel; the server does not restart.
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
PID=$(as sallyport server status myServer)
mkdir -p "$CNTL"; for deck in $IMAGE_DECKS; do sallyport submit "$SAMPLES/jcl/$deck.jcl" >"$SCRATCH/$deck.out" 2>&1 </dev/null || note "$(tail -5 "$SCRATCH/$deck.out")"; done
runs "angel" 0 sallyport console 'S BBGZANGL'
wait_for 20 said CWWKB0122I; ok $? "connected to the angel that came"
like "$(cat "$LOG")" "CWWKB0103I: Authorized service group SAFCRED is available" "with its services"
wait_for 20 said "defaultHttpEndpoint-ssl has been started"; ok $? "the key ring is there: the TLS port is opened"
wait_for 20 curl -sk --max-time 5 "https://127.0.0.1:$TLS/" -o /dev/null; ok $? "and answers"
right() { ask -u USER1:USER1; [ "$CODE" = in ]; }
wait_for 20 right; is "$CODE" in "a user of the database comes in"
ask -u USER1:WRONG; is "$CODE" 401 "with the right password only"
racf "PERMIT BBGZDFLT.zos.connect.access.roles.zosConnectAccess CLASS(EJBROLE) RESET" "SETROPTS RACLIST(EJBROLE) REFRESH"
refused() { ask -u USER1:USER1; [ "$CODE" = 403 ]; }
wait_for 20 refused; is "$CODE" 403 "and with the role only"
racf "PERMIT BBGZDFLT.zos.connect.access.roles.zosConnectAccess CLASS(EJBROLE) ID(USER1) ACCESS(READ)" "SETROPTS RACLIST(EJBROLE) REFRESH"
wait_for 20 right; ok $? "given back"
console 'F BBGZANGL,DISPLAY,SERVERS'; is "$(grep -c '^CWWKB0052I ACTIVE SERVER ASID 0 JOBNAME LIBSERV$' <<<"$OUT")" "$([ "$(id -u)" -eq 0 ] && echo 1 || echo 0)" "the angel shows the process once"

# The angel goes: new identities are refused. It comes back.
console 'C BBGZANGL'
wait_for 20 said CWWKB0101I 2; ok $? "the angel goes: CWWKB0101I"
as sallyport server modify myServer CACHE,CLEAR,AUTH >/dev/null
ask -u USER1:WRONG; is "$CODE" 401 "passwords are still checked, by the database"
# Each of the server's loops has what checks need, so that every one comes in.
come_in() { local n; for n in $(seq 20); do right || return 1; done; }
come_in; ok $? "and users still come in with them, whichever loop takes them ($CODE)"
# The database's process is started again and knows of no angel: for a moment
# checks go on from what was mapped; a plain process then may see no access
# lists, and says that nobody can tell.
FRONT=$(processes sallyport-angel '^angel-front$')
kill -9 "$FRONT"
if [ "$(id -u)" -eq 0 ]; then
    CODE=in end=$((SECONDS + 30))
    while [ "$CODE" = in ] && [ $SECONDS -lt $end ]; do ask -u USER1:USER1; done
    is "$CODE" 503 "the first one who is not let in gets 503"
    ask -u USER1:WRONG; is "$CODE" 401 "passwords are checked all the same"
    said BAQR0493E; ok $? "and why is said"
else
    wait_for 20 right; ok $? "private mode: back at once"
fi
console 'S BBGZANGL'; wait_for 20 said CWWKB0122I 2; ok $? "it comes back: connected again"
wait_for 20 right; ok $? "and a user comes in"

# The whole image goes; a plain process stays, and refuses.
runs "shutdown" 0 sallyport shutdown
wait_for 20 said CWWKB0101I 3; ok $? "the database goes: CWWKB0101I"
as sallyport server modify myServer CACHE,CLEAR,AUTH >/dev/null
ask -u USER1:USER1; is "$CODE" 503 "refused"
is "$(as sallyport server status myServer)" "$PID" "the same process"
runs "ipl again" 0 sallyport ipl
console 'S BBGZANGL'; wait_for 20 said CWWKB0122I 3; ok $? "connected again"
wait_for 20 right; is "$CODE" in "a user comes in"
runs "stop" 0 as sallyport server stop myServer

# Required services.
start() { as rm -f "$LOG"; OUT=$(as sallyport server start myServer 2>&1); STATUS=$?; }
stop() { as sallyport server stop myServer >/dev/null; }
boot "$REQUIRED=true" "$SERVICES=SAFCRED, ZOSDUMP"
start; is "$STATUS" 0 "required services that are permitted"
is "$(services)" "LOCALCOMn PRODMGRn SAFCRED TXRRSn WOLAn ZOSAIOn ZOSDUMP ZOSWLMn " "are the only ones that are available"
like "$(cat "$LOG")" "CWWKB0124I: Angel default is required, server was configured to wait up to 0 seconds" "CWWKB0124I"
wait_for 20 right; is "$CODE" in "a user comes in"; stop
boot "$REQUIRED=true" "$SERVICES=ZOSDUMP"
start; is "$STATUS" 0 "without SAFCRED"; ask -u USER1:USER1
if [ "$(id -u)" -eq 0 ]; then is "$(services | grep -c 'SAFCREDn')" 1 "it is not available, though permitted"; else pass "private mode"; fi; stop
boot "$REQUIRED=true" "$SERVICES=SAFCRED,LOCALCOM"
start; is "$STATUS" 22 "one that is not permitted: no start"
like "$(cat "$LOG")" "SPT0308E: The required authorized service group LOCALCOM is not available\. This server is attempting to stop" "says which"
unlike "$(cat "$LOG")" "CWWKF0011I" "it was never ready"
for bad in SAFCRAD safcred 'SAFCRED,,ZOSWLM' 'SAFCRED ZOSWLM' ,SAFCRED; do
    boot "$REQUIRED=true" "$SERVICES=$bad"
    start; is "$STATUS" 22 "services \"$bad\": no start"; like "$(cat "$LOG")" "SPT0307E" "says what is wrong"
done
boot "$SERVICES=SAFCRED,LOCALCOM"
start; is "$STATUS" 0 "services without angelRequired"; like "$(cat "$LOG")" "SPT0306W" "have no effect, which is said"; stop
boot "$REQUIRED=yes"
start; is "$STATUS" 0 "angelRequired=yes"; like "$(cat "$LOG")" 'SPT0309W: .*"yes"' "is told"; stop
boot "$REQUIRED=TRUE" "com.ibm.ws.zos.core.angelName=NOSUCH"
start; is "$STATUS" 22 "angelRequired=TRUE and no such angel"; like "$(cat "$LOG")" "CWWKB0116I" "CWWKB0116I"
runs "the last shutdown" 0 sallyport shutdown
boot "$REQUIRED=true"
start; is "$STATUS" 22 "required, and no database"; like "$(cat "$LOG")" "CWWKB0116I" "CWWKB0116I"
done_testing
