/*
 * Data description entries to field trees. One entry is read clause by clause
 * into struct entry, hung below the nearest higher level, and finished when
 * its record ends: names resolved, then layout_place.
 */
#include "cobol/copybook.h"

#include "base/vec.h"
#include "cobol/copybook_tokens.h"
#include "cobol/pic.h"

#include <string.h>

enum usage {
    USAGE_NONE,
    USAGE_DISPLAY,
    USAGE_BINARY,
    USAGE_NATIVE, /* COMP-5 */
    USAGE_PACKED,
    USAGE_PACKED_NO_SIGN, /* COMP-6 */
    USAGE_FLOAT4,
    USAGE_FLOAT8,
    USAGE_NATIONAL,
    USAGE_DBCS,
    USAGE_UTF8,
    USAGE_INT1, /* BINARY-CHAR ... */
    USAGE_INT2,
    USAGE_INT4,
    USAGE_INT8,
    USAGE_INDEX,
    USAGE_POINTER,
    USAGE_POINTER4,
    USAGE_PROCEDURE,
};

/* What a group hands down to its items. */
struct inherit {
    enum usage usage;
    bool has_sign, sign_leads, sign_separate;
    bool is_synced;
};

struct entry {
    struct tok at;
    uint32_t level;
    struct str name; /* empty: FILLER */
    struct tok redefines, depends_on;
    bool has_redefines, has_depends_on;
    struct pic pic;
    struct str picture;
    bool has_pic;
    bool is_unsigned; /* BINARY-LONG UNSIGNED */
    struct inherit own;
    bool is_array;
    uint32_t occurs_min, occurs_max;
    bool is_justified, is_blank_when_zero;
    bool is_ignored; /* 66, 88 */
};

/* A DEPENDING ON to resolve when the record is complete. */
struct pending {
    struct field *field;
    struct tok name;
};

struct open_level {
    struct field *field;
    struct inherit inherit;
    struct tok at;
    bool has_pic;
};

struct parser {
    struct arena *arena;
    const struct copybook_options *options;
    struct toks toks;
    size_t i;
    bool is_program; /* headers seen: other entries are skipped */
    struct open_level open[LAYOUT_DEPTH_MAX];
    unsigned n_open;
    uint32_t n_filler, n_fields;
    struct {
        struct pending *v;
        size_t n, cap;
    } pending;
    struct {
        struct layout *v;
        size_t n, cap;
    } done;
};

static struct tok *
peek(struct parser *p)
{
    return p->i < p->toks.n ? &p->toks.v[p->i] : NULL;
}

static bool
accept(struct parser *p, const char *word)
{
    struct tok *t = peek(p);

    if (t == NULL || !tok_is(t, word))
        return false;
    p->i++;
    return true;
}

static enum err
expected(struct parser *p, const char *what, struct err_info *why)
{
    struct tok *t = peek(p);

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
    struct tok *t = peek(p);
    uint64_t n;

    if (t == NULL || t->kind != TOK_WORD || !str_to_u64(t->text, &n) ||
        n > UINT32_MAX)
        return expected(p, "an integer", why);
    *out = (uint32_t)n;
    p->i++;
    return ERR_OK;
}

static enum err
take_name(struct parser *p, struct tok *out, struct err_info *why)
{
    struct tok *t = peek(p);

    if (t == NULL || t->kind != TOK_WORD)
        return expected(p, "a name", why);
    *out = *t;
    p->i++;
    return ERR_OK;
}

/* ---- clauses ---- */

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
    const struct tok *t = peek(p);

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
    bool has_word = accept(p, "USAGE");

    *e = ERR_OK;
    if (has_word)
        accept(p, "IS");
    if (accept(p, "OBJECT")) {
        struct tok ignored;

        if (!accept(p, "REFERENCE"))
            *e = expected(p, "REFERENCE", why);
        else if (peek(p) != NULL && peek(p)->kind == TOK_WORD)
            *e = take_name(p, &ignored, why);
        en->own.usage = USAGE_POINTER;
        return true;
    }
    if (!accept_usage(p, &en->own.usage)) {
        if (has_word)
            *e = expected(p, "a usage such as DISPLAY or COMP-3", why);
        return has_word;
    }
    accept(p, "NATIVE");
    if (accept(p, "UNSIGNED"))
        en->is_unsigned = true;
    else
        accept(p, "SIGNED");
    return true;
}

static enum err
picture_clause(struct parser *p, struct entry *en, struct err_info *why)
{
    struct err_info inner = { 0 };
    struct tok *t;
    enum err e;

    accept(p, "IS");
    t = peek(p);
    if (t == NULL || t->kind != TOK_WORD)
        return expected(p, "a PICTURE string", why);
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
    bool has_word = accept(p, "SIGN");

    *e = ERR_OK;
    if (has_word)
        accept(p, "IS");
    if (accept(p, "LEADING")) {
        en->own.sign_leads = true;
    } else if (!accept(p, "TRAILING")) {
        if (has_word)
            *e = expected(p, "LEADING or TRAILING", why);
        return has_word;
    }
    en->own.has_sign = true;
    if (accept(p, "SEPARATE")) {
        en->own.sign_separate = true;
        accept(p, "CHARACTER");
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

    for (struct tok *t; (t = peek(p)) != NULL && t->kind == TOK_WORD; p->i++) {
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
    if (accept(p, "TO")) {
        if ((e = take_number(p, &en->occurs_max, why)) != ERR_OK)
            return e;
    }
    accept(p, "TIMES");
    if (accept(p, "DEPENDING")) {
        accept(p, "ON");
        if ((e = take_name(p, &en->depends_on, why)) != ERR_OK)
            return e;
        en->has_depends_on = true;
        while (accept(p, "OF") || accept(p, "IN"))
            if ((e = take_name(p, &ignored, why)) != ERR_OK)
                return e;
        if (en->occurs_min == en->occurs_max)
            en->occurs_min = 1; /* OCCURS n DEPENDING: 1 TO n */
    } else if (en->occurs_min != en->occurs_max) {
        return expected(p, "DEPENDING ON after OCCURS m TO n", why);
    }
    if (en->occurs_max == 0 || en->occurs_min > en->occurs_max)
        return tok_error(why, ERR_RANGE, &en->at, "OCCURS %u TO %u",
                         en->occurs_min, en->occurs_max);
    for (;;) {
        if (accept(p, "ASCENDING") || accept(p, "DESCENDING"))
            accept(p, "KEY");
        else if (accept(p, "INDEXED"))
            accept(p, "BY");
        else
            return ERR_OK;
        accept(p, "IS");
        skip_names(p);
    }
}

/* VALUE[S] [IS | ARE] 1*literal [THRU literal]: read over */
static enum err
value_clause(struct parser *p, struct err_info *why)
{
    struct tok *t;
    size_t before;

    if (!accept(p, "IS"))
        accept(p, "ARE");
    before = p->i;
    while ((t = peek(p)) != NULL && t->kind != TOK_PERIOD) {
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
    return p->i > before ? ERR_OK : expected(p, "a literal", why);
}

static enum err
date_clause(struct parser *p, struct err_info *why)
{
    struct tok ignored;

    if (!accept(p, "FORMAT"))
        return expected(p, "FORMAT", why);
    accept(p, "IS");
    return take_name(p, &ignored, why);
}

static enum err
one_clause(struct parser *p, struct entry *en, struct err_info *why)
{
    enum err e;

    if (accept(p, "PIC") || accept(p, "PICTURE"))
        return en->has_pic ? tok_error(why, ERR_SYNTAX, &en->at,
                                       "PICTURE twice in one entry")
                           : picture_clause(p, en, why);
    if (accept(p, "REDEFINES")) {
        en->has_redefines = true;
        return take_name(p, &en->redefines, why);
    }
    if (accept(p, "OCCURS"))
        return occurs_clause(p, en, why);
    if (accept(p, "SYNC") || accept(p, "SYNCHRONIZED")) {
        en->own.is_synced = true;
        if (!accept(p, "LEFT"))
            accept(p, "RIGHT");
        return ERR_OK;
    }
    if (accept(p, "JUST") || accept(p, "JUSTIFIED")) {
        en->is_justified = true;
        accept(p, "RIGHT");
        return ERR_OK;
    }
    if (accept(p, "BLANK")) {
        accept(p, "WHEN");
        if (!accept(p, "ZERO") && !accept(p, "ZEROS") && !accept(p, "ZEROES"))
            return expected(p, "ZERO", why);
        en->is_blank_when_zero = true;
        return ERR_OK;
    }
    if (accept(p, "VALUE") || accept(p, "VALUES"))
        return value_clause(p, why);
    if (accept(p, "DATE"))
        return date_clause(p, why);
    if (accept(p, "IS"))
        return ERR_OK; /* IS EXTERNAL, IS GLOBAL */
    if (accept(p, "EXTERNAL") || accept(p, "GLOBAL") || accept(p, "VOLATILE") ||
        accept(p, "UNBOUNDED"))
        return ERR_OK;
    if (accept(p, "BYTE-LENGTH"))
        return take_number(p, &en->pic.size, why);
    if (sign_clause(p, en, &e, why) || usage_clause(p, en, &e, why))
        return e;
    return expected(p, "a clause (PICTURE, USAGE, OCCURS ...) or a period",
                    why);
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
static enum err
read_entry(struct parser *p, struct entry *en, struct err_info *why)
{
    struct tok *t;
    enum err e;

    memset(en, 0, sizeof *en);
    en->at = *peek(p);
    en->occurs_min = en->occurs_max = 1;
    if ((e = take_number(p, &en->level, why)) != ERR_OK)
        return e;
    if (en->level == 66 || en->level == 88) {
        en->is_ignored = true;
        while ((t = peek(p)) != NULL && t->kind != TOK_PERIOD)
            p->i++;
    } else if (en->level != 77 && (en->level < 1 || en->level > 49)) {
        return tok_error(why, ERR_SYNTAX, &en->at,
                         "%u is not a level number (01-49, 66, 77, 88)",
                         en->level);
    } else if (!accept(p, "FILLER")) {
        t = peek(p);
        if (t != NULL && t->kind == TOK_WORD && !is_clause_word(t)) {
            en->name = t->text;
            p->i++;
        }
    }
    while ((t = peek(p)) != NULL && t->kind != TOK_PERIOD)
        if ((e = one_clause(p, en, why)) != ERR_OK)
            return e;
    if (t == NULL)
        return expected(p, "a period", why);
    p->i++;
    return ERR_OK;
}

/* ---- entries to fields ---- */

static bool
has_no_picture(enum usage usage)
{
    switch (usage) {
    case USAGE_FLOAT4:
    case USAGE_FLOAT8:
    case USAGE_INT1:
    case USAGE_INT2:
    case USAGE_INT4:
    case USAGE_INT8:
    case USAGE_INDEX:
    case USAGE_POINTER:
    case USAGE_POINTER4:
    case USAGE_PROCEDURE:
        return true;
    case USAGE_NONE:
    case USAGE_DISPLAY:
    case USAGE_BINARY:
    case USAGE_NATIVE:
    case USAGE_PACKED:
    case USAGE_PACKED_NO_SIGN:
    case USAGE_NATIONAL:
    case USAGE_DBCS:
    case USAGE_UTF8:
        break;
    }
    return false;
}

static void
set_plain(struct field *f, enum field_kind kind, uint32_t size)
{
    f->kind = kind;
    f->size = size;
}

/* Items whose usage says all. */
static void
type_of_usage(const struct parser *p, const struct entry *en, enum usage usage,
              struct field *f)
{
    uint32_t pointer = p->options->abi.kind == ABI_ZOS ? 4 : 8;

    switch (usage) {
    case USAGE_FLOAT4:
        set_plain(f, FIELD_FLOAT4, 4);
        break;
    case USAGE_FLOAT8:
        set_plain(f, FIELD_FLOAT8, 8);
        break;
    case USAGE_INT1:
    case USAGE_INT2:
    case USAGE_INT4:
    case USAGE_INT8:
        set_plain(f, FIELD_BINARY, 1u << (usage - USAGE_INT1));
        f->is_native = true;
        f->is_signed = !en->is_unsigned;
        break;
    case USAGE_INDEX:
    case USAGE_POINTER4:
        set_plain(f, FIELD_OPAQUE, 4);
        break;
    case USAGE_POINTER:
        set_plain(f, FIELD_OPAQUE, pointer);
        break;
    case USAGE_PROCEDURE:
        set_plain(f, FIELD_OPAQUE, 8);
        break;
    case USAGE_NONE:
    case USAGE_DISPLAY:
    case USAGE_BINARY:
    case USAGE_NATIVE:
    case USAGE_PACKED:
    case USAGE_PACKED_NO_SIGN:
    case USAGE_NATIONAL:
    case USAGE_DBCS:
    case USAGE_UTF8:
        break;
    }
    if (f->kind == FIELD_OPAQUE)
        f->is_included = false;
}

static enum err
type_of_numeric(const struct entry *en, enum usage usage, struct field *f,
                struct err_info *why)
{
    f->digits = en->pic.digits;
    f->scale = en->pic.scale;
    f->is_signed = en->pic.is_signed;
    switch (usage) {
    case USAGE_BINARY:
    case USAGE_NATIVE:
        f->kind = FIELD_BINARY;
        f->is_native = usage == USAGE_NATIVE;
        if (f->digits > 18)
            return tok_error(why, ERR_LIMIT, &en->at,
                             STR_FMT ": binary items have up to 18 digits",
                             STR_ARG(en->name));
        return ERR_OK;
    case USAGE_PACKED:
    case USAGE_PACKED_NO_SIGN:
        f->kind = FIELD_PACKED;
        f->has_no_sign_nibble = usage == USAGE_PACKED_NO_SIGN;
        if (f->has_no_sign_nibble && f->is_signed)
            return tok_error(why, ERR_SYNTAX, &en->at,
                             STR_FMT ": COMP-6 has no sign", STR_ARG(en->name));
        return ERR_OK;
    case USAGE_NONE:
    case USAGE_DISPLAY:
        f->kind = FIELD_ZONED;
        return ERR_OK;
    case USAGE_NATIONAL:
    case USAGE_DBCS:
    case USAGE_UTF8:
        return tok_error(why, ERR_UNSUPPORTED, &en->at,
                         STR_FMT ": national decimal items", STR_ARG(en->name));
    case USAGE_FLOAT4:
    case USAGE_FLOAT8:
    case USAGE_INT1:
    case USAGE_INT2:
    case USAGE_INT4:
    case USAGE_INT8:
    case USAGE_INDEX:
    case USAGE_POINTER:
    case USAGE_POINTER4:
    case USAGE_PROCEDURE:
        break;
    }
    return tok_error(why, ERR_SYNTAX, &en->at,
                     STR_FMT ": this usage takes no PICTURE",
                     STR_ARG(en->name));
}

static enum err
type_of_picture(const struct entry *en, enum usage usage, struct field *f,
                struct err_info *why)
{
    bool is_text = usage == USAGE_NONE || usage == USAGE_DISPLAY;

    f->picture = en->picture;
    switch (en->pic.cls) {
    case PIC_NUMERIC:
        return type_of_numeric(en, usage, f, why);
    case PIC_ALPHA:
    case PIC_TEXT:
        set_plain(f, FIELD_TEXT, en->pic.size);
        break;
    case PIC_EDITED:
    case PIC_TEXT_EDITED:
    case PIC_FLOAT:
        set_plain(f, FIELD_TEXT, en->pic.size);
        f->is_edited = true;
        break;
    case PIC_NATIONAL:
    case PIC_DBCS:
        set_plain(f,
                  en->pic.cls == PIC_DBCS || usage == USAGE_DBCS
                      ? FIELD_DBCS
                      : FIELD_NATIONAL,
                  2 * en->pic.size);
        is_text = is_text || usage == USAGE_NATIONAL || usage == USAGE_DBCS;
        break;
    case PIC_UTF8:
        return tok_error(why, ERR_UNSUPPORTED, &en->at, STR_FMT ": USAGE UTF-8",
                         STR_ARG(en->name));
    }
    return is_text ? ERR_OK
                   : tok_error(why, ERR_SYNTAX, &en->at,
                               STR_FMT ": this usage needs a numeric PICTURE",
                               STR_ARG(en->name));
}

static enum err
set_type(struct parser *p, const struct entry *en, const struct inherit *in,
         struct field *f, struct err_info *why)
{
    enum err e;

    if (has_no_picture(in->usage) && !en->has_pic) {
        type_of_usage(p, en, in->usage, f);
    } else if (en->has_pic) {
        e = type_of_picture(en, in->usage, f, why);
        if (e != ERR_OK)
            return e;
    } else {
        f->kind = FIELD_GROUP;
    }
    if (f->kind == FIELD_ZONED && f->is_signed) {
        f->sign_leads = in->sign_leads;
        f->sign_separate = in->sign_separate;
    } else if (en->own.has_sign && en->has_pic) {
        return tok_error(why, ERR_SYNTAX, &en->at,
                         STR_FMT ": SIGN needs a signed DISPLAY item",
                         STR_ARG(en->name));
    }
    return ERR_OK;
}

/* A JSON name nobody in this group has yet: year, year1, ... */
static struct str
unique_name(struct parser *p, const struct field *parent, struct str name)
{
    struct str made = name;

    for (unsigned n = 0; parent != NULL && n < LAYOUT_FIELDS_MAX; n++) {
        const struct field *c = parent->first;

        if (n > 0)
            made = str_fmt(p->arena, STR_FMT "%u", STR_ARG(name), n);
        while (c != NULL && !str_eq(c->name, made))
            c = c->next;
        if (c == NULL)
            break;
    }
    return made;
}

static struct field *
find_redefined(const struct field *parent, const struct field *self,
               struct str name)
{
    struct field *found = NULL;

    for (struct field *c = parent->first; c != NULL && c != self; c = c->next)
        if (str_eq_nocase(c->cobol_name, name))
            found = c;
    return found;
}

static struct inherit
merge(const struct inherit *outer, const struct inherit *own)
{
    struct inherit in = *outer;

    if (own->usage != USAGE_NONE)
        in.usage = own->usage;
    if (own->has_sign) {
        in.has_sign = true;
        in.sign_leads = own->sign_leads;
        in.sign_separate = own->sign_separate;
    }
    in.is_synced = in.is_synced || own->is_synced;
    return in;
}

static struct field *
resolve(struct field *root, struct str name)
{
    for (struct field *f = root; f != NULL; f = field_next(root, f))
        if (str_eq_nocase(f->cobol_name, name))
            return f;
    return NULL;
}

/* The last 01 is complete. */
static enum err
finish_record(struct parser *p, struct err_info *why)
{
    struct layout layout = { 0 };
    struct field *root;
    enum err e;

    if (p->n_open == 0)
        return ERR_OK;
    root = p->open[0].field;
    for (size_t i = 0; i < p->pending.n; i++) {
        struct pending *d = &p->pending.v[i];

        d->field->depends_on = resolve(root, d->name.text);
        if (d->field->depends_on == NULL)
            return tok_error(why, ERR_NOT_FOUND, &d->name,
                             "DEPENDING ON " STR_FMT
                             ": no such item in this record",
                             STR_ARG(d->name.text));
        d->field->depends_on->is_included = false;
    }
    p->pending.n = 0;
    for (struct field *f = root; f != NULL; f = field_next(root, f))
        if (f->kind == FIELD_GROUP && f->first == NULL)
            return err_pos(why, ERR_SYNTAX, f->line, 1,
                           STR_FMT ": expected a PICTURE or lower levels",
                           STR_ARG(f->cobol_name));
    e = layout_place(&layout, root, p->options->abi, why);
    if (e != ERR_OK)
        return e;
    if (!VEC_PUSH(&p->done, layout))
        return err_set(why, ERR_MEMORY, "no storage");
    p->n_open = 0;
    return ERR_OK;
}

/* Entries without 01: a record named after the file. */
static enum err
open_synthetic(struct parser *p, const struct entry *en, struct err_info *why)
{
    struct str file = p->options->file_name;
    size_t slash = str_rfind_char(file, '/');
    size_t dot;
    struct field *root = field_new(p->arena, NULL);

    if (root == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    if (slash != STR_NPOS)
        file = str_sub(file, slash + 1, file.n);
    dot = str_find_char(file, '.');
    if (dot != STR_NPOS)
        file = str_sub(file, 0, dot);
    root->cobol_name = str_upper(p->arena, file);
    root->name = field_json_name(p->arena, root->cobol_name);
    root->level = 0;
    root->line = en->at.line;
    p->open[0] = (struct open_level){ .field = root, .at = en->at };
    p->n_open = 1;
    return ERR_OK;
}

static enum err
set_redefines(const struct entry *en, struct field *parent, struct field *f,
              struct err_info *why)
{
    if (!en->has_redefines || parent == NULL)
        return ERR_OK; /* an 01 that redefines is a record of its own */
    f->redefines = find_redefined(parent, f, en->redefines.text);
    if (f->redefines == NULL)
        return tok_error(why, ERR_NOT_FOUND, &en->redefines,
                         "REDEFINES " STR_FMT
                         ": no such item before it on this level",
                         STR_ARG(str_sub(en->redefines.text, 0, 60)));
    while (f->redefines->redefines != NULL)
        f->redefines = f->redefines->redefines;
    f->is_included = false; /* the first definition is the selected one */
    return ERR_OK;
}

static enum err
name_field(struct parser *p, const struct entry *en, struct field *parent,
           struct field *f)
{
    f->cobol_name = en->name;
    if (en->name.n > 0) {
        f->name = unique_name(p, parent, field_json_name(p->arena, en->name));
    } else {
        f->name = str_fmt(p->arena, "FILL_%u", p->n_filler++);
        f->is_included = false;
    }
    return f->name.p == NULL ? ERR_MEMORY : ERR_OK;
}

/* Close levels until the entry's parent is on top; make the field. */
static enum err
add_field(struct parser *p, const struct entry *en, struct err_info *why)
{
    struct open_level *top = NULL;
    struct inherit none = { 0 }, in;
    struct field *f;
    enum err e;

    if (en->level == 1 || en->level == 77) {
        if ((e = finish_record(p, why)) != ERR_OK)
            return e;
    } else if (p->n_open == 0 && (e = open_synthetic(p, en, why)) != ERR_OK) {
        return e;
    }
    while (p->n_open > 0 && p->open[p->n_open - 1].field->level >= en->level)
        p->n_open--;
    top = p->n_open > 0 ? &p->open[p->n_open - 1] : NULL;
    if (top != NULL && top->has_pic)
        return tok_error(why, ERR_SYNTAX, &en->at,
                         STR_FMT " has a PICTURE and cannot be a group",
                         STR_ARG(top->field->cobol_name));
    if (p->n_open >= LAYOUT_DEPTH_MAX || p->n_fields >= LAYOUT_FIELDS_MAX)
        return tok_error(why, ERR_LIMIT, &en->at,
                         "more than %u levels or %u items", LAYOUT_DEPTH_MAX,
                         LAYOUT_FIELDS_MAX);
    p->n_fields++;
    f = field_new(p->arena, NULL);
    if (f == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    f->parent = top != NULL ? top->field : NULL;
    f->level = en->level;
    f->line = en->at.line;
    f->is_array = en->is_array;
    f->occurs_min = en->occurs_min;
    f->occurs_max = en->occurs_max;
    f->is_justified = en->is_justified;
    f->is_blank_when_zero = en->is_blank_when_zero;
    if (name_field(p, en, f->parent, f) != ERR_OK)
        return err_set(why, ERR_MEMORY, "no storage");
    in = merge(top != NULL ? &top->inherit : &none, &en->own);
    if ((e = set_type(p, en, &in, f, why)) != ERR_OK ||
        (e = set_redefines(en, f->parent, f, why)) != ERR_OK)
        return e;
    f->is_synced = in.is_synced && f->kind != FIELD_GROUP;
    if (f->parent != NULL) {
        if (f->parent->last == NULL)
            f->parent->first = f;
        else
            f->parent->last->next = f;
        f->parent->last = f;
    }
    if (en->has_depends_on) {
        struct pending d = { f, en->depends_on };

        if (!VEC_PUSH(&p->pending, d))
            return err_set(why, ERR_MEMORY, "no storage");
    }
    p->open[p->n_open++] = (struct open_level){
        .field = f,
        .inherit = in,
        .at = en->at,
        .has_pic = f->kind != FIELD_GROUP,
    };
    return ERR_OK;
}

/* ---- the text around the entries ---- */

static void
skip_sentence(struct parser *p)
{
    struct tok *t;

    while ((t = peek(p)) != NULL && t->kind != TOK_PERIOD)
        p->i++;
    if (t != NULL)
        p->i++;
}

/* In a whole program: go to DATA DIVISION. */
static void
skip_to_data(struct parser *p)
{
    for (size_t i = 0; i + 1 < p->toks.n; i++)
        if (tok_is(&p->toks.v[i], "DATA") &&
            tok_is(&p->toks.v[i + 1], "DIVISION")) {
            p->i = i;
            p->is_program = true;
            skip_sentence(p);
            return;
        }
}

static bool
is_header(struct parser *p)
{
    static const char *const words[] = { "FD", "SD", "RD", "CD", "EXEC" };
    const struct tok *t = peek(p);

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (tok_is(t, words[i]))
            return true;
    return p->i + 1 < p->toks.n && tok_is(&p->toks.v[p->i + 1], "SECTION");
}

/* EXEC ... END-EXEC. may hold periods of its own. */
static void
skip_header(struct parser *p)
{
    if (accept(p, "EXEC"))
        while (peek(p) != NULL && !accept(p, "END-EXEC"))
            p->i++;
    skip_sentence(p);
}

static enum err
parse_all(struct parser *p, struct err_info *why)
{
    struct entry en;
    struct tok *t;
    enum err e;

    skip_to_data(p);
    while ((t = peek(p)) != NULL) {
        uint64_t level;

        if (p->i + 1 < p->toks.n && tok_is(t, "PROCEDURE") &&
            tok_is(&p->toks.v[p->i + 1], "DIVISION"))
            break;
        if (t->kind == TOK_PERIOD) {
            p->i++;
            continue;
        }
        if (t->kind == TOK_WORD && !str_to_u64(t->text, &level) &&
            (p->is_program || is_header(p))) {
            skip_header(p);
            continue;
        }
        if (t->kind != TOK_WORD || !str_to_u64(t->text, &level))
            return expected(p, "a level number", why);
        if ((e = read_entry(p, &en, why)) != ERR_OK)
            return e;
        if (!en.is_ignored && (e = add_field(p, &en, why)) != ERR_OK)
            return e;
    }
    if ((e = finish_record(p, why)) != ERR_OK)
        return e;
    return p->done.n > 0 ? ERR_OK
                         : err_pos(why, ERR_SYNTAX, 1, 1,
                                   "expected a data description entry such "
                                   "as \"01 NAME.\"");
}

enum err
copybook_parse(struct arena *arena, struct str text,
               const struct copybook_options *options, struct copybook *out,
               struct err_info *why)
{
    struct tokenizer tz = { .arena = arena, .options = options };
    struct parser *p = ARENA_NEW(arena, struct parser);
    enum err e;

    if (p == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    p->arena = arena;
    p->options = options;
    e = tokens_of(&tz, text, &p->toks, why);
    if (e == ERR_OK)
        e = parse_all(p, why);
    if (e == ERR_OK) {
        struct layout *kept = ARENA_ARRAY(arena, struct layout, p->done.n);

        if (kept == NULL) {
            e = err_set(why, ERR_MEMORY, "no storage");
        } else {
            memcpy(kept, p->done.v, p->done.n * sizeof *kept);
            out->layouts = kept;
            out->n = p->done.n;
        }
    }
    VEC_FREE(&p->toks);
    VEC_FREE(&p->pending);
    VEC_FREE(&p->done);
    return e;
}
