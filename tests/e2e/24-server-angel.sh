# Named angels from the server's side: who may connect, which services are
# available, what an angel that goes and comes back means, a required angel.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
sallyport submit -q "$SAMPLES/jcl/RACFUSER.jcl" "$SAMPLES/jcl/RACFRES.jcl" >/dev/null 2>&1
cp "$SAMPLES"/proclib/* "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/"
racf() { local c; for c; do OUT=$(sallyport racf "$c" 2>&1 </dev/null) || fail "$c: $OUT"; done; }
PORT=$(free_port)
sallyport server create myServer >/dev/null
DIR=$SERVER_DIR LOG=$(log_of)
cat >"$DIR/server.xml" <<END
<server><featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>zosSecurity-1.0</feature></featureManager>
<safRegistry id="saf"/><safAuthorization racRouteLog="ASIS"/><safCredentials profilePrefix="BBGZDFLT"/><webAppSecurity allowFailOverToBasicAuth="true"/>
<httpEndpoint id="defaultHttpEndpoint" httpPort="$PORT" httpsPort="-1"/><zosconnect_zosConnectManager requireSecure="false"/></server>
END
boot() { printf '%s\n' "$@" >"$DIR/bootstrap.properties"; [ "$(id -u)" -ne 0 ] || { chmod 755 "$SALLYPORT_ROOT/servers"; chown -R 50001 "$DIR"; mkdir -p "$SALLYPORT_ROOT/servers/.pid"; chmod 777 "$SALLYPORT_ROOT/servers/.pid"; }; }
NAME=com.ibm.ws.zos.core.angelName REQUIRED=com.ibm.ws.zos.core.angelRequired WAIT=com.ibm.ws.zos.core.angelWaitTimeSeconds
start() { rm -f "$LOG"; console "S BAQSTRT"; }
stop() { console "P BAQSTRT"; }
services() { grep -oE 'CWWKB010[34]I: Authorized service group [A-Z]+ is (not )?available' "$LOG" | sed 's/.*group \([A-Z]*\) is \(n\?\).*/\1\2/' | sort | tr '\n' ' '; }
ALL_OFF="LOCALCOMn PRODMGRn SAFCREDn TXRRSn WOLAn ZOSAIOn ZOSDUMPn ZOSWLMn "

boot
start; is "$STATUS" 0 "no angel: the server runs"
like "$(cat "$LOG")" "CWWKB0101I: The angel process is not available\.  No authorized services will be loaded\.  The reason code is 4\.$" "unnamed: CWWKB0101I"
is "$(services)" "$ALL_OFF" "no service group is available"
unlike "$(cat "$LOG")" CWWKB0122I "it is not connected"
console "S BBGZANGL"
wait_for 20 grep -q CWWKB0122I "$LOG"; ok $? "the angel comes: the server registers by itself"
like "$(cat "$LOG")" "CWWKB0122I: This server is connected to the default angel process\.$" "and says so"
like "$(cat "$LOG")" "CWWKB0103I: Authorized service group SAFCRED is available\.$" "a group that is permitted"
stop

boot "$NAME=TEST#1"
start; like "$(cat "$LOG")" "CWWKB0117W: The TEST#1 angel process is not available\. No authorized services will be loaded\. The reason code is 4\.$" "named, and not up: CWWKB0117W"
stop
console "S BBGZANGL,JOBNAME=ANGEL1,NAME='TEST#1'"; is "$STATUS" 0 "a named angel beside the default one"
SYSLOG=$SALLYPORT_ROOT/log/syslogall.log
like "$(cat "$SYSLOG")" "CWWKB0056I INITIALIZATION COMPLETE FOR ANGEL$" "the default angel is up: CWWKB0056I"
like "$(cat "$SYSLOG")" "CWWKB0069I INITIALIZATION IS COMPLETE FOR THE TEST#1 ANGEL PROCESS\.$" "a named one: CWWKB0069I"
console "S BBGZANGL,JOBNAME=ANGEL2,NAME='TEST#1'"
wait_for 10 bash -c "! sallyport status | grep -q ANGEL2"; ok $? "a second one of the name ends"
like "$(cat "$SYSLOG")" "SPT0476E THE ANGEL CANNOT START: an angel of this name is up" "and says why"
is "$STATUS$(tail -2 <<<"$OUT")" "8SPT0476E THE ANGEL CANNOT START: an angel of this name is up
  $(sallyport help SPT0476E | sed -n 's/^What to do: //p')" "to who started it, too, with what to do"
console "S BBGZANGL,JOBNAME=ANGEL2,NAME='test'"
wait_for 10 bash -c "! sallyport status | grep -q ANGEL2"; ok $? "a name in lower case is none"
like "$(cat "$SYSLOG")" "SPT0305E THE ANGEL NAME IS NOT" "which is said"
start; like "$(cat "$LOG")" "CWWKB0118W: This server is not authorized to connect to the TEST#1 angel process" "no profile BBG.ANGEL.TEST#1: CWWKB0118W"
is "$(services)" "$ALL_OFF" "no service group"
console "F ANGEL1,DISPLAY,SERVERS"; is "$OUT" "SPT0471I NO SERVERS ARE REGISTERED WITH THIS ANGEL" "the angel does not know it"
stop
racf "RDEFINE SERVER BBG.ANGEL.TEST#1 UACC(NONE)" "PERMIT BBG.ANGEL.TEST#1 CLASS(SERVER) ID(LIBGRP) ACCESS(READ)" "PERMIT BBG.AUTHMOD.BBGZSAFM.ZOSDUMP CLASS(SERVER) ID(LIBGRP) DELETE" "SETROPTS RACLIST(SERVER) REFRESH"
start; like "$(cat "$LOG")" "CWWKB0122I: This server is connected to the TEST#1 angel process\.$" "with READ: CWWKB0122I"
is "$(services)" "LOCALCOMn PRODMGR SAFCRED TXRRS WOLAn ZOSAIO ZOSDUMPn ZOSWLM " "one line for each group, as permitted"
# asid JOB: an address space's number is its job's, in hexadecimal.
asid() { printf '%x' "$((10#$(sallyport console "D A,L" | sed -n "s/^ *$1 *STC\([0-9]*\) .*/\1/p")))"; }
console "F ANGEL1,DISPLAY,SERVERS"; is "$OUT" "CWWKB0052I ACTIVE SERVER ASID $(asid BAQSTRT) JOBNAME BAQSTRT" "its angel shows it"
console "F ANGEL1,display,servers,pid"; like "$OUT" "^CWWKB0052I ACTIVE SERVER ASID $(asid BAQSTRT) JOBNAME BAQSTRT PID [0-9]+$" "with PID"
like "$(tr '\0' ' ' <"/proc/${OUT##* }/cmdline")" sallyport-server "which is a process of it"
console "F BBGZANGL,DISPLAY,SERVERS"; unlike "$OUT" "BAQSTRT" "the other one does not"
console "F ANGEL1,DISPLAY,ANGELS"
is "$(grep -c '' <<<"$OUT")" 2 "DISPLAY,ANGELS: all of them"
like "$OUT" "^SPT0472I ACTIVE ANGEL ASID $(asid BBGZANGL) JOBNAME BBGZANGL PID [0-9]+ NAME \(DEFAULT\)$" "the default one"
like "$OUT" "^SPT0472I ACTIVE ANGEL ASID $(asid ANGEL1) JOBNAME ANGEL1 PID [0-9]+ NAME TEST#1$" "and the one that is asked"
console "F ANGEL1,VERSION"; is "$OUT" "SPT0473I THE ANGEL BUILD LEVEL IS $(sallyport --version | grep -oE '[0-9.]+$')" "VERSION"
console "F ANGEL1,HELP"; is "$STATUS$(grep -cE '^(DISPLAY,SERVERS|DISPLAY,SERVERS,PID|DISPLAY,ANGELS|VERSION|HELP) ' <<<"$OUT")" 05 "HELP"
for bad in DISPLAY "DISPLAY,SERVERS," DISPLAY,SERVERS,PIDS DISPLAY,SERVER "DISPLAY SERVERS" VERSIONS STOP "''"; do
    console "F ANGEL1,$bad"; is "$STATUS$(head -1 <<<"$OUT")" "8SPT0474E COMMAND $bad IS NOT KNOWN TO THE ANGEL" "not known: $bad"
done
console "F BAQSTRT,SVCDUMP"; like "$OUT" "Internal error occurred" "SVCDUMP needs ZOSDUMP"

console "P ANGEL1"; is "$STATUS" 8 "an angel does not stop while servers use it"
is "$OUT" "SPT0475W THE ANGEL DOES NOT STOP WHILE SERVERS ARE REGISTERED WITH IT
CWWKB0052I ACTIVE SERVER ASID $(asid BAQSTRT) JOBNAME BAQSTRT" "and says which"
console "P BBGZANGL,ANGEL1"; is "$STATUS" 8 "of two one stops"
like "$(cat "$SYSLOG")" "CWWKB0057I THE ANGEL PROCESS ENDED NORMALLY\.$" "CWWKB0057I"
unlike "$(cat "$LOG")" CWWKB0117W "its server goes on"
console "S BBGZANGL"
console "C ANGEL1"
wait_for 20 grep -q CWWKB0117W "$LOG"; ok $? "cancelled it ends: the server notices"
is "$(grep -c CWWKB0117W "$LOG")" 1 "and says it once"
console "S BBGZANGL,JOBNAME=ANGEL1,NAME='TEST#1'"
again() { [ "$(grep -c CWWKB0122I "$LOG")" -ge 2 ]; }
wait_for 20 again; ok $? "it is back: registered again, without a restart"
is "$(services | tr ' ' '\n' | grep -c SAFCRED)" 3 "with the services said anew"
stop

# The module, and names that are none.
racf "PERMIT BBG.AUTHMOD.BBGZSAFM CLASS(SERVER) ID(LIBGRP) DELETE" "SETROPTS RACLIST(SERVER) REFRESH"
start; like "$(cat "$LOG")" "CWWKB0115I: This server is not authorized to load module bbgzsafm\.  No authorized" "no READ to the module: CWWKB0115I"
like "$(cat "$LOG")" "CWWKB0117W: The TEST#1 angel process is not available" "after CWWKB0117W"
stop
racf "PERMIT BBG.AUTHMOD.BBGZSAFM CLASS(SERVER) ID(LIBGRP) ACCESS(READ)" "PERMIT BBG.ANGEL CLASS(SERVER) ID(LIBGRP) DELETE" "SETROPTS RACLIST(SERVER) REFRESH"
boot; start; like "$(cat "$LOG")" "CWWKB0102I: This server is not authorized to connect to the angel process" "no READ to BBG.ANGEL: CWWKB0102I"; stop
boot "$NAME=TEST.1"; start; like "$(cat "$LOG")" "CWWKB0120E: The angel name specified in bootstrap.properties contains the unsupported character \. at position 4" "a character that is not allowed: CWWKB0120E"; stop
boot "$NAME=$(printf 'A%.0s' $(seq 55))"; start; like "$(cat "$LOG")" "CWWKB0119E" "55 characters: CWWKB0119E"
unlike "$(cat "$LOG")" "CWWKB0122I" "it is connected to none"; stop
boot "$NAME=$(printf 'A%.0s' $(seq 54))"; start; like "$(cat "$LOG")" "CWWKB0117W" "54 are a name"; stop

# Required.
boot "$NAME=TEST#1" "$REQUIRED=true"
start; is "$STATUS" 0 "required and there: the server runs"; stop
console "P ANGEL1"; is "$STATUS" 0 "without servers an angel stops"
like "$(cat "$SYSLOG")" "CWWKB0073I THE TEST#1 ANGEL PROCESS ENDED NORMALLY\.$" "CWWKB0073I"
start; is "$STATUS" 8 "required and not there: it does not"
like "$(cat "$LOG")" "CWWKB0116I: This server is not registered with an angel process even though it is configured to require registration with an angel process\. This server is attempting to stop\.$" "CWWKB0116I"
unlike "$(cat "$LOG")" "CWWKF0011I" "it was never ready"
like "$OUT" "^CWWKE0018E: An exception occurred while launching the runtime environment: the angel is not up$" "the operator sees why"
boot "$REQUIRED=true"
start; is "$STATUS" 8 "required, there, and not permitted: it does not either"
is "$(grep -oE 'CWWKB01(02|16)I' "$LOG" | tr '\n' ' ')" "CWWKB0102I CWWKB0116I " "CWWKB0102I, CWWKB0116I"
unlike "$(cat "$LOG")" "CWWKF0011I" "nor was this one ever ready"
boot "$NAME=TEST#1" "$REQUIRED=true" "$WAIT=301"
start; like "$(cat "$LOG")" "CWWKB0123W: The angel.s startup waiting time that specified in bootstrap.properties is outside the range" "a wait time out of range: CWWKB0123W"
boot "$NAME=TEST#1" "$REQUIRED=true" "$WAIT=120"
rm -f "$LOG"; (sallyport console "S BAQSTRT" >"$SCRATCH/late" 2>&1 </dev/null; echo "status $?" >>"$SCRATCH/late") &
_pids+=($!); LATE=$!
wait_for 20 grep -q CWWKF0007I "$LOG"; ok $? "with a wait time it waits"
console "S BBGZANGL,JOBNAME=ANGEL1,NAME='TEST#1'"
wait "$LATE"
like "$(cat "$SCRATCH/late")" "status 0" "and starts when the angel is there"
like "$(cat "$LOG")" "CWWKB0122I: This server is connected to the TEST#1 angel" "connected"
stop
runs "shutdown" 0 sallyport shutdown
done_testing
