# What an administrator gets wrong is named, with its place, and what runs goes
# on as before: server.xml, archives, a second server, JCL, RACF commands.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_install; ok $? "the exercise's image"

# --- archives: each broken one is named and skipped, the others are served
SHARED=$SALLYPORT_ROOT/shared
python3 - "$SHARED" <<'PY'
import shutil, sys, zipfile
shared = sys.argv[1]
good = shared + "/apis/cscvinc.aar"
def entries():
    z = zipfile.ZipFile(good)
    return [(n, z.read(n)) for n in z.namelist()]
def write(name, members, kind=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(shared + name, "w", kind) as z:
        for n, data in members: z.writestr(n, data)
write("/apis/aslip.aar", entries() + [("../../../../tmp/slipped", b"x")])
write("/apis/babsolute.aar", entries() + [("/tmp/slipped", b"x")])
write("/apis/cbomb.aar", entries() + [("big.bin", b"\0" * (600 << 20))])
write("/apis/dwrong.aar", [("readme.txt", b"nothing of an API")])
write("/apis/ebroken.aar", [(n, b"<open" if n.endswith("package.xml") else d) for n, d in entries()])
data = open(good, "rb").read()
open(shared + "/apis/fcut.aar", "wb").write(data[:len(data) // 2])
open(shared + "/apis/gempty.aar", "wb").close()
open(shared + "/apis/hnozip.aar", "wb").write(b"this is no archive" * 100)
flipped = bytearray(data); flipped[len(data) // 3] ^= 0x55
open(shared + "/apis/iflipped.aar", "wb").write(flipped)
write("/apis/jmany.aar", entries() + [("f%d" % i, b"") for i in range(20000)])
shutil.copy(good, shared + "/apis/ksame.aar")
open(shared + "/services/xcut.sar", "wb").write(open(shared + "/services/cscvincService.sar", "rb").read()[:300])
open(shared + "/apiRequesters/xcut.ara", "wb").write(open(shared + "/apiRequesters/cscvincapi_1.0.0.ara", "rb").read()[:300])
PY
chmod -R a+rX "$SHARED"
image_start; ok $? "the server starts all the same"
LOG=$(cat "$(log_of)")
for bad in aslip babsolute cbomb dwrong ebroken fcut gempty hnozip iflipped jmany; do
    like "$LOG" "BAQR7090E: Archive $bad\.aar cannot be used: .+" "$bad.aar is named: $(sed -n "s/.*Archive $bad.aar cannot be used: //p" <<<"$LOG" | cut -c1-90)"
done
like "$LOG" 'BAQR709[01]E: .*(ksame|cscvinc) ' "the same API twice is named"
like "$LOG" 'BAQR7090E: Archive xcut\.sar cannot be used' "a service archive cut off"
like "$LOG" 'BAQR7090E: Archive xcut\.ara cannot be used' "a requester archive cut off"
[ ! -e /tmp/slipped ]; ok $? "nothing was written outside"
get_record 111111; is "$CODE" 200 "the good ones are served"
rm "$SHARED"/apis/[a-k]*.aar "$SHARED"/services/xcut.sar "$SHARED"/apiRequesters/xcut.ara
"$SAMPLES/build.sh" "$SCRATCH/built" >/dev/null 2>&1; cp "$SCRATCH/built/cscvinc.aar" "$SHARED/apis/"; chmod -R a+rX "$SHARED"; image_own
log_mark; console 'F BAQSTRT,ZCON,REFRESH'; like "$OUT" 'COMPLETED SUCCESSFULLY' "ZCON,REFRESH without them"
unlike "$(log_since)" 'BAQR709[01]E' "nothing is refused any more"
get_record 111111; is "$CODE" 200 "the record"

# --- archives that are broken while they serve: what they held goes on
cp -r "$SHARED" "$SCRATCH/whole"
for bad in apis/cscvinc.aar services/cscvincService.sar; do
    head -c 300 "$SCRATCH/whole/$bad" >"$SHARED/$bad"
    log_mark; console 'F BAQSTRT,ZCON,REFRESH'
    like "$(log_since)" "BAQR7090E: Archive ${bad##*/} cannot be used: .*; what it held before stays in use" "$bad half copied: told"
    get_record 111111; is "$CODE" 200 "$bad half copied: still served"
done
log_mark; console 'F BAQSTRT,ZCON,REFRESH'; get_record 111111; is "$CODE" 200 "and after another refresh"
cp "$SCRATCH"/whole/apis/cscvinc.aar "$SHARED/apis/"; cp "$SCRATCH"/whole/services/cscvincService.sar "$SHARED/services/"; image_own
log_mark; console 'F BAQSTRT,ZCON,REFRESH'; unlike "$(log_since)" BAQR7090E "whole again"
get_record 111111; is "$CODE" 200 "and served"

# --- server.xml: the old configuration stays
XML=$SERVER_DIR/server.xml
cp "$XML" "$SCRATCH/good.xml"
PIDS=$(processes sallyport-server | sort | tr '\n' ' ')
refuse() { # NAME REGEX: with what is in server.xml now
    image_own; log_mark; refresh
    like "$(log_since)" "$2" "$1: $(log_since | grep -Eo 'CWWK[A-Z0-9]+[EW]: .*' | head -1 | cut -c1-100)"
    unlike "$(log_since)" 'CWWKG0017I' "$1: not taken"
    get_record 111111; is "$CODE" 200 "$1: requests go on"
    cp "$SCRATCH/good.xml" "$XML"
}
AT="CWWKG0014E: .*File: (file:)?$XML"
head -c 700 "$SCRATCH/good.xml" >"$XML"; refuse "truncated" "$AT"
sed 's#</featureManager>#</featureManger>#' "$SCRATCH/good.xml" >"$XML"; refuse "an end tag that does not fit" "$AT Line: 1[0-9]"
: >"$XML"; refuse "empty" "$AT"
printf '\377\376<server/>' >"$XML"; refuse "not text" "$AT"
sed 's#<server #<server a="1" a="2" #' "$SCRATCH/good.xml" >"$XML"; refuse "an attribute twice" "$AT"
{ echo '<server>'; head -c 20000000 /dev/zero | tr '\0' ' '; echo '</server>'; } >"$XML"; refuse "oversized" "server\.xml"
python3 -c 'print("<server>" + "<a>" * 5000 + "</a>" * 5000 + "</server>")' >"$XML"; refuse "deeply nested" "server\.xml"
cat >"$XML" <<'X'
<!DOCTYPE server [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<server description="&c;"/>
X
refuse "entities" "server\.xml"
echo '<notserver/>' >"$XML"; refuse "another root" "server\.xml"
is "$(processes sallyport-server | sort | tr '\n' ' ')" "$PIDS" "the server is the same"
log_mark; echo '<!-- c -->' >>"$XML"; image_own; refresh; like "$(log_since)" CWWKG0018I "and takes the good one again"

# --- two servers with one name
console 'S BAQSTRT'; is "$STATUS" 8 "S of an active task"
sed 's/BAQSTRT /BAQSECND /' "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/BAQSTRT" >"$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/BAQSECND"
sallyport racf "RDEFINE STARTED BAQSECND.* STDATA(USER(LIBSERV) GROUP(LIBGRP))" >/dev/null; sallyport racf 'SETROPTS RACLIST(STARTED) REFRESH' >/dev/null
console 'S BAQSECND'; is "$STATUS" 8 "a second task of that server does not start"
second() { cat "$(dirname "$(grep -l 'IEF403I BAQSECND' "$SALLYPORT_ROOT"/spool/STC*/001.JESMSGLG)")"/*.STD*; }
said() { second | grep -q 'CWWKE0029E: An instance of server myServer is already running\.'; }
wait_for 10 said; ok $? "CWWKE0029E"
get_record 111111; is "$CODE" 200 "the first one does not notice"

# --- JCL: exit status 8, line and column, what was expected
jcl() { # NAME REGEX, the deck on standard input
    cat >"$SCRATCH/x.jcl"
    OUT=$(sallyport submit "$SCRATCH/x.jcl" 2>&1); is $? 8 "JCL, $1: status 8"
    like "$OUT" "$2" "JCL, $1: $(head -1 <<<"${OUT##*x.jcl: }" | cut -c1-90)"
}
jcl "no JOB statement" 'line 1, column 1: .*expected a JOB statement' <<<'//A EXEC PGM=IEFBR14'
jcl "an unknown operand" 'line 2, column [0-9]+: ' <<<$'//A JOB\n//S EXEC PGM=IEFBR14,SPEED=9'
jcl "an open quote" 'line 2, column [0-9]+: ' <<<$'//A JOB\n//S EXEC PGM=X,PARM=\'ABC\n//*'
jcl "a name that is too long" 'line 1, column [0-9]+: ' <<<$'//ABCDEFGHI JOB\n//S EXEC PGM=IEFBR14'
jcl "an unknown statement" 'line 2, column [0-9]+: ' <<<$'//A JOB\n//S EXCE PGM=IEFBR14'
jcl "no continuation" 'line [0-9]+, column [0-9]+: ' <<<$'//A JOB\n//S EXEC PGM=IEFBR14,\n// '
jcl "nothing" 'line 1, column 1: ' <<<''
head -c 200000 /dev/urandom >"$SCRATCH/x.jcl"; runs "JCL, noise: status 8" 8 sallyport submit "$SCRATCH/x.jcl"
{ printf '//A JOB\n'; yes '//S EXEC PGM=IEFBR14' | head -100000; } >"$SCRATCH/x.jcl"; runs "JCL, endless: status 8" 8 sallyport submit "$SCRATCH/x.jcl"
runs "JCL, no file: status 16 or 8" 8 sallyport submit "$SCRATCH/none.jcl"

# --- RACF commands
racf() { # NAME REGEX COMMAND
    OUT=$(sallyport racf "$3" 2>&1 </dev/null); is $? "${4:-8}" "RACF, $1: status ${4:-8}"
    like "$OUT" "$2" "RACF, $1: $(grep -E 'IKJ|ICH|IRR|column|expected' <<<"$OUT" | head -1 | cut -c1-90)"
}
racf "an unknown command" 'IKJ56500I COMMAND ADDUSSR NOT FOUND' 'ADDUSSR X'
racf "an unknown operand" 'IKJ56712I INVALID KEYWORD, ?NAMMME' "ADDUSER X NAMMME(Y)"
racf "an open quote" 'IKJ|quote|expected' "ADDUSER X NAME('Y"
racf "a name that is too long" 'IKJ56702I INVALID USERID' 'ADDUSER ABCDEFGHI'
racf "a group that is not there" 'NOSUCHG' 'ADDUSER XYZ DFLTGRP(NOSUCHG)'
racf "a user that is not there" 'NOSUCH' 'ALTUSER NOSUCH NAME(A)' 4
racf "a ring that is not there" 'IRRD114I Ring NoSuchRing does not exist' "RACDCERT ID(USER1) LISTRING(NoSuchRing)" 4
racf "endless" 'longer than 32768 bytes' "ADDUSER X DATA('$(head -c 100000 /dev/zero | tr '\0' A)')"
printf 'LISTUSER USER1\nADDUSSR X\nLISTUSER USER2\n' | sallyport racf --file - >"$SCRATCH/out" 2>&1
like "$(cat "$SCRATCH/out")" 'USER=USER2' "RACF, a deck goes on behind a mistake"

# --- after kill -9 of everything nothing stale stops the next start
ALL=$(image_pids)
kill -9 $(processes sallyport-server) $(processes sallyport-region) $(processes sallyport-master)
wait_for 20 ended $ALL; ok $? "everything killed"
[ -S "$SALLYPORT_ROOT/master/master.sock" ]; ok $? "a stale socket"
runs "ipl over it" 0 sallyport ipl
image_start; ok $? "angel, region and server"
get_record 111111; is "$CODE" 200 "the record"
done_testing
