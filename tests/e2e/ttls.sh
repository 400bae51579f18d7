# Sourced by AT-TLS scripts: beside the script's network (10.77.0.1) another one
# for its peer (10.77.0.2), a wire between them that is watched, and short words
# for policies and logs.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
[ "$(id -u)" -eq 0 ] || skip_all "only root can capture connections"
[ -n "${E2E_NETNS:-}" ] || skip_all "no network namespace can be made here"
background unshare -n sleep infinity; PEER=$PID
peer() { nsenter -t "$PEER" -n "$@"; }
wait_for 5 eval '[ "$(readlink /proc/$PEER/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
ip link add wire0 type veth peer name wire1 netns "$PEER" || skip_all "no virtual Ethernet here"
ip addr add 10.77.0.1/24 dev wire0; ip -6 addr add fd77::1/64 dev wire0 nodad; ip link set wire0 up
peer ip link set lo up; peer ip addr add 10.77.0.2/24 dev wire1; peer ip -6 addr add fd77::2/64 dev wire1 nodad; peer ip link set wire1 up
image_install; ok $? "image"
policy=$SALLYPORT_ROOT/etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol
syslog=$SALLYPORT_ROOT/log/syslogall.log
mark() { MARK=$(wc -l <"$syslog"); }
since() { tail -n +$((MARK + 1)) "$syslog" | sed 's/^[-0-9]* [.:0-9]* *//'; }
said() { since | grep -Eq -- "$1"; }
# rule NAME DIRECTION PORT ROLE RING [environment parameter lines [rule lines
# [environment action lines]]]
rule() {
    cat <<P
TTLSRule $1
{
  $([ "$2" = Inbound ] && echo Local || echo Remote)PortRange $3
  Direction $2
  TTLSGroupActionRef g
  TTLSEnvironmentActionRef e~$1
  ${7:-}
}
TTLSEnvironmentAction e~$1
{
  HandshakeRole $4
  TTLSKeyringParms
  {
    Keyring $5
  }
  TTLSEnvironmentAdvancedParms
  {
    TLSv1.2 On
    TLSv1.3 On
    ${6:-}
  }
  ${8:-}
}
P
}
group() { printf 'TTLSGroupAction g\n{\n  TTLSEnabled On\n  Trace 31\n}\n'; }
CURL=(curl -s --max-time 10 --noproxy '*')
# The agent, and AT-TLS switched on, with the policy that is there; ends the
# script where the kernel has no BPF.
ttls_start() {
    mark
    console 'S PAGENT'
    wait_for 20 said EZZ8432I; ok $? "S PAGENT"
    if said EZD1590I; then pass "capture is not possible here: $(since | grep -m1 EZD1590I)"; done_testing; fi
    console 'V TCPIP,,OBEY,SYS1.TCPPARMS(TTLS)'; like "$OUT" EZZ0053I "TTLS"
    how=$(sallyport netstat --json TTLS | jq -r .how)
    if [ "$how" != eBPF ]; then pass "capture by $how here: what follows is about BPF"; done_testing; fi
}
policy_refresh() { mark; console 'F PAGENT,REFRESH'; wait_for 20 said EZD1586I; }
# --- every byte on the wire, in both directions: $SCRATCH/wire. What the kernel
# could not keep for it counts as clear text: nobody has seen what it was.
cat >"$SCRATCH/wire.py" <<'PY'
import itertools, socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.setsockopt(socket.SOL_SOCKET, 33, 512 << 20) # SO_RCVBUFFORCE
s.bind(("wire0", 0))
out = open(sys.argv[1], "ab", 0)
open(sys.argv[1] + ".on", "w")
room = memoryview(bytearray(300000)) # one for each packet would be mapped, and unmapped
for n in itertools.count(1):
    out.write(room[:s.recv_into(room)])
    # PACKET_STATISTICS: seen, dropped; since it was asked last.
    if n % 100 == 0 and struct.unpack("II", s.getsockopt(263, 6, 8))[1]:
        out.write(b"SECRET MARKER GET / HTTP: packets were missed")
PY
wire_start() {
    background python3 "$SCRATCH/wire.py" "$SCRATCH/wire"
    wait_for 10 test -e "$SCRATCH/wire.on"
    # Clear text that is on it is seen: there, back, over both protocols.
    echo CANARY-OUT >/dev/udp/10.77.0.2/9; echo CANARY-OUT6 >/dev/udp/fd77::2/9
    peer bash -c 'echo CANARY-IN >/dev/udp/10.77.0.1/9; echo CANARY-IN6 >/dev/udp/fd77::1/9'
    wait_for 10 eval '[ "$(grep -ao "CANARY-[A-Z]*6*" "$SCRATCH/wire" | sort -u | wc -l)" = 4 ]'; ok $? "the wire is watched"
}
# All that has been on the wire is in the file: it is written as fast as there is time.
wire_end() {
    WIRE_ENDS=$((${WIRE_ENDS:-0} + 1))
    echo "WIRE-END-$WIRE_ENDS-" >/dev/udp/10.77.0.2/9
    wait_for 60 grep -aq "WIRE-END-$WIRE_ENDS-" "$SCRATCH/wire" || fail "the wire's end is not seen"
}
cat >"$SCRATCH/server.py" <<'PY'
# server.py PORT CERT [silent]: answers each line with MARKER and what it was;
# says who came and with which protocol; HTTP requests get a small page.
import socket, ssl, sys, threading
port, cert, how = int(sys.argv[1]), sys.argv[2], (sys.argv + [""])[3]
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(cert)
l = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024)
print("up", flush=True)
def serve(raw):
    if how == "silent":
        threading.Event().wait()
    try:
        s = c.wrap_socket(raw, server_side=True)
        f = s.makefile("rwb", 0)
        line = f.readline()
        if line.startswith(b"GET"):
            while f.readline().strip():
                pass
            f.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nMARKER page " + s.version().encode() + b"\n")
        while line and not line.startswith(b"GET"):
            f.write(b"MARKER " + s.version().encode() + b" " + line)
            line = f.readline()
        if not line:
            f.write(b"MARKER end\n")
        s.unwrap().close()
    except Exception as e:
        print(type(e).__name__, e, flush=True)
        raw.close()
while True:
    raw, who = l.accept()
    print("from", who[0].replace("::ffff:", ""), flush=True)
    threading.Thread(target=serve, args=(raw,), daemon=True).start()
PY
# line_server PORT PEM [silent]: in the peer's network.
line_server() {
    background nsenter -t "$PEER" -n python3 "$SCRATCH/server.py" "$@" >"$SCRATCH/server.$1" 2>&1
    wait_for 10 grep -q up "$SCRATCH/server.$1"
}
