/* PASSWORD and PHRASE, and the same operands of ADDUSER and ALTUSER. */
#include "saf/cmd_password.h"

#include <string.h>

#include "base/secret.h"
#include "saf/cmd_private.h"

#define VERIFIER_MAX 4096u

/* --- rules ------------------------------------------------------------- */

static bool
is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool
is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_national(char c)
{
    return c == '#' || c == '@' || c == '$';
}

static bool
is_vowel(char c)
{
    return strchr("AEIOUaeiou", c) != NULL;
}

/* Does c satisfy a mask character of a rule? */
static bool
satisfies(char mask, char c)
{
    bool alpha = is_upper(c) || is_national(c);

    switch (mask) {
    case 'A':
        return alpha;
    case 'C':
        return is_upper(c) && !is_vowel(c);
    case 'L':
        return alpha || is_digit(c);
    case 'N':
        return is_digit(c);
    case 'V':
        return is_upper(c) && is_vowel(c);
    case 'W':
        return (alpha || is_digit(c)) && !is_vowel(c);
    case 'c':
        return (is_upper(c) || is_lower(c)) && !is_vowel(c);
    case 'm':
        return is_upper(c) || is_lower(c) || is_digit(c) || is_national(c);
    case 'v':
        return is_vowel(c);
    case '$':
        return is_national(c);
    case 's':
        return !alpha && !is_lower(c) && !is_digit(c);
    default: /* '*' and 'x' */
        return true;
    }
}

/* "min:max mask": as SETROPTS stores a rule. */
static bool
rule_fits(struct str rule, struct str password)
{
    struct reader in = reader_of(rule);
    uint32_t min, max;
    struct str mask;

    if (!reader_decimal(&in, &min) || !reader_accept(&in, ':') ||
        !reader_decimal(&in, &max) || !reader_accept(&in, ' '))
        return false;
    mask = reader_rest(&in);
    if (password.n < min || password.n > max)
        return false;
    for (size_t i = 0; i < password.n; i++)
        if (i < mask.n && !satisfies(mask.p[i], password.p[i]))
            return false;
    return true;
}

bool
password_is_allowed(struct saf_db *db, struct arena *arena, struct str password)
{
    bool mixed = saf_option(db, "PASSWORD.MIXEDCASE") != 0;
    bool special = saf_option(db, "PASSWORD.SPECIALCHARS") != 0;
    bool has_rules = false;

    if (password.n < 1 || password.n > 8)
        return false;
    for (size_t i = 0; i < password.n; i++) {
        char c = password.p[i];

        if (!is_upper(c) && !is_digit(c) && !is_national(c) &&
            !(mixed && is_lower(c)) &&
            !(special && c > ' ' && c < 0x7f && !is_lower(c)))
            return false;
    }
    for (int i = 1; i <= 8; i++) {
        const char *name = str_z(arena, str_fmt(arena, "PASSWORD.RULE%d", i));
        struct str rule =
            name == NULL ? STR("") : saf_option_text(db, arena, name);

        if (rule.n == 0)
            continue;
        has_rules = true;
        if (rule_fits(rule, password))
            return true;
    }
    return !has_rules;
}

static bool
contains_nocase(struct str s, struct str what)
{
    for (size_t i = 0; what.n > 0 && i + what.n <= s.n; i++)
        if (str_eq_nocase(str_sub(s, i, i + what.n), what))
            return true;
    return false;
}

bool
phrase_is_allowed(struct str phrase, struct str user)
{
    size_t n_alpha = 0, n_other = 0;

    if (phrase.n < 9 || phrase.n > 100 || contains_nocase(phrase, user))
        return false;
    for (size_t i = 0; i < phrase.n; i++) {
        char c = phrase.p[i];

        if (i >= 2 && c == phrase.p[i - 1] && c == phrase.p[i - 2])
            return false;
        if (is_upper(c) || is_lower(c))
            n_alpha++;
        else
            n_other++;
    }
    return n_alpha >= 2 && n_other >= 2;
}

/* --- making and comparing ---------------------------------------------- */

/* As stored: upper case unless mixed case passwords are on. */
static struct str
fold_password(struct cmd *cmd, struct str password)
{
    char *p = (char *)(uintptr_t)password.p; /* in the wiped text store */

    if (saf_option(cmd->db, "PASSWORD.MIXEDCASE") != 0)
        return password;
    for (size_t i = 0; i < password.n; i++)
        if (is_lower(p[i]))
            p[i] = (char)(p[i] - 'a' + 'A');
    return password;
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

static bool
is_secret_of(struct cmd *cmd, struct str user, struct str secret,
             struct str verifier)
{
    const struct saf_hooks *h = cmd->session->hooks;

    return verifier.n > 0 && h != NULL && h->check_verifier != NULL &&
           h->check_verifier(h->arg, user, secret, verifier, NULL) == ERR_OK;
}

static bool
is_in_history(struct cmd *cmd, const struct saf_user *u, bool is_phrase,
              struct str secret)
{
    int64_t n = saf_option(cmd->db, "PASSWORD.HISTORY");
    struct saf_query q = saf_db_query(
        cmd->db,
        "SELECT verifier FROM history WHERE user=?1 AND is_phrase=?2"
        " ORDER BY seq DESC LIMIT ?3",
        "sii", u->user, (int64_t)is_phrase, n);
    bool is_found = false;

    while (!is_found && saf_query_next(&q))
        is_found = is_secret_of(cmd, u->user, secret,
                                saf_query_str(&q, cmd->arena, 0));
    saf_query_close(&q);
    return is_found;
}

static void
remember(struct cmd *cmd, const struct saf_user *u, bool is_phrase,
         struct str verifier)
{
    if (verifier.n == 0 || saf_option(cmd->db, "PASSWORD.HISTORY") == 0)
        return;
    saf_db_run(cmd->db,
               "INSERT INTO history VALUES(?1,?2,(SELECT coalesce(max(seq),0)"
               "+1 FROM history WHERE user=?1 AND is_phrase=?2),?3)",
               "sib", u->user, (int64_t)is_phrase, verifier);
    saf_db_run(cmd->db,
               "DELETE FROM history WHERE user=?1 AND is_phrase=?2 AND seq<="
               "(SELECT max(seq)-32 FROM history WHERE user=?1 AND"
               " is_phrase=?2)",
               "si", u->user, (int64_t)is_phrase);
}

/* --- ADDUSER, ALTUSER -------------------------------------------------- */

static bool
set_password(struct cmd *cmd, struct saf_user *u, const struct cmd_arg *arg)
{
    struct str password = fold_password(cmd, cmd_value(arg));
    bool is_expired = cmd_arg(cmd, "NOEXPIRED") == NULL;

    if (arg->is_negated || arg->n_values == 0) {
        if (arg->is_negated)
            u->verifier = (struct str){ NULL, 0 };
        return true;
    }
    if (!password_is_allowed(cmd->db, cmd->arena, password)) {
        CMD_MSG(cmd, "ICH08014I");
        return false;
    }
    remember(cmd, u, false, u->verifier);
    u->pass_day = is_expired ? 0 : cmd->today;
    u->attrs &= ~(uint32_t)USER_PASS_MIXED;
    if (saf_option(cmd->db, "PASSWORD.MIXEDCASE") != 0)
        u->attrs |= USER_PASS_MIXED;
    return make_verifier(cmd, u->user, password, false, &u->verifier);
}

static bool
set_phrase(struct cmd *cmd, struct saf_user *u, const struct cmd_arg *arg)
{
    if (arg->is_negated) {
        u->phrase_verifier = (struct str){ NULL, 0 };
        return true;
    }
    if (!phrase_is_allowed(cmd_value(arg), u->user)) {
        CMD_MSG(cmd, "ICH01021I");
        return false;
    }
    remember(cmd, u, true, u->phrase_verifier);
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

/* --- PASSWORD, PHRASE -------------------------------------------------- */

static bool
old_enough(struct cmd *cmd, int32_t changed)
{
    int64_t min = saf_option(cmd->db, "PASSWORD.MINCHANGE");

    return changed == 0 || cmd->today - changed >= min;
}

/* The checks of a change by the user, in order; the message of the first that
 * fails, or NULL. */
static const char *
why_not_password(struct cmd *cmd, const struct saf_user *u, struct str old,
                 struct str fresh)
{
    if (u->verifier.n == 0)
        return "ICH08008I";
    if (!is_secret_of(cmd, u->user, old, u->verifier))
        return "ICH08005I";
    if (str_eq_secret(old, fresh))
        return "ICH08002I";
    if (!old_enough(cmd, u->pass_day))
        return "ICH08017I";
    if (!password_is_allowed(cmd->db, cmd->arena, fresh))
        return "ICH08014I";
    return is_in_history(cmd, u, false, fresh) ? "ICH08015I" : NULL;
}

static const char *
why_not_phrase(struct cmd *cmd, const struct saf_user *u, struct str old,
               struct str fresh)
{
    if (!is_secret_of(cmd, u->user, old, u->phrase_verifier))
        return "ICH08022I";
    if (str_eq_secret(old, fresh))
        return "ICH08021I";
    if (!old_enough(cmd, u->phrase_day))
        return "ICH08018I";
    if (!phrase_is_allowed(fresh, u->user))
        return "ICH08020I";
    return is_in_history(cmd, u, true, fresh) ? "ICH08024I" : NULL;
}

static bool
change_own(struct cmd *cmd, struct saf_user *u, const struct cmd_arg *arg,
           bool is_phrase)
{
    struct str old, fresh;
    const char *refusal;

    if (arg->n_values != 2) {
        CMD_MSG(cmd, "IKJ56701I", STR("OLD AND NEW VALUE"), STR(""));
        return false;
    }
    old = is_phrase ? arg->values[0] : fold_password(cmd, arg->values[0]);
    fresh = is_phrase ? arg->values[1] : fold_password(cmd, arg->values[1]);
    refusal = is_phrase ? why_not_phrase(cmd, u, old, fresh)
                        : why_not_password(cmd, u, old, fresh);
    if (refusal != NULL) {
        CMD_MSG(cmd, refusal, u->user);
        return false;
    }
    remember(cmd, u, is_phrase, is_phrase ? u->phrase_verifier : u->verifier);
    if (is_phrase)
        u->phrase_day = cmd->today;
    else
        u->pass_day = cmd->today;
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

    if ((cmd->acee->attrs & ACEE_UNDEFINED) != 0) {
        CMD_MSG(cmd, "ICH08006I", str_of(cmd->verb->name));
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
