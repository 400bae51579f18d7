# Jobs: conditions, codes in full, output, abends, refusals and exit statuses.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
like "$OUT" "is up" "ipl says so"
runs "a second ipl" 16 sallyport ipl

runs "IEFBR14" 0 sallyport submit "$SAMPLES/jcl/IEFBR14.jcl"
like "$OUT" "IEF142I DONOTHNG STEP1 - STEP WAS EXECUTED - COND CODE 0000" "step message"
like "$OUT" "IEF404I DONOTHNG - ENDED" "end message"

cat >"$SCRATCH/steps.jcl" <<'JCL'
//STEPS    JOB
//S1       EXEC PGM=BPXBATCH,PARM='SH echo hello $X; exit 3'
//STDOUT   DD SYSOUT=*
//STDENV   DD *
X=world
/*
//S2       EXEC PGM=BPXBATSL,PARM='PGM /bin/sh -c false'
//S3       EXEC PGM=IEFBR14,COND=(700,LT,S1)
//S4       EXEC PGM=IEFBR14,COND=(700,GT,S1)
JCL
runs "shell steps" 0 sallyport submit "$SCRATCH/steps.jcl"
like "$OUT" "^hello world" "STDENV and STDOUT"
like "$OUT" "S1 - STEP WAS EXECUTED - COND CODE 0768" "exit status times 256"
like "$OUT" "S2 - STEP WAS EXECUTED - COND CODE 0001" "BPXBATSL gives the status"
like "$OUT" "IEF202I STEPS S3" "COND bypasses"
like "$OUT" "S4 - STEP WAS EXECUTED" "COND runs"
runs "--fail-above" 4 sallyport submit --fail-above 767 "$SCRATCH/steps.jcl"
runs "--fail-above, not reached" 0 sallyport submit --fail-above 768 "$SCRATCH/steps.jcl"

printf '//J JOB\n//S EXEC PGM=NOSUCH\n//T EXEC PGM=IEFBR14\n//U EXEC PGM=IEFBR14,COND=EVEN\n' >"$SCRATCH/abend.jcl"
runs "a missing program abends" 12 sallyport submit "$SCRATCH/abend.jcl"
like "$OUT" "IEF450I J S - ABEND=S806" "S806"
like "$OUT" "IEF206I J T" "the next step is not run"
like "$OUT" "IEF142I J U" "COND=EVEN is"

printf '//J JOB\n//S EXEC PGM=IEFBR14\n//D DD DISP=SHR,DSN=NO.SUCH.DATA\n' >"$SCRATCH/dsn.jcl"
runs "a missing data set" 8 sallyport submit "$SCRATCH/dsn.jcl"
like "$OUT" "IEF212I J S - DATA SET NOT FOUND: NO.SUCH.DATA" "names it"

printf '//J JOB\n//S EXEC PGM=IEFBR14,PRM=X\n' >"$SCRATCH/bad.jcl"
runs "a JCL error" 8 sallyport submit "$SCRATCH/bad.jcl"
like "$OUT" "line 2, column 22: IEFC630I UNIDENTIFIED KEYWORD PRM; expected" "line, column and what was expected"
runs "no such file" 8 sallyport submit "$SCRATCH/none.jcl"
printf '//J JOB TYPRUN=SCAN\n//S EXEC PGM=NOSUCH\n' >"$SCRATCH/scan.jcl"
runs "TYPRUN=SCAN runs nothing" 0 sallyport submit "$SCRATCH/scan.jcl"

printf '//J JOB USER=FRED\n//S EXEC PGM=IEFBR14\n' >"$SCRATCH/other.jcl"
runs "a job of somebody unknown" 8 sallyport submit "$SCRATCH/other.jcl"
like "$OUT" "SECURITY FAILURE" "is refused"

runs "the first deck" 0 sallyport submit --fail-above 0 "$SAMPLES/jcl/RACFUSER.jcl"
like "$OUT" "ICH01024I User LIBSERV is defined as PROTECTED" "the command's own reply"
unlike "$OUT" "PASSWORD\(USER1\)" "no password in the output"
unlike "$(cat "$SALLYPORT_ROOT"/spool/*/002.JESJCL)" "NOSUCHPASS" "spool"
printf '//J JOB USER=FRED,PASSWORD=FRED\n//S EXEC PGM=BPXBATCH,PARM='"'SH id -u'"'\n' >"$SCRATCH/fred.jcl"
runs "a job with its password" 0 sallyport submit "$SCRATCH/fred.jcl"
[ "$(id -u)" -ne 0 ] || like "$OUT" "^50013$" "runs under the OMVS UID"
unlike "$(cat "$SALLYPORT_ROOT"/spool/*/002.JESJCL)" "PASSWORD=FRED" "JESJCL hides the password"
sed -i 's/PASSWORD=FRED/PASSWORD=WRONG/' "$SCRATCH/fred.jcl"
runs "a wrong password" 8 sallyport submit "$SCRATCH/fred.jcl"
like "$OUT" "IRR013I" "says why"

# Secrets: neither in-stream data nor any spelling of a password is shown.
cat >"$SCRATCH/secret.jcl" <<'JCL'
//SECRET   JOB USER=FRED,PASSWORD=(FRED,
//             HIDDEN0)
//S1 EXEC PGM=IKJEFT01,PARM='ALTUSER FRED PASSWORD(HIDDEN1)'
//SYSTSPRT DD SYSOUT=*
//SYSTSIN  DD *
 ALTUSER FRED PA(HIDDEN2)
 ALTUSER FRED PASSWORD (HIDDEN3)
 ALTUSER FRED PHRASE('HIDDEN4)HIDDEN4')
 ALTUSER FRED PASS(HIDDEN5
/*
//D        DD DATA,DLM=ZZ
//E        EXEC HIDDEN6
ZZ
//CEEOPTS  DD *
 ENVAR("BAQPASSWORD=HIDDEN7")
//S2       EXEC PGM=IEFBR14
JCL
sallyport submit --all "$SCRATCH/secret.jcl" >"$SCRATCH/secret.out" 2>&1
unlike "$(cat "$SCRATCH/secret.out" "$SALLYPORT_ROOT"/spool/*/* "$SALLYPORT_ROOT"/log/*)" "HIDDEN" "no secret in output, spool or log"
like "$(cat "$SCRATCH/secret.out")" "ICH70001I FRED LAST ACCESS AT" "the job's log tells the last access"
sed -i 's/,PASSWORD=.*/,PASSWORD=HIDDEN0/; 2d' "$SCRATCH/secret.jcl"
runs "PASSWORD=(old,new): the new one is in effect" 0 sallyport submit --all "$SCRATCH/secret.jcl"
unlike "$(cat "$SALLYPORT_ROOT"/spool/*/* "$SALLYPORT_ROOT"/log/*)" "HIDDEN" "no secret in output, spool or log"
like "$OUT" "ALTUSER FRED PHRASE\(\*\)" "the command is echoed without its value"
like "$OUT" "15 //S2" "JESJCL lists the statements"

printf '//J JOB TIME=(0,1)\n//S EXEC PGM=BPXBATSL,PARM='"'PGM /bin/sh -c while:;do:;done'"'\n' >"$SCRATCH/loop.jcl"
printf '//J JOB TIME=(0,1)\n//S EXEC PGM=BPXBATSL,\n// PARM='"'SH while :; do :; done'"'\n' >"$SCRATCH/loop.jcl"
runs "a loop past its time" 12 sallyport submit "$SCRATCH/loop.jcl"
like "$OUT" "ABEND=S322" "S322"
# Class DATASET: what a profile protects, and what PROTECTALL does.
mkdir -p "$SALLYPORT_ROOT/datasets"
echo one >"$SALLYPORT_ROOT/datasets/PAY.DATA"; echo two >"$SALLYPORT_ROOT/datasets/FREE.DATA"
chmod 666 "$SALLYPORT_ROOT"/datasets/{PAY,FREE}.DATA
as_fred() { # NAME STATUS DISP DSN [DSN]; GROUP of the JOB card in $GROUP
    printf '//F JOB USER=FRED,PASSWORD=HIDDEN0%s\n//S EXEC PGM=IEFBR14\n//D DD DISP=%s,DSN=%s\n' "${GROUP:+,GROUP=$GROUP}" "$3" "$4" >"$SCRATCH/ds.jcl"
    [ $# -lt 5 ] || printf '//  DD DISP=SHR,DSN=%s\n' "$5" >>"$SCRATCH/ds.jcl"
    runs "$1" "$2" sallyport submit "$SCRATCH/ds.jcl"
}
as_fred "no profile: the file's rights decide" 0 OLD PAY.DATA
sallyport racf "ADDGROUP PAY" >/dev/null
sallyport racf "ADDSD 'PAY.DATA' UACC(NONE)" >/dev/null
as_fred "a profile without access" 12 SHR PAY.DATA
like "$OUT" "ICH408I USER\(FRED" "ICH408I in the job's log"
like "$OUT" "ABEND=S913" "S913"
like "$OUT" "no READ access to PAY.DATA \(DD D, class DATASET, profile PAY.DATA\)" "says what is missing"
as_fred "behind another one" 12 SHR FREE.DATA PAY.DATA
sallyport racf "PERMIT 'PAY.DATA' ID(FRED) ACCESS(READ)" >/dev/null
as_fred "READ opens to read" 0 SHR PAY.DATA
as_fred "a concatenation, too" 0 SHR FREE.DATA PAY.DATA
as_fred "not to write" 12 OLD PAY.DATA
sallyport racf "ADDSD 'PAY.NEW' UACC(UPDATE)" >/dev/null
as_fred "to create takes ALTER" 12 NEW PAY.NEW
[ ! -e "$SALLYPORT_ROOT/datasets/PAY.NEW" ]; ok $? "nothing was created"
sallyport racf "SETROPTS PROTECTALL(FAILURES)" >/dev/null
as_fred "PROTECTALL: no profile, no access" 12 SHR FREE.DATA
like "$OUT" "class DATASET, PROTECTALL" "says why"
sallyport racf "SETROPTS PROTECTALL(WARNING)" >/dev/null
as_fred "PROTECTALL(WARNING) lets pass" 0 SHR FREE.DATA
sallyport racf "SETROPTS NOPROTECTALL" >/dev/null

# GROUP=: the group the user is in for this job; one he is connected to.
DFLT=$(sallyport racf "LISTUSER FRED" | sed -n 's/.*DEFAULT-GROUP=\([A-Z0-9]*\).*/\1/p')
as_fred "without GROUP" 12 OLD PAY.DATA
like "$OUT" "ICH408I USER\(FRED *\) GROUP\($DFLT *\)" "the default group"
GROUP=PAY as_fred "a group he is not connected to" 8 SHR FREE.DATA
unlike "$OUT" "ENDED|ABEND" "nothing runs"
GROUP=NOSUCH as_fred "no such group" 8 SHR FREE.DATA
sallyport racf "CONNECT FRED GROUP(PAY)" >/dev/null
GROUP=PAY as_fred "connected" 12 OLD PAY.DATA
like "$OUT" "ICH408I USER\(FRED *\) GROUP\(PAY *\)" "the job is in that group"
GROUP=PAY as_fred "and may do what FRED may" 0 SHR PAY.DATA
sallyport racf "CONNECT FRED GROUP(PAY) REVOKE" >/dev/null
GROUP=PAY as_fred "a revoked connection" 8 SHR FREE.DATA
GROUP=TOOLONGNAME as_fred "no name of a group" 8 SHR FREE.DATA

done_testing
