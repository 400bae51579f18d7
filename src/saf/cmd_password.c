/* PASSWORD and PHRASE, and the same operands of ADDUSER and ALTUSER. */
#include "saf/cmd_password.h"

#include <string.h>

#include "base/secret.h"
#include "saf/cmd_private.h"
#include "saf/secret_rules.h"

#define VERIFIER_MAX 4096u

static struct secret_change
change_of(const struct cmd *cmd, const struct saf_user *u, bool is_phrase)
{
    return (struct secret_change){ cmd->db, cmd->arena, cmd->session->hooks,
                                   u,       is_phrase,  cmd->today };
}

static bool
make_verifier(struct cmd *cmd, struct str user, struct str secret,
              bool is_phrase, struct str *out)
{
    const struct saf_hooks *h = cmd->session->hooks;
    struct err_info why = { 0 };
    struct buf verifier;
    enum err e;

    buf_init(&verifier, VERIFIER_MAX);
    e = h == NULL || h->make_verifier == NULL
            ? err_set(&why, ERR_UNSUPPORTED, "no password verifier is running")
            : h->make_verifier(h->arg, user, secret, is_phrase, &verifier,
                               &why);
    if (e == ERR_OK)
        *out = str_dup(cmd->arena, buf_view(&verifier));
    else
        CMD_MSG(cmd, "SPT1002E", user, str_of(why.text));
    if (verifier.p != NULL)
        secret_wipe(verifier.p, verifier.cap);
    buf_fini(&verifier);
    return e == ERR_OK;
}

/* --- ADDUSER, ALTUSER -------------------------------------------------- */

static bool
set_password(struct cmd *cmd, struct saf_user *u, const struct cmd_arg *arg)
{
    struct str password = cmd_value(arg);
    const struct secret_change c = change_of(cmd, u, false);
    bool is_expired = cmd_arg(cmd, "NOEXPIRED") == NULL;

    if (arg->is_negated || arg->n_values == 0) {
        if (arg->is_negated)
            u->verifier = (struct str){ NULL, 0 };
        return true;
    }
    if (!secret_is_mixed(cmd->db))
        secret_fold(password);
    /* Rules are for what will be used longer than once. */
    if (is_expired ? !password_is_possible(cmd->db, password)
                   : !password_is_allowed(cmd->db, cmd->arena, password)) {
        CMD_MSG(cmd, "ICH08014I");
        return false;
    }
    secret_remember(&c);
    u->pass_day = is_expired ? 0 : cmd->today;
    secret_note_case(u, password);
    return make_verifier(cmd, u->user, password, false, &u->verifier);
}

static bool
set_phrase(struct cmd *cmd, struct saf_user *u, const struct cmd_arg *arg)
{
    const struct secret_change c = change_of(cmd, u, true);

    if (arg->is_negated) {
        u->phrase_verifier = (struct str){ NULL, 0 };
        return true;
    }
    if (!phrase_is_allowed(cmd_value(arg), u->user)) {
        CMD_MSG(cmd, "ICH01021I");
        return false;
    }
    secret_remember(&c);
    u->phrase_day = cmd_arg(cmd, "NOEXPIRED") == NULL ? 0 : cmd->today;
    return make_verifier(cmd, u->user, cmd_value(arg), true,
                         &u->phrase_verifier);
}

bool
cmd_set_secrets(struct cmd *cmd, struct saf_user *u)
{
    const struct cmd_arg *password = cmd_arg(cmd, "PASSWORD");
    const struct cmd_arg *phrase = cmd_arg(cmd, "PHRASE");
    bool is_given = (password != NULL && !password->is_negated) ||
                    (phrase != NULL && !phrase->is_negated);

    if (!is_given && (cmd_arg(cmd, "EXPIRED") != NULL ||
                      cmd_arg(cmd, "NOEXPIRED") != NULL)) {
        if (cmd_arg(cmd, "EXPIRED") == NULL)
            CMD_MSG(cmd, "ICH21007I");
        else
            u->pass_day = u->phrase_day = 0;
    }
    return (password == NULL || set_password(cmd, u, password)) &&
           (phrase == NULL || set_phrase(cmd, u, phrase));
}

/* IRR.PASSWORD.RESET and IRR.PWRESET: READ sets an expired secret of somebody
 * who has one, and resumes; UPDATE one that is not expired. */
bool
cmd_may_reset(struct cmd *cmd, const struct saf_user *u)
{
    static const char *const operands[] = { "PASSWORD", "PHRASE", "RESUME",
                                            "EXPIRED", "NOEXPIRED" };
    const struct cmd_arg *password = cmd_arg(cmd, "PASSWORD");
    const struct cmd_arg *phrase = cmd_arg(cmd, "PHRASE");
    const struct cmd_arg *resume = cmd_arg(cmd, "RESUME");

    for (size_t i = 0; i < cmd->n_args; i++) {
        bool is_one = false;

        for (size_t k = 0; k < ARRAY_LEN(operands); k++)
            is_one |= strcmp(cmd->args[i].operand->name, operands[k]) == 0;
        if (!is_one || cmd->args[i].is_negated)
            return false;
    }
    if ((u->verifier.n == 0 && u->phrase_verifier.n == 0) ||
        (password != NULL && u->verifier.n == 0) ||
        (phrase != NULL && u->phrase_verifier.n == 0) ||
        (resume != NULL && resume->n_values > 0))
        return false;
    return (password != NULL || phrase != NULL || resume != NULL) &&
           cmd_is_delegated(cmd, u, "IRR.PASSWORD.RESET", "IRR.PWRESET",
                            cmd_arg(cmd, "NOEXPIRED") == NULL ? SAF_READ
                                                              : SAF_UPDATE);
}

/* --- PASSWORD, PHRASE -------------------------------------------------- */

/* The message of the first check that fails, or NULL. */
static const char *
why_not(const struct secret_change *c, struct str old, struct str fresh)
{
    const struct saf_user *u = c->user;

    if (!c->is_phrase && u->verifier.n == 0)
        return "ICH08008I";
    if (!secret_is(c, old, c->is_phrase ? u->phrase_verifier : u->verifier))
        return c->is_phrase ? "ICH08022I" : "ICH08005I";
    return secret_why_not(c, old, fresh);
}

/* In the original a person is asked for both. */
static void
say_missing(struct cmd *cmd)
{
    CMD_MSG(cmd, "IKJ56701I", STR("OLD AND NEW VALUE"), STR("+"));
    CMD_MSG(cmd, "IKJ56701I", STR("OLD AND NEW VALUE"), STR(""));
    cmd_rc(cmd, 8);
}

static bool
change_own(struct cmd *cmd, struct saf_user *u, const struct cmd_arg *arg,
           bool is_phrase)
{
    const struct secret_change c = change_of(cmd, u, is_phrase);
    struct str old, fresh;
    const char *refusal;

    if (arg->n_values != 2) {
        say_missing(cmd);
        return false;
    }
    old = arg->values[0];
    fresh = arg->values[1];
    if (!is_phrase && secret_folds(cmd->db, u))
        secret_fold(old);
    if (!is_phrase && !secret_is_mixed(cmd->db))
        secret_fold(fresh);
    refusal = why_not(&c, old, fresh);
    if (refusal != NULL) {
        CMD_MSG(cmd, refusal, u->user);
        return false;
    }
    secret_remember(&c);
    if (is_phrase) {
        u->phrase_day = cmd->today;
    } else {
        u->pass_day = cmd->today;
        secret_note_case(u, fresh);
    }
    return make_verifier(cmd, u->user, fresh, is_phrase,
                         is_phrase ? &u->phrase_verifier : &u->verifier);
}

static bool
set_interval(struct cmd *cmd, struct saf_user *u)
{
    const struct cmd_arg *arg = cmd_arg(cmd, "INTERVAL");
    int64_t max = saf_option(cmd->db, "PASSWORD.INTERVAL");

    if (arg == NULL)
        return true;
    if (arg->is_negated) {
        if (!cmd_owns(cmd, u->owner)) {
            CMD_MSG(cmd, "ICH08007I", STR("INTERVAL"), u->user);
            return false;
        }
        u->interval = -1;
        return true;
    }
    if (arg->number < 1 || arg->number > max) {
        CMD_MSG(cmd, "ICH08003I", str_fmt(cmd->arena, "%lld", (long long)max));
        return false;
    }
    u->interval = (int32_t)arg->number;
    return true;
}

static void
change_one(struct cmd *cmd, struct str user, bool is_self)
{
    const struct cmd_arg *password = cmd_arg(cmd, "PASSWORD");
    const struct cmd_arg *phrase = cmd_arg(cmd, "PHRASE");
    struct saf_user u;

    if (!saf_user_get(cmd->db, cmd->arena, user, &u)) {
        CMD_MSG(cmd, "ICH08001I", user);
        cmd_rc(cmd, 4);
        return;
    }
    if (!is_self && !cmd_owns(cmd, u.owner)) {
        CMD_MSG(cmd, "ICH08007I", STR("PASSWORD/INTERVAL"), user);
        cmd_rc(cmd, 4);
        return;
    }
    if (!is_self && (password != NULL || phrase != NULL)) {
        CMD_MSG(cmd, "ICH08007I", STR("PASSWORD"), user);
        cmd_rc(cmd, 8);
        return;
    }
    if ((password != NULL && !change_own(cmd, &u, password, false)) ||
        (phrase != NULL && !change_own(cmd, &u, phrase, true)) ||
        !set_interval(cmd, &u)) {
        cmd_abandon(cmd, 8);
        return;
    }
    saf_user_put(cmd->db, &u);
}

static uint32_t
run_password(struct cmd *cmd)
{
    const struct cmd_arg *users = cmd_arg(cmd, "USER");

    if (cmd_is_undefined(cmd)) {
        CMD_MSG(cmd, "ICH08006I", str_of(cmd->verb->name));
        return 8;
    }
    if (cmd->n_args == (users != NULL)) {
        say_missing(cmd);
        return 8;
    }
    if (users == NULL) {
        change_one(cmd, str_of(cmd->acee->user), true);
        return cmd->rc;
    }
    for (size_t i = 0; i < users->n_values && !cmd->is_abandoned; i++)
        change_one(cmd, users->values[i],
                   str_eq_z(users->values[i], cmd->acee->user));
    return cmd->rc;
}

static const struct cmd_operand password_rows[] = {
    { "PASSWORD", CMD_LIST, CMD_SECRET | CMD_ASIS, 1, 8, NULL, NULL, NULL, NULL,
      NULL, NULL },
    { "PHRASE", CMD_LIST, CMD_SECRET | CMD_ASIS, 1, 100, NULL, NULL, NULL, NULL,
      NULL, NULL },
    { "INTERVAL", CMD_NUMBER, CMD_NO, 0, 9999, NULL, NULL, NULL, NULL, NULL,
      NULL },
    { "USER", CMD_LIST, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, "USERID",
      NULL },
};

const struct cmd_verb cmd_password = {
    "PASSWORD", "PW", NULL, 0, 0, CMD_TABLE(password_rows), run_password,
};
const struct cmd_verb cmd_phrase = {
    "PHRASE", "", NULL, 0, 0, CMD_TABLE(password_rows), run_password,
};
