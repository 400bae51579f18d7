# server package: every form of archive, and a server that runs from one
# elsewhere; and the refusals.
# Archives with all programs are large: not in memory.
E2E_TMP=${E2E_TMP:-/tmp}
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
command -v unzip >/dev/null || skip_all "unzip is not installed"
runs "the system comes up" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
. "$(dirname "$E2E_LIB")/pack.sh"
pack_server
ln -s .. "$HOME_DIR/resources/loop"
LONG=$(printf 'n%.0s' $(seq 120)); echo long >"$HOME_DIR/resources/$LONG"

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
runs "package as pax, without a folder of its own" 0 sallyport server package pack --include=usr --archive="$SCRATCH/u.pax" --server-root=
like "$OUT" "^CWWKE0947W: A --server-root option with an empty argument is not allowed when Product Extensions are installed\. The default argument of wlp will be used\.$" "is told"
is "$(complete_in)" "$SCRATCH/u.pax" "pax is a kind of its own"
is "$(head -c 262 "$SCRATCH/u.pax" | tail -c 5)" ustar "in the format that pax reads"
is "$(tar xOf "$SCRATCH/u.pax" "wlp/usr/servers/pack/resources/$LONG")" long "with all its files"
if command -v pax >/dev/null; then is "$(pax -f "$SCRATCH/u.pax" | grep -c "/$LONG$")" 2 "pax does"; fi
runs "package --include=minify" 0 sallyport server package pack --include=minify --archive=small.tar.gz --os=linux
is "$OUT" "Packaging server pack.
Querying server pack for content.
Building archive for server pack.
Server pack package complete in $HOME_DIR/small.tar.gz." "says what it does"
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
is "$OUT" "Packaging liberty runtime.
Runtime package complete in $SERVERS/wlp.zip." "is beside the servers"
runs "a place it cannot have" 28 sallyport server package --include=wlp --archive=/dev/null/x.zip
like "$OUT" "^Runtime package failed\. Check server logs for details\.$" "is said so"
LIST=$(unzip -Z1 "$SERVERS/wlp.zip"); rm "$SERVERS/wlp.zip"
is "$(grep -c '^wlp/usr/' <<<"$LIST")" 0 "no user's file is in it"
is "$(grep -cE '^wlp/(bin/server|libexec/sallyport/sallyport-region)$' <<<"$LIST")" 2 "all programs are"
runs "wlp of a server" 0 sallyport server package a --include=wlp --archive="$SCRATCH/w.zip"
like "$OUT" "^CWWKE0058W: Unable to use option --include=wlp, will use --include=all instead\.$" "is the whole"
runs "minify,runnable" 0 sallyport server package a --include=minify,runnable --server-root=b
like "$OUT" "^CWWKE0948W: A --server-root option with --include=runnable is not an allowed combination\." "a runnable one has its own folder"
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
done_testing
