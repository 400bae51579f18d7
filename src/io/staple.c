/* One certificate's response. Handshakes find it due and have it fetched, so
 * that a server nobody talks to asks nobody. */
#include "io/staple.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "io/revocation_priv.h"

#define RETRY_S 60

struct staple {
    atomic_uint refs;
    struct revocation *by;
    X509 *certificate, *issuer;
    struct revocation_work work;
    pthread_mutex_t lock;
    struct buf der;
    int64_t due, until; /* time() */
    bool is_asked;      /* a thread holds a reference */
    bool has_failed;
    char failure[ERR_TEXT_MAX];
};

static void
run(struct revocation_work *w)
{
    struct staple *s = CONTAINER_OF(w, struct staple, work);
    struct err_info why = { 0 };
    struct buf der;
    int64_t until = 0, now;
    enum err e = revocation_fetch_staple(s->by, s->certificate, s->issuer, &der,
                                         &until, &why);

    now = time(NULL);
    pthread_mutex_lock(&s->lock);
    if (e == ERR_OK) {
        buf_fini(&s->der);
        s->der = der;
        s->until = until;
        s->due = now + (until - now) / 2;
    } else {
        s->due = now + RETRY_S;
        s->has_failed = true;
        (void)!str_copy_z(str_of(why.text), s->failure, sizeof s->failure);
    }
    s->is_asked = false;
    pthread_mutex_unlock(&s->lock);
    staple_unref(&s);
}

/* Under the lock. */
static void
ask(struct staple *s)
{
    if (s->is_asked || time(NULL) < s->due)
        return;
    s->is_asked = true;
    s->work.run = run;
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    if (revocation_queue(s->by->cache, &s->work))
        return;
    s->is_asked = false;
    s->due = time(NULL) + RETRY_S;
    /* Not the last one: the caller has one. */
    atomic_fetch_sub_explicit(&s->refs, 1, memory_order_relaxed);
}

static X509 *
certificate_of(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;

    return d2i_X509(NULL, &p, (long)der.n);
}

static bool
has_responder(const struct staple *s)
{
    struct source sources[REVOCATION_SOURCES_MAX];
    size_t n = sources_of(s->by, s->certificate, sources);

    for (size_t i = 0; i < n; i++)
        if (sources[i].kind == SOURCE_OCSP)
            return true;
    return false;
}

enum err
staple_new(struct revocation *by, struct str certificate, struct str issuer,
           struct staple **out, struct err_info *why)
{
    struct staple *s = calloc(1, sizeof *s);
    enum err e = ERR_OK;

    if (s == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an OCSP response");
    atomic_init(&s->refs, 1);
    pthread_mutex_init(&s->lock, NULL);
    buf_init(&s->der, 0);
    s->by = revocation_ref(by);
    s->certificate = certificate_of(certificate);
    s->issuer = certificate_of(issuer);
    if (s->certificate == NULL || s->issuer == NULL)
        e = err_set(why, ERR_SYNTAX, "a certificate is not DER X.509");
    else if (!has_responder(s))
        e = err_set(why, ERR_NOT_FOUND,
                    "neither the certificate nor ocspResponder names an http: "
                    "responder");
    if (e != ERR_OK) {
        staple_unref(&s);
        return e;
    }
    pthread_mutex_lock(&s->lock);
    ask(s);
    pthread_mutex_unlock(&s->lock);
    *out = s;
    return ERR_OK;
}

struct staple *
staple_ref(struct staple *s)
{
    if (s != NULL)
        atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void
staple_unref(struct staple **at)
{
    struct staple *s = *at;

    *at = NULL;
    if (s == NULL ||
        atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    X509_free(s->certificate);
    X509_free(s->issuer);
    buf_fini(&s->der);
    pthread_mutex_destroy(&s->lock);
    revocation_unref(&s->by);
    free(s);
}

unsigned char *
staple_copy(struct staple *s, size_t *bytes)
{
    unsigned char *copy = NULL;

    pthread_mutex_lock(&s->lock);
    ask(s);
    if (s->der.n > 0 && time(NULL) < s->until) {
        copy = OPENSSL_memdup(s->der.p, s->der.n);
        *bytes = s->der.n;
    }
    pthread_mutex_unlock(&s->lock);
    return copy;
}

bool
staple_take_failure(struct staple *s, char text[ERR_TEXT_MAX])
{
    bool has_failed;

    pthread_mutex_lock(&s->lock);
    has_failed = s->has_failed;
    s->has_failed = false;
    if (has_failed)
        memcpy(text, s->failure, ERR_TEXT_MAX);
    pthread_mutex_unlock(&s->lock);
    return has_failed;
}
