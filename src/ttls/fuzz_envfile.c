/* Any file: what the policy codes stays, what is set is in its range. */
#include <string.h>

#include "ttls/effective.h"
#include "ttls/envfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct ttls_gsk_adv all, none;

    memset(&all, 0, sizeof all);
    all.obj.coded = UINT64_MAX;
    all.v3_session_timeout_s = 77;
    REQUIRE(ttls_envfile_apply(str_n(data, n), &all) == 0);
    REQUIRE(all.v3_session_timeout_s == 77);
    memset(&none, 0, sizeof none);
    (void)ttls_envfile_apply(str_n(data, n), &none);
    REQUIRE(none.v3_session_timeout_s <= 86400);
    REQUIRE(none.revocation_level == 0); /* not one of GSK_ */
    return 0;
}
