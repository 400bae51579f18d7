# The standby follows each commit: when the database is removed, damaged or its
# disk is full, RVARY SWITCH goes on with all that was answered.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
background sallyport-angel
ANGEL=$PID
wait_for 10 sallyport-racf LISTUSER || exit 1
SAF=$SALLYPORT_ROOT/saf
racf() { sallyport-racf "$@" 2>&1; }
own() { [ "$(id -u)" -ne 0 ] || chown 60000 "$@"; }
follows() { racf "RVARY LIST" | grep -q " YES    BACK"; }
users() { # PREFIX FROM TO: as a deck
    local i; for i in $(seq "$2" "$3"); do echo "ADDUSER $1$(printf %04d "$i") DATA('some text that takes room')"; done
}
there() { racf "SEARCH CLASS(USER) MASK($1)" | grep -c "^$1"; }

like "$(racf "RVARY ACTIVE")" "SPT1018E" "no standby yet"
runs "SWITCH without one" 8 sallyport-racf "RVARY SWITCH"
runs "backup" 0 sallyport db backup
like "$(racf "RVARY LIST")" " NO     BACK +1 +LINUX +$SAF/standby.db" "a copy does not follow"
like "$(racf "RVARY ACTIVE DATASET(SYS1.RACF)")" "SPT1021E SYS1.RACF is not the standby" "another name"
runs "the database in use stays active" 8 sallyport-racf "RVARY INACTIVE DATASET($SAF/racf.db)"
runs "ACTIVE" 0 sallyport-racf "RVARY ACTIVE DATASET($SAF/standby.db)"
wait_for 10 follows; ok $? "it follows"
like "$(grep SPT1020I "$SALLYPORT_ROOT/log/syslogall.log")" "The standby database follows" "which is said"
runs "a backup of what follows" 1 sallyport db backup
users A 1 300 | racf --file - >"$SCRATCH/out"
unlike "$(cat "$SCRATCH/out")" "return code (8|12)" "a deck of 300 users"

# --- damaged
python3 - "$SAF/racf.db" <<'PY'
import os, sys
n = os.path.getsize(sys.argv[1])
with open(sys.argv[1], "r+b") as f:
    f.write(os.urandom(n))
PY
OUT=$(racf "RVARY SWITCH")
like "$OUT" "SPT1022W.*The standby database is in use now. The one before is lost: .*damaged" "damaged: SWITCH"
is "$(there A)" 300 "all users are there"
[ -s "$SAF/racf.db.damaged" ]; ok $? "what is left is kept"
[ ! -e "$SAF/standby.db" ]; ok $? "and is no standby"
like "$(racf "RVARY LIST")" "YES    PRIM +1 +LINUX +$SAF/racf.db$" "the database in use has its name"
runs "it is written" 0 sallyport-racf "ADDUSER NEW1"

# --- removed, in the middle of decks
racf "RVARY LIST" | grep -q BACK; [ $? -ne 0 ]; ok $? "no standby is left"
sallyport db backup >/dev/null; racf "RVARY ACTIVE" >/dev/null
wait_for 10 follows; ok $? "another one follows"
users B 1 200 >"$SCRATCH/deck"
sallyport-racf --json --file "$SCRATCH/deck" >"$SCRATCH/out" 2>&1 & deck=$!
rm -f "$SAF/racf.db" "$SAF/racf.db-wal" "$SAF/racf.db-shm"
wait "$deck"
OUT=$(racf "RVARY SWITCH")
like "$OUT" "SPT1022W.*there is no such file" "removed: SWITCH"
is "$(there B)" "$(jq -r 'select(.rc == 0) | .rc' "$SCRATCH/out" | wc -l)" "as many users as were answered"
is "$(there A)" 300 "and those before"
python3 - "$SAF" <<'PY'
import sqlite3, sys
names = [n for n, in sqlite3.connect(f"{sys.argv[1]}/racf.db").execute("SELECT name FROM principals ORDER BY id")]
sys.exit(len(names) != len(set(names)))
PY
ok $? "no name has two numbers"

# --- the front, then everything, is killed while it follows
sallyport db backup >/dev/null; racf "RVARY ACTIVE" >/dev/null
wait_for 10 follows
front() { local p; for p in $(ps -o pid= --ppid "$ANGEL"); do grep -q front "/proc/$p/comm" 2>/dev/null && echo "$p"; done; }
kill -9 $(front)
wait_for 20 follows; ok $? "a new front goes on following"
users C 1 2000 >"$SCRATCH/deck"
sallyport-racf --json --file "$SCRATCH/deck" >"$SCRATCH/out" 2>/dev/null & deck=$!
sleep 0.3
F=$(front); kill -9 "$ANGEL" $F; wait "$deck" "$ANGEL" 2>/dev/null
wait_for 10 ended $F
rm -f "$SAF/racf.db" "$SAF/racf.db-wal" "$SAF/racf.db-shm"
OUT=$(timeout 20 sallyport-angel 2>&1); like "$OUT" "racf.db is gone" "without the database it does not start"
runs "restore of the standby" 0 sallyport db restore "$SAF/standby.db"
background sallyport-angel
ANGEL=$PID
wait_for 10 sallyport-racf LISTUSER
told=$(jq -r 'select(.rc == 0) | .rc' "$SCRATCH/out" | wc -l)
note "$told of 2000 commands were answered"
[ "$(there C)" -ge "$told" ]; ok $? "killed: what was answered is in the standby ($(there C))"
runs "and it is whole" 0 sallyport db check

# --- INACTIVE
racf "RVARY INACTIVE" >/dev/null
rm -f "$SAF"/standby.*; sallyport db backup >/dev/null; racf "RVARY ACTIVE" >/dev/null
wait_for 10 follows; ok $? "it follows"
runs "INACTIVE" 0 sallyport-racf "RVARY INACTIVE"
like "$OUT" " NO     BACK" "which shows"
racf "ADDUSER LATER" >/dev/null
racf "RVARY SWITCH" >/dev/null
like "$(racf "LISTUSER LATER")" "UNABLE TO LOCATE" "what came later is not in it"
racf "RVARY SWITCH" >/dev/null
like "$(racf "LISTUSER LATER")" "USER=LATER" "and back"

# --- INACTIVE does not wait for the copy
OUT=$(printf 'RVARY ACTIVE\nRVARY INACTIVE\nLISTUSER LATER\nRVARY LIST\n' | racf --file -)
like "$OUT" "USER=LATER" "INACTIVE while it is copied: commands go on"
like "$OUT" " NO     BACK" "it does not follow"
racf "ADDUSER MEANWHIL" >/dev/null
unlike "$(racf "RVARY LIST")" " YES    BACK" "nor later"
printf 'RVARY ACTIVE\nRVARY INACTIVE\nRVARY ACTIVE\n' | racf --file - >/dev/null
wait_for 10 follows; ok $? "ACTIVE again while that copy still ends: it follows"
racf "RVARY SWITCH" >/dev/null
like "$(racf "LISTUSER MEANWHIL")" "USER=MEANWHIL" "with all there is"

# --- the standby is lost: the database goes on
racf "RVARY ACTIVE" >/dev/null; wait_for 10 follows
rm -f "$SAF"/standby.db*
runs "the standby is removed: commands go on" 0 sallyport-racf "ADDUSER GOESON"
wait_for 5 grep -q SPT1019W "$SALLYPORT_ROOT/log/syslogall.log"; ok $? "SPT1019W says so"
sallyport db backup >/dev/null 2>&1 || { racf "RVARY INACTIVE" >/dev/null; rm -f "$SAF/standby.follows"; sallyport db backup >/dev/null; }
head -c 40000 /dev/urandom >"$SAF/standby.db"; own "$SAF/standby.db"
like "$(racf "RVARY SWITCH")" "SPT1016E.*damaged|SPT1016E.*not a database" "a standby that is damaged is not taken"
runs "and all goes on" 0 sallyport-racf "LISTUSER GOESON"

# --- the disk is full for both: what was answered is in both
racf "RVARY INACTIVE" >/dev/null; rm -f "$SAF"/standby.*
sallyport db backup >/dev/null
kill "$ANGEL"; wait "$ANGEL" 2>/dev/null
ulimit -S -f 2048
background sallyport-angel
ANGEL=$PID
wait_for 10 sallyport-racf LISTUSER
racf "RVARY ACTIVE" >/dev/null; wait_for 10 follows; ok $? "with little room: it follows"
for round in $(seq 60); do
    users "D$round" 1 100 | sed "s/some text/$(head -c 200 /dev/zero | tr '\0' x)/" | sallyport-racf --json --file - >"$SCRATCH/out" 2>&1
    jq -r 'select(.rc == 0) | .rc' "$SCRATCH/out" >>"$SCRATCH/full.told"
    grep -q '"rc": 12' "$SCRATCH/out" && break
done
like "$(cat "$SCRATCH/out")" "SPT1000E" "full: refused"
kill "$ANGEL"; wait "$ANGEL" 2>/dev/null
ulimit -S -f unlimited
background sallyport-angel
ANGEL=$PID
wait_for 10 sallyport-racf LISTUSER
is "$(there D)" "$(wc -l <"$SCRATCH/full.told")" "what was answered is in the database"
runs "which is whole" 0 sallyport db check
runs "somebody who is not SPECIAL" 0 sallyport-racf "ADDUSER FRED AUDITOR PASSWORD(FREDPASS)"
racf "ALTUSER FRED PASSWORD(FREDPASS) NOEXPIRED" >/dev/null
fred() { printf 'FREDPASS\n' | sallyport-racf --user FRED "$1" 2>&1; }
like "$(fred "RVARY LIST")" "PRIM" "an auditor may look"
for w in SWITCH ACTIVE INACTIVE; do like "$(fred "RVARY $w")" "ICH15001I" "and not $w"; done
done_testing
