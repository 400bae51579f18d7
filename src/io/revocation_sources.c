/* Whom to ask about a certificate: what the rules name and what it names. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "io/revocation_priv.h"

struct list {
    struct source *v;
    size_t n;
};

/* Printable, without blanks, of a scheme that may be asked; once. */
static void
add(struct list *to, enum source_kind kind, struct str url)
{
    if (to->n == REVOCATION_SOURCES_MAX || url.n > REVOCATION_URL_MAX)
        return;
    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= ' ' || url.p[i] > '~')
            return;
    for (size_t i = 0; i < to->n; i++)
        if (to->v[i].kind == kind && str_eq_z(url, to->v[i].url))
            return;
    to->v[to->n].kind = kind;
    (void)!str_copy_z(url, to->v[to->n].url, sizeof to->v[to->n].url);
    to->n++;
}

static void
add_responders(const struct revocation_rules *rules, X509 *certificate,
               struct list *to)
{
    STACK_OF(OPENSSL_STRING) *named =
        rules->use_ocsp ? X509_get1_ocsp(certificate) : NULL;

    if (!rules->ocsp_url_last && rules->ocsp_url.n > 0)
        add(to, SOURCE_OCSP, rules->ocsp_url);
    for (int i = 0; i < sk_OPENSSL_STRING_num(named); i++) {
        struct str url = str_of(sk_OPENSSL_STRING_value(named, i));

        if (str_starts_nocase(url, STR("http://")))
            add(to, SOURCE_OCSP, url);
    }
    X509_email_free(named);
    if (rules->ocsp_url_last && rules->ocsp_url.n > 0)
        add(to, SOURCE_OCSP, rules->ocsp_url);
}

static void
add_point(const struct revocation_rules *rules, const GENERAL_NAME *name,
          struct list *to)
{
    struct str url;

    if (name->type != GEN_URI)
        return;
    url = str_n(ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
                (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier));
    if (rules->use_http_crls && str_starts_nocase(url, STR("http://")))
        add(to, SOURCE_CRL_HTTP, url);
    else if (rules->use_ldap_crls && str_starts_nocase(url, STR("ldap://")) &&
             !str_starts_nocase(url, STR("ldap:///")))
        add(to, SOURCE_CRL_LDAP, url);
}

/* Points whose list another authority signs, or which tell some reasons only,
 * are passed over. */
static void
add_points(const struct revocation_rules *rules, X509 *certificate,
           struct list *to)
{
    STACK_OF(DIST_POINT) *points =
        X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL, NULL);

    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT *point = sk_DIST_POINT_value(points, i);

        if (point->reasons != NULL || point->CRLissuer != NULL ||
            point->distpoint == NULL || point->distpoint->type != 0)
            continue;
        for (int k = 0;
             k < sk_GENERAL_NAME_num(point->distpoint->name.fullname); k++)
            add_point(rules,
                      sk_GENERAL_NAME_value(point->distpoint->name.fullname, k),
                      to);
    }
    CRL_DIST_POINTS_free(points);
}

static bool
is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || memchr("-._~=,", c, 6) != NULL;
}

/* The issuer's name as the DN of an address (RFC 4516). */
static void
put_dn(struct buf *out, X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long n = 0;

    if (bio != NULL &&
        X509_NAME_print_ex(bio, name, 0,
                           XN_FLAG_RFC2253 & ~(unsigned)ASN1_STRFLGS_ESC_MSB) >
            0)
        n = BIO_get_mem_data(bio, &text);
    for (long i = 0; i < n; i++) {
        if (is_plain(text[i]))
            buf_add_char(out, text[i]);
        else
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)text[i]);
    }
    if (n == 0)
        out->failed = true;
    BIO_free(bio);
}

static void
add_directory(struct str server, X509_NAME *issuer, const char *attribute,
              struct list *to)
{
    struct buf url;

    buf_init(&url, REVOCATION_URL_MAX);
    buf_add_z(&url, "ldap://");
    buf_add(&url, server);
    buf_add_char(&url, '/');
    put_dn(&url, issuer);
    buf_printf(&url, "?%s;binary?base", attribute);
    if (!url.failed)
        add(to, SOURCE_CRL_LDAP, buf_view(&url));
    buf_fini(&url);
}

/* Lists about authorities may stand apart (RFC 4523, 4.1 and 4.3). */
static void
add_directories(const struct revocation_rules *rules, X509 *certificate,
                struct list *to)
{
    struct str rest = rules->ldap_servers, server;
    X509_NAME *issuer = X509_get_issuer_name(certificate);

    while (rest.n > 0 && str_token(&rest, ' ', &server)) {
        if (server.n == 0)
            continue;
        if (X509_check_ca(certificate) != 0)
            add_directory(server, issuer, "authorityRevocationList", to);
        add_directory(server, issuer, "certificateRevocationList", to);
    }
}

size_t
sources_of(const struct revocation *r, X509 *certificate,
           struct source out[REVOCATION_SOURCES_MAX])
{
    struct list to = { out, 0 };

    if (!r->rules.crls_first)
        add_responders(&r->rules, certificate, &to);
    add_points(&r->rules, certificate, &to);
    add_directories(&r->rules, certificate, &to);
    if (r->rules.crls_first)
        add_responders(&r->rules, certificate, &to);
    return r->rules.max_sources > 0 && to.n > r->rules.max_sources
               ? r->rules.max_sources
               : to.n;
}

STACK_OF(X509) * revocation_chain(X509_STORE *anchors, X509 *certificate,
                                  STACK_OF(X509) * between)
{
    X509_STORE_CTX *store = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = NULL;

    if (store != NULL &&
        X509_STORE_CTX_init(store, anchors, certificate, between) == 1 &&
        X509_verify_cert(store) == 1)
        chain = X509_STORE_CTX_get1_chain(store);
    X509_STORE_CTX_free(store);
    ERR_clear_error();
    return chain;
}
