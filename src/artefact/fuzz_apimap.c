#include "artefact/apimap.h"
#include "base/defs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The first byte chooses the direction. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct map_update *updates;
    struct err_info why;
    struct arena arena;
    size_t count;

    if (n == 0)
        return 0;
    arena_init(&arena, (size_t)64 << 20);
    if (apimap_read(&arena, str_n(data + 1, n - 1), STR("x.map"),
                    data[0] % 2 == 0, &updates, NULL, &count, &why) == ERR_OK)
        for (size_t i = 0; i < count; i++)
            REQUIRE(updates[i].name.n > 0 || updates[i].target.n > 0);
    arena_fini(&arena);
    return 0;
}
