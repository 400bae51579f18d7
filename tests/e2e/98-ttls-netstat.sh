# NETSTAT row by row: each report, each option, what is refused; two stacks, and
# application control of a connection that is the second one's.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
head_of() { echo "EZD0101I NETSTAT CS V2R3 $1"; }
none="0 OF 0 RECORDS DISPLAYED
END OF THE REPORT"
fields='(^| )(CLIENT ID|BYTESIN|BYTESOUT):.*'
shown() { sallyport netstat "$@" 2>&1 | sed -E "s/:( *)10\.77\.0\.1\.\.[0-9]+$/:\1OWN/; s/$fields/ \2/"; }

# --- no stack, no connections -----------------------------------------------------------
for report in TTLS 'TTLS CONN' CONN ALL CONFIG -x '--json TTLS'; do
    runs "no process holds the stack: $report" 1 sallyport netstat $report
    like "$OUT" '^netstat: TCPIP1: no process holds that stack' "is said"
done
runs "no name of a stack" 1 sallyport netstat TTLS TCP tcpip.1; like "$OUT" 'is no name of a stack' "is said"
{
    printf 'TTLSGroupAction same\n{\n  TTLSEnabled On\n  Trace 6\n}\n'
    cat <<'P'
TTLSRule same
{
  LocalAddr 10.77.0.0/24
  RemoteAddr 10.77.0.2
  RemotePortRange 8443 8444
  Jobname PYTHON*
  Direction Outbound
  Priority 70
  TTLSGroupActionRef same
  TTLSEnvironmentActionRef same
  TTLSConnectionActionRef same
}
TTLSEnvironmentAction same
{
  HandshakeRole Client
  TTLSKeyringParms
  {
    Keyring USER1/Liberty.KeyRing
  }
}
TTLSConnectionAction same
{
  Trace 7
  TTLSConnectionAdvancedParms
  {
    TLSv1 Off
    TLSv1.1 Off
    TLSv1.2 On
    HandshakeTimeout 33
  }
  TTLSCipherParms
  {
    V3CipherSuites4Char C030
  }
}
P
} >"$policy"
ttls_start
is "$(sallyport netstat)" "$(head_of TCPIP1)
TTLSGRPACTION            GROUP ID     CONNS
same                     00000001         0
1 OF 1 RECORDS DISPLAYED
END OF THE REPORT" "no connections: TTLS is the default, GRoup its default"
for form in TTLS 'TT' 'ttls gr' 'TTLS GROUP' -x '-x GRoup' 'TTLS TCp TCPIP1' '-p TCPIP1 TTLS GROUP'; do is "$(sallyport netstat $form)" "$(sallyport netstat)" "the same as netstat $form"; done
is "$(sallyport netstat TTLS COnn)" "$(head_of TCPIP1)
$none" "no connections: TTLS COnn"
is "$(sallyport netstat CONN)" "$(head_of TCPIP1)
USER ID  CONN     STATE
$none" "no connections: CONN"
is "$(sallyport netstat ALL)" "$(head_of TCPIP1)
$none" "no connections: ALL"
config="$(head_of TCPIP1)
TCP CONFIGURATION TABLE:
  TTLS:   YES
END OF THE REPORT"
is "$(sallyport netstat CONFIG)" "$config" "CONFIG"; is "$(sallyport netstat conf TCP TCPIP1)" "$config" "and cut short"
for report in TTLS 'TTLS CONN' CONN ALL CONFIG; do is "$(sallyport netstat --json $report | jq -c '[.stack, .ttls, (.groups | map(.name)), .connections]')" '["TCPIP1",true,["same"],[]]' "no connections, as JSON: $report"; done

# --- what is refused ---------------------------------------------------------------------
while IFS= read -r form; do
    runs "netstat $form" 2 sallyport netstat $form; like "$OUT" '^netstat: .*expected|--help' "says what was expected"
    unlike "$OUT" EZD0101I "and shows nothing"
done <<'ROWS'
NOSUCH
T
C
CON TTLS
TTLS G
TTLS NOSUCH
TTLS GROUP GROUP
TTLS GROUP CONN
TTLS CONN 1 GROUP
TTLS CONN 123456789
TTLS CONN 12G4
TTLS CONN -1
TTLS CONN 1 2
TTLS CONN DETAIL
TTLS CONN TCP TCPIP1 DETAIL
TTLS DE
TTLS CONNTYPE TTLSPOLICY
TTLS TCP
CONN CONNTYPE
CONN CONNTYPE TTLS
CONN CONNTYPE NOTTLS
CONN CONNTYPE POLICY
CONN TTLSPOLICY
CONN DETAIL
CONN 1
ALL GROUP
ALL CONNT
CONFIG DETAIL
CONFIG CONNTYPE TTLSPOLICY
-x -c
-c -A
-x TTLS
-c CONN
--nosuch
-p
--json NOSUCH
ROWS
for form in NOSUCH TTLS,NOSUCH TTLS,CONN,12G4 TTLS,GROUP,CONN CONN,CONNT CONN,CONNT,NO CONFIG,DETAIL -x TTLS,-x TTLS,--json a,b,c,d,e,f,g,h,i,j,k,l; do
    console "D TCPIP,,N,$form"; is "$STATUS" 8 "D TCPIP,,N,$form is refused"; like "$OUT" 'expected' "and says what was expected"
done
for form in ,X, ,NETSTATS ,, NOSUCH,N NOSUCH,N,TTLS; do console "D TCPIP,$form"; is "$STATUS" 8 "D TCPIP,$form is refused"; like "$OUT" 'EZZ0061I|IEE341I' "with a message"; done

# --- connections --------------------------------------------------------------------------
cat >client.py <<'PY'
# client.py PORT...: a line to each; they stay open until a line comes in.
import socket, sys
held = []
for port in sys.argv[1:]:
    s = socket.create_connection(("10.77.0.2", int(port))); s.settimeout(20); held.append(s)
    s.sendall(b"SECRET\n"); print(s.makefile().readline().strip(), flush=True)
print("up", flush=True)
sys.stdin.readline()
PY
line_server 8443 LIBSERV.pem; line_server 8444 LIBSERV.pem; ok $? "two servers"
mkfifo go; exec 8<>go
python3 client.py 8443 8444 <go >client.out 2>&1 & at_exit "kill $! 2>/dev/null"
wait_for 20 grep -q up client.out; is "$(grep -c MARKER client.out)" 2 "two connections"
id=$(sallyport netstat --json CONN | jq -r '.connections[] | select(.remote | endswith("..8443")) | .connId')
uid=$(sallyport netstat --json CONN | jq -r '.connections[0].user') job=$(sallyport netstat --json CONN | jq -r '.connections[0].job')
conn="CONNID: $id
  JOBNAME:        $job
  USERID:         $uid
  LOCALSOCKET:    OWN
  REMOTESOCKET:   10.77.0.2..8443
  SECLEVEL:       TLS VERSION 1.2
  CIPHER:         C030 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
  KEYSHARE:       N/A
  CERTUSERID:     N/A
  MAPTYPE:        PRIMARY
  FIPS140:        OFF"
is "$(shown TTLS COnn "$id")" "$(head_of TCPIP1)
$conn
  TTLSRULE:       same
  TTLSGRPACTION:  same
  TTLSENVACTION:  same
  TTLSCONNACTION: same
1 OF 2 RECORDS DISPLAYED
END OF THE REPORT" "TTLS COnn"
short=$(sed 's/^0*//' <<<"$id")
for form in "ttls co $short" "-x CONN $id" "TTLS COnn $(tr A-F a-f <<<"$id") TCP TCPIP1"; do is "$(shown $form)" "$(shown TTLS COnn "$id")" "the same as netstat $form"; done
is "$(shown TTLS COnn | grep -c '^CONNID')" 2 "TTLS COnn without an id: each"
like "$(shown TTLS COnn)" '2 OF 2 RECORDS' "its records"
# DETAIL: the parameters below each name, and only below it, though all have one
# name; the group's and the environment's with what was not coded.
detail=$(shown TTLS COnn "$id" DETAIL)
section() { sed -n "/^  $1: /,/^  [T0-9]\|^[0-9]/p" <<<"$detail" | sed '1d;$d'; }
is "$(sed -n "1,13p" <<<"$detail")" "$(head_of TCPIP1)
$conn
  TTLSRULE:       same" "DETAIL: the connection first"
is "$(section TTLSRULE)" "      Priority:                   70
      LocalAddr:                  10.77.0.0-10.77.0.255
      LocalPortRange:             1-65535
      RemoteAddr:                 10.77.0.2
      RemotePortRange:            8443-8444
      Jobname:                    PYTHON*
      Direction:                  Outbound" "the rule's parameters"
group="      TTLSEnabled:                On
      CtraceClearText:            Off
      Trace:                      6
      FIPS140:                    Off
      TTLSGroupAdvancedParms:
       SecondaryMap:              Off
       SyslogFacility:            Daemon"
is "$(section TTLSGRPACTION)" "$group" "the group's"
is "$(section TTLSENVACTION | head -7)" "      HandshakeRole:              Client
      SuiteBProfile:              Off
      TTLSKeyringParms:
       Keyring:                   USER1/Liberty.KeyRing
      TTLSEnvironmentAdvancedParms:
       SSLv2:                     Off
       SSLv3:                     Off" "the environment's"
action() { sed -n "/TTLS Action: /,/Policy created/p" | sed '1,4d;$d' | sed 's/^/  /'; }
is "$(section TTLSENVACTION)" "$(sallyport pasearch -t -a -s E | action)" "all of them, as pasearch has them"
is "$(section TTLSCONNACTION)" "      Trace:                      7
      TTLSConnectionAdvancedParms:
       TLSv1:                     Off
       TLSv1.1:                   Off
       TLSv1.2:                   On
       HandshakeTimeout:          33
      TTLSCipherParms:
       v3CipherSuites:
        C030  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" "and the connection action's: what was coded"
is "$(tail -2 <<<"$detail")" "1 OF 2 RECORDS DISPLAYED
END OF THE REPORT" "the end"
is "$(sallyport netstat TTLS GROUP DETAIL)" "$(head_of TCPIP1)
TTLSGRPACTION            GROUP ID     CONNS
same                     00000001         2
$group
1 OF 1 RECORDS DISPLAYED
END OF THE REPORT" "TTLS GRoup DETAIL"
is "$(sallyport netstat TTLS DETAIL)" "$(sallyport netstat TTLS GROUP DETAIL)" "and without the word"
is "$(sallyport netstat --json TTLS COnn "$id" DETAIL | jq -r '.connections[] | select(.ruleText) | .connId, (.connText | split("\n")[0])')" "$id
    Trace:                      7" "DETAIL as JSON: of that connection"
is "$(sallyport netstat --json TTLS GROUP DETAIL | jq -r '.groups[0].text | split("\n")[2]')" "    Trace:                      6" "of the groups"
is "$(sallyport netstat --json TTLS COnn | jq -c '[.connections[] | has("ruleText")] | unique')" "[false]" "not asked for, not there"
for form in "TTLS COnn FFFFFFF0" "TTLS COnn FFFFFFF0 DETAIL" "-x CONN 0"; do
    runs "$form" 1 sallyport netstat $form; like "$OUT" 'EZZ2383I CONNECTION (FFFFFFF0|00000000) NOT FOUND' "not found"; like "$OUT" '^0 OF 2 RECORDS' "none shown"
done
runs "as JSON" 1 sallyport netstat --json TTLS COnn FFFFFFF0; is "$(jq '.connections | length' <<<"$OUT")" 2 "which shows what there is"
row="$(printf '%-8s' "$job") $id ESTBLSH
  LOCAL SOCKET:   OWN
  FOREIGN SOCKET: 10.77.0.2..8443"
is "$(shown CONN | grep -A2 "$id")" "$row" "CONN"
is "$(shown CONN | sed -n '1,2p;$p' | tr '\n' '|')" "$(head_of TCPIP1)|USER ID  CONN     STATE|END OF THE REPORT|" "its head and end"; like "$(shown CONN)" '^2 OF 2 RECORDS' "its records"
is "$(sallyport netstat ALL | grep -A11 "CLIENT ID: $id" | sed -E 's/^(  BYTES[A-Z]*: *)[1-9][0-9]*$/\1N/; s/10\.77\.0\.1\.\.[0-9]+/OWN/' | head -10)" "CLIENT NAME: $(printf '%-8s' "$job")                 CLIENT ID: $id
  LOCAL SOCKET:   OWN
  FOREIGN SOCKET: 10.77.0.2..8443
  BYTESIN:        N
  BYTESOUT:       N
  TTLSPolicy:     Yes
    TTLSRule:       same
    TTLSGrpAction:  same
    TTLSEnvAction:  same
    TTLSConnAction: same" "ALL"
for form in CONN ALL; do
    for kind in TTLSPolicy ttlsp; do is "$(sallyport netstat $form CONNType $kind)" "$(sallyport netstat $form)" "$form CONNType $kind: all of them"; done
    is "$(sallyport netstat $form CONNT NOTTLSP | tail -2)" "0 OF 2 RECORDS DISPLAYED
END OF THE REPORT" "$form CONNType NOTTLSPolicy: none"
done
is "$(sallyport netstat -c)$(sallyport netstat -A)" "$(sallyport netstat CONN)$(sallyport netstat ALL)" "-c and -A"
# One that no rule wants, of another job to the same server.
exec 7<>/dev/tcp/10.77.0.2/8444
unmapped() { sallyport netstat --json CONN | jq -e '[.connections[] | select(.policy == false)] | length == 1' >/dev/null; }
wait_for 10 unmapped; ok $? "a connection without a policy"
other=$(sallyport netstat --json CONN | jq -r '.connections[] | select(.policy == false) | .connId')
is "$(shown CONN CONNT NOTTLSP)" "$(head_of TCPIP1)
USER ID  CONN     STATE
BASH     $other ESTBLSH
  LOCAL SOCKET:   OWN
  FOREIGN SOCKET: 10.77.0.2..8444
1 OF 3 RECORDS DISPLAYED
END OF THE REPORT" "CONN CONNType NOTTLSPolicy: it alone"
is "$(sallyport netstat ALL CONNType NOTTLSPolicy | tail -3)" "  TTLSPolicy:     No
1 OF 3 RECORDS DISPLAYED
END OF THE REPORT" "ALL: TTLSPolicy No, and no names"
for form in CONN ALL; do unlike "$(sallyport netstat $form CONNT TTLSP)" "$other" "$form CONNType TTLSPolicy: without it"; like "$(sallyport netstat $form CONNT TTLSP)" '^2 OF 3 RECORDS' "its records"; done
unlike "$(sallyport netstat TTLS COnn)" "$other" "TTLS COnn: without it"
runs "TTLS COnn with its id" 1 sallyport netstat TTLS COnn "$other"; like "$OUT" 'NOT FOUND' "is not found: it has no policy"
exec 7>&-
gone() { ! unmapped; }
wait_for 10 gone; ok $? "it has ended"
# The operator sees the same.
same() { console "D TCPIP,$1"; is "$STATUS" "${3:-0}" "D TCPIP,$1"; is "$(grep -v '^\(IEE\|EZZ006\)' <<<"$OUT" | sed 's/ *$//')" "$(sallyport netstat $2 2>&1 | sed 's/ *$//')" "as netstat $2"; }
same ',N,TTLS' TTLS; same ',NETSTAT,TTLS,GROUP' TTLS; same ',N,TTLS,GR,DETAIL' 'TTLS GROUP DETAIL'; same 'TCPIP1,N,TTLS,CO' 'TTLS CONN'
same ",N,TTLS,COnn,$id" "TTLS CONN $id"; same ",N,TTLS,CONN,$id,DETAIL" "TTLS CONN $id DETAIL"; same ',N,TTLS,CONN,FFFFFFF0' 'TTLS CONN FFFFFFF0' 8
same ',N,CONN,CONNT,TTLSP' 'CONN CONNT TTLSP'; same ',N,CONN,CONNT,NOTTLSP' 'CONN CONNT NOTTLSP'; same ',N,ALL' ALL; same ',N,CONFIG' CONFIG
# A group in use stays listed, and its connections have their own parameters.
sed -i 's/Trace 6/Trace 2/; s/HandshakeTimeout 33/HandshakeTimeout 44/' "$policy"; policy_refresh
OUT=$(sallyport netstat TTLS GROUP DETAIL); like "$OUT" '^same +00000002 +0$' "after a change: the current group"; like "$OUT" '^same +00000001 +2$' "the former one is in use"; like "$OUT" '^2 OF 2' "two records"
like "$OUT" 'in use, no longer current' "its parameters are not the current ones"
is "$(shown TTLS COnn "$id" DETAIL)" "$detail" "its connections have those that they had"

# --- a second stack -------------------------------------------------------------------------
{ group; rule other Outbound 8505 Client USER1/Liberty.KeyRing "ApplicationControlled On"; } >"$SALLYPORT_ROOT/etc/two.policy"
{ group; rule first Outbound 8506 Client USER1/Liberty.KeyRing; } >>"$policy"
echo "TTLSConfig /etc/two.policy" >"$SALLYPORT_ROOT/etc/two.image"
echo "TcpImage TCPIP2 /etc/two.image" >>"$SALLYPORT_ROOT/etc/pagent.conf"
mark; console 'F PAGENT,REFRESH'; wait_for 20 said 'EZD1586I .* FOR TCPIP2'; ok $? "a second stack"
is "$(sallyport netstat CONFIG TCP TCPIP2 | sed -n 1,3p)" "$(head_of TCPIP2)
TCP CONFIGURATION TABLE:
  TTLS:   NO" "CONFIG of the second stack"
console 'V TCPIP,TCPIP2,OBEY,SYS1.TCPPARMS(TTLS)'; like "$OUT" EZZ0053I "TTLS there, too"
for form in 'CONFIG TCp TCPIP2' '-p TCPIP2 CONFIG'; do like "$(sallyport netstat $form)" 'TTLS:   YES' "$form"; done
is "$(sallyport netstat TTLS TCP TCPIP2)" "$(head_of TCPIP2)
TTLSGRPACTION            GROUP ID     CONNS
g                        00000001         0
1 OF 1 RECORDS DISPLAYED
END OF THE REPORT" "TCp: the second stack's groups"
like "$(sallyport netstat TTLS)" '^same ' "without: TCPIP1's"
runs "a connection of the other stack" 1 sallyport netstat TTLS CONN "$id" TCP TCPIP2; like "$OUT" 'NOT FOUND' "is not found"
same 'TCPIP2,N,TTLS' '-p TCPIP2 TTLS'; same ',N,TTLS' TTLS
runs "a stack that no process holds" 1 sallyport netstat TTLS TCP TCPIP3; like "$OUT" '^netstat: TCPIP3: no process holds' "is said"
cat >starttls.py <<'PY'
import socket, ssl, sys
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain("LIBSERV.pem")
l = socket.create_server(("10.77.0.2", 8505)); print("up", flush=True)
while True:
    s = l.accept()[0]
    if s.makefile("rb", 0).readline() == b"TLS!\n":
        t = c.wrap_socket(s, server_side=True); t.sendall(b"MARKER " + t.recv(100)); t.recv(1)
PY
background nsenter -t "$PEER" -n python3 starttls.py >starttls.out 2>&1
line_server 8506 LIBSERV.pem; line_server 8507 LIBSERV.pem
wait_for 10 grep -q up starttls.out; ok $? "a server for it"
ctl() { OUT=$(ASAN_OPTIONS=detect_leaks=0 LD_LIBRARY_PATH=$SALLYPORT_BUILD/src/ttls LD_PRELOAD=$CTL_PRELOAD timeout 30 "$SALLYPORT_BUILD/tests/e2e/ttlsctl" "$@" 2>&1); }
CTL_PRELOAD=; ldd "$SALLYPORT_BUILD/tests/e2e/ttlsctl" | grep -q asan || CTL_PRELOAD=$SALLYPORT_BUILD/src/ttls/libattls-ioctl.so
wire_start
ctl 10.77.0.2 8505 query send=TLS! init query names send=SECRET recv
like "$OUT" 'MARKER SECRET' "attls_ctl controls a connection of the second stack"
like "$OUT" '\bother\b' "and says whose it is"
ctl 10.77.0.2 8506 query; like "$OUT" 'policy=4' "one of the first stack is found there"
console 'V TCPIP,TCPIP1,OBEY,SYS1.TCPPARMS(NOTTLS)'
ctl 10.77.0.2 8505 query; like "$OUT" 'policy=5' "TCPIP1 is off: the second stack's are found as before"
ctl 10.77.0.2 8507 query; like "$OUT" 'policy=2' "no rule in the one that is on: not that AT-TLS is off"
STOPPED=$(stack_pid); kill -STOP "$STOPPED"; at_exit 'kill -CONT "$STOPPED" 2>/dev/null'
ctl 10.77.0.2 8505 query; like "$OUT" 'policy=5' "and when TCPIP1 does not answer"
kill -CONT "$STOPPED"
wire_end; is "$(grep -ao 'MARKER\|SECRET' wire | sort -u)" "" "no clear text on the wire"
done_testing
