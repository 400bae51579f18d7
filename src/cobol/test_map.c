#include "base/test.h"
#include "cobol/copybook.h"
#include "cobol/map.h"

/* A service of one record: both programs, opened from exact copies. */
struct service {
    struct arena arena;
    struct copybook book;
    struct map_segment segment;
    struct map_spec spec;
    struct str in_blob, out_blob;
    struct map in, out;
};

static struct str
aligned_copy(struct buf *blob)
{
    struct str s = exact_copy_n(blob->p, blob->n);

    buf_fini(blob);
    return s;
}

static void
service_compile(struct service *s)
{
    struct err_info why = { 0 };
    struct buf in, out;

    buf_init(&in, MAP_BLOB_MAX);
    buf_init(&out, MAP_BLOB_MAX);
    if (map_compile_in(&s->spec, &in, &why) != ERR_OK ||
        map_compile_out(&s->spec, &out, &why) != ERR_OK)
        fail_msg("%s", why.text);
    s->in_blob = aligned_copy(&in);
    s->out_blob = aligned_copy(&out);
    if (map_open(s->in_blob, &s->in, &why) != ERR_OK ||
        map_open(s->out_blob, &s->out, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static void
service_read(struct service *s, const char *copybook, struct abi abi)
{
    struct copybook_options o = { .abi = abi };
    struct err_info why = { 0 };

    memset(s, 0, sizeof *s);
    arena_init(&s->arena, 1 << 24);
    if (copybook_parse(&s->arena, str_of(copybook), &o, &s->book, &why) !=
        ERR_OK)
        fail_msg("%s", why.text);
    s->segment.layout = &s->book.layouts[0];
    s->spec.segments = &s->segment;
    s->spec.n_segments = 1;
    s->spec.options = map_options_default();
}

static void
service_fini(struct service *s)
{
    exact_free(s->in_blob);
    exact_free(s->out_blob);
    arena_fini(&s->arena);
}

/* Record bytes as hex, or the error's text. */
static enum err
run_in(struct service *s, const char *json, struct buf *hex)
{
    size_t cap = map_record_bytes(&s->in, 0);
    struct map_record record = { malloc(cap), cap, 0 };
    struct err_info why = { 0 };
    struct str body = exact_copy(json);
    enum err e;

    memset(record.p, 0xEE, cap);
    e = map_run_in(&s->in, body, NULL, 0, &record, &why);
    if (e != ERR_OK)
        buf_add_z(hex, why.text);
    for (size_t i = 0; e == ERR_OK && i < record.n; i++)
        buf_printf(hex, "%02X", record.p[i]);
    exact_free(body);
    free(record.p);
    return e;
}

static struct str
from_hex(const char *hex)
{
    size_t n = strlen(hex) / 2;
    char *p = malloc(n == 0 ? 1 : n);

    for (size_t i = 0; i < n; i++) {
        unsigned v;

        sscanf(hex + 2 * i, "%2x", &v);
        p[i] = (char)v;
    }
    return str_n(p, n);
}

static enum err
run_out(struct service *s, const char *hex, struct buf *json)
{
    struct str record = from_hex(hex);
    struct map_out out = { .json = json };
    struct err_info why = { 0 };
    enum err e = map_run_out(&s->out, &record, &out, &why);

    if (e != ERR_OK)
        buf_add_z(json, why.text);
    free((void *)(uintptr_t)record.p);
    return e;
}

struct row {
    const char *copybook; /* of "01 R." */
    enum abi_kind abi;
    const char *json; /* inside {"R":{...}} */
    const char *hex;  /* or the message of the refusal */
    const char *back; /* NULL: the same JSON comes back */
};

static const struct row rows[] = {
    /* text */
    { "05 A PIC X(4).", ABI_ZOS, "\"A\":\"Ab1\"", "C182F140", NULL },
    { "05 A PIC X(4).", ABI_GNUCOBOL, "\"A\":\"Ab1\"", "41623120", NULL },
    { "05 A PIC X(4).", ABI_ZOS, "\"A\":\"\"", "40404040", NULL },
    { "05 A PIC X(4).", ABI_ZOS, "\"A\":\"a\\u0041\\\"\"", "81C17F40",
      "\"A\":\"aA\\\"\"" },
    { "05 A PIC X(4).", ABI_ZOS, "\"A\":\"\xC3\xA9\"", "51404040", NULL },
    { "05 A PIC X(4).", ABI_GNUCOBOL, "\"A\":\"\xC3\xA9\"", "C3A92020", NULL },
    { "05 A PIC X(4) JUST.", ABI_GNUCOBOL, "\"A\":\"ab\"", "20206162",
      "\"A\":\"  ab\"" },
    { "05 A PIC N(3).", ABI_ZOS, "\"A\":\"a\xE2\x82\xAC\"", "006120AC0020",
      NULL },
    /* zoned */
    { "05 A PIC S9(3).", ABI_ZOS, "\"A\":-120", "F1F2D0", NULL },
    { "05 A PIC S9(3).", ABI_ZOS, "\"A\":120", "F1F2C0", NULL },
    { "05 A PIC 9(3).", ABI_ZOS, "\"A\":7", "F0F0F7", NULL },
    { "05 A PIC S9(3).", ABI_GNUCOBOL, "\"A\":-120", "31327D", NULL },
    { "05 A PIC S9(3).", ABI_GNUCOBOL, "\"A\":-123", "31324C", NULL },
    { "05 A PIC S9(3).", ABI_GNUCOBOL, "\"A\":0", "30307B", NULL },
    { "05 A PIC S9(3) SIGN LEADING.", ABI_ZOS, "\"A\":-123", "D1F2F3", NULL },
    { "05 A PIC S9(2) SIGN LEADING SEPARATE.", ABI_ZOS, "\"A\":-12", "60F1F2",
      NULL },
    { "05 A PIC S9(2) SIGN TRAILING SEPARATE.", ABI_GNUCOBOL, "\"A\":12",
      "31322B", NULL },
    { "05 A PIC 9(3)V99.", ABI_ZOS, "\"A\":1.5", "F0F0F1F5F0", NULL },
    { "05 A PIC 9(2)P(2).", ABI_ZOS, "\"A\":1200", "F1F2", NULL },
    { "05 A PIC VPP99.", ABI_ZOS, "\"A\":0.0012", "F1F2", NULL },
    { "05 A PIC 9(3).", ABI_ZOS, "\"A\":\"042\"", "F0F4F2", "\"A\":42" },
    { "05 A PIC 9(3).", ABI_ZOS, "\"A\":1.20e2", "F1F2F0", "\"A\":120" },
    { "05 A PIC S9(3).", ABI_ZOS, "\"A\":-0", "F0F0C0", "\"A\":0" },
    /* packed */
    { "05 A PIC S9(5)V99 COMP-3.", ABI_ZOS, "\"A\":-123.45", "0012345D", NULL },
    { "05 A PIC 9(4) COMP-3.", ABI_ZOS, "\"A\":1234", "01234F", NULL },
    { "05 A PIC 9(4) COMP-6.", ABI_GNUCOBOL, "\"A\":1234", "1234", NULL },
    { "05 A PIC S9(31) COMP-3.", ABI_ZOS,
      "\"A\":-1234567890123456789012345678901",
      "1234567890123456789012345678901D", NULL },
    /* binary */
    { "05 A PIC S9(9) BINARY.", ABI_GNUCOBOL, "\"A\":258", "00000102", NULL },
    { "05 A PIC S9(9) COMP-5.", ABI_GNUCOBOL, "\"A\":258", "02010000", NULL },
    { "05 A PIC S9(9) COMP-5.", ABI_ZOS, "\"A\":-1", "FFFFFFFF", NULL },
    { "05 A PIC S9(4) COMP-5.", ABI_ZOS, "\"A\":-32768", "8000", NULL },
    { "05 A PIC 9(18) COMP-5.", ABI_ZOS, "\"A\":18446744073709551615",
      "FFFFFFFFFFFFFFFF", NULL },
    { "05 A PIC S9(3)V9 COMP.", ABI_ZOS, "\"A\":-1.5", "FFF1", NULL },
    { "05 A BINARY-CHAR UNSIGNED.", ABI_GNUCOBOL, "\"A\":255", "FF", NULL },
    /* floats */
    { "05 A COMP-2.", ABI_GNUCOBOL, "\"A\":1.5", "000000000000F83F", NULL },
    { "05 A COMP-1.", ABI_GNUCOBOL, "\"A\":0.1", "CDCCCC3D", NULL },
    { "05 A COMP-1.", ABI_ZOS, "\"A\":-118.625", "C276A000", NULL },
    { "05 A COMP-2.", ABI_ZOS, "\"A\":0.1", "401999999999999A", NULL },
    { "05 A COMP-2.", ABI_ZOS, "\"A\":1", "4110000000000000", NULL },
    /* missing, null, unknown, order */
    { "05 A PIC X(2). 05 B PIC 9.", ABI_GNUCOBOL, "\"B\":1", "000031",
      "\"A\":\"\",\"B\":1" },
    { "05 A PIC X(2). 05 B PIC 9.", ABI_GNUCOBOL,
      "\"B\":1,\"Z\":[{\"A\":[1e5,true]}],\"A\":null", "000031",
      "\"A\":\"\",\"B\":1" },
    { "05 G. 10 A PIC X. 10 B PIC X. 05 C PIC X.", ABI_GNUCOBOL,
      "\"C\":\"3\",\"G\":{\"B\":\"2\",\"A\":\"1\"}", "313233",
      "\"G\":{\"A\":\"1\",\"B\":\"2\"},\"C\":\"3\"" },
    { "05 A-B PIC X. 05 FILLER PIC X. 05 C PIC X.", ABI_GNUCOBOL,
      " \"A_B\" : \"1\" , \"C\" : \"3\" ", "310033",
      "\"A_B\":\"1\",\"C\":\"3\"" },
    /* tables */
    { "05 T PIC 9 OCCURS 3.", ABI_GNUCOBOL, "\"T\":[1,2,3]", "313233", NULL },
    { "05 T OCCURS 2. 10 A PIC X. 10 U PIC 9 OCCURS 2.", ABI_GNUCOBOL,
      "\"T\":[{\"A\":\"x\",\"U\":[1,2]},{\"A\":\"y\",\"U\":[3,4]}]",
      "783132793334", NULL },
    { "05 N PIC 9. 05 T PIC X OCCURS 0 TO 4 DEPENDING N.", ABI_GNUCOBOL,
      "\"T\":[\"a\",\"b\"]", "326162", NULL },
    { "05 N PIC 9. 05 T PIC X OCCURS 0 TO 4 DEPENDING N.", ABI_GNUCOBOL, "",
      "30", "\"T\":[]" },
    { "05 N PIC 9. 05 T PIC X OCCURS 1 TO 4 DEPENDING N. 05 E PIC X.", ABI_ZOS,
      "\"E\":\"e\",\"T\":[\"a\",\"b\"]", "F2818285",
      "\"T\":[\"a\",\"b\"],\"E\":\"e\"" },
    { "05 N PIC 9. 05 T PIC X OCCURS 1 TO 4 DEPENDING N. 05 E PIC X.",
      ABI_GNUCOBOL, "\"E\":\"e\",\"T\":[\"a\",\"b\"]",
      "32616200006"
      "5",
      "\"T\":[\"a\",\"b\"],\"E\":\"e\"" },
    { "05 N PIC 9. 05 T PIC X OCCURS 0 TO 3 DEPENDING N. 05 M PIC 9. "
      "05 U PIC X OCCURS 0 TO 3 DEPENDING M. 05 E PIC X.",
      ABI_ZOS, "\"U\":[\"u\"],\"E\":\"e\",\"T\":[\"a\",\"b\"]", "F28182F1A485",
      "\"T\":[\"a\",\"b\"],\"U\":[\"u\"],\"E\":\"e\"" },
    /* REDEFINES: the first definition is the one shown */
    { "05 A PIC X(4). 05 B REDEFINES A PIC 9(4). 05 C PIC X.", ABI_GNUCOBOL,
      "\"A\":\"12\",\"C\":\"3\"", "3132202033", NULL },
};

static void
both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        char text[1024], json[1024], want[1024];
        struct service s;
        struct buf got, back;
        enum err e;

        snprintf(text, sizeof text, "01 R. %s", row->copybook);
        snprintf(json, sizeof json, "{\"R\":{%s}}", row->json);
        snprintf(want, sizeof want, "{\"R\":{%s}}",
                 row->back != NULL ? row->back : row->json);
        service_read(&s, text, abi_default(row->abi));
        service_compile(&s);
        buf_init(&got, 4096);
        buf_init(&back, 1 << 20);
        e = run_in(&s, json, &got);
        if (e != ERR_OK || strcmp(buf_z(&got), row->hex) != 0)
            print_error("row %zu: %s\n", i, row->copybook);
        assert_string_equal(buf_z(&got), row->hex);
        assert_int_equal(e, ERR_OK);
        (void)run_out(&s, row->hex, &back);
        assert_string_equal(buf_z(&back), want);
        buf_fini(&got);
        buf_fini(&back);
        service_fini(&s);
    }
}

#define OPEN_16 "[[[[[[[[[[[[[[[["

static void
refused_json(void **state)
{
    static const struct {
        const char *copybook;
        const char *json; /* whole */
        enum err want;
        const char *text;
    } bad[] = {
        { "05 NUMB PIC X(6).", "{\"R\":{\"NUMB\":\"1234567\"}}", ERR_RANGE,
          "NUMB: \"1234567\" is longer than 6 characters" },
        { "05 A PIC X(6).", "{\"R\":{\"A\":\"\xE2\x82\xAC\"}}", ERR_RANGE,
          "A: \"\xE2\x82\xAC\" holds a character that the code page does not "
          "have" },
        { "05 A PIC X.", "{\"R\":{\"A\":1}}", ERR_RANGE,
          "A: expected a string, found a number" },
        { "05 A PIC 9.", "{\"R\":{\"A\":true}}", ERR_RANGE,
          "A: expected a number, found true" },
        { "05 A PIC 9.", "{\"R\":{\"A\":{}}}", ERR_RANGE,
          "A: expected a number, found an object" },
        { "05 A PIC 9.", "{\"R\":{\"A\":[1]}}", ERR_RANGE,
          "A: expected a number, found an array" },
        { "05 A PIC 9.", "{\"R\":[]}", ERR_RANGE,
          "R: expected an object, found an array" },
        { "05 A PIC 9.", "[]", ERR_RANGE,
          "request: expected an object, found an array" },
        { "05 A PIC 9(3).", "{\"R\":{\"A\":1000}}", ERR_RANGE,
          "A: 1000 has more than 3 digits before the point" },
        { "05 A PIC 9V9.", "{\"R\":{\"A\":1.25}}", ERR_RANGE,
          "A: 1.25 has more than 1 decimal places" },
        { "05 A PIC 9.", "{\"R\":{\"A\":-1}}", ERR_RANGE,
          "A: -1 is negative, the field has no sign" },
        { "05 A PIC 99PP.", "{\"R\":{\"A\":1210}}", ERR_RANGE,
          "A: 1210 is not a multiple of 10^2" },
        { "05 A PIC 9.", "{\"R\":{\"A\":\"\"}}", ERR_RANGE,
          "A: \"\" is not a number the field can hold" },
        { "05 A PIC 9.", "{\"R\":{\"A\":\"x\"}}", ERR_RANGE,
          "A: \"x\" is not a number the field can hold" },
        { "05 A PIC 9.", "{\"R\":{\"A\":1e999999999999}}", ERR_RANGE,
          "A: \"1e999999999999\" is not a number the field can hold" },
        { "05 A PIC S9(4) COMP-5.", "{\"R\":{\"A\":32768}}", ERR_RANGE,
          "A: 32768 does not fit 2 bytes" },
        { "05 A PIC S9(4) COMP.", "{\"R\":{\"A\":10000}}", ERR_RANGE,
          "A: 10000 has more than 4 digits before the point" },
        { "05 A PIC 9(18) COMP-5.", "{\"R\":{\"A\":18446744073709551616}}",
          ERR_RANGE, "A: 18446744073709551616 does not fit 8 bytes" },
        { "05 A COMP-1.", "{\"R\":{\"A\":1e80}}", ERR_RANGE,
          "A: \"1e80\" is too large" },
        { "05 T PIC X OCCURS 2.", "{\"R\":{\"T\":[\"a\",\"b\",\"c\"]}}",
          ERR_RANGE, "T: more than 2 elements" },
        { "05 T PIC X OCCURS 2.", "{\"R\":{\"T\":\"a\"}}", ERR_RANGE,
          "T: expected an array, found a string" },
        { "05 N PIC 9. 05 T PIC X OCCURS 1 TO 4 DEPENDING N.",
          "{\"R\":{\"T\":[]}}", ERR_RANGE, "T: fewer than 1 elements" },
        { "05 A PIC X.", "{\"R\":{\"A\":\"1\",\"A\":\"2\"}}", ERR_SYNTAX,
          "A: given twice in one object" },
        { "05 A PIC X.", "{\"R\":{\"A\":\"1\",\"\\u0041\":\"2\"}}", ERR_SYNTAX,
          "A: given twice in one object" },
        { "05 A PIC X.", "", ERR_OK, NULL },
        { "05 A PIC X.", " ", ERR_SYNTAX, NULL },
        { "05 A PIC X.", "{", ERR_SYNTAX, NULL },
        { "05 A PIC X.", "{\"R\":{}", ERR_SYNTAX, NULL },
        { "05 A PIC X.", "{\"R\":{}}x", ERR_SYNTAX, NULL },
        { "05 A PIC X.", "{\"R\":{},}", ERR_SYNTAX, NULL },
        { "05 A PIC X.", "{\"R\" {}}", ERR_SYNTAX, NULL },
        { "05 A PIC X.", "{\"R\":{\"A\":\"\x01\"}}", ERR_SYNTAX, NULL },
        { "05 A PIC X.", "{\"R\":{\"A\":\"\xC0\x80\"}}", ERR_SYNTAX, NULL },
        { "05 A PIC X.", "{\"R\":{\"A\":\"\\uD800\"}}", ERR_SYNTAX, NULL },
        { "05 A PIC X.", "{\"R\":{\"A\":\"\\x\"}}", ERR_SYNTAX, NULL },
        { "05 A PIC 9.", "{\"R\":{\"A\":01}}", ERR_SYNTAX, NULL },
        { "05 A PIC 9.", "{\"R\":{\"A\":1.}}", ERR_SYNTAX, NULL },
        { "05 A PIC 9.", "{\"R\":{\"A\":nul}}", ERR_SYNTAX, NULL },
        { "05 A PIC 9.", "{\"R\":{\"Z\":nul}}", ERR_SYNTAX, NULL },
        { "05 A PIC 9.", "{\"R\":{A:1}}", ERR_SYNTAX, NULL },
        { "05 A PIC 9.", "{\"Z\":" OPEN_16 OPEN_16 OPEN_16 OPEN_16 "1",
          ERR_LIMIT, "JSON nested deeper than 64" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct service s;
        struct buf got;
        char text[1024];
        enum err e;

        snprintf(text, sizeof text, "01 R. %s", bad[i].copybook);
        service_read(&s, text, abi_default(ABI_ZOS));
        service_compile(&s);
        buf_init(&got, 4096);
        e = run_in(&s, bad[i].json, &got);
        if (e != bad[i].want)
            print_error("row %zu: %s: %s\n", i, bad[i].json, buf_z(&got));
        assert_int_equal(e, bad[i].want);
        if (bad[i].text != NULL)
            assert_string_equal(buf_z(&got), bad[i].text);
        buf_fini(&got);
        service_fini(&s);
    }
}

static void
refused_records(void **state)
{
    static const struct {
        const char *copybook, *hex, *text;
    } bad[] = {
        { "05 A PIC 9(3) COMP-3.", "123A", NULL }, /* A is a plus sign */
        { "05 A PIC 9(3) COMP-3.", "1239",
          "A: X'1239' is not a packed number" },
        { "05 A PIC 9(3) COMP-3.", "1A3C",
          "A: X'1A3C' is not a packed number" },
        { "05 A PIC 9(4) COMP-3.", "11234C",
          "A: X'11234C' is not a packed number" },
        { "05 A PIC 9(3).", "F1F240", "A: X'F1F240' is not a zoned number" },
        { "05 A PIC S9(3).", "F1F21C", "A: X'F1F21C' is not a zoned number" },
        { "05 A PIC S9 SIGN LEADING SEPARATE.", "40F1",
          "A: X'40F1' is not a zoned number" },
        { "05 A PIC X(3).", "C1C2",
          "the record is shorter than its layout (3 bytes are needed)" },
        { "05 N PIC 9. 05 T PIC X OCCURS 1 TO 4 DEPENDING N.", "F5C1C1C1C1C1",
          "T: 5 elements are not in 1..4" },
        { "05 N PIC 9. 05 T PIC X OCCURS 1 TO 4 DEPENDING N.", "F3C1C1",
          "the record is shorter than its layout (4 bytes are needed)" },
        { "05 N PIC 9. 05 T PIC X OCCURS 1 TO 4 DEPENDING N.", "40C1C1",
          "N: X'40' is not a count" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct service s;
        struct buf got;
        char text[1024];
        enum err e;

        snprintf(text, sizeof text, "01 R. %s", bad[i].copybook);
        service_read(&s, text, abi_default(ABI_ZOS));
        service_compile(&s);
        buf_init(&got, 1 << 16);
        e = run_out(&s, bad[i].hex, &got);
        assert_int_equal(e, bad[i].text == NULL ? ERR_OK : ERR_RANGE);
        if (bad[i].text != NULL)
            assert_string_equal(buf_z(&got), bad[i].text);
        buf_fini(&got);
        service_fini(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(refused_json),
        cmocka_unit_test(refused_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
