/*
 * A process and those it descends from, as /proc tells: true of a moment.
 *
 * Parents are followed while they live. When one has ended its children get
 * another, which says nothing; their session still names an ancestor of
 * theirs, who began it, and no other process can have got its number since.
 */
#ifndef SALLYPORT_TTLS_LINEAGE_H
#define SALLYPORT_TTLS_LINEAGE_H

#include "base/defs.h"

#define LINEAGE_MAX 32u
#define LINEAGE_NOW UINT64_MAX

struct process {
    uint32_t parent, session;
    uint64_t start_ns; /* since the machine was started */
};

/* A number alone may be another process's by now. */
struct ancestor {
    uint32_t pid;
    uint64_t start_ns; /* as /proc says, rounded down; 0: not known */
};

/* Itself in front, its start is known; init is nobody's ancestor. */
struct lineage {
    uint32_t n;
    bool is_known; /* false: it has ended, or there are more */
    struct ancestor v[LINEAGE_MAX];
};

/* False: there is no such process. */
MUST_CHECK bool process_read(uint32_t pid, struct process *out);
/* Of the process that had this number at when_ns (since the machine was
 * started), not of one that has got it since; LINEAGE_NOW: who has it. */
void lineage_of(uint32_t pid, uint64_t when_ns, struct lineage *out);

#endif
