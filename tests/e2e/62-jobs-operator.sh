# Started tasks and operator commands; kill -9 of master and initiator.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
sallyport submit -q "$SAMPLES/jcl/RACFUSER.jcl" "$SAMPLES/jcl/RACFRES.jcl" >/dev/null 2>&1
for member in BAQSTRT BBGZANGL BBGZSRV CICSREG; do [ -s "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/$member" ]; ok $? "the first IPL brings procedure $member"; done
like "$(cat "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/BBGZSRV")" "USERDIR='$SALLYPORT_ROOT'" "with this system's folder"
rm "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/BAQSTRT"

runs "S without a procedure" 8 sallyport console 'S NOSUCH'
like "$OUT" "IEF612I PROCEDURE NOT FOUND" "says so"
printf '//SLEEPER PROC\n//S EXEC PGM=BPXBATSL,PARM='"'PGM /bin/sleep 1000'"'\n' >"$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/SLEEPER"
runs "S without a STARTED profile" 8 sallyport console 'S SLEEPER'
unlike "$(sallyport status)" "SLEEPER" "nothing was started"

for bad in "X='unbalanced" "X=it's" "X='a'b" "X='''" "JOBNAME='A" ",,'A,X=1"; do
    runs "S with $bad" 8 sallyport console "S BBGZANGL,$bad"
    like "$OUT" "IEE535I START INVALID PARAMETER: .*; expected a closing apostrophe at its end" "says so"
done
unlike "$(sallyport status)" "BBGZANGL" "nothing was started"

runs "S BBGZANGL" 0 sallyport console 'S BBGZANGL'
like "$OUT" "IEF403I BBGZANGL - STARTED" "reply"
like "$OUT" "ASSIGNED TO USER LIBANGEL" "user from class STARTED"
runs "D A,L" 0 sallyport console 'D A,L'
like "$OUT" "BBGZANGL STC[0-9]{5} BBGZANGL USER LIBANGEL" "shows it"
runs "S of an active one" 8 sallyport console 'S BBGZANGL'
like "$OUT" "ALREADY ACTIVE" "is refused"
runs "F without text" 8 sallyport console 'F BBGZANGL'
runs "F of nobody" 8 sallyport console 'F NOSUCH,X'
like "$OUT" "IEE341I NOSUCH NOT ACTIVE" "reply"
runs "unknown command" 8 sallyport console 'FOO BAR'
like "$OUT" "IEE305I FOO COMMAND INVALID" "reply"
runs "P BBGZANGL" 0 sallyport console 'P BBGZANGL'
unlike "$(sallyport status)" "BBGZANGL" "it is gone"
runs "P of nobody" 8 sallyport console 'P BBGZANGL'
runs "an angel" 0 sallyport console 'S BBGZANGL'
runs "F with words the angel does not know" 8 sallyport console 'F BBGZANGL,NONSENSE'
like "$OUT" "SPT0474E COMMAND NONSENSE IS NOT KNOWN TO THE ANGEL" "reply"
runs "F with words it knows" 0 sallyport console 'F BBGZANGL,DISPLAY,ANGELS'
runs "D of something unknown" 8 sallyport console 'D FOO'
runs "C of nobody" 8 sallyport console 'C NOSUCH'
runs "P BBGZANGL" 0 sallyport console 'P BBGZANGL'

printf '//LONG JOB\n//S EXEC PGM=BPXBATCH,PARM='"'SH sleep 1000'"'\n' >"$SCRATCH/long.jcl"
runs "no-wait" 0 sallyport submit --no-wait "$SCRATCH/long.jcl"
runs "C LONG" 0 sallyport console 'C LONG'
gone() { ! sallyport status | grep -q LONG; }
wait_for 10 gone; ok $? "the job is cancelled"
like "$(cat "$SALLYPORT_ROOT"/spool/JOB*/001.JESMSGLG)" "ABEND=S222" "S222"

runs "another long job" 0 sallyport submit --no-wait "$SCRATCH/long.jcl"
last=$(ls "$SALLYPORT_ROOT/spool" | grep JOB | tail -1)
master() { for p in /proc/[0-9]*; do [ "$(readlink "$p/exe")" = "$BIN/sallyport-master" ] && tr '\0' '\n' <"$p/environ" | grep -qx "SALLYPORT_ROOT=$SALLYPORT_ROOT" && echo "${p#/proc/}"; done 2>/dev/null; }
initiator=$(sed -n 's/^pid=//p' "$SALLYPORT_ROOT/spool/$last/job")
kill -9 $(master | head -1)
ended() { ! kill -0 "$initiator" 2>/dev/null; }
wait_for 10 ended; ok $? "an address space does not outlive the master"
up() { sallyport ipl; }
wait_for 20 up; ok $? "ipl after kill -9"
[ ! -e "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/BAQSTRT" ]; ok $? "a later IPL leaves the procedures alone"
like "$(cat "$SALLYPORT_ROOT/spool/$last/job")" "^end=broken" "the job is known to have ended"
runs "jobs run again" 0 sallyport submit "$SAMPLES/jcl/IEFBR14.jcl"
next=$(ls "$SALLYPORT_ROOT/spool" | grep JOB | tail -1)
like "$next" "^JOB" "a job id"
[ "$next" \> "$last" ]; ok $? "job numbers go on"

runs "one more" 0 sallyport submit --no-wait "$SCRATCH/long.jcl"
last=$(ls "$SALLYPORT_ROOT/spool" | grep JOB | tail -1)
kill -9 "$(sed -n 's/^pid=//p' "$SALLYPORT_ROOT/spool/$last/job")"
wait_for 10 gone; ok $? "kill -9 of an initiator ends its job"
like "$(cat "$SALLYPORT_ROOT/spool/$last/001.JESMSGLG")" "IEF451I LONG - ENDED BY SYSTEM FAILURE" "and says so"
# Cgroups: one for each address space, none of them left.
CGROUPS=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)/sallyport/$(printf '%x-%x' "$(stat -c %d "$SALLYPORT_ROOT")" "$(stat -c %i "$SALLYPORT_ROOT")")
if [ "$(id -u)" -eq 0 ] && [ -d "${CGROUPS%/*}" ]; then
    console 'S SLEEPER'; is "$STATUS" 8 "a start that is refused"
    printf '//FORKS JOB\n//S EXEC PGM=BPXBATCH,PARM='"'SH setsid sleep 1000 & setsid sleep 1000 & true'"'\n' >"$SCRATCH/forks.jcl"
    for _ in 1 2 3; do sallyport submit -q "$SCRATCH/forks.jcl" >/dev/null 2>&1; done
    only_angel() { [ "$(find "$CGROUPS" -mindepth 1 -type d | wc -l)" -eq "$(sallyport status | grep -cE '(JOB|STC)[0-9]{5}')" ]; }
    wait_for 10 only_angel; ok $? "what ended, was killed or refused has no cgroup any more"; note "$(find "$CGROUPS" -type d)"
fi
runs "shutdown" 0 sallyport shutdown
[ ! -e "$CGROUPS" ]; ok $? "nor has the image"
runs "no system: the console" 16 sallyport console 'D A,L'
runs "a usage error" 2 sallyport console --nosuch
runs "no system" 16 sallyport submit "$SAMPLES/jcl/IEFBR14.jcl"
like "$OUT" "sallyport ipl" "says what to do"
done_testing
