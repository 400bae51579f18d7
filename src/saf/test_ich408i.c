/* Layouts of ICH408I, as consoles show them. */
#include "base/buf.h"
#include "base/test.h"
#include "saf/ich408i.h"

static void
add_line(void *arg, struct str text)
{
    buf_add(arg, text);
    buf_add_char(arg, '\n');
}

static void
access_rows(void **state)
{
    static const struct {
        struct acee acee;
        const char *class_name, *resource;
        struct saf_decision d;
        const char *want;
    } rows[] = {
        { { .user = "WSGUEST", .group = "WSGUESTG" },
          "APPL",
          "BBGZDFLT",
          { .rc = { 8, 8, 0 }, .requested = SAF_READ },
          "ICH408I USER(WSGUEST ) GROUP(WSGUESTG) "
          "NAME(####################)\n"
          "  BBGZDFLT CL(APPL    )\n"
          "  INSUFFICIENT ACCESS AUTHORITY\n"
          "  ACCESS INTENT(READ   )  ACCESS ALLOWED(NONE   )\n" },
        { { .user = "USER2", .group = "SYS1", .name = "SECOND" },
          "SERVAUTH",
          "EZB.TRCCTL.S0W1.TCPIP.OPEN",
          { .rc = { 8, 8, 0 },
            .profile = "EZB.TRCCTL.*.*.*",
            .is_generic = true,
            .requested = SAF_CONTROL,
            .allowed = SAF_READ },
          "ICH408I USER(USER2   ) GROUP(SYS1    ) "
          "NAME(SECOND              )\n"
          "  EZB.TRCCTL.S0W1.TCPIP.OPEN CL(SERVAUTH)\n"
          "  INSUFFICIENT ACCESS AUTHORITY\n"
          "  FROM EZB.TRCCTL.*.*.* (G)\n"
          "  ACCESS INTENT(CONTROL)  ACCESS ALLOWED(READ   )\n" },
        { { .user = "USER2", .group = "SYS1", .name = "SECOND" },
          "EJBROLE",
          "ATSZDFLT.zos.connect.access.roles.zosConnectAccess",
          { .rc = { 8, 8, 0 }, .requested = SAF_READ },
          "ICH408I USER(USER2   ) GROUP(SYS1    ) "
          "NAME(SECOND              )\n"
          "  ATSZDFLT.zos.connect.access.roles.zosConnectAccess\n"
          "  CL(EJBROLE )\n"
          "  INSUFFICIENT ACCESS AUTHORITY\n"
          "  ACCESS INTENT(READ   )  ACCESS ALLOWED(NONE   )\n" },
        { { .user = "USER2", .group = "SYS1", .name = "SECOND" },
          "FACILITY",
          "A.B",
          { .is_warning = true, .requested = SAF_READ, .allowed = SAF_READ },
          "ICH408I USER(USER2   ) GROUP(SYS1    ) "
          "NAME(SECOND              )\n"
          "  A.B CL(FACILITY)\n"
          "  WARNING: INSUFFICIENT ACCESS AUTHORITY\n"
          "  ACCESS INTENT(READ   )  ACCESS ALLOWED(NONE   )\n" },
        { { .user = "GHOST", .attrs = ACEE_UNDEFINED },
          "APPL",
          "X",
          { .rc = { 8, 8, 0 }, .requested = SAF_READ },
          "ICH408I USER(GHOST   ) GROUP(        ) "
          "NAME(???                 )\n"
          "  X CL(APPL    )\n"
          "  INSUFFICIENT ACCESS AUTHORITY\n"
          "  ACCESS INTENT(READ   )  ACCESS ALLOWED(NONE   )\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out;
        struct saf_lines lines = { add_line, &out };

        buf_init(&out, 4096);
        ich408i_access(&lines, &rows[i].acee, str_of(rows[i].class_name),
                       str_of(rows[i].resource), &rows[i].d);
        assert_string_equal(buf_z(&out), rows[i].want);
        buf_fini(&out);
    }
}

static void
logon_rows(void **state)
{
    struct buf out;
    struct saf_lines lines = { add_line, &out };

    (void)state;
    buf_init(&out, 4096);
    ich408i_logon(&lines, STR("USER1"), STR("SYS1"), STR("WORKSHOP USER1"),
                  STR(""), LOGON_INVALID_PASSWORD);
    ich408i_logon(&lines, STR("USER2"), STR("SYS1"), STR(""), STR("FRED"),
                  LOGON_SURROGATE);
    assert_string_equal(
        buf_z(&out),
        "ICH408I USER(USER1   ) GROUP(SYS1    ) NAME(WORKSHOP USER1      )\n"
        "  LOGON/JOB INITIATION - INVALID PASSWORD\n"
        "ICH408I USER(USER2   ) GROUP(SYS1    ) NAME(####################)\n"
        "  SUBMITTER(FRED    )\n"
        "  LOGON/JOB INITIATION - SUBMITTER IS NOT AUTHORIZED BY USER\n");
    buf_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(access_rows),
        cmocka_unit_test(logon_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
