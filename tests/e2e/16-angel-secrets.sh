# Secrets in segments that are only kept (SESSION(SESSKEY), PROXY(BINDPW)) lie in
# the store sealed; what an earlier release left in clear is sealed at the start.
. "$E2E_LIB"
start() { rm -f "$SALLYPORT_ROOT/angel/front.sock"; background sallyport-angel; ANGEL=$PID; wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock" && wait_for 10 sallyport-racf "LISTUSER IBMUSER"; }
stop() { kill "$ANGEL"; wait_for 10 sh -c "! kill -0 $ANGEL 2>/dev/null"; }
DB=$SALLYPORT_ROOT/saf/racf.db
text() { python3 -c 'import sqlite3,sys; print("\n".join(r[0] for r in sqlite3.connect("file:'"$DB"'?mode=ro", uri=True).execute("SELECT value FROM segments WHERE field=\"TEXT\" ORDER BY segment")))'; }
holds() { grep -l -a -i -F -e "$1" "$DB" "$DB-wal" "$SALLYPORT_ROOT"/log/* "$SALLYPORT_ROOT"/smf/* 2>/dev/null; }
start || exit 1
sallyport-racf --file - >"$SCRATCH/deck" 2>&1 <<'D'
SETROPTS CLASSACT(FACILITY)
RDEFINE FACILITY LU.ONE SESSION(INTERVAL(5) SESSKEY(C0FFEE1234567890) CONVSEC(CONV))
RDEFINE FACILITY LU.TWO SESSION(SESSK(X'C0FFEE1234567891'))
RDEFINE FACILITY LDAP.ONE PROXY(LDAPHOST(ldap://h) BINDDN('cn=x (y) BINDPW(no)') BINDPW('coffee(pot'))
D
unlike "$(cat "$SCRATCH/deck")" "return code|SPT" "the deck runs"
for secret in C0FFEE1234567890 C0FFEE1234567891 'coffee(pot'; do
    is "$(holds "$secret")" "" "$secret is nowhere in clear"
done
like "$(text)" 'SESSKEY\(\{[0-9a-f]{80,}\}\)' "sealed in its place"
like "$(text)" "BINDDN\('cn=x \(y\) BINDPW\(no\)'\) BINDPW\(\{[0-9a-f]+\}\)" "what is quoted is no keyword"
like "$(sallyport-racf 'RLIST FACILITY LU.ONE SESSION NORACF')" "INTERVAL\(5\) SESSKEY\(DATA NOT DISPLAYABLE\) CONVSEC\(CONV\)" "RLIST shows the rest"
runs "a secret too long" 12 sallyport-racf "RDEFINE FACILITY LU.THREE SESSION(SESSKEY($(printf 'A%.0s' $(seq 1200))))"
like "$OUT" "a secret of 1200 bytes, at most 1024" "is refused"
runs "and its profile is not made" 4 sallyport-racf "RLIST FACILITY LU.THREE"
before=$(text | grep INTERVAL)
stop
python3 -c '
import sqlite3
db = sqlite3.connect("'"$DB"'")
db.execute("UPDATE segments SET value=? WHERE value LIKE ?", ("SESSKEY(OLDKEY0123456789)", "%SESSK({%"))
db.commit()'
like "$(holds OLDKEY0123456789)" "racf.db" "an earlier release kept it in clear"
start || exit 1
is "$(holds OLDKEY0123456789)" "" "the start sealed it, and left no trace"
like "$(text)" '^SESSKEY\(\{[0-9a-f]+\}\)$' "in its place"
is "$(text | grep INTERVAL)" "$before" "what was sealed stays as it was"

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
