/* What does not fit, what ends a load, and how much a configuration may hold.
 */
#include "config/test_world.h"

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
          "/u/servers/test/server.xml:1:30: Variable evaluation loop detected: "
          "[a, b]." },
        { "<httpEndpoint id='e' httpPort='${c}'/>"
          "<variable name='c' value='${d}'/><variable name='d' value='${d}'/>",
          "Variable evaluation loop detected: [d]." },
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
        { "<authFilter id='f'><requestUrl matchType='foo'/></authFilter>",
          "CWWKG0032W Unexpected value specified for property [matchType], "
          "value = [foo]. Expected value(s) are: "
          "[equals][contains][notContain]. Default value in use: contains." },
        { "<authFilter id='f'><requestUrl matchType='lessThan'/></authFilter>",
          "CWWKG0032W Unexpected value specified for property [matchType]" },
        { "<authFilter id='f'><remoteAddress ip='999.1.1.1'/></authFilter>",
          "attribute ip: \"999.1.1.1\" is not an address" },
        { "<authFilter id='f'><remoteAddress ip='10.1.1.1|10.7.*.1'/>"
          "</authFilter>",
          "attribute ip: \"10.7.*.1\" is not an address" },
        { "<authFilter id='f'><remoteAddress ip='10.7.[9-1].*'/>"
          "</authFilter>",
          "attribute ip: \"10.7.[9-1].*\" is not an address" },
        { "<authFilter id='f'><remoteAddress "
          "ip='10.7.[1-256].*|fe80::g'/></authFilter>",
          "attribute ip: \"10.7.[1-256].*\" is not an address" },
        { "<safCredentials unauthenticatedUser='NINECHARS'/>",
          "unauthenticatedUser: \"NINECHARS\" is longer than 8 characters\n"
          "CWWKG0083W" },
        { "<safCredentials profilePrefix='NINECHARS'/>",
          "profilePrefix: \"NINECHARS\" is longer than 8 characters" },
        { "<httpEndpoint id='e' protocolVersion='http/3'/>",
          "Expected value(s) are: [http/1.1][http/2]. Default value in use: "
          "http/1.1." },
        { "<logging messageSource='message,foo'/>",
          "CWWKG0032W Unexpected value specified for property "
          "[messageSource], value = [foo]. Expected value(s) are: "
          "[message][trace][accessLog][ffdc][audit]. Default value in use: "
          "message." },
        { "<zosconnect_zosConnectManager asyncRequestTimeout='-5'/>",
          "CWWKG0011W The configuration validation did not succeed. "
          "/u/servers/test/server.xml:1:39: zosconnect_zosConnectManager: "
          "attribute asyncRequestTimeout: \"-5\" is shorter than 0\n"
          "CWWKG0083W A validation failure occurred while processing the "
          "[asyncRequestTimeout] property, value = [-5]. Default value in use: "
          "30s.\n" },
        { "<zosconnect_zosConnectAPIs pollingRate='-1'/>",
          "pollingRate: \"-1\" is shorter than 0" },
        { "<httpOptions id='o' readTimeout='-7'/>",
          "readTimeout: \"-7\" is shorter than 0" },
        { "<config monitorInterval='-1'/>",
          "monitorInterval: \"-1\" is shorter than 0" },
        { "<logging rolloverInterval='-2'/>",
          "rolloverInterval: \"-2\" is shorter than -1" },
        { "<httpOptions id='o' limitNumHeaders='10'/>",
          "\"10\" is not a whole number from 50 to 500" },
        { "<httpEndpoint id='e' httpOptionsRef='none'/>",
          "CWWKG0033W The value [none] specified for the reference attribute "
          "[httpOptionsRef] was not found in the configuration. "
          "(/u/servers/test/server.xml:1:30)\n" },
        { "<zosconnect_cicsIpicConnection id='c' host='h'/>",
          "CWWKG0058E The element zosconnect_cicsIpicConnection with the "
          "unique identifier c is missing the required attribute port. "
          "(/u/servers/test/server.xml:1)\n" },
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
        { "<zosconnect_authToken id='t'><tokenRequest requestMethod='BREW' "
          "/></zosconnect_authToken>",
          "CWWKG0032W Unexpected value specified for property [requestMethod], "
          "value = [BREW]. Expected value(s) are: [GET][POST][PUT]. Default "
          "value in use: POST." },
        { "<zosconnect_authTokenLocal id='t'><claims>{\"a\": 1,}</claims>"
          "</zosconnect_authTokenLocal>",
          "zosconnect_authTokenLocal[t]: claims, byte 8: " },
        { "<zosconnect_authTokenLocal id='t' claims='[1]'/>",
          "claims: a JSON object is expected, such as {\"scope\": \"read\"}" },
        { "<zosconnect_authTokenLocal id='t' claims='{} {}'/>",
          "zosconnect_authTokenLocal[t]: claims, byte 3: " },
        { "<zosconnect_authTokenLocal id='t' claims='{\"a\":'/>",
          "zosconnect_authTokenLocal[t]: claims, byte 5: " },
        { "<zosconnect_endpointConnection id='c' host='http://h' port='0'/>",
          "attribute port: nobody listens on port 0 (1..65535, or -1 for the "
          "scheme's)" },
        { "<zosconnect_zosConnectAPIs><zosConnectAPI name='a' "
          "requireAuth='ja'/></zosconnect_zosConnectAPIs>",
          "CWWKG0081E: The value ja for boolean attribute requireAuth is "
          "invalid. Valid values are \"true\" and \"false\". The default "
          "value of an omitted attribute will be used.\n"
          "CWWKG0083W A validation failure occurred while processing the "
          "[requireAuth] property, value = [ja]. Default value in use: that of "
          "an omitted attribute.\n" },
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
          "is already in use. (/u/servers/test/server.xml:1:" },
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
        { "<httpOptions id='t' limitWindowUpdateFrames='false'/>",
          "attribute limitWindowUpdateFrames of httpOptions is read" },
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
    assert_logged(&w, "b.xml:1:9: files include each other deeper than 2\n");
    options.limits.max_inc_depth = 9;
    options.limits.max_includes = 2;
    assert_int_equal(load_with(&w, &options), ERR_LIMIT);
    assert_logged(&w, "b.xml:1:9: more than 2 files are included\n");

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
    /* <config onError> counts for reading as well, wherever it stands */
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

/* onError of bootstrap.properties that is none of its words. */
static void
says_bad_on_error(void **state)
{
    static const struct {
        const char *value, *want; /* "" nothing */
    } rows[] = {
        { "BAD",
          "CWWKG0032W Unexpected value specified for property [onError], value "
          "= [BAD]. Expected value(s) are: [WARN][FAIL][IGNORE]. Default value "
          "in use: WARN. (bootstrap.properties)\n" },
        { "", "CWWKG0032W Unexpected value specified for property [onError], "
              "value = []." },
        { "FAILS", "value = [FAILS]" },
        { " fail ", "" },
        { "Ignore", "" },
        { "WARN", "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;
        struct cfg_options options = options_for(&w);
        struct cfg_var var = { STR("onError"), str_of(rows[i].value) };

        memset(&w, 0, sizeof w);
        w.files[0] = (struct file){ "/u/servers/test/server.xml", "<server/>" };
        options.bootstrap = (struct cfg_vars){ &var, 1 };
        assert_int_equal(load_with(&w, &options), ERR_OK);
        if (rows[i].want[0] != '\0')
            assert_logged(&w, rows[i].want);
        else
            assert_string_equal(w.log, "");
        cfg_unref(&w.tree);
    }
}

#define NONE "<include location='none.xml'/>"
#define MALFORMED "<include location='bad.xml'/>"
#define ONE "<include location='one.xml'/>"

/* The value of the documents counts for the whole reading of them. */
static void
on_error_of_documents(void **state)
{
    static const struct {
        const char *xml;
        enum cfg_on_error before; /* bootstrap.properties */
        enum err want;
        enum cfg_on_error in_force;
        const char *logged, *unlogged;
    } rows[] = {
        { NONE "<config onError='IGNORE'/>", CFG_ON_ERROR_WARN, ERR_OK,
          CFG_ON_ERROR_IGNORE, "", "CWWKG0090E" },
        { "<config onError='IGNORE'/>" NONE, CFG_ON_ERROR_FAIL, ERR_OK,
          CFG_ON_ERROR_IGNORE, "", "CWWKG0090E" },
        { NONE "<variable/><config onError='FAIL'/>", CFG_ON_ERROR_WARN,
          ERR_NOT_NOW, CFG_ON_ERROR_FAIL, "CWWKG0090E", "CWWKG0091E" },
        { NONE "<variable/><config onError='warn'/>", CFG_ON_ERROR_FAIL, ERR_OK,
          CFG_ON_ERROR_WARN, "CWWKG0091E", "0010I" },
        { NONE "<variable name='x' value='IGNORE'/><config onError='${x}'/>",
          CFG_ON_ERROR_WARN, ERR_OK, CFG_ON_ERROR_IGNORE, "", "CWWKG0090E" },
        /* a document that cannot be read through has spoken as well */
        { MALFORMED "<config onError='FAIL'/>", CFG_ON_ERROR_WARN, ERR_SYNTAX,
          CFG_ON_ERROR_FAIL, "CWWKG0014E", "x" },
        { MALFORMED "<config onError='IGNORE'/>", CFG_ON_ERROR_WARN, ERR_SYNTAX,
          CFG_ON_ERROR_IGNORE, "", "CWWKG0014E" },
        { "<config onError='FAIL'/><config onError='WARN'/>" NONE,
          CFG_ON_ERROR_FAIL, ERR_OK, CFG_ON_ERROR_WARN, "CWWKG0090E", "x" },
        /* included: the last one that is not dropped */
        { NONE ONE, CFG_ON_ERROR_WARN, ERR_OK, CFG_ON_ERROR_IGNORE,
          "CWWKG0028A", "CWWKG0090E" },
        { "<config onError='FAIL'/><include location='one.xml' "
          "onConflict='IGNORE'/>" NONE,
          CFG_ON_ERROR_WARN, ERR_NOT_NOW, CFG_ON_ERROR_FAIL, "CWWKG0090E",
          "x" },
        { "<config configurationEnabled='false' onError='IGNORE'/>" NONE,
          CFG_ON_ERROR_WARN, ERR_OK, CFG_ON_ERROR_WARN, "CWWKG0090E", "x" },
        { "<config onError='stop'/>" NONE, CFG_ON_ERROR_WARN, ERR_OK,
          CFG_ON_ERROR_WARN, "CWWKG0090E", "x" },
        /* a default in the place of a wrong value is no error */
        { "<config onError='FAIL'/><httpEndpoint id='e' httpPort='x'/>",
          CFG_ON_ERROR_WARN, ERR_OK, CFG_ON_ERROR_FAIL, "CWWKG0083W", "E " },
        { "<config onError='FAIL'/><httpEndpoint id='e' enabled='maybe'/>",
          CFG_ON_ERROR_WARN, ERR_OK, CFG_ON_ERROR_FAIL, "CWWKG0083W", "x" },
        { "<config onError='FAIL'/><httpEndpoint id='e' onError='stop'/>",
          CFG_ON_ERROR_WARN, ERR_OK, CFG_ON_ERROR_FAIL, "CWWKG0032W", "x" },
        { "<config onError='FAIL'/><httpEndpoint id='e' httpPort='${a}'/>"
          "<variable name='a' value='${a}'/>",
          CFG_ON_ERROR_WARN, ERR_NOT_NOW, CFG_ON_ERROR_FAIL, "CWWKG0075E",
          "x" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world w;
        enum cfg_on_error in_force = CFG_ON_ERROR_WARN;
        struct cfg_options options = options_for(&w);
        char text[1024];
        const char *at;

        memset(&w, 0, sizeof w);
        snprintf(text, sizeof text, "<server>%s</server>", rows[i].xml);
        w.files[0] = (struct file){ "/u/servers/test/server.xml", text };
        w.files[1] = (struct file){ "/u/servers/test/bad.xml", "<server>" };
        w.files[2] =
            (struct file){ "/u/servers/test/one.xml",
                           "<server><config onError='IGNORE'/></server>" };
        options.on_error = rows[i].before;
        options.in_force = &in_force;
        assert_int_equal(load_with(&w, &options), rows[i].want);
        assert_int_equal(in_force, rows[i].in_force);
        assert_logged(&w, rows[i].logged);
        at = strstr(w.log, rows[i].unlogged);
        if (strcmp(rows[i].unlogged, "x") != 0 && at != NULL)
            fail_msg("row %zu: %s", i, w.log);
        cfg_unref(&w.tree);
    }
}

/* CWWKG0076W: what is refused now and was right before is in use still. */
static void
names_what_stays(void **state)
{
    static const char right[] = "<zosconnect_cicsIpicConnection id='c' "
                                "host='h' port='1'/>";
    static const char wrong[] = "<server><zosconnect_cicsIpicConnection id='c' "
                                "host='h' port='x'/></server>";
    static struct world before, after;
    struct cfg_options options;

    (void)state;
    memset(&before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    assert_int_equal(load(&before, right), ERR_OK);
    after.files[0] = (struct file){ "/u/servers/test/server.xml", wrong };
    options = options_for(&after);
    assert_int_equal(load_with(&after, &options), ERR_OK);
    assert_null(strstr(after.log, "CWWKG0076W")); /* at a start */
    cfg_unref(&after.tree);
    options.running = before.tree;
    assert_int_equal(load_with(&after, &options), ERR_OK);
    assert_logged(&after, "CWWKG0075E The value x");
    assert_logged(&after,
                  "CWWKG0076W The previous configuration for "
                  "zosconnect_cicsIpicConnection with id c is still in use.");
    cfg_unref(&after.tree);
    cfg_unref(&before.tree);
}

/* A value as it is written counts like one whose variables were replaced. */
static void
limits_literals(void **state)
{
    static struct world w;
    static char text[70200];

    (void)state;
    for (size_t n = 65536; n <= 65537; n++) {
        struct cfg_options options = options_for(&w);

        memset(&w, 0, sizeof w);
        snprintf(text, sizeof text,
                 "<server><httpEndpoint id='e' host='%0*d'/></server>", (int)n,
                 0);
        w.files[0] = (struct file){ "/u/servers/test/server.xml", text };
        assert_int_equal(load_with(&w, &options), ERR_OK);
        if (n == 65536)
            assert_string_equal(w.log, "");
        else
            assert_logged(&w, "server.xml:1:30: the value is longer than 65536 "
                              "bytes");
        assert_int_equal(CFG_GET(w.tree, http_endpoint, "e") != NULL,
                         n == 65536);
        cfg_unref(&w.tree);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_bad_values),
        cmocka_unit_test(limits_literals),
        cmocka_unit_test(refuses_documents),
        cmocka_unit_test(keeps_limits),
        cmocka_unit_test(survives_little_storage),
        cmocka_unit_test(survives_vanishing_files),
        cmocka_unit_test(obeys_on_error),
        cmocka_unit_test(says_bad_on_error),
        cmocka_unit_test(on_error_of_documents),
        cmocka_unit_test(names_what_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
