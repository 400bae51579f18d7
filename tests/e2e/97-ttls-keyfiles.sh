# AT-TLS with key database files instead of rings: PKCS12 and PEM, a password
# or a stash file, and each way in which they cannot be used; connections to
# addresses that no rule means are not touched.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
# A token with USER1's key, where there is a module for one.
MODULE=$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so 2>/dev/null | head -1)
TOKEN_RC=202
if [ -n "$MODULE" ] && command -v softhsm2-util >/dev/null; then
    mkdir -p "$SCRATCH/tokens"
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$SCRATCH/tokens" >"$SCRATCH/softhsm2.conf"
    SOFTHSM2_CONF=$SCRATCH/softhsm2.conf softhsm2-util --init-token --free --label SPTTLS --so-pin 87654321 --pin 12345678 >/dev/null
    chown -R 60005 "$SCRATCH/tokens" "$SCRATCH/softhsm2.conf"
    (umask 077; echo 12345678 >"$SCRATCH/pin")
    printf '%s\n' "token.module=$MODULE" token.label=SPTTLS "token.pin=$SCRATCH/pin" "token.env=SOFTHSM2_CONF=$SCRATCH/softhsm2.conf" >"$SALLYPORT_ROOT/etc/angel.conf"
    { sallyport shutdown; sallyport ipl; } >/dev/null 2>&1
    OUT=$(sallyport racf --file - 2>&1 <<'D'
SETROPTS CLASSACT(CRYPTOZ)
RDEFINE CRYPTOZ USER.SPTTLS UACC(NONE)
PERMIT USER.SPTTLS CLASS(CRYPTOZ) ID(IBMUSER) ACCESS(CONTROL)
RACDCERT BIND(ID(USER1) LABEL('USER1') TOKEN(SPTTLS) DEFAULT)
RACDCERT BIND(CERTAUTH LABEL('Liberty CA') TOKEN(SPTTLS))
D
    )
    unlike "$OUT" "return code (8|12)|SPT0310E" "a token"
    TOKEN_RC=0
fi
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
keys=$SALLYPORT_ROOT/etc/keys; mkdir "$keys"
openssl pkcs12 -export -in USER1.pem -certfile ca.pem -name 'My Label' -out "$keys/client.p12" -passout pass:export 2>/dev/null; ok $? "a PKCS12 file"
cat USER1.pem ca.pem >"$keys/client.pem"
cat LIBSERV.pem ca.pem >"$keys/server.pem"
echo 'KEYDB of another kind' >"$keys/old.kdb"
printf 'export\n' >"$keys/plain.sth"
python3 -c 'import sys; sys.stdout.buffer.write(bytes(b ^ 0xf5 for b in b"export\0".ljust(129, b"z")))' >"$keys/masked.sth"
printf '# of the group\nGSK_V3_SIDCACHE_SIZE=0\nGSK_V3_SESSION_TIMEOUT=nonsense\n' >"$keys/group.env"
chmod 644 "$keys"/*; chmod 600 "$keys/client.pem"
out() { rule "$1" Outbound "$2" Client "$3" "${4:-}" "RemoteAddr 10.77.0.0/24"; }
{
    group
    printf 'TTLSGroupAction genv\n{\n  TTLSEnabled On\n  Trace 31\n  TTLSGroupAdvancedParms\n  {\n    Envfile /etc/keys/group.env\n  }\n}\n'
    out p12 8521 "/etc/keys/client.p12
    KeyringPw export"
    out pem 8522 /etc/keys/client.pem
    out masked 8523 "/etc/keys/client.p12
    KeyringStashFile /etc/keys/masked.sth"
    out plain 8524 "/etc/keys/client.p12
    KeyringStashFile /etc/keys/plain.sth"
    out wrong 8525 "/etc/keys/client.p12
    KeyringPw Export"
    out none 8526 "/etc/keys/nosuch.p12
    KeyringPw export"
    out kdb 8527 "/etc/keys/old.kdb
    KeyringPw export"
    out label 8528 "/etc/keys/client.p12
    KeyringPw export" "CertificateLabel My Label"
    out nolabel 8529 "/etc/keys/client.p12
    KeyringPw export" "CertificateLabel Another"
    rule env Outbound 8531 Client "/etc/keys/client.p12
    KeyringPw export" "" "RemoteAddr 10.77.0.0/24
  TTLSGroupActionRef genv"
    out token 8530 "*TOKEN*/SPTTLS"
    out notoken 8532 "*TOKEN*/MINE"
    rule in Inbound 8092 ServerWithClientAuth /etc/keys/server.pem "ClientAuthType Required" "RemoteAddr 10.77.0.0/24"
    rule inhidden Inbound 8093 Server /etc/keys/client.pem "" "RemoteAddr 10.77.0.0/24"
} >"$policy"
cat >many.py <<'PY'
# TLS servers on the ports: say the name of the client that came.
import socket, ssl, threading
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain("LIBSERV.pem")
c.load_verify_locations("ca.pem")
c.verify_mode = ssl.CERT_OPTIONAL
def serve(raw):
    try:
        s = c.wrap_socket(raw, server_side=True)
        line = s.makefile("rb").readline()
        who = dict(x[0] for x in (s.getpeercert() or {}).get("subject", ()))
        how = b" resumed " if s.session_reused else b" new "
        s.sendall(b"MARKER " + who.get("commonName", "nobody").encode() + how + line)
        s.unwrap().close()
    except OSError as e:
        print(e, flush=True)
def listen(port):
    l = socket.create_server(("10.77.0.2", port))
    while True:
        threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
for p in range(8521, 8533):
    threading.Thread(target=listen, args=(p,)).start()
print("up", flush=True)
PY
background nsenter -t "$PEER" -n python3 many.py >servers.log 2>&1
wait_for 10 grep -q up servers.log; ok $? "servers"
ttls_start
wire_start
asks() { timeout 20 bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo hello >&3; head -1 <&3" 2>&1; }
# goes PORT RC WHAT: RC 0: served; the return code otherwise.
goes() {
    mark
    OUT=$(asks "$1")
    if [ "$2" = 0 ]; then like "$OUT" "^MARKER USER1 (${4:-new|resumed}) hello" "$3: used"; return; fi
    unlike "$OUT" MARKER "$3: refused"
    wait_for 5 said "EZD1287I TTLS Error RC: $2 Environment Init"; ok $? "$3: RC $2"
}
goes 8521 0 "PKCS12 with KeyringPw"
goes 8522 0 "PEM"
goes 8523 0 "PKCS12 with a stash file"
goes 8524 0 "PKCS12 with a password file"
goes 8528 0 "CertificateLabel of a file"
resumes() { asks 8521 | grep -q ' resumed '; }
wait_for 10 resumes; ok $? "sessions are resumed"
for i in 1 2 3 4; do goes 8531 0 "Envfile: no cache of sessions" new; done
goes 8525 106 "a wrong password"
goes 8526 202 "no such file"
goes 8527 102 "a key database of the original"
goes 8529 407 "a label that is not in the file"
goes 8530 $TOKEN_RC "a PKCS#11 token"
goes 8532 416 "one that is not for this user"
cat "$SALLYPORT_ROOT/tcpip/TCPIP1/stack.log" >stack.log
like "$(cat stack.log)" 'old.kdb: expected PKCS12, PEM' "what is expected is said"
unlike "$(cat stack.log "$syslog")" 'export$|"export"' "no password in a log"
is "$(sallyport pasearch -t | grep -c 'export')" 0 "nor in a display"
for port in 8092 8093; do
    background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 -m http.server -b 10.77.0.1 -d / $port >"in.$port" 2>&1
    wait_for 10 eval "ss -Hltn sport = :$port | grep -q LISTEN"
done
like "$(peer "${CURL[@]}" -k --cert USER1.pem https://10.77.0.1:8092/etc/hostname)" "$(cat /etc/hostname)" "a server's PEM file, a client of its authority's"
unlike "$(peer "${CURL[@]}" -k https://10.77.0.1:8092/etc/hostname)" "$(cat /etc/hostname)" "not without a certificate"
mark
unlike "$(peer "${CURL[@]}" -k https://10.77.0.1:8093/etc/hostname)" "$(cat /etc/hostname)" "a file that the listener's user may not read"
wait_for 5 said 'EZD1287I TTLS Error RC: 202'; ok $? "RC 202"

# --- addresses that no rule means ------------------------------------------------------
background python3 -c '
import socket
l = socket.create_server(("127.0.0.1", 8521))
while True: l.accept()[0].sendall(b"clear\n")'
wait_for 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8521'
steered() { sallyport netstat --json TTLS | jq .steered; }
before=$(steered)
OUT=$(bash -c 'exec 3<>/dev/tcp/127.0.0.1/8521; head -1 <&3'); is "$OUT" clear "the same port of another address"
is "$(steered)" "$before" "the engines have not seen it"
goes 8521 0 "the rule's address still"
is "$(steered)" $((before + 1)) "which they have"
wire_end; is "$(grep -ao 'MARKER\|hello' wire | sort -u)" "" "no clear text on the wire"
done_testing
