# What a job of an ordinary user cannot do to the system and to others.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
[ "$(id -u)" -eq 0 ] || skip_all "only root's images isolate users from each other"
mkdir -p "$SALLYPORT_ROOT/etc"
echo 'uidrange=50000-61000' >"$SALLYPORT_ROOT/etc/image.conf"
runs "a range that holds the angel's uids" 16 sallyport ipl
like "$(cat "$SALLYPORT_ROOT/log/master.log")" "uidrange=50000-61000; expected first-last, both above 0 and without 60000-60005" "is refused"
rm "$SALLYPORT_ROOT/etc/image.conf"
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
runs "users" 0 sallyport submit --fail-above 0 "$SAMPLES/jcl/RACFUSER.jcl"

# as_fred SHELL-COMMAND: in a job of FRED's.
as_fred() {
    printf '//FREDJOB JOB USER=FRED,PASSWORD=FRED\n//S EXEC PGM=BPXBATSL,PARM='"'SH'"'\n//STDIN DD DATA,DLM=ZZ\n%s\nZZ\n' "PATH=$PATH; $1" >"$SCRATCH/fred.jcl"
    OUT=$(sallyport submit "$SCRATCH/fred.jcl" 2>&1)
}
as_fred "sallyport console SHUTDOWN; sallyport console 'C FREDJOB'; sallyport console 'S SOMETASK'"
like "$OUT" "IEE345I SHUTDOWN AUTHORITY INVALID" "SHUTDOWN is for operators"
like "$OUT" "IEE345I CANCEL AUTHORITY INVALID" "so is C"
like "$OUT" "IEE345I START AUTHORITY INVALID" "so is S"
as_fred "sallyport console 'D A,L'"
like "$OUT" "FREDJOB +JOB.*USER FRED" "looking is not"
# OPERCMDS decides, whoever asks: each command's own resource. FRED may where
# its profile lets him, and the operator (SPECIAL) may not where it does not.
racf() { sallyport racf "$@" >/dev/null 2>&1; }
racf "SETROPTS CLASSACT(OPERCMDS) GENERIC(OPERCMDS) RACLIST(OPERCMDS)"
while read -r resource level verb command; do
    racf "RDEFINE OPERCMDS $resource UACC(NONE)"; racf "PERMIT $resource CLASS(OPERCMDS) RESET"
    racf "SETROPTS RACLIST(OPERCMDS) REFRESH"
    console "$command"; is "$STATUS" 8 "$verb: the operator is not in the list"
    like "$OUT" "IEE345I $verb AUTHORITY INVALID" "$verb: and hears it"
    racf "PERMIT $resource CLASS(OPERCMDS) ID(FRED) ACCESS($level)"; racf "SETROPTS RACLIST(OPERCMDS) REFRESH"
    as_fred "sallyport console '$command'"
    unlike "$OUT" "AUTHORITY INVALID" "$verb: FRED may with $level"
    if [ "$level" != READ ]; then
        racf "PERMIT $resource CLASS(OPERCMDS) ID(FRED) ACCESS(READ)"; racf "SETROPTS RACLIST(OPERCMDS) REFRESH"
        as_fred "sallyport console '$command'"
        like "$OUT" "IEE345I $verb AUTHORITY INVALID" "$verb: and not with READ"
    fi
    racf "RDELETE OPERCMDS $resource"
done <<'T'
MVS.START.STC.NOTASK UPDATE START S NOTASK
MVS.STOP.STC.NOTASK UPDATE STOP P NOTASK
MVS.MODIFY.STC.NOTASK UPDATE MODIFY F NOTASK,STATUS
MVS.CANCEL.STC.NOTASK UPDATE CANCEL C NOTASK
MVS.DISPLAY.JOB READ DISPLAY D A,L
MVS.DISPLAY.TCPIP READ DISPLAY D TCPIP,,NETSTAT,HOME
MVS.VARY.TCPIP.OBEYFILE CONTROL VARY V TCPIP,,OBEYFILE,NOBODY.NOFILE
T
racf "SETROPTS RACLIST(OPERCMDS) REFRESH"
as_fred 'grep -E "^(NoNewPrivs|Groups|Uid|CapEff)" /proc/self/status; ulimit -Hc; ls /proc/self/fd | tr "\n" " "'
like "$OUT" "NoNewPrivs:.*1" "set-user-ID programs give nothing"
like "$OUT" "CapEff:.*0000000000000000" "no capabilities"
like "$OUT" "^0$" "no core files"
as_fred "cat $SALLYPORT_ROOT/saf/* $SALLYPORT_ROOT/spool/*/* $SALLYPORT_ROOT/log/* $SALLYPORT_ROOT/angel/jobs"
unlike "$OUT" "SPJT|SQLite|ICH408I|RACFUSER" "others' spool, keys, logs and the database stay closed"

mkdir "$SALLYPORT_ROOT/datasets/FRED.PROCS"
ln -s /etc/shadow "$SALLYPORT_ROOT/datasets/FRED.PROCS/LINK"
mkfifo "$SALLYPORT_ROOT/datasets/FRED.PROCS/PIPE"
echo '//P PROC REALLYSECRET' >"$SALLYPORT_ROOT/datasets/FRED.PROCS/PRIVATE"
chmod 600 "$SALLYPORT_ROOT/datasets/FRED.PROCS/PRIVATE"
for member in LINK PIPE PRIVATE; do
    printf '//J JOB\n// JCLLIB ORDER=FRED.PROCS\n//S EXEC %s\n' $member >"$SCRATCH/$member.jcl"
    as_fred "timeout 20 sallyport submit $SCRATCH/$member.jcl"
    like "$OUT" "JCL ERROR" "procedure $member is not read with the master's rights"
    unlike "$OUT" 'root:|REALLYSECRET' "nothing of $member is shown"
done

runs "a user with the superusers' uid" 0 sallyport racf "ADDUSER TAKER PASSWORD(TAKER) OMVS(UID(50000))"
runs "its password" 0 sallyport racf "ALTUSER TAKER PASSWORD(TAKER) NOEXPIRED"
printf '//J JOB USER=TAKER,PASSWORD=TAKER\n//S EXEC PGM=IEFBR14\n' >"$SCRATCH/taker.jcl"
runs "cannot run jobs" 8 sallyport submit "$SCRATCH/taker.jcl"
like "$OUT" "without its first" "and hears why"
runs "a group whose number is given" 0 sallyport racf "ADDGROUP AUTOGRP OMVS(AUTOGID)"
runs "a user, too" 0 sallyport racf "ADDUSER AUTO PASSWORD(AUTO) DFLTGRP(AUTOGRP) OMVS(AUTOUID)"
runs "and the password" 0 sallyport racf "ALTUSER AUTO PASSWORD(AUTO) NOEXPIRED"
printf '//J JOB USER=AUTO,PASSWORD=AUTO\n//S EXEC PGM=BPXBATSL,PARM='"'SH id -u; id -g'"'\n' >"$SCRATCH/auto.jcl"
runs "gets one that may run jobs" 0 sallyport submit "$SCRATCH/auto.jcl"
like "$OUT" "^5[0-9]{4}$" "under that number"
done_testing
