/* The tables themselves: a row that no test configuration happens to use must
 * be right too. */
#include "config/raw.h"

#include "base/test.h"

#include <string.h>

static const struct cfg_attr *
row_of(const struct cfg_type *type, const char *name)
{
    for (size_t i = 0; i < type->n_attrs; i++)
        if (strcmp(type->attrs[i].name, name) == 0)
            return &type->attrs[i];
    return NULL;
}

static size_t
field_bytes(const struct cfg_attr *a)
{
    switch (a->kind) {
    case CFG_KIND_STRING:
    case CFG_KIND_WORD:
    case CFG_KIND_PATH:
        return sizeof(struct str);
    case CFG_KIND_BOOL:
    case CFG_KIND_PRESENT:
        return sizeof(bool);
    case CFG_KIND_TRISTATE:
    case CFG_KIND_ENUM:
        return sizeof(unsigned);
    case CFG_KIND_INT:
    case CFG_KIND_PORT:
    case CFG_KIND_DURATION:
        return sizeof(int64_t);
    case CFG_KIND_LIST:
        return sizeof(struct cfg_list);
    case CFG_KIND_PASSWORD:
    case CFG_KIND_PASSWORD_OR_HASH:
        return sizeof(struct secret);
    case CFG_KIND_REFS:
        return sizeof(struct cfg_refs);
    case CFG_KIND_REST:
        return sizeof(struct cfg_vars);
    case CFG_KIND_REF:
    case CFG_KIND_CHILD:
    case CFG_KIND_CHILDREN:
        return sizeof(void *);
    }
    return 0;
}

/* Is the default what a user could have written? */
static bool
default_fits(const struct cfg_attr *a)
{
    struct str text = str_of(a->value == NULL ? "" : a->value);
    struct err_info why;
    unsigned word;
    int64_t n;
    bool flag;

    if (text.n == 0 || str_find(text, STR("${")) != STR_NPOS)
        return true;
    switch (a->kind) {
    case CFG_KIND_BOOL:
    case CFG_KIND_TRISTATE:
        return value_bool(text, &flag);
    case CFG_KIND_INT:
    case CFG_KIND_PORT:
        return value_int(text, a->min, a->max, &n);
    case CFG_KIND_DURATION:
        return value_duration(text, a->unit_ms, &n, &why) == ERR_OK &&
               n / a->unit_ms >= a->min;
    case CFG_KIND_ENUM:
    case CFG_KIND_WORD:
        return value_word(text, a->words, &word);
    case CFG_KIND_STRING:
    case CFG_KIND_PATH:
    case CFG_KIND_LIST:
    case CFG_KIND_PASSWORD:
    case CFG_KIND_PASSWORD_OR_HASH:
    case CFG_KIND_REF:
        return true;
    case CFG_KIND_PRESENT:
    case CFG_KIND_REFS:
    case CFG_KIND_CHILD:
    case CFG_KIND_CHILDREN:
    case CFG_KIND_REST:
        break;
    }
    return false; /* has no default */
}

static void
rows_are_sound(void **state)
{
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    (void)state;
    for (size_t t = 0; t < n; t++) {
        const struct cfg_type *type = types[t];

        if (type->help == NULL || type->help[0] == '\0')
            fail_msg("%s has no help", type->name);
        for (size_t i = 0; i < type->n_attrs; i++) {
            const struct cfg_attr *a = &type->attrs[i];

            if (a->kind != CFG_KIND_PRESENT &&
                (a->help == NULL || a->help[0] == '\0'))
                fail_msg("%s.%s has no help", type->name, a->name);
            if (a->at + field_bytes(a) > type->size)
                fail_msg("%s.%s lies outside its struct", type->name, a->name);
            if (!default_fits(a))
                fail_msg("%s.%s: the default \"%s\" does not fit", type->name,
                         a->name, a->value);
            for (size_t j = 0; j < i; j++)
                if (a->kind != CFG_KIND_PRESENT &&
                    type->attrs[j].kind != CFG_KIND_PRESENT &&
                    str_eq_nocase_z(str_of(a->name), type->attrs[j].name))
                    fail_msg("%s.%s is there twice", type->name, a->name);
        }
    }
}

/* Two fields of one struct at one place would be a copied row. */
static void
fields_are_apart(void **state)
{
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    (void)state;
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < types[t]->n_attrs; i++)
            for (size_t j = 0; j < i; j++) {
                const struct cfg_attr *a = &types[t]->attrs[i];
                const struct cfg_attr *b = &types[t]->attrs[j];

                if (field_bytes(a) > 0 && field_bytes(b) > 0 && a->at == b->at)
                    fail_msg("%s: %s and %s are one field", types[t]->name,
                             a->name, b->name);
            }
}

static void
names_are_found(void **state)
{
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    (void)state;
    for (size_t t = 0; t < n; t++) {
        if (types[t]->scope == CFG_NESTED || types[t]->is_prefix)
            continue;
        if (cfg_type_find(str_of(types[t]->name)) != types[t])
            fail_msg("%s: there are two elements of that name", types[t]->name);
    }
    assert_ptr_equal(cfg_type_find(STR("usr_x")), &cfg_type_user_interceptor);
    assert_null(cfg_type_find(STR("usr_")));
    assert_null(cfg_type_find(STR("member")));
    assert_ptr_equal(cfg_type_find(STR("accessLogging")),
                     &cfg_type_access_logging);
}

/* A row that names no attribute would make nothing ineffective. */
static void
side_tables_name_rows(void **state)
{
    const struct cfg_type *type;
    const char *attr;

    (void)state;
    for (size_t i = 0; effect_row(i, &type, &attr); i++) {
        if (attr != NULL && row_of(type, attr) == NULL)
            fail_msg("effect.c: %s has no attribute %s", type->name, attr);
        assert_false(cfg_has_effect(type, attr));
    }
    for (size_t i = 0; update_row(i, &type, &attr); i++)
        if (attr != NULL && row_of(type, attr) == NULL)
            fail_msg("update.c: %s has no attribute %s", type->name, attr);
    assert_true(cfg_has_effect(&cfg_type_http_endpoint, NULL));
    assert_true(cfg_has_effect(&cfg_type_http_endpoint, "host"));
    assert_int_equal(cfg_update_rule(&cfg_type_logging, "newLogsOnStart"),
                     CFG_UPDATE_START);
    assert_int_equal(cfg_update_rule(&cfg_type_logging, "hideMessage"),
                     CFG_UPDATE_AT_ONCE);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_sound),
        cmocka_unit_test(fields_are_apart),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(side_tables_name_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
