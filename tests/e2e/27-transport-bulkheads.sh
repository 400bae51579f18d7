# Too much of one thing leaves room for the others: a back end that hangs, a
# user and an API with too many connections, bodies that fill what memory may be
# used. Measured by what is answered, never by how fast.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_install; ok $? "the exercise's image"
HOLE=$(free_port) PLAIN=$(free_port)
sed -i "s#host=\"https://127.0.0.1\" port=\"[^\"]*\"#host=\"http://127.0.0.1\" port=\"$HOLE\"#; s/idAssertion=\"ASSERT_ONLY\"/idAssertion=\"OFF\"/; s/requireSecure=\"true\"/requireSecure=\"false\"/; s/receiveTimeout=\"20s\"/receiveTimeout=\"600s\"/" "$SERVER_DIR/includes/apiRequesterHTTPS.xml"
# limits ATTRIBUTES: an include of its own
limits() {
    printf '<server><sallyport_limits retryAfter="3s" %s/><sallyport_metrics authentication="false"/></server>\n' "$1" >"$SERVER_DIR/includes/limits.xml"
    image_own
}
limits 'maxConcurrentRequestsPerApi="10"'
sed -i 's#</server>#<include location="${server.config.dir}/includes/limits.xml"/></server>#' "$SERVER_DIR/server.xml"
image_start; ok $? "angel, region and server"

# Answers nobody until the file go is there; counts who asks.
cat >"$SCRATCH/hole.py" <<'PY'
import os, socket, sys, threading, time
port, scratch = int(sys.argv[1]), sys.argv[2]
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", port)); s.listen(500)
def serve(c):
    c.recv(65536)
    open(scratch + "/asked", "a").write("x\n")
    while not os.path.exists(scratch + "/go"): time.sleep(0.05)
    c.sendall(b"HTTP/1.1 500 Slow\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"); c.close()
open(scratch + "/listens", "w")
while True:
    c, _ = s.accept(); threading.Thread(target=serve, args=(c,), daemon=True).start()
PY
background python3 "$SCRATCH/hole.py" "$HOLE" "$SCRATCH"
wait_for 20 test -e "$SCRATCH/listens"; ok $? "a back end that hangs"
# ask N: as many requests of the requester at once; a line each: status, Retry-After
cat >"$SCRATCH/ask.py" <<'PY'
import http.client, ssl, sys, threading
port, scratch, n = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
tls = ssl.create_default_context(cafile=scratch + "/ca.pem"); tls.load_cert_chain(scratch + "/USER1.pem")
lock = threading.Lock()
def ask():
    try:
        c = http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=500)
        c.request("POST", "/zosConnect/apiRequesters/cscvincapi_1.0.0", b"\x06\x00111111", {"Content-Type": "application/octet-stream",
            "Sallyport-Api-Method": "GET", "Sallyport-Api-Path": "%2Fcscvinc%2Femployee%2F%7Bemployee%7D"})
        r = c.getresponse(); line = "%d %s" % (r.status, r.getheader("Retry-After")); b = r.read()
        if r.status == 400: line += " " + b.decode()
    except Exception as e:
        line = type(e).__name__
    with lock: print(line, flush=True)
ts = [threading.Thread(target=ask) for _ in range(n)]
[t.start() for t in ts]; [t.join() for t in ts]
PY
background python3 "$SCRATCH/ask.py" "$HTTPS" "$SCRATCH" 25 >"$SCRATCH/asked.out" 2>&1
ASKING=$PID
count() { grep -c "$2" "$1" 2>/dev/null || true; }
ten() { [ "$(count "$SCRATCH/asked" x)" = 10 ]; }
rest() { [ "$(count "$SCRATCH/asked.out" .)" = 15 ]; }
wait_for 30 ten; ok $? "ten requests wait for it"
wait_for 30 rest; ok $? "fifteen are answered at once"
is "$(sort "$SCRATCH/asked.out" | uniq -c | sed 's/^ *//')" "15 503 3" "503 with Retry-After"
GOOD=0
for _ in $(seq 20); do get_record 111111; [ "$CODE" = 200 ] && GOOD=$((GOOD + 1)); done
is "$GOOD" 20 "another API answers as always"
is "$(count "$SCRATCH/asked" x)" 10 "the back end has not been asked more"
metric() { curl -s "http://127.0.0.1:$HTTP/metrics" | sed -n "s/^sallyport_$1 //p"; }
is "$(metric 'api_running{kind="requester",name="cscvincapi_1.0.0"}')" 10 "what waits is counted"
python3 "$(dirname "$E2E_LIB")/openmetrics.py" < <(curl -s "http://127.0.0.1:$HTTP/metrics") >"$SCRATCH/openmetrics" 2>&1
is "$(cat "$SCRATCH/openmetrics")" "" "what is counted is OpenMetrics, by another reader"
touch "$SCRATCH/go"
wait "$ASKING"
is "$(count "$SCRATCH/asked.out" '^200 None')" 10 "those that waited hear what their back end says"
none_runs() { [ "$(metric 'api_running{kind="requester",name="cscvincapi_1.0.0"}')" = 0 ]; }
wait_for 10 none_runs; ok $? "nothing is under way any more"
is "$(python3 "$SCRATCH/ask.py" "$HTTPS" "$SCRATCH" 1)" "200 None" "it is asked again"

# --- an API that is slower than it may be: only eight may wait for it
# asks N: as many in the background, answers in asked.out
asks() { rm -f "$SCRATCH/go" "$SCRATCH/asked"; background python3 "$SCRATCH/ask.py" "$HTTPS" "$SCRATCH" "$1" >"$SCRATCH/asked.out" 2>&1; ASKING=$PID; }
at_hole() { [ "$(count "$SCRATCH/asked" x)" = "$1" ]; }
limits 'maxLatency="100ms"'; refresh
asks 8
wait_for 30 at_hole 8; ok $? "eight requests wait"
sleep 0.3 # each of them has then taken longer than it may
touch "$SCRATCH/go"; wait "$ASKING"
asks 20
twelve() { [ "$(count "$SCRATCH/asked.out" '^503 3$')" = 12 ]; }
wait_for 30 twelve; ok $? "maxLatency: of twenty more twelve are answered 503 with Retry-After"
is "$(count "$SCRATCH/asked" x)" 8 "and eight may wait"
touch "$SCRATCH/go"; wait "$ASKING"
like "$(curl -s "http://127.0.0.1:$HTTP/metrics")" '^sallyport_limited_total\{limit="maxLatency"\} 12$' "which is counted"

# --- too much in all
limits 'maxConcurrentRequests="8"'; refresh
asks 25
told() { [ $(($(count "$SCRATCH/asked" x) + $(count "$SCRATCH/asked.out" '^503 3$'))) = 25 ]; }
wait_for 30 told; ok $? "maxConcurrentRequests: each of 25 waits or is answered 503 with Retry-After"
[ "$(count "$SCRATCH/asked" x)" -ge 1 ] && [ "$(count "$SCRATCH/asked" x)" -le 16 ]; ok $? "few wait ($(count "$SCRATCH/asked" x))"
touch "$SCRATCH/go"; wait "$ASKING"

# --- too many of one user
limits 'requestsPerSecondPerUser="1" burst="0"'; refresh
MANY=(); for _ in $(seq 30); do MANY+=("https://127.0.0.1:$HTTPS/cscvinc/employee/111111"); done
# All at once, until it was within a second.
too_many() {
    OUT=$(curl -s -i --parallel --parallel-immediate --parallel-max 30 --http1.1 --max-time 60 --cacert "$SCRATCH/ca.pem" --cert "$SCRATCH/USER1.pem" "${MANY[@]}" | tr -d '\r')
    grep -q 'HTTP/1\.1 429' <<<"$OUT"
}
wait_for 90 too_many
like "$OUT" "HTTP/1\.1 200 " "requestsPerSecondPerUser: some are answered"
like "$OUT" "HTTP/1\.1 429 " "others are too many"
like "$OUT" "^Retry-After: 3" "which says when to come again"

# --- connections of one user, and to one API
cat >"$SCRATCH/kept.py" <<'PY'
import http.client, ssl, sys
port, scratch, paths = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
tls = ssl.create_default_context(cafile=scratch + "/ca.pem"); tls.load_cert_chain(scratch + "/USER1.pem")
kept = []
for path in paths: # each on a connection of its own, all of them kept
    c = http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=30); kept.append(c)
    c.request("GET", path); r = c.getresponse(); r.read()
    print(r.status, r.getheader("Connection"), flush=True)
kept[-1].close(); kept[0].request("GET", paths[0]); print(kept[0].getresponse().status)
PY
R=/cscvinc/employee/111111
limits 'maxConnectionsPerUser="2"'; refresh
is "$(python3 "$SCRATCH/kept.py" "$HTTPS" "$SCRATCH" $R $R $R | tr '\n' ' ')" "200 None 200 None 429 Close 200 " "a third connection of one user"
limits 'maxConnectionsPerApi="2"'; refresh
is "$(python3 "$SCRATCH/kept.py" "$HTTPS" "$SCRATCH" $R $R $R /api-docs/none | tr '\n' ' ')" "200 None 200 None 503 Close 404 None 200 " "a third connection to one API"
get_record 111111; is "$CODE" 200 "they have ended, there is room again"

# --- memory
limits 'maxMemory="32"'; refresh
is "$(metric memory_ceiling_bytes)" $((32 << 20)) "the ceiling is as configured"
# Bodies of 8 MiB of which the last byte is not sent.
cat >"$SCRATCH/large.py" <<'PY'
import os, socket, ssl, sys, threading, time
port, scratch = int(sys.argv[1]), sys.argv[2]
tls = ssl.create_default_context(cafile=scratch + "/ca.pem"); tls.load_cert_chain(scratch + "/USER1.pem")
n, refused = 8 << 20, []
open_ = [tls.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="127.0.0.1") for _ in range(8)]
def put(s):
    s.settimeout(5)
    try:
        s.sendall(b"PUT /cscvinc/employee/111111 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % n)
        s.sendall(b"x" * (n - 1))
    except OSError: pass # refused while it sends
    try: head = s.recv(4096).decode()
    except OSError: return
    if head.startswith("HTTP/1.1 503") and "Retry-After: 3" in head: refused.append(s)
ts = [threading.Thread(target=put, args=(s,)) for s in open_]
[t.start() for t in ts]; [t.join() for t in ts]
open(scratch + "/refused", "w").write(str(len(refused)))
while not os.path.exists(scratch + "/enough"): time.sleep(0.05)
PY
background python3 "$SCRATCH/large.py" "$HTTPS" "$SCRATCH"
wait_for 50 test -s "$SCRATCH/refused"; ok $? "large bodies come"
REFUSED=$(cat "$SCRATCH/refused")
[ "$REFUSED" -ge 4 ] && [ "$REFUSED" -le 7 ]; ok $? "what does not fit is answered 503 with Retry-After ($REFUSED of 8)"
[ "$(metric memory_held_bytes)" -le $((32 << 20)) ]; ok $? "what is held stays below the ceiling"
get_record 111111; is "$CODE" 200 "small requests go on"
put_record 111111 'C. BAKER'; is "$CODE" 200 "with bodies as well"
touch "$SCRATCH/enough"
is_free() { [ "$(metric memory_held_bytes)" -lt $((1 << 20)) ]; }
wait_for 10 is_free; ok $? "all of it comes back when they leave"
like "$(curl -s "http://127.0.0.1:$HTTP/metrics")" 'sallyport_limited_total\{limit="maxMemory"\} [4-7]$' "and was counted"
{ printf '{"a":"'; head -c 3000000 /dev/zero | tr '\0' x; printf '"'; } >"$SCRATCH/big.json"
api PUT $R -H 'Content-Type: application/json' -H 'Expect:' --data-binary "@$SCRATCH/big.json"
is "$CODE" 400 "a large body arrives whole again, and is not JSON"
done_testing
