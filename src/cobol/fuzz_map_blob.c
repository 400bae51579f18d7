/*
 * Damaged programs: the input is patches (offset u16, value u8) to compiled
 * ones. What map_open accepts must run without touching foreign memory.
 */
#include "cobol/fuzz_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char sample[] =
    "{\"op\":{\"Container1\":{\"REC\":{\"A\":\"abc\",\"Z\":-1.5,\"P\":12.34,"
    "\"T\":[{\"U\":\"x\",\"V\":[1,2]}],\"O\":[{\"K\":\"k\"},{\"K\":\"l\"}],"
    "\"E\":\"e\",\"G\":{\"J\":\"j\"}}}}}";

static void
run_damaged(const struct buf *blob, const uint8_t *data, size_t n)
{
    char *copy = malloc(blob->n);
    struct map_record record = { 0 };
    struct map map;
    struct buf json;

    if (copy == NULL)
        abort();
    memcpy(copy, blob->p, blob->n);
    for (size_t i = 0; i + 3 <= n; i += 3)
        copy[(size_t)(data[i] << 8 | data[i + 1]) % blob->n] =
            (char)data[i + 2];
    if (map_open(str_n(copy, blob->n), &map, NULL) == ERR_OK) {
        char zoned[600];

        buf_init(&json, 1 << 18);
        memset(zoned, '1', sizeof zoned);
        if (map.is_in) {
            (void)!fuzz_run_in(&map, STR(sample), &record);
            free(record.p);
        } else {
            char *exact = malloc(sizeof zoned / 4);

            if (exact == NULL)
                abort();
            memcpy(exact, zoned, sizeof zoned / 4);
            (void)!fuzz_run_out(&map, str_n(exact, sizeof zoned / 4), &json);
            free(exact);
        }
        buf_fini(&json);
    }
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct fuzz_service service;

    if (service.in.n == 0)
        fuzz_compile(&service, ABI_GNUCOBOL);
    if (n < 1)
        return 0;
    run_damaged(data[0] & 1 ? &service.in : &service.out, data + 1, n - 1);
    return 0;
}
