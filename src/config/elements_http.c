/* What an endpoint does with answers and headers: compression, headers,
 * cookies, addresses of proxies, encodings. */
#include "config/registry.h"

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
