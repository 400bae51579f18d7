/* Registries, SAF and web security. */
#include "config/registry.h"

#include <limits.h>

static const char *const rac_route_log_words[] = { "ASIS", "NOFAIL", "NONE",
                                                   "NOSTAT", NULL };

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_saf_registry, __VA_ARGS__)
static const struct cfg_attr saf_registry_attrs[] = {
    ATTR(STRING, realm, "realm", "", "Realm name; else the system's."),
    ATTR(BOOL, enable_failover, "enableFailover", "true",
         "Use the unauthorized services when the server is not registered "
         "with an angel."),
    ATTR(BOOL, report_password_expired, "reportPasswordExpired", "false",
         "Tell a client that its password has expired."),
    ATTR(BOOL, report_password_change_details, "reportPasswordChangeDetails",
         "false", "Tell why a new password was refused."),
    ATTR(BOOL, report_user_revoked, "reportUserRevoked", "false",
         "Tell a client that the user is revoked."),
    ATTR(BOOL, include_saf_groups, "includeSafGroups", "false",
         "Groups of SAF in the subject."),
};
#undef ATTR
CFG_TYPE(saf_registry, "safRegistry", CFG_FACTORY,
         .help = "Users and groups of the security database.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_saf_credentials, __VA_ARGS__)
static const struct cfg_attr saf_credentials_attrs[] = {
    ATTR(STRING_MAX, unauthenticated_user, "unauthenticatedUser", "WSGUEST", 8,
         "User where nobody is authenticated."),
    ATTR(STRING_MAX, profile_prefix, "profilePrefix", "BBGZDFLT", 8,
         "APPL profile and prefix of EJBROLE and SERVER profiles."),
    ATTR(BOOL, map_distributed_identities, "mapDistributedIdentities", "false",
         "Map other registries' users by RACMAP filters."),
    ATTR(BOOL, suppress_auth_failure_messages, "suppressAuthFailureMessages",
         "true", "Do not log ordinary failed logons."),
};
#undef ATTR
CFG_TYPE(saf_credentials, "safCredentials", CFG_SINGLETON,
         .help = "How users become SAF identities.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_saf_role_mapper, __VA_ARGS__)
static const struct cfg_attr saf_role_mapper_attrs[] = {
    ATTR(STRING, profile_pattern, "profilePattern",
         "%profilePrefix%.%resource%.%role%", "Pattern of EJBROLE profiles."),
    ATTR(BOOL, to_upper_case, "toUpperCase", "false",
         "Profile names in capitals."),
};
#undef ATTR
CFG_TYPE(saf_role_mapper, "safRoleMapper", CFG_FACTORY,
         .help = "From roles to EJBROLE profiles.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_saf_authorization, __VA_ARGS__)
static const struct cfg_attr saf_authorization_attrs[] = {
    ATTR(ENUM, rac_route_log, "racRouteLog", "NONE", rac_route_log_words,
         "LOG= of the checks: ASIS shows failures as ICH408I."),
    ATTR(BOOL, enable_delegation, "enableDelegation", "false",
         "RunAs users from APPLDATA."),
    ATTR(BOOL, report_authorization_check_details,
         "reportAuthorizationCheckDetails", "false", "Log each refused check."),
    ATTR(REF, role_mapper, saf_role_mapper, "roleMapper", "",
         "A safRoleMapper."),
};
#undef ATTR
CFG_TYPE(saf_authorization, "safAuthorization", CFG_SINGLETON,
         .help = "Roles are decided by EJBROLE profiles.");

static const char *const failover_words[] = { "BASIC", "FORM", "APP_DEFINED",
                                              NULL };
static const char *const override_words[] = { "BASIC", "CLIENT_CERT", "FORM",
                                              NULL };
static const char *const same_site_words[] = { "Disabled", "Lax", "None",
                                               "Strict", NULL };
static const char *const post_param_words[] = { "Cookie", "None", "Session",
                                                NULL };

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_web_app_security, __VA_ARGS__)
static const struct cfg_attr web_app_security_attrs[] = {
    ATTR(BOOL, allow_failover_to_basic_auth, "allowFailOverToBasicAuth",
         "false", "Without a usable certificate ask for a password."),
    ATTR(WORD, allow_failover_to_auth_method,
         "allowAuthenticationFailOverToAuthMethod", "", failover_words,
         "BASIC is allowFailOverToBasicAuth; FORM and APP_DEFINED are not "
         "failed over to."),
    ATTR(WORD, override_http_auth_method, "overrideHttpAuthMethod", "",
         override_words,
         "CLIENT_CERT, or BASIC: passwords alone; FORM is taken for BASIC."),
    ATTR(STRING, basic_realm_name, "basicAuthenticationMechanismRealmName",
         "defaultRealm", "Realm in the challenge."),
    ATTR(BOOL, display_authentication_realm, "displayAuthenticationRealm",
         "false",
         "The registry's realm in the challenge: of basicRegistry, or what "
         "safRegistry says."),
    ATTR(BOOL, single_signon_enabled, "singleSignonEnabled", "true",
         "Set and accept single sign-on cookies."),
    ATTR(STRING, sso_cookie_name, "ssoCookieName", "LtpaToken2",
         "Name of the cookie."),
    ATTR(BOOL, use_only_custom_cookie_name, "useOnlyCustomCookieName", "false",
         "Only the named cookie is accepted."),
    ATTR(STRING, sso_domain_names, "ssoDomainNames", "",
         "Domains of the cookie, separated by |."),
    ATTR(BOOL, sso_use_domain_from_url, "ssoUseDomainFromURL", "false",
         "Domain of the cookie from the request."),
    ATTR(BOOL, sso_requires_ssl, "ssoRequiresSSL", "false",
         "The cookie only over TLS."),
    ATTR(BOOL, http_only_cookies, "httpOnlyCookies", "true",
         "Scripts do not see the cookie."),
    ATTR(WORD, same_site_cookie, "sameSiteCookie", "Disabled", same_site_words,
         "SameSite of the cookie."),
    ATTR(BOOL, use_auth_data_for_unprotected,
         "useAuthenticationDataForUnprotectedResource", "true",
         "Use credentials where none are needed."),
    ATTR(BOOL, track_logged_out_sso_cookies, "trackLoggedOutSSOCookies",
         "false", "Refuse cookies of those who logged out."),
    ATTR(BOOL, web_always_login, "webAlwaysLogin", "false",
         "login() although already authenticated."),
    ATTR(BOOL, use_context_root_for_sso_cookie_path,
         "useContextRootForSSOCookiePath", "false",
         "Path of the cookie is the application's, not /."),
    ATTR(BOOL, logout_on_http_session_expire, "logoutOnHttpSessionExpire",
         "false", "The end of a session logs out."),
    /* forms to log on with, which a gateway has no use for */
    ATTR(STRING, login_form_url, "loginFormURL", "", "Page to log on with."),
    ATTR(STRING, login_error_url, "loginErrorURL", "",
         "Page for who fails to."),
    ATTR(STRING, login_form_context,
         "contextRootForFormAuthenticationMechanism", "",
         "Context root of that page."),
    ATTR(STRING, login_form_context_root, "loginFormContextRoot", "",
         "The same, by its other name."),
    ATTR(WORD, post_param_save_method, "postParamSaveMethod", "Cookie",
         post_param_words, "Where a form's parameters wait for the logon."),
    ATTR(INT, post_param_cookie_size, "postParamCookieSize", "16384", 1,
         INT_MAX, "Bytes of that cookie at most."),
    ATTR(STRING, was_req_url_domains, "wasReqURLRedirectDomainNames", "",
         "Domains a logon may lead to, separated by |."),
    ATTR(STRING, logout_page_domains, "logoutPageRedirectDomainNames", "",
         "Domains a logout may lead to, separated by |."),
    ATTR(BOOL, logout_to_any_host, "allowLogoutPageRedirectToAnyHost", "false",
         "A logout may lead anywhere."),
    ATTR(BOOL, keep_full_referrer, "preserveFullyQualifiedReferrerUrl", "false",
         "After a logon to the full URL, host included."),
    ATTR(BOOL, path_in_was_req_url, "includePathInWASReqURL", "false",
         "A path in the cookie that remembers where to."),
    ATTR(BOOL, use_ltpa_for_jaspic, "useLtpaSSOForJaspic", "false",
         "LTPA cookies after a JASPIC provider."),
};
#undef ATTR
CFG_TYPE(web_app_security, "webAppSecurity", CFG_SINGLETON,
         .help = "How web requests are authenticated.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_auth_cache, __VA_ARGS__)
static const struct cfg_attr auth_cache_attrs[] = {
    ATTR(INT, initial_size, "initialSize", "50", 1, INT_MAX,
         "A hint: storage is taken as entries come."),
    ATTR(INT, max_size, "maxSize", "25000", 1, INT_MAX,
         "Entries at most, as the next power of two from 128 to 4194304; the "
         "oldest gives way."),
    ATTR(DURATION, timeout_ms, "timeout", "600s", CFG_MS,
         "How long an entry lives."),
    ATTR(BOOL, allow_basic_auth_lookup, "allowBasicAuthLookup", "true",
         "Passwords may be answered from the cache."),
    ATTR(STRING, cache, "cacheRef", "", "A cache of JCache."),
};
#undef ATTR
CFG_TYPE(auth_cache, "authCache", CFG_SINGLETON,
         .help = "Cache of authenticated users.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_authentication, __VA_ARGS__)
static const struct cfg_attr authentication_attrs[] = {
    ATTR(BOOL, cache_enabled, "cacheEnabled", "true", "Use the cache."),
    ATTR(BOOL, allow_hashtable_login_with_id_only,
         "allowHashtableLoginWithIdOnly", "false",
         "Accepted for compatibility."),
};
#undef ATTR
CFG_TYPE(authentication, "authentication", CFG_SINGLETON,
         .help = "Authentication as a whole.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_user, __VA_ARGS__)
static const struct cfg_attr user_attrs[] = {
    ATTR(STRING, name, "name", NULL, "User name."),
    ATTR(PASSWORD_OR_HASH, password, "password", NULL, "Password."),
};
#undef ATTR
CFG_TYPE(user, "user", CFG_NESTED, .help = "A user.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_member, __VA_ARGS__)
static const struct cfg_attr member_attrs[] = {
    ATTR(STRING, name, "name", NULL, "User name."),
};
#undef ATTR
CFG_TYPE(member, "member", CFG_NESTED, .help = "A member of a group.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_group, __VA_ARGS__)
static const struct cfg_attr group_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Group name."),
    ATTR(CHILDREN, members, n_members, member, "member", "Its users."),
};
#undef ATTR
CFG_TYPE(group, "group", CFG_NESTED, .help = "A group.");

static const char *const map_mode_words[] = { "PRINCIPAL_CN", "CUSTOM",
                                              "NOT_SUPPORTED", "IGNORE", NULL };

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_basic_registry, __VA_ARGS__)
static const struct cfg_attr basic_registry_attrs[] = {
    ATTR(STRING, realm, "realm", "BasicRegistry", "Realm name."),
    ATTR(BOOL, ignore_case, "ignoreCaseForAuthentication", "false",
         "User names in any case."),
    ATTR(WORD, certificate_map_mode, "certificateMapMode", "PRINCIPAL_CN",
         map_mode_words,
         "PRINCIPAL_CN: the certificate's most specific CN is the user's "
         "name."),
    ATTR(STRING, certificate_mapper_id, "certificateMapperId", "",
         "Mapper for CUSTOM."),
    ATTR(CHILDREN, users, n_users, user, "user", "Users."),
    ATTR(CHILDREN, groups, n_groups, group, "group", "Groups."),
};
#undef ATTR
CFG_TYPE(basic_registry, "basicRegistry", CFG_FACTORY,
         .help = "Users and groups written in the configuration.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_subject, __VA_ARGS__)
static const struct cfg_attr subject_attrs[] = {
    ATTR(STRING, name, "name", "", "User or group name."),
    ATTR(STRING, type, "type", "",
         "special-subject: EVERYONE or ALL_AUTHENTICATED_USERS."),
    ATTR(STRING, access_id, "access-id", "",
         "user:realm/name or group:realm/name, instead of the name."),
};
#undef ATTR
CFG_TYPE(subject, "user", CFG_NESTED, .help = "Who has a role.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_security_role, __VA_ARGS__)
static const struct cfg_attr security_role_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Role name."),
    ATTR(CHILDREN, users, n_users, subject, "user", "Users with the role."),
    ATTR(CHILDREN, groups, n_groups, subject, "group", "Groups with it."),
    ATTR(CHILDREN, specials, n_specials, subject, "special-subject",
         "Special subjects with it."),
};
#undef ATTR
CFG_TYPE(security_role, "security-role", CFG_NESTED, .help = "A role.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_authorization_roles, __VA_ARGS__)
static const struct cfg_attr authorization_roles_attrs[] = {
    ATTR(CHILDREN, roles, n_roles, security_role, "security-role",
         "Roles and who has them."),
};
#undef ATTR
CFG_TYPE(authorization_roles, "authorization-roles", CFG_FACTORY,
         .help = "Roles of an application, where SAF does not decide.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_administrator_role, __VA_ARGS__)
static const struct cfg_attr administrator_role_attrs[] = {
    ATTR(LIST, users, "user", "", "Users who administer the server."),
    ATTR(LIST, groups, "group", "", "Groups that do."),
};
#undef ATTR
CFG_TYPE(
    administrator_role, "administrator-role", CFG_SINGLETON,
    .help = "Who may call the server's MBeans, where SAF does not decide.");
