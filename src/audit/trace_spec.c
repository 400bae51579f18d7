#include "audit/trace_spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

struct rule {
    struct str name; /* without the "*" */
    bool is_prefix;
    enum trace_level level;
};

struct trace_spec {
    char *text; /* what the names borrow from */
    struct rule rules[TRACE_RULES_MAX];
    size_t n;
};

static const struct {
    const char *word;
    enum trace_level level;
} words[] = {
    { "off", TRACE_OFF },
    { "fatal", TRACE_FATAL },
    { "severe", TRACE_SEVERE },
    { "warning", TRACE_WARNING },
    { "audit", TRACE_AUDIT },
    { "info", TRACE_INFO },
    { "config", TRACE_CONFIG },
    { "detail", TRACE_DETAIL },
    { "fine", TRACE_FINE },
    { "finer", TRACE_FINER },
    { "finest", TRACE_FINEST },
    { "all", TRACE_ALL },
    /* older words for three of them */
    { "event", TRACE_FINE },
    { "entryexit", TRACE_FINER },
    { "debug", TRACE_FINEST },
    { "dump", TRACE_FINEST },
};

static const char *
word_of(enum trace_level level)
{
    return words[level].word;
}

static bool
find_level(struct str word, enum trace_level *out)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq_nocase_z(word, words[i].word)) {
            *out = words[i].level;
            return true;
        }
    return false;
}

static bool
is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] <= ' ' || name.p[i] == '*' ||
            (unsigned char)name.p[i] == 0x7F)
            return false;
    return true;
}

/* rule = name [ "*" ] "=" level [ "=" ( "enabled" / "disabled" ) ] */
static enum err
read_rule(struct str text, size_t at, struct rule *out, struct err_info *why)
{
    struct str rest = text, name, level, state;
    bool is_off = false;

    IGNORE(str_token(&rest, '=', &name));
    if (!str_token(&rest, '=', &level))
        return err_at(why, ERR_SYNTAX, at, "expected component=level");
    if (rest.p != NULL) {
        state = str_trim(rest);
        is_off = str_eq_nocase_z(state, "disabled");
        if (!is_off && !str_eq_nocase_z(state, "enabled"))
            return err_at(why, ERR_SYNTAX, at, "expected enabled or disabled");
    }
    name = str_trim(name);
    out->is_prefix = str_ends(name, STR("*"));
    if (out->is_prefix)
        name = str_sub(name, 0, name.n - 1);
    if ((name.n == 0 && !out->is_prefix) || !is_name(name))
        return err_at(why, ERR_SYNTAX, at, "not the name of a component");
    out->name = name;
    if (!find_level(str_trim(level), &out->level))
        return err_at(why, ERR_SYNTAX, at,
                      "expected off, fatal, severe, warning, audit, info, "
                      "config, detail, fine, finer, finest or all");
    if (is_off)
        out->level = TRACE_OFF;
    return ERR_OK;
}

/* A later rule for the same components replaces an earlier one. */
static enum err
add_rule(struct trace_spec *spec, const struct rule *rule, struct err_info *why)
{
    for (size_t i = 0; i < spec->n; i++)
        if (spec->rules[i].is_prefix == rule->is_prefix &&
            str_eq(spec->rules[i].name, rule->name)) {
            spec->rules[i].level = rule->level;
            return ERR_OK;
        }
    if (spec->n == TRACE_RULES_MAX)
        return err_set(why, ERR_LIMIT, "more than %u components",
                       TRACE_RULES_MAX);
    spec->rules[spec->n++] = *rule;
    return ERR_OK;
}

static int
by_name(const void *a, const void *b)
{
    const struct rule *left = a, *right = b;
    int order = str_cmp(left->name, right->name);

    return order != 0 ? order : (int)right->is_prefix - (int)left->is_prefix;
}

static enum err
read_rules(struct trace_spec *spec, struct str text, struct err_info *why)
{
    struct str rest = text, piece;
    struct rule rule = { .is_prefix = true, .level = TRACE_INFO };
    enum err e = add_rule(spec, &rule, why); /* "*=info" */

    while (e == ERR_OK && str_token(&rest, ':', &piece)) {
        size_t at = (size_t)(piece.p - text.p);

        if (str_trim(piece).n == 0)
            continue;
        e = read_rule(piece, at, &rule, why);
        if (e == ERR_OK)
            e = add_rule(spec, &rule, why);
    }
    qsort(spec->rules, spec->n, sizeof *spec->rules, by_name);
    return e;
}

enum err
trace_spec_new(struct str text, struct trace_spec **out, struct err_info *why)
{
    struct trace_spec *spec;
    enum err e;

    if (text.n > TRACE_SPEC_BYTES_MAX)
        return err_set(why, ERR_LIMIT, "longer than %u bytes",
                       TRACE_SPEC_BYTES_MAX);
    spec = calloc(1, sizeof *spec);
    if (spec == NULL || (spec->text = malloc(text.n + 1)) == NULL) {
        free(spec);
        return err_set(why, ERR_MEMORY, "no storage for a trace specification");
    }
    if (text.n > 0)
        memcpy(spec->text, text.p, text.n);
    e = read_rules(spec, str_n(spec->text, text.n), why);
    if (e == ERR_OK)
        *out = spec;
    else
        trace_spec_free(&spec);
    return e;
}

void
trace_spec_free(struct trace_spec **spec)
{
    if (*spec != NULL)
        free((*spec)->text);
    free(*spec);
    *spec = NULL;
}

/* "a.b.*" is a.b and what stands below it. */
static bool
matches(const struct rule *rule, struct str name)
{
    if (!rule->is_prefix)
        return str_eq(rule->name, name);
    return str_starts(name, rule->name) ||
           (str_ends(rule->name, STR(".")) && name.n + 1 == rule->name.n &&
            str_starts(rule->name, name));
}

enum trace_level
trace_spec_level(const struct trace_spec *spec, struct str name)
{
    const struct rule *best = NULL;

    for (size_t i = 0; i < spec->n; i++) {
        const struct rule *rule = &spec->rules[i];

        if (matches(rule, name) &&
            (best == NULL || rule->name.n > best->name.n ||
             (rule->name.n == best->name.n && !rule->is_prefix)))
            best = rule;
    }
    return best == NULL || best->level < TRACE_INFO ? TRACE_INFO : best->level;
}

enum trace_level
trace_spec_finest(const struct trace_spec *spec)
{
    enum trace_level finest = TRACE_INFO;

    for (size_t i = 0; i < spec->n; i++)
        if (spec->rules[i].level > finest)
            finest = spec->rules[i].level;
    return finest;
}

void
trace_spec_print(const struct trace_spec *spec, struct buf *out)
{
    for (size_t i = 0; i < spec->n; i++)
        buf_printf(out, "%s" STR_FMT "%s=%s", i > 0 ? ":" : "",
                   STR_ARG(spec->rules[i].name),
                   spec->rules[i].is_prefix ? "*" : "",
                   word_of(spec->rules[i].level));
}
