/* The page and the JSON document that are made from the rows. */
#include "config/schema.h"

#include "base/file.h"
#include "base/test.h"
#include "config/registry.h"

#include <jansson.h>
#include <string.h>

/* The committed page is what the tables say today. */
static void
page_is_current(void **state)
{
    struct err_info why;
    struct buf made, page;

    (void)state;
    buf_init(&made, 4u << 20);
    buf_init(&page, 4u << 20);
    schema_markdown(&made);
    assert_false(made.failed);
    assert_int_equal(file_read(REFERENCE_PAGE, &page, &why), ERR_OK);
    if (!str_eq(buf_view(&made), buf_view(&page)))
        fail_msg("doc/reference/configuration.md is stale; make it again: "
                 "sallyport-server schema --markdown > "
                 "doc/reference/configuration.md");
    buf_fini(&made);
    buf_fini(&page);
}

static const json_t *
named(const json_t *list, const char *name)
{
    size_t i;
    const json_t *one;

    json_array_foreach(list, i, one)
    {
        const char *text = json_string_value(json_object_get(one, "name"));

        if (text != NULL && strcmp(text, name) == 0)
            return one;
    }
    fail_msg("%s is not there", name);
    return NULL;
}

static void
json_is_complete(void **state)
{
    struct buf text;
    json_error_t error;
    json_t *root;
    const json_t *elements, *endpoint, *port, *apis, *inner;
    size_t n, n_top = 2; /* include, variable */
    const struct cfg_type *const *types = cfg_types(&n);

    (void)state;
    buf_init(&text, 4u << 20);
    schema_json(&text);
    assert_false(text.failed);
    root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fail_msg("line %d: %s", error.line, error.text);
    elements = json_object_get(root, "elements");
    for (size_t i = 0; i < n; i++)
        if (types[i]->scope != CFG_NESTED) {
            n_top++;
            (void)named(elements, types[i]->name);
        }
    assert_int_equal(json_array_size(elements), n_top);

    inner = named(elements, "include");
    inner = named(json_object_get(inner, "attributes"), "location");
    assert_true(json_is_true(json_object_get(inner, "required")));
    (void)named(elements, "variable");
    endpoint = named(elements, "httpEndpoint");
    assert_string_equal(json_string_value(json_object_get(endpoint, "scope")),
                        "factory");
    port = named(json_object_get(endpoint, "attributes"), "httpsPort");
    assert_string_equal(json_string_value(json_object_get(port, "type")),
                        "port");
    assert_int_equal(json_integer_value(json_object_get(port, "minimum")), -1);
    assert_int_equal(json_integer_value(json_object_get(port, "maximum")),
                     65535);
    assert_true(json_is_true(json_object_get(port, "effective")));
    assert_string_equal(json_string_value(json_object_get(port, "update")),
                        "at once");

    apis = named(elements, "zosconnect_zosConnectAPIs");
    inner = named(json_object_get(apis, "attributes"), "zosConnectAPI");
    inner = named(json_object_get(inner, "attributes"), "name");
    assert_true(json_is_true(json_object_get(inner, "required")));
    assert_false(json_is_true(
        json_object_get(named(elements, "samlWebSso20"), "effective")));
    json_decref(root);
    buf_fini(&text);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_is_current),
        cmocka_unit_test(json_is_complete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
