# The three ways to start a server, and the four combinations of shared or own
# procedure and shared or own task id. Class STARTED decides the user; started
# tasks take MODIFY, a plain process does not.
. "$E2E_LIB"
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
runs "server stop has no command port" 6 sallyport server stop ZCEESRV1
like "$OUT" "CWWKE0944E" "and says so"
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
# Authority: MVS.MODIFY.STC.member.identifier
racf "RDEFINE OPERCMDS MVS.MODIFY.STC.ZPROC.ONE UACC(NONE)"; racf "RDEFINE OPERCMDS MVS.STOP.STC.ZPROC.* UACC(NONE)"
racf "PERMIT MVS.MODIFY.STC.ZPROC.ONE CLASS(OPERCMDS) RESET"; racf "PERMIT MVS.STOP.STC.ZPROC.* CLASS(OPERCMDS) RESET"
racf "SETROPTS RACLIST(OPERCMDS) REFRESH"
console "F ONE,STATUS"; like "$OUT" "IEE345I MODIFY AUTHORITY INVALID" "OPERCMDS decides by procedure and identifier"
console "F TWO,STATUS"; is "$STATUS" 0 "for this one only"
console "P TWO"; like "$OUT" "IEE345I STOP AUTHORITY INVALID" "P too"
racf "RDELETE OPERCMDS MVS.MODIFY.STC.ZPROC.ONE"; racf "RDELETE OPERCMDS MVS.STOP.STC.ZPROC.*"; racf "SETROPTS RACLIST(OPERCMDS) REFRESH"
down ONE TWO
unlike "$(sallyport status)" ZPROC "both are gone"

# Operands that are none.
for bad in "S ZPROC,JOBNAME=TOOLONGNAME" "S ZPROC,JOBNAME=" "S ZPROC,OOPS" "S ZPROC.TOOLONGNAME" "S ZPROC,NOSUCH=1" "S .X"; do console "$bad"; is "$STATUS" 8 "refused: $bad"; done
unlike "$(sallyport status)" ZPROC "nothing was started"

# server start with WLP_ZOS_PROCEDURE: a started task.
ENV=$SALLYPORT_ROOT/servers/SRV01/server.env
set_env() { sed -i '/^WLP_ZOS/d' "$ENV"; printf '%s\n' "$@" >>"$ENV"; }
set_env "WLP_ZOS_PROCEDURE=ZPROC,JOBNAME=SRV01,PARMS='SRV01'"
started_profile ZPROC.SRV01 ZSRV1; refresh_started
runs "server start with all operands in one value" 0 sallyport server start SRV01
like "$OUT" "IEF695I START ZPROC WITH JOBNAME SRV01 IS ASSIGNED TO USER ZSRV1" "a started task"
like "$OUT" "^Server SRV01 started with process ID $(pid_of SRV01)\.$" "said as always"
runs "again" 1 sallyport server start SRV01
console "F SRV01,STATUS"; is "$STATUS" 0 "it takes MODIFY"
down SRV01
set_env WLP_ZOS_PROCEDURE=ZPROC WLP_ZOS_JOBNAME=SRV01
runs "server start with procedure and job name" 0 sallyport server start SRV01 --clean
console "D A,L"; like "$OUT" "SRV01 +STC[0-9]+ ZPROC +USER ZSRV1" "the same task"
down SRV01
for bad in "WLP_ZOS_PROCEDURE=MUCHTOOLONG:CWWKE0942E: The z/OS STC procedure MUCHTOOLONG failed" "WLP_ZOS_PROCEDURE=1ST:CWWKE0942E"; do
    set_env "${bad%%:*}"; runs "refused: ${bad%%:*}" 22 sallyport server start SRV01; like "$OUT" "${bad#*:}" "says why"
done
set_env WLP_ZOS_PROCEDURE=ZPROC WLP_ZOS_JOBNAME=A,B
runs "a job name with a comma" 22 sallyport server start SRV01
like "$OUT" "CWWKE0943E: .*A,B" "is refused"
set_env WLP_ZOS_PROCEDURE=NOPROC
runs "a procedure that is not there" 22 sallyport server start SRV01
like "$OUT" "IEF612I" "the console's words"
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
