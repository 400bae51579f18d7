/*
 * Checks of passwords that take long ({hash} of a user registry), in a few
 * threads beside the loops. Started with the first check; how many may wait is
 * bounded, and no client may fill the queue alone, so that guessing keeps
 * nobody out.
 */
#ifndef SALLYPORT_AUTH_CHECKER_H
#define SALLYPORT_AUTH_CHECKER_H

#include "auth/basic.h"
#include "io/loop.h"

#define CHECKER_WAITING_MAX 128u
#define CHECKER_SOURCE_MAX 64u /* of them, from one address */

struct checker;

/* Storage is the caller's until `done`, which runs on the loop. */
struct check {
    const struct basic *registry;
    struct str name, password, source; /* borrowed until then */
    struct loop *loop;
    void (*done)(struct check *);
    const struct basic_user *user; /* NULL: refused */
    /* private */
    struct loop_post post;
    struct check *next;
};

/* n_threads 0: nothing is ever checked (tests). */
MUST_CHECK enum err checker_new(unsigned n_threads, struct checker **out,
                                struct err_info *why);
/* Ends the threads; checks that wait are done with user NULL, through their
 * loops, which must still be there. */
void checker_free(struct checker **);
/* ERR_LIMIT: too many wait; `done` does not run. */
MUST_CHECK enum err checker_start(struct checker *, struct check *,
                                  struct err_info *why);

#endif
