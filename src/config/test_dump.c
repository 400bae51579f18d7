/* A tree shown: what a dump says, and that it says the same when read again. */
#include "config/dump.h"

#include "base/test.h"
#include "config/raw.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 200000

struct world {
    const char *server, *include;
    char log[65536];
};

static enum err
read_memory(void *arg, const char *path, struct buf *out, struct err_info *why)
{
    const struct world *w = arg;

    if (strcmp(path, "/s/t/server.xml") == 0)
        buf_add_z(out, w->server);
    else if (strcmp(path, "/s/t/a.xml") == 0 && w->include != NULL)
        buf_add_z(out, w->include);
    else
        return err_set(why, ERR_NOT_FOUND, "%s: no such file", path);
    return out->failed ? ERR_LIMIT : ERR_OK;
}

static void
note(void *arg, const char *id, struct str text)
{
    struct world *w = arg;
    size_t n = strlen(w->log);

    snprintf(w->log + n, sizeof w->log - n, "%s " STR_FMT "\n", id,
             STR_ARG(text));
}

static struct cfg_tree *
load(struct world *w)
{
    static const struct cfg_var env[] = {
        { { "ODD", 3 }, { "a\x01 \xff<b>", 7 } },
    };
    static const struct cfg_var boot[] = {
        { { "boot", 4 }, { "7", 1 } },
        { { "dollar", 6 }, { "$", 1 } },
    };
    struct cfg_options options = {
        .server_name = STR("t"),
        .server_dir = STR("/s/t"),
        .user_dir = STR("/s"),
        .install_dir = STR("/i"),
        .environment = { env, ARRAY_LEN(env) },
        .bootstrap = { boot, ARRAY_LEN(boot) },
        .on_message = note,
        .arg = w,
        .read_file = read_memory,
    };
    struct cfg_tree *tree = NULL;
    struct err_info why;

    w->log[0] = '\0';
    if (cfg_load(&options, &tree, &why) != ERR_OK)
        fail_msg("%s\n%s\n%s", why.text, w->server, w->log);
    return tree;
}

static char *
dump(const struct cfg_tree *tree, unsigned flags)
{
    struct err_info why;
    struct buf out;
    char *text;

    buf_init(&out, 4u << 20);
    assert_int_equal(cfg_dump(tree, flags, &out, &why), ERR_OK);
    text = strdup(buf_z(&out));
    assert_non_null(text);
    buf_fini(&out);
    return text;
}

/* Says where two texts part: the texts are too long to be shown whole. */
static void
assert_same(const char *first, const char *second, const char *from)
{
    size_t i = 0, start;

    while (first[i] != '\0' && first[i] == second[i])
        i++;
    if (first[i] == second[i])
        return;
    start = i > 400 ? i - 400 : 0;
    print_error("%s\n", from);
    print_error("--- first:\n%.500s\n", first + start);
    print_error("--- second:\n%.500s\n", second + start);
    fail();
}

/* Every value of both trees is the same, defaults included. */
static void
assert_same_settings(const struct cfg_tree *a, const struct cfg_tree *b,
                     const char *from)
{
    const struct cfg_setting *left, *right;
    struct err_info why;
    struct arena arena;
    size_t n, m;

    arena_init(&arena, 64u << 20);
    assert_int_equal(cfg_settings(a, &arena, &left, &n, &why), ERR_OK);
    assert_int_equal(cfg_settings(b, &arena, &right, &m, &why), ERR_OK);
    for (size_t i = 0; i < n && i < m; i++)
        if (!str_eq(left[i].element, right[i].element) ||
            !str_eq(left[i].attr, right[i].attr) ||
            !str_eq(left[i].value, right[i].value)) {
            print_error("%s\n" STR_FMT " " STR_FMT " = " STR_FMT "\n" STR_FMT
                        " " STR_FMT " = " STR_FMT "\n",
                        from, STR_ARG(left[i].element), STR_ARG(left[i].attr),
                        STR_ARG(left[i].value), STR_ARG(right[i].element),
                        STR_ARG(right[i].attr), STR_ARG(right[i].value));
            fail();
        }
    assert_int_equal(n, m);
    arena_fini(&arena);
}

/* Reads the dump again and dumps it. */
static void
assert_stable(struct world *w, unsigned flags)
{
    struct cfg_tree *tree = load(w);
    char *first = dump(tree, flags | CFG_DUMP_PLAIN), *second;
    struct world again = { .server = first };
    struct cfg_tree *copy = load(&again);

    second = dump(copy, flags | CFG_DUMP_PLAIN);
    assert_same(first, second, w->server);
    if (strstr(w->server, "ODD") == NULL && /* became question marks */
        (w->include == NULL || strstr(w->include, "ODD") == NULL))
        assert_same_settings(tree, copy, w->server);
    cfg_unref(&tree);
    cfg_unref(&copy);
    free(first);
    free(second);
}

/* ---- what it says ---- */

static void
shows_origins(void **state)
{
    static struct world w = {
        .server =
            "<server description='${x} &amp; more'>\n"
            "<variable name='p' value='9081'/>\n"
            "<featureManager><feature>a-1.0</feature></featureManager>\n"
            "<include location='a.xml'/>\n"
            "<httpEndpoint id='e' httpPort='${p}'\n"
            "  httpsPort='${boot}' host='${nobody}'/>\n"
            "<zosconnect_authData id='d' user='u' password='hush${hush}'/>\n"
            "</server>",
        .include = "<server>\n"
                   "<featureManager><feature>b-1.0</feature></featureManager>\n"
                   "<httpEndpoint id='e'><httpOptions readTimeout='1m'/>"
                   "</httpEndpoint></server>",
    };
    struct cfg_tree *tree;
    char *text;

    (void)state;
    tree = load(&w);
    text = dump(tree, CFG_DUMP_WRITTEN);
    assert_string_equal(
        text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<server description=\"${x} &amp; more\">\n"
        "    <variable name=\"sallyport.dollar\" value=\"$\"/>\n"
        "    <!-- server.xml:3\n"
        "         feature: server.xml:3, a.xml:2 -->\n"
        "    <featureManager>\n"
        "        <feature>a-1.0</feature>\n"
        "        <feature>b-1.0</feature>\n"
        "    </featureManager>\n"
        "    <!-- a.xml:3\n"
        "         host: server.xml:6 by ${nobody}\n"
        "         httpPort: server.xml:5 by ${p} of server.xml:2\n"
        "         httpsPort: server.xml:6 by ${boot} of bootstrap.properties"
        " -->\n"
        "    <httpEndpoint id=\"e\"\n"
        "        host=\"${sallyport.dollar}{nobody}\"\n"
        "        httpPort=\"9081\"\n"
        "        httpsPort=\"7\">\n"
        "        <!-- a.xml:3\n"
        "             readTimeout: a.xml:3 -->\n"
        "        <httpOptions\n"
        "            readTimeout=\"60s\"/>\n"
        "    </httpEndpoint>\n"
        "    <!-- server.xml:7\n"
        "         user: server.xml:7\n"
        "         password: server.xml:7 -->\n"
        "    <zosconnect_authData id=\"d\"\n"
        "        user=\"u\"\n"
        "        password=\"*****\"/>\n"
        "</server>\n");
    free(text);

    text = dump(tree, CFG_DUMP_PLAIN);
    assert_null(strstr(text, "<!--"));
    assert_null(strstr(text, "hush"));
    assert_non_null(strstr(text, "persistTimeout=\"30s\"")); /* a default */
    assert_non_null(strstr(text, "httpOptionsRef=\"defaultHttpOptions\""));
    free(text);
    text = dump(tree, 0);
    assert_non_null(strstr(
        text,
        "    <!-- built-in\n"
        "         httpPort: built-in by ${default.http.port} of built-in\n"
        "         httpsPort: built-in by ${default.https.port} of built-in"
        " -->\n"
        "    <httpEndpoint id=\"defaultHttpEndpoint\""));
    free(text);
    cfg_unref(&tree);
}

static const struct cfg_setting *
setting(const struct cfg_setting *v, size_t n, const char *element,
        const char *attr)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_z(v[i].element, element) && str_eq_z(v[i].attr, attr))
            return &v[i];
    fail_msg("%s %s is not there", element, attr);
    return NULL;
}

/* What is secret by its name or its form, though not a password by its kind. */
static void
shows_no_secrets(void **state)
{
    static struct world w = {
        .server = "<server>"
                  "<zosconnect_services><service name='s'>"
                  "<property name='password' value='hush1'/>"
                  "<property name='API_Secret' value='hush2'/>"
                  "<property name='uri' value='http://u:hush3@h:80/a?b=c:d@e'/>"
                  "<property name='two' value='x://a@b,y://u:hush4@h'/>"
                  "<property name='none' value='http://h:80/u:seen@b'/>"
                  "</service></zosconnect_services>"
                  "<usr_x id='i' accessToken='hush5' at='ftp://u:hu:sh6@h@i/'"
                  " odd='://:@'/></server>",
    };
    static const char *const wanted[] = {
        "value=\"http://u:*****@h:80/a?b=c:d@e\"",
        "value=\"x://a@b,y://u:*****@h\"",
        "value=\"http://h:80/u:seen@b\"",
        "accessToken=\"*****\"",
        "at=\"ftp://u:*****@i/\"",
        "odd=\"://:*****@\"",
    };
    struct cfg_tree *tree = load(&w);
    char *text = dump(tree, CFG_DUMP_WRITTEN);
    const struct cfg_setting *v;
    struct arena arena;
    size_t n, n_full = 0;

    (void)state;
    assert_null(strstr(text, "hush"));
    assert_null(strstr(text, "sh6"));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (strstr(text, wanted[i]) == NULL)
            fail_msg("%s in %s", wanted[i], text);
    arena_init(&arena, 1u << 20);
    assert_int_equal(cfg_settings(tree, &arena, &v, &n, NULL), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        assert_true(str_find(v[i].value, STR("hush")) == STR_NPOS);
        n_full += str_find(v[i].full, STR("hush")) != STR_NPOS;
    }
    assert_int_equal(n_full, 5); /* "hu:sh6" is the sixth */
    arena_fini(&arena);
    free(text);
    cfg_unref(&tree);
}

/* Nothing of a password is left where the files' texts are kept. */
static void
forgets_passwords(void **state)
{
    static struct world w = {
        .server = "<server><keyStore id='k' location='l'>"
                  "<password>hush1</password><password x='1'>hush2</password>"
                  "<password>hush3</password></keyStore>"
                  "<zosconnect_authData id='k' password='hush4'/></server>",
    };
    struct cfg_tree *tree = load(&w);
    const struct cfg_node *nodes[2];
    size_t n = 0;

    (void)state;
    nodes[0] = cfg_find(tree, &cfg_type_key_store, STR("k"));
    nodes[1] = cfg_find(tree, &cfg_type_zcon_auth_data, STR("k"));
    for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
        const struct raw_attr *a = raw_attr_find(nodes[i]->raw, "password");

        for (const struct raw_value *v = a->first; v != NULL; v = v->next) {
            struct str text = raw_text(v);

            assert_int_equal(text.n, 5);
            for (size_t j = 0; j < text.n; j++)
                assert_int_equal(text.p[j], 0);
            n++;
        }
    }
    assert_int_equal(n, 4);
    cfg_unref(&tree);
}

static void
lists_settings(void **state)
{
    static struct world w = {
        .server = "<server><zosconnect_services>"
                  "<service name='s' invokeGroup='A, B'>"
                  "<property name='p' value='1'/></service>"
                  "<service id='i' name='t'/></zosconnect_services>"
                  "<keyStore id='k' location='f' password='{xor}Pg=='/>"
                  "<usr_x id='u' apiToken='t' path='/x'/></server>",
    };
    struct cfg_tree *tree = load(&w);
    const struct cfg_setting *v, *one;
    struct err_info why;
    struct arena arena;
    size_t n;

    (void)state;
    arena_init(&arena, 4u << 20);
    assert_int_equal(cfg_settings(tree, &arena, &v, &n, &why), ERR_OK);
    one = setting(v, n, "zosconnect_services/service[name=s]", "invokeGroup");
    assert_true(str_eq_z(one->value, "A,B"));
    assert_true(str_eq_z(one->origin, "server.xml:1"));
    assert_false(one->is_default);
    (void)setting(v, n, "zosconnect_services/service[name=s]/property[name=p]",
                  "value");
    (void)setting(v, n, "zosconnect_services/service[i]", "");
    one = setting(v, n, "keyStore[k]", "password");
    assert_true(str_eq_z(one->value, "*****"));
    assert_true(secret_eq(one->secret, STR("a")));
    one = setting(v, n, "keyStore[k]", "type");
    assert_true(one->is_default && str_eq_z(one->origin, "default"));
    assert_true(
        str_eq_z(setting(v, n, "usr_x[u]", "apiToken")->value, "*****"));
    assert_true(str_eq_z(setting(v, n, "usr_x[u]", "path")->value, "/x"));
    arena_fini(&arena);
    cfg_unref(&tree);
}

/* Nobody registered it, or its rows; yet it is there, as the files merge. */
static void
loses_nothing(void **state)
{
    static struct world w = {
        .server =
            "<server><include location='a.xml' onConflict='REPLACE'/>"
            "<usr_x id='i' library='l' mode='${boot}'>"
            "<peer id='p' host='h' apiToken='hush1'><path>/a,b</path>"
            "<path>/c</path></peer><peer host='{xor}hush2'/><one>1</one>"
            "</usr_x>"
            "<keyStore id='k' location='f' pasword='hush3' passwd='hush4'"
            " spare='7'><vault name='v'/></keyStore>"
            "<adminCenter><deployer a='1'/></adminCenter>"
            "<wlm id='w' b='${boot}'/><wlm c='3'/>"
            "<wlm id='w' b='8'/>"
            "<zosLogging> a ${boot}\n</zosLogging>"
            "<tokens x='1'>hush5</tokens><urls>http://u:hush6@h/<a/></urls>"
            "<mixed a='1'>first <b>x</b> last<c d='2'> ]]&gt; </c></mixed>"
            "<mixed>${empty} </mixed></server>",
        .include = "<server><adminCenter role='r'><deployer a='0'/>"
                   "</adminCenter></server>",
    };
    static const char *const wanted[] = {
        "    <usr_x id=\"i\"\n"
        "        library=\"l\"\n"
        "        mode=\"7\">\n"
        "        <peer id=\"p\"\n"
        "            host=\"h\"\n"
        "            apiToken=\"*****\">\n"
        "            <path>/a,b</path>\n"
        "            <path>/c</path>\n"
        "        </peer>\n"
        "        <peer\n"
        "            host=\"*****\"/>\n"
        "        <one>1</one>\n"
        "    </usr_x>\n",
        "pasword=\"*****\"",
        "passwd=\"*****\"",
        "spare=\"7\"",
        "        <vault\n            name=\"v\"/>\n    </keyStore>\n",
        "    <adminCenter\n"
        "        role=\"r\">\n"
        "        <deployer\n"
        "            a=\"0\"/>\n"
        "        <deployer\n"
        "            a=\"1\"/>\n"
        "    </adminCenter>\n"
        "    <wlm id=\"w\"\n"
        "        b=\"8\"/>\n"
        "    <wlm\n"
        "        c=\"3\"/>\n",
        "    <zosLogging>\n"
        "        a 7\n"
        "    </zosLogging>\n",
        "    <tokens\n"
        "        x=\"1\">\n"
        "        *****\n"
        "    </tokens>\n"
        "    <urls>\n"
        "        http://u:*****@h/\n"
        "        <a/>\n"
        "    </urls>\n"
        "    <mixed\n"
        "        a=\"1\">\n"
        "        ${sallyport.dollar}{empty}\n"
        "        <b>x</b>\n"
        "        <c\n"
        "            d=\"2\">\n"
        "            ]]&gt;\n"
        "        </c>\n"
        "    </mixed>\n"
        "</server>\n",
    };
    static const struct {
        const char *name, *value;
    } rest[] = {
        { "mode", "7" },
        { "peer.0.id", "p" },
        { "peer.0.host", "h" },
        { "peer.0.apiToken", "hush1" },
        { "peer.0.path", "/a\\,b,/c" },
        { "peer.1.host", "{xor}hush2" },
        { "one", "1" },
    };
    struct cfg_tree *tree = load(&w);
    char *text = dump(tree, CFG_DUMP_WRITTEN | CFG_DUMP_PLAIN);
    const struct cfg_user_interceptor *x =
        cfg_find(tree, &cfg_type_user_interceptor, STR("i"));

    (void)state;
    assert_null(strstr(text, "hush"));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (strstr(text, wanted[i]) == NULL)
            fail_msg("%s in %s", wanted[i], text);
    assert_int_equal(x->settings.n, ARRAY_LEN(rest));
    for (size_t i = 0; i < x->settings.n; i++) {
        assert_true(str_eq_z(x->settings.v[i].name, rest[i].name));
        assert_true(str_eq_z(x->settings.v[i].value, rest[i].value));
    }
    free(text);
    cfg_unref(&tree);
}

/* ---- that it says the same again ---- */

static void
is_stable_for_odd_values(void **state)
{
    static const char *const rows[] = {
        "",
        "<httpEndpoint id='e' host='a&quot;b&lt;c&amp;d&#10;e&#9;f'/>",
        "<httpEndpoint id='e' host='${ODD}'/>",
        "<httpEndpoint id='e' host='${dollar}{boot}'/>",
        "<httpEndpoint id='${x}' host='${${nobody}'/>",
        "<httpEndpoint id='e' host='$${${dollar}${dollar}{boot}'/>",
        "<variable name='sallyport.dollar' value='!'/>"
        "<httpEndpoint id='e' host='${none}'/>",
        "<logging hideMessage=' a , \\ b\\ ,c\\,d,\\\\,,'/>",
        "<logging hideMessage='\\'/>",
        "<logging hideMessage=''/>",
        "<logging><hideMessage>a,b</hideMessage><hideMessage> </hideMessage>"
        "</logging>",
        "<logging><hideMessage>a,b</hideMessage><hideMessage>${dollar}{list(x)}"
        "</hideMessage></logging>",
        "<variable name='l' value='a,\\ b ,c'/><logging><hideMessage>"
        "${list(l)}</hideMessage></logging>",
        "<httpOptions id='o' persistTimeout='-5' readTimeout='1500ms'/>",
        "<zosconnect_zosConnectAPIs><zosConnectAPI name='a'/><zosConnectAPI/>"
        "<zosConnectAPI id='default-0' name='b'/></zosconnect_zosConnectAPIs>",
        "<zosconnect_authData/><zosconnect_authData id='default-0'/>",
        "<ssl id='s'><keyStore location='x'/></ssl><keyStore location='y'/>",
        "<ssl id='s' keyStoreRef='none'><trustStore ref='k'/></ssl>"
        "<keyStore id='k' location='z'/>",
        "<keyStore id='k' location='x' password='{xor}!'/>",
        "<ltpa keysPassword='a'/>",
        "<zosconnect_endpointConnection id='e' host='http://h'>"
        "<zosconnect_authData user='u'/><zosconnect_oAuthConfig/>"
        "</zosconnect_endpointConnection>",
        "<zosconnect_zosConnectInterceptors id='l'><interceptor ref='a'/>"
        "</zosconnect_zosConnectInterceptors><usr_a id='a' x='${nobody}'/>"
        "<usr_b id='a'/>",
        "<httpEncoding encoding.de='${ODD}' converter.x='y'/>",
        "<usr_x a='${boot}' b=' {xor}Pg== '><peer id='p' host='${boot}'>"
        "<path>/a,b</path><path>/c\\d</path><path>${nobody}</path></peer>"
        "<peer/><one>1</one><peer ref='${boot}'/></usr_x>",
        "<httpEndpoint id='e' hots='${boot}${nobody}' ref='r'><ssl/><tls a='1'>"
        "<deep><er/></deep><er>${boot}</er></tls><tls/></httpEndpoint>",
        "<foreign/><foreign a='${boot}'><b>1</b></foreign><other id='${x}'/>"
        "<other/><other id='2' a='1'/><other id='2' a='2' b='${ODD}'/>",
        "<openidConnectClient id='o' grantType='x' nonceEnabled='y'/>",
        "<foreign> a&#10;b &lt;<c/> ${boot}</foreign><x><y z=''>${blank}</y>"
        "</x><variable name='blank' value=' '/><ltpa>${ODD}</ltpa>",
        "<x><y> </y><y>${empty}</y><y merge-op='set'>z</y></x>"
        "<variable name='empty' value=''/>",
        "<zosconnect_policy id='p'><ruleset>text</ruleset>"
        "<ruleset file='f'/></zosconnect_policy>",
        "<zosconnect_authTokenLocal id='t'><claims>{\"a\": 1}</claims>"
        "</zosconnect_authTokenLocal>",
        "<accessLogging id='a'/><httpEndpoint id='e' accessLoggingRef='a'/>",
        "<cors id='c' domain='' allowedOrigins='*'/>",
        "<zosconnect_authToken id='t'><tokenRequest requestBody="
        "'${userid}${dollar}{password}${boot}'/></zosconnect_authToken>",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static char text[4096];
        static struct world w;

        snprintf(text, sizeof text, "<server>%s</server>", rows[i]);
        w = (struct world){ .server = text };
        assert_stable(&w, 0);
        assert_stable(&w, CFG_DUMP_WRITTEN);
    }
}

/* ---- random documents out of the registry ---- */

static uint64_t seed;

static unsigned
pick(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((seed >> 33) % n);
}

static void
add(char *text, const char *more)
{
    size_t n = strlen(text);

    assert_true(n + strlen(more) < TEXT_MAX);
    memcpy(text + n, more, strlen(more) + 1);
}

static const char *
random_id(void)
{
    static const char *const ids[] = {
        "a", "b", "c d", "${a}", "default-0", "ä", "x/y", "defaultKeyStore"
    };

    return ids[pick(ARRAY_LEN(ids))];
}

static const char *
random_text(void)
{
    static const char *const words[] = {
        "true",       "false",
        "FALSE",      "1",
        "-1",         "65535",
        "9999999",    "30s",
        "1m30s",      "500ms",
        "polled",     "http://h",
        "/x/../y/",   "a,b , c",
        "a\\,b,",     "${boot}",
        "${nobody}",  "${ODD}",
        "${dollar}{", " blank ",
        "{xor}Pg==",  "${count(boot)}",
        "${boot+1}",  "&lt;&amp;&quot;&#10;",
        "*",          "",
        "ä€",         "TLSv1.2",
        "HS256",
    };

    return words[pick(ARRAY_LEN(words))];
}

/* The same content in other words. */
enum style {
    STYLE_ATTRIBUTES,
    STYLE_VARIABLES, /* each value is a variable, defined at the end */
    STYLE_CAPITALS,  /* attribute names */
    STYLE_ELEMENTS,  /* single values and references as elements */
};
static enum style style;
static char variables[TEXT_MAX];
static unsigned n_variables;

/* Attributes first: what is written as an element waits in `later`. */
static void
random_attr(char *text, char *later, const struct cfg_attr *a,
            const char *value)
{
    struct str stem = str_of(a->name);
    char one[512], name[64];
    bool is_ref = a->kind == CFG_KIND_REF;
    bool is_many = a->kind == CFG_KIND_LIST || a->kind == CFG_KIND_REFS;

    if (str_ends(stem, STR("Ref")))
        stem.n -= 3;
    snprintf(name, sizeof name, "%s", a->name);
    for (char *p = name; style == STYLE_CAPITALS && *p != '\0'; p++)
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    if (style == STYLE_VARIABLES) {
        snprintf(one, sizeof one, "<variable name='var.%u' value='%s'/>",
                 n_variables, value);
        add(variables, one);
        snprintf(one, sizeof one, " %s='${var.%u}'", name, n_variables++);
        add(text, one);
    } else if (style == STYLE_ELEMENTS && is_ref && value[0] != '\0') {
        snprintf(one, sizeof one, "<" STR_FMT " ref='%s'/>", STR_ARG(stem),
                 value);
        add(later, one);
    } else if (style == STYLE_ELEMENTS && !is_ref && !is_many &&
               value[0] != '\0') {
        snprintf(one, sizeof one, "<%s>%s</%s>", name, value, name);
        add(later, one);
    } else {
        snprintf(one, sizeof one, " %s='%s'", name, value);
        add(text, one);
    }
}

/* Names nobody registered. */
static void
random_odd(char *text, unsigned depth)
{
    add(text, "<oddly");
    if (pick(3) == 0)
        add(text, " id='o'");
    if (pick(2) == 0) {
        add(text, " odd='");
        add(text, random_text());
        add(text, "'");
    }
    add(text, ">");
    for (unsigned n = pick(3); n > 0 && depth < 4; n--) {
        if (pick(2) == 0) {
            random_odd(text, depth + 1);
        } else {
            add(text, "<oddly>");
            add(text, random_text());
            add(text, "</oddly>");
        }
    }
    add(text, "</oddly>");
}

/* No element twice: of a single value the last attribute counts, but the first
 * of several elements. */
static bool is_single;

static void
random_element(char *text, const struct cfg_type *type, const char *name,
               unsigned depth)
{
    char head[512];
    char *later = calloc(1, TEXT_MAX);

    assert_non_null(later);
    snprintf(head, sizeof head, "<%s%s", name, type->is_prefix ? "x" : "");
    add(text, head);
    if (type->scope != CFG_SINGLETON && pick(3) > 0) {
        snprintf(head, sizeof head, " id='%s'", random_id());
        add(text, head);
    }
    for (size_t i = 0; i < type->n_attrs; i++) {
        const struct cfg_attr *a = &type->attrs[i];

        if (a->kind == CFG_KIND_CHILD || a->kind == CFG_KIND_CHILDREN ||
            a->kind == CFG_KIND_PRESENT || a->kind == CFG_KIND_REST ||
            (a->value != NULL && pick(4) > 0))
            continue;
        random_attr(text, later, a,
                    a->kind == CFG_KIND_REF || a->kind == CFG_KIND_REFS
                        ? random_id()
                        : random_text());
    }
    add(text, ">");
    if (pick(5) == 0)
        add(text, random_text());
    add(text, later);
    free(later);
    for (size_t i = 0; i < type->n_attrs && depth < 4; i++) {
        const struct cfg_attr *a = &type->attrs[i];

        if (a->kind != CFG_KIND_CHILD && a->kind != CFG_KIND_CHILDREN)
            continue;
        for (unsigned n = pick(is_single ? 2 : 3); n > 0; n--)
            random_element(text, a->target, a->name, depth + 1);
    }
    if (pick(4) == 0)
        random_odd(text, depth);
    snprintf(head, sizeof head, "</%s%s>", name, type->is_prefix ? "x" : "");
    add(text, head);
}

/* Top-level elements, added to the text. */
static void
random_part(char *text)
{
    bool seen[512] = { false };
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    assert_true(n <= ARRAY_LEN(seen));

    for (unsigned i = 1 + pick(12); i > 0; i--) {
        const struct cfg_type *type = types[pick((unsigned)n)];

        if (type->scope != CFG_NESTED && type != &cfg_type_update &&
            !(is_single && seen[cfg_type_index(type)]))
            random_element(text, type, type->name, 1);
        seen[cfg_type_index(type)] = true;
        if (pick(6) == 0)
            random_odd(text, 1);
    }
}

static void
random_document(char *text)
{
    text[0] = variables[0] = '\0';
    n_variables = 0;
    add(text, "<server>");
    random_part(text);
    if (pick(2) == 0)
        add(text, "<include location='a.xml' onConflict='IGNORE'/>");
    add(text, variables);
    add(text, "</server>");
}

static void
is_stable_for_random_documents(void **state)
{
    static char server[TEXT_MAX], include[TEXT_MAX];
    static struct world w;

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        seed = i;
        random_document(server);
        random_document(include);
        w = (struct world){ .server = server, .include = include };
        assert_stable(&w, i % 2 == 0 ? 0 : CFG_DUMP_WRITTEN);
    }
}

static void
says_the_same_in_other_words(void **state)
{
    static char plain[TEXT_MAX], other[TEXT_MAX];
    static struct world w, v;

    (void)state;
    is_single = true;
    for (unsigned i = 0; i < 300; i++) {
        struct cfg_tree *first, *second;

        style = STYLE_ATTRIBUTES;
        seed = i;
        random_document(plain);
        style = (enum style)(1 + i % 3);
        seed = i;
        random_document(other);
        style = STYLE_ATTRIBUTES;
        w = (struct world){ .server = plain };
        v = (struct world){ .server = other };
        first = load(&w);
        second = load(&v);
        assert_same_settings(first, second, other);
        cfg_unref(&first);
        cfg_unref(&second);
    }
    is_single = false;
}

/* An include without onConflict is its content in its place. */
static void
includes_are_their_content(void **state)
{
    static char apart[TEXT_MAX], include[TEXT_MAX], together[TEXT_MAX];
    static struct world w, v;

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        struct cfg_tree *first, *second;

        seed = i;
        apart[0] = include[0] = together[0] = '\0';
        add(apart, "<server>");
        random_part(apart);
        add(together, apart);
        add(include, "<server>");
        random_part(include);
        add(together, include + strlen("<server>"));
        add(include, "</server>");
        add(apart, "<include location='a.xml'/>");
        {
            size_t before = strlen(apart);

            random_part(apart);
            add(together, apart + before);
        }
        add(apart, "</server>");
        add(together, "</server>");
        w = (struct world){ .server = apart, .include = include };
        v = (struct world){ .server = together };
        first = load(&w);
        second = load(&v);
        assert_same_settings(first, second, together);
        cfg_unref(&first);
        cfg_unref(&second);
    }
}

/* As it stands in the document, without its variables' values. */
static void
what_was_written_is_known(void **state)
{
    static const struct {
        const char *attr, *want;
    } rows[] = {
        { "keyStoreRef", "${k}" },    /* refers to nothing */
        { "sslProtocol", "TLSv1.3" }, /* the later one */
        { "trustStoreRef", "" },
        { "nothing", "" },
    };
    static struct world w = {
        .server = "<server><ssl id='s' keyStoreRef='${k}'"
                  " sslProtocol='TLSv1.2'/>"
                  "<ssl id='s' sslProtocol='TLSv1.3'/></server>"
    };
    struct cfg_tree *tree = load(&w);
    const struct cfg_ssl *ssl = cfg_find(tree, &cfg_type_ssl, STR("s"));

    (void)state;
    assert_non_null(ssl);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(
            str_eq_z(cfg_written(&ssl->node, rows[i].attr), rows[i].want));
        assert_int_equal(cfg_is_written(&ssl->node, rows[i].attr),
                         rows[i].want[0] != '\0');
    }
    cfg_unref(&tree);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_origins),
        cmocka_unit_test(forgets_passwords),
        cmocka_unit_test(lists_settings),
        cmocka_unit_test(shows_no_secrets),
        cmocka_unit_test(loses_nothing),
        cmocka_unit_test(is_stable_for_odd_values),
        cmocka_unit_test(is_stable_for_random_documents),
        cmocka_unit_test(says_the_same_in_other_words),
        cmocka_unit_test(includes_are_their_content),
        cmocka_unit_test(what_was_written_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
