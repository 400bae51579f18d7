#include "region/committer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/table.h"
#include "ipc/chan.h"
#include "region/internal.h"
#include "region/load.h"
#include "region/store.h"

#define SWEEP_MS 10000u
#define LOCK_KEY_MAX (8u + 1u + DEFS_KEY_MAX)

struct client;

struct lock {
    struct client *owner;
    struct lock *next; /* of the same owner */
    char name[LOCK_KEY_MAX];
    size_t n;
};

struct client { /* a worker */
    int fd;
    uint32_t worker;
    struct lock *locks;
    bool is_gone;
    /* waiting for a lock */
    bool is_waiting;
    char want[LOCK_KEY_MAX];
    size_t n_want;
    uint64_t until_ms;
    uint64_t since; /* order of waiting */
    /* a unit in the group under way */
    bool in_group;
    enum region_outcome outcome;
};

struct committer {
    const struct region_defs *defs;
    struct store *store;
    int control;
    struct client **clients;
    size_t n, cap;
    struct table locks; /* file/key -> struct lock */
    uint64_t n_waits;
    uint64_t sweep_ms;
};

/* --- locks ----------------------------------------------------------------*/

static void
reply(struct client *client, enum region_outcome outcome)
{
    char byte = (char)outcome;
    struct err_info why;

    if (chan_send(client->fd, RMSG_DONE, 0, str_n(&byte, 1), NULL, 0, &why) !=
        ERR_OK)
        client->is_gone = true;
}

static bool
lock_take(struct committer *c, struct client *client, struct str name)
{
    struct lock *lock = table_get(&c->locks, name);

    if (lock != NULL)
        return lock->owner == client;
    lock = calloc(1, sizeof *lock);
    if (lock == NULL || name.n > sizeof lock->name ||
        !table_put(&c->locks, name, lock, NULL)) {
        free(lock);
        return false;
    }
    memcpy(lock->name, name.p, name.n);
    lock->n = name.n;
    lock->owner = client;
    lock->next = client->locks;
    client->locks = lock;
    return true;
}

/* Whoever has waited longest for that record gets it. */
static void
lock_hand_over(struct committer *c, struct str name)
{
    struct client *best = NULL;

    for (size_t i = 0; i < c->n; i++) {
        struct client *k = c->clients[i];

        if (k->is_waiting && !k->is_gone &&
            str_eq(str_n(k->want, k->n_want), name) &&
            (best == NULL || k->since < best->since))
            best = k;
    }
    if (best == NULL)
        return;
    best->is_waiting = false;
    reply(best, lock_take(c, best, name) ? OUTCOME_OK : OUTCOME_IO);
}

static void
lock_drop(struct committer *c, struct client *client, struct str name)
{
    for (struct lock **at = &client->locks; *at != NULL; at = &(*at)->next) {
        struct lock *lock = *at;

        if (!str_eq(str_n(lock->name, lock->n), name))
            continue;
        *at = lock->next;
        (void)table_remove(&c->locks, name);
        lock_hand_over(c, str_n(lock->name, lock->n));
        free(lock);
        return;
    }
}

static void
lock_drop_all(struct committer *c, struct client *client)
{
    while (client->locks != NULL) {
        struct lock copy = *client->locks;

        lock_drop(c, client, str_n(copy.name, copy.n));
    }
}

/* --- requests -------------------------------------------------------------*/

/* file "/" key: one name for the table of locks */
static bool
read_lock_name(struct reader *in, char *out, size_t *n)
{
    struct str file, key;

    if (!reader_str(in, 1, 8, &file) || !reader_str(in, 1, DEFS_KEY_MAX, &key))
        return false;
    memcpy(out, file.p, file.n);
    out[file.n] = '/';
    memcpy(out + file.n + 1, key.p, key.n);
    *n = file.n + 1 + key.n;
    return true;
}

static bool
on_lock(struct committer *c, struct client *client, struct reader *in)
{
    char name[LOCK_KEY_MAX];
    uint32_t wait_ms;
    size_t n;

    if (!read_lock_name(in, name, &n) || !reader_u32(in, &wait_ms) ||
        !reader_at_end(in) || client->is_waiting)
        return false;
    if (lock_take(c, client, str_n(name, n))) {
        reply(client, OUTCOME_OK);
    } else if (wait_ms == 0) {
        reply(client, OUTCOME_BUSY);
    } else {
        memcpy(client->want, name, n);
        client->n_want = n;
        client->is_waiting = true;
        client->since = ++c->n_waits;
        client->until_ms = clock_mono_ms() + wait_ms;
    }
    return true;
}

static bool
on_unlock(struct committer *c, struct client *client, struct reader *in)
{
    char name[LOCK_KEY_MAX];
    size_t n;

    if (!read_lock_name(in, name, &n) || !reader_at_end(in))
        return false;
    lock_drop(c, client, str_n(name, n));
    return true;
}

static bool
on_commit(struct committer *c, struct client *client, struct reader *in)
{
    struct err_info why;
    uint64_t unit;

    if (!reader_u64(in, &unit))
        return false;
    client->in_group = true;
    client->outcome =
        store_apply(c->store, client->worker, unit, reader_rest(in), &why);
    if (client->outcome != OUTCOME_OK)
        log_error("%s", why.text);
    return true;
}

static void
on_client(struct committer *c, struct client *client)
{
    struct chan_msg msg = { 0 };
    struct err_info why;
    struct reader in;
    bool is_ok = true;
    enum err e = chan_recv(client->fd, &msg, &why);

    if (e == ERR_AGAIN)
        return;
    if (e != ERR_OK) {
        client->is_gone = true;
        return;
    }
    in = reader_of(msg.payload);
    switch (msg.type) {
    case RMSG_LOCK:
        is_ok = on_lock(c, client, &in);
        break;
    case RMSG_COMMIT:
        is_ok = on_commit(c, client, &in);
        break;
    case RMSG_UNLOCK:
        is_ok = on_unlock(c, client, &in);
        break;
    case RMSG_BACKOUT:
        lock_drop_all(c, client);
        break;
    default:
        is_ok = false;
    }
    chan_msg_fini(&msg);
    if (!is_ok) {
        log_error("committer: a worker broke the protocol");
        client->is_gone = true;
    }
}

/* One fsync for all units of this turn, then the answers. */
static void
finish_group(struct committer *c)
{
    struct err_info why = { 0 };
    enum region_outcome outcome = store_commit(c->store, &why);

    if (outcome != OUTCOME_OK)
        log_error("%s", why.text);
    for (size_t i = 0; i < c->n; i++) {
        struct client *client = c->clients[i];

        if (!client->in_group)
            continue;
        client->in_group = false;
        if (client->outcome == OUTCOME_OK)
            client->outcome = outcome;
        lock_drop_all(c, client);
        reply(client, client->outcome);
    }
}

static void
expire_waits(struct committer *c)
{
    uint64_t now = clock_mono_ms();

    for (size_t i = 0; i < c->n; i++)
        if (c->clients[i]->is_waiting && c->clients[i]->until_ms <= now) {
            c->clients[i]->is_waiting = false;
            reply(c->clients[i], OUTCOME_BUSY);
        }
    if (now >= c->sweep_ms) {
        store_sweep(c->store);
        c->sweep_ms = now + SWEEP_MS;
    }
}

static void
remove_gone(struct committer *c)
{
    for (size_t i = 0; i < c->n;) {
        struct client *client = c->clients[i];

        if (!client->is_gone) {
            i++;
            continue;
        }
        c->clients[i] = c->clients[--c->n];
        lock_drop_all(c, client);
        store_forget(c->store, client->worker);
        close(client->fd);
        free(client);
    }
}

/* The supervisor hands over a worker's channel; false when it has ended. */
static bool
on_control(struct committer *c)
{
    struct chan_msg msg = { 0 };
    struct err_info why;
    struct reader in;
    struct client *client;
    enum err e = chan_recv(c->control, &msg, &why);

    if (e == ERR_AGAIN)
        return true;
    if (e != ERR_OK)
        return false;
    in = reader_of(msg.payload);
    client = calloc(1, sizeof *client);
    if (client != NULL && c->n == c->cap) {
        struct client **more =
            realloc(c->clients, (c->cap + 16) * sizeof(*more));

        if (more == NULL) {
            free(client);
            client = NULL;
        } else {
            c->clients = more;
            c->cap += 16;
        }
    }
    if (client != NULL && msg.type == RMSG_HELLO &&
        reader_u32(&in, &client->worker)) {
        client->fd = chan_take_fd(&msg, 0);
        c->clients[c->n++] = client;
    } else {
        free(client);
    }
    chan_msg_fini(&msg);
    return true;
}

static int
next_wake(const struct committer *c)
{
    uint64_t now = clock_mono_ms(), at = c->sweep_ms;

    for (size_t i = 0; i < c->n; i++)
        if (c->clients[i]->is_waiting && c->clients[i]->until_ms < at)
            at = c->clients[i]->until_ms;
    return at <= now ? 0 : (int)(at - now);
}

/* To the region's log, by the supervisor. */
static void
tell(void *arg, struct str file, struct str text)
{
    const struct committer *c = arg;
    struct err_info why;
    struct buf payload;

    buf_init(&payload, 4096);
    buf_str(&payload, STR("DFHFC0159"));
    buf_str(&payload, c->defs->sit.applid);
    buf_str(&payload, file);
    buf_str(&payload, text);
    if (chan_send(c->control, RMSG_LOG, 0, buf_view(&payload), NULL, 0, &why) !=
        ERR_OK)
        log_error("%s", why.text);
    buf_fini(&payload);
}

static void
tell_failure(const struct committer *c, const char *text)
{
    struct err_info why;
    struct buf payload;

    log_error("%s", text);
    buf_init(&payload, 4096);
    buf_str(&payload, STR("DFHFC0158"));
    buf_str(&payload, c->defs->sit.applid);
    buf_str(&payload, str_of(text));
    if (chan_send(c->control, RMSG_LOG, 0, buf_view(&payload), NULL, 0, &why) !=
        ERR_OK)
        log_error("%s", why.text);
    buf_fini(&payload);
}

int
committer_run(const struct region_defs *defs, int fd)
{
    struct committer c = { .defs = defs, .control = fd };
    struct pollfd *polls = NULL;
    struct err_info why;
    int rc = 0;

    table_init(&c.locks);
    if (store_open(defs, true, &c.store, &why) != ERR_OK) {
        tell_failure(&c, why.text);
        return 12;
    }
    load_new_files(c.store, defs, tell, &c);
    store_sweep(c.store);
    c.sweep_ms = clock_mono_ms() + SWEEP_MS;
    if (chan_send(fd, RMSG_READY, 0, STR(""), NULL, 0, &why) != ERR_OK)
        return 12;
    for (;;) {
        size_t n = c.n;
        struct pollfd *more = realloc(polls, (n + 1) * sizeof *polls);

        if (more == NULL) {
            rc = 12;
            break;
        }
        polls = more;
        polls[0] = (struct pollfd){ fd, POLLIN, 0 };
        for (size_t i = 0; i < n; i++)
            polls[i + 1] = (struct pollfd){ c.clients[i]->fd, POLLIN, 0 };
        if (poll(polls, n + 1, next_wake(&c)) < 0 && errno != EINTR) {
            rc = 12;
            break;
        }
        if (polls[0].revents != 0 && !on_control(&c))
            break;
        for (size_t i = 0; i < n; i++)
            if (polls[i + 1].revents != 0)
                on_client(&c, c.clients[i]);
        finish_group(&c);
        expire_waits(&c);
        remove_gone(&c);
    }
    store_close(&c.store);
    free(polls);
    return rc;
}
