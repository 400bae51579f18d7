# Ten thousand connections at a time, each with a session of its own; a policy
# that changes meanwhile. Behind it memory and descriptors are as before.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
PATH=/usr/sbin:/sbin:$PATH
command -v nginx >/dev/null || skip_all "no nginx here"
[ "$(awk '/MemAvailable/ { print $2 }' /proc/meminfo)" -gt 3000000 ] || skip_all "three gigabytes of memory are needed"
certificates 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo ttlsscope=machine >>"$SALLYPORT_ROOT/etc/image.conf"
{ group; rule out Outbound 8443 Client USER1/Liberty.KeyRing; } | sed 's/Trace 31/Trace 2/' >"$policy"
ttls_start
wire_start
COUNT=10000
echo 1024 65000 >/proc/sys/net/ipv4/ip_local_port_range
cat >"$SCRATCH/nginx.conf" <<C
worker_processes 2; pid $SCRATCH/nginx.pid; error_log $SCRATCH/nginx.err; daemon off; user root; worker_rlimit_nofile 16000;
events { worker_connections 12000; }
http { access_log off; keepalive_timeout 300s; keepalive_requests 1000; client_header_timeout 300s; client_body_temp_path $SCRATCH/tmp1; proxy_temp_path $SCRATCH/tmp2; fastcgi_temp_path $SCRATCH/tmp3; uwsgi_temp_path $SCRATCH/tmp4; scgi_temp_path $SCRATCH/tmp5;
  ssl_certificate $SCRATCH/LIBSERV.pem; ssl_certificate_key $SCRATCH/LIBSERV.pem; ssl_session_cache shared:a:20m;
  server { listen 10.77.0.2:8443 ssl backlog=4096; location / { return 200 "x"; } } }
C
background nsenter -t "$PEER" -n nginx -c "$SCRATCH/nginx.conf"
wait_for 10 test -s "$SCRATCH/nginx.pid"
wait_for 10 eval '[ "$("${CURL[@]}" http://10.77.0.2:8443/)" = x ]'; ok $? "one"
cat >"$SCRATCH/many.py" <<'PY'
# Opens so many, asks on each, waits for a line; asks again; ends.
import resource, socket, sys
n = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (n + 100, max(n + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
def answers(socks):
    good = 0
    for s in socks:
        d = b""
        try:
            while not d.endswith(b"\r\n\r\nx"):
                m = s.recv(4096)
                if not m:
                    break
                d += m
            else:
                good += d.startswith(b"HTTP/1.1 200")
        except OSError as e:
            print(type(e).__name__, file=sys.stderr)
    return good
socks, good = [], 0
for i in range(0, n, 250):
    some = [socket.create_connection(("10.77.0.2", 8443), 60) for j in range(min(250, n - i))]
    for s in some:
        s.sendall(ask)
    good += answers(some)
    socks += some
print(good, flush=True)
sys.stdin.readline()
for s in socks:
    s.sendall(ask)
print(answers(socks), flush=True)
PY
mkfifo "$SCRATCH/go"
start=$(date +%s%N)
python3 "$SCRATCH/many.py" $COUNT <"$SCRATCH/go" >"$SCRATCH/many" 2>"$SCRATCH/many.err" & MANY=$!
exec 5>"$SCRATCH/go"
wait_for 120 test -s "$SCRATCH/many"
note "$COUNT connections in $((($(date +%s%N) - start) / 1000000)) ms"
is "$(head -1 "$SCRATCH/many")" $COUNT "$COUNT connections, each answered"; note "$(sort "$SCRATCH/many.err" | uniq -c)"
OUT=$(sallyport netstat TTLS GROUP); like "$OUT" "^g +[0-9A-F]{8} +$COUNT\$" "NETSTAT counts them"
sed -i 's/Trace 2/Trace 6/' "$policy"; policy_refresh; ok $? "another policy"
echo >&5; exec 5>&-; wait $MANY
is "$(sed -n 2p "$SCRATCH/many")" $COUNT "and each is answered again"
wait_for 30 eval 'sallyport netstat --json TTLS | jq -e ".connections | length == 0" >/dev/null'; ok $? "all have ended"
fds() { local p n=0; for p in $(pgrep -P "$(stack_pid)"); do n=$((n + $(ls /proc/$p/fd | wc -l))); done; echo $n; }
N=$(fds); [ "$N" -gt 20 ] && [ "$N" -lt 200 ]; ok $? "no descriptor is left ($N)"
is "$("${CURL[@]}" http://10.77.0.2:8443/)" x "and one more"
wire_end; [ "$(stat -c %s "$SCRATCH/wire")" -gt 10000000 ]; ok $? "the wire was seen ($(stat -c %s "$SCRATCH/wire") bytes)"
is "$(grep -aoE 'GET /|HTTP/1' "$SCRATCH/wire" | sort -u | tr '\n' ' ')" "" "no clear text on it"
done_testing
