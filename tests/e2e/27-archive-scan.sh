# Archive folders that are polled: installed, updated, broken, repaired, uninstalled,
# each told in the original's words; each element has its own trigger; half-copied
# archives leave what was there; services that change reach the APIs that use them.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
runs "create" 0 sallyport server create scan
at_exit "sallyport server stop scan --force >/dev/null 2>&1"
runs "sample archives" 0 "$SAMPLES/build.sh" "$SCRATCH/built"
HOME_DIR=$SALLYPORT_ROOT/servers/scan LOG=$(log_of scan)
DEPLOY=$HOME_DIR/resources/zosconnect APIS=$DEPLOY/apis SERVICES=$DEPLOY/services REQUESTERS=$DEPLOY/apiRequesters
mkdir -p "$APIS" "$SERVICES" "$REQUESTERS"
PORT=$(free_port)
# api FILE NAME TITLE: an API of that name and base path; service FILE TITLE
cat >"$SCRATCH/make.py" <<'END_PY'
import os, sys, zipfile
kind, built, out, *words = sys.argv[1:]
z = zipfile.ZipFile(built + ("/cscvinc.aar" if kind == "api" else "/cscvincService.sar"))
with zipfile.ZipFile(out + ".part", "w") as made:
    for n in z.namelist():
        data = z.read(n)
        if kind == "api" and n == "package.xml":
            data = data.replace(b'id="cscvinc"', b'id="%s"' % words[0].encode()).replace(b'basePath="/cscvinc"', b'basePath="/%s"' % words[0].encode())
        if kind == "api" and n.endswith("swagger.json"):
            data = data.replace(b'"/cscvinc"', b'"/%s"' % words[0].encode()).replace(b'"title"', b'"x-%s":"","title"' % words[1].encode())
        if kind == "service" and n.endswith("manifest.yml"):
            data = data.replace(b"description:", b"description: %s #" % words[0].encode())
        made.writestr(n, data)
os.replace(out + ".part", out)
END_PY
api() { python3 "$SCRATCH/make.py" api "$SCRATCH/built" "$@"; }
service() { python3 "$SCRATCH/make.py" service "$SCRATCH/built" "$@"; }
server() { # apis, services, requesters: attributes; more
    cat >"$HOME_DIR/server.xml.new" <<END_XML
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>zosconnect:zosConnectCommands-1.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="$PORT" httpsPort="-1"/>
  <zosconnect_zosConnectManager requireAuth="false" requireSecure="false"/>
  <zosconnect_zosConnectAPIs $1/>
  <zosconnect_services $2>${4:-}</zosconnect_services>
  <zosconnect_apiRequesters $3/>
</server>
END_XML
    mv "$HOME_DIR/server.xml.new" "$HOME_DIR/server.xml"
}
modify() { sallyport server modify scan "$1" >/dev/null 2>&1; }
doc() { curl -s --max-time 5 "http://127.0.0.1:$PORT/$1/api-docs"; }
status_of() { curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://127.0.0.1:$PORT/$1/api-docs"; }
mark() { MARK=$(wc -l <"$LOG"); }
since() { tail -n +$((MARK + 1)) "$LOG"; }
told() { since | grep -Eq -- "$1"; }
ids() { since | grep -Eo 'BAQR7[0-9]{3}[IWE]' | tr '\n' ' '; }
POLLED='updateTrigger="polled" pollingRate="1s"'

# --- at the start
cp "$SCRATCH/built/cscvincService.sar" "$SERVICES/"
api "$APIS/one.aar" one first
server "$POLLED" "$POLLED" "$POLLED"
runs "start" 0 sallyport server start scan
unlike "$(cat "$LOG")" "SPT0401W.*(updateTrigger|pollingRate)" "nothing of it is read without effect"
like "$(grep BAQR7 "$LOG" | head -1)" ' BAQR7043I: z/OS Connect EE service archive cscvincService installed successfully\.$' "the service"
like "$(grep BAQR7130I "$LOG")" ' BAQR7130I: z/OS Connect EE API one was registered successfully for API Discovery\.$' "its API is registered"
like "$(grep BAQR7000I "$LOG")" ' BAQR7000I: z/OS Connect API archive file one installed successfully\.$' "and installed"
is "$(status_of one)" 200 "and published"

# --- polled: installed, updated, uninstalled
mark; api "$APIS/two.aar" two first
wait_for 20 told BAQR7000I; ok $? "a new archive is noticed"
is "$(status_of two) $(ids)" "200 BAQR7130I BAQR7000I " "installed, and only that"
mark; api "$APIS/two.aar" two second
wait_for 20 told BAQR7034I; ok $? "a changed archive is noticed"
is "$(ids)" "BAQR7132I BAQR7130I BAQR7034I " "out of discovery, into it, updated"
like "$(since | grep BAQR7034I)" ' BAQR7034I: z/OS Connect EE API archive file two updated successfully\.$' "the message"
like "$(doc two)" x-second "the new document is served"
mark; touch "$APIS/two.aar"
wait_for 20 told BAQR7034I; ok $? "a newer time is an update"
mark; cp -p "$APIS/two.aar" "$SCRATCH/two.aar"; mv "$SCRATCH/two.aar" "$APIS/two.aar"
api "$APIS/three.aar" three first
wait_for 20 told 'BAQR7000I.*three'; ok $? "the next look"
is "$(ids)" "BAQR7130I BAQR7000I " "another file of the same time and bytes is no update"
mark; rm "$APIS/three.aar"
wait_for 20 told BAQR7092I; ok $? "an archive that is gone is noticed"
is "$(ids)" "BAQR7132I BAQR7092I " "uninstalled"
is "$(status_of three) $(status_of two)" "404 200" "the others stay"
mark; mv "$APIS/two.aar" "$APIS/renamed.aar"
wait_for 20 told BAQR7000I; ok $? "a renamed archive"
is "$(ids) $(status_of two)" "BAQR7132I BAQR7092I BAQR7130I BAQR7000I  200" "is one that goes and one that comes"
mark; mv "$APIS/renamed.aar" "$APIS/two.aar"; wait_for 20 told BAQR7000I

# --- broken, and repaired
mark; cp "$APIS/two.aar" "$SCRATCH/whole"; head -c 700 "$SCRATCH/whole" >"$APIS/two.aar"
wait_for 20 told BAQR7090E; ok $? "half an archive is told"
like "$(since | grep BAQR7090E)" 'BAQR7090E: Archive two\.aar cannot be used: .*; what it held before stays in use$' "with what is used"
is "$(status_of two)" 200 "what it held is served"
api "$APIS/other.aar" other first
wait_for 20 told 'BAQR7000I.*other'; ok $? "the next looks"
is "$(since | grep -c BAQR7090E)" 1 "say it once"
modify ZCON,REFRESH; is "$(since | grep -c BAQR7090E)" 2 "an operator who asks is told again"
mark; cat "$SCRATCH/whole" >"$APIS/two.aar"
wait_for 20 told BAQR7034I; ok $? "whole again: noticed"
is "$(status_of two) $(ids)" "200 BAQR7132I BAQR7130I BAQR7034I " "updated"
mark; head -c 300 "$SCRATCH/whole" >"$APIS/new.aar"
wait_for 20 told 'BAQR7090E: Archive new\.aar cannot be used: [^;]*$'; ok $? "a new one that is broken"
mark; api "$APIS/new.aar" new first
wait_for 20 told BAQR7000I; ok $? "repaired: installed"
mark; : >"$APIS/empty.aar"; mkfifo "$APIS/pipe.aar"; mkdir "$APIS/folder.aar"; ln -s nowhere "$APIS/link.aar"; api "$APIS/.hidden.aar" hidden first
wait_for 20 told 'BAQR7090E: Archive empty'; ok $? "an empty one"
is "$(since | grep -Ec 'pipe|folder|link|hidden')" 0 "what is no file, or hidden, is none of ours"
mark; rm -r "$APIS"/{empty,new,other,pipe,folder,link,.hidden}.aar
wait_for 20 told 'BAQR7092I.*other'; ok $? "all of them gone"
is "$(ids)" "BAQR7132I BAQR7092I BAQR7132I BAQR7092I " "only what was installed is uninstalled"
if [ "$(id -u)" -ne 0 ]; then
    mark; chmod 0 "$APIS"
    wait_for 20 told 'BAQR7096E: Folder .*/apis cannot be read: .*Permission denied\. What was deployed from it stays in use'; ok $? "a folder that cannot be read"
    is "$(status_of one)" 200 "what was deployed is served"
    mark; chmod 750 "$APIS"; api "$APIS/late.aar" late first
    wait_for 20 told BAQR7000I; ok $? "readable again: looked at"
    mark; rm "$APIS/late.aar"; wait_for 20 told BAQR7092I
fi

# --- a file that is written for a while is left alone until it has settled
mark
cat >"$SCRATCH/slow.py" <<'END_PY'
import sys, time
data = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "wb", 0) as f:
    for i in range(30):
        f.write(data[len(data) * i // 30:len(data) * (i + 1) // 30]); time.sleep(0.1)
END_PY
python3 "$SCRATCH/slow.py" "$SCRATCH/whole" "$APIS/two.aar"
wait_for 20 told BAQR7034I; ok $? "a slow copy is taken in the end"
is "$(since | grep -c BAQR7090E)" 0 "and not before"

# --- services and API requesters; a service reaches the APIs that use it
mark; cp "$SCRATCH/built/cscvincapi_1.0.0.ara" "$REQUESTERS/"
wait_for 20 told 'BAQR7100I: z/OS Connect EE API requester archive cscvincapi_1\.0\.0\.ara installed successfully\.$'; ok $? "an API requester is installed"
mark; touch "$REQUESTERS/cscvincapi_1.0.0.ara"
wait_for 20 told 'BAQR7094I: z/OS Connect EE API requester archive cscvincapi_1\.0\.0\.ara updated successfully\.$'; ok $? "updated"
mark; rm "$REQUESTERS/cscvincapi_1.0.0.ara"
wait_for 20 told 'BAQR7095I: z/OS Connect EE API requester archive cscvincapi_1\.0\.0\.ara uninstalled successfully\.$'; ok $? "uninstalled"
images() { ls "$HOME_DIR/workarea" | grep -c '\.img$'; }
mark; M=$(images); service "$SERVICES/cscvincService.sar" changed
wait_for 20 told 'BAQR7044I: z/OS Connect EE service archive cscvincService updated successfully\.$'; ok $? "a service is updated"
is "$(ids) $(status_of one)" "BAQR7044I  200" "its APIs are joined with it, which is not told"
mark; mv "$SERVICES/cscvincService.sar" "$SCRATCH/"
wait_for 20 told 'BAQR7093I: z/OS Connect EE service archive cscvincService uninstalled successfully\.$'; ok $? "a service is uninstalled"
like "$(since)" 'BAQR7090E: Archive one\.aar cannot be used: service "cscvincService" is not deployed$' "its APIs cannot go on"
is "$(status_of one)" 404 "and do not"
mark; mv "$SCRATCH/cscvincService.sar" "$SERVICES/"
wait_for 20 told BAQR7043I; ok $? "the service is back"
is "$(status_of one) $(since | grep -c BAQR7000I)" "200 2" "and so are its APIs"

# --- each element has its own trigger; the default looks at nothing
server "updateTrigger=\"disabled\" pollingRate=\"1s\"" "$POLLED" 'updateTrigger="mbean" pollingRate="1s"'
modify REFRESH,CONFIG
mark; api "$APIS/quiet.aar" quiet first; cp "$SCRATCH/built/cscvincapi_1.0.0.ara" "$REQUESTERS/"; touch "$SERVICES/cscvincService.sar"
wait_for 20 told BAQR7044I; touch "$SERVICES/cscvincService.sar"; mark; wait_for 20 told BAQR7044I; ok $? "services are polled"
is "$(ids)" "BAQR7044I " "APIs are disabled, requesters wait for somebody to ask"
mark; modify REFRESH,APPS
is "$(ids)" "BAQR7100I " "REFRESH,APPS: requesters, not APIs"
mark; modify ZCON,REFRESH
is "$(ids)" "BAQR7130I BAQR7000I " "ZCON,REFRESH: whatever the triggers say"
mark; modify ZCON,REFRESH
is "$(ids)" "" "and nothing without a change"
mark; rm "$APIS/quiet.aar"; touch "$APIS/one.aar"; modify ZCON,REFRESH
is "$(ids)" "BAQR7132I BAQR7092I BAQR7132I BAQR7130I BAQR7034I " "ZCON,REFRESH: uninstalled and updated"

# --- what an image depends on, in server.xml
M=$(images)
mark; server "$POLLED" "$POLLED" "$POLLED" '<service name="cscvincService"><property name="ccsid" value="273"/></service>'
modify REFRESH,CONFIG
like "$(since)" CWWKG0017I "a service's ccsid changes"
is "$(images)" "$((M + 1))" "the service is compiled again, its APIs are joined again in their places"
unlike "$(since)" BAQR7090E "all of it works"
M=$(images)
mark; server "$POLLED" "$POLLED" "$POLLED" '<service name="cscvincService"><property name="ccsid" value="37"/></service>'
modify REFRESH,CONFIG
is "$(images)" "$((M + 1))" "and again"
mark; server "$POLLED" "$POLLED" "$POLLED" '<service name="cscvincService"><property name="ccsid" value="9"/></service>'
modify REFRESH,CONFIG
like "$(since)" 'BAQR7090E: Archive cscvincService\.sar cannot be used: .*; what it held before stays in use$' "one that nobody knows is told"
is "$(status_of one)" 200 "its API goes on"
M=$(images); mark; mkdir -p "$SCRATCH/elsewhere"; api "$SCRATCH/elsewhere/far.aar" far first
server "location=\"$SCRATCH/elsewhere\" $POLLED" "$POLLED" "$POLLED"
modify REFRESH,CONFIG
is "$(status_of far) $(status_of one)" "200 404" "another folder: other APIs"
like "$(ids)" ' BAQR7132I BAQR7092I BAQR7132I BAQR7092I BAQR7130I BAQR7000I $' "uninstalled and installed"

# --- starts: what is compiled is mapped; what a crash tore, or somebody changed, is not
again() { sallyport server stop scan >/dev/null; eval "$1"; runs "start: $2" 0 sallyport server start scan; MARK=0; }
server "$POLLED" "$POLLED" "$POLLED"; WORK=$HOME_DIR/workarea
inodes() { ls -i "$WORK"/*.img | sort; }
again : "everything compiled"
WAS=$(inodes); [ -s "$WORK/archives.idx" ]; ok $? "an index of archives"
again : "again"; is "$(inodes)" "$WAS" "nothing is compiled again"; is "$(status_of one) $(status_of two)" "200 200" "all is served"
again 'for f in "$WORK"/*.img; do dd if=/dev/zero of="$f" bs=1000 seek=3 count=4 conv=notrunc 2>/dev/null; done; rm "$WORK/archives.idx"' "images torn by a crash, no index"
is "$(status_of one) $(status_of two)" "200 200" "are noticed and made again"
unlike "$(cat "$LOG")" BAQR7090E "without a complaint"
again 'head -c 500 "$WORK/archives.idx" >"$WORK/a"; mv "$WORK/a" "$WORK/archives.idx"' "half an index"; is "$(status_of one)" 200 "is no index"
again 'echo nonsense >"$WORK/archives.idx"' "nonsense for an index"; is "$(status_of one)" 200 "is none either"
again 'rm -r "$WORK"' "no work area at all"; is "$(status_of one)" 200 "is made again"
# --- what no archive uses leaves the work area, once it is older than minutes
OLD=$(printf '%064d' 1).img
again 'touch -d "1 hour ago" "$WORK"/*.img; cp "$(ls "$WORK"/*.img | head -1)" "$WORK/$OLD"; touch -d "1 hour ago" "$WORK/$OLD"; cp "$WORK/$OLD" "$WORK/${OLD/1.img/2.img}"' "images that nothing uses"
[ ! -e "$WORK/$OLD" ]; ok $? "an old one is removed"
[ -e "$WORK/${OLD/1.img/2.img}" ]; ok $? "a young one stays"
is "$(status_of one) $(status_of two)" "200 200" "what is used is served"
sallyport server stop scan >/dev/null; WAS=$(inodes)
runs "start --clean" 0 sallyport server start scan --clean; MARK=0
[ "$(inodes)" != "$WAS" ]; ok $? "--clean has everything compiled again"
USED=$(images); WAS=$(inodes)
again : "once more"; is "$(inodes)" "$WAS" "and nothing is compiled again"
mark; touch -d "1 hour ago" "$WORK"/*.img; mv "$APIS/two.aar" "$SCRATCH/two.away"; wait_for 20 told BAQR7092I
wait_for 10 eval '[ "$(images)" -lt "$USED" ]'; ok $? "an uninstalled one's goes with it"
is "$(status_of one)" 200 "the other is served"
mv "$SCRATCH/two.away" "$APIS/two.aar"; wait_for 20 grep -q 'BAQR7000I.*two' "$LOG"
api "$APIS/same.aar" same aaaaa; wait_for 20 grep -q 'BAQR7000I.*same' "$LOG"
again 'touch -r "$APIS/same.aar" "$SCRATCH/time"; api "$SCRATCH/other.aar" same bbbbb; cat "$SCRATCH/other.aar" >"$APIS/same.aar"; touch -r "$SCRATCH/time" "$APIS/same.aar"' "an archive changed, of the old size and time"
like "$(doc same)" x-bbbbb "is noticed all the same"
done_testing
