# What HTTP/2 clients may not send: port, then a line for each row. A row says
# what ends: one stream (RST_STREAM or a status), or the connection (GOAWAY).
import socket, struct, sys
from h2_wire import PREFACE, frame

PORT = int(sys.argv[1])
PROTOCOL, FLOW, FRAME_SIZE, REFUSED, COMPRESSION, CALM = 1, 3, 6, 7, 9, 11


def field(name, value):
    def text(s):
        assert len(s) < 127
        return bytes([len(s)]) + s
    return b"\0" + text(name) + text(value)


GET = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"a")]


def block(fields):
    return b"".join(field(n, v) for n, v in fields)


def head(fields, end=True, stream=1):
    return frame(1, 5 if end else 4, stream, block(fields))


def swap(name, value):
    return [(n, value if n == name else v) for n, v in GET]


def without(name):
    return [f for f in GET if f[0] != name]


def rst(code):
    return ("rst", code)


def goaway(code):
    return ("goaway", code)


def answer(status):
    return ("status", status)


refused = ("refused", 400) # by us or, in later versions, by nghttp2
POST = swap(b":method", b"POST")
SETTINGS = frame(4, 0, 0)
ROWS = [
    (answer(200), "a sound request", head(GET)),
    (rst(PROTOCOL), "no :method", head(without(b":method"))),
    (rst(PROTOCOL), "no :scheme", head(without(b":scheme"))),
    (rst(PROTOCOL), "no :path", head(without(b":path"))),
    (rst(PROTOCOL), "neither :authority nor Host", head(without(b":authority"))),
    (rst(PROTOCOL), ":method twice", head(GET + [(b":method", b"GET")])),
    (rst(PROTOCOL), ":path twice", head(GET + [(b":path", b"/x")])),
    (rst(PROTOCOL), ":authority twice", head(GET + [(b":authority", b"b")])),
    (rst(PROTOCOL), "a pseudo-field nobody knows", head(GET + [(b":x", b"y")])),
    (rst(PROTOCOL), ":status in a request", head(GET + [(b":status", b"200")])),
    (rst(PROTOCOL), "a pseudo-field behind others", head(GET[:3] + [(b"x", b"y")] + GET[3:])),
    (rst(PROTOCOL), "an empty :path", head(swap(b":path", b""))),
    (rst(PROTOCOL), "a :path without slash", head(swap(b":path", b"x"))),
    (rst(PROTOCOL), "* with GET", head(swap(b":path", b"*"))),
    (answer(400), "a backslash in :path", head(swap(b":path", b"/a\\b"))),
    (answer(400), "a fragment in :path", head(swap(b":path", b"/a#b"))),
    (rst(PROTOCOL), "a blank in :path", head(swap(b":path", b"/ HTTP/1.1"))),
    (rst(PROTOCOL), "CR LF in :path", head(swap(b":path", b"/\r\nX: y"))),
    (rst(PROTOCOL), "CR LF in :method", head(swap(b":method", b"GET / HTTP/1.1\r\nX: y"))),
    (rst(PROTOCOL), "a blank in :method", head(swap(b":method", b"GET /x"))),
    (rst(PROTOCOL), "CR LF in :authority", head(swap(b":authority", b"a\r\nX: y"))),
    (refused, "a user in :authority", head(swap(b":authority", b"x@a"))),
    (rst(PROTOCOL), "a :scheme that is none", head(swap(b":scheme", b"ht tp"))),
    (answer(400), "CONNECT", head([(b":method", b"CONNECT"), (b":authority", b"a:443")])),
    (answer(501), "TRACE", head(swap(b":method", b"TRACE"))),
    (answer(501), "a method nobody has", head(swap(b":method", b"BREW"))),
    (answer(400), "a port in :authority that is none", head(swap(b":authority", b"a:b"))),
    (answer(400), "another Host", head(GET + [(b"host", b"b")])),
    (rst(PROTOCOL), "a name in capitals", head(GET + [(b"X-A", b"y")])),
    (rst(PROTOCOL), "an empty name", head(GET + [(b"", b"y")])),
    (rst(PROTOCOL), "a name with a colon", head(GET + [(b"a:b", b"y")])),
    (rst(PROTOCOL), "a name with a blank", head(GET + [(b"a b", b"y")])),
    (rst(PROTOCOL), "a name with CR LF", head(GET + [(b"a\r\nb", b"y")])),
    (rst(PROTOCOL), "CR LF in a value", head(GET + [(b"a", b"y\r\nb: c")])),
    (rst(PROTOCOL), "NUL in a value", head(GET + [(b"a", b"\0")])),
    (rst(PROTOCOL), "a blank before a value", head(GET + [(b"a", b" y")])),
    (rst(PROTOCOL), "Connection", head(GET + [(b"connection", b"close")])),
    (rst(PROTOCOL), "Transfer-Encoding", head(POST + [(b"transfer-encoding", b"chunked")])),
    (rst(PROTOCOL), "Keep-Alive", head(GET + [(b"keep-alive", b"x")])),
    (rst(PROTOCOL), "Proxy-Connection", head(GET + [(b"proxy-connection", b"x")])),
    (rst(PROTOCOL), "Upgrade", head(GET + [(b"upgrade", b"h2c")])),
    (rst(PROTOCOL), "TE other than trailers", head(GET + [(b"te", b"gzip")])),
    (answer(200), "TE: trailers", head(GET + [(b"te", b"trailers")])),
    (rst(PROTOCOL), "two lengths", head(POST + [(b"content-length", b"1"), (b"content-length", b"1")], False)),
    (rst(PROTOCOL), "a length that is none", head(POST + [(b"content-length", b"+1")], False)),
    (rst(PROTOCOL), "a length and no DATA", head(POST + [(b"content-length", b"4")])),
    (rst(PROTOCOL), "less DATA than that", head(POST + [(b"content-length", b"4")], False) + frame(0, 1, 1, b"abc")),
    (rst(PROTOCOL), "more DATA than that", head(POST + [(b"content-length", b"4")], False) + frame(0, 1, 1, b"abcde")),
    (rst(PROTOCOL), "a pseudo-field in trailers", head(POST, False) + frame(1, 5, 1, field(b":path", b"/x"))),
    (goaway(PROTOCOL), "HEADERS on stream 0", frame(1, 5, 0, block(GET))),
    (goaway(PROTOCOL), "HEADERS on an even stream", head(GET, stream=2)),
    (goaway(PROTOCOL), "DATA on stream 0", frame(0, 1, 0, b"x")),
    (goaway(PROTOCOL), "DATA on a stream that is not open", frame(0, 1, 1, b"x")),
    (goaway(PROTOCOL), "DATA with more padding than bytes", head(POST, False) + frame(0, 9, 1, b"\x05x")),
    (goaway(PROTOCOL), "HEADERS with more padding than bytes", frame(1, 0xd, 1, b"\xff" + block(GET))),
    (goaway(PROTOCOL), "RST_STREAM on an idle stream", frame(3, 0, 1, b"\0\0\0\x08")),
    (goaway(FRAME_SIZE), "RST_STREAM of three bytes", head(POST, False) + frame(3, 0, 1, b"\0\0\0")),
    (goaway(FRAME_SIZE), "PING of seven bytes", frame(6, 0, 0, b"1234567")),
    (goaway(PROTOCOL), "PING on a stream", frame(6, 0, 1, b"12345678")),
    (goaway(FRAME_SIZE), "SETTINGS of five bytes", frame(4, 0, 0, b"12345")),
    (goaway(FRAME_SIZE), "an acknowledgement of SETTINGS with bytes", frame(4, 1, 0, b"123456")),
    (goaway(PROTOCOL), "SETTINGS on a stream", frame(4, 0, 1)),
    (goaway(PROTOCOL), "ENABLE_PUSH of 2", frame(4, 0, 0, struct.pack(">HI", 2, 2))),
    (goaway(FLOW), "an initial window over 31 bits", frame(4, 0, 0, struct.pack(">HI", 4, 1 << 31))),
    (goaway(PROTOCOL), "a largest frame of 10 bytes", frame(4, 0, 0, struct.pack(">HI", 5, 10))),
    (goaway(PROTOCOL), "a window that grows by 0", frame(8, 0, 0, b"\0\0\0\0")),
    (goaway(FLOW), "a window over 31 bits", frame(8, 0, 0, b"\x7f\xff\xff\xff") + frame(8, 0, 0, b"\x7f\xff\xff\xff")),
    (goaway(PROTOCOL), "PUSH_PROMISE from a client", frame(5, 4, 1, b"\0\0\0\2" + block(GET))),
    (goaway(PROTOCOL), "CONTINUATION without HEADERS", frame(9, 4, 1, block(GET))),
    (goaway(PROTOCOL), "something between HEADERS and CONTINUATION", frame(1, 1, 1, block(GET)) + frame(6, 0, 0, b"12345678")),
    (goaway(PROTOCOL), "CONTINUATION of another stream", frame(1, 1, 1, block(GET[:2])) + frame(9, 4, 3, block(GET[2:]))),
    (goaway(FRAME_SIZE), "a frame longer than we take", frame(0, 0, 1, b"", 0xffffff)),
    (goaway(COMPRESSION), "an index that is not there", frame(1, 5, 1, block(GET) + b"\xff\x80\x01")),
    (goaway(COMPRESSION), "a table larger than we allow", frame(1, 5, 1, b"\x3f\xe1\xff\x03" + block(GET))),
    (goaway(COMPRESSION), "a text cut short", frame(1, 5, 1, block(GET) + b"\0\x05ab")),
    (goaway(PROTOCOL), "no SETTINGS behind the preface", b""),
    (answer(200), "a frame nobody knows", frame(0xbb, 0xff, 1, b"x") + head(GET)),
    (answer(200), "a head in pieces", frame(1, 1, 1, block(GET[:2])) + frame(9, 4, 1, block(GET[2:]))),
    # floods
    (goaway(CALM), "rapid reset", b"".join(head(GET, stream=2 * i + 1) + frame(3, 0, 2 * i + 1, b"\0\0\0\x08") for i in range(150))),
    (goaway(CALM), "PING without end", frame(6, 0, 0, b"12345678") * 2000),
    (goaway(CALM), "SETTINGS without end", SETTINGS * 2000),
    (goaway(CALM), "empty DATA without end", head(POST, False) + frame(0, 0, 1) * 2000),
    (goaway(CALM), "windows without end", frame(8, 0, 0, b"\0\0\0\1") * 2000),
    (goaway(CALM), "PRIORITY without end", frame(2, 0, 1, b"\0\0\0\0\1") * 2000),
    (goaway(None), "CONTINUATION without end", frame(1, 1, 1, block(GET)) + frame(9, 0, 1, field(b"x", b"y" * 100)) * 20000),
    (goaway(None), "empty CONTINUATION without end", frame(1, 1, 1, block(GET)) + frame(9, 0, 1) * 20000),
    (answer(431), "a header bomb", frame(1, 1, 1, block(GET) + b"\x40\x01x\x7f\xa1\x1e" + b"v" * 4000) + frame(9, 4, 1, b"\xbe" * 4000)),
]


def run(data, with_settings=True):
    s = socket.create_connection(("127.0.0.1", PORT))
    s.settimeout(20)
    got = b""
    out = PREFACE + (SETTINGS if with_settings else frame(6, 0, 0, b"12345678")) + data
    try:
        s.sendall(out)
        s.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    try:
        while True:
            more = s.recv(65536)
            if not more:
                break
            got += more
    except OSError:
        pass
    s.close()
    seen = []
    while len(got) >= 9:
        size, type, flags, stream = int.from_bytes(got[:3], "big"), got[3], got[4], struct.unpack(">I", got[5:9])[0]
        body, got = got[9:9 + size], got[9 + size:]
        if type == 7:
            seen.append(("goaway", struct.unpack(">I", body[4:8])[0]))
        elif type == 3:
            seen.append(("rst", struct.unpack(">I", body)[0]))
        elif type == 1:
            seen.append(("status", {0x88: 200, 0x8c: 400, 0x8d: 404}.get(body[0]) or int(body[2:5] if body[1] == 3 else short(body))))
    return seen


def short(body):
    # :status by Huffman code: digits are 5 or 6 bits; two bytes hold three
    bits = "".join("{:08b}".format(b) for b in body[2:2 + (body[1] & 0x7f)])
    codes = {"00000": "0", "00001": "1", "00010": "2"}
    codes.update({"{:06b}".format(0x19 + i): str(3 + i) for i in range(7)})
    text, at = "", 0
    while len(text) < 3 and at < len(bits):
        for n in (5, 6):
            if bits[at:at + n] in codes:
                text += codes[bits[at:at + n]]
                at += n
                break
        else:
            break
    return text or "0"


for want, name, data in ROWS:
    seen = run(data, name != "no SETTINGS behind the preface")
    if want == ("goaway", None):
        ok = not any(s[0] == "status" and s[1] == 200 for s in seen)  # or reset over what was too much
    elif want[0] == "refused":
        ok = answer(400) in seen or rst(PROTOCOL) in seen
    elif want[0] == "goaway":
        ok = want in seen or (want[1] == CALM and not seen)
    else:
        ok = want in seen and ("status" == want[0] or not any(s[0] == "status" for s in seen))
    print("%s|%s|%s, wanted %s" % ("ok" if ok else "no", name, seen[:6], want))
