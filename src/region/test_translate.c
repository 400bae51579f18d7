#include "base/test.h"
#include "region/command.h"
#include "region/translate.h"

static bool
copy(void *arg, struct str member, struct buf *out)
{
    (void)arg;
    if (!str_eq_z(member, "WITHEXEC"))
        return false;
    buf_add_z(out, "           EXEC CICS RETURN END-EXEC.\n");
    return true;
}

static enum err
run(const char *source, struct buf *out, struct err_info *why)
{
    struct translate_options options = { .name = "T.cbl", .copy = copy };
    struct str text = exact_copy(source);
    enum err e;

    buf_init(out, 1u << 20);
    e = translate(text, &options, out, why);
    exact_free(text);
    return e;
}

#define HEAD                                                                   \
    "       PROGRAM-ID. T.\n"                                                  \
    "       DATA DIVISION.\n"                                                  \
    "       WORKING-STORAGE SECTION.\n"                                        \
    "       PROCEDURE DIVISION.\n"

static void
translates(void **state)
{
    static const struct {
        const char *source, *holds;
    } rows[] = {
        { HEAD "           EXEC CICS RETURN END-EXEC.\n",
          "CALL 'zexec' USING BY CONTENT 'RETURN:;' END-CALL IF DFHEIGDI < 0 "
          "GOBACK END-IF ." },
        { HEAD "           GOBACK.\n",
          "LINKAGE SECTION. COPY DFHEIBLK. 01 DFHCOMMAREA PIC X. PROCEDURE "
          "DIVISION USING DFHEIBLK DFHCOMMAREA ." },
        { HEAD "           exec cics read file('F') into(A)\n"
               "              ridfld(K OF G) resp(R) resp2(R2) end-exec\n",
          "'READ:FILE,INTO,RIDFLD;R' BY CONTENT 'F' BY REFERENCE A BY "
          "REFERENCE K OF G END-CALL MOVE EIBRESP TO R MOVE EIBRESP2 TO R2" },
        { HEAD "           EXEC CICS READ DATASET(F) INTO(A(2:3)) UPDATE\n"
               "                RIDFLD(K) LENGTH(LENGTH OF A) END-EXEC\n",
          "'READ:FILE,INTO,*UPDATE,RIDFLD,LENGTH;' BY REFERENCE F BY "
          "REFERENCE A ( 2 : 3 ) BY REFERENCE K BY CONTENT LENGTH OF A" },
        { HEAD "           EXEC CICS WRITEQ TD QUEUE('CSMT') FROM(A)\n"
               "               LENGTH(N + 1) NOHANDLE END-EXEC\n",
          "COMPUTE ZEX-TMP (1) = N + 1 CALL 'zexec' USING BY CONTENT "
          "'WRITETD:QUEUE,FROM,LENGTH;R' BY CONTENT 'CSMT' BY REFERENCE A BY "
          "REFERENCE ZEX-TMP (1) END-CALL" },
        { HEAD "           EXEC CICS HANDLE CONDITION NOTFND(L1) ERROR\n"
               "           END-EXEC.\n",
          "'HCOND:NOTFND=1,*ERROR;' END-CALL GO TO L1 DEPENDING ON "
          "DFHEIGDI" },
        { HEAD "           IF R = DFHRESP(NOTFND) OR DFHRESP(DUPREC)\n",
          "IF R = 13 OR 14" },
        { HEAD "           DISPLAY 'EXEC CICS DFHRESP(NOTFND)'.\n",
          "DISPLAY 'EXEC CICS DFHRESP(NOTFND)'." },
        { HEAD "      *    EXEC CICS NONSENSE\n           GOBACK.\n",
          "      *    EXEC CICS NONSENSE" },
        { "       PROCESS CICS,NODUMP\n" HEAD, "      *PROCESS CICS" },
        { HEAD "           COPY WITHEXEC .\n", "'RETURN:;'" },
        { HEAD "           EXEC CICS ABEND ABCODE('AB\n"
               "      -    'CD') END-EXEC.\n",
          "AB" },
        { HEAD "           EXEC CICS RETURN END-EXEC.                 "
               "               12345678\n",
          "GOBACK END-IF ." },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err_info why = { 0 };
        size_t in = 0, lines = 0;
        struct buf out;

        if (run(rows[i].source, &out, &why) != ERR_OK)
            fail_msg("row %zu: %s", i, why.text);
        if (str_find(buf_view(&out), str_of(rows[i].holds)) == STR_NPOS)
            fail_msg("row %zu: no \"%s\" in\n%s", i, rows[i].holds,
                     buf_z(&out));
        for (const char *p = rows[i].source; *p != '\0'; p++)
            in += *p == '\n';
        for (size_t k = 0; k < out.n; k++)
            lines += out.p[k] == '\n';
        assert_int_equal(in, lines);
        buf_fini(&out);
    }
}

static void
refuses(void **state)
{
    static const struct {
        const char *source, *says;
    } rows[] = {
        { "", "PROCEDURE DIVISION" },
        { HEAD "           EXEC SQL COMMIT END-EXEC.\n", "5:12: only EXEC" },
        { HEAD "           EXEC CICS RETURN.\n", "5:12: EXEC CICS has no" },
        { HEAD "           EXEC CICS END-EXEC.\n", "without a command" },
        { HEAD "           EXEC CICS SEND MAP('A') END-EXEC.\n",
          "5:22: EXEC CICS SEND is not a command" },
        { HEAD "           EXEC CICS READ FILE('A') END-EXEC.\n",
          "READ needs RIDFLD" },
        { HEAD "           EXEC CICS READ FILE('A') RIDFLD(B) COLOUR(C)\n"
               "           END-EXEC.\n",
          "5:47: READ: \"COLOUR\" is not an option" },
        { HEAD "           EXEC CICS READ FILE('A') RIDFLD(B) RIDFLD(C)\n"
               "           END-EXEC.\n",
          "given twice" },
        { HEAD "           EXEC CICS READ FILE RIDFLD(B) END-EXEC.\n",
          "FILE needs an argument" },
        { HEAD "           EXEC CICS READ FILE('A') RIDFLD(B) UPDATE(C)\n"
               "           END-EXEC.\n",
          "UPDATE takes no argument" },
        { HEAD "           EXEC CICS READ FILE('A') RIDFLD(B) INTO('C')\n"
               "           END-EXEC.\n",
          "INTO needs a data area" },
        { HEAD "           EXEC CICS READ FILE(('A') RIDFLD(B) END-EXEC.\n",
          "closing parenthesis" },
        { HEAD "           EXEC CICS READ FILE() RIDFLD(B) END-EXEC.\n",
          "is empty" },
        { HEAD "           EXEC CICS HANDLE CONDITION NOSUCH(L) END-EXEC.\n",
          "is not a condition" },
        { HEAD "           IF R = DFHRESP(NOSUCH)\n", "5:19: DFHRESP" },
        { HEAD "       PROGRAM-ID. TWO.\n", "5:8: a second program" },
        { "       PROGRAM-ID. T.\n       PROCEDURE DIVISION\n", "no period" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err_info why = { 0 };
        struct buf out;

        assert_int_not_equal(run(rows[i].source, &out, &why), ERR_OK);
        if (strstr(why.text, rows[i].says) == NULL)
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, why.text,
                     rows[i].says);
        buf_fini(&out);
    }
}

static void
tables_agree(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_CICS_COMMANDS; i++) {
        const struct command_row *row = command_row((enum cics_command)i);

        assert_int_equal(row->command, i);
        assert_ptr_equal(command_by_id(str_of(row->id)), row);
        assert_true(row->n_options < 64);
    }
    for (unsigned i = 0; i < N_CICS_OPTIONS; i++) {
        enum cics_option found;

        assert_true(
            option_find(str_of(option_name((enum cics_option)i)), &found));
        assert_int_equal(found, i);
    }
    assert_int_equal(condition_by_name(STR("notfnd"))->resp, 13);
    assert_string_equal(condition_by_resp(110)->name, "CONTAINERERR");
}

static void
plans(void **state)
{
    static const char *const bad[] = {
        "",
        "READ",
        "NOSUCH:;",
        "READ:NOSUCH;",
        "READ:FILE,FILE;",
        "READ:CHANNEL;",
        "HCOND:NOSUCH=1;",
        "HABEND:LABEL=x;",
    };
    struct err_info why;
    struct plan plan;

    (void)state;
    assert_int_equal(plan_read(STR("READ:FILE,*UPDATE,RIDFLD;R"), &plan, &why),
                     ERR_OK);
    assert_true(plan.handles_response && plan.has[OPT_UPDATE]);
    assert_int_equal(plan.param[OPT_FILE], 2);
    assert_int_equal(plan.param[OPT_UPDATE], 0);
    assert_int_equal(plan.param[OPT_RIDFLD], 3);
    assert_int_equal(plan_read(STR("HABEND:LABEL=7;"), &plan, &why), ERR_OK);
    assert_int_equal(plan.label[OPT_LABEL], 7);
    assert_int_equal(plan.param[OPT_LABEL], 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(plan_read(str_of(bad[i]), &plan, &why), ERR_SYNTAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(translates),
        cmocka_unit_test(refuses),
        cmocka_unit_test(tables_agree),
        cmocka_unit_test(plans),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
