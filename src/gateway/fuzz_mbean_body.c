#include "gateway/mbean_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The first byte chooses the operation. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct mbean_notice notice;
    struct err_info why;
    struct arena arena;
    enum mbean_call call;

    if (n == 0)
        return 0;
    call = (enum mbean_call)(data[0] % 3);
    arena_init(&arena, (size_t)64 << 20);
    if (mbean_body_parse(&arena, call, str_n(data + 1, n - 1), &notice, &why) ==
        ERR_OK) {
        REQUIRE(notice.call == call);
        REQUIRE(call == MBEAN_FILES || notice.n_paths == 0);
        for (size_t i = 0; i < notice.n_paths; i++)
            REQUIRE(notice.paths[i].n <= MBEAN_PATH_MAX);
    }
    arena_fini(&arena);
    return 0;
}
