/*
 * Private keys at rest: AES-256-GCM under the image's master key, bound to
 * the owner (associated data), so that a stored blob moved to another owner's
 * certificate does not open.
 *
 * sealed = u8 version, 12 bytes nonce, 16 bytes tag, ciphertext
 */
#ifndef SALLYPORT_SAF_SEALING_H
#define SALLYPORT_SAF_SEALING_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define SEALING_KEY_BYTES 32u

MUST_CHECK enum err sealing_close(const unsigned char key[SEALING_KEY_BYTES],
                                  struct str plain, struct str owner,
                                  struct buf *sealed, struct err_info *why);
/* ERR_SYNTAX: not of this version; ERR_DENIED: another key or owner, or
 * changed. `plain` holds a secret: wipe it. */
MUST_CHECK enum err sealing_open(const unsigned char key[SEALING_KEY_BYTES],
                                 struct str sealed, struct str owner,
                                 struct buf *plain, struct err_info *why);

#endif
