#include "base/test.h"
#include "saf/authorize.h"
#include "saf/authorize_private.h"
#include "saf/classes.h"
#include "saf/pattern.h"

static bool
matches(const char *pattern, const char *name)
{
    struct str text = exact_copy(pattern), have = exact_copy(name);
    struct pattern p;
    bool is_match;

    assert_int_equal(pattern_compile(text, &p, NULL), ERR_OK);
    is_match = pattern_matches(&p, have);
    exact_free(text);
    exact_free(have);
    return is_match;
}

static const struct {
    const char *pattern, *name;
    bool want;
} match_rows[] = {
    { "A%C", "ABC", true },
    { "A%C", "AC", false },
    { "A%C", "A.C", false },
    { "%%", "AB", true },
    { "%%", "ABC", false },
    { "*.B", "A.B", true },
    { "*.B", "B", false },
    { "*.B", "A.A.B", false },
    { "A.*.C", "A.B.C", true },
    { "A.*.C", "A.C", false },
    { "A.*.C", "A.B.B.C", false },
    { "AB*.C", "AB.C", true },
    { "AB*.C", "ABXYZ.C", true },
    { "AB*.C", "ABX.Y.C", false },
    { "ABC.DEF*", "ABC.DEF", true },
    { "ABC.DEF*", "ABC.DEFG", true },
    { "ABC.DEF*", "ABC.DEF.GHI.JKL", true },
    { "ABC.DEF*", "ABC.DE", false },
    { "ABC.*", "ABC.D", true },
    { "ABC.*", "ABC.D.E.F", true },
    { "ABC.*", "ABC", false },
    { "ABC.**", "ABC", true },
    { "ABC.**", "ABC.D.E", true },
    { "ABC.**", "ABCD", false },
    { "A.**.Z", "A.Z", true },
    { "A.**.Z", "A.B.Z", true },
    { "A.**.Z", "A.B.C.D.Z", true },
    { "A.**.Z", "A.B.C", false },
    { "A.**.Z", "AZ", false },
    { "A.**.Y*", "A.B.YES.NO", true },
    { "**.Z", "Z", true },
    { "**.Z", "A.B.Z", true },
    { "**.Z", "A.B.ZZ", false },
    { "**", "ANY.THING", true },
    { "*", "ANY.THING", true },
    { "A.B", "A.B", true },
    { "A.B", "A.BC", false },
};

static void
pattern_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(match_rows); i++)
        if (matches(match_rows[i].pattern, match_rows[i].name) !=
            match_rows[i].want)
            fail_msg("%s against %s", match_rows[i].pattern,
                     match_rows[i].name);
}

static void
pattern_refuses(void **state)
{
    static const struct {
        const char *text;
        enum err want;
        size_t at;
    } rows[] = {
        { "", ERR_LIMIT, 0 },
        { "A*B", ERR_SYNTAX, 1 },
        { "A.B**", ERR_SYNTAX, 3 },
        { "A.***", ERR_SYNTAX, 2 },
        { "A.**B", ERR_SYNTAX, 2 },
        { "**.A.**", ERR_SYNTAX, 5 },
        { "**.**", ERR_SYNTAX, 3 },
        { "A.&.B", ERR_SYNTAX, 2 },
        { "&LONGERNAM", ERR_SYNTAX, 0 },
        { "A\x01", ERR_SYNTAX, 1 },
        { "A\xf3", ERR_SYNTAX, 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct pattern p = { .n = 77 };
        struct err_info why = { 0 };

        assert_int_equal(pattern_compile(text, &p, &why), rows[i].want);
        assert_int_equal(why.at, rows[i].at);
        assert_int_equal(p.n, 77);
        exact_free(text);
    }
}

/* Each row before the next one. */
static void
pattern_order(void **state)
{
    static const char *const rows[] = {
        "APF.A",   "APF.*",  "APF.**",   "APF*",   "SYS1.A.B", "SYS1.A.*",
        "SYS1.A*", "SYS1.%", "SYS1.*.X", "SYS1.*", "SYS1.**",  "SYS*",
        "%YS1",    "*.A",    "*",        "**.A",   "**",
    };

    (void)state;
    for (size_t i = 0; i + 1 < ARRAY_LEN(rows); i++) {
        struct pattern a, b;

        assert_int_equal(pattern_compile(str_of(rows[i]), &a, NULL), ERR_OK);
        assert_int_equal(pattern_compile(str_of(rows[i + 1]), &b, NULL),
                         ERR_OK);
        if (pattern_compare(&a, &b) >= 0)
            fail_msg("%s is not before %s", rows[i], rows[i + 1]);
    }
}

static void
dataset_rows(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool want;
    } rows[] = {
        { "AB.CD*", "AB.CDE", true },      { "AB.CD*", "AB.CDE.F", false },
        { "AB.CD.*", "AB.CD.E", true },    { "AB.CD.*", "AB.CD.E.F", false },
        { "AB.CD.*", "AB.CD", false },     { "AB.CD.**", "AB.CD", true },
        { "AB.CD.**", "AB.CD.E.F", true }, { "AB.**.F", "AB.C.D.F", true },
        { "AB.**.F", "AB.C.D.E", false },  { "**", "A.B", true },
        { "A%.B", "AX.B", true },          { "A.B", "A.B.C", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (pattern_matches_dataset(str_of(rows[i].pattern),
                                    str_of(rows[i].name)) != rows[i].want)
            fail_msg("%s against %s", rows[i].pattern, rows[i].name);
}

/* --- images ------------------------------------------------------------ */

static void
image_of(struct buf *out, const char *class_name,
         const struct snapshot_profile *v, size_t n, uint32_t flags)
{
    buf_init(out, SNAPSHOT_MAX);
    assert_int_equal(snapshot_compile(saf_class_find(str_of(class_name)), v, n,
                                      flags, 1, out, NULL),
                     ERR_OK);
    assert_int_equal(snapshot_check_image(out->p, out->n, NULL), ERR_OK);
}

#define LIVE                                                                   \
    (SNAPSHOT_ACTIVE | SNAPSHOT_RACLISTED | SNAPSHOT_GRPLIST |                 \
     SNAPSHOT_WHEN_TERMINAL)

/* The trie finds what a plain search over sorted patterns finds. */
static void
trie_equals_plain_search(void **state)
{
    struct snapshot_profile v[ARRAY_LEN(match_rows)];
    struct buf image;
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(match_rows); i++) {
        bool is_new = true;

        for (size_t j = 0; j < n; j++)
            if (str_eq_z(v[j].name, match_rows[i].pattern))
                is_new = false;
        if (is_new)
            v[n++] = (struct snapshot_profile){
                .name = str_of(match_rows[i].pattern), .is_generic = true
            };
    }
    image_of(&image, "EJBROLE", v, n, LIVE);
    for (size_t i = 0; i < ARRAY_LEN(match_rows); i++) {
        struct str name = str_of(match_rows[i].name), found;
        struct pattern best = { .n = 0 }, p;
        const char *want = NULL;
        bool is_generic;

        for (size_t j = 0; j < n; j++) {
            assert_int_equal(pattern_compile(v[j].name, &p, NULL), ERR_OK);
            if (pattern_matches(&p, name) &&
                (want == NULL || pattern_compare(&p, &best) < 0)) {
                best = p;
                want = v[j].name.p;
            }
        }
        assert_true(snapshot_find(image.p, name, &found, &is_generic));
        assert_non_null(want);
        if (!str_eq_z(found, want))
            fail_msg("%s: " STR_FMT ", not %s", name.p, STR_ARG(found), want);
    }
    buf_fini(&image);
}

static struct acee_group groups[] = { { "GOLD", 20 }, { "LEAD", 30 } };
static struct acee fred = { .user = "FRED",
                            .group = "LEAD",
                            .user_id = 10,
                            .groups = groups,
                            .n_groups = 2 };

static void
decision_order(void **state)
{
    static const struct saf_access user_none[] = {
        { .who = { "FRED", 4 }, .who_id = 10, .level = SAF_NONE },
        { .who = { "GOLD", 4 }, .who_id = 20, .level = SAF_ALTER },
    };
    static const struct saf_access groups_list[] = {
        { .who = { "GOLD", 4 }, .who_id = 20, .level = SAF_UPDATE },
        { .who = { "LEAD", 4 }, .who_id = 30, .level = SAF_READ },
    };
    static const struct saf_access star[] = {
        { .who = { "*", 1 }, .level = SAF_READ },
    };
    static const struct saf_access when[] = {
        { .who = { "FRED", 4 },
          .who_id = 10,
          .level = SAF_READ,
          .when_kind = { "TERMINAL", 8 },
          .when_value = { "T1", 2 } },
    };
    static const struct snapshot_profile v[] = {
        { .name = { "USERNONE", 8 },
          .access = user_none,
          .n_access = 2,
          .uacc = SAF_ALTER },
        { .name = { "GROUPS", 6 }, .access = groups_list, .n_access = 2 },
        { .name = { "STAR", 4 }, .access = star, .n_access = 1 },
        { .name = { "UACC", 4 }, .uacc = SAF_UPDATE },
        { .name = { "WHEN", 4 }, .access = when, .n_access = 1 },
        { .name = { "WARN", 4 }, .is_warning = true },
        { .name = { "WIDE.*", 6 }, .is_generic = true, .uacc = SAF_ALTER },
        { .name = { "WIDE.NO.*", 9 }, .is_generic = true },
    };
    static const struct {
        const char *resource;
        enum saf_level level;
        uint32_t attrs, flags;
        const char *terminal;
        struct saf_rc want;
        const char *entry;
    } rows[] = {
        { "USERNONE", SAF_READ, 0, LIVE, "", { 8, 8, 0 }, "FRED" },
        { "GROUPS", SAF_UPDATE, 0, LIVE, "", { 0, 0, 0 }, "GOLD" },
        { "GROUPS",
          SAF_UPDATE,
          0,
          LIVE & ~SNAPSHOT_GRPLIST,
          "",
          { 8, 8, 0 },
          "LEAD" },
        { "groups", SAF_CONTROL, 0, LIVE, "", { 8, 8, 0 }, "GOLD" },
        { "STAR", SAF_READ, 0, LIVE, "", { 0, 0, 0 }, "*" },
        { "STAR", SAF_READ, ACEE_RESTRICTED, LIVE, "", { 8, 8, 0 }, "" },
        { "STAR", SAF_READ, ACEE_UNDEFINED, LIVE, "", { 8, 8, 0 }, "UACC" },
        { "UACC", SAF_UPDATE, 0, LIVE, "", { 0, 0, 0 }, "UACC" },
        { "UACC", SAF_UPDATE, ACEE_UNDEFINED, LIVE, "", { 0, 0, 0 }, "UACC" },
        { "UACC", SAF_UPDATE, ACEE_RESTRICTED, LIVE, "", { 8, 8, 0 }, "" },
        { "WHEN", SAF_READ, 0, LIVE, "", { 8, 8, 0 }, "UACC" },
        { "WHEN", SAF_READ, 0, LIVE, "T1", { 0, 0, 0 }, "WHEN" },
        { "WHEN", SAF_READ, 0, LIVE, "T2", { 8, 8, 0 }, "UACC" },
        { "WARN", SAF_ALTER, 0, LIVE, "", { 0, 0, 0 }, "UACC" },
        { "WIDE.X", SAF_ALTER, 0, LIVE, "", { 0, 0, 0 }, "UACC" },
        { "WIDE.NO.X", SAF_READ, 0, LIVE, "", { 8, 8, 0 }, "UACC" },
        /* Not protected is a third answer. */
        { "ELSE", SAF_READ, 0, LIVE, "", { 4, 4, 0 }, "" },
        { "STAR", SAF_READ, 0, SNAPSHOT_RACLISTED, "", { 4, 4, 0 }, "" },
        { "USERNONE",
          SAF_ALTER,
          ACEE_TRUSTED,
          LIVE,
          "",
          { 0, 0, 0 },
          "TRUSTED" },
        { "USERNONE",
          SAF_ALTER,
          ACEE_PRIVILEGED,
          LIVE,
          "",
          { 0, 0, 0 },
          "PRIV" },
        /* Command authority is no access. */
        { "USERNONE",
          SAF_READ,
          ACEE_SPECIAL | ACEE_OPERATIONS,
          LIVE,
          "",
          { 8, 8, 0 },
          "FRED" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct saf_where where = { .terminal = str_of(rows[i].terminal) };
        struct saf_decision d;
        struct buf image;

        image_of(&image, "FACILITY", v, ARRAY_LEN(v), rows[i].flags);
        fred.attrs = rows[i].attrs;
        snapshot_lookup(image.p, &fred, str_of(rows[i].resource), rows[i].level,
                        &where, &d);
        if (memcmp(&d.rc, &rows[i].want, sizeof d.rc) != 0 ||
            strcmp(d.entry, rows[i].entry) != 0)
            fail_msg("row %zu %s: %u/%u/%u by %s", i, rows[i].resource,
                     d.rc.saf, d.rc.racf, d.rc.reason, d.entry);
        buf_fini(&image);
    }
    fred.attrs = 0;
}

/* A class that must be RACLISTed and is not protects nothing. */
static void
required_class_needs_raclist(void **state)
{
    static const struct snapshot_profile v[] = {
        { .name = { "A.B", 3 }, .uacc = SAF_ALTER },
    };
    struct saf_decision d;
    struct buf image;

    (void)state;
    image_of(&image, "STARTED", v, 1, SNAPSHOT_ACTIVE);
    snapshot_lookup(image.p, &fred, STR("A.B"), SAF_READ, NULL, &d);
    assert_int_equal(d.rc.saf, 4);
    assert_int_equal(d.rc.racf, 4);
    buf_fini(&image);
}

/* Each byte of an image set wrong in turn: refused, or harmless. */
static void
damaged_images(void **state)
{
    static const struct snapshot_profile v[] = {
        { .name = { "A.B", 3 }, .uacc = SAF_READ },
        { .name = { "A.*", 3 }, .is_generic = true },
        { .name = { "A.**.C", 6 }, .is_generic = true },
        { .name = { "A%.C*", 5 }, .is_generic = true },
    };
    static const unsigned char values[] = { 0, 1, 0x7f, 0xff };
    struct buf image;

    (void)state;
    image_of(&image, "FACILITY", v, ARRAY_LEN(v), LIVE);
    for (size_t i = 0; i < image.n; i++) {
        for (size_t j = 0; j < ARRAY_LEN(values); j++) {
            struct str copy = exact_copy_n(image.p, image.n);
            struct saf_decision d;

            ((char *)(uintptr_t)copy.p)[i] = (char)values[j];
            if (snapshot_check_image(copy.p, copy.n, NULL) == ERR_OK) {
                snapshot_lookup(copy.p, &fred, STR("A.B"), SAF_READ, NULL, &d);
                snapshot_lookup(copy.p, &fred, STR("A.X.C"), SAF_READ, NULL,
                                &d);
            }
            exact_free(copy);
        }
    }
    for (size_t n = 0; n < image.n; n += 7) {
        struct str copy = exact_copy_n(image.p, n);

        assert_int_not_equal(snapshot_check_image(copy.p, copy.n, NULL),
                             ERR_OK);
        exact_free(copy);
    }
    buf_fini(&image);
}

static void
folds_by_class(void **state)
{
    static const struct {
        const char *class_name, *in, *out; /* out NULL: refused */
    } rows[] = {
        { "FACILITY", "bpx.Server", "BPX.SERVER" },
        { "EJBROLE", "bbgzdflt.Role", "bbgzdflt.Role" },
        { "RDATALIB", "fred.My.Ring.lst", "FRED.MY.RING.LST" },
        { "APPL", "TOOLONGNM", NULL },
        { "APPL", "", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[SAF_PROFILE_MAX + 1];
        struct str folded;
        bool is_ok = saf_class_fold(saf_class_find(str_of(rows[i].class_name)),
                                    str_of(rows[i].in), out, &folded);

        assert_int_equal(is_ok, rows[i].out != NULL);
        if (is_ok)
            assert_string_equal(out, rows[i].out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pattern_rows),
        cmocka_unit_test(pattern_refuses),
        cmocka_unit_test(pattern_order),
        cmocka_unit_test(dataset_rows),
        cmocka_unit_test(trie_equals_plain_search),
        cmocka_unit_test(decision_order),
        cmocka_unit_test(required_class_needs_raclist),
        cmocka_unit_test(damaged_images),
        cmocka_unit_test(folds_by_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
