/*
 * The standby: saf/standby.db. `RVARY ACTIVE` makes it follow, also after the
 * next start (saf/standby.follows), `RVARY INACTIVE` leaves it as it is.
 */
#include "front_standby.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/msg.h"
#include "front_thread.h"
#include "saf/standby.h"
#include "saf/store_copy.h"

struct follow {
    struct standby *standby;
    struct thread thread;
    bool is_dropped; /* the copy under way: what comes of it is not wanted */
};

static void
say(struct front *f, const char *id, struct str insert)
{
    struct buf line;

    buf_init(&line, 4096);
    msg_line(&line, id, &insert, insert.n > 0);
    record_line(f, STR(""), buf_view(&line));
    buf_fini(&line);
}

static void
copy(void *arg)
{
    standby_copy(((struct follow *)arg)->standby);
}

static void
copied(struct front *f, void *arg)
{
    struct follow *w = arg;
    struct err_info why = { 0 };

    /* A batch may be under way; its savepoints are no place to begin. */
    front_batch_end(f);
    if (w->is_dropped) {
        w->is_dropped = false;
        standby_stop(w->standby);
        return;
    }
    if (standby_follow(w->standby, &why) == ERR_OK)
        say(f, "SPT1020I", STR(""));
    else
        say(f, "SPT1019W", str_of(why.text));
}

static enum err
begin(struct front *f, struct err_info *why)
{
    struct follow *w = f->follow;
    struct arena a;
    char *primary, *path;
    enum err e = ERR_OK;

    if (w->thread.is_running)
        return ERR_OK;
    arena_init(&a, 16384);
    primary = root_path(&a, STORE_FILE);
    path = root_path(&a, STORE_STANDBY);
    if (primary == NULL || path == NULL)
        e = err_set(why, ERR_MEMORY, "no storage");
    if (e == ERR_OK && w->standby == NULL)
        e = standby_new(primary, path, &w->standby, why);
    if (e == ERR_OK)
        e = standby_pin(w->standby, saf_engine_db(f->engine), why);
    if (e == ERR_OK)
        e = thread_start(f, &w->thread, copy, copied, w, why);
    if (e != ERR_OK && w->standby != NULL)
        standby_stop(w->standby);
    arena_fini(&a);
    return e;
}

static enum err
mark(bool follows, struct err_info *why)
{
    struct arena a;
    char *path;
    enum err e = ERR_OK;

    arena_init(&a, 8192);
    path = root_path(&a, STORE_FOLLOWS);
    if (path == NULL)
        e = err_set(why, ERR_MEMORY, "no storage");
    else if (follows)
        e = file_write_atomic(path, STR(""), 0600, why);
    else if (unlink(path) != 0 && access(path, F_OK) == 0)
        e = err_sys(why, "%s", path);
    arena_fini(&a);
    return e;
}

enum err
front_standby_active(struct front *f, struct err_info *why)
{
    enum err e;

    if (front_standby_is_following(f))
        return ERR_OK;
    e = mark(true, why);
    if (e == ERR_OK)
        f->begins_following = true; /* when the command's batch has ended */
    return e;
}

/* A copy that is under way may take long to end, so nobody waits for it. */
enum err
front_standby_inactive(struct front *f, struct err_info *why)
{
    struct follow *w = f->follow;

    if (!w->thread.is_running)
        return front_standby_end(f, why);
    f->begins_following = false;
    w->is_dropped = true;
    standby_cancel(w->standby);
    return mark(false, why);
}

enum err
front_standby_end(struct front *f, struct err_info *why)
{
    front_standby_stop(f);
    return mark(false, why);
}

bool
front_standby_is_following(const struct front *f)
{
    return f->follow != NULL && f->follow->standby != NULL &&
           standby_is_following(f->follow->standby);
}

void
front_standby_stop(struct front *f)
{
    struct follow *w = f->follow;

    f->begins_following = false;
    if (w == NULL)
        return;
    if (w->thread.is_running)
        standby_cancel(w->standby);
    thread_join(&w->thread);
    w->is_dropped = false;
    if (w->standby != NULL)
        standby_stop(w->standby);
}

void
front_standby_look(struct front *f)
{
    struct follow *w = f->follow;
    struct err_info why = { 0 };
    const char *failure =
        w->standby != NULL ? standby_failure(w->standby) : NULL;

    if (failure != NULL)
        say(f, "SPT1019W", str_of(failure));
    if (!f->begins_following || w->is_dropped) /* once that copy has ended */
        return;
    f->begins_following = false;
    if (begin(f, &why) != ERR_OK)
        say(f, "SPT1019W", str_of(why.text));
}

enum err
front_standby_open(struct front *f, struct err_info *why)
{
    struct arena a;
    char *path;

    if (f->follow == NULL) {
        f->follow = calloc(1, sizeof *f->follow);
        if (f->follow == NULL)
            return err_set(why, ERR_MEMORY, "no storage");
        f->follow->thread.ended.fd = -1;
    }
    arena_init(&a, 8192);
    path = root_path(&a, STORE_FOLLOWS);
    f->begins_following = path != NULL && access(path, F_OK) == 0;
    arena_fini(&a);
    return ERR_OK;
}

void
front_standby_close(struct front *f)
{
    front_standby_stop(f);
    if (f->follow != NULL)
        standby_free(&f->follow->standby);
    free(f->follow);
    f->follow = NULL;
}
