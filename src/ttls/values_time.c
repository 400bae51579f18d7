/* Values of IpTimeCondition. */
#include <string.h>

#include "ttls/build_priv.h"

static void *
field(struct ttls_obj *obj, const struct ttls_row *row)
{
    return (char *)obj + row->offset;
}

static uint64_t
days_in(uint64_t year, uint64_t month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30,
                                    31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

/* yyyymmddhhmmss; 24:00:00 is the end of a day, which there must be */
static bool
moment(struct str text, uint64_t *out)
{
    static const uint64_t scale[] = { 10000000000u, 100000000u, 1000000u,
                                      10000u,       100u,       1u };
    static const uint64_t low[] = { 1970, 1, 1, 0, 0, 0 };
    static const uint64_t high[] = { 9999, 12, 31, 24, 59, 59 };
    uint64_t rest;

    if (text.n != 14 || !str_to_u64(text, &rest))
        return false;
    *out = rest;
    for (size_t i = 0; i < ARRAY_LEN(scale); i++) {
        uint64_t part = rest / scale[i];

        if (part < low[i] || part > high[i])
            return false;
        rest %= scale[i];
    }
    return *out / 1000000 % 100 <=
               days_in(*out / 10000000000u, *out / 100000000 % 100) &&
           *out % 1000000 <= 240000;
}

void
value_period(struct ttls_build *b, struct ttls_time *t, struct str value)
{
    size_t colon = str_find_char(value, ':');
    uint64_t from, to;

    if (colon == STR_NPOS || !moment(str_sub(value, 0, colon), &from) ||
        !moment(str_sub(value, colon + 1, value.n), &to) || from > to) {
        build_error(b,
                    "ConditionTimeRange: found \"%.*s\", expected "
                    "yyyymmddhhmmss:yyyymmddhhmmss, days that there are, the "
                    "earlier one first",
                    QUOTE(value));
        return;
    }
    t->from = from;
    t->to = to;
}

/* Bits from the left. */
static bool
mask(struct str text, size_t from, size_t n, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        char c = from + i < text.n ? text.p[from + i] : '?';

        if (c != '0' && c != '1')
            return false;
        if (c == '1')
            *out |= 1u << i;
    }
    return true;
}

void
value_mask(struct ttls_build *b, struct ttls_obj *obj,
           const struct ttls_row *row, struct str value)
{
    if (value.n != row->max ||
        !mask(value, 0, row->max, (uint32_t *)field(obj, row)))
        build_error(b, "%s: found \"%.*s\", expected %u digits 0 or 1",
                    row->name, QUOTE(value), row->max);
}

/* 31 bits from the month's begin, and perhaps 31 from its end. */
void
value_day_mask(struct ttls_build *b, struct ttls_time *t, struct str value)
{
    uint32_t end = 0;

    if ((value.n != 31 && value.n != 62) || !mask(value, 0, 31, &t->day_mask) ||
        (value.n == 62 && !mask(value, 31, 31, &end))) {
        build_error(b,
                    "DayOfMonthMask: found \"%.*s\", expected 31 or 62 digits "
                    "0 or 1",
                    QUOTE(value));
        return;
    }
    t->day_mask_end = end;
}

/* hh:mm */
static bool
minutes(struct str text, uint16_t *out)
{
    uint64_t h, m;

    if (text.n != 5 || text.p[2] != ':' ||
        !str_to_u64(str_sub(text, 0, 2), &h) ||
        !str_to_u64(str_sub(text, 3, 5), &m) || m > 59 || h * 60 + m > 1440)
        return false;
    *out = (uint16_t)(h * 60 + m);
    return true;
}

#define OF_DAY_MAX 64u

static void
add_time(struct ttls_build *b, struct ttls_time *t, uint16_t from, uint16_t to)
{
    struct ttls_port *v;

    if (t->n_of_day >= OF_DAY_MAX) {
        build_error(b,
                    "TimeOfDayRange: found more than %u periods, expected at "
                    "most so many (one past midnight is two)",
                    OF_DAY_MAX);
        return;
    }
    v = build_alloc(b, (t->n_of_day + 1) * sizeof *v);
    if (v == NULL)
        return;
    if (t->n_of_day > 0)
        memcpy(v, t->of_day, t->n_of_day * sizeof *v);
    v[t->n_of_day++] = (struct ttls_port){ from, to };
    t->of_day = v;
}

/* From late to early goes past midnight [unverified]. */
void
value_of_day(struct ttls_build *b, struct ttls_time *t, struct str value)
{
    struct str rest = value, piece;

    while (str_token(&rest, ',', &piece)) {
        size_t dash = str_find_char(piece, '-');
        uint16_t from, to;

        if (dash == STR_NPOS ||
            !minutes(str_trim(str_sub(piece, 0, dash)), &from) ||
            !minutes(str_trim(str_sub(piece, dash + 1, piece.n)), &to) ||
            from == to || from == 1440) {
            build_error(b,
                        "TimeOfDayRange: found \"%.*s\", expected hh:mm-hh:mm "
                        "(00:00 to 24:00), two different times",
                        QUOTE(value));
            return;
        }
        if (from < to) {
            add_time(b, t, from, to);
            continue;
        }
        add_time(b, t, from, 1440);
        if (to > 0)
            add_time(b, t, 0, to);
    }
}
