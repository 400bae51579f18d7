#include "base/test.h"
#include "gateway/route.h"

static int api_a, api_b;

static const struct {
    const char *base, *template, *method;
    void *api;
} published[] = {
    { "/cscvinc", "/employee/{employee}", "GET", &api_a },
    { "/cscvinc", "/employee/{number}", "PUT", &api_a },
    { "/cscvinc", "/employee", "POST", &api_a },
    { "/cscvinc", "/employee/new", "GET", &api_a },
    { "/cscvinc/v2", "/employee/{a}/{b}", "GET", &api_b },
};

static struct route_table *
table_of(struct arena *arena)
{
    struct route_entry entries[ARRAY_LEN(published)];
    struct route_table *t = NULL;

    for (size_t i = 0; i < ARRAY_LEN(published); i++)
        entries[i] = (struct route_entry){ str_of(published[i].base),
                                           str_of(published[i].template),
                                           str_of(published[i].method),
                                           (void *)(uintptr_t)&published[i],
                                           published[i].api };
    assert_int_equal(
        route_table_new(arena, entries, ARRAY_LEN(entries), &t, NULL), ERR_OK);
    return t;
}

static void
urls_find_their_operation(void **state)
{
    static const struct {
        const char *method, *path;
        enum route_result want;
        int row;
        const char *name, *value;
    } rows[] = {
        { "GET", "/cscvinc/employee/111111", ROUTE_FOUND, 0, "employee",
          "111111" },
        { "PUT", "/cscvinc/employee/1", ROUTE_FOUND, 1, "number", "1" },
        { "POST", "/cscvinc/employee", ROUTE_FOUND, 2, NULL, NULL },
        { "POST", "/cscvinc/employee/", ROUTE_FOUND, 2, NULL, NULL },
        { "GET", "/cscvinc/employee/new", ROUTE_FOUND, 3, NULL, NULL },
        { "GET", "/cscvinc/employee/%6eew", ROUTE_FOUND, 3, NULL, NULL },
        { "GET", "/cscvinc/employee/a%2Fb", ROUTE_FOUND, 0, "employee", "a/b" },
        { "GET", "/cscvinc/v2/employee/x/y", ROUTE_FOUND, 4, "a", "x" },
        { "PUT", "/cscvinc/employee/new", ROUTE_NO_METHOD, -1, NULL, "GET" },
        { "DELETE", "/cscvinc/employee/1", ROUTE_NO_METHOD, -1, NULL,
          "PUT, GET" },
        { "GET", "/cscvinc/employee/1/2", ROUTE_NO_PATH, -1, NULL, NULL },
        { "GET", "/cscvincx/employee/1", ROUTE_NO_PATH, -1, NULL, NULL },
        { "GET", "/CSCVINC/employee/1", ROUTE_NO_PATH, -1, NULL, NULL },
        { "GET", "/", ROUTE_NO_PATH, -1, NULL, NULL },
        { "GET", "/cscvinc/employee/%zz", ROUTE_BAD_PATH, -1, NULL, NULL },
        { "GET", "/cscvinc/employee/%0", ROUTE_BAD_PATH, -1, NULL, NULL },
    };
    struct arena arena;
    struct route_table *t;

    (void)state;
    arena_init(&arena, 1u << 20);
    t = table_of(&arena);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct route_match m;
        struct str path = exact_copy(rows[i].path);

        assert_int_equal(
            route_find(t, &arena, str_of(rows[i].method), path, &m),
            rows[i].want);
        if (rows[i].want == ROUTE_FOUND) {
            assert_ptr_equal(m.target, &published[rows[i].row]);
            if (rows[i].name != NULL) {
                assert_true(str_eq_z(m.params[0].name, rows[i].name));
                assert_true(str_eq_z(m.params[0].value, rows[i].value));
            }
        } else if (rows[i].want == ROUTE_NO_METHOD) {
            assert_true(str_eq_z(m.allow, rows[i].value));
        }
        exact_free(path);
    }
    arena_fini(&arena);
}

static void
clashes_and_bad_templates_are_refused(void **state)
{
    static const struct {
        const char *base, *template;
        void *api;
        enum err want;
    } rows[] = {
        { "/a", "/x/{other}", &api_a, ERR_EXISTS },
        { "/a/", "/y", &api_b, ERR_EXISTS },
        { "/a", "/x{id}", &api_a, ERR_SYNTAX },
        { "/a",
          "/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}/{10}/{11}/{12}/{13}/{14}"
          "/{15}/{16}/{17}",
          &api_a, ERR_LIMIT },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct route_entry entries[] = {
            { STR("/a"), STR("/x/{id}"), STR("GET"), NULL, &api_a },
            { str_of(rows[i].base), str_of(rows[i].template), STR("GET"), NULL,
              rows[i].api },
        };
        struct route_table *t = NULL;
        struct arena arena;

        arena_init(&arena, 1u << 20);
        assert_int_equal(route_table_new(&arena, entries, 2, &t, NULL),
                         rows[i].want);
        assert_null(t);
        arena_fini(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_find_their_operation),
        cmocka_unit_test(clashes_and_bad_templates_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
