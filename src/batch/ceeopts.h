/*
 * Run-time options of Language Environment as DD CEEOPTS gives them:
 *
 *     options = option *( "," option )
 *     option  = name [ "(" suboptions ")" ]
 *
 * over as many lines as wanted; blanks outside quotes mean nothing. ENVAR's
 * suboptions are quoted strings "NAME=value"; a quote inside is doubled.
 * Source: z/OS Language Environment Programming Reference, ENVAR, POSIX.
 */
#ifndef SALLYPORT_BATCH_CEEOPTS_H
#define SALLYPORT_BATCH_CEEOPTS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define CEEOPTS_TEXT_MAX (64u * 1024u)
#define CEEOPTS_VARIABLES_MAX 100u
#define CEEOPTS_ENVAR_MAX 250u /* characters of one string */

struct ceeopts {
    struct {
        struct str name;  /* "BAQURI"; NUL-terminated */
        struct str value; /* NUL-terminated; empty removes the variable */
    } variables[CEEOPTS_VARIABLES_MAX];
    size_t n_variables;
    bool is_posix;
};

/*
 * ERR_SYNTAX (line and column in why) for anything the grammar does not allow,
 * an option nobody knows, or a value the option does not take; ERR_LIMIT.
 */
MUST_CHECK enum err ceeopts_parse(struct arena *, struct str text,
                                  struct ceeopts *out, struct err_info *why);

#endif
