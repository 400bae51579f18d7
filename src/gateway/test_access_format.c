/* Each token, what is missing, and what a client might try to write. */
#include "base/test.h"

#include <stdlib.h>

#include "gateway/access_format.h"

static const struct http_header headers[] = {
    { { "Host", 4 }, { "a:80", 4 } },
    { { "User-Agent", 10 }, { "x \"y\" \x7f\\", 8 } },
    { { "Cookie", 6 }, { "a=1; bb=two", 11 } },
    { { "Authorization", 13 }, { "Basic c2VjcmV0", 14 } },
};
static const struct http_header answer_headers[] = {
    { { "Content-Type", 12 }, { "text/plain", 10 } },
};

static struct access_facts
facts_of(void)
{
    return (struct access_facts){
        .method = STR("GET"),
        .target = STR("/a/b?x=1&password=hush&y"),
        .path = STR("/a/b"),
        .query = STR("x=1&password=hush&y"),
        .headers = headers,
        .n_headers = ARRAY_LEN(headers),
        .answer_headers = answer_headers,
        .n_answer_headers = ARRAY_LEN(answer_headers),
        .version = 11,
        .status = 200,
        .body_bytes = 12,
        .remote = STR("10.0.0.1"),
        .local = STR("10.0.0.2"),
        .user = STR("USER1"),
        .remote_port = 40000,
        .local_port = 9443,
        .start_s = 0,
        .end_s = 86399,
        .elapsed_us = 1234,
    };
}

static void
line_of(const char *format, const struct access_facts *facts, char *text,
        size_t cap)
{
    struct access_format *f = NULL;
    struct arena arena;
    struct buf out;

    arena_init(&arena, 1 << 20);
    buf_init(&out, ACCESS_LINE_MAX);
    assert_int_equal(access_format_new(&arena, str_of(format), &f, NULL),
                     ERR_OK);
    access_format_line(f, facts, &out);
    assert_false(out.failed);
    snprintf(text, cap, "%s", buf_z(&out));
    buf_fini(&out);
    arena_fini(&arena);
}

static void
tokens_are_filled_in(void **state)
{
    static const struct {
        const char *format, *full, *empty;
    } rows[] = {
        { "%a %h", "10.0.0.1 10.0.0.1\n", "- -\n" },
        { "%A", "10.0.0.2\n", "-\n" },
        { "%b %B", "12 12\n", "- 0\n" },
        { "%C", "a=1; bb=two\n", "-\n" },
        { "%{bb}C%{b}C", "two-\n", "--\n" },
        { "%D %{R}W", "1234 1234\n", "0 0\n" },
        { "%m", "GET\n", "-\n" },
        { "%{host}i", "a:80\n", "-\n" },
        { "\"%{User-Agent}i\"", "\"x \\x22y\\x22 \\x7f\\x5c\"\n", "\"-\"\n" },
        { "%{authorization}i", "*****\n", "-\n" },
        { "%{Content-Type}o", "text/plain\n", "-\n" },
        { "%o", "Content-Type:text/plain\n", "-\n" },
        { "%q", "x=1&password=*****&y\n", "-\n" },
        { "%{remote}p %p", "40000 9443\n", "- -\n" },
        { "%r", "GET /a/b?x=1&password=*****&y HTTP/1.1\n", "-\n" },
        { "%s", "200\n", "-\n" },
        { "%t", "[01/Jan/1970:00:00:00 +0000]\n",
          "[01/Jan/1970:00:00:00 +0000]\n" },
        { "%{t}W", "[01/Jan/1970:23:59:59 +0000]\n",
          "[01/Jan/1970:00:00:00 +0000]\n" },
        { "%u", "USER1\n", "-\n" },
        { "%U", "/a/b\n", "-\n" },
        { "100%% of it", "100% of it\n", "100% of it\n" },
        { "", "\n", "\n" },
    };
    struct access_facts full = facts_of(), empty = { 0 };
    char text[1000];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        line_of(rows[i].format, &full, text, sizeof text);
        assert_string_equal(text, rows[i].full);
        line_of(rows[i].format, &empty, text, sizeof text);
        assert_string_equal(text, rows[i].empty);
    }
}

static void
other_tokens_are_refused(void **state)
{
    static const struct {
        const char *format;
        size_t at;
    } rows[] = {
        { "%", 0 },     { "%z", 0 },        { "a %{x}h", 2 },
        { "%{R}p", 0 }, { "%{remoteW", 0 }, { "%{}W", 0 },
        { "%W", 0 },    { "%r %{t}t", 3 },  { "%{", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].format);
        struct access_format *f = NULL;
        struct err_info why = { 0 };
        struct arena arena;

        arena_init(&arena, 1 << 20);
        assert_int_equal(access_format_new(&arena, text, &f, &why), ERR_SYNTAX);
        assert_int_equal(why.at, rows[i].at);
        assert_null(f);
        arena_fini(&arena);
        exact_free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_filled_in),
        cmocka_unit_test(other_tokens_are_refused),
    };

    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
