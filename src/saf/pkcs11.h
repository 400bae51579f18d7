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
/* The public half (DER) of the key pair of that CKA_ID. */
MUST_CHECK enum err p11_public_of(struct p11 *, struct str token, struct str id,
                                  struct buf *spki, struct err_info *why);
/* Both halves; no such key is no error. */
MUST_CHECK enum err p11_delete_key(struct p11 *, struct str token,
                                   struct str id, struct err_info *why);

/* --- certificates and tokens (pkcs11_certs.c) ---------------------------- */

#define P11_SLOTS_MAX 256u
#define P11_FREE_TOKEN "SPT.FREE"                /* a token that was deleted */
enum { P11_USER = 1, P11_AUTHORITY, P11_OTHER }; /* CKA_CERTIFICATE_CATEGORY */

/* str name, for each token. */
MUST_CHECK enum err p11_list_tokens(struct p11 *, struct buf *out,
                                    struct err_info *why);
/* A free slot of the module becomes that token, with our PIN: ERR_EXISTS,
 * ERR_LIMIT. */
MUST_CHECK enum err p11_add_token(struct p11 *, struct str name,
                                  struct str so_pin, struct err_info *why);
/* With all that is in it. */
MUST_CHECK enum err p11_delete_token(struct p11 *, struct str name,
                                     struct str so_pin, struct err_info *why);
/* u32 objects that are neither certificates nor key pairs, u32 n, n x { str
 * label, id, der, u8 category, u8 has a private key, u8 has a public key }. */
MUST_CHECK enum err p11_list_certs(struct p11 *, struct str token,
                                   struct buf *out, struct err_info *why);
struct p11_put {
    struct str label, id;
    struct str der, subject, issuer, serial; /* each in DER */
    struct str pkcs8; /* its private key, when that goes along; or empty */
    uint8_t category;
};
/* Keys of that id that are there stay what they are. ERR_EXISTS: it is there.
 */
MUST_CHECK enum err p11_put_cert(struct p11 *, struct str token,
                                 const struct p11_put *, struct err_info *why);
/* A key pair made elsewhere, of a label that is free: ERR_EXISTS. */
MUST_CHECK enum err p11_put_key(struct p11 *, struct str token,
                                struct str label, struct str id,
                                struct str pkcs8, struct err_info *why);
/* with_keys: and the keys of its id, unless another certificate has them.
 * ERR_NOT_FOUND. */
MUST_CHECK enum err p11_drop_cert(struct p11 *, struct str token, struct str id,
                                  struct str der, bool with_keys,
                                  struct err_info *why);

#endif
