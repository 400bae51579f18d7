/*
 * Merged elements into typed structs, row by row. All top-level structs are
 * made first, so that references can point to them; a reference is settled
 * last, when it is known which elements survived their own checks.
 */
#include "config/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/msg.h"
#include "base/vec.h"

#define PASSWORD_KEY "${wlp.password.encryption.key}"

struct pending {
    struct cfg_instance *target;
    const struct raw_value *where;
    void *slot;            /* REF: const void *; REFS: in the list below */
    struct cfg_refs *refs; /* NULL for REF */
    const struct cfg_attr *attr;
    struct str id;
};

struct evaluation {
    struct cfg_tree *tree;
    struct loading *l;
    struct str password_key;
    struct {
        struct cfg_instance **v;
        size_t n, cap;
    } all;
    struct {
        struct pending *v;
        size_t n, cap;
    } pending;
};

/* One element being filled. */
struct filling {
    struct evaluation *ev;
    struct scope scope;
    struct cfg_node *node;
    bool is_refused; /* an attribute cannot do without a valid value */
};

static enum err
no_storage(struct err_info *why)
{
    return err_set(why, ERR_MEMORY, "no storage for the configuration");
}

static void *
field(const struct filling *f, size_t at)
{
    return (char *)f->node + at;
}

/* "server.xml:12:34: " of a value, "" for a default. */
static struct str
place(struct loading *l, const struct raw_value *v)
{
    if (v == NULL || v->line == 0)
        return STR("");
    return loading_fmt(l, STR_FMT ":%u:%u: ", STR_ARG(v->doc->path), v->line,
                       v->column);
}

/* ---- single values ---- */

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
                    STR_ARG(place(l, v)), STR_ARG(f->node->name), a->name,
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
    struct str value = str_of(a->value == NULL ? "" : a->value);
    struct buf line;

    (void)v;
    buf_init(&line, 4096);
    MSG_LINE(&line, "CWWKG0081E", text, name, value);
    SAY(l, "CWWKG0011W", buf_view(&line));
    SAY(l, "CWWKG0083W", name, text, value);
    buf_fini(&line);
}

static void
bad_word(struct filling *f, const struct cfg_attr *a, struct str text)
{
    struct loading *l = f->ev->l;
    struct str in_use = STR("");
    struct buf options;

    buf_init(&options, 4096);
    for (unsigned i = 0; a->words[i] != NULL; i++)
        if (a->words[i][0] != '\0')
            buf_printf(&options, "[%s]", a->words[i]);
    if (a->value != NULL && a->value[0] != '\0')
        in_use = loading_fmt(l, "Default value in use: %s.", a->value);
    SAY(l, "CWWKG0032W", str_of(a->name), text, buf_view(&options), in_use);
    buf_fini(&options);
}

static enum err
put_string(struct filling *f, const struct cfg_attr *a, struct str text,
           struct err_info *why)
{
    struct str *out = field(f, a->at);

    if (a->kind == CFG_KIND_PATH && str_find(text, STR("://")) == STR_NPOS) {
        char *path = path_normalise(f->ev->l->arena, text);

        if (path == NULL)
            return no_storage(why);
        *out = str_of(path);
        if (out->n > 1 && out->p[out->n - 1] == '/') {
            path[--out->n] = '\0';
        }
        return ERR_OK;
    }
    *out = str_dup(f->ev->l->arena, text);
    return out->p == NULL ? no_storage(why) : ERR_OK;
}

static enum err
put_password(struct filling *f, const struct cfg_attr *a,
             const struct raw_value *v, struct str text, struct err_info *why)
{
    struct cfg_tree *tree = f->ev->tree;
    struct secret *out = field(f, a->at);
    struct err_info own;
    enum err e;

    if (!VEC_PUSH(&tree->secrets, out))
        return no_storage(why);
    e = value_password(text, f->ev->password_key,
                       a->kind == CFG_KIND_PASSWORD_OR_HASH, out, &own);
    if (e == ERR_MEMORY)
        return no_storage(why);
    if (e != ERR_OK)
        SAY(f->ev->l, "CWWKG0011W",
            loading_fmt(f->ev->l, STR_FMT STR_FMT ": attribute %s: %s",
                        STR_ARG(place(f->ev->l, v)), STR_ARG(f->node->name),
                        a->name, own.text));
    return ERR_OK;
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
        if (value_duration(text, a->unit_ms, field(f, a->at), &own) == ERR_OK)
            return true;
        snprintf(what, sizeof what, "is not a duration: %.300s", own.text);
    } else {
        is_ok = value_int(text, a->min, a->max, field(f, a->at));
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
    unsigned *out = field(f, a->at);
    bool value;

    if (!value_bool(text, &value)) {
        bad_bool(f, a, v, text);
        return false;
    }
    *out = value ? CFG_YES : CFG_NO;
    return true;
}

/* ERR_SYNTAX: does not fit, was reported, the default is wanted. */
static enum err
put_value(struct filling *f, const struct cfg_attr *a,
          const struct raw_value *v, struct str text, struct err_info *why)
{
    switch (a->kind) {
    case CFG_KIND_STRING:
    case CFG_KIND_PATH:
        return put_string(f, a, text, why);
    case CFG_KIND_PASSWORD:
    case CFG_KIND_PASSWORD_OR_HASH:
        return put_password(f, a, v, text, why);
    case CFG_KIND_BOOL:
        if (value_bool(text, field(f, a->at)))
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
        if (value_word(text, a->words, field(f, a->at)))
            return ERR_OK;
        bad_word(f, a, text);
        return ERR_SYNTAX;
    case CFG_KIND_LIST:
        return value_list(f->ev->l->arena, text, field(f, a->at), why);
    case CFG_KIND_PRESENT:
    case CFG_KIND_REF:
    case CFG_KIND_REFS:
    case CFG_KIND_CHILD:
    case CFG_KIND_CHILDREN:
        break;
    }
    return ERR_OK;
}

static enum err
expand(struct filling *f, const struct cfg_attr *a, const struct raw_value *v,
       struct str text, struct str *out, struct err_info *why)
{
    struct loading *l = f->ev->l;
    struct err_info own;
    enum err e = vars_expand(l, &f->scope, text, out, &own);

    if (e == ERR_MEMORY)
        return no_storage(why);
    if (e == ERR_OK)
        return ERR_OK;
    SAY(l, "CWWKG0075E", f->node->name, str_of(a->name), str_sub(text, 0, 100),
        loading_fmt(l, STR_FMT "%s", STR_ARG(place(l, v)), own.text));
    f->is_refused = true;
    return ERR_SYNTAX;
}

static enum err
put_default(struct filling *f, const struct cfg_attr *a, struct err_info *why)
{
    struct str text;
    enum err e;

    if (a->value == NULL || a->value[0] == '\0')
        return ERR_OK;
    e = expand(f, a, NULL, str_of(a->value), &text, why);
    if (e == ERR_OK)
        e = put_value(f, a, NULL, text, why);
    if (e == ERR_OK && a->kind == CFG_KIND_LIST)
        ((struct cfg_list *)field(f, a->at))->is_set = false;
    return e == ERR_SYNTAX ? ERR_OK : e;
}

static void
say_missing(struct filling *f, const struct cfg_attr *a)
{
    struct str element = str_of(cfg_type_name(f->node->type));

    if (f->node->id.n == 0)
        SAY(f->ev->l, "CWWKG0095E", element, str_of(a->name));
    else
        SAY(f->ev->l, "CWWKG0058E", element, str_of(a->name), f->node->id);
    f->is_refused = true;
}

static enum err
fill_value(struct filling *f, const struct cfg_attr *a,
           const struct raw_attr *given, struct err_info *why)
{
    const struct raw_value *v = given == NULL ? NULL : given->last;
    struct str text;
    enum err e;

    if (v == NULL || v->element != NULL) {
        if (a->value == NULL)
            say_missing(f, a);
        return put_default(f, a, why);
    }
    e = expand(f, a, v, v->text, &text, why);
    if (e == ERR_OK && a->kind == CFG_KIND_PATH && str_trim(text).n == 0)
        return put_default(f, a, why);
    if (e == ERR_OK && a->value == NULL && text.n == 0)
        say_missing(f, a);
    if (e == ERR_OK)
        e = put_value(f, a, v, text, why);
    return e == ERR_SYNTAX && !f->is_refused ? put_default(f, a, why)
           : e == ERR_SYNTAX                 ? ERR_OK
                                             : e;
}

/* ---- lists ---- */

/* ${list(name)} as a whole item: the variable's value, split. */
static bool
is_list_variable(struct str text, struct str *name)
{
    text = str_trim(text);
    if (!str_starts(text, STR("${list(")) || !str_ends(text, STR(")}")))
        return false;
    *name = str_sub(text, 7, text.n - 2);
    return str_find_char(*name, ')') == STR_NPOS;
}

/* "a,${list(b)}" is "a,${b}": an attribute is split afterwards anyway. */
static struct str
without_list_call(struct loading *l, struct str text)
{
    struct buf out;
    struct str result;
    size_t at;

    buf_init(&out, l->limits.max_value_bytes);
    while ((at = str_find(text, STR("${list("))) != STR_NPOS) {
        size_t end = str_find(str_sub(text, at, text.n), STR(")}"));

        if (end == STR_NPOS)
            break;
        buf_add(&out, str_sub(text, 0, at + 2));
        buf_add(&out, str_sub(text, at + 7, at + end));
        buf_add_char(&out, '}');
        text = str_sub(text, at + end + 2, text.n);
    }
    buf_add(&out, text);
    result = str_dup(l->arena, buf_view(&out));
    buf_fini(&out);
    return result;
}

static bool
list_push(struct arena *arena, struct cfg_list *list, size_t *cap,
          struct str item)
{
    if (list->n == *cap) {
        size_t more = *cap == 0 ? 8 : *cap * 2;
        struct str *v = ARENA_ARRAY(arena, struct str, more);

        if (v == NULL)
            return false;
        if (list->n > 0)
            memcpy(v, list->v, list->n * sizeof *v);
        list->v = v;
        *cap = more;
    }
    ((struct str *)(uintptr_t)list->v)[list->n++] = item;
    return true;
}

static enum err
fill_list_children(struct filling *f, const struct cfg_attr *a,
                   const struct raw_attr *given, struct err_info *why)
{
    struct arena *arena = f->ev->l->arena;
    struct cfg_list *out = field(f, a->at);
    size_t cap = 0;

    out->is_set = true;
    for (const struct raw_value *v = given->first; v != NULL; v = v->next) {
        struct cfg_list piece = { 0 };
        struct str text, name;
        enum err e;

        if (v->element != NULL)
            continue;
        e = expand(f, a, v,
                   is_list_variable(v->text, &name)
                       ? loading_fmt(f->ev->l, "${" STR_FMT "}", STR_ARG(name))
                       : v->text,
                   &text, why);
        if (e != ERR_OK)
            return e == ERR_SYNTAX ? ERR_OK : e;
        if (is_list_variable(v->text, &name)) {
            e = value_list(arena, text, &piece, why);
            if (e != ERR_OK)
                return e;
        } else {
            text = str_dup(arena, str_trim(text));
            piece = (struct cfg_list){ &text, 1, true };
        }
        for (size_t i = 0; i < piece.n; i++)
            if (!list_push(arena, out, &cap, piece.v[i]))
                return no_storage(why);
    }
    return ERR_OK;
}

static enum err
fill_list(struct filling *f, const struct cfg_attr *a,
          const struct raw_attr *given, struct err_info *why)
{
    struct str text;
    enum err e;

    if (given == NULL || given->first == NULL)
        return put_default(f, a, why);
    if (given->is_list)
        return fill_list_children(f, a, given, why);
    text = without_list_call(f->ev->l, given->last->text);
    if (text.p == NULL)
        return no_storage(why);
    e = expand(f, a, given->last, text, &text, why);
    if (e == ERR_OK)
        e = value_list(f->ev->l->arena, text, field(f, a->at), why);
    return e == ERR_SYNTAX ? ERR_OK : e;
}

/* ---- nested elements ---- */

static enum err fill(struct evaluation *ev, const struct raw_element *e,
                     const struct cfg_type *type, struct cfg_node *node,
                     bool *is_refused, struct err_info *why);

static void
name_node(struct loading *l, struct cfg_node *node, const struct cfg_type *type,
          struct str id, const struct cfg_node *parent,
          const struct raw_element *e)
{
    node->type = type;
    node->id = id;
    node->line = e == NULL ? 0 : e->line;
    node->file = e == NULL || e->line == 0 ? STR("") : e->written->path;
    node->name =
        parent != NULL
            ? loading_fmt(l, STR_FMT "/%s[" STR_FMT "]", STR_ARG(parent->name),
                          type->name, STR_ARG(id))
        : id.n > 0 ? loading_fmt(l, "%s[" STR_FMT "]", type->name, STR_ARG(id))
                   : str_of(type->name);
}

/* Nested elements of one name; those with the same id are one. */
struct nested {
    struct raw_element **v;
    size_t n, cap;
};

static bool
nested_add(struct arena *arena, struct nested *to, struct raw_element *e,
           bool is_one)
{
    for (size_t i = 0; i < to->n; i++) {
        bool is_same = is_one || (e->id.p != NULL && to->v[i]->id.p != NULL &&
                                  str_eq(e->id, to->v[i]->id));

        if (is_same) {
            struct raw_element *copy = raw_copy(arena, e);

            if (copy == NULL)
                return false;
            raw_absorb(to->v[i], copy);
            return true;
        }
    }
    e = raw_copy(arena, e);
    return e != NULL && VEC_PUSH(to, e);
}

static bool
nested_collect(struct arena *arena, const struct raw_attr *given, bool is_one,
               struct nested *out)
{
    if (given == NULL)
        return true;
    for (const struct raw_value *v = given->first; v != NULL; v = v->next) {
        struct raw_element *e = v->element;

        /* <ruleset>text</ruleset> or white space: an element without
         * attributes all the same */
        if (e == NULL && given->is_list) {
            e = ARENA_NEW(arena, struct raw_element);
            if (e == NULL)
                return false;
            e->name = given->name;
            e->doc = e->written = v->doc;
            e->line = v->line;
            e->column = v->column;
        }
        if (e != NULL && !nested_add(arena, out, e, is_one))
            return false;
    }
    return true;
}

static enum err
fill_children(struct filling *f, const struct cfg_attr *a,
              const struct raw_attr *given, struct err_info *why)
{
    struct loading *l = f->ev->l;
    struct nested nested = { 0 };
    size_t *n_out = a->kind == CFG_KIND_CHILDREN ? field(f, a->at_n) : NULL;
    size_t size = a->target->size, n = 0;
    enum err e = ERR_OK;
    char *structs = NULL;

    if (!nested_collect(l->arena, given, a->kind == CFG_KIND_CHILD, &nested))
        e = no_storage(why);
    if (e == ERR_OK && nested.n > 0) {
        structs = arena_array(l->arena, nested.n, size);
        if (structs == NULL)
            e = no_storage(why);
    }
    for (size_t i = 0; i < nested.n && e == ERR_OK; i++) {
        struct cfg_node *node = (struct cfg_node *)(void *)(structs + n * size);
        const struct raw_element *from = nested.v[i];
        bool is_refused = false;

        name_node(l, node, a->target,
                  from->id.p != NULL ? from->id
                                     : loading_fmt(l, "default-%zu", i),
                  f->node, from);
        e = fill(f->ev, from, a->target, node, &is_refused, why);
        if (!is_refused)
            n++;
    }
    if (e == ERR_OK && n > 0)
        *(const void **)field(f, a->at) = structs;
    if (e == ERR_OK && n_out != NULL)
        *n_out = n;
    VEC_FREE(&nested);
    return e;
}

/* ---- references ---- */

static struct cfg_instance *
instance_find(const struct evaluation *ev, const struct cfg_type *type,
              struct str id)
{
    for (size_t i = 0; i < ev->all.n; i++)
        if (ev->all.v[i]->type == type && str_eq(ev->all.v[i]->id, id))
            return ev->all.v[i];
    return NULL;
}

static bool
pend(struct filling *f, const struct cfg_attr *a, struct cfg_refs *refs,
     struct cfg_instance *target, const struct raw_value *v, struct str id)
{
    struct pending p = { .target = target,
                         .where = v,
                         .slot = field(f, a->at),
                         .refs = refs,
                         .attr = a,
                         .id = id };

    return VEC_PUSH(&f->ev->pending, p);
}

/* The name of the child element form: sslRef -> ssl. */
static struct str
child_name(const struct cfg_attr *a)
{
    struct str name = str_of(a->name);

    return str_ends(name, STR("Ref")) ? str_sub(name, 0, name.n - 3) : name;
}

static struct raw_attr *
child_form(const struct raw_element *e, const struct cfg_attr *a)
{
    struct str name = child_name(a);

    for (struct raw_attr *c = e == NULL ? NULL : e->attrs; c != NULL;
         c = c->next)
        if (c->is_list && str_eq_nocase(c->name, name))
            return c;
    return NULL;
}

/* A definition written in place: an instance nobody else can name. */
static enum err
fill_inline(struct filling *f, const struct cfg_attr *a,
            const struct raw_attr *given, struct err_info *why)
{
    struct filling *inner = f;
    struct cfg_attr row = *a;

    row.kind = CFG_KIND_CHILD;
    return fill_children(inner, &row, given, why);
}

static struct str
ref_of(const struct raw_value *v)
{
    const struct raw_attr *ref =
        v->element == NULL ? NULL : raw_attr_find(v->element, "ref");

    return ref == NULL ? (struct str){ NULL, 0 } : ref->last->text;
}

static enum err
fill_ref(struct filling *f, const struct cfg_attr *a,
         const struct raw_attr *given, struct err_info *why)
{
    const struct raw_attr *nested = child_form(f->scope.element, a);
    const struct raw_value *v = given == NULL ? NULL : given->last;
    bool is_default = false;
    struct str id;
    enum err e;

    if (nested != NULL && nested->last != NULL) {
        if (ref_of(nested->last).p == NULL)
            return fill_inline(f, a, nested, why);
        id = ref_of(nested->last);
        v = nested->last;
    } else if (v != NULL && v->element == NULL) {
        id = v->text;
    } else {
        if (a->value == NULL)
            say_missing(f, a);
        id = str_of(a->value == NULL ? "" : a->value);
        is_default = true;
    }
    e = expand(f, a, v, id, &id, why);
    if (e != ERR_OK)
        return e == ERR_SYNTAX ? ERR_OK : e;
    id = str_trim(id);
    if (id.n == 0)
        return ERR_OK;
    if (instance_find(f->ev, a->target, id) == NULL) {
        if (!is_default)
            SAY(f->ev->l, "CWWKG0033W", str_of(a->name), id);
        if (!a->is_needed)
            return ERR_OK;
        id = str_of(a->value);
    }
    if (!pend(f, a, NULL, instance_find(f->ev, a->target, id), v, id))
        return no_storage(why);
    return ERR_OK;
}

static enum err
add_any(struct filling *f, const struct cfg_attr *a, const struct raw_value *v,
        struct str id, struct err_info *why)
{
    struct cfg_instance *found = NULL;
    unsigned n_found = 0;

    for (size_t i = 0; a->targets[i] != NULL; i++) {
        struct cfg_instance *one = instance_find(f->ev, a->targets[i], id);

        if (one != NULL) {
            found = one;
            n_found++;
        }
    }
    if (n_found != 1) {
        SAY(f->ev->l, n_found == 0 ? "CWWKG0033W" : "CWWKG0087W",
            str_of(a->name), id);
        return ERR_OK;
    }
    if (!pend(f, a, field(f, a->at), found, v, id))
        return no_storage(why);
    return ERR_OK;
}

static enum err
fill_refs(struct filling *f, const struct cfg_attr *a,
          const struct raw_attr *given, struct err_info *why)
{
    const struct raw_attr *nested = child_form(f->scope.element, a);
    struct str rest, id;
    enum err e = ERR_OK;

    if (given != NULL && given->last != NULL && given->last->element == NULL) {
        e = expand(f, a, given->last, given->last->text, &rest, why);
        while (e == ERR_OK && str_token(&rest, ',', &id))
            if (str_trim(id).n > 0)
                e = add_any(f, a, given->last, str_trim(id), why);
    }
    for (const struct raw_value *v = nested == NULL ? NULL : nested->first;
         v != NULL && e == ERR_OK; v = v->next) {
        if (ref_of(v).p == NULL)
            continue;
        e = expand(f, a, v, ref_of(v), &id, why);
        if (e == ERR_OK)
            e = add_any(f, a, v, str_trim(id), why);
    }
    return e == ERR_SYNTAX ? ERR_OK : e;
}

/* Settle all references; what was refused counts as not there. */
static enum err
settle(struct evaluation *ev, struct err_info *why)
{
    for (size_t i = 0; i < ev->pending.n; i++) {
        struct pending *p = &ev->pending.v[i];

        if (!p->target->is_active) {
            SAY(ev->l, "CWWKG0033W", str_of(p->attr->name), p->id);
            if (p->attr->is_needed)
                *(const void **)p->slot =
                    instance_find(ev, p->attr->target, str_of(p->attr->value))
                        ->node;
        } else if (p->refs == NULL) {
            *(const void **)p->slot = p->target->node;
        } else {
            struct cfg_any *v =
                ARENA_ARRAY(ev->l->arena, struct cfg_any, p->refs->n + 1);

            if (v == NULL)
                return no_storage(why);
            if (p->refs->n > 0)
                memcpy(v, p->refs->v, p->refs->n * sizeof *v);
            v[p->refs->n].node = p->target->node;
            p->refs->v = v;
            p->refs->n++;
        }
    }
    return ERR_OK;
}

/* ---- elements ---- */

static enum err
fill_attr(struct filling *f, const struct cfg_attr *a,
          const struct raw_attr *given, struct err_info *why)
{
    switch (a->kind) {
    case CFG_KIND_PRESENT:
        *(bool *)field(f, a->at) = given != NULL;
        return ERR_OK;
    case CFG_KIND_LIST:
        return fill_list(f, a, given, why);
    case CFG_KIND_REF:
        return fill_ref(f, a, given, why);
    case CFG_KIND_REFS:
        return fill_refs(f, a, given, why);
    case CFG_KIND_CHILD:
    case CFG_KIND_CHILDREN:
        return fill_children(f, a, given, why);
    case CFG_KIND_STRING:
    case CFG_KIND_PATH:
    case CFG_KIND_BOOL:
    case CFG_KIND_TRISTATE:
    case CFG_KIND_INT:
    case CFG_KIND_PORT:
    case CFG_KIND_DURATION:
    case CFG_KIND_ENUM:
    case CFG_KIND_PASSWORD:
    case CFG_KIND_PASSWORD_OR_HASH:
        break;
    }
    return fill_value(f, a, given, why);
}

/* Only what a user wrote is worth a word: built-in instances have no file. */
static void
say_without_effect(struct evaluation *ev, const struct raw_element *e,
                   const struct cfg_type *type, const struct cfg_node *node)
{
    struct str element = str_of(cfg_type_name(type));

    if (e == NULL || node->file.n == 0)
        return;
    if (!cfg_has_effect(type, NULL)) {
        SAY(ev->l, "SPT0401W", node->file, element);
        return;
    }
    for (size_t i = 0; i < type->n_attrs; i++) {
        const char *attr = type->attrs[i].name;

        if (!cfg_has_effect(type, attr) && raw_attr_find(e, attr) != NULL)
            SAY(ev->l, "SPT0401W", node->file,
                loading_fmt(ev->l, "attribute %s of " STR_FMT, attr,
                            STR_ARG(element)));
    }
}

static enum err
fill(struct evaluation *ev, const struct raw_element *e,
     const struct cfg_type *type, struct cfg_node *node, bool *is_refused,
     struct err_info *why)
{
    struct filling f = { .ev = ev,
                         .scope = { .element = e, .type = type },
                         .node = node };
    struct err_info own = { 0 };
    enum err failed = ERR_OK;

    say_without_effect(ev, e, type, node);
    for (size_t i = 0; i < type->n_attrs && failed == ERR_OK; i++)
        failed = fill_attr(
            &f, &type->attrs[i],
            e == NULL ? NULL : raw_attr_find(e, type->attrs[i].name), why);
    if (failed == ERR_OK && !f.is_refused && type->check != NULL &&
        type->check(node, &own) != ERR_OK) {
        SAY(ev->l, "CWWKG0011W",
            loading_fmt(ev->l, STR_FMT "%s" STR_FMT ": %s", STR_ARG(node->file),
                        node->file.n > 0 ? ": " : "", STR_ARG(node->name),
                        own.text));
        f.is_refused = true;
    }
    *is_refused = f.is_refused;
    return failed;
}

static struct cfg_instance *
instance_new(struct evaluation *ev, const struct cfg_type *type, struct str id,
             const struct raw_element *e)
{
    struct cfg_instance *i = ARENA_NEW(ev->l->arena, struct cfg_instance);

    if (i == NULL)
        return NULL;
    i->type = type;
    i->id = id;
    i->node = arena_zalloc(ev->l->arena, type->size);
    if (i->node == NULL)
        return NULL;
    name_node(ev->l, i->node, type, id, NULL, e);
    return i;
}

struct merged {
    struct raw_element **v;
    size_t n, cap;
};

static enum err
make_instances(struct evaluation *ev, struct merged *merged,
               struct err_info *why)
{
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    for (size_t t = 0; t < n; t++) {
        struct raw_group *g = ev->l->types[t].first;

        if (types[t]->scope == CFG_NESTED)
            continue;
        for (; g != NULL; g = g->next) {
            struct raw_element *e = raw_merge(ev->l->arena, g);
            struct cfg_instance *i =
                e == NULL ? NULL : instance_new(ev, types[t], g->id, e);

            if (i == NULL || !VEC_PUSH(&ev->all, i) || !VEC_PUSH(merged, e))
                return no_storage(why);
        }
        if (types[t]->scope == CFG_SINGLETON && ev->l->types[t].first == NULL) {
            struct cfg_instance *i = instance_new(ev, types[t], STR(""), NULL);

            if (i == NULL || !VEC_PUSH(&ev->all, i) || !VEC_PUSH(merged, NULL))
                return no_storage(why);
        }
    }
    return ERR_OK;
}

/* CWWKG0076W for what runs on in the tree in use. */
static void
say_kept(struct evaluation *ev, const struct cfg_instance *i)
{
    const struct cfg_tree *running = ev->l->options->running;

    if (running != NULL && cfg_find(running, i->type, i->id) != NULL)
        SAY(ev->l, "CWWKG0076W", str_of(i->type->name), i->id);
}

/* The sets consumers see: active elements by type. */
static enum err
publish(struct evaluation *ev, struct err_info *why)
{
    struct cfg_tree *tree = ev->tree;
    size_t n, at = 0;

    (void)cfg_types(&n);
    tree->sets = ARENA_ARRAY(ev->l->arena, struct cfg_type_set, n);
    if (tree->sets == NULL)
        return no_storage(why);
    for (size_t i = 0; i < ev->all.n; i++)
        tree->sets[cfg_type_index(ev->all.v[i]->type)].n++;
    for (size_t t = 0; t < n; t++) {
        struct cfg_type_set *set = &tree->sets[t];

        set->v = ARENA_ARRAY(ev->l->arena, struct cfg_instance *, set->n);
        if (set->v == NULL)
            return no_storage(why);
        for (size_t end = at + set->n; at < end; at++) {
            /* they were made type by type */
            struct cfg_instance *i = ev->all.v[at];

            if (i->is_active)
                set->v[set->n - (end - at)] = i;
        }
    }
    return ERR_OK;
}

/* Close the gaps that refused elements left. */
static void
compact(struct cfg_type_set *set)
{
    size_t kept = 0;

    for (size_t i = 0; i < set->n; i++)
        if (set->v[i] != NULL)
            set->v[kept++] = set->v[i];
    set->n = kept;
}

static enum err
evaluate_all(struct evaluation *ev, struct merged *merged, struct err_info *why)
{
    enum err e =
        vars_expand(ev->l, NULL, STR(PASSWORD_KEY), &ev->password_key, why);
    size_t n;

    if (e != ERR_OK && e != ERR_MEMORY) {
        ev->password_key = STR(PASSWORD_KEY);
        e = ERR_OK;
    }
    if (e == ERR_OK)
        e = make_instances(ev, merged, why);
    for (size_t i = 0; i < merged->n && e == ERR_OK; i++) {
        struct cfg_instance *one = ev->all.v[i];
        bool is_refused = false;

        e = fill(ev, merged->v[i], one->type, one->node, &is_refused, why);
        one->is_active = !is_refused || one->type->scope == CFG_SINGLETON;
        if (is_refused)
            say_kept(ev, one);
    }
    if (e == ERR_OK)
        e = settle(ev, why);
    if (e == ERR_OK)
        e = publish(ev, why);
    (void)cfg_types(&n);
    for (size_t t = 0; t < n && e == ERR_OK; t++)
        compact(&ev->tree->sets[t]);
    return e;
}

enum err
evaluate(struct cfg_tree *tree, struct err_info *why)
{
    struct evaluation ev = { .tree = tree, .l = &tree->loading };
    struct merged merged = { 0 };
    enum err e = evaluate_all(&ev, &merged, why);

    VEC_FREE(&merged);
    VEC_FREE(&ev.pending);
    VEC_FREE(&ev.all);
    return e;
}
