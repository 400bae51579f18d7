/*
 * Which address spaces an operator command is for.
 *
 *   target = [ pattern "." ] pattern
 *   pattern = name | leading characters "*" | "*"
 *
 * Without a period the pattern is an identifier. A "*" alone needs leading
 * characters, or a name, on the other side of the period.
 * Source: z/OS MVS System Commands, MODIFY, using asterisks.
 */
#ifndef SALLYPORT_BATCH_TARGET_H
#define SALLYPORT_BATCH_TARGET_H

#include "base/err.h"
#include "base/str.h"

struct target {
    struct str name;       /* job name, or "" when there was no period */
    struct str identifier; /* as typed, "*" included; views of the text */
    bool has_asterisk;
};

/* text: upper case, borrowed. ERR_SYNTAX: neither form. */
MUST_CHECK enum err target_parse(struct str text, struct target *out,
                                 struct err_info *why);

/* A started task has an identifier, its job name unless S gave another; a
 * job's is its name. */
bool target_is(const struct target *, const char *job_name,
               const char *identifier);

#endif
