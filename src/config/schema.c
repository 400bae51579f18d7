#include "config/schema.h"

#include "base/version.h"
#include "config/feature.h"
#include "config/registry.h"
#include "parse/textout.h"

const char *
schema_kind(const struct cfg_attr *a)
{
    switch (a->kind) {
    case CFG_KIND_STRING:
        return "string";
    case CFG_KIND_PATH:
        return "path";
    case CFG_KIND_BOOL:
    case CFG_KIND_TRISTATE:
    case CFG_KIND_PRESENT:
        return "boolean";
    case CFG_KIND_INT:
        return "integer";
    case CFG_KIND_PORT:
        return "port";
    case CFG_KIND_DURATION:
        return "duration";
    case CFG_KIND_ENUM:
    case CFG_KIND_WORD:
        return "word";
    case CFG_KIND_LIST:
        return "list";
    case CFG_KIND_PASSWORD:
        return "password";
    case CFG_KIND_PASSWORD_OR_HASH:
        return "password or hash";
    case CFG_KIND_REF:
        return "reference";
    case CFG_KIND_REFS:
        return "references";
    case CFG_KIND_CHILD:
        return "element";
    case CFG_KIND_CHILDREN:
        return "elements";
    case CFG_KIND_REST:
        return "any attributes";
    }
    return "";
}

const char *
schema_scope(unsigned scope)
{
    static const char *const words[] = { [CFG_SINGLETON] = "singleton",
                                         [CFG_FACTORY] = "factory",
                                         [CFG_NESTED] = "nested" };

    return words[scope];
}

const char *
schema_update(unsigned rule)
{
    static const char *const words[] = {
        [CFG_UPDATE_AT_ONCE] = "at once",
        [CFG_UPDATE_CONNECTIONS] = "new connections",
        [CFG_UPDATE_REFRESH] = "refresh",
        [CFG_UPDATE_START] = "start",
    };

    return words[rule];
}

static void
put(struct jsonout *out, const char *key, const char *text)
{
    jsonout_key(out, str_of(key));
    jsonout_string(out, str_of(text));
}

static void
put_flag(struct jsonout *out, const char *key, bool value)
{
    jsonout_key(out, str_of(key));
    jsonout_raw(out, value ? STR("true") : STR("false"));
}

static void
put_number(struct jsonout *out, const char *key, int64_t value)
{
    jsonout_key(out, str_of(key));
    jsonout_printf(out, "%lld", (long long)value);
}

static void put_attrs(struct jsonout *out, const struct cfg_type *type,
                      bool has_effect);

static const char *
unit_name(int64_t ms)
{
    return ms == CFG_MS ? "ms" : ms == CFG_S ? "s" : ms == CFG_M ? "m" : "h";
}

/* What a value must be, beyond its kind. */
static void
put_range(struct jsonout *out, const struct cfg_attr *a)
{
    if (a->kind == CFG_KIND_INT || a->kind == CFG_KIND_PORT) {
        put_number(out, "minimum", a->min);
        put_number(out, "maximum", a->max);
    }
    if (a->kind == CFG_KIND_STRING && a->max > 0)
        put_number(out, "maximumLength", a->max);
    if (a->kind == CFG_KIND_LIST && a->max > 0)
        put_number(out, "maximumItems", a->max);
    if (a->kind == CFG_KIND_DURATION) {
        put(out, "unit", unit_name(a->unit_ms));
        if (a->min > INT64_MIN)
            put_number(out, "minimum", a->min);
    }
    if (a->words != NULL) {
        jsonout_key(out, STR("values"));
        jsonout_open(out, '[');
        for (size_t i = 0; a->words[i] != NULL; i++)
            if (a->words[i][0] != '\0')
                jsonout_string(out, str_of(a->words[i]));
        jsonout_close(out, ']');
    }
    if (a->is_unique)
        put_flag(out, "unique", true);
}

static void
put_targets(struct jsonout *out, const struct cfg_attr *a)
{
    if (a->kind != CFG_KIND_REF && a->kind != CFG_KIND_REFS)
        return;
    jsonout_key(out, STR("targets"));
    jsonout_open(out, '[');
    if (a->kind == CFG_KIND_REF)
        jsonout_string(out, str_of(a->target->name));
    for (size_t i = 0; a->targets != NULL && a->targets[i] != NULL; i++)
        jsonout_string(out, str_of(a->targets[i]->name));
    jsonout_close(out, ']');
}

static void
put_attr(struct jsonout *out, const struct cfg_type *type,
         const struct cfg_attr *a, bool has_effect)
{
    has_effect = has_effect && cfg_has_effect(type, a->name);
    jsonout_open(out, '{');
    put(out, "name", a->name);
    put(out, "type", schema_kind(a));
    put_flag(out, "required", a->value == NULL);
    if (a->value != NULL && a->value[0] != '\0')
        put(out, "default", a->value);
    put_range(out, a);
    put_targets(out, a);
    put(out, "update", schema_update(cfg_update_rule(type, a->name)));
    put_flag(out, "effective", has_effect);
    put(out, "help", a->help);
    if (a->kind == CFG_KIND_CHILD || a->kind == CFG_KIND_CHILDREN)
        put_attrs(out, a->target,
                  has_effect && cfg_has_effect(a->target, NULL));
    jsonout_close(out, '}');
}

static void
put_attrs(struct jsonout *out, const struct cfg_type *type, bool has_effect)
{
    jsonout_key(out, STR("attributes"));
    jsonout_open(out, '[');
    for (size_t i = 0; i < type->n_attrs; i++)
        if (type->attrs[i].kind != CFG_KIND_PRESENT)
            put_attr(out, type, &type->attrs[i], has_effect);
    jsonout_close(out, ']');
}

static void
put_type(struct jsonout *out, const struct cfg_type *type)
{
    bool has_effect = cfg_has_effect(type, NULL);

    jsonout_open(out, '{');
    put(out, "name", type->name);
    if (type->also != NULL)
        put(out, "alias", type->also);
    if (type->is_prefix)
        put_flag(out, "prefix", true);
    put(out, "scope", schema_scope(type->scope));
    if (type->default_id != NULL)
        put(out, "defaultId", type->default_id);
    if (type->builtin != NULL)
        put(out, "builtIn", type->builtin);
    put_flag(out, "effective", has_effect);
    put(out, "help", type->help);
    put_attrs(out, type, has_effect);
    jsonout_close(out, '}');
}

void
schema_json(struct buf *buf)
{
    struct jsonout out = { .out = buf };
    const char *feature;
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    jsonout_open(&out, '{');
    put(&out, "product", "Sallyport " SALLYPORT_VERSION);
    jsonout_key(&out, STR("elements"));
    jsonout_open(&out, '[');
    put_type(&out, &cfg_type_include);
    put_type(&out, &cfg_type_variable);
    for (size_t i = 0; i < n; i++)
        if (types[i]->scope != CFG_NESTED)
            put_type(&out, types[i]);
    jsonout_close(&out, ']');
    jsonout_key(&out, STR("features"));
    jsonout_open(&out, '[');
    for (size_t i = 0; (feature = feature_name(i)) != NULL; i++)
        jsonout_string(&out, str_of(feature));
    jsonout_close(&out, ']');
    jsonout_close(&out, '}');
    buf_add_char(buf, '\n');
}
