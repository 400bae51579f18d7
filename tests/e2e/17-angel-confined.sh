# What the angel's processes may do, as the kernel tells it: a filter on system
# calls, no new privileges, no core files, nobody's debugger, memory that stays
# out of swap. And that the filter of the process with the widest one refuses.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
_finished=1 # the program below prints the plan
MODULE=$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so 2>/dev/null | head -1)
mkdir -p "$SALLYPORT_ROOT/etc"
if [ -n "$MODULE" ] && command -v softhsm2-util >/dev/null; then
    mkdir -p "$SCRATCH/tokens"
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$SCRATCH/tokens" >"$SCRATCH/softhsm2.conf"
    export SOFTHSM2_CONF=$SCRATCH/softhsm2.conf
    softhsm2-util --init-token --free --label SPTTEST --so-pin 87654321 --pin 12345678 >/dev/null
    [ "$(id -u)" -ne 0 ] || chown -R 60005 "$SCRATCH/tokens" "$SCRATCH/softhsm2.conf"
    umask 077; echo 12345678 >"$SCRATCH/pin"; umask 022
    printf '%s\n' "token.module=$MODULE" token.label=SPTTEST "token.pin=$SCRATCH/pin" "token.env=SOFTHSM2_CONF=$SOFTHSM2_CONF" >"$SALLYPORT_ROOT/etc/angel.conf"
fi
PYTHONPATH=$(dirname "$E2E_LIB") python3 - <<'PY'
import ctypes, os, shutil, subprocess
from angel_wire import *

def read(pid, name):
    with open(f"/proc/{pid}/{name}") as f:
        return f.read()

def status(pid):
    return dict(line.split(":", 1) for line in read(pid, "status").splitlines())

angel = Angel()
ibm = Client()
is_equal(ibm.hello().err, OK, "the angel answers")
children = {pid: read(pid, "comm").strip() for pid in angel.child_of("any")}
for pid in list(children):
    below = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    children.update({int(p): read(p, "comm").strip() for p in below})
wanted = ["angel-front", "angel-keeper", "angel-recorder"] + ["angel-verifier"] * 3
if os.path.exists(os.environ["SALLYPORT_ROOT"] + "/etc/angel.conf"):
    wanted.append("angel-token")
wanted += ["angel-maker"] * 2
is_equal(sorted(children.values()), sorted(wanted), "all its processes")

is_root = os.geteuid() == 0
binary = shutil.which("sallyport-angel")
is_sanitized = b"__asan_init" in open(binary, "rb").read()
# May this system's root lock memory at all? Some containers' may not.
libc = ctypes.CDLL(None)
may_lock = is_root and libc.mlockall(1 | 4) == 0
libc.munlockall()
for pid, name in sorted(children.items(), key=lambda x: x[1]):
    st = status(pid)
    is_equal(st["NoNewPrivs"].strip(), "1", f"{name}: no new privileges")
    is_equal(st["Seccomp"].strip(), "2", f"{name}: a filter on system calls")
    core = [l for l in read(pid, "limits").splitlines() if l.startswith("Max core file size")]
    is_equal(core[0].split()[4:6], ["0", "0"], f"{name}: no core file")
    if is_root:
        check(int(st["Uid"].split()[0]) >= 60000, f"{name}: a uid of its own", st["Uid"])
        is_equal(int(st["CapEff"], 16) | int(st["CapPrm"], 16), 0, f"{name}: no capability")
    # Not dumpable: its /proc entries are root's, whoever it runs as.
    is_equal(os.stat(f"/proc/{pid}/mem").st_uid, 0, f"{name}: not dumpable")
    if may_lock and not is_sanitized and name != "angel-recorder":
        check(int(st["VmLck"].split()[0]) > 1000, f"{name}: its memory is locked", st["VmLck"])
nest = status(angel.process.pid)
is_equal(nest["NoNewPrivs"].strip(), "1", "the first process: no new privileges")
core = [l for l in read(angel.process.pid, "limits").splitlines() if l.startswith("Max core file size")]
is_equal(core[0].split()[4:6], ["0", "0"], "the first process: no core file")

# --- started again, they are as confined
verifier = [pid for pid, name in children.items() if name == "angel-verifier"][-1]
os.kill(verifier, 9)
fresh = lambda: [p for p in angel.child_of("any") if p not in children and read(p, "comm").strip() == "angel-verifier"]
check(eventually(fresh), "a verifier that was killed is back")
is_equal(eventually(lambda: status(fresh()[0])["Seccomp"].strip() == "2") and status(fresh()[0])["NoNewPrivs"].strip(), "1", "and confined")

# --- what the front does at all goes through its filter
for text, want in [("ADDUSER USER1 DFLTGRP(SYS1) PASSWORD(SECRET1)", 0),
                   ("RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('A')) WITHLABEL('A')", 0),
                   ("RACDCERT CERTAUTH EXPORT(LABEL('A')) DSN('IBMUSER.A')", 0),
                   ("RACDCERT CHECKCERT('IBMUSER.A')", 0),
                   ("RVARY LIST", 0), ("SETROPTS LIST", 0)]:
    r = ibm.command(text)
    rc = r.u32() if r.err == OK else None
    is_equal((r.err, rc), (OK, want), text)
angel.stop()
print(f"1..{__import__('angel_wire').count}")
raise SystemExit(__import__('angel_wire').failed != 0)
PY
