/* The index of archives: what was put in comes out; nothing else does. */
#include "gateway/archive_index.h"

#include "base/test.h"

static struct str
make_index(struct archive_index_writer *w)
{
    archive_index_begin(w, STR("this-boot"));
    for (unsigned i = 0; i < 3; i++) {
        struct archive_entry entry = { { 1, 2, 3, 4, 5 }, i * 37, { 0 } };
        char path[32];

        snprintf(path, sizeof path, "/apis/%u.aar", i);
        memset(entry.digest, (int)i, sizeof entry.digest);
        archive_index_add(w, path, &entry);
    }
    return archive_index_end(w);
}

static void
index_finds(void **state)
{
    static const struct {
        const char *path;
        struct file_stamp stamp;
        int first; /* byte of the digest; -1: not found */
    } rows[] = {
        { "/apis/0.aar", { 1, 2, 3, 4, 5 }, 0 },
        { "/apis/2.aar", { 1, 2, 3, 4, 5 }, 2 },
        { "/apis/3.aar", { 1, 2, 3, 4, 5 }, -1 },
        { "/apis/2.aa", { 1, 2, 3, 4, 5 }, -1 },
        { "", { 1, 2, 3, 4, 5 }, -1 },
        { "/apis/2.aar", { 9, 2, 3, 4, 5 }, -1 },
        { "/apis/2.aar", { 1, 9, 3, 4, 5 }, -1 },
        { "/apis/2.aar", { 1, 2, 9, 4, 5 }, -1 },
        { "/apis/2.aar", { 1, 2, 3, 9, 5 }, -1 },
        { "/apis/2.aar", { 1, 2, 3, 4, 9 }, -1 },
    };
    struct archive_index_writer w;
    struct archive_index *index = archive_index_parse(make_index(&w));

    (void)state;
    assert_non_null(index);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct archive_entry *entry =
            archive_index_get(index, rows[i].path, &rows[i].stamp);

        assert_int_equal(entry != NULL, rows[i].first >= 0);
        if (entry == NULL)
            continue;
        assert_int_equal(entry->digest[31], rows[i].first);
        assert_int_equal(entry->ccsid, rows[i].first * 37);
    }
    assert_true(archive_index_is_of(index, STR("this-boot")));
    assert_false(archive_index_is_of(index, STR("this-boo")));
    assert_false(archive_index_is_of(index, STR("")));
    archive_index_free(&index);
    archive_index_free(&index);
    assert_null(archive_index_get(NULL, "/apis/0.aar", &rows[0].stamp));
    assert_false(archive_index_is_of(NULL, STR("this-boot")));
    archive_index_fini(&w);
}

/* Each bit flipped, each byte too few, one too many: all of it is gone. */
static void
damage_is_noticed(void **state)
{
    struct archive_index_writer w;
    struct str all = make_index(&w);

    (void)state;
    for (size_t n = 0; n < all.n; n++) {
        struct str cut = exact_copy_n(all.p, n);

        assert_null(archive_index_parse(cut));
        exact_free(cut);
        for (unsigned bit = 0; bit < 8; bit++) {
            w.out.p[n] = (char)(w.out.p[n] ^ (1 << bit));
            assert_null(archive_index_parse(all));
            w.out.p[n] = (char)(w.out.p[n] ^ (1 << bit));
        }
    }
    buf_add_char(&w.out, '\0');
    assert_null(archive_index_parse(buf_view(&w.out)));
    archive_index_fini(&w);
    assert_null(archive_index_read("/nowhere/" ARCHIVE_INDEX_FILE));
}

/* An index written without a boot's name is never of this boot. */
static void
boots_have_names(void **state)
{
    struct archive_index_writer w;
    struct archive_index *index;
    char boot[64];

    (void)state;
    archive_index_begin(&w, STR(""));
    index = archive_index_parse(archive_index_end(&w));
    assert_non_null(index);
    assert_false(archive_index_is_of(index, STR("")));
    archive_index_free(&index);
    archive_index_fini(&w);
    assert_true(archive_index_boot(boot).n < sizeof boot);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_finds),
        cmocka_unit_test(damage_is_noticed),
        cmocka_unit_test(boots_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
