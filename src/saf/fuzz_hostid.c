/* hostid_parse: what it accepts is a list of names, within its limits, and
 * reads the same after the way through the confined child's answer. */
#include <string.h>

#include "saf/hostid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct hostids *ids)
{
    REQUIRE(ids->n <= HOSTID_MAX);
    for (size_t i = 0; i < ids->n; i++) {
        REQUIRE(ids->v[i].host.n > 0 && ids->v[i].host.n <= HOSTID_HOST_MAX);
        REQUIRE(ids->v[i].user.n > 0 && ids->v[i].user.n <= HOSTID_USER_MAX);
        for (size_t k = 0; k < ids->v[i].user.n; k++)
            REQUIRE(ids->v[i].user.p[k] > ' ');
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hostids ids = { .n = 0 };
    struct reader in = reader_of(str_n(data, size));

    if (hostid_parse(str_n(data, size), &ids, NULL) == ERR_OK)
        check(&ids);
    else
        REQUIRE(ids.n == 0);
    if (hostids_read(&in, &ids))
        check(&ids);
    return 0;
}
