/*
 * A configuration made ready to run: routes, policies, interceptor chains, TLS,
 * endpoints. Immutable; a refresh compiles a new one beside the old. Counted
 * by the loops that use it (each of which counts its requests by itself).
 */
#ifndef SALLYPORT_GATEWAY_SNAPSHOT_H
#define SALLYPORT_GATEWAY_SNAPSHOT_H

#include "auth/authenticate.h"
#include "backends/provider.h"
#include "base/table.h"
#include "gateway/admit.h"
#include "gateway/artefacts.h"
#include "gateway/chain.h"
#include "gateway/limits.h"
#include "gateway/route.h"
#include "gateway/timing.h"
#include "gateway/tls_store.h"
#include "gateway/web.h"
#include "http/server.h"
#include "saf/client.h"

/* What guards a resource. */
struct access {
    bool require_auth;
    bool require_secure;
    unsigned id_assertion; /* enum cfg_id_assertion; requesters */
    bool allow_unsigned;   /* requesters: identity without job token */
    const struct cfg_zcon_groups *groups; /* own; NULL: global */
    struct chain chain;
    struct bulkhead bulkhead; /* atomic */
};

/* One operation of an API, or a service invoked directly. */
struct operation {
    struct api_entry *api; /* NULL: a service */
    struct access *access;
    const struct image_op *op;
    const struct image_service *service;
    const struct provider *provider;
    struct str connection; /* id of the connection element */
    uint32_t timeout_ms;   /* 0: none */
};

struct api_entry {
    const struct image_info *info;
    struct access access;
    struct operation *ops;
};

struct service_entry {
    const struct image_info *info;
    struct access access;
    struct operation op;
};

/* Where a requester's calls go. */
struct endpoint {
    struct str host; /* without scheme */
    unsigned port;
    struct str base_path;        /* domainBasePath, or "" */
    struct secret authorization; /* "Basic ...", or empty; wiped */
    struct tls_config *tls;      /* NULL: clear text */
    struct str ssl_id, trust; /* for messages: its ssl, and its trust store */
    struct str identity;      /* pool key: element id and key label */
    uint32_t connect_timeout_ms, receive_timeout_ms;
    const char *problem; /* why it cannot be used; NULL when it can */
    bool lacks_keys;     /* the problem is its key store */
};

struct requester_entry {
    const struct image_info *info;
    struct access access;
    const struct endpoint *endpoint; /* never NULL; see problem */
};

/* One port to listen on. */
struct port_entry {
    struct str endpoint_id; /* "defaultHttpEndpoint" */
    struct str host;        /* as configured */
    uint16_t port;
    bool is_tls;
    /* The earlier one with the same number on the same host: this one stays
     * closed. NULL: none. */
    const struct port_entry *rival;
    uint16_t https_port;    /* of the same endpoint; 0: none */
    struct tls_config *tls; /* is_tls */
    bool suppress_errors;   /* suppressHandshakeErrors */
    struct http_server_options options;
    struct web *web;
    struct admit admit;
    uint32_t open_retries; /* portOpenRetries */
    bool reuses_address;   /* soReuseAddr */
};

/* A key store's file with updateTrigger="polled", as it was when read. */
struct polled_stamp {
    uint64_t inode, size;
    int64_t second, nanosecond;
};
struct polled_file {
    const char *path;
    uint64_t rate_ms, next_ms; /* monotonic */
    struct polled_stamp stamp;
};

/* Of a port with a rival: what has it. */
void port_say_rival(const struct port_entry *, struct err_info *why);

#define SNAPSHOT_PORTS_MAX 32u

struct snapshot {
    uint32_t refs; /* atomic */
    struct arena arena;
    struct cfg_tree *tree;
    struct artefacts *artefacts;
    const struct cfg_zcon_manager *manager;
    const struct cfg_saf_authorization *authorization;
    const struct cfg_request_limits *limits;
    const struct cfg_metrics *metrics; /* NULL: not to be read */
    bool uses_saf_roles;               /* safAuthorization is configured */
    struct timing timing;
    struct auth_policy auth;
    struct basic *basic;           /* what auth.basic borrows */
    struct auth_cache *auth_cache; /* user_registry.h */
    struct str saf_realm;          /* safRegistry realm, or "" */
    struct str role_profile;       /* EJBROLE of zosConnectAccess */
    struct str realm;              /* of the basic challenge */
    struct str admin_profile;      /* EJBROLE of Administrator */
    bool has_mbeans;               /* feature restConnector-2.0 */
    struct chain_set *chains;
    struct access admin;  /* of administration requests */
    struct access mbeans; /* of the JMX connector: always both */
    struct route_table *routes;
    struct api_entry **apis;
    size_t n_apis;
    struct table services;   /* name: struct service_entry */
    struct table requesters; /* name: struct requester_entry */
    struct table link_tls;   /* connection id: struct tls_config */
    struct port_entry ports[SNAPSHOT_PORTS_MAX];
    size_t n_ports;
    struct polled_file *polled;
    size_t n_polled;
};

/* The path of a polled key store that has changed since; NULL: none. Each is
 * looked at as often as its rate says, at most with each call. */
const char *snapshot_polled_change(struct snapshot *, uint64_t now_ms);
/* As they are now is how they were. */
void snapshot_polled_seen(struct snapshot *);

/*
 * Compile; takes its own references to tree and artefacts. Problems that only
 * concern one resource are logged and that resource is unusable (fails
 * closed); others refuse the configuration. When another configuration is in
 * use (is_update), key stores that cannot be read refuse it too: a working TLS
 * port does not close because the angel is away for a moment.
 */
MUST_CHECK enum err snapshot_new(struct cfg_tree *, struct artefacts *,
                                 struct saf_client *, struct messages_log *,
                                 const struct tls_shared *, bool is_update,
                                 struct snapshot **out, struct err_info *why);
/* One with nothing in it yet; NULL: no storage. */
struct snapshot *snapshot_empty(struct cfg_tree *);
struct snapshot *snapshot_ref(struct snapshot *);
void snapshot_unref(struct snapshot **);

#endif
