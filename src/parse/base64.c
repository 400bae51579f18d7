#include "parse/base64.h"

#include <string.h>

static const char alphabets[][65] = {
    [BASE64_STANDARD] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    [BASE64_URL] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

size_t
base64_encoded_bytes(size_t n, enum base64_kind kind)
{
    if (kind == BASE64_STANDARD)
        return (n / 3 + (n % 3 > 0)) * 4;
    return n / 3 * 4 + (n % 3 > 0 ? n % 3 + 1 : 0);
}

void
base64_encode(struct buf *out, struct str bytes, enum base64_kind kind)
{
    const unsigned char *in = (const unsigned char *)bytes.p;
    char *p = buf_grow(out, base64_encoded_bytes(bytes.n, kind));
    const char *letters = alphabets[kind];

    if (p == NULL)
        return;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        unsigned group = (unsigned)in[i] << 16;

        if (left > 1)
            group |= (unsigned)in[i + 1] << 8;
        if (left > 2)
            group |= in[i + 2];
        *p++ = letters[group >> 18];
        *p++ = letters[group >> 12 & 63];
        if (left > 1)
            *p++ = letters[group >> 6 & 63];
        if (left > 2)
            *p++ = letters[group & 63];
        for (; left < 3 && kind == BASE64_STANDARD; left++)
            *p++ = '=';
    }
}

size_t
base64_decoded_max(size_t n)
{
    return n / 4 * 3 + 3;
}

static int
value_of(char c, enum base64_kind kind)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == alphabets[kind][62])
        return 62;
    if (c == alphabets[kind][63])
        return 63;
    return -1;
}

/* Characters without padding; STR_NPOS when the padding is wrong. */
static size_t
without_padding(struct str in, enum base64_kind kind)
{
    size_t n = in.n;

    if (kind == BASE64_URL)
        return n;
    if (n % 4 != 0)
        return STR_NPOS;
    for (unsigned i = 0; i < 2 && n > 0 && in.p[n - 1] == '='; i++)
        n--;
    return n;
}

enum err
base64_decode(struct str in, enum base64_kind kind, char *out, size_t *n,
              struct err_info *why)
{
    size_t chars = without_padding(in, kind), at = 0;
    unsigned bits = 0, n_bits = 0;

    if (chars == STR_NPOS || chars % 4 == 1)
        return err_at(why, ERR_SYNTAX, in.n,
                      "%zu characters are not a length of base64", in.n);
    for (size_t i = 0; i < chars; i++) {
        int value = value_of(in.p[i], kind);

        if (value < 0)
            return err_at(why, ERR_SYNTAX, i, "expected a base64 character");
        bits = bits << 6 | (unsigned)value;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[at++] = (char)(unsigned char)(bits >> n_bits);
        }
        bits &= (1u << n_bits) - 1;
    }
    if (bits != 0)
        return err_at(why, ERR_SYNTAX, chars - 1,
                      "the last base64 character has unused bits set");
    *n = at;
    return ERR_OK;
}

enum err
base64_decode_dup(struct arena *arena, struct str in, enum base64_kind kind,
                  struct str *out, struct err_info *why)
{
    char *p = arena_alloc(arena, base64_decoded_max(in.n));
    size_t n;
    enum err e;

    if (p == NULL)
        return err_set(why, ERR_MEMORY, "no storage to decode base64");
    e = base64_decode(in, kind, p, &n, why);
    if (e == ERR_OK)
        *out = str_n(p, n);
    return e;
}
