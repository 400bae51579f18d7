# A dump read again dumps the same: of every template and sample, of each
# element and attribute there is, with values of its own and with the defaults
# written out. And nothing that the configuration commands, the doctor or a dump
# of the server say holds a secret.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
S=$SALLYPORT_ROOT/servers
mkdir -p "$S/again"
again() { # NAME SERVER
    local option
    for option in "" --written; do
        sallyport config dump --plain $option "$2" >"$S/again/server.xml" 2>"$SCRATCH/err"; is $? 0 "$1: a dump $option"
        sallyport config dump --plain $option again >"$SCRATCH/second.xml" 2>/dev/null
        cmp -s "$S/again/server.xml" "$SCRATCH/second.xml"; ok $? "$1: read again it is the same"
        [ -n "$option" ] || { sallyport config diff "$2" again >"$SCRATCH/diff" 2>/dev/null; is "$?:$(cat "$SCRATCH/diff")" 0: "$1: and differs in nothing"; }
    done
}
for template in "$SAMPLES"/templates/servers/*/; do
    name=$(basename "$template")
    sallyport server create "t-$name" --template "$name" >/dev/null
    again "$name" "t-$name"
    is "$(sallyport config check "t-$name" 2>&1 | grep -vE '^SPT0401W|^  |: 0 errors')" "" "$name: check finds only what has no effect yet"
done
cp -r "$SAMPLES/servers/myServer" "$S/"
again "the exercise's server" myServer

# Each setting.
sallyport server schema >"$SCRATCH/schema.json"
every() { mkdir -p "$S/$1"; python3 "$SALLYPORT_SOURCE/tests/e2e/every_setting.py" "${@:2}" <"$SCRATCH/schema.json" >"$S/$1/server.xml"; }
every each GEHEIM
runs "a document with every setting" 8 sallyport config check each
# What a start would say of such values: names, mappings, stores of no use.
is "$(grep -vE '^(SPT0401W|SPT0411W|CWPKI0815W|SPT0481E|SPT0496E|CWWKT002[567]W|CWWKG0033W|CWPKI0818E|BAQR0496E|BAQR1000W|CWWKO0800E|CWWKS3006E): |^CWWKG0011W: .* sallyport_metrics: attribute path: |^  |^each: [0-9]+ errors' <<<"$OUT")" "" "is read without complaint"
[ "$(jq '[.. | .attributes? // empty | length] | add' "$SCRATCH/schema.json")" -gt 700 ]; ok $? "it is a long one"
again "every setting" each
every plain GEHEIM defaults
again "every default written out" plain
runs "what is written out is what is so anyway" 0 sallyport config dump --plain plain
unlike "$OUT" GEHEIM "without passwords"

# No secrets, whichever way they come and whatever is wrong with them.
every other ANDERES
mkdir "$S/odd"
cat >"$S/odd/server.xml" <<'X'
<server>
  <variable name="db.password" value="GEHEIMa"/>
  <variable name="plain" value="GEHEIMb"/>
  <zosconnect_authData id="d" user="u" password="GEHEIM1"/>
  <zosconnect_authData id="d" user="u" password="GEHEIM2"/>
  <zosconnect_authData id="e" user="u" password="{xor}GEHEIM!!"/>
  <zosconnect_authData id="f" user="u" password="{aes}GEHEIM3"/>
  <zosconnect_authData id="g" user="u" password="{hash}GEHEIM4"/>
  <zosconnect_authData id="h" user="u" password="${db.password}"/>
  <zosconnect_authData id="i" user="u" password="${plain}x${nosuch}GEHEIM5"/>
  <zosconnect_authData id="j" user="u" password="{rot13}GEHEIM6"/>
  <zosconnect_authData id="l" user="u"><password>GEHEIM7</password></zosconnect_authData>
  <zosconnect_authData id="m" user="u"><password note="1">GEHEIMF</password>rest</zosconnect_authData>
  <myTokens a="1">GEHEIMG</myTokens><coded a="1">{xor}GEHEIMH</coded><link a="1">http://u:GEHEIMI@h/</link>
  <zosconnect_services><service name="s">
    <property name="password" value="GEHEIMp"/><property name="uri" value="http://u:GEHEIMq@h/"/>
  </service></zosconnect_services>
  <unknownThing password="GEHEIMr"/>
  <httpEndpoint id="x" httpPort="none" password="GEHEIMs"/>
  <keyStore id="k" location="a.p12" password="GEHEIMt"><keyEntry name="n" keyPassword="GEHEIMu"/></keyStore>
  <basicRegistry id="r"><user name="a" password="GEHEIMv"/><user name="a" password="GEHEIMw"/></basicRegistry>
  <usr_my id="q" password="GEHEIMx" accessToken="GEHEIMy" url="http://u:GEHEIMz@host/"><peer apiToken="GEHEIMA" pasword="GEHEIMB" x="{xor}GEHEIMC"><path>/a</path><path>/b</path></peer></usr_my>
  <ofAnother id="1" passphrase="GEHEIMD"><deep secret="GEHEIME"><er>text</er></deep></ofAnother>
</server>
X
printf 'keystore_password=GEHEIMe\n' >"$S/odd/server.env"
printf 'a.password=GEHEIMf\n' >"$S/odd/bootstrap.properties"
for server in each odd; do
    for words in "dump" "dump --plain" "dump --json" "check" "check --json" "diff other" "diff --json other"; do
        OUT=$(sallyport config $words $server 2>&1); STATUS=$?
        [ "$STATUS" -lt 16 ] && [ -n "$OUT" ]; ok $? "$words $server answers"
        is "$(grep -cE 'GEHEIM|ANDERES|gumbox' <<<"$OUT")" 0 "without a secret"
    done
    OUT=$(sallyport doctor --json $server 2>&1); is "$(grep -c GEHEIM <<<"$OUT")" 0 "the doctor of $server tells none"
    sallyport server dump $server --archive "$SCRATCH/$server.tar" >/dev/null
    is "$(tar xOf "$SCRATCH/$server.tar" | grep -ac GEHEIM)" 0 "nor a dump of the server"
done
OUT=$(sallyport config dump --plain odd 2>/dev/null)
for part in '<path>/b</path>' '<unknownThing' '<deep' '<er>text</er>'; do like "$OUT" "$part" "the dump keeps $part"; done
runs "two users of one name are no difference" 0 sallyport config diff odd odd
# But they are compared.
sed 's/GEHEIMp/GEHEIMP/; s/GEHEIMq/GEHEIMQ/; s/GEHEIMt/GEHEIMT/; s/GEHEIMx/GEHEIMX/; s/GEHEIMz/GEHEIMZ/' "$S/odd/server.xml" >"$S/other/server.xml"
runs "five secrets differ" 1 sallyport config diff odd other
is "$(grep -c '^+' <<<"$OUT")" 6 "each is a difference" # and the head
unlike "$OUT" GEHEIM "that is not shown"
sallyport config dump --plain odd >"$S/other/server.xml" 2>/dev/null
runs "what a dump does not tell is none" 0 sallyport config diff odd other

# What cannot be had.
runs "a folder in the place of a file" 16 sallyport config dump "$S/"
like "$OUT" "/server\.xml: there is no such file or it cannot be read" "is said"
mv "$S/odd/server.xml" "$S/odd/kept"; mkdir "$S/odd/server.xml"
runs "server.xml is a folder" 16 sallyport config check odd
rmdir "$S/odd/server.xml"; mv "$S/odd/kept" "$S/odd/server.xml"
if [ "$(id -u)" -eq 0 ]; then
    chmod 755 "$S" "$S/odd"; chmod 600 "$S/odd/server.xml"; chmod 644 "$S/odd/server.env" "$S/odd/bootstrap.properties"
    runs "one that may not be read" 16 setpriv --reuid 50077 --regid 50077 --clear-groups sallyport config dump odd
    like "$OUT" "odd/server\.xml: .*(cannot be read|Permission denied)" "is said"
fi
printf 'command.port=x\n' >"$S/odd/bootstrap.properties"
runs "a bootstrap property that is none" 12 sallyport config check odd
like "$OUT" "SPT0462E: $S/odd/bootstrap\.properties:1: command\.port" "with its place"
done_testing
