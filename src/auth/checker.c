#include "auth/checker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define THREADS_MAX 4u

struct checker {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct check *first, **last;
    unsigned n_waiting;
    bool is_ending;
    unsigned n_wanted, n_threads;
    pthread_t threads[THREADS_MAX];
};

enum err
checker_new(unsigned n_threads, struct checker **out, struct err_info *why)
{
    struct checker *c = calloc(1, sizeof *c);

    if (c == NULL)
        return err_set(why, ERR_MEMORY, "no storage for password checks");
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work, NULL);
    c->last = &c->first;
    c->n_wanted = n_threads > THREADS_MAX ? THREADS_MAX : n_threads;
    *out = c;
    return ERR_OK;
}

static void
tell(struct loop_post *post)
{
    struct check *check = CONTAINER_OF(post, struct check, post);

    check->done(check);
}

/* With the lock held. */
static struct check *
take(struct checker *c)
{
    struct check *check = c->first;

    if (check == NULL)
        return NULL;
    c->first = check->next;
    if (c->first == NULL)
        c->last = &c->first;
    c->n_waiting--;
    return check;
}

static void *
run(void *arg)
{
    struct checker *c = arg;

    pthread_mutex_lock(&c->lock);
    for (;;) {
        struct check *check;

        while (!c->is_ending && c->first == NULL)
            pthread_cond_wait(&c->work, &c->lock);
        if (c->is_ending)
            break;
        check = take(c);
        pthread_mutex_unlock(&c->lock);
        check->user =
            basic_check(check->registry, check->name, check->password);
        loop_post(check->loop, &check->post);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* With the lock held. Signals are the main thread's. */
static bool
start_threads(struct checker *c)
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (c->n_threads < c->n_wanted &&
           pthread_create(&c->threads[c->n_threads], NULL, run, c) == 0)
        c->n_threads++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return c->n_threads > 0 || c->n_wanted == 0;
}

static bool
has_room(const struct checker *c, struct str source)
{
    unsigned n = 0;

    if (c->n_waiting >= CHECKER_WAITING_MAX)
        return false;
    for (const struct check *w = c->first; w != NULL; w = w->next)
        n += str_eq(w->source, source);
    return n < CHECKER_SOURCE_MAX;
}

enum err
checker_start(struct checker *c, struct check *check, struct err_info *why)
{
    enum err e = ERR_OK;

    check->user = NULL;
    check->next = NULL;
    check->post = (struct loop_post){ .run = tell };
    pthread_mutex_lock(&c->lock);
    if (c->is_ending || !has_room(c, check->source)) {
        e = err_set(why, ERR_LIMIT, "too many passwords wait to be checked");
    } else if (!start_threads(c)) {
        e = err_set(why, ERR_MEMORY, "no thread to check passwords");
    } else {
        *c->last = check;
        c->last = &check->next;
        c->n_waiting++;
        pthread_cond_signal(&c->work);
    }
    pthread_mutex_unlock(&c->lock);
    return e;
}

void
checker_free(struct checker **at)
{
    struct checker *c = *at;
    struct check *check;

    *at = NULL;
    if (c == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    c->is_ending = true;
    pthread_cond_broadcast(&c->work);
    pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < c->n_threads; i++)
        pthread_join(c->threads[i], NULL);
    while ((check = take(c)) != NULL)
        loop_post(check->loop, &check->post);
    pthread_cond_destroy(&c->work);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
