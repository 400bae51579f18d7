/*
 * TLS, server and client together: our server, our own client, and OpenSSL's
 * where a client must misbehave.
 */
#include "http/test_tls.h"

static void
client_certificates_none_supported_required(void **state)
{
    static const struct {
        enum tls_client_auth auth;
        const struct test_cert *client;
        const char *who;     /* NULL: refused */
        const char *failure; /* what the server reports */
    } rows[] = {
        { TLS_AUTH_NONE, NULL, "nobody", NULL },
        { TLS_AUTH_NONE, &alice, "nobody", NULL },
        { TLS_AUTH_NONE, &mallory, "nobody", NULL },
        { TLS_AUTH_SUPPORTED, NULL, "nobody", NULL },
        { TLS_AUTH_SUPPORTED, &alice, "alice", NULL },
        { TLS_AUTH_SUPPORTED, &mallory, NULL, "PKIX path building failed" },
        { TLS_AUTH_REQUIRED, NULL, NULL,
          "javax.net.ssl.SSLHandshakeException: null cert chain" },
        { TLS_AUTH_REQUIRED, &alice, "alice", NULL },
        { TLS_AUTH_REQUIRED, &mallory, NULL, "PKIX path building failed" },
        { TLS_AUTH_REQUIRED, &expired, NULL, "PKIX path validation failed" },
        { TLS_AUTH_REQUIRED, &signer, NULL,
          "Extended key usage does not permit use for TLS client "
          "authentication" },
    };
    static const char *const protocols[] = { "TLSv1.2", "TLSv1.3" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(protocols); i++) {
        size_t row = i % ARRAY_LEN(rows);
        struct str protocol = str_of(protocols[i / ARRAY_LEN(rows)]);
        struct tls_fixture t;
        struct result result;

        tls_start(
            &t, config_of((struct tls_settings){ .is_server = true,
                                                 .client_auth = rows[row].auth,
                                                 .protocols = protocol },
                          &server_rsa, &ca));
        result = get(t.f.port, "localhost",
                     config_of((struct tls_settings){ .verify_hostname = true },
                               rows[row].client, &ca));
        if (rows[row].who != NULL) {
            if (result.e != ERR_OK)
                fail_msg("row %zu: %s", row, result.why);
            assert_string_equal(result.body, rows[row].who);
        } else {
            assert_int_equal(result.e, ERR_PEER);
            expect_failure(&t, rows[row].failure);
        }
        fixture_stop(&t.f);
    }
}

static void
the_client_trusts_nobody_by_default(void **state)
{
    static const struct {
        const struct test_cert *trust;
        const char *host;
        bool verify_hostname;
        const char *failure; /* NULL: fine */
    } rows[] = {
        { &ca, "localhost", true, NULL },
        { &ca, "127.0.0.1", true, NULL },
        { &server_rsa, "localhost", true, NULL }, /* the leaf as anchor */
        { &other_ca, "localhost", true, "PKIX path building failed" },
        { &other_ca, "localhost", false, "PKIX path building failed" },
        { NULL, "localhost", true, "PKIX path building failed" },
    };
    struct tls_fixture t;
    struct result result;

    (void)state;
    tls_start(&t, config_of((struct tls_settings){ .is_server = true },
                            &server_rsa, NULL));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        result =
            get(t.f.port, rows[i].host,
                config_of((struct tls_settings){ .verify_hostname =
                                                     rows[i].verify_hostname },
                          NULL, rows[i].trust));
        if (rows[i].failure == NULL && result.e != ERR_OK)
            fail_msg("row %zu: %s", i, result.why);
        if (rows[i].failure != NULL) {
            assert_int_equal(result.e, ERR_DENIED);
            assert_non_null(strstr(result.why, rows[i].failure));
            assert_string_equal(result.refusal.subject, "CN=server");
            assert_false(result.refusal.is_other_host);
        }
    }
    fixture_stop(&t.f);
}

static void
the_name_must_fit_when_asked_for(void **state)
{
    struct tls_fixture t;
    struct result result;

    (void)state;
    tls_start(&t, config_of((struct tls_settings){ .is_server = true },
                            &server_b, NULL));
    result = get(
        t.f.port, "localhost",
        config_of((struct tls_settings){ .verify_hostname = true }, NULL, &ca));
    assert_int_equal(result.e, ERR_DENIED);
    assert_non_null(strstr(result.why, "No subject alternative names"));
    assert_true(result.refusal.is_other_host);
    result = get(
        t.f.port, "127.0.0.1",
        config_of((struct tls_settings){ .verify_hostname = true }, NULL, &ca));
    assert_int_equal(result.e, ERR_DENIED);
    result = get(t.f.port, "localhost",
                 config_of((struct tls_settings){ 0 }, NULL, &ca));
    assert_int_equal(result.e, ERR_OK);
    fixture_stop(&t.f);
}

/* One pool, one identity text, two TLS configurations: a connection made with
 * one certificate never carries a request of the other. */
static void
connections_are_not_shared_between_certificates(void **state)
{
    static const struct {
        unsigned config;
        const char *who;
    } rows[] = {
        { 0, "alice" },
        { 1, "nobody" },
        { 0, "alice" },
        { 1, "nobody" },
    };
    struct http_call_settings settings = { 5000, 5000, 1000 };
    struct tls_config *configs[2];
    struct result result = { 0 };
    struct http_call *call;
    struct http_pool *pool;
    struct tls_fixture t;

    (void)state;
    tls_start(&t, config_of((struct tls_settings){ .is_server = true,
                                                   .client_auth =
                                                       TLS_AUTH_SUPPORTED },
                            &server_rsa, &ca));
    configs[0] = config_of((struct tls_settings){ 0 }, &alice, &ca);
    configs[1] = config_of((struct tls_settings){ 0 }, NULL, &ca);
    assert_int_equal(loop_new(&result.loop, NULL), ERR_OK);
    assert_int_equal(http_pool_new(result.loop, &pool, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_origin origin = { .host = STR("localhost"),
                                      .port = t.f.port,
                                      .tls = configs[rows[i].config],
                                      .identity = STR("same") };

        assert_int_equal(http_call_start(pool, &origin, &settings, STR("GET"),
                                         STR("/"), NULL, 0, STR(""), on_done,
                                         &result, &call, NULL),
                         ERR_OK);
        loop_run(result.loop);
        assert_int_equal(result.e, ERR_OK);
        assert_string_equal(result.body, rows[i].who);
    }
    assert_int_equal(http_pool_idle(pool), 2);
    http_pool_free(&pool);
    loop_free(&result.loop);
    tls_config_unref(&configs[0]);
    tls_config_unref(&configs[1]);
    fixture_stop(&t.f);
}

/* ---- misbehaving clients ---- */

static void
clear_text_on_a_tls_port_gets_no_answer(void **state)
{
    static const char *const rows[] = { "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                                        "P", "\x80\x2e\x01", "\r\n" };
    struct tls_fixture t;
    char got[100];

    (void)state;
    tls_start(&t, config_of((struct tls_settings){ .is_server = true },
                            &server_rsa, NULL));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fd = client_connect(t.f.port);

        client_send(fd, str_of(rows[i]));
        assert_int_equal(client_read(fd, NULL, got, sizeof got).n, 0);
        expect_failure(&t, "javax.net.ssl.SSLException: Unrecognized SSL "
                           "message, plaintext connection?");
        close(fd);
    }
    fixture_stop(&t.f);
}

/* A connection without a byte is a probe and not worth a message. */
static void
a_probe_is_not_reported(void **state)
{
    struct tls_fixture t;

    (void)state;
    tls_start(&t, config_of((struct tls_settings){ .is_server = true },
                            &server_rsa, NULL));
    close(client_connect(t.f.port));
    assert_int_equal(get(t.f.port, "localhost",
                         config_of((struct tls_settings){ 0 }, NULL, &ca))
                         .e,
                     ERR_OK);
    assert_int_equal(t.n_failures, 0);
    fixture_stop(&t.f);
}

/* OpenSSL's own client: what it negotiates with these rules. */
struct offer {
    int max_version;
    const char *ciphers, *name, *groups;
    const char *alpn;
    size_t alpn_bytes;
};

static bool
negotiate(unsigned port, struct offer offer, char *seen, size_t cap)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    int fd = client_connect(port);
    SSL *ssl = SSL_new(ctx);
    bool is_ok;

    SSL_set_security_level(ssl, 0);
    SSL_set_min_proto_version(ssl, 0);
    if (offer.max_version != 0)
        SSL_set_max_proto_version(ssl, offer.max_version);
    if (offer.ciphers != NULL)
        assert_int_equal(SSL_set_cipher_list(ssl, offer.ciphers), 1);
    if (offer.name != NULL)
        SSL_set_tlsext_host_name(ssl, offer.name);
    if (offer.alpn != NULL)
        SSL_set_alpn_protos(ssl, (const unsigned char *)offer.alpn,
                            (unsigned)offer.alpn_bytes);
    SSL_set_fd(ssl, fd);
    is_ok = SSL_connect(ssl) == 1;
    if (is_ok) {
        X509 *x509 = SSL_get1_peer_certificate(ssl);
        char name[64] = "";

        X509_NAME_get_text_by_NID(X509_get_subject_name(x509), NID_commonName,
                                  name, sizeof name);
        snprintf(seen, cap, "%s %s %s", SSL_get_version(ssl),
                 SSL_get_cipher_name(ssl), name);
        X509_free(x509);
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    ERR_clear_error();
    return is_ok;
}

static void
protocols_and_ciphers_follow_their_jsse_names(void **state)
{
    static const struct {
        const char *protocols, *ciphers;
        int client_max;
        const char *client_ciphers;
        const char *want; /* NULL: refused */
    } rows[] = {
        { "", "", 0, NULL, "TLSv1.3 " },
        { "", "", TLS1_2_VERSION, NULL, "TLSv1.2 " },
        { "", "", TLS1_1_VERSION, NULL, NULL },
        { "TLSv1.2", "", 0, NULL, "TLSv1.2 " },
        { "TLSv1.3", "", TLS1_2_VERSION, NULL, NULL },
        { "TLSv1.2, TLSv1.3", "", 0, NULL, "TLSv1.3 " },
        { "SSL_TLSv2", "", 0, NULL, "TLSv1.2 " },
        { "SSL_TLSv2", "", TLS1_1_VERSION, "ALL:@SECLEVEL=0", "TLSv1.1 " },
        { "", "TLS_RSA_WITH_AES_128_CBC_SHA", 0, NULL, "TLSv1.2 AES128-SHA " },
        { "", "SSL_ECDHE_RSA_WITH_AES_256_GCM_SHA384 NO_SUCH", 0, NULL,
          "TLSv1.2 ECDHE-RSA-AES256-GCM-SHA384 " },
        { "", "TLS_AES_256_GCM_SHA384", 0, NULL,
          "TLSv1.3 TLS_AES_256_GCM_SHA384 " },
        { "", "TLS_AES_256_GCM_SHA384", TLS1_2_VERSION, NULL, NULL },
        { "", "TLS_RSA_WITH_AES_128_CBC_SHA", TLS1_2_VERSION, "AES256-SHA",
          NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tls_fixture t;
        char seen[200] = "";
        bool is_ok;

        tls_start(&t, config_of(
                          (struct tls_settings){
                              .is_server = true,
                              .protocols = str_of(rows[i].protocols),
                              .ciphers = str_of(rows[i].ciphers) },
                          &server_rsa, NULL));
        is_ok = negotiate(t.f.port,
                          (struct offer){ .max_version = rows[i].client_max,
                                          .ciphers = rows[i].client_ciphers },
                          seen, sizeof seen);
        if (is_ok != (rows[i].want != NULL) ||
            (is_ok && !str_starts(str_of(seen), str_of(rows[i].want))))
            fail_msg("row %zu: %s", i, is_ok ? seen : "refused");
        if (!is_ok)
            expect_failure(&t, "javax.net.ssl.SSLHandshakeException: ");
        fixture_stop(&t.f);
    }
}

static void
the_identity_follows_name_and_key_type(void **state)
{
    const struct test_cert *certs[] = { &server_rsa, &server_ec, &server_b };
    static const struct {
        const char *name, *ciphers, *want;
    } rows[] = {
        { "localhost", "ECDHE-RSA-AES128-GCM-SHA256", "server" },
        { "localhost", "ECDHE-ECDSA-AES128-GCM-SHA256", "server-ec" },
        { NULL, "ECDHE-RSA-AES128-GCM-SHA256", "server" },
        { "b.example", "ECDHE-RSA-AES128-GCM-SHA256", "b" },
        { "unknown.example", "ECDHE-RSA-AES128-GCM-SHA256", "server" },
    };
    struct tls_identity identities[3];
    struct tls_settings settings = { .is_server = true,
                                     .identities = identities,
                                     .n_identities = 3 };
    struct tls_fixture t;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        identities[i] = test_cert_identity(certs[i]);
    tls_start(&t, config_of(settings, NULL, NULL));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char seen[200] = "";
        struct offer offer = { .max_version = TLS1_2_VERSION,
                               .ciphers = rows[i].ciphers,
                               .name = rows[i].name };

        assert_true(negotiate(t.f.port, offer, seen, sizeof seen));
        assert_true(str_ends(str_of(seen), str_of(rows[i].want)));
    }
    fixture_stop(&t.f);
}

static void
only_http11_is_agreed_on(void **state)
{
    struct tls_fixture t;
    char seen[200];

    (void)state;
    tls_start(&t, config_of((struct tls_settings){ .is_server = true },
                            &server_rsa, NULL));
    assert_true(negotiate(
        t.f.port,
        (struct offer){ .alpn = "\x02h2\x08http/1.1", .alpn_bytes = 12 }, seen,
        sizeof seen));
    assert_false(negotiate(t.f.port,
                           (struct offer){ .alpn = "\x02h2", .alpn_bytes = 3 },
                           seen, sizeof seen));
    expect_failure(&t, "No common application protocol");
    fixture_stop(&t.f);
}

/* Where it is offered, who knows both gets HTTP/2: its first words are a
 * SETTINGS frame. */
static void
http2_is_agreed_on_where_offered(void **state)
{
    static const struct {
        const char *alpn;
        unsigned bytes;
        const char *agreed;
    } rows[] = {
        { "\x08http/1.1\x02h2", 12, "h2" },
        { "\x02h2", 3, "h2" },
        { "\x08http/1.1", 9, "http/1.1" },
    };
    struct tls_settings settings = { .is_server = true, .offer_h2 = true };
    struct tls_fixture t;

    (void)state;
    tls_start(&t, config_of(settings, &server_rsa, NULL));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
        SSL *ssl = SSL_new(ctx);
        int fd = client_connect(t.f.port);
        const unsigned char *agreed = NULL;
        unsigned char first[9];
        unsigned n = 0;

        SSL_set_alpn_protos(ssl, (const unsigned char *)rows[i].alpn,
                            rows[i].bytes);
        SSL_set_fd(ssl, fd);
        assert_int_equal(SSL_connect(ssl), 1);
        SSL_get0_alpn_selected(ssl, &agreed, &n);
        assert_true(str_eq_z(str_n(agreed, n), rows[i].agreed));
        if (n == 2) {
            assert_int_equal(SSL_read(ssl, first, sizeof first), sizeof first);
            assert_int_equal(first[3], 4);
        }
        SSL_free(ssl);
        SSL_CTX_free(ctx);
        close(fd);
    }
    fixture_stop(&t.f);
}

static void
bad_settings_are_refused(void **state)
{
    struct tls_identity good = test_cert_identity(&server_rsa);
    struct tls_identity no_cert = { STR("x"), good.key };
    struct tls_identity no_key = { good.certificate, STR("x") };
    struct tls_identity mixed = { good.certificate,
                                  test_cert_identity(&alice).key };
    struct str bad_trust = STR("not DER");
    struct {
        struct tls_settings settings;
        enum err e;
        const char *why;
    } rows[] = {
        { { .is_server = true }, ERR_NOT_FOUND, "needs a certificate" },
        { { .is_server = true, .identities = &no_cert, .n_identities = 1 },
          ERR_SYNTAX,
          "identity 1: the certificate" },
        { { .is_server = true, .identities = &no_key, .n_identities = 1 },
          ERR_SYNTAX,
          "identity 1: the private key is not" },
        { { .is_server = true, .identities = &mixed, .n_identities = 1 },
          ERR_SYNTAX,
          "does not belong" },
        { { .trust = &bad_trust, .n_trust = 1 }, ERR_SYNTAX, "trust" },
        { { .chain = &bad_trust, .n_chain = 1 }, ERR_SYNTAX, "chain" },
        { { .protocols = STR("TLSv9") }, ERR_SYNTAX, "\"TLSv9\"" },
        { { .protocols = STR("TLSv1.2,") }, ERR_SYNTAX, "\"\"" },
        { { .ciphers = STR("NO_SUCH TLS_NO_SUCH") }, ERR_NOT_FOUND, "known" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tls_config *config = NULL;
        struct err_info why = { 0 };

        assert_int_equal(tls_config_new(&rows[i].settings, &config, &why),
                         rows[i].e);
        assert_null(config);
        assert_non_null(strstr(why.text, rows[i].why));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_certificates_none_supported_required),
        cmocka_unit_test(the_client_trusts_nobody_by_default),
        cmocka_unit_test(the_name_must_fit_when_asked_for),
        cmocka_unit_test(connections_are_not_shared_between_certificates),
        cmocka_unit_test(clear_text_on_a_tls_port_gets_no_answer),
        cmocka_unit_test(a_probe_is_not_reported),
        cmocka_unit_test(protocols_and_ciphers_follow_their_jsse_names),
        cmocka_unit_test(the_identity_follows_name_and_key_type),
        cmocka_unit_test(only_http11_is_agreed_on),
        cmocka_unit_test(http2_is_agreed_on_where_offered),
        cmocka_unit_test(bad_settings_are_refused),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, make_certs, free_certs);
}
