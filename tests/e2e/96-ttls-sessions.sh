# What a policy's parameters make of a handshake: what a client offers, what a
# server chooses, which sessions are taken up again, who may negotiate anew.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
old='TLSv1.3 Off'
out() { rule "$1" Outbound "$2" Client USER1/Liberty.KeyRing "$3" "" "${4:-}"; }
into() { rule "$1" Inbound "$2" Server LIBSERV/Liberty.KeyRing "$3" "" "${4:-}"; }
block() { local name=$1; shift; printf '%s\n  {\n' "$name"; printf '    %s\n' "$@"; printf '  }\n'; }
{
    group
    out plain 8600 ""
    out curves 8601 "" "$(block TTLSSignatureParms 'ClientECurves 00250024' 'ClientKeyShareGroups 0024')"
    out ems 8602 "ClientExtendedMasterSecret Off
    $old"
    out old 8603 "$old"
    out notickets 8604 "$old" "$(block TTLSGskAdvancedParms 'GSK_SESSION_TICKET_CLIENT_ENABLE Off')"
    out middle 8605 "MiddleBoxCompatMode On"
    out pairs 8606 "" "$(block TTLSSignatureParms 'SignaturePairs 04030601')"
    out suiteb 8607 "$old" "SuiteBProfile 128"
    out suiteb192 8610 "TLSv1.3 On" "SuiteBProfile 192"
    out v11 8608 "TLSv1.1 On
    TLSv1.2 Off
    $old"
    out ciphers 8609 "$old" "$(block TTLSCipherParms 'V3CipherSuites4Char C030' 'V3CipherSuites4Char C02F')"
    out reneg 8620 "Renegotiation All
    RenegotiationCertCheck On
    $old"
    out renegany 8621 "Renegotiation All
    $old"
    out renegsame 8622 "Renegotiation All
    RenegotiationCertCheck On
    $old"
    out renegno 8623 "$old"
    out few 8630-8637 "" "$(block TTLSGskAdvancedParms 'GSK_SESSION_TICKET_CLIENT_MAXCACHED 1')"
    out many 8640-8647 ""
    into sdefault 8100 ""
    into sems 8101 "ServerExtendedMasterSecret Off
    $old"
    into skex 8102 "$old" "$(block TTLSSignatureParms 'ServerKexECurves 0024')"
    into sshare 8103 "" "$(block TTLSSignatureParms 'ServerKeyShareGroups 0025')"
    into snotickets 8104 "" "$(block TTLSGskAdvancedParms 'GSK_SESSION_TICKET_SERVER_ENABLE Off')"
    into scount 8105 "" "$(block TTLSGskAdvancedParms 'GSK_SESSION_TICKET_SERVER_COUNT 5' 'GSK_SESSION_TICKET_SERVER_ALGORITHM AESCBC256')"
    into sshort 8106 "" "$(block TTLSGskAdvancedParms 'GSK_SESSION_TICKET_SERVER_TIMEOUT 1' 'GSK_SESSION_TICKET_SERVER_KEY_REFRESH 1')"
    into snocache 8107 "$old" "$(block TTLSGskAdvancedParms 'GSK_SESSION_TICKET_SERVER_ENABLE Off' 'GSK_V3_SIDCACHE_SIZE 0')"
    into snotime 8108 "$old" "$(block TTLSGskAdvancedParms 'GSK_SESSION_TICKET_SERVER_ENABLE Off' 'GSK_V3_SESSION_TIMEOUT 0')"
    into scache 8109 "$old" "$(block TTLSGskAdvancedParms 'GSK_SESSION_TICKET_SERVER_ENABLE Off')"
    into sshared 8112 "" "$(block TTLSGskAdvancedParms 'GSK_SYSPLEX_SESSION_TICKET_CACHE On')"
    into ssid 8113 "" "$(block TTLSGskAdvancedParms 'GSK_SYSPLEX_SIDCACHE On')"
    into sreneg 8110 "Renegotiation All
    $old"
    into sdisabled 8111 "Renegotiation Disabled
    $old"
} >"$policy"
head -c 64 /dev/urandom >"$SALLYPORT_ROOT/etc/sysplex.ticketkeys"; chmod 600 "$SALLYPORT_ROOT/etc/sysplex.ticketkeys"
cat >hello.py <<'PY'
# Says what a ClientHello offers, and hangs up; further ports are TLS servers.
import socket, ssl, struct, threading
def words(b): return ",".join("%04X" % w for w in struct.unpack("!%dH" % (len(b) // 2), b))
def read(s, n):
    b = b""
    while len(b) < n:
        more = s.recv(n - len(b))
        if not more: raise OSError("end")
        b += more
    return b
def one(port, s):
    h = read(s, 5); b = read(s, struct.unpack("!H", h[3:])[0])
    at = 4; version = b[4:6].hex(); at = 38
    n = b[at]; sid = n; at += 1 + n
    n = struct.unpack_from("!H", b, at)[0]; ciphers = words(b[at + 2:at + 2 + n]); at += 2 + n
    at += 1 + b[at]; end = at + 2 + struct.unpack_from("!H", b, at)[0]; at += 2
    ext = {}
    while at < end:
        t, n = struct.unpack_from("!HH", b, at); ext[t] = b[at + 4:at + 4 + n]; at += 4 + n
    shares, k = [], ext.get(51, b"")[2:]
    while k:
        g, n = struct.unpack_from("!HH", k); shares.append("%d" % g); k = k[4 + n:]
    groups = ",".join("%d" % g for g in struct.unpack("!%dH" % ((len(ext.get(10, b"")) - 2) // 2), ext[10][2:])) if 10 in ext else ""
    print(port, "version=%s sid=%d ciphers=%s groups=%s shares=%s ems=%d ticket=%d pairs=%s." % (
        version, sid, ciphers, groups, ",".join(shares), 23 in ext, 35 in ext, words(ext.get(13, b"")[2:])), flush=True)
    s.close()
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain("LIBSERV.pem")
def line(port, raw):
    try:
        s = c.wrap_socket(raw, server_side=True)
        for text in s.makefile("rb"):
            s.sendall(b"MARKER " + (b"resumed " if s.session_reused else b"new ") + text)
    except OSError:
        pass
def listen(what, port):
    l = socket.create_server(("10.77.0.2", port))
    while True:
        threading.Thread(target=what, args=(port, l.accept()[0]), daemon=True).start()
for p in range(8600, 8611): threading.Thread(target=listen, args=(one, p)).start()
for p in list(range(8630, 8638)) + list(range(8640, 8648)): threading.Thread(target=listen, args=(line, p)).start()
print("up", flush=True)
PY
cat >renegotiate.c <<'C'
/* renegotiate PORT FIRST SECOND: a server of TLS 1.2 that, when it has read a
 * line, negotiates anew, with another certificate, and then answers. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    int one = 1, l = socket(AF_INET, SOCK_STREAM, 0);

    if (argc != 4)
        return 2;
    at.sin_port = htons((unsigned short)atoi(argv[1]));
    inet_pton(AF_INET, "10.77.0.2", &at.sin_addr);
    setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(l, (struct sockaddr *)&at, sizeof at) != 0 || listen(l, 5) != 0)
        return 1;
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    puts("up");
    fflush(stdout);
    for (;;) {
        int fd = accept(l, NULL, NULL), n;
        SSL *ssl = SSL_new(ctx);
        char text[200];

        SSL_set_fd(ssl, fd);
        SSL_use_certificate_file(ssl, argv[2], SSL_FILETYPE_PEM);
        SSL_use_PrivateKey_file(ssl, argv[2], SSL_FILETYPE_PEM);
        if (SSL_accept(ssl) == 1 && SSL_read(ssl, text, sizeof text) > 0) {
            SSL_use_certificate_file(ssl, argv[3], SSL_FILETYPE_PEM);
            SSL_use_PrivateKey_file(ssl, argv[3], SSL_FILETYPE_PEM);
            /* The request goes out; the client's answer is read with data. */
            SSL_renegotiate(ssl);
            SSL_do_handshake(ssl);
            n = SSL_read(ssl, text, sizeof text);
            if (n > 0 && !SSL_renegotiate_pending(ssl))
                SSL_write(ssl, "MARKER again\n", 13);
        }
        SSL_free(ssl);
        close(fd);
    }
}
C
gcc -o renegotiate renegotiate.c -lssl -lcrypto 2>cc.log; ok $? "a server that negotiates anew"; note "$(cat cc.log)"
background nsenter -t "$PEER" -n python3 hello.py >hello.log 2>&1; wait_for 10 grep -qx up hello.log; ok $? "servers"
for row in 8620:LIBSERV:USER1 8621:LIBSERV:USER1 8622:LIBSERV:LIBSERV 8623:LIBSERV:LIBSERV; do
    IFS=: read -r port first second <<<"$row"
    background nsenter -t "$PEER" -n ./renegotiate "$port" "$first.pem" "$second.pem" >"re.$port" 2>&1
    wait_for 10 grep -qx up "re.$port" || fail "renegotiate $port"
done
ttls_start
wire_start

# --- what a client offers -----------------------------------------------------------------
asks() { timeout 20 bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo hello >&3; head -1 <&3" 2>&1; }
offers() { # PORT PATTERN NAME [PATTERN-THAT-MUST-NOT-MATCH]
    asks "$1" >/dev/null; wait_for 10 grep -q "^$1 " hello.log
    like "$(grep "^$1 " hello.log | tail -1)" "$2" "$3"
    [ -z "${4:-}" ] || unlike "$(grep "^$1 " hello.log | tail -1)" "$4" "$3, and no more"
}
offers 8600 'version=0303 sid=0 ciphers=1302,1301,1303,C02C.* groups=23,21,24,25,.*29?.* shares=23 ems=1 ' "defaults, TLS 1.3 without compatibility"
offers 8601 'groups=24,25 shares=24 ' "ClientECurves, ClientKeyShareGroups"
offers 8602 ' ems=0 ' "ClientExtendedMasterSecret Off"
offers 8603 ' ems=1 ticket=1 ' "TLS 1.2"
offers 8604 ' ticket=0 ' "GSK_SESSION_TICKET_CLIENT_ENABLE Off"
offers 8605 ' sid=32 ' "MiddleBoxCompatMode On"
offers 8606 ' pairs=0403,0601\.' "SignaturePairs"
offers 8607 ' ciphers=C02B(,00FF)? groups=23 .* pairs=0403\.' "SuiteBProfile 128"
offers 8610 'version=0303 .* ciphers=C02C(,00FF)? groups=24 shares= .* pairs=0503\.' "SuiteBProfile 192: not TLS 1.3"
offers 8608 'version=0302 ' "TLSv1.1 alone" 'C02F|1301'
offers 8609 ' ciphers=C030,C02F(,00FF)? ' "V3CipherSuites4Char: order and no other"

# --- sessions of a client -----------------------------------------------------------------
engines=$(pgrep -P "$(stack_pid)" -f -c -- --engine)
pass_over() { for n in 0 1 2 3 4 5 6 7; do asks "$1$n"; done | grep -c 'MARKER resumed'; }
pass_over 863 >/dev/null; got=$(pass_over 863)
[ "$got" -le "$engines" ]; ok $? "GSK_SESSION_TICKET_CLIENT_MAXCACHED 1: $engines engines, $got of 8 resumed"
wait_for 60 eval '[ "$(pass_over 864)" -gt "$engines" ] || [ "$engines" -ge 8 ]'; ok $? "not coded: more"

# --- negotiating anew: as a client --------------------------------------------------------
talks() { timeout 20 bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo hello >&3; sleep 1; echo more >&3; head -1 <&3" 2>&1; }
like "$(talks 8621)" 'MARKER again' "Renegotiation All: a server may, with another certificate"
like "$(talks 8622)" 'MARKER again' "RenegotiationCertCheck On: with the same one"
mark; unlike "$(talks 8620)" 'MARKER' "with another: refused"
wait_for 10 said 'EZD128[67]I .*RC: 414'; ok $? "RC 414"
unlike "$(talks 8623)" 'MARKER' "Renegotiation Default: refused"

# --- what a server chooses ------------------------------------------------------------------
for port in {8100..8113}; do
    background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 -m http.server -b 10.77.0.1 $port >"in.$port" 2>&1
    wait_for 10 eval "ss -Hltn sport = :$port | grep -q LISTEN"
done
client() { printf 'HEAD / HTTP/1.0\r\n\r\n' | peer timeout 20 openssl s_client -ign_eof -connect 10.77.0.1:"$1" "${@:2}" 2>&1; }
client 8100 >c; like "$(cat c)" 'SimpleHTTP' "a server"
is "$(grep -c 'New Session Ticket arrived' c)" 2 "GSK_SESSION_TICKET_SERVER_COUNT: two tickets"
like "$(client 8101)" 'Extended master secret: no' "ServerExtendedMasterSecret Off"
like "$(client 8109)" 'Extended master secret: yes' "On"
like "$(client 8102)" 'Temp Key: ECDH, secp384r1' "ServerKexECurves"
like "$(client 8103)" 'Temp Key: ECDH, secp521r1' "ServerKeyShareGroups"
unlike "$(client 8104)" 'New Session Ticket arrived' "GSK_SESSION_TICKET_SERVER_ENABLE Off"
unlike "$(client 8104 -tls1_2)" 'TLS session ticket:' "in TLS 1.2, too"
client 8105 -sess_out s5 >c; is "$(grep -c 'New Session Ticket arrived' c)" 5 "GSK_SESSION_TICKET_SERVER_COUNT 5"
like "$(client 8105 -sess_in s5)" '^Reused' "GSK_SESSION_TICKET_SERVER_ALGORITHM AESCBC256: taken up again"
client 8100 -sess_out s0 >c; client 8106 -sess_out s6 >c; sleep 4
like "$(client 8100 -sess_in s0)" '^Reused' "a ticket that is not old"
like "$(client 8106 -sess_in s6)" '^New' "GSK_SESSION_TICKET_SERVER_TIMEOUT: one that is"
reuses() { client "$1" -reconnect | grep -c '^Reused'; }
wait_for 30 eval '[ "$(reuses 8109)" -gt 0 ]'; ok $? "sessions by their id"
is "$(reuses 8107)" 0 "GSK_V3_SIDCACHE_SIZE 0"
is "$(reuses 8108)" 0 "GSK_V3_SESSION_TIMEOUT 0"
anew() { (sleep 1; echo R; sleep 1; printf 'HEAD / HTTP/1.0\r\n\r\n'; sleep 2) | peer timeout 30 openssl s_client -tls1_2 -connect 10.77.0.1:"$1" 2>&1; }
like "$(anew 8110)" 'SimpleHTTP' "Renegotiation All: a client may"
for port in 8109 8111; do unlike "$(anew $port)" 'SimpleHTTP' "Renegotiation $([ $port = 8109 ] && echo Default || echo Disabled): refused"; done

# --- another stack: what it shares is the file, if it is root's alone ------------------------------
another_stack() { mark; kill -9 "$(stack_pid)"; wait_for 20 said 'EZD1586I'; wait_for 20 eval 'client 8112 | grep -q SimpleHTTP'; }
for port in 8112 8113; do for v in 2 3; do client $port -tls1_$v -sess_out s$port.$v >c; done; done; client 8100 -sess_out s0 >c
another_stack
like "$(client 8112 -tls1_3 -sess_in s8112.3)" '^Reused' "GSK_SYSPLEX_SESSION_TICKET_CACHE: another stack takes the ticket"
like "$(client 8112 -tls1_2 -sess_in s8112.2)" '^New' "not a session of TLS 1.2"
like "$(client 8113 -tls1_2 -sess_in s8113.2)" '^Reused' "GSK_SYSPLEX_SIDCACHE: another stack takes the session of TLS 1.2"
like "$(client 8113 -tls1_3 -sess_in s8113.3)" '^New' "not a ticket of TLS 1.3"
like "$(client 8100 -sess_in s0)" '^New' "Off: it does not"
client 8112 -sess_out s12 >c; chmod 644 "$SALLYPORT_ROOT/etc/sysplex.ticketkeys"
another_stack
like "$(client 8112 -sess_in s12)" '^New' "a file that others can read is not used"

wire_end; is "$(grep -ao 'MARKER\|hello\|SimpleHTTP' wire | sort -u)" "" "no clear text on the wire"
done_testing
