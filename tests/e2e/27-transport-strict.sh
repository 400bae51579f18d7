# What clients may not send, over a socket as it is, to a whole server: the
# table of doc/internals/http.md. Refusals are counted, and nothing behind one
# is taken for a request.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
HTTP=$(free_port) H2=$(free_port)
sallyport server create s --no-password >/dev/null || fail "create"
HOME_DIR=$SALLYPORT_ROOT/servers/s LOG=$SALLYPORT_ROOT/servers/s/logs/messages.log
at_exit "sallyport server stop s >/dev/null 2>&1"
printf '<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="%s" httpsPort="-1"><accessLogging logFormat="%%s %%r"/></httpEndpoint>
  <httpEndpoint id="h2" host="*" httpPort="%s" protocolVersion="http/2"/>
  <sallyport_metrics authentication="false"/>
</server>\n' "$HTTP" "$H2" >"$HOME_DIR/server.xml"
runs "start" 0 sallyport server start s
each() { # PROTOCOL PROGRAM PORT
    local verdict name got
    while IFS='|' read -r verdict name got; do
        if [ "$verdict" = ok ]; then pass "$1: $name"; else fail "$1: $name"; note "$got"; fi
    done < <(python3 "$SALLYPORT_SOURCE/tests/e2e/$2" "$3" 2>&1)
}
each HTTP/1 strict_h1.py "$HTTP"
last() { grep -q "GET /last" "$HOME_DIR/logs/http_access.log"; }
wait_for 10 last; ok $? "the access log has what was taken"
is "$(grep -c smuggled "$HOME_DIR/logs/http_access.log")" 0 "and no request behind a refused one"
each HTTP/2 strict_h2.py "$H2"
METRICS=$(curl -s "http://127.0.0.1:$HTTP/metrics")
[ "$(awk '/^sallyport_refused_total[{]/ { n += $NF } END { print n + 0 }' <<<"$METRICS")" -ge 180 ]; ok $? "refusals are counted"
[ "$(grep -c '^sallyport_refused_total{' <<<"$METRICS")" -ge 15 ]; ok $? "each by its reason"
SAID=$(grep -c 'SPT0412W.*a header field is folded over two lines' "$LOG")
[ "$SAID" -ge 1 ] && [ "$SAID" -le "$(nproc)" ]; ok $? "and each reason is said once a minute, by each loop"
is "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$HTTP/")" 200 "the server goes on"
runs "stop" 0 sallyport server stop s
done_testing
