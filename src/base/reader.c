#include "base/reader.h"

struct str
reader_rest(const struct reader *r)
{
    return str_sub(r->in, r->pos, r->in.n);
}

bool
reader_accept(struct reader *r, char c)
{
    if (reader_at_end(r) || r->in.p[r->pos] != c)
        return false;
    r->pos++;
    return true;
}

bool
reader_accept_str(struct reader *r, struct str text)
{
    if (!str_starts(reader_rest(r), text))
        return false;
    r->pos += text.n;
    return true;
}

bool
reader_accept_nocase(struct reader *r, struct str text)
{
    if (!str_starts_nocase(reader_rest(r), text))
        return false;
    r->pos += text.n;
    return true;
}

bool
reader_take(struct reader *r, size_t n, struct str *out)
{
    if (n > reader_left(r))
        return false;
    *out = str_sub(r->in, r->pos, r->pos + n);
    r->pos += n;
    return true;
}

struct str
reader_span(struct reader *r, bool (*is_in)(unsigned char))
{
    size_t from = r->pos;

    while (r->pos < r->in.n && is_in((unsigned char)r->in.p[r->pos]))
        r->pos++;
    return str_sub(r->in, from, r->pos);
}

void
reader_skip_blanks(struct reader *r)
{
    while (reader_peek(r) == ' ' || reader_peek(r) == '\t')
        r->pos++;
}

void
reader_skip_space(struct reader *r)
{
    while (reader_peek(r) == ' ' ||
           (reader_peek(r) >= '\t' && reader_peek(r) <= '\r'))
        r->pos++;
}

bool
reader_decimal(struct reader *r, uint32_t *out)
{
    size_t from = r->pos;
    uint64_t value = 0;

    while (reader_peek(r) >= '0' && reader_peek(r) <= '9' && r->pos - from < 10)
        value = value * 10 + (uint64_t)(r->in.p[r->pos++] - '0');
    if (r->pos == from || value > UINT32_MAX ||
        (reader_peek(r) >= '0' && reader_peek(r) <= '9')) {
        r->pos = from;
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

void
reader_line_column(struct str in, size_t at, uint32_t *line, uint32_t *column)
{
    uint32_t l = 1, c = 1;

    for (size_t i = 0; i < at && i < in.n; i++) {
        if (in.p[i] == '\n') {
            l++;
            c = 1;
        } else {
            c++;
        }
    }
    *line = l;
    *column = c;
}

static bool
big_endian(struct reader *r, unsigned n, uint64_t *out)
{
    struct str bytes;
    uint64_t value = 0;

    if (!reader_take(r, n, &bytes))
        return false;
    for (unsigned i = 0; i < n; i++)
        value = value << 8 | (unsigned char)bytes.p[i];
    *out = value;
    return true;
}

bool
reader_u8(struct reader *r, uint8_t *out)
{
    uint64_t value;

    if (!big_endian(r, 1, &value))
        return false;
    *out = (uint8_t)value;
    return true;
}

bool
reader_u16(struct reader *r, uint16_t *out)
{
    uint64_t value;

    if (!big_endian(r, 2, &value))
        return false;
    *out = (uint16_t)value;
    return true;
}

bool
reader_u32(struct reader *r, uint32_t *out)
{
    uint64_t value;

    if (!big_endian(r, 4, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

bool
reader_u64(struct reader *r, uint64_t *out)
{
    return big_endian(r, 8, out);
}

bool
reader_str(struct reader *r, size_t min, size_t max, struct str *out)
{
    size_t from = r->pos;
    uint32_t n;

    if (reader_u32(r, &n) && n >= min && n <= max && reader_take(r, n, out))
        return true;
    r->pos = from;
    return false;
}
