/*
 * What a foreign certificate must be before anything of it is believed or
 * stored. In the confined child, as all that reads foreign ASN.1.
 */
#ifndef SALLYPORT_SAF_CERTCHECK_H
#define SALLYPORT_SAF_CERTCHECK_H

#include <openssl/x509.h>

#include "base/err.h"

#define CERT_SERIAL_MAX 64u /* bytes; RFC 5280 has 20 */
/* RSA: as many as libcrypto verifies with. */
#define CERT_PUBLIC_BITS_MAX 16384
/* RSA and DSA: the keeper signs with it. */
#define CERT_PRIVATE_BITS_MAX 4096

/*
 * ERR_SYNTAX       names, dates, extensions or key are damaged, stand there
 *                  twice, or hide something (a NUL in a name)
 * ERR_LIMIT        longer or larger than we take
 * ERR_UNSUPPORTED  a kind of key or a curve that is not one of ours
 */
MUST_CHECK enum err certcheck(X509 *, struct err_info *why);
/* A private key that came along with it. */
MUST_CHECK enum err certcheck_key(X509 *, EVP_PKEY *, struct err_info *why);

#endif
