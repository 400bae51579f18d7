# basicRegistry: a server whose users stand in its configuration, without a
# security database; roles and groups of the registry; certificates; then the
# SAF users they are mapped to.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
plain_server || fail "set-up"
DIR=$SERVER_DIR LOG=$(log_of)

# A client's certificates, and what the server has: one CA for all.
cert() { # NAME SUBJECT
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "$SCRATCH/$1.key" -out "$SCRATCH/$1.csr" 2>/dev/null &&
        openssl x509 -req -in "$SCRATCH/$1.csr" -CA "$SCRATCH/ca.crt" -CAkey "$SCRATCH/ca.key" -CAcreateserial -days 2 -out "$SCRATCH/$1.crt" 2>/dev/null &&
        cat "$SCRATCH/$1.crt" "$SCRATCH/$1.key" >"$SCRATCH/$1.pem"
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=Test CA" -days 2 -keyout "$SCRATCH/ca.key" -out "$SCRATCH/ca.crt" 2>/dev/null
cert server /CN=localhost; cert ann "/O=Office/CN=Ann"; cert zoe "/O=Office/CN=Zoe"
openssl pkcs12 -export -in "$SCRATCH/server.pem" -certfile "$SCRATCH/ca.crt" -passout pass:secret -out "$SCRATCH/key.p12"
openssl pkcs12 -export -nokeys -in "$SCRATCH/ca.crt" -jdktrust anyExtendedKeyUsage -passout pass:secret -out "$SCRATCH/trust.p12" 2>/dev/null ||
    openssl pkcs12 -export -nokeys -in "$SCRATCH/ca.crt" -passout pass:secret -out "$SCRATCH/trust.p12"
chmod 644 "$SCRATCH"/*.p12
as mkdir -p "$DIR/resources/security"; as cp "$SCRATCH/key.p12" "$SCRATCH/trust.p12" "$DIR/resources/security/"

HASH=$(sallyport encode --encoding=hash harbour </dev/null)
USERS="<user name='Ann' password='apple'/><user name='Bob' password='{xor}Lz4sLCgwLTs='/><user name='Carl' password='$HASH'/><user name='Dora' password='d'/><user name='twice' password='t'/><user name='twice' password='t'/>"
GROUPS_="<group name='Readers'><member name='Ann'/><member name='Carl'/><member name='Dora'/></group><group name='staff'><member name='Ann'/><member name='Bob'/><member name='Carl'/></group>"
ROLES="<authorization-roles id='zos.connect.access.roles'><security-role name='zosConnectAccess'><group name='staff'/><user name='twice'/></security-role></authorization-roles>"
FAILS_OVER="<webAppSecurity allowFailOverToBasicAuth='true'/>"
configure() { # REGISTRY ROLES MORE
    cat >"$SCRATCH/server.xml" <<END
<server><featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>transportSecurity-1.0</feature></featureManager>
$1 $2 ${3:-$FAILS_OVER}
<config updateTrigger="mbean"/><logging maxFiles="3"/>
<httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="$PORT" httpsPort="$TLS"/>
<ssl id="defaultSSLConfig" keyStoreRef="keys" trustStoreRef="trust" clientAuthenticationSupported="true"/>
<keyStore id="keys" location="key.p12" type="PKCS12" password="secret"/><keyStore id="trust" location="trust.p12" type="PKCS12" password="secret"/>
<zosconnect_zosConnectManager requireSecure="false" globalReaderGroup="Readers" globalInterceptorsRef="list"/>
<zosconnect_authorizationInterceptor id="auth"/><zosconnect_zosConnectInterceptors id="list" interceptorRef="auth"/>
<zosconnect_cicsIpicConnection id="cscvinc" host="127.0.0.1" port="1"/></server>
END
    as cp "$SCRATCH/server.xml" "$DIR/server.xml"
}
apply() { configure "$@"; log_mark; as sallyport server modify myServer REFRESH,CONFIG >/dev/null; wait_for 20 refreshed; }
refreshed() { log_since | grep -Eq 'CWWKG001[78]I|CWWKG0014E'; }
# Who may read the API's document.
ask() { CODE=$(curl -s -o "$SCRATCH/answer" --max-time 20 -w '%{http_code}' "$@" "http://127.0.0.1:$PORT/cscvinc/api-docs"); }
by_cert() { CODE=$(curl -s -o "$SCRATCH/answer" --max-time 20 -w '%{http_code}' --cacert "$SCRATCH/ca.crt" --cert "$SCRATCH/$1.pem" "${@:2}" "https://localhost:$TLS/cscvinc/api-docs"); }
BASIC="<basicRegistry id='basic' realm='Office'>$USERS$GROUPS_</basicRegistry>"
configure "$BASIC" "$ROLES"
runs "start" 0 as sallyport server start myServer
like "$(cat "$LOG")" "CWWKS3104E: Multiple users with the name 'twice' are defined\." "a user who is there twice is told"
unlike "$(cat "$LOG")" "SPT0401W.*basicRegistry" "the registry has an effect"
ask; is "$CODE" 401 "a request without credentials"
ask -X OPTIONS; is "$CODE" 405 "OPTIONS is not covered by the constraint (CWWKS9122I): nobody is asked who he is"

ask -u Ann:apple; is "$CODE" 200 "a password in clear text"
ask -u Carl:harbour; is "$CODE" 200 "a hashed one"
ask -u Ann:Apple; is "$CODE" 401 "a wrong one"
log_mark; ask -u Carl:Harbour; is "$CODE" 401 "a wrong one for the hash"
like "$(log_since)" "CWWKS1100A: Authentication did not succeed for user ID Carl" "CWWKS1100A"
ask -u "Carl:$HASH"; is "$CODE" 401 "the hash itself is no password"
ask -u ann:apple; is "$CODE" 401 "names have a case"
ask -u Zoe:apple; is "$CODE" 401 "an unknown user"
ask -u twice:t; is "$CODE" 401 "the one who is there twice"
ask -u Ann:; is "$CODE" 401 "no password"
ask; is "$CODE" 401 "nobody"
ask -u Dora:d; is "$CODE" 403 "without the role"
like "$(cat "$LOG")" "CWWKS9104A: Authorization failed for user Dora while invoking GET on /cscvinc/api-docs" "CWWKS9104A"
ask -u Bob:password; is "$CODE" 403 "with the role, outside the group of readers"
like "$(cat "$SCRATCH/answer")" "BAQR0406W.*BAQR0409W.*Bob" "BAQR0409W names the user"
unlike "$(cat "$LOG" "$DIR/logs/console.log")" "apple|harbour|$(printf %s "${HASH:0:30}" | sed 's/[{}+]/./g')" "no password is in a log"

by_cert ann; is "$CODE" 200 "a certificate whose CN is a user"
by_cert zoe; is "$CODE" 401 "one whose CN is nobody"
like "$(cat "$LOG")" "CWWKS3112W: The 'CN=Zoe,O=Office' distinguished name" "CWWKS3112W"
by_cert zoe -u Carl:harbour; is "$CODE" 200 "and a password that is somebody's"
by_cert ann -u Carl:wrong; is "$CODE" 200 "the certificate decides first"
apply "$BASIC" "$ROLES" " "
by_cert ann; is "$CODE" 200 "without failing over: the certificate"
by_cert zoe -u Carl:harbour; is "$CODE" 403 "the wrong one"
ask -u Ann:apple; is "$CODE" 403 "a password"
apply "$BASIC" "$ROLES" "<webAppSecurity allowAuthenticationFailOverToAuthMethod='BASIC' displayAuthenticationRealm='true'/>"
ask -u Ann:apple; is "$CODE" 200 "allowAuthenticationFailOverToAuthMethod=BASIC: a password"
ask -D "$SCRATCH/head"; like "$(cat "$SCRATCH/head")" '^WWW-Authenticate: Basic realm="Office"' "displayAuthenticationRealm: the registry's"
unlike "$(log_since)" "SPT0401W.*webAppSecurity" "both have an effect"
apply "$BASIC" "$ROLES" "<webAppSecurity overrideHttpAuthMethod='BASIC'/>"
by_cert ann; is "$CODE" 401 "overrideHttpAuthMethod=BASIC: a certificate is not looked at"
by_cert zoe -u Carl:harbour; is "$CODE" 200 "a password"
ask -D "$SCRATCH/head"; like "$(cat "$SCRATCH/head")" '^WWW-Authenticate: Basic realm="defaultRealm"' "the usual realm"
apply "$BASIC" "$ROLES" "<webAppSecurity overrideHttpAuthMethod='FORM'/>"
like "$(log_since)" "SPT0401W.*overrideHttpAuthMethod" "forms there are none: told"
ask -u Ann:apple; is "$CODE" 200 "and taken for BASIC"
apply "<basicRegistry id='basic' certificateMapMode='NOT_SUPPORTED'>$USERS$GROUPS_</basicRegistry>" "$ROLES"
by_cert ann; is "$CODE" 401 "certificateMapMode=NOT_SUPPORTED"
like "$(log_since)" "CWWKS3113W" "CWWKS3113W"

# An update of the registry is effective at once, whatever was remembered.
apply "$BASIC" "$ROLES"; ask -u Ann:apple; is "$CODE" 200 "Ann again"
apply "<basicRegistry id='basic'><user name='Ann' password='pear'/>$GROUPS_</basicRegistry>" "$ROLES"
ask -u Ann:apple; is "$CODE" 401 "the password of before is forgotten"
ask -u Ann:pear; is "$CODE" 200 "the new one is right"
like "$(log_since)" "CWWKS3107W: Member entry with the name 'Carl' for group 'Readers' does not match a defined user\." "members without a user are told"
log_mark; as sallyport server modify myServer REFRESH,KEYSTORE >/dev/null
unlike "$(log_since)" "CWWKS3107W" "once, not with each refresh"
apply "<basicRegistry id='basic' ignoreCaseForAuthentication='true'>$USERS$GROUPS_</basicRegistry>" "$ROLES"
ask -u aNN:apple; is "$CODE" 200 "names in any case"

# Who has the role.
role() { apply "$BASIC" "<authorization-roles id='zos.connect.access.roles'><security-role name='$1'>$2</security-role></authorization-roles>"; ask -u Dora:d; is "$CODE" "$3" "$4"; }
role zosConnectAccess "<user name='Dora'/>" 200 "role by user"
role zosConnectAccess "<user name='dora'/>" 403 "of that name exactly"
role zosConnectAccess "<group name='Readers'/>" 200 "role by group"
role zosConnectAccess "<group name='readers'/>" 403 "of that name exactly"
role zosConnectAccess "<special-subject type='ALL_AUTHENTICATED_USERS'/>" 200 "role for all who are authenticated"
role zosConnectAccess "<special-subject type='EVERYONE'/>" 200 "role for everyone"
role zosConnectAccess "<user name='Dora' access-id='user:Office/Dora'/>" 200 "role by access id"
role zosConnectAccess "<user name='Dora' access-id='user:Home/Dora'/>" 403 "of another realm"
role zosConnectAccess "<group name='x' access-id='group:Office/Readers'/>" 200 "role by a group's access id"
role Administrator "<user name='Dora'/>" 403 "another role"
apply "$BASIC" "<safAuthorization/>"; ask -u Ann:apple; is "$CODE" 403 "EJBROLE decides: nobody without a SAF user has the role"

# Which registry?
apply "<safRegistry id='saf'/>$BASIC" "$ROLES"
like "$(log_since)" "CWWKS3006E: .*multiple available UserRegistry" "two kinds of registry: CWWKS3006E"
ask -u Ann:apple; is "$CODE" 401 "nobody comes in"
by_cert ann; is "$CODE" 401 "nor by certificate"
apply "$BASIC<basicRegistry id='other'><user name='Ann' password='apple'/></basicRegistry>" "$ROLES"
ask -u Ann:apple; is "$CODE" 401 "two registries of one kind"
apply "<ldapRegistry id='ldap' host='localhost' port='1' baseDN='o=x' ldapType='Custom'/>" "$ROLES"
like "$(log_since)" "CWWKS3005E" "only one that is not supported: CWWKS3005E"
ask -u Ann:apple; is "$CODE" 401 "nobody comes in"
SAFREG="<safRegistry id='saf'/>"
apply "$SAFREG<ldapRegistry id='ldap' host='localhost' port='1' baseDN='o=x' ldapType='Custom'/>" "$ROLES"
like "$(log_since)" "CWWKS3006E" "one that is not supported beside SAF: nobody knows which"
ask -u Ann:apple; is "$CODE" 401 "nobody comes in"
apply "$SAFREG<safRegistry id='saf2'/>" "$ROLES"
like "$(log_since)" "CWWKS3006E" "two of SAF"

# What would be asked before a certificate or a password, and cannot be checked, lets nobody in.
demands() { # NAME ELEMENT
    apply "$BASIC$2" "$ROLES"
    like "$(log_since)" "SPT0481E: $1.* demands proof of a kind that cannot be checked here" "$1: said"
    ask -u Ann:apple; is "$CODE" 401 "$1: a password does not count"
    by_cert ann; is "$CODE" 401 "$1: nor does a certificate"
    ask -H "Authorization: Bearer x.y.z"; is "$CODE" 401 "$1: nor a token nobody can check"
}
demands openidConnectClient "<openidConnectClient id='o' inboundPropagation='required' clientId='c' clientSecret='s' authFilterRef='f'/><authFilter id='f'><requestUrl id='u' urlPattern='/nowhere' matchType='contains'/></authFilter>"
demands samlWebSso20 "<samlWebSso20 id='s' inboundPropagation='required'/>"
demands mpJwt "<mpJwt id='j' issuer='https://i'/>"
demands trustAssociation "<trustAssociation id='t'><interceptors className='a.b.C'/></trustAssociation>"
for element in "<openidConnectClient id='o' inboundPropagation='supported' clientId='c' clientSecret='s'/>" "<samlWebSso20 id='s' enabled='false' inboundPropagation='required'/>" "<trustAssociation id='t'><interceptors className='a.b.C' enabled='false'/></trustAssociation>" "<authFilter id='f'><host id='h' name='x'/></authFilter>" "<spnego/>" "<ltpa keysPassword='x'/>"; do
    apply "$BASIC$element" "$ROLES"
    ask -u Ann:apple; is "$CODE" 200 "$(cut -d' ' -f1 <<<"$element"): what leaves it to others does"
    ask -u Ann:wrong; is "$CODE" 401 "nobody else"
done
apply "<quickStartSecurity userName='admin' userPassword='$HASH'/>" "<authorization-roles id='zos.connect.access.roles'><security-role name='zosConnectAccess'><user name='admin'/></security-role></authorization-roles>"
ask -u admin:harbour; is "$CODE" 403 "quickStartSecurity: known, in no group"
ask -u admin:wrong; is "$CODE" 401 "with its password only"

# Mapped to SAF users (class IDIDMAP).
SAF="<safCredentials mapDistributedIdentities='true' profilePrefix='BBGZDFLT'/>"
apply "$BASIC" "$SAF$ROLES"
ask -u Ann:apple; is "$CODE" 503 "mapped, but no database answers: refused"
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
mkdir -p "$CNTL"; for deck in $IMAGE_DECKS; do sallyport submit "$SAMPLES/jcl/$deck.jcl" >"$SCRATCH/$deck.out" 2>&1 </dev/null || note "$(tail -5 "$SCRATCH/$deck.out")"; done
racf() { local c; for c; do OUT=$(sallyport racf "$c" 2>&1 </dev/null) || fail "$c: $OUT"; done; }
racf "SETROPTS CLASSACT(IDIDMAP) RACLIST(IDIDMAP)" "RACMAP ID(USER1) MAP USERDIDFILTER(NAME('Ann')) REGISTRY(NAME('Office')) WITHLABEL('Ann')" \
    "ADDGROUP READERS" "CONNECT USER1 GROUP(READERS)" "SETROPTS RACLIST(IDIDMAP) REFRESH"
console 'S BBGZANGL'
wait_for 20 grep -q CWWKB0122I "$LOG"; ok $? "connected to the angel"
right() { ask -u "$1"; [ "$CODE" = 200 ]; }
apply "$BASIC" "$SAF<safAuthorization racRouteLog='ASIS'/>"
wait_for 20 right Ann:apple; is "$CODE" 200 "Ann is USER1, who has the role and is in READERS"
log_mark; ask -u Carl:harbour; is "$CODE" 403 "Carl is nobody"
like "$(log_since)" "SPT0415W: No SAF user is mapped to Carl of realm Office" "which is said"
log_mark; ask -u Carl:harbour; unlike "$(log_since)" SPT0415W "once"
racf "ALTUSER USER1 REVOKE"; as sallyport server modify myServer CACHE,CLEAR,AUTH >/dev/null
ask -u Ann:apple; is "$CODE" 401 "her SAF user is revoked"
done_testing
