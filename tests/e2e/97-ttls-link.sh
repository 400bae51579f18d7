# Link-local IPv6 addresses, which are of an interface each.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
chmod 755 "$SCRATCH"
ring=LIBSERV/Liberty.KeyRing
{ group; rule out Outbound 8443 Client USER1/Liberty.KeyRing; rule in Inbound 8085-8086 Server $ring; } >"$policy"
link() { "${@:2}" ip -6 -br addr show dev "$1" scope link -tentative | grep -o 'fe80[^/]*'; }
wait_for 20 link wire0; wait_for 20 link wire1 peer
HERE=$(link wire0) THERE=$(link wire1 peer)
[ -n "$HERE" ] && [ -n "$THERE" ] || { pass "no link-local addresses here"; done_testing; }
cat >serve.py <<'PY'
import socket, sys, threading
s = socket.socket(socket.AF_INET6); s.bind(socket.getaddrinfo(sys.argv[2], int(sys.argv[1]), socket.AF_INET6)[0][4]); s.listen(64); print("up", flush=True)
def one(c):
    try:
        line = c.makefile("rb").readline()
        print("got", line[:20].decode("ascii", "replace").strip(), *c.getpeername()[:1], socket.if_indextoname(c.getpeername()[3]), *c.getsockname()[:1], flush=True); c.sendall(b"answer " + line); c.close()
    except OSError as e:
        print(type(e).__name__, flush=True)
while True: threading.Thread(target=one, args=(s.accept()[0],), daemon=True).start()
PY
cat >tls.py <<'PY'
import socket, ssl, sys
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
s = c.wrap_socket(socket.create_connection((sys.argv[1], int(sys.argv[2])), 20)); s.sendall(b"SECRET tls\n"); print(s.makefile().readline())
PY
cat >talk.py <<'PY'
import socket, sys
s = socket.socket(socket.AF_INET6); s.settimeout(20)
if len(sys.argv) > 2: s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[2].encode() + b"\0")
s.connect(socket.getaddrinfo(sys.argv[1], 8443, socket.AF_INET6)[0][4]); s.sendall(b"SECRET link\n"); print(s.makefile().readline().strip(), s.getpeername()[0])
PY
as="setpriv --reuid=50001 --regid=50001 --clear-groups"
background $as /usr/bin/python3 serve.py 8085 :: >in.8085 2>&1; background $as /usr/bin/python3 serve.py 8086 "$HERE%wire0" >in.8086 2>&1
wait_for 10 grep -q up in.8085 && wait_for 10 grep -q up in.8086; ok $? "programs listen on any address, and on the link's"
ttls_start
wire_start
line_server 8443 LIBSERV.pem; ok $? "a TLS server"
talk() { OUT=$(timeout 40 python3 talk.py "$@" 2>&1); }
talk "$THERE%wire0"; like "$OUT" "MARKER TLSv1.3 SECRET link $THERE" "outbound, the only interface"
talk "$THERE%wire0" wire0; like "$OUT" "MARKER TLSv1.3 SECRET link $THERE" "bound to it"
for port in 8085 8086; do
    OUT=$(peer timeout 40 python3 tls.py "$HERE%wire1" $port 2>&1); like "$OUT" 'answer SECRET tls' "inbound, $port: TLS"
    like "$(cat in.$port)" "got SECRET tls $THERE wire0 $HERE" "the program sees both addresses and the interface"
    mark; OUT=$(peer timeout 40 python3 -c 'import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 20); s.sendall(b"plain words\n"); print(s.makefile().readline())' "$HERE%wire1" $port 2>&1)
    unlike "$OUT" answer "clear text is refused"; wait_for 10 said 'EZD1287I TTLS Error RC: 5003'; ok $? "and said"
done
ip link add wire2 type dummy 2>/dev/null || ip link add wire2 type veth peer name wire3
ip link set wire2 up; ok $? "another interface"
mark; talk "$THERE%wire0"; unlike "$OUT" MARKER "the kernel does not tell which one is meant: refused"
wait_for 10 said "EZD1286I .* REMOTE: $THERE\.\.8443 .* RULE: out RC: 406 "; ok $? "and said"
talk "$THERE%wire0" wire0; like "$OUT" "MARKER TLSv1.3 SECRET link $THERE" "unless the socket is bound to it"
OUT=$(peer timeout 40 python3 tls.py "$HERE%wire1" 8085 2>&1); like "$OUT" 'answer SECRET tls' "inbound goes on"
wire_end; is "$(grep -ao 'SECRET[A-Za-z ]*\|MARKER' wire | sort | uniq -c | tr -s ' ' | tr '\n' ';')" "" "no clear text on the wire"
done_testing
