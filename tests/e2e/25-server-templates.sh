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
folders() { cd "$SERVERS/t-$1/resources/zosconnect" && echo *; }
for name in default sampleCicsIpicCatalogManager sampleDb2Project sampleDatabase samplePhonebook sampleMQStockManager sampleWolaCatalogManager; do is "$(folders $name)" "apis rules services" "folders of $name"; done
is "$(folders apiRequester)" "apiRequesters apis rules services" "folders of apiRequester"
# What the original's default template says, comments aside.
tree() { python3 -c '
import sys, xml.etree.ElementTree as E
for e in E.parse(sys.argv[1]).getroot().iter(): print(e.tag, *sorted(k + "=" + v for k, v in e.attrib.items()), *([e.text.strip()] if (e.text or "").strip() else []))' "$SERVERS/t-$1/server.xml"; }
is "$(tree default | grep -v cicsService)" "server description=new server
featureManager
feature zosconnect:zosConnect-2.0
feature zosconnect:zosConnectCommands-1.0
httpEndpoint host=* httpPort=9080 httpsPort=9443 id=defaultHttpEndpoint
cors allowCredentials=true allowedHeaders=Origin, Content-Type, Authorization, Cache-Control, Expires, Pragma allowedMethods=GET, POST, PUT, DELETE, OPTIONS allowedOrigins=* domain=/ id=defaultCORSConfig maxAge=3600
config monitorInterval=500 updateTrigger=mbean
zosconnect_zosConnectAPIs pollingRate=5s updateTrigger=disabled
zosconnect_services pollingRate=5s updateTrigger=disabled
applicationMonitor dropinsEnabled=false updateTrigger=disabled" "the default template"
is "$(diff <(tree default) <(tree apiRequester) | grep '^[<>]')" "< feature zosconnect:cicsService-1.0
> feature zosconnect:apiRequester-1.0
> zosconnect_apiRequesters pollingRate=5s updateTrigger=disabled" "that of API requesters has these instead"
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
