/*
 * Assertions and single sign-on: the part of elements.h that says who is
 * believed without a password. Included by elements_auth.h only.
 * Source: Liberty, reference of configuration elements.
 */
#ifndef SALLYPORT_CONFIG_ELEMENTS_SSO_H
#define SALLYPORT_CONFIG_ELEMENTS_SSO_H

#include "config/config.h"

struct cfg_auth_filter;
struct cfg_key_store;

struct cfg_saml_certificate { /* pkixTrustEngine/x509Certificate */
    struct cfg_node node;
    struct str path;
};
struct cfg_saml_crl { /* pkixTrustEngine/crl */
    struct cfg_node node;
    struct str path;
};

struct cfg_saml_trust { /* samlWebSso20/pkixTrustEngine */
    struct cfg_node node;
    const struct cfg_key_store *trust_anchor;
    struct cfg_list trusted_issuers;
    const struct cfg_saml_certificate *certificates;
    size_t n_certificates;
    const struct cfg_saml_crl *crls;
    size_t n_crls;
};

struct cfg_saml { /* samlWebSso20 */
    struct cfg_node node;
    bool enabled;
    struct str inbound_propagation; /* none required */
    const struct cfg_auth_filter *auth_filter;
    struct cfg_list header_names;
    struct cfg_list audiences;
    int64_t clock_skew_ms;
    bool want_assertions_signed;
    struct str signature_method_algorithm;
    struct str user_identifier;
    struct str user_unique_identifier;
    struct str group_identifier;
    struct str realm_identifier;
    struct str realm_name;
    struct str map_to_user_registry; /* No User Group */
    const struct cfg_key_store *key_store;
    struct str key_alias;
    bool disable_ltpa_cookie;
    bool allow_custom_cache_key;
    bool include_token_in_subject;
    const struct cfg_saml_trust *trust_engine; /* NULL when absent */
    struct str recipient;                      /* ours */
    bool token_reuse;                          /* ours */
    /* for logging on with a browser */
    bool authn_requests_signed;
    bool force_authn;
    bool is_passive;
    unsigned allow_create; /* CFG_UNSET unless given */
    struct str authn_context_class;
    struct str authn_context_comparison; /* better exact maximum minimum */
    struct str name_id_format;
    struct str custom_name_id_format;
    struct str idp_metadata;
    struct str login_page_url;
    struct str error_page_url;
    int64_t token_replay_timeout_ms;
    int64_t session_limit_ms; /* sessionNotOnOrAfter */
    struct str sp_host_and_port;
    struct str target_page_url;
    bool use_relay_state_for_target;
    bool https_required;
    bool create_session;
    bool re_authn_on_assertion_expire;
    int64_t re_authn_cushion_ms;
    struct str sp_cookie_name;
    struct str post_logout_redirect_url;
    bool sp_logout;
    int64_t authn_request_time_ms;
    bool include_x509_in_metadata;
};

/* ---- single sign-on and interceptors ---- */

struct cfg_ltpa_keys { /* ltpa/validationKeys */
    struct cfg_node node;
    struct str file_name;
    struct secret password;
    struct str valid_until_date;
};

struct cfg_ltpa { /* ltpa */
    struct cfg_node node;
    struct str keys_file_name;
    struct secret keys_password;
    int64_t expiration_ms;
    int64_t monitor_interval_ms; /* 0: off */
    unsigned update_trigger;
    bool monitor_validation_keys_dir;
    const struct cfg_auth_filter *auth_filter;
    int64_t expiration_difference_allowed_ms; /* negative: not checked */
    const struct cfg_ltpa_keys *validation_keys;
    size_t n_validation_keys;
};

struct cfg_spnego { /* spnego */
    struct cfg_node node;
    const struct cfg_auth_filter *auth_filter;
    struct str krb5_config;
    struct str krb5_keytab;
    struct cfg_list service_principal_names;
    struct cfg_list host_names;
    bool canonical_host_name;
    bool no_failover_to_app_auth_type;
    bool disable_ltpa_cookie;
    bool include_client_credential; /* ...GSSCredentialInSubject */
    bool include_custom_cache_key;
    bool invoke_after_sso;
    struct str ntlm_error_page_url;
    struct str failed_error_page_url;
    struct str not_supported_error_page_url;
    bool trim_realm; /* trimKerberosRealmNameFromPrincipal */
};

struct cfg_tai_properties { /* trustAssociation/interceptors/properties */
    struct cfg_node node;
    struct cfg_vars all;
};

struct cfg_tai { /* trustAssociation/interceptors */
    struct cfg_node node;
    struct str class_name;
    bool enabled;
    bool invoke_before_sso;
    bool invoke_after_sso;
    struct str library;
    const struct cfg_tai_properties *properties; /* NULL when absent */
};

struct cfg_trust_association { /* trustAssociation */
    struct cfg_node node;
    bool invoke_for_unprotected_uri;
    bool fail_over_to_app_auth_type;
    bool disable_ltpa_cookie;
    bool initialize_at_first_request;
    const struct cfg_tai *interceptors;
    size_t n_interceptors;
};

/* ours: hardening given up for compatibility */
struct cfg_gateway_compat { /* gatewayCompat */
    struct cfg_node node;
    bool allow_short_hmac_key;
    bool allow_small_rsa;
    bool allow_unsigned_tokens;
    bool introspection_missing_active_ok;
    bool saml_trust_all_issuers;
    bool host_name_verification;
    bool rfc6750_no_token_challenge;
    bool basic_scheme_case_insensitive;
    bool bearer_scheme_case_insensitive;
    bool filter_dropped_condition_fails_closed;
    bool ltpa_verify_first;
    bool form_body_access_token;
    struct str basic_charset;
};

/* clang-format off */
#define CFG_TYPES_SSO(X) \
    X(saml_certificate) X(saml_crl) X(saml_trust) X(saml) X(ltpa_keys) \
    X(ltpa) X(spnego) X(tai_properties) X(tai) X(trust_association) \
    X(gateway_compat)
/* clang-format on */

#endif
