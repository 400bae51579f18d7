/*
 * The elements of server.xml as plain structs. Attribute names, types,
 * defaults and help texts are rows in elements_*.c; a field here is the
 * attribute of the same name. Durations are milliseconds, whatever the
 * attribute's own unit. A missing string has p == NULL.
 * Source: Liberty and z/OS Connect EE, reference of configuration elements.
 */
#ifndef SALLYPORT_CONFIG_ELEMENTS_H
#define SALLYPORT_CONFIG_ELEMENTS_H

#include "config/config.h"
#include "config/elements_auth.h"
#include "config/elements_backend.h"

/* ---- core ---- */

struct cfg_feature_manager { /* featureManager */
    struct cfg_node node;
    struct cfg_list features; /* as written, without those named twice */
    unsigned on_error;        /* enum cfg_on_error */
};

enum cfg_trigger {
    CFG_TRIGGER_DISABLED,
    CFG_TRIGGER_POLLED,
    CFG_TRIGGER_MBEAN
};

struct cfg_update { /* config */
    struct cfg_node node;
    int64_t monitor_interval_ms;
    unsigned update_trigger; /* enum cfg_trigger */
    unsigned on_error;       /* enum cfg_on_error */
};

struct cfg_logging { /* logging */
    struct cfg_node node;
    struct str console_format;  /* DEV SIMPLE JSON TBASIC */
    unsigned console_log_level; /* enum messages_level */
    struct str message_file_name;
    struct cfg_list console_source; /* message trace accessLog ffdc audit */
    struct str message_format;      /* SIMPLE JSON TBASIC */
    struct cfg_list message_source;
    struct str json_field_mappings;
    struct str json_access_log_fields; /* default logFormat */
    bool apps_write_json;
    bool stack_trace_single_entry;
    struct str rollover_start_time; /* HH:MM; p NULL: by size alone */
    int64_t rollover_interval_ms;   /* negative: by size alone */
    int64_t max_ffdc_age_ms;        /* negative: kept */
    struct str trace_file_name;
    struct str trace_format;
    struct str trace_specification;
    int64_t max_file_mb;
    int64_t max_files;
    struct str log_directory;
    struct cfg_list hide_message;
    bool iso_date_format;
    bool suppress_sensitive_trace;
    bool copy_system_streams;
    bool new_logs_on_start;
};

struct cfg_application_monitor { /* applicationMonitor */
    struct cfg_node node;
    unsigned update_trigger;
    bool dropins_enabled;
    struct str dropins;
    int64_t polling_rate_ms;
};

struct cfg_zos_logging { /* zosLogging */
    struct cfg_node node;
    struct cfg_list wto_message;
    struct cfg_list hard_copy_message;
};

/* ---- transport ---- */

struct cfg_http_options { /* httpOptions */
    struct cfg_node node;
    bool keep_alive_enabled;
    int64_t max_keep_alive_requests; /* -1: no limit */
    int64_t persist_timeout_ms;
    int64_t read_timeout_ms;
    int64_t write_timeout_ms;
    int64_t http2_connection_idle_timeout_ms; /* 0: none */
    int64_t max_concurrent_streams;
    int64_t max_frame_size;
    int64_t limit_field_size;
    int64_t limit_num_headers;
    int64_t message_size_limit; /* bytes; -1: none */
    int64_t incoming_body_buffer_size;
    bool auto_decompression;
    int64_t decompression_ratio_limit;
    int64_t decompression_tolerance;
    bool remove_server_header;
    bool no_cache_cookies_control;
    bool no_duplicate_set_cookies; /* DoNotAllowDuplicateSetCookies */
    unsigned throw_ioe;            /* ThrowIOEForInboundConnections */
    int64_t connection_window_size;
    int64_t settings_initial_window_size;
    bool limit_window_update_frames;
    int64_t max_reset_frames;
    int64_t reset_frames_window_ms;
    int64_t max_streams_refused;
};

struct cfg_key_entry { /* keyStore/keyEntry */
    struct cfg_node node;
    struct str name;
    struct secret key_password;
};

struct cfg_key_store { /* keyStore */
    struct cfg_node node;
    struct str location; /* file as written, or safkeyring://... */
    struct str type;     /* PKCS12, JCERACFKS... */
    struct secret password;
    bool has_password;
    bool file_based;
    bool read_only;
    unsigned update_trigger;
    int64_t polling_rate_ms;
    const struct cfg_key_entry *key_entries;
    size_t n_key_entries;
};

struct cfg_outbound_connection { /* ssl/outboundConnection */
    struct cfg_node node;
    struct str host; /* "*": any */
    int64_t port;    /* -1: any */
    struct str client_certificate;
};

/* sallyport_revocation: whether certificates of peers have been revoked */
struct cfg_revocation {
    struct cfg_node node;
    unsigned level;             /* 0 OFF 1 LOW 2 MEDIUM 3 HIGH */
    bool ocsp, crls, ldap_crls; /* what certificates name */
    bool crls_first, leaf_only, needs_nonce;
    struct str ocsp_responder;
    struct cfg_list ldap_servers;
    struct str ldap_user;
    struct secret ldap_password;
    struct str http_proxy;
    int64_t source_timeout_ms, chain_timeout_ms, keep_ms, retry_ms;
    int64_t max_crl_bytes;
};

struct cfg_ssl { /* ssl */
    struct cfg_node node;
    const struct cfg_key_store *key_store;
    const struct cfg_key_store *trust_store; /* NULL: the key store */
    bool client_authentication;
    bool client_authentication_supported;
    struct str ssl_protocol;
    unsigned security_level; /* 0 HIGH 1 MEDIUM 2 LOW 3 CUSTOM */
    struct str enabled_ciphers;
    struct str server_key_alias;
    struct str client_key_alias;
    bool verify_hostname;
    bool trust_default_certs;
    bool enforce_cipher_order;
    struct cfg_list skip_hostname_verification; /* for these hosts */
    struct str crl_file, ocsp_response_file;
    const struct cfg_revocation *revocation; /* NULL: as properties say */
    bool ocsp_stapling;
    const struct cfg_outbound_connection *outbound;
    size_t n_outbound;
};

struct cfg_ssl_default { /* sslDefault */
    struct cfg_node node;
    const struct cfg_ssl *ssl;          /* NULL: defaultSSLConfig is missing */
    const struct cfg_ssl *outbound_ssl; /* NULL: `ssl` */
    bool http_host_name_verification;
};

struct cfg_ssl_options { /* sslOptions */
    struct cfg_node node;
    const struct cfg_ssl *ssl; /* NULL: sslDefault's */
    int64_t ssl_session_timeout_ms;
    int64_t session_timeout_ms;
    bool suppress_handshake_errors;
    struct str ticket_key_file;
};

struct cfg_tcp_options { /* tcpOptions */
    struct cfg_node node;
    int64_t inactivity_timeout_ms;
    int64_t max_open_connections;
    bool so_reuse_addr;
    int64_t port_open_retries;
    struct cfg_list address_include;
    struct cfg_list address_exclude;
    struct cfg_list host_name_include;
    struct cfg_list host_name_exclude;
    bool accept_thread;
    bool wait_to_accept;
};

struct cfg_access_logging { /* httpAccessLogging, accessLogging */
    struct cfg_node node;
    bool enabled;
    struct str file_path;
    struct str log_format;
    int64_t max_file_mb;
    int64_t max_files;
    struct str rollover_start_time;
    int64_t rollover_interval_ms;
    int64_t sample_percent;
};

struct cfg_compression { /* compression */
    struct cfg_node node;
    struct str server_preferred_algorithm;
    struct cfg_list types;
};

struct cfg_headers { /* headers */
    struct cfg_node node;
    struct cfg_list add; /* "Name:Value" */
    struct cfg_list remove;
    struct cfg_list set;
    struct cfg_list set_if_missing;
};

struct cfg_remote_ip { /* remoteIp */
    struct cfg_node node;
    struct str proxies; /* a regular expression */
    bool use_in_access_log;
};

struct cfg_same_site { /* samesite */
    struct cfg_node node;
    struct cfg_list lax;
    struct cfg_list none;
    struct cfg_list strict;
    struct cfg_list partitioned;
};

struct cfg_http_encoding { /* httpEncoding */
    struct cfg_node node;
    struct cfg_vars all; /* encoding.xx, converter.xx */
};

struct cfg_http_endpoint { /* httpEndpoint */
    struct cfg_node node;
    bool enabled;
    struct str host;    /* "*" or a name or address */
    int64_t http_port;  /* -1: off */
    int64_t https_port; /* -1: off */
    unsigned on_error;  /* enum cfg_on_error */
    struct str protocol_version;
    const struct cfg_http_options *http_options; /* never NULL */
    const struct cfg_ssl_options *ssl_options;   /* NULL: defaults */
    const struct cfg_tcp_options *tcp_options;   /* never NULL */
    const struct cfg_access_logging *access_logging;
    const struct cfg_compression *compression; /* NULL: none */
    const struct cfg_remote_ip *remote_ip;     /* NULL: none */
    const struct cfg_same_site *same_site;     /* NULL: none */
    const struct cfg_headers *headers;         /* NULL: none */
};

struct cfg_http_dispatcher { /* httpDispatcher */
    struct cfg_node node;
    bool enable_welcome_page;
    struct str missing_message; /* appOrContextRootMissingMessage */
    struct str trusted_header_origin;
    struct str trusted_sensitive_header_origin;
};

struct cfg_request_limits { /* sallyport_limits */
    struct cfg_node node;
    int64_t max_requests; /* 0: none, as everywhere here */
    int64_t max_per_api;
    int64_t max_latency_ms;
    int64_t connections_per_address;
    int64_t connections_per_user;
    int64_t connections_per_api;
    int64_t max_memory_mb; /* 0: by what the system allows */
    int64_t address_rate;  /* requests a second */
    int64_t user_rate;
    int64_t burst;
    int64_t retry_after_ms;
};

struct cfg_metrics { /* sallyport_metrics */
    struct cfg_node node;
    struct str path;
    bool authentication;
};

struct cfg_virtual_host { /* virtualHost */
    struct cfg_node node;
    bool enabled;
    struct cfg_list host_aliases;
    struct cfg_list allow_from_endpoints; /* ids */
};

struct cfg_cors { /* cors */
    struct cfg_node node;
    struct str domain;
    struct cfg_list allowed_origins;
    struct cfg_list allowed_methods;
    struct cfg_list allowed_headers;
    struct cfg_list expose_headers;
    bool allow_credentials;
    int64_t max_age_s; /* -1: not sent */
};

/* ---- security ---- */

struct cfg_saf_registry { /* safRegistry */
    struct cfg_node node;
    struct str realm;
    bool enable_failover;
    bool report_password_expired;
    bool report_password_change_details;
    bool report_user_revoked;
    bool include_saf_groups;
};

struct cfg_saf_credentials { /* safCredentials */
    struct cfg_node node;
    struct str unauthenticated_user;
    struct str profile_prefix;
    bool map_distributed_identities;
    bool suppress_auth_failure_messages;
};

enum cfg_rac_route_log {
    CFG_RACLOG_ASIS,
    CFG_RACLOG_NOFAIL,
    CFG_RACLOG_NONE,
    CFG_RACLOG_NOSTAT,
};

struct cfg_saf_role_mapper { /* safRoleMapper */
    struct cfg_node node;
    struct str profile_pattern;
    bool to_upper_case;
};

/* safAuthorization; node.line is 0 when nobody wrote it, and then roles are
 * not SAF's to decide. */
struct cfg_saf_authorization {
    struct cfg_node node;
    unsigned rac_route_log; /* enum cfg_rac_route_log */
    bool enable_delegation;
    bool report_authorization_check_details;
    const struct cfg_saf_role_mapper *role_mapper; /* NULL: built-in */
};

struct cfg_web_app_security { /* webAppSecurity */
    struct cfg_node node;
    bool allow_failover_to_basic_auth;
    struct str allow_failover_to_auth_method; /* "" unless given */
    struct str override_http_auth_method;     /* BASIC CLIENT_CERT FORM */
    struct str basic_realm_name;
    bool display_authentication_realm;
    bool single_signon_enabled;
    struct str sso_cookie_name;
    bool use_only_custom_cookie_name;
    struct str sso_domain_names;
    bool sso_use_domain_from_url;
    bool sso_requires_ssl;
    bool http_only_cookies;
    struct str same_site_cookie;
    bool use_auth_data_for_unprotected; /* useAuthenticationDataForUn... */
    bool track_logged_out_sso_cookies;
    bool web_always_login;
    bool use_context_root_for_sso_cookie_path;
    bool logout_on_http_session_expire;
    struct str login_form_url;
    struct str login_error_url;
    struct str login_form_context; /* contextRootForFormAuthentication... */
    struct str login_form_context_root;
    struct str post_param_save_method;
    int64_t post_param_cookie_size;
    struct str was_req_url_domains;
    struct str logout_page_domains;
    bool logout_to_any_host;
    bool keep_full_referrer; /* preserveFullyQualifiedReferrerUrl */
    bool path_in_was_req_url;
    bool use_ltpa_for_jaspic;
};

/* What of requestTiming concerns servlets or JDBC alone: all strings. */
struct cfg_servlet_timing { /* requestTiming/servletTiming */
    struct cfg_node node;
    struct str app_name;
    struct str servlet_name;
    int64_t slow_ms;
    int64_t hung_ms;
    bool enable_thread_dumps;
    bool interrupt_hung_requests;
};
struct cfg_jdbc_timing { /* requestTiming/jdbcTiming */
    struct cfg_node node;
    struct str data_source_name;
    struct str query;
    int64_t slow_ms;
    int64_t hung_ms;
    bool enable_thread_dumps;
    bool interrupt_hung_requests;
};

struct cfg_request_timing { /* requestTiming */
    struct cfg_node node;
    int64_t slow_ms;
    int64_t hung_ms;
    int64_t sample_rate;
    bool include_context_info;
    bool enable_thread_dumps;
    bool interrupt_hung_requests;
    const struct cfg_servlet_timing *servlets;
    size_t n_servlets;
    const struct cfg_jdbc_timing *jdbc;
    size_t n_jdbc;
};

struct cfg_auth_cache { /* authCache */
    struct cfg_node node;
    int64_t initial_size;
    int64_t max_size;
    int64_t timeout_ms;
    bool allow_basic_auth_lookup;
    struct str cache; /* id of a cache element */
};

struct cfg_authentication { /* authentication */
    struct cfg_node node;
    bool cache_enabled;
    bool allow_hashtable_login_with_id_only;
};

struct cfg_user { /* basicRegistry/user */
    struct cfg_node node;
    struct str name;
    struct secret password; /* clear, or still {hash}... */
};

struct cfg_member { /* basicRegistry/group/member */
    struct cfg_node node;
    struct str name;
};

struct cfg_group { /* basicRegistry/group */
    struct cfg_node node;
    struct str name;
    const struct cfg_member *members;
    size_t n_members;
};

struct cfg_basic_registry { /* basicRegistry */
    struct cfg_node node;
    struct str realm;
    bool ignore_case;
    struct str certificate_map_mode;
    struct str certificate_mapper_id;
    const struct cfg_user *users;
    size_t n_users;
    const struct cfg_group *groups;
    size_t n_groups;
};

struct cfg_subject { /* security-role/user, /group, /special-subject */
    struct cfg_node node;
    struct str name; /* of a user or group */
    struct str type; /* special-subject: ALL_AUTHENTICATED_USERS, EVERYONE */
    struct str access_id;
};

struct cfg_security_role { /* authorization-roles/security-role */
    struct cfg_node node;
    struct str name;
    const struct cfg_subject *users;
    size_t n_users;
    const struct cfg_subject *groups;
    size_t n_groups;
    const struct cfg_subject *specials;
    size_t n_specials;
};

struct cfg_authorization_roles { /* authorization-roles */
    struct cfg_node node;
    const struct cfg_security_role *roles;
    size_t n_roles;
};

struct cfg_administrator_role { /* administrator-role */
    struct cfg_node node;
    struct cfg_list users, groups;
};

/* ---- z/OS Connect ---- */

/* The four roles of the authorization interceptor; unset: the outer one. */
struct cfg_zcon_groups {
    struct cfg_list admin;
    struct cfg_list operations;
    struct cfg_list invoke;
    struct cfg_list reader;
};

struct cfg_zcon_interceptors { /* zosconnect_zosConnectInterceptors */
    struct cfg_node node;
    struct cfg_refs interceptors;
};

struct cfg_zcon_authorization { /* zosconnect_authorizationInterceptor */
    struct cfg_node node;
    int64_t sequence;
    int64_t saf_cache_timeout_s;
};

struct cfg_zcon_audit { /* zosconnect_auditInterceptor */
    struct cfg_node node;
    int64_t sequence;
    int64_t provider_smf_version;
    int64_t requester_smf_version;
    struct cfg_list provider_request_headers;
    struct cfg_list provider_response_headers;
    struct cfg_list requester_request_headers;
    struct cfg_list requester_response_headers;
    int64_t provider_max_delay_ms;  /* -1: no limit */
    int64_t requester_max_delay_ms; /* -1: no limit */
    bool provider_early_failure;
    bool requester_early_failure;
};

struct cfg_zcon_file_logger { /* fileSystemLoggerInterceptor */
    struct cfg_node node;
    int64_t sequence;
    struct str log_path;
    struct str log_name;
    int64_t max_payload_size; /* -1: no limit */
    bool buffered_logging;
    int64_t buffer_size;
    struct str encoding;
    struct cfg_list provider_request_headers;
    struct cfg_list provider_response_headers;
};

struct cfg_zcon_ruleset { /* zosconnect_policy/ruleset */
    struct cfg_node node;
    struct str file;
};

struct cfg_zcon_policy { /* zosconnect_policy */
    struct cfg_node node;
    struct str location;
    unsigned update_trigger;
    int64_t polling_rate_ms;
    const struct cfg_zcon_ruleset *rulesets;
    size_t n_rulesets;
};

struct cfg_data_xform { /* zosconnect_zosConnectDataXform */
    struct cfg_node node;
    struct str bind_file_loc;
    struct str bind_file_suffix;
    struct str request_schema_loc;
    struct str request_schema_suffix;
    struct str response_schema_loc;
    struct str response_schema_suffix;
    unsigned update_trigger;
    int64_t polling_rate_ms;
    bool trim_trailing;
    bool trim_leading;
    bool initialize_input;
    bool omit_output;
};

struct cfg_zcon_manager { /* zosconnect_zosConnectManager */
    struct cfg_node node;
    bool require_auth;
    bool require_secure;
    struct cfg_zcon_groups groups;
    const struct cfg_zcon_interceptors *global_interceptors;
    int64_t async_request_timeout_ms; /* 0: none */
    unsigned operation_mode;          /* 0 ASYNC, 1 SYNC */
    bool use_json_error_responses;
    bool set_utf8_response_encoding;
    bool preserve_json_payload_order;
    const struct cfg_data_xform *data_xform;
};

struct cfg_zcon_api { /* zosConnectAPI */
    struct cfg_node node;
    struct str name;
    unsigned require_auth;   /* enum cfg_tristate: CFG_UNSET is the manager's */
    unsigned require_secure; /* the same */
    struct cfg_zcon_groups groups;
    const struct cfg_zcon_interceptors *interceptors;
    bool run_global_interceptors;
    const struct cfg_zcon_policy *policy;
};

struct cfg_zcon_apis { /* zosconnect_zosConnectAPIs */
    struct cfg_node node;
    struct str location; /* absolute folder */
    unsigned update_trigger;
    int64_t polling_rate_ms;
    const struct cfg_zcon_policy *policy;
    const struct cfg_zcon_api *apis;
    size_t n_apis;
};

struct cfg_zcon_property { /* service/property */
    struct cfg_node node;
    struct str name;
    struct str value;
};

struct cfg_zcon_service { /* service */
    struct cfg_node node;
    struct str name;
    unsigned require_auth;
    unsigned require_secure;
    struct cfg_zcon_groups groups;
    const struct cfg_zcon_interceptors *interceptors;
    bool run_global_interceptors;
    struct cfg_list invoke_uris;
    int64_t async_request_timeout_ms; /* -1: the manager's */
    const struct cfg_zcon_property *properties;
    size_t n_properties;
};

struct cfg_zcon_services { /* zosconnect_services */
    struct cfg_node node;
    struct str location;
    unsigned update_trigger;
    int64_t polling_rate_ms;
    const struct cfg_zcon_service *services;
    size_t n_services;
};

enum cfg_id_assertion {
    CFG_ASSERT_UNSET, /* apiRequester: that of zosconnect_apiRequesters */
    CFG_ASSERT_OFF,
    CFG_ASSERT_ONLY,
    CFG_ASSERT_SURROGATE,
};

struct cfg_zcon_requester { /* apiRequester */
    struct cfg_node node;
    struct str name;
    unsigned require_auth;   /* CFG_UNSET: that of the parent element */
    unsigned require_secure; /* CFG_UNSET: the manager's */
    unsigned id_assertion;   /* enum cfg_id_assertion */
    struct cfg_zcon_groups groups;
    const struct cfg_zcon_interceptors *interceptors;
    bool run_global_interceptors;
};

struct cfg_zcon_requesters { /* zosconnect_apiRequesters */
    struct cfg_node node;
    struct str location;
    unsigned update_trigger;
    int64_t polling_rate_ms;
    unsigned require_auth;        /* CFG_UNSET: the manager's */
    unsigned id_assertion;        /* never CFG_ASSERT_UNSET */
    bool allow_unsigned_identity; /* ours: accept identities without token */
    const struct cfg_zcon_requester *requesters;
    size_t n_requesters;
};

struct cfg_zcon_auth_data { /* zosconnect_authData */
    struct cfg_node node;
    struct str user;
    struct secret password;
};

struct cfg_zcon_ipic { /* zosconnect_cicsIpicConnection */
    struct cfg_node node;
    struct str host;
    int64_t port;
    struct str zos_connect_applid;
    struct str zos_connect_networkid;
    struct str cics_applid;
    struct str cics_networkid;
    int64_t send_sessions;
    int64_t connection_timeout_ms;
    int64_t heartbeat_interval_ms; /* 0: off */
    int64_t connection_retry_interval_ms;
    const struct cfg_zcon_auth_data *auth_data;
    const struct cfg_ssl *ssl;
    struct str transid;
    unsigned transid_usage; /* 0 EIB_ONLY, 1 EIB_AND_MIRROR */
    bool shared_port;
    struct str preferred_specific_host;
    int64_t request_timeout_ms; /* of a later level */
};

struct cfg_zcon_rest_auth { /* ...ServiceRestClientBasicAuth */
    struct cfg_node node;
    struct str user_name;
    struct secret password;
    struct str appl_name;
};

struct cfg_zcon_rest { /* zosconnect_zosConnectServiceRestClientConnection */
    struct cfg_node node;
    struct str host;
    int64_t port;
    const struct cfg_zcon_rest_auth *basic_auth;
    const struct cfg_ssl *ssl;
    int64_t connection_timeout_ms; /* 0: none */
    int64_t receive_timeout_ms;    /* 0: none */
};

struct cfg_zcon_proxy { /* zosconnect_proxyConfig */
    struct cfg_node node;
    struct str host;
    int64_t port;
    struct str type;
};

struct cfg_zcon_auth_server { /* zosconnect_authorizationServer */
    struct cfg_node node;
    struct str token_endpoint;
    const struct cfg_zcon_auth_data *basic_auth;
    const struct cfg_ssl *ssl;
    const struct cfg_zcon_proxy *proxy;
    int64_t connection_timeout_ms;
    int64_t receive_timeout_ms;
};

struct cfg_zcon_oauth { /* zosconnect_oAuthConfig */
    struct cfg_node node;
    unsigned grant_type; /* 0 client_credentials, 1 password */
    const struct cfg_zcon_auth_server *auth_server;
    int64_t token_retry_check_level; /* 1: any 401; 3: invalid_token only */
};

struct cfg_zcon_token_request { /* zosconnect_authToken/tokenRequest */
    struct cfg_node node;
    unsigned credential_location; /* 0 header, 1 body */
    struct str header;
    struct str request_method;
    struct str request_body;
};

struct cfg_zcon_token_response { /* zosconnect_authToken/tokenResponse */
    struct cfg_node node;
    unsigned token_location; /* 0 header, 1 body */
    struct str header;
    unsigned response_format; /* 0 JSON, 1 TEXT */
    struct str token_path;
};

struct cfg_zcon_auth_token { /* zosconnect_authToken */
    struct cfg_node node;
    const struct cfg_zcon_auth_server *auth_server;
    struct str header;
    bool use_bearer_scheme;
    const struct cfg_zcon_token_request *request;   /* NULL when absent */
    const struct cfg_zcon_token_response *response; /* NULL when absent */
};

struct cfg_zcon_auth_token_local { /* zosconnect_authTokenLocal */
    struct cfg_node node;
    struct str token_generator; /* id of a jwtBuilder */
    struct str header;
    struct str claims; /* JSON object; "" when none */
};

struct cfg_zcon_endpoint { /* zosconnect_endpointConnection */
    struct cfg_node node;
    struct str host; /* with scheme: "https://example.com" */
    int64_t port;    /* -1: 80 or 443 by scheme */
    struct str domain_base_path;
    struct cfg_refs authentication; /* authData, oAuthConfig, authToken... */
    const struct cfg_zcon_auth_data *basic_auth;
    const struct cfg_ssl *ssl; /* NULL: the outbound default */
    const struct cfg_zcon_proxy *proxy;
    int64_t connection_timeout_ms; /* 0: none */
    int64_t receive_timeout_ms;    /* 0: none */
};

/* ---- z/OS Connect, before archives and later levels ---- */

struct cfg_cics_member { /* zosconnect_cicsConnectionGroup/connection */
    struct cfg_node node;
    struct str connection;
    int64_t weight;
};

struct cfg_cics_group { /* zosconnect_cicsConnectionGroup */
    struct cfg_node node;
    struct cfg_list connections; /* ids, each with weight 1 */
    const struct cfg_cics_member *members;
    size_t n_members;
};

struct cfg_rest_client { /* zosconnect_zosConnectServiceRestClient */
    struct cfg_node node;
    struct str host;
    int64_t port;
    struct str uri;
    struct str http_method;
    const struct cfg_zcon_rest_auth *basic_auth;
    const struct cfg_ssl *ssl;
    int64_t connection_timeout_ms;
    int64_t receive_timeout_ms;
};

struct cfg_old_service { /* zosconnect_zosConnectService */
    struct cfg_node node;
    struct str service_name;
    struct str service; /* id of the provider's element */
    struct str description;
    struct str grouping;
    const struct cfg_data_xform *data_xform;
    struct cfg_list invoke_uris;
    int64_t async_request_timeout_ms;
    unsigned require_auth;
    unsigned require_secure;
    struct cfg_list admin_group;
    struct cfg_list operations_group;
    struct cfg_list invoke_group;
    struct cfg_list reader_group;
    const struct cfg_zcon_interceptors *interceptors;
    bool run_global_interceptors;
};

struct cfg_oauth_token { /* zosconnect_oAuthTokenConfig */
    struct cfg_node node;
    struct str token_generator; /* id of a jwtBuilder */
    const struct cfg_zcon_auth_server *auth_server;
};

struct cfg_monitoring { /* zosconnect_monitoring */
    struct cfg_node node;
    struct str api_requester_interceptors;
    struct str api_provider_interceptors;
};

/* usr_NAME; node.name begins with the element's own name. */
struct cfg_user_interceptor {
    struct cfg_node node;
    int64_t sequence;
    struct str library; /* shared object; "" none: it does not run */
    struct cfg_vars settings;
};

/* One descriptor for each struct above. */
/* clang-format off */
#define CFG_TYPES(X) \
    X(feature_manager) X(update) X(logging) X(application_monitor) \
    X(zos_logging) X(http_options) X(key_entry) X(key_store) \
    X(outbound_connection) X(revocation) X(ssl) X(ssl_default) X(ssl_options) \
    X(tcp_options) X(access_logging) X(request_limits) X(metrics) \
    X(servlet_timing) X(jdbc_timing) X(request_timing) X(http_endpoint) X(http_dispatcher) \
    X(virtual_host) X(cors) X(saf_registry) X(saf_credentials) \
    X(saf_role_mapper) X(saf_authorization) X(web_app_security) \
    X(auth_cache) X(authentication) X(user) X(member) X(group) \
    X(basic_registry) X(subject) X(security_role) X(authorization_roles) \
    X(administrator_role) \
    X(zcon_interceptors) X(zcon_authorization) X(zcon_audit) \
    X(zcon_file_logger) X(zcon_ruleset) X(zcon_policy) X(zcon_manager) \
    X(zcon_api) X(zcon_apis) X(zcon_property) X(zcon_service) \
    X(zcon_services) X(zcon_requester) X(zcon_requesters) X(zcon_auth_data) \
    X(zcon_ipic) X(zcon_rest_auth) X(zcon_rest) X(zcon_proxy) \
    X(zcon_auth_server) X(zcon_oauth) X(zcon_token_request) \
    X(zcon_token_response) X(zcon_auth_token) X(zcon_auth_token_local) \
    X(zcon_endpoint) X(compression) X(headers) X(remote_ip) X(same_site) \
    X(http_encoding) X(data_xform) X(cics_member) X(cics_group) \
    X(rest_client) X(old_service) X(oauth_token) X(monitoring) \
    X(user_interceptor) CFG_TYPES_AUTH(X) CFG_TYPES_BACKEND(X)
/* clang-format on */
#define CFG_DECLARE_TYPE(tag) extern const struct cfg_type cfg_type_##tag;
CFG_TYPES(CFG_DECLARE_TYPE)
#undef CFG_DECLARE_TYPE

#endif
