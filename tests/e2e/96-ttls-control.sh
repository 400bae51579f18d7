# Application control, call by call: what attls_ctl answers to each mistake, in
# which state what may be asked, and everything that it tells.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
{
    group
    printf 'TTLSGroupAction goff\n{\n  TTLSEnabled Off\n  Trace 6\n}\nTTLSConnectionAction c\n{\n  Trace 31\n}\n'
    rule ctl Outbound 8500 Client USER1/Liberty.KeyRing "ApplicationControlled On
    TLSv1.3 Off" "TTLSConnectionActionRef c"
    rule plain Outbound 8501 Client USER1/Liberty.KeyRing "HostReferenceIdCN $(openssl x509 -in LIBSERV.pem -noout -subject -nameopt multiline | sed -n 's/.*commonName *= //p')"
    printf 'TTLSRule off\n{\n  RemotePortRange 8502\n  Direction Outbound\n  TTLSGroupActionRef goff\n}\n'
    rule twice Outbound 8505 Client USER1/Liberty.KeyRing "ApplicationControlled On"
    rule much Outbound 8506 Client USER1/Liberty.KeyRing "ApplicationControlled On"
    rule fails Outbound 8503 Client USER1/Liberty.KeyRing "ApplicationControlled On"
    rule saf Inbound 8090 ServerWithClientAuth LIBSERV/Liberty.KeyRing "ClientAuthType SAFCheck"
} >"$policy"
cat >servers.py <<'PY'
import socket, ssl, threading, time
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain("LIBSERV.pem")
def serve(port, s):
    try:
        if port == 8500 and s.recv(5) != b"TLS!\n": return
        if port == 8505:
            f = s.makefile("rwb", 0)
            while f.readline() == b"TLS!\n":
                t = c.wrap_socket(s, server_side=True); g = t.makefile("rwb", 0); line = g.readline()
                while line not in (b"STOP\n", b"HOLD\n"): g.write(b"MARKER " + line); line = g.readline()
                g.write(b"MARKER " + line)
                if line == b"HOLD\n": time.sleep(1.5)
                s = t.unwrap(); f = s.makefile("rwb", 0)
                if line == b"HOLD\n": f.write(b"ok " + f.readline())
            return
        if port == 8506: # late, and with little room
            s.recv(5); s = c.wrap_socket(s, server_side=True); time.sleep(1.5); n = 0
            for line in s.makefile("rb"):
                if line == b"STOP\n": break
                n += 1
            s = s.unwrap(); f = s.makefile("rwb", 0); f.write(b"%d lines, then %s" % (n, f.readline()))
            return
        if port == 8503: s.recv(1); s.recv(1000); s.close(); return
        if port in (8500, 8501): s = c.wrap_socket(s, server_side=True)
        for line in s.makefile("rb"): s.sendall(b"MARKER " + line)
    except OSError as e: print(e, flush=True)
def listen(port):
    l = socket.create_server(("10.77.0.2", port)); l.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    while True: threading.Thread(target=serve, args=(port, l.accept()[0]), daemon=True).start()
for p in range(8500, 8507): threading.Thread(target=listen, args=(p,)).start()
print("up", flush=True)
PY
cat >ctl.py <<'PY'
import ctypes, errno, mmap, os, select, socket, ssl, struct, subprocess, sys
lib = ctypes.CDLL(os.environ["ATTLS"], use_errno=True)
class IO(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint8) for n in ("ver", "policy", "conn", "type")] + [("req", ctypes.c_uint16), ("prot", ctypes.c_uint16), ("c2", ctypes.c_char * 2), ("c4", ctypes.c_char * 4),
        ("share", ctypes.c_char * 4), ("user_n", ctypes.c_uint8), ("user", ctypes.c_char * 8), ("cert_n", ctypes.c_uint32), ("buf", ctypes.c_void_p), ("n", ctypes.c_uint32)]
QUERY, CERT, INIT, SESSION, CIPHER, STOP, ALLOW = 0, 1, 2, 4, 8, 16, 32
def call(s, req=0, ver=1, buf=None, n=None, io=None):
    t = IO(ver=ver, req=req) if io is None else io
    if buf is not None: t.buf, t.n = ctypes.cast(buf, ctypes.c_void_p), ctypes.sizeof(buf) if n is None else n
    fd = s if isinstance(s, int) else s.fileno()
    e = 0 if lib.attls_ctl(fd, ctypes.byref(t)) == 0 else ctypes.get_errno()
    return errno.errorcode.get(e, "OK"), t
def say(name, want, got): print("%s %s: %s" % ("ok" if want == got else "BAD", name, got if want == got else "%s, wanted %s" % (got, want)), flush=True)
def is_(name, want, *a, **k): say(name, want, call(*a, **k)[0])
def at(port):
    s = socket.create_connection(("10.77.0.2", port), 20); s.settimeout(None); return s
def header(keys, ident=b"TTLSHDR ", sets=0, count=None, space=8000):
    b = ctypes.create_string_buffer(16 + 16 * len(keys) + space)
    struct.pack_into("=8sIHH", b, 0, ident, 0, sets, len(keys) if count is None else count)
    for i, k in enumerate(keys): struct.pack_into("=IIII", b, 16 + 16 * i, k, 0, 0, 0)
    return b
def values(b, n):
    out = []
    for i in range(n):
        _, o, l, _ = struct.unpack_from("=IIII", b, 16 + 16 * i); out.append(b.raw[o:o + l] if o else None)
    return out
big = ctypes.create_string_buffer(8192)
# --- what is no request -----------------------------------------------------
s = at(8500)
for v in (0, 3, 255): is_("version %d" % v, "EINVAL", s, ver=v)
for r, n in ((0x40, "an unknown request"), (0x8000, "another"), (0x8000 | INIT, "an unknown one with INIT"), (CERT, "RETURN_CERTIFICATE without a buffer")): is_(n, "EINVAL", s, r)
is_("RETURN_CERTIFICATE, a buffer of no length", "EINVAL", s, CERT, buf=big, n=0)
is_("version 1, a buffer without RETURN_CERTIFICATE", "EINVAL", s, buf=big); is_("with INIT", "EINVAL", s, INIT, buf=big); is_("a length without a buffer", "EINVAL", s, io=IO(ver=1, n=9))
for r, n in ((INIT | STOP, "INIT and STOP"), (INIT | CIPHER, "INIT and RESET_CIPHER"), (INIT | SESSION, "INIT and RESET_SESSION"), (STOP | SESSION, "STOP and RESET_SESSION"), (STOP | CIPHER, "STOP and RESET_CIPHER"), (ALLOW, "ALLOW_HSTIMEOUT alone"), (ALLOW | STOP, "with STOP"), (ALLOW | CIPHER, "with RESET_CIPHER"), (ALLOW | INIT, "with INIT, as a client")): is_(n, "EPERM", s, r)
is_("version 2, another eye-catcher", "EINVAL", s, ver=2, buf=header([0x101], ident=b"TTLSHDR?"))
is_("version 2, something to be set", "EINVAL", s, ver=2, buf=header([0x101], sets=1))
is_("version 2, more quadruplets than room", "EINVAL", s, ver=2, buf=header([0x101], count=600))
is_("version 2, less than a header", "EINVAL", s, ver=2, buf=header([]), n=15)
is_("version 2, a header and a half", "EINVAL", s, ver=2, buf=header([0x101]), n=24)
# Addresses: none, in no page, read only, at the end of a page, at odd places.
page = mmap.mmap(-1, 8192); at0 = ctypes.addressof(ctypes.c_char.from_buffer(page)); libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]; libc.mprotect(at0 + 4096, 4096, 0)
def raw(address): return "OK" if lib.attls_ctl(s.fileno(), ctypes.c_void_p(address)) == 0 else errno.errorcode[ctypes.get_errno()]
def there(t, address): ctypes.memmove(address, ctypes.byref(t), 48); return raw(address)
for a, n in ((16, "a structure nowhere"), (at0 + 4096, "in a page that is closed"), (at0 + 4096 - 47, "its last byte in one"), (2 ** 64 - 8, "at the end of all")): say(n, "EFAULT", raw(a))
say("a structure that ends with its page", "OK", there(IO(ver=1), at0 + 4096 - 48)); say("at an odd address", "OK", there(IO(ver=1), at0 + 1)); say("is answered there", 5, page[2])
def bad_buffer(a, n, ver=2, req=0): return call(s, io=IO(ver=ver, req=req, buf=a, n=n))[0]
for a, n in ((16, "a version 2 buffer nowhere"), (at0 + 4096, "in a closed page"), (at0 + 4096 - 15, "a header that leaves its page"), (2 ** 64 - 8, "at the end of all")): say(n, "EFAULT", bad_buffer(a, 2 ** 32 - 1))
h = header([0x101] * 4, space=0); ctypes.memmove(at0 + 4096 - 16, h, 16); say("quadruplets that leave their page", "EFAULT", bad_buffer(at0 + 4096 - 16, 2 ** 32 - 1))
h = header([0x101], space=0); ctypes.memmove(at0 + 4096 - 32, h, 32); say("a value that would", "EFAULT", bad_buffer(at0 + 4096 - 32, 2 ** 32 - 1)); say("too short for it", "ENOBUFS", bad_buffer(at0 + 4096 - 32, 32)); say("says what it needs", 35, struct.unpack_from("=I", page, 4096 - 24)[0])
h = header([0x101]); ctypes.memmove(at0 + 3, h, 96); say("an odd version 2 buffer", "OK", bad_buffer(at0 + 3, 96)); say("is filled", b"ctl", page[3 + 32:3 + 35])
h = header([0x101] * 65535, space=200000); is_("65535 quadruplets", "OK", s, ver=2, buf=h); o, l = struct.unpack_from("=II", h, 16 + 16 * 65534 + 4); say("the last one", b"ctl", bytes(h[o:o + l]))
ctypes.memmove(at0 + 1, ctypes.byref(IO(ver=1)), 48); libc.mprotect(at0, 4096, 1); say("a structure that is read only", "EFAULT", raw(at0 + 1)); libc.mprotect(at0, 4096, 3)
say("no structure", "EFAULT", "EFAULT" if lib.attls_ctl(s.fileno(), None) == -1 and ctypes.get_errno() == errno.EFAULT else "?")
# --- what is no connection ------------------------------------------------------
is_("a closed descriptor", "EBADF", 999)
is_("a pipe", "ENOTSOCK", os.pipe()[0])
is_("a socket that is not connected", "ENOTCONN", socket.socket())
l = socket.create_server(("127.0.0.1", 0)); is_("one that listens", "ENOTCONN", l)
u = socket.socket(type=socket.SOCK_DGRAM); u.connect(("10.77.0.2", 8500)); is_("UDP", "ENOTCONN", u)
a, b = socket.socketpair(); is_("AF_UNIX", "ENOTCONN", a)
# --- which rule, which state ------------------------------------------------------
def state(name, want, s): e, t = call(s); say(name, want, "%s policy=%d conn=%d type=%d" % (e, t.policy, t.conn, t.type))
state("application controlled, clear", "OK policy=5 conn=1 type=1", s)
n = at(8504); state("no rule", "OK policy=2 conn=1 type=0", n)
for r, name in ((INIT, "INIT"), (STOP, "STOP"), (CIPHER, "RESET_CIPHER"), (SESSION, "RESET_SESSION")): is_("no rule: " + name, "EACCES", n, r)
e, t = call(n, INIT); say("EACCES without a rule: its fields are valid", "EACCES 2 1 0", "%s %d %d %d" % (e, t.policy, t.conn, t.type))
o = at(8502); state("TTLSEnabled Off", "OK policy=3 conn=1 type=0", o); is_("TTLSEnabled Off: INIT", "EACCES", o, INIT)
p = at(8501); p.sendall(b"hello\n"); p.recv(100); state("TTLSEnabled On", "OK policy=4 conn=3 type=1", p)
for r, name in ((INIT, "INIT"), (STOP, "STOP"), (CIPHER, "RESET_CIPHER"), (SESSION, "RESET_SESSION"), (SESSION | CIPHER, "both")): is_("not application controlled: " + name, "EACCES", p, r)
e, t = call(p, INIT); say("EACCES: the fields are valid", "EACCES 4 3 1", "%s %d %d %d" % (e, t.policy, t.conn, t.type))
# --- another user's ------------------------------------------------------------------
if len(sys.argv) > 1: sys.exit(0)
who = subprocess.run(["setpriv", "--reuid=50011", "--regid=50011", "--clear-groups", "env", "LD_LIBRARY_PATH=" + os.environ.get("LD_LIBRARY_PATH", ""), "/usr/bin/python3", "-c", open("ctl.py").read().split("# --- what is no request")[0].replace("import ctypes", "import sys; import ctypes") + "\nis_('another user', 'EPERM', %d)\nis_('another user: INIT', 'EPERM', %d, INIT)\ne, t = call(%d); say('which hears nothing of it', 'EPERM 0 0 0 0', '%%s %%d %%d %%d %%d' %% (e, t.policy, t.conn, t.type, t.prot))" % (s.fileno(), s.fileno(), s.fileno())], pass_fds=[s.fileno()], capture_output=True, text=True)
print(who.stdout.strip() or "BAD another user: " + who.stderr[-300:])
# --- a controlling program -------------------------------------------------------------
is_("STOP before INIT", "EPROTO", s, STOP); is_("RESET_CIPHER before INIT", "EPROTO", s, CIPHER); is_("RESET_SESSION before INIT", "EPROTO", s, SESSION)
e, t = call(s, CERT, buf=big); say("the partner's certificate before INIT", "OK 0", "%s %d" % (e, t.cert_n))
s.sendall(b"TLS!\n"); is_("INIT", "OK", s, INIT); e, t = call(s, INIT); say("INIT again: EALREADY, the fields are valid", "EALREADY 5 3 0303", "%s %d %d %04x" % (e, t.policy, t.conn, t.prot))
e, t = call(s); say("TLS 1.2", "OK conn=3 prot=0303 4X", "%s conn=%d prot=%04x %s" % (e, t.conn, t.prot, t.c2.decode())); say("its cipher, no key share", "C030 ' '", "%s %r" % (t.c4.decode(), t.share.decode()[:1]))
der = ssl.PEM_cert_to_DER_cert(open("LIBSERV.pem").read()[open("LIBSERV.pem").read().index("-----BEGIN CERT"):].split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")
e, t = call(s, CERT, buf=big); say("the partner's certificate", True, e == "OK" and big.raw[:t.cert_n] == der)
e, t = call(s, CERT, buf=ctypes.create_string_buffer(10)); say("a buffer that is too small", "ENOBUFS %d" % len(der), "%s %d" % (e, t.cert_n))
b = header([0x101, 0x102, 0x103, 0x104, 0x105, 0x106, 0x999]); e, t = call(s, ver=2, buf=b); v = values(b, 7)
say("version 2: names", "OK [b'ctl', b'g', b'e~ctl', b'c']", "%s %s" % (e, v[:4])); say("its certificate, no host name checked, an unknown key", True, v[4] == der and v[5:] == [b"\0", None])
b = header([0x101, 0x105], space=20); e, t = call(s, ver=2, buf=b); need = struct.unpack_from("=I", b, 8)[0]; say("version 2, too small", "ENOBUFS %d" % (16 + 32 + 3 + len(der)), "%s %d" % (e, need)); say("what fits is there", [b"ctl", None], values(b, 2))
b = header([0x106]); call(p, ver=2, buf=b); say("a host name that was checked", [b"\1"], values(b, 1))
is_("RESET_SESSION", "OK", s, SESSION); is_("RESET_CIPHER, Renegotiation Default", "EPROTO", s, CIPHER)
pid = os.fork()
if pid == 0: is_("a child of the same user", "OK", s); os._exit(0)
os.waitpid(pid, 0)
is_("STOP", "OK", s, STOP); is_("a closed descriptor", "EBADF", 999, STOP)
# --- STOP, and INIT again; sockets that do not wait ------------------------------------
w = at(8505); f = w.makefile("rwb", 0)
for turn in ("first", "second"):
    f.write(b"TLS!\n"); is_("%s INIT" % turn, "OK", w, INIT); f.write(turn.encode() + b"\n"); say("%s time over TLS" % turn, b"MARKER " + turn.encode() + b"\n", f.readline())
    f.write(b"STOP\n"); say("%s STOP is agreed on" % turn, b"MARKER STOP\n", f.readline()); is_("%s STOP" % turn, "OK", w, STOP); is_("once more", "EPROTO", w, STOP)
f.write(b"TLS!\n"); w.setblocking(False); e, t = call(w, INIT); say("non-blocking INIT: its fields are valid", "EINPROGRESS 5 2", "%s %d %d" % (e, t.policy, t.conn)); is_("INIT meanwhile, or when it is done", "EALREADY", w, INIT)
def until(name, want, *a):
    for _ in range(1000):
        e, t = call(*a)
        if t.conn == want: break
        select.select([], [], [], 0.01)
    say(name, want, t.conn)
until("queried until it is secure", 3, w); w.setblocking(True); f.write(b"again\n"); say("and used", b"MARKER again\n", f.readline())
f.write(b"HOLD\n"); say("a partner that takes its time with close_notify", b"MARKER HOLD\n", f.readline()); w.setblocking(False)
is_("non-blocking STOP", "EINPROGRESS", w, STOP); is_("STOP meanwhile", "EALREADY", w, STOP); is_("INIT meanwhile", "EALREADY", w, INIT); e, t = call(w); say("a query meanwhile", "OK 5 1", "%s %d %d" % (e, t.policy, t.conn))
w.setblocking(True); is_("a blocking query waits for the end of it", "OK", w)
w.sendall(b"clear\n"); say("back in clear text", b"ok clear\n", f.readline())
w = at(8506); w.sendall(b"TLS!\n"); is_("INIT, for much", "OK", w, INIT); w.sendall(b"hello filler\n" * 200000 + b"STOP\n"); is_("STOP while much is under way", "OK", w, STOP)
w.sendall(b"clear\n"); say("all of it went over TLS", b"200000 lines, then clear\n", w.makefile("rb").readline())
f = at(8503); f.sendall(b"x"); is_("INIT, the partner goes away", "ECONNRESET", f, INIT)
PY
cat >app.py <<'PY'
# A server that knows of AT-TLS: whose certificate is it?
import socket
exec(open("ctl.py").read().split("# --- what is no request")[0])
l = socket.create_server(("10.77.0.1", 8090)); print("up", flush=True)
while True:
    c = l.accept()[0]; line = c.makefile("rb").readline(); e, t = call(c, CERT, buf=big)
    c.sendall(("MARKER %s type=%d user=%s cert=%s\n" % (e, t.type, t.user.decode()[:t.user_n], t.cert_n > 0)).encode()); c.close()
PY
background nsenter -t "$PEER" -n python3 servers.py >servers.log 2>&1; wait_for 10 grep -q up servers.log; ok $? "servers"
lib=$SALLYPORT_BUILD/src/ttls/libattls.so; LD=; ldd "$lib" | grep -q asan && LD=$(gcc -print-file-name=libasan.so)
export ATTLS=$lib
chmod 755 "$SCRATCH"
with() { env LD_PRELOAD="$LD" ASAN_OPTIONS=detect_leaks=0 LD_LIBRARY_PATH="$SALLYPORT_BUILD/src/ttls" "$@"; }
ttls_start
wire_start
with timeout 60 /usr/bin/python3 ctl.py >out 2>&1
while IFS= read -r line; do case $line in "ok "*) pass "${line#ok }" ;; *) fail "$line" ;; esac; done <out
[ "$(wc -l <out)" -ge 110 ]; ok $? "to the end"
with setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 app.py >app 2>&1 & at_exit "kill $! 2>/dev/null"
wait_for 10 grep -q up app; ok $? "an aware server"
like "$(echo hello | peer timeout 20 openssl s_client -quiet -ign_eof -connect 10.77.0.1:8090 -cert USER1.pem 2>/dev/null)" 'MARKER OK type=6 user=USER1 cert=True' "SAFCheck: the certificate's user"
console 'V TCPIP,,OBEY,SYS1.TCPPARMS(NOTTLS)'
like "$(with /usr/bin/python3 -c 'exec(open("ctl.py").read().split("# --- what is no request")[0])
s = at(8504); e, t = call(s); print(e, t.policy, call(s, INIT)[0])')" '^OK 1 EACCES' "NOTTLS: AT-TLS is off"
wire_end; is "$(grep -ao 'MARKER.*hello\|hello filler' wire | sort -u)" "" "no clear text on the wire"
done_testing
