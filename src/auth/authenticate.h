/*
 * Who is calling: chooses the mechanism in the order of the product (bearer
 * token, client certificate, basic credentials when allowed), has the angel or
 * the configured registry answer, and keeps what it answered for a while. The
 * only place where a caller's acee is obtained.
 *
 * Source: z/OS Connect security order; Liberty webAppSecurity, authCache.
 */
#ifndef SALLYPORT_AUTH_AUTHENTICATE_H
#define SALLYPORT_AUTH_AUTHENTICATE_H

#include "auth/basic.h"
#include "auth/checker.h"
#include "auth/decision.h"
#include "base/err.h"
#include "base/str.h"
#include "saf/acee.h"
#include "saf/client.h"

/* Where users are. */
enum auth_registry {
    AUTH_REGISTRY_SAF,
    AUTH_REGISTRY_BASIC,
    AUTH_REGISTRY_NONE, /* none that works, or nobody knows which */
};

struct auth_policy {
    enum auth_registry registry;
    const struct basic *basic; /* AUTH_REGISTRY_BASIC */
    const char *problem;       /* AUTH_REGISTRY_NONE: id of the message */
    bool demands_token;        /* nothing but a token counts, and nobody here
                                  can check one */
    bool maps_identities;      /* safCredentials mapDistributedIdentities */
    struct str applid;         /* safCredentials profilePrefix */
    struct str guest;          /* safCredentials unauthenticatedUser */
    bool allow_basic;          /* webAppSecurity allowFailOverToBasicAuth */
    bool ignores_certificates; /* overrideHttpAuthMethod BASIC */
    uint64_t cache_ms;         /* authCache timeout; 0: keep nothing */
    bool caches_passwords;     /* authCache allowBasicAuthLookup */
};

/* Shared by the loops of one server: the authentication cache. Counted: each
 * configuration holds the one that it uses. */
struct auth_cache;
MUST_CHECK enum err auth_cache_new(size_t max_entries, struct auth_cache **out,
                                   struct err_info *why);
struct auth_cache *auth_cache_ref(struct auth_cache *);
void auth_cache_unref(struct auth_cache **);
void auth_cache_clear(struct auth_cache *); /* CACHE,CLEAR,AUTH */
struct shard_counts;
void auth_cache_count(struct auth_cache *, struct shard_counts *);

struct auth_facts {
    struct str authorization; /* value of the header, or empty */
    struct str digest;        /* SHA-256 of the certificate, or empty */
    struct str certificate;   /* DER, verified; asked for when it is needed */
    struct str source;        /* the client's address */
};

enum auth_result {
    AUTH_OK,
    AUTH_CHALLENGE,   /* 401, with WWW-Authenticate */
    AUTH_FORBIDDEN,   /* 403: no certificate and no failing over */
    AUTH_UNAVAILABLE, /* the angel is away: refused, 503 */
};

struct auth_outcome {
    enum auth_result result;
    struct acee *acee;  /* AUTH_OK: the receiver unrefs it */
    struct str claimed; /* the user named, for messages; borrowed */
    struct saf_rc rc;
};

/* The user is known and the password right, but class APPL keeps the user out
 * (initACEE reason 32). */
static inline bool
auth_is_appl(struct saf_rc rc)
{
    return rc.saf == 8 && rc.racf == 8 && rc.reason == 32;
}

/* The angel that this server was registered with is gone, or came back without
 * knowing it: nobody was refused, we may not ask. */
static inline bool
auth_is_unregistered(struct saf_rc rc)
{
    return rc.saf == 8 && rc.racf == 8 && rc.reason == 4;
}

#define AUTH_CREDENTIALS_MAX 512u

/* One attempt; storage in the request, zero-initialised. */
struct auth_attempt {
    /* inputs */
    struct saf_client *saf;
    struct auth_cache *cache;
    struct loop *loop;       /* on which `done` runs */
    struct checker *checker; /* for registries whose checks take long */
    const struct auth_policy *policy;
    struct auth_facts facts;
    struct decision *decision;
    uint64_t now_ms; /* wall clock */
    void (*done)(struct auth_attempt *, const struct auth_outcome *);
    /* Something for the log that is not the end of it. May be NULL. */
    void (*note)(struct auth_attempt *, const char *id,
                 const struct str *inserts, size_t n);
    /* The certificate of facts.digest is not known yet: into facts. */
    void (*get_certificate)(struct auth_attempt *);
    /* private */
    char plain[AUTH_CREDENTIALS_MAX]; /* the password in it is wiped */
    struct str user, password;
    unsigned n_tries;
    bool is_certificate, is_token, is_forgotten;
    unsigned char key[32];
    struct check check;
    const struct basic_user *found;
};

/* `done` runs exactly once, perhaps before this returns. */
void auth_start(struct auth_attempt *);
/* The unauthenticated user's acee, or NULL result with AUTH_UNAVAILABLE. */
void auth_start_guest(struct auth_attempt *);
/* Who owns a job token (requester assertion); `claimed` is empty. */
void auth_start_token(struct auth_attempt *, struct str token);
/* An asserted user id that came unsigned. */
void auth_start_asserted(struct auth_attempt *, struct str user);

#endif
