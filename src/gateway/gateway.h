/*
 * The gateway of one server: loops on their threads, the configuration in use,
 * the listeners. The control thread (the worker's main one) owns it and calls
 * everything here; loops run by themselves.
 */
#ifndef SALLYPORT_GATEWAY_GATEWAY_H
#define SALLYPORT_GATEWAY_GATEWAY_H

#include "audit/messages_log.h"
#include "base/err.h"
#include "config/config.h"
#include "config/modify.h"
#include "gateway/artefacts.h"
#include "gateway/mbean_body.h"
#include "io/loop.h"
#include "ipc/parent.h"

struct gateway;

/* Files have changed, says a client (MBean): ERR_OK when what that brings is in
 * effect. Called on the control loop. */
typedef enum err (*gateway_notice_fn)(void *arg, const struct mbean_notice *,
                                      struct err_info *why);

struct gateway_options {
    struct parent *parent;
    struct loop *control; /* of the thread that owns the gateway */
    gateway_notice_fn notice;
    void *notice_arg;
    struct messages_log *log;
    const char *server_name;
    const char *work_dir;  /* for compiled images; made when missing */
    struct str angel_name; /* com.ibm.ws.zos.core.angelName; "" the default */
    bool angel_required;
    struct str angel_wait; /* seconds to wait for a required one, as written */
    struct str angel_services; /* service groups it must grant; "" any */
    unsigned n_loops;          /* 0: one for each core */
};

/*
 * Connect to the angel (messages CWWKB01xx), start the loops. ERR_DENIED,
 * ERR_NOT_FOUND or ERR_PEER only when the angel is required; without it, or
 * without a security database, everything that needs them is refused.
 */
MUST_CHECK enum err gateway_new(const struct gateway_options *,
                                struct gateway **out, struct err_info *why);

/*
 * Make this configuration the one in use: archives are looked at in those
 * places (artefacts.h: a set of PLACE_BIT), in all when this is the first, in
 * others when it says something else about them; ports are opened and closed;
 * requests under way finish with what they started with. On failure the old
 * one stays.
 */
MUST_CHECK enum err gateway_apply(struct gateway *, struct cfg_tree *,
                                  unsigned places, struct err_info *why);

/*
 * Look into those folders again; nothing happens when nothing has changed.
 * *must_return: a file is left alone because it may still be written.
 */
MUST_CHECK enum err gateway_look(struct gateway *, unsigned places,
                                 bool *must_return, struct err_info *why);

/* To be called about twice a second, on the control thread: registers with the
 * angel again when it, or the security database, was started again. */
void gateway_tick(struct gateway *);

/* A request is hung, and diagnostics are to be written now: three times, a
 * minute apart. */
bool gateway_wants_dump(struct gateway *);

/* Did the angel grant this service group (ZOSDUMP)? */
bool gateway_has_service(const struct gateway *, const char *name);

/* F job,CACHE,CLEAR,AUTH */
void gateway_clear_auth_cache(struct gateway *);
/* Key rings and stores again, with the configuration in use. */
MUST_CHECK enum err gateway_reload_keys(struct gateway *, struct err_info *why);

/* An httpEndpoint with ports; the id lives until the next configuration. */
struct gateway_endpoint {
    struct str id;
    bool is_paused;
    size_t n_ports, n_open; /* fewer when one cannot be opened, or is paused */
};
/* "paused", "active", "partly closed" or "closed". */
const char *gateway_endpoint_state(const struct gateway_endpoint *);
/* Those of the configuration in use; how many there are (at most max). */
size_t gateway_endpoints(const struct gateway *, struct gateway_endpoint *,
                         size_t max);
/* Below work_dir: what is paused, for the worker that replaces a dead one. Who
 * starts a server removes it. */
#define GATEWAY_PAUSED_FILE ".paused"

/*
 * Close, or open again, the ports of the endpoints named (ids separated by
 * commas; "" all); requests under way finish.
 *
 * ERR_NOT_NOW    there is no endpoint at all
 * ERR_NOT_FOUND  unknown: ids that are none; the others were done
 * ERR_IO         failed: ids whose ports cannot be opened
 */
MUST_CHECK enum err gateway_pause(struct gateway *, bool is_pause,
                                  struct str targets, struct buf *unknown,
                                  struct buf *failed);

struct gateway_work {
    uint64_t total;              /* since start */
    uint64_t active, slow, hung; /* under way; slow ones are not yet hung */
};
/* lines (may be NULL): one for each request older than hung_ms. */
void gateway_count(struct gateway *, uint64_t slow_ms, uint64_t hung_ms,
                   struct gateway_work *out, struct buf *lines);

/* Stop accepting, let requests finish (at most wait_ms), end the loops. False
 * when some had not finished. */
bool gateway_stop(struct gateway *, uint32_t wait_ms);
void gateway_free(struct gateway **);

#endif
