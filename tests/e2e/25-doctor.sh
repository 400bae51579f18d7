# The doctor has nothing to say about a clean server; each thing it looks for
# is provoked, found where it is, mended, and no longer found.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
[ "$(id -u)" -eq 0 ] || skip_all "owners and groups of files need root"
image_install || { fail "the image"; done_testing; }
DIR=$SERVER_DIR
racf() { local c; for c; do OUT=$(sallyport racf "$c" 2>&1 </dev/null) || [ "${OUT#IRRD113I}" != "$OUT" ] || fail "$c: $OUT"; done; }
doctor() { OUT=$(sallyport doctor "$@" 2>"$SCRATCH/err" </dev/null); STATUS=$?; }
# found RULE [JQ-CONDITION]: how many there are.
# All that is ever found is kept in all.json.
take() { printf '%s' "$OUT" >"$SCRATCH/report.json"; jq -c '.findings[]' "$SCRATCH/report.json" >>"$SCRATCH/all.json"; }
examine() { doctor --json "$@" myServer; take; }
found() { jq "[.findings[] | select(.check == \"$1\")${2:+ | select($2)}] | length" "$SCRATCH/report.json"; }
has() { # NAME RULE CONDITION STATUS
    examine
    [ "$(found "$2" "$3")" -ge 1 ]; ok $? "$1"
    [ "$STATUS" -eq "$4" ] || { fail "$1: exit status"; note "$STATUS, wanted $4"; note "$(jq -c '.findings[] | [.check, .file, .what]' "$SCRATCH/report.json")"; }
}
clean() { examine; is "$STATUS:$(jq -c '[.findings[] | [.check, .file, .line, .what]]' "$SCRATCH/report.json")" "0:[]" "$1"; }

refresh() { racf "SETROPTS RACLIST(DIGTCERT DIGTRING) REFRESH"; }
# A group of readers that has nothing else.
racf "ADDGROUP LIBREAD OMVS(GID(50050))" "CONNECT FRED GROUP(LIBREAD)"
own() { chown -R 50001:50050 "$DIR"; find "$DIR" -type d -exec chmod 2750 {} +; find "$DIR" -type f -exec chmod 640 {} +; chmod 600 "$DIR/server.env"; }
own
examine
clean "a clean server"
doctor myServer
is "$OUT" "Server myServer: 0 errors, 0 warnings, 0 notes." "as text"

image_start; ok $? "the server runs"
get_record 111111; is "$CODE" 200 "and answers"
console "F BAQSTRT,JAVACORE"
clean "what it made meanwhile is clean too"
console "P BAQSTRT"

# Files
chmod 666 "$DIR/server.xml"; has "a file that everybody may write" file-writable ".file == \"$DIR/server.xml\" and (.fix | startswith(\"chmod g-w,o-rwx\"))" 8
chmod 660 "$DIR/server.xml"; has "or the group" file-writable ".file == \"$DIR/server.xml\"" 8
chmod 644 "$DIR/server.xml"; has "a file that everybody may read" file-mode ".file == \"$DIR/server.xml\"" 4
bash -c "$(jq -r '.findings[] | select(.check == "file-mode") | .fix' "$SCRATCH/report.json")"; clean "its fix mends it"
chmod 755 "$DIR/includes"; has "a folder" file-mode ".file == \"$DIR/includes\"" 4; own
chown 50003 "$DIR/includes/ipic.xml"; has "another owner" file-owner ".file == \"$DIR/includes/ipic.xml\"" 8
is "$(found include-writable ".file == \"$DIR/server.xml\" and .line == $(grep -n ipic.xml "$DIR/server.xml" | cut -d: -f1)")" 1 "who may override by an include, at its line"
own
chgrp 50000 "$DIR/logs"; has "another group" file-owner ".file == \"$DIR/logs\"" 4; own
echo WLP_SKIP_UMASK=1 >>"$DIR/server.env"
OUT=$(umask 0; sallyport doctor --json myServer </dev/null 2>/dev/null); take
is "$(found umask "(.what | test(\"0000\")) and .file == \"$DIR/server.env\" and .line == $(grep -n WLP_SKIP "$DIR/server.env" | cut -d: -f1)")" 1 "the umask, at the line that brings it about"
bash -c "$(jq -r '.findings[] | select(.check == "umask") | .fix' "$SCRATCH/report.json")"
OUT=$(umask 0; sallyport doctor --json myServer </dev/null 2>/dev/null); take; is "$(found umask)" 0 "its fix mends it"
OUT=$(umask 0; WLP_SKIP_UMASK=1 sallyport doctor --json myServer </dev/null 2>/dev/null); take
is "$(found umask "(.fix | test(\"unset WLP_SKIP_UMASK\")) and .file == \"$DIR/server.env\"")" 1 "or the environment does"

# Includes
chmod g+w "$DIR/includes/ipic.xml"; has "an include that the group writes" include-writable '.what | test("ipic.xml")' 8
sed -i 's#includes/ipic.xml"#& onConflict="IGNORE"#' "$DIR/server.xml"
has "with IGNORE it may add elements" include-injects '.what | test("ipic.xml")' 8
chmod g-w "$DIR/includes/ipic.xml"; examine
is "$(found include-ignore '.severity == "note"'):$STATUS" "1:0" "nobody else writes it: a note"
chmod g+w "$DIR/includes"; has "or its folder" include-injects '.what | test("ipic.xml")' 8
own; sed -i 's# onConflict="IGNORE"##' "$DIR/server.xml"
mkdir -m 1777 "$SCRATCH/open"; mkdir -m 755 "$SCRATCH/shut"
include() { sed -i '/optional="true"/d' "$DIR/server.xml"; [ -z "$1" ] || sed -i "s#</server>#\n<include optional=\"true\" location=\"$1\"${2:-}/>\n</server>#" "$DIR/server.xml"; }
line_of() { grep -n "$1" "$DIR/server.xml" | cut -d: -f1; }
include "$SCRATCH/open/x.xml"; has "one that is not there, where everybody may make it" include-writable ".file == \"$DIR/server.xml\" and .line == $(line_of open/x) and (.what | test(\"everybody may create it in $SCRATCH/open; .* and is not there\"))" 8
include "$SCRATCH/open/a/b/x.xml" ' onConflict="IGNORE"'; has "nor its folder" include-injects ".line == $(line_of open/a) and (.what | test(\"create it in $SCRATCH/open\"))" 4
include "file://$SCRATCH/open/x.xml"; has "or as a URL" include-writable '.what | test("open/x.xml")' 8
include "$SCRATCH/open/"; has "a whole folder, empty today" include-writable '.what | test("everybody may add files to")' 8
printf '<server/>\n' >"$SCRATCH/open/x.xml"; include "$SCRATCH/open/x.xml"; clean "what is in a sticky folder stays what it is"
chmod 777 "$SCRATCH/open"; has "in another one it may be replaced" include-writable ".fix == \"chmod go-w $SCRATCH/open\"" 8
include "$SCRATCH/shut/x.xml"; clean "not there, and nobody may make it"
include "http://somewhere/x.xml"; examine; is "$(found include-writable)" 0 "what names no file"
include ""; clean "all mended"

# Secrets
secret() { printf '<server>\n  <zosconnect_zosConnectServiceRestClientBasicAuth id="a"\n    userName="U" password="%s"/>\n</server>\n' "$1" >"$DIR/includes/shared2.xml"; chown 50001:50050 "$DIR/includes/shared2.xml"; chmod "$2" "$DIR/includes/shared2.xml"; }
sed -i 's#</server>#<include location="includes/shared2.xml"/></server>#' "$DIR/server.xml"
secret geheim 600; has "a password in clear text, at its line" clear-password ".file == \"$DIR/includes/shared2.xml\" and .line == 3" 4
unlike "$(cat "$SCRATCH/report.json")" geheim "which is not printed"
secret "$(sallyport encode geheim)" 600; has "a password with {xor}" xor-password '.line == 3' 4
is "$(found clear-password)" 0 "is another finding"
secret "$(sallyport encode --encoding=aes geheim)" 640; has "a secret the group reads" secret-group-readable '.file | test("shared2")' 4
secret "$(sallyport encode --encoding=aes geheim)" 644; has "or everybody" secret-world-readable '.file | test("shared2")' 8
secret '{env}PASS' 640; examine; is "$(found secret-group-readable)" 0 "a secret that stands elsewhere"
secret '${pass}' 640; examine; is "$(found clear-password)$(found secret-group-readable)" 00 "or in a variable"
is "$(found not-effective '.file != null and .line > 0')" 1 "an element without effect, at its line"
sed -i 's#<include location="includes/shared2.xml"/>##' "$DIR/server.xml"; rm "$DIR/includes/shared2.xml"
chmod 640 "$DIR/server.env"; has "server.env" secret-group-readable '.file | test("server.env")' 4; chmod 600 "$DIR/server.env"

# Configuration
sed -i 's#</server>#<httpOptions id="h" readTimeout="soon"/></server>#' "$DIR/server.xml"; has "a value that does not fit, at its line" configuration-warning "(.what | test(\"readTimeout\")) and .file == \"$DIR/server.xml\" and .line == $(grep -n httpOptions "$DIR/server.xml" | cut -d: -f1) and (.fix | test(\"vi\\\\} \\\\+[0-9]+ $DIR/server.xml +# sallyport help CWWKG\"))" 4
sed -i 's#<httpOptions[^>]*>##' "$DIR/server.xml"
sed -i 's#</server>#</sever>#' "$DIR/server.xml"; has "a malformed file" configuration-error "(.what | test(\"server.xml\")) and .file == \"$DIR/server.xml\" and .line > 1" 8
is "$(found not-checked '.fix == "sallyport config check myServer"')" 1 "and what was not looked at"
sed -i 's#</sever>#</server>#' "$DIR/server.xml"; clean "all mended"

# Openness
GA=$DIR/includes/groupAccess.xml LINE=$(grep -n '<zosconnect_zosConnectManager' "$DIR/includes/groupAccess.xml" | cut -d: -f1)
sed -i 's#<zosconnect_zosConnectManager#& requireSecure="false"#' "$GA"; has "no TLS is required" clear-text ".file == \"$GA\" and .line == $LINE" 4
sed -i 's#requireSecure="false"#requireAuth="false"#' "$GA"; has "no authentication is required" no-authentication ".file == \"$GA\" and .line == $LINE" 4
is "$(found no-authentication)" 1 "said where it stands, not for all that inherit it"
sed -i 's# requireAuth="false"##' "$GA"
AR=$DIR/includes/apiRequesterHTTPS.xml
sed -i 's#requireSecure="true"#requireSecure="false" requireAuth="false"#; s#<zosconnect_apiRequesters#& allowUnsignedIdentity="true"#' "$AR"; examine
is "$(found clear-text '.what | test("apiRequester")')$(found no-authentication '.what | test("apiRequester")')$(found unsigned-identity ".file == \"$AR\"")" 111 "an API requester"
sed -i 's#requireSecure="false" requireAuth="false"#requireSecure="true"#; s# allowUnsignedIdentity="true"##' "$AR"; clean "closed again"

# TLS
KR=$DIR/includes/keyringOutboundMutual.xml
LINE=$(grep -n 'ssl id="DefaultSSLSettings"' "$KR" | cut -d: -f1)
sed -i 's#<ssl id="DefaultSSLSettings"#& sslProtocol="TLSv1.1,TLSv1.2"#' "$KR"; has "TLS 1.1" weak-protocol ".file == \"$KR\" and .line == $LINE" 4
sed -i 's# sslProtocol="[^"]*"# enabledCiphers="TLS_RSA_WITH_NULL_SHA TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 SSL_RSA_WITH_RC4_128_MD5"#' "$KR"; examine
is "$(found weak-cipher)" 2 "two weak ciphers of three"
sed -i 's# enabledCiphers="[^"]*"# securityLevel="LOW"#' "$KR"; has "a low security level" weak-cipher '.what | test("LOW")' 4
sed -i 's# securityLevel="[^"]*"##' "$KR"
sed -i 's#Liberty.KeyRing#No.KeyRing#' "$KR"; has "a ring that is not there" key-store '.what | test("No.KeyRing")' 8
sed -i 's#No.KeyRing#Liberty.KeyRing#' "$KR"
racf "RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('old')) WITHLABEL('old') SIGNWITH(CERTAUTH LABEL('Liberty CA')) NOTBEFORE(DATE(2001/01/01)) NOTAFTER(DATE(2002/01/01))" "RACDCERT ID(LIBSERV) CONNECT(LABEL('old') RING(Liberty.KeyRing))"; refresh
has "an expired certificate" certificate-expired '(.what | test("\"old\"")) and (.fix | test("REKEY"))' 8
is "$(jq -r '.findings[] | select(.check == "certificate-expired") | .fix' "$SCRATCH/report.json" | cut -d';' -f1)" "sallyport racf \"RACDCERT ID(LIBSERV) REKEY(LABEL('old')) WITHLABEL('old NEW')\"" "with the command that begins the renewal"
racf "RACDCERT ID(LIBSERV) DELETE(LABEL('old'))"; refresh
racf "RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('next')) WITHLABEL('next') SIGNWITH(CERTAUTH LABEL('Liberty CA')) NOTBEFORE(DATE($(date -u -d '+2 days' +%Y/%m/%d))) NOTAFTER(DATE($(date -u -d '+200 days' +%Y/%m/%d)))" "RACDCERT ID(LIBSERV) CONNECT(LABEL('next') RING(Liberty.KeyRing))"; refresh
has "one that is not valid yet" certificate-not-yet-valid '.what | test("\"next\"")' 8
racf "RACDCERT ID(LIBSERV) DELETE(LABEL('next'))"; refresh
soon=$(date -u -d '+10 days' +%Y/%m/%d)
racf "RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('soon')) WITHLABEL('soon') SIGNWITH(CERTAUTH LABEL('Liberty CA')) NOTAFTER(DATE($soon))" "RACDCERT ID(LIBSERV) CONNECT(LABEL('soon') RING(Liberty.KeyRing))"; refresh
has "one that will expire" certificate-expires '.what | test("\"soon\"")' 4
examine --days 5; is "$(found certificate-expires)" 0 "not within five days"
racf "RACDCERT ID(LIBSERV) DELETE(LABEL('soon'))"; refresh

mkdir -p "$DIR/resources/security"
store() { # DAYS-FROM-NOW PASSWORD
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$SCRATCH/k.pem" -out "$SCRATCH/c.pem" -subj /CN=file -days "$1" 2>/dev/null &&
        openssl pkcs12 -export -inkey "$SCRATCH/k.pem" -in "$SCRATCH/c.pem" -name mine -passout "pass:$2" -out "$DIR/resources/security/site.p12"
    own; chmod 600 "$DIR/resources/security/site.p12"
}
sed -i 's#</server>#<keyStore id="site" location="site.p12" password="{env}SITE"/></server>#' "$KR"
export SITE=geheim
store 400 geheim; clean "a key store in a file"
chmod 640 "$DIR/resources/security/site.p12"; has "that the group reads" secret-group-readable '.file | test("site.p12")' 4; chmod 600 "$DIR/resources/security/site.p12"
store 3 geheim; has "whose certificate will expire" certificate-expires '.what | test("\"mine\" of keyStore site")' 4
store 400 other; has "that its password does not open" key-store '.what | test("site.p12")' 8
rm "$DIR/resources/security/site.p12"; has "that is not there" key-store ".what == \"keyStore site: $DIR/resources/security/site.p12: No such file or directory\"" 8
unset SITE; sed -i 's#<keyStore id="site"[^>]*>##' "$KR"

# Profiles and groups
racf "PERMIT BBG.AUTHMOD.BBGZSAFM.SAFCRED CLASS(SERVER) ID(LIBGRP) DELETE"; has "the server's user lacks READ" profile-access '.what | test("LIBSERV has no READ to BBG.AUTHMOD.BBGZSAFM.SAFCRED")' 8
racf "PERMIT BBG.AUTHMOD.BBGZSAFM.SAFCRED CLASS(SERVER) ID(LIBGRP) ACCESS(READ)"
racf "RDELETE SERVER BBG.SECPFX.BBGZDFLT"; has "a SERVER profile is missing" profile-missing '.what | test("BBG.SECPFX.BBGZDFLT")' 8
fix=$(jq -r '.findings[] | select(.check == "profile-missing") | .fix' "$SCRATCH/report.json"); bash -c "$fix" >/dev/null 2>&1; examine
is "$(found profile-missing)$(found profile-access)" 00 "its fix mends it"
racf "RDELETE EJBROLE BBGZDFLT.zos.connect.access.roles.zosConnectAccess"; has "the role's profile is missing" profile-missing '.what | test("EJBROLE")' 8
racf "RDEFINE EJBROLE BBGZDFLT.zos.connect.access.roles.zosConnectAccess UACC(NONE)"; has "nobody is permitted" profile-nobody '.what | test("zosConnectAccess")' 4
racf "PERMIT BBGZDFLT.zos.connect.access.roles.zosConnectAccess CLASS(EJBROLE) ID(ZCEEUSRS) ACCESS(READ)"
racf "PERMIT BBGZDFLT CLASS(APPL) ID(WSGUEST) DELETE"; has "the unauthenticated user" unauthenticated-user '.what | test("WSGUEST")' 4
racf "PERMIT BBGZDFLT CLASS(APPL) ID(WSGUEST) ACCESS(READ)"
for guest in NOGUEST "no guest"; do
    sed -i "s|unauthenticatedUser=\"[^\"]*\"|unauthenticatedUser=\"$guest\"|" "$DIR/includes/safSecurity.xml"; own
    has "an unauthenticated user \"$guest\" that does not exist" unauthenticated-user-missing ".what | test(\"$guest\")" 4
done
sed -i 's|unauthenticatedUser="[^"]*"|unauthenticatedUser="WSGUEST"|' "$DIR/includes/safSecurity.xml"; own
racf "ADDGROUP NOBODYIN" "PERMIT BBGZDFLT CLASS(APPL) ID(NOBODYIN) ACCESS(READ)"; has "a permitted group without members" group-empty '.what | test("NOBODYIN")' 4
racf "PERMIT BBGZDFLT CLASS(APPL) ID(NOBODYIN) DELETE"
sed -i 's#globalReaderGroup="GMREADR"#globalReaderGroup="NOBODYIN,NOGROUP"#' "$DIR/includes/groupAccess.xml"; has "a group of the interceptor without members" group-empty '.what | test("reader group names group NOBODYIN")' 8
is "$(found group-missing '.what | test("NOGROUP")')" 1 "one that does not exist"
sed -i 's#"NOBODYIN,NOGROUP"#"GMREADR"#' "$DIR/includes/groupAccess.xml"
chown -R 50001:50000 "$DIR"; has "the owner's group reads" reading-group '.what | test("LIBGRP")' 4
own; racf "PERMIT BBG.AUTHMOD.BBGZSAFM.ZOSWLM CLASS(SERVER) ID(LIBREAD) ACCESS(READ)"; has "the reading group holds SERVER access" reading-group '.what | test("ZOSWLM")' 4
racf "PERMIT BBG.AUTHMOD.BBGZSAFM.ZOSWLM CLASS(SERVER) ID(LIBREAD) DELETE"
clean "all mended once more"

# Roles that the configuration gives
SS=$DIR/includes/safSecurity.xml RX=$DIR/includes/roles.xml; cp -p "$SS" "$SCRATCH/saf.xml"
roles() { printf '<server><authorization-roles id="zos.connect.access.roles">\n<security-role name="zosConnectAccess">\n%s\n</security-role></authorization-roles></server>\n' "$1" >"$RX"; own; }
roles '<user name="FRED"/>'; sed -i 's#</server>#<include location="includes/roles.xml"/></server>#' "$DIR/server.xml"
has "roles beside safAuthorization" not-effective ".file == \"$RX\" and .line == 1 and (.what | test(\"EJBROLE decides\"))" 4
sed -i '/<safAuthorization/d' "$SS"; clean "without it: a user that is there"
roles '<user name="NOSUCH"/>'; has "one that is not" role-name ".file == \"$RX\" and .line == 3 and (.what | test(\"zosConnectAccess is given to user NOSUCH,\")) and (.fix | test(\"ADDUSER NOSUCH\"))" 4
roles '<user name="no one/"/>'; has "what is no user id" role-name '(.fix | test("vi")) and (.what | test("no one/"))' 4
roles '<group name="NOGRP"/>'; has "a group that is not there" role-name '.fix | test("ADDGROUP NOGRP")' 4
racf "ADDGROUP HOLLOW"; roles '<group name="HOLLOW"/>'; has "one that nobody is in" group-empty '.what | test("role zosConnectAccess is given to group HOLLOW")' 4; racf "DELGROUP HOLLOW"
roles '<user name="FRED" access-id="user:P/FRED"/>'; has "an access id without a realm to compare" role-name '.what | test("needs the realm of safRegistry")' 4
sed -i 's#<safRegistry id="saf"#& realm="PLEX"#' "$SS"; has "of another realm" role-name '.what | test("is not user:PLEX/name")' 4
for bad in FRED group:PLEX/FRED user:PLEX/ user:PLEXFRED; do roles "<user access-id=\"$bad\"/>"; has "or of another form: $bad" role-name '.what | test("is not user:PLEX/name")' 4; done
roles '<user access-id="user:PLEX/NOSUCH"/>'; has "of a user that is not there" role-name '.fix | test("ADDUSER NOSUCH")' 4
roles '<user access-id="user:PLEX/FRED"/>'; clean "of one that is"
roles ''; has "a role without anybody" role-name ".line == 2 and .what == \"role zosConnectAccess is given to nobody\"" 4
roles '<special-subject type="ALL_AUTHENTICATED_USERS"/>'; clean "a special subject"
sed -i 's#zos.connect.access.roles#other.roles#' "$RX"; has "the role of all requests is given nowhere" role-name '.what | test("neither authorization-roles zos.connect.access.roles nor safAuthorization")' 4
export SITE=geheim; roles '<user name="ann"/><group name="staff"/>'; sed -i 's#<safRegistry[^>]*/>#<basicRegistry id="b" realm="B"><user name="ann" password="{env}SITE"/><group name="staff"><member name="ann"/></group></basicRegistry>#' "$SS"; clean "names of a basicRegistry"
roles '<user name="Ann"/><group name="x"/>'; examine; is "$(found role-name '.what | test("basicRegistry does not have")')" 2 "in another case, and one it does not have"
roles '<user name="ann"/>'; sed -i 's#</server>#<administrator-role><user>ann</user><user>bob</user><group>FRED</group></administrator-role></server>#' "$RX"; examine
is "$(found role-name '.what | test("role Administrator is given to (user bob|group FRED),")')$(found role-name)" 22 "administrator-role too"
unset SITE; cp -p "$SCRATCH/saf.xml" "$SS"; rm "$RX"; sed -i 's#<include location="includes/roles.xml"/>##' "$DIR/server.xml"; own; clean "roles are SAF's again"

sallyport server create plain >/dev/null; doctor --json plain; take
is "$(found role-name "(.fix | test(\"servers/plain/server.xml\")) and .file == \"$SALLYPORT_ROOT/servers/plain/server.xml\"")" 1 "a server just made gives nobody the role, and has a file to write it into"
rm -r "$SALLYPORT_ROOT/servers/plain"

# Whose server it is
racf "ADDUSER ZSRV9 DFLTGRP(SYS1)"
examine --user ZSRV9; is "$(found profile-access '.what | test("^ZSRV9")')" 4 "--user: another user lacks all four"
racf "RDEFINE STARTED ZP9.* STDATA(USER(ZSRV9) GROUP(SYS1))"
echo "WLP_ZOS_PROCEDURE=ZP9,JOBNAME=J9,PARMS='myServer'" >>"$DIR/server.env"; examine
[ "$(found profile-access '.what | test("^ZSRV9")')" -eq 4 ]; ok $? "the user of its STARTED profile"
sed -i /WLP_ZOS/d "$DIR/server.env"
sed -i "s/PARMS='myServer'/PARMS='other'/" "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/BAQSTRT"
sed "s/BAQSTRT /ZP9     /; s/PARMS='other'/PARMS='myServer --clean'/" "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/BAQSTRT" >"$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/ZP9"; examine
[ "$(found profile-access '.what | test("^ZSRV9")')" -eq 4 ]; ok $? "the user of the procedure that starts it by default"
rm "$SALLYPORT_ROOT/datasets/SYS1.PROCLIB/ZP9"
clean "without one, the owner of the folder"
# Several users have UID 0: the owner root says nothing about who it is.
racf "ADDUSER ZROOT DFLTGRP(SYS1) OMVS(UID(0))"
root_owns() { own; chown -R 0:50050 "$DIR"; examine; }
root_owns; is "$(found file-owner ".file == \"$DIR\" and (.what | test(\"owner is UID 0; the server runs as LIBSERV, UID 50001\")) and (.fix | test(\"^chown -R 50001:50050 \"))")" 1 "whose folder the server cannot write"
is "$(found profile-access)$(found not-checked)" 00 "owned by root: the user that START BAQSTRT gives"
racf "RALTER STARTED BAQSTRT.* STDATA(USER(ZSRV9))" "SETROPTS RACLIST(STARTED) REFRESH"; root_owns
[ "$(found profile-access '.what | test("^ZSRV9")')" -eq 4 ]; ok $? "whoever that is"
racf "RALTER STARTED BAQSTRT.* STDATA(NOUSER)" "SETROPTS RACLIST(STARTED) REFRESH"; root_owns
is "$(found profile-access):$(found not-checked "(.what | test(\"no profile of class STARTED\")) and .file == \"$DIR\"")" "0:1" "nobody: a note, and no other user with UID 0"
racf "RALTER STARTED BAQSTRT.* STDATA(USER(LIBSERV))" "SETROPTS RACLIST(STARTED) REFRESH" "ADDUSER ZTWIN DFLTGRP(SYS1) OMVS(UID(50001) SHARED)"
own; examine; is "$(found profile-access)" 0 "nor one of two that share the owner's UID"
racf "DELUSER ZTWIN"

# What cannot be examined
doctor nobody; is "$STATUS" 16 "no such server"
like "$(cat "$SCRATCH/err")" "there is no server nobody" "is said"
doctor; is "$STATUS" 16 "without a server"
doctor a/b; is "$STATUS" 16 "a name that is none"
doctor myServer --user ''; is "$STATUS" 16 "a user without a name"
like "$(cat "$SCRATCH/err")" "--user wants the name of a user" "is said"
sallyport shutdown >/dev/null
examine; is "$(found not-checked '.fix == "sallyport ipl"')" 1 "without the system: a note says what was not looked at"
is "$STATUS" 0 "and nothing else"

# Of every kind of finding one was seen, and each has all four.
is "$(jq -r .check "$SCRATCH/all.json" | sort -u)" "$(sed -n 's/^RULE([A-Z_]*, "\([a-z-]*\)".*/\1/p' "$SALLYPORT_SOURCE/src/doctor/rules.def" | sort)" "every kind of finding was provoked"
is "$(jq -c 'select((.severity | IN("error", "warning", "note") | not) or ((.file // .profile // "") == "") or ((.why // "") == "") or ((.what // "") == "") or ((.fix // "") == ""))' "$SCRATCH/all.json")" "" "each has severity, place, reason and command"
jq -r .fix "$SCRATCH/all.json" | sort -u >"$SCRATCH/fixes"
while IFS= read -r fix; do
    bash -n <<<"$fix" 2>/dev/null && command -v "$(awk '{ print $1 }' <<<"${fix/\$\{EDITOR:-vi\}/true}")" >/dev/null || [ "${fix%% *}" = timedatectl ] || { fail "a command: $fix"; } # that one is systemd's: not in a container
done <"$SCRATCH/fixes"
[ "$(wc -l <"$SCRATCH/fixes")" -gt 30 ]; ok $? "the commands are commands"
done_testing
