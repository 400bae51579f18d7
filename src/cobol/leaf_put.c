/* Text to the bytes of one field. What does not fit is refused by name. */
#include "cobol/map_blob.h"

#include "cobol/decimal.h"
#include "cobol/real.h"
#include "parse/json_read.h"

#include <string.h>

#define SHOWN_MAX 40u /* bytes of a value quoted in a message */

static enum err
refuse(const struct leaf_env *env, const struct leaf *l, struct err_info *why,
       struct str value, const char *what)
{
    return err_set(why, ERR_RANGE, STR_FMT ": \"" STR_FMT "\"%s %s",
                   STR_ARG(leaf_name(env, l)),
                   STR_ARG(str_sub(value, 0, SHOWN_MAX)),
                   value.n > SHOWN_MAX ? "..." : "", what);
}

static enum err
refuse_long(const struct leaf_env *env, const struct leaf *l,
            struct err_info *why, struct str value, uint32_t max,
            const char *unit)
{
    return err_set(
        why, ERR_RANGE, STR_FMT ": \"" STR_FMT "\"%s is longer than %u %s",
        STR_ARG(leaf_name(env, l)), STR_ARG(str_sub(value, 0, SHOWN_MAX)),
        value.n > SHOWN_MAX ? "..." : "", max, unit);
}

static unsigned
hex4(const char *p)
{
    unsigned v = 0;

    for (int i = 0; i < 4; i++) {
        char c = p[i];

        v = v << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return v;
}

/*
 * The character at raw.p[*i]; 0 bytes left is the caller's to see. The JSON
 * scanner has checked escapes and pairs; plain text is checked here.
 */
static bool
next_char(struct str raw, size_t *i, bool is_json, uint32_t *ucs)
{
    unsigned n;

    if (!is_json || raw.p[*i] != '\\') {
        n = utf8_decode(raw.p + *i, raw.n - *i, ucs);
        *i += n;
        return n > 0;
    }
    if (raw.n - *i < 2)
        return false;
    switch (raw.p[*i + 1]) {
    case 'b':
        *ucs = '\b';
        break;
    case 'f':
        *ucs = '\f';
        break;
    case 'n':
        *ucs = '\n';
        break;
    case 'r':
        *ucs = '\r';
        break;
    case 't':
        *ucs = '\t';
        break;
    case 'u':
        if (raw.n - *i < 6)
            return false;
        *ucs = hex4(raw.p + *i + 2);
        if (*ucs >= 0xD800 && *ucs <= 0xDBFF && raw.n - *i >= 12) {
            *ucs = 0x10000 +
                   ((*ucs & 0x3FF) << 10 | (hex4(raw.p + *i + 8) & 0x3FF));
            *i += 6;
        }
        *i += 6;
        return true;
    default:
        *ucs = (unsigned char)raw.p[*i + 1]; /* " \ / */
    }
    *i += 2;
    return true;
}

static void
fill_blank(const struct leaf_env *env, const struct leaf *l, uint8_t *at,
           size_t n)
{
    if (l->code == LEAF_NATIONAL) {
        for (size_t i = 0; i + 1 < n; i += 2) {
            at[i] = 0;
            at[i + 1] = ' ';
        }
        return;
    }
    memset(at, l->code == LEAF_DBCS ? 0x40 : env->cp->blank, n);
}

/* Pad, or shift to the right when JUSTIFIED; store the length field. */
static enum err
finish_text(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
            size_t n, struct err_info *why)
{
    uint8_t *at = base + l->offset;

    if ((l->flags & LF_JUSTIFIED) != 0 && n < l->size) {
        memmove(at + l->size - n, at, n);
        fill_blank(env, l, at, l->size - n);
    } else {
        fill_blank(env, l, at + n, l->size - n);
    }
    return l->length == NONE
               ? ERR_OK
               : leaf_put_count(env, &env->leaves[l->length], base, n, why);
}

/* Pages that convert whole strings: mixed and DBCS. */
static enum err
put_converted(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
              struct str raw, bool is_json, struct err_info *why)
{
    struct buf plain, bytes;
    enum err e = ERR_OK;

    buf_init(&plain, MAP_JSON_MAX);
    buf_init(&bytes, MAP_JSON_MAX);
    for (size_t i = 0; i < raw.n && e == ERR_OK;) {
        uint32_t ucs;
        char utf8[4];

        if (!next_char(raw, &i, is_json, &ucs))
            e = refuse(env, l, why, raw, "is not valid UTF-8");
        else
            buf_add(&plain, str_n(utf8, utf8_encode(ucs, utf8)));
    }
    if (e == ERR_OK &&
        (buf_check(&plain, why) != ERR_OK ||
         codepage_encode(env->cp, buf_view(&plain), &bytes, NULL) != ERR_OK))
        e = refuse(env, l, why, raw,
                   "holds a character that the code page does not have");
    /* A DBCS field holds the pairs without their shift bytes. */
    if (e == ERR_OK && l->code == LEAF_DBCS) {
        struct str s = buf_view(&bytes);

        if (s.n > 0 && (s.p[0] != 0x0E || s.p[s.n - 1] != 0x0F ||
                        memchr(s.p + 1, 0x0F, s.n - 2) != NULL))
            e = refuse(env, l, why, raw, "holds a single-byte character");
        else if (s.n > 0)
            memmove(bytes.p, bytes.p + 1, bytes.n -= 2);
    }
    if (e == ERR_OK && bytes.n > l->size)
        e = refuse_long(env, l, why, raw, l->size, "bytes");
    if (e == ERR_OK) {
        if (bytes.n > 0)
            memcpy(base + l->offset, bytes.p, bytes.n);
        e = finish_text(env, l, base, bytes.n, why);
    }
    buf_fini(&plain);
    buf_fini(&bytes);
    return e;
}

static enum err
put_text(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
         struct str raw, bool is_json, struct err_info *why)
{
    const struct codepage *cp = env->cp;
    uint8_t *at = base + l->offset;
    size_t n = 0;

    if (l->code == LEAF_DBCS ||
        (l->code == LEAF_TEXT && cp->kind == CODEPAGE_MIXED))
        return put_converted(env, l, base, raw, is_json, why);
    for (size_t i = 0; i < raw.n;) {
        uint32_t ucs;
        char bytes[4];
        unsigned n_bytes = 1;
        int byte;

        if (!next_char(raw, &i, is_json, &ucs))
            return refuse(env, l, why, raw, "is not valid UTF-8");
        if (l->code == LEAF_NATIONAL || cp->kind == CODEPAGE_UTF16) {
            n_bytes = ucs > 0xFFFF ? 4 : 2;
            if (ucs > 0xFFFF) {
                uint32_t low = 0xDC00 | (ucs & 0x3FF);

                bytes[2] = (char)(low >> 8);
                bytes[3] = (char)low;
                ucs = 0xD800 | (ucs - 0x10000) >> 10;
            }
            bytes[0] = (char)(ucs >> 8);
            bytes[1] = (char)ucs;
        } else if (cp->kind == CODEPAGE_UTF8) {
            n_bytes = utf8_encode(ucs, bytes);
        } else {
            byte = codepage_from_ucs(cp, ucs);
            if (byte < 0)
                return refuse(
                    env, l, why, raw,
                    "holds a character that the code page does not have");
            bytes[0] = (char)byte;
        }
        if (l->size - n < n_bytes)
            return l->code == LEAF_NATIONAL
                       ? refuse_long(env, l, why, raw, l->size / 2,
                                     "characters")
                       : refuse_long(env, l, why, raw, l->size, "characters");
        memcpy(at + n, bytes, n_bytes);
        n += n_bytes;
    }
    return finish_text(env, l, base, n, why);
}

/* ---- numbers ---- */

static const char plus_digits[] = "{ABCDEFGHI";
static const char minus_digits[] = "}JKLMNOPQR";

static void
put_zoned(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
          const char *digits, bool is_negative)
{
    bool separate = (l->flags & LF_SIGN_SEPARATE) != 0;
    bool leads = (l->flags & LF_SIGN_LEADS) != 0;
    uint8_t *at = base + l->offset;
    uint8_t zone = env->sign == ABI_SIGN_EBCDIC ? 0xF0 : 0x30;
    uint8_t *first = at + (separate && leads ? 1 : 0);
    uint8_t *sign;
    unsigned d;

    for (uint32_t i = 0; i < l->digits; i++)
        first[i] = (uint8_t)(zone | (digits[i] - '0'));
    if ((l->flags & LF_SIGNED) == 0)
        return;
    sign = leads ? at : at + l->size - 1;
    if (separate) {
        *sign = env->cp->from_ascii[is_negative ? '-' : '+'];
        return;
    }
    d = *sign & 0x0F;
    if (env->sign == ABI_SIGN_EBCDIC)
        *sign = (uint8_t)((is_negative ? 0xD0 : 0xC0) | d);
    else if (env->sign == ABI_SIGN_OVERPUNCH)
        *sign = (uint8_t)(is_negative ? minus_digits[d] : plus_digits[d]);
    else if (is_negative)
        *sign = (uint8_t)(0x70 | d);
}

static void
put_packed(const struct leaf *l, uint8_t *base, const char *digits,
           bool is_negative)
{
    uint8_t *at = base + l->offset;
    uint32_t nibbles = 2 * l->size;
    uint32_t pad = nibbles - l->digits;
    uint8_t sign = (l->flags & LF_SIGNED) == 0 ? 0xF : is_negative ? 0xD : 0xC;

    if ((l->flags & LF_NO_NIBBLE) == 0)
        pad--;
    for (uint32_t i = 0; i < nibbles; i++) {
        uint8_t nibble = i < pad ? 0
                         : i - pad < l->digits
                             ? (uint8_t)(digits[i - pad] - '0')
                             : sign;

        if (i % 2 == 0)
            at[i / 2] = (uint8_t)(nibble << 4);
        else
            at[i / 2] |= nibble;
    }
}

static void
put_binary(const struct leaf *l, uint8_t *base, uint64_t value)
{
    uint8_t *at = base + l->offset;

    for (uint32_t i = 0; i < l->size; i++) {
        uint32_t shift = (l->flags & LF_LITTLE) != 0 ? i : l->size - 1 - i;

        at[i] = (uint8_t)(value >> (8 * shift));
    }
}

static enum err
refuse_number(const struct leaf_env *env, const struct leaf *l,
              struct err_info *why, struct str text, enum decimal_fit fit)
{
    if (fit == DECIMAL_TOO_PRECISE)
        return l->scale < 0
                   ? err_set(why, ERR_RANGE,
                             STR_FMT ": " STR_FMT " is not a multiple of 10^%d",
                             STR_ARG(leaf_name(env, l)),
                             STR_ARG(str_sub(text, 0, SHOWN_MAX)), -l->scale)
                   : err_set(why, ERR_RANGE,
                             STR_FMT ": " STR_FMT
                                     " has more than %d decimal places",
                             STR_ARG(leaf_name(env, l)),
                             STR_ARG(str_sub(text, 0, SHOWN_MAX)), l->scale);
    return err_set(
        why, ERR_RANGE,
        STR_FMT ": " STR_FMT " has more than %d digits before the point",
        STR_ARG(leaf_name(env, l)), STR_ARG(str_sub(text, 0, SHOWN_MAX)),
        l->scale > l->digits ? 0 : l->digits - l->scale);
}

/* Storage range: COMP-5, BINARY-LONG. */
static enum err
put_storage(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
            struct str text, const struct decimal *d, struct err_info *why)
{
    bool is_signed = (l->flags & LF_SIGNED) != 0;
    unsigned bits = 8 * l->size;
    uint64_t max =
        is_signed ? (UINT64_C(1) << (bits - 1)) - 1 : UINT64_MAX >> (64 - bits);
    char digits[24];
    uint64_t value = 0;
    bool overflows = false;
    enum decimal_fit fit = decimal_digits(d, 20, l->scale, digits);

    if (fit != DECIMAL_FITS)
        return refuse_number(env, l, why, text, fit);
    for (int i = 0; i < 20 && !overflows; i++)
        overflows =
            __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (unsigned)(digits[i] - '0'), &value);
    if (overflows || value > max + (is_signed && d->is_negative ? 1 : 0))
        return err_set(why, ERR_RANGE,
                       STR_FMT ": " STR_FMT " does not fit %u bytes",
                       STR_ARG(leaf_name(env, l)),
                       STR_ARG(str_sub(text, 0, SHOWN_MAX)), l->size);
    put_binary(l, base, d->is_negative ? 0 - value : value);
    return ERR_OK;
}

static enum err
put_number(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
           struct str text, struct err_info *why)
{
    struct decimal d;
    char digits[DECIMAL_DIGITS_MAX];
    enum decimal_fit fit;
    uint64_t value = 0;

    if (!decimal_parse(text, &d))
        return refuse(env, l, why, text,
                      text.n > 2 * DECIMAL_DIGITS_MAX
                          ? "has too many digits"
                          : "is not a number the field can hold");
    if (d.is_negative && (l->flags & LF_SIGNED) == 0)
        return err_set(
            why, ERR_RANGE,
            STR_FMT ": " STR_FMT " is negative, the field has no sign",
            STR_ARG(leaf_name(env, l)), STR_ARG(str_sub(text, 0, SHOWN_MAX)));
    if (l->code == LEAF_BINARY && (l->flags & LF_STORAGE) != 0)
        return put_storage(env, l, base, text, &d, why);
    fit = decimal_digits(&d, l->digits, l->scale, digits);
    if (fit != DECIMAL_FITS)
        return refuse_number(env, l, why, text, fit);
    if (l->code == LEAF_ZONED) {
        put_zoned(env, l, base, digits, d.is_negative);
    } else if (l->code == LEAF_PACKED) {
        put_packed(l, base, digits, d.is_negative);
    } else {
        for (uint32_t i = 0; i < l->digits; i++)
            value = value * 10 + (uint64_t)(digits[i] - '0');
        put_binary(l, base, d.is_negative ? 0 - value : value);
    }
    return ERR_OK;
}

/* ---- the rest ---- */

static int
base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static enum err
put_base64(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
           struct str raw, bool is_json, struct err_info *why)
{
    uint8_t *at = base + l->offset;
    uint32_t bits = 0, n = 0;
    unsigned n_bits = 0, n_chars = 0, n_pad = 0;

    for (size_t i = 0; i < raw.n;) {
        uint32_t ucs;
        int v;

        if (!next_char(raw, &i, is_json, &ucs))
            return refuse(env, l, why, raw, "is not base64");
        n_chars++;
        if (ucs == '=' && n_pad < 2) {
            n_pad++;
            continue;
        }
        v = ucs < 128 ? base64_value((char)ucs) : -1;
        if (v < 0 || n_pad > 0)
            return refuse(env, l, why, raw, "is not base64");
        bits = bits << 6 | (uint32_t)v;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            if (n >= l->size)
                return refuse_long(env, l, why, raw, l->size, "bytes");
            at[n++] = (uint8_t)(bits >> n_bits);
        }
    }
    if (n_chars % 4 != 0 || n_bits >= 6)
        return refuse(env, l, why, raw, "is not base64");
    memset(at + n, 0, l->size - n);
    return l->length == NONE
               ? ERR_OK
               : leaf_put_count(env, &env->leaves[l->length], base, n, why);
}

/* yyyy-MM-dd by the field's pattern, through the field's own type. */
static enum err
put_date(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
         struct str raw, struct err_info *why)
{
    static const char shape[] = "dddd-dd-dd";
    struct leaf inner = *l;
    char text[64];

    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (raw.n != sizeof shape - 1 ||
            (shape[i] == 'd' ? raw.p[i] < '0' || raw.p[i] > '9'
                             : raw.p[i] != '-'))
            return refuse(env, l, why, raw, "is not a date (yyyy-MM-dd)");
    if (l->aux_n > sizeof text)
        return refuse(env, l, why, raw, "has a pattern that is too long");
    for (uint32_t i = 0, y = 0, m = 0, d = 0; i < l->aux_n; i++) {
        const char *pattern = env->pool + l->aux;

        if (pattern[i] == 'y') {
            uint32_t n_y = 0;

            for (uint32_t k = 0; k < l->aux_n; k++)
                n_y += pattern[k] == 'y';
            text[i] = raw.p[(n_y >= 4 ? 0 : 4 - n_y) + (y++ & 3)];
        } else if (pattern[i] == 'M') {
            text[i] = raw.p[5 + (m++ & 1)];
        } else if (pattern[i] == 'd') {
            text[i] = raw.p[8 + (d++ & 1)];
        } else {
            text[i] = pattern[i];
        }
    }
    inner.code = l->inner;
    return leaf_put(env, &inner, base, str_n(text, l->aux_n), false, why);
}

enum err
leaf_put_bool(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
              bool value, struct err_info *why)
{
    if (l->code != LEAF_BOOLEAN)
        return err_set(why, ERR_RANGE, STR_FMT ": expected %s, found %s",
                       STR_ARG(leaf_name(env, l)),
                       l->code >= LEAF_ZONED && l->code <= LEAF_FLOAT8
                           ? "a number"
                           : "a string",
                       value ? "true" : "false");
    memcpy(base + l->offset, env->pool + l->aux + (value ? 0 : l->size),
           l->size);
    return ERR_OK;
}

enum err
leaf_put(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
         struct str raw, bool is_json, struct err_info *why)
{
    enum err e;

    switch ((enum leaf_code)l->code) {
    case LEAF_TEXT:
    case LEAF_NATIONAL:
    case LEAF_DBCS:
        return put_text(env, l, base, raw, is_json, why);
    case LEAF_ZONED:
    case LEAF_PACKED:
    case LEAF_BINARY:
        return put_number(env, l, base, raw, why);
    case LEAF_FLOAT4:
    case LEAF_FLOAT8:
        e = real_put(raw, env->is_hfp, l->size, base + l->offset);
        if (e == ERR_OK)
            return ERR_OK;
        return refuse(env, l, why, raw,
                      e == ERR_RANGE ? "is too large" : "is not a number");
    case LEAF_BOOLEAN:
        if (str_eq_z(raw, "true") || str_eq_z(raw, "false"))
            return leaf_put_bool(env, l, base, raw.n == 4, why);
        return refuse(env, l, why, raw, "is not true or false");
    case LEAF_BASE64:
        return put_base64(env, l, base, raw, is_json, why);
    case LEAF_DATE:
        return put_date(env, l, base, raw, why);
    case LEAF_CODES:
        break;
    }
    return err_set(why, ERR_NOT_NOW, "field type %u", l->code);
}

enum err
leaf_put_count(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
               uint64_t count, struct err_info *why)
{
    char text[24];
    size_t at = sizeof text;

    if (l->code == LEAF_BINARY && (l->flags & LF_STORAGE) != 0 &&
        l->scale == 0 && count >> (8 * l->size - 1) == 0) {
        put_binary(l, base, count);
        return ERR_OK;
    }
    do {
        text[--at] = (char)('0' + count % 10);
        count /= 10;
    } while (count > 0);
    return leaf_put(env, l, base, str_n(text + at, sizeof text - at), false,
                    why);
}

void
leaf_init(const struct leaf_env *env, const struct leaf *l, uint8_t *base)
{
    char zeros[DECIMAL_DIGITS_MAX];

    memset(zeros, '0', sizeof zeros);
    if (l->code == LEAF_ZONED)
        put_zoned(env, l, base, zeros, false);
    else if (l->code == LEAF_PACKED)
        put_packed(l, base, zeros, false);
    else if (l->code == LEAF_TEXT || l->code == LEAF_NATIONAL ||
             l->code == LEAF_DBCS)
        fill_blank(env, l, base + l->offset, l->size);
    else
        memset(base + l->offset, 0, l->size);
}
