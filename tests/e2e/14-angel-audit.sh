# SMF type 80: commands, logons, accesses and what was refused, in the layout
# that the original's tools read; no secret is in a record.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
background sallyport-angel
wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock" || exit 1
racf() { sallyport-racf "$@" 2>&1; }
as() { local who=$1; shift; printf '%s\n' "$PASS" | sallyport-racf --user "$who" "$@" 2>&1; }
PASS=GOODPASS
sallyport-racf --file - >/dev/null 2>&1 <<'D'
ADDUSER ANN NAME('ANN LEE') DFLTGRP(SYS1)
ALTUSER ANN PASSWORD(GOODPASS) NOEXPIRED
ADDUSER BEN DFLTGRP(SYS1) PASSWORD(OTHERPW)
RDEFINE FACILITY BAQ.SECRET UACC(NONE) AUDIT(ALL(READ))
SETROPTS CLASSACT(FACILITY PTKTDATA)
RDEFINE PTKTDATA APPL1 SSIGNON(KEYMASKED(0123456789ABCDEF))
PERMIT BAQ.SECRET CLASS(FACILITY) ID(BEN) ACCESS(READ)
D
as ANN "ALTUSER BEN SPECIAL" >/dev/null
as ANN "ADDUSER CARL" >/dev/null
PASS=WRONGPW as ANN LISTUSER >/dev/null
as NOBODY LISTUSER >/dev/null
runs "sallyport smf" 0 sallyport smf
LINES=$OUT
like "$LINES" "ADDUSER +SUCCESS +IBMUSER .*class=USER name=ANN command=ADDUSER ANN NAME\('ANN LEE'\)" "a command of a SPECIAL user (SAUDIT)"
like "$LINES" "SETROPTS +SUCCESS +IBMUSER" "SETROPTS, always"
like "$LINES" "RDEFINE +SUCCESS +IBMUSER .*class=FACILITY name=BAQ.SECRET" "RDEFINE: class and profile"
like "$LINES" "PERMIT +SUCCESS +IBMUSER .*class=FACILITY name=BAQ.SECRET" "PERMIT: class and profile"
like "$LINES" "ADDUSER +INSAUTH +ANN .*name=CARL" "a violation (CMDVIOL)"
like "$LINES" "JOBINIT +INVPSWD +ANN +group=SYS1" "a wrong password"
like "$LINES" "JOBINIT +UNDFUSER +NOBODY" "an unknown user"
for command in "ALTUSER BEN PASSWORD HIDDENPW" "ALTUSER BEN PASWORD(HIDDENPW)" "ALTUSER BEN PHARSE('HIDDENPW x')" "SETROPTS RVAR(SW(HIDDENPW))" "RDEFINE PTKTDATA A SSIGNON(LEGACYKEY(HIDDENPW))" "RDEFINE LDAPBIND A PROXY(BINDP(HIDDENPW))" "ALTUSER BEN HIDDENPW" "ALTUSER (BEN PASSWORD HIDDENPW)" "RDEFINE REALM A KERB(PASSW(HIDDENPW))"; do
    racf "$command" >/dev/null
done
LINES=$(sallyport smf)
ok "$(strings -n 4 "$SALLYPORT_ROOT"/smf/* | grep -c HIDDENPW)" "malformed secrets are in no record"
is "$(iconv -f IBM1047 -t UTF-8 "$SALLYPORT_ROOT"/smf/* 2>/dev/null | tr -dc '[:print:]' | grep -c HIDDENPW)" 0 "in no code page"
unlike "$LINES" "HIDDENPW|GOODPASS|OTHERPW|0123456789ABCDEF|WRONGPW" "no secret is shown"
unlike "$(cat "$SALLYPORT_ROOT"/smf/*.smf | iconv -f IBM1047 -t UTF-8 2>/dev/null)" "GOODPASS|OTHERPW|0123456789ABCDEF|WRONGPW" "nor recorded"
is "$(sallyport smf --violations | wc -l)" "$(sallyport smf | grep -cE 'INSAUTH|INVPSWD|UNDFUSER|REVK')" "--violations"
is "$(sallyport smf --user ann --event addgroup | wc -l)" 0 "--user and --event"
is "$(sallyport smf --class facility | wc -l)" 2 "--class"
like "$(sallyport smf --irradu00 --event jobinit | head -1)" "^JOBINIT  INVPSWD  [0-9:]{8} [0-9-]{10} SPT1 YES  NO   NO   ANN      SYS1     YES " "--irradu00: the columns"
is "$(sallyport smf --json | jq -r 'select(.event=="JOBINIT" and .user=="ANN") | .qualifier')" INVPSWD "--json"
runs "an event that is none" 2 sallyport smf --event NOEV
like "$OUT" "--event NOEV: no such event" "says so"
runs "nor is this one" 2 sallyport smf -e EVENT256
runs "an event without a name" 0 sallyport smf -e event250
runs "--json and --irradu00" 2 sallyport smf --json --irradu00

cat "$SALLYPORT_ROOT"/smf/*.smf >"$SCRATCH/all.smf"
is "$(sallyport smf "$SCRATCH/all.smf")" "$LINES" "a FILE"
is "$(sallyport smf - <"$SCRATCH/all.smf")" "$LINES" "standard input"
head -c $(($(stat -c %s "$SCRATCH/all.smf") - 7)) "$SCRATCH/all.smf" >"$SCRATCH/cut.smf"
runs "a file that is cut" 1 sallyport smf "$SCRATCH/cut.smf"
like "$OUT" "near byte [0-9]+: no record descriptor word" "says where"
is "$(sallyport smf "$SCRATCH/cut.smf" 2>/dev/null | wc -l)" $(($(wc -l <<<"$LINES") - 1)) "and prints what stands before"
runs "no such file" 1 sallyport smf "$SCRATCH/none"

# What a switch of options does; who is no auditor does not set what is recorded.
like "$(racf 'SETROPTS NOSAUDIT')" "^ICH14002I NOT AUTHORIZED TO SPECIFY SAUDIT; KEYWORD IGNORED" "SPECIAL alone does not switch SAUDIT off"
racf "ALTUSER IBMUSER AUDITOR" >/dev/null
racf "SETROPTS NOSAUDIT" >/dev/null
N=$(sallyport smf | wc -l)
racf "ALTUSER BEN NAME('B')" >/dev/null
is "$(sallyport smf | wc -l)" "$N" "NOSAUDIT: no record"
racf "SETROPTS AUDIT(FACILITY)" >/dev/null
racf "RALTER FACILITY BAQ.SECRET DATA('x')" >/dev/null
like "$(sallyport smf | tail -1)" "RALTER +SUCCESS .*class=FACILITY name=BAQ.SECRET" "AUDIT(FACILITY): a record"
racf "SETROPTS NOCMDVIOL NOAUDIT(FACILITY)" >/dev/null
N=$(sallyport smf | wc -l)
as ANN "ADDUSER CARL" >/dev/null
is "$(sallyport smf | wc -l)" "$N" "NOCMDVIOL: no record"

# Data sets, and users as a class
racf "SETROPTS CMDVIOL AUDIT(USER DATASET)" >/dev/null
racf "ALTUSER BEN NAME('C')" >/dev/null
like "$(sallyport smf | tail -1)" "ALTUSER +SUCCESS .*class=USER name=BEN" "AUDIT(USER): a record"
racf "ADDSD 'SYS1.PAY'" >/dev/null
racf "ALTDSD 'SYS1.PAY' UACC(READ)" >/dev/null
racf "DELDSD 'SYS1.PAY'" >/dev/null
is "$(sallyport smf | tail -3 | grep -cE '(ADDSD|ALTDSD|DELDSD) +SUCCESS .*class=DATASET name=SYS1.PAY')" 3 "ADDSD, ALTDSD, DELDSD"
racf "SETROPTS NOAUDIT(USER)" >/dev/null
N=$(sallyport smf | wc -l)
racf "ALTUSER BEN NAME('D')" >/dev/null
is "$(sallyport smf | wc -l)" "$N" "NOAUDIT(USER): none"

# SUCCESS is what did something
last() { sallyport smf | tail -1; }
racf "SETROPTS SAUDIT" >/dev/null
racf "RACDCERT ID(ANN) ADDRING(Some.Ring)" >/dev/null
like "$(last)" "RACDCERT +SUCCESS .*ADDRING" "RACDCERT that did something"
racf "RACDCERT ID(ANN) ADDRING(Some.Ring)" >/dev/null
like "$(last)" "RACDCERT +KEYWVIOL .*ADDRING" "one that could not (8)"
racf "RACDCERT ID(ANN) LIST(LABEL('None'))" >/dev/null
like "$(last)" "RACDCERT +KEYWVIOL .*LIST" "one that found nothing (4)"
racf "RACDCERT ID(ANN) CONNECT(RING(Some.Ring) LABEL('None'))" >/dev/null
like "$(last)" "RACDCERT +KEYWVIOL .*CONNECT" "CONNECT of a label that is none (4)"
racf "PERMIT BAQ.SECRET CLASS(FACILITY) ID(CARL) DELETE" >/dev/null
like "$(last)" "PERMIT +KEYWVIOL" "PERMIT DELETE of who is not listed (4)"
racf "RACDCERT ID(ANN) GENCERT SUBJECTSDN(CN('a')) WITHLABEL('a')" >/dev/null
racf "RACDCERT ID(ANN) EXPORT(LABEL('a')) DSN('IBMUSER.A')" >/dev/null
racf "RACDCERT ID(ANN) DELETE(LABEL('a'))" >/dev/null
runs "ADD without anybody to trust it" 4 sallyport-racf "RACDCERT ID(ANN) ADD('IBMUSER.A')"
like "$(last)" "RACDCERT +SUCCESS .*ADD" "did something (4)"
racf "SETROPTS NOSAUDIT" >/dev/null

# A system log that cannot be opened holds up nobody, and is written again
# once it can be.
recorder() { local p; for p in $(ps -o pid= --ppid "$PID"); do grep -q angel-recorder "/proc/$p/comm" && echo "$p"; done; }
mv "$SALLYPORT_ROOT/log/syslogall.log" "$SCRATCH/old.log"; mkdir "$SALLYPORT_ROOT/log/syslogall.log"
kill -9 "$(recorder)"; wait_for 10 test -n "$(recorder)"
racf "ADDUSER NOLOG" >/dev/null
R=$(recorder)
for n in 1 2 3 4 5; do racf "SETROPTS CMDVIOL" >/dev/null; as NOBODY LISTUSER >/dev/null; done
is "$(recorder)" "$R" "the recorder that cannot open the log lives on"
like "$(sallyport smf | tail -2)" "SETROPTS +SUCCESS .*SETROPTS CMDVIOL" "and records"
rmdir "$SALLYPORT_ROOT/log/syslogall.log"
in_log() { as NOBODY LISTUSER >/dev/null; grep -q IRR012I "$SALLYPORT_ROOT/log/syslogall.log"; }
wait_for 10 in_log; ok $? "the log is written again once it can be"
is "$(recorder)" "$R" "by the same recorder"
cat "$SALLYPORT_ROOT/log/syslogall.log" >>"$SCRATCH/old.log"; cat "$SCRATCH/old.log" >"$SALLYPORT_ROOT/log/syslogall.log"

# The recorder dies
for p in $(ps -o pid= --ppid "$PID"); do [ "$(cat /proc/"$p"/comm)" != angel-recorder ] || kill -9 "$p"; done
racf "SETROPTS CMDVIOL" >/dev/null
like "$(sallyport smf | tail -1)" "SETROPTS +SUCCESS .*SETROPTS CMDVIOL" "a recorder that was killed comes back, nothing is lost"
# PROTECTALL: refused and warned accesses have qualifiers of their own.
touch_dataset() { # NAME: by ANN
    PYTHONPATH=$SALLYPORT_SOURCE/tests/e2e python3 - "$1" <<'PY'
import sys
import angel_wire as w
c = w.Client()
c.call(w.LOGON, w.s("ANN") + w.s("GOODPASS"))
r = c.call(w.CHECK, w.s("") + w.s("DATASET") + w.s(sys.argv[1]) + w.u8(2))
print("/".join(str(n) for n in r.triple()))
PY
}
is "$(touch_dataset NO.PROFILE.ONE)" 4/4/0 "without PROTECTALL it is not protected"
racf "SETROPTS PROTECTALL(FAILURES)" >/dev/null
is "$(touch_dataset NO.PROFILE.TWO)" 8/8/0 "PROTECTALL(FAILURES) refuses"
racf "SETROPTS PROTECTALL(WARNING)" >/dev/null
is "$(touch_dataset NO.PROFILE.THREE)" 0/0/0 "PROTECTALL(WARNING) warns"
racf "SETROPTS NOPROTECTALL" >/dev/null
json() { sallyport smf --json | jq -r "select(.resource == \"$1\" or .name == \"$1\") | .qualifier"; }
is "$(json NO.PROFILE.ONE)" "" "not protected: no record"
is "$(json NO.PROFILE.TWO)" FPROTALL "refused: qualifier of PROTECTALL"
is "$(json NO.PROFILE.THREE)" WPROTALL "warned: qualifier of PROTECTALL(WARNING)"
done_testing
