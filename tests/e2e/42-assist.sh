# Policies from a store of objects: the exercise's is made again, a store with
# mistakes writes nothing, a file that is replaced keeps its history.
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
like "$OUT" '^1 stacks, 1 connectivity rules, 0 errors, 1 warnings$' "and what there is"
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
runs "a stack that is not there" 1 sallyport assist --stack WG31.TCPIP9 store.json
like "$OUT" 'the store has no stack WG31\.TCPIP9' "says so"
runs "--output and --install" 2 sallyport assist --install -o x store.json
runs "no file" 1 sallyport assist none.json
runs "a folder that is not there" 1 sallyport assist -o nowhere/x store.json
runs "no store named" 2 sallyport assist
done_testing
