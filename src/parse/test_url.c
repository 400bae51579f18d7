#include "base/test.h"
#include "parse/url.h"

#define ARENA_BYTES ((size_t)1024 * 1024)

/* Segments joined by "|", "-" for none. */
static void
expect_path(const char *raw, const char *want)
{
    struct str in = exact_copy(raw);
    struct url_path path;
    struct arena arena;
    struct buf got;

    arena_init(&arena, ARENA_BYTES);
    buf_init(&got, 1000);
    assert_int_equal(url_path_parse(&arena, in, &path, NULL), ERR_OK);
    if (path.n == 0)
        buf_add_z(&got, "-");
    for (size_t i = 0; i < path.n; i++) {
        if (i > 0)
            buf_add_char(&got, '|');
        buf_add(&got, path.segments[i]);
    }
    assert_string_equal(buf_z(&got), want);
    buf_fini(&got);
    arena_fini(&arena);
    exact_free(in);
}

static void
paths_are_split_and_decoded(void **state)
{
    static const char *const rows[][2] = {
        { "", "-" },
        { "/", "-" },
        { "/a", "a" },
        { "/a/", "a|" },
        { "/a//b", "a||b" },
        { "/a/b%2Fc", "a|b/c" },
        { "/%61%C3%A9", "a\xc3\xa9" },
        { "/a+b", "a+b" },
        { "/a/./b", "a|b" },
        { "/a/../b", "b" },
        { "/a/%2e%2E/b", "b" },
        { "/a/b/..", "a|" },
        { "/a/b/.", "a|b|" },
        { "/a/..", "-" },
        { "/.", "-" },
        { "/...", "..." },
        { "/a;v=1", "a;v=1" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        expect_path(rows[i][0], rows[i][1]);
}

static void
bad_paths_are_refused(void **state)
{
    static const struct {
        const char *raw;
        size_t at;
    } rows[] = {
        { "a", 0 },           { "*", 0 },
        { "/..", 1 },         { "/a/../..", 6 },
        { "/%2e%2e/etc", 1 }, { "/%", 1 },
        { "/a/b%2", 4 },      { "/%zz", 1 },
        { "/a%00", 1 },       { "/a%0d%0a", 1 },
        { "/%7f", 1 },        { "/%c0%af", 1 },
        { "/%ed%a0%80", 1 },  { "/%f5%80%80%80", 1 },
        { "/%c3", 1 },        { "/\xff", 1 },
        { "/a\tb", 1 },       { "/%-1", 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str in = exact_copy(rows[i].raw);
        struct url_path path = { .n = 77 };
        struct err_info why = { 0 };
        struct arena arena;

        arena_init(&arena, ARENA_BYTES);
        assert_int_equal(url_path_parse(&arena, in, &path, &why), ERR_SYNTAX);
        assert_int_equal(why.at, rows[i].at);
        assert_int_equal(path.n, 77);
        arena_fini(&arena);
        exact_free(in);
    }
}

static void
long_paths_are_refused(void **state)
{
    char raw[URL_SEGMENTS_MAX + 1];
    struct url_path path;
    struct arena arena;

    (void)state;
    memset(raw, '/', sizeof raw);
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(
        url_path_parse(&arena, str_n(raw, sizeof raw - 1), &path, NULL),
        ERR_OK);
    assert_int_equal(
        url_path_parse(&arena, str_n(raw, sizeof raw), &path, NULL), ERR_LIMIT);
    arena_fini(&arena);
}

static void
queries_are_split_and_decoded(void **state)
{
    struct str in = exact_copy("a=1&b=&&c&a=2+3%2B&%64=x=y&=v"), value;
    struct url_query query;
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(url_query_parse(&arena, in, &query, NULL), ERR_OK);
    assert_int_equal(query.n, 6);
    assert_true(str_eq_z(query.pairs[0].value, "1"));
    assert_true(query.pairs[1].has_value && query.pairs[1].value.n == 0);
    assert_false(query.pairs[2].has_value);
    assert_true(str_eq_z(query.pairs[3].value, "2 3+"));
    assert_true(url_query_get(&query, STR("d"), &value));
    assert_true(str_eq_z(value, "x=y"));
    assert_true(url_query_get(&query, STR("a"), &value));
    assert_true(str_eq_z(value, "1"));
    assert_false(url_query_get(&query, STR("A"), &value));
    assert_int_equal(url_query_parse(&arena, STR(""), &query, NULL), ERR_OK);
    assert_int_equal(query.n, 0);
    arena_fini(&arena);
    exact_free(in);
}

static void
bad_queries_are_refused(void **state)
{
    static const struct {
        const char *raw;
        size_t at;
    } rows[] = {
        { "a=%", 2 },
        { "x=1&%4=2", 4 },
        { "a=1&b=2%00", 6 },
        { "a=%ff", 2 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str in = exact_copy(rows[i].raw);
        struct url_query query = { .n = 77 };
        struct err_info why = { 0 };
        struct arena arena;

        arena_init(&arena, ARENA_BYTES);
        assert_int_equal(url_query_parse(&arena, in, &query, &why), ERR_SYNTAX);
        assert_int_equal(why.at, rows[i].at);
        assert_int_equal(query.n, 77);
        arena_fini(&arena);
        exact_free(in);
    }
}

static void
absolute_urls_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *host, *path, *query;
        unsigned port;
        bool is_https, has_port;
    } rows[] = {
        { "http://h", "h", "", "", 80, false, false },
        { "HTTPS://api.example.com:8443/a/b?x=1", "api.example.com", "/a/b",
          "x=1", 8443, true, true },
        { "https://[::1]/", "::1", "/", "", 443, true, false },
        { "http://h?q", "h", "", "q", 80, false, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str in = exact_copy(rows[i].text);
        struct url url;

        assert_int_equal(url_parse(in, &url, NULL), ERR_OK);
        assert_true(str_eq_z(url.host, rows[i].host));
        assert_true(str_eq_z(url.path, rows[i].path));
        assert_true(str_eq_z(url.query, rows[i].query));
        assert_int_equal(url.port, rows[i].port);
        assert_int_equal(url.is_https, rows[i].is_https);
        assert_int_equal(url.has_port, rows[i].has_port);
        exact_free(in);
    }
}

static void
bad_urls_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "h",
        "ftp://h",
        "http:/h",
        "http://",
        "http://:80",
        "http://h:",
        "http://h:0",
        "http://h:65536",
        "http://u:p@h",
        "http://h/#f",
        "http://h/ x",
        "http://[::1",
        "http://[]/",
        "http://h\\x",
        "http://h:80x",
        "http://[g::]/",
        "http://h/\x01",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str in = exact_copy(rows[i]);
        struct url url = { .port = 77 };

        assert_int_equal(url_parse(in, &url, NULL), ERR_SYNTAX);
        assert_int_equal(url.port, 77);
        exact_free(in);
    }
}

static void
encoding_decodes_to_itself(void **state)
{
    struct str text = STR("a b/\xc3\xa9?%&+~"), back;
    struct arena arena;
    struct buf out;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&out, 100);
    url_encode(&out, text);
    assert_string_equal(buf_z(&out), "a%20b%2F%C3%A9%3F%25%26%2B~");
    assert_int_equal(url_decode(&arena, buf_view(&out), false, &back, NULL),
                     ERR_OK);
    assert_true(str_eq(text, back));
    buf_fini(&out);
    arena_fini(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_split_and_decoded),
        cmocka_unit_test(bad_paths_are_refused),
        cmocka_unit_test(long_paths_are_refused),
        cmocka_unit_test(queries_are_split_and_decoded),
        cmocka_unit_test(bad_queries_are_refused),
        cmocka_unit_test(absolute_urls_are_taken_apart),
        cmocka_unit_test(bad_urls_are_refused),
        cmocka_unit_test(encoding_decodes_to_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
