/* Private keys: made, sealed, opened, and what is signed with them. */
#include "keeper_priv.h"

#include <openssl/x509.h>
#include <string.h>

#include "base/secret.h"

enum err
keeper_put_sealed(EVP_PKEY *key, struct str owner, struct buf *out,
                  struct err_info *why)
{
    struct buf pkcs8, sealed, spki;
    enum err e;

    buf_init(&pkcs8, CERT_DER_MAX);
    buf_init(&sealed, CERT_DER_MAX);
    buf_init(&spki, CERT_DER_MAX);
    e = cert_pkcs8(key, &pkcs8, why);
    if (e == ERR_OK)
        e = sealing_close(keeper.master, buf_view(&pkcs8), owner, &sealed, why);
    if (e == ERR_OK)
        e = cert_spki(key, &spki, why);
    if (e == ERR_OK) {
        buf_str(out, buf_view(&sealed));
        buf_str(out, buf_view(&spki));
    }
    if (pkcs8.p != NULL)
        secret_wipe(pkcs8.p, pkcs8.n);
    buf_fini(&pkcs8);
    buf_fini(&sealed);
    buf_fini(&spki);
    return e;
}

bool
keeper_on_new_key(struct reader *in, struct buf *out, enum err *e,
                  struct err_info *why)
{
    struct str owner, label, name;
    EVP_PKEY *key;
    uint32_t bits;
    uint8_t kind;

    if (!reader_u8(in, &kind) || kind < CERT_RSA || kind > CERT_DSA ||
        !reader_u32(in, &bits) || !reader_str(in, 1, 8, &owner) ||
        !reader_str(in, 0, 64, &label) || !reader_str(in, 0, 32, &name) ||
        !reader_at_end(in))
        return false;
    if (label.n > 0) {
        *e = keeper_put_token_key(kind, bits, name, label, owner, out, why);
        return true;
    }
    *e = cert_new_key((enum cert_key_kind)kind, bits, &key, why);
    if (*e == ERR_OK) {
        *e = keeper_put_sealed(key, owner, out, why);
        EVP_PKEY_free(key);
    }
    return true;
}

bool
keeper_on_seal(struct reader *in, struct buf *out, enum err *e,
               struct err_info *why)
{
    struct str pkcs8, owner, label, name;
    EVP_PKEY *key;

    if (!reader_str(in, 1, CERT_DER_MAX, &pkcs8) ||
        !reader_str(in, 1, 8, &owner) || !reader_str(in, 0, 64, &label) ||
        !reader_str(in, 0, 32, &name) || !reader_at_end(in))
        return false;
    *e = cert_key_read(pkcs8, &key, why);
    if (*e == ERR_OK) {
        *e = label.n > 0 ? keeper_put_into_token(key, pkcs8, name, label, owner,
                                                 out, why)
                         : keeper_put_sealed(key, owner, out, why);
        EVP_PKEY_free(key);
    }
    return true;
}

bool
keeper_on_unseal(struct reader *in, struct buf *out, enum err *e,
                 struct err_info *why)
{
    struct str sealed, owner;
    struct token_ref ref;
    struct buf plain;

    if (!reader_str(in, 1, CERT_DER_MAX, &sealed) ||
        !reader_str(in, 1, 8, &owner) || !reader_at_end(in))
        return false;
    buf_init(&plain, CERT_DER_MAX);
    *e = sealing_open(keeper.master, sealed, owner, &plain, why);
    if (*e == ERR_OK && token_ref_read(buf_view(&plain), &ref))
        *e = err_set(why, ERR_UNSUPPORTED,
                     "the private key is in token " STR_FMT
                     " and cannot leave it",
                     STR_ARG(ref.token));
    if (*e == ERR_OK)
        buf_str(out, buf_view(&plain));
    if (plain.p != NULL)
        secret_wipe(plain.p, plain.n);
    buf_fini(&plain);
    return true;
}

/* ref: the token's own words, kept with the key. */
static enum err
public_of_ref(const struct token_ref *ref, struct str text,
              struct channel_key *out, struct err_info *why)
{
    const unsigned char *p = (const unsigned char *)ref->spki.p;

    out->key = d2i_PUBKEY(NULL, &p, (long)ref->spki.n);
    if (out->key == NULL)
        return err_set(why, ERR_SYNTAX, "a key in a token without public half");
    buf_add(&out->ref, text);
    return buf_check(&out->ref, why);
}

enum err
keeper_open_key(struct str sealed, struct str owner, struct channel_key *out,
                struct err_info *why)
{
    struct token_ref ref;
    struct buf plain;
    enum err e;

    *out = (struct channel_key){ .key = NULL };
    buf_init(&out->ref, CERT_DER_MAX);
    buf_init(&plain, CERT_DER_MAX);
    e = sealing_open(keeper.master, sealed, owner, &plain, why);
    if (e == ERR_OK && token_ref_read(buf_view(&plain), &ref))
        e = public_of_ref(&ref, buf_view(&plain), out, why);
    else if (e == ERR_OK)
        e = cert_key_read(buf_view(&plain), &out->key, why);
    if (plain.p != NULL)
        secret_wipe(plain.p, plain.n);
    buf_fini(&plain);
    if (e != ERR_OK)
        channel_key_fini(out);
    return e;
}

static bool
make_with(enum err (*make)(const struct cert_order *,
                           const struct cert_signer *, struct buf *,
                           struct err_info *),
          struct reader *in, struct buf *out, enum err *e, struct err_info *why)
{
    struct cert_order order;
    struct str sealed, owner;
    struct cert_signer signer;
    struct channel_key key;
    struct buf der, spki;

    if (!reader_str(in, 1, CERT_DER_MAX, &sealed) ||
        !reader_str(in, 1, 8, &owner) || !cert_order_read(in, &order) ||
        !reader_at_end(in))
        return false;
    *e = keeper_open_key(sealed, owner, &key, why);
    if (*e != ERR_OK)
        return true;
    buf_init(&der, CERT_DER_MAX);
    signer = (struct cert_signer){ .key = key.key };
    if (key.ref.n > 0) {
        signer.sign = keeper_sign_in_token;
        signer.arg = &key;
    }
    buf_init(&spki, CERT_DER_MAX);
    /* A request carries the public half of the key that signs it. */
    if (make == cert_make_request) {
        *e = cert_spki(key.key, &spki, why);
        order.spki = buf_view(&spki);
    }
    if (*e == ERR_OK)
        *e = make(&order, &signer, &der, why);
    if (*e == ERR_OK)
        buf_str(out, buf_view(&der));
    buf_fini(&der);
    buf_fini(&spki);
    channel_key_fini(&key);
    return true;
}

bool
keeper_on_certify(struct reader *in, struct buf *out, enum err *e,
                  struct err_info *why)
{
    return make_with(cert_make, in, out, e, why);
}

bool
keeper_on_request(struct reader *in, struct buf *out, enum err *e,
                  struct err_info *why)
{
    return make_with(cert_make_request, in, out, e, why);
}
