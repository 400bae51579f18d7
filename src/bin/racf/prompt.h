/* Reading commands from a person: history and completion by libedit. */
#ifndef SALLYPORT_RACF_PROMPT_H
#define SALLYPORT_RACF_PROMPT_H

#include "base/buf.h"

struct prompt;

/* NULL without storage or terminal. */
struct prompt *prompt_new(void);
void prompt_free(struct prompt **);
/* The next line without its newline; false at the end of input. is_more: the
 * command continues. */
bool prompt_line(struct prompt *, bool is_more, struct buf *out);
/* A command for the history; its secrets are left out of it. */
void prompt_remember(struct prompt *, struct str command);

#endif
