/* What a person asks of a server from outside: create, start, stop, status. */
#ifndef SALLYPORT_BIN_SERVER_CONTROL_H
#define SALLYPORT_BIN_SERVER_CONTROL_H

#include "settings.h"

struct control_options {
    const char *template_name; /* NULL: default */
    bool no_password;
    bool is_clean;
    bool is_forced;
    bool low_ports;     /* of systemd: ports below 1024 */
    unsigned timeout_s; /* of stop; 0: 30 */
    int ready_fd;       /* of run; -1: none */
};

/* Each returns the program's exit status and prints what the original's
 * server command prints. */
int control_create(struct settings *, const struct control_options *);
int control_run(struct settings *, const struct control_options *);
int control_start(struct settings *, const struct control_options *);
int control_stop(struct settings *, const struct control_options *);
int control_status(struct settings *, const struct control_options *);
int control_list(struct settings *, const struct control_options *);
int control_version(struct settings *, const struct control_options *);
/* One MODIFY command through the command socket; replies to stdout. */
int control_modify(struct settings *, const char *command);

#endif
