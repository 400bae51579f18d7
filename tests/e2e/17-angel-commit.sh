# Commands share a commit: a deck is sent ahead, several clients at once. What
# was answered is there, also when the front is killed at any moment or the disk
# is full; a command sees what the one before it in the deck did.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
background sallyport-angel
ANGEL=$PID
wait_for 10 sallyport-racf LISTUSER || exit 1
front() { local p; for p in $(ps -o pid= --ppid "$ANGEL"); do grep -q front "/proc/$p/comm" 2>/dev/null && echo "$p"; done; }
racf() { sallyport-racf "$@" 2>&1; }

# --- a deck: each command sees the one before
racf "SETROPTS CLASSACT(FACILITY) GENERIC(FACILITY) RACLIST(FACILITY)" >/dev/null
OUT=$(sallyport-racf --json --file - 2>&1 <<'D'
ADDGROUP G1 SUPGROUP(SYS1)
ADDUSER ANN DFLTGRP(G1)
ADDUSER ANN DFLTGRP(G1)
RDEFINE FACILITY A.B UACC(NONE)
PERMIT A.B CLASS(FACILITY) ID(ANN) ACCESS(READ)
EXPLAIN ANN FACILITY A.B READ
SETROPTS RACLIST(FACILITY) REFRESH
EXPLAIN ANN FACILITY A.B READ
NOSUCH COMMAND
DELUSER ANN
LISTUSER ANN
D
)
is "$(jq -r .rc <<<"$OUT" | tr '\n' ' ')" "0 0 8 0 0 0 0 0 8 0 4 " "each command has its own return code, in order"
is "$(jq -r .line <<<"$OUT" | tr '\n' ' ')" "1 2 3 4 5 6 7 8 9 10 11 " "and its line"
like "$(sed -n 6p <<<"$OUT")" "not protected|NOT PROTECTED|no profile|NOT DEFINED" "before REFRESH the old state is in effect"
like "$(sed -n 8p <<<"$OUT")" "READ" "after it the new one"

# --- killed with decks on their way
for d in 1 2 3; do for i in $(seq 400); do echo "ADDUSER K$d$(printf %04d "$i") DATA('some text that takes room')"; done >"$SCRATCH/deck$d"; done
answered=0 lost=0 broken=0
for round in 1 2 3 4 5 6; do
    pids=()
    for d in 1 2 3; do
        sed "s/ADDUSER K/ADDUSER R$round/" "$SCRATCH/deck$d" >"$SCRATCH/d$d"
        sallyport-racf --json --file "$SCRATCH/d$d" >"$SCRATCH/out$d" 2>/dev/null & pids+=($!)
    done
    sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
    kill -9 $(front) 2>/dev/null
    wait "${pids[@]}"
    wait_for 10 sallyport-racf LISTUSER
    racf "SEARCH CLASS(USER) MASK(R$round)" | tr -d ' ' | sort >"$SCRATCH/there"
    for d in 1 2 3; do
        jq -r 'select(.rc == 0) | .line' "$SCRATCH/out$d" | while read -r n; do printf 'R%s%s%04d\n' "$round" "$d" "$n"; done | sort >"$SCRATCH/told"
        answered=$((answered + $(wc -l <"$SCRATCH/told")))
        lost=$((lost + $(comm -23 "$SCRATCH/told" "$SCRATCH/there" | wc -l)))
        broken=$((broken + $(jq -r 'select(.error != null) | .line' "$SCRATCH/out$d" | wc -l)))
    done
done
note "$answered commands were answered, $broken were on their way when the front was killed"
[ "$answered" -gt 0 ] && [ "$broken" -gt 0 ]; ok $? "some were answered, some were on their way"
is "$lost" 0 "all that were answered are there"
runs "the database is whole" 0 sallyport db check

# --- the disk is full in the middle of decks
kill "$ANGEL"; wait "$ANGEL" 2>/dev/null
ulimit -S -f 2048
background sallyport-angel
ANGEL=$PID
wait_for 10 sallyport-racf LISTUSER
data=$(head -c 250 /dev/zero | tr '\0' x)
told=0 refused=0
for round in $(seq 40); do
    for i in $(seq 100); do echo "ADDUSER F$(printf %02d "$round")$(printf %03d "$i") DATA('$data')"; done | sallyport-racf --json --file - >"$SCRATCH/out" 2>&1
    jq -r 'select(.rc == 0) | .line' "$SCRATCH/out" | while read -r n; do printf 'F%02d%03d\n' "$round" "$n"; done >>"$SCRATCH/full.told"
    jq -r 'select(.rc == 12) | .line' "$SCRATCH/out" | while read -r n; do printf 'F%02d%03d\n' "$round" "$n"; done >>"$SCRATCH/full.refused"
    [ ! -s "$SCRATCH/full.refused" ] || break
done
like "$(jq -r 'select(.rc == 12) | .lines[]' "$SCRATCH/out" | head -1)" "SPT1000E ADDUSER was not carried out: .*Nothing was changed" "refused with the reason"
kill "$ANGEL"; wait "$ANGEL" 2>/dev/null
ulimit -S -f unlimited
background sallyport-angel
ANGEL=$PID
wait_for 10 sallyport-racf LISTUSER
racf "SEARCH CLASS(USER) MASK(F)" | tr -d ' ' | sort >"$SCRATCH/there"
sort -o "$SCRATCH/full.told" "$SCRATCH/full.told"; sort -o "$SCRATCH/full.refused" "$SCRATCH/full.refused"
is "$(comm -23 "$SCRATCH/full.told" "$SCRATCH/there" | wc -l)" 0 "what was answered with 0 is there ($(wc -l <"$SCRATCH/full.told") users)"
is "$(comm -12 "$SCRATCH/full.refused" "$SCRATCH/there" | wc -l)" 0 "what was answered with 12 is not ($(wc -l <"$SCRATCH/full.refused") users)"
done_testing
