#include "region/authority.h"

/* clang-format off */
static const struct authority_row rows[N_USERAUTH][N_OFFERED] = {
    [USERAUTH_LOCAL] = {
        [OFFERED_NOTHING] = { RUN_AS_LINK, NULL },
        [OFFERED_USER] = { RUN_AS_LINK, NULL },        /* id not used */
        [OFFERED_PASSWORD] = { RUN_AS_LINK, NULL },    /* not looked at */
        [OFFERED_DISTRIBUTED] = { RUN_AS_LINK, NULL },
    },
    [USERAUTH_DEFAULTUSER] = {
        [OFFERED_NOTHING] = { RUN_AS_DEFAULT, NULL },
        [OFFERED_USER] = { RUN_AS_DEFAULT, NULL },
        [OFFERED_PASSWORD] = { RUN_AS_DEFAULT, NULL },
        [OFFERED_DISTRIBUTED] = { RUN_AS_DEFAULT, NULL },
    },
    [USERAUTH_IDENTIFY] = {
        [OFFERED_NOTHING] = { REFUSE, "NO_USER" },
        [OFFERED_USER] = { RUN_AS_USER, NULL },
        [OFFERED_PASSWORD] = { REFUSE, "PASSWORD_NOT_ALLOWED" },
        /* One that cannot be mapped counts as not sent; the gateway maps. */
        [OFFERED_DISTRIBUTED] = { REFUSE, "NO_USER" },
    },
    [USERAUTH_VERIFY] = {
        [OFFERED_NOTHING] = { REFUSE, "NO_USER" },
        [OFFERED_USER] = { REFUSE, "PASSWORD_REQUIRED" },
        [OFFERED_PASSWORD] = { RUN_VERIFIED, NULL },
        [OFFERED_DISTRIBUTED] = { REFUSE, "PASSWORD_REQUIRED" },
    },
};
/* clang-format on */

struct authority_row
authority_of(enum user_auth auth, enum offered offered)
{
    return rows[auth][offered];
}

unsigned
authority_checks(enum user_auth auth, bool link_differs)
{
    static const unsigned checks[N_USERAUTH][2] = {
        [USERAUTH_LOCAL] = { CHECK_D, CHECK_L },
        [USERAUTH_DEFAULTUSER] = { CHECK_D, CHECK_D | CHECK_L },
        [USERAUTH_IDENTIFY] = { CHECK_U, CHECK_L | CHECK_U },
        [USERAUTH_VERIFY] = { CHECK_U, CHECK_L | CHECK_U },
    };

    return checks[auth][link_differs ? 1 : 0];
}
