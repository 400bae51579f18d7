#include "base/test.h"
#include "batch/jcl.h"
#include "batch/job_wire.h"

#include <string.h>

static const char procedure[] = "//BAQSTRT PROC PARMS='myServer --clean',\n"
                                "//  HOME='/usr/lpp'\n"
                                "//ZCON EXEC PGM=BPXBATSL,\n"
                                "//  PARM='PGM &HOME./bin/zosconnect run "
                                "&PARMS.'\n"
                                "//STDOUT DD SYSOUT=*\n"
                                "//STDENV DD *\n"
                                "_BPX_SHAREAS=YES\n"
                                "//*\n"
                                "// PEND\n";

static enum err
read_proc(void *arg, struct arena *arena, struct str library, struct str member,
          struct str *text, struct err_info *why)
{
    (void)arg;
    (void)arena;
    if (library.n > 0 && !str_eq_z(library, "MY.PROCLIB"))
        return err_set(why, ERR_NOT_FOUND, "no library");
    if (str_eq_z(member, "LOOP"))
        *text = STR("//S EXEC LOOP\n");
    else if (str_eq_z(member, "BAQSTRT"))
        *text = str_of(procedure);
    else
        return err_set(why, ERR_NOT_FOUND, "no member");
    return ERR_OK;
}

struct parsed {
    struct arena arena;
    struct jcl_job job;
    struct jcl_errors errors;
    struct err_info why;
    enum err e;
};

static void
parse(struct parsed *p, const char *text)
{
    struct str in = exact_copy(text);
    struct jcl_env env = { .sysuid = STR("FRED"), .proc = read_proc };

    memset(p, 0, sizeof *p);
    arena_init(&p->arena, 16 * 1024 * 1024);
    p->e = jcl_parse(&p->arena, in, &env, &p->job, &p->errors, &p->why);
    exact_free(in);
    if (p->e != ERR_OK)
        assert_true(p->e == ERR_MEMORY || p->errors.n_all > 0);
}

static const char getapi[] =
    "//USER1GET JOB MSGCLASS=H,NOTIFY=&SYSUID,USER=USER1\n"
    "//* a comment\n"
    "//GETAPI EXEC PGM=GETAPI,PARM='111111'\n"
    "//STEPLIB DD DISP=SHR,DSN=USER1.ZCEE30.LOADLIB\n"
    "// DD DISP=SHR,DSN=ZCEE30.SBAQLIB\n"
    "//SYSPRINT DD SYSOUT=*     a remark\n"
    "//CEEOPTS DD *\n"
    "POSIX(ON),\n"
    "ENVAR(\"BAQPORT=9080\")\n"
    "/*\n";

static void
exercise_job(void **state)
{
    struct parsed p;
    struct jcl_dd *dd;

    (void)state;
    parse(&p, getapi);
    if (p.e != ERR_OK)
        fail_msg("%s", p.why.text);
    assert_string_equal(p.job.name, "USER1GET");
    assert_string_equal(p.job.user, "USER1");
    assert_string_equal(p.job.notify, "FRED");
    assert_int_equal(p.job.msgclass, 'H');
    assert_int_equal(p.job.n_steps, 1);
    assert_string_equal(p.job.steps->pgm, "GETAPI");
    assert_true(str_eq_z(p.job.steps->parm, "111111"));
    dd = p.job.steps->dds;
    assert_string_equal(dd->name, "STEPLIB");
    assert_true(str_eq_z(dd->concat->dsn, "ZCEE30.SBAQLIB"));
    assert_int_equal(dd->next->kind, JCL_DD_SYSOUT);
    dd = dd->next->next;
    assert_true(str_eq_z(dd->data, "POSIX(ON),\nENVAR(\"BAQPORT=9080\")\n"));
    arena_fini(&p.arena);
}

static void
order_round_trip(void **state)
{
    struct parsed p;
    struct job_order in = { 0 }, out;
    struct buf wire;

    (void)state;
    parse(&p, getapi);
    in.job = p.job;
    strcpy(in.name, "USER1GET");
    strcpy(in.id, "JOB00001");
    strcpy(in.user, "USER1");
    buf_init(&wire, 1 << 20);
    job_encode(&wire, &in);
    assert_int_equal(job_decode(&p.arena, buf_view(&wire), &out, NULL), ERR_OK);
    assert_string_equal(out.id, "JOB00001");
    assert_true(str_eq_z(out.job.steps->dds->concat->dsn, "ZCEE30.SBAQLIB"));
    assert_true(str_eq_z(out.job.steps->parm, "111111"));
    /* Every shorter message is refused. */
    for (size_t n = 0; n < wire.n; n++) {
        struct str cut = exact_copy_n(wire.p, n);

        assert_int_equal(job_decode(&p.arena, cut, &out, NULL), ERR_SYNTAX);
        exact_free(cut);
    }
    buf_fini(&wire);
    arena_fini(&p.arena);
}

static void
started_task(void **state)
{
    struct jcl_symbol symbols[] = { { STR("PARMS"), STR("zcee2") } };
    struct jcl_env env = { .sysuid = STR("STARTING"),
                           .proc = read_proc,
                           .start = symbols,
                           .n_start = 1 };
    struct arena arena;
    struct jcl_job job;
    struct jcl_errors errors;
    struct err_info why;

    (void)state;
    arena_init(&arena, 16 * 1024 * 1024);
    assert_int_equal(jcl_start(&arena, STR("BAQSTRT"), STR("MYJOB"), &env, &job,
                               &errors, &why),
                     ERR_OK);
    assert_string_equal(job.name, "MYJOB");
    assert_string_equal(job.steps->name, "ZCON");
    assert_string_equal(job.steps->proc_step, "STARTING");
    assert_true(
        str_eq_z(job.steps->parm, "PGM /usr/lpp/bin/zosconnect run zcee2"));
    assert_true(str_eq_z(job.steps->dds->next->data, "_BPX_SHAREAS=YES\n"));
    symbols[0].name = STR("NOSUCH");
    assert_int_equal(jcl_start(&arena, STR("BAQSTRT"), STR("MYJOB"), &env, &job,
                               &errors, &why),
                     ERR_SYNTAX);
    assert_int_equal(
        jcl_start(&arena, STR("../x"), STR("MYJOB"), &env, &job, &errors, &why),
        ERR_SYNTAX);
    arena_fini(&arena);
}

static void
values(void **state)
{
    /* A step's text, and what its PARM becomes. */
    static const struct {
        const char *text, *parm;
    } rows[] = {
        { "//S EXEC PGM=A,PARM=ABC\n", "ABC" },
        { "//S EXEC PGM=A,PARM='It''s'\n", "It's" },
        { "//S EXEC PGM=A,PARM=(A,'b,c',D)\n", "A,b,c,D" },
        { "//S EXEC PGM=A,\n//  PARM='x'\n", "x" },
        { "//S EXEC PGM=A, remark\n//* between\n//     PARM='x'\n", "x" },
        { "// SET V=ONE,W='two words'\n//S EXEC PGM=A,PARM='&V.&W'\n",
          "ONEtwo words" },
        { "// SET V=ONE\n//S EXEC PGM=A,PARM='&V..X &&V &NOSUCH'\n",
          "ONE.X &V &NOSUCH" },
        { "//S EXEC PGM=A,PARM=&SYSUID\n", "FRED" },
        { "//P PROC X=1\n//Q EXEC PGM=A,PARM='&X'\n// PEND\n//S EXEC P\n",
          "1" },
        { "//P PROC X=1\n//Q EXEC PGM=A,PARM='&X'\n// PEND\n//S EXEC P,X=2\n",
          "2" },
        { "//P PROC\n//Q EXEC PGM=A,PARM='old'\n// PEND\n"
          "//S EXEC P,PARM.Q='new'\n",
          "new" },
        { "// JCLLIB ORDER=MY.PROCLIB\n//S EXEC BAQSTRT,PARMS=X,HOME='/h'\n",
          "PGM /h/bin/zosconnect run X" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed p;
        char text[1024];

        snprintf(text, sizeof text, "//J JOB\n%s", rows[i].text);
        parse(&p, text);
        if (p.e != ERR_OK)
            fail_msg("row %zu: %s", i, p.why.text);
        if (!str_eq_z(p.job.steps->parm, rows[i].parm))
            fail_msg("row %zu: got \"%.*s\"", i, STR_ARG(p.job.steps->parm));
        arena_fini(&p.arena);
    }
}

static void
quoted_continuation(void **state)
{
    char text[256], first[80];
    struct parsed p;
    int n = snprintf(first, sizeof first, "//S EXEC PGM=A,PARM='");

    (void)state;
    while (n < 71)
        first[n++] = 'a';
    first[n] = '\0';
    snprintf(text, sizeof text, "//J JOB\n%s\n//             XYZ'\n", first);
    parse(&p, text);
    if (p.e != ERR_OK)
        fail_msg("%s", p.why.text);
    assert_int_equal(p.job.steps->parm.n, 50 + 3);
    assert_true(str_ends(p.job.steps->parm, STR("XYZ")));
    arena_fini(&p.arena);
}

static void
data_and_delimiters(void **state)
{
    static const struct {
        const char *text, *data;
    } rows[] = {
        { "//D DD *\na\nb\n/*\n", "a\nb\n" },
        { "//D DD *\na\n//E DD DUMMY\n", "a\n" },
        { "//D DD DATA\n//X JOB\n/*\n", "//X JOB\n" },
        { "//D DD *,DLM=$$\na\n/*\n//\n$$\n", "a\n/*\n//\n" },
        { "//D DD *,DLM='@@'\n@@\n", "" },
        { "//D DD *", "" },
        { "//D DD *\nlast without end", "last without end\n" },
        { "//D DD *\r\na\r\n/*\r\n", "a\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed p;
        char text[512];

        snprintf(text, sizeof text, "//J JOB\n//S EXEC PGM=IEFBR14\n%s",
                 rows[i].text);
        parse(&p, text);
        if (p.e != ERR_OK)
            fail_msg("row %zu: %s", i, p.why.text);
        if (!str_eq_z(p.job.steps->dds->data, rows[i].data))
            fail_msg("row %zu: got \"%.*s\"", i,
                     STR_ARG(p.job.steps->dds->data));
        arena_fini(&p.arena);
    }
}

static void
procedure_overrides(void **state)
{
    static const char text[] = "//J JOB\n"
                               "//P PROC\n"
                               "//A EXEC PGM=ONE\n"
                               "//IN DD DUMMY\n"
                               "//B EXEC PGM=TWO\n"
                               "//IN DD DUMMY\n"
                               "// PEND\n"
                               "//S EXEC P,COND.B=(4,LT)\n"
                               "//B.IN DD DISP=SHR,DSN=X.Y(Z)\n"
                               "//NEW DD *\n"
                               "data\n";
    struct parsed p;
    struct jcl_step *b;

    (void)state;
    parse(&p, text);
    if (p.e != ERR_OK)
        fail_msg("%s", p.why.text);
    assert_int_equal(p.job.n_steps, 2);
    assert_int_equal(p.job.steps->dds->kind, JCL_DD_DUMMY);
    assert_int_equal(p.job.steps->conds.n, 0);
    b = p.job.steps->next;
    assert_int_equal(b->conds.n, 1);
    assert_int_equal(b->conds.v[0].op, JCL_LT);
    assert_int_equal(b->dds->kind, JCL_DD_DSN);
    assert_string_equal(b->dds->member, "Z");
    assert_string_equal(b->dds->next->name, "NEW");
    arena_fini(&p.arena);
}

static void
job_card(void **state)
{
    struct parsed p;

    (void)state;
    parse(&p, "//J JOB (ACCT,1),'A. NAME',CLASS=B,TIME=(1,30),\n"
              "//   PASSWORD=SECRET,COND=((8,LT),(4,EQ,S1)),TYPRUN=SCAN\n"
              "//S EXEC PGM=IEFBR14,TIME=NOLIMIT\n//\nnot read\n");
    if (p.e != ERR_OK)
        fail_msg("%s", p.why.text);
    assert_true(str_eq_z(p.job.programmer, "A. NAME"));
    assert_int_equal(p.job.time_s, 90);
    assert_true(str_eq_z(p.job.password, "SECRET"));
    assert_int_equal(p.job.conds.n, 2);
    assert_string_equal(p.job.conds.v[1].step, "S1");
    assert_true(p.job.scan);
    arena_fini(&p.arena);
}

/* Statement, id, line, column. */
static void
refusals(void **state)
{
    static const struct {
        const char *text, *id;
        uint32_t line;
        uint16_t column;
    } rows[] = {
        { "", "IEFC607I", 1, 1 },
        { "//J JOB\n", "IEFC607I", 2, 1 },
        { "hello\n", "IEFC607I", 1, 1 },
        { "//S EXEC PGM=A\n", "IEFC607I", 1, 1 },
        { "//1J JOB\n//S EXEC PGM=A\n", "IEFC662I", 1, 3 },
        { "//TOOLONGNAME JOB\n//S EXEC PGM=A\n", "IEFC662I", 1, 3 },
        { "// JOB\n//S EXEC PGM=A\n", "IEFC662I", 1, 3 },
        { "//J JOB USER=\n//S EXEC PGM=A\n", "IEFC638I", 1, 14 },
        { "//J JOB USER=TOOLONGID\n//S EXEC PGM=A\n", "IEFC638I", 1, 14 },
        { "//J JOB USR=A\n//S EXEC PGM=A\n", "IEFC630I", 1, 9 },
        { "//J JOB TYPRUN=X\n//S EXEC PGM=A\n", "IEFC638I", 1, 16 },
        { "//J JOB TIME=(1,99)\n//S EXEC PGM=A\n", "IEFC638I", 1, 14 },
        { "//J JOB MSGCLASS=AB\n//S EXEC PGM=A\n", "IEFC638I", 1, 18 },
        { "//J JOB A,B,C\n//S EXEC PGM=A\n", "IEFC640I", 1, 13 },
        { "//J JOB\n//S EXEC\n", "IEFC006I", 2, 1 },
        { "//J JOB\n//S EXEC PGM=\n", "IEFC638I", 2, 14 },
        { "//J JOB\n//S EXEC PGM=A.B\n", "IEFC638I", 2, 14 },
        { "//J JOB\n//S EXEC PGM=A,PRM=X\n", "IEFC630I", 2, 16 },
        { "//J JOB\n//S EXEC PARM=X,PGM=A\n", "IEFC638I", 2, 15 },
        { "//J JOB\n//S EXEC PGM=A,PARM='x\n", "IEFC627I", 2, 23 },
        { "//J JOB\n//S EXEC PGM=A,PARM='x'y\n", "IEFC627I", 2, 24 },
        { "//J JOB\n//S EXEC PGM=A,PARM=(a\n", "IEFC622I", 2, 23 },
        { "//J JOB\n//S EXEC PGM=A,PARM=a)\n", "IEFC622I", 2, 22 },
        { "//J JOB\n//S EXEC PGM=A,\n//D DD DUMMY\n", "IEFC621I", 3, 3 },
        { "//J JOB\n//S EXEC PGM=A,\n", "IEFC621I", 2, 1 },
        { "//J JOB\n//S EXEC PGM=A,\n//                 PARM=X\n", "IEFC624I",
          3, 20 },
        { "//J JOB\n//S EXEC NOPROC\n", "IEFC612I", 2, 10 },
        { "//J JOB\n//S EXEC LOOP\n", "IEFC615I", 1, 10 },
        { "//J JOB\n//S EXEC BAQSTRT,NOSUCH=1\n", "IEFC657I", 2, 18 },
        { "//J JOB\n//S EXEC PGM=&NOSUCH\n", "IEFC657I", 2, 14 },
        { "//J JOB\n//S EXEC PGM=A,COND=(4)\n", "IEFC638I", 2, 22 },
        { "//J JOB\n//S EXEC PGM=A,COND=(4,XX)\n", "IEFC638I", 2, 21 },
        { "//J JOB\n//S EXEC PGM=A\n//D DD\n", "IEFC006I", 3, 1 },
        { "//J JOB\n//S EXEC PGM=A\n//D DD DNS=A\n", "IEFC630I", 3, 8 },
        { "//J JOB\n//S EXEC PGM=A\n//D DD DSN=../etc\n", "IEFC638I", 3, 12 },
        { "//J JOB\n//S EXEC PGM=A\n//D DD DSN=A.TOOLONGQUAL\n", "IEFC638I", 3,
          12 },
        { "//J JOB\n//S EXEC PGM=A\n//D DD DSN=A(../X)\n", "IEFC638I", 3, 12 },
        { "//J JOB\n//S EXEC PGM=A\n//D DD DSN=A,DISP=SHX\n", "IEFC638I", 3,
          19 },
        { "//J JOB\n//S EXEC PGM=A\n//D DD PATH='etc'\n", "IEFC638I", 3, 13 },
        { "//J JOB\n//S EXEC PGM=A\n//D DD DUMMY,DLM=XX\n", "IEFC630I", 3, 8 },
        { "//J JOB\n//S EXEC PGM=A\n//D DD DUMMY\n//D DD DUMMY\n", "IEFC662I",
          4, 3 },
        { "//J JOB\n//S EXEC PGM=A\n// DD DUMMY\n", "IEFC662I", 3, 3 },
        { "//J JOB\n//D DD DUMMY\n//S EXEC PGM=A\n", "IEFC607I", 2, 1 },
        { "//J JOB\n//S EXEC PGM=A\n//K JOB\n", "IEFC019I", 3, 5 },
        { "//J JOB\n// IF RC=0 THEN\n//S EXEC PGM=A\n", "IEFC605I", 2, 4 },
        { "//J JOB\n//S EXAC PGM=A\n", "IEFC605I", 2, 5 },
        { "//J JOB\n//LONELY\n//S EXEC PGM=A\n", "IEFC605I", 2, 9 },
        { "//J JOB\n//P PROC\n//S EXEC PGM=A\n", "IEFC614I", 2, 1 },
        { "//J JOB\n//S EXEC PGM=A\tX\n", "IEFC009I", 2, 15 },
        { "//J JOB\n// SET A\n//S EXEC PGM=A\n", "IEFC630I", 2, 8 },
        { "//J JOB\nstray\n//S EXEC PGM=A\n", "IEFC605I", 2, 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed p;
        const struct jcl_error *e = &p.errors.v[0];

        parse(&p, rows[i].text);
        if (p.e == ERR_OK)
            fail_msg("row %zu was accepted: %s", i, rows[i].text);
        if (strncmp(e->text, rows[i].id, 8) != 0 ||
            e->pos.line != rows[i].line || e->pos.column != rows[i].column)
            fail_msg("row %zu: got %u:%u %s", i, e->pos.line, e->pos.column,
                     e->text);
        assert_null(p.job.steps);
        arena_fini(&p.arena);
    }
}

static void
long_things(void **state)
{
    static char text[400000];
    size_t n;
    struct parsed p;

    (void)state;
    n = (size_t)sprintf(text, "//J JOB\n//S EXEC PGM=A,PARM='");
    memset(text + n, 'x', 30);
    strcpy(text + n + 30, "',                                  Z12345678\n");
    parse(&p, text); /* column 72 on is not read */
    assert_int_equal(p.e, ERR_SYNTAX);
    arena_fini(&p.arena);

    n = (size_t)sprintf(text, "//J JOB\n//S EXEC PGM=A");
    memset(text + n, ' ', 100);
    strcpy(text + n + 100, "\n");
    parse(&p, text);
    assert_int_equal(p.errors.v[0].pos.column, 81);
    arena_fini(&p.arena);

    n = (size_t)sprintf(text, "//J JOB\n");
    for (int i = 0; i < 300; i++)
        n += (size_t)sprintf(text + n, "//S EXEC PGM=A\n");
    parse(&p, text);
    assert_int_equal(p.e, ERR_LIMIT);
    arena_fini(&p.arena);

    n = (size_t)sprintf(text, "//J JOB\n//S EXEC PGM=A,\n");
    for (int i = 0; i < 2000; i++)
        n += (size_t)sprintf(text + n, "//  REGION=0M,\n");
    parse(&p, text);
    assert_int_not_equal(p.e, ERR_OK);
    arena_fini(&p.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exercise_job),
        cmocka_unit_test(order_round_trip),
        cmocka_unit_test(started_task),
        cmocka_unit_test(values),
        cmocka_unit_test(quoted_continuation),
        cmocka_unit_test(data_and_delimiters),
        cmocka_unit_test(procedure_overrides),
        cmocka_unit_test(job_card),
        cmocka_unit_test(refusals),
        cmocka_unit_test(long_things),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
