"""What a request costs, and how long a start takes, as the number of APIs
grows from 1 to 10,000."""
import re
import time

import archives
import measure as m
from image import Image
from report import OURS

REGION, HTTP = range(2)


def measure_one(image, load, folder, apis, n, port, o):
    have = len(list(apis.iterdir()))
    archives.make_apis(image.root / "shared/apis/cscvinc.aar", apis, range(have, n))
    image.give("LIBSERV", folder)
    began = time.monotonic()
    image.start("growth", wait=600)  # compiles what is new
    first = time.monotonic() - began
    image.stop_server("growth")
    pids, ms = image.start("growth", wait=120)
    kb = m.memory_kb(pids)
    text = (folder / "logs/messages.log").read_text()
    said = re.search(r"CWWKF0011I.* started in ([\d.]+) seconds", text)
    path = archives.path_of(n // 2)
    image.expect_answer(f"http://127.0.0.1:{port}{path}")
    runs = [load(port, path, pids, o.seconds, "--clear") for _ in range(max(1, o.pairs // 2 + 1))]
    image.stop_server("growth")
    return {"cpu": sorted(r["cpu"] for r in runs)[len(runs) // 2], "first": first, "ms": ms, "own_ms": float(said[1]) * 1000 if said else 0,
            "mb": kb / 1024}


def measure(report, build, o):
    m.need("curl", "cobc", "openssl")
    p, load = m.Processes("spgrowth."), m.Load(build)
    image = Image(build, p.work, o.port + 28 + REGION)
    port = o.port + 28 + HTTP
    sizes = (1, 10, 100) if o.quick else (1, 10, 100, 1000, 10000)
    sizes = o.apis or sizes
    lines = {"CPU us of a request": [], "start again, ms": [], "memory, MB": [], "first start, ms": []}
    try:
        image.prepare()
        folder = image.make_server("growth", "growth", http_port=port)
        apis = folder / "apis"
        apis.mkdir()
        for n in sizes:
            got = measure_one(image, load, folder, apis, n, port, o)
            m.say(f"  {n:6,} APIs: {got['cpu']:.1f} us a request, first start {got['first']:.1f} s, again {got['ms']:.0f} ms "
                  f"(its own count {got['own_ms']:.0f}), {got['mb']:.1f} MB")
            for name, key, factor in (("CPU us of a request", "cpu", 1), ("start again, ms", "ms", 1), ("memory, MB", "mb", 1),
                                      ("first start, ms", "first", 1000)):
                lines[name].append((n, round(got[key] * factor, 2)))
            if n == max(s for s in sizes if s <= 1000):
                report.row(f"{n:,} APIs: start and memory", "Archives already compiled: from the operator's command S until ready; memory of the server's processes "
                           "then.", {OURS: {"ms": got["ms"], "mb": got["mb"]}}, aims=[("ms", None, 150), ("mb", None, 40)])
        report.chart("CPU time of a request as APIs grow", "Clear HTTP, 32 connections, one API in the middle asked, COBOL program; the server's processes. "
                     "Flat is good.", "APIs", "CPU us each", {OURS: lines["CPU us of a request"]})
        report.chart("Start as APIs grow", "From the command S until ready: the first start compiles every archive in a confined child, the next maps what was "
                     "compiled.", "APIs", "ms", {"first start": lines["first start, ms"], "again": lines["start again, ms"]})
        report.chart("Memory as APIs grow", "Proportional set of the server's processes after the second start.", "APIs", "MB", {OURS: lines["memory, MB"]})
    finally:
        image.stop()
        p.stop()
