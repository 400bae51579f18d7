/*
 * What a certificate says. Reading X.509, PKCS#7, PKCS#10 and PKCS#12 given by
 * users happens in a confined child only, which answers with cert_facts_put;
 * the rest of the angel never parses foreign ASN.1.
 */
#ifndef SALLYPORT_SAF_CERTPARSE_H
#define SALLYPORT_SAF_CERTPARSE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/reader.h"
#include "saf/certmake.h"

#define CERTPARSE_CERTS_MAX 16u
#define CERTPARSE_INPUT_MAX (256u * 1024u)

struct cert_facts {
    struct str der;
    struct str serial; /* hexadecimal, even number of digits, no sign */
    struct str issuer; /* most specific first: "CN=X.OU=Y.O=Z" */
    struct str subject;
    struct str issuer_der, subject_der;
    int64_t not_before_s, not_after_s;
    struct str sig_alg;  /* "sha256RSA" */
    struct str key_type; /* "RSA", "NISTECC", "BPECC" */
    uint32_t key_bits;
    struct str key_usage;   /* "HANDSHAKE, CERTSIGN" */
    struct str altnames;    /* lines "IP: 127.0.0.1", "Domain: a.b" */
    struct str key_id;      /* subjectKeyIdentifier */
    struct str key_hash;    /* SHA-256 of the public key's DER, 32 bytes */
    struct str fingerprint; /* SHA-256 of der, 32 bytes */
    bool is_ca;
    bool is_self_signed;
    bool has_bad_signature; /* self-signed, but not by its own key */
    int32_t signer;         /* index of its verified issuer in the bundle, or
                               -1 */
};

struct cert_bundle {
    struct cert_facts *certs; /* end entity first */
    size_t n;
    struct str pkcs8; /* private key of the first, from PKCS#12 */
    bool is_request;  /* PKCS#10: order holds subject, key, names */
    struct cert_order order;
};

/*
 * PEM, DER, PKCS#7 or PKCS#12, told apart by content. The result lives in the
 * arena. trusted: DER certificates that may have issued the first one, looked
 * at for `signer` after the bundle's own (index n, n+1, ...).
 *
 * ERR_SYNTAX  none of these, or damaged; also as certcheck.h
 * ERR_DENIED  PKCS#12: wrong password, or one is needed
 */
MUST_CHECK enum err certparse(struct arena *, struct str input,
                              struct str password, const struct str *trusted,
                              size_t n_trusted, struct cert_bundle *out,
                              struct err_info *why);
/* PKCS#12 with a certificate, its key and its chain, made in the same child:
 * chain holds foreign certificates. */
MUST_CHECK enum err certparse_pkcs12(struct str der, struct str pkcs8,
                                     const struct str *chain, size_t n_chain,
                                     struct str label, struct str password,
                                     struct buf *out, struct err_info *why);
MUST_CHECK enum err certparse_pkcs7(const struct str *ders, size_t n,
                                    struct buf *out, struct err_info *why);

void cert_bundle_put(const struct cert_bundle *, struct buf *out);
/* Strings are borrowed from the input. */
MUST_CHECK bool cert_bundle_read(struct reader *, struct arena *,
                                 struct cert_bundle *out);

#endif
