#include "gateway/traceparent.h"

#include <stdio.h>
#include <sys/random.h>

/* Of flags: sampled; the trace is named by random bits. */
#define FLAG_SAMPLED 0x01u
#define FLAG_RANDOM 0x02u
#define STATE_MEMBERS_MAX 32u
#define STATE_PART_MAX 256u
#define TENANT_MAX 241u
#define SYSTEM_MAX 14u

enum err
trace_seed_take(struct trace_seed *out)
{
    if (getrandom(out, sizeof *out, 0) != (ssize_t)sizeof *out)
        return ERR_IO;
    out->span |= out->span == 0;
    out->trace[1] |= (out->trace[0] | out->trace[1]) == 0;
    return ERR_OK;
}

/* ---- traceparent ---- */

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

static unsigned
hex_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The flags that we know of: others must be zero in what we send (4.3). */
static unsigned
known_flags(struct str in)
{
    return hex_digit(in.p[54]) & (FLAG_SAMPLED | FLAG_RANDOM);
}

static struct str
carry_parent(struct arena *arena, struct str in, uint64_t span)
{
    struct str trace = str_sub(in, 3, 35);

    return str_fmt(arena, "00-" STR_FMT "-%016llx-%02x", STR_ARG(trace),
                   (unsigned long long)span, known_flags(in));
}

static struct str
begin_parent(struct arena *arena, const struct trace_seed *seed)
{
    return str_fmt(arena, "00-%016llx%016llx-%016llx-%02x",
                   (unsigned long long)seed->trace[0],
                   (unsigned long long)seed->trace[1],
                   (unsigned long long)seed->span, FLAG_RANDOM);
}

/* ---- tracestate ---- */

static bool
is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '*' || c == '/';
}

/* ( lcalpha / DIGIT ) *max( lcalpha / DIGIT / "_" / "-" / "*" / "/" ) */
static bool
is_key_part(struct str s, size_t max, bool may_begin_with_digit)
{
    if (s.n == 0 || s.n > max ||
        !((s.p[0] >= 'a' && s.p[0] <= 'z') ||
          (may_begin_with_digit && s.p[0] >= '0' && s.p[0] <= '9')))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_key_char(s.p[i]))
            return false;
    return true;
}

/* key = simple / tenant "@" system */
static bool
is_key(struct str s)
{
    size_t at = str_find_char(s, '@');

    if (at == STR_NPOS)
        return is_key_part(s, STATE_PART_MAX, true);
    return is_key_part(str_sub(s, 0, at), TENANT_MAX, true) &&
           is_key_part(str_sub(s, at + 1, s.n), SYSTEM_MAX, false);
}

/* printable, without "," and "="; its blanks at the end have been trimmed */
static bool
is_value(struct str s)
{
    if (s.n == 0 || s.n > STATE_PART_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == ',' || s.p[i] == '=')
            return false;
    return true;
}

/* list = member *( OWS "," OWS member ); a member may be empty */
bool
tracestate_is_valid(struct str in)
{
    struct str member;
    size_t n = 0;

    while (str_token(&in, ',', &member)) {
        size_t equals;

        member = str_trim(member);
        if (member.n == 0)
            continue;
        equals = str_find_char(member, '=');
        if (equals == STR_NPOS || ++n > STATE_MEMBERS_MAX ||
            !is_key(str_sub(member, 0, equals)) ||
            !is_value(str_sub(member, equals + 1, member.n)))
            return false;
    }
    return n > 0;
}

/* ---- both ---- */

/* Several fields are one list, in their order (RFC 9110, 5.3). */
static struct str
join(struct arena *arena, const struct http_header *in, size_t n,
     const char *name, size_t *count)
{
    struct str all = { 0 };

    *count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!str_eq_nocase(in[i].name, str_of(name)))
            continue;
        all = (*count)++ == 0 ? in[i].value
                              : str_fmt(arena, STR_FMT "," STR_FMT,
                                        STR_ARG(all), STR_ARG(in[i].value));
        if (all.p == NULL)
            break;
    }
    return str_trim(all);
}

size_t
trace_carry(struct arena *arena, const struct http_header *in, size_t n,
            const struct trace_seed *seed, struct http_header *out)
{
    size_t n_parents, n_states;
    struct str parent = join(arena, in, n, "traceparent", &n_parents);
    struct str state;
    bool goes_on = n_parents == 1 && traceparent_is_valid(parent);

    if (n_parents == 0)
        return 0;
    parent = goes_on ? carry_parent(arena, parent, seed->span)
                     : begin_parent(arena, seed);
    if (parent.p == NULL)
        return 0;
    out[0] = (struct http_header){ STR("traceparent"), parent };
    if (!goes_on)
        return 1;
    state = join(arena, in, n, "tracestate", &n_states);
    if (state.p == NULL || !tracestate_is_valid(state))
        return 1;
    out[1] = (struct http_header){ STR("tracestate"), state };
    return 2;
}
