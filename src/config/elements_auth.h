/*
 * Registries, filters and tokens: the part of elements.h that says how callers
 * are authenticated. Included by elements.h only.
 * Source: Liberty, reference of configuration elements.
 */
#ifndef SALLYPORT_CONFIG_ELEMENTS_AUTH_H
#define SALLYPORT_CONFIG_ELEMENTS_AUTH_H

#include "config/elements_sso.h"

struct cfg_ssl;
struct cfg_key_store;

struct cfg_quick_start { /* quickStartSecurity */
    struct cfg_node node;
    struct str user_name;
    struct secret user_password; /* clear, or still {hash}... */
};

/* ---- ldapRegistry ---- */

struct cfg_ldap_pool { /* ldapRegistry/contextPool */
    struct cfg_node node;
    bool enabled;
    int64_t initial_size;
    int64_t max_size; /* 0: no limit */
    int64_t preferred_size;
    int64_t timeout_ms; /* 0: idle ones are kept */
    int64_t wait_time_ms;
};

struct cfg_ldap_attributes_cache { /* ldapCache/attributesCache */
    struct cfg_node node;
    bool enabled;
    int64_t size;
    int64_t size_limit;
    int64_t timeout_ms;
};

struct cfg_ldap_search_cache { /* ldapCache/searchResultsCache */
    struct cfg_node node;
    bool enabled;
    int64_t size;
    int64_t results_size_limit;
    int64_t timeout_ms;
};

struct cfg_ldap_cache { /* ldapRegistry/ldapCache */
    struct cfg_node node;
    const struct cfg_ldap_attributes_cache *attributes; /* NULL: defaults */
    const struct cfg_ldap_search_cache *searches;       /* NULL: defaults */
};

struct cfg_ldap_server { /* failoverServers/server */
    struct cfg_node node;
    struct str host;
    int64_t port;
};

struct cfg_ldap_failover { /* ldapRegistry/failoverServers */
    struct cfg_node node;
    struct str name;
    const struct cfg_ldap_server *servers;
    size_t n_servers;
};

struct cfg_ldap_member { /* groupProperties/memberAttribute */
    struct cfg_node node;
    struct str name;
    struct str object_class;
    struct str scope; /* direct nested all */
    struct str dummy_member;
};

struct cfg_ldap_membership { /* groupProperties/membershipAttribute */
    struct cfg_node node;
    struct str name;
    struct str scope;
};

struct cfg_ldap_dynamic { /* groupProperties/dynamicMemberAttribute */
    struct cfg_node node;
    struct str name;
    struct str object_class;
};

struct cfg_ldap_groups { /* ldapRegistry/groupProperties */
    struct cfg_node node;
    const struct cfg_ldap_member *members;
    size_t n_members;
    const struct cfg_ldap_membership *membership; /* NULL when absent */
    const struct cfg_ldap_dynamic *dynamics;
    size_t n_dynamics;
};

struct cfg_ldap_entity { /* ldapRegistry/ldapEntityType */
    struct cfg_node node;
    struct str name; /* PersonAccount, Group... */
    struct cfg_list object_classes;
    struct cfg_list search_bases;
    struct str search_filter;
};

struct cfg_ldap_login { /* ldapRegistry/loginProperty */
    struct cfg_node node;
    struct str name;
};

struct cfg_ldap_attribute { /* attributeConfiguration/attribute */
    struct cfg_node node;
    struct str name;
    struct str property_name;
    struct str entity_type;
    struct str syntax;
    struct str default_value;
};

struct cfg_ldap_external_id { /* attributeConfiguration/externalIdAttribute */
    struct cfg_node node;
    struct str name;
    struct str entity_type;
    struct str syntax;
    bool auto_generate;
};

struct cfg_ldap_attributes { /* ldapRegistry/attributeConfiguration */
    struct cfg_node node;
    const struct cfg_ldap_attribute *attributes;
    size_t n_attributes;
    const struct cfg_ldap_external_id *external_ids;
    size_t n_external_ids;
};

/* <type>LdapFilterProperties, or <type>Filters inside ldapRegistry: the same
 * fields with each directory's own defaults. */
#define CFG_LDAP_FILTERS(X)                                                    \
    X(ldap_custom)                                                             \
    X(ldap_ids)                                                                \
    X(ldap_secureway)                                                          \
    X(ldap_actived)                                                            \
    X(ldap_domino)                                                             \
    X(ldap_edirectory) X(ldap_iplanet) X(ldap_netscape)
#define CFG_LDAP_FILTER_STRUCT(tag)                                            \
    struct cfg_##tag {                                                         \
        struct cfg_node node;                                                  \
        struct str user_filter;                                                \
        struct str group_filter;                                               \
        struct str user_id_map;                                                \
        struct str group_id_map;                                               \
        struct str group_member_id_map;                                        \
    };
CFG_LDAP_FILTERS(CFG_LDAP_FILTER_STRUCT)
#undef CFG_LDAP_FILTER_STRUCT

struct cfg_ldap { /* ldapRegistry */
    struct cfg_node node;
    struct str host;
    int64_t port;
    struct str base_dn;
    struct str name;
    struct str realm;
    struct str ldap_type;
    struct str bind_auth_mechanism; /* simple none GSSAPI */
    struct str bind_dn;
    struct secret bind_password;
    struct str krb5_principal;
    struct str krb5_ticket_cache;
    bool ignore_case;
    bool recursive_search;
    bool ssl_enabled;
    const struct cfg_ssl *ssl; /* NULL: the outbound default */
    bool reuse_connection;
    int64_t connect_timeout_ms; /* 0: none of its own */
    int64_t read_timeout_ms;    /* 0: none of its own */
    int64_t search_timeout_ms;
    struct str deref_aliases; /* always never */
    struct str referral;      /* ignore follow */
    bool return_to_primary_server;
    int64_t primary_server_query_interval_min;
    bool allow_write_to_secondary_servers;
    struct str certificate_map_mode;
    struct str certificate_filter;
    struct str certificate_mapper_id;
    struct str timestamp_format;
    const struct cfg_ldap_pool *pool;         /* NULL: defaults */
    const struct cfg_ldap_cache *cache;       /* NULL: defaults */
    const struct cfg_ldap_failover *failover; /* NULL: none */
    const struct cfg_ldap_groups *groups;     /* NULL: by the type's map */
    const struct cfg_ldap_entity *entities;
    size_t n_entities;
    const struct cfg_ldap_login *logins;
    size_t n_logins;
    const struct cfg_ldap_attributes *attributes;
    const struct cfg_ldap_custom *custom_filters;
    const struct cfg_ldap_ids *ids_filters;
    const struct cfg_ldap_secureway *secureway_filters;
    const struct cfg_ldap_actived *actived_filters;
    const struct cfg_ldap_domino *domino_filters;
    const struct cfg_ldap_edirectory *edirectory_filters;
    const struct cfg_ldap_iplanet *iplanet_filters;
    const struct cfg_ldap_netscape *netscape_filters;
};

/* ---- federatedRepository ---- */

struct cfg_fed_base { /* primaryRealm/participatingBaseEntry */
    struct cfg_node node;
    struct str name;
};

#define CFG_FED_MAPS(X)                                                        \
    X(fed_user_id)                                                             \
    X(fed_user_security) X(fed_user_display) X(fed_group_id) X(fed_group_name)
#define CFG_FED_MAP_STRUCT(tag)                                                \
    struct cfg_##tag {                                                         \
        struct cfg_node node;                                                  \
        struct str input_property;                                             \
        struct str output_property;                                            \
    };
CFG_FED_MAPS(CFG_FED_MAP_STRUCT)
#undef CFG_FED_MAP_STRUCT

struct cfg_fed_realm { /* federatedRepository/primaryRealm, realm */
    struct cfg_node node;
    struct str name;
    struct str delimiter;
    bool allow_op_if_repo_down;
    const struct cfg_fed_base *bases;
    size_t n_bases;
    const struct cfg_fed_user_id *user_id; /* NULL: its defaults */
    const struct cfg_fed_user_security *user_security;
    const struct cfg_fed_user_display *user_display;
    const struct cfg_fed_group_id *group_id;
    const struct cfg_fed_group_name *group_security;
    const struct cfg_fed_group_name *group_display;
};

struct cfg_federated { /* federatedRepository */
    struct cfg_node node;
    int64_t max_search_results;
    int64_t search_timeout_ms;
    int64_t page_cache_size;
    int64_t page_cache_timeout_ms;
    int64_t failed_login_delay_min_ms;
    int64_t failed_login_delay_max_ms;
    const struct cfg_fed_realm *primary_realm; /* NULL when absent */
    const struct cfg_fed_realm *realms;
    size_t n_realms;
};

/* ---- authFilter ---- */

struct cfg_filter_web_app { /* authFilter/webApp */
    struct cfg_node node;
    struct str name;
    struct str match_type;
};
struct cfg_filter_url { /* authFilter/requestUrl */
    struct cfg_node node;
    struct str url_pattern;
    struct str match_type;
};
struct cfg_filter_address { /* authFilter/remoteAddress */
    struct cfg_node node;
    struct str ip;
    struct str match_type;
};
struct cfg_filter_host { /* authFilter/host */
    struct cfg_node node;
    struct str name;
    struct str match_type;
};
struct cfg_filter_agent { /* authFilter/userAgent */
    struct cfg_node node;
    struct str agent;
    struct str match_type;
};
struct cfg_filter_cookie { /* authFilter/cookie */
    struct cfg_node node;
    struct str name;
    struct str match_type;
};
struct cfg_filter_header { /* authFilter/requestHeader */
    struct cfg_node node;
    struct str name;
    struct str value; /* p NULL: presence decides */
    struct str match_type;
};

struct cfg_auth_filter { /* authFilter */
    struct cfg_node node;
    const struct cfg_filter_web_app *web_apps;
    size_t n_web_apps;
    const struct cfg_filter_url *urls;
    size_t n_urls;
    const struct cfg_filter_address *addresses;
    size_t n_addresses;
    const struct cfg_filter_host *hosts;
    size_t n_hosts;
    const struct cfg_filter_agent *agents;
    size_t n_agents;
    const struct cfg_filter_cookie *cookies;
    size_t n_cookies;
    const struct cfg_filter_header *headers;
    size_t n_headers;
};

/* ---- tokens ---- */

struct cfg_oidc_parameter { /* openidConnectClient/tokenParameter... */
    struct cfg_node node;
    struct str name;
    struct str value;
};

struct cfg_oidc_client { /* openidConnectClient */
    struct cfg_node node;
    struct str inbound_propagation; /* none supported required */
    const struct cfg_auth_filter *auth_filter;
    struct str validation_method; /* introspect userinfo local */
    struct str jwt_access_token_remote_validation;
    struct str validation_endpoint_url;
    struct str signature_algorithm;
    struct cfg_list allowed_signature_algorithms;
    struct str jwk_endpoint_url;
    struct str jwk_client_id;
    struct secret jwk_client_secret;
    const struct cfg_key_store *trust_store;
    struct str trust_alias_name;
    struct str client_id;
    struct secret client_secret;
    struct secret shared_key; /* an alias of clientSecret */
    struct cfg_list issuer_identifiers;
    bool disable_iss_checking;
    struct cfg_list audiences;
    int64_t clock_skew_ms;
    bool token_reuse;
    struct str user_identifier;
    struct str user_identity_to_create_subject;
    bool map_identity_to_registry_user;
    struct str unique_user_identifier;
    struct str group_identifier;
    struct str realm_identifier;
    struct str realm_name;
    struct str header_name;
    bool authn_session_disabled;
    bool disable_ltpa_cookie;
    bool access_token_in_ltpa_cookie;
    bool access_token_cache_enabled;
    int64_t access_token_cache_timeout_ms;
    bool allow_custom_cache_key;
    bool https_required;
    bool host_name_verification_enabled;
    const struct cfg_ssl *ssl;
    struct str token_endpoint_auth_method;
    struct str token_endpoint_auth_signing_algorithm;
    struct str key_alias_name;
    struct str key_management_key_alias;
    struct str discovery_endpoint_url;
    int64_t discovery_polling_rate_ms;
    struct str user_info_endpoint_url;
    bool user_info_endpoint_enabled;
    bool include_id_token_in_subject;
    struct str scope;
    struct str token_endpoint_url;
    bool use_system_properties;
    /* ours */
    struct cfg_list required_scopes;
    struct cfg_list required_types;
    int64_t max_token_lifetime_ms; /* 0: no limit */
    int64_t jwks_max_stale_ms;
    /* for logging on with a browser */
    struct str authorization_endpoint_url;
    int64_t authentication_time_limit_ms;
    struct str grant_type;
    struct str response_type;
    bool nonce_enabled;
    struct str redirect_to_host_and_port;
    struct str redirect_junction_path;
    bool client_side_redirect;
    int64_t initial_state_cache_capacity;
    struct str pkce_code_challenge_method;
    bool re_authn_on_access_token_expire;
    int64_t re_authn_cushion_ms;
    struct str resource;
    struct cfg_list forward_login_parameters;
    struct str token_order; /* tokenOrderToFetchCallerClaims */
    struct str token_request_origin_header;
    bool create_session;
    const struct cfg_oidc_parameter *authz_parameters;
    size_t n_authz_parameters;
    const struct cfg_oidc_parameter *token_parameters;
    size_t n_token_parameters;
};

struct cfg_mp_jwt { /* mpJwt */
    struct cfg_node node;
    struct str issuer;
    struct str jwks_uri;
    struct str key_name;
    struct cfg_list audiences;
    struct str signature_algorithm;
    struct secret shared_key;
    int64_t clock_skew_ms;
    struct str user_name_attribute;
    struct str group_name_attribute;
    bool map_to_user_registry;
    bool token_reuse;
    int64_t token_age_ms; /* 0: not checked */
    struct str token_header;
    struct str cookie_name;
    struct str authorization_header_scheme;
    bool ignore_application_auth_method;
    struct str key_management_key_alias;
    struct str key_management_key_algorithm;
    const struct cfg_auth_filter *auth_filter;
    const struct cfg_ssl *ssl;
};

struct cfg_jwt_consumer { /* jwtConsumer */
    struct cfg_node node;
    struct str issuer;
    bool jwk_enabled;
    struct str jwk_endpoint_url;
    const struct cfg_key_store *trust_store;
    struct str trusted_alias;
    struct cfg_list audiences;
    struct str signature_algorithm;
    struct secret shared_key;
    int64_t clock_skew_ms;
    struct str key_management_key_alias;
    const struct cfg_ssl *ssl;
};

struct cfg_jwt_builder { /* jwtBuilder */
    struct cfg_node node;
    struct str issuer;
    struct cfg_list audiences;
    struct cfg_list claims;
    int64_t expiry_ms;
    int64_t expires_in_s; /* -1: expiry */
    int64_t nbf_offset_s; /* -1: no nbf */
    bool jti;
    struct str scope;
    struct str signature_algorithm;
    const struct cfg_key_store *key_store;
    struct str key_alias;
    struct secret shared_key;
    bool jwk_enabled;
    int64_t jwk_rotation_ms;
    int64_t jwk_bits;
    struct str key_management_key_alias;
    struct str key_management_key_algorithm;
    struct str content_encryption_algorithm;
    const struct cfg_key_store *trust_store;
};

struct cfg_jwt_sso { /* jwtSso */
    struct cfg_node node;
    struct str cookie_name;
    bool set_cookie_secure_flag;
    struct str jwt_builder;  /* id */
    struct str jwt_consumer; /* id of an mpJwt */
};

/* clang-format off */
#define CFG_TYPES_AUTH(X) \
    X(quick_start) X(ldap_pool) X(ldap_attributes_cache) X(ldap_search_cache) \
    X(ldap_cache) X(ldap_server) X(ldap_failover) X(ldap_member) \
    X(ldap_membership) X(ldap_dynamic) X(ldap_groups) X(ldap_entity) \
    X(ldap_login) X(ldap_attribute) X(ldap_external_id) X(ldap_attributes) \
    CFG_LDAP_FILTERS(X) X(ldap) X(fed_base) CFG_FED_MAPS(X) X(fed_realm) \
    X(federated) X(filter_web_app) X(filter_url) X(filter_address) \
    X(filter_host) X(filter_agent) X(filter_cookie) X(filter_header) \
    X(auth_filter) X(oidc_parameter) X(oidc_client) X(mp_jwt) X(jwt_consumer) X(jwt_builder) \
    X(jwt_sso) CFG_TYPES_SSO(X)
/* clang-format on */

#endif
