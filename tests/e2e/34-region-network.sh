# The region link over TCP and TLS: bind security by client certificate, link
# users from certificates, and whatever else the network may send.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "$(dirname "$E2E_LIB")/region.sh"
TEST_PROGRAMS=TECHO
region_files
CLEAR=$(free_port) TLS=$(free_port) TAKEN=$(free_port)
sed -i 's/^SEC=NO,/SEC=YES,\nKEYRING=Region.Ring,/' "$REGION_DIR/sit"
cat >"$REGION_DIR/SYSPGRP.csd" <<EOF2
DEFINE TCPIPSERVICE(CLEAR) GROUP(T) PORTNUMBER($CLEAR) PROTOCOL(IPIC)
DEFINE TCPIPSERVICE(TLS) GROUP(T) PORTNUMBER($TLS) PROTOCOL(IPIC)
       SSL(CLIENTAUTH) HOST(127.0.0.1) CERTIFICATE(region)
DEFINE TCPIPSERVICE(TAKEN) GROUP(T) PORTNUMBER($TAKEN) PROTOCOL(IPIC)
DEFINE TCPIPSERVICE(SHUT) GROUP(T) PORTNUMBER(1) PROTOCOL(IPIC) STATUS(CLOSED)
DEFINE IPCONN(ZOSCONN) GROUP(T) APPLID(ZOSCONN) NETWORKID(ZOSCONN)
DEFINE IPCONN(LOCAL) GROUP(T) APPLID(LOCAL) NETWORKID(N) USERAUTH(LOCAL)
DEFINE IPCONN(IDENT) GROUP(T) APPLID(IDENT) NETWORKID(N) USERAUTH(IDENTIFY)
DEFINE IPCONN(VERIFY) GROUP(T) APPLID(VERIFY) NETWORKID(N) USERAUTH(VERIFY)
DEFINE IPCONN(CERT) GROUP(T) APPLID(CERT) NETWORKID(N)
       LINKAUTH(CERTUSER) USERAUTH(LOCAL)
DEFINE IPCONN(BOTH) GROUP(T) APPLID(BOTH) NETWORKID(N)
       LINKAUTH(CERTUSER) USERAUTH(IDENTIFY)
DEFINE IPCONN(ONLYTLS) GROUP(T) APPLID(ONLYTLS) NETWORKID(N)
       TCPIPSERVICE(TLS) USERAUTH(LOCAL)
EOF2
"$SAMPLES/cobol/build.sh" "$REGION_LIB" "$SAMPLES/cobol/CSCVINC.cbl" "$SALLYPORT_SOURCE/tests/e2e/region/TECHO.cbl" >/dev/null 2>&1

cat >"$SCRATCH/angel.py" <<'PY'
import os, sys, time
from angel_wire import *
scratch = sys.argv[1]
angel = Angel()
c = Client(); c.hello()
for command in ["ADDUSER USER1 DFLTGRP(SYS1)", "ALTUSER USER1 PASSWORD(SECRET1) NOEXPIRED",
          "ADDUSER USER2 DFLTGRP(SYS1)", "ALTUSER USER2 PASSWORD(SECRET2) NOEXPIRED",
          "ADDUSER USER3 DFLTGRP(SYS1)", "ALTUSER USER3 REVOKE",
          "ADDUSER CICSUSER DFLTGRP(SYS1)",
          "SETROPTS CLASSACT(TCICSTRN SURROGAT FACILITY)",
          "RDEFINE FACILITY IRR.DIGTCERT.LISTRING UACC(NONE)",
          "PERMIT IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(IBMUSER) ACCESS(UPDATE)", "SETROPTS GENERIC(SURROGAT)",
          "RDEFINE TCICSTRN CSMI UACC(NONE)",
          "PERMIT CSMI CLASS(TCICSTRN) ID(USER1 CICSUSER) ACCESS(READ)",
          "SETROPTS RACLIST(TCICSTRN)",
          "RDEFINE SURROGAT *.DFHINSTL UACC(NONE)",
          "PERMIT *.DFHINSTL CLASS(SURROGAT) ID(IBMUSER) ACCESS(READ)",
          "RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Test CA')) WITHLABEL('ca') KEYUSAGE(CERTSIGN)",
          "RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Other CA')) WITHLABEL('other') KEYUSAGE(CERTSIGN)",
          "RACDCERT ID(IBMUSER) GENCERT SUBJECTSDN(CN('127.0.0.1')) ALTNAME(IP(127.0.0.1)) WITHLABEL('region') SIGNWITH(CERTAUTH LABEL('ca'))",
          "RACDCERT ID(USER1) GENCERT SUBJECTSDN(CN('USER1')) WITHLABEL('cert') SIGNWITH(CERTAUTH LABEL('ca'))",
          "RACDCERT ID(USER2) GENCERT SUBJECTSDN(CN('USER2')) WITHLABEL('cert') SIGNWITH(CERTAUTH LABEL('ca'))",
          "RACDCERT SITE GENCERT SUBJECTSDN(CN('nobody')) WITHLABEL('nobody') SIGNWITH(CERTAUTH LABEL('ca'))",
          "RACDCERT ID(USER1) GENCERT SUBJECTSDN(CN('other')) WITHLABEL('other') SIGNWITH(CERTAUTH LABEL('other'))",
          "RACDCERT ID(IBMUSER) ADDRING(Region.Ring)",
          "RACDCERT ID(IBMUSER) CONNECT(LABEL('region') RING(Region.Ring) DEFAULT)",
          "RACDCERT ID(IBMUSER) CONNECT(CERTAUTH LABEL('ca') RING(Region.Ring))",
          "RACDCERT CERTAUTH EXPORT(LABEL('ca')) DSN('IBMUSER.CA')",
          *[f"RACDCERT {o} EXPORT(LABEL('{l}')) DSN('IBMUSER.{n}') FORMAT(PKCS12DER) PASSWORD('export')"
            for o, l, n in (("ID(USER1)", "cert", "U1"), ("ID(USER2)", "cert", "U2"), ("SITE", "nobody", "NO"), ("ID(USER1)", "other", "OT"))]]:
    r = c.command(command)
    if r.err != OK or r.u32() > 4:
        print(command, r.lines, r.why)
open(f"{scratch}/ready", "w").close()
while os.path.exists(f"{scratch}/ready"):
    time.sleep(0.05)
angel.stop()
PY
PYTHONPATH=$(dirname "$E2E_LIB") background python3 "$SCRATCH/angel.py" "$SCRATCH"
at_exit 'rm -f "$SCRATCH/ready"'
wait_for 60 test -e "$SCRATCH/ready"; ok $? "the security database is up"
for n in U1 U2 NO OT; do openssl pkcs12 -in "$SALLYPORT_ROOT/datasets/IBMUSER.$n" -passin pass:export -nodes -out "$SCRATCH/$n.pem" 2>/dev/null; ok $? "certificate $n"; done
CA=$SALLYPORT_ROOT/datasets/IBMUSER.CA
background python3 -c 'import socket,sys,time; s=socket.socket(socket.AF_INET6); s.setsockopt(41,26,0); s.bind(("::",int(sys.argv[1]))); s.listen(); time.sleep(600)' "$TAKEN"
wait_for 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$TAKEN"
region_start; ok $? "the region takes work"
wait_for 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$TLS"; ok $? "the gate is open"
said() { wait_for 10 grep -Eq "$1" "$REGION_LOG"; }
clear() { "$CALL" "tcp:$CLEAR" data="S        Y111111" network=N applid="$@" 2>&1 | grep -v '^ACK'; }
tls() { local cert=$1; shift; "$CALL" "tcp:$TLS" ca="$CA" ${cert:+cert="$SCRATCH/$cert.pem"} data="S        Y111111" network=N applid="$@" 2>&1 | grep -v '^ACK'; }

like "$(cat "$REGION_LOG")" "DFHSO0109 TESTREG TCPIPSERVICE TAKEN is not open to other machines: .*port $TAKEN" "a port that is taken is said"
unlike "$(cat "$REGION_LOG")" 'TCPIPSERVICE SHUT' "STATUS(CLOSED) is left alone"
like "$(region_call applid=LOCAL network=N port="$TAKEN" data='S        Y111111')" '^OK ' "partners of this system bind there all the same"

# Clear text.
like "$(clear LOCAL)" '^OK - - CICSUSER .*C\. BAKER' "LOCAL: a record over TCP"
like "$(clear LOCAL sessions=4 n=50 quiet=1)" '^ok 50 other 0' "and fifty more"
like "$(clear LOCAL program=TECHO data= fill=300000)" '^OK .*\(300000 bytes\)' "a large container travels both ways"
like "$(clear LOCAL program=TECHO data= fill=70000)" '^OK .*\(70000 bytes\)' "and one that fits a packet"
like "$(clear VERIFY user=USER1 password=SECRET1)" '^OK - - USER1 ' "VERIFY: the right password"
like "$(clear VERIFY user=USER1 password=WRONG)" '^SECURITY - BAD_PASSWORD ' "VERIFY: a wrong one"
like "$(clear IDENT user=USER1)" '^NAK SECURITY_VIOLATION' "IDENTIFY without a certificate cannot bind"
said 'DFHIS2040 .*applid IDENT'; ok $? "and the log says so"
like "$(clear ONLYTLS)" '^NAK TCPIPSERVICE_MISMATCH' "an IPCONN of another service"
like "$(clear ONLYTLS port="$TLS")" '^NAK TCPIPSERVICE_MISMATCH' "which port it was, the partner cannot make up"
like "$(clear CERT)" '^OK - - CICSUSER ' "CERTUSER without a certificate: default authority"
said 'DFHIS2041 .*IPCONN CERT.*without a client certificate'; ok $? "and the log says so"
like "$(clear NOBODY)" '^NAK IPCONN_NOT_FOUND' "an applid that is not defined"

# TLS.
like "$(tls U1 IDENT user=USER1)" '^OK - - USER1 ' "IDENTIFY: a partner with a certificate vouches for users"
like "$(tls U1 IDENT user=USERX)" '^SECURITY - UNKNOWN_USER ' "for existing ones"
like "$(tls U1 IDENT user=USER3)" '^SECURITY - REVOKED ' "who are not revoked"
like "$(tls U1 IDENT user=USER2)" '^SECURITY - TRAN_NOT_AUTHORISED ' "and may attach the mirror"
like "$(tls U1 IDENT)" '^SECURITY - NO_USER ' "nobody is nobody"
like "$(tls U1 CERT)" '^OK - - USER1 ' "CERTUSER and LOCAL: the certificate's user"
like "$(tls U2 CERT)" '^SECURITY - TRAN_NOT_AUTHORISED ' "with his authority, not the region's"
like "$(tls U1 BOTH user=USER1)" '^OK - - USER1 ' "CERTUSER and IDENTIFY: both may"
like "$(tls U2 BOTH user=USER1)" '^SECURITY - TRAN_NOT_AUTHORISED ' "the link user is the ceiling"
like "$(tls NO CERT)" '^OK - - CICSUSER ' "a certificate of nobody: default authority"
said 'DFHIS2041 .*IPCONN CERT.*not mapped'; ok $? "and the log says so"
like "$(tls U1 ONLYTLS)" '^OK - - CICSUSER ' "the IPCONN of this service"
like "$(tls U1 LOCAL program=TECHO data= fill=300000)" '^OK .*\(300000 bytes\)' "a large container travels both ways"
like "$(tls '' LOCAL)" 'LOST' "no certificate: no link"
like "$(tls OT LOCAL)" 'LOST' "a certificate of another authority: no link"
said 'DFHSO0123 TESTREG TCPIPSERVICE TLS'; ok $? "and the log says so"

# Whatever else the network sends.
send() { timeout 20 python3 - "$CLEAR" "$1" <<'PY'
import socket, struct, sys
def frame(type, body=b"", length=None, session=0):
    return b"ZRG1" + struct.pack(">BBHII", type, 0, session, 1, len(body) if length is None else length) + body
def field(tag, value):
    return struct.pack(">HI", tag, len(value)) + value
hello = frame(1, field(1, b"LOCAL") + field(2, b"N") + field(5, struct.pack(">H", 2)))
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 15)
sent = {
    "garbage": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "long-hello": frame(1, b"x" * 2000),
    "huge": hello + frame(5, b"", 0xFFFFFFF0, 1),
    "before-bind": frame(5, field(22, b"CSCVINC"), session=1),
    "no-session": hello + frame(5, field(22, b"CSCVINC"), session=77),
    "not-ours": hello + frame(6, field(40, b"\0"), session=1),
    "ack": frame(2, field(1, b"LOCAL")),
    "fd-area": hello + frame(5, field(22, b"CSCVINC") + field(24, b"Channel") + field(25, b"\1A\0\0\0\1" + struct.pack(">BI", 0, 10)), session=1),
    "twice": hello + hello,
    "flood": hello + frame(5, field(22, b"TECHO") + field(23, b"A" * 32000), session=1) * 600,
}[sys.argv[2]]
try:
    s.sendall(sent)
    got = b""
    while True:
        piece = s.recv(65536)
        if not piece: break
        got += piece
    print("closed")
except ConnectionError:
    print("closed")
PY
}
for what in garbage long-hello huge before-bind no-session not-ours ack fd-area twice flood; do
    is "$(send $what)" closed "$what: the link is closed"
done
like "$(clear LOCAL)" '^OK - - CICSUSER ' "the region goes on"
# Silent partners make room again; a gate that dies is replaced.
GATE=$(region_children gate)
kill -9 "$GATE"
wait_for 20 eval '[[ "$(clear LOCAL)" == OK* ]]'; ok $? "a killed gate comes back"
like "$(region_call applid=LOCAL network=N data='S        Y111111')" '^OK ' "local partners never noticed"
kill "$REGION_PID"
wait_for 20 eval '! (exec 3<>/dev/tcp/127.0.0.1/$CLEAR) 2>/dev/null'; ok $? "the port closes with the region"
done_testing
