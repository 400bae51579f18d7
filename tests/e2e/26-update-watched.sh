# Which files a server looks at again: all it read, and those it would have
# read had they been there. What only a start reads makes no update.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
H=$SALLYPORT_ROOT/servers/watch
PORT=$(free_port)
mkdir -p "$H"
cat >"$H/server.xml" <<X
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config monitorInterval="100ms"/>
  <include location="later.xml" optional="true"/>
  <include location="\${where}/there.xml"/>
  <include location="parts/"/>
  <httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="$PORT" httpsPort="-1"/>
  <httpOptions id="o" readTimeout="\${timeout}"/>
  <zosconnect_authData id="secret" user="u" password="{file}$H/secret.txt"/>
</server>
X
echo 'timeout=5s' >"$H/bootstrap.properties"
echo '<variable/>' >"$H/unused.xml"
echo one >"$H/secret.txt"; chmod 600 "$H/secret.txt"
log() { tail -n +$((MARK + 1)) "$H/logs/messages.log"; }
mark() { MARK=$(cat "$H/logs/messages.log" 2>/dev/null | wc -l); }
says() { log | grep -q "$1"; }
# changes NAME MESSAGE: what was done since mark is one update with that end.
changes() { wait_for 30 says "$2"; ok $? "$1"; is "$(log | grep -c CWWKG0016I)" 1 "by one update"; mark; }

sallyport ipl >"$SCRATCH/ipl.log" 2>&1 || note "$(cat "$SCRATCH/ipl.log")"
at_exit 'sallyport server stop watch --force >/dev/null 2>&1; sallyport shutdown >/dev/null 2>&1'
MARK=0
runs "a server starts" 0 sallyport server start watch
like "$(log)" 'CWWKG0090E: The .*/watch/\$\{where\}/there\.xml configuration resource' "an include that is not there is said"

mark
put() { echo "$2" >"$SCRATCH/new" && mv "$SCRATCH/new" "$H/$1"; } # at once, not half written
put later.xml '<server><httpOptions id="late" readTimeout="7s"/></server>'
changes "an optional include that is made" CWWKG0017I
rm "$H/later.xml"
changes "one that goes" CWWKG0017I
mkdir "$H/parts"
changes "a folder of includes that is made: nothing in it yet" CWWKG0018I
put parts/a.xml '<server><httpOptions id="part" readTimeout="7s"/></server>'
changes "a file in it" CWWKG0017I
put parts/b.txt 'no'
changes "a file in it that is no .xml is no difference" CWWKG0018I
mkdir -p "$SCRATCH/drop/overrides"; put ../x.xml '<server><httpOptions id="o" readTimeout="9s"/></server>'; mv "$H/../x.xml" "$SCRATCH/drop/overrides/a.xml"
mv "$SCRATCH/drop" "$H/configDropins"
changes "drop-ins whose folder is made with them" CWWKG0017I
rm "$H/configDropins/overrides/a.xml"
changes "a drop-in that goes" CWWKG0017I
mkdir "$SCRATCH/variables"; echo /nowhere >"$SCRATCH/variables/where"; mv "$SCRATCH/variables" "$H/variables"
wait_for 30 says 'CWWKG001[78]I'; ok $? "a variable that is a file"
like "$(log)" 'CWWKG0090E: The /nowhere/there\.xml configuration resource' "names another include"
mark
put variables/timeout 6s
changes "one that bootstrap.properties says as well is no difference" CWWKG0018I
mkdir -p "$SCRATCH/there"; put variables/where "$SCRATCH/there"; wait_for 30 says 'CWWKG001[78]I'; mark
echo '<server><httpOptions id="there"/></server>' >"$SCRATCH/t.xml"; mv "$SCRATCH/t.xml" "$SCRATCH/there/there.xml"
changes "an include found by a variable" CWWKG0017I
touch "$H/server.xml"
changes "a file that was only touched is no difference" CWWKG0018I
put secret.txt two
changes "a password's file" CWWKG0017I

# Not looked at: what only a start reads, and what nobody names.
put bootstrap.properties 'timeout=8s'
echo 'a=b' >"$H/server.env"; echo '-Dx=y' >"$H/jvm.options"; echo '<x' >"$H/unused.xml"
put later.xml '<server><httpOptions id="last"/></server>'
changes "another change, behind files that are not looked at" CWWKG0017I

# monitorInterval="0": not polled, but a command still reads the files.
sed 's/100ms/0/' "$H/server.xml" >"$SCRATCH/new"; mv "$SCRATCH/new" "$H/server.xml"
changes "an interval of nothing" CWWKG0017I
sed 's/="0"/="0" onError="IGNORE"/' "$H/server.xml" >"$SCRATCH/new"; mv "$SCRATCH/new" "$H/server.xml"
runs "a command asks for nothing else" 0 sallyport server modify watch STATUS
unlike "$(log)" CWWKG0016I "nothing is read by itself"
runs "REFRESH,CONFIG" 0 sallyport server modify watch REFRESH,CONFIG
changes "reads it" CWWKG0017I
done_testing
