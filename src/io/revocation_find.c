/*
 * One finding: what a source says of a certificate. It is known, being asked
 * for, or neither; then a thread is asked, and who wants it waits.
 */
#include <stdio.h>
#include <stdlib.h>

#include "io/revocation_cache.h"

#define RETRY_S 60u

static void
tell_waiting(struct known *k)
{
    struct waiter *w = k->waiting, *next;

    k->waiting = NULL;
    for (; w != NULL; w = next) {
        next = w->next;
        w->waits_for = NULL;
        w->is_posted = true;
        loop_post(w->loop, &w->post);
    }
}

static void
note_failure(const struct known *k, const struct finding *finding)
{
    char subject[160] = "", text[ERR_TEXT_MAX];

    X509_NAME_oneline(X509_get_subject_name(k->certificate), subject,
                      sizeof subject);
    (void)snprintf(text, sizeof text, "certificate %.160s, %.160s: %.150s",
                   subject, k->source.url, finding->text);
    cache_note(k->by->cache, REVOCATION_NOTE_PEER, text);
}

static void
answered(struct known *k, const struct finding *finding)
{
    const struct revocation_rules *rules = &k->by->rules;
    bool is_lost = k->finding.until < 0;

    k->finding = *finding;
    k->by->cache->counts.verdicts[finding->verdict]++;
    if (finding->verdict > REVOCATION_REVOKED) {
        note_failure(k, finding);
        k->finding.until =
            time(NULL) + (rules->retry_s == 0 ? RETRY_S : rules->retry_s);
    }
    k->is_asked = false;
    tell_waiting(k);
    X509_free(k->certificate);
    X509_free(k->issuer);
    k->certificate = k->issuer = NULL;
    if (is_lost)
        free(k);
}

static void
run_question(struct revocation_work *w)
{
    struct known *k = CONTAINER_OF(w, struct known, work);
    struct finding finding = { .verdict = REVOCATION_UNUSABLE };
    struct revocation *by = k->by;

    ask_source(by, &k->source, k->certificate, k->issuer, &finding);
    pthread_mutex_lock(&by->cache->lock);
    answered(k, &finding);
    pthread_mutex_unlock(&by->cache->lock);
    revocation_unref(&by);
}

/* Kind and address, how it is asked, certificate, issuer: what a source does
 * not tell one, it may tell others. */
static bool
put_key(struct buf *out, const struct revocation *by, const struct source *s,
        X509 *certificate, X509 *issuer)
{
    unsigned char digest[2][EVP_MAX_MD_SIZE];
    unsigned n[2];

    buf_u8(out, (uint8_t)s->kind);
    buf_add(out, str_n(by->how, sizeof by->how));
    buf_str(out, str_of(s->url));
    if (X509_digest(certificate, EVP_sha256(), digest[0], &n[0]) != 1 ||
        X509_digest(issuer, EVP_sha256(), digest[1], &n[1]) != 1)
        return false;
    buf_add(out, str_n(digest[0], n[0]));
    buf_add(out, str_n(digest[1], n[1]));
    return !out->failed;
}

static struct known *
known_new(struct revocation_cache *c, struct str key)
{
    struct known *k;

    if (c->known.n >= FINDINGS_MAX)
        cache_forget(c, false);
    if (c->known.n >= FINDINGS_MAX)
        cache_forget(c, true);
    k = calloc(1, sizeof *k);
    if (k != NULL)
        finding_set(&k->finding, REVOCATION_UNREACHABLE, "not asked yet");
    if (k == NULL || table_put(&c->known, key, k, NULL))
        return k;
    free(k);
    return NULL;
}

/* A question for a thread. NULL: no storage, or too many. */
static struct known *
ask(struct revocation_cache *c, struct str key, struct known *k,
    struct revocation *by, const struct source *s, X509 *certificate,
    X509 *issuer)
{
    if (k == NULL && (k = known_new(c, key)) == NULL)
        return NULL;
    k->work.run = run_question;
    if (!cache_queue(c, &k->work))
        return NULL; /* a finding that has ended */
    k->is_asked = true;
    k->by = revocation_ref(by);
    k->source = *s;
    X509_up_ref(certificate);
    X509_up_ref(issuer);
    k->certificate = certificate;
    k->issuer = issuer;
    return k;
}

enum err
finding_get(struct revocation *by, const struct source *s, X509 *certificate,
            X509 *issuer, struct waiter *waiter, struct finding *out)
{
    struct revocation_cache *c = by->cache;
    enum err e = ERR_AGAIN;
    struct known *k;
    struct buf key;

    buf_init(&key, REVOCATION_URL_MAX + 256);
    if (!put_key(&key, by, s, certificate, issuer)) {
        buf_fini(&key);
        return ERR_MEMORY;
    }
    pthread_mutex_lock(&c->lock);
    k = table_get(&c->known, buf_view(&key));
    /* What was just waited for counts even when it ends at once. */
    if (k != NULL && !k->is_asked &&
        (waiter->was_asked || k->finding.until > time(NULL))) {
        *out = k->finding;
        c->counts.hits += !waiter->was_asked;
        e = ERR_OK;
    } else if (waiter->was_asked && (k == NULL || !k->is_asked)) {
        e = ERR_LIMIT; /* forgotten meanwhile */
    } else if (k == NULL || !k->is_asked) {
        k = ask(c, buf_view(&key), k, by, s, certificate, issuer);
        e = k == NULL ? ERR_LIMIT : ERR_AGAIN;
    }
    if (e == ERR_AGAIN) {
        waiter->waits_for = k;
        waiter->next = k->waiting;
        k->waiting = waiter;
        waiter->was_asked = true;
    }
    pthread_mutex_unlock(&c->lock);
    buf_fini(&key);
    return e;
}

bool
waiter_leave(struct revocation_cache *c, struct waiter *w)
{
    struct waiter **at;
    bool is_posted;

    pthread_mutex_lock(&c->lock);
    is_posted = w->is_posted;
    if (w->waits_for != NULL) {
        at = &w->waits_for->waiting;
        while (*at != w)
            at = &(*at)->next;
        *at = w->next;
        w->waits_for = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    return !is_posted;
}

void
waiter_arrived(struct revocation_cache *c, struct waiter *w)
{
    pthread_mutex_lock(&c->lock);
    w->is_posted = false;
    pthread_mutex_unlock(&c->lock);
}
