/*
 * OpenSSL's library context for TLS. Before 3.2 OpenSSL tries every decoder of
 * every provider for each certificate that it reads: a quarter of a full
 * handshake with a chain of two. This context has the algorithms of the default
 * provider, but of its decoders only those for the keys that certificates are
 * signed with, in DER. So certificates are read and verified in it, and keys
 * used; files with private keys are read elsewhere, and what was read elsewhere
 * may be used here.
 */
#ifndef SALLYPORT_BASE_TLS_LIBRARY_H
#define SALLYPORT_BASE_TLS_LIBRARY_H

struct ossl_lib_ctx_st; /* OSSL_LIB_CTX */

/* For the process's life; any thread. NULL, the default context, where that is
 * as quick, or where openssl.cnf has a say in what it consists of: other
 * providers, another random generator, or properties such as "fips=yes". */
struct ossl_lib_ctx_st *tls_library(void);

#endif
