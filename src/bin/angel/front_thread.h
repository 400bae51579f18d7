/* A thread of the front for one thing that takes long; it touches nothing that
 * the loop uses meanwhile. */
#ifndef SALLYPORT_ANGEL_FRONT_THREAD_H
#define SALLYPORT_ANGEL_FRONT_THREAD_H

#include <pthread.h>

#include "front.h"

struct thread {
    struct watch ended; /* readable when run has returned */
    int tell;
    pthread_t id;
    bool is_running;
    void (*run)(void *arg);
    void (*done)(struct front *, void *arg); /* in the loop, afterwards */
    void *arg;
    struct front *front;
};
/* Not while it runs. */
MUST_CHECK enum err thread_start(struct front *, struct thread *,
                                 void (*run)(void *arg),
                                 void (*done)(struct front *, void *arg),
                                 void *arg, struct err_info *why);
/* Wait for run to return; done is not called. */
void thread_join(struct thread *);

#endif
