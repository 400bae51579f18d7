#include "base/printable.h"

#include "base/defs.h"

/* Bytes of the character that begins here, 0: not UTF-8; *c: its number. */
static size_t
next_character(struct str s, size_t at, uint32_t *c)
{
    unsigned char first = (unsigned char)s.p[at];
    size_t n = first < 0x80                    ? 1
               : first >= 0xc2 && first < 0xe0 ? 2
               : first >= 0xe0 && first < 0xf0 ? 3
               : first >= 0xf0 && first < 0xf5 ? 4
                                               : 0;

    if (n == 0 || n > s.n - at)
        return 0;
    *c = n == 1 ? first : first & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        unsigned char more = (unsigned char)s.p[at + i];

        if ((more & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (more & 0x3f);
    }
    /* Longer than need be, surrogates, beyond the last. */
    if ((n == 3 && *c < 0x800) || (n == 4 && *c < 0x10000) ||
        (*c >= 0xd800 && *c < 0xe000) || *c > 0x10ffff)
        return 0;
    return n;
}

static bool
may_be_shown(uint32_t c)
{
    return c >= ' ' && !(c >= 0x7f && c < 0xa0) && c != 0x200e && c != 0x200f &&
           !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069) &&
           c != 0xfeff;
}

bool
printable_is(struct str text)
{
    for (size_t i = 0; i < text.n;) {
        uint32_t c;
        size_t n = next_character(text, i, &c);

        if (n == 0 || !may_be_shown(c))
            return false;
        i += n;
    }
    return true;
}

void
printable_add(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n;) {
        uint32_t c;
        size_t n = next_character(text, i, &c);

        if (n > 0 && may_be_shown(c)) {
            buf_add(out, str_n(text.p + i, n));
            i += n;
            continue;
        }
        for (n = n == 0 ? 1 : n; n > 0; n--)
            buf_printf(out, "\\x%02x", (unsigned char)text.p[i++]);
    }
}
