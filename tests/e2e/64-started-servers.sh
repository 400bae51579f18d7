# The three ways to start a server, and the four combinations of shared or own
# procedure and shared or own task id. Class STARTED decides the user; started
# tasks take MODIFY, a plain process does not.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
PROCLIB=$SALLYPORT_ROOT/datasets/SYS1.PROCLIB
sallyport submit -q "$SAMPLES/jcl/RACFUSER.jcl" "$SAMPLES/jcl/RACFRES.jcl" >/dev/null 2>&1
cp "$SAMPLES"/proclib/* "$PROCLIB/"
sed -i "s#USERDIR='[^']*'#USERDIR='$SALLYPORT_ROOT'#" "$PROCLIB/BBGZSRV"
racf() { OUT=$(sallyport racf "$@" 2>&1 </dev/null); [ $? -eq 0 ] || note "$OUT"; }
for i in 1 2; do
    racf "ADDUSER ZSRV$i DFLTGRP(LIBGRP) OMVS(UID(5002$i)) NOPASSWORD"
    cp "$PROCLIB/BAQSTRT" "$PROCLIB/ZPROC"
    sed "s/BAQSTRT /ZCEESRV$i/; s/'myServer'/'ZCEESRV$i'/" "$PROCLIB/BAQSTRT" >"$PROCLIB/ZCEESRV$i"
    sed "s/BAQSTRT /SRV0$i   /; s/'myServer'/'SRV0$i'/" "$PROCLIB/BAQSTRT" >"$PROCLIB/SRV0$i"
done
# make_server NAME USER-ID: a server whose files that user owns.
make_server() {
    sallyport server create "$1" >/dev/null
    echo "<server><featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager><config updateTrigger=\"mbean\"/><httpEndpoint id=\"defaultHttpEndpoint\" httpPort=\"$(free_port)\" httpsPort=\"-1\"/></server>" >"$SALLYPORT_ROOT/servers/$1/server.xml"
    if [ "$(id -u)" -eq 0 ]; then
        chmod 755 "$SALLYPORT_ROOT/servers"
        chown -R "$2" "$SALLYPORT_ROOT/servers/$1"
        mkdir -p "$SALLYPORT_ROOT/servers/.pid"; chmod 777 "$SALLYPORT_ROOT/servers/.pid"
    fi
}
pid_of() { cat "$SALLYPORT_ROOT/servers/$1/workarea/.sLock" 2>/dev/null | tr -dc 0-9; }
# started CONSOLE-COMMAND SERVER JOBNAME USER UID
refused_command() { # CONSOLE-COMMAND PATTERN
    console "$1"; is "$STATUS" 8 "status of $1"; like "$OUT" "$2" "which says why"
}
started() {
    console "$1"
    is "$STATUS" 0 "$1"
    like "$OUT" "IEF695I START [A-Z0-9]+ WITH JOBNAME $3 IS ASSIGNED TO USER $4" "$2 runs as $4"
    [ "$(id -u)" -ne 0 ] || is "$(stat -c %u "/proc/$(pid_of "$2")")" "$5" "and under its uid"
    console "F $3,STATUS"
    like "$OUT" "CWWKB0004I: server $2 is active\." "F $3,STATUS reaches it"
}
started_profile() { # PROFILE USER
    racf "RDEFINE STARTED $1 UACC(NONE) STDATA(USER($2) GROUP(LIBGRP) TRACE(YES))"
}
refresh_started() { racf "SETROPTS RACLIST(STARTED) REFRESH"; }
down() { for job; do console "P $job"; done; }

# Common procedure, common id: STARTED ZPROC.*
started_profile 'ZPROC.*' LIBSERV; refresh_started
make_server ZCEESRV1 50001; make_server ZCEESRV2 50001
started "START ZPROC,JOBNAME=ZCEESRV1,PARMS='ZCEESRV1'" ZCEESRV1 ZCEESRV1 LIBSERV 50001
like "$(cat "$SALLYPORT_ROOT"/spool/STC*/001.JESMSGLG)" "IRR812I PROFILE ZPROC\.\* .*ZPROC.*ZCEESRV1" "TRACE(YES) names the profile"
started "START ZPROC,JOBNAME=ZCEESRV2,PARMS='ZCEESRV2'" ZCEESRV2 ZCEESRV2 LIBSERV 50001
# What the server answers is what the console's status says.
refused_command "F ZCEESRV1,REFRESH,NOTHING" "COMPLETED UNSUCCESSFULLY"
refused_command "F ZCEESRV1,FOO" "CWWKB0006W.*FOO"
refused_command "F ZCEESRV1,PAUSE,TARGET='none'" "CWWKB0002I: .* UNSUCCESSFULLY"
refused_command "F ZCEESRV1,LOGGING=" "Could not parse command"
console "F ZCEESRV1,REFRESH,CONFIG"; is "$STATUS" 0 "status of one that is done"
printf 'F ZCEESRV1,STATUS\nF ZCEESRV1,FOO\nF ZCEESRV1,STATUS\n' >"$SCRATCH/lines"
OUT=$(sallyport console 2>&1 <"$SCRATCH/lines"); is "$?" 8 "of several lines the worst"
is "$(grep -c 'ZCEESRV1 is active' <<<"$OUT")" 2 "but all are done"
runs "server stop has no command port" 6 sallyport server stop ZCEESRV1
like "$OUT" "^CWWKE0089E: Server ZCEESRV1 could not be stopped because the server command port is disabled\.$" "and says so"
console "S ZPROC,JOBNAME=ZCEESRV1,PARMS='ZCEESRV1'"
is "$STATUS" 8 "the same job name twice"
console "P ZCEESRV1"
like "$(cat "$SALLYPORT_ROOT"/spool/STC*/001.JESMSGLG)" "CWWKB0001I: Stop command received for server ZCEESRV1" "P is taken"
down ZCEESRV2
unlike "$(sallyport status)" "ZCEESRV" "both are gone"

# Common procedure, own ids: STARTED ZPROC.<jobname>
started_profile ZPROC.ZCEESRV1 ZSRV1; started_profile ZPROC.ZCEESRV2 ZSRV2; refresh_started
[ "$(id -u)" -ne 0 ] || { chown -R 50021 "$SALLYPORT_ROOT/servers/ZCEESRV1"; chown -R 50022 "$SALLYPORT_ROOT/servers/ZCEESRV2"; }
started "START ZPROC,JOBNAME=ZCEESRV1,PARMS='ZCEESRV1'" ZCEESRV1 ZCEESRV1 ZSRV1 50021
started "START ZPROC,JOBNAME=ZCEESRV2,PARMS='ZCEESRV2'" ZCEESRV2 ZCEESRV2 ZSRV2 50022
down ZCEESRV1 ZCEESRV2

# Own procedures, common id: STARTED ZCEE*.*
started_profile 'ZCEE*.*' LIBSERV; refresh_started
[ "$(id -u)" -ne 0 ] || chown -R 50001 "$SALLYPORT_ROOT/servers/ZCEESRV1" "$SALLYPORT_ROOT/servers/ZCEESRV2"
started "START ZCEESRV1" ZCEESRV1 ZCEESRV1 LIBSERV 50001
started "START ZCEESRV2" ZCEESRV2 ZCEESRV2 LIBSERV 50001
down ZCEESRV1 ZCEESRV2

# Own procedures, own ids: STARTED SRV01.*
started_profile 'SRV01.*' ZSRV1; started_profile 'SRV02.*' ZSRV2; refresh_started
make_server SRV01 50021; make_server SRV02 50022
started "START SRV01" SRV01 SRV01 ZSRV1 50021
started "START SRV02" SRV02 SRV02 ZSRV2 50022
down SRV01 SRV02

# =MEMBER: the procedure's name is the user's.
cp "$PROCLIB/SRV01" "$PROCLIB/ZSRV1"; sed -i 's/SRV01   /ZSRV1   /' "$PROCLIB/ZSRV1"
racf "RDEFINE STARTED ZSRV1.* UACC(NONE) STDATA(USER(=MEMBER) GROUP(LIBGRP) PRIVILEGED(YES))"; refresh_started
started "S ZSRV1" SRV01 ZSRV1 ZSRV1 50021
down ZSRV1
cp "$PROCLIB/SRV01" "$PROCLIB/NOUSER"; sed -i 's/SRV01   /NOUSER  /' "$PROCLIB/NOUSER"
racf "RDEFINE STARTED NOUSER.* UACC(NONE) STDATA(USER(=MEMBER) GROUP(LIBGRP))"; refresh_started
console "S NOUSER"
is "$STATUS" 8 "a user that does not exist"
racf "ADDGROUP ELSEGRP"; racf "ALTUSER NOBODY" >/dev/null
racf "RDEFINE STARTED ZCEESRV1.OTHER UACC(NONE) STDATA(USER(ZSRV1) GROUP(ELSEGRP))"; refresh_started
console "S ZCEESRV1,JOBNAME=OTHER"
is "$STATUS" 8 "a group the user is not connected to"
racf "RDEFINE STARTED ZCEESRV1.EMPTY UACC(NONE)"; refresh_started
console "S ZCEESRV1,JOBNAME=EMPTY"
like "$OUT" "IRR813I" "a profile without STDATA"
is "$STATUS" 8 "starts nothing"

# TRUSTED(YES): what its user may not, the task may.
racf "ADDUSER ZSRV3 DFLTGRP(SYS1) OMVS(UID(50023)) NOPASSWORD"
[ "$(id -u)" -ne 0 ] || chown -R 50023 "$SALLYPORT_ROOT/servers/SRV01"
cp "$PROCLIB/SRV01" "$PROCLIB/ZTRUST"; sed -i 's/SRV01   /ZTRUST  /' "$PROCLIB/ZTRUST"
console "S BBGZANGL"
racf "RDEFINE STARTED ZTRUST.* UACC(NONE) STDATA(USER(ZSRV3) GROUP(SYS1))"; refresh_started
SRVLOG=$(log_of SRV01); rm -f "$SRVLOG"
console "S ZTRUST"; like "$(cat "$SRVLOG")" "CWWKB0102I" "without it: not authorized to connect to the angel"; down ZTRUST
racf "RALTER STARTED ZTRUST.* STDATA(TRUSTED(YES))"; refresh_started; rm -f "$SRVLOG"
console "S ZTRUST"; like "$(cat "$SRVLOG")" "CWWKB0122I" "with it: connected"; down ZTRUST
racf "RALTER STARTED ZTRUST.* STDATA(TRUSTED(NO) PRIVILEGED(YES))"; refresh_started; rm -f "$SRVLOG"
console "S ZTRUST"; like "$(cat "$SRVLOG")" "CWWKB0122I" "PRIVILEGED(YES) too"; down ZTRUST BBGZANGL
[ "$(id -u)" -ne 0 ] || chown -R 50021 "$SALLYPORT_ROOT/servers/SRV01"

# Identifiers: one job name twice.
started_profile 'ZPROC.ZPROC' LIBSERV; refresh_started
console "S ZPROC.ONE,PARMS='ZCEESRV1'"; is "$STATUS" 0 "S with an identifier"
console "S ZPROC.TWO,PARMS='ZCEESRV2'"; is "$STATUS" 0 "the job name again under another"
console "S ZPROC.TWO,PARMS='ZCEESRV2'"; is "$STATUS" 8 "but not the identifier"
console "D A,L"; like "$OUT" "ZPROC .* ZPROC .* ID ONE" "D shows it"
console "F ZPROC.TWO,STATUS"; like "$OUT" "server ZCEESRV2 is active" "F jobname.identifier"
console "F one,STATUS"; like "$OUT" "server ZCEESRV1 is active" "F identifier"
console "F ZPROC,STATUS"; like "$OUT" "IEE341I ZPROC NOT ACTIVE" "the job name alone names neither"
console "F ZPROC.THREE,STATUS"; is "$STATUS" 8 "an unknown identifier"
console "F ZPROC.,STATUS"; like "$OUT" "IEE307I" "an empty one"
# Asterisks in MODIFY, and several tasks at once.
for all in 'ZPROC.*' 'ZPR*.*' 'Z*.*'; do
    console "F $all,STATUS"; is "$STATUS" 0 "F $all"
    like "$OUT" "^STC[0-9]{5} CWWKB0004I: server ZCEESRV1 is active" "reaches the first, and says whose the line is"
    like "$OUT" "^STC[0-9]{5} CWWKB0004I: server ZCEESRV2 is active" "and the second"
done
for one in '*.ONE' 'ON*' 'ZPROC.ON*' 'zproc.o*'; do
    console "F $one,STATUS"; is "$STATUS" 0 "F $one"
    is "$(grep -c CWWKB0002I <<<"$OUT")" 1 "is for one task"
    like "$OUT" "^CWWKB0004I: server ZCEESRV1 is active" "the right one"
done
for bad in '*.*' '*' 'Z*PROC.ONE' '.ONE' '*ONE' 'ZPROC.ONE.X'; do console "F $bad,STATUS"; is "$STATUS" 8 "F $bad"; like "$OUT" "IEE307I" "is none"; done
console "F NONE*.*,STATUS"; is "$STATUS" 8 "an asterisk that fits nothing"; like "$OUT" "IEE341I NONE\*\.\* NOT ACTIVE" "says so"
console "F ZPROC.*,NOSUCHCOMMAND"; is "$STATUS" 8 "all of them refuse"
is "$(grep -c 'CWWKB0006W' <<<"$OUT")" 2 "each in its own words"
console "P ZPROC.*"; is "$STATUS" 8 "asterisks are not for P"; like "$OUT" "IEE307I STOP" "says so"
console "P ONE,A=0042"; is "$STATUS" 8 "nor is there an address space number"; like "$OUT" "IEE309I STOP" "says so"
console "C Z*"; is "$STATUS" 8 "nor for C"
# Authority: MVS.MODIFY.STC.member.identifier
racf "RDEFINE OPERCMDS MVS.MODIFY.STC.ZPROC.ONE UACC(NONE)"; racf "RDEFINE OPERCMDS MVS.STOP.STC.ZPROC.* UACC(NONE)"
racf "PERMIT MVS.MODIFY.STC.ZPROC.ONE CLASS(OPERCMDS) RESET"; racf "PERMIT MVS.STOP.STC.ZPROC.* CLASS(OPERCMDS) RESET"
racf "SETROPTS RACLIST(OPERCMDS) REFRESH"
console "F ONE,STATUS"; like "$OUT" "IEE345I MODIFY AUTHORITY INVALID" "OPERCMDS decides by procedure and identifier"
console "F TWO,STATUS"; is "$STATUS" 0 "for this one only"
console "F ZPROC.*,STATUS"; is "$STATUS" 8 "one refusal among several"
like "$OUT" "^STC[0-9]{5} IEE345I MODIFY AUTHORITY INVALID" "is said of that one"
like "$OUT" "^STC[0-9]{5} CWWKB0004I: server ZCEESRV2 is active" "the other one is asked"; unlike "$OUT" ZCEESRV1 "and it alone"
console "P TWO"; like "$OUT" "IEE345I STOP AUTHORITY INVALID" "P too"
is "$STATUS" 8 "with its status"
racf "RDELETE OPERCMDS MVS.MODIFY.STC.ZPROC.ONE"; racf "RDELETE OPERCMDS MVS.STOP.STC.ZPROC.*"; racf "SETROPTS RACLIST(OPERCMDS) REFRESH"
console "P ZPROC.ONE"; is "$STATUS" 0 "P jobname.identifier"; like "$OUT" "CWWKB0001I: Stop command received for server ZCEESRV1" "says what it did"
unlike "$(sallyport status)" "ID ONE" "and returns when it is gone"
# One identifier twice: C does not choose, P stops both.
started_profile 'ZCEESRV1.ZCEESRV1' LIBSERV; refresh_started
console "S ZCEESRV1.TWO"; is "$STATUS" 0 "an identifier again, of another job name"
console "C TWO"; is "$STATUS" 8 "C of two"; like "$OUT" "IEE422I CANCEL REJECTED - DUPLICATE JOBNAME" "does not choose"
console "F TWO,STATUS"; is "$(grep -c 'is active' <<<"$OUT")" 2 "F asks both"
console "P TWO"; is "$STATUS" 0 "P stops both"
unlike "$(sallyport status)" "ZPROC|ZCEESRV" "both are gone"
console "P TWO"; is "$STATUS" 8 "P of nobody"
# Several names, each by itself; an error in the list stops nothing.
two() { console "S ZPROC.ONE,PARMS='ZCEESRV1'"; console "S ZPROC.TWO,PARMS='ZCEESRV2'"; }
two
for bad in 'ONE,' 'ONE,,TWO' ',ONE' 'ONE,T*' 'ONE,T!' 'ONE,ZPROC.TWO.X'; do console "P $bad"; is "$STATUS" 8 "P $bad"; like "$OUT" "IEE307I STOP" "is refused"; done
console "P ONE,TWO,A=0042"; is "$STATUS" 8 "P with an address space number"; like "$OUT" 'IEE309I STOP UNIDENTIFIABLE KEYWORD "A=0042"' "says which"
is "$(sallyport status | grep -c ' ID ')" 2 "and all are there still"
console "P one, ZPROC.TWO,TWO"; is "$STATUS" 0 "P of two, one of them named twice"
like "$OUT" "^STC[0-9]{5} CWWKB0001I: Stop command received for server ZCEESRV1" "the first is stopped"
is "$(grep -c 'CWWKB0001I: Stop command received for server ZCEESRV2' <<<"$OUT")" 1 "the second is, once"
unlike "$(sallyport status)" "ZPROC" "both are gone"
two
console "P NOBODY,TWO"; is "$STATUS" 8 "one of two that is not there"
like "$OUT" "IEE341I NOBODY NOT ACTIVE" "is named"; unlike "$(sallyport status)" "ID TWO" "the other one is stopped"
racf "RDEFINE OPERCMDS MVS.STOP.STC.ZPROC.TWO UACC(NONE)"; racf "PERMIT MVS.STOP.STC.ZPROC.TWO CLASS(OPERCMDS) RESET"; racf "SETROPTS RACLIST(OPERCMDS) REFRESH"
console "S ZPROC.TWO,PARMS='ZCEESRV2'"
console "P ONE,TWO"; is "$STATUS" 8 "authority is asked for each"; like "$OUT" "IEE345I STOP AUTHORITY INVALID" "one may not be stopped"
is "$(sallyport status | grep -o 'ID [A-Z]*')" "ID TWO" "the other one is"
racf "RDELETE OPERCMDS MVS.STOP.STC.ZPROC.TWO"; racf "SETROPTS RACLIST(OPERCMDS) REFRESH"; down TWO
console "P NOBODY,NONE"; is "$STATUS" 8 "P of nobody twice"; is "$(grep -c IEE341I <<<"$OUT")" 2 "names both"

# What operators see of messages: log and job log, or the log alone.
SYSLOG=$SALLYPORT_ROOT/log/syslogall.log XML=$SALLYPORT_ROOT/servers/ZCEESRV1/server.xml
cp "$XML" "$SCRATCH/zcee.xml"
sed -i 's#</server>#<zosLogging wtoMessage="CWWKG0018I, CWWKG0016I" hardCopyMessage="CWWKG0017I,CWWKB0121I, CWWKG0016I"/></server>#' "$XML"
console "S ZPROC.ONE,PARMS='ZCEESRV1'"; JOBLOG=$(ls -td "$SALLYPORT_ROOT"/spool/STC*/ | head -1)001.JESMSGLG
unlike "$(cat "$(log_of ZCEESRV1)")" "SPT0401W" "both attributes have an effect"
BEFORE=$(wc -l <"$SYSLOG")
sed -i 's#</server>#<!-- x --></server>#' "$XML"; console "F ONE,REFRESH,CONFIG"
sed -i 's#</server>#<httpDispatcher enableWelcomePage="false"/></server>#' "$XML"; console "F ONE,REFRESH,CONFIG"
SEEN=$(tail -n +$((BEFORE + 1)) "$SYSLOG") JOB=$(cat "$JOBLOG")
like "$SEEN" "CWWKG0018I: The server configuration was not updated" "wtoMessage: the operator's log"
like "$JOB" "CWWKG0018I: The server configuration was not updated" "and the job's"
like "$SEEN" "CWWKG0017I: The server configuration was successfully updated" "hardCopyMessage: the operator's log"
unlike "$JOB" "CWWKG0017I" "and not the job's"
is "$(grep -c CWWKG0016I <<<"$SEEN") $(grep -c CWWKG0016I <<<"$JOB")" "2 2" "what both name is written once"
unlike "$SEEN" "CWWKG0028A|CWWKB0005I.*CWWKG" "nothing else is"
down ONE; cp "$SCRATCH/zcee.xml" "$XML"; [ "$(id -u)" -ne 0 ] || chown 50001 "$XML"
racf "RDELETE STARTED ZCEESRV1.ZCEESRV1"; refresh_started

# The console and `server modify` are one interface: each command, in each case.
cp "$XML" "$SCRATCH/zcee.xml"; sed -i 's#<featureManager>#&<feature>zosconnect:zosConnectCommands-1.0</feature><feature>requestTiming-1.0</feature>#' "$XML"
echo command.port=0 >"$SALLYPORT_ROOT/servers/ZCEESRV1/bootstrap.properties"
[ "$(id -u)" -ne 0 ] || chown 50001 "$XML" "$SALLYPORT_ROOT/servers/ZCEESRV1/bootstrap.properties"
console "S ZPROC.ALL,PARMS='ZCEESRV1'"
masked() { sed 's/[0-9]/#/g'; }
for command in STATUS status,details "STATUS,TARGET='defaultHttpEndpoint'" PAUSE RESUME "PAUSE,TARGET='none'" "RESUME,TARGET='defaultHttpEndpoint'" REFRESH,CONFIG Refresh,Apps REFRESH,KEYSTORE REFRESH,KEYSTORE,ID=none REFRESH CACHE,CLEAR,AUTH CACHE,CLEAR "LOGGING='com.ibm.ws.Some*=fine'" "LOGGING='reset'" "LOGGING='" DISPLAY,WORK DISPLAY,INTERRUPTS DISPLAY,INTERRUPTS,AGE=5,DETAILS ZCON,REFRESH zcon,cleartokencache ZCON,CLEARSAFCACHE ZCON,HELP ZCON SVCDUMP TDUMP JAVACORE HEAPDUMP "JAVADUMP='thread'" DUMP DUMP=all HELP PAUSE,HELP "'STATUS'" '"STATUS"' DANCE; do
    console "F ALL,$command"
    is "$(masked <<<"$OUT")" "$(sallyport server modify ZCEESRV1 "$command" 2>&1 </dev/null | masked)" "F ALL,$command"
    case $OUT in *"COMPLETED SUCCESSFULLY."*) is "$STATUS" 0 "is done" ;; *) is "$STATUS" 8 "is refused" ;; esac
    is "$(tail -1 <<<"$OUT" | cut -d. -f1 | sed 's/ COMPLETED .*//')" "$(cut -d. -f1 <<<"CWWKB0002I: MODIFY COMMAND $command")" "and ends with what was typed"
done
runs "server stop, where there is a command port" 0 sallyport server stop ZCEESRV1
wait_for 30 bash -c '! sallyport status | grep -q "ID ALL"'; ok $? "the task has ended with it"
rm "$SALLYPORT_ROOT/servers/ZCEESRV1/bootstrap.properties"; cp "$SCRATCH/zcee.xml" "$XML"; [ "$(id -u)" -ne 0 ] || chown 50001 "$XML"

# Operands by position: IEFRDER's device and volume, and the program's own.
console "S ZPROC.POS,,,PARMS='ZCEESRV1',REGION=0M"; is "$STATUS" 0 "S member.identifier,,,keyword=value"
console "F POS,STATUS"; like "$OUT" "server ZCEESRV1 is active" "is started"; down POS
console "S ZPROC.POS,,,'FOR THE PROGRAM',PARMS='ZCEESRV1'"; is "$STATUS" 0 "the third is for the program"; down POS
for bad in "S ZPROC,3480,,PARMS='ZCEESRV1'" "S ZPROC,/0180,PARMS='ZCEESRV1'" "S ZPROC,,VOL001,PARMS='ZCEESRV1'" "S ZPROC,,,A,B,PARMS='ZCEESRV1'" "S ZPROC,PARMS='ZCEESRV1',,X" "S ZPROC.ID,JOBNAME=OTHER,PARMS='ZCEESRV1'"; do
    console "$bad"; is "$STATUS" 8 "refused: $bad"; like "$OUT" "IEE535I START INVALID PARAMETER" "says what is wrong"
done
# Operands that are none.
for bad in "S ZPROC,JOBNAME=TOOLONGNAME" "S ZPROC,JOBNAME=" "S ZPROC,OOPS" "S ZPROC.TOOLONGNAME" "S ZPROC,NOSUCH=1" "S .X"; do console "$bad"; is "$STATUS" 8 "refused: $bad"; done
unlike "$(sallyport status)" ZPROC "nothing was started"

# A task that ends before it is ready: its errors, each with what to do.
echo foo >"$SALLYPORT_ROOT/servers/ZCEESRV1/jvm.options"; [ "$(id -u)" -ne 0 ] || chown 50001 "$SALLYPORT_ROOT/servers/ZCEESRV1/jvm.options"
console "S ZPROC.BAD,PARMS='ZCEESRV1'"; is "$STATUS" 8 "S of a server that does not start"
like "$OUT" "^ZPROC ENDED BEFORE IT WAS READY - COND CODE 0032 ; see its job log STC[0-9]{5}$" "says so"
like "$OUT" "^SPT0462E: .*/ZCEESRV1/jvm\.options: line 1: \"foo\" is not an option" "and why"
is "$(tail -1 <<<"$OUT")" "  Correct the file; nothing was started." "and what to do"
rm "$SALLYPORT_ROOT/servers/ZCEESRV1/jvm.options"
cp "$XML" "$SCRATCH/zcee.xml"; sed -i 's#</server>#<zosconnect_cicsIpicConnection id="c"/><config onError="FAIL"/></server>#' "$XML"
console "S ZPROC.BAD,PARMS='ZCEESRV1'"; is "$STATUS" 8 "S of one whose configuration has an error"
grep -qx "  $(sallyport help CWWKG0058E | sed -n 's/^What to do: //p')" <<<"$OUT"; ok $? "has what to do below it"
is "$(grep -c '^CWWKG0058E: ' <<<"$OUT")" 1 "the message itself once, without the console's format"
cp "$SCRATCH/zcee.xml" "$XML"; [ "$(id -u)" -ne 0 ] || chown 50001 "$XML"
# What a job writes does not move the operator's cursor, nor does it flood him.
printf '#!/bin/sh\nprintf "x\\n[ERROR   ] CWWKE0018E: \\033[2Jy\\nCWWKE0036I: nothing\\n{ CWWKE0018E: z\\n" >&2\nfor i in $(seq 1000); do echo " CWWKE0044E: $i" >&2; done; exit 3\n' >"$SCRATCH/wild.sh"; chmod 755 "$SCRATCH/wild.sh"
printf '%s\n' "//ZWILD    PROC" "//X        EXEC PGM=BPXBATSL," "//  PARM='SH $SCRATCH/wild.sh'" "//STDOUT   DD SYSOUT=*" "//STDERR   DD SYSOUT=*" >"$PROCLIB/ZWILD"
started_profile 'ZWILD.*' LIBSERV; refresh_started
console "S ZWILD"; is "$STATUS" 8 "S of a program that fails"
like "$OUT" '^CWWKE0018E: \\x1b\[2Jy$' "control characters are shown as such"
is "$(grep -cE '^CWWK' <<<"$OUT")" 20 "twenty errors, and no other lines of it"
unlike "$OUT" "CWWKE0036I|CWWKE0018E: z" "what informs, and JSON, is left in the log"
console "S CICSREG"; is "$STATUS" 8 "S of a region that is not there"
like "$OUT" "^sallyport-region: error: .*regions/CICSREG: No such file or directory$" "what is no message is shown when nothing else says why"

# The umask of STDENV is the one a server begins with.
printf '%s\n' _BPX_BATCH_UMASK=0002 WLP_SKIP_UMASK=1 >"$SCRATCH/stdenv"; chmod 644 "$SCRATCH/stdenv"
sed "s#STDENV   DD DUMMY#STDENV   DD PATH='$SCRATCH/stdenv'#" "$PROCLIB/ZPROC" >"$PROCLIB/ZMASK"; started_profile 'ZMASK.*' LIBSERV; refresh_started
umask_of() { console "S ZMASK,PARMS='ZCEESRV1'"; [ $STATUS -eq 0 ] || note "$OUT"; sed -n 's/.*CWWKB0121I: .* set to \([0-9]*\)\.$/\1/p' "$(log_of ZCEESRV1)"; down ZMASK; }
is "$(umask_of)" 0002 "with WLP_SKIP_UMASK as it is"
sed -i /WLP_SKIP/d "$SCRATCH/stdenv"; is "$(umask_of)" 0007 "without it nothing for others"
echo _BPX_BATCH_UMASK=0022 >"$SCRATCH/stdenv"; is "$(umask_of)" 0027 "0022"
for bad in 0888 '' 00000 1777 rwx; do
    echo "_BPX_BATCH_UMASK=$bad" >"$SCRATCH/stdenv"; is "$(umask_of)" 0027 "one that is none: \"$bad\""
    like "$(cat "$SALLYPORT_ROOT"/spool/STC*/*.STDERR)" "BPXM047I _BPX_BATCH_UMASK=$bad is ignored; expected four octal digits" "is told"
done

# server start with WLP_ZOS_PROCEDURE: a started task.
ENV=$SALLYPORT_ROOT/servers/SRV01/server.env
set_env() { sed -i '/^WLP_ZOS/d' "$ENV"; printf '%s\n' "$@" >>"$ENV"; }
set_env "WLP_ZOS_PROCEDURE=ZPROC,JOBNAME=SRV01,PARMS='SRV01'"
started_profile ZPROC.SRV01 ZSRV1; refresh_started
runs "server start with all operands in one value" 0 sallyport server start SRV01
like "$OUT" "IEF695I START ZPROC WITH JOBNAME SRV01 IS ASSIGNED TO USER ZSRV1" "a started task"
like "$OUT" "^Server SRV01 started with process ID $(pid_of SRV01)\.$" "said as always"
PIDFILE=$SALLYPORT_ROOT/servers/.pid/SRV01.pid
is "$(cat "$PIDFILE")" "$(pid_of SRV01)" "with its pid file"
runs "again" 1 sallyport server start SRV01
console "F SRV01,STATUS"; is "$STATUS" 0 "it takes MODIFY"
down SRV01
[ ! -e "$PIDFILE" ]; ok $? "P takes the pid file away"
set_env WLP_ZOS_PROCEDURE=ZPROC WLP_ZOS_JOBNAME=SRV01
runs "server start with procedure and job name" 0 sallyport server start SRV01 --clean
console "D A,L"; like "$OUT" "SRV01 +STC[0-9]+ ZPROC +USER ZSRV1" "the same task"
down SRV01
for bad in "WLP_ZOS_PROCEDURE=MUCHTOOLONG:CWWKE0942E: The z/OS STC procedure MUCHTOOLONG failed" "WLP_ZOS_PROCEDURE=1ST:CWWKE0942E"; do
    set_env "${bad%%:*}"; runs "refused: ${bad%%:*}" 22 sallyport server start SRV01; like "$OUT" "${bad#*:}" "says why"
done
set_env WLP_ZOS_PROCEDURE=ZPROC WLP_ZOS_JOBNAME=A,B
runs "a job name with a comma" 22 sallyport server start SRV01
like "$OUT" "CWWKE0943E: The z/OS STC procedure ZPROC failed to start\. The A,B job name is not valid\." "is refused"
set_env "WLP_ZOS_PROCEDURE=ZPROC,JOBNAME=SRV01,$(printf 'A%.0s' $(seq 8))='$(printf 'x%.0s' $(seq 80))',PARMS='SRV01'"
runs "a START command that is too long" 22 sallyport server start SRV01
like "$OUT" "^CWWKE0107E: The z/OS STC procedure ZPROC could not be started\. The maximum length of the start command has been exceeded\.$" "is told"
set_env "WLP_ZOS_PROCEDURE=ZPROC,JOBNAME=SRV01,PARMS='ZCEESRV1'"
[ "$(id -u)" -ne 0 ] || chown -R 50021 "$SALLYPORT_ROOT/servers/ZCEESRV1"
runs "a procedure that runs another server" 22 sallyport server start SRV01
like "$OUT" "^CWWKE0105E: Starting server SRV01 using the z/OS STC procedure ZPROC might have failed" "is told"
down SRV01
set_env WLP_ZOS_PROCEDURE=NOPROC
runs "a procedure that is not there" 22 sallyport server start SRV01
like "$OUT" "IEF612I" "the console's words"
like "$OUT" "CWWKE0106E: The z/OS STC procedure NOPROC failed to start\. The start returned with MGCRE return code [1-9]" "and the command's"
set_env

# As a plain process: the issuer's identity, no MODIFY.
runs "server start" 0 sallyport server start SRV01
console "F SRV01,STATUS"; like "$OUT" "IEE341I SRV01 NOT ACTIVE" "no MODIFY interface"
runs "stop" 0 sallyport server stop SRV01

# The native launcher's procedure.
started_profile 'BBGZSRV.*' ZSRV1; refresh_started
[ "$(id -u)" -ne 0 ] || chown -R 50021 "$SALLYPORT_ROOT/servers/SRV01"
console "S BBGZSRV,PARMS='SRV01 --clean'"; is "$STATUS" 0 "S BBGZSRV"
console "F BBGZSRV,STATUS"; like "$OUT" "server SRV01 is active" "runs the server of its parameter"
down BBGZSRV
console "S BBGZSRV,PARMS='SRV01',USERDIR='$SCRATCH/none'"; is "$STATUS" 8 "a USERDIR that is not there"
runs "shutdown" 0 sallyport shutdown
done_testing
