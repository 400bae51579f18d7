# Why an access or a logon is recorded: AUDIT and GLOBALAUDIT of the profile,
# LOGOPTIONS of the class, UAUDIT of the user, OPERAUDIT, APPLAUDIT; each of
# them alone, several at once, and none.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
_finished=1 # the program below prints the plan
PYTHONPATH=$(dirname "$E2E_LIB") python3 - <<'PY'
import os, subprocess
from angel_wire import *

angel = Angel()
ibm = Client()
ibm.hello()

def racf(*commands):
    for c in commands:
        r = ibm.command(c)
        rc = r.u32() if r.err == OK else None
        check(r.err == OK and rc in (0, 4), c, r.lines)

def records():
    out = subprocess.run(["sallyport", "smf", "--event", "access"], capture_output=True, text=True)
    return out.stdout.splitlines()

def as_user(user):
    c = Client()
    is_equal(c.call(LOGON, s(user) + s("SECRET12") + s("") + s("")).err, OK, f"{user} logs on")
    return c

READ, UPDATE = 2, 3 # NONE 0, EXECUTE 1

def access(client, class_name, resource, level):
    """The reasons of the record it makes; None without one."""
    before = len(records())
    client.call(CHECK, s("") + s(class_name) + s(resource) + u8(level))
    new = records()[before:]
    if not new:
        return None
    words = [w for w in new[-1].split() if w.startswith("reason=")]
    return words[0][7:] if words else ""

racf("ADDUSER ANN DFLTGRP(SYS1)", "ALTUSER ANN PASSWORD(SECRET12) NOEXPIRED",
     "ADDUSER OPS DFLTGRP(SYS1) OPERATIONS", "ALTUSER OPS PASSWORD(SECRET12) NOEXPIRED",
     "ADDGROUP PAY OWNER(IBMUSER)", "ADDUSER GOPS DFLTGRP(PAY)", "ALTUSER GOPS PASSWORD(SECRET12) NOEXPIRED",
     "CONNECT GOPS GROUP(PAY) OPERATIONS", "ALTUSER IBMUSER AUDITOR", "SETROPTS CLASSACT(FACILITY)",
     "RDEFINE FACILITY QUIET UACC(READ) AUDIT(NONE)", "RDEFINE FACILITY NOISY UACC(READ) AUDIT(ALL(READ))",
     "RDEFINE FACILITY PLAIN UACC(READ)", "RDEFINE FACILITY WARN UACC(NONE) WARNING AUDIT(NONE)",
     "ADDSD 'PAY.DATA' UACC(NONE) AUDIT(NONE)")
ibm.sock.close()
ibm = Client()
ibm.hello() # AUDITOR from here on
ann, ops, gops = as_user("ANN"), as_user("OPS"), as_user("GOPS")

# --- the profile
is_equal(access(ann, "FACILITY", "QUIET", READ), None, "AUDIT(NONE), allowed: no record")
is_equal(access(ann, "FACILITY", "QUIET", UPDATE), None, "AUDIT(NONE), refused: none")
is_equal(access(ann, "FACILITY", "NOISY", READ), "AUDIT", "AUDIT(ALL(READ)), allowed")
is_equal(access(ann, "FACILITY", "NOISY", UPDATE), "AUDIT", "and refused")
is_equal(access(ann, "FACILITY", "PLAIN", READ), None, "the default, FAILURES(READ): allowed")
is_equal(access(ann, "FACILITY", "PLAIN", UPDATE), "AUDIT", "and refused")
is_equal(access(ann, "FACILITY", "WARN", READ), "AUDIT", "WARNING is recorded whatever AUDIT says")
racf("RALTER FACILITY QUIET GLOBALAUDIT(SUCCESS(READ))")
is_equal(access(ann, "FACILITY", "QUIET", READ), "GLOBALAUDIT", "GLOBALAUDIT(SUCCESS(READ)), allowed")
is_equal(access(ann, "FACILITY", "QUIET", UPDATE), None, "and refused: none")
racf("RALTER FACILITY NOISY GLOBALAUDIT(FAILURES(UPDATE))")
is_equal(access(ann, "FACILITY", "NOISY", UPDATE), "AUDIT,GLOBALAUDIT", "both")
racf("RALTER FACILITY QUIET GLOBALAUDIT(NONE)", "RALTER FACILITY NOISY GLOBALAUDIT(NONE)")

# --- the class
racf("SETROPTS LOGOPTIONS(SUCCESSES(FACILITY))")
is_equal(access(ann, "FACILITY", "QUIET", READ), "LOGOPTIONS", "LOGOPTIONS(SUCCESSES), allowed")
is_equal(access(ann, "FACILITY", "QUIET", UPDATE), None, "and refused: none")
racf("SETROPTS LOGOPTIONS(FAILURES(FACILITY))")
is_equal(access(ann, "FACILITY", "QUIET", READ), None, "LOGOPTIONS(FAILURES), allowed: none")
is_equal(access(ann, "FACILITY", "PLAIN", UPDATE), "AUDIT,LOGOPTIONS", "and refused, with the profile's own wish")
racf("SETROPTS LOGOPTIONS(ALWAYS(FACILITY))")
is_equal(access(ann, "FACILITY", "QUIET", READ), "LOGOPTIONS", "LOGOPTIONS(ALWAYS)")
racf("SETROPTS LOGOPTIONS(NEVER(FACILITY))")
is_equal(access(ann, "FACILITY", "NOISY", UPDATE), None, "LOGOPTIONS(NEVER) silences the profile")
is_equal(access(ann, "FACILITY", "WARN", READ), None, "and WARNING")
racf("SETROPTS LOGOPTIONS(DEFAULT(FACILITY))")
is_equal(access(ann, "FACILITY", "NOISY", READ), "AUDIT", "DEFAULT: the profile again")

# --- OPERATIONS
racf("SETROPTS NOOPERAUDIT")
is_equal(access(ops, "DATASET", "PAY.DATA", UPDATE), None, "OPERATIONS without OPERAUDIT: none")
racf("SETROPTS OPERAUDIT")
is_equal(access(ops, "DATASET", "PAY.DATA", UPDATE), "OPERAUDIT", "OPERAUDIT")
is_equal(access(gops, "DATASET", "PAY.DATA", UPDATE), "OPERAUDIT", "by the attribute in a group")
is_equal(access(ann, "DATASET", "PAY.DATA", UPDATE), None, "nobody else's refusal")
racf("ALTDSD 'PAY.DATA' AUDIT(SUCCESS(UPDATE))")
is_equal(access(gops, "DATASET", "PAY.DATA", UPDATE), "OPERAUDIT,AUDIT", "with the profile's own wish")
racf("SETROPTS NOOPERAUDIT")
is_equal(access(gops, "DATASET", "PAY.DATA", UPDATE), "AUDIT", "which stays without OPERAUDIT")
racf("PERMIT 'PAY.DATA' ID(OPS) ACCESS(UPDATE)", "SETROPTS OPERAUDIT", "ALTDSD 'PAY.DATA' AUDIT(NONE)")
is_equal(access(ops, "DATASET", "PAY.DATA", UPDATE), None, "allowed by the list: OPERATIONS decided nothing")

# --- the user
racf("ALTUSER ANN UAUDIT")
ann = as_user("ANN")
is_equal(access(ann, "FACILITY", "QUIET", READ), "UAUDIT", "UAUDIT")
is_equal(access(ann, "FACILITY", "NOISY", UPDATE), "UAUDIT,AUDIT", "with the profile's own wish")

# --- logons
def logon_reasons(applid):
    c = Client()
    c.call(LOGON, s("GOPS") + s("SECRET12") + s(applid) + s(""))
    out = subprocess.run(["sallyport", "smf", "--event", "jobinit", "--user", "GOPS"], capture_output=True, text=True).stdout.splitlines()
    return [w[7:] for line in out for w in line.split() if w.startswith("reason=")]

server = Client()
server.hello()
def verify(applid, password="SECRET12"):
    return server.call(VERIFY, s("GOPS") + s(password) + s(applid)).err

before = len(logon_reasons(""))
is_equal(verify("BBGZDFLT"), OK, "a logon to an application")
is_equal(len(logon_reasons("")), before, "is not recorded")
racf("SETROPTS APPLAUDIT")
is_equal(verify("BBGZDFLT"), OK, "APPLAUDIT")
is_equal(logon_reasons("")[before:], ["APPLAUDIT"], "recorded with this reason")
is_equal(verify(""), OK, "without an application")
is_equal(len(logon_reasons("")), before + 1, "no record")
is_equal(verify("BBGZDFLT", "WRONG"), DENIED, "a wrong password")
is_equal(logon_reasons("")[-1], "VERIFY", "is recorded as such")

angel.stop()
print(f"1..{__import__('angel_wire').count}")
raise SystemExit(__import__('angel_wire').failed != 0)
PY
