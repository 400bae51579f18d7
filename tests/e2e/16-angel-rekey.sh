# Another master key: every secret is sealed anew, all or none of it, and a
# change that was cut short at any step is ended by the next one.
. "$E2E_LIB"
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
