#include "audit/smf.h"

#include <string.h>
#include <time.h>

#include "base/codepage.h"
#include "base/reader.h"

#define EBCDIC 1047u
#define BLANK 0x40
#define SUBSTITUTE 0x6f /* ? */
#define TYPE_80 80
#define OFF_REL 38u
#define OFF_CNT 40u
#define OFF_RL2 92u
#define OFF_CT2 94u

/* --- writing
 * ------------------------------------------------------------------
 */

/* Text in EBCDIC; what the code page does not have becomes "?". */
static size_t
encode(struct str utf8, unsigned char *out, size_t cap)
{
    const struct codepage *cp = codepage_find(EBCDIC);
    size_t n = 0, at = 0;

    while (at < utf8.n && n < cap) {
        uint32_t ucs;
        unsigned bytes = utf8_decode(utf8.p + at, utf8.n - at, &ucs);
        int code = bytes == 0 || cp == NULL ? -1 : codepage_from_ucs(cp, ucs);

        out[n++] = code < 0 ? SUBSTITUTE : (unsigned char)code;
        at += bytes == 0 ? 1 : bytes;
    }
    return n;
}

static void
put_text(struct buf *out, struct str utf8, size_t width)
{
    char *p = buf_grow(out, width);

    if (p == NULL)
        return;
    memset(p, BLANK, width);
    (void)encode(utf8, (unsigned char *)p, width);
}

static void
put_time(struct buf *out, uint64_t now_ms)
{
    time_t now = (time_t)(now_ms / 1000);
    unsigned year, day;
    struct tm tm;

    localtime_r(&now, &tm);
    year = (unsigned)tm.tm_year % 100;
    day = (unsigned)tm.tm_yday + 1;
    buf_u32(out,
            (uint32_t)(tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec) * 100u +
                (uint32_t)(now_ms % 1000 / 10));
    /* packed 0cyydddF, c: 0 for 19yy, 1 for 20yy */
    buf_u8(out, tm.tm_year >= 100);
    buf_u8(out, (uint8_t)(year / 10 << 4 | year % 10));
    buf_u8(out, (uint8_t)(day / 100 << 4 | day / 10 % 10));
    buf_u8(out, (uint8_t)(day % 10 << 4 | 0xf));
}

static void
set_u16(struct buf *out, size_t at, unsigned v)
{
    if (out->failed || at + 2 > out->n)
        return;
    out->p[at] = (char)(v >> 8);
    out->p[at + 1] = (char)v;
}

static unsigned
get_u16(const char *p)
{
    return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

void
smf80_begin(struct buf *out, const struct smf80 *r)
{
    buf_clear(out);
    buf_u32(out, 0); /* length, segment: smf80_end */
    buf_u8(out, 0x1e);
    buf_u8(out, TYPE_80);
    put_time(out, r->now_ms);
    put_text(out, str_of(r->system_id), 4);
    buf_u16(out, r->flags | SMF_DES_HAS_VRM);
    buf_u8(out, r->event);
    buf_u8(out, r->qualifier);
    put_text(out, r->user, 8);
    put_text(out, r->group, 8);
    buf_u16(out, SMF_HEAD_BYTES - 4); /* counted from FLG */
    buf_u16(out, 0);
    buf_u8(out, r->authority);
    buf_u8(out, r->reason);
    buf_u8(out, 0);
    buf_u8(out, 0);
    put_text(out, r->terminal, 8);
    put_text(out, r->job, 8);
    buf_u32(out, 0); /* reader time and date: not kept here */
    buf_u32(out, 0);
    put_text(out, STR(""), 8);
    buf_u8(out, 0);
    buf_u8(out, r->more_reasons);
    put_text(out, STR("77E0"), 4);
    put_text(out, STR(""), 8);
    buf_u16(out, 0);
    buf_u16(out, 0);
    buf_u8(out, 0);
    buf_u8(out, 0);
}

/* Classic sections come first; an extended one ends their list. */
static bool
may_add(const struct buf *out, enum smf_section type, size_t bytes)
{
    bool has_extended = !out->failed && out->n >= SMF_HEAD_BYTES &&
                        get_u16(out->p + OFF_CT2) > 0;

    return out->n + bytes + 4 <= SMF_RECORD_MAX && out->n >= SMF_HEAD_BYTES &&
           (type >= 256 || (!has_extended && bytes <= 255));
}

static void
add(struct buf *out, enum smf_section type, const unsigned char *p, size_t n)
{
    size_t count_at = type < 256 ? OFF_CNT : OFF_CT2;

    if (!may_add(out, type, n))
        return;
    if (type < 256) {
        buf_u8(out, (uint8_t)type);
        buf_u8(out, (uint8_t)n);
    } else {
        if (get_u16(out->p + OFF_CT2) == 0)
            set_u16(out, OFF_RL2, (unsigned)out->n - 4);
        buf_u16(out, (uint16_t)type);
        buf_u16(out, (uint16_t)n);
    }
    buf_add(out, str_n(p, n));
    set_u16(out, count_at, get_u16(out->p + count_at) + 1);
}

void
smf80_add(struct buf *out, enum smf_section type, struct str utf8)
{
    unsigned char bytes[4096];

    if (utf8.n > 0)
        add(out, type, bytes,
            encode(utf8, bytes, type < 256 ? 255 : sizeof bytes));
}

void
smf80_add_byte(struct buf *out, enum smf_section type, uint8_t byte)
{
    add(out, type, &byte, 1);
}

void
smf80_add_profile(struct buf *out, struct str name, bool is_generic)
{
    unsigned char bytes[255];
    size_t n;

    if (name.n == 0)
        return;
    bytes[0] = is_generic ? 0x80 : 0;
    n = encode(name, bytes + 1, sizeof bytes - 1);
    add(out, SMF_PROFILE, bytes, n + 1);
}

enum err
smf80_end(struct buf *out, struct err_info *why)
{
    set_u16(out, 0, (unsigned)out->n);
    return buf_check(out, why);
}

uint8_t
smf_level_bits(unsigned level)
{
    static const uint8_t bits[] = { 0, 0x08, 0x10, 0x20, 0x40, 0x80 };

    return level < ARRAY_LEN(bits) ? bits[level] : 0;
}

/* --- reading
 * ------------------------------------------------------------------
 */

enum err
smf_next(struct str stream, size_t *at, struct str *record,
         struct err_info *why)
{
    unsigned n;

    if (*at >= stream.n)
        return ERR_NOT_FOUND;
    if (stream.n - *at < 18)
        return err_at(why, ERR_SYNTAX, *at,
                      "%zu bytes are left, a record has at least 18",
                      stream.n - *at);
    n = get_u16(stream.p + *at);
    if (n < 18 || n > stream.n - *at || get_u16(stream.p + *at + 2) != 0)
        return err_at(why, ERR_SYNTAX, *at,
                      "no record descriptor word: length %u, segment %u", n,
                      get_u16(stream.p + *at + 2));
    *record = str_sub(stream, *at, *at + n);
    *at += n;
    return ERR_OK;
}

static struct str
decode(struct arena *a, struct str bytes)
{
    const struct codepage *cp = codepage_find(EBCDIC);
    struct str text;
    struct buf utf8;

    while (bytes.n > 0 && ((unsigned char)bytes.p[bytes.n - 1] == BLANK ||
                           bytes.p[bytes.n - 1] == 0))
        bytes.n--;
    buf_init(&utf8, 3 * bytes.n + 16);
    for (size_t i = 0; cp != NULL && i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];

        buf_add(&utf8, cp->to_utf8[c].n == 0 || c < BLANK
                           ? STR("?")
                           : str_n(cp->to_utf8[c].b, cp->to_utf8[c].n));
    }
    text = str_dup(a, buf_view(&utf8));
    buf_fini(&utf8);
    return text;
}

static enum err
read_sections(struct str record, size_t at, unsigned count, bool is_extended,
              struct smf80_view *v, struct err_info *why)
{
    size_t head = is_extended ? 4 : 2;

    for (unsigned i = 0; i < count; i++) {
        struct smf80_section s;
        size_t n;

        if (at > record.n || record.n - at < head)
            return err_at(why, ERR_SYNTAX, at, "relocate section %u is cut",
                          i + 1);
        s.type = is_extended ? (uint16_t)get_u16(record.p + at)
                             : (unsigned char)record.p[at];
        n = is_extended ? get_u16(record.p + at + 2)
                        : (unsigned char)record.p[at + 1];
        if (record.n - at - head < n)
            return err_at(why, ERR_SYNTAX, at, "relocate section %u is cut",
                          i + 1);
        s.bytes = str_sub(record, at + head, at + head + n);
        if (v->n_sections < SMF_SECTIONS_MAX)
            v->sections[v->n_sections++] = s;
        at += head + n;
    }
    return ERR_OK;
}

static bool
digit_pair(char c, unsigned *out)
{
    unsigned high = (unsigned char)c >> 4, low = (unsigned char)c & 15;

    *out = high * 10 + low;
    return high < 10 && low < 10;
}

static bool
read_date(const char *p, struct smf80_view *v)
{
    unsigned century, year, day, last = (unsigned char)p[3] >> 4;

    if (!digit_pair(p[0], &century) || !digit_pair(p[1], &year) ||
        !digit_pair(p[2], &day) || last > 9)
        return false;
    v->year = (uint16_t)(1900 + 100 * century + year);
    v->day = (uint16_t)(day * 10 + last);
    return v->day >= 1 && v->day <= 366;
}

enum err
smf80_read(struct arena *a, struct str r, struct smf80_view *out,
           struct err_info *why)
{
    struct smf80_view v = { .type = 0 };
    enum err e;

    if (r.n < 18 || get_u16(r.p) != r.n)
        return err_at(why, ERR_SYNTAX, 0, "not a record of %zu bytes", r.n);
    v.type = (uint8_t)r.p[5];
    if (v.type != TYPE_80) {
        *out = v;
        return ERR_OK;
    }
    if (r.n < SMF_HEAD_BYTES || !read_date(r.p + 10, &v))
        return err_at(why, ERR_SYNTAX, 10, "the head of a type 80 is damaged");
    v.centiseconds = get_u16(r.p + 6) << 16 | get_u16(r.p + 8);
    v.system_id = decode(a, str_sub(r, 14, 18));
    v.flags = (uint16_t)get_u16(r.p + 18);
    v.event = (uint8_t)r.p[20];
    v.qualifier = (uint8_t)r.p[21];
    v.user = decode(a, str_sub(r, 22, 30));
    v.group = decode(a, str_sub(r, 30, 38));
    v.authority = (uint8_t)r.p[42];
    v.reason = (uint8_t)r.p[43];
    v.terminal = decode(a, str_sub(r, 46, 54));
    v.job = decode(a, str_sub(r, 54, 62));
    v.more_reasons = (uint8_t)r.p[79];
    e = read_sections(r, get_u16(r.p + OFF_REL) + 4u, get_u16(r.p + OFF_CNT),
                      false, &v, why);
    if (e == ERR_OK)
        e = read_sections(r, get_u16(r.p + OFF_RL2) + 4u,
                          get_u16(r.p + OFF_CT2), true, &v, why);
    if (e == ERR_OK)
        *out = v;
    return e;
}

struct str
smf80_bytes(const struct smf80_view *v, enum smf_section type)
{
    for (size_t i = 0; i < v->n_sections; i++) {
        if (v->sections[i].type == type)
            return v->sections[i].bytes;
    }
    return STR("");
}

struct str
smf80_text(struct arena *a, const struct smf80_view *v, enum smf_section type)
{
    struct str bytes = smf80_bytes(v, type);

    if (type == SMF_PROFILE && bytes.n > 0)
        bytes = str_sub(bytes, 1, bytes.n);
    return decode(a, bytes);
}
