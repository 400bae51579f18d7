#include "base/test.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/reader.h"
#include "base/table.h"

#include <string.h>

static void
str_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_ok;
        int64_t want;
    } rows[] = {
        { "0", true, 0 },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775807", true, INT64_MAX },
        { "9223372036854775808", false, 0 },
        { "", false, 0 },
        { "-", false, 0 },
        { "1x", false, 0 },
        { " 1", false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t got = 77;

        assert_int_equal(str_to_i64(str_of(rows[i].text), &got), rows[i].is_ok);
        assert_int_equal(got, rows[i].is_ok ? rows[i].want : 77);
    }
}

static void
str_tokens(void **state)
{
    struct str rest = STR("a,,b"), piece;

    (void)state;
    assert_true(str_token(&rest, ',', &piece) && str_eq_z(piece, "a"));
    assert_true(str_token(&rest, ',', &piece) && piece.n == 0);
    assert_true(str_token(&rest, ',', &piece) && str_eq_z(piece, "b"));
    assert_false(str_token(&rest, ',', &piece));
}

static void
path_rows(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "//a/b", "/a/b" }, { "/a/../b/./c/", "/b/c" },
        { "a\\b", "a/b" },   { "/..", "/" },
        { "", "." },         { "../x", "../x" },
        { "a/..", "." },
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(path_normalise(&arena, str_of(rows[i].in)),
                            rows[i].out);
    arena_fini(&arena);
}

static void
buf_and_reader_round_trip(void **state)
{
    struct buf b;
    struct reader r;
    uint8_t a;
    uint16_t c;
    uint64_t d;
    struct str s;

    (void)state;
    buf_init(&b, 64);
    buf_u8(&b, 7);
    buf_u16(&b, 0x1234);
    buf_u64(&b, UINT64_MAX - 1);
    buf_str(&b, STR("xyz"));
    r = reader_of(buf_view(&b));
    assert_true(reader_u8(&r, &a) && a == 7);
    assert_true(reader_u16(&r, &c) && c == 0x1234);
    assert_true(reader_u64(&r, &d) && d == UINT64_MAX - 1);
    assert_false(reader_str(&r, 0, 2, &s)); /* longer than allowed */
    assert_true(reader_str(&r, 0, 3, &s) && str_eq_z(s, "xyz"));
    assert_true(reader_at_end(&r));
    buf_fini(&b);
}

static void
buf_stops_at_its_maximum(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4);
    buf_add_z(&b, "abcd");
    assert_int_equal(buf_check(&b, NULL), ERR_OK);
    buf_add_z(&b, "e");
    assert_int_equal(buf_check(&b, NULL), ERR_LIMIT);
    assert_int_equal(b.n, 4);
    buf_fini(&b);
}

static void
table_keeps_what_it_got(void **state)
{
    struct table t;
    char key[16];
    int values[1000];

    (void)state;
    table_init(&t);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        assert_true(table_put(&t, str_of(key), &values[i], NULL));
    }
    for (int i = 0; i < 1000; i += 2) {
        snprintf(key, sizeof key, "k%d", i);
        assert_ptr_equal(table_remove(&t, str_of(key)), &values[i]);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        assert_ptr_equal(table_get(&t, str_of(key)),
                         i % 2 == 0 ? NULL : &values[i]);
    }
    table_fini(&t);
}

static void
copies_say_what_they_hold(void **state)
{
    static const struct {
        const char *p;
        size_t n;
        bool fits;
    } rows[] = {
        { "", 0, true },      { "ABC", 3, true }, { "ABCD", 4, false },
        { "A\0B", 3, false }, { "\0", 1, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[4] = "zzz";

        assert_int_equal(
            str_copy_z(str_n(rows[i].p, rows[i].n), out, sizeof out),
            rows[i].fits);
        assert_string_equal(out, rows[i].fits ? rows[i].p : "zzz");
    }
}

/* Small pieces, one larger than a block, and what a reset forgot. */
static void
arena_wiped(void **state)
{
    struct arena arena;
    char *forgotten, *small, *large;

    (void)state;
    arena_init(&arena, 1 << 20);
    forgotten = arena_alloc(&arena, 200);
    assert_non_null(forgotten);
    memset(forgotten, 'S', 200);
    arena_reset(&arena);
    small = arena_alloc(&arena, 24);
    large = arena_alloc(&arena, 100000);
    assert_non_null(small);
    assert_non_null(large);
    memset(small, 'S', 24);
    memset(large, 'S', 100000);
    arena_wipe(&arena);
    for (size_t i = 0; i < 24; i++)
        assert_int_equal(small[i], 0);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(large[i], 0);
    arena_fini(&arena);
    arena_wipe(&arena);
}

static void
an_array_grows_to_the_arenas_end(void **state)
{
    struct arena arena;
    unsigned *v = NULL, *more;
    size_t n = 0, cap = 0;

    (void)state;
    arena_init(&arena, 4096);
    while ((more = arena_grown(&arena, v, n, &cap, sizeof *v)) != NULL) {
        v = more;
        v[n] = (unsigned)n;
        n++;
    }
    assert_int_equal(n, cap);
    assert_true(n >= 256 && n <= 1024);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(v[i], i);
    arena_fini(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_wiped),
        cmocka_unit_test(an_array_grows_to_the_arenas_end),
        cmocka_unit_test(str_numbers),
        cmocka_unit_test(str_tokens),
        cmocka_unit_test(path_rows),
        cmocka_unit_test(buf_and_reader_round_trip),
        cmocka_unit_test(buf_stops_at_its_maximum),
        cmocka_unit_test(table_keeps_what_it_got),
        cmocka_unit_test(copies_say_what_they_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
