/*
 * TLS over OpenSSL for the loop's connections, both directions. A tls_config is
 * built once from key material (a SAF ring, a key store) and shared, counted.
 */
#ifndef SALLYPORT_IO_TLS_H
#define SALLYPORT_IO_TLS_H

#include "base/err.h"
#include "base/str.h"

struct tls_config;
struct tickets;     /* io/tickets.h */
struct remote_keys; /* io/remote_key.h */
struct revocation;  /* io/revocation.h */
struct staple;      /* io/staple.h */

enum tls_client_auth { TLS_AUTH_NONE, TLS_AUTH_SUPPORTED, TLS_AUTH_REQUIRED };

struct tls_identity {
    struct str certificate; /* DER */
    struct str key;         /* PKCS#8 DER */
    /* Instead of `key`: one that only the angel's keeper holds. */
    struct remote_keys *remote;
    /* Server: a response about it that is fetched; or NULL. */
    struct staple *staple;
};

struct tls_settings {
    bool is_server;
    /* Chain sent after the certificate and trust anchors, DER. */
    const struct tls_identity *identities; /* the first is the default */
    size_t n_identities;
    const struct str *chain;
    size_t n_chain;
    const struct str *trust;
    size_t n_trust;
    enum tls_client_auth client_auth; /* server */
    struct str protocols; /* JSSE names, comma list; "" = TLSv1.2 and 1.3 */
    struct str ciphers;   /* JSSE names, blank list; "" = default */
    bool verify_hostname; /* client */
    const struct str *skip_hosts; /* but not of these: names, "*.name" */
    size_t n_skip_hosts;
    bool trust_system;          /* the machine's authorities as well */
    bool our_order;             /* server: our order of suites counts alone */
    uint32_t session_timeout_s; /* 0: 86400 */
    bool offer_h2;              /* server: HTTP/2 may be agreed on (ALPN) */
    /* Server: keys shared with other configurations and servers; NULL: this
     * configuration's own. */
    struct tickets *tickets;
    /* Certificate revocation lists, PEM; "" none. With any, a peer whose
     * issuer has none is refused. */
    struct str crls;
    /* Server: an OCSP response (DER) for the first identity, handed to clients
     * who ask (stapling); "" none, or its identity's `staple`. */
    struct str ocsp_response;
    struct revocation *revocation; /* asked about peers; or NULL */
};

/* ERR_SYNTAX a certificate, key or protocol name is not understood;
 * ERR_NOT_FOUND no usable cipher is left. */
MUST_CHECK enum err tls_config_new(const struct tls_settings *,
                                   struct tls_config **out,
                                   struct err_info *why);
/* Are the names of `protocols` right? ERR_SYNTAX: *bad, in names, is not. */
MUST_CHECK enum err tls_protocols_check(struct str names, struct str *bad,
                                        struct err_info *why);
/* Is any suite of `ciphers` known and available? */
MUST_CHECK enum err tls_ciphers_check(struct str names, struct err_info *why);
/* Can trust_system be had? *place: where the authorities should be. */
MUST_CHECK bool tls_has_system_authorities(struct str *place);

/* The certificate of a server that was refused last on this thread; holds
 * until the next handshake of a client. */
struct tls_refusal {
    char subject[256]; /* RFC 2253; "" unknown */
    bool is_other_host;
};
const struct tls_refusal *tls_refusal(void);

struct tls_config *tls_config_ref(struct tls_config *);
void tls_config_unref(struct tls_config **);

#endif
