/*
 * Certificate extension hostIdMappings (1.3.18.0.2.18.1): on which host the
 * certificate's holder is which user, said by its issuer. It counts when the
 * issuer is a HIGHTRUST authority and the server that shows the certificate
 * has READ to IRR.HOST.<host> in class SERVAUTH.
 *
 *     HostIdMappings ::= SET OF HostIdMapping
 *     HostIdMapping  ::= SEQUENCE {
 *         hostName  [1] IMPLICIT IA5String,
 *         subjectId [2] IMPLICIT IA5String,
 *         proof     SEQUENCE { OCTET STRING, OBJECT IDENTIFIER } OPTIONAL }
 *
 * The proof is not looked at.
 */
#ifndef SALLYPORT_SAF_HOSTID_H
#define SALLYPORT_SAF_HOSTID_H

#include "base/buf.h"
#include "base/err.h"
#include "base/reader.h"

#define HOSTID_MAX 64u       /* mappings in a certificate */
#define HOSTID_HOST_MAX 100u /* bytes of a host's name */
#define HOSTID_USER_MAX 8u

struct hostid {
    struct str host, user; /* borrowed, printable ASCII, as written */
};
struct hostids {
    struct hostid v[HOSTID_MAX];
    size_t n;
    uint32_t signer; /* which of the authorities signed the certificate */
};

/*
 * The extension's value. DER, and nothing behind it.
 *
 * ERR_SYNTAX  anything else, or names that are none
 * ERR_LIMIT   more than HOSTID_MAX mappings
 */
MUST_CHECK enum err hostid_parse(struct str der, struct hostids *out,
                                 struct err_info *why);

/*
 * In the confined child: the mappings of a certificate, which one of the
 * authorities must have signed, as hostids_read reads them.
 *
 * ERR_DENIED  none of them did
 */
MUST_CHECK enum err hostid_of_cert(struct str der, const struct str *cas,
                                   size_t n_cas, struct buf *out,
                                   struct err_info *why);
/* Borrowed from the input. */
MUST_CHECK bool hostids_read(struct reader *, struct hostids *out);

#endif
