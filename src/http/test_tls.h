/*
 * For the tests of TLS: certificates, our server behind a loopback port that
 * says who the client is, and one call by our own client.
 */
#ifndef SALLYPORT_HTTP_TEST_TLS_H
#define SALLYPORT_HTTP_TEST_TLS_H

#include "http/test_fixture.h"

#include <openssl/pem.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>

#include "http/client.h"
#include "io/stream.h"
#include "io/test_certs.h"

static struct test_cert ca, other_ca, server_rsa, server_ec, server_b, alice,
    mallory, expired, signer;

static inline int
make_certs(void **state)
{
    (void)state;
    ca = test_cert_make((struct test_cert_spec){ .name = "CA", .is_ca = true });
    other_ca = test_cert_make(
        (struct test_cert_spec){ .name = "Other CA", .is_ca = true });
    server_rsa = test_cert_make(
        (struct test_cert_spec){ .name = "server",
                                 .san = "DNS:localhost,IP:127.0.0.1",
                                 .is_rsa = true,
                                 .issuer = &ca });
    server_ec = test_cert_make((struct test_cert_spec){
        .name = "server-ec", .san = "DNS:localhost", .issuer = &ca });
    server_b = test_cert_make((struct test_cert_spec){
        .name = "b", .san = "DNS:b.example", .is_rsa = true, .issuer = &ca });
    alice = test_cert_make(
        (struct test_cert_spec){ .name = "alice", .issuer = &ca });
    mallory = test_cert_make(
        (struct test_cert_spec){ .name = "mallory", .issuer = &other_ca });
    expired = test_cert_make((struct test_cert_spec){ .name = "late",
                                                      .valid_from_s = -7200,
                                                      .valid_to_s = -3600,
                                                      .issuer = &ca });
    signer = test_cert_make((struct test_cert_spec){
        .name = "signer", .signs_ocsp = true, .issuer = &ca });
    return 0;
}

static inline int
free_certs(void **state)
{
    struct test_cert *all[] = { &ca,        &other_ca, &server_rsa,
                                &server_ec, &server_b, &alice,
                                &mallory,   &expired,  &signer };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        test_cert_free(all[i]);
    return 0;
}

static inline struct tls_config *
config_of(struct tls_settings settings, const struct test_cert *identity,
          const struct test_cert *trust)
{
    struct tls_identity id;
    struct str anchor;
    struct tls_config *config = NULL;
    struct err_info why = { 0 };

    if (identity != NULL) {
        id = test_cert_identity(identity);
        settings.identities = &id;
        settings.n_identities = 1;
    }
    if (trust != NULL) {
        anchor = test_cert_der(trust);
        settings.trust = &anchor;
        settings.n_trust = 1;
    }
    if (tls_config_new(&settings, &config, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return config;
}

/* ---- a server that says who the client is ---- */

struct tls_fixture {
    struct fixture f;
    pthread_mutex_t lock;
    char failure[ERR_TEXT_MAX]; /* the last one reported */
    unsigned n_failures;
};

static inline void
on_request(struct http_request *request, void *arg)
{
    struct str der = http_conn_certificate(request->arena, request->conn);
    const unsigned char *p = (const unsigned char *)der.p;
    struct http_reply reply = { .status = 200, .body = STR("nobody") };
    char name[100] = "";
    X509 *x509;

    (void)arg;
    assert_true(http_conn_is_tls(request->conn));
    assert_true(http_conn_peer_port(request->conn) > 0);
    assert_true(
        str_eq_z(http_conn_local(request->arena, request->conn), "127.0.0.1"));
    assert_int_equal(http_conn_certificate_digest(request->conn).n,
                     der.n > 0 ? STREAM_DIGEST_BYTES : 0);
    if (der.n > 0) {
        unsigned char digest[EVP_MAX_MD_SIZE];

        assert_int_equal(
            EVP_Digest(der.p, der.n, digest, NULL, EVP_sha256(), NULL), 1);
        assert_memory_equal(http_conn_certificate_digest(request->conn).p,
                            digest, STREAM_DIGEST_BYTES);
        x509 = d2i_X509(NULL, &p, (long)der.n);
        X509_NAME_get_text_by_NID(X509_get_subject_name(x509), NID_commonName,
                                  name, sizeof name);
        X509_free(x509);
        reply.body = str_of(name);
    }
    http_reply_send(request, &reply);
}

static inline void
on_tls_error(struct str peer, struct str text, void *arg)
{
    struct tls_fixture *t = arg;

    assert_true(str_eq_z(peer, "127.0.0.1"));
    pthread_mutex_lock(&t->lock);
    t->n_failures++;
    snprintf(t->failure, sizeof t->failure, STR_FMT, STR_ARG(text));
    pthread_mutex_unlock(&t->lock);
}

static inline void
tls_start(struct tls_fixture *t, struct tls_config *config)
{
    struct http_server_events events = { .on_request = on_request,
                                         .on_tls_error = on_tls_error,
                                         .arg = t };

    memset(t, 0, sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    fixture_start(&t->f, config, NULL, &events);
    tls_config_unref(&config);
}

static inline void
expect_failure(struct tls_fixture *t, const char *text)
{
    bool is_there = false;

    for (int i = 0; i < 2000 && !is_there; i++) {
        pthread_mutex_lock(&t->lock);
        is_there = t->n_failures > 0;
        pthread_mutex_unlock(&t->lock);
        if (!is_there)
            poll(NULL, 0, 5);
    }
    pthread_mutex_lock(&t->lock);
    assert_true(is_there);
    if (strstr(t->failure, text) == NULL)
        fail_msg("\"%s\" does not hold \"%s\"", t->failure, text);
    t->n_failures = 0;
    pthread_mutex_unlock(&t->lock);
}

/* ---- one call by our client ---- */

struct result {
    struct loop *loop;
    enum err e;
    char body[100];
    char why[ERR_TEXT_MAX];
    struct tls_refusal refusal;
};

static inline void
on_done(void *arg, enum err e, const struct http_answer *answer,
        const struct err_info *why)
{
    struct result *result = arg;

    result->e = e;
    if (e == ERR_OK)
        snprintf(result->body, sizeof result->body, STR_FMT,
                 STR_ARG(answer->body));
    else
        snprintf(result->why, sizeof result->why, "%s", why->text);
    result->refusal = *tls_refusal();
    loop_stop(result->loop);
}

static inline struct result
get(unsigned port, const char *host, struct tls_config *config)
{
    struct http_call_settings settings = { 5000, 5000, 1000 };
    struct http_origin origin = { .host = str_of(host),
                                  .port = port,
                                  .tls = config };
    struct result result = { 0 };
    struct http_call *call;
    struct http_pool *pool;

    assert_int_equal(loop_new(&result.loop, NULL), ERR_OK);
    assert_int_equal(http_pool_new(result.loop, &pool, NULL), ERR_OK);
    assert_int_equal(http_call_start(pool, &origin, &settings, STR("GET"),
                                     STR("/"), NULL, 0, STR(""), on_done,
                                     &result, &call, NULL),
                     ERR_OK);
    loop_run(result.loop);
    http_pool_free(&pool);
    loop_free(&result.loop);
    tls_config_unref(&config);
    return result;
}

#endif
