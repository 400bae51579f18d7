# An RSA key takes long to make. Whoever wants one waits; logons, checks, other
# commands and signatures go on, and what changed meanwhile is respected. The
# processes that make keys are stopped, so that no answer depends on their speed.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
_finished=1 # the program below prints the plan
PYTHONPATH=$(dirname "$E2E_LIB") python3 - <<'PY'
import select, signal
from angel_wire import *

def keeper():
    return below(angel.process.pid, "angel-keeper")[0]

def makers():
    return below(keeper(), "angel-maker")

def halt():
    assert eventually(lambda: len(makers()) == 2)
    for p in makers():
        os.kill(p, signal.SIGSTOP)

def go():
    for p in makers():
        os.kill(p, signal.SIGCONT)

def is_quiet(c):
    """Nothing but words that it goes on has come."""
    while select.select([c.sock], [], [], 0)[0]:
        if c.recv()[0] != WAIT:
            return False
    return True

def gencert(label, key="RSA SIZE(2048)", owner="CERTAUTH"):
    return f"RACDCERT {owner} GENCERT SUBJECTSDN(CN('{label}')) WITHLABEL('{label}') {key}"

def has(label, owner="CERTAUTH"):
    return run(ibm, f"RACDCERT {owner} LIST(LABEL('{label}'))")[0] == 0

angel = Angel()
ibm = person()
for text in ["ADDUSER ANN DFLTGRP(SYS1)", "ALTUSER ANN PASSWORD(ANNPW1) NOEXPIRED",
             "ADDUSER BOB DFLTGRP(SYS1)", "ALTUSER BOB PASSWORD(BOBPW1) NOEXPIRED",
             "SETROPTS CLASSACT(FACILITY)",
             "RDEFINE FACILITY IRR.DIGTCERT.* UACC(NONE)", "SETROPTS GENERIC(FACILITY)",
             "RDEFINE FACILITY IRR.DIGTCERT.GENCERT UACC(NONE)", "RDEFINE FACILITY IRR.DIGTCERT.ADD UACC(NONE)",
             "PERMIT IRR.DIGTCERT.GENCERT CLASS(FACILITY) ID(ANN BOB) ACCESS(READ)",
             "PERMIT IRR.DIGTCERT.ADD CLASS(FACILITY) ID(ANN BOB) ACCESS(READ)"]:
    rc, said, _ = run(ibm, text)
    if rc != 0 and "PASSWORD" not in text:
        print("#", text, rc, said)

# --- what wants no such key, while two are in the making
is_equal(run(ibm, gencert("Root"))[0], 0, "a 2048-bit key")
check(has("Root"), "is there")
halt()
a, b = person(), person()
first = a.send(COMMAND, s(gencert("Slow A", "RSA SIZE(4096)")))
second = b.send(COMMAND, s(gencert("Slow B", "DSA SIZE(2048)")))
later = a.send(COMMAND, s("LISTUSER IBMUSER"))
ann = person("ANN", "ANNPW1")
check(True, "meanwhile somebody logs on with a password")
is_equal(ann.call(CHECK, s("") + s("FACILITY") + s("IRR.DIGTCERT.GENCERT") + u8(2)).err, OK, "has an access check")
is_equal(run(ibm, gencert("Quick", "NISTECC"))[0], 0, "makes an elliptic curve key")
is_equal(run(ibm, gencert("Signed", "NISTECC SIGNWITH(CERTAUTH LABEL('Root'))", "SITE"))[0], 0, "and has it signed with the keeper's RSA key")
is_equal(run(ibm, "ADDGROUP MEANTIME SUPGROUP(SYS1)")[0], 0, "and changes the database, durable")
check(is_quiet(a) and is_quiet(b), "and those two still wait")
check(not has("Slow A"), "nothing of theirs is there")
go()
rc, said, _ = answer(a, first)
is_equal(rc, 0, "then the first has its certificate")
is_equal(answer(a, later)[0], 0, "and its next command, in order")
is_equal(answer(b, second)[0], 0, "and the second")
check(has("Slow A") and has("Slow B"), "both are there")
said = run(ibm, "RACDCERT CERTAUTH LIST(LABEL('Slow A'))")[1]
check("Key Size: 4096" in said and "Private Key: YES" in said, "with its key", said)
is_equal(run(ibm, "RACDCERT CERTAUTH REKEY(LABEL('Slow A')) WITHLABEL('Slow A2')")[0], 0, "REKEY makes one, too")
check("Key Size: 4096" in run(ibm, "RACDCERT CERTAUTH LIST(LABEL('Slow A2'))")[1], "of the same size")

# --- who waits hears that it goes on
halt()
n = a.send(COMMAND, s(gencert("Word")))
kind, seq, _, _ = a.recv()
is_equal((kind, seq), (WAIT, n), "who waits is told so")
go()
is_equal(answer(a, n)[0], 0, "and gets the answer")

# --- what is wrong is said at once
halt()
for text, words in [(gencert("Root"), "in use"), (gencert("X", "RSA SIZE(1)"), "SIZE"),
                    (gencert("X", "RSA NISTECC"), "one kind of key"),
                    (gencert("X", "RSA SIGNWITH(CERTAUTH LABEL('Nobody'))"), "IRRD107I"),
                    (gencert("X", "NOTBEFORE(DATE(2030-01-01)) NOTAFTER(DATE(2029-01-01))"), "NOTAFTER"),
                    (gencert("X", "ALTNAME(IP(1.2.3))"), "ALTNAME")]:
    rc, said, _ = run(ibm, text)
    check(rc in (4, 8) and words in said, "refused before a key is made: " + text, f"{rc} {said}")
rc, said, _ = run(ann, gencert("X", owner="ID(BOB)"))
check(rc == 8 and "IRRD101I" in said, "and who may not", f"{rc} {said}")

# --- what changed while the key was made
n = a.send(COMMAND, s(gencert("Taken")))
m = ann.send(COMMAND, s(gencert("Mine", owner="ID(ANN)")))
is_equal(run(ibm, gencert("Taken", "NISTECC"))[0], 0, "another one takes the label")
is_equal(run(ibm, "PERMIT IRR.DIGTCERT.GENCERT CLASS(FACILITY) ID(ANN) DELETE")[0], 0, "and an authority is taken away")
go()
rc, said, _ = answer(a, n)
check(rc == 8 and "Label Taken is already in use" in said, "the label is in use", f"{rc} {said}")
check("256" in run(ibm, "RACDCERT CERTAUTH LIST(LABEL('Taken'))")[1], "by the other one's certificate")
rc, said, _ = answer(ann, m)
check(rc == 8 and "IRRD101I" in said, "the authority is missing", f"{rc} {said}")
check(not has("Mine", "ID(ANN)"), "and nothing was made")
run(ibm, "PERMIT IRR.DIGTCERT.GENCERT CLASS(FACILITY) ID(ANN) ACCESS(READ)")

# --- quotas, and a user who asks for many is not before all others
halt()
many = [person("ANN", "ANNPW1") for _ in range(8)]
asked = [(c, c.send(COMMAND, s(gencert(f"M{i}", f"RSA SIZE({4096 if i in (2, 3) else 2048})", "ID(ANN)")))) for i, c in enumerate(many)]
last = person("ANN", "ANNPW1")
rc, said, _ = run(last, gencert("M9", owner="ID(ANN)"))
check(rc == 8 and "ANN waits for 8 keys, tokens or packages already" in said, "a user waits for eight keys, no more", f"{rc} {said}")
bob = person("BOB", "BOBPW1")
n = bob.send(COMMAND, s(gencert("B", "RSA SIZE(1024)", "ID(BOB)")))
check(run(ibm, "LISTUSER ANN")[0] == 0 and is_quiet(bob), "another user waits like them")
for c, _ in asked[4:]:
    c.sock.close()
check(run(ibm, "LISTUSER ANN")[0] == 0, "some clients go away")
go()
is_equal(answer(bob, n)[0], 0, "the other user gets his")
behind = [(c, n) for c, n in asked[:4] if is_quiet(c)]
check(behind, "before all of the first one's are made")
for c, n in behind:
    is_equal(answer(c, n)[0], 0, "who stayed gets hers")
check(all(has(f"M{i}", "ID(ANN)") for i in range(4)), "all who stayed have theirs")
check(not any(has(f"M{i}", "ID(ANN)") for i in range(4, 8)), "who left gets nothing")

# --- a certificate whose reader takes long: everybody else is served
def readers():
    front = below(angel.process.pid, "angel-front")[0]
    return [int(p) for p in open(f"/proc/{front}/task/{front}/children").read().split()]

def reader_halted(c, text):
    """The command's number and its reader, once that is stopped; 0: it was too fast."""
    known = readers()
    n = c.send(COMMAND, s(text))
    end = time.time() + 5
    while time.time() < end and not select.select([c.sock], [], [], 0)[0]:
        try:
            for p in readers():
                if p not in known:
                    os.kill(p, signal.SIGSTOP)
                    return n, p
        except (FileNotFoundError, ProcessLookupError):
            pass
    answer(c, n)
    return 0, 0

def halted(c, text):
    for _ in range(20):
        n, p = reader_halted(c, text)
        if n:
            return n, p
    return 0, 0

ds = os.environ["SALLYPORT_ROOT"] + "/datasets/IBMUSER.SLOW.P12"
subprocess.run(f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=slow -keyout {ds}.k -out {ds}.c 2>/dev/null && "
               f"openssl pkcs12 -export -inkey {ds}.k -in {ds}.c -passout pass:x -iter 300000 -out {ds} && chmod 644 {ds} && rm {ds}.k {ds}.c", shell=True, check=True)
n, p = halted(a, "RACDCERT CHECKCERT('IBMUSER.SLOW.P12') PASSWORD('x')")
check(n != 0, "the process that reads a certificate is stopped")
is_equal(run(b, "LISTUSER ANN")[0], 0, "everybody else is served")
rc, said, waits = answer(a, n)
check(waits > 0, "who waits is told that it goes on")
check(rc == 8 and "no answer" in said, "the certificate is refused at last", f"{rc} {said}")

# Packages that are slow to open: two are read at once, a third one waits.
add = "RACDCERT ID(ANN) ADD('IBMUSER.SLOW.P12') PASSWORD('x') WITHLABEL('slow')"
third = person()
n, p = halted(a, add)
m, q = halted(b, "RACDCERT CHECKCERT('IBMUSER.SLOW.P12') PASSWORD('x')")
check(n and m, "two readers are stopped")
o = third.send(COMMAND, s("RACDCERT CHECKCERT('IBMUSER.SLOW.P12') PASSWORD('x')"))
is_equal(ann.call(CHECK, s("") + s("FACILITY") + s("IRR.DIGTCERT.GENCERT") + u8(2)).err, OK, "an access check goes on")
check(person("BOB", "BOBPW1") is not None, "a logon")
is_equal(run(ibm, "RALTER FACILITY IRR.DIGTCERT.ADD UACC(READ)")[0], 0, "a command")
check(is_quiet(third) and len(readers()) == 2, "the third package waits for its turn")
for r in (p, q):
    os.kill(r, signal.SIGCONT)
rc, said, _ = answer(a, n)
check(rc in (0, 4) and has("slow", "ID(ANN)"), "then the first is added", f"{rc} {said}")
check("Private Key: YES" in run(ibm, "RACDCERT ID(ANN) LIST(LABEL('slow'))")[1], "with its key")
is_equal([answer(b, m)[0], answer(third, o)[0]], [0, 0], "and the others are read")
run(ibm, "RACDCERT ID(ANN) DELETE(LABEL('slow'))")

# What changed while it was read.
n, p = halted(ann, add.replace("ID(ANN) ", ""))
run(ibm, "RALTER FACILITY IRR.DIGTCERT.ADD UACC(NONE)")
run(ibm, "PERMIT IRR.DIGTCERT.ADD CLASS(FACILITY) ID(ANN) DELETE")
os.kill(p, signal.SIGCONT)
rc, said, _ = answer(ann, n)
check(rc == 8 and "IRRD101I" in said and not has("slow", "ID(ANN)"), "an authority that is gone by then", f"{rc} {said}")
run(ibm, "PERMIT IRR.DIGTCERT.ADD CLASS(FACILITY) ID(ANN) ACCESS(READ)")
c = person()
n, p = halted(c, add)
c.sock.close()
check(n and eventually(lambda: p not in readers()), "the reader of who went away is ended")
check(not has("slow", "ID(ANN)"), "and nothing was added")
n, p = halted(a, add)
os.kill(p, signal.SIGKILL)
rc, said, _ = answer(a, n)
check(rc in (0, 4) and has("slow", "ID(ANN)"), "a reader that is killed is begun once more", f"{rc} {said}")

# --- the keeper, or a process that makes keys, is killed meanwhile
for name, victim in [("the keeper", keeper), ("a maker", lambda: makers()[0])]:
    halt()
    n = a.send(COMMAND, s(gencert("Killed")))
    assert eventually(lambda: run(ibm, "LISTUSER ANN")[0] == 0)
    old = keeper()
    for p in [victim()] if name == "the keeper" else makers():
        os.kill(p, signal.SIGKILL)
    rc, said, _ = answer(a, n)
    check(rc == 8 and "the key keeper ended while the key was made; nothing was changed" in said, f"{name} is killed: said so", f"{rc} {said}")
    check(not has("Killed"), "nothing was made")
    check(eventually(lambda: keeper() != old and len(makers()) == 2), "they are back")
    is_equal(run(a, gencert("After " + name))[0], 0, "and make keys")

# --- the angel ends meanwhile
halt()
left = makers()
n = a.send(COMMAND, s(gencert("Ended")))
run(ibm, "LISTUSER ANN")
is_equal(angel.stop(), 0, "the angel ends while a key is made")
try:
    answer(a, n)
    check(False, "who waits is told nothing else")
except (EOFError, ConnectionResetError):
    check(True, "who waits loses its connection")
def is_gone(p):
    try:
        return open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()[0] in "ZX"
    except FileNotFoundError:
        return True
check(eventually(lambda: all(is_gone(p) for p in left)), "no process is left")
angel = Angel()
ibm = person()
check(not has("Ended") and has("Word"), "what was made is there, what was not is not")
angel.stop()
done()
PY
