/* The name rules of the API requester and its worked examples. */
#include "base/test.h"
#include "toolkit/members.h"
#include "toolkit/structure.h"

static void
names_follow_the_rules(void **state)
{
    static const struct {
        const char *property, *want;
    } rows[] = {
        { "claim_type", "claim-type" },
        { "a.b c", "aXbXc" },
        { "ends_", "endsX" },
        { "address", "Xaddress" },
        { "Date", "XDate" },
        { "id", "Xid" },
        { "message", "Xmessage" },
        { "source", "Xsource" },
        { "status", "Xstatus" },
        { "text", "Xtext" },
        { "title", "Xtitle" },
        { "name", "name" },
        { "amount", "amount" },
        { "url", "url" },
        { "reason", "reason" },
        { "target", "target" },
        { "timestamp", "timestamp" },
        { "request", "request" },
        { "cscvincUpdateServiceOperation", "cscvincUpdateServiceOperatio" },
        { "\xc3\xa4rger", "Xrger" },
        { "", "X" },
        { "123", "X123" },
    };
    static const struct name_rules rules;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str got =
            name_make(&arena, str_of(rows[i].property), &rules, NULL);

        if (!str_eq_z(got, rows[i].want))
            fail_msg("%s -> " STR_FMT ", wanted %s", rows[i].property,
                     STR_ARG(got), rows[i].want);
    }
    arena_fini(&arena);
}

static void
names_cut_left_and_claim(void **state)
{
    static const struct name_rules left = { .cuts_left = true,
                                            .keeps_underscores = true };
    struct name_scope scope = { 0 };
    struct arena arena;

    (void)state;
    arena_init(&arena, 1u << 20);
    assert_true(str_eq_z(
        name_make(&arena, STR("abcdefghijklmnopqrstuvwxyz_12345"), &left, NULL),
        "efghijklmnopqrstuvwxyz_12345"));
    assert_true(str_eq_z(name_claim(&arena, &scope, STR("year"), 28), "year"));
    assert_true(str_eq_z(name_claim(&arena, &scope, STR("YEAR"), 28), "YEAR2"));
    assert_true(str_eq_z(name_claim(&arena, &scope, STR("year"), 28), "year3"));
    assert_true(str_eq_z(name_claim(&arena, &scope, STR("year"), 4), "yea2"));
    arena_fini(&arena);
}

#define DOC(parameters, response)                                              \
    "{\"swagger\":\"2.0\",\"info\":{\"title\":\"t\",\"version\":\"1\"},"       \
    "\"paths\":{\"/p\":{\"get\":{\"parameters\":[" parameters                  \
    "],\"responses\":{\"200\":{\"schema\":" response "}}}}}}"

static const struct {
    const char *document;
    bool is_request;
    const char *want; /* declarations, blanks squeezed */
} examples[] = {
    { DOC("{\"in\":\"query\",\"name\":\"claimType\",\"required\":true,"
          "\"type\":\"string\"},{\"in\":\"query\",\"name\":\"claimAmount\","
          "\"required\":true,\"type\":\"number\"}",
          "{}"),
      true,
      "06 ReqQueryParameters.\n"
      "09 claimType-length PIC S9999 COMP-5 SYNC.\n"
      "09 claimType PIC X(255).\n"
      "09 claimAmount COMP-2 SYNC.\n" },
    { DOC("", "{\"type\":\"object\",\"properties\":{\"claim_type\":{\"type\":"
              "\"string\"},\"status\":{\"type\":\"string\"}}}"),
      false,
      "06 RespBody.\n"
      "09 claim-type-num PIC S9(9) COMP-5 SYNC.\n"
      "09 claim-type.\n"
      "12 claim-type2-length PIC S9999 COMP-5 SYNC.\n"
      "12 claim-type2 PIC X(255).\n"
      "09 Xstatus-num PIC S9(9) COMP-5 SYNC.\n"
      "09 Xstatus.\n"
      "12 Xstatus2-length PIC S9999 COMP-5 SYNC.\n"
      "12 Xstatus2 PIC X(255).\n" },
    { DOC("", "{\"type\":\"object\",\"required\":[\"b\",\"f\",\"i\",\"n\","
              "\"d\"],\"properties\":{\"b\":{\"type\":\"boolean\"},\"f\":{"
              "\"type\":\"string\",\"minLength\":4,\"maxLength\":4},\"i\":{"
              "\"type\":\"integer\",\"minimum\":0,\"maximum\":9999999999},"
              "\"n\":{\"type\":\"integer\",\"minimum\":-99,\"maximum\":99},"
              "\"l\":{\"type\":\"integer\",\"format\":\"int64\"},\"w\":{"
              "\"type\":\"integer\",\"format\":\"int32\"},\"x\":{\"type\":"
              "\"number\",\"format\":\"float\"},\"d\":{\"type\":\"number\","
              "\"format\":\"decimal\",\"multipleOf\":0.01,\"minimum\":0},"
              "\"e\":{\"type\":\"string\",\"enum\":[\"A\",\"LONGER\"]}}}"),
      false,
      "06 RespBody.\n"
      "09 b PIC X DISPLAY.\n"
      "09 f PIC X(4).\n"
      "09 i PIC 9(10) DISPLAY.\n"
      "09 n PIC S9(2) DISPLAY.\n"
      "09 l-num PIC S9(9) COMP-5 SYNC.\n"
      "09 l PIC S9(18) COMP-5 SYNC.\n"
      "09 w-num PIC S9(9) COMP-5 SYNC.\n"
      "09 w PIC S9(9) COMP-5 SYNC.\n"
      "09 x-num PIC S9(9) COMP-5 SYNC.\n"
      "09 x COMP-1 SYNC.\n"
      "09 d PIC 9(16)V9(2) COMP-3.\n"
      "09 e-num PIC S9(9) COMP-5 SYNC.\n"
      "09 e.\n"
      "12 e2-length PIC S9999 COMP-5 SYNC.\n"
      "12 e2 PIC X(6).\n" },
    { DOC("", "{\"type\":\"object\",\"properties\":{\"t\":{\"type\":\"array\","
              "\"maxItems\":3,\"items\":{\"type\":\"string\"}},\"o\":{"
              "\"type\":\"array\",\"minItems\":1,\"maxItems\":9,\"items\":{"
              "\"type\":\"object\",\"required\":[\"c\"],\"properties\":{\"c\":"
              "{\"type\":\"string\",\"minLength\":3,\"maxLength\":3},\"k\":{"
              "\"type\":\"number\"}}}}}}"),
      false,
      "06 RespBody.\n"
      "09 t-num PIC S9(9) COMP-5 SYNC.\n"
      "09 t OCCURS 3.\n"
      "12 t2-length PIC S9999 COMP-5 SYNC.\n"
      "12 t2 PIC X(255).\n"
      "12 filler PIC X(1).\n"
      "09 o2-num PIC S9(9) COMP-5 SYNC.\n"
      "09 o OCCURS 9.\n"
      "12 c PIC X(3).\n"
      "12 k-num PIC S9(9) COMP-5 SYNC.\n"
      "12 k COMP-2 SYNC.\n" },
    { DOC("", "{\"type\":\"object\",\"properties\":{"
              "\"cscvincUpdateServiceOperation\":{\"type\":\"object\","
              "\"properties\":{\"v\":{\"type\":\"boolean\"}}}}}"),
      false,
      "06 RespBody.\n"
      "09 cscvincUpdateServiceOp-num PIC S9(9) COMP-5 SYNC.\n"
      "09 cscvincUpdateServiceOperatio.\n"
      "12 v-num PIC S9(9) COMP-5 SYNC.\n"
      "12 v PIC X DISPLAY.\n" },
};

/* Declarations only, each clause behind one blank, continued lines joined. */
static void
squeeze(struct str text, struct buf *out)
{
    struct str line;

    while (str_line(&text, &line)) {
        bool was_blank = true;

        assert_true(line.n <= 72);
        if (line.n > 6 && line.p[6] == '*')
            continue;
        if (line.n > 30 && str_trim(str_sub(line, 0, 30)).n == 0 && out->n > 0)
            out->p[out->n - 1] = ' ';
        for (size_t i = 0; i < line.n; i++) {
            bool is_blank = line.p[i] == ' ';

            if (!is_blank || !was_blank)
                buf_add_char(out, line.p[i]);
            was_blank = is_blank;
        }
        buf_add_char(out, '\n');
    }
}

static const struct structure_rules defaults = { .default_max_length = 255,
                                                 .default_max_items = 255,
                                                 .key_max_length = 255 };

static void
structures_match_the_examples(void **state)
{
    FILE *sink = fopen("/dev/null", "w");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        struct err_info why = { 0 };
        struct buf notes, text, got;
        struct structure s = { .notes = &notes };
        struct swagger swagger;
        struct toolkit tk;

        toolkit_init(&tk, sink);
        buf_init(&notes, 1u << 20);
        buf_init(&text, 1u << 20);
        buf_init(&got, 1u << 20);
        assert_int_equal(swagger_read(&tk.arena, str_of(examples[i].document),
                                      STR("x.json"), false, &swagger, &why),
                         ERR_OK);
        assert_int_equal(
            (examples[i].is_request ? structure_request : structure_response)(
                &tk, swagger.root, &swagger.operations[0], &defaults, &s, &why),
            ERR_OK);
        member_structure(&text, s.root, buf_view(&notes));
        squeeze(buf_view(&text), &got);
        assert_string_equal(buf_z(&got), examples[i].want);
        swagger_fini(&swagger);
        buf_fini(&notes);
        buf_fini(&text);
        buf_fini(&got);
        toolkit_fini(&tk);
    }
    fclose(sink);
}

static void
structures_refuse(void **state)
{
    static const struct {
        const char *document, *text;
    } rows[] = {
        { DOC("", "{\"type\":\"object\",\"properties\":{\"a\":{}}}"),
          "no type" },
        { DOC("", "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":"
                  "\"null\"}}}"),
          "no type" },
        { DOC("", "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":"
                  "\"#/definitions/x\"}}}"),
          "$ref" },
        { DOC("", "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":"
                  "\"#/paths/~1p/get/responses/200/schema\"}}}"),
          "levels deep" },
        { DOC("", "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":"
                  "\"array\",\"items\":[{\"type\":\"string\"}]}}}"),
          "array" },
        { DOC("", "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":"
                  "\"string\",\"maxLength\":40000}}}"),
          "maxLength" },
        { DOC("", "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":"
                  "\"array\",\"maxItems\":40000,\"items\":{\"type\":\"string\"}"
                  "}}}"),
          "maxItems" },
        { DOC("", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"),
          "not an object" },
    };
    FILE *sink = fopen("/dev/null", "w");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err_info why = { 0 };
        struct buf notes;
        struct structure s = { .notes = &notes };
        struct swagger swagger;
        struct toolkit tk;

        toolkit_init(&tk, sink);
        buf_init(&notes, 1u << 20);
        assert_int_equal(swagger_read(&tk.arena, str_of(rows[i].document),
                                      STR("x.json"), false, &swagger, &why),
                         ERR_OK);
        assert_int_equal(structure_response(&tk, swagger.root,
                                            &swagger.operations[0], &defaults,
                                            &s, &why),
                         ERR_UNSUPPORTED);
        if (strstr(why.text, rows[i].text) == NULL)
            fail_msg("row %zu: \"%s\"", i, why.text);
        swagger_fini(&swagger);
        buf_fini(&notes);
        toolkit_fini(&tk);
    }
    fclose(sink);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_the_rules),
        cmocka_unit_test(names_cut_left_and_claim),
        cmocka_unit_test(structures_match_the_examples),
        cmocka_unit_test(structures_refuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
