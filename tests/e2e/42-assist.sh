# Policies from a store of objects: the exercise's is made again, a store with
# mistakes writes nothing, a file that is replaced keeps its history. And back:
# a policy becomes the objects that make it.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "$E2E_LIB"
cd "$SCRATCH" || exit 1
policies=$SALLYPORT_SOURCE/samples/policy
cp "$policies/store.json" store.json
file=$SALLYPORT_ROOT/etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol
statements() { grep -v '^##' "$1"; }

# --- check, print, write ----------------------------------------------------------------
runs "a store is checked" 0 sallyport assist store.json
like "$OUT" '^store\.json: warning: trafficDescriptors\[0\]\.types\[0\]\.hostNames: ' "a warning with its path"
like "$OUT" '^1 stacks, 1 connectivity rules, 0 errors, 2 warnings$' "and what there is"
like "$OUT" '^WG31\.TCPIP1: Complete$' "and the stack's state"
[ ! -e "$file" ]; ok $? "nothing is written"
sallyport assist --output - store.json 2>said >printed; ok $? "the policy is printed"
is "$(statements printed)" "$(statements "$policies/tlsPol")" "it is the exercise's"
runs "--output FILE" 0 sallyport assist --stack WG31.TCPIP1 -o made store.json
is "$(statements made)" "$(statements printed)" "the same in a file"
runs "the agent's check takes it" 0 sallyport pagent --check made
like "$OUT" '^1 rules, 9 statements, 0 errors, 0 warnings' "without a warning"
like "$(head -7 made | tr '\n' '~')" '^##~## AT-TLS Policy Agent Configuration file for:~##    Image: WG31~##    Stack: TCPIP1~##~## Created by the Sallyport configuration assistant~## Version ' "the header"

# --- install: to where the agent looks, with the history -----------------------------------
runs "--install" 0 sallyport assist --install store.json
like "$OUT" "^$file$" "says where"
is "$(statements "$file")" "$(statements "$policies/tlsPol")" "the policy is installed"
is "$(grep -c ' : Save To Disk$' "$file")" 1 "one line of history"
sed -i 's/^## 20.* : Save To Disk/## 2019-01-02 03:04:05 : Save To Disk/' "$file"
runs "again" 0 sallyport assist --install store.json
is "$(sed -n '/^## Install History:/,/^## End/p' "$file" | sed '2s/[0-9]/9/g')" "## Install History:
## 9999-99-99 99:99:99 : Save To Disk
## 2019-01-02 03:04:05 : Save To Disk
## End of Network Configuration Assistant information" "the newest line first, the former one kept"

# --- refusals: the installed file stays -------------------------------------------------------
before=$(md5sum "$file")
refused() { # WHAT FILTER MESSAGE
    jq "$2" "$policies/store.json" >bad.json
    runs "$1" 1 sallyport assist --install bad.json
    like "$OUT" "$3" "$1: says where"
}
refused "an unknown key" '.trafficDescriptors[0].types[0].colour = "red"' '^bad\.json: error: trafficDescriptors\[0\]\.types\[0\]: found the key "colour", expected one of localPort, '
refused "a port" '.trafficDescriptors[0].types[0].remotePort = 70000' '^bad\.json: error: trafficDescriptors\[0\]\.types\[0\]\.remotePort: .*70000'
refused "another statement in a label" '.trafficDescriptors[0].types[0].certificateLabel = "x\n}\nTTLSGroupAction g"' 'certificateLabel: found a value that holds a byte'
refused "a map that is not there" '.groups[0].images[0].stacks[0].rules[0].requirementMap = "none"' 'rules\[0\]\.requirementMap: found "none", expected the name of a requirement map'
refused "no ring" 'del(.groups[0].images[0].keyring)' 'groups\[0\]\.images\[0\]\.keyring: is missing'
refused "a path as image" '.groups[0].images[0].name = "../x"' 'groups\[0\]\.images\[0\]\.name: found "\.\./x"'
refused "another schema" '.schema = 2' 'error: schema: found another number, expected 1'
refused "one bad stack of two" '.groups[0].images[0].stacks += [{"name":"TCPIP2","rules":[{"name":"r","local":"300.1.1.1","remote":"::/0","requirementMap":"zCEEMap"}]}]' 'stacks\[1\]\.rules\[0\]\.local: found "300\.1\.1\.1"'
is "$(md5sum "$file")" "$before" "the installed policy is as it was"
echo '{' >bad.json; runs "no JSON" 1 sallyport assist bad.json
like "$OUT" '^bad\.json: error: line 2, column [0-9]+: .*expected JSON' "with its line"
jq '.groups[0].images[0].stacks += [{"name":"TCPIP2"}]' store.json >two.json
runs "two stacks into one file" 1 sallyport assist -o both two.json
like "$OUT" 'the store has 2 stacks; --output needs one of them, expected --stack IMAGE\.STACK' "says what is missing"
[ ! -e both ]; ok $? "and writes none"
runs "one of them" 0 sallyport assist --stack WG31.TCPIP2 -o both two.json
like "$OUT" 'stacks\[1\]\.rules: this stack has no rule' "which has no rule"
like "$OUT" '^WG31\.TCPIP2: Incomplete$' "and is incomplete"
jq '.groups[0].images[0].stacks[1].technologies = []' two.json >off.json
rm -f "$SALLYPORT_ROOT/etc/cfgasst/v2r3/WG31/TCPIP2/tlsPol"
runs "one without AT-TLS" 0 sallyport assist --install off.json
like "$OUT" '^WG31\.TCPIP2: AT-TLS is not enabled$' "is said to be"
[ ! -e "$SALLYPORT_ROOT/etc/cfgasst/v2r3/WG31/TCPIP2" ]; ok $? "and gets no policy"
runs "a stack that is not there" 1 sallyport assist --stack WG31.TCPIP9 store.json
like "$OUT" 'the store has no stack WG31\.TCPIP9' "says so"
runs "--output and --install" 2 sallyport assist --install -o x store.json
runs "no file" 1 sallyport assist none.json
runs "a folder that is not there" 1 sallyport assist -o nowhere/x store.json
runs "no store named" 2 sallyport assist
runs "two stores" 2 sallyport assist store.json two.json
runs "--lossy without --import" 2 sallyport assist --lossy store.json

# --- a policy becomes objects ------------------------------------------------------------------
cp "$file" policy; cp policy before
runs "a policy is looked at" 0 sallyport assist --import policy
[ ! -e new.json ]; ok $? "nothing is written"
runs "its objects" 0 sallyport assist --import --output new.json policy
is "$(jq -c '[.name, .groups[0].images[0].name, .groups[0].images[0].keyring, .trafficDescriptors[0].name, .groups[0].images[0].stacks[0].rules[0].name]' new.json)" \
    '["USER1","WG31","Liberty.KeyRing","zCEEClient","zCEEClientRule"]' "bear the names they had"
is "$(jq -r '.groups[0].images[0].stacks[0].installHistory | length' new.json)" 3 "and the stack its history"
sallyport assist --output - new.json 2>said >again; ok $? "they make a policy"
is "$(sed 10d again)" "$(cat before)" "the same to the byte, but for one line of history"
was=$(md5sum new.json)
runs "a store that is there" 1 sallyport assist --import --output new.json policy
is "$(md5sum new.json)" "$was" "stays"
like "$OUT" 'new\.json: is there; expected the name of a store that is to be made' "says so"
cat >hand <<'P'
# by hand
TTLSRule getapi
{
  Jobname USER1GET
  RemotePortRange 9443
  Direction Outbound
  TTLSGroupActionRef group
  TTLSEnvironmentActionRef client
}
TTLSGroupAction group
{
  TTLSEnabled On
}
TTLSEnvironmentAction client
{
  HandshakeRole Client
  TTLSKeyringParms
  {
    Keyring /etc/keys.p12
    KeyringPw notforstores
  }
  TTLSGskAdvancedParms
  {
    TTLSGskOcspParms
    {
      OcspUrl http://ocsp.example/
    }
  }
}
P
runs "a password" 1 sallyport assist --import --stack WG31.TCPIP1 --output hand.json hand
like "$OUT" '^hand:20: error: KeyringPw: a store keeps no passwords' "is refused where it stands"
unlike "$OUT" notforstores "and not shown"
[ ! -e hand.json ]; ok $? "nothing is written"
runs "nor does --lossy do without a key" 1 sallyport assist --import --lossy --stack WG31.TCPIP1 --output hand.json hand
sed -i 's/KeyringPw notforstores/KeyringStashFile \/etc\/keys.sth/' hand
runs "no image and no stack" 1 sallyport assist --import hand
like "$OUT" 'expected names .* there or by --stack IMAGE\.STACK' "asks for them"
runs "a policy of somebody's own" 0 sallyport assist --import --stack WG31.TCPIP1 --output hand.json hand
like "$OUT" '^hand:2: warning: comments above 1 statements are not kept' "what is left behind is said"
is "$(jq -c '.securityLevels[0].advanced' hand.json)" '{"OcspUrl":"http://ocsp.example/"}' "what has no key of its own is kept"
runs "its objects are a good store" 0 sallyport assist -o hand.again hand.json
like "$(cat hand.again)" '^TTLSRule +getapi~1$' "with its name"
sed 's/TTLSEnabled On/&\nTrace 193/' hand >lossy
runs "what no object can say" 1 sallyport assist --import --stack WG31.TCPIP1 -o lossy.json lossy
like "$OUT" '^lossy:13: error: Trace 193: .*no object of a store can say that' "with file and line"
runs "--lossy" 0 sallyport assist --import --lossy --stack WG31.TCPIP1 -o lossy.json lossy
like "$OUT" '^lossy:13: warning: Trace 193' "names it all the same"
printf 'TTLSRule x\n{\nJobname TOOLONGNAME\nDirection Up\n}\n' >wrong
runs "a policy with errors" 1 sallyport assist --import --stack WG31.TCPIP1 -o wrong.json wrong
is "$(grep -c '^wrong:[0-9]*: error: ' <<<"$OUT")" 3 "lists all of them"
[ ! -e wrong.json ]; ok $? "and makes nothing"
iconv -f ASCII -t IBM1047 hand >ebcdic
runs "in the other code page" 0 sallyport assist --import --stack WG31.TCPIP1 -o ebcdic.json ebcdic
is "$(cat ebcdic.json)" "$(cat hand.json)" "the same objects"
printf '%s\n' 'TTLSGroupAction group' '{' '  TTLSEnabled On' '}' >common
sed '/^TTLSGroupAction/,/^}/d' hand >rest
runs "in two files" 0 sallyport assist --import --stack WG31.TCPIP1 -o two.store common rest
is "$(cat two.store)" "$(cat hand.json)" "the same"
runs "no policy" 1 sallyport assist --import none
runs "--import and --install" 2 sallyport assist --import --install policy
sallyport assist --json --import --stack WG31.TCPIP1 wrong >found; is $? 1 "--json"
is "$(jq -c '[.ok, .errors, (.findings | length), .findings[0].file, .findings[0].line]' found)" '[false,3,3,"wrong",3]' "for programs"
sallyport assist --json store.json >found; is $? 0 "--json of a store"
is "$(jq -c '[.ok, .warnings, .findings[0].severity, .findings[0].path, .stacks[0].status]' found)" '[true,2,"warning","trafficDescriptors[0].types[0].hostNames","Complete"]' "the same"

# --- rings and key databases: what the host says of them -----------------------------------------
rings() { # SAYS WHAT [FILTER]: the store, changed
    jq "${3:-.}" store.json >rings.json
    OUT=$(sallyport assist --user USER1 rings.json 2>&1); like "$OUT" "$1" "$2"
}
runs "rings without a user" 0 sallyport assist store.json
like "$OUT" 'keyring: ring Liberty\.KeyRing was not looked up: it is that of whoever runs the job; name a user: .* or --user$' "are not looked up, which is said"
rings 'images\[0\]\.keyring: ring Liberty\.KeyRing of USER1 was not looked up: .*while the image \(SALLYPORT_ROOT\) runs' "nor without an angel"
background sallyport-angel
wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock" || exit 1
deck() { sallyport-racf --file - >deck.out 2>&1; }
deck <<D
ADDUSER USER1 DFLTGRP(SYS1) OMVS(UID(50001))
ADDUSER USER2 DFLTGRP(SYS1) OMVS(UID(50002))
SETROPTS CLASSACT(FACILITY)
RDEFINE FACILITY IRR.DIGTCERT.LISTRING UACC(NONE)
PERMIT IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(IBMUSER) ACCESS(UPDATE)
PERMIT IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(USER1 USER2) ACCESS(READ)
RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('CA')) WITHLABEL('CA') NOTAFTER(DATE(2040-12-31))
RACDCERT ID(USER1) GENCERT SUBJECTSDN(CN('me')) WITHLABEL('me') SIGNWITH(CERTAUTH LABEL('CA')) NOTAFTER(DATE($(date -u -d '10 days' +%F)))
D
rings 'ring Liberty\.KeyRing of USER1 is not there: RACDCERT ID\(USER1\) ADDRING\(Liberty\.KeyRing\)' "a ring that is missing"
deck <<D
RACDCERT ID(USER1) ADDRING(Liberty.KeyRing)
RACDCERT ID(USER1) CONNECT(RING(Liberty.KeyRing) LABEL('me'))
D
rings 'no certificate of an authority' "a ring without an authority"
like "$OUT" 'certificate "me" of ring Liberty\.KeyRing of USER1 expires [0-9-]+, in (9|10) days' "a certificate that ends soon"
deck <<D
RACDCERT ID(USER1) CONNECT(RING(Liberty.KeyRing) LABEL('CA') CERTAUTH USAGE(CERTAUTH))
D
rings 'types\[0\]\.certificateLabel: "nobody" is not in ring Liberty\.KeyRing of USER1' "a label" '.trafficDescriptors[0].types[0].certificateLabel = "nobody"'
unlike "$OUT" 'authority|was not looked up|not there' "and nothing else"
rings 'certificate "me" of ring' "a server's" '.trafficDescriptors[0].types[0].handshakeRole = "Server"'
unlike "$OUT" 'private key|could show' "another user's private keys are not judged"
if [ "$(id -u)" = 0 ]; then
    own() { OUT=$(setpriv --reuid "$1" --regid "$1" --clear-groups env PATH="$PATH" SALLYPORT_ROOT="$SALLYPORT_ROOT" sallyport assist --user USER1 --json "$SCRATCH/rings.json" 2>&1 </dev/null); }
    chmod 755 "$SCRATCH" 2>/dev/null; jq . store.json >rings.json
    own 50002
    like "$OUT" 'ring Liberty.KeyRing of USER1 was not looked up: .*UPDATE for another' "who may not see it is told so"
    jq '.trafficDescriptors[0].types[0] += {"handshakeRole": "Server", "certificateLabel": "me"}' store.json >rings.json
    own 50001
    like "$OUT" 'certificate .*me.* of ring Liberty.KeyRing of USER1 expires' "whoever owns it sees it"
    unlike "$OUT" 'private key' "and the private key"
fi
mkdir -p "$SALLYPORT_ROOT/etc"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.key -out k.pem -days 5 -subj /CN=k 2>/dev/null
openssl pkcs12 -export -inkey k.key -in k.pem -name k -passout pass:pw -out "$SALLYPORT_ROOT/etc/k.p12" 2>/dev/null
echo pw >"$SALLYPORT_ROOT/etc/k.sth"
files='.groups[0].images[0].keyring = "/etc/k.p12" | .groups[0].images[0].stashFile = "/etc/k.sth"'
rings 'certificate "k" of key database /etc/k\.p12 expires [0-9-]+, in [45] days' "a key database" "$files"
like "$OUT" 'key database /etc/k\.p12 has no certificate of an authority' "is looked into"
echo pwpw >"$SALLYPORT_ROOT/etc/k.sth"
rings 'key database /etc/k\.p12 was not looked up: ' "with the right password alone" "$files"
unlike "$OUT" 'pw|of an authority' "which is not shown, nor anything made up"
rm "$SALLYPORT_ROOT/etc/k.p12"
rings 'key database /etc/k\.p12 is not there' "a key database that is missing" "$files"
done_testing
