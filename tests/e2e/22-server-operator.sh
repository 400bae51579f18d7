# Operator commands of a server: the replies word for word, and what they do.
# PAUSE closes ports while a request under way finishes; RESUME opens them.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
PORT=$(free_port) ADMIN=$(free_port)
sallyport server create s >/dev/null
DIR=$SALLYPORT_ROOT/servers/s
configure() { # FEATURES...
    { echo '<server><featureManager>'; printf '<feature>%s</feature>' "$@"
      echo '</featureManager><config updateTrigger="mbean"/>'
      echo "<httpEndpoint id=\"defaultHttpEndpoint\" httpPort=\"$PORT\" httpsPort=\"-1\"/>"
      echo "<httpEndpoint id=\"admin\" httpPort=\"$ADMIN\" httpsPort=\"-1\"/></server>"; } >"$DIR/server.xml"
}
configure zosconnect:zosConnect-2.0
runs "start" 0 sallyport server start s
at_exit "sallyport server stop s --force >/dev/null 2>&1"
LOG=$DIR/logs/messages.log
f() { OUT=$(sallyport server modify s "$1" 2>&1 </dev/null); STATUS=$?; }
# replies NAME STATUS COMMAND HANDLER [LINE...]: the whole answer.
replies() {
    local name=$1 status=$2 command=$3 handler=$4 word want=; shift 4
    [ "$status" = 0 ] && word=SUCCESSFULLY || word=UNSUCCESSFULLY
    while [ $# -gt 0 ]; do want+="$1"$'\n'; shift; done
    f "$command"
    is "$OUT" "${want}CWWKB0005I: COMMAND RESPONSES COMPLETED $word FROM $handler.
CWWKB0002I: MODIFY COMMAND $command COMPLETED $word." "$name"
    [ "$STATUS" -eq "$status" ] || fail "$name: status $STATUS"
}
code() { curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://127.0.0.1:$1/none"; }
PR="Pause/Resume Command Handler"

replies "STATUS" 0 STATUS "$PR" "CWWKB0004I: server s is active."
# A connection whose request is half sent when the ports close.
exec 3<>/dev/tcp/127.0.0.1/"$PORT"
printf 'POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab' >&3
like "$(code "$PORT")" 404 "a later one is answered meanwhile"
replies "PAUSE of one" 0 "pause,target='defaultHttpEndpoint'" "$PR"
is "$(code "$PORT")" 000 "its port is closed"
is "$(code "$ADMIN")" 404 "the other is open"
printf 'cd' >&3
IFS= read -r -t 10 line <&3
like "$line" '^HTTP/1.1 404' "the request under way is answered"
exec 3>&- 3<&-
replies "STATUS of a server half paused" 0 status "$PR" "CWWKB0004I: server s is active."
replies "STATUS,DETAILS" 0 status,details "$PR" "CWWKB0004I: defaultHttpEndpoint(paused): host:localhost, httpPort:$PORT, httpsPort:-1" "CWWKB0004I: admin(active): host:localhost, httpPort:$ADMIN, httpsPort:-1"
replies "STATUS of targets" 0 "status,target='admin,none,defaultHttpEndpoint'" "$PR" "CWWKB0004I: TARGET admin is active." "CWWKB0004I: TARGET none was not found." "CWWKB0004I: TARGET defaultHttpEndpoint is paused."
replies "PAUSE" 0 PAUSE "$PR"
is "$(grep -oE 'CWWKE09[0-9]+I.*' "$LOG" | tail -2)" "CWWKE0923I: A request was received to pause all pause capable components in the server.
CWWKE0938I: A pause request completed." "the log says so"
like "$(cat "$LOG")" "CWWKO0220I: TCP Channel admin has stopped listening for requests on host localhost  \\(IPv4: 127\.0\.0\.1\\) port $ADMIN\." "and which ports"
is "$(code "$ADMIN")" 000 "all ports are closed"
replies "STATUS of a paused server" 0 STATUS "$PR" "CWWKB0004I: server s is paused."
echo '<!-- changed -->' >>"$DIR/server.xml"
sed -i 's/<config /<applicationMonitor dropinsEnabled="false"\/>&/' "$DIR/server.xml"
replies "a new configuration" 0 REFRESH,CONFIG "File Refresh Command Handler"
like "$(tail -1 "$LOG")" CWWKG0017I "is in use"
is "$(code "$PORT")" 000 "and the server is still paused"
worker() { cat "/proc/$(tr -dc 0-9 <"$DIR/workarea/.sLock")"/task/*/children; }
old=$(worker); kill -9 $old
replaced() { local new; new=$(worker) && [ -n "$new" ] && [ "$new" != "$old" ] && sallyport server modify s STATUS | grep -q 'server s is'; }
wait_for 20 replaced; ok $? "the worker dies and is replaced"
replies "STATUS after that" 0 STATUS "$PR" "CWWKB0004I: server s is paused."
is "$(code "$PORT")$(code "$ADMIN")" 000000 "the ports are still closed"
# The port is taken meanwhile.
background python3 -c "import socket,time; s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('', $PORT)); s.listen(); time.sleep(600)"
wait_for 10 bash -c ">/dev/tcp/127.0.0.1/$PORT"
replies "RESUME with a port in use" 20 RESUME "$PR" "CWWKB0004I: CWWKE0930E: A resume request completed, but the following components failed to resume: [defaultHttpEndpoint]"
is "$(code "$ADMIN")" 404 "the others are resumed"
like "$(cat "$LOG")" CWWKO0221E "the log says why"
replies "and STATUS what is true" 0 STATUS,DETAILS "$PR" "CWWKB0004I: defaultHttpEndpoint(closed): host:localhost, httpPort:$PORT, httpsPort:-1" "CWWKB0004I: admin(active): host:localhost, httpPort:$ADMIN, httpsPort:-1"
kill "$PID"; wait "$PID" 2>/dev/null
replies "RESUME again" 0 RESUME "$PR"
is "$(code "$PORT")" 404 "the port is open again"
like "$(tail -2 "$LOG")" CWWKE0939I "the log says so"
replies "PAUSE of an unknown target" 20 "PAUSE,TARGET='x,admin'" "$PR" "CWWKB0004I: CWWKE0935W: A pause request was received, but the following components could not be found: [x]"
is "$(code "$ADMIN")" 000 "the known one is paused"
is "$(grep -oE 'CWWKE09[0-9]+[IW]' "$LOG" | tail -3 | tr '\n' ' ')" "CWWKE0924I CWWKE0935W CWWKE0938I " "the log has what was asked, what is wrong and what was done"
replies "RESUME of an unknown target" 20 "RESUME,TARGET='DEFAULTHTTPENDPOINT'" "$PR" "CWWKB0004I: CWWKE0936W: A resume request was received, but the following components were not found: [DEFAULTHTTPENDPOINT]"
runs "RESUME" 0 sallyport server modify s RESUME
# An endpoint whose port is another's: closed, with nothing to pause.
background python3 -c "import socket,time; s=socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); s.listen(); time.sleep(600)" >"$SCRATCH/taken"
wait_for 10 test -s "$SCRATCH/taken"
TAKEN=$(cat "$SCRATCH/taken")
sed -i "s/<\/server>/<httpEndpoint id=\"late\" host=\"127.0.0.1\" httpPort=\"$TAKEN\" httpsPort=\"-1\"><tcpOptions portOpenRetries=\"1000\"\/><\/httpEndpoint>&/" "$DIR/server.xml"
runs "one more endpoint" 0 sallyport server modify s REFRESH,CONFIG
STATES=("CWWKB0004I: defaultHttpEndpoint(active): host:localhost, httpPort:$PORT, httpsPort:-1" "CWWKB0004I: admin(active): host:localhost, httpPort:$ADMIN, httpsPort:-1")
replies "its port is taken" 0 STATUS,DETAILS "$PR" "${STATES[@]}" "CWWKB0004I: late(closed): host:127.0.0.1, httpPort:$TAKEN, httpsPort:-1"
replies "STATUS of it" 0 "STATUS,TARGET='late'" "$PR" "CWWKB0004I: TARGET late is closed."
replies "PAUSE of it" 0 "PAUSE,TARGET='late" "$PR"
replies "STATUS of it then" 0 "STATUS,TARGET='late'" "$PR" "CWWKB0004I: TARGET late is paused."
kill "$PID"; wait "$PID" 2>/dev/null
is "$(code "$TAKEN")" 000 "its port is free, and it does not open"
replies "RESUME of it" 0 "RESUME,TARGET='late'" "$PR"
is "$(code "$TAKEN")" 404 "it does when it may"
replies "STATUS then" 0 STATUS,DETAILS "$PR" "${STATES[@]}" "CWWKB0004I: late(active): host:127.0.0.1, httpPort:$TAKEN, httpsPort:-1"
# All closed, whether by the operator or by another's port: paused.
replies "PAUSE of two" 0 "PAUSE,TARGET='admin,defaultHttpEndpoint,late'" "$PR"
background python3 -c "import socket,time; s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', $TAKEN)); s.listen(); time.sleep(600)"
wait_for 10 bash -c ">/dev/tcp/127.0.0.1/$TAKEN"
replies "RESUME of one that another has taken" 20 "RESUME,TARGET='late'" "$PR" "CWWKB0004I: CWWKE0930E: A resume request completed, but the following components failed to resume: [late]"
replies "it is closed, not paused" 0 "STATUS,TARGET='late'" "$PR" "CWWKB0004I: TARGET late is closed."
replies "and no port is open" 0 STATUS "$PR" "CWWKB0004I: server s is paused."
replies "PAUSE of all, with a closed one" 0 PAUSE "$PR"
replies "they all are" 0 "STATUS,TARGET='admin,late'" "$PR" "CWWKB0004I: TARGET admin is paused." "CWWKB0004I: TARGET late is paused."
kill "$PID"; wait "$PID" 2>/dev/null
replies "RESUME of all" 0 RESUME "$PR"
is "$(code "$TAKEN")$(code "$PORT")$(code "$ADMIN")" 404404404 "all are open"
for bad in PAUSEIT "PAUSE," "PAUSE,TARGET" "PAUSE,TARGET=''" "PAUSE,TARGET='" RESUMED "RESUME,admin" STATUSX "STATUS,DETAIL" "STATUS,TARGET=" "PAUSE=admin"; do
    f "$bad"
    like "$(head -1 <<<"$OUT")" "^CWWKB0012I: Could not parse command: \"$bad\"$" "malformed: $bad"
    like "$OUT" "^CWWKB0012I: .*PAUSE" "help follows"
    is "$STATUS" 20 "and it is unsuccessful"
done
is "$(code "$PORT")$(code "$ADMIN")" 404404 "nothing was paused by these"
f PAUSE,HELP; is "$STATUS" 0 "PAUSE,HELP"; unlike "$OUT" CWWKB0004I "help only"

FR="File Refresh Command Handler"
replies "REFRESH,APPS" 0 REFRESH,APPS "$FR"
f REFRESH; like "$OUT" "^CWWKB0012I: An invalid number of parameters were found\.$" "REFRESH"
f REFRESH,A,B,C; like "$OUT" "^CWWKB0012I: An invalid number of parameters were found\.$" "too many"
f REFRESH,DOORS; like "$OUT" "^CWWKB0012I: An invalid parameter of DOORS was found\.$" "another word"
f REFRESH,HELP; is "$STATUS" 0 "REFRESH,HELP"
f REFRESH,KEYSTORE,ID=nope; like "$OUT" "^CWWKB0004I: The keystore nope was not found" "an unknown key store"
replies "CACHE,CLEAR,AUTH" 0 cache,clear,auth "Cache Clear Command Handler"
f CACHE,CLEAR,ALL; like "$OUT" "^CWWKB0012I: Could not parse command: 'CACHE,CLEAR,ALL'$" "another cache"
f ZCON,REFRESH; like "$OUT" "^CWWKB0006W: MODIFY COMMAND ZCON,REFRESH WAS NOT KNOWN" "ZCON without its feature"

replies "DISPLAY,WORK without its feature" 20 DISPLAY,WORK "Display Work Command Handler" "CWWKB0004I: Unable to display work counts. Validate that the" "CWWKB0004I: requestTiming feature is configured."
replies "DISPLAY,INTERRUPTS without it" 0 DISPLAY,INTERRUPTS "Request Interrupt Command Handler" "CWWKB0004I: requestTiming-1.0 feature is not installed "
configure zosconnect:zosConnect-2.0 zosconnect:zosConnectCommands-1.0 requestTiming-1.0
runs "features are added" 0 sallyport server modify s REFRESH,CONFIG
for sub in ZCON,REFRESH ZCON,CLEARTOKENCACHE ZCON,CLEARSAFCACHE; do replies "$sub" 0 "$sub" "z/OS Connect Command Handler"; done
f ZCON,REFRESH,X; like "$OUT" 'Could not parse command: "ZCON,REFRESH,X"' "more than ZCON,REFRESH"
f CACHE,CLEAR,AUTH,X; like "$OUT" "Could not parse command: 'CACHE,CLEAR,AUTH,X'" "more than CACHE,CLEAR,AUTH"
for bad in ZCON "ZCON," ZCON,DANCE ZCON,CLEARSAFCACHE,ALL ZCONREFRESH ZCON=REFRESH; do f "$bad"; is "$STATUS$(head -1 <<<"$OUT")" "20CWWKB0012I: Could not parse command: \"$bad\"" "another ZCON: $bad"; done
f zcon,help; is "$STATUS" 0 "ZCON,HELP"; is "$(grep -cE "^CWWKB0012I:  (REFRESH|CLEARTOKENCACHE|CLEARSAFCACHE): " <<<"$OUT")" 3 "lists them"
f DISPLAY,WORK
before=$(sed -n 's/.*TOTAL REQUESTS  *\([0-9]*\) .*/\1/p' <<<"$OUT")
like "$OUT" '^CWWKB0004I: TIME OF LAST WORK DISPLAY   [0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:.]+$' "DISPLAY,WORK"
for _ in 1 2 3; do code "$PORT" >/dev/null; done
f DISPLAY,WORK
like "$OUT" "^CWWKB0004I: TOTAL REQUESTS           $((before + 3))  \(DELTA 3\)$" "it counts, with the difference"
like "$OUT" "^CWWKB0004I: TOTAL ACTIVE REQUESTS    0$" "none is under way"
f DISPLAY,WORKS; like "$OUT" "Could not parse command: 'DISPLAY,WORKS'" "malformed"
f DISPLAY,INTERRUPTS,DETAILS; is "$STATUS" 0 "DISPLAY,INTERRUPTS,DETAILS"
like "$OUT" "^CWWKB0004I: 0 requests are active" "none"
for bad in "DISPLAY,INTERRUPTS,AGE=x" "DISPLAY,INTERRUPTS,AGE=1,AGE=2" "DISPLAY,INTERRUPTS,DETAILS,X"; do f "$bad"; is "$STATUS" 20 "malformed: $bad"; done

replies "SVCDUMP without READ to ZOSDUMP" 20 SVCDUMP "SVCDUMP Command Handler" "CWWKB0004I: Internal error occurred. Error code is -1"
f JAVACORE; is "$STATUS" 0 "JAVACORE"
file=$(sed -n 's/^CWWKB0004I: \(\/.*\)/\1/p' <<<"$OUT")
like "$(cat "$file")" "defaultHttpEndpoint: active" "a file with what the server knows"
is "$(stat -c %a "$file")" 640 "not for everybody"
unlike "$(cat "$file")" "$(sed -n 's/keystore_password=//p' "$DIR/server.env")" "without passwords"
f "JAVADUMP='heap,system'"; is "$STATUS" 0 "JAVADUMP with kinds"
f "DUMP=all"; is "$STATUS" 20 "an unknown kind"
f HELP; is "$STATUS" 0 "HELP"
for handler in "$FR" "$PR" "Cache Clear Command Handler" "Display Work Command Handler" "SVCDUMP Command Handler" "z/OS Connect Command Handler"; do
    like "$OUT" "^CWWKB0011I: START OF HELP INFORMATION FROM $handler\.$" "help names $handler"
done
unlike "$OUT" CWWKB0006W "and is known"
# The worker dies while a command is its business.
for _ in 1 2 3 4 5; do
    old=$(worker); kill -STOP $old
    sallyport server modify s STATUS >"$SCRATCH/died" 2>&1 & ASKING=$!
    sleep 0.5; kill -9 $old; wait "$ASKING"; STATUS=$?
    wait_for 20 replaced
    ! grep -q CWWKB0007E "$SCRATCH/died" || break # else it had not come so far
done
is "$STATUS$(cat "$SCRATCH/died")" "20CWWKB0007E: ERROR RECEIVED FROM COMMAND HANDLER UNKNOWN.
CWWKB0002I: MODIFY COMMAND STATUS COMPLETED UNSUCCESSFULLY." "a worker that dies is said to whoever asked it"
replies "PAUSE before the end" 0 PAUSE "$PR"
runs "stop" 0 sallyport server stop s
runs "start" 0 sallyport server start s
is "$(code "$PORT")" 404 "a new start is not paused"
# A server that is ending takes no commands any more.
exec 3<>/dev/tcp/127.0.0.1/"$PORT"
printf 'POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab' >&3
is "$(code "$PORT")" 404 "a request is under way"
sallyport server stop s >"$SCRATCH/stopping" 2>&1 & STOPPING=$!
wait_for 20 grep -q CWWKE1100I "$LOG"
f STATUS; is "$STATUS$OUT" "20CWWKB0004I: server s is stopping.
CWWKB0002I: MODIFY COMMAND STATUS COMPLETED UNSUCCESSFULLY." "an ending server says that it is"
exec 3>&- 3<&-
wait "$STOPPING"; is "$?$(tail -1 "$SCRATCH/stopping")" "0Server s stopped." "and ends when the request has"
done_testing
