# Sourced by every end-to-end script (". $E2E_LIB"): TAP output, a scratch
# system image, processes stopped by their ids. A script calls done_testing
# last; leaving early counts as a failure.
set -u
: "${SALLYPORT_SOURCE:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${SALLYPORT_BUILD:=$SALLYPORT_SOURCE/build}"
BIN=$SALLYPORT_BUILD/src/bin
STUB=$SALLYPORT_BUILD/src/stub
SAMPLES=$SALLYPORT_SOURCE/samples
export PATH=$BIN:$PATH
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:abort_on_error=0:exitcode=99}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

SCRATCH=$(mktemp -d /tmp/spt.XXXXXX)
export SALLYPORT_ROOT=$SCRATCH/r
mkdir -p "$SALLYPORT_ROOT"
chmod 755 "$SCRATCH" "$SALLYPORT_ROOT"

_count=0 _failed=0 _finished=0 _pids=() _at_exit=()

# pass/fail: one TAP line each.
pass() { _count=$((_count + 1)); echo "ok $_count - $*"; }
fail() { _count=$((_count + 1)); _failed=$((_failed + 1)); echo "not ok $_count - $*"; }
note() { printf '%s\n' "$*" | sed 's/^/# /'; }
# is GOT WANTED NAME / like TEXT REGEX NAME / unlike / ok STATUS NAME
is() { if [ "$1" = "$2" ]; then pass "$3"; else fail "$3"; note "got:    $1"; note "wanted: $2"; fi; }
like() { if grep -Eq -- "$2" <<<"$1"; then pass "$3"; else fail "$3"; note "got: $1"; note "wanted match: $2"; fi; }
unlike() { if grep -Eq -- "$2" <<<"$1"; then fail "$3"; note "got: $1"; note "unwanted match: $2"; else pass "$3"; fi; }
ok() { if [ "$1" -eq 0 ]; then pass "$2"; else fail "$2 (status $1)"; fi; }
# runs NAME WANTED-STATUS COMMAND...: output in $OUT
runs() { local name=$1 want=$2; shift 2; OUT=$("$@" 2>&1 </dev/null); local got=$?; is "$got" "$want" "$name"; [ "$got" = "$want" ] || note "$OUT"; }
skip_all() { echo "1..0 # SKIP $*"; _finished=1; exit 0; }
done_testing() { echo "1..$_count"; _finished=1; [ $_failed -eq 0 ]; exit; }

# background COMMAND...: its pid in $PID, stopped at the end.
background() { "$@" & PID=$!; _pids+=("$PID"); }
at_exit() { _at_exit+=("$1"); }
# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() { local end=$((SECONDS + $1)); shift; until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done; }
# free_port: a TCP port nobody listens on.
free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }

_cleanup() {
    local status=$? pid
    for cmd in ${_at_exit[@]+"${_at_exit[@]}"}; do eval "$cmd"; done
    for pid in ${_pids[@]+"${_pids[@]}"}; do kill "$pid" 2>/dev/null; done
    for pid in ${_pids[@]+"${_pids[@]}"}; do
        for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.02; done
        kill -9 "$pid" 2>/dev/null
    done
    if [ -n "${E2E_KEEP:-}" ]; then echo "# kept $SCRATCH"; else rm -rf "$SCRATCH"; fi
    if [ $_finished -eq 0 ]; then echo "not ok $((_count + 1)) - script ended early (status $status)"; echo "1..$((_count + 1))"; exit 1; fi
}
trap _cleanup EXIT
