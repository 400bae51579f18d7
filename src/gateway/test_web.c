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

static enum admit_verdict
judge(const struct admit *admit, const char *address,
      const struct admit_name *name)
{
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        return admit_judge(admit, (struct sockaddr *)&four, name);
    assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
    return admit_judge(admit, (struct sockaddr *)&six, name);
}

static bool
admits(const char *include, const char *exclude, const char *address)
{
    struct str lists[2] = { str_of(include), str_of(exclude) };
    struct cfg_tcp_options from = {
        .address_include = { &lists[0], include == NULL ? 0 : 1, true },
        .address_exclude = { &lists[1], exclude == NULL ? 0 : 1, true },
    };
    struct admit admit;
    struct arena arena;
    struct str bad;
    const char *id;
    bool is_in;

    arena_init(&arena, 1 << 16);
    assert_int_equal(admit_new(&arena, &from, &admit, &bad, &id), ERR_OK);
    is_in = judge(&admit, address, NULL) == ADMIT_YES;
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

static void
names_are_let_in(void **state)
{
    static const struct {
        const char *address_in, *in, *address_out, *out;
        const char *name; /* of 10.1.2.3 */
        bool is_confirmed, has_failed;
        enum admit_verdict unasked, want;
    } rows[] = {
        { "", "*.lab", "", "", "a.lab", true, false, ADMIT_NEEDS_NAME,
          ADMIT_YES },
        { "", "*.lab", "", "", "A.LAB", true, false, ADMIT_NEEDS_NAME,
          ADMIT_YES },
        { "", "*.lab", "", "", "a.lab", false, false, ADMIT_NEEDS_NAME,
          ADMIT_NO }, /* leads elsewhere */
        { "", "*.lab", "", "", "lab", true, false, ADMIT_NEEDS_NAME, ADMIT_NO },
        { "", "*.lab", "", "", "a.lab.evil", true, false, ADMIT_NEEDS_NAME,
          ADMIT_NO },
        { "", "*.lab", "", "", "", false, false, ADMIT_NEEDS_NAME, ADMIT_NO },
        { "", "a.lab", "", "", "xa.lab", true, false, ADMIT_NEEDS_NAME,
          ADMIT_NO },
        { "", "*", "", "", "any.where", true, false, ADMIT_NEEDS_NAME,
          ADMIT_YES },
        { "", "*", "", "", "", false, false, ADMIT_NEEDS_NAME, ADMIT_NO },
        /* an address that is let in needs no name */
        { "10.*.*.*", "*.lab", "", "", "", false, false, ADMIT_YES, ADMIT_YES },
        { "11.*.*.*", "*.lab", "", "", "a.lab", true, false, ADMIT_NEEDS_NAME,
          ADMIT_YES },
        /* exclude beats include, confirmed or not */
        { "10.*.*.*", "", "", "a.lab", "a.lab", false, false, ADMIT_NEEDS_NAME,
          ADMIT_NO },
        { "", "*.lab", "", "a.lab", "a.lab", true, false, ADMIT_NEEDS_NAME,
          ADMIT_NO },
        { "", "", "", "*.evil", "a.lab", false, false, ADMIT_NEEDS_NAME,
          ADMIT_YES },
        { "", "", "", "*.evil", "", false, false, ADMIT_NEEDS_NAME, ADMIT_YES },
        /* who cannot be asked about stays out */
        { "", "", "", "*.evil", "", false, true, ADMIT_NEEDS_NAME, ADMIT_NO },
        { "", "*.lab", "", "", "", false, true, ADMIT_NEEDS_NAME, ADMIT_NO },
        { "", "*.lab", "10.1.2.3", "", "a.lab", true, false, ADMIT_NO,
          ADMIT_NO },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text[4] = { str_of(rows[i].address_in), str_of(rows[i].in),
                               str_of(rows[i].address_out),
                               str_of(rows[i].out) };
        struct cfg_tcp_options from = {
            .address_include = { &text[0], text[0].n > 0, true },
            .host_name_include = { &text[1], text[1].n > 0, true },
            .address_exclude = { &text[2], text[2].n > 0, true },
            .host_name_exclude = { &text[3], text[3].n > 0, true },
        };
        struct admit_name name = { str_of(rows[i].name), rows[i].is_confirmed,
                                   rows[i].has_failed };
        struct admit admit;
        struct arena arena;
        struct str bad;
        const char *id;

        arena_init(&arena, 1 << 16);
        assert_int_equal(admit_new(&arena, &from, &admit, &bad, &id), ERR_OK);
        if (judge(&admit, "10.1.2.3", NULL) != rows[i].unasked ||
            judge(&admit, "10.1.2.3", &name) != rows[i].want)
            fail_msg("row %zu", i);
        arena_fini(&arena);
    }
}

static void
bad_lists_are_named(void **state)
{
    static const struct {
        const char *address_in, *in, *address_out, *out, *id;
    } rows[] = {
        { "1.2.3", "", "", "", "CWWKO0203E" },
        { "", "", "1.2.3", "", "CWWKO0202E" },
        { "", "a.*.lab", "", "", "CWWKO0205E" },
        { "", "a b", "", "", "CWWKO0205E" },
        { "", "", "", "lab*", "CWWKO0204E" },
        { "", "", "", "**", "CWWKO0204E" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text[4] = { str_of(rows[i].address_in), str_of(rows[i].in),
                               str_of(rows[i].address_out),
                               str_of(rows[i].out) };
        struct cfg_tcp_options from = {
            .address_include = { &text[0], text[0].n > 0, true },
            .host_name_include = { &text[1], text[1].n > 0, true },
            .address_exclude = { &text[2], text[2].n > 0, true },
            .host_name_exclude = { &text[3], text[3].n > 0, true },
        };
        struct admit admit = { .n_include = 77 };
        struct arena arena;
        struct str bad;
        const char *id;

        arena_init(&arena, 1 << 16);
        assert_int_equal(admit_new(&arena, &from, &admit, &bad, &id),
                         ERR_SYNTAX);
        assert_string_equal(id, rows[i].id);
        assert_int_equal(admit.n_include, 77);
        arena_fini(&arena);
    }
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
aliases_that_match_nothing(void **state)
{
    static const struct {
        const char *alias;
        bool is_valid;
    } rows[] = {
        { "a.b", true },
        { "a_b-c.d:65535", true },
        { "*", true },
        { "*:443", true },
        { "a:*", true },
        { "[::1]", true },
        { "[2001:db8::7]:80", true },
        { "", false },
        { ":80", false },
        { "a.b:", false },
        { "host:port", false },
        { "a:65536", false },
        { "a:-1", false },
        { "*.b:80", false },
        { "*bad", false },
        { "a b:80", false },
        { "::1:80", false },
        { "[::1:80", false },
        { "[x]:80", false },
        { "[]:80", false },
        { "http://a:80", false },
        { "a/b:80", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str alias = exact_copy(rows[i].alias);

        if (web_alias_is_valid(alias) != rows[i].is_valid)
            fail_msg("\"%s\"", rows[i].alias);
        exact_free(alias);
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

/* All headers as "name: value|...". */
static void
cookies_become(struct cfg_tree *tree, bool last_only, bool no_cache,
               const char *const *cookies, const char *want)
{
    struct web_cookie_rules rules = {
        .same_site = cfg_find(tree, &cfg_type_same_site, STR("s")),
        .sends_last_only = last_only,
        .forbids_cache = no_cache,
    };
    struct http_header headers[WEB_HEADERS_MAX];
    struct arena arena;
    struct buf got;
    size_t n = 0;

    arena_init(&arena, 1 << 16);
    buf_init(&got, 1 << 16);
    for (; cookies[n] != NULL; n++) {
        struct str text = str_of(cookies[n]);
        size_t colon = str_find_char(text, ':');

        headers[n].name = str_sub(text, 0, colon);
        headers[n].value = str_sub(text, colon + 1, text.n);
    }
    web_cookies(&rules, &arena, headers, &n);
    for (size_t i = 0; i < n; i++)
        buf_printf(&got, STR_FMT ":" STR_FMT "|", STR_ARG(headers[i].name),
                   STR_ARG(headers[i].value));
    assert_string_equal(buf_z(&got), want);
    buf_fini(&got);
    arena_fini(&arena);
}

#define NO_CACHE                                                               \
    "Expires:Thu, 01 Dec 1994 16:00:00 GMT|"                                   \
    "Cache-Control:no-cache=\"set-cookie, set-cookie2\"|"

static void
cookies_are_kept_in_bounds(void **state)
{
    static const struct {
        bool last_only, no_cache;
        const char *cookies[4], *want;
    } rows[] = {
        { false, true, { "X:1" }, "X:1|" }, /* no cookie, nothing said */
        { false, false, { "Set-Cookie:a=1" }, "Set-Cookie:a=1|" },
        { false, true, { "set-cookie:a=1" }, "set-cookie:a=1|" NO_CACHE },
        { false,
          true,
          { "Set-Cookie:a=1", "Cache-Control:private", "EXPIRES:0" },
          "Set-Cookie:a=1|Cache-Control:private|EXPIRES:0|" },
        { true,
          false,
          { "Set-Cookie:a=1; Path=/", "Set-Cookie:b=2", "Set-Cookie:a=3" },
          "Set-Cookie:b=2|Set-Cookie:a=3|" },
        { false,
          false,
          { "Set-Cookie:a=1", "Set-Cookie:a=3" },
          "Set-Cookie:a=1|Set-Cookie:a=3|" },
        /* names know case */
        { true,
          false,
          { "Set-Cookie:a=1", "Set-Cookie:A=3" },
          "Set-Cookie:a=1|Set-Cookie:A=3|" },
        { false,
          false,
          { "Set-Cookie:lax=1" },
          "Set-Cookie:lax=1; SameSite=Lax|" },
        { false, false, { "Set-Cookie:LAX=1" }, "Set-Cookie:LAX=1|" },
        { false,
          false,
          { "Set-Cookie:lax=1; samesite=None" },
          "Set-Cookie:lax=1; samesite=None|" },
        { false,
          false,
          { "Set-Cookie:x=SameSite; Path=/" },
          "Set-Cookie:x=SameSite; Path=/; SameSite=Strict|" },
        { false,
          false,
          { "Set-Cookie:none1=v" },
          "Set-Cookie:none1=v; SameSite=None; Secure; Partitioned|" },
        { false,
          false,
          { "Set-Cookie:none2=v; secure" },
          "Set-Cookie:none2=v; secure; SameSite=None|" },
        /* the closer pattern, and an exact name before all */
        { false, false, { "Set-Cookie:n=1" }, "Set-Cookie:n=1; SameSite=Lax|" },
        { false,
          false,
          { "Set-Cookie:nx=1" },
          "Set-Cookie:nx=1; SameSite=Strict|" },
        { false, false, { "Set-Cookie:=1" }, "Set-Cookie:=1|" },
        { false, false, { "Set-Cookie:" }, "Set-Cookie:|" },
    };
    struct cfg_tree *tree =
        tree_of("<samesite id='s' lax='lax,n' none='none*' strict='x,n*' "
                "partitioned='none1,lax'/>");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        cookies_become(tree, rows[i].last_only, rows[i].no_cache,
                       rows[i].cookies, rows[i].want);
    cfg_unref(&tree);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_are_read),
        cmocka_unit_test(addresses_are_let_in),
        cmocka_unit_test(names_are_let_in),
        cmocka_unit_test(bad_lists_are_named),
        cmocka_unit_test(hosts_are_chosen),
        cmocka_unit_test(aliases_that_match_nothing),
        cmocka_unit_test(origins_are_allowed),
        cmocka_unit_test(cookies_are_kept_in_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
