/*
 * What was learnt, for as long as it is true, and the threads that ask. One
 * lock, never held across a fetch; all that takes long (network, signatures,
 * large lists) is a thread's.
 */
#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "io/revocation_cache.h"

#define THREADS_MAX 8u
#define FETCHES_MAX 256u /* waiting for a thread or with one */
#define LISTS_BYTES_MAX ((size_t)64 << 20)
#define STAPLES_MAX 1024u
#define IDLE_S 10 /* then a thread ends */

/* ---- what is kept ---- */

static void
known_free(struct known *k)
{
    X509_free(k->certificate);
    X509_free(k->issuer);
    free(k);
}

static void
drop_list(struct revocation_cache *c, struct kept_crl *at)
{
    X509_CRL_free(at->crl);
    free(at->url);
    c->lists_bytes -= at->bytes;
    *at = (struct kept_crl){ 0 };
}

static void
forget_staples(struct revocation_cache *c, bool is_all)
{
    int64_t now = time(NULL);
    struct table left;
    struct str key;
    size_t pos = 0;
    void *value;

    table_init(&left);
    while (table_next(&c->staples, &pos, &key, &value)) {
        struct kept_staple *s = value;

        if (is_all || s->until <= now || !table_put(&left, key, s, NULL)) {
            buf_fini(&s->der);
            free(s);
        }
    }
    table_fini(&c->staples);
    c->staples = left;
}

/* Answers that ended, or all. */
void
cache_forget(struct revocation_cache *c, bool is_all)
{
    int64_t now = time(NULL);
    struct table left;
    struct str key;
    size_t pos = 0;
    void *value;

    table_init(&left);
    while (table_next(&c->known, &pos, &key, &value)) {
        struct known *k = value;

        /* A table without storage for it loses an answer, not a question. */
        if (!k->is_asked && (is_all || k->finding.until <= now ||
                             !table_put(&left, key, k, NULL)))
            known_free(k);
        else if (k->is_asked && !table_put(&left, key, k, NULL))
            k->finding.until = -1; /* freed when it has been answered */
    }
    table_fini(&c->known);
    c->known = left;
    for (size_t i = 0; i < LISTS_MAX; i++)
        if (c->lists[i].crl != NULL && (is_all || c->lists[i].until <= now))
            drop_list(c, &c->lists[i]);
    forget_staples(c, is_all);
}

X509_CRL *
crl_get(struct revocation_cache *c, const char *url, size_t most_bytes,
        const struct revocation_rules *rules)
{
    int64_t now = time(NULL);
    X509_CRL *found = NULL;

    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < LISTS_MAX && found == NULL; i++) {
        const struct kept_crl *at = &c->lists[i];

        if (at->crl != NULL && at->until > now && at->bytes <= most_bytes &&
            now - at->since < (int64_t)judge_keep_s(rules) &&
            strcmp(at->url, url) == 0)
            found = at->crl;
    }
    if (found != NULL && X509_CRL_up_ref(found) != 1)
        found = NULL;
    pthread_mutex_unlock(&c->lock);
    return found;
}

/* The one that ends first makes room. */
static struct kept_crl *
slot_for(struct revocation_cache *c, const char *url)
{
    struct kept_crl *best = &c->lists[0];

    for (size_t i = 0; i < LISTS_MAX; i++) {
        struct kept_crl *at = &c->lists[i];

        if (at->crl != NULL && strcmp(at->url, url) == 0)
            return at;
        if (best->crl != NULL && (at->crl == NULL || at->until < best->until))
            best = at;
    }
    return best;
}

void
crl_put(struct revocation_cache *c, const char *url, X509_CRL *crl,
        size_t bytes, int64_t until)
{
    char *copy = strdup(url);
    struct kept_crl *at;

    if (copy == NULL || X509_CRL_up_ref(crl) != 1) {
        free(copy);
        return;
    }
    pthread_mutex_lock(&c->lock);
    at = slot_for(c, url);
    if (at->crl != NULL)
        drop_list(c, at);
    if (c->lists_bytes + bytes <= LISTS_BYTES_MAX) {
        *at = (struct kept_crl){ copy, crl, bytes, time(NULL), until };
        c->lists_bytes += bytes;
        copy = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    if (copy != NULL)
        X509_CRL_free(crl);
    free(copy);
}

/* ---- responses to staple ---- */

bool
kept_staple_get(struct revocation_cache *c, struct str key, struct buf *out,
                int64_t *until)
{
    struct kept_staple *s;
    bool is_there;

    pthread_mutex_lock(&c->lock);
    s = table_get(&c->staples, key);
    is_there = s != NULL && s->until > time(NULL);
    if (is_there) {
        buf_add(out, buf_view(&s->der));
        *until = s->until;
    }
    pthread_mutex_unlock(&c->lock);
    return is_there && !out->failed;
}

void
kept_staple_put(struct revocation_cache *c, struct str key, struct str der,
                int64_t until)
{
    struct kept_staple *s = calloc(1, sizeof *s);
    void *old = NULL;

    if (s == NULL)
        return;
    s->until = until;
    buf_init(&s->der, der.n);
    buf_add(&s->der, der);
    pthread_mutex_lock(&c->lock);
    if (c->staples.n >= STAPLES_MAX)
        forget_staples(c, false);
    if (s->der.failed || c->staples.n >= STAPLES_MAX ||
        !table_put(&c->staples, key, s, &old))
        old = s;
    pthread_mutex_unlock(&c->lock);
    if (old != NULL) {
        s = old;
        buf_fini(&s->der);
        free(s);
    }
}

/* ---- what is told ---- */

void
cache_note(struct revocation_cache *c, enum revocation_note kind,
           const char *text)
{
    c->failures[kind].n++;
    (void)!str_copy_z(str_of(text), c->failures[kind].text,
                      sizeof c->failures[kind].text);
}

void
revocation_note_failure(struct revocation_cache *c, enum revocation_note kind,
                        const char *text)
{
    pthread_mutex_lock(&c->lock);
    cache_note(c, kind, text);
    pthread_mutex_unlock(&c->lock);
}

uint64_t
revocation_cache_failures(struct revocation_cache *c, enum revocation_note kind,
                          char text[ERR_TEXT_MAX])
{
    uint64_t n;

    pthread_mutex_lock(&c->lock);
    n = c->failures[kind].n;
    c->failures[kind].n = 0;
    if (n > 0)
        memcpy(text, c->failures[kind].text, ERR_TEXT_MAX);
    pthread_mutex_unlock(&c->lock);
    return n;
}

void
revocation_cache_count(struct revocation_cache *c,
                       struct revocation_counts *out)
{
    pthread_mutex_lock(&c->lock);
    *out = c->counts;
    out->findings = c->known.n;
    out->staples = c->staples.n;
    out->lists_bytes = c->lists_bytes;
    out->lists = 0;
    for (size_t i = 0; i < LISTS_MAX; i++)
        out->lists += c->lists[i].crl != NULL;
    pthread_mutex_unlock(&c->lock);
}

/* ---- threads ---- */

static struct revocation_work *
next_work(struct revocation_cache *c)
{
    struct timespec limit;
    struct revocation_work *w;
    int result = 0;

    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += IDLE_S;
    c->idle++;
    while (c->first == NULL && c->users > 0 && result == 0)
        result = pthread_cond_timedwait(&c->work, &c->lock, &limit);
    c->idle--;
    w = c->first;
    if (w != NULL) {
        c->first = w->next;
        if (c->first == NULL)
            c->last = &c->first;
    }
    return w;
}

static void
cache_free(struct revocation_cache *c)
{
    cache_forget(c, true);
    table_fini(&c->known);
    table_fini(&c->staples);
    pthread_cond_destroy(&c->work);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static void *
run_thread(void *arg)
{
    struct revocation_cache *c = arg;
    struct revocation_work *w;
    bool is_last;

    pthread_mutex_lock(&c->lock);
    while ((w = next_work(c)) != NULL) {
        c->fetches--;
        pthread_mutex_unlock(&c->lock);
        w->run(w); /* may end the cache's last user */
        pthread_mutex_lock(&c->lock);
    }
    c->threads--;
    is_last = c->users == 0 && c->threads == 0;
    pthread_mutex_unlock(&c->lock);
    if (is_last)
        cache_free(c);
    OPENSSL_thread_stop();
    return NULL;
}

/* Under the lock. */
static bool
start_thread(struct revocation_cache *c)
{
    pthread_attr_t attr;
    sigset_t all, old;
    pthread_t thread;
    bool is_started;

    if (c->idle > 0 || c->threads == THREADS_MAX)
        return true;
    /* Signals are the main thread's, and SIGPIPE nobody's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    c->threads++;
    is_started = pthread_create(&thread, &attr, run_thread, c) == 0;
    if (!is_started)
        c->threads--;
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return is_started || c->threads > 0;
}

bool
cache_queue(struct revocation_cache *c, struct revocation_work *w)
{
    if (c->fetches >= FETCHES_MAX || !start_thread(c))
        return false;
    w->next = NULL;
    *c->last = w;
    c->last = &w->next;
    c->fetches++;
    pthread_cond_signal(&c->work);
    return true;
}

bool
revocation_queue(struct revocation_cache *c, struct revocation_work *w)
{
    bool is_queued;

    pthread_mutex_lock(&c->lock);
    is_queued = cache_queue(c, w);
    pthread_mutex_unlock(&c->lock);
    return is_queued;
}

/* ---- life ---- */

void
revocation_prepare(void)
{
    IGNORE(fetch_ldap_check(NULL));
}

enum err
revocation_cache_new(struct revocation_cache **out, struct err_info *why)
{
    struct revocation_cache *c = calloc(1, sizeof *c);

    if (c == NULL)
        return err_set(why, ERR_MEMORY, "no storage for revocation checks");
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work, NULL);
    table_init(&c->known);
    table_init(&c->staples);
    c->users = 1;
    c->last = &c->first;
    *out = c;
    return ERR_OK;
}

struct revocation_cache *
revocation_cache_ref(struct revocation_cache *c)
{
    if (c == NULL)
        return NULL;
    pthread_mutex_lock(&c->lock);
    c->users++;
    pthread_mutex_unlock(&c->lock);
    return c;
}

void
revocation_cache_unref(struct revocation_cache **at)
{
    struct revocation_cache *c = *at;
    bool is_last;

    *at = NULL;
    if (c == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    c->users--;
    is_last = c->users == 0 && c->threads == 0;
    if (c->users == 0)
        pthread_cond_broadcast(&c->work);
    pthread_mutex_unlock(&c->lock);
    if (is_last)
        cache_free(c);
}

void
revocation_cache_clear(struct revocation_cache *c)
{
    pthread_mutex_lock(&c->lock);
    cache_forget(c, true);
    pthread_mutex_unlock(&c->lock);
}
