# The unit that `server systemd` prints: systemd accepts it, it is hardened,
# its identity is the server's, and the server tells systemd when it is ready.
E2E_TMP=/tmp # systemd wants no working folder below /dev
. "$E2E_LIB"
sallyport server create s >/dev/null
DIR=$SALLYPORT_ROOT/servers/s
PORT=$(free_port)
cat >"$DIR/server.xml" <<END
<server><featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager><httpEndpoint id="defaultHttpEndpoint" httpPort="$PORT" httpsPort="-1"/></server>
END
runs "of no server" 2 sallyport server systemd none
runs "with an option of another action" 20 sallyport server systemd s --force
[ "$(id -u)" -ne 0 ] || chown -R 50021:50022 "$DIR"
runs "the unit" 0 sallyport server systemd s
UNIT=$SCRATCH/sallyport-s.service
printf '%s\n' "$OUT" >"$UNIT"
value() { sed -n "s/^$1=//p" "$UNIT"; }
is "$(value User):$(value Group)" "$(stat -c %u:%g "$DIR")" "the folder's owner and group"
like "$(grep '^# identity' "$UNIT")" "owner of the server's folder" "and it says so"
is "$(value CapabilityBoundingSet)" "" "no capability"
for setting in NoNewPrivileges=yes ProtectSystem=strict PrivateDevices=yes MemoryDenyWriteExecute=yes LimitCORE=0 UMask=0027 RestrictNamespaces=yes Type=notify; do
    grep -qx "$setting" "$UNIT"; ok $? "$setting"
done
like "$(cat "$UNIT")" "^ReadWritePaths=\"$DIR\"$" "it may write its own folder"
like "$(value ExecStart)" '^".*/sallyport-server" run s$' "what it runs"
runs "with ports below 1024" 0 sallyport server systemd s --low-ports --clean
like "$OUT" "^AmbientCapabilities=CAP_NET_BIND_SERVICE$" "one capability"
like "$OUT" "run s --clean$" "and options go on"
# Without systemd here: each line is a section, a comment or KEY=value.
is "$(grep -Evc '^(\[[A-Z][a-z]+\]|#.*|[A-Z][A-Za-z]+=.*|)$' "$UNIT")" 0 "syntax"
if command -v systemd-analyze >/dev/null && systemd-analyze --version >/dev/null 2>&1; then
    OUT=$(systemd-analyze verify "$UNIT" 2>&1 | grep -F "$(basename "$UNIT")" | grep -v 'man sallyport')
    is "$OUT" "" "systemd-analyze verify has nothing to say"
else
    pass "systemd-analyze verify # SKIP it is not there"
fi
mkdir -p "$SCRATCH/odd %n \"x"
OUT=$(WLP_USER_DIR="$SCRATCH/odd %n \"x" bash -c 'sallyport server create t >/dev/null && sallyport server systemd t')
like "$OUT" "^Environment=\"WLP_USER_DIR=$SCRATCH/odd %%n \\\\\"x\"$" "odd characters are quoted"

# What systemd would do: run it and wait for READY=1.
[ "$(id -u)" -ne 0 ] || chown -R 0:0 "$DIR"
python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(60)
print("bound", flush=True); print(s.recv(100).decode(), flush=True)' "$SCRATCH/notify" >"$SCRATCH/notified" &
WAITER=$!; _pids+=("$WAITER")
wait_for 10 grep -q bound "$SCRATCH/notified"
runs "ipl" 0 sallyport ipl
at_exit "sallyport shutdown >/dev/null 2>&1"
background env NOTIFY_SOCKET="$SCRATCH/notify" "$BIN/sallyport-server" run s >"$SCRATCH/run.log" 2>&1
SERVER=$PID
wait "$WAITER"
like "$(cat "$SCRATCH/notified")" "^READY=1$" "the server tells when it is ready"
like "$(cat "$DIR/logs/messages.log")" CWWKF0011I "and it is"
runs "the unit of a running server" 0 sallyport server systemd s
like "$OUT" "^# identity of the running server" "has its process's identity"
kill -TERM "$SERVER"; wait "$SERVER"
is $? 0 "SIGTERM, as systemd sends it, ends it in order"
done_testing
