# A bad network: delay and loss by tc netem in a network namespace, or, where
# the kernel has none, loss by nftables. What arrives is what was sent.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
[ "$(id -u)" -eq 0 ] || skip_all "a network namespace needs root"
NS=spt$$
ip netns add "$NS" 2>/dev/null || skip_all "no network namespaces here"
at_exit 'ip netns del "$NS"'
in_ns() { ip netns exec "$NS" "$@"; }
ip -n "$NS" link set lo up
if ip netns exec "$NS" tc qdisc add dev lo root netem delay 20ms 10ms loss 3% 2>/dev/null; then
    note "delay 20 ms (10 ms jitter), loss 3 %"
elif in_ns nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i tcp flags & (syn|rst) == 0 numgen random mod 100 < 5 drop' 2>/dev/null; then
    note "no netem in this kernel: loss of 5 % by nftables"
else
    skip_all "neither netem nor nftables in this kernel"
fi
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
HTTPS=$(free_port) HTTP=$(free_port)
sallyport server create s >/dev/null || fail "create"
HOME_DIR=$SALLYPORT_ROOT/servers/s
TEXT=$(head -c 65000 /dev/zero | tr '\0' a)
printf '<server><featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="%s" httpsPort="%s" protocolVersion="http/2"/>
  <sallyport_metrics authentication="false"/>
  <httpDispatcher appOrContextRootMissingMessage="%s"/></server>\n' "$HTTP" "$HTTPS" "$TEXT" >"$HOME_DIR/server.xml"
at_exit "in_ns sallyport server stop s >/dev/null 2>&1"
runs "start" 0 in_ns sallyport server start s
for how in --http1.1 --http2; do
    GOOD=0
    for _ in 1 2 3 4 5; do
        GOT=$(in_ns curl -sk "$how" --max-time 40 -w '%{http_code}' "https://127.0.0.1:$HTTPS/none" | sha256sum)
        [ "$GOT" = "$(printf '%s404' "$TEXT" | sha256sum)" ] && GOOD=$((GOOD + 1))
    done
    is "$GOOD" 5 "large answers over TLS, $how"
done
if command -v h2load >/dev/null; then
    like "$(in_ns timeout 40 h2load -n 200 -c 10 -m 10 "https://127.0.0.1:$HTTPS/" 2>&1)" "200 succeeded, 0 failed, 0 errored" "many small ones side by side"
fi
# Uploads nobody has a use for are answered, however slowly they come.
CODE=$(head -c 2000000 /dev/zero | in_ns curl -sk --http1.1 --max-time 40 -o /dev/null -w '%{http_code}' -H 'Transfer-Encoding: chunked' -X PUT -T - "https://127.0.0.1:$HTTPS/none")
is "$CODE" 404 "an upload is answered before its end"
ended_all() { [ "$(in_ns curl -s --max-time 5 "http://127.0.0.1:$HTTP/metrics" | sed -n 's/^sallyport_connections //p')" = 1 ]; }
wait_for 20 ended_all; ok $? "no connection is left"
done_testing
