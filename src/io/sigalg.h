/*
 * How certificates, lists and answers are signed, as TLS writes it: a byte for
 * the hash and one for the key (RFC 5246, 7.4.1.4.1), or the scheme's number
 * for RSASSA-PSS (RFC 8446, 4.2.3).
 */
#ifndef SALLYPORT_IO_SIGALG_H
#define SALLYPORT_IO_SIGALG_H

#include <openssl/x509.h>

#include "base/str.h"

/* 0: it has no number for that. */
unsigned sigalg_pair(const X509_ALGOR *);
/* pairs: two bytes each; none: everything is allowed. */
bool sigalg_is_allowed(struct str pairs, const X509_ALGOR *);

#endif
