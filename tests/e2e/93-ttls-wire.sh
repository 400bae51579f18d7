# A batch job, the server's own call and the server's HTTP port, with the wire
# between them watched: the peer's network passes on what comes for the server's
# ports, so that all of it crosses the wire twice. Where no rule is the wire shows
# every word; where one is, none.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
image_start; ok $? "the exercise's image is up"
cat >"$SCRATCH/pass.py" <<'PY'
# pass.py PORT...: what comes to 10.77.0.2 goes on to 10.77.0.1, as it is.
import socket, sys, threading
def copy(a, b):
    try:
        while d := a.recv(65536): b.sendall(d)
        b.shutdown(socket.SHUT_WR)
    except OSError: # a reset ends both
        for s in (a, b):
            try: s.shutdown(socket.SHUT_RDWR)
            except OSError: pass
def serve(a, port):
    try: b = socket.create_connection(("10.77.0.1", port), 10)
    except OSError: a.close(); return
    b.settimeout(None)
    threading.Thread(target=copy, args=(b, a), daemon=True).start(); copy(a, b)
def listen(port):
    l = socket.create_server(("10.77.0.2", port), backlog=64); print("up\n", end="", flush=True)
    while True: threading.Thread(target=serve, args=(l.accept()[0], port), daemon=True).start()
for port in sys.argv[1:]: threading.Thread(target=listen, args=(int(port),)).start()
PY
background nsenter -t "$PEER" -n python3 "$SCRATCH/pass.py" "$HTTP" "$HTTPS" >"$SCRATCH/pass"
wait_for 10 eval '[ "$(grep -c up "$SCRATCH/pass")" = 2 ]'; ok $? "the peer passes on"
REQUESTER=$SERVER_DIR/includes/apiRequesterHTTPS.xml
ttls_start
wire_start
# words: WORDS, what of an HTTP exchange has been on the wire since the last call.
SEEN=0
words() {
    local now; wire_end; now=$(stat -c %s "$SCRATCH/wire")
    WORDS=$(tail -c +$((SEEN + 1)) "$SCRATCH/wire" | head -c $((now - SEEN)) | grep -aoE '(GET|POST) /[a-z]*|HTTP/1\.1 [0-9]*|BAKER|SECRET' | sort -u | tr '\n' ';'); SEEN=$now
}
words
job() { submit_edit GETAPI -e 's/BAQURI=127\.0\.0\.1/BAQURI=10.77.0.2/' "$@"; }
https() { job -e "s/BAQPORT=$HTTP/BAQPORT=$HTTPS/" "$@"; }

# --- a batch job ------------------------------------------------------------------------
job; words; like "$WORDS" 'HTTP/1\.1 [0-9].*(GET|POST) /' "no rule: the wire shows the job's request and the answer"
mark; https; like "$OUT" 'COND CODE 0200' "a rule: completion code 200"
like "$OUT" 'USERID: LIBSERV' "and the provider's answer"
wait_for 10 said "EZD1281I .* LOCAL: 10\.77\.0\.1\.\.[0-9]+ REMOTE: 10\.77\.0\.2\.\.$HTTPS JOBNAME: USER1GET USERID: USER1 TYPE: OutBound STATUS: Enabled RULE: zCEEClientRule~1"; ok $? "EZD1281I"
words; is "$WORDS" "" "the wire shows nothing of it"
https -e 's/^\/\/USER1GET /\/\/USER1XYZ /'; like "$OUT" 'COND CODE 0005' "a job of another name is not mapped"
words; like "$WORDS" '(GET|POST) /' "and the wire shows its request"
# Who signs for the job is killed while it asks, again and again.
angels() { local p; for p in $(image_pids); do case $(cat /proc/"$p"/comm 2>/dev/null) in $1) echo "$p" ;; esac; done; }
for who in angel-keeper 'angel-*' 'sallyport-ange*'; do
    [ -n "$(angels "$who")" ] || { fail "there is no $who"; continue; }
    for _ in 1 2 3; do
        kill -9 $(angels "$who") 2>/dev/null
        https
    done
    words; is "$WORDS" "" "killed: $who: the wire shows nothing"
    wait_for 30 eval 'https; grep -q "COND CODE 0200" <<<"$OUT"'; ok $? "and the job is served again"
done
words; is "$WORDS" "" "the wire shows nothing"
cp "$policy" "$SCRATCH/tlsPol"
sed -i 's/^\( *TTLSEnabled  *\)On/\1Off/' "$policy"; policy_refresh; ok $? "the rule is turned off"
https; like "$OUT" 'COND CODE 0005' "clear text to the server's HTTPS port"
words; like "$WORDS" '(GET|POST) /' "which the wire shows"
cp "$SCRATCH/tlsPol" "$policy"; policy_refresh

# --- the server's own call -----------------------------------------------------------------
cp "$REQUESTER" "$SCRATCH/requester"
sed -i 's,host="https://127.0.0.1",host="http://10.77.0.2",' "$REQUESTER"
log_mark; console 'F BAQSTRT,REFRESH,CONFIG'; wait_for 20 eval 'log_since | grep -q CWWKG0017I'; ok $? "the server calls http://10.77.0.2"
https; unlike "$OUT" 'COND CODE 0200' "no rule for the server: it fails"
words; like "$WORDS" 'GET /' "and the wire shows what it has asked"
{ sed 's/^\( *Jobname  *\)USER1GET/\1BAQSTRT/; s/^TTLSRule .*/TTLSRule server/' "$SCRATCH/tlsPol"; sed -n '/^TTLSRule/,/^}/p' "$SCRATCH/tlsPol"; } >"$policy"; policy_refresh
mark; https; like "$OUT" 'COND CODE 0200' "a rule for the server: completion code 200"
wait_for 10 said "EZD1281I .* REMOTE: 10\.77\.0\.2\.\.$HTTPS JOBNAME: BAQSTRT USERID: LIBSERV TYPE: OutBound STATUS: Enabled RULE: server "; ok $? "EZD1281I"
words; is "$WORDS" "" "the wire shows nothing of either call"
cp "$SCRATCH/requester" "$REQUESTER"; cp "$SCRATCH/tlsPol" "$policy"

# --- inbound: in front of the server's HTTP port ----------------------------------------------
get() { peer curl -sk --max-time 10 -o /dev/null -w '%{http_code} %{redirect_url}' "$@"; }
at="10.77.0.1:$HTTP/cscvinc/employee/111111"
inbound() { # ROLE and more
    { cat "$SCRATCH/tlsPol"; printf 'TTLSRule inbound\n{\n LocalPortRange %s\n Jobname BAQSTRT\n Direction Inbound\n TTLSGroupActionRef gAct1~zCEEClient\n TTLSEnvironmentActionRef inbound\n}\n' "$HTTP"
        printf 'TTLSEnvironmentAction inbound\n{\n HandshakeRole %s\n TTLSKeyringParms\n {\n  Keyring Liberty.KeyRing\n }\n TTLSEnvironmentAdvancedParms\n {\n  TLSv1.2 On\n  %s\n }\n}\n' "$1" "${2:-}"; } >"$policy"
    policy_refresh
}
policy_refresh
PLAIN=$(get "http://$at"); like "$PLAIN" '^302 https:' "clear text, no rule: sent to HTTPS, as requireSecure says"
words; like "$WORDS" 'GET /cscvinc;HTTP/1\.1 302' "the wire shows it"
inbound Server; ok $? "an inbound rule for the server's job"
is "$(get "https://$at")" "$PLAIN" "TLS by AT-TLS does not satisfy requireSecure"
words; is "$WORDS" "" "the wire shows nothing of it"
inbound ServerWithClientAuth "ClientAuthType SAFCheck"
is "$(get --cert "$SCRATCH/USER1.pem" "https://$at")" "$PLAIN" "nor with a client's certificate that is a user's"
GA=$SERVER_DIR/includes/groupAccess.xml
sed -i 's#<zosconnect_zosConnectManager#& requireSecure="false"#' "$GA"
log_mark; console 'F BAQSTRT,REFRESH,CONFIG'; wait_for 20 eval 'log_since | grep -q CWWKG0017I'; ok $? "requireSecure=false"
like "$(get --cert "$SCRATCH/USER1.pem" "https://$at")" '^40[13] ' "the certificate of AT-TLS does not authenticate"
like "$(get --cert "$SCRATCH/USER1.pem" -u USER1:USER1 "https://$at")" '^200 ' "a password does"
words; is "$WORDS" "" "the wire shows nothing of it"
get "http://$at" >/dev/null; like "$?" '^(52|56)$' "clear text is refused"
words; unlike "$WORDS" 'HTTP/1\.1 [0-9]' "and not answered"
done_testing
