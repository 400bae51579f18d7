/* doc/reference/configuration.md, made from the rows. */
#include "config/schema.h"

#include "config/feature.h"
#include "config/registry.h"

static const char head[] =
    "# Elements of server.xml\n"
    "\n"
    "Made from the tables the server reads by (`sallyport server schema "
    "--markdown`); `sallyport server schema` prints the same as JSON.\n"
    "\n"
    "* A *singleton* is there once; several occurrences, in whatever file, "
    "are merged. A *factory* element is there once for each `id`.\n"
    "* **Update** says when a change takes effect: *at once*, for requests "
    "that arrive after the update; *new connections*, for connections opened "
    "after it; *refresh*, with `ZCON,REFRESH` or when polling notices it as "
    "well; *start*, when the server starts again.\n"
    "* What is marked ◌ is read and checked, but has no effect in this "
    "release: the server says so once with SPT0401W.\n"
    "* A reference `xRef` names ids; the element may as well be written in "
    "place as `<x .../>`, or named as `<x ref=\"id\"/>`.\n"
    "* A list is separated by commas (`\\,` is a comma), or written as one "
    "child element for each item.\n"
    "* A duration is a sum such as `1h30m` or `1m500ms`, or a number of the "
    "unit given; smaller parts of that unit are cut off.\n"
    "* An attribute without default is optional unless it is **required**.\n"
    "* Attribute names count without regard to case, but those of `include` "
    "and "
    "`variable` and names of elements do not.\n";

static const char variables[] =
    "\n## Variables\n"
    "\n"
    "`${name}` anywhere in a value; the first of these that knows the name "
    "counts:\n"
    "\n"
    "1. the command line, `-- --name=value`\n"
    "2. `<variable name=\"\" value=\"\"/>`\n"
    "3. `-Dname=value` in `jvm.options`\n"
    "4. `bootstrap.properties` and what `bootstrap.include` names\n"
    "5. variable files: of the folders in `VARIABLE_SOURCE_DIRS`, else of "
    "`SERVICE_BINDING_ROOT`, else of `variables/` beside `server.xml`. A file "
    "is a variable of its name, `folder/file` one folder down, with the first "
    "line as value; a `.properties` file holds several\n"
    "6. predefined ones: `wlp.install.dir`, `wlp.user.dir`, "
    "`wlp.server.name`, `wlp.process.type`, `server.config.dir`, "
    "`server.output.dir`, `server.tmp.dir`, `server.workarea.dir`, "
    "`shared.app.dir`, `shared.config.dir`, `shared.resource.dir`, "
    "`shared.stackgroup.dir`, `usr.extension.dir`\n"
    "7. an attribute of the same element, its default included\n"
    "8. the environment: the name itself (or behind `env.`), with `_` for "
    "other characters than letters and digits, then that in capitals\n"
    "9. `<variable name=\"\" defaultValue=\"\"/>`\n"
    "\n"
    "Otherwise the name is tried as an expression: whole numbers, names and "
    "`count(name)` with `+ - * /`, from left to right. In a list "
    "`${list(name)}` puts the items of a variable in. What nobody knows stays "
    "as it is.\n";

/* A cell: "|" would end it. */
static void
cell(struct buf *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '|' || *p == '<' || *p == '*')
            buf_add_char(out, '\\');
        buf_add_char(out, *p);
    }
}

static void
code(struct buf *out, const char *text)
{
    buf_add_char(out, '`');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '|')
            buf_add_char(out, '\\');
        buf_add_char(out, *p);
    }
    buf_add_char(out, '`');
}

static const char *
unit_words(int64_t ms)
{
    return ms == CFG_MS  ? "milliseconds"
           : ms == CFG_S ? "seconds"
           : ms == CFG_M ? "minutes"
                         : "hours";
}

static void
duration(struct buf *out, const struct cfg_attr *a)
{
    buf_printf(out, ", %s", unit_words(a->unit_ms));
    if (a->min > INT64_MIN)
        buf_printf(out, ", at least %lld", (long long)a->min);
}

static void
type_cell(struct buf *out, const struct cfg_attr *a)
{
    buf_add_z(out, schema_kind(a));
    if (a->kind == CFG_KIND_INT && a->max >= INT32_MAX)
        buf_printf(out, ", at least %lld", (long long)a->min);
    else if (a->kind == CFG_KIND_INT)
        buf_printf(out, ", %lld to %lld", (long long)a->min, (long long)a->max);
    else if (a->kind == CFG_KIND_PORT)
        buf_add_z(out, ", -1 to 65535");
    else if (a->kind == CFG_KIND_DURATION)
        duration(out, a);
    else if (a->kind == CFG_KIND_STRING && a->max > 0)
        buf_printf(out, ", at most %lld characters", (long long)a->max);
    else if (a->kind == CFG_KIND_LIST && a->max > 0)
        buf_printf(out, ", at most %lld", (long long)a->max);
    else if (a->kind == CFG_KIND_REF)
        buf_printf(out, " to %s", a->target->name);
    for (size_t i = 0; a->words != NULL && a->words[i] != NULL; i++)
        if (a->words[i][0] != '\0') {
            buf_add_char(out, ' ');
            code(out, a->words[i]);
        }
    for (size_t i = 0; a->targets != NULL && a->targets[i] != NULL; i++)
        buf_printf(out, "%s %s", i == 0 ? " to" : ",", a->targets[i]->name);
    if (a->is_unique)
        buf_add_z(out, ", unique");
}

static void
row(struct buf *out, const struct cfg_type *type, const struct cfg_attr *a,
    bool has_effect)
{
    bool is_child = a->kind == CFG_KIND_CHILD || a->kind == CFG_KIND_CHILDREN;

    has_effect = has_effect && cfg_has_effect(type, a->name);
    buf_add_z(out, "| ");
    if (is_child)
        buf_printf(out, "`<%s>`", a->name);
    else
        code(out, a->kind == CFG_KIND_REST ? "..." : a->name);
    if (!has_effect)
        buf_add_z(out, " ◌");
    buf_add_z(out, " | ");
    type_cell(out, a);
    buf_add_z(out, " | ");
    if (a->value == NULL)
        buf_add_z(out, "**required**");
    else if (a->value[0] != '\0')
        code(out, a->value);
    buf_printf(out, " | %s | ", schema_update(cfg_update_rule(type, a->name)));
    cell(out, a->help);
    buf_add_z(out, " |\n");
}

static void
table(struct buf *out, const struct cfg_type *type, bool has_effect)
{
    buf_add_z(out, "\n| Attribute | Type | Default | Update | Meaning |\n"
                   "|---|---|---|---|---|\n");
    for (size_t i = 0; i < type->n_attrs; i++)
        if (type->attrs[i].kind != CFG_KIND_PRESENT)
            row(out, type, &type->attrs[i], has_effect);
}

/* The elements inside, each with its own table. */
static void
nested(struct buf *out, const struct cfg_type *type, struct str path,
       bool has_effect)
{
    for (size_t i = 0; i < type->n_attrs; i++) {
        const struct cfg_attr *a = &type->attrs[i];
        bool inner;
        struct buf name;

        if (a->kind != CFG_KIND_CHILD && a->kind != CFG_KIND_CHILDREN)
            continue;
        inner = has_effect && cfg_has_effect(type, a->name) &&
                cfg_has_effect(a->target, NULL);
        buf_init(&name, 512);
        buf_add(&name, path);
        buf_printf(&name, "/%s", a->name);
        buf_printf(out, "\n#### " STR_FMT "\n\n%s\n", STR_ARG(buf_view(&name)),
                   a->target->help);
        table(out, a->target, inner);
        nested(out, a->target, buf_view(&name), inner);
        buf_fini(&name);
    }
}

static void
element(struct buf *out, const struct cfg_type *type)
{
    bool has_effect = cfg_has_effect(type, NULL);

    buf_printf(out, "\n### %s%s%s\n\n%s", type->name,
               type->is_prefix ? "NAME" : "", has_effect ? "" : " ◌",
               type->help);
    buf_printf(out, " (%s", schema_scope(type->scope));
    if (type->also != NULL)
        buf_printf(out, "; also `%s`", type->also);
    if (type->default_id != NULL)
        buf_printf(out, "; without id it is `%s`", type->default_id);
    buf_add_z(out, ")\n");
    if (type->builtin != NULL)
        buf_printf(out, "\nThere without being written: `%s`\n", type->builtin);
    table(out, type, has_effect);
    nested(out, type, str_of(type->name), has_effect);
}

void
schema_markdown(struct buf *out)
{
    const char *feature;
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    buf_add_z(out, head);
    buf_add_z(out, variables);
    buf_add_z(out, "\n## Features\n\nfeatureManager accepts");
    for (size_t i = 0; (feature = feature_name(i)) != NULL; i++)
        buf_printf(out, "%s `%s`%s", i == 0 ? "" : ",", feature,
                   feature_has_effect(i) ? "" : " ◌");
    buf_add_z(out, ".\n\n## Elements\n");
    element(out, &cfg_type_include);
    element(out, &cfg_type_variable);
    for (size_t i = 0; i < n; i++)
        if (types[i]->scope != CFG_NESTED)
            element(out, types[i]);
}
