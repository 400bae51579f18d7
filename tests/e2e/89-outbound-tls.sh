# TLS to the endpoint of an API requester: which ssl and certificate are used,
# whom we believe, and whether the endpoint's certificate has been revoked.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
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
with "" '*' -1; like "$(log_since)" "CWPKI0816W: The outboundConnection element with an asterisk \(\*\) as the host and port is set to the \[b\] SSL configuration\." "a filter for everything stands back behind outboundSSLRef"
with ""; sed -i "s#</server>#<ssl id=\"c\" keyStoreRef=\"one\" trustStoreRef=\"ca\"><outboundConnection host=\"127.0.0.1\" port=\"$END\"/></ssl></server>#" "$SERVER_DIR/server.xml"; image_own; log_mark; refresh
like "$(log_since)" "CWPKI0815W: More than one OutboundConnection element specifies the \[127\.0\.0\.1\] host and \[$END\] port as a filter\. The OutboundConnection element configured on the \[b\] SSL element will be used\." "two filters alike"
call; is "$SEEN" two "the first one counts"
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
like "$(log_since)" "CWPKI0823E: SSL HANDSHAKE FAILURE:  A signer with SubjectDN \[[^]]*\] was sent from the host \[127\.0\.0\.1:$END\]\." "is said"
endpoint wrong; with ""; call; is "$SEEN" two "another name is taken without verifyHostname"
with ' verifyHostname="true"'; call; is "$CODE$SEEN" 500 "not with it"
like "$(log_since)" "CWPKI0824E: SSL HANDSHAKE FAILURE:  Host name verification error while connecting to host \[127\.0\.0\.1\]\.  The host name used to access the server does not match" "is said"
with ' verifyHostname="true" skipHostnameVerificationForHosts="127.0.0.1"'; call; is "$SEEN" two "skipHostnameVerificationForHosts: that host may"
with ' verifyHostname="true" skipHostnameVerificationForHosts="other.lab.test"'; call; is "$CODE$SEEN" 500 "another host may not"
unlike "$(log_since)" CWPKI0063W "names are looked at"
with ' verifyHostname="false"'; call; is "$SEEN" two "verifyHostname false"
is "$(log_since | grep -c 'CWPKI0063W: Hostname verification is disabled for \[b\]\. TLS/SSL connections do not check server identities')" 1 "is said, once"
with ' verifyHostname="false"'; sed -i 's#</server>#<sslDefault httpHostNameVerification="true"/></server>#' "$SERVER_DIR/server.xml"; image_own; log_mark; refresh
call; is "$CODE$SEEN" 500 "httpHostNameVerification: it does for all"
like "$(log_since)" "CWPKI0824E" "is said"

# --- whom we believe besides: the environment, the authorities of the system
restart() { # with $SERVER_DIR/server.env as it is now
    console 'P BAQSTRT'; image_own; console 'S BAQSTRT'
    wait_for 60 grep -q CWWKF0011I "$(log_of)" || fail "the server starts again"
}
stores="$stores<keyStore id=\"alone\" location=\"stranger.pem\" type=\"PEM\"/>"
trusting() { STARTED="" with "$2"; sed -i "s/trustStoreRef=\"ca\"/trustStoreRef=\"$1\"/" "$SERVER_DIR/server.xml"; image_own; log_mark; refresh; call; }
endpoint good
cp "$SERVER_DIR/server.env" "$SCRATCH/server.env" 2>/dev/null
printf 'cert_stranger=%s\ncert_ca=%s\nSSL_CERT_FILE=%s\n' "$PKI/ca.pem" "$PKI/none.pem" "$PKI/ca.pem" >>"$SERVER_DIR/server.env"
restart
trusting alone ""; is "$CODE$SEEN" 500 "a store without the authority"
trusting alone ' trustDefaultCerts="true"'; is "$SEEN" two "trustDefaultCerts: the authorities of the system as well"
like "$(log_since)" "CWPKI0827I: The b SSL configuration uses the default truststore in addition to the configured truststore\." "is said"
trusting stranger ""; is "$SEEN" two "a certificate of the environment, cert_ID, is trusted"
like "$(log_since)" "CWPKI0830I: Certificate with the CN=CA SubjectDN from the cert_stranger environment variable is being added to the stranger keystore\." "is said"
trusting ca ""; is "$SEEN" two "one that is not there harms nobody"
like "$(log_since)" "CWPKI0826W: The certificate was not retrieved from the cert_ca environment variable\. The certificate was not added to the ca truststore\.  The exception that is returned is: .*none\.pem" "but is said"
printf 'SSL_CERT_FILE=/none\nSSL_CERT_DIR=/none\n' >>"$SERVER_DIR/server.env"
restart
trusting alone ' trustDefaultCerts="true"'; is "$CODE$SEEN" 500 "a system without authorities"
like "$(log_since)" "CWPKI0825W: The trustDefaultCerts attribute is enabled but the default truststore failed to initialize\. .* configured by the b SSL configuration is used\. The exception that is returned is: ." "is said"

# --- revocation
endpoint good; with ' revocationRef="asks"'; sed -i 's#</server>#<sallyport_revocation id="asks" level="HIGH"/></server>#' "$SERVER_DIR/server.xml"; image_own; refresh
call; is "$SEEN" two "an endpoint that is on no list"
endpoint bad; call; is "$CODE$SEEN" 500 "one that has been revoked"
like "$BODY" "Certificate has been revoked.*CN=bad" "the program hears why"
done_testing
