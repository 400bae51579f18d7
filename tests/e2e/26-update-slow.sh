# An update that takes longer than a minute: an interceptor that is slow to
# open. Meanwhile the old configuration answers; its end is a warning, and what
# changed in between is read next.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
S=$SALLYPORT_ROOT/servers
PORT=$(free_port) OTHER=$(free_port)
mkdir -p "$S/slow"
conf() { # MORE
    cat >"$S/slow/new.xml" <<X
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <config monitorInterval="100ms"/>
  <httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="$PORT" httpsPort="-1"/>
  <zosconnect_zosConnectManager requireAuth="false" requireSecure="false" globalInterceptorsRef="list"/>
  <zosconnect_zosConnectInterceptors id="list" interceptorRef="site"/>
  $*
</server>
X
    mv "$S/slow/new.xml" "$S/slow/server.xml"
}
LIB=$SCRATCH/lib; mkdir -m 755 "$LIB"
cat >"$SCRATCH/sleeps.c" <<'C'
#include <sallyport/interceptor.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static char self;
static void *
o(const struct sallyport_host *h, const struct sallyport_attribute *v, size_t n, char *why, size_t bytes)
{
    (void)h, (void)why, (void)bytes;
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].name, "seconds") == 0)
            for (unsigned left = (unsigned)atoi(v[i].value); left > 0;)
                left = sleep(left);
    return &self;
}
static void c(void *s) { (void)s; }
static const struct sallyport_interceptor i = { .abi = SALLYPORT_INTERCEPTOR_ABI, .name = "sleeps", .open = o, .close = c };
const struct sallyport_interceptor *sallyport_interceptor(void) { return &i; }
C
cc -Wall -Werror -shared -fPIC -I "$SALLYPORT_SOURCE/include" -o "$LIB/sleeps.so" "$SCRATCH/sleeps.c"; ok $? "the library"
chmod 755 "$LIB/sleeps.so"
log() { cat "$S/slow/logs/messages.log"; }
has() { grep -Eq "$1" "$S/slow/logs/messages.log"; }
times() { log | grep -c "$1"; }
code() { curl -s -o /dev/null -w '%{http_code}' --max-time 10 "http://127.0.0.1:$PORT/zosConnect/nothing"; }

conf "<usr_x id='site' library='$LIB/sleeps.so' seconds='0'/>"
sallyport ipl >"$SCRATCH/ipl.log" 2>&1 || note "$(cat "$SCRATCH/ipl.log")"
at_exit 'sallyport server stop slow --force >/dev/null 2>&1; sallyport shutdown >/dev/null 2>&1'
runs "a server starts" 0 sallyport server start slow
CODE=$(code); like "$CODE" '^[234]..$' "it answers"

BEGAN=$SECONDS
conf "<usr_x id='site' library='$LIB/sleeps.so' seconds='61'/><httpEndpoint id='other' host='127.0.0.1' httpPort='$OTHER' httpsPort='-1'/>"
wait_for 30 has 'CWWKG0016I'; ok $? "an update begins"
ANSWERS=0
for _ in $(seq 50); do [ "$(code)" = "$CODE" ] && ANSWERS=$((ANSWERS + 1)); done
is "$ANSWERS" 50 "the old configuration answers meanwhile"
is_free "$OTHER"; ok $? "of the new one nothing is in effect"
runs "its status is told" 0 sallyport server status slow
conf "<usr_x id='site' library='$LIB/sleeps.so' seconds='0'/>" # changed while the update runs
[ $((SECONDS - BEGAN)) -lt 55 ]; ok $? "all that within the minute"
unlike "$(log)" 'CWWKG0017I|CWWKG0027W' "which is not over"
wait_for 120 has 'CWWKG0027W'; ok $? "after a minute the update is told to be late"
like "$(log)" ' W CWWKG0027W: Timeout while updating server configuration\.$' "as a warning, in the original's words"
[ $((SECONDS - BEGAN)) -ge 60 ]; ok $? "not earlier"
like "$(log)" "CWWKO0219I: .*port $OTHER" "but it was made"
wait_for 30 has 'CWWKG0017I'; ok $? "what changed meanwhile is read next, and in time"
is "$(times CWWKG0016I)" 2 "by one update"
wait_for 10 is_free "$OTHER"; ok $? "and in effect"
is "$(code)" "$CODE" "requests are answered"
done_testing
