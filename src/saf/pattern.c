#include "saf/pattern.h"

#include <string.h>

bool
pattern_has_generics(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '*' || name.p[i] == '%' || name.p[i] == '&')
            return true;
    return false;
}

static bool
push(struct pattern *p, unsigned token)
{
    if (p->n >= PATTERN_MAX)
        return false;
    p->tokens[p->n++] = (unsigned char)token;
    return true;
}

/* The token of a run of stars at `at`, and how much text it covers with the
 * dots it takes in; 0 when no star may stand there. */
static unsigned
star_token(struct str t, size_t at, size_t *n)
{
    bool starts = at == 0 || t.p[at - 1] == '.';
    bool is_double = at + 1 < t.n && t.p[at + 1] == '*';
    size_t after = at + (is_double ? 2 : 1);
    bool is_last = after == t.n;

    *n = after - at;
    if (!is_last && t.p[after] != '.')
        return 0; /* a star only ends a qualifier */
    if (!is_double) {
        if (starts)
            return is_last ? PATTERN_REST_QUALIFIERS : PATTERN_QUALIFIER;
        return is_last ? PATTERN_REST : PATTERN_QUALIFIER_END;
    }
    if (!starts)
        return 0;
    if (at == 0) {
        *n += is_last ? 0 : 1;
        return is_last ? PATTERN_ALL : PATTERN_SOME_FIRST;
    }
    *n += is_last ? 0 : 1;
    return is_last ? PATTERN_SOME_END : PATTERN_SOME_MID;
}

/* --- compiling --------------------------------------------------------- */

static bool
is_variable_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '#' ||
           c == '@' || c == '$';
}

/* "&NAME" at t.p[at]; its length, 0 when it has no name or a long one. */
static size_t
push_variable(struct pattern *p, struct str t, size_t at)
{
    size_t n = 1;

    while (at + n < t.n && is_variable_char(t.p[at + n]))
        n++;
    if (n == 1 || n - 1 > PATTERN_VARIABLE_MAX || !push(p, PATTERN_VARIABLE))
        return 0;
    for (size_t i = 1; i < n; i++)
        if (!push(p, (unsigned char)t.p[at + i]))
            return 0;
    return push(p, PATTERN_VARIABLE_END) ? n : 0;
}

static enum err
push_star(struct pattern *p, struct str t, size_t at, size_t *n, bool *has_some,
          struct err_info *why)
{
    unsigned token = star_token(t, at, n);

    if (token == 0)
        return err_at(why, ERR_SYNTAX, at,
                      "an asterisk may only end a qualifier");
    if (*n > 1 && *has_some)
        return err_at(why, ERR_SYNTAX, at, "** may be used once");
    *has_some = *has_some || *n > 1;
    /* ".**" takes in the dot before it. */
    if (token == PATTERN_SOME_MID || token == PATTERN_SOME_END)
        p->n--;
    return push(p, token) ? ERR_OK : err_at(why, ERR_LIMIT, at, "too long");
}

/*
 * pattern   = qualifier *( "." qualifier )
 * qualifier = "*" | "**" | 1*( char | "%" | "&" name ) [ "*" ]  ("**" once)
 */
enum err
pattern_compile(struct str t, struct pattern *out, struct err_info *why)
{
    struct pattern p = { .n = 0 };
    bool has_some = false;

    if (t.n == 0 || t.n > SAF_PROFILE_MAX)
        return err_at(why, ERR_LIMIT, 0, "a name has 1 to %u characters",
                      SAF_PROFILE_MAX);
    for (size_t i = 0, n; i < t.n; i += n) {
        unsigned char c = (unsigned char)t.p[i];
        enum err e;

        n = 1;
        if (c < 0x20 || c >= PATTERN_FIRST)
            return err_at(why, ERR_SYNTAX, i, "not a character of a name");
        if (c == '*') {
            if ((e = push_star(&p, t, i, &n, &has_some, why)) != ERR_OK)
                return e;
        } else if (c == '&') {
            if ((n = push_variable(&p, t, i)) == 0)
                return err_at(why, ERR_SYNTAX, i,
                              "& begins the name of a variable, of 1 to %u "
                              "characters",
                              PATTERN_VARIABLE_MAX);
        } else if (!push(&p, c == '%' ? PATTERN_ONE : c)) {
            return err_at(why, ERR_LIMIT, i, "too long");
        }
    }
    if (!push(&p, PATTERN_END))
        return err_at(why, ERR_LIMIT, t.n, "too long");
    *out = p;
    return ERR_OK;
}

enum err
pattern_compile_dataset(struct str t, struct pattern *out, struct err_info *why)
{
    size_t dot = str_find_char(t, '.');
    struct pattern p = { .n = 0 };
    enum err e;

    for (size_t i = 0; i < t.n && i < dot; i++)
        if (t.p[i] == '*' || t.p[i] == '%')
            return err_at(why, ERR_SYNTAX, i,
                          "the first qualifier names a user or group");
    if ((e = pattern_compile(t, &p, why)) != ERR_OK)
        return e;
    for (size_t i = 0; i < p.n; i++) {
        if (p.tokens[i] == PATTERN_REST)
            p.tokens[i] = PATTERN_QUALIFIER_END;
        else if (p.tokens[i] == PATTERN_REST_QUALIFIERS)
            p.tokens[i] = PATTERN_QUALIFIER;
    }
    *out = p;
    return ERR_OK;
}

int
pattern_compare(const struct pattern *a, const struct pattern *b)
{
    size_t n = a->n < b->n ? a->n : b->n;
    int order = memcmp(a->tokens, b->tokens, n);

    if (order != 0)
        return order;
    return a->n < b->n ? -1 : a->n > b->n;
}

/* --- matching ---------------------------------------------------------- */

static size_t
qualifier_end(struct str name, size_t at)
{
    while (at < name.n && name.p[at] != '.')
        at++;
    return at;
}

struct match {
    const unsigned char *tokens;
    size_t n;
    struct str name;
    const struct pattern_values *values;
};

static bool match_from(const struct match *m, size_t token, size_t at);

/* The rest of the pattern after zero or more whole qualifiers. */
static bool
match_after_some(const struct match *m, size_t token, size_t at)
{
    for (;;) {
        if (match_from(m, token, at))
            return true;
        at = qualifier_end(m->name, at);
        if (at == m->name.n)
            return false;
        at++;
    }
}

/* Each value in turn: the first with which the rest matches. */
static bool
match_variable(const struct match *m, size_t token, size_t at)
{
    size_t end = token + 1;
    struct str variable, value, rest = str_sub(m->name, at, m->name.n);

    while (end < m->n && m->tokens[end] != PATTERN_VARIABLE_END)
        end++;
    if (end == m->n || m->values == NULL)
        return false;
    variable = str_n(m->tokens + token + 1, end - token - 1);
    for (size_t i = 0; m->values->value(m->values->arg, variable, i, &value);
         i++)
        if (str_starts(rest, value) && match_from(m, end + 1, at + value.n))
            return true;
    return false;
}

/* Recursion only at "**", which a pattern has once, and at variables. */
static bool
match_from(const struct match *m, size_t token, size_t at)
{
    struct str name = m->name;

    for (; token < m->n; token++) {
        unsigned char t = m->tokens[token];
        size_t end = qualifier_end(name, at);

        switch (t) {
        case PATTERN_END:
            return at == name.n;
        case PATTERN_ALL:
        case PATTERN_REST:
            return true;
        case PATTERN_REST_QUALIFIERS:
            return at < name.n;
        case PATTERN_SOME_END:
            return at == name.n || name.p[at] == '.';
        case PATTERN_SOME_MID:
            return at < name.n && name.p[at] == '.' &&
                   match_after_some(m, token + 1, at + 1);
        case PATTERN_SOME_FIRST:
            return match_after_some(m, token + 1, at);
        case PATTERN_VARIABLE:
            return match_variable(m, token, at);
        case PATTERN_QUALIFIER:
            if (end == at)
                return false;
            at = end;
            break;
        case PATTERN_QUALIFIER_END:
            at = end;
            break;
        case PATTERN_ONE:
            if (end == at)
                return false;
            at++;
            break;
        default:
            if (at >= name.n || (unsigned char)name.p[at] != t)
                return false;
            at++;
        }
    }
    return false;
}

bool
pattern_matches_tokens(const unsigned char *tokens, size_t n, struct str name,
                       const struct pattern_values *values)
{
    struct match m = { tokens, n, name, values };

    return match_from(&m, 0, 0);
}

bool
pattern_matches(const struct pattern *p, struct str name)
{
    return pattern_matches_tokens(p->tokens, p->n, name, NULL);
}

bool
pattern_is_sound(const unsigned char *tokens, size_t n)
{
    size_t n_some = 0, n_variables = 0;

    if (n == 0 || n > PATTERN_MAX || tokens[n - 1] != PATTERN_END)
        return false;
    for (size_t i = 0; i < n; i++) {
        n_some +=
            tokens[i] == PATTERN_SOME_MID || tokens[i] == PATTERN_SOME_FIRST;
        n_variables += tokens[i] == PATTERN_VARIABLE;
        if (tokens[i] > PATTERN_ALL)
            return false;
    }
    return n_some <= 1 && n_variables <= 2;
}

/* --- data set rules ---------------------------------------------------- */

static bool
qualifier_matches(struct str pattern, struct str name)
{
    for (size_t i = 0; i < pattern.n; i++) {
        if (pattern.p[i] == '*')
            return i + 1 == pattern.n;
        if (i >= name.n || (pattern.p[i] != '%' && pattern.p[i] != name.p[i]))
            return false;
    }
    return pattern.n == name.n;
}

/* `**` may be repeated here; each has at most as many ways as qualifiers, so
 * only the last one is retried, as with shell globs. */
bool
pattern_matches_dataset(struct str pattern, struct str name)
{
    struct str rest = pattern, names = name, part, have;
    struct str retry_rest = { NULL, 0 }, retry_names = { NULL, 0 };

    for (;;) {
        struct str names_before = names;

        if (rest.p != NULL && str_token(&rest, '.', &part)) {
            if (str_eq_z(part, "**")) {
                retry_rest = rest;
                retry_names = names;
                if (rest.p == NULL)
                    return true;
                continue;
            }
            if (str_token(&names, '.', &have) &&
                qualifier_matches(part, have) &&
                !(str_eq_z(part, "*") && have.n == 0))
                continue;
        } else if (names_before.p == NULL) {
            return true;
        }
        if (retry_rest.p == NULL || retry_names.p == NULL ||
            !str_token(&retry_names, '.', &have))
            return false;
        rest = retry_rest;
        names = retry_names;
    }
}
