/* A request: its head, and its body when that is chunked. */
#include "http/fuzz_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct http_head_limits limits = { 2048, 99 };

static void
check(struct arena *arena, struct str head, struct str rest)
{
    struct http_head got;
    const char *why = NULL;
    unsigned status = http_request_parse(arena, head, &limits, &got, &why);

    if (status != 0) {
        FUZZ_REQUIRE(status >= 400 && status <= 599 && why != NULL);
        return;
    }
    fuzz_headers(&got, head);
    fuzz_is_inside(got.method, head);
    fuzz_is_inside(got.target, head);
    FUZZ_REQUIRE(http_is_token(got.method) && http_is_target(got.target));
    FUZZ_REQUIRE(got.path.n > 0 && (got.path.p[0] == '/' || got.minor <= 1));
    FUZZ_REQUIRE(got.body != HTTP_BODY_UNTIL_CLOSE);
    FUZZ_REQUIRE(memchr(head.p, '\0', head.n) == NULL);
    if (got.body == HTTP_BODY_CHUNKED)
        fuzz_chunked(rest);
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
    fuzz_chunked(in);
    arena_fini(&arena);
    return 0;
}
