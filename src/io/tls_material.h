/*
 * What a TLS configuration is made of, gathered entry by entry from key rings
 * and key stores: whoever reads those says what each entry is for.
 */
#ifndef SALLYPORT_IO_TLS_MATERIAL_H
#define SALLYPORT_IO_TLS_MATERIAL_H

#include "io/tls.h"

struct tls_entry {
    struct str der;                                   /* the certificate */
    enum { TLS_NO_KEY, TLS_KEY, TLS_KEY_FIRST } rank; /* shown to peers */
    struct str key;                                   /* PKCS#8 DER, or: */
    struct remote_keys *remote;                       /* borrowed */
    bool is_chain;   /* sent between ours and a root */
    bool is_trusted; /* an anchor for peers */
};

/* Everything is borrowed from those who gave it. */
struct tls_material {
    struct {
        struct tls_identity *v;
        size_t n, cap;
    } identities; /* those with TLS_KEY_FIRST before the others */
    size_t n_first;
    struct {
        struct str *v;
        size_t n, cap;
    } chain, trust;
};

MUST_CHECK enum err tls_material_add(struct tls_material *,
                                     const struct tls_entry *,
                                     struct err_info *why);
/* Into the settings, which borrow it. */
void tls_material_use(const struct tls_material *, struct tls_settings *);
/* With the staples of its identities. */
void tls_material_fini(struct tls_material *);

#endif
