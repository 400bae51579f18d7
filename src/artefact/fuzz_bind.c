/* Bind files: what is read can be written, and reads back the same size. */
#include "artefact/requester.h"
#include "base/defs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct requester_operation op, again;
    struct err_info why;
    struct arena arena;
    struct buf out;

    arena_init(&arena, (size_t)64 << 20);
    buf_init(&out, (size_t)16 << 20);
    if (bind_read(&arena, str_n(data, n), abi_default(ABI_GNUCOBOL), &op,
                  &why) == ERR_OK &&
        bind_write(&out, &op, &why) == ERR_OK) {
        REQUIRE(bind_read(&arena, buf_view(&out), abi_default(ABI_GNUCOBOL),
                          &again, &why) == ERR_OK);
        if (op.request != NULL)
            REQUIRE(op.request->size == again.request->size);
    }
    buf_fini(&out);
    arena_fini(&arena);
    return 0;
}
