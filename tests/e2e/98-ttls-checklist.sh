# The checklist of AT-TLS. Here: every way policies are written (1), the order of
# rules (3), what each trace bit says (5), what UserInstance renews (6), who
# inherits a captured connection (9), where no private key is (11). Elsewhere: a
# broken file changes nothing (2) 90; the exercise (4) 91; clear text and
# silence (7), certificates of clients (8), ways to connect (9) 92 and
# 97-ttls-breakouts; who is killed (10) 93;
# parameters 96. Here, too: the exercise's policy made of objects (12).
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
BITS="1 2 4 8 16 32"
{
    group
    rule out Outbound 8560 Client USER1/Liberty.KeyRing "" "" "EnvironmentUserInstance 7"
    for bit in $BITS; do
        printf 'TTLSGroupAction g%s\n{\n  TTLSEnabled On\n  Trace %s\n}\n' $bit $bit
        rule good$bit Outbound $((8561 + bit)) Client USER1/Liberty.KeyRing "" "TTLSGroupActionRef g$bit"
        rule bad$bit Outbound $((8611 + bit)) Client USER1/NOSUCH.RING "" "TTLSGroupActionRef g$bit"
    done
} >"$policy"
cat >many.py <<'PY'
# TLS servers on these ports; they say whether the session is a former one.
import socket, ssl, sys, threading
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain("LIBSERV.pem")
def serve(raw):
    try:
        s = c.wrap_socket(raw, server_side=True)
        for line in s.makefile("rb"):
            s.sendall((b"MARKER resumed " if s.session_reused else b"MARKER new ") + line)
    except OSError as e:
        print(e, flush=True)
def listen(port):
    l = socket.create_server(("10.77.0.2", port))
    while True:
        threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
for p in sys.argv[1:]:
    threading.Thread(target=listen, args=(int(p),)).start()
print("up", flush=True)
PY
ports="8560 8690"; for bit in $BITS; do ports="$ports $((8561 + bit)) $((8611 + bit))"; done
background nsenter -t "$PEER" -n python3 many.py $ports >servers.log 2>&1
wait_for 10 grep -q up servers.log; ok $? "servers"
ttls_start
wire_start
asks() { timeout 20 bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo hello >&3; head -1 <&3" 2>&1; }

# --- policies as people and programs write them ---------------------------------------------
mkdir forms
cat >forms/assistant <<'P'
##
## AT-TLS Policy Agent Configuration file for:
##    Image: WG31
##    Stack: TCPIP1
##
## Created by a configuration assistant
## Backing Store = USER1
## Install History:
## 2020-06-12 14:18:57 : Save To Disk
## End of Network Configuration Assistant information
TTLSRule                          zCEE~1
{
  LocalAddr                       ALL
  RemoteAddrRef                   addr1
  LocalPortRangeRef               portR1
  RemotePortGroupRef              portG1
  Direction                       Outbound
  Priority                        255
  TTLSGroupActionRef              gAct1~zCEE
  TTLSEnvironmentActionRef        eAct1~zCEE
  TTLSConnectionActionRef         cAct1~zCEE
}
TTLSGroupAction                   gAct1~zCEE
{
  TTLSEnabled                     On
  Trace                           2
}
TTLSEnvironmentAction             eAct1~zCEE
{
  HandshakeRole                   Client
  EnvironmentUserInstance         0
  TTLSKeyringParmsRef             keyR~WG31
  TTLSEnvironmentAdvancedParmsRef eAdv1~zCEE
  TTLSGskAdvancedParmsRef         gAdv1~zCEE
}
TTLSEnvironmentAdvancedParms      eAdv1~zCEE
{
  ApplicationControlled           Off
  SecondaryMap                    Off
  TruncatedHMAC                   Off
  3DesKeyCheck                    Off
  PeerMinRsaKeySize               2048
}
TTLSGskAdvancedParms              gAdv1~zCEE
{
  GSK_SESSION_TICKET_SERVER_COUNT 2
  TTLSGskOcspParms
  {
    OcspAiaEnable                 Off
    OcspClientCacheSize           256
  }
}
TTLSConnectionAction              cAct1~zCEE
{
  HandshakeRole                   Client
  TTLSCipherParmsRef              cipher1~AT-TLS__Platinum
  CtraceClearText                 Off
  Trace                           2
}
TTLSKeyringParms                  keyR~WG31
{
  Keyring                         Liberty.KeyRing
}
TTLSCipherParms                   cipher1~AT-TLS__Platinum
{
  V3CipherSuites                  TLS_RSA_WITH_AES_256_CBC_SHA
  V3CipherSuites                  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
  V3CipherSuites                  TLS_AES_256_GCM_SHA384
}
IpAddr                            addr1
{
  Addr                            10.1.1.2
}
PortRange                         portR1
{
  Port                            1024-65535
}
PortGroup                         portG1
{
  PortRangeRef                    portR2
  PortRange
  {
    Port                          9444 9450
  }
}
PortRange                         portR2
{
  Port                            9443
}
P
printf 'TtlsRule Hand {\r\n\tJOBNAME ZWE1*  # all of them\r\n\tUserid  START*\r\n  localportrange 7553-7554\r\n\tDirection INBOUND\r\n ttlsgroupactionref G#1\r\n TTLSEnvironmentActionRef E.1\r\n}\r\n#\r\nTTLSGroupAction G#1\r\n{\r\nTTLSENABLED ON # yes\r\ntrace 255\r\n}\r\nTTLSEnvironmentAction E.1\r\n{\r\n  HandshakeRole ServerWithClientAuth\r\n  TTLSKeyRingParms\r\n  {\r\n    Keyring ZWE/ring\r\n  }\r\n  TTLSSignatureParms {\r\n    CLientECurves Any\r\n    SignaturePairs 060305030403\r\n    SignaturePairs TLS_SIGALG_SHA256_WITH_RSA\r\n  }\r\n  TTLSEnvironmentAdvancedParms\r\n  {\r\n    ServerCertificateLabel a label with blanks  # and a comment\r\n    CertificateLabel\r\n    ClientAuthType SAFCHECK\r\n  }\r\n}\r\n' >forms/hand
# Both without a false alarm.
for form in assistant hand; do runs "a policy as $form writes it" 0 sallyport pagent --check forms/$form; done
cat >forms/defects <<'P'
TTLSRule one
{
  RemotePortRange 70000
  Direction Sideways
  Priority 0
  TTLSGroupActionRef nowhere
}
TTLSRule two
{
  Direction Outbound
  TTLSGroupActionRef g
}
TTLSGroupAction g
{
  TTLSEnabled Maybe
  Trace 256
  Tracing 2
}
IpAddr mapped
{
  Addr ::ffff:10.0.0.1
}
TTLSCipherParms c
{
  V3CipherSuites4Char 130
  V3CipherSuites TLS_NO_SUCH_SUITE
}
TTLSKeyringParms k
{
}
IpAddrSet s
{
  Prefix 10.0.0.0/33
}
TTLSEnvironmentAdvancedParms a
{
  HandshakeTimeout 601
  PeerMinECCKeySize 522
  ServerHandshakeSNIList nolabel
}
Nonsense x
{
}
TTLSGroupAction g2
{
  TTLSEnabled On
P
runs "a policy with defects" 1 sallyport pagent --check forms/defects
for line in 3 4 5 6 8 15 16 17 21 25 26 28 33 37 38 39 41 46; do like "$OUT" "forms/defects:$line: error: " "each by its line: $line"; done
like "$OUT" "^18 errors" "and no other"
iconv -f UTF-8 -t UTF-16LE forms/assistant >forms/utf16; runs "a policy in UTF-16" 1 sallyport pagent --check forms/utf16
like "$OUT" "forms/utf16:1: error: found the byte 0x00, expected lines of text" "what is wrong with it"
like "$OUT" "^1 errors" "once"
iconv -f UTF-8 -t IBM1047 forms/assistant >forms/ebcdic; runs "in EBCDIC" 0 sallyport pagent --check forms/ebcdic
head -c 1500 forms/assistant >forms/cut; runs "a policy that ends in the middle" 1 sallyport pagent --check forms/cut

# --- the order of rules -------------------------------------------------------------------------
cp "$policy" keep
{ cat keep; for pair in low=1 b-same=10 a-same=10 B-same=10 top=255 other=2; do printf 'TTLSRule %s\n{\n  RemotePortRange 8690\n  Direction Outbound\n  Priority %s\n  TTLSGroupActionRef off\n}\n' "${pair%=*}" "${pair#*=}"; done; printf 'TTLSGroupAction off\n{\n  TTLSEnabled Off\n  Trace 4\n}\n'; } >"$policy"
policy_refresh; ok $? "rules with priorities"
like "$(sallyport pasearch -t -r | sed -n 's/^policyRule: *//p' | tr '\n' ' ')" '^top B-same a-same b-same other ' "the highest first, equal ones by name"
hits() { mark; bash -c 'exec 3<>/dev/tcp/10.77.0.2/8690; echo open words >&3; timeout 5 cat <&3' >/dev/null 2>&1; wait_for 5 said 'EZD1281I .*REMOTE: 10\.77\.0\.2\.\.8690 '; since | sed -n 's/.*STATUS: Not Enabled RULE: \([^ ]*\) .*/\1/p'; }
is "$(hits)" top "which is how a connection finds its rule"
sed -i '/^TTLSRule top/,/^}/d' "$policy"; policy_refresh; is "$(hits)" B-same "and the next one"

# What is defined twice is the later one, for a block in an action, too.
{ cat keep; printf 'TTLSRule twice\n{\n  RemotePortRange 8690\n  Direction Outbound\n  TTLSGroupActionRef off\n  TTLSEnvironmentActionRef twice\n}\nTTLSEnvironmentAction twice\n{\n  HandshakeRole Client\n  TTLSKeyringParms ring\n  {\n    Keyring FORMER/R\n  }\n}\nTTLSGroupAction off\n{\n  TTLSEnabled Off\n}\nTTLSKeyringParms ring\n{\n  Keyring LATTER/R\n}\n'; } >"$policy"
policy_refresh; ok $? "a policy that defines a block twice"
like "$(sallyport pasearch -t)" 'Keyring: +LATTER/R' "is installed with the later one"
unlike "$(sallyport pasearch -t)" 'FORMER/R' "the former one is gone"
cp keep "$policy"; policy_refresh

# --- objects: the exercise's policy made again, installed the same ------------------------------
shown() { sallyport pasearch -t --json | jq -S 'del(.. | .created?, .updated?, .instance?, .line?, .id?)'; }
cp "$SALLYPORT_SOURCE/samples/policy/tlsPol" "$policy"; policy_refresh; ok $? "the exercise's policy"
wanted=$(shown); like "$wanted" 'zCEEClientRule~1' "is installed"
cp keep "$policy"; policy_refresh
sallyport assist --output "$policy" "$SALLYPORT_SOURCE/samples/policy/store.json" 2>said; ok $? "made of its objects"
runs "which the agent's check takes" 0 sallyport pagent --check "$policy"
policy_refresh; is "$(shown)" "$wanted" "pasearch shows the same rule and actions"
cp keep "$policy"; policy_refresh

# --- trace bits: each its own messages and no other -------------------------------------
ids() { since | grep -o 'EZD128[1-7]I' | sort -u | tr '\n' ' '; }
says() { # BIT WHEN-GOOD WHEN-BAD
    mark; like "$(asks $((8561 + $1)))" MARKER "Trace $1: served"
    [ -z "$2" ] || wait_for 5 eval '[ "$(ids)" = "'"$2"'" ]'
    is "$(ids)" "$2" "Trace $1: a handshake that works"
    mark; unlike "$(asks $((8611 + $1)))" MARKER "Trace $1: refused"
    [ -z "$3" ] || wait_for 5 eval '[ "$(ids)" = "'"$3"'" ]'
    is "$(ids)" "$3" "Trace $1: one that fails"
}
says 1 "" "EZD1287I "
says 2 "" "EZD1286I "
says 4 "EZD1281I " "EZD1281I "
says 8 "EZD1282I EZD1283I " "EZD1282I EZD1283I "
says 16 "EZD1282I EZD1284I " "EZD1282I EZD1284I "
says 32 "EZD1285I " ""

# --- EnvironmentUserInstance: a new environment, an empty cache --------------------------
resumes() { asks 8560 | grep -q 'MARKER resumed'; }
all_resume() { for _ in 1 2 3 4; do resumes || return 1; done; }
wait_for 15 all_resume; ok $? "sessions are resumed"
policy_refresh
wait_for 15 all_resume; ok $? "also after a refresh of the same policy"
before=$(sallyport pasearch -t -r -f out | grep -c .)
sed -i 's/EnvironmentUserInstance 7/EnvironmentUserInstance 8/' "$policy"; policy_refresh
like "$(asks 8560)" 'MARKER new' "EnvironmentUserInstance: the cache is empty"
[ "$before" -gt 0 ]; ok $? "the rule is shown"

# --- who inherits a connection ------------------------------------------------------------
cat >heirs.py <<'PY'
import os, socket, sys
def talk(s, what):
    s.sendall(what + b"\n"); print(s.makefile("rb").readline().decode().strip(), flush=True)
s = socket.create_connection(("10.77.0.2", 8560), 10)
if os.fork() == 0:
    talk(s, b"child"); os._exit(0)
os.wait()
talk(s, b"parent")
a, b = socket.socketpair()
t = socket.create_connection(("10.77.0.2", 8560), 10)
if os.fork() == 0:
    os.setresuid(65534, 65534, 65534)
    fd = socket.recv_fds(b, 10, 1)[1][0]
    t = socket.socket(fileno=fd); t.settimeout(10)
    talk(t, b"stranger"); os._exit(0)
socket.send_fds(a, [b"x"], [t.fileno()]); t.close()
os.wait()
PY
OUT=$(timeout 30 python3 heirs.py 2>&1 | tr '\n' ' ')
like "$OUT" 'MARKER (new|resumed) child MARKER (new|resumed) parent MARKER (new|resumed) stranger' "a child, and a process that was given the descriptor"
cp /bin/bash other; chown 50001 other; chmod 4755 other
OUT=$(timeout 20 ./other -p -c 'exec 3<>/dev/tcp/10.77.0.2/8560; echo "of $EUID" >&3; head -1 <&3' 2>&1)
like "$OUT" 'MARKER (new|resumed) of 50001' "a set-uid program"

# --- private keys: with the angel alone -------------------------------------------------------
cat >search.py <<'PY'
# search.py PRIME PID...: which processes have this number in their memory?
import sys
prime = bytes.fromhex(sys.argv[1])
wanted = (prime, prime[::-1])
for pid in sys.argv[2:]:
    found = False
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            where, rights = line.split()[:2]
            if "rw" not in rights:
                continue
            start, end = (int(x, 16) for x in where.split("-"))
            if end - start > 1 << 30:
                continue  # the sanitizer's shadow
            try:
                mem.seek(start)
                data = mem.read(end - start)
            except (OSError, ValueError):
                continue
            found = found or any(w in data for w in wanted)
    print(pid, "has it" if found else "-")
PY
prime=$(openssl pkey -in USER1.pem -text -noout | sed -n '/^prime1/,/^prime2/p' | grep '^ ' | tr -d ' :\n' | sed 's/^00//')
[ "${#prime}" -ge 256 ]; ok $? "a prime of USER1's key"
OUT=$(python3 search.py "$prime" $(processes sallyport-ttls))
is "$(grep -c . <<<"$OUT")" "$(processes sallyport-ttls | wc -l)" "engines and broker are searched"
unlike "$OUT" 'has it' "no private key in engines and broker"
OUT=$(python3 search.py "$prime" $(processes sallyport-pagent)); unlike "$OUT" 'has it' "nor in agent and stack"
like "$(python3 search.py "$prime" $$; PRIME=$prime python3 -c '
import os, subprocess, sys
keep = bytearray.fromhex(os.environ["PRIME"])
print(subprocess.run([sys.executable, "search.py", os.environ["PRIME"], str(os.getpid())], capture_output=True, text=True).stdout)')" 'has it' "the search finds what is there"
wire_end; is "$(grep -ao 'MARKER\|hello\|stranger' wire | sort -u)" "" "no clear text on the wire"
done_testing
