/*
 * A growing byte buffer with a maximum, and the binary writer over it. After a
 * failed append the buffer is `failed` and further appends do nothing, so that
 * a sequence of writes needs one check at its end.
 */
#ifndef SALLYPORT_BASE_BUF_H
#define SALLYPORT_BASE_BUF_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

struct buf {
    char *p;
    size_t n;
    size_t cap;
    size_t max; /* n never exceeds it */
    bool failed;
};

void buf_init(struct buf *, size_t max_bytes);
void buf_fini(struct buf *);  /* may be called twice */
void buf_clear(struct buf *); /* keeps the storage, clears `failed` */
struct str buf_view(const struct buf *);
/* ERR_OK, or ERR_LIMIT / ERR_MEMORY when an append failed. */
MUST_CHECK enum err buf_check(const struct buf *, struct err_info *why);

void buf_add(struct buf *, struct str);
void buf_add_z(struct buf *, const char *);
void buf_add_char(struct buf *, char);
void buf_printf(struct buf *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for n more bytes (uninitialised), counted as written; NULL on failure.*/
MUST_CHECK char *buf_grow(struct buf *, size_t n);
/* NUL-terminated text of the buffer (the NUL is not counted); "" on failure. */
const char *buf_z(struct buf *);

/* Binary: big-endian; a string is u32 length and bytes. */
void buf_u8(struct buf *, uint8_t);
void buf_u16(struct buf *, uint16_t);
void buf_u32(struct buf *, uint32_t);
void buf_u64(struct buf *, uint64_t);
void buf_str(struct buf *, struct str);

#endif
