# What stays in force: the agent ends with NOPURGE, PURGE, PURGE and --purge deny;
# TCPCONFIG NOTTLS. Connections that exist go on, whatever becomes of the policy.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
proc=$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/PAGENT
sed -i "s#PAGENT   PROC#PAGENT   PROC OPTS=#; s# -l SYSLOGD'# -l SYSLOGD \&OPTS'#" "$proc"
{ group; rule out Outbound 8443 Client USER1/Liberty.KeyRing; } | sed 's/Trace 31/Trace 7/' >"$policy"
printf 'TTLSRule off\n{\n  RemotePortRange 8444\n  Direction Outbound\n  TTLSGroupActionRef off\n}\nTTLSGroupAction off\n{\n  TTLSEnabled Off\n}\n' >>"$policy"
conf() { printf 'LogLevel 31\nTcpImage TCPIP1 FLUSH %s\nTTLSConfig /etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol\n' "$1" >"$SALLYPORT_ROOT/etc/pagent.conf"; }
conf NOPURGE
ttls_start
wire_start
line_server 8443 LIBSERV.pem
cat >clear.py <<'PY'
import socket, threading
def serve(c):
    f = c.makefile("rwb", 0); l = f.readline(); f.write(b"PLAIN " + l[:20] + b"\n"); c.close()
l = socket.create_server(("10.77.0.2", 8444)); print("up", flush=True)
while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
PY
background nsenter -t "$PEER" -n python3 clear.py >clear.out 2>&1; wait_for 10 grep -q up clear.out
cat >held.py <<'PY'
# A connection that is held: each line of the pipe is sent over it.
import socket, sys
s = socket.create_connection(("10.77.0.2", 8443), 20); f = s.makefile("rwb", 0)
for line in sys.stdin:
    f.write(line.encode()); print(f.readline().decode().strip(), flush=True)
PY
hold() { mkfifo "pipe$1"; background bash -c "exec python3 held.py <pipe$1" >"held$1" 2>&1; eval "exec $2>pipe$1"; echo first >&"$2"; wait_for 10 grep -q 'MARKER TLS.* first' "held$1"; }
asks() { timeout 20 bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo SECRET >&3; head -1 <&3" 2>&1; }
stop() { mark; console 'P PAGENT'; wait_for 15 said EZZ8433I; }
begin() { conf "$1"; mark; console "S PAGENT,OPTS='${2:-}'"; wait_for 20 said EZD1586I; }
clean() { wire_end; is "$(grep -ao SECRET wire | wc -l)" 0 "$1"; : >wire; }
: >wire
like "$(asks 8443)" 'MARKER TLS' "the agent is there: TLS"
hold 1 5; ok $? "a connection that is held"

stop; like "$(since)" "EZZ8774I PAGENT POLICIES NOT PURGED FOR TCPIP1 : TTLS" "NOPURGE"
like "$(asks 8443)" 'MARKER TLS' "is enforced without the agent"
echo second >&5; wait_for 10 grep -q 'MARKER TLS.* second' held1; ok $? "what exists goes on"
clean "nothing in clear text"

begin PURGE; stop; like "$(since)" "EZZ8773I PAGENT POLICIES PURGED FOR TCPIP1 : TTLS" "PURGE"
unlike "$(asks 8443)" MARKER "is gone: the server hears no TLS"
wire_end; [ "$(grep -ao SECRET wire | wc -l)" -gt 0 ]; ok $? "but clear text"
echo third >&5; wait_for 10 grep -q 'MARKER TLS.* third' held1; ok $? "what exists goes on encrypted"
: >wire

begin PURGE '--purge deny'; like "$(asks 8443)" 'MARKER TLS' "an agent with --purge deny"
hold 2 6; ok $? "another connection"
stop; like "$(since)" "EZZ8773I .*TCPIP1 : TTLS" "PURGE"
like "$(since)" "SPT0652I New connections that the purged policy of TCPIP1 meant are refused" "says what becomes of it"
mark; unlike "$(asks 8443)" 'MARKER|SECRET' "what it meant is refused"
wait_for 5 said 'EZD1286I .* RULE: out RC: 5001 Policy Mapping'; ok $? "RC 5001"
like "$(asks 8444)" 'PLAIN SECRET' "what it left in clear text is left"
echo second >&6; wait_for 10 grep -q 'MARKER TLS.* second' held2; ok $? "what exists goes on"
echo fourth >&5; wait_for 10 grep -q 'MARKER TLS.* fourth' held1; ok $? "the older one, too"
wire_end; is "$(grep -ao 'SECRET' wire | wc -l)" 2 "nothing else in clear text: its request and answer"; : >wire
console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(NOTTLS)'; unlike "$(asks 8443)" MARKER "NOTTLS: clear text"; wire_end; [ "$(grep -ao SECRET wire | wc -l)" -gt 0 ]; ok $? "it is"; : >wire
console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(TTLS)'; unlike "$(asks 8443)" 'MARKER|SECRET' "TTLS: refused again"; clean "nothing in clear text"
mark; sallyport pasearch -t >pasearch 2>&1; unlike "$(cat pasearch)" 'policyRule' "no agent, no display"
begin PURGE '--purge deny'; like "$(asks 8443)" 'MARKER TLS' "the next agent's policy is in force"
console 'F PAGENT,QUERY'; like "$OUT" "TTLS RULES=2" "as it knows"
stop; begin PURGE; stop; unlike "$(asks 8443)" MARKER "an agent without the option purges it"
console "S PAGENT,OPTS='--purge never'"; is "$STATUS" 8 "another word is none"
wire_end; clean_up=$(grep -ao SECRET wire | wc -l); [ "$clean_up" -gt 0 ]; ok $? "in clear text then"; : >wire

# --- NOTTLS ---------------------------------------------------------------------
begin NOPURGE; hold 3 7; ok $? "a connection under TTLS"
console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(NOTTLS)'
echo second >&7; wait_for 10 grep -q 'MARKER TLS.* second' held3; ok $? "NOTTLS: what exists goes on encrypted"
unlike "$(asks 8443)" MARKER "new ones are clear text"
console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(TTLS)'; like "$(asks 8443)" 'MARKER TLS' "TTLS: encrypted"
exec 5>&- 6>&- 7>&-
done_testing
