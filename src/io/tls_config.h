/* What a tls_config is made of; private to tls.c and tls_rules.c. */
#ifndef SALLYPORT_IO_TLS_CONFIG_H
#define SALLYPORT_IO_TLS_CONFIG_H

#include <stdatomic.h>

#include "base/buf.h"
#include "io/tls.h"
#include "io/tls_ssl.h"

struct identity {
    X509 *certificate;
    EVP_PKEY *key;
    SSL_CTX *ctx; /* servers; NULL for the first: config->ctx */
    struct staple *staple;
};

struct tls_config {
    atomic_uint refs;
    bool is_server;
    bool verify_hostname;
    bool offer_h2;
    struct tickets *tickets; /* NULL: OpenSSL's own, of one context */
    struct buf ocsp;         /* a response for the first identity */
    struct revocation *revocation;
    struct buf skip_hosts; /* each name followed by NUL */
    SSL_CTX *ctx;
    struct identity *identities;
    size_t n_identities;
    struct remote_keys *remote; /* all remote identities are of one ring */
};

/* A context with all rules of `from` and no identity yet; its callbacks look
 * into config. *out is the caller's to free, failed or not. */
MUST_CHECK enum err tls_context_new(const struct tls_settings *from,
                                    STACK_OF(X509) * anchors,
                                    struct tls_config *config, SSL_CTX **out,
                                    struct err_info *why);

#endif
