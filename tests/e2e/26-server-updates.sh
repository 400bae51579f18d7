# Configuration changes take effect when they should, whole or not at all: files
# watched, includes that come and go, a secret's file, malformed and closed files, ports
# that are taken, two refreshes at once; and no request on another port is lost.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
runs "create" 0 sallyport server create upd
at_exit "sallyport server stop upd --force >/dev/null 2>&1"
HOME_DIR=$SALLYPORT_ROOT/servers/upd LOG=$SALLYPORT_ROOT/servers/upd/logs/messages.log
PORT=$(free_port) OTHER=$(free_port)
server() { # attributes of <config>, more elements
    cat >"$HOME_DIR/server.xml.new" <<END_XML
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config $1/>
  <include location="parts/late.xml" optional="true"/>
  <httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="$PORT" httpsPort="-1"/>
  ${2:-}
</server>
END_XML
    mv "$HOME_DIR/server.xml.new" "$HOME_DIR/server.xml"
}
second() { echo "<httpEndpoint id=\"second\" host=\"127.0.0.1\" httpPort=\"$1\" httpsPort=\"-1\"/>"; }
status_of() { curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://127.0.0.1:$1/none"; }
count() { grep -c "$1" "$LOG"; }
# until as many messages of an id are there
seen() { [ "$(count "$1")" -ge "$2" ]; }
mkdir -p "$HOME_DIR/parts"

# polled
server 'monitorInterval="50ms"'
runs "start" 0 sallyport server start upd
server 'monitorInterval="50ms"' "$(second "$OTHER")"
wait_for 20 seen CWWKG0017I 1; ok $? "a change is noticed by itself"
is "$(status_of "$OTHER")" 404 "the new port answers"
like "$(grep CWWKG0017I "$LOG" | tail -1)" ' A CWWKG0017I: The server configuration was successfully updated in [0-9]+\.[0-9]{3} seconds\.$' "the message"
echo "<server>$(second -1)</server>" >"$HOME_DIR/parts/late.part"; mv "$HOME_DIR/parts/late.part" "$HOME_DIR/parts/late.xml"
server 'monitorInterval="50ms"'
wait_for 20 seen CWWKG0017I 2; ok $? "an update without the element"
closed() { [ "$(status_of "$1")" = 000 ]; }
wait_for 20 closed "$OTHER"; ok $? "closes its port"
N=$(count CWWKG0017I)
echo "<server>$(second "$OTHER")</server>" >"$HOME_DIR/parts/late.part"; mv "$HOME_DIR/parts/late.part" "$HOME_DIR/parts/late.xml"
wait_for 20 seen CWWKG0017I $((N + 1)); ok $? "a changed include is noticed"
rm "$HOME_DIR/parts/late.xml"
wait_for 20 seen CWWKG0017I $((N + 2)); ok $? "and one that vanishes"
is "$(status_of "$OTHER")" 000 "with what it said"
mkdir -p "$HOME_DIR/configDropins/overrides"
echo "<server>$(second "$OTHER")</server>" >"$HOME_DIR/configDropins/overrides/a.part"; mv "$HOME_DIR/configDropins/overrides/a.part" "$HOME_DIR/configDropins/overrides/a.xml"
wait_for 20 seen CWWKG0017I $((N + 3)); ok $? "a drop-in is noticed"
is "$(status_of "$OTHER")" 404 "and in effect"
rm "$HOME_DIR/configDropins/overrides/a.xml"
wait_for 20 seen CWWKG0017I $((N + 4)); ok $? "its end too"

# A new include that is malformed: mending it alone is noticed.
N=$(count CWWKG0017I) M=$(count CWWKG0014E)
echo "<server><httpEndpoint" >"$HOME_DIR/parts/new.xml"
server 'monitorInterval="50ms"' '<include location="parts/new.xml"/>'
wait_for 20 seen CWWKG0014E $((M + 1)); ok $? "a new include is malformed"
is "$(count CWWKG0017I)" "$N" "nothing is taken"
echo "<server>$(second "$OTHER")</server>" >"$HOME_DIR/parts/new.part"; mv "$HOME_DIR/parts/new.part" "$HOME_DIR/parts/new.xml"
wait_for 20 seen CWWKG0017I $((N + 1)); ok $? "mending it is noticed"
is "$(status_of "$OTHER")" 404 "and in effect"
rm "$HOME_DIR/parts/new.xml"
server 'monitorInterval="50ms"'
wait_for 20 seen CWWKG0017I $((N + 2)); ok $? "and it goes again"
N=$(($(count CWWKG0017I) - 4))

# Features that come and go, roles and security settings: each says so.
features() { # attributes of featureManager, features, more elements
    { echo "<server><featureManager $1>"; for f in $2; do echo "<feature>$f</feature>"; done; cat <<END_XML
</featureManager><config monitorInterval="50ms"/>
<httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="$PORT" httpsPort="-1"/>$3</server>
END_XML
    } >"$HOME_DIR/server.xml.new"; mv "$HOME_DIR/server.xml.new" "$HOME_DIR/server.xml"
}
ROLES='<authorization-roles id="own.roles"><security-role name="r"/></authorization-roles>'
M=$(count CWWKG0017I) F=$(count CWWKF0012I) R=$(count CWWKS9120I)
features "" "zosconnect:zosConnect-2.0 zosSecurity-1.0" "$ROLES<webAppSecurity allowFailOverToBasicAuth=\"true\" ssoRequiresSSL=\"true\"/>"
wait_for 20 seen CWWKG0017I $((M + 1)); ok $? "a feature, roles and settings"
is "$(grep -oE 'CWWK(F0007I|F0012I|F0013I|F0008I|G0017I)' "$LOG" | tail -4 | tr '\n' ' ')" "CWWKF0007I CWWKF0012I CWWKF0008I CWWKG0017I " "the feature's messages in order"
like "$(grep CWWKF0012I "$LOG" | tail -1)" "A CWWKF0012I: The server installed the following features: \[zosSecurity-1\.0\]\.$" "only what is new"
is "$(grep -o 'CWWKS9120I: .*' "$LOG" | tail -1)" 'CWWKS9120I: Authorization roles with id="own.roles" have been successfully processed.' "the roles"
is "$(grep -o 'CWWKS9112A: .*' "$LOG" | tail -1)" 'CWWKS9112A: The web application security settings have changed. The following properties were modified: allowFailOverToBasicAuth=true,ssoRequiresSSL=true' "the settings"
features "" "zosconnect:zosConnect-2.0" "$ROLES"
wait_for 20 seen CWWKG0017I $((M + 2)); ok $? "without the feature"
is "$(grep -o 'CWWKF0013I: .*' "$LOG" | tail -1)" "CWWKF0013I: The server removed the following features: [zosSecurity-1.0]." "it is removed"
is "$(count CWWKF0012I) $(count CWWKS9120I)" "$((F + 1)) $((R + 1))" "nothing else is said again"
like "$(grep -o 'CWWKS9112A: .*' "$LOG" | tail -1)" 'modified: allowFailOverToBasicAuth=false,ssoRequiresSSL=false$' "the settings are back"
features 'onError="FAIL"' "zosconnect:zosConnect-2.0 nope-1.0" "$(second "$OTHER")"
wait_for 20 grep -q "CWWKG0015E: .*a feature is not right" "$LOG"; ok $? "a wrong feature with onError=FAIL"
like "$(grep CWWKF0001E "$LOG")" "CWWKF0001E: A feature definition could not be found for nope-1\.0 \(.*/server\.xml:[0-9]+:[0-9]+\)$" "is named"
is "$(status_of "$OTHER")" 000 "and the update is not taken"
server 'monitorInterval="50ms"'
wait_for 20 seen CWWKG0017I $((M + 3)); ok $? "the right one is taken again"
N=$(($(count CWWKG0017I) - 4))

# Logs that cannot be written as the new configuration says: nothing of it is taken.
N=$(count CWWKG0015E) M=$(count CWWKG0017I)
server 'monitorInterval="50ms"' "<logging messageFileName=\"a/b\"/>$(second "$OTHER")"
wait_for 20 seen CWWKG0015E $((N + 1)); ok $? "a file name that is none"
like "$(grep CWWKG0015E "$LOG" | tail -1)" '"a/b" is not the name of a log file' "is named"
is "$(status_of "$OTHER") $(count CWWKG0017I)" "000 $M" "and no port is opened"
server 'monitorInterval="50ms"' "<!-- again -->"
wait_for 20 seen CWWKG0018I 1 || wait_for 1 seen CWWKG0017I $((M + 1)); ok $? "the right one is taken again"
N=$(($(count CWWKG0017I) - 4))

# A secret that stands in a file.
printf 'one\n' >"$HOME_DIR/secret"; chmod 600 "$HOME_DIR/secret"
server 'monitorInterval="50ms"' "<zosconnect_authData id=\"a\" user=\"U\" password=\"{file}\${server.config.dir}/secret\"/>"
wait_for 20 seen CWWKG0017I $((N + 5)); ok $? "a password in a file"
printf 'two\n' >"$HOME_DIR/secret.part"; mv "$HOME_DIR/secret.part" "$HOME_DIR/secret"
wait_for 20 seen CWWKG0017I $((N + 6)); ok $? "a new password in it is a change"
rm "$HOME_DIR/secret"
wait_for 20 grep -q "CWWKG0011W: .*zosconnect_authData\[a\]: attribute password: $HOME_DIR/secret: No such file" "$LOG"; ok $? "a file that is gone is named"
unlike "$(cat "$LOG")" "password: (one|two)" "no secret is in the log"

# mbean and disabled; the trigger itself is a change.
server 'updateTrigger="mbean"'
wait_for 20 seen CWWKG0017I $((N + 7))
wait_for 20 grep -q 'updateTrigger="mbean"' "$HOME_DIR/server.xml"
server 'updateTrigger="disabled"' "$(second "$OTHER")"
runs "REFRESH,CONFIG" 0 sallyport server modify upd REFRESH,CONFIG
is "$(status_of "$OTHER")" 404 "mbean: by command"
server 'updateTrigger="mbean"'
M=$(count CWWKG0016I)
runs "REFRESH,CONFIG" 0 sallyport server modify upd REFRESH,CONFIG
is "$(count CWWKG0016I)" "$M" "disabled: not even by command"
is "$(status_of "$OTHER")" 404 "nothing has changed"
sallyport server stop upd >/dev/null
server 'updateTrigger="mbean"'
runs "start again" 0 sallyport server start upd

# Whole or nothing.
refresh() { sallyport server modify upd REFRESH,CONFIG >/dev/null 2>&1; }
U=$(count CWWKG0017I)
echo '<server><httpEndpoint' >"$HOME_DIR/parts/late.xml"
server 'updateTrigger="mbean"' "$(second "$OTHER")"
refresh
is "$(count CWWKG0017I)" "$U" "a malformed include: no update"
like "$(grep CWWKG0014E "$LOG" | tail -1)" "File: file:$HOME_DIR/parts/late.xml Line: [12] Column: " "its place is said"
is "$(status_of "$OTHER") $(status_of "$PORT")" "000 404" "nothing of it is in effect"
rm "$HOME_DIR/parts/late.xml"
refresh
is "$(status_of "$OTHER")" 404 "without it, all is"
server 'updateTrigger="mbean" onError="FAIL"' "$(second "$OTHER")"
refresh
server 'updateTrigger="mbean" onError="FAIL"' '<include location="parts/none.xml"/>'
refresh
is "$(status_of "$OTHER")" 404 "an error under onError=FAIL: the old configuration stays"
like "$(grep CWWKG0090E "$LOG" | tail -1)" "parts/none.xml" "it is said"
is "$(sallyport server status upd | grep -c running)" 1 "and the server runs"
if [ "$(id -u)" -ne 0 ]; then
    server 'updateTrigger="mbean"'; chmod 0 "$HOME_DIR/server.xml"
    refresh
    is "$(status_of "$OTHER")" 404 "a server.xml that cannot be read: the old configuration stays"
    chmod 640 "$HOME_DIR/server.xml"
fi
mv "$HOME_DIR/server.xml" "$HOME_DIR/away"
refresh
is "$(status_of "$OTHER")" 404 "a server.xml that has vanished: the old configuration stays"
wait_for 20 seen "CWWKE0010E: .*$HOME_DIR" 1; ok $? "it is said"
runs "and the server can still be asked" 0 sallyport server status upd
rm "$HOME_DIR/away"

# A port that somebody else has: the whole update is refused.
cat >"$SCRATCH/holder.py" <<'END_PY'
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(600)
END_PY
background python3 "$SCRATCH/holder.py" >"$SCRATCH/taken"
wait_for 10 test -s "$SCRATCH/taken"
third() { printf '<httpEndpoint id="third" host="127.0.0.1" httpPort="%s" httpsPort="-1"/>' "$1"; }
THIRD=$(free_port) U=$(count CWWKG0017I)
server 'updateTrigger="mbean"' "$(third "$THIRD") $(second "$(cat "$SCRATCH/taken")")"
refresh
like "$(grep CWWKO0221E "$LOG" | tail -1)" "TCP Channel second initialization did not succeed\.  The socket bind did not succeed for host 127\.0\.0\.1 and port $(cat "$SCRATCH/taken")\." "a port that is taken is named"
is "$(status_of "$PORT") $(status_of "$OTHER") $(status_of "$THIRD")" "404 404 000" "what was open is open, nothing new is"
like "$(grep CWWKG0015E "$LOG" | tail -1)" "httpEndpoint second, port $(cat "$SCRATCH/taken"): .* \(.*/server\.xml:[0-9]+:[0-9]+\)" "and the update is refused, with the place"
is "$(($(count CWWKG0017I) - U))" 0 "nothing says that it was made"
wait_for 5 bash -c "! ss -tlnH 'sport = :$THIRD' | grep -q ."; ok $? "the port opened for it is closed again"
server 'updateTrigger="mbean"' "$(second "$OTHER") $(third "$(cat "$SCRATCH/taken")" | sed 's/\/>/><tcpOptions portOpenRetries="1000"\/><\/httpEndpoint>/')"
refresh
is "$(($(count CWWKG0017I) - U))" 1 "with portOpenRetries it is made, and the port tried again"
# One address instead of all, on the same port: ours goes first.
server 'updateTrigger="mbean"' "$(third "$THIRD" | sed 's/127\.0\.0\.1/*/')"
refresh
is "$(status_of "$THIRD")" 404 "all addresses"
server 'updateTrigger="mbean"' "$(third "$THIRD")"
refresh
is "$(status_of "$THIRD") $(grep CWWKO0219I "$LOG" | tail -1 | grep -c "host 127\.0\.0\.1  (IPv4: 127\.0\.0\.1) port $THIRD\.")" "404 1" "then one of them"
server 'updateTrigger="mbean"' "$(third "$THIRD" | sed 's/127\.0\.0\.1/*/')"
refresh
is "$(status_of "$THIRD") $(count CWWKO0221E)" "404 1" "then all again, without a complaint"

# Two channels with one port: refused, and what listens stays what it is.
secure() { echo "<httpEndpoint id=\"second\" host=\"127.0.0.1\" httpPort=\"-1\" httpsPort=\"$1\"/>"; }
server 'updateTrigger="mbean"' "$(second "$OTHER")"
refresh
while IFS='|' read -r elements channel port other what; do
    U=$(count CWWKG0017I)
    server 'updateTrigger="mbean"' "$elements"
    refresh
    like "$(grep CWWKO0221E "$LOG" | tail -1)" "TCP Channel $channel initialization did not succeed\..* host 127\.0\.0\.1 and port $port\..*Exception Message: it is the $other$" "$what is named"
    like "$(grep CWWKG0015E "$LOG" | tail -1)" "httpEndpoint ${channel%-ssl}, port $port: it is the .* \(.*/server\.xml:[0-9]+:[0-9]+\)" "and the update is refused, with the place"
    is "$(($(count CWWKG0017I) - U)) $(status_of "$PORT") $(status_of "$OTHER")" "0 404 404" "both go on in clear text"
done <<END
$(secure "$PORT")|second-ssl|$PORT|httpPort of httpEndpoint defaultHttpEndpoint|TLS on the clear port of another
$(second "$PORT")|second|$PORT|httpPort of httpEndpoint defaultHttpEndpoint|the clear port of another
$(third "$THIRD" | sed "s/-1/$THIRD/")|third-ssl|$THIRD|httpPort of httpEndpoint third|the same port twice in one
END
U=$(count CWWKG0017I) C=$(count CWWKO0221E)
server 'updateTrigger="mbean"' "$(secure "$OTHER")"
refresh
is "$(($(count CWWKG0017I) - U)) $(status_of "$OTHER") $(curl -sk -o /dev/null -w '%{http_code}' "https://127.0.0.1:$OTHER/none")" "1 000 404" "a port may turn to TLS"
is "$(grep -oE "CWWKO02(20I|19I): TCP Channel second[^ ]*" "$LOG" | tail -2 | tr '\n' ' ')" "CWWKO0220I: TCP Channel second CWWKO0219I: TCP Channel second-ssl " "which is said"
is "$(($(count CWWKO0221E) - C))" 0 "without a complaint"

# Two refreshes at once: one after the other.
server 'updateTrigger="mbean"' "$(second "$OTHER")"
U=$(count CWWKG0017I) M=$(count CWWKG0016I)
sallyport server modify upd REFRESH,CONFIG >"$SCRATCH/r1" & A=$!
sallyport server modify upd REFRESH,CONFIG >"$SCRATCH/r2" & B=$!
wait $A; a=$?; wait $B; is "$a $?" "0 0" "two refreshes at once both complete"
is "$(($(count CWWKG0017I) - U)) $(($(count CWWKG0016I) - M))" "1 1" "one of them had something to do"

# Requests on a port that stays, while others come and go.
cat >"$SCRATCH/load.py" <<'END_PY'
import os, socket, sys
port, stop, n, lost = int(sys.argv[1]), sys.argv[2], 0, []
s = None
while not os.path.exists(stop):
    try:
        if s is None:
            s = socket.create_connection(("127.0.0.1", port), 20)
            f = s.makefile("rb")
        s.sendall(b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n")
        line, length = f.readline(), 0
        if not line.startswith(b"HTTP/1.1 404"):
            raise OSError("answered %r" % line)
        while (h := f.readline()) not in (b"\r\n", b""):
            if h.lower().startswith(b"content-length:"):
                length = int(h.split(b":")[1])
        if len(f.read(length)) != length:
            raise OSError("half an answer")
        n += 1
        if n % 25 == 0:
            s.close(); s = None
    except OSError as e:
        lost.append(str(e)); s = None
print(n > 0, len(lost), *lost[:3])
END_PY
for i in 1 2 3; do python3 "$SCRATCH/load.py" "$PORT" "$SCRATCH/stop" >"$SCRATCH/lost.$i" & LOADS+=($!); done
U=$(count CWWKG0017I)
for i in $(seq 30); do
    server "updateTrigger=\"mbean\" monitorInterval=\"$((500 + i))ms\"" "$([ $((i % 2)) -eq 0 ] || second "$OTHER")"
    refresh
done
touch "$SCRATCH/stop"; wait "${LOADS[@]}"
is "$(sort -u "$SCRATCH"/lost.*)" "True 0" "no request is lost"
is "$(($(count CWWKG0017I) - U))" 30 "while 30 updates took effect"
done_testing
