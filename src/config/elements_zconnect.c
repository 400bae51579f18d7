/* The elements of z/OS Connect. */
#include "config/registry.h"

#include <limits.h>

#include "parse/json_read.h"

static const char *const mode_words[] = { "ASYNC", "SYNC", NULL };
static const char *const assertion_words[] = {
    "", "OFF", "ASSERT_ONLY", "ASSERT_SURROGATE", NULL /* "" is unset */
};
static const char *const usage_words[] = { "EIB_ONLY", "EIB_AND_MIRROR", NULL };
static const char *const grant_words[] = { "client_credentials", "password",
                                           NULL };
static const char *const where_words[] = { "header", "body", NULL };
static const char *const response_words[] = { "JSON", "TEXT", NULL };
static const char *const method_words[] = { "GET", "POST", "PUT", NULL };

static const struct cfg_type *const interceptor_targets[] = {
    &cfg_type_zcon_authorization, &cfg_type_zcon_audit,
    &cfg_type_zcon_file_logger, &cfg_type_user_interceptor, NULL
};
static const struct cfg_type *const authentication_targets[] = {
    &cfg_type_zcon_auth_data,  &cfg_type_zcon_oauth,
    &cfg_type_zcon_auth_token, &cfg_type_zcon_auth_token_local,
    &cfg_type_oauth_token,     NULL
};

static enum err
check_ipic(void *element, struct err_info *why)
{
    const struct cfg_zcon_ipic *c = element;
    const struct {
        const char *attr;
        struct str value;
        size_t max;
    } rows[] = {
        { "zosConnectApplid", c->zos_connect_applid, 8 },
        { "zosConnectNetworkid", c->zos_connect_networkid, 8 },
        { "cicsApplid", c->cics_applid, 8 },
        { "cicsNetworkid", c->cics_networkid, 8 },
        { "transid", c->transid, 4 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].value.n > rows[i].max)
            return err_set(why, ERR_LIMIT,
                           "attribute %s: \"" STR_FMT
                           "\" is longer than %zu characters",
                           rows[i].attr, STR_ARG(str_sub(rows[i].value, 0, 40)),
                           rows[i].max);
    return ERR_OK;
}

static enum err
check_endpoint(void *element, struct err_info *why)
{
    const struct cfg_zcon_endpoint *e = element;

    if (!str_starts_nocase(e->host, STR("http://")) &&
        !str_starts_nocase(e->host, STR("https://")))
        return err_set(why, ERR_SYNTAX,
                       "attribute host: \"" STR_FMT
                       "\" does not begin with http:// or https://",
                       STR_ARG(str_sub(e->host, 0, 100)));
    if (e->port == 0)
        return err_set(why, ERR_RANGE,
                       "attribute port: nobody listens on port 0 (1..65535, or "
                       "-1 for the scheme's)");
    return ERR_OK;
}

/* claims = a JSON object */
static enum err
check_claims(void *element, struct err_info *why)
{
    const struct cfg_zcon_auth_token_local *t = element;
    struct json_reader in;
    struct err_info own = { 0 };
    enum json_event event;
    bool is_object = false;

    if (str_trim(t->claims).n == 0)
        return ERR_OK;
    json_reader_init(&in, t->claims);
    for (size_t n = 0;; n++) {
        if (json_next(&in, &event, &own) != ERR_OK)
            return err_set(why, ERR_SYNTAX,
                           "claims, byte %zu: %.200s (a JSON object is "
                           "expected)",
                           own.at, own.text);
        if (n == 0)
            is_object = event == JSON_OBJECT;
        if (!is_object)
            return err_set(why, ERR_SYNTAX,
                           "claims: a JSON object is expected, such as "
                           "{\"scope\": \"read\"}");
        if (event == JSON_END)
            return ERR_OK;
    }
}

static enum err
check_auth_token(void *element, struct err_info *why)
{
    const struct cfg_zcon_auth_token *t = element;
    const struct cfg_zcon_token_request *q = t->request;
    const struct cfg_zcon_token_response *r = t->response;

    if (q != NULL && q->credential_location == 1 && q->request_body.n == 0)
        return err_set(why, ERR_SYNTAX,
                       "tokenRequest: credentialLocation is body, so "
                       "requestBody must be given");
    if (q != NULL && q->credential_location == 0 && q->header.n == 0)
        return err_set(why, ERR_SYNTAX,
                       "tokenRequest: credentialLocation is header, so header "
                       "must be given");
    if (r != NULL && r->token_location == 1 && r->response_format == 0 &&
        r->token_path.n == 0)
        return err_set(why, ERR_SYNTAX,
                       "tokenResponse: tokenLocation is body and "
                       "responseFormat is JSON, so tokenPath must be given");
    if (r != NULL && r->token_location == 0 && r->header.n == 0)
        return err_set(why, ERR_SYNTAX,
                       "tokenResponse: tokenLocation is header, so header must "
                       "be given");
    return ERR_OK;
}

static enum err
check_auth_server(void *element, struct err_info *why)
{
    const struct cfg_zcon_auth_server *s = element;

    if (!str_starts_nocase(s->token_endpoint, STR("http://")) &&
        !str_starts_nocase(s->token_endpoint, STR("https://")))
        return err_set(why, ERR_SYNTAX,
                       "attribute tokenEndpoint: \"" STR_FMT
                       "\" does not begin with http:// or https://",
                       STR_ARG(str_sub(s->token_endpoint, 0, 100)));
    return ERR_OK;
}

static enum err
check_policy(void *element, struct err_info *why)
{
    const struct cfg_zcon_policy *p = element;

    if (p->n_rulesets != 1)
        return err_set(why, ERR_SYNTAX,
                       "one ruleset is expected, %zu were found",
                       p->n_rulesets);
    return ERR_OK;
}

/* The four groups of the authorization interceptor. */
#define GROUPS(prefix_admin, prefix_ops, prefix_invoke, prefix_reader)         \
    ATTR(LIST, groups.admin, prefix_admin, "", "Groups that may administer."), \
        ATTR(LIST, groups.operations, prefix_ops, "",                          \
             "Groups that may start, stop and monitor."),                      \
        ATTR(LIST, groups.invoke, prefix_invoke, "",                           \
             "Groups that may invoke."),                                       \
        ATTR(LIST, groups.reader, prefix_reader, "",                           \
             "Groups that may read documents.")
#define OWN_GROUPS                                                             \
    GROUPS("adminGroup", "operationsGroup", "invokeGroup", "readerGroup")

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_zcon_interceptors, __VA_ARGS__)
static const struct cfg_attr zcon_interceptors_attrs[] = {
    ATTR(REFS, interceptors, interceptor_targets, "interceptorRef",
         "Interceptors, by id."),
};
#undef ATTR
CFG_TYPE(zcon_interceptors, "zosconnect_zosConnectInterceptors", CFG_FACTORY,
         .help = "A list of interceptors.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_zcon_authorization, __VA_ARGS__)
static const struct cfg_attr zcon_authorization_attrs[] = {
    ATTR(INT, sequence, "sequence", "0", 0, INT_MAX,
         "Order among interceptors, low first."),
    ATTR(INT, saf_cache_timeout_s, "safCacheTimeout", "600", 0, INT_MAX,
         "Seconds a group membership is remembered."),
};
#undef ATTR
CFG_TYPE(zcon_authorization, "zosconnect_authorizationInterceptor", CFG_FACTORY,
         .help = "Decides by groups who may do what.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_audit, __VA_ARGS__)
static const struct cfg_attr zcon_audit_attrs[] = {
    ATTR(INT, sequence, "sequence", "0", 0, INT_MAX,
         "Order among interceptors, low first."),
    ATTR(INT, provider_smf_version, "apiProviderSmfVersion", "1", 1, 2,
         "Form of subtype 1 records."),
    ATTR(INT, requester_smf_version, "apiRequesterSmfVersion", "1", 1, 2,
         "1: in subtype 1; 2: in subtype 2."),
    ATTR(LIST_MAX, provider_request_headers, "apiProviderRequestHeaders", "", 4,
         "Headers recorded, up to 4."),
    ATTR(LIST_MAX, provider_response_headers, "apiProviderResponseHeaders", "",
         4, "Headers recorded, up to 4."),
    ATTR(LIST_MAX, requester_request_headers, "apiRequesterRequestHeaders", "",
         4, "Headers recorded, up to 4."),
    ATTR(LIST_MAX, requester_response_headers, "apiRequesterResponseHeaders",
         "", 4, "Headers recorded, up to 4."),
    ATTR(DURATION_FROM, provider_max_delay_ms, "apiProviderMaxDelay", "-1",
         CFG_S, -1, "Longest wait of a partly filled record."),
    ATTR(DURATION_FROM, requester_max_delay_ms, "apiRequesterMaxDelay", "-1",
         CFG_S, -1, "Longest wait of a partly filled record."),
    ATTR(BOOL, provider_early_failure, "apiProviderEarlyFailure", "false",
         "Record requests that fail early."),
    ATTR(BOOL, requester_early_failure, "apiRequesterEarlyFailure", "false",
         "Record requests that fail early."),
};
#undef ATTR
CFG_TYPE(zcon_audit, "zosconnect_auditInterceptor", CFG_FACTORY,
         .help = "Writes SMF 123 records.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_zcon_file_logger, __VA_ARGS__)
static const struct cfg_attr zcon_file_logger_attrs[] = {
    ATTR(INT, sequence, "sequence", "0", 0, INT_MAX,
         "Order among interceptors, low first."),
    ATTR(PATH, log_path, "logPath", "${server.output.dir}/logs",
         "Folder of the log."),
    ATTR(STRING, log_name, "logName", "", "Name of the log."),
    ATTR(INT, max_payload_size, "maxPayloadSize", "-1", -1, INT64_MAX,
         "Characters of a payload; -1 is all."),
    ATTR(BOOL, buffered_logging, "bufferedLogging", "false",
         "Write when the buffer is full."),
    ATTR(INT, buffer_size, "bufferSize", "8192", 1, INT_MAX, "Bytes of it."),
    ATTR(STRING, encoding, "encoding", "UTF-8", "Encoding of the files."),
    ATTR(LIST, provider_request_headers, "apiProviderRequestHeaders", "",
         "Headers logged."),
    ATTR(LIST, provider_response_headers, "apiProviderResponseHeaders", "",
         "Headers logged."),
};
#undef ATTR
CFG_TYPE(zcon_file_logger, "zosconnect_fileSystemLoggerInterceptor",
         CFG_FACTORY, .also = "fileSystemLoggerInterceptor",
         .help = "Logs requests and answers to files.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_ruleset, __VA_ARGS__)
static const struct cfg_attr zcon_ruleset_attrs[] = {
    ATTR(STRING, file, "file", NULL, "Rule set file."),
};
#undef ATTR
CFG_TYPE(zcon_ruleset, "ruleset", CFG_NESTED, .help = "A rule set.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_policy, __VA_ARGS__)
static const struct cfg_attr zcon_policy_attrs[] = {
    ATTR(PATH, location, "location",
         "${server.config.dir}/resources/zosconnect/rules",
         "Folder of the files."),
    ATTR(ENUM, update_trigger, "updateTrigger", "disabled", cfg_trigger_words,
         "When the folder is looked at again."),
    ATTR(DURATION, polling_rate_ms, "pollingRate", "1m", CFG_S,
         "How often, when polled."),
    ATTR(CHILDREN, rulesets, n_rulesets, zcon_ruleset, "ruleset",
         "The rule set."),
};
#undef ATTR
CFG_TYPE(zcon_policy, "zosconnect_policy", CFG_FACTORY, .check = check_policy,
         .help = "Properties by request headers.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_manager, __VA_ARGS__)
static const struct cfg_attr zcon_manager_attrs[] = {
    ATTR(BOOL, require_auth, "requireAuth", "true",
         "Credentials are required."),
    ATTR(BOOL, require_secure, "requireSecure", "true", "HTTPS is required."),
    GROUPS("globalAdminGroup", "globalOperationsGroup", "globalInvokeGroup",
           "globalReaderGroup"),
    ATTR(REF, global_interceptors, zcon_interceptors, "globalInterceptorsRef",
         "", "Interceptors of all requests."),
    ATTR(DURATION, async_request_timeout_ms, "asyncRequestTimeout", "30s",
         CFG_S, "Limit of one request."),
    ATTR(ENUM, operation_mode, "operationMode", "ASYNC", mode_words,
         "SYNC: requests have no time limit."),
    ATTR(BOOL, use_json_error_responses, "useJsonErrorResponses", "true",
         "Errors are JSON documents."),
    ATTR(BOOL, set_utf8_response_encoding, "setUTF8ResponseEncoding", "false",
         "Say charset=UTF-8."),
    ATTR(BOOL, preserve_json_payload_order, "preserveJsonPayloadOrder", "true",
         "Keep the order of members."),
    ATTR(REF, data_xform, data_xform, "globalDataXformRef", "",
         "Bind files of services that name none."),
};
#undef ATTR
CFG_TYPE(zcon_manager, "zosconnect_zosConnectManager", CFG_SINGLETON,
         .help = "Global settings.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_api, __VA_ARGS__)
static const struct cfg_attr zcon_api_attrs[] = {
    ATTR(STRING, name, "name", NULL, "API name."),
    ATTR(TRISTATE, require_auth, "requireAuth", "Credentials are required."),
    ATTR(TRISTATE, require_secure, "requireSecure", "HTTPS is required."),
    OWN_GROUPS,
    ATTR(REF, interceptors, zcon_interceptors, "interceptorsRef", "",
         "Interceptors of its own."),
    ATTR(BOOL, run_global_interceptors, "runGlobalInterceptors", "true",
         "The global interceptors run too."),
    ATTR(REF, policy, zcon_policy, "policyRef", "",
         "Policy instead of the global one."),
};
#undef ATTR
CFG_TYPE(zcon_api, "zosConnectAPI", CFG_NESTED, .is_by_name = true,
         .help = "Settings of one API.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_apis, __VA_ARGS__)
static const struct cfg_attr zcon_apis_attrs[] = {
    ATTR(PATH, location, "location",
         "${server.config.dir}/resources/zosconnect/apis",
         "Folder of the files."),
    ATTR(ENUM, update_trigger, "updateTrigger", "disabled", cfg_trigger_words,
         "When the folder is looked at again."),
    ATTR(DURATION, polling_rate_ms, "pollingRate", "5s", CFG_S,
         "How often, when polled."),
    ATTR(REF, policy, zcon_policy, "policyRef", "",
         "Policy of APIs without their own."),
    ATTR(CHILDREN, apis, n_apis, zcon_api, "zosConnectAPI",
         "APIs with settings of their own."),
};
#undef ATTR
CFG_TYPE(zcon_apis, "zosconnect_zosConnectAPIs", CFG_SINGLETON,
         .help = "The APIs.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_property, __VA_ARGS__)
static const struct cfg_attr zcon_property_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Property name."),
    ATTR(STRING, value, "value", "", "Its value."),
};
#undef ATTR
CFG_TYPE(zcon_property, "property", CFG_NESTED, .is_by_name = true,
         .help = "A property of a service.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_service, __VA_ARGS__)
static const struct cfg_attr zcon_service_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Service name."),
    ATTR(TRISTATE, require_auth, "requireAuth", "Credentials are required."),
    ATTR(TRISTATE, require_secure, "requireSecure", "HTTPS is required."),
    OWN_GROUPS,
    ATTR(REF, interceptors, zcon_interceptors, "interceptorsRef", "",
         "Interceptors of its own."),
    ATTR(BOOL, run_global_interceptors, "runGlobalInterceptors", "true",
         "The global interceptors run too."),
    ATTR(LIST, invoke_uris, "invokeURI", "", "Paths that invoke it directly."),
    ATTR(DURATION_FROM, async_request_timeout_ms, "serviceAsyncRequestTimeout",
         "-1", CFG_S, -1, "Limit of one request; -1 is the global one."),
    ATTR(CHILDREN, properties, n_properties, zcon_property, "property",
         "Override what the archive says."),
};
#undef ATTR
CFG_TYPE(zcon_service, "service", CFG_NESTED, .is_by_name = true,
         .help = "Settings of one service.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_services, __VA_ARGS__)
static const struct cfg_attr zcon_services_attrs[] = {
    ATTR(PATH, location, "location",
         "${server.config.dir}/resources/zosconnect/services",
         "Folder of the files."),
    ATTR(ENUM, update_trigger, "updateTrigger", "disabled", cfg_trigger_words,
         "When the folder is looked at again."),
    ATTR(DURATION, polling_rate_ms, "pollingRate", "5s", CFG_S,
         "How often, when polled."),
    ATTR(CHILDREN, services, n_services, zcon_service, "service",
         "Services with settings of their own."),
};
#undef ATTR
CFG_TYPE(zcon_services, "zosconnect_services", CFG_SINGLETON,
         .help = "The services.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_requester, __VA_ARGS__)
static const struct cfg_attr zcon_requester_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Archive id."),
    ATTR(TRISTATE, require_auth, "requireAuth", "Credentials are required."),
    ATTR(TRISTATE, require_secure, "requireSecure", "HTTPS is required."),
    ATTR(ENUM, id_assertion, "idAssertion", "", assertion_words,
         "OFF, ASSERT_ONLY or ASSERT_SURROGATE."),
    OWN_GROUPS,
    ATTR(REF, interceptors, zcon_interceptors, "interceptorsRef", "",
         "Interceptors of its own."),
    ATTR(BOOL, run_global_interceptors, "runGlobalInterceptors", "true",
         "The global interceptors run too."),
};
#undef ATTR
CFG_TYPE(zcon_requester, "apiRequester", CFG_NESTED, .is_by_name = true,
         .help = "Settings of one API requester.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_requesters, __VA_ARGS__)
static const struct cfg_attr zcon_requesters_attrs[] = {
    ATTR(PATH, location, "location",
         "${server.config.dir}/resources/zosconnect/apiRequesters",
         "Folder of the files."),
    ATTR(ENUM, update_trigger, "updateTrigger", "disabled", cfg_trigger_words,
         "When the folder is looked at again."),
    ATTR(DURATION, polling_rate_ms, "pollingRate", "5s", CFG_S,
         "How often, when polled."),
    ATTR(TRISTATE, require_auth, "requireAuth", "Credentials are required."),
    ATTR(ENUM, id_assertion, "idAssertion", "OFF", assertion_words,
         "OFF, ASSERT_ONLY or ASSERT_SURROGATE."),
    ATTR(BOOL, allow_unsigned_identity, "allowUnsignedIdentity", "false",
         "Believe a caller without a job token (our extension)."),
    ATTR(CHILDREN, requesters, n_requesters, zcon_requester, "apiRequester",
         "Requesters with settings of their own."),
};
#undef ATTR
CFG_TYPE(zcon_requesters, "zosconnect_apiRequesters", CFG_SINGLETON,
         .help = "The API requesters.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_auth_data, __VA_ARGS__)
static const struct cfg_attr zcon_auth_data_attrs[] = {
    ATTR(STRING, user, "user", "", "User or client id."),
    ATTR(PASSWORD, password, "password", "", "Password or client secret."),
};
#undef ATTR
CFG_TYPE(zcon_auth_data, "zosconnect_authData", CFG_FACTORY,
         .help = "Fixed credentials.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_ipic, __VA_ARGS__)
static const struct cfg_attr zcon_ipic_attrs[] = {
    ATTR(STRING, host, "host", NULL, "Host of the region."),
    ATTR(INT, port, "port", NULL, 1, 65535, "Its TCPIPSERVICE port."),
    ATTR(STRING, zos_connect_applid, "zosConnectApplid", "",
         "APPLID we present."),
    ATTR(STRING, zos_connect_networkid, "zosConnectNetworkid", "",
         "Network id we present."),
    ATTR(STRING, cics_applid, "cicsApplid", "", "APPLID we expect."),
    ATTR(STRING, cics_networkid, "cicsNetworkid", "", "Network id we expect."),
    ATTR(INT, send_sessions, "sendSessions", "100", 1, 999,
         "Sessions asked for."),
    ATTR(DURATION, connection_timeout_ms, "connectionTimeout", "30s", CFG_S,
         "Wait for the connection; 0 is no limit."),
    ATTR(DURATION, heartbeat_interval_ms, "heartbeatInterval", "30s", CFG_S,
         "Time between heartbeats; 0 is off."),
    ATTR(DURATION, connection_retry_interval_ms, "connectionRetryInterval",
         "60s", CFG_S, "Time between attempts to reconnect."),
    ATTR(REF, auth_data, zcon_auth_data, "authDataRef", "",
         "Fixed user id and password."),
    ATTR(REF, ssl, ssl, "sslCertsRef", "", "TLS configuration."),
    ATTR(STRING, transid, "transid", "", "Mirror transaction."),
    ATTR(ENUM, transid_usage, "transidUsage", "EIB_ONLY", usage_words,
         "What transid means."),
    ATTR(BOOL, shared_port, "sharedPort", "false",
         "The port is shared by regions."),
    ATTR(STRING, preferred_specific_host, "preferredSpecificHost", "",
         "Host preferred when reconnecting."),
    ATTR(DURATION, request_timeout_ms, "requestTimeout", "0", CFG_S,
         "Of feature zosConnect-3.0: limit of one request."),
};
#undef ATTR
CFG_TYPE(zcon_ipic, "zosconnect_cicsIpicConnection", CFG_FACTORY,
         .check = check_ipic, .help = "A connection to a region.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_rest_auth, __VA_ARGS__)
static const struct cfg_attr zcon_rest_auth_attrs[] = {
    ATTR(STRING, user_name, "userName", "", "User."),
    ATTR(PASSWORD, password, "password", "", "Password."),
    ATTR(STRING, appl_name, "applName", "", "Application of a PassTicket."),
};
#undef ATTR
CFG_TYPE(zcon_rest_auth, "zosconnect_zosConnectServiceRestClientBasicAuth",
         CFG_FACTORY, .help = "Basic authentication of a REST client.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_rest, __VA_ARGS__)
static const struct cfg_attr zcon_rest_attrs[] = {
    ATTR(STRING, host, "host", NULL, "Host."),
    ATTR(INT, port, "port", NULL, 1, 65535, "Port."),
    ATTR(REF, basic_auth, zcon_rest_auth, "basicAuthRef", "", "Credentials."),
    ATTR(REF, ssl, ssl, "sslCertsRef", "", "TLS configuration."),
    ATTR(DURATION, connection_timeout_ms, "connectionTimeout", "30s", CFG_S,
         "Wait for the connection; 0 is no limit."),
    ATTR(DURATION, receive_timeout_ms, "receiveTimeout", "60s", CFG_S,
         "Wait for the answer; 0 is no limit."),
};
#undef ATTR
CFG_TYPE(zcon_rest, "zosconnect_zosConnectServiceRestClientConnection",
         CFG_FACTORY, .help = "A connection to a REST service.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_proxy, __VA_ARGS__)
static const struct cfg_attr zcon_proxy_attrs[] = {
    ATTR(STRING, host, "host", NULL, "Host."),
    ATTR(INT, port, "port", NULL, 1, 65535, "Port."),
    ATTR(STRING, type, "type", "HTTP", "HTTP."),
};
#undef ATTR
CFG_TYPE(zcon_proxy, "zosconnect_proxyConfig", CFG_FACTORY, .help = "A proxy.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_zcon_auth_server, __VA_ARGS__)
static const struct cfg_attr zcon_auth_server_attrs[] = {
    ATTR(STRING, token_endpoint, "tokenEndpoint", NULL,
         "URL that gives tokens."),
    ATTR(REF, basic_auth, zcon_auth_data, "basicAuthRef", "",
         "Client id and secret."),
    ATTR(REF, ssl, ssl, "sslCertsRef", "", "TLS configuration."),
    ATTR(REF, proxy, zcon_proxy, "proxyConfigRef", "", "Proxy."),
    ATTR(DURATION, connection_timeout_ms, "connectionTimeout", "30s", CFG_S,
         "Wait for the connection; 0 is no limit."),
    ATTR(DURATION, receive_timeout_ms, "receiveTimeout", "60s", CFG_S,
         "Wait for the answer; 0 is no limit."),
};
#undef ATTR
CFG_TYPE(zcon_auth_server, "zosconnect_authorizationServer", CFG_FACTORY,
         .check = check_auth_server, .help = "Where tokens come from.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_oauth, __VA_ARGS__)
static const struct cfg_attr zcon_oauth_attrs[] = {
    ATTR(ENUM, grant_type, "grantType", "client_credentials", grant_words,
         "OAuth 2.0 grant."),
    ATTR(REF, auth_server, zcon_auth_server, "authServerRef", "",
         "Authorization server."),
    ATTR(INT, token_retry_check_level, "tokenRetryCheckLevel", "3", 1, 3,
         "Which 401 makes us ask for another token: 1 any, 3 invalid_token."),
};
#undef ATTR
CFG_TYPE(zcon_oauth, "zosconnect_oAuthConfig", CFG_FACTORY,
         .help = "OAuth 2.0 for an endpoint.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_zcon_token_request, __VA_ARGS__)
static const struct cfg_attr zcon_token_request_attrs[] = {
    ATTR(ENUM, credential_location, "credentialLocation", "header", where_words,
         "Where the credentials stand."),
    ATTR(STRING, header, "header", "Authorization",
         "Header with the credentials."),
    ATTR(WORD, request_method, "requestMethod", "POST", method_words,
         "Method."),
    ATTR(TEMPLATE, request_body, "requestBody", "", "userid|password",
         "Body with ${userid} and ${password}."),
};
#undef ATTR
CFG_TYPE(zcon_token_request, "tokenRequest", CFG_NESTED,
         .help = "How a token is asked for.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_zcon_token_response, __VA_ARGS__)
static const struct cfg_attr zcon_token_response_attrs[] = {
    ATTR(ENUM, token_location, "tokenLocation", "header", where_words,
         "Where the token stands."),
    ATTR(STRING, header, "header", "Authorization", "Header with the token."),
    ATTR(ENUM, response_format, "responseFormat", "JSON", response_words,
         "Form of the body."),
    ATTR(STRING, token_path, "tokenPath", "", "JSON path of the token."),
};
#undef ATTR
CFG_TYPE(zcon_token_response, "tokenResponse", CFG_NESTED,
         .help = "Where the token stands.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_auth_token, __VA_ARGS__)
static const struct cfg_attr zcon_auth_token_attrs[] = {
    ATTR(REF, auth_server, zcon_auth_server, "authServerRef", "", "Server."),
    ATTR(STRING, header, "header", "Authorization", "Header to the endpoint."),
    ATTR(BOOL, use_bearer_scheme, "useBearerScheme", "true",
         "Bearer before the token."),
    ATTR(CHILD, request, zcon_token_request, "tokenRequest", "The request."),
    ATTR(CHILD, response, zcon_token_response, "tokenResponse", "The answer."),
};
#undef ATTR
CFG_TYPE(zcon_auth_token, "zosconnect_authToken", CFG_FACTORY,
         .check = check_auth_token,
         .help = "A token from a server of any kind.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_zcon_auth_token_local, __VA_ARGS__)
static const struct cfg_attr zcon_auth_token_local_attrs[] = {
    ATTR(STRING, token_generator, "tokenGeneratorRef", "", "A jwtBuilder."),
    ATTR(STRING, header, "header", "Authorization", "Header to the endpoint."),
    ATTR(STRING, claims, "claims", "", "JSON object of further claims."),
};
#undef ATTR
CFG_TYPE(zcon_auth_token_local, "zosconnect_authTokenLocal", CFG_FACTORY,
         .check = check_claims, .help = "A token made here.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zcon_endpoint, __VA_ARGS__)
static const struct cfg_attr zcon_endpoint_attrs[] = {
    ATTR(STRING, host, "host", NULL, "http:// or https:// and the host."),
    ATTR(PORT, port, "port", "-1", "Port; -1 is that of the scheme."),
    ATTR(STRING, domain_base_path, "domainBasePath", "",
         "Put before the base path of the API."),
    ATTR(REFS, authentication, authentication_targets,
         "authenticationConfigRef",
         "authData, oAuthConfig, authToken, authTokenLocal."),
    ATTR(REF, basic_auth, zcon_auth_data, "basicAuthRef", "",
         "Older name for an authData."),
    ATTR(REF, ssl, ssl, "sslCertsRef", "", "TLS configuration."),
    ATTR(REF, proxy, zcon_proxy, "proxyConfigRef", "", "Proxy."),
    ATTR(DURATION, connection_timeout_ms, "connectionTimeout", "30s", CFG_S,
         "Wait for the connection; 0 is no limit."),
    ATTR(DURATION, receive_timeout_ms, "receiveTimeout", "60s", CFG_S,
         "Wait for the answer; 0 is no limit."),
};
#undef ATTR
CFG_TYPE(zcon_endpoint, "zosconnect_endpointConnection", CFG_FACTORY,
         .check = check_endpoint, .help = "Where an API requester goes.");
