# IBMUSER is revoked, and all who are SPECIAL: the owner of the image still ends
# it, asks at the console, and gives SPECIAL back. Nobody else gets in.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
at_exit 'sallyport shutdown >/dev/null 2>&1'
sallyport ipl >"$SCRATCH/ipl" 2>&1; ok $? "ipl"
racf() { sallyport racf "$@" 2>&1; }
as_user() { printf '%s\n' "$2" | sallyport racf --user "$1" "$3" 2>&1; }
racf "ADDUSER BOSS DFLTGRP(SYS1) SPECIAL" >/dev/null
racf "ALTUSER BOSS PASSWORD(BOSSPW) NOEXPIRED" >/dev/null
racf "ALTUSER IBMUSER PASSWORD(IBMPW) NOEXPIRED" >/dev/null
like "$(as_user IBMUSER IBMPW 'LISTUSER')" "USER=IBMUSER" "IBMUSER has a password"
OUT=$(as_user BOSS BOSSPW "ALTUSER IBMUSER REVOKE"); is $? 0 "another one with SPECIAL revokes IBMUSER"
OUT=$(as_user IBMUSER IBMPW LISTUSER)
is $? 12 "whose password lets nobody in"
unlike "$OUT" "USER=IBMUSER|SPT0391W" "revoked is revoked"
runs "the owner of the image is not refused" 0 sallyport racf LISTUSER
like "$(cat "$SALLYPORT_ROOT/log/syslogall.log")" "SPT0391W User IBMUSER is revoked; the owner of the image" "the system log has it"
like "$OUT" "ATTRIBUTES=.*REVOKED" "IBMUSER stays revoked"
like "$(sallyport smf --event jobinit)" "JOBINIT +RACINITI +IBMUSER +group=SYS1 reason=ALWAYS" "and SMF: let in although revoked"
runs "the console answers" 0 sallyport console 'D A,L'
racf "ALTUSER BOSS REVOKE" >/dev/null; racf "ALTUSER IBMUSER NOSPECIAL" >/dev/null
is "$(as_user BOSS BOSSPW LISTUSER >/dev/null 2>&1; echo $?)" 12 "now nobody with SPECIAL can log on"
runs "the owner ends the system" 0 sallyport shutdown
runs "and starts it" 0 sallyport ipl
if [ "$(id -u)" -eq 0 ]; then
    chmod -R a+rX "$SALLYPORT_ROOT" 2>/dev/null
    OUT=$(setpriv --reuid 50123 --regid 50123 --clear-groups sallyport racf LISTUSER 2>&1)
    is $? 12 "another Linux user stays outside"
    unlike "$OUT" "USER=" "and learns nothing"
fi
runs "the owner acts with SPECIAL" 0 sallyport racf "ALTUSER BOSS RESUME SPECIAL"
like "$(cat "$SALLYPORT_ROOT/log/syslogall.log")" "SPT0392W No user with SPECIAL can log on" "the system log has it"
runs "from now on he is who IBMUSER is" 0 sallyport racf LISTUSER
said=$(grep -c SPT0392W "$SALLYPORT_ROOT/log/syslogall.log")
like "$(racf 'ALTUSER BOSS NOSPECIAL')" "NOT AUTHORIZED|IGNORED" "and no more may"
runs "who was given it may" 0 as_user BOSS BOSSPW "ALTUSER IBMUSER RESUME SPECIAL"
runs "all is as before" 0 sallyport racf "ALTUSER BOSS NOSPECIAL"
is "$(grep -c SPT0392W "$SALLYPORT_ROOT/log/syslogall.log")" "$said" "nothing more is said"
is "$(sallyport smf --event jobinit | grep -c RACINITI)" "$(grep -c SPT0391W "$SALLYPORT_ROOT/log/syslogall.log")" "each entry has its record"
done_testing
