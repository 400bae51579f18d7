/* Who may issue what: each command by each kind of issuer. */
#include "saf/test_cmd.h"

static const char *const setup[] = {
    "ADDGROUP PAY",
    "ADDUSER (SPEC AUD ROA GSP OWNR ALTR GENA CLA CLU CLO JOI CON CRE PLA U)",
    "ADDUSER OWND OWNER(OWNR)",
    "ADDUSER INPAY OWNER(PAY)",
    "ALTUSER SPEC SPECIAL",
    "ALTUSER IBMUSER AUDITOR",
    "ALTUSER AUD AUDITOR",
    "ALTUSER ROA ROAUDIT",
    "ALTUSER CLA CLAUTH(FACILITY)",
    "ALTUSER (CLU CLO) CLAUTH(USER)",
    "CONNECT GSP GROUP(PAY) SPECIAL",
    "CONNECT (CLU JOI) GROUP(PAY) AUTHORITY(JOIN)",
    "CONNECT CON GROUP(PAY) AUTHORITY(CONNECT)",
    "CONNECT CRE GROUP(PAY) AUTHORITY(CREATE)",
    "SETROPTS CLASSACT(FACILITY) GENERIC(FACILITY DATASET) NOADDCREATOR",
    "RDEFINE FACILITY (OWNED LISTED GEN.* PAYS) UACC(NONE)",
    "RALTER FACILITY OWNED OWNER(OWNR)",
    "RALTER FACILITY PAYS OWNER(PAY)",
    "PERMIT LISTED CLASS(FACILITY) ID(ALTR) ACCESS(ALTER)",
    "PERMIT GEN.* CLASS(FACILITY) ID(GENA) ACCESS(ALTER)",
};

static const char *const issuers[] = {
    "SPEC", "AUD", "ROA", "GSP", "OWNR", "ALTR", "GENA",
    "CLA",  "CLU", "CLO", "JOI", "CON",  "CRE",  "PLA",
};

#define ALL "SPEC AUD ROA GSP OWNR ALTR GENA CLA CLU CLO JOI CON CRE PLA"

/* "@" is the issuer. `before` is IBMUSER's. */
static const struct {
    const char *command, *may, *before;
} rows[] = {
    /* Users. */
    { "ADDUSER N@ DFLTGRP(PAY)", "SPEC CLU", NULL },
    { "ALTUSER U NAME('X')", "SPEC", NULL },
    { "ALTUSER OWND NAME('X')", "SPEC OWNR", NULL },
    { "ALTUSER INPAY NAME('X')", "SPEC GSP", NULL },
    { "ALTUSER @ NAME('X')", ALL, NULL },
    { "ALTUSER U PASSWORD(NEW)", "SPEC", NULL },
    { "ALTUSER INPAY SPECIAL", "SPEC", NULL },
    { "ALTUSER OWND OPERATIONS", "SPEC", NULL },
    { "ALTUSER OWND AUDITOR", "SPEC", NULL },
    { "ALTUSER @ SPECIAL", "SPEC", NULL },
    { "ALTUSER U UAUDIT", "AUD", NULL },
    { "DELUSER D", "SPEC OWNR", "ADDUSER D OWNER(OWNR)" },
    { "DELUSER D", "SPEC GSP", "ADDUSER D OWNER(PAY)" },
    { "LISTUSER", ALL, NULL },
    { "LISTUSER @", ALL, NULL },
    { "LISTUSER U", "SPEC AUD ROA", NULL },
    { "LISTUSER OWND", "SPEC AUD ROA OWNR", NULL },
    { "LISTUSER INPAY", "SPEC AUD ROA GSP", NULL },
    /* Groups and connections. */
    { "ADDGROUP G@ SUPGROUP(PAY)", "SPEC GSP CLU JOI", NULL },
    { "ALTGROUP PAY DATA('x')", "SPEC GSP CLU JOI", NULL },
    { "CONNECT U GROUP(PAY)", "SPEC GSP CLU JOI CON", NULL },
    { "CONNECT U GROUP(SYS1)", "SPEC", NULL },
    { "CONNECT U GROUP(PAY) SPECIAL", "SPEC", NULL },
    { "REMOVE U GROUP(PAY)", "SPEC GSP CLU JOI CON", "CONNECT U GROUP(PAY)" },
    { "LISTGRP PAY", "SPEC AUD ROA GSP CLU JOI CON", NULL },
    /* General resources. */
    { "RDEFINE FACILITY N@", "SPEC CLA", NULL },
    { "RDEFINE SERVER N@", "SPEC", NULL },
    { "RALTER FACILITY OWNED UACC(NONE)", "SPEC OWNR", NULL },
    { "RALTER FACILITY LISTED UACC(NONE)", "SPEC ALTR", NULL },
    { "RALTER FACILITY GEN.* UACC(NONE)", "SPEC", NULL },
    { "RALTER FACILITY PAYS UACC(NONE)", "SPEC GSP", NULL },
    { "RALTER FACILITY OWNED GLOBALAUDIT(ALL)", "AUD", NULL },
    { "PERMIT OWNED CLASS(FACILITY) ID(U)", "SPEC OWNR", NULL },
    { "PERMIT LISTED CLASS(FACILITY) ID(U)", "SPEC ALTR", NULL },
    { "PERMIT GEN.* CLASS(FACILITY) ID(U)", "SPEC", NULL },
    { "PERMIT PAYS CLASS(FACILITY) ID(U)", "SPEC GSP", NULL },
    { "RDELETE FACILITY DEL", "SPEC OWNR", "RDEFINE FACILITY DEL OWNER(OWNR)" },
    { "RDELETE FACILITY DEL", "SPEC GSP", "RDEFINE FACILITY DEL OWNER(PAY)" },
    { "RLIST FACILITY OWNED", "SPEC AUD ROA OWNR", NULL },
    { "RLIST FACILITY PAYS", "SPEC AUD ROA GSP", NULL },
    /* Data sets. */
    { "ADDSD '@.DATA'", ALL, NULL },
    { "ADDSD 'U.DATA'", "SPEC", "DELDSD 'U.DATA'" },
    { "ADDSD 'PAY.DATA'", "SPEC GSP CLU JOI CON CRE", "DELDSD 'PAY.DATA'" },
    /* Options. */
    { "SETROPTS LIST", "SPEC AUD ROA GSP", NULL },
    { "SETROPTS GRPLIST", "SPEC", NULL },
    { "SETROPTS RACLIST(SERVER)", "SPEC", NULL },
    { "SETROPTS AUDIT(FACILITY)", "AUD", NULL },
    { "SETROPTS LOGOPTIONS(DEFAULT(FACILITY))", "AUD", NULL },
    { "SETROPTS SAUDIT CMDVIOL", "AUD", NULL },
};

static bool
is_named(const char *list, const char *name)
{
    struct str words = str_of(list), word;

    while (words.n > 0 && str_token(&words, ' ', &word))
        if (str_eq_z(word, name))
            return true;
    return false;
}

static const char *
of_issuer(const char *command, const char *issuer, char *out, size_t cap)
{
    const char *at = strchr(command, '@');

    if (at == NULL)
        return command;
    (void)snprintf(out, cap, "%.*s%s%s", (int)(at - command), command, issuer,
                   at + 1);
    return out;
}

static void
each_by_each(void **state)
{
    size_t n_wrong = 0;
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t j = 0; j < ARRAY_LEN(issuers); j++) {
            const char *reply;
            char command[128];

            if (rows[i].before != NULL) {
                desk_be(&d, "IBMUSER");
                (void)desk_run(&d, rows[i].before);
            }
            desk_be(&d, issuers[j]);
            reply = desk_run(&d, of_issuer(rows[i].command, issuers[j], command,
                                           sizeof command));
            if ((d.rc == 0) == is_named(rows[i].may, issuers[j]))
                continue;
            print_error("%s: %s: RC %u\n%s", issuers[j], rows[i].command, d.rc,
                        reply);
            n_wrong++;
        }
    assert_int_equal(n_wrong, 0);
    desk_fini(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_by_each) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
