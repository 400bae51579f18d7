/* Rules of new passwords and phrases. */
#include "saf/secret_rules.h"

#include <string.h>

#include "base/reader.h"

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

struct allowed {
    bool lower, special; /* SETROPTS MIXEDCASE, SPECIALCHARS */
};

/* MIXEDALL: of each kind that may be used, one somewhere in the password. */
static bool
has_all_kinds(struct str password, struct allowed may)
{
    bool has_upper = false, has_lower = !may.lower, has_digit = false;
    bool has_sign = false;

    for (size_t i = 0; i < password.n; i++) {
        char c = password.p[i];

        has_upper = has_upper || is_upper(c);
        has_lower = has_lower || is_lower(c);
        has_digit = has_digit || is_digit(c);
        has_sign = has_sign || satisfies('$', c) || satisfies('s', c);
    }
    return has_upper && has_lower && has_digit && has_sign;
}

/* What stands at several positions of one of ALPHANUM, NOVOWEL and MIXEDNUM is
 * digits and others. */
static bool
is_varied(char kind, struct str mask, struct str password)
{
    size_t n = 0, digits = 0;

    for (size_t i = 0; i < password.n && i < mask.n; i++) {
        if (mask.p[i] != kind)
            continue;
        n++;
        digits += is_digit(password.p[i]);
    }
    return n < 2 || (digits > 0 && digits < n);
}

/* "min:max mask": as SETROPTS stores a rule. */
static bool
rule_fits(struct str rule, struct str password, struct allowed may)
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
    return is_varied('L', mask, password) && is_varied('W', mask, password) &&
           is_varied('m', mask, password) &&
           (str_find_char(mask, 'x') == STR_NPOS ||
            has_all_kinds(password, may));
}

static struct allowed
allowed_of(struct saf_db *db)
{
    return (struct allowed){ secret_is_mixed(db),
                             saf_option(db, "PASSWORD.SPECIALCHARS") != 0 };
}

bool
password_is_possible(struct saf_db *db, struct str password)
{
    struct allowed may = allowed_of(db);

    if (password.n < 1 || password.n > SECRET_PASSWORD_MAX)
        return false;
    for (size_t i = 0; i < password.n; i++) {
        char c = password.p[i];

        if (!is_upper(c) && !is_digit(c) && !is_national(c) &&
            !(may.lower && is_lower(c)) &&
            !(may.special && c > ' ' && c < 0x7f && !is_lower(c)))
            return false;
    }
    return true;
}

bool
password_is_allowed(struct saf_db *db, struct arena *arena, struct str password)
{
    struct allowed may = allowed_of(db);
    bool has_rules = false;

    if (!password_is_possible(db, password))
        return false;
    for (int i = 1; i <= 8; i++) {
        const char *name = str_z(arena, str_fmt(arena, "PASSWORD.RULE%d", i));
        struct str rule =
            name == NULL ? STR("") : saf_option_text(db, arena, name);

        if (rule.n == 0)
            continue;
        has_rules = true;
        if (rule_fits(rule, password, may))
            return true;
    }
    return !has_rules;
}

/* In capitals or in small letters, not in both. */
static bool
contains_user(struct str s, struct str user)
{
    for (size_t i = 0; user.n > 0 && i + user.n <= s.n; i++) {
        struct str part = str_sub(s, i, i + user.n);
        bool has_upper = false, has_lower = false;

        for (size_t j = 0; j < part.n; j++) {
            has_upper = has_upper || is_upper(part.p[j]);
            has_lower = has_lower || is_lower(part.p[j]);
        }
        if (str_eq_nocase(part, user) && !(has_upper && has_lower))
            return true;
    }
    return false;
}

bool
phrase_is_allowed(struct str phrase, struct str user)
{
    size_t n_alpha = 0, n_other = 0;

    if (phrase.n < 9 || phrase.n > 100 || contains_user(phrase, user))
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

/* --- changes ------------------------------------------------------------ */

bool
secret_is_mixed(struct saf_db *db)
{
    return saf_option(db, "PASSWORD.MIXEDCASE") != 0;
}

void
secret_fold(struct str password)
{
    char *p = (char *)(uintptr_t)password.p;

    for (size_t i = 0; i < password.n; i++)
        if (is_lower(p[i]))
            p[i] = (char)(p[i] - 'a' + 'A');
}

bool
secret_folds(struct saf_db *db, const struct saf_user *u)
{
    return (u->attrs & USER_PASS_MIXED) == 0 || !secret_is_mixed(db);
}

void
secret_note_case(struct saf_user *u, struct str password)
{
    u->attrs &= ~(uint32_t)USER_PASS_MIXED;
    for (size_t i = 0; i < password.n; i++)
        if (is_lower(password.p[i]))
            u->attrs |= USER_PASS_MIXED;
}

bool
secret_is(const struct secret_change *c, struct str secret, struct str verifier)
{
    const struct saf_hooks *h = c->hooks;

    return verifier.n > 0 && h != NULL && h->check_verifier != NULL &&
           h->check_verifier(h->arg, c->user->user, secret, verifier, NULL) ==
               ERR_OK;
}

static bool
is_in_history(const struct secret_change *c, struct str secret)
{
    /* Of phrases the current one, which was compared, is one of them. */
    int64_t n = saf_option(c->db, "PASSWORD.HISTORY") - c->is_phrase;
    struct saf_query q = saf_db_query(
        c->db,
        "SELECT verifier FROM history WHERE user=?1 AND is_phrase=?2"
        " ORDER BY seq DESC LIMIT ?3",
        "sii", c->user->user, (int64_t)c->is_phrase, n > 0 ? n : 0);
    bool is_found = false;

    while (!is_found && saf_query_next(&q))
        is_found = secret_is(c, secret, saf_query_str(&q, c->arena, 0));
    saf_query_close(&q);
    return is_found;
}

void
secret_remember(const struct secret_change *c)
{
    struct str verifier =
        c->is_phrase ? c->user->phrase_verifier : c->user->verifier;

    if (verifier.n == 0 || saf_option(c->db, "PASSWORD.HISTORY") == 0)
        return;
    saf_db_run(c->db,
               "INSERT INTO history VALUES(?1,?2,(SELECT coalesce(max(seq),0)"
               "+1 FROM history WHERE user=?1 AND is_phrase=?2),?3)",
               "sib", c->user->user, (int64_t)c->is_phrase, verifier);
    saf_db_run(c->db,
               "DELETE FROM history WHERE user=?1 AND is_phrase=?2 AND seq<="
               "(SELECT max(seq)-32 FROM history WHERE user=?1 AND"
               " is_phrase=?2)",
               "si", c->user->user, (int64_t)c->is_phrase);
}

static bool
is_old_enough(const struct secret_change *c)
{
    int32_t changed = c->is_phrase ? c->user->phrase_day : c->user->pass_day;

    return changed == 0 ||
           c->today - changed >= saf_option(c->db, "PASSWORD.MINCHANGE");
}

const char *
secret_why_not(const struct secret_change *c, struct str old, struct str fresh)
{
    if (c->is_phrase ? str_eq_secret(old, fresh) : str_eq_nocase(old, fresh))
        return c->is_phrase ? "ICH08021I" : "ICH08002I";
    if (!is_old_enough(c))
        return c->is_phrase ? "ICH08018I" : "ICH08017I";
    if (c->is_phrase ? !phrase_is_allowed(fresh, c->user->user)
                     : !password_is_allowed(c->db, c->arena, fresh))
        return c->is_phrase ? "ICH08020I" : "ICH08014I";
    if (!is_in_history(c, fresh))
        return NULL;
    return c->is_phrase ? "ICH08024I" : "ICH08015I";
}
