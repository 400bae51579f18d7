/* Parts of revocation_*.c; private to this folder. */
#ifndef SALLYPORT_IO_REVOCATION_PRIV_H
#define SALLYPORT_IO_REVOCATION_PRIV_H

#include <openssl/ocsp.h>
#include <stdatomic.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/revocation.h"

#define REVOCATION_URL_MAX 1024u
#define CRL_BYTES_MAX ((size_t)10 << 20)
#define OCSP_BYTES_MAX 20480u

enum source_kind { SOURCE_OCSP, SOURCE_CRL_HTTP, SOURCE_CRL_LDAP };

struct source {
    enum source_kind kind;
    char url[REVOCATION_URL_MAX + 1];
};

struct revocation {
    atomic_uint refs;
    struct revocation_cache *cache;
    struct revocation_rules rules; /* strings in the arena, with NUL */
    struct arena arena;
    unsigned char how[32]; /* digest of what makes sources answer otherwise */
};

/* What one source says about one certificate. */
struct finding {
    enum revocation_verdict verdict;
    int64_t until; /* time() */
    char text[256];
};

/* ---- revocation_sources.c: whom to ask ---- */

/* Of the certificate and the rules, in their order. */
size_t sources_of(const struct revocation *, X509 *certificate,
                  struct source out[REVOCATION_SOURCES_MAX]);

/* ---- revocation_fetch.c: blocking, in a thread ---- */

MUST_CHECK enum err fetch_http(const char *url, struct str proxy,
                               const char *content_type,
                               struct str body, /* "": GET */
                               const char *answer_type, size_t max_bytes,
                               uint32_t timeout_ms, struct buf *out,
                               struct err_info *why);

/* ---- revocation_ldap.c, or revocation_no_ldap.c without the library ---- */

/* ERR_UNSUPPORTED: not to be had. */
MUST_CHECK enum err fetch_ldap_check(struct err_info *why);
/* The list of an entry; several values are ERR_LIMIT. */
MUST_CHECK enum err fetch_ldap(const char *url, struct str user,
                               struct str password, size_t max_bytes,
                               uint32_t timeout_ms, struct buf *out,
                               struct err_info *why);

/* ---- revocation_judge.c: bytes to findings ---- */

void judge_ocsp(struct str der, X509 *certificate, X509 *issuer,
                OCSP_REQUEST *nonce_of, const struct revocation_rules *,
                struct finding *out);
void judge_crl(X509_CRL *, X509 *certificate, X509 *issuer,
               const struct revocation_rules *, struct finding *out);
/* NULL: not DER, or bytes are left over. */
X509_CRL *crl_of(struct str der);
/* When a list or answer ends, at most keep_max_s from now. */
uint32_t judge_keep_s(const struct revocation_rules *);
int64_t judge_until(const ASN1_TIME *next, const struct revocation_rules *);

/* ---- revocation_ask.c: one source, one certificate; blocking ---- */

/* In place of the request comes one that is signed with RSASSA-PSS. */
MUST_CHECK bool request_sign_pss(OCSP_REQUEST **,
                                 const struct revocation_rules *);

void ask_source(const struct revocation *, const struct source *,
                X509 *certificate, X509 *issuer, struct finding *out);

/* ---- revocation_cache.c: what is kept ---- */

/* Lists by address, no longer and not older than the rules let them be. The
 * list is the caller's. */
X509_CRL *crl_get(struct revocation_cache *, const char *url, size_t most_bytes,
                  const struct revocation_rules *);
void crl_put(struct revocation_cache *, const char *url, X509_CRL *,
             size_t bytes, int64_t until);

/* Work for the cache's threads; whoever queues it holds a reference on the
 * cache until it has run. False: too much waits. */
struct revocation_work {
    void (*run)(struct revocation_work *);
    struct revocation_work *next;
};
MUST_CHECK bool revocation_queue(struct revocation_cache *,
                                 struct revocation_work *);

/* Responses to staple; appended to out. */
MUST_CHECK bool kept_staple_get(struct revocation_cache *, struct str key,
                                struct buf *out, int64_t *until);
void kept_staple_put(struct revocation_cache *, struct str key, struct str der,
                     int64_t until);
void revocation_note_failure(struct revocation_cache *, enum revocation_note,
                             const char *text);

/* ---- revocation_find.c: findings, and who waits for them ---- */

struct known;
struct waiter {
    struct loop *loop;
    struct loop_post post; /* run when the finding is there */
    bool was_asked;        /* it has been waited for */
    /* under the cache's lock: */
    struct known *waits_for;
    struct waiter *next; /* among those */
    bool is_posted;
};

/* ERR_OK *out is the finding; ERR_AGAIN: the waiter waits; ERR_LIMIT: too much
 * is under way; ERR_MEMORY. */
MUST_CHECK enum err finding_get(struct revocation *, const struct source *,
                                X509 *certificate, X509 *issuer,
                                struct waiter *, struct finding *out);
/* False: the finding is on its way already. */
MUST_CHECK bool waiter_leave(struct revocation_cache *, struct waiter *);
void waiter_arrived(struct revocation_cache *, struct waiter *);

void finding_set(struct finding *, enum revocation_verdict, const char *fmt,
                 ...) PRINTF_LIKE(3, 4);

#endif
