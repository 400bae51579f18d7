# What HTTP/1 clients may not send, over a socket as it is: port, then a line
# for each row. A row that is refused is followed by a request for /smuggled in
# the same write; the access log must not have it.
import re, socket, sys

PORT = int(sys.argv[1])
HOST = b"Host: a\r\n"
NEXT = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def get(target=b"/", rest=HOST, line=None):
    return (line or b"GET " + target + b" HTTP/1.1") + b"\r\n" + rest + b"\r\n"


def post(rest, body=b""):
    return b"POST /x HTTP/1.1\r\nHost: a\r\n" + rest + b"\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked\r\n"
ROWS = [
    # framing by two lengths, or by lengths that readers disagree on
    (400, "Content-Length and Transfer-Encoding", post(b"Content-Length: 4\r\n" + CHUNKED, b"0\r\n\r\n")),
    (400, "the other way round", post(CHUNKED + b"Content-Length: 4\r\n", b"0\r\n\r\n")),
    (400, "two equal lengths", post(b"Content-Length: 1\r\nContent-Length: 1\r\n", b"x")),
    (400, "two lengths", post(b"Content-Length: 0\r\nContent-Length: 36\r\n")),
    (400, "a list of lengths", post(b"Content-Length: 1, 1\r\n", b"x")),
    (400, "a length with a sign", post(b"Content-Length: +1\r\n", b"x")),
    (400, "a negative one", post(b"Content-Length: -1\r\n")),
    (400, "a hexadecimal one", post(b"Content-Length: 0x1\r\n", b"x")),
    (400, "one with a blank inside", post(b"Content-Length: 1 0\r\n")),
    (400, "one that is empty", post(b"Content-Length: \r\n")),
    (400, "one over 64 bits", post(b"Content-Length: 18446744073709551617\r\n")),
    (400, "a length in full-width digits", post("Content-Length: １\r\n".encode())),
    (400, "chunked twice", post(CHUNKED + CHUNKED, b"0\r\n\r\n")),
    (400, "chunked, chunked", post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n")),
    (400, "chunked not last", post(b"Transfer-Encoding: chunked, gzip\r\n", b"0\r\n\r\n")),
    (400, "gzip, chunked", post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n")),
    (400, "identity", post(b"Transfer-Encoding: identity\r\n")),
    (400, "xchunked", post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n")),
    (400, "quoted", post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n")),
    (400, "a form feed before it", post(b"Transfer-Encoding:\x0cchunked\r\n", b"0\r\n\r\n")),
    (400, "a vertical tab behind it", post(b"Transfer-Encoding: chunked\x0b\r\n", b"0\r\n\r\n")),
    (400, "a parameter", post(b"Transfer-Encoding: chunked;q=1\r\n", b"0\r\n\r\n")),
    (400, "an empty one", post(b"Transfer-Encoding:\r\n")),
    (400, "a blank before the colon", post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n")),
    (400, "a tab before the colon", post(b"Transfer-Encoding\t: chunked\r\n", b"0\r\n\r\n")),
    (400, "a blank before the name", post(b" Transfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    (400, "a name cut by CR", post(b"X: y\rTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    (400, "a name behind LF", post(b"X: y\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    (400, "folded with a blank", post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n")),
    (400, "folded with a tab", post(b"X: y\r\n\tz\r\n")),
    (400, "a fold on the first line", get(rest=b" " + HOST)),
    (400, "chunked with HTTP/1.0", b"POST /x HTTP/1.0\r\n" + CHUNKED + b"\r\n0\r\n\r\n"),
    # chunks: answered before the body, which nobody wants, and closed
    (404, "a chunk size with 0x", post(CHUNKED, b"0x1\r\nx\r\n0\r\n\r\n")),
    (404, "with a sign", post(CHUNKED, b"+1\r\nx\r\n0\r\n\r\n")),
    (404, "with a blank", post(CHUNKED, b"1 \r\nx\r\n0\r\n\r\n")),
    (404, "with an underscore", post(CHUNKED, b"1_0\r\nx\r\n0\r\n\r\n")),
    (404, "over 64 bits", post(CHUNKED, b"10000000000000001\r\nx\r\n0\r\n\r\n")),
    (404, "of leading zeros without end", post(CHUNKED, b"0" * 40 + b"1\r\nx\r\n0\r\n\r\n")),
    (404, "none", post(CHUNKED, b"\r\nx\r\n0\r\n\r\n")),
    (404, "ended by LF", post(CHUNKED, b"1\nx\r\n0\r\n\r\n")),
    (404, "ended by CR", post(CHUNKED, b"1\rx\r\n0\r\n\r\n")),
    (404, "data ended by LF", post(CHUNKED, b"1\r\nx\n0\r\n\r\n")),
    (404, "data longer than said", post(CHUNKED, b"1\r\nxy\r\n0\r\n\r\n")),
    (404, "an extension with LF", post(CHUNKED, b"1;a\nx\r\n0\r\n\r\n")),
    (404, "an extension with CR", post(CHUNKED, b"1;a\rb\r\nx\r\n0\r\n\r\n")),
    (404, "a folded trailer", post(CHUNKED, b"0\r\nX: y\r\n z\r\n\r\n")),
    (404, "a trailer ended by LF", post(CHUNKED, b"0\r\nX: y\n\r\n")),
    # lines
    (400, "a head of lines with LF alone", b"GET / HTTP/1.1\nHost: a\n\n"),
    (400, "an end by LF LF", b"GET / HTTP/1.1\r\nHost: a\n\n"),
    (400, "CR CR LF", b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
    (400, "a bare CR in a value", get(rest=HOST + b"X: a\rb\r\n")),
    (400, "NUL in a value", get(rest=HOST + b"X: a\0b\r\n")),
    (400, "NUL in a name", get(rest=HOST + b"X\0: a\r\n")),
    (400, "DEL in a value", get(rest=HOST + b"X: \x7f\r\n")),
    (400, "no colon", get(rest=HOST + b"X\r\n")),
    (400, "an empty name", get(rest=HOST + b": x\r\n")),
    (400, "a name in UTF-8", get(rest=HOST + "é: x\r\n".encode())),
    (400, "a name with a parenthesis", get(rest=HOST + b"X(): x\r\n")),
    (400, "two blanks in the request line", get(line=b"GET  / HTTP/1.1")),
    (400, "a tab in it", get(line=b"GET\t/ HTTP/1.1")),
    (400, "a blank behind it", get(line=b"GET / HTTP/1.1 ")),
    (400, "a blank in the target", get(b"/a b")),
    (400, "no version", b"GET /\r\n\r\n"),
    (400, "a version in small letters", get(line=b"GET / http/1.1")),
    (400, "a version of many digits", get(line=b"GET / HTTP/1.10")),
    (400, "a version without digit", get(line=b"GET / HTTP/1.")),
    (505, "HTTP/1.2", get(line=b"GET / HTTP/1.2")),
    (505, "HTTP/2.0", get(line=b"GET / HTTP/2.0")),
    (505, "HTTP/2's preface where it is off", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    (400, "a TLS hello", b"\x16\x03\x01\x00\x05hello"),
    # methods, targets, hosts
    (501, "CONNECT", get(line=b"CONNECT a:443 HTTP/1.1")),
    (501, "TRACE", get(line=b"TRACE / HTTP/1.1")),
    (501, "a method nobody has", get(line=b"BREW / HTTP/1.1")),
    (501, "one in small letters", get(line=b"get / HTTP/1.1")),
    (400, "a method that is no token", get(line=b"G@T / HTTP/1.1")),
    (400, "a backslash", get(b"/a\\b")),
    (400, "a fragment", get(b"/a#b")),
    (400, "a target in UTF-8", get("/é".encode())),
    (400, "a control character in it", get(b"/\x01")),
    (400, "an authority as target", get(b"a:80")),
    (400, "* with GET", get(b"*")),
    (400, "an absolute target of another host", get(b"http://b/")),
    (400, "one with user and host", get(b"http://x@a/")),
    (400, "one of another scheme", get(b"file://a/")),
    (400, "no Host", get(rest=b"")),
    (400, "two of them", get(rest=HOST + HOST)),
    (400, "two that differ", get(rest=HOST + b"Host: b\r\n")),
    (400, "an empty one", get(rest=b"Host:\r\n")),
    (400, "a list", get(rest=b"Host: a, b\r\n")),
    (400, "one with a path", get(rest=b"Host: a/b\r\n")),
    (400, "one with a user", get(rest=b"Host: x@a\r\n")),
    (400, "one with a port that is none", get(rest=b"Host: a:b\r\n")),
    (400, "one with a port over 65535", get(rest=b"Host: a:65536\r\n")),
    (400, "one with a bracket that stays open", get(rest=b"Host: [::1\r\n")),
    (400, "one with a comma", get(rest=b"Host: a,b\r\n")),
    (400, "one with a percent sign", get(rest=b"Host: a%00b\r\n")),
    (417, "another expectation", post(b"Expect: 200-ok\r\nContent-Length: 1\r\n")),
    # size
    (400, "a field that is too long", get(rest=HOST + b"X: " + b"a" * 40000 + b"\r\n")),
    (400, "too many fields", get(rest=HOST + b"X: y\r\n" * 600)),
    (400, "a target that is too long", get(b"/" + b"a" * 40000)),
    (431, "a head without end", get(rest=HOST + (b"X: " + b"a" * 30000 + b"\r\n") * 6)),
]
# taken: what the standard wants taken
TAKEN = [
    (404, "an absolute target of this host", get(b"http://a/x")),
    (404, "chunks with extensions and trailers", post(CHUNKED, b"1;a=b\r\nx\r\n0\r\nX: y\r\n\r\n")),
    (404, "chunked in capitals", post(b"TRANSFER-ENCODING: CHUNKED\r\n", b"0\r\n\r\n")),
    (404, "an empty line before the request", b"\r\n" + get(b"/x")),
    (404, "obs-text in a value", get(b"/x", HOST + b"X: \xe9\r\n")),
    (404, "blanks around a value", get(b"/x", HOST + b"X: \t y \t\r\n")),
    (404, "HTTP/1.0 without Host", b"GET /x HTTP/1.0\r\n\r\n"),
    (404, "an escaped slash", get(b"/x%2f..%2fy")),
    (404, "dot segments", get(b"/x/../../etc/passwd")),
    (404, "dots that are escaped", get(b"/%2e%2e/%2E%2E/etc/passwd")),
    (404, "OPTIONS *", get(line=b"OPTIONS * HTTP/1.1")),
    (404, "Host with a port and IPv6", get(b"/x", b"Host: [::1]:80\r\n")),
]


def status(data, slowly):
    s = socket.create_connection(("127.0.0.1", PORT))
    s.settimeout(30)
    got = b""
    try:
        if slowly:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(0, len(data), 7):
                s.sendall(data[i:i + 7])
        else:
            s.sendall(data)
        while True:
            more = s.recv(65536)
            if not more:
                break
            got += more
    except OSError:
        pass
    s.close()
    answers = len(re.findall(rb"HTTP/1\.1 [0-9]{3} ", got))
    return (int(got[9:12]) if got[:9] == b"HTTP/1.1 " else 0), answers


close = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
for want, name, data in ROWS:
    for slowly in (False, True):
        if slowly and len(data) > 2000:
            continue
        code, answers = status(data + NEXT, slowly)
        ok = code == want and answers == 1
        print("%s|%s%s|%s, %s answers, wanted %s" % ("ok" if ok else "no", name, ", in pieces" if slowly else "", code, answers, want))
for want, name, data in TAKEN:
    code, answers = status(data + close, False)
    ok = code == want and answers in (1, 2)
    print("%s|taken: %s|%s, %s answers, wanted %s" % ("ok" if ok else "no", name, code, answers, want))
