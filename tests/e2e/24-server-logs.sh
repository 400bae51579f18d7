# Logs in each of the original's formats, settings from environment, bootstrap
# and <logging> in the order that counts, traces on and off while the server
# runs, old files rolled, first-failure data; settings that are none are told.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
runs "create" 0 sallyport server create logs
HOME_DIR=$SALLYPORT_ROOT/servers/logs LOGS=$SALLYPORT_ROOT/servers/logs/logs
PORT=$(free_port)
at_exit "sallyport server stop logs --force >/dev/null 2>&1"
config() { # attributes of <logging>
    cat >"$HOME_DIR/server.xml" <<END_XML
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <httpEndpoint id="defaultHttpEndpoint" host="localhost" httpPort="$PORT" httpsPort="-1"/>
  <logging $1/>
  ${2:-}
</server>
END_XML
}
start() { sallyport server start logs >"$SCRATCH/out" 2>&1 || note "$(cat "$SCRATCH/out")"; }
restart() { sallyport server stop logs >/dev/null 2>&1; start; }
modify() { OUT=$(sallyport server modify logs "$1" 2>&1); STATUS=$?; }
export TZ=EST5EDT,M3.2.0,M11.1.0

config ''
start
HEAD=$(head -9 "$LOGS/messages.log")
is "$(head -1 <<<"$HEAD")" "$(printf '*%.0s' $(seq 80))" "the block at the top begins with 80 asterisks"
like "$HEAD" '^product = Sallyport [0-9]' "names the product"
like "$HEAD" "^server\.config\.dir = $HOME_DIR/$" "the folders"
like "$HEAD" '^process = [0-9]+@.' "and the process"
like "$(head -1 "$LOGS/console.log")" '^Launching logs \(Sallyport [0-9.]+\) on .*, version .* \(.*\)$' "the console's first line"
is "$(sed 1d "$LOGS/console.log" | grep -vcE '^\[(AUDIT   |WARNING |ERROR   )\] [A-Z]+[0-9]+[AIWE]: ')" 0 "the console has no other lines than those of its format"
[ ! -e "$LOGS/trace.log" ]; ok $? "nothing is traced"
is "$(grep -cvE '^\[[0-9/]+ [0-9:]+ E[SD]T\] [0-9a-f]{8} .{60} [AIWE] [A-Z]+[0-9]+[AIWE]: ' <(sed 1,8d "$LOGS/messages.log"))" 0 "each line of messages.log has its format"

# LOGGING= of the operator, until the configuration says something else.
curl -s -o /dev/null "http://localhost:$PORT/none"
modify "LOGGING='com.ibm.zosconnect.*=finer'"
is "$STATUS" 0 "LOGGING"
is "$OUT" "CWWKB0005I: COMMAND RESPONSES COMPLETED SUCCESSFULLY FROM Logging Command Handler.
CWWKB0002I: MODIFY COMMAND LOGGING='com.ibm.zosconnect.*=finer' COMPLETED SUCCESSFULLY." "the replies"
like "$(cat "$LOGS/messages.log")" 'TRAS0018I: The trace state has been changed\. The new trace state is \*=info:com\.ibm\.zosconnect\.\*=finer\.$' "the change is said"
curl -s -o /dev/null "http://localhost:$PORT/traced"
like "$(cat "$LOGS/trace.log")" '^\[.*E[SD]T\] [0-9a-f]{8} id=00000000 com\.ibm\.zosconnect.{42} > service Entry GET /traced$' "entries are traced"
like "$(cat "$LOGS/trace.log")" ' < service Exit 404$' "and exits"
unlike "$(cat "$LOGS/trace.log")" '/none' "but not what was before"
unlike "$(cat "$LOGS/messages.log")" 'Entry GET' "messages.log has no traces"
like "$(sed -n 2,9p "$LOGS/trace.log")" '^trace\.specification = \*=info:com' "trace.log's block names the specification"
N=$(wc -l <"$LOGS/trace.log")
modify "LOGGING='reset'"
is "$STATUS" 0 "RESET"
curl -s -o /dev/null "http://localhost:$PORT/after"
unlike "$(tail -n +$((N + 1)) "$LOGS/trace.log")" '/after' "ends it"
for bad in "LOGGING" "LOGGING=" "LOGGING=''" "LOGGING='a=all" "LOGGING=a=all'" "LOGGING='" "LOGGING='a'b'"; do
    modify "$bad"
    is "$STATUS" 20 "$bad is refused"
    like "$OUT" "Could not parse command: \"$bad\"" "and quoted"
done
modify "LOGGING=a=all"; is "$STATUS" 0 "without quotes"
modify "LOGGING=reset"; is "$STATUS" 0 "and back"
modify "LOGGING='a=loud'"
is "$STATUS" 20 "a level that is none"
like "$OUT" "^CWWKB0004I: expected off, fatal, .*, byte 0 of 'a=loud'$" "says what is one"

# <logging> while it runs.
config 'traceSpecification="com.ibm.ws.security.*=fine" traceFormat="BASIC" suppressSensitiveTrace="true" traceFileName="my.log"'
modify REFRESH,CONFIG
curl -s -o /dev/null "http://localhost:$PORT/hidden"
like "$(cat "$LOGS/my.log")" '^\[.*\] [0-9a-f]{8} Decision      1   decide \(suppressed: suppressSensitiveTrace\)$' "another file and format; data is left out"
unlike "$(grep Decision "$LOGS/my.log")" /hidden "of peers"
config 'messageFormat="JSON" consoleFormat="json" consoleLogLevel="INFO" jsonFieldMappings="message:log,host:"'
restart
# what comes before <logging> is read has the format of bootstrap.properties
sed -n '/^{/,$p' "$LOGS/messages.log" >"$SCRATCH/json"
is "$(grep -vc '^{' "$SCRATCH/json")" 0 "from there on each line is JSON"
is "$(jq -r 'select(.ibm_messageId == "CWWKF0011I") | [.type, .ibm_serverName, .loglevel, .module] | join(" ")' "$SCRATCH/json")" \
    "liberty_message logs AUDIT com.ibm.ws.kernel.feature.internal.FeatureManager" "messages.log is JSON"
like "$(jq -r 'select(.ibm_messageId == "CWWKF0011I").log' "$SCRATCH/json")" '^CWWKF0011I: The logs server is ready' "a renamed member"
is "$(jq -r 'select(.host != null) | .type' "$SCRATCH/json")" "" "and one that is left out"
like "$(jq -r 'select(.ibm_messageId == "CWWKF0011I").ibm_datetime' "$SCRATCH/json")" '^[0-9-]{10}T[0-9:]{8}\.[0-9]{3}-0[45]00$' "the time of JSON"
is "$(jq -r 'select(.ibm_messageId == "CWWKF0011I") | .ibm_sequence | test("^[0-9]{13}_[0-9A-F]{13}$")' "$SCRATCH/json")" true "its sequence"
is "$(jq -r 'select(.ibm_messageId == "CWWKF0011I") | (.ext_thread | test("^Default Executor-thread-[0-9]+$"))' "$SCRATCH/json")" true "its thread's name"
like "$(sed -n '/^{/p' "$LOGS/console.log" | jq -r 'select(.loglevel == "INFO") | .ibm_messageId')" 'CWWKO0219I' "the console too, with INFO"
is "$(ls "$LOGS" | grep -cE '^messages_[0-9]{2}(\.[0-9]{2}){2}_[0-9]{2}(\.[0-9]{2}){2}\.0\.log$')" 1 "the old file was rolled"
# Requests in the JSON logs (source accessLog).
access() { # attributes of <logging>, of <accessLogging>
    config "messageFormat=\"JSON\" $1"
    sed -i "s#httpsPort=\"-1\"/>#httpsPort=\"-1\">$2</httpEndpoint>#" "$HOME_DIR/server.xml"
    restart
}
requests() { grep '^{' "${1:-$LOGS/messages.log}" | jq -c 'select(.type == "liberty_accesslog")' 2>/dev/null; }
some() { [ "$(requests | wc -l)" -ge "${1:-1}" ]; }
access 'messageSource="message,trace,accessLog,ffdc,audit"' ''
curl -s -o /dev/null "http://localhost:$PORT/none"; sleep 1
is "$(requests)" "" "an endpoint without accessLogging has none"
access 'messageSource="message"' '<accessLogging/>'
curl -s -o /dev/null "http://localhost:$PORT/none"; sleep 1
is "$(requests)" "" "nor has a log without the source accessLog"
access 'messageSource="message,accessLog" consoleFormat="JSON" consoleSource="accessLog"' '<accessLogging logFormat="%h %m"/>'
curl -s -o /dev/null -A 'a "curl"/1' "http://127.0.0.1:$PORT/none?x=1&password=hush"
wait_for 10 some; ok $? "a request is in messages.log"
is "$(requests | jq -c '[.ibm_remoteHost, .ibm_requestProtocol, .ibm_requestMethod, .ibm_uriPath, .ibm_queryString, .ibm_userAgent, .ibm_requestHost, .ibm_requestPort, .ibm_responseCode, .ibm_serverName]')" \
    "[\"127.0.0.1\",\"HTTP/1.1\",\"GET\",\"/none\",\"x=1&password=*****\",\"a \\\"curl\\\"/1\",\"127.0.0.1\",\"$PORT\",404,\"logs\"]" "with the members of the default, numbers as numbers"
is "$(requests | jq -c '[(.ibm_elapsedTime | type), (.ibm_bytesReceived | type), (.ibm_sequence | test("^[0-9]{13}_[0-9A-F]{13}$")), (.ibm_datetime | test("^[0-9-]{10}T[0-9:]{8}[.][0-9]{3}-0[45]00$")), .message]')" '["number","number",true,true,null]' "times, size and sequence"
is "$(requests "$LOGS/console.log" | jq -r .ibm_uriPath)" /none "the console has it too"
is "$(grep '^{' "$LOGS/console.log" | jq -r .type | sort -u)" "liberty_accesslog" "and nothing else, from when the source is read"
is "$(tail -1 "$LOGS/http_access.log")" "127.0.0.1 GET" "the access log goes on as it was"
access 'messageSource="accessLog" jsonAccessLogFields="logFormat" jsonFieldMappings="accessLog:ibm_uriPath:path,ibm_requestHeader_Accept:,message:ibm_requestMethod:no"' '<accessLogging logFormat="%h %u %{t}W %U %m %s %b %D %{Accept}i %{Content-Type}o"/>'
for path in one two three; do curl -s -o /dev/null -d x "http://localhost:$PORT/$path"; done
wait_for 10 some 3; ok $? "three requests"
is "$(requests | jq -c '[.path, .ibm_uriPath, .ibm_requestMethod, .ibm_responseCode, .ibm_requestHeader_Accept, .ibm_requestProtocol]' | tail -1)" '["/three",null,"POST",404,null,null]' "members that logFormat names, renamed or left out for that source"
is "$(requests | jq -c 'keys_unsorted' | sort -u | grep -c ibm_bytesSent)" 1 "all alike"
is "$(requests | jq -r .path | tr '\n' ' ')" "/one /two /three " "in their order"
access 'messageSource="accessLog" jsonAccessLogFields="all"' '<accessLogging/>'
like "$(grep '^{' "$LOGS/messages.log"; cat "$LOGS/console.log")" 'SPT0411W: jsonAccessLogFields has the value .*all' "another word is told"
config 'messageFormat="TBASIC" isoDateFormat="true" hideMessage="CWWKO0219I,CWWKE0001I" consoleLogLevel="OFF"'
restart
like "$(cat "$LOGS/messages.log")" '^\[[0-9-]{10}T[0-9:]{8}\.[0-9]{3}-0[45]00\] [0-9a-f]{8} FeatureManage A   CWWKF0011I: ' "TBASIC with an ISO date"
unlike "$(cat "$LOGS/messages.log")" CWWKO0219I "a hidden message"
unlike "$(sed 1d "$LOGS/console.log")" CWWKF0011I "a console that is off"

# Environment, bootstrap.properties, <logging>: the later counts.
config ''
printf 'WLP_LOGGING_MESSAGE_FORMAT=JSON\nWLP_LOGGING_CONSOLE_FORMAT=SIMPLE\nWLP_LOGGING_CONSOLE_LOGLEVEL=INFO\n' >>"$HOME_DIR/server.env"
cat >"$HOME_DIR/bootstrap.properties" <<'END_PROPERTIES'
bootstrap.include=more.properties
com.ibm.ws.logging.message.format=SIMPLE
com.ibm.ws.logging.newLogsOnStart=false
END_PROPERTIES
printf 'com.ibm.ws.logging.max.files=9\ncom.ibm.ws.logging.hideMessage=CWWKF0007I, CWWKE0002I\n' >"$HOME_DIR/more.properties"
sallyport server stop logs >/dev/null 2>&1; mv "$HOME_DIR/more.properties" "$SCRATCH/"
runs "bootstrap.include of a file that is not there" 24 sallyport server start logs
like "$OUT" "^CWWKE0014E: .*Path: .*/more\.properties Reason: No such file or directory, named by bootstrap\.include of " "is said"
mv "$SCRATCH/more.properties" "$HOME_DIR/"
cp "$LOGS/messages.log" "$SCRATCH/before.log"
restart
like "$(tail -1 "$LOGS/messages.log")" '^\[[0-9]+/[0-9]+/.*\] [0-9a-f]{8} .{60} ' "bootstrap.properties before the environment"
unlike "$(tail -n +$(($(wc -l <"$SCRATCH/before.log") + 1)) "$LOGS/messages.log")" 'CWWKF0007I|CWWKE0002I' "an included file hides messages"
cmp -s <(head -c "$(wc -c <"$SCRATCH/before.log")" "$LOGS/messages.log") "$SCRATCH/before.log"; ok $? "newLogsOnStart=false goes on with the old file"
like "$(cat "$LOGS/console.log")" '^\[[0-9]+/.*\] [0-9a-f]{8} .{60} I CWWKO0219I' "the environment before the default"
config 'consoleFormat="DEV" consoleLogLevel="WARNING"'
restart
unlike "$(cat "$LOGS/console.log")" 'CWWKF0011I' "<logging> before both"
sed -i '/^WLP_/d' "$HOME_DIR/server.env"
echo 'com.ibm.ws.logging.message.format=XML' >>"$HOME_DIR/bootstrap.properties"
echo 'com.ibm.ws.logging.max.file.size=-3' >>"$HOME_DIR/bootstrap.properties"
config 'traceSpecification="x=y" jsonFieldMappings="nonsense" rolloverStartTime="25:00"'
restart
MESSAGES=$(cat "$LOGS/messages.log")
like "$MESSAGES" 'SPT0411W: com\.ibm\.ws\.logging\.message\.format has the value "XML" \(bootstrap\.properties\); com\.ibm\.ws\.logging\.max\.file\.size has the value "-3" \(bootstrap\.properties\); rolloverStartTime has the value "25:00" \(.*server\.xml:5:66\)\. ' "settings that are none are told"
like "$MESSAGES" 'SPT0411W: traceSpecification "x=y", byte 0: expected off' "a specification too"
like "$MESSAGES" 'SPT0411W: jsonFieldMappings "nonsense", byte 0: expected \[source:\]old:new' "and a mapping"
like "$(sallyport server status logs)" "running" "the server runs"

# First-failure data: a key ring that cannot be read, a worker that was killed.
config '' '<keyStore id="k" location="safkeyring:///Nowhere" password="password" type="JCERACFKS" fileBased="false" readOnly="true"/>
  <ssl id="s" keyStoreRef="k"/><sslDefault sslRef="s"/>
  <httpEndpoint id="tls" host="localhost" httpPort="-1" httpsPort="'"$(free_port)"'"><sslOptions sslRef="s"/></httpEndpoint>'
restart
FILE=$(sed -n 's/.*FFDC1015I: An FFDC Incident has been created: ".*WSKeyStore load" at //p' "$LOGS/messages.log" | tail -1)
like "$FILE" '^ffdc_[0-9]{2}(\.[0-9]{2}){2}_[0-9]{2}(\.[0-9]{2}){2}\.[0-9]+\.log$' "a failing key ring makes an incident"
like "$(cat "$LOGS/ffdc/$FILE")" '^probeid = load$' "with its file"
like "$(cat "$LOGS"/ffdc/exception_summary_*.log)" "WSKeyStore load" "and its line in the summary"
is "$(stat -c %a "$LOGS/ffdc/$FILE")" 640 "others cannot read it"
config ''
restart
PARENT=$(cat "$SALLYPORT_ROOT/servers/.pid/logs.pid")
WORKER=$(cat "/proc/$PARENT/task/$PARENT/children" | tr -d ' ')
kill -SEGV "$WORKER"
ffdc_of_signal() { grep -lqE '^Exception = SIGSEGV|^Exception = exit ' "$LOGS"/ffdc/ffdc_*.log; }
wait_for 20 ffdc_of_signal; ok $? "a worker that was killed makes one"
wait_for 20 curl -s -o /dev/null "http://localhost:$PORT/"; ok $? "and is started again"
like "$(cat "$LOGS/console.log")" 'FFDC1015I: An FFDC Incident has been created: ".* worker" at ffdc_' "it is said on the console"
done_testing
