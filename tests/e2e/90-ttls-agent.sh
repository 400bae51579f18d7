# The policy agent: S PAGENT, its messages in order, REFRESH, UPDATE, QUERY,
# errors that keep what is installed, OBEYFILE, PURGE, several stacks.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
"$SAMPLES/install" >"$SCRATCH/install.log" 2>&1; ok $? "samples"
for deck in RACFUSER RACFRES; do sallyport submit -q "$CNTL/$deck" >"$SCRATCH/$deck" 2>&1 </dev/null || note "$(tail -20 "$SCRATCH/$deck")"; done
log=$SALLYPORT_ROOT/log/syslogall.log
policy=$SALLYPORT_ROOT/etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol
tcpip=$SALLYPORT_ROOT/tcpip
mark() { MARK=$(wc -l <"$log"); }
since() { tail -n +$((MARK + 1)) "$log"; }
said() { since | grep -Eq -- "$1"; }
# in_order NAME REGEX...: lines that match, one after the other.
in_order() {
    local name=$1 text at=0 n re; shift
    text=$(since)
    for re; do
        n=$(tail -n +$((at + 1)) <<<"$text" | grep -nE -m1 -- "$re" | cut -d: -f1)
        [ -n "$n" ] || { fail "$name"; note "not found after line $at: $re"; note "$(tail -40 <<<"$text")"; return; }
        at=$((at + n))
    done
    pass "$name"
}

# --- start ---------------------------------------------------------------
mark
runs "S PAGENT" 0 sallyport console 'S PAGENT'
like "$OUT" "ASSIGNED TO USER PAGENT" "under user PAGENT"
wait_for 10 said "main: EZZ8432I"; ok $? "initialization complete"
in_order "start lines" "main: EZZ8431I PAGENT STARTING" "main: Compiled on " "main: Use environment PAGENT_CONFIG_FILE = '/etc/pagent.conf'" \
    "main: List all environment variables:" "main: EXPORT 'PAGENT_CONFIG_FILE=/etc/pagent.conf'" "main: using code page '" "main: Using log level 511" \
    "_profile: Processing Image TTLS config file: '/etc/cfgasst/v2r3/WG31/" "Processing: 'TTLSRule  *zCEEClientRule~1'" "Processing: 'TTLSGroupAction  *gAct1~zCEEClient'" \
    "Processing: 'TTLSEnvironmentAction  *eAct1~zCEEClient'" "Processing: 'TTLSConnectionAction  *cAct1~zCEEClient'" \
    "Processing: 'TTLSConnectionAdvancedParms  *cAdv1~zCEEClient'" "Processing: 'TTLSKeyringParms  *keyR~WG31'" "Processing: 'IpAddrSet  *addr1'" \
    "Processing: 'PortRange  *portR1'" "Processing: 'PortRange  *portR2'" "_profile: Finished processing Image TTLS config file" \
    "Processing TTLS Group action 'gAct1~zCEEClient'" "Processing TTLS Connection action 'cAct1~zCEEClient'" "Processing TTLS Environment action 'eAct1~zCEEClient'" \
    "Processing TTLS rule 'zCEEClientRule~1'"
in_order "messages" "EZZ8431I PAGENT STARTING" "EZZ8432I PAGENT INITIALIZATION COMPLETE" "EZD1579I PAGENT POLICIES ARE NOT ENABLED FOR TCPIP1 : TTLS" "EZZ8771I PAGENT CONFIG POLICY PROCESSING COMPLETE FOR TCPIP1 : QOS" \
    "EZZ8771I PAGENT CONFIG POLICY PROCESSING COMPLETE FOR TCPIP1 : TTLS" "EZD1586I PAGENT HAS INSTALLED ALL LOCAL POLICIES FOR TCPIP1" "Finished main config file update"
runs "S PAGENT again" 8 sallyport console 'S PAGENT'
like "$OUT" "ALREADY ACTIVE" "is refused"

# --- V TCPIP -------------------------------------------------------------
runs "D TCPIP" 0 sallyport console 'D TCPIP'
like "$OUT" "EZAOP50I TCPIP STATUS REPORT" "report"
like "$OUT" "1 +TCPIP1 +CS V2R3 +ACTIVE" "the stack is active"
runs "OBEYFILE TTLS" 0 sallyport console 'V TCPIP,,OBEY,SYS1.TCPPARMS(TTLS)'
is "$(grep -E '^EZ' <<<"$OUT")" "EZZ0060I PROCESSING COMMAND: VARY TCPIP,,OBEY,SYS1.TCPPARMS(TTLS)
EZZ0300I OPENED OBEYFILE FILE 'SYS1.TCPPARMS(TTLS)'
EZZ0309I PROFILE PROCESSING BEGINNING FOR 'SYS1.TCPPARMS(TTLS)'
EZZ0316I PROFILE PROCESSING COMPLETE FOR FILE 'SYS1.TCPPARMS(TTLS)'
EZZ0053I COMMAND VARY OBEY COMPLETED SUCCESSFULLY" "the five replies"
is "$(cat "$tcpip/TCPIP1/tcpconfig")" TTLS "the switch is on"
runs "other spelling, named stack" 0 sallyport console "V TCPIP,TCPIP1,O,DSN='SYS1.TCPPARMS(NOTTLS)'"
is "$(cat "$tcpip/TCPIP1/tcpconfig")" NOTTLS "and off"
printf 'TCPCONFIG TTLS FOO\n' >"$SALLYPORT_ROOT/datasets/SYS1.TCPPARMS/BAD"
runs "a profile with an error" 8 sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(BAD)'
like "$OUT" "EZZ0318I .*LINE 1.*\"FOO\"" "says where"
like "$OUT" "EZZ0059I" "fails"
is "$(cat "$tcpip/TCPIP1/tcpconfig")" NOTTLS "nothing was applied"
runs "a missing member" 8 sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(NONE)'
runs "outside of data sets" 8 sallyport console 'V TCPIP,,OBEYFILE,/etc/passwd'
unlike "$OUT" "root:" "shows nothing"
runs "another stack" 8 sallyport console 'V TCPIP,TCPIPX,OBEYFILE,SYS1.TCPPARMS(TTLS)'
runs "another verb" 8 sallyport console 'V TCPIP,,PURGECACHE,X'
runs "V of something else" 8 sallyport console 'V 1234,ONLINE'

# --- F PAGENT ------------------------------------------------------------
runs "QUERY" 0 sallyport console 'F PAGENT,QUERY'
like "$OUT" "EZZ8443I PAGENT MODIFY COMMAND ACCEPTED" "accepted"
like "$OUT" "LOGLEVEL=511" "log level"
like "$OUT" "IMAGE=TCPIP1 TTLS RULES=1" "rules"
runs "LOGLEVEL" 0 sallyport console 'F PAGENT,LOGLEVEL,LEVEL=127'
runs "QUERY shows it" 0 sallyport console 'F PAGENT,QUERY'
like "$OUT" "LOGLEVEL=127" "127"
for bad in 'LOGLEVEL,LEVEL=512' 'LOGLEVEL,127' 'LOGLEVEL,LEVEL=-1' 'LOGLEVEL,LEVEL=1x' 'TRACE,LEVEL=256' 'DEBUG,LEVEL=256' 'NONSENSE' 'REFRESH,X' 'UPDATE,X' 'QUERY,X' 'MEMTRC,X' 'SRVLSTN,X' \
    'MON' 'MON,' 'MON,SHOW' 'MON,START' 'MON,STOP,' 'MON,START,FTPD' 'MON,DISPLAY,X' 'MON,START,ALL,P=TCPIP1' 'MON,STOP,DMD,P=TCPIP1' 'MON,STOP,TRMD,TCPIP1' 'MON,STOP,TRMD,P=' 'MON,STOP,TRMD,P=LONGERTHAN8' 'MON,STOP,TRMD,P=TCPIP1,X'; do
    console "F PAGENT,$bad"; is "$STATUS" 8 "F PAGENT,$bad"; like "$OUT" "EZZ8444I" "is not accepted"
done
for good in 'LOGLEVEL' 'LOGLEVEL,LEVEL=' 'TRACE,LEVEL=' 'DEBUG' 'TRACE,LEVEL=7' 'DEBUG,LEVEL=2' 'DEBUG,LEVEL=0' 'MEMTRC'; do
    console "F PAGENT,$good"; is "$STATUS" 0 "F PAGENT,$good"; like "$OUT" "EZZ8443I PAGENT MODIFY COMMAND ACCEPTED" "is accepted"
done
runs "QUERY shows levels" 0 sallyport console 'F PAGENT,QUERY'
like "$OUT" "LOGLEVEL=127 TRACE=7 DEBUG=0" "as they are now: no number leaves one as it was"
for verb in DISPLAY START RESTART STOP; do
    for name in ALL DMD IKED NSSD SYSLOGD TRMD TRMD,P=TCPIP1; do
        console "F PAGENT,MON,$verb,$name"; is "$STATUS" 0 "F PAGENT,MON,$verb,$name"
        is "$(grep -cE "EZZ8443I|SPT0650I ${name%,*}: monitoring is not configured" <<<"$OUT")" 2 "is answered: not configured"
    done
done
runs "MON,DISPLAY alone" 0 sallyport console 'F PAGENT,MON,DISPLAY'
like "$OUT" "SPT0650I ALL: monitoring is not configured" "is of all"
runs "SRVLSTN" 0 sallyport console 'F PAGENT,SRVLSTN'
is "$(grep -cE 'EZZ8443I|SPT0651I SRVLSTN is ignored' <<<"$OUT")" 2 "is ignored, with a message"

# --- errors keep what is installed ---------------------------------------
shown() { sallyport pasearch -t 2>&1; }
cp "$policy" "$SCRATCH/good"
sed -i 's/Priority  .*/Priority 0/; s/9443/99999/; s/^  Port  *[0-9]*$/  Port 99999/' "$policy"
mark
runs "REFRESH with errors" 0 sallyport console 'F PAGENT,REFRESH'
wait_for 5 said "EZZ8438I PAGENT POLICY DEFINITIONS CONTAIN ERRORS FOR TCPIP1 : TTLS"; ok $? "EZZ8438I"
like "$(since)" "/etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol:[0-9]+: Priority: found \"0\"" "the log has file and line"
like "$(since)" "tlsPol:[0-9]+: Port: " "of both errors"
unlike "$(since)" "EZD1586I" "nothing is installed"
like "$(shown)" "zCEEClientRule~1" "the policy before stays"
like "$(shown)" "Priority: +255" "as it was"
runs "--check" 1 sallyport pagent --check "$policy"
like "$OUT" "tlsPol:[0-9]+: error: Priority" "names them, too"
runs "--check of the main file" 1 sallyport pagent --check "$SALLYPORT_ROOT/etc/pagent.conf"
like "$OUT" "/etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol:[0-9]+: error: Priority" "leads to the policy"
# What is accepted, but not without a word.
printf '\xef\xbb\xbf# a byte order mark\n' | cat - "$SCRATCH/good" >"$SCRATCH/marked"
runs "--check of a file with a byte order mark" 0 sallyport pagent --check "$SCRATCH/marked"
like "$OUT" " 0 errors, 0 warnings" "is none of its words"
{ cat "$SCRATCH/good"; printf 'PortRange nobody\n{\n  Port 1\n}\n'; } >"$SCRATCH/idle"
runs "--check of what nobody uses" 0 sallyport pagent --check "$SCRATCH/idle"
like "$OUT" "idle:$(($(wc -l <"$SCRATCH/idle") - 3)): warning: PortRange nobody is named nowhere" "names it"
printf '# nothing\n' >"$SCRATCH/nothing"
runs "--check of an empty policy" 0 sallyport pagent --check "$SCRATCH/nothing"
like "$OUT" "nothing:1: warning: the policy has no TTLSRule" "says so"
runs "--check of a file that is not there" 1 sallyport pagent --check /none/policy
like "$OUT" '^/none/policy: error: .*No such file' "names it"
unlike "$OUT" "TTLSRule" "and nothing else of it"
printf 'Codepage FOO-9\nTcpImage TCPIP1 /etc/none.image\nTTLSConfig /etc/broken\n' >"$SCRATCH/main"
runs "--check of a main file" 1 sallyport pagent --check "$SCRATCH/main"
like "$OUT" "main:1: error: Codepage: \"FOO-9\"" "Codepage"
like "$OUT" "main:3: warning: TTLSConfig is ignored here" "TTLSConfig that is not looked at"
printf 'TTLSRule x\n{\n' >"$SCRATCH/open"
runs "--check --json" 1 sallyport pagent --check --json "$SCRATCH/open"
like "$(head -1 <<<"$OUT" | jq -r .kind)" "error" "is JSON"
sed 's/zCEEClientRule~1/secondRule/' "$SCRATCH/good" >"$policy"
mark
runs "UPDATE" 0 sallyport console 'F PAGENT,UPDATE'
wait_for 5 said "EZD1586I"; ok $? "installed"
like "$(shown)" "policyRule: +secondRule" "the new rule"
unlike "$(shown)" "zCEEClientRule" "the old one is gone"
mv "$SALLYPORT_ROOT/etc/pagent.conf" "$SCRATCH/pagent.conf"
runs "REFRESH without main file" 8 sallyport console 'F PAGENT,REFRESH'
like "$OUT" "EZZ8444I" "says so"
unlike "$OUT" "EZZ8443I" "and not before that it is accepted"
like "$(shown)" "secondRule" "everything stays"

# --- several stacks, a bad TcpImage ---------------------------------------
{ cat "$SCRATCH/pagent.conf"; echo "TcpImage TCPIP2 /etc/tcpip2.image NOPURGE 1"; echo "TcpImage tcpip3 x"; } >"$SALLYPORT_ROOT/etc/pagent.conf"
cp "$SCRATCH/good" "$SALLYPORT_ROOT/etc/tcpip2.image"
mark
runs "REFRESH" 0 sallyport console 'F PAGENT,REFRESH'
wait_for 5 said "EZD1586I PAGENT HAS INSTALLED ALL LOCAL POLICIES FOR TCPIP2"; ok $? "the second stack"
like "$(since)" "EZZ8779I PAGENT TCPIMAGE/PEPINSTANCE STATEMENTS CONTAIN ERRORS" "EZZ8779I for the third"
like "$(sallyport pasearch -t -p TCPIP2)" "No policies retrieved" "an image file that is a policy installs nothing"
echo "TTLSConfig /etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol" >"$SALLYPORT_ROOT/etc/tcpip2.image"
second_rule() { sallyport pasearch -t -p TCPIP2 | grep -q secondRule; }
wait_for 10 second_rule; ok $? "with TTLSConfig it does, when the refresh interval is over"
sed -i 's/ NOPURGE 1$/ NOPURGE/' "$SALLYPORT_ROOT/etc/pagent.conf"
runs "UPDATE" 0 sallyport console 'F PAGENT,UPDATE'
runs "no such image" 1 sallyport pasearch -t -p NOSUCH
like "$OUT" "^No policies retrieved" "has no policies"
# Options that there are, and what is none.
is "$(sallyport pasearch -t -n | sed -n 's/^ *\(policyRule\|TTLS Action\): *//p' | tr '\n' ' ')" "secondRule $(sed -n '/^TTLSRule/,/^}/s/^ *TTLS[A-Z][a-z]*ActionRef *//p' "$policy" | tr '\n' ' ')" "actions in the order in which the rule names them"
is "$(sallyport pasearch -C | tr '\n' ' ')" "TCP/IP pasearch CS V2R3   Image names:    TCPIP1    TCPIP2 " "pasearch -C"
is "$(sallyport pasearch -C --json)" '["TCPIP1","TCPIP2"]' "as JSON"
is "$(sallyport pasearch -t -c --json | jq -c 'del(.image)')" '{"rules":1,"groupActions":1,"environmentActions":1,"connectionActions":1}' "pasearch -c"
for option in -A '-A -I' -e '-t -q' '-t -f second*' '-t -r -f secondRule' "-t -s c" "-t -s ENV" "-t -a"; do runs "pasearch $option" 0 sallyport pasearch $option; unlike "$OUT" 'No policies' "has something to show"; done
for option in -I -q -i -R "-v a" "-v f" "-v k" "-v l" "-q -R" "-t -f second" "-t -f no*" "-t -a -f secondRule"; do runs "pasearch $option" 1 sallyport pasearch $option; like "$OUT" '^No policies retrieved$' "has nothing"; done
for option in -d -g -o -T -w -z -v "-v x" "-v aa" -s "-s X" "-s Groups" "-s ''" -f -p --colour word "-t word" "--json=1"; do runs "pasearch $option" 2 eval "sallyport pasearch $option"; like "$OUT" 'pasearch: ' "is said to be wrong"; done
is "$(sallyport pasearch -t --json)" "$(sallyport pasearch -t --json)" "JSON is the same each time"
is "$(sallyport pasearch -t --json | jq -c '[.rules[0].time, .rules[0].priority, (.actions | map(.scope)), (.actions[] | select(.scope=="Environment") | .defaults.TTLSEnvironmentAdvancedParms.HandshakeTimeout // .parameters.TTLSEnvironmentAdvancedParms.HandshakeTimeout)]')" '[null,255,["Group","Environment","Connection"],10]' "it has what the text has"
is "$(sallyport pasearch -t | grep -c '^    Policy created: ... ... .. ..:..:.. ....$')" 3 "actions say since when they are"
runs "pasearch -?" 0 sallyport pasearch '-?'
like "$OUT" "Usage: sallyport pasearch" "is how it is used"
runs "D TCPIP of another stack" 8 sallyport console 'D TCPIP,NOSUCH,N,TTLS'
like "$OUT" "IEE341I NOSUCH NOT ACTIVE" "is not active"
unlike "$OUT" "EZZ0059I" "nothing was VARYed"

# --- who may look ------------------------------------------------------------
if [ "$(id -u)" -eq 0 ]; then
    user2() { setpriv --reuid 50012 --regid 50012 --clear-groups "$@"; }
    runs "pasearch as USER2" 1 user2 sallyport pasearch -t
    like "$OUT" "EZB.PAGENT.SPRT.image.TTLS" "says what it takes"
    for command in 'SETROPTS CLASSACT(SERVAUTH)' 'RDEFINE SERVAUTH EZB.PAGENT.SPRT.TCPIP1.TTLS UACC(NONE)' 'PERMIT EZB.PAGENT.SPRT.TCPIP1.TTLS CLASS(SERVAUTH) ID(USER2) ACCESS(READ)'; do
        sallyport racf "$command" >"$SCRATCH/racf" 2>&1 || note "$(cat "$SCRATCH/racf")"
    done
    runs "with READ" 0 user2 sallyport pasearch -t
    like "$OUT" "policyRule" "it is shown"
    runs "to that image only" 1 user2 sallyport pasearch -t -p TCPIP2
fi

# --- the stack outlives the agent ------------------------------------------
stack_pid() { python3 -c '
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1])
print(struct.unpack("3i", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])' "$tcpip/$1/stack.sock"; }
first=$(stack_pid TCPIP1)
mark
kill -9 "$first"
wait_for 10 said "EZD1586I PAGENT HAS INSTALLED ALL LOCAL POLICIES FOR TCPIP1"; ok $? "a killed stack gets its policy back"
[ "$(stack_pid TCPIP1)" != "$first" ]; ok $? "in another process"
second=$(stack_pid TCPIP2)
mark
runs "P PAGENT" 0 sallyport console 'P PAGENT'
wait_for 5 said "EZZ8433I PAGENT SHUTDOWN COMPLETE"; ok $? "shutdown complete"
in_order "PURGE purges" "EZZ8773I PAGENT POLICIES PURGED FOR TCPIP1 : QOS" "EZZ8773I PAGENT POLICIES PURGED FOR TCPIP1 : TTLS"
unlike "$(since)" "POLICIES PURGED FOR TCPIP2" "NOPURGE does not"
like "$(since)" "EZZ8774I PAGENT POLICIES NOT PURGED FOR TCPIP2 : TTLS" "and says so"
is "$(stack_pid TCPIP2)" "$second" "its stack goes on"
runs "pasearch without agent" 1 sallyport pasearch -t
sed -i "s/SYSLOGD'/SYSLOGD -i'/" "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/PAGENT"
mark
runs "S PAGENT with -i" 0 sallyport console 'S PAGENT'
wait_for 10 said "EZZ8432I"; ok $? "started again"
mark
cp "$SCRATCH/good" "$policy"
wait_for 10 said "EZD1586I PAGENT HAS INSTALLED ALL LOCAL POLICIES FOR TCPIP1"; ok $? "a changed file is picked up"
like "$(shown)" "zCEEClientRule~1" "and installed"

# --- the profile decides at IPL; shutdown ends the stacks -------------------
runs "shutdown" 0 sallyport shutdown
ended "$second"; ok $? "stacks end with the image"
echo "TCPCONFIG TTLS" >"$tcpip/TCPIP2/profile"
runs "ipl" 0 sallyport ipl
is "$(cat "$tcpip/TCPIP1/tcpconfig" "$tcpip/TCPIP2/tcpconfig" | tr '\n' ' ')" "NOTTLS TTLS " "switches as the profiles say"
# Until the first policy nobody opens a socket but who may (root's images: a
# private one has no cgroups).
socket_job() { # USER: the job's output
    printf '//%sSOC JOB USER=%s\n//S EXEC PGM=BPXBATCH,PARM='"'"'SH python3 /tmp/%s.py'"'"'\n//STDOUT DD SYSOUT=*\n//STDERR DD SYSOUT=*\n' "$1" "$1" "${SCRATCH##*/}" >"$SCRATCH/socket.jcl"
    OUT=$(sallyport submit "$SCRATCH/socket.jcl" 2>&1 </dev/null)
}
printf 'import socket\ntry:\n    socket.socket()\n    print("OPEN")\nexcept OSError as e:\n    print("REFUSED", e.strerror)\n' >"/tmp/${SCRATCH##*/}.py"
chmod 644 "/tmp/${SCRATCH##*/}.py"; at_exit 'rm -f "/tmp/${SCRATCH##*/}.py"'
if [ "$(id -u)" -eq 0 ] && [ -e "$tcpip/TCPIP2/gate" ]; then
    like "$(tail -50 "$log")" "EZZ4248E TCPIP2 WAITING FOR PAGENT TTLS POLICY" "the operator hears of the start-up window"
    runs "D TCPIP" 0 sallyport console 'D TCPIP'
    like "$OUT" "TCPIP2 .*WAITING FOR PAGENT TTLS POLICY" "and sees it"
    socket_job USER1; like "$OUT" "REFUSED (Resource temporarily unavailable|Operation not permitted)" "no socket before the first policy"
    for command in 'SETROPTS CLASSACT(SERVAUTH)' 'RDEFINE SERVAUTH EZB.INITSTACK.SPRT.TCPIP2 UACC(NONE)' 'PERMIT EZB.INITSTACK.SPRT.TCPIP2 CLASS(SERVAUTH) ID(USER2) ACCESS(READ)'; do
        sallyport racf "$command" >"$SCRATCH/racf" 2>&1 || note "$(cat "$SCRATCH/racf")"
    done
    socket_job USER1; like "$OUT" "REFUSED" "not without READ to EZB.INITSTACK"
    socket_job USER2; like "$OUT" "OPEN" "with READ"
else
    note "no start-up window here"
fi
mark
runs "S PAGENT" 0 sallyport console 'S PAGENT'
wait_for 10 said "EZZ8432I"; ok $? "started"
[ ! -e "$tcpip/TCPIP2/gate" ]; ok $? "the window is over"
socket_job USER1; like "$OUT" "OPEN" "sockets for everybody"
like "$(since)" "EZZ4250I AT-TLS SERVICES ARE AVAILABLE FOR TCPIP2" "services available where the profile says TTLS"
like "$(since)" "EZD1579I .* TCPIP1 : TTLS" "not enabled for the other"
if [ "$(id -u)" -eq 0 ]; then
    runs "P PAGENT" 0 sallyport console 'P PAGENT'
    chmod g+w "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/PAGENT"
    runs "a procedure that others may write" 8 sallyport console 'S PAGENT'
    like "$OUT" "may be written by others" "does not get root"
    chmod g-w "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/PAGENT"
    sallyport racf 'ALTUSER PAGENT OMVS(UID(50098))' >/dev/null 2>&1
    mark
    console 'S PAGENT'
    wait_for 10 said "EZZ8434I"; ok $? "without OMVS UID 0 the agent has no rights to do its work"
    sallyport racf 'ALTUSER PAGENT OMVS(UID(0))' >/dev/null 2>&1
    gone() { ! sallyport status | grep -q PAGENT; }
    wait_for 10 gone
    runs "S PAGENT" 0 sallyport console 'S PAGENT'
fi
mv "$SALLYPORT_ROOT/etc/pagent.conf" "$SCRATCH/x"
runs "P PAGENT" 0 sallyport console 'P PAGENT'
mark
console 'S PAGENT'
wait_for 10 said "EZZ8434I PAGENT EXITING ABNORMALLY"; ok $? "no main file: EZZ8434I"
runs "shutdown" 0 sallyport shutdown
done_testing
