/*
 * Code to tokens, then text manipulation on tokens: COPY (with REPLACING and
 * nesting) and REPLACE. Comparison ignores case, as COBOL words do.
 */
#include "cobol/copybook_tokens.h"

#include "base/reader.h"
#include "base/vec.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One REPLACING or REPLACE operand pair. */
struct pair {
    struct toks from, to;
    enum { PAIR_WHOLE, PAIR_LEADING, PAIR_TRAILING, PAIR_INSIDE } how;
};

struct pairs {
    struct pair *v;
    size_t n, cap;
};

bool
tok_is(const struct tok *t, const char *word)
{
    return t->kind == TOK_WORD && str_eq_nocase_z(t->text, word);
}

enum err
tok_error(struct err_info *why, enum err code, const struct tok *t,
          const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_pos(why, code, t->line, t->column, STR_FMT "%s%s",
                   STR_ARG(t->file), t->file.n > 0 ? ": " : "", text);
}

/* ---- lexing ---- */

struct lexer {
    struct reader in;
    const struct clean_text *clean; /* NULL inside pseudo-text */
    size_t mark;
    struct tok at; /* position of pseudo-text, and the file */
};

static void
set_position(struct lexer *lx, size_t pos, struct tok *t)
{
    const struct line_mark *m;

    *t = lx->at;
    if (lx->clean == NULL)
        return;
    while (lx->mark + 1 < lx->clean->marks.n &&
           lx->clean->marks.v[lx->mark + 1].at <= pos)
        lx->mark++;
    m = &lx->clean->marks.v[lx->mark];
    t->line = m->line;
    t->column = m->column + (uint32_t)(pos - m->at);
}

static char
byte_at(const struct reader *in, size_t i)
{
    return i < in->in.n ? in->in.p[i] : '\n';
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

/* A separator: one of c followed by white space. */
static bool
at_separator(const struct reader *in, size_t i, char c)
{
    return byte_at(in, i) == c && is_space(byte_at(in, i + 1));
}

static bool
ends_word(const struct reader *in, size_t i)
{
    char c = byte_at(in, i);

    return is_space(c) || c == '\'' || c == '"' || at_separator(in, i, '.') ||
           at_separator(in, i, ',') || at_separator(in, i, ';') ||
           (c == '=' && byte_at(in, i + 1) == '=');
}

/* X"..", N'..', NX"..", Z"..": the prefix belongs to the literal. */
static bool
is_literal_prefix(struct str word)
{
    static const char *const prefixes[] = { "X", "N", "Z",  "G",
                                            "U", "B", "NX", "H" };

    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (str_eq_nocase_z(word, prefixes[i]))
            return true;
    return false;
}

/* quote *( char / quote quote ) quote, from in->pos on */
static bool
lex_literal(struct reader *in)
{
    char quote = byte_at(in, in->pos);
    size_t i = in->pos + 1;

    for (; i < in->in.n; i++) {
        if (in->in.p[i] != quote)
            continue;
        if (byte_at(in, i + 1) == quote)
            i++;
        else
            break;
    }
    if (i >= in->in.n)
        return false;
    in->pos = i + 1;
    return true;
}

static enum err
lex_pseudo(struct lexer *lx, struct tok *t, struct err_info *why)
{
    struct reader *in = &lx->in;
    size_t start = in->pos + 2;
    size_t end = start;

    while (end + 1 < in->in.n &&
           !(in->in.p[end] == '=' && in->in.p[end + 1] == '='))
        end++;
    if (end + 1 >= in->in.n)
        return tok_error(why, ERR_SYNTAX, t, "== without its closing ==");
    t->kind = TOK_PSEUDO;
    t->text = str_sub(in->in, start, end);
    in->pos = end + 2;
    return ERR_OK;
}

/* The next token; *done at the end. */
static enum err
lex_token(struct lexer *lx, struct tok *t, bool *done, struct err_info *why)
{
    struct reader *in = &lx->in;
    size_t start;
    char c;

    while (in->pos < in->in.n &&
           (is_space(in->in.p[in->pos]) || at_separator(in, in->pos, ',') ||
            at_separator(in, in->pos, ';')))
        in->pos++;
    *done = reader_at_end(in);
    if (*done)
        return ERR_OK;
    start = in->pos;
    set_position(lx, start, t);
    c = in->in.p[start];
    if (c == '=' && byte_at(in, start + 1) == '=')
        return lex_pseudo(lx, t, why);
    t->kind = TOK_WORD;
    if (at_separator(in, start, '.')) {
        t->kind = TOK_PERIOD;
        in->pos++;
    } else {
        while (in->pos < in->in.n && !ends_word(in, in->pos))
            in->pos++;
        c = byte_at(in, in->pos);
        if ((c == '\'' || c == '"') &&
            (in->pos == start ||
             is_literal_prefix(str_sub(in->in, start, in->pos)))) {
            t->kind = TOK_LITERAL;
            if (!lex_literal(in))
                return tok_error(why, ERR_SYNTAX, t,
                                 "a literal without its closing %c", c);
        }
    }
    t->text = str_sub(in->in, start, in->pos);
    return ERR_OK;
}

static enum err
lex_all(struct lexer *lx, struct toks *out, struct err_info *why)
{
    struct tok t = lx->at;
    bool done = false;
    enum err e;

    while ((e = lex_token(lx, &t, &done, why)) == ERR_OK && !done) {
        if (out->n >= COPYBOOK_TOKENS_MAX)
            return tok_error(why, ERR_LIMIT, &t, "more than %u words",
                             COPYBOOK_TOKENS_MAX);
        if (!VEC_PUSH(out, t))
            return err_set(why, ERR_MEMORY, "no storage");
    }
    return e;
}

/* ---- replacing ---- */

static void
pairs_free(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        VEC_FREE(&pairs->v[i].from);
        VEC_FREE(&pairs->v[i].to);
    }
    VEC_FREE(pairs);
}

static enum err
operand(const struct tok *t, struct toks *out, struct err_info *why)
{
    struct lexer lx = { .in = reader_of(t->text), .at = *t };

    if (t->kind == TOK_PSEUDO)
        return lex_all(&lx, out, why);
    if (!VEC_PUSH(out, *t))
        return err_set(why, ERR_MEMORY, "no storage");
    return ERR_OK;
}

/* ==:TAG:== and ==(X)== stand for a piece of a word. */
static bool
is_inside_operand(const struct toks *from)
{
    struct str s;

    if (from->n != 1 || from->v[0].kind != TOK_WORD)
        return false;
    s = from->v[0].text;
    return s.n >= 2 && ((s.p[0] == ':' && s.p[s.n - 1] == ':') ||
                        (s.p[0] == '(' && s.p[s.n - 1] == ')'));
}

/* 1*( [LEADING | TRAILING] operand BY operand ), from *i on up to a period */
static enum err
parse_pairs(const struct toks *in, size_t *i, struct pairs *out,
            struct err_info *why)
{
    const struct tok *last = &in->v[*i > 0 ? *i - 1 : 0];

    while (*i < in->n && in->v[*i].kind != TOK_PERIOD) {
        struct pair pair = { .how = PAIR_WHOLE };
        const struct tok *t = &in->v[*i];
        enum err e;

        if (tok_is(t, "LEADING") || tok_is(t, "TRAILING")) {
            pair.how = tok_is(t, "LEADING") ? PAIR_LEADING : PAIR_TRAILING;
            ++*i;
        }
        if (in->n - *i < 3 || !tok_is(&in->v[*i + 1], "BY") ||
            in->v[*i + 2].kind == TOK_PERIOD)
            return tok_error(why, ERR_SYNTAX, t,
                             "expected ==text== BY ==text==");
        if ((e = operand(&in->v[*i], &pair.from, why)) == ERR_OK)
            e = operand(&in->v[*i + 2], &pair.to, why);
        if (e == ERR_OK && pair.from.n == 0)
            e = tok_error(why, ERR_SYNTAX, t, "nothing to replace");
        if (e == ERR_OK && pair.how == PAIR_WHOLE &&
            is_inside_operand(&pair.from))
            pair.how = PAIR_INSIDE;
        if (e == ERR_OK && !VEC_PUSH(out, pair))
            e = err_set(why, ERR_MEMORY, "no storage");
        if (e != ERR_OK) {
            VEC_FREE(&pair.from);
            VEC_FREE(&pair.to);
            return e;
        }
        *i += 3;
    }
    if (*i >= in->n)
        return tok_error(why, ERR_SYNTAX, last, "expected a period");
    ++*i;
    return ERR_OK;
}

static bool
matches(const struct toks *in, size_t i, const struct toks *from)
{
    if (in->n - i < from->n)
        return false;
    for (size_t k = 0; k < from->n; k++)
        if (in->v[i + k].kind != from->v[k].kind ||
            !str_eq_nocase(in->v[i + k].text, from->v[k].text))
            return false;
    return true;
}

static size_t
find_nocase(struct str s, struct str what)
{
    for (size_t i = 0; i + what.n <= s.n; i++)
        if (str_eq_nocase(str_sub(s, i, i + what.n), what))
            return i;
    return STR_NPOS;
}

/* A part of a word replaced; false: this pair does not apply to it. */
static bool
replace_part(struct arena *arena, const struct pair *pair, struct tok *t)
{
    struct str from = pair->from.v[0].text;
    struct str to = pair->to.n > 0 ? pair->to.v[0].text : STR("");
    struct str s = t->text;
    size_t at = find_nocase(s, from);

    if (t->kind != TOK_WORD || at == STR_NPOS)
        return false;
    if (pair->how == PAIR_LEADING && at != 0)
        return false;
    if (pair->how == PAIR_TRAILING) {
        if (s.n < from.n || !str_eq_nocase(str_sub(s, s.n - from.n, s.n), from))
            return false;
        at = s.n - from.n;
    }
    t->text =
        str_fmt(arena, STR_FMT STR_FMT STR_FMT, STR_ARG(str_sub(s, 0, at)),
                STR_ARG(to), STR_ARG(str_sub(s, at + from.n, s.n)));
    return t->text.p != NULL;
}

/* Append in->v[i..] with one replacement or none; the tokens consumed. */
static size_t
replace_one(struct arena *arena, const struct toks *in, size_t i,
            const struct pairs *pairs, struct toks *out, bool *ok)
{
    struct tok t = in->v[i];

    for (size_t k = 0; k < pairs->n; k++) {
        const struct pair *pair = &pairs->v[k];

        if (pair->how != PAIR_WHOLE) {
            if (replace_part(arena, pair, &t))
                break;
            continue;
        }
        if (!matches(in, i, &pair->from))
            continue;
        for (size_t j = 0; j < pair->to.n; j++) {
            struct tok made = pair->to.v[j];

            made.line = t.line;
            made.column = t.column;
            made.file = t.file;
            *ok = *ok && VEC_PUSH(out, made);
        }
        return pair->from.n;
    }
    if (t.text.n > 0)
        *ok = *ok && VEC_PUSH(out, t);
    return 1;
}

/* ---- COPY and REPLACE ---- */

static enum err expand(struct tokenizer *tz, struct str text, struct str file,
                       struct toks *out, struct err_info *why);

static struct str
unquoted(struct str s)
{
    if (s.n >= 2 && (s.p[0] == '\'' || s.p[0] == '"'))
        return str_sub(s, 1, s.n - 1);
    return s;
}

static enum err
fetch_member(struct tokenizer *tz, const struct tok *at, struct str name,
             struct str library, struct str *text, struct err_info *why)
{
    enum err e;

    for (unsigned i = 0; i < tz->depth; i++)
        if (str_eq_nocase(tz->nesting[i], name))
            return tok_error(why, ERR_LIMIT, at,
                             "COPY " STR_FMT " copies itself", STR_ARG(name));
    if (tz->depth >= COPYBOOK_NESTING_MAX)
        return tok_error(why, ERR_LIMIT, at, "COPY nested deeper than %u",
                         COPYBOOK_NESTING_MAX);
    if (tz->options->find == NULL)
        return tok_error(why, ERR_NOT_FOUND, at,
                         "COPY " STR_FMT ": no search path given",
                         STR_ARG(str_sub(name, 0, 60)));
    e = tz->options->find(tz->options->ctx, name, library, text);
    if (e != ERR_OK)
        return tok_error(why, e, at, "COPY " STR_FMT ": %s",
                         STR_ARG(str_sub(name, 0, 60)),
                         e == ERR_NOT_FOUND ? "no such member" : err_name(e));
    return ERR_OK;
}

/* COPY name [(OF|IN) lib] [SUPPRESS] [REPLACING pairs] "." ; i at COPY.
 * EXEC SQL INCLUDE name END-EXEC ["."] comes here too, i at INCLUDE. */
static enum err
do_copy(struct tokenizer *tz, const struct toks *in, size_t *i,
        struct toks *out, struct err_info *why)
{
    const struct tok *at = &in->v[*i];
    bool is_include = tok_is(at, "INCLUDE");
    struct str name, library = { 0 }, text = { 0 };
    struct pairs pairs = { 0 };
    struct toks member = { 0 };
    bool ok = true;
    enum err e;

    if (in->n - *i < 2 || in->v[*i + 1].kind == TOK_PERIOD ||
        in->v[*i + 1].kind == TOK_PSEUDO)
        return tok_error(why, ERR_SYNTAX, at, "expected a member name");
    name = unquoted(in->v[*i + 1].text);
    *i += 2;
    if (in->n - *i >= 2 &&
        (tok_is(&in->v[*i], "OF") || tok_is(&in->v[*i], "IN"))) {
        library = unquoted(in->v[*i + 1].text);
        *i += 2;
    }
    if (*i < in->n && tok_is(&in->v[*i], "SUPPRESS"))
        ++*i;
    if (is_include) {
        if (*i >= in->n || !tok_is(&in->v[*i], "END-EXEC"))
            return tok_error(why, ERR_SYNTAX, at, "expected END-EXEC");
        ++*i;
        if (*i < in->n && in->v[*i].kind == TOK_PERIOD)
            ++*i;
    } else if (*i < in->n && tok_is(&in->v[*i], "REPLACING")) {
        ++*i;
        if ((e = parse_pairs(in, i, &pairs, why)) != ERR_OK)
            goto out;
    } else if (*i < in->n && in->v[*i].kind == TOK_PERIOD) {
        ++*i;
    } else {
        return tok_error(why, ERR_SYNTAX, at,
                         "COPY " STR_FMT ": expected REPLACING or a period",
                         STR_ARG(str_sub(name, 0, 60)));
    }
    if ((e = fetch_member(tz, at, name, library, &text, why)) != ERR_OK)
        goto out;
    tz->nesting[tz->depth++] = name;
    e = expand(tz, text, name, &member, why);
    tz->depth--;
    if (e != ERR_OK)
        goto out;
    for (size_t k = 0; k < member.n;)
        k += replace_one(tz->arena, &member, k, &pairs, out, &ok);
    if (!ok)
        e = err_set(why, ERR_MEMORY, "no storage");
    else if (out->n > COPYBOOK_TOKENS_MAX)
        e = tok_error(why, ERR_LIMIT, at, "more than %u words",
                      COPYBOOK_TOKENS_MAX);
out:
    pairs_free(&pairs);
    VEC_FREE(&member);
    return e;
}

static enum err
expand_tokens(struct tokenizer *tz, const struct toks *in, struct toks *out,
              struct err_info *why)
{
    for (size_t i = 0; i < in->n;) {
        const struct tok *t = &in->v[i];
        enum err e;

        if (tok_is(t, "EXEC") && in->n - i > 2 &&
            tok_is(&in->v[i + 2], "INCLUDE"))
            i += 2;
        if (tok_is(&in->v[i], "COPY") || tok_is(&in->v[i], "INCLUDE")) {
            if ((e = do_copy(tz, in, &i, out, why)) != ERR_OK)
                return e;
            continue;
        }
        if (!VEC_PUSH(out, *t))
            return err_set(why, ERR_MEMORY, "no storage");
        i++;
    }
    return ERR_OK;
}

/* Tokens of one text; their bytes are copied into the arena. */
static enum err
expand(struct tokenizer *tz, struct str text, struct str file, struct toks *out,
       struct err_info *why)
{
    struct clean_text clean = { 0 };
    struct toks own = { 0 };
    struct str kept;
    enum err e;

    tz->n_bytes += text.n;
    if (tz->n_bytes > COPYBOOK_TEXT_MAX)
        return err_set(why, ERR_LIMIT, "more than %u bytes of source",
                       COPYBOOK_TEXT_MAX);
    e = clean_lines(text, tz->options->form, file, &clean, why);
    if (e == ERR_OK) {
        struct lexer lx = { .clean = &clean, .at = { .file = file } };

        kept = str_dup(tz->arena, buf_view(&clean.text));
        lx.in = reader_of(kept);
        e = kept.p == NULL ? err_set(why, ERR_MEMORY, "no storage")
                           : lex_all(&lx, &own, why);
    }
    if (e == ERR_OK)
        e = expand_tokens(tz, &own, out, why);
    clean_fini(&clean);
    VEC_FREE(&own);
    return e;
}

/* REPLACE pairs "." | REPLACE OFF "." over the expanded text. */
static enum err
apply_replace(struct tokenizer *tz, const struct toks *in, struct toks *out,
              struct err_info *why)
{
    struct pairs active = { 0 };
    enum err e = ERR_OK;
    bool ok = true;

    for (size_t i = 0; i < in->n && ok && e == ERR_OK;) {
        if (!tok_is(&in->v[i], "REPLACE")) {
            i += replace_one(tz->arena, in, i, &active, out, &ok);
            continue;
        }
        pairs_free(&active);
        i++;
        if (i < in->n && tok_is(&in->v[i], "OFF"))
            i++;
        e = parse_pairs(in, &i, &active, why);
    }
    pairs_free(&active);
    return ok ? e : err_set(why, ERR_MEMORY, "no storage");
}

enum err
tokens_of(struct tokenizer *tz, struct str text, struct toks *out,
          struct err_info *why)
{
    struct toks all = { 0 };
    enum err e = expand(tz, text, STR(""), &all, why);

    if (e == ERR_OK)
        e = apply_replace(tz, &all, out, why);
    VEC_FREE(&all);
    return e;
}
