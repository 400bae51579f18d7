/*
 * Tables of single-byte code pages, made from iconv when a page is first asked
 * for. New-line: EBCDIC programs write X'15' (NL) or X'25' (LF); both read as
 * U+000A, and U+000A is written as X'15'.
 */
#include "base/codepage.h"

#include <errno.h>
#include <iconv.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_CHAR 0xFFFFu
#define NO_BYTE 0x100u
#define PAGES_MAX 64u /* distinct code pages in one process */

static const struct {
    uint32_t ccsid;
    enum codepage_kind kind;
    const char *iconv_name;
} known[] = {
    { 37, CODEPAGE_SINGLE, "IBM037" },
    { 273, CODEPAGE_SINGLE, "IBM273" },
    { 277, CODEPAGE_SINGLE, "IBM277" },
    { 278, CODEPAGE_SINGLE, "IBM278" },
    { 280, CODEPAGE_SINGLE, "IBM280" },
    { 284, CODEPAGE_SINGLE, "IBM284" },
    { 285, CODEPAGE_SINGLE, "IBM285" },
    { 297, CODEPAGE_SINGLE, "IBM297" },
    { 500, CODEPAGE_SINGLE, "IBM500" },
    { 819, CODEPAGE_SINGLE, "ISO-8859-1" },
    { 850, CODEPAGE_SINGLE, "IBM850" },
    { 870, CODEPAGE_SINGLE, "IBM870" },
    { 871, CODEPAGE_SINGLE, "IBM871" },
    { 923, CODEPAGE_SINGLE, "ISO-8859-15" },
    { 930, CODEPAGE_MIXED, "IBM930" },
    { 939, CODEPAGE_MIXED, "IBM939" },
    { 1026, CODEPAGE_SINGLE, "IBM1026" },
    { 1047, CODEPAGE_SINGLE, "IBM1047" },
    { 1140, CODEPAGE_SINGLE, "IBM1140" },
    { 1141, CODEPAGE_SINGLE, "IBM1141" },
    { 1142, CODEPAGE_SINGLE, "IBM1142" },
    { 1143, CODEPAGE_SINGLE, "IBM1143" },
    { 1144, CODEPAGE_SINGLE, "IBM1144" },
    { 1145, CODEPAGE_SINGLE, "IBM1145" },
    { 1146, CODEPAGE_SINGLE, "IBM1146" },
    { 1147, CODEPAGE_SINGLE, "IBM1147" },
    { 1148, CODEPAGE_SINGLE, "IBM1148" },
    { 1149, CODEPAGE_SINGLE, "IBM1149" },
    { 1200, CODEPAGE_UTF16, "UTF-16BE" },
    { 1208, CODEPAGE_UTF8, "UTF-8" },
    { 1252, CODEPAGE_SINGLE, "CP1252" },
    { 1390, CODEPAGE_MIXED, "IBM1390" },
    { 1399, CODEPAGE_MIXED, "IBM1399" },
    { 13488, CODEPAGE_UTF16, "UTF-16BE" },
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct codepage *made[PAGES_MAX];
static size_t n_made;

unsigned
utf8_decode(const char *p, size_t n, uint32_t *ucs)
{
    const unsigned char *b = (const unsigned char *)p;
    uint32_t c;

    if (n == 0)
        return 0;
    if (b[0] < 0x80) {
        *ucs = b[0];
        return 1;
    }
    if (b[0] < 0xC2 || b[0] > 0xF4)
        return 0;
    if (n < 2 || (b[1] & 0xC0) != 0x80)
        return 0;
    if (b[0] < 0xE0) {
        *ucs = (uint32_t)(b[0] & 0x1F) << 6 | (b[1] & 0x3F);
        return 2;
    }
    if (n < 3 || (b[2] & 0xC0) != 0x80)
        return 0;
    if (b[0] < 0xF0) {
        c = (uint32_t)(b[0] & 0x0F) << 12 | (uint32_t)(b[1] & 0x3F) << 6 |
            (b[2] & 0x3F);
        if (c < 0x800 || (c >= 0xD800 && c <= 0xDFFF))
            return 0;
        *ucs = c;
        return 3;
    }
    if (n < 4 || (b[3] & 0xC0) != 0x80)
        return 0;
    c = (uint32_t)(b[0] & 0x07) << 18 | (uint32_t)(b[1] & 0x3F) << 12 |
        (uint32_t)(b[2] & 0x3F) << 6 | (b[3] & 0x3F);
    if (c < 0x10000 || c > 0x10FFFF)
        return 0;
    *ucs = c;
    return 4;
}

unsigned
utf8_encode(uint32_t ucs, char out[4])
{
    if (ucs < 0x80) {
        out[0] = (char)ucs;
        return 1;
    }
    if (ucs < 0x800) {
        out[0] = (char)(0xC0 | ucs >> 6);
        out[1] = (char)(0x80 | (ucs & 0x3F));
        return 2;
    }
    if (ucs < 0x10000) {
        out[0] = (char)(0xE0 | ucs >> 12);
        out[1] = (char)(0x80 | (ucs >> 6 & 0x3F));
        out[2] = (char)(0x80 | (ucs & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | ucs >> 18);
    out[1] = (char)(0x80 | (ucs >> 12 & 0x3F));
    out[2] = (char)(0x80 | (ucs >> 6 & 0x3F));
    out[3] = (char)(0x80 | (ucs & 0x3F));
    return 4;
}

bool
utf8_valid(struct str text, size_t *bad_at)
{
    size_t i = 0;
    uint32_t ucs;

    while (i < text.n) {
        unsigned n = utf8_decode(text.p + i, text.n - i, &ucs);

        if (n == 0) {
            if (bad_at != NULL)
                *bad_at = i;
            return false;
        }
        i += n;
    }
    return true;
}

/* The characters of all 256 bytes; false when the page is not single-byte. */
static bool
fill_forward(struct codepage *cp)
{
    iconv_t cd = iconv_open("UTF-32LE", cp->iconv_name);
    bool any = false;

    if (cd == (iconv_t)-1)
        return false;
    for (unsigned b = 0; b < 256; b++) {
        char in[1] = { (char)b };
        unsigned char out[8];
        char *src = in, *dst = (char *)out;
        size_t n_src = 1, n_dst = sizeof out;

        cp->to_ucs[b] = NO_CHAR;
        iconv(cd, NULL, NULL, NULL, NULL);
        if (iconv(cd, &src, &n_src, &dst, &n_dst) == (size_t)-1 ||
            sizeof out - n_dst != 4)
            continue;
        if (out[2] == 0 && out[3] == 0) {
            cp->to_ucs[b] = (uint16_t)(out[0] | out[1] << 8);
            any = true;
        }
    }
    iconv_close(cd);
    return any;
}

static bool
fill_reverse(struct codepage *cp)
{
    for (unsigned b = 0; b < 256; b++) {
        uint16_t ucs = cp->to_ucs[b];
        uint16_t *page;

        if (ucs == NO_CHAR)
            continue;
        if (cp->page[ucs >> 8] == NULL) {
            page = malloc(256 * sizeof *page);
            if (page == NULL)
                return false;
            for (unsigned i = 0; i < 256; i++)
                page[i] = NO_BYTE;
            cp->page[ucs >> 8] = page;
        }
        /* The pages are const only for readers. */
        page = (uint16_t *)(uintptr_t)cp->page[ucs >> 8];
        if (page[ucs & 0xFF] == NO_BYTE)
            page[ucs & 0xFF] = (uint16_t)b;
    }
    return true;
}

static void
fill_derived(struct codepage *cp)
{
    int blank = codepage_from_ucs(cp, ' ');

    cp->blank = (uint8_t)(blank < 0 ? 0x20 : blank);
    cp->is_ebcdic = codepage_from_ucs(cp, 'A') == 0xC1;
    if (cp->is_ebcdic) {
        uint16_t *page = (uint16_t *)(uintptr_t)cp->page[0];

        cp->to_ucs[0x15] = '\n';
        cp->to_ucs[0x25] = '\n';
        page['\n'] = 0x15;
        page[0x85] = 0x15;
    }
    for (unsigned b = 0; b < 256; b++)
        if (cp->to_ucs[b] != NO_CHAR) {
            char utf8[4] = { 0 };

            cp->to_utf8[b].n = (uint8_t)utf8_encode(cp->to_ucs[b], utf8);
            memcpy(cp->to_utf8[b].b, utf8, 3);
        }
    cp->has_all_ascii = true;
    for (unsigned c = 0; c < 128; c++) {
        int b = codepage_from_ucs(cp, c);

        if (b < 0 && c >= 0x20 && c < 0x7F)
            cp->has_all_ascii = false;
        if (b >= 0 && c >= 0x20 && c < 0x7F && c != '"' && c != '\\')
            cp->to_plain[b] = (uint8_t)c;
        cp->ascii_ok[c] = b >= 0;
        cp->from_ascii[c] = (uint8_t)(b < 0 ? 0 : b);
    }
}

/* ASCII as it is: so that users of the ASCII tables need no special case. */
static void
fill_identity(struct codepage *cp)
{
    for (unsigned b = 0; b < 256; b++)
        cp->to_ucs[b] = b < 128 ? (uint16_t)b : NO_CHAR;
    for (unsigned c = 0; c < 128; c++) {
        cp->from_ascii[c] = (uint8_t)c;
        cp->ascii_ok[c] = true;
        cp->to_utf8[c].n = 1;
        cp->to_utf8[c].b[0] = (char)c;
        if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\')
            cp->to_plain[c] = (uint8_t)c;
    }
    cp->has_all_ascii = true;
    cp->blank = 0x20;
}

static struct codepage *
page_make(uint32_t ccsid, enum codepage_kind kind, const char *iconv_name)
{
    struct codepage *cp = calloc(1, sizeof *cp);

    if (cp == NULL)
        return NULL;
    cp->ccsid = ccsid;
    cp->kind = kind;
    cp->iconv_name = iconv_name;
    if (kind == CODEPAGE_SINGLE) {
        if (!fill_forward(cp) || !fill_reverse(cp)) {
            for (unsigned i = 0; i < 256; i++)
                free((void *)(uintptr_t)cp->page[i]);
            free(cp);
            return NULL;
        }
        fill_derived(cp);
    } else if (kind == CODEPAGE_MIXED) {
        cp->blank = 0x40;
        cp->is_ebcdic = true;
    } else {
        fill_identity(cp);
        if (kind == CODEPAGE_UTF16)
            cp->blank = 0;
    }
    return cp;
}

const struct codepage *
codepage_find(uint32_t ccsid)
{
    const struct codepage *found = NULL;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n_made && found == NULL; i++)
        if (made[i]->ccsid == ccsid)
            found = made[i];
    for (size_t i = 0;
         found == NULL && n_made < PAGES_MAX && i < ARRAY_LEN(known); i++)
        if (known[i].ccsid == ccsid) {
            made[n_made] = page_make(ccsid, known[i].kind, known[i].iconv_name);
            if (made[n_made] == NULL)
                break;
            found = made[n_made++];
        }
    pthread_mutex_unlock(&lock);
    return found;
}

enum err
codepage_parse(struct str name, uint32_t *ccsid, struct err_info *why)
{
    static const struct {
        const char *name;
        uint32_t ccsid;
    } words[] = {
        { "UTF-8", 1208 },     { "UTF8", 1208 },      { "UTF-16BE", 1200 },
        { "UTF-16", 1200 },    { "ISO8859-1", 819 },  { "ISO-8859-1", 819 },
        { "ISO8859_1", 819 },  { "ISO8859-15", 923 }, { "ISO-8859-15", 923 },
        { "ISO8859_15", 923 }, { "US-ASCII", 819 },
    };
    struct str rest = str_trim(name);
    uint64_t number;

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq_nocase_z(rest, words[i].name)) {
            *ccsid = words[i].ccsid;
            return ERR_OK;
        }
    if (str_starts_nocase(rest, STR("CP")))
        rest = str_sub(rest, 2, rest.n);
    else if (str_starts_nocase(rest, STR("IBM")))
        rest = str_sub(rest, 3, rest.n);
    if (rest.n > 1 && rest.p[0] == '-' && rest.n < name.n)
        rest = str_sub(rest, 1, rest.n);
    if (rest.n == 0 || rest.n > 5 || !str_to_u64(rest, &number) ||
        number == 0 || number > 65535)
        return err_set(why, ERR_SYNTAX,
                       "\"" STR_FMT "\" is not a code page (expected a CCSID "
                       "such as 37, IBM-1047 or UTF-8)",
                       STR_ARG(str_sub(name, 0, 40)));
    *ccsid = (uint32_t)number;
    return ERR_OK;
}

/* A conversion handle kept for each thread: mixed pages only. */
static iconv_t
mixed_open(const struct codepage *cp, bool is_encode)
{
    static _Thread_local struct {
        const struct codepage *cp;
        bool is_encode;
        iconv_t cd;
    } kept;

    if (kept.cp == cp && kept.is_encode == is_encode) {
        iconv(kept.cd, NULL, NULL, NULL, NULL);
        return kept.cd;
    }
    if (kept.cp != NULL)
        iconv_close(kept.cd);
    kept.cd = is_encode ? iconv_open(cp->iconv_name, "UTF-8")
                        : iconv_open("UTF-8", cp->iconv_name);
    kept.cp = kept.cd == (iconv_t)-1 ? NULL : cp;
    kept.is_encode = is_encode;
    return kept.cd;
}

static enum err
mixed_convert(const struct codepage *cp, bool is_encode, struct str in,
              struct buf *out, struct err_info *why)
{
    iconv_t cd = mixed_open(cp, is_encode);
    char *src = (char *)(uintptr_t)in.p;
    size_t n_src = in.n;
    char piece[512];

    if (cd == (iconv_t)-1)
        return err_sys(why, "code page %u", cp->ccsid);
    for (;;) {
        char *dst = piece;
        size_t n_dst = sizeof piece;
        size_t r = iconv(cd, n_src > 0 ? &src : NULL, n_src > 0 ? &n_src : NULL,
                         &dst, &n_dst);
        bool is_full = r == (size_t)-1 && errno == E2BIG;

        buf_add(out, str_n(piece, sizeof piece - n_dst));
        if (r == (size_t)-1 && !is_full)
            return err_at(why, ERR_RANGE, in.n - n_src,
                          "a character that code page %u does not have",
                          cp->ccsid);
        if (!is_full && n_src == 0) {
            if (!is_encode)
                break;
            is_encode = false; /* one more round writes the closing SI */
        }
    }
    return buf_check(out, why);
}

static enum err
encode_utf16(struct str utf8, struct buf *out, struct err_info *why)
{
    for (size_t i = 0; i < utf8.n;) {
        uint32_t ucs;
        unsigned n = utf8_decode(utf8.p + i, utf8.n - i, &ucs);

        if (n == 0)
            return err_at(why, ERR_SYNTAX, i, "not valid UTF-8");
        if (ucs > 0xFFFF) {
            ucs -= 0x10000;
            buf_u16(out, (uint16_t)(0xD800 | ucs >> 10));
            ucs = 0xDC00 | (ucs & 0x3FF);
        }
        buf_u16(out, (uint16_t)ucs);
        i += n;
    }
    return buf_check(out, why);
}

static enum err
decode_utf16(struct str in, struct buf *utf8, struct err_info *why)
{
    const unsigned char *b = (const unsigned char *)in.p;
    char out[4];

    for (size_t i = 0; i < in.n; i += 2) {
        uint32_t ucs, low;

        if (in.n - i < 2)
            return err_at(why, ERR_RANGE, i, "half a UTF-16 unit");
        ucs = (uint32_t)b[i] << 8 | b[i + 1];
        if (ucs >= 0xD800 && ucs <= 0xDFFF) {
            if (ucs > 0xDBFF || in.n - i < 4)
                return err_at(why, ERR_RANGE, i, "a lone UTF-16 surrogate");
            low = (uint32_t)b[i + 2] << 8 | b[i + 3];
            if (low < 0xDC00 || low > 0xDFFF)
                return err_at(why, ERR_RANGE, i, "a lone UTF-16 surrogate");
            ucs = 0x10000 + ((ucs & 0x3FF) << 10 | (low & 0x3FF));
            i += 2;
        }
        buf_add(utf8, str_n(out, utf8_encode(ucs, out)));
    }
    return buf_check(utf8, why);
}

enum err
codepage_encode(const struct codepage *cp, struct str utf8, struct buf *out,
                struct err_info *why)
{
    size_t bad_at = 0;

    switch (cp->kind) {
    case CODEPAGE_UTF8:
        if (!utf8_valid(utf8, &bad_at))
            return err_at(why, ERR_SYNTAX, bad_at, "not valid UTF-8");
        buf_add(out, utf8);
        return buf_check(out, why);
    case CODEPAGE_UTF16:
        return encode_utf16(utf8, out, why);
    case CODEPAGE_MIXED:
        if (!utf8_valid(utf8, &bad_at))
            return err_at(why, ERR_SYNTAX, bad_at, "not valid UTF-8");
        return mixed_convert(cp, true, utf8, out, why);
    case CODEPAGE_SINGLE:
        break;
    }
    for (size_t i = 0; i < utf8.n;) {
        uint32_t ucs;
        unsigned n = utf8_decode(utf8.p + i, utf8.n - i, &ucs);
        int b;

        if (n == 0)
            return err_at(why, ERR_SYNTAX, i, "not valid UTF-8");
        b = codepage_from_ucs(cp, ucs);
        if (b < 0)
            return err_at(why, ERR_RANGE, i, "U+%04X is not in code page %u",
                          ucs, cp->ccsid);
        buf_add_char(out, (char)b);
        i += n;
    }
    return buf_check(out, why);
}

enum err
codepage_decode(const struct codepage *cp, struct str bytes, struct buf *utf8,
                struct err_info *why)
{
    size_t bad_at = 0;

    switch (cp->kind) {
    case CODEPAGE_UTF8:
        if (!utf8_valid(bytes, &bad_at))
            return err_at(why, ERR_RANGE, bad_at, "not valid UTF-8");
        buf_add(utf8, bytes);
        return buf_check(utf8, why);
    case CODEPAGE_UTF16:
        return decode_utf16(bytes, utf8, why);
    case CODEPAGE_MIXED:
        return mixed_convert(cp, false, bytes, utf8, why);
    case CODEPAGE_SINGLE:
        break;
    }
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char b = (unsigned char)bytes.p[i];

        if (cp->to_utf8[b].n == 0)
            return err_at(why, ERR_RANGE, i, "X'%02X' is not in code page %u",
                          b, cp->ccsid);
        buf_add(utf8, str_n(cp->to_utf8[b].b, cp->to_utf8[b].n));
    }
    return buf_check(utf8, why);
}
