# Sourced by every end-to-end script (". $E2E_LIB"): TAP output, a scratch
# system image, processes stopped by their ids. A script calls done_testing
# last; leaving early counts as a failure.
set -u
# As root in a network of its own, so that scripts can run side by side: no other
# one takes a port that free_port found.
if [ "$(id -u)" -eq 0 ] && [ -z "${E2E_NETNS:-}" ] && unshare -n true 2>/dev/null; then
    exec env E2E_NETNS=1 unshare -n bash "$0" "$@"
fi
[ -z "${E2E_NETNS:-}" ] || ip link set lo up
: "${SALLYPORT_SOURCE:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${SALLYPORT_BUILD:=$SALLYPORT_SOURCE/build}"
BIN=$SALLYPORT_BUILD/src/bin
STUB=$SALLYPORT_BUILD/src/stub
SAMPLES=$SALLYPORT_SOURCE/samples
export PATH=$BIN:$PATH
# Leaks are the unit tests' business: our processes end without tidying up, and
# the leak checker needs system calls that confined ones do not have. (Later
# Mesons set these variables themselves; the last word counts.)
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0:abort_on_error=0:exitcode=99
export UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}print_stacktrace=1

# In memory where that can run programs: a busy disk would make each commit wait.
_scratch() {
    local dir
    for dir in ${E2E_TMP:-} /dev/shm /tmp; do
        SCRATCH=$(mktemp -d "$dir/spt.XXXXXX" 2>/dev/null) || continue
        printf '#!/bin/sh\n' >"$SCRATCH/try" && chmod 755 "$SCRATCH/try"
        if "$SCRATCH/try" 2>/dev/null; then rm "$SCRATCH/try"; return 0; fi
        rm -rf "$SCRATCH"
    done
    echo "Bail out! no folder for scratch files"; exit 99
}
_scratch
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
# Its standard input is the caller's: the shell would make it /dev/null.
background() { "$@" <&0 & PID=$!; _pids+=("$PID"); }
at_exit() { _at_exit+=("$1"); }
# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() { local end=$((SECONDS + $1)); shift; until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done; }
# free_port: a TCP port nobody listens on.
free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }

listens() { ss -ltnH "sport = :$1" | grep -q .; }
is_free() { ! listens "$1"; }

# Whoever a program of the script has started, and left behind.
_left_behind() { grep -lzsx "SALLYPORT_ROOT=$SALLYPORT_ROOT" /proc/[0-9]*/environ | cut -d/ -f3; }
_cleanup() {
    local status=$? pid
    for cmd in ${_at_exit[@]+"${_at_exit[@]}"}; do eval "$cmd"; done
    for pid in ${_pids[@]+"${_pids[@]}"}; do kill "$pid" 2>/dev/null; done
    for pid in ${_pids[@]+"${_pids[@]}"}; do
        for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.02; done
        kill -9 "$pid" 2>/dev/null
    done
    for pid in $(_left_behind); do kill -9 "$pid" 2>/dev/null; done
    if [ -n "${E2E_KEEP:-}" ]; then echo "# kept $SCRATCH"; else rm -rf "$SCRATCH"; fi
    if [ $_finished -eq 0 ]; then echo "not ok $((_count + 1)) - script ended early (status $status)"; echo "1..$((_count + 1))"; exit 1; fi
}
trap _cleanup EXIT

# --- the exercise's image ------------------------------------------------------
# image_install: ipl, samples, decks, the server's files; nothing is started.
# image_up: and its started tasks. HTTP, HTTPS, REGION_PORT, SERVER_DIR.
SERVER_DIR=$SALLYPORT_ROOT/servers/myServer
CNTL=$SALLYPORT_ROOT/datasets/USER1.ZCEE30.CNTL
IMAGE_DECKS="RACFUSER RACFRES ZCEETLSS ZCEETLSC MVSTLS"
image_install() {
    HTTP=$(free_port) HTTPS=$(free_port) REGION_PORT=$(free_port)
    at_exit 'sallyport shutdown >/dev/null 2>&1'
    { sallyport ipl && "$SAMPLES/install" --http-port "$HTTP" --https-port "$HTTPS" --region-port "$REGION_PORT"; } >"$SCRATCH/install.log" 2>&1 || { note "$(cat "$SCRATCH/install.log")"; return 1; }
    for deck in $IMAGE_DECKS; do
        sallyport submit "$CNTL/$deck" >"$SCRATCH/$deck.out" 2>&1 </dev/null || { note "$(cat "$SCRATCH/$deck.out")"; return 1; }
    done
    sallyport server create myServer >/dev/null || return 1
    cp -r "$SAMPLES"/servers/myServer/. "$SERVER_DIR/"
    printf 'http.port=%s\nhttps.port=%s\nregion.port=%s\n' "$HTTP" "$HTTPS" "$REGION_PORT" >>"$SERVER_DIR/bootstrap.properties"
    image_own
}
# As root each file gets the owner who reads it; call it again after changes.
image_own() {
    [ "$(id -u)" -eq 0 ] || return 0
    chmod 755 "$SALLYPORT_ROOT/servers"
    chown -R 50001 "$SERVER_DIR" "$SALLYPORT_ROOT/shared"
    chown -R 50003 "$SALLYPORT_ROOT/regions/CICSREG"
}
image_start() {
    local task
    for task in BBGZANGL CICSREG BAQSTRT; do console "S $task"; [ $STATUS -eq 0 ] || { note "$OUT"; return 1; }; done
    wait_for 20 grep -q CWWKF0011I "$(log_of)" || return 1
    [ -e "$SCRATCH/USER1.pem" ] || certificates USER1=USER1 'LIBSERV=zCEE Client Cert'
}
image_up() { image_install && image_start; }
# plain_server: SERVER_DIR made, with the samples' archives, of a server that is
# no started task; as COMMAND...: as its user, who is not root. PORT, TLS.
plain_server() {
    local kind f
    PORT=$(free_port) TLS=$(free_port)
    chmod 755 "$SCRATCH"
    if [ "$(id -u)" -eq 0 ]; then
        mkdir -p "$SALLYPORT_ROOT/servers"; chown 50001:50001 "$SALLYPORT_ROOT/servers"
        as() { setpriv --reuid 50001 --regid 50001 --clear-groups "$@"; }
    else
        as() { "$@"; }
    fi
    as sallyport server create myServer >/dev/null || return 1
    at_exit 'as sallyport server stop myServer --force >/dev/null 2>&1'
    "$SAMPLES/build.sh" "$SCRATCH/out" >"$SCRATCH/build.log" 2>&1 || { note "$(tail -5 "$SCRATCH/build.log")"; return 1; }
    chmod -R a+rX "$SCRATCH/out"
    as mkdir -p "$SERVER_DIR/resources/zosconnect/apis" "$SERVER_DIR/resources/zosconnect/services"
    for kind in aar:apis sar:services; do
        find "$SCRATCH/out" -name "*.${kind%:*}" | while read -r f; do as cp "$f" "$SERVER_DIR/resources/zosconnect/${kind#*:}/"; done
    done
}
log_of() { echo "$SALLYPORT_ROOT/servers/${1:-myServer}/logs/messages.log"; }
# log_mark, then log_since: what was written to messages.log in between.
log_mark() { LOG_MARK=$(cat "$(log_of)" 2>/dev/null | wc -l); }
log_since() { tail -n +$((LOG_MARK + 1)) "$(log_of)"; }
# certificates OWNER=LABEL...: as $SCRATCH/OWNER.pem with key; CAs in ca.pem.
certificates() {
    local pair d=$SALLYPORT_ROOT/datasets
    for pair; do
        sallyport racf "RACDCERT ID(${pair%%=*}) EXPORT(LABEL('${pair#*=}')) DSN('IBMUSER.X.P12') FORMAT(PKCS12DER) PASSWORD('export')" >/dev/null &&
            openssl pkcs12 -in "$d/IBMUSER.X.P12" -passin pass:export -nodes -out "$SCRATCH/${pair%%=*}.pem" 2>/dev/null || return 1
    done
    sallyport racf "RACDCERT CERTAUTH EXPORT(LABEL('Liberty CA')) DSN('IBMUSER.CA.PEM')" >/dev/null && cp "$d/IBMUSER.CA.PEM" "$SCRATCH/ca.pem"
}
# authority_new SUBJECT: a certificate authority of openssl's in this folder
# (ca.cnf, ca.key, ca.pem), sections of extensions from standard input.
authority_new() {
    : >index; echo 1000 >serial; echo 01 >crlnumber
    { cat <<C; cat; } >ca.cnf
[ca]
default_ca=d
[d]
dir=$PWD
database=$PWD/index
serial=$PWD/serial
crlnumber=$PWD/crlnumber
new_certs_dir=$PWD
default_md=sha256
default_days=30
default_crl_days=30
policy=p
unique_subject=no
[p]
commonName=supplied
organizationName=optional
C
    key_new -x509 -subj "$1" -days 30 -keyout ca.key -out ca.pem
}
key_new() { openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "$@" 2>/dev/null; }
authority() { openssl ca -batch -config ca.cnf -keyfile ca.key -cert ca.pem "$@" 2>/dev/null; }
# issue NAME SECTION [SUBJECT]: NAME.key, NAME.crt, and both in NAME.pem.
issue() {
    key_new -subj "${3:-/CN=$1}" -keyout "$1.key" -out "$1.csr"
    authority -extensions "$2" -in "$1.csr" -out "$1.crt"
    cat "$1.crt" "$1.key" >"$1.pem"
}
# submit_edit MEMBER [sed arguments...]: the member, edited; OUT and STATUS.
submit_edit() {
    local member=$1; shift
    sed -e '' "$@" "$CNTL/$member" >"$CNTL/$member.EDIT"
    OUT=$(sallyport submit ${SUBMIT_OPTIONS:-} "$CNTL/$member.EDIT" 2>&1 </dev/null)
    STATUS=$?
}
console() { OUT=$(sallyport console "$1" 2>&1 </dev/null); STATUS=$?; }
refresh() { console 'F BAQSTRT,REFRESH,CONFIG'; }
# api METHOD PATH [curl arguments...]: over HTTPS with AS's certificate (USER1;
# AS= for none); CODE, BODY, and the header lines in HEAD.
AS=USER1
api() {
    local method=$1 path=$2 with=(); shift 2
    [ -z "$AS" ] || with=(--cert "$SCRATCH/$AS.pem")
    CODE=$(curl -s --max-time "${API_SECONDS:-15}" --path-as-is -X "$method" -o "$SCRATCH/body" -D "$SCRATCH/head" -w '%{http_code}' \
        --cacert "$SCRATCH/ca.pem" ${with[@]+"${with[@]}"} "$@" "https://127.0.0.1:$HTTPS$path" </dev/null)
    CURL=$?
    BODY=$(tr -d '\0' <"$SCRATCH/body" 2>/dev/null) HEAD=$(tr -d '\r' <"$SCRATCH/head" 2>/dev/null)
    : >"$SCRATCH/body"; : >"$SCRATCH/head"
}
field() { jq -r ".. | .$1? // empty" <<<"$BODY" 2>/dev/null | head -1; }
get_record() { api GET "/cscvinc/employee/$1"; }
record_json() { # NUMB NAME [ADDRX]: a request body
    jq -nc --arg numb "$1" --arg name "$2" --arg addrx "${3:-HERE}" '{cscvincServiceOperation:{Container1:{REQUEST_CONTAINER:{FILEA_AREA:{STAT:"Y",NUMB:$numb,NAME:$name,ADDRX:$addrx,PHONE:"12345678",DATEX:"01 01 26",AMOUNT:"$0001.00",COMMENT:"TEST"}}}}}'
}
put_record() { api PUT "/cscvinc/employee/$1" -H 'Content-Type: application/json' -d "$(record_json "$1" "$2")"; }
# Process ids of this image: the master, which the kernel names as the peer of
# its socket, and its descendants (their environment may not be readable).
image_pids() {
    local todo p
    todo=$(python3 -c '
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1])
print(struct.unpack("3i", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])' "$SALLYPORT_ROOT/master/master.sock" 2>/dev/null)
    while [ -n "$todo" ]; do
        echo "$todo"
        todo=$(for p in $todo; do cat /proc/"$p"/task/*/children 2>/dev/null; done | tr ' ' '\n' | grep .)
    done
}
processes() { # PROGRAM [COMM-REGEX]
    local p name
    for p in $(image_pids); do
        name=$(readlink "/proc/$p/exe" 2>/dev/null || tr '\0' '\n' 2>/dev/null <"/proc/$p/cmdline" | head -1)
        name=${name##*/}
        [ "${name/#zosconnect/sallyport-server}" = "$1" ] || continue
        [ -z "${2:-}" ] || grep -Eq "$2" "/proc/$p/comm" 2>/dev/null || continue
        echo "$p"
    done
}
# The process that holds the stack: nobody's child, the peer of its socket.
stack_pid() { python3 -c '
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1])
print(struct.unpack("3i", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])' "$SALLYPORT_ROOT/tcpip/TCPIP1/stack.sock"; }
# ended PID...: none of them runs any more.
ended() { local p; for p; do case $(sed 's/.*) //' "/proc/$p/stat" 2>/dev/null) in "" | Z* | X*) ;; *) return 1 ;; esac; done; }
