# Who is who: passwords, job tokens, STARTED, SURROGAT; hostile clients are
# disconnected and nobody else notices; killed processes come back.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
_finished=1 # the program below prints the plan
PYTHONPATH=$(dirname "$E2E_LIB") python3 - <<'PY'
import os, signal, subprocess, time
from angel_wire import *

root = os.environ["SALLYPORT_ROOT"]
angel = Angel()
ibm = Client()
r = ibm.hello()
is_equal(r.err, OK, "the owner of the image is recognised by uid")
check(b"IBMUSER" in r.str(), "as IBMUSER")
for c in ["ADDUSER USER1 NAME('WORKSHOP USER1') DFLTGRP(SYS1)",
          "ALTUSER USER1 PASSWORD(SECRET1) NOEXPIRED",
          "ADDUSER USER2 DFLTGRP(SYS1)", "ADDUSER LIBSERV DFLTGRP(SYS1)",
          "SETROPTS PASSWORD(REVOKE(3))",
          "SETROPTS CLASSACT(STARTED SURROGAT APPL SERVER FACILITY)",
          "SETROPTS GENERIC(STARTED SERVER)", "SETROPTS RACLIST(STARTED)",
          "RDEFINE STARTED BAQSTRT.* STDATA(USER(LIBSERV) GROUP(SYS1))",
          "RDEFINE STARTED BBGZANGL.* STDATA(USER(LIBSERV) GROUP(SYS1))",
          "SETROPTS RACLIST(STARTED) REFRESH",
          "RDEFINE APPL BBGZDFLT UACC(NONE)",
          "RDEFINE SURROGAT USER1.SUBMIT UACC(NONE)",
          "PERMIT USER1.SUBMIT CLASS(SURROGAT) ID(USER2) ACCESS(READ)"]:
    r = ibm.command(c)
    check(r.err == OK and r.u32() in (0, 4), c, r.lines)

# --- passwords
r = ibm.call(VERIFY, s("user1") + s("secret1") + s(""))
is_equal((r.err, r.triple()), (OK, (0, 0, 0)), "the right password")
r = ibm.call(VERIFY, s("USER1") + s("secret1\0") + s(""))
is_equal((r.err, r.triple()), (DENIED, (8, 8, 20)), "the password and a NUL")
for user in ("USER1", "LIBSERV", "USERX", "?", ""):
    is_equal(ibm.call(VERIFY, s(user) + s("") + s("")).err, DENIED, f"no password for {user}")
ibm.command("ALTUSER USER1 RESUME")
r = ibm.call(VERIFY, s("USER1") + s("WRONG") + s(""))
is_equal((r.err, r.triple()), (DENIED, (8, 8, 20)), "a wrong password: 8/8/20")
is_equal(r.messages, [
    "ICH408I USER(USER1   ) GROUP(SYS1    ) NAME(WORKSHOP USER1      )",
    "  LOGON/JOB INITIATION - INVALID PASSWORD",
    "IRR013I VERIFICATION FAILED. INVALID PASSWORD GIVEN."], "ICH408I, IRR013I")
r = ibm.call(VERIFY, s("USERX") + s("WRONG") + s(""))
is_equal((r.err, r.triple()), (DENIED, (8, 8, 16)), "unknown user: 8/8/16")
is_equal(r.messages, ["IRR012I VERIFICATION FAILED. USER PROFILE NOT FOUND."],
         "IRR012I alone")
r = ibm.call(VERIFY, s("USER1") + s("SECRET1") + s("BBGZDFLT"))
is_equal((r.err, r.triple()), (DENIED, (8, 8, 32)), "no READ to APPL: 8/8/32")
check(any("CL(APPL    )" in m for m in r.messages), "and ICH408I names it",
      r.messages)
r = ibm.call(VERIFY, s("LIBSERV") + s("X") + s(""))
is_equal(r.err, DENIED, "a PROTECTED user has no password")
for n in range(3):
    r = ibm.call(VERIFY, s("USER1") + s("WRONG") + s(""))
check(any("EXCESSIVE" in m for m in r.messages), "REVOKE(3): third failure",
      r.messages)
r = ibm.call(VERIFY, s("USER1") + s("SECRET1") + s(""))
is_equal(r.triple(), (8, 8, 28), "then revoked, even with the right password")
os.kill(angel.process.pid, 0)
ibm.command("ALTUSER USER1 RESUME")
r = ibm.call(VERIFY, s("USER1") + s("SECRET1") + s(""))
is_equal(r.err, OK, "RESUME")
log = open(root + "/log/syslogall.log").read()
check("IRR012I" in log and "ICH408I" in log, "the system log has them")
check("SECRET1" not in log and "WRONG" not in log, "and no password")

# --- jobs
master = angel.control
r = master.register("BAQSTRT", "STC00001", proc="BAQSTRT")
is_equal(r.err, OK, "a started task gets its user from STARTED")
token, acee = r.str(), r.str()
check(b"LIBSERV" in acee, "LIBSERV")
r = master.register("OTHER", "STC00002", proc="OTHER")
is_equal(r.err, DENIED, "no STARTED profile: refused")
check(any("IRR813I" in m for m in r.messages), "IRR813I", r.messages)
r = master.register("JOB1", "JOB00003", user="USER1", submitter="USER2")
is_equal(r.err, OK, "USER1.SUBMIT lets USER2 submit for USER1")
job_token = r.str()
r = master.register("JOB1", "JOB00004", user="USER2", submitter="USER1")
is_equal(r.err, DENIED, "no USER2.SUBMIT: refused")
is_equal(r.messages[1:], ["  SUBMITTER(USER1   )",
    "  LOGON/JOB INITIATION - SUBMITTER IS NOT AUTHORIZED BY USER"],
    "ICH408I names the submitter")
r = master.register("JOB1", "JOB00005", user="USER1", submitter="USER2",
                    password="SECRET1")
is_equal(r.err, OK, "a password on the JOB card")
r = master.register("JOB1", "JOB00006", user="USER1", submitter="IBMUSER",
                    password="WRONG")
is_equal(r.err, DENIED, "a wrong one")

stc = Client()
is_equal(stc.hello(token).err, OK, "HELLO with the token")
for i in (0, 10, len(token) // 2, len(token) - 1):
    bad = bytearray(token)
    bad[i] ^= 1
    is_equal(Client().hello(bytes(bad)).err, DENIED, f"token changed at {i}")
is_equal(Client().hello(token + b"x").err, DENIED, "token with one byte more")
is_equal(Client().hello(token[:-1]).err, DENIED, "and with one less")
r = ibm.call(VERIFY_TOKEN, s(token))
r.str()
is_equal((r.err, r.str()), (OK, b"BAQSTRT/STC00001"), "VERIFY_TOKEN names the job")
job = Client()
is_equal(job.hello(job_token).err, OK, "HELLO of an ordinary job")
is_equal(job.call(VERIFY_TOKEN, s(job_token)).err, OK, "it may verify its own token")
is_equal(job.call(VERIFY_TOKEN, s(token)).err, DENIED, "and nobody else's, for what it would get is an identity")
is_equal(ibm.call(VERIFY_TOKEN, s(job_token)).err, OK, "a token while its job runs")
is_equal(master.call(JOB_ENDED, s("JOB00003")).err, OK, "the job ends")
is_equal(ibm.call(VERIFY_TOKEN, s(job_token)).err, DENIED, "the token is worth nothing now")
is_equal(Client().hello(job_token).err, DENIED, "for HELLO as well")

# --- servers and angels
r = stc.call(REGISTER_SERVER, s("") + s(""))
is_equal((r.err, r.reason), (NOT_FOUND, 4), "no angel is up")
r = stc.call(VERIFY_CERT, s(b"x") + s(""))
is_equal(r.err, DENIED, "no SAFCRED: no identity from a certificate")
r = stc.call(ACEE_OF, s("USER1") + s("") + u8(5))
is_equal(r.err, DENIED, "and none by name")
r = master.register("BBGZANGL", "STC00007", proc="BBGZANGL")
other = Client()
other.hello(r.str())
is_equal(other.call(OPEN_ANGEL, s("")).err, OK, "S BBGZANGL")
is_equal(stc.call(REGISTER_SERVER, s("") + s("")).err, DENIED, "BBG.ANGEL: no profile, no")
for c in ["RDEFINE SERVER BBG.ANGEL UACC(READ)",
          "RDEFINE SERVER BBG.AUTHMOD.BBGZSAFM UACC(READ)",
          "RDEFINE SERVER BBG.AUTHMOD.BBGZSAFM.SAFCRED UACC(NONE)",
          "PERMIT BBG.AUTHMOD.BBGZSAFM.SAFCRED CLASS(SERVER) ID(LIBSERV)",
          "SETROPTS RACLIST(SERVER)"]:
    ibm.command(c)
r = stc.call(REGISTER_SERVER, s("") + s(""))
is_equal(r.err, OK, "registered")
n = r.u32()
groups = {}
for _ in range(n):
    name = r.str().decode()
    groups[name], r.rest = r.rest[0], r.rest[1:]
is_equal((groups["SAFCRED"], groups["ZOSWLM"]), (1, 0), "SAFCRED only")
is_equal(stc.call(ACEE_OF, s("USER1") + s("") + u8(5)).err, OK, "SAFCRED: acee of a user")
is_equal(stc.call(VERIFY_CERT, s(b"x") + s("")).triple(), (8, 8, 40), "unknown certificate: 8/8/40")
def listed(client, what):
    r = client.call(LIST_SERVERS, u8(what))
    return [(r.str(), r.u32(), r.u32() == os.getpid(), r.str()) for _ in range(r.u32())]
is_equal(listed(other, 0), [(b"BAQSTRT", 1, True, b"LIBSERV")], "DISPLAY,SERVERS")
is_equal(listed(other, 1), [(b"BBGZANGL", 7, True, b"")], "DISPLAY,ANGELS")
is_equal((listed(stc, 0), listed(stc, 1)), ([], []), "to an angel only")
other.sock.close()
check(eventually(lambda: stc.call(ACEE_OF, s("USER1") + s("") + u8(5)).err == DENIED),
      "the angel ends: authorized services are off")

# --- acting for somebody by SURROGAT
PLAIN = s("USER1") + s("") + u8(5)
for c in ["RDEFINE SURROGAT BPX.SRV.USER1 UACC(NONE)", "SETROPTS CLASSACT(SURROGAT FACILITY)"]:
    ibm.command(c)
is_equal(stc.call(ACEE_OF, PLAIN).err, DENIED, "BPX.SRV.USER1 without an entry")
ibm.command("PERMIT BPX.SRV.USER1 CLASS(SURROGAT) ID(LIBSERV) ACCESS(READ)")
is_equal(stc.call(ACEE_OF, PLAIN).err, OK, "READ to BPX.SRV.USER1: its identity, where BPX.SERVER is not protected")
is_equal(stc.call(ACEE_OF, s("IBMUSER") + s("") + u8(5)).err, DENIED, "nobody else's")
ibm.command("RDEFINE FACILITY BPX.SERVER UACC(NONE) AUDIT(ALL)")
r = stc.call(ACEE_OF, PLAIN)
is_equal(r.err, DENIED, "BPX.SERVER is protected: no server, no identity of clients")
check(any("ICH408I" in m for m in r.messages) and any("BPX.SERVER CL(FACILITY)" in m for m in r.messages), "ICH408I says so", r.messages)
ibm.command("PERMIT BPX.SERVER CLASS(FACILITY) ID(LIBSERV) ACCESS(READ)")
is_equal(stc.call(ACEE_OF, PLAIN).err, DENIED, "READ is not enough")
ibm.command("PERMIT BPX.SERVER CLASS(FACILITY) ID(LIBSERV) ACCESS(UPDATE)")
is_equal(stc.call(ACEE_OF, PLAIN).err, OK, "UPDATE is")
ibm.command("PERMIT BPX.SRV.USER1 CLASS(SURROGAT) ID(LIBSERV) DELETE")
is_equal(stc.call(ACEE_OF, PLAIN).err, DENIED, "and UPDATE to BPX.SERVER without BPX.SRV.USER1 is not")
ibm.command("RDELETE FACILITY BPX.SERVER")
ibm.command("RDEFINE SURROGAT USER1.DFHINSTL UACC(NONE)")
ibm.command("PERMIT USER1.DFHINSTL CLASS(SURROGAT) ID(LIBSERV) ACCESS(READ)")
is_equal(stc.call(ACEE_OF, PLAIN).err, OK, "USER1.DFHINSTL, which regions ask for")
ibm.command("RDELETE SURROGAT USER1.DFHINSTL")
is_equal(stc.call(ACEE_OF, PLAIN).err, DENIED, "and without")

# --- hostile clients
refuses(Client(), COMMAND, s("LISTUSER"), "a request before HELLO")
refuses(Client(), REGISTER_JOB, s("A") * 7, "REGISTER_JOB from a client")
refuses(Client(), 999, b"", "an unknown request")
refuses(Client(), HELLO, u32(1), "HELLO cut short")
refuses(Client(), HELLO, u32(1) + s("") + b"x", "HELLO with one byte too many")
c = Client(); c.hello()
refuses(c, CHECK, s("") + s("FACILITY") + s("A") + u8(9), "a level that is none")
c = Client(); c.hello()
refuses(c, VERIFY, u32(0xffffffff) + b"A", "a length beyond the message")
c = Client(); c.hello()
r = c.call(CHECK, s(acee[:-1] + bytes([acee[-1] ^ 1])) + s("FACILITY") + s("X") + u8(2))
is_equal(r.err, DENIED, "an acee with a changed seal")
c.sock.setblocking(False)
for _ in range(300):
    try: # one client's logons wait for each other; so does what it sends
        c.send(VERIFY, s("USER2") + s("X") + s(""))
    except BlockingIOError:
        break
is_equal(ibm.command("LISTUSER USER2").err, OK, "somebody's flood of logons does not stop commands")
c.sock.close()

# --- kill -9
for pid in angel.child_of("any"):
    os.kill(pid, signal.SIGKILL)
    def works():
        c = Client()
        return c.hello().err == OK and c.call(
            VERIFY, s("USER1") + s("SECRET1") + s("")).err == OK
    check(eventually(works), f"kill -9 of a process: service is back")
is_equal(Client().hello(token).err, OK, "the job's token survives a new front")
os.kill(angel.process.pid, signal.SIGKILL)
angel.process.wait()
time.sleep(0.2)
angel = Angel()
ibm = Client()
ibm.hello()
is_equal(ibm.call(VERIFY, s("USER1") + s("SECRET1") + s("")).err, OK,
         "kill -9 of all and start: stale socket replaced, data kept")
is_equal(Client().hello(token).err, DENIED, "tokens of the old IPL are worthless")

# --- job ends
r = angel.control.register("SLEEP", "JOB00010", user="USER1", submitter="USER2",
                           fds=())
token = r.str()
angel.control.call(JOB_ENDED, s("JOB00010"))
is_equal(Client().hello(token).err, DENIED, "a job ended: its token is worthless")
child = subprocess.Popen(["sleep", "100"])
fd = os.pidfd_open(child.pid)
token = angel.control.register("SLEEP", "JOB00011", user="USER1",
                               submitter="USER2", fds=[fd]).str()
is_equal(Client().hello(token).err, OK, "a job with its process")
child.kill(); child.wait()
check(eventually(lambda: Client().hello(token).err == DENIED),
      "its process ends: so does the token")
is_equal(angel.stop(), 0, "the master ends, so does the angel")
done()
PY
status=$?
exit $status
