/* Loading a tree and looking things up in it. */
#include "config/raw.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/msg.h"
#include "base/vec.h"

#define TREE_BYTES_MAX (64u * 1024u * 1024u)

struct str
loading_fmt(struct loading *l, const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return STR("");
    if ((size_t)n >= sizeof text)
        n = sizeof text - 1;
    return str_dup(l->arena, str_n(text, (size_t)n));
}

struct str
raw_where(struct loading *l, const struct raw_doc *doc, uint32_t line,
          uint32_t column)
{
    return loading_fmt(l, " (" STR_FMT ":%u:%u)", STR_ARG(doc->path), line,
                       column);
}

/* ---- messages ---- */

#define HELD_MAX (4u * 1024u * 1024u)

static char
severity_of(const char *id)
{
    return id[strlen(id) - 1];
}

static bool
is_problem(const char *id)
{
    return severity_of(id) == 'E' || severity_of(id) == 'W';
}

static void
say(struct loading *l, const char *id, struct str text)
{
    /* what has no effect is no configuration error: it is always said */
    bool is_error = is_problem(id) && strncmp(id, "SPT", 3) != 0;

    if (is_error) {
        if ((l->on_error == CFG_ON_ERROR_IGNORE && !l->options->tells_all) ||
            l->is_stopped)
            return;
        if (l->on_error == CFG_ON_ERROR_FAIL && severity_of(id) == 'E')
            l->is_stopped = true;
    }
    if (l->options->on_message == NULL)
        return;
    if (l->options->place != NULL)
        *l->options->place = l->at;
    l->options->on_message(l->options->arg, id, text);
}

/* Under FAIL nothing follows the first error. */
static void
release(struct loading *l)
{
    struct str rest = buf_view(&l->held), id, file, line, text;
    struct cfg_place now = l->at;
    uint64_t n;

    l->is_holding = false;
    while (rest.n > 0 && !l->is_stopped && str_token(&rest, '\0', &id) &&
           id.n > 0 && str_token(&rest, '\0', &file) &&
           str_token(&rest, '\0', &line) && str_to_u64(line, &n) &&
           str_token(&rest, '\0', &text)) {
        l->at = (struct cfg_place){ file, (uint32_t)n };
        say(l, id.p, text);
    }
    l->at = now;
    if (l->options->place != NULL)
        *l->options->place = now;
    buf_fini(&l->held);
}

/* Whoever has more to say than fits says it as far as onError is known. */
static bool
hold(struct loading *l, const char *id, struct str text)
{
    if (!l->is_holding)
        return false;
    if (l->held.n + strlen(id) + l->at.file.n + text.n + 16 > HELD_MAX) {
        release(l);
        return false;
    }
    buf_add_z(&l->held, id);
    buf_add_char(&l->held, '\0');
    buf_add(&l->held, l->at.file);
    buf_printf(&l->held, "%c%u%c", '\0', l->at.line, '\0');
    buf_add(&l->held, text);
    buf_add_char(&l->held, '\0');
    if (l->held.failed) {
        l->is_holding = false;
        return false;
    }
    return true;
}

void
loading_say(struct loading *l, const char *id, const struct str *inserts,
            size_t n_inserts)
{
    struct buf text;

    if (is_problem(id))
        l->n_problems++;
    buf_init(&text, 16384);
    msg_text(&text, id, inserts, n_inserts);
    if (!hold(l, id, buf_view(&text)))
        say(l, id, buf_view(&text));
    buf_fini(&text);
}

/* ---- loading ---- */

static void
set_limits(struct cfg_limits *out, const struct cfg_limits *in)
{
    *out = *in;
    if (out->max_file_bytes == 0)
        out->max_file_bytes = 4u * 1024u * 1024u;
    if (out->max_tree_bytes == 0)
        out->max_tree_bytes = TREE_BYTES_MAX;
    if (out->max_depth == 0)
        out->max_depth = 32;
    if (out->max_includes == 0)
        out->max_includes = 1000;
    if (out->max_inc_depth == 0)
        out->max_inc_depth = 64;
    if (out->max_elements == 0)
        out->max_elements = 200000;
    if (out->max_attributes == 0)
        out->max_attributes = 256;
    if (out->max_value_bytes == 0)
        out->max_value_bytes = 64u * 1024u;
}

/* Directory variables end with "/", as the original's do. */
static struct str
folder_value(struct loading *l, struct str folder, const char *below)
{
    char *path = path_normalise(
        l->arena, loading_fmt(l, STR_FMT "/%s", STR_ARG(folder), below));
    struct str text = str_of(path);

    if (text.n > 0 && text.p[text.n - 1] == '/')
        return text;
    return loading_fmt(l, STR_FMT "/", STR_ARG(text));
}

static enum err
set_predefined(struct loading *l, struct err_info *why)
{
    const struct cfg_options *o = l->options;
    struct str output = o->output_dir.n > 0 ? o->output_dir : o->server_dir;
    const struct cfg_var rows[] = {
        { STR("wlp.install.dir"), folder_value(l, o->install_dir, "") },
        { STR("wlp.user.dir"), folder_value(l, o->user_dir, "") },
        { STR("wlp.server.name"), o->server_name },
        { STR("wlp.process.type"), STR("server") },
        { STR("usr.extension.dir"), folder_value(l, o->user_dir, "extension") },
        { STR("shared.app.dir"), folder_value(l, o->user_dir, "shared/apps") },
        { STR("shared.config.dir"),
          folder_value(l, o->user_dir, "shared/config") },
        { STR("shared.resource.dir"),
          folder_value(l, o->user_dir, "shared/resources") },
        { STR("shared.stackgroup.dir"),
          folder_value(l, o->user_dir, "shared/stackGroups") },
        { STR("server.config.dir"), folder_value(l, o->server_dir, "") },
        { STR("server.output.dir"), folder_value(l, output, "") },
        { STR("server.tmp.dir"), folder_value(l, output, "workarea/tmp") },
        { STR("server.workarea.dir"), folder_value(l, output, "workarea") },
    };
    struct cfg_var *v = ARENA_ARRAY(l->arena, struct cfg_var, ARRAY_LEN(rows));

    if (v == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the configuration");
    memcpy(v, rows, sizeof rows);
    l->predefined = (struct cfg_vars){ v, ARRAY_LEN(rows) };
    return ERR_OK;
}

static struct cfg_tree *
tree_new(const struct cfg_options *options, struct err_info *why)
{
    struct cfg_tree *tree = calloc(1, sizeof *tree);
    struct loading *l;
    size_t n;

    if (tree == NULL) {
        (void)err_set(why, ERR_MEMORY, "no storage for the configuration");
        return NULL;
    }
    tree->n_refs = 1;
    l = &tree->loading;
    set_limits(&l->limits, &options->limits);
    arena_init(&tree->arena, l->limits.max_tree_bytes);
    l->arena = &tree->arena;
    l->options = options;
    l->on_error = options->on_error;
    table_init(&tree->by_id);
    table_init(&l->variables);
    table_init(&l->folder);
    table_init(&l->groups);
    table_init(&l->without_id);
    (void)cfg_types(&n);
    l->types = ARENA_ARRAY(l->arena, struct raw_types, n);
    if (l->types == NULL || set_predefined(l, why) != ERR_OK) {
        (void)err_set(why, ERR_MEMORY, "no storage for the configuration");
        cfg_unref(&tree);
    }
    return tree;
}

static bool
vars_dup(struct arena *arena, const struct cfg_vars *from, struct cfg_vars *to)
{
    struct cfg_var *v = ARENA_ARRAY(arena, struct cfg_var, from->n);

    if (v == NULL)
        return false;
    for (size_t i = 0; i < from->n; i++) {
        v[i].name = str_dup(arena, from->v[i].name);
        v[i].value = str_dup(arena, from->v[i].value);
        if (v[i].name.p == NULL || v[i].value.p == NULL)
            return false;
    }
    *to = (struct cfg_vars){ from->v == NULL ? NULL : v, from->n };
    return true;
}

/* The tree outlives the caller's options: cfg_expand needs the variables. */
static enum err
keep_options(struct cfg_tree *tree, struct err_info *why)
{
    struct arena *a = &tree->arena;
    const struct cfg_options *from = tree->loading.options;
    struct cfg_options *own = ARENA_NEW(a, struct cfg_options);

    if (own == NULL || !vars_dup(a, &from->command_line, &own->command_line) ||
        !vars_dup(a, &from->properties, &own->properties) ||
        !vars_dup(a, &from->bootstrap, &own->bootstrap) ||
        !vars_dup(a, &from->environment, &own->environment))
        return err_set(why, ERR_MEMORY, "no storage for the configuration");
    tree->loading.options = own;
    return ERR_OK;
}

void
loading_learn_on_error(struct loading *l, struct str text)
{
    struct err_info why;
    struct str value;
    unsigned word;

    if (vars_expand(l, NULL, text, &value, &why) == ERR_OK &&
        value_word(value, cfg_on_error_words, &word))
        l->on_error = (enum cfg_on_error)word;
}

/* Of bootstrap.properties, at a start: an update would say it again. */
static void
say_bad_on_error(struct loading *l)
{
    const struct cfg_vars *vars = &l->options->bootstrap;
    unsigned word;

    for (size_t i = 0; i < vars->n && l->options->running == NULL; i++)
        if (str_eq_z(vars->v[i].name, "onError") &&
            !value_word(str_trim(vars->v[i].value), cfg_on_error_words, &word))
            SAY(l, "CWWKG0032W", vars->v[i].name,
                str_sub(vars->v[i].value, 0, 200), STR("[WARN][FAIL][IGNORE]"),
                STR("Default value in use: WARN. (bootstrap.properties)"));
}

/* <config onError> counts for reading as well: what was to be said waited. The
 * elements are not merged yet; of one that an onConflict drops nothing counts.
 */
static void
learn_on_error(struct loading *l)
{
    struct raw_group *g = l->types[cfg_type_index(&cfg_type_update)].first;
    const struct raw_attr *a = NULL;

    for (const struct raw_element *e = g == NULL ? NULL : g->user; e != NULL;
         e = e->next) {
        const struct raw_attr *given = raw_attr_find(e, "onError");

        if (given != NULL && given->first != NULL &&
            (e == g->user || e->behaviour != RAW_IGNORE))
            a = given;
    }
    if (a != NULL)
        loading_learn_on_error(l, raw_text(a->first));
    release(l);
    if (l->options->in_force != NULL)
        *l->options->in_force = l->on_error;
}

/* No storage because the tree's share is used up: that is the configuration's
 * fault, not the machine's. */
static enum err
too_large(struct loading *l, struct err_info *why)
{
    struct str text;

    if (l->arena->used_bytes < l->arena->max_bytes / 2)
        return ERR_MEMORY;
    (void)err_set(why, ERR_LIMIT,
                  "the configuration takes more than %zu bytes of memory",
                  l->arena->max_bytes);
    text = str_of(why == NULL ? "the configuration is too large" : why->text);
    SAY(l, "CWWKG0001E", text);
    return ERR_LIMIT;
}

static void
read_over(struct loading *l)
{
    table_fini(&l->without_id);
    table_fini(&l->groups); /* names of groups: only for reading */
}

static enum err
load(const struct cfg_options *options, bool is_empty, struct cfg_tree **out,
     struct err_info *why)
{
    struct cfg_tree *tree = tree_new(options, why);
    struct loading *l;
    enum err e;

    if (tree == NULL)
        return ERR_MEMORY;
    l = &tree->loading;
    buf_init(&l->held, HELD_MAX);
    l->is_holding = true;
    say_bad_on_error(l);
    e = raw_read_builtin(l, why);
    if (e == ERR_OK && !is_empty)
        e = raw_read(l, why);
    learn_on_error(l);
    if (e == ERR_OK && !l->is_stopped)
        e = evaluate(tree, why);
    if (e == ERR_OK && l->is_stopped)
        e = err_set(why, ERR_NOT_NOW,
                    "the configuration has an error and onError is FAIL");
    read_over(l);
    if (e == ERR_OK)
        e = keep_options(tree, why);
    if (e == ERR_MEMORY)
        e = too_large(l, why);
    if (e == ERR_OK)
        *out = tree;
    else
        cfg_unref(&tree);
    return e;
}

enum err
cfg_load(const struct cfg_options *options, struct cfg_tree **out,
         struct err_info *why)
{
    return load(options, false, out, why);
}

enum err
cfg_load_empty(const struct cfg_options *options, struct cfg_tree **out,
               struct err_info *why)
{
    return load(options, true, out, why);
}

struct cfg_tree *
cfg_ref(struct cfg_tree *tree)
{
    __atomic_add_fetch(&tree->n_refs, 1, __ATOMIC_RELAXED);
    return tree;
}

void
cfg_unref(struct cfg_tree **tree)
{
    struct cfg_tree *t = *tree;

    *tree = NULL;
    if (t == NULL || __atomic_sub_fetch(&t->n_refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (size_t i = 0; i < t->secrets.n; i++)
        secret_free(t->secrets.v[i]);
    VEC_FREE(&t->secrets);
    table_fini(&t->by_id);
    table_fini(&t->loading.variables);
    table_fini(&t->loading.folder);
    table_fini(&t->loading.groups);
    table_fini(&t->loading.without_id);
    buf_fini(&t->loading.held);
    VEC_FREE(&t->loading.monitored);
    arena_fini(&t->arena);
    free(t);
}

/* ---- looking up ---- */

unsigned
cfg_problems(const struct cfg_tree *tree)
{
    return tree->loading.n_problems;
}

enum cfg_on_error
cfg_on_error(const struct cfg_tree *tree)
{
    return tree->loading.on_error;
}

struct str
cfg_description(const struct cfg_tree *tree)
{
    return tree->loading.description;
}

const char *
cfg_type_name(const struct cfg_type *type)
{
    return type->name;
}

static const struct cfg_type_set *
set_of(const struct cfg_tree *tree, const struct cfg_type *type)
{
    return &tree->sets[cfg_type_index(type)];
}

size_t
cfg_count(const struct cfg_tree *tree, const struct cfg_type *type)
{
    return set_of(tree, type)->n;
}

const void *
cfg_at(const struct cfg_tree *tree, const struct cfg_type *type, size_t i)
{
    const struct cfg_type_set *set = set_of(tree, type);

    return i < set->n ? set->v[i]->node : NULL;
}

bool
tree_key(const struct cfg_type *type, struct str id, char out[TREE_KEY_MAX],
         struct str *key)
{
    int n = snprintf(out, TREE_KEY_MAX, "%zu\n", cfg_type_index(type));

    if (n < 0 || id.n > TREE_KEY_MAX - (size_t)n)
        return false;
    if (id.n > 0)
        memcpy(out + n, id.p, id.n);
    *key = str_n(out, (size_t)n + id.n);
    return true;
}

struct cfg_instance *
tree_find(const struct cfg_tree *tree, const struct cfg_type *type,
          struct str id)
{
    char text[TREE_KEY_MAX];
    struct str key;

    return tree_key(type, id, text, &key) ? table_get(&tree->by_id, key) : NULL;
}

const void *
cfg_find(const struct cfg_tree *tree, const struct cfg_type *type,
         struct str id)
{
    const struct cfg_type_set *set = set_of(tree, type);
    const struct cfg_instance *one = tree_find(tree, type, id);

    if (one != NULL && one->is_active)
        return one->node;
    if (one == NULL && id.n < 256)
        return NULL;
    /* a long id, or one that elements of a prefix share */

    for (size_t i = 0; i < set->n; i++)
        if (str_eq(set->v[i]->id, id))
            return set->v[i]->node;
    return NULL;
}

const void *
cfg_one(const struct cfg_tree *tree, const struct cfg_type *type)
{
    const void *one = cfg_at(tree, type, 0);

    REQUIRE(type->scope == CFG_SINGLETON && one != NULL);
    return one;
}

const void *
cfg_get(const struct cfg_tree *tree, const char *element, const char *id)
{
    const struct cfg_type *type = cfg_type_find(str_of(element));

    return type == NULL ? NULL : cfg_find(tree, type, str_of(id));
}

struct cfg_list
cfg_monitored(const struct cfg_tree *tree)
{
    return (struct cfg_list){ tree->loading.monitored.v,
                              tree->loading.monitored.n, true };
}

enum err
cfg_expand(const struct cfg_tree *tree, struct arena *arena, struct str text,
           struct str *out, struct err_info *why)
{
    struct loading l = tree->loading; /* the result goes into `arena` */
    enum err e;

    l.arena = arena;
    l.n_lookups = 0;
    e = vars_expand(&l, NULL, text, out, why);
    if (e == ERR_OK) {
        *out = str_dup(arena, *out);
        if (out->p == NULL)
            e = err_set(why, ERR_MEMORY, "no storage for a value");
    }
    return e;
}

enum err
cfg_duration(struct str text, int64_t unit_ms, int64_t *ms,
             struct err_info *why)
{
    return value_duration(text, unit_ms, ms, why);
}
