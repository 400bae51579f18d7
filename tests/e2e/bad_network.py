"""A bad network in user space: bad_network.py KIND PORT TARGET [SEED]

Relays TCP connections from PORT to TARGET on this machine, each badly:
  delay   every piece arrives 5 to 30 ms late
  small   nothing larger than 7 bytes at once
  stall   once, somewhere in the first bytes, nothing moves for a second
  loss    now and then all waits for 200 ms, as for a retransmission
  reset   the connection is reset, for both sides, after a random number of bytes
  half    the client's side ends early: some of what it sends arrives, then its end
Random numbers come from SEED, so that a run can be had again.
"""
import random
import select
import socket
import struct
import sys
import threading
import time

KINDS = ("delay", "small", "stall", "loss", "reset", "half")


class Relay:
    def __init__(self, kind, rnd, client, server):
        self.kind, self.rnd, self.client, self.server = kind, rnd, client, server
        self.left = rnd.randrange(1, {"reset": 9000, "half": 900, "stall": 4000}.get(kind, 2))
        for s in (client, server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s.settimeout(60)

    def close(self, with_reset):
        for s in (self.client, self.server):
            if with_reset:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()

    def move(self, source, sink):
        """One piece; False: source will send no more."""
        part = source.recv(7 if self.kind == "small" else 4096)
        if not part:
            return False
        reaches, self.left = self.left <= len(part) and self.left > 0, self.left - len(part)
        if self.kind == "delay":
            time.sleep(self.rnd.uniform(0.005, 0.030))
        elif self.kind == "loss" and self.rnd.random() < 0.1:
            time.sleep(0.2)
        elif self.kind == "stall" and reaches:
            at = len(part) + self.left
            sink.sendall(part[:at])
            time.sleep(1)
            part = part[at:]
        elif self.kind == "reset" and self.left <= 0:
            raise ConnectionResetError
        elif self.kind == "half" and source is self.client and self.left <= 0:
            sink.sendall(part[:len(part) + self.left] or part[:1])
            return False
        sink.sendall(part)
        return True

    def run(self):
        other = {self.client: self.server, self.server: self.client}
        open_ = [self.client, self.server]
        try:
            while open_:
                for source in select.select(open_, [], [])[0]:
                    if not self.move(source, other[source]):
                        open_.remove(source)
                        other[source].shutdown(socket.SHUT_WR)
            self.close(False)
        except OSError:
            self.close(True)


def serve(kind, rnd, client, target):
    try:
        server = socket.create_connection(("127.0.0.1", target))
    except OSError:
        client.close()
        return
    Relay(kind, rnd, client, server).run()


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in KINDS:
        sys.exit(__doc__)
    kind, port, target = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rnd = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(200)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(kind, random.Random(rnd.random()), client, target), daemon=True).start()


main()
