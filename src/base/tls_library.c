#include "base/tls_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

#include "base/defs.h"

#define NAME "sallyport"       /* sorts before that of io/remote_provider.c */
#define REMEMBERS 0x30200000ul /* from here on it tries them once */
#define DECODERS_MAX 16u

/* What signs; the first of an algorithm's names. */
static const char *const key_types[] = { "RSA", "RSA-PSS", "EC",
                                         "DSA", "ED25519", "ED448" };

static OSSL_LIB_CTX *library;
static OSSL_PROVIDER *whole; /* OpenSSL's default provider, with everything */
static OSSL_ALGORITHM decoders[DECODERS_MAX + 1];

static bool
is_wanted(const OSSL_ALGORITHM *decoder)
{
    const char *names = decoder->algorithm_names;
    size_t n = strcspn(names, ":");

    if (strstr(decoder->property_definition,
               "structure=SubjectPublicKeyInfo") == NULL ||
        strstr(decoder->property_definition, "input=der") == NULL)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(key_types); i++) {
        if (strlen(key_types[i]) == n && memcmp(key_types[i], names, n) == 0)
            return true;
    }
    return false;
}

static bool
choose_decoders(void)
{
    int no_cache = 0;
    const OSSL_ALGORITHM *all =
        OSSL_PROVIDER_query_operation(whole, OSSL_OP_DECODER, &no_cache);
    size_t n = 0;

    for (; all != NULL && all->algorithm_names != NULL && n < DECODERS_MAX;
         all++) {
        if (is_wanted(all))
            decoders[n++] = *all;
    }
    return n == ARRAY_LEN(key_types);
}

/* --- a provider that hands on to the whole one ------------------------------
 */

static const OSSL_ALGORITHM *
query(void *ctx, int operation, int *no_cache)
{
    (void)ctx;
    *no_cache = 0;
    return operation == OSSL_OP_DECODER
               ? decoders
               : OSSL_PROVIDER_query_operation(whole, operation, no_cache);
}

static const OSSL_PARAM *
gettable(void *ctx)
{
    (void)ctx;
    return OSSL_PROVIDER_gettable_params(whole);
}

static int
get_params(void *ctx, OSSL_PARAM params[])
{
    (void)ctx;
    return OSSL_PROVIDER_get_params(whole, params);
}

static int
capabilities(void *ctx, const char *name, OSSL_CALLBACK *cb, void *arg)
{
    (void)ctx;
    return OSSL_PROVIDER_get_capabilities(whole, name, cb, arg);
}

static int
init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
     const OSSL_DISPATCH **out, void **ctx)
{
    typedef void (*any_fn)(void); /* OSSL_DISPATCH's own type has no name */
    static const OSSL_DISPATCH table[] = {
        { OSSL_FUNC_PROVIDER_QUERY_OPERATION, (any_fn)query },
        { OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (any_fn)gettable },
        { OSSL_FUNC_PROVIDER_GET_PARAMS, (any_fn)get_params },
        { OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (any_fn)capabilities },
        { 0, NULL },
    };

    (void)handle;
    (void)in;
    *out = table;
    /* Its algorithms are called with what they were made for. */
    *ctx = OSSL_PROVIDER_get0_provider_ctx(whole);
    return 1;
}

/* --- the context ------------------------------------------------------------
 */

static int
count_others(OSSL_PROVIDER *provider, void *arg)
{
    const char *name = OSSL_PROVIDER_get0_name(provider);
    unsigned *n = arg;

    /* Our own have keys of the angel's, nothing else. */
    if (strcmp(name, "default") != 0 && strncmp(name, "sallyport", 9) != 0)
        ++*n;
    return 1;
}

/* Where random numbers come from, as it is without openssl.cnf? */
static bool
has_plain_random(void)
{
    EVP_RAND_CTX *primary = RAND_get0_primary(NULL);
    char cipher[32] = "";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_DRBG_PARAM_CIPHER, cipher,
                                         sizeof cipher),
        OSSL_PARAM_construct_end(),
    };

    return primary != NULL &&
           strcmp(EVP_RAND_get0_name(EVP_RAND_CTX_get0_rand(primary)),
                  "CTR-DRBG") == 0 &&
           EVP_RAND_CTX_get_params(primary, params) == 1 &&
           strcmp(cipher, "AES-256-CTR") == 0;
}

/* The default context, as it is without openssl.cnf? */
static bool
is_plain(void)
{
    unsigned n_others = 0;

    return OSSL_PROVIDER_available(NULL, "default") == 1 &&
           EVP_default_properties_is_fips_enabled(NULL) != 1 &&
           OSSL_PROVIDER_do_all(NULL, count_others, &n_others) == 1 &&
           n_others == 0 && has_plain_random();
}

static void
make(void)
{
    OSSL_LIB_CTX *made = NULL;

    if (OpenSSL_version_num() >= REMEMBERS || !is_plain())
        return;
    whole = OSSL_PROVIDER_try_load(NULL, "default", 1);
    if (whole == NULL || !choose_decoders())
        goto out;
    made = OSSL_LIB_CTX_new();
    if (made == NULL || OSSL_PROVIDER_add_builtin(made, NAME, init) != 1 ||
        OSSL_PROVIDER_load(made, NAME) == NULL) {
        OSSL_LIB_CTX_free(made);
        made = NULL;
    }
out:
    ERR_clear_error();
    library = made;
}

OSSL_LIB_CTX *
tls_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make);
    return library;
}
