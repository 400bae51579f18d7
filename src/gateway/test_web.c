/* Address lists, virtual hosts, cross-origin rules: who is let in. */
#include "base/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "gateway/admit.h"
#include "gateway/web.h"

static void
patterns_are_read(void **state)
{
    static const struct {
        const char *text;
        bool is_ok;
    } rows[] = {
        { "127.0.0.1", true },
        { "127.*.0.*", true },
        { "*.*.*.*", true },
        { "0:0:0:0:0:0:0:1", true },
        { "FE80:*:0:0:0:0:0:*", true },
        { "", false },
        { "127.0.0", false },
        { "127.0.0.1.1", false },
        { "127.0.0.256", false },
        { "127.0.0.1a", false },
        { "127.0.0.-1", false },
        { "127.0..1", false },
        { "127.0.0.1*", false },
        { "::1", false }, /* IPv6 in full only */
        { "0:0:0:0:0:0:0:10000", false },
        { "0:0:0:0:0:0:0:g", false },
        { "0:0:0:0:0:0:0:0:1", false },
        { "host.example", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct admit_pattern pattern;

        if (admit_pattern_parse(text, &pattern) != rows[i].is_ok)
            fail_msg("%s", rows[i].text);
        exact_free(text);
    }
}

static bool
admits(const char *include, const char *exclude, const char *address)
{
    struct str lists[2] = { str_of(include), str_of(exclude) };
    struct cfg_list in = { &lists[0], include == NULL ? 0 : 1, true };
    struct cfg_list out = { &lists[1], exclude == NULL ? 0 : 1, true };
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    struct admit admit;
    struct arena arena;
    struct str bad;
    bool is_exclude, is_in;

    arena_init(&arena, 1 << 16);
    assert_int_equal(admit_new(&arena, &in, &out, &admit, &bad, &is_exclude),
                     ERR_OK);
    is_in = inet_pton(AF_INET, address, &four.sin_addr) == 1
                ? admit_address(&admit, (struct sockaddr *)&four)
                : inet_pton(AF_INET6, address, &six.sin6_addr) == 1 &&
                      admit_address(&admit, (struct sockaddr *)&six);
    arena_fini(&arena);
    return is_in;
}

static void
addresses_are_let_in(void **state)
{
    (void)state;
    assert_true(admits(NULL, NULL, "10.1.2.3"));
    assert_true(admits("10.1.*.*", NULL, "10.1.2.3"));
    assert_true(admits("10.1.*.*", NULL, "::ffff:10.1.2.3"));
    assert_false(admits("10.1.*.*", NULL, "10.2.2.3"));
    assert_false(admits("10.1.*.*", NULL, "fe80::1"));
    assert_false(admits(NULL, "10.1.2.3", "10.1.2.3"));
    assert_false(admits(NULL, "10.1.2.3", "::ffff:10.1.2.3"));
    assert_true(admits(NULL, "10.1.2.3", "10.1.2.4"));
    assert_false(admits("10.*.*.*", "10.1.2.3", "10.1.2.3"));
    assert_true(admits("fe80:0:0:0:*:*:*:*", NULL, "fe80::1"));
    assert_false(admits("fe80:0:0:0:*:*:*:*", NULL, "fe81::1"));
}

/* ---- elements ---- */

static enum err
read_text(void *arg, const char *path, struct buf *out, struct err_info *why)
{
    if (strcmp(path, "/t/server.xml") != 0)
        return err_set(why, ERR_NOT_FOUND, "no such file");
    buf_add_z(out, arg);
    return ERR_OK;
}

static struct cfg_tree *
tree_of(const char *elements)
{
    struct cfg_options options = { .server_name = STR("t"),
                                   .server_dir = STR("/t"),
                                   .output_dir = STR("/t"),
                                   .user_dir = STR("/"),
                                   .install_dir = STR("/") };
    static char text[4000];
    struct cfg_tree *tree = NULL;
    struct err_info why = { 0 };

    snprintf(text, sizeof text, "<server>%s</server>", elements);
    options.arg = text;
    options.read_file = read_text;
    if (cfg_load(&options, &tree, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return tree;
}

static void
hosts_are_chosen(void **state)
{
    static const struct {
        const char *elements, *host;
        bool is_tls, is_ours;
    } rows[] = {
        { "", "any:1", false, true },
        { "<virtualHost id='v'><hostAlias>a.b:9080</hostAlias></virtualHost>",
          "a.b:9080", false, false },
        { "<virtualHost id='v'><hostAlias>a.b:9080</hostAlias></virtualHost>",
          "A.B:9080", false, false },
        { "<virtualHost id='v'><hostAlias>a.b:9080</hostAlias></virtualHost>",
          "c.d:9080", false, true },
        { "<virtualHost id='v'><hostAlias>a.b</hostAlias></virtualHost>", "a.b",
          false, false },
        { "<virtualHost id='v'><hostAlias>a.b</hostAlias></virtualHost>", "a.b",
          true, true }, /* 443, the alias says 80 */
        { "<virtualHost id='default_host'><hostAlias>*:443</hostAlias>"
          "</virtualHost>",
          "x", true, true },
        { "<virtualHost id='default_host'><hostAlias>*:443</hostAlias>"
          "</virtualHost>",
          "x:9443", true, false },
        { "<virtualHost id='default_host'><hostAlias>[::1]:80</hostAlias>"
          "</virtualHost>",
          "[::1]", false, true },
        { "<virtualHost id='default_host' enabled='false'/>", "x", false,
          false },
        { "<virtualHost id='default_host'>"
          "<allowFromEndpointRef>other</allowFromEndpointRef></virtualHost>",
          "x", false, false },
        { "<virtualHost id='default_host'>"
          "<allowFromEndpointRef>me</allowFromEndpointRef></virtualHost>",
          "x", false, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cfg_tree *tree = tree_of(rows[i].elements);

        if (web_host_is_ours(tree, STR("me"), str_of(rows[i].host),
                             rows[i].is_tls) != rows[i].is_ours)
            fail_msg("row %zu", i);
        cfg_unref(&tree);
    }
}

static void
origins_are_allowed(void **state)
{
    static const struct {
        const char *elements, *path, *origin;
        bool is_allowed;
    } rows[] = {
        { "<cors domain='/a' allowedOrigins='http://x'/>", "/a/b", "http://x",
          true },
        { "<cors domain='/a' allowedOrigins='http://x'/>", "/a", "http://x",
          true },
        { "<cors domain='/a' allowedOrigins='http://x'/>", "/ab", "http://x",
          false },
        { "<cors domain='/a' allowedOrigins='http://x'/>", "/a", "http://X",
          false },
        { "<cors domain='/a' allowedOrigins='http://x'/>", "/a",
          "http://x.evil", false },
        { "<cors domain='/a' allowedOrigins='*'/>", "/a", "http://y", true },
        { "<cors domain='/a'/>", "/a", "http://y", false },
        { "<cors domain='/' allowedOrigins='*'/>"
          "<cors domain='/a' allowedOrigins='http://x'/>",
          "/a", "http://y", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cfg_tree *tree = tree_of(rows[i].elements);
        const struct cfg_cors *found =
            web_cors_find(tree, str_of(rows[i].path), str_of(rows[i].origin));

        if ((found != NULL) != rows[i].is_allowed)
            fail_msg("row %zu", i);
        cfg_unref(&tree);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_are_read),
        cmocka_unit_test(addresses_are_let_in),
        cmocka_unit_test(hosts_are_chosen),
        cmocka_unit_test(origins_are_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
