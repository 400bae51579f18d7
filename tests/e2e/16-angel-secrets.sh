# Secrets in segments that are only kept (SESSION(SESSKEY), PROXY(BINDPW)) lie in
# the store sealed; what an earlier release left in clear is sealed at the start.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
start() { rm -f "$SALLYPORT_ROOT/angel/front.sock"; background sallyport-angel; ANGEL=$PID; wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock" && wait_for 10 sallyport-racf "LISTUSER IBMUSER"; }
stop() { kill "$ANGEL"; wait_for 10 sh -c "! kill -0 $ANGEL 2>/dev/null"; }
DB=$SALLYPORT_ROOT/saf/racf.db
text() { python3 -c 'import sqlite3,sys; print("\n".join("(".join(r)+")" for r in sqlite3.connect("file:'"$DB"'?mode=ro", uri=True).execute("SELECT field, value FROM segments WHERE segment IN (\"PROXY\", \"SESSION\", \"KERB\") ORDER BY segment, id, field")))'; }
holds() { grep -l -a -i -F -e "$1" "$DB" "$DB-wal" "$SALLYPORT_ROOT"/log/* "$SALLYPORT_ROOT"/smf/* 2>/dev/null; }
start || exit 1
sallyport-racf --file - >"$SCRATCH/deck" 2>&1 <<'D'
SETROPTS CLASSACT(FACILITY)
RDEFINE FACILITY LU.ONE SESSION(INTERVAL(5) SESSKEY(C0FFEE1234567890) CONVSEC(CONV))
RDEFINE FACILITY LU.TWO SESSION(SESSK(X'C0FFEE1234567891'))
RDEFINE FACILITY LDAP.ONE PROXY(LDAPHOST(ldap://h) BINDDN('cn=x (y) BINDPW(no)') BINDPW('coffee(pot'))
RDEFINE FACILITY REALM.ONE KERB(KERBNAME(k) PASS(KERBSECRET1))
ADDUSER ANN PROXY(BINDPW('userspw(1')) NOPASSWORD
D
unlike "$(cat "$SCRATCH/deck")" "return code|SPT" "the deck runs"
for secret in C0FFEE1234567890 C0FFEE1234567891 'coffee(pot' KERBSECRET1 'userspw(1'; do
    is "$(holds "$secret")" "" "$secret is nowhere in clear"
done
like "$(text)" 'SESSKEY\(\{[0-9a-f]{80,}\}\)' "sealed in its place"
like "$(text)" "BINDDN\(cn=x \(y\) BINDPW\(no\)\)" "what is quoted is no keyword"
like "$(text)" "BINDPW\(\{[0-9a-f]+\}\)" "PROXY, too"
like "$(text)" "PASSWORD\(\{[0-9a-f]+\}\)" "KERB, too"
like "$(sallyport-racf 'RLIST FACILITY REALM.ONE KERB NORACF')" "PASSWORD= DATA NOT DISPLAYABLE" "RLIST KERB shows none"
like "$(sallyport-racf 'LISTUSER ANN PROXY NORACF')" "BINDPW= YES" "LISTUSER PROXY says that there is one"
like "$(sallyport-racf 'RLIST FACILITY LU.ONE SESSION NORACF')" "SESSKEY= DATA NOT DISPLAYABLE" "RLIST shows the rest"
runs "a secret too long" 8 sallyport-racf "RDEFINE FACILITY LU.THREE SESSION(SESSKEY($(printf 'A%.0s' $(seq 1200))))"
is "$OUT" "IKJ56702I INVALID SESSKEY, " "is refused and not repeated"
runs "and its profile is not made" 4 sallyport-racf "RLIST FACILITY LU.THREE"
before=$(text | grep ^BINDPW)
stop
python3 -c '
import sqlite3
db = sqlite3.connect("'"$DB"'")
two = db.execute("SELECT id FROM profiles WHERE name=\"LU.TWO\"").fetchone()
db.execute("UPDATE segments SET field=?, value=? WHERE segment=\"SESSION\" AND field=\"SESSKEY\" AND id=?", ("TEXT", "SESSK(OLDKEY0123456789)") + two)
db.execute("INSERT INTO segments VALUES(?,?,?,?,?)", ("R", two[0], "KERB", "TEXT", "PASSWRD(X) PASSWORD(OLDKERB0123456789)"))
db.commit()
db.execute("PRAGMA foreign_keys=OFF")
(sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name=\"profiles\"").fetchone()
old = sql.replace("UNIQUE(class, name, is_generic)", "UNIQUE(class, name)").replace("\"profiles\"", "narrow").replace("TABLE profiles(", "TABLE narrow(")
assert old != sql and "narrow" in old, sql
db.executescript("BEGIN; " + old + "; INSERT INTO narrow SELECT * FROM profiles; DROP TABLE profiles; ALTER TABLE narrow RENAME TO profiles; COMMIT;")'
like "$(holds OLDKEY0123456789)" "racf.db" "an earlier release kept it in clear"
start || exit 1
is "$(holds OLDKEY0123456789)" "" "the start sealed it, and left no trace"
is "$(holds OLDKERB0123456789)" "" "nor of what is no list of operands"
like "$(text)" '^SESSKEY\(\{[0-9a-f]+\}\)$' "as the field it is"
like "$(text)" '^TEXT\(PASSWRD\(X\) PASSWORD\(\{[0-9a-f]+\}\)\)$' "in its place"
is "$(text | grep ^BINDPW)" "$before" "what was sealed stays as it was"

# One name, two profiles: an earlier release's table had no room for them.
like "$(sallyport-racf 'RLIST FACILITY LU.ONE AUTHUSER')" "IBMUSER +ALTER" "lists of an earlier release are whole"
sallyport-racf "RDEFINE FACILITY LU.*" >/dev/null
sallyport-racf "SETROPTS GENERIC(FACILITY)" >/dev/null
runs "a generic beside a discrete profile" 0 sallyport-racf "RDEFINE FACILITY LU.*"
is "$(sallyport-racf 'SEARCH CLASS(FACILITY) FILTER(LU.*)' | grep -c '^LU\.\*')" 2 "both are there"

# A master key that is lost is not replaced in silence.
stop
MASTER=$SALLYPORT_ROOT/saf/master.key
mv "$MASTER" "$SCRATCH/kept.key"
refused() { OUT=$(timeout 20 sallyport-angel 2>&1 </dev/null); is "$?" 1 "$1"; like "$OUT" "saf/master\.key: the master key is missing, though the security database has been in use: restore it" "$1: why"; [ ! -e "$MASTER" ]; ok $? "$1: none is made"; }
refused "without its master key"
mv "$SALLYPORT_ROOT/saf/angel.key" "$SCRATCH/kept.angel"
refused "without both keys"
mv "$SCRATCH/kept.angel" "$SALLYPORT_ROOT/saf/angel.key"; mv "$SCRATCH/kept.key" "$MASTER"
start; ok $? "with it, the angel starts"
done_testing
