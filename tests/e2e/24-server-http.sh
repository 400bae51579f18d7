# What an endpoint does around requests: access log, virtual hosts, browsers of
# other origins, headers, compression, proxies, address lists, taken ports.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
HTTP=$(free_port)
sallyport server create s --no-password >/dev/null || fail "create"
HOME_DIR=$SALLYPORT_ROOT/servers/s
LOG=$HOME_DIR/logs/messages.log
ACCESS=$HOME_DIR/logs/http_access.log
at_exit "sallyport server stop s >/dev/null 2>&1"

# server ENDPOINT-CONTENT ELEMENTS
server() {
    printf '<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="%s" httpsPort="-1"%s
  %s
</server>\n' "$HTTP" "${1:-/>}" "${2:-}" >"$HOME_DIR/server.xml"
}
apply() { LINES_BEFORE=$(wc -l <"$LOG"); OUT=$(sallyport server modify s REFRESH,CONFIG 2>&1); }
since() { tail -n +$((LINES_BEFORE + 1)) "$LOG"; }
# get PATH [curl arguments]: CODE, BODY, HEAD
get() {
    local path=$1; shift
    CODE=$(curl -s --max-time 15 --path-as-is -o "$SCRATCH/body" -D "$SCRATCH/head" -w '%{http_code}' "$@" "http://127.0.0.1:$HTTP$path" </dev/null)
    BODY=$(tr -d '\0' <"$SCRATCH/body" 2>/dev/null) HEAD=$(tr -d '\r' <"$SCRATCH/head" 2>/dev/null)
    : >"$SCRATCH/body"; : >"$SCRATCH/head"
}
last_line() { tail -1 "$ACCESS" 2>/dev/null; }
logged() { last_line | grep -Eq -- "$1"; }
# expect_line REGEX NAME: as the last line of the access log
expect_line() { if wait_for 10 logged "$1"; then pass "$2"; else fail "$2"; note "got: $(last_line)"; note "wanted: $1"; fi; }

server '><accessLogging/></httpEndpoint>'
runs "start" 0 sallyport server start s
get /
is "$CODE" 200 "/ is the welcome page"
like "$BODY" "<h1>Sallyport" "in HTML"
expect_line '^127\.0\.0\.1 - \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}\] "GET / HTTP/1\.1" 200 [1-9][0-9]+$' "a line in the default format"
get '/none?a=1&password=hush'
is "$CODE" 404 "nothing there"
expect_line '"GET /none\?a=1&password=\*\*\*\*\* HTTP/1\.1" 404 ' "a password is not written"
unlike "$(cat "$ACCESS")" hush "nowhere"
printf 'GARBAGE\r\n\r\n' >"/dev/tcp/127.0.0.1/$HTTP"
expect_line '"-" 400 ' "what cannot be read is logged as well"
is "$(stat -c %a "$ACCESS")" 640 "others do not read it"

server '><accessLogging logFormat="%s|%m|%U|%{X-A}i|%{c}C|%{Content-Type}o|%{remote}p|%D|%A|%B|%{t}W" filePath="${server.output.dir}/logs/mine.log" samplePercent="0"/></httpEndpoint>'
apply
ACCESS=$HOME_DIR/logs/mine.log
get / -o /dev/null
get /x -H 'X-A: b"q' -H 'Cookie: b=1; c=2'
expect_line '^404\|GET\|/x\|b\\x22q\|2\|[a-z/]+[^|]*\|[0-9]+\|[0-9]+\|127\.0\.0\.1\|[0-9]+\|\[' "other tokens"
is "$(wc -l <"$ACCESS")" 1 "with samplePercent 0 only what failed"
server '><accessLogging logFormat="%s %Z"/></httpEndpoint>'
apply
like "$(since)" 'SPT0410E.*logFormat: "%Z" \(character 4\) is no token' "a token that is none is said"
server '><accessLogging logFormat="%s" filePath="${server.output.dir}/logs/moved.log" rolloverStartTime="25:00"/></httpEndpoint>'
apply
like "$(since)" 'SPT0411W: rolloverStartTime is not HH:MM\. The setting is ignored\.' "nor is that a time"
ACCESS=$HOME_DIR/logs/moved.log
get /; expect_line '^200$' "a line"
mv "$ACCESS" "$ACCESS.1"
anew() { get /; [ -s "$ACCESS" ]; }
wait_for 20 anew; ok $? "a log that was moved is made again"

# --- dispatcher and virtual hosts
server "/>" '<httpDispatcher enableWelcomePage="false" appOrContextRootMissingMessage="gone fishing"/>'
apply
get /
is "$CODE $BODY" "404 gone fishing" "the configured text, no welcome page"
server "/>" '<virtualHost id="other"><hostAlias>other.example:80</hostAlias></virtualHost><httpDispatcher appOrContextRootMissingMessage="here"/>'
apply
get /x -H 'Host: other.example'
is "$CODE $BODY" "404 Not Found" "a host with nothing on it"
get /x -H 'Host: else.example'
is "$CODE $BODY" "404 here" "others are ours"
server "/>" '<virtualHost id="default_host" allowFromEndpointRef="nobody"/><httpDispatcher appOrContextRootMissingMessage="here"/>'
apply
get /x
is "$BODY" "Not Found" "an endpoint that is not let in"
like "$(since)" 'CWWKG0033W: The value \[nobody\] specified for the reference attribute \[allowFromEndpointRef\]' "which names one that is not there"
server "/>" '<virtualHost id="v"><hostAlias>else.example:http</hostAlias></virtualHost><sallyport_metrics path="metrics"/><httpEndpoint id="mute"/>'
apply
like "$(since)" 'CWWKT0026W: The v virtual host .*: else\.example:http\.' "an alias that is none"
like "$(since)" 'CWWKT0009W: The HTTP endpoint mute is not started: it has no port\.' "an endpoint without a port"
server "/>" '<virtualHost id="u"/><virtualHost id="v"><hostAlias>else.example:80</hostAlias></virtualHost><virtualHost id="w"><hostAlias>ELSE.example:80</hostAlias></virtualHost><sallyport_metrics path="metrics"/>'
apply
like "$(since)" 'CWWKT0025W: The u virtual host has no host alias' "a host without one"
like "$(since)" 'CWWKT0027W: Host alias ELSE\.example:80 of the w virtual host is one of the v virtual host, too' "one of two hosts"
like "$(since)" 'CWWKG0011W.*sallyport_metrics: attribute path: "metrics" is not a path that begins with /' "nor is that a path"

# --- headers, compression
TEXT=$(head -c 4000 /dev/zero | tr '\0' a)
server '><compression serverPreferredAlgorithm="gzip"/><headers add="X-One:1" set="Content-Type:text/plain" setIfMissing="X-Two:2" remove="X-Powered-By"/></httpEndpoint>' "<httpDispatcher appOrContextRootMissingMessage=\"$TEXT\"/>"
apply
get /x -H 'Accept-Encoding: deflate, gzip' -H 'X: y'
like "$HEAD" "^Content-Encoding: gzip" "a large text is compressed as we prefer"
like "$HEAD" "^Vary: Accept-Encoding" "and caches are told"
get /x --compressed
is "${#BODY}" 4000 "curl gets it back"
get /x
unlike "$HEAD" "^Content-Encoding" "not for who does not ask"
is "$(grep -cE '^(X-One: 1|X-Two: 2|Content-Type: text/plain)' <<<"$HEAD")" 3 "headers added, set, set if missing"
server '><headers add="no colon"/></httpEndpoint>'
apply
like "$(since)" 'SPT0413E.*"no colon" is not Name:Value' "a header that is none"
get /x
is "$CODE" 404 "and the old configuration goes on"
while IFS='|' read -r lists want; do
    server "><headers $lists/></httpEndpoint>"
    apply
    like "$(since)" "SPT0413E.*headers: \"$want: a header may stand in one of them only" "$lists"
done <<'END'
add="X:1" remove="X"|X" stands in add and in remove
set="Y:1" setIfMissing="y:2"|y" stands in set and in setIfMissing
add="X:1, X:2" set="x:3"|x" stands in add and in set
END
server '><headers add="X:1, X:2"/></httpEndpoint>'
apply
get /x
is "$(grep -c '^X: ' <<<"$HEAD")" 2 "twice in one list is two of them"
server "/>" '<sallyport_metrics authentication="false"/>'
apply
get /metrics; is "$CODE" 200 "metrics"
get /metrics -I; is "$CODE" 200 "their head"
get /metrics -X POST
is "$CODE $(grep -i '^allow:' <<<"$HEAD")" "405 Allow: GET, HEAD" "what else is said with a 405"

# --- other origins
server "/>" '<cors domain="/api" allowedOrigins="https://page.example" allowedMethods="GET, PUT" allowedHeaders="X-A" exposeHeaders="X-B" allowCredentials="true" maxAge="60"/>'
apply
get /api/x -X OPTIONS -H 'Origin: https://page.example' -H 'Access-Control-Request-Method: PUT' -H 'Access-Control-Request-Headers: x-a'
is "$CODE" 200 "a preflight"
is "$(grep -cE '^Access-Control-Allow-(Origin: https://page.example|Methods: GET, PUT|Headers: x-a|Credentials: true)|^Access-Control-Max-Age: 60|^Vary: Origin' <<<"$HEAD")" 6 "all that is allowed is said"
while IFS='|' read -r origin method headers what; do
    get /api/x -X OPTIONS -H "Origin: $origin" -H "Access-Control-Request-Method: $method" -H "Access-Control-Request-Headers: $headers"
    unlike "$HEAD" "^Access-Control-Allow-Methods" "$what"
done <<'END'
https://evil.example|PUT|x-a|another origin
https://page.example.evil|PUT|x-a|an origin that begins alike
https://page.example|DELETE|x-a|another method
https://page.example|PUT|x-a, x-c|a header too many
END
get /api/x -H 'Origin: https://page.example'
is "$(grep -cE '^Access-Control-(Allow-Origin: https://page.example|Expose-Headers: X-B)' <<<"$HEAD")" 2 "a plain request"
get /apis/x -H 'Origin: https://page.example'
unlike "$HEAD" "^Access-Control" "another path"

PAGE=(-X OPTIONS -H 'Origin: https://page.example' -H 'Access-Control-Request-Method: PUT')
server "/>" '<cors domain="/api" allowedOrigins="https://page.example" allowedMethods="PUT" maxAge="-1"/>'
apply
get /api/x "${PAGE[@]}"
like "$HEAD" "^Access-Control-Allow-Methods: PUT" "maxAge -1: a preflight"
unlike "$HEAD" "^Access-Control-Max-Age" "says nothing of how long it holds"
server "/>" '<cors domain="/api" allowedOrigins="https://page.example" allowedMethods="PUT" maxAge="0"/>'
apply
get /api/x "${PAGE[@]}"
like "$HEAD" "^Access-Control-Max-Age: 0" "0: that it is asked each time"
server "/>" '<cors domain="/" allowedOrigins="*" allowCredentials="true"/>'
apply
get /x -H 'Origin: https://any.example'
like "$HEAD" "^Access-Control-Allow-Origin: \\*" "any origin"
unlike "$HEAD" "Allow-Credentials|any\\.example" "but without credentials"

# --- proxies
server '><remoteIp useRemoteIpInAccessLog="true"/><accessLogging logFormat="%a" filePath="${server.output.dir}/logs/ip.log"/></httpEndpoint>'
apply
ACCESS=$HOME_DIR/logs/ip.log
get / -H 'X-Forwarded-For: 198.51.100.7, 203.0.113.9, 10.0.0.1'
expect_line '^203\.0\.113\.9$' "the first address that is no proxy of ours"
get / -H 'Forwarded: for="[2001:db8::7]:80";proto=https, for=10.1.1.1'
expect_line '^2001:db8::7$' "Forwarded, IPv6"
server '><remoteIp proxies="192\.0\.2\.\d+" useRemoteIpInAccessLog="true"/><accessLogging logFormat="%a" filePath="${server.output.dir}/logs/ip.log"/></httpEndpoint>'
apply
get / -H 'X-Forwarded-For: 198.51.100.7'
expect_line '^127\.0\.0\.1$' "not believed from who is no proxy"

# --- addresses
server '><tcpOptions addressExcludeList="127.0.0.*"/></httpEndpoint>'
apply
get /
is "$CODE" 000 "an excluded address gets no answer"
server '><tcpOptions addressIncludeList="127.*.*.*" addressExcludeList="10.0.0.1"/></httpEndpoint>'
apply
get /
is "$CODE" 200 "an included one does"
server '><tcpOptions addressExcludeList="127.0.0"/></httpEndpoint>'
apply
like "$(since)" "CWWKO0202E: An entry in the address exclude list" "a list that says something else is refused"
get /
is "$CODE" 200 "and the old one goes on"

# --- limits and metrics
server "/>" '<sallyport_metrics authentication="false"/><sallyport_limits maxConnectionsPerAddress="2"/>'
apply
get /metrics
is "$CODE" 200 "metrics"
like "$HEAD" "^Content-Type: application/openmetrics-text; version=1.0.0" "in OpenMetrics"
like "$BODY" '^sallyport_requests_total\{code="2xx"\} [1-9]' "requests are counted"
like "$BODY" '^sallyport_refused_total\{loop="[0-9]+",why="[^"]+"\} 1$' "refusals as well, by their reason"
is "$(tail -1 <<<"$BODY")" "# EOF" "to the end"
like "$(cat "$LOG")" "SPT0412W: 1 requests were refused by defaultHttpEndpoint .*127\.0\.0\.1: .*\(status 400\)" "and said once"
exec 7<>"/dev/tcp/127.0.0.1/$HTTP" 8<>"/dev/tcp/127.0.0.1/$HTTP"
get /metrics
is "$CODE" 000 "a connection too many from one address"
exec 7>&- 8>&-
gone() { get /metrics; [ "$CODE" = 200 ]; }
wait_for 10 gone; ok $? "there is room again"
like "$BODY" '^sallyport_limited_total\{limit="maxConnectionsPerAddress"\} [1-9]' "it was counted"
server "/>" '<sallyport_metrics/><sallyport_limits requestsPerSecondPerAddress="1" burst="0" retryAfter="7s"/>'
apply
M=http://127.0.0.1:$HTTP/metrics
OUT=$(curl -s -i $M $M $M $M $M $M $M $M $M $M $M $M $M $M $M $M $M $M $M $M | tr -d '\r')
like "$OUT" "HTTP/1\.1 429 " "too many requests from one address"
like "$OUT" "^Retry-After: 7" "when to come again"

# --- h2c
server ' protocolVersion="http/2"/>'
apply
is "$(curl -s --http2-prior-knowledge -o /dev/null -w '%{http_code} %{http_version}' "http://127.0.0.1:$HTTP/")" "200 2" "HTTP/2 by prior knowledge"
is "$(curl -s --http2 -o /dev/null -w '%{http_code} %{http_version}' "http://127.0.0.1:$HTTP/")" "200 2" "and by Upgrade"
is "$(curl -s --http1.1 -o /dev/null -w '%{http_code} %{http_version}' "http://127.0.0.1:$HTTP/")" "200 1.1" "HTTP/1.1 beside it"
if command -v h2load >/dev/null; then
    like "$(h2load -n 500 -c 5 -m 20 "http://127.0.0.1:$HTTP/" 2>&1)" "500 succeeded, 0 failed, 0 errored" "h2load"
fi

# --- a port that is taken, and comes free
OTHER=$(free_port)
background python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET6); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("::", int(sys.argv[1]))); s.listen(1); time.sleep(1000)' "$OTHER"
wait_for 10 bash -c "</dev/tcp/127.0.0.1/$OTHER" || fail "the other server"
HTTP=$OTHER
server '><tcpOptions portOpenRetries="1000"/></httpEndpoint>'
apply
unlike "$(since)" "CWWKO0221E" "a port that is taken is tried again"
kill "$PID"; wait "$PID" 2>/dev/null
answers() { get /; [ "$CODE" = 200 ]; }
if wait_for 20 answers; then pass "and opened when it is free"; else fail "and opened when it is free"; fi
runs "stop" 0 sallyport server stop s
done_testing
