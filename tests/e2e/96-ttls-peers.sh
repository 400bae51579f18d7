# What a policy wants a peer to be: its certificate's version, key, signatures
# and names, the extensions it knows, whether it may negotiate anew. Each with a
# peer that is that, and one that is not, and which code it is refused with.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
keys=$SALLYPORT_ROOT/etc/keys; mkdir "$keys"
old='TLSv1.3 Off'
block() { local name=$1; shift; printf '%s\n  {\n' "$name"; printf '    %s\n' "$@"; printf '  }\n'; }

# --- an authority, and certificates of all kinds -----------------------------------------
authority_new '/CN=authority' <<'C'
[good]
basicConstraints=CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[bare]
basicConstraints=CA:FALSE
subjectKeyIdentifier=none
authorityKeyIdentifier=none
[named]
basicConstraints=CA:FALSE
subjectAltName=DNS:*.lab.example,DNS:alone.example
C
# As RFC 5280 wants it: with a key usage.
openssl req -x509 -key ca.key -subj /CN=authority -addext keyUsage=critical,keyCertSign,cRLSign -days 30 -out ca.pem
issue good good /CN=common.example; issue bare bare; issue named named /CN=common.example
issue star good '/CN=*.star.example'
printf '[req]\ndistinguished_name=d\n[d]\n' >v1.cnf # later OpenSSLs have to be told
V1=$(openssl req -help 2>&1 | grep -o -- '-x509v1 ')
openssl req -x509 $V1 -config v1.cnf -in bare.csr -CA ca.pem -CAkey ca.key -days 30 -out v1.crt 2>/dev/null; cat v1.crt bare.key >v1.pem
like "$(openssl x509 -in v1.crt -noout -text)" 'Version: 1 ' "a certificate of version 1"
made() { # NAME: NAME.key is there
    openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr" 2>/dev/null; authority -extensions good -in "$1.csr" -out "$1.crt"; cat "$1.crt" "$1.key" >"$1.pem"
}
openssl genrsa -out rsa1536.key 1536 2>/dev/null; made rsa1536
openssl ecparam -genkey -name secp224r1 -noout -out ec224.key; made ec224
for bits in 1024 2048; do openssl dsaparam -genkey -noout -out dsa$bits.key $bits 2>/dev/null; made dsa$bits; done
openssl genrsa -out rsa.key 2048 2>/dev/null; made rsa
cat good.pem ca.pem >"$keys/client.pem"
cat rsa.pem named.pem ca.pem >"$keys/server.pem"
chmod 644 "$keys"/*
out() { rule "$1" Outbound "$2" Client /etc/keys/client.pem "$3" "" "${4:-}"; }
into() { rule "$1" Inbound "$2" "${5:-Server}" /etc/keys/server.pem "$3" "" "${4:-}"; }
{
    group
    out v1any 8500 ""
    out v1three 8501 "PeerMinCertVersion 3"
    out rsafine 8502 "PeerMinRsaKeySize 1536"
    out rsasmall 8503 "PeerMinRsaKeySize 1537"
    out ecfine 8504 "PeerMinECCKeySize 224"
    out ecsmall 8505 "PeerMinECCKeySize 225"
    out any 8506 "CertValidationMode Any"
    out rfc5280 8507 "CertValidationMode RFC5280"
    out rfc5280good 8508 "CertValidationMode RFC5280"
    out dns 8510 "HostReferenceIdDNS alone.example"
    out dnsnot 8511 "HostReferenceIdDNS common.example"
    out dnsstar 8512 "HostReferenceIdDNS www.lab.example"
    out dnswild 8513 "HostReferenceIdDNS www.lab.example
    HostRefWildcardValidation On"
    out dnsdeep 8514 "HostReferenceIdDNS a.b.lab.example
    HostRefWildcardValidation On"
    out cn 8515 "HostReferenceIdCN Common.Example"
    out cnnot 8516 "HostReferenceIdCN alone.example"
    out either 8517 "HostReferenceIdDNS nobody.example
    HostReferenceIdCN common.example"
    out cnstar 8518 "HostReferenceIdCN www.star.example"
    out cnwild 8519 "HostReferenceIdCN www.star.example
    HostRefWildcardValidation On"
    out indoptional 8520 "$old"
    out indserver 8521 "RenegotiationIndicator Server
    $old"
    out indclient 8522 "RenegotiationIndicator Client
    $old"
    out indboth 8523 "RenegotiationIndicator Both
    $old"
    out indgood 8524 "RenegotiationIndicator Both
    $old"
    out noneg 8530 "$old"
    out abbreviated 8531 "Renegotiation Abbreviated
    $old"
    out full 8532 "Renegotiation Abbreviated
    $old"
    out anybody 8533 "Renegotiation All
    HostReferenceIdCN common.example
    $old"
    into sioptional 8100 "$old"
    into siclient 8101 "RenegotiationIndicator Client
    $old"
    into siserver 8102 "RenegotiationIndicator Server
    $old"
    into siboth 8103 "RenegotiationIndicator Both
    $old"
    into scsv 8104 "ServerScsv On"
    into snioff 8110 "ServerHandshakeSNIList second.example/key2"
    into sni 8111 "ServerHandshakeSNI Optional
    ServerHandshakeSNIMatch Optional
    ServerHandshakeSNIList second.example/key2"
    into snimust 8112 "ServerHandshakeSNI Required
    ServerHandshakeSNIMatch Required
    ServerHandshakeSNIList second.example/key2
    ServerHandshakeSNIList first.example/default"
    into snimustany 8113 "ServerHandshakeSNI Required
    ServerHandshakeSNIMatch Optional
    ServerHandshakeSNIList second.example/key2"
    into dsa 8120 "$old" "" ServerWithClientAuth
    into dsabig 8121 "PeerMinDsaKeySize 2048
    $old" "" ServerWithClientAuth
    into dsano 8122 "$old" "$(block TTLSSignatureParms 'SignaturePairs 040304010402')" ServerWithClientAuth
    into rabbreviated 8130 "Renegotiation Abbreviated
    $old"
} >"$policy"
cat >old.py <<'PY'
# GnuTLS without RFC 5746, as a server of PORTs or as a client of one.
import ctypes, socket, sys, threading
try: g = ctypes.CDLL("libgnutls.so.30")
except OSError: print("none", flush=True); sys.exit(0)
P = ctypes.c_void_p
prio = b"NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION"
cred = P(); g.gnutls_certificate_allocate_credentials(ctypes.byref(cred))
def session(s, kind):
    t = P(); g.gnutls_init(ctypes.byref(t), kind)
    g.gnutls_priority_set_direct(t, prio, None); g.gnutls_credentials_set(t, 1, cred)
    g.gnutls_transport_set_int2(t, s.fileno(), s.fileno())
    n = -28
    while n in (-28, -52): n = g.gnutls_handshake(t)
    return t, n
def serve(s):
    t, n = session(s, 1)
    if n == 0:
        b = ctypes.create_string_buffer(100); n = g.gnutls_record_recv(t, b, ctypes.c_size_t(100))
        if n > 0: g.gnutls_record_send(t, b"MARKER old\n", ctypes.c_size_t(11))
    s.close()
def listen(port):
    l = socket.create_server(("10.77.0.2", port))
    while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
if sys.argv[1] == "client":
    s = socket.create_connection(("10.77.0.1", int(sys.argv[2])), 10); s.setblocking(True)
    t, n = session(s, 2)
    if n != 0: print("handshake", n); sys.exit(1)
    g.gnutls_record_send(t, b"HEAD / HTTP/1.0\r\n\r\n", ctypes.c_size_t(19))
    b = ctypes.create_string_buffer(500); n = g.gnutls_record_recv(t, b, ctypes.c_size_t(500))
    print(b.raw[:max(n, 0)].decode()); sys.exit(0)
assert g.gnutls_certificate_set_x509_key_file(cred, b"good.pem", b"good.pem", 1) == 0
for p in sys.argv[2:]: threading.Thread(target=listen, args=(int(p),)).start()
print("up", flush=True)
PY
cat >anew.c <<'C'
/* anew server PORT full|short FIRST SECOND: TLS 1.2; a line, then a new
 * handshake, with another certificate, then an answer.
 * anew client PORT full|short: a handshake, a new one, a request. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/time.h>

static void
serve(SSL_CTX *ctx, int fd, const char *first, const char *second)
{
    SSL *ssl = SSL_new(ctx);
    char text[200];

    SSL_set_fd(ssl, fd);
    SSL_use_certificate_file(ssl, first, SSL_FILETYPE_PEM);
    SSL_use_PrivateKey_file(ssl, first, SSL_FILETYPE_PEM);
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, text, sizeof text) > 0) {
        SSL_use_certificate_file(ssl, second, SSL_FILETYPE_PEM);
        SSL_use_PrivateKey_file(ssl, second, SSL_FILETYPE_PEM);
        SSL_renegotiate(ssl);
        SSL_do_handshake(ssl);
        if (SSL_read(ssl, text, sizeof text) > 0 && !SSL_renegotiate_pending(ssl)) {
            SSL_write(ssl, "MARKER again\n", 13);
            printf("%s\n", SSL_session_reused(ssl) ? "resumed" : "new");
            fflush(stdout);
        }
    }
    SSL_free(ssl);
    close(fd);
}

int
main(int argc, char **argv)
{
    int is_server = argc > 4 && strcmp(argv[1], "server") == 0, one = 1;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2])) };
    SSL_CTX *ctx = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    int fd = socket(AF_INET, SOCK_STREAM, 0), is_short = strcmp(argv[3], "short") == 0;
    struct timeval limit = { 10, 0 };
    SSL *ssl;

    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"a", 1);
    if (!is_short)
        SSL_CTX_set_options(ctx, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION | SSL_OP_NO_TICKET);
    inet_pton(AF_INET, is_server ? "10.77.0.2" : "10.77.0.1", &at.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (is_server) {
        if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 5) != 0)
            return 1;
        puts("up");
        fflush(stdout);
        for (;;)
            serve(ctx, accept(fd, NULL, NULL), argv[4], argv[5]);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0 || SSL_connect(ssl) != 1)
        return 1;
    if ((is_short ? SSL_renegotiate_abbreviated(ssl) : SSL_renegotiate(ssl)) != 1 || SSL_do_handshake(ssl) != 1)
        puts("refused");
    if (SSL_write(ssl, "HEAD / HTTP/1.0\r\n\r\n", 19) > 0) {
        char text[500];
        int n = SSL_read(ssl, text, sizeof text);

        printf("%s %.*s\n", SSL_session_reused(ssl) ? "resumed" : "new", n > 0 ? n : 0, text);
    }
    return 0;
}
C
gcc -o anew anew.c -lssl -lcrypto 2>cc.log; ok $? "who negotiates anew"; note "$(cat cc.log)"
background nsenter -t "$PEER" -n python3 "$(dirname "$E2E_LIB")/tls_servers.py" 8500=v1 8501=v1 8502=rsa1536 8503=rsa1536 8504=ec224 8505=ec224 8506=bare 8507=bare 8508=good \
    8510=named 8511=named 8512=named 8513=named 8514=named 8515=named 8516=named 8517=named 8518=star 8519=star 8524=good >servers.log 2>&1
background nsenter -t "$PEER" -n python3 old.py server 8520 8521 8522 8523 >old.log 2>&1
wait_for 10 grep -q up servers.log; ok $? "servers"
wait_for 10 grep -q 'up\|none' old.log; HAS_OLD=; grep -q up old.log && HAS_OLD=1
for row in 8530:full:good:good 8531:short:good:good 8532:full:good:good 8533:full:good:star; do
    IFS=: read -r port how first second <<<"$row"
    background nsenter -t "$PEER" -n ./anew server "$port" "$how" "$first.pem" "$second.pem" >"anew.$port" 2>&1
    wait_for 10 grep -q up "anew.$port" || fail "anew $port"
done
for port in 8100 8101 8102 8103 8104 8110 8111 8112 8113 8120 8121 8122 8130; do
    background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 -m http.server -b 10.77.0.1 $port >"in.$port" 2>&1
    wait_for 10 eval "ss -Hltn sport = :$port | grep -q LISTEN"
done
ttls_start
wire_start

# --- certificates and names ---------------------------------------------------------------
asks() { timeout 20 bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo hello >&3; head -1 <&3" 2>&1; }
good() { like "$(asks "$1")" '^MARKER' "$2"; }
bad() { # PORT RC NAME
    mark; unlike "$(asks "$1")" MARKER "$3: refused"
    wait_for 5 said "EZD1287I TTLS Error RC: $2 "; ok $? "$3: RC $2"
}
good 8500 "PeerMinCertVersion Any: version 1"
bad 8501 405 "PeerMinCertVersion 3: version 1"
good 8502 "PeerMinRsaKeySize 1536: 1536 bits"
bad 8503 508 "PeerMinRsaKeySize 1537: 1536 bits"
good 8504 "PeerMinECCKeySize 224: 224 bits"
bad 8505 508 "PeerMinECCKeySize 225: 224 bits"
good 8506 "CertValidationMode Any: a certificate without key identifiers"
bad 8507 8 "CertValidationMode RFC5280: without"
good 8508 "CertValidationMode RFC5280: with"
good 8510 "HostReferenceIdDNS: a DNS name of it"
bad 8511 8 "HostReferenceIdDNS: its common name"
bad 8512 8 "HostReferenceIdDNS: a wildcard, not wanted"
good 8513 "HostRefWildcardValidation On: a wildcard"
bad 8514 8 "HostRefWildcardValidation On: two labels for one"
good 8515 "HostReferenceIdCN: its common name, in any case"
bad 8516 8 "HostReferenceIdCN: a DNS name of it"
good 8517 "one of both names will do"
bad 8518 8 "HostReferenceIdCN: a wildcard, not wanted"
good 8519 "HostRefWildcardValidation On: a common name's wildcard"
# --- RFC 5746 ---------------------------------------------------------------------------------
client() { printf 'HEAD / HTTP/1.0\r\n\r\n' | peer timeout 20 openssl s_client -ign_eof -connect 10.77.0.1:"$1" "${@:2}" 2>&1; }
serves() { like "$(client "${@:2}")" 'SimpleHTTP' "$1"; }
refuses() { # RC NAME PORT [options]
    mark; unlike "$(client "${@:3}")" 'SimpleHTTP' "$2: refused"
    wait_for 5 said "EZD1287I TTLS Error RC: $1 "; ok $? "$2: RC $1"
}
good 8524 "RenegotiationIndicator Both: a server that has it"
serves "RenegotiationIndicator Both: a client that has it" 8103
if [ -n "$HAS_OLD" ]; then
    olds() { peer timeout 20 python3 old.py client "$1" 2>&1; }
    good 8520 "RenegotiationIndicator Optional: a server without"
    good 8521 "RenegotiationIndicator Server: a server without"
    bad 8522 460 "RenegotiationIndicator Client: a server without"
    bad 8523 460 "RenegotiationIndicator Both: a server without"
    like "$(olds 8100)" SimpleHTTP "RenegotiationIndicator Optional: a client without"
    like "$(olds 8101)" SimpleHTTP "RenegotiationIndicator Client: a client without"
    for row in 8102:Server 8103:Both; do
        mark; unlike "$(olds "${row%:*}")" SimpleHTTP "RenegotiationIndicator ${row#*:}: a client without: refused"
        wait_for 5 said 'EZD1287I TTLS Error RC: 460 '; ok $? "RC 460"
    done
else
    note "no GnuTLS: nobody without RFC 5746"
fi
# --- negotiating anew -------------------------------------------------------------------------
talks() { timeout 20 bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo hello >&3; sleep 1; echo more >&3; head -1 <&3" 2>&1; }
anew_bad() { mark; unlike "$(talks "$1")" MARKER "$3: refused"; wait_for 5 said "EZD1287I TTLS Error RC: $2 "; ok $? "$3: RC $2"; }
anew_bad 8530 432 "Renegotiation Default"
like "$(talks 8531)" 'MARKER again' "Renegotiation Abbreviated: the session goes on"; is "$(tail -1 anew.8531)" resumed "it is the same"
anew_bad 8532 432 "Renegotiation Abbreviated: a new session"
anew_bad 8533 8 "Renegotiation All: another certificate, of another name"
mark; like "$(peer timeout 20 ./anew client 8100 full)" refused "Renegotiation Default: a client may not"
wait_for 5 said 'EZD1287I TTLS Error RC: 432 '; ok $? "RC 432"
like "$(peer timeout 20 ./anew client 8130 short)" 'resumed HTTP/1.0 200' "Renegotiation Abbreviated: a client's session goes on"
mark; unlike "$(peer timeout 20 ./anew client 8130 full)" 'HTTP/1.0 200' "not a new one"
wait_for 5 said 'EZD1287I TTLS Error RC: 432 '; ok $? "RC 432"
# --- servers ----------------------------------------------------------------------------------
serves "ServerScsv On: TLS 1.2" 8104 -tls1_2
refuses 412 "ServerScsv On: a fallback that was not needed" 8104 -tls1_2 -fallback_scsv
who() { client "$@" | sed -n 's/^subject=//p' | tr -d ' '; }
is "$(who 8110 -servername second.example)" CN=rsa "ServerHandshakeSNI Off"
is "$(who 8111 -servername second.example)" CN=common.example "ServerHandshakeSNI Optional: the label of the list"
is "$(who 8111 -servername SECOND.example)" CN=common.example "in any case"
is "$(who 8111 -servername other.example)" CN=rsa "ServerHandshakeSNIMatch Optional: another name"
is "$(who 8111 -noservername)" CN=rsa "no name"
is "$(who 8112 -servername first.example)" CN=rsa "ServerHandshakeSNIMatch Required: the first"
is "$(who 8112 -servername second.example)" CN=common.example "the second"
refuses 448 "ServerHandshakeSNIMatch Required: another name" 8112 -servername other.example
refuses 448 "ServerHandshakeSNI Required: no name" 8112 -noservername
is "$(who 8113 -servername other.example)" CN=rsa "ServerHandshakeSNI Required, Match Optional: another name"
refuses 448 "no name" 8113 -noservername
dsa() { client "$2" -cipher 'ALL:@SECLEVEL=0' -sigalgs 'DSA+SHA256:ECDSA+SHA256:RSA+SHA256' -cert "$1.pem" -key "$1.key"; }
like "$(dsa dsa1024 8120)" SimpleHTTP "PeerMinDsaKeySize: 1024 bits"
like "$(dsa dsa2048 8121)" SimpleHTTP "PeerMinDsaKeySize 2048: 2048 bits"
mark; unlike "$(dsa dsa1024 8121)" SimpleHTTP "1024 bits: refused"
wait_for 5 said 'EZD1287I TTLS Error RC: 508 '; ok $? "RC 508"

wire_end; is "$(grep -ao 'MARKER\|hello\|SimpleHTTP' wire | sort -u)" "" "no clear text on the wire"
done_testing
