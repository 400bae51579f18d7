#include "saf/hostid.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#define OID "1.3.18.0.2.18.1"

/* What follows an identifier octet, in DER's only form of a length. */
static bool
take_value(struct reader *in, unsigned char tag, struct str *value)
{
    struct reader r = *in;
    uint8_t octet, count;
    uint32_t n = 0;

    if (!reader_u8(&r, &octet) || octet != tag || !reader_u8(&r, &count))
        return false;
    if (count < 0x80) {
        n = count;
    } else {
        if (count == 0x80 || count > 0x83)
            return false;
        for (unsigned i = count & 0x7fu; i > 0; i--) {
            if (!reader_u8(&r, &octet) || (n == 0 && octet == 0))
                return false;
            n = n << 8 | octet;
        }
        if (n < 0x80)
            return false;
    }
    if (!reader_take(&r, n, value))
        return false;
    *in = r;
    return true;
}

/* A name of visible characters, without blanks. */
static bool
is_name(struct str text, size_t max)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x21 || text.p[i] > 0x7e)
            return false;
    return text.n > 0 && text.n <= max;
}

static bool
read_mapping(struct str sequence, struct hostid *out)
{
    struct reader in = reader_of(sequence);
    struct str proof, part;

    if (!take_value(&in, 0x81, &out->host) ||
        !take_value(&in, 0x82, &out->user) ||
        !is_name(out->host, HOSTID_HOST_MAX) ||
        !is_name(out->user, HOSTID_USER_MAX))
        return false;
    if (reader_at_end(&in))
        return true;
    if (!take_value(&in, 0x30, &proof) || !reader_at_end(&in))
        return false;
    in = reader_of(proof);
    return take_value(&in, 0x04, &part) && take_value(&in, 0x06, &part) &&
           reader_at_end(&in);
}

enum err
hostid_parse(struct str der, struct hostids *out, struct err_info *why)
{
    struct reader in = reader_of(der);
    struct hostids ids = { .n = 0 };
    struct str set, sequence;

    if (!take_value(&in, 0x31, &set) || !reader_at_end(&in))
        return err_at(why, ERR_SYNTAX, in.pos, "hostIdMappings is no SET");
    in = reader_of(set);
    while (!reader_at_end(&in)) {
        size_t at = in.pos;

        if (ids.n == HOSTID_MAX)
            return err_at(why, ERR_LIMIT, at,
                          "hostIdMappings has more than %u mappings",
                          HOSTID_MAX);
        if (!take_value(&in, 0x30, &sequence) ||
            !read_mapping(sequence, &ids.v[ids.n]))
            return err_at(why, ERR_SYNTAX, at,
                          "hostIdMappings: expected a host name and a user");
        ids.n++;
    }
    *out = ids;
    return ERR_OK;
}

static X509 *
read_cert(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);

    if (x != NULL && p != (const unsigned char *)der.p + der.n) {
        X509_free(x);
        x = NULL;
    }
    return x;
}

static bool
has_signed(struct str ca_der, X509 *x)
{
    X509 *ca = read_cert(ca_der);
    bool ok = ca != NULL && X509_check_issued(ca, x) == X509_V_OK &&
              X509_verify(x, X509_get0_pubkey(ca)) == 1;

    X509_free(ca);
    return ok;
}

/* ERR_NOT_FOUND: there is no such extension; twice is no certificate. */
static enum err
find_extension(const X509 *x, struct str *value, struct err_info *why)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(OID, 1);
    int at = oid == NULL ? -2 : X509_get_ext_by_OBJ(x, oid, -1);
    enum err e = ERR_OK;

    if (oid == NULL)
        e = err_set(why, ERR_MEMORY, "no storage");
    else if (at < 0)
        e = err_set(why, ERR_NOT_FOUND, "no extension hostIdMappings");
    else if (X509_get_ext_by_OBJ(x, oid, at) >= 0)
        e = err_set(why, ERR_SYNTAX, "hostIdMappings twice");
    if (e == ERR_OK) {
        const ASN1_OCTET_STRING *octets =
            X509_EXTENSION_get_data(X509_get_ext(x, at));

        *value = str_n(ASN1_STRING_get0_data(octets),
                       (size_t)ASN1_STRING_length(octets));
    }
    ASN1_OBJECT_free(oid);
    return e;
}

enum err
hostid_of_cert(struct str der, const struct str *cas, size_t n_cas,
               struct buf *out, struct err_info *why)
{
    struct hostids ids = { .n = 0 };
    struct str value;
    X509 *x = read_cert(der);
    enum err e;

    if (x == NULL)
        return err_set(why, ERR_SYNTAX, "not an X.509 certificate");
    e = find_extension(x, &value, why);
    if (e == ERR_OK)
        e = hostid_parse(value, &ids, why);
    while (e == ERR_OK && ids.signer < n_cas && !has_signed(cas[ids.signer], x))
        ids.signer++;
    if (e == ERR_OK && ids.signer == n_cas)
        e = err_set(why, ERR_DENIED, "no HIGHTRUST authority has signed it");
    if (e == ERR_OK) {
        buf_u32(out, ids.signer);
        buf_u32(out, (uint32_t)ids.n);
        for (size_t i = 0; i < ids.n; i++) {
            buf_str(out, ids.v[i].host);
            buf_str(out, ids.v[i].user);
        }
        e = buf_check(out, why);
    }
    X509_free(x);
    return e;
}

bool
hostids_read(struct reader *in, struct hostids *out)
{
    struct hostids ids = { .n = 0 };
    uint32_t n;

    if (!reader_u32(in, &ids.signer) || !reader_u32(in, &n) || n > HOSTID_MAX)
        return false;
    for (; ids.n < n; ids.n++) {
        struct hostid *id = &ids.v[ids.n];

        if (!reader_str(in, 1, HOSTID_HOST_MAX, &id->host) ||
            !reader_str(in, 1, HOSTID_USER_MAX, &id->user) ||
            !is_name(id->host, HOSTID_HOST_MAX) ||
            !is_name(id->user, HOSTID_USER_MAX))
            return false;
    }
    if (!reader_at_end(in))
        return false;
    *out = ids;
    return true;
}
