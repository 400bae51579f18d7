/*
 * TLS sessions that are resumed, and peers that have been revoked.
 */
#include "http/test_tls.h"

#include "io/staple.h"
#include "io/test_responder.h"
#include "io/tickets.h"

/* One request by OpenSSL's client; *session goes in and comes out. */
static bool
get_resuming(unsigned port, SSL_CTX *ctx, SSL_SESSION **session, char *body,
             size_t cap)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n"
                                  "Connection: close\r\n\r\n";
    int fd = client_connect(port), n;
    SSL *ssl = SSL_new(ctx);
    char got[2000] = "";
    size_t at = 0;
    bool is_reused;

    SSL_set_fd(ssl, fd);
    if (*session != NULL)
        SSL_set_session(ssl, *session);
    assert_int_equal(SSL_connect(ssl), 1);
    assert_true(SSL_write(ssl, request, sizeof request - 1) > 0);
    while ((n = SSL_read(ssl, got + at, (int)(sizeof got - 1 - at))) > 0)
        at += (size_t)n;
    is_reused = SSL_session_reused(ssl) == 1;
    snprintf(body, cap, "%s",
             strstr(got, "\r\n\r\n") == NULL ? ""
                                             : strstr(got, "\r\n\r\n") + 4);
    SSL_SESSION_free(*session);
    *session = SSL_get1_session(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
    ERR_clear_error();
    return is_reused;
}

static void
a_resumed_session_keeps_its_certificate(void **state)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
        SSL_SESSION *session = NULL;
        struct tls_fixture t;
        char body[100];

        SSL_CTX_set_max_proto_version(ctx, versions[i]);
        SSL_CTX_use_certificate(ctx, alice.x509);
        SSL_CTX_use_PrivateKey(ctx, alice.key);
        tls_start(&t, config_of((struct tls_settings){ .is_server = true,
                                                       .client_auth =
                                                           TLS_AUTH_REQUIRED },
                                &server_rsa, &ca));
        assert_false(get_resuming(t.f.port, ctx, &session, body, sizeof body));
        assert_string_equal(body, "alice");
        assert_true(get_resuming(t.f.port, ctx, &session, body, sizeof body));
        assert_string_equal(body, "alice");
        fixture_stop(&t.f);
        /* Another configuration: its ticket key is another. */
        tls_start(&t, config_of((struct tls_settings){ .is_server = true,
                                                       .client_auth =
                                                           TLS_AUTH_REQUIRED },
                                &server_rsa, &ca));
        assert_false(get_resuming(t.f.port, ctx, &session, body, sizeof body));
        assert_string_equal(body, "alice");
        fixture_stop(&t.f);
        SSL_SESSION_free(session);
        SSL_CTX_free(ctx);
    }
}

/* Two servers with the same ticket keys resume each other's sessions, as long
 * as they let in by the same rules. */
static void
sessions_are_shared_with_ticket_keys(void **state)
{
    static const struct {
        enum tls_client_auth auth;
        bool other_trust, is_resumed;
    } rows[] = {
        { TLS_AUTH_REQUIRED, false, true },
        { TLS_AUTH_REQUIRED, true, false },
        { TLS_AUTH_SUPPORTED, false, false },
    };
    struct tickets *tickets;

    (void)state;
    assert_int_equal(tickets_new(&tickets, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tls_settings settings = { .is_server = true,
                                         .client_auth = TLS_AUTH_REQUIRED,
                                         .tickets = tickets };
        SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
        SSL_SESSION *session = NULL;
        struct tls_fixture t;
        char body[100];

        SSL_CTX_use_certificate(ctx, alice.x509);
        SSL_CTX_use_PrivateKey(ctx, alice.key);
        tls_start(&t, config_of(settings, &server_rsa, &ca));
        assert_false(get_resuming(t.f.port, ctx, &session, body, sizeof body));
        fixture_stop(&t.f);
        settings.client_auth = rows[i].auth;
        if (rows[i].other_trust) { /* both, so that alice may still come */
            struct str trust[2] = { test_cert_der(&ca),
                                    test_cert_der(&other_ca) };
            struct tls_identity id = test_cert_identity(&server_rsa);
            struct tls_config *config = NULL;

            settings.trust = trust;
            settings.n_trust = 2;
            settings.identities = &id;
            settings.n_identities = 1;
            assert_int_equal(tls_config_new(&settings, &config, NULL), ERR_OK);
            tls_start(&t, config);
        } else {
            tls_start(&t, config_of(settings, &server_rsa, &ca));
        }
        assert_int_equal(
            get_resuming(t.f.port, ctx, &session, body, sizeof body),
            rows[i].is_resumed);
        assert_string_equal(body, "alice");
        fixture_stop(&t.f);
        SSL_SESSION_free(session);
        SSL_CTX_free(ctx);
    }
    tickets_unref(&tickets);
}

/* A list of the CA that names this serial number; PEM, on the heap. */
static char *
crl_of(const struct test_cert *revoked)
{
    X509_CRL *crl = X509_CRL_new();
    BIO *bio = BIO_new(BIO_s_mem());
    ASN1_TIME *at = X509_gmtime_adj(NULL, -10);
    char *text, *copy;
    long n;

    X509_CRL_set_version(crl, 1);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca.x509));
    X509_CRL_set1_lastUpdate(crl, at);
    X509_gmtime_adj(at, 3600);
    X509_CRL_set1_nextUpdate(crl, at);
    if (revoked != NULL) {
        X509_REVOKED *entry = X509_REVOKED_new();

        X509_REVOKED_set_serialNumber(entry,
                                      X509_get_serialNumber(revoked->x509));
        X509_gmtime_adj(at, -5);
        X509_REVOKED_set_revocationDate(entry, at);
        X509_CRL_add0_revoked(crl, entry);
    }
    assert_true(X509_CRL_sign(crl, ca.key, EVP_sha256()) > 0);
    PEM_write_bio_X509_CRL(bio, crl);
    n = BIO_get_mem_data(bio, &text);
    copy = strndup(text, (size_t)n);
    ASN1_TIME_free(at);
    X509_CRL_free(crl);
    BIO_free(bio);
    return copy;
}

static void
revoked_certificates_are_refused(void **state)
{
    static const struct {
        bool is_revoked;
    } rows[] = { { false }, { true } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *pem = crl_of(rows[i].is_revoked ? &alice : &mallory);
        struct tls_settings settings = { .is_server = true,
                                         .client_auth = TLS_AUTH_REQUIRED,
                                         .crls = str_of(pem) };
        struct tls_config *client =
            config_of((struct tls_settings){ 0 }, &alice, &ca);
        struct tls_fixture t;
        struct result result;

        tls_start(&t, config_of(settings, &server_rsa, &ca));
        result = get(t.f.port, "127.0.0.1", client);
        if (rows[i].is_revoked)
            assert_int_not_equal(result.e, ERR_OK);
        else
            assert_string_equal(result.body, "alice");
        fixture_stop(&t.f);
        free(pem);
    }
}

/* TLS 1.2 without tickets: the server remembers the session by its id. */
static void
sessions_are_resumed_by_id(void **state)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_SESSION *session = NULL;
    struct tls_fixture t;
    char body[100];

    (void)state;
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    tls_start(&t, config_of((struct tls_settings){ .is_server = true },
                            &server_rsa, NULL));
    assert_false(get_resuming(t.f.port, ctx, &session, body, sizeof body));
    assert_true(get_resuming(t.f.port, ctx, &session, body, sizeof body));
    SSL_SESSION_free(session);
    SSL_CTX_free(ctx);
    fixture_stop(&t.f);
}

/* ---- revocation by the network ---- */

struct network {
    struct test_responder responder;
    struct revocation_cache *cache;
    struct revocation *by;
    struct test_cert bob, between, carol, server;
};

static void
network_start(struct network *n, enum revocation_level level)
{
    struct revocation_rules rules = { .level = level,
                                      .use_ocsp = true,
                                      .use_http_crls = true,
                                      .leaf_only = true,
                                      .ocsp_timeout_ms = 1000 };

    test_responder_start(&n->responder, &ca);
    assert_int_equal(revocation_cache_new(&n->cache, NULL), ERR_OK);
    assert_int_equal(revocation_new(n->cache, &rules, &n->by, NULL), ERR_OK);
    n->bob = test_cert_make((struct test_cert_spec){
        .name = "bob", .issuer = &ca, .aia = n->responder.aia });
    n->server =
        test_cert_make((struct test_cert_spec){ .name = "server",
                                                .san = "DNS:localhost",
                                                .issuer = &ca,
                                                .aia = n->responder.aia });
    n->between = test_cert_make((struct test_cert_spec){
        .name = "between", .is_ca = true, .issuer = &ca });
    n->carol = test_cert_make((struct test_cert_spec){
        .name = "carol", .issuer = &n->between, .aia = n->responder.aia });
}

static void
network_stop(struct network *n)
{
    revocation_unref(&n->by);
    revocation_cache_unref(&n->cache);
    test_responder_stop(&n->responder);
    test_cert_free(&n->bob);
    test_cert_free(&n->server);
    test_cert_free(&n->between);
    test_cert_free(&n->carol);
}

/* By the server about its client, and by the client about its server. */
static void
revocation_is_asked_of_the_network(void **state)
{
    static const struct {
        enum revocation_level level;
        bool is_client, is_revoked, is_silent;
        const char *refused; /* NULL: let in */
    } rows[] = {
        { REVOCATION_HIGH, false, false, false, NULL },
        { REVOCATION_LOW, false, true, false, "Certificate has been revoked" },
        { REVOCATION_LOW, false, false, true, NULL },
        { REVOCATION_HIGH, false, false, true,
          "Could not determine revocation status" },
        { REVOCATION_HIGH, true, false, false, NULL },
        { REVOCATION_MEDIUM, true, true, false,
          "Certificate has been revoked" },
        { REVOCATION_LOW, true, false, true, NULL },
        { REVOCATION_MEDIUM, true, false, true,
          "Could not determine revocation status" },
    };
    static const char *const protocols[] = { "TLSv1.2", "TLSv1.3" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(protocols); i++) {
        size_t row = i % ARRAY_LEN(rows);
        struct str protocol = str_of(protocols[i / ARRAY_LEN(rows)]);
        struct tls_fixture t;
        struct network n;
        struct result result;

        network_start(&n, rows[row].level);
        n.responder.is_revoked = rows[row].is_revoked;
        n.responder.is_silent = rows[row].is_silent;
        tls_start(&t, config_of(
                          (struct tls_settings){
                              .is_server = true,
                              .client_auth = TLS_AUTH_REQUIRED,
                              .protocols = protocol,
                              .revocation = rows[row].is_client ? NULL : n.by },
                          &n.server, &ca));
        result = get(t.f.port, "localhost",
                     config_of(
                         (struct tls_settings){
                             .verify_hostname = true,
                             .revocation = rows[row].is_client ? n.by : NULL },
                         &n.bob, &ca));
        if (rows[row].refused == NULL) {
            if (result.e != ERR_OK)
                fail_msg("row %zu: %s", row, result.why);
            assert_string_equal(result.body, "bob");
        } else {
            assert_int_equal(result.e, ERR_PEER);
            if (rows[row].is_client &&
                strstr(result.why, rows[row].refused) == NULL)
                fail_msg("row %zu: %s", row, result.why);
            if (!rows[row].is_client)
                expect_failure(&t, rows[row].refused);
        }
        fixture_stop(&t.f);
        network_stop(&n);
    }
}

/* A ticket does not outlive what is known about its owner; where the chain
 * cannot be built from the ticket, there is a full handshake. */
static void
who_resumes_is_asked_about_again(void **state)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(versions); i++) {
        bool is_direct = i < ARRAY_LEN(versions);
        SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
        SSL_SESSION *session = NULL;
        const struct test_cert *who;
        struct tls_fixture t;
        struct network n;
        char body[100];

        network_start(&n, REVOCATION_HIGH);
        who = is_direct ? &n.bob : &n.carol;
        if (!is_direct)
            n.responder.ca = &n.between;
        SSL_CTX_set_max_proto_version(ctx, versions[i % ARRAY_LEN(versions)]);
        SSL_CTX_use_certificate(ctx, who->x509);
        SSL_CTX_use_PrivateKey(ctx, who->key);
        if (!is_direct)
            SSL_CTX_add1_chain_cert(ctx, n.between.x509);
        tls_start(&t, config_of((struct tls_settings){ .is_server = true,
                                                       .client_auth =
                                                           TLS_AUTH_REQUIRED,
                                                       .revocation = n.by },
                                &server_rsa, &ca));
        assert_false(get_resuming(t.f.port, ctx, &session, body, sizeof body));
        assert_string_equal(body, is_direct ? "bob" : "carol");
        assert_int_equal(
            get_resuming(t.f.port, ctx, &session, body, sizeof body),
            is_direct);
        assert_string_equal(body, is_direct ? "bob" : "carol");
        assert_int_equal(n.responder.n_ocsp, 1);
        n.responder.is_revoked = true;
        revocation_cache_clear(n.cache);
        (void)get_resuming(t.f.port, ctx, &session, body, sizeof body);
        assert_string_equal(body, "");
        expect_failure(&t, "Certificate has been revoked");
        fixture_stop(&t.f);
        network_stop(&n);
        SSL_SESSION_free(session);
        SSL_CTX_free(ctx);
    }
}

/* What a client who asks for it gets with the handshake; 0: nothing. */
static long
stapled_bytes(unsigned port)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    int fd = client_connect(port);
    unsigned char *p = NULL;
    long n;

    SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1);
    n = SSL_get_tlsext_status_ocsp_resp(ssl, &p);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    return n < 0 ? 0 : n;
}

static void
a_fetched_response_is_stapled(void **state)
{
    struct str issuers[] = { test_cert_der(&server_rsa), test_cert_der(&ca) };
    struct staple *staple = NULL;
    struct tls_identity id;
    char failure[ERR_TEXT_MAX] = "";
    struct result result;
    size_t size = 0;
    struct tls_fixture t;
    struct network n;

    (void)state;
    network_start(&n, REVOCATION_HIGH);
    assert_int_equal(
        staple_new(n.by, test_cert_der(&server_rsa), issuers, 2, &staple, NULL),
        ERR_NOT_FOUND); /* names no responder */
    assert_int_equal(
        staple_new(n.by, test_cert_der(&n.server), issuers, 1, &staple, NULL),
        ERR_NOT_FOUND); /* not its issuer */
    assert_int_equal(staple_new(n.by, STR("no"), issuers, 2, &staple, NULL),
                     ERR_SYNTAX);
    assert_int_equal(
        staple_new(n.by, test_cert_der(&n.server), issuers, 2, &staple, NULL),
        ERR_OK);
    id = test_cert_identity(&n.server);
    id.staple = staple;
    tls_start(&t, config_of((struct tls_settings){ .is_server = true,
                                                   .identities = &id,
                                                   .n_identities = 1 },
                            NULL, &ca));
    for (int i = 0; i < 2000 && stapled_bytes(t.f.port) == 0; i++)
        poll(NULL, 0, 5);
    assert_true(stapled_bytes(t.f.port) > 100);
    assert_int_equal(n.responder.n_ocsp, 1);
    assert_int_equal(
        revocation_cache_failures(n.cache, REVOCATION_NOTE_STAPLE, failure), 0);
    /* It saves a client of ours asking, even one that insists. */
    n.responder.is_silent = true;
    result =
        get(t.f.port, "localhost",
            config_of((struct tls_settings){ .revocation = n.by }, NULL, &ca));
    if (result.e != ERR_OK)
        fail_msg("%s", result.why);
    assert_int_equal(n.responder.n_ocsp, 1);
    fixture_stop(&t.f);
    staple_unref(&staple);
    /* The next configuration goes on with it, without asking. */
    assert_int_equal(
        staple_new(n.by, test_cert_der(&n.server), issuers, 2, &staple, NULL),
        ERR_OK);
    OPENSSL_free(staple_copy(staple, &size));
    assert_true(size > 100);
    assert_int_equal(n.responder.n_ocsp, 1);
    staple_unref(&staple);
    revocation_cache_clear(n.cache);
    /* Revoked: nothing is stapled, and that is told once. */
    n.responder.is_silent = false;
    n.responder.is_revoked = true;
    assert_int_equal(
        staple_new(n.by, test_cert_der(&n.server), issuers, 2, &staple, NULL),
        ERR_OK);
    for (int i = 0;
         i < 2000 && revocation_cache_failures(n.cache, REVOCATION_NOTE_STAPLE,
                                               failure) == 0;
         i++)
        poll(NULL, 0, 5);
    assert_non_null(strstr(failure, "revoked"));
    assert_int_equal(
        revocation_cache_failures(n.cache, REVOCATION_NOTE_STAPLE, failure), 0);
    staple_unref(&staple);
    network_stop(&n);
}

static int
end(void **state)
{
    threads_end();
    return free_certs(state);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resumed_session_keeps_its_certificate),
        cmocka_unit_test(sessions_are_shared_with_ticket_keys),
        cmocka_unit_test(sessions_are_resumed_by_id),
        cmocka_unit_test(revoked_certificates_are_refused),
        cmocka_unit_test(revocation_is_asked_of_the_network),
        cmocka_unit_test(who_resumes_is_asked_about_again),
        cmocka_unit_test(a_fetched_response_is_stapled),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, make_certs, end);
}
