/*
 * A keeper in a thread, with keys of every kind, and remote keys on our side of
 * it: for tests of both.
 */
#ifndef SALLYPORT_BIN_ANGEL_TEST_KEYS_H
#define SALLYPORT_BIN_ANGEL_TEST_KEYS_H

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

static inline struct channel_key
copy_key(EVP_PKEY *from)
{
    struct channel_key k = { .key = from };

    EVP_PKEY_up_ref(from);
    assert_int_equal(channel_key_id(from, k.id, NULL), ERR_OK);
    return k;
}

static inline void
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

static inline void *
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

static inline void
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

static inline enum err
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

static inline int
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

static inline int
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

static inline struct remote_keys *
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

static inline struct remote_keys *
keys_new(struct opener *o)
{
    return keys_in(NULL, o);
}

static inline EVP_PKEY *
key_of(struct remote_keys *k, const struct test_cert *c)
{
    struct err_info why = { 0 };
    EVP_PKEY *key = NULL;

    if (remote_key_of(k, test_cert_der(c), &key, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return key;
}

static inline bool
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

static inline bool
sign_and_verify(EVP_PKEY *with, EVP_PKEY *verify, const char *md, int padding)
{
    return sign_in(NULL, with, verify, md, padding);
}

static inline SSL *
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

/* A server in this context, whose key is remote, and a client in the default
 * one. Nothing is asked of a loop: the server waits. */
static inline bool
shake(OSSL_LIB_CTX *library, const struct test_cert *cert, EVP_PKEY *key,
      int version, const char *suites)
{
    SSL *server = ssl_of(library, cert, key, version);
    SSL *client = ssl_of(NULL, NULL, NULL, version);
    BIO *a, *b;
    bool ok;

    if (suites != NULL)
        assert_int_equal(SSL_set_cipher_list(client, suites), 1);
    assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
    SSL_set_bio(server, a, a);
    SSL_set_bio(client, b, b);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    for (int turn = 0; turn < 10; turn++) {
        (void)SSL_do_handshake(client);
        (void)SSL_do_handshake(server);
    }
    ok = SSL_is_init_finished(server) && SSL_is_init_finished(client);
    ERR_clear_error();
    SSL_free(server);
    SSL_free(client);
    return ok;
}

#endif
