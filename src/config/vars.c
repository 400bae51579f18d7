/*
 * ${variables}: where a name is looked up, in which order,
 * and the small arithmetic that is tried when nobody defines it. An unknown
 * name stays in the text as it is.
 */
#include "config/raw.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

#define VARS_DEPTH_MAX 32u
/* Look-ups for one value: variables that double each other end here even when
 * they end in nothing. */
#define VARS_LOOKUPS_MAX 10000u
/* And of all values together. */
#define VARS_TOTAL_MAX 2000000u

extern char **environ;

struct expansion {
    struct loading *loading;
    const struct scope *scope;
    struct buf out;
    struct str active[VARS_DEPTH_MAX];
    unsigned depth;
    unsigned n_lookups;
};

/* A variable's value, and who gave it: a word, or a file. */
struct found {
    struct str value;
    const char *from; /* NULL: file */
    struct str file;
    uint32_t line; /* 0: the whole file */
};

static bool
vars_find(struct cfg_vars vars, struct str name, struct str *out)
{
    for (size_t i = vars.n; i-- > 0;) /* the last one given counts */
        if (str_eq(vars.v[i].name, name)) {
            *out = vars.v[i].value;
            return true;
        }
    return false;
}

bool
vars_env(const struct loading *l, struct str name, struct str *out)
{
    char copy[256];
    const char *value;

    if (l->options->environment.v != NULL)
        return vars_find(l->options->environment, name, out);
    if (!str_copy_z(name, copy, sizeof copy))
        return false;
    value = getenv(copy);
    if (value == NULL)
        return false;
    *out = str_of(value);
    return true;
}

/* env.NAME; the name itself, with _ for other characters, then in capitals. */
static bool
env_variants(const struct loading *l, struct str name, struct str *out)
{
    char copy[256];

    if (str_starts(name, STR("env.")))
        name = str_sub(name, 4, name.n);
    if (vars_env(l, name, out))
        return true;
    if (name.n >= sizeof copy)
        return false;
    for (int upper = 0; upper < 2; upper++) {
        for (size_t i = 0; i < name.n; i++) {
            char c = name.p[i];
            bool is_alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

            if (!is_alpha && !(c >= '0' && c <= '9'))
                c = '_';
            if (upper && c >= 'a' && c <= 'z')
                c = (char)(c - 'a' + 'A');
            copy[i] = c;
        }
        if (vars_env(l, str_n(copy, name.n), out))
            return true;
    }
    return false;
}

/* An attribute of the same element, its default included. */
static bool
scope_find(const struct scope *scope, struct str name, struct str *out)
{
    if (scope == NULL)
        return false;
    if (scope->element != NULL) {
        for (const struct raw_attr *a = scope->element->attrs; a != NULL;
             a = a->next)
            if (str_eq_nocase(a->name, name) && a->first != NULL &&
                (a->first->element == NULL || a->first->element->text.n > 0)) {
                *out = raw_text(a->first);
                return true;
            }
        if (str_eq_nocase_z(name, "id") && scope->element->id.p != NULL) {
            *out = scope->element->id;
            return true;
        }
    }
    if (scope->type == NULL)
        return false;
    for (size_t i = 0; i < scope->type->n_attrs; i++) {
        const struct cfg_attr *a = &scope->type->attrs[i];

        if (str_eq_nocase_z(name, a->name) && a->value != NULL &&
            a->value[0] != '\0') {
            *out = str_of(a->value);
            return true;
        }
    }
    return false;
}

/* Rows 1 to 7 of the order; rows 8 and 9 are only for plain references. */
static bool
lookup(const struct loading *l, const struct scope *scope, struct str name,
       bool is_plain, struct found *out)
{
    const struct raw_variable *v = table_get(&l->variables, name);
    const struct raw_file_variable *file = table_get(&l->folder, name);

    *out = (struct found){ .from = "command line" };
    if (vars_find(l->options->command_line, name, &out->value))
        return true;
    if (v != NULL && v->value.p != NULL) {
        *out = (struct found){ v->value, NULL, v->file, v->line };
        return true;
    }
    out->from = "jvm.options";
    if (vars_find(l->options->properties, name, &out->value))
        return true;
    out->from = "bootstrap.properties";
    if (vars_find(l->options->bootstrap, name, &out->value))
        return true;
    if (file != NULL) {
        *out = (struct found){ file->value, NULL, file->path, 0 };
        return true;
    }
    out->from = "predefined";
    if (vars_find(l->predefined, name, &out->value))
        return true;
    out->from = "the same element";
    if (scope_find(scope, name, &out->value))
        return true;
    out->from = "environment";
    if (is_plain && env_variants(l, name, &out->value))
        return true;
    if (v != NULL && v->initial.p != NULL) {
        *out = (struct found){ v->initial, NULL, v->file, v->line };
        return true;
    }
    return false;
}

struct str
vars_origin(struct loading *l, const struct scope *scope, struct str name,
            struct str folder)
{
    struct found found;

    if (!lookup(l, scope, name, true, &found))
        return STR("");
    if (found.from != NULL)
        return str_of(found.from);
    if (str_starts(found.file, folder) && found.file.n > folder.n + 1)
        found.file = str_sub(found.file, folder.n + 1, found.file.n);
    if (found.line == 0 || str_eq_z(found.file, "built-in"))
        return found.file;
    return loading_fmt(l, STR_FMT ":%u", STR_ARG(found.file), found.line);
}

static enum err expand_into(struct expansion *x, struct str text,
                            struct err_info *why);

/* The value of a variable, expanded, as a number. */
static bool
number_of(struct expansion *x, struct str name, int64_t *out)
{
    struct err_info ignored;
    struct found found;
    size_t start = x->out.n;
    bool is_number = false;

    if (!lookup(x->loading, x->scope, name, false, &found))
        return false;
    if (expand_into(x, found.value, &ignored) == ERR_OK)
        is_number = str_to_i64(
            str_trim(str_sub(buf_view(&x->out), start, x->out.n)), out);
    x->out.n = start;
    return is_number;
}

static bool
is_name_start(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$';
}

static bool
is_name(unsigned char c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '.';
}

static bool
is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool
count_of(struct expansion *x, struct str name, int64_t *out)
{
    struct cfg_list list;
    struct found found;
    struct str text;
    size_t start = x->out.n;

    *out = 0;
    if (!lookup(x->loading, x->scope, name, false, &found))
        return true;
    if (expand_into(x, found.value, NULL) != ERR_OK) {
        x->out.n = start;
        return false;
    }
    text =
        str_dup(x->loading->arena, str_sub(buf_view(&x->out), start, x->out.n));
    x->out.n = start;
    if (text.p == NULL ||
        value_list(x->loading->arena, text, &list, NULL) != ERR_OK)
        return false;
    *out = (int64_t)list.n;
    return true;
}

/* operand = integer | name | "count(" name ")" */
static bool
operand(struct expansion *x, struct reader *in, int64_t *out)
{
    struct str word;

    reader_skip_blanks(in);
    if (is_digit((unsigned char)reader_peek(in)))
        return str_to_i64(reader_span(in, is_digit), out);
    if (!is_name_start((unsigned char)reader_peek(in)))
        return false;
    word = reader_span(in, is_name);
    if (!str_eq_z(word, "count") || !reader_accept(in, '('))
        return number_of(x, word, out);
    reader_skip_blanks(in);
    word = reader_span(in, is_name);
    reader_skip_blanks(in);
    return word.n > 0 && reader_accept(in, ')') && count_of(x, word, out);
}

static bool
apply(char op, int64_t right, int64_t *left)
{
    switch (op) {
    case '+':
        return !__builtin_add_overflow(*left, right, left);
    case '-':
        return !__builtin_sub_overflow(*left, right, left);
    case '*':
        return !__builtin_mul_overflow(*left, right, left);
    case '/':
        if (right == 0 || (right == -1 && *left == INT64_MIN))
            return false;
        *left /= right;
        return true;
    default:
        return false;
    }
}

/* expr = operand *( ("+" | "-" | "*" | "/") operand ), left to right */
static bool
expression(struct expansion *x, struct str text, int64_t *out)
{
    struct reader in = reader_of(text);
    int64_t right;

    if (!operand(x, &in, out))
        return false;
    for (;;) {
        char op;

        reader_skip_blanks(&in);
        if (reader_at_end(&in))
            return true;
        op = reader_peek(&in);
        in.pos++;
        if (!operand(x, &in, &right) || !apply(op, right, out))
            return false;
    }
}

/* From the first time the name is looked up. */
static enum err
say_loop(const struct expansion *x, unsigned from, struct err_info *why)
{
    struct buf names;
    enum err e;

    buf_init(&names, ERR_TEXT_MAX);
    for (unsigned i = from; i < x->depth; i++)
        buf_printf(&names, "%s" STR_FMT, i > from ? ", " : "",
                   STR_ARG(str_sub(x->active[i], 0, 100)));
    e = err_set(why, ERR_NOT_NOW, "Variable evaluation loop detected: [%s]",
                buf_z(&names));
    buf_fini(&names);
    return e;
}

static enum err
expand_name(struct expansion *x, struct str name, struct str literal,
            struct err_info *why)
{
    struct found found;
    int64_t number;
    enum err e;

    if (++x->n_lookups > VARS_LOOKUPS_MAX)
        return err_set(why, ERR_LIMIT, "more than %u variables in one value",
                       VARS_LOOKUPS_MAX);
    if (++x->loading->n_lookups > VARS_TOTAL_MAX)
        return err_set(why, ERR_LIMIT,
                       "more than %u variables in the configuration",
                       VARS_TOTAL_MAX);
    for (unsigned i = 0; i < x->depth; i++)
        if (str_eq(x->active[i], name))
            return say_loop(x, i, why);
    if (x->depth == VARS_DEPTH_MAX)
        return err_set(why, ERR_LIMIT, "variables nest deeper than %u",
                       VARS_DEPTH_MAX);
    x->active[x->depth++] = name;
    if (lookup(x->loading, x->scope, name, true, &found)) {
        e = expand_into(x, found.value, why);
    } else {
        if (expression(x, name, &number))
            buf_printf(&x->out, "%lld", (long long)number);
        else
            buf_add(&x->out, literal);
        e = ERR_OK;
    }
    x->depth--;
    return e;
}

static enum err
expand_into(struct expansion *x, struct str text, struct err_info *why)
{
    enum err e = ERR_OK;

    while (text.n > 0 && e == ERR_OK) {
        size_t start = str_find(text, STR("${")), end;

        if (start == STR_NPOS)
            break;
        /* at least one character stands between the braces */
        end = str_find_char(str_sub(text, start + 3, text.n), '}');
        if (end == STR_NPOS)
            break;
        end += start + 3;
        buf_add(&x->out, str_sub(text, 0, start));
        e = expand_name(x, str_sub(text, start + 2, end),
                        str_sub(text, start, end + 1), why);
        text = str_sub(text, end + 1, text.n);
    }
    if (e != ERR_OK)
        return e;
    buf_add(&x->out, text);
    if (x->out.failed)
        return err_set(why, ERR_LIMIT,
                       "the value is longer than %zu bytes after its "
                       "variables are replaced",
                       x->out.max);
    return ERR_OK;
}

enum err
vars_expand(struct loading *l, const struct scope *scope, struct str text,
            struct str *out, struct err_info *why)
{
    struct expansion x = { .loading = l, .scope = scope };
    enum err e;

    if (str_find(text, STR("${")) == STR_NPOS) {
        if (text.n > l->limits.max_value_bytes)
            return err_set(why, ERR_LIMIT, "the value is longer than %zu bytes",
                           l->limits.max_value_bytes);
        *out = text;
        return ERR_OK;
    }
    buf_init(&x.out, l->limits.max_value_bytes);
    e = expand_into(&x, text, why);
    if (e == ERR_OK) {
        *out = str_dup(l->arena, buf_view(&x.out));
        if (out->p == NULL)
            e = err_set(why, ERR_MEMORY, "no storage for a value");
    }
    buf_fini(&x.out);
    return e;
}
