# SecondaryMap: connections of a process that has a mapped one with the same
# peer, and of those it has forked, are mapped like it, as FTP's data
# connections are; those of others, and later ones, are not.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
policy() { # PRIORITY-OF-OTHER
    group
    rule ftp Outbound 8443 Client LIBSERV/Liberty.KeyRing "SecondaryMap On" "Priority 100"
    rule plain Outbound 8444 Client LIBSERV/Liberty.KeyRing "" "Priority 100"
    rule other Outbound 8472 Client LIBSERV/Liberty.KeyRing "" "Priority $1"
    rule server Inbound 8085 Server LIBSERV/Liberty.KeyRing "SecondaryMap On" "Priority 100"
    rule forks Inbound 8086-8087 Server LIBSERV/Liberty.KeyRing "SecondaryMap On" "Priority 100"
}
policy 50 >"$policy"
ttls_start
wire_start
for port in 8443 8444 8470 8471 8472; do line_server $port LIBSERV.pem; done; ok $? "TLS servers"
cat >plain.py <<'PY'
import socket, sys, threading
l = socket.create_server(("10.77.0.2", 8475), backlog=1024)
print("up", flush=True)
def serve(s):
    try: s.sendall(b"PLAIN " + s.makefile("rb").readline())
    except OSError: pass
    s.close()
while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
PY
background nsenter -t "$PEER" -n python3 plain.py >plain.out; wait_for 10 grep -q up plain.out; ok $? "and one in clear text"

# Lines of the script's descriptor 3 in, answers out: one process that connects
# and listens as it is told.
cat >client.py <<'PY'
import socket, sys
at = {}
def answer(what): print(what, flush=True)
for line in open(sys.argv[1]):
    verb, name, *rest = line.split()
    try:
        if verb == "connect":
            at[name] = socket.create_connection((rest[0], int(rest[1])), 20)
            answer("connected")
        elif verb == "listen":
            at[name] = socket.create_server((rest[0], int(rest[1]))); at[name].settimeout(20)
            answer("listening")
        elif verb == "accept":
            at[name] = at[rest[0]].accept()[0]; at[name].settimeout(20)
            answer("accepted " + at[name].getpeername()[0])
        elif verb == "say":
            at[name].sendall(("SECRET %s\n" % rest[0]).encode())
            answer(at[name].makefile().readline().strip())
        elif verb == "hear":
            answer(at[name].makefile().readline().strip())
        elif verb == "close":
            at.pop(name).close(); answer("closed")
    except OSError as e:
        answer("failed " + type(e).__name__)
PY
mkfifo in; exec 5<>in
chmod 755 "$SCRATCH"; chmod 644 client.py; chmod 666 in
background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 client.py in >out 2>&1; CLIENT=$PID
tell() { # LINE: its answer in OUT
    local n; n=$(wc -l <out)
    echo "$1" >&5
    wait_for 30 eval '[ "$(wc -l <out)" -gt '"$n"' ]'
    OUT=$(tail -1 out)
}

# --- a client ---------------------------------------------------------------------------
tell 'connect early 10.77.0.2 8470'; tell 'say early before'; unlike "$OUT" MARKER "without a primary connection: clear text, no rule is for it"
tell 'close early'
tell 'connect control 10.77.0.2 8443'; tell 'say control hello'; like "$OUT" 'MARKER TLSv1.3 SECRET hello' "a primary connection"
mark
tell 'connect data 10.77.0.2 8470'; tell 'say data file'; like "$OUT" 'MARKER TLSv1.3 SECRET file' "the same process, the same peer, a port that no rule names: TLS"
wait_for 5 said 'EZD1281I .*\.\.8470 .*RULE: ftp '; ok $? "mapped by the primary connection's rule"
is "$(sallyport netstat --json CONN | jq -r '[.. | objects | select(.remote? // "" | test("8470")) | .secondary] | unique | tostring')" '[true]' "MAPTYPE SECONDARY"
is "$(sallyport netstat TTLS COnn | sed -n 's/^  REMOTESOCKET: *10.77.0.2..//p; s/^  MAPTYPE: *//p' | paste -sd' \n' | sort | tr '\n' ';')" "8443 PRIMARY;8470 SECONDARY;" "in the report, too"
is "$(sallyport netstat --json CONN | jq -r '[.. | objects | select(.remote? // "" | test("8443")) | .secondary] | unique | tostring')" '[false]' "its primary connection is PRIMARY"
for n in 1 2 3 4 5 6; do tell "connect more$n 10.77.0.2 8471"; tell "say more$n again"; echo "$OUT"; done >more
is "$(grep -c 'MARKER TLSv1.3 SECRET again' more)" 6 "whichever engine takes it"
tell 'connect low 10.77.0.2 8472'; mark; tell 'close low'; tell 'connect low 10.77.0.2 8472'; tell 'say low priority'; like "$OUT" 'MARKER TLSv1.3' "a rule of lower priority is for the port"
wait_for 5 said 'EZD1281I .*\.\.8472 .*RULE: ftp '; ok $? "the primary connection's counts"
tell 'connect six fd77::2 8470'; tell 'say six other'; unlike "$OUT" MARKER "another address of the peer is another entry"
is "$(python3 - <<'PY'
import socket
s = socket.create_connection(("10.77.0.2", 8470), 10)
s.sendall(b"plain\n")
try: print(s.makefile("rb").readline().startswith(b"MARKER"))
except OSError: print(False)
PY
)" False "another process: clear text"

# --- the policy changes, an engine dies --------------------------------------------------
policy 200 >"$policy"; sed -i 's/rule ftp/&/; s/TLSv1.3 On/TLSv1.3 Off/' "$policy"; policy_refresh
mark; tell 'connect after 10.77.0.2 8471'; tell 'say after change'; like "$OUT" 'MARKER TLSv1.3 SECRET change' "another policy: secondary connections keep the actions of the primary one"
mark; tell 'connect high 10.77.0.2 8472'; tell 'say high priority'; like "$OUT" 'MARKER TLSv1.2 SECRET priority' "a rule of higher priority counts"
for n in 1 2 3 4 5 6; do tell "close more$n"; done
for name in control data low after high; do tell "close $name"; done
wait_for 10 eval '[ "$(sallyport netstat --json CONN | grep -c :8443)" = 0 ]'
tell 'connect late 10.77.0.2 8470'; tell 'say late after'; unlike "$OUT" MARKER "the primary connection is closed: clear text again"
tell 'connect plain 10.77.0.2 8444'; tell 'say plain hello'; like "$OUT" 'MARKER TLSv1.2' "a rule without SecondaryMap"
tell 'connect none 10.77.0.2 8470'; tell 'say none no'; unlike "$OUT" MARKER "makes no connection primary"

# --- a server ----------------------------------------------------------------------------
tell 'listen ear 10.77.0.1 8085'
cat >peer.py <<'PY'
# A client of port 8085 that takes a data connection from the server (active)
# and makes one to it (passive), always as the client of TLS.
import socket, ssl, sys
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
def tls(raw): return c.wrap_socket(raw)
def line(s, text):
    s.sendall(text + b"\n")
ear = socket.create_server(("10.77.0.2", 8490))
control = tls(socket.create_connection(("10.77.0.1", 8085), 20))
line(control, b"SECRET control"); print("control", flush=True)
ear.settimeout(30)
active = tls(ear.accept()[0]); line(active, b"SECRET active"); print("active", flush=True)
open(sys.argv[1]).readline()
passive = tls(socket.create_connection(("10.77.0.1", 8491), 20)); line(passive, b"SECRET passive"); print("passive", flush=True)
open(sys.argv[1]).readline()
PY
mkfifo f; exec 6<>f
background nsenter -t "$PEER" -n python3 peer.py f >peer.out 2>&1
tell 'accept server ear'; like "$OUT" 'accepted 10.77.0.2' "an inbound primary connection"
tell 'hear server'; like "$OUT" 'SECRET control' "its TLS is taken off"
tell 'connect active 10.77.0.2 8490'; tell 'hear active'; like "$OUT" 'SECRET active' "the server connects back: TLS in the same role"
tell 'listen ear2 10.77.0.1 8491'; echo >&6
tell 'accept passive ear2'; tell 'hear passive'; like "$OUT" 'SECRET passive' "the client connects to another port of it: TLS"
is "$(sallyport netstat --json CONN | jq -r '[.. | objects | select(.secondary? == true)] | length')" 2 "two secondary connections"
kill -9 $(pgrep -P "$(stack_pid)" -f -- --engine)
wait_for 20 eval '[ "$(sallyport netstat --json CONN | jq "[.. | objects | select(.secondary? == true)] | length")" = 0 ]'
tell 'connect dead 10.77.0.2 8470'; tell 'say dead end'; unlike "$OUT" MARKER "the engines were killed, and with them the primary connections"

# --- children of a client --------------------------------------------------------------
JOB=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/sallyport-test-$$
mkdir "$JOB"; ok $? "another cgroup"; at_exit 'rmdir "$JOB" 2>/dev/null'
cat >tree.py <<'PY'
# A process that has a primary connection, and others of its family.
import os, socket, sys, time
TLS, CLEAR, PEER = 8470, 8475, "10.77.0.2"
def talk(what, port=TLS, host=PEER):
    try:
        s = socket.create_connection((host, port), 20); s.sendall(("SECRET %s\n" % what if port == TLS else "OPEN %s\n" % what).encode())
        print(what, s.makefile("rb").readline().decode(errors="replace").strip(), flush=True); s.close()
    except OSError as e:
        print(what, type(e).__name__, flush=True)
def child(f, *a): # in a child of its own; waits for it
    pid = os.fork()
    if pid == 0:
        try: f(*a)
        except BaseException as e: print(type(e).__name__, e, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
def elsewhere():
    with open(sys.argv[1] + "/cgroup.procs", "w") as f: f.write(str(os.getpid()))
    os.setresgid(50001, 50001, 50001); os.setresuid(50001, 50001, 50001)
    talk("moved")
def orphan(what, port, session):
    r, w = os.pipe()
    if os.fork() == 0:
        father = os.getpid()
        if os.fork() == 0:
            if session: os.setsid()
            while os.getppid() == father: time.sleep(0.01)
            talk(what, port); os.write(w, b"x"); os._exit(0)
        os._exit(0)
    os.wait(); os.read(r, 1)
def primary():
    c = socket.create_connection((PEER, 8443), 20); c.sendall(b"SECRET control\n")
    print("control", c.makefile("rb").readline().decode().strip(), flush=True)
    return c
def family():
    os.setsid()
    r, w = os.pipe(); r2, w2 = os.pipe()
    if os.fork() == 0: # was there before the primary connection
        os.read(r, 1); talk("elder"); os.write(w2, b"x"); os._exit(0)
    c = primary()
    os.write(w, b"x"); os.read(r2, 1)
    child(talk, "child")
    child(child, talk, "grandchild")
    child(child, child, child, talk, "descendant")
    child(os.execvp, "bash", ["bash", "-c", "bash -c 'exec 3<>/dev/tcp/10.77.0.2/8470; echo SECRET program >&3; echo program $(head -1 <&3)'; :"])
    child(elsewhere)
    orphan("fatherless", TLS, False)
    orphan("daemon", CLEAR, True)
    os.write(up, b"x"); os.read(go, 1)
    c.close(); time.sleep(1)
    child(talk, "late", CLEAR)
down, up = os.pipe(); go, ahead = os.pipe()
pid = os.fork()
if pid == 0: family(); os._exit(0)
os.read(down, 1)
talk("father", CLEAR) # not a child's
child(talk, "sister", CLEAR) # nor is its sister
os.write(ahead, b"x"); os.waitpid(pid, 0)
PY
timeout 200 python3 tree.py "$JOB" >tree 2>&1; ok $? "a process with a primary connection, and its family"
for who in control elder child grandchild descendant program moved fatherless; do like "$(cat tree)" "^$who MARKER TLSv1.[23] SECRET" "$who: TLS"; done
for who in daemon father sister late; do is "$(grep "^$who " tree)" "$who PLAIN OPEN $who" "$who: nobody's child, clear text"; done
# A process that ends at once: TLS where its parents could be found out, else
# nothing; never clear text.
cat >short.py <<'PY'
import os, socket, sys
c = socket.create_connection(("10.77.0.2", 8443), 20); c.sendall(b"SECRET control\n"); c.makefile("rb").readline()
for i in range(100):
    if os.fork() == 0:
        try: s = socket.socket(); s.connect(("10.77.0.2", 8475)); s.send(b"SECRET short\n")
        finally: os._exit(0)
    os.wait()
print("done")
PY
is "$(timeout 100 python3 short.py 2>/dev/null)" done "a hundred children that end at once"
BROKER=$(pgrep -P "$(stack_pid)" -f -- --broker); STEERED=$(sallyport netstat --json TTLS | jq .steered)
cat >gone.py <<'PY'
import os, socket, sys
c = socket.create_connection(("10.77.0.2", 8443), 20); c.sendall(b"SECRET control\n"); c.makefile("rb").readline()
print("up", flush=True); sys.stdin.readline()
pid = os.fork()
if pid == 0:
    os.setsid()
    s = socket.create_connection(("10.77.0.2", 8475), 20)
    try: s.sendall(b"SECRET stays\n"); print("stays", s.recv(100), flush=True)
    except OSError as e: print("stays", type(e).__name__, flush=True)
    os._exit(0)
os.waitpid(pid, os.WNOHANG)
if os.fork() == 0:
    try: s = socket.socket(); s.connect(("10.77.0.2", 8475)); s.send(b"SECRET gone\n")
    finally: os._exit(0)
while os.wait()[0] == pid: pass
c.close(); print("gone", flush=True); os.waitpid(pid, 0)
PY
mkfifo g; exec 7<>g
background python3 gone.py <g >gone 2>&1
refused() { grep -c 'its process has ended, it may have been process [0-9]* or a child of it, which has a connection by rule ftp' "$SALLYPORT_ROOT"/tcpip/*/stack.log; }
REFUSED=$(refused)
wait_for 20 grep -q up gone; kill -STOP "$BROKER"; echo >&7; wait_for 10 grep -q gone gone; ok $? "a child, and the primary connection, have ended before anybody could ask for its parents"
kill -CONT "$BROKER"
wait_for 10 eval '[ "$(refused)" -gt "$REFUSED" ]'; ok $? "it is reset, and said"
wait_for 20 grep -q stays gone; unlike "$(cat gone)" PLAIN "another one that is there still: not in clear text"

# --- a number that comes again -----------------------------------------------------------
cat >again.py <<'PY'
# Its process has ended while a child keeps the primary connection, and others
# get its number.
import os, socket, sys, time
LAST = "/proc/sys/kernel/ns_last_pid"
def talk(what, port, word):
    try:
        s = socket.create_connection(("10.77.0.2", port), 20); s.sendall(("%s %s\n" % (word, what)).encode())
        print(what, s.makefile("rb").readline().decode(errors="replace").strip(), flush=True)
        return s
    except OSError as e:
        print(what, type(e).__name__, flush=True)
def child(f, *a):
    pid = os.fork()
    if pid == 0:
        try: f(*a)
        except BaseException as e: print(type(e).__name__, e, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
    return pid
def owner():
    kept = talk("owner", 8443, "SECRET")
    if os.fork() == 0: os.read(go, 1); os._exit(0)
    time.sleep(0.1) # starts are known to a hundredth of a second
def again(number, f): # False: somebody else has it
    for i in range(500):
        with open(LAST, "w") as last: last.write(str(number - 1))
        if child(lambda: os.getpid() == number and f()) == number: return True
    return False
def heir():
    kept = talk("control", 8443, "SECRET")
    talk("heir", 8470, "SECRET"); time.sleep(0.1)
def lent():
    os.setresgid(50001, 50001, 50001); os.setresuid(50001, 50001, 50001)
    s = socket.socket(); s.connect(("10.77.0.2", 8475)); s.send(b"SECRET lent\n"); os._exit(0)
for i in range(5):
    go, end = os.pipe()
    number = child(owner)
    if again(number, lambda: talk("stranger", 8475, "OPEN")): break
    os.write(end, b"x")
else:
    print("nobody", flush=True); sys.exit()
again(number, lambda: child(talk, "stepchild", 8475, "OPEN"))
again(number, heir)
again(number, lambda: talk("third", 8475, "OPEN"))
print("up", flush=True); sys.stdin.readline()
again(number, lent)
print("lent", flush=True); sys.stdin.readline()
os.write(end, b"x")
PY
if [ -w /proc/sys/kernel/ns_last_pid ]; then
    mkfifo a; exec 9<>a
    background python3 again.py <a >again 2>&1
    wait_for 100 grep -Eq '^(up|nobody)$' again; ok $? "a process ends, its child keeps the primary connection"
fi
if grep -q '^up$' again 2>/dev/null; then
    for who in stranger stepchild third; do is "$(grep "^$who " again)" "$who PLAIN OPEN $who" "$who: has the number of a process that had a primary connection, or is a child of that one: clear text"; done
    like "$(cat again)" '^heir MARKER TLSv1.[23] SECRET heir' "one that has a primary connection by itself, too: TLS"
    REFUSED=$(refused)
    kill -STOP "$BROKER"; echo >&9; wait_for 10 grep -q '^lent$' again; kill -CONT "$BROKER"
    wait_for 10 eval '[ "$(refused)" -gt "$REFUSED" ]'; ok $? "one of another user that has ended before anybody could ask since when it was there: reset, and said"
    echo >&9
else
    note "no process can be given a number here"
fi

# --- a server that forks -----------------------------------------------------------------
cat >forks.py <<'PY'
# forks.py PORT: one child for each client; on 8086 the father alone keeps the
# listening socket, on 8087 all do. A child connects back
# (active), listens (passive), has a child do both.
import os, socket, socketserver, sys
def line(s): return s.makefile("rb").readline().decode(errors="replace").strip()
class Client(socketserver.BaseRequestHandler):
    def handle(self):
        if sys.argv[1] == "8086": self.server.socket.close()
        control = self.request
        while True:
            what = line(control).split()
            if not what: break
            def act():
                if what[1] == "active":
                    s = socket.create_connection(("10.77.0.2", int(what[2])), 20)
                else:
                    l = socket.create_server(("10.77.0.1", int(what[2]))); l.settimeout(30); control.sendall(b"listening\n"); s = l.accept()[0]; l.close()
                s.settimeout(20); s.sendall(("SECRET %s\n" % " ".join(what)).encode()); answer = line(s); s.close()
                control.sendall(("%s heard %s\n" % (what[0], answer)).encode())
            if what[0] == "child": act()
            else:
                if os.fork() == 0: act(); os._exit(0)
                os.wait()
class Server(socketserver.ForkingTCPServer):
    allow_reuse_address = True
s = Server(("10.77.0.1", int(sys.argv[1])), Client)
print("up", flush=True)
s.serve_forever()
PY
cat >ftp.py <<'PY'
# ftp.py PORT N: a client of such a server, in TLS on all connections.
import socket, ssl, sys
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
base = int(sys.argv[2])
control = c.wrap_socket(socket.create_connection(("10.77.0.1", int(sys.argv[1])), 20)); f = control.makefile("rwb", 0)
for i, who in enumerate(("child", "grandchild")):
    l = socket.create_server(("10.77.0.2", base + i)); l.settimeout(30)
    f.write(b"%s active %d\n" % (who.encode(), base + i))
    s = c.wrap_socket(l.accept()[0]); print(s.makefile("rb").readline().decode().strip(), flush=True); s.sendall(b"SECRET from client\n")
    print(f.readline().decode().strip(), flush=True)
    f.write(b"%s passive %d\n" % (who.encode(), base + 5 + i)); f.readline()
    s = c.wrap_socket(socket.create_connection(("10.77.0.1", base + 5 + i), 20)); print(s.makefile("rb").readline().decode().strip(), flush=True); s.sendall(b"SECRET from client\n")
    print(f.readline().decode().strip(), flush=True)
if len(sys.argv) > 3:
    print("waits", flush=True); open(sys.argv[3]).readline()
PY
for port in 8086 8087; do
    background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 forks.py $port >forks.$port 2>&1; wait_for 10 grep -q up forks.$port
    for n in 1 2; do peer timeout 100 python3 ftp.py $port 85${n}0 >ftp.$n 2>&1 & eval "F$n=$!"; done; wait $F1 $F2
    for n in 1 2; do
        is "$(grep -c 'SECRET .*\(active\|passive\) 85' ftp.$n) $(grep -c 'heard SECRET from client' ftp.$n)" "4 4" "server on $port, client $n: its child, and that one's, connect and listen: TLS"
        [ "$(grep -c heard ftp.$n)" = 4 ] || note "$(cat ftp.$n)"
    done
done
mkfifo w; exec 8<>w
background nsenter -t "$PEER" -n python3 ftp.py 8086 8530 w >ftp.3 2>&1
wait_for 40 grep -q waits ftp.3; ok $? "a client that stays"
background python3 -c '
import socket
l = socket.create_server(("10.77.0.1", 8495)); print("up", flush=True)
while True:
    s = l.accept()[0]; s.sendall(b"OPEN " + s.makefile("rb").readline()); s.close()' >other.out
wait_for 10 grep -q up other.out
is "$(peer timeout 20 bash -c 'exec 3<>/dev/tcp/10.77.0.1/8495; echo words >&3; head -1 <&3')" "OPEN words" "another program that listens: reached in clear text"
is "$(timeout 20 bash -c 'exec 3<>/dev/tcp/10.77.0.2/8475; echo OPEN words >&3; head -1 <&3')" "PLAIN OPEN words" "and one that connects to that client"
echo >&8

kill "$CLIENT"
wire_end; is "$(grep -ao 'SECRET \(hello\|file\|again\|priority\|change\|control\|active\|passive\|[a-z]*child\|elder\|descendant\|program\|moved\|fatherless\|short\|gone\|stays\|owner\|heir\|lent\|from client\)' wire | sort | uniq -c | tr '\n' ';')" "" "no clear text of theirs on the wire"
[ "$(grep -ac 'OPEN [a-z]' wire)" -gt 0 ]; ok $? "but what is nobody's"
done_testing
