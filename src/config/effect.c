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
    const char *attr;  /* NULL: the whole element */
    const char *as_is; /* values that say what happens anyway: a|b; or NULL */
} rows[] = {
    { &cfg_type_application_monitor, "dropins", NULL },
    { &cfg_type_application_monitor, "dropinsEnabled", "false" },
    { &cfg_type_application_monitor, "pollingRate", NULL },
    { &cfg_type_application_monitor, "updateTrigger", "disabled" },
    { &cfg_type_auth_cache, "initialSize", NULL },
    { &cfg_type_auth_cache, "cacheRef", NULL },
    { &cfg_type_auth_data, NULL, NULL },
    { &cfg_type_auth_filter, NULL, NULL },
    { &cfg_type_authentication, "allowHashtableLoginWithIdOnly", "false" },
    { &cfg_type_basic_registry, "certificateMapperId", NULL },
    { &cfg_type_cics_group, NULL, NULL },
    { &cfg_type_connection_factory, NULL, NULL },
    { &cfg_type_connection_manager, NULL, NULL },
    { &cfg_type_data_xform, NULL, NULL },
    { &cfg_type_federated, NULL, NULL },
    { &cfg_type_file_manager, NULL, NULL },
    { &cfg_type_gateway_compat, NULL, NULL },
    { &cfg_type_http_dispatcher, "trustedHeaderOrigin", "none" },
    { &cfg_type_http_dispatcher, "trustedSensitiveHeaderOrigin", "none" },
    { &cfg_type_http_encoding, NULL, NULL },
    { &cfg_type_http_options, "ThrowIOEForInboundConnections", NULL },
    { &cfg_type_http_options, "incomingBodyBufferSize", NULL },
    { &cfg_type_http_options, "limitWindowUpdateFrames", "true" },
    { &cfg_type_ims_connection, NULL, NULL },
    { &cfg_type_ims_interaction, NULL, NULL },
    { &cfg_type_jms_connection, NULL, NULL },
    { &cfg_type_jms_queue, NULL, NULL },
    { &cfg_type_jms_queue_connection, NULL, NULL },
    { &cfg_type_jms_topic, NULL, NULL },
    { &cfg_type_jms_topic_connection, NULL, NULL },
    { &cfg_type_jwt_builder, NULL, NULL },
    { &cfg_type_jwt_consumer, NULL, NULL },
    { &cfg_type_jwt_sso, NULL, NULL },
    { &cfg_type_jdbc_timing, NULL, NULL },
    { &cfg_type_ldap, NULL, NULL },
    { &cfg_type_ldap_actived, NULL, NULL },
    { &cfg_type_ldap_custom, NULL, NULL },
    { &cfg_type_ldap_domino, NULL, NULL },
    { &cfg_type_ldap_edirectory, NULL, NULL },
    { &cfg_type_ldap_ids, NULL, NULL },
    { &cfg_type_ldap_iplanet, NULL, NULL },
    { &cfg_type_ldap_netscape, NULL, NULL },
    { &cfg_type_ldap_secureway, NULL, NULL },
    { &cfg_type_logging, "appsWriteJson", "false" },
    { &cfg_type_logging, "stackTraceSingleEntry", "false" },
    { &cfg_type_ltpa, NULL, NULL },
    { &cfg_type_monitoring, NULL, NULL },
    { &cfg_type_mp_jwt, NULL, NULL },
    { &cfg_type_mq_service, NULL, NULL },
    { &cfg_type_oauth_token, NULL, NULL },
    { &cfg_type_oidc_client, NULL, NULL },
    { &cfg_type_old_service, NULL, NULL },
    { &cfg_type_rest_client, NULL, NULL },
    { &cfg_type_saf_authorization, "enableDelegation", "false" },
    { &cfg_type_saf_authorization, "reportAuthorizationCheckDetails", "false" },
    { &cfg_type_saf_credentials, "suppressAuthFailureMessages", NULL },
    { &cfg_type_saf_registry, "enableFailover", "false" },
    { &cfg_type_saf_registry, "includeSafGroups", "false" },
    { &cfg_type_saf_registry, "reportPasswordChangeDetails", "false" },
    { &cfg_type_saf_registry, "reportPasswordExpired", "false" },
    { &cfg_type_saf_registry, "reportUserRevoked", "false" },
    { &cfg_type_saml, NULL, NULL },
    { &cfg_type_servlet_timing, NULL, NULL },
    { &cfg_type_spnego, NULL, NULL },
    { &cfg_type_ssl, "securityLevel", "HIGH|CUSTOM" },
    { &cfg_type_ssl_options, "sessionTimeout", NULL },
    { &cfg_type_tcp_options, "acceptThread", "false" },
    { &cfg_type_tcp_options, "waitToAccept", NULL },
    { &cfg_type_trust_association, NULL, NULL },
    { &cfg_type_web_app_security, "allowAuthenticationFailOverToAuthMethod",
      "BASIC|APP_DEFINED" },
    { &cfg_type_web_app_security, "allowLogoutPageRedirectToAnyHost", "false" },
    { &cfg_type_web_app_security, "contextRootForFormAuthenticationMechanism",
      NULL },
    { &cfg_type_web_app_security, "httpOnlyCookies", NULL },
    { &cfg_type_web_app_security, "includePathInWASReqURL", "false" },
    { &cfg_type_web_app_security, "loginErrorURL", NULL },
    { &cfg_type_web_app_security, "loginFormContextRoot", NULL },
    { &cfg_type_web_app_security, "loginFormURL", NULL },
    { &cfg_type_web_app_security, "logoutOnHttpSessionExpire", NULL },
    { &cfg_type_web_app_security, "logoutPageRedirectDomainNames", NULL },
    { &cfg_type_web_app_security, "overrideHttpAuthMethod",
      "CLIENT_CERT|BASIC" },
    { &cfg_type_web_app_security, "postParamCookieSize", NULL },
    { &cfg_type_web_app_security, "postParamSaveMethod", "None" },
    { &cfg_type_web_app_security, "preserveFullyQualifiedReferrerUrl",
      "false" },
    { &cfg_type_web_app_security, "sameSiteCookie", NULL },
    { &cfg_type_web_app_security, "singleSignonEnabled", "false" },
    { &cfg_type_web_app_security, "ssoCookieName", NULL },
    { &cfg_type_web_app_security, "ssoDomainNames", NULL },
    { &cfg_type_web_app_security, "ssoRequiresSSL", NULL },
    { &cfg_type_web_app_security, "ssoUseDomainFromURL", NULL },
    { &cfg_type_web_app_security, "trackLoggedOutSSOCookies", "false" },
    { &cfg_type_web_app_security, "useAuthenticationDataForUnprotectedResource",
      NULL },
    { &cfg_type_web_app_security, "useContextRootForSSOCookiePath", NULL },
    { &cfg_type_web_app_security, "useLtpaSSOForJaspic", "false" },
    { &cfg_type_web_app_security, "useOnlyCustomCookieName", NULL },
    { &cfg_type_web_app_security, "wasReqURLRedirectDomainNames", NULL },
    { &cfg_type_web_app_security, "webAlwaysLogin", "false" },
    { &cfg_type_wmq_client, NULL, NULL },
    { &cfg_type_wola_adapters, NULL, NULL },
    { &cfg_type_wola_service, NULL, NULL },
    { &cfg_type_zcon_api, "policyRef", NULL },
    { &cfg_type_zcon_apis, "policyRef", NULL },
    { &cfg_type_zcon_audit, NULL, NULL },
    { &cfg_type_zcon_auth_server, NULL, NULL },
    { &cfg_type_zcon_auth_token, NULL, NULL },
    { &cfg_type_zcon_auth_token_local, NULL, NULL },
    { &cfg_type_zcon_authorization, "safCacheTimeout", NULL },
    { &cfg_type_zcon_endpoint, "proxyConfigRef", NULL },
    { &cfg_type_zcon_file_logger, NULL, NULL },
    { &cfg_type_zcon_ipic, "preferredSpecificHost", NULL },
    { &cfg_type_zcon_ipic, "requestTimeout", NULL },
    { &cfg_type_zcon_ipic, "sharedPort", "false" },
    { &cfg_type_zcon_manager, "globalDataXformRef", NULL },
    { &cfg_type_zcon_manager, "operationMode", "ASYNC" },
    { &cfg_type_zcon_manager, "preserveJsonPayloadOrder", "true" },
    { &cfg_type_zcon_manager, "useJsonErrorResponses", "true" },
    { &cfg_type_zcon_oauth, NULL, NULL },
    { &cfg_type_zcon_policy, NULL, NULL },
    { &cfg_type_zcon_proxy, NULL, NULL },
    { &cfg_type_zcon_rest, NULL, NULL },
    { &cfg_type_zcon_rest_auth, NULL, NULL },
    { &cfg_type_zcon_ruleset, NULL, NULL },
    { &cfg_type_zcon_service, "invokeURI", NULL },
};

/* Elements that do nothing without one attribute. */
static const struct {
    const struct cfg_type *type;
    const char *attr;
} needed[] = {
    { &cfg_type_user_interceptor, "library" },
};

const char *
effect_needs(const struct cfg_type *type)
{
    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        if (needed[i].type == type)
            return needed[i].attr;
    return NULL;
}

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
effect_says_what_is(const struct cfg_type *type, const char *attr,
                    struct str value)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str rest = str_of(rows[i].as_is == NULL ? "" : rows[i].as_is);
        struct str word;

        if (rows[i].type != type || rows[i].attr == NULL ||
            strcmp(rows[i].attr, attr) != 0)
            continue;
        while (rest.n > 0 && str_token(&rest, '|', &word))
            if (str_eq_nocase(word, str_trim(value)))
                return true;
    }
    return false;
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
