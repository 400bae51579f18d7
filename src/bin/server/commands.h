/* Operator commands of a server: each file offers its rows. */
#ifndef SALLYPORT_BIN_SERVER_COMMANDS_H
#define SALLYPORT_BIN_SERVER_COMMANDS_H

#include "worker.h"

struct command_rows {
    const struct modify_row *v;
    size_t n;
};

extern const struct command_rows commands_pause;   /* commands_pause.c */
extern const struct command_rows commands_display; /* commands_display.c */
extern const struct command_rows commands_dump;    /* commands_dump.c */
extern const struct command_rows commands_logging; /* commands_logging.c */

static inline struct worker *
command_worker(const struct modify_call *call)
{
    return call->context;
}

/* Could not parse command: "..." and the handler's help; false. */
bool command_malformed(const struct modify_call *, const char *help);
/* Operands are HELP alone. */
bool command_is_help(const struct modify_call *);

#endif
