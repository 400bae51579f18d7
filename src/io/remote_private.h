/* Between remote_key.c (who asks) and remote_provider.c (what OpenSSL sees). */
#ifndef SALLYPORT_IO_REMOTE_PRIVATE_H
#define SALLYPORT_IO_REMOTE_PRIVATE_H

#include "io/remote_key.h"
#include "ipc/keywire.h"

/*
 * Ask the keeper and wait for the answer, by pausing the running job or by
 * blocking. request: everything of the message. result: KEY_RESULT_MAX bytes.
 */
MUST_CHECK enum err remote_ask(struct remote_keys *, enum key_type,
                               struct str request, unsigned char *result,
                               size_t *n, struct err_info *why);

/* A key of our provider; public_key is taken, also on failure. */
MUST_CHECK enum err remote_provider_key(struct remote_keys *,
                                        struct evp_pkey_st *public_key,
                                        const unsigned char *id,
                                        struct evp_pkey_st **out,
                                        struct err_info *why);

#endif
