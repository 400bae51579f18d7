# kill -9 at random while clients write and read: no answer is waited for in
# vain, no record is other than one that was written, and what was answered
# with 200 is there when everything has been started again.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_install; ok $? "the exercise's image"
image_start; ok $? "angel, region and server"
KEYS='900001 900002 900003 900004'
J='Content-Type: application/json'
for key in $KEYS; do
    api POST /cscvinc/employee -H "$J" -d "$(record_json "$key" "$key 0" "$key 0")"
    is "$CODE" 200 "record $key is written"
done

# Each client owns a record. NAME and ADDRX hold the same text, so that half a
# write shows. It remembers which values may be there: the last one that was
# answered with 200, and all later ones whose answer it did not get.
cat >"$SCRATCH/client.py" <<'PY'
import http.client, json, os, ssl, sys, time
port, scratch, key = int(sys.argv[1]), sys.argv[2], sys.argv[3]
tls = ssl.create_default_context(cafile=scratch + "/ca.pem")
tls.load_cert_chain(scratch + "/USER1.pem")
path = "/cscvinc/employee/" + key
may_be, n, slowest, counts, wrong = [key + " 0"], 0, 0.0, {}, []

def call(method, body=None):
    global slowest
    began = time.monotonic()
    try:
        c = http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=20)
        c.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        r = c.getresponse()
        text = r.read()
        status = r.status
    except Exception as e:
        status, text = type(e).__name__, b""
    slowest = max(slowest, time.monotonic() - began)
    counts[status] = counts.get(status, 0) + 1
    return status, text

def field(text, name):
    area = json.loads(text)["cscvincServiceOperationResponse"]["Container1"]["RESPONSE_CONTAINER"]["FILEA_AREA"]
    return area[name]

while not os.path.exists(scratch + "/enough"):
    n += 1
    value = "%s %d" % (key, n)
    area = dict(STAT="Y", NUMB=key, NAME=value, ADDRX=value, PHONE="1", DATEX="1", AMOUNT="$1", COMMENT="C")
    status, _ = call("PUT", json.dumps({"cscvincServiceOperation": {"Container1": {"REQUEST_CONTAINER": {"FILEA_AREA": area}}}}))
    may_be = [value] if status == 200 else may_be + [value]
    status, text = call("GET")
    if status == 200:
        got = field(text, "NAME")
        if got not in may_be or field(text, "ADDRX") != got:
            wrong.append("%s is %r/%r, may be %r" % (key, got, field(text, "ADDRX"), may_be[:5]))
        # An unanswered write may still take effect later, so the others stay.
        may_be = may_be[may_be.index(got):] if got in may_be else may_be
    elif status == 404:
        wrong.append("%s is gone" % key)
    if status != 200:
        time.sleep(0.05)
json.dump({"may_be": may_be, "wrong": wrong, "slowest": slowest, "n": n, "counts": {str(k): v for k, v in counts.items()}}, open(scratch + "/result." + key, "w"))
PY
CLIENTS=()
for key in $KEYS; do
    background python3 "$SCRATCH/client.py" "$HTTPS" "$SCRATCH" "$key" >"$SCRATCH/client.$key" 2>&1
    CLIENTS+=("$PID")
done

# The victims. A region or a server that ended is started by the operator.
RANDOM=20260101
children_of() { cat /proc/"$1"/task/*/children 2>/dev/null | tr ' ' '\n' | grep .; }
angel() { children_of "$(processes sallyport-master)" | while read -r p; do grep -q angel "/proc/$p/comm" && echo "$p"; done; }
victims() { # KIND
    case $1 in
    angel) angel ;;
    angel-part) for p in $(angel); do children_of "$p"; done ;;
    region-worker) processes sallyport-region-worker ;;
    committer) processes sallyport-region '^committer' ;;
    supervisor) processes sallyport-region '^sallyport-regio' ;;
    server-worker) for p in $(processes sallyport-server); do tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -- '--worker' && echo "$p"; done ;;
    server-parent) for p in $(processes sallyport-server); do tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -- '--worker' || echo "$p"; done ;;
    esac 2>/dev/null
}
KINDS=(region-worker committer angel-part server-worker region-worker supervisor angel-part server-worker committer angel region-worker server-parent)
serves() { get_record 111111; [ "$CODE" = 200 ]; }
restart() { # TASK: once the old one has gone
    local end=$((SECONDS + 20))
    until console "S $1" && [ "$STATUS" -eq 0 ]; do [ $SECONDS -lt $end ] || return 1; done
}
END=$((SECONDS + ${CHAOS_SECONDS:-25})) killed=0 dead_ends=0
while [ $SECONDS -lt $END ] || { [ $killed -lt 5 ] && [ $SECONDS -lt $((END + 60)) ]; }; do # a slow machine
    kind=${KINDS[RANDOM % ${#KINDS[@]}]}
    list=($(victims "$kind"))
    [ ${#list[@]} -gt 0 ] || continue
    kill -9 "${list[RANDOM % ${#list[@]}]}" 2>/dev/null && killed=$((killed + 1))
    HISTORY="${HISTORY:-} $kind"
    case $kind in
    supervisor) restart CICSREG || dead_ends=$((dead_ends + 1)) ;;
    server-parent) restart BAQSTRT || dead_ends=$((dead_ends + 1)) ;;
    esac
    API_SECONDS=5 wait_for 15 serves || { dead_ends=$((dead_ends + 1)); note "no service behind kill of $kind: $CODE $BODY"; }
done
touch "$SCRATCH/enough"
hung=0
alive() { kill -0 "$1"; }
over() { ! alive "$1"; }
for pid in "${CLIENTS[@]}"; do wait_for 25 over "$pid" || hung=$((hung + 1)); done
note "killed $killed:$HISTORY"
[ $killed -ge 5 ]; ok $? "at least five processes were killed"
is "$dead_ends" 0 "service came back behind each of them, without another hand than S"
is "$hung" 0 "no client hangs"

# Everything down and up again: what was committed is what is there.
ALL=$(image_pids)
kill -9 "$(processes sallyport-master)"
wait_for 20 ended $ALL; ok $? "the master too: all have ended"
runs "ipl" 0 sallyport ipl
image_start; ok $? "angel, region and server start"
for key in $KEYS; do
    result=$SCRATCH/result.$key
    note "$key: $(jq -c '[.n, .slowest, .counts]' "$result")"
    is "$(jq -c .wrong "$result")" '[]' "$key: each record read was one that was written"
    [ "$(jq '.slowest < 15' "$result")" = true ]; ok $? "$key: each request was answered or failed in time"
    get_record "$key"; is "$CODE" 200 "$key: is there"
    is "$(field ADDRX)" "$(field NAME)" "$key: in one piece"
    is "$(jq --arg v "$(field NAME)" '.may_be | index($v) != null' "$result")" true "$key: holds the last write that was answered, or a later one"
done
is "$(sallyport racf 'LISTUSER USER1' | grep -c 'USER=USER1')" 1 "the security database has its users"
like "$(cat "$(log_of)")" CWWKF0011I "the server is ready"
done_testing
