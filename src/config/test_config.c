/* Typed elements, features and comparing trees. */
#include "config/test_world.h"

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
             "matchType='NOTCONTAIN'/><requestHeader name='h'/>"
             "<remoteAddress ip='10.7.1.5|10.7.[1-9].*|10.*.*.*' "
             "matchType='lessThan'/><remoteAddress ip='fe80::1'/>"
             "<remoteAddress ip='fe80:1:2:3:4:5:[1-f]:*'/></authFilter>"
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
    assert_int_equal(f->n_addresses, 3);
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
        { "<include location='x.xml' optional='true' onconflict='IGNORE'/>",
          "SPT0403W /u/servers/test/server.xml:1:51: attribute onconflict of "
          "include is not known and is ignored. Did you mean "
          "\"onConflict\"?\n" },
        { "<httpEndpoint id='e'><httpPort>1</httpPort></httpEndpoint>"
          "<httpEndpoint id='e'><httpPort>2</httpPort></httpEndpoint>",
          "SPT0510W /u/servers/test/server.xml:1:88: httpPort of "
          "httpEndpoint[e] is there several times as an element; the first "
          "counts, at /u/servers/test/server.xml:1:30.\n" },
        { "<variable name='a' valu='b' defaultValue='c'/>",
          "attribute valu of variable is not known and is ignored. Did you "
          "mean \"value\"?\n" },
        { "<include id='i' location='x.xml' optional='true' onConflict='merge' "
          "configurationEnabled='true'/><variable id='v' name='a' value='b'/>",
          NULL },
        { "<somethingOfAnotherProduct/>",
          "element somethingOfAnotherProduct is not known and is ignored.\n" },
        { "<ssl id='s' KEYSTOREREF='k'><trustStore ref='k'/></ssl>"
          "<keyStore id='k' location='l' configurationEnabled='true'/>"
          "<usr_x id='u' anything='1'><i "
          "b='2'/></usr_x><zosconnect_endpointConnection id='e' "
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
            options.tells_all = is_asked;
            assert_int_equal(load_with(&w, &options), ERR_OK);
            if (is_asked && rows[i].log != NULL)
                assert_logged(&w, rows[i].log);
            else if (strstr(w.log, "SPT0403W") != NULL ||
                     strstr(w.log, "SPT0510W") != NULL)
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
        { F("ssl-1.0"), "ssl-1.0", "", 0 },
        { F(" SSL-1.0 ") F("ssl-1.0"), "ssl-1.0", "", 0 },
        { "", "",
          "CWWKF0009W The server has not been configured to install "
          "any features.\n",
          0 },
        { F("no-1.0"), "",
          "CWWKF0001E A feature definition could not be found for no-1.0 "
          "(/u/servers/test/server.xml:1:25)\n"
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
        { F("servlet-4.0") F("requestTiming-1.0"),
          "requestTiming-1.0,servlet-4.0", "", 0 },
        { F("servlet-4.0") F("samlWeb-2.0"),
          "appSecurity-2.0,distributedMap-1.0,jndi-1.0,samlWeb-2.0,servlet-4.0,"
          "ssl-1.0",
          "SPT0401W /u/servers/test/server.xml:1:55: feature samlWeb-2.0 is "
          "read, but has no effect in this release.\n",
          0 },
        { F("servlet-4.0") F("servlet-3.1"), "servlet-4.0",
          "CWWKF0033E The singleton features servlet-3.1 and servlet-4.0", 1 },
        { F("ssl-1.0") F("jdbc-4.2"), "jdbc-4.2,ssl-1.0",
          "SPT0401W /u/servers/test/server.xml:1:51: feature jdbc-4.2 is read, "
          "but has no effect in this release.\n",
          0 },
        { F("jwt-1.0") F("monitor-1.0") F("JWT-1.0"), "jwt-1.0,monitor-1.0",
          "SPT0401W /u/servers/test/server.xml:1:25: feature jwt-1.0 is read, "
          "but has no effect in this release.\n"
          "SPT0401W /u/servers/test/server.xml:1:51: feature monitor-1.0 is "
          "read, but has no effect in this release.\n",
          0 },
        { F("appSecurity-3.0") F("appSecurity-2.0"),
          "appSecurity-3.0,cdi-2.0,distributedMap-1.0,el-3.0,jndi-1.0,"
          "servlet-4.0,ssl-1.0",
          "CWWKF0031I The server skipped loading feature appSecurity-2.0", 0 },
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
        if (strstr(rows[i].installed, "appSecurity") != NULL)
            assert_true(features_have(w.tree, "appSecurity-2.0"));
        assert_int_equal(features_have(w.tree, "servlet-3.0"),
                         strstr(rows[i].installed, "servlet") != NULL);
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

static void
places_of_values(void **state)
{
    struct world w = {
        .files = { { "/u/servers/test/a.xml",
                     "<server>\n<tcpOptions id='t'\n soReuseAddr='false'>\n"
                     " <addressIncludeList>x</addressIncludeList>\n"
                     "</tcpOptions></server>" } }
    };
    const struct cfg_tcp_options *t;
    char where[CFG_WHERE_MAX];

    (void)state;
    assert_int_equal(
        load(&w, "<include location='a.xml'/>\n<tcpOptions id='t'>"
                 "<addressIncludeList>my own</addressIncludeList>\n"
                 "<addressIncludeList>y</addressIncludeList></tcpOptions>"),
        ERR_OK);
    t = CFG_GET(w.tree, tcp_options, "t");
    assert_non_null(t);
    assert_str(cfg_where(&t->node, "soReuseAddr", STR(""), where),
               " (/u/servers/test/a.xml:3:2)");
    assert_str(cfg_where(&t->node, "addressIncludeList", STR("x"), where),
               " (/u/servers/test/a.xml:4:2)");
    assert_str(cfg_where(&t->node, "addressIncludeList", STR("y"), where),
               " (/u/servers/test/server.xml:3:1)");
    /* not written: the element's place */
    assert_str(cfg_where(&t->node, "inactivityTimeout", STR(""), where),
               " (/u/servers/test/a.xml:2)");
    assert_str(cfg_where(&t->node, NULL, STR(""), where),
               " (/u/servers/test/a.xml:2)");
    /* built in */
    assert_str(
        cfg_where(&CFG_ONE(w.tree, logging)->node, "maxFiles", STR(""), where),
        "");
    cfg_unref(&w.tree);
}

/*
 * A value may be an element of that name, with attributes too, which mean
 * nothing. Where one value is wanted the first element counts, though of
 * attributes the last does.
 */
static void
values_may_be_elements(void **state)
{
    static struct world w;
    const struct cfg_http_endpoint *e;
    const struct cfg_zcon_interceptors *l;
    const struct cfg_ssl *s;
    unsigned n_free = 0, n_second = 0;

    (void)state;
    memset(&w, 0, sizeof w);
    assert_int_equal(
        load(&w, "<httpEndpoint id='e'><host note='n'>h${one}</host>"
                 "<httpPort>8<!-- 1 -->1</httpPort><httpPort>82</httpPort>"
                 "<httpsPort x='1'> 83 </httpsPort></httpEndpoint>"
                 "<httpEndpoint id='e'><httpPort>84</httpPort></httpEndpoint>"
                 "<variable name='one' value='1'/>"
                 "<logging><hideMessage x='1'>A,B</hideMessage><hideMessage/>"
                 "<hideMessage>C</hideMessage></logging>"
                 "<keyStore id='k' location='k'><password p='1'>se<b/>cret"
                 "</password></keyStore><keyStore id='j' location='j'/>"
                 "<ssl id='s'><keyStoreRef>k</keyStoreRef>"
                 "<keyStoreRef>j</keyStoreRef><trustStore ref='j'/>"
                 "<trustStore ref='k'/></ssl>"
                 "<ssl id='t' keyStoreRef='j'><keyStore>k</keyStore>"
                 "<trustStore>nix</trustStore></ssl>"
                 "<zosconnect_zosConnectInterceptors id='l'>"
                 "<interceptorRef>a</interceptorRef>"
                 "<interceptorRef n='1'>${one}</interceptorRef>"
                 "<interceptorRef/><interceptor>2</interceptor><interceptor>q</"
                 "interceptor></zosconnect_zosConnectInterceptors>"
                 "<zosconnect_zosConnectInterceptors id='m' "
                 "interceptorRef='2,1'/><usr_a id='q'/><usr_a id='2'/><usr_b "
                 "id='2'/>"
                 "<usr_a/><usr_b/><usr_b/><usr_a/>"
                 "<usr_a id='a' library='/a'/><usr_b id='1' library='/b'/>"
                 "<zosconnect_zosConnectManager><requireAuth x='1'>maybe"
                 "</requireAuth></zosconnect_zosConnectManager>"
                 "<httpOptions id='o'><readTimeout/></httpOptions>"),
        ERR_OK);
    e = cfg_find(w.tree, &cfg_type_http_endpoint, STR("e"));
    assert_str(e->host, "h1");
    assert_int_equal(e->http_port, 81);
    assert_int_equal(e->https_port, 83);
    assert_list(CFG_ONE(w.tree, logging)->hide_message, "A,B,C");
    assert_int_equal(CFG_ONE(w.tree, logging)->hide_message.n, 2);
    s = cfg_find(w.tree, &cfg_type_ssl, STR("s"));
    assert_str(s->key_store->node.id, "k");
    assert_true(secret_eq(&s->key_store->password, STR("secret")));
    assert_str(s->trust_store->node.id, "j");
    s = cfg_find(w.tree, &cfg_type_ssl, STR("t"));
    assert_str(s->key_store->node.id, "k");
    assert_null(s->trust_store);
    assert_logged(&w, "CWWKG0033W The value [nix] specified for the reference "
                      "attribute [trustStoreRef] was not found");
    l = cfg_find(w.tree, &cfg_type_zcon_interceptors, STR("l"));
    assert_int_equal(l->interceptors.n, 3);
    assert_str(l->interceptors.v[1].node->id, "1");
    assert_str(l->interceptors.v[2].node->id, "q");
    /* two elements have that id */
    l = cfg_find(w.tree, &cfg_type_zcon_interceptors, STR("m"));
    assert_int_equal(l->interceptors.n, 1);
    assert_logged(&w, "CWWKG0087W The value [2] specified for the reference "
                      "attribute [interceptorRef] is not valid because it "
                      "matches multiple configurations.");
    /* names have numbers of their own */
    for (size_t i = 0; i < cfg_count(w.tree, &cfg_type_user_interceptor); i++) {
        const struct cfg_node *x =
            cfg_at(w.tree, &cfg_type_user_interceptor, i);

        if (str_starts(x->id, STR("default-")))
            n_free++;
        if (str_eq_z(x->name, "usr_a[default-1]") ||
            str_eq_z(x->name, "usr_b[default-1]"))
            n_second++;
    }
    assert_int_equal(n_free, 4);
    assert_int_equal(n_second, 2);
    assert_logged(&w, "The value maybe for boolean attribute requireAuth");
    assert_logged(&w, "attribute readTimeout: \"\" is not a duration");
    cfg_unref(&w.tree);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_may_be_elements),
        cmocka_unit_test(places_of_values),
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
