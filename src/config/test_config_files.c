/*
 * What only a file system has: drop-ins, folders of includes and of variables,
 * links, things that are no files or may not be read.
 */
#include "config/elements.h"

#include "base/file.h"
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
    char root[64]; /* the server's folder */
    char log[65536];
    struct cfg_tree *tree;
    struct err_info why;
    const struct cfg_var *env;
    size_t n_env;
};

static void
note(void *arg, const char *id, struct str text)
{
    struct world *w = arg;
    size_t n = strlen(w->log);

    snprintf(w->log + n, sizeof w->log - n, "%s " STR_FMT "\n", id,
             STR_ARG(text));
}

static void
run(const struct world *w, const char *how, const char *what)
{
    char command[512];

    snprintf(command, sizeof command, "cd %s && %s %s", w->root, how, what);
    assert_int_equal(system(command), 0);
}

static void
put(const struct world *w, const char *name, const char *text)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", w->root, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void
put_host(const struct world *w, const char *name, const char *host)
{
    char text[512];

    snprintf(text, sizeof text,
             "<server><httpEndpoint id='e' host='%s'/><featureManager>"
             "<feature>%s</feature></featureManager></server>",
             host, host);
    put(w, name, text);
}

static int
start(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    if (w == NULL)
        return -1;
    snprintf(w->root, sizeof w->root, "/tmp/test-config.XXXXXX");
    if (mkdtemp(w->root) == NULL)
        return -1;
    *state = w;
    return 0;
}

static int
stop(void **state)
{
    struct world *w = *state;
    char command[128];

    cfg_unref(&w->tree);
    snprintf(command, sizeof command, "rm -rf %s", w->root);
    if (system(command) != 0)
        return -1;
    free(w);
    return 0;
}

static enum err
load(struct world *w)
{
    static const struct cfg_var none = { { "NOTHING", 7 }, { "", 0 } };
    struct cfg_options options = {
        .server_name = STR("test"),
        .server_dir = str_of(w->root),
        .user_dir = STR("/u"),
        .install_dir = STR("/i"),
        .environment = { w->env == NULL ? &none : w->env,
                         w->env == NULL ? 1 : w->n_env },
        .on_message = note,
        .arg = w,
    };

    cfg_unref(&w->tree);
    w->log[0] = '\0';
    return cfg_load(&options, &w->tree, &w->why);
}

static void
assert_host(struct world *w, const char *want)
{
    const struct cfg_http_endpoint *e = CFG_GET(w->tree, http_endpoint, "e");

    assert_non_null(e);
    if (!str_eq_z(e->host, want))
        fail_msg("host " STR_FMT ", want %s; %s", STR_ARG(e->host), want,
                 w->log);
}

static void
assert_features(struct world *w, const char *want)
{
    struct cfg_list list = CFG_ONE(w->tree, feature_manager)->features;
    char text[512] = "";

    for (size_t i = 0; i < list.n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s" STR_FMT,
                 i > 0 ? "," : "", STR_ARG(list.v[i]));
    assert_string_equal(text, want);
}

static bool
is_monitored(struct world *w, const char *name)
{
    struct cfg_list files = cfg_monitored(w->tree);
    char path[512];

    snprintf(path, sizeof path, "%s/%s", w->root, name);
    for (size_t i = 0; i < files.n; i++)
        if (str_eq_z(files.v[i], path))
            return true;
    return false;
}

/* overrides > server.xml > defaults; names in any case, .xml alone. */
static void
reads_dropins_in_order(void **state)
{
    struct world *w = *state;

    run(w, "mkdir -p",
        "configDropins/defaults/sub.xml configDropins/overrides");
    put_host(w, "server.xml", "main");
    put_host(w, "configDropins/defaults/b.xml", "default-b");
    put_host(w, "configDropins/defaults/A.XML", "default-a");
    put_host(w, "configDropins/defaults/c.txt", "no");
    put_host(w, "configDropins/defaults/.hidden.xml", "hidden");
    assert_int_equal(load(w), ERR_OK);
    assert_features(w, "hidden,default-a,default-b,main");
    assert_host(w, "main");
    assert_non_null(strstr(w->log, "CWWKG0093A Processing configuration "
                                   "drop-ins resource: "));
    assert_true(is_monitored(w, "configDropins/defaults"));
    assert_true(is_monitored(w, "configDropins/overrides"));
    assert_true(is_monitored(w, "configDropins/defaults/b.xml"));
    assert_false(is_monitored(w, "configDropins/defaults/c.txt"));

    put_host(w, "configDropins/overrides/x.xml", "over-x");
    put_host(w, "configDropins/overrides/Y.xml", "over-y");
    assert_int_equal(load(w), ERR_OK);
    assert_features(w, "hidden,default-a,default-b,main,over-x,over-y");
    assert_host(w, "over-y");
}

/* A drop-in that is malformed is left out, the others count. */
static void
survives_bad_dropins(void **state)
{
    struct world *w = *state;

    run(w, "mkdir -p", "configDropins/defaults");
    put_host(w, "server.xml", "main");
    put(w, "configDropins/defaults/a.xml", "<server>");
    put(w, "configDropins/defaults/b.xml", "<other/>");
    put_host(w, "configDropins/defaults/c.xml", "c");
    assert_int_equal(load(w), ERR_OK);
    assert_non_null(strstr(w->log, "CWWKG0014E"));
    assert_non_null(strstr(w->log, "configDropins/defaults/a.xml Line: 1"));
    assert_non_null(strstr(w->log, "CWWKG0105E"));
    assert_null(strstr(w->log, "configDropins/defaults/b.xml Line")); /* once */
    assert_features(w, "c,main");
    put(w, "server.xml", "<server><config onError='FAIL'/></server>");
    assert_int_equal(load(w), ERR_NOT_NOW); /* it counts for all files */
}

static void
includes_a_folder(void **state)
{
    struct world *w = *state;

    run(w, "mkdir -p", "more/sub.xml");
    put(w, "server.xml",
        "<server><httpEndpoint id='e' host='main'/>"
        "<include location='more/' onConflict='IGNORE'/></server>");
    put_host(w, "more/B.xml", "b");
    put_host(w, "more/a.xml", "a");
    put_host(w, "more/readme.txt", "no");
    assert_int_equal(load(w), ERR_OK);
    assert_host(w, "main");
    /* each file by itself: the second is ignored after the first */
    assert_features(w, "a");
    assert_true(is_monitored(w, "more"));

    put(w, "server.xml", "<server><include location='more/'/></server>");
    assert_int_equal(load(w), ERR_OK);
    assert_features(w, "a,b");
    assert_host(w, "b");

    /* without the slash it is not a file */
    put(w, "server.xml", "<server><include location='more'/></server>");
    assert_int_equal(load(w), ERR_OK);
    assert_non_null(strstr(w->log, "CWWKG0090E"));
    put(w, "server.xml",
        "<server><include location='gone/' optional='true'/></server>");
    assert_int_equal(load(w), ERR_OK);
    assert_string_equal(w->log, "");
    assert_true(is_monitored(w, "gone"));
}

/* A file with two names that includes itself is a cycle all the same. */
static void
sees_cycles_through_links(void **state)
{
    struct world *w = *state;

    put(w, "server.xml",
        "<server><include location='a.xml'/>"
        "<httpEndpoint id='e' host='main'/></server>");
    put(w, "a.xml", "<server><include location='b.xml'/></server>");
    run(w, "ln -s", "a.xml b.xml");
    assert_int_equal(load(w), ERR_OK);
    assert_non_null(strstr(w->log, "CWWKG0042W"));
    assert_host(w, "main");

    put(w, "a.xml", "<server><include location='c.xml'/></server>");
    run(w, "ln", "server.xml c.xml");
    assert_int_equal(load(w), ERR_OK);
    assert_non_null(strstr(w->log, "CWWKG0042W"));
}

/* Pipes and devices would make us wait or never end. */
static void
opens_regular_files_only(void **state)
{
    struct world *w = *state;

    run(w, "mkfifo", "pipe.xml");
    put(w, "server.xml",
        "<server><include location='pipe.xml'/>"
        "<include location='/dev/zero'/>"
        "<httpEndpoint id='e' host='main'/></server>");
    assert_int_equal(load(w), ERR_OK);
    assert_non_null(strstr(w->log, "/pipe.xml configuration resource"));
    assert_non_null(strstr(w->log, "The /dev/zero configuration resource"));
    assert_host(w, "main");
    run(w, "rm", "server.xml");
    run(w, "mkfifo", "server.xml");
    assert_int_equal(load(w), ERR_NOT_FOUND);
    run(w, "rm", "server.xml");
    run(w, "mkdir", "server.xml");
    assert_int_equal(load(w), ERR_NOT_FOUND);
}

/* Root may read everything: as nobody, then. */
static void
says_what_it_may_not_read(void **state)
{
    struct world *w = *state;
    bool is_root = geteuid() == 0;

    put_host(w, "a.xml", "a");
    run(w, "chmod 000", "a.xml");
    run(w, "mkdir", "closed");
    put_host(w, "closed/b.xml", "b");
    run(w, "chmod 000", "closed");
    run(w, "chmod 755", ".");
    run(w, "mkdir -p", "configDropins/overrides variables");
    run(w, "chmod 000", "configDropins/overrides");
    put(w, "variables/v", "secret");
    run(w, "chmod 000", "variables/v");
    put(w, "server.xml",
        "<server><include location='a.xml'/>"
        "<include location='closed/b.xml'/>"
        "<include location='closed/'/>"
        "<httpEndpoint id='e' host='main'/></server>");
    assert_int_equal(is_root ? seteuid(65534) : 0, 0);
    assert_int_equal(load(w), ERR_OK);
    assert_non_null(strstr(w->log, "/a.xml configuration resource does not "
                                   "exist or cannot be read"));
    assert_non_null(strstr(w->log, "/closed/b.xml configuration resource"));
    assert_non_null(strstr(w->log, "/closed configuration resource"));
    assert_non_null(strstr(w->log, "configDropins/overrides configuration"));
    assert_non_null(strstr(w->log, "variables/v configuration resource"));
    assert_host(w, "main");
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    run(w, "chmod 000", "server.xml");
    assert_int_equal(is_root ? seteuid(65534) : 0, 0);
    assert_int_not_equal(load(w), ERR_OK);
    assert_non_null(strstr(w->why.text, "server.xml"));
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    run(w, "chmod 700", "closed configDropins/overrides");
}

/* ---- variables that are files ---- */

static const char *
expanded(struct world *w, const char *text)
{
    static char out[512];
    struct arena arena;
    struct str got;

    arena_init(&arena, 1u << 20);
    assert_int_equal(cfg_expand(w->tree, &arena, str_of(text), &got, &w->why),
                     ERR_OK);
    snprintf(out, sizeof out, STR_FMT, STR_ARG(got));
    arena_fini(&arena);
    return out;
}

static void
reads_variable_files(void **state)
{
    static const struct cfg_var env[] = {
        { { "from_env", 8 }, { "env", 3 } },
        { { "from_file", 9 }, { "env", 3 } },
    };
    struct world *w = *state;

    run(w, "mkdir -p", "variables/db/deeper");
    put(w, "variables/from_file", "first line\nsecond line\n");
    put(w, "variables/db/password", "top\n");
    put(w, "variables/db/deeper/x", "no");
    put(w, "variables/empty", "");
    put(w, "variables/xml_wins", "file");
    put(w, "variables/file_wins", "file");
    put(w, "variables/several.properties",
        "one=1\ntwo : 2\\\n3\nfrom\\u005fprops=p\n");
    put(w, "server.xml",
        "<server><variable name='xml_wins' value='xml'/>"
        "<variable name='file_wins' defaultValue='xml'/>"
        "<zosconnect_authData id='a' "
        "password='${db/password}'/></server>");
    w->env = env;
    w->n_env = ARRAY_LEN(env);
    assert_int_equal(load(w), ERR_OK);
    assert_string_equal(expanded(w, "${from_file}"), "first line");
    assert_string_equal(expanded(w, "${from_env}"), "env");
    assert_string_equal(expanded(w, "${db/password}"), "top");
    assert_string_equal(expanded(w, "${db/deeper/x}"), "${db/deeper/x}");
    assert_string_equal(expanded(w, "[${empty}]"), "[]");
    assert_string_equal(expanded(w, "${xml_wins}"), "xml");
    assert_string_equal(expanded(w, "${file_wins}"), "file");
    assert_string_equal(expanded(w, "${one}${two}"), "123");
    assert_string_equal(expanded(w, "${from_props}"), "p");
    assert_string_equal(expanded(w, "${several.properties}"),
                        "${several.properties}");
    assert_true(secret_eq(&CFG_GET(w->tree, zcon_auth_data, "a")->password,
                          STR("top")));
    assert_true(is_monitored(w, "variables"));
    assert_true(is_monitored(w, "variables/db"));
    assert_true(is_monitored(w, "variables/db/password"));
}

static void
finds_variable_folders(void **state)
{
    struct world *w = *state;
    char dirs[256], binding[128];
    struct cfg_var env[] = { { { "VARIABLE_SOURCE_DIRS", 20 }, { dirs, 0 } },
                             { { "SERVICE_BINDING_ROOT", 20 },
                               { binding, 0 } } };

    run(w, "mkdir -p", "variables one two bind");
    put(w, "variables/v", "variables");
    put(w, "one/v", "one");
    put(w, "one/w", "one");
    put(w, "two/v", "two");
    put(w, "bind/v", "bind");
    put(w, "server.xml", "<server/>");
    assert_int_equal(load(w), ERR_OK);
    assert_string_equal(expanded(w, "${v}"), "variables");

    snprintf(dirs, sizeof dirs, "%s/one:%s/two/:%s/gone", w->root, w->root,
             w->root);
    snprintf(binding, sizeof binding, "%s/bind", w->root);
    env[0].value.n = strlen(dirs);
    env[1].value.n = strlen(binding);
    w->env = env;
    w->n_env = 2;
    assert_int_equal(load(w), ERR_OK);
    assert_string_equal(expanded(w, "${v}${w}"), "twoone");
    assert_true(is_monitored(w, "gone"));
    w->env = env + 1;
    w->n_env = 1;
    assert_int_equal(load(w), ERR_OK);
    assert_string_equal(expanded(w, "${v}"), "bind");
}

static void
bounds_variable_files(void **state)
{
    struct world *w = *state;

    run(w, "mkdir", "variables");
    put(w, "server.xml", "<server/>");
    put(w, "variables/bad.properties", "a=\\u12\n");
    assert_int_equal(load(w), ERR_OK);
    assert_non_null(strstr(w->log, "variables/bad.properties: "));
    run(w, "head -c 70000 /dev/zero | tr '\\0' x >", "variables/big");
    assert_int_equal(load(w), ERR_LIMIT);
    assert_non_null(strstr(w->why.text, "variables/big"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    static const struct CMUnitTest tests[] = {
        TEST(reads_dropins_in_order),   TEST(survives_bad_dropins),
        TEST(includes_a_folder),        TEST(sees_cycles_through_links),
        TEST(opens_regular_files_only), TEST(says_what_it_may_not_read),
        TEST(reads_variable_files),     TEST(finds_variable_folders),
        TEST(bounds_variable_files),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
