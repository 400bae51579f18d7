/*
 * What server.xml may say although nothing acts on it yet. Whoever writes it is
 * told, since an element that protects something must not be believed to.
 * Making one effective is removing its row.
 */
#include <string.h>

#include "config/raw.h"
#include "config/registry.h"

static const struct {
    const struct cfg_type *type;
    const char *attr; /* NULL: the whole element */
} rows[] = {
    { &cfg_type_access_logging, NULL },
    { &cfg_type_auth_cache, "initialSize" },
    { &cfg_type_auth_cache, "maxSize" },
    { &cfg_type_basic_registry, NULL },
    { &cfg_type_cors, NULL },
    { &cfg_type_http_dispatcher, NULL },
    { &cfg_type_http_endpoint, "protocolVersion" },
    { &cfg_type_key_entry, NULL },
    { &cfg_type_outbound_connection, NULL },
    { &cfg_type_saf_authorization, "enableDelegation" },
    { &cfg_type_saf_credentials, "mapDistributedIdentities" },
    { &cfg_type_ssl, "enforceCipherOrder" },
    { &cfg_type_ssl, "securityLevel" },
    { &cfg_type_ssl_options, "sessionTimeout" },
    { &cfg_type_tcp_options, NULL },
    { &cfg_type_virtual_host, NULL },
    { &cfg_type_zcon_audit, NULL },
    { &cfg_type_zcon_auth_server, NULL },
    { &cfg_type_zcon_auth_token, NULL },
    { &cfg_type_zcon_auth_token_local, NULL },
    { &cfg_type_zcon_file_logger, NULL },
    { &cfg_type_zcon_ipic, "preferredSpecificHost" },
    { &cfg_type_zcon_ipic, "sharedPort" },
    { &cfg_type_zcon_manager, "operationMode" },
    { &cfg_type_zcon_manager, "preserveJsonPayloadOrder" },
    { &cfg_type_zcon_manager, "useJsonErrorResponses" },
    { &cfg_type_zcon_oauth, NULL },
    { &cfg_type_zcon_policy, NULL },
    { &cfg_type_zcon_proxy, NULL },
    { &cfg_type_zcon_rest, NULL },
    { &cfg_type_zcon_ruleset, NULL },
    { &cfg_type_zcon_service, "invokeURI" },
};

bool
cfg_has_effect(const struct cfg_type *type, const char *attr)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].type != type)
            continue;
        if (attr == NULL
                ? rows[i].attr == NULL
                : rows[i].attr != NULL && strcmp(rows[i].attr, attr) == 0)
            return false;
    }
    return true;
}
