#include "base/fips.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"

#define MODULE_CONF "fipsmodule.cnf"
#define MODULE_CONF_MAX 65536u

/* What the module's file, which follows, is for. The base provider has what
 * reads and writes keys; it has no algorithm. */
static const char head[] = "openssl_conf = all\n"
                           "[all]\nproviders = both\n"
                           "[both]\nfips = fips_sect\nbase = base_sect\n"
                           "[base_sect]\nactivate = 1\n";

static OSSL_LIB_CTX *library;
static struct err_info failure;

/* The text of fipsmodule.cnf in the folder of this file. */
static enum err
read_beside(const char *conf, struct buf *out, struct err_info *why)
{
    const char *slash = strrchr(conf, '/');
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%.*s" MODULE_CONF,
                   slash == NULL ? 0 : (int)(slash + 1 - conf), conf);
    return file_read(path, out, why);
}

/* Debian has openssl.cnf in one folder, and a link to it in another, which is
 * where the library looks. */
static enum err
read_module_conf(struct buf *out, struct err_info *why)
{
    char *conf = CONF_get1_default_config_file();
    char *target = conf == NULL ? NULL : realpath(conf, NULL);
    enum err e = conf == NULL ? err_set(why, ERR_MEMORY, "no storage")
                              : read_beside(conf, out, why);

    if (e == ERR_NOT_FOUND && target != NULL &&
        read_beside(target, out, NULL) == ERR_OK)
        e = ERR_OK;
    if (e == ERR_NOT_FOUND)
        err_suffix(why, "; \"openssl fipsinstall\" makes it for OpenSSL's FIPS "
                        "provider (Debian: openssl-provider-fips)");
    free(target);
    OPENSSL_free(conf);
    return e;
}

/* Both providers, and nobody else. */
static enum err
load(OSSL_LIB_CTX *into, struct str text, struct err_info *why)
{
    BIO *in = BIO_new_mem_buf(text.p, (int)text.n);
    CONF *conf = NCONF_new_ex(into, NULL);
    bool is_loaded = in != NULL && conf != NULL &&
                     NCONF_load_bio(conf, in, NULL) == 1 &&
                     CONF_modules_load(conf, NULL, 0) == 1;
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    enum err e = ERR_OK;

    if (!is_loaded || OSSL_PROVIDER_available(into, "fips") != 1 ||
        OSSL_PROVIDER_available(into, "base") != 1)
        e = err_set(why, ERR_UNSUPPORTED,
                    "OpenSSL's FIPS provider does not start as " MODULE_CONF
                    " describes it: %s",
                    reason == NULL ? "it is not there" : reason);
    else if (OSSL_PROVIDER_available(into, "default") != 0 ||
             EVP_set_default_properties(into, "fips=yes") != 1)
        e = err_set(why, ERR_UNSUPPORTED,
                    "the FIPS provider cannot be had alone");
    NCONF_free(conf);
    BIO_free(in);
    ERR_clear_error();
    return e;
}

static void
make_library(void)
{
    OSSL_LIB_CTX *made = OSSL_LIB_CTX_new();
    struct buf text;
    enum err e;

    buf_init(&text, MODULE_CONF_MAX);
    buf_add(&text, STR(head));
    e = made == NULL ? err_set(&failure, ERR_MEMORY, "no storage")
                     : read_module_conf(&text, &failure);
    if (e == ERR_OK)
        e = load(made, buf_view(&text), &failure);
    if (e != ERR_OK) {
        OSSL_LIB_CTX_free(made);
        made = NULL;
    }
    library = made;
    buf_fini(&text);
}

OSSL_LIB_CTX *
fips_library(struct err_info *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_library);
    if (library == NULL && why != NULL)
        *why = failure;
    return library;
}
