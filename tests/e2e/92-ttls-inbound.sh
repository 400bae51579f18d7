# Inbound, with a key of a ring: what the client negotiates decides when the
# angel is asked, and so where the handshake ends. Each way must relay; and a
# connection that comes to nothing must go away, on every side.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
printf 'ttlsscope=machine\nttlsconnections=30\n' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
{
    group
    rule in Inbound 8060 Server LIBSERV/Liberty.KeyRing
    rule device Inbound 8061 Server LIBSERV/Liberty.KeyRing
    rule saf Inbound 8062 ServerWithClientAuth LIBSERV/Liberty.KeyRing "ClientAuthType SAFCheck"
} >"$policy"
cat >echo.py <<'PY'
# echo.py PORT [DEVICE]: what comes is sent back until the end of it.
import socket, sys, threading
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if len(sys.argv) > 2:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[2].encode() + b"\0")
s.bind(("10.77.0.1", int(sys.argv[1]))); s.listen(256)
print("up", flush=True)
def serve(c):
    try:
        while b := c.recv(65536):
            c.sendall(b)
        c.close()
    except OSError as e:
        print(e, flush=True)
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
PY
cat >talk.py <<'PY'
# talk.py PORT [CERT|-] [leave]: for each line VERSION CIPHERS of standard input
# 260 KB there and back; a line says what came of it.
import socket, ssl, sys
port, cert, how = (sys.argv[1:] + ["-", ""])[:3]
def talk(version, ciphers):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    c.set_ciphers(ciphers + ":@SECLEVEL=0")
    c.minimum_version = c.maximum_version = getattr(ssl.TLSVersion, version)
    if cert != "-":
        c.load_cert_chain(cert)
    raw = socket.create_connection(("10.77.0.1", int(port)), 30)
    s = c.wrap_socket(raw)
    print(s.version(), s.cipher()[0], end=" ")
    if how == "leave":
        s.close()
        return "left"
    data, got = b"".join(b"MARKER %d," % i for i in range(20000)), b""
    for i in range(0, len(data), 50000):
        s.sendall(data[i:i + 50000])
        while len(got) < min(i + 50000, len(data)):
            more = s.recv(65536)
            if not more:
                return "ended"
            got += more
    s.close()
    return "same" if got == data else "other"
for line in sys.stdin:
    try:
        print(talk(*line.split()), flush=True)
    except OSError as e:
        print(type(e).__name__, flush=True)
PY
for port in 8060 8062; do
    background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 echo.py $port >"in.$port" 2>&1
    wait_for 10 grep -q up "in.$port"; ok $? "a program on $port"
done
background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 echo.py 8061 wire0 >in.8061 2>&1
wait_for 10 grep -q up in.8061; ok $? "a program on 8061, bound to a device"
ttls_start
wire_start
talk() { peer timeout 120 python3 -W ignore talk.py "$@" 2>&1; }
in_use() { sallyport netstat --json TTLS | jq '.connections | length'; }
left_behind() { ss -Htn state close-wait "( sport = :$1 )" | wc -l; }
gone() { [ "$(in_use)" -eq 0 ] && [ "$(left_behind 8060)" -eq 0 ] && [ "$(left_behind 8061)" -eq 0 ]; }

# --- the key decrypts (RSA) or signs (ECDHE, DHE), with each protocol ----------------
cat >ways <<'T'
TLSv1 AES128-SHA
TLSv1 AES256-SHA
TLSv1_1 AES128-SHA
TLSv1_1 AES256-SHA
TLSv1_2 AES128-SHA
TLSv1_2 AES256-SHA
TLSv1_2 AES128-SHA256
TLSv1_2 AES256-SHA256
TLSv1_2 AES128-GCM-SHA256
TLSv1_2 AES256-GCM-SHA384
TLSv1_2 ECDHE-RSA-AES128-GCM-SHA256
TLSv1_2 DHE-RSA-AES256-GCM-SHA384
T
mark
talk 8060 <ways >went
while read -r version cipher; do
    like "$(cat went)" "^${version/_/.} $cipher same$" "${version/_/.} $cipher: relayed both ways"
done <ways
like "$(talk 8060 <<<"TLSv1_3 ALL")" "^TLSv1.3 TLS_.* same" "TLS 1.3: relayed both ways"
wait_for 5 eval '[ "$(since | grep -c "EZD1283I .* RC: 0 Initial Handshake")" -eq 13 ]'; ok $? "each is said"
like "$(talk 8062 USER1.pem <<<"TLSv1_2 AES128-GCM-SHA256")" "AES128-GCM-SHA256 same" "RSA, and a certificate that is USER1's"
unlike "$(talk 8062 <<<"TLSv1_2 AES128-GCM-SHA256")" same "RSA, and none: refused"
wait_for 10 gone; ok $? "none of them stays"

# --- what NETSTAT says of them ---------------------------------------------------------
mkfifo still; exec 7<>still
held() { # OPTIONS: a connection that stays, until `let_go`
    background nsenter -t "$PEER" -n bash -c 'exec openssl s_client -connect 10.77.0.1:8060 "$@" <still' - "$@" >held 2>&1; HELD=$PID
    wait_for 10 eval '[ "$(in_use)" -eq 1 ]'
    wait_for 10 eval 'sallyport netstat TTLS CONN | grep -q "CIPHER: *[0-9A-F]"'
}
let_go() { kill "$HELD"; wait_for 10 gone; }
held -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256; ok $? "a connection of TLS 1.2 stays"
like "$(sallyport netstat TTLS CONN)" 'KEYSHARE: +N/A$' "it has no key share, though a group"
let_go; ok $? "gone"
held -tls1_3 -groups P-384; ok $? "one of TLS 1.3"
like "$(sallyport netstat TTLS CONN)" 'KEYSHARE: +0024$' "its group in four digits"
like "$(sallyport netstat TTLS CONN)" 'CERTUSERID: +N/A$' "no certificate, no user of one"
let_go; ok $? "gone"
held -tls1_2 -cert "$SCRATCH/USER1.pem" -connect 10.77.0.1:8062; ok $? "one with USER1's certificate"
like "$(sallyport netstat TTLS CONN)" 'CERTUSERID: +USER1$' "whose user is said"
let_go; ok $? "gone"

# --- what comes to nothing ----------------------------------------------------------
six() { for _ in 1 2 3 4 5 6; do echo "TLSv1_2 $1"; done; }
for cipher in AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256; do
    six $cipher | talk 8060 - leave >left
    is "$(grep -c ' left$' left)" 6 "$cipher: six clients that leave after the handshake"
    wait_for 10 gone; ok $? "$cipher: they are gone, and not counted"
    mark
    six $cipher | head -2 | talk 8061 >refused
    is "$(grep -vc ' same$' refused) $(wc -l <refused)" "2 2" "$cipher: two to a program that cannot be reached are told so"
    wait_for 5 said 'EZD1286I TTLS Error .* RULE: device RC: 406 Connection Init'; ok $? "$cipher: EZD1286I RC 406"
    wait_for 10 gone; ok $? "$cipher: they are gone, and not counted"
done

# --- more than there may be --------------------------------------------------------
cat >many.py <<'PY'
# Sixty clients at a time; how many are served, what becomes of the others.
import socket, ssl
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
held, other = [], set()
for i in range(60):
    try:
        s = c.wrap_socket(socket.create_connection(("10.77.0.1", 8060), 30)); s.sendall(b"MARKER full\n")
        if s.recv(100) == b"MARKER full\n": held.append(s)
        else: other.add("end")
    except OSError as e: other.add(type(e).__name__)
print(len(held), *sorted(other))
PY
like "$(peer timeout 120 python3 -W ignore many.py)" '^30 (ConnectionResetError|SSLEOFError|end)' "thirty may be, of sixty clients thirty are served"
wait_for 20 gone; ok $? "and go"
like "$(talk 8060 <<<"TLSv1_3 ALL")" " same$" "another one is served"
wire_end; is "$(grep -ao 'MARKER' wire | sort -u)" "" "no clear text on the wire"
done_testing
