# Every command has --help, --version and a manual page; mistakes are answered
# with what was found and what to do.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
for program in "$BIN"/sallyport "$BIN"/sallyport-*; do
    [ -f "$program" ] && [ -x "$program" ] || continue
    name=${program##*/}
    runs "$name --help" 0 "$program" --help
    like "$OUT" '^Usage: sallyport' "$name says how it is used"
    runs "$name --version" 0 "$program" --version
    page=$(ls "$SALLYPORT_SOURCE/doc/man/$name".[18] 2>/dev/null)
    ok "$([ -n "$page" ]; echo $?)" "$name has a manual page"
done
# Help, completion and manual name the same options; each takes its value with
# "=" and with a blank.
options_in() { grep -oE -- '(^|[ ,])--[a-z][a-zA-Z0-9-]*' | tr -d ' ,' | sort -u; }
for program in "$BIN"/sallyport-*; do
    [ -f "$program" ] && [ -x "$program" ] || continue
    name=${program##*/}
    help=$("$program" --help | options_in)
    is "$("$program" --complete | cut -f1 | options_in | grep -vE '^--(help|version)$')" "$(grep -vE '^--(help|version)$' <<<"$help")" "$name completes the options of its help"
    page=$(sed 's/\\//g; s/Fl -/--/g' "$SALLYPORT_SOURCE/doc/man/$name".[18])
    for option in $(grep -vE '^--(help|version|complete)$' <<<"$help"); do
        grep -qE -- "$option\b" <<<"$page" || fail "$name $option is in the manual page"
    done
done
if command -v groff >/dev/null; then
    for page in "$SALLYPORT_SOURCE"/doc/man/*; do is "$(groff -mandoc -ww -z "$page" 2>&1)" "" "${page##*/} has no warnings"; done
fi
for word in ipl shutdown status submit console racf build; do
    runs "sallyport help $word" 0 sallyport help $word
    like "$OUT" '^Usage: sallyport' "shows it"
    case $word in racf) want=16 ;; build) want=1 ;; *) want=2 ;; esac
    runs "$word: unknown option" $want sallyport $word --no-such-option
    like "$OUT" "no-such-option" "names it"
    like "$OUT" "Try|help" "says where help is"
done
runs "server: unknown option" 20 sallyport server create x --no-such-option
like "$OUT" 'CWWKE0013E: Unknown option: --no-such-option' "names it"
runs "server create --help" 0 sallyport server create --help
runs "a word that is nearly one" 2 sallyport sumbit
like "$OUT" 'Did you mean "submit"\?' "is guessed"
runs "a message explained" 0 sallyport help BAQR7115E
like "$OUT" '^What to do: Connect' "with its remedy"
runs "completion" 0 sallyport completion bash
is "$(bash -c "$OUT"'; COMP_WORDS=(sallyport sub); COMP_CWORD=1; _sallyport; echo "${COMPREPLY[*]}"')" submit "bash completes a command"
is "$(bash -c "$OUT"'; COMP_WORDS=(sallyport submit --fail); COMP_CWORD=2; _sallyport; echo "${COMPREPLY[*]}"')" --fail-above "and an option"
unlike "$(sallyport help; sallyport submit --help)" $'\e' "no colours where there is no terminal"
# Nothing is up: each client says so and what to do.
for word in submit console racf status shutdown; do
    case $word in submit) args=("$SAMPLES/jcl/IEFBR14.jcl") ;; console) args=('D A,L') ;; racf) args=('LISTUSER IBMUSER') ;; *) args=() ;; esac
    OUT=$(sallyport $word ${args[@]+"${args[@]}"} 2>&1 </dev/null); STATUS=$?
    ok "$([ $STATUS -ne 0 ]; echo $?)" "$word without a system fails"
    like "$OUT" 'sallyport ipl' "and names the command that starts it"
done
# The server command by the original's name.
ln -s "$BIN/sallyport" "$SCRATCH/zosconnect"
zcon() { "$SCRATCH/zosconnect" "$@"; }
runs "zosconnect alone" 0 zcon
like "$OUT" '^Usage: sallyport server ACTION' "shows how it is used"
runs "zosconnect create" 0 zcon create zc --template=zosconnect:apiRequester
is "$OUT" "Server zc created." "is the server command"
runs "zosconnect status" 1 zcon status zc
runs "zosconnect version" 0 zcon version
runs "zosconnect list" 0 zcon list
like "$OUT" '^zc$' "of the same servers"
runs "zosconnect of another command" 20 zcon ipl
like "$OUT" 'unknown action "ipl"' "has its actions only"
runs "zosconnect run of no server" 2 zcon run none --clean
done_testing
