/* The tree as a server.xml with comments on origins. */
#include "config/dump.h"

#include "base/codepage.h"
#include "config/show.h"

/* A "${" that nobody resolved must stay what it is when the dump is read. */
#define DOLLAR "sallyport.dollar"

struct dumping {
    struct show show;
    struct buf *out;
    unsigned flags;
    bool has_dollar;
    bool failed; /* no storage */
};

static void
indent(struct dumping *d, unsigned depth)
{
    buf_printf(d->out, "\n%*s", (int)depth * 4, "");
}

/* ---- text ---- */

static void
add_escaped(struct dumping *d, char c)
{
    switch (c) {
    case '&':
        buf_add_z(d->out, "&amp;");
        return;
    case '<':
        buf_add_z(d->out, "&lt;");
        return;
    case '>':
        buf_add_z(d->out, "&gt;");
        return;
    case '"':
        buf_add_z(d->out, "&quot;");
        return;
    case '\n':
    case '\r':
    case '\t':
        buf_printf(d->out, "&#%d;", c);
        return;
    default:
        buf_add_char(d->out, c);
    }
}

static bool
is_xml_character(uint32_t ucs)
{
    return ucs == '\t' || ucs == '\n' || ucs == '\r' ||
           (ucs >= 0x20 && ucs < 0xd800) || (ucs >= 0xe000 && ucs < 0xfffe) ||
           (ucs >= 0x10000 && ucs < 0x110000);
}

/* A value; each byte that XML cannot hold (it came from the environment, say)
 * becomes a question mark: lengths stay what they were. */
static void
add_text(struct dumping *d, struct str text)
{
    size_t i = 0;

    while (i < text.n) {
        uint32_t ucs = 0;
        unsigned n = utf8_decode(text.p + i, text.n - i, &ucs);

        if (n == 0 || !is_xml_character(ucs)) {
            buf_add_char(d->out, '?');
            i++;
            continue;
        }
        if (text.p[i] == '$' && i + 1 < text.n && text.p[i + 1] == '{') {
            buf_add_z(d->out, "${" DOLLAR "}");
            d->has_dollar = true;
        } else if (n == 1) {
            add_escaped(d, text.p[i]);
        } else {
            buf_add(d->out, str_n(text.p + i, n));
        }
        i += n;
    }
}

/* An attribute that is not expanded when it is read. */
static void
add_literal(struct dumping *d, const char *name, struct str text)
{
    size_t dollar;

    buf_printf(d->out, " %s=\"", name);
    while ((dollar = str_find(text, STR("${"))) != STR_NPOS) {
        add_text(d, str_sub(text, 0, dollar));
        buf_add_char(d->out, '$');
        text = str_sub(text, dollar + 1, text.n);
    }
    add_text(d, text);
    buf_add_char(d->out, '"');
}

/* In a comment "--" would end it, and a line break our line. */
static void
add_comment(struct dumping *d, struct str text)
{
    char before = ' ';

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if ((unsigned char)c < ' ' || c == 0x7f)
            c = ' ';
        if (c == '-' && before == '-')
            buf_add_char(d->out, ' ');
        buf_add_char(d->out, c);
        before = c;
    }
    if (before == '-')
        buf_add_char(d->out, ' ');
}

/* ---- elements ---- */

static bool
is_shown(const struct dumping *d, const struct cfg_node *node,
         const struct cfg_attr *a)
{
    return (d->flags & CFG_DUMP_WRITTEN) == 0 || show_is_written(node, a);
}

static bool
has_text(struct dumping *d, const struct cfg_node *node,
         const struct cfg_attr *a, struct str *text)
{
    return a->kind != CFG_KIND_PRESENT && is_shown(d, node, a) &&
           show_text(&d->show, node, a, text);
}

/* Where the element and those of its attributes that somebody wrote come
 * from. */
static void
comment(struct dumping *d, const struct cfg_node *node, unsigned depth)
{
    struct str text;

    if (d->flags & CFG_DUMP_PLAIN)
        return;
    indent(d, depth);
    buf_add_z(d->out, "<!-- ");
    add_comment(d, show_place(&d->show, node));
    for (size_t i = 0; i < node->type->n_attrs; i++) {
        const struct cfg_attr *a = &node->type->attrs[i];

        if (!show_is_written(node, a) || !has_text(d, node, a, &text))
            continue;
        indent(d, depth);
        buf_printf(d->out, "     %s: ", a->name);
        add_comment(d, show_origin(&d->show, node, a));
    }
    buf_add_z(d->out, " -->");
}

static void
add_attr(struct dumping *d, const char *name, struct str value, unsigned depth)
{
    indent(d, depth);
    buf_printf(d->out, "%s=\"", name);
    add_text(d, value);
    buf_add_char(d->out, '"');
}

/* ---- what no row names: as it was written, variables replaced ---- */

/* type: of the element, NULL for one that nobody registered or in such a one */
static bool
is_free(const struct cfg_type *type, const struct raw_attr *a)
{
    return a->last != NULL && (type == NULL || !unknown_has_row(type, a));
}

static struct str
free_text(struct dumping *d, const struct raw_element *e,
          const struct cfg_type *type, const struct raw_attr *a,
          struct str text)
{
    struct scope scope = { .element = e, .type = type };
    struct str value;

    if (vars_expand(&d->show.loading, &scope, text, &value, NULL) != ERR_OK)
        value = text;
    return show_clean(&d->show, a->name, value);
}

static void
add_free_attrs(struct dumping *d, const struct raw_element *e,
               const struct cfg_type *type, unsigned depth)
{
    for (const struct raw_attr *a = e == NULL ? NULL : e->attrs; a != NULL;
         a = a->next) {
        if (!is_free(type, a) || a->is_list)
            continue;
        indent(d, depth);
        buf_printf(d->out, STR_FMT "=\"", STR_ARG(a->name));
        add_text(d, free_text(d, e, type, a, a->last->text));
        buf_add_char(d->out, '"');
    }
}

/* Text beside attributes and elements has no meaning, but somebody wrote it. */
static void
add_own_text(struct dumping *d, const struct raw_element *e,
             const struct cfg_type *type, unsigned depth)
{
    struct scope scope = { .element = e, .type = type };
    struct str value;

    if (e == NULL || e->text.n == 0)
        return;
    if (vars_expand(&d->show.loading, &scope, e->text, &value, NULL) != ERR_OK)
        value = e->text;
    value = str_trim(value);
    if (value.n == 0)
        return;
    indent(d, depth);
    add_text(d, show_clean(&d->show, e->name, value));
}

static void free_element(struct dumping *, const struct raw_element *,
                         unsigned depth);

/* Without text it would be taken for an element when it is read. */
static void
add_free_item(struct dumping *d, struct str name, struct str text,
              unsigned depth)
{
    indent(d, depth);
    buf_printf(d->out, "<" STR_FMT, STR_ARG(name));
    if (text.n == 0) {
        buf_add_z(d->out, "/>");
        return;
    }
    buf_add_char(d->out, '>');
    add_text(d, text);
    buf_printf(d->out, "</" STR_FMT ">", STR_ARG(name));
}

static void
add_free_children(struct dumping *d, const struct raw_element *e,
                  const struct cfg_type *type, unsigned depth)
{
    for (const struct raw_attr *a = e == NULL ? NULL : e->attrs; a != NULL;
         a = a->next) {
        if (!is_free(type, a) || !a->is_list)
            continue;
        for (const struct raw_value *v = a->first; v != NULL; v = v->next) {
            if (v->element != NULL)
                free_element(d, v->element, depth);
            else
                add_free_item(d, a->name, free_text(d, e, type, a, v->text),
                              depth);
            if (v == a->last)
                break;
        }
    }
}

static void
free_element(struct dumping *d, const struct raw_element *e, unsigned depth)
{
    size_t start;

    indent(d, depth);
    buf_printf(d->out, "<" STR_FMT, STR_ARG(e->name));
    if (e->id.p != NULL)
        add_literal(d, "id", e->id);
    add_free_attrs(d, e, NULL, depth + 1);
    buf_add_char(d->out, '>');
    start = d->out->n;
    add_own_text(d, e, NULL, depth + 1);
    add_free_children(d, e, NULL, depth + 1);
    if (d->out->n == start && !d->out->failed) {
        d->out->n--;
        buf_add_z(d->out, "/>");
        return;
    }
    indent(d, depth);
    buf_printf(d->out, "</" STR_FMT ">", STR_ARG(e->name));
}

/* ---- elements with rows ---- */

static void
add_attrs(struct dumping *d, const struct cfg_node *node, unsigned depth)
{
    struct str text;

    for (size_t i = 0; i < node->type->n_attrs; i++) {
        const struct cfg_attr *a = &node->type->attrs[i];

        if (has_text(d, node, a, &text) && !show_as_items(node, a))
            add_attr(d, a->name, text, depth);
    }
    add_free_attrs(d, node->raw, node->type, depth);
}

static void element(struct dumping *, const struct cfg_node *, const char *name,
                    struct str id, unsigned depth);

static void
add_items(struct dumping *d, const struct cfg_node *node,
          const struct cfg_attr *a, unsigned depth)
{
    const struct cfg_list *list = (const void *)((const char *)node + a->at);

    for (size_t i = 0; i < list->n; i++) {
        indent(d, depth);
        buf_printf(d->out, "<%s>", a->name);
        add_text(d, list->v[i]);
        buf_printf(d->out, "</%s>", a->name);
    }
}

static void
add_children(struct dumping *d, const struct cfg_node *node, unsigned depth)
{
    for (size_t i = 0; i < node->type->n_attrs; i++) {
        const struct cfg_attr *a = &node->type->attrs[i];
        struct show_child *v;
        size_t n;

        if (show_as_items(node, a))
            add_items(d, node, a, depth);
        if (!show_children(&d->show, node, a, &v, &n)) {
            d->failed = true;
            return;
        }
        for (size_t j = 0; j < n; j++)
            element(d, v[j].node, v[j].name,
                    v[j].node->raw == NULL ? (struct str){ NULL, 0 }
                                           : v[j].node->raw->id,
                    depth);
    }
    add_free_children(d, node->raw, node->type, depth);
}

/* id: p NULL when it has none of its own. */
static void
element(struct dumping *d, const struct cfg_node *node, const char *name,
        struct str id, unsigned depth)
{
    size_t start;

    comment(d, node, depth);
    indent(d, depth);
    buf_printf(d->out, "<%s", name);
    if (id.p != NULL)
        add_literal(d, "id", id);
    add_attrs(d, node, depth + 1);
    buf_add_char(d->out, '>');
    start = d->out->n;
    add_own_text(d, node->raw, node->type, depth + 1);
    add_children(d, node, depth + 1);
    if (d->out->n == start && !d->out->failed) {
        d->out->n--;
        buf_add_z(d->out, "/>");
        return;
    }
    indent(d, depth);
    buf_printf(d->out, "</%s>", name);
}

/* Not: a singleton nobody wrote, or with WRITTEN what is only built in. */
static bool
is_there(const struct dumping *d, const struct cfg_node *node)
{
    return node->raw != NULL &&
           ((d->flags & CFG_DUMP_WRITTEN) == 0 || node->file.n > 0);
}

static void
all_elements(struct dumping *d)
{
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    for (size_t t = 0; t < n; t++) {
        if (types[t]->scope == CFG_NESTED)
            continue;
        for (size_t i = 0; i < cfg_count(d->show.tree, types[t]); i++) {
            const struct cfg_node *node = cfg_at(d->show.tree, types[t], i);
            bool is_single = types[t]->scope == CFG_SINGLETON;

            if (is_there(d, node))
                element(d, node, show_name(&d->show, node),
                        is_single ? (struct str){ NULL, 0 } : node->id, 1);
        }
    }
    for (size_t i = 0; i < d->show.tree->foreign.n; i++)
        free_element(d, d->show.tree->foreign.v[i], 1);
}

enum err
cfg_dump(const struct cfg_tree *tree, unsigned flags, struct buf *out,
         struct err_info *why)
{
    struct arena arena;
    struct buf body;
    struct dumping d = { .out = &body, .flags = flags };

    arena_init(&arena, 256u << 20);
    buf_init(&body, out->max);
    show_init(&d.show, tree, &arena);
    all_elements(&d);
    d.out = out;
    buf_add_z(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<server");
    if (cfg_description(tree).n > 0)
        add_literal(&d, "description", cfg_description(tree));
    buf_add_char(out, '>');
    if (d.has_dollar)
        buf_add_z(out, "\n    <variable name=\"" DOLLAR "\" value=\"$\"/>");
    buf_add(out, buf_view(&body));
    buf_add_z(out, "\n</server>\n");
    d.failed = d.failed || body.failed || out->failed;
    buf_fini(&body);
    arena_fini(&arena);
    return d.failed ? err_set(why, ERR_LIMIT,
                              "the configuration is too large to be shown")
                    : ERR_OK;
}
