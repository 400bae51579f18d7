/*
 * When a change takes effect. What no row names is taken over by the update
 * itself: requests that arrive afterwards see it.
 */
#include <string.h>

#include "config/raw.h"

static const struct {
    const struct cfg_type *type;
    const char *attr; /* NULL: all attributes without a row of their own */
    enum cfg_update_rule rule;
} rows[] = {
    { &cfg_type_http_options, NULL, CFG_UPDATE_CONNECTIONS },
    { &cfg_type_key_entry, NULL, CFG_UPDATE_CONNECTIONS },
    { &cfg_type_key_store, NULL, CFG_UPDATE_CONNECTIONS },
    { &cfg_type_logging, "newLogsOnStart", CFG_UPDATE_START },
    { &cfg_type_outbound_connection, NULL, CFG_UPDATE_CONNECTIONS },
    { &cfg_type_revocation, NULL, CFG_UPDATE_CONNECTIONS },
    { &cfg_type_ssl, NULL, CFG_UPDATE_CONNECTIONS },
    { &cfg_type_ssl_default, NULL, CFG_UPDATE_CONNECTIONS },
    { &cfg_type_ssl_options, NULL, CFG_UPDATE_CONNECTIONS },
    { &cfg_type_tcp_options, NULL, CFG_UPDATE_CONNECTIONS },
    { &cfg_type_zcon_apis, "location", CFG_UPDATE_REFRESH },
    { &cfg_type_zcon_ipic, NULL, CFG_UPDATE_CONNECTIONS },
    { &cfg_type_zcon_requesters, "location", CFG_UPDATE_REFRESH },
    { &cfg_type_zcon_ruleset, "file", CFG_UPDATE_REFRESH },
    { &cfg_type_zcon_services, "location", CFG_UPDATE_REFRESH },
};

bool
update_row(size_t i, const struct cfg_type **type, const char **attr)
{
    if (i >= ARRAY_LEN(rows))
        return false;
    *type = rows[i].type;
    *attr = rows[i].attr;
    return true;
}

enum cfg_update_rule
cfg_update_rule(const struct cfg_type *type, const char *attr)
{
    enum cfg_update_rule rule = CFG_UPDATE_AT_ONCE;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].type != type)
            continue;
        if (rows[i].attr == NULL)
            rule = rows[i].rule;
        else if (strcmp(rows[i].attr, attr) == 0)
            return rows[i].rule;
    }
    return rule;
}
