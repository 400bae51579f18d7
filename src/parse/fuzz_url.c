/* Decoded text encodes and decodes to itself; positions lie in the input. */
#include <stdlib.h>

#include "parse/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
round_trip(struct arena *arena, struct str text)
{
    struct str back;
    struct buf out;

    buf_init(&out, text.n * 3 + 1);
    url_encode(&out, text);
    if (url_decode(arena, buf_view(&out), true, &back, NULL) != ERR_OK ||
        !str_eq(text, back))
        abort();
    buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str in = str_n(data, n);
    struct err_info why = { 0 };
    struct url_query query;
    struct url_path path;
    struct arena arena;
    struct url url;

    arena_init(&arena, (size_t)16 * 1024 * 1024);
    if (url_path_parse(&arena, in, &path, &why) == ERR_OK) {
        for (size_t i = 0; i < path.n; i++) {
            if (str_eq_z(path.segments[i], ".."))
                abort();
            round_trip(&arena, path.segments[i]);
        }
    } else if (why.at > n) {
        abort();
    }
    if (url_query_parse(&arena, in, &query, &why) == ERR_OK)
        for (size_t i = 0; i < query.n; i++)
            round_trip(&arena, query.pairs[i].name);
    else if (why.at > n)
        abort();
    if (url_parse(in, &url, &why) == ERR_OK && url.host.n == 0)
        abort();
    arena_fini(&arena);
    return 0;
}
