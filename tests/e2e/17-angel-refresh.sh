# REFRESH of a class with very many profiles, and SWITCH: whoever asked waits,
# all others are served meanwhile; the next command of a deck sees the result.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
background sallyport-angel
ANGEL=$PID
wait_for 10 sallyport-racf LISTUSER || exit 1
racf() { sallyport-racf "$@" 2>&1; }
racf "SETROPTS CLASSACT(EJBROLE FACILITY) GENERIC(EJBROLE FACILITY) RACLIST(EJBROLE FACILITY)" >/dev/null
racf "RDEFINE EJBROLE FIRST.ONE UACC(NONE)" >/dev/null
kill "$ANGEL"; wait "$ANGEL" 2>/dev/null
python3 - "$SALLYPORT_ROOT/saf/racf.db" "${PROFILES:-150000}" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
names = [r[1] for r in db.execute("PRAGMA table_info(profiles)") if r[1] not in ("id", "name")]
one = ",".join(names)
db.execute(f"INSERT INTO profiles(name,{one}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{int(sys.argv[2])})"
           f" SELECT printf('MANY.P%07d.ONE', i),{one} FROM n, profiles WHERE name='FIRST.ONE' AND class='EJBROLE'")
db.commit()
PY
[ "$(id -u)" -ne 0 ] || chown 60000 "$SALLYPORT_ROOT"/saf/racf.db*
background sallyport-angel
ANGEL=$PID
wait_for 60 sallyport-racf LISTUSER || exit 1
racf "RDEFINE EJBROLE LAST.ONE UACC(READ)" >/dev/null

# during DECK NAME: commands of another client until the deck has ended
during() {
    local n=0
    sallyport-racf --json --file "$1" >"$SCRATCH/deck.out" 2>&1 & local deck=$!
    while kill -0 "$deck" 2>/dev/null; do
        sallyport-racf LISTUSER >/dev/null 2>&1 && n=$((n + 1))
    done
    wait "$deck"
    note "$2: $n commands of others meanwhile"
    [ $n -ge 3 ]; ok $? "$2: others are served meanwhile"
}
cat >"$SCRATCH/refresh" <<'D'
SETROPTS RACLIST(EJBROLE) REFRESH
EXPLAIN IBMUSER EJBROLE LAST.ONE READ
SETROPTS RACLIST(EJBROLE) REFRESH
SETROPTS GRPLIST
SETROPTS NORACLIST(EJBROLE)
SETROPTS RACLIST(EJBROLE)
D
during "$SCRATCH/refresh" "REFRESH of a huge class"
is "$(jq -r .rc "$SCRATCH/deck.out" | tr '\n' ' ')" "0 0 0 0 0 0 " "the deck ends well, in order"
like "$(sed -n 2p "$SCRATCH/deck.out")" "LAST.ONE" "the command after REFRESH sees the new profile"

# several at once, each with its own answer
for i in 1 2 3; do sallyport-racf "SETROPTS RACLIST(FACILITY) REFRESH" >/dev/null 2>&1 & P[i]=$!; done
sallyport-racf "SETROPTS RACLIST(EJBROLE FACILITY) REFRESH" >/dev/null 2>&1 & P[4]=$!
bad=0; for p in "${P[@]}"; do wait "$p" || bad=$((bad + 1)); done
is "$bad" 0 "several REFRESH at once"
# a client that goes away takes nothing with it
sallyport-racf "SETROPTS RACLIST(EJBROLE) REFRESH" >/dev/null 2>&1 & GONE=$!
sleep 0.2; kill -9 "$GONE"; wait "$GONE" 2>/dev/null
runs "a client that goes away during REFRESH" 0 sallyport-racf LISTUSER

runs "backup" 0 sallyport db backup
echo "RVARY SWITCH" >"$SCRATCH/switch"
during "$SCRATCH/switch" "SWITCH"
is "$(jq -r .rc "$SCRATCH/deck.out")" 0 "SWITCH ends well"
like "$(racf "EXPLAIN IBMUSER EJBROLE LAST.ONE READ")" "LAST.ONE" "the standby is in use"

# the front is told to end while it works, and while it starts
sallyport-racf "SETROPTS RACLIST(EJBROLE) REFRESH" >/dev/null 2>&1 & GONE=$!
sleep 0.2; kill "$ANGEL"
wait "$ANGEL"; is $? 0 "SIGTERM during REFRESH ends it"
wait "$GONE"; [ $? -ne 0 ]; ok $? "and whoever waited is told"
survived=$(python3 - <<'PY'
import subprocess, time
survived = 0
for i in range(21):
    angel = subprocess.Popen(["sallyport-angel"], stderr=subprocess.DEVNULL)
    time.sleep(0.03 * i)
    angel.terminate()
    try:
        angel.wait(timeout=30)
    except subprocess.TimeoutExpired:
        survived += 1
        angel.kill()
        angel.wait()
print(survived)
PY
)
is "$survived" 0 "SIGTERM at any moment of a start ends it"
done_testing
