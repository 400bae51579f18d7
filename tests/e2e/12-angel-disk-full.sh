# The disk is full while the database commits (here: a file size limit): the
# command is refused with a clear message, the old state stays, the others go
# on, and a start with room again works.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
start() { background "$@"; wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock" && wait_for 10 sallyport-racf LISTUSER; }
start sallyport-angel
runs "before: a user" 0 sallyport-racf "ADDUSER BEFORE DATA('kept')"
kill "$PID"
while kill -0 "$PID" 2>/dev/null; do sleep 0.02; done
ulimit -S -f 1024
start sallyport-angel
data=$(head -c 250 /dev/zero | tr '\0' x)
refused=
for i in $(seq 1 60); do
    {
        for n in $(seq 1 25); do echo "ADDUSER U$i$(printf %03d "$n") DATA('$data')"; done
    } | sallyport-racf --file - >"$SCRATCH/out" 2>&1
    if [ $? -eq 12 ]; then refused=1; break; fi
done
is "$refused" 1 "at last a command ends with 12"
like "$(cat "$SCRATCH/out")" "not carried out: .*Nothing was changed" "and says why"
runs "what was there is still there" 0 sallyport-racf "LISTUSER BEFORE"
like "$OUT" "INSTALLATION-DATA=KEPT|INSTALLATION-DATA=kept" "unchanged"
runs "a refused user is not there" 4 sallyport-racf "LISTUSER U99999"
kill "$PID"
while kill -0 "$PID" 2>/dev/null; do sleep 0.02; done
ulimit -S -f unlimited
start sallyport-angel
runs "room again: the same command works" 0 sallyport-racf "ADDUSER AFTER"
done_testing
