# Attributes of httpEndpoint, httpOptions, sslOptions, tcpOptions and ssl, from
# server.xml to what a client sees: each next to a value that shows the other.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
HTTP=$(free_port) HTTPS=$(free_port)
sallyport server create s >/dev/null || fail "create"
HOME_DIR=$SALLYPORT_ROOT/servers/s LOG=$SALLYPORT_ROOT/servers/s/logs/messages.log
at_exit "sallyport server stop s >/dev/null 2>&1"
# server ATTRIBUTES CONTENT ELEMENTS: of httpEndpoint
server() {
    printf '<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="%s" httpsPort="%s" %s>%s</httpEndpoint>
  %s
</server>\n' "$HTTP" "$HTTPS" "$1" "${2:-}" "${3:-}" >"$HOME_DIR/server.xml"
}
apply() { LINES_BEFORE=$(wc -l <"$LOG"); sallyport server modify s REFRESH,CONFIG >/dev/null 2>&1; }
since() { tail -n +$((LINES_BEFORE + 1)) "$LOG"; }
http() { server "" "<httpOptions $1/>"; apply; }
head_of() { curl -s --max-time 10 -o /dev/null -D - "$@" "http://127.0.0.1:$HTTP/" | tr -d '\r'; }
code() { curl -s --max-time 20 -o /dev/null -w '%{http_code}' "$@" "http://127.0.0.1:$HTTP/"; }
# answers N: so many of N requests on one connection
answers() { python3 - "$HTTP" "$1" <<'P'
import http.client, sys
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20); c.connect(); sock, n = c.sock, 0
try:
    for _ in range(int(sys.argv[2])):
        c.request("GET", "/"); r = c.getresponse(); r.read(); n += 1
        if c.sock is not sock: break
except Exception: pass
print(n)
P
}
server ""
runs "start" 0 sallyport server start s

# --- httpOptions, HTTP/1.1
http 'keepAliveEnabled="false"'; is "$(answers 5)" 1 "keepAliveEnabled: one request each"
http 'maxKeepAliveRequests="3"'; is "$(answers 5)" 3 "maxKeepAliveRequests: three"
http 'maxKeepAliveRequests="-1"'; is "$(answers 150)" 150 "-1: no limit"
X=$(printf '%300s' '' | tr ' ' x)
http 'limitFieldSize="200"'; is "$(code -H "X: $X") $(code -H "X: ${X:0:100}")" "400 200" "limitFieldSize"
http 'limitNumHeaders="50"'
for i in $(seq 60); do printf 'X%s: 1\n' "$i"; done >"$SCRATCH/headers"
is "$(code -H "@$SCRATCH/headers") $(code)" "400 200" "limitNumHeaders"
printf '%2000s' '' >"$SCRATCH/body"; gzip -k "$SCRATCH/body"
http 'MessageSizeLimit="1000"'; is "$(code --data-binary "@$SCRATCH/body")" 413 "MessageSizeLimit"
http 'MessageSizeLimit="3000"'; unlike "$(code --data-binary "@$SCRATCH/body")" 413 "one that is large enough"
http 'removeServerHeader="true"'; unlike "$(head_of)" "^Server:" "removeServerHeader"
http 'readTimeout="1s"'
is "$(python3 - "$HTTP" <<'P'
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); s.settimeout(20)
s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
print(s.recv(12).decode())
P
)" "HTTP/1.1 408" "readTimeout"
http 'persistTimeout="1s"'
is "$(python3 - "$HTTP" <<'P'
import socket, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); s.settimeout(20)
s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
data = s.recv(65536)
while True:
    more = s.recv(65536)
    if not more: break
print("closed" if data.startswith(b"HTTP/1.1 200") else "odd")
P
)" closed "persistTimeout"

# --- elements by reference
server 'httpOptionsRef="o" tcpOptionsRef="t" headersRef="h" samesiteRef="c" compressionRef="z" remoteIpRef="r"' '' '<httpOptions id="o" maxKeepAliveRequests="2"/><tcpOptions id="t" addressExcludeList="127.0.0.1"/><headers id="h"/><samesite id="c"/><compression id="z"/><remoteIp id="r"/>'; apply
is "$(code)" 000 "tcpOptionsRef"
sed -i 's/addressExcludeList="127.0.0.1"//; s/<headers id="h"/<headers id="h" add="Set-Cookie: q=1"/; s/<samesite id="c"/<samesite id="c" lax="q"/' "$HOME_DIR/server.xml"; apply
is "$(answers 5)" 2 "httpOptionsRef"
like "$(head_of)" "^Set-Cookie: q=1; SameSite=Lax$" "headersRef and samesiteRef"

# --- maxOpenConnections: the loops share it
server "" '<tcpOptions maxOpenConnections="1"/>'; apply
python3 - "$HTTP" >"$SCRATCH/open" <<'P'
import socket, sys
held, refused = [], 0
for _ in range(40):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); s.settimeout(5); held.append(s)
    s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    try:
        if not s.recv(1): refused += 1
    except OSError: refused += 1
print(refused)
P
[ "$(cat "$SCRATCH/open")" -ge 1 ]; ok $? "maxOpenConnections: more are closed"
like "$(since)" "CWWKO0222W: TCP Channel defaultHttpEndpoint has exceeded the maximum number of open connections 1\." "it is said"

# --- TLS
tls() { openssl s_client -connect "127.0.0.1:$HTTPS" "$@" </dev/null 2>&1; }
server 'sslOptionsRef="q"' '' '<sslOptions id="q" suppressHandshakeErrors="true"/>'; apply
printf 'GET / HTTP/1.0\r\n\r\n' >"/dev/tcp/127.0.0.1/$HTTPS"; tls -tls1_2 -cipher NULL-SHA256:@SECLEVEL=0 >/dev/null
unlike "$(since)" CWWKO0801E "suppressHandshakeErrors"
sed -i 's/suppressHandshakeErrors="true"/suppressHandshakeErrors="false"/' "$HOME_DIR/server.xml"; apply
printf 'GET / HTTP/1.0\r\n\r\n' >"/dev/tcp/127.0.0.1/$HTTPS"
said() { since | grep -q "CWWKO0801E.*plaintext connection"; }
wait_for 10 said; ok $? "without it they are said"
default='<keyStore id="defaultKeyStore"/><ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore"'
server "" "" "$default sslProtocol=\"TLSv1.2\" enforceCipherOrder=\"false\"/>"; apply
tls_is() { tls | grep -q "Protocol *: TLSv1.2"; }
wait_for 10 tls_is || fail "TLSv1.2 alone"
phone="ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384"
like "$(tls -tls1_2 -cipher "$phone")" "Cipher is ECDHE-RSA-CHACHA20" "a client that puts ChaCha20 first gets it"
server "" "" "$default sslProtocol=\"TLSv1.2\" enforceCipherOrder=\"true\"/>"; apply
strict() { tls -tls1_2 -cipher "$phone" | grep -q "Cipher is ECDHE-RSA-AES256"; }
wait_for 10 strict; ok $? "not with enforceCipherOrder"

# --- HTTP/2: what SETTINGS say
if command -v nghttp >/dev/null; then
    server 'protocolVersion="http/2"' '<httpOptions maxConcurrentStreams="7" maxFrameSize="20000" settingsInitialWindowSize="70000" connectionWindowSize="200000" http2ConnectionIdleTimeout="1s"/>'; apply
    OUT=$(nghttp -nv "http://127.0.0.1:$HTTP/" 2>&1)
    like "$OUT" "SETTINGS_MAX_CONCURRENT_STREAMS\(0x03\):7\]" "maxConcurrentStreams"
    like "$OUT" "SETTINGS_MAX_FRAME_SIZE\(0x05\):20000\]" "maxFrameSize"
    like "$OUT" "SETTINGS_INITIAL_WINDOW_SIZE\(0x04\):70000\]" "settingsInitialWindowSize"
    like "$OUT" "window_size_increment=134465" "connectionWindowSize"
    is "$(python3 - "$HTTP" <<'P'
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); s.settimeout(20)
s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0" + b"\0\0\x08\1\5\0\0\0\1\x82\x86\x84\x41\x03a.b")
data = b""
try:
    while more := s.recv(65536): data += more
except ConnectionResetError: pass
print("goaway" if b"\7\0\0\0\0\0" in data else "closed")
P
)" goaway "http2ConnectionIdleTimeout"
fi

# --- httpDispatcher
server "" "" '<httpDispatcher enableWelcomePage="false" appOrContextRootMissingMessage="nothing of that name"/>'; apply
is "$(curl -s "http://127.0.0.1:$HTTP/")" "nothing of that name" "enableWelcomePage and appOrContextRootMissingMessage"
runs "stop" 0 sallyport server stop s
done_testing
