# What goes wrong behind or beside a request is said with the right status, at
# once, and everybody else's requests go on.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_install; ok $? "the exercise's image"
LIB=$SALLYPORT_ROOT/datasets/CICSREG.LOADLIB
J='Content-Type: application/json'

# Services whose programs do not do what they should.
PROGRAMS='TABEND TSEGV TLOOP TSLEEP TSHORT TMISS TNONE TWAIT'
cat >"$SCRATCH/TNONE.cbl" <<'EOC'
       IDENTIFICATION DIVISION.
       PROGRAM-ID. TNONE.
       PROCEDURE DIVISION.
       MAIN-LINE.
           EXEC CICS DELETE CONTAINER('Container1') END-EXEC.
           EXEC CICS RETURN END-EXEC.
EOC
sed 's/TSLEEP/TWAIT/; s/USING 2/USING 20/' "$SALLYPORT_SOURCE/tests/e2e/region/TSLEEP.cbl" >"$SCRATCH/TWAIT.cbl"
"$SAMPLES/cobol/build.sh" "$LIB" $(for p in TABEND TSEGV TLOOP TSLEEP TSHORT TMISS; do echo "$SALLYPORT_SOURCE/tests/e2e/region/$p.cbl"; done) "$SCRATCH/TNONE.cbl" "$SCRATCH/TWAIT.cbl" >"$SCRATCH/cobc.log" 2>&1
ok $? "test programs compile"
chmod a+r "$LIB"/*
for p in $PROGRAMS; do echo "DEFINE PROGRAM($p) GROUP(TEST)"; done >"$SALLYPORT_ROOT/regions/CICSREG/test.csd"
sed -i 's/ICVR=5000/ICVR=1500/' "$SALLYPORT_ROOT/regions/CICSREG/sit"
for p in $PROGRAMS TGONE; do
    cp -r "$SAMPLES/services/cscvincService" "$SCRATCH/$p"
    sed -i "s/^name=.*/name=$p/; s/^executableName=.*/executableName=$p/" "$SCRATCH/$p/service.properties"
    sallyport-build -pd="$SCRATCH/$p" -od="$SALLYPORT_ROOT/shared/services" >"$SCRATCH/build.log" 2>&1 || note "$(cat "$SCRATCH/build.log")"
done
chmod -R a+rX "$SALLYPORT_ROOT/shared"
image_start; ok $? "angel, region and server are up"
SERVER=$(processes sallyport-server | sort | tr '\n' ' ')

invoke() { api POST "/zosConnect/services/$1?action=invoke" -H "$J" -d "{\"$1Operation\":{\"Container1\":{\"REQUEST_CONTAINER\":{}}}}"; }
answers() { is "$CODE" "$2" "$1: $2"; [ "$CODE" = "$2" ] || note "curl $CURL, $BODY"; [ -z "${3:-}" ] || like "$BODY" "$3" "$1: says so"; }
log_has() { log_since | grep -Eq "$1"; }
logged() { wait_for 5 log_has "$2" && pass "$1: the log tells" || { fail "$1: the log tells"; note "$(log_since)"; }; }
# Somebody else, who asks for the record all the time and must always get it,
# within the client's patience.
cat >"$SCRATCH/others.py" <<'PY'
import http.client, os, ssl, sys, time
port, scratch, tag = int(sys.argv[1]), sys.argv[2], sys.argv[3]
tls = ssl.create_default_context(cafile=scratch + "/ca.pem")
tls.load_cert_chain(scratch + "/USER1.pem")
n, slowest = {}, 0
open(scratch + "/others." + tag, "w").close()
while os.path.exists(scratch + "/others." + tag):
    began = time.monotonic()
    try:
        c = http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=20)
        c.request("GET", "/cscvinc/employee/111111")
        r = c.getresponse()
        what = str(r.status) if b"C. BAKER" in r.read() else "%d wrong" % r.status
    except Exception as e:
        what = type(e).__name__
    slowest = max(slowest, time.monotonic() - began)
    n[what] = n.get(what, 0) + 1
print(" ".join("%s=%d" % i for i in sorted(n.items())), "slowest=%.1f" % slowest)
PY
others_begin() { background python3 "$SCRATCH/others.py" "$HTTPS" "$SCRATCH" "$1" >"$SCRATCH/others.out" 2>&1; OTHERS=$PID; wait_for 10 test -e "$SCRATCH/others.$1"; }
others_end() { rm "$SCRATCH/others.$1"; wait "$OTHERS"; }

# --- programs
others_begin programs
log_mark; invoke TABEND; answers "EXEC CICS ABEND" 500 'BAQR0429W'; logged "EXEC CICS ABEND" 'BAQR0657E: Transaction abend TST1 occurred in CICS while using CICS connection cscvinc and service TABEND\.'
log_mark; invoke TSEGV; answers "a wild store" 500 BAQR0429W; logged "a wild store" 'BAQR0657E: Transaction abend ASRA'
log_mark; invoke TMISS; answers "a missing subprogram" 500 BAQR0429W; logged "a missing subprogram" 'BAQR0657E: Transaction abend AEI0'
log_mark; invoke TGONE; answers "a program nobody defined" 500 BAQR0429W; logged "a program nobody defined" 'BAQR0686E: Program .*not available.*cscvinc and service TGONE'
log_mark; invoke TLOOP; answers "a loop" 500 BAQR0429W; logged "a loop" 'BAQR0657E: Transaction abend AICA'
log_mark; invoke TSHORT; answers "a short container" 500 BAQR0429W; logged "a short container" 'BAQR0494E: The response of the program could not be mapped\. Error: .*(short|10 bytes|97)'
log_mark; invoke TNONE; answers "no container" 500 BAQR0429W; logged "no container" 'BAQR0494E: .*Error: .*Container1'
others_end programs
like "$(cat "$SCRATCH/others.out")" '^200=[0-9]+ slowest=' "all others were served meanwhile ($(cat "$SCRATCH/others.out"))"
cp "$SERVER_DIR/includes/shared.xml" "$SCRATCH/shared.xml"
sed -i 's#<zosconnect_services \(.*\)/>#<zosconnect_services \1><service name="TSLEEP" serviceAsyncRequestTimeout="1s"/></zosconnect_services>#' "$SERVER_DIR/includes/shared.xml"; image_own; refresh
others_begin timeout
log_mark; invoke TSLEEP; answers "longer than asyncRequestTimeout" 503 'BAQR0405I: The asynchronous request under URL https://127\.0\.0\.1:[0-9]+/zosConnect/services/TSLEEP has timed out after 1,000 milliseconds\.'
others_end timeout
like "$(cat "$SCRATCH/others.out")" '^200=[0-9]+ slowest=' "all others were served meanwhile ($(cat "$SCRATCH/others.out"))"
cp "$SCRATCH/shared.xml" "$SERVER_DIR/includes/shared.xml"; image_own; refresh
get_record 111111; answers "the record afterwards" 200

# --- the region
started() { [ "$(sallyport console 'D A,L' | grep -c " $1 ")" -ge 1 ]; }
gone() { ! started "$1"; }
region_pid() { for p in $(processes sallyport-region 'sallyport-regio'); do echo "$p"; done | sort -n | head -1; }
console 'P CICSREG'; is "$STATUS" 0 "P CICSREG"
log_mark; get_record 111111; answers "region down" 503 BAQR0429W; logged "region down" 'BAQR0661E: CICS connection cscvinc is not available for service cscvincService: .+'
submit_edit GETAPI -e 's/BAQPORT=9080/&/'
like "$OUT" 'COND CODE 0005|COND CODE 0503' "region down: a job hears of it"
console 'S CICSREG'; is "$STATUS" 0 "S CICSREG"
get_record 111111; answers "region back" 200
( invoke TWAIT; echo "$CODE" >"$SCRATCH/during" ) & client=$!
running() { sallyport console 'F CICSREG,CEMT I TASK' | grep -q TWAIT; }
wait_for 5 running; ok $? "a program runs"
began=$SECONDS
kill -9 "$(region_pid)"
wait $client
is "$(cat "$SCRATCH/during")" 503 "region killed during a request: 503"
[ $((SECONDS - began)) -le 6 ]; ok $? "at once"
wait_for 10 gone CICSREG; ok $? "the started task has ended"
[ -e "$SALLYPORT_ROOT/regions/CICSREG/ipic.sock" ]; ok $? "its socket is left over"
console 'S CICSREG'; is "$STATUS" 0 "S CICSREG over the stale socket"
get_record 111111; answers "region back after kill -9" 200
is "$(processes sallyport-server | sort | tr '\n' ' ')" "$SERVER" "the server was not restarted"

# --- the server's worker
PARENT=$(processes sallyport-server | while read -r p; do tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -- --worker || echo "$p"; done)
worker() { awk '{print $1}' "/proc/$PARENT/task/$PARENT/children"; }
listeners() { for p in $(processes sallyport-server); do ls -l "/proc/$p/fd"; done | grep -o 'socket:.*' | sort -u; }
( invoke TWAIT; echo "$CODE $CURL" >"$SCRATCH/during" ) & client=$!
wait_for 5 running; ok $? "a program runs"
OLD=$(worker)
kill -9 "$OLD"
get_record 111111; answers "worker killed: the next request waits for the new one" 200
wait $client
like "$(cat "$SCRATCH/during")" '^000 (52|56|35)$' "its client hears at once"
is "$(processes sallyport-server | grep -c .)" 2 "parent and worker"
[ "$(worker)" != "$OLD" ] && kill -0 "$PARENT"; ok $? "the parent has another worker"
refresh; like "$OUT" 'COMPLETED SUCCESSFULLY' "and takes commands"

# --- the endpoint of an API requester
cat >"$SCRATCH/endpoint.py" <<'PY'
import socket, sys, time
port, mode = int(sys.argv[1]), sys.argv[2]
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", port)); s.listen()
held = []
answers = {
  "garbage": b"SSH-2.0-OpenSSH\r\n",
  "cut": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"cscvinc",
  "nojson": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello",
  "wrong": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 58\r\n\r\n{\"cscvincServiceOperationResponse\":{\"Container1\":[1,2,3]}}",
}
while True:
    c, _ = s.accept()
    held.append(c)
    if mode == "silent": continue
    c.recv(65536)
    if mode in answers: c.sendall(answers[mode])
    c.close()
PY
REQUESTER=$SERVER_DIR/includes/apiRequesterHTTPS.xml
sed -i 's/requireSecure="true"/requireSecure="false"/; s/receiveTimeout="20s"/receiveTimeout="1s"/' "$REQUESTER"; image_own; refresh
submit_edit GETAPI; like "$OUT" 'COND CODE 0200' "the requester works"
END=$(free_port)
sed -i "s#host=\"https://127.0.0.1\" port=\"[^\"]*\"#host=\"http://127.0.0.1\" port=\"$END\"#" "$REQUESTER"; image_own; refresh
endpoint() { # MODE NAME CODE ORIGIN REGEX
    local pid=
    if [ "$1" != down ]; then
        background python3 "$SCRATCH/endpoint.py" "$END" "$1"; pid=$PID
        wait_for 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$END"
    fi
    submit_edit GETAPI
    like "$OUT" "COND CODE 0$3" "$2: completion code $3"
    like "$OUT" "^ *Error origin: ?$4" "$2: origin $4"
    like "$(tr -d '\n' <<<"$OUT")" "$5" "$2: says so"
    [ -z "$pid" ] || { kill "$pid"; wait "$pid" 2>/dev/null; }
}
endpoint down "endpoint down" 500 ZCEE 'BAQR1002E: The API endpoint of connection cscvincAPI could not be called: .*refused'
others_begin endpoint
endpoint silent "endpoint silent" 504 ZCEE 'BAQR1003E: The API endpoint of connection cscvincAPI did not answer in time'
others_end endpoint
like "$(cat "$SCRATCH/others.out")" '^200=[0-9]+ slowest=' "all others were served meanwhile ($(cat "$SCRATCH/others.out"))"
endpoint close "endpoint that closes" 500 ZCEE BAQR1002E
endpoint garbage "endpoint that does not speak HTTP" 500 ZCEE BAQR1002E
endpoint cut "an answer cut off" 500 ZCEE BAQR1002E
endpoint nojson "an answer that is not JSON" 500 ZCEE 'BAQR1010E: .*not JSON'
endpoint wrong "an answer of another shape" 500 ZCEE 'BAQR1010E: .*Container1: expected an object, found an array'
sed -i "s#host=\"http://127.0.0.1\" port=\"[^\"]*\"#host=\"https://127.0.0.1\" port=\"\${https.port}\"#" "$REQUESTER"; image_own; refresh
submit_edit GETAPI; like "$OUT" 'COND CODE 0200' "endpoint back: no restart needed"

# --- the angel: held down by holding its parent
MASTER=$(processes sallyport-master)
NEST=$(for p in $(cat "/proc/$MASTER/task/$MASTER/children"); do grep -q sallyport-angel "/proc/$p/comm" && echo "$p"; done)
front_up() { sallyport racf 'LISTUSER USER1'; }
front_down() { ! front_up; }
sed -i 's/clientAuthentication="true"/clientAuthentication="false"/' "$SERVER_DIR/includes/keyringOutboundMutual.xml"; image_own; refresh
AS= api GET /cscvinc/employee/111111 -u USER1:USER1; answers "before: basic authentication" 200
sallyport racf "RACDCERT ID(FRED) GENCERT SUBJECTSDN(CN('FRED')) WITHLABEL('FRED') SIGNWITH(CERTAUTH LABEL('Liberty CA')) NOTAFTER(DATE(2036/12/31))" >/dev/null
certificates FRED=FRED; ok $? "a certificate of FRED"
kill -STOP "$MASTER"
kill -9 "$NEST"
wait_for 10 front_down; ok $? "the angel is down"
log_mark
AS= api GET /cscvinc/employee/111111 -u FRED:FRED; answers "angel down: a new identity" 503; logged "angel down" 'BAQR0493E: The security server cannot be reached; the request is refused\.'
runs "angel down: RACF commands" 12 sallyport racf 'LISTUSER USER1'
kill -CONT "$MASTER"
wait_for 10 front_up; ok $? "the master starts it again"
fred() { AS= api GET /cscvinc/employee/111111 -u FRED:FRED; [ "$CODE" = 200 ]; }
wait_for 10 fred; ok $? "angel back: the same request works"
logged "angel back: the server is registered again" 'CWWKB0122I: This server is connected to the default angel process'
AS=FRED api GET /cscvinc/employee/111111; answers "angel back: a certificate nobody has seen" 200
get_record 111111; answers "angel back: a certificate seen before" 200
AS= api GET /cscvinc/employee/111111 -u FRED:WRONG; answers "angel back: a wrong password" 401
is "$(processes sallyport-server | grep -cx "$PARENT")" 1 "the server was not restarted"
submit_edit GETAPI; like "$OUT" 'COND CODE 0200' "angel back: a job and its token"

# --- the master
put_record 222000 'KEPT'; [ "$CODE" != 200 ] && api POST /cscvinc/employee -H "$J" -d "$(record_json 222000 KEPT)"; answers "a record is written" 200
ALL=$(image_pids)
kill -9 "$MASTER"
wait_for 20 ended $ALL; ok $? "master killed: nothing of the image is left"
runs "sallyport ipl" 0 sallyport ipl
image_start; ok $? "angel, region and server start again"
get_record 222000; answers "what was committed is there" 200; is "$(field NAME)" KEPT "as written"
sed -i 's/clientAuthentication="false"/clientAuthentication="true"/' "$SERVER_DIR/includes/keyringOutboundMutual.xml"; image_own; refresh
submit_edit GETAPI; like "$OUT" 'COND CODE 0200' "and the whole chain"
done_testing
