/*
 * TLS environments: an SSL_CTX for each environment action, user and what the
 * connection action changes. Making one reads the user's ring, which takes
 * time, so a thread does it; connections wait meanwhile. It lives on across
 * policies as long as its action is unchanged, and its sessions with it.
 */
#ifndef SALLYPORT_TTLS_ENV_H
#define SALLYPORT_TTLS_ENV_H

#include "io/remote_key.h"
#include "io/revocation.h"
#include "io/staple.h"
#include "ipc/chan.h"
#include "ttls/engine.h"

#define ENV_LABEL_MAX 64u

/* A personal certificate of the ring with its key. */
struct env_identity {
    char label[ENV_LABEL_MAX + 1];
    bool is_default;
    X509 *cert;
    EVP_PKEY *key;
    struct staple *staple; /* OCSP response for clients; NULL: none */
};

struct env_ticket_keys {
    uint64_t period; /* whose these are; 0: none yet */
    unsigned char keys[64];
};

struct env {
    struct env *next;
    unsigned n_refs; /* connections, and the maker while it works */
    enum { ENV_MAKING, ENV_READY, ENV_FAILED } state;
    bool is_listed; /* may be used by new connections */
    struct str key; /* what it is for; owned */
    uint32_t env_id;
    struct mapped *mapped; /* whose parameters; holds its policy */
    char user[9];
    uint32_t uid;
    unsigned rc; /* why it failed */
    const char *event;
    OSSL_LIB_CTX *library; /* NULL: the default context */
    bool is_fips;          /* it has such algorithms only */
    SSL_CTX *ctx;
    struct env_identity *identities;
    size_t n_identities;
    size_t n_trust;
    struct remote_keys *keys;              /* the angel signs; NULL: a file's */
    struct revocation *revocation;         /* NULL: peers are not looked up */
    int first_channel;                     /* came with the ring; -1: used up */
    struct env_ticket_keys ticket_keys[2]; /* own, and those of a sysplex */
    struct table sessions; /* client: "address port" -> SSL_SESSION */
    struct loop_post made;
    struct engine *engine;
    struct env *queued;
};

struct env_maker;

MUST_CHECK enum err env_maker_new(struct engine *, struct env_maker **out,
                                  struct err_info *why);
void env_maker_free(struct env_maker **);
/* The channel over which rings are asked for, as it changes. */
void env_maker_channel(struct env_maker *, int fd);
/* An environment for the connection, ready or being made (then conn_go is
 * called when it is); a reference. NULL: no storage. */
struct env *env_get(struct conn *);
void env_unref(struct env **);
/* A new policy: environments it does not know are for no new connection. */
void env_policy(struct engine *, const struct engine_policy *);

/* --- parts, for env_*.c --------------------------------------------------- */

/* In the maker's thread: read the ring, or say why not (rc, event). */
MUST_CHECK bool env_ring(struct env *);
/* From a key database file instead (env_file.c). */
MUST_CHECK bool env_file(struct env *);
/* What a ring or file holds, entry by entry (env_entries.c): whom to trust, and
 * what to show; *key is taken in any case, NULL when there is none. */
MUST_CHECK bool env_add_signer(struct env *, struct str der);
MUST_CHECK bool env_add_identity(struct env *, struct str label,
                                 bool is_default, struct str der,
                                 EVP_PKEY **key);
/* One request to the broker and its answer; any thread. */
MUST_CHECK enum err env_maker_ask(struct env_maker *, struct str request,
                                  struct chan_msg *reply);
/* And set up the context. */
MUST_CHECK bool env_context(struct env *);
/* Protocols, suites, groups, signatures: 0, or a return code. */
unsigned env_algorithms(const struct env *);
#define ENV_ALGORITHMS_MAX 64u
/* What rules borrow while they are copied. */
struct env_texts {
    char ocsp_proxy[300], crl_proxy[300], servers[4096];
    unsigned char ocsp_algorithms[2 * ENV_ALGORITHMS_MAX];
    unsigned char crl_algorithms[2 * ENV_ALGORITHMS_MAX];
};
/* What the policy says of OCSP and HTTP: 0, or a return code. */
unsigned env_ocsp_rules(const struct env *, struct env_texts *,
                        struct revocation_rules *out);
/* Whether peers are looked up, and where: 0, or a return code. */
unsigned env_revocation(struct env *);
void env_revocation_context(const struct env *);
/* Responses about the server's own certificates (env_staple.c). */
unsigned env_staples(struct env *); /* 0, or a return code */
/* Caches and tickets of sessions (env_tickets.c). */
MUST_CHECK bool env_sessions(struct env *);
/* FIPS140: EZD1288I for each new group that it cannot be had for (fips.c). */
void fips_say_groups(struct engine *);
/* Of a handshake that is over, what is not as the policy wants it: 0, or a
 * return code. (peer.c) */
unsigned peer_check(struct conn *);
/* After negotiating anew. */
unsigned peer_check_anew(struct conn *);
/* RenegotiationCertCheck: is it still the certificate of the first time? */
MUST_CHECK bool peer_is_same(struct conn *, X509 *);
/* After a handshake. True: handshake_checked will be called; false: it is
 * known, *rc is 0 or a return code. */
MUST_CHECK bool env_revocation_begin(struct conn *, unsigned *rc);
unsigned rc_of_revocation(const struct ttls_effective *,
                          enum revocation_verdict);
/* For each connection: what cannot stand in the context. */
MUST_CHECK bool env_apply(struct conn *, SSL *);
/* The certificate a server or client of this rule shows; NULL none. */
const struct env_identity *env_identity(const struct env *, struct str label);
/* Client sessions. */
void env_session_put(struct conn *, SSL_SESSION *);
SSL_SESSION *env_session_get(struct conn *);
void env_session_forget(struct conn *);

#endif
