"""HTTP/2 on the wire, for tests: frames made by hand, and what a server says to
requests that it may refuse."""
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(type, flags, stream, payload=b"", size=None):
    return struct.pack(">I", len(payload) if size is None else size)[1:] + bytes([type, flags]) + struct.pack(">I", stream) + payload


def indexed(index, value):
    """A field whose name is that of the static table."""
    return bytes([0x40 | index, len(value)]) + value


def send(sock, frames):
    """The preface, the frames, and a PING: how it ends, and refused streams."""
    sock.sendall(PREFACE + frame(4, 0, 0) + frames + frame(6, 0, 0, b"12345678"))
    data, refused, pings = b"", 0, 0
    try:
        while True:
            while len(data) < 9 or len(data) < 9 + int.from_bytes(data[:3], "big"):
                more = sock.recv(65536)
                if not more:
                    raise EOFError
                data += more
            size, type, flags = int.from_bytes(data[:3], "big"), data[3], data[4]
            payload, data = data[9:9 + size], data[9 + size:]
            refused += type == 3 and payload == b"\0\0\0\7"
            if type == 7:
                return "goaway %d" % struct.unpack(">I", payload[4:8])[0], refused
            if type == 6 and flags & 1:  # an answer to PING overtakes others: ask again behind them
                pings += 1
                if pings == 2:
                    return "goes on", refused
                sock.sendall(frame(6, 0, 0, b"87654321"))
    except (EOFError, OSError):
        return "closed", refused
