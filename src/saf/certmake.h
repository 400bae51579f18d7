/*
 * Making certificates and requests: the part of GENCERT and GENREQ that needs
 * a private key, run by the keeper. Everything is given; no clock, no files.
 */
#ifndef SALLYPORT_SAF_CERTMAKE_H
#define SALLYPORT_SAF_CERTMAKE_H

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/reader.h"
#include "base/str.h"

#define CERT_ALTNAMES_MAX 32u
#define CERT_KEY_ID_MAX 128u /* bytes */
#define CERT_DER_MAX (16u * 1024u)

/* KEYUSAGE operands, as the bits of keyUsage that libcrypto calls KU_*. */
enum cert_usage {
    CERT_HANDSHAKE = 0x80u | 0x20u,
    CERT_DATAENCRYPT = 0x10u,
    CERT_DOCSIGN = 0x40u,
    CERT_CERTSIGN = 0x04u | 0x02u,
    CERT_KEYAGREE = 0x08u,
};

enum cert_key_kind { CERT_RSA = 1, CERT_NISTECC, CERT_BPECC, CERT_DSA };

struct cert_altname {
    uint8_t kind;     /* GEN_EMAIL 1, GEN_DNS 2, GEN_URI 6, GEN_IPADD 7 */
    struct str value; /* text; 4 or 16 bytes for an address */
};

struct cert_order {
    struct str subject;       /* DER of the name */
    struct str issuer;        /* DER; empty: self-signed */
    struct str issuer_key_id; /* signer's subjectKeyIdentifier, or empty */
    struct str key_id;        /* subjectKeyIdentifier; empty: of the key */
    struct str spki;          /* DER of the subject's public key */
    uint64_t serial;
    int64_t not_before_s, not_after_s; /* since 1970 */
    uint32_t usage;                    /* KU_*, as enum cert_usage */
    bool is_ca;
    struct cert_altname altnames[CERT_ALTNAMES_MAX];
    uint32_t n_altnames;
};

void cert_order_put(const struct cert_order *, struct buf *out);
/* Borrowed from the input. */
MUST_CHECK bool cert_order_read(struct reader *, struct cert_order *out);

/* Who signs. With `sign` the key is only its public half, and a hash is signed
 * there: PKCS#1 or ECDSA, as the key is; digest: NID. */
struct cert_signer {
    EVP_PKEY *key;
    enum err (*sign)(void *arg, int digest, struct str hash, struct buf *out,
                     struct err_info *why);
    void *arg;
};
/* Append the DER of the certificate, signed with SHA-256 (SHA-384 and 512 for
 * P-384 and P-521). */
MUST_CHECK enum err cert_make(const struct cert_order *,
                              const struct cert_signer *, struct buf *der,
                              struct err_info *why);
/* PKCS#10; signer is the subject's own key; issuer, serial, dates unused. */
MUST_CHECK enum err cert_make_request(const struct cert_order *,
                                      const struct cert_signer *,
                                      struct buf *der, struct err_info *why);
/* RSA 1024..4096, NISTECC 192 224 256 384 521, BPECC 160 192 224 256 320
 * 384 512, DSA 1024 2048 bits. ERR_RANGE. */
MUST_CHECK enum err cert_new_key(enum cert_key_kind, uint32_t bits,
                                 EVP_PKEY **out, struct err_info *why);
/* OpenSSL's name of a curve; NULL: there is none of that size. */
const char *cert_curve(enum cert_key_kind, uint32_t bits);
/* DER of the public half, and PKCS#8 of the private one. */
MUST_CHECK enum err cert_spki(EVP_PKEY *, struct buf *out,
                              struct err_info *why);
MUST_CHECK enum err cert_pkcs8(EVP_PKEY *, struct buf *out,
                               struct err_info *why);
MUST_CHECK enum err cert_key_read(struct str pkcs8, EVP_PKEY **out,
                                  struct err_info *why);

#endif
