/* Displays of a stack: its answer (JSON) as rows, and the original's layouts.
 */
#ifndef SALLYPORT_NETSTAT_H
#define SALLYPORT_NETSTAT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* A connection that an engine serves; texts are "" where there is none. */
struct row {
    struct str id, job, user, local, remote;
    struct str level, cipher, cipher_name, key_share, cert_user;
    struct str rule, group, env, conn, group_id, env_id;
    struct str bytes_in, bytes_out;
    /* parameters, one a line, of the connection that was asked for */
    struct str rule_text, group_text, env_text, conn_text;
    bool is_inbound, has_policy, is_secondary, is_fips;
};

struct group {
    struct str name, id;
    struct str text; /* its parameters, one a line; only if they were asked
                        for, and of a group that is current */
    uint32_t n_conns;
};

struct answer {
    struct str stack;
    bool is_ttls; /* TCPCONFIG TTLS */
    struct str how;
    struct {
        struct row *v;
        size_t n, cap;
    } rows;
    struct {
        struct group *v;
        size_t n, cap;
    } groups;
};

/* Texts live in the arena. ERR_SYNTAX: not such an answer. */
MUST_CHECK enum err answer_parse(struct arena *, struct str json,
                                 struct answer *out, struct err_info *why);
void answer_fini(struct answer *);

void print_head(const struct answer *);
void print_groups(const struct answer *, bool with_detail);
/* Is there one with that id and a policy? */
bool has_ttls_connection(const struct answer *, struct str id);
/* id "": all; a row's parameters are printed if it has any. */
void print_ttls_connections(const struct answer *, struct str id);
/* with_policy, without_policy: which ones; all adds what ALL adds. */
void print_connections(const struct answer *, bool with_policy,
                       bool without_policy, bool all);
void print_config(const struct answer *);

#endif
