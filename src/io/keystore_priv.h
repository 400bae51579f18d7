/* The readers of keystore.h, among themselves. */
#ifndef SALLYPORT_IO_KEYSTORE_PRIV_H
#define SALLYPORT_IO_KEYSTORE_PRIV_H

#include "io/keystore.h"

/* What is being read. */
struct keystore_reading {
    const struct keystore_input *from;
    struct keystore *to;
    size_t cap; /* of to->entries */
    struct err_info *why;
};

/* A copy of der joins the store. NULL: no storage or too many, `why` set. */
MUST_CHECK struct keystore_entry *keystore_add(struct keystore_reading *,
                                               enum keystore_kind,
                                               struct str alias,
                                               struct str der);
/* The key's own password, else the store's; false when neither is given. */
MUST_CHECK bool keystore_password_of(const struct keystore_input *,
                                     struct str alias, struct str *out);

/* ERR_DENIED: its password does not open the key. */
MUST_CHECK enum err keystore_refuse_key(const struct keystore_reading *,
                                        struct str alias);

MUST_CHECK enum err keystore_read_jks(struct keystore_reading *);
MUST_CHECK enum err keystore_read_pkcs12(struct keystore_reading *);
MUST_CHECK enum err keystore_read_pem(struct keystore_reading *);

/* keystore_java.c: past a serialized secret key. False: not in that form. */
struct reader;
MUST_CHECK bool keystore_skip_java(struct reader *);

#endif
