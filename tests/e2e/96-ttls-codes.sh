# Return codes: certificates that are no good, in both roles, and peers that do
# not keep to the protocol. Each: reset, its code, and no byte of the program's
# on the wire.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
keys=$SALLYPORT_ROOT/etc/keys; mkdir "$keys"
authority_new '/CN=authority' <<'C'
[good]
basicConstraints=CA:FALSE
[toserver]
basicConstraints=CA:FALSE
extendedKeyUsage=clientAuth
[toclient]
basicConstraints=CA:FALSE
extendedKeyUsage=serverAuth
C
issue good good; issue forserver toserver; issue forclient toclient
dated() { # NAME START END
    key_new -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
    authority -extensions good -startdate "$2" -enddate "$3" -in "$1.csr" -out "$1.crt"; cat "$1.crt" "$1.key" >"$1.pem"
}
dated expired 20200101000000Z 20210101000000Z
dated future 20880101000000Z 20890101000000Z
key_new -x509 -subj /CN=self -days 2 -keyout self.key -out self.crt; cat self.crt self.key >self.pem
(mkdir other; cd other; authority_new /CN=other <<<$'[good]\nbasicConstraints=CA:FALSE'; issue unknown good); cp other/unknown.* .
openssl req -x509 -newkey rsa:1024 -nodes -keyout small.key -out /dev/null -subj /CN=x 2>/dev/null
openssl req -new -key small.key -subj /CN=small -out small.csr 2>/dev/null; authority -extensions good -in small.csr -out small.crt; cat small.crt small.key >small.pem
python3 - <<'PY'
# The last byte of the signature is another one.
import ssl
pem = open("good.crt").read(); pem = pem[pem.index("-----BEGIN"):]
der = bytearray(ssl.PEM_cert_to_DER_cert(pem)); der[-1] ^= 1
open("forged.pem", "w").write(ssl.DER_cert_to_PEM_cert(bytes(der)) + open("good.key").read())
PY
cp good.crt "$SALLYPORT_ROOT/datasets/IBMUSER.KEYLESS"
for command in "ADD('IBMUSER.KEYLESS') TRUST WITHLABEL('KEYLESS')" "CONNECT(LABEL('KEYLESS') RING(Liberty.KeyRing))"; do runs "RACDCERT ${command%%(*}" 0 sallyport racf "RACDCERT ID(USER1) $command"; done
sallyport racf "SETROPTS RACLIST(DIGTCERT DIGTRING) REFRESH" >/dev/null
cat good.pem ca.pem >"$keys/full.pem"; cat ca.pem >"$keys/nokey.pem"; cat good.pem >"$keys/noca.pem"; chmod 644 "$keys"/*
{
    group
    rule peers Outbound 8600-8649 Client /etc/keys/full.pem "PeerMinRsaKeySize 2048
    HandshakeTimeout 5"
    rule label Outbound 8650 Client USER1/Liberty.KeyRing "CertificateLabel NOSUCH"
    rule noca Outbound 8651 Client /etc/keys/noca.pem
    rule keyless Outbound 8652 Client USER1/Liberty.KeyRing "CertificateLabel KEYLESS"
    rule md5 Outbound 8653 Client /etc/keys/full.pem "" "" "TTLSSignatureParms
  {
    SignaturePairs 0101
  }"
    rule clients Inbound 8190 ServerWithClientAuth /etc/keys/full.pem "ClientAuthType Required
    PeerMinRsaKeySize 2048"
    rule nokey Inbound 8191 Server /etc/keys/nokey.pem
} >"$policy"
cat >peers.py <<'PY'
# peers.py: TLS servers with the certificates, then peers that say something
# else after the client's first message.
import socket, ssl, struct, threading
def alert(n): return b"\x15\x03\x03\x00\x02\x02" + bytes([n])
certs = ["good", "expired", "future", "self", "unknown", "forserver", "small", "forged"]
words = [alert(80), alert(90), alert(48), alert(49), alert(42), alert(40), alert(70), alert(20), alert(45), alert(44), alert(112), alert(116), b"", None,
         b"\x16\x03\x03\x00\x04\x63\x00\x00\x00", b"\x16\x03\x03\xff\xff" + b"x" * 65535, b"\x16\x09\x09\x00\x04\x02\x00\x00\x00", b"\x16\x03\x03\x00\x06\x02\x00\x00\x02\x03\x03", b"\x17\x03\x03\x00\x02hi"]
def tls(name):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.set_ciphers("ALL:@SECLEVEL=0"); c.load_cert_chain(name + ".pem")
    def serve(s):
        s = c.wrap_socket(s, server_side=True); s.sendall(b"MARKER " + s.makefile("rb").readline())
    return serve
def says(what):
    def serve(s):
        s.recv(4096)
        if what is None: s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif what: s.sendall(what); s.recv(4096)
        s.close()
    return serve
def run(serve, s):
    try: serve(s)
    except OSError as e: print(e, flush=True)
def listen(port, serve):
    l = socket.create_server(("10.77.0.2", port))
    while True: threading.Thread(target=run, args=(serve, l.accept()[0]), daemon=True).start()
for i, n in enumerate(certs): threading.Thread(target=listen, args=(8600 + i, tls(n))).start()
for i, w in enumerate(words): threading.Thread(target=listen, args=(8610 + i, says(w))).start()
for p in (8650, 8651, 8652, 8653): threading.Thread(target=listen, args=(p, tls("good"))).start()
print("up", flush=True)
PY
background nsenter -t "$PEER" -n python3 peers.py >peers.log 2>&1
wait_for 10 grep -q up peers.log; ok $? "peers"
for port in 8190 8191; do
    background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 -m http.server -b 10.77.0.1 $port >"in.$port" 2>&1
    wait_for 10 eval "ss -Hltn sport = :$port | grep -q LISTEN"
done
ttls_start
wire_start
asks() { timeout 20 python3 -c '
import socket, sys
try:
    s = socket.create_connection(("10.77.0.2", int(sys.argv[1])), 15); s.sendall(b"secret words\n"); print(s.recv(100))
    print("end")
except ConnectionResetError: print("reset")' "$1" 2>&1; }
refused() { # PORT RC NAME [EVENT]
    mark; is "$(asks "$1")" reset "$3: the program is reset"
    wait_for 5 said "EZD1287I TTLS Error RC: $2 ${4:-Initial Handshake}\$"; ok $? "$3: RC $2"
}
like "$(asks 8600)" 'MARKER secret words' "a good certificate"
n=0
for pair in expired=401 'not yet valid=401' self-signed=417 'of an unknown authority=435' "for clients only=440" "a small key=508" "a bad signature=413"; do n=$((n + 1)); refused $((8600 + n)) "${pair#*=}" "a server's certificate, ${pair%=*}"; done
n=0
for pair in 'internal_error=438' 'one that nobody knows=439' unknown_ca=435 access_denied=416 bad_certificate=414 handshake_failure=402 protocol_version=412 bad_record_mac=411 certificate_expired=401 certificate_revoked=431 unrecognized_name=448 certificate_required=403; do refused $((8610 + n)) "${pair#*=}" "the alert ${pair%=*}"; n=$((n + 1)); done
for pair in 'an end of file=420' 'a reset=406' 'an unknown message=410' 'a record of 65535 bytes=505' 'an unknown version=41[02]' 'half a ServerHello=41[05]' 'clear text as a record=5003'; do refused $((8610 + n)) "${pair#*=}" "instead of an answer, ${pair%=*}"; n=$((n + 1)); done
refused 8650 6 "a label that is not in the ring" 'Environment Init'
refused 8651 109 "a key database without authorities" 'Environment Init'
refused 8652 428 "a certificate of the ring that has no key" 'Environment Init'
refused 8653 5006 "signatures that the library has none of" 'Environment Init'
client() { printf 'GET /secret HTTP/1.0\r\n\r\n' | peer timeout 20 openssl s_client -ign_eof -connect 10.77.0.1:"$1" -cipher ALL:@SECLEVEL=0 "${@:2}" 2>&1; }
like "$(client 8190 -cert good.pem)" SimpleHTTP "a client's good certificate"
n=0
for pair in expired=401 future=401 self=417 unknown=435 forclient=440 small=508 forged=413; do
    mark; unlike "$(client 8190 -cert "${pair%=*}.pem")" SimpleHTTP "a client's certificate, ${pair%=*}: refused"
    wait_for 5 said "EZD1287I TTLS Error RC: ${pair#*=} Initial Handshake\$"; ok $? "RC ${pair#*=}"
done
mark; unlike "$(client 8190)" SimpleHTTP "no certificate: refused"; wait_for 5 said "EZD1287I TTLS Error RC: 403 "; ok $? "RC 403"
mark; unlike "$(client 8190 -cert good.pem -cipher RC4-MD5:NULL-MD5:@SECLEVEL=0 -tls1_2)" SimpleHTTP "no cipher in common: refused"; wait_for 5 said "EZD1287I TTLS Error RC: 402 Initial Handshake\$"; ok $? "RC 402"
mark; unlike "$(client 8191)" SimpleHTTP "a server without a certificate: refused"; wait_for 5 said "EZD1287I TTLS Error RC: 7 Environment Init\$"; ok $? "RC 7"
is "$(grep -c 'GET /secret' in.8190)" 1 "programs have seen the good client only"
wire_end; is "$(grep -ao 'secret words\|GET /secret\|SimpleHTTP' wire | sort -u)" "" "no byte of any program's on the wire"
is "$(grep -c 'PRIVATE KEY\|-----BEGIN' "$syslog" "$SALLYPORT_ROOT/tcpip/TCPIP1/stack.log" | sed 's/.*://' | sort -u)" 0 "nothing of keys in a log"
done_testing
