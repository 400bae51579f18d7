# Every action of the server command is given what it cannot use: names,
# options, files that are folders and folders that are files, files nobody may
# read, other people's servers. Each answer has a message with its id, or the
# original's words, names the place and has the exit status it should.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "ipl" 0 sallyport ipl
at_exit 'sallyport server stop s --force >/dev/null 2>&1; sallyport shutdown >/dev/null 2>&1'
S=$SALLYPORT_ROOT/servers D=$S/s
wrong() { # STATUS REGEX arguments...
    local want=$1 regex=$2; shift 2
    OUT=$(sallyport server "$@" 2>&1 </dev/null); STATUS=$?
    is "$STATUS" "$want" "$*"
    like "$OUT" "$regex" "says: ${regex:0:60}"
}
runs "create, values behind blanks" 0 sallyport server create s --template apiRequester --no-password
[ -d "$D/resources/zosconnect/apiRequesters" ]; ok $? "of that template"

# Options and names.
wrong 20 '^CWWKE0024E: The \(\) value for the \(--template\) option is not valid\.$' create x --template
wrong 20 '^CWWKE0024E: The \(\) value for the \(--template\) option' create x --template -- --a=b
wrong 20 '^CWWKE0030E: .*Reason: there is no template none below .*/templates/servers; there are: apiRequester, default' create x --template none
wrong 20 '^CWWKE0012E: .*name=a b' create 'a b'
wrong 20 '^CWWKE0012E: .*name=\.\.' status ..
wrong 20 '^SPT0530E: The server name x+ is too long: a name has at most 200 bytes\.$' create "$(printf 'x%.0s' $(seq 201))"
for bad in $'a\xe2\x80\xaeb' $'a\xffb' $'a\xc2\x9bb' $'a\eb' ''; do wrong 20 '^CWWKE0012E: The specified server name contains a character' create "$bad"; done
wrong 0 '^Server größe_1\+2\.3 created\.$' create größe_1+2.3
wrong 20 '^CWWKE0013E: Unknown option: -x$' create -x
wrong 20 '^CWWKE0013E: Unknown option: --force=yes$' stop s --force=yes
wrong 20 '^CWWKE0024E: The \(abc\) value for the \(--timeout\) option' stop s --timeout abc
wrong 20 '^CWWKE0011E: The --archive parameter requires an argument: --archive="<file to archive>"$' package s --archive
wrong 20 '^CWWKE0011E: The --archive parameter requires an argument' package s --archive=
wrong 28 '^CWWKE0083E: The --os parameter can only be used with --include=minify\.$' package s --os=Linux
wrong 28 '^Server s package failed\. Check server logs for details\.$' package s --os Linux --include=usr
wrong 20 '^CWWKE0030E: .*Reason: there is no extension foo, only zosconnect and usr; zosconnect has its templates below .*/templates/servers; there are: apiRequester, default' create x --template=foo:default
wrong 20 '^CWWKE0024E: The \(\.\./x\) value for the \(--server-root\)' package s --server-root ../x
wrong 20 '^CWWKE0024E: The \(all\) value for the \(--include\)' javadump s --include all
wrong 20 '^CWWKE0028E: The option \(--force\) is not applicable for action \(status\)\.$' status s --force
wrong 1 '^CWWKE0027W: Only one server may be specified on the command line; subsequent names will be ignored \(server=s, ignored=t\)\.$' status s t
wrong 20 'unknown action "fly"; try: sallyport server help' fly
wrong 20 'unknown action "fly"' help fly
wrong 20 'unknown action "fly"' fly --help
wrong 20 '^Usage: sallyport server modify SERVER COMMAND' modify s
wrong 20 '^Usage: sallyport server schema \[--json\|--markdown\]' schema --xml
for action in start stop status package dump javadump pause resume systemd; do wrong 2 '^Server none does not exist\.$' $action none; done
wrong 2 '^Server none does not exist\.$' modify none STATUS
for action in run debug; do wrong 2 "^CWWKE0031E: .*serverPath: $S/none$" $action none; done
wrong 1 '^Server s is not running\.$' stop s
wrong 0 '^Sallyport [0-9.]+ \(z/OS Connect EE V3\.0 compatible\) on [^ ]+ [^ ]+, version .* \(.*\)$' version
for action in javadump pause resume; do wrong 4 '^Server s is not running\.$' $action s; done

# What is there is not made again, be it as it may.
mkdir "$S/defaultServer"
for action in run debug; do wrong 2 "^CWWKE0031E: Specified defaultServer server does not exist" $action; done
rmdir "$S/defaultServer"; touch "$S/defaultServer"; wrong 2 "^CWWKE0031E: " run; rm "$S/defaultServer"

# The small files.
bootstrap() { # TEXT REGEX: run and start say the same, nothing else
    printf "$1" >"$D/bootstrap.properties"
    wrong 24 "$2" run s
    is "$(grep -cv "^  " <<<"$OUT")" 1 "once, with what to do below it"
    wrong 24 "$2" start s
    rm "$D/bootstrap.properties"
}
B=$D/bootstrap.properties
bootstrap 'a=1\ncommand.port=abc\n' "^SPT0462E: $B:2: command\.port \"abc\" is not a port \(0\.\.65535 or -1\)$"
bootstrap 'server.start.wait.time=soon\n' "^SPT0462E: $B:1: server\.start\.wait\.time \"soon\" is not a number of seconds"
bootstrap 'a=1\nx=\\u12\n' "^CWWKE0014E: The system could not open or read the specified bootstrap properties\. Path: $B Reason: line 2: .u needs four hexadecimal digits$"
bootstrap 'bootstrap.include=none.properties\n' "^CWWKE0014E: .*Path: $D/none\.properties Reason: No such file or directory, named by bootstrap\.include of $B$"
bootstrap 'bootstrap.include=apps\n' "^CWWKE0014E: .*Path: $D/apps Reason: it is no file, named by"
bootstrap 'bootstrap.include=bootstrap.properties\n' "^CWWKE0014E: .*Path: $B Reason: nested deeper than 16$"
echo 'foo' >"$D/jvm.options"; wrong 32 "^SPT0462E: $D/jvm\.options: line 1: \"foo\" is not an option" start s; rm "$D/jvm.options"

printf '# enable_variable_expansion\n\nA=1\nPORT_X=${A\n' >"$D/server.env"; wrong 24 "^SPT0462E: $D/server\.env:4: PORT_X: expected }$" start s; rm "$D/server.env"
echo "com.ibm.ws.logging.log.directory=/proc/nope" >"$B"; OUT=$(sallyport server start s 2>&1); [ $? -ne 0 ]; ok $? "a folder for logs that cannot be made"
like "$(cat "$D/logs/console.log")" "SPT0465E: Server s cannot use its folders: /proc/nope: .* \(bootstrap\.properties\)" "is said with id and place"; rm "$B" "$D/logs/console.log"

# Files in the place of folders, and the other way round.
touch "$SCRATCH/file"
for v in WLP_USER_DIR WLP_OUTPUT_DIR LOG_DIR; do
    export $v="$SCRATCH/file"; wrong 23 "^CWWKE0025E: The value of $v must refer to a directory\. .* Value: $SCRATCH/file$" start s; unset $v
done
for folder in workarea logs; do
    mv "$D/$folder" "$D/kept"; touch "$D/$folder"
    wrong 23 "^SPT0465E: Server s cannot use its folders: $D/$folder: Not a directory$" start s
    wrong 23 "^SPT0465E: Server s cannot use its folders: $D/$folder: Not a directory$" run s
    rm "$D/$folder"; mv "$D/kept" "$D/$folder"
done
mkdir "$D/logs/console.log"; wrong 22 "^CWWKE0035E: .*logPath=$D/logs/console\.log \(Is a directory\)$" start s; rmdir "$D/logs/console.log"
mv "$D/server.xml" "$D/kept"; mkdir "$D/server.xml"
for action in start run package dump systemd; do wrong 23 "^CWWKE0010E: The required server\.xml file must exist and be readable\. Path: $D/server\.xml Reason: it is not a regular file$" $action s; done
wrong 5 "^CWWKE0010E: " status s
rmdir "$D/server.xml"; mv "$D/kept" "$D/server.xml"
touch "$S/f"
wrong 20 "^CWWKE0045E: It was not possible to create the server called f because the server directory $S/f already exists\.$" create f
wrong 2 "^Server f does not exist\.$" start f
wrong 28 "^SPT0468E: The archive /dev/null/x\.zip cannot be made: " package s --archive /dev/null/x.zip
mv "$S" "$S.kept"; touch "$S"
wrong 23 "^CWWKE0025E: The value of ..wlp\.user\.dir./servers must refer to a directory\." create g
rm "$S"; mv "$S.kept" "$S"

# Other people's servers.
if [ "$(id -u)" -eq 0 ]; then
    other() { # STATUS REGEX arguments...
        local want=$1 regex=$2; shift 2
        OUT=$(setpriv --reuid 50077 --regid 50077 --clear-groups sallyport server "$@" 2>&1 </dev/null); STATUS=$?
        is "$STATUS" "$want" "as another user: $*"
        like "$OUT" "$regex" "says: ${regex:0:60}"
    }
    unread() { other 5 "^Server s status could not be determined\. Check server logs for details\.$" "$1" s; like "$OUT" "^  $D/workarea cannot be read: ask as its owner\.$" "and why"; }
    chmod 700 "$S"
    other 23 "^SPT0470E: The folder $S cannot be read: Permission denied$" list
    other 23 "^CWWKE0066E: A directory cannot be created for the z server at the following location: $S/z: Permission denied\.$" create z
    for action in start run stop package dump javadump pause systemd; do other 23 "^CWWKE0010E: .*Path: $D/server\.xml Reason: Permission denied$" $action s; done
    other 5 "^CWWKE0010E: .*Permission denied$" status s
    chmod 755 "$S" "$D"; chmod 644 "$D/server.xml"; chmod 700 "$D/workarea"; printf 'A=1\n' >"$D/server.env"; chmod 600 "$D/server.env"
    other 24 "^SPT0462E: $D/server\.env: Permission denied$" start s
    other 24 "^SPT0462E: $D/server\.env: Permission denied$" dump s
    for action in status stop javadump pause resume package; do unread $action; done
    runs "it runs" 0 sallyport server start s
    for action in status stop javadump pause resume package; do unread $action; done
    other 5 "^Server s status could not be determined" modify s STATUS
    runs "and goes on" 0 sallyport server status s
    runs "until its owner stops it" 0 sallyport server stop s
    chmod 644 "$D/server.env"
    other 23 "^CWWKE0044E: There is no write permission for server directory $D$" start s
    other 23 "^CWWKE0044E: There is no write permission for server directory $D$" run s
    chown -R 50077 "$D"; chmod 000 "$D/server.xml"
    other 23 "^CWWKE0010E: .*Reason: Permission denied$" start s
    chmod 640 "$D/server.xml"; touch "$B"; chmod 000 "$B"
    other 24 "^CWWKE0014E: .*Path: $B Reason: Permission denied$" start s
    rm -f "$B"
    other 0 "^CWWKB0014W: The process identifier \(PID\) file $S/\.pid/s\.pid was not written: .*Permission denied$" start s
    other 0 "^Server s stopped\.$" stop s
fi

# A server without a command port.
printf 'command.port=-1\n' >"$B"
[ "$(id -u)" -ne 0 ] || chown -R 0 "$D"
rm -f "$D/logs/messages.log" # of the run before
background "$BIN/sallyport-server" run s >"$SCRATCH/run.log" 2>&1; SERVER=$PID
wait_for 60 grep -q CWWKF0011I "$D/logs/messages.log"
wrong 6 '^CWWKE0089E: Server s could not be stopped because the server command port is disabled\.$' stop s
wrong 6 '^CWWKE0091E: Server s dump could not be taken because the server command port is disabled\.$' javadump s
wrong 6 '^CWWKE0944E: A pause request was received for server s, but the server command port is disabled\. The request cannot be processed\. Enable the command port, and try again\.$' pause s
wrong 6 '^CWWKE0945E: A resume request was received for server s, but the server command port is disabled' resume s
wrong 6 '^SPT0464E: Server s cannot be asked: its command port is disabled\.$' modify s STATUS
wrong 0 "^CWWKE0090W: Server s dump complete in $D/.*\.zip\.  Some information could not be obtained because the server command port is disabled" dump s
wrong 0 '^Server s is running with process ID [0-9]+\.$' status s
kill -TERM "$SERVER"; wait "$SERVER"; is $? 0 "a signal ends it"
done_testing
