# AT-TLS: what each trace bit says, what UserInstance renews, who inherits a
# captured connection, and where no private key is.
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
BITS="1 2 4 8 16 32"
{
    group
    rule out Outbound 8560 Client USER1/Liberty.KeyRing "" "" "EnvironmentUserInstance 7"
    for bit in $BITS; do
        printf 'TTLSGroupAction g%s\n{\n  TTLSEnabled On\n  Trace %s\n}\n' $bit $bit
        rule good$bit Outbound $((8561 + bit)) Client USER1/Liberty.KeyRing "" "TTLSGroupActionRef g$bit"
        rule bad$bit Outbound $((8611 + bit)) Client USER1/NOSUCH.RING "" "TTLSGroupActionRef g$bit"
    done
} >"$policy"
cat >many.py <<'PY'
# TLS servers on these ports; they say whether the session is a former one.
import socket, ssl, sys, threading
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain("LIBSERV.pem")
def serve(raw):
    try:
        s = c.wrap_socket(raw, server_side=True)
        for line in s.makefile("rb"):
            s.sendall((b"MARKER resumed " if s.session_reused else b"MARKER new ") + line)
    except OSError as e:
        print(e, flush=True)
def listen(port):
    l = socket.create_server(("10.77.0.2", port))
    while True:
        threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
for p in sys.argv[1:]:
    threading.Thread(target=listen, args=(int(p),)).start()
print("up", flush=True)
PY
ports=8560; for bit in $BITS; do ports="$ports $((8561 + bit)) $((8611 + bit))"; done
background nsenter -t "$PEER" -n python3 many.py $ports >servers.log 2>&1
wait_for 10 grep -q up servers.log; ok $? "servers"
ttls_start
wire_start
asks() { timeout 20 bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo hello >&3; head -1 <&3" 2>&1; }

# --- trace bits: each its own messages and no other -------------------------------------
ids() { since | grep -o 'EZD128[1-7]I' | sort -u | tr '\n' ' '; }
says() { # BIT WHEN-GOOD WHEN-BAD
    mark; like "$(asks $((8561 + $1)))" MARKER "Trace $1: served"
    [ -z "$2" ] || wait_for 5 eval '[ "$(ids)" = "'"$2"'" ]'
    is "$(ids)" "$2" "Trace $1: a handshake that works"
    mark; unlike "$(asks $((8611 + $1)))" MARKER "Trace $1: refused"
    [ -z "$3" ] || wait_for 5 eval '[ "$(ids)" = "'"$3"'" ]'
    is "$(ids)" "$3" "Trace $1: one that fails"
}
says 1 "" "EZD1287I "
says 2 "" "EZD1286I "
says 4 "EZD1281I " "EZD1281I "
says 8 "EZD1282I EZD1283I " "EZD1282I EZD1283I "
says 16 "EZD1282I EZD1284I " "EZD1282I "
says 32 "EZD1285I " ""

# --- EnvironmentUserInstance: a new environment, an empty cache --------------------------
resumes() { asks 8560 | grep -q 'MARKER resumed'; }
all_resume() { for _ in 1 2 3 4; do resumes || return 1; done; }
wait_for 15 all_resume; ok $? "sessions are resumed"
policy_refresh
wait_for 15 all_resume; ok $? "also after a refresh of the same policy"
before=$(sallyport pasearch -t -r -f out | grep -c .)
sed -i 's/EnvironmentUserInstance 7/EnvironmentUserInstance 8/' "$policy"; policy_refresh
like "$(asks 8560)" 'MARKER new' "EnvironmentUserInstance: the cache is empty"
[ "$before" -gt 0 ]; ok $? "the rule is shown"

# --- who inherits a connection ------------------------------------------------------------
cat >heirs.py <<'PY'
import os, socket, sys
def talk(s, what):
    s.sendall(what + b"\n"); print(s.makefile("rb").readline().decode().strip(), flush=True)
s = socket.create_connection(("10.77.0.2", 8560), 10)
if os.fork() == 0:
    talk(s, b"child"); os._exit(0)
os.wait()
talk(s, b"parent")
a, b = socket.socketpair()
t = socket.create_connection(("10.77.0.2", 8560), 10)
if os.fork() == 0:
    os.setresuid(65534, 65534, 65534)
    fd = socket.recv_fds(b, 10, 1)[1][0]
    t = socket.socket(fileno=fd); t.settimeout(10)
    talk(t, b"stranger"); os._exit(0)
socket.send_fds(a, [b"x"], [t.fileno()]); t.close()
os.wait()
PY
OUT=$(timeout 30 python3 heirs.py 2>&1 | tr '\n' ' ')
like "$OUT" 'MARKER (new|resumed) child MARKER (new|resumed) parent MARKER (new|resumed) stranger' "a child, and a process that was given the descriptor"
cp /bin/bash other; chown 50001 other; chmod 4755 other
OUT=$(timeout 20 ./other -p -c 'exec 3<>/dev/tcp/10.77.0.2/8560; echo "of $EUID" >&3; head -1 <&3' 2>&1)
like "$OUT" 'MARKER (new|resumed) of 50001' "a set-uid program"

# --- private keys: with the angel alone -------------------------------------------------------
cat >search.py <<'PY'
# search.py PRIME PID...: which processes have this number in their memory?
import sys
prime = bytes.fromhex(sys.argv[1])
wanted = (prime, prime[::-1])
for pid in sys.argv[2:]:
    found = False
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            where, rights = line.split()[:2]
            if "rw" not in rights:
                continue
            start, end = (int(x, 16) for x in where.split("-"))
            if end - start > 1 << 30:
                continue  # the sanitizer's shadow
            try:
                mem.seek(start)
                data = mem.read(end - start)
            except (OSError, ValueError):
                continue
            found = found or any(w in data for w in wanted)
    print(pid, "has it" if found else "-")
PY
prime=$(openssl pkey -in USER1.pem -text -noout | sed -n '/^prime1/,/^prime2/p' | grep '^ ' | tr -d ' :\n' | sed 's/^00//')
[ "${#prime}" -ge 256 ]; ok $? "a prime of USER1's key"
OUT=$(python3 search.py "$prime" $(processes sallyport-ttls))
is "$(grep -c . <<<"$OUT")" "$(processes sallyport-ttls | wc -l)" "engines and broker are searched"
unlike "$OUT" 'has it' "no private key in engines and broker"
OUT=$(python3 search.py "$prime" $(processes sallyport-pagent)); unlike "$OUT" 'has it' "nor in agent and stack"
like "$(python3 search.py "$prime" $$; PRIME=$prime python3 -c '
import os, subprocess, sys
keep = bytearray.fromhex(os.environ["PRIME"])
print(subprocess.run([sys.executable, "search.py", os.environ["PRIME"], str(os.getpid())], capture_output=True, text=True).stdout)')" 'has it' "the search finds what is there"
is "$(grep -ao 'MARKER\|hello\|stranger' wire | sort -u)" "" "no clear text on the wire"
done_testing
