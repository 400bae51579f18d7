# Unusual ways to connect, to send and to listen, by a program of the machine
# and by a job: io_uring in all its forms, descriptors taken from another
# process, sockets that connect again, repaired connections, processes that
# change user, cgroup or namespace on the way. Each speaks TLS or is refused.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
conf=$SALLYPORT_ROOT/etc/image.conf
{ : >>"$conf" && cp "$conf" "$SCRATCH/conf"; } || exit 1; echo 'ttlsscope=machine' >>"$conf"
cd "$SCRATCH" || exit 1
chmod 755 "$SCRATCH"
{
    group
    rule out Outbound 8443 Client USER1/Liberty.KeyRing
    rule again Outbound 8444 Client USER1/Liberty.KeyRing
    rule in Inbound 8085-8089 Server LIBSERV/Liberty.KeyRing "" "Userid 50001"
    rule job Inbound 8095 Server LIBSERV/Liberty.KeyRing "" "Jobname ESCAPES"
} >"$policy"
gcc -o uring -xc - 2>cc.log <<'C'
/*
 * uring HOW HOST PORT [FD [PROCS]]: connect, say, hear. HOW: p polled by a
 * kernel thread, a by a worker thread, s the ring makes the socket, f it is
 * registered, z without copies, l connect and send are one chain, e into the
 * cgroup PROCS when the ring is there. L: listen, accept and answer instead.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct io_uring_params p;
static char *sq, *cq;
static struct io_uring_sqe *sqes;
static int ring, res[4];
static unsigned n_put;
static const char *how;

static struct io_uring_sqe *
put(int op, int fd, const void *at, unsigned n)
{
    unsigned *tail = (unsigned *)(sq + p.sq_off.tail);
    unsigned slot = (*tail + n_put) % p.sq_entries;
    struct io_uring_sqe *e = &sqes[slot];

    memset(e, 0, sizeof *e);
    e->opcode = (unsigned char)op;
    e->fd = fd;
    e->addr = (unsigned long)at;
    e->len = n;
    e->user_data = n_put;
    if (strchr(how, 'a'))
        e->flags |= IOSQE_ASYNC;
    if (strchr(how, 'f') && op != IORING_OP_SOCKET)
        e->flags |= IOSQE_FIXED_FILE;
    ((unsigned *)(sq + p.sq_off.array))[slot] = slot;
    n_put++;
    return e;
}

/* All that was put; the result of the first. */
static int
run(void)
{
    unsigned *tail = (unsigned *)(sq + p.sq_off.tail);
    unsigned *head = (unsigned *)(cq + p.cq_off.head);
    unsigned *end = (unsigned *)(cq + p.cq_off.tail), n = n_put, got = 0;

    __atomic_store_n(tail, *tail + n, __ATOMIC_RELEASE);
    n_put = 0;
    while (got < n) {
        if (syscall(SYS_io_uring_enter, ring, n, 1, IORING_ENTER_GETEVENTS | (strchr(how, 'p') ? IORING_ENTER_SQ_WAKEUP : 0), 0, 0) < 0 && errno != EINTR)
            return -errno;
        for (; *head != __atomic_load_n(end, __ATOMIC_ACQUIRE); __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE)) {
            struct io_uring_cqe *c = &((struct io_uring_cqe *)(cq + p.cq_off.cqes))[*head % p.cq_entries];

            if (c->flags & IORING_CQE_F_NOTIF)
                continue;
            res[c->user_data % 4] = c->res;
            got++;
        }
    }
    return res[0];
}

static int
no(const char *what, int e)
{
    printf("%s\n", e == -EINVAL || e == -EOPNOTSUPP ? "unsupported" : e == -EPERM ? "refused" : "failed");
    fprintf(stderr, "%s: %s\n", what, strerror(-e));
    return 0;
}

static int
serve(struct addrinfo *to)
{
    int fd = socket(to->ai_family, SOCK_STREAM, 0), one = 1;
    char text[200], line[300];

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, to->ai_addr, to->ai_addrlen) != 0 || listen(fd, 64) != 0)
        return 1;
    puts("up");
    fflush(stdout);
    for (;;) {
        int c, n;

        put(IORING_OP_ACCEPT, fd, NULL, 0);
        c = run();
        if (c < 0)
            return no("accept", c);
        put(IORING_OP_RECV, c, text, sizeof text);
        n = run();
        if (n > 0) {
            printf("got %.*s", n, text);
            fflush(stdout);
            n = snprintf(line, sizeof line, "ANSWER %.*s", n, text);
            put(IORING_OP_SEND, c, line, (unsigned)n);
            run();
        }
        close(c);
    }
}

int
main(int argc, char **argv)
{
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM }, *to;
    int fd = argc > 4 ? atoi(argv[4]) : -1, n, e;
    char text[200];
    struct io_uring_sqe *s;

    how = argv[1];
    if (getaddrinfo(argv[2], argv[3], &hints, &to) != 0)
        return 1;
    if (strchr(how, 'p')) {
        p.flags = IORING_SETUP_SQPOLL;
        p.sq_thread_idle = 50;
    }
    ring = (int)syscall(SYS_io_uring_setup, 8, &p);
    if (ring < 0) {
        puts("unsupported");
        return 0;
    }
    sq = mmap(0, p.sq_off.array + p.sq_entries * 4, 3, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    cq = mmap(0, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), 3, MAP_SHARED, ring, IORING_OFF_CQ_RING);
    sqes = mmap(0, p.sq_entries * sizeof *sqes, 3, MAP_SHARED, ring, IORING_OFF_SQES);
    if (strchr(how, 'a')) { /* so that its workers are there */
        put(IORING_OP_NOP, -1, NULL, 0)->flags = IOSQE_ASYNC;
        run();
    }
    if (strchr(how, 'e')) {
        FILE *f = fopen(argv[5], "w");

        fprintf(f, "%d", getpid());
        if (fclose(f) != 0)
            return 1;
    }
    if (strchr(how, 'L'))
        return serve(to);
    if (strchr(how, 's')) {
        put(45 /* IORING_OP_SOCKET */, to->ai_family, NULL, 0)->off = SOCK_STREAM;
        fd = run();
        if (fd < 0)
            return no("socket", fd);
    } else if (fd < 0) {
        fd = socket(to->ai_family, SOCK_STREAM, 0);
    }
    if (strchr(how, 'f')) {
        if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1) != 0)
            return no("register", -errno);
        close(fd);
        fd = 0;
    }
    s = put(IORING_OP_CONNECT, fd, to->ai_addr, 0);
    s->off = to->ai_addrlen;
    if (strchr(how, 'l'))
        s->flags |= IOSQE_IO_LINK;
    else if ((e = run()) != 0)
        return no("connect", e);
    put(strchr(how, 'z') ? 47 /* IORING_OP_SEND_ZC */ : IORING_OP_SEND, fd, "SECRET ring\n", 12);
    e = run();
    if (strchr(how, 'l') ? e != 0 || res[1] != 12 : e != 12)
        return no("send", e < 0 ? e : res[1]);
    put(IORING_OP_RECV, fd, text, sizeof text);
    n = run();
    if (n <= 0)
        return no("recv", n == 0 ? -EPIPE : n);
    printf("%.*s", n, text);
    return 0;
}
C
HAS_RING=$?; [ $HAS_RING = 0 ] || note "$(head -3 cc.log)"
cat >ways.py <<'PY'
# ways.py WAY JOB PEER: JOB: the cgroup of a job, "" for none. Each line that it
# prints says what it was, and what came back.
import ctypes, os, socket, struct, subprocess, sys, time
way, job, peer = sys.argv[1:4]
libc = ctypes.CDLL(None, use_errno=True)
FAMILIES = ((2, "10.77.0.2"), (10, "fd77::2"), (10, "::ffff:10.77.0.2"))
def enter():
    if job:
        with open(job + "/cgroup.procs", "w") as f: f.write(str(os.getpid()))
def leave():
    if job:
        with open(os.path.dirname(os.path.dirname(os.path.dirname(job))) + "/cgroup.procs", "w") as f: f.write(str(os.getpid()))
def tcp(family=2, proto=0):
    s = socket.socket(family, socket.SOCK_STREAM, proto); s.settimeout(20); return s
def show(what, s, sent=False):
    s.settimeout(20)
    try:
        if not sent: s.sendall(b"SECRET %s\n" % what.encode())
        line = s.makefile("rb").readline().decode(errors="replace").strip()
        print(what, line or "nothing", flush=True)
    except OSError as e: print(what, type(e).__name__, flush=True)
def other(f): # in a child: in the job, when there is one
    pid = os.fork()
    if pid == 0:
        try: f()
        except PermissionError: print("refused", flush=True)
        except OSError as e: print(type(e).__name__, e, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
def check(r, what):
    if r < 0: raise OSError(ctypes.get_errno(), what)
    return r
def stolen(s): # by pidfd_getfd: another process has made it
    r, w = os.pipe()
    def f():
        fd = check(libc.syscall(438, check(libc.syscall(434, int(os.environ["OWNER"]), 0), "pidfd"), s, 0), "pidfd_getfd")
        return socket.socket(fileno=fd)
    return f()
def disconnect(s): check(libc.connect(s.fileno(), struct.pack("H14x", 0), 16), "disconnect")
def in_job(f): other(lambda: (enter(), f()))

if way == "ring":
    for how in ("", "p", "a", "s", "f", "z", "l", "pl", "al", "pz", "pf", "sp"):
        for family, host in FAMILIES:
            def f():
                print("ring-" + how, end=" ", flush=True); os.execv("./uring", ["uring", how, host, "8443"])
            in_job(f)
elif way == "ring-handed": # the socket, or the ring's threads, were there before
    for how in ("", "p", "a", "fl"):
        for family, host in FAMILIES:
            s = tcp(family); s.setblocking(True); s.set_inheritable(True)
            def f():
                print("handed-" + how, end=" ", flush=True); os.execv("./uring", ["uring", how, host, "8443", str(s.fileno())])
            in_job(f)
    for how in ("pe", "ae", "pel", "aes"):
        def g():
            print("enters-" + how, end=" ", flush=True); os.execv("./uring", ["uring", how if job else how.replace("e", ""), "10.77.0.2", "8443", "-1", job + "/cgroup.procs"])
        other(g)
elif way == "pidfd": # taken out of another process
    for family, host in FAMILIES:
        s = tcp(family)
        os.environ["OWNER"] = str(os.getpid())
        in_job(lambda: (lambda t: (t.settimeout(20), t.connect((host, 8443)), show("taken", t)))(stolen(s.fileno())))
    # connected by the job, taken by somebody outside: it stays TLS
    r, w = os.pipe(); go, on = os.pipe()
    def f():
        s = tcp(); s.connect(("10.77.0.2", 8443)); os.write(w, b"%d %d\n" % (os.getpid(), s.fileno())); os.read(go, 1)
    pid = os.fork()
    if pid == 0: enter(); f(); os._exit(0)
    owner, fd = os.read(r, 100).split()
    os.environ["OWNER"] = owner.decode(); t = stolen(int(fd)); show("stolen", t); os.write(on, b"x"); os.wait()
elif way == "send": # all that moves bytes, on sockets that were handed in
    for family, host in FAMILIES:
        for what in ("sendfile", "splice", "vmsplice", "tee", "zerocopy", "fastopen", "sendmsg", "deferred"):
            s = tcp(family); s.setblocking(True)
            def f():
                enter()
                to, text = (host, 8443), b"SECRET %s\n" % what.encode()
                if what == "fastopen": s.sendto(text, 0x20000000, to)
                elif what == "sendmsg": s.sendmsg([text[:6], text[6:]], [], 0x20000000, to)
                elif what == "deferred": s.setsockopt(socket.IPPROTO_TCP, 30, 1); s.connect(to); s.sendall(text)
                else: s.connect(to)
                if what == "sendfile":
                    with open("text", "wb") as t: t.write(text)
                    with open("text", "rb") as t: os.sendfile(s.fileno(), t.fileno(), 0, len(text))
                elif what in ("splice", "tee"):
                    r, w = os.pipe(); os.write(w, text)
                    if what == "tee":
                        r2, w2 = os.pipe(); check(libc.tee(r, w2, len(text), 0), "tee"); r = r2
                    os.splice(r, s.fileno(), len(text))
                elif what == "vmsplice":
                    r, w = os.pipe(); b = ctypes.create_string_buffer(text); v = struct.pack("PN", ctypes.addressof(b), len(text)); check(libc.vmsplice(w, v, 1, 0), "vmsplice"); os.splice(r, s.fileno(), len(text))
                elif what == "zerocopy": s.setsockopt(socket.SOL_SOCKET, 60, 1); s.sendmsg([text], [], 0x4000000)
                show(what, s, True)
            other(f)
elif way == "again": # a socket that connects, is disconnected, and connects elsewhere
    for family, host in FAMILIES:
        s = tcp(family)
        def f():
            s.connect((host, 8443)); show("first", s); disconnect(s); s.settimeout(20); s.connect((host, 8444)); show("second", s); disconnect(s); s.connect((host, 8443)); show("third", s)
        in_job(f)
        t = tcp(family)
        t.connect((host, 8443)); show("PLAIN" if job else "first", t); disconnect(t); in_job(lambda: (t.connect((host, 8443)), show("afterwards", t)))
    def g(): # an IPv6 socket that has become one of IPv4
        s = tcp(10); s.connect(("::ffff:10.77.0.2", 8443)); s.setsockopt(41, 1, 2)
        t = socket.socket(2, socket.SOCK_STREAM, fileno=os.dup(s.fileno())); t.settimeout(20); print(*t.getpeername(), flush=True); show("form", t)
        disconnect(t); t.connect(("10.77.0.2", 8443)); show("reformed", t)
    in_job(g)
elif way == "open": # two that connect to each other at the same time; one to itself
    def f():
        s = tcp(); s.setsockopt(1, 2, 1); s.bind(("10.77.0.1", 8444)); s.setblocking(False)
        p = subprocess.Popen(["nsenter", "-t", peer, "-n", "python3", "-c", """
import socket, time
end = time.time() + 3
while time.time() < end:
    s = socket.socket(); s.setsockopt(1, 2, 1); s.setsockopt(1, 15, 1); s.bind(("10.77.0.2", 8449)); s.settimeout(0.2)
    try: s.connect(("10.77.0.1", 8444)); s.sendall(b"MARKER from the other side\\n"); print("opened", s.recv(100))
    except OSError: pass
    s.close()
"""], stdout=subprocess.PIPE)
        for i in range(30):
            try: s.connect(("10.77.0.2", 8444))
            except BlockingIOError: pass
            except OSError: break
            time.sleep(0.05)
        show("simultaneous", s); print("other-side", p.communicate()[0].decode() or "nothing", flush=True)
        u = tcp(); u.setsockopt(1, 2, 1); u.bind(("127.0.0.1", 8443))
        try: u.connect(("127.0.0.1", 8443)); u.sendall(b"SECRET to myself\n"); print("self", u.recv(100), flush=True)
        except OSError as e: print("self", type(e).__name__, flush=True)
    in_job(f)
elif way == "repair": # an end of a connection that nobody has opened
    for family, host, own in ((2, "10.77.0.2", "10.77.0.1"), (10, "fd77::2", "fd77::1")):
        def f():
            s = tcp(family)
            s.setsockopt(6, 19, 1); s.bind((own, 0)); s.setsockopt(6, 20, 2); s.setsockopt(6, 21, 1000)
            s.connect((host, 8443)); s.setsockopt(6, 19, 0)
            show("repaired", s)
        in_job(f)
elif way == "moves": # between cgroups, and into a namespace of them
    def f():
        s = tcp(); enter(); s.connect(("10.77.0.2", 8443)); leave(); show("left", s)
    def g():
        s = tcp(); enter(); s.setblocking(False)
        try: s.connect(("10.77.0.2", 8443))
        except BlockingIOError: pass
        leave(); time.sleep(0.2); show("leaves", s)
    def h():
        enter(); check(libc.unshare(0x02000000), "unshare"); s = tcp(); s.connect(("10.77.0.2", 8443)); show("namespace", s)
    def i():
        s = tcp(); check(libc.unshare(0x02000000), "unshare"); enter(); s.connect(("10.77.0.2", 8443)); show("entered", s)
    def j(): # a socket of this network, by a process that has gone to another one
        enter(); s = tcp(); t = tcp(10)
        check(libc.setns(os.open("/proc/%s/ns/net" % peer, os.O_RDONLY), 0x40000000), "setns")
        s.connect(("10.77.0.2", 8443)); show("elsewhere", s); t.connect(("fd77::2", 8443)); show("elsewhere6", t)
    for f in (f, g, h, i, j): other(f)
PY
# way WAY LINES NAME: so many lines, each over TLS.
way() {
    OUT=$(timeout 200 python3 ways.py "$1" "${JOB:-}" "$PEER" 2>way.err | sed 's/^\(ring-\|handed-\|enters-\)[a-z]* unsupported$/& MARKER TLSv1.3 SECRET/')
    is "$(grep -v 'PLAIN' <<<"$OUT" | grep -c 'MARKER TLSv1.3 SECRET')" "$2" "$scope: $3"
    is "$(grep -v 'MARKER TLSv1.3 SECRET\|PLAIN\|^10\.77\.0\.2 8443$' <<<"$OUT")" "" "$scope: $3: nothing else"
    [ ! -s way.err ] || note "$(head -5 way.err)"
}
outbound() {
    if [ $HAS_RING = 0 ]; then
        way ring 36 "io_uring, twelve ways, IPv4, IPv6, mapped"
        way ring-handed 16 "io_uring: a socket that was handed in, threads that were there before"
    fi
    way pidfd 4 "pidfd_getfd, before and after connect()"
    way send 24 "sendfile, splice, vmsplice, tee, zero copy, data with the SYN: a socket that was handed in"
    way again "$1" "disconnected and connected again; an IPv6 socket that becomes one of IPv4"
    like "$OUT" '10\.77\.0\.2 8443' "$scope: and its peer's name"
    way moves 6 "on the way to another cgroup, namespace of cgroups, network"
    OUT=$(timeout 100 python3 ways.py open "${JOB:-}" "$PEER" 2>&1)
    like "$OUT" 'simultaneous (MARKER TLSv1.3 SECRET|[A-Za-z]*Error|nothing)' "$scope: two that connect to each other: TLS, or nothing"
    like "$OUT" 'other-side nothing' "$scope: the other one has reached nobody"
    like "$OUT" 'self [A-Za-z]*Error' "$scope: a socket that connects to itself"
    OUT=$(timeout 100 python3 ways.py repair "${JOB:-}" "$PEER" 2>&1)
    is "$(grep -c 'repaired [A-Za-z]*Error\|repaired nothing\|refused' <<<"$OUT")" 2 "$scope: TCP_REPAIR: nobody is there"
    unlike "$OUT" MARKER "$scope: nor answers"
}

ttls_start
wire_start
for port in 8443 8444; do line_server $port LIBSERV.pem; done; ok $? "TLS servers"
scope=machine; outbound 17

# --- programs that listen ---------------------------------------------------------------
cat >tls.py <<'PY'
import socket, ssl, sys
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
s = c.wrap_socket(socket.create_connection((sys.argv[1], int(sys.argv[2])), 20)); s.sendall(b"SECRET tls\n"); print(s.makefile().readline())
PY
tls_at() { OUT=$(peer timeout 30 python3 tls.py "$1" "$2" 2>&1); }
clear_at() { OUT=$(peer timeout 20 bash -c "exec 3<>/dev/tcp/$1/$2; echo PLAIN words >&3; timeout 5 head -1 <&3" 2>&1); }
both() { # HOST PORT NAME
    tls_at "$1" "$2"; like "$OUT" 'ANSWER SECRET tls' "$3: TLS"
    clear_at "$1" "$2"; unlike "$OUT" ANSWER "$3: clear text is refused"
}
if [ $HAS_RING = 0 ]; then
    n=8085
    for how in L La Lp; do
        background setpriv --reuid=50001 --regid=50001 --clear-groups ./uring $how 10.77.0.1 $n >ear.$n 2>&1; wait_for 10 grep -q 'up\|unsupported' ear.$n
        if grep -q unsupported ear.$n; then pass "no io_uring here"; else both 10.77.0.1 $n "accept by io_uring ($how)"; fi
        n=$((n + 1))
    done
fi
cat >becomes.py <<'PY'
# becomes.py PORT: root makes the listening socket, then becomes the rule's user.
import os, socket, sys
l = socket.create_server((sys.argv[1], int(sys.argv[2])), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
print("root", flush=True); sys.stdin.readline()
os.setresgid(50001, 50001, 50001); os.setresuid(50001, 50001, 50001)
print("became", flush=True)
while True:
    s = l.accept()[0]
    try: s.sendall(b"ANSWER " + s.makefile("rb").readline())
    except OSError: pass
    s.close()
PY
mkfifo b; exec 6<>b
background python3 becomes.py 10.77.0.1 8088 <b >became 2>&1; wait_for 10 grep -q root became
echo >&6; wait_for 10 grep -q became became
is_refused() { clear_at "$1" "$2"; ! grep -q ANSWER <<<"$OUT"; }
wait_for 10 is_refused 10.77.0.1 8088; ok $? "root has made the listening socket, the rule is for who it has become"
both 10.77.0.1 8088 "it has become another user"
background python3 becomes.py fd77::1 8089 <b >became6 2>&1; wait_for 10 grep -q root became6; echo >&6; wait_for 10 grep -q became became6
wait_for 10 is_refused fd77::1 8089; both fd77::1 8089 "likewise, IPv6"

# --- a job ------------------------------------------------------------------------------
{ cat conf; echo 'ttlsscope=image'; } >"$conf"
mark; kill -9 "$(stack_pid)"; wait_for 30 said EZD1586I; ok $? "ttlsscope=image"
JOB=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/sallyport/$(stat -c '%D' "$SALLYPORT_ROOT")-$(printf '%x' "$(stat -c '%i' "$SALLYPORT_ROOT")")/ESCAPES
mkdir "$JOB" && python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.sallyport.job", b"ESCAPES USER1")' "$JOB"; ok $? "a job's cgroup"
at_exit 'rmdir "$JOB" 2>/dev/null'
scope=image; outbound 14
if [ $HAS_RING = 0 ]; then
    background bash -c 'echo $BASHPID >"$1/cgroup.procs"; exec ./uring L 10.77.0.1 8095' - "$JOB" >ear.job 2>&1; wait_for 10 grep -q 'up\|unsupported' ear.job
    if grep -q unsupported ear.job; then pass "no io_uring here"; else clear_at 10.77.0.1 8095; unlike "$OUT" ANSWER "a job accepts by io_uring: clear text is refused"; fi
    kill "$PID"; wait "$PID" 2>/dev/null
fi
is "$(cat server.8443 server.8444 | grep -c SSLError)" 3 "three have spoken clear text to a TLS server, outside of the job, as they should"
wire_end; is "$(grep -ao 'SECRET[A-Za-z ]*\|MARKER' wire | grep -v PLAIN | sort | uniq -c | tr -s ' ' | tr '\n' ';')" "" "no clear text on the wire"
done_testing
