# Another master key: every secret is sealed anew, all or none of it, and a
# change that was cut short at any step is ended by the next one.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
S=$SALLYPORT_ROOT/saf
racf() { sallyport-racf "$@" 2>&1; }
start() { rm -f "$SALLYPORT_ROOT/angel/front.sock"; background sallyport-angel; ANGEL=$PID; wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock" && wait_for 10 sallyport-racf "LISTUSER IBMUSER"; }
stop() { kill "$ANGEL"; wait_for 10 sh -c "! kill -0 $ANGEL" ; wait "$ANGEL" 2>/dev/null; rm -f "$SALLYPORT_ROOT/angel/front.sock"; }
# keys_work NAME: a private key signs, a PassTicket key makes tickets, secrets are kept.
keys_work() {
    start || { fail "$1: start"; return; }
    racf "RACDCERT ID(ANN) GENREQ(LABEL('key')) DSN('IBMUSER.REQ')" >/dev/null
    runs "$1: the private key" 0 openssl req -in "$SALLYPORT_ROOT/datasets/IBMUSER.REQ" -verify -noout
    rm -f "$SALLYPORT_ROOT/datasets/IBMUSER.REQ"
    like "$(PYTHONPATH=$(dirname "$E2E_LIB") python3 -c '
from angel_wire import *
c = Client(); c.hello()
print(len(c.call(TICKET, s("ANN") + s("APPL1") + s("")).str()))' 2>&1)" '^8$' "$1: the PassTicket key"
    like "$(racf 'RLIST FACILITY LU.ONE SESSION NORACF')" "SESSKEY= DATA NOT DISPLAYABLE" "$1: a segment's secret"
    stop
}
start || exit 1
racf --file - >"$SCRATCH/deck" 2>&1 <<'D'
ADDUSER ANN DFLTGRP(SYS1)
SETROPTS CLASSACT(FACILITY PTKTDATA) GENERIC(PTKTDATA) RACLIST(PTKTDATA)
RACDCERT ID(ANN) GENCERT SUBJECTSDN(CN('Ann')) WITHLABEL('key') NISTECC
RDEFINE FACILITY LU.ONE SESSION(SESSKEY(C0FFEE1234567890))
RDEFINE PTKTDATA APPL1 SSIGNON(KEYMASKED(0123456789ABCDEF))
RDEFINE PTKTDATA IRRPTAUTH.APPL1.* UACC(NONE)
PERMIT IRRPTAUTH.APPL1.* CLASS(PTKTDATA) ID(IBMUSER) ACCESS(UPDATE)
SETROPTS RACLIST(PTKTDATA) REFRESH
D
unlike "$(cat "$SCRATCH/deck")" "return code|SPT0" "secrets of each kind"
runs "not while the system is up" 1 sallyport db rekey
like "$OUT" "is in use; end the system first" "says so"
stop
keys_work "before"
sealed() { python3 -c '
import sqlite3
db = sqlite3.connect("file:'"$S"'/racf.db?mode=ro", uri=True)
for q in ("SELECT hex(key) FROM certs WHERE key IS NOT NULL", "SELECT value FROM segments WHERE field=\"KEY\"", "SELECT value FROM segments WHERE field=\"SESSKEY\""):
    for row in db.execute(q): print(row[0])'; }
cp -a "$S" "$SCRATCH/before"
BEFORE=$(sealed)
is "$(wc -l <<<"$BEFORE")" 3 "three sealed values"
runs "rekey" 0 sallyport db rekey
like "$OUT" "^3 secrets are under another master key" "all of them"
is "$(cmp "$S/master.key" "$SCRATCH/before/master.key" >/dev/null && echo same)" "" "another key"
is "$(comm -12 <(sort <<<"$BEFORE") <(sealed | sort))" "" "no value is what it was"
is "$(ls "$S" | grep -c next)" 0 "no next key is left"
keys_work "after"
cp -a "$S" "$SCRATCH/after"

# --- copies from before: neither a backup nor the standby is taken, the state stays
restores() { runs "$1" 1 sallyport db restore "$2"; like "$OUT" "sealed under another master key" "$1: why"; like "$OUT" "put the master key of that time in place" "$1: the remedy"; }
cp "$SCRATCH/before/racf.db" "$SCRATCH/old.db"
SUM=$(md5sum <"$S/racf.db")
restores "a backup from before, system down" "$SCRATCH/old.db"
is "$(md5sum <"$S/racf.db")" "$SUM" "the database is what it was"
[ ! -e "$S/restore.db" ]; ok $? "nothing lies about"
own() { [ "$(id -u)" -ne 0 ] || chown 60000 "$@"; }
start || exit 1
restores "the same, system up" "$SCRATCH/old.db"
[ ! -e "$S/standby.db" ]; ok $? "it did not become the standby"
cp "$SCRATCH/old.db" "$S/standby.db"; own "$S/standby.db"
runs "RVARY SWITCH to a standby from before" 8 sallyport-racf "RVARY SWITCH"
like "$OUT" "SPT1016E.*sealed under another master key, it was copied before sallyport db rekey. RVARY ACTIVE" "why, and what to do"
runs "all goes on" 0 sallyport-racf "LISTUSER ANN"
racf "ADDUSER LATER" >/dev/null
racf "RVARY ACTIVE" >/dev/null
wait_for 10 eval 'racf "RVARY LIST" | grep -q " YES    BACK"'; ok $? "the remedy: RVARY ACTIVE"
runs "SWITCH" 0 sallyport-racf "RVARY SWITCH"
runs "has all that came later" 0 sallyport-racf "LISTUSER LATER"
runs "a backup of now" 0 sallyport db backup "$SCRATCH/new.db"
stop
keys_work "after SWITCH"
rm -f "$S"/racf.db*; runs "restore of a backup from after, the database lost" 0 sallyport db restore "$SCRATCH/new.db"
keys_work "restored"
rm -f "$S"/racf.db*; restores "a backup from before, the database lost" "$SCRATCH/old.db"
[ ! -e "$S/racf.db" ]; ok $? "nothing took its place"
cp -a "$SCRATCH/before/master.key" "$SCRATCH/before/angel.key" "$S/"
runs "with the keys of that time" 0 sallyport db restore "$SCRATCH/old.db"
keys_work "of that time"
runs "and rekey" 0 sallyport db rekey
keys_work "and rekeyed"
mv "$S/master.key" "$SCRATCH/mine.key"
runs "no master key at all" 0 sallyport db restore "$SCRATCH/old.db"
like "$OUT" "there is no master key here: put saf/master.key and saf/angel.key of that system in place before the next start" "what is to be done is said"
[ ! -e "$S/master.key" ]; ok $? "none was made"
mv "$SCRATCH/mine.key" "$S/master.key"
runs "giving the secrets up" 0 sallyport db --lost-keys restore "$SCRATCH/old.db"
start; runs "users are there" 0 sallyport-racf "LISTUSER ANN"
runs "keys are not" 8 sallyport-racf "RACDCERT ID(ANN) GENREQ(LABEL('key')) DSN('IBMUSER.REQ')"
runs "unload with a companion" 0 sallyport db --more "$SCRATCH/more" --output "$SCRATCH/unloaded" unload
stop; rm -rf "$S"; cp -a "$SCRATCH/after" "$S"
runs "load of a companion from before" 1 sallyport db --more "$SCRATCH/more" load "$SCRATCH/unloaded"
like "$OUT" "sealed under another master key" "why"
[ ! -e "$S/loaded.db" ]; ok $? "nothing is left of it"
sqlite() { python3 -c 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()' "$@"; }
cp "$SCRATCH/old.db" "$SCRATCH/bare.db"; sqlite "$SCRATCH/bare.db" "DELETE FROM segments"; sqlite "$SCRATCH/bare.db" "UPDATE certs SET key=NULL"
runs "a copy without any secret" 0 sallyport db restore "$SCRATCH/bare.db"
rm -rf "$S"; cp -a "$SCRATCH/after" "$S"

# --- cut short: what stands there after each step
state() { rm -rf "$S"; cp -a "$SCRATCH/before" "$S"; cp -a "$SCRATCH/after/master.key" "$S/master.key.next"; }
ends_it() {
    OUT=$(timeout 20 sallyport-angel 2>&1 </dev/null); is $? 1 "$1: no start"
    like "$OUT" "sallyport db rekey ends it" "$1: says what to do"
    runs "$1: rekey ends it" 0 sallyport db rekey
    is "$(ls "$S" | grep -c next)" 0 "$1: done"
    is "$(cmp "$S/master.key" "$SCRATCH/after/master.key" && echo same)" same "$1: under the next key"
    keys_work "$1"
}
state; ends_it "after the next key was made"
state; cp -a "$SCRATCH/after"/racf.db* "$S/"; ends_it "after the database"
state; cp -a "$SCRATCH/after"/racf.db* "$SCRATCH/after/angel.key" "$S/"; ends_it "after the signing keys"

# --- what does not open stops it, and nothing is changed
rm -rf "$S"; cp -a "$SCRATCH/before" "$S"
python3 -c '
import sqlite3
db = sqlite3.connect("'"$S"'/racf.db")
v = db.execute("SELECT value FROM segments WHERE segment=\"SSIGNON\" AND field=\"KEY\"").fetchone()[0]
db.execute("UPDATE segments SET value=? WHERE segment=\"SSIGNON\" AND field=\"KEY\"", (v[:-2] + ("00" if v[-2:] != "00" else "11"),))
db.commit()'
DAMAGED=$(sealed)
runs "a damaged value" 1 sallyport db rekey
like "$OUT" "PassTicket key of APPL1 PTKTDATA: sealed with another key" "is named"
is "$(sealed)" "$DAMAGED" "nothing was changed"
is "$(cmp "$S/master.key" "$SCRATCH/before/master.key" && echo same)" same "nor the key"
done_testing
