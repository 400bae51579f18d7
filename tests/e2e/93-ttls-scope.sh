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
# A refusal that is faster than who connects is found out is not told.
refused_aloud() { "${CURL[@]}" http://10.77.0.2:8444/; said 'EZD1286I TTLS Error .* RULE: down RC: 406 Connection Init'; }
wait_for 20 refused_aloud; ok $? "EZD1286I RC 406"
unlike "$(since)" 'Abend' "no abend of AT-TLS's own work"
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
