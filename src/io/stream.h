/*
 * A connected socket on a loop, clear or TLS: the same read and write for both.
 * Edge-triggered and registered once, so the steady state costs one read and
 * one write call a message and nothing else.
 */
#ifndef SALLYPORT_IO_STREAM_H
#define SALLYPORT_IO_STREAM_H

#include "io/loop.h"
#include "io/tls.h"

struct ssl_st;
struct remote_channel;
struct revocation;
struct revocation_check;

struct stream {
    struct loop *loop;
    struct loop_fd watch;
    struct ssl_st *ssl;             /* NULL: clear text */
    struct remote_channel *channel; /* while a handshake with the keeper's keys
                                       runs, else NULL */
    struct revocation *revocation;  /* of the peer; until it is open */
    struct revocation_check *check; /* under way */
    char *refusal;                  /* what it came to, when bad */
    void (*on_ready)(struct stream *);
    bool is_server;
    bool is_negotiated; /* private: only the peer's revocation is open */
    bool is_connected;  /* the transport; false while a client connects */
    bool is_open;       /* connected and, with TLS, the handshake is done */
    bool is_broken;     /* reset or TLS error: nothing more can be said */
    bool is_hangup;     /* the peer has closed its side; bytes may still wait */
    bool may_read;      /* not known to be drained */
    bool may_write;     /* not known to be full */
    bool saw_bytes;     /* the peer has sent something */
    bool is_abandoned;  /* private: the job of the handshake only ends */
    bool is_plain;      /* clear text arrived on a TLS port */
    bool is_untrusted;  /* the peer's certificate was refused (tls_refusal) */
};

/*
 * Adopt a connected (server) or connecting (client), non-blocking socket. With
 * tls a handshake follows. sni: the name of the server for a client, "" else.
 * on_ready runs whenever something may have become possible; it calls
 * stream_handshake until that succeeds, then stream_read and stream_write until
 * they say ERR_AGAIN. On failure fd stays the caller's.
 */
MUST_CHECK enum err stream_init(struct stream *, struct loop *, int fd,
                                bool is_server, struct tls_config *tls,
                                struct str sni,
                                void (*on_ready)(struct stream *),
                                struct err_info *why);
/* Closes the socket (TLS: close_notify when it was open). Idempotent. */
void stream_fini(struct stream *);
/* ERR_OK open; ERR_AGAIN; ERR_PEER gone, refused, or the handshake failed, and
 * why holds JSSE's wording ("javax.net.ssl.SSLHandshakeException: ..."). */
MUST_CHECK enum err stream_handshake(struct stream *, struct err_info *why);
/* ERR_OK with *n > 0; ERR_AGAIN; ERR_PEER end of file, reset or TLS error. */
MUST_CHECK enum err stream_read(struct stream *, char *p, size_t cap,
                                size_t *n);
/* ERR_OK with *n > 0, maybe less than asked; ERR_AGAIN; ERR_PEER. */
MUST_CHECK enum err stream_write(struct stream *, const char *p, size_t size,
                                 size_t *n);
/* After the handshake: it goes on with an earlier session. */
bool stream_is_resumed(const struct stream *);
/* After the handshake: whether HTTP/2 was agreed on (ALPN). */
bool stream_is_h2(const struct stream *);
/* Half-close: no more bytes follow. */
void stream_shutdown(struct stream *);

/* The peer's verified certificate, DER, on the heap: *out is freed with free();
 * NULL and 0 bytes when there is none. ERR_MEMORY. */
MUST_CHECK enum err stream_peer_certificate(const struct stream *,
                                            unsigned char **out, size_t *n);
/* SHA-256 of the same; false: there is none. */
#define STREAM_DIGEST_BYTES 32u
MUST_CHECK bool stream_peer_digest(const struct stream *,
                                   unsigned char out[STREAM_DIGEST_BYTES]);

#endif
