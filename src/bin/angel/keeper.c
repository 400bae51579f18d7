#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <unistd.h>

#include "angel.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/secret.h"
#include "keeper_channels.h"
#include "saf/acee.h"
#include "saf/certmake.h"
#include "saf/masterkey.h"
#include "saf/passticket.h"
#include "saf/saf.h"
#include "saf/sealing.h"
#include "saf/store_copy.h"
#include "saf/token.h"

/*
 * The keeper holds the master key and the key that signs job tokens. It is
 * given sealed private keys by the front with each request and keeps none.
 *
 *   KEEP_CERTIFY, KEEP_REQUEST: str sealed signer key, str its owner, then a
 *   certificate order (certmake.h)
 */
#define REQUEST_MAX (128u * 1024u)

static struct keys {
    unsigned char master[SEALING_KEY_BYTES];
    unsigned char token[32]; /* Ed25519 private keys */
    unsigned char acee[32];
} keys;

static struct token *token; /* NULL: none is configured, or it is away */
static char token_label[64];

/* A token that does not come leaves everything but its own keys at work. */
static enum err
start_token(const struct angel_conf *conf, struct err_info *why)
{
    struct err_info away = { 0 };

    if (conf->module == NULL)
        return ERR_OK;
    if (!str_copy_z(conf->token, token_label, sizeof token_label))
        return err_set(why, ERR_LIMIT, "token.label is too long");
    if (token_start(conf, &token, &away) != ERR_OK)
        log_error("%s; keys in the token cannot be used", away.text);
    channels_use_token(token);
    return ERR_OK;
}

static enum err
open_master(struct arena *a, struct err_info *why)
{
    char *path = root_path(a, "saf/master.key");
    char *conf_path = root_path(a, "%s", ANGEL_CONF);
    struct angel_conf conf = { .module = NULL };
    enum err e = path == NULL || conf_path == NULL
                     ? err_set(why, ERR_MEMORY, "no storage")
                     : angel_conf_read(a, conf_path, &conf, why);

    if (e == ERR_OK &&
        access(root_path(a, "saf/master.key" MASTER_NEXT), F_OK) == 0)
        e = err_set(why, ERR_NOT_NOW,
                    "the change of the master key was cut short; sallyport db "
                    "rekey ends it");
    /* A new one would make every key that was sealed worthless, in silence. */
    if (e == ERR_OK && access(path, F_OK) != 0 &&
        access(root_path(a, STORE_MADE), F_OK) == 0)
        e = err_set(why, ERR_NOT_FOUND,
                    "%s: the master key is missing, though the security "
                    "database has been in use: restore it from a backup; "
                    "without it remove %s to begin with a new one, and private "
                    "keys are lost",
                    path, STORE_MADE);
    if (e == ERR_OK)
        e = start_token(&conf, why);
    if (e == ERR_OK)
        e = master_key_open(path, conf.masterkey, token, keys.master, why);
    angel_conf_wipe(&conf);
    return e;
}

/* The two signing keys, sealed beside the master key. */
static enum err
read_signing_keys(const char *path, struct err_info *why)
{
    unsigned char both[64];
    struct buf file, plain;
    enum err e;

    buf_init(&file, 4096);
    buf_init(&plain, 4096);
    e = file_read(path, &file, why);
    if (e == ERR_NOT_FOUND) {
        e = RAND_priv_bytes(both, (int)sizeof both) == 1
                ? sealing_close(keys.master, str_n(both, sizeof both),
                                STR("angel"), &file, why)
                : err_set(why, ERR_IO, "no random numbers");
        if (e == ERR_OK)
            e = file_write_atomic(path, buf_view(&file), 0600, why);
    }
    if (e == ERR_OK)
        e = sealing_open(keys.master, buf_view(&file), STR("angel"), &plain,
                         why);
    if (e == ERR_OK && plain.n != sizeof both)
        e = err_set(why, ERR_SYNTAX, "damaged");
    if (e != ERR_OK) {
        err_prefix(why, "%s", path);
    } else {
        memcpy(keys.token, plain.p, 32);
        memcpy(keys.acee, plain.p + 32, 32);
    }
    secret_wipe(both, sizeof both);
    if (plain.p != NULL)
        secret_wipe(plain.p, plain.n);
    buf_fini(&plain);
    buf_fini(&file);
    return e;
}

static enum err
keeper_open(struct err_info *why)
{
    struct arena a;
    char *signing;
    enum err e;

    secret_lock(&keys, sizeof keys);
    arena_init(&a, 1u << 16);
    signing = root_path(&a, "saf/angel.key");
    e = signing == NULL ? err_set(why, ERR_MEMORY, "no storage")
                        : open_master(&a, why);
    if (e == ERR_OK)
        e = read_signing_keys(signing, why);
    arena_fini(&a);
    return e;
}

/* --- requests ----------------------------------------------------------------
 */

static bool
on_start(struct reader *in, struct buf *out, enum err *e, struct err_info *why)
{
    unsigned char public_key[32];

    if (!reader_at_end(in))
        return false;
    *e = acee_key_public(keys.token, public_key, why);
    if (*e == ERR_OK) {
        buf_add(out, str_n(public_key, sizeof public_key));
        buf_add(out, str_n(keys.acee, sizeof keys.acee));
    }
    return true;
}

static bool
on_sign(struct reader *in, struct buf *out, enum err *e, struct err_info *why)
{
    unsigned char signature[64];
    size_t n = sizeof signature;
    struct str body;
    EVP_PKEY *key;
    EVP_MD_CTX *ctx;

    if (!reader_str(in, 1, 1024, &body) || !reader_at_end(in))
        return false;
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, keys.token, 32);
    ctx = EVP_MD_CTX_new();
    if (key == NULL || ctx == NULL ||
        EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestSign(ctx, signature, &n, (const unsigned char *)body.p,
                       body.n) != 1)
        *e = err_set(why, ERR_IO, "signing failed");
    else
        buf_add(out, str_n(signature, n));
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return true;
}

static enum err
put_sealed(EVP_PKEY *key, struct str owner, struct buf *out,
           struct err_info *why)
{
    struct buf pkcs8, sealed, spki;
    enum err e;

    buf_init(&pkcs8, CERT_DER_MAX);
    buf_init(&sealed, CERT_DER_MAX);
    buf_init(&spki, CERT_DER_MAX);
    e = cert_pkcs8(key, &pkcs8, why);
    if (e == ERR_OK)
        e = sealing_close(keys.master, buf_view(&pkcs8), owner, &sealed, why);
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

static enum err
has_token(struct err_info *why)
{
    return token != NULL ? ERR_OK
           : token_label[0] != '\0'
               ? err_set(why, ERR_NOT_NOW,
                         "token %s is not available (its module did not start)",
                         token_label)
               : err_set(why, ERR_UNSUPPORTED,
                         "no token for keys is set up (etc/angel.conf)");
}

/* A key of the token: new (kind is not 0), or the one of that label. */
static enum err
put_token_key(uint8_t kind, uint32_t bits, struct str name, struct str label,
              struct str owner, struct buf *out, struct err_info *why)
{
    struct str where = name.n > 0 ? name : str_of(token_label);
    struct buf ref, spki, sealed;
    enum err e = has_token(why);

    buf_init(&ref, CERT_DER_MAX);
    buf_init(&spki, CERT_DER_MAX);
    buf_init(&sealed, CERT_DER_MAX);
    if (e == ERR_OK)
        e = kind != 0
                ? token_new_key(token, where, label, (enum cert_key_kind)kind,
                                bits, &ref, &spki, why)
                : token_find_key(token, where, label, &ref, &spki, why);
    if (e == ERR_OK)
        e = sealing_close(keys.master, buf_view(&ref), owner, &sealed, why);
    if (e == ERR_OK) {
        buf_str(out, buf_view(&sealed));
        buf_str(out, buf_view(&spki));
    }
    buf_fini(&ref);
    buf_fini(&spki);
    buf_fini(&sealed);
    return e;
}

static bool
on_find_key(struct reader *in, struct buf *out, enum err *e,
            struct err_info *why)
{
    struct str owner, label;

    if (!reader_str(in, 1, 8, &owner) || !reader_str(in, 1, 64, &label) ||
        !reader_at_end(in))
        return false;
    *e = put_token_key(0, 0, STR(""), label, owner, out, why);
    return true;
}

static bool
on_new_key(struct reader *in, struct buf *out, enum err *e,
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
        *e = put_token_key(kind, bits, name, label, owner, out, why);
        return true;
    }
    *e = cert_new_key((enum cert_key_kind)kind, bits, &key, why);
    if (*e == ERR_OK) {
        *e = put_sealed(key, owner, out, why);
        EVP_PKEY_free(key);
    }
    return true;
}

/* A key made elsewhere goes into a token; here stays where it is. */
static enum err
put_into_token(EVP_PKEY *key, struct str pkcs8, struct str name,
               struct str label, struct str owner, struct buf *out,
               struct err_info *why)
{
    struct token_ref r = { .token = name.n > 0 ? name : str_of(token_label) };
    unsigned char digest[32];
    unsigned n = sizeof digest;
    struct buf spki, request, ref, sealed;
    enum err e = has_token(why);

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
        e = token_manage(token, TOKEN_PUT_KEY, r.token, buf_view(&request),
                         &sealed, why);
        buf_clear(&sealed);
    }
    if (e == ERR_OK)
        e = sealing_close(keys.master, buf_view(&ref), owner, &sealed, why);
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

static bool
on_seal(struct reader *in, struct buf *out, enum err *e, struct err_info *why)
{
    struct str pkcs8, owner, label, name;
    EVP_PKEY *key;

    if (!reader_str(in, 1, CERT_DER_MAX, &pkcs8) ||
        !reader_str(in, 1, 8, &owner) || !reader_str(in, 0, 64, &label) ||
        !reader_str(in, 0, 32, &name) || !reader_at_end(in))
        return false;
    *e = cert_key_read(pkcs8, &key, why);
    if (*e == ERR_OK) {
        *e = label.n > 0
                 ? put_into_token(key, pkcs8, name, label, owner, out, why)
                 : put_sealed(key, owner, out, why);
        EVP_PKEY_free(key);
    }
    return true;
}

static bool
on_unseal(struct reader *in, struct buf *out, enum err *e, struct err_info *why)
{
    struct str sealed, owner;
    struct token_ref ref;
    struct buf plain;

    if (!reader_str(in, 1, CERT_DER_MAX, &sealed) ||
        !reader_str(in, 1, 8, &owner) || !reader_at_end(in))
        return false;
    buf_init(&plain, CERT_DER_MAX);
    *e = sealing_open(keys.master, sealed, owner, &plain, why);
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

static enum err
open_key(struct str sealed, struct str owner, struct channel_key *out,
         struct err_info *why)
{
    struct token_ref ref;
    struct buf plain;
    enum err e;

    *out = (struct channel_key){ .key = NULL };
    buf_init(&out->ref, CERT_DER_MAX);
    buf_init(&plain, CERT_DER_MAX);
    e = sealing_open(keys.master, sealed, owner, &plain, why);
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

/* As cert_signer.sign. */
static enum err
sign_in_token(void *arg, int digest, struct str hash, struct buf *out,
              struct err_info *why)
{
    const struct channel_key *key = arg;
    struct token_ref ref;
    uint8_t code = digest == NID_sha512   ? KEY_SHA512
                   : digest == NID_sha384 ? KEY_SHA384
                                          : KEY_SHA256;
    enum err e = has_token(why);

    if (e != ERR_OK)
        return e;
    if (!token_ref_read(buf_view(&key->ref), &ref))
        return err_set(why, ERR_SYNTAX, "damaged reference to a token");
    return token_sign(
        token, &ref,
        EVP_PKEY_get_base_id(key->key) == EVP_PKEY_RSA ? KEY_PKCS1 : KEY_ECDSA,
        code, 0, hash, out, why);
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
    *e = open_key(sealed, owner, &key, why);
    if (*e != ERR_OK)
        return true;
    buf_init(&der, CERT_DER_MAX);
    signer = (struct cert_signer){ .key = key.key };
    if (key.ref.n > 0) {
        signer.sign = sign_in_token;
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

/* A key of the token that nobody will use. */
static bool
on_drop_key(struct reader *in, struct buf *out, enum err *e,
            struct err_info *why)
{
    struct str sealed, owner;
    struct channel_key key;
    struct token_ref ref;

    (void)out;
    if (!reader_str(in, 1, CERT_DER_MAX, &sealed) ||
        !reader_str(in, 1, 8, &owner) || !reader_at_end(in))
        return false;
    *e = open_key(sealed, owner, &key, why);
    if (*e != ERR_OK)
        return true;
    if (token_ref_read(buf_view(&key.ref), &ref) &&
        (*e = has_token(why)) == ERR_OK)
        *e = token_delete_key(token, &ref, why);
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
        e = sealing_open(keys.master, sealed, owner, &plain, why);
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
    e = token_manage(token, TOKEN_KEY, name, buf_view(&request), &spki, why);
    in = reader_of(buf_view(&spki));
    if (e == ERR_OK &&
        (!reader_str(&in, 1, CERT_DER_MAX, &r.spki) || !reader_at_end(&in)))
        e = err_set(why, ERR_PEER, "token: malformed answer");
    if (e == ERR_OK) {
        token_ref_put(&r, &ref);
        e = sealing_close(keys.master, buf_view(&ref), owner, &sealed, why);
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

static bool
on_token(struct reader *in, struct buf *out, enum err *e, struct err_info *why)
{
    struct str name, id, sealed, owner, body;
    struct buf request;
    uint8_t what;

    if (!reader_u8(in, &what) || what < TOKEN_NAMES || what > TOKEN_KEY ||
        !reader_str(in, 0, 32, &name) || !reader_str(in, 0, 64, &id) ||
        !reader_str(in, 0, CERT_DER_MAX, &sealed) ||
        !reader_str(in, 0, 8, &owner) ||
        !reader_str(in, 0, REQUEST_MAX, &body) || !reader_at_end(in))
        return false;
    *e = has_token(why);
    if (*e == ERR_OK && what == TOKEN_KEY) {
        *e = put_reference(name, id, owner, out, why);
    } else if (*e == ERR_OK) {
        buf_init(&request, REQUEST_MAX + 4u * CERT_DER_MAX);
        buf_add(&request, body);
        if (what == TOKEN_BIND)
            *e = add_own_key(name, id, sealed, owner, &request, why);
        if (*e == ERR_OK)
            *e = token_manage(token, (enum token_what)what, name,
                              buf_view(&request), out, why);
        if (request.p != NULL)
            secret_wipe(request.p, request.n);
        buf_fini(&request);
    }
    return true;
}

static bool
on_certify(struct reader *in, struct buf *out, enum err *e,
           struct err_info *why)
{
    return make_with(cert_make, in, out, e, why);
}

static bool
on_request(struct reader *in, struct buf *out, enum err *e,
           struct err_info *why)
{
    return make_with(cert_make_request, in, out, e, why);
}

/* --- PassTickets
 * ------------------------------------------------------------- */

static bool
on_secret_seal(struct reader *in, struct buf *out, enum err *e,
               struct err_info *why)
{
    struct str secret, what;
    struct buf sealed;

    if (!reader_str(in, 1, 1024, &secret) ||
        !reader_str(in, 1, SAF_PROFILE_MAX, &what) || !reader_at_end(in))
        return false;
    buf_init(&sealed, 2048);
    *e = sealing_close(keys.master, secret, what, &sealed, why);
    if (*e == ERR_OK)
        buf_str(out, buf_view(&sealed));
    buf_fini(&sealed);
    return true;
}

static bool
on_ticket_seal(struct reader *in, struct buf *out, enum err *e,
               struct err_info *why)
{
    struct str key, profile;
    struct buf sealed;

    if (!reader_str(in, PASSTICKET_KEY_BYTES, PASSTICKET_KEY_BYTES, &key) ||
        !reader_str(in, 1, SAF_PROFILE_MAX, &profile) || !reader_at_end(in))
        return false;
    buf_init(&sealed, 256);
    *e = sealing_close(keys.master, key, profile, &sealed, why);
    if (*e == ERR_OK)
        buf_str(out, buf_view(&sealed));
    buf_fini(&sealed);
    return true;
}

static enum err
use_ticket_key(const unsigned char *key, struct str user, struct str appl,
               uint32_t time, struct str ticket, struct buf *out,
               struct err_info *why)
{
    uint32_t times[PASSTICKET_TIMES_MAX];
    char made[PASSTICKET_CHARS];
    size_t n = 0;
    enum err e;

    if (ticket.n == 0) {
        e = passticket_make(key, user, appl, time, made, why);
        if (e == ERR_OK)
            buf_str(out, str_n(made, sizeof made));
        return e;
    }
    e = passticket_times(key, user, appl, ticket, times, &n, why);
    if (e != ERR_OK)
        return e;
    buf_u32(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        buf_u32(out, times[i]);
    return ERR_OK;
}

static bool
on_ticket(struct reader *in, struct buf *out, enum err *e, struct err_info *why)
{
    struct str sealed, profile, user, appl, ticket;
    struct buf plain;
    uint32_t time;

    if (!reader_str(in, 1, 256, &sealed) ||
        !reader_str(in, 1, SAF_PROFILE_MAX, &profile) ||
        !reader_str(in, 1, 8, &user) || !reader_str(in, 1, 8, &appl) ||
        !reader_u32(in, &time) || !reader_str(in, 0, 8, &ticket) ||
        !reader_at_end(in))
        return false;
    buf_init(&plain, 256);
    *e = sealing_open(keys.master, sealed, profile, &plain, why);
    if (*e == ERR_OK && plain.n != PASSTICKET_KEY_BYTES)
        *e = err_set(why, ERR_SYNTAX, "the PassTicket key is damaged");
    if (*e == ERR_OK)
        *e = use_ticket_key((const unsigned char *)plain.p, user, appl, time,
                            ticket, out, why);
    if (plain.p != NULL)
        secret_wipe(plain.p, plain.n);
    buf_fini(&plain);
    return true;
}

/* --- key channels
 * ------------------------------------------------------------ */

static enum err
read_keys(struct reader *in, struct channel_key *list, uint32_t n,
          bool *is_good, struct err_info *why)
{
    enum err e = ERR_OK;

    for (uint32_t i = 0; i < n && e == ERR_OK; i++) {
        struct str sealed, owner;

        *is_good = reader_str(in, 1, CERT_DER_MAX, &sealed) &&
                   reader_str(in, 1, 8, &owner);
        if (!*is_good)
            return ERR_SYNTAX;
        e = open_key(sealed, owner, &list[i], why);
        if (e == ERR_OK)
            e = channel_key_id(list[i].key, list[i].id, why);
    }
    return e;
}

static bool
on_open(struct reader *in, struct buf *out, struct chan_msg *msg, enum err *e,
        struct err_info *why)
{
    int fd = chan_take_fd(msg, 0);
    struct channel_key *list;
    bool is_good = true;
    uint32_t uid, n;

    (void)out;
    if (fd < 0 || !reader_u32(in, &uid) || !reader_u32(in, &n) ||
        n > KEY_CHANNEL_KEYS_MAX)
        return false;
    list = calloc(n + 1, sizeof *list);
    if (list == NULL)
        *e = err_set(why, ERR_MEMORY, "no storage for keys");
    else
        *e = read_keys(in, list, n, &is_good, why);
    if (*e == ERR_OK) {
        *e = channels_add(fd, uid, list, n, why);
        return is_good && reader_at_end(in);
    }
    for (uint32_t i = 0; list != NULL && i < n; i++)
        channel_key_fini(&list[i]);
    free(list);
    close(fd);
    return is_good;
}

/* All the front may ask. False: malformed, the keeper ends. */
static const struct {
    uint16_t type;
    bool (*run)(struct reader *, struct buf *, enum err *, struct err_info *);
} requests[] = {
    { KEEP_START, on_start },       { KEEP_SIGN, on_sign },
    { KEEP_NEW_KEY, on_new_key },   { KEEP_SEAL, on_seal },
    { KEEP_UNSEAL, on_unseal },     { KEEP_CERTIFY, on_certify },
    { KEEP_REQUEST, on_request },   { KEEP_TICKET_SEAL, on_ticket_seal },
    { KEEP_TICKET, on_ticket },     { KEEP_FIND_KEY, on_find_key },
    { KEEP_DROP_KEY, on_drop_key }, { KEEP_SECRET_SEAL, on_secret_seal },
    { KEEP_TOKEN, on_token },
};

static bool
answer(int fd, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct err_info why = { 0 };
    enum err e = ERR_OK;
    struct buf result, reply;
    bool is_good = false;

    buf_init(&result, REQUEST_MAX);
    buf_init(&reply, REQUEST_MAX + 1024u);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        if (requests[i].type == msg->type)
            is_good = requests[i].run(&in, &result, &e, &why);
    }
    if (msg->type == KEEP_OPEN)
        is_good = on_open(&in, &result, msg, &e, &why);
    if (e == ERR_OK)
        e = buf_check(&result, &why);
    chan_answer_write(&reply, e, &why, buf_view(&result));
    is_good = is_good && chan_send(fd, msg->type, msg->seq, buf_view(&reply),
                                   NULL, 0, NULL) == ERR_OK;
    if (result.p != NULL)
        secret_wipe(result.p, result.n);
    if (reply.p != NULL)
        secret_wipe(reply.p, reply.n);
    buf_fini(&result);
    buf_fini(&reply);
    return is_good;
}

/* Let libcrypto load what it loads lazily, before files are out of reach. */
static bool
warm_up(void)
{
    struct err_info why = { 0 };
    struct buf spki;
    EVP_PKEY *key;
    bool ok = OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) == 1 &&
              cert_new_key(CERT_NISTECC, 256, &key, &why) == ERR_OK;

    if (!ok)
        return false;
    buf_init(&spki, CERT_DER_MAX);
    ok = cert_spki(key, &spki, &why) == ERR_OK;
    buf_fini(&spki);
    EVP_PKEY_free(key);
    return ok;
}

int
keeper_run(int fd)
{
    struct err_info why = { 0 };
    struct chan_msg msg;

    log_init("sallyport-angel keeper");
    tzset(); /* its file cannot be read later */
    if (!warm_up() || keeper_open(&why) != ERR_OK ||
        confine(CONFINE_COMPUTE, CHILD_KEEPER, &why) != ERR_OK) {
        log_error("%s", why.text);
        return 1;
    }
    for (;;) {
        static struct pollfd p[KEY_CHANNELS_MAX + 2];
        size_t n = channels_poll(p + 2, KEY_CHANNELS_MAX);

        p[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
        p[1] = (struct pollfd){ .fd = token == NULL ? -1 : token_fd(token),
                                .events = POLLIN };
        if (poll(p, n + 2, -1) < 0)
            continue;
        channels_serve(p + 2, n);
        /* The nest starts both again; clients ask again. */
        if (p[1].revents != 0 && token_ready(token, &why) != ERR_OK) {
            log_error("%s", why.text);
            return 1;
        }
        if (p[0].revents == 0)
            continue;
        if (chan_recv(fd, &msg, NULL) != ERR_OK)
            return 0;
        if (!answer(fd, &msg)) {
            chan_msg_fini(&msg);
            return 1;
        }
        chan_msg_fini(&msg);
    }
}
