#include "base/test.h"
#include "parse/json_read.h"

static void
finds(void **state)
{
    static const char doc[] = "{\"a\":{\"b\\u0063\":[1,2],\"d\":"
                              "\"x\\ny\\ud83d\\ude00\"},\"n\":-1.5e3,"
                              "\"t\":true}";
    static const struct {
        const char *path;
        enum err want;
        const char *value;
    } rows[] = {
        { "a/d", ERR_OK, "x\ny\xF0\x9F\x98\x80" },
        { "n", ERR_OK, "-1.5e3" },
        { "t", ERR_OK, "true" },
        { "a/bc", ERR_NOT_FOUND, "" },
        { "a", ERR_NOT_FOUND, "" },
        { "z", ERR_NOT_FOUND, "" },
        { "n/z", ERR_NOT_FOUND, "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(doc);
        struct err_info why = { 0 };
        struct buf out;

        buf_init(&out, 100);
        assert_int_equal(json_find(text, str_of(rows[i].path), &out, &why),
                         rows[i].want);
        assert_string_equal(buf_z(&out), rows[i].value);
        buf_fini(&out);
        exact_free(text);
    }
}

/* Every text is refused at that byte, whole. */
static void
refuses(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        { "", 0 },           { "{", 1 },           { "[1,]", 3 },
        { "{\"a\":1,}", 7 }, { "{\"a\" 1}", 5 },   { "[1 2]", 3 },
        { "01", 1 },         { "-", 1 },           { "1.", 2 },
        { "1e", 2 },         { "tru", 0 },         { "\"a", 2 },
        { "\"\\x\"", 1 },    { "\"\\ud800\"", 1 }, { "\"\x1f\"", 1 },
        { "\"\x80\"", 1 },   { "1 1", 2 },         { "{1:2}", 1 },
        { "[}", 1 },         { "\"\\u12g4\"", 1 }, { "nan", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct err_info why = { 0 };
        struct json_reader r;
        enum json_event event = JSON_NULL;
        enum err e;

        json_reader_init(&r, text);
        do {
            e = json_next(&r, &event, &why);
        } while (e == ERR_OK && event != JSON_END);
        if (e != ERR_SYNTAX || why.at != rows[i].at)
            print_error("%s: %s\n", rows[i].text, why.text);
        assert_int_equal(e, ERR_SYNTAX);
        assert_int_equal(why.at, rows[i].at);
        exact_free(text);
    }
}

static void
depth(void **state)
{
    char text[200];
    struct json_reader r;
    enum json_event event = JSON_NULL;
    enum err e;

    (void)state;
    memset(text, '[', 100);
    memset(text + 100, ']', 100);
    json_reader_init(&r, str_n(text, 200));
    do {
        e = json_next(&r, &event, NULL);
    } while (e == ERR_OK && event != JSON_END);
    assert_int_equal(e, ERR_LIMIT);
    assert_int_equal(r.pos, JSON_DEPTH_MAX);
}

static void
writes(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 200);
    json_write_string(&out, STR("a\"\\\n\xC3\xA9\xFFz"));
    assert_string_equal(buf_z(&out),
                        "\"a\\\"\\\\\\u000a\xC3\xA9\xEF\xBF\xBDz\"");
    buf_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(refuses),
        cmocka_unit_test(depth),
        cmocka_unit_test(writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
