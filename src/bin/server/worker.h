/*
 * The worker process of a server: reads the configuration, runs the gateway,
 * answers operator commands, follows configuration changes.
 */
#ifndef SALLYPORT_BIN_SERVER_WORKER_H
#define SALLYPORT_BIN_SERVER_WORKER_H

#include <pthread.h>

#include "audit/messages_log.h"
#include "config/elements.h"
#include "config/modify.h"
#include "gateway/gateway.h"
#include "io/loop.h"
#include "ipc/parent.h"
#include "settings.h"
#include "watched.h"

struct worker {
    const struct settings *settings;
    struct loop *loop;
    struct loop_fd parent_event;
    struct loop_timer poll_timer;
    struct loop_timer tick_timer; /* registration with the angel */
    struct loop_timer archives_timer;
    uint64_t archives_at_ms[PLACES];     /* when each is looked at; 0 never */
    char archives_problem[ERR_TEXT_MAX]; /* the last one, "" none */
    struct parent *parent;
    struct messages_log *log;
    struct gateway *gateway;
    struct cfg_tree *tree;     /* in use; only the main thread changes it */
    pthread_mutex_t tree_lock; /* for its change and for other threads */
    struct watched watched;
    uint64_t started_ms;
    char last_display[40]; /* when DISPLAY,WORK was asked last; "" never */
    uint64_t last_requests;
    bool is_stopping;
    bool was_said; /* why the start failed */
    int exit_status;
};

/* Run until told to stop; the program's exit status. */
int worker_main(const struct settings *, int parent_fd);

/* configure.c: the configuration at start and when it changes. */
MUST_CHECK enum err configure_start(struct worker *, struct err_info *why);
/* Look for changed files and apply them; nothing happens without a change. */
void configure_refresh(struct worker *);
/* logging.c: the logs as the tree says (NULL: as bootstrap.properties says). */
MUST_CHECK enum err configure_log(struct worker *, const struct cfg_tree *,
                                  struct err_info *why);

/* archives.c: look at polled folders from now on; after each change of the
 * configuration in use. */
void archives_schedule(struct worker *);
/* Places that are looked at when somebody asks: not those that are disabled. */
unsigned archives_on_demand(const struct cfg_tree *);

/* notified.c: gateway_options.notice; arg is the worker. */
MUST_CHECK enum err notified(void *arg, const struct mbean_notice *,
                             struct err_info *why);

/* commands.c: one operator command. */
void commands_run(struct worker *, const struct parent_command *);

/* "1.234" */
struct str worker_seconds(uint64_t since_ms, char out[32]);

#endif
