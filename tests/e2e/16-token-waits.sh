# A token that takes its time holds nobody but whoever asked it for something:
# the process of its module is stopped, so that no answer depends on its speed.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
MODULE=$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so 2>/dev/null | head -1)
[ -n "$MODULE" ] && command -v softhsm2-util >/dev/null || skip_all "softhsm2 is not installed"
mkdir -p "$SCRATCH/tokens" "$SALLYPORT_ROOT/etc" "$SALLYPORT_ROOT/datasets"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$SCRATCH/tokens" >"$SCRATCH/softhsm2.conf"
SOFTHSM2_CONF=$SCRATCH/softhsm2.conf softhsm2-util --init-token --free --label SPTTEST --so-pin 87654321 --pin 12345678 >/dev/null || exit 1
[ "$(id -u)" -ne 0 ] || chown -R 60005 "$SCRATCH/tokens" "$SCRATCH/softhsm2.conf"
umask 077; echo 12345678 >"$SCRATCH/pin"; umask 022
printf '%s\n' "token.module=$MODULE" token.label=SPTTEST "token.pin=$SCRATCH/pin" "token.env=SOFTHSM2_CONF=$SCRATCH/softhsm2.conf" >"$SALLYPORT_ROOT/etc/angel.conf"
_finished=1 # the program below prints the plan
PYTHONPATH=$(dirname "$E2E_LIB") python3 - <<'PY'
import select, signal
from angel_wire import *

def keeper(): return below(angel.process.pid, "angel-keeper")[0]
def module(): return below(keeper(), "angel-token")[0]
def halt(): os.kill(module(), signal.SIGSTOP)
def go(): os.kill(module(), signal.SIGCONT)

def is_quiet(c):
    while select.select([c.sock], [], [], 0)[0]:
        if c.recv()[0] != WAIT:
            return False
    return True

def gencert(label, key, more="", owner="ID(IBMUSER)"):
    return f"RACDCERT {owner} GENCERT SUBJECTSDN(CN('{label}')) WITHLABEL('{label}') {key} {more}"

def has(label, owner="ID(IBMUSER)"): return run(ibm, f"RACDCERT {owner} LIST(LABEL('{label}'))")[0] == 0

angel = Angel()
ibm = person()
for text in ["ADDUSER ANN DFLTGRP(SYS1)", "ALTUSER ANN PASSWORD(ANNPW1) NOEXPIRED", "SETROPTS CLASSACT(FACILITY)",
             "RDEFINE FACILITY IRR.DIGTCERT.GENCERT UACC(READ)", "RDEFINE FACILITY IRR.DIGTCERT.ADD UACC(READ)",
             gencert("Soft", "NISTECC", owner="CERTAUTH"), gencert("Hard", "NISTECC(PKDS(SPT.CA))", owner="CERTAUTH"),
             gencert("package", "NISTECC"), "RACDCERT EXPORT(LABEL('package')) DSN('IBMUSER.P12') FORMAT(PKCS12DER) PASSWORD('x')",
             "RACDCERT DELETE(LABEL('package'))"]:
    rc, said, _ = run(ibm, text)
    if rc != 0 and "PASSWORD" not in text:
        print("#", text, rc, said)
check(has("Hard", "CERTAUTH"), "a key that the token made, and signed with")

# --- whatever the token has part in, while it does not answer
halt()
asked = []
for name, text in [("a key it makes (EC)", gencert("T1", "NISTECC(PKDS(SPT.T1))")),
                   ("an RSA key it makes", gencert("T2", "RSA(PKDS(SPT.T2))")),
                   ("a signature of its key", gencert("T3", "NISTECC", "SIGNWITH(CERTAUTH LABEL('Hard'))")),
                   ("a request signed with its key", "RACDCERT CERTAUTH GENREQ(LABEL('Hard')) DSN('IBMUSER.REQ')"),
                   ("a key it takes", "RACDCERT ADD('IBMUSER.P12') PASSWORD('x') PKDS(SPT.TAKEN) WITHLABEL('T5')"),
                   ("a key it is looked for", gencert("T6", "FROMICSF(SPT.CA)"))]:
    c = person()
    asked.append((name, c, c.send(COMMAND, s(text))))
is_equal(run(ibm, "LISTUSER ANN")[0], 0, "a command")
ann = person("ANN", "ANNPW1")
check(True, "a logon with a password")
is_equal(ann.call(CHECK, s("") + s("FACILITY") + s("IRR.DIGTCERT.ADD") + u8(2)).err, OK, "an access check")
is_equal(run(ibm, gencert("Here", "NISTECC", "SIGNWITH(CERTAUTH LABEL('Soft'))"))[0], 0, "a key of the keeper's, signed by another one")
is_equal(run(ibm, gencert("Rsa", "RSA", "SIGNWITH(CERTAUTH LABEL('Soft'))"))[0], 0, "an RSA key")
is_equal(run(ibm, "ADDGROUP MEANTIME SUPGROUP(SYS1)")[0], 0, "a change of the database, durable")
check(all(is_quiet(c) for _, c, _ in asked), "and those still wait")
check(not any(has(f"T{i}") for i in range(1, 7)), "nothing of theirs is there")
kind, seq, _, _ = asked[0][1].recv()
is_equal((kind, seq), (WAIT, asked[0][2]), "who waits is told so")
go()
for name, c, n in asked:
    rc, said, _ = answer(c, n)
    check(rc in (0, 4), "then: " + name, f"{rc} {said}")
check(all(has(f"T{i}") for i in (1, 2, 3, 5, 6)), "all are there")
said = run(ibm, "RACDCERT LIST(LABEL('T5'))")[1]
check("SPT.TAKEN" in said, "the taken key is in the token", said)

# --- what nobody came back for is not left in the token
halt()
gone, taken = person(), person()
gone.send(COMMAND, s(gencert("Gone", "NISTECC(PKDS(SPT.GONE))")))
n = taken.send(COMMAND, s(gencert("Taken", "NISTECC(PKDS(SPT.LOST))")))
is_equal(run(ibm, gencert("Taken", "NISTECC"))[0], 0, "another one takes the label")
check(is_quiet(taken), "who asked first still waits")
gone.sock.close()
is_equal(run(ibm, "LISTUSER ANN")[0], 0, "a client goes away")
def ticks():
    fields = open(f"/proc/{below(angel.process.pid, 'angel-front')[0]}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
before = ticks()
time.sleep(1)
check(ticks() - before < 50, "which does not keep the front busy", ticks() - before)
go()
rc, said, _ = answer(taken, n)
check(rc == 8 and "Label Taken is already in use" in said, "the label is in use", f"{rc} {said}")
check(not has("Gone"), "who left gets nothing")
for label in ("SPT.GONE", "SPT.LOST"):
    check(eventually(lambda: run(ibm, gencert(label, f"NISTECC(PKDS({label}))"))[0] == 0), f"{label} is free for another key")

# --- refusals of the token arrive
rc, said, _ = run(ibm, gencert("Twice", "NISTECC(PKDS(SPT.CA))"))
check(rc == 8 and "key label SPT.CA is in use" in said, "a label in use", f"{rc} {said}")
rc, said, _ = run(ibm, gencert("None", "FROMICSF(SPT.NONE)"))
check(rc == 8 and "IRRD192I" in said, "a key that is not there", f"{rc} {said}")

# --- the module dies meanwhile
halt()
c = person()
n = c.send(COMMAND, s(gencert("Dies", "NISTECC(PKDS(SPT.DIES))")))
is_equal(run(ibm, "LISTUSER ANN")[0], 0, "somebody else is served")
old = keeper()
os.kill(module(), signal.SIGKILL)
rc, said, _ = answer(c, n)
check(rc == 8 and ("the key keeper ended while the token was asked; nothing was changed here" in said), "the module is killed: said so", f"{rc} {said}")
def is_back():
    new = below(angel.process.pid, "angel-keeper")
    return new and new[0] != old and below(new[0], "angel-token")
check(eventually(is_back, 30), "it is back")
check(not has("Dies"), "nothing was made")
is_equal(run(ibm, gencert("Lives", "NISTECC(PKDS(SPT.LIVES))"))[0], 0, "and makes keys")
is_equal(angel.stop(), 0, "the end")
done()
PY
