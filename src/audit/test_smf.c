#include "base/test.h"

#include "audit/smf.h"

static struct smf80
head(void)
{
    return (struct smf80){ .now_ms = 1577836800123ull,
                           .system_id = "SPT1",
                           .event = SMF_ACCESS,
                           .qualifier = SMF_INSAUTH,
                           .flags = SMF_DES_VIOLATION,
                           .authority = SMF_ATH_NORMAL,
                           .reason = SMF_REA_ACCESS,
                           .more_reasons = SMF_RE2_LOGOPTIONS,
                           .user = STR("USER1"),
                           .group = STR("SYS1"),
                           .job = STR("BAQSTRT") };
}

static void
build(struct buf *out)
{
    struct smf80 h = head();

    buf_init(out, SMF_RECORD_MAX);
    smf80_begin(out, &h);
    smf80_add(out, SMF_RESOURCE, STR("BBGZDFLT.db2API.Staff"));
    smf80_add_byte(out, SMF_REQUESTED, smf_level_bits(2));
    smf80_add_byte(out, SMF_ALLOWED, smf_level_bits(0));
    smf80_add(out, SMF_CLASS, STR("EJBROLE"));
    smf80_add_profile(out, STR("BBGZDFLT.**"), true);
    smf80_add(out, SMF_DISTRIBUTED, STR("caf\xc3\xa9"));
    assert_int_equal(smf80_end(out, NULL), ERR_OK);
}

static void
layout(void **state)
{
    static const unsigned char user[] = { 0xe4, 0xe2, 0xc5, 0xd9,
                                          0xf1, 0x40, 0x40, 0x40 };
    struct buf out;

    (void)state;
    setenv("TZ", "UTC", 1);
    build(&out);
    assert_int_equal((unsigned char)out.p[0] << 8 | (unsigned char)out.p[1],
                     out.n);
    assert_int_equal(out.p[5], 80);
    assert_memory_equal(out.p + 6, "\0\0\0\x0c", 4);        /* 00:00:00.12 */
    assert_memory_equal(out.p + 10, "\x01\x20\x00\x1f", 4); /* 2020.001 */
    assert_memory_equal(out.p + 18, "\x88\x00", 2);
    assert_int_equal(out.p[20], 2);
    assert_memory_equal(out.p + 22, user, sizeof user);
    assert_memory_equal(out.p + 38, "\0\x5e\0\x05", 4); /* 98 - 4, 5 of them */
    assert_int_equal(out.p[43], 0x10);                  /* SMF80REA */
    assert_int_equal(out.p[79], 0x40);                  /* SMF80RE2 */
    assert_int_equal(out.p[98], 1);
    assert_int_equal(out.p[99], 21);
    buf_fini(&out);
}

static void
reads_what_it_wrote(void **state)
{
    struct smf80_view v;
    struct buf out, line;
    struct arena a;

    (void)state;
    build(&out);
    arena_init(&a, 1u << 16);
    assert_int_equal(smf80_read(&a, buf_view(&out), &v, NULL), ERR_OK);
    buf_init(&line, 4096);
    smf80_line(&a, &v, &line);
    assert_string_equal(
        buf_z(&line),
        "2020-01-01 00:00:00.12 SPT1 ACCESS   INSAUTH  USER1    group=SYS1 "
        "job=BAQSTRT reason=AUDIT,LOGOPTIONS class=EJBROLE "
        "resource=BBGZDFLT.db2API.Staff intent=READ "
        "allowed=NONE profile=BBGZDFLT.** (G) distributed=caf\xc3\xa9");
    buf_clear(&line);
    smf80_irradu00(&a, &v, &line);
    assert_memory_equal(
        line.p, "ACCESS   INSAUTH  00:00:00 2020-01-01 SPT1 YES  NO ", 51);
    assert_memory_equal(line.p + 58, "USER1    SYS1     YES ", 22);
    assert_memory_equal(line.p + 116,
                        "NO   NO   NO   YES  NO   NO   NO   NO   000", 43);
    assert_memory_equal(line.p + 217, "NO   NO   YES  NO   NO   NO  ", 29);
    assert_memory_equal(line.p + 281, "BBGZDFLT.db2API.Staff  ", 23);
    assert_memory_equal(line.p + 538, "READ     NONE     000", 21);
    assert_memory_equal(line.p + 592, "GENERIC  BBGZDFLT.**", 20);
    buf_fini(&line);
    buf_fini(&out);
    arena_fini(&a);
}

/* Whatever is cut off or changed: an error, or a record; never a crash, never
 * a byte beyond. */
static void
damaged(void **state)
{
    struct buf out;

    (void)state;
    build(&out);
    for (size_t cut = 0; cut < out.n; cut++) {
        struct str copy = exact_copy_n(out.p, cut), record;
        size_t at = 0;
        struct smf80_view v;
        struct arena a;

        assert_true(smf_next(copy, &at, &record, NULL) != ERR_OK);
        arena_init(&a, 1u << 16);
        assert_int_equal(smf80_read(&a, copy, &v, NULL), ERR_SYNTAX);
        arena_fini(&a);
        exact_free(copy);
    }
    for (size_t i = 0; i < out.n; i++) {
        struct str copy = exact_copy_n(out.p, out.n);
        struct smf80_view v;
        struct buf line;
        struct arena a;

        ((char *)(uintptr_t)copy.p)[i] ^= (char)0xff;
        arena_init(&a, 1u << 20);
        buf_init(&line, 1u << 20);
        if (smf80_read(&a, copy, &v, NULL) == ERR_OK && v.type == 80) {
            smf80_line(&a, &v, &line);
            smf80_irradu00(&a, &v, &line);
        }
        buf_fini(&line);
        arena_fini(&a);
        exact_free(copy);
    }
    buf_fini(&out);
}

static void
never_overflows(void **state)
{
    static char text[5000];
    struct smf80_view v;
    struct smf80 h = head();
    struct arena a;
    struct buf out;

    (void)state;
    memset(text, 'x', sizeof text);
    buf_init(&out, SMF_RECORD_MAX);
    smf80_begin(&out, &h);
    for (unsigned i = 0; i < 200; i++) {
        smf80_add(&out, SMF_RESOURCE, str_n(text, sizeof text));
        smf80_add(&out, SMF_COMMAND, str_n(text, sizeof text));
    }
    assert_int_equal(smf80_end(&out, NULL), ERR_OK);
    assert_true(out.n <= SMF_RECORD_MAX);
    arena_init(&a, 1u << 20);
    assert_int_equal(smf80_read(&a, buf_view(&out), &v, NULL), ERR_OK);
    assert_int_equal(smf80_text(&a, &v, SMF_RESOURCE).n, 255);
    arena_fini(&a);
    buf_fini(&out);
}

static void
reasons(void **state)
{
    static const struct {
        uint8_t reason, more, authority;
        const char *text;
    } rows[] = {
        { 0, 0, SMF_ATH_NORMAL, "" },
        { SMF_REA_CLASS, 0, SMF_ATH_NORMAL, "CLASS" },
        { SMF_REA_SPECIAL | SMF_REA_ALWAYS, 0, SMF_ATH_SPECIAL,
          "SPECIAL,ALWAYS" },
        { SMF_REA_SPECIAL, 0, SMF_ATH_OPERATIONS, "OPERAUDIT" },
        { SMF_REA_CMDVIOL, 0, SMF_ATH_NORMAL, "CMDVIOL" },
        { SMF_REA_USER, SMF_RE2_APPLAUDIT, SMF_ATH_NORMAL, "UAUDIT,APPLAUDIT" },
        { SMF_REA_GLOBAL, SMF_RE2_LOGOPTIONS, SMF_ATH_NORMAL,
          "GLOBALAUDIT,LOGOPTIONS" },
        { SMF_REA_RACINIT, 0, SMF_ATH_NORMAL, "VERIFY" },
        { 0, 0x87, SMF_ATH_NORMAL, "" }, /* others' reasons */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct smf80 h = head();
        struct smf80_view v;
        struct arena a;
        struct buf out;

        h.reason = rows[i].reason;
        h.more_reasons = rows[i].more;
        h.authority = rows[i].authority;
        buf_init(&out, SMF_RECORD_MAX);
        arena_init(&a, 1u << 16);
        smf80_begin(&out, &h);
        assert_int_equal(smf80_end(&out, NULL), ERR_OK);
        assert_int_equal(smf80_read(&a, buf_view(&out), &v, NULL), ERR_OK);
        assert_string_equal(str_z(&a, smf80_reasons(&a, &v)), rows[i].text);
        arena_fini(&a);
        buf_fini(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout),
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(reasons),
        cmocka_unit_test(damaged),
        cmocka_unit_test(never_overflows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
