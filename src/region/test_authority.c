/* Every cell of the link and user security tables. */
#include "base/test.h"
#include "region/authority.h"

static void
every_cell(void **state)
{
    static const struct {
        enum user_auth auth;
        enum offered offered;
        enum authority_action action;
        const char *reason;
    } rows[] = {
        { USERAUTH_LOCAL, OFFERED_NOTHING, RUN_AS_LINK, NULL },
        { USERAUTH_LOCAL, OFFERED_USER, RUN_AS_LINK, NULL },
        { USERAUTH_LOCAL, OFFERED_PASSWORD, RUN_AS_LINK, NULL },
        { USERAUTH_LOCAL, OFFERED_DISTRIBUTED, RUN_AS_LINK, NULL },
        { USERAUTH_DEFAULTUSER, OFFERED_NOTHING, RUN_AS_DEFAULT, NULL },
        { USERAUTH_DEFAULTUSER, OFFERED_USER, RUN_AS_DEFAULT, NULL },
        { USERAUTH_DEFAULTUSER, OFFERED_PASSWORD, RUN_AS_DEFAULT, NULL },
        { USERAUTH_DEFAULTUSER, OFFERED_DISTRIBUTED, RUN_AS_DEFAULT, NULL },
        { USERAUTH_IDENTIFY, OFFERED_NOTHING, REFUSE, "NO_USER" },
        { USERAUTH_IDENTIFY, OFFERED_USER, RUN_AS_USER, NULL },
        { USERAUTH_IDENTIFY, OFFERED_PASSWORD, REFUSE, "PASSWORD_NOT_ALLOWED" },
        { USERAUTH_IDENTIFY, OFFERED_DISTRIBUTED, REFUSE, "NO_USER" },
        { USERAUTH_VERIFY, OFFERED_NOTHING, REFUSE, "NO_USER" },
        { USERAUTH_VERIFY, OFFERED_USER, REFUSE, "PASSWORD_REQUIRED" },
        { USERAUTH_VERIFY, OFFERED_PASSWORD, RUN_VERIFIED, NULL },
        { USERAUTH_VERIFY, OFFERED_DISTRIBUTED, REFUSE, "PASSWORD_REQUIRED" },
    };

    (void)state;
    assert_int_equal(ARRAY_LEN(rows), N_USERAUTH * N_OFFERED);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct authority_row row = authority_of(rows[i].auth, rows[i].offered);

        assert_int_equal(row.action, rows[i].action);
        if (rows[i].reason == NULL)
            assert_null(row.reason);
        else
            assert_string_equal(row.reason, rows[i].reason);
    }
}

static void
every_check(void **state)
{
    static const struct {
        enum user_auth auth;
        unsigned same, differs;
    } rows[] = {
        { USERAUTH_LOCAL, CHECK_D, CHECK_L },
        { USERAUTH_DEFAULTUSER, CHECK_D, CHECK_D | CHECK_L },
        { USERAUTH_IDENTIFY, CHECK_U, CHECK_U | CHECK_L },
        { USERAUTH_VERIFY, CHECK_U, CHECK_U | CHECK_L },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(authority_checks(rows[i].auth, false), rows[i].same);
        assert_int_equal(authority_checks(rows[i].auth, true), rows[i].differs);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell),
        cmocka_unit_test(every_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
