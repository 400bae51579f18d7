"""The whole server: requests that are authenticated, authorized, mapped and
answered by a COBOL program, beside HAProxy with the same authentication in front
of nginx that sends the same bytes from a file; new connections; memory."""
import base64
import sys

import measure as m
from image import Image
from report import OURS

PATH = "/cscvinc/employee/111111"
BASIC = "Authorization: Basic " + base64.b64encode(b"USER1:USER1").decode()
# Ports of ours, then of the peers.
REGION, HTTP, BASIC_TLS, MUTUAL, HYBRID, N_CLEAR, N_PLAIN, N_BASIC, N_MUTUAL, H_BASIC, H_MUTUAL, H_PLAIN, N_MUTUAL2, H_MUTUAL2 = range(14)


class Peers:
    """nginx and HAProxy; and a second of each, whose connections with client
    certificates find no storage that others have left."""

    def __init__(self, p, at, answer, welcome):
        w = p.work
        page = w / ("www" + PATH)
        page.parent.mkdir(parents=True)
        page.write_text(answer)
        (w / "www/welcome").write_text(welcome)
        m.certificate(w, "server", "rsa")  # as the decks make them
        (w / "passwords").write_text("USER1:{PLAIN}USER1\n")
        self.p, self.at, self.w = p, at, w
        self.nginx = self.start_nginx("nginx", f"""
server {{ listen 127.0.0.1:{at(N_CLEAR)}; }}
server {{ listen 127.0.0.1:{at(N_PLAIN)} ssl; }}
server {{ listen 127.0.0.1:{at(N_BASIC)} ssl; auth_basic bench; auth_basic_user_file {w}/passwords; }}
{self.mutual_nginx(N_MUTUAL)}""", N_CLEAR, N_PLAIN, N_BASIC, N_MUTUAL)
        self.haproxy = self.start_haproxy("haproxy", f"""userlist users
    user USER1 insecure-password USER1
frontend basic
    bind 127.0.0.1:{at(H_BASIC)} ssl crt {w}/server.pem
    http-request auth realm bench unless {{ http_auth(users) }}
    default_backend nginx
frontend plain
    bind 127.0.0.1:{at(H_PLAIN)} ssl crt {w}/server.pem
    http-request return status 200 content-type text/html file {w}/www/welcome
{self.mutual_haproxy(H_MUTUAL)}""", H_BASIC, H_MUTUAL, H_PLAIN)
        self.second_nginx = self.start_nginx("nginx2", self.mutual_nginx(N_MUTUAL2), N_MUTUAL2)
        self.second_haproxy = self.start_haproxy("haproxy2", self.mutual_haproxy(H_MUTUAL2), H_MUTUAL2)

    def mutual_nginx(self, k):
        return f"server {{ listen 127.0.0.1:{self.at(k)} ssl; ssl_verify_client on; ssl_client_certificate {self.w}/ca.pem; }}"

    def mutual_haproxy(self, k):
        return f"""frontend mutual
    bind 127.0.0.1:{self.at(k)} ssl crt {self.w}/server.pem ca-file {self.w}/ca.pem verify required
    http-request deny unless {{ ssl_c_s_dn(cn) -m found }}
    default_backend nginx"""

    def start_nginx(self, name, servers, *ports):
        conf = self.w / f"{name}.conf"
        keys = f"ssl_certificate {self.w}/server.cert; ssl_certificate_key {self.w}/server.key;\n"
        conf.write_text(m.nginx_conf(self.w, 2, keys + servers).replace("/nginx.pid", f"/{name}.pid"))
        return list(self.p.start("nginx", "-c", conf, ports=[self.at(k) for k in ports]))

    def start_haproxy(self, name, fronts, *ports):
        conf = self.w / f"{name}.cfg"
        conf.write_text(m.haproxy_conf(2, f"""{fronts}
backend nginx
    server nginx 127.0.0.1:{self.at(N_CLEAR)}"""))
        return list(self.p.start("haproxy", "-db", "-f", conf, ports=[self.at(k) for k in ports]))


def kept(report, row, meaning, kinds, load, o, aims=()):
    """kinds: who -> (port, pids, options of bench-load)"""
    results = m.medians({who: lambda k=k: load(k[0], PATH, k[1], o.seconds, *k[2]) for who, k in kinds.items()}, o.pairs)
    for r in results.values():
        r.pop("client_cpu")
    report.row(row, meaning, results, aims)
    for who, (port, _, options) in kinds.items():
        for share in (0.5, 0.8):
            report.curve(row, f"{who}, {share:.0%} of its rate", load.latency(port, PATH, results[who]["rate"] * share, o.seconds, *options))


def secured(report, s, peers, at, load, o):
    cert = ["--cert", str(s["user"])]
    both = peers.nginx + peers.haproxy
    kept(report, "secured request, basic authentication",
         "HTTPS, 32 kept connections. Sallyport: password (cached), APPL, role, group, identity in the region, JSON <-> record, COBOL program; server "
         "and region counted. HAProxy: the same password, then nginx in clear (both counted). nginx: the same password, a file.",
         {OURS: (at(BASIC_TLS), s["basic"] + s["region"], ["--header", BASIC]),
          "HAProxy, proxy to nginx": (at(H_BASIC), both, ["--header", BASIC]),
          "nginx, file": (at(N_BASIC), peers.nginx, ["--header", BASIC])}, load, o)
    kept(report, "secured request, client certificate",
         "The same with a client certificate instead of the password: mapped to USER1 by Sallyport, required and verified by the peers.",
         {OURS: (at(MUTUAL), s["mutual"] + s["region"], cert), "HAProxy, proxy to nginx": (at(H_MUTUAL), both, cert),
          "nginx, file": (at(N_MUTUAL), peers.nginx, cert)}, load, o)
    kept(report, "clear request, COBOL program",
         "The same API in clear text without authentication: mapping, link and program by themselves; server and region counted.",
         {OURS: (at(HTTP), s["open"] + s["region"], ["--clear"]), "nginx, file": (at(N_CLEAR), peers.nginx, ["--clear"])}, load, o,
         aims=[("cpu", None, 1e6 / 30000)])
    results = m.medians({"server": lambda: load(at(HTTP), PATH, s["open"], o.seconds, "--clear"),
                         "region": lambda: load(at(HTTP), PATH, s["region"], o.seconds, "--clear")}, o.pairs)
    report.row("clear request: where its CPU time goes", "The same runs once more, counting the server's processes and then the region's.",
               {who: {"cpu": r["cpu"]} for who, r in results.items()})


def new_connections(report, s, peers, at, load, o):
    header = ["--header", BASIC]
    kinds = {OURS: (at(BASIC_TLS), "/", s["basic"], header), "Sallyport, key with the angel": (at(HYBRID), "/", s["hybrid"] + s["angel"], header),
             "nginx": (at(N_PLAIN), "/welcome", peers.nginx, []), "HAProxy": (at(H_PLAIN), "/welcome", peers.haproxy, [])}
    results = m.medians({who: lambda k=k: load(k[0], k[1], k[2], o.seconds, "--new", "full", "--tls", "1.3", *k[3], connections=16)
                         for who, k in kinds.items()}, o.pairs)
    report.row("new connections of the whole server, TLS 1.3, RSA 2048, full",
               "A connection and a small page for each request, 16 at a time. \"key with the angel\": key ring of type JCEHYBRIDRACFKS, the keeper signs and "
               "is counted too.", results, aims=[("rate", "nginx", 1), ("cpu", "nginx", 1)])
    hybrid, nginx = results["Sallyport, key with the angel"], results["nginx"]
    report.row("the same with the key at the angel", "Two rows of the table above once more: aim of a server whose key stays with the angel.",
               {OURS: hybrid, "nginx": nginx}, aims=[("rate", "nginx", 0.9), ("cpu", "nginx", 0.9)])


def memory(report, s, peers, at, load, o, ready):
    n = 200 if o.quick else 1000
    report.row("the server after its start", "From the operator's command S until the server says that it is ready; memory (proportional set) of all its processes then, "
               "one service and one API.", {OURS: {"ms": ready["ms"], "mb": ready["mb"]}}, aims=[("mb", None, 40)])
    header, cert = ["--header", BASIC], ["--cert", str(s["user"])]
    for row, aim, kinds in (
            ("idle TLS connection without client certificate", 20,
             {OURS: (at(BASIC_TLS), s["basic"], header), "nginx": (at(N_BASIC), peers.nginx, header), "HAProxy": (at(H_BASIC), peers.haproxy, header)}),
            ("idle TLS connection with client certificate", 25,
             {OURS: (at(MUTUAL), s["mutual"], cert), "nginx": (at(N_MUTUAL2), peers.second_nginx, cert),
              "HAProxy": (at(H_MUTUAL2), peers.second_haproxy, cert)})):
        report.row(row, f"{n:,} connections with one answered request each, then idle: growth of the proportional set for each; what the kernel holds is not in it.",
                   {who: {"kb": load.idle_kb(k[0], PATH, k[1], n, *k[2])} for who, k in kinds.items()}, aims=[("kb", None, aim)])


def memory_after(report, s, peers):
    report.row("memory after the load", "Proportional set of all processes, after the rows above.",
               {OURS: {"mb": m.memory_kb(s["basic"]) / 1024}, "nginx": {"mb": m.memory_kb(peers.nginx) / 1024},
                "HAProxy": {"mb": m.memory_kb(peers.haproxy) / 1024}})


def hold(image, s, at):
    print(f"\nholding: root {image.root}\n  basic {s['basic']}  mutual {s['mutual']}  open {s['open']}  region {s['region']}\n"
          f"  https://127.0.0.1:{at(BASIC_TLS)}{PATH}  -H '{BASIC}'\n  http://127.0.0.1:{at(HTTP)}{PATH}\nEnter ends it.", flush=True)
    sys.stdin.readline()


def measure(report, build, o):
    m.need("nginx", "haproxy", "openssl", "curl", "cobc")
    m.raise_files()
    p, load = m.Processes("spbench."), m.Load(build)

    def at(k):
        return o.port + 12 + k
    image = Image(build, p.work, at(REGION))
    try:
        image.prepare()
        ring = {"ring_type": "JCERACFKS"}
        image.make_server("basic", "secured", https_port=at(BASIC_TLS), client_certificates="false", **ring)
        image.make_server("mutual", "secured", https_port=at(MUTUAL), client_certificates="true", **ring)
        image.make_server("hybrid", "secured", https_port=at(HYBRID), client_certificates="false", ring_type="JCEHYBRIDRACFKS")
        image.make_server("open", "open", http_port=at(HTTP))
        s = {"user": p.work / "user.pem"}
        image.export("USER1", "USER1", s["user"])
        image.export_ca(p.work / "ca.pem")
        s["basic"], ms = image.start("basic")
        ready = {"ms": ms, "mb": m.memory_kb(s["basic"]) / 1024}
        for name in ("mutual", "hybrid", "open"):
            s[name], _ = image.start(name)
        answer = image.expect_answer(f"https://127.0.0.1:{at(BASIC_TLS)}{PATH}", "-u", "USER1:USER1")
        image.expect_answer(f"https://127.0.0.1:{at(MUTUAL)}{PATH}", "--cert", s["user"])
        image.expect_answer(f"https://127.0.0.1:{at(HYBRID)}{PATH}", "-u", "USER1:USER1")
        image.expect_answer(f"http://127.0.0.1:{at(HTTP)}{PATH}")
        welcome = image.expect_answer(f"https://127.0.0.1:{at(BASIC_TLS)}/")
        m.say(f"  answer ({len(answer)} bytes): {answer}")
        s["region"], s["angel"] = image.region(), image.angel()
        if o.hold:
            hold(image, s, at)
            return
        peers = Peers(p, at, answer, welcome)
        memory(report, s, peers, at, load, o, ready)
        secured(report, s, peers, at, load, o)
        new_connections(report, s, peers, at, load, o)
        memory_after(report, s, peers)
    finally:
        image.stop()
        p.stop()
