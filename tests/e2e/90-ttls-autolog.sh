# AUTOLOG of PROFILE.TCPIP: what starts at IPL, what waits for AT-TLS services
# (DELAYSTART TTLS, EZZ4250I), what an error in the profile leaves out.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
"$SAMPLES/install" >"$SCRATCH/install.log" 2>&1; ok $? "samples"
for deck in RACFUSER RACFRES; do sallyport submit -q "$CNTL/$deck" >"$SCRATCH/$deck" 2>&1 </dev/null || note "$(tail -20 "$SCRATCH/$deck")"; done
log=$SALLYPORT_ROOT/log/syslogall.log tcpip=$SALLYPORT_ROOT/tcpip
policy=$SALLYPORT_ROOT/etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol
proclib=$SALLYPORT_ROOT/datasets/SYS1.PROCLIB
mark() { MARK=$(wc -l <"$log"); }
since() { tail -n +$((MARK + 1)) "$log"; }
said() { since | grep -Eq -- "$1"; }
order() { since | grep -oE -- "$1" | awk '!seen[$0]++' | tr '\n' ';'; } # what matches, in its order; messages of the agent are in its log, too
# proc NAME [SYMBOL=DEFAULT]: says what it was given and stays.
proc() { printf '//%-8s PROC %s\n//S EXEC PGM=BPXBATCH,PARM='"'"'SH echo given &%s; exec sleep 600'"'"'\n//STDOUT DD SYSOUT=*\n' "$1" "${2:-X=nothing}" "X." >"$proclib/$1"; }
for name in WEB PLAIN DELAYED LATE OTHER; do proc $name; done
racf() { OUT=$(sallyport racf "$@" 2>&1 </dev/null); [ $? -eq 0 ] || note "$OUT"; }
for name in WEB PLAIN DELAYED LATE OTHER; do racf "RDEFINE STARTED $name.* UACC(NONE) STDATA(USER(USER1))"; done
racf "SETROPTS RACLIST(STARTED) REFRESH"
active() { sallyport status | grep -q "$1"; }
mkdir -p "$tcpip/TCPIP1"
restart() { sallyport shutdown >/dev/null 2>&1; mark; sallyport ipl >"$SCRATCH/ipl" 2>&1; }

# --- without an agent -------------------------------------------------------------
mark; runs "OBEYFILE TTLS before there is an agent" 0 sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(TTLS)'
is "$(order 'EZZ42..I .*')" "EZZ4249I TCPIP1 INSTALLED TTLS POLICY HAS NO RULES;" "EZZ4249I: nothing is mapped yet"

# --- the usual case --------------------------------------------------------------
cat >"$tcpip/TCPIP1/profile" <<'P'
; the stack
TCPCONFIG TTLS
AUTOLOG 5
  PAGENT                            ; first of all
  WEB      JOBNAME WEB1 PARMSTRING "X='a web'" DELAYSTART TTLS
  DELAYED  DELAYSTART               ; the stack is up
  OTHER    DELAYSTART DVIPA
  PLAIN
ENDAUTOLOG
PORT 443 TCP WEB1
P
cp "$policy" "$SCRATCH/good"
printf 'TTLSRule broken\n{\n' >"$policy" # so that services are late
restart; ok $? "ipl with a profile"
wait_for 20 said "EZZ8438I"; ok $? "the agent was started, its policy is broken"
is "$(order 'AUTOLOG OF TCPIP1: START [A-Z]+.*|AUTOLOG OF TCPIP1: WEB WAITS.*')" "AUTOLOG OF TCPIP1: START PAGENT;AUTOLOG OF TCPIP1: START PLAIN;AUTOLOG OF TCPIP1: START DELAYED;AUTOLOG OF TCPIP1: START OTHER;AUTOLOG OF TCPIP1: WEB WAITS FOR AT-TLS SERVICES (DELAYSTART TTLS);" \
    "who starts: those without delay, those that wait for the stack; one waits for AT-TLS"
like "$(since)" "IEF695I START PAGENT WITH JOBNAME PAGENT IS ASSIGNED TO USER PAGENT" "as S does"
for name in PAGENT PLAIN DELAYED OTHER; do wait_for 10 active " $name "; ok $? "$name is active"; done
active " WEB "; is $? 1 "WEB is not"
[ "$(id -u)" -ne 0 ] || like "$(since)" "EZZ4248E TCPIP1 WAITING FOR PAGENT TTLS POLICY" "in the start-up window"
cp "$SCRATCH/good" "$policy"
runs "REFRESH with a good policy" 0 sallyport console 'F PAGENT,REFRESH'
wait_for 20 said 'AUTOLOG OF TCPIP1: START WEB'; ok $? "now it starts"
is "$(order 'EZZ4250I AT-TLS SERVICES ARE AVAILABLE FOR TCPIP1$|AUTOLOG OF TCPIP1: START WEB.*|IEF695I START WEB .* USER1$')" \
    "EZZ4250I AT-TLS SERVICES ARE AVAILABLE FOR TCPIP1;AUTOLOG OF TCPIP1: START WEB,X='a web';IEF695I START WEB WITH JOBNAME WEB IS ASSIGNED TO USER USER1;" "after EZZ4250I, with its text"
wait_for 10 active " WEB "; ok $? "it is active"
given() { cat "$SALLYPORT_ROOT"/spool/STC*/*STDOUT* 2>/dev/null | grep -q "given $1"; }
wait_for 10 given "a web"; ok $? "and was given its PARMSTRING"
runs "P WEB is the operator's" 0 sallyport console 'C WEB'
wait_for 10 eval '! active " WEB "'
mark; runs "UPDATE" 0 sallyport console 'F PAGENT,UPDATE'
wait_for 10 said EZD1586I
is "$(order 'START WEB')" "" "it starts once"

# --- the policy is there before: the order of both, NOTTLS first ------------------
printf 'AUTOLOG PAGENT LATE DELAYSTART DVIPA TTLS ENDAUTOLOG' >"$tcpip/TCPIP1/profile"
restart; ok $? "a profile without TTLS"
wait_for 20 said "EZD1579I .* TCPIP1 : TTLS"; ok $? "the policy is held, not enabled"
wait_for 20 said EZD1586I
is "$(order 'EZZ4250I|START LATE')" "" "nothing is available: LATE waits"
mark; runs "OBEYFILE TTLS" 0 sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(TTLS)'
is "$(grep -c '^EZ' <<<"$OUT")" 5 "its replies"
is "$(order 'EZZ4250I AT-TLS SERVICES ARE AVAILABLE FOR TCPIP1|START LATE$')" "EZZ4250I AT-TLS SERVICES ARE AVAILABLE FOR TCPIP1;START LATE;" "makes services available, and LATE starts"
wait_for 10 active " LATE "; ok $? "it is active"
mark; sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(NOTTLS)' >/dev/null; sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(TTLS)' >/dev/null
is "$(order 'START LATE')" "" "once"
printf 'AUTOLOG\nPLAIN\nENDAUTOLOG\nTCPCONFIG TTLS\n' >"$SALLYPORT_ROOT/datasets/SYS1.TCPPARMS/LIST"
runs "AUTOLOG of an OBEYFILE" 0 sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(LIST)'
like "$OUT" "EZZ0319I AUTOLOG ON LINE 1 OF 'SYS1.TCPPARMS\(LIST\)' IS NOT USED HERE" "starts nothing, and says so"
printf 'TCPCONFIG TTLS\nAUTOLOG\nPLAIN DELAYSTART\n' >"$SALLYPORT_ROOT/datasets/SYS1.TCPPARMS/LIST"
runs "a broken one" 8 sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(LIST)'
like "$OUT" "EZZ0318I ERROR ON LINE 2 OF 'SYS1.TCPPARMS\(LIST\)': AUTOLOG: ENDAUTOLOG is missing" "is an error"

# --- no rules ---------------------------------------------------------------------
sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(NOTTLS)' >/dev/null
printf '# none\n' >"$policy"; sallyport console 'F PAGENT,UPDATE' >/dev/null
mark; sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(TTLS)' >/dev/null
is "$(order 'EZZ42..I .*TCPIP1.*')" "EZZ4249I TCPIP1 INSTALLED TTLS POLICY HAS NO RULES;EZZ4250I AT-TLS SERVICES ARE AVAILABLE FOR TCPIP1;" "TTLS over a policy without rules: EZZ4249I"
cp "$SCRATCH/good" "$policy"

# --- errors ---------------------------------------------------------------------
cat >"$tcpip/TCPIP1/profile" <<'P'
AUTOLOG 31
  PLAIN JOBNAME 1BAD
  WEB PARMSTRING nothing
  PAGENT
  PAGENT
  NOSUCH
ENDAUTOLOG
TCPCONFIG TTLS NONSENSE
AUTOLOG
  DELAYED
P
restart; ok $? "a profile with errors"
wait_for 20 said EZD1586I; ok $? "the agent has started all the same"
for line in "1 OF '$tcpip/TCPIP1/profile': AUTOLOG: found \"31\"" "2 OF .*JOBNAME: found \"1BAD\"" "3 OF .*PARMSTRING: expected" "5 OF .*PAGENT is listed on line 4 already" \
    "8 OF .*\"NONSENSE\" is not an operand of TCPCONFIG" "9 OF .*ENDAUTOLOG is missing"; do
    like "$(since)" "EZZ0318I ERROR ON LINE $line" "its line: ${line%% *}"
done
is "$(order 'AUTOLOG OF TCPIP1: START [A-Z]+')" "AUTOLOG OF TCPIP1: START PAGENT;AUTOLOG OF TCPIP1: START NOSUCH;" "what is wrong does not start"
like "$(since)" "IEF612I PROCEDURE NOT FOUND: NOSUCH" "a procedure that is not there: said"
is "$(cat "$tcpip/TCPIP1/tcpconfig")" TTLS "and AT-TLS is on as the profile says"
[ "$(id -u)" -ne 0 ] || like "$(since)" "EZZ4248E TCPIP1" "with its start-up window"

# --- several stacks ---------------------------------------------------------------
mkdir -p "$tcpip/TCPIP2"
printf 'TCPCONFIG TTLS AUTOLOG PAGENT LATE DELAYSTART TTLS ENDAUTOLOG' >"$tcpip/TCPIP1/profile"
printf 'TCPCONFIG TTLS AUTOLOG PAGENT PLAIN WEB DELAYSTART TTLS ENDAUTOLOG' >"$tcpip/TCPIP2/profile"
restart; ok $? "two stacks, one agent"
wait_for 20 active " LATE "; ok $? "the first one's server"
active " PLAIN "; ok $? "both profiles count"
active " WEB "; is $? 1 "the second has no policy: its server waits"
like "$(since)" "IEE348I PAGENT IS ALREADY ACTIVE" "a task that both list starts once"
echo "TcpImage TCPIP2 /etc/tcpip2.image" >>"$SALLYPORT_ROOT/etc/pagent.conf"
echo "TTLSConfig /etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol" >"$SALLYPORT_ROOT/etc/tcpip2.image"
mark; runs "REFRESH" 0 sallyport console 'F PAGENT,REFRESH'
wait_for 20 active " WEB "; ok $? "until it has one"
is "$(order 'EZZ4250I .*|START (WEB|LATE)$')" "EZZ4250I AT-TLS SERVICES ARE AVAILABLE FOR TCPIP2;START WEB;" "each stack has its own"

# --- which stack V means -----------------------------------------------------------
runs "V without a name" 8 sallyport console 'V TCPIP,,OBEYFILE,SYS1.TCPPARMS(TTLS)'
like "$OUT" "EZZ0059I .*SEVERAL STACKS ARE ACTIVE" "is not for two stacks"
printf 'TCPCONFIG NOTTLS\n' >"$SALLYPORT_ROOT/datasets/SYS1.OFF"
for form in 'O,SYS1.OFF' "OBEYFILE,'SYS1.OFF'" 'obey,dsn=sys1.off' 'CMD=OBEYFILE,DSN=SYS1.OFF' "CMD=O,DSN='SYS1.TCPPARMS(NOTTLS)'" 'OBEYF,SYS1.TCPPARMS(NOTTLS)'; do
    sallyport console 'V TCPIP,TCPIP2,OBEYFILE,SYS1.TCPPARMS(TTLS)' >/dev/null
    runs "V TCPIP,TCPIP2,$form" 0 sallyport console "V TCPIP,TCPIP2,$form"
    is "$(cat "$tcpip/TCPIP2/tcpconfig" "$tcpip/TCPIP1/tcpconfig" | tr '\n' ' ')" "NOTTLS TTLS " "switches TCPIP2 off alone"
done
for form in '' ',' 'OBEYFILE' 'OBEYFILE,' 'OBEYFILES,SYS1.OFF' 'CMD=,SYS1.OFF' 'CMD=CMD=O,SYS1.OFF' 'OBEYFILE,DSN=' 'OBEYFILE,/etc/profile.off' "OBEYFILE,'/etc/profile.off'" 'OBEYFILE,SYS1.OFF,X' \
    'OBEYFILE,SYS1.NONE' 'OBEYFILE,SYS1.TCPPARMS' 'OBEYFILE,SYS1.TCPPARMS(' 'OBEYFILE,SYS1.TCPPARMS()' 'OBEYFILE,SYS1.TCPPARMS(NOTTLS' 'OBEYFILE,SYS1.TCPPARMS(NOTTLS))' 'OBEYFILE,(NOTTLS)' \
    'OBEYFILE,SYS1.TCPPARMS(../NOTTLS)' 'OBEYFILE,../etc' "OBEYFILE,'SYS1.OFF" 'OBEYFILE,SYS1..OFF'; do
    console "V TCPIP,TCPIP1,$form"; is "$STATUS" 8 "V TCPIP,TCPIP1,$form is refused"; like "$OUT" "EZZ0059I|EZZ0061I" "and says so"
done
is "$(cat "$tcpip/TCPIP1/tcpconfig")" TTLS "nothing was changed"
runs "shutdown" 0 sallyport shutdown
done_testing
