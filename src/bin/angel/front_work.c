/*
 * What follows the commit of a command and takes long: new effective states,
 * the exchange of databases. One at a time, in the order of the commits, in a
 * thread; whoever asked waits, nobody else does.
 */
#include "front_work.h"

#include <stdlib.h>

#include "base/clock.h"
#include "front_thread.h"
#include "saf/wire.h"

/* A client gives up after SAF_WAIT_MS without a word. */
#define WORD_MS 2000u

struct works {
    struct held *first, **tail;
    struct thread thread;
    struct saf_rebuild *rebuild;
    uint64_t word_ms; /* the waiting ones were told that it goes on */
};

static void next(struct front *f);

static void
run_rebuild(void *arg)
{
    saf_rebuild_run(((struct works *)arg)->rebuild);
}

static void
refused(struct held *h, const struct err_info *why)
{
    HELD_MSG(h, "SPT1001E", str_of(why->text));
    h->rc = 12;
}

static void
rebuilt(struct front *f, void *arg)
{
    struct works *w = arg;
    struct err_info why = { 0 };

    if (saf_rebuild_finish(&w->rebuild, &why) != ERR_OK)
        refused(w->first, &why);
    next(f);
}

/* True: a thread is at it. */
static bool
refresh(struct front *f, struct held *h)
{
    struct works *w = f->work;
    struct saf_refresh *r = h->refreshes;
    struct err_info why = { 0 };
    enum err e;

    h->refreshes = r->next;
    e = saf_rebuild_new(f->engine, r, &w->rebuild, &why);
    free(r);
    if (e == ERR_OK) {
        e = thread_start(f, &w->thread, run_rebuild, rebuilt, w, &why);
        if (e == ERR_OK)
            return true;
        saf_rebuild_drop(&w->rebuild);
    }
    refused(h, &why);
    return false;
}

static void
exchanged(struct front *f, bool is_done, struct str line)
{
    struct held *h = f->work->first;

    held_line(h, line);
    if (!is_done)
        h->rc = 8;
    next(f);
}

static void
next(struct front *f)
{
    struct works *w = f->work;
    struct held *h;

    while ((h = w->first) != NULL) {
        if (h->refreshes != NULL) {
            if (refresh(f, h))
                return;
            continue;
        }
        if (h->is_switch) {
            h->is_switch = false;
            front_switch(f, &w->thread, exchanged);
            return;
        }
        w->first = h->next;
        if (w->first == NULL)
            w->tail = &w->first;
        if (h->peer != NULL)
            peer_wait(h->peer, false);
        held_answer(h);
    }
}

void
front_work(struct front *f, struct held *h)
{
    struct works *w = f->work;
    bool is_idle = w->first == NULL;

    *w->tail = h;
    w->tail = &h->next;
    peer_wait(h->peer, true);
    if (!is_idle)
        return;
    w->word_ms = clock_mono_ms();
    next(f);
}

void
front_work_gone(struct front *f, const struct peer *p)
{
    for (struct held *h = f->work->first; h != NULL; h = h->next) {
        if (h->peer == p)
            h->peer = NULL;
    }
}

int
front_work_wait_ms(struct front *f)
{
    struct works *w = f->work;
    uint64_t now;

    if (w->first == NULL)
        return -1;
    now = clock_mono_ms();
    if (now - w->word_ms >= WORD_MS) {
        w->word_ms = now;
        for (struct held *h = w->first; h != NULL; h = h->next) {
            if (h->peer != NULL)
                peer_send(h->peer, WIRE_WAIT, h->seq, STR(""), -1);
        }
    }
    return (int)(WORD_MS - (now - w->word_ms));
}

enum err
front_work_open(struct front *f, struct err_info *why)
{
    struct works *w = calloc(1, sizeof *w);

    if (w == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    w->tail = &w->first;
    w->thread.ended.fd = -1;
    f->work = w;
    return ERR_OK;
}

void
front_work_close(struct front *f)
{
    struct works *w = f->work;

    if (w == NULL)
        return;
    thread_join(&w->thread);
    saf_rebuild_drop(&w->rebuild);
    while (w->first != NULL) {
        struct held *h = w->first;

        w->first = h->next;
        held_free(h);
    }
    free(w);
    f->work = NULL;
}
