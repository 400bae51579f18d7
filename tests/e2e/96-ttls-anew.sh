# Renegotiation All, a server whose key the angel keeps: a client that negotiates
# anew, again and again, is served; while the angel does
# not answer it waits, and nobody else does.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
{
    group
    rule anew Inbound 8131 Server LIBSERV/Liberty.KeyRing "Renegotiation All
    TLSv1.3 Off"
    rule known Inbound 8132 ServerWithClientAuth LIBSERV/Liberty.KeyRing "Renegotiation All
    ClientAuthType SAFCheck
    TLSv1.3 Off"
} >"$policy"
cat >echo.py <<'PY'
import socket, threading
def serve(s):
    try:
        for line in s.makefile("rb"): s.sendall(b"MARKER " + line)
    except OSError: pass
def listen(port):
    l = socket.create_server(("10.77.0.1", port), backlog=100)
    while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
for p in (8131, 8132): threading.Thread(target=listen, args=(p,)).start()
PY
cat >client.c <<'C'
/* client PORT FIRST SECOND COMMAND...: TLS 1.2; anew: a new handshake, send:
 * a line, begin: the first message of a handshake, go: the rest of it, read: a
 * line, other: the second certificate. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static void
use(SSL *ssl, const char *file)
{
    SSL_use_certificate_file(ssl, file, SSL_FILETYPE_PEM);
    SSL_use_PrivateKey_file(ssl, file, SSL_FILETYPE_PEM);
}

int
main(int argc, char **argv)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1])) };
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    int fd = socket(AF_INET, SOCK_STREAM, 0), n = 0;
    struct timeval limit = { 60, 0 };
    char text[100];
    SSL *ssl;

    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    inet_pton(AF_INET, "10.77.0.1", &at.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    use(ssl, argv[2]);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0 || SSL_connect(ssl) != 1)
        return 1;
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "anew") == 0) {
            if (SSL_renegotiate(ssl) != 1 || SSL_do_handshake(ssl) != 1)
                puts("refused");
            else
                n++;
        } else if (strcmp(argv[i], "other") == 0) {
            use(ssl, argv[3]);
        } else if (strcmp(argv[i], "send") == 0) {
            SSL_write(ssl, "line\n", 5);
        } else if (strcmp(argv[i], "say") == 0) {
            printf("%d times\n", n);
        } else if (strcmp(argv[i], "wait") == 0) {
            if (fgets(text, sizeof text, stdin) == NULL)
                return 1;
        } else if (strcmp(argv[i], "read") == 0) {
            int got = SSL_read(ssl, text, sizeof text);

            printf("%.*s", got > 0 ? got : 0, text);
        }
        fflush(stdout);
    }
    return 0;
}
C
gcc -o client client.c -lssl -lcrypto 2>cc.log; ok $? "a client"; note "$(cat cc.log)"
cat >others.py <<'PY'
# Twelve connections that are there; each line of standard input: all of them say
# something, and how many have had an answer within three seconds is told.
import socket, ssl, sys, time
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
all = [c.wrap_socket(socket.create_connection(("10.77.0.1", 8131))) for _ in range(12)]
print("up", flush=True)
for line in sys.stdin:
    for s in all: s.sendall(b"x\n")
    end, n = time.time() + 3, 0
    for s in all:
        s.settimeout(max(0.01, end - time.time()))
        try: n += s.recv(100).startswith(b"MARKER")
        except OSError: pass
    print(n, flush=True)
PY
background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 echo.py
wait_for 10 eval "ss -Hltn sport = :8132 | grep -q LISTEN"; ok $? "a server"
ttls_start
wire_start
run() { peer timeout 90 ./client "$@" 2>&1 | tr '\n' ' '; }
is "$(run 8131 USER1.pem USER1.pem send read anew send read)" "MARKER line MARKER line " "anew"
is "$(run 8131 USER1.pem USER1.pem anew anew anew anew anew anew send read say)" "MARKER line 6 times " "six times"
is "$(run 8132 USER1.pem USER1.pem anew send read)" "MARKER line " "a client whose certificate is a user's, with the same"
openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=stranger -days 2 2>/dev/null; cat c k >stranger.pem
mark; unlike "$(run 8132 USER1.pem stranger.pem other anew send read)" MARKER "with another one: refused"
wait_for 5 said 'EZD1287I TTLS Error RC: 4(14|17|35) '; ok $? "RC 414, or what is wrong with that one"

# --- the angel does not answer ------------------------------------------------------------
mkfifo ask go
exec 8<>ask 9<>go
background nsenter -t "$PEER" -n bash -c 'exec python3 others.py <ask' >told 2>&1
wait_for 20 grep -q up told; ok $? "twelve others"
echo >&8; wait_for 10 grep -qx 12 told; ok $? "are served"
# What NETSTAT shows of them, to the column.
is "$(sallyport netstat TTLS)" "EZD0101I NETSTAT CS V2R3 TCPIP1
TTLSGRPACTION            GROUP ID     CONNS
g                        00000001        12
1 OF 1 RECORDS DISPLAYED
END OF THE REPORT" "NETSTAT TTLS"
sallyport netstat --json TTLS >n.json; id=$(jq -r '.connections[0].connId' n.json) peer=$(jq -r '.connections[0].remote' n.json) job=$(jq -r '.connections[0].job' n.json)
is "$(sallyport netstat TTLS COnn "$id")" "EZD0101I NETSTAT CS V2R3 TCPIP1
CONNID: $id
  JOBNAME:        $job
  USERID:         50001
  LOCALSOCKET:    10.77.0.1..8131
  REMOTESOCKET:   $peer
  SECLEVEL:       TLS VERSION 1.2
  CIPHER:         C030 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
  KEYSHARE:       N/A
  CERTUSERID:     N/A
  MAPTYPE:        PRIMARY
  FIPS140:        OFF
  TTLSRULE:       anew
  TTLSGRPACTION:  g
  TTLSENVACTION:  e~anew
  TTLSCONNACTION: N/A
1 OF 12 RECORDS DISPLAYED
END OF THE REPORT" "NETSTAT TTLS COnn"
is "$(sallyport netstat ALL | sed -n 2,9p | sed "s/CLIENT ID: .*/CLIENT ID: N/; s/10.77.0.2[.][.].*/PEER/; s/BYTES\([A-Z]*:\) *[0-9]*/BYTES\1 N/")" "CLIENT NAME: $(printf '%-8s' "$job")                 CLIENT ID: N
  LOCAL SOCKET:   10.77.0.1..8131
  FOREIGN SOCKET: PEER
  BYTESIN: N
  BYTESOUT: N
  TTLSPolicy:     Yes
    TTLSRule:       anew
    TTLSGrpAction:  g" "NETSTAT ALL"
background nsenter -t "$PEER" -n bash -c 'exec ./client 8131 USER1.pem USER1.pem send read wait anew send read say <go' >anew.out 2>&1
wait_for 20 grep -q MARKER anew.out; ok $? "and one that is to negotiate anew"
keeper=$(for p in $(image_pids); do [ "$(cat /proc/"$p"/comm)" != "angel-keeper" ] || echo "$p"; done)
[ -n "$keeper" ]; ok $? "the angel's keeper ($keeper)"
kill -STOP $keeper
echo >&9
echo >&8; wait_for 10 eval '[ "$(wc -l <told)" -eq 3 ]'
is "$(tail -1 told)" 12 "while it waits for the angel, all others are served"
is "$(grep -c MARKER anew.out)" 1 "it does wait"
kill -CONT $keeper
wait_for 30 grep -q '1 times' anew.out; is "$(tr '\n' ' ' <anew.out)" "MARKER line MARKER line 1 times " "then it is served"
wire_end; is "$(grep -ao 'MARKER\|line' wire | sort -u)" "" "no clear text on the wire"
done_testing
