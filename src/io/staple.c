/* One certificate's response. Handshakes find it due and have it fetched, so
 * that a server nobody talks to asks nobody. */
#include "io/staple.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/revocation_priv.h"

#define RETRY_S 60
#define STAPLE_BYTES_MAX ((size_t)1 << 20)

struct staple {
    atomic_uint refs;
    struct revocation *by;
    X509 *certificate, *issuer;
    struct revocation_work work;
    pthread_mutex_t lock;
    struct buf der;
    int64_t due, until;    /* time() */
    bool is_asked;         /* a thread holds a reference */
    unsigned char key[64]; /* digests of certificate and issuer */
};

static void
note_failure(const struct staple *s, const char *why)
{
    char subject[160] = "", text[ERR_TEXT_MAX];

    X509_NAME_oneline(X509_get_subject_name(s->certificate), subject,
                      sizeof subject);
    (void)snprintf(text, sizeof text, "certificate %.160s: %.320s", subject,
                   why);
    revocation_note_failure(s->by->cache, REVOCATION_NOTE_STAPLE, text);
}

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
    if (e == ERR_OK)
        kept_staple_put(s->by->cache, str_n(s->key, sizeof s->key),
                        buf_view(&der), until);
    else
        note_failure(s, why.text);
    pthread_mutex_lock(&s->lock);
    if (e == ERR_OK) {
        buf_fini(&s->der);
        s->der = der;
        s->until = until;
        s->due = now + (until - now) / 2;
    } else {
        s->due = now + RETRY_S;
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

/* Who signed it, among ours; owned. */
static X509 *
issuer_among(X509 *certificate, const struct str *pool, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        X509 *issuer = certificate_of(pool[i]);

        if (issuer != NULL &&
            X509_check_issued(issuer, certificate) == X509_V_OK)
            return issuer;
        X509_free(issuer);
    }
    ERR_clear_error();
    return NULL;
}

/* Both digests; another configuration may have fetched it. */
static bool
begin(struct staple *s)
{
    unsigned char *key = s->key;
    unsigned n;

    if (X509_digest(s->certificate, EVP_sha256(), key, &n) != 1 ||
        X509_digest(s->issuer, EVP_sha256(), key + 32, &n) != 1)
        return false;
    if (kept_staple_get(s->by->cache, str_n(s->key, sizeof s->key), &s->der,
                        &s->until))
        s->due = time(NULL) + (s->until - time(NULL)) / 2;
    pthread_mutex_lock(&s->lock);
    ask(s);
    pthread_mutex_unlock(&s->lock);
    return true;
}

enum err
staple_new(struct revocation *by, struct str certificate,
           const struct str *issuers, size_t n_issuers, struct staple **out,
           struct err_info *why)
{
    struct staple *s = calloc(1, sizeof *s);
    enum err e = ERR_OK;

    if (s == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an OCSP response");
    atomic_init(&s->refs, 1);
    pthread_mutex_init(&s->lock, NULL);
    buf_init(&s->der, STAPLE_BYTES_MAX);
    s->by = revocation_ref(by);
    s->certificate = certificate_of(certificate);
    if (s->certificate == NULL)
        e = err_set(why, ERR_SYNTAX, "a certificate is not DER X.509");
    else if ((s->issuer = issuer_among(s->certificate, issuers, n_issuers)) ==
             NULL)
        e = err_set(why, ERR_NOT_FOUND,
                    "its issuer's certificate is not in the key store");
    else if (!has_responder(s))
        e = err_set(why, ERR_NOT_FOUND,
                    "neither the certificate nor ocspResponder names an http: "
                    "responder");
    else if (!begin(s))
        e = err_set(why, ERR_MEMORY, "no storage for an OCSP response");
    if (e != ERR_OK) {
        staple_unref(&s);
        return e;
    }
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
