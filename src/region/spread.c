/*
 * Requests that wait behind somebody else's program. A partner spreads its
 * requests over the workers, but knows only of its own: two partners may choose
 * the same worker, and a partner that has died leaves its program running. A
 * request that waits at such a worker goes to an idle one, and its session
 * comes back when its own worker is idle again.
 */
#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "region/supervisor_priv.h"

/* Programs that end sooner are waited for. */
#define SPREAD_MS 100u

static bool
is_ready(const struct pollfd *p)
{
    struct pollfd now = *p;

    return poll(&now, 1, 0) == 1 && (now.revents & p->events) != 0;
}

/* Has it been at the same task for a whole turn? */
static bool
look(struct supervisor *s, uint32_t i)
{
    struct region_worker *w = &s->workers[i];
    struct page *page = &s->pages[i + 1];
    uint32_t task = atomic_load(&page->state) == PAGE_RUNNING
                        ? atomic_load(&page->task)
                        : 0;
    bool is_same = task != 0 && task == w->task;

    w->task = w->pid == 0 ? 0 : task;
    w->is_lent = false;
    return w->pid != 0 && is_same;
}

static bool
is_idle(const struct supervisor *s, uint32_t i)
{
    const struct region_worker *w = &s->workers[i];

    return w->pid != 0 && w->is_ready && !w->is_retired && !w->is_lent &&
           atomic_load(&s->pages[i + 1].state) == PAGE_IDLE;
}

/* False: its worker cannot be told now, and keeps it. */
static bool
move(struct supervisor *s, struct region_session *session, uint32_t to)
{
    struct region_worker *from = &s->workers[session->worker];
    struct err_info why;
    struct buf text;
    enum err e = ERR_OK;

    if (from->pid != 0) {
        if (!is_ready(&(struct pollfd){ from->chan, POLLOUT, 0 }))
            return false;
        buf_init(&text, 16);
        buf_u32(&text, session->key);
        e = chan_send(from->chan, RMSG_DETACH, 0, buf_view(&text), NULL, 0,
                      &why);
        buf_fini(&text);
    }
    if (e != ERR_OK) {
        log_info("session not moved: %s", why.text);
        return false;
    }
    session->worker = to;
    session_attach(s, session);
    return true;
}

/* Somebody who has nothing to do; each gets one at a time. */
static void
lend(struct supervisor *s, struct region_session *session)
{
    for (uint32_t i = 0; i < s->defs.sit.mxt; i++) {
        if (!is_idle(s, i))
            continue;
        s->workers[i].is_lent = move(s, session, i);
        return;
    }
}

void
spread_turn(struct supervisor *s)
{
    const uint32_t mxt = s->defs.sit.mxt;
    uint64_t now = clock_mono_ms();

    if (mxt < 2 || now < s->spread_at_ms || s->is_stopping)
        return;
    s->spread_at_ms = now + SPREAD_MS;
    for (uint32_t i = 0; i < mxt; i++)
        s->workers[i].is_stuck = look(s, i);
    for (size_t i = 0; i < s->n_sessions; i++) {
        struct region_session *session = s->sessions[i];
        uint32_t own = (session->number - 1u) % mxt;
        const struct page *page = &s->pages[session->worker + 1];

        if (s->workers[session->worker].is_stuck) {
            /* What is on the task's own session is for that task. */
            if (atomic_load(&page->key) != session->key &&
                is_ready(&(struct pollfd){ session->fd, POLLIN, 0 }))
                lend(s, session);
        } else if (session->worker != own && is_idle(s, own)) {
            (void)move(s, session, own);
        }
    }
}
