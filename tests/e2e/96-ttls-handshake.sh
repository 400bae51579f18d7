# The life of a handshake, as the programs at both ends see it: what waits, what
# ends in a reset and with which code, what is an end of file, and what is said
# of it in which order.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates 'LIBSERV=Liberty Client Cert' USER1=USER1; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
{
    group
    rule out Outbound 8700-8719 Client USER1/Liberty.KeyRing "HandshakeTimeout 2"
    rule patient Outbound 8720-8724 Client USER1/Liberty.KeyRing
    rule control Outbound 8725 Client USER1/Liberty.KeyRing "ApplicationControlled On"
    rule order Outbound 8730 Client USER1/Liberty.KeyRing
    rule noring Outbound 8731 Client USER1/NOSUCH.RING
    rule in Inbound 8160 Server LIBSERV/Liberty.KeyRing "HandshakeTimeout 2"
    rule full Inbound 8161 ServerWithClientAuth LIBSERV/Liberty.KeyRing "ClientAuthType Required"
    rule order2 Inbound 8162 Server LIBSERV/Liberty.KeyRing
    rule noring2 Inbound 8163 Server LIBSERV/NOSUCH.RING
} >"$policy"
sed -i '0,/Trace 31/s//Trace 63/' "$policy"

# --- both ends --------------------------------------------------------------------------
cat >peers.py <<'PY'
# peers.py CERT: what is at the other end of programs' connections, by port. What
# has reset a connection, or not, is said.
import socket, ssl, struct, sys, threading, time
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); ctx.load_cert_chain(sys.argv[1])
wrong = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); wrong.load_cert_chain("stranger.pem")
def tls(s, c=ctx): s.settimeout(30); return c.wrap_socket(s, server_side=True, suppress_ragged_eofs=False)
def ends(s, name):
    s.settimeout(20)
    try:
        while s.recv(4096): pass
        print(name, "end", flush=True)
    except ConnectionResetError: print(name, "reset", flush=True)
    except TimeoutError: print(name, "nothing", flush=True)
def silent(s): ends(s, "silent")
def drip(s): # a ServerHello that never gets anywhere, a byte each half second
    try:
        for b in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + b"x" * 40: s.sendall(bytes([b])); time.sleep(0.5)
        print("drip", "on", flush=True)
    except (ConnectionResetError, BrokenPipeError): print("drip", "reset", flush=True)
def clear(s): s.sendall(b"220 words in clear text\r\n"); ends(s, "clear")
def stranger(s):
    s.settimeout(30); t = wrong.wrap_socket(s, server_side=True, do_handshake_on_connect=False)
    try: t.do_handshake()
    except ssl.SSLError as e: ends(socket.socket(fileno=t.detach()), e.reason + " and")
    except ConnectionResetError: print("stranger", "reset", flush=True)
def late(s): # TLS begins when two seconds have passed, data one second later
    time.sleep(2); s = tls(s); time.sleep(1); line = s.recv(100); s.sendall(b"MARKER late " + line); s.unwrap()
def tickets(s): # two tickets come with the handshake's end, the answer much later
    s = tls(s); s.recv(100); time.sleep(2); s.sendall(b"MARKER tickets\n"); s.unwrap()
def notify(s): s = tls(s); s.recv(100); s.sendall(b"MARKER notify\n"); s.unwrap().close()
def ragged(s): s = tls(s); s.recv(100); s.sendall(b"MARKER ragged\n"); s.shutdown(socket.SHUT_RDWR); s.close()
def asked(s): # what the program's own end looks like here
    s = tls(s)
    try:
        while s.recv(100): pass
        print("asked", "close_notify", flush=True); s.sendall(b"MARKER asked\n"); s.unwrap()
    except (ssl.SSLError, OSError) as e: print("asked", type(e).__name__, flush=True)
def stops(s): # close_notify and the end, without waiting for the other's
    s = tls(s); s.recv(100); s.sendall(b"MARKER stops\n"); s.settimeout(0.2)
    try: s.unwrap()
    except OSError: pass
    s.close()
def both(s): s = tls(s); s.recv(100); s.sendall(b"MARKER order\n"); s.unwrap()
def run(f, s):
    try: f(s)
    except (OSError, ssl.SSLError) as e: print(f.__name__, type(e).__name__, flush=True)
def listen(port, f):
    l = socket.create_server(("10.77.0.2", port))
    while True: threading.Thread(target=run, args=(f, l.accept()[0]), daemon=True).start()
for port, f in {8700: silent, 8701: drip, 8702: clear, 8703: stranger, 8720: late, 8721: tickets, 8722: notify, 8723: ragged, 8724: asked, 8725: stops, 8730: both, 8731: silent}.items():
    threading.Thread(target=listen, args=(port, f)).start()
print("up", flush=True)
PY
cat >plain.py <<'PY'
# plain.py PORT: a program that listens in clear text: says what has become of
# each connection, answers lines.
import socket, sys, threading
l = socket.create_server(("10.77.0.1", int(sys.argv[1]))); print("up", flush=True)
def serve(s):
    print("came", flush=True)
    try:
        while b := s.recv(4096):
            print("got", b.decode().strip(), flush=True); s.sendall(b"MARKER " + b)
        print("end", flush=True); s.close()
    except OSError as e: print(type(e).__name__, flush=True)
while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
PY
openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=stranger -days 2 2>/dev/null; cat c k >stranger.pem
background nsenter -t "$PEER" -n python3 peers.py LIBSERV.pem >peers 2>&1
wait_for 10 grep -q up peers; ok $? "peers"
for port in 8160 8161 8162 8163; do
    background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 plain.py $port >"in.$port" 2>&1
    wait_for 10 grep -q up "in.$port"; ok $? "a program on $port"
done
ttls_start
wire_start
cat >program.py <<'PY'
# program.py PORT HOW: a program that knows nothing of TLS.
import errno, select, socket, sys, time
port, how = int(sys.argv[1]), sys.argv[2]
to = ("10.77.0.2", port)
def err(f):
    try: r = f(); return "end" if r == b"" else r.decode().strip() if isinstance(r, bytes) else str(r)
    except OSError as e: return errno.errorcode.get(e.errno, type(e).__name__)
begin = time.monotonic()
def took(): return int(time.monotonic() - begin)
if how == "blocking":
    s = socket.create_connection(to, 30); s.settimeout(30)
    s.sendall(b"hello\n"); print(err(lambda: s.recv(100)), took()); print(err(lambda: s.recv(100)))
elif how == "nonblocking":
    s = socket.socket(); s.setblocking(False); e = s.connect_ex(to); print(errno.errorcode.get(e, e), end=" ")
    select.select([], [s], [], 20); print(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), end=" ")
    s.send(b"hello\n"); print(err(lambda: s.recv(100)), end=" ") # no answer: EAGAIN, nothing of the handshake
    r, _, _ = select.select([s], [], [], 1); print("readable" if r else "quiet", end=" ")
    r, _, _ = select.select([s], [], [], 20); print(err(lambda: s.recv(100)), took())
elif how == "poll": # SO_ERROR, by who looks at nothing else
    s = socket.socket(); s.setblocking(False); s.connect_ex(to)
    p = select.poll(); p.register(s, 0); ev = p.poll(20000); print([n for n in ("POLLERR", "POLLHUP") if ev and ev[0][1] & getattr(select, n)], end=" ")
    e = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR); print(errno.errorcode.get(e, e), took())
elif how == "read":
    print(err(lambda: socket.create_connection(to, 30).recv(100)), took()) # a reset may be quicker than connect()
elif how == "write": # who only writes
    s = socket.socket(); e = err(lambda: s.connect(to))
    for _ in range(400 if e == "None" else 0):
        e = err(lambda: s.send(b"SECRET words\n"))
        if not e.isdigit(): break
        time.sleep(0.05)
    print(e)
elif how == "half":
    s = socket.create_connection(to, 30); s.sendall(b"hello\n"); s.shutdown(socket.SHUT_WR); print(err(lambda: s.recv(100)), err(lambda: s.recv(100)))
PY
program() { timeout 60 python3 program.py "$@" 2>&1 | tr '\n' ' '; }
rc() { wait_for 10 said "EZD1287I TTLS Error RC: $1 ${3:-Initial Handshake}\$"; ok $? "$2: RC $1"; }
peer_saw() { wait_for 20 grep -qx "$1" peers; ok $? "${2:-the peer}: $1"; }

# --- the program waits, and sees nothing of it ---------------------------------------------
is "$(program 8720 blocking)" "MARKER late hello 3 end " "a blocking socket: the first bytes wait for the handshake, the answer follows"
is "$(program 8720 nonblocking)" "EINPROGRESS 0 EAGAIN quiet MARKER late hello 3 " "a non-blocking one: connected, not readable before the answer"
is "$(program 8721 nonblocking)" "EINPROGRESS 0 EAGAIN quiet MARKER tickets 2 " "session tickets of TLS 1.3 are never readable"
mark; is "$(program 8722 blocking)" "MARKER notify 0 end " "close_notify: end of file"
wait_for 10 said 'EZD1283I .* RC: 0 Connection Close CLOSE_NOTIFY RECEIVED$'; ok $? "it is said"
since | grep -q 'RC: 420 '; is $? 1 "no RC 420"
mark; is "$(program 8723 blocking)" "MARKER ragged 0 end " "an end without close_notify: end of file"
wait_for 10 said 'EZD1283I .* RC: 420 Connection Close$'; ok $? "RC 420 at event level"
since | grep -q 'EZD128[67]I'; is $? 1 "it is no error"
mark; timeout 30 "$SALLYPORT_BUILD/tests/e2e/ttlsctl" 10.77.0.2 8725 init send=hello recv recv >control 2>&1; like "$(cat control)" 'MARKER stops' "a program that controls TLS"
wait_for 10 said 'EZD1283I .* RC: 0 Connection Close CLOSE_NOTIFY RECEIVED$'; ok $? "close_notify, then the end"
since | grep -q 'RC: 420 '; is $? 1 "no RC 420"
is "$(program 8724 half)" "MARKER asked end " "the program's half close: the answer still comes"
peer_saw "asked close_notify"

# --- what fails, as client: reset at both ends ------------------------------------------
for row in 'silent 8700 5004 [23]' 'drip 8701 5004 [23]' 'clear 8702 5003 [01]' 'stranger 8703 (417|435) [01]'; do
    read -r name port code seconds <<<"$row"
    mark; like "$(program "$port" read)" "^ECONNRESET $seconds $" "$name: read says ECONNRESET"; rc "$code" "$name"
    [ $name = stranger ] && name='TLSV1_ALERT_UNKNOWN_CA and'
    peer_saw "$name reset" "$name"
    like "$(program "$port" poll)" "^\['POLLERR', 'POLLHUP'\] ECONNRESET $seconds $" "$name: SO_ERROR says ECONNRESET"
done
like "$(program 8702 write)" '^(ECONNRESET|EPIPE) $' "who only writes is told"
mark; like "$(program 8731 read)" '^ECONNRESET [01] ' "no ring: ECONNRESET"; rc 202 "no ring" 'Environment Init'
peer_saw "silent reset" "no ring"

# --- as server -----------------------------------------------------------------------------
cat >client.py <<'PY'
# client.py PORT HOW: what a client's connection comes to.
import socket, ssl, sys, time
port, how = int(sys.argv[1]), sys.argv[2]
s = socket.create_connection(("10.77.0.1", port), 30); s.settimeout(30)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
begin = time.monotonic()
def end():
    got = b""
    try:
        while b := s.recv(4096): got += b
        how = "end"
    except ConnectionResetError: how = "reset"
    return "%s %d%s" % (how, time.monotonic() - begin, " MARKER" if b"MARKER" in got else "")
def hello():
    o = ssl.MemoryBIO(); t = c.wrap_bio(ssl.MemoryBIO(), o)
    try: t.do_handshake()
    except ssl.SSLWantReadError: pass
    return o.read()
if how == "silent": print(end())
elif how == "begun": s.sendall(hello()[:20]); print(end())
elif how == "stays": s.sendall(hello()); print(end()) # never goes on after the server's answer
elif how == "drip":
    try:
        for b in hello(): s.sendall(bytes([b])); time.sleep(0.5)
        print("on")
    except (ConnectionResetError, BrokenPipeError): print("reset", int(time.monotonic() - begin))
elif how == "clear": s.sendall(b"GET /secret HTTP/1.0\r\n\r\n"); print(end())
elif how == "tlsend": s.sendall(hello()); s.shutdown(socket.SHUT_WR); print(end())
elif how == "garbage": s.sendall(b"\x16\x03\x01\x00\x20\x01\x00\x00\x1c" + b"\xff" * 28); print(end())
elif how in ("none", "stranger"): # the certificate; TLS 1.2, where the handshake's end tells
    c.maximum_version = ssl.TLSVersion.TLSv1_2
    if how == "stranger": c.load_cert_chain("stranger.pem")
    t = c.wrap_socket(s, do_handshake_on_connect=False)
    try: t.do_handshake(); print("done")
    except ssl.SSLError as e: s = socket.socket(fileno=t.detach()); s.settimeout(30); print("alert", end())
    except ConnectionResetError: print("reset")
elif how == "noring": s.sendall(hello()); print(end())
else:
    t = c.wrap_socket(s, suppress_ragged_eofs=False); t.sendall(b"hello\n"); print(t.recv(100).decode().strip(), end=" ")
    if how == "notify":
        s = t.unwrap(); print("closed")
    elif how == "ragged":
        s = socket.socket(fileno=t.detach()); s.settimeout(30); s.shutdown(socket.SHUT_WR)
        while s.recv(4096): pass
        print("closed")
    elif how == "reset":
        import struct
        s = socket.socket(fileno=t.detach()); s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.close(); print("gone")
PY
client() { peer timeout 60 python3 -W ignore client.py "$@" 2>&1 | tr '\n' ' '; }
for row in 'silent [23] 5004' 'begun [23] 5004' 'stays [23] 5004' 'drip [0-9] 5004' 'clear [01] 5003' 'tlsend [01] 420' 'garbage [01] 4[0-9]*'; do
    read -r how seconds code <<<"$row"
    mark; like "$(client 8160 "$how")" "^reset $seconds $" "a client, $how: reset"; rc "$code" "$how"
done
is "$(grep -c came in.8160)" 0 "the program has seen none of them"
mark; like "$(client 8161 none)" '^(alert )?reset' "no certificate: reset"; rc 403 "no certificate"
mark; like "$(client 8161 stranger)" '^(alert )?reset' "a stranger's certificate: reset"; rc '(417|435)' "a stranger's"
is "$(grep -c came in.8161)" 0 "the program has not seen them"
mark; is "$(client 8163 noring)" "reset 0 " "no ring: reset"; rc 202 "no ring" 'Environment Init'
is "$(client 8160 notify)" "MARKER hello closed " "close_notify there and back"
ends() { [ "$(grep -cx end in.8160)" -eq "$1" ]; }
wait_for 10 ends 1; ok $? "the program: end of file"
mark; is "$(client 8160 ragged)" "MARKER hello closed " "an end without close_notify"
wait_for 10 said 'EZD1283I .* RC: 420 Connection Close$'; ok $? "RC 420"
wait_for 10 ends 2; ok $? "the program: end of file"
mark; is "$(client 8160 reset)" "MARKER hello gone " "a client's reset"
wait_for 10 grep -q ConnectionResetError in.8160; ok $? "the program: reset"; wait_for 10 said 'EZD1283I .* RC: 406 Connection Close$'; ok $? "RC 406"

# --- what is said, in which order ---------------------------------------------------------
# The last connection by that rule: id, return code, what; lengths left out, and
# of the calls of System SSL the functions alone.
told() {
    local id; id=$(since | sed -n "s/^EZD1281I .* CONNID: \([0-9A-F]*\) .* RULE: $1 .*/\1/p" | tail -1)
    since | grep " CONNID: $id " | grep -v '^EZD1285I' | grep -v '^EZD1284I .* \(Set\|Get\) ' |
        sed -E 's/^EZD1281I .*/1281 Map/; s/^EZD(128[234])I .* CONNID: [0-9A-F]+ /\1 /; s/ ACTIONS:.*(HS-[A-Za-z]+)$/ \1/; s/ ACTIONS:.*//; s/ [0-9A-F]{16} .*//; s/ - [0-9A-F]+$//; s/^EZD1286I .* RC: /1286 RC: /; s/RC: //'
}
finished() { told "$1" | grep -q '^1283 0 Connection Close$'; }
cat >want.first <<'T'
1281 Map
1282 Connection Init
1283 0 Connection Init
1282 Environment Create
1283 0 Environment Create
1282 Environment Init
1284 0 Call GSK_ENVIRONMENT_OPEN
1284 0 Call GSK_ENVIRONMENT_INIT
1283 0 Environment Init
1282 Initial Handshake HS-Client
1284 0 Call GSK_SECURE_SOCKET_OPEN
1284 0 Call GSK_SECURE_SOCKET_INIT
1283 0 Initial Handshake
1283 0 Connection Close CLOSE_NOTIFY RECEIVED
1282 Connection Close
1284 0 Call GSK_SECURE_SOCKET_CLOSE
1283 0 Connection Close
T
mark; is "$(program 8730 blocking)" "MARKER order 0 end " "an environment's first connection"
wait_for 10 finished order; is "$(told order)" "$(cat want.first)" "is said in this order"
for _ in 1 2 3 4 5 6 7 8; do # until an engine has its second
    mark; program 8730 blocking >again; wait_for 10 finished order
    since | grep -q 'Environment Create' || break
done
is "$(told order)" "$(grep -v 'Environment\|ENVIRONMENT' want.first)" "another one's has no Environment"
mark; is "$(client 8162 notify)" "MARKER hello closed " "as server"
wait_for 10 finished order2; is "$(told order2)" "$(sed 's/HS-Client/HS-Server/' want.first)" "the same"
cat >want.failed <<'T'
1281 Map
1282 Connection Init
1283 0 Connection Init
1282 Initial Handshake HS-Client
1284 0 Call GSK_SECURE_SOCKET_OPEN
1284 5003 Call GSK_SECURE_SOCKET_INIT
1286 5003 Initial Handshake
1283 5003 Initial Handshake
1282 Connection Close
1284 0 Call GSK_SECURE_SOCKET_CLOSE
1283 0 Connection Close
T
mark; program 8702 read >/dev/null; wait_for 10 finished out
is "$(told out | grep -v 'Environment\|ENVIRONMENT')" "$(cat want.failed)" "a handshake that fails"
mark; program 8731 read >/dev/null; wait_for 10 finished noring
is "$(told noring | tr '\n' ';')" "1281 Map;1282 Connection Init;1283 0 Connection Init;1282 Environment Create;1283 0 Environment Create;1282 Environment Init;1284 0 Call GSK_ENVIRONMENT_OPEN;1284 202 Call GSK_ENVIRONMENT_INIT;1283 202 Environment Init;1286 202 Environment Init;1283 0 Connection Close;" "an environment that fails"
wire_end; is "$(grep -ao 'SECRET\|MARKER\|hello\|GET /secret' wire | sort -u)" "GET /secret" "on the wire: the peer's own clear text"
done_testing
