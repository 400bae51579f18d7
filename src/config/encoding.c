#include "config/encoding.h"

#include <string.h>

#include "base/codepage.h"

#define DECLARATION_MAX 512u
#define INVARIANT 1047u /* declarations look alike in all EBCDIC pages */

enum form { FORM_ASCII, FORM_UTF16BE, FORM_UTF16LE, FORM_UTF32, FORM_EBCDIC };

static uint8_t
byte_at(struct str s, size_t i)
{
    return i < s.n ? (uint8_t)s.p[i] : 0xFF;
}

/* "<" and a letter, "?" or "!", perhaps behind blanks and line ends. */
static bool
is_ebcdic(struct str in)
{
    size_t i = 0;
    uint8_t next;

    while (i < in.n && memchr("\x40\x15\x25\x0D\x05", in.p[i], 5) != NULL)
        i++;
    next = byte_at(in, i + 1);
    return byte_at(in, i) == 0x4C &&
           (next == 0x6F || next == 0x5A ||
            ((next & 0x0F) >= 1 && (next & 0x0F) <= 9 &&
             (next >> 4 == 0x8 || next >> 4 == 0x9 || next >> 4 == 0xA)));
}

static enum form
form_of(struct str in, size_t *n_mark)
{
    *n_mark = 0;
    if (str_starts(in, str_n("\x00\x00\xFE\xFF", 4)) ||
        str_starts(in, str_n("\xFF\xFE\x00\x00", 4)) ||
        str_starts(in, str_n("\x00\x00\x00<", 4)) ||
        str_starts(in, str_n("<\x00\x00\x00", 4)))
        return FORM_UTF32;
    if (str_starts(in, STR("\xFE\xFF")) || str_starts(in, STR("\xFF\xFE"))) {
        *n_mark = 2;
        return in.p[0] == '\xFE' ? FORM_UTF16BE : FORM_UTF16LE;
    }
    if (in.n >= 2 && in.p[0] == '\0' && in.p[1] != '\0')
        return FORM_UTF16BE;
    if (in.n >= 2 && in.p[0] != '\0' && in.p[1] == '\0')
        return FORM_UTF16LE;
    return is_ebcdic(in) ? FORM_EBCDIC : FORM_ASCII;
}

/* ---- what the declaration says ---- */

static size_t
skip_blanks(struct str s, size_t i)
{
    while (i < s.n && memchr(" \t\r\n", s.p[i], 4) != NULL)
        i++;
    return i;
}

/* encoding = 'name' of a declaration, from its e to behind the quote; false:
 * it says none. */
static bool
find_encoding(struct str text, size_t *from, size_t *to, struct str *name)
{
    size_t end, at, close;
    char quote;

    text = str_sub(text, 0, DECLARATION_MAX);
    end = str_find(text, STR("?>"));
    if (!str_starts(text, STR("<?xml")) || end == STR_NPOS)
        return false;
    text = str_sub(text, 0, end);
    *from = str_find(text, STR("encoding"));
    if (*from == STR_NPOS)
        return false;
    at = skip_blanks(text, *from + strlen("encoding"));
    if (at >= text.n || text.p[at] != '=')
        return false;
    at = skip_blanks(text, at + 1);
    if (at >= text.n || (text.p[at] != '"' && text.p[at] != '\''))
        return false;
    quote = text.p[at++];
    close = str_find_char(str_sub(text, at, text.n), quote);
    if (close == STR_NPOS)
        return false;
    *name = str_sub(text, at, at + close);
    *to = at + close + 1;
    return true;
}

/* Names of XML that no code page list has. */
static bool
page_of(struct str name, uint32_t *ccsid)
{
    static const struct {
        const char *name;
        uint32_t ccsid;
    } rows[] = {
        { "us", 37 },  { "ca", 37 },  { "wt", 37 },  { "nl", 37 },
        { "dk", 277 }, { "no", 277 }, { "fi", 278 }, { "se", 278 },
        { "it", 280 }, { "es", 284 }, { "gb", 285 }, { "fr", 297 },
        { "ch", 500 }, { "be", 500 }, { "is", 871 }, { "roece", 870 },
        { "yu", 870 },
    };
    struct str prefix = STR("ebcdic-cp-");

    if (!str_starts_nocase(name, prefix))
        return codepage_parse(name, ccsid, NULL) == ERR_OK;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eq_nocase_z(str_sub(name, prefix.n, name.n), rows[i].name)) {
            *ccsid = rows[i].ccsid;
            return true;
        }
    return false;
}

/* Where the text so far ends. */
static enum err
bad_at(struct str text, struct err_info *why, const char *what)
{
    uint32_t line = 1;
    size_t start = 0;

    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    return err_pos(why, ERR_SYNTAX, line, (uint32_t)(text.n - start + 1), "%s",
                   what);
}

static enum err
bad_name(struct str name, size_t at, struct err_info *why, const char *what)
{
    return err_pos(why, ERR_SYNTAX, 1, (uint32_t)at + 1,
                   "the encoding \"" STR_FMT "\" %s",
                   STR_ARG(str_sub(name, 0, 40)), what);
}

/* ---- the forms ---- */

static unsigned
unit_at(struct str in, size_t i, enum form form)
{
    unsigned first = (uint8_t)in.p[i], second = (uint8_t)in.p[i + 1];

    return form == FORM_UTF16BE ? first << 8 | second : second << 8 | first;
}

static enum err
from_utf16(struct str in, enum form form, struct buf *out, struct err_info *why)
{
    size_t i = 0;

    while (i + 1 < in.n) {
        uint32_t ucs = unit_at(in, i, form);
        char utf8[4];

        i += 2;
        if (ucs >= 0xD800 && ucs < 0xE000) {
            uint32_t low = i + 1 < in.n ? unit_at(in, i, form) : 0;

            if (ucs >= 0xDC00 || low < 0xDC00 || low >= 0xE000)
                return bad_at(buf_view(out), why,
                              "half of a character of UTF-16");
            ucs = 0x10000 + ((ucs - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        buf_add(out, str_n(utf8, utf8_encode(ucs, utf8)));
    }
    if (in.n % 2 != 0)
        return bad_at(buf_view(out), why, "half of a character of UTF-16");
    return ERR_OK;
}

/* The document's start as ASCII, far enough for its declaration. */
static bool
declared_page(struct str in, uint32_t *ccsid, struct str *name, size_t *at,
              char text[DECLARATION_MAX])
{
    const struct codepage *cp = codepage_find(INVARIANT);
    size_t n = in.n < DECLARATION_MAX ? in.n : DECLARATION_MAX, to;

    *name = STR("");
    if (cp == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint16_t ucs = cp->to_ucs[(uint8_t)in.p[i]];

        text[i] = ucs < 0x80 ? (char)ucs : '?';
    }
    return find_encoding(str_n(text, n), at, &to, name) &&
           page_of(*name, ccsid);
}

/* NEL of the mixed pages is a line end, too. */
static void
end_lines(struct buf *out)
{
    size_t to = 0;

    for (size_t i = 0; i < out->n; i++) {
        bool is_nel =
            i + 1 < out->n && out->p[i] == '\xC2' && out->p[i + 1] == '\x85';

        out->p[to++] = is_nel ? '\n' : out->p[i];
        i += is_nel;
    }
    out->n = to;
}

static enum err
from_ebcdic(struct str in, struct buf *out, struct err_info *why)
{
    char text[DECLARATION_MAX];
    const struct codepage *cp = NULL;
    struct err_info own = { 0 };
    struct str name;
    uint32_t ccsid = 0;
    size_t at = 0;
    enum err e;

    if (declared_page(in, &ccsid, &name, &at, text))
        cp = codepage_find(ccsid);
    if (cp == NULL && name.n == 0)
        return err_pos(why, ERR_SYNTAX, 1, 1,
                       "the document is in EBCDIC, but does not begin with a "
                       "declaration that names its code page: <?xml "
                       "version=\"1.0\" encoding=\"IBM-1047\"?>");
    if (cp == NULL || !cp->is_ebcdic)
        return bad_name(name, at, why,
                        "is not an EBCDIC code page known here, but the "
                        "document is in EBCDIC");
    e = codepage_decode(cp, in, out, &own);
    if (e == ERR_RANGE || e == ERR_SYNTAX)
        return bad_at(buf_view(out), why, own.text);
    end_lines(out);
    return e;
}

static bool
is_utf16_name(struct str name)
{
    return str_starts_nocase(name, STR("UTF-16")) ||
           str_starts_nocase(name, STR("UTF16")) ||
           str_eq_nocase_z(name, "ISO-10646-UCS-2");
}

/* What is ASCII must not say that it is something else: it was converted on
 * its way here, and nobody told the declaration. */
static enum err
check_ascii(struct str in, struct err_info *why)
{
    const struct codepage *cp;
    struct str name;
    uint32_t ccsid;
    size_t from, to;

    if (!find_encoding(in, &from, &to, &name))
        return ERR_OK;
    cp = page_of(name, &ccsid) ? codepage_find(ccsid) : NULL;
    if (is_utf16_name(name) || (cp != NULL && cp->is_ebcdic))
        return bad_name(name, from, why,
                        "is declared, but the document is in ASCII or UTF-8: "
                        "correct the declaration");
    return ERR_OK;
}

/* The text has one encoding now, whatever its declaration says. */
static enum err
settle_declaration(struct buf *out, size_t start, enum form form,
                   struct err_info *why)
{
    struct str text = str_sub(buf_view(out), start, out->n), name;
    size_t from, to;

    if (!find_encoding(text, &from, &to, &name))
        return ERR_OK;
    if (form != FORM_EBCDIC && !is_utf16_name(name))
        return bad_name(name, from, why,
                        "is declared, but the document is in UTF-16");
    memset(out->p + start + from, ' ', to - from);
    return ERR_OK;
}

enum err
encoding_to_utf8(struct str bytes, struct buf *out, bool *is_converted,
                 struct err_info *why)
{
    size_t n_mark, start = out->n;
    enum form form = form_of(bytes, &n_mark);
    enum err e = ERR_OK;

    *is_converted = false;
    switch (form) {
    case FORM_ASCII:
        return check_ascii(bytes, why);
    case FORM_UTF32:
        return err_pos(why, ERR_SYNTAX, 1, 1,
                       "the document is in UTF-32, which is not read");
    case FORM_UTF16BE:
    case FORM_UTF16LE:
        e = from_utf16(str_sub(bytes, n_mark, bytes.n), form, out, why);
        break;
    case FORM_EBCDIC:
        e = from_ebcdic(bytes, out, why);
        break;
    }
    if (e == ERR_OK)
        e = buf_check(out, why);
    if (e == ERR_OK)
        e = settle_declaration(out, start, form, why);
    *is_converted = e == ERR_OK;
    return e;
}

enum err
encoding_of_text(struct str bytes, struct buf *out, bool *is_converted,
                 struct err_info *why)
{
    const struct codepage *cp = codepage_find(INVARIANT);
    enum err e;

    *is_converted = false;
    if (cp == NULL || utf8_valid(bytes, NULL))
        return ERR_OK;
    for (size_t i = 0; i < bytes.n; i++) {
        uint16_t ucs = cp->to_ucs[(uint8_t)bytes.p[i]];

        if (ucs != '\n' && ucs != '\r' && ucs != '\t' &&
            (ucs < 0x20 || (ucs >= 0x7F && ucs < 0xA0) || ucs == 0xFFFF))
            return ERR_OK;
    }
    e = codepage_decode(cp, bytes, out, why);
    *is_converted = e == ERR_OK;
    return e;
}
