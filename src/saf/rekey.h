/*
 * Another master key: everything in the database that is sealed under the old
 * one is sealed under the new one, in one transaction, which also writes down
 * which key that is. Private keys, PassTicket keys, secrets in segments.
 */
#ifndef SALLYPORT_SAF_REKEY_H
#define SALLYPORT_SAF_REKEY_H

#include "saf/sealing.h"
#include "saf/store.h"
#include "saf/store_copy.h"

/* The database says that this is its key; one that was never sealed anew
 * names none. */
MUST_CHECK bool rekey_is_under(struct saf_db *,
                               const unsigned char key[SEALING_KEY_BYTES]);

/* Do the secrets in a copy open with that key? facts: of store_check. One that
 * has none opens with any. ERR_DENIED: not with this one. */
MUST_CHECK enum err rekey_check_copy(const char *path,
                                     const struct store_facts *facts,
                                     const unsigned char key[SEALING_KEY_BYTES],
                                     struct err_info *why);

/*
 * n: how many values there were. ERR_DENIED: one does not open with the old
 * key; it is named, and nothing is changed.
 */
MUST_CHECK enum err rekey_database(struct saf_db *,
                                   const unsigned char old[SEALING_KEY_BYTES],
                                   const unsigned char fresh[SEALING_KEY_BYTES],
                                   size_t *n, struct err_info *why);

#endif
