#include "backends/provider.h"

/* Adding a provider is adding its file and its row. */
extern const struct provider provider_cics;

static const struct provider *const providers[] = {
    &provider_cics,
};

const struct provider *
provider_find(struct str factory_pid)
{
    for (size_t i = 0; i < ARRAY_LEN(providers); i++)
        if (str_eq_z(factory_pid, providers[i]->factory_pid))
            return providers[i];
    return NULL;
}
