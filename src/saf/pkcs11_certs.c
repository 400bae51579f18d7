#include "saf/pkcs11_private.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/reader.h"
#include "base/secret.h"
#include "saf/certmake.h"

/*
 * Certificates in tokens, with the keys that belong to them: objects of one
 * CKA_ID. And tokens themselves, as far as PKCS#11 can make and unmake them.
 */
#define OBJECTS_MAX 512u

/* --- tokens -------------------------------------------------------------- */

/* Initialised slots; those that are free, too, with is_all. */
static enum err
slots_of(struct p11 *p, CK_SLOT_ID *slots, CK_ULONG *n, struct err_info *why)
{
    CK_ULONG cap = *n;
    /* Asked without a place for it, the module looks for new slots. */
    CK_RV rv = p->fn->C_GetSlotList(CK_TRUE, NULL, n);

    if (rv == CKR_OK) {
        *n = cap;
        rv = p->fn->C_GetSlotList(CK_TRUE, slots, n);
    }
    return rv == CKR_OK ? ERR_OK
                        : p11_refused(rv, STR("list"), "C_GetSlotList", why);
}

static struct str
label_of(const CK_TOKEN_INFO *info)
{
    return str_trim_right(str_n(info->label, sizeof info->label));
}

enum err
p11_list_tokens(struct p11 *p, struct buf *out, struct err_info *why)
{
    CK_SLOT_ID slots[P11_SLOTS_MAX] = { 0 };
    CK_ULONG n = ARRAY_LEN(slots);
    enum err e = slots_of(p, slots, &n, why);

    for (CK_ULONG i = 0; e == ERR_OK && i < n; i++) {
        CK_TOKEN_INFO info;

        if (p->fn->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            (info.flags & CKF_TOKEN_INITIALIZED) != 0 &&
            !str_eq_z(label_of(&info), P11_FREE_TOKEN))
            buf_str(out, label_of(&info));
    }
    return e == ERR_OK ? buf_check(out, why) : e;
}

/* The slot of that token; of one that is free, when name is empty. */
static enum err
find_slot(struct p11 *p, struct str name, CK_SLOT_ID *slot,
          struct err_info *why)
{
    CK_SLOT_ID slots[P11_SLOTS_MAX] = { 0 };
    CK_ULONG n = ARRAY_LEN(slots);
    enum err e = slots_of(p, slots, &n, why);

    for (CK_ULONG i = 0; e == ERR_OK && i < n; i++) {
        CK_TOKEN_INFO info;
        bool is_initialized;

        if (p->fn->C_GetTokenInfo(slots[i], &info) != CKR_OK)
            continue;
        is_initialized = (info.flags & CKF_TOKEN_INITIALIZED) != 0;
        if (name.n == 0
                ? !is_initialized || str_eq_z(label_of(&info), P11_FREE_TOKEN)
                : is_initialized && str_eq(label_of(&info), name)) {
            *slot = slots[i];
            return ERR_OK;
        }
    }
    return e != ERR_OK ? e : err_set(why, ERR_NOT_FOUND, "no such token");
}

/* Everything in the slot goes; afterwards it is the token `name`. */
static enum err
init_slot(struct p11 *p, CK_SLOT_ID slot, struct str name, struct str so_pin,
          struct err_info *why)
{
    CK_UTF8CHAR *pin = (CK_UTF8CHAR *)(uintptr_t)so_pin.p, label[32];
    CK_SESSION_HANDLE s;
    CK_RV rv;

    memset(label, ' ', sizeof label);
    memcpy(label, name.p, name.n < sizeof label ? name.n : sizeof label);
    rv = p->fn->C_InitToken(slot, pin, so_pin.n, label);
    if (rv != CKR_OK)
        return p11_refused(rv, name, "C_InitToken", why);
    rv = p->fn->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                              NULL, &s);
    if (rv != CKR_OK)
        return p11_refused(rv, name, "C_OpenSession", why);
    rv = p->fn->C_Login(s, CKU_SO, pin, so_pin.n);
    if (rv == CKR_OK) {
        rv = p->fn->C_InitPIN(s, (CK_UTF8CHAR *)(uintptr_t)p->pin.p, p->pin.n);
        (void)p->fn->C_Logout(s);
    }
    (void)p->fn->C_CloseSession(s);
    return rv == CKR_OK ? ERR_OK : p11_refused(rv, name, "C_InitPIN", why);
}

enum err
p11_add_token(struct p11 *p, struct str name, struct str so_pin,
              struct err_info *why)
{
    CK_SLOT_ID slot;
    enum err e = find_slot(p, name, &slot, NULL);

    if (e == ERR_OK)
        return err_set(why, ERR_EXISTS, "there is such a token");
    if (e == ERR_NOT_FOUND)
        e = find_slot(p, STR(""), &slot, NULL);
    if (e == ERR_NOT_FOUND)
        return err_set(why, ERR_LIMIT, "the module has no free slot");
    return e == ERR_OK ? init_slot(p, slot, name, so_pin, why) : e;
}

enum err
p11_delete_token(struct p11 *p, struct str name, struct str so_pin,
                 struct err_info *why)
{
    CK_SLOT_ID slot;
    enum err e = find_slot(p, name, &slot, why);

    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (str_eq_z(name, p->sessions[i].token))
            memset(&p->sessions[i], 0, sizeof p->sessions[i]);
    (void)p->fn->C_CloseAllSessions(slot);
    return init_slot(p, slot, STR(P11_FREE_TOKEN), so_pin, why);
}

/* --- listing ------------------------------------------------------------- */

static CK_RV
count_with_id(struct p11 *p, CK_SESSION_HANDLE s, const CK_OBJECT_CLASS *class_,
              struct str id, CK_ULONG *n)
{
    const CK_ATTRIBUTE want[] = { VALUE(CKA_CLASS, *class_),
                                  BYTES(CKA_ID, id) };
    CK_OBJECT_HANDLE found[4];

    return p11_find(p, s, want, ARRAY_LEN(want), found, 4, n);
}

/* str label, id, der, u8 category, u8 has private, u8 has public. */
static CK_RV
put_listed(struct p11 *p, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
           struct buf *out)
{
    unsigned char label[ATTRIBUTE_MAX], id[ATTRIBUTE_MAX], der[ATTRIBUTE_MAX];
    size_t n_label, n_id, n_der;
    CK_ULONG category = 0, n_private = 0, n_public = 0;
    CK_ATTRIBUTE ask = VALUE(CKA_CERTIFICATE_CATEGORY, category);
    CK_RV rv = p11_attribute(p, s, object, CKA_VALUE, der, &n_der);

    if (rv == CKR_OK)
        rv = p11_attribute(p, s, object, CKA_LABEL, label, &n_label);
    if (rv == CKR_OK)
        rv = p11_attribute(p, s, object, CKA_ID, id, &n_id);
    if (p->fn->C_GetAttributeValue(s, object, &ask, 1) != CKR_OK)
        category = 0; /* not every module has it */
    if (rv == CKR_OK && n_id > 0)
        rv = count_with_id(p, s, &p11_private, str_n(id, n_id), &n_private);
    if (rv == CKR_OK && n_id > 0)
        rv = count_with_id(p, s, &p11_public, str_n(id, n_id), &n_public);
    if (rv != CKR_OK)
        return rv;
    buf_str(out,
            str_n(label, n_label < P11_LABEL_MAX ? n_label : P11_LABEL_MAX));
    buf_str(out, str_n(id, n_id < P11_ID_MAX ? n_id : P11_ID_MAX));
    buf_str(out, str_n(der, n_der));
    buf_u8(out, category <= P11_OTHER ? (uint8_t)category : 0);
    buf_u8(out, n_private > 0);
    buf_u8(out, n_public > 0);
    return CKR_OK;
}

static CK_RV
run_list(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
         struct err_info *why)
{
    static const CK_OBJECT_CLASS *const classes[] = { &p11_certificate,
                                                      &p11_private,
                                                      &p11_public };
    const CK_ATTRIBUTE want[] = { VALUE(CKA_CLASS, p11_certificate) };
    CK_OBJECT_HANDLE found[OBJECTS_MAX];
    CK_ULONG n, n_all, n_ours = 0;
    struct buf *out = arg;
    CK_RV rv = p11_find(p, s, NULL, 0, found, OBJECTS_MAX, &n_all);

    for (size_t i = 0; i < ARRAY_LEN(classes) && rv == CKR_OK; i++) {
        const CK_ATTRIBUTE of_class[] = { VALUE(CKA_CLASS, *classes[i]) };

        rv = p11_find(p, s, of_class, 1, found, OBJECTS_MAX, &n);
        n_ours += n;
    }
    if (rv == CKR_OK)
        rv = p11_find(p, s, want, 1, found, OBJECTS_MAX, &n);
    if (rv != CKR_OK)
        return rv;
    if (n_all == OBJECTS_MAX) {
        *e = err_set(why, ERR_LIMIT, "the token has too many objects");
        return CKR_OK;
    }
    buf_clear(out);
    buf_u32(out, (uint32_t)(n_all - (n_ours < n_all ? n_ours : n_all)));
    buf_u32(out, (uint32_t)n);
    for (CK_ULONG i = 0; i < n && rv == CKR_OK; i++)
        rv = put_listed(p, s, found[i], out);
    return rv;
}

enum err
p11_list_certs(struct p11 *p, struct str token, struct buf *out,
               struct err_info *why)
{
    const struct operation op = { run_list, out, "list certificates" };
    enum err e = p11_operate(p, token, &op, why);

    return e == ERR_OK ? buf_check(out, why) : e;
}

/* --- putting in ---------------------------------------------------------- */

struct parts {
    unsigned char bytes[10][1100];
    CK_ATTRIBUTE v[24];
    CK_ULONG n;
    unsigned n_bytes;
    bool has_failed;
};

static void
add_part(struct parts *t, CK_ATTRIBUTE a)
{
    if (t->n == ARRAY_LEN(t->v))
        t->has_failed = true;
    else
        t->v[t->n++] = a;
}

/* A number of the key; fixed: with leading zeros to that many bytes. */
static void
add_number(struct parts *t, CK_ATTRIBUTE_TYPE type, EVP_PKEY *key,
           const char *name, size_t fixed)
{
    unsigned char *p = t->bytes[t->n_bytes < 10 ? t->n_bytes : 9];
    BIGNUM *number = NULL;
    int n = 0;

    if (t->n_bytes < 10 && EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
        BN_num_bytes(number) <= (int)sizeof t->bytes[0])
        n = fixed > 0 ? BN_bn2binpad(number, p, (int)fixed)
                      : BN_bn2bin(number, p);
    BN_clear_free(number);
    if (n <= 0) {
        t->has_failed = true;
        return;
    }
    t->n_bytes++;
    add_part(t, (CK_ATTRIBUTE){ type, p, (CK_ULONG)n });
}

/* CKA_EC_PARAMS, and CKA_EC_POINT as an octet string. */
static void
add_curve(struct parts *t, EVP_PKEY *key, bool with_point)
{
    unsigned char *params = t->bytes[8], *point = t->bytes[9], *at = params;
    unsigned char raw[200];
    char group[64];
    size_t n = 0;
    ASN1_OBJECT *oid;
    int bytes;

    if (EVP_PKEY_get_group_name(key, group, sizeof group, &n) != 1) {
        t->has_failed = true;
        return;
    }
    oid = OBJ_nid2obj(OBJ_txt2nid(group));
    bytes = oid == NULL ? 0 : i2d_ASN1_OBJECT(oid, NULL);
    if (bytes <= 0 || bytes > 100) {
        t->has_failed = true;
        return;
    }
    (void)i2d_ASN1_OBJECT(oid, &at);
    add_part(t, (CK_ATTRIBUTE){ CKA_EC_PARAMS, params, (CK_ULONG)bytes });
    if (!with_point)
        return;
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, raw,
                                        sizeof raw, &n) != 1 ||
        n > 190) {
        t->has_failed = true;
        return;
    }
    point[0] = 0x04;
    bytes = 1;
    if (n >= 0x80)
        point[bytes++] = 0x81;
    point[bytes++] = (unsigned char)n;
    memcpy(point + bytes, raw, n);
    add_part(t, (CK_ATTRIBUTE){ CKA_EC_POINT, point,
                                (CK_ULONG)bytes + (CK_ULONG)n });
}

static CK_RV
create(struct p11 *p, CK_SESSION_HANDLE s, struct parts *t, enum err *e,
       struct err_info *why)
{
    CK_OBJECT_HANDLE object;

    if (t->has_failed) {
        *e = err_set(why, ERR_UNSUPPORTED, "the token takes RSA and EC keys");
        return CKR_OK;
    }
    return p->fn->C_CreateObject(s, t->v, t->n, &object);
}

static CK_RV
put_public(struct p11 *p, CK_SESSION_HANDLE s, const struct p11_put *put,
           EVP_PKEY *key, enum err *e, struct err_info *why)
{
    bool is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    CK_KEY_TYPE type = is_rsa ? CKK_RSA : CKK_EC;
    struct parts t = { .n = 0 };

    add_part(&t, (CK_ATTRIBUTE)VALUE(CKA_CLASS, p11_public));
    add_part(&t, (CK_ATTRIBUTE)VALUE(CKA_KEY_TYPE, type));
    add_part(&t, (CK_ATTRIBUTE)VALUE(CKA_TOKEN, p11_yes));
    add_part(&t, (CK_ATTRIBUTE)VALUE(CKA_VERIFY, p11_yes));
    add_part(&t, (CK_ATTRIBUTE)BYTES(CKA_LABEL, put->label));
    add_part(&t, (CK_ATTRIBUTE)BYTES(CKA_ID, put->id));
    if (is_rsa) {
        add_number(&t, CKA_MODULUS, key, OSSL_PKEY_PARAM_RSA_N, 0);
        add_number(&t, CKA_PUBLIC_EXPONENT, key, OSSL_PKEY_PARAM_RSA_E, 0);
    } else {
        add_curve(&t, key, true);
    }
    return create(p, s, &t, e, why);
}

static CK_RV
put_private(struct p11 *p, CK_SESSION_HANDLE s, const struct p11_put *put,
            EVP_PKEY *key, enum err *e, struct err_info *why)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        const char *name;
    } numbers[] = {
        { CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N },
        { CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E },
        { CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D },
        { CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1 },
        { CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2 },
        { CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1 },
        { CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2 },
        { CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
    };
    bool is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    CK_KEY_TYPE type = is_rsa ? CKK_RSA : CKK_EC;
    struct parts t = { .n = 0 };
    CK_RV rv;

    add_part(&t, (CK_ATTRIBUTE)VALUE(CKA_CLASS, p11_private));
    add_part(&t, (CK_ATTRIBUTE)VALUE(CKA_KEY_TYPE, type));
    add_part(&t, (CK_ATTRIBUTE)VALUE(CKA_TOKEN, p11_yes));
    add_part(&t, (CK_ATTRIBUTE)VALUE(CKA_PRIVATE, p11_yes));
    add_part(&t, (CK_ATTRIBUTE)VALUE(CKA_SENSITIVE, p11_yes));
    add_part(&t, (CK_ATTRIBUTE)VALUE(CKA_EXTRACTABLE, p11_no));
    add_part(&t, (CK_ATTRIBUTE)VALUE(CKA_SIGN, p11_yes));
    add_part(&t, (CK_ATTRIBUTE)BYTES(CKA_LABEL, put->label));
    add_part(&t, (CK_ATTRIBUTE)BYTES(CKA_ID, put->id));
    if (is_rsa) {
        for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
            add_number(&t, numbers[i].type, key, numbers[i].name, 0);
    } else {
        add_curve(&t, key, false);
        add_number(&t, CKA_VALUE, key, OSSL_PKEY_PARAM_PRIV_KEY,
                   (size_t)(EVP_PKEY_get_bits(key) + 7) / 8);
    }
    rv = create(p, s, &t, e, why);
    secret_wipe(&t, sizeof t);
    return rv;
}

static CK_RV
put_certificate(struct p11 *p, CK_SESSION_HANDLE s, const struct p11_put *put)
{
    const CK_CERTIFICATE_TYPE x509 = CKC_X_509;
    CK_ULONG category = put->category;
    CK_ATTRIBUTE template[] = {
        VALUE(CKA_CLASS, p11_certificate),
        VALUE(CKA_CERTIFICATE_TYPE, x509),
        VALUE(CKA_TOKEN, p11_yes),
        VALUE(CKA_PRIVATE, p11_no),
        BYTES(CKA_LABEL, put->label),
        BYTES(CKA_ID, put->id),
        BYTES(CKA_SUBJECT, put->subject),
        BYTES(CKA_ISSUER, put->issuer),
        BYTES(CKA_SERIAL_NUMBER, put->serial),
        BYTES(CKA_VALUE, put->der),
        VALUE(CKA_CERTIFICATE_CATEGORY, category),
    };
    CK_OBJECT_HANDLE object;

    return p->fn->C_CreateObject(s, template, ARRAY_LEN(template), &object);
}

struct putting {
    const struct p11_put *put;
    EVP_PKEY *key;
    bool is_private;
};

static CK_RV
run_put(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
        struct err_info *why)
{
    const struct putting *w = arg;
    const struct p11_put *put = w->put;
    const CK_ATTRIBUTE same[] = { VALUE(CKA_CLASS, p11_certificate),
                                  BYTES(CKA_VALUE, put->der) };
    CK_OBJECT_HANDLE found[2];
    CK_ULONG n, n_private = 0, n_public = 0;
    CK_RV rv = p11_find(p, s, same, ARRAY_LEN(same), found, 2, &n);

    if (rv == CKR_OK && n > 0)
        *e = err_set(why, ERR_EXISTS, "the certificate is bound already");
    if (rv == CKR_OK)
        rv = count_with_id(p, s, &p11_private, put->id, &n_private);
    if (rv == CKR_OK)
        rv = count_with_id(p, s, &p11_public, put->id, &n_public);
    /* The certificate last: what is cut off leaves keys nobody names. */
    if (rv == CKR_OK && *e == ERR_OK && n_public == 0)
        rv = put_public(p, s, put, w->key, e, why);
    if (rv == CKR_OK && *e == ERR_OK && w->is_private && n_private == 0)
        rv = put_private(p, s, put, w->key, e, why);
    return rv == CKR_OK && *e == ERR_OK ? put_certificate(p, s, put) : rv;
}

enum err
p11_put_cert(struct p11 *p, struct str token, const struct p11_put *put,
             struct err_info *why)
{
    const unsigned char *at = (const unsigned char *)put->der.p;
    struct putting w = { put, NULL, put->pkcs8.n > 0 };
    const struct operation op = { run_put, &w, "bind a certificate" };
    X509 *x = NULL;
    enum err e = ERR_OK;

    if (w.is_private) {
        e = cert_key_read(put->pkcs8, &w.key, why);
    } else {
        x = d2i_X509(NULL, &at, (long)put->der.n);
        w.key = x == NULL ? NULL : X509_get_pubkey(x);
        if (w.key == NULL)
            e = err_set(why, ERR_SYNTAX, "its public key is not understood");
    }
    if (e == ERR_OK)
        e = p11_operate(p, token, &op, why);
    EVP_PKEY_free(w.key);
    X509_free(x);
    return e;
}

static CK_RV
run_put_key(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
            struct err_info *why)
{
    const struct putting *w = arg;
    const struct p11_put *put = w->put;
    const CK_ATTRIBUTE same[] = { VALUE(CKA_CLASS, p11_private),
                                  BYTES(CKA_LABEL, put->label) };
    CK_OBJECT_HANDLE found[2];
    CK_ULONG n, n_id = 0;
    CK_RV rv = p11_find(p, s, same, ARRAY_LEN(same), found, 2, &n);

    if (rv == CKR_OK)
        rv = count_with_id(p, s, &p11_private, put->id, &n_id);
    if (rv == CKR_OK && (n > 0 || n_id > 0))
        *e = err_set(why, ERR_EXISTS,
                     n > 0 ? "key label " STR_FMT " is in use"
                           : "the token has the key of " STR_FMT " already",
                     STR_ARG(put->label));
    if (rv == CKR_OK && *e == ERR_OK)
        rv = put_public(p, s, put, w->key, e, why);
    return rv == CKR_OK && *e == ERR_OK ? put_private(p, s, put, w->key, e, why)
                                        : rv;
}

enum err
p11_put_key(struct p11 *p, struct str token, struct str label, struct str id,
            struct str pkcs8, struct err_info *why)
{
    const struct p11_put put = { .label = label, .id = id };
    struct putting w = { &put, NULL, true };
    const struct operation op = { run_put_key, &w, "put a key" };
    enum err e = cert_key_read(pkcs8, &w.key, why);

    if (e == ERR_OK)
        e = p11_operate(p, token, &op, why);
    EVP_PKEY_free(w.key);
    return e;
}

/* --- taking out ---------------------------------------------------------- */

struct dropping {
    struct str id, der;
    bool with_keys;
};

static CK_RV
drop_all(struct p11 *p, CK_SESSION_HANDLE s, const CK_ATTRIBUTE *want,
         CK_ULONG n_want, CK_ULONG *n)
{
    CK_OBJECT_HANDLE found[8];
    CK_RV rv = p11_find(p, s, want, n_want, found, 8, n);

    for (CK_ULONG i = 0; i < *n && rv == CKR_OK; i++)
        rv = p->fn->C_DestroyObject(s, found[i]);
    return rv;
}

static CK_RV
run_drop(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
         struct err_info *why)
{
    const struct dropping *d = arg;
    const CK_ATTRIBUTE cert[] = { VALUE(CKA_CLASS, p11_certificate),
                                  BYTES(CKA_VALUE, d->der) };
    const CK_ATTRIBUTE private[] = { VALUE(CKA_CLASS, p11_private),
                                     BYTES(CKA_ID, d->id) };
    const CK_ATTRIBUTE public[] = { VALUE(CKA_CLASS, p11_public),
                                    BYTES(CKA_ID, d->id) };
    CK_ULONG n, n_left = 0;
    CK_RV rv = drop_all(p, s, cert, ARRAY_LEN(cert), &n);

    if (rv == CKR_OK && n == 0)
        *e = err_set(why, ERR_NOT_FOUND, "the certificate is not bound");
    if (rv == CKR_OK && d->id.n > 0)
        rv = count_with_id(p, s, &p11_certificate, d->id, &n_left);
    if (rv != CKR_OK || *e != ERR_OK || n_left > 0 || d->id.n == 0)
        return rv;
    if (d->with_keys)
        rv = drop_all(p, s, private, ARRAY_LEN(private), &n);
    return rv == CKR_OK && d->with_keys
               ? drop_all(p, s, public, ARRAY_LEN(public), &n)
               : rv;
}

enum err
p11_drop_cert(struct p11 *p, struct str token, struct str id, struct str der,
              bool with_keys, struct err_info *why)
{
    struct dropping d = { id, der, with_keys };
    const struct operation op = { run_drop, &d, "unbind a certificate" };

    return p11_operate(p, token, &op, why);
}
