/* Every variable that is accepted can be put into an environment. */
#include "base/defs.h"
#include "batch/ceeopts.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena arena;
    struct ceeopts opts;
    struct err_info why = { 0 };

    arena_init(&arena, 1024 * 1024);
    if (ceeopts_parse(&arena, str_n(data, n), &opts, &why) == ERR_OK) {
        for (size_t i = 0; i < opts.n_variables; i++) {
            struct str name = opts.variables[i].name;

            REQUIRE(name.n > 0 && strlen(name.p) == name.n);
            REQUIRE(strchr(name.p, '=') == NULL);
            REQUIRE(strlen(opts.variables[i].value.p) ==
                    opts.variables[i].value.n);
        }
    } else {
        REQUIRE(why.text[0] != '\0');
    }
    arena_fini(&arena);
    return 0;
}
