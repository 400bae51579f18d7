/* Any bytes as a record. What comes out must be JSON that goes in again. */
#include "cobol/fuzz_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct fuzz_service services[2];
    struct map_record record;
    struct map in, out;
    struct buf json;

    for (int kind = 0; kind < 2; kind++) {
        if (services[kind].in.n == 0)
            fuzz_compile(&services[kind], (enum abi_kind)kind);
        if (map_open(buf_view(&services[kind].in), &in, NULL) != ERR_OK ||
            map_open(buf_view(&services[kind].out), &out, NULL) != ERR_OK)
            abort();
        buf_init(&json, 1 << 20);
        if (fuzz_run_out(&out, str_n(data, n), &json) == ERR_OK) {
            enum err e = fuzz_run_in(&in, buf_view(&json), &record);

            /* An HFP or binary number may be wider than its picture. */
            if (e != ERR_OK && e != ERR_RANGE)
                abort();
            free(record.p);
        }
        buf_fini(&json);
    }
    return 0;
}
