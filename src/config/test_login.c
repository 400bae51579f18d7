/*
 * What only logging on with a browser needs: nothing acts on it here, but it
 * is read as the original reads it, with its defaults, and refused alike.
 */
#include "config/test_world.h"

static void
defaults_are_the_originals(void **state)
{
    static struct world w;
    const struct cfg_web_app_security *web;
    const struct cfg_spnego *spnego;
    const struct cfg_oidc_client *o;
    const struct cfg_saml *s;

    (void)state;
    memset(&w, 0, sizeof w);
    assert_int_equal(load(&w, "<openidConnectClient id='o'/><samlWebSso20/>"),
                     ERR_OK);
    o = cfg_find(w.tree, &cfg_type_oidc_client, STR("o"));
    assert_int_equal(o->authentication_time_limit_ms, 420000);
    assert_str(o->grant_type, "authorization_code");
    assert_str(o->response_type, "");
    assert_str(o->pkce_code_challenge_method, "disabled");
    assert_str(o->token_order, "IDToken");
    assert_true(o->client_side_redirect && o->create_session &&
                o->re_authn_on_access_token_expire);
    assert_false(o->nonce_enabled || o->use_system_properties);
    assert_int_equal(o->initial_state_cache_capacity, 3000);
    assert_int_equal(o->re_authn_cushion_ms, 0);
    s = cfg_find(w.tree, &cfg_type_saml, STR("defaultSP"));
    assert_true(s->authn_requests_signed && s->https_required &&
                s->create_session && s->use_relay_state_for_target &&
                s->include_x509_in_metadata);
    assert_false(s->force_authn || s->is_passive || s->sp_logout ||
                 s->re_authn_on_assertion_expire);
    assert_int_equal(s->allow_create, CFG_UNSET);
    assert_str(s->authn_context_comparison, "exact");
    assert_str(s->name_id_format, "email");
    assert_str(s->idp_metadata,
               "/u/servers/test/resources/security/idpMetadata.xml");
    assert_int_equal(s->token_replay_timeout_ms, 30 * 60000);
    assert_int_equal(s->session_limit_ms, 120 * 60000);
    assert_int_equal(s->authn_request_time_ms, 10 * 60000);
    spnego = CFG_ONE(w.tree, spnego);
    assert_true(spnego->canonical_host_name &&
                spnego->no_failover_to_app_auth_type &&
                spnego->include_client_credential &&
                spnego->include_custom_cache_key && spnego->trim_realm);
    assert_false(spnego->disable_ltpa_cookie);
    web = CFG_ONE(w.tree, web_app_security);
    assert_str(web->post_param_save_method, "Cookie");
    assert_int_equal(web->post_param_cookie_size, 16384);
    assert_str(web->same_site_cookie, "Disabled");
    assert_false(web->logout_to_any_host || web->keep_full_referrer ||
                 web->path_in_was_req_url || web->use_ltpa_for_jaspic);
    cfg_unref(&w.tree);
}

/* What does not fit is said as of any attribute, and gives the default. */
static void
values_are_checked(void **state)
{
    static const struct {
        const char *element, *attr, *value, *log;
    } rows[] = {
        { "openidConnectClient", "authenticationTimeLimit", "soon",
          "\"soon\" is not a duration" },
        { "openidConnectClient", "reAuthnCushion", "-1", "is shorter than 0" },
        { "openidConnectClient", "maxTokenLifetime", "1 day",
          "\"day\" is not a unit of time" },
        { "openidConnectClient", "jwksMaxStale", "-1", "in use: 24h." },
        { "samlWebSso20", "samlTokenReuse", "0", "of true will be used" },
        { "openidConnectClient", "grantType", "password",
          "[authorization_code][implicit]. Default value in use: "
          "authorization_code." },
        { "openidConnectClient", "responseType", "token id_token",
          "[code][id_token][id_token token][token]" },
        { "openidConnectClient", "pkceCodeChallengeMethod", "S512",
          "[disabled][plain][S256]. Default value in use: disabled." },
        { "openidConnectClient", "tokenOrderToFetchCallerClaims", "UserInfo",
          "[IDToken][AccessToken IDToken UserInfo]. Default value in use: "
          "IDToken." },
        { "openidConnectClient", "initialStateCacheCapacity", "-1",
          "CWWKG0083W A validation failure occurred while processing the "
          "[initialStateCacheCapacity] property, value = [-1]. Default value "
          "in use: 3000." },
        { "openidConnectClient", "nonceEnabled", "1",
          "CWWKG0081E: The value 1 for boolean attribute nonceEnabled" },
        { "openidConnectClient", "isClientSideRedirectSupported", "no",
          "The default value of true will be used." },
        { "openidConnectClient", "reAuthnOnAccessTokenExpire", "",
          "boolean attribute reAuthnOnAccessTokenExpire" },
        { "openidConnectClient", "createSession", "tru",
          "boolean attribute createSession" },
        { "openidConnectClient", "useSystemPropertiesForHttpClientConnections",
          "yes", "The default value of false will be used." },
        { "samlWebSso20", "authnRequestsSigned", "2",
          "boolean attribute authnRequestsSigned" },
        { "samlWebSso20", "forceAuthn", "x", "boolean attribute forceAuthn" },
        { "samlWebSso20", "isPassive", "x", "boolean attribute isPassive" },
        { "samlWebSso20", "allowCreate", "x", "boolean attribute allowCreate" },
        { "samlWebSso20", "httpsRequired", "x", "will be used" },
        { "samlWebSso20", "spLogout", "x", "boolean attribute spLogout" },
        { "samlWebSso20", "authnContextComparisonType", "same",
          "[exact][better][maximum][minimum]. Default value in use: exact." },
        { "samlWebSso20", "nameIDFormat", "mail",
          "[email][persistent][transient]" },
        { "samlWebSso20", "tokenReplayTimeout", "30 minutes",
          "\"minutes\" is not a unit of time" },
        { "samlWebSso20", "sessionNotOnOrAfter", "x", "is not a duration" },
        { "samlWebSso20", "authnRequestTime", "-1", "is shorter than 0" },
        { "samlWebSso20", "reAuthnCushion", "", "is not a duration" },
        { "spnego", "canonicalHostName", "x", "of true will be used" },
        { "spnego", "disableFailOverToAppAuthType", "x", "of true will" },
        { "spnego", "includeClientGSSCredentialInSubject", "x", "of true" },
        { "spnego", "trimKerberosRealmNameFromPrincipal", "x", "of true" },
        { "webAppSecurity", "postParamSaveMethod", "File",
          "[Cookie][None][Session]. Default value in use: Cookie." },
        { "webAppSecurity", "postParamCookieSize", "0",
          "is not a whole number from 1 to 2147483647" },
        { "webAppSecurity", "postParamCookieSize", "16k", "in use: 16384." },
        { "webAppSecurity", "preserveFullyQualifiedReferrerUrl", "x",
          "of false will be used" },
        { "webAppSecurity", "includePathInWASReqURL", "x", "of false" },
        { "webAppSecurity", "allowLogoutPageRedirectToAnyHost", "x", "false" },
        { "webAppSecurity", "sameSiteCookie", "Loose",
          "[Disabled][Lax][None][Strict]. Default value in use: Disabled." },
        { "webAppSecurity", "overrideHttpAuthMethod", "DIGEST",
          "[BASIC][CLIENT_CERT][FORM]" },
        { "webAppSecurity", "allowAuthenticationFailOverToAuthMethod", "SPNEGO",
          "[BASIC][FORM][APP_DEFINED]" },
        { "tcpOptions", "acceptThread", "x", "boolean attribute acceptThread" },
        { "httpOptions", "ThrowIOEForInboundConnections", "x", "boolean" },
        { "zosconnect_cicsIpicConnection", "requestTimeout", "never",
          "\"never\" is not a duration" },
    };
    static struct world w;
    char text[300];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        memset(&w, 0, sizeof w);
        snprintf(text, sizeof text, "<%s id='x' %s='%s'/>", rows[i].element,
                 rows[i].attr, rows[i].value);
        assert_int_equal(load(&w, text), ERR_OK);
        assert_logged(&w, rows[i].log);
        assert_logged(&w, rows[i].attr);
        cfg_unref(&w.tree);
    }
}

static void
values_are_taken(void **state)
{
    static struct world w;
    const struct cfg_oidc_client *o;
    const struct cfg_spnego *spnego;

    (void)state;
    memset(&w, 0, sizeof w);
    assert_int_equal(
        load(&w, "<variable name='c' value='2'/>"
                 "<openidConnectClient id='o' responseType='ID_TOKEN TOKEN' "
                 "authenticationTimeLimit='${c}m' forwardLoginParameter='a, b'>"
                 "<authzParameter name='p' value='${c}'/>"
                 "<tokenParameter name='q' value='r'/><tokenParameter/>"
                 "</openidConnectClient>"
                 "<spnego servicePrincipalNames='HTTP/a,HTTP/b'/>"),
        ERR_OK);
    o = cfg_find(w.tree, &cfg_type_oidc_client, STR("o"));
    assert_str(o->response_type, "id_token token");
    assert_int_equal(o->authentication_time_limit_ms, 120000);
    assert_list(o->forward_login_parameters, "a,b");
    assert_int_equal(o->n_authz_parameters, 1);
    assert_str(o->authz_parameters[0].value, "2");
    assert_int_equal(o->n_token_parameters, 1);
    assert_logged(&w, "is missing the required attribute name");
    spnego = CFG_ONE(w.tree, spnego);
    assert_list(spnego->service_principal_names, "HTTP/a,HTTP/b");
    cfg_unref(&w.tree);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_originals),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(values_are_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
