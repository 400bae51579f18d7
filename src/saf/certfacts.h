/* What one certificate says, in RACF's words. For certparse.c, in the process
 * that reads what strangers send. */
#ifndef SALLYPORT_SAF_CERTFACTS_H
#define SALLYPORT_SAF_CERTFACTS_H

#include <openssl/x509.h>

#include "saf/certparse.h"

void certfacts_read(struct arena *, X509 *, struct cert_facts *);
struct str certfacts_name_der(struct arena *, const X509_NAME *);
/* A copy of n bytes, n <= 0 none; OpenSSL's are given back. */
struct str certfacts_keep(struct arena *, unsigned char *der, int n);

#endif
