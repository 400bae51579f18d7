/* What TSO does for a person beside running commands. */
#ifndef SALLYPORT_RACF_TSO_H
#define SALLYPORT_RACF_TSO_H

#include "base/buf.h"
#include "base/str.h"

/* The line that command TIME answers. Times in seconds; cpu and session since
 * the person came. */
void tso_add_time(struct buf *, int64_t now_s, int64_t cpu_s,
                  int64_t session_s);

/* EXEC 'A.B' or EX 'A.B': the data set. ERR_NOT_FOUND: another command;
 * ERR_SYNTAX: no name of a data set, in full and in quotes. */
MUST_CHECK enum err tso_exec_name(struct str command, struct buf *name);

/* The value of "IKJ56702I INVALID x, value"; empty for any other line. */
struct str tso_invalid_value(struct str line);
/* A word of the command is `value`, whatever its case. */
bool tso_has_word(struct str command, struct str value);
/* The last word of `command` that is `value`, whatever its case, becomes
 * `fresh`; false when there is none. */
bool tso_replace(struct buf *command, struct str value, struct str fresh);

#endif
