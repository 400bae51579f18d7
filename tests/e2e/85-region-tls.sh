# The server reaches its region by TLS: the region's own certificate, the
# server's as link user, the caller's name vouched for.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_install || exit 1
cat >"$SCRATCH/deck.jcl" <<'EOF2'
//RACFTLS JOB (0),'REGION TLS',CLASS=A,USER=IBMUSER
//RUN     EXEC PGM=IKJEFT01
//SYSTSPRT DD SYSOUT=*
//SYSTSIN DD *
RACDCERT ID(CICSREG) GENCERT SUBJECTSDN(CN('127.0.0.1') O('LAB')) +
 ALTNAME(IP(127.0.0.1)) WITHLABEL('Region') +
 SIGNWITH(CERTAUTH LABEL('Liberty CA'))
RACDCERT ID(CICSREG) ADDRING(Region.Ring)
RACDCERT ID(CICSREG) CONNECT(LABEL('Region') RING(Region.Ring) DEFAULT)
RACDCERT ID(CICSREG) CONNECT(CERTAUTH LABEL('Liberty CA') RING(Region.Ring))
RACDCERT ID(CICSREG) CONNECT(CERTAUTH LABEL('zCEE CA') RING(Region.Ring))
RACDCERT ID(LIBSERV) CONNECT(CERTAUTH LABEL('Liberty CA') RING(zCEE.KeyRing))
PERMIT IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(CICSREG) ACCESS(READ)
SETROPTS GENERIC(SURROGAT)
RDEFINE SURROGAT *.DFHINSTL UACC(NONE)
PERMIT *.DFHINSTL CLASS(SURROGAT) ID(CICSREG) ACCESS(READ)
SETROPTS RACLIST(FACILITY SURROGAT DIGTCERT DIGTRING) REFRESH
/*
EOF2
OUT=$(sallyport submit "$SCRATCH/deck.jcl" 2>&1 </dev/null); ok $? "the region has a certificate and a ring" || note "$OUT"
sed -i 's/^SEC=YES,/SEC=YES,\nKEYRING=Region.Ring,/' "$SALLYPORT_ROOT/regions/CICSREG/sit"
sed -i "s/PROTOCOL(IPIC)/PROTOCOL(IPIC) SSL(CLIENTAUTH)/; s/LINKAUTH(SECUSER)/LINKAUTH(CERTUSER)/" "$SALLYPORT_ROOT/regions/CICSREG/SYSPGRP.csd"
IPIC=$(ls "$SERVER_DIR"/includes/ipic.xml)
cp "$IPIC" "$SCRATCH/ipic.xml"
sed -i 's/host="127.0.0.1"/host="127.0.0.1" sslCertsRef="regionTLS"/; s|</server>|<ssl id="regionTLS" keyStoreRef="regionKeys"/><keyStore id="regionKeys" location="safkeyring:///zCEE.KeyRing" password="password" type="JCERACFKS" fileBased="false" readOnly="true"/></server>|' "$IPIC"
image_own
image_start; ok $? "the image is up"
log=$SALLYPORT_ROOT/regions/CICSREG/logs/messages.log
unlike "$(cat "$log")" DFHSO0109 "the region's port is open"
get_record 111111
is "$CODE" 200 "a record through TLS"
is "$(field USERID)" USER1 "under the caller's user"
like "$(cat "$log")" 'DFHIS2000 CICSREG IPCONN ZOSCONN acquired' "the link is bound"
sallyport racf "RACDCERT ID(LIBSERV) LISTRING(zCEE.KeyRing)" >/dev/null
pids=$(processes sallyport-region '^gate$'); [ -n "$pids" ]; ok $? "the gate runs"
kill -9 $pids
wait_for 30 eval 'get_record 111111; [ "$CODE" = 200 ]'; ok $? "a killed gate: served again"
# The local link has no certificate: an asserted name needs the seal, and the
# region's own port refuses clear text.
is "$(exec 3<>"/dev/tcp/127.0.0.1/$REGION_PORT"; printf 'ZRG1' >&3; timeout 10 cat <&3 | wc -c)" 0 "clear text is refused at the TLS port"
# A key store that cannot be used.
sed -i 's|zCEE.KeyRing|No.Such.Ring|' "$IPIC"
log_mark; console 'F BAQSTRT,REFRESH,CONFIG'
get_record 111111
is "$CODE" 200 "an update that breaks the link's key store is refused: the old one works"
like "$(log_since)" 'CWPKI0033E|zosconnect_cicsIpicConnection' "and the log says why"
done_testing
