/* Merging: onConflict, lists, nested elements, references, conflicts. */
#include "config/test_world.h"

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

/* What several files say about one API, service, requester or property is said
 * of one: found by id, or by the name that it is about. */
static void
names_are_one(void **state)
{
    struct world w = {
        .files = { { "/u/servers/test/a.xml",
                     "<server><zosconnect_zosConnectAPIs>"
                     "<zosConnectAPI name='a' requireAuth='false' "
                     "adminGroup='AG'><invokeGroup>H</invokeGroup>"
                     "</zosConnectAPI></zosconnect_zosConnectAPIs>"
                     "<zosconnect_apiRequesters><apiRequester name='q' "
                     "requireSecure='false'/></zosconnect_apiRequesters>"
                     "</server>" } }
    };
    const struct cfg_zcon_apis *apis;
    const struct cfg_zcon_services *services;
    const struct cfg_zcon_requesters *requesters;

    (void)state;
    assert_int_equal(
        load(&w,
             "<variable name='n' value='a'/>"
             "<zosconnect_zosConnectAPIs><zosConnectAPI name='a' "
             "requireAuth='true' requireSecure='true'>"
             "<invokeGroup>G</invokeGroup></zosConnectAPI>"
             "<zosConnectAPI id='i' name='b'/><zosConnectAPI name='A'/>"
             "</zosconnect_zosConnectAPIs><include location='a.xml'/>"
             "<zosconnect_zosConnectAPIs><zosConnectAPI id='k' name='${n}' "
             "readerGroup='RG'/><zosConnectAPI id='i' operationsGroup='OG'/>"
             "<zosConnectAPI name='b' runGlobalInterceptors='false'/>"
             "<zosConnectAPI/></zosconnect_zosConnectAPIs>"
             "<zosconnect_services><service name='s'><property name='p' "
             "value='1'/><property name='o' value='2'/></service>"
             "<service name='s'><property name='p' value='3'/></service>"
             "</zosconnect_services>"
             "<zosconnect_apiRequesters><apiRequester name='q' "
             "requireAuth='true'/></zosconnect_apiRequesters>"),
        ERR_OK);
    apis = CFG_ONE(w.tree, zcon_apis);
    assert_int_equal(apis->n_apis, 3); /* without a name: refused */
    assert_logged(&w, "is missing the required attribute name");
    assert_str(apis->apis[0].name, "a");
    assert_int_equal(apis->apis[0].require_auth, CFG_NO);
    assert_int_equal(apis->apis[0].require_secure, CFG_YES);
    assert_list(apis->apis[0].groups.invoke, "G,H");
    assert_list(apis->apis[0].groups.admin, "AG");
    assert_list(apis->apis[0].groups.reader, "RG");
    assert_str(apis->apis[1].name, "b");
    assert_list(apis->apis[1].groups.operations, "OG");
    assert_false(apis->apis[1].run_global_interceptors);
    assert_str(apis->apis[2].name, "A"); /* case counts */
    services = CFG_ONE(w.tree, zcon_services);
    assert_int_equal(services->n_services, 1);
    assert_int_equal(services->services[0].n_properties, 2);
    assert_str(services->services[0].properties[0].value, "3");
    requesters = CFG_ONE(w.tree, zcon_requesters);
    assert_int_equal(requesters->n_requesters, 1);
    assert_int_equal(requesters->requesters[0].require_auth, CFG_YES);
    assert_int_equal(requesters->requesters[0].require_secure, CFG_NO);
    cfg_unref(&w.tree);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_one),
        cmocka_unit_test(merges_scalars),
        cmocka_unit_test(merges_lists),
        cmocka_unit_test(merges_nested),
        cmocka_unit_test(resolves_references),
        cmocka_unit_test(splices_lists),
        cmocka_unit_test(reports_conflicts),
        cmocka_unit_test(bounds_conflicts),
        cmocka_unit_test(merges_with_builtin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
