# The shared memory through which servers tell what they decided in process: it
# is read without a message for each record, to the end when the server or the
# front is killed; what is lost is told; nonsense in it ends one connection.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
_finished=1 # the program below prints the plan
PYTHONPATH=$(dirname "$E2E_LIB") python3 - <<'PY'
import fcntl, mmap, os, signal, socket, struct, subprocess
from angel_wire import *

AUDIT_RING = 19
BYTES = 1 << 20
PUT, TAKEN, LOST, ASLEEP, RECORDS = 0, 64, 128, 192, 4096
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW

class Ring:
    def __init__(self, size=RECORDS + BYTES, seals=SEALS):
        self.fd = os.memfd_create("ring", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.fd, size)
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, seals)
        self.map = mmap.mmap(self.fd, size)
        self.words = memoryview(self.map).cast("Q")
        self.bell = None # the connection that rings when the front sleeps

    # The eight bytes at once, as the other end looks meanwhile: pack_into
    # writes zeros first.
    def get(self, at):
        return self.words[at // 8]

    def set(self, at, value):
        self.words[at // 8] = value

    def put(self, record, length=None):
        at = self.get(PUT)
        data = struct.pack("=I", len(record) if length is None else length) + record
        for i, byte in enumerate(data):
            self.map[RECORDS + (at + i) % BYTES] = byte
        self.set(PUT, at + (len(data) + 7) // 8 * 8)
        if self.bell and self.map[ASLEEP] == 1:
            self.map[ASLEEP] = 0
            self.bell.send(AUDIT_RING)

def decision(profile, saf=0, level=2, allowed=2, log=2):
    return (u32(saf) + u32(saf) + u32(0) + s(profile) + u8(0) + u8(0) + u8(log) + u8(level) + u8(allowed) + s("UACC"))

def record(resource, acee=b"", **more):
    return s(acee) + s("EJBROLE") + s(resource) + decision(resource, **more)

def recorded():
    out = subprocess.run(["sallyport", "smf", "--class", "EJBROLE"], capture_output=True, text=True).stdout
    return [w[9:] for line in out.splitlines() for w in line.split() if w.startswith("resource=")]

angel = Angel()
ibm = Client()
ibm.hello()
for c in ["ADDUSER LIBSERV DFLTGRP(SYS1)", "SETROPTS CLASSACT(STARTED) GENERIC(STARTED)",
          "RDEFINE STARTED *.* STDATA(USER(LIBSERV) GROUP(SYS1))", "SETROPTS RACLIST(STARTED)"]:
    ibm.command(c)
token = angel.control.register("BAQSTRT", "STC00001", proc="BAQSTRT").str()

def server():
    c = Client()
    c.hello(token)
    return c

# --- records, in order, with one message for all of them
ring, stc = Ring(), server()
for i in range(300):
    ring.put(record(f"before.{i}"))
stc.send(AUDIT_RING, b"", [ring.fd])
ring.bell = stc
check(eventually(lambda: len(recorded()) == 300), "records that were there are read", len(recorded()))
for i in range(300):
    ring.put(record(f"after.{i}"))
check(eventually(lambda: len(recorded()) == 600), "and those that come", len(recorded()))
is_equal(recorded(), [f"before.{i}" for i in range(300)] + [f"after.{i}" for i in range(300)], "in their order")
is_equal(ring.get(TAKEN), ring.get(PUT), "all is taken")
check(eventually(lambda: ring.map[ASLEEP] == 1), "it sleeps when nothing comes")
ring.put(record("bell"))
check(eventually(lambda: recorded()[-1] == "bell"), "the bell wakes it")
ring.put(record("denied", saf=8, allowed=0))
check(eventually(lambda: recorded()[-1] == "denied"), "a refusal")
log = lambda: open(os.environ["SALLYPORT_ROOT"] + "/log/syslogall.log").read()
check(eventually(lambda: "denied" in log() and "CL(EJBROLE )" in log()), "with its ICH408I")
for i in range(4000): # more than once around
    while ring.get(PUT) - ring.get(TAKEN) > BYTES // 2:
        time.sleep(0.005)
    ring.put(record(f"around.{i:0200}"))
check(eventually(lambda: recorded()[-1] == f"around.{3999:0200}", 120), "around the end of the memory")
is_equal(len(recorded()), 4602, "none twice, none missing")

# --- what is lost is told
ring.set(LOST, 5)
stc.send(AUDIT_RING)
check(eventually(lambda: "SPT0300W 5 access records of job BAQSTRT, user LIBSERV, were lost" in log()), "a number of records that were lost")
is_equal(ring.get(LOST), 0, "once")

# --- a server that is killed
pid = os.fork()
if pid == 0:
    mine, c = Ring(), server()
    mine.put(record("first"))
    c.send(AUDIT_RING, b"", [mine.fd])
    c.call(ACEE_OF, s("LIBSERV") + s("") + u8(0)) # the front has it
    for i in range(500):
        mine.put(record(f"last.{i}"))
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(pid, 0)
check(eventually(lambda: recorded()[-1] == "last.499"), "killed: all it had put is recorded")

# --- a front that is killed
front = lambda: [p for p in angel.child_of("any") if open(f"/proc/{p}/comm").read().strip() == "angel-front"]
count_before = len(recorded())
os.kill(front()[0], signal.SIGKILL)
ring.bell = None
for i in range(50):
    ring.put(record(f"meanwhile.{i}"))
def back():
    c = server()
    return c.call(ACEE_OF, s("LIBSERV") + s("") + u8(0)).err in (OK, DENIED) and c
check(eventually(back, 20), "the front is back")
stc = server()
stc.send(AUDIT_RING, b"", [ring.fd])
check(eventually(lambda: len(recorded()) == count_before + 50, 20), "what was put meanwhile is read, nothing twice", len(recorded()) - count_before)

# --- refusals
def ends(client, name):
    try:
        while True:
            client.recv()
    except (EOFError, ConnectionResetError):
        check(True, name)
    except socket.timeout:
        check(False, name)

c = Client(); c.hello(angel.control.register("JOB1", "JOB00001", user="LIBSERV", submitter="LIBSERV").str())
# Who may not log goes on, but nothing of his ring is read.
r = Ring(); r.put(record("nobody")); c.send(AUDIT_RING, b"", [r.fd]); c.send(AUDIT_RING)
is_equal(c.command("LISTUSER").err, OK, "a job's ring: its connection goes on")
is_equal((r.get(TAKEN), recorded().count("nobody")), (0, 0), "and nothing is taken")
c = server(); c.send(AUDIT_RING); ends(c, "a bell without a ring")
c = server(); r = Ring(seals=0); c.send(AUDIT_RING, b"", [r.fd]); ends(c, "memory that may shrink")
c = server(); r = Ring(size=RECORDS + BYTES // 2); c.send(AUDIT_RING, b"", [r.fd]); ends(c, "memory of another size")
c = server(); c.send(AUDIT_RING, b"", [os.open("/dev/null", os.O_RDWR)]); ends(c, "no memory at all")
c = server(); r = Ring(); c.send(AUDIT_RING, b"x", [r.fd]); ends(c, "a byte too many")
c = server(); r = Ring(); c.send(AUDIT_RING, b"", [r.fd]); c.send(AUDIT_RING, b"", [r.fd]); ends(c, "a second ring")
c = server(); r = Ring(); r.set(PUT, BYTES + 8); c.send(AUDIT_RING, b"", [r.fd]); ends(c, "more than it holds")
c = server(); r = Ring(); r.set(TAKEN, 8); c.send(AUDIT_RING, b"", [r.fd]); ends(c, "less than was taken")
c = server(); r = Ring(); r.put(b"A" * 8, 70000); c.send(AUDIT_RING, b"", [r.fd]); ends(c, "a record longer than any")
c = server(); r = Ring(); r.put(record("x")[:-1]); c.send(AUDIT_RING, b"", [r.fd]); ends(c, "a record cut short")
c = server(); r = Ring(); r.put(record("x", log=0x20)); c.send(AUDIT_RING, b"", [r.fd]); ends(c, "a reason that is none")
ibm = Client()
ibm.hello()
count_before = len(recorded())
c = server(); r = Ring()
acee = ibm.call(ACEE_OF, s("LIBSERV") + s("") + u8(0)).str()
r.put(record("forged", acee=acee[:-1] + bytes([acee[-1] ^ 1])))
r.put(record("good", acee=acee))
c.send(AUDIT_RING, b"", [r.fd])
check(eventually(lambda: recorded()[-1] == "good"), "an acee with our seal is recorded")
is_equal(recorded()[count_before:], ["good"], "one with a changed seal is not")
is_equal(Client().hello().err, OK, "the angel answers")
angel.stop()
print(f"1..{__import__('angel_wire').count}")
raise SystemExit(__import__('angel_wire').failed != 0)
PY
