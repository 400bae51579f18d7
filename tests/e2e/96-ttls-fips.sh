# FIPS140: refused where OpenSSL has no such provider; where it has, the group's
# connections are made by it alone, keys in rings included, and a group beside
# it goes on as ever. openssl.cnf says nothing of it.
# Mounts of its own: what the library finds beside openssl.cnf changes here only.
if [ "$(id -u)" -eq 0 ] && [ -z "${FIPS_MOUNTS:-}" ] && unshare -nm true 2>/dev/null; then
    exec env FIPS_MOUNTS=1 E2E_NETNS=1 unshare -nm bash "$0" "$@"
fi
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
[ -n "${FIPS_MOUNTS:-}" ] || { . "$E2E_LIB"; skip_all "only root can capture connections, in mounts of its own"; }
dir=$(openssl version -d | sed 's/.*"\(.*\)"/\1/') module=$(openssl version -m | sed 's/.*"\(.*\)"/\1/')/fips.so
seen=$(mktemp -d); mount -t tmpfs none "$seen" && cp -rL "$dir/openssl.cnf" "$seen/" && mount --move "$seen" "$dir"; rmdir "$seen"
. "${E2E_LIB%/*}/ttls.sh"
echo 'ttlsscope=machine' >>"$SALLYPORT_ROOT/etc/image.conf"
cd "$SCRATCH" || exit 1
keys=$SALLYPORT_ROOT/etc/keys; mkdir "$keys"
for command in "GENCERT SUBJECTSDN(CN('ec.example')) NISTECC SIZE(256) WITHLABEL('curve') SIGNWITH(CERTAUTH LABEL('Liberty CA'))" \
    "ADDRING(Curve)" "CONNECT(ID(LIBSERV) LABEL('curve') RING(Curve) DEFAULT)" "CONNECT(CERTAUTH LABEL('Liberty CA') RING(Curve))"; do
    runs "RACDCERT ${command%%[( ]*}" 0 sallyport racf "RACDCERT ID(LIBSERV) $command"
done
sallyport racf "SETROPTS RACLIST(DIGTCERT DIGTRING) REFRESH" >/dev/null
certificates USER1=USER1 'LIBSERV=Liberty Client Cert'; ok $? "certificates"
for bits in 1024 2048; do
    openssl req -x509 -newkey rsa:$bits -nodes -keyout k -out c -subj /CN=rsa$bits -days 3 2>/dev/null; cat c k >"$keys/rsa$bits.pem"
done
chmod 644 "$keys"/*
block() { local name=$1; shift; printf '%s\n  {\n' "$name"; printf '    %s\n' "$@"; printf '  }\n'; }
ring=LIBSERV/Liberty.KeyRing
fips() { rule "$1" "$2" "$3" "$4" "$5" "${7:-}" "TTLSGroupActionRef g$6" "${8:-}"; }
into() { fips "$1" Inbound "$2" "${5:-Server}" "$3" "$4" "${6:-}" "${7:-}"; }
out() { fips "$1" Outbound "$2" Client "${5:-$ring}" "$3" "${4:-}" "${6:-}"; }
old=$'TLSv1 On\n    TLSv1.1 On\n    TLSv1.2 Off\n    TLSv1.3 Off'
{
    group; printf 'TTLSGroupAction goff\n{\n  TTLSEnabled On\n  Trace 31\n}\n'
    for level in On Level1 Level2 Level3; do printf 'TTLSGroupAction g%s\n{\n  TTLSEnabled On\n  Trace 31\n  FIPS140 %s\n}\n' $level $level; done
    into rsa 8100 $ring On
    into ec 8101 LIBSERV/Curve Level1
    into any 8102 $ring off
    into file 8103 /etc/keys/rsa2048.pem Level2
    into small 8104 /etc/keys/rsa1024.pem Level3
    into smalloff 8105 /etc/keys/rsa1024.pem off
    into auth 8106 $ring Level3 ServerWithClientAuth
    into onlyold 8107 $ring On Server "$old"
    into oldtoo 8108 $ring On Server $'TLSv1 On\n    TLSv1.1 On'
    into suites 8109 $ring On Server "" "$(block TTLSCipherParms 'V3CipherSuites4Char 1303')"
    into groups 8110 $ring On Server "" "$(block TTLSSignatureParms 'ServerKexECurves 0029' 'ServerKeyShareGroups 0029')"
    into groupstoo 8111 $ring On Server "" "$(block TTLSSignatureParms 'ServerKexECurves 00290024' 'ServerKeyShareGroups 00290024')"
    into suitestoo 8112 $ring Level1 Server "" "$(block TTLSCipherParms 'V3CipherSuites4Char 1303C02F')"
    out client 8500 Level2
    out client12 8501 On "TLSv1.3 Off"
    out clientec 8502 Level3 "" LIBSERV/Curve
    out clientoff 8503 off
    out p192 8506 On "" $ring "$(block TTLSSignatureParms 'ClientECurves 0019' 'ClientKeyShareGroups 0023')"
    out x25519 8507 On
    out x25519off 8508 off
} >"$policy"
for port in $(seq 8100 8112); do
    background setpriv --reuid=50001 --regid=50001 --clear-groups /usr/bin/python3 -m http.server -b 10.77.0.1 $port >"in.$port" 2>&1
    wait_for 10 listens $port
done
# Servers that want a certificate, and turn each line round.
reverse() { background nsenter -t "$PEER" -n openssl s_server -accept "10.77.0.2:$1" -quiet -rev "${@:2}" >"out.$1" 2>&1 </dev/null; wait_for 10 peer eval "ss -Hltn sport = :$1 | grep -q LISTEN"; }
for port in 8500 8501 8502 8503; do reverse $port -cert LIBSERV.pem -key LIBSERV.pem -CAfile ca.pem -Verify 3 -verify_return_error; done
reverse 8506 -cert LIBSERV.pem -key LIBSERV.pem
for port in 8507 8508; do reverse $port -cert LIBSERV.pem -key LIBSERV.pem -groups X25519; done
ttls_start
unlike "$(since)" EZZ8438I "the policy"
client() { printf 'HEAD / HTTP/1.0\r\n\r\n' | peer timeout 10 openssl s_client -ign_eof -connect 10.77.0.1:"$1" "${@:2}" 2>&1; }
asks() { timeout 10 setpriv --reuid=50001 --regid=50001 --clear-groups bash -c "exec 3<>/dev/tcp/10.77.0.2/$1; echo olleh >&3; head -1 <&3" 2>&1; }
serves() { like "$(client "${@:2}")" SimpleHTTP "$1"; }
refuses() { # RC NAME PORT [options]
    mark; unlike "$(client "${@:3}")" SimpleHTTP "$2: refused"
    wait_for 5 said "EZD1287I TTLS Error RC: $1 "; ok $? "$2: RC $1"
}
reaches() { OUT=$(asks "$2"); like "$OUT" "^hello" "$1"; grep -q ^hello <<<"$OUT" || note "$(tail -3 "out.$2")" "$(since | grep EZD1287I)"; }
misses() { # RC NAME PORT
    mark; unlike "$(asks "$3")" hello "$2: refused"
    wait_for 5 said "EZD1287I TTLS Error RC: $1 "; ok $? "$2: RC $1"
}

# --- without -----------------------------------------------------------------------------
for level in On Level1 Level2 Level3; do
    wait_for 10 said "EZD1288I AT-TLS GROUP g$level "; is "$(since | grep -c "EZD1288I AT-TLS GROUP g$level ")" 1 "FIPS140 $level that cannot be had: EZD1288I, once"
done
unlike "$(since)" 'EZD1288I AT-TLS GROUP g(off)? ' "not of the others"
refuses 455 "a server" 8100
refuses 455 "a server with a key file" 8103
misses 455 "a client" 8500
serves "a group without FIPS140 beside them" 8102
reaches "a client of it" 8503
if [ ! -e "$module" ]; then
    note "OpenSSL has no FIPS provider here: what follows is about that"
    done_testing
fi

# --- with --------------------------------------------------------------------------------
again() { # the engines, as the system's start makes them
    local before=$(pgrep -P "$(stack_pid)" -f -- --engine)
    mark; kill $before; wait_for 20 eval 'said EZD2042I && [ "$(pgrep -c -P "$(stack_pid)" -f -- --engine)" = '"$(wc -l <<<"$before")"' ]'
}
echo '[fips_sect]' >"$dir/fipsmodule.cnf"; again
wait_for 10 said 'EZD1288I AT-TLS GROUP gOn '; ok $? "a fipsmodule.cnf that says nothing: EZD1288I"
refuses 455 "a server" 8100
openssl fipsinstall -quiet -module "$module" -out "$dir/fipsmodule.cnf"; ok $? "openssl fipsinstall"
sed -i 's/^module-mac = ../module-mac = 00/' "$dir/fipsmodule.cnf"
grep -q '^module-mac = 00' "$dir/fipsmodule.cnf" && ! grep -q 'module-mac = 00:00' "$dir/fipsmodule.cnf"; again
wait_for 10 said 'EZD1288I AT-TLS GROUP gOn '; ok $? "a module that is not as installed: EZD1288I"
refuses 455 "a server" 8100
openssl fipsinstall -quiet -module "$module" -out "$dir/fipsmodule.cnf"; again; ok $? "the engines have the provider"
unlike "$(since)" EZD1288I "no EZD1288I"
serves "a key file" 8103
unlike "$(client 8100)" SimpleHTTP "a ring's key, which no other provider may use: the keeper has none"
kill -9 "$(processes sallyport-angel angel-keeper)"
wait_for 20 eval 'client 8100 | grep -q SimpleHTTP'; ok $? "it has, when it is started again"
mark; serves "a ring's RSA key, TLS 1.3" 8100 -tls1_3
wait_for 5 said 'EZD1283I .* RC: 0 Initial Handshake'; ok $? "handshake is logged"
serves "TLS 1.2" 8100 -tls1_2
serves "TLS 1.2, its key decrypts" 8100 -tls1_2 -cipher AES128-GCM-SHA256:AES256-SHA
serves "a ring's EC key, TLS 1.3" 8101 -tls1_3
serves "TLS 1.2" 8101 -tls1_2
like "$(client 8101 -CAfile ca.pem -verify_return_error)" 'Verify return code: 0 ' "it is the ring's certificate"
serves "resumed by a ticket: new" 8103 -sess_out session -tls1_2
like "$(client 8103 -sess_in session -tls1_2)" 'Reused, TLSv1.2' "and taken up again"
serves "a client with a certificate" 8106 -cert USER1.pem -key USER1.pem
refuses 403 "a client without" 8106
reaches "a client's ring, RSA, TLS 1.3" 8500
reaches "TLS 1.2" 8501
reaches "EC" 8502
background setpriv --reuid=50001 --regid=50001 --clear-groups bash -c 'exec 3<>/dev/tcp/10.77.0.2/8500; echo olleh >&3; head -1 <&3; read -r <&3' >open.log 2>&1
wait_for 10 grep -q hello open.log
like "$(sallyport netstat TTLS COnn "$(sallyport netstat --json TTLS | jq -r '[.connections[] | select(.rule == "client")][0].connId')")" 'FIPS140: +ON' "netstat TTLS COnn"
kill "$PID"
# --- what FIPS has none of; and beside it as ever
refuses 402 "ChaCha20" 8100 -tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256
serves "beside it" 8102 -tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256
refuses 402 "a policy of such suites" 8109
serves "suites of both kinds" 8112 -tls1_2
refuses 402 "X25519" 8100 -tls1_3 -groups X25519
serves "beside it" 8102 -tls1_3 -groups X25519
refuses 5006 "a policy of such groups" 8110
serves "groups of both kinds" 8111 -groups P-384
misses 402 "a server with X25519 alone" 8507
reaches "beside it" 8508
refuses 412 "a policy of TLS 1.0 and 1.1" 8107
refuses 412 "TLS 1.1" 8108 -tls1_1 -cipher ALL:@SECLEVEL=0
serves "a policy that has TLS 1.2, too" 8108 -tls1_2
refuses 434 "an RSA key of 1024 bits" 8104 -cipher ALL:@SECLEVEL=0
serves "beside it" 8105 -cipher ALL:@SECLEVEL=0
reaches "a policy with P-192, by its other group" 8506
done_testing
