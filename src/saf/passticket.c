#include "saf/passticket.h"

#include <string.h>

#include "base/secret.h"

/* --- DES (FIPS 46-3)
 * ---------------------------------------------------------- Bits are numbered
 * from 1 at the left, as in the standard's tables. */

/* clang-format off */
static const uint8_t initial[64] = {
    58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4,
    62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
    57, 49, 41, 33, 25, 17, 9,  1, 59, 51, 43, 35, 27, 19, 11, 3,
    61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
};
static const uint8_t final[64] = {
    40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31,
    38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21, 61, 29,
    36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27,
    34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9,  49, 17, 57, 25,
};
static const uint8_t expand[48] = {
    32, 1,  2,  3,  4,  5,  4,  5,  6,  7,  8,  9,  8,  9,  10, 11,
    12, 13, 12, 13, 14, 15, 16, 17, 16, 17, 18, 19, 20, 21, 20, 21,
    22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1,
};
static const uint8_t round_out[32] = {
    16, 7, 20, 21, 29, 12, 28, 17, 1,  15, 23, 26, 5,  18, 31, 10,
    2,  8, 24, 14, 32, 27, 3,  9,  19, 13, 30, 6,  22, 11, 4,  25,
};
static const uint8_t choose_1[56] = {
    57, 49, 41, 33, 25, 17, 9,  1,  58, 50, 42, 34, 26, 18,
    10, 2,  59, 51, 43, 35, 27, 19, 11, 3,  60, 52, 44, 36,
    63, 55, 47, 39, 31, 23, 15, 7,  62, 54, 46, 38, 30, 22,
    14, 6,  61, 53, 45, 37, 29, 21, 13, 5,  28, 20, 12, 4,
};
static const uint8_t choose_2[48] = {
    14, 17, 11, 24, 1,  5,  3,  28, 15, 6,  21, 10, 23, 19, 12, 4,
    26, 8,  16, 7,  27, 20, 13, 2,  41, 52, 31, 37, 47, 55, 30, 40,
    51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
};
static const uint8_t shifts[16] = { 1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1 };
static const uint8_t boxes[8][64] = {
    { 14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7,
      0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
      4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0,
      15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13 },
    { 15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10,
      3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
      0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15,
      13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9 },
    { 10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8,
      13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
      13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7,
      1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12 },
    { 7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15,
      13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
      10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4,
      3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14 },
    { 2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9,
      14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
      4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14,
      11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3 },
    { 12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11,
      10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
      9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6,
      4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13 },
    { 4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1,
      13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
      1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2,
      6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12 },
    { 13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7,
      1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
      7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8,
      2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11 },
};
/* clang-format on */

/* Bit i of the result is bit table[i] of the n_in bits of `in`. */
static uint64_t
permute(uint64_t in, unsigned n_in, const uint8_t *table, unsigned n_out)
{
    uint64_t out = 0;

    for (unsigned i = 0; i < n_out; i++)
        out = out << 1 | (in >> (n_in - table[i]) & 1);
    return out;
}

static uint32_t
des_round(uint32_t right, uint64_t key)
{
    uint64_t mixed = permute(right, 32, expand, 48) ^ key;
    uint32_t out = 0;

    for (unsigned i = 0; i < 8; i++) {
        unsigned six = (unsigned)(mixed >> (42 - 6 * i)) & 63;
        unsigned row = (six >> 4 & 2) | (six & 1), column = six >> 1 & 15;

        out = out << 4 | boxes[i][row * 16 + column];
    }
    return (uint32_t)permute(out, 32, round_out, 32);
}

static uint64_t
get_be(const unsigned char *p, unsigned n)
{
    uint64_t v = 0;

    while (n-- > 0)
        v = v << 8 | *p++;
    return v;
}

static void
put_be(uint64_t v, unsigned char *p, unsigned n)
{
    while (n-- > 0) {
        p[n] = (unsigned char)v;
        v >>= 8;
    }
}

static uint32_t
rotate_28(uint32_t v, unsigned by)
{
    return (v << by | v >> (28 - by)) & 0xfffffffu;
}

void
des_encrypt(const unsigned char key[8], const unsigned char in[8],
            unsigned char out[8])
{
    uint64_t block = permute(get_be(in, 8), 64, initial, 64);
    uint64_t halves = permute(get_be(key, 8), 64, choose_1, 56);
    uint32_t c = (uint32_t)(halves >> 28), d = (uint32_t)halves & 0xfffffffu;
    uint32_t left = (uint32_t)(block >> 32), right = (uint32_t)block;

    for (unsigned i = 0; i < 16; i++) {
        uint32_t next;

        c = rotate_28(c, shifts[i]);
        d = rotate_28(d, shifts[i]);
        next = left ^ des_round(right, permute((uint64_t)c << 28 | d, 56,
                                               choose_2, 48));
        left = right;
        right = next;
    }
    put_be(permute((uint64_t)right << 32 | left, 64, final, 64), out, 8);
}

/* --- the ticket
 * ------------------------------------------------------------------ */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* Output bit j is this input bit, of 16 numbered from 1 at the left. */
static const uint8_t round_bits[6][16] = {
    { 10, 2, 12, 4, 14, 6, 16, 8, 9, 1, 11, 3, 13, 5, 15, 7 },
    { 1, 10, 3, 12, 13, 16, 7, 15, 9, 2, 11, 4, 5, 14, 8, 6 },
    { 3, 10, 1, 12, 13, 16, 9, 15, 7, 2, 14, 4, 5, 11, 8, 6 },
    { 10, 4, 12, 2, 14, 8, 16, 6, 9, 1, 13, 3, 11, 5, 15, 7 },
    { 4, 10, 12, 1, 8, 16, 14, 5, 9, 2, 13, 3, 11, 7, 15, 6 },
    { 1, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 },
};
/* First of the six bits of each character, of 32 numbered from 1, wrapping. */
static const uint8_t window_at[8] = { 31, 3, 7, 11, 15, 19, 23, 27 };

#define EBCDIC_BLANK 0x40
#define PAD_BYTE 0x55

/* Names of users and applications in EBCDIC (equal in 037 and 1047). */
static bool
to_ebcdic(struct str name, unsigned char out[8])
{
    memset(out, EBCDIC_BLANK, 8);
    if (name.n < 1 || name.n > 8)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c >= 'A' && c <= 'I')
            out[i] = (unsigned char)(0xc1 + (c - 'A'));
        else if (c >= 'J' && c <= 'R')
            out[i] = (unsigned char)(0xd1 + (c - 'J'));
        else if (c >= 'S' && c <= 'Z')
            out[i] = (unsigned char)(0xe2 + (c - 'S'));
        else if (c >= '0' && c <= '9')
            out[i] = (unsigned char)(0xf0 + (c - '0'));
        else if (c == '$')
            out[i] = 0x5b;
        else if (c == '#')
            out[i] = 0x7b;
        else if (c == '@')
            out[i] = 0x7c;
        else
            return false;
    }
    return true;
}

struct coder {
    const unsigned char *key;
    unsigned char pad[12];
    uint32_t mask; /* R3 */
};

static enum err
coder_init(struct coder *c, const unsigned char key[8], struct str user,
           struct str appl, struct err_info *why)
{
    unsigned char u[8], a[8], r[8];

    if (!to_ebcdic(user, u) || !to_ebcdic(appl, a))
        return err_set(why, ERR_SYNTAX,
                       "a PassTicket is for a user and an application of 1 to "
                       "8 characters A-Z, 0-9, @, #, $");
    c->key = key;
    des_encrypt(key, u, r);
    for (unsigned i = 0; i < 8; i++)
        r[i] ^= a[i];
    des_encrypt(key, r, r);
    c->mask = (uint32_t)get_be(r, 4);
    memset(c->pad, PAD_BYTE, sizeof c->pad);
    memcpy(c->pad, u, user.n);
    secret_wipe(r, sizeof r);
    return ERR_OK;
}

/* First two bytes of DES(K, right || the round's pad). */
static uint16_t
round_key(const struct coder *c, uint16_t right, unsigned round)
{
    unsigned char block[8];

    put_be(right, block, 2);
    memcpy(block + 2, c->pad + (round % 2 == 0 ? 0 : 6), 6);
    des_encrypt(c->key, block, block);
    return (uint16_t)get_be(block, 2);
}

static uint32_t
encode_time(const struct coder *c, uint32_t v)
{
    uint16_t left = (uint16_t)(v >> 16), right = (uint16_t)v;

    for (unsigned i = 0; i < 6; i++) {
        uint16_t mixed = round_key(c, right, i) ^ left;

        left = right;
        right = (uint16_t)permute(mixed, 16, round_bits[i], 16);
    }
    return (uint32_t)left << 16 | right;
}

static uint16_t
permute_back(uint16_t v, const uint8_t *table)
{
    uint16_t out = 0;

    for (unsigned i = 0; i < 16; i++)
        out = (uint16_t)(out | (v >> (15 - i) & 1) << (16 - table[i]));
    return out;
}

static uint32_t
decode_time(const struct coder *c, uint32_t v)
{
    uint16_t left = (uint16_t)(v >> 16), right = (uint16_t)v;

    for (unsigned i = 6; i-- > 0;) {
        uint16_t mixed = permute_back(right, round_bits[i]);

        right = left;
        left = mixed ^ round_key(c, right, i);
    }
    return (uint32_t)left << 16 | right;
}

static unsigned
window(uint32_t v, unsigned first)
{
    unsigned six = 0;

    for (unsigned i = 0; i < 6; i++)
        six = six << 1 | (v >> (31 - (first - 1 + i) % 32) & 1);
    return six;
}

enum err
passticket_make(const unsigned char key[8], struct str user, struct str appl,
                uint32_t time, char out[PASSTICKET_CHARS], struct err_info *why)
{
    struct coder c;
    enum err e = coder_init(&c, key, user, appl, why);
    uint32_t v;

    if (e != ERR_OK)
        return e;
    v = encode_time(&c, c.mask ^ time);
    for (unsigned i = 0; i < PASSTICKET_CHARS; i++)
        out[i] = alphabet[window(v, window_at[i]) % 36];
    return ERR_OK;
}

/*
 * Each character is one of at most two windows; neighbours share two bits. The
 * first character's window begins with bits 31 and 32, its last four are bits
 * 1 to 4; bit 32 and 31 are seen again at the end.
 */
static void
search(const struct coder *c, const uint8_t *codes, unsigned at, uint32_t v,
       uint32_t known, uint32_t *times, size_t *n)
{
    if (at == PASSTICKET_CHARS) {
        if (*n < PASSTICKET_TIMES_MAX)
            times[(*n)++] = decode_time(c, v) ^ c->mask;
        return;
    }
    for (unsigned six = codes[at]; six < 64; six += 36) {
        uint32_t bits = 0, mask = 0;

        for (unsigned i = 0; i < 6; i++) {
            unsigned shift = 31 - (window_at[at] - 1u + i) % 32;

            mask |= 1u << shift;
            bits |= (uint32_t)(six >> (5 - i) & 1) << shift;
        }
        if (((v ^ bits) & mask & known) == 0)
            search(c, codes, at + 1, v | bits, known | mask, times, n);
    }
}

enum err
passticket_times(const unsigned char key[8], struct str user, struct str appl,
                 struct str ticket, uint32_t times[PASSTICKET_TIMES_MAX],
                 size_t *n, struct err_info *why)
{
    uint8_t codes[PASSTICKET_CHARS];
    struct coder c;
    enum err e = coder_init(&c, key, user, appl, why);

    *n = 0;
    if (e != ERR_OK)
        return e;
    if (ticket.n != PASSTICKET_CHARS)
        return ERR_OK;
    for (unsigned i = 0; i < PASSTICKET_CHARS; i++) {
        char up = ticket.p[i] >= 'a' && ticket.p[i] <= 'z'
                      ? (char)(ticket.p[i] - 'a' + 'A')
                      : ticket.p[i];
        const char *found =
            up == '\0' ? NULL : memchr(alphabet, up, sizeof alphabet - 1);

        if (found == NULL)
            return ERR_OK;
        codes[i] = (uint8_t)(found - alphabet);
    }
    search(&c, codes, 0, 0, 0, times, n);
    return ERR_OK;
}
