# AT-TLS in a network of its own: programs that know nothing of TLS, both ends
# and the wire between them watched. Nothing may be on it in clear text.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
printf 'ttlsscope=machine\nttlsconnections=260\n' >>"$SALLYPORT_ROOT/etc/image.conf"
{
    group
    rule out Outbound 8443 Client USER1/Liberty.KeyRing
    rule named Outbound 8444 Client USER1/Liberty.KeyRing "HostReferenceIdDNS nobody.example"
    rule quick Outbound 8445 Client USER1/Liberty.KeyRing "HandshakeTimeout 1"
    rule noring Outbound 8446 Client USER1/NOSUCH.RING
    rule ctl Outbound 8453 Client USER1/Liberty.KeyRing "ApplicationControlled On"
    rule urgent Outbound 8454 Client USER1/Liberty.KeyRing "ApplicationControlled On"
    rule ctlin Inbound 8451 Server Liberty.KeyRing "ApplicationControlled On
    HandshakeTimeout 2"
    rule in Inbound 8080 Server Liberty.KeyRing
    rule inpass Inbound 8081 ServerWithClientAuth Liberty.KeyRing "ClientAuthType PassThru"
    rule infull Inbound 8082 ServerWithClientAuth Liberty.KeyRing "ClientAuthType Full"
    rule inreq Inbound 8083 ServerWithClientAuth Liberty.KeyRing "ClientAuthType Required"
    rule owned Inbound 8085 Server LIBSERV/Liberty.KeyRing "" "Userid 50001"
    rule insaf Inbound 8084 ServerWithClientAuth Liberty.KeyRing "ClientAuthType SAFCheck"
} >"$policy"
ttls_start
wire_start

# --- outbound: a TLS server at the other end ----------------------------------------
for port in 8443 8444; do
    line_server $port "$SCRATCH/LIBSERV.pem"; ok $? "a TLS server on $port"
done
line_server 8446 "$SCRATCH/LIBSERV.pem"
line_server 8445 "$SCRATCH/LIBSERV.pem" silent
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$SCRATCH/k" -out "$SCRATCH/c" -subj /CN=stranger -days 2 2>/dev/null
cat "$SCRATCH/c" "$SCRATCH/k" >"$SCRATCH/stranger.pem"
mark
OUT=$("${CURL[@]}" http://10.77.0.2:8443/); like "$OUT" 'MARKER page TLSv1.3' "curl, plain http, IPv4"
wait_for 5 said 'EZD1283I .* RC: 0 Initial Handshake'; ok $? "handshake is logged"
like "$(since)" 'EZD1281I TTLS Map .* LOCAL: 10\.77\.0\.1\.\.[0-9]+ REMOTE: 10\.77\.0\.2\.\.8443 JOBNAME: CURL USERID: ROOT TYPE: OutBound STATUS: Enabled RULE: out ACTIONS: g e~out' "EZD1281I"
OUT=$("${CURL[@]}" -g 'http://[fd77::2]:8443/'); like "$OUT" 'MARKER page' "curl, IPv6"
OUT=$(exec 3<>/dev/tcp/10.77.0.2/8443; echo hello-bash >&3; head -1 <&3); like "$OUT" 'MARKER TLSv1.3 hello-bash' "bash"
cat >"$SCRATCH/client.py" <<'PY'
# client.py KIND: connects in some way, says what it is told; checks names.
import socket, sys
kind = sys.argv[1]
to = ("10.77.0.2", 8443)
family, proto = socket.AF_INET, 0
if kind == "mapped":
    family, to = socket.AF_INET6, ("::ffff:10.77.0.2", 8443)
elif kind == "six":
    family, to = socket.AF_INET6, ("fd77::2", 8443)
elif kind == "mptcp":
    proto = 262
s = socket.socket(family, socket.SOCK_STREAM, proto)
s.settimeout(10)
if kind == "device":
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wire0\0")
if kind == "bound":
    s.bind(("10.77.0.1", 0))
if kind == "nonblock":
    import select
    s.setblocking(False)
    s.connect_ex(to)
    select.select([], [s], [], 10)
    s.settimeout(10)
    assert s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
if kind == "tfo":
    s.settimeout(None)
    s.sendto(b"say tfo\n", 0x20000000, to)
else:
    if kind != "nonblock":
        s.connect(to)
    s.sendall(b"say " + kind.encode() + b"\n")
peer = s.getpeername()
print(s.makefile().readline().strip())
print("peer", peer[0], peer[1])
print("own", s.getsockname()[0])
s.shutdown(socket.SHUT_WR)
print(s.makefile().readline().strip())
PY
for kind in plain mapped six bound device nonblock tfo mptcp; do
    mark
    OUT=$(timeout 20 python3 "$SCRATCH/client.py" $kind 2>&1 | tr '\n' ' ')
    if [ $kind = mptcp ] && grep -q 'Protocol not' <<<"$OUT"; then pass "$kind: not in this kernel"; continue; fi
    case $kind in mapped) p=::ffff:10.77.0.2 o=::ffff:10.77.0.1 ;; six) p=fd77::2 o=fd77::1 ;; *) p=10.77.0.2 o=10.77.0.1 ;; esac
    like "$OUT" "MARKER TLSv1.3 say $kind peer $p 8443 own $o MARKER end" "$kind: names are the real ones, half close works"
    [ $kind != mapped ] || { wait_for 5 said 'EZD1281I .* LOCAL: ::FFFF:10\.77\.0\.1\.\.[0-9]+ REMOTE: ::FFFF:10\.77\.0\.2\.\.8443 '; ok $? "an IPv6 socket: ::FFFF:"; }
done
cat >"$SCRATCH/bare.c" <<'C'
/* A static program without a C library's sockets: connect by a bare system
 * call, or through io_uring. */
#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
uring_connect(int fd, struct sockaddr_in *to)
{
    struct io_uring_params p = { 0 };
    int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
    char *sq, *cq;
    struct io_uring_sqe *sqes;
    unsigned *tail, *array;

    if (ring < 0)
        return -2;
    sq = mmap(0, p.sq_off.array + p.sq_entries * 4, 3, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    cq = mmap(0, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), 3, MAP_SHARED, ring, IORING_OFF_CQ_RING);
    sqes = mmap(0, p.sq_entries * sizeof *sqes, 3, MAP_SHARED, ring, IORING_OFF_SQES);
    memset(sqes, 0, sizeof *sqes);
    sqes->opcode = IORING_OP_CONNECT;
    sqes->fd = fd;
    sqes->addr = (unsigned long)to;
    sqes->off = sizeof *to;
    tail = (unsigned *)(sq + p.sq_off.tail);
    array = (unsigned *)(sq + p.sq_off.array);
    array[0] = 0;
    __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) < 0)
        return -1;
    return ((struct io_uring_cqe *)(cq + p.cq_off.cqes))->res;
}

int
main(int argc, char **argv)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(8443) };
    int fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0), e;
    char text[200];
    long n;

    inet_pton(AF_INET, "10.77.0.2", &to.sin_addr);
    e = argc > 1 ? uring_connect(fd, &to) : (int)syscall(SYS_connect, fd, &to, sizeof to);
    if (e == -2) {
        puts("no io_uring");
        return 0;
    }
    if (e != 0)
        return 1;
    syscall(SYS_write, fd, "say bare\n", 9);
    n = syscall(SYS_read, fd, text, sizeof text);
    if (n > 0)
        fwrite(text, 1, (size_t)n, stdout);
    (void)argv;
    return 0;
}
C
if gcc -static -o "$SCRATCH/bare" "$SCRATCH/bare.c" 2>"$SCRATCH/cc.log"; then
    OUT=$(timeout 20 "$SCRATCH/bare"); like "$OUT" 'MARKER TLSv1.3 say bare' "a static program with bare system calls"
    OUT=$(timeout 20 "$SCRATCH/bare" uring); like "$OUT" 'MARKER TLSv1.3 say bare|no io_uring' "connect through io_uring"
fi
OUT=$(tr '\n' ' ' <"$SCRATCH/server.8443"); like "$OUT" 'from 10\.77\.0\.1 ' "the server sees the machine's address"
# Many at once, and a policy that is refreshed meanwhile.
cat >"$SCRATCH/many.py" <<'PY'
import socket, sys
n, socks = int(sys.argv[1]), []
for i in range(n):
    s = socket.create_connection(("10.77.0.2", 8443), 20)
    s.settimeout(60)
    socks.append(s)
    s.sendall(b"%d\n" % i)
print(sum(s.makefile().readline().split()[-1] == str(i) for i, s in enumerate(socks)))
open(sys.argv[2], "w")
sys.stdin.readline()
for i, s in enumerate(socks):
    s.sendall(b"again %d\n" % i)
print(sum(s.makefile().readline().split()[-1] == str(i) for i, s in enumerate(socks)))
PY
mkfifo "$SCRATCH/go"
python3 "$SCRATCH/many.py" 200 "$SCRATCH/held" <"$SCRATCH/go" >"$SCRATCH/many" 2>&1 & MANY=$!
exec 5>"$SCRATCH/go"
wait_for 60 test -e "$SCRATCH/held"; ok $? "200 connections are open"
OUT=$(sallyport netstat TTLS GROUP); like "$OUT" '^g +00000001 +200$' "NETSTAT TTLS: the group and its connections"
like "$OUT" '^TTLSGRPACTION +GROUP ID +CONNS$' "its head"; like "$OUT" '^1 OF 1 RECORDS DISPLAYED$' "its records"
OUT=$(sallyport netstat TTLS COnn); is "$(grep -c 'TTLSRULE:.* out$' <<<"$OUT")" 200 "NETSTAT TTLS COnn"
ID=$(sed -n 's/^CONNID: //p' <<<"$OUT" | head -1)
OUT=$(sallyport netstat TTLS COnn "$ID" DETAIL)
for text in "^CONNID: $ID" 'JOBNAME: +PYTHON3' 'REMOTESOCKET: +10\.77\.0\.2\.\.8443' 'SECLEVEL: +TLS VERSION 1\.3' 'CIPHER: +1302 TLS_AES_256_GCM_SHA384|CIPHER: +1301' 'MAPTYPE: +PRIMARY' 'TTLSENVACTION: +e~out' 'HandshakeRole: +Client' '1 OF 200 RECORDS'; do like "$OUT" "$text" "one connection in detail: $text"; done
runs "NETSTAT of a connection that is not there" 1 sallyport netstat TTLS COnn FFFFFFF0
OUT=$(sallyport netstat --json TTLS | jq '[.connections[] | select(.rule=="out")] | length'); is "$OUT" 200 "and as JSON"
OUT=$(sallyport netstat ALL CONNType TTLSPolicy); like "$OUT" 'TTLSPolicy: +Yes' "NETSTAT ALL"
console 'D TCPIP,,N,TTLS,GROUP'; like "$OUT" '^g +00000001 +200$' "D TCPIP,,N,TTLS"
# 200 are open of 260 that may be: a full map refuses, it forgets nobody.
OUT=$(python3 - <<'PY'
import socket
held, what = [], set()
for i in range(80):
    s = socket.socket()
    s.settimeout(20)
    try:
        s.connect(("10.77.0.2", 8443)); s.sendall(b"say full\n"); held.append(s)
    except OSError as e:
        what.add(type(e).__name__)
got = {s.makefile().readline().split()[0] for s in held}
print(len(held) <= 60, len(held) > 0, sorted(what), sorted(got))
PY
)
is "$OUT" "True True ['PermissionError'] ['MARKER']" "map exhaustion: connect() is refused, nothing leaves in clear text"
mark
console 'F PAGENT,REFRESH'; wait_for 20 said EZD1586I; ok $? "the policy is refreshed"
echo >&5; exec 5>&-; wait $MANY
is "$(tr '\n' ' ' <"$SCRATCH/many")" "200 200 " "open connections outlive a refresh"

# --- what fails, and how ----------------------------------------------------------------
reset_by() { # NAME RC PORT
    mark
    OUT=$(timeout 20 python3 -c '
import socket, sys
try:
    s = socket.create_connection(("10.77.0.2", int(sys.argv[1])), 10)
    s.sendall(b"MARKER-OUT\n"); print("got", s.recv(100))
except ConnectionResetError:
    print("reset")' "$3" 2>&1)
    is "$OUT" reset "$1: the program's connection is reset"
    wait_for 5 said "EZD1287I TTLS Error RC: $2 "; ok $? "$1: EZD1287I RC $2"
    like "$(since)" "EZD1286I TTLS Error .* RC: $2 " "$1: EZD1286I"
}
reset_by "wrong name" 8 8444
reset_by "nobody answers the handshake" 5004 8445
reset_by "no such ring" 202 8446
background nsenter -t "$PEER" -n python3 "$SCRATCH/server.py" 8447 "$SCRATCH/stranger.pem" >"$SCRATCH/server.8447" 2>&1
sed -i 's/RemotePortRange 8446/RemotePortRange 8447-8452/; s/NOSUCH.RING/Liberty.KeyRing/' "$policy"
mark; console 'F PAGENT,REFRESH'; wait_for 20 said EZD1586I
wait_for 10 grep -q up "$SCRATCH/server.8447"
reset_by "a certificate of nobody we trust" '(417|435)' 8447
background nsenter -t "$PEER" -n python3 -c '
import socket
l = socket.create_server(("10.77.0.2", 8448))
while True:
    s = l.accept()[0]
    try:
        s.sendall(b"220 clear text\r\n"); s.recv(1000)
    except OSError:
        pass
    s.close()'
wait_for 10 peer bash -c 'exec 3<>/dev/tcp/10.77.0.2/8448'
reset_by "the peer speaks clear text" 5003 8448
# Certificates of the exercise's CA that are not right.
sallyport racf "RACDCERT CERTAUTH EXPORT(LABEL('Liberty CA')) DSN('IBMUSER.CA.P12') FORMAT(PKCS12DER) PASSWORD('export')" >/dev/null
openssl pkcs12 -in "$SALLYPORT_ROOT/datasets/IBMUSER.CA.P12" -passin pass:export -nodes -out "$SCRATCH/ca-key.pem" 2>/dev/null
cat >"$SCRATCH/x.cnf" <<'C'
[expired]
basicConstraints = CA:FALSE
[usage]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
[ca]
default_ca = d
[d]
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = any
[any]
commonName = supplied
C
wrong() { # NAME EXTENSIONS START END
    (cd "$SCRATCH" && : >index.txt && openssl rand -hex 8 >serial &&
        openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null &&
        openssl ca -batch -config x.cnf -extensions "$2" -cert ca-key.pem -keyfile ca-key.pem -in "$1.csr" -out "$1.crt" -notext -startdate "$3" -enddate "$4" 2>/dev/null &&
        cat "$1.crt" "$1.key" >"$1.pem")
}
if wrong expired expired 20200101000000Z 20210101000000Z && wrong usage usage 20200101000000Z 20400101000000Z; then
    for pair in expired=8449=401 usage=8452=440; do
        IFS='=' read -r name port rc <<<"$pair"
        background nsenter -t "$PEER" -n python3 "$SCRATCH/server.py" "$port" "$SCRATCH/$name.pem" >"$SCRATCH/server.$port" 2>&1
        wait_for 10 grep -q up "$SCRATCH/server.$port"
        reset_by "certificate: $name" "$rc" "$port"
    done
else
    note "no certificates of the CA's could be made"
fi
console 'F PAGENT,REFRESH' # leaves what is open alone

# --- inbound: programs that listen in clear text -------------------------------------------
cat >"$SCRATCH/plain.py" <<'PY'
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = ("MARKER you are %s %d\n" % self.client_address).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("10.77.0.1", int(sys.argv[1])), H)
print("up", flush=True)
s.serve_forever()
PY
# The listener's user is LIBSERV, by its uid: the ring is LIBSERV's.
for port in 8080 8081 8082 8083 8084; do
    background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 "$SCRATCH/plain.py" $port >"$SCRATCH/plain.$port" 2>&1
    wait_for 10 grep -q up "$SCRATCH/plain.$port"
done
https() { peer "${CURL[@]}" --cacert "$SCRATCH/ca.pem" --connect-to "::10.77.0.1:$1" "${@:2}" "https://localhost:$1/" 2>&1; echo "status $?"; }
mark
OUT=$(https 8080 -k); like "$OUT" 'MARKER you are 10\.77\.0\.2 [0-9]+' "inbound: TLS outside, clear text inside, the client's address"
wait_for 5 said 'EZD1281I .*TYPE: InBound STATUS: Enabled RULE: in '; ok $? "EZD1281I InBound"
mark
OUT=$(peer "${CURL[@]}" http://10.77.0.1:8080/; echo "status $?"); like "$OUT" '^status (52|56)' "a client that speaks clear text gets nothing"
wait_for 5 said 'EZD1287I TTLS Error RC: 5003'; ok $? "RC 5003"
matrix() { # NAME PORT CERT WANT
    local with=(); [ "$3" = none ] || with=(--cert "$SCRATCH/$3.pem")
    OUT=$(https "$2" -k ${with[@]+"${with[@]}"})
    if [ "$4" = yes ]; then like "$OUT" MARKER "$1, certificate $3: served"; else unlike "$OUT" MARKER "$1, certificate $3: refused"; fi
}
matrix PassThru 8081 none yes; matrix PassThru 8081 USER1 yes; matrix PassThru 8081 stranger yes
matrix Full 8082 none yes; matrix Full 8082 USER1 yes; matrix Full 8082 stranger no
matrix Required 8083 none no; matrix Required 8083 USER1 yes; matrix Required 8083 stranger no
mark
matrix SAFCheck 8084 none no; wait_for 5 said 'EZD1287I TTLS Error RC: 403'; ok $? "RC 403"
matrix SAFCheck 8084 USER1 yes; matrix SAFCheck 8084 stranger no
if [ -e "$SCRATCH/usage.pem" ]; then
    # Expired; and valid, for clients, but nobody's.
    matrix PassThru 8081 expired yes; matrix Full 8082 expired no; matrix Required 8083 expired no
    mark; matrix SAFCheck 8084 expired no; wait_for 5 said 'EZD1287I TTLS Error RC: 401'; ok $? "RC 401"
    matrix PassThru 8081 usage yes; matrix Full 8082 usage yes; matrix Required 8083 usage yes
    mark; matrix SAFCheck 8084 usage no; wait_for 5 said 'EZD1287I TTLS Error RC: 5007'; ok $? "RC 5007"
fi
# A listener's owner is remembered, but not longer than it is the owner.
for turn in 50001 0 50001; do
    background setpriv --reuid=$turn --regid=$turn --clear-groups /usr/bin/python3 "$SCRATCH/plain.py" 8085 >"$SCRATCH/plain.8085" 2>&1; owner=$PID
    wait_for 10 grep -q up "$SCRATCH/plain.8085"
    if [ $turn = 50001 ]; then
        for i in 1 2 3; do OUT=$(https 8085 -k); like "$OUT" 'MARKER you are' "a listener of its user's: TLS, $i"; done
        OUT=$(peer "${CURL[@]}" http://10.77.0.1:8085/; echo "status $?"); like "$OUT" '^status (52|56)' "and no clear text"
    else
        OUT=$(https 8085 -k); unlike "$OUT" MARKER "somebody else's on the same port: no rule, no TLS"
    fi
    kill "$owner"; wait "$owner" 2>/dev/null
done
OUT=$("${CURL[@]}" http://10.77.0.2:9/ ; echo $?); is "$OUT" 7 "a port without a rule behaves as ever: refused"

# --- application control -----------------------------------------------------------------------
CTL=$SALLYPORT_BUILD/tests/e2e/ttlsctl
cat >"$SCRATCH/starttls.py" <<'PY'
# Answers lines; after STARTTLS over TLS, after STOP in clear text again.
import socket, ssl, sys, threading
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(sys.argv[1])
l = socket.create_server(("10.77.0.2", 8453))
print("up", flush=True)
def line(s):
    got = b""
    while not got.endswith(b"\n"):
        b = s.recv(1)
        if not b:
            return got
        got += b
    return got
def serve(s):
    try:
        while True:
            what = line(s)
            if not what:
                return
            s.sendall(b"ok " + ((isinstance(s, ssl.SSLSocket) and s.version()) or "clear").encode() + b" " + what)
            if what == b"STARTTLS\n":
                s = c.wrap_socket(s, server_side=True)
            elif what == b"STOP\n":
                s = s.unwrap()
    except OSError as e:
        print(e, flush=True)
while True:
    threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
PY
background nsenter -t "$PEER" -n python3 "$SCRATCH/starttls.py" "$SCRATCH/LIBSERV.pem" >"$SCRATCH/starttls" 2>&1
wait_for 10 grep -q up "$SCRATCH/starttls"
mark
OUT=$(timeout 30 "$CTL" 10.77.0.2 8453 query send=one recv stop send=STARTTLS recv init query names init send=two recv rekey send=three recv send=STOP recv stop query send=four recv bad)
is "$(sed 's/cert=[1-9][0-9]*/cert=N/; s/needed=[0-9]*/needed=N/' <<<"$OUT")" "query policy=5 conn=1 type=1 prot=0000 cipher=  /     share=     user= cert=0
recv ok clear one
stop EPROTO
recv ok clear STARTTLS
init policy=5 conn=3 type=1 prot=0304 cipher=4X/1302 share=0023 user= cert=0
query policy=5 conn=3 type=1 prot=0304 cipher=4X/1302 share=0023 user= cert=N
names ctl e~ctl  needed=N
init EALREADY
recv ok TLSv1.3 two
rekey policy=5 conn=3 type=1 prot=0304 cipher=4X/1302 share=0023 user= cert=0
recv ok TLSv1.3 three
recv ok TLSv1.3 STOP
stop policy=5 conn=1 type=1 prot=0000 cipher=  /     share=     user= cert=0
query policy=5 conn=1 type=1 prot=0000 cipher=  /     share=     user= cert=0
recv ok clear four
bad EINVAL" "a controlling client: clear, TLS, new keys, clear again"
wait_for 5 said 'STATUS: Appl Control RULE: ctl'; ok $? "EZD1281I says Appl Control"
OUT=$(timeout 30 "$CTL" 10.77.0.2 8443 query init stop)
like "$(head -1 <<<"$OUT")" '^query policy=4 conn=[23] type=1' "an aware program under an ordinary rule"
is "$(tail -n +2 <<<"$OUT")" "init EACCES
stop EACCES" "which it may not control"
OUT=$(timeout 30 "$CTL" 10.77.0.2 8453 send=STARTTLX recv nonblock init 2>&1); like "$OUT" 'init EINPROGRESS' "a non-blocking socket: EINPROGRESS"
server_words() { background setpriv --reuid=50001 --regid=50001 --clear-groups timeout 30 "$CTL" 10.77.0.1 -8451 "$@" >"$SCRATCH/ctlin" 2>&1; CTLPID=$PID; wait_for 10 grep -q listening "$SCRATCH/ctlin"; }
server_words "send=220 hello" recv "send=go ahead" init query recv send=done
OUT=$(peer timeout 20 python3 - "$SCRATCH/ca.pem" <<'PY'
import socket, ssl
s = socket.create_connection(("10.77.0.1", 8451), 10)
f = s.makefile("rb", 0); print(f.readline()); s.sendall(b"STARTTLS\n")
c = ssl._create_unverified_context()
# The handshake is on its way before the server has asked for it.
print(f.readline()); t = c.wrap_socket(s); t.sendall(b"inside\n"); print(t.version(), t.recv(100))
PY
)
like "$(tr '\n' ' ' <<<"$OUT")" "220 hello.*go ahead.*TLSv1.3 b'done" "a controlling server: its client"
wait "$CTLPID"; like "$(tr '\n' ' ' <"$SCRATCH/ctlin")" 'recv STARTTLS init policy=5 conn=3 type=2 prot=0304 .* query .* recv inside' "and itself"
server_words timeout send=plain recv
OUT=$(peer timeout 20 bash -c 'exec 3<>/dev/tcp/10.77.0.1/8451; head -1 <&3; echo thanks >&3')
is "$OUT" plain "ALLOW_HSTIMEOUT: nobody answers, it stays clear text"
wait "$CTLPID"; like "$(tr '\n' ' ' <"$SCRATCH/ctlin")" 'timeout ETIME recv thanks' "and is told so"

# Urgent data: as such in clear text, in line over TLS; nothing stays behind it.
cat >"$SCRATCH/urgent.py" <<'PY'
import select, socket
l = socket.create_server(("10.77.0.2", 8454))
print("up", flush=True)
while True:
    s, got = l.accept()[0], b"none"
    if select.select([], [], [s], 10)[2]: # before it is read past
        got = s.recv(1, socket.MSG_OOB)
    s.sendall(s.makefile("rb").readline() + b"urgent " + got)
    s.close()
PY
background nsenter -t "$PEER" -n python3 "$SCRATCH/urgent.py" >"$SCRATCH/urgent" 2>&1
wait_for 10 grep -q up "$SCRATCH/urgent"
urgent() { timeout 20 python3 -c '
import socket, sys
s = socket.create_connection(("10.77.0.2", int(sys.argv[1])), 10)
s.sendall(b"be"); s.send(b"!", socket.MSG_OOB); s.sendall(b"hind\n")
print(s.makefile("rb").read(60 if sys.argv[1] == "8454" else 23))' "$1" 2>&1; }
OUT=$(urgent 8454); like "$OUT" "^b'behind.nurgent !'" "urgent data in clear text"
OUT=$(urgent 8443); like "$OUT" "MARKER TLSv1.3 be!hind" "urgent data over TLS"

# What was captured once, or was about to be, and then goes elsewhere: the names
# are the new connection's. 5: no SYN before the first byte.
background nsenter -t "$PEER" -n python3 -c 'import socket
l = socket.create_server(("10.77.0.2", 8459)); print("up", flush=True)
a = [l.accept() for i in range(3)]' >"$SCRATCH/elsewhere" 2>&1
wait_for 10 grep -q up "$SCRATCH/elsewhere"
echo 5 >/proc/sys/net/ipv4/tcp_fastopen
OUT=$(timeout 20 python3 - 2>&1 <<'PY'
import ctypes, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
for deferred in 0, 1:
    s = socket.socket(); s.settimeout(10)
    s.setsockopt(socket.IPPROTO_TCP, 30, deferred) # TCP_FASTOPEN_CONNECT
    s.connect(("10.77.0.2", 8443))
    if not deferred:
        s.sendall(b"say first\n"); print(s.recv(100).split()[0].decode(), *s.getpeername())
    print(libc.connect(s.fileno(), struct.pack("H14x", socket.AF_UNSPEC), 16))
    s.setsockopt(socket.IPPROTO_TCP, 30, 0)
    s.connect(("10.77.0.2", 8459))
    print(*s.getpeername(), s.getsockname()[0])
PY
)
is "$(tr '\n' ' ' <<<"$OUT")" "MARKER 10.77.0.2 8443 0 10.77.0.2 8459 10.77.0.1 0 10.77.0.2 8459 10.77.0.1 " "a socket that goes elsewhere after a captured connection, sent or not, has the new names"

# The COBOL example, when the library can be loaded into a program as it is.
if ! ldd "$SALLYPORT_BUILD/src/ttls/libattls.so" | grep -q asan; then LD=; else LD=$(gcc -print-file-name=libasan.so); fi
if (cd "$SCRATCH" && cobc -x -o ttlsqry "$SAMPLES/cobol/TTLSQRY.cbl" -Q -Wl,--no-as-needed -L "$SALLYPORT_BUILD/src/ttls" -lattls) >"$SCRATCH/cobc.log" 2>&1; then
    background python3 -c 'import socket
l = socket.create_server(("127.0.0.1", 8460)); a = [l.accept() for i in range(9)]'
    wait_for 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8460'
    OUT=$(LD_PRELOAD=$LD LD_LIBRARY_PATH="$SALLYPORT_BUILD/src/ttls" timeout 20 "$SCRATCH/ttlsqry" 8460 2>&1)
    like "$OUT" 'POLICY: NONE FOR THIS CONNECTION' "the COBOL example asks"
else
    fail "the COBOL example compiles"; note "$(cat "$SCRATCH/cobc.log")"
fi

# The preloaded library, in a program that was made without it.
OUT=$(LD_PRELOAD="$LD $SALLYPORT_BUILD/src/ttls/libattls-ioctl.so" LD_LIBRARY_PATH="$SALLYPORT_BUILD/src/ttls" ASAN_OPTIONS=detect_leaks=0 timeout 30 /usr/bin/python3 - 2>&1 <<'PY'
import ctypes, fcntl, socket, struct, termios
s = socket.create_connection(("10.77.0.2", 8443), 10)
s.sendall(b"say shim\n"); s.recv(100)
t = bytearray(128); t[0] = 1
fcntl.ioctl(s, 0xc0805490, t)
print("policy", t[1], "conn", t[2], "prot %04x" % struct.unpack_from("=H", t, 6))
t[0] = 9
try:
    fcntl.ioctl(s, 0xc0805490, t)
except OSError as e:
    print("version", e.errno)
t[0] = 1 # a request whose sign was extended, as COBOL passes it
print("extended", ctypes.CDLL(None).ioctl(s.fileno(), ctypes.c_long(0xc0805490 - 2 ** 32), (ctypes.c_char * 48).from_buffer(t)))
print("others", struct.unpack("i", fcntl.ioctl(s, termios.FIONREAD, b"0000"))[0])
PY
)
like "$(tr '\n' ' ' <<<"$OUT")" 'policy 4 conn 3 prot 0304 version 22 extended 0 others 0' "SIOCTTLSCTL by the preloaded library"

# --- the wire ---------------------------------------------------------------------------------
wire_end; [ "$(stat -c %s "$SCRATCH/wire")" -gt 100000 ]; ok $? "the wire was seen ($(stat -c %s "$SCRATCH/wire") bytes)"
is "$(grep -ao 'MARKER\|say \|STARTTLX\|GET / HTTP' "$SCRATCH/wire" | sort -u | tr '\n' ' ')" "GET / HTTP STARTTLX " "no clear text on it but what was meant to be"
done_testing
