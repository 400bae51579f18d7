# The other actions of the server command: dumps without secrets, javadump, pause
# and resume, debug; a pid file that a killed server left; and their refusals.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
command -v unzip >/dev/null || skip_all "unzip is not installed"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
. "$(dirname "$E2E_LIB")/pack.sh"
pack_server '<config updateTrigger="mbean"/>
  <zosconnect_authData id="a" user="U" password="plainsecret"/>
  <variable name="db.password" value="variablesecret"/>'

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
is "$OUT" "Packaging server pack.
Server pack is running.
Server pack package failed. It must be stopped before it can be packaged." "is refused"

# javadump, pause, resume.
runs "javadump" 0 sallyport server javadump pack --include=thread
like "$OUT" "^Dumping server pack\.
Server pack dump complete in $HOME_DIR/dumps/.*\.txt\.$" "names the file"
like "$(cat "$HOME_DIR/logs/messages.log")" 'CWWKE0068I: Java dump created: ' "it is logged"
runs "javadump of what is none" 20 sallyport server javadump pack --include=everything
runs "pause" 0 sallyport server pause pack
is "$OUT" "Pausing the pack server.
Pausing the pack server completed." "in the original's words"
is "$(status_of "$PORT")" 000 "the port is closed"
runs "resume of an endpoint" 0 sallyport server resume pack --target=defaultHttpEndpoint
is "$OUT" "Resuming the specified target components of the pack server.
Resuming the specified target components of the pack server completed." "in the original's words, too"
is "$(status_of "$PORT")" 404 "it is open again"
runs "pause of an unknown endpoint" 36 sallyport server pause pack --target=none
is "$(grep -v '^  ' <<<"$OUT")" "Pausing the specified target components of the pack server.
CWWKE0935W: A pause request was received, but the following components could not be found: [none]
Pausing the specified target components of the pack server failed. Check the server logs for details." "is named"
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
is "$OUT" "Dumping server pack.
Server pack is not running.
Server pack dump complete in $SCRATCH/stopped.tar.gz." "says that it is"
like "$(tar tzf "$SCRATCH/stopped.tar.gz")" '^pack/logs/messages\.log$' "another format, elsewhere"
unlike "$(tar tzf "$SCRATCH/stopped.tar.gz")" introspection "without what only a running one knows"
for action in javadump pause resume; do
    runs "$action of a stopped server" 4 sallyport server $action pack
    is "$OUT" "Server pack is not running." "is refused"
    runs "$action of no server" 2 sallyport server $action nobody
done
runs "dump of no server" 2 sallyport server dump nobody
runs "package of no server" 2 sallyport server package nobody

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
