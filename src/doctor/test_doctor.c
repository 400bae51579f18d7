#include "doctor/doctor.h"
#include "doctor/racf.h"

#include "base/test.h"

static const char profile_text[] =
    "CLASS      NAME\n"
    "-----      ----\n"
    "SERVER     BBG.AUTHMOD.BBGZSAFM.SAFCRED\n"
    "\n"
    "LEVEL  OWNER      UNIVERSAL ACCESS  YOUR ACCESS  WARNING\n"
    "-----  --------   ----------------  -----------  -------\n"
    " 00    IBMUSER         READ              ALTER    NO\n"
    "\n"
    "USER      ACCESS   ACCESS COUNT\n"
    "----      ------   ------ -----\n"
    "IBMUSER   ALTER       000000\n"
    "LIBGRP    READ        000000\n"
    "*         NONE        000000\n"
    "\n"
    "   ID     ACCESS   ACCESS COUNT   CLASS          ENTITY NAME\n"
    "-------- ------- ------------ -------- ---------------------\n"
    "OTHER    READ\n";

static void
profile_is_read(void **state)
{
    struct racf_profile *p = calloc(1, sizeof *p);
    struct str text = exact_copy(profile_text);

    (void)state;
    assert_true(racf_read_profile(text, p));
    assert_string_equal(p->owner, "IBMUSER");
    assert_int_equal(p->uacc, SAF_READ);
    assert_int_equal(p->n, 3);
    assert_string_equal(p->v[1].id, "LIBGRP");
    assert_int_equal(p->v[1].level, SAF_READ);
    assert_int_equal(p->v[2].level, SAF_NONE);
    exact_free(text);
    free(p);
}

static void
other_texts_are_no_profile(void **state)
{
    static const char *const rows[] = {
        "",
        "ICH13003I X NOT FOUND\n",
        "LEVEL  OWNER\n",
        "LEVEL OWNER\n---\n",
        "LEVEL OWNER\n---\n 00 TOOLONGOWNER READ\n",
        "LEVEL OWNER\n---\n 00 OWNER SOMETHING\n"
    };
    struct racf_profile *p = calloc(1, sizeof *p);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i]);

        assert_false(racf_read_profile(text, p));
        exact_free(text);
    }
    free(p);
}

static void
user_and_group_are_read(void **state)
{
    static const char user_text[] =
        "USER=LIBSERV   NAME=LIBERTY SERVER  OWNER=IBMUSER   CREATED=26.333\n"
        " DEFAULT-GROUP=LIBGRP   PASSDATE=N/A\n"
        "  GROUP=LIBGRP    AUTH=USE      CONNECT-OWNER=IBMUSER\n"
        "    CONNECTS=    00  UACC=NONE\n"
        "  GROUP=OTHER     AUTH=USE\n";
    static const char group_text[] =
        "INFORMATION FOR GROUP LIBGRP  \n"
        "    SUPERIOR GROUP=SYS1         OWNER=IBMUSER\n"
        "    USER(S)=      ACCESS=      ACCESS COUNT=\n"
        "      LIBANGEL      USE           000000\n"
        "         CONNECT ATTRIBUTES=NONE\n"
        "      LIBSERV       USE           000000\n"
        "\n"
        "OMVS INFORMATION\n";
    struct racf_user *user = calloc(1, sizeof *user);
    struct racf_group *group = calloc(1, sizeof *group);
    struct str u = exact_copy(user_text), g = exact_copy(group_text);

    (void)state;
    assert_true(racf_read_user(u, user));
    assert_string_equal(user->name, "LIBSERV");
    assert_string_equal(user->default_group, "LIBGRP");
    assert_int_equal(user->n_groups, 2);
    assert_string_equal(user->groups[1], "OTHER");
    assert_true(racf_read_group(g, group));
    assert_int_equal(group->n_members, 2);
    assert_string_equal(group->members[1], "LIBSERV");
    assert_false(racf_read_user(g, user));
    assert_false(racf_read_group(u, group));
    exact_free(u);
    exact_free(g);
    free(user);
    free(group);
}

static void
worst_severity_decides(void **state)
{
    struct arena arena;
    struct doctor d = { .arena = &arena,
                        .server_name = "s",
                        .server_dir = "/srv/s" };
    struct buf out;

    (void)state;
    arena_init(&arena, 1u << 20);
    assert_int_equal(doctor_status(&d), 0);
    doctor_find(&d, RULE_NOT_CHECKED, "", 0, "", "a");
    assert_int_equal(doctor_status(&d), 0);
    doctor_find(&d, RULE_SECRET_XOR, "/f", 3, "", "b");
    assert_int_equal(doctor_status(&d), 4);
    doctor_find(&d, RULE_FILE_WRITABLE, "/f", 0, "chmod", "c %d", 1);
    assert_int_equal(doctor_status(&d), 8);
    doctor_find(&d, RULE_FILE_MODE, "/x\033[2J", 0, "rm\n", "\177\tz");
    buf_init(&out, 1u << 20);
    doctor_print(&d, &out);
    assert_non_null(strstr(buf_z(&out), "error    file-writable  /f\n"));
    assert_non_null(strstr(buf_z(&out), "warning  xor-password  /f:3\n"));
    assert_non_null(strstr(buf_z(&out), "warning  file-mode  /x\\x1b[2J\n"
                                        "         \\x7f\\x09z\n"));
    assert_non_null(strstr(buf_z(&out), "Fix: rm\\x0a\n"));
    assert_true(strstr(buf_z(&out), "file-writable") <
                strstr(buf_z(&out), "xor-password"));
    buf_clear(&out);
    doctor_print_json(&d, &out);
    assert_non_null(strstr(buf_z(&out), "\"line\" : 3"));
    buf_fini(&out);
    free(d.v);
    arena_fini(&arena);
}

static void
floods_are_counted(void **state)
{
    struct arena arena;
    struct doctor d = { .arena = &arena,
                        .server_name = "s",
                        .server_dir = "/srv/s" };
    struct buf out;

    (void)state;
    arena_init(&arena, 1u << 20);
    for (unsigned i = 0; i < DOCTOR_EACH_MAX + 7; i++)
        doctor_find(&d, RULE_FILE_MODE, "/f", 0, "", "x");
    assert_int_equal(d.n, DOCTOR_EACH_MAX);
    buf_init(&out, 1u << 20);
    doctor_print(&d, &out);
    assert_non_null(strstr(buf_z(&out), "and 7 more of file-mode\n"));
    assert_non_null(strstr(buf_z(&out), " 32 warnings"));
    buf_fini(&out);
    free(d.v);
    arena_fini(&arena);
}

static void
paths_are_quoted(void **state)
{
    static const char *const rows[][2] = { { "/a/b-1.xml", "/a/b-1.xml" },
                                           { "", "''" },
                                           { "/a b", "'/a b'" },
                                           { "/a'b", "'/a'\\''b'" },
                                           { "$(x)", "'$(x)'" } };
    struct arena arena;
    struct doctor d = { .arena = &arena };

    (void)state;
    arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(doctor_quote(&d, rows[i][0]), rows[i][1]);
    arena_fini(&arena);
}

static void
started_and_numbers_are_read(void **state)
{
    static const struct {
        const char *text, *user, *group;
        bool is_user;
    } rows[] = {
        { "STDATA INFORMATION\nUSER= LIBSERV\nGROUP= LIBGRP\n", "LIBSERV",
          "LIBGRP", true },
        { "USER= =MEMBER\nGROUP= \n", "BAQSTRT", "", true },
        { "USER= A\nGROUP= =MEMBER\n", "A", "BAQSTRT", true },
        { "USER= \nGROUP= LIBGRP\n", "", "", false },
        { "USER= TOOLONGUSER\n", "", "", false },
        { "USER= A;B\n", "", "", false },
        { "USER= A\nGROUP= $(x)\n", "", "", false },
        { "", "", "", false },
    };
    static const struct {
        const char *text;
        bool is_number;
        uint32_t want;
    } numbers[] = {
        { "OMVS INFORMATION\nUID= 0000050001\n", true, 50001 },
        { "UID= NONE\n", false, 77 },
        { "UID= 4294967295\n", false, 77 },
        { "GID= 1\n", false, 77 },
        { " UID= 1\n", false, 77 },
        { "", false, 77 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct racf_started got;

        assert_int_equal(racf_read_started(text, "BAQSTRT", &got),
                         rows[i].is_user);
        if (rows[i].is_user) {
            assert_string_equal(got.user, rows[i].user);
            assert_string_equal(got.group, rows[i].group);
        }
        exact_free(text);
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct str text = exact_copy(numbers[i].text);
        uint32_t got = 77;

        assert_int_equal(racf_read_id(text, "UID=", &got),
                         numbers[i].is_number);
        assert_int_equal(got, numbers[i].want);
        exact_free(text);
    }
}

/* Severity, place, reason and command: whatever a check leaves out. */
static void
findings_are_complete(void **state)
{
    struct arena arena;
    struct doctor d = { .arena = &arena,
                        .server_name = "s",
                        .server_dir = "/srv/it is" };
    struct buf out;

    (void)state;
    arena_init(&arena, 1u << 20);
    buf_init(&out, 1u << 20);
    for (unsigned i = 0; i < DOCTOR_RULES; i++) {
        enum doctor_rule rule = (enum doctor_rule)i;

        assert_true(strlen(doctor_rule_why(rule)) > 10);
        assert_true(doctor_rule_id(rule)[0] != '\0');
        doctor_find(&d, rule, i % 2 ? NULL : "", 7, "", "x");
        assert_string_equal(d.v[i].where, "/srv/it is/server.xml");
        assert_int_equal(d.v[i].line, 0); /* of no other file */
        assert_string_equal(d.v[i].fix,
                            "${EDITOR:-vi} '/srv/it is/server.xml'");
    }
    doctor_find(&d, RULE_NOT_CHECKED, "SERVER BBG.ANGEL", 0, "ls", "y");
    doctor_print_json(&d, &out);
    assert_non_null(strstr(buf_z(&out), "\"profile\" : \"SERVER BBG.ANGEL\""));
    assert_null(strstr(buf_z(&out), "\"file\" : \"SERVER"));
    assert_string_equal(doctor_edit(&d, "/a", 3, "b"),
                        "${EDITOR:-vi} +3 /a   # b");
    assert_string_equal(doctor_racf(&d, "X LABEL('%s')", "a"),
                        "sallyport racf \"X LABEL('a')\"");
    assert_string_equal(doctor_racf(&d, "X %s", "$(b)"),
                        "sallyport racf 'X $(b)'");
    buf_fini(&out);
    free(d.v);
    arena_fini(&arena);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(profile_is_read),
        cmocka_unit_test(other_texts_are_no_profile),
        cmocka_unit_test(user_and_group_are_read),
        cmocka_unit_test(worst_severity_decides),
        cmocka_unit_test(floods_are_counted),
        cmocka_unit_test(paths_are_quoted),
        cmocka_unit_test(started_and_numbers_are_read),
        cmocka_unit_test(findings_are_complete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
