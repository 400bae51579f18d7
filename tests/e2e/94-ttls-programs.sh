# Programs as they come, and servers as they come: nc, psql, ldapsearch, nginx,
# a slapd, long-lived connections. None of them knows of TLS; the wire does.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
PATH=/usr/sbin:/sbin:$PATH
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo ttlsscope=machine >>"$SALLYPORT_ROOT/etc/image.conf"
{
    group
    rule out Outbound 8443 Client USER1/Liberty.KeyRing
    rule sql Outbound 5432 Client USER1/Liberty.KeyRing
    rule ldap Outbound 636 Client USER1/Liberty.KeyRing
    rule ims Outbound 9999 Client USER1/Liberty.KeyRing "ResetCipherTimer 1"
    rule web Inbound 8090 Server Liberty.KeyRing
    rule dir Inbound 3389 Server Liberty.KeyRing
    # A job that does not exist: what others send there is clear text.
    rule other Outbound 7000 Client USER1/Liberty.KeyRing '' 'Jobname NOSUCH'
} >"$policy"
ttls_start
wire_start
chmod 755 "$SCRATCH"
has() { if command -v "$1" >/dev/null; then return 0; fi; note "$1 is not installed"; return 1; }
as() { local u=$1; shift; setpriv --reuid="$u" --regid="$(id -g "$u")" --clear-groups "$@"; }

# --- nc --------------------------------------------------------------------------
line_server 8443 "$SCRATCH/LIBSERV.pem"; ok $? "a TLS server"
if has nc; then
    OUT=$(printf 'SECRET by nc\n' | timeout 20 nc -N 10.77.0.2 8443 | tr '\n' ' ')
    is "$OUT" "MARKER TLSv1.3 SECRET by nc MARKER end " "nc: a line and the end of file at once"
    OUT=$(head -c 3000000 /dev/zero | tr '\0' 'x' | sed 's/$/\n/' | timeout 90 nc -N 10.77.0.2 8443 | tail -1)
    is "$OUT" "MARKER end" "nc: three megabytes in one line"
fi
# What no rule is for passes as it is, its end too, even when both come at once.
cat >"$SCRATCH/burst.py" <<'PY'
import socket
l = socket.create_server(("10.77.0.2", 7000))
print("up", flush=True)
while True:
    s = l.accept()[0]
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    s.sendall(b"open words\n")
    s.close()
PY
background nsenter -t "$PEER" -n python3 "$SCRATCH/burst.py" >"$SCRATCH/burst" 2>&1; wait_for 10 grep -q up "$SCRATCH/burst"
OUT=$(timeout 10 python3 -c '
import socket
got = []
for i in range(50):
    s = socket.create_connection(("10.77.0.2", 7000), 5)
    got.append(s.makefile().read())
print(set(got))' 2>&1); is "$OUT" "{'open words\\n'}" "clear text: data and end of file together, fifty times"

# --- psql: PostgreSQL behind TLS that is there from the first byte --------------------
cat >"$SCRATCH/unwrap.py" <<'PY'
# unwrap.py PORT PEM SOCKET: TLS outside, a Unix socket inside.
import socket, ssl, sys, threading
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(sys.argv[2])
l = socket.create_server(("10.77.0.2", int(sys.argv[1])))
print("up", flush=True)
def copy(a, b):
    try:
        while d := a.recv(65536):
            b.sendall(d)
    except OSError:
        pass
    try:
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass
def serve(raw):
    t = c.wrap_socket(raw, server_side=True)
    u = socket.socket(socket.AF_UNIX)
    u.connect(sys.argv[3])
    threading.Thread(target=copy, args=(u, t), daemon=True).start()
    copy(t, u)
while True:
    threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
PY
initdb=$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -1)
if [ -n "$initdb" ] && has psql && id postgres >/dev/null 2>&1; then
    mkdir -p "$SCRATCH/pg"; chown postgres "$SCRATCH/pg"
    (cd / && as postgres "$initdb" -N -A trust -U app "$SCRATCH/pg/data") >"$SCRATCH/initdb" 2>&1; ok $? "initdb"
    background nsenter -t "$PEER" -n setpriv --reuid=postgres --regid="$(id -g postgres)" --clear-groups "${initdb%initdb}postgres" -D "$SCRATCH/pg/data" -k "$SCRATCH/pg" -c listen_addresses= -c fsync=off >"$SCRATCH/postgres" 2>&1
    background nsenter -t "$PEER" -n python3 "$SCRATCH/unwrap.py" 5432 "$SCRATCH/LIBSERV.pem" "$SCRATCH/pg/.s.PGSQL.5432" >"$SCRATCH/unwrap" 2>&1
    wait_for 10 grep -q up "$SCRATCH/unwrap"; wait_for 20 test -S "$SCRATCH/pg/.s.PGSQL.5432"
    sql() { timeout 20 psql -X -At "host=10.77.0.2 user=app dbname=postgres sslmode=disable connect_timeout=10" "$@" 2>&1; }
    wait_for 20 sql -c 'select 1'
    mark
    OUT=$(sql -c "create table t(a int, b text); insert into t select i, repeat('SECRET', 20) from generate_series(1, 20000) i; select count(*), sum(length(b)) from t" | tail -1)
    is "$OUT" "20000|2400000" "psql: statements"
    is "$(sql -c 'copy t to stdout' | wc -lc | tr -s ' ')" " 20000 2528894" "psql: two megabytes come back"
    wait_for 5 said 'EZD1281I .*REMOTE: 10\.77\.0\.2\.\.5432 JOBNAME: PSQL .*RULE: sql'; ok $? "psql: EZD1281I"
else
    note "no PostgreSQL server here"
fi

# --- slapd: as a TLS server of others, and in clear text behind an inbound rule ------------
if has slapd && has ldapsearch; then
    cat >"$SCRATCH/slapd.conf" <<C
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile $SCRATCH/LIBSERV.pem
TLSCertificateKeyFile $SCRATCH/LIBSERV.pem
database mdb
suffix "o=lab"
rootdn "cn=admin,o=lab"
rootpw SECRETPW
directory $SCRATCH/ldap
C
    mkdir "$SCRATCH/ldap"
    printf 'dn: o=lab\nobjectClass: organization\no: lab\ndescription: SECRET in the directory\n' | slapadd -f "$SCRATCH/slapd.conf" >"$SCRATCH/slapadd" 2>&1; ok $? "a directory"
    background nsenter -t "$PEER" -n slapd -d 0 -f "$SCRATCH/slapd.conf" -h ldaps://10.77.0.2:636
    wait_for 10 peer bash -c 'exec 3<>/dev/tcp/10.77.0.2/636'
    OUT=$(timeout 20 ldapsearch -x -LLL -o nettimeout=10 -H ldap://10.77.0.2:636 -D cn=admin,o=lab -w SECRETPW -b o=lab description 2>&1)
    like "$OUT" 'SECRET in the directory' "ldapsearch, clear text, to an LDAPS port"
    cp -r "$SCRATCH/ldap" "$SCRATCH/ldap2"; sed "s,^directory.*,directory $SCRATCH/ldap2," "$SCRATCH/slapd.conf" >"$SCRATCH/slapd2.conf"
    chown -R 50001:50001 "$SCRATCH/ldap2"; chmod a+r "$SCRATCH/LIBSERV.pem"
    # As LIBSERV, whose ring the inbound rules name.
    background setpriv --reuid=50001 --regid=50001 --clear-groups slapd -d 0 -f "$SCRATCH/slapd2.conf" -h ldap://10.77.0.1:3389
    wait_for 10 bash -c 'exec 3<>/dev/tcp/10.77.0.1/3389' || true
    OUT=$(LDAPTLS_CACERT=$SCRATCH/ca.pem LDAPTLS_REQCERT=allow peer timeout 20 ldapsearch -x -LLL -o nettimeout=10 -H ldaps://10.77.0.1:3389 -D cn=admin,o=lab -w SECRETPW -b o=lab description 2>&1)
    like "$OUT" 'SECRET in the directory' "slapd, clear text, behind an inbound rule"
    peer timeout 20 ldapsearch -x -LLL -o nettimeout=5 -H ldap://10.77.0.1:3389 -b o=lab >/dev/null 2>&1; like "$?" '^25[45]$' "slapd: a client in clear text is refused"
fi

# --- nginx behind an inbound rule ----------------------------------------------------------
if has nginx; then
    mkdir "$SCRATCH/www"; head -c 5000000 /dev/urandom >"$SCRATCH/www/big"; chmod -R a+rX "$SCRATCH/www"
    cat >"$SCRATCH/nginx.conf" <<C
worker_processes 1; pid $SCRATCH/ng/pid; error_log $SCRATCH/ng/err; daemon off;
events { worker_connections 500; }
http { access_log off; client_body_temp_path $SCRATCH/ng/1; proxy_temp_path $SCRATCH/ng/2; fastcgi_temp_path $SCRATCH/ng/3; uwsgi_temp_path $SCRATCH/ng/4; scgi_temp_path $SCRATCH/ng/5;
  server { listen 10.77.0.1:8090; root $SCRATCH/www; location = /who { return 200 "SECRET for \$remote_addr by \$scheme\n"; } } }
C
    mkdir "$SCRATCH/ng"; chown 50001:50001 "$SCRATCH/ng"
    background setpriv --reuid=50001 --regid=50001 --clear-groups nginx -e "$SCRATCH/ng/err" -c "$SCRATCH/nginx.conf"
    wait_for 10 test -s "$SCRATCH/ng/pid"
    get() { peer "${CURL[@]}" --cacert "$SCRATCH/ca.pem" -k "$@" 2>&1; }
    is "$(get https://10.77.0.1:8090/who)" "SECRET for 10.77.0.2 by http" "nginx: HTTPS outside; it sees the client, and http"
    is "$(get https://10.77.0.1:8090/big | sha256sum)" "$(sha256sum <"$SCRATCH/www/big")" "nginx: five megabytes"
    OUT=$(get http://10.77.0.1:8090/who; echo "status $?"); like "$OUT" '^status (52|56)$' "nginx: a client in clear text gets nothing"
fi

# --- long-lived connections with messages, as IMS Connect has them ----------------------------
cat >"$SCRATCH/ims.py" <<'PY'
# Answers each message (length in four bytes, then so many) with its reverse.
import socket, ssl, struct, sys, threading
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(sys.argv[1])
l = socket.create_server(("10.77.0.2", 9999))
print("up", flush=True)
def exact(s, n):
    d = b""
    while len(d) < n:
        m = s.recv(n - len(d))
        if not m:
            raise EOFError
        d += m
    return d
def serve(raw):
    s = c.wrap_socket(raw, server_side=True)
    try:
        while True:
            d = exact(s, struct.unpack("!I", exact(s, 4))[0])
            s.sendall(struct.pack("!I", len(d)) + d[::-1])
    except (EOFError, OSError):
        s.close()
while True:
    threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
PY
background nsenter -t "$PEER" -n python3 "$SCRATCH/ims.py" "$SCRATCH/LIBSERV.pem" >"$SCRATCH/ims" 2>&1; wait_for 10 grep -q up "$SCRATCH/ims"
cat >"$SCRATCH/tpipe.py" <<'PY'
# Ten connections, messages of all sizes on each, some at once; twice, with
# what the script does in between.
import os, socket, struct, sys, threading
socks = [socket.create_connection(("10.77.0.2", 9999), 20) for i in range(10)]
wrong = []
def talk(s, n):
    s.settimeout(20)
    f = s.makefile("rb")
    sent = [b"SECRET" + os.urandom((i * 997) % 40000) for i in range(n)]
    def put():
        for d in sent:
            s.sendall(struct.pack("!I", len(d)) + d)
    threading.Thread(target=put, daemon=True).start()
    for d in sent:
        if f.read(struct.unpack("!I", f.read(4))[0]) != d[::-1]:
            wrong.append(1)
def round(n):
    t = [threading.Thread(target=talk, args=(s, n)) for s in socks]
    [x.start() for x in t]; [x.join() for x in t]
    print(len(wrong), flush=True)
round(40)
sys.stdin.readline()
round(40)
PY
mkfifo "$SCRATCH/go"
python3 "$SCRATCH/tpipe.py" <"$SCRATCH/go" >"$SCRATCH/tpipe" 2>&1 & PIPES=$!
exec 5>"$SCRATCH/go"
wait_for 30 test -s "$SCRATCH/tpipe"
sed -i 's/Trace 31/Trace 15/' "$policy"; policy_refresh; ok $? "another policy"
console 'P PAGENT'; console 'S PAGENT'
is "$(sallyport netstat --json TTLS | jq '[.connections[] | select(.rule=="ims")] | length')" 10 "ten connections are kept"
echo >&5; exec 5>&-; wait $PIPES
is "$(tr '\n' ' ' <"$SCRATCH/tpipe")" "0 0 " "messages of all sizes, before and after another policy and another agent"

# --- the wire ---------------------------------------------------------------------------------
wire_end; is "$(grep -ac 'SECRET' "$SCRATCH/wire")" 0 "no clear text on the wire"
[ "$(grep -ac 'open words' "$SCRATCH/wire")" -gt 0 ]; ok $? "but what no rule is for"
done_testing
