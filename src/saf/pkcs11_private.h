/* Shared by the pkcs11*.c files: sessions, operations, finding objects. */
#ifndef SALLYPORT_SAF_PKCS11_PRIVATE_H
#define SALLYPORT_SAF_PKCS11_PRIVATE_H

#include <p11-kit/pkcs11.h>

#include "saf/pkcs11.h"

#define SESSIONS_MAX 8u
#define ATTRIBUTE_MAX 4096u

struct session {
    char token[P11_TOKEN_MAX + 1];
    CK_SESSION_HANDLE handle;
    bool is_open;
    bool is_refused; /* the PIN was wrong: once more may lock the token */
    CK_RV refusal;
};

struct p11 {
    void *library;
    CK_FUNCTION_LIST *fn;
    struct str pin;
    struct session sessions[SESSIONS_MAX];
};

/* What the module answered, as an error of ours. */
enum err p11_refused(CK_RV rv, struct str token, const char *what,
                     struct err_info *why);

/* One operation on a token, once more with a new session when the token had
 * been away. CKR_OK of `run` with *e set: what it found is its own refusal. */
typedef CK_RV run_fn(struct p11 *, CK_SESSION_HANDLE, void *arg, enum err *e,
                     struct err_info *why);
struct operation {
    run_fn *run;
    void *arg;
    const char *what;
};
MUST_CHECK enum err p11_operate(struct p11 *, struct str token,
                                const struct operation *, struct err_info *why);

#define BYTES(type, text)                                                      \
    {                                                                          \
        (type), (void *)(uintptr_t)(text).p, (text).n                          \
    }
#define VALUE(type, variable)                                                  \
    {                                                                          \
        (type), (void *)(uintptr_t) & (variable), sizeof(variable)             \
    }

extern const CK_BBOOL p11_yes, p11_no;
extern const CK_OBJECT_CLASS p11_private, p11_public, p11_secret,
    p11_certificate;
extern const CK_KEY_TYPE p11_aes;

/* Up to `cap` objects that have these attributes. */
CK_RV p11_find(struct p11 *, CK_SESSION_HANDLE, const CK_ATTRIBUTE *want,
               CK_ULONG n_want, CK_OBJECT_HANDLE *out, CK_ULONG cap,
               CK_ULONG *n);
CK_RV p11_attribute(struct p11 *, CK_SESSION_HANDLE, CK_OBJECT_HANDLE,
                    CK_ATTRIBUTE_TYPE, unsigned char out[ATTRIBUTE_MAX],
                    size_t *n);
/* The key of that class and CKA_ID; *e: there is none, or not one. */
CK_RV p11_find_key_of(struct p11 *, CK_SESSION_HANDLE,
                      const CK_OBJECT_CLASS *class_, struct str id,
                      CK_OBJECT_HANDLE *key, enum err *e, struct err_info *why);

#endif
