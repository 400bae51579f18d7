/*
 * The one bounded cursor all parsers use: text and binary. Every function
 * that returns false leaves the position where it was.
 */
#ifndef SALLYPORT_BASE_READER_H
#define SALLYPORT_BASE_READER_H

#include "base/str.h"

struct reader {
    struct str in;
    size_t pos; /* 0..in.n */
};

static inline struct reader
reader_of(struct str in)
{
    return (struct reader){ in, 0 };
}

static inline bool
reader_at_end(const struct reader *r)
{
    return r->pos >= r->in.n;
}

/* The next byte without taking it; '\0' at the end. */
static inline char
reader_peek(const struct reader *r)
{
    return r->pos < r->in.n ? r->in.p[r->pos] : '\0';
}

static inline size_t
reader_left(const struct reader *r)
{
    return r->in.n - r->pos;
}

struct str reader_rest(const struct reader *r);
bool reader_accept(struct reader *r, char c);
bool reader_accept_str(struct reader *r, struct str text);
bool reader_accept_nocase(struct reader *r, struct str text); /* ASCII */
MUST_CHECK bool reader_take(struct reader *r, size_t n, struct str *out);
/* The longest run of bytes for which is_in(byte) holds; may be empty. */
struct str reader_span(struct reader *r, bool (*is_in)(unsigned char));
void reader_skip_blanks(struct reader *r); /* blanks and tabs */
void reader_skip_space(struct reader *r);  /* and line ends */
/* 1..10 digits that fit 32 bits. */
MUST_CHECK bool reader_decimal(struct reader *r, uint32_t *out);
/* Line and column (1-based, bytes) of byte offset `at`. */
void reader_line_column(struct str in, size_t at, uint32_t *line,
                        uint32_t *column);

/* Binary, big-endian, as buf.h writes. */
MUST_CHECK bool reader_u8(struct reader *r, uint8_t *out);
MUST_CHECK bool reader_u16(struct reader *r, uint16_t *out);
MUST_CHECK bool reader_u32(struct reader *r, uint32_t *out);
MUST_CHECK bool reader_u64(struct reader *r, uint64_t *out);
/* u32 length and bytes; borrowed from the input. */
MUST_CHECK bool reader_str(struct reader *r, size_t min, size_t max,
                           struct str *out);

#endif
