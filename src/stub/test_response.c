#include "base/test.h"
#include "stub/response.h"
#include "stub/wire.h"

#include <string.h>

static void
head_accepts(void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\n"
                               "Sallyport-Origin: API\r\n"
                               "sallyport-api-status: 404\r\n"
                               "Content-Length:  12 \r\n"
                               "Connection: close\r\n\r\n{\"a\":\"bcd\"}";
    struct str in = exact_copy(text);
    struct stub_head head;

    (void)state;
    assert_int_equal(stub_head_parse(in, &head, NULL), ERR_OK);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.origin, STUB_ORIGIN_API);
    assert_int_equal(head.api_status, 404);
    assert_int_equal(head.body_bytes, 12);
    assert_false(head.keeps_open);
    assert_int_equal(head.head_bytes, strlen(text) - 11);
    exact_free(in);
}

static void
head_refuses(void **state)
{
    static const struct {
        const char *text;
        enum err want;
    } rows[] = {
        { "", ERR_AGAIN },
        { "HTTP/1.1 200 OK\r\n", ERR_AGAIN },
        { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n", ERR_AGAIN },
        { "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", ERR_SYNTAX },
        { "HTTP/1.1 2000\r\nContent-Length: 1\r\n\r\n", ERR_SYNTAX },
        { "HTTP/1.1 99 \r\nContent-Length: 1\r\n\r\n", ERR_SYNTAX },
        { "HTTP/1.1 700 X\r\nContent-Length: 1\r\n\r\n", ERR_SYNTAX },
        { "HTTP/1.1 200 OK\r\n\r\n", ERR_SYNTAX },
        { "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", ERR_SYNTAX },
        { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
          ERR_SYNTAX },
        { "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
          ERR_SYNTAX },
        { "HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n\r\n", ERR_SYNTAX },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ERR_SYNTAX },
        { "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n", ERR_SYNTAX },
        { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n folded\r\n\r\n",
          ERR_SYNTAX },
        { "HTTP/1.1 200 OK\r\nA: b\nC: d\r\nContent-Length: 1\r\n\r\n",
          ERR_SYNTAX },
        { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nSallyport-Origin: "
          "STUB\r\n\r\n",
          ERR_SYNTAX },
        { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nSallyport-Api-Status: "
          "1000\r\n\r\n",
          ERR_SYNTAX },
        { "garbage\r\n\r\n", ERR_SYNTAX },
        { "\r\n\r\n", ERR_SYNTAX },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str in = exact_copy(rows[i].text);
        struct stub_head head = { .status = 77 };

        if (stub_head_parse(in, &head, NULL) != rows[i].want)
            fail_msg("row %zu: %s", i, rows[i].text);
        assert_int_equal(head.status, 77);
        exact_free(in);
    }
}

static void
redirect_needs_no_length(void **state)
{
    struct str in = exact_copy("HTTP/1.1 302 Found\r\n\r\n");
    struct stub_head head;

    (void)state;
    assert_int_equal(stub_head_parse(in, &head, NULL), ERR_OK);
    assert_int_equal(head.body_bytes, 0);
    assert_false(head.has_location);
    exact_free(in);
}

static void
endless_head_is_limited(void **state)
{
    char *bytes = malloc(STUB_HEAD_MAX + 1);
    struct stub_head head;

    (void)state;
    memset(bytes, 'a', STUB_HEAD_MAX + 1);
    assert_int_equal(
        stub_head_parse(str_n(bytes, STUB_HEAD_MAX + 1), &head, NULL),
        ERR_LIMIT);
    free(bytes);
}

static void
base64_rows(void **state)
{
    static const struct {
        const char *in, *plain, *url;
    } rows[] = {
        { "", "", "" },
        { "f", "Zg==", "Zg" },
        { "fo", "Zm8=", "Zm8" },
        { "foo", "Zm9v", "Zm9v" },
        { "\xfb\xff", "+/8=", "-_8" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out;

        buf_init(&out, 64);
        stub_base64(&out, str_of(rows[i].in), false);
        assert_string_equal(buf_z(&out), rows[i].plain);
        buf_clear(&out);
        stub_base64(&out, str_of(rows[i].in), true);
        assert_string_equal(buf_z(&out), rows[i].url);
        buf_fini(&out);
    }
}

static void
settings_refuse(void **state)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        { "BAQPORT", "0" },        { "BAQPORT", "65536" },
        { "BAQPORT", "x" },        { "BAQURI", "a b" },
        { "BAQURI", "h\r\nX: y" }, { "BAQTIMEOUT", "-1" },
        { "BAQTIMEOUT", "3601" },  { "BAQUSERNAME", "a:b" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stub_settings s;
        struct err_info why;

        setenv(rows[i].name, rows[i].value, 1);
        assert_int_equal(stub_settings_read(&s, &why), ERR_RANGE);
        unsetenv(rows[i].name);
        assert_int_equal(stub_settings_read(&s, &why), ERR_OK);
    }
}

static void
head_cannot_be_injected(void **state)
{
    static const struct {
        const char *name, *path, *method;
    } rows[] = {
        { "", "%2Fa", "GET" },   { "a\r\nX: y", "%2Fa", "GET" },
        { "a", "b\r\n", "GET" }, { "a", "%2Fa", "GET X" },
        { "a", "", "GET" },
    };
    struct stub_settings s;

    (void)state;
    assert_int_equal(stub_settings_read(&s, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stub_call call = { .name = str_of(rows[i].name),
                                  .path = str_of(rows[i].path),
                                  .method = str_of(rows[i].method) };
        struct buf out;

        buf_init(&out, STUB_HEAD_MAX);
        assert_int_equal(stub_request_head(&s, &call, &out, NULL), ERR_RANGE);
        buf_fini(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_accepts),
        cmocka_unit_test(head_refuses),
        cmocka_unit_test(redirect_needs_no_length),
        cmocka_unit_test(endless_head_is_limited),
        cmocka_unit_test(base64_rows),
        cmocka_unit_test(settings_refuse),
        cmocka_unit_test(head_cannot_be_injected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
