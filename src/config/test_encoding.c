/* Documents in other encodings than UTF-8: read as if they were in it. */
#include "config/encoding.h"

#include "base/codepage.h"
#include "base/test.h"

#include <stdio.h>
#include <string.h>

static const char body[] = "<server description=\"\xC3\xA4\xC3\x9F[]{}#@$|\">\n"
                           "  <x a='1'/>\n"
                           "</server>\n";

static void
expand(struct str bytes, const char *want)
{
    struct str in = exact_copy_n(bytes.p, bytes.n);
    struct err_info why = { 0 };
    bool is_converted = false;
    struct buf out;

    buf_init(&out, 65536);
    if (encoding_to_utf8(in, &out, &is_converted, &why) != ERR_OK)
        fail_msg("%u:%u: %s", why.line, why.column, why.text);
    assert_true(is_converted);
    assert_string_equal(buf_z(&out), want);
    buf_fini(&out);
    exact_free(in);
}

/* The declaration's encoding becomes blanks: columns stay. */
static void
reads_ebcdic(void **state)
{
    static const struct {
        const char *name;
        uint32_t ccsid;
    } rows[] = {
        { "IBM-1047", 1047 },    { "IBM1047", 1047 },
        { "Cp1047", 1047 },      { "ibm-037", 37 },
        { "IBM01140", 1140 },    { "IBM-1141", 1141 },
        { "IBM-500", 500 },      { "IBM-273", 273 },
        { "IBM-1399", 1399 },    { "ebcdic-cp-us", 37 },
        { "EBCDIC-CP-SE", 278 }, { "ebcdic-cp-ch", 500 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool is_mixed = rows[i].ccsid == 1399;
        const char *text = is_mixed ? "<server a='1'/>\n" : body;
        char written[512], want[512];
        struct err_info why;
        struct buf bytes;
        int n;

        snprintf(written, sizeof written,
                 "<?xml version=\"1.0\" encoding = '%s' ?>\n%s", rows[i].name,
                 text);
        n = (int)strlen("encoding = ''") + (int)strlen(rows[i].name);
        snprintf(want, sizeof want, "<?xml version=\"1.0\" %*s ?>\n%s", n, "",
                 text);
        buf_init(&bytes, 4096);
        if (codepage_encode(codepage_find(rows[i].ccsid), str_of(written),
                            &bytes, &why) != ERR_OK)
            fail_msg("%s: %s", rows[i].name, why.text);
        expand(buf_view(&bytes), want);
        /* X'25' ends lines as well */
        for (size_t j = 0; !is_mixed && j < bytes.n; j++)
            if (bytes.p[j] == '\x15')
                bytes.p[j] = '\x25';
        expand(buf_view(&bytes), want);
        buf_fini(&bytes);
    }
}

static void
reads_utf16(void **state)
{
    static const char *const heads[] = {
        "", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='UTF-16'?>",
        "<?xml version='1.0' encoding='utf-16le'?>", "<!-- \xF0\x9F\x98\x80 -->"
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        for (unsigned form = 0; form < 4; form++) {
            bool has_mark = form & 1, is_little = form & 2;
            char text[512], want[512], *name;
            struct err_info why;
            struct buf bytes;

            snprintf(text, sizeof text, "%s%s%s",
                     has_mark ? "\xEF\xBB\xBF" : "", heads[i], body);
            snprintf(want, sizeof want, "%s%s", heads[i], body);
            name = strstr(want, "encoding");
            if (name != NULL)
                memset(name, ' ', (size_t)(strchr(name, '?') - name));
            buf_init(&bytes, 4096);
            assert_int_equal(codepage_encode(codepage_find(1200), str_of(text),
                                             &bytes, &why),
                             ERR_OK);
            for (size_t j = 0; is_little && j + 1 < bytes.n; j += 2) {
                char c = bytes.p[j];

                bytes.p[j] = bytes.p[j + 1];
                bytes.p[j + 1] = c;
            }
            expand(buf_view(&bytes), want);
            buf_fini(&bytes);
        }
    }
}

static void
leaves_the_rest_alone(void **state)
{
    static const char *const rows[] = {
        "",
        "x",
        "<server/>",
        "\xEF\xBB\xBF<server/>",
        "<?xml version='1.0' encoding='UTF-8'?><server/>",
        "<?xml version='1.0' encoding='ISO-8859-1'?><server a='\xE4'/>",
        "<?xml version='1.0' encoding='IBM-850'?><server/>",
        "<?xml version='1.0' encoding='nobody'?><server/>",
        "<?xml encoding",
        "<server encoding='IBM-1047'/>",
        "\xFF\xFF",
        "\xC3\xA4",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str in = exact_copy(rows[i]);
        struct err_info why = { 0 };
        bool is_converted = true;
        struct buf out;

        buf_init(&out, 4096);
        if (encoding_to_utf8(in, &out, &is_converted, &why) != ERR_OK)
            fail_msg("row %zu: %s", i, why.text);
        assert_false(is_converted);
        assert_int_equal(out.n, 0);
        buf_fini(&out);
        exact_free(in);
    }
}

#define BYTES(text)                                                            \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

static void
refuses(void **state)
{
    /* ccsid 0: the bytes as they are */
    static const struct {
        struct str in;
        uint32_t ccsid;
        uint32_t line, column;
        const char *says;
    } rows[] = {
        { BYTES("\xFF\xFE<\0a"), 0, 1, 2, "half of a character" },
        { BYTES("\xFE\xFF\0<\0\n\xDC\x00\0a"), 0, 2, 1, "half of a char" },
        { BYTES("\xFE\xFF\0<\0\n\0x\xD8\x00"), 0, 2, 2, "half of a char" },
        { BYTES("\xFE\xFF\xD8\x00\0a\0a"), 0, 1, 1, "half of a character" },
        { BYTES("\0\0\xFE\xFF\0\0\0<"), 0, 1, 1, "UTF-32" },
        { BYTES("\xFF\xFE\0\0<\0\0\0"), 0, 1, 1, "UTF-32" },
        { BYTES("<\0\0\0s\0\0\0"), 0, 1, 1, "UTF-32" },
        { BYTES("<server/>"), 1047, 1, 1, "names its code page" },
        { BYTES("\n <!-- x --><server/>"), 1047, 1, 1, "names its code page" },
        { BYTES("<?xml version='1.0'?><server/>"), 1047, 1, 1, "names its" },
        { BYTES("<?xml version='1.0' encoding=''?><a/>"), 1047, 1, 1, "names" },
        { BYTES("<?xml version='1.0' encoding='UTF-8'?><a/>"), 1047, 1, 21,
          "\"UTF-8\" is not an EBCDIC code page" },
        { BYTES("<?xml version='1.0' encoding='IBM-4711'?><a/>"), 1047, 1, 21,
          "\"IBM-4711\" is not an EBCDIC code page" },
        { BYTES("<?xml version='1.0' encoding='ebcdic-cp-xx'?><a/>"), 1047, 1,
          21, "\"ebcdic-cp-xx\" is not" },
        { BYTES("<?xml version='1.0' encoding='UTF-8'?><a/>"), 1200, 1, 21,
          "\"UTF-8\" is declared, but the document is in UTF-16" },
        { BYTES("<?xml version='1.0' encoding='IBM-1047'?><a/>"), 0, 1, 21,
          "\"IBM-1047\" is declared, but the document is in ASCII" },
        { BYTES("<?xml version='1.0' encoding=\"UTF-16\"?><a/>"), 0, 1, 21,
          "\"UTF-16\" is declared, but the document is in ASCII" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err_info why = { 0 };
        bool is_converted = true;
        struct buf bytes, out;
        struct str in;

        buf_init(&bytes, 4096);
        buf_init(&out, 4096);
        if (rows[i].ccsid == 0)
            buf_add(&bytes, rows[i].in);
        else
            assert_int_equal(codepage_encode(codepage_find(rows[i].ccsid),
                                             rows[i].in, &bytes, &why),
                             ERR_OK);
        in = exact_copy_n(bytes.p, bytes.n);
        assert_int_equal(encoding_to_utf8(in, &out, &is_converted, &why),
                         ERR_SYNTAX);
        assert_false(is_converted);
        if (why.line != rows[i].line || why.column != rows[i].column ||
            strstr(why.text, rows[i].says) == NULL)
            fail_msg("row %zu: %u:%u: %s", i, why.line, why.column, why.text);
        exact_free(in);
        buf_fini(&bytes);
        buf_fini(&out);
    }
}

/* What becomes longer keeps to the limit; bytes without a character have a
 * place. */
static void
keeps_to_limits(void **state)
{
    struct err_info why = { 0 };
    struct buf bytes, out;
    bool is_converted;

    (void)state;
    buf_init(&bytes, 4096);
    assert_int_equal(
        codepage_encode(codepage_find(1047),
                        STR("<?xml version='1.0' encoding='IBM-1047'?>\n"
                            "<a b='\xC3\xA4\xC3\xA4\xC3\xA4'/>"),
                        &bytes, &why),
        ERR_OK);
    buf_init(&out, bytes.n);
    assert_int_equal(
        encoding_to_utf8(buf_view(&bytes), &out, &is_converted, &why),
        ERR_LIMIT);
    assert_false(is_converted);
    buf_fini(&out);
    buf_fini(&bytes);
}

static void
knows_small_files(void **state)
{
    static const char *const texts[] = {
        "# server.env\nkeystore_password=Se,cret|[x]\n\nJVM_ARGS=-Xmx1g\n",
        "-Dfile.encoding=IBM-1047\r\n",
        "bootstrap.include=a.properties",
    };
    /* UTF-8 and ISO 8859-1; bytes that are no text of IBM-1047 */
    static const struct str others[] = {
        BYTES(""),           BYTES("A=\xC3\xA4\n"),     BYTES("A=sch\xF6n\n"),
        BYTES("sch\xF6n=1"), BYTES("\xC1\xC2\x7E\x00"), BYTES("\xC1\xFF"),
    };
    struct err_info why;
    bool is_converted;
    struct buf bytes, out;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        buf_init(&bytes, 4096);
        buf_init(&out, 4096);
        assert_int_equal(codepage_encode(codepage_find(1047), str_of(texts[i]),
                                         &bytes, &why),
                         ERR_OK);
        assert_int_equal(
            encoding_of_text(buf_view(&bytes), &out, &is_converted, &why),
            ERR_OK);
        assert_true(is_converted);
        assert_string_equal(buf_z(&out), texts[i]);
        out.max = bytes.n - 1;
        out.n = 0;
        assert_int_equal(
            encoding_of_text(buf_view(&bytes), &out, &is_converted, &why),
            ERR_LIMIT);
        buf_fini(&bytes);
        buf_fini(&out);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        buf_init(&out, 4096);
        assert_int_equal(encoding_of_text(others[i], &out, &is_converted, &why),
                         ERR_OK);
        if (is_converted || out.n > 0)
            fail_msg("row %zu", i);
        buf_fini(&out);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_ebcdic),
        cmocka_unit_test(reads_utf16),
        cmocka_unit_test(leaves_the_rest_alone),
        cmocka_unit_test(refuses),
        cmocka_unit_test(keeps_to_limits),
        cmocka_unit_test(knows_small_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
