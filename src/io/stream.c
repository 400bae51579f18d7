/*
 * Clear or TLS over one non-blocking socket. OpenSSL reads and writes through
 * a BIO of ours, which remembers that the socket is drained (a short read on an
 * edge-triggered socket says so, epoll(7)) and so saves the read that would
 * only return EAGAIN. It also looks at the first byte a client sends: a TLS
 * record of a handshake begins with 0x16, anything else is clear text.
 */
#include "io/stream.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/remote_key.h"
#include "io/revocation.h"
#include "io/tls_ssl.h"

#define TLS_RECORD_HANDSHAKE 0x16
#define TLS_WRITE_MAX ((size_t)1 << 30)

/* ---- the socket ---- */

/* As recv; notes what the result says about the socket. */
static ssize_t
socket_read(struct stream *s, char *p, size_t cap)
{
    ssize_t n;

    if (s->is_abandoned) {
        errno = ECONNABORTED;
        return -1;
    }
    if (!s->may_read) {
        errno = EAGAIN;
        return -1;
    }
    do
        n = recv(s->watch.fd, p, cap, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        s->saw_bytes = true;
        /* After a hangup no further edge comes: read until end of file. */
        if ((size_t)n < cap && !s->is_hangup)
            s->may_read = false;
    } else if (n < 0 && errno == EAGAIN) {
        s->may_read = false;
    } else if (n < 0) {
        s->is_broken = true;
    }
    return n;
}

static ssize_t
socket_write(struct stream *s, const char *p, size_t size)
{
    ssize_t n;

    if (s->is_abandoned) {
        errno = ECONNABORTED;
        return -1;
    }
    if (!s->may_write) {
        errno = EAGAIN;
        return -1;
    }
    do
        n = send(s->watch.fd, p, size, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
        s->may_write = false;
        /* Asked for at the first full socket only; most never fill. */
        loop_want(s->loop, &s->watch, s->watch.wanted | LOOP_WRITE);
    }
    return n;
}

/* ---- OpenSSL's view of it ---- */

static int
bio_read(BIO *bio, char *p, int cap)
{
    struct stream *s = BIO_get_data(bio);
    bool is_first = !s->saw_bytes;
    ssize_t n;

    BIO_clear_retry_flags(bio);
    n = socket_read(s, p, (size_t)cap);
    if (n < 0 && errno == EAGAIN)
        BIO_set_retry_read(bio);
    if (n > 0 && is_first && s->is_server && p[0] != TLS_RECORD_HANDSHAKE) {
        s->is_plain = true;
        return -1;
    }
    return (int)n;
}

static int
bio_write(BIO *bio, const char *p, int size)
{
    struct stream *s = BIO_get_data(bio);
    ssize_t n;

    BIO_clear_retry_flags(bio);
    /* No alert for clear text: the connection just closes. */
    if (s->is_plain)
        return -1;
    n = socket_write(s, p, (size_t)size);
    if (n < 0 && errno == EAGAIN)
        BIO_set_retry_write(bio);
    return (int)n;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *p)
{
    (void)bio;
    (void)number;
    (void)p;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *bio_method;

static void
make_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(
        BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "sallyport stream");

    if (method != NULL && BIO_meth_set_read(method, bio_read) == 1 &&
        BIO_meth_set_write(method, bio_write) == 1 &&
        BIO_meth_set_ctrl(method, bio_ctrl) == 1)
        bio_method = method;
}

/* The keeper's keys: the handshake runs as a job, which pauses for them. */
static enum err
join_keys(struct stream *s, struct remote_keys *keys, struct err_info *why)
{
    enum err e;

    if (keys == NULL)
        return ERR_OK;
    e = remote_channel_join(keys, s->loop, &s->channel, why);
    if (e == ERR_OK)
        SSL_set_mode(s->ssl, SSL_MODE_ASYNC);
    return e;
}

/* Reading and writing need no job, which costs (measured). */
static void
leave_keys(struct stream *s)
{
    if (s->channel == NULL)
        return;
    SSL_clear_mode(s->ssl, SSL_MODE_ASYNC);
    remote_channel_leave(&s->channel);
}

static void
free_ssl(struct stream *s)
{
    if (s->channel != NULL) {
        s->is_abandoned = true;
        remote_abandon(s->channel, s->ssl);
        leave_keys(s);
    }
    revocation_cancel(&s->check);
    revocation_unref(&s->revocation);
    free(s->refusal);
    s->refusal = NULL;
    SSL_free(s->ssl);
    s->ssl = NULL;
}

static enum err
attach_tls(struct stream *s, struct tls_config *tls, struct str sni,
           struct err_info *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    enum err e;
    BIO *bio;

    pthread_once(&once, make_bio_method);
    if ((e = tls_session_new(tls, sni, &s->ssl, why)) != ERR_OK)
        return e;
    e = join_keys(s, tls_remote_keys(tls), why);
    if (e != ERR_OK) {
        free_ssl(s);
        return e;
    }
    bio = bio_method == NULL ? NULL : BIO_new(bio_method);
    if (bio == NULL) {
        free_ssl(s);
        return err_set(why, ERR_MEMORY, "no storage for a TLS connection");
    }
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio);
    s->revocation = revocation_ref(tls_revocation(tls));
    if (s->is_server)
        SSL_set_accept_state(s->ssl);
    else
        SSL_set_connect_state(s->ssl);
    return ERR_OK;
}

/* ---- the stream ---- */

static void
on_event(struct loop_fd *watch, unsigned events)
{
    struct stream *s = CONTAINER_OF(watch, struct stream, watch);

    if (events & LOOP_HANGUP)
        s->is_hangup = true;
    if (events & (LOOP_READ | LOOP_HANGUP))
        s->may_read = true;
    if (events & (LOOP_WRITE | LOOP_HANGUP))
        s->may_write = true;
    s->on_ready(s);
}

enum err
stream_init(struct stream *s, struct loop *loop, int fd, bool is_server,
            struct tls_config *tls, struct str sni,
            void (*on_ready)(struct stream *), struct err_info *why)
{
    unsigned wanted = LOOP_READ | LOOP_EDGE;
    enum err e;

    *s = (struct stream){
        .loop = loop,
        .watch = { .fd = fd, .on_event = on_event },
        .on_ready = on_ready,
        .is_server = is_server,
        .is_connected = is_server,
        .may_write = is_server,
    };
    if (!is_server)
        wanted |= LOOP_WRITE; /* tells when it is connected */
    if (tls != NULL && (e = attach_tls(s, tls, sni, why)) != ERR_OK)
        return e;
    e = loop_add(loop, &s->watch, wanted, why);
    if (e != ERR_OK)
        free_ssl(s);
    return e;
}

void
stream_fini(struct stream *s)
{
    if (s->loop == NULL)
        return;
    if (s->ssl != NULL) {
        ERR_clear_error();
        if (s->is_open && !s->is_broken)
            SSL_shutdown(s->ssl);
        free_ssl(s);
        ERR_clear_error();
    }
    loop_remove(s->loop, &s->watch);
    close(s->watch.fd);
    s->loop = NULL;
}

static enum err
finish_connect(struct stream *s, struct err_info *why)
{
    socklen_t size = sizeof errno;
    int number = 0;

    if (!s->may_write)
        return ERR_AGAIN;
    if (getsockopt(s->watch.fd, SOL_SOCKET, SO_ERROR, &number, &size) < 0)
        number = errno;
    if (number != 0) {
        s->is_broken = true;
        return err_set(why, ERR_PEER, "%s", strerror(number));
    }
    s->is_connected = true;
    return ERR_OK;
}

/* The result of an OpenSSL call that did not succeed. */
static enum err
ssl_result(struct stream *s, int result, struct err_info *why)
{
    int number = errno;
    int code = SSL_get_error(s->ssl, result);

    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE ||
        code == SSL_ERROR_WANT_ASYNC)
        return ERR_AGAIN;
    if (code != SSL_ERROR_ZERO_RETURN)
        s->is_broken = true;
    if (why != NULL)
        tls_failure(s, code, number, why);
    ERR_clear_error();
    return ERR_PEER;
}

/* The keeper has answered. */
static void
resume(void *arg)
{
    struct stream *s = arg;

    s->on_ready(s);
}

static enum err
negotiate(struct stream *s, struct err_info *why)
{
    int result;

    ERR_clear_error();
    errno = 0;
    result = s->channel == NULL
                 ? SSL_do_handshake(s->ssl)
                 : remote_handshake(s->channel, s->ssl, resume, s);
    if (result != 1)
        return ssl_result(s, result, why);
    leave_keys(s);
    s->is_negotiated = true;
    return s->revocation == NULL ? ERR_OK
                                 : tls_begin_check(s, s->revocation, why);
}

static enum err
finish_tls(struct stream *s, struct err_info *why)
{
    enum err e = ERR_OK;

    if (s->check != NULL)
        return ERR_AGAIN;
    if (!s->is_negotiated)
        e = negotiate(s, why);
    else if (s->refusal != NULL)
        e = err_set(why, ERR_PEER, "%s", s->refusal);
    if (e != ERR_OK && e != ERR_AGAIN)
        s->is_broken = true;
    if (e == ERR_OK)
        revocation_unref(&s->revocation);
    return e == ERR_OK || e == ERR_AGAIN ? e : ERR_PEER;
}

enum err
stream_handshake(struct stream *s, struct err_info *why)
{
    enum err e;

    if (s->is_open)
        return ERR_OK;
    if (s->is_broken)
        return err_set(why, ERR_PEER, "the connection is broken");
    if (!s->is_connected && (e = finish_connect(s, why)) != ERR_OK)
        return e;
    if (s->ssl != NULL && (e = finish_tls(s, why)) != ERR_OK)
        return e;
    s->is_open = true;
    return ERR_OK;
}

static enum err
clear_result(ssize_t result, size_t *n)
{
    if (result > 0) {
        *n = (size_t)result;
        return ERR_OK;
    }
    if (result < 0 && errno == EAGAIN)
        return ERR_AGAIN;
    /* Not "broken" after a write: an answer may still wait to be read. */
    return ERR_PEER;
}

/* What other users of OpenSSL left on this thread must not be taken for ours.
 * There is hardly ever anything, and clearing costs more than looking. */
static void
forget_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

enum err
stream_read(struct stream *s, char *p, size_t cap, size_t *n)
{
    int result;

    if (s->is_broken)
        return ERR_PEER;
    if (s->ssl == NULL)
        return clear_result(socket_read(s, p, cap), n);
    if (!s->may_read && SSL_has_pending(s->ssl) == 0)
        return ERR_AGAIN;
    forget_errors();
    result = SSL_read_ex(s->ssl, p, cap, n);
    return result == 1 ? ERR_OK : ssl_result(s, result, NULL);
}

enum err
stream_write(struct stream *s, const char *p, size_t size, size_t *n)
{
    int result;

    if (s->is_broken)
        return ERR_PEER;
    if (s->ssl == NULL)
        return clear_result(socket_write(s, p, size), n);
    if (!s->may_write)
        return ERR_AGAIN;
    forget_errors();
    if (size > TLS_WRITE_MAX)
        size = TLS_WRITE_MAX;
    result = SSL_write_ex(s->ssl, p, size, n);
    return result == 1 ? ERR_OK : ssl_result(s, result, NULL);
}

void
stream_shutdown(struct stream *s)
{
    if (s->ssl != NULL && s->is_open && !s->is_broken) {
        ERR_clear_error();
        SSL_shutdown(s->ssl);
        ERR_clear_error();
    }
    shutdown(s->watch.fd, SHUT_WR);
}

bool
stream_is_resumed(const struct stream *s)
{
    return s->ssl != NULL && SSL_session_reused(s->ssl) == 1;
}

bool
stream_is_h2(const struct stream *s)
{
    const unsigned char *name = NULL;
    unsigned n = 0;

    if (s->ssl == NULL)
        return false;
    SSL_get0_alpn_selected(s->ssl, &name, &n);
    return n == 2 && memcmp(name, "h2", 2) == 0;
}

/* Verified; the caller frees it. NULL: none. */
static X509 *
peer_certificate(const struct stream *s)
{
    return s->ssl == NULL || SSL_get_verify_result(s->ssl) != X509_V_OK
               ? NULL
               : SSL_get1_peer_certificate(s->ssl);
}

bool
stream_peer_digest(const struct stream *s,
                   unsigned char out[STREAM_DIGEST_BYTES])
{
    X509 *certificate = peer_certificate(s);
    unsigned n = STREAM_DIGEST_BYTES;
    bool is_there = certificate != NULL &&
                    X509_digest(certificate, EVP_sha256(), out, &n) == 1;

    X509_free(certificate);
    return is_there;
}

enum err
stream_peer_certificate(const struct stream *s, unsigned char **out, size_t *n)
{
    unsigned char *der = NULL, *copy;
    X509 *certificate;
    int size;

    *out = NULL;
    *n = 0;
    certificate = peer_certificate(s);
    if (certificate == NULL)
        return ERR_OK;
    size = i2d_X509(certificate, &der);
    X509_free(certificate);
    copy = size <= 0 ? NULL : malloc((size_t)size);
    if (copy != NULL) {
        memcpy(copy, der, (size_t)size);
        *out = copy;
        *n = (size_t)size;
    }
    OPENSSL_free(der);
    return copy == NULL ? ERR_MEMORY : ERR_OK;
}
