# Whom a task runs as, with the real security database: sealed identities,
# passwords, the link's ceiling, the attach check of the mirror.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "$(dirname "$E2E_LIB")/region.sh"
TEST_PROGRAMS=
region_files
sed -i 's/^SEC=NO/SEC=YES/' "$REGION_DIR/sit"
cat >"$REGION_DIR/links.csd" <<'EOF'
DEFINE IPCONN(LOCAL) GROUP(T) APPLID(LOCAL) NETWORKID(N) USERAUTH(LOCAL)
DEFINE IPCONN(DFLT) GROUP(T) APPLID(DFLT) NETWORKID(N) USERAUTH(DEFAULTUSER)
DEFINE IPCONN(VERIFY) GROUP(T) APPLID(VERIFY) NETWORKID(N) USERAUTH(VERIFY)
DEFINE IPCONN(LINKED) GROUP(T) APPLID(LINKED) NETWORKID(N) USERAUTH(LOCAL)
       SECURITYNAME(LINKUSER)
DEFINE IPCONN(CEILING) GROUP(T) APPLID(CEILING) NETWORKID(N)
       USERAUTH(IDENTIFY) SECURITYNAME(LINKUSER)
DEFINE IPCONN(LOW) GROUP(T) APPLID(LOW) NETWORKID(N)
       USERAUTH(IDENTIFY) SECURITYNAME(USER2)
DEFINE IPCONN(LOST) GROUP(T) APPLID(LOST) NETWORKID(N)
       USERAUTH(IDENTIFY) SECURITYNAME(NOBODY)
EOF
"$SAMPLES/cobol/build.sh" "$REGION_LIB" "$SAMPLES/cobol/CSCVINC.cbl" >/dev/null 2>&1

# The angel, its users, and sealed identities in files.
cat >"$SCRATCH/angel.py" <<'PY'
import os, sys, time
from angel_wire import *
scratch = sys.argv[1]
angel = Angel()
c = Client(); c.hello()
for command in ["ADDUSER USER1 DFLTGRP(SYS1)", "ALTUSER USER1 PASSWORD(SECRET1) NOEXPIRED",
          "ADDUSER USER2 DFLTGRP(SYS1)", "ALTUSER USER2 PASSWORD(SECRET2) NOEXPIRED",
          "ADDUSER CICSUSER DFLTGRP(SYS1)", "ADDUSER LINKUSER DFLTGRP(SYS1)",
          "SETROPTS CLASSACT(TCICSTRN SURROGAT)",
          "RDEFINE TCICSTRN CSMI UACC(NONE)",
          "PERMIT CSMI CLASS(TCICSTRN) ID(USER1 CICSUSER LINKUSER) ACCESS(READ)",
          "SETROPTS RACLIST(TCICSTRN)",
          # The region's user may use its default and link users.
          "RDEFINE SURROGAT CICSUSER.DFHINSTL UACC(NONE)",
          "PERMIT CICSUSER.DFHINSTL CLASS(SURROGAT) ID(IBMUSER) ACCESS(READ)",
          "RDEFINE SURROGAT LINKUSER.DFHINSTL UACC(NONE)",
          "PERMIT LINKUSER.DFHINSTL CLASS(SURROGAT) ID(IBMUSER) ACCESS(READ)",
          "RDEFINE SURROGAT USER2.DFHINSTL UACC(NONE)",
          "PERMIT USER2.DFHINSTL CLASS(SURROGAT) ID(IBMUSER) ACCESS(READ)"]:
    r = c.command(command)
    if r.err != OK or r.u32() > 4:
        print(command, r.lines, r.why)
for user, password in (("USER1", "SECRET1"), ("USER2", "SECRET2")):
    r = c.call(VERIFY, s(user) + s(password) + s(""))
    wire = r.str()
    open(f"{scratch}/{user}.acee", "wb").write(wire)
    broken = bytearray(wire); broken[len(broken) // 2] ^= 1
    open(f"{scratch}/{user}.forged", "wb").write(bytes(broken))
open(f"{scratch}/ready", "w").close()
while os.path.exists(f"{scratch}/ready"):
    time.sleep(0.05)
angel.stop()
PY
PYTHONPATH=$(dirname "$E2E_LIB") background python3 "$SCRATCH/angel.py" "$SCRATCH"
at_exit 'rm -f "$SCRATCH/ready"'
wait_for 20 test -e "$SCRATCH/ready"; ok $? "the security database is up"
region_start; ok $? "the region takes work"
call() { region_call "data=S        Y111111" "$@"; }
at() { call applid="$1" network=N "${@:2}"; }

R=$(call acee="$SCRATCH/USER1.acee")
like "$R" '^OK - - USER1 .*USER1   Y111111C\. BAKER' "IDENTIFY: the task runs as the sealed user"
like "$(call)" '^SECURITY - NO_USER ' "IDENTIFY: nobody"
like "$(call user=USER1)" '^SECURITY - UNKNOWN_USER ' "IDENTIFY: a bare name proves nothing"
like "$(call user=USER1 password=SECRET1)" '^SECURITY - PASSWORD_NOT_ALLOWED ' "IDENTIFY: a password is refused"
like "$(call acee="$SCRATCH/USER1.forged")" '^SECURITY - UNKNOWN_USER ' "IDENTIFY: a changed identity"
like "$(call acee="$SCRATCH/USER2.acee")" '^SECURITY - TRAN_NOT_AUTHORISED ' "no READ to CSMI"
wait_for 5 grep -q DFHXS1111 "$REGION_LOG"
like "$(cat "$REGION_LOG")" 'DFHXS1111 TESTREG Security violation: user USER2 may not attach transaction CSMI \(class TCICSTRN\)' "the region's log names it"
wait_for 5 grep -q 'ICH408I USER(USER2' "$SALLYPORT_ROOT/log/syslogall.log"; ok $? "so does the system's: ICH408I"

like "$(at VERIFY user=USER1 password=SECRET1)" '^OK - - USER1 ' "VERIFY: the right password"
like "$(at VERIFY user=USER1 password=WRONG)" '^SECURITY - BAD_PASSWORD ' "VERIFY: a wrong one"
like "$(at VERIFY user=USERX password=WRONG)" '^SECURITY - UNKNOWN_USER ' "VERIFY: nobody of that name"
like "$(at VERIFY acee="$SCRATCH/USER1.acee")" '^SECURITY - PASSWORD_REQUIRED ' "VERIFY: without a password"
like "$(at LOCAL acee="$SCRATCH/USER2.acee")" '^OK - - CICSUSER ' "LOCAL: the default user, whoever asks"
like "$(at DFLT acee="$SCRATCH/USER2.acee")" '^OK - - CICSUSER ' "DEFAULTUSER likewise"
like "$(at LINKED)" '^OK - - LINKUSER ' "LOCAL with SECURITYNAME: the link user"
like "$(at CEILING acee="$SCRATCH/USER1.acee")" '^OK - - USER1 ' "IDENTIFY under a link user who may"
like "$(at LOW acee="$SCRATCH/USER1.acee")" '^SECURITY - TRAN_NOT_AUTHORISED ' "and under one who may not"
like "$(at LOST acee="$SCRATCH/USER1.acee")" '^OK - - USER1 ' "an unusable link user: default authority"
wait_for 5 grep -q DFHIS2041 "$REGION_LOG"; ok $? "and the log says so"
done_testing
