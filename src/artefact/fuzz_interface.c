/* Service interfaces: what is read can be written and read again, the same. */
#include "artefact/service.h"
#include "base/defs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct service_message message, again;
    struct err_info why;
    struct arena arena;
    struct buf out;
    bool is_channel;

    arena_init(&arena, (size_t)64 << 20);
    buf_init(&out, (size_t)4 << 20);
    if (interface_read(&arena, str_n(data, n), STR("x.si"),
                       abi_default(ABI_ZOS), &is_channel, &message,
                       &why) == ERR_OK) {
        interface_write(&out, &message, STR("x"), is_channel);
        if (!out.failed && interface_read(&arena, buf_view(&out), STR("y.si"),
                                          abi_default(ABI_ZOS), &is_channel,
                                          &again, &why) == ERR_OK)
            REQUIRE(again.n_segments == message.n_segments);
    }
    buf_fini(&out);
    arena_fini(&arena);
    return 0;
}
