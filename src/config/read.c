/*
 * From files to raw elements: server.xml, drop-ins and includes in reading
 * order, each element put into the group of its type
 * and id. Elements nobody registered do nothing; a dump still shows them.
 */
#include "config/raw.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/msg.h"
#include "base/vec.h"
#include "config/encoding.h"
#include "parse/xml.h"

enum err
raw_no_storage(struct err_info *why)
{
    return err_set(why, ERR_MEMORY, "no storage for the configuration");
}

/* ---- elements ---- */

static struct raw_attr *
attr_for(struct loading *l, struct raw_element *e, struct str name,
         bool is_list)
{
    struct raw_attr **link = &e->attrs;
    unsigned n = 0;

    while (*link != NULL && !str_eq_nocase((*link)->name, name)) {
        link = &(*link)->next;
        n++;
    }
    if (*link == NULL && n >= l->limits.max_attributes)
        return NULL;
    if (*link == NULL) {
        *link = ARENA_NEW(l->arena, struct raw_attr);
        if (*link != NULL) {
            (*link)->name = name;
            (*link)->is_list = is_list;
        }
    }
    return *link;
}

/* Why attr_for failed. */
static enum err
no_attr(const struct loading *l, const struct raw_element *e, uint32_t line,
        uint32_t column, struct err_info *why)
{
    unsigned n = 0;

    for (const struct raw_attr *a = e->attrs; a != NULL; a = a->next)
        n++;
    if (n < l->limits.max_attributes)
        return raw_no_storage(why);
    return err_pos(why, ERR_LIMIT, line, column,
                   "more than %u attributes and kinds of elements in one "
                   "element",
                   l->limits.max_attributes);
}

static struct raw_value *
value_add(struct loading *l, struct raw_attr *attr, const struct raw_doc *doc,
          uint32_t line, uint32_t column)
{
    struct raw_value *v = ARENA_NEW(l->arena, struct raw_value);

    if (v == NULL)
        return NULL;
    v->doc = doc;
    v->line = line;
    v->column = column;
    if (attr->last == NULL)
        attr->first = v;
    else
        attr->last->next = v;
    attr->last = v;
    return v;
}

static bool
is_disabled(const struct xml_node *node)
{
    for (size_t i = 0; i < node->n_attrs; i++)
        if (str_eq_nocase_z(node->attrs[i].name, "configurationEnabled"))
            return str_eq_nocase_z(str_trim(node->attrs[i].value), "false");
    return false;
}

/* A child that is only a value: text and nothing else. */
static bool
is_text_child(const struct xml_node *node, enum raw_op *op)
{
    struct str how = xml_attr_get(node, "merge-op");

    *op = RAW_OP_NONE;
    if (str_eq_nocase_z(how, "append"))
        *op = RAW_OP_APPEND;
    else if (str_eq_nocase_z(how, "set"))
        *op = RAW_OP_SET;
    if (*op != RAW_OP_NONE)
        return node->child == NULL;
    return node->n_attrs == 0 && node->child == NULL && node->text.n > 0;
}

static enum err
twice(struct err_info *why, struct str name, uint32_t line, uint32_t column)
{
    return err_pos(why, ERR_SYNTAX, line, column,
                   "Configuration property '" STR_FMT
                   "' seems to be specified as an attribute and an element",
                   STR_ARG(str_sub(name, 0, 100)));
}

static enum err
add_attrs(struct loading *l, const struct raw_doc *doc,
          const struct xml_node *node, struct raw_element *e,
          struct err_info *why)
{
    for (size_t i = 0; i < node->n_attrs; i++) {
        const struct xml_attr *a = &node->attrs[i];
        struct raw_attr *attr;
        struct raw_value *value;

        if (str_eq_nocase_z(a->name, "id")) {
            e->id = a->value;
            if (str_find(a->value, STR("${")) != STR_NPOS)
                SAY(l, "CWWKG0104W", e->name, e->id,
                    raw_where(l, e->doc, a->line, a->column));
            continue;
        }
        attr = attr_for(l, e, a->name, false);
        if (attr == NULL)
            return no_attr(l, e, a->line, a->column, why);
        attr->first = attr->last = NULL; /* same name in another case */
        value = value_add(l, attr, doc, a->line, a->column);
        if (value == NULL)
            return raw_no_storage(why);
        value->text = a->value;
    }
    return ERR_OK;
}

static enum err element_of(struct loading *l, const struct raw_doc *doc,
                           const struct xml_node *node, unsigned depth,
                           struct raw_element **out, struct err_info *why);

static enum err
add_child(struct loading *l, const struct raw_doc *doc,
          const struct xml_node *child, unsigned depth, struct raw_element *e,
          struct err_info *why)
{
    struct raw_attr *attr = attr_for(l, e, child->name, true);
    struct raw_value *value;
    enum raw_op op;

    if (attr == NULL)
        return no_attr(l, e, child->line, child->column, why);
    if (!attr->is_list)
        return twice(why, child->name, child->line, child->column);
    value = value_add(l, attr, doc, child->line, child->column);
    if (value == NULL)
        return raw_no_storage(why);
    if (is_text_child(child, &op)) {
        value->text = child->text;
        if (op != RAW_OP_NONE)
            attr->op = op;
        return ERR_OK;
    }
    return element_of(l, doc, child, depth + 1, &value->element, why);
}

static enum err
element_of(struct loading *l, const struct raw_doc *doc,
           const struct xml_node *node, unsigned depth,
           struct raw_element **out, struct err_info *why)
{
    struct raw_element *e = ARENA_NEW(l->arena, struct raw_element);
    enum err failed;

    if (e == NULL)
        return raw_no_storage(why);
    if (depth > l->limits.max_depth)
        return err_pos(why, ERR_LIMIT, node->line, node->column,
                       "more than %u elements inside each other",
                       l->limits.max_depth);
    if (++l->n_elements > l->limits.max_elements)
        return err_pos(why, ERR_LIMIT, node->line, node->column,
                       "more than %u elements", l->limits.max_elements);
    e->name = node->name;
    e->doc = e->written = doc;
    e->behaviour = doc->behaviour;
    e->line = node->line;
    e->column = node->column;
    e->text = str_trim(node->text);
    failed = add_attrs(l, doc, node, e, why);
    for (const struct xml_node *c = node->child; c != NULL && failed == ERR_OK;
         c = c->next)
        if (!is_disabled(c))
            failed = add_child(l, doc, c, depth, e, why);
    *out = e;
    return failed;
}

/* ---- groups ---- */

static struct raw_group *
group_for(struct loading *l, const struct cfg_type *type, struct str name,
          struct str id)
{
    struct raw_types *of = &l->types[cfg_type_index(type)];
    struct str key = str_fmt(
        l->arena, STR_FMT "\n" STR_FMT,
        STR_ARG(type->is_prefix ? name : str_of(type->name)), STR_ARG(id));
    struct raw_group *g;

    if (key.p == NULL)
        return NULL;
    g = table_get(&l->groups, key);
    if (g != NULL)
        return g;
    g = ARENA_NEW(l->arena, struct raw_group);
    if (g == NULL || !table_put(&l->groups, key, g, NULL))
        return NULL;
    *g = (struct raw_group){ .type = type, .id = id };
    g->builtin_end = &g->builtin;
    g->user_end = &g->user;
    if (of->end == NULL)
        of->end = &of->first;
    *of->end = g;
    of->end = &g->next;
    return g;
}

/* How many elements of that name had no id so far; NULL: no storage. */
static unsigned *
without_id(struct loading *l, const struct cfg_type *type, struct str name)
{
    unsigned *n;

    if (!type->is_prefix)
        return &l->types[cfg_type_index(type)].n_without_id;
    n = table_get(&l->without_id, name);
    if (n != NULL)
        return n;
    n = ARENA_NEW(l->arena, unsigned);
    return n != NULL && table_put(&l->without_id, name, n, NULL) ? n : NULL;
}

static struct str
id_of(struct loading *l, const struct cfg_type *type,
      const struct raw_element *e)
{
    unsigned *n;

    if (type->scope == CFG_SINGLETON)
        return STR("");
    if (e->id.p != NULL)
        return e->id;
    if (type->default_id != NULL)
        return str_of(type->default_id);
    n = without_id(l, type, e->name);
    return n == NULL ? STR("") : loading_fmt(l, "default-%u", (*n)++);
}

static enum err
add_element(struct loading *l, const struct raw_doc *doc,
            const struct xml_node *node, struct err_info *why)
{
    const struct cfg_type *type = cfg_type_find(node->name);
    struct raw_element *e;
    struct raw_group *g;
    enum err failed;

    failed = element_of(l, doc, node, 1, &e, why);
    if (failed == ERR_OK && type == NULL) {
        unknown_element(l, e);
        foreign_keep(l, e);
    }
    if (failed != ERR_OK || type == NULL)
        return failed;
    g = group_for(l, type, e->name, id_of(l, type, e));
    if (g == NULL)
        return raw_no_storage(why);
    if (l->is_reading_builtin) {
        *g->builtin_end = e;
        g->builtin_end = &e->next;
    } else {
        *g->user_end = e;
        g->user_end = &e->next;
    }
    return ERR_OK;
}

/* ---- variables ---- */

static enum err
add_variable(struct loading *l, const struct raw_doc *doc,
             const struct xml_node *node, struct err_info *why)
{
    struct str name = str_trim(xml_attr_get(node, "name"));
    struct str line = loading_fmt(l, "%u", node->line);
    struct raw_variable *v;

    unknown_in_file(l, doc, node, &cfg_type_variable);
    if (name.n == 0) {
        SAY(l, "CWWKG0091E", line, doc->path);
        return ERR_OK;
    }
    if (xml_attr_get(node, "value").p == NULL &&
        xml_attr_get(node, "defaultValue").p == NULL) {
        SAY(l, "CWWKG0092E", line, doc->path);
        return ERR_OK;
    }
    v = table_get(&l->variables, name);
    if (v != NULL && doc->behaviour == RAW_IGNORE)
        return ERR_OK;
    v = ARENA_NEW(l->arena, struct raw_variable);
    if (v == NULL || !table_put(&l->variables, name, v, NULL))
        return raw_no_storage(why);
    v->name = name;
    v->value = xml_attr_get(node, "value");
    v->initial = xml_attr_get(node, "defaultValue");
    v->file = doc->path;
    v->line = node->line;
    return ERR_OK;
}

/* ---- files ---- */

bool
raw_monitor(struct loading *l, struct str path)
{
    for (size_t i = 0; i < l->monitored.n; i++)
        if (str_eq(l->monitored.v[i], path))
            return true;
    if (l->options->on_monitored != NULL)
        l->options->on_monitored(l->options->arg, path);
    return VEC_PUSH(&l->monitored, path);
}

/* Regular files only: a pipe would make us wait, a device would not end. */
static enum err
read_file(struct loading *l, const char *path, struct buf *out,
          struct err_info *why)
{
    struct stat st;

    if (l->options->read_file != NULL)
        return l->options->read_file(l->options->arg, path, out, why);
    if (stat(path, &st) != 0)
        return err_sys(why, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(why, ERR_NOT_FOUND, "%s: not a regular file", path);
    return file_read(path, out, why);
}

static enum err
add_top(struct loading *l, const struct raw_doc *doc,
        const struct xml_node *node, struct err_info *why)
{
    if (str_eq_z(node->name, "server")) {
        SAY(l, "CWWKG0085W", raw_where(l, doc, node->line, node->column));
        return ERR_OK;
    }
    if (is_disabled(node))
        return ERR_OK;
    if (str_eq_z(node->name, "include"))
        return raw_include(l, doc, node, why);
    if (str_eq_z(node->name, "variable"))
        return add_variable(l, doc, node, why);
    return add_element(l, doc, node, why);
}

/* <config onError> counts from the first line, wherever it stands. */
static void
learn_on_error(struct loading *l, const struct xml_node *root)
{
    for (const struct xml_node *c = root->child; c != NULL; c = c->next) {
        struct str value = xml_attr_get(c, "onError");

        if (str_eq_z(c->name, "config") && !is_disabled(c) && value.p != NULL)
            loading_learn_on_error(l, value);
    }
}

/* What stands in the document's text, in order. */
static enum err
take_document(struct loading *l, const struct raw_doc *doc, struct str text,
              struct err_info *why)
{
    struct xml_limits limits = { .max_bytes = l->limits.max_file_bytes,
                                 .max_depth = l->limits.max_depth + 1,
                                 .max_attrs = l->limits.max_attributes,
                                 .max_elements = l->limits.max_elements };
    struct xml_node *root;
    enum err e = xml_parse(l->arena, text, &limits, &root, why);

    if (e != ERR_OK)
        return e;
    if (str_eq_z(root->name, "client"))
        return ERR_OK;
    l->at = (struct cfg_place){ doc->path, root->line };
    if (!str_eq_z(root->name, "server")) {
        SAY(l, "CWWKG0105E", doc->path, STR("server"));
        if (doc->parent != NULL)
            return ERR_OK;
        /* Taken for an empty one it would close every port. */
        e = err_pos(why, ERR_SYNTAX, root->line, root->column,
                    "the root element is not <server>");
        if (why != NULL)
            why->at = STR_NPOS; /* said already */
        return e;
    }
    if (doc->is_main)
        learn_on_error(l, root);
    if (doc->parent == NULL && xml_attr_get(root, "description").p != NULL)
        l->description = xml_attr_get(root, "description");
    for (const struct xml_node *c = root->child;
         c != NULL && e == ERR_OK && !l->is_stopped; c = c->next) {
        l->at = (struct cfg_place){ doc->path, c->line };
        e = add_top(l, doc, c, why);
    }
    return e;
}

static void
say_malformed(struct loading *l, const struct raw_doc *doc, enum err e,
              const struct err_info *why)
{
    struct str text = loading_fmt(l, "%s", why->text);

    l->at = (struct cfg_place){ doc->path, why->line };
    if (e == ERR_SYNTAX)
        SAY(l, "CWWKG0014E", text,
            loading_fmt(l, "file:" STR_FMT, STR_ARG(doc->path)),
            loading_fmt(l, "%u", why->line), loading_fmt(l, "%u", why->column));
    else if (e == ERR_LIMIT && why->line == 0) /* of the file as a whole */
        SAY(l, "CWWKG0001E", text);
    else if (e == ERR_LIMIT)
        SAY(l, "CWWKG0001E",
            loading_fmt(l, STR_FMT ":%u:%u: " STR_FMT, STR_ARG(doc->path),
                        why->line, why->column, STR_ARG(text)));
}

/*
 * A file that cannot be used ends the load, except a drop-in. The innermost
 * file speaks; `why` then holds its name for the outer ones to pass on.
 */
enum err
raw_read_document(struct loading *l, struct raw_doc *doc, bool is_dropin,
                  struct err_info *why)
{
    struct err_info own = { 0 };
    struct buf text, utf8;
    bool is_converted = false;
    enum err e;

    buf_init(&text, l->limits.max_file_bytes);
    buf_init(&utf8, l->limits.max_file_bytes);
    e = read_file(l, doc->path.p, &text, &own);
    if (e == ERR_OK && doc->parent == NULL && l->options->read_file == NULL)
        raw_identify(doc);
    if (e == ERR_OK) {
        e = encoding_to_utf8(buf_view(&text), &utf8, &is_converted, &own);
        if (e == ERR_OK)
            e = take_document(l, doc, buf_view(is_converted ? &utf8 : &text),
                              &own);
    } else if (doc->parent != NULL && e != ERR_LIMIT) {
        SAY(l, "CWWKG0090E", doc->path, STR(""));
        e = ERR_OK;
    }
    secret_wipe(text.p, text.n);
    secret_wipe(utf8.p, utf8.n);
    buf_fini(&text);
    buf_fini(&utf8);
    if (e == ERR_OK)
        return ERR_OK;
    if (own.at != STR_NPOS)
        say_malformed(l, doc, e, &own);
    if (is_dropin && e == ERR_SYNTAX && !l->is_stopped)
        return ERR_OK;
    if (why != NULL) {
        *why = own;
        why->at = STR_NPOS; /* reported already */
    }
    return e;
}

/* ---- all of it ---- */

enum err
raw_read_builtin(struct loading *l, struct err_info *why)
{
    struct raw_doc *doc = ARENA_NEW(l->arena, struct raw_doc);
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);
    enum err e = ERR_OK;

    if (doc == NULL)
        return raw_no_storage(why);
    doc->path = STR("built-in");
    l->is_reading_builtin = true;
    for (size_t i = 0; i < n && e == ERR_OK; i++)
        if (types[i]->builtin != NULL)
            e = take_document(l, doc, str_of(types[i]->builtin), why);
    l->is_reading_builtin = false;
    return e;
}

enum err
raw_read(struct loading *l, struct err_info *why)
{
    struct raw_doc *doc = ARENA_NEW(l->arena, struct raw_doc);
    enum err e;

    if (doc == NULL)
        return raw_no_storage(why);
    doc->is_main = true;
    doc->path = l->options->server_file.n > 0
                    ? str_dup(l->arena, l->options->server_file)
                    : loading_fmt(l, STR_FMT "/server.xml",
                                  STR_ARG(l->options->server_dir));
    if (doc->path.n == 0 || !raw_monitor(l, doc->path))
        return raw_no_storage(why);
    if (l->options->read_file == NULL && !raw_is_regular(doc->path.p))
        return err_set(why, ERR_NOT_FOUND,
                       STR_FMT ": there is no such file or it cannot be read",
                       STR_ARG(doc->path));
    e = raw_read_variables(l, why);
    if (e == ERR_OK)
        e = raw_read_dropins(l, "defaults", why);
    if (e == ERR_OK && !l->is_stopped)
        e = raw_read_document(l, doc, false, why);
    if (e == ERR_OK && !l->is_stopped)
        e = raw_read_dropins(l, "overrides", why);
    return e;
}
