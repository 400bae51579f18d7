# Listening sockets that change hands, or have several: whoever may take a
# connection decides, and where one of them has a rule for TLS nobody gets clear
# text. What no rule is for is left alone again soon.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
conf=$SALLYPORT_ROOT/etc/image.conf
{ : >>"$conf" && cp "$conf" "$SCRATCH/conf"; } || exit 1; echo 'ttlsscope=machine' >>"$conf"
cd "$SCRATCH" || exit 1
chmod 755 "$SCRATCH"
ring=LIBSERV/Liberty.KeyRing
inbound() { rule "$1" Inbound "$2" Server $ring "" "${3:-}"; }
{
    group
    inbound given 8081 "Userid 50001"
    inbound both 8082 "Userid 50001"
    inbound maker 8083 "Userid ROOT"
    inbound some 8084 "Userid 50001
  Priority 10"
    printf 'TTLSGroupAction off\n{\n  TTLSEnabled Off\n}\nTTLSRule clear\n{\n  LocalPortRange 8084\n  Direction Inbound\n  Userid ROOT\n  Priority 20\n  TTLSGroupActionRef off\n}\n'
    inbound shared 8085 "Jobname HOLDS"
    inbound later 8086 "Userid 50001"
    inbound job 8087 "Jobname HOLDS"
    inbound every 8088 "Userid *"
} >"$policy"
cat >serve.py <<'PY'
# serve.py PORT WAY [JOB]: root listens; at a line of the pipe fPORT, or at once,
# another process takes it over, or shares it.
import os, socket, sys, threading
port, way, job = int(sys.argv[1]), sys.argv[2], (sys.argv + [""])[3]
def listener():
    s = socket.socket(socket.AF_INET6 if way == "six" else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("::" if way == "six" else "10.77.0.1", port)); s.listen(64)
    return s
def serve(l):
    def one(c, who):
        try:
            line = c.makefile("rb").readline().decode(errors="replace").strip()
            print("got", line[:20].encode("ascii", "replace").decode(), c.getpeername()[0], "same" if c.getpeername() == who else who, flush=True); c.sendall(b"answer " + line.encode() + b"\n"); c.close()
        except OSError as e:
            print(type(e).__name__, flush=True)
    while True:
        threading.Thread(target=one, args=l.accept(), daemon=True).start()
def become(what):
    if what == "job":
        with open(job + "/cgroup.procs", "w") as f: f.write(str(os.getpid()))
    elif what == "user":
        os.setresgid(50001, 50001, 50001); os.setresuid(50001, 50001, 50001)
l = None if way in ("own", "six") else listener()
if way in ("given", "both", "ingiven", "inboth"): # by SCM_RIGHTS, to a process that was there before
    a, b = socket.socketpair()
    if os.fork() == 0:
        l.close(); a.close()
        become("job" if way.startswith("in") else "user")
        serve(socket.socket(fileno=socket.recv_fds(b, 10, 1)[1][0]))
    b.close(); print("up", flush=True)
    open("f%d" % port).readline()
    socket.send_fds(a, [b"x"], [l.fileno()])
    if way.endswith("given"): l.close()
    print("handed", flush=True); threading.Event().wait()
if way in ("prefork", "jobfork"): # a father that keeps it, children that accept
    for _ in range(3):
        if os.fork() == 0:
            become("job" if way == "jobfork" else "user"); serve(l)
    print("up", flush=True); threading.Event().wait()
if way in ("own", "six"): # made by that user, or in the job
    become("job" if job else "user"); l = listener()
print("up", flush=True); serve(l)
PY
cat >tls.py <<'PY'
import socket, ssl, sys
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
s = c.wrap_socket(socket.create_connection((sys.argv[1], int(sys.argv[2])), 20)); s.sendall(b"SECRET tls\n"); print(s.makefile().readline())
PY
# serve PORT WAY [JOB]; its output in out.PORT.
serve() { : >"out.$1"; [ -e "f$1" ] || mkfifo "f$1"; background python3 serve.py "$@" >"out.$1" 2>&1; wait_for 10 grep -q up "out.$1"; }
hand() { echo >"f$1"; wait_for 10 grep -q handed "out.$1"; }
clear_at() { OUT=$(peer timeout 20 bash -c "exec 3<>/dev/tcp/10.77.0.1/$1; echo plain words >&3; timeout 3 head -1 <&3; echo status \$?" 2>&1); }
tls_at() { OUT=$(peer timeout 30 python3 tls.py "${2:-10.77.0.1}" "$1" 2>&1); }
tls() { tls_at "$1" "${3:-}"; like "$OUT" 'answer SECRET tls' "$2: TLS"; }
is_refused() { clear_at "$1"; ! grep -q answer <<<"$OUT"; }
refused() { wait_for 10 is_refused "$1"; ok $? "$2: clear text is refused"; }
# Nobody accepts where it is to be given away: no answer, and no end.
is_left() { clear_at "$1"; grep -q 'answer plain words\|status 124' <<<"$OUT"; }
left() { wait_for 10 is_left "$1"; ok $? "$2: reached in clear text"; grep -q "answer\|124" <<<"$OUT" || note "$OUT"; }
inbound_n() { sallyport netstat --json TTLS | jq .inbound; }
# alone PORT NAME: soon no engine sees its connections.
is_alone() { local n; n=$(inbound_n); peer bash -c "exec 3<>/dev/tcp/10.77.0.1/$1; exec 4<>/dev/tcp/10.77.0.1/$1" && [ "$(inbound_n)" = "$n" ]; }
alone() { wait_for 20 is_alone "$1"; ok $? "$2: and no engine sees it"; }

serve 8081 given; serve 8083 prefork; serve 8084 prefork; ok $? "root listens, before there is a policy"
ttls_start
JOB=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/sallyport/$(stat -c '%D' "$SALLYPORT_ROOT")-$(printf '%x' "$(stat -c '%i' "$SALLYPORT_ROOT")")/HOLDS
mkdir "$JOB" && python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.sallyport.job", b"HOLDS LIBSERV")' "$JOB"; ok $? "a job's cgroup"
at_exit 'rmdir "$JOB" 2>/dev/null'
wire_start
left 8081 "no rule is for root"; alone 8081 "no rule is for root"
hand 8081; ok $? "it is given to a user that has a rule"
refused 8081 "given away"; tls 8081 "given away"
serve 8082 both; left 8082 "one that root has made later"; alone 8082 "one that root has made later"
hand 8082; refused 8082 "two hold it, one has a rule"; tls 8082 "two hold it, one has a rule"
mark; tls_at 8083; wait_for 10 said 'EZD1281I .*USERID: ROOT TYPE: InBound .*RULE: maker '; ok $? "children accept, the rule is for their father"; refused 8083 "their father's rule"
tls 8084 "the father's rule is Off, the children's is On"; refused 8084 "Off and On"
serve 8085 root; left 8085 "another one by root"; background python3 serve.py 8085 own "$JOB" >out.own 2>&1; OWN=$PID; wait_for 10 grep -q up out.own
refused 8085 "who has a rule listens there, too"; tls 8085 "listens there, too"
kill "$OWN"; left 8085 "it has ended"; alone 8085 "it has ended"
serve 8086 root; left 8086 "one more"; alone 8086 "one more"
serve 8087 jobfork "$JOB"; refused 8087 "a job's processes accept"; tls 8087 "a job's processes accept"
mark; tls_at 8087; wait_for 10 said 'EZD1281I .*JOBNAME: HOLDS USERID: LIBSERV TYPE: InBound .*RULE: job '; ok $? "and it is the job's"
mark; tls_at 8082; wait_for 10 said 'EZD1281I .*USERID: 50001 TYPE: InBound .*RULE: both '; ok $? "the one of two whose rule it is"
like "$(cat out.8082)" 'got SECRET tls 10\.77\.0\.2' "which sees its peer"
serve 8088 six; tls 8088 "IPv6" fd77::1; refused 8088 "a socket of both families"
tls 8088 "IPv4, to a socket of both families"
for at in fd77::2 ::ffff:10.77.0.2; do like "$(cat out.8088)" "got SECRET tls $at same" "it sees its peer $at, as accept() and getpeername() say"; done

# --- engines and stack that are away -------------------------------------------------
STACK=$(stack_pid); AGENT=$(processes sallyport-pagent | grep -vx "$STACK" | head -1)
wait_for 20 is_alone 8086
kill -9 "$AGENT"; kill -9 "$STACK" $(pgrep -P "$STACK"); wait_for 10 ended "$STACK"
left 8086 "agent, stack and engines are killed: what was left alone"
for port in 8081 8087 8088; do refused $port "what has a rule, $port"; done

# --- jobs only ------------------------------------------------------------------------
{ cat conf; echo 'ttlsscope=image'; } >"$conf"
mark; console 'S PAGENT'; wait_for 20 said EZZ8432I; ok $? "ttlsscope=image, and all is started again"
left 8088 "no job: a rule for everybody is not for it"; alone 8088 "no job"
left 8082 "two that are none"
tls 8087 "the job's"; refused 8087 "the job's"
serve 8089 own "$JOB"
{ group; inbound any 8080-8099; } >"$policy"; policy_refresh; ok $? "a rule for everybody"
tls 8089 "a job's own"; refused 8089 "a job's own"
serve 8090 ingiven "$JOB"; left 8090 "made outside"; alone 8090 "made outside"
hand 8090; refused 8090 "given to a job"; tls 8090 "given to a job"
serve 8091 inboth "$JOB"; left 8091 "made outside"; hand 8091; refused 8091 "shared with a job"; tls 8091 "shared with a job"
left 8086 "one outside, begun before the policy"; alone 8086 "before the policy"
wire_end; is "$(grep -ao 'SECRET[A-Za-z ]*' wire | sort | uniq -c | tr -s ' ' | tr '\n' ';')" "" "no clear text of TLS clients on the wire"
done_testing
