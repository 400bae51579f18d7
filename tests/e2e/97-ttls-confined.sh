# What is left to the processes of AT-TLS, as the kernel tells it; and an engine
# in an attacker's hands, which says to its broker what it likes.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
cd "$SCRATCH" || exit 1
chmod 755 "$SCRATCH"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
{ group; rule out Outbound 8443 Client USER1/Liberty.KeyRing; } >"$policy"
line_server 8443 LIBSERV.pem; ok $? "a TLS server"
ttls_start
talk() { OUT=$(timeout 20 bash -c 'exec 3<>/dev/tcp/10.77.0.2/8443; echo SECRET >&3; head -1 <&3' 2>&1); }
talk; like "$OUT" 'MARKER TLSv1.3' "a connection gets TLS"
stack=$(stack_pid)
children() { ps -o pid=,args= --ppid "$stack" | grep -- "$1" | awk '{ print $1 }'; }
# No Landlock, or no filters: said, and nothing to be seen here.
LOG=$SALLYPORT_ROOT/tcpip/TCPIP1/stack.log
if grep -q 'this system has n' "$LOG"; then
    is "$(grep -c 'this system has n' "$LOG")" 1 "what this system lacks is said once"
    done_testing
fi
pass "this system has filters and Landlock"

of() { awk -v k="$2:" '$1 == k { print $2 }' "/proc/$1/status"; }
# CAP_: DAC_READ_SEARCH 2, KILL 5, SETGID 6, SETUID 7, NET_ADMIN 12, SYS_PTRACE 19, SYS_ADMIN 21, SYS_RESOURCE 24, PERFMON 38, BPF 39
# Of these, what root has here: a container may have taken some.
bits() { local n sum=0; for n; do sum=$((sum | 1 << n)); done; printf '%016x' $((sum & 16#$(of self CapEff))); }
confined() { # WHAT PID CAPABILITIES
    is "$(of "$2" Seccomp)" 2 "$1: a filter on system calls"
    is "$(of "$2" NoNewPrivs)" 1 "$1: no new privileges"
    is "$(of "$2" CapEff) $(of "$2" CapPrm) $(of "$2" CapInh) $(of "$2" CapAmb)" "$3 $3 0000000000000000 0000000000000000" "$1: capabilities"
}
no_core() { is "$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$2/limits")" "0 0" "$1: no core file"; }
confined stack "$stack" "$(bits 2 5 6 7 12 19 21 24 38 39)"
is "$(of "$stack" CapBnd)" "$(bits 2 5 6 7 12 19 21 24 38 39)" "stack: nor does it execute with more"
no_core stack "$stack"
broker=$(children --broker)
confined broker "$broker" "$(bits 2 19 21)"; no_core broker "$broker"
engines=$(children --engine)
for engine in $engines; do
    confined engine "$engine" "$(bits)"; no_core engine "$engine"
    is "$(of "$engine" Uid)" 60004 "engine: a uid of its own"
    is "$(stat -c %u "/proc/$engine/mem")" 0 "engine: not dumpable"
    for task in /proc/"$engine"/task/*; do
        is "$(awk '$1 == "Seccomp:" { print $2 }' "$task/status")" 2 "engine: its thread $(cat "$task/comm") too"
    done
done

# --- started again, they are as confined
first=$(head -1 <<<"$engines")
again() { [ "$(children --engine-again | wc -l)" -ge 1 ] && [ "$(children --broker)" != "$broker" ] && [ -n "$(children --broker)" ]; }
kill -9 "$first"; wait_for 10 again; ok $? "an engine that was killed is back, with a new broker"
settled() { [ "$(of "$1" Seccomp)" = 2 ]; }
wait_for 10 settled "$(children --engine-again | head -1)"; confined "engine again" "$(children --engine-again | head -1)" "$(bits)"
broker=$(children --broker); wait_for 10 settled "$broker"; confined "broker again" "$broker" "$(bits 2 19 21)"
talk; like "$OUT" 'MARKER TLSv1.3' "and serves"

# --- a hostile engine: root takes its channels, and speaks in its name
cat >hostile.py <<'PY'
import array, ctypes, os, socket, struct, sys, time
stack, broker, bad, good = map(int, sys.argv[1:5])
libc = ctypes.CDLL(None, use_errno=True)
def is_alive(s):
    """Not one of the former broker's."""
    try: asks(s, 0.5)
    except OSError: return False
    return True
def channels(pid):
    """Its ends of what the stack has made: the one that asks and waits; the loop's, which takes most answers itself."""
    p, found = os.pidfd_open(pid), []
    for n in map(int, os.listdir(f"/proc/{pid}/fd")):
        fd = libc.syscall(438, p, n, 0) if n > 3 else -1
        if fd < 0: continue
        try:
            s = socket.socket(fileno=fd)
            is_it = s.family == socket.AF_UNIX and struct.unpack("3i", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0] == stack
        except OSError:
            os.close(fd); continue
        if is_it and is_alive(s): found.append(s)
        else: s.close()
    return sorted(found, key=lambda s: -sum(asks(s, 0.5, 0.1) for _ in range(8)))
def message(kind, payload, seq=0x7fffffff): return struct.pack(">HIB", kind, seq, 0) + payload
def text(b): return struct.pack(">I", len(b)) + b
WHO = message(0x5421, struct.pack(">QIIQ", 1, 0, 1, 0) + text(b"init"))
def asks(s, seconds, first=0):
    """Is it answered?"""
    s.send(WHO, socket.MSG_DONTWAIT)
    time.sleep(first)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try: return s.recv(65536, socket.MSG_DONTWAIT)[:6] == struct.pack(">HI", 0x5441, 0x7fffffff)
        except BlockingIOError: time.sleep(0.01)
        except OSError: return False
    return False
def others(): return any(asks(s, 2) for _ in range(5) for s in theirs)
def ended(s):
    for _ in range(500):
        try:
            if s.recv(65536, socket.MSG_DONTWAIT) == b"": return True
        except BlockingIOError: time.sleep(0.01)
        except OSError: return True
    return False
def lingering():
    l = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(l.getsockname()); s, _ = l.accept(); keep.append(s)
    c.setblocking(False)
    try:
        while True: c.send(b"x" * 65536)
    except BlockingIOError: pass
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 300))
    return c
keep = []
def attach(s, body, fds): return s.sendmsg([body], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))], socket.MSG_DONTWAIT)
def held(): return len(os.listdir(f"/proc/{broker}/fd"))
def memory(): return int([l for l in open(f"/proc/{broker}/status") if l.startswith("VmRSS")][0].split()[1])
mine, theirs = channels(bad), channels(good)
say = lambda what, fine: print("ok" if fine else "no", what, flush=True)
say("both engines have two channels", len(mine) == len(theirs) == 2)
before, kb = held(), memory()

# What it is not to send: descriptors with a request that is one.
keep_open = [lingering() for _ in range(8)]
attach(mine[0], WHO, [c.fileno() for c in keep_open])
for c in keep_open: c.close()
say("a request with sockets that would hold up who closes them is answered", asks(mine[0], 10))
say("and others are meanwhile", others())
say("nothing of it is kept", held() == before)
# More than it can be told: nobody reads the answers.
sent = 0
for _ in range(300000):
    try: mine[0].send(WHO, socket.MSG_DONTWAIT); sent += 1
    except BlockingIOError:
        if sent > 3000: break
        time.sleep(0.0005)
        if _ > 20000: break
say("who floods it and reads nothing is left alone", sent < 3000)
say("and others are served", others())
say("its memory does not grow", memory() - kb < 40000)
got = 0
for _ in range(3000):
    try: mine[0].recv(65536, socket.MSG_DONTWAIT); got += 1
    except BlockingIOError: time.sleep(0.001)
say("until it reads again", got >= sent and asks(mine[0], 10))
# Not a message: the channel ends, with what lies in it.
c = lingering()
attach(mine[0], b"\xff", [c.fileno()])
try:
    for _ in range(4): attach(mine[0], message(0x5425, b"\xff" + text(b"ICH408I USER(IBMUSER )")), [c.fileno()] * 200)
except BrokenPipeError: pass # it has ended already
c.close()
say("what is no message ends the channel", ended(mine[0]))
say("others are served", others())
for body in [message(0x5441, b"\0")]:
    mine[1].send(body)
say("an answer as a request ends the other one", ended(mine[1]))
say("others are served still", others())
say("two descriptors fewer", held() == before - 2)
PY
# Cores, were their limit another one: the kernel says whether it has written one.
if grep -q __asan_init "$(readlink "/proc/$broker/exe")"; then
    pass "a sanitizer's build takes crashes itself"
else
    core=$(cat /proc/sys/kernel/core_pattern)
    for process in broker engine; do
        [ $process = broker ] && pid=$(children --broker) || pid=$(children --engine | head -1)
        prlimit --pid "$pid" --core=unlimited:unlimited 2>/dev/null || { note "$process: its limit cannot be raised here"; continue; }
        kill -SEGV "$pid"
        wait_for 10 grep -q "process $pid) has ended, status 0xb;" "$LOG"; ok $? "$process: no core is written (core_pattern $core)"
        wait_for 10 again; wait_for 10 settled "$(children --broker)"; broker=$(children --broker)
    done
fi
bad=$(children --engine-again | head -1) good=$(children --engine | grep -vx "$bad" | head -1)
if [ -z "$good" ]; then pass "one core, one engine: nobody else to be served"; done_testing; fi
mark
OUT=$(timeout 200 python3 hostile.py "$stack" "$broker" "$bad" "$good" 2>&1)
while read -r state what; do case $state in ok) pass "$what" ;; *) fail "$state $what" ;; esac; done <<<"$OUT"
like "$(tail -1 <<<"$OUT")" 'two descriptors fewer' "all was tried"
is "$(children --broker)" "$broker" "the broker has lived through it"
since | grep -q ICH408I; is $? 1 "an engine's lines are AT-TLS's own"
kill -9 "$bad"; gone() { [ "$(children --broker)" != "$broker" ] && [ -n "$(children --broker)" ]; }
wait_for 10 gone; ok $? "that engine ends: both are started again"
talk; like "$OUT" 'MARKER TLSv1.3' "and connections get TLS"
done_testing
