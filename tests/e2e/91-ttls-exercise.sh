# The exercise from the policy on: GETAPI speaks TLS to port 9443 because the
# policy says so, as that job only, and no more when the operator says NOTTLS.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
[ "$(id -u)" -eq 0 ] || skip_all "capturing connections needs root"
image_up; ok $? "the image is up"
log=$SALLYPORT_ROOT/log/syslogall.log
mark() { MARK=$(wc -l <"$log"); }
since() { tail -n +$((MARK + 1)) "$log"; }
said() { since | grep -Eq -- "$1"; }
mark
console 'S PAGENT'; is "$STATUS" 0 "S PAGENT"
wait_for 20 said 'Finished main config file update'; ok $? "installed"
if said EZD1590I; then note "not captured here: $(since | sed -n 's/.*EZD1590I //p' | head -1)"; done_testing; fi
tls() { submit_edit GETAPI -e "s/BAQPORT=[0-9]*/BAQPORT=$HTTPS/" "$@"; }
flat() { tr -d '\n' <<<"$OUT"; }

tls; like "$OUT" "COND CODE 0005" "policies are not enabled: clear text, 5"
console 'V TCPIP,,OBEY,SYS1.TCPPARMS(TTLS)'; is "$STATUS" 0 "TCPCONFIG TTLS"

mark
tls; like "$OUT" "COND CODE 0200" "step 12: completion code 200"
for line in 'NUMB: 111111' 'NAME: C. BAKER' 'ADDRX: OTTAWA, ONTARIO' 'PHONE: 51212003' 'DATEX: 26 11 81' 'AMOUNT: \$0011.00' \
    'EIBRESP: 00000000' 'EIBRESP2: 00000000' 'USERID: LIBSERV' 'HTTP CODE: 0000000200'; do like "$OUT" "$line" "$line"; done
wait_for 5 said 'EZD1283I .*Initial Handshake'
like "$(since)" "EZD1281I TTLS Map CONNID: [0-9A-F]{8} LOCAL: [0-9.]+\.\.[0-9]+ REMOTE: 127\.0\.0\.1\.\.$HTTPS JOBNAME: USER1GET USERID: USER1 TYPE: OutBound STATUS: Enabled RULE: zCEEClientRule~1 ACTIONS: gAct1~zCEEClient eAct1~zCEEClient cAct1~zCEEClient" "EZD1281I Map"
like "$(since)" "EZD1283I TTLS Event GRPID: 00000001 ENVID: 00000001 CONNID: [0-9A-F]{8} RC: 0 Initial Handshake [0-9A-F]{16} [0-9A-F]{16} TLSV1\.2 [CF][0-9A-F]{7}" "EZD1283I Initial Handshake, TLS 1.2"
tls -e 's/BAQPASSWORD=USER1/BAQPASSWORD=WRONG/'
like "$OUT" "COND CODE 0200" "a wrong password does not matter: USER1 by certificate"
submit_edit GETAPI; like "$(flat)" "BAQI0005E.*RSC=6" "the HTTP port is not mapped: redirect"

log_mark
tls -e 's/^\/\/USER1GET /\/\/USER1XYZ /'
like "$OUT" "COND CODE 0005" "step 13: another job name, 5"
like "$(flat)" "BAQI0005E.*RSC=0 RSN=Connectivity appears to be lost" "connectivity lost"
like "$(log_since)" "CWWKO0801E:.*plaintext connection" "the server got clear text"

# A broken policy changes nothing; another one maps another job.
policy=$SALLYPORT_ROOT/etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol
cp "$policy" "$SCRATCH/good"
sed -i 's/Keyring  .*/Keyring/' "$policy"
console 'F PAGENT,REFRESH'
tls; like "$OUT" "COND CODE 0200" "an error in the file: the old policy is enforced"
sed 's/USER1GET/USER1XYZ/' "$SCRATCH/good" >"$policy"
console 'F PAGENT,REFRESH'
tls; like "$OUT" "COND CODE 0005" "a new policy: USER1GET is not mapped"
tls -e 's/^\/\/USER1GET /\/\/USER1XYZ /'; like "$OUT" "COND CODE 0200" "USER1XYZ is"
cp "$SCRATCH/good" "$policy"
sed -i 's/ PURGE / NOPURGE /' "$SALLYPORT_ROOT/etc/pagent.conf"
console 'F PAGENT,REFRESH'
console 'P PAGENT'; is "$STATUS" 0 "P PAGENT, NOPURGE"
tls; like "$OUT" "COND CODE 0200" "the policy stays in force without the agent"
console 'V TCPIP,,OBEY,SYS1.TCPPARMS(NOTTLS)'; is "$STATUS" 0 "NOTTLS"
tls; like "$OUT" "COND CODE 0005" "step 14: AT-TLS is off"
console 'V TCPIP,,OBEY,SYS1.TCPPARMS(TTLS)'
tls; like "$OUT" "COND CODE 0200" "and on again, without an agent"
done_testing
