/* Between remote_key.c (who asks) and remote_provider.c (what OpenSSL sees). */
#ifndef SALLYPORT_IO_REMOTE_PRIVATE_H
#define SALLYPORT_IO_REMOTE_PRIVATE_H

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdatomic.h>

#include "io/remote_key.h"
#include "ipc/keywire.h"

/*
 * Ask the keeper and wait for the answer, by pausing the running job or by
 * blocking. request: everything of the message. result: KEY_RESULT_MAX bytes.
 */
MUST_CHECK enum err remote_ask(struct remote_keys *, uint16_t type,
                               struct str request, unsigned char *result,
                               size_t *n, struct err_info *why);

/* A key of our provider, for use in this library context (NULL: the default
 * one); public_key is taken, also on failure. */
MUST_CHECK enum err
remote_provider_key(struct remote_keys *, OSSL_LIB_CTX *library,
                    struct evp_pkey_st *public_key, const unsigned char *id,
                    struct evp_pkey_st **out, struct err_info *why);

#define REMOTE_DIGESTS 6u

/* Of the provider: what it is in one library context, for the process's life.
 */
struct remote_library {
    struct remote_library *next;
    OSSL_PROVIDER *provider; /* ours, there */
    OSSL_LIB_CTX *context;
    bool is_fips; /* the context has such algorithms only */
    /* Looked up once: a fetch goes through locks and lists of all providers. */
    EVP_MD *digests[REMOTE_DIGESTS];
};

/* Key data, counted. */
struct remote_key {
    atomic_uint refs;
    const struct remote_library *library;
    bool is_rsa;
    EVP_PKEY *public_key;     /* NULL: nothing imported yet */
    struct remote_keys *keys; /* NULL: a public key only */
    unsigned char id[KEY_ID_BYTES];
};
struct remote_key *remote_key_ref(struct remote_key *);
void remote_key_free(void *key);
/* The keeper's name for an operation of this key. */
uint16_t remote_type(const struct remote_key *, enum key_type);
/* A parameter that names an RSA padding. */
bool remote_read_pad(const OSSL_PARAM *, int *out);

typedef void (*any_fn)(void); /* OSSL_DISPATCH's own type has no name */
#define FN(f) ((any_fn)(f))

extern const OSSL_DISPATCH remote_decryption[];

#endif
