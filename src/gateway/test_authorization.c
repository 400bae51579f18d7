#include "base/test.h"
#include "gateway/authorization.h"
#include "gateway/chain.h"
#include "gateway/endpoint.h"
#include "gateway/tls_store.h"

static const struct acee_group groups[] = { { "GMADMIN", 1 },
                                            { "ZCEEUSRS", 2 } };
static const struct acee admin = { .user = "FRED",
                                   .groups = groups,
                                   .n_groups = 2 };
static const struct acee plain = { .user = "USER2",
                                   .groups = groups + 1,
                                   .n_groups = 1 };

static const struct str registry_groups[] = { { "GMADMIN", 7 },
                                              { "two words", 9 } };
/* Known to another registry only, and the same one mapped to a SAF user. */
static const struct acee unmapped = { .distributed = { "Ann", 3 },
                                      .registry = { "Office", 6 },
                                      .registry_groups = registry_groups,
                                      .n_registry_groups = 2 };
static const struct acee mapped = { .user = "USER2",
                                    .groups = groups + 1,
                                    .n_groups = 1,
                                    .distributed = { "Ann", 3 },
                                    .registry = { "Office", 6 },
                                    .registry_groups = registry_groups,
                                    .n_registry_groups = 2 };

static struct cfg_list
list_of(const struct str *one)
{
    return (struct cfg_list){ one, 1, true };
}

/* What follows from "own list or global list, never both", a row each. */
static void
groups_replace_and_never_add(void **state)
{
    static const struct str gmadmin[] = { { "GMADMIN", 7 } };
    static const struct str other[] = { { "OTHER", 5 } };
    static const struct str mixed[] = { { " gmadmin ", 9 } };
    const struct cfg_list none = { NULL, 0, false };
    struct cfg_zcon_groups global = { list_of(gmadmin), none, none, none };
    struct cfg_zcon_groups unset = { none, none, none, none };
    struct cfg_zcon_groups own_admin = { list_of(other), none, none, none };
    struct cfg_zcon_groups own_invoke = { none, none, list_of(other), none };
    struct cfg_zcon_groups lower = { list_of(mixed), none, none, none };
    struct cfg_zcon_groups nobody = unset;
    const struct {
        const struct acee *acee;
        const struct cfg_zcon_groups *own, *global;
        enum sallyport_authority authority;
        bool want;
    } rows[] = {
        { &admin, NULL, &global, SALLYPORT_INVOKE_AUTHORITY, true },
        { &admin, &unset, &global, SALLYPORT_OPERATE_AUTHORITY, true },
        { &admin, &own_invoke, &global, SALLYPORT_INVOKE_AUTHORITY, true },
        { &admin, NULL, &lower, SALLYPORT_READ_AUTHORITY, true },
        /* groups of a registry have a case; a SAF user has SAF's groups */
        { &unmapped, NULL, &global, SALLYPORT_INVOKE_AUTHORITY, true },
        { &unmapped, NULL, &lower, SALLYPORT_INVOKE_AUTHORITY, false },
        { &mapped, NULL, &global, SALLYPORT_INVOKE_AUTHORITY, false },
        /* the resource's own list replaces the global one */
        { &admin, &own_admin, &global, SALLYPORT_INVOKE_AUTHORITY, false },
        { &plain, NULL, &global, SALLYPORT_INVOKE_AUTHORITY, false },
        /* no group configured: nobody may */
        { &admin, NULL, &nobody, SALLYPORT_INVOKE_AUTHORITY, false },
        /* nobody authenticated */
        { NULL, NULL, &global, SALLYPORT_READ_AUTHORITY, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct decision decision = { .n = 0 };
        struct authorization_subject subject = { rows[i].acee, rows[i].own,
                                                 rows[i].global, false,
                                                 &decision };
        struct sallyport_request request = { .type = SALLYPORT_API,
                                             .authority = rows[i].authority,
                                             .host = &subject };
        struct sallyport_refusal refusal = { .status = 0 };
        enum sallyport_verdict got =
            authorization_interceptor.pre(NULL, &request, &refusal);

        assert_int_equal(got == SALLYPORT_GO_ON, rows[i].want);
        assert_int_equal(refusal.status, rows[i].want ? 0 : 403);
        assert_int_equal(decision.n, 1);
    }
}

static void
a_refused_assertion_names_user_and_resource(void **state)
{
    struct cfg_zcon_groups none = { 0 };
    struct decision decision = { .n = 0 };
    struct authorization_subject subject = { &plain, NULL, &none, true,
                                             &decision };
    struct sallyport_request request = {
        .type = SALLYPORT_REQUESTER,
        .authority = SALLYPORT_INVOKE_AUTHORITY,
        .url = { "/zosConnect/apiRequesters/cscvincapi_1.0.0", 42 },
        .host = &subject,
    };
    struct sallyport_refusal refusal = { .status = 0 };

    (void)state;
    assert_int_equal(authorization_interceptor.pre(NULL, &request, &refusal),
                     SALLYPORT_REFUSE);
    assert_string_equal(
        refusal.message,
        "BAQR7115E: The asserted user ID USER2 is not authorized to invoke "
        "the API requester on resource "
        "/zosConnect/apiRequesters/cscvincapi_1.0.0.");
    assert_string_equal(refusal.details, "");
}

static void
ring_locations(void **state)
{
    static const struct {
        const char *text, *owner, *ring;
    } rows[] = {
        { "safkeyring:///Liberty.KeyRing", "", "Liberty.KeyRing" },
        { "safkeyring://Liberty.KeyRing", "", "Liberty.KeyRing" },
        { "safkeyring://LIBSERV/Ring", "LIBSERV", "Ring" },
        { "safkeyring:////LIBSERV/Ring", "LIBSERV", "Ring" },
        { "safkeyringhybrid:///R", "", "R" },
        { "SAFKEYRINGJCE://LIBSERV/R", "LIBSERV", "R" },
        { "safkeyringjcecca://R", "", "R" },
        { "safkeyringjcehybrid://R", "", "R" },
        { "safkeyring://A/B/C", NULL, NULL },
        { "safkeyring://A/B/", NULL, NULL },
        { "safkeyringpkcs:///R", NULL, NULL },
        { "safkeyring:R", NULL, NULL },
        { "safkeyring://", NULL, NULL },
        { "file:///etc/x", NULL, NULL },
        { "safkeyring", NULL, NULL },
        { "safkeyring://TOOLONGUSER/R", NULL, NULL },
        { "", NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str owner = STR("?"), ring = STR("?");
        struct str text = exact_copy(rows[i].text);
        enum err e = tls_ring_parse(text, &owner, &ring, NULL);

        assert_int_equal(e, rows[i].ring == NULL ? ERR_SYNTAX : ERR_OK);
        if (e == ERR_OK) {
            assert_true(str_eq_z(owner, rows[i].owner));
            assert_true(str_eq_z(ring, rows[i].ring));
        }
        exact_free(text);
    }
}

static void
endpoint_targets(void **state)
{
    static const struct map_value values[] = {
        { MAP_PATH, { "employee", 8 }, { "11/11 1", 7 } },
        { MAP_QUERY, { "a b", 3 }, { "x&y", 3 } },
        { MAP_QUERY, { "c", 1 }, { "", 0 } },
        { MAP_HEADER, { "H", 1 }, { "not here", 8 } },
    };
    static const struct {
        const char *base, *path;
        size_t n_values;
        const char *want; /* NULL: refused */
    } rows[] = {
        { "", "/cscvinc/employee/{employee}", 1,
          "/cscvinc/employee/11%2F11%201" },
        { "/x", "/e", 4, "/x/e?a%20b=x%26y&c=" },
        { "x", "/e", 0, "/x/e" },
        { "", "/e/{employee}", 0, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct endpoint endpoint = { .base_path = str_of(rows[i].base) };
        struct buf out;
        enum err e;

        buf_init(&out, 256);
        e = endpoint_target(&endpoint, str_of(rows[i].path), values,
                            rows[i].n_values, &out, NULL);
        assert_int_equal(e, rows[i].want == NULL ? ERR_NOT_FOUND : ERR_OK);
        if (rows[i].want != NULL)
            assert_string_equal(buf_z(&out), rows[i].want);
        buf_fini(&out);
    }
}

/* --- chains ----------------------------------------------------------------
 */

static char calls[64];

static enum sallyport_verdict
note_pre(void *self, const struct sallyport_request *request,
         struct sallyport_refusal *refusal)
{
    (void)request;
    (void)refusal;
    strncat(calls, self, 1);
    return *(char *)self == 'r' ? SALLYPORT_REFUSE : SALLYPORT_GO_ON;
}

static void
note_post(void *self, const struct sallyport_request *request)
{
    (void)request;
    strcat(calls, "-");
    strncat(calls, self, 1);
}

static void
post_calls_follow_every_pre_call_in_reverse(void **state)
{
    static const struct sallyport_interceptor code = { .pre = note_pre,
                                                       .post = note_post };
    static char a = 'a', b = 'b', r = 'r', c = 'c';
    struct chain_link links[] = { { &code, &a, 0, { 0 } },
                                  { &code, &b, 1, { 0 } },
                                  { &code, &r, 2, { 0 } },
                                  { &code, &c, 3, { 0 } } };
    struct chain chain = { { &links[0], &links[1], &links[2], &links[3] }, 4 };
    struct sallyport_refusal refusal;
    struct str who;
    unsigned n_run;

    (void)state;
    calls[0] = '\0';
    assert_int_equal(chain_pre(&chain, NULL, &refusal, &n_run, &who),
                     SALLYPORT_REFUSE);
    chain_post(&chain, NULL, n_run);
    assert_string_equal(calls, "abr-r-b-a");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_replace_and_never_add),
        cmocka_unit_test(a_refused_assertion_names_user_and_resource),
        cmocka_unit_test(ring_locations),
        cmocka_unit_test(endpoint_targets),
        cmocka_unit_test(post_calls_follow_every_pre_call_in_reverse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
