/* What a person asks of a server from outside: create, start, stop, status. */
#ifndef SALLYPORT_BIN_SERVER_CONTROL_H
#define SALLYPORT_BIN_SERVER_CONTROL_H

#include <sys/types.h>

#include "settings.h"

struct control_options {
    bool is_unnamed;           /* no server was named: defaultServer */
    const char *template_name; /* NULL: default */
    bool no_password;
    bool is_clean;
    bool is_forced;
    bool low_ports;          /* of systemd: ports below 1024 */
    const char *archive;     /* of package and dump; NULL: the default */
    const char *include;     /* of package, dump, javadump; NULL: the default */
    const char *os;          /* of package; NULL: not given */
    const char *server_root; /* of package; NULL: wlp, "" is said to be it */
    const char *target;      /* of pause and resume; NULL: all */
    unsigned timeout_s;      /* of stop; 0: 30 */
    int ready_fd;            /* of run; -1: none */
};

/* Each returns the program's exit status and prints what the original's
 * server command prints. */
int control_create(struct settings *, const struct control_options *);
int control_run(struct settings *, const struct control_options *);
int control_start(struct settings *, const struct control_options *);
int control_stop(struct settings *, const struct control_options *);
int control_status(struct settings *, const struct control_options *);
int control_debug(struct settings *, const struct control_options *);
int control_package(struct settings *, const struct control_options *);
int control_dump(struct settings *, const struct control_options *);
int control_javadump(struct settings *, const struct control_options *);
int control_pause(struct settings *, const struct control_options *);
int control_resume(struct settings *, const struct control_options *);
int control_list(struct settings *, const struct control_options *);
int control_version(struct settings *, const struct control_options *);

/* A message of the catalogue on standard error, and what to do about it. */
void control_say_line(struct str line); /* begins with its id, or is text */
/* Errors of the start that has just failed, from its console.log. */
void control_say_errors(struct settings *);
void control_say(const char *id, const char *a, const char *b, const char *c);
/* It has a server.xml, or it runs and had one: then it can still be stopped. */
bool control_knows(const struct settings *);
/* Server X does not exist; or why its server.xml cannot be had. */
int control_no_server(const struct settings *);
/* Nobody can tell us whether it runs; says so. */
bool control_is_unknown(const struct settings *);
/* The pid file of a server that was started; CWWKB0014W when it cannot be. */
void control_write_pid(const struct settings *, pid_t pid);
/* One MODIFY command of a running server; the replies as lines. EXIT_OK: it
 * completed successfully; EXIT_NO_COMMAND_PORT is not yet said. */
int control_ask(const struct settings *, const char *command,
                struct buf *lines);
/* One MODIFY command through the command socket; replies to stdout. */
int control_modify(struct settings *, const char *command);

#endif
