# kill -9 of a worker, the committer and the supervisor during a loop of
# updates: answers come at once, nothing is half done, nothing is lost.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "$(dirname "$E2E_LIB")/region.sh"
TEST_PROGRAMS=TCOUNT
region_files
"$SAMPLES/cobol/build.sh" "$REGION_LIB" "$SAMPLES/cobol/CSCVINC.cbl" "$SALLYPORT_SOURCE/tests/e2e/region/TCOUNT.cbl" >/dev/null 2>&1
# The counters: AMOUNT of 000100 and 000102, changed together by each task.
sed -i 's/^000100,.*/000100,A,B,1,D,00000000/; s/^000102,.*/000102,A,B,1,D,00000000/' "$REGION_DIR/filea.csv"
region_start; ok $? "the region takes work"
amount() { region_call "data=S        Y$1" | sed -n 's/.*1       D       \([0-9]\{8\}\).*/\1/p'; }
is "$(amount 000100)" 00000000 "the counters begin at 0"

# One loop of updates: the number of tasks that were answered with OK.
loop() { "$CALL" "$REGION_DIR/ipic.sock" program=TCOUNT sessions=4 each=1 n=${N:-150} quiet=1 >"$SCRATCH/loop" 2>&1; }
check() { # NAME OK-BEFORE
    local one two done_ok
    done_ok=$(sed -n 's/^ok \([0-9]*\) .*/\1/p' "$SCRATCH/loop")
    one=$((10#$(amount 000100))) two=$((10#$(amount 000102)))
    is "$one" "$two" "$1: both records changed, or neither"
    [ -z "$done_ok" ] || { [ "$one" -ge $((LAST + done_ok)) ]; ok $? "$1: what was answered with OK lasts ($one >= $LAST + $done_ok)"; }
    LAST=$one
}
LAST=0
loop; check "nobody killed"
like "$(cat "$SCRATCH/loop")" '^ok 600 other 0' "all were answered"

loop & pid=$!
for _ in 1 2 3; do sleep 0.1; for w in $(region_children sallyport-regio); do kill -9 "$w"; break; done; done
wait $pid; check "workers killed"
like "$(cat "$SCRATCH/loop")" '^ok [0-9]+ other [0-9]+ late 0' "every request was answered"

N=1500 loop & pid=$!
while kill -0 $pid 2>/dev/null; do sleep 0.15; for c in $(region_children committer); do kill -9 "$c"; done; done
wait $pid; check "committer killed again and again"
like "$(cat "$SCRATCH/loop")" '^ok [0-9]+ other [0-9]+ late 0' "every request was answered"
like "$(cat "$REGION_LOG")" DFHFC0157 "the log tells of it"

N=1500 loop & pid=$!
sleep 0.2; kill -9 "$REGION_PID"
wait $pid; is $? 3 "supervisor killed: the client hears at once that the link is gone"
region_start; ok $? "the region starts again over the stale socket"
check "supervisor killed"
loop; check "after it all"
like "$(cat "$SCRATCH/loop")" '^ok 600 other 0' "all were answered"
done_testing
