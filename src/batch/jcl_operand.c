/* Operand fields: parameters, lists, apostrophes, symbols. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/msg.h"
#include "batch/jcl_parser.h"

void
jcl_fatal(struct jcl_parser *p, enum err e)
{
    if (p->fatal == ERR_OK)
        p->fatal = e;
}

void
jcl_fail(struct jcl_parser *p, struct jcl_pos pos, const char *id,
         struct str insert, const char *expected, ...)
{
    struct jcl_error *error;
    struct buf text;
    char why[200];
    va_list ap;

    p->errors->n_all++;
    if (p->errors->n >= JCL_ERRORS_MAX)
        return;
    error = &p->errors->v[p->errors->n++];
    *error = (struct jcl_error){ .pos = pos };
    if (pos.source > 0 && pos.source <= p->n_sources)
        memcpy(error->source, p->sources[pos.source - 1], sizeof error->source);
    va_start(ap, expected);
    (void)vsnprintf(why, sizeof why, expected, ap);
    va_end(ap);
    buf_init(&text, 1024);
    buf_printf(&text, "%s ", id);
    msg_text(&text, id, &insert, 1);
    buf_printf(&text, "; expected %s", why);
    (void)snprintf(error->text, sizeof error->text, "%s", buf_z(&text));
    buf_fini(&text);
}

struct jcl_pos
jcl_param_pos(const struct jcl_params *params, const struct jcl_param *param,
              size_t at)
{
    size_t offset = param->value_at + at;

    if (params->operand->n == 0)
        return (struct jcl_pos){ 0 };
    return params->operand
        ->pos[offset > params->operand->n ? params->operand->n : offset];
}

/* Index of the first `what` outside apostrophes and parentheses, from `at`;
 * the length when there is none. *depth_end: parentheses left open. */
static size_t
outer_find(struct str text, size_t at, char what, int *depth_end,
           size_t *stray_at)
{
    bool in_quotes = false;
    int depth = 0;
    size_t i;

    *stray_at = STR_NPOS;
    for (i = at; i < text.n; i++) {
        char c = text.p[i];

        if (c == '\'')
            in_quotes = !in_quotes;
        if (in_quotes)
            continue;
        if (c == '(')
            depth++;
        if (c == ')' && --depth < 0) {
            *stray_at = i;
            break;
        }
        if (c == what && depth == 0)
            break;
    }
    *depth_end = depth;
    return i;
}

static bool
is_key_char(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '@' || c == '#' || c == '$';
}

/* "KEY=" or "KEY.STEP=" in front of a value: its length without "=", or 0. */
static size_t
key_length(struct str text)
{
    size_t n = 0;

    while (n < text.n && (is_key_char(text.p[n]) ||
                          (text.p[n] == '.' && n > 0 && n + 1 < text.n)))
        n++;
    return n > 0 && n < text.n && text.p[n] == '=' ? n : 0;
}

bool
jcl_split(struct jcl_parser *p, const struct jcl_operand *operand,
          struct jcl_params *out)
{
    struct str text = str_n(operand->text, operand->n);
    size_t at = 0;

    out->n = 0;
    out->operand = operand;
    if (text.n == 0)
        return true;
    for (;;) {
        size_t stray, end, key;
        int depth;
        struct jcl_param *param;

        end = outer_find(text, at, ',', &depth, &stray);
        if (stray != STR_NPOS || depth != 0) {
            jcl_fail(p, operand->pos[stray != STR_NPOS ? stray : text.n],
                     "IEFC622I", (struct str){ 0 },
                     stray != STR_NPOS ? "no closing parenthesis here"
                                       : "a closing parenthesis");
            return false;
        }
        if (out->n >= ARRAY_LEN(out->v)) {
            jcl_fail(p, operand->pos[at], "IEFC640I", (struct str){ 0 },
                     "at most %zu parameters", ARRAY_LEN(out->v));
            return false;
        }
        param = &out->v[out->n++];
        key = key_length(str_sub(text, at, end));
        *param = (struct jcl_param){ .key = str_sub(text, at, at + key),
                                     .key_at = at,
                                     .value_at = key > 0 ? at + key + 1 : at };
        param->value = str_sub(text, param->value_at, end);
        if (end >= text.n)
            return true;
        at = end + 1;
    }
}

bool
jcl_list(struct jcl_parser *p, const struct jcl_params *params,
         const struct jcl_param *param, struct jcl_param *out, size_t max,
         size_t *n)
{
    struct str text = param->value;
    size_t at = 0, base = param->value_at;

    *n = 0;
    if (text.n > 0 && text.p[0] == '(') {
        if (text.p[text.n - 1] != ')') {
            jcl_fail(p, jcl_param_pos(params, param, text.n), "IEFC622I",
                     (struct str){ 0 },
                     "the closing parenthesis to end the value");
            return false;
        }
        text = str_sub(text, 1, text.n - 1);
        base++;
    } else {
        out[0] = *param;
        *n = 1;
        return true;
    }
    for (;;) {
        size_t stray, end;
        int depth;

        end = outer_find(text, at, ',', &depth, &stray);
        if (stray != STR_NPOS || *n >= max) {
            jcl_fail(p, jcl_param_pos(params, param, at + 1), "IEFC640I",
                     param->key, "at most %zu subparameters", max);
            return false;
        }
        out[(*n)++] = (struct jcl_param){ .key = param->key,
                                          .value = str_sub(text, at, end),
                                          .key_at = param->key_at,
                                          .value_at = base + at };
        if (end >= text.n)
            return true;
        at = end + 1;
    }
}

bool
jcl_text(struct jcl_parser *p, const struct jcl_params *params,
         const struct jcl_param *param, struct str *out)
{
    struct str in = param->value;
    char *copy = arena_alloc(p->arena, in.n + 1);
    size_t n = 0;
    bool in_quotes = false;

    if (copy == NULL) {
        jcl_fatal(p, ERR_MEMORY);
        return false;
    }
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] == '\'') {
            if (in_quotes && i + 1 < in.n && in.p[i + 1] == '\'') {
                copy[n++] = '\'';
                i++;
                continue;
            }
            if (!in_quotes && i > 0) {
                jcl_fail(p, jcl_param_pos(params, param, i), "IEFC627I",
                         param->key, "the apostrophes to enclose the value");
                return false;
            }
            in_quotes = !in_quotes;
            continue;
        }
        if (!in_quotes && i > 0 && in.p[0] == '\'') {
            jcl_fail(p, jcl_param_pos(params, param, i), "IEFC627I", param->key,
                     "nothing after the closing apostrophe");
            return false;
        }
        copy[n++] = in.p[i];
    }
    copy[n] = '\0';
    *out = str_n(copy, n);
    return true;
}

/* --- symbols ------------------------------------------------------------ */

struct str *
jcl_symbol_find(struct jcl_symbols *symbols, struct str name)
{
    for (size_t i = 0; i < symbols->n; i++) {
        if (str_eq(symbols->v[i].name, name)) {
            symbols->v[i].is_used = true;
            return &symbols->v[i].value;
        }
    }
    return NULL;
}

bool
jcl_symbol_put(struct jcl_parser *p, struct jcl_symbols *symbols,
               struct str name, struct str value, struct jcl_pos pos,
               bool replace)
{
    for (size_t i = 0; i < symbols->n; i++) {
        if (!str_eq(symbols->v[i].name, name))
            continue;
        if (replace)
            symbols->v[i].value = value;
        return true;
    }
    if (symbols->n >= JCL_SYMBOLS_MAX) {
        jcl_fail(p, pos, "IEFC640I", name, "at most %u symbols",
                 JCL_SYMBOLS_MAX);
        return false;
    }
    symbols->v[symbols->n].name = str_upper(p->arena, name);
    symbols->v[symbols->n].value = value;
    symbols->v[symbols->n].is_used = false;
    symbols->v[symbols->n].pos = pos;
    symbols->n++;
    return true;
}

static struct str *
find_symbol(struct jcl_parser *p, struct jcl_symbols *inner, struct str name)
{
    struct str *value = inner == NULL ? NULL : jcl_symbol_find(inner, name);

    return value != NULL ? value : jcl_symbol_find(&p->set, name);
}

static size_t
symbol_length(struct str text)
{
    size_t n = 0;

    while (n < text.n && is_key_char(text.p[n]))
        n++;
    return n;
}

/* One "&NAME" at in->text[at]; *next is the first byte behind it. */
static bool
substitute_one(struct jcl_parser *p, struct jcl_symbols *inner,
               const struct jcl_operand *in, size_t at, bool in_quotes,
               struct jcl_operand *out, size_t *next)
{
    struct str rest = str_sub(str_n(in->text, in->n), at + 1, in->n);
    struct str name = str_sub(rest, 0, symbol_length(rest));
    struct str *value = name.n == 0 || name.n > JCL_NAME_MAX
                            ? NULL
                            : find_symbol(p, inner, name);

    *next = at + 1;
    if (value == NULL) {
        if (in_quotes || name.n == 0)
            return jcl_operand_add(p, out, '&', in->pos[at]);
        jcl_fail(p, in->pos[at], "IEFC657I", name,
                 "a value by SET, PROC, EXEC or START");
        return false;
    }
    for (size_t i = 0; i < value->n; i++) {
        if (!jcl_operand_add(p, out, value->p[i], in->pos[at]))
            return false;
    }
    *next = at + 1 + name.n;
    if (*next < in->n && in->text[*next] == '.')
        ++*next; /* the period that ends a symbol's name */
    return true;
}

bool
jcl_substitute(struct jcl_parser *p, struct jcl_symbols *inner,
               const struct jcl_operand *in, struct jcl_operand *out)
{
    bool in_quotes = false;
    size_t i = 0;

    *out = (struct jcl_operand){ 0 };
    while (i < in->n) {
        if (in->text[i] == '\'')
            in_quotes = !in_quotes;
        if (in->text[i] == '&' && i + 1 < in->n && in->text[i + 1] == '&') {
            /* "&&" stands for one ampersand, or a temporary name. */
            if (!jcl_operand_add(p, out, '&', in->pos[i]) ||
                (!in_quotes && !jcl_operand_add(p, out, '&', in->pos[i])))
                return false;
            i += 2;
            continue;
        }
        if (in->text[i] == '&') {
            if (!substitute_one(p, inner, in, i, in_quotes, out, &i))
                return false;
            continue;
        }
        if (!jcl_operand_add(p, out, in->text[i], in->pos[i]))
            return false;
        i++;
    }
    return true;
}
