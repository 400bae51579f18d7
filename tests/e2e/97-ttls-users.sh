# Rules for users: who is none of them is left alone by the kernel, its
# connections reach no engine. A job's user is not what its uid says.
# A network and mounts of its own: /etc/passwd changes, for its processes only.
if [ "$(id -u)" -eq 0 ] && [ -z "${TTLS_NETNS:-}" ] && unshare -nm true 2>/dev/null; then
    exec env TTLS_NETNS=1 unshare -nm bash "$0" "$@"
fi
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
chmod 755 "$SCRATCH"
ring=LIBSERV/Liberty.KeyRing
{ group; rule one Outbound 8443 Client $ring "" "Userid DAEMON"; rule some Outbound 8444 Client $ring "" "Userid 5000*"; rule root Outbound 8445 Client $ring "" "Userid ROOT"; } >"$policy"
ttls_start
JOB=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/sallyport/$(stat -c '%D' "$SALLYPORT_ROOT")-$(printf '%x' "$(stat -c '%i' "$SALLYPORT_ROOT")")/USERS
mkdir "$JOB"; ok $? "a job's cgroup"
python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.sallyport.job", b"USERS DAEMON")' "$JOB"
at_exit 'rmdir "$JOB" 2>/dev/null'
wire_start
for port in 8443 8444 8445; do line_server $port LIBSERV.pem; done; ok $? "TLS servers"
# talk UID PORT [COMMAND]: a line there and back.
talk() { OUT=$(timeout 30 setpriv --reuid="$1" --regid="$1" --clear-groups bash -c "exec 3<>/dev/tcp/${HOST:-10.77.0.2}/$2; echo ${3:-SECRET} $1 >&3; head -1 <&3" 2>&1); }
steered() { sallyport netstat --json TTLS | jq .steered; }
# left UID PORT NAME: no engine hears of it.
left() {
    local before after
    before=$(steered); talk "$1" "$2" PLAIN; after=$(steered)
    unlike "$OUT" MARKER "$3"; is "$after" "$before" "$3: no engine hears of it"
}
# meant UID PORT RULE NAME: mapped (whether the ring may be used is another matter).
meant() {
    local before; before=$(steered); mark; talk "$1" "$2"
    wait_for 10 said "EZD1281I .*RULE: $3 "; ok $? "$4: mapped"; is "$(steered)" $((before + 1)) "$4: by an engine"
}
# asked UID PORT NAME: an engine finds that no rule is for it.
asked() { local before; before=$(steered); talk "$1" "$2" PLAIN; unlike "$OUT" MARKER "$3"; is "$(steered)" $((before + 1)) "$3: an engine is asked"; }
meant 1 8443 one "the user of the rule"
left 2 8443 "another user"
left 65534 8443 "and one more"
meant 50001 8444 some "a user that only has a number, by the rule for its digits"
meant 0 8445 root "root has a rule"
asked 0 8443 "for another port"
asked 1 8445 "so has the other user"
asked 61234 8443 "a user whom nobody knows"
# --- jobs
mark
OUT=$(timeout 30 bash -c "echo \$BASHPID >$JOB/cgroup.procs; exec 3<>/dev/tcp/10.77.0.2/8443; echo SECRET job >&3; head -1 <&3" 2>&1)
wait_for 10 said 'EZD1281I .* JOBNAME: USERS USERID: DAEMON .*RULE: one '; ok $? "a job of the rule's user, whatever uid it has"
# --- a program that becomes another user
mark
OUT=$(timeout 30 python3 - 2>&1 <<'PY'
import os, socket
s = socket.socket(); s.settimeout(20)
os.setresuid(1, 1, 1)
s.connect(("10.77.0.2", 8443)); s.sendall(b"SECRET became\n"); print(s.makefile().readline())
PY
)
wait_for 10 said 'EZD1281I .* USERID: DAEMON .*RULE: one '; ok $? "made by root, who has become the rule's user"
# --- other policies
{ group; rule one Outbound 8443 Client $ring; } >"$policy"; policy_refresh; ok $? "a rule for everybody"
meant 0 8443 one "root is one of them"
meant 2 8443 one "and another user"
{ group; rule one Outbound 8443 Client $ring "" "Userid D*"; rule in Inbound 8087 Server $ring; } >"$policy"; policy_refresh; ok $? "one for names that begin alike, and an inbound one for everybody"
meant 1 8443 one "a user with such a name"
left 0 8443 "root again"
# --- rules for addresses
{ group; rule one Outbound 8443 Client $ring "" "RemoteAddr 10.77.0.2"; rule net Outbound 8444 Client $ring "" "RemoteAddr fd77::/64"; } >"$policy"; policy_refresh; ok $? "rules for an address and a prefix"
meant 0 8443 one "the address"
HOST=fd77::2 meant 0 8444 net "one of the prefix"
HOST=fd77::1 asked 0 8443 "an address and a port of two rules"
HOST=10.77.0.1 left 0 8443 "another address"
HOST=10.77.0.1 left 0 8444 "outside of the prefix"
left 0 8445 "a port that no rule names"
asked 0 8444 "the rule's port and another rule's address"
{ group; rule one Outbound 8443 Client $ring "" "Userid D*"; } >"$policy"; policy_refresh; ok $? "users again"
# --- /etc/passwd changes
sed 's/^bin:/dragon:/' /etc/passwd >"$SCRATCH/passwd"; chmod 644 "$SCRATCH/passwd"
if mount --bind "$SCRATCH/passwd" /etc/passwd 2>/dev/null; then
    named() { mark; talk 2 8443 PLAIN; wait_for 2 said 'EZD1281I .*RULE: one '; }
    wait_for 20 named; ok $? "a user gets another name"
    meant 2 8443 one "which the rule is for"
    umount /etc/passwd
    spared() { local before; before=$(steered); talk 2 8443 PLAIN; [ "$(steered)" = "$before" ]; }
    wait_for 20 spared; ok $? "and its old one again"
    left 2 8443 "which it is not for"
fi
kill -9 "$(stack_pid)"; mark; wait_for 30 said EZD1586I; ok $? "the stack is killed and started again"
meant 1 8443 one "still"
left 0 8443 "still not"
wire_end; is "$(grep -ao 'SECRET[A-Za-z ]*\|MARKER' wire | grep -v PLAIN | sort | uniq -c | tr -s ' ' | tr '\n' ';')" "" "no clear text on the wire"
done_testing
