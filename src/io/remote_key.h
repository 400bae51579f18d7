/*
 * Private keys that are used but not held: an EVP_PKEY whose signatures and
 * decryptions are made by the angel's keeper, over a key channel
 * (ipc/keywire.h). OpenSSL sees a provider of ours; libssl needs no change.
 *
 * On a loop nothing waits: an operation pauses its handshake (ASYNC_JOB),
 * SSL_get_error says SSL_ERROR_WANT_ASYNC, and when the answer is there
 * `resume` runs, in the loop's thread, to call remote_handshake again. Outside
 * remote_handshake (a thread that may block) the operation waits.
 *
 * A keeper that dies loses nothing: channels are opened again by a thread of
 * their own, and what was asked is asked again.
 *
 * io/stream.c does this by itself for a tls_config with remote identities;
 * who drives SSL objects of his own does it so:
 *
 *     remote_channel_join(keys, loop, &channel, why)
 *     SSL_set_mode(ssl, SSL_MODE_ASYNC)
 *     remote_handshake(channel, ssl, resume, arg)    as SSL_do_handshake
 *     SSL_clear_mode(ssl, SSL_MODE_ASYNC)   when done: reading needs no job,
 *                                           unless the peer may negotiate anew:
 *     remote_read(channel, ssl, p, n, &got, resume, arg)      as SSL_read_ex
 *     remote_abandon(channel, ssl)          before SSL_free, when not done
 *     remote_channel_leave(&channel)
 */
#ifndef SALLYPORT_IO_REMOTE_KEY_H
#define SALLYPORT_IO_REMOTE_KEY_H

#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"

struct evp_pkey_st;
struct ossl_lib_ctx_st;
struct ssl_st;
struct remote_keys;    /* the keys of one ring; any thread, counted */
struct remote_channel; /* one loop's way to them; that loop's thread only */

/*
 * Where channels come from. `open` may block: it is called by remote_keys_new
 * and from threads of its own, one call at a time.
 */
struct remote_source {
    /* *fd: a connected key channel, the caller's. */
    enum err (*open)(void *arg, int *fd, struct err_info *why);
    void (*free)(void *arg); /* with the last reference; may be NULL */
    void *arg;
    /* Where the keys are used (OSSL_LIB_CTX); NULL: the default context. When
     * that has FIPS algorithms only, the keeper is asked for no others. */
    struct ossl_lib_ctx_st *library;
};

/* Opens one channel, so that refusals are told at once. On failure arg stays
 * the caller's. */
MUST_CHECK enum err remote_keys_new(const struct remote_source *,
                                    struct remote_keys **out,
                                    struct err_info *why);
struct remote_keys *remote_keys_ref(struct remote_keys *);
void remote_keys_unref(struct remote_keys **);

/* The key that belongs to a certificate (DER), RSA or EC; whether the keeper
 * has it shows with the first use. Free with EVP_PKEY_free; it keeps `keys`
 * alive. ERR_SYNTAX, ERR_UNSUPPORTED. */
MUST_CHECK enum err remote_key_of(struct remote_keys *, struct str certificate,
                                  struct evp_pkey_st **out,
                                  struct err_info *why);

/* For each handshake: the loop's channel, shared by all its handshakes. */
MUST_CHECK enum err remote_channel_join(struct remote_keys *, struct loop *,
                                        struct remote_channel **out,
                                        struct err_info *why);
void remote_channel_leave(struct remote_channel **); /* NULL: nothing */
/* SSL_do_handshake, its operations by this channel. `resume` runs once after
 * each SSL_ERROR_WANT_ASYNC. */
int remote_handshake(struct remote_channel *, struct ssl_st *,
                     void (*resume)(void *arg), void *arg);
/* SSL_read_ex, in which a peer may negotiate anew. After SSL_ERROR_WANT_ASYNC
 * the next call goes on, into the p of this one; nothing else may be done with
 * `ssl` before. */
int remote_read(struct remote_channel *, struct ssl_st *, void *p, size_t n,
                size_t *got, void (*resume)(void *arg), void *arg);
/* A handshake that is given up, waiting or not: ends its job, with an error.
 * The transport must refuse to read and write from here on. */
void remote_abandon(struct remote_channel *, struct ssl_st *);

#endif
