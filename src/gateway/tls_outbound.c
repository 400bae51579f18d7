#include "gateway/tls_outbound.h"

#include <stdio.h>

#include "gateway/key_files.h"
#include "gateway/placed.h"

#define LOGGER KEY_FILES_LOGGER

bool
tls_verifies_names(const struct cfg_tree *tree, const struct cfg_ssl *ssl)
{
    return ssl->verify_hostname ||
           CFG_ONE(tree, ssl_default)->http_host_name_verification;
}

/* 0 does not fit; the closer, the higher. */
static unsigned
fits(const struct cfg_outbound_connection *filter, struct str host,
     unsigned port)
{
    bool is_any = str_eq_z(filter->host, "*");

    if (!is_any && !str_eq_nocase(filter->host, host))
        return 0;
    if (filter->port >= 0 && (unsigned)filter->port != port)
        return 0;
    return 1 + (is_any ? 0u : 2u) + (filter->port >= 0 ? 1u : 0u);
}

static bool
is_same_filter(const struct cfg_outbound_connection *a,
               const struct cfg_outbound_connection *b)
{
    return str_eq_nocase(a->host, b->host) && a->port == b->port;
}

/* The earlier ssl element, or this one, that has the same filter; or NULL. */
static const struct cfg_ssl *
taken_by(const struct cfg_tree *tree, const struct cfg_outbound_connection *f)
{
    const struct cfg_ssl *ssl;

    CFG_EACH(tree, ssl, ssl)
    {
        for (size_t i = 0; i < ssl->n_outbound; i++) {
            if (&ssl->outbound[i] == f)
                return NULL;
            if (is_same_filter(&ssl->outbound[i], f))
                return ssl;
        }
    }
    return NULL;
}

static void
say_taken(struct messages_log *log, const struct cfg_ssl *first,
          const struct cfg_outbound_connection *f)
{
    char port[24] = "*";

    if (f->port >= 0)
        (void)snprintf(port, sizeof port, "%lld", (long long)f->port);
    PLACED_LOG(log, LOGGER, PLACE(&f->node, NULL), "CWPKI0815W", f->host,
               str_of(port), first->node.id);
}

void
tls_outbound_check(const struct cfg_tree *tree, struct messages_log *log)
{
    const struct cfg_ssl_default *fallback = CFG_ONE(tree, ssl_default);
    const struct cfg_ssl *ssl, *first;

    CFG_EACH(tree, ssl, ssl)
    {
        if (!tls_verifies_names(tree, ssl) &&
            cfg_is_written(&ssl->node, "verifyHostname"))
            PLACED_LOG(log, LOGGER, PLACE(&ssl->node, NULL), "CWPKI0063W",
                       ssl->node.id);
        for (size_t i = 0; i < ssl->n_outbound; i++) {
            const struct cfg_outbound_connection *f = &ssl->outbound[i];

            if ((first = taken_by(tree, f)) != NULL)
                say_taken(log, first, f);
            else if (str_eq_z(f->host, "*") && f->port < 0 &&
                     fallback->outbound_ssl != NULL)
                PLACED_LOG(log, LOGGER, PLACE(&f->node, NULL), "CWPKI0816W",
                           ssl->node.id, fallback->outbound_ssl->node.id);
        }
    }
}

const struct cfg_ssl *
tls_outbound_of(const struct cfg_tree *tree, const struct cfg_ssl *own,
                struct str host, unsigned port, struct str *alias)
{
    const struct cfg_ssl_default *fallback = CFG_ONE(tree, ssl_default);
    const struct cfg_ssl *ssl, *best = NULL;
    unsigned best_fit = 0;

    *alias = STR("");
    if (own != NULL)
        return own;
    CFG_EACH(tree, ssl, ssl)
    {
        for (size_t i = 0; i < ssl->n_outbound; i++) {
            unsigned fit = fits(&ssl->outbound[i], host, port);

            /* outboundSSLRef wins over a filter for everything. */
            if (fit <= best_fit || (fit == 1 && fallback->outbound_ssl != NULL))
                continue;
            best_fit = fit;
            best = ssl;
            *alias = ssl->outbound[i].client_certificate;
        }
    }
    if (best != NULL)
        return best;
    return fallback->outbound_ssl != NULL ? fallback->outbound_ssl
                                          : fallback->ssl;
}
