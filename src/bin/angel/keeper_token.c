/* Keys in tokens: the store has a sealed reference to them. */
#include "keeper_priv.h"

#include <string.h>

#include "base/secret.h"

enum err
keeper_has_token(struct err_info *why)
{
    return keeper.token != NULL ? ERR_OK
           : keeper.token_label[0] != '\0'
               ? err_set(why, ERR_NOT_NOW,
                         "token %s is not available (its module did not start)",
                         keeper.token_label)
               : err_set(why, ERR_UNSUPPORTED,
                         "no token for keys is set up (etc/angel.conf)");
}

/* A key of the token: new (kind is not 0), or the one of that label. */
enum err
keeper_put_token_key(uint8_t kind, uint32_t bits, struct str name,
                     struct str label, struct str owner, struct buf *out,
                     struct err_info *why)
{
    struct str where = name.n > 0 ? name : str_of(keeper.token_label);
    struct buf ref, spki, sealed;
    enum err e = keeper_has_token(why);

    buf_init(&ref, CERT_DER_MAX);
    buf_init(&spki, CERT_DER_MAX);
    buf_init(&sealed, CERT_DER_MAX);
    if (e == ERR_OK)
        e = kind != 0
                ? token_new_key(keeper.token, where, label,
                                (enum cert_key_kind)kind, bits, &ref, &spki,
                                why)
                : token_find_key(keeper.token, where, label, &ref, &spki, why);
    if (e == ERR_OK)
        e = sealing_close(keeper.master, buf_view(&ref), owner, &sealed, why);
    if (e == ERR_OK) {
        buf_str(out, buf_view(&sealed));
        buf_str(out, buf_view(&spki));
    }
    buf_fini(&ref);
    buf_fini(&spki);
    buf_fini(&sealed);
    return e;
}

bool
keeper_on_find_key(struct reader *in, struct buf *out, enum err *e,
                   struct err_info *why)
{
    struct str owner, label;

    if (!reader_str(in, 1, 8, &owner) || !reader_str(in, 1, 64, &label) ||
        !reader_at_end(in))
        return false;
    *e = keeper_put_token_key(0, 0, STR(""), label, owner, out, why);
    return true;
}

/* A key made elsewhere goes into a token; here stays where it is. */
enum err
keeper_put_into_token(EVP_PKEY *key, struct str pkcs8, struct str name,
                      struct str label, struct str owner, struct buf *out,
                      struct err_info *why)
{
    struct token_ref r = { .token =
                               name.n > 0 ? name : str_of(keeper.token_label) };
    unsigned char digest[32];
    unsigned n = sizeof digest;
    struct buf spki, request, ref, sealed;
    enum err e = keeper_has_token(why);

    buf_init(&spki, CERT_DER_MAX);
    buf_init(&request, 2u * CERT_DER_MAX);
    buf_init(&ref, CERT_DER_MAX);
    buf_init(&sealed, CERT_DER_MAX);
    if (e == ERR_OK)
        e = cert_spki(key, &spki, why);
    if (e == ERR_OK &&
        EVP_Digest(spki.p, spki.n, digest, &n, EVP_sha256(), NULL) != 1)
        e = err_set(why, ERR_IO, "no digest");
    if (e == ERR_OK) {
        r.id = str_n(digest, 20);
        r.spki = buf_view(&spki);
        buf_str(&request, label);
        buf_str(&request, r.id);
        buf_str(&request, pkcs8);
        token_ref_put(&r, &ref);
        e = token_manage(keeper.token, TOKEN_PUT_KEY, r.token,
                         buf_view(&request), &sealed, why);
        buf_clear(&sealed);
    }
    if (e == ERR_OK)
        e = sealing_close(keeper.master, buf_view(&ref), owner, &sealed, why);
    if (e == ERR_OK) {
        buf_str(out, buf_view(&sealed));
        buf_str(out, r.spki);
    }
    if (request.p != NULL)
        secret_wipe(request.p, request.n);
    buf_fini(&spki);
    buf_fini(&request);
    buf_fini(&ref);
    buf_fini(&sealed);
    return e;
}

/* As cert_signer.sign. */
enum err
keeper_sign_in_token(void *arg, int digest, struct str hash, struct buf *out,
                     struct err_info *why)
{
    const struct channel_key *key = arg;
    struct token_ref ref;
    uint8_t code = digest == NID_sha512   ? KEY_SHA512
                   : digest == NID_sha384 ? KEY_SHA384
                                          : KEY_SHA256;
    enum err e = keeper_has_token(why);

    if (e != ERR_OK)
        return e;
    if (!token_ref_read(buf_view(&key->ref), &ref))
        return err_set(why, ERR_SYNTAX, "damaged reference to a token");
    return token_sign(
        keeper.token, &ref,
        EVP_PKEY_get_base_id(key->key) == EVP_PKEY_RSA ? KEY_PKCS1 : KEY_ECDSA,
        code, 0, hash, out, why);
}

/* A key of the token that nobody will use. */
bool
keeper_on_drop_key(struct reader *in, struct buf *out, enum err *e,
                   struct err_info *why)
{
    struct str sealed, owner;
    struct channel_key key;
    struct token_ref ref;

    (void)out;
    if (!reader_str(in, 1, CERT_DER_MAX, &sealed) ||
        !reader_str(in, 1, 8, &owner) || !reader_at_end(in))
        return false;
    *e = keeper_open_key(sealed, owner, &key, why);
    if (*e != ERR_OK)
        return true;
    if (token_ref_read(buf_view(&key.ref), &ref) &&
        (*e = keeper_has_token(why)) == ERR_OK)
        *e = token_delete_key(keeper.token, &ref, why);
    channel_key_fini(&key);
    return true;
}

/* The id and the private key that a certificate takes along. */
static enum err
add_own_key(struct str name, struct str id, struct str sealed, struct str owner,
            struct buf *request, struct err_info *why)
{
    struct token_ref ref;
    struct buf plain;
    enum err e = ERR_OK;

    buf_init(&plain, CERT_DER_MAX);
    if (sealed.n > 0)
        e = sealing_open(keeper.master, sealed, owner, &plain, why);
    if (e != ERR_OK || plain.n == 0) {
        buf_str(request, id);
        buf_str(request, STR(""));
    } else if (!token_ref_read(buf_view(&plain), &ref)) {
        buf_str(request, id);
        buf_str(request, buf_view(&plain));
    } else if (str_eq(ref.token, name)) {
        buf_str(request, ref.id); /* it is there already */
        buf_str(request, STR(""));
    } else {
        e = err_set(why, ERR_UNSUPPORTED,
                    "the private key is in token " STR_FMT
                    " and cannot leave it",
                    STR_ARG(ref.token));
    }
    if (plain.p != NULL)
        secret_wipe(plain.p, plain.n);
    buf_fini(&plain);
    return e;
}

/* A key that is in a token, as the store keeps it. */
static enum err
put_reference(struct str name, struct str id, struct str owner, struct buf *out,
              struct err_info *why)
{
    struct token_ref r = { .token = name, .id = id };
    struct buf spki, request, ref, sealed;
    struct reader in;
    enum err e;

    buf_init(&spki, CERT_DER_MAX);
    buf_init(&request, 1024);
    buf_init(&ref, CERT_DER_MAX);
    buf_init(&sealed, CERT_DER_MAX);
    buf_str(&request, id);
    e = token_manage(keeper.token, TOKEN_KEY, name, buf_view(&request), &spki,
                     why);
    in = reader_of(buf_view(&spki));
    if (e == ERR_OK &&
        (!reader_str(&in, 1, CERT_DER_MAX, &r.spki) || !reader_at_end(&in)))
        e = err_set(why, ERR_PEER, "token: malformed answer");
    if (e == ERR_OK) {
        token_ref_put(&r, &ref);
        e = sealing_close(keeper.master, buf_view(&ref), owner, &sealed, why);
    }
    if (e == ERR_OK) {
        buf_str(out, buf_view(&sealed));
        buf_str(out, r.spki);
    }
    buf_fini(&spki);
    buf_fini(&request);
    buf_fini(&ref);
    buf_fini(&sealed);
    return e;
}

bool
keeper_on_token(struct reader *in, struct buf *out, enum err *e,
                struct err_info *why)
{
    struct str name, id, sealed, owner, body;
    struct buf request;
    uint8_t what;

    if (!reader_u8(in, &what) || what < TOKEN_NAMES || what > TOKEN_KEY ||
        !reader_str(in, 0, 32, &name) || !reader_str(in, 0, 64, &id) ||
        !reader_str(in, 0, CERT_DER_MAX, &sealed) ||
        !reader_str(in, 0, 8, &owner) ||
        !reader_str(in, 0, KEEPER_REQUEST_MAX, &body) || !reader_at_end(in))
        return false;
    *e = keeper_has_token(why);
    if (*e == ERR_OK && what == TOKEN_KEY) {
        *e = put_reference(name, id, owner, out, why);
    } else if (*e == ERR_OK) {
        buf_init(&request, KEEPER_REQUEST_MAX + 4u * CERT_DER_MAX);
        buf_add(&request, body);
        if (what == TOKEN_BIND)
            *e = add_own_key(name, id, sealed, owner, &request, why);
        if (*e == ERR_OK)
            *e = token_manage(keeper.token, (enum token_what)what, name,
                              buf_view(&request), out, why);
        if (request.p != NULL)
            secret_wipe(request.p, request.n);
        buf_fini(&request);
    }
    return true;
}
