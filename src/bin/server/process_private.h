/* Shared by process.c and asked.c. */
#ifndef SALLYPORT_BIN_SERVER_PROCESS_PRIVATE_H
#define SALLYPORT_BIN_SERVER_PROCESS_PRIVATE_H

#include <sys/types.h>

#include "backoff.h"
#include "base/reader.h"
#include "ipc/chan.h"
#include "ipc/parent.h"
#include "ipc/parent_wire.h"
#include "ipc/task.h"
#include "listeners.h"
#include "process.h"

#define CLIENTS_MAX 16u
#define PENDING_MAX 32u

/* A connection on the command socket. */
struct client {
    int fd; /* -1: free */
};

/* A MODIFY command the worker has not finished. */
struct pending {
    uint32_t id; /* 0: free */
    bool is_task;
    uint32_t task_id;
    unsigned client;
    char text[256];
};

struct process {
    const struct settings *settings;
    int lock_fd;
    int ready_fd;
    int signal_fd;
    int command_fd; /* listener; -1: none */
    struct task *task;
    struct listeners listeners;
    struct client clients[CLIENTS_MAX];
    struct pending pending[PENDING_MAX];
    uint32_t next_id;
    pid_t worker;  /* 0: none */
    int worker_fd; /* -1: none */
    uint64_t worker_since_ms;
    uint64_t restart_at_ms; /* 0: not waiting */
    uint64_t kill_at_ms;    /* 0: not stopping */
    struct backoff backoff;
    uint64_t ready_since_ms; /* the worker that runs; 0: not yet */
    bool is_ready;           /* the worker that runs is */
    bool was_ready;          /* one has been */
    bool is_stopping;
    bool has_given_up;
    bool is_over;
    int exit_status;
};

/* Stop the worker, then the parent. Forced: requests under way are cut off; no
 * effect once a stop is under way. */
void process_stop(struct process *, bool is_forced);
/* To the worker, if there is one. */
void process_command(struct process *, enum parent_verb, uint32_t id,
                     struct str text);

/* NULL: nobody waits for that reply any more. */
struct pending *pending_find(struct process *, uint32_t id);
/* A line for whoever asked; the last has been said; it cannot be done. */
void pending_reply(struct process *, const struct pending *, struct str line);
void pending_end(struct process *, struct pending *, bool is_done);
void pending_refuse(struct process *, struct pending *, const char *id,
                    struct str reason);

/* What is readable: the listener, client i, the task's channel. */
void asked_accept(struct process *);
void asked_close(struct process *, unsigned i); /* client i; may be closed */
void asked_by_client(struct process *, unsigned i);
void asked_by_operator(struct process *);

#endif
