# Certificates and rings by RACDCERT: layouts as the original prints them, what
# goes out comes in again, what is damaged is refused; who may read a ring.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
background sallyport-angel
wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock" || exit 1
racf() { sallyport-racf "$@" 2>&1; }
deck() { sallyport-racf --file - 2>&1; }

OUT=$(deck <<'D'
ADDUSER USER1 NAME('WORKSHOP USER1') DFLTGRP(SYS1)
ADDUSER LIBSERV DFLTGRP(SYS1)
RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Liberty CA') OU('LIBERTY')) +
   WITHLABEL('Liberty CA') TRUST SIZE(2048) NOTAFTER(DATE(2040/12/31))
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('zCEE Client Cert') O('IBM')) +
   WITHLABEL('zCEE Client Cert') SIGNWITH(CERTAUTH LABEL('Liberty CA')) +
   KEYUSAGE(HANDSHAKE) ALTNAME(IP(127.0.0.1) DOMAIN('wg31.lab.test')) +
   NOTAFTER(DATE(2039-12-31)) NISTECC
RACDCERT ID(LIBSERV) ADDRING(zCEE.KeyRing)
RACDCERT ID(LIBSERV) CONNECT(RING(zCEE.KeyRing) LABEL('Liberty CA') CERTAUTH USAGE(CERTAUTH))
RACDCERT ID(LIBSERV) CONNECT(RING(zCEE.KeyRing) LABEL('zCEE Client Cert') DEFAULT)
D
)
unlike "$OUT" "return code [^04]|RACDCERT" "the deck runs"
is "$(racf 'RACDCERT ID(LIBSERV) LISTRING(zCEE.KeyRing)')" \
"Digital ring information for user LIBSERV:

  Ring:
       >zCEE.KeyRing<
  Certificate Label Name             Cert Owner     USAGE      DEFAULT
  --------------------------------   ------------   --------   -------
  Liberty CA                         CERTAUTH       CERTAUTH     NO

  zCEE Client Cert                   ID(LIBSERV)    PERSONAL     YES" "LISTRING"
OUT=$(racf "RACDCERT ID(LIBSERV) LIST(LABEL('zCEE Client Cert'))")
for line in 'Digital certificate information for user LIBSERV:' \
    '  Label: zCEE Client Cert' '  Status: TRUST' \
    '  End Date:   2039/12/31 23:59:59' '       >01<' \
    '       >CN=Liberty CA.OU=LIBERTY<' '       >CN=zCEE Client Cert.O=IBM<' \
    '    IP: 127.0.0.1' '    Domain: wg31.lab.test' \
    '  Signing Algorithm: sha256RSA' '  Key Usage: HANDSHAKE' \
    '  Key Type: NIST ECC' '  Key Size: 256' '  Private Key: YES' \
    '    Ring Owner: LIBSERV' '       >zCEE.KeyRing<'; do
    if grep -qxF -- "$line" <<<"$OUT"; then pass "LIST: $line"; else fail "LIST: $line"; note "$OUT"; fi
done

# Out and in again
D=$SALLYPORT_ROOT/datasets
OUT=$(deck <<'D'
RACDCERT CERTAUTH EXPORT(LABEL('Liberty CA')) DSN('IBMUSER.CA.PEM')
RACDCERT ID(LIBSERV) EXPORT(LABEL('zCEE Client Cert')) DSN('IBMUSER.CC.P12') FORMAT(PKCS12DER) PASSWORD('secret')
RACDCERT ID(LIBSERV) GENREQ(LABEL('zCEE Client Cert')) DSN('IBMUSER.CC.REQ')
RACDCERT CHECKCERT('IBMUSER.CC.P12') PASSWORD('secret')
D
)
like "$OUT" "Chain contains 2 certificate\(s\), chain is complete" "CHECKCERT shows the chain"
OUT=$(racf "RACDCERT ID(LIBSERV) LISTCHAIN(LABEL('zCEE Client Cert'))")
is "$(sed -n '/^Chain information/,$p' <<<"$OUT")" "Chain information:
  Chain contains 2 certificate(s), chain is complete
  Chain contains ring in common: LIBSERV/zCEE.KeyRing" "LISTCHAIN: the chain and the ring that has all of it"
is "$(grep -E '^(Certificate [0-9]:|Digital certificate)' <<<"$OUT" | tr '\n' '|')" "Certificate 1:|Digital certificate information for user LIBSERV:|Certificate 2:|Digital certificate information for CERTAUTH:|" "one after the other"
racf "RACDCERT CERTAUTH ALTER(LABEL('Liberty CA')) NOTRUST" >/dev/null
like "$(racf "RACDCERT ID(LIBSERV) LISTCHAIN(LABEL('zCEE Client Cert'))")" "^  Chain contains NOTRUST certificate\(s\)$" "one that is not trusted"
racf "RACDCERT CERTAUTH ALTER(LABEL('Liberty CA')) TRUST" >/dev/null
runs "openssl reads the certificate" 0 openssl x509 -in "$D/IBMUSER.CA.PEM" -noout -text
like "$OUT" "CA:TRUE" "CERTAUTH: a CA"
runs "openssl reads the package" 0 openssl pkcs12 -in "$D/IBMUSER.CC.P12" -passin pass:secret -nodes
runs "openssl verifies the request" 0 openssl req -in "$D/IBMUSER.CC.REQ" -noout -verify
unlike "$(strings "$SALLYPORT_ROOT/saf/racf.db")" "PRIVATE KEY" "no clear key in the database"
runs "DELETE once a request was generated" 8 sallyport-racf "RACDCERT ID(LIBSERV) DELETE(LABEL('zCEE Client Cert'))"
racf "RACDCERT ID(LIBSERV) DELETE(LABEL('zCEE Client Cert')) FORCE"
unlike "$(racf 'RACDCERT ID(LIBSERV) LISTRING(zCEE.KeyRing)')" "Client" "DELETE takes it out of the ring"
runs "wrong PKCS12 password" 8 sallyport-racf "RACDCERT ID(LIBSERV) ADD('IBMUSER.CC.P12') PASSWORD('wrong')"
like "$OUT" "does not open with this password" "and says so"
runs "ADD of a package" 0 sallyport-racf "RACDCERT ID(LIBSERV) ADD('IBMUSER.CC.P12') PASSWORD('secret') WITHLABEL('again')"
OUT=$(racf "RACDCERT ID(LIBSERV) LIST(LABEL('again'))")
like "$OUT" "Status: TRUST" "signed by a trusted CERTAUTH: TRUST"
like "$OUT" "Private Key: YES" "with its key"
runs "the same certificate for another user" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.CC.P12') PASSWORD('secret')"

# Once more for the same user: what it had stays, unless the command says more
racf "RACDCERT ID(LIBSERV) CONNECT(RING(zCEE.KeyRing) LABEL('again') DEFAULT)" >/dev/null
racf "RACDCERT ID(LIBSERV) ALTER(LABEL('again')) NOTRUST" >/dev/null
racf "RACDCERT ID(LIBSERV) GENREQ(LABEL('again')) DSN('IBMUSER.AGAIN.REQ')" >/dev/null
runs "ADD once more" 0 sallyport-racf "RACDCERT ID(LIBSERV) ADD('IBMUSER.CC.P12') PASSWORD('secret')"
OUT=$(racf "RACDCERT ID(LIBSERV) LIST(LABEL('again'))")
like "$OUT" "Status: NOTRUST" "it keeps its status"
like "$OUT" "Private Key: YES" "its key"
like "$OUT" ">zCEE.KeyRing<" "its ring"
like "$(racf 'RACDCERT ID(LIBSERV) LISTRING(zCEE.KeyRing)')" "^  again +ID\(LIBSERV\) +PERSONAL +YES" "its label, and that it is the default there"
runs "it is still the answer to no request" 8 sallyport-racf "RACDCERT ID(LIBSERV) DELETE(LABEL('again'))"
openssl pkcs12 -in "$D/IBMUSER.CC.P12" -passin pass:secret -nokeys -clcerts 2>/dev/null | openssl x509 -outform DER -out "$D/IBMUSER.CC.DER"
runs "ADD without its key" 0 sallyport-racf "RACDCERT ID(LIBSERV) ADD('IBMUSER.CC.DER')"
like "$(racf "RACDCERT ID(LIBSERV) LIST(LABEL('again'))")" "Private Key: YES" "it keeps the key"
runs "ADD with another label and TRUST" 0 sallyport-racf "RACDCERT ID(LIBSERV) ADD('IBMUSER.CC.DER') WITHLABEL('renamed') TRUST"
like "$(racf "RACDCERT ID(LIBSERV) LIST(LABEL('renamed'))")" "Status: TRUST" "has both"
like "$(racf 'RACDCERT ID(LIBSERV) LISTRING(zCEE.KeyRing)')" "^  renamed +ID\(LIBSERV\) +PERSONAL +YES" "in its place in the ring"
racf "RACDCERT ID(LIBSERV) ADD('IBMUSER.CC.DER') WITHLABEL('again')" >/dev/null
racf "RACDCERT CERTAUTH ALTER(LABEL('Liberty CA')) HIGHTRUST" >/dev/null
runs "an authority once more" 0 sallyport-racf "RACDCERT CERTAUTH ADD('IBMUSER.CA.PEM')"
like "$(racf "RACDCERT CERTAUTH LIST(LABEL('Liberty CA'))")" "Status: HIGHTRUST" "stays HIGHTRUST"
racf "RACDCERT CERTAUTH ALTER(LABEL('Liberty CA')) TRUST" >/dev/null

# Chains of three, in whatever order they come
make() { # NAME ISSUER EXTENSION
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$SCRATCH/$1.key" -out "$SCRATCH/$1.csr" -subj "/CN=$1" 2>/dev/null
    printf '%s\n' "$3" >"$SCRATCH/ext"
    local by=(-CA "$SCRATCH/$2.crt" -CAkey "$SCRATCH/$2.key" -CAcreateserial); [ "$1" != "$2" ] || by=(-signkey "$SCRATCH/$1.key")
    openssl x509 -req -in "$SCRATCH/$1.csr" "${by[@]}" -days 900 -extfile "$SCRATCH/ext" -out "$SCRATCH/$1.crt" 2>/dev/null
}
make Root Root basicConstraints=critical,CA:TRUE; make Middle Root basicConstraints=critical,CA:TRUE; make Leaf Middle basicConstraints=CA:FALSE
together() { local n; for n; do cat "$SCRATCH/$n.crt"; done; }
subjects() { racf "RACDCERT CHECKCERT('IBMUSER.CHAIN') PASSWORD('x')" | grep -A1 "Subject's Name:" | grep -o 'CN=[A-Za-z]*' | tr '\n' ' '; }
for order in "Leaf Middle Root" "Root Middle Leaf" "Middle Leaf Root" "Root Leaf Middle" "Leaf Root Middle" "Middle Root Leaf"; do
    together $order >"$D/IBMUSER.CHAIN"
    is "$(subjects)" "CN=Leaf CN=Middle CN=Root " "CHECKCERT of PEM $order"
    openssl crl2pkcs7 -nocrl -certfile "$D/IBMUSER.CHAIN" -outform DER -out "$SCRATCH/p7"; cp "$SCRATCH/p7" "$D/IBMUSER.CHAIN"
    is "$(subjects)" "CN=Leaf CN=Middle CN=Root " "of PKCS#7 $order"
done
openssl pkcs12 -export -inkey "$SCRATCH/Leaf.key" -in "$SCRATCH/Leaf.crt" -certfile <(together Root Middle) -passout pass:x -out "$D/IBMUSER.CHAIN"
is "$(subjects)" "CN=Leaf CN=Middle CN=Root " "of PKCS#12, the root before"
like "$(racf "RACDCERT CHECKCERT('IBMUSER.CHAIN') PASSWORD('x')")" "Chain contains 3 certificate\(s\), chain is complete" "it is complete"
together Root Leaf >"$D/IBMUSER.CHAIN"
is "$(subjects)" "CN=Root CN=Leaf " "nobody's chain stays in its order"
together Leaf Root >"$D/IBMUSER.CHAIN"
like "$(racf "RACDCERT CHECKCERT('IBMUSER.CHAIN')")" "Chain contains 2 certificate\(s\), chain is incomplete" "a root that signed nothing of it does not make it complete"
together Root Middle Leaf >"$D/IBMUSER.CHAIN"
runs "ADD takes the end entity, wherever it stands" 0 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.CHAIN') WITHLABEL('leaf')"
like "$(racf "RACDCERT ID(USER1) LIST(LABEL('leaf'))")" ">CN=Leaf<" "for the user"
is "$(racf 'RACDCERT CERTAUTH LIST' | grep -c '>CN=\(Root\|Middle\)<')" 4 "its signers under CERTAUTH: two subjects, two issuers"

# Refusals
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$SCRATCH/k" -out "$SCRATCH/c" -subj /CN=slow 2>/dev/null
openssl pkcs12 -export -inkey "$SCRATCH/k" -in "$SCRATCH/c" -passout pass:x -iter 70000 -out "$SCRATCH/slow.p12"
python3 -c '
import sys
b = open(sys.argv[1], "rb").read(); at = b.rindex(b"\x02\x03\x01\x11\x70")
open(sys.argv[2], "wb").write(b[:at] + b"\x02\x03\x7f\xff\xff" + b[at + 5:])' "$SCRATCH/slow.p12" "$D/IBMUSER.SLOW"
runs "a package that takes 8,388,607 iterations" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.SLOW') PASSWORD('x')"
like "$OUT" "asks for more than 1000000 iterations" "is not begun"
# The same in what is encrypted: the certificates, the key, both at once.
for which in 1 2; do
    python3 -c '
import sys
b = open(sys.argv[1], "rb").read(); at = -1
for n in range(int(sys.argv[3])): at = b.index(b"\x02\x03\x01\x11\x70", at + 1)
open(sys.argv[2], "wb").write(b[:at] + b"\x02\x03\x7f\xff\xff" + b[at + 5:])' "$SCRATCH/slow.p12" "$D/IBMUSER.SLOW" $which
    runs "iterations of part $which" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.SLOW') PASSWORD('x')"
    like "$OUT" "asks for more than 1000000 iterations" "are not begun"
done
openssl pkcs12 -export -inkey "$SCRATCH/k" -in "$SCRATCH/c" -passout pass:x -iter 400000 -out "$D/IBMUSER.SLOW"
runs "400,000 each, three times" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.SLOW') PASSWORD('x')"
like "$OUT" "asks for more than 1000000 iterations" "are too many together"
runs "a passphrase of 255 characters" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.CC.P12') PASSWORD('$(printf 'x%.0s' {1..255})')"
like "$OUT" "does not open with this password" "is a wrong one"
runs "no passphrase" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.CC.P12')"
like "$OUT" "does not open with this password" "is a wrong one, too"
openssl pkcs12 -export -inkey "$SCRATCH/k" -in "$SCRATCH/c" -passout pass: -out "$D/IBMUSER.EMPTY"; chmod 644 "$D/IBMUSER.EMPTY"
runs "an empty one that is right" 4 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.EMPTY') WITHLABEL('empty')"
head -c 700 "$D/IBMUSER.CC.P12" >"$D/IBMUSER.CUT"
runs "a package that is cut" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.CUT') PASSWORD('secret')"
# Ciphers that libcrypto keeps for the sake of old files only.
if openssl pkcs12 -export -legacy -certpbe PBE-SHA1-RC2-40 -keypbe PBE-SHA1-3DES -inkey "$SCRATCH/k" -in "$SCRATCH/c" -passout pass:x -out "$D/IBMUSER.RC2" 2>/dev/null; then
    chmod 644 "$D/IBMUSER.RC2"
    runs "RC2 of 40 bits" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.RC2') PASSWORD('x')"
    like "$OUT" "encrypted with RC2-40-CBC, an old cipher that is not taken; make it anew: openssl pkcs12 -legacy" "is said by its name, with the remedy"
    runs "and a wrong password" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.RC2') PASSWORD('y')"
    like "$OUT" "does not open with this password" "is that, first"
    openssl pkcs12 -legacy -in "$D/IBMUSER.RC2" -passin pass:x -nodes -out "$SCRATCH/pem" 2>/dev/null; openssl pkcs12 -export -in "$SCRATCH/pem" -passout pass:x -out "$D/IBMUSER.ANEW"; chmod 644 "$D/IBMUSER.ANEW"
    runs "the remedy" 0 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.ANEW') PASSWORD('x') WITHLABEL('anew')"
fi
printf '\x30\x82\xff\xff\x00' >"$D/IBMUSER.BAD"
head -c 300000 /dev/urandom >"$D/IBMUSER.HUGE"
runs "damaged DER" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.BAD')"
runs "300 KB of noise" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.HUGE')"
runs "no such data set" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.NONE')"
runs "path in a data set name" 8 sallyport-racf "RACDCERT ID(USER1) ADD('../SAF/X')"
ln -s /etc/passwd "$D/IBMUSER.LINK"
runs "a link for a data set" 8 sallyport-racf "RACDCERT ID(USER1) ADD('IBMUSER.LINK')"
runs "unknown user" 8 sallyport-racf "RACDCERT ID(NOBODY) ADDRING(X)"
runs "ring twice" 8 sallyport-racf "RACDCERT ID(LIBSERV) ADDRING(zCEE.KeyRing)"
runs "no such ring" 4 sallyport-racf "RACDCERT ID(LIBSERV) LISTRING(None)"
like "$OUT" "IRRD114I Ring None does not exist." "IRRD114I"
runs "no rings" 4 sallyport-racf "RACDCERT ID(USER1) LISTRING(*)"
runs "no such label" 4 sallyport-racf "RACDCERT ID(USER1) LIST(LABEL('x'))"
like "$OUT" "IRRD107I" "IRRD107I"
runs "a bad date" 8 sallyport-racf "RACDCERT ID(USER1) GENCERT SUBJECTSDN(CN('X')) NOTAFTER(DATE(2030-02-30))"
runs "a key of 100 bits" 8 sallyport-racf "RACDCERT ID(USER1) GENCERT SUBJECTSDN(CN('X')) SIZE(100)"
runs "two functions" 8 sallyport-racf "RACDCERT ID(USER1) ADDRING(A) DELRING(B)"
runs "CONNECT without RING" 8 sallyport-racf "RACDCERT ID(USER1) CONNECT(LABEL('x'))"

# Kinds of keys; requests carry names and usage; a key once requested is kept
for k in "RSA SIZE(1024)" "RSA SIZE(3072)" "DSA SIZE(1024)" "NISTECC SIZE(192)" \
    "NISTECC SIZE(384)" "NISTECC SIZE(521)" "BPECC SIZE(160)" "BPECC SIZE(512)"; do
    runs "GENCERT $k" 0 sallyport-racf "RACDCERT ID(USER1) GENCERT SUBJECTSDN(CN('$k') OU('A','B') O('Us') L('Here') SP('Hamlet') C('DE') T('Title')) $k WITHLABEL('$k') KEYUSAGE(HAND DATA DOC KEYAG) ALTNAME(IP(::1) DOMAIN('a.b') EMAIL('me@a.b') URI('http://a.b/'))"
done
OUT=$(racf "RACDCERT ID(USER1) LIST(LABEL('DSA SIZE(1024)'))")
like "$OUT" "Key Type: DSA" "a DSA key"
like "$OUT" "Key Usage: HANDSHAKE, DATAENCRYPT, DOCSIGN, KEYAGREE" "abbreviated key usage"
like "$OUT" ">CN=DSA SIZE\(1024\).T=Title.OU=A.OU=B.O=Us.L=Here.SP=Hamlet.C=DE<" "all parts of a name"
runs "NISTECC of 300 bits" 8 sallyport-racf "RACDCERT ID(USER1) GENCERT SUBJECTSDN(CN('X')) NISTECC SIZE(300)"
runs "two kinds of key" 8 sallyport-racf "RACDCERT ID(USER1) GENCERT SUBJECTSDN(CN('X')) NISTECC RSA"
runs "a key in hardware without a token" 8 sallyport-racf "RACDCERT ID(USER1) GENCERT SUBJECTSDN(CN('X')) RSA(PKDS(MY.KEY))"
racf "RACDCERT ID(USER1) GENREQ(LABEL('NISTECC SIZE(384)')) DSN('IBMUSER.N.REQ')"
like "$(openssl req -in "$D/IBMUSER.N.REQ" -noout -text -verify 2>&1)" "DNS:a.b, email:me@a.b, URI:http://a.b/" "GENREQ carries the alternative names"
runs "DELETE after GENREQ" 8 sallyport-racf "RACDCERT ID(USER1) DELETE(LABEL('NISTECC SIZE(384)'))"
runs "a request without CERTSIGN for CERTAUTH" 8 sallyport-racf "RACDCERT CERTAUTH GENCERT('IBMUSER.N.REQ') SIGNWITH(CERTAUTH LABEL('Liberty CA')) WITHLABEL('by request')"
like "$OUT" "SPT0310E RACDCERT: a certificate of CERTAUTH signs certificates" "is refused, and why"
racf "RACDCERT SITE GENCERT('IBMUSER.N.REQ') SIGNWITH(CERTAUTH LABEL('Liberty CA')) WITHLABEL('by request')" >/dev/null
runs "a certificate of another's request" 4 sallyport-racf "RACDCERT SITE LIST(LABEL('none'))"
OUT=$(racf "RACDCERT SITE LIST(LABEL('by request'))")
like "$OUT" "Private Key: NO" "GENCERT of a request has no key"
like "$OUT" "Key Usage: HANDSHAKE, DATAENCRYPT, DOCSIGN, KEYAGREE" "and the usage that it asks for"
racf "RACDCERT SITE EXPORT(LABEL('by request')) DSN('IBMUSER.ANSWER')" >/dev/null
racf "RACDCERT SITE DELETE(LABEL('by request'))" >/dev/null
# Of another system: its usage bit for bit and its key identifier, unless KEYUSAGE says more.
printf '[r]\ndistinguished_name=d\nreq_extensions=e\nprompt=no\n[d]\nCN=Elsewhere\n[e]\nkeyUsage=digitalSignature,keyCertSign,cRLSign\nsubjectKeyIdentifier=0102030405\n' >"$SCRATCH/req.cnf"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$SCRATCH/else.key" -config "$SCRATCH/req.cnf" -section r -out "$D/IBMUSER.ELSE.REQ" 2>/dev/null
for row in "CERTAUTH::Digital Signature, Certificate Sign, CRL Sign" "SITE::Digital Signature, Certificate Sign, CRL Sign" \
    "SITE:KEYUSAGE(DATA):Data Encipherment" "CERTAUTH:KEYUSAGE(DATA):Data Encipherment, Certificate Sign, CRL Sign"; do
    IFS=: read -r owner operand usage <<<"$row"
    runs "$owner GENCERT of it $operand" 0 sallyport-racf "RACDCERT $owner GENCERT('IBMUSER.ELSE.REQ') SIGNWITH(CERTAUTH LABEL('Liberty CA')) WITHLABEL('else') $operand"
    racf "RACDCERT $owner EXPORT(LABEL('else')) DSN('IBMUSER.ELSE')" >/dev/null
    OUT=$(openssl x509 -in "$D/IBMUSER.ELSE" -noout -text)
    like "$OUT" "^ +$usage$" "its key usage"
    like "$OUT" "^ +01:02:03:04:05" "its subject key identifier"
    racf "RACDCERT $owner DELETE(LABEL('else'))" >/dev/null
done
racf "RACDCERT ID(USER1) ADD('IBMUSER.ANSWER')" >/dev/null
OUT=$(racf "RACDCERT ID(USER1) LIST(LABEL('NISTECC SIZE(384)'))")
like "$OUT" "Issuer's Name:" "the answer keeps the label"
like "$OUT" ">CN=Liberty CA.OU=LIBERTY<" "and its signer"
like "$OUT" "Private Key: YES" "and the key"
SERIAL=$(sed -n '/Serial Number/{n;s/[^0-9A-F]//g;p}' <<<"$OUT")
runs "ALTER by serial number and issuer" 0 sallyport-racf "RACDCERT ID(USER1) ALTER(SERIALNUMBER($SERIAL) ISSUERSDN('CN=Liberty CA.OU=LIBERTY')) NEWLABEL('answered') NOTRUST"
like "$(racf "RACDCERT ID(USER1) LIST(LABEL('answered'))")" "Status: NOTRUST" "ALTER changed both"
runs "ALTER by a serial number that is not there" 4 sallyport-racf "RACDCERT ID(USER1) ALTER(SERIALNUMBER(7777)) TRUST"

# A successor takes over
deck >/dev/null <<'D'
RACDCERT ID(USER1) ADDRING(Roll)
RACDCERT ID(USER1) CONNECT(RING(Roll) LABEL('RSA SIZE(1024)') DEFAULT)
D
runs "ROLLOVER without REKEY" 8 sallyport-racf "RACDCERT ID(USER1) ROLLOVER(LABEL('RSA SIZE(1024)')) NEWLABEL('answered')"
runs "REKEY" 0 sallyport-racf "RACDCERT ID(USER1) REKEY(LABEL('RSA SIZE(1024)')) SIZE(2048) WITHLABEL('next')"
OUT=$(racf "RACDCERT ID(USER1) LIST(LABEL('next'))")
like "$OUT" "Key Size: 2048" "REKEY: the new key's size"
like "$OUT" "    Domain: a.b" "REKEY: the names of the old one"
runs "ROLLOVER" 0 sallyport-racf "RACDCERT ID(USER1) ROLLOVER(LABEL('RSA SIZE(1024)')) NEWLABEL('next')"
like "$(racf 'RACDCERT ID(USER1) LISTRING(Roll)')" "next +ID\(USER1\) +PERSONAL +YES" "ROLLOVER: rings and DEFAULT"
like "$(racf "RACDCERT ID(USER1) LIST(LABEL('RSA SIZE(1024)'))")" "Private Key: NO" "ROLLOVER: the old key is gone"

# Certificate name filters
runs "MAP" 0 sallyport-racf "RACDCERT ID(USER1) MAP SDNFILTER('O=IBM.C=UK') WITHLABEL('uk')"
runs "MAP with a model" 0 sallyport-racf "RACDCERT ID(USER1) MAP('IBMUSER.CC.P12') PASSWORD('secret') IDNFILTER('OU=LIBERTY') WITHLABEL('model')"
runs "MAP twice" 8 sallyport-racf "RACDCERT ID(USER1) MAP SDNFILTER('O=IBM.C=UK')"
runs "MAP without a prefix" 8 sallyport-racf "RACDCERT ID(USER1) MAP SDNFILTER('IBM')"
like "$OUT" "IRRD140I" "IRRD140I"
runs "MAP: no such starting point" 8 sallyport-racf "RACDCERT ID(USER1) MAP('IBMUSER.CC.P12') PASSWORD('secret') SDNFILTER('OU=NONE')"
like "$OUT" "IRRD141I The starting point specified for SDNFILTER" "IRRD141I"
runs "MAP: part of the issuer" 8 sallyport-racf "RACDCERT ID(USER1) MAP('IBMUSER.CC.P12') PASSWORD('secret') SDNFILTER('CN=') IDNFILTER('OU=LIBERTY')"
like "$OUT" "IRRD146I" "IRRD146I"
runs "MULTIID without CRITERIA" 8 sallyport-racf "RACDCERT MULTIID MAP SDNFILTER('O=X')"
runs "MULTIID" 0 sallyport-racf "RACDCERT MULTIID MAP SDNFILTER('O=X') CRITERIA(APPLID=&APPLID.SYSID=&SYSID)"
runs "ALTMAP" 0 sallyport-racf "RACDCERT ID(USER1) ALTMAP(LABEL('uk')) NOTRUST NEWLABEL('gb')"
is "$(racf "RACDCERT ID(USER1) LISTMAP(LABEL('gb'))")" \
"Mapping information for user USER1:

  Label: gb
  Status: NOTRUST
  Issuer's Name Filter:
       ><
  Subject's Name Filter:
       >O=IBM.C=UK<" "LISTMAP"
runs "DELMAP" 0 sallyport-racf "RACDCERT ID(USER1) DELMAP(LABEL('gb'))"
runs "DELMAP again" 4 sallyport-racf "RACDCERT ID(USER1) DELMAP(LABEL('gb'))"

# RACLISTed: what applications see waits for REFRESH
racf "SETROPTS CLASSACT(DIGTCERT) RACLIST(DIGTCERT DIGTRING)" >/dev/null
like "$(racf 'RACDCERT ID(USER1) DELRING(Roll)')" "IRRD175I The new profile for DIGTRING" "IRRD175I"
racf "SETROPTS RACLIST(DIGTCERT DIGTRING) REFRESH" >/dev/null

# Authority
racf "ALTUSER USER1 PASSWORD(SECRET1) NOEXPIRED" >/dev/null
as_user1() { printf 'SECRET1\n' | sallyport-racf --user USER1 "$@" 2>&1; }
like "$(as_user1 'RACDCERT ADDRING(Mine)')" "IRRD101I" "without FACILITY profile: IRRD101I"
deck >/dev/null <<'D'
SETROPTS CLASSACT(FACILITY)
RDEFINE FACILITY IRR.DIGTCERT.ADDRING UACC(NONE)
PERMIT IRR.DIGTCERT.ADDRING CLASS(FACILITY) ID(USER1) ACCESS(READ)
D
unlike "$(as_user1 'RACDCERT ADDRING(Mine)')" "IRRD101I" "READ: one's own ring"
like "$(as_user1 'RACDCERT ID(LIBSERV) ADDRING(Theirs)')" "IRRD101I" "not another's"
OUT=$(sallyport-racf --json 'RACDCERT ID(USER1) LISTRING(*)')
if python3 -c 'import json,sys; d=json.loads(sys.argv[1]); assert d["rc"] == 0 and any("Mine" in l for l in d["lines"])' "$OUT"; then pass "--json"; else fail "--json"; note "$OUT"; fi

# What somebody made to break its reader (the corpus; its first byte is the
# length of a password, which follows): refused with the original's message and
# a reason, and nothing has changed.
all_there() { racf "RACDCERT ID(USER1) LIST"; racf "RACDCERT CERTAUTH LIST"; racf "RACDCERT SITE LIST"; }
unpack() { python3 -c '
import sys
b = open(sys.argv[1], "rb").read(); n = b[0]
open(sys.argv[2], "wb").write(b[1 + n:]); print(b[1:1 + n].decode())' "$1" "$2"; }
before=$(all_there)
for file in "$SALLYPORT_SOURCE"/tests/corpus/certificates/bad-*; do
    name=${file##*/}; password=$(unpack "$file" "$D/IBMUSER.ODD")
    OUT=$(racf "RACDCERT ID(USER1) ADD('IBMUSER.ODD') WITHLABEL('$name') TRUST${password:+ PASSWORD('$password')}"); STATUS=$?
    is $STATUS 8 "$name is refused"
    case $name in
    bad-signature | bad-algorithm) like "$OUT" "the certificate's signature is not valid" "$name: why" ;;
    *) like "$OUT" "^IRRD104I The input data set does not contain a valid certificate" "$name: so it is said"
       like "$OUT" "^SPT0310E RACDCERT: IBMUSER.ODD: .{10,}" "$name: and why" ;;
    esac
    unlike "$OUT" "malformed answer|ended on this input" "$name: its reader has not died of it"
done
is "$(all_there)" "$before" "nothing was added"
for row in "serial-negative:FF38" "serial-zero:00" "serial-64:1{72}" "date-far:07" "name-long:07" "name-many:07" "altnames-many:07" "p12-name-long:07" "key-rsa-16384:07"; do
    name=odd-${row%%:*}; password=$(unpack "$SALLYPORT_SOURCE/tests/corpus/certificates/$name" "$D/IBMUSER.ODD")
    OUT=$(racf "RACDCERT ID(USER1) ADD('IBMUSER.ODD') WITHLABEL('odd') NOTRUST${password:+ PASSWORD('$password')}")
    like "$OUT" "IRRD199I" "$name is taken"
    like "$(racf "RACDCERT ID(USER1) LIST(LABEL('odd'))")" "^ +>${row#*:}<" "$name: with its serial number"
    runs "$name is deleted" 0 sallyport-racf "RACDCERT ID(USER1) DELETE(LABEL('odd'))"
done
is "$(all_there)" "$before" "and all is as before"
done_testing
