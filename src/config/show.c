#include "config/show.h"

#include <stdio.h>
#include <string.h>

#define PLACES_MAX 8u

void
show_init(struct show *s, const struct cfg_tree *tree, struct arena *arena)
{
    *s = (struct show){ .tree = tree, .loading = tree->loading };
    s->loading.arena = arena;
    s->loading.n_lookups = 0;
    for (size_t i = 0; i < tree->loading.predefined.n; i++)
        if (str_eq_z(tree->loading.predefined.v[i].name, "server.config.dir"))
            s->folder = tree->loading.predefined.v[i].value;
    if (s->folder.n > 1 && s->folder.p[s->folder.n - 1] == '/')
        s->folder.n--;
}

static const void *
field(const struct cfg_node *node, size_t at)
{
    return (const char *)node + at;
}

bool
show_is_secret(const struct cfg_attr *a)
{
    return a->kind == CFG_KIND_PASSWORD || a->kind == CFG_KIND_PASSWORD_OR_HASH;
}

bool
show_sounds_secret(struct show *s, struct str name)
{
    static const char *const words[] = { "passphrase", "secret", "credential",
                                         "token",      "passw",  "pasw",
                                         "pwd" };
    struct str lower = str_lower(s->loading.arena, name);

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_find(lower, str_of(words[i])) != STR_NPOS)
            return true;
    return false;
}

/* ---- where it came from ---- */

/* x of xRef: the name of elements written in place. */
static struct str
in_place_name(const struct cfg_attr *a)
{
    struct str name = str_of(a->name);

    return str_ends(name, STR("Ref")) ? str_sub(name, 0, name.n - 3) : name;
}

static const struct raw_attr *
given(const struct cfg_node *node, const struct cfg_attr *a)
{
    const struct raw_attr *own;
    struct str name = in_place_name(a);

    if (node->raw == NULL)
        return NULL;
    own = raw_attr_find(node->raw, a->name);
    if (own != NULL || (a->kind != CFG_KIND_REF && a->kind != CFG_KIND_REFS))
        return own;
    for (own = node->raw->attrs; own != NULL; own = own->next)
        if (own->is_list && str_eq_nocase(own->name, name))
            return own;
    return NULL;
}

static const struct raw_attr *
given_as(const struct cfg_node *node, const char *attr)
{
    const struct cfg_type *type = node->type;

    for (size_t i = 0; i < type->n_attrs; i++)
        if (strcmp(type->attrs[i].name, attr) == 0)
            return given(node, &type->attrs[i]);
    return NULL;
}

bool
cfg_is_written(const struct cfg_node *node, const char *attr)
{
    return given_as(node, attr) != NULL;
}

struct str
cfg_written(const struct cfg_node *node, const char *attr)
{
    const struct raw_attr *a = given_as(node, attr);

    return a == NULL || a->first == NULL ? STR("") : raw_text(a->first);
}

bool
show_is_written(const struct cfg_node *node, const struct cfg_attr *a)
{
    return given(node, a) != NULL;
}

static const struct raw_value *
value_with(const struct raw_attr *a, struct str item)
{
    const struct raw_value *part = NULL;

    for (const struct raw_value *v = a->first; v != NULL && item.n > 0;
         v = v->next) {
        if (str_eq(str_trim(raw_text(v)), item))
            return v;
        if (part == NULL && str_find(raw_text(v), item) != STR_NPOS)
            part = v; /* one of a list, perhaps */
    }
    return part != NULL ? part : a->first;
}

struct str
cfg_where(const struct cfg_node *node, const char *attr, struct str item,
          char out[CFG_WHERE_MAX])
{
    const struct raw_attr *a = node->raw == NULL || attr == NULL
                                   ? NULL
                                   : raw_attr_find(node->raw, attr);
    const struct raw_value *v = a == NULL ? NULL : value_with(a, item);
    int n = 0;

    if (v != NULL && v->line > 0)
        n = snprintf(out, CFG_WHERE_MAX, " (" STR_FMT ":%u:%u)",
                     STR_ARG(v->doc->path), v->line, v->column);
    else if (node->line > 0)
        n = snprintf(out, CFG_WHERE_MAX, " (" STR_FMT ":%u)",
                     STR_ARG(node->file), node->line);
    return n > 0 && (unsigned)n < CFG_WHERE_MAX ? str_n(out, (size_t)n)
                                                : STR("");
}

static struct str
place(struct show *s, struct str path, uint32_t line)
{
    if (str_starts(path, s->folder) && path.n > s->folder.n + 1 &&
        path.p[s->folder.n] == '/')
        path = str_sub(path, s->folder.n + 1, path.n);
    if (str_eq_z(path, "built-in"))
        return path;
    return loading_fmt(&s->loading, STR_FMT ":%u", STR_ARG(path), line);
}

struct str
show_place(struct show *s, const struct cfg_node *node)
{
    return node->file.n == 0 ? STR("built-in")
                             : place(s, node->file, node->line);
}

/* " by ${name} of bootstrap.properties", for each variable in the text. */
static void
add_variables(struct show *s, const struct cfg_node *node, struct str text,
              bool is_secret, struct buf *out)
{
    struct scope scope = { .element = node->raw, .type = node->type };
    size_t start;

    while ((start = str_find(text, STR("${"))) != STR_NPOS) {
        size_t end = str_find_char(str_sub(text, start, text.n), '}');
        struct str name, from;

        if (end == STR_NPOS)
            return;
        name = str_sub(text, start + 2, start + end);
        from = vars_origin(&s->loading, &scope, name, s->folder);
        /* a part of a password may look like a variable */
        if (!is_secret || from.n > 0)
            buf_printf(out, " by ${" STR_FMT "}", STR_ARG(name));
        if (from.n > 0)
            buf_printf(out, " of " STR_FMT, STR_ARG(from));
        text = str_sub(text, start + end + 1, text.n);
    }
}

struct str
show_origin(struct show *s, const struct cfg_node *node,
            const struct cfg_attr *a)
{
    const struct raw_attr *raw = given(node, a);
    struct str before = STR(""), result;
    struct buf out;
    unsigned n = 0;

    if (raw == NULL)
        return STR("default");
    buf_init(&out, 4096);
    for (const struct raw_value *v = raw->first; v != NULL; v = v->next) {
        struct str at = place(s, v->doc->path, v->line);

        if (!str_eq(at, before) && n++ < PLACES_MAX)
            buf_printf(&out, "%s" STR_FMT, n > 1 ? ", " : "", STR_ARG(at));
        before = at;
        add_variables(s, node, raw_text(v), show_is_secret(a), &out);
        if (v == raw->last)
            break;
    }
    result = str_dup(s->loading.arena, buf_view(&out));
    buf_fini(&out);
    return result;
}

/* ---- the value ---- */

static const char *
unit_word(int64_t ms)
{
    return ms == CFG_MS ? "ms" : ms == CFG_S ? "s" : ms == CFG_M ? "m" : "h";
}

static struct str
duration_text(struct show *s, const struct cfg_attr *a, int64_t ms)
{
    long long n = (long long)(ms / a->unit_ms);

    /* a sign in front of a unit is skipped when read */
    return n < 0 ? loading_fmt(&s->loading, "%lld", n)
                 : loading_fmt(&s->loading, "%lld%s", n, unit_word(a->unit_ms));
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct str
list_text(struct show *s, const struct cfg_list *list)
{
    struct str result;
    struct buf out;

    if (list->n == 1 && list->v[0].n == 0)
        return STR("\\"); /* one empty item, not none */
    buf_init(&out, 4u << 20);
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0)
            buf_add_char(&out, ',');
        value_list_item(&out, list->v[i]);
    }
    result = str_dup(s->loading.arena, buf_view(&out));
    buf_fini(&out);
    return result;
}

/* A value of its own as an element: not trimmed away, not taken for another
 * thing. */
static bool
is_plain_item(struct str item)
{
    return item.n > 0 && !is_blank(item.p[0]) && !is_blank(item.p[item.n - 1]);
}

bool
show_as_items(const struct cfg_node *node, const struct cfg_attr *a)
{
    const struct raw_attr *raw = given(node, a);
    const struct cfg_list *list = field(node, a->at);

    if (a->kind != CFG_KIND_LIST || raw == NULL || !raw->is_list ||
        list->n == 0)
        return false;
    for (size_t i = 0; i < list->n; i++)
        if (!is_plain_item(list->v[i]))
            return false;
    return true;
}

static bool
is_top_level(const struct show *s, const struct cfg_node *node)
{
    return node->type->scope != CFG_NESTED &&
           cfg_find(s->tree, node->type, node->id) == node;
}

static bool
refs_text(struct show *s, const struct cfg_refs *refs, struct str *out)
{
    struct buf ids;
    bool has_any = false;

    buf_init(&ids, 1u << 20);
    for (size_t i = 0; i < refs->n; i++) {
        if (!is_top_level(s, refs->v[i].node))
            continue;
        buf_printf(&ids, "%s" STR_FMT, has_any ? "," : "",
                   STR_ARG(refs->v[i].node->id));
        has_any = true;
    }
    *out = str_dup(s->loading.arena, buf_view(&ids));
    buf_fini(&ids);
    return has_any;
}

static bool
number_text(struct show *s, const struct cfg_attr *a, const void *value,
            struct str *out)
{
    int64_t n = *(const int64_t *)value;

    *out = a->kind == CFG_KIND_DURATION
               ? duration_text(s, a, n)
               : loading_fmt(&s->loading, "%lld", (long long)n);
    return true;
}

static bool
string_text(const void *value, struct str *out)
{
    *out = *(const struct str *)value;
    return out->p != NULL;
}

static bool
word_text(const struct cfg_attr *a, const void *value, struct str *out)
{
    *out = str_of(a->words[*(const unsigned *)value]);
    return out->n > 0;
}

bool
show_full_text(struct show *s, const struct cfg_node *node,
               const struct cfg_attr *a, struct str *out)
{
    const void *value = field(node, a->at);
    const struct cfg_node *target;

    switch (a->kind) {
    case CFG_KIND_STRING:
    case CFG_KIND_WORD:
    case CFG_KIND_PATH:
        return string_text(value, out);
    case CFG_KIND_BOOL:
        *out = *(const bool *)value ? STR("true") : STR("false");
        return true;
    case CFG_KIND_TRISTATE:
        *out = *(const unsigned *)value == CFG_YES ? STR("true") : STR("false");
        return *(const unsigned *)value != CFG_UNSET;
    case CFG_KIND_INT:
    case CFG_KIND_PORT:
    case CFG_KIND_DURATION:
        return number_text(s, a, value, out);
    case CFG_KIND_ENUM:
        return word_text(a, value, out);
    case CFG_KIND_LIST:
        *out = list_text(s, value);
        return ((const struct cfg_list *)value)->is_set ||
               ((const struct cfg_list *)value)->n > 0;
    case CFG_KIND_PASSWORD:
    case CFG_KIND_PASSWORD_OR_HASH:
        *out = STR(SHOW_SECRET);
        return show_is_written(node, a);
    case CFG_KIND_REF:
        target = *(const struct cfg_node *const *)value;
        *out = STR("");
        /* named one that is not there: not the default's either */
        if (target == NULL)
            return a->value != NULL && a->value[0] != '\0' &&
                   show_is_written(node, a);
        if (!is_top_level(s, target))
            return false;
        *out = target->id;
        return true;
    case CFG_KIND_REFS:
        return refs_text(s, value, out);
    case CFG_KIND_PRESENT:
    case CFG_KIND_CHILD:
    case CFG_KIND_CHILDREN:
    case CFG_KIND_REST:
        break;
    }
    return false;
}

/* ---- what of it may be shown ---- */

/* "://user:password@" without the password. */
static struct str
clean_urls(struct show *s, struct str text)
{
    struct str rest = text, result;
    struct buf out;
    size_t at;

    if (str_find(text, STR("://")) == STR_NPOS ||
        str_find_char(text, '@') == STR_NPOS)
        return text;
    buf_init(&out, 2 * text.n + 64);
    while ((at = str_find(rest, STR("://"))) != STR_NPOS) {
        struct str host = str_sub(rest, at + 3, rest.n);
        size_t end = 0, colon, sign;

        while (end < host.n && host.p[end] != '/' && host.p[end] != '?' &&
               host.p[end] != ',' && !is_blank(host.p[end]))
            end++;
        host = str_sub(host, 0, end);
        colon = str_find_char(host, ':');
        sign = str_rfind_char(host, '@');
        buf_add(&out, str_sub(rest, 0, at + 3));
        if (sign != STR_NPOS && colon != STR_NPOS && colon < sign) {
            buf_add(&out, str_sub(host, 0, colon + 1));
            buf_add_z(&out, SHOW_SECRET);
            buf_add(&out, str_sub(host, sign, host.n));
        } else {
            buf_add(&out, host);
        }
        rest = str_sub(rest, at + 3 + end, rest.n);
    }
    buf_add(&out, rest);
    result = str_dup(s->loading.arena, buf_view(&out));
    buf_fini(&out);
    return result;
}

/* Nobody encodes what is not secret. */
static bool
is_encoded(struct str value)
{
    static const char *const tags[] = { "{xor}", "{aes}", "{hash}", "{custom" };

    value = str_trim(value);
    for (size_t i = 0; i < ARRAY_LEN(tags); i++)
        if (str_eq_nocase_z(str_sub(value, 0, strlen(tags[i])), tags[i]))
            return true;
    return false;
}

struct str
show_clean(struct show *s, struct str name, struct str value)
{
    return show_sounds_secret(s, name) || is_encoded(value)
               ? STR(SHOW_SECRET)
               : clean_urls(s, value);
}

/* The value of <property name="password" value="..."/>. */
static bool
is_named_secret(struct show *s, const struct cfg_node *node,
                const struct cfg_attr *a)
{
    const struct cfg_type *type = node->type;
    struct str name;

    if (strcmp(a->name, "value") != 0)
        return false;
    for (size_t i = 0; i < type->n_attrs; i++)
        if (strcmp(type->attrs[i].name, "name") == 0)
            return show_full_text(s, node, &type->attrs[i], &name) &&
                   show_sounds_secret(s, name);
    return false;
}

bool
show_text(struct show *s, const struct cfg_node *node, const struct cfg_attr *a,
          struct str *out)
{
    if (!show_full_text(s, node, a, out))
        return false;
    *out = is_named_secret(s, node, a) ? STR(SHOW_SECRET) : clean_urls(s, *out);
    return true;
}

/* ---- elements inside ---- */

static size_t
child_count(const struct cfg_node *node, const struct cfg_attr *a)
{
    const void *value = field(node, a->at);

    if (a->kind == CFG_KIND_CHILDREN)
        return *(const size_t *)field(node, a->at_n);
    if (a->kind == CFG_KIND_REFS)
        return ((const struct cfg_refs *)value)->n;
    if (a->kind == CFG_KIND_CHILD || a->kind == CFG_KIND_REF)
        return *(const struct cfg_node *const *)value != NULL;
    return 0;
}

static const struct cfg_node *
child_at(const struct cfg_node *node, const struct cfg_attr *a, size_t i)
{
    const void *value = field(node, a->at);
    const char *first;

    if (a->kind == CFG_KIND_REFS)
        return ((const struct cfg_refs *)value)->v[i].node;
    first = *(const char *const *)value;
    return (const void *)(first + i * a->target->size);
}

bool
show_children(struct show *s, const struct cfg_node *node,
              const struct cfg_attr *a, struct show_child **v, size_t *n)
{
    size_t all = child_count(node, a);
    bool is_named = a->kind == CFG_KIND_CHILD || a->kind == CFG_KIND_CHILDREN;

    *n = 0;
    *v = ARENA_ARRAY(s->loading.arena, struct show_child, all);
    if (*v == NULL)
        return false;
    for (size_t i = 0; i < all; i++) {
        const struct cfg_node *child = child_at(node, a, i);

        if (!is_named && is_top_level(s, child))
            continue;
        (*v)[*n].node = child;
        (*v)[(*n)++].name = is_named ? a->name
                            : a->kind == CFG_KIND_REFS && a->targets[1] != NULL
                                ? child->type->name
                                : str_z(s->loading.arena, in_place_name(a));
    }
    return true;
}

const char *
show_name(struct show *s, const struct cfg_node *node)
{
    if (node->type->is_prefix && node->raw != NULL)
        return str_z(s->loading.arena, node->raw->name);
    return node->type->name;
}
