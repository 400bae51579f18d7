/*
 * OpenSSL's FIPS provider, in a library context of its own: what is done in
 * that context is done by this provider or not at all, and nothing else in the
 * process notices. openssl.cnf has no part in it; the provider's own file, as
 * "openssl fipsinstall" writes it, has: fipsmodule.cnf beside openssl.cnf.
 * Without that file there is no such provider here. The context has no
 * algorithm but the provider's, and its default properties are "fips=yes".
 */
#ifndef SALLYPORT_BASE_FIPS_H
#define SALLYPORT_BASE_FIPS_H

#include "base/err.h"

struct ossl_lib_ctx_st; /* OSSL_LIB_CTX */

/*
 * The context, for the process's life; any thread. NULL: it cannot be had, and
 * why says what is missing.
 *
 * The first call reads files, maps the provider's code and lets it test itself
 * (some 100 ms), so a process that gives up such rights calls it before; later
 * ones answer the same. What is installed meanwhile counts from the next start.
 */
struct ossl_lib_ctx_st *fips_library(struct err_info *why);

#endif
