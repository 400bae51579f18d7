# Many connections that all have something to do at the same time: what is sent
# on one arrives there, in order, and nowhere else, while others end in the middle
# of it. E2E_URING=0: the engines have no io_uring.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo ttlsscope=machine >>"$SALLYPORT_ROOT/etc/image.conf"
{ group; rule out Outbound 8441-8442 Client USER1/Liberty.KeyRing; } | sed 's/Trace 31/Trace 2/' >"$policy"
ttls_start
if [ "${E2E_URING:-1}" = 0 ]; then
    ok "$(! grep -q 'SPT0710I: AT-TLS reads and writes one socket at a time: .*io_uring_setup' -r "$SALLYPORT_ROOT/log" "$SALLYPORT_ROOT/tcpip"; echo $?)" "that there is none is said"
fi
background nsenter -t "$PEER" -n python3 "${E2E_LIB%/*}/tls_servers.py" 8441="$SCRATCH/LIBSERV" >"$SCRATCH/servers" 2>&1
wait_for 10 grep -q up "$SCRATCH/servers"; ok $? "a server"
cat >"$SCRATCH/together.py" <<'PY'
# together.py PORT N: each connection has lines of its own, of all lengths; one
# writes while another part of it reads. Every sixth is given up in the middle.
import random, socket, sys, threading
port, n = int(sys.argv[1]), int(sys.argv[2])
good, start = [], threading.Barrier(n)
text = bytes(random.Random(n).choices(b"abcdefghijklmnopqrstuvwxyz0123456789", k=200000))
def lines(i):
    r = random.Random(i)
    for k in range(40):
        at = r.randrange(100000)
        yield text[at:at + r.choice((1, 900, 17000, 70000))] + b" %d.%d\n" % (i, k)
def one(i):
    s = socket.create_connection(("10.77.0.2", port), 60)
    s.settimeout(120)
    start.wait()
    def write():
        try:
            for line in lines(i): s.sendall(line)
        except OSError:
            if i % 6 != 5: raise
    w = threading.Thread(target=write)
    w.start()
    f, k = s.makefile("rb"), 0
    for want in lines(i):
        if f.readline() != b"MARKER " + want:
            print("connection", i, "line", k, flush=True)
            break
        k += 1
        if i % 6 == 5 and k == 7:
            s.shutdown(socket.SHUT_RDWR)
            break
    if k == (7 if i % 6 == 5 else 40): good.append(i)
    w.join()
    f.close(); s.close()
ts = [threading.Thread(target=one, args=(i,)) for i in range(n)]
for t in ts: t.start()
for t in ts: t.join()
print("good", len(good))
PY
runs "48 connections over TLS" 0 python3 "$SCRATCH/together.py" 8441 48
is "$OUT" "good 48" "each has its own answers"
unlike "$(cat "$syslog")" EZD2042I "none has ended"
wait_for 30 eval 'sallyport netstat --json TTLS | jq -e ".connections | length == 0" >/dev/null'; ok $? "all have ended"
done_testing
