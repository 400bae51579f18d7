/*
 * The configuration engine as its user sees it: files in, typed elements and
 * messages out. Files live in memory (options.read_file).
 */
#include "config/elements.h"

#include "base/test.h"

#include <stdio.h>
#include <string.h>

struct file {
    const char *path;
    const char *text;
};

#define MAX_FILES 8

struct world {
    struct file files[MAX_FILES];
    char log[65536]; /* "CWWKG0028A ...\n" for each message */
    struct cfg_tree *tree;
    struct err_info why;
};

static enum err
read_memory(void *arg, const char *path, struct buf *out, struct err_info *why)
{
    const struct world *w = arg;

    for (size_t i = 0; i < MAX_FILES && w->files[i].path != NULL; i++)
        if (strcmp(path, w->files[i].path) == 0) {
            buf_add_z(out, w->files[i].text);
            return out->failed ? ERR_LIMIT : ERR_OK;
        }
    return err_set(why, ERR_NOT_FOUND, "%s: no such file", path);
}

static void
note(void *arg, const char *id, struct str text)
{
    struct world *w = arg;
    size_t n = strlen(w->log);

    snprintf(w->log + n, sizeof w->log - n, "%s " STR_FMT "\n", id,
             STR_ARG(text));
}

static const struct cfg_var no_env[] = { { { "PATHS", 5 }, { "/p", 2 } },
                                         { { "my_name", 7 }, { "low", 3 } },
                                         { { "MY_CAPS", 7 }, { "up", 2 } } };

static struct cfg_options
options_for(struct world *w)
{
    return (struct cfg_options){
        .server_name = STR("test"),
        .server_dir = STR("/u/servers/test"),
        .user_dir = STR("/u"),
        .install_dir = STR("/opt/sp"),
        .environment = { no_env, ARRAY_LEN(no_env) },
        .on_message = note,
        .arg = w,
        .read_file = read_memory,
    };
}

static enum err
load_with(struct world *w, const struct cfg_options *options)
{
    w->log[0] = '\0';
    w->tree = NULL;
    return cfg_load(options, &w->tree, &w->why);
}

/* server.xml with this inside; further files as they are. */
static enum err
load(struct world *w, const char *inside)
{
    static char text[65536];
    struct cfg_options options = options_for(w);

    snprintf(text, sizeof text, "<server>%s</server>", inside);
    for (size_t i = MAX_FILES - 1; i > 0; i--)
        w->files[i] = w->files[i - 1];
    w->files[0] = (struct file){ "/u/servers/test/server.xml", text };
    return load_with(w, &options);
}

static void
assert_str(struct str got, const char *want)
{
    if (!str_eq_z(got, want))
        fail_msg("got \"" STR_FMT "\", want \"%s\"", STR_ARG(got), want);
}

/* "a,b" */
static void
assert_list(struct cfg_list list, const char *want)
{
    char text[1024] = "";

    for (size_t i = 0; i < list.n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s" STR_FMT,
                 i > 0 ? "," : "", STR_ARG(list.v[i]));
    assert_string_equal(text, want);
}

/* ---- onConflict: the rows of the consequence table, and more ---- */

#define INC(how) "<include location='a.xml'" how "/>"
#define MAIN "<httpEndpoint id='e' host='main' httpPort='1'/>"
#define THEIRS                                                                 \
    "<server><httpEndpoint id='e' host='theirs' httpsPort='2'/></server>"

static void
merges_scalars(void **state)
{
    static const struct {
        const char *server, *a, *b;
        const char *host;
        int http, https;
    } rows[] = {
        /* before an IGNORE include: dropped, even what we do not set */
        { MAIN INC(" onConflict='IGNORE'"), THEIRS, "", "main", 1, -1 },
        /* after it: order matters, not ignored */
        { INC(" onConflict='IGNORE'") MAIN, THEIRS, "", "main", 1, 2 },
        { MAIN INC(" onConflict='REPLACE'"), THEIRS, "", "theirs", 1, 2 },
        { INC(" onConflict='REPLACE'") MAIN, THEIRS, "", "main", 1, 2 },
        { MAIN INC(""), THEIRS, "", "theirs", 1, 2 },
        { INC("") MAIN, THEIRS, "", "main", 1, 2 },
        { MAIN INC(" onConflict='merge'"), THEIRS, "", "theirs", 1, 2 },
        /* siblings, the second IGNORE */
        { INC("") "<include location='b.xml' onConflict='ignore'/>", THEIRS,
          "<server>" MAIN "</server>", "theirs", -1, 2 },
        { INC("") "<include location='b.xml'/>", THEIRS,
          "<server>" MAIN "</server>", "main", 1, 2 },
        /* grandchild MERGE inside a child IGNORE, ours before: dropped */
        { MAIN INC(" onConflict='IGNORE'"),
          "<server><include location='b.xml' onConflict='MERGE'/></server>",
          THEIRS, "main", 1, -1 },
        /* the same with an inherited behaviour */
        { MAIN INC(" onConflict='IGNORE'"),
          "<server><include location='b.xml'/></server>", THEIRS, "main", 1,
          -1 },
        /* only there, no built-in default: kept */
        { INC(" onConflict='IGNORE'"), THEIRS, "", "theirs", -1, 2 },
        /* the same file twice: onConflict is not asked */
        { MAIN "<httpEndpoint id='e' host='again'/>", "", "", "again", 1, -1 },
        { INC(" onConflict='IGNORE'"),
          "<server>" MAIN "<httpEndpoint id='e' host='again'/></server>", "",
          "again", 1, -1 },
        /* ours on both sides of an IGNORE include */
        { MAIN INC(" onConflict='IGNORE'") "<httpEndpoint id='e' host='x'/>",
          THEIRS, "", "x", 1, -1 },
        /* an unknown behaviour is MERGE */
        { MAIN INC(" onConflict='MAYBE'"), THEIRS, "", "theirs", 1, 2 },
        /* attribute names in any case are one attribute */
        { MAIN "<httpEndpoint id='e' HOST='upper'/>", "", "", "upper", 1, -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;
        const struct cfg_http_endpoint *e;

        memset(&w, 0, sizeof w);
        w.files[0] = (struct file){ "/u/servers/test/a.xml", rows[i].a };
        w.files[1] = (struct file){ "/u/servers/test/b.xml", rows[i].b };
        assert_int_equal(load(&w, rows[i].server), ERR_OK);
        e = CFG_GET(w.tree, http_endpoint, "e");
        assert_non_null(e);
        if (!str_eq_z(e->host, rows[i].host) || e->http_port != rows[i].http ||
            e->https_port != rows[i].https)
            fail_msg("row %zu: host " STR_FMT ", ports %d %d", i,
                     STR_ARG(e->host), (int)e->http_port, (int)e->https_port);
        cfg_unref(&w.tree);
    }
}

static void
merges_lists(void **state)
{
    static const struct {
        const char *server, *a;
        const char *want;
    } rows[] = {
#define F(x) "<featureManager><feature>" x "</feature></featureManager>"
#define FA "<server>" F("a") "</server>"
        { F("m") INC(""), FA, "m,a" },
        { INC("") F("m"), FA, "a,m" },
        { F("m") INC(" onConflict='REPLACE'"), FA, "a" },
        { INC(" onConflict='REPLACE'") F("m"), FA, "a,m" },
        { F("m") INC(" onConflict='IGNORE'"), FA, "m" },
        { INC(" onConflict='IGNORE'") F("m"), FA, "a,m" },
        { F("m") F("n"), "", "m,n" },
        { INC("") INC(""), FA, "a,a" },
        /* forced for one list */
        { F("m") INC(" onConflict='REPLACE'"),
          "<server><featureManager><feature merge-op='append'>a</feature>"
          "</featureManager></server>",
          "m,a" },
        { F("m") "<featureManager><feature merge-op='set'>n</feature>"
                 "</featureManager>",
          "", "n" },
        { "<featureManager configurationEnabled='false'><feature>m</feature>"
          "</featureManager>" F("n"),
          "", "n" },
#undef FA
#undef F
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;

        memset(&w, 0, sizeof w);
        w.files[0] = (struct file){ "/u/servers/test/a.xml", rows[i].a };
        assert_int_equal(load(&w, rows[i].server), ERR_OK);
        assert_list(CFG_ONE(w.tree, feature_manager)->features, rows[i].want);
        cfg_unref(&w.tree);
    }
}

static void
merges_with_builtin(void **state)
{
    static struct world w;
    const struct cfg_http_endpoint *e;

    (void)state;
    memset(&w, 0, sizeof w);
    w.files[0] = (struct file){
        "/u/servers/test/a.xml",
        "<server><httpEndpoint id='defaultHttpEndpoint' host='*'/></server>"
    };
    assert_int_equal(load(&w, INC(" onConflict='IGNORE'")), ERR_OK);
    e = CFG_GET(w.tree, http_endpoint, "defaultHttpEndpoint");
    assert_str(e->host, "localhost"); /* a redefinition of a default */
    assert_int_equal(e->http_port, 9080);
    assert_int_equal(e->https_port, 9443);
    assert_true(e->http_options ==
                CFG_GET(w.tree, http_options, "defaultHttpOptions"));
    assert_int_equal(e->http_options->persist_timeout_ms, 30000);
    cfg_unref(&w.tree);

    memset(&w, 0, sizeof w);
    assert_int_equal(load(&w, "<variable name='default.http.port' value='81'/>"
                              "<httpEndpoint id='defaultHttpEndpoint'"
                              " host='*' httpOptionsRef='o'/>"
                              "<httpOptions id='o' persistTimeout='1m'/>"),
                     ERR_OK);
    e = CFG_GET(w.tree, http_endpoint, "defaultHttpEndpoint");
    assert_int_equal(e->http_port, 81);
    assert_int_equal(e->http_options->persist_timeout_ms, 60000);
    assert_int_equal(e->node.line, 1);
    assert_str(e->node.file, "/u/servers/test/server.xml");
    assert_str(e->node.name, "httpEndpoint[defaultHttpEndpoint]");
    cfg_unref(&w.tree);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_scalars),
        cmocka_unit_test(merges_lists),
        cmocka_unit_test(merges_with_builtin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
