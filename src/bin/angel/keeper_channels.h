/*
 * Key channels (ipc/keywire.h) as the keeper serves them: each is a descriptor
 * the front opened for somebody, and the keys that may be used over it. The
 * other side is a hostile client: what it sends is read to the last byte, one
 * that does not read is not answered, and nobody is served twice while another
 * waits.
 */
#ifndef SALLYPORT_ANGEL_KEEPER_CHANNELS_H
#define SALLYPORT_ANGEL_KEEPER_CHANNELS_H

#include <openssl/evp.h>
#include <poll.h>

#include "base/err.h"
#include "base/str.h"
#include "ipc/keywire.h"
#include "saf/token.h"

#define KEY_CHANNELS_MAX 1024u
#define KEY_CHANNELS_PER_UID 256u
#define KEY_CHANNEL_KEYS_MAX 64u

struct channel_key {
    unsigned char id[KEY_ID_BYTES];
    EVP_PKEY *key;  /* of one in a token: the public half */
    struct buf ref; /* token_ref_put's; empty: the key is here */
    /* Ready for another signature like the last one. */
    EVP_PKEY_CTX *signing;
    bool is_fips;
    uint8_t scheme, digest;
    uint16_t salt;
};

/* Keys in the token are asked for there. NULL: there is none. */
void channels_use_token(struct token *);
void channel_key_fini(struct channel_key *);

/* Take fd and the keys, also on failure. uid: whose it is, for the quota.
 * ERR_LIMIT. */
MUST_CHECK enum err channels_add(int fd, uint32_t uid, struct channel_key *keys,
                                 size_t n, struct err_info *why);
/* Descriptors to wait for, appended to p; how many. */
size_t channels_poll(struct pollfd *p, size_t cap);
/* What poll said of those. */
void channels_serve(const struct pollfd *p, size_t n);

/* SHA-256 of the public half. */
MUST_CHECK enum err channel_key_id(EVP_PKEY *, unsigned char id[KEY_ID_BYTES],
                                   struct err_info *why);
/* A signature that the token has to make; `key` NULL: none. */
struct channel_later {
    const struct channel_key *key;
    uint8_t scheme, digest;
    uint16_t salt;
    struct str hash; /* of the request */
};
/* One request; false when it is malformed. `result` is KEY_RESULT_MAX bytes;
 * with later->key set it is not made yet. */
MUST_CHECK bool channel_answer(uint16_t type, struct str request,
                               struct channel_key *keys, size_t n_keys,
                               unsigned char *result, size_t *n,
                               struct channel_later *later, enum err *e,
                               struct err_info *why);

#endif
