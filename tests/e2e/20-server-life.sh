# A server is created with the folders and modes administrators know, starts,
# answers status, is refused a second time, stops; and what is wrong is said
# with the exit codes of the original's server command.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
PORT=$(free_port)
umask 022

runs "a server that does not exist" 2 sallyport server start nobody
is "$OUT" "Server nobody does not exist." "it is said so"
runs "status of it" 2 sallyport server status nobody
runs "a name that is none" 20 sallyport server create a/b
like "$OUT" "^CWWKE0012E: .*name=a/b" "the name is quoted"
runs "an unknown option" 20 sallyport server start s --speed
like "$OUT" "^CWWKE0013E: Unknown option: --speed" "the option is named"
runs "an option of another action" 20 sallyport server start s --no-password
like "$OUT" "^CWWKE0028E" "the option is refused"
runs "an unknown action" 20 sallyport server fly
runs "an unknown template" 20 sallyport server create s --template=nothing

runs "create" 0 sallyport server create zceesrv1
is "$OUT" "Server zceesrv1 created." "it is said"
runs "create it again" 20 sallyport server create zceesrv1
like "$OUT" "^CWWKE0045E" "it exists already"
HOME_DIR=$SALLYPORT_ROOT/servers/zceesrv1
is "$(stat -c %a "$HOME_DIR" "$HOME_DIR/logs" "$HOME_DIR/workarea" \
    "$SALLYPORT_ROOT/servers/.pid" "$SALLYPORT_ROOT/servers/.logs" |
    sort -u)" 750 "folders are 750"
is "$(stat -c %a "$HOME_DIR/server.xml" "$HOME_DIR/server.env" | xargs)" \
    "640 600" "files are 640, the one with a password 600"
like "$(cat "$HOME_DIR/server.env")" '^keystore_password=[A-Za-z0-9]{24}$' \
    "a keystore password was made"
runs "status before the start" 1 sallyport server status zceesrv1
is "$OUT" "Server zceesrv1 is not running." "it is not running"
runs "stop before the start" 1 sallyport server stop zceesrv1

cat >"$HOME_DIR/bootstrap.properties" <<END
default.http.port=$PORT
END
cat >"$HOME_DIR/server.xml" <<'END'
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpsPort="-1"/>
</server>
END
runs "start" 0 sallyport server start zceesrv1
like "$OUT" "^Server zceesrv1 started with process ID [0-9]+\.$" "with its pid"
PARENT=$(sed 's/.*process ID \([0-9]*\)\..*/\1/' <<<"$(tail -1 <<<"$OUT")")
is "$(cat "$SALLYPORT_ROOT/servers/.pid/zceesrv1.pid")" "$PARENT" "the pid file"
is "$(stat -c %a "$HOME_DIR/logs/messages.log")" 640 "messages.log is 640"
LOG=$HOME_DIR/logs/messages.log
order=$(grep -oE 'CWWKE0001I|CWWKB0121I|BAQR0000I|SRVE0[0-9]+I|CWWKS9122I|CWWKO0219I|CWWKT0016I|CWWKF0012I|CWWKF0011I' \
    "$LOG" | tr '\n' ' ')
is "$order" "CWWKE0001I CWWKB0121I BAQR0000I SRVE0169I SRVE0250I CWWKS9122I SRVE0242I CWWKO0219I CWWKT0016I CWWKF0012I CWWKF0011I " \
    "start-up messages in order"
like "$(grep BAQR0000I "$LOG")" "I BAQR0000I: z/OS Connect Enterprise Edition version 3\.0\.34\.0 \(Sallyport [0-9.]+\)$" "the level and whose it is"
like "$(grep SRVE0250I "$LOG")" "I SRVE0250I: Web Module z/OS Connect has been bound to default_host\.$" "the web application"
like "$(grep CWWKT0016I "$LOG")" "A CWWKT0016I: Web application available \(default_host\): http://$(uname -n):$PORT/$" "and its address"
like "$(grep CWWKB0121I "$LOG")" "set to 0027\.$" "the umask keeps others out"
like "$(grep CWWKF0011I "$LOG")" \
    '^\[[0-9]+/[0-9]+/[0-9]{2} [0-9]+:[0-9]{2}:[0-9]{2}:[0-9]{3} [A-Z+-].*\] [0-9a-f]{8} .{60} A CWWKF0011I: The zceesrv1 server is ready to run a smarter planet' \
    "a line's form"
like "$(cat "$HOME_DIR/logs/console.log")" '^\[AUDIT   \] CWWKF0011I' \
    "the console's form"
runs "status" 0 sallyport server status zceesrv1
is "$OUT" "Server zceesrv1 is running with process ID $PARENT." "says the pid"
runs "a second start" 1 sallyport server start zceesrv1
is "$OUT" "Server zceesrv1 is already running with process ID $PARENT." \
    "is refused"
runs "a second run" 1 sallyport server run zceesrv1
is "$(head -1 <<<"$OUT")" "CWWKE0029E: An instance of server zceesrv1 is already running." \
    "is refused too"
status_of() { curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://127.0.0.1:$1/none"; }
is "$(status_of "$PORT")" 404 "it answers"

# A change is noticed when the operator says so, and only then.
NEW=$(free_port)
sed -i "s/httpsPort=\"-1\"/httpPort=\"$NEW\" &/" "$HOME_DIR/server.xml"
is "$(grep -c CWWKG0016I "$LOG")" 0 "nothing happens by itself"
runs "REFRESH,CONFIG" 0 sallyport server modify zceesrv1 refresh,config
is "$OUT" "CWWKB0005I: COMMAND RESPONSES COMPLETED SUCCESSFULLY FROM File Refresh Command Handler.
CWWKB0002I: MODIFY COMMAND refresh,config COMPLETED SUCCESSFULLY." "the replies"
like "$(grep CWWKG001 "$LOG" | tail -1)" \
    "CWWKG0017I: The server configuration was successfully updated in [0-9]+\.[0-9]{3} seconds\.$" \
    "the update's message"
is "$(status_of "$NEW")" 404 "the new port answers"
is "$(status_of "$PORT")" 000 "the old one is closed"
is "$(grep -oE 'CWWKT001[67]I: .*' "$LOG" | tail -2)" "CWWKT0017I: Web application removed (default_host): http://$(uname -n):$PORT/
CWWKT0016I: Web application available (default_host): http://$(uname -n):$NEW/" "the web application has moved"
runs "again without a change" 0 sallyport server modify zceesrv1 REFRESH,CONFIG
is "$(grep -c CWWKG0016I "$LOG")" 1 "does nothing"
echo '<!-- x -->' >>"$HOME_DIR/server.xml"
runs "with a comment changed" 0 sallyport server modify zceesrv1 REFRESH,CONFIG
is "$(grep -c CWWKG0018I "$LOG")" 1 "no functional change"
cp "$HOME_DIR/server.xml" "$SCRATCH/good.xml"
echo '<server><x>' >"$HOME_DIR/server.xml"
runs "with a broken file" 0 sallyport server modify zceesrv1 REFRESH,CONFIG
like "$(grep CWWKG0014E "$LOG")" "File: file:$HOME_DIR/server.xml Line: 2 " \
    "the place is named"
is "$(status_of "$NEW")" 404 "the old configuration stays"
cp "$SCRATCH/good.xml" "$HOME_DIR/server.xml"
runs "an unknown command" 20 sallyport server modify zceesrv1 DANCE
like "$OUT" "^CWWKB0006W: MODIFY COMMAND DANCE WAS NOT KNOWN" "is said so"

runs "stop" 0 sallyport server stop zceesrv1
like "$OUT" "^Server zceesrv1 stopped\.$" "it stopped"
like "$(tail -6 "$LOG")" "CWWKT0017I: Web application removed" "the web application is gone"
like "$(tail -3 "$LOG")" "CWWKE1101I: Server quiesce complete\.$" "the quiesce"
like "$(tail -1 "$LOG")" "CWWKE0036I: The server zceesrv1 stopped after" \
    "the last message"
[ ! -e "$SALLYPORT_ROOT/servers/.pid/zceesrv1.pid" ]
ok $? "the pid file is gone"
runs "status after it" 1 sallyport server status zceesrv1

# onError of the documents counts while they are read for the first time.
cp "$HOME_DIR/server.xml" "$SCRATCH/server.xml"
first() { # ERROR-ELEMENT onError
    printf '<server>%s<config onError="%s"/><httpEndpoint id="defaultHttpEndpoint" httpPort="-1" httpsPort="-1"/></server>' "$1" "$2" >"$HOME_DIR/server.xml"
    rm -f "$LOG"
}
echo '<server' >"$HOME_DIR/half.xml"
first '<include location="none.xml"/>' FAIL
runs "a missing include and FAIL behind it" 22 sallyport server start zceesrv1
like "$(cat "$LOG")" "CWWKG0090E: .*none\.xml" "is said"
first '<include location="half.xml"/>' FAIL
runs "a malformed include and FAIL behind it" 22 sallyport server start zceesrv1
like "$(cat "$LOG")" "CWWKG0014E: .*half\.xml" "is said"
first '<include location="none.xml"/>' IGNORE
runs "a missing include and IGNORE" 0 sallyport server start zceesrv1
unlike "$(cat "$LOG")" "CWWKG0090E" "is not said"
sallyport server stop zceesrv1 >/dev/null
first '<include location="half.xml"/>' WARN
runs "a malformed include and WARN: the built-in defaults" 0 sallyport server start zceesrv1
like "$(cat "$LOG")" "CWWKF0009W" "without features"
sallyport server stop zceesrv1 >/dev/null
# An error is what ends a start; a default in the place of a wrong value is none.
first '<httpOptions id="o" persistTimeout="soon"/>' FAIL
runs "a wrong value that has a default, and FAIL" 0 sallyport server start zceesrv1
like "$(cat "$LOG")" "CWWKG0083W: .*persistTimeout.*soon" "is a warning"
sallyport server stop zceesrv1 >/dev/null
first '<zosconnect_cicsIpicConnection id="c"/>' FAIL
runs "an error and FAIL" 22 sallyport server start zceesrv1
is "$(grep -oE 'CWWK(G00(58|95)E|G0010I|E0018E|E0701E)' "$LOG" | tr '\n' ' ')" "CWWKG0058E CWWKG0010I " "says the error, and that this is why it ends"
like "$OUT" "^CWWKG0058E: The element zosconnect_cicsIpicConnection with the unique identifier c is missing" "the terminal has it too"
grep -qxF "  $(sallyport help CWWKG0058E | sed -n 's/^What to do: //p')" <<<"$OUT"; ok $? "with what to do"
SAID=$(sallyport server run zceesrv1 2>"$SCRATCH/errors" </dev/null)
like "$(cat "$SCRATCH/errors")" "^\[ERROR   \] CWWKG0058E: " "in the foreground errors are on standard error"
is "$(grep -vc '^\[AUDIT   \] CWWK' <<<"$SAID")" 0 "what is audited on standard output"
cp "$SCRATCH/server.xml" "$HOME_DIR/server.xml"
cp "$HOME_DIR/bootstrap.properties" "$SCRATCH/bootstrap.properties"
echo "onError=BAD" >>"$HOME_DIR/bootstrap.properties"
rm -f "$LOG"
runs "another word in bootstrap.properties" 0 sallyport server start zceesrv1
is "$(grep -c "CWWKG0032W: Unexpected value specified for property \[onError\], value = \[BAD\]\. Expected value(s) are: \[WARN\]\[FAIL\]\[IGNORE\]\. Default value in use: WARN\." "$LOG")" 1 "is said once"
sallyport server stop zceesrv1 >/dev/null
cp "$SCRATCH/bootstrap.properties" "$HOME_DIR/bootstrap.properties"

# What is malformed from the start gives the built-in defaults, or with
# onError=FAIL no server.
echo '<server' >"$HOME_DIR/server.xml"
echo "onError=FAIL" >>"$HOME_DIR/bootstrap.properties"
runs "malformed and onError=FAIL" 22 sallyport server start zceesrv1
like "$(cat "$LOG")" "CWWKG0010I: The server zceesrv1 is shutting down" "is said"
echo "-Xmx" >"$HOME_DIR/jvm.options"
echo "oops" >>"$HOME_DIR/jvm.options"
runs "a bad line in jvm.options" 32 sallyport server start zceesrv1
runs "list" 0 sallyport server list
is "$OUT" "The following servers are defined relative to the user directory $SALLYPORT_ROOT.
zceesrv1" "names it"
runs "list of none" 0 env WLP_USER_DIR="$SCRATCH/nowhere" sallyport server list
is "$OUT" "There are no servers defined in the user directory $SCRATCH/nowhere." "says so"

# Without a name it is defaultServer, which run makes when it is not there.
runs "start without a name" 2 sallyport server start
is "$OUT" "Server defaultServer does not exist." "makes none"
background sallyport server run >"$SCRATCH/run.out" 2>&1
at_exit 'sallyport server stop --force >/dev/null 2>&1'
wait_for 120 grep -q CWWKF0011I "$SALLYPORT_ROOT/servers/defaultServer/logs/messages.log"; ok $? "run without a name makes it"
is "$(head -1 "$SCRATCH/run.out")" "Server defaultServer created." "and says so first"
runs "status without a name" 0 sallyport server status
runs "stop without a name" 0 sallyport server stop
is "$OUT" "Stopping server defaultServer.
Server defaultServer stopped." "is this one's"
done_testing
