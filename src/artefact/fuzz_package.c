#include "artefact/package.h"
#include "base/defs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct package package;
    struct err_info why;
    struct arena arena;

    arena_init(&arena, (size_t)64 << 20);
    if (package_read(&arena, str_n(data, n), &package, &why) == ERR_OK)
        REQUIRE(package_is_id(package.id));
    arena_fini(&arena);
    return 0;
}
