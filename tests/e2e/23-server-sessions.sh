# TLS sessions: resumed by ticket at any server that shares the keys, also when
# they have been rotated; which of several certificates a client is shown; what
# is said of certificates that end.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
ONE=$(free_port) TWO=$(free_port) PKI=$SCRATCH/pki
mkdir -p "$PKI"
# certificate NAME ALGORITHM SUBJECT SAN [openssl ca arguments]
cat >"$PKI/ca.cnf" <<C
[ca]
default_ca=d
[d]
database=$PKI/index
serial=$PKI/serial
new_certs_dir=$PKI
default_md=sha256
default_days=300
policy=p
unique_subject=no
copy_extensions=copy
[p]
commonName=supplied
C
: >"$PKI/index"; echo 1000 >"$PKI/serial"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=CA -days 300 -keyout "$PKI/ca.key" -out "$PKI/ca.pem" 2>/dev/null
certificate() {
    local name=$1 key=$2 san=$3; shift 3
    # shellcheck disable=SC2086
    openssl req -new -newkey $key -nodes -subj "/CN=$name" -addext "subjectAltName=$san" -keyout "$PKI/$name.key" -out "$PKI/$name.csr" 2>/dev/null &&
        openssl ca -batch -config "$PKI/ca.cnf" -keyfile "$PKI/ca.key" -cert "$PKI/ca.pem" -in "$PKI/$name.csr" -out "$PKI/$name.crt" "$@" 2>/dev/null &&
        openssl pkcs12 -export -in "$PKI/$name.crt" -inkey "$PKI/$name.key" -certfile "$PKI/ca.pem" -name "$name" -passout pass:changeit -out "$PKI/$name.p12"
}
EC="ec -pkeyopt ec_paramgen_curve:P-256"
certificate rsa rsa:2048 DNS:a.example || fail "rsa"
certificate ec "$EC" DNS:a.example || fail "ec"
certificate other "$EC" "DNS:b.example,DNS:*.c.example" || fail "other"
certificate old "$EC" DNS:a.example -startdate 20200101000000Z -enddate 20200201000000Z || fail "old"
for k in rsa ec other; do cat "$PKI/$k.crt" "$PKI/$k.key"; done >"$PKI/all.pem"

for s in one two; do
    sallyport server create $s >/dev/null || fail "create $s"
    at_exit "sallyport server stop $s >/dev/null 2>&1"
    mkdir -p "$SALLYPORT_ROOT/servers/$s/resources/security"
    cp "$PKI"/*.p12 "$PKI/all.pem" "$SALLYPORT_ROOT/servers/$s/resources/security/"
done
KEYS=$SCRATCH/keys
mkdir -m 700 "$KEYS"
# server NAME PORT STORE SSL-ATTRIBUTES [SSL-OPTIONS]
server() {
    printf '<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="-1" httpsPort="%s"><sslOptions sslRef="t" %s/></httpEndpoint>
  <keyStore id="k" %s password="changeit"/><ssl id="t" keyStoreRef="k" %s/>
</server>\n' "$2" "${5:-ticketKeyFile=\"$KEYS/tickets\" sslSessionTimeout=\"2h\"}" "$3" "$4" >"$SALLYPORT_ROOT/servers/$1/server.xml"
}
log_text() { cat "$(log_of one)"; }
apply() { log_mark; sallyport server modify one REFRESH,CONFIG >/dev/null 2>&1; }
server one "$ONE" 'location="rsa.p12"' ''; server two "$TWO" 'location="rsa.p12"' ''
runs "one starts" 0 sallyport server start one
runs "two starts" 0 sallyport server start two
log_mark() { LINES_BEFORE=$(log_text | wc -l); }
since() { log_text | tail -n +$((LINES_BEFORE + 1)); }

# --- sessions
# A request makes the client wait for its ticket (TLS 1.3).
resume() { # PORT PROTOCOL s_client arguments
    local port=$1 protocol=$2; shift 2
    printf 'GET / HTTP/1.0\r\n\r\n' | timeout 20 openssl s_client -connect "127.0.0.1:$port" "-$protocol" -ign_eof "$@" 2>/dev/null | grep -oE "^(New|Reused), TLS" | cut -d, -f1 | head -1
}
for protocol in tls1_2 tls1_3; do
    is "$(resume "$ONE" $protocol -sess_out "$SCRATCH/$protocol")" New "$protocol: a session at one"
    is "$(resume "$ONE" $protocol -sess_in "$SCRATCH/$protocol")" Reused "$protocol: resumed there"
    is "$(resume "$TWO" $protocol -sess_in "$SCRATCH/$protocol")" Reused "$protocol: and at two"
done
like "$(openssl s_client -connect "127.0.0.1:$ONE" -tls1_2 </dev/null 2>/dev/null)" "ticket lifetime hint: 7200 " "sslSessionTimeout is what clients are told"
is "$(stat -c %a "$KEYS/tickets")" 600 "the keys are for their user alone"
# The newest key has become old: whoever looks first puts a new one in front.
FIRST=$(sed -n 's/^[0-9]* //p' "$KEYS/tickets" | head -1)
sed -i "s/^[0-9]* $FIRST/$(($(date +%s) - 4000)) $FIRST/" "$KEYS/tickets"
rotated() { [ "$(sed -n 's/^[0-9]* //p' "$KEYS/tickets" | wc -l)" = 2 ] && ! head -1 "$KEYS/tickets" | grep -q "$FIRST"; }
wait_for 30 rotated; ok $? "keys are rotated at half of the sessions' life"
# A ticket comes with a resumed session when the old one's key is not the newest.
renewed() { [ "$(resume "$TWO" tls1_3 -sess_in "$SCRATCH/tls1_3" -sess_out "$SCRATCH/new")" = Reused ] && [ -s "$SCRATCH/new" ]; }
wait_for 30 renewed; ok $? "a session of the old key goes on, and gets a ticket of the new one"
resumed() { [ "$(resume "$ONE" tls1_3 -sess_in "$SCRATCH/new")" = Reused ]; }
wait_for 30 resumed; ok $? "which one takes as well"
# A key nobody can have a ticket of goes, and what it sealed with it.
sed -i "/$FIRST/d" "$KEYS/tickets"
new_session() { [ "$(resume "$1" tls1_2 -sess_in "$SCRATCH/tls1_2")" = New ]; }
wait_for 30 new_session "$ONE"; ok $? "a key that is gone opens nothing at one"
wait_for 30 new_session "$TWO"; ok $? "nor at two"
# Who trusts others, or asks for certificates, does not resume what did not.
is "$(resume "$ONE" tls1_2 -sess_out "$SCRATCH/plain")" New "a session without client certificate"
server one "$ONE" 'location="rsa.p12"' 'clientAuthenticationSupported="true"'; apply
is "$(resume "$ONE" tls1_2 -sess_in "$SCRATCH/plain")" New "is not resumed where one is asked for"
server one "$ONE" 'location="rsa.p12"' '' 'sslSessionTimeout="1s"'; apply
like "$(openssl s_client -connect "127.0.0.1:$ONE" -tls1_2 </dev/null 2>/dev/null)" "ticket lifetime hint: 1 " "a short sslSessionTimeout"

# --- several certificates: by name, and by what the client can verify
server one "$ONE" 'location="all.pem" type="PEM"' ''; apply
shown() { openssl s_client -connect "127.0.0.1:$ONE" -tls1_2 "$@" </dev/null 2>/dev/null | openssl x509 -noout -subject -nameopt RFC2253 2>/dev/null | sed 's/.*CN=//'; }
while IFS='|' read -r name ciphers want what; do
    is "$(shown -servername "$name" -cipher "$ciphers")" "$want" "$what"
done <<'END'
a.example|ECDHE-RSA-AES256-GCM-SHA384|rsa|a client that knows RSA alone
a.example|ECDHE-ECDSA-AES256-GCM-SHA384|ec|one that knows ECDSA alone
b.example|ECDHE-ECDSA-AES256-GCM-SHA384|other|the name asked for
x.c.example|ECDHE-ECDSA-AES256-GCM-SHA384|other|a name with a wildcard
x.y.c.example|ECDHE-RSA-AES256-GCM-SHA384|rsa|a wildcard is one label: the first certificate
END
is "$(shown -noservername -cipher ECDHE-RSA-AES256-GCM-SHA384)" rsa "no name: the first certificate"

# --- certificates that end
server one "$ONE" 'location="old.p12"' ''; apply
like "$(since)" "CWPKI0017E: The certificate with alias old from keyStore k is expired\." "one that has ended is said"
server one "$ONE" 'location="rsa.p12"' ''; apply
unlike "$(since)" "CWPKI001[67]" "one of 300 days is not"

# --- a hundred bad handshakes of an endpoint are said, by all loops together,
# and that more are not
server one "$ONE" 'location="rsa.p12"' '' 'sslSessionTimeout="1h"'; apply
python3 - "$ONE" <<'P'
import socket, sys
for _ in range(500):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); s.sendall(b"GET / HTTP/1.0\r\n\r\n")
    try: s.recv(1)
    except OSError: pass
    s.close()
P
said() { log_text | grep -q 'CWWKO0804I: The maximum number of SSL handshake failures to log has been reached\.'; }
wait_for 10 said; ok $? "CWWKO0804I"
[ "$(log_text | grep -c CWWKO0801E)" -le 100 ]; ok $? "after no more than a hundred ($(log_text | grep -c CWWKO0801E))"
is "$(log_text | grep -c CWWKO0804I)" 1 "once"
runs "one stops" 0 sallyport server stop one
runs "two stops" 0 sallyport server stop two
done_testing
