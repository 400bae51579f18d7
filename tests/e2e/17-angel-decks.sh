# A deck while the database's front is killed: which commands may or may not have
# been carried out is said with their lines, what was not sent waits for the
# next front, and nobody becomes somebody else. The processes that make keys are
# stopped, so that the deck is at its first command as long as we like.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
background sallyport-angel
ANGEL=$PID
wait_for 10 sallyport-racf LISTUSER || exit 1
child() { ps -o pid=,comm= --ppid "$1" | awk -v n="angel-$2" '$2 == n {print $1}'; }
racf() { sallyport-racf "$@" 2>&1; }
has_makers() { [ "$(child "$(child "$ANGEL" keeper)" maker | wc -l)" -eq 2 ]; }
halt() { wait_for 10 has_makers; kill -STOP $(child "$(child "$ANGEL" keeper)" maker); }
# with_tty NAME COMMAND: until it says that its first command takes long.
with_tty() { : >"$SCRATCH/$1.tty"; script -qfec "$2" "$SCRATCH/$1.tty" >/dev/null 2>&1 </dev/null & RACF=$!; wait_for 30 grep -q SPT0390I "$SCRATCH/$1.tty"; }
kill_front() { kill -9 "$(child "$ANGEL" front)"; }
racf "ADDUSER BOSS DFLTGRP(SYS1) SPECIAL" >/dev/null
racf "ALTUSER BOSS PASSWORD(BOSSPW) NOEXPIRED" >/dev/null
deck() { # PREFIX: a command that waits, then more than are sent ahead
    echo "RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('$1')) WITHLABEL('$1') RSA"
    for i in $(seq -w 60); do echo "ADDUSER $1$i DFLTGRP(SYS1)"; done
}
there() { racf "SEARCH CLASS(USER) MASK($1)" | grep -c "$1"; }

halt
deck A >"$SCRATCH/A"
with_tty A "sallyport-racf --json --file $SCRATCH/A >$SCRATCH/A.out"
ok $? "a deck waits for its first command, a person is told that it takes long"
kill_front
wait "$RACF"
unknown=$(jq -r 'select((.error // "") | test("whether it carried the command out is not known")) | .line' "$SCRATCH/A.out")
n_unknown=$(wc -l <<<"$unknown")
is "$(head -1 <<<"$unknown")" 1 "the command that was waited for: its fate is not known"
like "$n_unknown" "^([1-9]|[12][0-9]|3[0-2])$" "nor that of those that had been sent"
is "$(jq -r 'select(.error != null) | .line' "$SCRATCH/A.out")" "$unknown" "all others were answered"
is "$(jq -r .line "$SCRATCH/A.out" | wc -l)" 61 "by the next front"
is "$(jq -r 'select(.line > 32 and .rc == 0) | .line' "$SCRATCH/A.out" | wc -l)" 29 "and carried out"
is "$(racf "RACDCERT CERTAUTH LIST(LABEL('A'))" | grep -c 'Label: A')" 0 "the first was not: nothing of it is there"

# In plain text each is named by its line.
halt
deck D >"$SCRATCH/D"
with_tty D "sallyport-racf --file $SCRATCH/D >$SCRATCH/D.out"
kill_front
wait "$RACF"
is "$(grep -c "D:[0-9]*: the security database went away; whether it carried the command out is not known" "$SCRATCH/D.tty")" "$n_unknown" "the lines are named"
is "$(there D | tr -d ' ')" "$((61 - n_unknown))" "what is not named was carried out"

# Who logged on with a password is not whoever owns the process.
halt
deck C >"$SCRATCH/C"
{ echo BOSSPW; cat "$SCRATCH/C"; } >"$SCRATCH/C.in"
with_tty C "sallyport-racf --user BOSS --json <$SCRATCH/C.in >$SCRATCH/C.out"
kill_front
wait "$RACF"
wait_for 10 sallyport-racf LISTUSER
is "$(jq -r 'select(.line > 33) | .error // "" | test("knows BOSS no longer: log on again")' "$SCRATCH/C.out" | sort -u)" true "what was not sent is refused"
is "$(jq -r 'select(.rc == 0) | .line' "$SCRATCH/C.out" | wc -l)" 0 "none was carried out"
is "$(there C5)" 0 "under nobody's name"

# The angel is away for good: not for ever.
kill "$ANGEL"; wait "$ANGEL" 2>/dev/null
OUT=$(timeout 30 sallyport-racf --file "$SCRATCH/A" 2>&1)
is $? 12 "without an angel a deck ends"
like "$OUT" "the system is not up" "and says why"

# --- the answer comes
background sallyport-angel
ANGEL=$PID
wait_for 10 sallyport-racf LISTUSER
halt
OUT=$(timeout 60 python3 - "$(child "$(child "$ANGEL" keeper)" maker | tr '\n' ' ')" <<'P'
import os, pty, signal, sys
makers = [int(p) for p in sys.argv[1].split()]
pid, fd = pty.fork()
if pid == 0:
    os.execvp("sallyport-racf", ["sallyport-racf", "RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('T')) WITHLABEL('T') RSA"])
seen, told = "", False
while True:
    try:
        seen += os.read(fd, 4096).decode()
    except OSError:
        break
    if "SPT0390I" in seen and not told:
        told = True
        for p in makers:
            os.kill(p, signal.SIGCONT)
print(seen, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
)
like "$OUT" "SPT0390I The command takes long; it is still being worked on" "a person at a terminal is told"
like "$(tail -1 <<<"$OUT")" "0$" "and gets it when it is there"
done_testing
