/*
 * What an endpoint does around requests and answers, whatever they are about:
 * virtual hosts, cross-origin requests, proxies' headers, compression, headers
 * of answers, the access log. Compiled with the snapshot.
 * Sources: Liberty, virtualHost, httpDispatcher, cors, remoteIp, compression,
 * headers, httpOptions; the Fetch standard for cors.
 */
#ifndef SALLYPORT_GATEWAY_WEB_H
#define SALLYPORT_GATEWAY_WEB_H

#include <regex.h>

#include "audit/messages_log.h"
#include "config/config.h"
#include "config/elements.h"
#include "gateway/access_log.h"
#include "http/coding.h"
#include "http/server.h"

#define WEB_HEADERS_MAX 48u

struct request; /* gateway/serve.h */

struct web_cookie_rules {
    const struct cfg_same_site *same_site; /* NULL: none */
    bool sends_last_only;                  /* of several of one name */
    bool forbids_cache;
};

struct web {
    const struct cfg_tree *tree; /* the snapshot's */
    struct str endpoint_id;
    struct access_log *log;                    /* NULL: none */
    const struct cfg_compression *compression; /* NULL: answers as they are */
    bool has_preferred;
    enum http_coding preferred;
    const struct cfg_headers *headers; /* NULL: none */
    bool has_proxies, remote_in_log;
    regex_t proxies;
    bool decompresses;
    struct http_decode_limits decode;
    bool has_hosts, has_cors; /* configured at all */
    bool removes_server;
    struct web_cookie_rules cookies;
};

struct web_making {
    struct messages_log *log;
    bool is_check; /* nothing is opened */
    bool is_said;  /* what is wrong has been said */
};

/* ERR_SYNTAX  a regular expression, logFormat or header that is none */
MUST_CHECK enum err web_new(struct arena *, const struct cfg_tree *,
                            const struct cfg_http_endpoint *,
                            const struct web_making *, struct web **out,
                            struct err_info *why);
void web_close(struct web *); /* NULL is fine */

/* Before anything else is done with a request: what proxies say of it, whether
 * its host is served here, cross-origin preflight. False: it has been answered.
 */
MUST_CHECK bool web_admit(struct request *);
/* Nothing else answers this path: the welcome page, or the configured text.
 * False: it is still to be answered. */
MUST_CHECK bool web_answer_missing(struct request *);
/* The body becomes what it was before its Content-Encoding. False: refused and
 * answered. */
MUST_CHECK bool web_decode_body(struct request *);
/* Headers and coding of an answer; `headers` has room for WEB_HEADERS_MAX, body
 * may come to stand in `packed`. */
void web_finish(struct request *, struct http_reply *,
                struct http_header *headers, struct buf *packed);
/* http_server's on_done; arg is the serve_port. */
void web_on_done(const struct http_request *, const struct http_done *,
                 void *arg);

/* web_host.c: whether default_host takes requests for `host` (as in Host). */
bool web_host_is_ours(const struct cfg_tree *, struct str endpoint_id,
                      struct str host, bool is_tls);
/* Can a request have such a host? Those that are not are said and match none.
 */
bool web_alias_is_valid(struct str alias);
/* Does default_host take requests of this endpoint at all? */
bool web_takes_endpoint(const struct cfg_tree *, struct str endpoint_id);
/* web_cors.c: the element for a path and origin; NULL: none allows it. */
const struct cfg_cors *web_cors_find(const struct cfg_tree *, struct str path,
                                     struct str origin);
/* Headers of an answer to an allowed origin. */
void web_cors_headers(struct request *, struct http_header *headers, size_t *n);
/* A preflight that is allowed is answered. */
MUST_CHECK bool web_cors_preflight(struct request *);
/* web_cookies.c: what is done with Set-Cookie of an answer; headers has room
 * for WEB_HEADERS_MAX. */
void web_cookies(const struct web_cookie_rules *, struct arena *,
                 struct http_header *headers, size_t *n);
/* web_proxy.c: the client behind proxies we believe. */
void web_proxy_read(struct request *);

#endif
