# Where a server's files go, as server.env says, and how the command finds them
# again; what <logging> and the environment say of log files.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
PORT=$(free_port)
at_exit 'sallyport server stop myServer --force >/dev/null 2>&1'
runs "create" 0 sallyport server create myServer --no-password
DIR=$SERVER_DIR AWAY=$SCRATCH/away; mkdir "$AWAY"
configure() { printf "<server><featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager><config updateTrigger='mbean'/><httpEndpoint id='defaultHttpEndpoint' httpPort='$PORT' httpsPort='-1'/>%s</server>" "$1" >"$DIR/server.xml"; }
configure ''
printf '%s\n' "WLP_OUTPUT_DIR=$AWAY/out" "LOG_DIR=$AWAY/logs" LOG_FILE=mine.log "PID_DIR=$AWAY/pids" >"$DIR/server.env"
runs "start" 0 sallyport server start myServer
for file in out/myServer/workarea logs/messages.log logs/mine.log pids/myServer.pid; do [ -e "$AWAY/$file" ]; ok $? "$file is where server.env says"; done
[ ! -e "$DIR/logs/messages.log" ] && [ ! -e "$DIR/workarea/.sCommand" ]; ok $? "nothing is beside the configuration"
is "$(cat "$AWAY/pids/myServer.pid")" "$(sallyport server status myServer | grep -oE '[0-9]+' | tail -1)" "status finds it"
runs "start again" 1 sallyport server start myServer
runs "modify" 0 sallyport server modify myServer STATUS
runs "javadump" 0 sallyport server javadump myServer
like "$OUT" "dump complete in $AWAY/out/myServer/dumps/" "it is in the output folder"
runs "stop" 0 sallyport server stop myServer
[ ! -e "$AWAY/pids/myServer.pid" ]; ok $? "its pid file is gone"
runs "status" 1 sallyport server status myServer

# PID_FILE, and a server.env that may not be read.
printf '%s\n' "PID_FILE=$AWAY/one.pid" >"$DIR/server.env"
runs "start with PID_FILE" 0 sallyport server start myServer
[ -s "$AWAY/one.pid" ]; ok $? "PID_FILE"
runs "stop" 0 sallyport server stop myServer

# Dumps where SERVER_WORKING_DIR says.
dumped() { sed -n 's/^Server myServer dump complete in \(.*\)\.$/\1/p' <<<"$OUT"; }
rm -f "$DIR/server.env"
for where in "$AWAY/dumps:$AWAY/dumps" "work/dumps:$DIR/work/dumps" "/:$DIR/dumps" "a/../b:$DIR/b" ":$DIR/dumps"; do
    echo "SERVER_WORKING_DIR=${where%%:*}" >"$DIR/server.env"
    sallyport server start myServer >/dev/null
    runs "javadump with SERVER_WORKING_DIR=${where%%:*}" 0 sallyport server javadump myServer
    is "$(dirname "$(dumped)")" "${where#*:}" "it is there"
    grep -q . "$(dumped)"; ok $? "a file"
    like "$(cat "$DIR/logs/messages.log")" "CWWKE0068I: Java dump created: $(dumped)$" "CWWKE0068I names it"
    sallyport server stop myServer >/dev/null
done
echo "SERVER_WORKING_DIR=$DIR/server.xml" >"$DIR/server.env"
runs "a file in its place" 23 sallyport server start myServer
like "$OUT" "^CWWKE0025E: The value of SERVER_WORKING_DIR must refer to a directory\. .* Value: $DIR/server\.xml$" "is told"

# <logging>: another folder while the server runs; nothing on standard streams.
rm -f "$DIR/server.env"
configure "<logging logDirectory='$AWAY/other' messageFileName='m.log' maxFileSize='1' maxFiles='3'/>"
runs "start with logDirectory" 0 sallyport server start myServer
like "$(cat "$AWAY/other/m.log")" CWWKF0011I "logDirectory and messageFileName"
configure "<logging logDirectory='$AWAY/third'/>"; sallyport server modify myServer REFRESH,CONFIG >/dev/null
wait_for 20 test -s "$AWAY/third/messages.log"; ok $? "an update moves the log"
runs "stop" 0 sallyport server stop myServer
like "$(cat "$AWAY/third/messages.log")" CWWKE0036I "the end is said there"

# The environment's formats, and a start that takes too long.
configure ''
export WLP_LOGGING_MESSAGE_FORMAT=json WLP_LOGGING_JSON_FIELD_MAPPINGS='ibm_messageId:id,host:'
runs "start with a format of the environment" 0 sallyport server start myServer
is "$(head -50 "$DIR/logs/messages.log" | jq -r 'select(.id == "CWWKF0011I") | has("host"), has("ibm_messageId")' | tr '\n' ' ')" "false false " "WLP_LOGGING_MESSAGE_FORMAT and JSON_FIELD_MAPPINGS"
runs "stop" 0 sallyport server stop myServer
unset WLP_LOGGING_MESSAGE_FORMAT WLP_LOGGING_JSON_FIELD_MAPPINGS

# A start that takes too long goes on, and says so.
printf '%s\n' com.ibm.ws.zos.core.angelRequired=true com.ibm.ws.zos.core.angelWaitTimeSeconds=300 server.start.wait.time=1 >"$DIR/bootstrap.properties"
runs "a start that takes longer than it may" 22 sallyport server start myServer
like "$OUT" "^SPT0467E: Server myServer did not become ready in 1 seconds; it is still starting\. See $DIR/logs/messages\.log\.$" "is said"
runs "it is there" 0 sallyport server status myServer
runs "and takes no commands yet" 20 sallyport server modify myServer STATUS
is "$OUT" "CWWKB0004I: server myServer is starting.
CWWKB0002I: MODIFY COMMAND STATUS COMPLETED UNSUCCESSFULLY." "for this reason"
runs "but ends" 0 sallyport server stop myServer --force

# Without a command port a start knows nevertheless when the server is ready.
echo 'command.port=-1' >"$DIR/bootstrap.properties"
runs "start without a command port" 0 sallyport server start myServer
like "$OUT" '^Server myServer started with process ID [0-9]+\.$' "says that it has"
kill "$(cat "$SALLYPORT_ROOT/servers/.pid/myServer.pid")"
is_down() { [ "$(sallyport server status myServer)" = "Server myServer is not running." ]; }
wait_for 30 is_down; ok $? "a signal ends it"
# The small files, each in all its places: the later counts.
INST=$SCRATCH/inst SHARED=$SALLYPORT_ROOT/shared; mkdir -p "$INST/etc" "$SHARED" "$DIR"/configDropins/{defaults,overrides} "$DIR/more"; cp -r "$SAMPLES/templates" "$INST/"
configure '<zosconnect_authData id="ad" user="${o1} ${o2} ${o3} ${o4} ${o5}|${e1} ${e2} ${e3}|${b1} ${b2} ${b3}" password="x"/>'
user() { WLP_INSTALL_DIR=$INST e1=shell sallyport config dump myServer 2>&1 | sed -n 's/^ *user="\(.*\)"$/\1/p'; }
printf -- '-Do5=etc\n' >"$INST/etc/jvm.options"
printf 'e1=etc\ne2=etc\ne3=etc\nWLP_USER_DIR=%s\n' "$SALLYPORT_ROOT" >"$INST/etc/server.env"
printf 'e2=shared\ne3=shared\n' >"$SHARED/server.env"
printf 'e3= all of "it"  \nWLP_USER_DIR=/nowhere\n' >"$DIR/server.env"
printf 'bootstrap.include=more/b.properties\nb1=own\n' >"$DIR/bootstrap.properties"
printf 'b1=included\nb2:in\\\n   cl\\u0041\nbootstrap.include = c.properties\n' >"$DIR/more/b.properties"
echo 'b3 by name' >"$DIR/more/c.properties"
is "$(user | cut -d' ' -f5-)" 'etc|etc shared  all of &quot;it&quot;  |own inclA by name' "server.env over the shell's, bootstrap.properties over what it includes, jvm.options of the installation"
printf -- '# none\n\n-Xmx1g\n-Do1=shared\n-Do2=shared\n-Do3=shared\n-Do4=shared\n' >"$SHARED/jvm.options"
printf -- '-Do2=defaults\n-Do3=defaults\n-Do4=defaults\n' >"$DIR/configDropins/defaults/jvm.options"
printf -- '-Do3=server\n-Do4=server\n' >"$DIR/jvm.options"
printf -- '-Do4=overrides\n' >"$DIR/configDropins/overrides/jvm.options"
like "$(user)" '^shared defaults server overrides [^|]*o5}\|' "jvm.options of four places; with one of them, not the installation's"
done_testing
