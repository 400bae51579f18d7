/* What the files of the operator's commands share; private to them. */
#ifndef SALLYPORT_BATCH_OPERATOR_PRIV_H
#define SALLYPORT_BATCH_OPERATOR_PRIV_H

#include "batch/master_priv.h"
#include "batch/target.h"

struct command {
    struct session *session;
    struct master *master;
    struct str text;         /* as typed */
    struct str operand;      /* after the verb */
    struct str operand_name; /* upper case, up to the first comma */
    struct str name;         /* upper case, up to the first comma or period */
    struct str identifier;   /* after the period, or "" */
    struct target target; /* of F, P and C; what it names and who asks may: */
    struct space **spaces;
    size_t n_spaces;
    struct str rest; /* after that comma */
    struct arena *arena;
};

/* "<id> text" to who asked. */
void operator_reply(struct command *, const char *id, struct str a,
                    struct str b);
/* operator_start.c: S member[.identifier][,JOBNAME=name][,symbol=value]... */
void operator_start(struct command *);

#endif
