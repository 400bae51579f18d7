# Ways out in clear text that a program, or a process that dies at the wrong
# time, could find. None may lead out: the peer records the first bytes of all
# that reaches it, and the wire is watched.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
printf 'ttlsscope=machine\nttlsconnections=150\n' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
{
    group
    rule out Outbound 8443 Client USER1/Liberty.KeyRing
    rule lport Outbound 1-65535 Client USER1/Liberty.KeyRing "" "LocalPortRange 4000-4009
  RemoteAddr 10.77.0.2"
    rule here Outbound 8460 Client USER1/Liberty.KeyRing "" "RemoteAddr 127.0.0.0/8"
    rule here6 Outbound 8460 Client USER1/Liberty.KeyRing "" "RemoteAddr ::1"
    rule later Inbound 8085 Server LIBSERV/Liberty.KeyRing "" "Userid 50001"
    rule half Inbound 8088 Server LIBSERV/Liberty.KeyRing "" "Userid 50001"
    rule group Inbound 8086 Server LIBSERV/Liberty.KeyRing "" "Userid 50001"
} >"$policy"
cat >plain.py <<'PY'
import socket, sys
l = [socket.socket() for _ in range(int(sys.argv[2]))]
for s in l:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((sys.argv[3], int(sys.argv[1]))); s.listen()
print("up", flush=True)
for line in open(sys.argv[4]):
    l.pop().close(); print("closed", flush=True)
PY
mkfifo f0 f1 f2 f3; chmod 666 f?; exec 6<>f0 7<>f1 8<>f2 9<>f3
background python3 plain.py 8088 1 10.77.0.1 f0 >plain.88 2>&1; EIGHTS=$PID
background python3 plain.py 8085 1 10.77.0.1 f0 >plain.0 2>&1; FIRST=$PID
wait_for 10 grep -q up plain.0; ok $? "a listener that no rule is for"
ttls_start
wire_start
line_server 8443 LIBSERV.pem; ok $? "a TLS server"
line_server 8470 LIBSERV.pem
background python3 server.py 8460 LIBSERV.pem >server.8460 2>&1; wait_for 10 grep -q up server.8460; ok $? "and one on this machine"
talk() { OUT=$(timeout 40 "$@" 2>&1 | tr '\n' ' '); }

# --- how a program connects and sends -------------------------------------------------
cat >ways.py <<'PY'
# ways.py WAY: prints what the server answers.
import ctypes, os, select, socket, struct, sys, threading
way, to = sys.argv[1], ("10.77.0.2", 8443)
libc = ctypes.CDLL(None, use_errno=True)
def tcp(family=socket.AF_INET, proto=0):
    s = socket.socket(family, socket.SOCK_STREAM, proto)
    s.settimeout(20)
    return s
def say(s, what):
    s.sendall(b"SECRET " + what.encode() + b"\n")
    print(s.makefile("rb").readline().decode().strip(), flush=True)
def disconnect(s):
    a = struct.pack("H14x", socket.AF_UNSPEC)
    if libc.connect(s.fileno(), a, 16) != 0:
        raise OSError(ctypes.get_errno(), "disconnect")
if way == "bound":
    for at in (("", 4000), ("10.77.0.1", 4001)):
        s = tcp(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(at)
        s.connect(("10.77.0.2", 8470)); say(s, "bound"); s.close()
elif way == "any":
    for family, host in ((2, "0.0.0.0"), (10, "::"), (10, "::ffff:0.0.0.0")):
        s = tcp(family); s.connect((host, 8460)); say(s, host); print(s.getpeername()[0])
    s = tcp(); s.bind(("127.0.0.3", 0)); s.connect(("0.0.0.0", 8460)); say(s, "bound"); print(s.getpeername()[0])
elif way == "tfo":
    s = tcp(); s.settimeout(None); s.sendto(b"SECRET sendto\n", 0x20000000, to); print(s.makefile().readline().strip())
    s = tcp(); s.settimeout(None); s.setsockopt(socket.IPPROTO_TCP, 30, 1); s.connect(to); say(s, "fastopen-connect")
    s = tcp(socket.AF_INET6); s.settimeout(None); s.sendto(b"SECRET six\n", 0x20000000, ("fd77::2", 8443)); print(s.makefile().readline().strip())
    s = tcp(socket.AF_INET6); s.settimeout(None); s.sendto(b"SECRET mapped\n", 0x20000000, ("::ffff:10.77.0.2", 8443)); print(s.makefile().readline().strip())
elif way == "abandon":
    # Data with the SYN without having asked first: connect() sends nothing.
    with open("/proc/sys/net/ipv4/tcp_fastopen", "w") as f: f.write("5")
    for i in range(400):
        s = tcp(); s.setsockopt(socket.IPPROTO_TCP, 30, 1); s.connect(to); s.close()
    s = tcp(); s.setsockopt(socket.IPPROTO_TCP, 30, 1); s.connect(to); say(s, "with the first byte")
    s = tcp(); s.connect(to); say(s, "after")
elif way == "room":
    held = [tcp() for _ in range(150)]
    for s in held: s.connect(to); say(s, "one of many")
    try:
        tcp().connect(to)
    except PermissionError:
        print("no more")
elif way == "nonblock":
    for i in range(40):
        s = tcp(); s.setblocking(False); s.connect_ex(to)
        while True:
            try:
                s.send(b"SECRET at once\n"); break
            except (BlockingIOError, BrokenPipeError):
                select.select([], [s], [], 1)
        s.settimeout(20)
        line = s.makefile().readline().strip(); s.close()
    print(line)
elif way == "again":
    s = tcp(); s.connect(to); say(s, "first"); disconnect(s); s.connect(("fd77::2" if 0 else "10.77.0.2", 8443)); say(s, "second")
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.connect(to)
    port = u.getsockname()[1]
    s = tcp(); s.bind(("10.77.0.1", port)); s.connect(to); say(s, "as the datagrams"); u.close()
elif way == "passed":
    a, b = socket.socketpair()
    s = tcp()
    if os.fork() == 0:
        got = socket.socket(fileno=socket.recv_fds(b, 10, 1)[1][0]); got.settimeout(20)
        got.connect(to); say(got, "not connected yet"); os._exit(0)
    socket.send_fds(a, [b"x"], [s.fileno()]); s.close(); os.wait()
    s = tcp(); s.connect(to)
    if os.fork() == 0:
        s.setblocking(True); os.set_inheritable(s.fileno(), True)
        os.execvp("bash", ["bash", "-c", "echo SECRET by exec >&%d; head -1 <&%d" % (s.fileno(), s.fileno())])
    os.wait()
elif way == "kinds":
    s = tcp(); s.connect(to)
    with open("text", "wb") as f: f.write(b"SECRET sendfile\n")
    with open("text", "rb") as f: os.sendfile(s.fileno(), f.fileno(), 0, 16)
    print(s.makefile().readline().strip())
    r, w = os.pipe(); os.write(w, b"SECRET splice\n"); os.splice(r, s.fileno(), 14); print(s.makefile().readline().strip())
    s.setsockopt(socket.SOL_SOCKET, 60, 1); s.sendmsg([b"SECRET zerocopy\n"], [], 0x4000000); print(s.makefile().readline().strip())
    s.send(b"SECRET urgent\n", socket.MSG_OOB); print(s.makefile().readline().strip())
elif way == "both":
    for family, host, proto in ((2, "10.77.0.2", 262), (10, "fd77::2", 262), (10, "::ffff:10.77.0.2", 262), (2, "10.77.0.2", 0), (10, "fd77::2", 0), (10, "::ffff:10.77.0.2", 0)):
        try:
            s = tcp(family, proto)
        except OSError:
            print("MARKER no such protocol SECRET"); continue
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wire0\0")
        s.connect((host, 8443)); say(s, "device")
elif way == "smc":
    for family, kind, proto in ((43, socket.SOCK_STREAM, 0), (43, socket.SOCK_STREAM, 1), (2, socket.SOCK_STREAM, 256)):
        try:
            s = socket.socket(family, kind, proto)
        except OSError:
            print("MARKER no such protocol SECRET"); continue
        a = struct.pack("!HH4s8x", 0, 8443, socket.inet_aton("10.77.0.2")); a = struct.pack("H", 2) + a[2:]
        if libc.connect(s.fileno(), a, 16) != 0: print("MARKER refused SECRET"); continue
        os.write(s.fileno(), b"SECRET smc\n"); print(os.read(s.fileno(), 100).decode().strip())
PY
way() { # WAY LINES NAME
    talk python3 ways.py "$1"
    is "$(grep -o 'MARKER [^M]*SECRET' <<<"$OUT" | grep -c .)" "$2" "$3"
    is "$(grep -o 'Error' <<<"$OUT")" "" "$3: no error"
    [ "$(grep -o 'MARKER [^M]*SECRET' <<<"$OUT" | grep -c .)" = "$2" ] || note "$OUT"
}
way bound 2 "a rule by local port, and a program that has bound it, with an address and without"
way any 4 "connect to any address, a rule for the one it means"
like "$OUT" '0\.0\.0\.0 127\.0\.0\.1 .* ::1 .* ::ffff:127\.0\.0\.1 .* 127\.0\.0\.3 ' "getpeername names it"
way tfo 4 "data with the SYN: MSG_FASTOPEN, TCP_FASTOPEN_CONNECT, IPv6, mapped"
way abandon 2 "connections that never send their SYN leave nothing behind"
way room 150 "after all that there is room for as many as there may be"
like "$OUT" 'no more' "and for no more"
way nonblock 1 "non-blocking connect and a write at once"
way again 3 "a socket that connects again; one with the port of a datagram socket"
way passed 2 "a socket passed on before it connects; another program that inherits it"
way kinds 4 "sendfile, splice, zero copy, urgent"
way both 6 "bound to a device; with Multipath TCP, IPv6, mapped"
way smc 3 "SMC sockets"
cat >ring.c <<'C'
/* io_uring, polled by a kernel thread: connect, send, receive. */
#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 1000 };
static char *sq, *cq;
static struct io_uring_sqe *sqes;
static int ring;

static int
run(int op, int fd, void *at, unsigned n, unsigned long off)
{
    unsigned *tail = (unsigned *)(sq + p.sq_off.tail), *head = (unsigned *)(cq + p.cq_off.head);
    unsigned slot = *tail % p.sq_entries;
    int res;

    sqes[slot] = (struct io_uring_sqe){ .opcode = (unsigned char)op, .fd = fd, .addr = (unsigned long)at, .len = n, .off = off };
    ((unsigned *)(sq + p.sq_off.array))[slot] = slot;
    __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP, 0, 0) < 0)
        return -1;
    res = ((struct io_uring_cqe *)(cq + p.cq_off.cqes))[*head % p.cq_entries].res;
    __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
    return res;
}

int
main(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(8443) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), n;
    char text[200];

    inet_pton(AF_INET, "10.77.0.2", &to.sin_addr);
    ring = (int)syscall(SYS_io_uring_setup, 4, &p);
    if (ring < 0) {
        puts("MARKER no io_uring SECRET");
        return 0;
    }
    sq = mmap(0, p.sq_off.array + p.sq_entries * 4, 3, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    cq = mmap(0, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), 3, MAP_SHARED, ring, IORING_OFF_CQ_RING);
    sqes = mmap(0, p.sq_entries * sizeof *sqes, 3, MAP_SHARED, ring, IORING_OFF_SQES);
    if (run(IORING_OP_CONNECT, fd, &to, 0, sizeof to) != 0 || run(IORING_OP_SEND, fd, "SECRET ring\n", 12, 0) != 12)
        return 1;
    n = run(IORING_OP_RECV, fd, text, sizeof text, 0);
    if (n > 0)
        fwrite(text, 1, (size_t)n, stdout);
    return 0;
}
C
if gcc -o ring ring.c 2>cc.log; then talk ./ring; like "$OUT" 'MARKER .*SECRET' "io_uring with a polling thread"; else note "$(cat cc.log)"; fi

# --- another network namespace: a stack of its own, but not for a job -----------------------
cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/sallyport/$(stat -c '%D' "$SALLYPORT_ROOT")-$(printf '%x' "$(stat -c '%i' "$SALLYPORT_ROOT")")
if mkdir "$cgroup/test" 2>/dev/null; then
    talk nsenter -t "$PEER" -n bash -c "echo \$BASHPID >$cgroup/test/cgroup.procs; exec 3<>/dev/tcp/10.77.0.2/8470"
    like "$OUT" 'not permitted' "a job in another network namespace: connect() is refused"
    talk nsenter -t "$PEER" -n bash -c "exec 3<>/dev/tcp/10.77.0.2/8470; exec 3>&-"; unlike "$OUT" 'not permitted' "another program there is left alone"
    rmdir "$cgroup/test"
else
    note "no cgroup of the image: $cgroup"
fi

# --- who listens, and when ------------------------------------------------------------------
chmod 755 "$SCRATCH"
as="setpriv --reuid=50001 --regid=50001 --clear-groups"
clear_at() { peer bash -c "exec 3<>/dev/tcp/10.77.0.1/$1; echo plain words >&3; timeout 3 head -1 <&3; echo status \$?" 2>&1; }
listening() { ss -Hltn "sport = :$1" | grep -c .; }
OUT=$(clear_at 8085); like "$OUT" 'status 124' "what no rule is for is reached in clear text"
kill "$FIRST"; wait_for 5 eval '[ "$(listening 8085)" = 0 ]'
background $as /usr/bin/python3 plain.py 8085 1 "" f0 >plain.1 2>&1; wait_for 10 grep -q up plain.1
mark; clear_at 8085 >clear.8085
wait_for 5 said 'EZD1287I TTLS Error RC: 5003'; ok $? "its successor has one: clear text is refused"
background python3 plain.py 4044 1 10.77.0.1 f0 >plain.44 2>&1; wait_for 10 grep -q up plain.44
policy_refresh; kill "$EIGHTS"; wait_for 5 eval '[ "$(listening 8088)" = 0 ]'
background $as /usr/bin/python3 plain.py 8088 1 "" f0 >plain.89 2>&1; wait_for 10 grep -q up plain.89
mark; clear_at 8088 >clear.8088
wait_for 5 said 'EZD1287I TTLS Error RC: 5003'; ok $? "and whatever has happened on other ports"
background $as /usr/bin/python3 plain.py 8086 3 10.77.0.1 f1 >plain.2 2>&1
wait_for 10 grep -q up plain.2
policy_refresh
echo >&7; wait_for 5 grep -q closed plain.2
mark; clear_at 8086 >clear.8086
wait_for 5 said 'EZD1287I TTLS Error RC: 5003'; ok $? "listeners that share a port, one has ended: clear text is refused"

# --- engines that stand still ------------------------------------------------------------------
STACK=$(stack_pid)
children() { pgrep -P "$STACK" -f -- "$1"; }
kill -STOP $(children --engine)
timeout 60 bash -c 'exec 3<>/dev/tcp/10.77.0.2/8443; echo SECRET while it stands >&3; head -1 <&3' >stopped 2>&1 & STOPPED=$!
for _ in 1 2 3; do sallyport netstat --json TTLS >/dev/null 2>&1; done
line_server 8481 LIBSERV.pem
rule new Outbound 8481 Client USER1/Liberty.KeyRing >>"$policy"; policy_refresh; ok $? "engines stand still: a policy is installed"
timeout 60 bash -c 'exec 3<>/dev/tcp/10.77.0.2/8481; echo SECRET for a new rule >&3; head -1 <&3' >new.1 2>&1 & NEW=$!
is "$(cat stopped)" "" "nothing is answered meanwhile"
kill -CONT $(children --engine); wait $STOPPED $NEW
like "$(cat stopped)" 'MARKER TLSv1.3 SECRET while it stands' "they go on: TLS"
like "$(cat new.1)" 'MARKER TLSv1.3 SECRET for a new rule' "and by the policy that came meanwhile"

# --- policies and deaths while programs talk -----------------------------------------------------
cat >noise.py <<'PY'
# Connects and talks until told to end; what fails fails.
import socket, sys, threading, collections
end, got = threading.Event(), collections.Counter()
def talk():
    while not end.is_set():
        try:
            s = socket.create_connection(("10.77.0.2", 8443), 20)
            s.sendall(b"SECRET noise\n")
            got[s.makefile("rb").readline()[:6]] += 1
            s.close()
        except OSError as e:
            got[type(e).__name__] += 1
            end.wait(0.02)
t = [threading.Thread(target=talk) for _ in range(4)]
[x.start() for x in t]
print("up", flush=True)
open(sys.argv[1]).readline(); end.set(); [x.join() for x in t]
print(dict(got))
PY
background python3 noise.py f2 >noise 2>&1; NOISE=$PID
wait_for 10 grep -q up noise
for n in 1 2 3 4; do sed -i "s/Trace [0-9]*/Trace $((16 + n))/" "$policy"; policy_refresh; done; ok $? "policies change"
for _ in 1 2; do kill -9 $(children --engine); wait_for 20 eval '[ "$(children --engine | wc -l)" -ge 1 ]'; done; ok $? "engines are killed"
kill -9 $(children --broker); wait_for 20 eval '[ -n "$(children --broker)" ]'; ok $? "the broker is killed"
AGENT=$(processes sallyport-pagent | grep -vx "$STACK" | head -1)
kill -9 "$AGENT"
port=$(ss -Hltnp "src 127.0.0.1" | awk '/sallyport-pagen|sallyport-ttls/ { sub(/.*:/, "", $4); print $4; exit }')
[ -n "$port" ]; ok $? "the engines' port ($port)"
kill -9 "$STACK" $(children --engine) $(children --broker)
wait_for 10 eval '[ "$(listening "$port")" = 0 ]'
background setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 plain.py "$port" 1 127.0.0.1 f3 >squat 2>&1
wait_for 10 grep -q up squat; ok $? "agent, stack and engines are killed; somebody else listens on their port"
talk bash -c 'exec 3<>/dev/tcp/10.77.0.2/8443'; like "$OUT" 'not permitted' "connect() is refused"
mark; console 'S PAGENT'; wait_for 20 said EZZ8432I; ok $? "all are started again"
OUT=; wait_for 10 eval 'talk bash -c "exec 3<>/dev/tcp/10.77.0.2/8443; echo SECRET at last >&3; head -1 <&3"; grep -q MARKER <<<"$OUT"'; ok $? "and TLS is spoken"
echo >&8; wait_for 30 grep -q MARKER noise; ok $? "programs have talked meanwhile: $(tail -1 noise)"

# --- the wire ----------------------------------------------------------------------------------
is "$(cat server.8443 server.8460 server.8470 server.8481 | grep -c 'SSLError')" 0 "nobody has spoken clear text to a TLS server"
wire_end; is "$(grep -ao 'SECRET[A-Za-z ]*\|MARKER' wire | sort | uniq -c | tr -s ' ' | tr '\n' ';')" "" "no clear text on the wire"
done_testing
