# A server's TLS: the default key store is made, JKS and PKCS12 stores of other
# tools work with aliases and passwords of their own, broken ones close their
# port with the reason, changed ones are taken while connections go on.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
HTTPS=$(free_port)
STORES=$SALLYPORT_SOURCE/tests/corpus/keystore
sallyport server create s >/dev/null || fail "create"
HOME_DIR=$SALLYPORT_ROOT/servers/s
LOG=$HOME_DIR/logs/messages.log
SECURITY=$HOME_DIR/resources/security
at_exit "sallyport server stop s >/dev/null 2>&1"

# server ELEMENTS: server.xml with them
server() {
    printf '<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="-1" httpsPort="%s" %s
</server>\n' "$HTTPS" "$*" >"$HOME_DIR/server.xml"
}
apply() { LINES_BEFORE=$(wc -l <"$LOG"); OUT=$(sallyport server modify s REFRESH,CONFIG 2>&1); }
since() { tail -n +$((LINES_BEFORE + 1)) "$LOG"; }
# subject [s_client arguments]: of the certificate the server shows
subject() { openssl s_client -connect "127.0.0.1:$HTTPS" "$@" </dev/null 2>/dev/null | openssl x509 -noout -subject -nameopt RFC2253 2>/dev/null; }
says() { subject | grep -q "$1"; }

server 'protocolVersion="http/2"/>'
runs "start without any keyStore element" 0 sallyport server start s
like "$(cat "$LOG")" "CWPKI0803A: SSL certificate created in [0-9.]+ seconds\. SSL key file: $HOME_DIR/resources/security/key\.p12" "the default key store is made"
is "$(stat -c %a "$SECURITY/key.p12")" 600 "nobody else reads it"
like "$(subject)" "CN=[^,]+,OU=s,O=ibm,C=us" "its certificate names host and server"
PASSWORD=$(sed -n 's/^keystore_password=//p' "$HOME_DIR/server.env")
openssl pkcs12 -in "$SECURITY/key.p12" -passin "pass:$PASSWORD" -nokeys -out "$SCRATCH/own.pem" 2>/dev/null
ok $? "the password of server.env opens it"
NAME=$(subject | sed 's/.*CN=\([^,]*\),.*/\1/')
GOT=$(curl -s --http2 --cacert "$SCRATCH/own.pem" --resolve "$NAME:$HTTPS:127.0.0.1" -o /dev/null -w '%{http_code} %{http_version}' "https://$NAME:$HTTPS/")
is "$GOT" "200 2" "curl believes it and speaks HTTP/2"
if command -v nghttp >/dev/null; then
    like "$(nghttp -nv "https://127.0.0.1:$HTTPS/" 2>&1)" "recv .*:status: 200" "so does nghttp"
fi

# --- stores of other tools
mkdir -p "$SECURITY" && cp "$STORES"/two.* "$STORES/legacy.p12" "$STORES/mixed.jceks" "$SECURITY/"
keys='<keyStore id="k" location="%s" type="%s" password="changeit">%s</keyStore>
  <ssl id="t" keyStoreRef="k" %s/><sslDefault sslRef="t"/>'
two='<keyEntry name="Two" keyPassword="secret2"/>'
while IFS='|' read -r file type entry alias want what; do
    # shellcheck disable=SC2059
    server "/>$(printf "$keys" "$file" "$type" "$entry" "$alias")"
    apply
    if wait_for 10 says "$want"; then pass "$what"; else fail "$what"; note "$(since)"; fi
done <<END
two.jks|JKS|$two|serverKeyAlias="two"|CN=Two|JKS, the second key by its alias and its own password
two.jks|PKCS12|$two|serverKeyAlias="ONE"|CN=one|a .jks is one whatever the type says; aliases know no case
two.jceks|JCEKS|$two|serverKeyAlias="one"|CN=one|JCEKS
mixed.jceks|JCEKS||serverKeyAlias="tls"|CN=Mixed|JCEKS with secret keys beside it
two.p12|PKCS12||serverKeyAlias="two"|CN=Two|PKCS12 with several keys
legacy.p12|PKCS12||serverKeyAlias="one"|CN=one|PKCS12 of an old Java
$SECURITY/two.p12|PKCS12||serverKeyAlias="one" enabledCiphers="SSL_RSA_WITH_AES_128_CBC_SHA TLS_AES_256_GCM_SHA384"|CN=one|an absolute location
END
like "$(openssl s_client -connect "127.0.0.1:$HTTPS" </dev/null 2>&1)" "Cipher is TLS_AES_256_GCM_SHA384" "only the suites that are named"
like "$(openssl s_client -connect "127.0.0.1:$HTTPS" -tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256 </dev/null 2>&1)" "handshake failure|alert" "no other"

# --- broken ones: an update is refused and the old goes on
while IFS='|' read -r file type entry alias want what; do
    # shellcheck disable=SC2059
    server "/>$(printf "$keys" "$file" "$type" "$entry" "$alias")"
    apply
    like "$(since)" "$want" "$what"
    says CN=one || fail "what was in use goes on after it"
done <<END
two.jks|JKS|||CWPKI0813E: Error while trying to initialize the keymanager for the keystore \[.*two\.jks\]\. .* Exception message is: \[the password does not open the key two\]\.|a key whose password is not given
two.jks|JKS|<keyEntry name="Two" keyPassword="wrong12"/>||CWPKI0812E: Error while trying to get the \[two\] key from the \[k\] keystore\. .* Exception returned is: \[the password does not open the key two\]\.|a key whose own password is wrong
none.p12|PKCS12|||CWPKI0807W: The keyStore location none\.p12 could not be found|a store that is not there
none.p12|PKCS12|||CWPKI0809W: There is a failure loading the k keystore\. If an SSL configuration references the k keystore, then|and who needs it
two.p12|BOGUS|||CWPKI0033E: The keystore located at two\.p12 did not load .*: type is "BOGUS", expected PKCS12, JKS, JCEKS or PEM for a file, JCERACFKS, JCECCARACFKS or JCEHYBRIDRACFKS for a key ring|a store of a type there is not
safkeyring://R|BOGUS|||CWPKI0033E: .*type is "BOGUS"|nor of a ring
x|JCERACFKS|||CWPKI0033E: .*"x" is not safkeyring://|a ring that is none
two.p12|JCEKS|||CWPKI0033E: .*this is not a JKS or JCEKS key store|a store of another type
two.p12|PKCS12||serverKeyAlias="three"|CWPKI0024E: The three certificate alias|an alias that is not there
two.p12|PKCS12||sslProtocol="TLSv9"|CWPKI0831E: The TLSv9 SSL/TLS protocol cannot be used\. Extended error is: .|a protocol that is none
two.p12|PKCS12||sslProtocol="TLSv9"|CWWKO0800E: .*CWPKI0028E: SSL handshake protocol TLSv9 is not valid\.  This protocol is specified in the SSL configuration alias t loaded from|and the port it closes
two.p12|PKCS12||sslProtocol="TLSv1.2, TLSv9"|CWPKI0832E: The TLSv9 SSL/TLS protocol value that is provided cannot be used for configuring a list of SSL protocols values\.|one in a list
|PKCS12|||CWPKI0806E: The keystore configuration is incomplete|a store without a location
END

server '/><ssl id="t" keyStoreRef="none"/><sslDefault sslRef="t"/>'
apply; like "$(since)" "CWPKI0818E: The default SSL configuration references a <keyStore> element with an id value of none, which does not exist" "a store nobody defines"
server "/>$(printf '<keyStore id="k" location="two.p12" password="changeit"/><ssl id="t" keyStoreRef="k" trustStoreRef="nix" serverKeyAlias="one"/><sslDefault sslRef="t"/>')"
apply; like "$(since)" "CWPKI0818E: .* id value of nix, which does not exist" "a trust store nobody defines: the key store's signers do not take its place"
server "/>$(printf '<keyStore id="k" location="two.p12" password="changeit"/><ssl id="t" keyStoreRef="k" serverKeyAlias="one"/><sslDefault sslRef="nix"/>')"
apply; like "$(since)" "SPT0496E: The sslRef of sslDefault names nix, which does not exist\. The TLS port of defaultHttpEndpoint stays closed" "a default nobody defines"
server "><sslOptions sslRef=\"nix\"/></httpEndpoint>$(printf '<keyStore id="k" location="two.p12" password="changeit"/><ssl id="t" keyStoreRef="k" serverKeyAlias="one"/><sslDefault sslRef="t"/>')"
apply; like "$(since)" "SPT0496E: The sslRef of httpEndpoint\\[defaultHttpEndpoint\\]/sslOptions\\[default-0\\] names nix" "nor does sslDefault take the place of what an endpoint names"
server "/>$(printf '<keyStore id="k" location="two.p12" password="changeit"><keyEntry name="nix" keyPassword="secret2"/></keyStore><ssl id="t" keyStoreRef="k" serverKeyAlias="one"/><sslDefault sslRef="t"/>')"
apply; like "$(since)" "SPT0495W: keyEntry nix: the key store k has nothing of this alias" "a keyEntry of nothing"
server "/>$(printf '<keyStore id="k" location="two.p12"/><ssl id="t" keyStoreRef="k" serverKeyAlias="one"/><sslDefault sslRef="t"/>')"
apply; like "$(since)" "CWPKI0033E: .*no password is given, and the store has one" "a store without its password"
server '/><ssl id="t"/><sslDefault sslRef="t"/>'
apply; like "$(since)" 'CWPKI0817A: The default SSL configuration expects a <keyStore> element with an id value of defaultKeyStore, and a password\.' "no store at all"

# --- broken at the start: the port is closed until the store is mended
echo broken >"$SECURITY/mended.p12"
server "/>$(printf '<keyStore id="k" location="mended.p12" password="changeit" updateTrigger="disabled"/><ssl id="t" keyStoreRef="k" serverKeyAlias="one"/><sslDefault sslRef="t"/>')"
sallyport server stop s >/dev/null; rm -f "$LOG"
runs "start with a store that is none" 0 sallyport server start s
is "$(subject)" "" "no TLS on its port"
like "$(cat "$LOG")" "CWPKI0033E: The keystore located at .*mended\.p12 did not load" "is said"
cp "$SECURITY/two.p12" "$SECURITY/mended.p12"
is "$(subject)" "" "nothing changes by itself"
runs "REFRESH,KEYSTORE" 0 sallyport server modify s REFRESH,KEYSTORE
like "$(subject)" "CN=one" "makes it usable"

# --- polled: a changed file is taken by itself
server "/>$(printf '<keyStore id="k" location="now.p12" password="changeit" updateTrigger="polled"/><ssl id="t" keyStoreRef="k" serverKeyAlias="one"/><sslDefault sslRef="t"/>')"
cp "$SECURITY/two.p12" "$SECURITY/now.p12"
apply
wait_for 10 says CN=one || fail "the polled store"
exec 8<>"/dev/tcp/127.0.0.1/$HTTPS"
BEFORE=$(openssl s_client -connect "127.0.0.1:$HTTPS" </dev/null 2>/dev/null | openssl x509 -noout -serial)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=newer -days 30 -keyout "$SCRATCH/n.key" -out "$SCRATCH/n.pem" 2>/dev/null
openssl pkcs12 -export -in "$SCRATCH/n.pem" -inkey "$SCRATCH/n.key" -name one -passout pass:changeit -out "$SCRATCH/n.p12"
cp "$SCRATCH/n.p12" "$SECURITY/now.p12.new" && mv "$SECURITY/now.p12.new" "$SECURITY/now.p12"
if wait_for 20 says CN=newer; then pass "a polled store is read again"; else fail "a polled store is read again"; note "$BEFORE"; fi
like "$(since)" "CWPKI0811I: The keystore file .*now\.p12 has been modified" "it is said"
like "$(since)" "CWPKI0016W: The certificate with alias one from keyStore k will be expired in (29|30) days" "that it ends soon as well"
# --- an OCSP response for clients who ask
openssl x509 -in "$SCRATCH/n.pem" -noout -serial | sed 's/serial=\(.*\)/V\t361231235959Z\t\t\1\tunknown\t\/CN=newer/' >"$SCRATCH/index"
openssl ocsp -index "$SCRATCH/index" -rsigner "$SCRATCH/n.pem" -rkey "$SCRATCH/n.key" -CA "$SCRATCH/n.pem" -issuer "$SCRATCH/n.pem" -cert "$SCRATCH/n.pem" -ndays 1 -respout "$SECURITY/ocsp.der" >/dev/null 2>&1
server "/>$(printf '<keyStore id="k" location="now.p12" password="changeit"/><ssl id="t" keyStoreRef="k" ocspResponseFile="${server.output.dir}/resources/security/ocsp.der"/><sslDefault sslRef="t"/>')"
apply
wait_for 10 says CN=newer || fail "the store with a response"
like "$(openssl s_client -connect "127.0.0.1:$HTTPS" -status </dev/null 2>/dev/null)" "OCSP Response Status: successful" "the response is handed out"
sed -i 's/ocspResponseFile="[^"]*"/crlFile="${server.output.dir}\/resources\/security\/ocsp.der"/' "$HOME_DIR/server.xml"
apply
like "$(since)" "CWWKO0800E.*no certificate revocation list in PEM" "a list of revoked certificates that is none"

# --- ticket keys in a file: a session outlives the server
server ' sslOptionsRef="o"/>' "$(printf '<sslOptions id="o" sslRef="t" ticketKeyFile="${server.output.dir}/tickets" sslSessionTimeout="2h"/><keyStore id="k" location="two.p12" password="changeit"/><ssl id="t" keyStoreRef="k" serverKeyAlias="one"/>')"
apply
wait_for 10 says CN=one || fail "the configuration with ticket keys"
is "$(stat -c %a "$HOME_DIR/tickets")" 600 "ticket keys are made, for nobody else to read"
resume() { openssl s_client -connect "127.0.0.1:$HTTPS" -tls1_2 "$@" </dev/null 2>/dev/null | grep -oE "^(New|Reused)"; }
is "$(resume -sess_out "$SCRATCH/session")" New "a session"
is "$(resume -sess_in "$SCRATCH/session")" Reused "is resumed"
sallyport server stop s >/dev/null && sallyport server start s >/dev/null
is "$(resume -sess_in "$SCRATCH/session")" Reused "also by the next server"
chmod 644 "$HOME_DIR/tickets"
sed -i 's/2h/3h/' "$HOME_DIR/server.xml"; sallyport server stop s >/dev/null; sallyport server start s >/dev/null
like "$(cat "$LOG")" "SPT0414W: The ticket keys of .*/tickets are not taken: others may read or write it" "not when others could read them"
like "$(subject)" "^$" "and the port stays closed"
runs "stop" 0 sallyport server stop s
done_testing
