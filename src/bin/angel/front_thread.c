#include "front_thread.h"

#include <signal.h>
#include <unistd.h>

#define STACK_BYTES (1u << 20)

static void *
thread_main(void *arg)
{
    struct thread *t = arg;

    t->run(t->arg);
    (void)!write(t->tell, "", 1);
    return NULL;
}

void
thread_join(struct thread *t)
{
    if (!t->is_running)
        return;
    (void)pthread_join(t->id, NULL);
    front_unwatch(t->front, &t->ended);
    close(t->tell);
    t->is_running = false;
}

static void
thread_ended(struct watch *w, unsigned events)
{
    struct thread *t = CONTAINER_OF(w, struct thread, ended);

    (void)events;
    thread_join(t);
    t->done(t->front, t->arg);
}

static int
create(struct thread *t)
{
    pthread_attr_t attr;
    sigset_t all, old;
    int code;

    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigfillset(&all); /* signals are the loop's */
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    code = pthread_create(&t->id, &attr, thread_main, t);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    (void)pthread_attr_destroy(&attr);
    return code;
}

enum err
thread_start(struct front *f, struct thread *t, void (*run)(void *arg),
             void (*done)(struct front *, void *arg), void *arg,
             struct err_info *why)
{
    int pair[2];
    enum err e = chan_pair(pair, why);

    if (e != ERR_OK)
        return e;
    t->front = f;
    t->run = run;
    t->done = done;
    t->arg = arg;
    t->tell = pair[1];
    e = front_watch(f, &t->ended, pair[0], thread_ended, why);
    if (e != ERR_OK) {
        close(pair[0]);
        close(pair[1]);
        return e;
    }
    if (create(t) == 0) {
        t->is_running = true;
        return ERR_OK;
    }
    front_unwatch(f, &t->ended);
    close(pair[1]);
    return err_set(why, ERR_MEMORY, "no thread");
}
