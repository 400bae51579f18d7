/* The file of ticket keys: what is read, what is not, and its rotation. */
#include "base/test.h"

#include "io/tickets.h"

#define HEX16 "00112233445566778899aabbccddeeff"
#define KEY HEX16 HEX16 HEX16 HEX16 HEX16

static void
files_are_read(void **state)
{
    static const struct {
        const char *text;
        enum err want;
        unsigned n;
        uint32_t line;
    } rows[] = {
        { "", ERR_OK, 0, 0 },
        { "# none\n\n", ERR_OK, 0, 0 },
        { "17 " KEY "\n16 " KEY "\n", ERR_OK, 2, 0 },
        { "17 " KEY, ERR_OK, 1, 0 },
        { "17 " KEY "0\n", ERR_SYNTAX, 0, 1 },
        { "#\n17 " HEX16 "\n", ERR_SYNTAX, 0, 2 },
        { KEY "\n", ERR_SYNTAX, 0, 1 },
        { "-1 " KEY "\n", ERR_SYNTAX, 0, 1 },
        { "17 x" KEY "\n", ERR_SYNTAX, 0, 1 },
        { "1 " KEY "\n1 " KEY "\n1 " KEY "\n1 " KEY "\n1 " KEY "\n1 " KEY
          "\n1 " KEY "\n1 " KEY "\n1 " KEY "\n",
          ERR_LIMIT, 0, 9 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct ticket_keys keys = { .n = 77 };
        struct err_info why = { 0 };

        assert_int_equal(tickets_parse(text, &keys, &why), rows[i].want);
        assert_int_equal(keys.n, rows[i].want == ERR_OK ? rows[i].n : 77);
        assert_int_equal(why.line, rows[i].line);
        exact_free(text);
    }
}

static void
keys_rotate_and_go(void **state)
{
    struct ticket_keys keys = { .n = 0 }, again;
    struct ticket_key first;
    struct buf text;

    (void)state;
    assert_true(tickets_rotate(&keys, 1000, 100, 250));
    assert_int_equal(keys.n, 1);
    first = keys.v[0];
    assert_false(tickets_rotate(&keys, 1099, 100, 250));
    assert_true(tickets_rotate(&keys, 1100, 100, 250));
    assert_int_equal(keys.n, 2);
    assert_memory_equal(&keys.v[1], &first, sizeof first);
    assert_memory_not_equal(keys.v[0].cipher, first.cipher, 32);
    assert_true(tickets_rotate(&keys, 1200, 100, 250));
    assert_true(tickets_rotate(&keys, 1300, 100, 250));
    assert_int_equal(keys.n, 4); /* the first was in use until 1100 */
    assert_true(tickets_rotate(&keys, 1351, 100, 250));
    assert_int_equal(keys.n, 3);
    buf_init(&text, TICKETS_FILE_MAX);
    tickets_print(&keys, &text);
    assert_int_equal(tickets_parse(buf_view(&text), &again, NULL), ERR_OK);
    assert_memory_equal(&keys, &again, sizeof keys.v[0] * 3);
    buf_fini(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read),
        cmocka_unit_test(keys_rotate_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
