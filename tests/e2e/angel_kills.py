"""Ends processes of a running angel, by descriptors that name one process and
never its successor, while clients ask the server. Prints one line for each
check, "ok" or "not ok", a tab and its name; what happened follows as notes.

angel_kills.py MASTER-PID HTTPS-PORT SCRATCH"""
import collections
import http.client
import os
import select
import signal
import ssl
import subprocess
import sys
import threading
import time

MASTER, PORT, SCRATCH = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
CLIENTS, ROUNDS, PARSED = 3, 3, 20
BACK_S = 30      # for the processes and clients to be there again
LONGEST_S = 10   # a request may take while something is started again


def note(text):
    for line in str(text).splitlines():
        print(f"note\t{line}", flush=True)


def check(is_good, name):
    print(f"{'ok' if is_good else 'not ok'}\t{name}", flush=True)
    return is_good


# --- processes
class Process:
    """Opened before it is looked at, so that what is read is of this one."""

    def __init__(self, pid):
        self.pid = pid
        self.fd = os.pidfd_open(pid)
        self.name = self.parent = None
        try:
            with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
                head, _, rest = f.read().rpartition(")")
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                self.words = f.read().split(b"\0")
        except OSError:
            return  # has ended
        self.name = head.partition("(")[2]
        if not self.has_ended():
            self.parent = int(rest.split()[1])

    def has_ended(self, wait_s=0.0):
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        return bool(poll.poll(wait_s * 1000))

    def kill(self):
        try:
            signal.pidfd_send_signal(self.fd, signal.SIGKILL)
            return True
        except ProcessLookupError:
            return False

    def close(self):
        os.close(self.fd)


def children(parent):
    found = []
    for task in os.listdir(f"/proc/{parent}/task"):
        try:
            with open(f"/proc/{parent}/task/{task}/children") as f:
                pids = f.read().split()
        except OSError:
            continue
        for pid in pids:
            try:
                p = Process(int(pid))
            except ProcessLookupError:
                continue
            if p.parent == parent:
                found.append(p)
            else:
                p.close()
    return found


def pick(parent, is_wanted):
    """Children that are wanted; the others are closed."""
    wanted = []
    for p in children(parent):
        if is_wanted(p):
            wanted.append(p)
        else:
            p.close()
    return wanted


def nest():
    """The angel's first process, which the master has started."""
    found = pick(MASTER, lambda p: "angel" in p.name and b"--named" not in p.words)
    if len(found) != 1:
        raise RuntimeError(f"{len(found)} angels below the master {MASTER}")
    return found[0].pid


def parts(parent, name):
    return pick(parent, lambda p: p.name == "angel-" + name)


def until(test, what, seconds=BACK_S):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            raise RuntimeError(f"after {seconds} s: {what}")
        time.sleep(0.02)


# --- clients
class Client(threading.Thread):
    def __init__(self, number):
        super().__init__(daemon=True)
        self.number, self.is_over = number, False
        self.slowest, self.counts, self.odd = 0.0, collections.Counter(), []
        self.n_done = 0
        self.tls = ssl.create_default_context(cafile=SCRATCH + "/ca.pem")
        self.tls.load_cert_chain(SCRATCH + "/USER1.pem")

    def ask(self):
        c = http.client.HTTPSConnection("127.0.0.1", PORT, context=self.tls, timeout=25)
        try:
            c.request("GET", "/cscvinc/employee/111111")
            r = c.getresponse()
            body = r.read()
            return r.status, body
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__, str(error).encode()
        finally:
            c.close()

    def run(self):
        while not self.is_over:
            began = time.monotonic()
            status, body = self.ask()
            took = time.monotonic() - began
            self.slowest = max(self.slowest, took)
            self.counts[status] += 1
            self.n_done += 1
            if status != 200 and len(self.odd) < 5:
                self.odd.append((began, took, status, body[:200]))


def all_go_on(clients):
    """Each has two more answers than now: one of them was asked from now on."""
    wanted = [c.n_done + 2 for c in clients]
    until(lambda: all(c.n_done >= n for c, n in zip(clients, wanted)),
          "clients without an answer: " +
          ", ".join(str(c.number) for c, n in zip(clients, wanted) if c.n_done < n))


def kill_once(parent, name, moments):
    """All that have the name at this moment; back when as many are there."""
    old = parts(parent, name)
    if not old:
        raise RuntimeError(f"there is no {name}")
    moments.append(time.monotonic())
    n_killed = sum(p.kill() for p in old)
    for p in old:
        if not p.has_ended(BACK_S):
            raise RuntimeError(f"{name} {p.pid} did not end")
        p.close()

    def is_back():
        now = parts(parent, name)
        for p in now:
            p.close()
        return len(now) >= len(old)
    until(is_back, f"{name} was not started again")
    until(lambda: subprocess.run(["sallyport", "racf", "LISTUSER"], stdin=subprocess.DEVNULL,
                                 capture_output=True).returncode == 0, "no command is carried out")
    return n_killed


def kill_under_load(parent, name):
    clients, moments, n_killed = [Client(n) for n in range(CLIENTS)], [], 0
    for c in clients:
        c.start()
    try:
        all_go_on(clients)
        for _ in range(ROUNDS):
            n_killed += kill_once(parent, name, moments)
            all_go_on(clients)
    except RuntimeError as error:
        check(False, f"{name}: {error}")
    for c in clients:
        c.is_over = True
    for c in clients:
        c.join(BACK_S)
    counts = sum((c.counts for c in clients), collections.Counter())
    slowest = max(c.slowest for c in clients)
    note(f"{name}: killed {n_killed}, answers {dict(counts)}, the slowest took {slowest:.2f} s")
    check(n_killed >= ROUNDS, f"{name}: killed {ROUNDS} times")
    if not check(set(counts) == {200}, f"{name}: no request fails"):
        for c in clients:
            for began, took, status, body in c.odd:
                before = [m for m in moments if m <= began + took]
                since = f"{began - before[-1]:+.3f} s after a kill" if before else "before any kill"
                note(f"client {c.number}: {status} after {took:.3f} s, begun {since}: {body!r}")
    check(slowest < LONGEST_S, f"{name}: none waits longer than {LONGEST_S} seconds")


# --- the parser, which lives for one certificate
class Killer(threading.Thread):
    """Ends every second child of the front as soon as it is there."""

    def __init__(self, front):
        super().__init__(daemon=True)
        self.front, self.is_over, self.seen = front, False, []
        self.n_seen = self.n_killed = 0

    def run(self):
        while not self.is_over and not self.front.has_ended():
            try:
                found = children(self.front.pid)
            except OSError:
                break
            known = [p for p in self.seen if not p.has_ended()]
            for p in set(self.seen) - set(known):
                p.close()
            self.seen = known
            for p in found:
                if any(k.pid == p.pid for k in self.seen):
                    p.close()  # one we hold open has not ended: the same one
                    continue
                self.seen.append(p)
                self.n_seen += 1
                if self.n_seen % 2 == 1:
                    self.n_killed += p.kill()
            time.sleep(0.0005)


def kill_parsers(parent):
    front, = parts(parent, "front")
    killer = Killer(front)
    killer.start()
    bad = []
    for n in range(PARSED):
        r = subprocess.run(["sallyport", "racf", "RACDCERT CHECKCERT('IBMUSER.CA.PEM')"],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if r.returncode != 0:
            bad.append(f"{n + 1}: status {r.returncode}: {r.stdout}{r.stderr}")
    killer.is_over = True
    killer.join()
    note(f"parsers that were killed: {killer.n_killed}")
    check(killer.n_killed > 0, "parser: killed")
    if not check(not bad, "parser: what it was reading is read again"):
        note("\n".join(bad))
    check(not front.has_ended(), "parser: the front is the same")


ANGEL = nest()
for part in ("front", "keeper", "recorder", "verifier"):
    kill_under_load(ANGEL, part)
kill_parsers(ANGEL)
check(nest() == ANGEL, "the angel is the one that began")
