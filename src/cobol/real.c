/*
 * Conversions go through long double: its 64 bits of fraction hold an IBM
 * long float (56 bits) and a double exactly.
 */
#include "cobol/real.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 16^(e-64) x fraction, fraction of 24 or 56 bits */
static long double
hfp_value(const uint8_t *in, uint32_t size)
{
    uint64_t fraction = 0;
    int bits = (int)(size - 1) * 8;
    long double value;

    for (uint32_t i = 1; i < size; i++)
        fraction = fraction << 8 | in[i];
    value = ldexpl((long double)fraction, 4 * ((in[0] & 0x7F) - 64) - bits);
    return in[0] & 0x80 ? -value : value;
}

static enum err
hfp_put(long double value, uint32_t size, uint8_t *out)
{
    int bits = (int)(size - 1) * 8, exp2, exp16;
    bool is_negative = signbit(value);
    uint64_t fraction;

    memset(out, 0, size);
    if (!isfinite(value))
        return ERR_RANGE;
    if (value == 0)
        return ERR_OK;
    value = frexpl(fabsl(value), &exp2);
    exp16 = exp2 > 0 ? (exp2 + 3) / 4 : -(-exp2 / 4);
    if (exp16 > 63)
        return ERR_RANGE;
    if (exp16 < -64)
        return ERR_OK; /* underflow is zero */
    fraction = (uint64_t)roundl(ldexpl(value, exp2 - 4 * exp16 + bits));
    if (fraction >> bits != 0) {
        fraction >>= 4;
        exp16++;
    }
    if (exp16 > 63)
        return ERR_RANGE;
    out[0] = (uint8_t)(exp16 + 64);
    if (is_negative)
        out[0] |= 0x80;
    for (uint32_t i = size - 1; i > 0; i--) {
        out[i] = (uint8_t)fraction;
        fraction >>= 8;
    }
    return ERR_OK;
}

/* strtold in the C locale, whatever the process uses. */
static bool
text_value(struct str text, long double *value)
{
    static locale_t c_locale;
    locale_t mine = __atomic_load_n(&c_locale, __ATOMIC_ACQUIRE);
    char z[128];
    char *end;

    if (mine == NULL) {
        mine = newlocale(LC_ALL_MASK, "C", NULL);
        if (mine == NULL)
            return false;
        __atomic_store_n(&c_locale, mine, __ATOMIC_RELEASE);
    }
    if (!str_copy_z(text, z, sizeof z) || text.n == 0)
        return false;
    if (strspn(z, "0123456789+-.eE") != text.n)
        return false; /* no hex, inf or nan */
    *value = strtold_l(z, &end, mine);
    return end == z + text.n;
}

enum err
real_put(struct str text, bool is_hfp, uint32_t size, uint8_t *out)
{
    long double value;
    double d;
    float f;

    if (!text_value(text, &value))
        return ERR_SYNTAX;
    if (is_hfp)
        return hfp_put(value, size, out);
    d = (double)value;
    f = (float)value;
    if (size == 8 ? !isfinite(d) : !isfinite(f))
        return ERR_RANGE;
    if (size == 8)
        memcpy(out, &d, 8);
    else
        memcpy(out, &f, 4);
    return ERR_OK;
}

/* d.ddde+xx to plain notation where that is short */
static size_t
plain_notation(const char *sci, char *text)
{
    char digits[40] = "0";
    size_t n = 0, at = 0;
    const char *p = sci;
    int exp10;

    if (*p == '-')
        text[at++] = *p++;
    for (; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9')
            digits[n++] = *p;
    exp10 = atoi(p + 1);
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (exp10 >= 21 || exp10 < -7) {
        text[at++] = digits[0];
        if (n > 1) {
            text[at++] = '.';
            memcpy(text + at, digits + 1, n - 1);
            at += n - 1;
        }
        at += (size_t)snprintf(text + at, 16, "e%d", exp10);
        return at;
    }
    if (exp10 < 0) {
        text[at++] = '0';
        text[at++] = '.';
        for (int i = -1; i > exp10; i--)
            text[at++] = '0';
        memcpy(text + at, digits, n);
        return at + n;
    }
    for (int i = 0; i <= exp10; i++)
        text[at++] = (size_t)i < n ? digits[i] : '0';
    if (n > (size_t)exp10 + 1) {
        text[at++] = '.';
        memcpy(text + at, digits + exp10 + 1, n - (size_t)exp10 - 1);
        at += n - (size_t)exp10 - 1;
    }
    return at;
}

static long double
stored_value(const uint8_t *in, bool is_hfp, uint32_t size)
{
    double d;
    float f;

    if (is_hfp)
        return hfp_value(in, size);
    if (size == 8) {
        memcpy(&d, in, 8);
        return (long double)d;
    }
    memcpy(&f, in, 4);
    return (long double)f;
}

size_t
real_get(const uint8_t *in, bool is_hfp, uint32_t size,
         char text[REAL_TEXT_MAX])
{
    long double value = stored_value(in, is_hfp, size);
    char sci[64];

    if (!isfinite(value))
        return 0;
    if (value == 0) {
        text[0] = '0';
        return 1;
    }
    for (int digits = size == 8 ? 14 : 5; digits < 20; digits++) {
        uint8_t back[8];

        snprintf(sci, sizeof sci, "%.*Le", digits, value);
        for (char *c = sci; *c != '\0'; c++)
            if (*c == ',')
                *c = '.'; /* a locale's decimal comma */
        if (real_put(str_of(sci), is_hfp, size, back) == ERR_OK &&
            stored_value(back, is_hfp, size) == value)
            break;
    }
    return plain_notation(sci, text);
}
