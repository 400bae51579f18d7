"""What measurements have in common: processes and what they use, loads, ports."""
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
CONNECTIONS = 32
PERCENTILES = (1, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99)


class Failed(Exception):
    """A part cannot go on; the others do."""


def fail(text):
    raise Failed(text)


def run(*command, **more):
    done = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != 0:
        fail(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


def say(text):
    print(text, flush=True)


# --- processes ---------------------------------------------------------------
def processes():
    """pid -> (parent, name) of everything that runs"""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "stat").read_text()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1:].rsplit(")", 1)
        found[int(entry.name)] = (int(rest.split()[1]), name)
    return found


def family(root):
    """The process and all it started, as pid -> name."""
    everything = processes()
    inside = {root: everything[root][1]} if root in everything else {}
    grown = True
    while grown:
        more = {p: n for p, (up, n) in everything.items() if up in inside and p not in inside}
        inside.update(more)
        grown = bool(more)
    return inside


def cpu_us(pids):
    """CPU time of the processes, of threads that have ended as well; the kernel
    counts it exactly and tells it in ticks of 10 ms."""
    total = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass  # it has just ended
    return total * 1e6 / os.sysconf("SC_CLK_TCK")


def move(pids, processors):
    """All threads of the processes to these processors; what they start follows."""
    for pid in pids:
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(thread), processors)
        except OSError:
            pass  # it has just ended


def memory_kb(pids, field="Pss"):
    total = 0
    for pid in pids:
        try:
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(field + ":"):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total


class Processes:
    """Started here, ended by their ids; and a folder of their own."""

    def __init__(self, prefix):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
        self.work.chmod(0o755)  # workers of nginx are another user when we are root
        self.started = []

    def start(self, *command, ports=(), wait=10, user=None, env=None):
        for port in ports:
            if is_open(port):
                fail(f"port {port} is taken")
        process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=open(self.work / f"{pathlib.Path(str(command[0])).name}.err", "a"), user=user, env=env)
        self.started.append(process)
        end = time.monotonic() + wait
        for port in ports:
            while not is_open(port):
                if process.poll() is not None or time.monotonic() > end:
                    errors = (self.work / f"{pathlib.Path(str(command[0])).name}.err").read_text()
                    fail(f"{command[0]} does not listen on port {port}:\n{errors[-2000:]}")
                time.sleep(0.02)
        time.sleep(0.2)  # masters of nginx fork their workers after listening
        return family(process.pid)

    def stop(self):
        for process in self.started:
            process.terminate()
        for process in self.started:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.work, ignore_errors=True)


def is_open(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


# --- load --------------------------------------------------------------------
def counted(pids, work):
    """What work() returned, and the CPU time that pids took meanwhile, in us."""
    before = cpu_us(pids)
    result = work()
    return result, cpu_us(pids) - before


def wrk(url, pids, seconds, headers=(), connections=CONNECTIONS):
    """As fast as it goes, HTTP/1.1: requests/s, CPU us of pids for each."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    for header in headers:
        command += ["-H", header]
    out, used = counted(pids, lambda: run(*command, url))
    if "Non-2xx" in out or "Socket errors" in out:
        fail(f"{url} did not always answer 200:\n{out}")
    requests = int(re.search(r"(\d+) requests in", out)[1])
    return {"rate": requests / seconds, "cpu": used / max(1, requests)}


class Load:
    """bench-load: client certificates, full or resumed handshakes, latency at
    a rate, held connections."""

    def __init__(self, build):
        self.program = build / "tests/bench/bench-load"

    def __call__(self, port, path, pids, seconds, *options, connections=CONNECTIONS):
        out, used = counted(pids, lambda: run(self.program, "--connections", connections, "--seconds", seconds, *options,
                                              "127.0.0.1", port, path))
        got = json.loads(out)
        if got["requests"] == 0 or got["failed"] > got["requests"] / 1000:
            fail(f"port {port}, {path}: {got['failed']} of {got['requests'] + got['failed']} requests failed")
        got["cpu"] = used / got["requests"]
        return got

    def latency(self, port, path, rate, seconds, *options):
        """[(percentile, us)] at that rate"""
        return self(port, path, [], seconds, "--rate", f"{rate:.0f}", *options)["curve"]

    def hold(self, port, path, n, *options):
        """n connections with one answer each; .stdin.close() ends them"""
        process = subprocess.Popen([str(c) for c in (self.program, "--hold", "--connections", n, *options, "127.0.0.1",
                                                     port, path)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if process.stdout.readline() != "held\n":
            process.stdin.close()
            fail(f"port {port}: {n} connections cannot be held: {process.stderr.read()[-500:]}")
        return process

    def idle_kb(self, port, path, pids, n, *options):
        """Memory of pids for each idle connection; before they had others, whose
        storage they would use again."""
        release(self.hold(port, path, 2, *options))
        before = memory_kb(pids)
        held = self.hold(port, path, n, *options)
        time.sleep(0.5)
        after = memory_kb(pids)
        release(held)
        return (after - before) / n


def release(held):
    held.stdin.close()
    held.wait()


def h2load(url, pids, seconds, streams, work, connections=CONNECTIONS, rps=None, h1=False, headers=()):
    """-> {"rate", "cpu", "curve"}; CPU and rate from the time when all
    connections are there."""
    log = work / "h2load.log"
    log.unlink(missing_ok=True)
    command = ["h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{seconds}", f"--warm-up-time={warm_up(connections)}",
               f"--log-file={log}"]
    command += ["--h1"] if h1 else []
    command += [f"--rps={max(1, rps / connections):.0f}"] if rps else []
    for header in headers:
        command += ["-H", header]
    process = subprocess.Popen(command + [url], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(warm_up(connections) + 0.2)
    began, before = time.time(), cpu_us(pids)
    time.sleep(max(0.5, seconds - 0.4))
    ended, used = time.time(), cpu_us(pids) - before
    process.wait()
    times = []
    for line in log.read_text().splitlines():
        start, status, took = line.split("\t")
        if status == "200" and began <= (int(start) + int(took)) / 1e6 < ended:
            times.append(int(took))
    log.unlink()
    if not times:
        fail(f"no answer from {url}")
    times.sort()
    return {"rate": len(times) / (ended - began), "cpu": used / len(times),
            "curve": [[q, times[min(len(times) - 1, int(len(times) * q / 100))]] for q in PERCENTILES]}


def warm_up(connections):
    return 1 if connections < 1000 else 4


def medians(kinds, pairs, place=None):
    """kinds: name -> function that measures once. All by turns; medians.
    place(name, round) puts processes where they are to run."""
    taken = {name: [] for name in kinds}
    for turn in range(pairs):
        for name, measure in kinds.items():
            if place:
                place(name, turn)
            taken[name].append(measure())
    return {name: {key: statistics.median(r[key] for r in runs) for key in runs[0] if isinstance(runs[0][key], (int, float))}
            for name, runs in taken.items()}


# --- peers -------------------------------------------------------------------
def certificate(folder, name, kind):
    """folder/name.{key,cert,pem}; kind: rsa or p256"""
    key = ["-newkey", "rsa:2048"] if kind == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    run("openssl", "req", "-x509", *key, "-nodes", "-subj", "/CN=localhost", "-days", "1", "-keyout", folder / f"{name}.key",
        "-out", folder / f"{name}.cert")
    (folder / f"{name}.pem").write_bytes((folder / f"{name}.cert").read_bytes() + (folder / f"{name}.key").read_bytes())


def nginx_conf(work, workers, servers):
    paths = " ".join(f"{name}_temp_path {work};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""worker_processes {workers}; daemon off; pid {work}/nginx.pid; error_log {work}/nginx.log;
events {{ worker_connections 20000; }}
http {{ access_log off; {paths} keepalive_requests 1000000000; sendfile on; tcp_nopush on; tcp_nodelay on;
root {work}/www; types {{ application/json json; }} default_type application/json; open_file_cache max=100;
ssl_protocols TLSv1.2 TLSv1.3;
{servers} }}
"""


def haproxy_conf(threads, rest, tuning=""):
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return f"""global
    nbthread {threads}
    maxconn {min(12000, (files - 200) // 2)}
    tune.ssl.default-dh-param 2048
    {tuning}
defaults
    mode http
    timeout connect 5s
    timeout client 120s
    timeout server 120s
    timeout http-keep-alive 120s
    http-reuse always
{rest}
"""


def raise_files():
    """Descriptors of this process and those it starts: as many as it may have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for wanted in (65536, hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
            return wanted
        except (OSError, ValueError):
            pass
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            fail(f"{tool} is missing; tools/packages bench installs it")


def quit_with(text):
    sys.exit(f"tests/bench/run: {text}")


os.environ["PATH"] += ":/usr/sbin"
