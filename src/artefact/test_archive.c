/* What archive_open refuses, and how names are normalised. */
#include "artefact/archive.h"
#include "base/buf.h"
#include "base/test.h"
#include "parse/zip.h"

static struct buf
make(const struct zip_item *items, size_t n)
{
    struct err_info why;
    struct buf out;

    buf_init(&out, ZIP_BYTES_MAX);
    assert_int_equal(zip_write(items, n, &out, &why), ERR_OK);
    return out;
}

static void
archive_normalises_names(void **state)
{
    const struct zip_item items[] = {
        { STR("files\\interfaces\\a.si"), STR("one") },
        { STR("./b.txt"), STR("two") },
        { STR("api/{x}/GET/mapping.xml"), STR("three") },
    };
    struct buf zip = make(items, ARRAY_LEN(items));
    struct str copy = exact_copy_n(zip.p, zip.n), content;
    struct archive *a = NULL;
    struct err_info why;

    (void)state;
    assert_int_equal(archive_open(copy, &a, &why), ERR_OK);
    assert_int_equal(archive_count(a), 3);
    assert_int_equal(
        archive_read(a, STR("files/interfaces/a.si"), &content, &why), ERR_OK);
    assert_true(str_eq_z(content, "one"));
    assert_int_equal(
        archive_read(a, STR("files\\interfaces/a.si"), &content, &why), ERR_OK);
    assert_int_equal(archive_read(a, STR("file:///b.txt"), &content, &why),
                     ERR_OK);
    assert_true(str_eq_z(content, "two"));
    assert_true(archive_has(a, STR("api/{x}/GET/mapping.xml")));
    assert_int_equal(archive_read(a, STR("c.txt"), &content, &why),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "c.txt"));
    assert_int_equal(archive_read(a, STR("../b.txt"), &content, &why),
                     ERR_NOT_FOUND);
    archive_free(&a);
    archive_free(&a);
    exact_free(copy);
    buf_fini(&zip);
}

static void
archive_refuses_names(void **state)
{
    static const struct {
        const char *name;
        enum err want;
        const char *text;
    } rows[] = {
        { "../evil", ERR_DENIED, "\"..\" in the path" },
        { "a/../../evil", ERR_DENIED, "\"..\" in the path" },
        { "a\\..\\evil", ERR_DENIED, "\"..\" in the path" },
        { "/etc/passwd", ERR_DENIED, "absolute path" },
        { "\\windows", ERR_DENIED, "absolute path" },
        { "C:\\evil", ERR_DENIED, "drive letter" },
        { "a\nb", ERR_DENIED, "control character" },
        { "A/./b", ERR_EXISTS, "second entry" },
        { "A\\b", ERR_EXISTS, "second entry" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct zip_item items[] = {
            { STR("A/b"), STR("x") },
            { str_of(rows[i].name), STR("y") },
        };
        struct buf zip = make(items, 2);
        struct archive *a = (struct archive *)&zip;
        struct err_info why = { 0 };

        assert_int_equal(archive_open(buf_view(&zip), &a, &why), rows[i].want);
        assert_non_null(strstr(why.text, rows[i].text));
        assert_ptr_equal(a, &zip); /* out is left alone */
        buf_fini(&zip);
    }
}

static void
archive_refuses_bombs(void **state)
{
    size_t n = ((size_t)33 << 20);
    char *zeros = calloc(1, n);
    const struct zip_item items[] = { { STR("a"), str_n(zeros, n) },
                                      { STR("b"), str_n(zeros, n) } };
    struct buf zip = make(items, 2);
    struct archive *a = NULL;
    struct err_info why = { 0 };

    (void)state;
    assert_true(zip.n < 1u << 20);
    assert_int_equal(archive_open(buf_view(&zip), &a, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "64 MiB"));
    buf_fini(&zip);
    free(zeros);
}

static void
archive_refuses_many_entries(void **state)
{
    size_t n = ARCHIVE_ENTRIES_MAX + 1;
    struct zip_item *items = calloc(n, sizeof *items);
    char(*names)[16] = calloc(n, sizeof *names);
    struct archive *a = NULL;
    struct err_info why = { 0 };
    struct buf zip;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "e%zu", i);
        items[i] = (struct zip_item){ str_of(names[i]), STR("") };
    }
    zip = make(items, n);
    assert_int_equal(archive_open(buf_view(&zip), &a, &why), ERR_LIMIT);
    buf_fini(&zip);
    free(items);
    free(names);
}

/* Every truncation and every changed byte: an error or the same archive,
 * never a crash. */
static void
archive_survives_damage(void **state)
{
    const struct zip_item items[] = {
        { STR("manifest.yml"), STR("name: x\nname2: yyyyyyyyyyyyyyyyyyyyy\n") },
        { STR("b"), STR("") },
    };
    struct buf zip = make(items, 2);

    (void)state;
    for (size_t i = 0; i < 2 * zip.n; i++) {
        struct str copy = exact_copy_n(zip.p, i < zip.n ? i : zip.n), content;
        struct archive *a = NULL;
        struct err_info why;

        if (i >= zip.n)
            ((char *)(uintptr_t)copy.p)[i - zip.n] ^= 0x41;
        if (archive_open(copy, &a, &why) == ERR_OK) {
            enum err e = archive_read(a, STR("manifest.yml"), &content, &why);

            if (e != ERR_OK)
                assert_true(strlen(why.text) > 0);
        } else {
            assert_true(strlen(why.text) > 0);
        }
        archive_free(&a);
        exact_free(copy);
    }
    buf_fini(&zip);
}

static void
zip_is_reproducible(void **state)
{
    const struct zip_item items[] = { { STR("a"), STR("text") } };
    struct buf one = make(items, 1), two = make(items, 1);

    (void)state;
    assert_true(str_eq(buf_view(&one), buf_view(&two)));
    buf_fini(&one);
    buf_fini(&two);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(archive_normalises_names),
        cmocka_unit_test(archive_refuses_names),
        cmocka_unit_test(archive_refuses_bombs),
        cmocka_unit_test(archive_refuses_many_entries),
        cmocka_unit_test(archive_survives_damage),
        cmocka_unit_test(zip_is_reproducible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
