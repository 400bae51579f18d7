/* RDEFINE and its kin: members, generic beside discrete profiles. */
#include "saf/test_cmd.h"

struct row {
    const char *command;
    uint32_t rc;
    const char *reply;
};

static void
run_rows(struct desk *d, const struct row *rows, size_t n)
{
    size_t n_wrong = 0;

    for (size_t i = 0; i < n; i++) {
        const char *reply = desk_run(d, rows[i].command);

        if (strcmp(reply, rows[i].reply) == 0 && d->rc == rows[i].rc)
            continue;
        print_error("%s\nRC %u, not %u\n%s", rows[i].command, d->rc, rows[i].rc,
                    reply);
        n_wrong++;
    }
    assert_int_equal(n_wrong, 0);
}

/* The members as RLIST shows them. */
static void
members_are(struct desk *d, const char *profile, const char *heading,
            const char *want)
{
    const char *from, *to;
    char command[128];

    snprintf(command, sizeof command, "RLIST %s", profile);
    from = strstr(desk_run(d, command), heading);
    if (from == NULL)
        fail_msg("%s", buf_z(&d->out));
    from = strchr(strchr(from, '\n') + 1, '\n') + 1; /* and its dashes */
    to = strstr(from, "\n\n");
    assert_non_null(to);
    if (strlen(want) != (size_t)(to - from) ||
        memcmp(from, want, strlen(want)) != 0)
        fail_msg("%s\nis\n%.*s\nnot\n%s", profile, (int)(to - from), from,
                 want);
}

static void
members_with_suffixes(void **state)
{
    static const struct row rows[] = {
        { "RDEFINE GLOBAL DATASET ADDMEM('SYS1.HELP'/READ,"
          "'&RACUID.**'/ALTER MINE.X/UPDATE &RACUID.A/NONE)",
          0, "" },
        { "RDEFINE GLOBAL FACILITY ADDMEM('a.b'/READ C.D/UPDATE)", 0, "" },
        { "RDEFINE PROGRAM ** ADDMEM('SYS1.LINKLIB'//NOPADCHK,"
          "'SYS1.CMDLIB'/'******'/NOPADCHK 'SYS1.X'/VOL001/PADCHK,"
          "'SYS1.Y' MY.LIB/vol002)",
          0,
          "ICH10321I ** CONTAINS GENERIC CHARACTERS, BUT GENERICS ARE NOT"
          " ENABLED FOR CLASS PROGRAM. A DISCRETE PROFILE IS CREATED.\n" },
        { "RDEFINE GEJBROLE R ADDMEM('App.Read' App.Write)", 0, "" },
        { "RDEFINE RACFVARS &V ADDMEM('A' B)", 0, "" },
    };
    static const struct row more[] = {
        { "RALTER GLOBAL DATASET DELMEM('SYS1.HELP'/READ MINE.X)", 0, "" },
        { "RALTER PROGRAM ** DELMEM('SYS1.Y' 'SYS1.X'/VOL001/PADCHK)", 0, "" },
        { "RALTER GEJBROLE R DELMEM('App.Read') ADDMEM(App.New)", 0, "" },
        { "RALTER PROGRAM ** DELMEM('SYS1.NONE')", 4,
          "ICH11105I SYS1.NONE//PADCHK IS NOT A MEMBER OF **\n" },
        { "RALTER GLOBAL DATASET DELMEM('SYS1.HELP'/READ)", 4,
          "ICH11105I SYS1.HELP IS NOT A MEMBER OF DATASET\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    members_are(&d, "GLOBAL DATASET", "RESOURCES IN GROUP",
                "SYS1.HELP/READ\n&RACUID.**/ALTER\nIBMUSER.MINE.X/UPDATE\n"
                "&RACUID.A/NONE");
    members_are(&d, "GLOBAL FACILITY", "RESOURCES IN GROUP",
                "A.B/READ\nC.D/UPDATE");
    members_are(&d, "PROGRAM **", "DATA SET NAME",
                "SYS1.LINKLIB                                           NO\n"
                "SYS1.CMDLIB                                   ******   NO\n"
                "SYS1.X                                        VOL001   YES\n"
                "SYS1.Y                                                 YES\n"
                "IBMUSER.MY.LIB                                VOL002   YES");
    members_are(&d, "GEJBROLE R", "RESOURCES IN GROUP", "App.Read\nApp.Write");
    members_are(&d, "RACFVARS &V", "RESOURCES IN GROUP", "A\nB");
    run_rows(&d, more, ARRAY_LEN(more));
    members_are(&d, "GLOBAL DATASET", "RESOURCES IN GROUP",
                "&RACUID.**/ALTER\n&RACUID.A/NONE");
    members_are(&d, "PROGRAM **", "DATA SET NAME",
                "SYS1.LINKLIB                                           NO\n"
                "SYS1.CMDLIB                                   ******   NO\n"
                "IBMUSER.MY.LIB                                VOL002   YES");
    members_are(&d, "GEJBROLE R", "RESOURCES IN GROUP", "App.Write\nApp.New");
    desk_fini(&d);
}

static void
bad_members_are_refused(void **state)
{
    static const struct row rows[] = {
        { "RDEFINE GLOBAL DATASET ADDMEM('SYS1.HELP')", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1.HELP'\n" },
        { "RDEFINE GLOBAL DATASET ADDMEM('SYS1.HELP'/)", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1.HELP'/\n" },
        { "RDEFINE GLOBAL DATASET ADDMEM('SYS1.HELP'/REED)", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1.HELP'/REED\n" },
        { "RDEFINE GLOBAL DATASET ADDMEM('SYS1.HELP/READ)", 8,
          "IKJ56702I INVALID ADDMEM, 'SYS1.HELP/READ)\n" },
        { "RDEFINE GLOBAL DATASET ADDMEM(/READ)", 8,
          "IKJ56702I INVALID MEMBER, /READ\n" },
        { "RDEFINE PROGRAM P ADDMEM('SYS1.A'/TOOLONGV/NOPADCHK)", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1.A'/TOOLONGV/NOPADCHK\n" },
        { "RDEFINE PROGRAM P ADDMEM('SYS1.A'/VOL001/MAYBE)", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1.A'/VOL001/MAYBE\n" },
        { "RDEFINE PROGRAM P ADDMEM('SYS1'/VOL001/PADCHK)", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1'/VOL001/PADCHK\n" },
        { "RDEFINE PROGRAM P ADDMEM('1X.A'//PADCHK)", 8,
          "IKJ56702I INVALID MEMBER, '1X.A'//PADCHK\n" },
        { "RDEFINE GEJBROLE R ADDMEM(()", 8, "IKJ56702I INVALID ADDMEM, (\n" },
        { "RDEFINE FACILITY F ADDMEM(A)", 4,
          "ICH10304I CLASS FACILITY HAS NO MEMBERS, ADDMEM AND DELMEM"
          " IGNORED\n" },
        { "RALTER FACILITY F ADDMEM(A)", 4,
          "ICH11304I CLASS FACILITY HAS NO MEMBERS, ADDMEM AND DELMEM"
          " IGNORED\n" },
        { "RLIST GLOBAL DATASET", 4, "ICH13003I DATASET NOT FOUND\n" },
        { "RLIST PROGRAM P", 4, "ICH13003I P NOT FOUND\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_with_suffixes),
        cmocka_unit_test(bad_members_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
