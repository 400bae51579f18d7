# RACDCERT and PKCS#11 tokens by name: tokens made and deleted, certificates
# bound to them with their keys, unbound, imported; who may is class CRYPTOZ's.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
MODULE=$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so 2>/dev/null | head -1)
[ -n "$MODULE" ] && command -v softhsm2-util >/dev/null && command -v pkcs11-tool >/dev/null || skip_all "softhsm2 and pkcs11-tool are not installed"
racf() { sallyport-racf "$@" 2>&1; }
deck() { sallyport-racf --file - 2>&1; }
start() { rm -f "$SALLYPORT_ROOT/angel/front.sock"; background sallyport-angel; ANGEL=$PID; wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock" && wait_for 10 sallyport-racf "LISTUSER IBMUSER"; }
stop() { kill "$ANGEL"; wait_for 10 sh -c "! kill -0 $ANGEL" ; wait "$ANGEL" 2>/dev/null; }
tool() { pkcs11-tool --module "$MODULE" --token-label "$1" --pin 12345678 "${@:2}" 2>&1; }
mkdir -p "$SCRATCH/tokens" "$SALLYPORT_ROOT/etc" "$SALLYPORT_ROOT/datasets"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$SCRATCH/tokens" >"$SCRATCH/softhsm2.conf"
export SOFTHSM2_CONF=$SCRATCH/softhsm2.conf
softhsm2-util --init-token --free --label SPTTEST --so-pin 87654321 --pin 12345678 >/dev/null
[ "$(id -u)" -ne 0 ] || chown -R 60005 "$SCRATCH/tokens" "$SCRATCH/softhsm2.conf"
umask 077; echo 12345678 >"$SCRATCH/pin"; echo 87654321 >"$SCRATCH/sopin"; umask 022
conf() { printf '%s\n' "token.module=$MODULE" token.label=SPTTEST "token.pin=$SCRATCH/pin" "token.env=SOFTHSM2_CONF=$SOFTHSM2_CONF" "$@" >"$SALLYPORT_ROOT/etc/angel.conf"; }
conf
start || exit 1
deck >"$SCRATCH/deck" <<'D'
ADDUSER LIBSERV DFLTGRP(SYS1)
ADDUSER ANN DFLTGRP(SYS1)
RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Verbs CA')) WITHLABEL('ca') NOTAFTER(DATE(2040/12/31))
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('rsa')) WITHLABEL('rsa') RSA SIZE(2048) SIGNWITH(CERTAUTH LABEL('ca'))
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('ec')) WITHLABEL('ec') NISTECC SIZE(384) SIGNWITH(CERTAUTH LABEL('ca'))
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('bp')) WITHLABEL('bp') BPECC SIZE(256) SIGNWITH(CERTAUTH LABEL('ca'))
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('pkds')) WITHLABEL('pkds') NISTECC(PKDS(SPT.PKDS.KEY)) SIGNWITH(CERTAUTH LABEL('ca'))
RACDCERT CERTAUTH EXPORT(LABEL('ca')) DSN('IBMUSER.CA')
SETROPTS CLASSACT(CRYPTOZ) GENERIC(CRYPTOZ)
D
unlike "$(cat "$SCRATCH/deck")" "return code|SPT|IRR" "certificates"

# --- authority: class CRYPTOZ, also for SPECIAL
runs "no profile in CRYPTOZ: no token" 8 sallyport-racf "RACDCERT ADDTOKEN(WEB.TOKEN)"
like "$OUT" "not authorized to token WEB.TOKEN \(class CRYPTOZ, SO.WEB.TOKEN, UPDATE\)" "SPECIAL is not enough"
racf "RDEFINE CRYPTOZ SO.** UACC(NONE)" >/dev/null; racf "RDEFINE CRYPTOZ USER.** UACC(NONE)" >/dev/null
racf "PERMIT SO.** CLASS(CRYPTOZ) ID(IBMUSER) ACCESS(READ)" >/dev/null
runs "READ to SO is not enough either" 8 sallyport-racf "RACDCERT ADDTOKEN(WEB.TOKEN)"
racf "PERMIT SO.** CLASS(CRYPTOZ) ID(IBMUSER) ACCESS(UPDATE)" >/dev/null
for name in '' 1WEB .WEB 'WEB TOKEN' WEB-TOKEN ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567; do
    runs "\"$name\" is no token" 8 sallyport-racf "RACDCERT ADDTOKEN('$name')"
done
runs "without the security officer's PIN" 8 sallyport-racf "RACDCERT ADDTOKEN(WEB.TOKEN)"
like "$OUT" "token.sopin is not set" "says so"
stop; conf "token.sopin=$SCRATCH/sopin"; start || exit 1

# --- tokens
runs "ADDTOKEN" 0 sallyport-racf "RACDCERT ADDTOKEN(web.token)"
is "$OUT" "" "silently"
runs "once" 8 sallyport-racf "RACDCERT ADDTOKEN(WEB.TOKEN)"
like "$OUT" "IRRD170I Token WEB.TOKEN cannot be added. It already exists." "IRRD170I"
runs "not the one of our keys" 8 sallyport-racf "RACDCERT ADDTOKEN(SPTTEST)"
racf "PERMIT USER.** CLASS(CRYPTOZ) ID(IBMUSER) ACCESS(NONE)" >/dev/null
runs "LISTTOKEN without READ to USER" 8 sallyport-racf "RACDCERT LISTTOKEN(WEB.TOKEN)"
racf "PERMIT USER.** CLASS(CRYPTOZ) ID(IBMUSER) ACCESS(UPDATE)" >/dev/null
runs "LISTTOKEN" 0 sallyport-racf "RACDCERT LISTTOKEN(WEB.TOKEN)"
like "$OUT" "^Token: WEB.TOKEN$" "its name"; like "$OUT" "No certificates bound" "nothing in it"
runs "a token that is none" 8 sallyport-racf "RACDCERT LISTTOKEN(OTHER)"
like "$OUT" "there is no token OTHER" "says so"

# --- BIND
for kind in rsa ec bp; do
    runs "BIND $kind" 0 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('$kind') TOKEN(WEB.TOKEN))"
done
runs "twice" 8 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('rsa') TOKEN(WEB.TOKEN))"
like "$OUT" "is bound already" "says so"
runs "an authority needs CONTROL" 8 sallyport-racf "RACDCERT BIND(CERTAUTH LABEL('ca') TOKEN(WEB.TOKEN))"
racf "PERMIT USER.** CLASS(CRYPTOZ) ID(IBMUSER) ACCESS(CONTROL)" >/dev/null
runs "and with it" 0 sallyport-racf "RACDCERT BIND(CERTAUTH LABEL('ca') TOKEN(WEB.TOKEN))"
runs "a key of the PKDS cannot be moved" 8 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('pkds') TOKEN(WEB.TOKEN))"
like "$OUT" "the private key is in token SPTTEST and cannot leave it" "says so"
runs "its own token" 0 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('pkds') TOKEN(SPTTEST))"
runs "no label" 8 sallyport-racf "RACDCERT BIND(TOKEN(WEB.TOKEN))"
like "$OUT" "IRRD179I A token name and a label name must be specified." "IRRD179I"
runs "no token" 8 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('rsa'))"
runs "a label that is none" 4 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('x') TOKEN(WEB.TOKEN))"
runs "a token that is none" 8 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('rsa') TOKEN(OTHER))"
LIST=$(racf "RACDCERT LISTTOKEN(WEB.TOKEN)")
is "$(grep -c 'PKCS11: ' <<<"$LIST")" 4 "LISTTOKEN: four certificates"
like "$LIST" "^  [0-9A-F]{8}  Default: NO +PKCS11: rsa$" "number and label"
like "$(grep -A4 'PKCS11: rsa' <<<"$LIST" | tr '\n' '|')" "Priv Key: YES +RACF: +rsa\| +Pub Key: YES\| +Usage: PERSONAL\| +Owner: ID\(LIBSERV\)" "a user's, with its keys"
like "$(grep -A4 'PKCS11: ca' <<<"$LIST" | tr '\n' '|')" "Priv Key: NO +RACF: +ca\| +Pub Key: YES\| +Usage: CERTAUTH\| +Owner: CERTAUTH" "an authority's, without its private key"

# --- what others see in it
OUT=$(tool WEB.TOKEN --login --list-objects --type privkey)
is "$(grep -c '^Private Key Object' <<<"$OUT")" 3 "three private keys in the token"
unlike "$OUT" "extractable,|Access: *extractable" "none can be extracted"
like "$OUT" "Access: *sensitive" "all are sensitive"
echo text >"$SCRATCH/text"
for kind in rsa ec; do
    seq=$(grep "PKCS11: $kind" <<<"$LIST" | awk '{print $1}')
    mechanism=$([ $kind = rsa ] && echo SHA256-RSA-PKCS || echo ECDSA)
    if [ $kind = ec ]; then openssl dgst -sha384 -binary "$SCRATCH/text" >"$SCRATCH/in"; else cp "$SCRATCH/text" "$SCRATCH/in"; fi
    id=$(tool WEB.TOKEN --login --list-objects --type privkey | grep -A6 "label: *$kind\$" | awk '/ID:/ {print $2; exit}')
    tool WEB.TOKEN --login --sign --mechanism $mechanism --id "$id" --input-file "$SCRATCH/in" --output-file "$SCRATCH/sig" $([ $kind = ec ] && echo --signature-format openssl) >/dev/null
    racf "RACDCERT ID(LIBSERV) EXPORT(LABEL('$kind')) DSN('IBMUSER.$kind')" >/dev/null
    openssl x509 -in "$SALLYPORT_ROOT/datasets/IBMUSER.${kind^^}" -pubkey -noout >"$SCRATCH/pub"
    if [ $kind = ec ]; then runs "the EC key signs for its certificate" 0 openssl pkeyutl -verify -pubin -inkey "$SCRATCH/pub" -in "$SCRATCH/in" -sigfile "$SCRATCH/sig"
    else runs "the RSA key signs for its certificate" 0 openssl dgst -sha256 -verify "$SCRATCH/pub" -signature "$SCRATCH/sig" "$SCRATCH/text"; fi
done

# --- keys made in a token
G="RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('made there')) SIGNWITH(CERTAUTH LABEL('ca'))"
runs "NISTECC(TOKEN(name))" 0 sallyport-racf "$G WITHLABEL('there') NISTECC(TOKEN(WEB.TOKEN))"
like "$(tool WEB.TOKEN --login --list-objects --type privkey)" "label: *IRR.DIGTCERT.LIBSERV\." "the key is in the token"
racf "RACDCERT ID(LIBSERV) EXPORT(LABEL('there')) DSN('IBMUSER.THERE')" >/dev/null
runs "BIND puts the certificate to it" 0 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('there') TOKEN(WEB.TOKEN))"
runs "it signs" 0 sallyport-racf "RACDCERT ID(LIBSERV) GENREQ(LABEL('there')) DSN('IBMUSER.REQ')"
runs "UNBIND" 0 sallyport-racf "RACDCERT UNBIND(ID(LIBSERV) LABEL('there') TOKEN(WEB.TOKEN))"
runs "leaves the key, which is nowhere else" 0 sallyport-racf "RACDCERT ID(LIBSERV) GENREQ(LABEL('there')) DSN('IBMUSER.REQ')"
runs "a token that is none" 8 sallyport-racf "$G WITHLABEL('x') RSA(TOKEN(OTHER))"
runs "the PKDS and a token" 8 sallyport-racf "$G WITHLABEL('x') RSA(TOKEN(WEB.TOKEN)) PKDS(A)"
# --- keys that come along into a token
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=came -keyout "$SCRATCH/k" -out "$SCRATCH/c" 2>/dev/null
openssl pkcs12 -export -inkey "$SCRATCH/k" -in "$SCRATCH/c" -passout pass:secret -out "$SALLYPORT_ROOT/datasets/IBMUSER.CAME"
chmod 644 "$SALLYPORT_ROOT/datasets/IBMUSER.CAME"
A="RACDCERT ID(LIBSERV) ADD('IBMUSER.CAME') PASSWORD('secret') TRUST WITHLABEL('came')"
runs "ADD without a private key" 8 sallyport-racf "RACDCERT ID(LIBSERV) ADD('IBMUSER.THERE') RSA(TOKEN(WEB.TOKEN))"
like "$OUT" "there is no private key to keep in a token" "says so"
runs "ADD into a token that is none" 8 sallyport-racf "$A NISTECC(TOKEN(OTHER))"
runs "ADD with PKDS" 0 sallyport-racf "$A PKDS(CAME.KEY)"
like "$(racf "RACDCERT ID(LIBSERV) LIST(LABEL('came'))" | tr '\n' '|')" "Private Key: YES\|  PKDS Label:\|       CAME.KEY" "its key is in the PKDS"
like "$(tool SPTTEST --login --list-objects --type privkey)" "label: *CAME.KEY" "and nowhere else"
runs "it cannot be exported" 8 sallyport-racf "RACDCERT ID(LIBSERV) EXPORT(LABEL('came')) DSN('IBMUSER.P12') FORMAT(PKCS12DER) PASSWORD('x')"
runs "it signs" 0 sallyport-racf "RACDCERT ID(LIBSERV) GENREQ(LABEL('came')) DSN('IBMUSER.REQ')"
runs "a label in use" 8 sallyport-racf "$A PKDS(CAME.KEY)"
racf "RACDCERT ID(LIBSERV) DELETE(LABEL('came')) FORCE" >/dev/null
runs "ADD with NISTECC(TOKEN(name))" 0 sallyport-racf "$A NISTECC(TOKEN(WEB.TOKEN))"
runs "it signs there" 0 sallyport-racf "RACDCERT ID(LIBSERV) GENREQ(LABEL('came')) DSN('IBMUSER.REQ')"
runs "BIND puts the certificate to it" 0 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('came') TOKEN(WEB.TOKEN))"
runs "not for ALTER" 8 sallyport-racf "RACDCERT ID(LIBSERV) ALTER(LABEL('came')) TRUST RSA(TOKEN(WEB.TOKEN))"
LIST=$(racf "RACDCERT LISTTOKEN(WEB.TOKEN)")

# --- DEFAULT
runs "BIND with DEFAULT of what is bound" 0 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('rsa') TOKEN(WEB.TOKEN) DEFAULT)"
is "$(racf "RACDCERT LISTTOKEN(WEB.TOKEN)" | grep 'Default: YES' | sed 's/.*PKCS11: //')" rsa "LISTTOKEN tells it"
runs "another one" 0 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('ec') TOKEN(WEB.TOKEN) DEFAULT)"
is "$(racf "RACDCERT LISTTOKEN(WEB.TOKEN)" | grep 'Default: YES' | sed 's/.*PKCS11: //')" ec "takes its place"
runs "without DEFAULT it is bound already" 8 sallyport-racf "RACDCERT BIND(ID(LIBSERV) LABEL('rsa') TOKEN(WEB.TOKEN))"

# --- as a key ring: owner *TOKEN*, and the token's name
cat >"$SCRATCH/ring.py" <<'PY'
import hashlib, struct, subprocess, sys
from angel_wire import *
def read(client, want_keys):
    r = client.call(RING_READ, s("*TOKEN*") + s("WEB.TOKEN") + u8(want_keys))
    if r.err != OK:
        return f"{r.err} {r.saf}/{r.racf}/{r.reason}"
    r.rest = r.rest[8:]
    lines = []
    for _ in range(r.u32()):
        label, owner, der, pkcs8 = (r.str() for _ in range(4))
        has_key, is_default, usage = r.rest[:3]
        r.rest = r.rest[3:]
        lines.append(f"{label.decode()}/{owner.decode()}/{len(pkcs8)}/{has_key}{is_default}{usage}")
    return " ".join(sorted(lines))
ibm = Client(); ibm.hello()
ann = Client(); ann.call(LOGON, s("ANN") + s("SECRET1"))
print(read(ibm, 1)); print(read(ibm, 0)); print(read(ann, 1))
r = ann.call(KEY_OPEN, s("*TOKEN*") + s("WEB.TOKEN")); print(r.err, r.reason)
r = ibm.call(KEY_OPEN, s("*TOKEN*") + s("WEB.TOKEN")); print(r.err, r.u32(), len(r.fds))
r = ibm.call(RING_READ, s("*TOKEN*") + s("NO.TOKEN") + u8(1)); print(r.err, r.reason)
r = ibm.call(RING_READ, s("*TOKEN*") + s("../ETC") + u8(1)); print(r.err, r.reason)
ibm.command("PERMIT USER.** CLASS(CRYPTOZ) ID(ANN) ACCESS(READ)")
print(read(ann, 2)); r = ann.call(KEY_OPEN, s("*TOKEN*") + s("WEB.TOKEN")); print(r.err, r.u32())
ibm.command("PERMIT USER.** CLASS(CRYPTOZ) ID(ANN) DELETE")
PY
racf "ALTUSER ANN PASSWORD(SECRET1) NOEXPIRED" >/dev/null
OUT=$(PYTHONPATH=$(dirname "$E2E_LIB") python3 "$SCRATCH/ring.py" 2>&1)
WITH="bp/LIBSERV/0/100 ca/CERTAUTH/0/001 came/LIBSERV/0/100 ec/LIBSERV/0/110 rsa/LIBSERV/0/100"
is "$OUT" "$WITH
bp/LIBSERV/0/000 ca/CERTAUTH/0/001 came/LIBSERV/0/000 ec/LIBSERV/0/010 rsa/LIBSERV/0/000
6 8/8/8
6 8
0 4 1
4 84
6 8
$WITH
0 4" "what it holds, keys that stay, the default; READ to USER.token in CRYPTOZ"

# --- UNBIND and IMPORT
EC=$(grep 'PKCS11: ec' <<<"$LIST" | awk '{print $1}')
racf "RACDCERT ID(LIBSERV) DELETE(LABEL('ec'))" >/dev/null
unlike "$(racf "RACDCERT LISTTOKEN(WEB.TOKEN)" | grep -A4 "$EC")" "RACF: +ec" "deleted in the database, it stays in the token"
runs "IMPORT without a number" 8 sallyport-racf "RACDCERT ID(LIBSERV) IMPORT(TOKEN(WEB.TOKEN))"
like "$OUT" "IRRD169I A token name and a label name or a sequence number must be specified." "IRRD169I"
runs "a number that is none" 8 sallyport-racf "RACDCERT ID(LIBSERV) IMPORT(TOKEN(WEB.TOKEN) SEQNUM(1))"
runs "IMPORT" 0 sallyport-racf "RACDCERT ID(LIBSERV) IMPORT(TOKEN(WEB.TOKEN) SEQNUM($EC)) WITHLABEL('again')"
like "$(racf "RACDCERT ID(LIBSERV) LIST(LABEL('again'))")" "Private Key: YES" "with its key"
runs "which cannot be exported" 8 sallyport-racf "RACDCERT ID(LIBSERV) EXPORT(LABEL('again')) DSN('IBMUSER.P12') FORMAT(PKCS12DER) PASSWORD('x')"
runs "but signs" 0 sallyport-racf "RACDCERT ID(LIBSERV) GENREQ(LABEL('again')) DSN('IBMUSER.REQ')"
runs "a request that is right" 0 openssl req -in "$SALLYPORT_ROOT/datasets/IBMUSER.REQ" -verify -noout
like "$(racf "RACDCERT LISTTOKEN(WEB.TOKEN)")" "Default: YES +PKCS11: ec" "the token's default is what it was"
runs "UNBIND by number" 0 sallyport-racf "RACDCERT UNBIND(SEQNUM($EC) TOKEN(WEB.TOKEN))"
unlike "$(racf "RACDCERT LISTTOKEN(WEB.TOKEN)")" "Default: YES" "without it, the token has no default"
runs "the imported key stays: it is all there is" 0 sallyport-racf "RACDCERT ID(LIBSERV) GENREQ(LABEL('again')) DSN('IBMUSER.REQ')"
runs "UNBIND by label" 0 sallyport-racf "RACDCERT UNBIND(ID(LIBSERV) LABEL('rsa') TOKEN(WEB.TOKEN))"
runs "once" 8 sallyport-racf "RACDCERT UNBIND(ID(LIBSERV) LABEL('rsa') TOKEN(WEB.TOKEN))"
like "$OUT" "is not bound" "says so"
is "$(tool WEB.TOKEN --login --list-objects --type privkey | grep -c 'label: *rsa$')" 0 "its copied key is gone"
runs "UNBIND of what" 8 sallyport-racf "RACDCERT UNBIND(TOKEN(WEB.TOKEN))"
like "$OUT" "IRRD169I" "IRRD169I"
runs "the database's key is still there" 0 sallyport-racf "RACDCERT ID(LIBSERV) GENREQ(LABEL('rsa')) DSN('IBMUSER.REQ')"
runs "UNBIND of a PKDS key's certificate" 0 sallyport-racf "RACDCERT UNBIND(ID(LIBSERV) LABEL('pkds') TOKEN(SPTTEST))"
runs "leaves the key" 0 sallyport-racf "RACDCERT ID(LIBSERV) GENREQ(LABEL('pkds')) DSN('IBMUSER.REQ')"

# --- DELTOKEN
like "$(tool WEB.TOKEN --login --keygen --key-type aes:32 --label FOREIGN)" "Secret Key Object" "a key of somebody else"
[ "$(id -u)" -ne 0 ] || chown -R 60005 "$SCRATCH/tokens"
runs "DELTOKEN with foreign objects" 8 sallyport-racf "RACDCERT DELTOKEN(WEB.TOKEN)"
like "$OUT" "IRRD174I Token WEB.TOKEN contains object\(s\) that are not supported by RACF. The request is not processed." "IRRD174I"
runs "DELTOKEN of our keys' token" 8 sallyport-racf "RACDCERT DELTOKEN(SPTTEST) FORCE"
like "$OUT" "which holds our keys" "never"
runs "FORCE" 0 sallyport-racf "RACDCERT DELTOKEN(WEB.TOKEN) FORCE"
runs "it is gone" 8 sallyport-racf "RACDCERT LISTTOKEN(WEB.TOKEN)"
unlike "$(racf "RACDCERT LISTTOKEN(*)")" "WEB.TOKEN|SPT.FREE" "from the list, too"
runs "its place is used again" 0 sallyport-racf "RACDCERT ADDTOKEN(NEXT)"
like "$(racf "RACDCERT LISTTOKEN(*)")" "Token: NEXT" "by another token"
like "$(racf "RACDCERT LISTTOKEN(NEXT)")" "No certificates bound" "which is empty"
unlike "$(cat "$SALLYPORT_ROOT"/log/* "$SALLYPORT_ROOT"/smf/*)" "12345678|87654321" "no PIN in log or records"
done_testing
