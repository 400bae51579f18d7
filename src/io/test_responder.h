/*
 * An authority's HTTP server for tests: answers OCSP requests and hands out
 * revocation lists, as it is told. One thread; one connection at a time.
 */
#ifndef SALLYPORT_IO_TEST_RESPONDER_H
#define SALLYPORT_IO_TEST_RESPONDER_H

#include <arpa/inet.h>
#include <openssl/ocsp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/test_certs.h"

struct test_responder {
    int fd;
    unsigned port;
    pthread_t thread;
    const struct test_cert *ca, *signer; /* signer: NULL means ca */
    const struct test_cert *victim;      /* whom the list names */
    /* What it says; a test changes it between requests. */
    atomic_bool is_revoked, is_old, is_unknown, is_garbage, is_silent, is_huge;
    atomic_bool is_held; /* it answers when this is taken back */
    atomic_uint n_ocsp, n_crl, n_get;
    atomic_uint n_signed; /* requests, by `client`, which may be NULL */
    const struct test_cert *client;
    char aia[128], cdp[128];
};

/* A list in DER; *bytes. Serial 0: nothing is on it. */
static inline unsigned char *
test_crl(const struct test_cert *by, X509 *revoked, bool is_old, int *bytes)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = X509_gmtime_adj(NULL, is_old ? -7200 : -60);
    ASN1_TIME *to = X509_gmtime_adj(NULL, is_old ? -3600 : 3600);
    unsigned char *der = NULL;

    X509_CRL_set_version(crl, 1);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(by->x509));
    X509_CRL_set1_lastUpdate(crl, from);
    X509_CRL_set1_nextUpdate(crl, to);
    if (revoked != NULL) {
        X509_REVOKED *entry = X509_REVOKED_new();

        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked));
        X509_REVOKED_set_revocationDate(entry, from);
        X509_CRL_add0_revoked(crl, entry);
    }
    X509_CRL_sort(crl);
    if (X509_CRL_sign(crl, by->key, EVP_sha256()) == 0)
        abort();
    *bytes = i2d_X509_CRL(crl, &der);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    X509_CRL_free(crl);
    return der;
}

static inline unsigned char *
test_ocsp(struct test_responder *r, OCSP_REQUEST *request, int *bytes)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0));
    const struct test_cert *by = r->signer == NULL ? r->ca : r->signer;
    ASN1_TIME *from = X509_gmtime_adj(NULL, r->is_old ? -7200 : -60);
    ASN1_TIME *to = X509_gmtime_adj(NULL, r->is_old ? -3600 : 3600);
    int status = r->is_revoked   ? V_OCSP_CERTSTATUS_REVOKED
                 : r->is_unknown ? V_OCSP_CERTSTATUS_UNKNOWN
                                 : V_OCSP_CERTSTATUS_GOOD;
    OCSP_RESPONSE *response;
    unsigned char *der = NULL;

    OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                           status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL,
                           from, to);
    OCSP_copy_nonce(basic, request);
    OCSP_basic_sign(basic, by->x509, by->key, EVP_sha256(), NULL, 0);
    response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    *bytes = i2d_OCSP_RESPONSE(response, &der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    return der;
}

static inline void
test_respond(int fd, const char *type, const void *p, size_t n)
{
    char head[160];
    int size = snprintf(head, sizeof head,
                        "HTTP/1.0 200 OK\r\nContent-Type: %s\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        type, n);

    (void)!send(fd, head, (size_t)size, MSG_NOSIGNAL);
    (void)!send(fd, p, n, MSG_NOSIGNAL);
}

/* GET /ocsp/<base64, escaped>. */
static inline OCSP_REQUEST *
test_request_of_get(char *text)
{
    unsigned char plain[1024];
    const unsigned char *p = plain;
    char *out = text, *end = strchr(text, ' ');
    int n;

    for (char *at = text; at < end; at++) {
        if (*at == '%') {
            unsigned code;

            sscanf(at + 1, "%2x", &code);
            *out++ = (char)code;
            at += 2;
        } else {
            *out++ = *at;
        }
    }
    n = EVP_DecodeBlock(plain, (unsigned char *)text, (int)(out - text));
    return d2i_OCSP_REQUEST(NULL, &p, n);
}

static inline bool
test_is_signed(OCSP_REQUEST *request, const struct test_cert *by)
{
    STACK_OF(X509) *certificates = sk_X509_new_null();
    bool is_good;

    if (by != NULL)
        sk_X509_push(certificates, by->x509);
    is_good =
        by != NULL && OCSP_request_is_signed(request) &&
        OCSP_request_verify(request, certificates, NULL, OCSP_NOVERIFY) == 1;
    sk_X509_free(certificates);
    return is_good;
}

static inline void
test_serve(struct test_responder *r, int fd)
{
    char text[8192];
    size_t have = 0, want = 0;
    unsigned char *der = NULL;
    char *body = NULL;
    int n = 0;

    while (have < sizeof text - 1 && (body == NULL || have < want)) {
        ssize_t got = recv(fd, text + have, sizeof text - 1 - have, 0);
        char *length;

        if (got <= 0)
            return;
        have += (size_t)got;
        text[have] = '\0';
        if (body == NULL && (body = strstr(text, "\r\n\r\n")) != NULL) {
            body += 4;
            length = strcasestr(text, "content-length:");
            want = (size_t)(body - text) +
                   (length == NULL ? 0 : (size_t)atoi(length + 15));
        }
    }
    if (body == NULL)
        return;
    while (r->is_held)
        usleep(1000);
    if (strncmp(text, "GET /crl?list=1 ", 16) == 0) {
        r->n_crl++;
        der = test_crl(r->ca, r->is_revoked ? r->victim->x509 : NULL, r->is_old,
                       &n);
    } else {
        const unsigned char *p = (unsigned char *)body;
        bool is_get = strncmp(text, "GET /ocsp/", 10) == 0;
        OCSP_REQUEST *request =
            is_get ? test_request_of_get(text + 10)
                   : d2i_OCSP_REQUEST(NULL, &p,
                                      (long)(have - (size_t)(body - text)));

        r->n_ocsp++;
        r->n_get += is_get;
        if (request == NULL)
            return;
        r->n_signed += test_is_signed(request, r->client);
        der = test_ocsp(r, request, &n);
        OCSP_REQUEST_free(request);
    }
    if (r->is_garbage)
        memset(der + 12, 0x5a, 40);
    if (r->is_huge) {
        OPENSSL_free(der);
        n = 12 << 20;
        der = OPENSSL_zalloc((size_t)n);
        memcpy(der, "\x30\x83\xbf\xff\xfb", 5);
    }
    test_respond(fd,
                 strncmp(text, "GET /crl", 8) == 0
                     ? "application/pkix-crl"
                     : "application/ocsp-response",
                 der, (size_t)n);
    OPENSSL_free(der);
}

static inline void *
test_responder_run(void *arg)
{
    struct test_responder *r = arg;
    int fd;

    while ((fd = accept(r->fd, NULL, NULL)) >= 0) {
        char rest[64];

        if (r->is_silent) {
            /* Until whoever asked has given up. */
            while (recv(fd, rest, sizeof rest, 0) > 0)
                ;
        } else {
            test_serve(r, fd);
        }
        close(fd);
    }
    OPENSSL_thread_stop();
    return NULL;
}

static inline void
test_responder_start(struct test_responder *r, const struct test_cert *by)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;

    memset(r, 0, sizeof *r);
    r->ca = by;
    r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (r->fd < 0 || bind(r->fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(r->fd, 64) != 0 ||
        getsockname(r->fd, (struct sockaddr *)&at, &size) != 0)
        abort();
    r->port = ntohs(at.sin_port);
    (void)snprintf(r->aia, sizeof r->aia, "OCSP;URI:http://127.0.0.1:%u/ocsp",
                   r->port);
    (void)snprintf(r->cdp, sizeof r->cdp, "URI:http://127.0.0.1:%u/crl?list=1",
                   r->port);
    if (pthread_create(&r->thread, NULL, test_responder_run, r) != 0)
        abort();
}

static inline void
test_responder_stop(struct test_responder *r)
{
    shutdown(r->fd, SHUT_RDWR);
    pthread_join(r->thread, NULL);
    close(r->fd);
}

#endif
