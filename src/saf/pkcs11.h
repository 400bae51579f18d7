/*
 * A PKCS#11 module (version 2.20 and later), loaded by dlopen, as far as keys
 * need it. What it does happens in the process that calls; token.h is the
 * process made for it. One thread. Tokens are named by their label, keys by
 * CKA_ID.
 *
 * Refusals: ERR_NOT_FOUND no such token or object, ERR_EXISTS a label in use,
 * ERR_DENIED the PIN is wrong, locked or not set, ERR_UNSUPPORTED the module
 * cannot do it, ERR_IO everything else the module says.
 */
#ifndef SALLYPORT_SAF_PKCS11_H
#define SALLYPORT_SAF_PKCS11_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "saf/certmake.h"

#define P11_TOKEN_MAX 32u /* characters of a token's label */
#define P11_LABEL_MAX 64u
#define P11_ID_MAX 64u

struct p11;

/* PINs are borrowed until p11_close. */
MUST_CHECK enum err p11_open(const char *module, struct str pin,
                             struct p11 **out, struct err_info *why);
void p11_close(struct p11 **);

/* Encrypt under the token's AES key of that label; may_make: make it (not
 * extractable) when there is none. */
MUST_CHECK enum err p11_wrap(struct p11 *, struct str token, struct str label,
                             struct str plain, bool may_make, struct buf *out,
                             struct err_info *why);
/* `plain` holds a secret: wipe it. */
MUST_CHECK enum err p11_unwrap(struct p11 *, struct str token, struct str label,
                               struct str wrapped, struct buf *plain,
                               struct err_info *why);

/* A key pair that never leaves the token: its CKA_ID and public half (DER). */
MUST_CHECK enum err p11_new_key(struct p11 *, struct str token,
                                struct str label, enum cert_key_kind,
                                uint32_t bits, struct buf *id, struct buf *spki,
                                struct err_info *why);
/* The key pair of that label, made by somebody else. */
MUST_CHECK enum err p11_find_key(struct p11 *, struct str token,
                                 struct str label, struct buf *id,
                                 struct buf *spki, struct err_info *why);
/* scheme and digest as in ipc/keywire.h; salt in bytes, for PSS. The signature
 * as OpenSSL has it (ECDSA: DER). */
MUST_CHECK enum err p11_sign(struct p11 *, struct str token, struct str id,
                             uint8_t scheme, uint8_t digest, uint16_t salt,
                             struct str hash, struct buf *out,
                             struct err_info *why);
/* Both halves; no such key is no error. */
MUST_CHECK enum err p11_delete_key(struct p11 *, struct str token,
                                   struct str id, struct err_info *why);

#endif
