# The database as a whole: out as IRRDBU00 text and in again, copied and
# exchanged while in use; what is damaged is refused and nothing changes.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
background sallyport-angel
ANGEL=$PID
wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock" || exit 1
racf() { sallyport-racf "$@" 2>&1; }
sallyport-racf --file - >"$SCRATCH/deck" 2>&1 <<'D'
ADDGROUP STAFF SUPGROUP(SYS1) DATA('the staff') OMVS(GID(77))
ADDUSER ANN NAME('ANN LEE') DFLTGRP(STAFF) DATA('somebody') OMVS(UID(51001) HOME(/u/ann) PROGRAM(/bin/sh)) TSO(ACCTNUM(A1) PROC(P))
ALTUSER ANN PASSWORD(GOODPASS) NOEXPIRED AUDITOR CLAUTH(FACILITY SERVER)
ADDUSER BEN NAME('BEN') DFLTGRP(STAFF) RESTRICTED
ALTUSER BEN PHRASE('a long phrase 123') NOEXPIRED REVOKE
CONNECT BEN GROUP(SYS1) AUTHORITY(CONNECT) SPECIAL
SETROPTS CLASSACT(FACILITY STARTED EJBROLE PTKTDATA IDIDMAP) GENERIC(FACILITY STARTED) PASSWORD(REVOKE(4) HISTORY(5))
RDEFINE FACILITY BAQ.** UACC(READ) AUDIT(SUCCESS(UPDATE) FAILURES(READ)) NOTIFY(ANN) DATA('x') LEVEL(7)
RDEFINE FACILITY BAQ.ONE UACC(NONE) WARNING
PERMIT BAQ.ONE CLASS(FACILITY) ID(STAFF ANN) ACCESS(UPDATE)
PERMIT BAQ.ONE CLASS(FACILITY) ID(BEN) ACCESS(READ) WHEN(CRITERIA(SQLROLE(ADMIN)))
RDEFINE EJBROLE TWIN.* UACC(NONE) DATA('discrete')
PERMIT TWIN.* CLASS(EJBROLE) ID(ANN) ACCESS(READ)
SETROPTS GENERIC(EJBROLE)
RDEFINE EJBROLE TWIN.* UACC(NONE) DATA('generic')
PERMIT TWIN.* CLASS(EJBROLE) ID(BEN ANN) ACCESS(UPDATE)
RDEFINE STARTED BAQ*.* STDATA(USER(ANN) GROUP(STAFF) TRUSTED(YES))
RDEFINE EJBROLE BBG.Role.Staff APPLDATA('Mixed Case')
RDEFINE GEJBROLE GRP ADDMEM(a.b c.d)
RDEFINE PROGRAM PGM1 ADDMEM('SYS1.LINKLIB'/'******'/NOPADCHK 'SYS1.OTHER'//PADCHK)
RDEFINE GLOBAL DATASET ADDMEM('SYS1.HELP'/READ)
RDEFINE PTKTDATA APPL1 SSIGNON(KEYMASKED(0123456789ABCDEF))
RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('CA') O('X')) WITHLABEL('CA') TRUST NISTECC
RACDCERT ID(ANN) GENCERT SUBJECTSDN(CN('ann')) WITHLABEL('ann cert') SIGNWITH(CERTAUTH LABEL('CA')) NISTECC
RACDCERT ID(ANN) ADDRING(Ring.One)
RACDCERT ID(ANN) CONNECT(RING(Ring.One) LABEL('ann cert') DEFAULT)
RACDCERT ID(ANN) CONNECT(RING(Ring.One) LABEL('CA') CERTAUTH USAGE(CERTAUTH))
RACMAP ID(BEN) MAP USERDIDFILTER(NAME('distuser')) REGISTRY(NAME('*')) WITHLABEL('d')
RACDCERT SITE GENCERT SUBJECTSDN(CN('Big Site') O('X')) WITHLABEL('Big Site') NISTECC
RACDCERT SITE GENREQ(LABEL('Big Site')) DSN('IBMUSER.SITE.REQ')
RACDCERT ID(ANN) CONNECT(RING(Ring.One) LABEL('Big Site') SITE)
RACDCERT ID(BEN) MAP SDNFILTER('OU=Pay.O=Us') IDNFILTER('CN=CA.O=X') WITHLABEL('pay') NOTRUST
RACDCERT MULTIID MAP SDNFILTER('O=Apps') CRITERIA(APPLID=&APPLID) WITHLABEL('apps')
RDEFINE SECDATA SECLEVEL ADDMEM(SECRET/100)
RDEFINE CDT MYCLASS CDTINFO(POSIT(303) MAXLENGTH(42) FIRST(ALPHA) OTHER(ALPHA NUMERIC) RACLIST(ALLOWED) CASE(ASIS) OPERATIONS(YES))
D
unlike "$(cat "$SCRATCH/deck")" "return code (8|12)" "the deck runs"

# --- out
U=$SCRATCH/unload M=$SCRATCH/more
runs "unload" 0 sallyport db --more "$M" unload "$U"
is "$(stat -c %a "$U") $(stat -c %a "$M")" "600 600" "for the owner's eyes"
like "$(grep '^0100 STAFF' "$U")" "^0100 STAFF    SYS1     20[0-9-]{8} IBMUSER" "0100: a group"
is "$(grep '^0200 ANN' "$U" | cut -c26-33)" "IBMUSER " "0200: OWNER_ID in 26-33"
is "$(grep '^0200 ANN' "$U" | cut -c75-94)" "ANN LEE             " "0200: PROGRAMMER in 75-94"
is "$(grep '^0200 ANN' "$U" | cut -c386-389)" "YES " "0200: AUDITOR in 386-389"
is "$(grep '^0200 BEN' "$U" | cut -c391-394)" "PHR " "0200: NOPWD, a phrase only"
is "$(grep '^0270 ANN' "$U" | cut -c15-24)" "0000051001" "0270: UID in 15-24"
is "$(grep '^0500 BAQ\.\*\*' "$U" | cut -c253-273 | tr -s ' ')" "FACILITY YES 000 202" "0500: class, generic"
is "$(grep '^0505 BAQ.ONE' "$U" | cut -c262-278 | sort | sed 's/ *$//' | tr -s ' ' | tr '\n' ,)" "ANN UPDATE,IBMUSER ALTER,STAFF UPDATE," "0505: the access list"
like "$(grep '^0507 BAQ.ONE' "$U" | cut -c262-556)" "^CRITERIA SQLROLE +BEN +READ +00000 +SQLROLE\(ADMIN\)" "0507: conditional"
is "$(grep -c '^0562 ANN.Ring.One' "$U")" 3 "0562: a ring's certificates"
is "$(grep "^0503 PGM1" "$U" | cut -c262-541 | tr -s " " | sed "s/ *$//" | tr "\n" ,)" "SYS1.LINKLIB NOPADCHK ******,SYS1.OTHER PADCHK," "0503: programs"
is "$(grep -c '^0560 00\.CN=Big¢Site\.O=X ' "$U") $(grep -c '^0562 ANN.Ring.One.* 00\.CN=Big¢Site\.O=X ' "$U")" "1 1" "0560, 0562: a blank of a certificate's name is a cent sign"
like "$(grep '^0560 00.CN=Big' "$U")" " YES\$" "0560: a request was made of it"
like "$(grep '^1560 00.CN=Big' "$U")" " sha256ECDSA +[0-9A-F]{64}\$" "1560: how it is signed"
like "$(grep '^0508' "$U" | grep ' pay ')" "^0508 CN=CA.O=X¬OU=Pay.O=Us +DIGTNMAP pay +NOTRUST +BEN\$" "0508: a filter"
like "$(grep '^0508' "$U" | grep ' apps ')" "^0508 ¬O=Apps +DIGTNMAP apps +TRUST +APPLID=&APPLID\$" "0508: criteria in the user's place"
is "$(grep '^0503 SECLEVEL' "$U" | cut -c262-267,549-553)" "SECRET00100" "0503: a security level"
is "$(grep '^05C0 MYCLASS' "$U" | cut -c262-275,321-324,331-334,341-344,351-354,361-364,421-424 | tr -s ' ')" "0000000303 042YES NO YES YES YES ASIS" "05C0: a class"
unlike "$(cat "$U")" "GOODPASS|scrypt|0123456789ABCDEF" "no secret in the unload"
unlike "$(cat "$M")" "GOODPASS|0123456789ABCDEF" "no clear secret in the companion"

# --- in, into another image
(
    export SALLYPORT_ROOT=$SCRATCH/r2
    mkdir -p "$SALLYPORT_ROOT/saf"
    cp "$SCRATCH/r/saf/master.key" "$SCRATCH/r/saf/angel.key" "$SALLYPORT_ROOT/saf/"
    [ "$(id -u)" -ne 0 ] || chown 60001 "$SALLYPORT_ROOT"/saf/*.key
    sallyport db --more "$M" load "$U" >"$SCRATCH/loaded" 2>&1; echo $? >"$SCRATCH/load.rc"
    sallyport db --more "$SCRATCH/more2" unload "$SCRATCH/unload2" >/dev/null 2>&1
)
is "$(cat "$SCRATCH/load.rc")" 0 "load"
note "$(cat "$SCRATCH/loaded")"
like "$(cat "$SCRATCH/loaded")" "5 users|6 users" "says what it loaded"
is "$(diff "$U" "$SCRATCH/unload2" | head -5)" "" "out, in, out: the same text"
(
    export SALLYPORT_ROOT=$SCRATCH/r4
    mkdir -p "$SALLYPORT_ROOT"
    sallyport db load "$U" >"$SCRATCH/loaded4" 2>&1
    sallyport db unload "$SCRATCH/unload4" >/dev/null 2>&1
)
for kind in 0508 05C0; do is "$(grep "^$kind" "$SCRATCH/unload4")" "$(grep "^$kind" "$U")" "without the companion: records $kind"; done
is "$(diff "$M" "$SCRATCH/more2" | cut -c1-120 | head -5)" "" "and the same companion"
(
    export SALLYPORT_ROOT=$SCRATCH/r2
    sallyport-angel & A=$!
    wait_for 10 test -S "$SALLYPORT_ROOT/angel/front.sock"
    printf 'GOODPASS\n' | sallyport-racf --user ANN LISTUSER >"$SCRATCH/logon" 2>&1
    sallyport-racf "RACDCERT ID(ANN) LISTRING(Ring.One)" >"$SCRATCH/ring" 2>&1
    sallyport-racf "RACDCERT ID(ANN) GENREQ(LABEL('ann cert')) DSN('IBMUSER.Q')" >"$SCRATCH/req" 2>&1
    kill "$A"; wait "$A" 2>/dev/null
)
like "$(cat "$SCRATCH/logon")" "USER=ANN" "with its companion a password still works"
like "$(cat "$SCRATCH/ring")" "ann cert +ID\(ANN\) +PERSONAL +YES" "rings are back"
is "$(cat "$SCRATCH/req")" "" "and keys: the certificate's key signs"

# --- refusals: nothing is loaded, the mistake is named with its line
refuse() { # NAME REGEX; the unload is standard input
    cat >"$SCRATCH/bad"
    rm -rf "$SCRATCH/r3"; mkdir -p "$SCRATCH/r3"
    OUT=$(SALLYPORT_ROOT=$SCRATCH/r3 sallyport db load "$SCRATCH/bad" 2>&1); local rc=$?
    if [ $rc -eq 1 ] && grep -Eq -- "$2" <<<"$OUT" && [ ! -e "$SCRATCH/r3/saf/racf.db" ]; then pass "refused: $1"; else fail "refused: $1"; note "$rc: $OUT"; fi
}
# column FIRST LAST TEXT: the file with these columns of the lines that fit $1 replaced
column() { python3 - "$U" "$@" <<'PY'
import re, sys
path, line, first, last, text = sys.argv[1:]
first, last = int(first), int(last)
for l in open(path, encoding="utf-8").read().split("\n")[:-1]:
    if re.match(line, l):
        l = l.ljust(last); l = (l[:first - 1] + text.ljust(last - first + 1)[:last - first + 1] + l[last:]).rstrip()
    print(l)
PY
}
refuse "a date that is none" 'bad:[0-9]+: record 0200: column CREATE_DATE \(15-24\): "2026-13-01" is no date \(yyyy-mm-dd\)' < <(column '0200 ANN' 15 24 2026-13-01)
refuse "an access that is none" 'record 0205: column UACC: "NOTHING" is no access \(expected NONE' < <(column '0205 ANN' 64 71 NOTHING)
refuse "an access list without its profile" 'record 0505: there is no profile "BAQ.ONE"' < <(sed '/^0500 BAQ.ONE/d' "$U")
refuse "no record type" 'does not begin with a record type \(found "x200"' < <({ cat "$U"; echo "x200 A"; })
refuse "no blank behind it" 'record 0200: no blank after the record type \(found "X"' < <({ cat "$U"; echo "0200X A"; })
refuse "a line that is too long" 'the line has 50' < <({ cat "$U"; printf '0200 %5000s\n' x; })
refuse "cut within a record" 'column CREATE_DATE \(15-24\): "20[0-9-]+" ends with the line at [0-9]+, the record is cut' < <(head -c $(($(grep -b '^0200 ANN' "$U" | cut -d: -f1) + 20)) "$U")
refuse "cut within text" 'record 0200: column DEFGRP_ID \(96-103\) is blank, which it never is: the record is cut at 81' < <(head -c $(($(grep -b '^0200 ANN' "$U" | cut -d: -f1) + 81)) "$U")
refuse "cut at the last byte" 'the last line has no end, the file is cut' < <(head -c $(($(stat -c %s "$U") - 1)) "$U")
refuse "cut between records" 'record 0102: no record 0205 connects member "BEN" to group "STAFF": is the unload cut' < <(head -c "$(grep -b '^0205 BEN' "$U" | head -1 | cut -d: -f1)" "$U")
refuse "connects of a user who is not there" 'record 0205: no record 0200 defines "BEN": is the unload cut' < <(sed '/^02[0-9][0-9] BEN/{/^0205/!d}' "$U")
refuse "connects to a group that is not there" 'record 0205: no record 0100 defines "STAFF": is the unload cut' < <(sed '/^01[0-9][0-9] STAFF/d' "$U")
refuse "a subgroup that is not there" 'record 0101: no record 0100 defines group "NOSUCH" with the superior group "SYS1": is the unload cut' < <(column '0101 SYS1' 15 22 NOSUCH)
refuse "a subgroup that is another's" 'record 0101: no record 0100 defines group "SYS1" with the superior group "STAFF"' < <({ cat "$U"; echo '0101 STAFF    SYS1'; })
refuse "a certificate that is in no ring of that name" 'record 0561: there is no record 0562 that says the same of "ANN.Ring.One"' < <(sed '/^0562 ANN.Ring/d' "$U")
refuse "a user's certificate that is not there" 'record 0207: there is no record 0560 that says the same' < <(sed '/^0560/d' "$U")
refuse "a user's name filter that is not there" 'record 0208: there is no record 0508 that says the same' < <(sed '/^0508/d' "$U")
refuse "a user's distributed identity that is not there" 'record 0209: there is no record 0509 that says the same' < <(sed '/^0509/d' "$U")
refuse "an empty file" 'bad:0: there are no records, expected an unload' </dev/null
refuse "blank lines" 'there are no records' < <(printf '\n   \n\n')
refuse "no user" 'there are [0-9]+ groups and 0 users, expected records 0100 and 0200' < <(grep '^0100' "$U")
refuse "a UID with a letter" 'record 0270: column UID \(15-24\): "00000X0000" is not a number or NONE' < <(column '0270 ANN' 15 24 00000X0000)
refuse "a UID too large" 'record 0270: column UID: 9000000000 is not 0 to 2147483647' < <(column '0270 ANN' 15 24 9000000000)
refuse "a GID with a letter" 'record 0120: column GID \(15-24\): "77A0000000" is not a number or NONE' < <(column '0120 STAFF' 15 24 77A0000000)
refuse "neither YES nor NO" 'record 0200: column SPECIAL \(40-43\): "YEP" is not YES or NO' < <(column '0200 BEN' 40 43 YEP)
refuse "a number that is none" 'record 0500: column LEVEL \(355-357\): "0-7" is not a number' < <(column '0500 BAQ.ONE' 355 357 0-7)
refuse "a level too high" 'record 0500: column LEVEL: 100 is not 0 to 99' < <(column '0500 BAQ.ONE' 355 357 100)
refuse "a time that is none" 'column LASTJOB_TIME \(105-112\): "25:00:00" is not a time' < <(column '0200 ANN' 105 122 '25:00:00 2024-01-01')
refuse "shifted columns" 'record 0200: byte 14, behind column NAME: "X" is not a blank, the columns are shifted' < <(column '0200 BEN' 14 14 X)
refuse "a control character" "record 0200: byte 80: X'1b' is no character of a record" < <(column '0200 ANN' 80 80 $'\x1b')
refuse "a user ID with blanks and dots" 'bad:[0-9]+: record 0200: column NAME \(6-13\): "A B.C/" is not a user or group ID \(1-8 of A-Z 0-9 # @ \$\)' < <(column '0200 ANN' 6 13 'A B.C/')
refuse "an authority that is none" 'column AUTH: "XYZ" is no authority \(expected USE' < <(column '0102 STAFF    ANN' 24 31 XYZ)
for type in 0100 0102 0200 0205 0270 0400 0500 0505 0507 0540; do
    grep -q "^$type" "$U" || continue
    refuse "$type twice" "record $type: \"[^\"]+\" is there twice, first in line [0-9]+" < <({ cat "$U"; grep "^$type" "$U" | tail -1; })
done
refuse "a list that follows neither of two profiles" 'record 0505: there is a generic and a discrete profile "TWIN.\*", and the record follows neither' < <(tac "$U")
refuse "several mistakes" '2 mistakes, nothing was loaded' < <(column '0200 (ANN|BEN)' 40 43 YEP)
# What was there stays, whatever goes wrong.
(
    export SALLYPORT_ROOT=$SCRATCH/r4
    mkdir -p "$SALLYPORT_ROOT/saf"
    sallyport db load "$U" >/dev/null 2>&1; md5sum <"$SALLYPORT_ROOT/saf/racf.db" >"$SCRATCH/sum1"
    head -c 900 "$U" >"$SCRATCH/bad"
    sallyport db load "$SCRATCH/bad" >/dev/null 2>&1; echo $? >"$SCRATCH/load.rc"; md5sum <"$SALLYPORT_ROOT/saf/racf.db" >"$SCRATCH/sum2"
    find "$SALLYPORT_ROOT/saf" -name 'load*' >"$SCRATCH/rest"
)
is "$(cat "$SCRATCH/load.rc") $(cat "$SCRATCH/sum2")" "1 $(cat "$SCRATCH/sum1")" "the old database stays"
is "$(cat "$SCRATCH/rest")" "" "and nothing lies about"
H='# Sallyport: companion of an unload, level 2. Holds secrets.'
refuse_more() { # NAME REGEX; the companion is standard input
    cat >"$SCRATCH/badmore"
    rm -rf "$SCRATCH/r3"; mkdir -p "$SCRATCH/r3"
    OUT=$(SALLYPORT_ROOT=$SCRATCH/r3 sallyport db --more "$SCRATCH/badmore" load "$U" 2>&1); local rc=$?
    if [ $rc -eq 1 ] && grep -Eq -- "$2" <<<"$OUT" && [ ! -e "$SCRATCH/r3/saf/racf.db" ]; then pass "refused companion: $1"; else fail "refused companion: $1"; note "$rc: $OUT"; fi
}
row() { printf '%s\n%b\n# end: 3 lines\n' "$H" "$1"; }
refuse_more "no row" 'badmore:2: "nothing" is no row of a companion file' < <(row 'nothing\ti1')
refuse_more "no hexadecimal digits" 'badmore:2: option, value 1: "tzz" is not i and a number, t or b' < <(row 'option\ttzz\ti2\tt')
refuse_more "no number" 'badmore:2: option, value 2: "ix" is not' < <(row 'option\tt41\tix\tt')
refuse_more "too few values" 'option: found 1 values, expected 3' < <(row 'option\tt4142')
refuse_more "too many values" 'class: found 2 values and more, expected 2' < <(row 'class\tt41\ti1\ti2')
refuse_more "values of another kind" 'badmore:2: class: its values do not fit' < <(row 'class\tt41\tt4142')
refuse_more "of somebody unknown" 'badmore:2: user: "ZZZ" is not in the unload' < <(row 'user\tt5a5a5a\tn\tn\ti0\ti0')
refuse_more "a field of somebody unknown" 'user-field: "ZZZ" is not in the unload' < <(row 'user-field\tt5a5a5a\tt4141\tt4242\tt43')
refuse_more "not a companion" 'badmore:1: found "0100 .*", expected "# Sallyport: companion' <"$U"
refuse_more "cut within a line" 'the companion is cut' < <(head -c $(($(stat -c %s "$M") - 30)) "$M")
refuse_more "cut between lines" 'badmore:[0-9]+: found ".*", expected "# end: [0-9]+ lines": the companion is cut' < <(head -n -1 "$M")
refuse_more "a line lost" 'found "# end: [0-9]+ lines", expected' < <(sed 5d "$M")
{ printf '# Sallyport: companion of an unload, level 1. Holds secrets.\n'; sed '1d;$d' "$M"; } >"$SCRATCH/level1"
rm -rf "$SCRATCH/r3"; mkdir -p "$SCRATCH/r3"
OUT=$(SALLYPORT_ROOT=$SCRATCH/r3 sallyport db --more "$SCRATCH/level1" load "$U" 2>&1); ok $? "a companion of an earlier release"

# --- leniencies: any order, unknown types, EBCDIC
load_ok() { rm -rf "$SCRATCH/r3"; mkdir -p "$SCRATCH/r3"; OUT=$(SALLYPORT_ROOT=$SCRATCH/r3 sallyport db $([ -e "$M" ] && echo "--more $M") load "$1" 2>&1) && SALLYPORT_ROOT=$SCRATCH/r3 sallyport db unload >"$SCRATCH/out" 2>/dev/null; }
# Only two profiles of one name need their records behind them.
{ grep -v 'TWIN\.' "$U" | tac; grep 'TWIN\.' "$U"; } >"$SCRATCH/reversed"
load_ok "$SCRATCH/reversed"
is "$(sort "$SCRATCH/out" | md5sum)" "$(sort "$U" | md5sum)" "lines in reverse order"
{ cat "$U"; echo "02G1 ANN      CUSTOM"; echo "05Z9 WHATEVER   x"; } >"$SCRATCH/unknown"
load_ok "$SCRATCH/unknown"
is "$(tail -2 "$SCRATCH/out")" "$(tail -2 "$SCRATCH/unknown")" "records nobody knows are kept and written back"
for code in UTF-8 ISO-8859-1; do
    sed 's/the staff/der Stäb /' "$U" | iconv -f UTF-8 -t "$code" >"$SCRATCH/$code"
    M=$SCRATCH/none load_ok "$SCRATCH/$code"
    is "$(grep -a '^0100 STAFF' "$SCRATCH/out")" "$(grep '^0100 STAFF' "$SCRATCH/UTF-8")" "columns are characters in $code"
done
iconv -f UTF-8 -t IBM1047 "$U" 2>/dev/null | tr '\045' '\025' >"$SCRATCH/ebcdic"
load_ok "$SCRATCH/ebcdic"
is "$(md5sum <"$SCRATCH/out")" "$(md5sum <"$U")" "EBCDIC"

# --- copies while in use
runs "backup" 0 sallyport db backup
like "$(racf 'RVARY LIST')" "BACK +1 +LINUX +.*saf/standby.db" "RVARY LIST shows the standby"
racf "ADDUSER CARL DFLTGRP(SYS1)" >/dev/null
racf "DELUSER BEN" >/dev/null
runs "check" 0 sallyport db check
runs "RVARY SWITCH" 0 sallyport-racf "RVARY SWITCH"
like "$(racf 'LISTUSER BEN')" "USER=BEN" "the standby is in use: BEN is back"
like "$(racf 'LISTUSER CARL')" "ICH30001I|UNABLE TO LOCATE" "CARL is not"
racf "ADDUSER DORA DFLTGRP(SYS1)" >/dev/null
python3 - "$SALLYPORT_ROOT/saf" <<'PY'
import sqlite3, sys
ids = {}
for name in ("racf.db", "standby.db"):
    for i, user in sqlite3.connect(f"{sys.argv[1]}/{name}").execute("SELECT id, name FROM principals"):
        if ids.setdefault(i, user) != user: sys.exit(f"{i} is {ids[i]} and {user}")
PY
ok $? "no number means two names"
runs "and back" 0 sallyport-racf "RVARY SWITCH"
like "$(racf 'LISTUSER CARL')" "USER=CARL" "CARL is here again"
cp "$SALLYPORT_ROOT/saf/standby.db" "$SCRATCH/copy.db"
runs "restore of a copy" 0 sallyport db restore "$SCRATCH/copy.db"
like "$(racf 'LISTUSER DORA')" "USER=DORA" "at once"
kill -9 "$(for p in $(ps -o pid= --ppid "$ANGEL"); do grep -q front /proc/"$p"/comm && echo "$p"; done)"
wait_for 10 sallyport-racf "LISTUSER DORA" >/dev/null 2>&1
like "$(racf 'LISTUSER DORA')" "USER=DORA" "also for a new front"
for damage in short random other; do
    case $damage in
    short) head -c 5000 "$SCRATCH/copy.db" >"$SCRATCH/bad.db" ;;
    random) head -c 20000 /dev/urandom >"$SCRATCH/bad.db" ;;
    other) rm -f "$SCRATCH/bad.db"; python3 -c 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute("create table t(x)"); c.commit()' "$SCRATCH/bad.db" ;;
    esac
    runs "restore: $damage" 1 sallyport db restore "$SCRATCH/bad.db"
done
cp "$SCRATCH/r2/saf/racf.db" "$SALLYPORT_ROOT/saf/standby.db"
[ "$(id -u)" -ne 0 ] || chown 60000 "$SALLYPORT_ROOT/saf/standby.db"
OUT=$(racf "RVARY SWITCH")
like "$OUT" "SPT1016E.*no copy of the database in use" "a database of another line is not taken while jobs may run"
like "$(racf 'LISTUSER DORA')" "USER=DORA" "and the one in use stays"

# --- a database that is lost is no first start
kill "$ANGEL"; wait "$ANGEL" 2>/dev/null
DB=$SALLYPORT_ROOT/saf/racf.db
lost() { # NAME: the angel ends, says why, and makes nothing
    OUT=$(timeout 20 sallyport-angel 2>&1)
    [ $? -ne 124 ]; ok $? "$1: the angel does not start"
    like "$OUT" "racf.db is $2, but this image has had a security database.*sallyport db restore" "$1: it says why and what to do"
    [ ! -s "$DB" ]; ok $? "$1: no database was made"
}
rm -f "$DB" "$DB-wal" "$DB-shm"; lost "removed" gone
: >"$DB"; lost "empty" empty
[ "$(id -u)" -ne 0 ] || chown 60000 "$DB"
rm -f "$SALLYPORT_ROOT/saf/standby.db"
runs "restore over the empty one" 0 sallyport db restore "$SCRATCH/copy.db"
like "$OUT" "cannot be used and is .*racf.db.damaged" "which is kept"
[ ! -e "$SALLYPORT_ROOT/saf/standby.db" ]; ok $? "and does not become the standby"
head -c 30000 /dev/urandom >"$DB"
runs "restore over a damaged one" 0 sallyport db restore "$SCRATCH/copy.db"
background sallyport-angel
wait_for 10 sallyport-racf "LISTUSER DORA" >/dev/null 2>&1
like "$(racf 'LISTUSER DORA')" "USER=DORA" "and it is in use"
runs "no such word" 2 sallyport db frobnicate
runs "load without a file" 2 sallyport db load
done_testing
