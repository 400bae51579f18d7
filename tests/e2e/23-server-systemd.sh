# The unit that `server systemd` prints: systemd accepts it, it is hardened,
# its identity is the server's, and the server tells systemd when it is ready.
E2E_TMP=/tmp # systemd wants no working folder below /dev
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
sallyport server create s >/dev/null
DIR=$SALLYPORT_ROOT/servers/s
PORT=$(free_port)
cat >"$DIR/server.xml" <<END
<server><featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager><httpEndpoint id="defaultHttpEndpoint" httpPort="$PORT" httpsPort="-1"/></server>
END
runs "of no server" 2 sallyport server systemd none
runs "with an option of another action" 20 sallyport server systemd s --force
if [ "$(id -u)" -eq 0 ]; then
    runs "root's folder, and no system to ask" 23 sallyport server systemd s
    like "$OUT" "^SPT0460E: No unit for server s: $DIR belongs to root, and the system cannot be asked who START would run it as: .+" "nothing runs as root"
    unlike "$OUT" "^User=" "without a unit"
    chown -R 50021:50022 "$DIR"
fi
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
OUT=$(WLP_USER_DIR="$SCRATCH/odd %n \"x" bash -c 'sallyport server create t >/dev/null && { [ "$(id -u)" -ne 0 ] || chown -R 50021 "$WLP_USER_DIR"; } && sallyport server systemd t')
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
if [ "$(id -u)" -eq 0 ]; then
    racf() { sallyport racf "$1" >"$SCRATCH/racf.out" 2>&1 </dev/null || { fail "$1"; note "$(cat "$SCRATCH/racf.out")"; }; }
    identity() { echo "$(sed -n 's/^User=//p' <<<"$OUT"):$(sed -n 's/^Group=//p' <<<"$OUT")"; }
    runs "root's folder, and nobody is STARTED's" 23 sallyport server systemd s
    like "$OUT" "^SPT0460E: No unit for server s: no profile of class STARTED and no owner of $DIR says who it is" "is refused"
    racf "ADDGROUP ZGRP OMVS(GID(50040))"
    racf "ADDGROUP ZGRP2 OMVS(GID(50041))"
    racf "ADDUSER ZSRV DFLTGRP(ZGRP)"
    racf "ADDUSER ZROOT DFLTGRP(ZGRP) OMVS(UID(0))"
    racf "SETROPTS CLASSACT(STARTED) GENERIC(STARTED)"
    racf "RDEFINE STARTED BAQSTRT.* STDATA(USER(ZSRV))"
    racf "SETROPTS RACLIST(STARTED)"
    runs "its user has no UID" 23 sallyport server systemd s
    like "$OUT" "^SPT0460E: .* user ZSRV has no OMVS UID of its own" "is refused, too"
    racf "ALTUSER ZSRV OMVS(UID(50030))"
    runs "class STARTED" 0 sallyport server systemd s
    is "$(identity)" "50030:50040" "user and default group, as START would run it"
    like "$OUT" "^# identity of class STARTED for BAQSTRT.BAQSTRT: ZSRV$" "and says so"
    like "$OUT" "^SPT0461W: Server s: its folder belongs to uid 0, the unit runs it as 50030" "the folder is another's"
    racf "CONNECT ZSRV GROUP(ZGRP2)"
    racf "RDEFINE STARTED ZPROC.JOB1 STDATA(USER(ZSRV) GROUP(ZGRP2))"
    echo "WLP_ZOS_PROCEDURE=ZPROC,JOBNAME=JOB1" >>"$DIR/server.env"
    runs "of the procedure in server.env" 0 sallyport server systemd s
    is "$(identity)" "50030:50041" "with its group"
    sed -i /WLP_ZOS/d "$DIR/server.env"
    chown -R 50030 "$DIR"
    runs "its owner's own" 0 sallyport server systemd s
    is "$(identity)" "50030:50040" "is the same user"
    unlike "$OUT" "SPT046" "and nothing to warn of"
    echo "LOG_DIR=$SCRATCH/elsewhere" >>"$DIR/server.env"
    runs "logs elsewhere" 0 sallyport server systemd s
    like "$OUT" "^ReadWritePaths=\"$SCRATCH/elsewhere\"$" "may be written"
    unlike "$OUT" "^Environment=\"LOG_DIR" "server.env says it itself"
    unlike "$OUT" "^ReadWritePaths=.*dumps" "dumps are below its folder"
    echo "SERVER_WORKING_DIR=$SCRATCH/dumps" >>"$DIR/server.env"
    runs "dumps elsewhere" 0 sallyport server systemd s
    like "$OUT" "^ReadWritePaths=\"-$SCRATCH/dumps\"$" "may be written, where the folder is"
    sed -i /SERVER_WORKING/d "$DIR/server.env"
    sed -i /LOG_DIR/d "$DIR/server.env"
    chown -R 0:0 "$DIR"
fi
background env NOTIFY_SOCKET="$SCRATCH/notify" "$BIN/sallyport-server" run s >"$SCRATCH/run.log" 2>&1
SERVER=$PID
wait "$WAITER"
like "$(cat "$SCRATCH/notified")" "^READY=1$" "the server tells when it is ready"
like "$(cat "$DIR/logs/messages.log")" CWWKF0011I "and it is"
runs "the unit of a running server" 0 sallyport server systemd s
like "$OUT" "^# identity of the running server" "has its process's identity"
[ "$(id -u)" -ne 0 ] || like "$OUT" "^SPT0461W: Server s: the running server is root's" "root's is warned of"
kill -TERM "$SERVER"; wait "$SERVER"
is $? 0 "SIGTERM, as systemd sends it, ends it in order"
done_testing
