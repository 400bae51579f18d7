/*
 * RACDCERT, on the extension point of cmd.h. What it needs of other processes
 * comes through cert_services, set once at start.
 */
#ifndef SALLYPORT_SAF_RACDCERT_H
#define SALLYPORT_SAF_RACDCERT_H

#include "saf/cert.h"
#include "saf/cmd.h"
#include "saf/hostid.h"

#define RACDCERT_VERBS 1u
extern const struct cmd_verb *const racdcert_verbs[RACDCERT_VERBS];

/*
 * Each may answer ERR_AGAIN: it takes long. The command then ends, whatever it
 * says, changes nothing (waits is true), and is run again when the result is
 * there: it has to ask the same again, and before that do nothing outside of
 * the database.
 */
struct cert_services {
    /* A private key, sealed for its owner, and its public half. label: in the
     * token of that name ("": the configured one), whose key is only referred
     * to; empty: here. */
    enum err (*new_key)(void *arg, enum cert_key_kind, uint32_t bits,
                        struct str token, struct str label, struct str owner,
                        struct buf *sealed, struct buf *spki,
                        struct err_info *why);
    /* The key pair of that label in the token. ERR_NOT_FOUND. */
    enum err (*find_key)(void *arg, struct str label, struct str owner,
                         struct buf *sealed, struct buf *spki,
                         struct err_info *why);
    /* Nobody will use it: deleted in the token, nothing elsewhere. */
    enum err (*drop_key)(void *arg, struct str sealed, struct str owner,
                         struct err_info *why);
    /* Certificates in tokens, and tokens: `what` of enum token_what, with its
     * request and result. BIND takes along the private key that `sealed` is,
     * KEY gives the key of `id` sealed for its owner. */
    enum err (*token)(void *arg, uint8_t what, struct str token, struct str id,
                      struct str sealed, struct str owner, struct str request,
                      struct buf *result, struct err_info *why);
    /* label: put into the token of that name, likewise. */
    enum err (*seal_key)(void *arg, struct str pkcs8, struct str token,
                         struct str label, struct str owner, struct buf *sealed,
                         struct buf *spki, struct err_info *why);
    /* Clear: wipe it. */
    enum err (*open_key)(void *arg, struct str sealed, struct str owner,
                         struct buf *pkcs8, struct err_info *why);
    /* A certificate, or (is_request) a PKCS#10 request. is_in_token: who signs
     * is. */
    enum err (*make)(void *arg, bool is_request, bool is_in_token,
                     struct str signer_sealed, struct str signer_owner,
                     const struct cert_order *, struct buf *der,
                     struct err_info *why);
    /* certparse, in the confined child. */
    enum err (*parse)(void *arg, struct arena *, struct str input,
                      struct str password, const struct str *trusted,
                      size_t n_trusted, struct cert_bundle *out,
                      struct err_info *why);
    /* hostid_of_cert, likewise; what is read lives in the arena. */
    enum err (*host_ids)(void *arg, struct arena *, struct str der,
                         const struct str *cas, size_t n_cas,
                         struct hostids *out, struct err_info *why);
    enum err (*pkcs12)(void *arg, struct str der, struct str pkcs8,
                       const struct str *chain, size_t n_chain,
                       struct str label, struct str password, struct buf *out,
                       struct err_info *why);
    enum err (*pkcs7)(void *arg, const struct str *ders, size_t n,
                      struct buf *out, struct err_info *why);
    /* A data set of the image, by its full name; may read or write as acee
     * is checked by the caller. */
    enum err (*read)(void *arg, struct str dsn, struct buf *out,
                     struct err_info *why);
    enum err (*write)(void *arg, struct str dsn, struct str content,
                      struct err_info *why);
    /* Something asked for by this command was ERR_AGAIN. */
    bool (*waits)(void *arg);
    void *arg;
};

/* Certificate ID of LIST: base64 of X'D9', owner and label in EBCDIC. */
struct str racdcert_id(struct arena *, struct str owner, struct str label);

void racdcert_open(const struct cert_services *);

#endif
