/* Codings there and back, what is damaged, and bombs. */
#include "base/test.h"

#include "http/coding.h"

static const struct http_decode_limits limits = { 200, 3 };

static void
bodies_come_back(void **state)
{
    static const size_t sizes[] = { 0, 1, 100, 16384, 16385, 300000 };

    (void)state;
    for (int coding = HTTP_CODING_GZIP; coding <= HTTP_CODING_ZLIB; coding++)
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            struct buf plain, packed, back;

            buf_init(&plain, 1 << 20);
            buf_init(&packed, 1 << 20);
            buf_init(&back, sizes[i]);
            for (size_t k = 0, x = 1; k < sizes[i]; k++) {
                x = x * 1103515245 + 12345;
                buf_add_char(&plain, (char)("abcd"[x >> 16 & 3]));
            }
            assert_int_equal(http_encode((enum http_coding)coding,
                                         buf_view(&plain), &packed, NULL),
                             ERR_OK);
            assert_int_equal(http_decode((enum http_coding)coding,
                                         buf_view(&packed), &limits, &back,
                                         NULL),
                             ERR_OK);
            assert_true(str_eq(buf_view(&plain), buf_view(&back)));
            buf_fini(&plain);
            buf_fini(&packed);
            buf_fini(&back);
        }
}

static void
bad_bodies_are_refused(void **state)
{
    struct buf plain, packed, out;
    static const char zeros[1000000];

    (void)state;
    buf_init(&plain, 1 << 20);
    buf_init(&packed, 1 << 20);
    buf_init(&out, 2000000);
    assert_int_equal(http_encode(HTTP_CODING_GZIP, STR("hello, hello, hello"),
                                 &packed, NULL),
                     ERR_OK);
    for (size_t i = 0; i < packed.n; i++) { /* cut anywhere */
        struct str cut = exact_copy_n(packed.p, i);

        buf_clear(&out);
        assert_int_equal(
            http_decode(HTTP_CODING_GZIP, cut, &limits, &out, NULL),
            ERR_SYNTAX);
        exact_free(cut);
    }
    buf_add_char(&packed, 'x');
    assert_int_equal(
        http_decode(HTTP_CODING_GZIP, buf_view(&packed), &limits, &out, NULL),
        ERR_SYNTAX);
    assert_int_equal(http_decode(HTTP_CODING_DEFLATE, buf_view(&packed),
                                 &limits, &out, NULL),
                     ERR_SYNTAX);
    /* A bomb, by its ratio and by its size. */
    buf_clear(&packed);
    assert_int_equal(http_encode(HTTP_CODING_GZIP, str_n(zeros, sizeof zeros),
                                 &packed, NULL),
                     ERR_OK);
    buf_clear(&out);
    assert_int_equal(
        http_decode(HTTP_CODING_GZIP, buf_view(&packed), &limits, &out, NULL),
        ERR_LIMIT);
    buf_clear(&out);
    out.max = 999999;
    assert_int_equal(http_decode(HTTP_CODING_GZIP, buf_view(&packed),
                                 &(struct http_decode_limits){ 100000, 0 },
                                 &out, NULL),
                     ERR_LIMIT);
    buf_fini(&plain);
    buf_fini(&packed);
    buf_fini(&out);
}

static void
the_client_chooses(void **state)
{
    static const struct {
        const char *accept;
        int preferred; /* -1: none */
        enum http_coding want;
    } rows[] = {
        { "", -1, HTTP_CODING_IDENTITY },
        { "gzip", -1, HTTP_CODING_GZIP },
        { "GZip;q=0.5, deflate", -1, HTTP_CODING_DEFLATE },
        { "deflate;q=0.1, x-gzip;q=0.2", -1, HTTP_CODING_X_GZIP },
        { "deflate, gzip;q=0.1", HTTP_CODING_GZIP, HTTP_CODING_GZIP },
        { "deflate, gzip;q=0", HTTP_CODING_GZIP, HTTP_CODING_DEFLATE },
        { "gzip;q=0", -1, HTTP_CODING_IDENTITY },
        { "br, zstd", -1, HTTP_CODING_IDENTITY },
        { "*", -1, HTTP_CODING_GZIP },
        { "*", HTTP_CODING_ZLIB, HTTP_CODING_ZLIB },
        { "*;q=0", -1, HTTP_CODING_IDENTITY },
        { "gzip;q=2", -1, HTTP_CODING_IDENTITY },
        { "gzip;q=0.x", -1, HTTP_CODING_IDENTITY },
        { "gzip;x=1", -1, HTTP_CODING_IDENTITY },
        { "gzip;q=", -1, HTTP_CODING_IDENTITY },
        { "identity, gzip;q=0.5", -1, HTTP_CODING_IDENTITY },
        { "gzip, deflate", HTTP_CODING_IDENTITY, HTTP_CODING_IDENTITY },
        { "gzip, identity;q=0", HTTP_CODING_IDENTITY, HTTP_CODING_GZIP },
        { "gzip, *;q=0", HTTP_CODING_IDENTITY, HTTP_CODING_GZIP },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str accept = exact_copy(rows[i].accept);

        assert_int_equal(
            http_coding_choose(accept, rows[i].preferred >= 0,
                               rows[i].preferred < 0
                                   ? HTTP_CODING_IDENTITY
                                   : (enum http_coding)rows[i].preferred),
            rows[i].want);
        exact_free(accept);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_come_back),
        cmocka_unit_test(bad_bodies_are_refused),
        cmocka_unit_test(the_client_chooses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
