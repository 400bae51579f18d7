/* Elements of z/OS Connect that came before archives, and its later ones. */
#include "config/registry.h"

#include <limits.h>

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_cics_member, __VA_ARGS__)
static const struct cfg_attr cics_member_attrs[] = {
    ATTR(STRING, connection, "connectionRef", NULL,
         "Id of a zosconnect_cicsIpicConnection."),
    ATTR(INT, weight, "weight", "1", 1, 1000,
         "Requests in a round compared with the others."),
};
#undef ATTR
CFG_TYPE(cics_member, "connection", CFG_NESTED,
         .help = "A connection of a group.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_cics_group, __VA_ARGS__)
static const struct cfg_attr cics_group_attrs[] = {
    ATTR(LIST, connections, "connectionRef", "",
         "Ids of connections, each with weight 1."),
    ATTR(CHILDREN, members, n_members, cics_member, "connection",
         "Connections with weights."),
};
#undef ATTR
CFG_TYPE(cics_group, "zosconnect_cicsConnectionGroup", CFG_FACTORY,
         .help = "Connections used in turn.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_rest_client, __VA_ARGS__)
static const struct cfg_attr rest_client_attrs[] = {
    ATTR(STRING, host, "host", NULL, "Host."),
    ATTR(INT, port, "port", NULL, 1, 65535, "Port."),
    ATTR(STRING, uri, "uri", "", "Path."),
    ATTR(STRING, http_method, "httpMethod", "GET", "Method."),
    ATTR(REF, basic_auth, zcon_rest_auth, "basicAuthRef", "", "Credentials."),
    ATTR(REF, ssl, ssl, "sslCertsRef", "", "TLS configuration."),
    ATTR(DURATION, connection_timeout_ms, "connectionTimeout", "30s", CFG_S,
         "Wait for the connection; 0 is no limit."),
    ATTR(DURATION, receive_timeout_ms, "receiveTimeout", "60s", CFG_S,
         "Wait for the answer; 0 is no limit."),
};
#undef ATTR
CFG_TYPE(
    rest_client, "zosconnect_zosConnectServiceRestClient", CFG_FACTORY,
    .help =
        "A service of an HTTP server, defined here instead of in an archive.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_data_xform, __VA_ARGS__)
static const struct cfg_attr data_xform_attrs[] = {
    ATTR(PATH, bind_file_loc, "bindFileLoc", "", "Folder of bind files."),
    ATTR(STRING, bind_file_suffix, "bindFileSuffix", ".wsbind",
         "Their ending."),
    ATTR(PATH, request_schema_loc, "requestSchemaLoc", "",
         "Folder of request schemas."),
    ATTR(STRING, request_schema_suffix, "requestSchemaSuffix", ".json",
         "Their ending."),
    ATTR(PATH, response_schema_loc, "responseSchemaLoc", "",
         "Folder of response schemas."),
    ATTR(STRING, response_schema_suffix, "responseSchemaSuffix", ".json",
         "Their ending."),
    ATTR(ENUM, update_trigger, "updateTrigger", "polled", cfg_trigger_words,
         "When the folders are looked at again."),
    ATTR(DURATION, polling_rate_ms, "pollingRate", "2s", CFG_S,
         "How often, when polled."),
    ATTR(BOOL, trim_trailing, "trimOutputTrailingWhitespace", "true",
         "Blanks at the end of texts are dropped."),
    ATTR(BOOL, trim_leading, "trimOutputLeadingWhitespace", "false",
         "Blanks at the start of texts are dropped."),
    ATTR(BOOL, initialize_input, "initializeInputFields", "false",
         "Fields nobody sent are initialised."),
    ATTR(BOOL, omit_output, "omitOutputFieldsByValue", "false",
         "Fields without a value are left out."),
};
#undef ATTR
CFG_TYPE(data_xform, "zosconnect_zosConnectDataXform", CFG_FACTORY,
         .help = "Bind files of services without archive.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_old_service, __VA_ARGS__)
static const struct cfg_attr old_service_attrs[] = {
    ATTR(STRING, service_name, "serviceName", "", "Its name."),
    ATTR(STRING, service, "serviceRef", "", "Id of the provider's element."),
    ATTR(STRING, description, "serviceDescription", "", "What it does."),
    ATTR(STRING, grouping, "serviceGroupingName", "", "Group it belongs to."),
    ATTR(REF, data_xform, data_xform, "dataXformRef", "",
         "Its bind files; else globalDataXformRef."),
    ATTR(LIST, invoke_uris, "invokeURI", "", "Paths that invoke it directly."),
    ATTR(DURATION_FROM, async_request_timeout_ms, "serviceAsyncRequestTimeout",
         "-1", CFG_S, -1, "Limit of one request; -1 is the global one."),
    ATTR(TRISTATE, require_auth, "requireAuth", "Credentials are required."),
    ATTR(TRISTATE, require_secure, "requireSecure", "HTTPS is required."),
    ATTR(LIST, admin_group, "adminGroup", "", "Groups that may administer."),
    ATTR(LIST, operations_group, "operationsGroup", "",
         "Groups that may start, stop and monitor."),
    ATTR(LIST, invoke_group, "invokeGroup", "", "Groups that may invoke."),
    ATTR(LIST, reader_group, "readerGroup", "",
         "Groups that may read documents."),
    ATTR(REF, interceptors, zcon_interceptors, "interceptorsRef", "",
         "Interceptors of its own."),
    ATTR(BOOL, run_global_interceptors, "runGlobalInterceptors", "true",
         "The global interceptors run too."),
};
#undef ATTR
CFG_TYPE(old_service, "zosconnect_zosConnectService", CFG_FACTORY,
         .help = "A service without archive.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_oauth_token, __VA_ARGS__)
static const struct cfg_attr oauth_token_attrs[] = {
    ATTR(STRING, token_generator, "tokenGeneratorRef", "", "A jwtBuilder."),
    ATTR(REF, auth_server, zcon_auth_server, "authServerRef", "",
         "Authorization server."),
};
#undef ATTR
CFG_TYPE(oauth_token, "zosconnect_oAuthTokenConfig", CFG_FACTORY,
         .help = "OAuth 2.0 with a token as the client's credential.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_monitoring, __VA_ARGS__)
static const struct cfg_attr monitoring_attrs[] = {
    ATTR(STRING, api_requester_interceptors, "apiRequesterInterceptorsRef", "",
         "Interceptors of API requesters."),
    ATTR(STRING, api_provider_interceptors, "apiProviderInterceptorsRef", "",
         "Interceptors of APIs."),
};
#undef ATTR
CFG_TYPE(monitoring, "zosconnect_monitoring", CFG_SINGLETON,
         .help = "Accepted: monitoring of a later level.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_user_interceptor, __VA_ARGS__)
static const struct cfg_attr user_interceptor_attrs[] = {
    ATTR(INT, sequence, "sequence", "0", 0, INT_MAX,
         "Order among interceptors, low first."),
    ATTR(PATH, library, "library", "",
         "Shared object that exports sallyport_interceptor(); without it the "
         "element has no effect (our extension)."),
    ATTR(REST, settings, "What the interceptor is told."),
};
#undef ATTR
CFG_TYPE(
    user_interceptor, "usr_", CFG_FACTORY, .is_prefix = true,
    .help = "An interceptor of a third party; the name goes on after usr_.");
