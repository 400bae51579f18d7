/* API mapping, service options, response rules and requester structures. */
#include "base/test.h"
#include "cobol/copybook.h"
#include "cobol/map.h"

static const char request_book[] =
    "01 REQUEST-CONTAINER. 03 ACTION PIC X. 03 USERID PIC X(8).\n"
    "03 FILEA-AREA. 05 STAT PIC X. 05 NUMB PIC X(6). 05 NAME PIC X(20).\n";
static const char response_book[] =
    "01 RESPONSE-CONTAINER. 03 ACTION PIC X. 03 CEIBRESP PIC S9(8) COMP.\n"
    "03 CEIBRESP2 PIC S9(8) COMP. 03 FILEA-AREA. 05 NUMB PIC X(6).\n"
    "05 NAME PIC X(20).\n";

#define AT "cscvincServiceOperation/Container1/REQUEST_CONTAINER/"
#define BACK "cscvincServiceOperationResponse/Container1/RESPONSE_CONTAINER/"

struct program {
    struct arena arena;
    struct buf blob;
    struct map map;
};

static struct layout *
read_layout(struct arena *a, const char *text, enum abi_kind kind)
{
    struct copybook_options o = { .abi = abi_default(kind) };
    struct copybook book;
    struct err_info why = { 0 };

    arena_init(a, 1 << 22);
    if (copybook_parse(a, str_of(text), &o, &book, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return book.layouts;
}

static void
program_make(struct program *p, const struct map_spec *spec, bool is_in)
{
    struct err_info why = { 0 };

    buf_init(&p->blob, MAP_BLOB_MAX);
    if ((is_in ? map_compile_in(spec, &p->blob, &why)
               : map_compile_out(spec, &p->blob, &why)) != ERR_OK ||
        map_open(buf_view(&p->blob), &p->map, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static void
program_fini(struct program *p)
{
    buf_fini(&p->blob);
    arena_fini(&p->arena);
}

static enum err
give(struct program *p, const char *body, const struct map_param *params,
     size_t n, char *text, struct err_info *why)
{
    uint8_t bytes[64];
    struct map_record record = { bytes, sizeof bytes, 0 };
    enum err e = map_run_in(&p->map, str_of(body), params, n, &record, why);

    for (size_t i = 0; i < record.n; i++)
        text[i] = bytes[i] == 0 ? '.' : (char)bytes[i];
    text[e == ERR_OK ? record.n : 0] = '\0';
    return e;
}

static void
request_mapping(void **state)
{
    static const struct map_update updates[] = {
        { MAP_ASSIGN,
          MAP_BODY,
          { 0 },
          { AT "ACTION", sizeof AT + 5 },
          { "S", 1 },
          false },
        { MAP_MOVE,
          MAP_PATH,
          { "employee", 8 },
          { AT "FILEA_AREA/NUMB", sizeof AT + 14 },
          { 0 },
          true },
        { MAP_MOVE,
          MAP_HEADER,
          { "X-User", 6 },
          { AT "USERID", sizeof AT + 5 },
          { 0 },
          false },
        { MAP_REMOVE,
          MAP_BODY,
          { 0 },
          { AT "FILEA_AREA/STAT", sizeof AT + 14 },
          { 0 },
          false },
    };
    const struct map_param params[] = {
        { MAP_PATH, STR("employee"), STR("111111") },
        { MAP_HEADER, STR("x-user"), STR("FRED") },
    };
    const struct map_param bad_params[] = { { MAP_PATH, STR("employee"),
                                              STR("1234567") } };
    struct map_segment segment = { .container = STR("Container1"),
                                   .is_required = true };
    struct map_spec spec = { .root = STR("cscvincServiceOperation"),
                             .segments = &segment,
                             .n_segments = 1,
                             .options = map_options_default(),
                             .updates = updates,
                             .n_updates = ARRAY_LEN(updates) };
    struct err_info why = { 0 };
    struct program p;
    char text[80];

    (void)state;
    segment.layout = read_layout(&p.arena, request_book, ABI_GNUCOBOL);
    program_make(&p, &spec, true);
    assert_int_equal(map_record_bytes(&p.map, 0), 36);
    assert_true(str_eq_z(map_container(&p.map, 0), "Container1"));

    assert_int_equal(give(&p, "", params, 2, text, &why), ERR_OK);
    assert_string_equal(text, "SFRED    .111111....................");
    assert_int_equal(
        give(&p,
             "{\"cscvincServiceOperation\":{\"Container1\":{"
             "\"REQUEST_CONTAINER\":{\"ACTION\":\"D\",\"FILEA_AREA\":{"
             "\"STAT\":\"Y\",\"NAME\":\"C. BAKER\"}}}}}",
             params, 1, text, &why),
        ERR_OK);
    assert_string_equal(text, "S.........111111C. BAKER            ");
    assert_int_equal(give(&p, "", params + 1, 1, text, &why), ERR_RANGE);
    assert_string_equal(why.text, "the path parameter employee is missing");
    assert_int_equal(give(&p, "", bad_params, 1, text, &why), ERR_RANGE);
    assert_string_equal(why.text,
                        "NUMB: \"1234567\" is longer than 6 characters");
    program_fini(&p);
}

static void
required_container(void **state)
{
    struct map_segment segment = { .container = STR("Container1"),
                                   .is_required = true };
    struct map_spec spec = { .root = STR("op"),
                             .segments = &segment,
                             .n_segments = 1 };
    struct err_info why = { 0 };
    struct program p;
    char text[80];

    (void)state;
    segment.layout = read_layout(&p.arena, request_book, ABI_GNUCOBOL);
    program_make(&p, &spec, true);
    assert_int_equal(give(&p, "{\"op\":{}}", NULL, 0, text, &why), ERR_RANGE);
    assert_string_equal(why.text, "Container1 is missing");
    assert_int_equal(
        give(&p, "{\"op\":{\"Container1\":{}}}", NULL, 0, text, &why), ERR_OK);
    buf_fini(&p.blob);
    segment.is_required = false;
    program_make(&p, &spec, true);
    assert_int_equal(give(&p, "{\"op\":{}}", NULL, 0, text, &why), ERR_OK);
    assert_string_equal(text, "");
    program_fini(&p);
}

static void
response_mapping(void **state)
{
    static const struct map_update updates[] = {
        { MAP_MOVE,
          MAP_HEADER,
          { "X-Resp", 6 },
          { BACK "CEIBRESP2", sizeof BACK + 8 },
          { 0 },
          false },
        { MAP_REMOVE,
          MAP_BODY,
          { 0 },
          { BACK "CEIBRESP2", sizeof BACK + 8 },
          { 0 },
          false },
        { MAP_ASSIGN, MAP_HEADER, { "X-Who", 5 }, { 0 }, { "gate", 4 }, false },
        { MAP_ASSIGN,
          MAP_BODY,
          { 0 },
          { BACK "FILEA_AREA/NAME", sizeof BACK + 14 },
          { "n\"n", 3 },
          false },
    };
    struct map_segment segment = { .container = STR("Container1"),
                                   .is_required = true };
    struct map_spec spec = { .root = STR("cscvincServiceOperationResponse"),
                             .segments = &segment,
                             .n_segments = 1,
                             .options = map_options_default(),
                             .updates = updates,
                             .n_updates = ARRAY_LEN(updates) };
    const struct str record = STR("S\0\0\0\x0D\0\0\0\x50"
                                  "000000                    ");
    struct buf json, text;
    struct map_value values[4];
    struct map_out out = {
        .json = &json, .text = &text, .values = values, .n_values = 4
    };
    struct err_info why = { 0 };
    struct program p;

    (void)state;
    buf_init(&json, 4096);
    buf_init(&text, 4096);
    segment.layout = read_layout(&p.arena, response_book, ABI_GNUCOBOL);
    program_make(&p, &spec, false);
    assert_int_equal(map_run_out(&p.map, &record, &out, &why), ERR_OK);
    assert_string_equal(
        buf_z(&json),
        "{\"cscvincServiceOperationResponse\":{\"Container1\":{"
        "\"RESPONSE_CONTAINER\":{\"ACTION\":\"S\",\"CEIBRESP\":13,"
        "\"FILEA_AREA\":{\"NUMB\":\"000000\",\"NAME\":\"n\\\"n\"}}}}}");
    assert_int_equal(out.n_values, 2);
    assert_true(str_eq_z(values[0].name, "X-Resp"));
    assert_true(str_eq_z(values[0].value, "80"));
    assert_true(str_eq_z(values[1].name, "X-Who"));
    assert_true(str_eq_z(values[1].value, "gate"));

    buf_clear(&text);
    assert_int_equal(
        map_field_get(&p.map, &record, STR(BACK "CEIBRESP"), &text, &why),
        ERR_OK);
    assert_string_equal(buf_z(&text), "13");
    assert_int_equal(
        map_field_get(&p.map, &record, STR(BACK "NONE"), &text, &why),
        ERR_NOT_FOUND);
    /* On failure the buffer is as it was. */
    json.n = 3;
    assert_int_equal(
        map_run_out(&p.map, &(struct str){ record.p, 5 }, &out, &why),
        ERR_RANGE);
    assert_int_equal(json.n, 3);
    buf_fini(&json);
    buf_fini(&text);
    program_fini(&p);
}

static void
comparisons(void **state)
{
    static const struct {
        const char *a, *b;
        int want;
    } rows[] = {
        { "13", "13", 0 },   { "13", "13.0", 0 },   { "2", "13", -1 },
        { "-2", "-13", 1 },  { "-1", "1", -1 },     { "a", "b", -1 },
        { "0013", "13", 0 }, { "1.25", "1.3", -1 }, { "13", "x", -1 },
        { "-0", "0", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int got = map_value_compare(str_of(rows[i].a), str_of(rows[i].b));

        assert_int_equal((got > 0) - (got < 0), rows[i].want);
    }
}

/* Service options of record -> JSON, one row each. */
static void
out_options(void **state)
{
    static const struct {
        const char *record;
        struct map_options options;
        const char *want;
    } rows[] = {
        { "ab  \x31", { .trim_trailing = true }, "\"A\":\"ab\",\"N\":1" },
        { "ab  \x31", { 0 }, "\"A\":\"ab  \",\"N\":1" },
        { " b  \x31",
          { .trim_leading = true, .trim_trailing = true },
          "\"A\":\"b\",\"N\":1" },
        { "    \x31", { .trim_trailing = true }, "\"A\":\"\",\"N\":1" },
        { "    \x31",
          { .trim_trailing = true, .omit_empty = true },
          "\"N\":1" },
        { "    \x31", { .omit_by_value = true, .omit_value = ' ' }, "\"N\":1" },
        { "a\tb \x31",
          { .trim_trailing = true, .escape_control = true },
          "\"A\":\"a\\u0009b\",\"N\":1" },
        { "a\tb \x31", { .trim_trailing = true }, "\"A\":\"a b\",\"N\":1" },
        { "abcd*", { .screening_off = true }, "\"A\":\"abcd\",\"N\":0" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct map_segment segment = { .is_required = true };
        struct map_spec spec = { .segments = &segment,
                                 .n_segments = 1,
                                 .options = rows[i].options };
        const struct str record = { rows[i].record, 5 };
        struct err_info why = { 0 };
        struct buf json;
        struct map_out out = { .json = &json };
        char want[100];
        struct program p;

        buf_init(&json, 4096);
        segment.layout = read_layout(
            &p.arena, "01 R. 05 A PIC X(4). 05 N PIC 9.", ABI_GNUCOBOL);
        program_make(&p, &spec, false);
        assert_int_equal(map_run_out(&p.map, &record, &out, &why), ERR_OK);
        snprintf(want, sizeof want, "{\"R\":{%s}}", rows[i].want);
        assert_string_equal(buf_z(&json), want);
        buf_fini(&json);
        program_fini(&p);
    }
}

/* Precedence of 3.7: JSON, default, initializeInputFields, X'00'. */
static void
in_options(void **state)
{
    static const struct {
        bool init, has_default;
        const char *body, *want;
    } rows[] = {
        { false, false, "{}", "....." },
        { true, false, "{}", "    0" },
        { false, true, "{}", "de  ." },
        { true, true, "{}", "de  0" },
        { true, true, "{\"R\":{\"A\":\"x\",\"N\":7}}", "x   7" },
        { true, true, "{\"R\":{\"A\":\"\"}}", "    0" },
        { false, true, "{\"R\":{\"A\":null}}", "de  ." },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct map_segment segment = { .is_required = true };
        struct map_spec spec = { .segments = &segment, .n_segments = 1 };
        struct err_info why = { 0 };
        struct layout *l;
        struct program p;
        char text[80];

        l = read_layout(&p.arena, "01 R. 05 A PIC X(4). 05 N PIC 9.",
                        ABI_GNUCOBOL);
        spec.options.init_fields = rows[i].init;
        if (rows[i].has_default) {
            l->root->first->has_default = true;
            l->root->first->default_value = STR("de");
        }
        segment.layout = l;
        program_make(&p, &spec, true);
        assert_int_equal(give(&p, rows[i].body, NULL, 0, text, &why), ERR_OK);
        assert_string_equal(text, rows[i].want);
        program_fini(&p);
    }
}

/* ---- requester structures ---- */

static struct field *
add(struct arena *a, struct field *parent, const char *name,
    enum field_kind kind, uint32_t size, uint32_t digits)
{
    struct field *f = field_new(a, parent);

    assert_non_null(f);
    f->name = f->cobol_name = str_of(name);
    f->kind = kind;
    f->size = size;
    f->digits = digits;
    if (kind == FIELD_BINARY) {
        f->is_included = false;
        f->is_native = f->is_signed = f->is_synced = true;
    }
    if (kind == FIELD_FLOAT8)
        f->is_synced = true;
    return f;
}

/* N-num; group N { N2-length, N2 } */
static void
add_optional_text(struct arena *a, struct field *parent, const char *name,
                  uint32_t size)
{
    struct field *num = add(a, parent, "-num", FIELD_BINARY, 0, 9);
    struct field *group = add(a, parent, name, FIELD_GROUP, 0, 0);
    struct field *length = add(a, group, "-length", FIELD_BINARY, 0, 4);

    group->count_field = num;
    group->is_wrapper = true;
    add(a, group, name, FIELD_TEXT, size, 0)->length_field = length;
}

static void
requester_request(void **state)
{
    struct map_segment segment = { .is_required = true };
    struct map_spec spec = { .segments = &segment,
                             .n_segments = 1,
                             .is_requester = true };
    struct layout layout = { 0 };
    struct err_info why = { 0 };
    struct map_value values[4];
    struct buf json, text;
    struct map_out out = {
        .json = &json, .text = &text, .values = values, .n_values = 4
    };
    struct field *root, *query, *body, *length;
    const double amount = 12.5;
    char area[300] = { 0 };
    struct program p;
    struct str record;

    (void)state;
    arena_init(&p.arena, 1 << 20);
    buf_init(&json, 4096);
    buf_init(&text, 4096);
    root = field_new(&p.arena, NULL);
    query = add(&p.arena, root, "ReqQueryParameters", FIELD_GROUP, 0, 0);
    length = add(&p.arena, query, "claimType-length", FIELD_BINARY, 0, 4);
    add(&p.arena, query, "claimType", FIELD_TEXT, 255, 0)->length_field =
        length;
    add(&p.arena, query, "claimAmount", FIELD_FLOAT8, 0, 0);
    body = add(&p.arena, root, "ReqBody", FIELD_GROUP, 0, 0);
    add_optional_text(&p.arena, body, "note", 10);
    assert_int_equal(
        layout_place(&layout, root, abi_default(ABI_GNUCOBOL), &why), ERR_OK);
    assert_int_equal(layout_find(&layout, STR("claimAmount"))->offset, 264);
    segment.layout = &layout;
    program_make(&p, &spec, false);

    area[0] = 5;
    memcpy(area + 2, "DRUG1xxx", 8);
    memcpy(area + 264, &amount, 8);
    record = str_n(area, layout.size);
    assert_int_equal(map_run_out(&p.map, &record, &out, &why), ERR_OK);
    assert_int_equal(out.n_values, 2);
    assert_int_equal(values[0].where, MAP_QUERY);
    assert_true(str_eq_z(values[0].name, "claimType"));
    assert_true(str_eq_z(values[0].value, "DRUG1"));
    assert_true(str_eq_z(values[1].value, "12.5"));
    assert_string_equal(buf_z(&json), "{}");
    assert_true(out.has_body);

    area[272] = 1; /* note-num */
    area[276] = 2; /* note-length */
    memcpy(area + 278, "hi", 2);
    buf_clear(&json);
    out.n_values = 4;
    assert_int_equal(map_run_out(&p.map, &record, &out, &why), ERR_OK);
    assert_string_equal(buf_z(&json), "{\"note\":\"hi\"}");
    area[276] = 11;
    out.n_values = 4;
    assert_int_equal(map_run_out(&p.map, &record, &out, &why), ERR_RANGE);
    assert_string_equal(why.text, "note: length 11 is above 10");
    buf_fini(&json);
    buf_fini(&text);
    program_fini(&p);
}

static void
requester_response(void **state)
{
    struct map_segment segment = { .is_required = true };
    struct map_spec spec = { .segments = &segment,
                             .n_segments = 1,
                             .is_requester = true };
    struct layout layout = { 0 };
    struct err_info why = { 0 };
    struct field *root, *body, *num, *table, *length;
    uint8_t area[100];
    struct map_record record = { area, sizeof area, 0 };
    struct program p;

    (void)state;
    arena_init(&p.arena, 1 << 20);
    root = field_new(&p.arena, NULL);
    body = add(&p.arena, root, "RespBody", FIELD_GROUP, 0, 0);
    add_optional_text(&p.arena, body, "type", 6);              /* 0, 4, 6 */
    num = add(&p.arena, body, "tags-num", FIELD_BINARY, 0, 9); /* 12 */
    table = add(&p.arena, body, "tags", FIELD_GROUP, 0, 0);    /* 16 */
    table->is_array = table->is_wrapper = true;
    table->occurs_min = 1;
    table->occurs_max = 3;
    table->count_field = num;
    length = add(&p.arena, table, "tags2-length", FIELD_BINARY, 0, 4);
    add(&p.arena, table, "tags2", FIELD_TEXT, 2, 0)->length_field = length;
    assert_int_equal(
        layout_place(&layout, root, abi_default(ABI_GNUCOBOL), &why), ERR_OK);
    assert_int_equal(layout.size, 28);
    segment.layout = &layout;
    program_make(&p, &spec, true);

    memset(area, '?', sizeof area);
    assert_int_equal(
        map_run_in(&p.map, STR("{\"x\":1}"), NULL, 0, &record, &why), ERR_OK);
    assert_memory_equal(area, "\0\0\0\0????????\0\0\0\0?", 17);
    assert_int_equal(
        map_run_in(&p.map, STR("{\"type\":\"ab\",\"tags\":[\"x\",\"yz\"]}"),
                   NULL, 0, &record, &why),
        ERR_OK);
    assert_memory_equal(area, "\1\0\0\0\2\0ab    \2\0\0\0\1\0x \2\0yz????", 28);
    memset(area, '?', sizeof area);
    assert_int_equal(map_run_in(&p.map, STR(""), NULL, 0, &record, &why),
                     ERR_OK);
    assert_memory_equal(area, "\0\0\0\0????????\0\0\0\0?", 17);
    assert_int_equal(map_run_in(&p.map, STR("{\"type\":\"abcdefg\"}"), NULL, 0,
                                &record, &why),
                     ERR_RANGE);
    program_fini(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_mapping),
        cmocka_unit_test(required_container),
        cmocka_unit_test(response_mapping),
        cmocka_unit_test(comparisons),
        cmocka_unit_test(out_options),
        cmocka_unit_test(in_options),
        cmocka_unit_test(requester_request),
        cmocka_unit_test(requester_response),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
