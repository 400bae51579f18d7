# A server whose private key is made in a PKCS#11 token and never leaves it: TLS
# 1.3 and 1.2, RSA-PSS and ECDSA. The module's process may die under it.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
MODULE=$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so 2>/dev/null | head -1)
[ -n "$MODULE" ] && command -v softhsm2-util >/dev/null || skip_all "softhsm2 is not installed"
mkdir -p "$SCRATCH/tokens" "$SALLYPORT_ROOT/etc"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$SCRATCH/tokens" >"$SCRATCH/softhsm2.conf"
SOFTHSM2_CONF=$SCRATCH/softhsm2.conf softhsm2-util --init-token --free --label SPTTLS --so-pin 87654321 --pin 12345678 >/dev/null || exit 1
[ "$(id -u)" -ne 0 ] || chown -R 60005 "$SCRATCH/tokens" "$SCRATCH/softhsm2.conf"
umask 077; echo 12345678 >"$SCRATCH/pin"; umask 022
printf '%s\n' "token.module=$MODULE" token.label=SPTTLS "token.pin=$SCRATCH/pin" "token.env=SOFTHSM2_CONF=$SCRATCH/softhsm2.conf" masterkey=pkcs11:SPT.MASTER >"$SALLYPORT_ROOT/etc/angel.conf"
image_install || exit 1
deck() { sallyport racf --file - >"$SCRATCH/deck" 2>&1; }
refresh='SETROPTS RACLIST(DIGTCERT DIGTRING) REFRESH'
deck <<D
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('in the token')) WITHLABEL('token ec') NISTECC(PKDS(SPT.TLS.EC)) SIGNWITH(CERTAUTH LABEL('Liberty CA')) ALTNAME(IP(127.0.0.1) DOMAIN('localhost')) KEYUSAGE(HANDSHAKE)
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('in the token')) WITHLABEL('token rsa') RSA(PKDS(SPT.TLS.RSA)) SIGNWITH(CERTAUTH LABEL('Liberty CA')) ALTNAME(IP(127.0.0.1) DOMAIN('localhost')) KEYUSAGE(HANDSHAKE)
RACDCERT ID(LIBSERV) CONNECT(RING(Liberty.KeyRing) LABEL('token ec') DEFAULT)
$refresh
D
unlike "$(cat "$SCRATCH/deck")" "return code (8|12)|SPT0310E" "certificates of keys in the token"
image_start || { note "$(tail -20 "$(log_of)")"; exit 1; }
handshake() { openssl s_client -connect "127.0.0.1:$HTTPS" -servername localhost -CAfile "$SCRATCH/ca.pem" -cert "$SCRATCH/USER1.pem" "$@" </dev/null 2>&1; }
OUT=$(handshake)
like "$OUT" "subject=CN ?= ?in the token" "the server shows it (TLS 1.3)"
like "$OUT" "Peer signature type: (ECDSA|ecdsa)" "signed with ECDSA"
like "$OUT" "Verify return code: 0" "and it verifies"
like "$(handshake -tls1_2)" "Cipher is ECDHE-ECDSA" "TLS 1.2"
get_record 111111
is "$CODE" 200 "a request over it"
token() { local p; for p in $(processes sallyport-angel); do grep -q token "/proc/$p/comm" && echo "$p"; done; }
T=$(token)
like "$T" '^[0-9]+$' "the module's process"
[ "$(id -u)" -ne 0 ] || is "$(stat -c %u "/proc/$T")" 60005 "has a uid of its own"
like "$(cat "/proc/$T/status")" "Seccomp:.2" "is confined"
kill -9 "$T"
get_record 111111
is "$CODE" 200 "it died: the next handshake waits and goes on"
for i in 1 2 3 4; do
    ( for j in 1 2 3 4; do curl -s -o /dev/null -w '%{http_code}\n' --max-time 20 --cacert "$SCRATCH/ca.pem" --cert "$SCRATCH/USER1.pem" "https://127.0.0.1:$HTTPS/cscvinc/employee/111111"; done >"$SCRATCH/many.$i" ) &
    M[$i]=$!
done
for p in $(token); do kill -9 "$p"; done
for i in 1 2 3 4; do wait "${M[$i]}"; done
is "$(cat "$SCRATCH"/many.* | sort | uniq -c | tr -s ' ')" " 16 200" "killed under load: no handshake is lost"

# --- the RSA key
deck <<D
RACDCERT ID(LIBSERV) CONNECT(RING(Liberty.KeyRing) LABEL('token rsa') DEFAULT)
$refresh
D
console 'F BAQSTRT,REFRESH,KEYSTORE'
like "$OUT" "KEYSTORE COMPLETED SUCCESSFULLY" "the RSA key is the default now"
RSA="-sigalgs rsa_pss_rsae_sha256:rsa_pkcs1_sha256"
OUT=$(handshake $RSA)
like "$OUT" "Peer signature type: (RSA-PSS|rsa_pss)" "RSA-PSS"
like "$OUT" "subject=CN ?= ?in the token" "of the key in the token"
like "$OUT" "Verify return code: 0" "and it verifies"
OUT=$(handshake -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256 -sigalgs rsa_pkcs1_sha256)
like "$OUT" "subject=CN ?= ?in the token" "PKCS#1, TLS 1.2"
like "$OUT" "Cipher is ECDHE-RSA" "and it is agreed on"
like "$(handshake -tls1_2 -cipher AES128-GCM-SHA256)" "alert decrypt error" "a key in a token decrypts nothing"

# --- class CSFKEYS decides over the label
deck <<'D'
SETROPTS CLASSACT(CSFKEYS)
RDEFINE CSFKEYS SPT.TLS.RSA UACC(NONE)
D
console 'F BAQSTRT,REFRESH,KEYSTORE'
unlike "$(handshake $RSA)" "subject=CN ?= ?in the token" "without READ to the label it is not used"
get_record 111111
is "$CODE" 200 "the others are"

# --- the token itself as a key ring, *TOKEN*/SPTTLS
deck <<'D'
RDELETE CSFKEYS SPT.TLS.RSA
SETROPTS CLASSACT(CRYPTOZ)
RDEFINE CRYPTOZ USER.SPTTLS UACC(NONE)
PERMIT USER.SPTTLS CLASS(CRYPTOZ) ID(IBMUSER) ACCESS(CONTROL)
RACDCERT BIND(ID(LIBSERV) LABEL('token ec') TOKEN(SPTTLS) DEFAULT)
RACDCERT BIND(ID(LIBSERV) LABEL('token rsa') TOKEN(SPTTLS))
RACDCERT BIND(CERTAUTH LABEL('Liberty CA') TOKEN(SPTTLS))
D
unlike "$(cat "$SCRATCH/deck")" "return code (8|12)|SPT0310E" "certificates bound to it"
sed -i 's|safkeyring:///Liberty.KeyRing|safkeyring://*TOKEN*/SPTTLS|; s|type="JCERACFKS"|type="JCEHYBRIDRACFKS"|g' "$SERVER_DIR"/server.xml $(ls "$SERVER_DIR"/*/*.xml 2>/dev/null); image_own
grep -q 'TOKEN' -r "$SERVER_DIR" --include=*.xml; ok $? "a server whose key store it is"
log_mark
console 'F BAQSTRT,REFRESH,CONFIG'
wait_for 20 eval 'log_since | grep -q "USER.SPTTLS"'
like "$(log_since)" "may not read token SPTTLS \(class CRYPTOZ, USER.SPTTLS\)" "without READ to USER.SPTTLS in class CRYPTOZ it is not taken"
deck <<'D'
PERMIT USER.SPTTLS CLASS(CRYPTOZ) ID(LIBSERV) ACCESS(READ)
D
console 'F BAQSTRT,REFRESH,KEYSTORE'
like "$OUT" "COMPLETED SUCCESSFULLY" "with it, it is"
OUT=$(handshake)
like "$OUT" "subject=CN ?= ?in the token" "its default is shown"
like "$OUT" "Peer signature type: (ECDSA|ecdsa)" "which signs in the token"
get_record 111111
is "$CODE" 200 "a request over it"
done_testing
