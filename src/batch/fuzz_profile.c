/* A profile that is refused names its line and leaves the result alone. */
#include "batch/tcpip_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
unused(void *arg, struct str word, uint32_t line)
{
    REQUIRE(word.n > 0 && line > 0);
    ++*(size_t *)arg;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct tcpip_profile p = { .has_ttls = false, .is_ttls = true };
    struct err_info why = { 0 };
    size_t n_unused = 0;

    if (tcpip_profile_parse(str_n(data, n), unused, &n_unused, &p, &why) ==
        ERR_OK)
        REQUIRE(p.has_ttls || !p.is_ttls);
    else
        REQUIRE(why.line > 0 && p.is_ttls && !p.has_ttls);
    return 0;
}
