"""The angel's wire (src/saf/wire.h), spoken by tests: also what no client of
ours would ever send."""
import os
import socket
import struct
import subprocess
import sys
import time

(HELLO, LOGON, COMMAND, VERIFY, VERIFY_CERT, VERIFY_TOKEN, ACEE_OF, CHECK,
 SNAPSHOT, RING_READ, REGISTER_SERVER, SYSLOG, LOG_DENIAL, OPEN_ANGEL,
 LIST_SERVERS, KEY_OPEN, TICKET, VERIFY_IDENTITY, AUDIT_RING) = range(1, 20)
REGISTER_JOB, JOB_ENDED = 64, 65
REPLY, LINE, MESSAGE, REFRESH, READY, WAIT = range(128, 134)
OK, SYNTAX, LIMIT, RANGE, NOT_FOUND, EXISTS, DENIED = range(7)


def s(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack(">I", len(data)) + data


def u8(n):
    return struct.pack(">B", n)


def u32(n):
    return struct.pack(">I", n)


class Reply:
    def __init__(self, data, lines, messages, fds):
        self.err, self.saf, self.racf, self.reason = struct.unpack(
            ">BIII", data[:13])
        n, = struct.unpack(">I", data[13:17])
        self.why = data[17:17 + n].decode()
        self.rest = data[17 + n:]
        self.lines, self.messages, self.fds = lines, messages, fds

    def str(self):
        n, = struct.unpack(">I", self.rest[:4])
        value, self.rest = self.rest[4:4 + n], self.rest[4 + n:]
        return value

    def u32(self):
        value, = struct.unpack(">I", self.rest[:4])
        self.rest = self.rest[4:]
        return value

    def triple(self):
        return (self.saf, self.racf, self.reason)


class Client:
    def __init__(self, sock=None):
        self.seq = 0
        self.unasked = []
        if sock is None:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            sock.connect(os.environ["SALLYPORT_ROOT"] + "/angel/front.sock")
        self.sock = sock
        self.sock.settimeout(20)

    def send(self, kind, payload=b"", fds=()):
        self.seq += 1
        socket.send_fds(self.sock, [struct.pack(">HIB", kind, self.seq, 0) +
                                    payload], list(fds))
        return self.seq

    def recv(self):
        data, fds, _, _ = socket.recv_fds(self.sock, 70000, 8)
        if not data:
            raise EOFError("the front closed the connection")
        kind, seq, _ = struct.unpack(">HIB", data[:7])
        return kind, seq, data[7:], fds

    def call(self, kind, payload=b"", fds=()):
        want, lines, messages = self.send(kind, payload, fds), [], []
        while True:
            kind, seq, data, got = self.recv()
            if kind == REPLY and seq == want:
                return Reply(data, lines, messages, got)
            if kind == LINE:
                lines.append(data[4:].decode())
            elif kind == MESSAGE:
                messages.append(data[4:].decode())
            else:
                self.unasked.append((kind, data, got))

    def hello(self, token=b""):
        return self.call(HELLO, u32(1) + s(token))

    def command(self, text):
        return self.call(COMMAND, s(text))

    def register(self, name, job, user="", proc="", submitter="IBMUSER",
                 password="", fds=()):
        return self.call(REGISTER_JOB, s(name) + s(job) + s(user) + s(proc) +
                         s(submitter) + s(password) + s("") + u32(0), fds)


class Angel:
    """An angel with a master's descriptor, as the master starts it."""

    def __init__(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        env = dict(os.environ, SALLYPORT_ANGEL_CONTROL_FD=str(theirs.fileno()))
        self.process = subprocess.Popen(["sallyport-angel"], env=env,
                                        pass_fds=[theirs.fileno()])
        theirs.close()
        self.control = Client(ours)
        kind, _, _, _ = self.control.recv()
        assert kind == READY, kind

    def stop(self):
        self.control.sock.close()
        return self.process.wait(20)

    def child_of(self, kind):
        """Pids of the processes whose uid or order tells what they are."""
        out = subprocess.run(["ps", "-o", "pid=", "--ppid",
                              str(self.process.pid)],
                             capture_output=True, text=True).stdout.split()
        return [int(pid) for pid in out]


count = failed = 0


def below(pid, name):
    """Processes of that name whose parent it is."""
    out = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(l.split()[0]) for l in out.splitlines() if l.split()[1] == name]


# Commands that may have to wait.
def person(user=None, password=None):
    """A client that has logged on; the owner without a name."""
    c = Client()
    c.sock.settimeout(120)
    r = c.hello() if user is None else c.call(LOGON, s(user) + s(password) + s("") + s(""))
    assert r.err == OK, (user, r.why)
    return c


def answer(c, want):
    """Of the command with that number: return code or None, lines, words that it goes on."""
    lines, words = [], 0
    while True:
        kind, seq, data, _ = c.recv()
        if kind == WAIT:
            words += 1
        elif kind == LINE and seq == want:
            lines.append(data[4:].decode())
        elif kind == REPLY and seq == want:
            r = Reply(data, lines, [], [])
            return (r.u32() if r.err == OK else None), "\n".join(lines), words


def run(c, text):
    return answer(c, c.send(COMMAND, s(text)))


def check(ok, name, detail=""):
    global count, failed
    count += 1
    if not ok:
        failed += 1
    print(f"{'ok' if ok else 'not ok'} {count} - {name}")
    if not ok and detail != "":
        print(f"# {detail}")
    sys.stdout.flush()


def is_equal(got, want, name):
    check(got == want, name, f"got {got!r}, wanted {want!r}")


def refuses(client, kind, payload, name):
    """The front must end the connection, and go on serving others."""
    client.send(kind, payload)
    try:
        while True:
            client.recv()
    except (EOFError, ConnectionResetError):
        check(True, name)
    except socket.timeout:
        check(False, name, "still connected")


def done():
    print(f"1..{count}")
    sys.exit(1 if failed else 0)


def eventually(test, seconds=10):
    end = time.time() + seconds
    while time.time() < end:
        try:
            if test():
                return True
        except (OSError, LookupError):  # a process that is not there yet
            pass
        time.sleep(0.02)
    return False
