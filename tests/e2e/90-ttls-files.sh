# The agent's files, options and environment: which file is read, where the log
# goes and what is in it, what statements of main and image file mean, what a
# slip in them leaves as it is.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
"$SAMPLES/install" >"$SCRATCH/install.log" 2>&1; ok $? "samples"
for deck in RACFUSER RACFRES; do sallyport submit -q "$CNTL/$deck" >"$SCRATCH/$deck" 2>&1 </dev/null || note "$(tail -20 "$SCRATCH/$deck")"; done
log=$SALLYPORT_ROOT/log/syslogall.log tcpip=$SALLYPORT_ROOT/tcpip etc=$SALLYPORT_ROOT/etc
proc=$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/PAGENT env=$SALLYPORT_ROOT/datasets/SYS1.TCPPARMS/PAGENTEV
sed -i "s#PAGENT   PROC#PAGENT   PROC OPTS=#; s# -l SYSLOGD'# \&OPTS'#" "$proc"
mark() { MARK=$(wc -l <"$log"); }
since() { tail -n +$((MARK + 1)) "$log"; }
said() { since | grep -Eq -- "$1"; }
policy() { printf 'TTLSRule %s\n{\n  RemotePortRange 9443\n  Direction Outbound\n  TTLSGroupActionRef %s\n}\n' "$1" "${2:-off}"; [ -n "${3:-}" ] || printf 'TTLSGroupAction %s\n{\n  TTLSEnabled Off\n}\n' "${2:-off}"; }
rules() { sallyport pasearch -t -r ${1:+-p "$1"} 2>&1 | sed -n 's/^policyRule: *//p;/No policies/p' | tr '\n' ' '; }
# agent OPTIONS [NAME=VALUE...]: the agent with these, and this environment.
agent() {
    local options=$1; shift
    printf '%s\n' "$@" >"$env"
    sallyport console 'P PAGENT' >/dev/null 2>&1; wait_for 10 eval '! sallyport status | grep -q " PAGENT "'
    mark; console "S PAGENT,OPTS='$options'"
    wait_for 15 said 'STC[0-9]+ EZZ8432I|STC[0-9]+ EZZ8434I'
}
query() { sallyport console 'F PAGENT,QUERY' | tr '\n' ' '; }

# --- which main file -------------------------------------------------------------
mkdir -p "$etc/other"
for name in byoption byenv bydefault; do
    echo "TTLSConfig /etc/other/$name.policy" >"$etc/other/$name.conf"; policy "rule-$name" >"$etc/other/$name.policy"
done
mv "$etc/pagent.conf" "$SCRATCH/pagent.conf"; cp "$etc/other/bydefault.conf" "$etc/pagent.conf"
agent '-c /etc/other/byoption.conf' PAGENT_CONFIG_FILE=/etc/other/byenv.conf; is "$(rules)" "rule-byoption " "-c comes first"
like "$(query)" "CONFIGURATION FILE='/etc/other/byoption.conf'" "and QUERY shows it"
agent '-C /etc/other/byoption.conf' PAGENT_CONFIG_FILE=/etc/other/byenv.conf; is "$(rules)" "rule-byoption " "a capital letter is as good"
agent '' PAGENT_CONFIG_FILE=/etc/other/byenv.conf; is "$(rules)" "rule-byenv " "then PAGENT_CONFIG_FILE"
agent '' TZ=UTC; is "$(rules)" "rule-bydefault " "then /etc/pagent.conf"
mkdir -p "$SALLYPORT_ROOT/datasets/USER1.PAGENT"
echo "TTLSConfig //'USER1.PAGENT(POL)'" >"$SALLYPORT_ROOT/datasets/USER1.PAGENT/CONF"; policy rule-member >"$SALLYPORT_ROOT/datasets/USER1.PAGENT/POL"
agent '' "PAGENT_CONFIG_FILE=//'USER1.PAGENT(CONF)'"; is "$(rules)" "rule-member " "data sets, of main file and policy"
agent '' PAGENT_CONFIG_FILE=/etc/none.conf; like "$(since)" "STC[0-9]+ EZZ8434I" "a file that is not there: the agent ends"
agent '-x' TZ=UTC; unlike "$(since)" "EZZ8432I" "an option that is none, too"
agent '-m 100 -t 3 -d 0' PAGENT_CONFIG_FILE=/etc/other/byenv.conf; like "$(query)" "TRACE=3 DEBUG=0" "-m, -t and -d"

# --- where the log goes -----------------------------------------------------------
c=PAGENT_CONFIG_FILE=/etc/other/byenv.conf
echo 'LogLevel 511' >>"$etc/other/byenv.conf"
agent "-l $SCRATCH/a.log" "$c" "PAGENT_LOG_FILE=$SCRATCH/b.log"
like "$(cat "$SCRATCH/a.log")" 'EVENT +: main: EZZ8431I PAGENT STARTING' "-l names the log"
[ ! -e "$SCRATCH/b.log" ]; ok $? "before PAGENT_LOG_FILE"
agent "" "$c" "PAGENT_LOG_FILE=$SCRATCH/b.log" TZ=XYZ-5
like "$(cat "$SCRATCH/b.log")" 'main: EZZ8431I PAGENT STARTING' "PAGENT_LOG_FILE"
is "$(sed -n 's/^[0-9/]* \([0-9]*\):.*EZZ8431I.*/\1/p' "$SCRATCH/b.log")" "$(TZ=XYZ-5 date -r "$SCRATCH/b.log" +%H)" "its hours are those of TZ"
agent "" "$c"; like "$(cat "$tcpip/pagent.log")" 'main: EZZ8431I PAGENT STARTING' "neither: tcpip/pagent.log"
agent "" "$c" PAGENT_LOG_FILE=SYSLOGD; like "$(since)" ' main: EZZ8431I PAGENT STARTING' "SYSLOGD: the system log"
agent "-L SYSLOGD" "$c" "PAGENT_LOG_FILE=$SCRATCH/c.log"; like "$(since)" ' main: EZZ8431I PAGENT STARTING' "-l SYSLOGD, too"
like "$(since)" "main: EXPORT 'PAGENT_LOG_FILE=$SCRATCH/c.log'" "all variables are in it"
agent "" "$c" "PAGENT_LOG_FILE=$SCRATCH/d.log" "PAGENT_LOG_FILE_CONTROL=1,3" DB_PASSWORD=geheim
for _ in 1 2 3 4; do sallyport console 'F PAGENT,REFRESH' >/dev/null; done
is "$(cd "$SCRATCH" && echo d.log*)" "d.log d.log.1 d.log.2" "PAGENT_LOG_FILE_CONTROL=1,3: three files"
is "$(find "$SCRATCH" -name 'd.log*' -size +1k)" "" "of a kilobyte each"
unlike "$(cat "$SCRATCH"/d.log*)" geheim "no password in it"
for bad in x 0,3 1,0 1,2,3 -1; do agent "" "$c" "PAGENT_LOG_FILE_CONTROL=$bad"; like "$(since)" "STC[0-9]+ EZZ8434I" "PAGENT_LOG_FILE_CONTROL=$bad is refused"; done

# --- what is in it ------------------------------------------------------------------
levels() { grep -oE '^[0-9/]+ [0-9:]+ [A-Z]+' "$SCRATCH/e.log" | awk '{ print $3 }' | sort -u | tr '\n' ' '; }
# logs LEVEL OPTIONS: the kinds of lines
logs() {
    { [ -z "$1" ] || echo "LogLevel $1"; echo 'IDSConfig /x'; echo 'Nonsense'; echo 'TTLSConfig /etc/other/byenv.policy'; } >"$etc/other/level.conf"
    rm -f "$SCRATCH/e.log"; agent "-l $SCRATCH/e.log $2" PAGENT_CONFIG_FILE=/etc/other/level.conf; levels
}
is "$(logs 511 '')" "EVENT INFO OBJERR WARNING " "LogLevel 511"
is "$(logs '' '')" "EVENT OBJERR WARNING " "no LogLevel is 31: no INFO"
is "$(logs 2 '')" "OBJERR " "2: what is wrong with statements"
is "$(logs 24 '')" "EVENT WARNING " "24: the sum of two"
is "$(logs 64 '')" "INFO " "64"
is "$(logs 0 '')" "" "0: nothing"
is "$(logs 0 '-d 1')" "EVENT INFO OBJERR WARNING " "-d 1: everything, whatever LogLevel says"
is "$(logs 512 '')" "EVENT OBJERR WARNING " "512 is none: 31"
like "$(cat "$SCRATCH/e.log")" 'level.conf:1: LogLevel: found "512", expected 0 to 511' "and said"
is "$(grep -c 'IDSConfig is for other policies' "$SCRATCH/e.log")" 1 "statements of other policies: a warning"
sallyport console 'F PAGENT,LOGLEVEL,LEVEL=0' >/dev/null; n=$(wc -l <"$SCRATCH/e.log"); sallyport console 'F PAGENT,REFRESH' >/dev/null
is "$(wc -l <"$SCRATCH/e.log")" "$n" "F PAGENT,LOGLEVEL holds over a refresh"
sallyport console 'F PAGENT,DEBUG,LEVEL=1' >/dev/null; sallyport console 'F PAGENT,REFRESH' >/dev/null
[ "$(wc -l <"$SCRATCH/e.log")" -gt "$n" ]; ok $? "F PAGENT,DEBUG,LEVEL=1 logs everything"

# --- statements ----------------------------------------------------------------------
main=$etc/other/main.conf
conf() { printf '%s\n' 'LogLevel 511' "$@" >"$main"; mark; sallyport console 'F PAGENT,REFRESH' >"$SCRATCH/f" 2>&1; wait_for 10 said 'Finished main config file update'; }
policy rule-one >"$etc/one.policy"; policy rule-two >"$etc/two.policy"
echo 'TTLSConfig /etc/two.policy' >"$etc/two.image"
printf 'LogLevel 511\nTTLSConfig /etc/one.policy\n' >"$main"; agent '-l SYSLOGD' PAGENT_CONFIG_FILE=/etc/other/main.conf
conf 'TTLSConfig /etc/one.policy'; is "$(rules TCPIP1)" "rule-one " "no TcpImage: the default stack"
conf 'TcpImage TCPIP1' 'TTLSConfig /etc/one.policy'; is "$(rules TCPIP1)" "rule-one " "TcpImage without a path: the main file is the image file"
conf 'TcpImage TCPIP1 FLUSH PURGE 3600' 'TTLSConfig /etc/two.policy' 'TTLSConfig /etc/one.policy'; is "$(rules TCPIP1)" "rule-one " "of two TTLSConfig the last"
conf 'pepinstance TCPIP1 /etc/two.image' 'TTLSConfig /etc/one.policy'; is "$(rules TCPIP1)" "rule-two " "PEPInstance, with an image file: the main file's TTLSConfig is not for it"
conf 'TcpImage TCPIP1 /etc/two.image 5' 'TcpImage TCPIP2' 'TTLSConfig /etc/one.policy'; is "$(rules TCPIP1)$(rules TCPIP2)" "rule-two rule-one " "one stack with a file of its own, one without"
like "$(since)" "EZD1586I PAGENT HAS INSTALLED ALL LOCAL POLICIES FOR TCPIP1" "both are complete"
like "$(since)" "EZD1586I PAGENT HAS INSTALLED ALL LOCAL POLICIES FOR TCPIP2" "each by itself"
conf 'TcpImage TCPIP1 /etc/none.image' 'TcpImage TCPIP1 /etc/two.image'; is "$(rules TCPIP1)" "rule-two " "of two TcpImage of a stack the last"
conf 'TcpImage TCPIP1 /etc/two.image' 'TcpImage TCPIP2 PURGE' 'TTLSConfig /etc/one.policy'; conf 'TcpImage TCPIP1 /etc/two.image'
like "$(since)" "EZZ8773I PAGENT POLICIES PURGED FOR TCPIP2 : TTLS" "a TcpImage with PURGE that is gone: its policy goes"
unlike "$(since)" "EZZ8773I .*TCPIP1" "no other one"
conf 'TcpImage TCPIP1 /etc/two.image' 'TcpImage TCPIP2' 'TTLSConfig /etc/one.policy'; conf 'TcpImage TCPIP1 /etc/two.image'
unlike "$(since)" "EZZ8773I" "with NOPURGE it stays in the stack"
policy rule-common shared x >"$etc/uses.policy"; printf 'TTLSGroupAction shared\n{\n  TTLSEnabled Off\n}\n' >"$etc/common.policy"
conf 'TTLSConfig /etc/uses.policy'; like "$(since)" "EZZ8438I PAGENT POLICY DEFINITIONS CONTAIN ERRORS FOR TCPIP1 : TTLS" "a policy whose action is elsewhere"
is "$(rules TCPIP1)" "rule-two " "installs nothing"
conf 'CommonTTLSConfig /etc/common.policy' 'TTLSConfig /etc/uses.policy'; is "$(rules TCPIP1)" "rule-common " "CommonTTLSConfig has it"
like "$(since | grep -n 'Processing Image TTLS config' | sed 's/.*: //' | tr '\n' ' ')" "'/etc/common.policy' '/etc/uses.policy'" "and is read first"
{ cat "$etc/common.policy"; policy rule-only-common shared x; } >"$etc/both.policy"
conf 'CommonTTLSConfig /etc/both.policy' 'TTLSConfig'; is "$(rules TCPIP1)" "rule-only-common " "TTLSConfig without a path: the common file alone"
conf 'CommonTTLSConfig /etc/both.policy'; is "$(rules TCPIP1)" "No policies retrieved " "without TTLSConfig no stack gets one"
like "$(since)" "EZZ8773I PAGENT POLICIES PURGED FOR TCPIP1 : TTLS" "FLUSH: what was there is purged"
like "$(since)" "EZD1586I PAGENT HAS INSTALLED ALL LOCAL POLICIES FOR TCPIP1" "and all is installed that there is"
conf 'TcpImage TCPIP1 NOFLUSH' 'TTLSConfig /etc/one.policy'; conf 'TcpImage TCPIP1 NOFLUSH'; is "$(rules TCPIP1)" "rule-one " "NOFLUSH: it stays"
unlike "$(since)" EZZ8773I "and nothing is said of purging"

# --- slips: what is installed stays ------------------------------------------------------
conf 'TTLSConfig /etc/one.policy'
# slip WANTED-IN-LOG LINE...
slip() { local want=$1; shift; conf "$@"; like "$(since)" "$want" "$*"; is "$(rules TCPIP1)" "rule-one " "leaves the policy"; }
slip 'EZZ8438I .*TCPIP1' 'TTLSConfig /etc/two.policy FLUSSH'
slip 'EZZ8438I .*TCPIP1' 'TTLSConfig etc/two.policy'
slip 'EZZ8438I .*TCPIP1' 'TTLSConfig /etc/two.policy /etc/one.policy'
slip 'EZZ8438I .*TCPIP1' 'TTLSConfig /etc/none.policy'
slip 'EZZ8438I .*TCPIP1' "TTLSConfig //'BAD..NAME'"
slip 'EZZ8438I .*TCPIP1' 'CommonTTLSConfig common' 'TTLSConfig /etc/two.policy'
slip 'EZZ8438I .*TCPIP1' 'CommonTTLSConfig /etc/none' 'TTLSConfig /etc/two.policy'
slip 'EZZ8438I .*TCPIP1' 'TcpImage TCPIP1 /etc/none.image'
slip 'EZZ8438I .*TCPIP1' 'TcpImage TCPIP1 /etc' # a folder
for bad in 'TCPIP1 /etc/two.image PURGED' 'TCPIP1 etc/two.image' 'TCPIP1 /etc/two.image 2147483648' 'TCPIP1 -1' 'TCPIP1 /a /b' 'LONGERTHAN8' 'tcpip1' ''; do
    slip 'EZZ8779I PAGENT TCPIMAGE/PEPINSTANCE STATEMENTS CONTAIN ERRORS' "TcpImage $bad" 'TTLSConfig /etc/two.policy'
done
unlike "$(since)" "EZZ8771I .*TTLS" "nothing is installed for it"
conf 'TcpImage TCPIP1 /etc/two.image 2147483647'; is "$(rules TCPIP1)" "rule-two " "the longest interval there is"

# --- code pages -----------------------------------------------------------------------
iconv -f utf8 -t IBM1047 "$etc/one.policy" | tr '\045' '\025' >"$etc/ebcdic.policy"
conf 'TTLSConfig /etc/ebcdic.policy'; is "$(rules TCPIP1)" "rule-one " "a policy in IBM-1047"
policy rule-273 >"$etc/ascii.policy"; iconv -f utf8 -t IBM273 "$etc/ascii.policy" >"$etc/german.policy"; policy rule-utf8 >"$etc/ascii.policy"
conf 'Codepage IBM-273' 'TTLSConfig /etc/german.policy'; is "$(rules TCPIP1)" "rule-273 " "Codepage names another one"
conf 'Codepage IBM-273' 'TTLSConfig /etc/ascii.policy'; is "$(rules TCPIP1)" "rule-utf8 " "UTF-8 is UTF-8 all the same"
slip_page() { conf "$@"; like "$(since)" 'Codepage: "FOO-9" is no code page' "Codepage FOO-9"; }
slip_page 'Codepage FOO-9' 'TTLSConfig /etc/one.policy'; is "$(rules TCPIP1)" "rule-one " "is left out"

# --- other ways to say REFRESH -----------------------------------------------------------
policy rule-hup >"$etc/one.policy"
if [ "$(id -u)" -eq 0 ]; then
    mark; kill -HUP "$(processes sallyport-pagent | while read -r p; do grep -qz -- --stack "/proc/$p/cmdline" || echo "$p"; done)"
    wait_for 10 said EZD1586I; is "$(rules TCPIP1)" "rule-hup " "SIGHUP"
fi
for how in UPDATE REFRESH; do policy "rule-$how" >"$etc/one.policy"; mark; runs "$how" 0 sallyport console "F PAGENT,$how"; wait_for 10 said EZD1586I; is "$(rules TCPIP1)" "rule-$how " "reads again"; done
agent '-I -l SYSLOGD' PAGENT_CONFIG_FILE=/etc/other/main.conf; mark; policy rule-seen >"$etc/one.policy"; wait_for 10 said EZD1586I; is "$(rules TCPIP1)" "rule-seen " "-i, here -I: a changed file"
mark; echo 'TTLSConfig /etc/two.policy' >"$main"; wait_for 10 said EZD1586I; is "$(rules TCPIP1)" "rule-two " "the main file, too"
runs "shutdown" 0 sallyport shutdown
done_testing
