#include "io/remote_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/async.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/reader.h"
#include "base/secret.h"
#include "io/remote_private.h"
#include "ipc/chan.h"

/*
 * A channel belongs to one loop while handshakes of that loop use it (users >
 * 0) and is watched just as long; idle ones wait in the list for any loop. So
 * no loop has to be told when a configuration is dropped.
 *
 * `lock` guards the list, owner, users and what an opener leaves; everything
 * else of a channel is its loop's thread's.
 */
#define BLOCKING_WAIT_MS 10000u
#define REOPEN_PAUSE_MS 100u

struct op { /* a question; freed by the one who asked */
    uint16_t type;
    uint32_t seq;
    struct buf request;
    bool is_sent, is_done;
    enum err result;
    unsigned char bytes[KEY_RESULT_MAX];
    size_t n;
    SSL *ssl;
    void (*resume)(void *arg);
    void *arg;
    struct op *next;
};

struct remote_channel {
    struct remote_keys *keys;
    struct remote_channel *next;
    struct loop *owner;
    unsigned users;
    int fd; /* -1: being opened */
    int wake;
    struct loop_fd watch, wake_watch;
    bool is_watched, is_waking;
    uint32_t next_seq;
    struct op *ops;
    SSL *running; /* the handshake below us */
    void (*resume)(void *arg);
    void *arg;
    bool is_opening; /* a thread is at it */
    int fresh;       /* what it brought, or -1 */
    bool is_refused; /* or that there is none for us */
};

struct remote_keys {
    atomic_uint refs;
    struct remote_source source;
    pthread_mutex_t lock, open_lock, blocking_lock;
    pthread_cond_t left; /* a channel lost its last user */
    struct remote_channel *channels;
    int blocking_fd;
    int first_fd; /* of remote_keys_new, for the first who wants one */
    uint32_t blocking_seq;
};

/* The channel of the handshake that runs in this thread. */
static _Thread_local struct remote_channel *current;

/* --- keys -------------------------------------------------------------------
 */

static enum err
open_channel(struct remote_keys *k, int *fd, struct err_info *why)
{
    enum err e;

    pthread_mutex_lock(&k->open_lock);
    e = k->source.open(k->source.arg, fd, why);
    pthread_mutex_unlock(&k->open_lock);
    return e;
}

enum err
remote_keys_new(const struct remote_source *source, struct remote_keys **out,
                struct err_info *why)
{
    struct remote_keys *k = calloc(1, sizeof *k);
    enum err e;

    if (k == NULL)
        return err_set(why, ERR_MEMORY, "no storage for keys");
    k->blocking_fd = -1;
    e = source->open(source->arg, &k->first_fd, why);
    if (e != ERR_OK) {
        free(k);
        return e;
    }
    atomic_init(&k->refs, 1);
    k->source = *source;
    pthread_mutex_init(&k->lock, NULL);
    pthread_mutex_init(&k->open_lock, NULL);
    pthread_mutex_init(&k->blocking_lock, NULL);
    pthread_cond_init(&k->left, NULL);
    *out = k;
    return ERR_OK;
}

struct remote_keys *
remote_keys_ref(struct remote_keys *k)
{
    if (k != NULL)
        atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void
channel_free(struct remote_channel *c)
{
    close_fd(&c->fd);
    close_fd(&c->fresh);
    close_fd(&c->wake);
    free(c);
}

void
remote_keys_unref(struct remote_keys **keys)
{
    struct remote_keys *k = *keys;

    *keys = NULL;
    if (k == NULL ||
        atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (struct remote_channel *c = k->channels, *next; c != NULL; c = next) {
        next = c->next;
        REQUIRE(c->users == 0);
        channel_free(c);
    }
    close_fd(&k->blocking_fd);
    close_fd(&k->first_fd);
    if (k->source.free != NULL)
        k->source.free(k->source.arg);
    pthread_mutex_destroy(&k->lock);
    pthread_mutex_destroy(&k->open_lock);
    pthread_mutex_destroy(&k->blocking_lock);
    pthread_cond_destroy(&k->left);
    free(k);
}

static enum err
key_id(EVP_PKEY *key, unsigned char id[KEY_ID_BYTES], struct err_info *why)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key, &der);
    bool ok =
        n > 0 && EVP_Digest(der, (size_t)n, id, NULL, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    return ok ? ERR_OK : err_set(why, ERR_SYNTAX, "not a public key");
}

enum err
remote_key_of(struct remote_keys *k, struct str certificate,
              struct evp_pkey_st **out, struct err_info *why)
{
    const unsigned char *p = (const unsigned char *)certificate.p;
    X509 *x509 = X509_new_ex(k->source.library, NULL);
    EVP_PKEY *key =
        x509 == NULL || d2i_X509(&x509, &p, (long)certificate.n) == NULL
            ? NULL
            : X509_get_pubkey(x509);
    unsigned char id[KEY_ID_BYTES];
    enum err e;

    X509_free(x509);
    if (key == NULL) {
        ERR_clear_error();
        return err_set(why, ERR_SYNTAX, "the certificate is not DER X.509");
    }
    e = key_id(key, id, why);
    if (e != ERR_OK) {
        EVP_PKEY_free(key);
        return e;
    }
    return remote_provider_key(k, k->source.library, key, id, out, why);
}

/* --- asking on a loop
 * --------------------------------------------------------- */

static void
send_op(struct remote_channel *c, struct op *op)
{
    if (c->fd < 0 || op->is_sent)
        return;
    /* A full socket: answers are on their way, then it is tried again. A dead
     * one is noticed by reading. */
    op->is_sent = chan_send(c->fd, op->type, op->seq, buf_view(&op->request),
                            NULL, 0, NULL) == ERR_OK;
}

static void
send_all(struct remote_channel *c)
{
    for (struct op *op = c->ops; op != NULL; op = op->next)
        send_op(c, op);
}

static void
unlink_op(struct remote_channel *c, const struct op *op)
{
    struct op **at = &c->ops;

    while (*at != NULL && *at != op)
        at = &(*at)->next;
    if (*at != NULL)
        *at = op->next;
}

static void
finish_op(struct remote_channel *c, struct op *op, enum err result)
{
    unlink_op(c, op);
    op->result = result;
    op->is_done = true;
}

static void
take_answer(struct op *op, struct str payload)
{
    struct reader in = reader_of(payload);
    struct str text;
    uint8_t e;

    if (!reader_u8(&in, &e) || e > ERR_MEMORY ||
        !reader_str(&in, 0, KEY_RESULT_MAX, &text) || !reader_at_end(&in)) {
        op->result = ERR_PEER;
        return;
    }
    op->result = (enum err)e;
    op->n = text.n;
    if (text.n > 0)
        memcpy(op->bytes, text.p, text.n);
}

static void *open_thread(void *arg);

/* Another thread brings a channel; ours hears of it through `wake`. */
static void
start_opening(struct remote_channel *c)
{
    pthread_t thread;

    pthread_mutex_lock(&c->keys->lock);
    if (!c->is_opening && c->fresh < 0) {
        bool is_failed;

        c->is_refused = false;
        c->is_opening = true;
        is_failed = pthread_create(&thread, NULL, open_thread, c) != 0;
        if (is_failed) {
            /* The caller has one: this was not the last. */
            atomic_fetch_sub_explicit(&c->keys->refs, 1, memory_order_relaxed);
            c->is_opening = false;
            c->is_refused = true;
            (void)eventfd_write(c->wake, 1);
        } else { /* the thread takes the lock before it lets go of this */
            (void)remote_keys_ref(c->keys);
            (void)pthread_detach(thread);
        }
    }
    pthread_mutex_unlock(&c->keys->lock);
    if (!c->is_waking && c->users > 0)
        c->is_waking =
            loop_add(c->owner, &c->wake_watch, LOOP_READ, NULL) == ERR_OK;
}

static void
pause_opening(struct remote_channel *c)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)REOPEN_PAUSE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(&c->keys->left, &c->keys->lock, &until);
}

static void *
open_thread(void *arg)
{
    struct remote_channel *c = arg;
    struct remote_keys *k = c->keys;
    bool is_over = false;

    while (!is_over) {
        int fd = -1;
        enum err e = open_channel(k, &fd, NULL);

        pthread_mutex_lock(&k->lock);
        c->fresh = e == ERR_OK ? fd : -1;
        c->is_refused = e == ERR_DENIED || e == ERR_NOT_FOUND;
        is_over = e == ERR_OK || c->is_refused;
        if (!is_over && c->users > 0)
            pause_opening(c);
        is_over = is_over || c->users == 0;
        if (is_over) {
            c->is_opening = false;
            (void)eventfd_write(c->wake, 1);
        }
        pthread_mutex_unlock(&k->lock);
    }
    remote_keys_unref(&k);
    return NULL;
}

static void
unwatch(struct remote_channel *c)
{
    if (c->is_watched)
        loop_remove(c->owner, &c->watch);
    if (c->is_waking)
        loop_remove(c->owner, &c->wake_watch);
    c->is_watched = c->is_waking = false;
}

static void
lose(struct remote_channel *c)
{
    if (c->is_watched)
        loop_remove(c->owner, &c->watch);
    c->is_watched = false;
    close_fd(&c->fd);
    for (struct op *op = c->ops; op != NULL; op = op->next)
        op->is_sent = false;
    start_opening(c);
}

static void
hold(struct remote_channel *c)
{
    (void)remote_keys_ref(c->keys);
    pthread_mutex_lock(&c->keys->lock);
    c->users++;
    pthread_mutex_unlock(&c->keys->lock);
}

static struct op *
op_of(struct remote_channel *c, uint32_t seq)
{
    struct op *op = c->ops;

    while (op != NULL && op->seq != seq)
        op = op->next;
    return op;
}

/* Everybody who waits is told no. */
static void
refuse_all(struct remote_channel *c)
{
    struct op *op;

    while ((op = c->ops) != NULL) {
        finish_op(c, op, ERR_DENIED);
        op->resume(op->arg);
    }
}

static void
channel_ready(struct loop_fd *watch, unsigned events)
{
    struct remote_channel *c =
        CONTAINER_OF(watch, struct remote_channel, watch);
    struct remote_channel *held = c;
    enum err e = ERR_OK;

    (void)events;
    hold(c); /* resume may end the last handshake */
    while (c->fd >= 0 && e == ERR_OK) {
        struct chan_msg msg;
        struct op *op;

        e = chan_recv(c->fd, &msg, NULL);
        if (e != ERR_OK)
            break;
        op = op_of(c, msg.seq);
        if (op != NULL) {
            finish_op(c, op, ERR_OK);
            take_answer(op, msg.payload);
        }
        chan_msg_fini(&msg);
        if (op != NULL)
            op->resume(op->arg);
    }
    if (c->fd >= 0 && e != ERR_AGAIN)
        lose(c);
    else
        send_all(c);
    remote_channel_leave(&held);
}

static void
channel_woken(struct loop_fd *watch, unsigned events)
{
    struct remote_channel *c =
        CONTAINER_OF(watch, struct remote_channel, wake_watch);
    struct remote_channel *held = c;
    eventfd_t count;
    bool is_refused;

    (void)events;
    (void)eventfd_read(c->wake, &count);
    hold(c);
    pthread_mutex_lock(&c->keys->lock);
    if (c->fd < 0) {
        c->fd = c->fresh;
        c->fresh = -1;
    }
    is_refused = c->is_refused && c->fd < 0;
    pthread_mutex_unlock(&c->keys->lock);
    if (c->fd >= 0) {
        loop_remove(c->owner, &c->wake_watch);
        c->is_waking = false;
        c->watch.fd = c->fd;
        (void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
        c->is_watched =
            loop_add(c->owner, &c->watch, LOOP_READ, NULL) == ERR_OK;
        send_all(c);
    } else if (is_refused) {
        refuse_all(c);
    }
    remote_channel_leave(&held);
}

/* --- joining
 * ---------------------------------------------------------------------- */

static struct remote_channel *
channel_new(struct remote_keys *k)
{
    struct remote_channel *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->keys = k;
    c->fd = k->first_fd;
    k->first_fd = -1;
    c->fresh = -1;
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->watch.on_event = channel_ready;
    c->wake_watch.fd = c->wake;
    c->wake_watch.on_event = channel_woken;
    if (c->wake < 0) {
        channel_free(c);
        return NULL;
    }
    c->next = k->channels;
    k->channels = c;
    return c;
}

/* The loop's own one, else an idle one, else a new one; counted. */
static struct remote_channel *
channel_for(struct remote_keys *k, struct loop *loop)
{
    struct remote_channel *found = NULL;

    pthread_mutex_lock(&k->lock);
    for (struct remote_channel *c = k->channels; c != NULL; c = c->next) {
        if (c->users > 0 && c->owner == loop) {
            found = c;
            break;
        }
        if (c->users == 0 && !c->is_opening)
            found = c;
    }
    if (found == NULL)
        found = channel_new(k);
    if (found != NULL) {
        found->owner = loop;
        found->users++;
    }
    pthread_mutex_unlock(&k->lock);
    return found;
}

enum err
remote_channel_join(struct remote_keys *k, struct loop *loop,
                    struct remote_channel **out, struct err_info *why)
{
    struct remote_channel *c = channel_for(k, loop);

    if (c == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a key channel");
    (void)remote_keys_ref(k);
    *out = c;
    if (c->fd < 0) {
        start_opening(c);
        if (c->is_waking)
            return ERR_OK;
    } else if (c->is_watched) {
        return ERR_OK;
    } else {
        c->watch.fd = c->fd;
        (void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
        c->is_watched = loop_add(loop, &c->watch, LOOP_READ, why) == ERR_OK;
        if (c->is_watched)
            return ERR_OK;
    }
    remote_channel_leave(out);
    return ERR_IO;
}

void
remote_channel_leave(struct remote_channel **channel)
{
    struct remote_channel *c = *channel;
    struct remote_keys *k;

    *channel = NULL;
    if (c == NULL)
        return;
    k = c->keys;
    if (c->users == 1)
        unwatch(c); /* ours alone: nobody else can join but this thread */
    pthread_mutex_lock(&k->lock);
    if (--c->users == 0) {
        c->owner = NULL;
        pthread_cond_broadcast(&k->left);
    }
    pthread_mutex_unlock(&k->lock);
    remote_keys_unref(&k);
}

static struct remote_channel *
enter(struct remote_channel *c, struct ssl_st *ssl, void (*resume)(void *arg),
      void *arg)
{
    struct remote_channel *before = current;

    current = c;
    c->running = ssl;
    c->resume = resume;
    c->arg = arg;
    return before;
}

int
remote_handshake(struct remote_channel *c, struct ssl_st *ssl,
                 void (*resume)(void *arg), void *arg)
{
    struct remote_channel *before = enter(c, ssl, resume, arg);
    int result = SSL_do_handshake(ssl);

    current = before;
    return result;
}

int
remote_read(struct remote_channel *c, struct ssl_st *ssl, void *p, size_t n,
            size_t *got, void (*resume)(void *arg), void *arg)
{
    struct remote_channel *before = enter(c, ssl, resume, arg);
    int result = SSL_read_ex(ssl, p, n, got);

    current = before;
    return result;
}

static void
no_resume(void *arg)
{
    (void)arg;
}

void
remote_abandon(struct remote_channel *c, struct ssl_st *ssl)
{
    /* An operation may be followed by another one; each is refused. */
    while (SSL_waiting_for_async(ssl)) {
        struct op *op = c->ops;

        while (op != NULL && op->ssl != ssl)
            op = op->next;
        if (op != NULL)
            finish_op(c, op, ERR_PEER);
        (void)remote_handshake(c, ssl, no_resume, NULL);
        ERR_clear_error();
    }
}

/* --- one question
 * -------------------------------------------------------------
 */

static enum err
ask_on_loop(struct remote_channel *c, uint16_t type, struct str request,
            unsigned char *result, size_t *n, struct err_info *why)
{
    struct op *op = calloc(1, sizeof *op);
    enum err e;

    if (op == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    op->type = type;
    op->seq = ++c->next_seq;
    op->ssl = c->running;
    op->resume = c->resume;
    op->arg = c->arg;
    buf_init(&op->request, 4096);
    buf_add(&op->request, request);
    op->next = c->ops;
    c->ops = op;
    send_op(c, op);
    while (!op->is_done)
        (void)ASYNC_pause_job();
    e = op->result;
    if (e == ERR_OK) {
        memcpy(result, op->bytes, op->n);
        *n = op->n;
    } else {
        err_set(why, e, "the key keeper refused: %.*s", (int)op->n, op->bytes);
    }
    secret_wipe(op->bytes, sizeof op->bytes);
    buf_fini(&op->request);
    free(op);
    return e;
}

static enum err
exchange(struct remote_keys *k, uint16_t type, struct str request,
         struct op *op, uint64_t deadline, struct err_info *why)
{
    enum err e = ERR_OK;

    if (k->blocking_fd < 0 &&
        (e = open_channel(k, &k->blocking_fd, why)) != ERR_OK)
        return e;
    op->seq = ++k->blocking_seq;
    e = chan_send(k->blocking_fd, type, op->seq, request, NULL, 0, why);
    while (e == ERR_OK) {
        struct pollfd p = { .fd = k->blocking_fd, .events = POLLIN };
        uint64_t now = clock_mono_ms();
        struct chan_msg msg;

        if (now >= deadline || poll(&p, 1, (int)(deadline - now)) == 0)
            return err_set(why, ERR_TIMEOUT, "the key keeper does not answer");
        e = chan_recv(k->blocking_fd, &msg, why);
        if (e != ERR_OK)
            break;
        if (msg.seq == op->seq) {
            take_answer(op, msg.payload);
            chan_msg_fini(&msg);
            return ERR_OK;
        }
        chan_msg_fini(&msg); /* of a question that was given up */
    }
    close_fd(&k->blocking_fd);
    return e;
}

static enum err
ask_and_wait(struct remote_keys *k, uint16_t type, struct str request,
             unsigned char *result, size_t *n, struct err_info *why)
{
    uint64_t deadline = clock_mono_ms() + BLOCKING_WAIT_MS;
    struct op op = { .result = ERR_PEER };
    enum err e;

    pthread_mutex_lock(&k->blocking_lock);
    do {
        e = exchange(k, type, request, &op, deadline, why);
        if (e == ERR_PEER && clock_mono_ms() < deadline) {
            struct timespec t = { 0, (long)REOPEN_PAUSE_MS * 1000000L };

            nanosleep(&t, NULL);
        }
    } while (e == ERR_PEER && clock_mono_ms() < deadline);
    pthread_mutex_unlock(&k->blocking_lock);
    if (e == ERR_OK && op.result != ERR_OK)
        e = err_set(why, op.result, "the key keeper refused: %.*s", (int)op.n,
                    op.bytes);
    if (e == ERR_OK) {
        memcpy(result, op.bytes, op.n);
        *n = op.n;
    }
    secret_wipe(op.bytes, sizeof op.bytes);
    return e;
}

enum err
remote_ask(struct remote_keys *k, uint16_t type, struct str request,
           unsigned char *result, size_t *n, struct err_info *why)
{
    if (current != NULL && current->keys == k &&
        ASYNC_get_current_job() != NULL)
        return ask_on_loop(current, type, request, result, n, why);
    return ask_and_wait(k, type, request, result, n, why);
}
