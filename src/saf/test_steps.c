/* The steps of an access decision in their order, a row at least for each: who
 * asks for what, what answers, and which entry decided. Then what is recorded,
 * and the order in which identities are mapped. */
#include "saf/engine.h"
#include "saf/idmap.h"
#include "saf/test_cmd.h"

static const char *const setup[] = {
    "ADDGROUP (PAY STAFF LEAD)",
    "ADDUSER (FRED MARY REST OPER GOPER WATCHED) DFLTGRP(STAFF) PASSWORD(X)",
    "CONNECT (FRED REST) GROUP(PAY)",
    "CONNECT (FRED REST) GROUP(LEAD)",
    "CONNECT GOPER GROUP(PAY) OPERATIONS",
    "ALTUSER REST RESTRICTED",
    "ALTUSER OPER OPERATIONS",
    "ALTUSER IBMUSER AUDITOR",
    "SETROPTS GRPLIST NOADDCREATOR GENERIC(FACILITY DATASET)",
    "SETROPTS CLASSACT(FACILITY DASDVOL SERVAUTH TERMINAL XFACILIT)",
    "SETROPTS WHEN(PROGRAM)",
    /* 6 */
    "RDEFINE GLOBAL FACILITY ADDMEM(OPEN.LOW/READ OPEN.**/UPDATE"
    " MY.&RACUID/ALTER)",
    "SETROPTS GLOBAL(FACILITY)",
    "RDEFINE FACILITY OPEN.** UACC(NONE)",
    /* 7, and the search */
    "RDEFINE FACILITY A.** UACC(ALTER)",
    "RDEFINE FACILITY A.B.* UACC(READ)",
    "RDEFINE FACILITY A.B.C UACC(NONE)",
    /* 9 to 12 */
    "RDEFINE FACILITY LIST UACC(ALTER)",
    "PERMIT LIST CLASS(FACILITY) ID(FRED) ACCESS(READ)",
    "PERMIT LIST CLASS(FACILITY) ID(PAY STAFF) ACCESS(CONTROL)",
    "RDEFINE FACILITY GROUPS UACC(ALTER)",
    "PERMIT GROUPS CLASS(FACILITY) ID(PAY) ACCESS(UPDATE)",
    "PERMIT GROUPS CLASS(FACILITY) ID(LEAD) ACCESS(READ)",
    "RDEFINE FACILITY ANYBODY UACC(READ)",
    "PERMIT ANYBODY CLASS(FACILITY) ID(*) ACCESS(UPDATE)",
    "RDEFINE FACILITY STARLOW UACC(UPDATE)",
    "PERMIT STARLOW CLASS(FACILITY) ID(*) ACCESS(READ)",
    "RDEFINE FACILITY RUN UACC(EXECUTE)",
    /* 13 */
    "RDEFINE DASDVOL VOL001 UACC(NONE) OWNER(PAY)",
    "RDEFINE DASDVOL VOL002 UACC(NONE) OWNER(LEAD)",
    "PERMIT VOL002 CLASS(DASDVOL) ID(OPER) ACCESS(NONE)",
    "RDEFINE FACILITY OPS UACC(NONE) OWNER(PAY)",
    "ADDSD 'PAY.DATA' UACC(NONE)",
    /* 14 */
    "RDEFINE FACILITY COND UACC(NONE)",
    "PERMIT COND CLASS(FACILITY) ID(FRED) ACCESS(READ)",
    "PERMIT COND CLASS(FACILITY) ID(FRED) ACCESS(UPDATE)"
    " WHEN(TERMINAL(T1))",
    "PERMIT COND CLASS(FACILITY) ID(PAY) ACCESS(CONTROL)"
    " WHEN(PROGRAM(PAYROLL))",
    "PERMIT COND CLASS(FACILITY) ID(*) ACCESS(READ)"
    " WHEN(CRITERIA(SQLROLE(TELLER)))",
    "PERMIT COND CLASS(FACILITY) ID(MARY) ACCESS(NONE)",
    "PERMIT COND CLASS(FACILITY) ID(MARY) ACCESS(UPDATE)"
    " WHEN(TERMINAL(T1))",
    /* 15 */
    "RDEFINE FACILITY WARN UACC(NONE) WARNING",
    "SETROPTS RACLIST(FACILITY)",
};

static const struct step {
    const char *number;
    const char *user; /* "" nobody; FRED/PAY: with that group */
    const char *class_name, *resource;
    enum saf_level level;
    struct saf_rc want;
    const char *entry;
    struct saf_where where;
    uint32_t attrs; /* besides his own */
    bool is_warning;
} steps[] = {
    { "1", "FRED", "NOCLASS", "A", SAF_READ, { 4, 0, 0 }, "" },
    { "2", "FRED", "SURROGAT", "A", SAF_READ, { 4, 4, 0 }, "" },
    { "3", "FRED", "STARTED", "A.B", SAF_READ, { 4, 4, 0 }, "" },
    { "2",
      "FRED",
      "SURROGAT",
      "A",
      SAF_READ,
      { 4, 4, 0 },
      "",
      .attrs = ACEE_PRIVILEGED },
    { "4",
      "REST",
      "FACILITY",
      "A.B.C",
      SAF_ALTER,
      { 0, 0, 0 },
      "PRIV",
      .attrs = ACEE_PRIVILEGED },
    { "4",
      "REST",
      "FACILITY",
      "A.B.C",
      SAF_ALTER,
      { 0, 0, 0 },
      "PRIV",
      .attrs = ACEE_PRIVILEGED | ACEE_TRUSTED },
    { "5",
      "REST",
      "FACILITY",
      "A.B.C",
      SAF_ALTER,
      { 0, 0, 0 },
      "TRUSTED",
      .attrs = ACEE_TRUSTED },
    { "6", "FRED", "FACILITY", "OPEN.X", SAF_UPDATE, { 0, 0, 0 }, "GLOBAL" },
    { "6", "FRED", "FACILITY", "OPEN.X", SAF_CONTROL, { 8, 8, 0 }, "UACC" },
    { "6", "FRED", "FACILITY", "OPEN.LOW", SAF_READ, { 0, 0, 0 }, "GLOBAL" },
    { "6: the first that matches",
      "FRED",
      "FACILITY",
      "OPEN.LOW",
      SAF_UPDATE,
      { 8, 8, 0 },
      "UACC" },
    { "6", "FRED", "FACILITY", "MY.FRED", SAF_ALTER, { 0, 0, 0 }, "GLOBAL" },
    { "6", "FRED", "FACILITY", "MY.MARY", SAF_READ, { 4, 4, 0 }, "" },
    { "6: RESTRICTED",
      "REST",
      "FACILITY",
      "OPEN.X",
      SAF_READ,
      { 8, 8, 0 },
      "" },
    { "6: undefined",
      "",
      "FACILITY",
      "OPEN.X",
      SAF_READ,
      { 0, 0, 0 },
      "GLOBAL" },
    { "7: discrete",
      "MARY",
      "FACILITY",
      "A.B.C",
      SAF_READ,
      { 8, 8, 0 },
      "UACC" },
    { "7: the best generic",
      "MARY",
      "FACILITY",
      "A.B.D",
      SAF_UPDATE,
      { 8, 8, 0 },
      "UACC" },
    { "7", "MARY", "FACILITY", "A.C", SAF_ALTER, { 0, 0, 0 }, "UACC" },
    { "7: none, code 4",
      "MARY",
      "FACILITY",
      "NONE",
      SAF_READ,
      { 4, 4, 0 },
      "" },
    { "7: none, code 8",
      "MARY",
      "SERVAUTH",
      "NONE",
      SAF_READ,
      { 8, 8, 0 },
      "" },
    { "9", "FRED", "FACILITY", "LIST", SAF_READ, { 0, 0, 0 }, "FRED" },
    { "9: final", "FRED", "FACILITY", "LIST", SAF_UPDATE, { 8, 8, 0 }, "FRED" },
    { "10", "FRED", "FACILITY", "GROUPS", SAF_UPDATE, { 0, 0, 0 }, "PAY" },
    { "10: final",
      "FRED",
      "FACILITY",
      "GROUPS",
      SAF_CONTROL,
      { 8, 8, 0 },
      "PAY" },
    { "10: RESTRICTED",
      "REST",
      "FACILITY",
      "GROUPS",
      SAF_UPDATE,
      { 0, 0, 0 },
      "PAY" },
    { "11: UACC",
      "MARY",
      "FACILITY",
      "GROUPS",
      SAF_ALTER,
      { 0, 0, 0 },
      "UACC" },
    { "11: ID(*)",
      "MARY",
      "FACILITY",
      "ANYBODY",
      SAF_UPDATE,
      { 0, 0, 0 },
      "*" },
    { "11: the higher",
      "MARY",
      "FACILITY",
      "STARLOW",
      SAF_UPDATE,
      { 0, 0, 0 },
      "UACC" },
    { "11: undefined, UACC",
      "",
      "FACILITY",
      "ANYBODY",
      SAF_READ,
      { 0, 0, 0 },
      "UACC" },
    { "11: undefined, no ID(*)",
      "",
      "FACILITY",
      "ANYBODY",
      SAF_UPDATE,
      { 8, 8, 0 },
      "UACC" },
    { "11: RESTRICTED",
      "REST",
      "FACILITY",
      "ANYBODY",
      SAF_READ,
      { 8, 8, 0 },
      "" },
    { "12: EXECUTE",
      "MARY",
      "FACILITY",
      "RUN",
      SAF_EXECUTE,
      { 0, 0, 0 },
      "UACC" },
    { "12: and no more",
      "MARY",
      "FACILITY",
      "RUN",
      SAF_READ,
      { 8, 8, 0 },
      "UACC" },
    { "13", "OPER", "DASDVOL", "VOL001", SAF_ALTER, { 0, 0, 0 }, "OPERATIONS" },
    { "13: listed",
      "OPER",
      "DASDVOL",
      "VOL002",
      SAF_READ,
      { 8, 8, 0 },
      "OPER" },
    { "13: not of this class",
      "OPER",
      "FACILITY",
      "OPS",
      SAF_READ,
      { 8, 8, 0 },
      "UACC" },
    { "13: data sets",
      "OPER",
      "DATASET",
      "PAY.DATA",
      SAF_ALTER,
      { 0, 0, 0 },
      "OPERATIONS" },
    { "13: of the group",
      "GOPER",
      "DASDVOL",
      "VOL001",
      SAF_ALTER,
      { 0, 0, 0 },
      "OPERATIONS" },
    { "13: not of another",
      "GOPER",
      "DASDVOL",
      "VOL002",
      SAF_READ,
      { 8, 8, 0 },
      "UACC" },
    { "13: SPECIAL is no access",
      "MARY",
      "DASDVOL",
      "VOL001",
      SAF_READ,
      { 8, 8, 0 },
      "UACC",
      .attrs = ACEE_SPECIAL | ACEE_AUDITOR },
    { "14",
      "FRED",
      "FACILITY",
      "COND",
      SAF_UPDATE,
      { 0, 0, 0 },
      "WHEN",
      .where = { .terminal = { "T1", 2 } } },
    { "14: elsewhere",
      "FRED",
      "FACILITY",
      "COND",
      SAF_UPDATE,
      { 8, 8, 0 },
      "FRED",
      .where = { .terminal = { "T2", 2 } } },
    { "14: nowhere",
      "FRED",
      "FACILITY",
      "COND",
      SAF_UPDATE,
      { 8, 8, 0 },
      "FRED" },
    { "14: a group's, the highest",
      "FRED",
      "FACILITY",
      "COND",
      SAF_CONTROL,
      { 0, 0, 0 },
      "WHEN",
      .where = { .terminal = { "T1", 2 }, .program = { "PAYROLL", 7 } } },
    { "14: it only adds",
      "FRED",
      "FACILITY",
      "COND",
      SAF_READ,
      { 0, 0, 0 },
      "FRED",
      .where = { .terminal = { "T2", 2 } } },
    { "14: more than NONE in the list",
      "MARY",
      "FACILITY",
      "COND",
      SAF_UPDATE,
      { 0, 0, 0 },
      "WHEN",
      .where = { .terminal = { "T1", 2 } } },
    { "14: ID(*)",
      "OPER",
      "FACILITY",
      "COND",
      SAF_READ,
      { 0, 0, 0 },
      "WHEN",
      .where = { .criteria_name = { "SQLROLE", 7 },
                 .criteria_value = { "TELLER", 6 } } },
    { "14: another value",
      "OPER",
      "FACILITY",
      "COND",
      SAF_READ,
      { 8, 8, 0 },
      "UACC",
      .where = { .criteria_name = { "SQLROLE", 7 },
                 .criteria_value = { "ADMIN", 5 } } },
    { "14: RESTRICTED, no ID(*)",
      "REST",
      "FACILITY",
      "COND",
      SAF_READ,
      { 8, 8, 0 },
      "",
      .where = { .criteria_name = { "SQLROLE", 7 },
                 .criteria_value = { "TELLER", 6 } } },
    { "14: RESTRICTED, a group's",
      "REST",
      "FACILITY",
      "COND",
      SAF_CONTROL,
      { 0, 0, 0 },
      "WHEN",
      .where = { .program = { "PAYROLL", 7 } } },
    { "15",
      "MARY",
      "FACILITY",
      "WARN",
      SAF_ALTER,
      { 0, 0, 0 },
      "UACC",
      .is_warning = true },
    { "16", "MARY", "FACILITY", "OPS", SAF_READ, { 8, 8, 0 }, "UACC" },
};

static struct saf_decision
ask(struct desk *d, const struct step *s)
{
    struct saf_decision got;

    if (s->user[0] == '\0')
        d->acee = (struct acee){ .attrs = ACEE_UNDEFINED };
    else
        desk_be(d, s->user);
    d->acee.attrs |= s->attrs;
    got = saf_authorize(d->engine, &d->acee, str_of(s->class_name),
                        str_of(s->resource), s->level, &s->where);
    desk_be(d, "IBMUSER");
    return got;
}

static bool
is_wanted(const struct step *s, const struct saf_decision *got)
{
    if (got->rc.saf == s->want.saf && got->rc.racf == s->want.racf &&
        got->rc.reason == s->want.reason && strcmp(got->entry, s->entry) == 0 &&
        got->is_warning == s->is_warning)
        return true;
    print_error("step %s: %s %s %s %s: %u/%u/%u by \"%s\"%s\n", s->number,
                s->user, s->class_name, s->resource, saf_level_name(s->level),
                got->rc.saf, got->rc.racf, got->rc.reason, got->entry,
                got->is_warning ? " with a warning" : "");
    return false;
}

static void
start(struct desk *d)
{
    desk_init(d);
    for (size_t i = 0; i < ARRAY_LEN(setup); i++) {
        const char *reply = desk_run(d, setup[i]);

        if (d->rc > 4)
            fail_msg("%s\n%s", setup[i], reply);
        desk_be(d, "IBMUSER");
    }
}

static void
each_step(void **state)
{
    struct desk d;
    size_t n_wrong = 0;

    (void)state;
    start(&d);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct saf_decision got = ask(&d, &steps[i]);

        n_wrong += !is_wanted(&steps[i], &got);
    }
    assert_int_equal(n_wrong, 0);
    desk_fini(&d);
}

/* What an option changes: a command, then a question. */
static void
options(void **state)
{
    static const struct {
        const char *command;
        struct step s;
    } rows[] = {
        { "SETROPTS NOGRPLIST",
          { "10: the current group only",
            "FRED",
            "FACILITY",
            "GROUPS",
            SAF_ALTER,
            { 0, 0, 0 },
            "UACC" } },
        { "ALTUSER FRED DFLTGRP(LEAD)",
          { "10: which it is",
            "FRED",
            "FACILITY",
            "GROUPS",
            SAF_UPDATE,
            { 8, 8, 0 },
            "LEAD" } },
        { "SETROPTS GRPLIST",
          { "10: all of them",
            "FRED",
            "FACILITY",
            "GROUPS",
            SAF_UPDATE,
            { 0, 0, 0 },
            "PAY" } },
        { "SETROPTS NOCLASSACT(TERMINAL)",
          { "14: the class of the port is not active",
            "FRED",
            "FACILITY",
            "COND",
            SAF_UPDATE,
            { 8, 8, 0 },
            "FRED",
            .where = { .terminal = { "T1", 2 } } } },
        { "SETROPTS NOWHEN(PROGRAM)",
          { "14: no program control",
            "REST",
            "FACILITY",
            "COND",
            SAF_CONTROL,
            { 8, 8, 0 },
            "",
            .where = { .program = { "PAYROLL", 7 } } } },
        { "SETROPTS PROTECTALL(FAILURES)",
          { "7: PROTECTALL",
            "MARY",
            "DATASET",
            "NO.PROFILE",
            SAF_READ,
            { 8, 8, 0 },
            "" } },
        { "SETROPTS PROTECTALL(WARNING)",
          { "7: PROTECTALL(WARNING)",
            "MARY",
            "DATASET",
            "NO.PROFILE",
            SAF_READ,
            { 0, 0, 0 },
            "",
            .is_warning = true } },
        { "SETROPTS NOPROTECTALL",
          { "7: neither",
            "MARY",
            "DATASET",
            "NO.PROFILE",
            SAF_READ,
            { 4, 4, 0 },
            "" } },
        { "SETROPTS NOGLOBAL(FACILITY)",
          { "6: the table is off",
            "FRED",
            "FACILITY",
            "OPEN.X",
            SAF_READ,
            { 8, 8, 0 },
            "UACC" } },
        { "SETROPTS NOCLASSACT(FACILITY)",
          { "2: the class is off",
            "FRED",
            "FACILITY",
            "LIST",
            SAF_READ,
            { 4, 4, 0 },
            "" } },
        { "SETROPTS CLASSACT(STARTED) RACLIST(STARTED)",
          { "3: RACLISTed",
            "FRED",
            "STARTED",
            "A.B",
            SAF_READ,
            { 4, 4, 0 },
            "" } },
    };
    struct desk d;
    size_t n_wrong = 0;

    (void)state;
    start(&d);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct saf_decision got;

        (void)desk_run(&d, rows[i].command);
        if (d.rc > 4)
            fail_msg("%s\n%s", rows[i].command, buf_z(&d.out));
        got = ask(&d, &rows[i].s);
        n_wrong += !is_wanted(&rows[i].s, &got);
    }
    assert_int_equal(n_wrong, 0);
    desk_fini(&d);
}

/* --- what is recorded ------------------------------------------------------
 */

static void
records(void **state)
{
    static const struct {
        const char *command; /* NULL: as it is */
        const char *user, *class_name, *resource;
        enum saf_level level;
        unsigned log;
        uint32_t attrs;
    } rows[] = {
        { "RDEFINE FACILITY L UACC(READ)", "MARY", "FACILITY", "L", SAF_READ, 0,
          0 },
        { NULL, "MARY", "FACILITY", "L", SAF_UPDATE, SAF_LOG_PROFILE, 0 },
        { NULL, "MARY", "FACILITY", "L", SAF_READ, SAF_LOG_USER, ACEE_UAUDIT },
        { NULL, "MARY", "FACILITY", "L", SAF_UPDATE,
          SAF_LOG_USER | SAF_LOG_PROFILE, ACEE_UAUDIT },
        { "RALTER FACILITY L AUDIT(FAILURES(CONTROL))", "MARY", "FACILITY", "L",
          SAF_UPDATE, 0, 0 },
        { NULL, "MARY", "FACILITY", "L", SAF_CONTROL, SAF_LOG_PROFILE, 0 },
        { "RALTER FACILITY L AUDIT(SUCCESS(READ))", "MARY", "FACILITY", "L",
          SAF_READ, SAF_LOG_PROFILE, 0 },
        { NULL, "MARY", "FACILITY", "L", SAF_UPDATE, 0, 0 },
        { "RALTER FACILITY L AUDIT(NONE) GLOBALAUDIT(ALL(READ))", "MARY",
          "FACILITY", "L", SAF_READ, SAF_LOG_GLOBAL, 0 },
        { NULL, "MARY", "FACILITY", "L", SAF_UPDATE, SAF_LOG_GLOBAL, 0 },
        { "RALTER FACILITY L GLOBALAUDIT(NONE) WARNING", "MARY", "FACILITY",
          "L", SAF_UPDATE, SAF_LOG_PROFILE, 0 },
        { "RALTER FACILITY L NOWARNING", "MARY", "FACILITY", "L", SAF_UPDATE, 0,
          0 },
        { "SETROPTS LOGOPTIONS(SUCCESSES(FACILITY))", "MARY", "FACILITY", "L",
          SAF_READ, SAF_LOG_OPTIONS, 0 },
        { NULL, "MARY", "FACILITY", "L", SAF_UPDATE, 0, 0 },
        { "SETROPTS LOGOPTIONS(FAILURES(FACILITY))", "MARY", "FACILITY", "L",
          SAF_READ, 0, 0 },
        { NULL, "MARY", "FACILITY", "L", SAF_UPDATE, SAF_LOG_OPTIONS, 0 },
        { "SETROPTS LOGOPTIONS(ALWAYS(FACILITY))", "MARY", "FACILITY", "L",
          SAF_READ, SAF_LOG_OPTIONS, 0 },
        { NULL, "MARY", "FACILITY", "L", SAF_UPDATE, SAF_LOG_OPTIONS, 0 },
        { NULL, "MARY", "FACILITY", "NO.PROFILE", SAF_READ, 0, 0 },
        { NULL, "MARY", "FACILITY", "L", SAF_UPDATE, SAF_LOG_OPTIONS,
          ACEE_TRUSTED },
        { NULL, "MARY", "FACILITY", "L", SAF_UPDATE, 0, ACEE_PRIVILEGED },
        { "RALTER FACILITY L AUDIT(ALL(READ))", "MARY", "FACILITY", "L",
          SAF_UPDATE, SAF_LOG_OPTIONS | SAF_LOG_PROFILE, 0 },
        { "SETROPTS LOGOPTIONS(NEVER(FACILITY))", "MARY", "FACILITY", "L",
          SAF_UPDATE, 0, ACEE_UAUDIT },
        { "SETROPTS LOGOPTIONS(DEFAULT(FACILITY))", "MARY", "FACILITY", "L",
          SAF_UPDATE, SAF_LOG_PROFILE, 0 },
        { NULL, "MARY", "FACILITY", "L", SAF_ALTER, SAF_LOG_USER,
          ACEE_TRUSTED | ACEE_UAUDIT },
        { "SETROPTS OPERAUDIT", "OPER", "DASDVOL", "VOL001", SAF_ALTER,
          SAF_LOG_OPERATIONS, 0 },
        { NULL, "GOPER", "DASDVOL", "VOL001", SAF_ALTER, SAF_LOG_OPERATIONS,
          0 },
        { "SETROPTS NOOPERAUDIT", "OPER", "DASDVOL", "VOL001", SAF_ALTER, 0,
          0 },
        /* without a profile, and refused */
        { NULL, "MARY", "SERVAUTH", "NONE", SAF_READ, 0, 0 },
        { NULL, "MARY", "SERVAUTH", "NONE", SAF_READ, SAF_LOG_USER,
          ACEE_UAUDIT },
        { "SETROPTS LOGOPTIONS(FAILURES(SERVAUTH))", "MARY", "SERVAUTH", "NONE",
          SAF_READ, SAF_LOG_OPTIONS, 0 },
        { "SETROPTS PROTECTALL(FAILURES)", "MARY", "DATASET", "NO.PROFILE",
          SAF_READ, SAF_LOG_PROFILE, 0 },
        { "SETROPTS LOGOPTIONS(NEVER(DATASET))", "MARY", "DATASET",
          "NO.PROFILE", SAF_READ, 0, 0 },
        { NULL, "MARY", "FACILITY", "OPEN.X", SAF_READ, 0, ACEE_UAUDIT },
    };
    struct desk d;
    size_t n_wrong = 0;

    (void)state;
    start(&d);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct step s = { .user = rows[i].user,
                                .class_name = rows[i].class_name,
                                .resource = rows[i].resource,
                                .level = rows[i].level,
                                .attrs = rows[i].attrs };
        struct saf_decision got;

        if (rows[i].command != NULL) {
            (void)desk_run(&d, rows[i].command);
            if (d.rc > 4)
                fail_msg("%s\n%s", rows[i].command, buf_z(&d.out));
            (void)desk_run(&d, "SETROPTS RACLIST(FACILITY) REFRESH");
        }
        got = ask(&d, &s);
        if (got.log == rows[i].log && got.wants_log == (rows[i].log != 0))
            continue;
        print_error("row %zu (%s): %x, not %x\n", i,
                    rows[i].command == NULL ? "" : rows[i].command, got.log,
                    rows[i].log);
        n_wrong++;
    }
    assert_int_equal(n_wrong, 0);
    desk_fini(&d);
}

/* --- large classes that are not RACLISTed -----------------------------------
 */

static void
large_class(void **state)
{
    const struct state *s;
    struct desk d;
    uint64_t of_generics;

    (void)state;
    desk_init(&d);
    (void)desk_run(&d, "ADDUSER (FRED MARY) PASSWORD(X)");
    (void)desk_run(&d, "SETROPTS NOADDCREATOR CLASSACT(FACILITY RACFVARS)"
                       " GENERIC(FACILITY) RACLIST(RACFVARS)");
    (void)desk_run(&d, "RDEFINE FACILITY BIG.** UACC(READ)");
    for (int i = 0; i <= SAF_WHOLE_IMAGE_MAX; i++) {
        char command[64];

        snprintf(command, sizeof command, "RDEFINE FACILITY BIG.N%d", i);
        (void)desk_run(&d, command);
        assert_int_equal(d.rc, 0);
    }
#define IS(who, resource, saf_rc, by)                                          \
    do {                                                                       \
        const struct step row = { "large",  who,      "FACILITY",              \
                                  resource, SAF_READ, { saf_rc, saf_rc, 0 },   \
                                  by };                                        \
        struct saf_decision got = ask(&d, &row);                               \
        assert_true(is_wanted(&row, &got));                                    \
    } while (0)
    IS("FRED", "BIG.N7", 8, "UACC");
    IS("FRED", "BIG.OTHER", 0, "UACC"); /* by the generic */
    IS("FRED", "NONE", 4, "");
    for (s = d.engine->states; strcmp(s->name, "FACILITY") != 0; s = s->next)
        assert_non_null(s->next);
    assert_false(s->is_built); /* nobody compiled all of it */
    assert_int_equal(snapshot_n_profiles(s->generics.image.p), 1);
    assert_int_equal(snapshot_n_profiles(s->discrete.image.p), 0);
    of_generics = snapshot_generation(s->generics.image.p);
    /* A discrete profile changes: at once, and nothing is compiled for it. */
    (void)desk_run(&d, "PERMIT BIG.N7 CLASS(FACILITY) ID(FRED)");
    IS("FRED", "BIG.N7", 0, "FRED");
    IS("FRED", "big.n7", 0, "FRED");
    IS("MARY", "BIG.N7", 8, "UACC");
    (void)desk_run(&d, "RDELETE FACILITY BIG.N7");
    IS("MARY", "BIG.N7", 0, "UACC"); /* the generic again */
    (void)desk_run(&d, "RDEFINE FACILITY NONE UACC(READ)");
    IS("MARY", "NONE", 0, "UACC");
    assert_int_equal(snapshot_generation(s->generics.image.p), of_generics);
    /* A generic one does. */
    (void)desk_run(&d, "PERMIT BIG.** CLASS(FACILITY) ID(MARY) ACCESS(NONE)");
    IS("MARY", "BIG.N7", 8, "MARY");
    IS("FRED", "BIG.N7", 0, "UACC");
    assert_true(snapshot_generation(s->generics.image.p) > of_generics);
    (void)desk_run(&d, "RDEFINE FACILITY BIG.N7* UACC(NONE)");
    IS("FRED", "BIG.N7", 8, "UACC");
    (void)desk_run(&d, "RDELETE FACILITY BIG.N7*");
    IS("FRED", "BIG.N7", 0, "UACC");
    (void)desk_run(&d, "SETROPTS NOGENERIC(FACILITY)");
    IS("FRED", "BIG.N7", 4, "");
    (void)desk_run(&d, "SETROPTS GENERIC(FACILITY)");
    IS("FRED", "BIG.N7", 0, "UACC");
    /* Options, variables and the global access table count, too. */
    (void)desk_run(&d, "RDEFINE RACFVARS &V ADDMEM(ONE)");
    (void)desk_run(&d, "RDEFINE FACILITY V.&V UACC(READ)");
    IS("FRED", "V.ONE", 4, "");
    (void)desk_run(&d, "SETROPTS RACLIST(RACFVARS) REFRESH");
    IS("FRED", "V.ONE", 0, "UACC");
    (void)desk_run(&d, "RDEFINE GLOBAL FACILITY ADDMEM(BIG.N8/READ)");
    (void)desk_run(&d, "SETROPTS GLOBAL(FACILITY)");
    IS("FRED", "BIG.N8", 0, "GLOBAL");
    (void)desk_run(&d, "SETROPTS NOCLASSACT(FACILITY)");
    IS("FRED", "BIG.N8", 4, "");
    (void)desk_run(&d, "SETROPTS CLASSACT(FACILITY)");
    /* RACLISTed, and back. */
    (void)desk_run(&d, "SETROPTS RACLIST(FACILITY)");
    IS("FRED", "BIG.N9", 8, "UACC");
    (void)desk_run(&d, "PERMIT BIG.N9 CLASS(FACILITY) ID(FRED)");
    IS("FRED", "BIG.N9", 8, "UACC");
    (void)desk_run(&d, "SETROPTS NORACLIST(FACILITY)");
    IS("FRED", "BIG.N9", 0, "FRED");
    assert_non_null(strstr(desk_run(&d, "EXPLAIN FRED FACILITY BIG.N9"),
                           "the line of user FRED"));
    assert_non_null(strstr(desk_run(&d, "EXPLAIN FRED FACILITY BIG.OTHER"),
                           "Profile: BIG.** (G)"));
    desk_fini(&d);
}

/* --- distributed identities -------------------------------------------------
 */

static void
identities(void **state)
{
#define MAP(user, name, registry)                                              \
    "RACMAP ID(" user ") MAP USERDIDFILTER(NAME('" name                        \
    "')) REGISTRY(NAME('" registry "'))"
    static const char *const maps[] = {
        "ADDUSER (FULL SUFFIX ORG STAR FULLANY SUFANY DFLT PLAIN) "
        "DFLTGRP(SYS1)",
        MAP("FULL", "CN=Joe, OU=Pay ,o=Us", "ldap"),
        MAP("SUFFIX", "OU=Pay,O=Us", "ldap"),
        MAP("ORG", "O=Us", "ldap"),
        MAP("STAR", "*", "ldap"),
        MAP("FULLANY", "CN=Joe,OU=Pay,O=Us", "*"),
        MAP("SUFANY", "OU=Pay,O=Us", "*"),
        MAP("PLAIN", "distuser", "*"),
        MAP("DFLT", "*", "*"),
    };
    static const struct {
        const char *name, *registry, *want;
    } rows[] = {
        { "CN=Joe,OU=Pay,O=Us", "ldap", "FULL" },
        { "cn=Joe, ou=Pay, o=Us", "ldap", "FULL" }, /* normalised */
        { "CN=J\\oe,OU=Pay,O=Us", "ldap", "FULL" },
        { "CN=JOE,OU=Pay,O=Us", "ldap", "SUFFIX" }, /* case counts */
        { "CN=Ann,OU=Pay,O=Us", "ldap", "SUFFIX" },
        { "CN=Ann,OU=Law,O=Us", "ldap", "ORG" },
        { "CN=Ann,O=Them", "ldap", "STAR" },
        { "distuser", "ldap", "STAR" }, /* the registry before the name */
        { "CN=Joe,OU=Pay,O=Us", "other", "FULLANY" },
        { "CN=Ann,OU=Pay,O=Us", "other", "SUFANY" },
        { "distuser", "other", "PLAIN" },
        { "Distuser", "other", "DFLT" },
        { "CN=Ann,O=Them", "other", "DFLT" },
        { "CN=Joe,OU=Pay,O=Us", "LDAP", "FULLANY" }, /* another registry */
        /* A comma of a value ends no part: nobody gets into Pay by it. */
        { "CN=x\\,OU=Pay,O=Us", "ldap", "ORG" },
        { "CN=\"x,OU=Pay\",O=Us", "ldap", "ORG" },
        { "CN=x\\,OU=Pay\\,O=Us", "ldap", "STAR" },
        { "x,O=Us", "ldap", "STAR" }, /* no distinguished name */
    };
    struct desk d;
    struct arena a;
    struct str user;

    (void)state;
    desk_init(&d);
    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
        const char *reply = desk_run(&d, maps[i]);

        if (d.rc != 0)
            fail_msg("%s\n%s", maps[i], reply);
    }
    /* The class has to be active, and RACLISTed. */
    assert_false(idmap_user(saf_engine_db(d.engine), &a, IDMAP_EFFECTIVE,
                            STR("distuser"), STR("other"), &user));
    (void)desk_run(&d, "SETROPTS CLASSACT(IDIDMAP)");
    assert_false(idmap_user(saf_engine_db(d.engine), &a, IDMAP_EFFECTIVE,
                            STR("distuser"), STR("other"), &user));
    (void)desk_run(&d, "SETROPTS RACLIST(IDIDMAP)");
    assert_int_equal(d.rc, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str name = exact_copy(rows[i].name);

        if (!idmap_user(saf_engine_db(d.engine), &a, IDMAP_EFFECTIVE, name,
                        str_of(rows[i].registry), &user) ||
            !str_eq_z(user, rows[i].want))
            fail_msg("%s of %s: " STR_FMT, rows[i].name, rows[i].registry,
                     STR_ARG(user));
        exact_free(name);
    }
    /* As long as there is no REFRESH. */
    (void)desk_run(&d, "RACMAP ID(PLAIN) DELMAP");
    assert_int_equal(d.rc, 0);
    assert_true(idmap_user(saf_engine_db(d.engine), &a, IDMAP_EFFECTIVE,
                           STR("distuser"), STR("other"), &user) &&
                str_eq_z(user, "PLAIN"));
    (void)desk_run(&d, "SETROPTS RACLIST(IDIDMAP) REFRESH");
    assert_true(idmap_user(saf_engine_db(d.engine), &a, IDMAP_EFFECTIVE,
                           STR("distuser"), STR("other"), &user) &&
                str_eq_z(user, "DFLT"));
    arena_fini(&a);
    desk_fini(&d);
}

static void
normalised(void **state)
{
    static const struct {
        const char *name, *want;
    } rows[] = {
        { "plain", "plain" },
        { " cn = a , o = b ", "CN=a,O=b" },
        { "cn=a\\, b,o=c", "CN=a\\, b,O=c" },
        { "cn=a\\ ,o=c", "CN=a\\ ,O=c" },
        { "cn=a\\\\ ,o=c", "CN=a\\\\,O=c" },
        { "cn=\\z\\,\\2c", "CN=z\\,\\2c" },
        { "cn=a,", "cn=a," },
        { ",cn=a", ",cn=a" },
        { "cn=a,b", "cn=a,b" },
        { "cn=a\\", "CN=a\\" },
        { "=", "=" },
    };
    struct arena a;

    (void)state;
    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str name = exact_copy(rows[i].name);
        struct str got = idmap_normalised(&a, name);

        if (!str_eq_z(got, rows[i].want))
            fail_msg("%s: " STR_FMT, rows[i].name, STR_ARG(got));
        exact_free(name);
    }
    arena_fini(&a);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step),  cmocka_unit_test(options),
        cmocka_unit_test(records),    cmocka_unit_test(identities),
        cmocka_unit_test(normalised), cmocka_unit_test(large_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
