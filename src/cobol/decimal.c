#include "cobol/decimal.h"

#include <string.h>

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Move the point by exp10 places: digits go to room, zeros are filled in. */
static bool
shift_point(struct decimal *d, int64_t exp10)
{
    char all[2 * DECIMAL_DIGITS_MAX];
    uint32_t n = d->n_integer + d->n_fraction, skip = 0;
    int64_t point = (int64_t)d->n_integer + exp10;

    if (n == 0)
        return true;
    if (n > sizeof all)
        return false;
    memcpy(all, d->integer, d->n_integer);
    memcpy(all + d->n_integer, d->fraction, d->n_fraction);
    while (n > 0 && all[n - 1] == '0')
        n--;
    while (skip < n && all[skip] == '0')
        skip++;
    point -= skip;
    n -= skip;
    if (point > (int64_t)DECIMAL_DIGITS_MAX ||
        (int64_t)n - point > (int64_t)DECIMAL_DIGITS_MAX)
        return false;
    memset(d->room, '0', sizeof d->room);
    d->integer = d->room;
    d->fraction = d->room + DECIMAL_DIGITS_MAX;
    d->n_integer = point > 0 ? (uint32_t)point : 0;
    d->n_fraction = (int64_t)n > point ? (uint32_t)((int64_t)n - point) : 0;
    for (uint32_t i = 0; i < n; i++) {
        int64_t at = (int64_t)i - point;

        if (at < 0)
            d->room[i] = all[skip + i];
        else
            d->room[DECIMAL_DIGITS_MAX + at] = all[skip + i];
    }
    return true;
}

/* [sign] digits; clamped far outside what any field holds */
static bool
read_exponent(const char **p, const char *end, int64_t *exp10)
{
    bool is_negative = false;
    int64_t value = 0;

    if (*p < end && (**p == '+' || **p == '-'))
        is_negative = *(*p)++ == '-';
    if (*p == end || !is_digit(**p))
        return false;
    for (; *p < end && is_digit(**p); ++*p)
        if (value < 100000)
            value = value * 10 + (**p - '0');
    *exp10 = is_negative ? -value : value;
    return true;
}

bool
decimal_parse(struct str text, struct decimal *d)
{
    const char *p = text.p, *end = text.p + text.n;
    int64_t exp10 = 0;
    uint32_t n_seen;

    d->is_negative = false;
    if (p < end && (*p == '-' || *p == '+'))
        d->is_negative = *p++ == '-';
    d->integer = p;
    while (p < end && is_digit(*p))
        p++;
    n_seen = (uint32_t)(p - d->integer);
    while (d->integer < p && *d->integer == '0')
        d->integer++;
    d->n_integer = (uint32_t)(p - d->integer);
    d->fraction = p;
    d->n_fraction = 0;
    if (p < end && *p == '.') {
        d->fraction = ++p;
        while (p < end && is_digit(*p))
            p++;
        d->n_fraction = (uint32_t)(p - d->fraction);
        if (d->n_fraction == 0)
            return false;
        while (d->n_fraction > 0 && d->fraction[d->n_fraction - 1] == '0')
            d->n_fraction--;
    }
    if (n_seen == 0)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (!read_exponent(&p, end, &exp10))
            return false;
        if (p == end && exp10 != 0 && !shift_point(d, exp10))
            return false;
    }
    if (d->n_integer + d->n_fraction == 0)
        d->is_negative = false;
    return p == end;
}

enum decimal_fit
decimal_digits(const struct decimal *d, uint32_t n, int32_t scale, char *digits)
{
    int64_t places = scale; /* digits right of the point that are stored */
    int64_t at = (int64_t)n - places - d->n_integer; /* of integer's first */
    int64_t fraction_at = (int64_t)n - places;

    if ((int64_t)d->n_fraction > places && d->n_fraction > 0)
        return DECIMAL_TOO_PRECISE;
    if (d->n_integer > 0 && at < 0)
        return DECIMAL_TOO_LONG;
    memset(digits, '0', n);
    for (uint32_t i = 0; i < d->n_integer; i++) {
        if (at + i < n)
            digits[at + i] = d->integer[i];
        else if (d->integer[i] != '0')
            return DECIMAL_TOO_PRECISE; /* 9(2)PP cannot hold 1234 */
    }
    for (uint32_t i = 0; i < d->n_fraction; i++) {
        if (fraction_at + i >= 0)
            digits[fraction_at + i] = d->fraction[i];
        else if (d->fraction[i] != '0')
            return DECIMAL_TOO_LONG; /* VPP99 cannot hold 0.1 */
    }
    return DECIMAL_FITS;
}

char *
decimal_write(char *p, const char *digits, uint32_t n, int32_t scale,
              bool is_negative)
{
    int64_t point = (int64_t)n - scale; /* digits left of the point */
    int64_t last = n, i = 0;

    while (last > 0 && digits[last - 1] == '0')
        last--;
    if (last == 0) {
        *p++ = '0';
        return p;
    }
    if (is_negative)
        *p++ = '-';
    while (i < point && i < last && digits[i] == '0')
        i++;
    if (i >= point)
        *p++ = '0';
    for (; i < point; i++)
        *p++ = i < n ? digits[i] : '0';
    if (last > point) {
        *p++ = '.';
        for (i = point; i < last; i++)
            *p++ = i < 0 ? '0' : digits[i];
    }
    return p;
}
