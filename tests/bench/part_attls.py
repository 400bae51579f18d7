#!/usr/bin/env python3
"""AT-TLS: our engine as TLS client beside stunnel, HAProxy and a program that
uses OpenSSL itself, and as TLS server beside hitch and HAProxy; in a network
namespace of its own, so that policy and capture concern nobody else. Aims are
of processor time: generator and server need more of it than the relay does.
What is measured has one half of the processors for itself, generator and server
the other, and they swap after each turn: two processors of a virtual machine
may differ by half, and who shares one with the generator is woken cheaper."""
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import measure as m  # noqa: E402
from image import DECKS, Image  # noqa: E402
from report import LIMIT, OURS  # noqa: E402

KEYS, VERSIONS = ("rsa", "p256"), ("1.2", "1.3")
COMBOS = [(key, version) for key in KEYS for version in VERSIONS]
NAMES = {"rsa": "RSA 2048", "p256": "P-256"}
# Ports: nginx over TLS, for each combination: ours, ours without sessions, peers'.
TLS, FRONT, IN_CLEAR, IN_TLS, UNMAPPED = 9400, 7000, 8000, 8100, 9390
RELAYED = IN_CLEAR + 4  # in clear through the engine: its program could ask for TLS
RULE = """TTLSRule {name}
{{
  {side}PortRange {port}
  Direction {direction}
  TTLSGroupActionRef g
  TTLSEnvironmentActionRef e{name}
}}
TTLSEnvironmentAction e{name}
{{
  HandshakeRole {role}
  TTLSKeyringParms
  {{
    Keyring {ring}
  }}
  TTLSEnvironmentAdvancedParms
  {{
{advanced}    TLSv1.2 On
    TLSv1.3 On
  }}
{more}}}
"""
SERVERS, ITSELF = "servers", "a program with OpenSSL"
WITHOUT, AGAIN = "without AT-TLS", "without, again"
GROUPS = "P-256:P-384:P-521:X25519"  # as a client's policy has them that says nothing of groups
NO_SESSIONS = """  TTLSGskAdvancedParms
  {
    GSK_V3_SIDCACHE_SIZE 0
    GSK_SESSION_TICKET_CLIENT_ENABLE Off
  }
"""


def rule(name, port, direction, ring, more="", advanced=""):
    side, role = ("Remote", "Client") if direction == "Outbound" else ("Local", "Server")
    return RULE.format(name=name, side=side, port=port, direction=direction, role=role, ring=ring, more=more, advanced=advanced)


def policy():
    text = "TTLSGroupAction g\n{\n  TTLSEnabled On\n  Trace 2\n}\n"
    for i, _ in enumerate(COMBOS):
        for k, more in ((1, ""), (2, NO_SESSIONS)):
            text += rule(f"out{i}{k}", TLS + 10 * i + k, "Outbound", "USER1/Liberty.KeyRing", more)
    for i, key in enumerate(KEYS):
        text += rule(f"in{i}", IN_CLEAR + 1 + i, "Inbound", "USER1/" + ("Liberty.KeyRing" if key == "rsa" else "BENCH.EC"))
    text += rule("relayed", RELAYED, "Outbound", "USER1/Liberty.KeyRing", advanced="    ApplicationControlled On\n")
    return text


def uid_of(user):
    text = m.run("sallyport", "racf", f"LISTUSER {user} NORACF OMVS")
    return int(re.search(r"^UID= 0*(\d+)", text, re.M)[1])


def start_peers(p):
    w, sites = p.work, ""
    (w / "www").mkdir()
    (w / "www/1k").write_bytes(os.urandom(1024))
    with open(w / "www/64m", "wb") as out:
        out.truncate(64 << 20)
    for i, (key, version) in enumerate(COMBOS):
        listens = " ".join(f"listen 127.0.0.1:{TLS + 10 * i + k} ssl;" for k in (1, 2, 3))
        sites += (f"server {{ {listens} ssl_certificate {w}/{key}.cert; ssl_certificate_key {w}/{key}.key; "
                    f"ssl_protocols TLSv{version}; ssl_session_cache shared:c{i}:20m; }}\n")
    sites += f"server {{ listen 127.0.0.1:{IN_CLEAR + 3}; }}\n"
    # In pieces of a record, as TLS sends them.
    sites += f"server {{ listen 127.0.0.1:{RELAYED}; sendfile off; output_buffers 1 16k; }}\n"
    (w / "nginx.conf").write_text(m.nginx_conf(w, 2, sites))
    servers = p.start("nginx", "-c", w / "nginx.conf", ports=[TLS + 10 * i + 3 for i in range(len(COMBOS))] + [IN_CLEAR + 3])
    # The listeners whose TLS the engine does belong to the ring's user.
    mine = w / "user1"
    mine.mkdir()
    uid = uid_of("USER1")
    os.chown(mine, uid, -1)
    listens = " ".join(f"listen 127.0.0.1:{IN_CLEAR + k};" for k in (1, 2))
    conf = m.nginx_conf(mine, 2, f"server {{ {listens} }}\n").replace(f"root {mine}/www", f"root {w}/www")
    (w / "user1.conf").write_text(conf)
    servers |= p.start("nginx", "-e", mine / "start.log", "-c", w / "user1.conf", ports=[IN_CLEAR + 1, IN_CLEAR + 2], user=uid)
    haproxy, stunnel = "", "foreground = yes\nclient = yes\nsocket = l:TCP_NODELAY=1\nsocket = r:TCP_NODELAY=1\ndebug = 0\npid =\n"
    # The key share that our policy offers: OpenSSL's own, X25519, costs 70 us less.
    stunnel += f"CAfile = {w}/ca.pem\nverifyChain = yes\ncurves = {GROUPS}\n"
    (w / "openssl.cnf").write_text(f"openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nGroups = {GROUPS}\n")
    groups = dict(os.environ, OPENSSL_CONF=str(w / "openssl.cnf"))  # of HAProxy's side as client
    for i, _ in enumerate(COMBOS):
        haproxy += (f"listen a{i}\n    bind 127.0.0.1:{FRONT + 10 * i + 1}\n    server s 127.0.0.1:{TLS + 10 * i + 3} ssl verify required ca-file {w}/ca.pem\n"
                    f"listen b{i}\n    bind 127.0.0.1:{FRONT + 10 * i + 2}\n    server s 127.0.0.1:{TLS + 10 * i + 3} ssl verify required ca-file {w}/ca.pem no-ssl-reuse\n")
        stunnel += f"[a{i}]\naccept = 127.0.0.1:{FRONT + 10 * i + 3}\nconnect = 127.0.0.1:{TLS + 10 * i + 3}\n"
    for i, key in enumerate(KEYS):
        haproxy += f"listen c{i}\n    bind 127.0.0.1:{IN_TLS + 10 + i} ssl crt {w}/{key}.pem\n    server s 127.0.0.1:{IN_CLEAR + 3}\n"
    # A record of 16 KB does not fit HAProxy's buffer of 16 KB: with this one bulk costs it a fifth less.
    (w / "haproxy.cfg").write_text(m.haproxy_conf(2, haproxy, "tune.bufsize 32768").replace("mode http", "mode tcp").replace("    http-reuse always\n", ""))
    (w / "stunnel.conf").write_text(stunnel)
    pids = {SERVERS: list(servers), "HAProxy": list(p.start("haproxy", "-db", "-f", w / "haproxy.cfg", ports=[FRONT + 1], env=groups)),
            "stunnel": list(p.start("stunnel4", w / "stunnel.conf", ports=[FRONT + 3]))}
    for i, key in enumerate(KEYS):
        (w / f"hitch{i}.conf").write_text(f'frontend = "[127.0.0.1]:{IN_TLS + i}"\nbackend = "[127.0.0.1]:{IN_CLEAR + 3}"\n'
                                          f'pem-file = "{w}/{key}.pem"\nworkers = 2\ntls-protos = TLSv1.2 TLSv1.3\nuser = "nobody"\nalpn-protos = ""\n')
        pids[f"hitch{i}"] = list(p.start("hitch", f"--config={w}/hitch{i}.conf", ports=[IN_TLS + i]))
    return pids


def prepare(image, work):
    """The exercise's rings; certificates that their CA signed, for the peers."""
    m.run("sallyport", "ipl")
    m.run(m.TOP / "samples/install", "--root", image.root)
    for deck in DECKS:
        m.run("sallyport", "submit", image.root / "datasets/USER1.ZCEE30.CNTL" / deck)
    signed = "SUBJECTSDN(CN('localhost')) NISTECC SIZE(256) SIGNWITH(CERTAUTH LABEL('Liberty CA'))"
    for user, command in (("LIBSERV", f"GENCERT {signed} WITHLABEL('BENCH EC')"), ("USER1", f"GENCERT {signed} WITHLABEL('BENCH EC')"),
                          ("USER1", "ADDRING(BENCH.EC)"), ("USER1", "CONNECT(LABEL('BENCH EC') RING(BENCH.EC) DEFAULT)")):
        m.run("sallyport", "racf", f"RACDCERT ID({user}) {command}")
    m.run("sallyport", "racf", "SETROPTS RACLIST(DIGTCERT DIGTRING) REFRESH")
    image.export_ca(work / "ca.pem")
    for key, label in (("rsa", "Liberty Client Cert"), ("p256", "BENCH EC")):
        pem = work / f"{key}.pem"
        image.export("LIBSERV", label, pem)
        for name in ("cert", "key"):
            (work / f"{key}.{name}").write_bytes(pem.read_bytes())


# --- connections that no rule is for ---------------------------------------------
class Hooks:
    """What the stack has attached to the kernel, taken off and put back."""

    def __init__(self, build, image):
        at = image.root.stat()
        folder = f"/sys/fs/bpf/sallyport-{at.st_dev:x}-{at.st_ino:x}-TCPIP1"
        self.process = subprocess.Popen([build / "tests/bench/bench-hooks", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, is_on):
        self.process.stdin.write("on\n" if is_on else "off\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "ok\n":
            m.fail("bench-hooks does not do as it is told")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def connect_ns(build, port, o):
    return {"ns": float(m.run(build / "tests/bench/bench-connect", port, 5 if o["quick"] else 20, 0))}


def request_ns(servers, o):
    """A connection with one request, of wrk and nginx together."""
    before = children_s()
    got = m.wrk(f"http://127.0.0.1:{IN_CLEAR + 3}/1k", servers, o["seconds"], ["Connection: close"], 16)
    return {"ns": 1000 * got["cpu"] + 1e9 * (children_s() - before) / (got["rate"] * o["seconds"])}


def children_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def name_a_user(image):
    """All outbound rules are other users' now."""
    log = image.root / "log/syslogall.log"
    text = policy() + rule("other", UNMAPPED + 1, "Outbound", "USER1/Liberty.KeyRing")
    (image.root / "etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol").write_text(text.replace("  Direction Outbound", "  Userid DAEMON\n  Direction Outbound"))
    n = log.read_text().count("EZD1586I")
    image.console("F PAGENT,REFRESH")
    for _ in range(400):
        if log.read_text().count("EZD1586I") > n:
            return
        time.sleep(0.05)
    m.fail("the policy with users is not installed")


def by_turns(hooks, servers, o, measure):
    """With the hooks and without, twice: how far the latter two differ is noise.
    On each processor; of the faster one, as what is left then is ours."""
    best = None
    for processor in o["processors"]:
        def place(name, _):
            hooks(name == OURS)
            os.sched_setaffinity(0, [processor])
            m.move(servers, [processor])
        got = m.medians({WITHOUT: measure, OURS: measure, AGAIN: measure}, 2 * o["pairs"], place)
        if best is None or got[WITHOUT]["ns"] < best[WITHOUT]["ns"]:
            best = got
    return best


def unmapped(build, image, pids, o):
    servers, hooks = pids[SERVERS], Hooks(build, image)
    for row, meaning, measure in (
            ("a connection to a port that no rule names, one request", "1 KB from nginx in clear; processor of wrk and nginx together.", lambda: request_ns(servers, o)),
            ("a connection to a port that no rule names, nothing sent", "connect, accept and close, the best of many thousands.", lambda: connect_ns(build, UNMAPPED, o)),
            ("a connection to a port of other users' rules, nothing sent", "The same, to a port that rules name for a user who does not call.", lambda: connect_ns(build, UNMAPPED + 1, o))):
        if "other users" in row:
            name_a_user(image)
        emit(row, meaning + " AT-TLS's hooks are taken off and put back by turns; twice without them, to see the noise.", by_turns(hooks, servers, o, measure), [("ns", WITHOUT, 0.95)])
    hooks.end()


def start_engine(image):
    """As the exercise does it, but for every process of the machine."""
    with open(image.root / "etc/image.conf", "a", encoding="utf-8") as out:
        out.write("ttlsscope=machine\n")
    (image.root / "etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol").write_text(policy())
    log = image.root / "log/syslogall.log"
    image.console("S PAGENT")
    for _ in range(400):
        if "EZZ8432I" in log.read_text():
            break
        time.sleep(0.05)
    image.console("V TCPIP,,OBEY,SYS1.TCPPARMS(TTLS)")
    for port in (TLS + 1, TLS + 11, TLS + 21, TLS + 31):
        out = subprocess.run(["curl", "-s", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{port}/1k"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False).stdout
        if out != "200":
            m.fail(f"the engine does not serve port {port} ({out}):\n" + "\n".join(log.read_text().splitlines()[-8:]))
    here = os.readlink("/proc/self/ns/net")  # the engines outlive agent and master: they are nobody's children
    found = [pid for pid, (_, name) in m.processes().items() if name == "sallyport-ttls" and net_of(pid) == here]
    return found or m.fail("the engine's processes are not found")


def net_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return None


def angel():
    """Its front, which is in our network, and the children, which have none."""
    here, all_of, found = os.readlink("/proc/self/ns/net"), m.processes(), []
    for pid, (_, name) in all_of.items():
        if name.startswith("sallyport-ange") and net_of(pid) == here:
            found.append(pid)
    for pid in found:
        found += [child for child, (parent, _) in all_of.items() if parent == pid and child not in found]
    return found


# --- measuring ---------------------------------------------------------------
class Halves:
    """Half of the processors for what is measured, half for what it works with."""

    def __init__(self, processors, pids, engine):
        half = max(1, len(processors) // 2)
        self.of = processors[:half], processors[-half:]
        self.servers = pids[SERVERS]
        self.measured = engine + [pid for name, some in pids.items() if name != SERVERS for pid in some]
        self.at = 0

    def __call__(self, who, turn):
        self.at = turn % 2
        m.move(self.measured, self.of[self.at])
        m.move(self.servers, self.of[1 - self.at])
        os.sched_setaffinity(0, self.of[self.at if who == ITSELF else 1 - self.at])


def transfer(url, pids, seconds, connections):
    """GB/s and CPU milliseconds of pids for each GB"""
    out, used = m.counted(pids, lambda: m.run("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", url))
    number, unit = re.search(r"Transfer/sec: +([\d.]+)(GB|MB|KB)", out).groups()
    gbps = float(number) * {"GB": 1, "MB": 1 / 1024, "KB": 1 / 1024 ** 2}[unit]
    return {"gbps": gbps, "cpu_gb": used / 1000 / max(1e-9, gbps * seconds)}


def aes_gcm(processors):
    """CPU milliseconds for each GB of TLS records"""
    out = m.run("taskset", "-c", ",".join(map(str, processors)), "openssl", "speed", "-evp", "aes-256-gcm", "-decrypt", "-bytes", "16384", "-seconds", "1")
    return 1024 ** 3 / float(re.findall(r"([\d.]+)k", out)[-1])  # of thousands of bytes a second


def least(engine, o, streams):
    """What a relay with two sockets cannot go below: the bytes alone, and AES-GCM alone."""
    clear = transfer(f"http://127.0.0.1:{RELAYED}/64m", engine, o["seconds"], streams)["cpu_gb"]
    halves = o["halves"]
    return {"cpu_gb": clear + aes_gcm(halves.of[halves.at])} if clear > 10 else m.fail(f"the engine does not relay port {RELAYED}")


def emit(row, meaning, results, aims=()):
    print("@" + json.dumps({"row": row, "meaning": meaning, "results": results, "aims": aims}), flush=True)


def outbound(pids, engine, load, o):
    for i, (key, version) in enumerate(COMBOS):
        what = f"TLS {version}, {NAMES[key]}"
        ours, ours_full, direct = TLS + 10 * i + 1, TLS + 10 * i + 2, TLS + 10 * i + 3
        fronts = {OURS: (ours, engine), "HAProxy": (FRONT + 10 * i + 1, pids["HAProxy"]), "stunnel": (FRONT + 10 * i + 3, pids["stunnel"])}

        def each(measure):
            return m.medians({who: lambda f=f: measure(*f) for who, f in fronts.items()}, o["pairs"], o["halves"])
        if key == "rsa":  # the key matters to handshakes only
            emit(f"client, TLS {version}: kept connections, 1 KB", "64 clear connections of wrk, each relayed over TLS to the same nginx; CPU of the relay.",
                 each(lambda port, p: m.wrk(f"http://127.0.0.1:{port}/1k", p, o["seconds"], connections=64)),
                 [("cpu", "best", 1.2)])
            for streams in (1, 64):
                kinds = {who: lambda f=f, n=streams: transfer(f"http://127.0.0.1:{f[0]}/64m", f[1], o["seconds"], n) for who, f in fronts.items()}
                kinds[LIMIT + "in clear, and AES-GCM"] = lambda n=streams: least(engine, o, n)
                emit(f"client, TLS {version}: bulk, {streams} stream{'s' * (streams > 1)}",
                     "Answers of 64 MB, AES-GCM; CPU of the relay for each GB. HAProxy's buffers are of 32 KB: those of 16 KB, its default, cannot hold a record, which costs it a fifth. "
                     "The limit: the engine relays the same bytes in clear, and what openssl speed needs to decrypt them.",
                     m.medians(kinds, o["pairs"], o["halves"]), [("cpu_gb", "best", 1)])
        emit(f"client, {what}: new connections, resumed", "A connection for each request of 1 KB, 16 at a time; the relay resumes its session with nginx. All offer P-256 as key share.",
             each(lambda port, p: m.wrk(f"http://127.0.0.1:{port}/1k", p, o["seconds"], ["Connection: close"], 16)), [("cpu", "best", 1)])
        full = {OURS: lambda: m.wrk(f"http://127.0.0.1:{ours_full}/1k", engine, o["seconds"], ["Connection: close"], 16),
                "HAProxy": lambda: m.wrk(f"http://127.0.0.1:{FRONT + 10 * i + 2}/1k", pids["HAProxy"], o["seconds"], ["Connection: close"], 16),
                ITSELF: lambda: as_client(load(direct, "/1k", [], o["seconds"], "--new", "full", "--tls", version, "--groups", GROUPS, "--ca", o["work"] / "ca.pem", connections=16))}
        emit(f"client, {what}: new connections, full handshakes", "The same without resumption; beside a program that calls OpenSSL itself and needs no relay (its own CPU). All check the server's certificate; it offers the policy's first group, P-256, as key share (OpenSSL's own would be X25519).",
             m.medians(full, o["pairs"], o["halves"]), [("cpu", ITSELF, 0.9)])


def as_client(got):
    return {"rate": got["rate"], "cpu": got["client_cpu"]}


def inbound(pids, engine, load, o):
    """With what the angel uses to sign."""
    engine = engine + angel()
    for i, key in enumerate(KEYS):
        fronts = {OURS: (IN_CLEAR + 1 + i, engine), "hitch": (IN_TLS + i, pids[f"hitch{i}"]), "HAProxy": (IN_TLS + 10 + i, pids["HAProxy"])}

        def each(measure):
            return m.medians({who: lambda f=f: measure(*f) for who, f in fronts.items()}, o["pairs"], o["halves"])
        if key == "rsa":
            for version in VERSIONS:
                emit(f"server, TLS {version}: kept connections, 1 KB", "32 TLS connections, relayed in clear to the same nginx; CPU of the relay, of ours the angel's too.",
                     each(lambda port, p: plain(load(port, "/1k", p, o["seconds"], "--tls", version))))
            for streams in (1, 64):
                emit(f"server, TLS 1.3: bulk, {streams} stream{'s' * (streams > 1)}", "Answers of 64 MB; CPU of the relay for each GB.",
                     each(lambda port, p: transfer(f"https://127.0.0.1:{port}/64m", p, o["seconds"], streams)))
        for version in VERSIONS:
            for resumed in ("full", "resumed"):
                emit(f"server, TLS {version}, {NAMES[key]}: new connections, {resumed}", "A connection for each request of 1 KB, 16 at a time.",
                     each(lambda port, p: plain(load(port, "/1k", p, o["seconds"], "--new", resumed, "--tls", version, connections=16))))


def plain(got):
    return {"rate": got["rate"], "cpu": got["cpu"]}


def idle(pids, engine, load, o):
    n = 200 if o["quick"] else 1000
    emit("client: an idle connection", f"{n} relayed connections, TLS 1.3, one answer each: growth of the relay's proportional set for each.",
         {who: {"kb": load.idle_kb(port, "/1k", p, n, "--clear")} for who, port, p in
          ((OURS, TLS + 11, engine), ("HAProxy", FRONT + 11, pids["HAProxy"]), ("stunnel", FRONT + 13, pids["stunnel"]))})


def inside(build, o):
    m.run("ip", "link", "set", "lo", "up")
    m.raise_files()
    p, load = m.Processes("spttls."), m.Load(build)
    image = Image(build, p.work, 1491)
    o["work"], o["processors"] = p.work, sorted(os.sched_getaffinity(0))
    try:
        prepare(image, p.work)
        pids = start_peers(p)
        engine = start_engine(image)
        o["halves"] = Halves(o["processors"], pids, engine + angel())
        idle(pids, engine, load, o)
        outbound(pids, engine, load, o)
        inbound(pids, engine, load, o)
        unmapped(build, image, pids, o)
    finally:
        image.stop()
        p.stop()


def measure(report, build, o):
    if os.getuid() != 0:
        m.fail("capturing connections needs root")
    m.need("nginx", "haproxy", "stunnel4", "hitch", "wrk", "openssl", "curl", "unshare", "ip")
    environment = {k: v for k, v in os.environ.items() if k not in ("SALLYPORT_ROOT", "SALLYPORT_BUILD")}
    options = json.dumps({"seconds": o.seconds, "pairs": o.pairs, "quick": o.quick})
    process = subprocess.Popen(["unshare", "-n", sys.executable, __file__, str(build), options], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    n, rest = 0, []
    for line in process.stdout:
        if line.startswith("@"):
            row = json.loads(line[1:])
            report.row(row["row"], row["meaning"], row["results"], [tuple(a) for a in row["aims"]])
            n += 1
        else:
            rest.append(line)
    if process.wait() != 0 or n == 0:
        m.fail(f"it ended with {process.returncode} after {n} rows:\n{''.join(rest)[-3000:]}")


if __name__ == "__main__":
    try:
        inside(pathlib.Path(sys.argv[1]), json.loads(sys.argv[2]))
    except m.Failed as why:
        sys.exit(str(why))
