# TLS to the endpoint of an API requester: which ssl and certificate are used,
# whom we believe, and whether the endpoint's certificate has been revoked.
. "$E2E_LIB"
image_install || exit 1
END=$(free_port) WEB=$(free_port) PKI=$SCRATCH/pki
mkdir -p "$PKI" "$SERVER_DIR/resources/security"
cd "$PKI" || exit 1
authority_new /CN=CA <<C
[here]
subjectAltName=IP:127.0.0.1
crlDistributionPoints=URI:http://127.0.0.1:$WEB/ca.crl
[there]
subjectAltName=DNS:other.lab.test
crlDistributionPoints=URI:http://127.0.0.1:$WEB/ca.crl
[client]
basicConstraints=CA:FALSE
C
key_new -x509 -subj /CN=Stranger -days 30 -keyout stranger.key -out stranger.pem
for pair in good:here bad:here wrong:there one:client two:client; do
    name=${pair%:*}
    issue "$name" "${pair#*:}"
    openssl pkcs12 -export -in "$name.crt" -inkey "$name.key" -name "$name" -passout pass:changeit -out "$name.p12"
done
authority -revoke bad.crt
authority -gencrl | openssl crl -outform DER >ca.crl
for name in one two; do cp $name.p12 "$SERVER_DIR/resources/security/"; done
cp ca.pem stranger.pem "$SERVER_DIR/resources/security/"
cat >endpoint.py <<'P'
import http.server, ssl, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        peer = self.connection.getpeercert() or {}
        open(sys.argv[3], "a").write(str(dict(x[0] for x in peer.get("subject", ())).get("commonName", "none")) + "\n")
        self.send_response(404); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", "8"); self.end_headers(); self.wfile.write(b'{"no":1}')
    def log_message(self, *a): pass
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain(sys.argv[2]); c.load_verify_locations("ca.pem"); c.verify_mode = ssl.CERT_OPTIONAL
s = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H)
s.socket = c.wrap_socket(s.socket, server_side=True, do_handshake_on_connect=False)
s.serve_forever()
P
background python3 -m http.server --bind 127.0.0.1 "$WEB" >/dev/null 2>&1
ENDPOINT=
endpoint() { # CERTIFICATE
    if [ -n "$ENDPOINT" ]; then kill "$ENDPOINT"; wait "$ENDPOINT" 2>/dev/null; wait_for 10 is_free "$END"; fi
    background python3 endpoint.py "$END" "$1.pem" "$SCRATCH/seen"; ENDPOINT=$PID
    wait_for 30 listens "$END" || fail "the endpoint $1 starts"
}
endpoint good
REQUESTER=$SERVER_DIR/includes/apiRequesterHTTPS.xml
sed -i "s#port=\"\${https.port}\"#port=\"$END\" sslCertsRef=\"\"#; s/idAssertion=\"ASSERT_ONLY\"/idAssertion=\"OFF\"/; s/ sslCertsRef=\"\"//" "$REQUESTER"
stores='<keyStore id="one" location="one.p12" password="changeit"/><keyStore id="two" location="two.p12" password="changeit"/><keyStore id="ca" location="ca.pem" type="PEM"/><keyStore id="stranger" location="stranger.pem" type="PEM"/>'
cp "$SERVER_DIR/server.xml" "$SCRATCH/server.xml"
elements() { sed "s#</server>#$stores$1</server>#" "$SCRATCH/server.xml" >"$SERVER_DIR/server.xml"; image_own; }
any='<ssl id="b" keyStoreRef="two" trustStoreRef="ca"%s><outboundConnection host="%s" port="%s"%s/></ssl>'
# shellcheck disable=SC2059
with() { elements "$(printf "$any" "$1" "${2:-127.0.0.1}" "${3:-$END}" "${4:-}")"; [ -z "${STARTED:-}" ] || { log_mark; refresh; }; }
printf '%-400s' 111111 >"$SCRATCH/text"; { printf '\006\000'; cat "$SCRATCH/text"; } >"$SCRATCH/record"
call() { # what the endpoint saw, in SEEN
    : >"$SCRATCH/seen"
    api POST /zosConnect/apiRequesters/cscvincapi_1.0.0 -H 'Sallyport-Api-Path: /cscvinc/employee/{employee}' -H 'Sallyport-Api-Method: GET' -H 'Sallyport-Response-Bytes: 4000' --data-binary "@$SCRATCH/record" -H 'Content-Type: application/octet-stream'
    SEEN=$(cat "$SCRATCH/seen")
}
with ""
image_start; ok $? "the image is up"; STARTED=1
call; is "$SEEN" two "outboundConnection: by host and port, with its key"
with "" '*' "$END" ' clientCertificate="two"'; call; is "$SEEN" two "by * and port, with the certificate it names"
with "" '*' -1; like "$(log_since)" "CWPKI0816W" "a filter for everything stands back behind outboundSSLRef"
with ' clientKeyAlias="two"'; call; is "$SEEN" two "clientKeyAlias"
with ' clientKeyAlias="none"'
like "$(log_since)" "CWPKI0023E: The none certificate alias" "an alias that is not there"
with ""
elements '<ssl id="a" keyStoreRef="one" trustStoreRef="ca"/>'; sed -i 's#port="'"$END"'"#& sslCertsRef="a"#' "$REQUESTER"; image_own; refresh
call; is "$SEEN" one "sslCertsRef before all filters"
sed -i 's# sslCertsRef="a"##' "$REQUESTER"

# --- whom we believe
with "" 127.0.0.1 "$END"; sed -i 's/trustStoreRef="ca"/trustStoreRef="stranger"/' "$SERVER_DIR/server.xml"; image_own; log_mark; refresh
call; is "$CODE$SEEN" 500 "an endpoint of an authority we do not trust"
like "$(log_since)" "CWPKI0823E: SSL HANDSHAKE FAILURE:  A signer with SubjectDN \[" "is said"
endpoint wrong; with ""; call; is "$SEEN" two "another name is taken without verifyHostname"
with ' verifyHostname="true"'; call; is "$CODE$SEEN" 500 "not with it"
like "$(log_since)" "CWPKI0824E: SSL HANDSHAKE FAILURE:  Host name verification error while connecting to host \[127\.0\.0\.1\]" "is said"

# --- revocation
endpoint good; with ' revocationRef="asks"'; sed -i 's#</server>#<sallyport_revocation id="asks" level="HIGH"/></server>#' "$SERVER_DIR/server.xml"; image_own; refresh
call; is "$SEEN" two "an endpoint that is on no list"
endpoint bad; call; is "$CODE$SEEN" 500 "one that has been revoked"
like "$BODY" "Certificate has been revoked.*CN=bad" "the program hears why"
done_testing
