# A job speaks TLS because policy says so, and whatever is killed, nothing it
# says to that port leaves in clear text. TLS in front of the server's own port.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
[ "$(id -u)" -eq 0 ] || skip_all "only root can capture connections"
image_up; ok $? "image"
policy=$SALLYPORT_ROOT/etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol
syslog=$SALLYPORT_ROOT/log/syslogall.log
mark() { MARK=$(wc -l <"$syslog"); }
since() { tail -n +$((MARK + 1)) "$syslog" | sed 's/^[-0-9]* [.:0-9]* *//'; }
said() { since | grep -Eq -- "$1"; }
REQUESTER=$SERVER_DIR/includes/apiRequesterHTTPS.xml
grep -Eq "Port +$HTTPS\$" "$policy"; ok $? "the policy names the server's port"

mark
console 'S PAGENT'; is "$STATUS" 0 "S PAGENT"
wait_for 20 said 'EZZ8432I'; ok $? "initialized"
if said EZD1590I; then note "$(since | grep EZD1590I)"; skip=1; else skip=; fi
[ -z "$skip" ] || { pass "capture is not possible here: $(since | grep -m1 EZD1590I)"; done_testing; }
console 'V TCPIP,,OBEY,SYS1.TCPPARMS(TTLS)'; like "$OUT" 'EZZ0053I' "OBEYFILE"
how=$(sallyport netstat --json TTLS | jq -r .how)
if [ "$how" != eBPF ]; then pass "capture by $how here: what follows is about BPF"; done_testing; fi

secure_get() { submit_edit GETAPI -e "s/BAQPORT=$HTTP/BAQPORT=$HTTPS/" "$@"; }
mark
secure_get
like "$OUT" 'COND CODE 0200' "completion code 200"
like "$OUT" 'USERID: LIBSERV' "the provider sees LIBSERV"
wait_for 5 said 'EZD1283I .*Initial Handshake .*TLSV'; ok $? "the handshake is logged"
like "$(since)" "EZD1281I TTLS Map CONNID: [0-9A-F]{8} LOCAL: 127\.0\.0\.1\.\.[0-9]+ REMOTE: 127\.0\.0\.1\.\.$HTTPS JOBNAME: USER1GET USERID: USER1 TYPE: OutBound STATUS: Enabled RULE: zCEEClientRule~1 ACTIONS: gAct1~zCEEClient eAct1~zCEEClient cAct1~zCEEClient" "EZD1281I"
like "$(since)" 'EZD1283I TTLS Event GRPID: [0-9A-F]{8} ENVID: [0-9A-F]{8} CONNID: [0-9A-F]{8} RC: 0 Initial Handshake [0-9A-F]{16} [0-9A-F]{16} TLSV1\.2 ([CF][0-9A-F]){4}$' "EZD1283I"
secure_get -e 's/BAQPASSWORD=USER1/BAQPASSWORD=WRONG/'
like "$OUT" 'COND CODE 0200' "a wrong password does not matter: TLS brings identity"

# Inbound: TLS in front of the server's clear-text port, by its job name. The
# server still believes its scheme is http.
get() { curl -sk -o /dev/null -w '%{http_code} %{redirect_url}' --max-time 10 "$1://127.0.0.1:$HTTP/cscvinc/employee/111111"; }
plain_answer=$(get http)
cp "$policy" "$SCRATCH/tlsPol"
cat >>"$policy" <<P
TTLSRule inbound
{
  LocalPortRange $HTTP
  Jobname BAQSTRT
  Direction Inbound
  TTLSGroupActionRef gAct1~zCEEClient
  TTLSEnvironmentActionRef inbound
}
TTLSEnvironmentAction inbound
{
  HandshakeRole Server
  TTLSKeyringParms
  {
    Keyring Liberty.KeyRing
  }
  TTLSEnvironmentAdvancedParms
  {
    TLSv1.2 On
  }
}
P
mark; console 'F PAGENT,REFRESH'; wait_for 20 said EZD1586I; ok $? "inbound rule installed"
is "$(get https)" "$plain_answer" "inbound: HTTPS at the HTTP port; requireSecure is not satisfied by it"
curl -s --max-time 10 "http://127.0.0.1:$HTTP/" >/dev/null; like "$?" '^(52|56)$' "inbound: clear text is refused"
wait_for 5 said 'EZD1281I .*JOBNAME: BAQSTRT USERID: LIBSERV TYPE: InBound STATUS: Enabled RULE: inbound'; ok $? "inbound: EZD1281I"
cp "$SCRATCH/tlsPol" "$policy"; mark; console 'F PAGENT,REFRESH'; wait_for 20 said EZD1586I
is "$(get http)" "$plain_answer" "inbound: and without the rule as before"

# Outbound: the server's own call to the API, which speaks clear text to the
# HTTPS port as far as it knows; its certificate says who it is.
cp "$REQUESTER" "$SCRATCH/requester"
sed -i 's,host="https://,host="http://,' "$REQUESTER"
sed -i 's/^  Jobname  *USER1GET/  Jobname BAQSTRT/; s/^TTLSRule .*/TTLSRule server/' "$policy"
sed -n '/^TTLSRule/,/^}/p' "$SCRATCH/tlsPol" >>"$policy"
mark; console 'F PAGENT,REFRESH'; wait_for 20 said EZD1586I; ok $? "outbound: a rule for the server's job"
log_mark; console 'F BAQSTRT,REFRESH,CONFIG'
wait_for 20 eval 'log_since | grep -q CWWKG0017I'; ok $? "outbound: the server calls http://"
mark
secure_get; like "$OUT" 'COND CODE 0200' "outbound: the server's own call goes through"
wait_for 5 said "EZD1281I .* REMOTE: 127\.0\.0\.1\.\.$HTTPS JOBNAME: BAQSTRT USERID: LIBSERV TYPE: OutBound STATUS: Enabled RULE: server"; ok $? "outbound: EZD1281I"
cp "$SCRATCH/requester" "$REQUESTER"; log_mark; console 'F BAQSTRT,REFRESH,CONFIG'; wait_for 20 eval 'log_since | grep -q CWWKG0017I'
cp "$SCRATCH/tlsPol" "$policy"; mark; console 'F PAGENT,REFRESH'; wait_for 20 said EZD1586I

# What fails closes. A program that matches must not get through in clear text.
plain() { grep -c CWWKO0801E "$(log_of)"; }
PLAIN=$(plain)
STACK=$(stack_pid)
children() { pgrep -P "$STACK" -f -- "$1"; }
AGENT=$(processes sallyport-pagent | grep -vx "$STACK" | head -1)
kill -9 "$AGENT"
secure_get; like "$OUT" 'COND CODE 0200' "the agent is killed: rules are enforced"
mark; ENGINES=$(children --engine | wc -l)
kill -9 $(children --engine)
secure_get; like "$OUT" 'COND CODE (0200|0005)' "engines are killed: served again, or refused"
wait_for 10 eval 'secure_get; grep -q "COND CODE 0200" <<<"$OUT"'; ok $? "engines are started again"
wait_for 10 eval '[ "$(since | grep -c "EZD2042I AT-TLS GROUPS OF TCPIP1 HAVE FAILED IN PROCESS [0-9]* OF $ENGINES:")" -eq "$ENGINES" ]'; ok $? "and each is told: EZD2042I"
kill -9 $(children --broker)
wait_for 10 eval 'secure_get; grep -q "COND CODE 0200" <<<"$OUT"'; ok $? "the broker is started again"
# A question that a broker has taken with it is asked again of the next one.
steered() { sallyport netstat --json TTLS | jq .steered; }
BEFORE=$(steered); BROKER=$(children --broker)
kill -STOP $BROKER
sallyport submit "$CNTL/GETAPI.EDIT" >"$SCRATCH/asked" 2>&1 </dev/null & JOB=$!
wait_for 20 eval '[ "$(steered)" -gt "$BEFORE" ]'; ok $? "a job waits for the broker"
kill -9 $BROKER; wait $JOB
like "$(cat "$SCRATCH/asked")" 'COND CODE 0200' "the broker is killed while it is asked: its successor answers"
kill -9 "$STACK" 2>/dev/null
secure_get; like "$OUT" 'COND CODE 0005' "the stack is killed: refused"
is "$(plain)" "$PLAIN" "no clear text has come to the server"
mark
console 'S PAGENT'
wait_for 20 said 'EZZ8432I'; ok $? "the agent starts the stack again"
wait_for 10 eval 'secure_get; grep -q "COND CODE 0200" <<<"$OUT"'; ok $? "and TLS is spoken again"
is "$(plain)" "$PLAIN" "still no clear text"

# The image ends, whatever of it was killed: nothing of it stays behind.
STACK=$(stack_pid)
LEFT=$(children --engine; children --broker)
kill -9 "$STACK"
sallyport shutdown >/dev/null 2>&1
like "$LEFT" '[0-9]+' "the stack has engines"
wait_for 5 ended $LEFT; ok $? "the stack is killed, the image ends: so do its engines"
is "$(ls -d /sys/fs/bpf/sallyport-"$(basename "$SALLYPORT_ROOT")"* 2>/dev/null)" "" "and its programs"

done_testing
