/* An answer: its head, and its body when that is chunked. */
#include "http/fuzz_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct http_head_limits limits = { 2048, 99 };

static void
check(struct arena *arena, struct str head, struct str rest)
{
    struct http_head got;
    const char *why = NULL;

    if (!http_answer_parse(arena, head, &limits, STR("GET"), &got, &why)) {
        FUZZ_REQUIRE(why != NULL);
        return;
    }
    fuzz_headers(&got, head);
    FUZZ_REQUIRE(got.status >= 100 && got.status <= 999);
    if (got.body == HTTP_BODY_CHUNKED)
        fuzz_chunked(rest);
    arena_reset(arena);
    FUZZ_REQUIRE(
        http_answer_parse(arena, head, &limits, STR("HEAD"), &got, &why));
    FUZZ_REQUIRE(got.body == HTTP_BODY_NONE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str in = str_n(data, n);
    struct arena arena;
    size_t end = fuzz_head_end(in);

    arena_init(&arena, (size_t)1024 * 1024);
    if (end > 0)
        check(&arena, str_sub(in, 0, end), str_sub(in, end, n));
    arena_fini(&arena);
    return 0;
}
