# Sourced behind lib.sh by the region's scripts: a region TESTREG in the
# scratch image, SEC=NO, with the sample program and the test programs.
CALL=$SALLYPORT_BUILD/tests/e2e/iscall
REGION_DIR=$SALLYPORT_ROOT/regions/TESTREG
REGION_LIB=$SALLYPORT_ROOT/datasets/TESTREG.LOADLIB
REGION_LOG=$REGION_DIR/logs/messages.log
TEST_PROGRAMS="TABEND TLOOP TSLEEP TSHORT TSTOP TMISS TSEGV TCOUNT TBACK TECHO TCOND TXCTL TRAISE TCOMM"

region_files() { # [extra SIT lines...]
    mkdir -p "$REGION_DIR" "$REGION_LIB"
    { echo "SEC=NO,"; echo "ICVR=1000,"; echo "MXT=3,"; printf '%s\n' "$@"; } >"$REGION_DIR/sit"
    cp "$SAMPLES"/region/*.csd "$REGION_DIR/"
    for name in $TEST_PROGRAMS; do echo "DEFINE PROGRAM($name) GROUP(TEST)"; done >"$REGION_DIR/test.csd"
    cp "$SAMPLES/filea.csv" "$REGION_DIR/filea.csv"
}
region_programs() {
    "$SAMPLES/cobol/build.sh" "$REGION_LIB" "$SAMPLES/cobol/CSCVINC.cbl" \
        "$SALLYPORT_SOURCE"/tests/e2e/region/*.cbl >"$SCRATCH/cobc.log" 2>&1 || { note "$(cat "$SCRATCH/cobc.log")"; return 1; }
}
region_start() {
    background "$BIN/sallyport-region" --applid TESTREG --foreground >>"$SCRATCH/region.out" 2>&1
    REGION_PID=$PID
    wait_for 20 "$CALL" "$REGION_DIR/ipic.sock" n=0
}
region_call() { "$CALL" "$REGION_DIR/ipic.sock" "$@" | grep -v '^ACK'; }
# Process ids of the region's children by name (workers, committer).
region_children() { for p in $(cat "/proc/$REGION_PID/task/$REGION_PID/children"); do [ "$(cat "/proc/$p/comm")" = "$1" ] && echo "$p"; done; }
