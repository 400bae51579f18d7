# ttlsscope of etc/image.conf: what it says when a stack's process starts is
# what is captured, also where a stack that was killed left its programs.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
conf=$SALLYPORT_ROOT/etc/image.conf
: >>"$conf"; cp "$conf" "$SCRATCH/conf"
{
    group
    rule out Outbound 8443 Client USER1/Liberty.KeyRing
    rule down Outbound 8444 Client USER1/Liberty.KeyRing
} >"$policy"
line_server 8443 "$SCRATCH/LIBSERV.pem"; ok $? "a TLS server"
ttls_start
get() { "${CURL[@]}" http://10.77.0.2:8443/; echo "status $?"; }
# scope SCOPE: a new process of the stack reads it.
scope() {
    { cat "$SCRATCH/conf"; [ -z "$1" ] || echo "ttlsscope=$1"; } >"$conf"
    mark
    kill -9 "$(stack_pid)"
    wait_for 30 said EZD1586I
}
unlike "$(get)" MARKER "image: a program outside of jobs is left alone"
scope machine; ok $? "ttlsscope=machine, and the stack is started again"
like "$(get)" 'MARKER page TLSv1.3' "machine: it is captured"
scope machine; ok $? "started again, nothing changed"
like "$(get)" 'MARKER page TLSv1.3' "machine: it still is"

# --- a peer that is down -----------------------------------------------------
mark
unlike "$("${CURL[@]}" http://10.77.0.2:8444/; echo "status $?")" 'status 0' "nobody listens there"
refusals() { since | grep -c 'EZD1286I TTLS Error .* RULE: down RC: 406 Connection Init'; }
wait_for 20 eval '[ "$(refusals)" -ge 1 ]'; ok $? "EZD1286I RC 406"
unlike "$(since)" 'Abend' "no abend of AT-TLS's own work"
# The peer refuses before it is known whose the connection is: said all the same.
BROKER=$(pgrep -P "$(stack_pid)" -f -- --broker)
asked=0
slowly() { # ADDRESS: the broker answers only when the peer has
    local pid
    mark; kill -STOP "$BROKER"; cp /bin/bash "$SCRATCH/asks$((++asked))"
    "$SCRATCH/asks$asked" -c "exec 3<>/dev/tcp/$1/8444; read -r -t 30 <&3" 2>/dev/null & pid=$!
    wait_for 20 eval 'ss -Htn state established "dst 127.0.0.1" | grep -q . || ss -Htn "dport = :8444" | grep -q .'
    sleep 0.3; kill -CONT "$BROKER"; wait $pid
    wait_for 20 eval '[ "$(refusals)" -ge 1 ]'
}
slowly 10.77.0.2; ok $? "a refusal that is faster than who connects is found out"
like "$(since)" 'EZD1286I .* REMOTE: 10\.77\.0\.2\.\.8444 JOBNAME: ASKS1 USERID: ROOT' "and whose it is"
slowly 10.99.0.1; ok $? "an address that no route leads to"
like "$(since)" 'EZD1286I .* LOCAL: 0\.0\.0\.0\.\.0 REMOTE: 10\.99\.0\.1\.\.8444 JOBNAME: ASKS2' "has no local address"
is "$(for n in 1 2 3 4 5 6 7 8 9; do cp /bin/bash "$SCRATCH/r$n"; mark; "$SCRATCH/r$n" -c "exec 3<>/dev/tcp/10.77.0.2/8444; read -r -t 30 <&3" 2>/dev/null; wait_for 10 eval '[ "$(refusals)" = 1 ]' && echo told; done | grep -c told)" 9 "each is told once"
mark; "${CURL[@]}" http://10.77.0.2:8444/; wait_for 10 eval '[ "$(refusals)" -ge 1 ]'
like "$(since)" 'EZD1281I .* RULE: down ACTIONS: g e~down \*\*N/A\*\*$' "no connection action: **N/A**"
like "$(since)" 'EZD1282I .* Connection Init ACTIONS: g e~down \*\*N/A\*\*$' "there as well"

scope image; ok $? "ttlsscope=image"
unlike "$(get)" MARKER "image: it is left alone again"
scope machine; ok $? "and machine again"
like "$(get)" 'MARKER page TLSv1.3' "captured"

# --- the agent ends without PURGE ------------------------------------------------
sed -i 's/ PURGE/ NOPURGE/' "$SALLYPORT_ROOT/etc/pagent.conf"
policy_refresh; ok $? "NOPURGE"
mark
console 'P PAGENT'
wait_for 20 said 'EZZ8433I'; ok $? "P PAGENT"
like "$(since)" 'EZZ8774I PAGENT POLICIES NOT PURGED FOR TCPIP1 : TTLS' "EZZ8774I"
unlike "$(since)" 'EZZ8773I' "nothing was purged"
like "$(get)" 'MARKER page TLSv1.3' "and the policy is in force"
done_testing
