# Parameters that decide whether a handshake is good enough: each with a peer
# that is, and one that is not.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
out() { rule "$1" Outbound "$2" Client USER1/Liberty.KeyRing "$3" "" "${4:-}"; }
old='TLSv1.3 Off'
signed() { printf 'TTLSSignatureParms\n  {\n    SignaturePairsCert %s\n  }\n' "$1"; }
tickets() { printf 'TTLSGskAdvancedParms\n  {\n    GSK_SESSION_TICKET_CLIENT_MAXSIZE %s\n  }\n' "$1"; }
into() { rule "$1" Inbound "$2" Server LIBSERV/Liberty.KeyRing "$3"; }
{
    group
    out sni 8500 "ClientHandshakeSNI Required
    ClientHandshakeSNIList host.example"
    out snimatch 8501 "ClientHandshakeSNI Optional
    ClientHandshakeSNIMatch Required
    ClientHandshakeSNIList host.example
    $old"
    out snioptional 8502 "ClientHandshakeSNI Optional
    ClientHandshakeSNIList host.example"
    out nosni 8503 "ClientHandshakeSNI Required
    ClientHandshakeSNIList nobody.example"
    out nosni12 8504 "ClientHandshakeSNI Optional
    ClientHandshakeSNIMatch Required
    ClientHandshakeSNIList nobody.example
    $old"
    out dh 8510 "$old"
    out dh2048 8511 "ClientEDHGroupSize 2048
    $old"
    out dhmin 8512 "PeerMinDHKeySize 1025
    $old"
    out pairs 8520 "" "$(signed 04010403)"
    out otherpairs 8521 "" "$(signed 06010503)"
    out hmac 8522 "TruncatedHMAC Required"
    out fragment 8523 "ClientMaxSSLFragment Required
    ClientMaxSSLFragmentLength 1024"
    out small 8524 "" "$(tickets 20)"
    out large 8525 "" "$(tickets 8192)"
    into edh 8090 "ServerEDHGroupSize 2048
    $old"
    into fragments 8091 "ServerMaxSSLFragment Required"
} >"$policy"
cat >servers.py <<'PY'
# TLS servers. One that knows host.example says so; another name is no name.
import socket, ssl, threading
def context(**more):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain("LIBSERV.pem")
    for k, v in more.items(): getattr(c, k)(*v)
    return c
named = context()
def on_name(s, name, c):
    return None if name == "host.example" else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
named.sni_callback = on_name
weak = context(set_ciphers=("DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0",), load_dh_params=("dh.pem",))
weak.maximum_version = ssl.TLSVersion.TLSv1_2
plain = context()
def serve(c, raw):
    try:
        s = c.wrap_socket(raw, server_side=True)
        for line in s.makefile("rb"):
            s.sendall(b"MARKER " + (b"resumed " if s.session_reused else b"new ") + line)
    except OSError as e:
        print(e, flush=True)
def listen(c, port):
    l = socket.create_server(("10.77.0.2", port))
    while True:
        threading.Thread(target=serve, args=(c, l.accept()[0]), daemon=True).start()
for c, ports in ((named, (8500, 8501, 8502)), (plain, (8503, 8504, 8520, 8521, 8522, 8523, 8524, 8525)), (weak, (8510, 8511, 8512))):
    for p in ports: threading.Thread(target=listen, args=(c, p)).start()
print("up", flush=True)
PY
openssl dhparam -dsaparam -out dh.pem 1024 2>/dev/null; ok $? "a small group"
background nsenter -t "$PEER" -n python3 servers.py >servers.log 2>&1
wait_for 10 grep -q up servers.log; ok $? "servers"
ttls_start
wire_start
asks() { timeout 20 bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo hello >&3; head -1 <&3" 2>&1; }
good() { like "$(asks "$1")" '^MARKER' "$2"; }
bad() { # PORT RC NAME
    mark; unlike "$(asks "$1")" MARKER "$3: refused"
    wait_for 5 said "EZD1287I TTLS Error RC: $2 "; ok $? "$3: RC $2"
}
good 8500 "ClientHandshakeSNI Required, a server that knows the name"
good 8501 "ClientHandshakeSNIMatch Required, TLS 1.2"
good 8502 "Optional"
bad 8503 448 "ClientHandshakeSNI Required, a server that knows no names"
bad 8504 448 "ClientHandshakeSNIMatch Required, TLS 1.2"
good 8510 "a group of 1024 bits"
bad 8511 508 "ClientEDHGroupSize 2048"
bad 8512 508 "PeerMinDHKeySize"
good 8520 "SignaturePairsCert with the one it is signed with"
bad 8521 467 "SignaturePairsCert without"
bad 8522 446 "TruncatedHMAC Required"
good 8523 "ClientMaxSSLFragment Required"
again() { asks "$1" | grep -q 'MARKER resumed'; }
wait_for 15 again 8525; ok $? "a ticket that is not too large"
for _ in 1 2 3 4; do asks 8524; done >small; is "$(grep -c resumed small)" 0 "GSK_SESSION_TICKET_CLIENT_MAXSIZE: one that is"
is "$(grep -c MARKER small)" 4 "is not used, the connection is"
for port in 8090 8091; do
    background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 -m http.server -b 10.77.0.1 $port >"in.$port" 2>&1
    wait_for 10 eval "ss -Hltn sport = :$port | grep -q LISTEN"
done
client() { printf 'HEAD / HTTP/1.0\r\n\r\n' | peer timeout 20 openssl s_client -ign_eof -connect 10.77.0.1:"$1" "${@:2}" 2>&1; }
like "$(client 8090 -cipher DHE-RSA-AES128-GCM-SHA256)" '(Server|Peer) Temp Key: DH, 2048 bits' "ServerEDHGroupSize 2048"
like "$(client 8091 -maxfraglen 1024)" 'SimpleHTTP' "ServerMaxSSLFragment Required: a client that has it"
mark; unlike "$(client 8091)" 'SimpleHTTP' "one that has not"
wait_for 5 said 'EZD1287I TTLS Error RC: 446'; ok $? "RC 446"
wire_end; is "$(grep -ao 'MARKER\|hello\|SimpleHTTP' wire | sort -u)" "" "no clear text on the wire"
done_testing
