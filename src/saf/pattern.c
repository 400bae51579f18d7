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

/*
 * pattern   = qualifier *( "." qualifier )
 * qualifier = "*" | "**" | 1*( char | "%" ) [ "*" ]     ("**" once)
 */
enum err
pattern_compile(struct str t, struct pattern *out, struct err_info *why)
{
    struct pattern p = { .n = 0 };
    size_t n_double = 0;

    if (t.n == 0 || t.n > SAF_PROFILE_MAX)
        return err_at(why, ERR_LIMIT, 0, "a name has 1 to %u characters",
                      SAF_PROFILE_MAX);
    for (size_t i = 0; i < t.n;) {
        unsigned char c = (unsigned char)t.p[i];
        size_t n = 1;
        unsigned token = c;

        if (c < 0x20 || c >= PATTERN_FIRST)
            return err_at(why, ERR_SYNTAX, i, "not a character of a name");
        if (c == '&')
            return err_at(why, ERR_UNSUPPORTED, i,
                          "variables of class RACFVARS are not available");
        if (c == '%') {
            token = PATTERN_ONE;
        } else if (c == '*') {
            token = star_token(t, i, &n);
            if (token == 0)
                return err_at(why, ERR_SYNTAX, i,
                              "an asterisk may only end a qualifier");
        }
        if (token >= PATTERN_FIRST && token != PATTERN_ONE && n > 1 &&
            n_double++ > 0)
            return err_at(why, ERR_SYNTAX, i, "** may be used once");
        /* ".**" takes in the dot before it. */
        if (token == PATTERN_SOME_MID || token == PATTERN_SOME_END)
            p.n--;
        if (!push(&p, token))
            return err_at(why, ERR_LIMIT, i, "too long");
        i += n;
    }
    if (!push(&p, PATTERN_END))
        return err_at(why, ERR_LIMIT, t.n, "too long");
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

static bool match_from(const struct pattern *p, size_t token, struct str name,
                       size_t at);

/* The rest of the pattern after zero or more whole qualifiers. */
static bool
match_after_some(const struct pattern *p, size_t token, struct str name,
                 size_t at)
{
    for (;;) {
        if (match_from(p, token, name, at))
            return true;
        at = qualifier_end(name, at);
        if (at == name.n)
            return false;
        at++;
    }
}

/* Recursion only at "**", which a pattern has once. */
static bool
match_from(const struct pattern *p, size_t token, struct str name, size_t at)
{
    for (; token < p->n; token++) {
        unsigned char t = p->tokens[token];
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
                   match_after_some(p, token + 1, name, at + 1);
        case PATTERN_SOME_FIRST:
            return match_after_some(p, token + 1, name, at);
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
pattern_matches(const struct pattern *p, struct str name)
{
    return match_from(p, 0, name, 0);
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
