# A person at the prompt: completion of commands, operands, classes, profiles;
# history without secrets; HELP; explain from the shell.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
background sallyport-angel
wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock" || exit 1
export XDG_STATE_HOME=$SCRATCH/state TERM=xterm
racf() { sallyport-racf "$@" 2>&1; }

# type.py: what to type, and for each what must be seen before the next.
cat >"$SCRATCH/type.py" <<'P'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("sallyport-racf", ["sallyport-racf"])
seen = ""
def until(text):
    global seen
    end = time.time() + 20
    while text not in seen:
        if time.time() > end or not select.select([fd], [], [], end - time.time())[0]:
            print("not seen: %r in %r" % (text, seen))
            sys.exit(1)
        try:
            seen += os.read(fd, 4096).decode(errors="replace")
        except OSError:
            seen += "<end>"
            if text not in seen:
                print("ended before %r in %r" % (text, seen[-500:]))
                sys.exit(1)
    seen = seen[seen.index(text) + len(text):]
until("RACF> ")
for line in sys.stdin:
    keys, want = line.rstrip("\n").split("|")
    os.write(fd, keys.encode().decode("unicode_escape").encode())
    until(want)
print("all seen")
P
mkdir -p "$SALLYPORT_ROOT/datasets"
echo "LISTGRP SYS1" >"$SALLYPORT_ROOT/datasets/IBMUSER.CMDS"
OUT=$(python3 "$SCRATCH/type.py" <<'K'
setr classact(faci\t|LITY
)\r|ICH14063I
rdefine facility bpx.server\r|RACF> 
rlist facility bp\t|X.SERVER
\r|BPX.SERVER
addu\t|SER
x omvs(ui\t|(
\x15rdef facility x uacc(\t|CONTROL
\x15lu +\r|    > 
ibm\t|USER
\r|USER=IBMUSER
adduser fred password(secret)\r|RACF> 
altuser fred pasword(secret2)\r|RACF> 
altuser fred password secret3\r|RACF> 
setr rvar(sw(secret4))\r|RACF> 
rdef ldapbind a proxy(bindp(secret5))\r|RACF> 
secret6\r|NOT FOUND
listgrp sys1\rlistgrp sys1\rlistuser ib|SUPERIOR GROUP
|SUPERIOR GROUP
|RACF> 
m\t|USER
\r|USER=IBMUSER
|RACF> 
listgrp sys1\r|SUPERIOR GROUP
|RACF> 
listuser\x03|^C
rlist +\r|    > 
facility\x03|RACF> 
help deluser\r|DELUSER USERID ...
lu toolongid\r|IKJ56703A REENTER THIS OPERAND -
also2long\r|IKJ56703A REENTER THIS OPERAND -
ibmuser\r|USER=IBMUSER
rdef facility a.b uacc(all)\r|IKJ56703A REENTER THIS OPERAND -
\r|RACF> 
rlist facility a.b\r|ICH13003I A.B NOT FOUND
adduser joe password(secret78910)\r|IKJ56702I INVALID PASSWORD
time\r|IKJ56650I TIME-
exec ibmuser.cmds\r|IN FULL AND IN QUOTES
exec 'ibmuser.cmds'\r|INFORMATION FOR GROUP SYS1
end\r|<end>
K
)
is "$OUT" "all seen" "completion at the prompt"
HISTORY=$(cat "$XDG_STATE_HOME/sallyport/racf-history")
like "$HISTORY" "bpx.server" "the history is kept"
unlike "$HISTORY" "secret" "without passwords, however they were written"
like "$HISTORY" "listgrp.040sys1" "Control-C drops a line, not the history"
unlike "$HISTORY" "^(listuser|rlist.*facility)$" "and what it dropped is not there"
is "$(stat -c %a "$XDG_STATE_HOME/sallyport/racf-history")" 600 "for its owner"

# explain
racf "SETROPTS RACLIST(FACILITY)" >/dev/null
racf "PERMIT BPX.SERVER CLASS(FACILITY) ID(FRED) ACCESS(UPDATE)" >/dev/null
runs "explain" 0 sallyport-racf explain fred facility bpx.server update
like "$OUT" "Now \\(RACLISTed\\): refused \\(8/8/0\\)" "explain: now"
like "$OUT" "After SETROPTS RACLIST\\(FACILITY\\) REFRESH: allowed" "explain: after a REFRESH"
like "$OUT" "Decided by: the line of user FRED" "explain: the line"
runs "explain an unknown user" 8 sallyport-racf explain nobody facility bpx.server
runs "explain an unknown class" 8 sallyport-racf explain fred nonesuch bpx.server
runs "explain too little" 8 sallyport-racf explain fred
OUT=$(racf --json explain fred facility bpx.server)
if python3 -c 'import json,sys; d=json.loads(sys.argv[1]); assert d["rc"] == 0 and "refused" in d["lines"][1]' "$OUT"; then pass "explain --json"; else fail "explain --json"; note "$OUT"; fi

# Data sets: what SEARCH writes, what a profile keeps from others
racf "SETROPTS GENERIC(DATASET)" >/dev/null
runs "SEARCH CLIST" 0 sallyport-racf "SEARCH CLASS(FACILITY) CLIST('RLIST FACILITY ' ' ALL') NOLIST"
is "$(cat "$SALLYPORT_ROOT/datasets/IBMUSER.EXEC.RACF.CLIST")" "RLIST FACILITY BPX.SERVER ALL" "the deck it made"
runs "and it runs" 0 sallyport-racf --file "$SALLYPORT_ROOT/datasets/IBMUSER.EXEC.RACF.CLIST"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=x -days 9 >"$SALLYPORT_ROOT/datasets/SYS1.CERT" 2>/dev/null
racf "ALTUSER FRED PASSWORD(SECRET1) NOEXPIRED" >/dev/null

# The password is the first line and nothing more.
OUT=$(printf 'SECRET1\nLISTUSER\nLISTUSER FRED\n' | sallyport-racf -u FRED 2>&1)
is "$(grep -c USER=FRED <<<"$OUT")" 2 "commands behind the password, from a pipe"
printf 'SECRET1\r\nLISTUSER\n' >"$SCRATCH/deck"
OUT=$(sallyport-racf -u FRED 2>&1 <"$SCRATCH/deck")
is "$(grep -c USER=FRED <<<"$OUT")" 1 "and from a file"
unlike "$OUT" "SECRET1|NOT FOUND" "where the password is no command"
OUT=$(printf 'SECRET1\nLISTUSER\n' | sallyport-racf -u FRED -f - 2>&1)
like "$OUT" "USER=FRED" "and with --file -"
OUT=$({ head -c 300 /dev/zero | tr '\0' x; printf '\nLISTUSER\n'; } | sallyport-racf -u FRED 2>&1); STATUS=$?
is "$STATUS" 12 "a line too long for a password"
unlike "$OUT" "USER=|xxx" "is not taken for commands"
OUT=$(printf '' | sallyport-racf -u FRED 2>&1)
like "$OUT" "no password was given" "no password at all"
OUT=$(printf 'SECRET1\nALTUSER FRED PASSWORD(SECRET9)\n' | sallyport-racf -u FRED -e 2>&1)
like "$OUT" "ALTUSER FRED PASSWORD\(\*\)" "--echo shows commands"
unlike "$OUT" "SECRET9" "without their secrets"
{ echo "LISTGRP SYS1 NORACF OMVS"; printf "ALTUSER IBMUSER DATA('%040000d')\n" 7; echo "ADDGROUP AFTER"; } >"$SCRATCH/deck"
runs "a command that is too long" 8 sallyport-racf -f "$SCRATCH/deck"
like "$OUT" "deck:2: the command is longer than 32768 bytes; it was not run" "is named"
like "$OUT" "NO OMVS INFORMATION" "what stands before it runs"
like "$(racf 'LISTGRP AFTER')" "INFORMATION FOR GROUP AFTER" "and what stands behind it"
racf "RDEFINE FACILITY IRR.DIGTCERT.LIST UACC(READ)" >/dev/null
racf "SETROPTS CLASSACT(FACILITY) RACLIST(FACILITY) REFRESH" >/dev/null
as_fred() { printf 'SECRET1\n' | sallyport-racf --user FRED "$@" 2>&1; }
like "$(as_fred "RACDCERT CHECKCERT('SYS1.CERT')")" ">CN=x<" "a data set that nobody protects is read"
racf "ADDSD 'SYS1.**' UACC(NONE)" >/dev/null
like "$(as_fred "RACDCERT CHECKCERT('SYS1.CERT')")" "you may not read data set 'SYS1.CERT'" "a protected one is not"
racf "PERMIT 'SYS1.**' ID(FRED) ACCESS(READ)" >/dev/null
like "$(as_fred "RACDCERT CHECKCERT('SYS1.CERT')")" ">CN=x<" "PERMIT lets in"
like "$(as_fred "EXPLAIN FRED DATASET SYS1.CERT")" "Decided by: the line of user FRED" "and EXPLAIN says why"
done_testing
