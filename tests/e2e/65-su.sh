# sallyport su: another user's command or shell where BPX.SRV.user allows it,
# under that user's uid, groups, identity and cgroup; refusals, terminals,
# signals, exit statuses, audit. Nothing is set-user-ID.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
[ "$(id -u)" -eq 0 ] || skip_all "only root's images have several Linux users"
ipl() { (trap '' HUP INT QUIT; sallyport ipl); } # as nohup and a shell's & start it
runs "ipl" 0 ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
cat >"$SCRATCH/deck" <<'DECK'
SETROPTS CLASSACT(SURROGAT) GENERIC(SURROGAT)
ADDGROUP STAFF OMVS(GID(50300))
ADDUSER ALICE DFLTGRP(STAFF) OMVS(UID(50301)) PASSWORD(ALICE)
ALTUSER ALICE PASSWORD(ALICE) NOEXPIRED
ADDUSER BOB DFLTGRP(STAFF) NAME('BOB') OMVS(UID(50302) HOME('/tmp') PROGRAM('/bin/sh'))
ADDUSER CAROL DFLTGRP(STAFF) OMVS(UID(50303) HOME('/no/such/folder') PROGRAM('/no/such/shell'))
ADDUSER NOOMVS DFLTGRP(STAFF)
ADDUSER NOUID DFLTGRP(STAFF) OMVS(HOME('/'))
ADDUSER LOWUID DFLTGRP(STAFF) OMVS(UID(12))
ADDUSER GONE DFLTGRP(STAFF) OMVS(UID(50304))
ALTUSER GONE REVOKE
ADDUSER ROOTY DFLTGRP(STAFF) OMVS(UID(0))
ADDUSER SHUT DFLTGRP(STAFF) OMVS(UID(50305))
RDEFINE SURROGAT BPX.SRV.BOB UACC(NONE) AUDIT(ALL(READ))
RDEFINE SURROGAT BPX.SRV.SHUT UACC(NONE)
PERMIT BPX.SRV.BOB CLASS(SURROGAT) ID(ALICE) ACCESS(READ)
DECK
for user in CAROL NOOMVS NOUID LOWUID GONE ROOTY NOBODY; do
    printf 'RDEFINE SURROGAT BPX.SRV.%s UACC(NONE)\nPERMIT BPX.SRV.%s CLASS(SURROGAT) ID(ALICE) ACCESS(READ)\n' $user $user
done >>"$SCRATCH/deck"
runs "users and profiles" 0 sallyport racf -f "$SCRATCH/deck"
alice() { setpriv --reuid 50301 --regid 50300 --clear-groups "$@"; }
cd / || exit

# --- who one becomes
runs "a command of BOB's" 0 alice sallyport su bob sh -c 'id -u; id -g; id -G; grep -E "^(NoNewPrivs|CapEff)" /proc/self/status; echo "$USER $LOGNAME $HOME $SHELL"; pwd'
like "$OUT" '^50302$' "has his uid"
is "$(sed -n 2,3p <<<"$OUT")" $'50300\n50300' "his group and no other"
like "$OUT" 'NoNewPrivs:.*1' "set-user-ID programs give nothing"
like "$OUT" 'CapEff:.*0000000000000000' "no capabilities"
like "$OUT" '^BOB BOB /tmp /bin/sh$' "his name, home and shell"
is "$(tail -1 <<<"$OUT")" "/" "where the caller stood"
runs "security commands there" 0 alice sallyport su BOB sallyport racf LISTUSER
like "$OUT" 'USER=BOB ' "are his"
runs "so are the master's" 0 alice sallyport su BOB sallyport console "D A,L"
like "$OUT" ' BOB +TSU[0-9]{5} .*USER BOB +ACTIVE' "D A shows the address space"
like "$(alice sallyport su BOB cat /proc/self/cgroup)" "sallyport/.*TSU[0-9]{5}|^[0-9]+:" "it has a cgroup"
runs "from there to somebody else" 125 alice sallyport su BOB sallyport su CAROL id
like "$OUT" 'BOB may not become CAROL: READ to BPX.SRV.CAROL in class SURROGAT is missing' "BOB decides, not ALICE"
runs "oneself" 0 alice sallyport su alice id -u
is "$OUT" 50301 "needs no profile"
runs "a superuser of the image" 0 alice sallyport su ROOTY id -u
is "$OUT" 50000 "is no root of the machine"
OUT=$(echo 'id -u; exit 7' | alice sallyport su BOB 2>&1); STATUS=$?
is "$OUT $STATUS" "50302 7" "a shell reads standard input, its status comes back"

# --- refusals
refused() { # NAME USER PATTERN
    OUT=$(alice sallyport su $2 sh -c "touch $SCRATCH/ran" 2>&1 </dev/null); STATUS=$?
    is $STATUS 125 "refused: $1"
    like "$OUT" "$3" "and why"
    ok "$([ ! -e "$SCRATCH/ran" ]; echo $?)" "nothing ran"
}
chmod 777 "$SCRATCH"
refused "no READ" SHUT 'ALICE may not become SHUT: READ to BPX.SRV.SHUT in class SURROGAT is missing'
like "$OUT" 'ICH408I USER\(ALICE' "ICH408I"
like "$OUT" 'BPX.SRV.SHUT CL\(SURROGAT\)' "names the profile's resource"
refused "no profile" ALONE 'ALICE may not become ALONE: READ to BPX.SRV.ALONE'
refused "unknown user" NOBODY 'not defined|NOT FOUND|IRR012I'
refused "revoked user" GONE 'REVOKED'
refused "no OMVS segment" NOOMVS 'user NOOMVS has no OMVS UID'
refused "no UID" NOUID 'user NOUID has no OMVS UID'
refused "a UID outside the range" LOWUID 'user LOWUID has OMVS UID 12; expected one of'
refused "name that is none" 'A.B' '"A.B" is no user ID'
refused "name that is too long" ABCDEFGHI 'is no user ID; expected 1 to 8 characters'
runs "the class inactive" 0 sallyport racf "SETROPTS NOCLASSACT(SURROGAT)"
refused "class not active" BOB 'ALICE may not become BOB'
runs "active again" 0 sallyport racf "SETROPTS CLASSACT(SURROGAT)"
runs "class JESINPUT active" 0 sallyport racf "SETROPTS CLASSACT(JESINPUT)"
runs "su comes through no reader" 0 alice sallyport su BOB true
runs "JESINPUT as it was" 0 sallyport racf "SETROPTS NOCLASSACT(JESINPUT)"
OUT=$(setpriv --reuid 50399 --regid 50399 --clear-groups sallyport su BOB id 2>&1 </dev/null); STATUS=$?
is $STATUS 125 "refused: a Linux user who is no SAF user"
like "$OUT" '50399' "who is named"
runs "the caller is revoked" 0 sallyport racf "ALTUSER ALICE REVOKE"
refused "revoked caller" BOB 'user ALICE may not log on'
runs "resumed" 0 sallyport racf "ALTUSER ALICE RESUME"
runs "no argument" 125 sallyport su
like "$OUT" 'missing argument; expected: \[options\] USER \[COMMAND' "is usage"
runs "an unknown option" 125 sallyport su --shell BOB
like "$OUT" 'unknown option.*--shell' "is usage"
runs "options of the command" 0 alice sallyport su BOB echo --help -u
is "$OUT" "--help -u" "are the command's"
runs "a command that is not there" 127 alice sallyport su BOB /no/such/command
like "$OUT" 'sallyport su: /no/such/command: No such file' "says so"
runs "one that cannot be run" 126 alice sallyport su BOB /etc/passwd
runs "a shell that is not there" 127 alice sallyport su CAROL
like "$OUT" '/no/such/shell' "is named"
mkdir -m 700 "$SCRATCH/closed"; chown 50301 "$SCRATCH/closed"
OUT=$(cd "$SCRATCH/closed" && alice sallyport su BOB pwd 2>&1)
is "$OUT" /tmp "a folder of the caller's alone: at home instead"
OUT=$(cd "$SCRATCH/closed" && alice sallyport su CAROL pwd 2>&1)
like "$OUT" 'home folder "/no/such/folder" can be entered; started in /' "or in /, and told"

# --- streams, signals, statuses
is "$(printf 'a\nb\n' | alice sallyport su BOB sh -c 'cat; echo err >&2' 2>"$SCRATCH/err")" $'a\nb' "standard input and output are the caller's"
is "$(cat "$SCRATCH/err")" err "standard error, too"
is "$(alice sallyport su BOB head -c 3000000 /dev/zero | wc -c)" 3000000 "many bytes"
alice sallyport su BOB sh -c 'kill -TERM $$'; is $? 143 "ended by a signal: 128 and its number"
alice sallyport su BOB sh -c 'trap "exit 33" TERM; echo up; while :; do sleep 0.1; done' >"$SCRATCH/up" &
pid=$!
wait_for 30 grep -q up "$SCRATCH/up"
client() { pgrep -P "$1" sallyport-su || echo "$1"; }
kill -TERM "$(client $pid)"; wait $pid; is $? 33 "SIGTERM is passed on"
alice sallyport su BOB sh -c 'trap "" HUP; sleep 987 & echo up; sleep 987' >"$SCRATCH/up" & pid=$!
wait_for 30 grep -q up "$SCRATCH/up"
kill -KILL "$(client $pid)"; wait $pid 2>/dev/null
gone() { ! pgrep -u 50302 -f 'sleep 987'; }
wait_for 60 gone; ok $? "a caller that was killed takes all of it along, even what ignores SIGHUP"
alice sallyport su BOB sh -c 'echo up; sleep 986' >"$SCRATCH/up" 2>&1 & pid=$!
wait_for 30 grep -q up "$SCRATCH/up"
runs "C" 0 sallyport console "C BOB"
wait $pid; is $? 137 "an operator's cancel ends it"
is "$(alice sallyport su BOB grep SigIgn /proc/self/status)" $'SigIgn:\t0000000000000000' "no signal is ignored because the system's starter ignored it"
alice sallyport su BOB sh -c 'kill -STOP $PPID; echo up; exec sleep 984' >"$SCRATCH/up" & pid=$!
wait_for 30 grep -q up "$SCRATCH/up"
kill -KILL "$(client $pid)"; wait $pid 2>/dev/null
gone984() { ! pgrep -u 50302 -f 'sleep 984'; }
wait_for 60 gone984; ok $? "a command that stopped its own initiator is ended with its caller as well"
OUT=$(alice sallyport su BOB sh -c 'sleep 985 & echo here'); is "$OUT" here "what is left in the background"
gone985() { ! pgrep -u 50302 -f 'sleep 985'; }
wait_for 30 gone985; ok $? "ends with the command"

# --- a terminal
python3 - "$SCRATCH" <<'PY' >"$SCRATCH/terminal" 2>&1
import os, pty, signal, struct, fcntl, sys, termios, time, select
def run(argv, keys, size=(33, 101), resize=None):
    pid, fd = pty.fork()
    if pid == 0:
        os.setgroups([]); os.setgid(50300); os.setuid(50301)
        os.environ["TERM"] = "vt100"
        os.execvp(argv[0], argv)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    text, end = b"", time.time() + 90
    keys = list(keys)
    while time.time() < end:
        if keys and keys[0][0] in text:
            mark, what = keys.pop(0)
            if callable(what): what(fd)
            else: os.write(fd, what)
        if select.select([fd], [], [], 0.2)[0]:
            try: piece = os.read(fd, 4096)
            except OSError: break
            if not piece: break
            text += piece
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode(errors="replace")
def shell(keys): return run(["bash", "--norc", "-i"], keys)
def show(name, got): print(name, got[0], repr(got[1]))
show("tty", run(["sallyport", "su", "BOB", "sh", "-c", "tty; stat -c owner=%u $(tty); test -w $(tty) && echo writable; stty size; echo $TERM; ps -o tpgid= -p $$ | grep -q . && echo controlled"], []))
show("shell", run(["sallyport", "su", "BOB"], [(b"$", b"echo one=$((1+0)) uid=$(id -u)\n"), (b"uid=50302", b"exit 5\n")]))
show("interrupt", run(["sallyport", "su", "BOB", "sh", "-c", "trap 'echo caught; exit 9' INT; echo wait; while :; do sleep 0.1; done"], [(b"wait", b"\x03")]))
def grow(fd): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 111, 0, 0))
show("resize", run(["sallyport", "su", "BOB", "sh", "-c", "trap 'stty size; exit 4' WINCH; echo wait; while :; do sleep 0.1; done"], [(b"wait", grow)]))
show("own", run(["sh", "-c", "sallyport su BOB tty; tty; stty -a | grep -o -- '-\\?echo ' "], []))
show("closed", run(["sallyport", "su", "BOB", "sh", "-c", "exec </dev/null >/dev/null 2>&1; sleep 1; exec >/dev/tty; echo alive; exit 6"], []))
def paste(fd):
    os.set_blocking(fd, False)
    left, end, back = b"x y z\n" * 20000 + b"END\n", time.time() + 80, 0
    while left and time.time() < end:
        readable, writable, _ = select.select([fd], [fd], [], 1)
        if readable: back += len(os.read(fd, 65536))
        if writable:
            try: left = left[os.write(fd, left[:4096]):]
            except BlockingIOError: pass
    os.set_blocking(fd, True)
    os.write(fd, b"%d left\n\4" % len(left))
show("paste", run(["sallyport", "su", "BOB", "sh", "-c", "echo ready; sleep 2; cat"], [(b"ready", paste)]))
show("many", run(["python3", "-c", "import os; os.set_blocking(1, False); os.execvp('sallyport', ['sallyport', 'su', 'BOB', 'seq', '300000'])"], []))
show("background", shell([(b"$", b"sallyport su BOB sh -c 'echo asks=$((2+2)); read a; echo got=$a' & sleep 1; fg; exit 8\n"), (b"asks=4", b"typed\n")]))
show("output", run(["sh", "-c", "echo typed | sallyport su BOB sh -c 'cat; tty; test -t 1 && echo is-terminal'"], []))
PY
show() { grep "^$1 " "$SCRATCH/terminal"; }
like "$(show tty)" 'tty 0 .*/dev/pts/[0-9]+.*owner=50302.*writable.*33 101.*vt100.*controlled' "a terminal of BOB's own, as large as the caller's"
like "$(show shell)" 'shell 5 .*one=1 uid=50302' "a shell to type into"
like "$(show interrupt)" 'interrupt 9 .*caught' "Control-C reaches the command"
like "$(show resize)" 'resize 4 .*44 111' "a changed size, too"
first=$(show own | grep -o '/dev/pts/[0-9]*' | head -1); second=$(show own | grep -o '/dev/pts/[0-9]*' | tail -1)
ok "$([ -n "$first" ] && [ "$first" != "$second" ]; echo $?)" "it is not the caller's"
like "$(show own)" '[^-]echo ' "whose modes are as before"
like "$(show closed)" 'closed 6 .*alive' "a command with no stream open on its terminal keeps the terminal"
like "$(show paste)" "paste 0 .*[^0-9]0 left" "more typed than it reads or than is read of it: all goes through"
like "$(show many)" "many 0 .*300000" "a terminal that its starter made non-blocking gets everything"
like "$(show background)" 'background 8 .*asks=4.*got=typed' "in the background it runs on; brought to the foreground it reads"
like "$(show output)" 'output 0 .*typed.*not a tty.*is-terminal' "input from a pipe, output to a terminal"

# --- audit
sallyport smf "$SALLYPORT_ROOT"/smf/* >"$SCRATCH/smf" 2>&1
like "$(cat "$SCRATCH/smf")" 'ACCESS.*ALICE.*BPX.SRV.BOB|BPX.SRV.BOB' "who became whom is recorded, where the profile asks for it"
like "$(cat "$SCRATCH/smf")" 'BPX.SRV.SHUT' "refusals always"
like "$(cat "$SALLYPORT_ROOT/log/syslogall.log")" 'TSU[0-9]{5} su BOB by ALICE' "and the system log has it"

# --- the angel is away
read -ra angel <<<"$(processes sallyport-angel | tr '\n' ' ')"
kill -STOP "${angel[@]}"
refused "angel away" BOB 'did not answer|not up'
kill -CONT "${angel[@]}"
runs "and there again" 0 alice sallyport su BOB true

# --- clients that are none of ours
PYTHONPATH=$(dirname "$E2E_LIB") python3 - "$SCRATCH/ran" <<'PY' >"$SCRATCH/hostile"
import os, socket, struct, sys
from angel_wire import Client, s, u8, u32
ran = sys.argv[1]
u16 = lambda n: struct.pack(">H", n)
def args(*a): return u32(len(a)) + b"".join(s(x) for x in a)
def order(user="BOB", mask=0, rows=24, term="vt100", arguments=args("touch", ran), more=b""):
    return s(user) + u8(mask) + u16(rows) + u16(80) + s(term) + arguments + more
def master(as_whom=True):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.connect(os.environ["SALLYPORT_ROOT"] + "/master/master.sock")
    m = Client(sock)
    if as_whom:
        fresh = Client(); acee = fresh.hello().str()
        m.send(0x4d01, s(acee)); assert m.recv()[0] == 0x4d85
    return m
folder, null = os.open("/", os.O_PATH), os.open("/dev/null", os.O_RDWR)
four = (folder, null, null, null)
def closes(name, payload, fds=four, kind=0x4d05, as_whom=True):
    m = master(as_whom)
    m.send(kind, payload, fds)
    try:
        got = m.recv()[0]
        print(f"{name}: answered {got:x}")
    except (EOFError, ConnectionResetError):
        print(f"{name}: closed")
closes("before HELLO", order(), as_whom=False)
closes("no descriptors", order(), ())
closes("one too few", order(), four[:3])
closes("terminals beyond the third", order(mask=8))
closes("a user of nothing", order(user=""))
closes("a user too long", order(user="ABCDEFGHI"))
closes("TERM too long", order(term="x" * 65))
closes("TERM with a NUL", order(term="a\0b"))
closes("an argument with a NUL", order(arguments=args("touch", ran + "\0")))
closes("more arguments than there are", order(arguments=u32(3) + s("touch")))
closes("four thousand million", order(arguments=u32(0xffffffff)))
closes("a thousand and one", order(arguments=args(*(["x"] * 1001))))
closes("a byte more", order(more=b"x"))
closes("a byte less", order()[:-1])
closes("a signal for nothing", u8(9), (), 0x4d06)
m = master(); m.send(0x4d05, order(arguments=args("sleep", "30")), four); assert m.recv()[0] == 0x4d81
m.send(0x4d05, order(), four)
try: print("a second one meanwhile:", hex(m.recv()[0]))
except (EOFError, ConnectionResetError): print("a second one meanwhile: closed")
for n in (0, 255, 64):
    m = master(); m.send(0x4d05, order(arguments=args("sh", "-c", "sleep 1; exit 3")), four); assert m.recv()[0] == 0x4d81
    m.send(0x4d06, u8(n), ())
    kind, _, data, _ = m.recv()
    print(f"signal {n}: {kind:x} code {data[4]}")
PY
unlike "$(cat "$SCRATCH/hostile")" 'answered|0x|Traceback' "malformed requests lose the connection"
is "$(grep -c closed "$SCRATCH/hostile")" 16 "each of them"
like "$(cat "$SCRATCH/hostile")" 'signal 0: 4d82 code 3' "no signal is none"
like "$(cat "$SCRATCH/hostile")" 'signal 64: 4d82 code 192' "the last one is the command's"
ok "$([ ! -e "$SCRATCH/ran" ]; echo $?)" "nothing ran"
runs "and the master goes on" 0 alice sallyport su BOB true
runs "shutdown" 0 sallyport shutdown

# --- a private image: one Linux user, several identities
export SALLYPORT_ROOT=$SCRATCH/p
mkdir "$SALLYPORT_ROOT"; chown 50077 "$SALLYPORT_ROOT"
owner() { setpriv --reuid 50077 --regid 50077 --clear-groups "$@"; }
runs "a private image" 0 owner sallyport ipl
at_exit 'owner sallyport shutdown >/dev/null 2>&1'
{ cat "$SCRATCH/deck"; echo 'PERMIT BPX.SRV.BOB CLASS(SURROGAT) ID(IBMUSER) ACCESS(READ)'; } >"$SCRATCH/deck2"
for user in NOUID ALICE; do printf 'RDEFINE SURROGAT BPX.SRV.%s UACC(READ)\nRALTER SURROGAT BPX.SRV.%s UACC(READ)\n' $user $user; done >>"$SCRATCH/deck2"
owner sallyport racf -f "$SCRATCH/deck2" >/dev/null 2>&1
runs "su" 0 owner sallyport su BOB sh -c 'id -u; sallyport racf LISTUSER'
like "$OUT" '^50077$' "the Linux user stays"
like "$OUT" 'USER=BOB ' "the identity is BOB's"
runs "who may not do what its owner may" 8 owner sallyport su BOB sallyport racf 'ADDUSER MORE'
like "$OUT" 'ICH01010I|NOT AUTHORIZED' "as RACF says"
runs "from there to somebody else" 125 owner sallyport su BOB sallyport su SHUT true
like "$OUT" 'BOB may not become SHUT' "BOB decides"
runs "and where he may" 0 owner sallyport su BOB sallyport su ALICE sallyport racf LISTUSER
like "$OUT" 'USER=ALICE ' "ALICE"
OUT=$(owner sallyport su BOB sh -c 'setsid sh -c "setsid sleep 982 & exec sleep 982" & sleep 0.3; echo here'); is "$OUT" here "what left the session"
ok "$(! pgrep -u 50077 -f 'sleep 982' >/dev/null; echo $?)" "has ended with it, also where there are no cgroups"
runs "no UID" 125 owner sallyport su NOUID true
like "$OUT" 'user NOUID has no OMVS UID' "is refused here as well"
done_testing
