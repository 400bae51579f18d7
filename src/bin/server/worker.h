/*
 * The worker process of a server: configuration, messages, ports, operator
 * commands. What serves requests attaches through struct worker_service, so
 * that this file does not know it.
 */
#ifndef SALLYPORT_BIN_SERVER_WORKER_H
#define SALLYPORT_BIN_SERVER_WORKER_H

#include "audit/messages_log.h"
#include "config/elements.h"
#include "config/modify.h"
#include "io/loop.h"
#include "ipc/parent.h"
#include "settings.h"

struct worker;

/*
 * What the worker runs. All functions are called on the main loop's thread.
 * A service that fails says so in the log itself; `why` is for the program's
 * standard error.
 */
struct worker_service {
    /* The first configuration: build everything but open no port. */
    enum err (*start)(struct worker *, const struct cfg_tree *,
                      struct err_info *why);
    /* An endpoint's port is open; serve connections from fd (a copy, the
     * service's own). NULL tls port: clear. */
    enum err (*open_port)(struct worker *, const struct cfg_http_endpoint *,
                          bool is_tls, int fd, struct err_info *why);
    /* A new configuration that differs: build, swap; on failure the old one
     * stays. Ports are opened and closed by the worker afterwards. */
    enum err (*update)(struct worker *, const struct cfg_tree *,
                       struct err_info *why);
    /* The port is not configured any more, or the server stops: accept no
     * more, finish what runs. */
    void (*close_port)(struct worker *, const char *endpoint_id, bool is_tls);
    /* All ports are closed: call worker_quiesced when nothing runs any more,
     * 30 seconds at most. */
    void (*quiesce)(struct worker *);
    void (*stop)(struct worker *);
    /* Operator commands of the service; appended to the worker's own. */
    const struct modify_row *const *modify_rows;
    size_t n_modify_rows;
};

struct worker {
    const struct settings *settings;
    const struct worker_service *service;
    struct loop *loop;
    struct parent *parent;
    struct messages_log *log;
    struct cfg_tree *tree; /* in use; cfg_ref to keep it */
    void *context;         /* the service's own */
};

/* Run until told to stop; the program's exit status. */
int worker_main(const struct settings *, int parent_fd,
                const struct worker_service *);
void worker_quiesced(struct worker *);

/* Is a feature configured (any case; a known prefix such as "zosconnect:" is
 * part of the name)? Features that others pull in count. */
bool worker_has_feature(const struct cfg_tree *, const char *feature);

/* main.c's: the service this program runs. */
extern const struct worker_service server_service;

#endif
