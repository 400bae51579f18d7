/* What an endpoint does with answers and headers: compression, headers,
 * cookies, addresses of proxies, encodings. */
#include "config/registry.h"

#include <limits.h>

static const char *const compression_words[] = {
    "deflate", "gzip", "x-gzip", "zlib", "identity", "none", NULL
};

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_compression, __VA_ARGS__)
static const struct cfg_attr compression_attrs[] = {
    ATTR(WORD, server_preferred_algorithm, "serverPreferredAlgorithm", "none",
         compression_words,
         "The algorithm we prefer when the client takes several."),
    ATTR(LIST, types, "types", "text/*",
         "Content types; +type adds one, -type removes one."),
};
#undef ATTR
CFG_TYPE(compression, "compression", CFG_FACTORY,
         .help = "Answers are compressed.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_headers, __VA_ARGS__)
static const struct cfg_attr headers_attrs[] = {
    ATTR(LIST, add, "add", "", "Name:Value added."),
    ATTR(LIST, remove, "remove", "", "Name removed."),
    ATTR(LIST, set, "set", "", "Name:Value put in place of what is there."),
    ATTR(LIST, set_if_missing, "setIfMissing", "",
         "Name:Value added when there is none."),
};
#undef ATTR
CFG_TYPE(headers, "headers", CFG_FACTORY, .help = "Headers of answers.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_remote_ip, __VA_ARGS__)
static const struct cfg_attr remote_ip_attrs[] = {
    ATTR(STRING, proxies, "proxies",
         "10\\.[0-9.]+|127\\.[0-9.]+|169\\.254\\.[0-9.]+|172\\.(1[6-9]|2[0-9]|"
         "3[01])\\.[0-9.]+|192\\.168\\.[0-9.]+|::1",
         "Addresses of proxies we believe, as a regular expression."),
    ATTR(BOOL, use_in_access_log, "useRemoteIpInAccessLog", "false",
         "The access log shows that address."),
};
#undef ATTR
CFG_TYPE(remote_ip, "remoteIp", CFG_FACTORY,
         .help = "The client's address behind proxies.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_same_site, __VA_ARGS__)
static const struct cfg_attr same_site_attrs[] = {
    ATTR(LIST, lax, "lax", "",
         "Cookies with SameSite=Lax; a final * matches any ending."),
    ATTR(LIST, none, "none", "", "Cookies with SameSite=None."),
    ATTR(LIST, strict, "strict", "", "Cookies with SameSite=Strict."),
    ATTR(LIST, partitioned, "partitioned", "", "Cookies with Partitioned."),
};
#undef ATTR
CFG_TYPE(same_site, "samesite", CFG_FACTORY,
         .help = "The SameSite attribute of cookies.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_http_encoding, __VA_ARGS__)
static const struct cfg_attr http_encoding_attrs[] = {
    ATTR(REST, all, "encoding.LANGUAGE and converter.NAME."),
};
#undef ATTR
CFG_TYPE(http_encoding, "httpEncoding", CFG_SINGLETON,
         .help = "Encodings of languages and names of converters.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_request_limits, __VA_ARGS__)
static const struct cfg_attr request_limits_attrs[] = {
    ATTR(INT, max_requests, "maxConcurrentRequests", "10000", 0, INT_MAX,
         "Requests under way at a time; more are answered 503."),
    ATTR(INT, max_per_api, "maxConcurrentRequestsPerApi", "2500", 0, INT_MAX,
         "Of them for one API, service or requester, so that one slow back end "
         "leaves room for the others; more are answered 503."),
    ATTR(DURATION, max_latency_ms, "maxLatency", "0", CFG_MS,
         "When an API needs longer than this on the average, few of its "
         "requests are let in at a time; the others are answered 503."),
    ATTR(INT, connections_per_address, "maxConnectionsPerAddress", "0", 0,
         INT_MAX, "Connections from one address; more are closed at once."),
    ATTR(INT, connections_per_user, "maxConnectionsPerUser", "0", 0, INT_MAX,
         "Connections on which one authenticated user was the last to ask; "
         "requests on more are answered 429 and the connection closed."),
    ATTR(
        INT, connections_per_api, "maxConnectionsPerApi", "0", 0, INT_MAX,
        "Connections on which one API, service or requester was the last to be "
        "asked; requests on more are answered 503 and the connection closed."),
    ATTR(INT, max_memory_mb, "maxMemory", "0", 0, INT_MAX,
         "Megabytes that connections, requests and their bodies may hold. "
         "Bodies are answered 503 when 85 % are held and requests when 95 % "
         "are; connections are closed at once when 75 % are. 0: half of what "
         "the control group, or the machine, allows."),
    ATTR(INT, address_rate, "requestsPerSecondPerAddress", "0", 0, 1000000,
         "Requests a second from one address; more are answered 429."),
    ATTR(INT, user_rate, "requestsPerSecondPerUser", "0", 0, 1000000,
         "The same for one authenticated user."),
    ATTR(INT, burst, "burst", "100", 0, 1000000,
         "How many requests may come at once on top of a rate."),
    ATTR(DURATION, retry_after_ms, "retryAfter", "1s", CFG_S,
         "When a client that was answered 503 or 429 may come again."),
};
#undef ATTR
CFG_TYPE(request_limits, "sallyport_limits", CFG_SINGLETON,
         .help = "Ceilings for requests. Not in the original.");

static enum err
check_metrics(void *element, struct err_info *why)
{
    const struct cfg_metrics *m = element;

    if (m->path.n == 0 || m->path.p[0] != '/')
        return err_set(why, ERR_SYNTAX,
                       "attribute path: \"" STR_FMT
                       "\" is not a path that begins with /",
                       STR_ARG(str_sub(m->path, 0, 100)));
    return ERR_OK;
}

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_metrics, __VA_ARGS__)
static const struct cfg_attr metrics_attrs[] = {
    ATTR(STRING, path, "path", "/metrics", "Where they are read."),
    ATTR(BOOL, authentication, "authentication", "true",
         "Who reads them is authenticated like an administrator."),
};
#undef ATTR
CFG_TYPE(metrics, "sallyport_metrics", CFG_SINGLETON, .check = check_metrics,
         .help = "What the server counts, in OpenMetrics text, when this "
                 "element is written. Not in the original.");
