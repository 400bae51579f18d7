/*
 * Code pages by CCSID. Tables of single-byte pages are made once per process
 * from iconv and never freed; looking one up later takes no lock worth
 * mentioning and converting takes none.
 */
#ifndef SALLYPORT_BASE_CODEPAGE_H
#define SALLYPORT_BASE_CODEPAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum codepage_kind {
    CODEPAGE_SINGLE, /* one byte per character, tables below */
    CODEPAGE_UTF8,   /* 1208 */
    CODEPAGE_UTF16,  /* 1200, 13488: big-endian */
    CODEPAGE_MIXED,  /* 930, 939, 1390, 1399: SO/SI, through iconv */
};

struct codepage {
    uint32_t ccsid;
    enum codepage_kind kind;
    const char *iconv_name; /* "IBM037" */
    uint8_t blank;          /* 0x40 or 0x20 (first byte 0x00 for UTF-16) */
    bool is_ebcdic;
    /* CODEPAGE_SINGLE; 0xFFFF where the byte has no character */
    uint16_t to_ucs[256];
    /* UTF-8 of each byte, n 0 where it has none */
    struct {
        uint8_t n;
        char b[3];
    } to_utf8[256];
    /* from ASCII; 0 for unmappable except NUL */
    uint8_t from_ascii[128];
    bool ascii_ok[128];
    bool has_all_ascii; /* U+0020..U+007E all have a byte */
    /* byte -> ASCII where that is one printable character that JSON does not
     * escape; 0 elsewhere */
    uint8_t to_plain[256];
    /* from the BMP: page[ucs >> 8] is NULL or 256 entries, 0x100 = none */
    const uint16_t *page[256];
};

/* NULL for a number nobody knows. */
const struct codepage *codepage_find(uint32_t ccsid);
/* "37", "037", "CP037", "Cp037", "IBM037", "IBM-037", "UTF-8", "ISO8859-1".
 * ERR_SYNTAX when it is no such spelling. */
MUST_CHECK enum err codepage_parse(struct str name, uint32_t *ccsid,
                                   struct err_info *why);

/* One character; -1 when the page has none for it (SINGLE). */
static inline int
codepage_from_ucs(const struct codepage *cp, uint32_t ucs)
{
    const uint16_t *page = ucs <= 0xFFFF ? cp->page[ucs >> 8] : NULL;

    return page == NULL || page[ucs & 0xFF] > 0xFF ? -1 : page[ucs & 0xFF];
}

/*
 * Whole strings; output is appended. ERR_RANGE: a character (byte) that has no
 * counterpart, ->at says where. ERR_SYNTAX: text is not UTF-8.
 */
MUST_CHECK enum err codepage_encode(const struct codepage *, struct str utf8,
                                    struct buf *out, struct err_info *why);
MUST_CHECK enum err codepage_decode(const struct codepage *, struct str bytes,
                                    struct buf *utf8, struct err_info *why);

/* Length of the UTF-8 character at p (n bytes left), its value in *ucs; 0 when
 * it is not valid (overlong, surrogate, > U+10FFFF, cut). */
unsigned utf8_decode(const char *p, size_t n, uint32_t *ucs);
/* 1..4 bytes written to out. */
unsigned utf8_encode(uint32_t ucs, char out[4]);
bool utf8_valid(struct str text, size_t *bad_at);

#endif
