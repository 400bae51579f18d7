/*
 * The event loop. A turn: read the clock, fire due timers, wait, run events,
 * posts and deferred work. A watched descriptor is known to the kernel by slot
 * and generation, so an event for a descriptor removed in the same turn finds
 * nothing. Timers are an intrusive pairing heap: setting one cannot fail.
 */
#include "io/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOP_EVENTS 256
#define NO_SLOT UINT32_MAX

struct slot {
    struct loop_fd *watch; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

struct loop {
    int epoll;
    struct loop_fd wake; /* eventfd: posts from other threads */
    bool is_stopping;
    uint64_t now_ms;
    struct slot *slots;
    uint32_t n_slots;
    uint32_t free_slot;
    struct loop_timer *timers; /* root: the earliest */
    struct loop_post *deferred, **deferred_end;
    pthread_mutex_t lock; /* guards posts */
    struct loop_post *posts, **posts_end;
    struct loop_group *group; /* NULL: nobody prepares */
};

/* ---- timers ---- */

/* Both are roots without siblings; the earlier becomes the parent. */
static struct loop_timer *
meld(struct loop_timer *a, struct loop_timer *b)
{
    struct loop_timer *swap;

    if (a == NULL)
        return b;
    if (b == NULL)
        return a;
    if (b->at_ms < a->at_ms) {
        swap = a;
        a = b;
        b = swap;
    }
    b->next = a->child;
    if (b->next != NULL)
        b->next->prev = b;
    b->prev = a; /* the first child's prev is its parent */
    a->child = b;
    return a;
}

/* Two passes over the children, the usual way, without recursion. */
static struct loop_timer *
meld_children(struct loop_timer *first)
{
    struct loop_timer *pairs = NULL, *root = NULL;

    while (first != NULL) {
        struct loop_timer *a = first, *b = a->next, *pair;

        first = b != NULL ? b->next : NULL;
        a->next = a->prev = NULL;
        if (b != NULL)
            b->next = b->prev = NULL;
        pair = meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs != NULL) {
        struct loop_timer *pair = pairs;

        pairs = pair->next;
        pair->next = NULL;
        root = meld(root, pair);
    }
    return root;
}

void
loop_timer_clear(struct loop *loop, struct loop_timer *t)
{
    if (!t->is_set)
        return;
    t->is_set = false;
    if (loop->timers == t) {
        loop->timers = meld_children(t->child);
    } else {
        if (t->prev->child == t)
            t->prev->child = t->next;
        else
            t->prev->next = t->next;
        if (t->next != NULL)
            t->next->prev = t->prev;
        loop->timers = meld(loop->timers, meld_children(t->child));
    }
    t->child = t->next = t->prev = NULL;
}

void
loop_timer_set(struct loop *loop, struct loop_timer *t, uint64_t in_ms)
{
    loop_timer_clear(loop, t);
    if (__builtin_add_overflow(loop->now_ms, in_ms, &t->at_ms))
        t->at_ms = UINT64_MAX;
    t->is_set = true;
    t->child = t->next = t->prev = NULL;
    loop->timers = meld(loop->timers, t);
}

static void
run_timers(struct loop *loop)
{
    /* One that sets itself to "now" again waits for the next turn. */
    uint64_t limit_ms = loop->now_ms;

    for (unsigned n = 0; n < LOOP_EVENTS; n++) {
        struct loop_timer *t = loop->timers;

        if (t == NULL || t->at_ms > limit_ms)
            return;
        loop_timer_clear(loop, t);
        t->fire(t);
    }
}

/* ---- descriptors ---- */

static uint32_t
epoll_bits(unsigned wanted)
{
    uint32_t bits = EPOLLRDHUP;

    if (wanted & LOOP_READ)
        bits |= EPOLLIN;
    if (wanted & LOOP_WRITE)
        bits |= EPOLLOUT;
    if (wanted & LOOP_URGENT)
        bits |= EPOLLPRI;
    if (wanted & LOOP_EDGE)
        bits |= EPOLLET;
    /* With level triggering an ignored half-close would spin. */
    if (!(wanted & (LOOP_EDGE | LOOP_READ)))
        bits &= ~(uint32_t)EPOLLRDHUP;
    return bits;
}

static bool
grow_slots(struct loop *loop)
{
    uint32_t n = loop->n_slots == 0 ? 64 : loop->n_slots * 2;
    struct slot *slots;

    if (n < loop->n_slots)
        return false;
    slots = realloc(loop->slots, n * sizeof *slots);
    if (slots == NULL)
        return false;
    for (uint32_t i = loop->n_slots; i < n; i++)
        slots[i] = (struct slot){ .next_free = i + 1 < n ? i + 1 : NO_SLOT };
    loop->free_slot = loop->n_slots;
    loop->slots = slots;
    loop->n_slots = n;
    return true;
}

static struct epoll_event
event_of(const struct loop *loop, const struct loop_fd *watch)
{
    uint64_t generation = loop->slots[watch->slot].generation;

    return (struct epoll_event){
        .events = epoll_bits(watch->wanted),
        .data.u64 = generation << 32 | watch->slot,
    };
}

enum err
loop_add(struct loop *loop, struct loop_fd *watch, unsigned wanted,
         struct err_info *why)
{
    struct epoll_event event;
    uint32_t at;

    if (loop->free_slot == NO_SLOT && !grow_slots(loop))
        return err_set(why, ERR_MEMORY, "no storage for another descriptor");
    at = loop->free_slot;
    watch->slot = at;
    watch->wanted = wanted;
    event = event_of(loop, watch);
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->fd, &event) < 0)
        return err_sys(why, "cannot watch descriptor %d", watch->fd);
    loop->free_slot = loop->slots[at].next_free;
    loop->slots[at].watch = watch;
    return ERR_OK;
}

void
loop_want(struct loop *loop, struct loop_fd *watch, unsigned wanted)
{
    struct epoll_event event;

    REQUIRE(loop->slots[watch->slot].watch == watch);
    if (watch->wanted == wanted)
        return;
    watch->wanted = wanted;
    event = event_of(loop, watch);
    REQUIRE(epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &event) == 0);
}

static void
free_slot(struct loop *loop, const struct loop_fd *watch)
{
    struct slot *slot = &loop->slots[watch->slot];

    REQUIRE(slot->watch == watch);
    slot->watch = NULL;
    slot->generation++;
    slot->next_free = loop->free_slot;
    loop->free_slot = watch->slot;
}

void
loop_remove(struct loop *loop, struct loop_fd *watch)
{
    /* May fail when the caller has closed fd: then the kernel forgot it. */
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    free_slot(loop, watch);
}

void
loop_close(struct loop *loop, struct loop_fd *watch)
{
    free_slot(loop, watch);
    close(watch->fd);
    watch->fd = -1;
}

/* No events: it has been removed, or wants others. */
static struct loop_ready
ready_of(const struct loop *loop, const struct epoll_event *event)
{
    uint32_t at = (uint32_t)event->data.u64;
    uint32_t generation = (uint32_t)(event->data.u64 >> 32);
    struct loop_fd *watch = loop->slots[at].watch;
    unsigned events = 0;

    if (watch == NULL || loop->slots[at].generation != generation)
        return (struct loop_ready){ NULL, 0 };
    if (event->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        events |= LOOP_READ;
    if (event->events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        events |= LOOP_WRITE;
    if (event->events & EPOLLPRI)
        events |= LOOP_URGENT;
    events &= watch->wanted;
    if (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        events |= LOOP_HANGUP;
    return (struct loop_ready){ watch, events };
}

static void
dispatch(const struct loop *loop, const struct epoll_event *event)
{
    struct loop_ready ready = ready_of(loop, event);

    if (ready.events != 0)
        ready.watch->on_event(ready.watch, ready.events);
}

void
loop_groups(struct loop *loop, struct loop_group *group)
{
    loop->group = group;
}

/* False: nothing is left of them. */
static bool
begin_group(struct loop *loop, const struct epoll_event *events, int n)
{
    struct loop_ready ready[LOOP_GROUP];
    unsigned n_ready = 0;

    for (int i = 0; i < n; i++) {
        ready[n_ready] = ready_of(loop, &events[i]);
        n_ready += ready[n_ready].events != 0;
    }
    if (n_ready > 0)
        loop->group->begin(loop->group, ready, n_ready);
    return n_ready > 0;
}

/* ---- posts ---- */

static void
on_wake(struct loop_fd *watch, unsigned events)
{
    uint64_t count;

    (void)events;
    /* Level triggered: what cannot be read now comes again. */
    (void)!read(watch->fd, &count, sizeof count);
}

void
loop_post(struct loop *loop, struct loop_post *post)
{
    static const uint64_t one = 1;
    bool was_empty;

    post->next = NULL;
    pthread_mutex_lock(&loop->lock);
    was_empty = loop->posts == NULL;
    *loop->posts_end = post;
    loop->posts_end = &post->next;
    pthread_mutex_unlock(&loop->lock);
    /* Fails only when the counter is full, and then the loop wakes anyway. */
    if (was_empty)
        (void)!write(loop->wake.fd, &one, sizeof one);
}

void
loop_defer(struct loop *loop, struct loop_post *post)
{
    post->next = NULL;
    *loop->deferred_end = post;
    loop->deferred_end = &post->next;
}

static void
run_list(struct loop_post *post)
{
    while (post != NULL) {
        struct loop_post *next = post->next; /* run may free it */

        post->run(post);
        post = next;
    }
}

static void
run_posts(struct loop *loop)
{
    struct loop_post *list;

    pthread_mutex_lock(&loop->lock);
    list = loop->posts;
    loop->posts = NULL;
    loop->posts_end = &loop->posts;
    pthread_mutex_unlock(&loop->lock);
    run_list(list);
}

/* What these defer waits for the next turn, which then comes at once. */
static void
run_deferred(struct loop *loop)
{
    struct loop_post *list = loop->deferred;

    loop->deferred = NULL;
    loop->deferred_end = &loop->deferred;
    run_list(list);
}

/* ---- the loop ---- */

static int
wait_ms(const struct loop *loop)
{
    uint64_t left;

    if (loop->deferred != NULL)
        return 0;
    if (loop->timers == NULL)
        return -1;
    if (loop->timers->at_ms <= loop->now_ms)
        return 0;
    left = loop->timers->at_ms - loop->now_ms;
    return left > 3600000 ? 3600000 : (int)left;
}

/* True: there are posts. */
static bool
run_events(struct loop *loop, const struct epoll_event *events, int n)
{
    bool has_posts = false;

    for (int i = 0; i < n && !loop->is_stopping; i++) {
        dispatch(loop, &events[i]);
        if ((uint32_t)events[i].data.u64 == loop->wake.slot)
            has_posts = true;
    }
    return has_posts;
}

static bool
run_groups(struct loop *loop, const struct epoll_event *events, int n)
{
    bool has_posts = false;

    for (int i = 0; i < n; i += (int)LOOP_GROUP) {
        int n_group = n - i < (int)LOOP_GROUP ? n - i : (int)LOOP_GROUP;

        if (!begin_group(loop, events + i, n_group))
            continue;
        has_posts |= run_events(loop, events + i, n_group);
        loop->group->end(loop->group);
    }
    return has_posts;
}

static void
run_once(struct loop *loop)
{
    struct epoll_event events[LOOP_EVENTS];
    bool has_posts;
    int n = epoll_wait(loop->epoll, events, LOOP_EVENTS, wait_ms(loop));

    REQUIRE(n >= 0 || errno == EINTR);
    loop->now_ms = clock_mono_ms();
    has_posts = loop->group != NULL ? run_groups(loop, events, n)
                                    : run_events(loop, events, n);
    if (has_posts)
        run_posts(loop);
    run_timers(loop);
    run_deferred(loop);
}

void
loop_run(struct loop *loop)
{
    loop->now_ms = clock_mono_ms();
    loop->is_stopping = false;
    while (!loop->is_stopping)
        run_once(loop);
}

void
loop_stop(struct loop *loop)
{
    loop->is_stopping = true;
}

uint64_t
loop_now_ms(const struct loop *loop)
{
    return loop->now_ms;
}

enum err
loop_new(struct loop **out, struct err_info *why)
{
    struct loop *loop = calloc(1, sizeof *loop);
    enum err e;

    if (loop == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an event loop");
    loop->free_slot = NO_SLOT;
    loop->deferred_end = &loop->deferred;
    loop->posts_end = &loop->posts;
    loop->wake = (struct loop_fd){ .fd = -1, .on_event = on_wake };
    loop->now_ms = clock_mono_ms();
    pthread_mutex_init(&loop->lock, NULL);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll >= 0)
        loop->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake.fd < 0)
        e = err_sys(why, "cannot create an event loop");
    else
        e = loop_add(loop, &loop->wake, LOOP_READ, why);
    if (e != ERR_OK)
        loop_free(&loop);
    else
        *out = loop;
    return e;
}

void
loop_free(struct loop **loop_p)
{
    struct loop *loop = *loop_p;

    if (loop == NULL)
        return;
    run_posts(loop); /* they own storage */
    while (loop->deferred != NULL)
        run_deferred(loop);
    if (loop->wake.fd >= 0)
        close(loop->wake.fd);
    if (loop->epoll >= 0)
        close(loop->epoll);
    pthread_mutex_destroy(&loop->lock);
    free(loop->slots);
    free(loop);
    *loop_p = NULL;
}
