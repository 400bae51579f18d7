/*
 * Interceptor chains: for each resource the interceptors that run around it,
 * global and own ones together, ordered by sequence. Instances are made once
 * for a configuration.
 */
#ifndef SALLYPORT_GATEWAY_CHAIN_H
#define SALLYPORT_GATEWAY_CHAIN_H

#include "audit/messages_log.h"
#include "base/arena.h"
#include "base/err.h"
#include "config/elements.h"
#include "sallyport/interceptor.h"

#define CHAIN_MAX 32u

struct chain_link {
    const struct sallyport_interceptor *code;
    void *self;
    int64_t sequence;
    struct str id; /* of the element */
};

struct chain {
    const struct chain_link *links[CHAIN_MAX];
    unsigned n;
};

/* All instances of one configuration. */
struct chain_set;

/* is_update: another configuration is in use, so a library that cannot be
 * loaded refuses this one; otherwise it refuses what it should guard. */
MUST_CHECK enum err chain_set_new(struct arena *, struct messages_log *,
                                  bool is_update, struct chain_set **out,
                                  struct err_info *why);
void chain_set_close(struct chain_set *); /* the arena frees the storage */

/*
 * The chain of one resource: the global list unless run_global is false, and
 * the resource's own. Ascending sequence; equal ones keep their order; an
 * interceptor listed at both levels is called twice.
 */
MUST_CHECK enum err chain_build(struct chain_set *,
                                const struct cfg_zcon_interceptors *global,
                                bool run_global,
                                const struct cfg_zcon_interceptors *own,
                                struct chain *out, struct err_info *why);

/* Pre-calls in order; *n_run counts those whose pre-call ran, for chain_post.
 * SALLYPORT_REFUSE and the id of who refused, or go on. */
enum sallyport_verdict chain_pre(const struct chain *,
                                 const struct sallyport_request *,
                                 struct sallyport_refusal *, unsigned *n_run,
                                 struct str *who);
void chain_post(const struct chain *, const struct sallyport_request *,
                unsigned n_run);

/* BAQR0496E: its library cannot be used. */
void chain_say_unusable(struct messages_log *,
                        const struct cfg_user_interceptor *,
                        const struct err_info *why);

#endif
