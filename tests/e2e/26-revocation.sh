# Whether certificates are revoked is asked of the network: OCSP responders
# (openssl), lists over HTTP (nginx) and LDAP (slapd); hard and soft; answers
# that count for nothing; a slow responder holds nobody up; stapling.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
command -v nginx >/dev/null || skip_all "no nginx"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
HTTPS=$(free_port) OCSP=$(free_port) WEB=$(free_port) LDAP=$(free_port)
sallyport server create s >/dev/null || fail "create"
HOME_DIR=$SALLYPORT_ROOT/servers/s LOG=$SALLYPORT_ROOT/servers/s/logs/messages.log
SECURITY=$HOME_DIR/resources/security PKI=$SCRATCH/pki
at_exit "sallyport server stop s >/dev/null 2>&1"
mkdir -p "$SECURITY" "$PKI" "$SCRATCH/web"

# --- an authority: good, revoked, and one its responder does not know
cd "$PKI" || exit 1
authority_new /O=lab/CN=CA <<C
[ocsp]
authorityInfoAccess=OCSP;URI:http://127.0.0.1:$OCSP
subjectAltName=IP:127.0.0.1
[web]
crlDistributionPoints=URI:http://127.0.0.1:$WEB/ca.crl
[ldap]
crlDistributionPoints=URI:ldap://127.0.0.1:$LDAP/cn=CA%2Co=lab?certificateRevocationList%3Bbinary?base
[none]
basicConstraints=CA:FALSE
[sign]
extendedKeyUsage=OCSPSigning
C
key_new -x509 -subj /O=lab/CN=CA -days 30 -keyout other.key -out other.pem
for kind in ocsp web ldap none; do
    issue "$kind-good" $kind "/O=lab/CN=$kind-good"; issue "$kind-bad" $kind "/O=lab/CN=$kind-bad"
    authority -revoke "$kind-bad.crt" -crl_reason keyCompromise
done
issue signer sign /O=lab/CN=signer
cp index index.before; issue ocsp-unknown ocsp /O=lab/CN=ocsp-unknown; cp index index.all; cp index.before index
issue_crl() { openssl ca -gencrl -config ca.cnf -keyfile "${1:-ca.key}" -cert "${2:-ca.pem}" ${3:+-crl_lastupdate 20200101000000Z -crl_nextupdate 20200102000000Z} 2>/dev/null | openssl crl -outform DER; }
issue_crl >"$SCRATCH/web/ca.crl"
openssl pkcs12 -export -in ocsp-good.crt -inkey ocsp-good.key -certfile ca.pem -name server -passout pass:changeit -out "$SECURITY/k.p12"
cp ca.pem "$SECURITY/ca.pem"

# --- those who tell
responder() { # index signer [arguments]
    local index=$1 signer=$2; shift 2
    background openssl ocsp -index "$index" -CA ca.pem -rsigner "$signer.pem" -rkey "$signer.key" -port "$OCSP" -nmin 5 -ignore_err "$@" >"$SCRATCH/ocsp.log" 2>&1
    RESPONDER=$PID
    wait_for 10 listens "$OCSP"
}
stop_responder() { kill "$RESPONDER" 2>/dev/null; wait "$RESPONDER" 2>/dev/null; wait_for 10 is_free "$OCSP"; }
cat ca.pem ca.key >ca-both.pem; cp ca.key ca-both.key
responder index ca-both
cat >"$SCRATCH/nginx.conf" <<C
daemon off; master_process off; pid $SCRATCH/nginx.pid; error_log $SCRATCH/nginx.log;
events {}
http { access_log $SCRATCH/web.log; client_body_temp_path $SCRATCH; proxy_temp_path $SCRATCH; fastcgi_temp_path $SCRATCH; uwsgi_temp_path $SCRATCH; scgi_temp_path $SCRATCH;
  server { listen 127.0.0.1:$WEB; root $SCRATCH/web; } }
C
background nginx -c "$SCRATCH/nginx.conf"
wait_for 10 listens "$WEB"; ok $? "a web server has the list"

# --- the server asks for certificates
# server 'ATTRIBUTES OF sallyport_revocation' ['ATTRIBUTES OF ssl']
# Patient but where a row is about patience: a loaded machine is slow.
server() {
    local patience='sourceTimeout="60s" chainTimeout="60s"'
    case $1 in *Timeout=*) patience= ;; esac
    printf '<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="-1" httpsPort="%s"/>
  <sallyport_metrics authentication="false"/>
  <keyStore id="k" location="k.p12" password="changeit"/><keyStore id="a" location="ca.pem" type="PEM"/>
  %s<ssl id="t" keyStoreRef="k" trustStoreRef="a" clientAuthentication="true" %s/><sslDefault sslRef="t"/>
</server>\n' "$HTTPS" "${1:+<sallyport_revocation id=\"r\" retryInterval=\"1s\" $patience $1/>}" "${1:+revocationRef=\"r\"} ${2:-}" >"$HOME_DIR/server.xml"
}
apply() { LINES_BEFORE=$(wc -l <"$LOG"); sallyport server modify s REFRESH,CONFIG >/dev/null 2>&1; sallyport server modify s REFRESH,KEYSTORE >/dev/null 2>&1; }
since() { tail -n +$((LINES_BEFORE + 1)) "$LOG"; }
# said REGEX NAME: within a while, since the last apply
is_said() { since | grep -Eq -- "$1"; }
said() { if wait_for 20 is_said "$1"; then pass "$2"; else like "$(since)" "$1" "$2"; fi; }
# get NAME: the status for who shows that certificate; 000 refused
get() { curl -s --max-time 100 --cacert ca.pem --cert "$1.pem" -o /dev/null -w '%{http_code}' "https://127.0.0.1:$HTTPS/"; }
server 'level="HIGH" ldapCrls="true"'
runs "start" 0 sallyport server start s
LINES_BEFORE=0
is "$(get ocsp-good)" 200 "OCSP: good"
is "$(get ocsp-bad)" 000 "OCSP: revoked"
said "CWWKO0801E.*Certificate has been revoked.*CN=ocsp-bad.*revoked: keyCompromise" "the log says who and why"
is "$(get ocsp-unknown)" 000 "OCSP: not known"
said "CWWKO0801E.*Could not determine revocation status.*the OCSP responder does not know the certificate" "is said as well"
is "$(get web-good)" 200 "a list over HTTP: good"
is "$(get web-bad)" 000 "a list over HTTP: revoked"
is "$(get none-good)" 000 "nobody to ask: refused on HIGH"
N=$(grep -c 'GET /ca.crl' "$SCRATCH/web.log")
get web-good >/dev/null; get web-good >/dev/null
is "$(grep -c 'GET /ca.crl' "$SCRATCH/web.log")" "$N" "a list is fetched once"

# --- what is counted
METRICS=$(curl -s --cacert ca.pem --cert ocsp-good.pem "https://127.0.0.1:$HTTPS/metrics")
counted() { grep -F "sallyport_$1 " <<<"$METRICS" | sed 's/.* //'; }
for verdict in good revoked unusable; do
    [ "$(counted "revocation_answers_total{verdict=\"$verdict\"}")" -ge 1 ]; ok $? "answers that say $verdict are counted"
done
[ "$(counted 'cache_hits_total{cache="revocation"}')" -ge 2 ]; ok $? "so are those that were known"
[ "$(counted 'cache_entries{cache="revocation"}')" -ge 4 ]; ok $? "and what is kept"
N=$(counted 'tls_handshakes_total{session="resumed"}')
echo | openssl s_client -connect "127.0.0.1:$HTTPS" -tls1_2 -cert ocsp-good.pem -key ocsp-good.key -sess_out "$SCRATCH/session" >/dev/null 2>&1
echo | openssl s_client -connect "127.0.0.1:$HTTPS" -tls1_2 -cert ocsp-good.pem -key ocsp-good.key -sess_in "$SCRATCH/session" >/dev/null 2>&1
METRICS=$(curl -s --cacert ca.pem --cert ocsp-good.pem "https://127.0.0.1:$HTTPS/metrics")
is "$(counted 'tls_handshakes_total{session="resumed"}')" $((N + 1)) "a session that is resumed"

# --- levels, with the responder down
stop_responder
for row in 'HIGH 000 000 000' 'MEDIUM 000 200 000' 'LOW 200 200 000'; do
    # shellcheck disable=SC2086
    set -- $row
    server "level=\"$1\""; apply
    is "$(get ocsp-good)" "$2" "$1: a responder that is down"
    is "$(get none-good)" "$3" "$1: nobody to ask"
    is "$(get web-bad)" "$4" "$1: revoked is refused"
done
wait_for 70 grep -q 'SPT0418W: Nobody could tell [0-9]* times .*CN=[a-z]*-good' "$LOG"; ok $? "who was let in unseen is said"
server 'level="OFF"'; apply
is "$(get web-bad)" 200 "OFF: nobody is asked"

# --- answers that count for nothing
server 'level="HIGH"'
responder index other
apply; is "$(get ocsp-good)" 000 "OCSP: signed by somebody else"
said "not signed by the issuer or whom it lets sign" "is said"
stop_responder; responder index signer
apply; is "$(get ocsp-good)" 200 "OCSP: signed by whom the issuer lets sign"
stop_responder
issue_crl ca.key ca.pem old >"$SCRATCH/web/ca.crl"
apply; is "$(get web-good)" 000 "a list that is out of date"
said "revocation list: CRL has expired" "is said"
issue_crl other.key other.pem >"$SCRATCH/web/ca.crl"
apply; is "$(get web-good)" 000 "a list signed by another"
head -c 3000 /dev/urandom >"$SCRATCH/web/ca.crl"
apply; is "$(get web-good)" 000 "a list that is none"
issue_crl >"$SCRATCH/web/ca.crl"
good_again() { [ "$(get web-good)" = 200 ]; }
apply; wait_for 20 good_again; ok $? "a good one again"

# --- an answer from before, played back; and a responder that takes its time
openssl ocsp -index index.all -CA ca.pem -rsigner ca-both.pem -rkey ca-both.key -issuer ca.pem -cert ocsp-good.crt -no_nonce -ndays 5 -respout "$SCRATCH/old.der" >/dev/null 2>&1
cat >"$SCRATCH/replay.py" <<'P'
import socket, sys, threading, time
port, path, wait = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); l.bind(("127.0.0.1", port)); l.listen(64)
body = open(path, "rb").read()
def serve(c):
    c.recv(65536); time.sleep(wait)
    c.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: %d\r\n\r\n" % len(body) + body); c.close()
while True:
    threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
P
background python3 "$SCRATCH/replay.py" "$OCSP" "$SCRATCH/old.der" 0; RESPONDER=$PID; wait_for 10 listens "$OCSP"
apply; is "$(get ocsp-good)" 200 "an answer that is still in date counts"
server 'level="HIGH" requireNonce="true"'
apply; is "$(get ocsp-good)" 000 "not when nonces are required"
said "the OCSP response has no nonce" "is said"
stop_responder
background python3 "$SCRATCH/replay.py" "$OCSP" "$SCRATCH/old.der" 60; RESPONDER=$PID; wait_for 10 listens "$OCSP"
server 'level="HIGH" sourceTimeout="20s" chainTimeout="10s"'; apply
is "$(get web-good)" 200 "the list is known"
get ocsp-good >"$SCRATCH/slow" & SLOW=$!
DONE=0; for _ in 1 2 3 4 5 6 7 8; do [ "$(get web-good)" = 200 ] && kill -0 $SLOW 2>/dev/null && DONE=$((DONE + 1)); done
[ "$DONE" -ge 4 ]; ok $? "others are served while one waits for a slow responder"
wait $SLOW; is "$(cat "$SCRATCH/slow")" 000 "which is given up"
said "no answer in time" "and said"
stop_responder

# --- lists in a directory
if command -v slapd >/dev/null && command -v slapadd >/dev/null && [ -e /etc/ldap/schema/core.schema ]; then
    mkdir "$SCRATCH/ldap"
    cat >"$SCRATCH/slapd.conf" <<C
include /etc/ldap/schema/core.schema
$(ls /usr/lib/ldap/back_mdb* >/dev/null 2>&1 && printf 'modulepath /usr/lib/ldap\nmoduleload back_mdb')
database mdb
suffix "o=lab"
rootdn "cn=admin,o=lab"
directory $SCRATCH/ldap
C
    printf 'dn: o=lab\nobjectClass: organization\no: lab\n\ndn: cn=CA,o=lab\nobjectClass: applicationProcess\nobjectClass: pkiCA\ncn: CA\ncertificateRevocationList;binary:: %s\n' "$(base64 -w0 "$SCRATCH/web/ca.crl")" | slapadd -f "$SCRATCH/slapd.conf" >"$SCRATCH/slapadd" 2>&1 || note "$(cat "$SCRATCH/slapadd")"
    background slapd -d 0 -f "$SCRATCH/slapd.conf" -h "ldap://127.0.0.1:$LDAP"; SLAPD=$PID
    wait_for 10 listens "$LDAP"; ok $? "a directory has the list"
    server 'level="HIGH" ldapCrls="true"'; apply
    is "$(get ldap-good)" 200 "a list over LDAP: good"
    is "$(get ldap-bad)" 000 "a list over LDAP: revoked"
    said "Certificate has been revoked.*CN=ldap-bad" "is said"
    server "level=\"HIGH\" ldapServers=\"127.0.0.1:$LDAP\""; apply
    is "$(get none-good)" 200 "the issuer's entry of a directory we name: good"
    is "$(get none-bad)" 000 "and revoked"
    kill $SLAPD; wait $SLAPD 2>/dev/null; wait_for 10 is_free "$LDAP"
    apply; is "$(get none-good)" 000 "a directory that is down"
fi

# --- Java's properties
responder index ca-both
server ""
sallyport server stop s >/dev/null
printf '%s\n' -Dcom.ibm.jsse2.checkRevocation=true -Docsp.enable=true >"$HOME_DIR/jvm.options"
printf 'com.ibm.security.enableCRLDP=true\n' >>"$HOME_DIR/bootstrap.properties"
sallyport server start s >/dev/null
is "$(get ocsp-good) $(get ocsp-bad) $(get web-good) $(get web-bad) $(get none-good)" "200 000 200 000 000" "properties of jvm.options and bootstrap.properties"
printf '%s\n' -Dcom.ibm.jsse2.checkRevocation=true >"$HOME_DIR/jvm.options"
sallyport server stop s >/dev/null; sallyport server start s >/dev/null
is "$(get ocsp-good) $(get web-good)" "000 200" "without ocsp.enable no responder is asked"

# --- stapling
rm -f "$HOME_DIR/jvm.options"
server 'level="OFF"' 'enableOCSPStapling="true"'
sed -i 's/clientAuthentication="true"//' "$HOME_DIR/server.xml"
sallyport server stop s >/dev/null; sallyport server start s >/dev/null
status() { openssl s_client -connect "127.0.0.1:$HTTPS" -status </dev/null 2>/dev/null; }
stapled() { status | grep -q 'Cert Status: good'; }
wait_for 20 stapled; ok $? "a fetched OCSP response is handed out"
stop_responder
LINES_BEFORE=$(wc -l <"$LOG"); sed -i 's/enableOCSPStapling/sslProtocol="TLSv1.2" enableOCSPStapling/' "$HOME_DIR/server.xml"; sallyport server modify s REFRESH,CONFIG >/dev/null 2>&1
like "$(status)" "Protocol *: TLSv1.2" "an update"
stapled; ok $? "also after an update, with the responder down"
sallyport server modify s REFRESH,KEYSTORE >/dev/null 2>&1
wait_for 10 eval '! stapled'; ok $? "forgotten with the key stores"
wait_for 10 grep -q 'SPT0416W: No OCSP response to hand to clients could be had .*CN=ocsp-good' "$LOG"; ok $? "that there is none is said"

# --- outbound: a server of an API requester's kind is looked at too (see unit tests of io and http)
server 'level="HIGH" ocspResponder="https://127.0.0.1/"'; apply
said 'CWWKO0800E.*OCSP responder "https://127.0.0.1/" is no http: address' "an address that is none"
runs "stop" 0 sallyport server stop s
done_testing
