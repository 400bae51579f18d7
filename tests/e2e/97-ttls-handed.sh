# Sockets that change hands. ttlsscope=image: what a job connects is captured
# whoever has made the socket, and what a job has made whoever connects it; a
# connection that stands stays what it was when connect() was called.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=image' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
{
    group
    rule out Outbound 8443 Client USER1/Liberty.KeyRing
    rule job Outbound 8444 Client USER1/Liberty.KeyRing "" "Jobname HANDED"
    rule every Outbound 8445 Client USER1/Liberty.KeyRing
} >"$policy"
ttls_start
mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
image=$(stat -c '%D' "$SALLYPORT_ROOT")-$(printf '%x' "$(stat -c '%i' "$SALLYPORT_ROOT")")
JOB=$mount/sallyport/$image/HANDED
mkdir "$JOB" || { pass "no cgroup of the image: $JOB"; done_testing; }
python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.sallyport.job", b"HANDED USER1")' "$JOB"; ok $? "a job's cgroup"
at_exit 'rmdir "$JOB" 2>/dev/null'
wire_start
for port in 8443 8444 8445; do line_server $port LIBSERV.pem; done; ok $? "TLS servers"

# hand.py WAY: prints what the server answers, of a socket that one process has
# made (outside, or in the job) and another one uses.
cat >hand.py <<'PY'
import os, socket, struct, sys
way, job = sys.argv[1], sys.argv[2]
def enter():
    with open(job + "/cgroup.procs", "w") as f: f.write(str(os.getpid()))
def tcp(family=socket.AF_INET, proto=0):
    s = socket.socket(family, socket.SOCK_STREAM, proto); s.settimeout(20)
    return s
def say(s, what):
    s.settimeout(20)
    try:
        s.sendall(b"SECRET " + what.encode() + b"\n")
        print(s.makefile("rb").readline().decode(errors="replace").strip() or "nothing", flush=True)
    except OSError as e:
        print(type(e).__name__, flush=True)
# other(in_job, f): f in a process of its own, in the job or outside of it.
def other(in_job, f):
    pid = os.fork()
    if pid == 0:
        try:
            if in_job: enter()
            f()
        except OSError as e:
            print(type(e).__name__, e, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
a, b = socket.socketpair()
def give(s): socket.send_fds(a, [b"x"], [s.fileno()])
def got(): return socket.socket(fileno=socket.recv_fds(b, 10, 1)[1][0])
def connect(s, host="10.77.0.2", port=8443):
    s.settimeout(20); s.connect((host, port)); return s
kinds = ((2, "10.77.0.2"), (10, "fd77::2"), (10, "::ffff:10.77.0.2"))
if way == "in": # made outside, connected by the job
    for family, host in kinds:
        give(tcp(family))
        other(True, lambda: say(connect(got(), host), "given"))
        s = tcp(family); s.set_inheritable(True)
        other(True, lambda: say(connect(s, host), "inherited"))
elif way == "name":
    s = tcp(); other(True, lambda: (connect(s), print("peer", *s.getpeername(), flush=True), say(s, "name")))
elif way == "job": # a rule for the job's name
    s = tcp(); other(True, lambda: say(connect(s, port=8444), "job"))
    def f():
        t = tcp(); give(t)
    other(True, f); say(connect(got(), port=8444), "PLAIN")
elif way == "bound": # bound, or bound to a device, before it was given
    s = tcp(); s.bind(("10.77.0.1", 0)); other(True, lambda: say(connect(s), "bound"))
    t = tcp(); t.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wire0\0"); other(True, lambda: say(connect(t), "device"))
elif way == "tfo":
    s = tcp(); s.settimeout(None)
    other(True, lambda: (s.sendto(b"SECRET sendto\n", 0x20000000, ("10.77.0.2", 8443)), print(s.makefile().readline().strip(), flush=True)))
    t = tcp(); t.settimeout(None); t.setsockopt(socket.IPPROTO_TCP, 30, 1)
    other(True, lambda: say(connect(t), "fastopen"))
elif way == "mptcp":
    try:
        s = tcp(2, 262)
    except OSError:
        print("MARKER no such protocol SECRET"); sys.exit()
    other(True, lambda: say(connect(s), "mptcp"))
elif way == "dup": # two processes share it; the one outside has closed its own
    s = tcp(); t = s.dup(); s.close(); other(True, lambda: say(connect(t), "dup"))
elif way == "exec":
    s = tcp(); s.setblocking(True); s.set_inheritable(True)
    def f():
        connect(s); s.setblocking(True)
        os.execvp("bash", ["bash", "-c", "echo SECRET by exec >&%d; head -1 <&%d" % (s.fileno(), s.fileno())])
    other(True, f)
elif way == "race": # the child connects while its father enters the job
    for i in range(60):
        s = tcp(); r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            enter(); os.write(w, b"x"); connect(s); say(s, "race"); os._exit(0)
        os.read(r, 1); os.close(r); os.close(w); s.close(); os.waitpid(pid, 0)
elif way == "out": # made by the job, connected outside
    for family, host in kinds:
        other(True, lambda: give(tcp(family))); say(connect(got(), host), "taken out")
elif way == "outmptcp":
    def f():
        try: give(tcp(2, 262))
        except OSError: give(tcp())
    other(True, f); say(connect(got()), "mptcp taken out")
elif way == "stands": # connected by the job, used outside
    other(True, lambda: give(connect(tcp()))); s = got(); print("peer", *s.getpeername(), flush=True); say(s, "stands")
elif way == "clear": # connected outside, used by the job: it is what it was
    s = connect(tcp(), port=8445); other(True, lambda: say(s, "PLAIN"))
elif way == "outside":
    say(connect(tcp()), "PLAIN")
elif way == "all": # no port of a job's is named by chance
    s = tcp(); other(True, lambda: say(connect(s, port=8445), "every"))
elif way == "datagrams":
    u = socket.socket(2, socket.SOCK_DGRAM)
    def f():
        u.connect(("10.77.0.2", 8443)); u.send(b"DATAGRAM"); print(*u.getpeername(), flush=True)
    other(True, f)
    def g():
        x, y = socket.socketpair(); x.send(b"unix"); print(y.recv(9).decode(), flush=True)
        l = socket.socket(socket.AF_UNIX); l.bind("unix.sock"); l.listen()
        c = socket.socket(socket.AF_UNIX); c.connect("unix.sock"); print(c.getpeername(), flush=True)
        try:
            v = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM); v.settimeout(2); v.connect((1, 8443))
        except OSError as e:
            print("vsock", "not permitted" in str(e), flush=True)
    other(True, g)
elif way == "foreign": # a job's socket, or a job, in another network namespace
    s = tcp()
    def f():
        import ctypes
        if ctypes.CDLL(None).setns(os.open("/proc/%s/ns/net" % sys.argv[3], os.O_RDONLY), 0) != 0: print("setns")
        t = tcp(); connect(t, port=8443); say(t, "PLAIN")
    other(True, f); other(False, f)
PY
hand() { OUT=$(timeout 100 python3 hand.py "$1" "$JOB" "$PEER" 2>&1 | tr '\n' ' '); }
# way WAY LINES NAME: so many answers that came over TLS, and nothing else.
way() {
    hand "$1"
    is "$(grep -o 'MARKER [^M]*SECRET' <<<"$OUT" | grep -c .)" "$2" "$3"
    is "$(grep -Eo '[A-Za-z]*Error|nothing|PLAIN' <<<"$OUT")" "" "$3: nothing else"
    [ "$(grep -o 'MARKER [^M]*SECRET' <<<"$OUT" | grep -c .)" = "$2" ] || note "$OUT"
}
way in 6 "made outside, connected by the job: passed on, inherited; IPv4, IPv6, mapped"
way name 1 "and its name"; like "$OUT" 'peer 10\.77\.0\.2 8443 ' "is the destination's"
way bound 2 "bound to an address, to a device, outside"
way tfo 2 "data with the SYN"
way mptcp 1 "Multipath TCP"
way dup 1 "a duplicate of it"
way exec 1 "by another program of the job"
way race 60 "by a child that has just entered the job"
way out 3 "made by the job, connected outside"
way outmptcp 1 "Multipath TCP"
way stands 1 "connected by the job, used outside"; like "$OUT" 'peer 10\.77\.0\.2 8443 ' "and its name"
hand job; is "$(grep -o 'MARKER [^M]*SECRET job' <<<"$OUT" | grep -c .)" 1 "a rule for the job: its own connection"
unlike "$OUT" 'MARKER[^M]*PLAIN' "one that is made outside, by a socket of its own, is who connects"
for w in clear outside; do hand $w; unlike "$OUT" MARKER "$w: connected outside, by a socket of that process: left alone"; done
hand datagrams; is "$OUT" '10.77.0.2 8443 unix unix.sock vsock False ' "UDP, UNIX and VM sockets"
hand foreign; is "$(grep -o 'not permitted' <<<"$OUT" | grep -c .)" 1 "another network namespace: the job is refused, others are not"
wire_end; is "$(grep -ao 'SECRET[A-Za-z ]*\|MARKER' wire | grep -v PLAIN | sort | uniq -c | tr -s ' ' | tr '\n' ';')" "" "no clear text of the job's on the wire"
done_testing
