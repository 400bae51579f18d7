#include "base/test.h"

#include "saf/passticket.h"

static void
des_vectors(void **state)
{
    static const struct {
        unsigned char key[8], in[8], out[8];
    } rows[] = {
        { { 0x09, 0x8d, 0x61, 0xa8, 0x55, 0x85, 0xd2, 0xab },
          "TestByte",
          { 0x1e, 0xc3, 0x75, 0x3d, 0x7a, 0x79, 0xe3, 0xce } },
        { { 0x13, 0x34, 0x57, 0x79, 0x9b, 0xbc, 0xdf, 0xf1 },
          { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef },
          { 0x85, 0xe8, 0x13, 0x54, 0x0f, 0x0a, 0xb4, 0x05 } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        unsigned char out[8];

        des_encrypt(rows[i].key, rows[i].in, out);
        assert_memory_equal(out, rows[i].out, 8);
    }
}

static const struct row {
    const char *user, *appl, *ticket;
    uint32_t time;
    unsigned char key[8];
} rows[] = {
    { "USER1",
      "BBGZDFLT",
      "BRZ5V0D0",
      1577836800,
      { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0 } },
    { "IBMUSER",
      "TSOSYS1",
      "NSEJR5XY",
      1600000000,
      { 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0xa7, 0xb8 } },
    { "LIBSERV",
      "IMSAPPL",
      "KGB1NSJS",
      1735689600,
      { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0 } },
    { "TOM",
      "CICSA",
      "6J3TR090",
      1577836800,
      { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef } },
};

static void
makes_tickets(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str user = exact_copy(rows[i].user),
                   appl = exact_copy(rows[i].appl);
        char ticket[PASSTICKET_CHARS];

        assert_int_equal(passticket_make(rows[i].key, user, appl, rows[i].time,
                                         ticket, NULL),
                         ERR_OK);
        assert_memory_equal(ticket, rows[i].ticket, PASSTICKET_CHARS);
        exact_free(user);
        exact_free(appl);
    }
}

static bool
stands_for(const struct row *row, const char *ticket, uint32_t time)
{
    uint32_t times[PASSTICKET_TIMES_MAX];
    struct str text = exact_copy(ticket);
    size_t n = 77;

    assert_int_equal(passticket_times(row->key, str_of(row->user),
                                      str_of(row->appl), text, times, &n, NULL),
                     ERR_OK);
    exact_free(text);
    for (size_t i = 0; i < n; i++) {
        if (times[i] == time)
            return true;
    }
    return false;
}

static void
reads_tickets(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct row other = rows[i];

        assert_true(stands_for(&rows[i], rows[i].ticket, rows[i].time));
        other.user = "MALLORY";
        assert_false(stands_for(&other, rows[i].ticket, rows[i].time));
        other = rows[i];
        other.appl = "OTHER";
        assert_false(stands_for(&other, rows[i].ticket, rows[i].time));
        other = rows[i];
        other.key[3] ^= 0x10;
        assert_false(stands_for(&other, rows[i].ticket, rows[i].time));
        assert_false(stands_for(&rows[i], "AAAAAAAA", rows[i].time));
        assert_false(stands_for(&rows[i], "", rows[i].time));
        assert_false(stands_for(&rows[i], "BRZ5V0D", rows[i].time));
        assert_false(stands_for(&rows[i], "BRZ5V0D00", rows[i].time));
        assert_false(stands_for(&rows[i], "BRZ-V0D0", rows[i].time));
    }
}

/* Whatever the time, a ticket stands for it, and nearly always for it alone. */
static void
round_trips(void **state)
{
    uint32_t time = 1;
    size_t n_all = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        uint32_t times[PASSTICKET_TIMES_MAX];
        char ticket[PASSTICKET_CHARS + 1] = "";
        const struct row *row = &rows[i % ARRAY_LEN(rows)];
        size_t n;

        time = time * 1664525u + 1013904223u;
        assert_int_equal(passticket_make(row->key, str_of(row->user),
                                         str_of(row->appl), time, ticket, NULL),
                         ERR_OK);
        assert_true(stands_for(row, ticket, time));
        assert_int_equal(passticket_times(row->key, str_of(row->user),
                                          str_of(row->appl), str_of(ticket),
                                          times, &n, NULL),
                         ERR_OK);
        n_all += n;
    }
    assert_true(n_all < 1050);
}

static void
refuses_names(void **state)
{
    static const char *const names[] = { "", "NINECHARS", "A B", "A.B",
                                         "\xc3\x84" };
    char ticket[PASSTICKET_CHARS];
    uint32_t times[PASSTICKET_TIMES_MAX];
    size_t n;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct err_info why = { 0 };

        assert_int_equal(passticket_make(rows[0].key, str_of(names[i]),
                                         STR("A"), 1, ticket, &why),
                         ERR_SYNTAX);
        assert_int_equal(passticket_make(rows[0].key, STR("A"),
                                         str_of(names[i]), 1, ticket, &why),
                         ERR_SYNTAX);
        assert_int_equal(passticket_times(rows[0].key, str_of(names[i]),
                                          STR("A"), STR("BRZ5V0D0"), times, &n,
                                          &why),
                         ERR_SYNTAX);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(des_vectors),   cmocka_unit_test(makes_tickets),
        cmocka_unit_test(reads_tickets), cmocka_unit_test(round_trips),
        cmocka_unit_test(refuses_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
