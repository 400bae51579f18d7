/*
 * The server's MODIFY commands as a table: F job,REFRESH,CONFIG and so on. A
 * feature adds rows; the dispatcher finds the row, runs it and writes the
 * reply sequence exactly as the original does.
 * Source: Liberty on z/OS, MODIFY commands.
 */
#ifndef SALLYPORT_CONFIG_MODIFY_H
#define SALLYPORT_CONFIG_MODIFY_H

#include "base/str.h"

/* Where the replies of one command go: whole lines, message ids included. */
struct modify_out {
    void (*line)(void *arg, struct str line);
    void *arg;
};

struct modify_call {
    struct str command;  /* as typed, quotes around the whole removed */
    struct str operands; /* after the row's words and their comma; "" */
    const struct modify_out *out;
    void *context; /* of the table */
};

/* One text line of a handler (CWWKB0004I). */
void modify_say(const struct modify_call *, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
/* The handler's own help (CWWKB0012I). */
void modify_say_help(const struct modify_call *, const char *help);
/* What is wrong with the command and the help, all of it CWWKB0012I as the
 * original's. False, for the row to return. */
bool modify_refuse(const struct modify_call *, const char *help,
                   const char *fmt, ...) PRINTF_LIKE(3, 4);

struct modify_row {
    const char *words;   /* "REFRESH,CONFIG": matched in any case, whole words;
                            the longest row wins */
    const char *handler; /* "File Refresh Command Handler" */
    const char *help;    /* lines separated by \n; rows of one handler may
                            leave it NULL but for one */
    /* True: COMPLETED SUCCESSFULLY. */
    bool (*run)(const struct modify_call *);
    bool otherwise; /* also when a command only begins so ("PAUSED") */
};

struct modify_table {
    const struct modify_row *const *rows;
    size_t n_rows;
    void *context;
};

/* True when the command completed successfully. */
bool modify_run(const struct modify_table *, struct str command,
                const struct modify_out *);

#endif
