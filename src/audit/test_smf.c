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

/* Each field of the head stands where the layout has it. */
static void
head_fields(void **state)
{
    static const struct {
        unsigned at, n;
        const char *want;
    } rows[] = {
        { 2, 2, "\0\0" },                              /* SEG */
        { 5, 1, "\x50" },                              /* RTY */
        { 14, 4, "\xe2\xd7\xe3\xf1" },                 /* SID */
        { 18, 2, "\xd8\0" },                           /* DES: all of ours */
        { 20, 2, "\x01\x1c" },                         /* EVT, EVQ */
        { 22, 8, "\xe4\xe2\xc5\xd9\xf1\x40\x40\x40" }, /* USR */
        { 30, 8, "\xe2\xe8\xe2\xf1\x40\x40\x40\x40" }, /* GRP */
        { 38, 2, "\0\x5e" },                           /* REL */
        { 40, 2, "\0\x01" },                           /* CNT */
        { 42, 2, "\x61\x11" },                         /* ATH, REA */
        { 46, 8, "\xd7\xe3\xe2\xf3\x40\x40\x40\x40" }, /* TRM */
        { 54, 8, "\xc2\xc1\xd8\xe2\xe3\xd9\xe3\x40" }, /* JBN */
        { 79, 1, "\x48" },                             /* RE2 */
        { 80, 4, "\xf7\xf7\xc5\xf0" },                 /* VRM */
        { 94, 2, "\0\x01" },                           /* CT2 */
    };
    struct smf80 h = head();
    struct buf out;

    (void)state;
    h.event = SMF_JOBINIT;
    h.qualifier = SMF_INIT_GROUP_REVOKED;
    h.flags |= SMF_DES_UNDEFINED | SMF_DES_WARNING;
    h.authority = SMF_ATH_SPECIAL | SMF_ATH_OPERATIONS | SMF_ATH_TRUSTED;
    h.reason |= SMF_REA_GLOBAL;
    h.more_reasons |= SMF_RE2_APPLAUDIT;
    h.terminal = STR("PTS3");
    buf_init(&out, SMF_RECORD_MAX);
    smf80_begin(&out, &h);
    smf80_add(&out, SMF_APPL, STR("BBGZDFLT"));
    smf80_add(&out, SMF_DISTRIBUTED, STR("me"));
    assert_int_equal(smf80_end(&out, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (memcmp(out.p + rows[i].at, rows[i].want, rows[i].n) != 0)
            fail_msg("offset %u", rows[i].at);
    buf_fini(&out);
}

/* IRRADU00: each column of the head and of a command, and a blank behind each.
 */
static void
irradu00_columns(void **state)
{
    static const struct {
        unsigned from, to;
        const char *want;
    } rows[] = {
        { 1, 8, "PERMIT" },
        { 10, 17, "INSAUTH" },
        { 19, 26, "00:00:00" },
        { 28, 37, "2020-01-01" },
        { 39, 42, "SPT1" },
        { 44, 47, "YES" },
        { 49, 52, "YES" },
        { 54, 57, "YES" },
        { 59, 66, "USER1" },
        { 68, 75, "SYS1" },
        { 77, 80, "NO" },
        { 82, 85, "YES" },
        { 87, 90, "YES" },
        { 92, 95, "YES" },
        { 97, 100, "NO" },
        { 102, 105, "NO" },
        { 107, 110, "NO" },
        { 112, 115, "YES" },
        { 117, 120, "YES" },
        { 122, 125, "NO" },
        { 127, 130, "YES" },
        { 132, 135, "NO" },
        { 137, 140, "YES" },
        { 142, 145, "NO" },
        { 147, 150, "YES" },
        { 152, 155, "NO" },
        { 157, 159, "000" },
        { 161, 164, "NO" },
        { 166, 169, "NO" },
        { 171, 178, "PTS3" },
        { 180, 187, "BAQSTRT" },
        { 189, 196, "" },
        { 198, 207, "" },
        { 209, 216, "" },
        { 218, 221, "NO" },
        { 223, 226, "NO" },
        { 228, 231, "YES" },
        { 233, 236, "NO" },
        { 238, 241, "NO" },
        { 243, 246, "YES" },
        { 248, 251, "NO" },
        { 253, 256, "NO" },
        { 258, 261, "NO" },
        { 263, 266, "NO" },
        { 268, 275, "" },
        { 277, 280, "77E0" },
        { 282, 537, "BAQ.ONE" },
        { 539, 546, "FACILITY" },
        { 548, 1071, "PERMIT BAQ.ONE CLASS(FACILITY)" },
    };
    struct smf80 h = head();
    struct smf80_view v;
    struct buf out, line;
    struct arena a;

    (void)state;
    h.event = SMF_PERMIT;
    h.flags |= SMF_DES_UNDEFINED | SMF_DES_WARNING;
    h.authority = SMF_ATH_SPECIAL | SMF_ATH_OPERATIONS | SMF_ATH_AUDITOR |
                  SMF_ATH_TRUSTED;
    h.reason =
        SMF_REA_CLASS | SMF_REA_SPECIAL | SMF_REA_RACINIT | SMF_REA_CMDVIOL;
    h.more_reasons |= SMF_RE2_APPLAUDIT;
    h.terminal = STR("PTS3");
    buf_init(&out, SMF_RECORD_MAX);
    buf_init(&line, 4096);
    arena_init(&a, 1u << 16);
    smf80_begin(&out, &h);
    smf80_add(&out, SMF_NAME, STR("BAQ.ONE"));
    smf80_add(&out, SMF_CLASS, STR("FACILITY"));
    smf80_add(&out, SMF_COMMAND, STR("PERMIT BAQ.ONE CLASS(FACILITY)"));
    assert_int_equal(smf80_end(&out, NULL), ERR_OK);
    assert_int_equal(smf80_read(&a, buf_view(&out), &v, NULL), ERR_OK);
    smf80_irradu00(&a, &v, &line);
    while (line.n < 1100) /* trailing blanks are cut */
        buf_add_char(&line, ' ');
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str got = str_sub(buf_view(&line), rows[i].from - 1, rows[i].to);

        if (!str_eq_z(str_trim(got), rows[i].want) || line.p[rows[i].to] != ' ')
            fail_msg("columns %u-%u: \"" STR_FMT "\", wanted %s", rows[i].from,
                     rows[i].to, STR_ARG(got), rows[i].want);
    }
    buf_fini(&line);
    buf_fini(&out);
    arena_fini(&a);
}

/* What is recorded has a name. */
static void
qualifiers_have_names(void **state)
{
    static const uint8_t codes[] = {
        SMF_INIT_PASSWORD,       SMF_INIT_GROUP,        SMF_INIT_TERMINAL,
        SMF_INIT_APPL,           SMF_INIT_REVOKED,      SMF_INIT_AUTO_REVOKED,
        SMF_INIT_UNDEFINED,      SMF_INIT_SUCCESS,      SMF_INIT_SUBMITTER,
        SMF_INIT_EXPIRED,        SMF_INIT_NEW_PASSWORD, SMF_INIT_GROUP_REVOKED,
        SMF_INIT_OIDCARD,        SMF_INIT_TICKET,       SMF_INIT_REPLAY,
        SMF_INIT_INACTIVE,       SMF_INIT_PHRASE,       SMF_INIT_NEW_PHRASE,
        SMF_INIT_PHRASE_EXPIRED, SMF_INIT_NO_IDENTITY,
    };
    struct arena a;

    (void)state;
    arena_init(&a, 1u << 16);
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (str_starts(smf_qualifier_name(&a, SMF_JOBINIT, codes[i]),
                       STR("QUAL")))
            fail_msg("qualifier %u has no name", codes[i]);
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
        cmocka_unit_test(head_fields),
        cmocka_unit_test(irradu00_columns),
        cmocka_unit_test(qualifiers_have_names),
        cmocka_unit_test(layout),
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(reasons),
        cmocka_unit_test(damaged),
        cmocka_unit_test(never_overflows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
