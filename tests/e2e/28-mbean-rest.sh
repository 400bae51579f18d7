# FileNotificationMBean over REST: who may call it and how; what each operation brings
# about, and what it leaves alone.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_install; ok $? "the exercise's image"
SHARED=$SALLYPORT_ROOT/shared
sed -i 's/ *clientAuthentication="true"//' "$SERVER_DIR/includes/keyringOutboundMutual.xml"
cp "$SERVER_DIR/server.xml" "$SCRATCH/server.xml"
# server FEATURES MORE: the exercise's, with more
server() {
    sed -e "s|</featureManager>|$1</featureManager>|" -e "s|</server>|${2:-}</server>|" "$SCRATCH/server.xml" >"$SERVER_DIR/server.xml.new"
    mv "$SERVER_DIR/server.xml.new" "$SERVER_DIR/server.xml"; image_own
}
server ''
image_start; ok $? "the server"
racf() { sallyport racf "$1" </dev/null >"$SCRATCH/racf.out" 2>&1 || note "$1: $(cat "$SCRATCH/racf.out")"; }
ROOT=/IBMJMXConnectorREST BEAN=/IBMJMXConnectorREST/mbeans/WebSphere%3Aservice%3Dcom.ibm.ws.kernel.filemonitor.FileNotificationMBean/operations
AS=
# call OPERATION BODY [curl arguments]
call() { local op=$1 body=$2; shift 2; api POST "$BEAN/$op" -H 'Content-Type: application/json' -d "$body" -u "${WHO-USER1:USER1}" "$@"; }
list() { local IFS=,; local v=() t=() p; for p; do v+=("\"$p\""); t+=('"java.lang.String"'); done; echo "{\"value\":[${v[*]-}],\"type\":{\"className\":\"java.util.ArrayList\",\"items\":[${t[*]-}]}}"; }
SIGNATURE='"signature":["java.util.Collection","java.util.Collection","java.util.Collection"]'
changed() { echo "{\"params\":[$(list),$(list "$@"),$(list)],$SIGNATURE}"; } # modified files
ANSWER='{"value":null,"type":null}'

# --- who may
call processConfigurationChanges '{}'; is "$CODE" 404 "without the feature there is no such path"
server '<feature>restConnector-2.0</feature>'; refresh
log_mark; call processConfigurationChanges '{}'
is "$CODE" 403 "zosConnectAccess is not the administrator's role"
like "$(log_since)" 'CWWKS2911E: .*resource profile BBGZDFLT\.com\.ibm\.ws\.management\.security\.resource\.Administrator in class EJBROLE does not exist' "the profile is missing"
like "$(log_since)" 'CWWKS9104A: Authorization failed for user USER1 .*\[Administrator\]' "and the role named"
racf 'RDEFINE EJBROLE BBGZDFLT.com.ibm.ws.management.security.resource.Administrator UACC(NONE)'
racf 'PERMIT BBGZDFLT.com.ibm.ws.management.security.resource.Administrator CLASS(EJBROLE) ID(FRED) ACCESS(READ)'
racf 'SETROPTS RACLIST(EJBROLE) REFRESH'
call processConfigurationChanges '{}'; is "$CODE" 403 "who is not permitted"
WHO=FRED:FRED call processConfigurationChanges '{}'; is "$CODE $BODY" "200 $ANSWER" "who is"
like "$HEAD" '^Content-Type: application/json' "as JSON"
WHO=FRED:WRONG call processConfigurationChanges '{}'; is "$CODE" 401 "a wrong password"
WHO=USER2:USER2 call processConfigurationChanges '{}'; is "$CODE" 401 "nobody of the APPL"
api POST "$BEAN/processConfigurationChanges" -H 'Content-Type: application/json' -d '{}'; is "$CODE" 401 "nobody at all"
CODE=$(curl -s -o "$SCRATCH/body" -D "$SCRATCH/head" -w '%{http_code}' -u FRED:FRED -H 'Content-Type: application/json' -d '{}' "http://127.0.0.1:$HTTP$BEAN/processConfigurationChanges")
is "$CODE" 302 "clear text is sent to TLS, and nothing is done"
like "$(tr -d '\r' <"$SCRATCH/head")" "^Location: https://127\.0\.0\.1:$HTTPS$BEAN/processConfigurationChanges" "to the same path"
api POST "$BEAN/processConfigurationChanges" -H 'Content-Type: application/json' -d '{}' --cert "$SCRATCH/USER1.pem"; is "$CODE" 403 "a certificate without the role"
racf 'PERMIT BBGZDFLT.com.ibm.ws.management.security.resource.Administrator CLASS(EJBROLE) ID(USER1) ACCESS(READ)'
racf 'SETROPTS RACLIST(EJBROLE) REFRESH'
api POST "$BEAN/processConfigurationChanges" -H 'Content-Type: application/json' -d '{}' --cert "$SCRATCH/USER1.pem"; is "$CODE $BODY" "200 $ANSWER" "a certificate with it"

# --- what is malformed
refused() { call "$1" "$2"; is "$CODE" "$3" "$4"; }
log_mark
refused processConfigurationChanges '' 400 "no body"
refused processConfigurationChanges '{' 400 "half a document"
refused processConfigurationChanges '[]' 400 "an array"
refused processConfigurationChanges '{"params":[1],"signature":["int"]}' 400 "parameters where there are none"
refused processConfigurationChanges "$(changed /a)" 400 "those of another operation"
refused notifyFileChanges '{}' 400 "none where there are three"
refused notifyFileChanges "{\"params\":[$(list),$(list)],$SIGNATURE}" 400 "two of three"
refused notifyFileChanges "{\"params\":[$(list /a),$(list),{\"value\":[1]}],$SIGNATURE}" 400 "a number for a path"
refused notifyFileChanges "{\"params\":[$(list /a),$(list),$(list)],\"signature\":[\"int\",\"int\",\"int\"]}" 400 "another signature"
refused notifyFileChanges "$(changed /a | sed 's/java.util.ArrayList/java.lang.ProcessBuilder/')" 400 "a class that is no collection"
like "$BODY" '^\{"throwable":null,"stackTrace":".*: expected a collection of java\.util"\}$' "the answer says why"
refused shutdown '{}' 400 "an operation it has not"
refused processconfigurationchanges '{}' 400 "another case"
api POST "$ROOT/mbeans/WebSphere%3Aname%3Dother/operations/processConfigurationChanges" -u USER1:USER1 -H 'Content-Type: application/json' -d '{}'; is "$CODE" 400 "another bean"
like "$BODY" 'InstanceNotFoundException: WebSphere:name=other' "is named"
api POST "$BEAN/processConfigurationChanges" -u USER1:USER1 -d '{}'; is "$CODE" 415 "a form"
api GET "$BEAN/processConfigurationChanges" -u USER1:USER1; is "$CODE" 405 "GET"
like "$HEAD" '^Allow: POST' "POST is allowed"
for path in "" / /mbeans "/mbeans/WebSphere%3Aservice%3Dx" "/mbeans/a/attributes/b" "/mbeans/a/operations/b/c" /file/etc /mbeans/%zz/operations/a; do
    api POST "$ROOT$path" -u USER1:USER1 -H 'Content-Type: application/json' -d '{}'; is "$CODE" 404 "nothing else is there: $path"
done
api POST /IBMJMXConnectorRESTful -u USER1:USER1 -d '{}'; is "$CODE" 404 "nor beside it"
unlike "$(log_since)" 'CWWKG00|BAQR7' "none of it had an effect"

# --- what it does
server '<feature>restConnector-2.0</feature>' '<httpEndpoint id="second" host="127.0.0.1" httpPort="'"$(free_port)"'" httpsPort="-1"/>'
log_mark; call notifyFileChanges "$(changed /etc/passwd relative/server.xml "$SERVER_DIR/other.xml")"; is "$CODE" 200 "files of nobody"
unlike "$(log_since)" CWWKG00 "are passed over"
log_mark; call notifyFileChanges "$(changed "$SERVER_DIR/../myServer/server.xml")"; is "$CODE $BODY" "200 $ANSWER" "notifyFileChanges: a file of the configuration"
like "$(log_since)" CWWKG0017I "is read, before the answer leaves"
server '<feature>restConnector-2.0</feature>'
log_mark; call processConfigurationChanges '{}'; like "$(log_since)" CWWKG0017I "processConfigurationChanges"
log_mark; call processConfigurationChanges '{}'; unlike "$(log_since)" CWWKG00 "without a change nothing happens"
# archives: disabled ones are not looked at, mbean ones are
touch "$SHARED/apis/cscvinc.aar" "$SHARED/services/cscvincService.sar"
log_mark; call notifyFileChanges "$(changed "$SHARED/apis/cscvinc.aar")"; call processApplicationChanges '{}'; is "$CODE" 200 "processApplicationChanges"
unlike "$(log_since)" BAQR7 "disabled: nothing is looked at"
server '<feature>restConnector-2.0</feature>' '<zosconnect_services updateTrigger="mbean"/><zosconnect_zosConnectAPIs updateTrigger="mbean"/>'; refresh
log_mark; call notifyFileChanges "$(changed "$SHARED/apis/cscvinc.aar")"
like "$(log_since)" BAQR7034I "mbean: the API that changed"; unlike "$(log_since)" BAQR7044I "and not the service"
log_mark; call processApplicationChanges '{}'; like "$(log_since)" BAQR7044I "processApplicationChanges: the service too"
log_mark; mv "$SHARED/apis/cscvinc.aar" "$SCRATCH/"; call notifyFileChanges "{\"params\":[$(list),$(list),$(list "$SHARED/apis/cscvinc.aar")],$SIGNATURE}"
like "$(log_since)" BAQR7092I "deleted: uninstalled"
mv "$SCRATCH/cscvinc.aar" "$SHARED/apis/"; image_own
log_mark; call notifyFileChanges "{\"params\":[$(list "$SHARED/apis/cscvinc.aar"),$(list),$(list)],$SIGNATURE}"
like "$(log_since)" BAQR7000I "created: installed"
for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code}\n' --max-time 30 --cacert "$SCRATCH/ca.pem" -u USER1:USER1 -H 'Content-Type: application/json' -d '{}' "https://127.0.0.1:$HTTPS$BEAN/processApplicationChanges" >"$SCRATCH/many.$i" & CALLS+=($!); done
wait "${CALLS[@]}"; is "$(sort -u "$SCRATCH"/many.*)" 200 "six at once: one after the other"

# --- roles of the configuration, where SAF does not decide
sed -i 's|<safAuthorization [^>]*/>||' "$SERVER_DIR/includes/safSecurity.xml"
server '<feature>restConnector-2.0</feature>' '<administrator-role><user>FRED</user><group>GMADMIN</group></administrator-role>'; refresh
call processConfigurationChanges '{}'; is "$CODE" 403 "USER1 is no administrator any more"
WHO=FRED:FRED call processConfigurationChanges '{}'; is "$CODE" 200 "a user who is"
racf 'CONNECT USER1 GROUP(GMADMIN)'; console 'F BAQSTRT,CACHE,CLEAR,AUTH'
call processConfigurationChanges '{}'; is "$CODE" 200 "and a group"
server '<feature>restConnector-2.0</feature>'; refresh
call processConfigurationChanges '{}'; is "$CODE" 403 "without the element nobody is"
done_testing
