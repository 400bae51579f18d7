/* Values that are lists of codes: cipher suites, signature pairs, groups. */
#include <string.h>

#include "ttls/build_priv.h"

static void *
field(struct ttls_obj *obj, const struct ttls_row *row)
{
    return (char *)obj + row->offset;
}

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

/* The room of a list of n: a power of 2. */
static size_t
room_of(size_t n)
{
    size_t room = n == 0 ? 0 : 1;

    while (room < n)
        room *= 2;
    return room;
}

/* False: it was too many, which was said, or no storage. */
static bool
add_codes(struct ttls_build *b, const struct ttls_row *row,
          struct ttls_codes *list, const uint16_t *codes, size_t n)
{
    uint16_t *v = (uint16_t *)(uintptr_t)list->v;

    if (n == 0)
        return true;
    if (list->n + n > LIST_MAX) {
        build_error(b, "%s: found more than %u codes, expected at most so many",
                    row->name, LIST_MAX);
        return false;
    }
    if (v == NULL || room_of(list->n + n) > room_of(list->n)) {
        uint16_t *more = build_alloc(b, room_of(list->n + n) * sizeof *v);

        if (more == NULL)
            return false;
        if (v != NULL)
            memcpy(more, v, list->n * sizeof *v);
        v = more;
    }
    memcpy(v + list->n, codes, n * sizeof *v);
    list->v = v;
    list->n += n;
    return true;
}

#define CODES_MAX 512u
#define V2_MAX 10u /* codes in one value */

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
void
value_ciphers(struct ttls_build *b, struct ttls_obj *obj,
              const struct ttls_row *row, struct str value)
{
    size_t width = row->kind == TTLS_K_CIPHER2 ? 2 : 4, n = 0;
    struct ttls_codes *list = field(obj, row);
    uint16_t codes[CODES_MAX];

    /* By its name a suite may stand in either, two-digit code or not: that is
     * how policies are written. */
    if (ttls_cipher_find(value, &codes[0])) {
        n = 1;
    } else if (!cipher_codes(b, row, value, width, codes, &n)) {
        return;
    }
    for (size_t i = 0; i < n; i++)
        warn_cipher(b, row, codes[i]);
    if (add_codes(b, row, list, codes, n))
        (void)add_codes(b, row, &((struct ttls_cipher *)obj)->all, codes, n);
}

/* SSL version 2: understood, never offered. */
void
value_ciphers_v2(struct ttls_build *b, struct ttls_obj *obj,
                 const struct ttls_row *row, struct str value)
{
    static const struct {
        const char *name;
        uint16_t code;
    } suites[] = {
        { "TLS_RC4_128_WITH_MD5", 1 },
        { "TLS_RC4_128_EXPORT40_WITH_MD5", 2 },
        { "TLS_RC2_CBC_128_CBC_WITH_MD5", 3 },
        { "TLS_RC2_CBC_128_CBC_EXPORT40_WITH_MD5", 4 },
        { "TLS_DES_64_CBC_WITH_MD5", 6 },
        { "TLS_DES_192_EDE3_CBC_WITH_MD5", 7 },
    };
    uint16_t codes[V2_MAX];
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(suites) && n == 0; i++) {
        if (str_eq_nocase_z(value, suites[i].name))
            codes[n++] = suites[i].code;
    }
    for (size_t i = 0; value.n <= V2_MAX && i < value.n; i++) {
        if (value.p[i] < '1' || value.p[i] > '7' || value.p[i] == '5') {
            n = 0;
            break;
        }
        codes[n++] = (uint16_t)(value.p[i] - '0');
    }
    if (n == 0) {
        build_error(b,
                    "%s: found \"%.*s\", expected 1 to %u codes of one digit "
                    "(1 2 3 4 6 7) without blanks, or the name of a suite",
                    row->name, QUOTE(value), V2_MAX);
        return;
    }
    build_warn(b, "%s has no effect: SSL version 2 is never used", row->name);
    (void)add_codes(b, row, field(obj, row), codes, n);
}

/* Where one is expected, the last one counts. */
static void
set_pairs(struct ttls_build *b, struct ttls_obj *obj,
          const struct ttls_row *row, const uint16_t *codes, size_t n)
{
    struct ttls_codes *list = field(obj, row);

    if ((row->flags & TTLS_F_ONE) != 0) {
        if (n > 1) {
            build_error(b, "%s: found %zu signature pairs, expected one",
                        row->name, n);
            return;
        }
        *list = (struct ttls_codes){ 0 };
    }
    (void)add_codes(b, row, list, codes, n);
}

void
value_pairs(struct ttls_build *b, struct ttls_obj *obj,
            const struct ttls_row *row, struct str value)
{
    uint16_t codes[CODES_MAX];
    size_t n = 0;

    if (ttls_signature_find(value, &codes[0])) {
        set_pairs(b, obj, row, codes, 1);
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
    set_pairs(b, obj, row, codes, n);
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
void
value_groups(struct ttls_build *b, struct ttls_obj *obj,
             const struct ttls_row *row, struct str value)
{
    uint16_t codes[CODES_MAX];
    struct ttls_codes list = { 0 };
    size_t n = 0, from = 0;

    if (value.n == 0) {
        build_error(b,
                    "%s: found \"\", expected groups of four decimal digits, "
                    "names such as secp256r1, or Any",
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
    (void)add_codes(b, row, &list, codes, n);
    *(struct ttls_codes *)field(obj, row) = list;
}
