/*
 * Remote keys from both ends: the keeper's side in a thread, OpenSSL and a loop
 * on ours. What is signed verifies with the certificate; a keeper that dies
 * while a handshake waits costs nothing but time; a handshake that is given up
 * leaves nothing behind.
 */
#include "test_keys.h"

/* --- without a loop ---------------------------------------------------------
 */

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
        cmocka_unit_test(handshakes_with_remote_keys),
        cmocka_unit_test(keeper_dies_in_a_handshake),
        cmocka_unit_test(given_up_while_waiting),
        cmocka_unit_test(refused_while_waiting),
        cmocka_unit_test(malformed_ends),
        cmocka_unit_test(one_uid_has_so_many),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
