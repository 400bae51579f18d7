/*
 * Whether certificates have been revoked, asked of the network: OCSP responders
 * and revocation lists over HTTP and LDAP. Threads fetch, answers are kept
 * until their own end, and no loop ever waits. Only what a chain that has been
 * verified already names is asked: addresses come from authorities we trust.
 * Sources: RFC 5280 (6.3), RFC 6960, RFC 5019.
 */
#ifndef SALLYPORT_IO_REVOCATION_H
#define SALLYPORT_IO_REVOCATION_H

#include <openssl/x509.h>

#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"

#define REVOCATION_CHAIN_MAX 16u   /* certificates of a chain */
#define REVOCATION_SOURCES_MAX 10u /* looked at for each certificate */

struct revocation_cache; /* what was learnt, and the threads; counted */
struct revocation;       /* rules with a cache; counted, immutable */
struct revocation_check; /* one chain being looked at */

/* What happens when nobody tells. REVOKED is refused on each level but OFF. */
enum revocation_level {
    REVOCATION_OFF,
    REVOCATION_LOW,    /* good */
    REVOCATION_MEDIUM, /* refused, unless there is nobody to ask */
    REVOCATION_HIGH,   /* refused */
};

struct revocation_rules {
    enum revocation_level level;
    bool use_ocsp;       /* responders that certificates name (AIA) */
    bool use_http_crls;  /* lists that certificates name */
    bool use_ldap_crls;  /* the same at ldap: addresses */
    bool crls_first;     /* before responders */
    bool leaf_only;      /* not the authorities between it and the anchor */
    struct str ocsp_url; /* a responder for all certificates; "" none */
    bool ocsp_url_last;  /* after those that certificates name */
    /* "host[:port] ...": directories whose entries of issuers hold lists. */
    struct str ldap_servers;
    struct str ldap_user, ldap_password; /* "" anonymous; for all LDAP */
    struct str ocsp_proxy, crl_proxy;    /* "host[:port]"; "" none */
    bool ocsp_by_get;                    /* when short enough (RFC 5019) */
    uint32_t nonce_bytes;                /* 0: no nonce; up to 32 */
    bool needs_nonce;                    /* an answer without it is none */
    /* 0 means: 15 s for each source, 30 s for a chain. */
    uint32_t ocsp_timeout_ms, crl_timeout_ms, ldap_timeout_ms, chain_timeout_ms;
    /* 0 means: 20,480 and 10 MiB. */
    size_t ocsp_max_bytes, crl_max_bytes;
    uint32_t keep_max_s; /* answers are not kept longer; 0: 86400 */
    /* Larger lists are not kept; 0: all are. */
    size_t http_keep_bytes, ldap_keep_bytes;
    uint32_t retry_s;     /* nobody is asked again after a failure; 0: 60 */
    uint32_t max_sources; /* asked about a certificate; 0: SOURCES_MAX */
    /* Algorithms that answers and lists may be signed with, "" any: pairs of
     * bytes as TLS writes them (RFC 5246, 7.4.1.4.1; 8446, 4.2.3). */
    struct str ocsp_algorithms, crl_algorithms;
    /* Requests to responders are signed; NULL: they are not. */
    X509 *signer;
    EVP_PKEY *signer_key; /* used in threads that may wait */
    struct ossl_lib_ctx_st
        *signer_library; /* where it is used; NULL: default */
    const EVP_MD *signer_digest;
    bool signs_pss; /* an RSA key; else as PKCS #1 has it */
};

enum revocation_verdict { /* REVOCATION_VERDICTS of them */
                          REVOCATION_GOOD,
                          REVOCATION_REVOKED,
                          REVOCATION_UNREACHABLE, /* no source answered */
                          REVOCATION_UNUSABLE, /* what came is no answer, or not
                                                  to be believed */
                          REVOCATION_NO_SOURCE, /* nobody to ask */
};

struct revocation_result {
    enum revocation_verdict verdict; /* of the first certificate not good */
    bool is_refused;                 /* as the level says */
    size_t at;                       /* its place in the chain */
    char text[ERR_TEXT_MAX];         /* "" when good */
};

/* Load now what asking may need, for who cannot load it later. */
void revocation_prepare(void);

MUST_CHECK enum err revocation_cache_new(struct revocation_cache **out,
                                         struct err_info *why);
struct revocation_cache *revocation_cache_ref(struct revocation_cache *);
void revocation_cache_unref(struct revocation_cache **);
/* Forget everything that was learnt. */
void revocation_cache_clear(struct revocation_cache *);

#define REVOCATION_VERDICTS 5u
struct revocation_counts {
    uint64_t hits;                          /* known already */
    uint64_t verdicts[REVOCATION_VERDICTS]; /* asked: enum revocation_verdict */
    uint64_t findings, staples, lists, lists_bytes; /* kept now */
};
void revocation_cache_count(struct revocation_cache *,
                            struct revocation_counts *);
/* Nobody could tell: of a peer, of a certificate of ours. */
enum revocation_note {
    REVOCATION_NOTE_PEER,
    REVOCATION_NOTE_STAPLE,
    REVOCATION_NOTES
};
/* How often since the last call; text: the last one, when there was any. */
uint64_t revocation_cache_failures(struct revocation_cache *,
                                   enum revocation_note,
                                   char text[ERR_TEXT_MAX]);

/* Copies all strings. ERR_SYNTAX: an address or proxy that is none;
 * ERR_UNSUPPORTED: LDAP is wanted and its library is not there. */
MUST_CHECK enum err revocation_new(struct revocation_cache *,
                                   const struct revocation_rules *,
                                   struct revocation **out,
                                   struct err_info *why);
struct revocation *revocation_ref(struct revocation *);
void revocation_unref(struct revocation **);

/* Runs from the loop, once, never from revocation_start. */
typedef void (*revocation_done)(void *arg, const struct revocation_result *);

/*
 * Look at a verified chain, the peer's certificate first, the trust anchor
 * last (SSL_get0_verified_chain). The anchor is not asked about.
 *
 *   stapled  OCSP response that came with the handshake, DER; "" none
 *
 * ERR_OK     *result says it: known already
 * ERR_AGAIN  *out is under way, `done` will run; *result is untouched
 * ERR_LIMIT  too many certificates, or too much is under way: treat as refused
 * ERR_MEMORY
 */
MUST_CHECK enum err revocation_start(struct revocation *, struct loop *,
                                     STACK_OF(X509) * chain, struct str stapled,
                                     revocation_done done, void *arg,
                                     struct revocation_check **out,
                                     struct revocation_result *result,
                                     struct err_info *why);
/* From the certificate to an anchor of the store, by way of `between` (may be
 * NULL): of a session that is resumed. NULL: there is none. Owned. */
STACK_OF(X509) *
    revocation_chain(X509_STORE *, X509 *certificate, STACK_OF(X509) * between);
/* `done` will not run. NULL is accepted. On the loop's thread, before the loop
 * is freed. */
void revocation_cancel(struct revocation_check **);

/*
 * An OCSP response for a server to staple: fetched in a thread, for the
 * certificate `of` that `issuer` signed. *out (DER) is written when it is good,
 * fresh and says "good"; *until: when it is to be fetched again (time()).
 * Blocks up to the time limit: not on a loop.
 */
struct buf;
MUST_CHECK enum err revocation_fetch_staple(const struct revocation *, X509 *of,
                                            X509 *issuer, struct buf *out,
                                            int64_t *until,
                                            struct err_info *why);

#endif
