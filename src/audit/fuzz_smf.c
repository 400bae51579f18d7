/* A stream of SMF records: what is read is printed, and stays in its bounds. */
#include "audit/smf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str stream = str_n((const char *)data, size), record;
    size_t at = 0, before = 0;

    while (smf_next(stream, &at, &record, NULL) == ERR_OK) {
        struct smf80_view v;
        struct buf out;
        struct arena a;

        REQUIRE(at > before && at <= size);
        before = at;
        arena_init(&a, 1u << 20);
        buf_init(&out, 1u << 20);
        if (smf80_read(&a, record, &v, NULL) == ERR_OK && v.type == 80) {
            REQUIRE(v.n_sections <= SMF_SECTIONS_MAX);
            smf80_line(&a, &v, &out);
            smf80_irradu00(&a, &v, &out);
        }
        buf_fini(&out);
        arena_fini(&a);
    }
    return 0;
}
