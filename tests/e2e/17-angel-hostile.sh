# Clients that mean harm: cut, oversized and foreign messages, descriptors nobody
# asked for, connections that are never used or never read, thousands of them.
# Each is refused or held to its share, and the angel answers everybody else.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
_finished=1 # the program below prints the plan
PYTHONPATH=$(dirname "$E2E_LIB") python3 - <<'PY'
import array, os, random, signal, socket, time
from angel_wire import *

is_root = os.geteuid() == 0
OTHER = 54321 # of the range of users, and nobody's UID

def in_child(work):
    """In a process of its own, by another uid where there is one; its answer."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(r)
            if is_root:
                os.setgroups([])
                os.setresgid(OTHER, OTHER, OTHER)
                os.setresuid(OTHER, OTHER, OTHER)
            os.write(w, str(work()).encode())
        except BaseException as error:
            os.write(w, repr(error).encode())
        finally:
            os._exit(0)
    os.close(w)
    with os.fdopen(r) as f:
        answer = f.read()
    os.waitpid(pid, 0)
    return answer

angel = Angel()
front = [p for p in angel.child_of("any") if open(f"/proc/{p}/comm").read().strip() == "angel-front"][0]
ibm = Client()
is_equal(ibm.hello().err, OK, "the angel answers")
fds_at_rest = lambda: len(os.listdir(f"/proc/{front}/fd"))

def others_are_served(name):
    start = time.monotonic()
    fresh = Client()
    good = fresh.hello().err == OK and ibm.command("LISTUSER IBMUSER").err == OK
    check(good and time.monotonic() - start < 10, f"others are served: {name}")
    fresh.sock.close()

def raw(data, fds=()):
    c = Client()
    c.hello()
    try:
        socket.send_fds(c.sock, [data], list(fds))
        while True:
            c.recv()
    except (EOFError, ConnectionResetError, BrokenPipeError):
        return True
    except socket.timeout:
        return False

# --- messages that are none
for n in range(1, 7):
    check(raw(b"\x00\x03\x00\x00\x00\x01\x00"[:n]), f"{n} bytes of a header")
check(raw(struct.pack(">HIB", COMMAND, 1, 0)), "a header and nothing")
check(raw(struct.pack(">HIB", COMMAND, 1, 0) + s("LISTUSER")[:-1]), "all but the last byte")
check(raw(struct.pack(">HIB", COMMAND, 1, 1) + s("LISTUSER")), "a memfd announced, none sent")
check(raw(b"\xff" * 7), "nothing but ones")
check(raw(os.urandom(4096)), "noise")
check(raw(struct.pack(">HIB", COMMAND, 1, 0) + s("A" * 69000)), "a message larger than any")
big = Client()
big.hello()
big.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
try:
    big.sock.send(struct.pack(">HIB", COMMAND, 1, 0) + s(b"A" * 1000000))
    big.recv()
    check(False, "a message of a million bytes")
except (EOFError, OSError):
    check(True, "a message of a million bytes")
rng = random.Random(7)
ended = 0
for i in range(200): # each type of request, with noise for its fields
    c = Client()
    c.hello()
    c.send(rng.randrange(0, 140), rng.randbytes(rng.randrange(0, 300)))
    try:
        c.recv()
    except (EOFError, ConnectionResetError):
        ended += 1
    c.sock.close()
check(ended > 150, "noise after HELLO ends the connection", ended)
others_are_served("after garbage")

# --- descriptors
before = fds_at_rest()
null = os.open("/dev/null", os.O_RDONLY)
c = Client()
c.hello()
answers = [c.call(ACEE_OF, s("IBMUSER") + s("") + u8(0), [null] * 4).err for i in range(500)]
is_equal(answers, [OK] * 500, "descriptors with messages that have none")
check(raw(struct.pack(">HIB", HELLO, 1, 0) + u32(1) + s(""), [null] * 40), "forty descriptors in one message")
c.sock.close()
check(eventually(lambda: fds_at_rest() <= before), "none of them is kept", (before, fds_at_rest()))
others_are_served("after descriptors")

# --- who does not read
slow = Client()
slow.hello()
slow.sock.setblocking(False)
sent = 0
try:
    for i in range(20000):
        slow.send(COMMAND, s("SETROPTS LIST"))
        sent += 1
except BlockingIOError:
    pass
check(0 < sent < 20000, "who does not read is not read any more", sent)
others_are_served("while one does not read")
slow.sock.setblocking(True)
slow.sock.settimeout(60)
got = 0
while got < sent:
    kind, seq, data, fds = slow.recv()
    got += kind == REPLY
is_equal(got, sent, "what was taken is answered once it reads")
slow.sock.close()

# --- who asks and goes: what is asked is carried out though nobody is there to
# be told, and every answer finds that out in the middle of something
is_equal(ibm.command("ADDUSER GOER PASSWORD(RIGHT1)").rest, u32(0), "a user to be guessed at")
ibm.command("ALTUSER GOER PASSWORD(RIGHT1) NOEXPIRED")
ring = os.memfd_create("ring")
def say(kind):
    user = rng.choice(["GOER", "NOBODY", "GOER2", "x" * 20])
    word = rng.choice(["RIGHT1", "WRONG", "", "AB12CD34"])
    return {
        COMMAND: lambda: s(rng.choice(["LISTUSER IBMUSER", "SETROPTS LIST", "ADDUSER GOER", "SETROPTS RACLIST(EJBROLE) REFRESH", "NOSUCH"])),
        VERIFY: lambda: s(user) + s(word) + s("") + s("10.0.0.%d" % rng.randrange(256)) + s(""),
        LOGON: lambda: s(user[:8]) + s(word),
        CHECK: lambda: s("") + s("FACILITY") + s("NO.SUCH.THING") + u8(2),
        SNAPSHOT: lambda: s("EJBROLE"),
        RING_READ: lambda: s("NOBODY") + s("No.Ring") + u8(1),
        KEY_OPEN: lambda: s("") + s("No.Ring"),
        TICKET: lambda: s("GOER") + s("CICSREG") + s(rng.choice(["", "AB12CD34"])),
        VERIFY_CERT: lambda: s(os.urandom(99)) + s(""),
        VERIFY_IDENTITY: lambda: s("cn=somebody") + s("ldap://x") + s(""),
        ACEE_OF: lambda: s(user[:8]) + s("") + u8(0),
        REGISTER_SERVER: lambda: s(rng.choice(["", "GOES"])) + s(""),
        OPEN_ANGEL: lambda: s("GOES"),
        LIST_SERVERS: lambda: rng.choice([u8(0), u8(1), u8(2), b""]),
        SYSLOG: lambda: s("gone"),
        AUDIT_RING: lambda: b"",
    }[kind]()
KINDS = [COMMAND, VERIFY, LOGON, CHECK, SNAPSHOT, RING_READ, KEY_OPEN, TICKET, VERIFY_CERT, VERIFY_IDENTITY, ACEE_OF, REGISTER_SERVER, OPEN_ANGEL, LIST_SERVERS, SYSLOG, AUDIT_RING]
at_rest = fds_at_rest()
ALWAYS = [[VERIFY], [LOGON], [COMMAND, COMMAND, VERIFY], [COMMAND, LOGON], [AUDIT_RING, CHECK], [OPEN_ANGEL, REGISTER_SERVER]]
for turn in range(150): # all 20 have asked and gone before the front looks
    clients = [Client() for _ in range(20)]
    for c in clients:
        c.hello()
    os.kill(front, signal.SIGSTOP)
    for i, c in enumerate(clients):
        for kind in (ALWAYS[i] if i < len(ALWAYS) else rng.sample(KINDS, 6)):
            c.send(kind, say(kind), [ring] if kind == AUDIT_RING and turn % 2 else ())
        c.sock.close()
    os.kill(front, signal.SIGCONT)
    if turn % 30 == 29:
        others_are_served(f"{20 * turn + 20} clients have asked and gone")
check(eventually(lambda: fds_at_rest() <= at_rest), "nothing of it is kept", (at_rest, fds_at_rest()))
is_equal(ibm.call(OPEN_ANGEL, s("GOES")).err, OK, "an angel whose owner went is not up")
is_equal(ibm.call(LIST_SERVERS, u8(0)).u32(), 0, "nor are servers registered with it")

# --- who says nothing, and says it often
def hold_many():
    held, refused = [], 0
    for i in range(3000):
        c = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        c.settimeout(10)
        try:
            c.connect(os.environ["SALLYPORT_ROOT"] + "/angel/front.sock")
            held.append(c)
        except OSError:
            refused += 1
    def is_open(c):
        c.setblocking(False)
        try:
            return c.recv(1) != b""
        except BlockingIOError:
            return True # still connected
        except OSError:
            return False

    # Those that nobody has taken yet count as open: until all are taken.
    deadline = time.monotonic() + 20
    while (open_ones := sum(map(is_open, held))) > 256 and time.monotonic() < deadline:
        time.sleep(0.1)
    return open_ones

import resource
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
if is_root:
    answer = in_child(hold_many)
    check(answer.isdigit() and 0 < int(answer) <= 256, "3000 connections of one uid: its share is open", answer)
    others_are_served("after 3000 connections")
    r, w = os.pipe()
    holder = os.fork()
    if holder == 0: # keeps its share until told to end
        os.setgroups([]); os.setresgid(OTHER, OTHER, OTHER); os.setresuid(OTHER, OTHER, OTHER)
        mine = []
        for i in range(300):
            c = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                c.connect(os.environ["SALLYPORT_ROOT"] + "/angel/front.sock")
                mine.append(c)
            except OSError:
                pass
        os.read(r, 1)
        os._exit(0)
    check(eventually(lambda: fds_at_rest() > 200), "its share is held")
    others_are_served("while somebody holds all he may")
    answer = in_child(lambda: Client().hello().err)
    check(answer.startswith(("EOFError", "BrokenPipeError", "ConnectionResetError")), "that uid gets no more", answer)
    os.write(w, b"x")
    os.waitpid(holder, 0)
else:
    answer = hold_many()
    check(0 < answer <= 900, "3000 connections: as many as there may be", answer)
    check(eventually(lambda: Client().hello().err == OK), "and others once they are gone")
check(eventually(lambda: fds_at_rest() <= before + 2), "nothing of it is kept", (before, fds_at_rest()))
others_are_served("afterwards")

# --- the same front all the time
os.kill(front, 0)
check(True, "the front is the one that began")
is_equal(angel.stop(), 0, "which ends as it should")

# --- a master that goes while its jobs' passwords are compared
ends = []
for i in range(12):
    angel = Angel()
    for n in range(8):
        angel.control.send(REGISTER_JOB, s(f"JOB{n}") + s(f"JOB0000{n}") + s(rng.choice(["GOER", "NOBODY"])) + s("") + s("IBMUSER") + s(rng.choice(["RIGHT1", "WRONG"])) + s("") + u32(0))
    ends.append(angel.stop())
is_equal(ends, [0] * 12, "the angel ends with its master, whatever it was asked")
print(f"1..{__import__('angel_wire').count}")
raise SystemExit(__import__('angel_wire').failed != 0)
PY
