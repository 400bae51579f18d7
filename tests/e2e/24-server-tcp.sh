# Who may connect by name, how long a TLS handshake may take, whether an address
# is used again, what becomes of cookies, and a key store that is not written.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
HTTP=$(free_port) HTTPS=$(free_port) OTHER=$(free_port)
sallyport server create s >/dev/null || fail "create"
HOME_DIR=$SALLYPORT_ROOT/servers/s LOG=$SALLYPORT_ROOT/servers/s/logs/messages.log
at_exit "sallyport server stop s >/dev/null 2>&1"
# server ATTRIBUTES [ELEMENTS]: of httpEndpoint
server() {
    printf '<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="%s" httpsPort="%s" %s>%s</httpEndpoint>
  %s
</server>\n' "$HTTP" "$HTTPS" "${3:-}" "$1" "${2:-}" >"$HOME_DIR/server.xml"
}
apply() { LINES_BEFORE=$(wc -l <"$LOG"); sallyport server modify s REFRESH,CONFIG >/dev/null 2>&1; }
since() { tail -n +$((LINES_BEFORE + 1)) "$LOG"; }
code() { curl -s --max-time 10 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$HTTP/"; }
server ""
runs "start" 0 sallyport server start s
LINES_BEFORE=0

# --- host names: 127.0.0.1 is localhost by /etc/hosts, in both directions
while IFS='|' read -r lists want what; do
    server "<tcpOptions $lists/>"; apply
    is "$(code)" "$want" "$what"
done <<END
hostNameIncludeList="LocalHost"|200|an include list with our name
hostNameIncludeList="*.lab.test"|000|one without it
hostNameIncludeList="*.lab.test" addressIncludeList="127.0.0.1"|200|the address is enough
hostNameIncludeList="*host"|200|a pattern
hostNameExcludeList="localhost"|000|an exclude list with our name
hostNameExcludeList="*.lab.test"|200|one without it
hostNameExcludeList="localhost" addressIncludeList="127.0.0.1"|000|exclude beats include
END
server '<tcpOptions hostNameExcludeList="local*"/>'; apply
like "$(since)" "CWWKO0204E: An entry in the host name exclude list for the TCP Channel defaultHttpEndpoint" "an entry that is none"
server '<tcpOptions hostNameIncludeList="a b"/>'; apply
like "$(since)" "CWWKO0205E: An entry in the host name include list" "and in the other list"
unlike "$(since)" SPT0401W "they are not without effect"
server '<tcpOptions hostNameIncludeList="localhost"/>' '<sallyport_metrics authentication="false"/>'; apply
for _ in 1 2 3 4 5 6 7 8 9 10; do curl -s --max-time 10 "http://127.0.0.1:$HTTP/" >/dev/null & done; wait
is "$(curl -s "http://127.0.0.1:$HTTP/metrics" | sed -n 's/^sallyport_connections_turned_away_total //p' | head -1 | grep -c '^[0-9]')" 1 "counted"
is "$(curl -s "http://127.0.0.1:$HTTP/metrics" | sed -n 's/^sallyport_connections //p')" 1 "and nobody is counted twice"

# --- a handshake that does not come
server '<tcpOptions inactivityTimeout="1s"/>'; apply
is "$(python3 - "$HTTPS" "$HTTP" <<'P'
import socket, sys
def silent(port, wait):
    s = socket.create_connection(("127.0.0.1", int(port))); s.settimeout(wait)
    try: return "closed" if s.recv(1) == b"" else "data"
    except TimeoutError: return "open"
    except ConnectionResetError: return "closed"
print(silent(sys.argv[1], 20), silent(sys.argv[2], 3))
P
)" "closed open" "inactivityTimeout ends a TLS handshake, and nothing else"

# a wait that the original's channel does not take either: the old one goes on
server '<tcpOptions inactivityTimeout="2h"/>'; apply
like "$(since)" "CWWKO0211E: TCP Channel defaultHttpEndpoint has been constructed with an incorrect configuration property value\. Name: inactivityTimeout  Value: 7200000  Valid Range: Minimum 0, Maximum 3600000" "more than an hour is refused"
is "$(code)" 200 "and the old configuration goes on"
server '<tcpOptions inactivityTimeout="1h"/>'; apply
unlike "$(since)" CWWKO0211E "an hour is not"

# --- SO_REUSEADDR
# A connection that we have closed first lingers, and holds the port for who does not reuse it.
lingers() { python3 - "$1" <<'P'
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); s.sendall(b"GET / HTTP/1.0\r\n\r\n")
while s.recv(65536): pass
s.close()
P
}
server '' "<httpEndpoint id=\"o\" host=\"127.0.0.1\" httpPort=\"$OTHER\"/>"; apply
wait_for 10 curl -s "http://127.0.0.1:$OTHER/" -o /dev/null || fail "the other port"
lingers "$OTHER"
wait_for 5 sh -c "ss -tanH state time-wait 'sport = :$OTHER' | grep -q ." ; ok $? "a connection lingers"
server ''; apply
server '' "<httpEndpoint id=\"o\" host=\"127.0.0.1\" httpPort=\"$OTHER\"><tcpOptions soReuseAddr=\"false\"/></httpEndpoint>"; apply
like "$(since)" "CWWKO0221E: TCP Channel o .*$OTHER" "without soReuseAddr the port is still in use"
server '' "<httpEndpoint id=\"o\" host=\"127.0.0.1\" httpPort=\"$OTHER\"/>"; apply
like "$(since)" "CWWKO0219I: TCP Channel o .*$OTHER" "with it, it is not"

# --- cookies
head_of() { curl -s --max-time 10 -o /dev/null -D - "http://127.0.0.1:$HTTP/" | tr -d '\r'; }
server '<headers add="Set-Cookie: a=1; Path=/, Set-Cookie: b=2, Set-Cookie: a=3"/><samesite lax="a*" none="b"/>'; apply
like "$(head_of)" "^Set-Cookie: a=1; Path=/; SameSite=Lax$" "samesite"
like "$(head_of)" "^Set-Cookie: b=2; SameSite=None; Secure$" "None only with Secure"
like "$(head_of)" "^Expires: Thu, 01 Dec 1994 16:00:00 GMT$" "answers with cookies are not for caches"
like "$(head_of)" '^Cache-Control: no-cache="set-cookie, set-cookie2"$' "nor for new ones"
server '<httpOptions DoNotAllowDuplicateSetCookies="true" NoCacheCookiesControl="false"/><headers add="Set-Cookie: a=1; Path=/, Set-Cookie: b=2, Set-Cookie: a=3"/>'; apply
is "$(head_of | grep -i '^set-cookie' | tr '\n' '|')" "Set-Cookie: b=2|Set-Cookie: a=3|" "only the last of a name"
unlike "$(head_of)" "^(Expires|Cache-Control)" "caches may, when told so"
unlike "$(since)" SPT0401W "all that has an effect"

# --- a default key store that must not be written
sallyport server stop s >/dev/null
rm -rf "$HOME_DIR/resources/security"
server '' '<keyStore id="defaultKeyStore" password="changeit" readOnly="true"/>'
sallyport server start s >/dev/null
like "$(cat "$LOG")" "CWPKI0033E: The keystore located at .*key\.p12 did not load" "readOnly: it is not made"
ls "$HOME_DIR/resources/security/key.p12" >/dev/null 2>&1; is $? 2 "indeed"
server '' '<keyStore id="defaultKeyStore" password="changeit"/>'; apply
like "$(since)" "CWPKI0803A" "else it is"
runs "stop" 0 sallyport server stop s
done_testing
