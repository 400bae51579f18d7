# The start-up window, whoever has made the socket: a job whose user has no READ
# to EZB.INITSTACK can neither make one nor use one that it was handed.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
cd "$SCRATCH" || exit 1
tcpip=$SALLYPORT_ROOT/tcpip
for command in 'SETROPTS CLASSACT(SERVAUTH)' 'RDEFINE SERVAUTH EZB.INITSTACK.SPRT.TCPIP1 UACC(NONE)' 'PERMIT EZB.INITSTACK.SPRT.TCPIP1 CLASS(SERVAUTH) ID(USER2) ACCESS(READ)'; do
    sallyport racf "$command" >racf.out 2>&1 || note "$(cat racf.out)"
done
mkdir -p "$tcpip/TCPIP1"; echo 'TCPCONFIG TTLS' >"$tcpip/TCPIP1/profile"
runs "shutdown" 0 sallyport shutdown
runs "ipl" 0 sallyport ipl
[ -e "$tcpip/TCPIP1/gate" ] || { pass "no start-up window here"; done_testing; }
mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
image=$(stat -c '%D' "$SALLYPORT_ROOT")-$(printf '%x' "$(stat -c '%i' "$SALLYPORT_ROOT")")
JOB=$mount/sallyport/$image/HANDED PINS=/sys/fs/bpf/sallyport-$image-TCPIP1
mkdir "$JOB"; ok $? "a job's cgroup"
at_exit 'rmdir "$JOB" 2>/dev/null'
background nsenter -t "$PEER" -n python3 -c '
import socket, threading
def tcp(l):
    while True:
        c, who = l.accept(); c.sendall(b"clear"); c.close()
for at in ((2, "10.77.0.2"), (10, "fd77::2")):
    l = socket.socket(at[0]); l.setsockopt(1, 2, 1); l.bind((at[1], 7000)); l.listen(50); threading.Thread(target=tcp, args=(l,)).start()
print("up", flush=True)
' >peer.out 2>&1
wait_for 10 grep -q up peer.out
# use.py UID JOB: what a task of that uid may do with sockets of another one
# that is in no job; in the job's cgroup, or ("-") outside of it.
cat >use.py <<'PY'
import ctypes, errno, os, socket, sys
uid, job = int(sys.argv[1]), sys.argv[2]
T, U = socket.SOCK_STREAM, socket.SOCK_DGRAM
def s(family, kind): # made here: outside
    x = socket.socket(family, kind); x.settimeout(10); return x
def connect(x, host, port=7000):
    x.connect((host, port)); return x
def fastopen(x, host):
    x.settimeout(None); x.sendto(b"early", 0x20000000, (host, 7000))
def listen(x, host):
    x.bind((host, 0)); x.listen(1)
def sendmsg(x, host):
    x.sendmsg([b"datagram"], [], 0, (host, 7001))
ways = []
for family, host, mine in ((2, "10.77.0.2", "10.77.0.1"), (10, "fd77::2", "fd77::1"), (10, "::ffff:10.77.0.2", "::ffff:10.77.0.1")):
    for name, kind, use, where in (("connect", T, connect, host), ("fastopen", T, fastopen, host), ("bind", T, lambda x, h: x.bind((h, 0)), mine), ("listen", T, listen, mine),
                                   ("udp-connect", U, connect, host), ("udp-bind", U, lambda x, h: x.bind((h, 0)), mine), ("sendto", U, lambda x, h: x.sendto(b"x", (h, 7001)), host), ("sendmsg", U, sendmsg, host)):
        ways.append((name, host, s(family, kind), use, where))
stands = connect(s(2, T), "10.77.0.2")
keep, give = socket.socketpair()
pid = os.fork()
if pid == 0:
    if job != "-":
        open(job + "/cgroup.procs", "w").write(str(os.getpid()))
    os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
    count = {}
    for name, host, x, use, where in ways:
        socket.send_fds(give, [b"x"], [x.fileno()])
        x = socket.socket(fileno=socket.recv_fds(keep, 1, 1)[1][0]); x.setblocking(True)
        try:
            use(x, where); got = "OK"
        except OSError as e:
            got = errno.errorcode[e.errno]
        count.setdefault(got, []).append(name)
    for got in sorted(count):
        print(got, len(count[got]), "" if len(count) == 1 else ",".join(sorted(set(count[got]))), flush=True)
    try:
        socket.socket(2, T); print("socket OK", flush=True)
    except OSError as e:
        print("socket", errno.errorcode[e.errno], flush=True)
    print("stands", stands.recv(9).decode(), flush=True)
    u = socket.socket(socket.AF_UNIX); l = socket.socket(socket.AF_UNIX); l.bind("\0window%d" % os.getpid()); l.listen(); u.connect(l.getsockname()); print("unix OK", flush=True)
    os._exit(0)
os.waitpid(pid, 0)
PY
use() { OUT=$(timeout 60 python3 use.py "$@" 2>&1 | tr -s ' ' | tr '\n' ';'); }
refusal=$(python3 - <<'PY'
import platform
v = tuple(int(x) for x in platform.release().split("-")[0].split(".")[:2])
print("EAGAIN" if v >= (5, 18) else "EPERM")
PY
)
use 50001 "$JOB"
is "$OUT" "$refusal 24 ;socket $refusal;stands clear;unix OK;" "a user without READ: nothing with a socket from outside, nor one of its own; what stands, and UNIX sockets, go on"
use 50001 -; is "$OUT" "OK 24 ;socket OK;stands clear;unix OK;" "the same uid outside of jobs: everything"
use 0 "$JOB"; is "$OUT" "OK 24 ;socket OK;stands clear;unix OK;" "root in the job: everything"
mkdir "$JOB/inner"; use 50001 "$JOB/inner"; is "$OUT" "$refusal 24 ;socket $refusal;stands clear;unix OK;" "deeper below the image, too"; rmdir "$JOB/inner"
# Who has READ is let in when the first address space of his starts.
use 50012 "$JOB"; like "$OUT" "^$refusal 24 ;" "USER2 before any of his jobs"
printf '//U2 JOB USER=USER2\n//S EXEC PGM=BPXBATCH,PARM='"'"'SH true'"'"'\n' >u2.jcl; sallyport submit u2.jcl >/dev/null 2>&1 </dev/null
use 50012 "$JOB"; is "$OUT" "OK 24 ;socket OK;stands clear;unix OK;" "USER2, who has READ"
is "$(ls "$PINS" | grep -c '^gate_')" 6 "the hooks outlive the stack's process"

# --- they do ---------------------------------------------------------------------
stack_pid() { python3 -c '
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1])
print(struct.unpack("3i", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])' "$tcpip/TCPIP1/stack.sock"; }
kill -9 "$(stack_pid)"
use 50001 "$JOB"; like "$OUT" "^$refusal 24 ;socket $refusal;" "killed: nobody is let in"
use 50012 "$JOB"; like "$OUT" "^OK 24 ;socket OK;" "but who was"

# --- the end of it -----------------------------------------------------------------
mv "$policy" good; printf 'TTLSRule x\n{\n' >"$policy"
mark; console 'S PAGENT'; wait_for 20 said EZZ8438I; ok $? "an agent with a broken policy"
use 50001 "$JOB"; like "$OUT" "^$refusal 24 ;socket $refusal;" "does not end it"
use 50012 "$JOB"; like "$OUT" "^OK 24 ;socket OK;" "another process of the stack still knows who may"
sallyport racf 'PERMIT EZB.INITSTACK.SPRT.TCPIP1 CLASS(SERVAUTH) ID(USER1) ACCESS(READ)' >/dev/null 2>&1
printf '//U1 JOB USER=USER1\n//S EXEC PGM=BPXBATCH,PARM='"'"'SH true'"'"'\n' >u1.jcl; sallyport submit u1.jcl >/dev/null 2>&1 </dev/null
uid=$(sallyport racf 'LISTUSER USER1 OMVS NORACF' 2>/dev/null | sed -n 's/^ *UID= *0*\([0-9]*\).*/\1/p')
use "${uid:-0}" "$JOB"; like "$OUT" "^OK 24 ;socket OK;" "and learns of others (uid $uid)"
mv good "$policy"
mark; runs "REFRESH" 0 sallyport console 'F PAGENT,REFRESH'; wait_for 20 said EZZ4250I; ok $? "the first policy"
use 50001 "$JOB"; is "$OUT" "OK 24 ;socket OK;stands clear;unix OK;" "ends it"
is "$(ls "$PINS" 2>/dev/null | grep -c '^gate_')" 0 "nothing is left attached"
runs "shutdown" 0 sallyport shutdown
runs "ipl" 0 sallyport ipl; mkdir "$JOB"
use 50001 "$JOB"; like "$OUT" "^$refusal 24 ;socket $refusal;" "the next IPL begins with it"
runs "NOTTLS" 0 sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(NOTTLS)'
use 50001 "$JOB"; is "$OUT" "OK 24 ;socket OK;stands clear;unix OK;" "NOTTLS ends it"
runs "shutdown" 0 sallyport shutdown
runs "ipl" 0 sallyport ipl
kill -9 "$(stack_pid)"; runs "shutdown of a window whose stack was killed" 0 sallyport shutdown
[ ! -e "$PINS" ]; ok $? "leaves nothing"
done_testing
