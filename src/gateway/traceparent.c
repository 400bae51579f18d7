#include "gateway/traceparent.h"

#include <stdio.h>

static bool
is_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
              (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return true;
}

static bool
is_zero(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '0')
            return false;
    return true;
}

/* version "-" 32HEXDIG "-" 16HEXDIG "-" 2HEXDIG; later versions may go on */
bool
traceparent_is_valid(struct str in)
{
    struct str version = str_sub(in, 0, 2), trace = str_sub(in, 3, 35);
    struct str parent = str_sub(in, 36, 52), flags = str_sub(in, 53, 55);

    if (in.n < TRACEPARENT_BYTES || in.p[2] != '-' || in.p[35] != '-' ||
        in.p[52] != '-' || str_eq_z(version, "ff"))
        return false;
    if (in.n > TRACEPARENT_BYTES &&
        (str_eq_z(version, "00") || in.p[TRACEPARENT_BYTES] != '-'))
        return false;
    return is_hex(version) && is_hex(trace) && is_hex(parent) &&
           is_hex(flags) && !is_zero(trace) && !is_zero(parent);
}

struct str
traceparent_next(struct arena *arena, struct str in, uint64_t span)
{
    struct str trace, flags;

    in = str_trim(in);
    if (!traceparent_is_valid(in))
        return (struct str){ 0 };
    trace = str_sub(in, 3, 35);
    flags = str_sub(in, 53, 55);
    return str_fmt(arena, "00-" STR_FMT "-%016llx-" STR_FMT, STR_ARG(trace),
                   (unsigned long long)(span == 0 ? 1 : span), STR_ARG(flags));
}
