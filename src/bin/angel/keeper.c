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

#include "base/clock.h"
#include "base/file.h"
#include "base/fips.h"
#include "base/log.h"
#include "base/secret.h"
#include "keeper_priv.h"
#include "saf/acee.h"
#include "saf/masterkey.h"
#include "saf/store_copy.h"

/*
 * The keeper holds the master key and the key that signs job tokens. It is
 * given sealed private keys by the front with each request and keeps none.
 *
 *   KEEP_CERTIFY, KEEP_REQUEST: str sealed signer key, str its owner, then a
 *   certificate order (certmake.h)
 */
struct keeper keeper;

/* A token that does not come leaves everything but its own keys at work. */
static enum err
start_token(const struct angel_conf *conf, struct err_info *why)
{
    struct err_info away = { 0 };

    if (conf->module == NULL)
        return ERR_OK;
    if (!str_copy_z(conf->token, keeper.token_label, sizeof keeper.token_label))
        return err_set(why, ERR_LIMIT, "token.label is too long");
    if (token_start(conf, &keeper.token, &away) != ERR_OK)
        log_error("%s; keys in the token cannot be used", away.text);
    channels_use_token(keeper.token);
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
        e = master_key_open(path, conf.masterkey, keeper.token, keeper.master,
                            why);
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
                ? sealing_close(keeper.master, str_n(both, sizeof both),
                                STR("angel"), &file, why)
                : err_set(why, ERR_IO, "no random numbers");
        if (e == ERR_OK)
            e = file_write_atomic(path, buf_view(&file), 0600, why);
    }
    if (e == ERR_OK)
        e = sealing_open(keeper.master, buf_view(&file), STR("angel"), &plain,
                         why);
    if (e == ERR_OK && plain.n != sizeof both)
        e = err_set(why, ERR_SYNTAX, "damaged");
    if (e != ERR_OK) {
        err_prefix(why, "%s", path);
    } else {
        memcpy(keeper.job_key, plain.p, 32);
        memcpy(keeper.acee_key, plain.p + 32, 32);
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

    secret_lock(&keeper, sizeof keeper);
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
keeper_on_start(struct reader *in, struct buf *out, enum err *e,
                struct err_info *why)
{
    unsigned char public_key[32];

    if (!reader_at_end(in))
        return false;
    *e = acee_key_public(keeper.job_key, public_key, why);
    if (*e == ERR_OK) {
        buf_add(out, str_n(public_key, sizeof public_key));
        buf_add(out, str_n(keeper.acee_key, sizeof keeper.acee_key));
    }
    return true;
}

static bool
keeper_on_sign(struct reader *in, struct buf *out, enum err *e,
               struct err_info *why)
{
    unsigned char signature[64];
    size_t n = sizeof signature;
    struct str body;
    EVP_PKEY *key;
    EVP_MD_CTX *ctx;

    if (!reader_str(in, 1, 1024, &body) || !reader_at_end(in))
        return false;
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, keeper.job_key,
                                       32);
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
        e = keeper_open_key(sealed, owner, &list[i], why);
        if (e == ERR_OK)
            e = channel_key_id(list[i].key, list[i].id, why);
    }
    return e;
}

static bool
keeper_on_open(struct reader *in, struct buf *out, struct chan_msg *msg,
               enum err *e, struct err_info *why)
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
    { KEEP_START, keeper_on_start },
    { KEEP_SIGN, keeper_on_sign },
    { KEEP_NEW_KEY, keeper_on_new_key },
    { KEEP_SEAL, keeper_on_seal },
    { KEEP_UNSEAL, keeper_on_unseal },
    { KEEP_CERTIFY, keeper_on_certify },
    { KEEP_REQUEST, keeper_on_request },
    { KEEP_TICKET_SEAL, keeper_on_ticket_seal },
    { KEEP_TICKET, keeper_on_ticket },
    { KEEP_FIND_KEY, keeper_on_find_key },
    { KEEP_DROP_KEY, keeper_on_drop_key },
    { KEEP_SECRET_SEAL, keeper_on_secret_seal },
    { KEEP_TOKEN, keeper_on_token },
};

bool
keeper_run_request(uint16_t type, struct reader *in, struct buf *out,
                   enum err *e, struct err_info *why)
{
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        if (requests[i].type == type)
            return requests[i].run(in, out, e, why);
    }
    return false;
}

static bool
answer(int fd, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct err_info why = { 0 };
    enum err e = ERR_OK;
    struct buf result;
    bool is_good;

    if (keeper_is_slow(msg->type)) {
        is_good =
            keeper_aside(fd, msg->seq, msg->type, msg->payload, -1, &e, &why);
        return is_good &&
               (e == ERR_OK || chan_answer_send(fd, msg->type, msg->seq, e,
                                                &why, STR("")) == ERR_OK);
    }
    buf_init(&result, KEEPER_REQUEST_MAX);
    if (msg->type == KEEP_OPEN)
        is_good = keeper_on_open(&in, &result, msg, &e, &why);
    else if (msg->type == KEEP_MAKE_KEY)
        is_good = keeper_on_make_key(&in, msg, &e, &why);
    else if (msg->type == KEEP_ASIDE)
        is_good = keeper_on_aside(&in, msg, &e, &why);
    else
        is_good = keeper_run_request(msg->type, &in, &result, &e, &why);
    if (e == ERR_OK)
        e = buf_check(&result, &why);
    is_good = is_good && chan_answer_send(fd, msg->type, msg->seq, e, &why,
                                          buf_view(&result)) == ERR_OK;
    if (result.p != NULL)
        secret_wipe(result.p, result.n);
    buf_fini(&result);
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
    (void)fips_library(NULL); /* who needs it hears that it is not there */
    return ok;
}

/* Front, token, makers; channels follow. */
#define OWN_FDS (2u + ANGEL_MAKERS)

int
keeper_run(int fd)
{
    struct err_info why = { 0 };
    struct chan_msg msg;

    log_init("sallyport-angel keeper");
    tzset(); /* its file cannot be read later */
    if (!warm_up() || makers_start(fd, &why) != ERR_OK ||
        keeper_open(&why) != ERR_OK ||
        confine(CONFINE_COMPUTE, CHILD_KEEPER, &why) != ERR_OK) {
        log_error("%s", why.text);
        return 1;
    }
    for (;;) {
        static struct pollfd p[OWN_FDS + KEY_CHANNELS_MAX];
        size_t n = channels_poll(p + OWN_FDS, KEY_CHANNELS_MAX);

        p[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
        p[1] = (struct pollfd){ .fd = keeper.token == NULL
                                          ? -1
                                          : token_fd(keeper.token),
                                .events = POLLIN };
        makers_poll(p + 2);
        if (poll(p, n + OWN_FDS,
                 keeper.token == NULL
                     ? -1
                     : token_asides_wait_ms(keeper.token, clock_mono_ms())) < 0)
            continue;
        channels_serve(p + OWN_FDS, n);
        /* The nest starts all again; clients ask again. */
        if ((p[1].revents != 0 && token_ready(keeper.token, &why) != ERR_OK) ||
            makers_ready(p + 2, &why) != ERR_OK) {
            log_error("%s", why.text);
            return 1;
        }
        if (!keeper_asides_go_on())
            return 1;
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
