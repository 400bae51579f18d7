#include "parse/xml.h"

#include "base/test.h"
#include "parse/textout.h"

static enum err
parse(const char *text, struct arena *a, struct xml_node **root,
      struct err_info *why)
{
    struct str in = exact_copy(text);
    enum err e = xml_parse(a, in, NULL, root, why);

    exact_free(in);
    return e;
}

static void
reads_positions(void **state)
{
    struct xml_node *root = NULL, *b;
    struct err_info why = { 0 };
    struct arena a;

    (void)state;
    arena_init(&a, 1u << 20);
    assert_int_equal(parse("<?xml version='1.0'?>\n<!-- <x y='1'> -->\n<a>\n"
                           "  <![CDATA[<q>]]><p:b xmlns:p='u'\n     one='1'\n"
                           "  two = \"a &amp; b &#65;\n>\" />tail</a>\n",
                           &a, &root, &why),
                     ERR_OK);
    assert_int_equal(root->line, 3);
    assert_int_equal(root->column, 1);
    b = xml_child(root, "b");
    assert_non_null(b);
    assert_int_equal(b->line, 4);
    assert_int_equal(b->column, 18);
    assert_int_equal(b->n_attrs, 2);
    assert_int_equal(b->attrs[0].line, 5);
    assert_int_equal(b->attrs[0].column, 6);
    assert_int_equal(b->attrs[1].line, 6);
    assert_int_equal(b->attrs[1].column, 3);
    assert_true(str_eq_z(xml_attr_get(b, "two"), "a & b A >"));
    assert_null(xml_attr_get(b, "three").p);
    assert_true(str_eq_z(root->text, "\n  <q>tail"));
    arena_fini(&a);
}

static void
refuses(void **state)
{
    static const struct {
        const char *text;
        enum err want;
        uint32_t line;
        const char *says;
    } rows[] = {
        { "", ERR_SYNTAX, 1, "empty" },
        { "x", ERR_SYNTAX, 1, "" },
        { "<a>", ERR_SYNTAX, 1, "" },
        { "<a>\n<b>\n</a>", ERR_SYNTAX, 3, "mismatch" },
        { "<a b=1/>", ERR_SYNTAX, 1, "" },
        { "<a b='1' b='2'/>", ERR_SYNTAX, 1, "b redefined" },
        { "<a/><b/>", ERR_SYNTAX, 1, "" },
        { "<a>&nosuch;</a>", ERR_SYNTAX, 1, "nosuch" },
        { "<a b='&nosuch;'/>", ERR_SYNTAX, 1, "nosuch" },
        { "<a b='<'/>", ERR_SYNTAX, 1, "" },
        { "<a>\xff\xfe</a>", ERR_SYNTAX, 1, "" },
        { "<!DOCTYPE a>\n<a/>", ERR_SYNTAX, 1, "document type" },
        { "<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d '&b;&b;&b;'>]><a>&d;</a>",
          ERR_SYNTAX, 1, "document type" },
        { "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", ERR_SYNTAX, 1,
          "document type" },
        { "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
          ERR_SYNTAX, 1, "document type" },
        { "\xFE\xFF\x01<", ERR_SYNTAX, 1, "neither UTF-8" },
        { "\x4C\x6F\xA7\x94\x93", ERR_SYNTAX, 1, "neither UTF-8" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct xml_node *root = NULL;
        struct err_info why = { 0 };
        struct arena a;

        arena_init(&a, 1u << 20);
        assert_int_equal(parse(rows[i].text, &a, &root, &why), rows[i].want);
        assert_null(root);
        assert_int_equal(why.line, rows[i].line);
        if (strstr(why.text, rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, why.text);
        arena_fini(&a);
    }
}

static void
keeps_limits(void **state)
{
    static const char text[] = "<a><b><c/></b><d e='' f=''/></a>";
    static const struct xml_limits rows[] = {
        { .max_bytes = sizeof text - 2 },
        { .max_depth = 2 },
        { .max_attrs = 1 },
        { .max_elements = 3 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct xml_node *root = NULL;
        struct err_info why = { 0 };
        struct arena a;

        arena_init(&a, 1u << 20);
        assert_int_equal(xml_parse(&a, str_of(text), &rows[i], &root, &why),
                         ERR_LIMIT);
        assert_null(root);
        arena_fini(&a);
    }
}

/* Whatever the arena's size, a small one is an error and never a crash. */
static void
survives_small_arenas(void **state)
{
    static const char text[] = "<a b='c'>d<e/>f</a>";
    bool was_ok = false;

    (void)state;
    for (size_t max = 0; max < 4096; max += 16) {
        struct xml_node *root = NULL;
        struct err_info why = { 0 };
        struct arena a;
        enum err e;

        arena_init(&a, max);
        e = parse(text, &a, &root, &why);
        assert_true(e == ERR_OK || e == ERR_MEMORY);
        was_ok = was_ok || e == ERR_OK;
        arena_fini(&a);
    }
    assert_true(was_ok);
}

/* What is written is read back as it was: blanks of every kind, too. */
static void
reads_what_is_written(void **state)
{
    static const char *const values[] = { "", " a  b ", "a\tb\rc\nd\r\n",
                                          "<&>\"'", "\xc3\xa9\t" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct xml_node *root = NULL;
        struct err_info why = { 0 };
        struct arena a;
        struct buf out;

        arena_init(&a, 1u << 20);
        buf_init(&out, 4096);
        buf_add_z(&out, "<a");
        xmlout_attr(&out, "x", str_of(values[i]));
        buf_add_char(&out, '>');
        xmlout_escape(&out, str_of(values[i]));
        buf_add_z(&out, "</a>");
        assert_int_equal(parse(buf_z(&out), &a, &root, &why), ERR_OK);
        assert_true(str_eq_z(root->attrs[0].value, values[i]));
        assert_true(str_eq_z(root->text, values[i]));
        buf_fini(&out);
        arena_fini(&a);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_positions),
        cmocka_unit_test(refuses),
        cmocka_unit_test(keeps_limits),
        cmocka_unit_test(survives_small_arenas),
        cmocka_unit_test(reads_what_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
