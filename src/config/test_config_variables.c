/* Variables, and the files that a configuration consists of. */
#include "config/test_world.h"

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
          "not exist or cannot be read. (/u/servers/test/server.xml:1:9)\n",
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expands_variables),
        cmocka_unit_test(merges_variables),
        cmocka_unit_test(follows_includes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
