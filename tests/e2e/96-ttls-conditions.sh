# When a rule is for a connection: addresses and ports in each form, one by one
# and in groups; periods that begin and end by themselves. Then what a new
# UserInstance renews, and parameters that are there to be read only.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
echo TZ=SPT-9 >>"$SALLYPORT_ROOT/datasets/SYS1.TCPPARMS/PAGENTEV" # nine hours before UTC
peer ip addr add 10.77.0.3/24 dev wire1; peer ip -6 addr add fd77::3/64 dev wire1 nodad
ip addr add 10.77.0.4/24 dev wire0; ip -6 addr add fd77::4/64 dev wire0 nodad
# when RULE PORT LINES...: a rule for the port and these conditions, one a line.
when() { local name=$1 port=$2; shift 2; rule "$name" Outbound "$port" Client USER1/Liberty.KeyRing "" "$(printf '%s\n  ' "$@")"; }
stamp() { date -u -d "$1" +%Y%m%d%H%M%S; }
local_stamp() { TZ=SPT-9 date -d "$1" +%Y%m%d%H%M%S; }
today=$(date -u +%w) month=$(date -u +%-m)
mask() { local i; for ((i = 0; i < $1; i++)); do printf '%s' "$([ "$i" = "$2" ] && echo "$3" || echo "$4")"; done; }
period() { printf 'IpTimeCondition\n  {\n    TimeZone UTC\n'; printf '    %s\n' "$@"; printf '  }\n'; }
{
    group
    printf 'IpAddr far\n{\n  Addr 10.77.0.3\n}\nIpAddr near\n{\n  Addr 10.77.0.2\n}\nIpAddr six\n{\n  Addr fd77::3\n}\n'
    printf 'IpAddrSet some\n{\n  Range 10.77.0.3-10.77.0.9\n}\nIpAddrSet net\n{\n  Prefix 10.77.0.2/31\n}\n'
    printf 'IpAddrGroup all\n{\n  IpAddrRef far\n  IpAddrRef six\n  IpAddrSet\n  {\n    Range 10.9.0.1-10.9.0.2\n  }\n}\n'
    printf 'IpAddr mine\n{\n  Addr 10.77.0.4\n}\nIpAddrSet mines\n{\n  Prefix fd77::4/126\n}\nIpAddrGroup ours\n{\n  IpAddrRef mine\n  IpAddrSetRef mines\n}\n'
    printf 'PortRange low\n{\n  Port 40000 40009\n}\nPortRange one\n{\n  Port 40020\n}\nPortGroup mix\n{\n  PortRangeRef low\n  PortRangeRef one\n}\n'
    printf 'PortRange remote\n{\n  Port 8508-8509\n}\n'
    when addr 8500 'RemoteAddr 10.77.0.3'
    when addrref 8501 'RemoteAddrRef far'
    when setref 8502 'RemoteAddrSetRef some'
    when groupref 8503 'RemoteAddrGroupRef all'
    when localref 8504 'LocalAddrRef mine'
    when localset 8505 'LocalAddrSetRef mines'
    when localgroup 8506 'LocalAddrGroupRef ours'
    when localports 8507 'LocalPortGroupRef mix'
    rule remoteports Outbound 8508 Client USER1/Liberty.KeyRing | sed 's/RemotePortRange 8508/RemotePortRangeRef remote/'
    when range 8510 'RemoteAddr 10.77.0.3-10.77.0.5'
    when prefix 8511 'RemoteAddr 10.77.0.3/32'
    when zero 8512 'RemoteAddr 0.0.0.0/0'
    when every 8513 'RemoteAddr All'
    when sixes 8514 'RemoteAddr ::/0'
    when past 8520 "$(period "ConditionTimeRange 20000101000000:$(stamp -1hour)")"
    when future 8521 "$(period "ConditionTimeRange $(stamp +1hour):20990101000000")"
    when within 8522 "$(period "ConditionTimeRange $(stamp -1hour):$(stamp +1hour)")"
    when weekday 8523 "$(period "DayOfWeekMask $(mask 7 "$today" 1 0)")"
    when otherdays 8524 "$(period "DayOfWeekMask $(mask 7 "$today" 0 1)")"
    when months 8525 "$(period "MonthOfYearMask $(mask 12 $((month - 1)) 1 0)" 'TimeOfDayRange 00:00-24:00')"
    when othermonths 8526 "$(period "MonthOfYearMask $(mask 12 $((month - 1)) 0 1)")"
    when local 8515 "IpTimeCondition {" "  ConditionTimeRange $(local_stamp -1hour):$(local_stamp +1hour)" "}"
    when notlocal 8516 "IpTimeCondition {" "  TimeZone Local" "  ConditionTimeRange $(stamp -1hour):$(stamp +1hour)" "}"
    when beginning 8527 'IpTimeConditionRef soon'
    when ending 8528 'IpTimeConditionRef short'
    printf 'IpTimeCondition soon\n{\n  TimeZone UTC\n  ConditionTimeRange BEGIN\n}\nIpTimeCondition short\n{\n  TimeZone UTC\n  ConditionTimeRange END\n}\n'
    printf 'TTLSGroupAction gi\n{\n  TTLSEnabled On\n  Trace 31\n  GroupUserInstance 1\n}\nTTLSConnectionAction ci\n{\n  ConnectionUserInstance 1\n}\n'
    when instances 8540 'TTLSGroupActionRef gi' 'TTLSConnectionActionRef ci'
    printf 'TTLSConnectionAction short\n{\n  TTLSConnectionAdvancedParms\n  {\n    TruncatedHMAC Required\n  }\n}\n'
    when hmac 8541 'TTLSGroupActionRef gi' 'TTLSEnvironmentActionRef e~instances' 'TTLSConnectionActionRef short'
    rule ssl Outbound 8542 Client USER1/Liberty.KeyRing "TLSv1.2 Off
    TLSv1.3 Off
    TLSv1 Off
    TLSv1.1 Off
    SSLv2 On
    SSLv3 On"
    rule two Outbound 8543 Client USER1/Liberty.KeyRing "SSLv2 On" "" "$(printf 'TTLSCipherParms\n  {\n    V2CipherSuites 713642\n  }\n  TTLSGskAdvancedParms\n  {\n    GSK_V2_SESSION_TIMEOUT 100\n    GSK_V2_SIDCACHE_SIZE 256\n  }\n')"
} >"$policy"
cat >servers.py <<'PY'
# On each port a server of both: TLS is answered MARKER, clear text "open".
import socket, ssl, sys, threading
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain("LIBSERV.pem")
def serve(raw):
    try:
        if raw.recv(1, socket.MSG_PEEK) != b"\x16":
            raw.sendall(b"open " + raw.makefile("rb").readline()); raw.close(); return
        s = c.wrap_socket(raw, server_side=True)
        for line in s.makefile("rb"): s.sendall((b"MARKER resumed " if s.session_reused else b"MARKER new ") + line)
    except OSError as e:
        print(e, flush=True)
def listen(port):
    l = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
for p in list(range(8500, 8529)) + list(range(8540, 8544)): threading.Thread(target=listen, args=(p,)).start()
print("up", flush=True)
PY
background nsenter -t "$PEER" -n python3 servers.py >servers.log 2>&1; wait_for 10 grep -q up servers.log; ok $? "servers"
sed -i "s/BEGIN$/$(stamp +1hour):20990101000000/; s/END$/20000101000000:20000102000000/" "$policy"
ttls_start
wire_start
# say TO PORT [FROM [LOCAL-PORT]]: the answer's first word.
cat >say.py <<'PY'
import socket, sys
to, port, own = sys.argv[1], int(sys.argv[2]), sys.argv[3:4]
s = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET); s.settimeout(15)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if own: s.bind((own[0], int((sys.argv[4:] + ["0"])[0])))
try:
    s.connect((to, port)); s.sendall(b"hello\n"); print(" ".join(s.makefile().readline().split()[:2]))
except OSError as e: print(e)
PY
say() { timeout 20 python3 say.py "$@" 2>&1; }
tls() { local name=$1; shift; like "$(say "$@")" '^MARKER' "$name"; }
open() { local name=$1; shift; is "$(say "$@")" 'open hello' "$name: no"; }

tls "RemoteAddr" 10.77.0.3 8500; open "RemoteAddr: another" 10.77.0.2 8500
tls "RemoteAddrRef" 10.77.0.3 8501; open "RemoteAddrRef: another" 10.77.0.2 8501
tls "RemoteAddrSetRef, Range" 10.77.0.3 8502; open "RemoteAddrSetRef: outside" 10.77.0.2 8502
tls "RemoteAddrGroupRef" 10.77.0.3 8503; tls "RemoteAddrGroupRef: the IPv6 one" fd77::3 8503
open "RemoteAddrGroupRef: another" 10.77.0.2 8503; open "RemoteAddrGroupRef: another, IPv6" fd77::2 8503
tls "LocalAddrRef" 10.77.0.2 8504 10.77.0.4; open "LocalAddrRef: another" 10.77.0.2 8504 10.77.0.1
tls "LocalAddrSetRef, Prefix" fd77::2 8505 fd77::4; open "LocalAddrSetRef: outside" fd77::2 8505 fd77::1
tls "LocalAddrGroupRef" 10.77.0.2 8506 10.77.0.4; tls "LocalAddrGroupRef: IPv6" fd77::2 8506 fd77::4; open "LocalAddrGroupRef: another" 10.77.0.2 8506 10.77.0.1
tls "LocalPortGroupRef: in the range" 10.77.0.2 8507 0.0.0.0 40005; tls "LocalPortGroupRef: the one" 10.77.0.2 8507 0.0.0.0 40020
open "LocalPortGroupRef: between" 10.77.0.2 8507 0.0.0.0 40012
tls "RemotePortRangeRef: first" 10.77.0.2 8508; tls "RemotePortRangeRef: last" 10.77.0.2 8509
tls "RemoteAddr, a range" 10.77.0.3 8510; open "RemoteAddr, a range: outside" 10.77.0.2 8510
tls "RemoteAddr, a prefix" 10.77.0.3 8511; open "RemoteAddr, a prefix: outside" 10.77.0.2 8511
tls "0.0.0.0/0: IPv4" 10.77.0.2 8512; open "0.0.0.0/0: IPv6" fd77::2 8512
tls "::/0: IPv6" fd77::2 8514; open "::/0: IPv4" 10.77.0.2 8514
tls "All: IPv4" 10.77.0.2 8513; tls "All: IPv6" fd77::2 8513

open "ConditionTimeRange: over" 10.77.0.2 8520; open "ConditionTimeRange: to come" 10.77.0.2 8521; tls "ConditionTimeRange: within" 10.77.0.2 8522
tls "DayOfWeekMask: today" 10.77.0.2 8523; open "DayOfWeekMask: other days" 10.77.0.2 8524
tls "MonthOfYearMask, TimeOfDayRange" 10.77.0.2 8525; open "MonthOfYearMask: other months" 10.77.0.2 8526
tls "local time, when nothing else is said" 10.77.0.2 8515; open "TimeZone Local: it is not UTC" 10.77.0.2 8516
open "begins later" 10.77.0.2 8527
like "$(sallyport pasearch -t -I -n)" 'policyRule: +beginning' "pasearch -I: inactive ones"
unlike "$(sallyport pasearch -t -n)" 'policyRule: +beginning' "and not among the active"
python3 - "$policy" "$(stamp '+8sec')" "$(stamp -1hour)" <<'PY'
import sys
p, soon, ago = sys.argv[1:]
out, at = [], ""
for line in open(p):
    at = line.split()[1] if line.startswith("IpTimeCondition ") else at
    if at == "soon" and "ConditionTimeRange" in line: line = "  ConditionTimeRange %s:20990101000000\n" % soon
    if at == "short" and "ConditionTimeRange" in line: line = "  ConditionTimeRange %s:%s\n" % (ago, soon)
    out.append(line)
open(p, "w").writelines(out)
PY
policy_refresh
if [ "$(say 10.77.0.2 8527)" = "open hello" ]; then pass "not yet"; else note "too late to see it before"; fi
began() { say 10.77.0.2 8527 | grep -q MARKER; }
ended() { [ "$(say 10.77.0.2 8528)" = "open hello" ]; }
wait_for 30 began; ok $? "a rule whose period begins, by itself"
wait_for 30 ended; ok $? "and one whose period ends"

# --- instances ---------------------------------------------------------------------------
asks() { say 10.77.0.2 8540; }
warm() { local i; for i in 1 2 3 4 5 6 7 8; do asks | grep -q 'MARKER resumed' || return 1; done; }
ids() { mark; asks >/dev/null; wait_for 5 said 'EZD1283I .*Initial Handshake'; since | grep -m1 -o 'GRPID: [0-9A-F]* ENVID: [0-9A-F]*'; }
wait_for 30 warm; ok $? "sessions are resumed"
before=$(ids)
sed -i 's/ConnectionUserInstance 1/ConnectionUserInstance 2/' "$policy"; policy_refresh
is "$(asks)" "MARKER resumed" "ConnectionUserInstance: nothing is made anew"
is "$(ids)" "$before" "group and environment are the same"
sed -i 's/GroupUserInstance 1/GroupUserInstance 2/' "$policy"; policy_refresh
is "$(asks)" "MARKER new" "GroupUserInstance: environments are made anew, sessions are gone"
after=$(ids); [ "${after%% ENVID*}" != "${before%% ENVID*}" ]; ok $? "another group ($before, $after)"
# --- what has no session of its own -----------------------------------------------------------
refused() { # PORT RC NAME
    mark; unlike "$(say 10.77.0.2 "$1")" 'MARKER|open' "$3: refused"; wait_for 5 said "EZD1287I TTLS Error RC: $2 "; ok $? "$3: RC $2"
}
refused 8541 446 "TruncatedHMAC Required of a connection action"
like "$(asks)" MARKER "the environment's others are not concerned"
refused 8542 412 "SSLv2 and SSLv3 alone: never offered"
tls "V2CipherSuites, GSK_V2_...: understood" 10.77.0.2 8543
wire_end; is "$(grep -ao 'MARKER' wire | sort -u)" "" "no clear text where there is a rule"
done_testing
