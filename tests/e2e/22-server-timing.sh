# requestTiming: a request that waits for a region which never answers is slow,
# then hung; diagnostics are written; it is told when it ends, or interrupted.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
PORT=$(free_port)
sallyport server create myServer >/dev/null
DIR=$SERVER_DIR LOG=$(log_of)
"$SAMPLES/build.sh" "$SCRATCH/out" >"$SCRATCH/build.log" 2>&1 || note "$(tail -5 "$SCRATCH/build.log")"
mkdir -p "$DIR/resources/zosconnect/apis" "$DIR/resources/zosconnect/services"
for kind in aar:apis sar:services; do find "$SCRATCH/out" -name "*.${kind%:*}" -exec cp {} "$DIR/resources/zosconnect/${kind#*:}/" \;; done
# A region that takes connections and says nothing.
background python3 -c '
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(50)
open(sys.argv[1], "w").write(str(s.getsockname()[1]))
kept = []
while True: kept.append(s.accept())' "$SCRATCH/region"
wait_for 10 test -s "$SCRATCH/region"; REGION=$(cat "$SCRATCH/region")
configure() { # FEATURE TIMING TIMEOUT
    cat >"$DIR/server.xml" <<END
<server><featureManager><feature>zosconnect:zosConnect-2.0</feature>$1</featureManager>$2
<config updateTrigger="mbean"/><httpEndpoint id="defaultHttpEndpoint" httpPort="$PORT" httpsPort="-1"/>
<basicRegistry><user name="Ann" password="apple"/></basicRegistry><webAppSecurity allowFailOverToBasicAuth="true"/>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess"><special-subject type="ALL_AUTHENTICATED_USERS"/></security-role></authorization-roles>
<zosconnect_zosConnectManager requireSecure="false" asyncRequestTimeout="$3"/>
<zosconnect_cicsIpicConnection id="cscvinc" host="::ffff:127.0.0.1" port="$REGION"/></server>
END
}
refreshed() { log_since | grep -Eq 'CWWKG001[78]I|CWWKG0014E'; }
apply() { configure "$@"; log_mark; sallyport server modify myServer REFRESH,CONFIG >/dev/null; wait_for 20 refreshed; }
ask() { CODE=$(curl -s -o "$SCRATCH/answer" --max-time 60 -w '%{http_code}' -u Ann:apple "http://127.0.0.1:$PORT/cscvinc/employee/111111"); }
since() { log_since | grep -q "$1"; }
FEATURE='<feature>requestTiming-1.0</feature>'
configure "$FEATURE" '<requestTiming slowRequestThreshold="100ms" hungRequestThreshold="300ms"/>' 2s
at_exit 'sallyport server stop myServer --force >/dev/null 2>&1'
runs "start" 0 sallyport server start myServer
log_mark; ask; is "$CODE" 503 "the request's own time is over: 503"
SAID=$(log_since)
like "$SAID" "SlowRequestManager +W TRAS0112W: Request [0-9A-F]{16} has been running on thread [0-9a-f]{8} for at least [0-9]+\.[0-9]{3}ms\. The following stack trace" "slow: TRAS0112W"
like "$SAID" "at provider call, connection cscvinc" "what it waits for"
like "$SAID" "^[0-9.]+ms \+ websphere\.servlet\.service \| z/OS Connect \| GET /cscvinc/employee/111111" "what it is"
like "$SAID" "HungRequestManager +W TRAS0114W: Request [0-9A-F]{16} has been running" "hung: TRAS0114W"
is "$(grep -c TRAS0112W <<<"$SAID")/$(grep -c TRAS0114W <<<"$SAID")" 1/1 "each is said once"
like "$SAID" "TRAS0115W: Request [0-9A-F]{16} on thread [0-9a-f]{8} which was previously detected to be hung, has completed after [0-9.]+ms" "its end: TRAS0115W"
is "$(grep -oE 'Request [0-9A-F]{16}' <<<"$SAID" | sort -u | wc -l)" 1 "all of one request"
wait_for 10 since CWWKE0068I; like "$(log_since)" "CWWKE0068I: Java dump created: .*/myServer/dumps/javacore_" "a diagnostic file"
like "$(cat "$DIR"/dumps/javacore_*.txt)" "requests under way" "with the requests"

apply "$FEATURE" '<requestTiming slowRequestThreshold="0" hungRequestThreshold="300ms" includeContextInfo="false" enableThreadDumps="false" interruptHungRequests="true"/>' 50s
log_mark; ask; is "$CODE $(cat "$SCRATCH/answer")" "503 Service Unavailable" "interrupted, not timed out"
SAID=$(log_since)
unlike "$SAID" "TRAS0112W" "slowRequestThreshold=0: never slow"
like "$SAID" "TRAS0114W" "hung"; like "$SAID" "TRAS0115W" "and ended"
unlike "$SAID" "employee|cscvinc" "includeContextInfo=false: nothing of the request"

apply "$FEATURE" '<requestTiming slowRequestThreshold="100ms" sampleRate="1000000" hungRequestThreshold="1h"/>' 1s
log_mark; ask; is "$CODE" 503 "not sampled"; unlike "$(log_since)" TRAS011 "nothing is said"
apply "" '<requestTiming slowRequestThreshold="1ms" hungRequestThreshold="1ms"/>' 500ms
log_mark; ask; is "$CODE" 503 "without the feature"; unlike "$(log_since)" TRAS011 "nothing is said"

# The thresholds are those of DISPLAY,WORK.
apply "$FEATURE" '<requestTiming slowRequestThreshold="1ms" hungRequestThreshold="1h"/>' 50s
curl -s -o /dev/null --max-time 60 -u Ann:apple "http://127.0.0.1:$PORT/cscvinc/employee/111111" & WAITING=$!
slow() { sallyport server modify myServer DISPLAY,WORK | grep -q 'TOTAL SLOW REQUESTS      1'; }
wait_for 20 slow; ok $? "DISPLAY,WORK counts a slow request"
kill $WAITING
apply "$FEATURE" '<requestTiming><servletTiming appName="x" slowRequestThreshold="1s"/><jdbcTiming query="x"/></requestTiming>' 1s
like "$(log_since)" "SPT0401W: .*servletTiming" "what has no effect is told"
done_testing
