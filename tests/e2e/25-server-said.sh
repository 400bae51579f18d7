# What a server and its command say, in the original's ids: mistakes at the
# command line, the default key store in all its states, pausing what is not
# there, a required attribute that goes away, and the end.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
PORT=$(free_port) TLS=$(free_port)
LOG=$(log_of) DIR=$SERVER_DIR
at_exit 'sallyport server stop myServer --force >/dev/null 2>&1'
runs "create" 0 sallyport server create myServer --no-password
configure() { # MORE
    printf '<server><featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>transportSecurity-1.0</feature></featureManager><config updateTrigger="mbean"/>%s</server>' "$1" >"$DIR/server.xml"
}
ENDPOINT="<httpEndpoint id='defaultHttpEndpoint' httpPort='$PORT' httpsPort='$TLS'/>"
start() { rm -rf "$DIR/logs"; OUT=$(env ${1:+"$1"} sallyport server start myServer 2>&1); STATUS=$?; }
stop() { sallyport server stop myServer >/dev/null; }
tls_is_open() { curl -sk --max-time 10 -o /dev/null "https://127.0.0.1:$TLS/"; }

# The command's own mistakes.
runs "two names" 1 sallyport server status myServer other
like "$OUT" "CWWKE0027W" "CWWKE0027W"
runs "no such server" 2 sallyport server run nosuch
like "$OUT" "CWWKE0031E: Specified nosuch server does not exist; use the create action to create a new server\. serverPath: " "CWWKE0031E"
runs "a name that is none" 20 sallyport server status 'no/such'; like "$OUT" "CWWKE0012E" "CWWKE0012E"
runs "an unknown option" 20 sallyport server start myServer --nonsense; like "$OUT" "CWWKE0013E: Unknown option: --nonsense" "CWWKE0013E"
printf 'GOOD=1\nBAD-NAME=2\nhunter2\n' >"$DIR/server.env"

# The default key store: no password, a short one, a good one, two files.
configure "$ENDPOINT<keyStore id='defaultKeyStore'/>"
start; is "$STATUS" 0 "start without a password"
for said in "$OUT" "$(cat "$DIR/logs/console.log")"; do
    is "$(grep -c '^CWWKE0941W: The variable declaration BAD-NAME specified in server\.env is invalid because it contains non-alphanumeric characters' <<<"$said")" 1 "CWWKE0941W, once"
    is "$(grep '^SPT0463W' <<<"$said")" "SPT0463W: $DIR/server.env:3: the line is ignored: it is not NAME=value." "a line without =, once"
    unlike "$said" hunter2 "which is not shown: it may be the rest of a secret"
done
like "$(cat "$LOG")" "CWPKI0819I: The default keystore is not created because a password is not configured" "CWPKI0819I"
! tls_is_open; ok $? "there is no TLS port"
stop
like "$(cat "$LOG")" "CWWKE0055I: Server shutdown requested on .*\. The server myServer is shutting down\." "the end: CWWKE0055I"
like "$(cat "$LOG")" "CWWKE1100I: Waiting for up to 30 seconds for the server to quiesce\." "CWWKE1100I"
like "$(cat "$LOG")" "CWWKE1101I: Server quiesce complete\." "CWWKE1101I"
like "$(cat "$LOG")" "CWWKO0220I: TCP Channel defaultHttpEndpoint has stopped listening for requests on host .* port $PORT\." "CWWKO0220I"
is "$(grep -oE 'CWWKE0055I|CWWKE1100I|CWWKO0220I|CWWKE1101I|CWWKE0036I' "$LOG" | tr '\n' ' ')" "CWWKE0055I CWWKE1100I CWWKO0220I CWWKE1101I CWWKE0036I " "in this order"
start keystore_password=short; is "$STATUS" 0 "start with a short one"
like "$(cat "$LOG")" "CWPKI0808E: A password of at least 6 characters is required" "CWPKI0808E"
! tls_is_open; ok $? "there is no TLS port"; stop
configure "$ENDPOINT<keyStore id='defaultKeyStore' password='{xor}PDc+MTg6Nis='/>"
rm -rf "$DIR/resources/security"; : >"$DIR/resources/security"
start; like "$(cat "$LOG")" "CWPKI0804E: SSL certificate creation error\. " "its folder cannot be made: CWPKI0804E"; stop
rm -f "$DIR/resources/security"
configure "$ENDPOINT"
start keystore_password=longenough; is "$STATUS" 0 "start with one from the environment"
like "$(cat "$LOG")" "CWPKI0820A: The default keystore has been created using the .keystore_password. environment variable\." "CWPKI0820A"
like "$(cat "$LOG")" "CWPKI0802I: Creating the SSL certificate\. This may take a few seconds\." "CWPKI0802I"
like "$(cat "$LOG")" "CWPKI0803A: SSL certificate created in [0-9.]+ seconds\. SSL key file: $DIR/resources/security/key\.p12" "CWPKI0803A"
tls_is_open; ok $? "there is a TLS port"
is "$(stat -c %a "$DIR/resources/security/key.p12")" 600 "nobody else reads its key"
unlike "$(cat "$LOG" "$DIR/logs/console.log")" "longenough" "the password is in no log"
stop
cp "$DIR/resources/security/key.p12" "$DIR/resources/security/key.jks"
start keystore_password=longenough
like "$(cat "$LOG")" "CWPKI0822W: A minimal default keystore configuration has been specified and the keystores key\.jks and key\.p12 both exist" "an old key.jks beside it: CWPKI0822W"; stop; rm "$DIR/resources/security/key.jks"

# With a location or a type of its own it is made, too.
while IFS='|' read -r attrs file; do
    configure "$ENDPOINT<keyStore id='defaultKeyStore' password='longenough' $attrs/>"
    start; is "$STATUS" 0 "start with $attrs"
    like "$(cat "$LOG")" "CWPKI0803A: SSL certificate created in [0-9.]+ seconds\. SSL key file: $file" "CWPKI0803A: $file"
    tls_is_open; ok $? "there is a TLS port"; stop
    start; tls_is_open; ok $? "and with the file that is there now"
    unlike "$(cat "$LOG")" "CWPKI08(02I|03A|07W|09W)" "nothing is made or missed"; stop
done <<END
location='new.p12'|$DIR/resources/security/new.p12
location='$DIR/own/new.p12'|$DIR/own/new.p12
type='JKS'|$DIR/resources/security/key.jks
END
rm -f "$DIR/resources/security/key.jks"
configure "$ENDPOINT<keyStore id='defaultKeyStore' password='longenough' location='no.p12' readOnly='true'/>"
start; like "$(cat "$LOG")" "CWPKI0033E" "not one that is readOnly"; ! tls_is_open; ok $? "there is no TLS port"; stop

# A required attribute that goes away: the element is not used any more.
CICS='<zosconnect_cicsIpicConnection id="c" host="127.0.0.1" port="%s"/>'
configure "<httpEndpoint id='defaultHttpEndpoint' httpPort='$PORT' httpsPort='-1'/>$(printf "$CICS" 1)"
start; log_mark
configure "<httpEndpoint id='defaultHttpEndpoint' httpPort='$PORT' httpsPort='-1'/>$(printf "$CICS" x)"
sallyport server modify myServer REFRESH,CONFIG >/dev/null
wait_for 20 bash -c "tail -n +$((LOG_MARK + 1)) '$LOG' | grep -q 'CWWKG001[78]I'"
like "$(log_since)" "CWWKG0075E: The value x is not valid for attribute port" "a value that does not fit: CWWKG0075E"
like "$(log_since)" "CWWKG0076W: The previous configuration for zosconnect_cicsIpicConnection with id c is still in use\." "CWWKG0076W"

# Pausing.
log_mark
runs "pause" 0 sallyport server pause myServer; runs "resume" 0 sallyport server resume myServer
runs "resume of nothing" 37 sallyport server resume myServer --target=; like "$OUT" "CWWKE0932W" "CWWKE0932W"
configure "<httpEndpoint id='defaultHttpEndpoint' enabled='false'/>"
log_mark; sallyport server modify myServer REFRESH,CONFIG >/dev/null
wait_for 20 bash -c "tail -n +$((LOG_MARK + 1)) '$LOG' | grep -q 'CWWKG001[78]I'"
runs "pause where nothing can be paused" 36 sallyport server pause myServer; like "$OUT" "CWWKE0933W" "CWWKE0933W"
runs "resume where nothing can be" 37 sallyport server resume myServer; like "$OUT" "CWWKE0934W" "CWWKE0934W"
runs "javadump" 0 sallyport server javadump myServer
like "$(cat "$LOG")" "CWWKE0067I: Java dump request received\." "CWWKE0067I"

# Exit statuses that something else than a mistake brings about.
runs "a dump that cannot be written" 29 sallyport server dump myServer --archive="$SCRATCH/none/d.zip"
like "$OUT" "^Server myServer dump failed\. Check server logs for details\." "is said"
mv "$DIR/workarea/.sCommand" "$DIR/workarea/.kept"; : >"$DIR/workarea/.sCommand"
runs "a server that cannot be reached" 34 sallyport server modify myServer STATUS
mv "$DIR/workarea/.kept" "$DIR/workarea/.sCommand"
PID=$(sallyport server status myServer | grep -oE '[0-9]+\.?$' | tr -d .)
kill -STOP "$PID"
runs "a stop that takes too long" 21 sallyport server stop myServer --timeout=1s
like "$OUT" "^Server myServer stop failed\. Check server logs for details\." "is said"
kill -CONT "$PID"
gone() { sallyport server status myServer; [ $? -eq 1 ]; }
wait_for 30 gone; ok $? "it ends when it can"
: >"$SCRATCH/file"
runs "an output folder that cannot be" 23 env WLP_OUTPUT_DIR="$SCRATCH/file" sallyport server start myServer
runs "pause of a stopped server" 4 sallyport server pause myServer
done_testing
