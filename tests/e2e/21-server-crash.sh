# kill -9 of the worker or of the parent leaves nothing that stops the next
# start: the worker comes back with its ports, the parent's lock is free.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
PORT=$(free_port)
runs "create" 0 sallyport server create s
DIR=$SALLYPORT_ROOT/servers/s
cat >"$DIR/server.xml" <<END
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="$PORT" httpsPort="-1"/>
</server>
END
runs "start" 0 sallyport server start s
at_exit "sallyport server stop s >/dev/null 2>&1"
parent() { sed 's/.*ID \([0-9]*\)\..*/\1/' <<<"$(sallyport server status s)"; }
worker() { cat "/proc/$1/task/$1/children" | awk '{print $1}'; }
answers() { [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://127.0.0.1:$PORT/none")" = 404 ]; }
answers
ok $? "it answers"
P=$(parent)
W=$(worker "$P")
kill -9 "$W"
# the listening socket is the parent's: a connection waits for the new worker
wait_for 10 answers
ok $? "it answers again after kill -9 of the worker"
is "$(parent)" "$P" "under the same parent"
[ "$(worker "$P")" != "$W" ]
ok $? "with another worker"
like "$(cat "$DIR/logs/console.log")" "ended by signal 9" "which is said"

kill -9 "$P"
runs "start after kill -9 of the parent" 0 sallyport server start s
answers
ok $? "it answers"
[ "$(parent)" != "$P" ]
ok $? "under a new parent"
runs "stop" 0 sallyport server stop s

# Nobody asks how the parent ended: its process id is still there.
background sh -c 'sallyport server run s >/dev/null 2>&1 & exec sleep 600'
wait_for 20 answers
P=$(parent)
kill -9 "$P"
wait_for 10 grep -q '^State:.Z' "/proc/$P/status"; ok $? "a parent that is dead and not buried"
runs "start" 0 sallyport server start s
answers
ok $? "it answers"
runs "stop" 0 sallyport server stop s

# A request that does not end: the server waits, says so and ends all the same.
sallyport server create q >/dev/null
QPORT=$(free_port) QDIR=$SALLYPORT_ROOT/servers/q
sed "s/$PORT/$QPORT/" "$DIR/server.xml" >"$QDIR/server.xml"
runs "start of another" 0 sallyport server start q
at_exit "sallyport server stop q --force >/dev/null 2>&1"
background python3 -c '
import socket, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); s.sendall(b"GET /none HTTP/1.1\r\nHo"); print("sent", flush=True); time.sleep(300)' "$QPORT" >"$SCRATCH/sent"
wait_for 10 test -s "$SCRATCH/sent"
sallyport server stop q --timeout=120 >"$SCRATCH/stopped" 2>&1 & STOPPING=$!
wait_for 20 grep -q CWWKE1100I "$QDIR/logs/messages.log"; ok $? "it waits for the request"
runs "force has no effect once a stop is under way" 21 sallyport server stop q --force --timeout=2
is "$OUT" "Stopping server q.
Server q stop failed. Check server logs for details." "it waits on"

# A worker that dies each time before it is ready ends the server.
sallyport server create never >/dev/null
NDIR=$SALLYPORT_ROOT/servers/never
echo '<server' >"$NDIR/server.xml" # read twice, a second apart: never ready before
background sallyport server run never >"$SCRATCH/never.out" 2>&1; NEVER=$PID
kill_worker() { # of the parent; another one than before
    local p; p=$(worker "$NEVER" 2>/dev/null)
    [ -n "$p" ] && [ "$p" != "${LAST:-}" ] && grep -qz -- --worker "/proc/$p/cmdline" && kill -9 "$p" && LAST=$p
}
KILLED=0
while kill -0 "$NEVER" 2>/dev/null && [ $KILLED -lt 5 ]; do wait_for 20 kill_worker || break; LAST=$(worker "$NEVER" 2>/dev/null); KILLED=$((KILLED + 1)); done
wait "$NEVER"; is "$?" 25 "a server whose worker never gets ready ends with status 25"
like "$(cat "$SCRATCH/never.out")" "ended 5 times while starting" "and says why"

# A pid file that cannot be written is said; the server runs without it.
runs "a pid file that cannot be" 0 env PID_FILE=/dev/null/x.pid sallyport server start s
like "$OUT" "^CWWKB0014W: The process identifier \(PID\) file /dev/null/x\.pid was not written: " "is said"
answers; ok $? "the server answers"
runs "stop" 0 env PID_FILE=/dev/null/x.pid sallyport server stop s

# A port somebody else has is said, and the server runs on without it.
python3 -c "
import socket,time
s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('0.0.0.0',$PORT)); s.listen(); time.sleep(60)" &
_pids+=($!)
wait_for 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT"
runs "start with the port taken" 0 sallyport server start s
like "$(grep CWWKO0221E "$DIR/logs/messages.log")" \
    "TCP Channel defaultHttpEndpoint .* port $PORT" "the port is named"
runs "stop --force" 0 sallyport server stop s --force
wait "$STOPPING"; is "$?" 0 "the server with a request that does not end has ended"
like "$(tail -4 "$QDIR/logs/messages.log")" "CWWKE1102W: The quiesce operation did not complete" "and said that it did not wait for it"
unlike "$(cat "$QDIR/logs/messages.log")" "CWWKE1101I" "nor that it had"
done_testing
