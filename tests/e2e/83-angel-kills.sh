# kill -9 of each of the angel's processes, one after the other, while clients
# log on with certificates: no request fails, the longest one waits a bounded
# time. angel_kills.py does it all; it ends no process but by a descriptor.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_install; ok $? "the exercise's image"
# Each request is to ask the angel.
sed -i 's|</server>|  <authentication cacheEnabled="false"/>\n</server>|' "$SERVER_DIR/server.xml"; image_own
image_start; ok $? "angel, region and server"
python3 "$(dirname "$E2E_LIB")/angel_kills.py" "$(processes sallyport-master)" "$HTTPS" "$SCRATCH" >"$SCRATCH/kills.out" 2>"$SCRATCH/kills.err"
ended_with=$?
while IFS=$'\t' read -r verdict text; do
    case $verdict in
    ok) pass "$text" ;;
    "not ok") fail "$text" ;;
    *) note "$text" ;;
    esac
done <"$SCRATCH/kills.out"
is "$ended_with" 0 "everything was tried"
[ $ended_with -eq 0 ] || note "$(cat "$SCRATCH/kills.err")"
done_testing
