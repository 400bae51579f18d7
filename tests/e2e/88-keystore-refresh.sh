# A renewed certificate is used after REFRESH,KEYSTORE and not before; connections
# that are there go on; a ring without a key leaves what was in use.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_up; ok $? "the exercise's image"
racf() { sallyport racf "$1" </dev/null >"$SCRATCH/racf.out" 2>&1 || note "$1: $(cat "$SCRATCH/racf.out")"; }
subject() {
    openssl s_client -connect "127.0.0.1:$HTTPS" -CAfile "$SCRATCH/ca.pem" -cert "$SCRATCH/USER1.pem" -key "$SCRATCH/USER1.pem" -verify_return_error </dev/null 2>/dev/null |
        openssl x509 -noout -subject -nameopt RFC2253 2>/dev/null | sed 's/.*CN=//; s/,.*//'
}
is "$(subject)" wg31.lab.test "the certificate of the exercise"

# A connection that lasts: a line on its input is a request.
cat >"$SCRATCH/kept.py" <<'END_PY'
import socket, ssl, sys
c = ssl.create_default_context(cafile=sys.argv[2]); c.load_cert_chain(sys.argv[3])
s = c.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30), server_hostname="127.0.0.1")
f = s.makefile("rb")
for line in sys.stdin:
    s.sendall(b"GET /cscvinc/employee/111111 HTTP/1.1\r\nHost: x\r\n\r\n")
    status, length = f.readline().split()[1].decode(), 0
    while (h := f.readline()) != b"\r\n":
        if h.lower().startswith(b"content-length:"):
            length = int(h.split(b":")[1])
    f.read(length)
    print(status, flush=True)
END_PY
coproc CLIENT { python3 "$SCRATCH/kept.py" "$HTTPS" "$SCRATCH/ca.pem" "$SCRATCH/USER1.pem"; }
kept() { echo >&"${CLIENT[1]}"; read -r -t 60 KEPT <&"${CLIENT[0]}"; }
kept; is "$KEPT" 200 "a kept connection"

racf "RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('renewed.lab.test') OU('LIBERTY') O('IBM')) WITHLABEL('Renewed') SIGNWITH(CERTAUTH LABEL('Liberty CA')) SIZE(2048) ALTNAME(IP(127.0.0.1) DOMAIN('localhost')) NOTAFTER(DATE(2036/12/31))"
racf "RACDCERT ID(LIBSERV) REMOVE(LABEL('Liberty Client Cert') RING(Liberty.KeyRing))"
racf "RACDCERT ID(LIBSERV) CONNECT(LABEL('Renewed') RING(Liberty.KeyRing) DEFAULT)"
racf "SETROPTS RACLIST(DIGTCERT DIGTRING) REFRESH"
is "$(subject)" wg31.lab.test "nothing changes by itself"
console 'F BAQSTRT,REFRESH,KEYSTORE'
is "$OUT" "CWWKB0005I: COMMAND RESPONSES COMPLETED SUCCESSFULLY FROM File Refresh Command Handler.
CWWKB0002I: MODIFY COMMAND REFRESH,KEYSTORE COMPLETED SUCCESSFULLY." "REFRESH,KEYSTORE"
is "$(subject)" renewed.lab.test "the new certificate is used"
kept; is "$KEPT" 200 "the kept connection goes on"
get_record 111111; is "$CODE" 200 "new ones too"

racf "RACDCERT ID(LIBSERV) REMOVE(LABEL('Renewed') RING(Liberty.KeyRing))"
racf "SETROPTS RACLIST(DIGTCERT DIGTRING) REFRESH"
console 'F BAQSTRT,REFRESH,KEYSTORE'
like "$OUT" 'CWWKB0002I: MODIFY COMMAND REFRESH,KEYSTORE COMPLETED UNSUCCESSFULLY\.' "a ring without a key is refused"
like "$OUT" 'CWWKB0004I: .*Liberty\.KeyRing' "it is named"
is "$(subject)" renewed.lab.test "what was in use stays"
kept; is "$KEPT" 200 "on the kept connection as well"
console 'F BAQSTRT,REFRESH,KEYSTORE,ID=none'
like "$OUT" 'CWWKB0004I: The keystore none was not found\.' "a key store that is not there"
exec {CLIENT[1]}>&-
done_testing
