# testssl.sh, another's eyes, on a server as "server create" makes it: no finding
# above "ok", "info" and "low".
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
TESTSSL=$(command -v testssl || command -v testssl.sh) || skip_all "testssl.sh is not installed"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
HTTPS=$(free_port)
sallyport server create s >/dev/null || fail "create"
HOME_DIR=$SALLYPORT_ROOT/servers/s
sed -i "s/httpPort=\"9080\"/httpPort=\"-1\"/; s/9443/$HTTPS/" "$HOME_DIR/server.xml"
at_exit "sallyport server stop s >/dev/null 2>&1"
runs "start, nothing changed but the ports" 0 sallyport server start s
openssl s_client -connect "127.0.0.1:$HTTPS" </dev/null 2>/dev/null | openssl x509 >"$SCRATCH/own.pem" 2>/dev/null
ok $? "it speaks TLS with the key store it made"
NAME=$(openssl x509 -in "$SCRATCH/own.pem" -noout -subject -nameopt multiline | sed -n 's/ *commonName *= //p')
# part NAME OPTIONS: one run; findings as JSON
part() {
    local name=$1; shift
    "$TESTSSL" --quiet --color 0 --warnings off --nodns none --ip 127.0.0.1 --add-ca "$SCRATCH/own.pem" --connect-timeout 10 --openssl-timeout 10 \
        --jsonfile "$SCRATCH/$name.json" "$@" "$NAME:$HTTPS" >"$SCRATCH/$name.txt" 2>&1 </dev/null
}
part protocols -p -P -S -h & ONE=$!
part weaknesses -s -f -H -I -T -R -C -O -Z -W -F -D -J -4 & TWO=$!
wait "$ONE"; wait "$TWO"
# Not ours: what the openssl command here lacks; that a certificate which signs
# itself names nobody who would revoke it (sites bring their own); and that its
# client hangs up before it has read the ticket of TLS 1.3, so tickets are asked
# for below.
NOT_OURS='select(.id | IN("engine_problem", "cert_revocation", "sessionresumption_ticket") | not)'
for name in protocols weaknesses; do
    N=$(jq length "$SCRATCH/$name.json" 2>/dev/null || echo 0)
    [ "$N" -gt 10 ]; ok $? "$name: $N findings" || note "$(tail -20 "$SCRATCH/$name.txt")"
    is "$(jq -r ".[] | $NOT_OURS | "'select(.severity | IN("OK", "INFO", "LOW", "DEBUG") | not) | "\(.severity) \(.id): \(.finding)"' "$SCRATCH/$name.json" 2>&1)" "" "$name: none above low"
done
is "$(jq -r '.[] | select(.id == "TLS1_3" or .id == "TLS1_2" or .id == "TLS1" or .id == "SSLv3") | "\(.id) \(.severity)"' "$SCRATCH/protocols.json" | sort | tr '\n' ' ')" "SSLv3 OK TLS1 INFO TLS1_2 OK TLS1_3 OK " "what it found is what we offer"
# resumes FLAG: who waits for the ticket may come back with it.
resumes() {
    { sleep 1; echo; } | openssl s_client -connect "127.0.0.1:$HTTPS" "$1" -sess_out "$SCRATCH/ticket" >/dev/null 2>&1
    openssl s_client -connect "127.0.0.1:$HTTPS" "$1" -sess_in "$SCRATCH/ticket" </dev/null 2>/dev/null | grep -o '^Reused'
}
is "$(resumes -tls1_3)" Reused "a session of TLS 1.3 resumes"
is "$(resumes -tls1_2)" Reused "a session of TLS 1.2 resumes"
done_testing
