/*
 * Checks, and what they share. A finding (source and certificate) is known,
 * being asked for, or neither; a check walks its chain, and where a finding is
 * missing it waits among those who want it. One lock, never held across a
 * fetch; all that takes long (network, signatures, large lists) is a thread's.
 */
#include "io/revocation.h"

#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "io/revocation_priv.h"

#define THREADS_MAX 8u
#define FETCHES_MAX 256u /* waiting for a thread or with one */
#define FINDINGS_MAX 16384u
#define LISTS_MAX 32u
#define LISTS_BYTES_MAX ((size_t)64 << 20)
#define IDLE_S 10 /* then a thread ends */
#define CHAIN_TIMEOUT_MS 30000u
#define RETRY_S 60u

/* A finding, or the question for it. */
struct known {
    struct finding finding;
    bool is_asked; /* a thread has it or will; then who waits is in `waiting` */
    struct revocation_check *waiting;
    /* while it is asked: */
    struct revocation *by;
    struct source source;
    X509 *certificate, *issuer;
    struct revocation_work work;
};

struct kept_crl {
    char *url;
    X509_CRL *crl;
    size_t bytes;
    int64_t until;
};

struct revocation_cache {
    pthread_mutex_t lock;
    pthread_cond_t work;
    unsigned users;   /* references */
    unsigned threads; /* that run */
    unsigned idle;    /* of those, waiting for work */
    unsigned fetches;
    struct revocation_work *first, **last; /* the queue */
    struct table known;                    /* key: see put_key */
    struct kept_crl lists[LISTS_MAX];
    size_t lists_bytes;
};

struct revocation_check {
    struct revocation *by;
    struct loop *loop;
    struct loop_timer deadline;
    struct loop_post post;
    revocation_done done;
    void *arg;
    X509 *chain[REVOCATION_CHAIN_MAX];
    size_t n, at;
    struct source sources[REVOCATION_SOURCES_MAX]; /* of chain[at] */
    size_t n_sources, source;
    bool was_asked;         /* this source: its finding was waited for */
    bool is_late;           /* the deadline is over */
    struct finding failure; /* of chain[at]: the first source's */
    struct revocation_result result;
    /* under the cache's lock: */
    struct known *waits_for;
    struct revocation_check *next; /* among those */
    bool is_posted, is_cancelled;
};

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
forget(struct revocation_cache *c, bool is_all)
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
}

X509_CRL *
crl_get(struct revocation_cache *c, const char *url)
{
    int64_t now = time(NULL);
    X509_CRL *found = NULL;

    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < LISTS_MAX && found == NULL; i++)
        if (c->lists[i].crl != NULL && c->lists[i].until > now &&
            strcmp(c->lists[i].url, url) == 0)
            found = c->lists[i].crl;
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
        *at = (struct kept_crl){ copy, crl, bytes, until };
        c->lists_bytes += bytes;
        copy = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    if (copy != NULL)
        X509_CRL_free(crl);
    free(copy);
}

/* ---- threads ---- */

static void
tell_waiting(struct known *k)
{
    struct revocation_check *check = k->waiting, *next;

    k->waiting = NULL;
    for (; check != NULL; check = next) {
        next = check->next;
        check->waits_for = NULL;
        check->is_posted = true;
        loop_post(check->loop, &check->post);
    }
}

static void
answered(struct known *k, const struct finding *finding)
{
    const struct revocation_rules *rules = &k->by->rules;
    bool is_lost = k->finding.until < 0;

    k->finding = *finding;
    if (finding->verdict > REVOCATION_REVOKED)
        k->finding.until =
            time(NULL) + (rules->retry_s == 0 ? RETRY_S : rules->retry_s);
    k->is_asked = false;
    tell_waiting(k);
    X509_free(k->certificate);
    X509_free(k->issuer);
    k->certificate = k->issuer = NULL;
    if (is_lost)
        free(k);
}

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
    forget(c, true);
    table_fini(&c->known);
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

/* Under the lock. */
static bool
queue(struct revocation_cache *c, struct revocation_work *w)
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
    is_queued = queue(c, w);
    pthread_mutex_unlock(&c->lock);
    return is_queued;
}

/* ---- one finding ---- */

/* Kind and address, certificate, issuer. */
static bool
put_key(struct buf *out, const struct source *s, X509 *certificate,
        X509 *issuer)
{
    unsigned char digest[2][EVP_MAX_MD_SIZE];
    unsigned n[2];

    buf_u8(out, (uint8_t)s->kind);
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
        forget(c, false);
    if (c->known.n >= FINDINGS_MAX)
        forget(c, true);
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
    if (!queue(c, &k->work))
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

/* ERR_OK *out is the finding; ERR_AGAIN the check waits; ERR_LIMIT. */
static enum err
find(struct revocation_check *check, struct finding *out)
{
    struct revocation_cache *c = check->by->cache;
    const struct source *s = &check->sources[check->source];
    X509 *certificate = check->chain[check->at];
    X509 *issuer = check->chain[check->at + 1];
    enum err e = ERR_AGAIN;
    struct known *k;
    struct buf key;

    buf_init(&key, REVOCATION_URL_MAX + 256);
    if (!put_key(&key, s, certificate, issuer)) {
        buf_fini(&key);
        return ERR_MEMORY;
    }
    pthread_mutex_lock(&c->lock);
    k = table_get(&c->known, buf_view(&key));
    /* What was just waited for counts even when it ends at once. */
    if (k != NULL && !k->is_asked &&
        (check->was_asked || k->finding.until > time(NULL))) {
        *out = k->finding;
        e = ERR_OK;
    } else if (check->was_asked && (k == NULL || !k->is_asked)) {
        e = ERR_LIMIT; /* forgotten meanwhile */
    } else if (k == NULL || !k->is_asked) {
        k = ask(c, buf_view(&key), k, check->by, s, certificate, issuer);
        e = k == NULL ? ERR_LIMIT : ERR_AGAIN;
    }
    if (e == ERR_AGAIN) {
        check->waits_for = k;
        check->next = k->waiting;
        k->waiting = check;
        check->was_asked = true;
    }
    pthread_mutex_unlock(&c->lock);
    buf_fini(&key);
    return e;
}

/* ---- a check ---- */

/* The first certificate that is not good, and any that is refused. */
static void
note_result(struct revocation_check *check)
{
    enum revocation_level level = check->by->rules.level;
    const struct finding *f = &check->failure;
    struct revocation_result *out = &check->result;
    char subject[160] = "";
    bool is_refused =
        f->verdict == REVOCATION_REVOKED ||
        (f->verdict != REVOCATION_GOOD && level == REVOCATION_HIGH) ||
        (f->verdict > REVOCATION_REVOKED && level == REVOCATION_MEDIUM &&
         f->verdict != REVOCATION_NO_SOURCE);

    if (f->verdict == REVOCATION_GOOD ||
        (out->verdict != REVOCATION_GOOD && !is_refused))
        return;
    out->verdict = f->verdict;
    out->is_refused = is_refused;
    out->at = check->at;
    X509_NAME_oneline(X509_get_subject_name(check->chain[check->at]), subject,
                      sizeof subject);
    (void)snprintf(out->text, sizeof out->text, "certificate %s: %s", subject,
                   f->text);
}

/* The next source's turn; false: there is none. */
static bool
next_source(struct revocation_check *check)
{
    check->source++;
    check->was_asked = false;
    return check->source < check->n_sources;
}

static void
begin_certificate(struct revocation_check *check)
{
    check->n_sources =
        sources_of(check->by, check->chain[check->at], check->sources);
    check->source = 0;
    check->was_asked = false;
    finding_set(&check->failure, REVOCATION_NO_SOURCE,
                "nobody is named who tells whether it is revoked");
}

/* The finding of this certificate; ERR_AGAIN. */
static enum err
check_certificate(struct revocation_check *check)
{
    while (check->source < check->n_sources) {
        struct finding f = { .verdict = REVOCATION_UNREACHABLE };
        enum err e = check->is_late ? ERR_TIMEOUT : find(check, &f);

        if (e == ERR_AGAIN)
            return e;
        if (e == ERR_TIMEOUT)
            finding_set(&f, REVOCATION_UNREACHABLE, "%s: no answer in time",
                        check->sources[check->source].url);
        else if (e != ERR_OK)
            finding_set(&f, REVOCATION_UNREACHABLE,
                        "too much is being looked up");
        if (f.verdict <= REVOCATION_REVOKED ||
            check->failure.verdict == REVOCATION_NO_SOURCE)
            check->failure = f;
        if (f.verdict <= REVOCATION_REVOKED || !next_source(check))
            break;
    }
    return ERR_OK;
}

/* All certificates but the anchor, to the first that is refused. ERR_AGAIN. */
static enum err
advance(struct revocation_check *check)
{
    size_t end = check->by->rules.leaf_only && check->n > 1 ? 1 : check->n - 1;

    while (check->at < end) {
        enum err e = check_certificate(check);

        if (e != ERR_OK)
            return e;
        note_result(check);
        if (check->result.is_refused)
            return ERR_OK;
        if (++check->at < end)
            begin_certificate(check);
    }
    return ERR_OK;
}

static void
check_free(struct revocation_check *check)
{
    for (size_t i = 0; i < check->n; i++)
        X509_free(check->chain[i]);
    revocation_unref(&check->by);
    free(check);
}

static void
go_on(struct revocation_check *check)
{
    if (advance(check) == ERR_AGAIN)
        return;
    loop_timer_clear(check->loop, &check->deadline);
    check->done(check->arg, &check->result);
    check_free(check);
}

static void
on_post(struct loop_post *post)
{
    struct revocation_check *check =
        CONTAINER_OF(post, struct revocation_check, post);
    struct revocation_cache *c = check->by->cache;
    bool is_cancelled;

    pthread_mutex_lock(&c->lock);
    check->is_posted = false;
    is_cancelled = check->is_cancelled;
    pthread_mutex_unlock(&c->lock);
    if (is_cancelled)
        check_free(check);
    else
        go_on(check);
}

/* Leaves those who wait; false: the answer is on its way already. */
static bool
stop_waiting(struct revocation_check *check)
{
    struct revocation_cache *c = check->by->cache;
    struct revocation_check **at;
    bool is_posted;

    pthread_mutex_lock(&c->lock);
    is_posted = check->is_posted;
    if (check->waits_for != NULL) {
        at = &check->waits_for->waiting;
        while (*at != check)
            at = &(*at)->next;
        *at = check->next;
        check->waits_for = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    return !is_posted;
}

static void
on_deadline(struct loop_timer *timer)
{
    struct revocation_check *check =
        CONTAINER_OF(timer, struct revocation_check, deadline);

    check->is_late = true;
    if (stop_waiting(check))
        go_on(check);
}

static struct revocation_check *
check_new(struct revocation *by, struct loop *loop, STACK_OF(X509) * chain,
          revocation_done done, void *arg)
{
    struct revocation_check *check = calloc(1, sizeof *check);

    if (check == NULL)
        return NULL;
    check->by = revocation_ref(by);
    check->loop = loop;
    check->done = done;
    check->arg = arg;
    check->post.run = on_post;
    check->deadline.fire = on_deadline;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509_up_ref(sk_X509_value(chain, i));
        check->chain[check->n++] = sk_X509_value(chain, i);
    }
    begin_certificate(check);
    return check;
}

/* What came with the handshake may tell already. */
static void
use_stapled(struct revocation_check *check, struct str stapled)
{
    struct finding f = { .verdict = REVOCATION_UNUSABLE };

    if (stapled.n == 0 || check->n < 2)
        return;
    judge_ocsp(stapled, check->chain[0], check->chain[1], NULL,
               &check->by->rules, &f);
    if (f.verdict > REVOCATION_REVOKED)
        return;
    check->failure = f;
    check->source = check->n_sources;
}

enum err
revocation_start(struct revocation *by, struct loop *loop,
                 STACK_OF(X509) * chain, struct str stapled,
                 revocation_done done, void *arg, struct revocation_check **out,
                 struct revocation_result *result, struct err_info *why)
{
    const struct revocation_rules *rules = &by->rules;
    int n = sk_X509_num(chain);
    struct revocation_check *check;

    *out = NULL;
    if (n <= 0 || n > (int)REVOCATION_CHAIN_MAX)
        return err_set(why, ERR_LIMIT, "a chain of %d certificates (1..%u)", n,
                       REVOCATION_CHAIN_MAX);
    if (n == 1 || rules->level == REVOCATION_OFF) { /* an anchor itself */
        *result = (struct revocation_result){ 0 };
        return ERR_OK;
    }
    check = check_new(by, loop, chain, done, arg);
    if (check == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a revocation check");
    use_stapled(check, stapled);
    loop_timer_set(loop, &check->deadline,
                   rules->chain_timeout_ms == 0 ? CHAIN_TIMEOUT_MS
                                                : rules->chain_timeout_ms);
    if (advance(check) == ERR_AGAIN) {
        *out = check;
        return ERR_AGAIN;
    }
    *result = check->result;
    loop_timer_clear(loop, &check->deadline);
    check_free(check);
    return ERR_OK;
}

void
revocation_cancel(struct revocation_check **at)
{
    struct revocation_check *check = *at;
    struct revocation_cache *c;
    bool is_posted;

    *at = NULL;
    if (check == NULL)
        return;
    c = check->by->cache;
    loop_timer_clear(check->loop, &check->deadline);
    (void)stop_waiting(check);
    pthread_mutex_lock(&c->lock);
    is_posted = check->is_posted;
    check->is_cancelled = true;
    pthread_mutex_unlock(&c->lock);
    if (!is_posted)
        check_free(check);
}

/* ---- life ---- */

enum err
revocation_cache_new(struct revocation_cache **out, struct err_info *why)
{
    struct revocation_cache *c = calloc(1, sizeof *c);

    if (c == NULL)
        return err_set(why, ERR_MEMORY, "no storage for revocation checks");
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work, NULL);
    table_init(&c->known);
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
    forget(c, true);
    pthread_mutex_unlock(&c->lock);
}

static bool
dup_texts(struct revocation *r, const struct revocation_rules *from)
{
    const struct str *const in[] = { &from->ocsp_url,   &from->ldap_servers,
                                     &from->ldap_user,  &from->ldap_password,
                                     &from->ocsp_proxy, &from->crl_proxy };
    struct str *const out[] = { &r->rules.ocsp_url,   &r->rules.ldap_servers,
                                &r->rules.ldap_user,  &r->rules.ldap_password,
                                &r->rules.ocsp_proxy, &r->rules.crl_proxy };

    for (size_t i = 0; i < ARRAY_LEN(in); i++) {
        const char *copy = str_z(&r->arena, *in[i]);

        if (copy == NULL)
            return false;
        *out[i] = str_n(copy, in[i]->n);
    }
    return true;
}

static enum err
check_rules(const struct revocation_rules *rules, struct err_info *why)
{
    if (rules->ocsp_url.n > 0 &&
        (!str_starts_nocase(rules->ocsp_url, STR("http://")) ||
         rules->ocsp_url.n > REVOCATION_URL_MAX))
        return err_set(why, ERR_SYNTAX,
                       "OCSP responder \"" STR_FMT "\" is no http: address",
                       STR_ARG(rules->ocsp_url));
    if (str_find_char(rules->ldap_servers, '/') != STR_NPOS)
        return err_set(why, ERR_SYNTAX,
                       "\"" STR_FMT "\" is no list of host[:port]",
                       STR_ARG(rules->ldap_servers));
    if (rules->use_ldap_crls || rules->ldap_servers.n > 0)
        return fetch_ldap_check(why);
    return ERR_OK;
}

enum err
revocation_new(struct revocation_cache *cache,
               const struct revocation_rules *rules, struct revocation **out,
               struct err_info *why)
{
    struct revocation *r;
    enum err e = check_rules(rules, why);

    if (e != ERR_OK)
        return e;
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(why, ERR_MEMORY, "no storage for revocation rules");
    atomic_init(&r->refs, 1);
    arena_init(&r->arena, 65536);
    r->rules = *rules;
    r->cache = revocation_cache_ref(cache);
    if (!dup_texts(r, rules)) {
        revocation_unref(&r);
        return err_set(why, ERR_MEMORY, "no storage for revocation rules");
    }
    *out = r;
    return ERR_OK;
}

struct revocation *
revocation_ref(struct revocation *r)
{
    if (r != NULL)
        atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

void
revocation_unref(struct revocation **at)
{
    struct revocation *r = *at;

    *at = NULL;
    if (r == NULL ||
        atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (r->rules.ldap_password.n > 0)
        OPENSSL_cleanse((char *)(uintptr_t)r->rules.ldap_password.p,
                        r->rules.ldap_password.n);
    arena_fini(&r->arena);
    revocation_cache_unref(&r->cache);
    free(r);
}
