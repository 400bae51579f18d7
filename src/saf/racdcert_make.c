/* RACDCERT functions that make certificates or give them out. */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/secret.h"
#include "saf/racdcert_private.h"

/* --- subject, dates, extensions
 * ------------------------------------------------- */

static bool
add_rdn(X509_NAME *name, int nid, struct str value)
{
    return value.n > 0 && value.n <= 64 &&
           X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
                                      (const unsigned char *)value.p,
                                      (int)value.n, -1, 0) == 1;
}

/* SUBJECTSDN(...) as DER, least specific part first as X.500 wants it. */
static bool
subject_der(struct cmd *c, struct str *out)
{
    static const struct {
        const char *operand;
        int nid;
    } rows[] = {
        { "C", NID_countryName },
        { "SP", NID_stateOrProvinceName },
        { "L", NID_localityName },
        { "O", NID_organizationName },
        { "OU", NID_organizationalUnitName },
        { "T", NID_title },
        { "CN", NID_commonName },
    };
    const struct cmd_arg *sub = cmd_arg(c, "SUBJECTSDN");
    X509_NAME *name = X509_NAME_new();
    unsigned char *der = NULL;
    bool ok = name != NULL;
    int n;

    for (size_t i = 0; i < ARRAY_LEN(rows) && ok; i++) {
        const struct cmd_arg *arg = cmd_sub(sub, rows[i].operand);

        /* The first OU is the most specific one. */
        for (size_t k = arg == NULL ? 0 : arg->n_values; k > 0 && ok; k--)
            ok = add_rdn(name, rows[i].nid, arg->values[k - 1]);
        if (!ok)
            (void)racdcert_fail(c, "SUBJECTSDN: %s is not valid",
                                rows[i].operand);
    }
    n = ok ? i2d_X509_NAME(name, &der) : 0;
    if (n > 0)
        *out = str_dup(c->arena, str_n(der, (size_t)n));
    OPENSSL_free(der);
    X509_NAME_free(name);
    return ok && n > 0;
}

/* DATE(yyyy-mm-dd or yyyy/mm/dd) TIME(hh:mm:ss), local time. */
static bool
moment(struct cmd *c, const char *operand, const char *default_time,
       int64_t *out)
{
    const struct cmd_arg *arg = cmd_arg(c, operand);
    const char *date = str_z(c->arena, cmd_value(cmd_sub(arg, "DATE")));
    struct str time_text = cmd_value(cmd_sub(arg, "TIME"));
    const char *clock =
        time_text.n > 0 ? str_z(c->arena, time_text) : default_time;
    struct tm tm = { .tm_isdst = -1 }, check;
    int end = 0, end_time = 0;
    char s1, s2;
    time_t t;

    if (arg == NULL)
        return true;
    if (date == NULL || clock == NULL ||
        sscanf(date, "%4d%c%2d%c%2d%n", &tm.tm_year, &s1, &tm.tm_mon, &s2,
               &tm.tm_mday, &end) != 5 ||
        date[end] != '\0' || (s1 != '-' && s1 != '/') || s2 != s1 ||
        sscanf(clock, "%2d:%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
               &end_time) != 3 ||
        clock[end_time] != '\0')
        goto bad;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    check = tm;
    t = mktime(&check);
    if (check.tm_mday != tm.tm_mday || check.tm_mon != tm.tm_mon ||
        check.tm_hour != tm.tm_hour || check.tm_min != tm.tm_min)
        goto bad;
    *out = (int64_t)t;
    return true;
bad:
    (void)racdcert_fail(c,
                        "%s: expected DATE(yyyy-mm-dd) and TIME(hh:mm:ss), "
                        "found %s %s",
                        operand, date == NULL ? "" : date,
                        clock == NULL ? "" : clock);
    return false;
}

bool
racdcert_validity(struct cmd *c, struct cert_order *o)
{
    time_t now = (time_t)(c->session->now_ms / 1000), next;
    struct tm tm;

    localtime_r(&now, &tm);
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    o->not_before_s = (int64_t)mktime(&tm);
    if (!moment(c, "NOTBEFORE", "00:00:00", &o->not_before_s))
        return false;
    next = (time_t)o->not_before_s;
    localtime_r(&next, &tm);
    tm.tm_year += 1;
    tm.tm_isdst = -1;
    o->not_after_s = (int64_t)mktime(&tm) - 1;
    if (!moment(c, "NOTAFTER", "23:59:59", &o->not_after_s))
        return false;
    if (o->not_after_s > o->not_before_s)
        return true;
    (void)racdcert_fail(c, "NOTAFTER is not later than NOTBEFORE");
    return false;
}

/* In: what a request asks for, which KEYUSAGE overrides. */
static bool
usage_of(struct cmd *c, bool is_ca, uint32_t *out)
{
    static const struct {
        const char *word;
        uint32_t usage;
    } rows[] = {
        { "HANDSHAKE", CERT_HANDSHAKE }, { "DATAENCRYPT", CERT_DATAENCRYPT },
        { "DOCSIGN", CERT_DOCSIGN },     { "CERTSIGN", CERT_CERTSIGN },
        { "KEYAGREE", CERT_KEYAGREE },
    };
    const struct cmd_arg *arg = cmd_arg(c, "KEYUSAGE");

    if (arg == NULL && is_ca && *out != 0 &&
        (*out & CERT_CERTSIGN) != CERT_CERTSIGN) {
        (void)racdcert_fail(c, "a certificate of CERTAUTH signs certificates "
                               "(CERTSIGN), and the key usage that the request "
                               "asks for leaves that out; give KEYUSAGE or "
                               "another owner");
        return false;
    }
    if (arg != NULL)
        *out = 0;
    *out |= is_ca ? CERT_CERTSIGN : 0;
    for (size_t i = 0; arg != NULL && i < arg->n_values; i++) {
        struct str word = arg->values[i];
        size_t n_matches = 0;

        for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
            if (word.n > 0 && str_starts_nocase(str_of(rows[k].word), word)) {
                *out |= rows[k].usage;
                n_matches++;
            }
        }
        if (n_matches != 1) {
            CMD_MSG(c, "IKJ56702I", STR("KEYUSAGE"), word);
            (void)cmd_rc(c, 8);
            return false;
        }
    }
    return true;
}

/* --- GENCERT
 * -------------------------------------------------------------------------- */

struct generation {
    struct cert_order order;
    struct cert_row signer; /* id 0: self-signed */
    struct racdcert_key key;
    struct str label;
    struct cert_bundle request;
};

bool
racdcert_new_key(struct cmd *c, struct str owner, const struct cert_row *as,
                 struct racdcert_key *key, struct cert_order *order)
{
    static const struct {
        const char *name;
        enum cert_key_kind kind;
        uint32_t bits;
    } rows[] = {
        { "RSA", CERT_RSA, 2048 },
        { "NISTECC", CERT_NISTECC, 256 },
        { "BPECC", CERT_BPECC, 256 },
        { "DSA", CERT_DSA, 2048 },
    };
    const struct cmd_arg *size = cmd_arg(c, "SIZE");
    struct err_info why = { 0 };
    enum err e;
    size_t chosen = 0, n_given = 0;
    struct str label;
    uint32_t bits;

    buf_init(&key->sealed, CERT_DER_MAX);
    buf_init(&key->spki, CERT_DER_MAX);
    for (size_t i = 0; as != NULL && i < ARRAY_LEN(rows); i++)
        if (str_eq_z(as->facts.key_type, rows[i].name))
            chosen = i;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (cmd_has(c, rows[i].name)) {
            chosen = i;
            n_given++;
        }
    if (n_given > 1) {
        (void)racdcert_fail(c, "a certificate has one kind of key");
        return false;
    }
    if (!racdcert_key_place(c, owner, &label, &key->token))
        return false;
    key->pkds = key->token.n > 0 ? STR("") : label;
    bits = size != NULL                 ? (uint32_t)size->number
           : as != NULL && n_given == 0 ? as->facts.key_bits
                                        : rows[chosen].bits;
    e = racdcert_services->new_key(racdcert_services->arg, rows[chosen].kind,
                                   bits, key->token, label, owner, &key->sealed,
                                   &key->spki, &why);
    if (e != ERR_OK) {
        (void)racdcert_fail(c, "%s", why.text);
        return false;
    }
    order->spki = buf_view(&key->spki);
    return true;
}

bool
racdcert_free_label(struct cmd *c, struct str owner, struct str *out)
{
    struct cert_row other;

    *out = racdcert_new_label(c, owner);
    if (!cert_get(c->db, c->arena, owner, *out, &other))
        return true;
    (void)racdcert_label_used(c, *out);
    return false;
}

void
racdcert_key_fini(struct cmd *c, struct str owner, struct racdcert_key *key,
                  bool stored)
{
    if (!stored && (key->pkds.n > 0 || key->token.n > 0) && key->sealed.n > 0 &&
        cmd_arg(c, "FROMICSF") == NULL)
        (void)!racdcert_services->drop_key(racdcert_services->arg,
                                           buf_view(&key->sealed), owner, NULL);
    buf_fini(&key->sealed);
    buf_fini(&key->spki);
}

/* FROMICSF: a key pair that is in the token already. */
static bool
find_key(struct cmd *c, struct str owner, struct racdcert_key *key,
         struct cert_order *order)
{
    struct err_info why = { 0 };
    enum err e;

    buf_init(&key->sealed, CERT_DER_MAX);
    buf_init(&key->spki, CERT_DER_MAX);
    key->pkds = cmd_value(cmd_arg(c, "FROMICSF"));
    if (!racdcert_may_use_label(c, key->pkds))
        return false;
    e = racdcert_services->find_key(racdcert_services->arg, key->pkds, owner,
                                    &key->sealed, &key->spki, &why);
    if (e == ERR_NOT_FOUND) {
        CMD_MSG(c, "IRRD192I");
        (void)cmd_rc(c, 8);
    } else if (e != ERR_OK) {
        (void)racdcert_fail(c, "%s", why.text);
    }
    order->spki = buf_view(&key->spki);
    return e == ERR_OK;
}

/* The request of another system: its key, and its names unless given here. */
static bool
read_request(struct cmd *c, struct generation *g)
{
    struct err_info why = { 0 };
    struct buf file;
    struct str dsn;
    bool is_read;
    enum err e;

    if (!racdcert_dsn(c, cmd_arg(c, "GENCERT"), false, &dsn))
        return false;
    buf_init(&file, CERTPARSE_INPUT_MAX);
    e = racdcert_services->read(racdcert_services->arg, dsn, &file, &why);
    is_read = e == ERR_OK;
    if (e == ERR_OK)
        e = racdcert_services->parse(racdcert_services->arg, c->arena,
                                     buf_view(&file), STR(""), NULL, 0,
                                     &g->request, &why);
    buf_fini(&file);
    if (e == ERR_OK && !g->request.is_request)
        e = err_set(&why, ERR_SYNTAX, "not a certificate request");
    if (e != ERR_OK) {
        racdcert_unreadable(c, dsn, is_read, &why);
        return false;
    }
    g->order = g->request.order;
    return true;
}

static bool
find_signer(struct cmd *c, struct str owner, struct generation *g)
{
    const struct cmd_arg *sub = cmd_arg(c, "SIGNWITH");
    struct str signer_owner;

    if (sub == NULL)
        return true;
    if (!racdcert_owner_of(c, sub, str_of(c->acee->user), &signer_owner) ||
        !racdcert_may(c, "GENCERT", racdcert_level(c, signer_owner)) ||
        !racdcert_find(c, sub, signer_owner, &g->signer))
        return false;
    (void)owner;
    if ((g->signer.flags & CERT_RETIRED) != 0 || g->signer.key.n == 0) {
        CMD_MSG(c, "IRRD128I", STR("GENCERT"));
        (void)cmd_rc(c, 8);
        return false;
    }
    if (g->signer.pkds.n > 0 && !racdcert_may_use_label(c, g->signer.pkds))
        return false;
    g->order.issuer = g->signer.facts.subject_der;
    g->order.issuer_key_id = g->signer.facts.key_id;
    g->order.serial = g->signer.last_serial + 1;
    return true;
}

bool
racdcert_is_in_token(const struct cert_row *row)
{
    return row->key.n > 0 &&
           (row->pkds.n > 0 || (row->flags & CERT_IN_TOKEN) != 0);
}

struct racdcert_signer
racdcert_signer_of(const struct cert_row *row)
{
    return (struct racdcert_signer){ row->key, row->owner,
                                     racdcert_is_in_token(row) };
}

struct racdcert_signer
racdcert_signer_new(const struct racdcert_key *key, struct str owner)
{
    return (struct racdcert_signer){ buf_view(&key->sealed), owner,
                                     key->pkds.n > 0 || key->token.n > 0 };
}

bool
racdcert_make(struct cmd *c, const struct racdcert_signer *signer,
              const struct cert_order *order, struct cert_facts *facts)
{
    struct cert_bundle bundle;
    struct err_info why = { 0 };
    struct buf der;
    enum err e;

    buf_init(&der, CERT_DER_MAX);
    e = racdcert_services->make(racdcert_services->arg, false,
                                signer->is_in_token, signer->key, signer->owner,
                                order, &der, &why);
    if (e == ERR_OK)
        e = racdcert_services->parse(racdcert_services->arg, c->arena,
                                     buf_view(&der), STR(""), NULL, 0, &bundle,
                                     &why);
    buf_fini(&der);
    if (e != ERR_OK) {
        (void)racdcert_fail(c, "%s", why.text);
        return false;
    }
    *facts = bundle.certs[0];
    return true;
}

/* A key that has to be made comes last: it takes long, so what is wrong is said
 * before. */
static bool
generate(struct cmd *c, struct str owner, struct generation *g)
{
    bool is_ca = str_eq_z(owner, CERT_OWNER_CA);
    bool has_key = cmd_arg(c, "FROMICSF") != NULL;
    bool has_request = cmd_arg(c, "GENCERT")->has_value &&
                       cmd_value(cmd_arg(c, "GENCERT")).n > 0;

    if (has_request && (has_key || racdcert_wants_token(c))) {
        (void)racdcert_fail(c, "the key of a request is not here; leave out "
                               "where to keep it");
        return false;
    }
    if (has_request ? !read_request(c, g)
                    : has_key && !find_key(c, owner, &g->key, &g->order))
        return false;
    if (has_request && cmd_arg(c, "SIGNWITH") == NULL) {
        (void)racdcert_missing(c, "SIGNWITH");
        return false;
    }
    if ((!has_request || cmd_arg(c, "SUBJECTSDN") != NULL) &&
        !subject_der(c, &g->order.subject))
        return false;
    g->order.is_ca = is_ca;
    return racdcert_validity(c, &g->order) &&
           usage_of(c, is_ca, &g->order.usage) &&
           racdcert_altnames(c, &g->order) && find_signer(c, owner, g) &&
           racdcert_free_label(c, owner, &g->label) &&
           (has_request || has_key ||
            racdcert_new_key(c, owner, NULL, &g->key, &g->order));
}

static bool
store(struct cmd *c, struct str owner, struct generation *g,
      const struct cert_facts *facts)
{
    struct cert_row row = { .owner = owner,
                            .label = g->label,
                            .status = cmd_has(c, "NOTRUST")     ? 'N'
                                      : cmd_has(c, "HIGHTRUST") ? 'H'
                                                                : 'T',
                            .key = buf_view(&g->key.sealed),
                            .pkds = g->key.pkds,
                            .flags = g->key.token.n > 0 ? CERT_IN_TOKEN : 0,
                            .facts = *facts };
    struct cert_row same;

    if (cert_find_same(c->db, c->arena, facts, &same)) {
        (void)racdcert_is_there(c, &same);
        return false;
    }
    if (g->signer.id != 0) {
        g->signer.last_serial = g->order.serial;
        cert_put(c->db, &g->signer);
        if (facts->not_before_s < g->signer.facts.not_before_s ||
            facts->not_after_s > g->signer.facts.not_after_s) {
            CMD_MSG(c, "IRRD113I", STR("creating"),
                    STR("has an incorrect date range"),
                    row.status == 'N' ? STR("NOTRUST") : STR("TRUST"));
            (void)cmd_rc(c, 4);
        }
    }
    cert_put(c->db, &row);
    racdcert_changed(c, "DIGTCERT");
    return true;
}

uint32_t
racdcert_gencert(struct cmd *c, struct str owner)
{
    struct generation g = { .signer.id = 0 };
    struct racdcert_signer signer;
    struct cert_facts facts;
    bool stored = false;

    if (!racdcert_may(c, "GENCERT", racdcert_level(c, owner)) ||
        !racdcert_may(c, "ADD", racdcert_level(c, owner)))
        return c->rc;
    if (cmd_arg(c, "SUBJECTSDN") == NULL &&
        cmd_value(cmd_arg(c, "GENCERT")).n == 0)
        return racdcert_missing(c, "SUBJECTSDN");
    if (generate(c, owner, &g)) {
        signer = g.signer.id == 0 ? racdcert_signer_new(&g.key, owner)
                                  : racdcert_signer_of(&g.signer);
        stored = racdcert_make(c, &signer, &g.order, &facts) &&
                 store(c, owner, &g, &facts);
    }
    racdcert_key_fini(c, owner, &g.key, stored);
    return c->rc;
}

/* --- text forms
 * ----------------------------------------------------------------------------
 */

static void
add_pem(struct buf *out, const char *name, struct str der)
{
    unsigned char line[80];

    buf_printf(out, "-----BEGIN %s-----\n", name);
    while (der.n > 0) {
        struct str piece = str_sub(der, 0, 48);
        int n =
            EVP_EncodeBlock(line, (const unsigned char *)piece.p, (int)piece.n);

        buf_add(out, str_n(line, (size_t)n));
        buf_add_char(out, '\n');
        der = str_sub(der, piece.n, der.n);
    }
    buf_printf(out, "-----END %s-----\n", name);
}

static uint32_t
write_out(struct cmd *c, struct str dsn, const struct buf *content)
{
    struct err_info why = { 0 };
    enum err e = buf_check(content, &why);

    if (e == ERR_OK)
        e = racdcert_services->write(racdcert_services->arg, dsn,
                                     buf_view(content), &why);
    return e == ERR_OK
               ? c->rc
               : racdcert_fail(c, STR_FMT ": %s", STR_ARG(dsn), why.text);
}

/* --- GENREQ
 * ------------------------------------------------------------------------------------
 */

uint32_t
racdcert_genreq(struct cmd *c, struct str owner)
{
    struct err_info why = { 0 };
    struct cert_bundle bundle;
    struct cert_row cert;
    struct buf der, text;
    struct str dsn;
    enum err e;

    if (!racdcert_may(c, "GENREQ", racdcert_level(c, owner)) ||
        !racdcert_find(c, cmd_arg(c, "GENREQ"), owner, &cert) ||
        !racdcert_dsn(c, cmd_arg(c, "DSN"), true, &dsn))
        return c->rc;
    if (cert.key.n == 0) {
        CMD_MSG(c, "IRRD128I", STR("GENREQ"));
        return cmd_rc(c, 8);
    }
    if (cert.pkds.n > 0 && !racdcert_may_use_label(c, cert.pkds))
        return c->rc;
    bundle.order = (struct cert_order){ .serial = 0 };
    if (!racdcert_order_like(c, &cert.facts, &bundle.order))
        return c->rc;
    buf_init(&der, CERT_DER_MAX);
    buf_init(&text, 2u * CERT_DER_MAX);
    e = racdcert_services->make(racdcert_services->arg, true,
                                racdcert_is_in_token(&cert), cert.key, owner,
                                &bundle.order, &der, &why);
    if (e != ERR_OK) {
        (void)racdcert_fail(c, "%s", why.text);
    } else {
        add_pem(&text, "CERTIFICATE REQUEST", buf_view(&der));
        if (write_out(c, dsn, &text) == 0) {
            cert.flags |= CERT_REQUESTED;
            cert_put(c->db, &cert);
        }
    }
    buf_fini(&der);
    buf_fini(&text);
    return c->rc;
}

/* --- EXPORT
 * -----------------------------------------------------------------------------------------
 */

enum format { CERTDER, CERTB64, PKCS7DER, PKCS7B64, PKCS12DER, PKCS12B64 };

static enum err
make_pkcs12(struct cmd *c, const struct cert_row *cert, const struct str *chain,
            size_t n_chain, struct buf *out, struct err_info *why)
{
    struct buf pkcs8;
    enum err e = ERR_OK;

    buf_init(&pkcs8, CERT_DER_MAX);
    if (cert->key.n > 0)
        e = racdcert_services->open_key(racdcert_services->arg, cert->key,
                                        cert->owner, &pkcs8, why);
    if (e == ERR_OK)
        e = racdcert_services->pkcs12(
            racdcert_services->arg, cert->facts.der, buf_view(&pkcs8), chain,
            n_chain, cert->label, cmd_value(cmd_arg(c, "PASSWORD")), out, why);
    if (pkcs8.p != NULL)
        secret_wipe(pkcs8.p, pkcs8.n);
    buf_fini(&pkcs8);
    return e;
}

static enum err
package(struct cmd *c, enum format format, const struct cert_row *cert,
        struct buf *out, struct err_info *why)
{
    struct cert_row chain[RACDCERT_CHAIN_MAX];
    struct str ders[RACDCERT_CHAIN_MAX];
    bool is_complete;
    size_t n = racdcert_chain(c, cert, chain, &is_complete);

    for (size_t i = 0; i < n; i++)
        ders[i] = chain[i].facts.der;
    if (format == CERTDER || format == CERTB64) {
        buf_add(out, cert->facts.der);
        return ERR_OK;
    }
    if (format == PKCS7DER || format == PKCS7B64)
        return racdcert_services->pkcs7(racdcert_services->arg, ders, n, out,
                                        why);
    return make_pkcs12(c, cert, ders + 1, n - 1, out, why);
}

uint32_t
racdcert_export(struct cmd *c, struct str owner)
{
    const struct cmd_arg *format_arg = cmd_arg(c, "FORMAT");
    bool has_password = cmd_arg(c, "PASSWORD") != NULL;
    enum format format = format_arg != NULL ? (enum format)format_arg->number
                         : has_password     ? PKCS12DER
                                            : CERTB64;
    bool is_p12 = format == PKCS12DER || format == PKCS12B64;
    struct err_info why = { 0 };
    struct cert_row cert;
    struct buf der, text;
    struct str dsn;

    /* A private key leaves only for those who may EXPORTKEY. */
    if (!racdcert_may(c, is_p12 ? "EXPORTKEY" : "EXPORT",
                      racdcert_level(c, owner)) ||
        !racdcert_find(c, cmd_arg(c, "EXPORT"), owner, &cert) ||
        !racdcert_dsn(c, cmd_arg(c, "DSN"), true, &dsn))
        return c->rc;
    if (is_p12 && !has_password)
        return racdcert_missing(c, "PASSWORD");
    if (has_password && !is_p12)
        return racdcert_fail(c, "PASSWORD is for PKCS12 only");
    if (is_p12 && cert.pkds.n > 0)
        return racdcert_fail(
            c,
            "the private key is in the PKDS under label " STR_FMT
            " and cannot leave it",
            STR_ARG(cert.pkds));
    buf_init(&der, CERTPARSE_INPUT_MAX);
    buf_init(&text, 2u * CERTPARSE_INPUT_MAX);
    if (package(c, format, &cert, &der, &why) != ERR_OK) {
        (void)racdcert_fail(c, "%s", why.text);
    } else if (format == CERTDER || format == PKCS7DER || format == PKCS12DER) {
        (void)write_out(c, dsn, &der);
    } else {
        add_pem(&text,
                format == CERTB64    ? "CERTIFICATE"
                : format == PKCS7B64 ? "PKCS7"
                                     : "PKCS12",
                buf_view(&der));
        (void)write_out(c, dsn, &text);
    }
    if (der.p != NULL)
        secret_wipe(der.p, der.n);
    buf_fini(&der);
    buf_fini(&text);
    return c->rc;
}
