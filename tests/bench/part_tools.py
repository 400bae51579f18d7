"""Parts that are programs of their own; their text is read here."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import measure as m
from report import OURS


def lines_of(*command):
    text = m.run(*command)
    for line in text.splitlines():
        m.say("    " + line)
    return text.splitlines()


def map_(report, build, o):
    n = 0
    for line in lines_of(build / "tests/bench/bench-map"):
        got = re.match(r"(\S.*?)\s{2,}([\d.]+) ns\s+([\d.]+) MB/s(?:\s+tree\s+([\d.]+) ns\s+([\d.]+) MB/s)?", line)
        if not got:
            continue
        n += 1
        results = {OURS: {"ns": float(got[2]), "mbps": float(got[3])}}
        if got[4]:
            results["jansson tree"] = {"ns": float(got[4]), "mbps": float(got[5])}
        wide = {"DISPLAY": 500, "COMP-3": 250}.get(got[1].split()[0].rstrip(","), None)
        aims = [("ns", "jansson tree", 12)] if got[4] else []
        report.row(got[1], "One record of about 1 KB (CSCVINC: 89 bytes), CPU time of one thread, MB of record.", results,
                   aims + ([("mbps", None, wide)] if wide and "EBCDIC" not in got[1] else []))
    if n == 0:
        m.fail("bench-map printed nothing that is known")


def saf(report, build, o):
    n = 0
    for line in lines_of(build / "tests/bench/bench-saf"):
        got = re.match(r"\s*(\d+) profiles: hot discrete +([\d.]+) ns, hot generic +([\d.]+) ns, random +([\d.]+) ns", line)
        if not got:
            continue
        for column, aim, value in (("hot discrete", 100, got[2]), ("hot generic", 300, got[3]), ("random", 1500, got[4])):
            n += 1
            report.row(f"access check, {int(got[1]):,} profiles, {column}", "Half of the profiles generic, 100,000 users in 5,000 groups; one thread.",
                       {OURS: {"ns": float(value)}}, [("ns", None, aim)])
    if n == 0:
        m.fail("bench-saf printed nothing that is known")
    commands(report, build, o)


def deck(client, n):
    """n commands: users, profiles, access lists, changes by turns."""
    return "\n".join(f"ADDUSER N{client}{i} NAME('NEW {i}')\nRDEFINE FACILITY NEW.K{client}.N{i} UACC(NONE)\n"
                     f"PERMIT NEW.K{client}.N{i} CLASS(FACILITY) ID(N{client}{i}) ACCESS(READ)\nALTUSER N{client}{i} DATA('CHANGED')"
                     for i in range(n // 4)) + "\n"


def commands(report, build, o):
    """Decks through a running angel; the database on the disk of the build folder."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="commands.", dir=build))
    root.chmod(0o755)
    env = dict(os.environ, SALLYPORT_ROOT=str(root), PATH=f"{build / 'src/bin'}:{os.environ['PATH']}")
    angel = subprocess.Popen(["sallyport-angel"], env=env, stderr=subprocess.DEVNULL)
    try:
        end = time.time() + 20
        while subprocess.run(["sallyport-racf", "SETROPTS CLASSACT(FACILITY)"], env=env, capture_output=True).returncode != 0:
            if time.time() > end:
                m.fail("the angel does not start")
                return
            time.sleep(0.1)
        for clients in (1, 8):
            n = (1000 if o.quick else 4000) // clients
            paths = []
            for client in range(clients):
                paths.append(root / f"deck{clients}{client}")
                paths[-1].write_text(deck(f"{clients}{client}", n))
            start = time.time()
            running = [subprocess.Popen(["sallyport-racf", "--file", str(p)], env=env, stdout=subprocess.DEVNULL) for p in paths]
            codes = [p.wait() for p in running]
            took = time.time() - start
            if any(codes):
                m.fail(f"a deck ended with {codes}")
            report.row(f"commands, {clients} deck{'s' if clients > 1 else ''} at once", "sallyport racf --file against a running angel; each command durable before its reply.",
                       {OURS: {"rate": n * clients / took}}, [("rate", None, 1000)])
    finally:
        angel.terminate()
        angel.wait()
        shutil.rmtree(root, ignore_errors=True)


def remote(report, build, o):
    n = 0
    for line in lines_of(build / "tests/bench/bench-remote"):
        got = re.match(r"(\S.*?)\s+in process +([\d.]+)/s \( *([\d.]+) us.*keeper +([\d.]+)/s \( *([\d.]+) us", line)
        if not got:
            continue
        n += 1
        report.row(f"full TLS 1.3 handshakes, {got[1]}", "Our server's loop with the key in its process, and with the key in a keeper process, counted both.",
                   {OURS: {"rate": float(got[4]), "cpu": float(got[5])}, "key in process": {"rate": float(got[2]), "cpu": float(got[3])}},
                   [("rate", "key in process", 0.9)])
    if n == 0:
        m.fail("bench-remote printed nothing that is known")


def rules(report, build, o):
    n = 0
    for line in lines_of(build / "tests/bench/bench-ttls"):
        got = re.match(r"lookup among +(\d+) rules by (.*?): +([\d.]+) ns", line)
        if got:
            n += 1
            report.row(f"look-up among {int(got[1]):,} rules, {got[2].strip()}", "AT-TLS rules that differ in this; one thread.", {OURS: {"ns": float(got[3])}})
    if n == 0:
        m.fail("bench-ttls printed nothing that is known")


def refresh(report, build, o):
    few = ["--apis", "100", "--includes", "20", "--refreshes", "20"] if o.quick else ["--refreshes", "300"]
    at = time.monotonic()
    lines = lines_of(m.HERE / "refresh", "--build", build, "--port", o.port + 36, *few)
    text = "\n".join(lines)
    quiet = re.search(r"update, no load: median ([\d.]+) ms", text)
    busy = re.search(r"took effect in \d+ s, median ([\d.]+) ms; ([\d,]+) requests answered, (\d+) lost", text)
    if not quiet or not busy:
        m.fail(f"refresh printed nothing that is known after {time.monotonic() - at:.0f} s")
    report.row("an update of the configuration", "All files read, compared, compiled and swapped, a port opened or closed; without load, and with eight clients. lost: "
               "requests whose connection broke or whose answer differed.", {OURS: {"ms": float(quiet[1])}, "under load": {"ms": float(busy[1]), "lost": int(busy[3])}})
