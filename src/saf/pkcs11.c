#include "saf/pkcs11_private.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

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

CK_RV
p11_find_key_of(struct p11 *p, CK_SESSION_HANDLE s,
                const CK_OBJECT_CLASS *class_, struct str id,
                CK_OBJECT_HANDLE *key, enum err *e, struct err_info *why)
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
