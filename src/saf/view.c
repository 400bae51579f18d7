#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "saf/classes.h"
#include "saf/client_priv.h"
#include "saf/snapshot.h"

/*
 * Readers are lock free: a thread publishes the image it uses in its own
 * hazard slot, re-reads the pointer, and checks. The one processing thread
 * swaps the pointer and unmaps a retired image once no slot names it.
 */
#define HAZARDS 256u
/* While the angel is away, what was mapped last is believed this long (a
 * restart takes far less); afterwards every check is refused. */
#define GRACE_MS 5000u
#define RING_WAIT_MS 500u /* for room in the ring of decisions */
#define NEVER_MS 1u   /* lost before anything: long ago on a monotonic clock */
#define LOOK_MS 1000u /* between looks for what may not be seen yet */
#define AGAIN_MS 200u /* the same while what was mapped is still believed */

struct image {
    const void *map;
    size_t n_bytes;
    struct image *next; /* retired */
};

struct view_class {
    char name[SAF_CLASS_MAX + 1];
    _Atomic(struct image *) current; /* NULL: not RACLISTed */
};

struct saf_view {
    struct saf_client *client; /* NULL after saf_disconnect */
    struct saf_view *next;
    struct image *retired;
    _Atomic(uint64_t) lost_ms; /* 0: the angel is there */
    bool may_miss;             /* saf_view_open_later */
    bool is_missing;           /* and not all could be mapped, this time */
    uint64_t look_at_ms;
    size_t n;
    struct view_class classes[];
};

static struct hazard {
    _Alignas(64) _Atomic(const struct image *) used;
} hazards[HAZARDS];
static atomic_uint n_threads;
/* Readers of threads beyond HAZARDS; while one reads nothing is unmapped. */
static atomic_uint n_crowd;
static _Thread_local unsigned my_slot = UINT32_MAX;

static const struct image *
enter(struct view_class *vc)
{
    const struct image *seen;

    if (my_slot == UINT32_MAX)
        my_slot = atomic_fetch_add(&n_threads, 1);
    if (my_slot >= HAZARDS) {
        atomic_fetch_add(&n_crowd, 1);
        return atomic_load(&vc->current);
    }
    do {
        seen = atomic_load(&vc->current);
        atomic_store(&hazards[my_slot].used, seen);
    } while (atomic_load(&vc->current) != seen);
    return seen;
}

static void
leave(void)
{
    if (my_slot >= HAZARDS)
        atomic_fetch_sub(&n_crowd, 1);
    else
        atomic_store_explicit(&hazards[my_slot].used, NULL,
                              memory_order_release);
}

static bool
is_used(const struct image *im)
{
    if (atomic_load(&n_crowd) > 0)
        return true;
    for (unsigned i = 0; i < HAZARDS; i++) {
        if (atomic_load(&hazards[i].used) == im)
            return true;
    }
    return false;
}

static void
image_free(struct image *im)
{
    if (im == NULL)
        return;
    munmap((void *)(uintptr_t)im->map, im->n_bytes);
    free(im);
}

static void
sweep(struct saf_view *view)
{
    struct image **at = &view->retired;

    while (*at != NULL) {
        struct image *im = *at;

        if (is_used(im)) {
            at = &im->next;
            continue;
        }
        *at = im->next;
        image_free(im);
    }
}

static void
swap(struct saf_view *view, struct view_class *vc, struct image *fresh)
{
    struct image *old = atomic_exchange(&vc->current, fresh);

    if (old != NULL) {
        old->next = view->retired;
        view->retired = old;
    }
    sweep(view);
}

/* Map a snapshot; fd stays the caller's. */
static enum err
map_image(int fd, const char *class_name, struct image **out,
          struct err_info *why)
{
    struct image *im = malloc(sizeof *im);
    struct stat st;
    void *map = MAP_FAILED;
    enum err e;

    if (im == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= SNAPSHOT_MAX)
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        free(im);
        return err_sys(why, "snapshot of class %s", class_name);
    }
    *im = (struct image){ map, (size_t)st.st_size, NULL };
    e = snapshot_check_image(map, im->n_bytes, why);
    if (e == ERR_OK && strcmp(snapshot_class(map), class_name) != 0)
        e = err_set(why, ERR_SYNTAX, "snapshot is of class %s, not %s",
                    snapshot_class(map), class_name);
    if (e != ERR_OK) {
        image_free(im);
        return e;
    }
    *out = im;
    return ERR_OK;
}

static enum err
fetch(struct saf_view *view, struct view_class *vc, struct err_info *why)
{
    struct image *im = NULL;
    struct chan_msg reply;
    struct saf_rc rc;
    struct reader in;
    struct buf request;
    enum err e;
    int fd;

    buf_init(&request, 64);
    buf_str(&request, str_of(vc->name));
    e = client_call(view->client, WIRE_SNAPSHOT, buf_view(&request), -1, &reply,
                    &in, &rc, why);
    buf_fini(&request);
    if (e != ERR_OK)
        return e;
    fd = chan_take_fd(&reply, 0);
    if (fd >= 0) {
        e = map_image(fd, vc->name, &im, why);
        close(fd);
    }
    chan_msg_fini(&reply);
    if (e == ERR_OK)
        swap(view, vc, im);
    return e;
}

/* From now on it is on its own; later losses do not begin that anew. */
static void
lose_view(struct saf_view *view)
{
    uint64_t none = 0;

    (void)atomic_compare_exchange_strong(&view->lost_ms, &none,
                                         clock_mono_ms());
}

static bool
is_believed(const struct saf_view *view)
{
    uint64_t lost_ms =
        atomic_load_explicit(&view->lost_ms, memory_order_acquire);

    return lost_ms == 0 || clock_mono_ms() - lost_ms <= GRACE_MS;
}

static enum err
fetch_all(struct saf_view *view, struct err_info *why)
{
    enum err e = ERR_OK;

    for (size_t i = 0; i < view->n && e == ERR_OK; i++)
        e = fetch(view, &view->classes[i], why);
    view->is_missing = e != ERR_OK && e != ERR_MEMORY && view->may_miss;
    if (!view->is_missing)
        return e;
    /* What was mapped before is believed as if the angel were away: a front
     * that was started again does not know yet who may see what. */
    lose_view(view);
    view->look_at_ms =
        clock_mono_ms() + (is_believed(view) ? AGAIN_MS : LOOK_MS);
    return ERR_OK;
}

static enum err
open_view(struct saf_client *c, const char *const *classes, size_t n,
          bool may_miss, struct saf_view **out, struct err_info *why)
{
    struct saf_view *view =
        calloc(1, sizeof *view + n * sizeof(*view->classes));
    enum err e = ERR_OK;

    if (view == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a view");
    view->client = c;
    view->n = n;
    view->may_miss = may_miss;
    atomic_store(&view->lost_ms, NEVER_MS); /* nothing is mapped yet */
    for (size_t i = 0; i < n; i++) {
        const struct saf_class *class = saf_class_find(str_of(classes[i]));
        const char *name = class == NULL ? classes[i] : class->name;

        /* The angel knows whether a class that we do not know is a dynamic
         * one. */
        if (!str_copy_z(str_of(name), view->classes[i].name,
                        sizeof view->classes[i].name)) {
            e = err_set(why, ERR_NOT_FOUND, "there is no class %s", classes[i]);
            goto fail;
        }
    }
    if ((e = fetch_all(view, why)) != ERR_OK)
        goto fail;
    if (!view->is_missing)
        atomic_store(&view->lost_ms, 0);
    view->next = c->views;
    c->views = view;
    *out = view;
    return ERR_OK;
fail:
    view->client = NULL;
    saf_view_close(&view);
    return e;
}

enum err
saf_view_open(struct saf_client *c, const char *const *classes, size_t n,
              struct saf_view **out, struct err_info *why)
{
    return open_view(c, classes, n, false, out, why);
}

enum err
saf_view_open_later(struct saf_client *c, const char *const *classes, size_t n,
                    struct saf_view **out, struct err_info *why)
{
    return open_view(c, classes, n, true, out, why);
}

void
saf_view_close(struct saf_view **v)
{
    struct saf_view *view = *v;

    if (view == NULL)
        return;
    if (view->client != NULL) {
        for (struct saf_view **at = &view->client->views; *at != NULL;
             at = &(*at)->next) {
            if (*at == view) {
                *at = view->next;
                break;
            }
        }
    }
    for (size_t i = 0; i < view->n; i++)
        image_free(atomic_load(&view->classes[i].current));
    while (view->retired != NULL) {
        struct image *im = view->retired;

        view->retired = im->next;
        image_free(im);
    }
    free(view);
    *v = NULL;
}

struct saf_decision
saf_check(const struct saf_view *view, const struct acee *acee,
          struct str class_name, struct str resource, enum saf_level level)
{
    struct saf_decision d = { .rc = SAF_RC(8, 8, 0), .requested = level };

    if (!is_believed(view)) {
        d.is_unknown = true;
        return d;
    }
    for (size_t i = 0; i < view->n; i++) {
        struct view_class *vc = (struct view_class *)&view->classes[i];
        const struct image *im;

        if (!str_eq_nocase_z(class_name, vc->name))
            continue;
        im = enter(vc);
        if (im != NULL)
            snapshot_lookup(im->map, acee, resource, level, NULL, &d);
        else
            d.rc = SAF_RC(4, 4, 0);
        leave();
        return d;
    }
    return d; /* not a class of this view: the caller's mistake, refused */
}

/* --- hooks of client.c ------------------------------------------------------
 */

void
view_refreshed(struct saf_client *c, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str name;
    uint64_t generation;

    if (!reader_str(&in, 1, SAF_CLASS_MAX, &name) ||
        !reader_u64(&in, &generation))
        return;
    for (struct saf_view *view = c->views; view != NULL; view = view->next) {
        for (size_t i = 0; i < view->n; i++) {
            struct view_class *vc = &view->classes[i];
            struct image *im = NULL;

            if (!str_eq_z(name, vc->name))
                continue;
            /* An image that does not check refuses everything (no image of
             * the class would answer 4/4/0). */
            if (msg->n_fds > 0 &&
                map_image(msg->fds[0], vc->name, &im, NULL) != ERR_OK) {
                atomic_store(&view->lost_ms, NEVER_MS);
                continue;
            }
            swap(view, vc, im);
        }
    }
    if (c->on_refresh != NULL)
        c->on_refresh(c->refresh_arg, name);
}

void
view_lost(struct saf_client *c)
{
    for (struct saf_view *view = c->views; view != NULL; view = view->next)
        lose_view(view);
}

void
view_granted(struct saf_client *c)
{
    for (struct saf_view *view = c->views; view != NULL; view = view->next)
        view->look_at_ms = 0;
}

enum err
view_reopen(struct saf_client *c, struct err_info *why)
{
    for (struct saf_view *view = c->views; view != NULL; view = view->next) {
        enum err e = fetch_all(view, why);

        if (e != ERR_OK)
            return e;
        if (!view->is_missing)
            atomic_store(&view->lost_ms, 0);
    }
    return ERR_OK;
}

void
view_catch_up(struct saf_client *c)
{
    uint64_t now_ms = clock_mono_ms();

    for (struct saf_view *view = c->views; view != NULL; view = view->next) {
        if (!view->is_missing || now_ms < view->look_at_ms)
            continue;
        if (fetch_all(view, NULL) == ERR_OK && !view->is_missing)
            atomic_store(&view->lost_ms, 0);
    }
}

uint64_t
view_look_ms(const struct saf_client *c)
{
    uint64_t at = UINT64_MAX;

    for (const struct saf_view *view = c->views; view != NULL;
         view = view->next) {
        if (view->is_missing && view->look_at_ms < at)
            at = view->look_at_ms;
    }
    return at;
}

void
view_forget(struct saf_client *c)
{
    view_lost(c);
    for (struct saf_view *view = c->views; view != NULL; view = view->next)
        view->client = NULL;
    c->views = NULL;
}

/* --- decisions to be recorded
 * ----------------------------------------------- */

/* Nobody waits here: the front reads what it finds, or nothing while it is
 * away. */
static bool
tell_at_once(struct saf_client *c, enum wire_type type, struct str payload,
             int fd)
{
    return c->fd >= 0 && chan_send(c->fd, (uint16_t)type, 0, payload, &fd,
                                   fd >= 0, NULL) == ERR_OK;
}

void
view_give_ring(struct saf_client *c)
{
    if (c->ring.memory != NULL)
        (void)tell_at_once(c, WIRE_AUDIT_RING, STR(""), c->ring.fd);
}

static void
ring_the_bell(struct saf_client *c)
{
    if (ring_is_asleep(&c->ring))
        (void)tell_at_once(c, WIRE_AUDIT_RING, STR(""), -1);
}

/*
 * More is decided than can be recorded: who decides waits, so that nothing is
 * lost. But a front that is away, or takes nothing for so long, stops nobody
 * for ever: until there is room again records are counted as lost.
 */
static bool
put_later(struct saf_client *c, struct str record)
{
    uint64_t end = clock_mono_ms() + RING_WAIT_MS;

    while (!c->is_ring_stuck) {
        ring_the_bell(c);
        (void)poll(NULL, 0, 1);
        if (ring_put(&c->ring, record))
            return true;
        c->is_ring_stuck = clock_mono_ms() >= end;
    }
    return false;
}

static void
put_record(struct saf_client *c, struct str record)
{
    if (c->ring.memory == NULL) {
        if (ring_new(&c->ring, NULL) != ERR_OK)
            return;
        if (c->fd >= 0)
            view_give_ring(c);
    }
    if (ring_put(&c->ring, record))
        c->is_ring_stuck = false;
    else if (!tell_at_once(c, WIRE_LOG_DENIAL, record, -1) &&
             !put_later(c, record))
        ring_add_lost(&c->ring);
    ring_the_bell(c);
}

void
saf_log_access(struct saf_client *c, const struct acee *acee,
               struct str class_name, struct str resource,
               const struct saf_decision *d)
{
    struct buf out;

    if (!d->wants_log)
        return;
    buf_init(&out, RING_RECORD_MAX);
    buf_str(&out, acee->wire);
    buf_str(&out, class_name);
    buf_str(&out, resource);
    wire_put_decision(&out, d);
    if (!out.failed)
        put_record(c, buf_view(&out));
    buf_fini(&out);
}
