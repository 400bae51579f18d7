#include "gateway/check.h"

#include <stdlib.h>

#include "gateway/endpoint.h"
#include "gateway/library.h"
#include "gateway/link_tls.h"
#include "gateway/snapshot_priv.h"
#include "gateway/user_registry.h"
#include "io/revocation.h"

/* Which of them an API requester uses is not known without its archive. */
static enum err
check_endpoints(struct building *b)
{
    const struct cfg_zcon_endpoint *e;

    CFG_EACH(b->s->tree, zcon_endpoint, e)
    {
        struct endpoint *endpoint;
        enum err code = endpoint_new(&b->s->arena, b->s->tree, b->stores,
                                     b->log, e->node.id, &endpoint, b->why);

        if (code != ERR_OK)
            return code;
        endpoint_close(endpoint);
    }
    return ERR_OK;
}

/* Code that comes from outside is not loaded to look at it. */
static void
check_libraries(struct building *b)
{
    const struct cfg_user_interceptor *u;

    CFG_EACH(b->s->tree, user_interceptor, u)
    {
        struct err_info why;

        if (u->library.n > 0 && library_check(u->library.p, &why) != ERR_OK)
            chain_say_unusable(b->log, u, &why);
    }
}

static enum err
check_all(struct building *b)
{
    struct snapshot *s = b->s;
    enum err e =
        link_tls_build(s->tree, b->stores, b->log, false, &s->link_tls, b->why);

    check_libraries(b);
    if (e == ERR_OK)
        e = check_endpoints(b);
    if (e == ERR_OK)
        e = building_ports(b);
    return e == ERR_OK ? user_registry_set(s, NULL, b->log, b->why) : e;
}

enum err
gateway_check(struct cfg_tree *tree, struct messages_log *log,
              struct err_info *why)
{
    struct tls_shared shared = { .is_check = true };
    struct building b = { .log = log, .why = why, .is_check = true };
    enum err e = revocation_cache_new(&shared.revocation, why);

    if (e != ERR_OK)
        return e;
    b.s = snapshot_empty(tree);
    if (b.s == NULL)
        e = building_no_storage(&b);
    else if ((e = tls_stores_new(NULL, log, &shared, tree, &b.stores, why)) ==
             ERR_OK)
        e = check_all(&b);
    tls_stores_free(&b.stores);
    snapshot_unref(&b.s);
    revocation_cache_unref(&shared.revocation);
    return e;
}
