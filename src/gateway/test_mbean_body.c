/* Bodies for FileNotificationMBean: few are right. */
#include "gateway/mbean_body.h"

#include "base/buf.h"
#include "base/test.h"

#define ITEM "\"java.lang.String\""
#define COLLECTION "\"java.util.Collection\""
#define TYPE(items)                                                            \
    "\"type\":{\"className\":\"java.util.ArrayList\",\"items\":[" items "]}"
#define PARAM(values, items) "{\"value\":[" values "]," TYPE(items) "}"
#define NONE PARAM("", "")
#define SIGNATURE "\"signature\":[" COLLECTION "," COLLECTION "," COLLECTION "]"
#define FILES(params) "{\"params\":[" params "]," SIGNATURE "}"

static enum err
parse(enum mbean_call call, const char *text, struct mbean_notice *out,
      struct arena *arena)
{
    struct str body = exact_copy(text);
    struct err_info why = { 0 };
    enum err e = mbean_body_parse(arena, call, body, out, &why);

    assert_true(e == ERR_OK || why.text[0] != '\0');
    exact_free(body);
    return e;
}

static void
accepts(void **state)
{
    static const struct {
        enum mbean_call call;
        const char *text, *paths; /* joined by blanks */
    } rows[] = {
        { MBEAN_CONFIGURATION, "{}", "" },
        { MBEAN_APPLICATIONS, " { \"params\" : [ ] , \"signature\" : [ ] } ",
          "" },
        { MBEAN_FILES, FILES(NONE "," NONE "," NONE), "" },
        { MBEAN_FILES,
          FILES(PARAM("\"/a\",\"/b\"", ITEM "," ITEM) "," PARAM(
              "\"/c\\u0041\"", ITEM) "," PARAM("\"/d\"", ITEM)),
          "/a /b /cA /d " },
        /* the signature first; the type first; another collection */
        { MBEAN_FILES,
          "{" SIGNATURE
          ",\"params\":[{" TYPE(ITEM) ",\"value\":[\"/x\"]}," NONE
                                      ",{\"value\":[],\"type\":{\"className\":"
                                      "\"java.util.HashSet\"}}]}",
          "/x " },
        { MBEAN_FILES, FILES("null," NONE ",{\"value\":null,\"type\":null}"),
          "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mbean_notice notice;
        struct arena arena;
        struct buf got;

        arena_init(&arena, 1u << 20);
        buf_init(&got, 1024);
        if (parse(rows[i].call, rows[i].text, &notice, &arena) != ERR_OK)
            fail_msg("row %zu", i);
        assert_int_equal(notice.call, rows[i].call);
        for (size_t k = 0; k < notice.n_paths; k++)
            buf_printf(&got, STR_FMT " ", STR_ARG(notice.paths[k]));
        assert_string_equal(buf_z(&got), rows[i].paths);
        buf_fini(&got);
        arena_fini(&arena);
    }
}

static void
refuses(void **state)
{
    static const struct {
        enum mbean_call call;
        const char *text;
        enum err want;
    } rows[] = {
        { MBEAN_CONFIGURATION, "", ERR_SYNTAX },
        { MBEAN_CONFIGURATION, "null", ERR_SYNTAX },
        { MBEAN_CONFIGURATION, "[]", ERR_SYNTAX },
        { MBEAN_CONFIGURATION, "{", ERR_SYNTAX },
        { MBEAN_CONFIGURATION, "{}{}", ERR_SYNTAX },
        { MBEAN_CONFIGURATION, "{\"param\":[]}", ERR_SYNTAX },
        { MBEAN_CONFIGURATION, "{\"params\":{}}", ERR_SYNTAX },
        { MBEAN_CONFIGURATION, "{\"params\":[],\"params\":[]}", ERR_SYNTAX },
        { MBEAN_CONFIGURATION, "{\"signature\":null}", ERR_SYNTAX },
        { MBEAN_CONFIGURATION, "{\"params\":[null]}", ERR_NOT_FOUND },
        { MBEAN_APPLICATIONS, "{\"signature\":[" COLLECTION "]}",
          ERR_NOT_FOUND },
        { MBEAN_APPLICATIONS, FILES(NONE "," NONE "," NONE), ERR_NOT_FOUND },
        { MBEAN_FILES, "{}", ERR_NOT_FOUND },
        { MBEAN_FILES, FILES(NONE "," NONE), ERR_NOT_FOUND },
        { MBEAN_FILES, FILES(NONE "," NONE "," NONE "," NONE), ERR_NOT_FOUND },
        { MBEAN_FILES, "{\"params\":[" NONE "," NONE "," NONE "]}",
          ERR_NOT_FOUND },
        { MBEAN_FILES,
          "{\"params\":[" NONE "," NONE "," NONE "],\"signature\":[" COLLECTION
          "," COLLECTION ",\"java.util.List\"]}",
          ERR_NOT_FOUND },
        { MBEAN_FILES, FILES("1," NONE "," NONE), ERR_SYNTAX },
        { MBEAN_FILES, FILES("[]," NONE "," NONE), ERR_SYNTAX },
        { MBEAN_FILES, FILES("{\"values\":[]}," NONE "," NONE), ERR_SYNTAX },
        { MBEAN_FILES, FILES(PARAM("1", ITEM) "," NONE "," NONE), ERR_SYNTAX },
        { MBEAN_FILES, FILES(PARAM("\"/a\"", "") "," NONE "," NONE),
          ERR_SYNTAX },
        { MBEAN_FILES, FILES(PARAM("", ITEM) "," NONE "," NONE), ERR_SYNTAX },
        { MBEAN_FILES,
          FILES(PARAM("\"/a\"", "\"java.io.File\"") "," NONE "," NONE),
          ERR_SYNTAX },
        { MBEAN_FILES, FILES("{\"value\":\"/a\"}," NONE "," NONE), ERR_SYNTAX },
        { MBEAN_FILES, FILES("{\"value\":[\"/a\"]}," NONE "," NONE),
          ERR_SYNTAX },
        { MBEAN_FILES,
          FILES("{\"value\":[],\"type\":{\"className\":\"java.lang.Runtime\"}}"
                "," NONE "," NONE),
          ERR_SYNTAX },
        { MBEAN_FILES, FILES("{\"value\":[],\"type\":{}}," NONE "," NONE),
          ERR_SYNTAX },
        { MBEAN_FILES, FILES("{\"value\":[],\"type\":\"x\"}," NONE "," NONE),
          ERR_SYNTAX },
        { MBEAN_FILES, FILES("{\"type\":{\"size\":1}}," NONE "," NONE),
          ERR_SYNTAX },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mbean_notice notice = { .n_paths = 77 };
        struct arena arena;

        arena_init(&arena, 1u << 20);
        if (parse(rows[i].call, rows[i].text, &notice, &arena) != rows[i].want)
            fail_msg("row %zu: %s", i, rows[i].text);
        assert_int_equal(notice.n_paths, 77);
        arena_fini(&arena);
    }
}

/* One path too long, and one too many. */
static void
has_limits(void **state)
{
    struct mbean_notice notice;
    struct err_info why;
    struct arena arena;
    struct buf text;

    (void)state;
    for (int round = 0; round < 2; round++) {
        arena_init(&arena, (size_t)8 << 20);
        buf_init(&text, (size_t)1 << 20);
        buf_add_z(&text, "{\"params\":[{\"value\":[\"");
        for (unsigned i = 0; round == 0 && i <= MBEAN_PATH_MAX; i++)
            buf_add_char(&text, 'x');
        for (unsigned i = 0; round == 1 && i <= MBEAN_PATHS_MAX; i++)
            buf_add_z(&text, "/x\",\"");
        buf_add_z(&text, "\"]}]}");
        assert_int_equal(mbean_body_parse(&arena, MBEAN_FILES, buf_view(&text),
                                          &notice, &why),
                         ERR_LIMIT);
        buf_fini(&text);
        arena_fini(&arena);
    }
}

static void
operations_have_names(void **state)
{
    enum mbean_call call = MBEAN_FILES;

    (void)state;
    assert_true(mbean_call_of(STR("processConfigurationChanges"), &call));
    assert_int_equal(call, MBEAN_CONFIGURATION);
    assert_false(mbean_call_of(STR("notifyfilechanges"), &call));
    assert_false(mbean_call_of(STR(""), &call));
    assert_int_equal(call, MBEAN_CONFIGURATION);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(operations_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
