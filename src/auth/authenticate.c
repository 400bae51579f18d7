#include "auth/authenticate_priv.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/shard.h"
#include "parse/base64.h"

/*
 * A refused password is asked for twice, as the product does (its registry is
 * consulted again by the fail-over path): the operator sees the messages twice
 * for each request, and automation counts on it. Class APPL is asked once the
 * password was right, so its refusal comes once.
 */
#define N_PASSWORD_TRIES 2u

struct auth_cache {
    uint32_t refs; /* atomic */
    struct shard_cache *shards;
    unsigned char secret[32]; /* keys are digests nobody else can make */
};

static void *
ref_acee(void *value)
{
    return acee_ref(value);
}

static void
unref_acee(void *value)
{
    struct acee *acee = value;

    acee_unref(&acee);
}

enum err
auth_cache_new(size_t max_entries, struct auth_cache **out,
               struct err_info *why)
{
    static const struct shard_ops ops = { ref_acee, unref_acee };
    struct auth_cache *cache = calloc(1, sizeof *cache);
    enum err e;

    if (cache == NULL || RAND_bytes(cache->secret, sizeof cache->secret) != 1) {
        free(cache);
        return err_set(why, ERR_MEMORY, "no storage for the cache");
    }
    cache->refs = 1;
    e = shard_new(max_entries, &ops, &cache->shards, why);
    if (e != ERR_OK)
        auth_cache_unref(&cache);
    else
        *out = cache;
    return e;
}

struct auth_cache *
auth_cache_ref(struct auth_cache *cache)
{
    __atomic_add_fetch(&cache->refs, 1, __ATOMIC_RELAXED);
    return cache;
}

void
auth_cache_unref(struct auth_cache **at)
{
    struct auth_cache *cache = *at;

    *at = NULL;
    if (cache == NULL ||
        __atomic_sub_fetch(&cache->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    shard_free(&cache->shards);
    secret_wipe(cache->secret, sizeof cache->secret);
    free(cache);
}

void
auth_cache_clear(struct auth_cache *cache)
{
    shard_clear(cache->shards);
}

void
auth_cache_count(struct auth_cache *cache, struct shard_counts *out)
{
    shard_count(cache->shards, out);
}

#define TOKEN_CACHE_MS 2000u

/* Digest of the cache's secret and the parts, each with its length. */
static bool
digest(struct auth_cache *cache, const struct str *parts, size_t n,
       unsigned char out[SHARD_KEY_BYTES])
{
    static _Thread_local EVP_MD_CTX *context;
    static _Thread_local EVP_MD *sha256; /* EVP_sha256 looks it up each time */
    bool is_ok;

    if (context == NULL)
        context = EVP_MD_CTX_new();
    if (sha256 == NULL)
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    is_ok = context != NULL && sha256 != NULL &&
            EVP_DigestInit_ex(context, sha256, NULL) == 1 &&
            EVP_DigestUpdate(context, cache->secret, sizeof cache->secret);
    for (size_t i = 0; is_ok && i < n; i++) {
        uint64_t length = parts[i].n;

        is_ok = EVP_DigestUpdate(context, &length, sizeof length) == 1 &&
                EVP_DigestUpdate(context, parts[i].p, parts[i].n) == 1;
    }
    return is_ok && EVP_DigestFinal_ex(context, out, NULL) == 1;
}

void
attempt_finish(struct auth_attempt *a, enum auth_result result,
               struct acee *acee, struct saf_rc rc)
{
    struct auth_outcome outcome = { result, acee, a->user, rc };

    if (a->password.n > 0)
        secret_wipe((void *)(uintptr_t)a->password.p, a->password.n);
    decision_add(a->decision, DECISION_IDENTITY,
                 result == AUTH_OK ? DECISION_ALLOWED : DECISION_REFUSED,
                 a->user,
                 acee == NULL           ? (struct str){ 0 }
                 : acee_is_mapped(acee) ? str_of(acee->user)
                                        : acee->distributed,
                 rc);
    a->done(a, &outcome);
}

void
attempt_note(struct auth_attempt *a, const char *id, const struct str *inserts,
             size_t n)
{
    if (a->note != NULL)
        a->note(a, id, inserts, n);
}

void
attempt_remember(struct auth_attempt *a, struct acee *acee)
{
    uint64_t keep_ms = a->policy->cache_ms;

    /* A job token ends with its job, and only the angel hears of that. */
    if (a->is_token && keep_ms > TOKEN_CACHE_MS)
        keep_ms = TOKEN_CACHE_MS;
    if (keep_ms > 0 && !a->is_forgotten)
        shard_put(a->cache->shards, a->key, acee, a->now_ms,
                  a->now_ms + keep_ms);
}

static void ask_password(struct auth_attempt *);
static void start_basic(struct auth_attempt *);

static enum auth_result
refusal_of(const struct auth_attempt *a, enum err e, struct saf_rc rc)
{
    if ((e != ERR_DENIED && e != ERR_NOT_FOUND) || auth_is_unregistered(rc))
        return AUTH_UNAVAILABLE;
    return a->is_certificate && !a->policy->allow_basic ? AUTH_FORBIDDEN
                                                        : AUTH_CHALLENGE;
}

void
attempt_without_certificate(struct auth_attempt *a, struct saf_rc rc)
{
    if (!a->policy->allow_basic || a->facts.authorization.n == 0) {
        attempt_finish(a, refusal_of(a, ERR_DENIED, rc), NULL, rc);
        return;
    }
    a->is_certificate = false;
    start_basic(a);
}

static void
on_answer(void *arg, enum err e, struct acee *acee, struct saf_rc rc,
          const struct err_info *why)
{
    struct auth_attempt *a = arg;

    (void)why;
    if (e == ERR_OK) {
        attempt_remember(a, acee);
        attempt_finish(a, AUTH_OK, acee, rc);
        return;
    }
    if (e == ERR_DENIED && !auth_is_unregistered(rc) && a->is_certificate) {
        attempt_without_certificate(a, rc);
        return;
    }
    if (e == ERR_DENIED && !auth_is_appl(rc) && a->password.n > 0 &&
        ++a->n_tries < N_PASSWORD_TRIES) {
        ask_password(a);
        return;
    }
    attempt_finish(a, refusal_of(a, e, rc), NULL, rc);
}

bool
attempt_from_cache(struct auth_attempt *a, const struct str *parts, size_t n)
{
    struct acee *acee;

    if (!digest(a->cache, parts, n, a->key)) {
        attempt_finish(a, AUTH_UNAVAILABLE, NULL, SAF_RC(8, 8, 0));
        return true;
    }
    if (a->is_forgotten)
        return false;
    acee = shard_get(a->cache->shards, a->key, a->now_ms);
    if (acee != NULL)
        attempt_finish(a, AUTH_OK, acee, SAF_RC(0, 0, 0));
    return acee != NULL;
}

static void
ask_password(struct auth_attempt *a)
{
    if (saf_verify_async(a->saf, a->user, a->password, a->policy->applid,
                         a->facts.source, on_answer, a, NULL) != ERR_OK)
        attempt_finish(a, AUTH_UNAVAILABLE, NULL, SAF_RC(8, 8, 0));
}

/* basic = "Basic" 1*SP base64( user ":" password ) */
static bool
read_basic(struct auth_attempt *a)
{
    struct str value = a->facts.authorization, plain;
    size_t colon, n;

    if (!str_starts_nocase(value, STR("Basic ")))
        return false;
    value = str_trim(str_sub(value, 6, value.n));
    if (base64_decoded_max(value.n) > sizeof a->plain ||
        base64_decode(value, BASE64_STANDARD, a->plain, &n, NULL) != ERR_OK)
        return false;
    plain = str_n(a->plain, n);
    colon = str_find_char(plain, ':');
    if (colon == STR_NPOS || colon == 0)
        return false;
    a->user = str_sub(plain, 0, colon);
    a->password = str_sub(plain, colon + 1, plain.n);
    return true;
}

static void
start_password(struct auth_attempt *a)
{
    struct str parts[] = { STR("basic"), a->policy->applid, a->user,
                           a->password };

    if (attempt_from_cache(a, parts, ARRAY_LEN(parts)))
        return;
    a->n_tries = 0;
    if (a->password.n == 0)
        attempt_finish(a, AUTH_CHALLENGE, NULL, SAF_RC(8, 8, 0));
    else
        ask_password(a);
}

static void
start_basic(struct auth_attempt *a)
{
    if (!read_basic(a)) {
        decision_add(a->decision, DECISION_MECHANISM, DECISION_REFUSED,
                     STR("basic"), (struct str){ 0 }, SAF_RC(0, 0, 0));
        attempt_finish(a, AUTH_CHALLENGE, NULL, SAF_RC(8, 8, 0));
        return;
    }
    decision_add(a->decision, DECISION_MECHANISM, DECISION_ALLOWED,
                 STR("basic"), (struct str){ 0 }, SAF_RC(0, 0, 0));
    a->is_forgotten = !a->policy->caches_passwords;
    switch (a->policy->registry) {
    case AUTH_REGISTRY_SAF:
        start_password(a);
        break;
    case AUTH_REGISTRY_BASIC:
        registry_password(a);
        break;
    case AUTH_REGISTRY_NONE:
        attempt_note(a, a->policy->problem, NULL, 0);
        attempt_finish(a, AUTH_CHALLENGE, NULL, SAF_RC(8, 8, 0));
        break;
    }
}

static void
start_saf_certificate(struct auth_attempt *a)
{
    struct str parts[] = { STR("certificate"), a->policy->applid,
                           a->facts.digest };

    if (attempt_from_cache(a, parts, ARRAY_LEN(parts)))
        return;
    a->get_certificate(a);
    if (a->facts.certificate.n == 0 ||
        saf_verify_certificate_async(a->saf, a->facts.certificate,
                                     a->policy->applid, a->facts.source,
                                     on_answer, a, NULL) != ERR_OK)
        attempt_finish(a, AUTH_UNAVAILABLE, NULL, SAF_RC(8, 8, 0));
}

static void
start_certificate(struct auth_attempt *a)
{
    a->is_certificate = true;
    decision_add(a->decision, DECISION_MECHANISM, DECISION_ALLOWED,
                 STR("certificate"), (struct str){ 0 }, SAF_RC(0, 0, 0));
    switch (a->policy->registry) {
    case AUTH_REGISTRY_SAF:
        start_saf_certificate(a);
        break;
    case AUTH_REGISTRY_BASIC:
        registry_certificate(a);
        break;
    case AUTH_REGISTRY_NONE:
        attempt_note(a, a->policy->problem, NULL, 0);
        attempt_without_certificate(a, SAF_RC(8, 8, 0));
        break;
    }
}

void
auth_start(struct auth_attempt *a)
{
    /* A token nobody here can check never falls back to something else. */
    if (a->policy->demands_token ||
        str_starts_nocase(a->facts.authorization, STR("Bearer "))) {
        decision_add(a->decision, DECISION_MECHANISM, DECISION_REFUSED,
                     STR("bearer"), (struct str){ 0 }, SAF_RC(0, 0, 0));
        attempt_finish(a, AUTH_CHALLENGE, NULL, SAF_RC(8, 8, 0));
        return;
    }
    if (a->facts.digest.n > 0 && !a->policy->ignores_certificates)
        start_certificate(a);
    else if (a->policy->allow_basic)
        start_basic(a);
    else {
        decision_add(a->decision, DECISION_MECHANISM, DECISION_REFUSED,
                     STR("none"), (struct str){ 0 }, SAF_RC(0, 0, 0));
        attempt_finish(a, AUTH_FORBIDDEN, NULL, SAF_RC(8, 8, 0));
    }
}

/* The storage may have authenticated somebody before: whoever is asserted
 * has neither his certificate nor his password. */
static void
begin(struct auth_attempt *a, struct str user)
{
    a->is_certificate = a->is_token = a->is_forgotten = false;
    a->user = user;
    a->password = (struct str){ 0 };
    a->n_tries = 0;
    a->found = NULL;
}

static void
start_id(struct auth_attempt *a, struct str user, enum acee_origin origin)
{
    struct str parts[] = { STR("id"), a->policy->applid, user,
                           str_n(&origin, sizeof origin) };

    begin(a, user);
    if (attempt_from_cache(a, parts, ARRAY_LEN(parts)))
        return;
    if (saf_acee_of_async(a->saf, user, a->policy->applid, origin, on_answer, a,
                          NULL) != ERR_OK)
        attempt_finish(a, AUTH_UNAVAILABLE, NULL, SAF_RC(8, 8, 0));
}

void
auth_start_guest(struct auth_attempt *a)
{
    decision_add(a->decision, DECISION_MECHANISM, DECISION_PASSED_BY,
                 STR("none"), (struct str){ 0 }, SAF_RC(0, 0, 0));
    start_id(a, a->policy->guest, ACEE_UNAUTHENTICATED);
}

void
auth_start_asserted(struct auth_attempt *a, struct str user)
{
    start_id(a, user, ACEE_ASSERTED);
}

void
auth_start_token(struct auth_attempt *a, struct str token)
{
    struct str parts[] = { STR("token"), token };

    begin(a, (struct str){ 0 });
    a->is_token = true;
    if (attempt_from_cache(a, parts, ARRAY_LEN(parts)))
        return;
    if (saf_verify_token_async(a->saf, token, on_answer, a, NULL) != ERR_OK)
        attempt_finish(a, AUTH_UNAVAILABLE, NULL, SAF_RC(8, 8, 0));
}
