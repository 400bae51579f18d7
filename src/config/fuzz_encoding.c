/* Any bytes as a document: what comes out is UTF-8 and stays so, what is
 * refused has a place; text made UTF-16 comes back as it was. */
#include "config/encoding.h"

#include <stdint.h>

#include "base/codepage.h"

static void
convert(struct str in)
{
    struct err_info why = { 0 };
    struct buf out;
    bool is_converted;
    enum err e;

    buf_init(&out, 3 * in.n + 16);
    e = encoding_to_utf8(in, &out, &is_converted, &why);
    REQUIRE(is_converted ? e == ERR_OK : e != ERR_OK || out.n == 0);
    if (e != ERR_OK) {
        REQUIRE(e == ERR_SYNTAX && why.line > 0 && why.column > 0);
        REQUIRE(why.text[0] != '\0');
    } else if (is_converted) {
        REQUIRE(utf8_valid(buf_view(&out), NULL));
    }
    buf_fini(&out);
}

/* Without a declaration, which would have to name UTF-16. */
static void
comes_back(struct str text)
{
    const struct codepage *cp = codepage_find(1200);
    struct err_info why;
    struct buf wide, out;
    bool is_converted;

    if (!utf8_valid(text, NULL) || str_starts(text, STR("<?xml")))
        return;
    buf_init(&wide, 4 * text.n + 2);
    buf_init(&out, 4 * text.n + 2);
    buf_add(&wide, STR("\xFE\xFF"));
    REQUIRE(codepage_encode(cp, text, &wide, &why) == ERR_OK);
    REQUIRE(encoding_to_utf8(buf_view(&wide), &out, &is_converted, &why) ==
                ERR_OK &&
            is_converted && str_eq(buf_view(&out), text));
    buf_fini(&wide);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    convert(str_n(data, n));
    comes_back(str_n(data, n));
    return 0;
}
