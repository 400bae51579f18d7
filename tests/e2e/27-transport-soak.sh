# Some seconds of load while other connections open and are cut at random, in
# the middle of handshakes, heads, bodies and answers, over HTTP/1 and HTTP/2:
# afterwards nothing is left of it.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_install; ok $? "the exercise's image"
printf '<server><sallyport_metrics authentication="false"/></server>\n' >"$SERVER_DIR/includes/metrics.xml"
sed -i 's#</server>#<include location="${server.config.dir}/includes/metrics.xml"/></server>#' "$SERVER_DIR/server.xml"
image_own; image_start; ok $? "angel, region and server"
worker() { local p; for p in $(processes sallyport-server); do tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -- '--worker' && echo "$p"; done; }
WORKER=$(worker)
fds() { find "/proc/$WORKER/fd" -mindepth 1 2>/dev/null | wc -l; }
metric() { curl -s "http://127.0.0.1:$HTTP/metrics" | sed -n "s/^sallyport_$1 //p"; }
# Everything has been used once, so that what stays open is open.
for _ in $(seq 16); do get_record 111111; done; is "$CODE" 200 "a record" # each loop has bound to the region
curl -s -o /dev/null "http://127.0.0.1:$HTTP/"; metric connections >/dev/null
FDS=$(fds)

cat >"$SCRATCH/cutter.py" <<'PY'
import json, os, random, socket, ssl, struct, sys, time
http, https, scratch, seed = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
rnd = random.Random(seed)
end = time.monotonic() + float(sys.argv[5])
tls = ssl.create_default_context(cafile=scratch + "/ca.pem"); tls.load_cert_chain(scratch + "/USER1.pem")
h2 = ssl.create_default_context(cafile=scratch + "/ca.pem"); h2.set_alpn_protocols(["h2"])
get = b"GET /cscvinc/employee/111111 HTTP/1.1\r\nHost: a\r\n\r\n"
body = b'{"x":"' + b"y" * 200000 + b'"}'
put = b"PUT /cscvinc/employee/111111 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
length = put + b"Content-Length: %d\r\n\r\n" % len(body) + body
chunked = put + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
headers = b"\x82\x87\x84\x41\x01a"  # GET / https :authority a
streams = preface + b"".join(struct.pack(">I", len(headers))[1:] + b"\x01\x05" + struct.pack(">I", 1 + 2 * i) + headers for i in range(20))
junk = bytes(rnd.randrange(256) for _ in range(300))
n = 0
while time.monotonic() < end:
    kind = rnd.choice(["clear", "tls", "tls", "hello", "h2"])
    what = streams if kind == "h2" else rnd.choice([get, get * 5, length, chunked, junk])
    try:
        s = socket.create_connection(("127.0.0.1", http if kind == "clear" else https)); s.settimeout(0.3)
        if kind == "hello":
            what = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + junk
        elif kind != "clear":
            s = (h2 if kind == "h2" else tls).wrap_socket(s, server_hostname="127.0.0.1")
        whole = rnd.random() < 0.3
        s.sendall(what if whole else what[:rnd.randrange(len(what)) + 1])
        if rnd.random() < 0.4: s.recv(rnd.choice([1, 100, 65536]))
    except OSError:
        pass
    if s.fileno() >= 0 and rnd.random() < 0.5: # a reset instead of an end
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close(); n += 1
open("%s/cut.%d" % (scratch, seed), "w").write(str(n))
PY
CUTTERS=()
for seed in 1 2; do
    background python3 "$SCRATCH/cutter.py" "$HTTP" "$HTTPS" "$SCRATCH" "$seed" 8; CUTTERS+=("$PID")
done
if command -v wrk >/dev/null; then
    OUT=$(wrk -t1 -c20 -d8s --timeout 20s "http://127.0.0.1:$HTTP/" 2>&1)
    unlike "$OUT" "Socket errors|Non-2xx" "wrk meanwhile: every request is answered"
    like "$OUT" "[1-9][0-9]* requests in" "$(sed -n 's/^ *\([0-9]* requests in\).*/\1/p' <<<"$OUT") 8 s"
else
    note "no wrk"
fi
wait "${CUTTERS[@]}"
CUT=$(($(cat "$SCRATCH/cut.1" 2>/dev/null || echo 0) + $(cat "$SCRATCH/cut.2" 2>/dev/null || echo 0)))
[ "$CUT" -gt 20 ]; ok $? "$CUT connections were cut"
is "$(worker)" "$WORKER" "the worker is the same"
get_record 111111; is "$CODE" 200 "and answers"
calm() {
    [ "$(metric connections)" = 1 ] && [ "$(metric memory_held_bytes)" -lt 100000 ] && [ "$(fds)" -le "$FDS" ] &&
        ! curl -s "http://127.0.0.1:$HTTP/metrics" | grep '^sallyport_api_running' | grep -qv ' 0$'
}
wait_for 25 calm; ok $? "descriptors, memory, requests under way: as before"
calm || note "fds $(fds), before $FDS; connections $(metric connections); held $(metric memory_held_bytes)"
unlike "$(cat "$(log_of)")" "AddressSanitizer|runtime error" "no complaint"
is "$(grep -c 'SPT0412W.*not an HTTP request' "$(log_of)")" "$(grep 'SPT0412W.*not an HTTP request' "$(log_of)" | sort -u | wc -l)" "refusals are not said over and over"
done_testing
