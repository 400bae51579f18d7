# A request never waits behind another partner's program while a worker is idle:
# partners know only of their own requests, and choose the same worker.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "$(dirname "$E2E_LIB")/region.sh"
TEST_PROGRAMS="TSLEEP TCOUNT"
region_files
sed 's/USING 2/USING 9/' "$SALLYPORT_SOURCE/tests/e2e/region/TSLEEP.cbl" >"$SCRATCH/TSLEEP.cbl"
"$SAMPLES/cobol/build.sh" "$REGION_LIB" "$SAMPLES/cobol/CSCVINC.cbl" "$SCRATCH/TSLEEP.cbl" >"$SCRATCH/cobc.log" 2>&1; ok $? "programs"
region_start; ok $? "the region takes work"
ms() { echo $(($(date +%s%N) / 1000000)); }
sleeper() { region_call program=TSLEEP timeout=30000 >"$SCRATCH/sleeper.$1" 2>&1 & }
record() { region_call "data=S        Y000100"; }

# Each partner's first session is the same worker's.
sleeper 1; SLEEPER=$!
sleep 0.5
for who in second third; do
    began=$(ms); OUT=$(record); took=$(($(ms) - began))
    like "$OUT" '000100' "the $who partner is answered"
    [ $took -lt 3000 ]; ok $? "while the first one's program runs ($took ms)"
done
# All on one session of one more partner, which may be lent and come back.
began=$(ms); OUT=$("$CALL" "$REGION_DIR/ipic.sock" n=200 quiet=1 "data=S        Y000100" 2>&1); took=$(($(ms) - began))
like "$OUT" '^ok 200 other 0' "many requests of one partner"
[ $took -lt 5000 ]; ok $? "without waiting ($took ms)"
kill -0 $SLEEPER; ok $? "the first one's program still runs"
wait $SLEEPER; like "$(cat "$SCRATCH/sleeper.1")" WOKE "and is answered"

# A partner that dies leaves its program running.
"$CALL" "$REGION_DIR/ipic.sock" program=TSLEEP timeout=30000 >/dev/null 2>&1 & SLEEPER=$!
sleep 0.5; kill -9 $SLEEPER; wait $SLEEPER 2>/dev/null
began=$(ms); OUT=$(record); took=$(($(ms) - began))
like "$OUT" '000100' "after a partner's death the next one is answered"; [ $took -lt 3000 ]; ok $? "at once ($took ms)"

# Where nobody is idle, requests wait, and none is lost.
sleeper 2; A=$!; sleep 0.3; sleeper 3; B=$!; sleep 0.3; sleeper 4; C=$!
sleep 1; began=$(ms)
OUT=$(region_call timeout=30000 "data=S        Y000100"); took=$(($(ms) - began))
like "$OUT" '000100' "all three workers at work: the next request waits for one"; [ $took -gt 1000 ]; ok $? "of them ($took ms)"
wait $A $B $C
is "$(cat "$SCRATCH"/sleeper.[234] | grep -c WOKE)" 3 "each is answered"

# A worker that dies with a session lent: its own worker has it again.
sleeper 5; A=$!; sleep 0.5
"$CALL" "$REGION_DIR/ipic.sock" each=1 sessions=3 n=5000 quiet=1 "data=S        Y000100" >"$SCRATCH/loop" 2>&1 & B=$!
for _ in 1 2 3 4; do sleep 0.3; for w in $(region_children sallyport-regio); do kill -9 "$w"; break; done; done
wait $B; like "$(cat "$SCRATCH/loop")" '^ok [0-9]+ other [0-9]+ late 0' "workers killed meanwhile: every request is answered ($(cat "$SCRATCH/loop"))"
wait $A
done_testing
