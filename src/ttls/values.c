/* Values of parameters, by the kind of their row. */
#include <stdio.h>
#include <string.h>

#include "ttls/build_priv.h"

static void *
field(struct ttls_obj *obj, const struct ttls_row *row)
{
    return (char *)obj + row->offset;
}

/* --- words, numbers, texts ---------------------------------------------- */

static void
set_word(struct ttls_build *b, struct ttls_obj *obj, const struct ttls_row *row,
         struct str value)
{
    struct buf list;

    for (const struct ttls_word *w = row->words; w->word != NULL; w++) {
        if (str_eq_nocase_z(value, w->word)) {
            *(uint32_t *)field(obj, row) = w->value;
            return;
        }
    }
    buf_init(&list, 200);
    for (const struct ttls_word *w = row->words; w->word != NULL; w++) {
        if (w != row->words)
            buf_add_z(&list, w[1].word == NULL ? " or " : ", ");
        buf_add_z(&list, w->word);
    }
    build_error(b, "%s: found \"%.*s\", expected %s", row->name, QUOTE(value),
                buf_z(&list));
    buf_fini(&list);
}

static void
set_number(struct ttls_build *b, struct ttls_obj *obj,
           const struct ttls_row *row, struct str value)
{
    uint64_t number;

    if (!str_to_u64(value, &number) || number < row->min || number > row->max) {
        build_error(b, "%s: found \"%.*s\", expected a number from %u to %u",
                    row->name, QUOTE(value), row->min, row->max);
        return;
    }
    *(uint32_t *)field(obj, row) = (uint32_t)number;
}

static void
set_text(struct ttls_build *b, struct ttls_obj *obj, const struct ttls_row *row,
         struct str value)
{
    if ((value.n == 0 && row->kind != TTLS_K_LABEL) || value.n > row->max) {
        build_error(b, "%s: found %zu characters, expected %u to %u", row->name,
                    value.n, row->kind == TTLS_K_LABEL ? 0u : 1u, row->max);
        return;
    }
    *(struct str *)field(obj, row) = value;
}

static void
add_text(struct ttls_build *b, struct ttls_obj *obj, const struct ttls_row *row,
         struct str value)
{
    struct ttls_texts *list = field(obj, row);
    struct str *v = (struct str *)(uintptr_t)list->v;

    if (value.n == 0 || value.n > row->max) {
        build_error(b, "%s: found %zu characters, expected 1 to %u", row->name,
                    value.n, row->max);
        return;
    }
    if ((list->n & (list->n - 1)) == 0) {
        v = build_alloc(b, (list->n == 0 ? 1 : 2 * list->n) * sizeof *v);
        if (v == NULL)
            return;
        if (list->n > 0)
            memcpy(v, list->v, list->n * sizeof *v);
    }
    v[list->n++] = value;
    list->v = v;
}

/* Job names and user IDs; '*' only at the end [unverified]. */
static void
set_job(struct ttls_build *b, struct ttls_obj *obj, const struct ttls_row *row,
        struct str value)
{
    struct str upper = str_upper(&b->policy->arena, value);

    for (size_t i = 0; i < value.n; i++) {
        char c = upper.p == NULL ? '?' : upper.p[i];

        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '$' ||
            c == '#' || c == '@' || (c == '*' && i + 1 == value.n))
            continue;
        value.n = 0; /* refused below */
    }
    if (value.n == 0 || value.n > 8) {
        build_error(b,
                    "%s: found \"%.*s\", expected 1 to 8 letters, digits, $, "
                    "#, @, and * only as the last",
                    row->name, QUOTE(upper));
        return;
    }
    *(struct str *)field(obj, row) = upper;
}

/* --- codes -------------------------------------------------------------- */

static int
digit_of(char c, int base)
{
    int v = c >= '0' && c <= '9'   ? c - '0'
            : c >= 'A' && c <= 'F' ? c - 'A' + 10
            : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                   : 99;

    return v < base ? v : -1;
}

static bool
take_code(struct str text, size_t at, size_t width, int base, uint16_t *out)
{
    uint32_t code = 0;

    for (size_t i = 0; i < width; i++) {
        int v = at + i < text.n ? digit_of(text.p[at + i], base) : -1;

        if (v < 0)
            return false;
        code = code * (uint32_t)base + (uint32_t)v;
    }
    *out = (uint16_t)code;
    return true;
}

#define LIST_MAX 4096u

static void
add_codes(struct ttls_build *b, struct ttls_codes *list, const uint16_t *codes,
          size_t n)
{
    uint16_t *v;

    if (n == 0)
        return;
    if (list->n + n > LIST_MAX) {
        build_error(b, "more than %u codes in one list", LIST_MAX);
        return;
    }
    v = build_alloc(b, (list->n + n) * sizeof *v);
    if (v == NULL)
        return;
    if (list->n > 0)
        memcpy(v, list->v, list->n * sizeof *v);
    memcpy(v + list->n, codes, n * sizeof *v);
    list->v = v;
    list->n += n;
}

#define CODES_MAX 512u

static void
warn_cipher(struct ttls_build *b, const struct ttls_row *row, uint16_t code)
{
    if (!ttls_cipher_can(code))
        build_warn(b, "%s: %s (%04X) is never offered here and left out",
                   row->name, ttls_cipher_name(code), code);
}

static bool
cipher_codes(struct ttls_build *b, const struct ttls_row *row, struct str value,
             size_t width, uint16_t *codes, size_t *n)
{
    if (value.n == 0 || value.n % width != 0 || value.n / width > CODES_MAX) {
        build_error(b,
                    "%s: found \"%.*s\", expected codes of %zu hexadecimal "
                    "digits without blanks, or the name of a cipher suite",
                    row->name, QUOTE(value), width);
        return false;
    }
    for (size_t at = 0; at < value.n; at += width) {
        if (!take_code(value, at, width, 16, &codes[*n]) ||
            !ttls_cipher_is_known(codes[*n])) {
            build_error(b,
                        "%s: \"%.*s\" at character %zu is not a cipher suite "
                        "of %zu hexadecimal digits",
                        row->name, QUOTE(str_sub(value, at, at + width)),
                        at + 1, width);
            return false;
        }
        *n += 1;
    }
    return true;
}

/* A string of codes without blanks, or one constant. */
static void
set_ciphers(struct ttls_build *b, struct ttls_obj *obj,
            const struct ttls_row *row, struct str value)
{
    size_t width = row->kind == TTLS_K_CIPHER2 ? 2 : 4, n = 0;
    struct ttls_codes *list = field(obj, row);
    uint16_t codes[CODES_MAX];

    if (ttls_cipher_find(value, &codes[0])) {
        if (width == 2 && !ttls_cipher_is_short(codes[0])) {
            build_error(b,
                        "%s: %.*s has no two-digit code; expected it in "
                        "V3CipherSuites4Char",
                        row->name, QUOTE(value));
            return;
        }
        n = 1;
    } else if (!cipher_codes(b, row, value, width, codes, &n)) {
        return;
    }
    for (size_t i = 0; i < n; i++)
        warn_cipher(b, row, codes[i]);
    add_codes(b, list, codes, n);
}

/* SSL version 2: understood, never offered. */
static void
set_ciphers_v2(struct ttls_build *b, struct ttls_obj *obj,
               const struct ttls_row *row, struct str value)
{
    static const char *const names[] = {
        "TLS_RC4_128_WITH_MD5",     "TLS_RC4_128_EXPORT40_WITH_MD5",
        "TLS_RC2_CBC_128_WITH_MD5", "TLS_RC2_CBC_128_EXPORT40_WITH_MD5",
        "TLS_DES_64_CBC_WITH_MD5",  "TLS_DES_192_EDE3_CBC_WITH_MD5",
    };
    bool is_good = value.n > 0 && value.n <= 8;
    uint16_t codes[8];
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(names) && n == 0; i++) {
        static const uint16_t of[] = { 1, 2, 3, 4, 6, 7 };

        if (str_eq_nocase_z(value, names[i]))
            codes[n++] = of[i];
    }
    for (size_t i = 0; is_good && n < value.n && value.n <= 8; i++) {
        is_good = value.p[i] >= '1' && value.p[i] <= '7' && value.p[i] != '5';
        if (is_good)
            codes[n++] = (uint16_t)(value.p[i] - '0');
    }
    if (n == 0 || (value.n <= 8 && !is_good)) {
        build_error(b,
                    "%s: found \"%.*s\", expected codes of one digit (1 2 3 4 "
                    "6 7) or a name",
                    row->name, QUOTE(value));
        return;
    }
    build_warn(b, "%s has no effect: SSL version 2 is never used", row->name);
    add_codes(b, field(obj, row), codes, n);
}

static void
set_pairs(struct ttls_build *b, struct ttls_obj *obj,
          const struct ttls_row *row, struct str value)
{
    uint16_t codes[CODES_MAX];
    size_t n = 0;

    if (ttls_signature_find(value, &codes[0])) {
        add_codes(b, field(obj, row), codes, 1);
        return;
    }
    if (value.n == 0 || value.n % 4 != 0 || value.n / 4 > CODES_MAX) {
        build_error(b,
                    "%s: found \"%.*s\", expected signature pairs of four "
                    "hexadecimal digits without blanks, or a name such as "
                    "TLS_SIGALG_SHA256_WITH_RSA",
                    row->name, QUOTE(value));
        return;
    }
    for (size_t at = 0; at < value.n; at += 4) {
        if (!take_code(value, at, 4, 16, &codes[n]) ||
            ttls_signature_name(codes[n]) == NULL) {
            build_error(b,
                        "%s: \"%.*s\" at character %zu is not a signature pair",
                        row->name, QUOTE(str_sub(value, at, at + 4)), at + 1);
            return;
        }
        n++;
    }
    add_codes(b, field(obj, row), codes, n);
}

static bool
is_group_word(struct str word, uint16_t *codes, size_t *n)
{
    if (ttls_group_find(word, &codes[*n])) {
        *n += 1;
        return true;
    }
    if (word.n % 4 != 0 || word.n / 4 + *n > CODES_MAX)
        return false;
    for (size_t at = 0; at < word.n; at += 4) {
        if (!take_code(word, at, 4, 10, &codes[*n]) ||
            ttls_group_name(codes[*n]) == NULL)
            return false;
        *n += 1;
    }
    return true;
}

/* Any, names, or codes of four decimal digits, with blanks or commas between.
 * Any is the empty list. */
static void
set_groups(struct ttls_build *b, struct ttls_obj *obj,
           const struct ttls_row *row, struct str value)
{
    uint16_t codes[CODES_MAX];
    struct ttls_codes list = { 0 };
    size_t n = 0, from = 0;

    if (value.n == 0) {
        build_error(b, "%s: expected groups of four decimal digits, or Any",
                    row->name);
        return;
    }
    if (!str_eq_nocase_z(value, "Any")) {
        for (size_t i = 0; i <= value.n; i++) {
            if (i < value.n && value.p[i] != ' ' && value.p[i] != '\t' &&
                value.p[i] != ',')
                continue;
            if (i > from &&
                (n >= CODES_MAX ||
                 !is_group_word(str_sub(value, from, i), codes, &n))) {
                build_error(b,
                            "%s: \"%.*s\" is no named group; expected 0019, "
                            "0021, 0023, 0024, 0025, 0029 or 0030, a name such "
                            "as secp256r1, or Any",
                            row->name, QUOTE(str_sub(value, from, i)));
                return;
            }
            from = i + 1;
        }
    }
    add_codes(b, &list, codes, n);
    *(struct ttls_codes *)field(obj, row) = list;
}

/* --- addresses ---------------------------------------------------------- */

static bool
address(struct ttls_build *b, const char *what, struct str text,
        uint8_t out[16])
{
    static const uint8_t zero[16];
    bool is_short;

    if (!ttls_addr_parse(text, out, &is_short)) {
        build_error(b, "%s: \"%.*s\" is not an IPv4 or IPv6 address", what,
                    QUOTE(text));
        return false;
    }
    if (is_short) {
        char full[48];

        ttls_addr_print(out, full);
        build_warn(b, "%s: \"%.*s\" has fewer than four parts and means %s",
                   what, QUOTE(text), full);
    }
    if (str_find_char(text, ':') == STR_NPOS)
        return true;
    /* :: and ::1 are the unspecified and the loopback address, no IPv4. */
    if (ttls_addr_is_v4(out) ||
        (memcmp(out, zero, 12) == 0 && memcmp(out + 12, "\0\0\0\2", 4) >= 0)) {
        build_error(b,
                    "%s: \"%.*s\" is an IPv4 address in IPv6 form; expected "
                    "a.b.c.d",
                    what, QUOTE(text));
        return false;
    }
    return true;
}

static bool
prefix(struct ttls_build *b, const char *what, struct str text,
       struct ttls_addr *out)
{
    size_t slash = str_find_char(text, '/');
    struct str base = str_trim(str_sub(text, 0, slash));
    unsigned all, bits;
    uint64_t n = 0;

    if (slash == STR_NPOS) {
        build_error(b, "%s: found \"%.*s\", expected address/length", what,
                    QUOTE(text));
        return false;
    }
    if (!address(b, what, base, out->from))
        return false;
    all = ttls_addr_is_v4(out->from) ? 32 : 128;
    if (!str_to_u64(str_trim(str_sub(text, slash + 1, text.n)), &n) ||
        n > all) {
        build_error(b, "%s: \"%.*s\": expected a length from 0 to %u", what,
                    QUOTE(text), all);
        return false;
    }
    bits = (unsigned)n + 128 - all;
    memcpy(out->to, out->from, 16);
    for (unsigned i = bits; i < 128; i++) {
        uint8_t bit = (uint8_t)(0x80u >> (i % 8));

        out->from[i / 8] &= (uint8_t)~bit;
        out->to[i / 8] |= bit;
    }
    return true;
}

static bool
range(struct ttls_build *b, const char *what, struct str text,
      struct ttls_addr *out)
{
    size_t dash = str_find_char(text, '-');

    if (dash == STR_NPOS) {
        build_error(b, "%s: found \"%.*s\", expected address-address", what,
                    QUOTE(text));
        return false;
    }
    if (!address(b, what, str_trim(str_sub(text, 0, dash)), out->from) ||
        !address(b, what, str_trim(str_sub(text, dash + 1, text.n)), out->to))
        return false;
    if (ttls_addr_is_v4(out->from) != ttls_addr_is_v4(out->to) ||
        memcmp(out->from, out->to, 16) > 0) {
        build_error(b,
                    "%s: \"%.*s\": expected the lower address first and both "
                    "of one family",
                    what, QUOTE(text));
        return false;
    }
    return true;
}

static bool
any_address(struct ttls_build *b, const char *what, struct str text,
            struct ttls_addr *out)
{
    if (str_find_char(text, '/') != STR_NPOS)
        return prefix(b, what, text, out);
    if (str_find_char(text, '-') != STR_NPOS)
        return range(b, what, text, out);
    if (!address(b, what, text, out->from))
        return false;
    memcpy(out->to, out->from, 16);
    return true;
}

static void
set_address(struct ttls_build *b, struct ttls_obj *obj,
            const struct ttls_row *row, struct str value)
{
    struct ttls_addrs *addrs = (struct ttls_addrs *)obj;
    struct ttls_addr *v, one = { 0 };
    bool is_good =
        row->kind == TTLS_K_ONE_ADDR ? address(b, row->name, value, one.from)
        : row->kind == TTLS_K_PREFIX ? prefix(b, row->name, value, &one)
                                     : range(b, row->name, value, &one);

    if (!is_good || (v = build_alloc(b, sizeof *v)) == NULL)
        return;
    if (row->kind == TTLS_K_ONE_ADDR)
        memcpy(one.to, one.from, 16);
    *v = one;
    addrs->v = v;
    addrs->n = 1;
}

/* An object for what a rule says in one line. */
static struct ttls_obj *
own_object(struct ttls_build *b, enum ttls_stmt stmt)
{
    struct line line = { .number = b->line };
    struct ttls_obj *obj = build_object(b, stmt, &line, (struct str){ 0 });

    if (obj != NULL)
        obj->is_inline = true;
    return obj;
}

static void
set_rule_address(struct ttls_build *b, struct ttls_obj *rule,
                 const struct ttls_row *row, struct str value)
{
    struct ttls_addr *v, one = { 0 };
    struct ttls_addrs *addrs;

    if (str_eq_nocase_z(value, "All")) {
        *(const struct ttls_addrs **)field(rule, row) = NULL;
        return;
    }
    if (!any_address(b, row->name, value, &one))
        return;
    addrs = (struct ttls_addrs *)own_object(b, TTLS_IPADDR_SET);
    v = build_alloc(b, sizeof *v);
    if (addrs == NULL || v == NULL)
        return;
    *v = one;
    addrs->v = v;
    addrs->n = 1;
    addrs->obj.coded = 2; /* as a range */
    *(const struct ttls_addrs **)field(rule, row) = addrs;
}

/* --- ports -------------------------------------------------------------- */

/* n | n-m | n m */
static bool
ports(struct ttls_build *b, const char *what, struct str text,
      struct ttls_port *out)
{
    size_t at = str_find_char(text, '-');
    uint64_t from, to;

    if (at == STR_NPOS)
        at = str_find_char(text, ' ');
    if (at == STR_NPOS)
        at = str_find_char(text, '\t');
    if (!str_to_u64(str_trim(str_sub(text, 0, at)), &from) ||
        (at != STR_NPOS &&
         !str_to_u64(str_trim(str_sub(text, at + 1, text.n)), &to)) ||
        (from == 0 && at != STR_NPOS)) {
        build_error(b,
                    "%s: found \"%.*s\", expected n, n-m or n m (1 to 65535)",
                    what, QUOTE(text));
        return false;
    }
    if (at == STR_NPOS)
        to = from == 0 ? 65535 : from; /* 0: any */
    if (to > 65535 || from > to) {
        build_error(b,
                    "%s: \"%.*s\": expected ports from 1 to 65535, the lower "
                    "one first",
                    what, QUOTE(text));
        return false;
    }
    *out = (struct ttls_port){ (uint16_t)from, (uint16_t)to };
    return true;
}

static void
set_ports(struct ttls_build *b, struct ttls_obj *obj,
          const struct ttls_row *row, struct str value)
{
    struct ttls_port one, *v;
    struct ttls_ports *to = (struct ttls_ports *)obj;

    if (!ports(b, row->name, value, &one))
        return;
    if (row->kind == TTLS_K_PORT) {
        to = (struct ttls_ports *)own_object(b, TTLS_PORT_RANGE);
        if (to == NULL)
            return;
        to->obj.coded = 1;
        *(const struct ttls_ports **)field(obj, row) = to;
    }
    v = build_alloc(b, sizeof *v);
    if (v == NULL)
        return;
    *v = one;
    to->v = v;
    to->n = 1;
}

/* --- times -------------------------------------------------------------- */

/* yyyymmddhhmmss */
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
    return true;
}

static void
set_period(struct ttls_build *b, struct ttls_time *t, struct str value)
{
    size_t colon = str_find_char(value, ':');
    uint64_t from, to;

    if (colon == STR_NPOS || !moment(str_sub(value, 0, colon), &from) ||
        !moment(str_sub(value, colon + 1, value.n), &to) || from > to) {
        build_error(b,
                    "ConditionTimeRange: found \"%.*s\", expected "
                    "yyyymmddhhmmss:yyyymmddhhmmss, the earlier one first",
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

static void
set_mask(struct ttls_build *b, struct ttls_obj *obj, const struct ttls_row *row,
         struct str value)
{
    if (value.n != row->max ||
        !mask(value, 0, row->max, (uint32_t *)field(obj, row)))
        build_error(b, "%s: found \"%.*s\", expected %u digits 0 or 1",
                    row->name, QUOTE(value), row->max);
}

/* 31 bits from the month's begin, and perhaps 31 from its end. */
static void
set_day_mask(struct ttls_build *b, struct ttls_time *t, struct str value)
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

static void
add_time(struct ttls_build *b, struct ttls_time *t, uint16_t from, uint16_t to)
{
    struct ttls_port *v = build_alloc(b, (t->n_of_day + 1) * sizeof *v);

    if (v == NULL)
        return;
    if (t->n_of_day > 0)
        memcpy(v, t->of_day, t->n_of_day * sizeof *v);
    v[t->n_of_day++] = (struct ttls_port){ from, to };
    t->of_day = v;
}

/* From late to early goes past midnight [unverified]. */
static void
set_of_day(struct ttls_build *b, struct ttls_time *t, struct str value)
{
    struct str rest = value, piece;

    while (str_token(&rest, ',', &piece)) {
        size_t dash = str_find_char(piece, '-');
        uint16_t from, to;

        if (dash == STR_NPOS ||
            !minutes(str_trim(str_sub(piece, 0, dash)), &from) ||
            !minutes(str_trim(str_sub(piece, dash + 1, piece.n)), &to) ||
            from == to || t->n_of_day >= 64) {
            build_error(b,
                        "TimeOfDayRange: found \"%.*s\", expected hh:mm-hh:mm "
                        "(00:00 to 24:00)",
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

/* --- all ---------------------------------------------------------------- */

void
build_value(struct ttls_build *b, struct ttls_obj *obj,
            const struct ttls_type *type, const struct ttls_row *row,
            struct str value)
{
    (void)type;
    switch (row->kind) {
    case TTLS_K_WORD:
        set_word(b, obj, row, value);
        return;
    case TTLS_K_NUMBER:
        set_number(b, obj, row, value);
        return;
    case TTLS_K_TEXT:
    case TTLS_K_LABEL:
    case TTLS_K_SECRET:
        set_text(b, obj, row, value);
        return;
    case TTLS_K_TEXTS:
        add_text(b, obj, row, value);
        return;
    case TTLS_K_CIPHER1:
        set_ciphers_v2(b, obj, row, value);
        return;
    case TTLS_K_CIPHER2:
    case TTLS_K_CIPHER4:
        set_ciphers(b, obj, row, value);
        return;
    case TTLS_K_PAIRS:
        set_pairs(b, obj, row, value);
        return;
    case TTLS_K_GROUPS:
        set_groups(b, obj, row, value);
        return;
    case TTLS_K_ADDR:
        set_rule_address(b, obj, row, value);
        return;
    case TTLS_K_PORT:
    case TTLS_K_ONE_PORT:
        set_ports(b, obj, row, value);
        return;
    case TTLS_K_JOB:
        set_job(b, obj, row, value);
        return;
    case TTLS_K_ONE_ADDR:
    case TTLS_K_PREFIX:
    case TTLS_K_RANGE:
        set_address(b, obj, row, value);
        return;
    case TTLS_K_PERIOD:
        set_period(b, (struct ttls_time *)obj, value);
        return;
    case TTLS_K_MASK:
        set_mask(b, obj, row, value);
        return;
    case TTLS_K_DAY_MASK:
        set_day_mask(b, (struct ttls_time *)obj, value);
        return;
    case TTLS_K_OF_DAY:
        set_of_day(b, (struct ttls_time *)obj, value);
        return;
    case TTLS_K_OBJECT:
    case TTLS_K_REF:
    case TTLS_K_MEMBER:
        break; /* not values */
    }
    REQUIRE(false);
}
