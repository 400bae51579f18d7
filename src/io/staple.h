/*
 * An OCSP response about a server's own certificate, to hand to clients who ask
 * (stapling, RFC 6066, 8): fetched in a thread, again at half of its life, and
 * given to nobody when it is out of date. Counted, any thread.
 */
#ifndef SALLYPORT_IO_STAPLE_H
#define SALLYPORT_IO_STAPLE_H

#include "io/revocation.h"

struct staple;

/* Begins to fetch, unless one for the same certificate was fetched with the
 * same cache. Failures: revocation_cache_failures.
 *
 *   issuers  DER; one of them signed the certificate
 *
 * ERR_SYNTAX: not DER; ERR_NOT_FOUND: the issuer is not among them, or neither
 * the certificate nor the rules name a responder. */
MUST_CHECK enum err staple_new(struct revocation *, struct str certificate,
                               const struct str *issuers, size_t n_issuers,
                               struct staple **out, struct err_info *why);
struct staple *staple_ref(struct staple *);
void staple_unref(struct staple **);

/* A copy for OpenSSL (OPENSSL_free); NULL: there is none now. */
unsigned char *staple_copy(struct staple *, size_t *bytes);

#endif
