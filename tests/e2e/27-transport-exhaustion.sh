# Out of descriptors, out of memory: new clients are turned away cleanly, those
# that are there are served, and all is well again afterwards.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
HTTP=$(free_port)
sallyport server create s --no-password >/dev/null || fail "create"
HOME_DIR=$SALLYPORT_ROOT/servers/s
LOG=$HOME_DIR/logs/messages.log
at_exit "sallyport server stop s >/dev/null 2>&1"
printf '<server><featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="%s" httpsPort="-1"/>
  <sallyport_metrics authentication="false"/></server>\n' "$HTTP" >"$HOME_DIR/server.xml"
metric() { curl -s --max-time 10 "http://127.0.0.1:$HTTP/metrics" | sed -n "s/^sallyport_$1 //p"; }

# --- descriptors
( ulimit -n 200; exec sallyport server start s ) >"$SCRATCH/start" 2>&1 </dev/null
ok $? "a server that may have 200 descriptors"
cat >"$SCRATCH/many.py" <<'PY'
import os, socket, sys, time
port, scratch, n = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def ask(s):
    s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"); got = b""
    while b"</html>" not in got.lower():
        part = s.recv(65536)
        if not part: return False
        got += part
    return got.startswith(b"HTTP/1.1 200")
first = socket.create_connection(("127.0.0.1", port)); first.settimeout(20)
assert ask(first)
others = []
for i in range(n):
    s = socket.create_connection(("127.0.0.1", port)); s.settimeout(20); others.append(s)
served = turned_away = 0
for s in others:
    try: ok = ask(s)
    except OSError: ok = False
    served += ok; turned_away += not ok
print(served, turned_away, "old" if ask(first) else "lost", flush=True)
PY
read -r SERVED AWAY OLD <<<"$(python3 "$SCRATCH/many.py" "$HTTP" "$SCRATCH" 300 2>&1 | tail -1)"
[ "$SERVED" -gt 50 ] && [ "$AWAY" -gt 50 ]; ok $? "of 300 clients $SERVED are served and $AWAY turned away, nobody waits"
is "$OLD" old "one that was there before is served"
are_gone() { [ "$(metric connections)" = 1 ]; }
wait_for 10 are_gone; ok $? "they leave"
is "$(python3 "$SCRATCH/many.py" "$HTTP" "$SCRATCH" 50 2>&1 | tail -1)" "50 0 old" "and everybody is served again"
is "$(grep -c SPT0419W "$LOG")" 1 "it is said once"
like "$(cat "$LOG")" "SPT0419W: .*descriptors" "with the reason"
runs "stop" 0 sallyport server stop s

# --- memory of a control group
own=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
if [ -n "$own" ]; then GROUP=/sys/fs/cgroup/memory${own%/}/spt$$ FILE=memory.limit_in_bytes
else GROUP=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup | sed 's#/$##')/spt$$ FILE=memory.max; fi
if mkdir "$GROUP" 2>/dev/null && [ -e "$GROUP/$FILE" ] && echo 400M >"$GROUP/$FILE" 2>/dev/null; then
    at_exit 'sleep 0.2; rmdir "$GROUP" 2>/dev/null'
    ( echo $BASHPID >"$GROUP/cgroup.procs"; export ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1; exec sallyport server start s ) >"$SCRATCH/start" 2>&1 </dev/null
    ok $? "a server whose control group may have 400 MB"
    is "$(metric memory_ceiling_bytes)" $((200 << 20)) "half of them are for connections and requests"
    cat >"$SCRATCH/heads.py" <<'PY'
import os, resource, socket, sys, time
port, scratch = int(sys.argv[1]), sys.argv[2]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(8000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
held, closed, refused = [], 0, 0
head = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 30000) for i in range(4))
for i in range(2500): # heads of 120 KB that do not end
    try:
        s = socket.create_connection(("127.0.0.1", port)); s.settimeout(5); s.sendall(head); held.append(s)
    except OSError: closed += 1
# The server may not have read all of them yet.
until = time.monotonic() + 20
for s in held: s.setblocking(False)
while closed <= 100 and time.monotonic() < until:
    still = []
    for s in held:
        try: over = s.recv(1000) == b""
        except BlockingIOError: over = False
        except OSError: over = True
        closed += over
        if not over: still.append(s)
    held = still
    time.sleep(0.1)
open(scratch + "/closed", "w").write(str(closed))
while not os.path.exists(scratch + "/enough"): time.sleep(0.05)
PY
    exec 7<>"/dev/tcp/127.0.0.1/$HTTP"
    PARENT=$(sallyport server status s | head -1)
    background python3 "$SCRATCH/heads.py" "$HTTP" "$SCRATCH"
    wait_for 40 test -s "$SCRATCH/closed"; ok $? "2500 heads that do not end"
    [ "$(cat "$SCRATCH/closed" 2>/dev/null || echo 0)" -gt 100 ]; ok $? "$(cat "$SCRATCH/closed") of them are turned away"
    printf 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >&7
    OUT=$(timeout 20 cat <&7 | head -1 | tr -d '\r'); exec 7>&-
    like "$OUT" "^HTTP/1.1 (200 OK|503 Service)" "a client that was there gets an answer ($OUT)"
    touch "$SCRATCH/enough"
    is_well() { [ "$(metric memory_held_bytes)" -lt 1000000 ]; }
    wait_for 15 is_well; ok $? "all of it comes back when they leave"
    is "$(curl -s --max-time 10 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$HTTP/")" 200 "and new clients are served"
    unlike "$(cat "$HOME_DIR/logs/console.log")" "AddressSanitizer" "nobody was killed: no complaint"
    is "$(sallyport server status s | head -1)" "$PARENT" "nor is it another process"
    runs "stop" 0 sallyport server stop s
else
    rmdir "$GROUP" 2>/dev/null
    note "no control group of our own here"
fi
done_testing
