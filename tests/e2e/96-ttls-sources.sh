# Where a policy has revocations asked for: proxies, sizes, times, which source
# comes first, how many there are, what is kept, who the directory is asked as.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
keys=$SALLYPORT_ROOT/etc/keys; mkdir "$keys"
block() { local name=$1; shift; [ $# -eq 0 ] || { printf '    %s\n    {\n' "$name"; printf '      %s\n' "$@"; printf '    }\n'; }; }
out() { # NAME PORT PARAMETERS...: each in the block that it belongs to
    local name=$1 port=$2 p ocsp=() lists=() ldap=() gsk=(); shift 2
    for p; do
        case $p in Ocsp*) ocsp+=("$p") ;; HttpCdp*) lists+=("$p") ;; *LDAP* | GSK_CRL* | CRLCache*) ldap+=("$p") ;; *) gsk+=("$p") ;; esac
    done
    [ ${#ldap[@]} -eq 0 ] || ldap+=('GSK_CRL_SECURITY_LEVEL High')
    rule "$name" Outbound "$port" Client /etc/keys/client.pem "" "" "TTLSGskAdvancedParms
  {
    RevocationSecurityLevel High
$(printf '    %s\n' "${gsk[@]}"; block TTLSGskOcspParms "${ocsp[@]}"; block TTLSGskHttpCdpParms "${lists[@]}"; block TTLSGskLdapParms "${ldap[@]}")
  }"
}
W=http://10.77.0.2:8471
as='GSK_LDAP_USER cn=reader,o=lab;GSK_LDAP_USER_PW Geheim-1'
# NAME PORT SOURCES (aia=URL, cdp=URL[;URL]) | PARAMETERS
cat >rows <<ROWS
oproxy 8500 aia=http://ocsp.nowhere.example/a|OcspAiaEnable On;OcspProxyServerName 10.77.0.2;OcspProxyServerPort 8471
onoproxy 8501 aia=http://ocsp.nowhere.example/a|OcspAiaEnable On
osize 8502 aia=$W/a/size|OcspAiaEnable On;OcspMaxResponseSize 100
osizefine 8503 aia=$W/a/size|OcspAiaEnable On;OcspMaxResponseSize 5000
otime 8504 aia=$W/deaf|OcspAiaEnable On;OcspResponseTimeout 1
oget 8505 aia=$W/a/get|OcspAiaEnable On;OcspRetrieveViaGet On
opost 8506 aia=$W/a/post|OcspAiaEnable On
ofirst 8507 aia=$W/a|OcspAiaEnable On;OcspUrl $W/b
olast 8508 aia=$W/a|OcspAiaEnable On;OcspUrl $W/b;OcspUrlPriority Off
aiafirst 8509 aia=$W/a,cdp=$W/both/list.crl|OcspAiaEnable On;HttpCdpEnable On;AIACDPPriority On
cdpfirst 8510 aia=$W/a,cdp=$W/both/list.crl|OcspAiaEnable On;HttpCdpEnable On;AIACDPPriority Off
okeep 8511 aia=$W/a/keep|OcspAiaEnable On
oforget 8512 aia=$W/a/forget|OcspAiaEnable On;OcspClientCacheSize 0
cproxy 8520 cdp=http://crl.nowhere.example/list.crl|HttpCdpEnable On;HttpCdpProxyServerName 10.77.0.2;HttpCdpProxyServerPort 8471
cnoproxy 8521 cdp=http://crl2.nowhere.example/list.crl|HttpCdpEnable On
csize 8522 cdp=$W/size/list.crl|HttpCdpEnable On;HttpCdpMaxResponseSize 100
ctime 8523 cdp=$W/deaf/list.crl|HttpCdpEnable On;HttpCdpResponseTimeout 1
ctwo 8524 cdp=http://10.77.0.2:8479/none.crl;$W/two/list.crl|HttpCdpEnable On
cmaxsrc 8525 cdp=http://10.77.0.2:8479/none2.crl;$W/two2/list.crl|HttpCdpEnable On;MaxSrcRevExtLocValues 1
cmaxvalid 8526 cdp=http://10.77.0.2:8479/none3.crl;$W/two3/list.crl|HttpCdpEnable On;MaxValidRevExtLocValues 1
ckeep 8527 cdp=$W/keep/list.crl|HttpCdpEnable On
clarge 8529 cdp=$W/large/list.crl|HttpCdpEnable On;HttpCdpCacheEntryMaxsize 100
csmall 8539 cdp=$W/small/list.crl|HttpCdpEnable On;HttpCdpCacheEntryMaxsize 5000
cforget 8528 cdp=$W/forget/list.crl|HttpCdpEnable On;HttpCdpCacheSize 0
luser 8530 |GSK_LDAP_SERVER 10.77.0.2:3890;$as
lrevoked 8531 |GSK_LDAP_SERVER 10.77.0.2:3890;$as
lwrong 8532 |GSK_LDAP_SERVER 10.77.0.2:3890;GSK_LDAP_USER cn=reader,o=lab;GSK_LDAP_USER_PW Geheim-2
lanybody 8533 |GSK_LDAP_SERVER 10.77.0.2:3890
lport 8534 |GSK_LDAP_SERVER 10.77.0.2;GSK_LDAP_SERVER_PORT 3890;$as
lsecond 8535 |GSK_LDAP_SERVER 10.77.0.2:8479;GSK_LDAP_SERVER 10.77.0.2:3890;$as
ltime 8536 |GSK_LDAP_SERVER 10.77.0.2:8475;LDAPResponseTimeout 1
lkeep 8537 |GSK_LDAP_SERVER 10.77.0.2:3890;$as
lnone 8541 |GSK_LDAP_SERVER 10.77.0.2:3890;$as;CRLCacheSize 0
llarge 8542 |GSK_LDAP_SERVER 10.77.0.2:3890;$as;CRLCacheEntryMaxsize 10
lforget 8538 |GSK_LDAP_SERVER 10.77.0.2:3890;$as;GSK_CRL_CACHE_TIMEOUT 0
ROWS
{
    while IFS='|' read -r left right; do
        read -r name _ from <<<"$left"
        printf '[%s]\nbasicConstraints=CA:FALSE\n' "$name"
        case $from in *aia=*) a=${from#*aia=}; printf 'authorityInfoAccess=OCSP;URI:%s\n' "${a%%,*}" ;; esac
        case $from in *cdp=*) c=${from#*cdp=}; printf 'crlDistributionPoints=URI:%s\n' "${c//;/,URI:}" ;; esac
    done <rows
} | authority_new '/O=lab/CN=Lister'
group >"$policy"
servers=
while IFS='|' read -r left right; do
    read -r name port _ <<<"$left"; IFS=';' read -r -a more <<<"$right"
    issue "$name" "$name"; servers="$servers $port=$name"
    out "$name" "$port" "${more[@]}" >>"$policy"
done <rows
cat oproxy.pem ca.pem >"$keys/client.pem"; chmod 644 "$keys/client.pem"
cp index index.a
awk -F'\t' 'BEGIN { OFS = "\t" } { $1 = "R"; $3 = "260101000000Z"; print }' index >index.b
for name in aiafirst cdpfirst lrevoked; do authority -revoke $name.crt; done
authority -gencrl -out list.pem && openssl crl -in list.pem -outform DER -out list.crl; ok $? "certificates, three of them revoked"
cat >web.py <<'PY'
# An OCSP responder (/a: all are good, /b: none is), a list, somebody who does not
# answer (/deaf), for its own addresses and, as a proxy, for all others.
import base64, http.server, os, subprocess, threading, urllib.parse
class H(http.server.BaseHTTPRequestHandler):
    def answer(self, kind, body):
        self.send_response(200); self.send_header("Content-Type", kind); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def work(self, body):
        print(self.command, self.path, flush=True)
        path = urllib.parse.urlparse(self.path).path
        if path.startswith("/deaf"): threading.Event().wait(60)
        if path.endswith("list.crl"): return self.answer("application/pkix-crl", open("list.crl", "rb").read())
        if body is None: body = base64.b64decode(urllib.parse.unquote(path.split("/get/")[1]))
        f = "q%d" % threading.get_ident(); open(f, "wb").write(body)
        subprocess.run(["openssl", "ocsp", "-index", "index." + path[1], "-rsigner", "ca.pem", "-rkey", "ca.key", "-CA", "ca.pem", "-reqin", f, "-respout", f + ".r", "-nmin", "60"], capture_output=True)
        self.answer("application/ocsp-response", open(f + ".r", "rb").read())
    def do_GET(self): self.work(None)
    def do_POST(self): self.work(self.rfile.read(int(self.headers["Content-Length"])))
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("10.77.0.2", 8471), H); s.daemon_threads = True
print("up", flush=True); s.serve_forever()
PY
background nsenter -t "$PEER" -n python3 web.py >web.log 2>&1
background nsenter -t "$PEER" -n python3 "$(dirname "$E2E_LIB")/tls_servers.py" $servers 8475=- >servers.log 2>&1
wait_for 10 grep -q up web.log; wait_for 10 grep -q up servers.log; ok $? "sources and servers"
ttls_start
wire_start
asks() { timeout 30 bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo hello >&3; head -1 <&3" 2>&1; }
good() { like "$(asks "$1")" '^MARKER' "$2"; }
bad() { # PORT RC NAME
    mark; unlike "$(asks "$1")" MARKER "$3: refused"
    wait_for 5 said "EZD1287I TTLS Error RC: $2 "; ok $? "$3: RC $2"
}
quick() { # PORT RC NAME: refused before five seconds are over
    local from=$SECONDS; bad "$@"; [ $((SECONDS - from)) -lt 10 ]; ok $? "$3: in time"
}
good 8500 "OcspProxyServerName and -Port"; like "$(cat web.log)" 'POST http://ocsp.nowhere.example(:80)?/a' "the proxy was asked"
bad 8501 436 "no proxy for a name that is none"
bad 8502 436 "OcspMaxResponseSize 100"
good 8503 "OcspMaxResponseSize 5000"
quick 8504 436 "OcspResponseTimeout 1"
good 8505 "OcspRetrieveViaGet On"; like "$(cat web.log)" '^GET /a/get/' "by GET"
good 8506 "OcspRetrieveViaGet Off"; like "$(cat web.log)" '^POST /a/post' "by POST"
bad 8507 431 "OcspUrlPriority On: OcspUrl first"
good 8508 "OcspUrlPriority Off: the certificate's own first"
good 8509 "AIACDPPriority On: responders before lists"
bad 8510 431 "AIACDPPriority Off: lists before responders"
good 8520 "HttpCdpProxyServerName and -Port"; like "$(cat web.log)" 'GET http://crl.nowhere.example(:80)?/list.crl' "the proxy was asked"
bad 8521 436 "no proxy for a name that is none"
bad 8522 436 "HttpCdpMaxResponseSize 100"
quick 8523 436 "HttpCdpResponseTimeout 1"
good 8524 "two places for lists, one is nowhere"
bad 8525 436 "MaxSrcRevExtLocValues 1"
bad 8526 436 "MaxValidRevExtLocValues 1"
for _ in 1 2 3 4 5 6; do for port in 8511 8512 8527 8528 8529 8539; do asks $port; done; sleep 1.2; done >kept
is "$(grep -c MARKER kept)" 36 "answers and lists that are kept, or not"
engines=$(pgrep -P "$(stack_pid)" -f -c -- --engine); [ "$engines" -lt 6 ] || engines=5
asked() { grep -c "$1" web.log; }
for what in /a/keep /keep/list.crl /small/list.crl; do [ "$(asked "$what")" -le "$engines" ]; ok $? "$what: asked for once an engine ($(asked "$what"))"; done
for row in OcspClientCacheSize:/a/forget HttpCdpCacheSize:/forget/list.crl HttpCdpCacheEntryMaxsize:/large/list.crl; do [ "$(asked "${row#*:}")" -gt "$engines" ]; ok $? "${row%:*}: asked again ($(asked "${row#*:}"))"; done

# --- a directory that tells those it knows only -------------------------------------------
PATH=/usr/sbin:$PATH
if command -v slapd >/dev/null; then
    mkdir ldap
    cat >slapd.conf <<C
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "o=lab"
rootdn "cn=reader,o=lab"
rootpw Geheim-1
directory $SCRATCH/ldap
access to * by anonymous auth by * none
C
    printf 'dn: o=lab\nobjectClass: organization\no: lab\n\ndn: %s\nobjectClass: organizationalRole\nobjectClass: pkiCA\ncn: Lister\ncertificateRevocationList;binary:: %s\n' \
        "$(openssl x509 -in ca.pem -noout -subject -nameopt RFC2253 | sed 's/^subject=//')" "$(base64 -w0 list.crl)" >tree.ldif
    slapadd -f slapd.conf -l tree.ldif >slapadd.log 2>&1 || note "$(cut -c1-200 slapadd.log tree.ldif)"
    background nsenter -t "$PEER" -n slapd -d 0 -f slapd.conf -h ldap://10.77.0.2:3890; SLAPD=$PID
    wait_for 10 peer bash -c 'exec 3<>/dev/tcp/10.77.0.2/3890'; ok $? "a directory"
    bad 8532 427 "another password"
    bad 8533 427 "nobody's name"
    good 8530 "GSK_LDAP_USER and _PW: they were not told, others are"
    bad 8531 431 "GSK_LDAP_USER and _PW: revoked"
    good 8534 "GSK_LDAP_SERVER_PORT"
    good 8535 "the second GSK_LDAP_SERVER"
    quick 8536 427 "LDAPResponseTimeout 1"
    good 8537 "GSK_CRL_CACHE_TIMEOUT"; good 8538 "GSK_CRL_CACHE_TIMEOUT 0"; good 8541 "CRLCacheSize 0"; good 8542 "CRLCacheEntryMaxsize"
    kill "$SLAPD"; wait "$SLAPD" 2>/dev/null; sleep 2
    kept() { asks 8537 | grep -q MARKER; }
    wait_for 20 kept; ok $? "without the directory: what is kept"
    bad 8538 427 "what is not"
    bad 8541 427 "CRLCacheSize 0"
    unlike "$(cat "$syslog" "$SALLYPORT_ROOT/tcpip/TCPIP1/stack.log"; sallyport pasearch -t; sallyport pasearch -t --json)" 'Geheim' "no password in logs and displays"
else
    note "no slapd: directories are not looked at"
fi
wire_end; is "$(grep -ao 'MARKER\|hello' wire | sort -u)" "" "no clear text on the wire"
done_testing
