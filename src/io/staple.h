/*
 * An OCSP response about a server's own certificate, to hand to clients who ask
 * (stapling, RFC 6066, 8): fetched in a thread, again at half of its life, and
 * given to nobody when it is out of date. Counted, any thread.
 */
#ifndef SALLYPORT_IO_STAPLE_H
#define SALLYPORT_IO_STAPLE_H

#include "io/revocation.h"

struct staple;

/* Begins to fetch. ERR_SYNTAX: not DER; ERR_NOT_FOUND: neither the certificate
 * nor the rules name a responder. */
MUST_CHECK enum err staple_new(struct revocation *, struct str certificate,
                               struct str issuer, struct staple **out,
                               struct err_info *why);
struct staple *staple_ref(struct staple *);
void staple_unref(struct staple **);

/* A copy for OpenSSL (OPENSSL_free); NULL: there is none now. */
unsigned char *staple_copy(struct staple *, size_t *bytes);
/* Once for each failure to fetch: true, and why. */
bool staple_take_failure(struct staple *, char text[ERR_TEXT_MAX]);

#endif
