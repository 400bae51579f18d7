# kill -9 of each of the angel's processes, one after the other, while clients
# log on with certificates and passwords: no request fails, the longest one
# waits a bounded time.
. "$E2E_LIB"
image_install; ok $? "the exercise's image"
# Each request is to ask the angel.
sed -i 's|</server>|  <authentication cacheEnabled="false"/>\n</server>|' "$SERVER_DIR/server.xml"; image_own
image_start; ok $? "angel, region and server"
cat >"$SCRATCH/client.py" <<'PY'
import http.client, json, os, ssl, sys, time
port, scratch, number = int(sys.argv[1]), sys.argv[2], sys.argv[3]
tls = ssl.create_default_context(cafile=scratch + "/ca.pem")
tls.load_cert_chain(scratch + "/USER1.pem")
slowest, counts = 0.0, {}
while not os.path.exists(scratch + "/enough"):
    began = time.monotonic()
    try:
        c = http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=25)
        c.request("GET", "/cscvinc/employee/111111")
        r = c.getresponse()
        r.read()
        status = r.status
        c.close()
    except Exception as e:
        status = type(e).__name__
    slowest = max(slowest, time.monotonic() - began)
    counts[str(status)] = counts.get(str(status), 0) + 1
json.dump({"slowest": slowest, "counts": counts}, open(scratch + "/result." + number, "w"))
PY
children_of() { cat /proc/"$1"/task/*/children 2>/dev/null | tr ' ' '\n' | grep .; }
angel() { children_of "$(processes sallyport-master)" | while read -r p; do grep -q angel "/proc/$p/comm" && tr '\0' ' ' <"/proc/$p/cmdline" | grep -qv -- --named && echo "$p"; done; }
part() { for p in $(children_of "$(angel | head -1)"); do grep -q "$1" "/proc/$p/comm" 2>/dev/null && echo "$p"; done; }
for name in front keeper recorder verifier; do
    rm -f "$SCRATCH/enough" "$SCRATCH"/result.*
    clients=()
    for n in 1 2 3; do python3 "$SCRATCH/client.py" "$HTTPS" "$SCRATCH" "$n" & clients+=($!); done
    sleep 1
    killed=0
    for round in 1 2 3; do
        for p in $(part "$name"); do kill -9 "$p" && killed=$((killed + 1)); done
        wait_for 10 test -n "$(part "$name")"
        wait_for 10 sallyport racf LISTUSER
        sleep 1
    done
    touch "$SCRATCH/enough"
    wait_for 30 ended "${clients[@]}"
    note "$name: $(jq -sc 'map(.counts) | map(to_entries) | add | group_by(.key) | map({(.[0].key): (map(.value) | add)}) | add' "$SCRATCH"/result.*), the slowest $(jq -s 'map(.slowest) | max' "$SCRATCH"/result.*) s"
    [ $killed -ge 3 ]; ok $? "$name: killed three times"
    is "$(jq -sr 'map(.counts | keys) | add | unique | join(" ")' "$SCRATCH"/result.*)" 200 "$name: no request fails"
    is "$(jq -s 'map(.slowest) | max < 10' "$SCRATCH"/result.*)" true "$name: none waits longer than ten seconds"
done

# The parser lives for one certificate: each second one is killed while others
# come in. KILLED BAD on the last line.
cat >"$SCRATCH/killer.py" <<'PY'
import glob, os, signal, subprocess, sys, threading
front, seen, killed, bad, is_over = sys.argv[1], set(), 0, 0, False

def kill():
    global killed
    while not is_over:
        for path in glob.glob(f"/proc/{front}/task/*/children"):
            try:
                pids = open(path).read().split()
            except OSError:
                continue
            for pid in pids:
                if pid in seen:
                    continue
                seen.add(pid)
                if len(seen) % 2 == 1:
                    try:
                        os.kill(int(pid), signal.SIGKILL)
                        killed += 1
                    except OSError:
                        pass

killer = threading.Thread(target=kill)
killer.start()
for _ in range(20):
    r = subprocess.run(["sallyport", "racf", "RACDCERT CHECKCERT('IBMUSER.CA.PEM')"], capture_output=True, text=True)
    if r.returncode != 0:
        bad += 1
        print(r.stdout, r.stderr)
is_over = True
killer.join()
print(killed, bad)
PY
OUT=$(python3 "$SCRATCH/killer.py" "$(part front)")
read -r killed bad <<<"$(tail -1 <<<"$OUT")"
note "parsers that were killed: $killed"
[ "$killed" -gt 0 ]; ok $? "parser: killed"
is "$bad" 0 "parser: what it was reading is read again"
[ "$bad" = 0 ] || note "$OUT"
done_testing
