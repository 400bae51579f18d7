/*
 * Data description entries to field trees. One entry is read clause by clause
 * into struct entry, hung below the nearest higher level, and finished when
 * its record ends: names resolved, then layout_place.
 */
#include "cobol/copybook.h"

#include "base/vec.h"
#include "cobol/copybook_entry.h"

#include <string.h>

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

    while ((t = parser_peek(p)) != NULL && t->kind != TOK_PERIOD)
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
    const struct tok *t = parser_peek(p);

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (tok_is(t, words[i]))
            return true;
    return p->i + 1 < p->toks.n && tok_is(&p->toks.v[p->i + 1], "SECTION");
}

/* EXEC ... END-EXEC. may hold periods of its own. */
static void
skip_header(struct parser *p)
{
    if (parser_accept(p, "EXEC"))
        while (parser_peek(p) != NULL && !parser_accept(p, "END-EXEC"))
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
    while ((t = parser_peek(p)) != NULL) {
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
            return parser_expected(p, "a level number", why);
        if ((e = entry_read(p, &en, why)) != ERR_OK)
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
