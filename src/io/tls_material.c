#include "io/tls_material.h"

#include <string.h>

#include "base/vec.h"
#include "io/staple.h"

static bool
add_key(struct tls_material *m, const struct tls_entry *e)
{
    struct tls_identity id = { e->der, e->key, e->remote, NULL };
    size_t at = m->n_first;

    if (!VEC_PUSH(&m->identities, id))
        return false;
    if (e->rank != TLS_KEY_FIRST)
        return true;
    memmove(&m->identities.v[at + 1], &m->identities.v[at],
            (m->identities.n - 1 - at) * sizeof id);
    m->identities.v[at] = id;
    m->n_first++;
    return true;
}

enum err
tls_material_add(struct tls_material *m, const struct tls_entry *e,
                 struct err_info *why)
{
    if ((e->rank != TLS_NO_KEY && !add_key(m, e)) ||
        (e->is_chain && !VEC_PUSH(&m->chain, e->der)) ||
        (e->is_trusted && !VEC_PUSH(&m->trust, e->der)))
        return err_set(why, ERR_MEMORY, "no storage for certificates");
    return ERR_OK;
}

void
tls_material_use(const struct tls_material *m, struct tls_settings *out)
{
    out->identities = m->identities.v;
    out->n_identities = m->identities.n;
    out->chain = m->chain.v;
    out->n_chain = m->chain.n;
    out->trust = m->trust.v;
    out->n_trust = m->trust.n;
}

void
tls_material_fini(struct tls_material *m)
{
    for (size_t i = 0; i < m->identities.n; i++)
        staple_unref(&m->identities.v[i].staple);
    VEC_FREE(&m->identities);
    VEC_FREE(&m->chain);
    VEC_FREE(&m->trust);
    m->n_first = 0;
}
