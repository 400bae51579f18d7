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
    { &cfg_type_auth_data, NULL },
    { &cfg_type_auth_filter, NULL },
    { &cfg_type_basic_registry, NULL },
    { &cfg_type_cics_group, NULL },
    { &cfg_type_compression, NULL },
    { &cfg_type_connection_factory, NULL },
    { &cfg_type_connection_manager, NULL },
    { &cfg_type_cors, NULL },
    { &cfg_type_data_xform, NULL },
    { &cfg_type_federated, NULL },
    { &cfg_type_file_manager, NULL },
    { &cfg_type_gateway_compat, NULL },
    { &cfg_type_headers, NULL },
    { &cfg_type_http_dispatcher, NULL },
    { &cfg_type_http_encoding, NULL },
    { &cfg_type_http_endpoint, "protocolVersion" },
    { &cfg_type_http_options, "DoNotAllowDuplicateSetCookies" },
    { &cfg_type_http_options, "connectionWindowSize" },
    { &cfg_type_http_options, "limitWindowUpdateFrames" },
    { &cfg_type_http_options, "maxResetFrames" },
    { &cfg_type_http_options, "maxStreamsRefused" },
    { &cfg_type_http_options, "resetFramesWindow" },
    { &cfg_type_http_options, "settingsInitialWindowSize" },
    { &cfg_type_ims_connection, NULL },
    { &cfg_type_ims_interaction, NULL },
    { &cfg_type_jms_connection, NULL },
    { &cfg_type_jms_queue, NULL },
    { &cfg_type_jms_queue_connection, NULL },
    { &cfg_type_jms_topic, NULL },
    { &cfg_type_jms_topic_connection, NULL },
    { &cfg_type_jwt_builder, NULL },
    { &cfg_type_jwt_consumer, NULL },
    { &cfg_type_jwt_sso, NULL },
    { &cfg_type_key_entry, NULL },
    { &cfg_type_ldap, NULL },
    { &cfg_type_ldap_actived, NULL },
    { &cfg_type_ldap_custom, NULL },
    { &cfg_type_ldap_domino, NULL },
    { &cfg_type_ldap_edirectory, NULL },
    { &cfg_type_ldap_ids, NULL },
    { &cfg_type_ldap_iplanet, NULL },
    { &cfg_type_ldap_netscape, NULL },
    { &cfg_type_ldap_secureway, NULL },
    { &cfg_type_logging, "appsWriteJson" },
    { &cfg_type_logging, "consoleSource" },
    { &cfg_type_logging, "jsonAccessLogFields" },
    { &cfg_type_logging, "jsonFieldMappings" },
    { &cfg_type_logging, "maxFfdcAge" },
    { &cfg_type_logging, "messageSource" },
    { &cfg_type_logging, "rolloverInterval" },
    { &cfg_type_logging, "rolloverStartTime" },
    { &cfg_type_logging, "stackTraceSingleEntry" },
    { &cfg_type_ltpa, NULL },
    { &cfg_type_monitoring, NULL },
    { &cfg_type_mp_jwt, NULL },
    { &cfg_type_mq_service, NULL },
    { &cfg_type_oauth_token, NULL },
    { &cfg_type_oidc_client, NULL },
    { &cfg_type_old_service, NULL },
    { &cfg_type_outbound_connection, NULL },
    { &cfg_type_quick_start, NULL },
    { &cfg_type_remote_ip, NULL },
    { &cfg_type_rest_client, NULL },
    { &cfg_type_saf_authorization, "enableDelegation" },
    { &cfg_type_saf_credentials, "mapDistributedIdentities" },
    { &cfg_type_same_site, NULL },
    { &cfg_type_saml, NULL },
    { &cfg_type_spnego, NULL },
    { &cfg_type_ssl, "enforceCipherOrder" },
    { &cfg_type_ssl, "securityLevel" },
    { &cfg_type_ssl, "skipHostnameVerificationForHosts" },
    { &cfg_type_ssl_default, "httpHostNameVerification" },
    { &cfg_type_ssl_options, "sessionTimeout" },
    { &cfg_type_tcp_options, NULL },
    { &cfg_type_trust_association, NULL },
    { &cfg_type_user_interceptor, NULL },
    { &cfg_type_virtual_host, NULL },
    { &cfg_type_web_app_security, "logoutOnHttpSessionExpire" },
    { &cfg_type_web_app_security, "useContextRootForSSOCookiePath" },
    { &cfg_type_wmq_client, NULL },
    { &cfg_type_wola_adapters, NULL },
    { &cfg_type_wola_service, NULL },
    { &cfg_type_zcon_audit, NULL },
    { &cfg_type_zcon_auth_server, NULL },
    { &cfg_type_zcon_auth_token, NULL },
    { &cfg_type_zcon_auth_token_local, NULL },
    { &cfg_type_zcon_file_logger, NULL },
    { &cfg_type_zcon_ipic, "preferredSpecificHost" },
    { &cfg_type_zcon_ipic, "sharedPort" },
    { &cfg_type_zcon_manager, "globalDataXformRef" },
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
effect_row(size_t i, const struct cfg_type **type, const char **attr)
{
    if (i >= ARRAY_LEN(rows))
        return false;
    *type = rows[i].type;
    *attr = rows[i].attr;
    return true;
}

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
