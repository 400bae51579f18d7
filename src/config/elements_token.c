/* Filters and tokens. */
#include "config/registry.h"

#include <arpa/inet.h>
#include <limits.h>
#include <string.h>

#include "base/buf.h"

static const char *const inbound_words[] = { "none", "supported", "required",
                                             NULL };
static const char *const validation_words[] = { "introspect", "userinfo",
                                                "local", NULL };
static const char *const remote_words[] = { "none", "allow", "require", NULL };
static const char *const algorithm_words[] = {
    "HS256", "HS384", "HS512",       "RS256", "RS384", "RS512",
    "ES256", "ES384", "ES512",       "PS256", "PS384", "PS512",
    "EdDSA", "none",  "FROM_HEADER", NULL
};
static const char *const signing_words[] = { "RS256", "RS384", "RS512", "HS256",
                                             "HS384", "HS512", "ES256", "ES384",
                                             "ES512", NULL };
static const char *const endpoint_auth_words[] = { "post", "basic",
                                                   "private_key_jwt", NULL };
static const char *const token_header_words[] = { "Authorization", "Cookie",
                                                  NULL };
static const char *const match_words[] = { "equals", "contains", "notContain",
                                           NULL };
static const char *const address_match_words[] = { "equals",     "contains",
                                                   "notContain", "greaterThan",
                                                   "lessThan",   NULL };

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_quick_start, __VA_ARGS__)
static const struct cfg_attr quick_start_attrs[] = {
    ATTR(STRING, user_name, "userName", "", "User name."),
    ATTR(PASSWORD_OR_HASH, user_password, "userPassword", "", "Password."),
};
#undef ATTR
CFG_TYPE(quick_start, "quickStartSecurity", CFG_SINGLETON,
         .help = "One user, who is administrator.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_filter_web_app, __VA_ARGS__)
static const struct cfg_attr filter_web_app_attrs[] = {
    ATTR(STRING, name, "name", "", "Name of the application."),
    ATTR(WORD, match_type, "matchType", "contains", match_words,
         "How it is compared."),
};
#undef ATTR
CFG_TYPE(filter_web_app, "webApp", CFG_NESTED,
         .help = "A condition on requests.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_filter_url, __VA_ARGS__)
static const struct cfg_attr filter_url_attrs[] = {
    ATTR(STRING, url_pattern, "urlPattern", "",
         "URL with scheme, host, path and query."),
    ATTR(WORD, match_type, "matchType", "contains", match_words,
         "How it is compared."),
};
#undef ATTR
CFG_TYPE(filter_url, "requestUrl", CFG_NESTED,
         .help = "A condition on requests.");

/* An address of the low or high end: each * and [n-m] replaced. */
static bool
is_end(struct str text, bool is_low, unsigned char bytes[16])
{
    bool is_v6 = str_find_char(text, ':') != STR_NPOS, has_range = false;
    struct buf made;
    bool is_ok;

    buf_init(&made, 256);
    while (text.n > 0) {
        size_t end = str_find_char(text, ']');
        size_t dash = str_find_char(text, '-');

        if (text.p[0] == '*') {
            buf_add_z(&made, is_low ? "0" : is_v6 ? "ffff" : "255");
            text = str_sub(text, 1, text.n);
            has_range = true;
        } else if (text.p[0] == '[' && !has_range && end != STR_NPOS &&
                   dash < end) {
            buf_add(&made, is_low ? str_sub(text, 1, dash)
                                  : str_sub(text, dash + 1, end));
            text = str_sub(text, end + 1, text.n);
            has_range = true;
        } else if (has_range && text.p[0] != '.' && text.p[0] != ':') {
            break; /* after a range everything is open */
        } else {
            buf_add_char(&made, text.p[0]);
            text = str_sub(text, 1, text.n);
        }
    }
    is_ok = text.n == 0 && !made.failed &&
            inet_pton(is_v6 ? AF_INET6 : AF_INET, buf_z(&made), bytes) == 1;
    buf_fini(&made);
    return is_ok;
}

static enum err
check_address(void *element, struct err_info *why)
{
    const struct cfg_filter_address *a = element;
    unsigned char low[16] = { 0 }, high[16] = { 0 };
    struct str rest = a->ip, one;

    while (rest.n > 0 && str_token(&rest, '|', &one)) {
        one = str_trim(one);
        if (!is_end(one, true, low) || !is_end(one, false, high) ||
            memcmp(low, high, sizeof low) > 0)
            return err_set(why, ERR_SYNTAX,
                           "attribute ip: \"" STR_FMT
                           "\" is not an address such as 10.7.1.5, 10.7.1.* "
                           "or 10.7.[1-9].*",
                           STR_ARG(str_sub(one, 0, 60)));
    }
    return ERR_OK;
}

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_filter_address, __VA_ARGS__)
static const struct cfg_attr filter_address_attrs[] = {
    ATTR(STRING, ip, "ip", "", "Address of the client."),
    ATTR(WORD, match_type, "matchType", "contains", address_match_words,
         "How it is compared."),
};
#undef ATTR
CFG_TYPE(filter_address, "remoteAddress", CFG_NESTED, .check = check_address,
         .help = "A condition on requests.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_filter_host, __VA_ARGS__)
static const struct cfg_attr filter_host_attrs[] = {
    ATTR(STRING, name, "name", "", "Host header."),
    ATTR(WORD, match_type, "matchType", "contains", match_words,
         "How it is compared."),
};
#undef ATTR
CFG_TYPE(filter_host, "host", CFG_NESTED, .help = "A condition on requests.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_filter_agent, __VA_ARGS__)
static const struct cfg_attr filter_agent_attrs[] = {
    ATTR(STRING, agent, "agent", "", "User-Agent header."),
    ATTR(WORD, match_type, "matchType", "contains", match_words,
         "How it is compared."),
};
#undef ATTR
CFG_TYPE(filter_agent, "userAgent", CFG_NESTED,
         .help = "A condition on requests.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_filter_cookie, __VA_ARGS__)
static const struct cfg_attr filter_cookie_attrs[] = {
    ATTR(STRING, name, "name", "", "Text of the Cookie header."),
    ATTR(WORD, match_type, "matchType", "contains", match_words,
         "How it is compared."),
};
#undef ATTR
CFG_TYPE(filter_cookie, "cookie", CFG_NESTED,
         .help = "A condition on requests.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_filter_header, __VA_ARGS__)
static const struct cfg_attr filter_header_attrs[] = {
    ATTR(STRING, name, "name", "", "Name of the header."),
    ATTR(STRING, value, "value", "",
         "Compared with its value; without it presence counts."),
    ATTR(WORD, match_type, "matchType", "contains", match_words,
         "How it is compared."),
};
#undef ATTR
CFG_TYPE(filter_header, "requestHeader", CFG_NESTED,
         .help = "A condition on a request header.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_auth_filter, __VA_ARGS__)
static const struct cfg_attr auth_filter_attrs[] = {
    ATTR(CHILDREN, web_apps, n_web_apps, filter_web_app, "webApp",
         "Application."),
    ATTR(CHILDREN, urls, n_urls, filter_url, "requestUrl", "URL."),
    ATTR(CHILDREN, addresses, n_addresses, filter_address, "remoteAddress",
         "Client address."),
    ATTR(CHILDREN, hosts, n_hosts, filter_host, "host", "Host header."),
    ATTR(CHILDREN, agents, n_agents, filter_agent, "userAgent",
         "User-Agent header."),
    ATTR(CHILDREN, cookies, n_cookies, filter_cookie, "cookie",
         "Cookie header."),
    ATTR(CHILDREN, headers, n_headers, filter_header, "requestHeader",
         "Any header."),
};
#undef ATTR
CFG_TYPE(
    auth_filter, "authFilter", CFG_FACTORY,
    .help = "Which requests a mechanism is for; all conditions must hold.");

/* Of relying parties, which log browsers on. */
static const char *const grant_words[] = { "authorization_code", "implicit",
                                           NULL };
static const char *const response_words[] = { "code", "id_token",
                                              "id_token token", "token", NULL };
static const char *const pkce_words[] = { "disabled", "plain", "S256", NULL };
static const char *const order_words[] = { "IDToken",
                                           "AccessToken IDToken UserInfo",
                                           NULL };

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_oidc_parameter, __VA_ARGS__)
static const struct cfg_attr oidc_parameter_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Its name."),
    ATTR(STRING, value, "value", NULL, "Its value."),
};
#undef ATTR
CFG_TYPE(oidc_parameter, "parameter", CFG_NESTED,
         .help = "A parameter sent to the provider.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_oidc_client, __VA_ARGS__)
static const struct cfg_attr oidc_client_attrs[] = {
    ATTR(WORD, inbound_propagation, "inboundPropagation", "none", inbound_words,
         "none, supported or required."),
    ATTR(REF, auth_filter, auth_filter, "authFilterRef", "",
         "Requests this is for; else all."),
    ATTR(WORD, validation_method, "validationMethod", "introspect",
         validation_words,
         "How opaque tokens are validated: introspect or userinfo."),
    ATTR(WORD, jwt_access_token_remote_validation,
         "jwtAccessTokenRemoteValidation", "none", remote_words,
         "Whether JSON web tokens are validated by the provider: none, allow "
         "or require."),
    ATTR(STRING, validation_endpoint_url, "validationEndpointUrl", "",
         "Introspection or userinfo URL."),
    ATTR(WORD, signature_algorithm, "signatureAlgorithm", "HS256",
         algorithm_words, "Signature we expect."),
    ATTR(LIST, allowed_signature_algorithms, "allowedSignatureAlgorithms", "",
         "Signatures we expect with FROM_HEADER."),
    ATTR(STRING, jwk_endpoint_url, "jwkEndpointUrl", "",
         "URL of the provider's keys."),
    ATTR(STRING, jwk_client_id, "jwkClientId", "", "User for that URL."),
    ATTR(PASSWORD, jwk_client_secret, "jwkClientSecret", "", "Its password."),
    ATTR(REF, trust_store, key_store, "trustStoreRef", "",
         "Key store with the provider's certificate."),
    ATTR(STRING, trust_alias_name, "trustAliasName", "",
         "Alias of that certificate."),
    ATTR(STRING, client_id, "clientId", "", "Our client id."),
    ATTR(PASSWORD, client_secret, "clientSecret", "",
         "Our client secret; the key of HS256 and its like."),
    ATTR(PASSWORD, shared_key, "sharedKey", "",
         "The same, as other elements call it."),
    ATTR(LIST, issuer_identifiers, "issuerIdentifier", "",
         "Issuers we accept."),
    ATTR(BOOL, disable_iss_checking, "disableIssChecking", "false",
         "Tokens must not name an issuer."),
    ATTR(LIST, audiences, "audiences", "",
         "Audiences we accept, or ALL_AUDIENCES."),
    ATTR(DURATION, clock_skew_ms, "clockSkew", "300s", CFG_S,
         "By how much clocks may differ."),
    ATTR(BOOL, token_reuse, "tokenReuse", "false",
         "A token with jti may come again."),
    ATTR(STRING, user_identifier, "userIdentifier", "",
         "Claim with the user; counts more than the next."),
    ATTR(STRING, user_identity_to_create_subject, "userIdentityToCreateSubject",
         "sub", "Claim with the user."),
    ATTR(BOOL, map_identity_to_registry_user, "mapIdentityToRegistryUser",
         "false", "The user must be in the registry."),
    ATTR(STRING, unique_user_identifier, "uniqueUserIdentifier",
         "uniqueSecurityName", "Claim with the unique name."),
    ATTR(STRING, group_identifier, "groupIdentifier", "groupIds",
         "Claim with the groups."),
    ATTR(STRING, realm_identifier, "realmIdentifier", "realmName",
         "Claim with the realm."),
    ATTR(STRING, realm_name, "realmName", "", "Realm whatever the token says."),
    ATTR(STRING, header_name, "headerName", "",
         "Header with the token instead of Authorization."),
    ATTR(BOOL, authn_session_disabled, "authnSessionDisabled", "true",
         "No session cookie."),
    ATTR(BOOL, disable_ltpa_cookie, "disableLtpaCookie", "false",
         "No LTPA cookie, and look before it."),
    ATTR(BOOL, access_token_in_ltpa_cookie, "accessTokenInLtpaCookie", "false",
         "The token inside the LTPA cookie."),
    ATTR(BOOL, access_token_cache_enabled, "accessTokenCacheEnabled", "true",
         "Remember validated tokens."),
    ATTR(DURATION, access_token_cache_timeout_ms, "accessTokenCacheTimeout",
         "5m", CFG_MS, "How long."),
    ATTR(BOOL, allow_custom_cache_key, "allowCustomCacheKey", "true",
         "A cache key of our own."),
    ATTR(BOOL, https_required, "httpsRequired", "true",
         "The provider's URLs must be https."),
    ATTR(BOOL, host_name_verification_enabled, "hostNameVerificationEnabled",
         "true", "The provider's certificate must name its host."),
    ATTR(REF, ssl, ssl, "sslRef", "", "TLS configuration."),
    ATTR(WORD, token_endpoint_auth_method, "tokenEndpointAuthMethod", "post",
         endpoint_auth_words, "How we authenticate to the provider."),
    ATTR(STRING, token_endpoint_auth_signing_algorithm,
         "tokenEndpointAuthSigningAlgorithm", "RS256",
         "Signature for private_key_jwt."),
    ATTR(STRING, key_alias_name, "keyAliasName", "",
         "Key for private_key_jwt."),
    ATTR(STRING, key_management_key_alias, "keyManagementKeyAlias", "",
         "Key that decrypts tokens; with it only encrypted ones are accepted."),
    ATTR(STRING, discovery_endpoint_url, "discoveryEndpointUrl", "",
         "URL of the provider's description."),
    ATTR(DURATION, discovery_polling_rate_ms, "discoveryPollingRate", "300s",
         CFG_S, "How often it is read again at most."),
    ATTR(STRING, user_info_endpoint_url, "userInfoEndpointUrl", "",
         "URL of the user's claims."),
    ATTR(BOOL, user_info_endpoint_enabled, "userInfoEndpointEnabled", "false",
         "Ask it."),
    ATTR(BOOL, include_id_token_in_subject, "includeIdTokenInSubject", "true",
         "Keep the id token."),
    ATTR(STRING, scope, "scope", "openid profile", "Scope."),
    ATTR(STRING, token_endpoint_url, "tokenEndpointUrl", "",
         "Gives the issuer when issuerIdentifier is not given."),
    ATTR(BOOL, use_system_properties,
         "useSystemPropertiesForHttpClientConnections", "false",
         "Java's properties for connections to the provider."),
    ATTR(LIST, required_scopes, "requiredScopes", "",
         "Scopes a token must have (our extension)."),
    ATTR(LIST, required_types, "requiredTyp", "",
         "Types a token may be of, instead of JWT and at+jwt (our extension)."),
    ATTR(DURATION, max_token_lifetime_ms, "maxTokenLifetime", "0s", CFG_S,
         "From iat to exp at most; 0 is no limit (our extension)."),
    ATTR(DURATION, jwks_max_stale_ms, "jwksMaxStale", "24h", CFG_S,
         "How long keys count that cannot be read again (our extension)."),
    ATTR(STRING, authorization_endpoint_url, "authorizationEndpointUrl", "",
         "URL a browser is sent to."),
    ATTR(DURATION, authentication_time_limit_ms, "authenticationTimeLimit",
         "420s", CFG_MS, "How long a browser may take to come back."),
    ATTR(WORD, grant_type, "grantType", "authorization_code", grant_words,
         "Flow; responseType counts more."),
    ATTR(WORD, response_type, "responseType", "", response_words,
         "What the provider answers a browser with."),
    ATTR(BOOL, nonce_enabled, "nonceEnabled", "false",
         "A nonce in the authorization code flow."),
    ATTR(STRING, redirect_to_host_and_port, "redirectToRPHostAndPort", "",
         "Where a browser comes back to; else where it came from."),
    ATTR(STRING, redirect_junction_path, "redirectJunctionPath", "",
         "Path put in front of that URL's."),
    ATTR(BOOL, client_side_redirect, "isClientSideRedirectSupported", "true",
         "Browsers are sent on by a script."),
    ATTR(INT, initial_state_cache_capacity, "initialStateCacheCapacity", "3000",
         0, INT_MAX, "Logons under way that there is room for at first."),
    ATTR(WORD, pkce_code_challenge_method, "pkceCodeChallengeMethod",
         "disabled", pkce_words,
         "How the code is tied to the browser's request."),
    ATTR(BOOL, re_authn_on_access_token_expire, "reAuthnOnAccessTokenExpire",
         "true", "Log on again when the access token expires."),
    ATTR(DURATION, re_authn_cushion_ms, "reAuthnCushion", "0s", CFG_MS,
         "How long before."),
    ATTR(STRING, resource, "resource", "", "Resource named in the request."),
    ATTR(LIST, forward_login_parameters, "forwardLoginParameter", "",
         "Parameters of the request that are passed to the provider."),
    ATTR(WORD, token_order, "tokenOrderToFetchCallerClaims", "IDToken",
         order_words, "Where claims about the caller are looked for."),
    ATTR(STRING, token_request_origin_header, "tokenRequestOriginHeader", "",
         "Origin header of token requests."),
    ATTR(BOOL, create_session, "createSession", "true",
         "Make a session where there is none."),
    ATTR(CHILDREN, authz_parameters, n_authz_parameters, oidc_parameter,
         "authzParameter", "Further parameters of the authorization request."),
    ATTR(CHILDREN, token_parameters, n_token_parameters, oidc_parameter,
         "tokenParameter", "Further parameters of the token request."),
};
#undef ATTR
CFG_TYPE(oidc_client, "openidConnectClient", CFG_FACTORY,
         .help = "Bearer tokens of an OpenID provider are accepted.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_mp_jwt, __VA_ARGS__)
static const struct cfg_attr mp_jwt_attrs[] = {
    ATTR(STRING, issuer, "issuer", "", "Issuers we accept."),
    ATTR(STRING, jwks_uri, "jwksUri", "", "URL of the keys."),
    ATTR(STRING, key_name, "keyName", "",
         "Alias of the certificate in the trust store."),
    ATTR(LIST, audiences, "audiences", "", "Audiences we accept."),
    ATTR(WORD, signature_algorithm, "signatureAlgorithm", "RS256",
         signing_words, "Signature we expect."),
    ATTR(PASSWORD, shared_key, "sharedKey", "", "Key of HS256 and its like."),
    ATTR(DURATION, clock_skew_ms, "clockSkew", "5m", CFG_MS,
         "By how much clocks may differ."),
    ATTR(STRING, user_name_attribute, "userNameAttribute", "upn",
         "Claim with the user."),
    ATTR(STRING, group_name_attribute, "groupNameAttribute", "groups",
         "Claim with the groups."),
    ATTR(BOOL, map_to_user_registry, "mapToUserRegistry", "false",
         "The user must be in the registry."),
    ATTR(BOOL, token_reuse, "tokenReuse", "true",
         "A token with jti may come again."),
    ATTR(DURATION, token_age_ms, "tokenAge", "0s", CFG_MS,
         "Age of a token at most; 0 is not checked."),
    ATTR(WORD, token_header, "tokenHeader", "Authorization", token_header_words,
         "Authorization or Cookie."),
    ATTR(STRING, cookie_name, "cookieName", "Bearer", "Name of the cookie."),
    ATTR(STRING, authorization_header_scheme, "authorizationHeaderScheme",
         "Bearer ", "Word before the token."),
    ATTR(BOOL, ignore_application_auth_method, "ignoreApplicationAuthMethod",
         "true", "Whatever method the application names."),
    ATTR(STRING, key_management_key_alias, "keyManagementKeyAlias", "",
         "Key that decrypts tokens."),
    ATTR(STRING, key_management_key_algorithm, "keyManagementKeyAlgorithm", "",
         "Its algorithm."),
    ATTR(REF, auth_filter, auth_filter, "authFilterRef", "",
         "Requests this is for; else all."),
    ATTR(REF, ssl, ssl, "sslRef", "", "TLS configuration."),
};
#undef ATTR
CFG_TYPE(mp_jwt, "mpJwt", CFG_FACTORY,
         .help = "MicroProfile JSON web tokens are accepted.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_jwt_consumer, __VA_ARGS__)
static const struct cfg_attr jwt_consumer_attrs[] = {
    ATTR(STRING, issuer, "issuer", "", "Issuers we accept."),
    ATTR(BOOL, jwk_enabled, "jwkEnabled", "false", "Keys come from a URL."),
    ATTR(STRING, jwk_endpoint_url, "jwkEndpointUrl", "", "That URL."),
    ATTR(REF, trust_store, key_store, "trustStoreRef", "",
         "Key store with certificates."),
    ATTR(STRING, trusted_alias, "trustedAlias", "",
         "Alias of the certificate."),
    ATTR(LIST, audiences, "audiences", "", "Audiences we accept."),
    ATTR(WORD, signature_algorithm, "signatureAlgorithm", "RS256",
         signing_words, "Signature we expect."),
    ATTR(PASSWORD, shared_key, "sharedKey", "", "Key of HS256 and its like."),
    ATTR(DURATION, clock_skew_ms, "clockSkew", "5m", CFG_MS,
         "By how much clocks may differ."),
    ATTR(STRING, key_management_key_alias, "keyManagementKeyAlias", "",
         "Key that decrypts tokens."),
    ATTR(REF, ssl, ssl, "sslRef", "", "TLS configuration."),
};
#undef ATTR
CFG_TYPE(jwt_consumer, "jwtConsumer", CFG_FACTORY,
         .help = "How JSON web tokens are read.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_jwt_builder, __VA_ARGS__)
static const struct cfg_attr jwt_builder_attrs[] = {
    ATTR(STRING, issuer, "issuer", "", "Issuer; else a URL of this server."),
    ATTR(LIST, audiences, "audiences", "", "Audiences of the token."),
    ATTR(LIST, claims, "claims", "",
         "Attributes of the user that become claims."),
    ATTR(DURATION, expiry_ms, "expiry", "2h", CFG_H, "Life of a token."),
    ATTR(INT, expires_in_s, "expiresInSeconds", "-1", -1, INT_MAX,
         "The same in seconds; -1 is expiry."),
    ATTR(INT, nbf_offset_s, "nbfOffset", "-1", -1, INT_MAX,
         "Seconds until the token is valid; -1 leaves nbf out."),
    ATTR(BOOL, jti, "jti", "false", "An id of its own in each token."),
    ATTR(STRING, scope, "scope", "", "Scope."),
    ATTR(WORD, signature_algorithm, "signatureAlgorithm", "RS256",
         signing_words, "Signature."),
    ATTR(REF, key_store, key_store, "keyStoreRef", "",
         "Key store with the key."),
    ATTR(STRING, key_alias, "keyAlias", "", "Alias of the key."),
    ATTR(PASSWORD, shared_key, "sharedKey", "", "Key of HS256 and its like."),
    ATTR(BOOL, jwk_enabled, "jwkEnabled", "false",
         "The server makes keys and publishes them."),
    ATTR(DURATION_FROM, jwk_rotation_ms, "jwkRotationTime", "720m", CFG_M, 0,
         "How long a pair of keys made by the server is used."),
    ATTR(INT, jwk_bits, "jwkSigningKeySize", "2048", 512, 16384,
         "Bits of such a key."),
    ATTR(STRING, key_management_key_alias, "keyManagementKeyAlias", "",
         "Certificate that encrypts the token."),
    ATTR(STRING, key_management_key_algorithm, "keyManagementKeyAlgorithm",
         "RSA-OAEP", "How its key is encrypted."),
    ATTR(STRING, content_encryption_algorithm, "contentEncryptionAlgorithm",
         "A256GCM", "How the token is encrypted."),
    ATTR(REF, trust_store, key_store, "trustStoreRef", "",
         "Key store with that certificate."),
};
#undef ATTR
CFG_TYPE(jwt_builder, "jwtBuilder", CFG_FACTORY, .default_id = "defaultJWT",
         .help = "How JSON web tokens are made.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_jwt_sso, __VA_ARGS__)
static const struct cfg_attr jwt_sso_attrs[] = {
    ATTR(STRING, cookie_name, "cookieName", "JWT", "Name of the cookie."),
    ATTR(BOOL, set_cookie_secure_flag, "setCookieSecureFlag", "true",
         "The cookie only over TLS."),
    ATTR(STRING, jwt_builder, "jwtBuilderRef", "", "A jwtBuilder."),
    ATTR(STRING, jwt_consumer, "mpJwtRef", "", "An mpJwt."),
};
#undef ATTR
CFG_TYPE(jwt_sso, "jwtSso", CFG_SINGLETON,
         .help = "Single sign-on by JSON web tokens.");
