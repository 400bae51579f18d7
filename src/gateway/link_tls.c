#include "gateway/link_tls.h"

#include "gateway/placed.h"

#define LOGGER "com.ibm.zosconnect.service.cics.internal.CicsIpicConnection"

enum err
link_tls_build(const struct cfg_tree *tree, struct tls_stores *stores,
               struct messages_log *log, bool is_update, struct table *out,
               struct err_info *why)
{
    const struct cfg_zcon_ipic *e;

    CFG_EACH(tree, zcon_ipic, e)
    {
        struct tls_config *tls = NULL;
        struct err_info own;

        if (e->ssl == NULL)
            continue;
        if (tls_store_build(stores, e->ssl, NULL, STR(""), &tls, &own) !=
            ERR_OK) {
            if (is_update)
                return err_set(why, ERR_NOT_NOW,
                               "zosconnect_cicsIpicConnection " STR_FMT ": %s",
                               STR_ARG(e->node.id), own.text);
            PLACED_LOG(log, LOGGER, PLACE(&e->node, "sslCertsRef"), "SPT0440E",
                       e->node.id, str_of(own.text));
            continue;
        }
        if (tls != NULL && !table_put(out, e->node.id, tls, NULL)) {
            tls_config_unref(&tls);
            return err_set(why, ERR_MEMORY, "no storage for connections");
        }
    }
    return ERR_OK;
}

void
link_tls_fini(struct table *links)
{
    struct str id;
    void *value;

    for (size_t pos = 0; table_next(links, &pos, &id, &value);) {
        struct tls_config *tls = value;

        tls_config_unref(&tls);
    }
    table_fini(links);
}
