/*
 * Any bytes as a request. When the record can be shown as JSON, that JSON must
 * be accepted again.
 */
#include "cobol/fuzz_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
round_trip(const struct map *in, const struct map *out,
           const struct map_record *record)
{
    struct map_record again;
    struct buf json;

    buf_init(&json, 1 << 20);
    /* Bytes that JSON cannot show (X'00' in numbers) are refused here. */
    if (fuzz_run_out(out, str_n(record->p, record->n), &json) == ERR_OK) {
        if (fuzz_run_in(in, buf_view(&json), &again) != ERR_OK)
            abort();
        free(again.p);
    }
    buf_fini(&json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct fuzz_service services[2];
    struct map_record record;
    struct map in, out;

    for (int kind = 0; kind < 2; kind++) {
        if (services[kind].in.n == 0)
            fuzz_compile(&services[kind], (enum abi_kind)kind);
        if (map_open(buf_view(&services[kind].in), &in, NULL) != ERR_OK ||
            map_open(buf_view(&services[kind].out), &out, NULL) != ERR_OK)
            abort();
        if (fuzz_run_in(&in, str_n(data, n), &record) == ERR_OK)
            round_trip(&in, &out, &record);
        free(record.p);
    }
    return 0;
}
