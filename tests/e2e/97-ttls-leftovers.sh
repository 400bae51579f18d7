# What is left of a connection that ends at the wrong time is nobody else's: a
# port that is used again does not inherit who its former connection was, nor
# does a client pass for an engine's own.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
chmod 755 "$SCRATCH"
{
    group
    rule first Outbound 8443 Client LIBSERV/Liberty.KeyRing "" "Userid 50001"
    rule second Outbound 8444 Client LIBSERV/Liberty.KeyRing "" "Userid 50001"
    rule in Inbound 8085 Server LIBSERV/Liberty.KeyRing "" "Userid 50001"
} >"$policy"
ttls_start
wire_start
cat >hears.py <<'PY'
# hears.py PORT PEM: says and answers each line that comes over TLS.
import socket, ssl, sys, threading
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain(sys.argv[2])
l = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
print("up", flush=True)
def serve(raw):
    try:
        s = c.wrap_socket(raw, server_side=True); f = s.makefile("rwb", 0)
        while line := f.readline():
            print("heard", line, flush=True); f.write(b"MARKER " + line)
    except OSError as e: print(type(e).__name__, flush=True)
    raw.close()
while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
PY
for port in 8443 8444; do
    background nsenter -t "$PEER" -n python3 hears.py $port LIBSERV.pem >hears.$port 2>&1; wait_for 10 grep -q up hears.$port; ok $? "a TLS server on $port"
done
cat >plain.py <<'PY'
import os, socket, sys, threading, time
l = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=64)
print("up", flush=True)
def serve(s):
    try:
        f = s.makefile("rb")
        while line := f.readline():
            print("got", line, flush=True)
            while b"wait" in line and not os.path.exists("go"): time.sleep(0.05)
            s.sendall(b"PLAIN %s " % s.getpeername()[0].encode() + line)
    except OSError: pass
    s.close()
while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
PY
background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 plain.py 10.77.0.1 8085 >in.out 2>&1; wait_for 10 grep -q up in.out; ok $? "a program that listens"
STACK=$(stack_pid)
engines() { pgrep -P "$STACK" -f -- --engine; }
engine_port() { ss -Hltnp "src 127.0.0.1" | awk '/sallyport-pagen|sallyport-ttls/ { sub(/.*:/, "", $4); print $4; exit }'; }

# --- a program that dies between connect() and the engine ------------------------------
cat >heir.py <<'PY'
# heir.py UID HOST PORT LOCALPORT WHAT HOW: connects from a port, says a line;
# resets it, ends, or waits for an answer.
import os, socket, struct, sys
uid, host, port, local, what, how = sys.argv[1:7]
os.setresgid(int(uid), int(uid), int(uid)); os.setresuid(int(uid), int(uid), int(uid))
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET); s.settimeout(20)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[7] if len(sys.argv) > 7 else "fd77::1" if ":" in host else "10.77.0.1", int(local)))
try:
    s.connect((host, int(port))); s.sendall(b"SECRET %s\n" % what.encode())
    print("sent", flush=True)
    if how == "reset":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.close()
    elif how == "kill":
        os.kill(os.getpid(), 9)
    elif how == "stay":
        print(s.makefile().readline(), flush=True)
except OSError as e:
    print(type(e).__name__, flush=True)
PY
heir() { timeout 40 python3 heir.py "$@"; }
for family in 10.77.0.2 fd77::2; do
    mark; kill -STOP $(engines); heirs=()
    for n in 1 2 3 4 5 6; do
        heir 50001 $family 8443 401$n "words-of-the-dead" reset >dead.$n
        heir 50001 $family 8444 401$n "words-of-the-heir" stay >heir.$n 2>&1 & heirs+=($!)
    done
    wait_for 20 eval '[ "$(cat heir.? | grep -c sent)" = 6 ]'; ok $? "$family: reset, and its port used again before an engine has seen it"
    kill -CONT $(engines); wait "${heirs[@]}"
    is "$(cat heir.? | grep -c 'MARKER SECRET words-of-the-heir')" 6 "$family: who uses it is served"
    wait_for 10 eval '[ "$(since | grep -c "EZD1281I .* RULE: second ")" -ge 6 ]'
    is "$(since | grep -c 'EZD1281I .* RULE: first ') $(since | grep -c 'EZD1281I .* RULE: second ')" "0 6" "$family: each record is one connection's"
    is "$(grep -c words-of-the-dead hears.8444)" 0 "$family: what the other one said is not said in its name"
done
port=$(engine_port)
kill -STOP $(engines)
heir 50001 10.77.0.2 8443 4021 "left-behind" reset >dead
heir 65534 127.0.0.1 "$port" 4021 "by-a-stranger" stay 10.77.0.1 >stranger 2>&1 & STRANGER=$!
wait_for 10 grep -q sent stranger; ok $? "reset; a stranger calls the engine itself from that port"
kill -CONT $(engines); wait $STRANGER
unlike "$(cat stranger)" MARKER "it gets nothing"

# --- an engine that dies ------------------------------------------------------------------
cat >tls.py <<'PY'
import socket, ssl, sys
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
s = c.wrap_socket(socket.create_connection((sys.argv[1], 8085), 20)); f = s.makefile("rwb", 0); f.write(b"SECRET hello\n"); print(f.readline().decode(), flush=True); f.write(b"SECRET wait\n")
try: f.readline()
except OSError: pass
PY
legs() { ss -Htn state established "( dport = :8085 ) and src 127.0.0.1" | awk '{ sub(/.*:/, "", $3); print $3 }'; }
background nsenter -t "$PEER" -n python3 tls.py 10.77.0.1 >client 2>&1
wait_for 20 grep -q 'PLAIN 10.77.0.2 SECRET hello' client; ok $? "inbound: TLS, and the client's address"
leg=$(legs); like "$leg" '^[0-9]+$' "an engine's leg to the program"
heir 65534 10.77.0.1 8085 "$leg" "while-it-stands" stay 127.0.0.1 >stands 2>&1 & STANDS=$!; wait $STANDS 2>/dev/null
unlike "$(cat stands)" PLAIN "nobody else can have its port"
wait_for 10 grep -q wait in.out
# What it has not read makes its end a reset, and its port free at once.
kill -STOP $(engines); touch go; wait_for 10 eval 'ss -Htn state established "src 127.0.0.1 and dport = :8085" | grep -q "^ *[1-9]"'; ok $? "the program has said something"
kill -9 $(engines); wait_for 20 eval '[ -z "$(legs)" ]'; wait_for 20 eval '[ -n "$(engines)" ]'; ok $? "the engines are killed, others are started"
mark
heir 65534 10.77.0.1 8085 "$leg" "in-clear-text" stay 127.0.0.1 >clear 2>&1
unlike "$(cat clear)" PLAIN "who uses that port now is no engine: clear text is refused"
wait_for 10 said 'EZD1287I TTLS Error RC: 5003'; ok $? "EZD1287I RC 5003"
is "$(grep -c clear-text in.out)" 0 "the program has not heard it"
wire_end; is "$(grep -ao 'SECRET[A-Za-z -]*\|MARKER' wire | sort | uniq -c | tr -s ' ' | tr '\n' ';')" "" "no clear text on the wire"
done_testing
