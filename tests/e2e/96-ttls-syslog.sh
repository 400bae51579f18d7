# What the machine's syslog daemon gets: each message of a connection with the
# facility of its group (SyslogFacility) and its priority, the agent's log with
# SYSLOGD. The daemon is a socket of this script's own /dev/log.
if [ "$(id -u)" -eq 0 ] && [ -z "${E2E_MOUNTS:-}" ] && unshare -m true 2>/dev/null; then exec env E2E_MOUNTS=1 unshare -m bash "$0" "$@"; fi
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
if [ -n "${E2E_MOUNTS:-}" ] && [ -z "${E2E_DEV:-}" ]; then
    export E2E_DEV=1
    mount -t tmpfs none /mnt && cp -a /dev/{null,zero,full,random,urandom,tty,fd,stdin,stdout,stderr} /mnt/ && mkdir /mnt/shm /mnt/pts &&
        mount --rbind /dev/shm /mnt/shm && mount --rbind /dev/pts /mnt/pts && mount --rbind /mnt /dev || { echo "1..0 # SKIP no /dev of its own here"; exit 0; }
fi
. "${E2E_LIB%/*}/ttls.sh"
[ -n "${E2E_MOUNTS:-}" ] || { pass "no mount namespace can be made here"; done_testing; }
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
group_of() { printf 'TTLSGroupAction %s\n{\n  TTLSEnabled On\n  Trace 255\n' "$1"; [ -z "${2:-}" ] || printf '  TTLSGroupAdvancedParms\n  {\n    SyslogFacility %s\n  }\n' "$2"; echo '}'; }
pair() { # NAME PORT: a rule that works and one whose ring is missing
    { rule "good-$1" Outbound "$2" Client USER1/Liberty.KeyRing; rule "bad-$1" Outbound "$(($2 + 1))" Client USER1/NOSUCH.RING; } | sed "s/ActionRef g$/ActionRef $1/"
}
{
    group_of dflt; group_of daemon Daemon; group_of auth AUTH
    pair dflt 8443; pair daemon 8445; pair auth 8447
} >"$policy"
cat >daemon.py <<'PY'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log"); os.chmod("/dev/log", 0o666)
out = open(sys.argv[1], "ab", 0)
while True:
    out.write(s.recv(65536).replace(b"\n", b"<NL>") + b"\n")
PY
daemon_start() { background python3 daemon.py "$SCRATCH/daemon.log"; DAEMON=$PID; wait_for 10 test -S /dev/log; }
daemon_start; ok $? "a syslog daemon"
runs "a policy with SyslogFacility" 0 sallyport pagent --check "$policy"
unlike "$OUT" 'SyslogFacility' "has no warning"
ttls_start
for port in 8443 8445 8447; do line_server $port LIBSERV.pem; done
# lines ID RULE: priorities and program of that message, for connections of a rule.
heard() { tail -n +$((HEARD + 1)) daemon.log; }
hear() { HEARD=$(wc -l <daemon.log); mark; }
asks() { timeout 20 bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo hello >&3; head -1 <&3" 2>&1; }
priorities() { heard | grep -E " TCPIP1\[[0-9]+\]: $1 " | sed 's/^<\([0-9]*\)>.*/\1/' | sort -u | tr '\n' ' '; }
messages() { heard | grep -o 'EZD128[0-9]I' | sort -u | tr '\n' ' '; }
# facility NAME PORT NUMBER
facility() {
    hear; like "$(asks "$2")" MARKER "$1: served"
    wait_for 10 eval '[ "$(messages)" = "EZD1281I EZD1282I EZD1283I EZD1284I EZD1285I " ]'
    is "$(messages)" "EZD1281I EZD1282I EZD1283I EZD1284I EZD1285I " "$1: what a connection says"
    is "$(priorities EZD1281I)" "$(($3 * 8 + 6)) " "$1: EZD1281I is info"
    for id in EZD1282I EZD1283I EZD1284I EZD1285I; do is "$(priorities $id)" "$(($3 * 8 + 7)) " "$1: $id is debug"; done
    hear; unlike "$(asks $(($2 + 1)))" MARKER "$1: refused"
    wait_for 10 eval '[ -n "$(priorities EZD1286I)" ]'
    is "$(priorities EZD1286I)" "$(($3 * 8 + 3)) " "$1: EZD1286I is an error"
    is "$(heard | grep -o 'EZD1287I')" "" "$1: EZD1287I is the console's alone"
    wait_for 10 said EZD1287I; ok $? "$1: which has it"
    is "$(heard | grep -o 'EZD128[1-6]I .*' | sort)" "$(since | grep -o 'EZD128[1-6]I .*' | sort)" "$1: the image's own log has the same lines"
}
facility "no SyslogFacility" 8443 3
facility "SyslogFacility Daemon" 8445 3
facility "SyslogFacility Auth" 8447 4
like "$(heard)" '^<35>[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} TCPIP1\[[0-9]+\]: EZD1286I TTLS Error ' "a line as daemons read them"

# --- the agent with SYSLOGD ------------------------------------------------------
agent() { grep -E " PAGENT\[[0-9]+\]: " daemon.log; }
like "$(agent)" '^<29>.* PAGENT\[[0-9]+\]: main: EZZ8431I PAGENT STARTING' "the agent: events are notices of daemon"
like "$(agent)" "^<30>.* PAGENT\[[0-9]+\]: main: Using log level" "INFO is info"
printf 'TTLSRule x\n{\n  Direction Sideways\n}\n' >"$policy"
console 'F PAGENT,REFRESH'
wait_for 10 eval 'agent | grep -q Sideways'
like "$(agent)" "^<27>.*: .*tlsPol:3: Direction: " "OBJERR is an error"

# --- one that does not read ---------------------------------------------------------
kill -STOP "$DAEMON"
hear
for i in 1 2 3; do like "$(asks 8447)" MARKER "a daemon that has stopped: served ($i)"; done
wait_for 10 said 'EZD1281I .*RULE: good-auth '; ok $? "the image's log has its lines"
kill -CONT "$DAEMON"

# --- without one, and with another ------------------------------------------------
kill "$DAEMON"; wait "$DAEMON" 2>/dev/null; rm /dev/log
hear; like "$(asks 8447)" MARKER "no daemon: served"
wait_for 10 said 'EZD1281I .*RULE: good-auth '; ok $? "the image's log has its lines"
daemon_start; hear; like "$(asks 8447)" MARKER "another daemon"
wait_for 10 eval '[ -n "$(priorities EZD1281I)" ]'; is "$(priorities EZD1281I)" "38 " "gets the next lines"
done_testing
