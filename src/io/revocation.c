/*
 * Checks: each walks its chain, and where a finding is missing it waits for
 * it, until its deadline.
 */
#include "io/revocation.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/revocation_priv.h"

#define CHAIN_TIMEOUT_MS 30000u

struct revocation_check {
    struct revocation *by;
    struct loop *loop;
    struct loop_timer deadline;
    revocation_done done;
    void *arg;
    X509 *chain[REVOCATION_CHAIN_MAX];
    size_t n, at;
    struct source sources[REVOCATION_SOURCES_MAX]; /* of chain[at] */
    size_t n_sources, source;
    struct waiter waiter;
    bool is_cancelled;
    bool is_late;           /* the deadline is over */
    struct finding failure; /* of chain[at]: the first source's */
    struct revocation_result result;
};

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
    check->waiter.was_asked = false;
    return check->source < check->n_sources;
}

static void
begin_certificate(struct revocation_check *check)
{
    check->n_sources =
        sources_of(check->by, check->chain[check->at], check->sources);
    check->source = 0;
    check->waiter.was_asked = false;
    finding_set(&check->failure, REVOCATION_NO_SOURCE,
                "nobody is named who tells whether it is revoked");
}

static enum err
find(struct revocation_check *check, struct finding *out)
{
    return finding_get(check->by, &check->sources[check->source],
                       check->chain[check->at], check->chain[check->at + 1],
                       &check->waiter, out);
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
        CONTAINER_OF(post, struct revocation_check, waiter.post);

    waiter_arrived(check->by->cache, &check->waiter);
    if (check->is_cancelled)
        check_free(check);
    else
        go_on(check);
}

static void
on_deadline(struct loop_timer *timer)
{
    struct revocation_check *check =
        CONTAINER_OF(timer, struct revocation_check, deadline);

    check->is_late = true;
    if (waiter_leave(check->by->cache, &check->waiter))
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
    check->waiter.loop = loop;
    check->waiter.post.run = on_post;
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

    *at = NULL;
    if (check == NULL)
        return;
    loop_timer_clear(check->loop, &check->deadline);
    check->is_cancelled = true;
    /* Else an answer is on its way, and frees it. */
    if (waiter_leave(check->by->cache, &check->waiter))
        check_free(check);
}

/* ---- rules ---- */

static bool
dup_texts(struct revocation *r, const struct revocation_rules *from)
{
    const struct str *const in[] = {
        &from->ocsp_url,        &from->ldap_servers,  &from->ldap_user,
        &from->ldap_password,   &from->ocsp_proxy,    &from->crl_proxy,
        &from->ocsp_algorithms, &from->crl_algorithms
    };
    struct str *const out[] = {
        &r->rules.ocsp_url,        &r->rules.ldap_servers,  &r->rules.ldap_user,
        &r->rules.ldap_password,   &r->rules.ocsp_proxy,    &r->rules.crl_proxy,
        &r->rules.ocsp_algorithms, &r->rules.crl_algorithms
    };

    for (size_t i = 0; i < ARRAY_LEN(in); i++) {
        const char *copy = str_z(&r->arena, *in[i]);

        if (copy == NULL)
            return false;
        *out[i] = str_n(copy, in[i]->n);
    }
    return true;
}

static bool
take_signer(struct revocation *r, const struct revocation_rules *from)
{
    r->rules.signer = NULL;
    r->rules.signer_key = NULL;
    if (from->signer == NULL)
        return true;
    if (X509_up_ref(from->signer) == 1)
        r->rules.signer = from->signer;
    if (EVP_PKEY_up_ref(from->signer_key) == 1)
        r->rules.signer_key = from->signer_key;
    return r->rules.signer != NULL && r->rules.signer_key != NULL;
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

/* A password is in it as all the others, and cannot be read from it. */
static bool
digest_how(struct revocation *r)
{
    const struct revocation_rules *of = &r->rules;
    const struct str texts[] = { of->ldap_user,       of->ldap_password,
                                 of->ocsp_proxy,      of->crl_proxy,
                                 of->ocsp_algorithms, of->crl_algorithms };
    const uint64_t numbers[] = {
        of->needs_nonce,
        of->nonce_bytes,
        of->ocsp_by_get,
        of->ocsp_timeout_ms,
        of->crl_timeout_ms,
        of->ldap_timeout_ms,
        of->ocsp_max_bytes,
        of->crl_max_bytes,
        of->keep_max_s,
        of->http_keep_bytes,
        of->ldap_keep_bytes,
        of->signs_pss,
        of->signer == NULL ? 0 : (uint64_t)EVP_MD_get_type(of->signer_digest),
    };
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool is_fine = md != NULL &&
                   EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
                   EVP_DigestUpdate(md, numbers, sizeof numbers) == 1;

    for (size_t i = 0; is_fine && i < ARRAY_LEN(texts); i++)
        is_fine = EVP_DigestUpdate(md, &texts[i].n, sizeof texts[i].n) == 1 &&
                  EVP_DigestUpdate(md, texts[i].p, texts[i].n) == 1;
    is_fine = is_fine && EVP_DigestFinal_ex(md, r->how, NULL) == 1;
    EVP_MD_CTX_free(md);
    return is_fine;
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
    if (!take_signer(r, rules) || !dup_texts(r, rules) || !digest_how(r)) {
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
    X509_free(r->rules.signer);
    EVP_PKEY_free(r->rules.signer_key);
    arena_fini(&r->arena);
    revocation_cache_unref(&r->cache);
    free(r);
}
