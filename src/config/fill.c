/* One attribute's text into the field it is for. */
#include "config/fill.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/msg.h"
#include "base/vec.h"
#include "config/password.h"

enum err
fill_no_storage(struct err_info *why)
{
    return err_set(why, ERR_MEMORY, "no storage for the configuration");
}

void *
fill_field(const struct filling *f, size_t at)
{
    return (char *)f->node + at;
}

struct str
fill_place(struct loading *l, const struct raw_value *v)
{
    if (v == NULL || v->line == 0)
        return STR("");
    return loading_fmt(l, STR_FMT ":%u:%u: ", STR_ARG(v->doc->path), v->line,
                       v->column);
}

struct str
fill_where(struct loading *l, const struct raw_value *v)
{
    if (v == NULL || v->line == 0)
        return STR("");
    return raw_where(l, v->doc, v->line, v->column);
}

/*
 * The value does not fit. With a default the element lives on; without, it is
 * refused. `what` completes `attribute x: "value" `.
 */
static void
bad_value(struct filling *f, const struct cfg_attr *a,
          const struct raw_value *v, struct str text, const char *what)
{
    struct loading *l = f->ev->l;
    struct str name = str_of(a->name);
    struct str sentence =
        loading_fmt(l, STR_FMT STR_FMT ": attribute %s: \"" STR_FMT "\" %s",
                    STR_ARG(fill_place(l, v)), STR_ARG(f->node->name), a->name,
                    STR_ARG(str_sub(text, 0, 100)), what);

    if (a->value == NULL || a->value[0] == '\0') {
        SAY(l, "CWWKG0075E", f->node->name, name, text, sentence);
        f->is_refused = true;
        return;
    }
    SAY(l, "CWWKG0011W", sentence);
    SAY(l, "CWWKG0083W", name, text, str_of(a->value));
}

static void
bad_bool(struct filling *f, const struct cfg_attr *a, const struct raw_value *v,
         struct str text)
{
    struct loading *l = f->ev->l;
    struct str name = str_of(a->name);
    /* without a default of its own it inherits, which is safer than false */
    bool inherits = a->kind == CFG_KIND_TRISTATE;
    struct buf line;

    buf_init(&line, 4096);
    buf_printf(&line, STR_FMT STR_FMT ": ", STR_ARG(fill_place(l, v)),
               STR_ARG(f->node->name));
    MSG_LINE(&line, "CWWKG0081E", text, name,
             str_of(inherits ? "an omitted attribute" : a->value));
    SAY(l, "CWWKG0011W", buf_view(&line));
    SAY(l, "CWWKG0083W", name, text,
        str_of(inherits ? "that of an omitted attribute" : a->value));
    buf_fini(&line);
}

void
fill_bad_word(struct filling *f, const struct cfg_attr *a,
              const struct raw_value *v, struct str text)
{
    struct loading *l = f->ev->l;
    struct str at = fill_place(l, v), in_use;
    struct buf options;

    buf_init(&options, 4096);
    for (unsigned i = 0; a->words[i] != NULL; i++)
        if (a->words[i][0] != '\0')
            buf_printf(&options, "[%s]", a->words[i]);
    /* the original does not say where; ": " belongs to the place */
    at = str_sub(at, 0, at.n > 2 ? at.n - 2 : 0);
    if (a->value != NULL && a->value[0] != '\0')
        in_use = loading_fmt(
            l, "Default value in use: %s. (" STR_FMT " " STR_FMT ")", a->value,
            STR_ARG(f->node->name), STR_ARG(at));
    else
        in_use = loading_fmt(l, "(" STR_FMT " " STR_FMT ")",
                             STR_ARG(f->node->name), STR_ARG(at));
    SAY(l, "CWWKG0032W", str_of(a->name), text, buf_view(&options), in_use);
    buf_fini(&options);
    if (a->value == NULL)
        fill_say_missing(f, a);
}

static enum err
put_string(struct filling *f, const struct cfg_attr *a, struct str text,
           struct err_info *why)
{
    struct str *out = fill_field(f, a->at);

    if (a->kind == CFG_KIND_PATH && str_find(text, STR("://")) == STR_NPOS) {
        char *path = path_normalise(f->ev->l->arena, text);

        if (path == NULL)
            return fill_no_storage(why);
        *out = str_of(path);
        if (out->n > 1 && out->p[out->n - 1] == '/') {
            path[--out->n] = '\0';
        }
        return ERR_OK;
    }
    *out = str_dup(f->ev->l->arena, text);
    return out->p == NULL ? fill_no_storage(why) : ERR_OK;
}

static enum err
put_password(struct filling *f, const struct cfg_attr *a,
             const struct raw_value *v, struct str text, struct err_info *why)
{
    struct cfg_tree *tree = f->ev->tree;
    struct secret *out = fill_field(f, a->at);
    struct err_info own;
    char path[4096];
    enum err e;

    if (!VEC_PUSH(&tree->secrets, out))
        return fill_no_storage(why);
    if (password_file(text, path, sizeof path) &&
        !raw_monitor(f->ev->l, str_dup(f->ev->l->arena, str_of(path))))
        return fill_no_storage(why);
    e = value_password(text, f->ev->password_key,
                       a->kind == CFG_KIND_PASSWORD_OR_HASH, out, &own);
    if (e == ERR_MEMORY)
        return fill_no_storage(why);
    if (e != ERR_OK)
        SAY(f->ev->l, "CWWKG0011W",
            loading_fmt(f->ev->l, STR_FMT STR_FMT ": attribute %s: %s",
                        STR_ARG(fill_place(f->ev->l, v)),
                        STR_ARG(f->node->name), a->name, own.text));
    /* the tree keeps what the files say, but not this */
    if (v != NULL && !VEC_PUSH(&f->ev->clear, text))
        return fill_no_storage(why);
    return ERR_OK;
}

static enum err
too_long(struct filling *f, const struct cfg_attr *a, const struct raw_value *v,
         struct str text)
{
    char what[60];

    snprintf(what, sizeof what, "is longer than %lld characters",
             (long long)a->max);
    bad_value(f, a, v, text, what);
    return ERR_SYNTAX;
}

/* One text into its field; false when it does not fit (and was reported). */
static bool
put_number(struct filling *f, const struct cfg_attr *a,
           const struct raw_value *v, struct str text)
{
    struct err_info own;
    char what[ERR_TEXT_MAX];
    bool is_ok;

    if (a->kind == CFG_KIND_DURATION) {
        int64_t ms = 0;
        enum err e = value_duration(text, a->unit_ms, &ms, &own);

        if (e == ERR_OK && ms / a->unit_ms >= a->min) {
            *(int64_t *)fill_field(f, a->at) = ms;
            return true;
        }
        if (e == ERR_OK)
            snprintf(what, sizeof what, "is shorter than %lld",
                     (long long)a->min);
        else
            snprintf(what, sizeof what, "is not a duration: %.300s", own.text);
    } else {
        is_ok = value_int(text, a->min, a->max, fill_field(f, a->at));
        if (is_ok)
            return true;
        if (a->kind == CFG_KIND_PORT)
            snprintf(what, sizeof what, "is not a port (0..65535 or -1)");
        else
            snprintf(what, sizeof what,
                     "is not a whole number from %lld to %lld",
                     (long long)a->min, (long long)a->max);
    }
    bad_value(f, a, v, text, what);
    return false;
}

static bool
put_tristate(struct filling *f, const struct cfg_attr *a,
             const struct raw_value *v, struct str text)
{
    unsigned *out = fill_field(f, a->at);
    bool value;

    if (!value_bool(text, &value)) {
        bad_bool(f, a, v, text);
        return false;
    }
    *out = value ? CFG_YES : CFG_NO;
    return true;
}

static enum err
put_word(struct filling *f, const struct cfg_attr *a, const struct raw_value *v,
         struct str text, struct err_info *why)
{
    unsigned word;

    if (value_word(text, a->words, &word))
        return put_string(f, a, str_of(a->words[word]), why);
    fill_bad_word(f, a, v, text);
    return ERR_SYNTAX;
}

/* ERR_SYNTAX: does not fit, was reported, the default is wanted. */
static enum err
put_value(struct filling *f, const struct cfg_attr *a,
          const struct raw_value *v, struct str text, struct err_info *why)
{
    switch (a->kind) {
    case CFG_KIND_STRING:
    case CFG_KIND_PATH:
        if (a->max > 0 && text.n > (size_t)a->max)
            return too_long(f, a, v, text);
        return put_string(f, a, text, why);
    case CFG_KIND_PASSWORD:
    case CFG_KIND_PASSWORD_OR_HASH:
        return put_password(f, a, v, text, why);
    case CFG_KIND_BOOL:
        if (value_bool(text, fill_field(f, a->at)))
            return ERR_OK;
        bad_bool(f, a, v, text);
        return ERR_SYNTAX;
    case CFG_KIND_TRISTATE:
        return put_tristate(f, a, v, text) ? ERR_OK : ERR_SYNTAX;
    case CFG_KIND_INT:
    case CFG_KIND_PORT:
    case CFG_KIND_DURATION:
        return put_number(f, a, v, text) ? ERR_OK : ERR_SYNTAX;
    case CFG_KIND_ENUM:
        /* the empty word is "not given", which a default excludes */
        if ((str_trim(text).n > 0 || a->value == NULL || a->value[0] == '\0') &&
            value_word(text, a->words, fill_field(f, a->at)))
            return ERR_OK;
        fill_bad_word(f, a, v, text);
        return ERR_SYNTAX;
    case CFG_KIND_WORD:
        return put_word(f, a, v, text, why);
    case CFG_KIND_LIST:
        return value_list(f->ev->l->arena, text, fill_field(f, a->at), why);
    case CFG_KIND_REST:
    case CFG_KIND_PRESENT:
    case CFG_KIND_REF:
    case CFG_KIND_REFS:
    case CFG_KIND_CHILD:
    case CFG_KIND_CHILDREN:
        break;
    }
    return ERR_OK;
}

/* Is ${name} filled in later, by whoever uses the value? */
static bool
is_kept(const struct cfg_attr *a, struct str name)
{
    struct str rest = str_of(a->keeps == NULL ? "" : a->keeps), word;

    while (rest.n > 0 && str_token(&rest, '|', &word)) {
        bool is_start = str_ends(word, STR("*"));

        if (is_start ? str_starts(name, str_sub(word, 0, word.n - 1))
                     : str_eq(name, word))
            return true;
    }
    return false;
}

/* Variables replaced but those that are kept: in pieces between these. */
static enum err
expand_between(struct filling *f, const struct cfg_attr *a, struct str text,
               struct str *out, struct err_info *why)
{
    struct loading *l = f->ev->l;
    struct str all = text, piece;
    struct buf made;
    enum err e = ERR_OK;
    size_t from = 0;

    if (a->keeps == NULL)
        return vars_expand(l, &f->scope, text, out, why);
    buf_init(&made, l->limits.max_value_bytes);
    while (e == ERR_OK) {
        size_t at = str_find(str_sub(all, from, all.n), STR("${")), end;

        if (at == STR_NPOS)
            break;
        from += at;
        end = str_find_char(str_sub(all, from, all.n), '}');
        if (end == STR_NPOS)
            break;
        if (is_kept(a, str_sub(all, from + 2, from + end))) {
            e = vars_expand(l, &f->scope, str_sub(all, 0, from), &piece, why);
            if (e == ERR_OK)
                buf_add(&made, piece);
            buf_add(&made, str_sub(all, from, from + end + 1));
            all = str_sub(all, from + end + 1, all.n);
            from = 0;
        } else {
            from += 2;
        }
    }
    if (e == ERR_OK)
        e = vars_expand(l, &f->scope, all, &piece, why);
    if (e == ERR_OK) {
        buf_add(&made, piece);
        e = buf_check(&made, why);
    }
    if (e == ERR_OK) {
        *out = str_dup(l->arena, buf_view(&made));
        if (out->p == NULL)
            e = fill_no_storage(why);
    }
    buf_fini(&made);
    return e;
}

enum err
fill_expand(struct filling *f, const struct cfg_attr *a,
            const struct raw_value *v, struct str text, struct str *out,
            struct err_info *why)
{
    struct loading *l = f->ev->l;
    struct err_info own;
    enum err e = expand_between(f, a, text, out, &own);

    if (e == ERR_MEMORY)
        return fill_no_storage(why);
    if (e == ERR_OK)
        return ERR_OK;
    if (a->kind == CFG_KIND_PASSWORD || a->kind == CFG_KIND_PASSWORD_OR_HASH ||
        a->kind == CFG_KIND_REST)
        text = STR("*****");
    SAY(l, "CWWKG0075E", f->node->name, str_of(a->name), str_sub(text, 0, 100),
        loading_fmt(l, STR_FMT "%s", STR_ARG(fill_place(l, v)), own.text));
    f->is_refused = true;
    return ERR_SYNTAX;
}

enum err
fill_default(struct filling *f, const struct cfg_attr *a, struct err_info *why)
{
    struct str text;
    enum err e;

    if (a->value == NULL || a->value[0] == '\0')
        return ERR_OK;
    e = fill_expand(f, a, NULL, str_of(a->value), &text, why);
    if (e == ERR_OK)
        e = put_value(f, a, NULL, text, why);
    if (e == ERR_OK && a->kind == CFG_KIND_LIST)
        ((struct cfg_list *)fill_field(f, a->at))->is_set = false;
    return e == ERR_SYNTAX ? ERR_OK : e;
}

void
fill_say_missing(struct filling *f, const struct cfg_attr *a)
{
    char where[CFG_WHERE_MAX];
    struct str element = str_of(cfg_type_name(f->node->type));

    if (f->node->id.n == 0)
        SAY(f->ev->l, "CWWKG0095E", element, str_of(a->name),
            cfg_where(f->node, NULL, STR(""), where));
    else
        SAY(f->ev->l, "CWWKG0058E", element, str_of(a->name), f->node->id,
            cfg_where(f->node, NULL, STR(""), where));
    f->is_refused = true;
}

/* Only the first of several is used, but the others are secrets as well. */
static bool
clear_others(struct filling *f, const struct cfg_attr *a,
             const struct raw_value *v)
{
    if (a->kind != CFG_KIND_PASSWORD && a->kind != CFG_KIND_PASSWORD_OR_HASH)
        return true;
    for (v = v->next; v != NULL; v = v->next)
        if (!VEC_PUSH(&f->ev->clear, raw_text(v)))
            return false;
    return true;
}

enum err
fill_value(struct filling *f, const struct cfg_attr *a,
           const struct raw_attr *given, struct err_info *why)
{
    const struct raw_value *v = given == NULL ? NULL : given->first;
    struct str text;
    enum err e;

    if (v == NULL) {
        if (a->value == NULL)
            fill_say_missing(f, a);
        return fill_default(f, a, why);
    }
    if (!clear_others(f, a, v))
        return fill_no_storage(why);
    several_values(f->ev->l, given, f->node);
    e = fill_expand(f, a, v, raw_text(v), &text, why);
    if (e == ERR_OK && a->kind == CFG_KIND_PATH && a->value != NULL &&
        str_trim(text).n == 0)
        return fill_default(f, a, why);
    if (e == ERR_OK && a->value == NULL &&
        (text.n == 0 || (a->kind == CFG_KIND_PATH && str_trim(text).n == 0)))
        fill_say_missing(f, a);
    if (e == ERR_OK)
        e = put_value(f, a, v, text, why);
    return e == ERR_SYNTAX && !f->is_refused ? fill_default(f, a, why)
           : e == ERR_SYNTAX                 ? ERR_OK
                                             : e;
}
