# The other actions of the server command: templates, package and a server that
# runs from the archive elsewhere, dumps without secrets, javadump, pause and
# resume, debug; a pid file that a killed server left; and their refusals.
# Archives with all programs are large: not in memory.
E2E_TMP=${E2E_TMP:-/tmp}
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
command -v unzip >/dev/null || skip_all "unzip is not installed"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
PORT=$(free_port) SERVERS=$SALLYPORT_ROOT/servers
at_exit "sallyport server stop pack --force >/dev/null 2>&1"
status_of() { curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://127.0.0.1:$1/none"; }

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

runs "create" 0 sallyport server create pack
HOME_DIR=$SERVERS/pack
cat >"$HOME_DIR/server.xml" <<'END_XML'
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config updateTrigger="mbean"/>
  <include location="${shared.config.dir}/common.xml"/>
  <httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="${http.port}" httpsPort="-1"/>
  <zosconnect_authData id="a" user="U" password="plainsecret"/>
  <variable name="db.password" value="variablesecret"/>
</server>
END_XML
mkdir -p "$SALLYPORT_ROOT/shared/config" "$HOME_DIR/resources/deep/er" "$HOME_DIR/logs"
echo '<server description="shared"/>' >"$SALLYPORT_ROOT/shared/config/common.xml"
echo data >"$HOME_DIR/resources/deep/er/file"
ln -s deep "$HOME_DIR/resources/link"
ln -s .. "$HOME_DIR/resources/loop"
LONG=$(printf 'n%.0s' $(seq 120)); echo long >"$HOME_DIR/resources/$LONG"
printf 'http.port=%s\n' "$PORT" >"$HOME_DIR/bootstrap.properties"

# server.env with the variables of a shell, when its first line asks for them.
printf '# enable_variable_expansion\nPLACE=x\nLOG_DIR="${HOME}/$PLACE logs"\n' >"$SCRATCH/server.env"
cp "$HOME_DIR/server.env" "$SCRATCH/kept.env"; cp "$SCRATCH/server.env" "$HOME_DIR/server.env"
HOME=$SCRATCH runs "start with expanded variables" 0 sallyport server start pack
[ -s "$SCRATCH/x logs/messages.log" ]; ok $? "the logs are where they say"
sallyport server stop pack >/dev/null
printf '# enable_variable_expansion\nLOG_DIR="${HOME\n' >"$HOME_DIR/server.env"
runs "a brace without its end" 24 sallyport server start pack
like "$OUT" '^SPT0462E: .*/server\.env:2: LOG_DIR: expected }' "is said with its place"
cp "$SCRATCH/kept.env" "$HOME_DIR/server.env"

runs "start" 0 sallyport server start pack
runs "package of a running server" 3 sallyport server package pack
like "$OUT" "^Server pack package failed\. It must be stopped before it can be packaged\.$" "is refused"

# javadump, pause, resume.
runs "javadump" 0 sallyport server javadump pack --include=thread
like "$OUT" "^Dumping server pack\.
Server pack dump complete in $HOME_DIR/dumps/.*\.txt\.$" "names the file"
like "$(cat "$HOME_DIR/logs/messages.log")" 'CWWKE0068I: Java dump created: ' "it is logged"
runs "javadump of what is none" 20 sallyport server javadump pack --include=everything
runs "pause" 0 sallyport server pause pack
is "$(status_of "$PORT")" 000 "the port is closed"
runs "resume of an endpoint" 0 sallyport server resume pack --target=defaultHttpEndpoint
is "$(status_of "$PORT")" 404 "it is open again"
runs "pause of an unknown endpoint" 36 sallyport server pause pack --target=none
like "$OUT" "CWWKE0935W: .*none" "is named"
runs "resume of an unknown endpoint" 37 sallyport server resume pack --target=none
runs "pause of nothing" 36 sallyport server pause pack --target=
like "$OUT" "^CWWKE0931W: " "is said"
runs "an option of another action" 20 sallyport server pause pack --archive=x.zip

# dump: running, then stopped; no secret in it.
dump_of() { sed -n 's/^Server pack dump complete in \(.*\)\.$/\1/p' <<<"$OUT"; }
runs "dump" 0 sallyport server dump pack
like "$OUT" '^Dumping server pack\.' "it is said"
DUMP=$(dump_of)
like "$DUMP" "/pack\.dump-[0-9]{2}(\.[0-9]{2}){2}_[0-9]{2}(\.[0-9]{2}){2}\.zip$" "the archive's name"
LIST=$(unzip -Z1 "$DUMP" | sort)
for entry in pack/effective-server.xml pack/configuration-messages.txt pack/files.txt pack/introspection.txt pack/logs/messages.log; do
    like "$LIST" "^$entry$" "the dump holds $entry"
done
like "$(unzip -p "$DUMP" pack/effective-server.xml)" 'httpPort="'"$PORT"'"' "values are effective"
like "$(cat "$HOME_DIR/logs/messages.log")" CWWKE0057I "the server said it"
mkdir "$SCRATCH/dump"; unzip -q "$DUMP" -d "$SCRATCH/dump"
is "$(grep -rlE "plainsecret|variablesecret|$(sed -n 's/^keystore_password=//p' "$HOME_DIR/server.env")" "$SCRATCH/dump")" "" "no secret is in it"
PARENT=$(cat "$SERVERS/.pid/pack.pid")
WORKER=$(tr -d ' ' <"/proc/$PARENT/task/$PARENT/children")

# A killed server leaves a pid file; it is not believed.
kill -9 "$PARENT"; wait_for 20 ended "$PARENT" "$WORKER"
[ -e "$SERVERS/.pid/pack.pid" ]; ok $? "the pid file is still there"
echo $$ >"$SERVERS/.pid/pack.pid"
runs "status" 1 sallyport server status pack
is "$OUT" "Server pack is not running." "the lock counts, not the file"
runs "stop" 1 sallyport server stop pack
[ ! -e "$SERVERS/.pid/pack.pid" ]; ok $? "stop takes the stale file away"
runs "dump of a stopped server" 0 sallyport server dump pack --archive="$SCRATCH/stopped.tar.gz"
like "$(tar tzf "$SCRATCH/stopped.tar.gz")" '^pack/logs/messages\.log$' "another format, elsewhere"
unlike "$(tar tzf "$SCRATCH/stopped.tar.gz")" introspection "without what only a running one knows"
for action in javadump pause resume; do
    runs "$action of a stopped server" 4 sallyport server $action pack
    is "$OUT" "Server pack is not running." "is refused"
    runs "$action of no server" 2 sallyport server $action nobody
done
runs "dump of no server" 2 sallyport server dump nobody
runs "package of no server" 2 sallyport server package nobody

# package: the server runs from the archive, on another image.
complete_in() { sed -n 's/^Server pack package complete in \(.*\)\.$/\1/p' <<<"$OUT"; }
runs "package" 0 sallyport server package pack
is "$OUT" "Packaging server pack.
Server pack package complete in $HOME_DIR/pack.zip." "names the archive"
elsewhere() { env -i PATH=/usr/bin:/bin HOME="$SCRATCH/home" SALLYPORT_ROOT="$SCRATCH/other" ASAN_OPTIONS="$ASAN_OPTIONS" UBSAN_OPTIONS="$UBSAN_OPTIONS" "$@"; }
mkdir -p "$SCRATCH/a" "$SCRATCH/other"
unzip -q "$HOME_DIR/pack.zip" -d "$SCRATCH/a"
W=$SCRATCH/a/wlp
is "$(cat "$W/usr/servers/pack/resources/link/er/file" "$W/usr/servers/pack/resources/$LONG" "$W/usr/shared/config/common.xml")" "data
long
<server description=\"shared\"/>" "links are followed, shared files come along"
[ ! -e "$W/usr/servers/pack/logs" ] && [ ! -e "$W/usr/servers/pack/workarea" ] && [ ! -e "$W/usr/servers/pack/resources/loop/resources" ]; ok $? "logs, work files and loops do not"
is "$(stat -c %a "$W/usr/servers/pack/server.env")" "$(stat -c %a "$HOME_DIR/server.env")" "modes are kept"
at_exit "elsewhere '$W/bin/sallyport' shutdown >/dev/null 2>&1"
at_exit "elsewhere '$W/bin/server' stop pack --force >/dev/null 2>&1"
OUT=$(elsewhere "$W/bin/server" start pack 2>&1); is "$?" 0 "it starts from the archive" || note "$OUT"
is "$(status_of "$PORT")" 404 "and answers"
OUT=$(elsewhere "$W/bin/server" create fresh 2>&1); is "$OUT" "Server fresh created." "templates are there"
elsewhere "$W/bin/server" stop pack >/dev/null; is "$(status_of "$PORT")" 000 "and stops"

runs "package --include=usr as tar" 0 sallyport server package pack --include=usr --archive="$SCRATCH/u.tar" --server-root=site/one
is "$(tar tf "$SCRATCH/u.tar" | grep -cvE '^site/one/(servers|shared|extension)/')" 0 "holds the user's files only"
is "$(tar xOf "$SCRATCH/u.tar" "site/one/servers/pack/resources/$LONG")" long "long names too"
runs "package --include=minify" 0 sallyport server package pack --include=minify --archive=small.tar.gz --os=linux
is "$(tar tzf "$(complete_in)" | grep -o 'sallyport-.*' | sort | tr '\n' ' ')" "sallyport-angel sallyport-encode sallyport-master sallyport-server " "holds the programs it needs"
runs "a second time to the same place" 0 sallyport server package pack --include=minify --archive=small.tar.gz
is "$(tar tzf "$(complete_in)" | grep -c '/small\.tar')" 0 "the archive does not hold itself, nor the one before it"
runs "package with an unknown --include" 0 sallyport server package pack --include=most --archive=most.zip
like "$OUT" "^CWWKE0058W: Unable to use option --include=most, will use --include=all instead\.$" "is the whole"
runs "usr as jar" 28 sallyport server package pack --include=usr --archive=u.jar
like "$OUT" "^CWWKE0951E: " "is refused"
runs "runnable as zip" 28 sallyport server package pack --include=runnable --archive=r.zip
like "$OUT" "^CWWKE0950E: " "is refused"
# Nothing of the user's stays behind: a server named a, whose files begin with an a.
mkdir -p "$SERVERS"/a/{logs,workarea,dumps,apps/logs,alogs,resources/security} "$SERVERS"/../shared/resources/security "$SERVERS"/../extension/lib
printf '<server/>\n' >"$SERVERS/a/server.xml"
for file in app.zip a2.tar.gz ab.jar a.tar a.xml a.dump-me a.zip.bak A.zip logs.txt apps/a.zip apps/logs/kept alogs/kept resources/security/key.p12 a.zip a.jar a.dump-26.11.29_22.00.00.zip logs/messages.log workarea/x dumps/x ../../shared/resources/security/key.p12 ../../shared/resources/security/trust.p12 ../../extension/lib/x.so; do
    printf x >"$SERVERS/a/$file"
done
runs "package of a" 0 sallyport server package a --include=USR --archive="$SCRATCH/a.zip"
is "$(unzip -Z1 "$SCRATCH/a.zip" | grep -v '/$' | grep -vE '/(config|templates)/' | sed 's,wlp/usr/,,' | sort | tr '\n' ' ')" "$(printf '%s\n' servers/a/{app.zip,a2.tar.gz,ab.jar,a.tar,a.xml,a.dump-me,a.zip.bak,A.zip,logs.txt,apps/a.zip,apps/logs/kept,alogs/kept,resources/security/key.p12,server.xml} shared/resources/security/trust.p12 extension/lib/x.so | sort | tr '\n' ' ')" "takes what is its own and leaves what was made"
runs "the runtime alone" 0 sallyport server package --include=wlp
is "$OUT" "Packaging server runtime.
Server runtime package complete in $SERVERS/wlp.zip." "is beside the servers"
LIST=$(unzip -Z1 "$SERVERS/wlp.zip"); rm "$SERVERS/wlp.zip"
is "$(grep -c '^wlp/usr/' <<<"$LIST")" 0 "no user's file is in it"
is "$(grep -cE '^wlp/(bin/server|libexec/sallyport/sallyport-region)$' <<<"$LIST")" 2 "all programs are"
runs "wlp of a server" 0 sallyport server package a --include=wlp --archive="$SCRATCH/w.zip"
like "$OUT" "^CWWKE0058W: Unable to use option --include=wlp, will use --include=all instead\.$" "is the whole"
runs "minify,runnable" 0 sallyport server package a --include=minify,runnable --server-root=b
like "$OUT" "^SPT0480W: --server-root has no effect together with --include=runnable\." "a runnable one has its own folder"
like "$OUT" "complete in $SERVERS/a/a\.jar\.$" "its name ends with jar"
is "$(unzip -Z1 "$SERVERS/a/a.jar" 2>/dev/null | grep -c 'libexec/sallyport/.')" 4 "the least it needs"
rm -r "${SERVERS:?}/a"

runs "a folder that is none" 20 sallyport server package pack --server-root=../up
runs "a place that cannot be written" 28 sallyport server package pack --archive=/dev/null/x.zip
like "$OUT" "^Server pack package failed\." "fails"
is "$(ls "$SCRATCH" "$HOME_DIR" | grep -c '\.part$')" 0 "and leaves nothing behind"
runs "runnable" 0 sallyport server package pack --include=runnable --archive="$SCRATCH/run.jar"
mkdir "$SCRATCH/run"
mkdir -p "$SCRATCH/fresh"
fresh() { env -i PATH=/usr/bin:/bin HOME="$SCRATCH/home" SALLYPORT_ROOT="$SCRATCH/fresh" ASAN_OPTIONS="$ASAN_OPTIONS" UBSAN_OPTIONS="$UBSAN_OPTIONS" "$@"; }
background fresh env WLP_JAR_EXTRACT_DIR="$SCRATCH/run" "$SCRATCH/run.jar" >"$SCRATCH/run.out" 2>&1; RUN=$PID
at_exit "fresh '$SCRATCH/run/wlp/bin/server' stop pack --force >/dev/null 2>&1"
wait_for 60 curl -s -o /dev/null "http://127.0.0.1:$PORT/none"
is "$(status_of "$PORT")" 404 "a runnable archive runs"
[ -S "$SCRATCH/fresh/master/master.sock" ]; ok $? "with a system of its own"
fresh "$SCRATCH/run/wlp/bin/server" stop pack >/dev/null
wait_for 20 ended "$RUN"; ok $? "and ends when told"
[ ! -S "$SCRATCH/fresh/master/master.sock" ]; ok $? "and that system with it"
is "$(pgrep -cf "$SCRATCH/run/wlp/libexec")" 0 "and all its processes"

# debug and help.
background sallyport server debug pack >"$SCRATCH/debug.out" 2>&1
wait_for 30 grep -q CWWKF0011I "$HOME_DIR/logs/messages.log"
wait_for 30 curl -s -o /dev/null "http://127.0.0.1:$PORT/x"; ok $? "debug runs it in the foreground"
wait_for 10 grep -q 'SystemErr .* R .*debug: request GET /x' "$HOME_DIR/logs/messages.log"; ok $? "with all diagnostics"
sallyport server stop pack >/dev/null
runs "help of an action" 0 sallyport server help package
like "$OUT" '--server-root=' "has its options"
unlike "$OUT" '--force' "and no others"
runs "the same with --help" 0 sallyport server package --help
like "$OUT" '--server-root=' "has its options too"
mkdir -p "$HOME_DIR/workarea"; chmod 0 "$HOME_DIR/workarea"
if [ "$(id -u)" -ne 0 ]; then
    runs "status that cannot be read" 5 sallyport server status pack
fi
chmod 750 "$HOME_DIR/workarea"
done_testing
