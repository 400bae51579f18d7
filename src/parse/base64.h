/*
 * Base64 (RFC 4648), strict: no white space, no foreign characters, unused
 * bits zero, so that each value has exactly one spelling.
 */
#ifndef SALLYPORT_PARSE_BASE64_H
#define SALLYPORT_PARSE_BASE64_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum base64_kind {
    BASE64_STANDARD, /* + and /, padding required (RFC 4648, 4) */
    BASE64_URL,      /* - and _, padding refused (RFC 7515, 2) */
};

/* Bytes of n encoded, padding included; never overflows for n <= SIZE_MAX/2. */
size_t base64_encoded_bytes(size_t n, enum base64_kind kind);
void base64_encode(struct buf *out, struct str bytes, enum base64_kind kind);

/* At least as many bytes as decoding n characters can give. */
size_t base64_decoded_max(size_t n);
/*
 * Decode into `out`, which holds base64_decoded_max(in.n) bytes.
 *
 * ERR_SYNTAX  a character, the length, the padding or unused bits are wrong;
 *             nothing meaningful is in out, *n is left alone
 */
MUST_CHECK enum err base64_decode(struct str in, enum base64_kind kind,
                                  char *out, size_t *n, struct err_info *why);
/* The same into an arena (not for secrets: arenas are not wiped).
 * ERR_MEMORY when it has no room. */
MUST_CHECK enum err base64_decode_dup(struct arena *, struct str in,
                                      enum base64_kind kind, struct str *out,
                                      struct err_info *why);

#endif
