# Templates of servers: the product's, each a configuration, and a user's own.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
SERVERS=$SALLYPORT_ROOT/servers

# Templates: each is well-formed and starts; one of the user's own brings files.
for name in default apiRequester sampleCicsIpicCatalogManager sampleDb2Project sampleDatabase samplePhonebook sampleMQStockManager sampleWolaCatalogManager; do
    runs "template zosconnect:$name" 0 sallyport server create "t-$name" --template="zosconnect:$name"
    like "$(cat "$SERVERS/t-$name/server.xml")" 'updateTrigger="mbean" monitorInterval="500"' "as the original's begin"
    OUT=$(sallyport config check "t-$name" 2>&1 | grep -vE '^SPT0401W|^  ')
    like "$OUT" "^t-$name: 0 errors, [0-9]+ warnings?$" "is a configuration"
    is "$(wc -l <<<"$OUT")" 1 "with nothing unknown in it"
done
is "$(cd "$SERVERS/t-default/resources/zosconnect" && echo *)" "apis rules services" "folders of default"
is "$(cd "$SERVERS/t-apiRequester/resources/zosconnect" && echo *)" "apiRequesters apis rules services" "folders of apiRequester"
mkdir -p "$SALLYPORT_ROOT/extension/templates/servers/mine/configDropins/defaults"
cp "$SERVERS/t-default/server.xml" "$SALLYPORT_ROOT/extension/templates/servers/mine/"
echo '<server/>' >"$SALLYPORT_ROOT/extension/templates/servers/mine/configDropins/defaults/a.xml"
runs "a template of one's own" 0 sallyport server create mine --template=usr:mine --no-password
is "$(cat "$SERVERS/mine/configDropins/defaults/a.xml")" "<server/>" "with its files"
[ ! -e "$SERVERS/mine/server.env" ]; ok $? "--no-password makes none"
runs "an unknown one of one's own" 20 sallyport server create x --template=usr:none
like "$OUT" "^CWWKE0030E: An exception occurred while creating server x\. serverPath: $SERVERS/x Reason: there is no template usr:none below $SALLYPORT_ROOT/extension/templates/servers; there are: mine$" "is said"
runs "a name that leads elsewhere" 20 sallyport server create x --template=../../etc
[ ! -e "$SERVERS/x" ]; ok $? "nothing was made"
done_testing
