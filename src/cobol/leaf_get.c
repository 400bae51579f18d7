/* The bytes of one field to text. */
#include "cobol/map_blob.h"

#include "cobol/decimal.h"
#include "cobol/real.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

static enum err
bad_data(const struct leaf_env *env, const struct leaf *l, const uint8_t *at,
         const char *what, struct err_info *why)
{
    char hex[2 * 20 + 1];
    uint32_t n = l->size < 20 ? l->size : 20;

    for (uint32_t i = 0; i < n; i++) {
        hex[2 * i] = "0123456789ABCDEF"[at[i] >> 4];
        hex[2 * i + 1] = "0123456789ABCDEF"[at[i] & 15];
    }
    hex[2 * n] = '\0';
    return err_set(why, ERR_RANGE, STR_FMT ": X'%s'%s is not %s",
                   STR_ARG(leaf_name(env, l)), hex, n < l->size ? "..." : "",
                   what);
}

/* One character, escaped where JSON needs it. */
static char *
write_char(const struct leaf_env *env, char *p, uint32_t ucs, bool is_json)
{
    if (is_json && (ucs == '"' || ucs == '\\')) {
        *p++ = '\\';
        *p++ = (char)ucs;
        return p;
    }
    if (ucs < 0x20 || (ucs >= 0x7F && ucs < 0xA0)) {
        if (!env->options.escape_control) {
            *p++ = ' ';
            return p;
        }
        if (is_json) {
            memcpy(p, "\\u00", 4);
            p[4] = hex_digits[ucs >> 4 & 15];
            p[5] = hex_digits[ucs & 15];
            return p + 6;
        }
    }
    return p + utf8_encode(ucs, p);
}

static enum err
write_single(const struct leaf_env *env, const struct leaf *l,
             const uint8_t *at, size_t n, char **p, bool is_json,
             struct err_info *why)
{
    const struct codepage *cp = env->cp;

    for (size_t i = 0; i < n; i++) {
        if (cp->to_utf8[at[i]].n == 0)
            return bad_data(env, l, at, "text of the code page", why);
        *p = write_char(env, *p, cp->to_ucs[at[i]], is_json);
    }
    return ERR_OK;
}

static enum err
write_utf8(const struct leaf_env *env, const struct leaf *l, const uint8_t *at,
           size_t n, char **p, bool is_json, struct err_info *why)
{
    for (size_t i = 0; i < n;) {
        uint32_t ucs;
        unsigned step = utf8_decode((const char *)at + i, n - i, &ucs);

        if (step == 0)
            return bad_data(env, l, at, "UTF-8", why);
        *p = write_char(env, *p, ucs, is_json);
        i += step;
    }
    return ERR_OK;
}

static enum err
write_utf16(const struct leaf_env *env, const struct leaf *l, const uint8_t *at,
            size_t n, char **p, bool is_json, struct err_info *why)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t ucs = (uint32_t)at[i] << 8 | at[i + 1];

        if (ucs >= 0xD800 && ucs <= 0xDFFF) {
            uint32_t low;

            if (ucs > 0xDBFF || n - i < 4)
                return bad_data(env, l, at, "UTF-16", why);
            low = (uint32_t)at[i + 2] << 8 | at[i + 3];
            if (low < 0xDC00 || low > 0xDFFF)
                return bad_data(env, l, at, "UTF-16", why);
            ucs = 0x10000 + ((ucs & 0x3FF) << 10 | (low & 0x3FF));
            i += 2;
        }
        *p = write_char(env, *p, ucs, is_json);
    }
    return ERR_OK;
}

/* Mixed pages and DBCS fields (which get their shift bytes back). */
static enum err
write_converted(const struct leaf_env *env, const struct leaf *l,
                const uint8_t *at, size_t n, char **p, bool is_json,
                struct err_info *why)
{
    struct buf bytes, utf8;
    enum err e = ERR_OK;

    buf_init(&bytes, n + 2);
    buf_init(&utf8, 6 * n + 16);
    if (l->code == LEAF_DBCS && n > 0)
        buf_add_char(&bytes, 0x0E);
    buf_add(&bytes, str_n(at, n));
    if (l->code == LEAF_DBCS && n > 0)
        buf_add_char(&bytes, 0x0F);
    if (buf_check(&bytes, why) != ERR_OK)
        e = ERR_MEMORY;
    else if (codepage_decode(env->cp, buf_view(&bytes), &utf8, NULL) != ERR_OK)
        e = bad_data(env, l, at, "text of the code page", why);
    /* write_utf8 writes at most 6 bytes for each byte it reads; a mixed
     * character has 2 record bytes and up to 4 in UTF-8, none escaped. */
    if (e == ERR_OK)
        e = write_utf8(env, l, (const uint8_t *)utf8.p, utf8.n, p, is_json,
                       why);
    buf_fini(&bytes);
    buf_fini(&utf8);
    return e;
}

static bool
is_blank_or_nul(const struct leaf_env *env, const struct leaf *l,
                const uint8_t *at, bool with_nul)
{
    if (l->code == LEAF_NATIONAL)
        return at[0] == 0 && (at[1] == ' ' || (with_nul && at[1] == 0));
    if (l->code == LEAF_DBCS)
        return (at[0] == 0x40 && at[1] == 0x40) ||
               (with_nul && at[0] == 0 && at[1] == 0);
    return at[0] == env->cp->blank || (with_nul && at[0] == 0);
}

static void
trim(const struct leaf_env *env, const struct leaf *l, const uint8_t **at,
     size_t *n)
{
    size_t unit = l->code == LEAF_TEXT ? 1 : 2;

    if (env->options.trim_trailing)
        while (*n >= unit && is_blank_or_nul(env, l, *at + *n - unit, true))
            *n -= unit;
    if (env->options.trim_leading)
        while (*n >= unit && is_blank_or_nul(env, l, *at, false)) {
            *at += unit;
            *n -= unit;
        }
}

static enum err
get_text(const struct leaf_env *env, const struct leaf *l, const uint8_t *base,
         char **p, bool is_json, struct err_info *why)
{
    const uint8_t *at = base + l->offset;
    size_t n = l->size;
    enum err e;

    if (l->length != NONE) {
        uint32_t used = 0;

        e = leaf_get_count(env, &env->leaves[l->length], base, &used, why);
        if (e != ERR_OK)
            return e;
        if (used > l->size)
            return err_set(why, ERR_RANGE, STR_FMT ": length %u is above %u",
                           STR_ARG(leaf_name(env, l)), used, l->size);
        n = used;
    } else {
        trim(env, l, &at, &n);
    }
    if (is_json)
        *(*p)++ = '"';
    if (l->code == LEAF_NATIONAL ||
        (l->code != LEAF_DBCS && env->cp->kind == CODEPAGE_UTF16))
        e = write_utf16(env, l, at, n, p, is_json, why);
    else if (l->code == LEAF_DBCS || env->cp->kind == CODEPAGE_MIXED)
        e = write_converted(env, l, at, n, p, is_json, why);
    else if (env->cp->kind == CODEPAGE_UTF8)
        e = write_utf8(env, l, at, n, p, is_json, why);
    else
        e = write_single(env, l, at, n, p, is_json, why);
    if (is_json)
        *(*p)++ = '"';
    return e;
}

/* ---- numbers: bytes to digits ---- */

/* The digit and sign of a zoned byte; false when it is none. All encodings
 * that cannot be confused with the ABI's own are read. */
static bool
read_sign_digit(uint8_t sign_style, uint8_t byte, unsigned *digit,
                bool *is_negative)
{
    uint8_t zone = byte & 0xF0;

    *digit = byte & 0x0F;
    *is_negative = false;
    if (sign_style == ABI_SIGN_EBCDIC) {
        *is_negative = zone == 0xD0 || zone == 0xB0;
        return *digit <= 9 && zone >= 0xA0;
    }
    if (zone == 0x30 && *digit <= 9)
        return true;
    if (zone == 0x70 && *digit <= 9) {
        *is_negative = true;
        return true;
    }
    if (byte == '{' || byte == '}') {
        *digit = 0;
        *is_negative = byte == '}';
        return true;
    }
    if (byte >= 'A' && byte <= 'I') {
        *digit = (unsigned)(byte - 'A') + 1;
        return true;
    }
    if (byte >= 'J' && byte <= 'R') {
        *digit = (unsigned)(byte - 'J') + 1;
        *is_negative = true;
        return true;
    }
    return false;
}

static bool
zoned_digits(const struct leaf_env *env, const struct leaf *l,
             const uint8_t *at, char *digits, bool *is_negative)
{
    bool separate = (l->flags & LF_SIGN_SEPARATE) != 0;
    bool leads = (l->flags & LF_SIGN_LEADS) != 0;
    bool embedded = (l->flags & LF_SIGNED) != 0 && !separate;
    uint8_t zone = env->sign == ABI_SIGN_EBCDIC ? 0xF0 : 0x30;
    const uint8_t *first = at + (separate && leads ? 1 : 0);
    uint32_t sign_at = leads ? 0 : l->digits - 1u;
    unsigned d;

    *is_negative = false;
    for (uint32_t i = 0; i < l->digits; i++) {
        if (embedded && i == sign_at) {
            if (!read_sign_digit(env->sign, first[i], &d, is_negative))
                return false;
        } else {
            d = first[i] & 0x0F;
            if ((first[i] & 0xF0) != zone || d > 9)
                return false;
        }
        digits[i] = (char)('0' + d);
    }
    if (separate) {
        uint8_t sign = at[leads ? 0 : l->size - 1];

        *is_negative = sign == env->cp->from_ascii['-'];
        return *is_negative || sign == env->cp->from_ascii['+'];
    }
    return true;
}

static bool
packed_digits(const struct leaf *l, const uint8_t *at, char *digits,
              bool *is_negative)
{
    uint32_t nibbles = 2 * l->size, pad, last;

    *is_negative = false;
    last = nibbles;
    if ((l->flags & LF_NO_NIBBLE) == 0) {
        uint8_t sign = at[l->size - 1] & 0x0F;

        last--;
        if (sign < 0xA)
            return false;
        *is_negative = sign == 0xD || sign == 0xB;
    }
    pad = last - l->digits;
    for (uint32_t i = 0; i < last; i++) {
        uint8_t d = i % 2 == 0 ? at[i / 2] >> 4 : at[i / 2] & 0x0F;

        if (d > 9 || (i < pad && d != 0))
            return false;
        if (i >= pad)
            digits[i - pad] = (char)('0' + d);
    }
    return true;
}

static uint64_t
binary_value(const struct leaf *l, const uint8_t *at, bool *is_negative)
{
    uint64_t value = 0;
    unsigned bits = 8 * l->size;

    REQUIRE(bits >= 8 && bits <= 64);
    for (uint32_t i = 0; i < l->size; i++)
        value =
            value << 8 | at[(l->flags & LF_LITTLE) != 0 ? l->size - 1 - i : i];
    *is_negative = (l->flags & LF_SIGNED) != 0 && value >> (bits - 1) != 0;
    if (*is_negative)
        value = (0 - value) & (UINT64_MAX >> (64 - bits));
    return value;
}

static enum err
get_number(const struct leaf_env *env, const struct leaf *l,
           const uint8_t *base, char **p, struct err_info *why)
{
    const uint8_t *at = base + l->offset;
    char digits[DECIMAL_DIGITS_MAX];
    bool is_negative, ok;
    uint32_t n = l->digits;
    uint64_t value;

    if (l->code == LEAF_BINARY) {
        value = binary_value(l, at, &is_negative);
        n = 20;
        for (uint32_t i = n; i-- > 0; value /= 10)
            digits[i] = (char)('0' + value % 10);
        ok = true;
    } else if (l->code == LEAF_ZONED) {
        ok = zoned_digits(env, l, at, digits, &is_negative);
    } else {
        ok = packed_digits(l, at, digits, &is_negative);
    }
    if (!ok) {
        if (!env->options.screening_off)
            return bad_data(env, l, at,
                            l->code == LEAF_ZONED ? "a zoned number"
                                                  : "a packed number",
                            why);
        **p = '0';
        ++*p;
        return ERR_OK;
    }
    *p = decimal_write(*p, digits, n, l->scale, is_negative);
    return ERR_OK;
}

/* ---- the rest ---- */

static enum err
get_boolean(const struct leaf_env *env, const struct leaf *l,
            const uint8_t *base, char **p, struct err_info *why)
{
    const uint8_t *at = base + l->offset;
    const char *values = env->pool + l->aux;
    bool value = memcmp(at, values, l->size) == 0;

    if (!value && memcmp(at, values + l->size, l->size) != 0)
        return bad_data(env, l, at, "the field's true or false value", why);
    memcpy(*p, value ? "true" : "false", value ? 4 : 5);
    *p += value ? 4 : 5;
    return ERR_OK;
}

static void
get_base64(const struct leaf *l, const uint8_t *base, char **p, bool is_json)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *at = base + l->offset;
    char *out = *p;

    if (is_json)
        *out++ = '"';
    for (uint32_t i = 0; i < l->size; i += 3) {
        uint32_t left = l->size - i;
        uint32_t v = (uint32_t)at[i] << 16;

        if (left > 1)
            v |= (uint32_t)at[i + 1] << 8;
        if (left > 2)
            v |= at[i + 2];
        *out++ = alphabet[v >> 18];
        *out++ = alphabet[v >> 12 & 63];
        *out++ = left > 1 ? alphabet[v >> 6 & 63] : '=';
        *out++ = left > 2 ? alphabet[v & 63] : '=';
    }
    if (is_json)
        *out++ = '"';
    *p = out;
}

/* Digits of the field by its pattern; all blank or zero is the empty date. */
static enum err
get_date(const struct leaf_env *env, const struct leaf *l, const uint8_t *base,
         char **p, bool is_json, struct err_info *why)
{
    const char *pattern = env->pool + l->aux;
    struct leaf inner = *l;
    char text[512 + 64], iso[] = "2000-00-00", *end = text;
    uint32_t n_y = 0, y = 0, m = 0, d = 0, n;
    enum err e;

    inner.code = l->inner;
    if (leaf_text_max(&inner) > sizeof text)
        return bad_data(env, l, base + l->offset, "a date", why);
    e = leaf_get(env, &inner, base, &end, false, why);
    if (e != ERR_OK)
        return e;
    n = (uint32_t)(end - text);
    /* A number has lost its leading zeros. */
    if (l->inner != LEAF_TEXT && n < l->aux_n) {
        memmove(text + l->aux_n - n, text, n);
        memset(text, '0', l->aux_n - n);
        n = l->aux_n;
    }
    for (uint32_t i = 0; i < l->aux_n; i++)
        n_y += pattern[i] == 'y';
    if (n != 0 && n != l->aux_n)
        return bad_data(env, l, base + l->offset, "a date", why);
    for (uint32_t i = 0; i < n; i++) {
        char *to = pattern[i] == 'y'
                       ? &iso[(n_y >= 4 ? 0 : 4 - n_y) + (y++ & 3)]
                   : pattern[i] == 'M' ? &iso[5 + (m++ & 1)]
                   : pattern[i] == 'd' ? &iso[8 + (d++ & 1)]
                                       : NULL;

        if (to == NULL)
            continue;
        if (text[i] < '0' || text[i] > '9')
            return bad_data(env, l, base + l->offset, "a date", why);
        *to = text[i];
    }
    if (is_json)
        *(*p)++ = '"';
    if (n > 0) {
        memcpy(*p, iso, 10);
        *p += 10;
    }
    if (is_json)
        *(*p)++ = '"';
    return ERR_OK;
}

enum err
leaf_get(const struct leaf_env *env, const struct leaf *l, const uint8_t *base,
         char **p, bool is_json, struct err_info *why)
{
    size_t n;

    switch ((enum leaf_code)l->code) {
    case LEAF_TEXT:
    case LEAF_NATIONAL:
    case LEAF_DBCS:
        return get_text(env, l, base, p, is_json, why);
    case LEAF_ZONED:
    case LEAF_PACKED:
    case LEAF_BINARY:
        return get_number(env, l, base, p, why);
    case LEAF_FLOAT4:
    case LEAF_FLOAT8:
        n = real_get(base + l->offset, env->is_hfp, l->size, *p);
        if (n == 0)
            return bad_data(env, l, base + l->offset, "a finite number", why);
        *p += n;
        return ERR_OK;
    case LEAF_BOOLEAN:
        return get_boolean(env, l, base, p, why);
    case LEAF_BASE64:
        get_base64(l, base, p, is_json);
        return ERR_OK;
    case LEAF_DATE:
        return get_date(env, l, base, p, is_json, why);
    case LEAF_CODES:
        break;
    }
    return err_set(why, ERR_NOT_NOW, "field type %u", l->code);
}

enum err
leaf_get_count(const struct leaf_env *env, const struct leaf *l,
               const uint8_t *base, uint32_t *count, struct err_info *why)
{
    const uint8_t *at = base + l->offset;
    char digits[DECIMAL_DIGITS_MAX] = { 0 };
    bool is_negative = false, ok = l->scale == 0;
    uint64_t value = 0;

    if (l->code == LEAF_BINARY) {
        value = binary_value(l, at, &is_negative);
    } else {
        ok = ok && (l->code == LEAF_ZONED
                        ? zoned_digits(env, l, at, digits, &is_negative)
                    : l->code == LEAF_PACKED
                        ? packed_digits(l, at, digits, &is_negative)
                        : false);
        for (uint32_t i = 0; ok && i < l->digits; i++)
            value = value > UINT32_MAX
                        ? value
                        : value * 10 + (uint64_t)(digits[i] - '0');
    }
    if (!ok || (is_negative && value != 0) || value > UINT32_MAX)
        return bad_data(env, l, at, "a count", why);
    *count = (uint32_t)value;
    return ERR_OK;
}
