/* One data description entry, clause by clause. */
#include "cobol/copybook_entry.h"

#include "base/vec.h"

#include <string.h>

struct tok *
parser_peek(const struct parser *p)
{
    return p->i < p->toks.n ? &p->toks.v[p->i] : NULL;
}

bool
parser_accept(struct parser *p, const char *word)
{
    struct tok *t = parser_peek(p);

    if (t == NULL || !tok_is(t, word))
        return false;
    p->i++;
    return true;
}

enum err
parser_expected(const struct parser *p, const char *what, struct err_info *why)
{
    struct tok *t = parser_peek(p);

    if (t == NULL) {
        struct tok end = { .line = 1, .column = 1 };

        if (p->toks.v != NULL && p->toks.n > 0)
            end = p->toks.v[p->toks.n - 1];
        return tok_error(why, ERR_SYNTAX, &end, "expected %s before the end",
                         what);
    }
    return tok_error(why, ERR_SYNTAX, t, "expected %s, found \"" STR_FMT "\"",
                     what, STR_ARG(str_sub(t->text, 0, 60)));
}

static enum err
take_number(struct parser *p, uint32_t *out, struct err_info *why)
{
    struct tok *t = parser_peek(p);
    uint64_t n;

    if (t == NULL || t->kind != TOK_WORD || !str_to_u64(t->text, &n) ||
        n > UINT32_MAX)
        return parser_expected(p, "an integer", why);
    *out = (uint32_t)n;
    p->i++;
    return ERR_OK;
}

static enum err
take_name(struct parser *p, struct tok *out, struct err_info *why)
{
    struct tok *t = parser_peek(p);

    if (t == NULL || t->kind != TOK_WORD)
        return parser_expected(p, "a name", why);
    *out = *t;
    p->i++;
    return ERR_OK;
}

static const struct {
    const char *word;
    enum usage usage;
} usages[] = {
    { "DISPLAY", USAGE_DISPLAY },
    { "BINARY", USAGE_BINARY },
    { "COMP", USAGE_BINARY },
    { "COMPUTATIONAL", USAGE_BINARY },
    { "COMP-4", USAGE_BINARY },
    { "COMPUTATIONAL-4", USAGE_BINARY },
    { "COMP-5", USAGE_NATIVE },
    { "COMPUTATIONAL-5", USAGE_NATIVE },
    { "COMP-1", USAGE_FLOAT4 },
    { "COMPUTATIONAL-1", USAGE_FLOAT4 },
    { "FLOAT-SHORT", USAGE_FLOAT4 },
    { "COMP-2", USAGE_FLOAT8 },
    { "COMPUTATIONAL-2", USAGE_FLOAT8 },
    { "FLOAT-LONG", USAGE_FLOAT8 },
    { "COMP-3", USAGE_PACKED },
    { "COMPUTATIONAL-3", USAGE_PACKED },
    { "PACKED-DECIMAL", USAGE_PACKED },
    { "COMP-6", USAGE_PACKED_NO_SIGN },
    { "COMPUTATIONAL-6", USAGE_PACKED_NO_SIGN },
    { "NATIONAL", USAGE_NATIONAL },
    { "DISPLAY-1", USAGE_DBCS },
    { "UTF-8", USAGE_UTF8 },
    { "BINARY-CHAR", USAGE_INT1 },
    { "BINARY-SHORT", USAGE_INT2 },
    { "BINARY-LONG", USAGE_INT4 },
    { "BINARY-DOUBLE", USAGE_INT8 },
    { "INDEX", USAGE_INDEX },
    { "POINTER", USAGE_POINTER },
    { "POINTER-32", USAGE_POINTER4 },
    { "FUNCTION-POINTER", USAGE_PROCEDURE },
    { "PROCEDURE-POINTER", USAGE_PROCEDURE },
};

static bool
accept_usage(struct parser *p, enum usage *out)
{
    const struct tok *t = parser_peek(p);

    for (size_t i = 0; t != NULL && i < ARRAY_LEN(usages); i++)
        if (tok_is(t, usages[i].word)) {
            *out = usages[i].usage;
            p->i++;
            return true;
        }
    return false;
}

/* [USAGE [IS]] usage [NATIVE] [SIGNED | UNSIGNED] ; false: no such clause */
static bool
usage_clause(struct parser *p, struct entry *en, enum err *e,
             struct err_info *why)
{
    bool has_word = parser_accept(p, "USAGE");

    *e = ERR_OK;
    if (has_word)
        parser_accept(p, "IS");
    if (parser_accept(p, "OBJECT")) {
        struct tok ignored;

        if (!parser_accept(p, "REFERENCE"))
            *e = parser_expected(p, "REFERENCE", why);
        else if (parser_peek(p) != NULL && parser_peek(p)->kind == TOK_WORD)
            *e = take_name(p, &ignored, why);
        en->own.usage = USAGE_POINTER;
        return true;
    }
    if (!accept_usage(p, &en->own.usage)) {
        if (has_word)
            *e = parser_expected(p, "a usage such as DISPLAY or COMP-3", why);
        return has_word;
    }
    parser_accept(p, "NATIVE");
    if (parser_accept(p, "UNSIGNED"))
        en->is_unsigned = true;
    else
        parser_accept(p, "SIGNED");
    return true;
}

static enum err
picture_clause(struct parser *p, struct entry *en, struct err_info *why)
{
    struct err_info inner = { 0 };
    struct tok *t;
    enum err e;

    parser_accept(p, "IS");
    t = parser_peek(p);
    if (t == NULL || t->kind != TOK_WORD)
        return parser_expected(p, "a PICTURE string", why);
    e = pic_parse(t->text, 0, &en->pic, &inner);
    if (e != ERR_OK) {
        struct tok at = *t;

        at.column += (uint32_t)inner.at;
        return tok_error(why, e, &at, "%s", inner.text);
    }
    en->picture = t->text;
    en->has_pic = true;
    p->i++;
    return ERR_OK;
}

/* [SIGN [IS]] (LEADING | TRAILING) [SEPARATE [CHARACTER]] */
static bool
sign_clause(struct parser *p, struct entry *en, enum err *e,
            struct err_info *why)
{
    bool has_word = parser_accept(p, "SIGN");

    *e = ERR_OK;
    if (has_word)
        parser_accept(p, "IS");
    if (parser_accept(p, "LEADING")) {
        en->own.sign_leads = true;
    } else if (!parser_accept(p, "TRAILING")) {
        if (has_word)
            *e = parser_expected(p, "LEADING or TRAILING", why);
        return has_word;
    }
    en->own.has_sign = true;
    if (parser_accept(p, "SEPARATE")) {
        en->own.sign_separate = true;
        parser_accept(p, "CHARACTER");
    }
    return true;
}

/* Words up to the next clause or the period: keys and index names. */
static void
skip_names(struct parser *p)
{
    static const char *const clause_words[] = {
        "PIC",     "PICTURE",  "USAGE",    "SIGN",         "OCCURS",
        "SYNC",    "JUST",     "BLANK",    "SYNCHRONIZED", "JUSTIFIED",
        "VALUE",   "VALUES",   "INDEXED",  "ASCENDING",    "DESCENDING",
        "LEADING", "TRAILING", "EXTERNAL", "GLOBAL",       "VOLATILE",
    };

    for (struct tok *t; (t = parser_peek(p)) != NULL && t->kind == TOK_WORD;
         p->i++) {
        for (size_t i = 0; i < ARRAY_LEN(clause_words); i++)
            if (tok_is(t, clause_words[i]))
                return;
        for (size_t i = 0; i < ARRAY_LEN(usages); i++)
            if (tok_is(t, usages[i].word))
                return;
    }
}

/* OCCURS n [TIMES] | [m TO] n [TIMES] DEPENDING [ON] name *(OF name),
 * then keys and indexes */
static enum err
occurs_clause(struct parser *p, struct entry *en, struct err_info *why)
{
    struct tok ignored;
    enum err e = take_number(p, &en->occurs_max, why);

    if (e != ERR_OK)
        return e;
    en->is_array = true;
    en->occurs_min = en->occurs_max;
    if (parser_accept(p, "TO")) {
        if ((e = take_number(p, &en->occurs_max, why)) != ERR_OK)
            return e;
    }
    parser_accept(p, "TIMES");
    if (parser_accept(p, "DEPENDING")) {
        parser_accept(p, "ON");
        if ((e = take_name(p, &en->depends_on, why)) != ERR_OK)
            return e;
        en->has_depends_on = true;
        while (parser_accept(p, "OF") || parser_accept(p, "IN"))
            if ((e = take_name(p, &ignored, why)) != ERR_OK)
                return e;
        if (en->occurs_min == en->occurs_max)
            en->occurs_min = 1; /* OCCURS n DEPENDING: 1 TO n */
    } else if (en->occurs_min != en->occurs_max) {
        return parser_expected(p, "DEPENDING ON after OCCURS m TO n", why);
    }
    if (en->occurs_max == 0 || en->occurs_min > en->occurs_max)
        return tok_error(why, ERR_RANGE, &en->at, "OCCURS %u TO %u",
                         en->occurs_min, en->occurs_max);
    for (;;) {
        if (parser_accept(p, "ASCENDING") || parser_accept(p, "DESCENDING"))
            parser_accept(p, "KEY");
        else if (parser_accept(p, "INDEXED"))
            parser_accept(p, "BY");
        else
            return ERR_OK;
        parser_accept(p, "IS");
        skip_names(p);
    }
}

/* VALUE[S] [IS | ARE] 1*literal [THRU literal]: read over */
static enum err
value_clause(struct parser *p, struct err_info *why)
{
    struct tok *t;
    size_t before;

    if (!parser_accept(p, "IS"))
        parser_accept(p, "ARE");
    before = p->i;
    while ((t = parser_peek(p)) != NULL && t->kind != TOK_PERIOD) {
        /* After the first, only literals, numbers and THRU go on. */
        bool is_number = t->kind == TOK_WORD && t->text.n > 0 &&
                         strchr("0123456789+-", t->text.p[0]) != NULL;

        if (p->i > before && t->kind == TOK_WORD && !is_number &&
            !tok_is(t, "THRU") && !tok_is(t, "THROUGH") &&
            !tok_is(&p->toks.v[p->i - 1], "THRU") &&
            !tok_is(&p->toks.v[p->i - 1], "THROUGH") &&
            !tok_is(&p->toks.v[p->i - 1], "ALL"))
            break;
        p->i++;
    }
    return p->i > before ? ERR_OK : parser_expected(p, "a literal", why);
}

static enum err
date_clause(struct parser *p, struct err_info *why)
{
    struct tok ignored;

    if (!parser_accept(p, "FORMAT"))
        return parser_expected(p, "FORMAT", why);
    parser_accept(p, "IS");
    return take_name(p, &ignored, why);
}

static enum err
one_clause(struct parser *p, struct entry *en, struct err_info *why)
{
    enum err e;

    if (parser_accept(p, "PIC") || parser_accept(p, "PICTURE"))
        return en->has_pic ? tok_error(why, ERR_SYNTAX, &en->at,
                                       "PICTURE twice in one entry")
                           : picture_clause(p, en, why);
    if (parser_accept(p, "REDEFINES")) {
        en->has_redefines = true;
        return take_name(p, &en->redefines, why);
    }
    if (parser_accept(p, "OCCURS"))
        return occurs_clause(p, en, why);
    if (parser_accept(p, "SYNC") || parser_accept(p, "SYNCHRONIZED")) {
        en->own.is_synced = true;
        if (!parser_accept(p, "LEFT"))
            parser_accept(p, "RIGHT");
        return ERR_OK;
    }
    if (parser_accept(p, "JUST") || parser_accept(p, "JUSTIFIED")) {
        en->is_justified = true;
        parser_accept(p, "RIGHT");
        return ERR_OK;
    }
    if (parser_accept(p, "BLANK")) {
        parser_accept(p, "WHEN");
        if (!parser_accept(p, "ZERO") && !parser_accept(p, "ZEROS") &&
            !parser_accept(p, "ZEROES"))
            return parser_expected(p, "ZERO", why);
        en->is_blank_when_zero = true;
        return ERR_OK;
    }
    if (parser_accept(p, "VALUE") || parser_accept(p, "VALUES"))
        return value_clause(p, why);
    if (parser_accept(p, "DATE"))
        return date_clause(p, why);
    if (parser_accept(p, "IS"))
        return ERR_OK; /* IS EXTERNAL, IS GLOBAL */
    if (parser_accept(p, "EXTERNAL") || parser_accept(p, "GLOBAL") ||
        parser_accept(p, "VOLATILE") || parser_accept(p, "UNBOUNDED"))
        return ERR_OK;
    if (parser_accept(p, "BYTE-LENGTH"))
        return take_number(p, &en->pic.size, why);
    if (sign_clause(p, en, &e, why) || usage_clause(p, en, &e, why))
        return e;
    return parser_expected(
        p, "a clause (PICTURE, USAGE, OCCURS ...) or a period", why);
}

static bool
is_clause_word(const struct tok *t)
{
    static const char *const words[] = {
        "PIC",          "PICTURE", "REDEFINES", "OCCURS", "SYNC",
        "SYNCHRONIZED", "JUST",    "BLANK",     "VALUE",  "JUSTIFIED",
        "SIGN",         "USAGE",   "VALUES",
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (tok_is(t, words[i]))
            return true;
    for (size_t i = 0; i < ARRAY_LEN(usages); i++)
        if (tok_is(t, usages[i].word))
            return true;
    return false;
}

/* level [name | FILLER] *clause "." */
enum err
entry_read(struct parser *p, struct entry *en, struct err_info *why)
{
    struct tok *t;
    enum err e;

    memset(en, 0, sizeof *en);
    en->at = *parser_peek(p);
    en->occurs_min = en->occurs_max = 1;
    if ((e = take_number(p, &en->level, why)) != ERR_OK)
        return e;
    if (en->level == 66 || en->level == 88) {
        en->is_ignored = true;
        while ((t = parser_peek(p)) != NULL && t->kind != TOK_PERIOD)
            p->i++;
    } else if (en->level != 77 && (en->level < 1 || en->level > 49)) {
        return tok_error(why, ERR_SYNTAX, &en->at,
                         "%u is not a level number (01-49, 66, 77, 88)",
                         en->level);
    } else if (!parser_accept(p, "FILLER")) {
        t = parser_peek(p);
        if (t != NULL && t->kind == TOK_WORD && !is_clause_word(t)) {
            en->name = t->text;
            p->i++;
        }
    }
    while ((t = parser_peek(p)) != NULL && t->kind != TOK_PERIOD)
        if ((e = one_clause(p, en, why)) != ERR_OK)
            return e;
    if (t == NULL)
        return parser_expected(p, "a period", why);
    p->i++;
    return ERR_OK;
}
