/* The files of a configuration and how each was before it was read. */
#ifndef SALLYPORT_SERVER_WATCHED_H
#define SALLYPORT_SERVER_WATCHED_H

#include "base/str.h"

struct watched_stamp {
    uint64_t node, bytes;
    int64_t changed_ns; /* 0: it was not there; WATCHED_UNSETTLED */
};

struct watched_file {
    char *path; /* owned; existing or not */
    struct watched_stamp stamp;
    bool is_used;   /* the configuration in use was read from it */
    bool is_looked; /* the last reading looked for it */
};

/* {0} is an empty one. */
struct watched {
    struct watched_file *v;
    size_t n, cap;
};

/* Written so shortly before it was looked at that a later change may bear the
 * same time: it counts as changed when it is asked next. */
#define WATCHED_UNSETTLED (-1)

/* The first file that is not what it was; NULL when all are. */
const char *watched_changed(const struct watched *);

/* Before a reading: waits for a moment (20 ms) when one has just changed, so
 * that it is not taken for changed again. */
void watched_settle(const struct watched *);

/*
 * A reading: begin, each file before it is opened, end. Because a file is
 * looked at first, one that is replaced while it is read has changed. A file
 * that cannot be kept for want of storage is read with the next change.
 */
void watched_begin(struct watched *);
void watched_look(struct watched *, struct str path);
/* Taken: the files of this reading are those in use. Otherwise the ones in use
 * stay and those looked for are watched too, since they may mend it. */
void watched_end(struct watched *, bool is_taken);

void watched_free(struct watched *);

#endif
