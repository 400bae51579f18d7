/*
 * Which processes hold a socket: whoever has made it may have handed it on, and
 * several may hold it. Found in /proc, so it is true of a moment. For root.
 */
#ifndef SALLYPORT_TTLS_HOLDERS_H
#define SALLYPORT_TTLS_HOLDERS_H

#include "base/defs.h"

#define HOLDERS_MAX 16u /* of different kinds */

/* Processes of one cgroup, one uid and one name count as one: the oldest, which
 * is the father of those it has forked. */
struct holder {
    uint64_t start_ns;
    uint64_t cgroup;
    uint32_t uid; /* the real one */
    int pid;
    char comm[17]; /* what the program calls itself: no proof */
};

struct held {
    uint32_t inode; /* which socket */
    bool is_more;   /* than there is room for */
    size_t n;
    struct holder v[HOLDERS_MAX];
};

/* One walk through all processes; v comes back in the order of inodes. */
void holders_find(struct held *v, size_t n);
/* Of what holders_find has filled; NULL: it was not asked for. */
const struct held *holders_of(const struct held *v, size_t n, uint32_t inode);

#endif
