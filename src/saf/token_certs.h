/*
 * Certificates in tokens of the PKCS#11 module: what a token holds, which of
 * them is its DEFAULT (the database knows: PKCS#11 has no such attribute), and
 * the token as a key ring of owner "*TOKEN*". Class CRYPTOZ decides who may.
 */
#ifndef SALLYPORT_SAF_TOKEN_CERTS_H
#define SALLYPORT_SAF_TOKEN_CERTS_H

#include "saf/racdcert.h"

#define TOKEN_CERTS_MAX 512u
#define TOKEN_RESULT_MAX (1u << 20)
#define TOKEN_RING_OWNER "*TOKEN*"

/* enum token_what of token.h, which the database does not link. */
enum {
    TOKEN_ASK_NAMES = 1,
    TOKEN_ASK_ADD,
    TOKEN_ASK_DELETE,
    TOKEN_ASK_CERTS,
    TOKEN_ASK_BIND,
    TOKEN_ASK_UNBIND,
    TOKEN_ASK_KEY,
};
enum token_category { TOKEN_USER = 1, TOKEN_AUTHORITY, TOKEN_OTHER };

struct token_cert {
    struct str label, id, der;
    uint8_t category; /* enum token_category; others are users' */
    bool has_private, has_public, is_default;
    struct str fingerprint;
    char sequence[9]; /* hexadecimal, of the fingerprint: it stays the same */
};

/* As ICSF has them: 32 characters, the first a letter or national. */
bool token_is_name(struct str);
/* who: "SO" or "USER", of class CRYPTOZ. No profile is no. */
bool token_may(struct saf_engine *, struct arena *, const struct acee *,
               const char *who, struct str token, enum saf_level);
/* others: objects that are neither certificates nor their keys. */
MUST_CHECK enum err token_list(struct saf_db *, struct arena *,
                               const struct cert_services *, struct str token,
                               struct token_cert **out, size_t *n,
                               uint32_t *others, struct err_info *why);
/* The key of that CKA_ID as a sealed reference. */
MUST_CHECK enum err token_key(const struct cert_services *, struct str owner,
                              struct str token, struct str id,
                              struct buf *sealed, struct err_info *why);
/* fingerprint "": the token has none. */
void token_set_default(struct saf_db *, struct str token,
                       struct str fingerprint);

/* R_datalib: USER.<token> READ lists it and uses its keys, which are never
 * handed over. ERR_DENIED 8/8/8, ERR_NOT_FOUND 8/8/84. */
MUST_CHECK enum err token_ring(struct saf_engine *, struct arena *,
                               const struct cert_services *,
                               const struct acee *, struct str token,
                               bool want_keys, struct ring_view *out,
                               struct saf_rc *rc, struct err_info *why);

#endif
