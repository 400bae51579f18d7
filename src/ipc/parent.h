/*
 * The server's worker process and its parent. The parent is small and lives
 * longer: it holds the listening sockets, the command socket of
 * `sallyport server stop` and, in a started task, the MODIFY interface; it
 * starts the worker again when it dies. This is the worker's side.
 *
 * All calls belong to one thread (the main one), except parent_wto and
 * parent_hard_copy.
 */
#ifndef SALLYPORT_IPC_PARENT_H
#define SALLYPORT_IPC_PARENT_H

#include "base/err.h"
#include "base/str.h"

struct parent;

enum parent_verb {
    PARENT_MODIFY, /* text: what came after "F job," (or server command) */
    PARENT_STOP,   /* quiesce, then end with exit status 0 */
    PARENT_FORCE,  /* end at once */
};

struct parent_command {
    enum parent_verb verb;
    uint32_t id;     /* for parent_reply */
    struct str text; /* borrowed until the next parent_next_command */
};

/* fd: what --worker was given (a chan.h pair); owned from now on. */
MUST_CHECK enum err parent_attach(int fd, struct parent **out,
                                  struct err_info *why);
void parent_free(struct parent **);

/*
 * A listening, non-blocking TCP socket. host "*" is all interfaces, IPv6 and
 * IPv4. Asking again for the same host and port gives the same socket, also
 * after a restart of the worker; *fd is a duplicate the caller closes. reuses:
 * also while connections of an earlier socket linger (SO_REUSEADDR).
 *
 * ERR_EXISTS     the port is in use; why->text is the system's reason
 * ERR_NOT_FOUND  the host cannot be resolved
 * ERR_DENIED     not allowed to bind
 */
MUST_CHECK enum err parent_listen(struct parent *, const char *host,
                                  uint16_t port, bool reuses, int *fd,
                                  struct err_info *why);
/* Not configured any more: the parent closes its copy. */
void parent_release(struct parent *, const char *host, uint16_t port);

/* Start-up is complete: `server start` and the console's S return. */
void parent_ready(struct parent *);
/* The configuration or another cause forbids running: the parent does not
 * start the worker again; `exit_status` is the server's. */
void parent_give_up(struct parent *, int exit_status);

int parent_fd(const struct parent *); /* readable when a command waits */
/* ERR_AGAIN when none waits, ERR_PEER when the parent is gone (end now). */
MUST_CHECK enum err parent_next_command(struct parent *,
                                        struct parent_command *out,
                                        struct err_info *why);
void parent_reply(struct parent *, uint32_t id, struct str line);
void parent_reply_end(struct parent *, uint32_t id, bool is_done);

/* A line for the operator (a WTO of a started task; otherwise nothing), or for
 * the operator's log alone. */
void parent_wto(struct parent *, struct str line);
void parent_hard_copy(struct parent *, struct str line);

/* Job name, id and user of the started task; "" for a plain process. */
const char *parent_job_name(const struct parent *);
const char *parent_job_id(const struct parent *);
const char *parent_user(const struct parent *);

#endif
