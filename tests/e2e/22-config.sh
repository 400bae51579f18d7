# A server's configuration is shown, compared and checked without starting it.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
S=$SALLYPORT_ROOT/servers
mkdir -p "$S/one/configDropins/overrides" "$S/one/variables" "$S/two" "$S/bad"
cat >"$S/one/server.xml" <<'X'
<server description="first">
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <include location="more.xml"/>
  <httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="${http.port}" httpsPort="-1"/>
  <zosconnect_authData id="d" user="${db/user}" password="{xor}Lz4sLCgwLTs="/>
</server>
X
cat >"$S/one/more.xml" <<'X'
<server>
  <zosconnect_services><service name="s" invokeGroup="A, B"/></zosconnect_services>
</server>
X
echo 'http.port=9085' >"$S/one/bootstrap.properties"
mkdir "$S/one/variables/db"; echo DBUSER >"$S/one/variables/db/user"
echo '<server><webAppSecurity allowFailOverToBasicAuth="true"/></server>' >"$S/one/configDropins/overrides/x.xml"

# dump: what is in effect, and where it came from
runs "a dump" 0 sallyport config dump --written one
like "$OUT" 'httpPort="9085"' "shows the value in effect"
like "$OUT" 'httpPort: server\.xml:4 by \$\{http\.port\} of bootstrap\.properties' "and where it came from"
like "$OUT" 'user: server\.xml:5 by \$\{db/user\} of variables/db/user' "also through a file variable"
like "$OUT" '<!-- configDropins/overrides/x\.xml:1' "and the drop-in"
like "$OUT" 'password="\*\*\*\*\*"' "a password is not shown"
unlike "$OUT" 'Lz4sLCgwLTs|persistTimeout' "neither encoded; and no default with --written"
like "$(sallyport config dump one)" 'persistTimeout="30s"' "defaults are shown without --written"

# read again it dumps the same
for option in "" --written; do
    sallyport config dump --plain $option one >"$S/two/server.xml" 2>/dev/null
    sallyport config dump --plain $option two >"$SCRATCH/again.xml" 2>/dev/null
    runs "a dump ($option) read again dumps the same" 0 cmp "$S/two/server.xml" "$SCRATCH/again.xml"
done
runs "and differs in nothing" 0 sallyport config diff one two
is "$OUT" "" "and nothing is printed"
runs "a dump kept as a file is compared as well" 0 sallyport config diff one "$S/two/server.xml"
runs "or named from its folder" 0 env -C "$S/two" sallyport config diff one server.xml
runs "a file that is not there" 16 env -C "$S/two" sallyport config diff one none.xml

# the server that starts from the dump is the one that was dumped
PORT=$(free_port)
sallyport config dump --plain one -- --http.port="$PORT" >"$S/two/server.xml" 2>/dev/null
mkdir -p "$S/two/configDropins/overrides"
echo '<server><webAppSecurity allowFailOverToBasicAuth="false"/></server>' >"$S/two/configDropins/overrides/x.xml"
sallyport ipl >"$SCRATCH/ipl.log" 2>&1 || note "$(cat "$SCRATCH/ipl.log")"
at_exit 'sallyport shutdown >/dev/null 2>&1'
runs "a server starts from a dump" 0 sallyport server start two
like "$(cat "$S/two/logs/messages.log")" "CWWKO0219I: .*port $PORT\." "on the port that was dumped"
like "$(grep -A5 CWWKG0102I "$S/two/logs/messages.log" | tr '\n' '~')" ' A CWWKG0102I: Found conflicting settings for webAppSecurity configuration\.~  Property allowFailOverToBasicAuth has conflicting values:~    Value true is set in file:.*server\.xml\.~    Value false is set in file:.*overrides/x\.xml\.~  Property allowFailOverToBasicAuth will be set to false\.' "and says in which files settings conflict"
like "$(cat "$S/two/logs/messages.log")" 'CWWKG0093A: Processing configuration drop-ins resource: .*overrides/x\.xml' "and which drop-ins it reads"
sallyport server stop two >/dev/null
rm -r "$S/two/configDropins"

# onError of featureManager
mkdir -p "$S/fail"
echo '<server><featureManager onError="FAIL"><feature>ssl-1.0</feature><feature>nope-1.0</feature></featureManager><httpEndpoint id="defaultHttpEndpoint" httpPort="-1" httpsPort="-1"/></server>' >"$S/fail/server.xml"
runs "an unknown feature with onError=FAIL ends the start" 22 sallyport server start fail
like "$(cat "$S/fail/logs/messages.log")" 'CWWKF0001E: A feature definition could not be found for nope-1\.0' "with its name"
like "$(cat "$S/fail/logs/messages.log")" 'CWWKG0010I: The server fail is shutting down' "and the reason to end"
sed -i 's/FAIL/WARN/' "$S/fail/server.xml"
runs "with WARN the server starts" 0 sallyport server start fail
sallyport server stop fail >/dev/null

# diff
sed -i 's/A, B/A/' "$S/one/more.xml"
sed -i 's/<webApp/<logging hideMessage="X"\/><webApp/' "$S/one/configDropins/overrides/x.xml"
sallyport config dump --plain one >"$S/two/server.xml" 2>/dev/null
sed -i 's/invokeGroup="A"/invokeGroup="C"/; s/password="[^"]*"/password="other"/' "$S/two/server.xml"
runs "differences" 1 sallyport config diff one two
like "$OUT" '^-zosconnect_services/service\[name=s\] invokeGroup = "A"   \(more\.xml:2\)' "the first side with its place"
like "$OUT" '^\+zosconnect_services/service\[name=s\] invokeGroup = "C"   \(server\.xml:[0-9]+\)' "and the second"
like "$OUT" '^-zosconnect_authData\[d\] password = "\*\*\*\*\*"' "a password differs without being shown"
unlike "$OUT" 'other|password = "password' "in clear or not"
is "$(sallyport config diff --json one two | jq -r '.[] | select(.attribute == "invokeGroup") | .left.value + .right.value')" AC "as JSON too"

# check
mkdir -p "$S/trace"
printf '<server>\n<logging traceSpecification="*=nothing"/><httpEndpoint id="defaultHttpEndpoint" httpPort="-1" httpsPort="-1"/></server>' >"$S/trace/server.xml"
runs "check of a trace specification that is none" 4 sallyport config check trace
like "$OUT" '^SPT0411W: traceSpecification "\*=nothing", byte [0-9]+: expected' "says what a start says"
like "$OUT" '/trace/server\.xml:2:[0-9]+\)\. The setting is ignored' "and where"
runs "check of a good one" 0 sallyport config check one
like "$OUT" '^one: 0 errors, 0 warnings' "says so"
cat >"$S/bad/server.xml" <<'X'
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>nope-1.0</feature></featureManager>
  <httpEndpoint id="e" httpPort="94430"/>
  <httpEndpoint id="e" host="a"/>
  <httpEndpoint id="e" host="b"/>
  <ldapRegistry id="l" host="h" port="389" baseDN="o=x" ldapType="Custom"/>
  <include location="https://elsewhere/x.xml"/>
  <zosconnect_zosConnectManager requireAuht="true"/>
</server>
X
runs "check of one with errors" 8 sallyport config check bad
like "$OUT" 'bad/server\.xml:3:24: httpEndpoint\[e\]: attribute httpPort: "94430" is not a port' "a bad value, with its place"
like "$OUT" 'CWWKF0001E: .*nope-1\.0' "an unknown feature"
like "$OUT" 'CWWKG0102I: Found conflicting settings for e instance of httpEndpoint' "a conflict"
like "$OUT" 'SPT0401W: .*bad/server\.xml:6: ldapRegistry is read, but has no effect' "an element without effect"
like "$OUT" 'SPT0402E: .*bad/server\.xml:7:3: .*nothing is fetched over a network' "an include that is not fetched"
like "$OUT" 'SPT0403W: .*bad/server\.xml:8:33: attribute requireAuht of .* Did you mean "requireAuth"\?' "a name that nobody knows"
is "$(sallyport config check --json bad | jq -r '.[] | select(.severity == "error") | .id' | sort -u | tr '\n' ' ')" "CWWKF0001E CWWKG0090E CWWKO0800E CWWKS3005E SPT0402E " "as JSON too"
is "$(sallyport config check --json bad | jq -r '.[] | select(.severity != "information" and .line) | "\(.id):\(.line)"' | sort -u | tr '\n' ' ')" "CWWKF0001E:2 CWWKG0011W:3 CWWKG0083W:3 CWWKG0090E:7 CWWKS3005E:6 CWWKT0009W:3 SPT0401W:6 SPT0402E:7 SPT0403W:8 " "with the line of each"
is "$(sallyport config check --json bad | jq -r '.[] | select(.severity != "information" and .line) | .file' | sort -u)" "$S/bad/server.xml" "and the file"
{
  echo '<server><featureManager><feature>ssl-1.0</feature></featureManager>'
  for N in $(seq 33); do echo "<httpEndpoint id='e$N' host='127.0.0.1' httpPort='$((N + 20000))' httpsPort='-1'/>"; done
  echo '</server>'
} >"$S/bad/server.xml"
runs "check of one with too many ports" 8 sallyport config check bad
like "$OUT" 'CWWKE0018E: .*httpEndpoint\[e32\] \(.*/bad/server\.xml:33.*\): more than 32 ports: set ports to -1' "says where and what to do"
python3 -c 'print("<server><!--" + "x" * (4 << 20) + "--></server>")' >"$S/bad/server.xml"
runs "check of a document that is too large" 12 sallyport config check bad
like "$OUT" 'CWWKG0001E: .* Error: [^:]*/bad/server\.xml: larger than 4194304 bytes$' "says so once"
echo '<server><x' >"$S/bad/server.xml"
runs "check of a malformed one" 12 sallyport config check bad
like "$OUT" 'CWWKG0014E: .*File: file:.*/bad/server\.xml Line: [12] Column: ' "names the place"
runs "dump of a malformed one" 16 sallyport config dump bad
runs "no such server" 16 sallyport config check nobody
like "$OUT" 'servers/nobody/server\.xml: there is no such file' "says what was looked for"
runs "an unknown word" 16 sallyport config show one
like "$OUT" 'expected dump, diff or check, found show' "is answered"
runs "an option of another word" 16 sallyport config check --plain one
runs "a variable without value" 16 sallyport config check one -- --x
like "$OUT" '"--x" is not --name=value' "is refused"

# Documents as they come from z/OS: EBCDIC, an include in UTF-16, small files in IBM-1047.
mkdir -p "$S/ebcdic"
printf '<?xml version="1.0" encoding="IBM-1047"?>\n<server description="[\303\244]">\n  <include location="wide.xml"/>\n  <httpEndpoint id="defaultHttpEndpoint" httpsPort="-1" host="${from.env}" httpPort="${from.boot}" bad="1"/>\n</server>\n' | iconv -f UTF-8 -t IBM1047 | tr '\045' '\025' >"$S/ebcdic/server.xml"
printf '<server><keyStore id="k" location="\342\202\254.p12" readOnly="maybe"/></server>' | iconv -f UTF-8 -t UTF-16 >"$S/ebcdic/wide.xml"
printf 'from_env=host1\n' | iconv -t IBM1047 | tr '\045' '\025' >"$S/ebcdic/server.env"
printf 'from.boot=4711\n' | iconv -t IBM1047 >"$S/ebcdic/bootstrap.properties"
runs "dump of EBCDIC" 0 sallyport config dump --written --plain ebcdic
like "$OUT" '<server description="\[ä\]">' "characters that differ between code pages"
like "$OUT" 'host="host1"' "server.env in EBCDIC"
like "$OUT" 'httpPort="4711"' "bootstrap.properties, too"
like "$OUT" 'location="€\.p12"' "UTF-16"
runs "check of EBCDIC" 4 sallyport config check ebcdic
like "$OUT" 'SPT0403W: .*ebcdic/server\.xml:4:100: attribute bad of httpEndpoint' "lines and columns are the file's"
like "$OUT" 'ebcdic/wide\.xml:1:45: keyStore\[k\]: CWWKG0081E' "of includes as well"
iconv -f IBM1047 -t UTF-8 "$S/ebcdic/server.xml" >"$SCRATCH/ascii.xml"; cp "$SCRATCH/ascii.xml" "$S/ebcdic/server.xml"
runs "converted, but for its declaration" 12 sallyport config check ebcdic
like "$OUT" 'CWWKG0014E: .*the encoding "IBM-1047" is declared, but the document is in ASCII or UTF-8: correct the declaration File: file:.*ebcdic/server\.xml Line: 1 Column: 21' "is told"
printf '<server description="x"/>\n' | iconv -t IBM037 >"$S/ebcdic/server.xml"
runs "EBCDIC without declaration" 12 sallyport config check ebcdic
like "$OUT" 'CWWKG0014E: .*is in EBCDIC, but does not begin with a declaration that names its code page' "is told"
printf '\xff\xfe<\0s\0\n\0\0\xdc' >"$S/ebcdic/server.xml"
runs "half a character" 12 sallyport config check ebcdic
like "$OUT" 'half of a character of UTF-16 .*Line: 2 Column: 1' "has its place"

# what only a start finds out is found by the same functions: line by line
mkdir -p "$S/late" "$S/names"
PORT=$(free_port) OTHER=$(free_port)
cat >"$S/late/server.xml" <<X
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <logging jsonFieldMappings="a:b:c:d" rolloverStartTime="25:00"/>
  <httpEndpoint id="defaultHttpEndpoint" httpPort="$PORT" httpsPort="-1"/>
  <httpEndpoint id="a" httpPort="1" httpsPort="2"><tcpOptions addressIncludeList="127.0.0.1, 300.1.1.1"/></httpEndpoint>
  <httpEndpoint id="b" httpPort="1" httpsPort="-1"><tcpOptions addressExcludeList="1.2.3"/></httpEndpoint>
  <httpEndpoint id="c" httpPort="1" httpsPort="-1"><tcpOptions hostNameIncludeList="a b"/></httpEndpoint>
  <httpEndpoint id="d" httpPort="1" httpsPort="-1"><tcpOptions hostNameExcludeList="a*b"/></httpEndpoint>
  <httpEndpoint id="e" httpPort="-1" httpsPort="2"><sslOptions sslRef="protocol"/></httpEndpoint>
  <httpEndpoint id="f" httpPort="-1" httpsPort="2"><sslOptions sslRef="ciphers"/></httpEndpoint>
  <httpEndpoint id="g" httpPort="-1" httpsPort="2"><sslOptions sslRef="file"/></httpEndpoint>
  <httpEndpoint id="h" httpPort="-1" httpsPort="2"><sslOptions sslRef="ref"/></httpEndpoint>
  <httpEndpoint id="i" httpPort="$OTHER" httpsPort="-1"><accessLogging logFormat="%h %Q"/></httpEndpoint>
  <httpEndpoint id="j" httpPort="-1" httpsPort="2"><sslOptions sslRef="list"/></httpEndpoint>
  <ssl id="protocol" sslProtocol="TLSv9" keyStoreRef="k"/>
  <ssl id="list" sslProtocol="TLSv1.2,TLSv7" keyStoreRef="k"/>
  <ssl id="ciphers" enabledCiphers="NONE SUCH" keyStoreRef="k"/>
  <ssl id="file" keyStoreRef="k"/>
  <ssl id="ref" keyStoreRef="none"/>
  <keyStore id="k" location="missing.p12" password="secret"/>
  <zosconnect_cicsIpicConnection id="region" host="127.0.0.1" port="1" sslCertsRef="file"/>
  <basicRegistry id="users"><user name="u" password="p"/></basicRegistry>
  <safRegistry id="saf"/>
  <usr_site id="site" library="/none/site.so"/>
  <zosconnect_zosConnectInterceptors id="i" interceptorRef="site"/>
  <zosconnect_zosConnectManager globalInterceptorsRef="i"/>
</server>
X
runs "check of what only a start finds out" 8 sallyport config check late
CHECKED=$OUT
while read -r id line text; do
    like "$CHECKED" "^$id: $text.*\(.*/late/server\.xml:$line(:[0-9]+)?\)" "$id with line $line"
done <<'END'
SPT0411W 3 rolloverStartTime has the value "25:00"
SPT0411W 3 jsonFieldMappings "a:b:c:d", byte 0
CWWKO0203E 5 An entry in the address include list for the TCP Channel a is not valid\.
SPT0413E 5 The httpEndpoint a cannot be used
CWWKO0202E 6 An entry in the address exclude list for the TCP Channel b is not valid\.
CWWKO0205E 7 An entry in the host name include list for the TCP Channel c is not valid\.
CWWKO0204E 8 An entry in the host name exclude list for the TCP Channel d is not valid\.
SPT0410E 13 The access log .* is not written: logFormat
CWPKI0831E 15 The TLSv9 SSL/TLS protocol cannot be used\.
CWPKI0832E 16 The TLSv7 SSL/TLS protocol value that is provided cannot be used
CWWKO0800E 17 .*none of the cipher suites named is known
CWPKI0807W 20 The keyStore location missing\.p12 could not be found
CWPKI0033E 20 The keystore located at missing\.p12 did not load
CWWKO0800E 18 .*there is no such file
CWPKI0818E 19 The default SSL configuration references a <keyStore> element with an id value of none,
SPT0440E 21 The zosconnect_cicsIpicConnection region cannot be opened with TLS
BAQR0496E 24 Interceptor usr_site\[site\] cannot be used: /none/site\.so: No such file
CWWKS3006E 23 A configuration exception has occurred\.
END
like "$(sallyport config check --json late | jq -r '.[] | select(.file) | "\(.id):\(.line)"' | tr '\n' ' ')" "SPT0411W:3 SPT0411W:3 .*CWWKO0203E:5 .*CWPKI0831E:15 " "as JSON the place stands by itself"
is "$(sallyport config check --json late | jq -r '[.[] | select(.id == "CWWKO0203E") | .remedy][0]')" "$(sallyport help CWWKO0203E | sed -n 's/^What to do: //p')" "and what to do"
grep -qxF "  $(sallyport help CWWKO0203E | sed -n 's/^What to do: //p')" <<<"$CHECKED"; ok $? "which the text has as well"
is "$(grep -c 'TCP Channel a ' <<<"$CHECKED")" 1 "an endpoint with two ports is complained of once"

# what onError="IGNORE" hides from a log is what a check is for
mkdir -p "$S/hides"
echo '<server><config onError="IGNORE"/><featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager><httpEndpoint id="defaultHttpEndpoint" enabled="false"/><httpOptions id="o" readTimeout="x"/><include location="none.xml"/></server>' >"$S/hides/server.xml"
runs "check under onError=IGNORE" 8 sallyport config check hides
like "$OUT" 'CWWKG0083W: .*\[readTimeout\] property, value = \[x\]' "tells a bad value"
like "$OUT" 'CWWKG0090E: The .*/none\.xml' "and a missing include"
runs "such a server starts" 0 sallyport server start hides
unlike "$(cat "$S/hides/logs/messages.log")" 'CWWKG0083W|CWWKG0090E' "and says nothing of it"
sallyport server stop hides >/dev/null

# an endpoint without a port: what it refers to is judged before it has one
mkdir -p "$S/closed"
cat >"$S/closed/server.xml" <<X
<server><featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
<httpEndpoint id="defaultHttpEndpoint" httpPort="$PORT" httpsPort="-1"/>
<httpEndpoint id="a" httpPort="-1" httpsPort="-1"><tcpOptions addressIncludeList="300.1.1.1"/></httpEndpoint>
<httpEndpoint id="b"><sslOptions sslRef="bad"/></httpEndpoint>
<httpEndpoint id="c" httpPort="$OTHER"><sslOptions sslRef="nix"/></httpEndpoint>
<httpEndpoint id="d" httpPort="-1"><accessLogging logFormat="%h %Q"/></httpEndpoint>
<httpEndpoint id="f" enabled="false"><sslOptions sslRef="worse"/></httpEndpoint>
<httpEndpoint id="g" httpPort="-1"/>
<ssl id="bad" keyStoreRef="k"/><keyStore id="k" location="missing.p12" password="secret"/>
<ssl id="worse" sslProtocol="TLSv9" keyStoreRef="k"/>
</server>
X
runs "check of endpoints without a port" 8 sallyport config check closed
while read -r id line text; do
    like "$OUT" "^$id: $text.*\(.*/closed/server\.xml:$line(:[0-9]+)?\)" "$id with line $line"
done <<'END'
CWWKO0203E 3 An entry in the address include list for the TCP Channel a is not valid\.
SPT0413E 3 The httpEndpoint a cannot be used
CWPKI0033E 9 The keystore located at missing\.p12 did not load
SPT0496E 5 The sslRef of httpEndpoint\[c\]/sslOptions\[default-0\] names nix, which does not exist
SPT0410E 6 The access log .* is not written: logFormat
CWWKT0009W 8 The HTTP endpoint g is not started: it has no port
END
[ ! -e "$S/late/logs" ] && [ ! -e "$S/late/workarea" ]; ok $? "nothing was made"
runs "it starts all the same" 0 sallyport server start late
while read -r line; do
    grep -qF -- "$line" "$S/late/logs/messages.log"; ok $? "the start says ${line:0:60}"
done < <(grep '^[A-Z0-9]*[EWA]: ' <<<"$CHECKED")
sallyport server stop late >/dev/null

# two channels with one port: the first keeps it, and its kind
mkdir -p "$S/twice"
PORT=$(free_port) OTHER=$(free_port)
cat >"$S/twice/server.xml" <<X
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <httpEndpoint id="defaultHttpEndpoint" httpPort="$PORT" httpsPort="$PORT"/>
  <httpEndpoint id="clear" httpPort="$OTHER" httpsPort="-1"/>
  <httpEndpoint id="secure" httpPort="-1" httpsPort="$OTHER"/>
  <httpEndpoint id="again" host="*" httpPort="$OTHER" httpsPort="-1"/>
  <httpEndpoint id="off" enabled="false" httpPort="$OTHER" httpsPort="$PORT"/>
  <keyStore id="defaultKeyStore" password="secret1"/>
</server>
X
runs "check of ports that are one" 8 sallyport config check twice
CHECKED=$(grep '^CWWKO0221E' <<<"$OUT")
is "$(wc -l <<<"$CHECKED")" 3 "each that stays closed is named"
while read -r channel host port line other; do
    like "$CHECKED" "^CWWKO0221E: TCP Channel $channel initialization did not succeed\..* host $host and port $port\..* it is the $other \(.*/twice/server\.xml:$line:[0-9]+\)$" "$channel with its line"
done <<END
defaultHttpEndpoint-ssl localhost $PORT 4 httpPort of httpEndpoint defaultHttpEndpoint
secure-ssl localhost $OTHER 6 httpPort of httpEndpoint clear
again \* $OTHER 7 httpPort of httpEndpoint clear
END
runs "it starts all the same" 0 sallyport server start twice
while read -r line; do
    is "$(grep -cF -- "$line" "$S/twice/logs/messages.log")" 1 "the start says ${line:0:60} once"
done <<<"$CHECKED"
is "$(grep -oE 'CWWKO0219I: TCP Channel [^ ]*' "$S/twice/logs/messages.log" | tr '\n' ' ')" "CWWKO0219I: TCP Channel defaultHttpEndpoint CWWKO0219I: TCP Channel clear " "the first ones are open"
for port in "$PORT" "$OTHER"; do
    is "$(curl -s -o /dev/null -w '%{http_code}' "http://localhost:$port/none")" 404 "and clear"
done
like "$(sallyport server modify twice STATUS,DETAILS | sed -n 's/.*: \([a-zA-Z]*(.*)\):.*/\1/p' | tr '\n' ' ')" '^defaultHttpEndpoint\(partly closed\) clear\(active\) secure\(closed\) again\(closed\) $' "STATUS says so"
sed -i 's/<config /<!-- an update of something else -->&/; s/"secret1"/"secret1" readOnly="true"/' "$S/twice/server.xml"
runs "another update is made" 0 sallyport server modify twice REFRESH,CONFIG
like "$(grep -c CWWKG0017I "$S/twice/logs/messages.log") $(grep -c CWWKO0221E "$S/twice/logs/messages.log")" "^1 3$" "and says nothing new of them"
sallyport server stop twice >/dev/null
printf '<server><httpEndpoint id="defaultHttpEndpoint" httpPort="-1" httpsPort="-1"/>\n<keyStore id="k" location="x" password="secret" type="BOGUS"/>\n<ssl id="defaultSSLConfig" keyStoreRef="k"/><httpEndpoint id="e" httpPort="-1" httpsPort="2"/></server>' >"$S/names/server.xml"
runs "check of a key store of no known type" 8 sallyport config check names
like "$OUT" '^CWPKI0033E: The keystore located at x did not load .*: type is "BOGUS", expected PKCS12, .* JCERACFKS.*\(.*/names/server\.xml:2:[0-9]+\)' "names it with its line"

printf '<server><httpEndpoint id="defaultHttpEndpoint" httpPort="-1" httpsPort="-1"/>\n<zosconnect_endpointConnection id="out" host="https://x.test" port="443" sslCertsRef="s"/>\n<zosconnect_endpointConnection id="bad" host="ftp://x.test" port="1"/>\n<ssl id="s" keyStoreRef="k"/><keyStore id="k" location="none.p12" password="p"/></server>' >"$S/names/server.xml"
runs "check of connections of API requesters" 8 sallyport config check names
like "$OUT" 'BAQR1000W: .*out.*there is no such file.*/names/server\.xml:2\)' "one without its key store"
like "$OUT" 'CWWKG0011W: .*/names/server\.xml:3: zosconnect_endpointConnection\[bad\]: attribute host: ' "one without a host, with file and line"
for names in messageFileName traceFileName logDirectory; do
    value=a/b
    [ $names != logDirectory ] || value=$S/names/server.xml/logs
    printf '<server>\n<logging\n%s="%s"/>\n<httpEndpoint id="defaultHttpEndpoint" httpPort="-1" httpsPort="-1"/></server>' $names "$value" >"$S/names/server.xml"
    runs "check of a $names that is none" 8 sallyport config check names
    like "$OUT" '^CWWKE0018E: .*(a/b|Not a directory).*\(.*/names/server\.xml:3:1\)' "says where"
    SAID=$(grep '^CWWKE0018E' <<<"$OUT")
    runs "nothing starts with it" 22 sallyport server start names
    [ $names = logDirectory ] || { grep -qF -- "$SAID" "$S/names/logs/messages.log"; ok $? "which says the same"; }
done

# the registry
is "$(sallyport server schema | jq -r '.elements[] | select(.name == "httpEndpoint") | .attributes[] | select(.name == "httpsPort") | .type')" port "the schema is JSON"
sallyport server schema --markdown >"$SCRATCH/page.md"
runs "and makes the reference page" 0 cmp "$SCRATCH/page.md" "$SALLYPORT_SOURCE/doc/reference/configuration.md"
done_testing
