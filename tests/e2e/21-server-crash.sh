# kill -9 of the worker or of the parent leaves nothing that stops the next
# start: the worker comes back with its ports, the parent's lock is free.
. "$E2E_LIB"
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
done_testing
