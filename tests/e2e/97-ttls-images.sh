# Two images of one machine, in one network: one is for every program, the
# other one for its jobs. Each has what is its own, also when the other one has
# been killed or ends; and nothing is left behind.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "${E2E_LIB%/*}/ttls.sh"
certificates 'LIBSERV=Liberty Client Cert' && mv "$SCRATCH/LIBSERV.pem" "$SCRATCH/one.pem"; ok $? "certificates"
ONE=$SALLYPORT_ROOT TWO=$SCRATCH/two
mkdir "$TWO"; chmod 755 "$SCRATCH" "$TWO"
# at ROOT: what follows is about that image.
at() {
    export SALLYPORT_ROOT=$1
    SERVER_DIR=$1/servers/myServer CNTL=$1/datasets/USER1.ZCEE30.CNTL
    policy=$1/etc/cfgasst/v2r3/WG31/TCPIP1/tlsPol syslog=$1/log/syslogall.log
    image=$(stat -c '%D' "$1")-$(printf '%x' "$(stat -c '%i' "$1")")
}
at "$TWO"; image_install && certificates 'LIBSERV=Liberty Client Cert' && mv "$SCRATCH/LIBSERV.pem" "$SCRATCH/two.pem"; ok $? "another image, with an authority of its own"
echo 'ttlsscope=image' >>"$TWO/etc/image.conf"
{ group; rule two Outbound 1-65535 Client USER1/Liberty.KeyRing; } >"$policy"
at "$ONE"
echo 'ttlsscope=machine' >>"$ONE/etc/image.conf"
# The rule's port may be an engine's of the other image.
{ group; rule one Outbound 1-65535 Client USER1/Liberty.KeyRing; } >"$policy"
cd "$SCRATCH" || exit 1
ttls_start
at "$TWO"; ttls_start
JOB=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/sallyport/$image/HANDED
mkdir "$JOB"; ok $? "a job's cgroup"
python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.sallyport.job", b"HANDED USER1")' "$JOB"
at_exit 'rmdir "$JOB" 2>/dev/null'
at_exit 'SALLYPORT_ROOT=$ONE sallyport shutdown >/dev/null 2>&1; SALLYPORT_ROOT=$TWO sallyport shutdown >/dev/null 2>&1'
wire_start
line_server 8443 one.pem; line_server 8445 two.pem; ok $? "a TLS server for each"
talk() { OUT=$(timeout 30 bash -c "$1 exec 3<>/dev/tcp/$2; echo SECRET $3 >&3; head -1 <&3" 2>&1); }
outside() { talk "" "$@"; }
job() { talk "echo \$BASHPID >$JOB/cgroup.procs;" "$@"; }
# maker WHO: the socket is made outside, or in the job, and the other connects.
handed() {
    OUT=$(timeout 30 python3 - "$JOB" "$1" 2>&1 <<'PY'
import os, socket, sys
def enter():
    with open(sys.argv[1] + "/cgroup.procs", "w") as f: f.write(str(os.getpid()))
a, b = socket.socketpair()
if os.fork() == 0:
    if sys.argv[2] == "out": enter()
    s = socket.socket(); socket.send_fds(a, [b"x"], [s.fileno()]); os._exit(0)
s = socket.socket(fileno=socket.recv_fds(b, 10, 1)[1][0]); os.wait()
if sys.argv[2] == "in": enter()
s.settimeout(20); s.connect(("10.77.0.2", 8445)); s.sendall(b"SECRET handed\n"); print(s.makefile().readline(), s.getpeername())
PY
    )
}
# by IMAGE NAME: the last connection was one of that image's, and of no other's.
begin() { at "$ONE"; mark; M1=$MARK; at "$TWO"; mark; M2=$MARK; }
by() {
    local other=$([ "$1" = "$ONE" ] && echo "$TWO" || echo "$ONE") rule=$([ "$1" = "$ONE" ] && echo one || echo two)
    at "$1"; MARK=$([ "$1" = "$ONE" ] && echo $M1 || echo $M2)
    wait_for 10 said "EZD1281I .*RULE: $rule "; ok $? "$2: by its image"
    at "$other"; MARK=$([ "$other" = "$ONE" ] && echo $M1 || echo $M2)
    unlike "$(since)" EZD1281I "$2: and not by the other one"
}
begin; outside 10.77.0.2/8443 outside; like "$OUT" 'MARKER TLSv1.3 SECRET outside' "a program outside of jobs"; by "$ONE" "a program outside of jobs"
begin; job 10.77.0.2/8445 job; like "$OUT" 'MARKER TLSv1.3 SECRET job' "a job"; by "$TWO" "a job"
begin; handed out; like "$OUT" 'MARKER TLSv1.3 SECRET handed' "made by the job, connected outside"; like "$OUT" "'10.77.0.2', 8445" "its name"; by "$TWO" "made by the job"
begin; handed in; like "$OUT" 'MARKER TLSv1.3 SECRET handed' "made outside, connected by the job"; like "$OUT" "'10.77.0.2', 8445" "its name"

# --- one dies, and ends --------------------------------------------------------------
at "$TWO"
AGENT=$(processes sallyport-pagent | grep -vx "$(stack_pid)" | head -1)
STACK=$(stack_pid)
kill -9 "$AGENT"; kill -9 "$STACK" $(pgrep -P "$STACK")
wait_for 20 ended "$STACK"
job 10.77.0.2/8445 killed; like "$OUT" 'not permitted' "agent and stack of the jobs' image are killed: a job is refused"
begin; outside 10.77.0.2/8443 other; like "$OUT" 'MARKER TLSv1.3 SECRET other' "others go on"; by "$ONE" "others"
at "$TWO"; mark; console 'S PAGENT'; wait_for 20 said EZZ8432I; ok $? "started again"
begin; OUT=; wait_for 20 eval 'job 10.77.0.2/8445 again; grep -q MARKER <<<"$OUT"'; ok $? "and the job goes on"; by "$TWO" "the job"
at "$TWO"; sallyport shutdown >/dev/null 2>&1; ok $? "the jobs' image ends"
begin; outside 10.77.0.2/8443 outlives; like "$OUT" 'MARKER TLSv1.3 SECRET outlives' "the other one goes on"
[ ! -e "/sys/fs/bpf/sallyport-$image-TCPIP1" ]; ok $? "its programs are gone"
[ -e /sys/fs/bpf/sallyport-images ]; ok $? "the table of all images is not"
at "$ONE"; sallyport shutdown >/dev/null 2>&1; ok $? "the other one ends"
ls /sys/fs/bpf >left
is "$(grep -c "$image" left)" 0 "and its programs with it"
if [ -e /sys/fs/bpf/sallyport-images ]; then note "other images are here: $(tr "\n" " " <left)"; else pass "and the tables of all images"; fi
outside 10.77.0.2/8443 PLAIN; unlike "$OUT" 'MARKER|not permitted' "nothing is captured"
wire_end; is "$(grep -ao 'SECRET[A-Za-z ]*\|MARKER' wire | grep -v PLAIN | sort | uniq -c | tr -s ' ' | tr '\n' ';')" "" "no clear text on the wire"
done_testing
