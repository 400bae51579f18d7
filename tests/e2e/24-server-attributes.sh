# Attributes of httpEndpoint, httpOptions, compression, virtualHost and access
# logging that 24-server-options and 24-server-http do not show, and those that
# are read without effect.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
HTTP=$(free_port) OTHER=$(free_port)
sallyport server create s --no-password >/dev/null || fail "create"
HOME_DIR=$SALLYPORT_ROOT/servers/s LOG=$SALLYPORT_ROOT/servers/s/logs/messages.log
at_exit "sallyport server stop s >/dev/null 2>&1"
# server ATTRIBUTES CONTENT ELEMENTS: of httpEndpoint
server() {
    printf '<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="%s" httpsPort="-1" %s>%s</httpEndpoint>
  %s
</server>\n' "$HTTP" "$1" "${2:-}" "${3:-}" >"$HOME_DIR/server.xml"
}
apply() { LINES_BEFORE=$(wc -l <"$LOG"); sallyport server modify s REFRESH,CONFIG >/dev/null 2>&1; }
since() { tail -n +$((LINES_BEFORE + 1)) "$LOG"; }
METRICS='<sallyport_metrics authentication="false"/>'
use() { server "$@"; apply; }
code() { curl -s --max-time 20 -o /dev/null -w '%{http_code}' "$@"; }
URL=http://127.0.0.1:$HTTP
head_of() { curl -s --max-time 20 -o /dev/null -D - "$@" | tr -d '\r'; }
server ""
runs "start" 0 sallyport server start s
LINES_BEFORE=0

# --- an answer that nobody takes
TEXT=$(head -c 30000 /dev/zero | tr '\0' a)
use "" '<httpOptions writeTimeout="1s"/>' "$METRICS<httpDispatcher appOrContextRootMissingMessage=\"$TEXT\"/>"
python3 - "$HTTP" >"$SCRATCH/write" <<'P' &
import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
s.connect(("127.0.0.1", int(sys.argv[1]))); s.settimeout(30)
try:
    for _ in range(3000): s.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    print("taken")
except (TimeoutError, OSError) as e: print(type(e).__name__)
time.sleep(60)
P
CLIENT=$!
alone() { [ "$(curl -s "$URL/metrics" | sed -n 's/^sallyport_connections //p')" = 1 ]; }
both() { [ "$(curl -s "$URL/metrics" | sed -n 's/^sallyport_connections //p')" = 2 ]; }
wait_for 10 both; ok $? "a client that does not read is there"
wait_for 20 alone; ok $? "writeTimeout ends it"
kill $CLIENT 2>/dev/null; wait $CLIENT 2>/dev/null

# --- what is read without effect, and said
use "" '<httpOptions ThrowIOEForInboundConnections="true"/><tcpOptions acceptThread="true" waitToAccept="true"/>'
is "$(code "$URL/")" 200 "a server with attributes that have no meaning here"
for name in ThrowIOEForInboundConnections acceptThread waitToAccept; do
    like "$(since)" "SPT0401W.*$name" "$name is not believed to act"
done
use "" '<httpOptions incomingBodyBufferSize="2048" limitWindowUpdateFrames="false"/><sslOptions sessionTimeout="5m"/>' '<httpDispatcher trustedHeaderOrigin="10.0.0.1" trustedSensitiveHeaderOrigin="10.0.0.1"/><httpEncoding encoding.en="UTF-8"/>'
for name in incomingBodyBufferSize limitWindowUpdateFrames trustedHeaderOrigin trustedSensitiveHeaderOrigin httpEncoding; do
    like "$(since)" "SPT0401W.*$name" "$name is not believed to act"
done
is "$(code -H '$WSRA: 192.0.2.1' -H '$WSIS: true' "$URL/")" 200 "private headers say nothing to us"

# --- HTTP/2: limits
cat >"$SCRATCH/h2.py" <<'P'
import socket, struct, sys
from h2_wire import *
s = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); s.settimeout(20)
head = b"\x82\x86\x84" + indexed(1, b"a")
frames = b"".join(frame(1, 5, 2 * i + 1, head) + frame(3, 0, 2 * i + 1, struct.pack(">I", 8)) for i in range(int(sys.argv[2])))
print("%s refused %d" % send(s, frames))
P
h2() { PYTHONPATH=${E2E_LIB%/*} python3 "$SCRATCH/h2.py" "$HTTP" "$1"; }
two() { use 'protocolVersion="http/2"' "<httpOptions $1/>" "$METRICS"; }
two 'maxResetFrames="5"'
is "$(h2 6)" "goaway 11 refused 0" "maxResetFrames: a reset too many ends the connection"
is "$(h2 5)" "goes on refused 0" "as many as that do not"
two 'maxResetFrames="-1"'
is "$(h2 150)" "goes on refused 0" "-1: no limit"
use 'protocolVersion="http/1.1"'
is "$(curl -s --http2-prior-knowledge --max-time 10 -o /dev/null -w '%{http_version}' "$URL/")" 0 "protocolVersion http/1.1: no HTTP/2"

# --- compression: which types, which algorithm, by reference
pack() { use 'compressionRef="z" headersRef="h"' "" "<compression id=\"z\" $1/><headers id=\"h\" set=\"Content-Type:$2\"/><httpDispatcher appOrContextRootMissingMessage=\"$TEXT\"/>"; head_of --compressed "$URL/x" | sed -n 's/^Content-Encoding: //p'; }
while IFS='|' read -r rules type want what; do
    is "$(pack "$rules" "$type")" "$want" "compression: $what"
done <<'END'
serverPreferredAlgorithm="gzip"|text/plain|gzip|text by default
serverPreferredAlgorithm="gzip"|application/json||nothing else by default
serverPreferredAlgorithm="deflate"|text/plain|deflate|the algorithm we prefer
serverPreferredAlgorithm="identity"|text/plain||or none
serverPreferredAlgorithm="gzip" types="+application/json"|application/json|gzip|a type that is added
serverPreferredAlgorithm="gzip" types="+application/json"|text/plain|gzip|text stays
serverPreferredAlgorithm="gzip" types="-text/plain"|text/plain||a type that is taken out
serverPreferredAlgorithm="gzip" types="-text/plain"|text/html|gzip|the others stay
serverPreferredAlgorithm="gzip" types="application/*"|text/plain||a list of its own
END

# --- endpoints: enabled, host; virtual hosts that are off
use "" "" "<httpEndpoint id=\"o\" host=\"127.0.0.1\" httpPort=\"$OTHER\"/>"
is "$(code "http://127.0.0.1:$OTHER/")" 200 "a second endpoint"
is "$(code "http://127.0.0.2:$OTHER/")" 000 "host: on that address alone"
use "" "" "<httpEndpoint id=\"o\" host=\"127.0.0.1\" httpPort=\"$OTHER\" enabled=\"false\"/>"
is "$(code "http://127.0.0.1:$OTHER/")" 000 "enabled false: it is closed"
like "$(since)" "CWWKO0220I: TCP Channel o has stopped listening" "and says so"
use "" "" "<httpEndpoint id=\"o\" host=\"no-such-host.invalid\" httpPort=\"$OTHER\"/>"
like "$(since)" "CWWKO0224E: TCP Channel o initialization failed\.  The host no-such-host\.invalid and port $OTHER could not be resolved\." "a host that nobody knows"
off='<virtualHost id="v" enabled="%s"><hostAlias>v.example:*</hostAlias></virtualHost><httpDispatcher appOrContextRootMissingMessage="ours"/>'
# shellcheck disable=SC2059
use "" "" "$(printf "$off" true)"
is "$(curl -s -H 'Host: v.example' "$URL/x")" "Not Found" "a virtual host takes what is for it"
# shellcheck disable=SC2059
use "" "" "$(printf "$off" false)"
is "$(curl -s -H 'Host: v.example' "$URL/x")" "ours" "virtualHost enabled false: as if it were not there"

# --- the access log: every token, by reference, off, rolled over
ACCESS=$HOME_DIR/logs/tokens.log
last() { tail -1 "$ACCESS" 2>/dev/null; }
logged() { last | grep -Eq -- "$1"; }
# token FORMAT REGEX NAME: of one request
token() {
    rm -f "$ACCESS"
    use 'accessLoggingRef="a"' "" "<httpAccessLogging id=\"a\" filePath=\"\${server.output.dir}/logs/tokens.log\" logFormat=\"$1\"/>"
    curl -s --max-time 20 -o /dev/null -X PUT -u 'mary:x' -H 'X-A: one' -H 'X-B: two' -H 'Cookie: c=3; d=4' --data-binary @/dev/null "$URL/a%20b/c?d=1&password=hush&e=2" --local-port 20000-60000
    if wait_for 10 logged "$2"; then pass "$3"; else fail "$3"; note "got: $(last)"; note "wanted: $2"; fi
}
TIME='\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}(:[0-9]{2}){3} [+-][0-9]{4}\]'
while IFS='|' read -r format regex; do
    token "$format" "$regex" "access log: $format"
done <<END
%a|^127\.0\.0\.1$
%A|^127\.0\.0\.1$
%b|^[1-9][0-9]*$
%B|^[1-9][0-9]*$
%{c}C %{none}C|^3 -$
%C|^c=3; d=4$
%D|^[0-9]+$
%h|^127\.0\.0\.1$
%{X-A}i %{none}i|^one -$
%{Authorization}i|^\*+$|^-$
%{Content-Type}o %{none}o|^[a-z]+/[a-z]+[^ ]* -$
%m|^PUT$
%p|^$HTTP$
%{remote}p|^[1-9][0-9]+$
%q|^d=1&password=\*\*\*\*\*&e=2$
%r|^PUT /a%20b/c\?d=1&password=\*\*\*\*\*&e=2 HTTP/1\.1$
%{R}W|^[0-9]+$
%s|^404$
%t|^$TIME$
%{t}W|^$TIME$
%u|^-$
%U|^/a%20b/c$
100%%|^100%$
END
unlike "$(cat "$HOME_DIR"/logs/*.log)" hush "no password in any log"
# --- remoteIp by reference: whose address is meant, and by what scheme
ACCESS=$HOME_DIR/logs/ip.log
address() { # ATTRIBUTES of remoteIp, curl arguments
    local attributes=$1; shift
    [ ! -e "$ACCESS" ] || : >"$ACCESS"
    use 'accessLoggingRef="a" remoteIpRef="r"' "" "<httpAccessLogging id=\"a\" filePath=\"\${server.output.dir}/logs/ip.log\" logFormat=\"%a %h %{remote}p\"/><remoteIp id=\"r\" $attributes/>"
    curl -s -o /dev/null "$@" "$URL/"
    wait_for 10 test -s "$ACCESS"; cut -d' ' -f1,2 "$ACCESS"
}
FROM='X-Forwarded-For: 198.51.100.7'
is "$(address 'useRemoteIpInAccessLog="true"' -H "$FROM")" "198.51.100.7 198.51.100.7" "remoteIpRef with useRemoteIpInAccessLog"
is "$(address '' -H "$FROM")" "127.0.0.1 127.0.0.1" "without, the log has the proxy"
is "$(address 'proxies="192\.0\.2\..*" useRemoteIpInAccessLog="true"' -H "$FROM")" "127.0.0.1 127.0.0.1" "proxies: nobody else is believed"
is "$(address 'useRemoteIpInAccessLog="true"' -H 'Forwarded: for=198.51.100.8;proto=https')" "198.51.100.8 198.51.100.8" "Forwarded"
is "$(address 'useRemoteIpInAccessLog="true"' -H 'Forwarded: for=198.51.100.8, for=unknown')" "127.0.0.1 127.0.0.1" "a hop that hides its address ends what is believed"
use 'accessLoggingRef="a"' "" '<httpAccessLogging id="a" enabled="false" filePath="${server.output.dir}/logs/never.log"/>'
curl -s -o /dev/null "$URL/"
ls "$HOME_DIR/logs/never.log" >/dev/null 2>&1; is $? 2 "enabled false: no log"
use 'accessLoggingRef="a"' "" '<httpAccessLogging id="a" filePath="${server.output.dir}/logs/roll.log" logFormat="%{X}i" maxFileSize="1" maxFiles="2"/>'
X=$(head -c 30000 /dev/zero | tr '\0' x)
printf 'X: %s\n' "$X" >"$SCRATCH/x"
for _ in $(seq 450); do printf 'url = "%s/"\noutput = /dev/null\n' "$URL"; done >"$SCRATCH/many"
curl -s --max-time 60 -H "@$SCRATCH/x" -K "$SCRATCH/many"
rolled() { [ "$(ls "$HOME_DIR"/logs/roll*.log | wc -l)" = 2 ]; }
wait_for 20 rolled; ok $? "maxFileSize and maxFiles: rolled over, two are kept"
is "$(find "$HOME_DIR/logs" -name 'roll*.log' -size +1100k | wc -l)" 0 "none is larger"
runs "stop" 0 sallyport server stop s
done_testing
