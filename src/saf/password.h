/*
 * Stored form of a password or phrase: scrypt (RFC 7914) of OpenSSL, with its
 * parameters kept beside the hash, so that they can be raised later and old
 * records still verify. The userid goes into the salt, so a record copied to
 * another user is useless.
 *
 * record = "$scrypt$" N "$" r "$" p "$" salt-hex "$" hash-hex
 */
#ifndef SALLYPORT_SAF_PASSWORD_H
#define SALLYPORT_SAF_PASSWORD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define PASSWORD_SALT_BYTES 16u
#define PASSWORD_HASH_BYTES 32u

struct password_params {
    uint64_t n; /* a power of two, 2..2^20 */
    uint32_t r; /* 1..32 */
    uint32_t p; /* 1..16 */
};

/* What new records are made with: 16 MB and some 50 ms for each guess. */
extern const struct password_params password_params_now;
/* A record that no password fits, as slow to compare as others. */
#define PASSWORD_DECOY                                                         \
    "$scrypt$16384$8$1$00000000000000000000000000000000$"                      \
    "0000000000000000000000000000000000000000000000000000000000000000"

struct password_record {
    struct password_params params;
    unsigned char salt[PASSWORD_SALT_BYTES];
    unsigned char hash[PASSWORD_HASH_BYTES];
};

/* ERR_SYNTAX with the position; ERR_RANGE for parameters out of bounds. */
MUST_CHECK enum err password_parse(struct str record,
                                   struct password_record *out,
                                   struct err_info *why);
/* Append a new record for secret. Slow on purpose. */
MUST_CHECK enum err password_make(struct str user, struct str secret,
                                  const struct password_params *params,
                                  struct buf *record, struct err_info *why);
/* ERR_OK: it is the one; ERR_DENIED: it is not; else the record is bad.
 * *is_old: made with other parameters than today's. Slow on purpose. */
MUST_CHECK enum err password_check(struct str user, struct str secret,
                                   struct str record, bool *is_old,
                                   struct err_info *why);

#endif
