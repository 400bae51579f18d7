/* Reading commands from a person: history and completion by libedit. */
#ifndef SALLYPORT_RACF_PROMPT_H
#define SALLYPORT_RACF_PROMPT_H

#include "base/buf.h"

struct prompt;

/*
 * What may stand instead of the last word of `text`, an unfinished command:
 * `each` is called for every candidate. Asked when Tab is pressed.
 */
typedef void (*prompt_ask)(void *arg, struct str text,
                           void (*each)(void *each_arg, struct str candidate),
                           void *each_arg);

/* NULL without storage or terminal. The history is read from and kept in
 * sallyport/racf-history below $XDG_STATE_HOME (~/.local/state). */
struct prompt *prompt_new(prompt_ask ask, void *arg);
void prompt_free(struct prompt **);
/* The next line without its newline, appended; false at the end of input. What
 * `out` holds already is the beginning of the command that continues. */
bool prompt_line(struct prompt *, struct buf *out);
/* As prompt_line, for the answer to a question. */
bool prompt_answer(struct prompt *, struct buf *out);
/* A command for the history; its secrets are left out of it. */
void prompt_remember(struct prompt *, struct str command);

#endif
