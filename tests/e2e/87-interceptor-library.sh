# Interceptors in shared objects: the sample refuses and logs; what cannot be
# loaded is said and refuses everything it should guard.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
image_up || { fail "the image"; done_testing; }
LIB=$SCRATCH/lib; mkdir -m 755 "$LIB"
make() { # NAME SOURCE [FLAGS]
    cc -Wall -Werror -shared -fPIC -I "$SALLYPORT_SOURCE/include" "${@:3}" -o "$LIB/$1.so" "$2" || fail "cc $1"
    chmod 755 "$LIB/$1.so"
}
make peers "$SAMPLES/interceptors/peers.c"; ok $? "the sample compiles without warnings"
CONF=$SERVER_DIR/includes/site.xml
sed -i 's#</server>#<include location="includes/site.xml"/></server>#' "$SERVER_DIR/server.xml"
sed -i 's#interceptorRef="auth"#interceptorRef="auth,site"#' "$SERVER_DIR/includes/groupAccess.xml"
site() { printf '<server><usr_site id="site" %s/></server>\n' "$*" >"$CONF"; image_own; }
use() { site "$@"; log_mark; refresh; }
said() { local name=$1; shift; like "$(log_since)" "$1" "$name"; }

touch "$SCRATCH/peers.log"; chmod 666 "$SCRATCH/peers.log"
use sequence=\"1\" library=\"$LIB/peers.so\" allow=\"10.1., 127.0.0.1\" log=\"$SCRATCH/peers.log\"
said "the library is in use" CWWKG0017I
get_record 111111; is "$CODE" 200 "a client it allows"
like "$(cat "$SCRATCH/peers.log")" "^127\.0\.0\.1 USER1 .*/cscvinc/employee/111111 200$" "its post-call saw user, URL and status"
use sequence=\"1\" library=\"$LIB/peers.so\" allow=\"10.1.\"
get_record 111111; is "$CODE" 403 "a client it refuses"
is "$(field errorMessage)" "Requests from 127.0.0.1 are not accepted." "with its message"
use sequence=\"1\" library=\"$LIB/peers.so\" allow=\"127.\"
get_record 111111; is "$CODE" 200 "in use again"

# A broken update is refused; what runs stays.
keeps() { # NAME LOG-REGEX ATTRIBUTES...
    local name=$1 regex=$2; shift 2
    use "$@"
    said "$name: said" "CWWKG0015E.*usr_site\[site\].*$regex"
    get_record 111111; is "$CODE" 200 "$name: the old one stays"
}
keeps "no such file" "none\.so: No such file" library=\"$LIB/none.so\" allow=\"127.\"
keeps "an attribute the library wants" "attribute allow is missing" library=\"$LIB/peers.so\"
echo 'text' >"$LIB/text.so"; keeps "no shared object" "text\.so: (file too short|invalid ELF header)" library=\"$LIB/text.so\"
printf 'int nothing;\n' >"$SCRATCH/n.c"; make nothing "$SCRATCH/n.c"; keeps "no interceptor" "exports no function sallyport_interceptor" library=\"$LIB/nothing.so\"
variant() { printf '#include <sallyport/interceptor.h>\n#include <stddef.h>\nstatic void *o(const struct sallyport_host *h, const struct sallyport_attribute *v, size_t n, char *w, size_t b) { (void)h; (void)v; (void)n; (void)w; (void)b; return NULL; }\nstatic void c(void *s) { (void)s; }\nstatic const struct sallyport_interceptor i = { .abi = SALLYPORT_INTERCEPTOR_ABI + %s, .name = "v", .is_blocking = %s, .open = %s, .close = c };\nconst struct sallyport_interceptor *sallyport_interceptor(void) { (void)o; return %s; }\n' "$2" "$3" "$4" "$5" >"$SCRATCH/v.c"; make "$1" "$SCRATCH/v.c"; }
variant abi 1 0 o '&i'; keeps "another ABI" "version 2 of the interceptor interface; expected 1" library=\"$LIB/abi.so\"
variant blocks 0 1 o '&i'; keeps "a blocking one" "interceptor v blocks" library=\"$LIB/blocks.so\"
variant empty 0 0 NULL '&i'; keeps "without open" "lacks name, open or close" library=\"$LIB/empty.so\"
variant null 0 0 o '(void)i, NULL'; keeps "a function that returns nothing" "returned nothing" library=\"$LIB/null.so\"
variant fails 0 0 o '&i'; keeps "an open that fails silently" "did not say why" library=\"$LIB/fails.so\"
cp "$LIB/peers.so" "$LIB/open.so"; chmod 777 "$LIB/open.so"; keeps "one that others may write" "mode 0777: others than its owner may write it" library=\"$LIB/open.so\" allow=\"127.\"
mkdir -m 777 "$LIB/wide"; cp "$LIB/peers.so" "$LIB/wide/"; chmod 755 "$LIB/wide/peers.so"; keeps "one in a folder of others" "wide has mode 0777" library=\"$LIB/wide/peers.so\" allow=\"127.\"
if [ "$(id -u)" -eq 0 ]; then
    cp "$LIB/peers.so" "$LIB/foreign.so"; chown 50003 "$LIB/foreign.so"; keeps "one of another user" "belongs to user 50003" library=\"$LIB/foreign.so\" allow=\"127.\"
fi
keeps "a relative path" "not an absolute path|No such file" library=\"peers.so\" allow=\"127.\"

# At start: what it should guard is closed, the server is not.
site library=\"$LIB/abi.so\"
console "P BAQSTRT"; console "S BAQSTRT"; wait_for 20 grep -q CWWKF0011I "$(log_of)"; ok $? "the server starts"
like "$(cat "$(log_of)")" "BAQR0496E: Interceptor usr_site\[site\] cannot be used: .*version 2" "the log says which"
get_record 111111; is "$CODE" 403 "its APIs are closed"
use library=\"$LIB/peers.so\" allow=\"127.\"
get_record 111111; is "$CODE" 200 "corrected: open, without a restart"

# A Java interceptor of the original has no library.
use sequence=\"5\" level=\"high\"
said "without a library: said" 'SPT0401W: .*site\.xml:1: usr_site is read, but has no effect'
done_testing
