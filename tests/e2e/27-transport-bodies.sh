# Bodies of requests: coded ones, and HTTP/2 streams that stay open for theirs.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_up; ok $? "the exercise's image"
cp "$SERVER_DIR/server.xml" "$SCRATCH/server.xml"
# options ATTRIBUTES: of httpOptions
options() {
    sed "s#</server>#<httpOptions id=\"defaultHttpOptions\" $1/><httpEndpoint id=\"defaultHttpEndpoint\" protocolVersion=\"http/2\"/></server>#" "$SCRATCH/server.xml" >"$SERVER_DIR/server.xml"
    image_own; log_mark; refresh
}
record_json 111111 CODED >"$SCRATCH/plain"
gzip -k "$SCRATCH/plain"
python3 -c 'import sys, zlib; sys.stdout.buffer.write(zlib.compress(open(sys.argv[1], "rb").read()))' "$SCRATCH/plain" >"$SCRATCH/plain.zz"
{ cat "$SCRATCH/plain"; head -c 3000000 /dev/zero | tr '\0' ' '; } | gzip >"$SCRATCH/bomb.gz"
put() { api PUT /cscvinc/employee/111111 -H 'Content-Type: application/json' --data-binary "@$SCRATCH/$1" ${2:+-H "Content-Encoding: $2"}; }

put plain; is "$CODE" 200 "a body as it is"
while IFS='|' read -r file coding want what; do
    put "$file" "$coding"; is "$CODE" "$want" "AutoDecompression: $what"
done <<'END'
plain.gz|gzip|200|gzip
plain.gz|x-gzip|200|x-gzip
plain.gz|GZip|200|names know no case
plain.zz|deflate|200|deflate
plain|identity|200|identity
plain|gzip|400|one that is not what it says
plain.gz|deflate|400|nor this
plain.gz|br|415|a coding we do not know
plain.gz|gzip, gzip|415|two of them
bomb.gz|gzip|413|decompressionRatioLimit and decompressionTolerance
END
options 'decompressionRatioLimit="100000"'
put bomb.gz gzip; is "$CODE" 200 "a higher ratio lets it in"
options 'decompressionRatioLimit="2" decompressionTolerance="1000000"'
put bomb.gz gzip; is "$CODE" 200 "so does more tolerance"
options 'decompressionRatioLimit="100000" MessageSizeLimit="100000"'
put bomb.gz gzip; is "$CODE" 413 "MessageSizeLimit holds for what comes out"
options 'AutoDecompression="false"'
put plain.gz gzip; is "$CODE" 415 "without AutoDecompression nobody takes it apart"
put plain; is "$CODE" 200 "others go on"

# --- streams that wait for their bodies
cat >"$SCRATCH/h2.py" <<'P'
import socket, ssl, sys
from h2_wire import *
c = ssl.create_default_context(cafile=sys.argv[2]); c.load_cert_chain(sys.argv[3]); c.set_alpn_protocols(["h2"])
s = c.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30), server_hostname="127.0.0.1")
head = indexed(2, b"PUT") + b"\x87" + indexed(4, b"/cscvinc/employee/111111") + indexed(1, b"127.0.0.1") + indexed(31, b"application/json")
print("%s, refused %d" % send(s, b"".join(frame(1, 4, 2 * i + 1, head) for i in range(int(sys.argv[4])))))
P
h2() { PYTHONPATH=${E2E_LIB%/*} python3 "$SCRATCH/h2.py" "$HTTPS" "$SCRATCH/ca.pem" "$SCRATCH/USER1.pem" "$1"; }
options 'maxConcurrentStreams="2" maxStreamsRefused="3"'
is "$(h2 2)" "goes on, refused 0" "maxConcurrentStreams: as many as that"
is "$(h2 4)" "goes on, refused 2" "more are refused"
like "$(h2 9)" "^goaway 11," "maxStreamsRefused: so many refused ones end the connection"
options 'maxConcurrentStreams="2" maxStreamsRefused="-1"'
is "$(h2 30)" "goes on, refused 28" "-1: no limit"
done_testing
