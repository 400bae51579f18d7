# Who may bind: reasons of refusal, sessions granted, definitions in error.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "$(dirname "$E2E_LIB")/region.sh"
region_files "NETWORKID=NET1,"
cat >"$REGION_DIR/more.csd" <<'EOF'
DEFINE TCPIPSERVICE(AUTO) GROUP(T) PORTNUMBER(1500) URM(DFHISAIP)
DEFINE TCPIPSERVICE(SHUT) GROUP(T) PORTNUMBER(1501) STATUS(CLOSED)
DEFINE IPCONN(OUT) GROUP(T) APPLID(OUT) INSERVICE(NO)
DEFINE IPCONN(ONLY) GROUP(T) APPLID(ONLY) TCPIPSERVICE(AUTO) RECEIVECOUNT(2)
EOF
TEST_PROGRAMS=
"$SAMPLES/cobol/build.sh" "$REGION_LIB" "$SAMPLES/cobol/CSCVINC.cbl" >/dev/null 2>&1
region_start; ok $? "the region takes work"
bind() { "$CALL" "$SALLYPORT_ROOT/regions/$1" "${@:2}" n=0; }

like "$(bind TESTREG/ipic.sock sessions=5)" '^ACK TESTREG 5$' "as many sessions as asked for"
like "$(bind TESTREG/ipic.sock sessions=500)" '^ACK TESTREG 100$' "at most RECEIVECOUNT"
like "$(bind TESTREG/port.1491.sock port=1491)" '^ACK TESTREG 1$' "by the port's own socket"
like "$(bind TESTREG/ipic.sock applid=NOBODY)" 'NAK IPCONN_NOT_FOUND' "a partner nobody defined"
like "$(bind TESTREG/ipic.sock network=OTHER)" 'NAK IPCONN_NOT_FOUND' "the network must match too"
like "$(bind TESTREG/ipic.sock partner=ELSE)" 'NAK ISCE_INVALID_APPLID' "it expected another region"
like "$(bind TESTREG/ipic.sock applid=OUT network=NET1)" 'NAK INVALID_IPCONN_STATE' "an IPCONN out of service"
like "$(bind TESTREG/ipic.sock port=1500)" 'NAK TCPIPSERVICE_MISMATCH' "another service than the definition's"
like "$(bind TESTREG/ipic.sock port=1501)" 'NAK TCPIPSERVICE_NOT_OPEN' "a closed service"
like "$(bind TESTREG/ipic.sock port=1999)" 'NAK TCPIPSERVICE_NOT_FOUND' "a port of no service"
like "$(bind TESTREG/port.1500.sock port=1500 applid=NOBODY)" '^ACK TESTREG' "URM: autoinstalled"
like "$(bind TESTREG/ipic.sock applid=ONLY network=NET1 sessions=9)" '^ACK TESTREG 2$' "RECEIVECOUNT of that IPCONN"
like "$(cat "$REGION_LOG")" 'DFHIS1011 TESTREG .*applid NOBODY network ZOSCONN failed. Reason: IPCONN_NOT_FOUND' "DFHIS1011 with its reason"
like "$(cat "$REGION_LOG")" 'DFHIS3000 TESTREG IPCONN for applid NOBODY' "DFHIS3000"
runs "a second region of that name" 12 "$BIN/sallyport-region" --applid TESTREG --foreground
like "$(region_call "data=S        Y111111")" '^OK ' "the first one does not notice"

mkdir -p "$SALLYPORT_ROOT/regions/BAD"
try() { echo "$2" >"$SALLYPORT_ROOT/regions/BAD/x.csd"; runs "$1: not started" 12 "$BIN/sallyport-region" --applid BAD --foreground; like "$OUT" "$3" "$1: says where"; }
try "unknown attribute" 'DEFINE PROGRAM(A) COLOUR(RED)' 'x.csd:1:19: PROGRAM: "COLOUR" is not an attribute'
try "number out of range" 'DEFINE IPCONN(A) RECEIVECOUNT(1000)' 'x.csd:1:18: RECEIVECOUNT "1000", expected 1 to 999'
try "key outside its record" 'DEFINE FILE(A) RECORDSIZE(10) KEYLENGTH(6) KEYOFFSET(5)' 'x.csd:1: A: its key'
runs "no such region" 12 "$BIN/sallyport-region" --applid NOWHERE --foreground
done_testing
