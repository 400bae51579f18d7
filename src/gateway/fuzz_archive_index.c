#include "gateway/archive_index.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* As it is, and with its sum made right. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct archive_index_writer w;
    struct archive_index *index;
    struct file_stamp stamp = { 0 };

    index = archive_index_parse(str_n(data, n));
    archive_index_free(&index);
    archive_index_begin(&w, STR("boot"));
    w.out.n = w.count_at;
    buf_add(&w.out, str_n(data, n));
    if (n >= 4) {
        memcpy(&w.count, data, 4);
        w.count = __builtin_bswap32(w.count);
    }
    index = archive_index_parse(archive_index_end(&w));
    REQUIRE(index == NULL || archive_index_is_of(index, STR("boot")));
    (void)archive_index_get(index, "/a/b.aar", &stamp);
    archive_index_free(&index);
    archive_index_fini(&w);
    return 0;
}
