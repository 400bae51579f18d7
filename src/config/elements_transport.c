/* HTTP endpoints, TLS settings and key stores. */
#include "config/registry.h"

#include <limits.h>

static const char *const security_level_words[] = { "HIGH", "MEDIUM", "LOW",
                                                    "CUSTOM", NULL };

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_http_options, __VA_ARGS__)
static const struct cfg_attr http_options_attrs[] = {
    ATTR(BOOL, keep_alive_enabled, "keepAliveEnabled", "true",
         "Keep connections for further requests."),
    ATTR(INT, max_keep_alive_requests, "maxKeepAliveRequests", "100", -1,
         INT_MAX, "Requests on one connection; -1 is no limit."),
    ATTR(DURATION, persist_timeout_ms, "persistTimeout", "30s", CFG_S,
         "Idle time between requests."),
    ATTR(DURATION, read_timeout_ms, "readTimeout", "60s", CFG_S,
         "Wait for more of a request that has begun."),
    ATTR(DURATION, write_timeout_ms, "writeTimeout", "60s", CFG_S,
         "Wait for the client to take the answer."),
    ATTR(DURATION, http2_connection_idle_timeout_ms,
         "http2ConnectionIdleTimeout", "0", CFG_S,
         "Idle time of an HTTP/2 connection; 0 is no limit."),
    ATTR(INT, max_concurrent_streams, "maxConcurrentStreams", "200", 1, INT_MAX,
         "HTTP/2 streams of one connection."),
    ATTR(INT, max_frame_size, "maxFrameSize", "57344", 16384, 16777215,
         "HTTP/2 frame size we accept."),
    ATTR(INT, limit_field_size, "limitFieldSize", "32768", 50, 32768,
         "Bytes of one header field."),
    ATTR(INT, limit_num_headers, "limitNumHeaders", "500", 50, 500,
         "Header fields of one message."),
    ATTR(INT, message_size_limit, "MessageSizeLimit", "-1", -1, INT64_MAX,
         "Bytes of a request's body; -1 is no limit of its own."),
    ATTR(INT, incoming_body_buffer_size, "incomingBodyBufferSize", "32768",
         1024, 1048576, "Bytes read at once."),
    ATTR(BOOL, auto_decompression, "AutoDecompression", "true",
         "Decompress request bodies."),
    ATTR(INT, decompression_ratio_limit, "decompressionRatioLimit", "200", 1,
         INT_MAX, "Ratio at which decompression may stop."),
    ATTR(INT, decompression_tolerance, "decompressionTolerance", "3", 0,
         INT_MAX, "How often the ratio may be exceeded."),
    ATTR(BOOL, remove_server_header, "removeServerHeader", "false",
         "Leave the Server header out."),
    ATTR(BOOL, no_cache_cookies_control, "NoCacheCookiesControl", "true",
         "Forbid caches to keep answers that set cookies."),
    ATTR(BOOL, no_duplicate_set_cookies, "DoNotAllowDuplicateSetCookies",
         "false", "Of several cookies of one name only the last is sent."),
    ATTR(TRISTATE, throw_ioe, "ThrowIOEForInboundConnections",
         "Programs are told when a client goes; else as their level says."),
    ATTR(INT, connection_window_size, "connectionWindowSize", "65535", 65535,
         INT_MAX, "HTTP/2 window of a connection."),
    ATTR(INT, settings_initial_window_size, "settingsInitialWindowSize",
         "65535", 1, INT_MAX, "HTTP/2 window of a stream at first."),
    ATTR(BOOL, limit_window_update_frames, "limitWindowUpdateFrames", "false",
         "Only widen HTTP/2 windows when half is used up."),
    ATTR(INT, max_reset_frames, "maxResetFrames", "100", -1, INT_MAX,
         "HTTP/2 resets in resetFramesWindow; -1 is no limit."),
    ATTR(DURATION, reset_frames_window_ms, "resetFramesWindow", "30s", CFG_S,
         "Time over which resets are counted."),
    ATTR(INT, max_streams_refused, "maxStreamsRefused", "100", -1, INT_MAX,
         "HTTP/2 streams refused before the connection is closed; -1 is no "
         "limit."),
};
#undef ATTR
CFG_TYPE(http_options, "httpOptions", CFG_FACTORY,
         .builtin = "<server><httpOptions id='defaultHttpOptions'/></server>",
         .help = "Protocol options of endpoints.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_key_entry, __VA_ARGS__)
static const struct cfg_attr key_entry_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Alias of the key."),
    ATTR(PASSWORD, key_password, "keyPassword", NULL, "Its own password."),
};
#undef ATTR
CFG_TYPE(key_entry, "keyEntry", CFG_NESTED,
         .help = "A key with a password of its own.");

static enum err
check_key_store(void *element, struct err_info *why)
{
    struct cfg_key_store *ks = element;
    bool is_file = str_eq_nocase_z(ks->type, "PKCS12") ||
                   str_eq_nocase_z(ks->type, "JKS") ||
                   str_eq_nocase_z(ks->type, "JCEKS");

    if (!is_file)
        ks->file_based = false;
    if (ks->location.n == 0 && !str_eq_z(ks->node.id, "defaultKeyStore"))
        return err_set(why, ERR_SYNTAX,
                       "CWPKI0806E: The keystore configuration is incomplete, "
                       "the location and type must be specified.");
    return ERR_OK;
}

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_key_store, __VA_ARGS__)
static const struct cfg_attr key_store_attrs[] = {
    ATTR(PATH, location, "location", "", "File, or safkeyring://OWNER/Ring."),
    ATTR(STRING, type, "type", "PKCS12",
         "PKCS12, JKS, JCEKS, JCERACFKS, JCECCARACFKS, JCEHYBRIDRACFKS."),
    ATTR(PASSWORD, password, "password", "", "Opens the store."),
    ATTR(PRESENT, has_password, "password"),
    ATTR(BOOL, file_based, "fileBased", "true", "The location is a file."),
    ATTR(BOOL, read_only, "readOnly", "false", "The server never writes it."),
    ATTR(ENUM, update_trigger, "updateTrigger", "mbean", cfg_trigger_words,
         "When the store is read again."),
    ATTR(DURATION, polling_rate_ms, "pollingRate", "500ms", CFG_MS,
         "How often a file is looked at, when polled; at most twice a "
         "second."),
    ATTR(CHILDREN, key_entries, n_key_entries, key_entry, "keyEntry",
         "Keys with passwords of their own."),
};
#undef ATTR
CFG_TYPE(key_store, "keyStore", CFG_FACTORY, .default_id = "defaultKeyStore",
         .check = check_key_store,
         .help = "Certificates and keys: a file or a SAF key ring.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_outbound_connection, __VA_ARGS__)
static const struct cfg_attr outbound_connection_attrs[] = {
    ATTR(STRING, host, "host", NULL, "Host name; * is any."),
    ATTR(PORT, port, "port", "-1", "Port; -1 is any."),
    ATTR(STRING, client_certificate, "clientCertificate", "",
         "Alias of the certificate to present."),
};
#undef ATTR
CFG_TYPE(outbound_connection, "outboundConnection", CFG_NESTED,
         .help = "Connections that use this TLS configuration.");

static const char *const revocation_words[] = { "OFF", "LOW", "MEDIUM", "HIGH",
                                                NULL };

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_revocation, __VA_ARGS__)
static const struct cfg_attr revocation_attrs[] = {
    ATTR(ENUM, level, "level", "HIGH", revocation_words,
         "Peers whose certificate is revoked are refused; HIGH: so are those "
         "of whom nobody tells; MEDIUM: unless there is nobody to ask; LOW: "
         "these are let in; OFF: nothing is asked."),
    ATTR(BOOL, ocsp, "ocsp", "true",
         "Ask the OCSP responders that certificates name."),
    ATTR(BOOL, crls, "crls", "true",
         "Fetch the revocation lists that certificates name by http."),
    ATTR(BOOL, ldap_crls, "ldapCrls", "false", "The same by ldap."),
    ATTR(BOOL, crls_first, "crlsFirst", "false", "Lists before responders."),
    ATTR(BOOL, leaf_only, "leafOnly", "false",
         "Only the peer's own certificate, not the authorities between it and "
         "the trust anchor."),
    ATTR(STRING, ocsp_responder, "ocspResponder", "",
         "http: address of a responder that is asked first."),
    ATTR(BOOL, needs_nonce, "requireNonce", "false",
         "An OCSP answer without the nonce of the question counts for nothing: "
         "old ones cannot be played back."),
    ATTR(LIST, ldap_servers, "ldapServers", "",
         "host:port of directories in which the entries of issuers hold "
         "lists."),
    ATTR(STRING, ldap_user, "ldapUser", "", "Name for them; none: anonymous."),
    ATTR(PASSWORD, ldap_password, "ldapPassword", "", "Its password."),
    ATTR(STRING, http_proxy, "httpProxy", "",
         "host:port of a proxy for responders and lists."),
    ATTR(DURATION, source_timeout_ms, "sourceTimeout", "15s", CFG_S,
         "Wait for one responder, server or directory."),
    ATTR(DURATION, chain_timeout_ms, "chainTimeout", "30s", CFG_S,
         "Wait for all that is asked about one connection."),
    ATTR(DURATION, keep_ms, "keepAtMost", "1d", CFG_S,
         "Answers are kept until they end, but not longer."),
    ATTR(DURATION, retry_ms, "retryInterval", "60s", CFG_S,
         "A source that failed is not asked again for so long."),
    ATTR(INT, max_crl_bytes, "maxCrlSize", "10485760", 1024, 67108864,
         "Bytes of a revocation list."),
};
#undef ATTR
CFG_TYPE(revocation, "sallyport_revocation", CFG_FACTORY,
         .help = "How it is found out whether certificates of peers have been "
                 "revoked. Not in the original.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ssl, __VA_ARGS__)
static const struct cfg_attr ssl_attrs[] = {
    ATTR(REF, key_store, key_store, "keyStoreRef", "defaultKeyStore",
         "Our keys."),
    ATTR(REF, trust_store, key_store, "trustStoreRef", "",
         "Whom we trust; else the key store."),
    ATTR(BOOL, client_authentication, "clientAuthentication", "false",
         "A client without a trusted certificate is refused."),
    ATTR(BOOL, client_authentication_supported, "clientAuthenticationSupported",
         "false", "A client certificate is asked for."),
    ATTR(STRING, ssl_protocol, "sslProtocol", "", "Protocol, such as TLSv1.2."),
    ATTR(ENUM, security_level, "securityLevel", "HIGH", security_level_words,
         "Strength of the ciphers, unless enabledCiphers is given."),
    ATTR(STRING, enabled_ciphers, "enabledCiphers", "",
         "Cipher suites by their JSSE names, separated by blanks."),
    ATTR(STRING, server_key_alias, "serverKeyAlias", "",
         "Alias of the certificate we present as a server."),
    ATTR(STRING, client_key_alias, "clientKeyAlias", "",
         "Alias of the certificate we present as a client."),
    ATTR(BOOL, verify_hostname, "verifyHostname", "false",
         "The peer's certificate must name the host we asked for."),
    ATTR(BOOL, trust_default_certs, "trustDefaultCerts", "false",
         "Trust the system's authorities too."),
    ATTR(BOOL, enforce_cipher_order, "enforceCipherOrder", "false",
         "Our order of ciphers counts, not the client's."),
    ATTR(LIST, skip_hostname_verification, "skipHostnameVerificationForHosts",
         "", "Hosts that verifyHostname is not for."),
    ATTR(
        PATH, crl_file, "crlFile", "",
        "Certificate revocation lists in PEM: peers they name, and peers whose "
        "issuer has none in it, are refused. Read again when it changes. Not "
        "in the original."),
    ATTR(PATH, ocsp_response_file, "ocspResponseFile", "",
         "OCSP response (DER) for our certificate, handed to clients who ask. "
         "Read again when it changes. Not in the original."),
    ATTR(REF, revocation, revocation, "revocationRef", "",
         "Whether peers' certificates are revoked is asked of the network. "
         "Without it, properties of Java decide "
         "(com.ibm.jsse2.checkRevocation). Not in the original."),
    ATTR(BOOL, ocsp_stapling, "enableOCSPStapling", "false",
         "OCSP responses for our certificates are fetched and handed to "
         "clients who ask; jdk.tls.server.enableStatusRequestExtension says so "
         "for all. Not in the original."),
    ATTR(CHILDREN, outbound, n_outbound, outbound_connection,
         "outboundConnection", "Connections this configuration is for."),
};
#undef ATTR
CFG_TYPE(ssl, "ssl", CFG_FACTORY,
         .builtin = "<server><ssl id='defaultSSLConfig'/></server>",
         .help = "A TLS configuration.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ssl_default, __VA_ARGS__)
static const struct cfg_attr ssl_default_attrs[] = {
    ATTR(REF, ssl, ssl, "sslRef", "defaultSSLConfig",
         "TLS configuration where none is named."),
    ATTR(REF, outbound_ssl, ssl, "outboundSSLRef", "",
         "The same for connections we open."),
    ATTR(BOOL, http_host_name_verification, "httpHostNameVerification", "false",
         "Older name of verifyHostname for connections we open."),
};
#undef ATTR
CFG_TYPE(ssl_default, "sslDefault", CFG_SINGLETON,
         .help = "The default TLS configurations.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ssl_options, __VA_ARGS__)
static const struct cfg_attr ssl_options_attrs[] = {
    ATTR(REF, ssl, ssl, "sslRef", "", "TLS configuration of the endpoint."),
    ATTR(DURATION, ssl_session_timeout_ms, "sslSessionTimeout", "86400s",
         CFG_MS, "How long a TLS session may be resumed."),
    ATTR(DURATION, session_timeout_ms, "sessionTimeout", "1d", CFG_S,
         "Wait for a read or write: the timeouts of httpOptions count instead, "
         "as "
         "in the original."),
    ATTR(BOOL, suppress_handshake_errors, "suppressHandshakeErrors", "false",
         "Do not log failed handshakes."),
    ATTR(PATH, ticket_key_file, "ticketKeyFile", "",
         "Keys of session tickets that servers share, so that a client may "
         "resume at any of them; made and rotated by them. Not in the "
         "original."),
};
#undef ATTR
CFG_TYPE(ssl_options, "sslOptions", CFG_FACTORY,
         .help = "TLS options of endpoints.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_tcp_options, __VA_ARGS__)
static const struct cfg_attr tcp_options_attrs[] = {
    ATTR(DURATION, inactivity_timeout_ms, "inactivityTimeout", "60s", CFG_MS,
         "Wait for each step of a TLS handshake; afterwards the timeouts of "
         "httpOptions count."),
    ATTR(INT, max_open_connections, "maxOpenConnections", "128000", 1, 1280000,
         "Connections open at a time."),
    ATTR(BOOL, so_reuse_addr, "soReuseAddr", "true",
         "Bind although old connections linger."),
    ATTR(INT, port_open_retries, "portOpenRetries", "0", 0, 100000,
         "Attempts to bind, a second apart."),
    ATTR(LIST, address_include, "addressIncludeList", "",
         "Addresses allowed to connect."),
    ATTR(LIST, address_exclude, "addressExcludeList", "",
         "Addresses not allowed to connect."),
    ATTR(
        LIST, host_name_include, "hostNameIncludeList", "",
        "Host names allowed to connect: the name of the address, when it leads "
        "back to it."),
    ATTR(LIST, host_name_exclude, "hostNameExcludeList", "",
         "Host names not allowed to connect. Who owns an address chooses its "
         "name: "
         "this keeps out nobody who does not want to be known."),
    ATTR(BOOL, accept_thread, "acceptThread", "false",
         "A thread that only accepts; here every loop accepts for itself."),
    ATTR(BOOL, wait_to_accept, "waitToAccept", "false",
         "Accept when all is started; here ports are opened then anyway."),
};
#undef ATTR
CFG_TYPE(tcp_options, "tcpOptions", CFG_FACTORY,
         .builtin = "<server><tcpOptions id='defaultTCPOptions'/></server>",
         .help = "TCP options of endpoints.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_access_logging, __VA_ARGS__)
static const struct cfg_attr access_logging_attrs[] = {
    ATTR(BOOL, enabled, "enabled", "true", "Write the log."),
    ATTR(PATH, file_path, "filePath",
         "${server.output.dir}/logs/http_access.log", "The file."),
    ATTR(STRING, log_format, "logFormat", "%h %u %{t}W \"%r\" %s %b",
         "What a line says."),
    ATTR(INT, max_file_mb, "maxFileSize", "20", 0, 2000000,
         "Size in MB at which it rolls over; 0 never."),
    ATTR(INT, max_files, "maxFiles", "2", 0, 100000,
         "Files kept; 0 keeps all."),
    ATTR(STRING, rollover_start_time, "rolloverStartTime", "",
         "HH:MM at which it rolls over first."),
    ATTR(DURATION_FROM, rollover_interval_ms, "rolloverInterval", "-1", CFG_M,
         -1, "Time between rolling it over; -1 is by size alone."),
    ATTR(INT, sample_percent, "samplePercent", "100", 0, 100,
         "How many of the requests answered below 400 are written; the others "
         "always are. Not in the original."),
};
#undef ATTR
CFG_TYPE(access_logging, "httpAccessLogging", CFG_FACTORY,
         .also = "accessLogging", .help = "An access log.");

static const char *const protocol_words[] = { "http/1.1", "http/2", NULL };

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_http_endpoint, __VA_ARGS__)
static const struct cfg_attr http_endpoint_attrs[] = {
    ATTR(BOOL, enabled, "enabled", "true", "The endpoint listens."),
    ATTR(STRING, host, "host", "localhost",
         "Name or address to listen on; * is all."),
    ATTR(PORT, http_port, "httpPort", "-1", "Clear port; -1 closes it."),
    ATTR(PORT, https_port, "httpsPort", "-1", "TLS port; -1 closes it."),
    ATTR(ENUM, on_error, "onError", "WARN", cfg_on_error_words,
         "What a port that cannot be opened does."),
    ATTR(WORD, protocol_version, "protocolVersion", "http/1.1", protocol_words,
         "The latest protocol offered."),
    ATTR(REF_OR_DEFAULT, http_options, http_options, "httpOptionsRef",
         "defaultHttpOptions", "Protocol options."),
    ATTR(REF, ssl_options, ssl_options, "sslOptionsRef", "", "TLS options."),
    ATTR(REF_OR_DEFAULT, tcp_options, tcp_options, "tcpOptionsRef",
         "defaultTCPOptions", "TCP options."),
    ATTR(REF, access_logging, access_logging, "accessLoggingRef", "",
         "Access log."),
    ATTR(REF, compression, compression, "compressionRef", "defaultCompression",
         "Compression of answers."),
    ATTR(REF, remote_ip, remote_ip, "remoteIpRef", "defaultRemoteIp",
         "Addresses of clients behind proxies."),
    ATTR(REF, same_site, same_site, "samesiteRef", "defaultSameSite",
         "SameSite of cookies."),
    ATTR(REF, headers, headers, "headersRef", "defaultHeaders",
         "Headers of answers."),
};
#undef ATTR
CFG_TYPE(http_endpoint, "httpEndpoint", CFG_FACTORY,
         .builtin = "<server>"
                    "<variable name='default.http.port' defaultValue='9080'/>"
                    "<variable name='default.https.port' defaultValue='9443'/>"
                    "<httpEndpoint id='defaultHttpEndpoint'"
                    " httpPort='${default.http.port}'"
                    " httpsPort='${default.https.port}'/></server>",
         .help = "A place where clients connect.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_http_dispatcher, __VA_ARGS__)
static const struct cfg_attr http_dispatcher_attrs[] = {
    ATTR(BOOL, enable_welcome_page, "enableWelcomePage", "true",
         "Answer / with a page when nothing else does."),
    ATTR(STRING, missing_message, "appOrContextRootMissingMessage", "",
         "Body of the 404 answer."),
    ATTR(STRING, trusted_header_origin, "trustedHeaderOrigin", "*",
         "From whom private headers are believed."),
    ATTR(STRING, trusted_sensitive_header_origin,
         "trustedSensitiveHeaderOrigin", "none",
         "The same for those that carry identities."),
};
#undef ATTR
CFG_TYPE(http_dispatcher, "httpDispatcher", CFG_SINGLETON,
         .help = "Requests nobody else answers.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_virtual_host, __VA_ARGS__)
static const struct cfg_attr virtual_host_attrs[] = {
    ATTR(BOOL, enabled, "enabled", "true", "The host takes requests."),
    ATTR(LIST, host_aliases, "hostAlias", "", "host:port it answers for."),
    ATTR(LIST, allow_from_endpoints, "allowFromEndpointRef", "",
         "Endpoints whose requests it takes."),
};
#undef ATTR
CFG_TYPE(virtual_host, "virtualHost", CFG_FACTORY,
         .builtin = "<server><virtualHost id='default_host'/></server>",
         .help = "A group of host names and ports.");

static enum err
check_cors(void *element, struct err_info *why)
{
    const struct cfg_cors *c = element;

    if (c->domain.p[0] != '/')
        return err_set(why, ERR_SYNTAX,
                       "attribute domain: \"" STR_FMT
                       "\" is not a path that begins with /",
                       STR_ARG(str_sub(c->domain, 0, 100)));
    return ERR_OK;
}

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_cors, __VA_ARGS__)
static const struct cfg_attr cors_attrs[] = {
    ATTR(STRING, domain, "domain", NULL, "Path this is for."),
    ATTR(LIST, allowed_origins, "allowedOrigins", "",
         "Origins; * is any, null is none."),
    ATTR(LIST, allowed_methods, "allowedMethods", "", "Methods."),
    ATTR(LIST, allowed_headers, "allowedHeaders", "", "Request headers."),
    ATTR(LIST, expose_headers, "exposeHeaders", "", "Response headers."),
    ATTR(BOOL, allow_credentials, "allowCredentials", "false",
         "Cookies and credentials are allowed."),
    ATTR(INT, max_age_s, "maxAge", "-1", -1, INT_MAX,
         "Seconds an answer may be kept."),
};
#undef ATTR
CFG_TYPE(cors, "cors", CFG_FACTORY, .check = check_cors,
         .help = "Cross-origin requests from browsers.");
