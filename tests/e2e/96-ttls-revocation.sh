# AT-TLS and revoked certificates: OCSP, lists over HTTP and LDAP, as
# TTLSGskAdvancedParms says; which answer has which return code.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
gsk() { printf 'TTLSGskAdvancedParms\n  {\n    %s\n  }\n' "$1"; }
ocsp() { gsk "RevocationSecurityLevel $1
    TTLSGskOcspParms
    {
      OcspAiaEnable On
      OcspResponseTimeout 5
      ${2:-}
    }"; }
lists() { gsk "RevocationSecurityLevel $1
    TTLSGskHttpCdpParms
    {
      HttpCdpEnable On
      HttpCdpResponseTimeout 5
    }"; }
ldap() { gsk "TTLSGskLdapParms
    {
      GSK_LDAP_SERVER 10.77.0.2:$1
      GSK_CRL_SECURITY_LEVEL $2
      LDAPResponseTimeout 5
    }"; }
out() { rule "$1" Outbound "$2" Client USER1/Liberty.KeyRing "" "" "$3"; }
{
    group
    out asksnobody 8500 ""
    out ocsp 8501 "$(ocsp High)"
    out low 8502 "$(ocsp Low)"
    out medium 8503 "$(ocsp Medium)"
    out crl 8504 "$(lists High)"
    out ldap 8505 "$(ldap 3890 High)"
    out ldapdown 8506 "$(ldap 3899 Medium)"
    out ldaplow 8507 "$(ldap 3899 Low)"
    out nonce 8508 "$(ocsp High "OcspNonceGenEnable On
      OcspNonceCheckEnable On
      OcspNonceSize 16")"
    out url 8509 "$(gsk "TTLSGskOcspParms
    {
      OcspUrl http://10.77.0.2:8470/
      OcspRetrieveViaGet On
    }")"
    out nosource 8510 "$(ocsp High)"
    out nosourcemedium 8511 "$(ocsp Medium)"
    out signed 8512 "$(ocsp High "OcspRequestSigkeylabel USER1")"
    out sha512 8517 "$(ocsp High "OcspRequestSigkeylabel USER1
      OcspRequestSigalg 0601")"
    out pss 8518 "$(ocsp High "OcspRequestSigkeylabel USER1
      OcspRequestSigalg 0805")"
    out curve 8519 "$(ocsp High "OcspRequestSigkeylabel USER1
      OcspRequestSigalg 0403")"
    out nolabel 8513 "$(ocsp High "OcspRequestSigkeylabel NOSUCH")"
    out notthat 8514 "$(ocsp High "OcspResponseSigAlgPairs 06030503")"
    out that 8515 "$(ocsp High "OcspResponseSigAlgPairs 06030401")"
    out notlist 8516 "$(lists High | sed 's/RevocationSecurityLevel/CrlSigAlgPairs 0601\n    &/')"
    rule staple Inbound 8092 Server LIBSERV/Liberty.KeyRing "" "" "$(gsk "TTLSGskOcspParms
    {
      OcspUrl http://10.77.0.2:8470/
      OcspServerStapling EndEntity
    }")"
    rule in Inbound 8090 ServerWithClientAuth LIBSERV/Liberty.KeyRing "ClientAuthType Required" "" "$(ocsp High)"
    rule inpass Inbound 8091 ServerWithClientAuth LIBSERV/Liberty.KeyRing "ClientAuthType PassThru" "" "$(ocsp High)"
} >"$policy"

# --- an authority that revokes -------------------------------------------------------
sallyport racf "RACDCERT CERTAUTH EXPORT(LABEL('Liberty CA')) DSN('IBMUSER.CA.P12') FORMAT(PKCS12DER) PASSWORD('export')" >/dev/null
openssl pkcs12 -in "$SALLYPORT_ROOT/datasets/IBMUSER.CA.P12" -passin pass:export -nodes -out "$SCRATCH/ca-key.pem" 2>/dev/null; ok $? "the authority's key"
cd "$SCRATCH" || exit 1
cat >x.cnf <<'C'
[good]
basicConstraints = CA:FALSE
authorityInfoAccess = OCSP;URI:http://10.77.0.2:8470/
crlDistributionPoints = URI:http://10.77.0.2:8471/list.crl
[deaf]
basicConstraints = CA:FALSE
authorityInfoAccess = OCSP;URI:http://10.77.0.2:8479/
crlDistributionPoints = URI:http://10.77.0.2:8471/garbage.crl
[bare]
basicConstraints = CA:FALSE
[ca]
default_ca = d
[d]
new_certs_dir = .
database = index.txt
serial = serial
crlnumber = crlnumber
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
[any]
commonName = supplied
C
: >index.txt; echo 1000 >serial; echo 01 >crlnumber
authority() { openssl ca -batch -config x.cnf -cert ca-key.pem -keyfile ca-key.pem "$@" 2>>ca.log; }
for pair in good=good fresh=good revoked=good deaf=deaf bare=bare; do
    name=${pair%=*}
    openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj "/CN=$name" 2>/dev/null
    authority -extensions "${pair#*=}" -in $name.csr -out $name.crt -notext && cat $name.crt $name.key >$name.pem
done
authority -revoke revoked.crt
authority -gencrl -out list.pem && openssl crl -in list.pem -outform DER -out list.crl; ok $? "a certificate is revoked"
mkdir web && cp list.crl web/ && echo 'no list at all' >web/garbage.crl
background nsenter -t "$PEER" -n openssl ocsp -text -ignore_err -index index.txt -port 8470 -rsigner ca-key.pem -rkey ca-key.pem -CA ca-key.pem -nmin 60 >responder.log 2>&1
RESPONDER=$PID
background nsenter -t "$PEER" -n python3 -m http.server -d web 8471 >web.log 2>&1
wait_for 10 peer bash -c 'exec 3<>/dev/tcp/10.77.0.2/8471'
wait_for 10 grep -qi 'wait' responder.log; ok $? "a responder and a web server"
cat >many.py <<'PY'
# Port p00 to p99: each with the certificate that stands in the file "shown".
import socket, ssl, threading
def serve(raw):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(open("shown").read().strip() + ".pem")
    try:
        s = c.wrap_socket(raw, server_side=True)
        s.sendall(b"MARKER " + s.makefile("rb").readline())
        s.unwrap().close()
    except OSError as e:
        print(e, flush=True)
def listen(port):
    l = socket.create_server(("10.77.0.2", port))
    while True:
        threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
ts = [threading.Thread(target=listen, args=(p,)) for p in range(8500, 8520)]
[t.start() for t in ts]
print("up", flush=True)
PY
background nsenter -t "$PEER" -n python3 many.py >servers.log 2>&1
wait_for 10 grep -q up servers.log; ok $? "servers"
ttls_start
wire_start
# shows CERTIFICATE PORT RC WHAT: RC 0: served; the return code otherwise.
shows() {
    echo "$1" >shown; mark
    OUT=$(timeout 30 ${WHO:-} bash -c "exec 3<>/dev/tcp/10.77.0.2/$2; echo hello >&3; head -1 <&3" 2>&1)
    if [ "$3" = 0 ]; then like "$OUT" '^MARKER hello' "$4: served"; return; fi
    unlike "$OUT" MARKER "$4: refused"
    wait_for 5 said "EZD1287I TTLS Error RC: $3 (Initial Handshake|Environment Init)"; ok $? "$4: RC $3"
}
shows revoked 8500 0 "nothing coded: nobody is asked"
shows good 8501 0 "OCSP: good"
shows revoked 8501 431 "OCSP: revoked"
shows good 8501 0 "OCSP: good again, and resumed"
shows revoked 8501 431 "OCSP: revoked still"
shows good 8508 0 "OCSP with a nonce"
shows revoked 8508 431 "OCSP with a nonce: revoked"
shows revoked 8509 431 "OcspUrl, by GET: revoked"
shows bare 8509 0 "OcspUrl: certificates that name nobody"
shows good 8504 0 "list over HTTP: good"
shows revoked 8504 431 "list over HTTP: revoked"
shows deaf 8504 436 "a list that is none"
shows deaf 8502 0 "nobody answers, level Low"
shows deaf 8503 436 "nobody answers, level Medium"
shows deaf 8501 436 "nobody answers, level High"
shows bare 8511 0 "nobody to ask, level Medium"
requests_signed() { awk '/OCSP Request Data/ { r = 1 } /OCSP Response Data|^ *OCSP Response Status/ { r = 0 } r && /Signature Algorithm/ { n++ } END { print n + 0 }' responder.log; }
is "$(requests_signed)" 0 "requests are not signed"
# By USER1: another user may not use the ring's keys.
WHO="setpriv --reuid=50011 --regid=50011 --clear-groups"
shows revoked 8512 431 "signed requests: revoked"
shows fresh 8512 0 "signed requests: good"
[ "$(requests_signed)" -ge 2 ]; ok $? "they are signed"
shows good 8517 0 "OcspRequestSigalg 0601"
like "$(cat responder.log)" 'Signature Algorithm: sha512WithRSAEncryption' "with SHA-512"
shows good 8518 0 "OcspRequestSigalg 0805"
like "$(cat responder.log)" 'Signature Algorithm: rsassaPss' "with RSASSA-PSS"
shows good 8519 434 "OcspRequestSigalg 0403, an RSA key"
WHO=
shows good 8513 6 "no such certificate to sign with"
shows good 8514 436 "an answer signed with an algorithm that is not allowed"
shows good 8515 0 "with one that is"
shows good 8516 436 "a list signed with an algorithm that is not allowed"
shows bare 8510 436 "nobody to ask, level High"
shows good 8506 427 "no directory, level Medium"
shows good 8507 0 "no directory, level Low"

# --- a directory -----------------------------------------------------------------------
if PATH=/usr/sbin:$PATH command -v slapd >/dev/null; then
    PATH=/usr/sbin:$PATH
    issuer=$(openssl x509 -in ca.pem -noout -subject -nameopt RFC2253 | sed 's/^subject=//')
    mkdir ldap
    cat >slapd.conf <<C
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $SCRATCH/slapd.pid
database mdb
suffix "${issuer#*,}"
directory $SCRATCH/ldap
access to * by * read
C
    top=${issuer#*,}
    cat >tree.ldif <<L
dn: $top
objectClass: organizationalUnit
ou: $(sed 's/^OU=\([^,]*\).*/\1/' <<<"$top")

dn: $issuer
objectClass: organizationalRole
objectClass: pkiCA
cn: $(sed 's/^CN=\([^,]*\).*/\1/' <<<"$issuer")
certificateRevocationList;binary:: $(base64 -w0 list.crl)
L
    slapadd -f slapd.conf -l tree.ldif >slapadd.log 2>&1 || note "$(cat slapadd.log tree.ldif | cut -c1-200)"
    background nsenter -t "$PEER" -n slapd -d 0 -f slapd.conf -h ldap://10.77.0.2:3890
    wait_for 10 peer bash -c 'exec 3<>/dev/tcp/10.77.0.2/3890'; ok $? "a directory"
    shows good 8505 0 "list of a directory: good"
    shows revoked 8505 431 "list of a directory: revoked"
else
    note "no slapd: lists of a directory are not looked at"
fi

# --- clients of a server ---------------------------------------------------------------
for port in 8090 8091 8092; do
    background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 -m http.server -b 10.77.0.1 -d web $port >"in.$port" 2>&1
    wait_for 10 eval "ss -Hltn sport = :$port | grep -q LISTEN"
done
client() { peer "${CURL[@]}" -k --cert "$1.pem" "https://10.77.0.1:$2/garbage.crl"; }
like "$(client good 8090)" 'no list at all' "a client whose certificate is good"
like "$(client fresh 8090)" 'no list at all' "one that nobody has asked about yet"
mark
unlike "$(client revoked 8090)" list "a client whose certificate is revoked"
wait_for 5 said 'EZD1287I TTLS Error RC: 431'; ok $? "RC 431"
like "$(client revoked 8091)" 'no list at all' "PassThru looks at nothing"
# Stapled: as soon as the responder knows the server's certificate.
status() { peer timeout 20 openssl s_client -connect 10.77.0.1:8092 -status </dev/null 2>&1; }
shown=$(status); unlike "$shown" 'OCSP Response Status: successful' "the responder does not know the server: nothing is stapled"
serial=$(openssl x509 -noout -serial <<<"$shown" | sed 's/.*=//')
printf 'V\t491231235959Z\t\t%s\tunknown\t/CN=server\n' "$serial" >>index.txt
sed -i 's/OcspServerStapling EndEntity/OcspServerStapling Any/' "$policy"; policy_refresh
wait_for 30 eval 'status | grep -q "Cert Status: good"'; ok $? "OcspServerStapling: the client is told that it is good"
kill "$RESPONDER"; wait "$RESPONDER" 2>/dev/null
# Each engine keeps its own; a connection may come to one that has not asked.
served() { client fresh 8090 | grep -q 'no list at all'; }
wait_for 20 served; ok $? "an answer is kept"
wire_end; is "$(grep -ao 'MARKER\|hello' wire | sort -u)" "" "no clear text on the wire"
done_testing
