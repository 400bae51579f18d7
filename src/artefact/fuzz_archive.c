/* Archives as bytes: opened, every entry read, nothing outside the limits. */
#include "artefact/archive.h"
#include "base/defs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct archive *a = NULL;
    struct err_info why;

    if (archive_open(str_n(data, n), &a, &why) != ERR_OK)
        return 0;
    for (size_t i = 0; i < archive_count(a); i++) {
        struct str name = archive_name(a, i), content;

        REQUIRE(name.n > 0 && name.p[0] != '/' && archive_has(a, name));
        (void)!archive_read(a, name, &content, &why);
    }
    archive_free(&a);
    return 0;
}
