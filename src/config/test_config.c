/*
 * The configuration engine as its user sees it: files in, typed elements and
 * messages out. Files live in memory (options.read_file).
 */
#include "config/elements.h"
#include "config/feature.h"

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

static void
assert_logged(const struct world *w, const char *what)
{
    if (strstr(w->log, what) == NULL)
        fail_msg("\"%s\" is not in:\n%s", what, w->log);
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

/* Nested elements are list values of their parent; where there can be only one,
 * they become one under their own files' rules. */
static void
merges_nested(void **state)
{
#define S(x) "<zosconnect_services>" x "</zosconnect_services>"
#define SVC(n) "<service name='" n "'/>"
#define OPT(a) "<httpEndpoint id='e'><httpOptions " a "/></httpEndpoint>"
    static const struct {
        const char *server, *a;
        const char *names; /* of the services */
        int read, persist; /* seconds of e's httpOptions; 0: no endpoint e */
    } rows[] = {
        { S(SVC("m")) INC(""), "<server>" S(SVC("a")) "</server>", "m,a", 0,
          0 },
        { INC("") S(SVC("m")), "<server>" S(SVC("a")) "</server>", "a,m", 0,
          0 },
        { S(SVC("m")) INC(" onConflict='REPLACE'"),
          "<server>" S(SVC("a")) "</server>", "a", 0, 0 },
        { INC(" onConflict='REPLACE'") S(SVC("m")),
          "<server>" S(SVC("a")) "</server>", "a,m", 0, 0 },
        { S(SVC("m")) INC(" onConflict='IGNORE'"),
          "<server>" S(SVC("a")) "</server>", "m", 0, 0 },
        { INC(" onConflict='IGNORE'") S(SVC("m")),
          "<server>" S(SVC("a")) "</server>", "a,m", 0, 0 },
        /* the same id twice in the list is one element */
        { S("<service id='x' name='m'/>") INC(""),
          "<server>" S("<service id='x' name='a'/>" SVC("b")) "</server>",
          "a,b", 0, 0 },
        /* REPLACE swaps the lists it names only */
        { S(SVC("m")) INC(" onConflict='REPLACE'"),
          "<server><zosconnect_services pollingRate='1s'/></server>", "m", 0,
          0 },
        /* one child allowed: folded into one */
        { OPT("readTimeout='1s'") OPT("persistTimeout='2s'"), "", "", 1, 2 },
        { OPT("readTimeout='1s' persistTimeout='1s'") INC(""),
          "<server>" OPT("persistTimeout='2s'") "</server>", "", 1, 2 },
        { OPT("readTimeout='1s' persistTimeout='1s'")
              INC(" onConflict='REPLACE'"),
          "<server>" OPT("persistTimeout='2s'") "</server>", "", 60, 2 },
        { OPT("readTimeout='1s' persistTimeout='1s'")
              INC(" onConflict='IGNORE'"),
          "<server>" OPT("persistTimeout='2s'") "</server>", "", 1, 1 },
    };
#undef OPT
#undef SVC
#undef S

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;
        const struct cfg_zcon_services *all;
        const struct cfg_http_endpoint *e;
        char names[256] = "";

        memset(&w, 0, sizeof w);
        w.files[0] = (struct file){ "/u/servers/test/a.xml", rows[i].a };
        assert_int_equal(load(&w, rows[i].server), ERR_OK);
        all = CFG_ONE(w.tree, zcon_services);
        for (size_t j = 0; j < all->n_services; j++)
            snprintf(names + strlen(names), sizeof names - strlen(names),
                     "%s" STR_FMT, j > 0 ? "," : "",
                     STR_ARG(all->services[j].name));
        if (strcmp(names, rows[i].names) != 0)
            fail_msg("row %zu: %s, want %s", i, names, rows[i].names);
        e = CFG_GET(w.tree, http_endpoint, "e");
        if (rows[i].read > 0 &&
            (e->http_options->read_timeout_ms != rows[i].read * 1000 ||
             e->http_options->persist_timeout_ms != rows[i].persist * 1000))
            fail_msg("row %zu: %d %d", i, (int)e->http_options->read_timeout_ms,
                     (int)e->http_options->persist_timeout_ms);
        cfg_unref(&w.tree);
    }
}

/* References: named, in place, both; what is not there, or twice. */
static void
resolves_references(void **state)
{
    static const struct {
        const char *server;
        const char *store; /* location of ssl s's key store; NULL: none */
        const char *log;
    } rows[] = {
#define KS(id, l) "<keyStore id='" id "' location='" l "'/>"
        { KS("k", "1") "<ssl id='s' keyStoreRef='k'/>", "1", "" },
        { KS("k", "1") "<ssl id='s' keyStoreRef=' k '/>", "1", "" },
        { KS("k", "1") "<ssl id='s' keyStoreRef='${n}'/>"
                       "<variable name='n' value='k'/>",
          "1", "" },
        { KS("k", "1") "<ssl id='s'><keyStore ref='k'/></ssl>", "1", "" },
        { KS("k", "1") "<ssl id='s'><keyStore ref='${n}'/></ssl>"
                       "<variable name='n' value='k'/>",
          "1", "" },
        { "<ssl id='s'><keyStore location='2'/></ssl>"
          "<keyStore location='3'/>",
          "2", "" },
        /* in place wins over the name */
        { KS("k", "1") "<ssl id='s' keyStoreRef='k'><keyStore location='2'/>"
                       "</ssl>",
          "2", "" },
        /* several in place become one */
        { "<ssl id='s'><keyStore location='1'/><keyStore location='2'/></ssl>",
          "2", "" },
        { "<keyStore location='3'/><ssl id='s'/>", "3", "" },
        { "<ssl id='s'/>", NULL, "" },
        { "<ssl id='s' keyStoreRef='gone'/>", NULL,
          "CWWKG0033W The value [gone] specified for the reference attribute "
          "[keyStoreRef] was not found in the configuration. "
          "(/u/servers/test/server.xml:1:21)\n" },
        { "<ssl id='s' keyStoreRef=''/><keyStore location='3'/>", NULL, "" },
        /* only top-level elements can be named */
        { "<ssl id='other'><keyStore id='inner' location='2'/></ssl>"
          "<ssl id='s' keyStoreRef='inner'/>",
          NULL, "CWWKG0033W The value [inner]" },
        /* ids have case */
        { KS("k", "1") "<ssl id='s' keyStoreRef='K'/>", NULL, "CWWKG0033W" },
#undef KS
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;
        const struct cfg_key_store *ks;

        memset(&w, 0, sizeof w);
        assert_int_equal(load(&w, rows[i].server), ERR_OK);
        ks = CFG_GET(w.tree, ssl, "s")->key_store;
        if ((ks == NULL) != (rows[i].store == NULL) ||
            (ks != NULL && !str_eq_z(ks->location, rows[i].store)))
            fail_msg("row %zu: " STR_FMT, i,
                     STR_ARG(ks == NULL ? STR("none") : ks->location));
        assert_logged(&w, rows[i].log);
        if (rows[i].log[0] == '\0')
            assert_string_equal(w.log, "");
        cfg_unref(&w.tree);
    }
}

static void
splices_lists(void **state)
{
    static const struct {
        const char *server, *want;
    } rows[] = {
#define VARS                                                                   \
    "<variable name='l' value='a, b'/><variable name='e' value=''/>"           \
    "<variable name='c' value='x\\,y'/>"
        { "<logging hideMessage='1,${list(l)},2'/>" VARS, "1|a|b|2" },
        { "<logging hideMessage='${l}'/>" VARS, "a|b" },
        { "<logging><hideMessage>${list(l)}</hideMessage><hideMessage>3"
          "</hideMessage></logging>" VARS,
          "a|b|3" },
        { "<logging><hideMessage>${l}</hideMessage></logging>" VARS, "a, b" },
        { "<logging><hideMessage>${list(c)}</hideMessage></logging>" VARS,
          "x,y" },
        { "<logging><hideMessage>${list(e)}</hideMessage></logging>" VARS, "" },
        { "<logging><hideMessage>${list(gone)}</hideMessage></logging>" VARS,
          "${list(gone)}" },
        { "<logging hideMessage='1,${list(gone)},${list(l)}'/>" VARS,
          "1|${list(gone)}|a|b" },
        { "<logging hideMessage='${list(l)'/>" VARS, "${list(l)" },
        { "<logging><hideMessage> a,b </hideMessage></logging>", "a,b" },
        { "<logging hideMessage=''/>", "" },
#undef VARS
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;
        const struct cfg_list *list;
        char got[256] = "";

        memset(&w, 0, sizeof w);
        assert_int_equal(load(&w, rows[i].server), ERR_OK);
        list = &CFG_ONE(w.tree, logging)->hide_message;
        for (size_t j = 0; j < list->n; j++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s" STR_FMT,
                     j > 0 ? "|" : "", STR_ARG(list->v[j]));
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("row %zu: %s, want %s", i, got, rows[i].want);
        assert_true(list->is_set);
        cfg_unref(&w.tree);
    }
}

/* CWWKG0102I: who says what, and who wins. */
static void
reports_conflicts(void **state)
{
#define FILES "file:/u/servers/test/"
    static const struct {
        const char *server, *a;
        const char *log; /* NULL: no such message */
    } rows[] = {
        { MAIN INC(""), THEIRS,
          "CWWKG0102I Found conflicting settings for e instance of "
          "httpEndpoint configuration.\n"
          "  Property host has conflicting values:\n"
          "    Value main is set in " FILES "server.xml.\n"
          "    Value theirs is set in " FILES "a.xml.\n"
          "  Property host will be set to theirs.\n" },
        { MAIN INC(" onConflict='IGNORE'"), THEIRS,
          "  Property host will be set to main.\n" },
        { MAIN "<httpEndpoint id='e' HOST='x' httpPort='2'/>", "",
          "    Value x is set in " FILES "server.xml.\n"
          "  Property host will be set to x.\n"
          "  Property httpPort has conflicting values:\n"
          "    Value 1 is set in " FILES "server.xml.\n"
          "    Value 2 is set in " FILES "server.xml.\n"
          "  Property httpPort will be set to 2.\n" },
        { "<config onError='WARN'/><config onError='IGNORE'/>", "",
          "Found conflicting settings for config configuration.\n" },
        { "<webAppSecurity ssoCookieName='a'/>"
          "<webAppSecurity ssoCookieName=''/>",
          "",
          "    Value a is set in " FILES "server.xml.\n"
          "    No value is set in " FILES "server.xml.\n"
          "  Property ssoCookieName will be set to no value.\n" },
        { "<keyStore id='k' location='f' password='top'/>"
          "<include location='a.xml'/>",
          "<server><keyStore id='k' location='f' password='secret'/></server>",
          "CWWKG0102I Found conflicting settings for k instance of keyStore "
          "configuration.\n"
          "  Property password has conflicting values:\n"
          "    Secure value is set in " FILES "server.xml.\n"
          "    Secure value is set in " FILES "a.xml.\n"
          "  Property password will be set to the value defined in " FILES
          "a.xml.\n" },
        /* the same value, if need be by a variable, is no conflict */
        { MAIN "<httpEndpoint id='e' host='main'/>", "", NULL },
        { "<variable name='m' value='main'/>" MAIN
          "<httpEndpoint id='e' host='${m}'/>",
          "", NULL },
        { "<httpEndpoint id='defaultHttpEndpoint' host='*'/>", "", NULL },
        { MAIN "<httpEndpoint id='f' host='other'/>", "", NULL },
        { MAIN "<httpEndpoint id='e' unknown='1'/>"
               "<httpEndpoint id='e' unknown='2'/>",
          "", NULL },
        { "<featureManager><feature>a</feature></featureManager>"
          "<featureManager><feature>b</feature></featureManager>",
          "", NULL },
    };
#undef FILES

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;

        memset(&w, 0, sizeof w);
        w.files[0] = (struct file){ "/u/servers/test/a.xml", rows[i].a };
        assert_int_equal(load(&w, rows[i].server), ERR_OK);
        if (rows[i].log != NULL)
            assert_logged(&w, rows[i].log);
        else if (strstr(w.log, "CWWKG0102I") != NULL)
            fail_msg("row %zu: %s", i, w.log);
        assert_null(strstr(w.log, "secret"));
        assert_null(strstr(w.log, "top"));
        cfg_unref(&w.tree);
    }
}

/* Many say something: not all of them are listed. */
static void
bounds_conflicts(void **state)
{
    static struct world w;
    static char text[40000];
    char *p = text;

    (void)state;
    memset(&w, 0, sizeof w);
    for (int i = 0; i < 500; i++)
        p += sprintf(p, "<httpEndpoint id='e' httpPort='%d'/>", i + 1);
    assert_int_equal(load(&w, text), ERR_OK);
    assert_logged(&w, "    Value 40 is set in ");
    assert_null(strstr(w.log, "    Value 41 is set in "));
    assert_logged(&w, "\n    and 460 more.\n  Property httpPort will be set to "
                      "500.\n");
    cfg_unref(&w.tree);
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

/* ---- variables ---- */

static void
expands_variables(void **state)
{
    static const struct cfg_var command_line[] = {
        { { "from.cmd", 8 }, { "cmd", 3 } },
        { { "both", 4 }, { "cmd", 3 } },
    };
    static const struct cfg_var bootstrap[] = {
        { { "both", 4 }, { "boot", 4 } },
        { { "boot", 4 }, { "b", 1 } },
        { { "bootonly", 8 }, { "b", 1 } },
        { { "shadow", 6 }, { "boot", 4 } },
    };
    static const struct cfg_var properties[] = {
        { { "jvm", 3 }, { "jvm", 3 } },
        { { "both", 4 }, { "jvm", 3 } },
        { { "boot", 4 }, { "jvm", 3 } },
        { { "shadow", 6 }, { "jvm", 3 } },
        { { "wlp.process.type", 16 }, { "jvm", 3 } },
        { { "twice", 5 }, { "first", 5 } },
        { { "twice", 5 }, { "second", 6 } },
    };
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "plain", "plain" },
        { "${jvm}", "jvm" },
        { "${twice}", "second" },
        { "${wlp.process.type}", "jvm" }, /* predefined ones come later */
        { "${wlp.user.dir}", "/u/" },
        { "${env.jvm}", "${env.jvm}" },
        { "${PATHS+1}", "${PATHS+1}" }, /* no environment in expressions */
        { "${weaknum+1}", "5" },
        { "${from.cmd}", "cmd" },
        { "${both}", "cmd" },
        { "${boot}", "jvm" },
        { "${bootonly}", "b" },
        { "${shadow}", "xml" },
        { "a${one}b${one}c", "a1b1c" },
        { "${nested}", "<1>" },
        { "${unknown}", "${unknown}" },
        { "${unknown}${one}", "${unknown}1" },
        { "${", "${" },
        { "${}", "${}" },
        { "$${one}", "$1" },
        { "${one", "${one" },
        { "${weak}", "weak" },
        { "${env.PATHS}", "/p" },
        { "${PATHS}", "/p" },
        { "${my.name}", "low" },
        { "${my.caps}", "up" },
        { "${server.config.dir}x", "/u/servers/test/x" },
        { "${wlp.server.name}", "test" },
        { "${one+2}", "3" },
        { "${2+3*4}", "20" },
        { "${one - 5}", "-4" },
        { "${7/2}", "3" },
        { "${7/0}", "${7/0}" },
        { "${9223372036854775807+1}", "${9223372036854775807+1}" },
        { "${one+unknown}", "${one+unknown}" },
        { "${one+}", "${one+}" },
        { "${(1)}", "${(1)}" },
        { "${count(list)}", "3" },
        { "${count(unset)+1}", "1" },
        { "${count(again)}", "3" },
        { "${count(one)}", "1" },
        { "${description}", "${description}" },
    };
    static struct world w;
    struct cfg_options options = options_for(&w);
    struct arena arena;

    (void)state;
    memset(&w, 0, sizeof w);
    options.command_line = (struct cfg_vars){ command_line, 2 };
    options.properties = (struct cfg_vars){ properties, ARRAY_LEN(properties) };
    options.bootstrap = (struct cfg_vars){ bootstrap, ARRAY_LEN(bootstrap) };
    w.files[0] =
        (struct file){ "/u/servers/test/server.xml",
                       "<server><variable name='one' value='1'/>"
                       "<variable name='nested' value='&lt;${one}>'/>"
                       "<variable name='both' value='xml'/>"
                       "<variable name='shadow' value='xml'/>"
                       "<variable name='weak' defaultValue='weak'/>"
                       "<variable name='weaknum' defaultValue=' 4 '/>"
                       "<variable name='boot' defaultValue='weak'/>"
                       "<variable name='again' value='${list}'/>"
                       "<variable name='list' value='a, b,c'/></server>" };
    assert_int_equal(load_with(&w, &options), ERR_OK);
    arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str got = { 0 };

        assert_int_equal(
            cfg_expand(w.tree, &arena, str_of(rows[i].text), &got, &w.why),
            ERR_OK);
        if (!str_eq_z(got, rows[i].want))
            fail_msg("%s: got " STR_FMT ", want %s", rows[i].text, STR_ARG(got),
                     rows[i].want);
    }
    arena_fini(&arena);
    cfg_unref(&w.tree);
}

static void
merges_variables(void **state)
{
    static const struct {
        const char *server, *want;
    } rows[] = {
#define V(x) "<variable name='v' value='" x "'/>"
#define E "<httpEndpoint id='e' host='${v}'/>"
        { V("1") V("2") E, "2" },
        { V("1") INC("") E, "a" },
        { V("1") INC(" onConflict='IGNORE'") E, "1" },
        { V("1") INC(" onConflict='REPLACE'") E, "a" },
        { INC(" onConflict='IGNORE'") V("1") E, "1" },
        { INC(" onConflict='IGNORE'") E, "a" },
        /* value and defaultValue are not combined */
        { V("1") "<variable name='v' defaultValue='d'/>" E, "d" },
        /* an attribute of the same element, defaults included */
        { "<httpEndpoint id='e' host='${protocolVersion}'/>", "http/1.1" },
        { "<httpEndpoint id='e' host='${id}'/>", "e" },
#undef E
#undef V
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;

        memset(&w, 0, sizeof w);
        w.files[0] =
            (struct file){ "/u/servers/test/a.xml",
                           "<server><variable name='v' value='a'/></server>" };
        assert_int_equal(load(&w, rows[i].server), ERR_OK);
        assert_str(CFG_GET(w.tree, http_endpoint, "e")->host, rows[i].want);
        cfg_unref(&w.tree);
    }
}

/* ---- includes ---- */

static void
follows_includes(void **state)
{
    static const struct {
        const char *server, *a;
        const char *log;  /* part of it */
        const char *host; /* of endpoint e; NULL: absent */
    } rows[] = {
        { INC(""), THEIRS,
          "CWWKG0028A Processing included configuration resource: "
          "/u/servers/test/a.xml\n",
          "theirs" },
        { "<include location='/${server.config.dir}/a.xml'/>", THEIRS,
          "resource: /u/servers/test/a.xml\n", "theirs" },
        { "<include location='  ./x/../a.xml '/>", THEIRS,
          "resource: /u/servers/test/a.xml\n", "theirs" },
        { "<include location='..\\test\\a.xml'/>", THEIRS,
          "resource: /u/servers/test/a.xml\n", "theirs" },
        { "<include location='file:/u/servers/test/a.xml'/>", THEIRS,
          "resource: /u/servers/test/a.xml\n", "theirs" },
        { "<include location='file:///u/servers/%74est/a.xml'/>", THEIRS,
          "resource: /u/servers/test/a.xml\n", "theirs" },
        { "<include location='FILE://localhost/u/servers/test/a.xml'/>", THEIRS,
          "resource: /u/servers/test/a.xml\n", "theirs" },
        { "<include location='file:a.xml'/>", THEIRS,
          "resource: /u/servers/test/a.xml\n", "theirs" },
        { "<include location='file://elsewhere/a.xml'/>" MAIN, THEIRS,
          "CWWKG0090E The file://elsewhere/a.xml configuration resource",
          "main" },
        { "<include location='file:/u/servers/%zz/a.xml'/>" MAIN, THEIRS,
          "CWWKG0090E", "main" },
        { "<include location='file:/u/servers/%00/a.xml'/>" MAIN, THEIRS,
          "CWWKG0090E", "main" },
        { "<include location='https://x/y.xml'/>" MAIN, THEIRS,
          "SPT0402E /u/servers/test/server.xml:1:9: the include of "
          "https://x/y.xml is not followed: nothing is fetched over a "
          "network.\nCWWKG0090E The https://x/y.xml configuration",
          "main" },
        { "<include location='ftp://x/y.xml'/>" MAIN, THEIRS, "SPT0402E",
          "main" },
        { "<include location='jar:file:/x.jar!/y.xml'/>" MAIN, THEIRS,
          "SPT0402E", "main" },
        { "<include location='folder/'/>" MAIN, THEIRS,
          "CWWKG0090E The /u/servers/test/folder configuration", "main" },
        { "<include location='${nobody}/a.xml'/>" MAIN, THEIRS,
          "CWWKG0090E The /u/servers/test/${nobody}/a.xml", "main" },
        { "<variable name='l' value='${l}'/><include location='${l}'/>" MAIN,
          THEIRS, "CWWKG0090E", "main" },
        { "<variable name='f' value='a'/><include location='${f}.xml'/>",
          THEIRS, "resource: /u/servers/test/a.xml\n", "theirs" },
        { "<include location='gone.xml'/>" MAIN, "",
          "CWWKG0090E The /u/servers/test/gone.xml configuration resource does "
          "not exist or cannot be read.\n",
          "main" },
        { "<include location='gone.xml' optional='TRUE'/>" MAIN, "", "",
          "main" },
        { "<include location='gone.xml' optional='yes'/>" MAIN, "",
          "CWWKG0090E", "main" },
        { "<include location='http://x/y.xml' optional='true'/>" MAIN, "",
          "CWWKG0084W The optional include configuration file cannot be "
          "resolved: http://x/y.xml",
          "main" },
        { "<include location=' '/>" MAIN, "", "CWWKG0090E", "main" },
        { "\n<include/>" MAIN, "",
          "CWWKG0089E The location attribute must be specified on the include "
          "configuration element specified on line 2 of resource "
          "/u/servers/test/server.xml",
          "main" },
        { INC(" onConflict='x'"), THEIRS, "CWWKG0094W The x value", "theirs" },
        { INC("") MAIN, "<server><include location='server.xml'/></server>",
          "CWWKG0042W Included configuration resources form a circular "
          "dependency: /u/servers/test/server.xml, /u/servers/test/a.xml, "
          "/u/servers/test/server.xml.\n",
          "main" },
        { INC("") MAIN, "<server><include location='a.xml'/></server>",
          "CWWKG0042W Included configuration resources form a circular "
          "dependency: /u/servers/test/a.xml, /u/servers/test/a.xml.\n",
          "main" },
        { INC("") MAIN, "<other/>",
          "CWWKG0105E The configuration document /u/servers/test/a.xml must "
          "begin with the element 'server'.",
          "main" },
        { INC("") MAIN, "<client><httpEndpoint id='e' host='c'/></client>",
          "resource: /u/servers/test/a.xml\n", "main" },
        { "<server>" MAIN "</server>", "", "CWWKG0085W", NULL },
        { MAIN, "", "", "main" },
        { "<variable value='1'/>" MAIN, "",
          "CWWKG0091E A name attribute must be specified for the variable on "
          "line 1 of resource /u/servers/test/server.xml",
          "main" },
        { "<variable name='x'/>" MAIN, "", "CWWKG0092E", "main" },
        { "<httpEndpoint id='${x}' host='v'/>" MAIN, "",
          "CWWKG0104W The ID attribute with value ${x} for the configuration "
          "element httpEndpoint must have a fixed value.",
          "main" },
        { "<unknown a='1'><b/></unknown>" MAIN, "", "", "main" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;
        const struct cfg_http_endpoint *e;

        memset(&w, 0, sizeof w);
        if (rows[i].a[0] != '\0')
            w.files[0] = (struct file){ "/u/servers/test/a.xml", rows[i].a };
        assert_int_equal(load(&w, rows[i].server), ERR_OK);
        assert_logged(&w, rows[i].log);
        if (rows[i].log[0] == '\0')
            assert_string_equal(w.log, "");
        e = CFG_GET(w.tree, http_endpoint, "e");
        if (rows[i].host == NULL)
            assert_null(e);
        else
            assert_str(e->host, rows[i].host);
        cfg_unref(&w.tree);
    }
}

/* ---- values that do not fit ---- */

static void
reports_bad_values(void **state)
{
    static const struct {
        const char *server, *log;
    } rows[] = {
        { "<httpEndpoint id='e' enabled='yes'/>",
          "CWWKG0011W The configuration validation did not succeed. "
          "/u/servers/test/server.xml:1:30: httpEndpoint[e]: "
          "CWWKG0081E: The value yes for boolean attribute enabled is invalid. "
          "Valid values are \"true\" and \"false\". The default value of true "
          "will be used.\n"
          "CWWKG0083W A validation failure occurred while processing the "
          "[enabled] property, value = [yes]. Default value in use: true.\n" },
        { "\n<httpEndpoint id='e'\n httpsPort='94430'/>",
          "/u/servers/test/server.xml:3:2: httpEndpoint[e]: attribute "
          "httpsPort: \"94430\" is not a port (0..65535 or -1)" },
        { "<httpEndpoint id='e' httpPort='x'/>", "CWWKG0083W" },
        { "<httpEndpoint id='e' httpPort='${a}'/>"
          "<variable name='a' value='${b}'/><variable name='b' value='${a}'/>",
          "CWWKG0075E The value ${a} is not valid for attribute httpPort of "
          "configuration element httpEndpoint[e]. The validation message was: "
          "/u/servers/test/server.xml:1:30: variable evaluation loop: ${a} "
          "refers to itself." },
        { "<variable name='a' value='${a}'/>"
          "<keyStore id='k' location='x' password='{xor}!!!${a}'/>",
          "CWWKG0075E The value ***** is not valid for attribute password" },
        { "<httpEndpoint id='e' onError='stop'/>",
          "CWWKG0032W Unexpected value specified for property [onError], value "
          "= [stop]. Expected value(s) are: [WARN][FAIL][IGNORE]. Default "
          "value in use: WARN. (httpEndpoint[e] "
          "/u/servers/test/server.xml:1:30)\n" },
        { "<zosconnect_apiRequesters idAssertion=''/>",
          "CWWKG0032W Unexpected value specified for property [idAssertion], "
          "value = []. Expected value(s) are: [OFF][ASSERT_ONLY]"
          "[ASSERT_SURROGATE]. Default value in use: OFF. "
          "(zosconnect_apiRequesters "
          "/u/servers/test/server.xml:1:35)\n" },
        { "<samlWebSso20 id='s'><pkixTrustEngine><crl path=' '/>"
          "</pkixTrustEngine></samlWebSso20>",
          "is missing the required attribute path" },
        { "<httpOptions id='o' persistTimeout='5 parsecs'/>",
          "\"parsecs\" is not a unit of time" },
        { "<httpOptions id='o' limitNumHeaders='10'/>",
          "\"10\" is not a whole number from 50 to 500" },
        { "<httpEndpoint id='e' httpOptionsRef='none'/>",
          "CWWKG0033W The value [none] specified for the reference attribute "
          "[httpOptionsRef] was not found in the configuration. "
          "(/u/servers/test/server.xml:1:30)\n" },
        { "<zosconnect_cicsIpicConnection id='c' host='h'/>",
          "CWWKG0058E The element zosconnect_cicsIpicConnection with the "
          "unique identifier c is missing the required attribute port.\n" },
        { "<zosconnect_cicsIpicConnection id='c' host='h' port='0'/>",
          "CWWKG0075E The value 0 is not valid for attribute port of "
          "configuration element zosconnect_cicsIpicConnection[c]." },
        { "<zosconnect_cicsIpicConnection id='c' host='h' port='1' "
          "zosConnectApplid='TOOLONGNAME'/>",
          "\"TOOLONGNAME\" is longer than 8 characters" },
        { "<zosconnect_endpointConnection id='c' host='h'/>",
          "does not begin with http:// or https://" },
        { "<zosconnect_authorizationServer id='s' tokenEndpoint='h/token'/>",
          "\"h/token\" does not begin with http:// or https://" },
        { "<zosconnect_authToken id='t'><tokenRequest "
          "credentialLocation='body'/></zosconnect_authToken>",
          "zosconnect_authToken[t]: tokenRequest: credentialLocation is body, "
          "so requestBody must be given" },
        { "<zosconnect_authToken id='t'><tokenRequest header=''/>"
          "</zosconnect_authToken>",
          "so header must be given" },
        { "<zosconnect_authToken id='t'><tokenResponse tokenLocation='body'/>"
          "</zosconnect_authToken>",
          "so tokenPath must be given" },
        { "<zosconnect_authToken id='t'><tokenResponse header=''/>"
          "</zosconnect_authToken>",
          "tokenLocation is header, so header must be given" },
        { "<zosconnect_policy id='p'/>",
          "one ruleset is expected, 0 were found" },
        { "<zosconnect_policy id='p'><ruleset file='a'/><ruleset file='b'/>"
          "</zosconnect_policy>",
          "one ruleset is expected, 2 were found" },
        { "<connectionFactory id='c'/>", "is expected, 0 were found" },
        { "<connectionFactory id='c'><properties.gmoa/><properties.ola/>"
          "</connectionFactory>",
          "is expected, 2 were found" },
        { "<ldapRegistry id='l' host='h' port='1' baseDN='o=x' "
          "ldapType='Custom' certificateMapMode='certificate_filter'/>",
          "so certificateFilter must be given" },
        { "<ldapRegistry id='l' host='h' port='1' baseDN='o=x' "
          "ldapType='Custom' bindDN='cn=a'/>",
          "so bindPassword must be given" },
        { "<cors id='c' domain='api'/>",
          "\"api\" is not a path that begins with /" },
        { "<zosconnect_zosConnectAPIs><zosConnectAPI requireAuth='false'/>"
          "</zosconnect_zosConnectAPIs>",
          "the required attribute name" },
        { "<keyStore id='k' location='x' password='{xor}!!!'/>",
          "keyStore[k]: attribute password: the {xor} value is not Base64" },
        { "<jmsQueue id='a' jndiName='jms/q'/><jmsTopic id='b' "
          "jndiName='jms/q'/>",
          "CWWKG0031E The value jms/q specified for unique attribute jndiName "
          "is already in use.\n" },
        { "<zosconnect_auditInterceptor id='a' "
          "apiProviderRequestHeaders='a,b,c,d,e'/>",
          "server.xml:1:45: Attribute apiProviderRequestHeaders exceeded "
          "maximum allowed size 4" },
        { "<logging messageFormat='XML'/>",
          "CWWKG0032W Unexpected value specified for property [messageFormat], "
          "value = [XML]. Expected value(s) are: [SIMPLE][JSON][TBASIC]. "
          "Default value in use: SIMPLE. (logging "
          "/u/servers/test/server.xml:1:18)\n" },
        { "<ldapRegistry id='l' host='h' port='1' baseDN='o=x' "
          "ldapType='Other'/>",
          "Expected value(s) are: [Custom][IBM Tivoli Directory Server]" },
        { "<ldapRegistry id='l' host='h' port='1' baseDN='o=x' "
          "ldapType='Other'/>",
          "CWWKG0058E The element ldapRegistry with the unique identifier l is "
          "missing the required attribute ldapType." },
        { "<keyStore id='k' type='JKS'/>", "keystore configuration is "
                                           "incomplete" },
        { "<tcpOptions id='t' hostNameIncludeList='*.a'/>",
          "attribute hostNameIncludeList of tcpOptions is read" },
        { "<zosconnect_zosConnectManager operationMode='SYNC'/>",
          "attribute operationMode of zosconnect_zosConnectManager is read" },
        { "<zosconnect_zosConnectInterceptors id='l' interceptorRef='a,b'/>"
          "<zosconnect_auditInterceptor id='b'/>",
          "CWWKG0033W The value [a] specified" },
        { "<zosconnect_zosConnectInterceptors id='l' interceptorRef='b'/>"
          "<zosconnect_auditInterceptor id='b'/>"
          "<zosconnect_authorizationInterceptor id='b'/>",
          "CWWKG0087W The value [b] specified" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;

        memset(&w, 0, sizeof w);
        assert_int_equal(load(&w, rows[i].server), ERR_OK);
        assert_logged(&w, rows[i].log);
        assert_true(cfg_problems(w.tree) > 0);
        assert_null(strstr(w.log, "!!!")); /* no password in a message */
        cfg_unref(&w.tree);
    }
}

/* ---- what ends a load ---- */

static void
refuses_documents(void **state)
{
    static struct world w;
    static const struct {
        const char *server, *a;
        enum err want;
        const char *log;
    } rows[] = {
        { INC(""), "<server>\n<x>\n</server>", ERR_SYNTAX,
          "File: file:/u/servers/test/a.xml Line: 3 Column: 10\n" },
        { "<x", "", ERR_SYNTAX, "File: file:/u/servers/test/server.xml Line:" },
        { "&a;", "", ERR_SYNTAX, "CWWKG0014E" },
        { "<httpEndpoint id='e' host='a'><host>b</host></httpEndpoint>", "",
          ERR_SYNTAX,
          "Configuration property 'host' seems to be specified as an attribute "
          "and an element" },
        { INC(""), "<!DOCTYPE server [<!ENTITY a 'b'>]><server>&a;</server>",
          ERR_SYNTAX, "a document type declaration is not allowed" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        memset(&w, 0, sizeof w);
        w.files[0] = (struct file){ "/u/servers/test/a.xml", rows[i].a };
        assert_int_equal(load(&w, rows[i].server), rows[i].want);
        assert_null(w.tree);
        assert_logged(&w, rows[i].log);
    }
    memset(&w, 0, sizeof w);
    {
        struct cfg_options options = options_for(&w);

        assert_int_equal(load_with(&w, &options), ERR_NOT_FOUND);
        assert_int_equal(cfg_load_empty(&options, &w.tree, &w.why), ERR_OK);
        assert_int_equal(
            CFG_GET(w.tree, http_endpoint, "defaultHttpEndpoint")->http_port,
            9080);
        assert_true(CFG_ONE(w.tree, zcon_manager)->require_auth);
        cfg_unref(&w.tree);
    }
}

static char *
repeat(const char *text, size_t n)
{
    size_t each = strlen(text);
    char *all = malloc(each * n + 1);

    assert_non_null(all);
    for (size_t i = 0; i < n; i++)
        memcpy(all + i * each, text, each);
    all[each * n] = '\0';
    return all;
}

static void
keeps_limits(void **state)
{
    static struct world w;
    char *deep = repeat("<zosconnect_services>", 40);
    char *up = repeat("</zosconnect_services>", 40);
    char *wide = repeat("<keyEntry name='a'/>", 120);
    static char text[8192];
    struct cfg_options options;

    (void)state;
    memset(&w, 0, sizeof w);
    snprintf(text, sizeof text, "%s%s", deep, up);
    assert_int_equal(load(&w, text), ERR_LIMIT);
    assert_logged(&w, "CWWKG0001E");
    assert_logged(&w, "elements inside each other");

    memset(&w, 0, sizeof w); /* a.xml includes b.xml includes a.xml under
                                other names: bounded by number */
    options = options_for(&w);
    options.limits.max_includes = 3;
    w.files[0] =
        (struct file){ "/u/servers/test/server.xml",
                       "<server>" INC("") INC("") INC("") INC("") "</server>" };
    w.files[1] = (struct file){ "/u/servers/test/a.xml", "<server/>" };
    assert_int_equal(load_with(&w, &options), ERR_LIMIT);
    assert_logged(&w, "more than 3 files");

    snprintf(text, sizeof text,
             "<server><keyStore id='k'>%s</keyStore></server>", wide);
    w.files[0].text = text;
    options.limits.max_elements = 100;
    assert_int_equal(load_with(&w, &options), ERR_LIMIT);
    options.limits.max_elements = 0;
    options.limits.max_file_bytes = 100;
    assert_int_equal(load_with(&w, &options), ERR_LIMIT);
    options.limits.max_file_bytes = 0;
    options.limits.max_tree_bytes = 20000;
    assert_int_equal(load_with(&w, &options), ERR_LIMIT);
    assert_logged(&w, "CWWKG0001E");
    assert_logged(&w, "takes more than 20000 bytes of memory");
    free(deep);
    free(up);
    free(wide);

    { /* what an element may say, and how deep files include each other */
        char *attrs = malloc(300 * 16), *p = attrs;

        assert_non_null(attrs);
        *attrs = '\0';
        for (int i = 0; i < 300; i++)
            sprintf(attrs + strlen(attrs), "<c%d/>", i);
        snprintf(text, sizeof text, "<httpEndpoint>%s</httpEndpoint>", attrs);
        memset(&w, 0, sizeof w);
        assert_int_equal(load(&w, text), ERR_LIMIT);
        assert_logged(&w, "more than 256 attributes and kinds of elements");
        p = attrs;
        for (int i = 0; i < 300; i++)
            p += sprintf(p, " a%d='%d'", i, i);
        snprintf(text, sizeof text, "<httpEndpoint%s/>", attrs);
        memset(&w, 0, sizeof w);
        assert_int_equal(load(&w, text), ERR_LIMIT);
        assert_logged(&w, "CWWKG0001E");
        assert_logged(&w, "server.xml:1:");
        free(attrs);
    }
    memset(&w, 0, sizeof w);
    options = options_for(&w);
    options.limits.max_inc_depth = 2;
    w.files[0] = (struct file){ "/u/servers/test/server.xml",
                                "<server>" INC("") "</server>" };
    w.files[1] =
        (struct file){ "/u/servers/test/a.xml",
                       "<server><include location='b.xml'/></server>" };
    w.files[2] =
        (struct file){ "/u/servers/test/b.xml",
                       "<server><include location='c.xml'/></server>" };
    w.files[3] = (struct file){ "/u/servers/test/c.xml", "<server/>" };
    assert_int_equal(load_with(&w, &options), ERR_LIMIT);
    assert_logged(&w, "b.xml:1:9: more than");
    assert_logged(&w, "deeper than 2");

    /* a billion laughs by variables, with bytes and without */
    for (int has_bytes = 0; has_bytes < 2; has_bytes++) {
        char *p = text;

        memset(&w, 0, sizeof w);
        for (int i = 0; i < 30; i++)
            p += sprintf(p, "<variable name='v%d' value='${v%d}${v%d}'/>", i,
                         i + 1, i + 1);
        sprintf(p,
                "<variable name='v30' value='%s'/>"
                "<httpEndpoint id='e' host='${v0}'/>",
                has_bytes ? "haha" : "");
        assert_int_equal(load(&w, text), ERR_OK);
        assert_logged(&w, "CWWKG0075E");
        assert_null(CFG_GET(w.tree, http_endpoint, "e"));
        cfg_unref(&w.tree);
    }
}

/* However little storage there is: a refusal or a tree, never half of one. */
static void
survives_little_storage(void **state)
{
    static struct world w;
    struct cfg_options options = options_for(&w);
    bool was_enough = false;

    (void)state;
    memset(&w, 0, sizeof w);
    w.files[0] = (struct file){
        "/u/servers/test/server.xml",
        "<server><include location='a.xml'/><variable name='v' value='1'/>"
        "<httpEndpoint id='e' host='${v}${v}'><httpOptions/></httpEndpoint>"
        "<httpEndpoint id='e' host='x'/><logging hideMessage='a,b'/>"
        "<zosconnect_zosConnectInterceptors id='l' interceptorRef='u'/>"
        "<usr_x id='u' y='z'/><keyStore id='k' location='l' password='p'/>"
        "</server>"
    };
    w.files[1] = (struct file){ "/u/servers/test/a.xml", THEIRS };
    for (size_t bytes = 500; !was_enough; bytes += 97) {
        enum err e;

        options.limits.max_tree_bytes = bytes;
        e = load_with(&w, &options);
        was_enough = e == ERR_OK;
        if (e == ERR_OK)
            cfg_unref(&w.tree);
        else if ((e != ERR_MEMORY && e != ERR_LIMIT) || w.tree != NULL)
            fail_msg("%zu bytes: %d %s", bytes, (int)e, w.why.text);
        assert_true(bytes < 1u << 20);
    }
}

static unsigned n_reads_left;

static enum err
read_fewer(void *arg, const char *path, struct buf *out, struct err_info *why)
{
    if (n_reads_left == 0)
        return err_set(why, ERR_NOT_FOUND, "%s: it vanished", path);
    n_reads_left--;
    return read_memory(arg, path, out, why);
}

/* A file that is gone between two looks at it, wherever that happens. */
static void
survives_vanishing_files(void **state)
{
    static struct world w;
    struct cfg_options options = options_for(&w);

    (void)state;
    options.read_file = read_fewer;
    memset(&w, 0, sizeof w);
    w.files[0] = (struct file){ "/u/servers/test/server.xml",
                                "<server>" MAIN INC("") INC("") "</server>" };
    w.files[1] = (struct file){ "/u/servers/test/a.xml", THEIRS };
    for (unsigned n = 0; n <= 5; n++) {
        n_reads_left = n;
        if (n == 0) {
            assert_int_equal(load_with(&w, &options), ERR_NOT_FOUND);
            continue;
        }
        assert_int_equal(load_with(&w, &options), ERR_OK);
        assert_str(CFG_GET(w.tree, http_endpoint, "e")->host,
                   n < 3 ? "main" : "theirs");
        if (n < 5)
            assert_logged(&w, "CWWKG0090E The /u/servers/test/a.xml");
        cfg_unref(&w.tree);
    }
}

static void
obeys_on_error(void **state)
{
    static struct world w;
    struct cfg_options options = options_for(&w);

    (void)state;
    memset(&w, 0, sizeof w);
    w.files[0] = (struct file){ "/u/servers/test/server.xml",
                                "<server><include location='x'/><include "
                                "location='y'/></server>" };
    options.on_error = CFG_ON_ERROR_FAIL;
    assert_int_equal(load_with(&w, &options), ERR_NOT_NOW);
    assert_logged(&w, "servers/test/x ");
    assert_null(strstr(w.log, "servers/test/y ")); /* the first error only */
    options.on_error = CFG_ON_ERROR_IGNORE;
    assert_int_equal(load_with(&w, &options), ERR_OK);
    assert_string_equal(w.log, "");
    cfg_unref(&w.tree);
    /* <config onError> counts after reading */
    memset(&w, 0, sizeof w);
    assert_int_equal(load(&w, "<config onError='fail'/>"
                              "<zosconnect_cicsIpicConnection id='c'/>"),
                     ERR_NOT_NOW);
    memset(&w, 0, sizeof w);
    assert_int_equal(load(&w, "<config onError='IGNORE'/>"
                              "<zosconnect_cicsIpicConnection id='c'/>"),
                     ERR_OK);
    assert_string_equal(w.log, "");
    assert_int_equal(cfg_on_error(w.tree), CFG_ON_ERROR_IGNORE);
    cfg_unref(&w.tree);
}

/* ---- typed elements ---- */

static void
fills_elements(void **state)
{
    static struct world w;
    const struct cfg_zcon_manager *m;
    const struct cfg_zcon_apis *apis;
    const struct cfg_zcon_requesters *reqs;
    const struct cfg_key_store *ks;
    const struct cfg_ssl *ssl;

    (void)state;
    memset(&w, 0, sizeof w);
    assert_int_equal(
        load(&w,
             "<zosconnect_zosConnectManager requireSecure='false' "
             "globalInvokeGroup=' A , B\\,C ' globalInterceptorsRef='l'/>"
             "<zosconnect_zosConnectInterceptors id='l' "
             "interceptorRef='audit, auth'/>"
             "<zosconnect_authorizationInterceptor id='auth'/>"
             "<zosconnect_auditInterceptor id='audit'/>"
             "<zosconnect_zosConnectAPIs location=''>"
             "<zosConnectAPI name='one' requireAuth='FALSE' invokeGroup=''/>"
             "<zosConnectAPI name='two' adminGroup='X' "
             "runGlobalInterceptors='false'/></zosconnect_zosConnectAPIs>"
             "<zosconnect_apiRequesters location='/v//x/../y/' "
             "idAssertion='assert_only'><apiRequester name='r' "
             "requireSecure='true'/></zosconnect_apiRequesters>"
             "<sslDefault sslRef='s'/>"
             "<ssl id='s' keyStoreRef='k' clientAuthentication='true'>"
             "<outboundConnection host='*' port='443'/></ssl>"
             "<keyStore id='k' location='safkeyring://Ring' type='JCERACFKS' "
             "password='{xor}Lz4sLCgwLTs='/>"
             "<httpEndpoint id='n'><httpOptions persistTimeout='1m30s'/>"
             "<httpOptions readTimeout='500ms'/></httpEndpoint>"
             "<zosconnect_services><service name='s'>"
             "<property name='a' value='1'/><property name='b' value='2'/>"
             "</service></zosconnect_services>"),
        ERR_OK);
    assert_string_equal(
        w.log, "SPT0401W /u/servers/test/server.xml:1: "
               "zosconnect_auditInterceptor is read, but has no effect in this "
               "release.\n");
    m = CFG_ONE(w.tree, zcon_manager);
    assert_false(m->require_secure);
    assert_true(m->require_auth);
    assert_list(m->groups.invoke, "A,B,C"); /* two items: "A" and "B,C" */
    assert_int_equal(m->groups.invoke.n, 2);
    assert_false(m->groups.admin.is_set);
    assert_int_equal(m->async_request_timeout_ms, 30000);
    assert_int_equal(m->global_interceptors->interceptors.n, 2);
    assert_non_null(
        CFG_AS(m->global_interceptors->interceptors.v[0], zcon_audit));
    assert_null(
        CFG_AS(m->global_interceptors->interceptors.v[0], zcon_authorization));

    apis = CFG_ONE(w.tree, zcon_apis);
    assert_str(apis->location, "/u/servers/test/resources/zosconnect/apis");
    assert_int_equal(apis->n_apis, 2);
    assert_str(apis->apis[0].name, "one");
    assert_int_equal(apis->apis[0].require_auth, CFG_NO);
    assert_int_equal(apis->apis[1].require_auth, CFG_UNSET);
    assert_true(apis->apis[0].groups.invoke.is_set);
    assert_int_equal(apis->apis[0].groups.invoke.n, 0);
    assert_false(apis->apis[1].run_global_interceptors);

    reqs = CFG_ONE(w.tree, zcon_requesters);
    assert_str(reqs->location, "/v/y");
    assert_int_equal(reqs->id_assertion, CFG_ASSERT_ONLY);
    assert_int_equal(reqs->requesters[0].id_assertion, CFG_ASSERT_UNSET);
    assert_int_equal(reqs->requesters[0].require_secure, CFG_YES);
    assert_false(reqs->allow_unsigned_identity);

    ssl = CFG_ONE(w.tree, ssl_default)->ssl;
    assert_true(ssl == CFG_GET(w.tree, ssl, "s"));
    assert_null(CFG_ONE(w.tree, ssl_default)->outbound_ssl);
    assert_int_equal(ssl->outbound[0].port, 443);
    ks = ssl->key_store;
    assert_str(ks->location, "safkeyring://Ring");
    assert_false(ks->file_based);
    assert_true(ks->has_password);
    assert_true(secret_eq(&ks->password, STR("password")));
    assert_null(ssl->trust_store);

    assert_int_equal(
        CFG_GET(w.tree, http_endpoint, "n")->http_options->persist_timeout_ms,
        90000);
    assert_int_equal(
        CFG_GET(w.tree, http_endpoint, "n")->http_options->read_timeout_ms, 0);
    assert_int_equal(CFG_ONE(w.tree, zcon_services)->services[0].n_properties,
                     2);
    assert_non_null(cfg_get(w.tree, "httpEndpoint", "n"));
    assert_null(cfg_get(w.tree, "httpEndpoint", "N")); /* ids have case */
    assert_null(cfg_get(w.tree, "nonsense", ""));
    cfg_unref(&w.tree);
}

static void
fills_nested_and_free(void **state)
{
    static struct world w;
    const struct cfg_auth_filter *f;
    const struct cfg_user_interceptor *u;
    const struct cfg_zcon_interceptors *list;
    const struct cfg_zcon_endpoint *end;
    const struct cfg_jms_connection *jms;

    (void)state;
    memset(&w, 0, sizeof w);
    assert_int_equal(
        load(&w,
             "<authFilter id='f'><requestUrl urlPattern='/a' "
             "matchType='notContain'/><requestHeader name='h'/></authFilter>"
             "<openidConnectClient id='o' authFilterRef='f' "
             "signatureAlgorithm='rs256' issuerIdentifier='a, b' "
             "clientSecret='{xor}Pg=='/>"
             "<usr_logger id='u' sequence='3' path='${wlp.server.name}' "
             "Level='high'/><usr_other id='u'/>"
             "<zosconnect_zosConnectInterceptors id='l' interceptorRef='x'/>"
             "<zosconnect_authorizationInterceptor id='x'/>"
             "<zosconnect_endpointConnection id='e' host='http://h' "
             "authenticationConfigRef='named,mine'>"
             "<zosconnect_authData id='mine' user='inner'/>"
             "</zosconnect_endpointConnection>"
             "<zosconnect_authData id='named' user='outer'/>"
             "<zosconnect_authData id='mine' user='shadowed'/>"
             "<jmsConnectionFactory id='j' jndiName='jms/cf'>"
             "<properties.wmqJMS transportType='bindings' port='1422'/>"
             "</jmsConnectionFactory>"),
        ERR_OK);
    f = CFG_GET(w.tree, oidc_client, "o")->auth_filter;
    assert_int_equal(f->n_urls, 1);
    assert_str(f->urls[0].match_type, "notContain");
    assert_null(f->headers[0].value.p);
    assert_str(f->headers[0].match_type, "contains");
    assert_str(CFG_GET(w.tree, oidc_client, "o")->signature_algorithm, "RS256");
    assert_list(CFG_GET(w.tree, oidc_client, "o")->issuer_identifiers, "a,b");

    assert_int_equal(cfg_count(w.tree, &cfg_type_user_interceptor), 2);
    u = CFG_GET(w.tree, user_interceptor, "u");
    assert_str(u->node.name, "usr_logger[u]");
    assert_int_equal(u->sequence, 3);
    assert_int_equal(u->settings.n, 2);
    assert_str(u->settings.v[0].name, "path");
    assert_str(u->settings.v[0].value, "test");
    assert_str(u->settings.v[1].name, "Level");

    list = CFG_GET(w.tree, zcon_interceptors, "l");
    assert_int_equal(list->interceptors.n, 1);
    end = CFG_GET(w.tree, zcon_endpoint, "e");
    assert_int_equal(end->authentication.n, 2);
    assert_str(CFG_AS(end->authentication.v[0], zcon_auth_data)->user, "outer");
    assert_str(CFG_AS(end->authentication.v[1], zcon_auth_data)->user, "inner");

    jms = CFG_GET(w.tree, jms_connection, "j");
    assert_int_equal(jms->mq->transport_type, 0);
    assert_int_equal(jms->mq->port, 1422);
    assert_logged(&w, "test/server.xml:1: usr_logger is read, but");
    cfg_unref(&w.tree);
}

/* What looks like a variable but is filled in later stays, whatever the
 * environment holds. */
static void
keeps_placeholders(void **state)
{
    static struct world w;
    const struct cfg_zcon_auth_token *t;

    (void)state;
    memset(&w, 0, sizeof w);
    assert_int_equal(
        load(&w, "<variable name='password' value='wrong'/>"
                 "<variable name='scope' value='s'/>"
                 "<zosconnect_authToken id='t'><tokenRequest "
                 "credentialLocation='body' requestBody='{\"u\":\"${userid}\","
                 "\"p\":\"${password}\",\"s\":\"${scope}${nobody}\",${'/>"
                 "</zosconnect_authToken>"
                 "<ldapRegistry id='l' host='h' port='1' baseDN='o=x' "
                 "ldapType='Custom' certificateMapMode='CERTIFICATE_FILTER' "
                 "certificateFilter='(&amp;(uid=${SubjectCN})(${scope}=1)"
                 "(x=${password}))'/>"),
        ERR_OK);
    t = CFG_GET(w.tree, zcon_auth_token, "t");
    assert_str(t->request->request_body,
               "{\"u\":\"${userid}\",\"p\":\"${password}\",\"s\":"
               "\"s${nobody}\",${");
    assert_str(CFG_GET(w.tree, ldap, "l")->certificate_filter,
               "(&(uid=${SubjectCN})(s=1)(x=wrong))");
    cfg_unref(&w.tree);
}

/* What a refused element said does not pass to the one after it. */
static void
forgets_refused_children(void **state)
{
    static struct world w;
    const struct cfg_zcon_api *api;
    const struct cfg_basic_registry *registry;
    const struct cfg_key_store *ks;

    (void)state;
    memset(&w, 0, sizeof w);
    assert_int_equal(
        load(&w, "<zosconnect_zosConnectAPIs>"
                 "<zosConnectAPI requireAuth='false' requireSecure='false' "
                 "invokeGroup='EVERYBODY' interceptorsRef='l'/>"
                 "<zosConnectAPI name='two'/></zosconnect_zosConnectAPIs>"
                 "<zosconnect_zosConnectInterceptors id='l'/>"
                 "<basicRegistry id='b'><user password='refused'/>"
                 "<user name='ann'/><user name='bob' password='his'/>"
                 "<group><member name='bob'/></group><group name='g'/>"
                 "</basicRegistry>"
                 "<keyStore id='k' location='x'><keyEntry keyPassword='lost'/>"
                 "<keyEntry name='a' keyPassword='kept'/></keyStore>"),
        ERR_OK);
    assert_int_equal(CFG_ONE(w.tree, zcon_apis)->n_apis, 1);
    api = &CFG_ONE(w.tree, zcon_apis)->apis[0];
    assert_str(api->name, "two");
    assert_int_equal(api->require_auth, CFG_UNSET);
    assert_int_equal(api->require_secure, CFG_UNSET);
    assert_false(api->groups.invoke.is_set);
    assert_null(api->interceptors);
    registry = CFG_GET(w.tree, basic_registry, "b");
    assert_int_equal(registry->n_users, 1);
    assert_str(registry->users[0].name, "bob");
    assert_true(secret_eq(&registry->users[0].password, STR("his")));
    assert_int_equal(registry->n_groups, 1);
    assert_int_equal(registry->groups[0].n_members, 0);
    ks = CFG_GET(w.tree, key_store, "k");
    assert_int_equal(ks->n_key_entries, 1);
    assert_true(secret_eq(&ks->key_entries[0].key_password, STR("kept")));
    cfg_unref(&w.tree);
}

/* Twice the same thing without effect is said once. */
static void
says_without_effect_once(void **state)
{
    static struct world w;
    const char *first;

    (void)state;
    memset(&w, 0, sizeof w);
    assert_int_equal(load(&w, "<config onError='IGNORE'/>"
                              "<jwtBuilder id='a'/>\n<jwtBuilder id='b'/>"
                              "<webAppSecurity loginFormURL='/x'/>"
                              "<safAuthorization enableDelegation='false'/>"
                              "<logging appsWriteJson='true'/>"),
                     ERR_OK);
    first = strstr(w.log, "xml:1: jwtBuilder is read, but");
    assert_non_null(first);
    assert_null(strstr(first + 20, "jwtBuilder"));
    assert_logged(&w, "attribute loginFormURL of webAppSecurity is read");
    /* not the one whose value says what happens anyway */
    assert_logged(&w, "attribute appsWriteJson of logging");
    assert_null(strstr(w.log, "safAuthorization"));
    cfg_unref(&w.tree);
}

/* Who asks is told what is not known, and what may have been meant. */
static void
tells_unknown_names(void **state)
{
    static const struct {
        const char *server, *log;
    } rows[] = {
        { "<zosconnect_zosConnectAPI requireAuth='true'/>",
          "SPT0403W /u/servers/test/server.xml:1:9: element "
          "zosconnect_zosConnectAPI is not known and is ignored. Did you mean "
          "\"zosconnect_zosConnectAPIs\"?\n" },
        { "<zosconnect_zosConnectManager requireAuht='true'/>",
          "SPT0403W /u/servers/test/server.xml:1:39: attribute requireAuht of "
          "zosconnect_zosConnectManager is not known and is ignored. Did you "
          "mean \"requireAuth\"?\n" },
        { "<basicRegistry id='b'><usr name='u' password='p'/></basicRegistry>",
          "element usr of basicRegistry is not known and is ignored. Did you "
          "mean \"user\"?\n" },
        { "<zosconnect_services><service name='s' groups='A'/>"
          "</zosconnect_services>",
          "attribute groups of service is not known and is ignored.\n" },
        { "<somethingOfAnotherProduct/>",
          "element somethingOfAnotherProduct is not known and is ignored.\n" },
        { "<ssl id='s' KEYSTOREREF='k'><trustStore ref='k'/></ssl>"
          "<keyStore id='k' location='l' configurationEnabled='true'/>"
          "<usr_x id='u' anything='1'/><zosconnect_endpointConnection id='e' "
          "host='http://h'><zosconnect_authData/>"
          "</zosconnect_endpointConnection><httpEndpoint id='e'>"
          "<accessLogging/></httpEndpoint>",
          NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int is_asked = 0; is_asked < 2; is_asked++) {
            static struct world w;
            static char text[2048];
            struct cfg_options options = options_for(&w);

            memset(&w, 0, sizeof w);
            snprintf(text, sizeof text, "<server>%s</server>", rows[i].server);
            w.files[0] = (struct file){ "/u/servers/test/server.xml", text };
            options.tells_unknown = is_asked;
            assert_int_equal(load_with(&w, &options), ERR_OK);
            if (is_asked && rows[i].log != NULL)
                assert_logged(&w, rows[i].log);
            else if (strstr(w.log, "SPT0403W") != NULL)
                fail_msg("row %zu: %s", i, w.log);
            cfg_unref(&w.tree);
        }
    }
}

static void
checks_features(void **state)
{
    static const struct {
        const char *features; /* <feature> elements */
        const char *installed, *log;
        unsigned errors;
    } rows[] = {
#define F(x) "<feature>" x "</feature>"
        { F("json-1.0"), "json-1.0", "", 0 },
        { F(" JSON-1.0 ") F("json-1.0"), "json-1.0", "", 0 },
        { "", "",
          "CWWKF0009W The server has not been configured to install "
          "any features.\n",
          0 },
        { F("no-1.0"), "",
          "CWWKF0001E A feature definition could not be found for no-1.0\n"
          "CWWKF0009W The server has not been configured to install any "
          "features.\n",
          1 },
        { F("servlet-3.0") F("servlet-3.1"), "servlet-3.1",
          "CWWKF0033E The singleton features servlet-3.0 and servlet-3.1 "
          "cannot be loaded at the same time. The configured features "
          "servlet-3.0 and servlet-3.1 include one or more features that cause "
          "the conflict.",
          1 },
        { F("servlet-3.0") F("samlWeb-2.0"),
          "appSecurity-2.0,distributedMap-1.0,jndi-1.0,samlWeb-2.0,servlet-3.1,"
          "ssl-1.0",
          "features servlet-3.0 and samlWeb-2.0 include", 1 },
        { F("appSecurity-1.0") F("appSecurity-2.0"),
          "appSecurity-2.0,distributedMap-1.0,jndi-1.0,ssl-1.0",
          "CWWKF0031I The server skipped loading feature appSecurity-1.0 "
          "because equivalent functionality already exists.\n",
          0 },
#undef F
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;
        struct cfg_list names;
        struct arena arena;
        char text[1024];

        memset(&w, 0, sizeof w);
        snprintf(text, sizeof text, "<featureManager>%s</featureManager>",
                 rows[i].features);
        assert_int_equal(load(&w, text), ERR_OK);
        arena_init(&arena, 1u << 20);
        assert_int_equal(features_of(w.tree, &arena, &names, NULL, &w.why),
                         ERR_OK);
        assert_list(names, rows[i].installed);
        w.log[0] = '\0';
        assert_int_equal(features_check(w.tree, note, &w), rows[i].errors);
        assert_logged(&w, rows[i].log);
        if (rows[i].log[0] == '\0')
            assert_string_equal(w.log, "");
        arena_fini(&arena);
        cfg_unref(&w.tree);
    }
}

static void
compares_trees(void **state)
{
    static const struct {
        const char *one, *two;
        bool is_equal;
    } rows[] = {
        { MAIN, MAIN, true },
        { MAIN, "\n\n<!-- moved -->" MAIN, true },
        { MAIN, MAIN "<unknown/>", true },
        { MAIN, MAIN "<httpEndpoint id='defaultHttpEndpoint'/>", true },
        { MAIN, "<httpEndpoint id='e' host='main' httpPort='2'/>", false },
        { MAIN, MAIN "<ssl id='s'/>", false },
        { "<keyStore id='k' location='f' password='a'/>",
          "<keyStore id='k' location='f' password='b'/>", false },
        { "<keyStore id='k' location='f' password='a'/>",
          "<keyStore id='k' location='f' password='{xor}Pg=='/>", true },
        { "<zosconnect_apiRequesters><apiRequester name='r' "
          "requireSecure='true'/></zosconnect_apiRequesters>",
          "<zosconnect_apiRequesters><apiRequester name='r' "
          "requireSecure='false'/></zosconnect_apiRequesters>",
          false },
        { "<httpEndpoint id='e'><httpOptions readTimeout='1'/></httpEndpoint>",
          "<httpEndpoint id='e'><httpOptions readTimeout='2'/></httpEndpoint>",
          false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world one, two;

        memset(&one, 0, sizeof one);
        memset(&two, 0, sizeof two);
        assert_int_equal(load(&one, rows[i].one), ERR_OK);
        assert_int_equal(load(&two, rows[i].two), ERR_OK);
        if (cfg_equal(one.tree, two.tree) != rows[i].is_equal)
            fail_msg("row %zu", i);
        cfg_unref(&one.tree);
        cfg_unref(&two.tree);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_scalars),
        cmocka_unit_test(merges_lists),
        cmocka_unit_test(merges_nested),
        cmocka_unit_test(resolves_references),
        cmocka_unit_test(splices_lists),
        cmocka_unit_test(reports_conflicts),
        cmocka_unit_test(bounds_conflicts),
        cmocka_unit_test(merges_with_builtin),
        cmocka_unit_test(expands_variables),
        cmocka_unit_test(merges_variables),
        cmocka_unit_test(follows_includes),
        cmocka_unit_test(reports_bad_values),
        cmocka_unit_test(refuses_documents),
        cmocka_unit_test(keeps_limits),
        cmocka_unit_test(survives_little_storage),
        cmocka_unit_test(survives_vanishing_files),
        cmocka_unit_test(obeys_on_error),
        cmocka_unit_test(fills_elements),
        cmocka_unit_test(fills_nested_and_free),
        cmocka_unit_test(keeps_placeholders),
        cmocka_unit_test(forgets_refused_children),
        cmocka_unit_test(says_without_effect_once),
        cmocka_unit_test(tells_unknown_names),
        cmocka_unit_test(checks_features),
        cmocka_unit_test(compares_trees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
