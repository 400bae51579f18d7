"""Small answers without a back end: src/http with one thread (http_hello)
beside one worker of nginx with a file and one thread of HAProxy with a fixed
answer. Clear and TLS, HTTP/1.1 and HTTP/2, new connections, growth."""
import measure as m
from report import OURS

BODY = '{"message":"hello"}\n'
PATH = "/hello.json"
# What the ports of a server are, counted from its first.
CLEAR, CLEAR_H2, TLS_P256, TLS_RSA = range(4)
PROTOCOLS = [("HTTP/1.1", 0), ("HTTP/2, 1 stream", 1), ("HTTP/2, 20 streams", 20)]


def start_ours(p, build, port):
    hello, pids = build / "tests/bench/http_hello", {}
    for offset, options in ((CLEAR, []), (CLEAR_H2, ["--h2"]), (TLS_P256, ["--h2", "--tls"]), (TLS_RSA, ["--h2", "--tls", "--rsa"])):
        pids[offset] = p.start(hello, *options, port + offset, ports=[port + offset])
    return pids


def start_nginx(p, port):
    w = p.work
    servers = f"server {{ listen 127.0.0.1:{port + CLEAR}; }} server {{ listen 127.0.0.1:{port + CLEAR_H2} http2; }}\n"
    for offset, kind in ((TLS_P256, "p256"), (TLS_RSA, "rsa")):
        servers += (f"server {{ listen 127.0.0.1:{port + offset} ssl http2; ssl_certificate {w}/{kind}.cert; "
                    f"ssl_certificate_key {w}/{kind}.key; }}\n")
    (w / "nginx.conf").write_text(m.nginx_conf(w, 1, servers))
    pids = p.start("nginx", "-c", w / "nginx.conf", ports=range(port, port + 4))
    return {offset: pids for offset in range(4)}


def start_haproxy(p, port):
    w = p.work
    (w / "body").write_text(BODY)
    rest = f"""frontend all
    bind 127.0.0.1:{port + CLEAR}
    bind 127.0.0.1:{port + CLEAR_H2} proto h2
    bind 127.0.0.1:{port + TLS_P256} ssl crt {w}/p256.pem alpn h2,http/1.1
    bind 127.0.0.1:{port + TLS_RSA} ssl crt {w}/rsa.pem alpn h2,http/1.1
    http-request return status 200 content-type application/json file {w}/body"""
    (w / "haproxy.cfg").write_text(m.haproxy_conf(1, rest))
    pids = p.start("haproxy", "-db", "-f", w / "haproxy.cfg", ports=range(port, port + 4))
    return {offset: pids for offset in range(4)}


def protocols(report, servers, p, load, o):
    for kind, scheme in (("clear", "http"), ("TLS 1.3", "https")):
        for protocol, streams in PROTOCOLS:
            def once(who, seconds=o.seconds):
                pids, port = servers[who]
                offset = TLS_P256 if scheme == "https" else CLEAR_H2 if streams else CLEAR
                url = f"{scheme}://127.0.0.1:{port + offset}{PATH}"
                if streams:
                    return m.h2load(url, pids[offset], seconds, streams, p.work)
                return m.wrk(url, pids[offset], seconds)

            row = f"small answers, {kind}, {protocol}"
            results = m.medians({who: lambda who=who: once(who) for who in servers}, o.pairs)
            report.row(row, "32 kept connections, as fast as one thread or worker of each server goes; 20 bytes of JSON. "
                       + ("h2load" if streams else "wrk") + " on the other core.", results,
                       aims=[("rate", "nginx", 1), ("cpu", "nginx", 1)] if (kind, streams) == ("TLS 1.3", 0) else ())
            if kind != "TLS 1.3":
                continue
            for who, (pids, port) in servers.items():
                for share in (0.5, 0.8):
                    rate = results[who]["rate"] * share
                    if streams:
                        points = m.h2load(f"https://127.0.0.1:{port + TLS_P256}{PATH}", pids[TLS_P256], o.seconds, streams,
                                          p.work, rps=rate)["curve"]
                    else:
                        points = load.latency(port + TLS_P256, PATH, rate, o.seconds)
                    report.curve(row, f"{who}, {share:.0%} of its rate", points)


def new_connections(report, servers, load, o):
    for kind, offset in (("P-256", TLS_P256), ("RSA 2048", TLS_RSA)):
        for version in ("1.3", "1.2"):
            for resumed in ("full", "resumed"):
                def once(who):
                    pids, port = servers[who]
                    return load(port + offset, PATH, pids[offset], o.seconds, "--new", resumed, "--tls", version, connections=16)
                results = m.medians({who: lambda who=who: once(who) for who in servers}, o.pairs)
                report.row(f"new connections, TLS {version}, {kind}, {resumed}",
                           "A connection for each request, 16 at a time; key in the server's process. \"resumed\": every handshake but the "
                           "first of each client continues a session.", results,
                           aims=[("rate", "nginx", 1), ("cpu", "nginx", 1)] if (version, resumed) == ("1.3", "full") else ())


def growth(report, servers, p, o, files):
    sizes = [n for n in ((1, 100, 1000) if o.quick else (1, 10, 100, 1000, 10000)) if n + 200 < files]
    lines = {who: [] for who in servers}
    for n in sizes:
        for who, (pids, port) in servers.items():
            got = m.h2load(f"http://127.0.0.1:{port + CLEAR}{PATH}", pids[CLEAR], max(2, o.seconds), 1, p.work, connections=n, h1=True)
            lines[who].append((n, round(got["cpu"], 2)))
    report.chart("CPU time of a request as connections grow", "Clear HTTP/1.1, every connection asks again as soon as it is answered (h2load); counted "
                 "after all are connected. Flat is good: an open connection costs its neighbours nothing.", "connections", "CPU us each", lines)


def measure(report, build, o):
    m.need("nginx", "haproxy", "wrk", "h2load", "openssl")
    files = m.raise_files()
    p, load = m.Processes("spbench."), m.Load(build)
    try:
        for kind in ("p256", "rsa"):
            m.certificate(p.work, kind, kind)
        (p.work / "www").mkdir()
        (p.work / f"www{PATH}").write_text(BODY)
        servers = {OURS: (start_ours(p, build, o.port), o.port), "nginx": (start_nginx(p, o.port + 4), o.port + 4),
                   "HAProxy": (start_haproxy(p, o.port + 8), o.port + 8)}
        protocols(report, servers, p, load, o)
        new_connections(report, servers, load, o)
        growth(report, servers, p, o, files)
    finally:
        p.stop()
