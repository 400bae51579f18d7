#include "saf/pkcs11_private.h"

#include <dlfcn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/keywire.h"

/* --- what the module says ----------------------------------------------- */

static const struct {
    CK_RV rv;
    enum err e;
    const char *text;
} returns[] = {
    { CKR_PIN_INCORRECT, ERR_DENIED, "the PIN is wrong" },
    { CKR_PIN_LOCKED, ERR_DENIED, "the PIN is locked" },
    { CKR_PIN_EXPIRED, ERR_DENIED, "the PIN has expired" },
    { CKR_PIN_LEN_RANGE, ERR_DENIED, "the PIN's length is not accepted" },
    { CKR_USER_PIN_NOT_INITIALIZED, ERR_DENIED, "no user PIN is set" },
    { CKR_USER_NOT_LOGGED_IN, ERR_DENIED, "not logged in" },
    { CKR_TOKEN_NOT_PRESENT, ERR_NOT_FOUND, "the token is not there" },
    { CKR_TOKEN_WRITE_PROTECTED, ERR_DENIED, "the token is write protected" },
    { CKR_MECHANISM_INVALID, ERR_UNSUPPORTED, "it has no such mechanism" },
    { CKR_MECHANISM_PARAM_INVALID, ERR_UNSUPPORTED,
      "it takes no such parameter" },
    { CKR_FUNCTION_NOT_SUPPORTED, ERR_UNSUPPORTED, "it has no such function" },
    { CKR_KEY_SIZE_RANGE, ERR_UNSUPPORTED, "it has no key of this size" },
    { CKR_ATTRIBUTE_VALUE_INVALID, ERR_UNSUPPORTED,
      "it has no key of this kind" },
    { CKR_CURVE_NOT_SUPPORTED, ERR_UNSUPPORTED, "it does not have this curve" },
    { CKR_KEY_FUNCTION_NOT_PERMITTED, ERR_DENIED, "the key is not for this" },
    { CKR_KEY_TYPE_INCONSISTENT, ERR_UNSUPPORTED,
      "this key does not sign like that" },
    { CKR_ENCRYPTED_DATA_INVALID, ERR_DENIED,
      "wrapped with another key, or changed" },
    { CKR_ENCRYPTED_DATA_LEN_RANGE, ERR_DENIED,
      "wrapped with another key, or changed" },
    { CKR_DEVICE_MEMORY, ERR_LIMIT, "the token is full" },
    { CKR_HOST_MEMORY, ERR_MEMORY, "no storage" },
};

enum err
p11_refused(CK_RV rv, struct str token, const char *what, struct err_info *why)
{
    for (size_t i = 0; i < ARRAY_LEN(returns); i++)
        if (returns[i].rv == rv)
            return err_set(why, returns[i].e, "token " STR_FMT ": %s: %s",
                           STR_ARG(token), what, returns[i].text);
    return err_set(why, ERR_IO, "token " STR_FMT ": %s: CKR 0x%lx",
                   STR_ARG(token), what, (unsigned long)rv);
}

/* --- module and sessions ------------------------------------------------ */

enum err
p11_open(const char *module, struct str pin, struct p11 **out,
         struct err_info *why)
{
    struct p11 *p = calloc(1, sizeof *p);
    CK_C_GetFunctionList get = NULL;
    CK_RV rv;

    if (p == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a PKCS#11 module");
    p->pin = pin;
    p->library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    if (p->library != NULL) {
        void *symbol = dlsym(p->library, "C_GetFunctionList");

        memcpy(&get, &symbol, sizeof get);
    }
    if (get == NULL) {
        const char *text = dlerror();
        enum err e = err_set(why, ERR_NOT_FOUND, "PKCS#11 module %s: %s",
                             module, text == NULL ? "not a module" : text);

        if (p->library != NULL)
            dlclose(p->library);
        free(p);
        return e;
    }
    rv = get(&p->fn);
    if (rv == CKR_OK)
        rv = p->fn->C_Initialize(NULL);
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        dlclose(p->library);
        free(p);
        return err_set(why, ERR_IO,
                       "PKCS#11 module %s: C_Initialize: CKR 0x%lx", module,
                       (unsigned long)rv);
    }
    *out = p;
    return ERR_OK;
}

void
p11_close(struct p11 **module)
{
    struct p11 *p = *module;

    *module = NULL;
    if (p == NULL)
        return;
    (void)p->fn->C_Finalize(NULL);
    dlclose(p->library);
    free(p);
}

/* Labels are padded with blanks, not ended by a NUL. */
static bool
has_label(const CK_TOKEN_INFO *info, struct str token)
{
    return str_eq(str_trim_right(str_n(info->label, sizeof info->label)),
                  token);
}

static enum err
find_slot(struct p11 *p, struct str token, CK_SLOT_ID *slot,
          struct err_info *why)
{
    CK_SLOT_ID slots[256];
    CK_ULONG n = ARRAY_LEN(slots);
    CK_RV rv = p->fn->C_GetSlotList(CK_TRUE, slots, &n);

    if (rv != CKR_OK)
        return p11_refused(rv, token, "C_GetSlotList", why);
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;

        if (p->fn->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            has_label(&info, token)) {
            *slot = slots[i];
            return ERR_OK;
        }
    }
    return err_set(why, ERR_NOT_FOUND,
                   "there is no token " STR_FMT " in %lu slots", STR_ARG(token),
                   (unsigned long)n);
}

static struct session *
slot_of(struct p11 *p, struct str token)
{
    struct session *s = NULL;

    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (str_eq_z(token, p->sessions[i].token))
            return &p->sessions[i];
    for (size_t i = 0; i < SESSIONS_MAX && s == NULL; i++)
        if (!p->sessions[i].is_refused &&
            (!p->sessions[i].is_open || i == SESSIONS_MAX - 1))
            s = &p->sessions[i];
    if (s != NULL) {
        if (s->is_open)
            (void)p->fn->C_CloseSession(s->handle);
        memset(s, 0, sizeof *s);
        if (!str_copy_z(token, s->token, sizeof s->token))
            return NULL;
    }
    return s;
}

static enum err
session_of(struct p11 *p, struct str token, struct session **out,
           struct err_info *why)
{
    struct session *s = slot_of(p, token);
    CK_SLOT_ID slot = 0;
    CK_RV rv;
    enum err e;

    if (s == NULL)
        return err_set(why, ERR_LIMIT, "too many tokens");
    *out = s;
    if (s->is_open)
        return ERR_OK;
    if (s->is_refused)
        return p11_refused(s->refusal, token, "login (not tried again)", why);
    e = find_slot(p, token, &slot, why);
    if (e != ERR_OK)
        return e;
    rv = p->fn->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                              NULL, &s->handle);
    if (rv != CKR_OK)
        return p11_refused(rv, token, "C_OpenSession", why);
    rv = p->fn->C_Login(s->handle, CKU_USER, (CK_UTF8CHAR *)(uintptr_t)p->pin.p,
                        p->pin.n);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
        s->is_open = true;
        return ERR_OK;
    }
    (void)p->fn->C_CloseSession(s->handle);
    s->is_refused = rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED;
    s->refusal = rv;
    return p11_refused(rv, token, "login", why);
}

static bool
is_stale(CK_RV rv)
{
    return rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED ||
           rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT ||
           rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_DEVICE_ERROR;
}

enum err
p11_operate(struct p11 *p, struct str token, const struct operation *op,
            struct err_info *why)
{
    struct session *s;
    enum err e = ERR_OK;
    CK_RV rv = CKR_OK;

    for (unsigned i = 0; i < 2; i++) {
        e = session_of(p, token, &s, why);
        if (e != ERR_OK)
            return e;
        rv = op->run(p, s->handle, op->arg, &e, why);
        if (!is_stale(rv))
            break;
        (void)p->fn->C_CloseSession(s->handle);
        s->is_open = false;
    }
    return rv != CKR_OK ? p11_refused(rv, token, op->what, why) : e;
}

/* --- objects ------------------------------------------------------------ */

const CK_BBOOL p11_yes = CK_TRUE, p11_no = CK_FALSE;
const CK_OBJECT_CLASS p11_private = CKO_PRIVATE_KEY,
                      p11_public = CKO_PUBLIC_KEY, p11_secret = CKO_SECRET_KEY,
                      p11_certificate = CKO_CERTIFICATE;
const CK_KEY_TYPE p11_aes = CKK_AES;

CK_RV
p11_find(struct p11 *p, CK_SESSION_HANDLE s, const CK_ATTRIBUTE *want,
         CK_ULONG n_want, CK_OBJECT_HANDLE *out, CK_ULONG cap, CK_ULONG *n)
{
    CK_RV rv =
        p->fn->C_FindObjectsInit(s, (CK_ATTRIBUTE *)(uintptr_t)want, n_want);

    *n = 0;
    if (rv != CKR_OK)
        return rv;
    rv = p->fn->C_FindObjects(s, out, cap, n);
    (void)p->fn->C_FindObjectsFinal(s);
    return rv;
}

CK_RV
p11_attribute(struct p11 *p, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
              CK_ATTRIBUTE_TYPE type, unsigned char out[ATTRIBUTE_MAX],
              size_t *n)
{
    CK_ATTRIBUTE a = { type, out, ATTRIBUTE_MAX };
    CK_RV rv = p->fn->C_GetAttributeValue(s, object, &a, 1);

    *n = rv == CKR_OK ? a.ulValueLen : 0;
    return rv;
}

/* --- key pairs ---------------------------------------------------------- */

struct making {
    struct str label;
    enum cert_key_kind kind;
    uint32_t bits;
    struct buf *id, *spki;
};

static enum err
ec_params(enum cert_key_kind kind, uint32_t bits, unsigned char **der, int *n,
          struct err_info *why)
{
    const char *name = cert_curve(kind, bits);

    *der = NULL;
    *n =
        name == NULL ? 0 : i2d_ASN1_OBJECT(OBJ_nid2obj(OBJ_txt2nid(name)), der);
    return *n > 0
               ? ERR_OK
               : err_set(why, ERR_RANGE, "there is no curve of %u bits", bits);
}

static EVP_PKEY *
rsa_public(const unsigned char *n, size_t n_n, const unsigned char *e,
           size_t n_e)
{
    BIGNUM *modulus = BN_bin2bn(n, (int)n_n, NULL);
    BIGNUM *exponent = BN_bin2bn(e, (int)n_e, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    if (modulus != NULL && exponent != NULL && build != NULL && ctx != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(build)) != NULL &&
        EVP_PKEY_fromdata_init(ctx) == 1)
        (void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

/* CKA_EC_PARAMS: an object identifier; CKA_EC_POINT: an octet string. */
static EVP_PKEY *
ec_public(const unsigned char *params, size_t n_params,
          const unsigned char *point, size_t n_point)
{
    ASN1_OBJECT *oid = d2i_ASN1_OBJECT(NULL, &params, (long)n_params);
    ASN1_OCTET_STRING *octets =
        d2i_ASN1_OCTET_STRING(NULL, &point, (long)n_point);
    int nid = oid == NULL ? NID_undef : OBJ_obj2nid(oid);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    if (nid != NID_undef && octets != NULL && ctx != NULL &&
        EVP_PKEY_fromdata_init(ctx) == 1) {
        OSSL_PARAM list[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                             (char *)(uintptr_t)OBJ_nid2sn(nid),
                                             0),
            OSSL_PARAM_construct_octet_string(
                OSSL_PKEY_PARAM_PUB_KEY,
                (void *)(uintptr_t)ASN1_STRING_get0_data(octets),
                (size_t)ASN1_STRING_length(octets)),
            OSSL_PARAM_construct_end(),
        };

        (void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, list);
    }
    EVP_PKEY_CTX_free(ctx);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(oid);
    return key;
}

static CK_RV
read_public(struct p11 *p, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
            struct buf *spki, enum err *e, struct err_info *why)
{
    unsigned char a[ATTRIBUTE_MAX], b[ATTRIBUTE_MAX];
    CK_KEY_TYPE type = 0;
    CK_ATTRIBUTE ask = VALUE(CKA_KEY_TYPE, type);
    size_t n_a = 0, n_b = 0;
    EVP_PKEY *key = NULL;
    CK_RV rv = p->fn->C_GetAttributeValue(s, object, &ask, 1);
    bool is_rsa = type == CKK_RSA;

    if (rv == CKR_OK && !is_rsa && type != CKK_EC) {
        *e = err_set(why, ERR_UNSUPPORTED, "neither an RSA nor an EC key");
        return CKR_OK;
    }
    if (rv == CKR_OK)
        rv = p11_attribute(p, s, object, is_rsa ? CKA_MODULUS : CKA_EC_PARAMS,
                           a, &n_a);
    if (rv == CKR_OK)
        rv = p11_attribute(
            p, s, object, is_rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_POINT, b, &n_b);
    if (rv != CKR_OK)
        return rv;
    key = is_rsa ? rsa_public(a, n_a, b, n_b) : ec_public(a, n_a, b, n_b);
    *e = key == NULL
             ? err_set(why, ERR_UNSUPPORTED, "its public key is not understood")
             : cert_spki(key, spki, why);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return CKR_OK;
}

static CK_RV
generate(struct p11 *p, CK_SESSION_HANDLE s, const struct making *m,
         struct str id, CK_OBJECT_HANDLE *public_key, enum err *e,
         struct err_info *why)
{
    static const unsigned char f4[] = { 1, 0, 1 };
    const struct str exponent = str_n(f4, sizeof f4);
    CK_ULONG bits = m->bits;
    bool is_rsa = m->kind == CERT_RSA;
    unsigned char *curve = NULL;
    int n_curve = 0;
    CK_OBJECT_HANDLE private_key;
    CK_MECHANISM mechanism = { is_rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN
                                      : CKM_EC_KEY_PAIR_GEN,
                               NULL, 0 };
    CK_ATTRIBUTE rsa[] = { VALUE(CKA_MODULUS_BITS, bits),
                           BYTES(CKA_PUBLIC_EXPONENT, exponent) };
    CK_ATTRIBUTE public[7] = {
        VALUE(CKA_CLASS, p11_public),
        VALUE(CKA_TOKEN, p11_yes),
        VALUE(CKA_VERIFY, p11_yes),
        BYTES(CKA_LABEL, m->label),
        BYTES(CKA_ID, id),
    };
    CK_ATTRIBUTE private[] = {
        VALUE(CKA_CLASS, p11_private),  VALUE(CKA_TOKEN, p11_yes),
        VALUE(CKA_PRIVATE, p11_yes),    VALUE(CKA_SENSITIVE, p11_yes),
        VALUE(CKA_EXTRACTABLE, p11_no), VALUE(CKA_SIGN, p11_yes),
        BYTES(CKA_LABEL, m->label),     BYTES(CKA_ID, id),
    };
    CK_RV rv;

    if (is_rsa) {
        memcpy(public + 5, rsa, sizeof rsa);
    } else {
        *e = ec_params(m->kind, m->bits, &curve, &n_curve, why);
        if (*e != ERR_OK)
            return CKR_OK;
        public[5] = (CK_ATTRIBUTE){ CKA_EC_PARAMS, curve, (CK_ULONG)n_curve };
    }
    rv =
        p->fn->C_GenerateKeyPair(s, &mechanism, public, is_rsa ? 7 : 6, private,
                                 ARRAY_LEN(private), public_key, &private_key);
    OPENSSL_free(curve);
    return rv;
}

static CK_RV
find_by_label(struct p11 *p, CK_SESSION_HANDLE s, const CK_OBJECT_CLASS *class_,
              struct str label, CK_OBJECT_HANDLE *out, CK_ULONG *n)
{
    const CK_ATTRIBUTE want[] = { VALUE(CKA_CLASS, *class_),
                                  BYTES(CKA_LABEL, label) };

    return p11_find(p, s, want, ARRAY_LEN(want), out, 2, n);
}

static CK_RV
run_new_key(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
            struct err_info *why)
{
    const struct making *m = arg;
    unsigned char id[16];
    CK_OBJECT_HANDLE found[2], public_key = 0;
    CK_ULONG n;
    CK_RV rv = find_by_label(p, s, &p11_private, m->label, found, &n);

    if (rv != CKR_OK)
        return rv;
    if (n > 0) {
        *e = err_set(why, ERR_EXISTS, "key label " STR_FMT " is in use",
                     STR_ARG(m->label));
        return CKR_OK;
    }
    if (RAND_bytes(id, sizeof id) != 1) {
        *e = err_set(why, ERR_IO, "no random numbers");
        return CKR_OK;
    }
    rv = generate(p, s, m, str_n(id, sizeof id), &public_key, e, why);
    if (rv != CKR_OK || *e != ERR_OK)
        return rv;
    buf_add(m->id, str_n(id, sizeof id));
    return read_public(p, s, public_key, m->spki, e, why);
}

static CK_RV
run_find_key(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
             struct err_info *why)
{
    const struct making *m = arg;
    unsigned char id[ATTRIBUTE_MAX];
    CK_OBJECT_HANDLE privates[2], publics[2];
    CK_ULONG n, n_public;
    size_t n_id;
    CK_RV rv = find_by_label(p, s, &p11_private, m->label, privates, &n);

    if (rv == CKR_OK)
        rv = find_by_label(p, s, &p11_public, m->label, publics, &n_public);
    if (rv != CKR_OK)
        return rv;
    if (n != 1 || n_public != 1) {
        *e = err_set(why, n == 0 || n_public == 0 ? ERR_NOT_FOUND : ERR_EXISTS,
                     "the token has %s key pair " STR_FMT,
                     n == 0 || n_public == 0 ? "no" : "more than one",
                     STR_ARG(m->label));
        return CKR_OK;
    }
    rv = p11_attribute(p, s, privates[0], CKA_ID, id, &n_id);
    if (rv == CKR_OK && (n_id == 0 || n_id > P11_ID_MAX))
        *e = err_set(why, ERR_UNSUPPORTED, "key " STR_FMT " has no CKA_ID",
                     STR_ARG(m->label));
    if (rv != CKR_OK || *e != ERR_OK)
        return rv;
    buf_add(m->id, str_n(id, n_id));
    return read_public(p, s, publics[0], m->spki, e, why);
}

static enum err
key_pair(struct p11 *p, struct str token, struct making *m,
         const struct operation *op, struct err_info *why)
{
    enum err e = p11_operate(p, token, op, why);

    if (e == ERR_OK)
        e = buf_check(m->id, why);
    return e == ERR_OK ? buf_check(m->spki, why) : e;
}

enum err
p11_new_key(struct p11 *p, struct str token, struct str label,
            enum cert_key_kind kind, uint32_t bits, struct buf *id,
            struct buf *spki, struct err_info *why)
{
    struct making m = { label, kind, bits, id, spki };
    const struct operation op = { run_new_key, &m, "make a key" };

    if (kind == CERT_DSA)
        return err_set(why, ERR_UNSUPPORTED, "no DSA keys in a token");
    return key_pair(p, token, &m, &op, why);
}

enum err
p11_find_key(struct p11 *p, struct str token, struct str label, struct buf *id,
             struct buf *spki, struct err_info *why)
{
    struct making m = { .label = label, .id = id, .spki = spki };
    const struct operation op = { run_find_key, &m, "find a key" };

    return key_pair(p, token, &m, &op, why);
}

/* The key of that class and CKA_ID; *e: there is none, or not one. */
static CK_RV
find_key_of(struct p11 *p, CK_SESSION_HANDLE s, const CK_OBJECT_CLASS *class_,
            struct str id, CK_OBJECT_HANDLE *key, enum err *e,
            struct err_info *why)
{
    const CK_ATTRIBUTE want[] = { VALUE(CKA_CLASS, *class_),
                                  BYTES(CKA_ID, id) };
    CK_OBJECT_HANDLE found[2];
    CK_ULONG n;
    CK_RV rv = p11_find(p, s, want, ARRAY_LEN(want), found, 2, &n);

    if (rv != CKR_OK)
        return rv;
    *key = found[0];
    if (n != 1)
        *e = err_set(why, n == 0 ? ERR_NOT_FOUND : ERR_EXISTS,
                     "the token has %s %s key of this CKA_ID",
                     n == 0 ? "no" : "more than one",
                     class_ == &p11_private ? "private" : "public");
    return CKR_OK;
}

static CK_RV
run_public_of(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
              struct err_info *why)
{
    const struct making *m = arg;
    CK_OBJECT_HANDLE key;
    CK_RV rv = find_key_of(p, s, &p11_public, m->label, &key, e, why);

    return rv == CKR_OK && *e == ERR_OK
               ? read_public(p, s, key, m->spki, e, why)
               : rv;
}

enum err
p11_public_of(struct p11 *p, struct str token, struct str id, struct buf *spki,
              struct err_info *why)
{
    struct making m = { .label = id, .spki = spki };
    const struct operation op = { run_public_of, &m, "find a key" };
    enum err e = p11_operate(p, token, &op, why);

    return e == ERR_OK ? buf_check(spki, why) : e;
}

struct deletion {
    struct str id;
};

static CK_RV
run_delete(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
           struct err_info *why)
{
    const struct deletion *d = arg;
    const CK_OBJECT_CLASS *classes[] = { &p11_private, &p11_public };
    CK_RV rv = CKR_OK;

    (void)e;
    (void)why;
    for (size_t i = 0; i < ARRAY_LEN(classes) && rv == CKR_OK; i++) {
        const CK_ATTRIBUTE want[] = { VALUE(CKA_CLASS, *classes[i]),
                                      BYTES(CKA_ID, d->id) };
        CK_OBJECT_HANDLE found[4];
        CK_ULONG n;

        rv = p11_find(p, s, want, ARRAY_LEN(want), found, 4, &n);
        for (CK_ULONG k = 0; k < n && rv == CKR_OK; k++)
            rv = p->fn->C_DestroyObject(s, found[k]);
    }
    return rv;
}

enum err
p11_delete_key(struct p11 *p, struct str token, struct str id,
               struct err_info *why)
{
    struct deletion d = { id };
    const struct operation op = { run_delete, &d, "delete a key" };

    return p11_operate(p, token, &op, why);
}

/* --- signing ------------------------------------------------------------ */

struct signing {
    struct str id, hash;
    uint8_t scheme, digest;
    uint16_t salt;
    struct buf *out;
};

static const struct {
    uint8_t code;
    int nid; /* undefined: signed bare */
    CK_MECHANISM_TYPE hash;
    CK_RSA_PKCS_MGF_TYPE mgf;
} digests[] = {
    { KEY_SHA1, NID_sha1, CKM_SHA_1, CKG_MGF1_SHA1 },
    { KEY_SHA224, NID_sha224, CKM_SHA224, CKG_MGF1_SHA224 },
    { KEY_SHA256, NID_sha256, CKM_SHA256, CKG_MGF1_SHA256 },
    { KEY_SHA384, NID_sha384, CKM_SHA384, CKG_MGF1_SHA384 },
    { KEY_SHA512, NID_sha512, CKM_SHA512, CKG_MGF1_SHA512 },
    { KEY_MD5_SHA1, NID_undef, 0, 0 },
};

/* DigestInfo (RFC 8017, 9.2), which a token does not add by itself. */
static bool
digest_info(int nid, struct str hash, unsigned char *out, size_t cap, size_t *n)
{
    X509_SIG *info;
    X509_ALGOR *algorithm;
    ASN1_OCTET_STRING *octets;
    unsigned char *der = NULL;
    int n_der = 0;

    if (nid == NID_undef) {
        memcpy(out, hash.p, hash.n);
        *n = hash.n;
        return true;
    }
    info = X509_SIG_new();
    if (info == NULL)
        return false;
    X509_SIG_getm(info, &algorithm, &octets);
    if (X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), V_ASN1_NULL, NULL) == 1 &&
        ASN1_OCTET_STRING_set(octets, (const unsigned char *)hash.p,
                              (int)hash.n) == 1)
        n_der = i2d_X509_SIG(info, &der);
    X509_SIG_free(info);
    if (n_der > 0 && (size_t)n_der <= cap) {
        memcpy(out, der, (size_t)n_der);
        *n = (size_t)n_der;
    }
    OPENSSL_free(der);
    return n_der > 0 && (size_t)n_der <= cap;
}

/* r and s, one after the other, to DER. */
static bool
put_ecdsa(const unsigned char *raw, size_t n, struct buf *out)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int)(n / 2), NULL);
    BIGNUM *s = BN_bin2bn(raw + n / 2, (int)(n / 2), NULL);
    unsigned char *der = NULL;
    int n_der = 0;

    if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s)) {
        r = s = NULL;
        n_der = i2d_ECDSA_SIG(sig, &der);
    }
    if (n_der > 0)
        buf_add(out, str_n(der, (size_t)n_der));
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return n_der > 0;
}

static CK_RV
sign_with(struct p11 *p, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key,
          const struct signing *g, enum err *e, struct err_info *why)
{
    unsigned char input[128], raw[KEY_RESULT_MAX];
    size_t i = 0, n_input = g->hash.n;
    CK_RSA_PKCS_PSS_PARAMS pss = { 0 };
    CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
    CK_ULONG n = sizeof raw;
    CK_RV rv;

    while (i < ARRAY_LEN(digests) && digests[i].code != g->digest)
        i++;
    if (i == ARRAY_LEN(digests) || g->hash.n > KEY_DIGEST_MAX) {
        *e = err_set(why, ERR_UNSUPPORTED, "no such digest");
        return CKR_OK;
    }
    memcpy(input, g->hash.p, g->hash.n);
    if (g->scheme == KEY_PKCS1) {
        mechanism.mechanism = CKM_RSA_PKCS;
        if (!digest_info(digests[i].nid, g->hash, input, sizeof input,
                         &n_input)) {
            *e = err_set(why, ERR_MEMORY, "no storage");
            return CKR_OK;
        }
    } else if (g->scheme == KEY_PSS) {
        pss = (CK_RSA_PKCS_PSS_PARAMS){ digests[i].hash, digests[i].mgf,
                                        g->salt };
        mechanism =
            (CK_MECHANISM){ CKM_RSA_PKCS_PSS, &pss, (CK_ULONG)sizeof pss };
    }
    rv = p->fn->C_SignInit(s, &mechanism, key);
    if (rv == CKR_OK)
        rv = p->fn->C_Sign(s, input, n_input, raw, &n);
    if (rv != CKR_OK)
        return rv;
    if (g->scheme != KEY_ECDSA)
        buf_add(g->out, str_n(raw, n));
    else if (!put_ecdsa(raw, n, g->out))
        *e = err_set(why, ERR_IO, "a signature that is none");
    return CKR_OK;
}

static CK_RV
run_sign(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
         struct err_info *why)
{
    const struct signing *g = arg;
    CK_OBJECT_HANDLE key;
    CK_RV rv = find_key_of(p, s, &p11_private, g->id, &key, e, why);

    return rv == CKR_OK && *e == ERR_OK ? sign_with(p, s, key, g, e, why) : rv;
}

enum err
p11_sign(struct p11 *p, struct str token, struct str id, uint8_t scheme,
         uint8_t digest, uint16_t salt, struct str hash, struct buf *out,
         struct err_info *why)
{
    struct signing g = { id, hash, scheme, digest, salt, out };
    const struct operation op = { run_sign, &g, "sign" };
    enum err e = p11_operate(p, token, &op, why);

    return e == ERR_OK ? buf_check(out, why) : e;
}
