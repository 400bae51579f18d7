# A key store of type JCEHYBRIDRACFKS: the server signs with a key it does not
# have. The keeper may die under it; handshakes wait and go on.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_install || exit 1
sed -i 's/type="JCERACFKS"/type="JCEHYBRIDRACFKS"/' "$SERVER_DIR"/includes/keyringOutboundMutual.xml
image_own
image_start || { note "$(tail -20 "$(log_of)")"; exit 1; }
sallyport racf "RACDCERT ID(LIBSERV) EXPORT(LABEL('$(sallyport racf 'RACDCERT ID(LIBSERV) LISTRING(Liberty.KeyRing)' | awk '/PERSONAL +YES/ { sub(/ +ID\(.*/, ""); sub(/^ +/, ""); print }')')) DSN('IBMUSER.S.P12') FORMAT(PKCS12DER) PASSWORD('export')" >/dev/null
openssl pkcs12 -in "$SALLYPORT_ROOT/datasets/IBMUSER.S.P12" -passin pass:export -nodes -nocerts -out "$SCRATCH/server.key" 2>/dev/null
ok $? "the server's key, for comparison"

# holds_key PID: is one of the key's primes (or its scalar) in that memory?
holds_key() {
    openssl pkey -in "$SCRATCH/server.key" -noout -text | python3 -c '
import re, sys
text = sys.stdin.read()
part = re.search(r"^(?:prime1|priv):\s*\n((?:\s+[0-9a-f:]+\n)+)", text, re.M).group(1)
key = bytes.fromhex(re.sub(r"[^0-9a-f]", "", part)).lstrip(b"\0")
needles = (key, key[::-1])
pid = sys.argv[1]
with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
    for line in maps:
        a, b = (int(x, 16) for x in line.split()[0].split("-"))
        if "rw" not in line.split()[1] or b - a > 1 << 30: continue
        try: mem.seek(a); data = mem.read(b - a)
        except (OSError, ValueError): continue
        if any(n in data for n in needles): sys.exit(0)
sys.exit(1)' "$1"
}
any_holds() { local p; for p in $(processes "$1"); do holds_key "$p" && return 0; done; return 1; }

get_record 111111
is "$CODE" 200 "a request over TLS, with a client certificate"
if [ "$(id -u)" -eq 0 ]; then
    any_holds sallyport-server && fail "the key is in the server's memory" || pass "the key is not in the server's memory"
fi
curl -s -o "$SCRATCH/x" --tlsv1.2 --tls-max 1.2 --cacert "$SCRATCH/ca.pem" --cert "$SCRATCH/USER1.pem" "https://127.0.0.1:$HTTPS/cscvinc/employee/111111"
ok $? "TLS 1.2"

keeper() { local p; for p in $(processes sallyport-angel); do grep -q keeper "/proc/$p/comm" && echo "$p"; done; }
K=$(keeper)
like "$K" '^[0-9]+$' "the keeper"
kill -9 "$K"
get_record 111111
is "$CODE" 200 "the keeper died: the next handshake waits and goes on"
refused=0
for i in 1 2 3 4 5 6; do
    ( for j in 1 2 3 4; do curl -s -o /dev/null -w '%{http_code}\n' --max-time 20 --cacert "$SCRATCH/ca.pem" --cert "$SCRATCH/USER1.pem" "https://127.0.0.1:$HTTPS/cscvinc/employee/111111"; done >"$SCRATCH/many.$i" ) &
    M[$i]=$!
done
for p in $(keeper); do kill -9 "$p"; done
for i in 1 2 3 4 5 6; do wait "${M[$i]}"; done
is "$(cat "$SCRATCH"/many.* | sort | uniq -c | tr -s ' ')" " 24 200" "killed under load: no handshake is lost"

# What R_datalib refuses, a key channel refuses too.
deck() { sallyport racf --file - >"$SCRATCH/deck" 2>&1; }
deck <<'D'
RDEFINE RDATALIB LIBSERV.Liberty.KeyRing.LST UACC(NONE)
SETROPTS CLASSACT(RDATALIB) RACLIST(RDATALIB)
SETROPTS RACLIST(RDATALIB) REFRESH
D
log_mark
sed -i 's/clientAuthentication="true"/clientAuthentication="false"/' "$SERVER_DIR"/includes/keyringOutboundMutual.xml
image_own
refresh
like "$(log_since)" "CWPKI0033E.*LIBSERV may not read ring LIBSERV/Liberty.KeyRing" "no access to the ring any more: refused"

# The other type takes the key: the search above can find it.
deck <<'D'
PERMIT LIBSERV.Liberty.KeyRing.LST CLASS(RDATALIB) ID(LIBSERV) ACCESS(READ)
SETROPTS RACLIST(RDATALIB) REFRESH
D
sed -i 's/type="JCEHYBRIDRACFKS"/type="JCERACFKS"/' "$SERVER_DIR"/includes/keyringOutboundMutual.xml
image_own
refresh
get_record 111111
is "$CODE" 200 "back to a key of its own"
if [ "$(id -u)" -eq 0 ]; then
    any_holds sallyport-server && pass "JCERACFKS: the key is in the server's memory" || fail "JCERACFKS: no key in the server's memory"
fi
done_testing
