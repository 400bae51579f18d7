/*
 * Remote keys from both ends: the keeper's side in a thread, OpenSSL and a loop
 * on ours. What is signed verifies with the certificate; a keeper that dies
 * while a handshake waits costs nothing but time; a handshake that is given up
 * leaves nothing behind.
 */
#include "base/test.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fips.h"
#include "base/file.h"
#include "base/reader.h"
#include "base/test_fips.h"
#include "io/remote_key.h"
#include "io/stream.h"
#include "io/test_certs.h"
#include "ipc/chan.h"
#include "keeper_channels.h"

static struct test_cert ca, rsa, ec, small, other;

/* --- the keeper -------------------------------------------------------------
 */

enum { CMD_ADD = 1, CMD_KILL, CMD_PAUSE, CMD_GO, CMD_QUIT };

static char dir[] = "/tmp/test-keys.XXXXXX";
static int command_fd, keeper_fd;
static pthread_t keeper;

static struct channel_key
copy_key(EVP_PKEY *from)
{
    struct channel_key k = { .key = from };

    EVP_PKEY_up_ref(from);
    assert_int_equal(channel_key_id(from, k.id, NULL), ERR_OK);
    return k;
}

static void
add(int fd)
{
    struct channel_key *keys = calloc(3, sizeof *keys);

    assert_non_null(keys);
    keys[0] = copy_key(rsa.key);
    keys[1] = copy_key(ec.key);
    keys[2] = copy_key(small.key);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(channels_add(fd, 1, keys, 3, NULL), ERR_OK);
}

static void *
keep(void *arg)
{
    struct pollfd p[64];
    bool is_paused = false;

    (void)arg;
    for (;;) {
        size_t n = is_paused ? 0 : channels_poll(p + 1, ARRAY_LEN(p) - 1);
        struct chan_msg msg;

        p[0] = (struct pollfd){ .fd = keeper_fd, .events = POLLIN };
        assert_true(poll(p, n + 1, -1) > 0);
        channels_serve(p + 1, n);
        if (p[0].revents == 0)
            continue;
        assert_int_equal(chan_recv(keeper_fd, &msg, NULL), ERR_OK);
        if (msg.type == CMD_ADD)
            add(chan_take_fd(&msg, 0));
        is_paused = msg.type == CMD_PAUSE ||
                    (is_paused && msg.type != CMD_GO && msg.type != CMD_KILL);
        if (msg.type == CMD_KILL || msg.type == CMD_QUIT) {
            n = channels_poll(p + 1, ARRAY_LEN(p) - 1);
            for (size_t i = 0; i < n; i++) {
                (void)shutdown(p[i + 1].fd, SHUT_RDWR);
                p[i + 1].revents = POLLHUP;
            }
            channels_serve(p + 1, n);
        }
        /* An answer, so that the test knows that it is done. */
        assert_int_equal(
            chan_send(keeper_fd, msg.type, 0, STR(""), NULL, 0, NULL), ERR_OK);
        if (msg.type == CMD_QUIT) {
            chan_msg_fini(&msg);
            return NULL;
        }
        chan_msg_fini(&msg);
    }
}

static void
tell(uint16_t command, int fd)
{
    struct chan_msg msg;

    assert_int_equal(
        chan_send(command_fd, command, 0, STR(""), &fd, fd >= 0, NULL), ERR_OK);
    assert_int_equal(chan_recv(command_fd, &msg, NULL), ERR_OK);
    chan_msg_fini(&msg);
}

/* `arg` counts; after `refuse` has been set nothing is opened. */
struct opener {
    int n;
    enum err refuse;
};

static enum err
open_pair(void *arg, int *fd, struct err_info *why)
{
    struct opener *o = arg;
    int pair[2];

    o->n++;
    if (o->refuse != ERR_OK)
        return err_set(why, o->refuse, "refused");
    assert_int_equal(chan_pair(pair, why), ERR_OK);
    tell(CMD_ADD, pair[1]);
    close(pair[1]);
    *fd = pair[0];
    return ERR_OK;
}

static int
start(void **state)
{
    int pair[2];

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_non_null(mkdtemp(dir));
    (void)test_fips_install(dir); /* tests look whether it is there */
    ca = test_cert_make((struct test_cert_spec){ .name = "CA", .is_ca = true });
    rsa = test_cert_make((struct test_cert_spec){
        .name = "rsa", .san = "DNS:localhost", .is_rsa = true, .issuer = &ca });
    ec = test_cert_make((struct test_cert_spec){
        .name = "ec", .san = "DNS:localhost", .issuer = &ca });
    small = test_cert_make(
        (struct test_cert_spec){ .name = "small", .rsa_bits = 1024 });
    other = test_cert_make((struct test_cert_spec){ .name = "other" });
    assert_int_equal(chan_pair(pair, NULL), ERR_OK);
    command_fd = pair[0];
    keeper_fd = pair[1];
    return pthread_create(&keeper, NULL, keep, NULL);
}

static int
stop(void **state)
{
    (void)state;
    tell(CMD_QUIT, -1);
    (void)pthread_join(keeper, NULL);
    close(command_fd);
    close(keeper_fd);
    test_cert_free(&ca);
    test_cert_free(&rsa);
    test_cert_free(&ec);
    test_cert_free(&small);
    test_cert_free(&other);
    return tree_remove(dir, NULL) == ERR_OK ? 0 : 1;
}

static struct remote_keys *
keys_in(OSSL_LIB_CTX *library, struct opener *o)
{
    struct remote_keys *k = NULL;
    struct err_info why = { 0 };

    assert_int_equal(
        remote_keys_new(&(struct remote_source){ open_pair, NULL, o, library },
                        &k, &why),
        ERR_OK);
    return k;
}

static struct remote_keys *
keys_new(struct opener *o)
{
    return keys_in(NULL, o);
}

static EVP_PKEY *
key_of(struct remote_keys *k, const struct test_cert *c)
{
    struct err_info why = { 0 };
    EVP_PKEY *key = NULL;

    if (remote_key_of(k, test_cert_der(c), &key, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return key;
}

/* --- without a loop ---------------------------------------------------------
 */

static bool
sign_in(OSSL_LIB_CTX *library, EVP_PKEY *with, EVP_PKEY *verify, const char *md,
        int padding)
{
    static const unsigned char text[] = "what is signed";
    EVP_MD_CTX *s = EVP_MD_CTX_new(), *v = EVP_MD_CTX_new();
    unsigned char out[KEY_RESULT_MAX];
    size_t n = sizeof out;
    EVP_PKEY_CTX *ps = NULL, *pv = NULL;
    bool ok =
        EVP_DigestSignInit_ex(s, &ps, md, library, NULL, with, NULL) == 1 &&
        (padding == 0 || EVP_PKEY_CTX_set_rsa_padding(ps, padding) == 1) &&
        (padding != RSA_PKCS1_PSS_PADDING ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen(ps, RSA_PSS_SALTLEN_DIGEST) == 1) &&
        EVP_DigestSign(s, out, &n, text, sizeof text) == 1;

    ok = ok &&
         EVP_DigestVerifyInit_ex(v, &pv, md, NULL, NULL, verify, NULL) == 1 &&
         (padding == 0 || EVP_PKEY_CTX_set_rsa_padding(pv, padding) == 1) &&
         EVP_DigestVerify(v, out, n, text, sizeof text) == 1;
    EVP_MD_CTX_free(s);
    EVP_MD_CTX_free(v);
    ERR_clear_error();
    return ok;
}

static bool
sign_and_verify(EVP_PKEY *with, EVP_PKEY *verify, const char *md, int padding)
{
    return sign_in(NULL, with, verify, md, padding);
}

static void
signs(void **state)
{
    static const struct {
        const struct test_cert *cert;
        const char *md;
        int padding;
        bool ok;
    } rows[] = {
        { &ec, "SHA256", 0, true },
        { &ec, "SHA384", 0, true },
        { &ec, "SHA1", 0, true },
        { &rsa, "SHA256", RSA_PKCS1_PADDING, true },
        { &rsa, "SHA512", RSA_PKCS1_PADDING, true },
        { &rsa, "SHA256", RSA_PKCS1_PSS_PADDING, true },
        { &rsa, "SHA384", RSA_PKCS1_PSS_PADDING, true },
        { &ec, "SHA256", RSA_PKCS1_PADDING, false },
        { &ec, "SHA3-256", 0, false },
        { &other, "SHA256", 0, false }, /* not on this channel */
    };
    struct opener o = { 0 };
    struct remote_keys *k = keys_new(&o);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        EVP_PKEY *key = key_of(k, rows[i].cert);

        assert_int_equal(sign_and_verify(key, rows[i].cert->key, rows[i].md,
                                         rows[i].padding),
                         rows[i].ok);
        /* The other key's signature is not this one's. */
        assert_false(sign_and_verify(
            key, rows[i].cert == &rsa ? ec.key : rsa.key, "SHA256", 0));
        EVP_PKEY_free(key);
    }
    remote_keys_unref(&k);
}

/* What is written with its algorithm beside the signature: requests for
 * certificates, requests to responders. */
static void
signs_documents(void **state)
{
    static const struct {
        const struct test_cert *cert;
        const EVP_MD *(*md)(void);
        int nid;
    } rows[] = {
        { &ec, EVP_sha256, NID_ecdsa_with_SHA256 },
        { &ec, EVP_sha384, NID_ecdsa_with_SHA384 },
        { &rsa, EVP_sha256, NID_sha256WithRSAEncryption },
        { &rsa, EVP_sha512, NID_sha512WithRSAEncryption },
    };
    struct opener o = { 0 };
    struct remote_keys *k = keys_new(&o);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        EVP_PKEY *key = key_of(k, rows[i].cert);
        X509_REQ *r = X509_REQ_new();

        assert_non_null(r);
        assert_int_equal(X509_REQ_set_version(r, X509_REQ_VERSION_1), 1);
        assert_int_equal(X509_REQ_set_pubkey(r, rows[i].cert->key), 1);
        assert_true(X509_REQ_sign(r, key, rows[i].md()) > 0);
        assert_int_equal(X509_REQ_get_signature_nid(r), rows[i].nid);
        assert_int_equal(X509_REQ_verify(r, rows[i].cert->key), 1);
        X509_REQ_free(r);
        EVP_PKEY_free(key);
    }
    remote_keys_unref(&k);
}

static bool
decrypts(EVP_PKEY *key, int padding, const unsigned char *in, size_t n_in,
         unsigned char *out, size_t *n)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    unsigned version = TLS1_2_VERSION;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION,
                                  &version),
        OSSL_PARAM_construct_end(),
    };
    bool ok = EVP_PKEY_decrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1 &&
              (padding != RSA_PKCS1_WITH_TLS_PADDING ||
               EVP_PKEY_CTX_set_params(ctx, params) == 1) &&
              EVP_PKEY_decrypt(ctx, out, n, in, n_in) == 1;

    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

static void
decrypts_what_tls_sends(void **state)
{
    unsigned char secret[48] = { 3, 3, 7 }, sealed[256], out[256];
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(rsa.key, NULL);
    size_t n_sealed = sizeof sealed, n = 48;
    struct opener o = { 0 };
    struct remote_keys *k = keys_new(&o);
    EVP_PKEY *key = key_of(k, &rsa), *wrong = key_of(k, &ec);

    (void)state;
    assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_encrypt(ctx, sealed, &n_sealed, secret, 48), 1);
    EVP_PKEY_CTX_free(ctx);
    assert_true(
        decrypts(key, RSA_PKCS1_WITH_TLS_PADDING, sealed, n_sealed, out, &n));
    assert_int_equal(n, 48);
    assert_memory_equal(out, secret, 48);
    n = sizeof out;
    assert_true(decrypts(key, RSA_PKCS1_PADDING, sealed, n_sealed, out, &n));
    assert_memory_equal(out, secret, 48);
    /* Damaged: an answer all the same, and another one (no oracle). */
    sealed[17] ^= 1;
    n = 48;
    assert_true(
        decrypts(key, RSA_PKCS1_WITH_TLS_PADDING, sealed, n_sealed, out, &n));
    assert_int_equal(n, 48);
    assert_memory_not_equal(out, secret, 48);
    n = sizeof out;
    assert_false(decrypts(wrong, RSA_PKCS1_PADDING, sealed, n_sealed, out, &n));
    EVP_PKEY_free(key);
    EVP_PKEY_free(wrong);
    remote_keys_unref(&k);
}

static void
blocking_survives_the_keeper(void **state)
{
    struct opener o = { 0 };
    struct remote_keys *k = keys_new(&o);
    EVP_PKEY *key = key_of(k, &ec);

    (void)state;
    assert_true(sign_and_verify(key, ec.key, "SHA256", 0));
    tell(CMD_KILL, -1);
    assert_true(sign_and_verify(key, ec.key, "SHA256", 0));
    o.refuse = ERR_DENIED;
    tell(CMD_KILL, -1);
    assert_false(sign_and_verify(key, ec.key, "SHA256", 0));
    EVP_PKEY_free(key);
    remote_keys_unref(&k);
}

static void
refused_at_once(void **state)
{
    struct opener o = { .refuse = ERR_DENIED };
    struct remote_keys *k = NULL;

    (void)state;
    assert_int_equal(
        remote_keys_new(&(struct remote_source){ open_pair, NULL, &o }, &k,
                        NULL),
        ERR_DENIED);
    assert_null(k);
}

/* --- FIPS -------------------------------------------------------------------
 */

/* What the keeper says to a question of ours: its err; the text is in msg. */
static enum err
ask(uint16_t type, const struct test_cert *of, struct str rest,
    struct chan_msg *msg, struct str *text)
{
    struct channel_key k = copy_key(of->key);
    struct opener o = { 0 };
    struct buf request;
    struct reader in;
    uint8_t e = 255;
    int fd = -1;

    buf_init(&request, 4096);
    buf_add(&request, str_n(k.id, KEY_ID_BYTES));
    buf_add(&request, rest);
    assert_int_equal(open_pair(&o, &fd, NULL), ERR_OK);
    assert_int_equal(chan_send(fd, type, 1, buf_view(&request), NULL, 0, NULL),
                     ERR_OK);
    assert_int_equal(chan_recv(fd, msg, NULL), ERR_OK);
    in = reader_of(msg->payload);
    assert_true(reader_u8(&in, &e) &&
                reader_str(&in, 0, KEY_RESULT_MAX, text) && reader_at_end(&in));
    buf_fini(&request);
    channel_key_fini(&k);
    close(fd);
    return (enum err)e;
}

#define BYTES(literal) (literal), sizeof(literal) - 1
#define HASH_32                                                                \
    "\0\0\0\x20"                                                               \
    "0123456789abcdef0123456789abcdef"

/* Where there is a FIPS provider it does what it may; where there is none
 * nothing is done in its name. */
static void
keeper_uses_a_fips_provider_or_nothing(void **state)
{
    static const struct {
        const struct test_cert *cert;
        uint16_t type;
        const char *rest;
        size_t n;
        enum err plain, fips;
    } rows[] = {
        { &rsa, KEY_SIGN, BYTES("\1\3\0\0" HASH_32), ERR_OK, ERR_OK },
        { &rsa, KEY_SIGN, BYTES("\2\3\0\x20" HASH_32), ERR_OK, ERR_OK },
        { &ec, KEY_SIGN, BYTES("\3\3\0\0" HASH_32), ERR_OK, ERR_OK },
        { &ec, KEY_SIGN, BYTES("\1\3\0\0" HASH_32), ERR_UNSUPPORTED,
          ERR_UNSUPPORTED },
        { &small, KEY_SIGN, BYTES("\1\3\0\0" HASH_32), ERR_OK,
          ERR_UNSUPPORTED },
        { &small, KEY_SIGN, BYTES("\2\3\0\x20" HASH_32), ERR_OK,
          ERR_UNSUPPORTED },
        { &rsa, KEY_SIGN,
          BYTES("\1\6\0\0\0\0\0\x24"
                "0123456789abcdef0123456789abcdef0123"),
          ERR_OK, ERR_UNSUPPORTED },
        { &ec, KEY_DECRYPT, BYTES("\3\3\3\0\0\0\1a"), ERR_DENIED, ERR_DENIED },
    };
    bool is_here = fips_library(NULL) != NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct chan_msg msg;
        struct str text;
        enum err e = ask(rows[i].type, rows[i].cert,
                         str_n(rows[i].rest, rows[i].n), &msg, &text);

        assert_int_equal(e, rows[i].plain);
        chan_msg_fini(&msg);
        e = ask(rows[i].type | KEY_FIPS, rows[i].cert,
                str_n(rows[i].rest, rows[i].n), &msg, &text);
        assert_int_equal(e, is_here || rows[i].fips != ERR_OK
                                ? rows[i].fips
                                : ERR_UNSUPPORTED);
        assert_true(e == ERR_OK ||
                    str_find(text, STR("FIPS provider")) != STR_NPOS);
        chan_msg_fini(&msg);
    }
}

static void
signs_in_a_fips_library(void **state)
{
    static const struct {
        const struct test_cert *cert;
        const char *md;
        int padding;
        bool ok;
    } rows[] = {
        { &ec, "SHA256", 0, true },
        { &ec, "SHA384", 0, true },
        { &rsa, "SHA256", RSA_PKCS1_PADDING, true },
        { &rsa, "SHA384", RSA_PKCS1_PSS_PADDING, true },
        { &ec, "MD5", 0, false },
        { &rsa, "MD5-SHA1", RSA_PKCS1_PADDING, false },
        { &small, "SHA256", RSA_PKCS1_PADDING, false },
        { &other, "SHA256", 0, false },
    };
    OSSL_LIB_CTX *library = fips_library(NULL);
    struct opener o = { 0 };
    struct remote_keys *k, *plain;

    (void)state;
    if (library == NULL)
        skip();
    k = keys_in(library, &o);
    plain = keys_new(&o);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        EVP_PKEY *key = key_of(k, rows[i].cert);
        EVP_PKEY *beside = key_of(plain, rows[i].cert);

        assert_int_equal(sign_in(library, key, rows[i].cert->key, rows[i].md,
                                 rows[i].padding),
                         rows[i].ok);
        /* The same key in the default library does as ever. */
        assert_int_equal(
            sign_and_verify(beside, rows[i].cert->key, "SHA256", 0),
            rows[i].cert != &other);
        EVP_PKEY_free(key);
        EVP_PKEY_free(beside);
    }
    remote_keys_unref(&k);
    remote_keys_unref(&plain);
}

static SSL *
ssl_of(OSSL_LIB_CTX *library, const struct test_cert *cert, EVP_PKEY *key,
       int version)
{
    SSL_CTX *ctx = SSL_CTX_new_ex(library, NULL, TLS_method());
    SSL *ssl;

    assert_non_null(ctx);
    SSL_CTX_set_security_level(ctx, 0);
    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
    if (cert != NULL) {
        assert_int_equal(SSL_CTX_use_certificate(ctx, cert->x509), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    }
    ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    assert_non_null(ssl);
    return ssl;
}

static void
handshakes_in_a_fips_library(void **state)
{
    static const struct {
        const struct test_cert *cert;
        int version;
        const char *suites; /* of the client */
        bool ok;
    } rows[] = {
        { &ec, TLS1_3_VERSION, NULL, true },
        { &ec, TLS1_2_VERSION, NULL, true },
        { &rsa, TLS1_3_VERSION, NULL, true },
        { &rsa, TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256", true },
        { &rsa, TLS1_2_VERSION, "AES128-GCM-SHA256", true },
        { &rsa, TLS1_2_VERSION, "ECDHE-RSA-CHACHA20-POLY1305", false },
        { &rsa, TLS1_1_VERSION, "ALL:@SECLEVEL=0", false },
        { &small, TLS1_2_VERSION, "ALL:@SECLEVEL=0", false },
    };
    OSSL_LIB_CTX *library = fips_library(NULL);
    struct opener o = { 0 };
    struct remote_keys *k;

    (void)state;
    if (library == NULL)
        skip();
    k = keys_in(library, &o);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        EVP_PKEY *key = key_of(k, rows[i].cert);
        SSL *server = ssl_of(library, rows[i].cert, key, rows[i].version);
        SSL *client = ssl_of(NULL, NULL, NULL, rows[i].version);
        BIO *a, *b;

        if (rows[i].suites != NULL)
            assert_int_equal(SSL_set_cipher_list(client, rows[i].suites), 1);
        assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
        SSL_set_bio(server, a, a);
        SSL_set_bio(client, b, b);
        SSL_set_accept_state(server);
        SSL_set_connect_state(client);
        for (int turn = 0; turn < 10; turn++) {
            (void)SSL_do_handshake(client);
            (void)SSL_do_handshake(server);
        }
        assert_int_equal(SSL_is_init_finished(server) &&
                             SSL_is_init_finished(client),
                         rows[i].ok);
        ERR_clear_error();
        SSL_free(server);
        SSL_free(client);
        EVP_PKEY_free(key);
    }
    remote_keys_unref(&k);
}

/* --- on a loop
 * ----------------------------------------------------------------
 */

struct side {
    struct stream stream;
    struct side *peer;
    struct tls_config *tls;
    enum err done;
    bool is_over;
};

static struct loop *loop;
static unsigned n_over, n_wanted;

static void
step(struct stream *s)
{
    struct side *side = CONTAINER_OF(s, struct side, stream);
    struct err_info why = { 0 };

    if (side->is_over)
        return;
    side->done = stream_handshake(s, &why);
    if (side->done == ERR_AGAIN)
        return;
    side->is_over = true;
    if (++n_over == n_wanted)
        loop_stop(loop);
}

static void
side_open(struct side *side, int fd, bool is_server, struct remote_keys *keys,
          const struct test_cert *cert, const char *protocols)
{
    struct tls_identity id = { .remote = keys };
    struct str anchor = test_cert_der(&ca);
    struct tls_settings settings = {
        .is_server = is_server,
        .identities = &id,
        .n_identities = cert != NULL,
        .trust = &anchor,
        .n_trust = 1,
        .protocols = str_of(protocols),
        .client_auth = TLS_AUTH_REQUIRED,
    };
    struct err_info why = { 0 };

    if (cert != NULL) {
        id = test_cert_identity(cert);
        id.remote = keys;
    }
    if (tls_config_new(&settings, &side->tls, &why) != ERR_OK)
        fail_msg("%s", why.text);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(stream_init(&side->stream, loop, fd, is_server, side->tls,
                                 STR(""), step, &why),
                     ERR_OK);
}

static void
side_close(struct side *side)
{
    stream_fini(&side->stream);
    tls_config_unref(&side->tls);
}

static void
stopper(struct loop_post *post)
{
    (void)post;
    loop_stop(loop);
}

/* Both ends with remote keys; `during` runs when the first question was asked
 * and the keeper is paused. */
static void
handshakes(const struct test_cert *cert, const char *protocols,
           void (*during)(struct opener *), struct opener *o,
           struct side sides[2])
{
    struct remote_keys *k = keys_new(o);
    int pair[2];

    assert_int_equal(loop_new(&loop, NULL), ERR_OK);
    n_over = 0;
    n_wanted = 2;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    memset(sides, 0, 2 * sizeof *sides);
    side_open(&sides[0], pair[0], true, k, cert, protocols);
    side_open(&sides[1], pair[1], false, k, cert, protocols);
    remote_keys_unref(&k);
    if (during != NULL)
        during(o);
}

static void
handshakes_finish(struct side sides[2])
{
    loop_run(loop);
    for (int i = 0; i < 2; i++)
        assert_int_equal(sides[i].done, ERR_OK);
    side_close(&sides[0]);
    side_close(&sides[1]);
    loop_free(&loop);
}

static void
handshakes_with_remote_keys(void **state)
{
    static const struct {
        const struct test_cert *cert;
        const char *protocols;
    } rows[] = {
        { &ec, "TLSv1.3" },  { &ec, "TLSv1.2" },  { &rsa, "TLSv1.3" },
        { &rsa, "TLSv1.2" }, { &rsa, "TLSv1.1" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct side sides[2];
        struct opener o = { 0 };

        handshakes(rows[i].cert, rows[i].protocols, NULL, &o, sides);
        handshakes_finish(sides);
    }
}

static void
pause_keeper(struct opener *o)
{
    (void)o;
    tell(CMD_PAUSE, -1);
}

/* The loop turns while the keeper does not answer; then it dies, and what was
 * asked is asked again. */
static void
keeper_dies_in_a_handshake(void **state)
{
    struct loop_post post = { .run = stopper };
    struct opener o = { 0 };
    struct side sides[2];

    (void)state;
    handshakes(&ec, "TLSv1.3", pause_keeper, &o, sides);
    for (int i = 0; i < 50; i++) {
        loop_post(loop, &post); /* a turn each: nobody blocks */
        loop_run(loop);
    }
    assert_false(sides[0].is_over);
    tell(CMD_KILL, -1);
    handshakes_finish(sides);
    assert_true(o.n >= 2);
}

static void
given_up_while_waiting(void **state)
{
    struct loop_post post = { .run = stopper };
    struct opener o = { 0 };
    struct side sides[2];

    (void)state;
    handshakes(&ec, "TLSv1.2", pause_keeper, &o, sides);
    for (int i = 0; i < 50; i++) {
        loop_post(loop, &post);
        loop_run(loop);
    }
    assert_false(sides[0].is_over);
    side_close(&sides[0]);
    side_close(&sides[1]);
    tell(CMD_GO, -1);
    loop_free(&loop);
}

static void
refused_while_waiting(void **state)
{
    struct loop_post post = { .run = stopper };
    struct opener o = { 0 };
    struct side sides[2];

    (void)state;
    handshakes(&ec, "TLSv1.3", pause_keeper, &o, sides);
    for (int i = 0; i < 50; i++) {
        loop_post(loop, &post);
        loop_run(loop);
    }
    o.refuse = ERR_DENIED;
    tell(CMD_KILL, -1);
    loop_run(loop);
    assert_int_equal(sides[0].done, ERR_PEER);
    side_close(&sides[0]);
    side_close(&sides[1]);
    loop_free(&loop);
}

/* --- hostile requests
 * ---------------------------------------------------------
 */

static void
malformed_ends(void **state)
{
    static const struct {
        uint16_t type;
        const char *bytes;
        size_t n;
    } rows[] = {
        { KEY_SIGN, "", 0 },
        { 77, "", 0 },
        { KEY_REPLY, "", 0 },
        { KEY_FIPS, "", 0 },
        { KEY_FIPS | 3, "", 0 },
        { KEY_FIPS | KEY_SIGN, "", 0 },
        { 128 | KEY_SIGN, "", 0 },
        { KEY_SIGN, "0123456789abcdef0123456789abcdef", 32 },
        /* scheme 0, scheme 4, digest 0, digest 7 */
        { KEY_SIGN, "0123456789abcdef0123456789abcdef\0\3\0\0\0\0\0\0", 40 },
        { KEY_SIGN, "0123456789abcdef0123456789abcdef\4\3\0\0\0\0\0\0", 40 },
        { KEY_SIGN, "0123456789abcdef0123456789abcdef\1\0\0\0\0\0\0\0", 40 },
        { KEY_SIGN, "0123456789abcdef0123456789abcdef\1\7\0\0\0\0\0\0", 40 },
        /* hash shorter than its digest, one byte too many, too long */
        { KEY_SIGN, "0123456789abcdef0123456789abcdef\1\3\0\0\0\0\0\1a", 41 },
        { KEY_SIGN, "0123456789abcdef0123456789abcdef\1\3\0\0\xff\xff\xff\xff",
          40 },
        { KEY_DECRYPT, "0123456789abcdef0123456789abcdef\0\0\0\0\0\0\1a", 40 },
        { KEY_DECRYPT, "0123456789abcdef0123456789abcdef\4\0\0\0\0\0\1a", 40 },
        { KEY_DECRYPT, "0123456789abcdef0123456789abcdef\1\0\0\0\0\0\0", 39 },
        { KEY_DECRYPT, "0123456789abcdef0123456789abcdef\1\0\0\0\0\0\1ab", 41 },
    };
    struct opener o = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct chan_msg msg;
        int fd = -1;

        assert_int_equal(open_pair(&o, &fd, NULL), ERR_OK);
        assert_int_equal(chan_send(fd, rows[i].type, 1,
                                   str_n(rows[i].bytes, rows[i].n), NULL, 0,
                                   NULL),
                         ERR_OK);
        assert_int_equal(chan_recv(fd, &msg, NULL), ERR_PEER);
        close(fd);
    }
}

static void
one_uid_has_so_many(void **state)
{
    int fds[KEY_CHANNELS_PER_UID + 1][2];
    struct err_info why = { 0 };
    enum err e = ERR_OK;
    size_t n = 0;

    (void)state;
    tell(CMD_PAUSE, -1); /* the list is the keeper thread's while it runs */
    while (e == ERR_OK && n <= KEY_CHANNELS_PER_UID) {
        struct channel_key *none = calloc(1, sizeof *none);

        assert_int_equal(chan_pair(fds[n], NULL), ERR_OK);
        e = channels_add(fds[n][1], 99, none, 0, &why);
        n++;
    }
    assert_int_equal(e, ERR_LIMIT);
    assert_int_equal(n, KEY_CHANNELS_PER_UID + 1);
    for (size_t i = 0; i < n; i++)
        close(fds[i][0]);
    tell(CMD_KILL, -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs),
        cmocka_unit_test(signs_documents),
        cmocka_unit_test(decrypts_what_tls_sends),
        cmocka_unit_test(blocking_survives_the_keeper),
        cmocka_unit_test(refused_at_once),
        cmocka_unit_test(keeper_uses_a_fips_provider_or_nothing),
        cmocka_unit_test(signs_in_a_fips_library),
        cmocka_unit_test(handshakes_in_a_fips_library),
        cmocka_unit_test(handshakes_with_remote_keys),
        cmocka_unit_test(keeper_dies_in_a_handshake),
        cmocka_unit_test(given_up_while_waiting),
        cmocka_unit_test(refused_while_waiting),
        cmocka_unit_test(malformed_ends),
        cmocka_unit_test(one_uid_has_so_many),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
