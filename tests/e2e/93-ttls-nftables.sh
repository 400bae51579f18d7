# Capture without BPF programs: nftables turns connections over to the engines.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
PATH=$PATH:/usr/sbin:/sbin
command -v nft >/dev/null || { pass "there is no nft command here"; done_testing; }
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
printf 'ttlsscope=machine\nttlscapture=nftables\n' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
{
    group
    rule out Outbound 8443 Client USER1/Liberty.KeyRing
    rule in Inbound 8080 Server LIBSERV/Liberty.KeyRing
    rule more Outbound 8445 Client USER1/Liberty.KeyRing "SecondaryMap On"
} >"$policy"
start() { # HOW
    mark; console 'S PAGENT'; wait_for 20 said EZZ8432I; ok $? "S PAGENT"
    console 'V TCPIP,,OBEY,SYS1.TCPPARMS(TTLS)'; like "$OUT" EZZ0053I "TTLS"
    how=$(sallyport netstat --json TTLS | jq -r .how)
    if [ "$how" != "$1" ]; then pass "no capture by $1 here: $(since | grep -m1 EZD1590I)"; done_testing; fi
    pass "NETSTAT: by $1"
}
start nftables
like "$(since)" 'SPT0680W AT-TLS captures connections of TCPIP1 by nftables, not by eBPF: etc/image.conf says ttlscapture=nftables' "and the operator is told why"
like "$(cat "$SALLYPORT_ROOT/tcpip/"*/stack.log)" 'SecondaryMap has no effect with nftables' "a rule with SecondaryMap: said"
wire_start
line_server 8443 LIBSERV.pem; ok $? "a TLS server"
chmod 755 "$SCRATCH"
background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 -m http.server -b 10.77.0.1 8080 >in 2>&1
wait_for 10 eval 'ss -Hltn sport = :8080 | grep -q LISTEN'
mark
get() { OUT=$("${CURL[@]}" "$@"; echo "status $?"); }
get -H 'X: SECRET' http://10.77.0.2:8443/; like "$OUT" 'MARKER page TLSv1.3' "outbound"
get -H 'X: SECRET' -g 'http://[fd77::2]:8443/'; like "$OUT" 'MARKER page' "IPv6"
wait_for 5 said 'EZD1281I .* REMOTE: 10\.77\.0\.2\.\.8443 JOBNAME: CURL USERID: ROOT '; ok $? "whose it is is found"
OUT=$(peer "${CURL[@]}" -k https://10.77.0.1:8080/); like "$OUT" 'Directory listing' "inbound"
OUT=$(peer "${CURL[@]}" http://10.77.0.1:8080/; echo "status $?"); like "$OUT" '^status (52|56)' "clear text is refused"

# --- deaths -----------------------------------------------------------------------------
kill -9 "$(stack_pid)"
wait_for 20 eval '"${CURL[@]}" http://10.77.0.2:8443/ | grep -q "MARKER page"'; ok $? "killed, it is started again"
tables() { nft list tables | grep -c sallyport; }
port=$(nft list ruleset | sed -n 's/.*nfproto ipv4.*redirect to :\([0-9]*\).*/\1/p' | head -1)
AGENT=$(processes sallyport-pagent | grep -vx "$(stack_pid)" | head -1)
kill -9 "$AGENT"; kill -9 "$(stack_pid)"
is "$(tables)" 1 "the rules outlive stack and agent"
get http://10.77.0.2:8443/; unlike "$OUT" 'status 0' "and refuse"
cat >squat.py <<'PY'
import socket, sys, time
# Former connections of the engines keep the port for a minute.
for _ in range(400):
    try:
        l = socket.create_server(("", int(sys.argv[1]))); break
    except OSError:
        time.sleep(0.25)
print("up", flush=True)
while True:
    c = l.accept()[0]; c.settimeout(3)
    try: print("got", c.recv(100), flush=True)
    except OSError: print("nothing", flush=True)
PY
background setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 squat.py "$port" >squat 2>&1
wait_for 100 grep -qx up squat; ok $? "somebody else listens on the engines' port ($port)"
get http://10.77.0.2:8443/; like "$OUT" 'status 7$' "what rules are for is refused"
OUT=$(peer "${CURL[@]}" http://10.77.0.1:8080/; echo "status $?"); like "$OUT" 'status 7$' "inbound, too"
is "$(cat squat)" up "it has got nothing"
get "http://127.0.0.1:$port/"; wait_for 5 grep -q 'got .*GET' squat; ok $? "its own clients reach it"
kill "$PID"
sed -i '/^ttlscapture/d' "$SALLYPORT_ROOT/etc/image.conf"
start eBPF
is "$(tables)" 0 "the next stack sweeps the rules away"
unlike "$(since)" SPT0680W "eBPF: the operator is told nothing"
get http://10.77.0.2:8443/; like "$OUT" 'MARKER page TLSv1.3' "and captures"

# --- where bpf() is refused, as in many containers ------------------------------------------
sallyport shutdown >/dev/null 2>&1
cat >nobpf.c <<'C'
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int
main(int argc, char **argv)
{
    struct sock_filter f[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog p = { 4, f };

    (void)argc;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p) != 0)
        return 126;
    execvp(argv[1], argv + 1);
    return 127;
}
C
if gcc -o nobpf nobpf.c 2>cc.log; then
    ./nobpf sallyport ipl >ipl.log 2>&1; ok $? "ipl, where bpf() is refused"
    start nftables
    like "$(since)" 'SPT0680W AT-TLS captures connections of TCPIP1 by nftables, not by eBPF: .*Operation not permitted' "chosen by itself, and the operator is told why"
    get http://10.77.0.2:8443/; like "$OUT" 'MARKER page TLSv1.3' "outbound"
    OUT=$(peer "${CURL[@]}" -k https://10.77.0.1:8080/); like "$OUT" 'Directory listing' "inbound"
    OUT=$(peer "${CURL[@]}" http://10.77.0.1:8080/; echo "status $?"); like "$OUT" '^status (52|56)' "clear text is refused"
else
    note "$(cat cc.log)"
fi

# --- jobs only ---------------------------------------------------------------------------
sallyport shutdown >/dev/null 2>&1
sed -i 's/^ttlsscope=.*/ttlscapture=nftables/' "$SALLYPORT_ROOT/etc/image.conf"
sallyport ipl >/dev/null 2>&1; ok $? "ipl: jobs only"
start nftables
get http://10.77.0.2:8443/; unlike "$OUT" 'MARKER' "a program that is no job is left alone"
cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/sallyport/$(stat -c '%D' "$SALLYPORT_ROOT")-$(printf '%x' "$(stat -c '%i' "$SALLYPORT_ROOT")")
mkdir "$cgroup/test"
OUT=$(bash -c "echo \$BASHPID >$cgroup/test/cgroup.procs; exec ${CURL[*]@Q} http://10.77.0.2:8443/"); like "$OUT" 'MARKER page TLSv1.3' "a job is captured"
rmdir "$cgroup/test"
sallyport shutdown >/dev/null 2>&1
is "$(tables)" 0 "nothing is left"
wire_end; is "$(grep -ao 'MARKER\|SECRET' wire | sort -u)" "" "no clear text on the wire"
done_testing
