# A bad network: what arrives is what was sent, and nothing is left of what was
# cut. Delay and loss by tc netem in a network namespace, or loss by nftables,
# where the kernel has them; always by a relay of our own (bad_network.py), which
# delays, stalls, cuts into small pieces, resets and ends connections half-way.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
RELAY=$(dirname "$E2E_LIB")/bad_network.py
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
HTTPS=$(free_port) HTTP=$(free_port)
sallyport server create s >/dev/null || fail "create"
HOME_DIR=$SALLYPORT_ROOT/servers/s LOG=$SALLYPORT_ROOT/servers/s/logs/messages.log
TEXT=$(head -c 65000 /dev/zero | tr '\0' a)
printf '<server><featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="%s" httpsPort="%s" protocolVersion="http/2"/>
  <sallyport_metrics authentication="false"/>
  <httpDispatcher appOrContextRootMissingMessage="%s"/></server>\n' "$HTTP" "$HTTPS" "$TEXT" >"$HOME_DIR/server.xml"
at_exit "sallyport server stop s >/dev/null 2>&1"
runs "start" 0 sallyport server start s
worker() { local p; for p in $(processes sallyport-server); do tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -- '--worker' && echo "$p"; done; }
WORKER=$(worker)
WHOLE=$(printf '%s404' "$TEXT" | sha256sum)
# good_answers HOW PORT TIMES: how many of them are whole
good_answers() {
    local good=0 i
    for ((i = 0; i < $3; i++)); do
        [ "$(curl -sk "$1" --max-time 60 -w '%{http_code}' "https://127.0.0.1:$2/none" | sha256sum)" = "$WHOLE" ] && good=$((good + 1))
    done
    echo "$good"
}
ended_all() { [ "$(curl -s --max-time 5 "http://127.0.0.1:$HTTP/metrics" | sed -n 's/^sallyport_connections //p')" = 1 ]; }
# Uploads nobody has a use for are answered, however slowly they come.
upload() { head -c "$2" /dev/zero | curl -sk --http1.1 --max-time 60 -o /dev/null -w '%{http_code}' -H 'Transfer-Encoding: chunked' -X PUT -T - "https://127.0.0.1:$1/none"; }

# --- by the kernel, between all processes of a namespace
HOW="" WHY="a network of its own needs root"
if [ -n "${E2E_NETNS:-}" ]; then
    if WHY=$(tc qdisc add dev lo root netem delay 20ms 10ms loss 3% 2>&1); then
        HOW="netem: delay 20 ms (10 ms jitter), loss 3 %"
    else
        note "tc netem: $WHY"
        if WHY=$(nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i tcp flags & (syn|rst) == 0 numgen random mod 100 < 5 drop' 2>&1); then
            HOW="nftables: loss of 5 %"
        fi
    fi
fi
if [ -n "$HOW" ]; then
    note "$HOW"
    for how in --http1.1 --http2; do
        is "$(good_answers "$how" "$HTTPS" 5)" 5 "${HOW%%:*}: large answers over TLS, $how"
    done
    if command -v h2load >/dev/null; then
        like "$(timeout 60 h2load -n 200 -c 10 -m 10 "https://127.0.0.1:$HTTPS/" 2>&1)" "200 succeeded, 0 failed, 0 errored" "many small ones side by side"
    fi
    is "$(upload "$HTTPS" 2000000)" 404 "an upload is answered before its end"
    wait_for 20 ended_all; ok $? "no connection is left"
    tc qdisc del dev lo root 2>/dev/null || nft delete table inet t
else
    note "nothing by the kernel: $WHY"
fi

# --- by our own relay
# relay KIND: one in front of the TLS port; AT
relay() {
    AT=$(free_port)
    background python3 "$RELAY" "$1" "$AT" "$HTTPS" "$SEED"; RELAYS+=("$PID")
    relays() { bash -c "exec 3<>/dev/tcp/127.0.0.1/$AT" 2>/dev/null; }
    wait_for 20 relays || note "no relay"
}
RELAYS=() SEED=${SEED:-$RANDOM}
note "SEED=$SEED"
for kind in delay small stall loss; do
    relay "$kind"
    for how in --http1.1 --http2; do
        is "$(good_answers "$how" "$AT" 2)" 2 "$kind: large answers over TLS, $how"
    done
    is "$(upload "$AT" 300000)" 404 "$kind: an upload is answered"
done
# Connections that are cut: the client may get nothing; nobody else notices.
for kind in reset half; do
    relay "$kind"
    for how in --http1.1 --http2; do
        for _ in 1 2 3 4 5 6; do curl -sk "$how" --max-time 20 -o /dev/null "https://127.0.0.1:$AT/none"; done
    done
    for _ in 1 2 3; do upload "$AT" 100000 >/dev/null; done
    is "$(good_answers --http2 "$HTTPS" 1)" 1 "$kind: meanwhile others are served"
done
for pid in "${RELAYS[@]}"; do kill "$pid" 2>/dev/null; done
wait_for 30 ended_all; ok $? "no connection is left"
is "$(worker)" "$WORKER" "the worker is the same"
unlike "$(cat "$HOME_DIR/logs/console.log" "$LOG")" "AddressSanitizer|runtime error" "no complaint"
done_testing
