/*
 * What a PKCS#12 package asks for before anything of it is opened: how much
 * work its passwords are made to be, and ciphers that libcrypto does not have
 * any more. Runs in the confined child, as all that reads foreign ASN.1.
 */
#ifndef SALLYPORT_SAF_P12_COST_H
#define SALLYPORT_SAF_P12_COST_H

#include <openssl/pkcs12.h>
#include <stdbool.h>

/* In all of a package: what asks for more is made to keep us busy. */
#define P12_ITERATIONS_MAX 1000000

struct p12_cost {
    bool is_too_slow;       /* more than P12_ITERATIONS_MAX: do not open it */
    const char *old_cipher; /* its name, of the first one that is missing; NULL:
                               none is, or the password is wrong anyway */
};

/* password: may be NULL. What is encrypted twice is looked at as well, once the
 * outer layer may be opened. */
void p12_cost(PKCS12 *, const char *password, struct p12_cost *out);

#endif
