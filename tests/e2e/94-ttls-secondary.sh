# SecondaryMap: connections of a process that has a mapped one with the same
# peer are mapped like it, as FTP's data connections are; those of others, and
# later ones, are not.
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
}
policy 50 >"$policy"
ttls_start
wire_start
for port in 8443 8444 8470 8471 8472; do line_server $port LIBSERV.pem; done; ok $? "TLS servers"

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

kill "$CLIENT"
is "$(grep -ao 'SECRET \(hello\|file\|again\|priority\|change\|control\|active\|passive\)' wire | sort | uniq -c | tr '\n' ';')" "" "no clear text of theirs on the wire"
done_testing
