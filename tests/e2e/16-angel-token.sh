# The master key away from the database, in a kernel keyring or a PKCS#11 token;
# keys that are made in a token and cannot leave it. What is wrong, locked or
# missing is said, and refused.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
MODULE=$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so 2>/dev/null | head -1)
[ -n "$MODULE" ] && command -v softhsm2-util >/dev/null || skip_all "softhsm2 is not installed"
racf() { sallyport-racf "$@" 2>&1; }
deck() { sallyport-racf --file - 2>&1; }
start() { rm -f "$SALLYPORT_ROOT/angel/front.sock"; background sallyport-angel; ANGEL=$PID; wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock" && wait_for 10 sallyport-racf "LISTUSER IBMUSER"; }
stop() { kill "$ANGEL"; wait_for 10 sh -c "! kill -0 $ANGEL" ; wait "$ANGEL" 2>/dev/null; }
# starts_not NAME REGEX: the angel ends with 1 and says why.
starts_not() {
    OUT=$(timeout 20 sallyport-angel 2>&1 </dev/null); local got=$?
    is "$got" 1 "$1"; like "$OUT" "$2" "$1: why"
}
as_module() { [ "$(id -u)" -ne 0 ] || chown -R 60005 "$SCRATCH/tokens" "$SCRATCH/softhsm2.conf"; }
mkdir -p "$SCRATCH/tokens" "$SALLYPORT_ROOT/etc" "$SALLYPORT_ROOT/datasets"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$SCRATCH/tokens" >"$SCRATCH/softhsm2.conf"
export SOFTHSM2_CONF=$SCRATCH/softhsm2.conf
softhsm2-util --init-token --free --label SPTTEST --so-pin 87654321 --pin 12345678 >/dev/null
ok $? "a token"
as_module
umask 077; echo 12345678 >"$SCRATCH/pin"; umask 022
conf() { printf '%s\n' "token.module=$MODULE" token.label=SPTTEST "token.pin=$SCRATCH/pin" "token.env=SOFTHSM2_CONF=$SOFTHSM2_CONF" "$@" >"$SALLYPORT_ROOT/etc/angel.conf"; }
CONF=$SALLYPORT_ROOT/etc/angel.conf MASTER=$SALLYPORT_ROOT/saf/master.key

# --- configuration that is none
echo 'master=file' >"$CONF"
starts_not "an unknown setting" 'angel.conf:1: "master" is no setting; expected masterkey, token.module'
echo 'masterkey=vault:x' >"$CONF"
starts_not "an unknown place" '"vault:x" is no place of the master key; expected file, keyring:user:NAME'
echo "token.module=$MODULE" >"$CONF"
starts_not "half a token" 'go together; token.label is missing'
conf; chmod 644 "$SCRATCH/pin"
starts_not "a PIN that others can read" "mode 644.*chmod 600"
chmod 600 "$SCRATCH/pin"
conf masterkey=keyring:user:sallyport-none
starts_not "a keyring without the key" "the user keyring has no key sallyport-none; load it: keyctl padd"
is "$(test -e "$MASTER" && echo there)" "" "no master key was made"

# --- a token from the start: nothing in clear
conf masterkey=pkcs11:SPT.MASTER
start || exit 1
is "$(head -c 24 "$MASTER" | tr '\n' ' ')" "SPTMK1 pkcs11:SPT.MASTER" "wrapped in the token"
deck >"$SCRATCH/deck" <<'D'
ADDUSER LIBSERV DFLTGRP(SYS1)
ADDUSER ANN DFLTGRP(SYS1)
RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Token CA')) WITHLABEL('Token CA') RSA(PKDS(SPT.CA.KEY)) SIZE(2048) NOTAFTER(DATE(2040/12/31))
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('localhost')) WITHLABEL('ec') NISTECC(PKDS(SPT.EC.KEY)) SIGNWITH(CERTAUTH LABEL('Token CA')) ALTNAME(DOMAIN('localhost'))
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('soft')) WITHLABEL('soft') NISTECC SIGNWITH(CERTAUTH LABEL('Token CA'))
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('named')) WITHLABEL('NAMED.KEY') NISTECC(PKDS(*)) SIZE(384)
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('made up')) WITHLABEL('made up') PKDS SIZE(2048)
RACDCERT CERTAUTH EXPORT(LABEL('Token CA')) DSN('IBMUSER.CA.PEM')
RACDCERT ID(LIBSERV) EXPORT(LABEL('ec')) DSN('IBMUSER.EC.PEM')
RACDCERT ID(LIBSERV) EXPORT(LABEL('NAMED.KEY')) DSN('IBMUSER.NAMED.PEM')
RACDCERT ID(LIBSERV) GENREQ(LABEL('ec')) DSN('IBMUSER.EC.REQ')
D
unlike "$(cat "$SCRATCH/deck")" "return code|SPT|IRR" "keys in the token"
D=$SALLYPORT_ROOT/datasets
runs "openssl verifies what the token signed (RSA)" 0 openssl verify -CAfile "$D/IBMUSER.CA.PEM" "$D/IBMUSER.EC.PEM"
runs "and its own (ECDSA, P-384)" 0 openssl verify -check_ss_sig -CAfile "$D/IBMUSER.NAMED.PEM" "$D/IBMUSER.NAMED.PEM"
runs "and the request" 0 openssl req -in "$D/IBMUSER.EC.REQ" -noout -verify
like "$(racf "RACDCERT ID(LIBSERV) LIST(LABEL('ec'))" | tr '\n' '~')" "  Private Key: YES~  PKDS Label:~       SPT.EC.KEY~" "LIST shows the label"
like "$(racf "RACDCERT ID(LIBSERV) LIST(LABEL('made up'))")" "IRR.DIGTCERT.LIBSERV.[0-9A-F]{16}" "a label made up"
like "$(racf "RACDCERT ID(LIBSERV) LIST(LABEL('NAMED.KEY'))" | tr '\n' '~')" "PKDS Label:~       NAMED.KEY~" "* is the label of the certificate"
runs "the key cannot be exported" 8 sallyport-racf "RACDCERT ID(LIBSERV) EXPORT(LABEL('ec')) DSN('IBMUSER.EC.P12') FORMAT(PKCS12DER) PASSWORD('secret')"
like "$OUT" "the private key is in the PKDS under label SPT.EC.KEY and cannot leave it" "why"
is "$(test -e "$D/IBMUSER.EC.P12" && echo there)" "" "nothing was written"
runs "pkcs11: not extractable, sensitive" 0 env SOFTHSM2_CONF="$SCRATCH/softhsm2.conf" pkcs11-tool --module "$MODULE" --token-label SPTTEST --login --pin 12345678 --list-objects --type privkey
[ "$(command -v pkcs11-tool)" ] && { is "$(grep -c 'never extractable' <<<"$OUT")" 4 "four private keys"; as_module; }

# --- refusals
refused() { # NAME STATUS REGEX COMMAND
    OUT=$(racf "$4"); local got=$?
    is "$got" "$2" "$1"; like "$OUT" "$3" "$1: why"
}
G="RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('x')) WITHLABEL('x')"
refused "a label in use" 8 "key label SPT.EC.KEY is in use" "$G NISTECC(PKDS(SPT.EC.KEY))"
refused "no label" 8 "is no PKDS label" "$G NISTECC(PKDS(1ABC))"
refused "* with a label that is none" 8 'IRRD160I WITHLABEL value cannot be used as a PKDS label' "RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('x')) WITHLABEL('x y') NISTECC(PKDS(*))"
refused "another token" 8 "class CRYPTOZ, USER.OTHER, UPDATE" "$G RSA(TOKEN(OTHER))"
refused "no such key" 8 "IRRD192I The specified key label does not exist" "$G FROMICSF(NO.SUCH)"
refused "a size that is none" 8 "there is no curve of 300 bits|NISTECC" "$G NISTECC(PKDS(SPT.NEW)) SIZE(300)"
refused "not of a function that makes no key" 8 "ADDRING: only GENCERT, REKEY and ADD keep a key in a token" "RACDCERT ADDRING(r) PKDS(A)"
refused "in use, and the key it made is gone again" 8 "IRRD111I Label soft is already in use" "RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('z')) WITHLABEL('soft') NISTECC(PKDS(SPT.LOST))"
runs "so its label is free" 0 sallyport-racf "$G NISTECC(PKDS(SPT.LOST))"
deck >"$SCRATCH/deck" <<'D'
SETROPTS CLASSACT(CSFKEYS FACILITY) GENERIC(CSFKEYS)
RDEFINE CSFKEYS SPT.** UACC(NONE)
RDEFINE FACILITY IRR.DIGTCERT.GENCERT UACC(READ)
RDEFINE FACILITY IRR.DIGTCERT.ADD UACC(READ)
ALTUSER ANN PASSWORD(GOODPASS) NOEXPIRED
D
OUT=$(printf 'GOODPASS\n' | sallyport-racf --user ANN "RACDCERT GENCERT SUBJECTSDN(CN('ann')) WITHLABEL('a') NISTECC(PKDS(SPT.ANN))" 2>&1)
like "$OUT" "IRRD191I Insufficient authorization to ICSF key label" "class CSFKEYS says who may"

# --- moved while it runs, and back
runs "to the file" 0 sallyport db masterkey file
like "$OUT" "change masterkey=pkcs11:SPT.MASTER in .*angel.conf" "says what is left to do"
is "$(stat -c '%s %a' "$MASTER")" "32 600" "in clear, for its owner"
runs "the running angel goes on" 0 sallyport-racf "RACDCERT ID(LIBSERV) GENREQ(LABEL('soft')) DSN('IBMUSER.S1.REQ')"
stop
starts_not "kept elsewhere than etc/angel.conf says" "kept by file, etc/angel.conf says masterkey=pkcs11:SPT.MASTER; sallyport db masterkey moves it"
conf
K=sallyport-e2e-$$
if keyctl link @u @s >/dev/null 2>&1 && head -c 32 /dev/urandom | keyctl padd user "$K" @u >"$SCRATCH/kid" 2>/dev/null; then
    at_exit "keyctl unlink $(cat "$SCRATCH/kid") @u 2>/dev/null"
    runs "to the keyring" 0 sallyport db masterkey "keyring:user:$K"
    like "$OUT" "keyring:user:$K" "is told"
    start || exit 1
    runs "keys open" 0 sallyport-racf "RACDCERT ID(LIBSERV) GENREQ(LABEL('soft')) DSN('IBMUSER.S2.REQ')"
    stop
    cp "$MASTER" "$SCRATCH/master"
    keyctl unlink "$(cat "$SCRATCH/kid")" @u; echo short | keyctl padd user "$K" @u >"$SCRATCH/kid"
    starts_not "a key of another size" "has 6 bytes; expected 32"
    keyctl unlink "$(cat "$SCRATCH/kid")" @u; head -c 32 /dev/urandom | keyctl padd user "$K" @u >"$SCRATCH/kid"
    starts_not "another key" "key $K of the keyring is not the one"
    runs "is not moved from either" 1 sallyport db masterkey file
    cmp "$MASTER" "$SCRATCH/master"; ok $? "nothing was changed"
    keyctl unlink "$(cat "$SCRATCH/kid")" @u
    starts_not "no key" "the user keyring has no key $K"
    printf 'SPTMK1\nnowhere\nx' >"$MASTER"
    starts_not "a file that is none" '"nowhere" is no place'
else
    note "no kernel keyring here"
fi
done_testing
