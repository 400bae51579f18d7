/* Assertions and single sign-on. */
#include "config/registry.h"

static const char *const saml_inbound_words[] = { "none", "required", NULL };
static const char *const saml_digest_words[] = { "SHA256", "SHA1", "SHA128",
                                                 NULL };
static const char *const saml_map_words[] = { "No", "User", "Group", NULL };
static const char *const comparison_words[] = { "exact", "better", "maximum",
                                                "minimum", NULL };
static const char *const name_id_words[] = {
    "email",           "persistent", "transient", "unspecified",
    "entity",          "encrypted",  "kerberos",  "windowsDomainQualifiedName",
    "x509SubjectName", "customize",  NULL
};

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_saml_certificate, __VA_ARGS__)
static const struct cfg_attr saml_certificate_attrs[] = {
    ATTR(PATH, path, "path", NULL, "Its file."),
};
#undef ATTR
CFG_TYPE(saml_certificate, "x509Certificate", CFG_NESTED,
         .help = "A further certificate.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_saml_crl, __VA_ARGS__)
static const struct cfg_attr saml_crl_attrs[] = {
    ATTR(PATH, path, "path", NULL, "Its file."),
};
#undef ATTR
CFG_TYPE(saml_crl, "crl", CFG_NESTED, .help = "A revocation list.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_saml_trust, __VA_ARGS__)
static const struct cfg_attr saml_trust_attrs[] = {
    ATTR(REF, trust_anchor, key_store, "trustAnchorRef", "",
         "Key store with the anchors."),
    ATTR(LIST, trusted_issuers, "trustedIssuers", "",
         "Issuers, or ALL_ISSUERS."),
    ATTR(CHILDREN, certificates, n_certificates, saml_certificate,
         "x509Certificate", "Further certificates."),
    ATTR(CHILDREN, crls, n_crls, saml_crl, "crl", "Revocation lists."),
};
#undef ATTR
CFG_TYPE(saml_trust, "pkixTrustEngine", CFG_NESTED,
         .help = "Whose signatures are trusted.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_saml, __VA_ARGS__)
static const struct cfg_attr saml_attrs[] = {
    ATTR(BOOL, enabled, "enabled", "true", "The element counts."),
    ATTR(WORD, inbound_propagation, "inboundPropagation", "none",
         saml_inbound_words, "none or required."),
    ATTR(REF, auth_filter, auth_filter, "authFilterRef", "",
         "Requests this is for; else all."),
    ATTR(LIST, header_names, "headerName", "Saml,saml,SAML",
         "Headers with the assertion, tried in order."),
    ATTR(LIST, audiences, "audiences", "ANY", "Audiences we accept, or ANY."),
    ATTR(DURATION, clock_skew_ms, "clockSkew", "5m", CFG_MS,
         "By how much clocks may differ."),
    ATTR(BOOL, want_assertions_signed, "wantAssertionsSigned", "true",
         "An assertion must be signed."),
    ATTR(WORD, signature_method_algorithm, "signatureMethodAlgorithm", "SHA256",
         saml_digest_words, "The weakest digest we accept."),
    ATTR(STRING, user_identifier, "userIdentifier", "",
         "Attribute with the user; else NameID."),
    ATTR(STRING, user_unique_identifier, "userUniqueIdentifier", "",
         "Attribute with the unique name."),
    ATTR(STRING, group_identifier, "groupIdentifier", "",
         "Attribute with the groups."),
    ATTR(STRING, realm_identifier, "realmIdentifier", "",
         "Attribute with the realm; else the issuer."),
    ATTR(STRING, realm_name, "realmName", "",
         "Realm whatever the assertion says."),
    ATTR(WORD, map_to_user_registry, "mapToUserRegistry", "No", saml_map_words,
         "No, User or Group."),
    ATTR(REF, key_store, key_store, "keyStoreRef", "",
         "Key store with the key that decrypts."),
    ATTR(STRING, key_alias, "keyAlias", "", "Alias of that key."),
    ATTR(BOOL, disable_ltpa_cookie, "disableLtpaCookie", "true",
         "No LTPA cookie."),
    ATTR(BOOL, allow_custom_cache_key, "allowCustomCacheKey", "true",
         "A cache key of our own."),
    ATTR(BOOL, include_token_in_subject, "includeTokenInSubject", "true",
         "Keep the assertion."),
    ATTR(CHILD, trust_engine, saml_trust, "pkixTrustEngine",
         "Whose signatures are trusted."),
    ATTR(STRING, recipient, "samlRecipient", "",
         "Recipient that an assertion must name (our extension)."),
    ATTR(BOOL, token_reuse, "samlTokenReuse", "true",
         "An assertion may come again while it is valid (our extension)."),
    ATTR(BOOL, authn_requests_signed, "authnRequestsSigned", "true",
         "Requests for a logon are signed."),
    ATTR(BOOL, force_authn, "forceAuthn", "false",
         "The provider has to authenticate again."),
    ATTR(BOOL, is_passive, "isPassive", "false",
         "The provider must not ask anything."),
    ATTR(TRISTATE, allow_create, "allowCreate",
         "The provider may make an account."),
    ATTR(STRING, authn_context_class, "authnContextClassRef", "",
         "URI of the kind of authentication wanted."),
    ATTR(WORD, authn_context_comparison, "authnContextComparisonType", "exact",
         comparison_words, "How that kind is compared."),
    ATTR(WORD, name_id_format, "nameIDFormat", "email", name_id_words,
         "Format of the name wanted."),
    ATTR(STRING, custom_name_id_format, "customizeNameIDFormat", "",
         "URI of the format, with customize."),
    ATTR(PATH, idp_metadata, "idpMetadata",
         "${server.config.dir}/resources/security/idpMetadata.xml",
         "File that describes the provider."),
    ATTR(STRING, login_page_url, "loginPageURL", "",
         "Page of the provider that starts a logon."),
    ATTR(STRING, error_page_url, "errorPageURL", "",
         "Page shown when an assertion is refused."),
    ATTR(DURATION, token_replay_timeout_ms, "tokenReplayTimeout", "30m", CFG_MS,
         "How long an assertion may not come again."),
    ATTR(DURATION, session_limit_ms, "sessionNotOnOrAfter", "120m", CFG_MS,
         "Life of a session at most."),
    ATTR(STRING, sp_host_and_port, "spHostAndPort", "",
         "How the provider addresses this server."),
    ATTR(STRING, target_page_url, "targetPageUrl", "",
         "Where a logon started by the provider leads to."),
    ATTR(BOOL, use_relay_state_for_target, "useRelayStateForTarget", "true",
         "The provider's RelayState says where."),
    ATTR(BOOL, https_required, "httpsRequired", "true",
         "This server's own pages only over TLS."),
    ATTR(BOOL, create_session, "createSession", "true",
         "Make a session where there is none."),
    ATTR(BOOL, re_authn_on_assertion_expire, "reAuthnOnAssertionExpire",
         "false", "Log on again when the assertion expires."),
    ATTR(DURATION, re_authn_cushion_ms, "reAuthnCushion", "0m", CFG_MS,
         "How long before."),
    ATTR(STRING, sp_cookie_name, "spCookieName", "",
         "Name of the cookie of this provider."),
    ATTR(STRING, post_logout_redirect_url, "postLogoutRedirectUrl", "",
         "Where a logout leads to."),
    ATTR(BOOL, sp_logout, "spLogout", "false",
         "A logout ends the provider's session as well."),
    ATTR(DURATION, authn_request_time_ms, "authnRequestTime", "10m", CFG_MS,
         "Life of a request for a logon."),
    ATTR(BOOL, include_x509_in_metadata, "includeX509InSPMetadata", "true",
         "The certificate in this server's description."),
};
#undef ATTR
CFG_TYPE(saml, "samlWebSso20", CFG_FACTORY, .default_id = "defaultSP",
         .help = "SAML assertions are accepted.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ltpa_keys, __VA_ARGS__)
static const struct cfg_attr ltpa_keys_attrs[] = {
    ATTR(STRING, file_name, "fileName", NULL, "File, beside the primary one."),
    ATTR(PASSWORD, password, "password", NULL, "Its password."),
    ATTR(STRING, valid_until_date, "validUntilDate", "",
         "When they stop to count, such as 2030-01-31T12:00:00Z."),
};
#undef ATTR
CFG_TYPE(ltpa_keys, "validationKeys", CFG_NESTED,
         .help = "Keys of tokens made earlier or elsewhere.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ltpa, __VA_ARGS__)
static const struct cfg_attr ltpa_attrs[] = {
    ATTR(PATH, keys_file_name, "keysFileName",
         "${server.output.dir}/resources/security/ltpa.keys",
         "File of the keys; made when missing."),
    ATTR(PASSWORD, keys_password, "keysPassword",
         "{xor}CDo9Hgw=", "Its password."),
    ATTR(DURATION, expiration_ms, "expiration", "120m", CFG_M,
         "Life of a token."),
    ATTR(DURATION, monitor_interval_ms, "monitorInterval", "0ms", CFG_MS,
         "How often the file is looked at; 0 never."),
    ATTR(ENUM, update_trigger, "updateTrigger", "polled", cfg_trigger_words,
         "What makes the server read it again."),
    ATTR(BOOL, monitor_validation_keys_dir, "monitorValidationKeysDir", "false",
         "Every .keys file beside the primary one validates."),
    ATTR(REF, auth_filter, auth_filter, "authFilterRef", "",
         "Requests this is for; else all."),
    ATTR(DURATION_FROM, expiration_difference_allowed_ms,
         "expirationDifferenceAllowed", "3000ms", CFG_MS, INT64_MIN,
         "By how much the two times in a token may differ; negative is not "
         "checked."),
    ATTR(CHILDREN, validation_keys, n_validation_keys, ltpa_keys,
         "validationKeys", "Keys that only validate."),
};
#undef ATTR
CFG_TYPE(ltpa, "ltpa", CFG_SINGLETON, .help = "Tokens of single sign-on.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_spnego, __VA_ARGS__)
static const struct cfg_attr spnego_attrs[] = {
    ATTR(REF, auth_filter, auth_filter, "authFilterRef", "",
         "Requests this is for."),
    ATTR(PATH, krb5_config, "krb5Config", "", "Kerberos configuration file."),
    ATTR(PATH, krb5_keytab, "krb5Keytab", "", "File of Kerberos keys."),
    ATTR(LIST, service_principal_names, "servicePrincipalNames", "",
         "Names of this service."),
    ATTR(LIST, host_names, "hostNames", "", "Hosts of this service."),
    ATTR(BOOL, canonical_host_name, "canonicalHostName", "true",
         "Hosts by their canonical names."),
    ATTR(BOOL, no_failover_to_app_auth_type, "disableFailOverToAppAuthType",
         "true", "After a failure no other method is tried."),
    ATTR(BOOL, disable_ltpa_cookie, "disableLtpaCookie", "false",
         "No LTPA cookie."),
    ATTR(BOOL, include_client_credential, "includeClientGSSCredentialInSubject",
         "true", "Keep the client's delegated credential."),
    ATTR(BOOL, include_custom_cache_key, "includeCustomCacheKeyInSubject",
         "true", "A cache key of our own."),
    ATTR(BOOL, invoke_after_sso, "invokeAfterSSO", "true",
         "After single sign-on."),
    ATTR(STRING, ntlm_error_page_url, "ntlmTokenReceivedErrorPageURL", "",
         "Page for who sends an NTLM token."),
    ATTR(STRING, failed_error_page_url, "spnegoAuthenticationErrorPageURL", "",
         "Page for who fails."),
    ATTR(STRING, not_supported_error_page_url, "spnegoNotSupportedErrorPageURL",
         "", "Page for browsers without Kerberos."),
    ATTR(BOOL, trim_realm, "trimKerberosRealmNameFromPrincipal", "true",
         "The user is the principal without its realm."),
};
#undef ATTR
CFG_TYPE(
    spnego, "spnego", CFG_SINGLETON,
    .help =
        "Kerberos tokens; not supported, its filter takes part in nothing.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_tai_properties, __VA_ARGS__)
static const struct cfg_attr tai_properties_attrs[] = {
    ATTR(REST, all, "Names and values."),
};
#undef ATTR
CFG_TYPE(tai_properties, "properties", CFG_NESTED,
         .help = "What the interceptor is told.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_tai, __VA_ARGS__)
static const struct cfg_attr tai_attrs[] = {
    ATTR(STRING, class_name, "className", "", "Its name."),
    ATTR(BOOL, enabled, "enabled", "true", "It takes part."),
    ATTR(BOOL, invoke_before_sso, "invokeBeforeSSO", "false",
         "Before single sign-on."),
    ATTR(BOOL, invoke_after_sso, "invokeAfterSSO", "true",
         "After single sign-on."),
    ATTR(STRING, library, "libraryRef", "",
         "Accepted; there are no Java libraries."),
    ATTR(CHILD, properties, tai_properties, "properties", "What it is told."),
};
#undef ATTR
CFG_TYPE(tai, "interceptors", CFG_NESTED,
         .help = "A trust association interceptor.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_trust_association, __VA_ARGS__)
static const struct cfg_attr trust_association_attrs[] = {
    ATTR(BOOL, invoke_for_unprotected_uri, "invokeForUnprotectedURI", "false",
         "Also where nobody has to authenticate."),
    ATTR(BOOL, fail_over_to_app_auth_type, "failOverToAppAuthType", "false",
         "After them the application's own method."),
    ATTR(BOOL, disable_ltpa_cookie, "disableLtpaCookie", "false",
         "No LTPA cookie."),
    ATTR(BOOL, initialize_at_first_request, "initializeAtFirstRequest", "false",
         "Load them with the first request."),
    ATTR(CHILDREN, interceptors, n_interceptors, tai, "interceptors",
         "The interceptors."),
};
#undef ATTR
CFG_TYPE(trust_association, "trustAssociation", CFG_SINGLETON,
         .help = "Interceptors that vouch for callers.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_gateway_compat, __VA_ARGS__)
static const struct cfg_attr gateway_compat_attrs[] = {
    ATTR(BOOL, allow_short_hmac_key, "allowShortHmacKey", "false",
         "HS256 and its like with a short key."),
    ATTR(BOOL, allow_small_rsa, "allowSmallRsa", "false",
         "RSA keys below 2048 bits."),
    ATTR(BOOL, allow_unsigned_tokens, "allowUnsignedTokens", "false",
         "signatureAlgorithm=\"none\"."),
    ATTR(BOOL, introspection_missing_active_ok, "introspectionMissingActiveOk",
         "false", "An answer without active counts as active."),
    ATTR(BOOL, saml_trust_all_issuers, "samlTrustAllIssuers", "false",
         "Without trustedIssuers every issuer is trusted."),
    ATTR(BOOL, host_name_verification, "hostNameVerification", "true",
         "Certificates of providers must name the host."),
    ATTR(BOOL, rfc6750_no_token_challenge, "rfc6750NoTokenChallenge", "true",
         "No error code in the challenge when there was no token."),
    ATTR(BOOL, basic_scheme_case_insensitive, "basicSchemeCaseInsensitive",
         "true", "Basic in any case."),
    ATTR(BOOL, bearer_scheme_case_insensitive, "bearerSchemeCaseInsensitive",
         "true", "Bearer in any case."),
    ATTR(BOOL, filter_dropped_condition_fails_closed,
         "filterDroppedConditionFailsClosed", "true",
         "A filter with a malformed condition accepts nothing."),
    ATTR(BOOL, ltpa_verify_first, "ltpaVerifyFirst", "true",
         "The signature before anything else."),
    ATTR(BOOL, form_body_access_token, "formBodyAccessToken", "false",
         "A token in a form."),
    ATTR(STRING, basic_charset, "basicCharset", "UTF-8",
         "Encoding of users and passwords."),
};
#undef ATTR
CFG_TYPE(gateway_compat, "gatewayCompat", CFG_SINGLETON,
         .help = "Hardening given up for compatibility (our extension).");
