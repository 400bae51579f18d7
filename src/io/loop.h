/*
 * One event loop for each core: epoll, timers, posts from other threads.
 * Nothing called by a loop may block.
 */
#ifndef SALLYPORT_IO_LOOP_H
#define SALLYPORT_IO_LOOP_H

#include "base/defs.h"
#include "base/err.h"

struct loop;

#define LOOP_GROUP 32u

enum {
    LOOP_READ = 1u << 0,
    LOOP_WRITE = 1u << 1,
    LOOP_HANGUP = 1u << 2, /* reported only */
    LOOP_EDGE = 1u << 3,   /* with loop_add: report changes, not levels; the
                              callback then reads or writes until EAGAIN */
    LOOP_URGENT = 1u << 4, /* TCP urgent data has come */
};

/* A watched descriptor; the storage is the caller's and must outlive it. */
struct loop_fd {
    int fd;
    unsigned wanted; /* set by loop_add / loop_want */
    void (*on_event)(struct loop_fd *, unsigned events);
    unsigned slot; /* private */
};

/* A timer; zero-initialise, set `fire`. */
struct loop_timer {
    void (*fire)(struct loop_timer *);
    uint64_t at_ms; /* private from here on: an intrusive pairing heap */
    struct loop_timer *child, *next, *prev;
    bool is_set;
};

/* A descriptor of the loop that something has happened to. */
struct loop_ready {
    struct loop_fd *watch;
    unsigned events;
};

/* Who wants to prepare what a few descriptors together will do: of each turn
 * LOOP_GROUP at most are told, run, and told to be over, then the next ones.
 * `begin` removes no descriptor. */
struct loop_group {
    void (*begin)(struct loop_group *, const struct loop_ready *, unsigned n);
    void (*end)(struct loop_group *);
};

/* Work handed to a loop from any thread; storage is the caller's until run. */
struct loop_post {
    void (*run)(struct loop_post *);
    struct loop_post *next; /* private */
};

MUST_CHECK enum err loop_new(struct loop **out, struct err_info *why);
void loop_free(struct loop **);
/* Until loop_stop. */
void loop_run(struct loop *);
void loop_stop(struct loop *); /* from its own thread or through a post */
uint64_t loop_now_ms(const struct loop *); /* monotonic, read once a turn */

MUST_CHECK enum err loop_add(struct loop *, struct loop_fd *, unsigned wanted,
                             struct err_info *why);
/* Change what is wanted; no system call when nothing changes. 0: nothing but
 * LOOP_HANGUP. */
void loop_want(struct loop *, struct loop_fd *, unsigned wanted);
/* No event of this turn reaches it any more; does not close fd. */
void loop_remove(struct loop *, struct loop_fd *);
/* The same and closes fd, which nobody else may have: a system call less, as
 * the kernel forgets what is closed by itself. fd becomes -1. */
void loop_close(struct loop *, struct loop_fd *);

/* NULL: nobody any more. */
void loop_groups(struct loop *, struct loop_group *);

/* Set or move; never fails. */
void loop_timer_set(struct loop *, struct loop_timer *, uint64_t in_ms);
void loop_timer_clear(struct loop *, struct loop_timer *); /* idle: no-op */

void loop_post(struct loop *, struct loop_post *);
/* Runs after the events of this turn: for freeing what is in use, and for going
 * on later with what would take too long at once. Own thread only. */
void loop_defer(struct loop *, struct loop_post *);

#endif
