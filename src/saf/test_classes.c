/* The class descriptor table: what commands and decisions take from each of
 * its rows. */
#include <stdarg.h>

#include "saf/classes.h"
#include "saf/test_cmd.h"

enum { UPPER, ASIS };

static const struct {
    const char *name, *group;
    uint32_t max;
    int names;
    uint32_t rc; /* without a profile */
    enum class_raclist raclist;
    bool no_define;
} rows[] = {
    { "APPL", "", 8, UPPER, 4, RACLIST_ALLOWED, false },
    { "TERMINAL", "GTERMINL", 8, UPPER, 4, RACLIST_ALLOWED, false },
    { "FACILITY", "", 39, UPPER, 4, RACLIST_ALLOWED, false },
    { "XFACILIT", "GXFACILI", 246, ASIS, 4, RACLIST_ALLOWED, false },
    /* as long as the name of an angel may make it */
    { "SERVER", "", 64, UPPER, 4, RACLIST_ALLOWED, false },
    { "SURROGAT", "", 17, UPPER, 4, RACLIST_ALLOWED, false },
    { "STARTED", "", 17, UPPER, 4, RACLIST_REQUIRED, false },
    { "EJBROLE", "GEJBROLE", 246, ASIS, 4, RACLIST_ALLOWED, false },
    { "PTKTDATA", "", 39, UPPER, 4, RACLIST_REQUIRED, false },
    { "PTKTVAL", "", 246, ASIS, 4, RACLIST_ALLOWED, false },
    { "DIGTCERT", "", 246, ASIS, 4, RACLIST_ALLOWED, true },
    { "DIGTRING", "", 246, ASIS, 4, RACLIST_ALLOWED, true },
    { "DIGTNMAP", "", 246, ASIS, 4, RACLIST_ALLOWED, true },
    { "DIGTCRIT", "", 246, ASIS, 4, RACLIST_ALLOWED, false },
    { "IDIDMAP", "", 246, ASIS, 4, RACLIST_REQUIRED, true },
    { "RDATALIB", "", 246, UPPER, 4, RACLIST_REQUIRED, false },
    { "CSFKEYS", "GCSFKEYS", 73, UPPER, 4, RACLIST_ALLOWED, false },
    { "XCSFKEY", "GXCSFKEY", 73, UPPER, 4, RACLIST_ALLOWED, false },
    { "CSFSERV", "", 8, UPPER, 4, RACLIST_ALLOWED, false },
    { "CRYPTOZ", "", 246, ASIS, 4, RACLIST_ALLOWED, false },
    { "LDAPBIND", "", 246, ASIS, 4, RACLIST_ALLOWED, false },
    { "REALM", "", 246, ASIS, 4, RACLIST_ALLOWED, false },
    { "KERBLINK", "", 240, ASIS, 4, RACLIST_ALLOWED, false },
    { "IDTDATA", "", 246, UPPER, 4, RACLIST_REQUIRED, false },
    { "MFADEF", "", 20, UPPER, 4, RACLIST_ALLOWED, false },
    { "SERVAUTH", "", 64, UPPER, 8, RACLIST_ALLOWED, false },
    { "CBIND", "", 41, UPPER, 4, RACLIST_ALLOWED, false },
    { "OPERCMDS", "", 39, UPPER, 4, RACLIST_ALLOWED, false },
    { "UNIXPRIV", "", 246, UPPER, 4, RACLIST_ALLOWED, false },
    { "UNIXMAP", "", 11, UPPER, 4, RACLIST_ALLOWED, true },
    { "LOGSTRM", "", 26, UPPER, 4, RACLIST_ALLOWED, false },
    { "DSNR", "", 39, UPPER, 4, RACLIST_ALLOWED, false },
    { "TCICSTRN", "GCICSTRN", 13, UPPER, 4, RACLIST_REQUIRED, false },
    { "TIMS", "", 8, UPPER, 4, RACLIST_REQUIRED, false },
    /* of conditions, members and OPERATIONS */
    { "CONSOLE", "", 8, UPPER, 8, RACLIST_ALLOWED, false },
    { "JESINPUT", "", 8, UPPER, 8, RACLIST_ALLOWED, false },
    { "APPCPORT", "", 8, UPPER, 8, RACLIST_ALLOWED, false },
    { "NODES", "", 24, UPPER, 4, RACLIST_REQUIRED, false },
    { "SECDATA", "", 8, UPPER, 4, RACLIST_DISALLOWED, false },
    { "RACFVARS", "", 39, UPPER, 4, RACLIST_REQUIRED, false },
    { "GLOBAL", "", 8, UPPER, 4, RACLIST_DISALLOWED, false },
    { "PROGRAM", "", 8, UPPER, 4, RACLIST_DISALLOWED, false },
    { "DASDVOL", "GDASDVOL", 6, UPPER, 4, RACLIST_ALLOWED, false },
    { "TAPEVOL", "", 6, UPPER, 4, RACLIST_ALLOWED, false },
};

static const char *text(const char *fmt, ...) PRINTF_LIKE(1, 2);

static const char *
text(const char *fmt, ...)
{
    static char out[600];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(out, sizeof out, fmt, args);
    va_end(args);
    return out;
}

/* Profiles as long as may be, one longer, in lower case; the answer when there
 * is none; RACLIST. */
static void
each_class(void **state)
{
    struct desk d;

    (void)state;
    desk_init(&d);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *class_name = rows[i].name, *reply;
        char name[SAF_PROFILE_MAX + 2] = { 0 }, kept[SAF_PROFILE_MAX + 2];
        struct saf_decision got;
        bool takes_more = strcmp(class_name, "GLOBAL") == 0;

        memset(name, 'a', rows[i].max);
        memcpy(kept, name, sizeof kept);
        for (char *c = kept; rows[i].names == UPPER && *c != '\0'; c++)
            *c = 'A';
        reply = desk_run(&d, text("RDEFINE %s %s", class_name, name));
        if (rows[i].no_define) {
            if (d.rc != 8)
                fail_msg("%s\n%s", class_name, reply);
        } else if (!takes_more) {
            if (d.rc != 0)
                fail_msg("%s\n%s", class_name, reply);
            reply = desk_run(&d, text("SEARCH CLASS(%s)", class_name));
            if (strcmp(reply, text("%s\n", kept)) != 0)
                fail_msg("%s: %s", class_name, reply);
            (void)desk_run(&d, text("RDELETE %s %s", class_name, kept));
            name[rows[i].max] = 'a';
            reply = desk_run(&d, text("RDEFINE %s %s", class_name, name));
            if (d.rc != 8 || (strncmp(reply, "IRR16001I", 9) != 0 &&
                              strncmp(reply, "IKJ56702I", 9) != 0))
                fail_msg("%s\n%s", class_name, reply);
        }
        (void)desk_run(&d, text("SETROPTS CLASSACT(%s)", class_name));
        got = saf_authorize(d.engine, &d.acee, str_of(class_name), STR("X"),
                            SAF_READ, NULL);
        if (got.rc.saf !=
            (rows[i].raclist == RACLIST_REQUIRED ? 4 : rows[i].rc))
            fail_msg("%s, not RACLISTed: %u/%u", class_name, got.rc.saf,
                     got.rc.racf);
        reply = desk_run(&d, text("SETROPTS RACLIST(%s)", class_name));
        if ((d.rc == 0) != (rows[i].raclist != RACLIST_DISALLOWED))
            fail_msg("%s\n%s", class_name, reply);
        got = saf_authorize(d.engine, &d.acee, str_of(class_name), STR("X"),
                            SAF_READ, NULL);
        if (got.rc.saf != rows[i].rc || got.rc.racf != rows[i].rc)
            fail_msg("%s: %u/%u", class_name, got.rc.saf, got.rc.racf);
    }
    desk_fini(&d);
}

static void
grouping(void **state)
{
    struct desk d;

    (void)state;
    desk_init(&d);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct saf_class *c = saf_class_find(str_of(rows[i].name));

        assert_non_null(c);
        assert_string_equal(c->group, rows[i].group);
        if (rows[i].group[0] == '\0')
            continue;
        c = saf_class_find(str_of(rows[i].group));
        assert_non_null(c);
        assert_string_equal(c->member, rows[i].name);
        assert_true((c->flags & CLASS_GROUPING) != 0);
        (void)desk_run(&d, text("RDEFINE %s G ADDMEM(M)", c->name));
        assert_int_equal(d.rc, 0);
        (void)desk_run(&d, text("SETROPTS CLASSACT(%s) RACLIST(%s)",
                                rows[i].name, rows[i].name));
        assert_int_equal(d.rc, 0);
        assert_int_equal(saf_authorize(d.engine, &d.acee, str_of(rows[i].name),
                                       STR("M"), SAF_READ, NULL)
                             .rc.saf,
                         0); /* as the creator */
    }
    desk_fini(&d);
}

/* Sorted, names of up to eight characters, no number of two unrelated rows. */
static void
whole_table(void **state)
{
    size_t n;
    const struct saf_class *v = saf_class_all(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_in_range(strlen(v[i].name), 3, 8);
        assert_true(v[i].max_length <= SAF_PROFILE_MAX);
        assert_true(v[i].posit == CLASS_POSIT_NONE || v[i].posit <= 1023);
        if (i > 0)
            assert_true(strcmp(v[i - 1].name, v[i].name) < 0);
    }
}

static void
members(void **state)
{
    static const struct row lines[] = {
        { "RDEFINE SECDATA SECLEVEL ADDMEM(PUBLIC/1 secret/100)", 0, "" },
        { "RDEFINE SECDATA CATEGORY ADDMEM(PAYROLL)", 0, "" },
        { "RALTER SECDATA SECLEVEL ADDMEM(BAD)", 8,
          "IKJ56702I INVALID MEMBER, BAD\n" },
        { "RALTER SECDATA SECLEVEL ADDMEM(BAD/0)", 8,
          "IKJ56702I INVALID MEMBER, BAD/0\n" },
        { "RALTER SECDATA SECLEVEL ADDMEM(BAD/255)", 8,
          "IKJ56702I INVALID MEMBER, BAD/255\n" },
        { "RALTER SECDATA CATEGORY ADDMEM(BAD/1)", 8,
          "IKJ56702I INVALID MEMBER, BAD/1\n" },
        { "RALTER SECDATA SECLEVEL DELMEM(PUBLIC)", 0, "" },
        { "RALTER SECDATA SECLEVEL DELMEM(PUBLIC)", 4,
          "ICH11105I PUBLIC NOT A MEMBER OF SECLEVEL\n" },
        { "RDEFINE NODES NODE1.USERJ.* UACC(READ) ADDMEM(fred)", 0,
          "ICH10321I NODE1.USERJ.* contains generic characters.\n" },
        { "RDEFINE FACILITY A.B ADDMEM(X)", 4,
          "ICH10004I ADDMEM DOES NOT APPLY\n" },
    };
    struct desk d;
    size_t n_wrong = 0;

    (void)state;
    desk_init(&d);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        const char *reply = desk_run(&d, lines[i].command);

        /* The message's id; words of others are in other tests. */
        if (d.rc == lines[i].rc && strncmp(reply, lines[i].reply, 9) == 0)
            continue;
        print_error("%s\n%u %s\n", lines[i].command, d.rc, reply);
        n_wrong++;
    }
    assert_int_equal(n_wrong, 0);
    assert_non_null(
        strstr(desk_run(&d, "RLIST SECDATA SECLEVEL"), "\nSECRET/100\n"));
    assert_null(strstr(buf_z(&d.out), "PUBLIC"));
    assert_non_null(
        strstr(desk_run(&d, "RLIST SECDATA CATEGORY"), "\nPAYROLL\n"));
    assert_non_null(
        strstr(desk_run(&d, "RLIST NODES NODE1.USERJ.*"), "\nFRED\n"));
    desk_fini(&d);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class),
        cmocka_unit_test(grouping),
        cmocka_unit_test(whole_table),
        cmocka_unit_test(members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
