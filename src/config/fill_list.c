/* Attributes that are lists: one text with commas, or nested elements. */
#include "config/fill.h"

#include "base/msg.h"

/* Does anybody define that variable? What nobody knows stays as it is. */
static bool
is_known(struct filling *f, struct str name)
{
    struct str text = loading_fmt(f->ev->l, "${" STR_FMT "}", STR_ARG(name));
    struct str value;

    return vars_expand(f->ev->l, &f->scope, text, &value, NULL) != ERR_OK ||
           !str_eq(text, value);
}

/* ${list(name)} as a whole item: the variable's value, split. */
static bool
is_list_variable(struct filling *f, struct str text, struct str *name)
{
    text = str_trim(text);
    if (!str_starts(text, STR("${list(")) || !str_ends(text, STR(")}")))
        return false;
    *name = str_sub(text, 7, text.n - 2);
    return str_find_char(*name, ')') == STR_NPOS && is_known(f, *name);
}

/* "a,${list(b)}" is "a,${b}": an attribute is split afterwards anyway. */
static enum err
without_list_call(struct filling *f, struct str text, struct str *result,
                  struct err_info *why)
{
    struct loading *l = f->ev->l;
    struct buf out;
    enum err e;
    size_t at;

    *result = text;
    if (str_find(text, STR("${list(")) == STR_NPOS)
        return ERR_OK;
    buf_init(&out, text.n);
    while ((at = str_find(text, STR("${list("))) != STR_NPOS) {
        size_t end = str_find(str_sub(text, at, text.n), STR(")}"));
        struct str name;

        if (end == STR_NPOS)
            break;
        name = str_sub(text, at + 7, at + end);
        buf_add(&out, str_sub(text, 0, at));
        if (is_known(f, name)) {
            buf_add_z(&out, "${");
            buf_add(&out, name);
            buf_add_char(&out, '}');
        } else {
            buf_add(&out, str_sub(text, at, at + end + 2));
        }
        text = str_sub(text, at + end + 2, text.n);
    }
    buf_add(&out, text);
    *result = str_dup(l->arena, buf_view(&out));
    e = out.failed || result->p == NULL ? fill_no_storage(why) : ERR_OK;
    buf_fini(&out);
    return e;
}

static bool
list_push(struct arena *arena, struct cfg_list *list, size_t *cap,
          struct str item)
{
    struct str *v =
        arena_grown(arena, (void *)(uintptr_t)list->v, list->n, cap, sizeof *v);

    if (v == NULL)
        return false;
    v[list->n++] = item;
    list->v = v;
    return true;
}

static enum err
fill_list_children(struct filling *f, const struct cfg_attr *a,
                   const struct raw_attr *given, struct err_info *why)
{
    struct arena *arena = f->ev->l->arena;
    struct cfg_list *out = fill_field(f, a->at);
    size_t cap = 0;

    out->is_set = true;
    for (const struct raw_value *v = given->first; v != NULL; v = v->next) {
        struct cfg_list piece = { 0 };
        struct str text, name;
        bool is_list;
        enum err e;

        if (v->element != NULL && v->element->text.n == 0)
            continue;
        is_list = is_list_variable(f, raw_text(v), &name);
        e = fill_expand(
            f, a, v,
            is_list ? loading_fmt(f->ev->l, "${" STR_FMT "}", STR_ARG(name))
                    : raw_text(v),
            &text, why);
        if (e != ERR_OK)
            return e == ERR_SYNTAX ? ERR_OK : e;
        if (is_list) {
            e = value_list(arena, text, &piece, why);
            if (e != ERR_OK)
                return e;
        } else {
            text = str_dup(arena, str_trim(text));
            piece = (struct cfg_list){ &text, 1, true };
        }
        for (size_t i = 0; i < piece.n; i++)
            if (!list_push(arena, out, &cap, piece.v[i]))
                return fill_no_storage(why);
    }
    return ERR_OK;
}

/* An attribute as a list; ERR_SYNTAX: cannot be expanded, was said. */
static enum err
fill_list_text(struct filling *f, const struct cfg_attr *a,
               const struct raw_value *v, struct err_info *why)
{
    struct str text;
    enum err e = without_list_call(f, v->text, &text, why);

    if (e == ERR_OK)
        e = fill_expand(f, a, v, text, &text, why);
    if (e == ERR_OK)
        e = value_list(f->ev->l->arena, text, fill_field(f, a->at), why);
    return e;
}

/* The first item that is none of the words is said and gives the default. */
static enum err
check_words(struct filling *f, const struct cfg_attr *a,
            const struct raw_value *v, struct err_info *why)
{
    const struct cfg_list *list = fill_field(f, a->at);
    unsigned word;

    for (size_t i = 0; a->words != NULL && i < list->n; i++)
        if (!value_word(list->v[i], a->words, &word)) {
            fill_bad_word(f, a, v, list->v[i]);
            return fill_default(f, a, why);
        }
    return ERR_OK;
}

enum err
fill_list(struct filling *f, const struct cfg_attr *a,
          const struct raw_attr *given, struct err_info *why)
{
    struct loading *l = f->ev->l;
    const struct cfg_list *out = fill_field(f, a->at);
    enum err e;

    if (given == NULL || given->first == NULL)
        return fill_default(f, a, why);
    e = given->is_list ? fill_list_children(f, a, given, why)
                       : fill_list_text(f, a, given->last, why);
    if (e == ERR_OK && a->max > 0 && (int64_t)out->n > a->max) {
        SAY(l, "CWWKG0075E", f->node->name, str_of(a->name),
            loading_fmt(l, "%zu values", out->n),
            loading_fmt(l,
                        STR_FMT "Attribute %s exceeded maximum allowed size "
                                "%lld",
                        STR_ARG(fill_place(l, given->last)), a->name,
                        (long long)a->max));
        f->is_refused = true;
    }
    if (e == ERR_OK)
        e = check_words(f, a, given->last, why);
    return e == ERR_SYNTAX ? ERR_OK : e;
}
