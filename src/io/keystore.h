/*
 * Key stores of Java: PKCS12, JKS and JCEKS; and PEM. Bytes in, certificates
 * and keys out. Whoever can write the file decides whom the server trusts, so
 * the contents are believed; that they are well-formed is not.
 */
#ifndef SALLYPORT_IO_KEYSTORE_H
#define SALLYPORT_IO_KEYSTORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

#define KEYSTORE_BYTES_MAX ((size_t)16 << 20)
#define KEYSTORE_ENTRIES_MAX 10000u

enum keystore_type {
    KEYSTORE_PKCS12,
    KEYSTORE_JKS,
    KEYSTORE_JCEKS,
    KEYSTORE_PEM,
};

enum keystore_kind {
    KEYSTORE_KEY,     /* a private key and its certificate */
    KEYSTORE_TRUSTED, /* a certificate to trust */
    KEYSTORE_CHAIN,   /* an issuer that came with a key */
};

struct keystore_entry {
    enum keystore_kind kind;
    struct str alias;  /* "" when it has none */
    struct str der;    /* the certificate */
    struct secret key; /* PKCS#8 DER; KEYSTORE_KEY only */
};

/* Load now what reading may need, for who cannot load it later. */
void keystore_prepare(void);

struct keystore {
    struct arena arena;
    struct keystore_entry *entries;
    size_t n;
};

/* A key with a password of its own (keyEntry). */
struct keystore_password {
    struct str alias;
    struct str password;
};

/* A key that its password does not open, although the store is sound. */
struct keystore_refusal {
    bool is_key;      /* it is why the store was refused */
    bool has_own;     /* the password was the key's own */
    struct str alias; /* in `text` */
    char text[101];
};

/* Passwords are UTF-8. has_password false: a JKS or JCEKS store is read without
 * checking its integrity, as Java does; its keys, and other stores, then fail.
 *
 * ERR_SYNTAX       not such a store, or damaged
 * ERR_DENIED       the password does not open the store or a key in it
 * ERR_UNSUPPORTED  an entry in a form we do not know; secret keys of JCEKS and
 *                  PKCS12 are passed over
 * ERR_LIMIT        larger than the limits above
 */
struct keystore_input {
    enum keystore_type type;
    struct str bytes;
    struct str password;
    bool has_password;
    const struct keystore_password *own;
    size_t n_own;
    struct keystore_refusal *refusal; /* written on failure; may be NULL */
};
MUST_CHECK enum err keystore_read(const struct keystore_input *,
                                  struct keystore *out, struct err_info *why);
void keystore_fini(struct keystore *); /* wipes the keys; may run twice */

/* "PKCS12", "JKS", "JCEKS", "PEM" in any case. */
MUST_CHECK bool keystore_type_of(struct str name, enum keystore_type *out);

/* Aliases are compared as Java does: without regard to case. */
static inline bool
keystore_is_alias(const struct keystore_entry *entry, struct str alias)
{
    return str_eq_nocase(entry->alias, alias);
}

/* One or more certificates to trust: PEM, or one in DER. */
MUST_CHECK enum err keystore_read_certificates(struct str bytes,
                                               struct keystore *out,
                                               struct err_info *why);

/* Whole days until the certificate's end, negative once it is over; false when
 * it cannot be read. */
MUST_CHECK bool keystore_days_left(struct str der, int64_t now_s,
                                   int64_t *days);

/* The certificate's subject as in RFC 2253, into out; false when it cannot be
 * read. */
MUST_CHECK bool keystore_subject(struct str der, char *out, size_t cap);

/* A PKCS12 store with one new RSA key and a self-signed certificate for host
 * (a name or an address), alias "default", 365 days. */
MUST_CHECK enum err keystore_create(struct str host, struct str server_name,
                                    struct str password, struct buf *out,
                                    struct err_info *why);

#endif
