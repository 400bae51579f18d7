/* Any text as definitions and as SIT: refused with a position, or taken. */
#include <stdint.h>
#include <stdlib.h>

#include "region/defs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = str_n(data, n);
    struct err_info why = { 0 };
    struct region_defs defs;

    if (defs_init(&defs, STR("FUZZ"), &why) != ERR_OK)
        abort();
    if (defs_read_csd(&defs, "csd", text, &why) == ERR_OK) {
        if (defs_finish(&defs, &why) != ERR_OK && why.text[0] == '\0')
            abort();
    } else if (why.line == 0) {
        abort(); /* an error without its place */
    }
    defs_fini(&defs);
    if (defs_init(&defs, STR("FUZZ"), &why) != ERR_OK)
        abort();
    (void)!defs_read_sit(&defs, "sit", text, &why);
    defs_fini(&defs);
    return 0;
}
