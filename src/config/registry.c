/* All element types, found by name. */
#include "config/registry.h"

#include "config/raw.h"

#define TYPE_ROW(tag) &cfg_type_##tag,
static const struct cfg_type *const types[] = { CFG_TYPES(TYPE_ROW) };
#undef TYPE_ROW

const char *const cfg_on_error_words[] = { "WARN", "FAIL", "IGNORE", NULL };
const char *const cfg_trigger_words[] = { "disabled", "polled", "mbean", NULL };

const struct cfg_type *const *
cfg_types(size_t *n)
{
    *n = ARRAY_LEN(types);
    return types;
}

static bool
has_name(const struct cfg_type *type, struct str name)
{
    if (type->is_prefix)
        return str_starts(name, str_of(type->name)) &&
               name.n > str_of(type->name).n;
    return str_eq_z(name, type->name) ||
           (type->also != NULL && str_eq_z(name, type->also));
}

const struct cfg_type *
cfg_type_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i]->scope != CFG_NESTED && has_name(types[i], name))
            return types[i];
    return NULL;
}

size_t
cfg_type_index(const struct cfg_type *type)
{
    size_t i = 0;

    while (i < ARRAY_LEN(types) && types[i] != type)
        i++;
    REQUIRE(i < ARRAY_LEN(types));
    return i;
}
