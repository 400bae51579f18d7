# The W3C trace context of a caller goes on with the calls of an API requester,
# over HTTP/1.1 and HTTP/2: the same trace, a part of its own. One that is not
# understood begins anew.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_install || exit 1
END=$(free_port)
cat >"$SCRATCH/endpoint.py" <<'P'
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        open(sys.argv[2], "a").write("".join(f"{k.lower()}={v}\n" for k, v in self.headers.items()) + "end\n")
        self.send_response(404); self.send_header("Content-Type", "application/json"); self.end_headers(); self.wfile.write(b'{"no":1}')
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
P
background python3 "$SCRATCH/endpoint.py" "$END" "$SCRATCH/seen"
REQUESTER=$SERVER_DIR/includes/apiRequesterHTTPS.xml
sed -i "s#host=\"https://127.0.0.1\" port=\"[^\"]*\"#host=\"http://127.0.0.1\" port=\"$END\"#; s/idAssertion=\"ASSERT_ONLY\"/idAssertion=\"OFF\"/" "$REQUESTER"
sed -i 's#httpsPort="${https.port}"#httpsPort="${https.port}" protocolVersion="http/2"#' "$SERVER_DIR/server.xml"
image_own
image_start; ok $? "the image is up"
TRACE=0af7651916cd43dd8448eb211c80319c SPAN=b7ad6b7169203331
{ printf '\006\000'; printf '%-400s' 111111; } >"$SCRATCH/record"
call() { # [curl arguments]: what the endpoint saw, in SEEN
    : >"$SCRATCH/seen"
    api POST /zosConnect/apiRequesters/cscvincapi_1.0.0 -H 'Sallyport-Api-Path: /cscvinc/employee/{employee}' -H 'Sallyport-Api-Method: GET' -H 'Sallyport-Response-Bytes: 4000' --data-binary "@$SCRATCH/record" -H 'Content-Type: application/octet-stream' "$@"
    SEEN=$(cat "$SCRATCH/seen"); [ -n "$SEEN" ] || note "$CODE $BODY"
}
for version in 1.1 2; do
    call "--http$version" -H "traceparent: 00-$TRACE-$SPAN-01" -H 'tracestate: vendor=a,other=b'
    like "$HEAD" "^HTTP/$version " "HTTP/$version"
    like "$SEEN" "^traceparent=00-$TRACE-[0-9a-f]{16}-01$" "HTTP/$version: the trace goes on"
    unlike "$SEEN" "traceparent=.*($SPAN|-0{16}-)" "HTTP/$version: with a part of our own"
    like "$SEEN" "^tracestate=vendor=a,other=b$" "HTTP/$version: and what vendors say"
    FIRST=$(grep ^traceparent <<<"$SEEN")
    call "--http$version" -H "traceparent: 00-$TRACE-$SPAN-01"
    like "$SEEN" "^traceparent=00-$TRACE-" "HTTP/$version: each call"
    [ "$(grep ^traceparent <<<"$SEEN")" != "$FIRST" ]; ok $? "HTTP/$version: has its own"
    call "--http$version"
    like "$SEEN" ^end$ "HTTP/$version: without a trace the call is made"
    unlike "$SEEN" '^trace' "HTTP/$version: without one"
    for bad in "00-$TRACE-$SPAN" "00-00000000000000000000000000000000-$SPAN-01" "ff-$TRACE-$SPAN-01" "00-${TRACE^^}-$SPAN-01" "00-$TRACE-$SPAN-01-more"; do
        call "--http$version" -H "traceparent: $bad" -H 'tracestate: vendor=a'
        like "$SEEN" '^traceparent=00-[0-9a-f]{32}-[0-9a-f]{16}-02$' "HTTP/$version: $bad: a trace begins"
        unlike "$SEEN" "(${TRACE}|${TRACE^^}|^tracestate)" "HTTP/$version: which has nothing of it"
    done
    call "--http$version" -H "traceparent: 00-$TRACE-$SPAN-01" -H 'tracestate: a=1' -H 'tracestate: b=2'
    like "$SEEN" '^tracestate=a=1,b=2$' "HTTP/$version: two fields are one list"
    call "--http$version" -H "traceparent: 00-$TRACE-$SPAN-01" -H 'tracestate: Not A List'
    like "$SEEN" "^traceparent=00-$TRACE-" "HTTP/$version: with a list nobody understands the trace goes on"
    unlike "$SEEN" '^tracestate' "HTTP/$version: without the list"
done
done_testing
