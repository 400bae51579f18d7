/*
 * The database and its standby. Files are exchanged in one step
 * (RENAME_EXCHANGE), so at no instant is there no database; whoever had a
 * number before the exchange keeps it, and nobody else gets it.
 */
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/msg.h"
#include "base/uids.h"
#include "front_certs.h"
#include "front_standby.h"
#include "front_thread.h"
#include "saf/classes.h"
#include "saf/kept.h"
#include "saf/store_copy.h"

static enum err
open_engine(struct front *f, struct arena *a, struct err_info *why)
{
    char *path = root_path(a, STORE_FILE);
    char *made = root_path(a, STORE_MADE);
    enum err e = path == NULL || made == NULL
                     ? err_set(why, ERR_MEMORY, "no storage")
                     : store_is_there(path, made, why);

    if (e == ERR_OK)
        e = saf_engine_open(path, clock_wall_ms(), &f->engine, why);
    if (e != ERR_OK || access(made, F_OK) == 0)
        return e;
    e = file_write_atomic(made, STR(""), 0600, why);
    if (e != ERR_OK)
        saf_engine_close(&f->engine);
    return e;
}

/* Kept, since the database may be what is lost when it is asked for. */
static void
note_id(struct front *f)
{
    struct arena a;

    arena_init(&a, 4096);
    (void)!str_copy_z(
        saf_option_text(saf_engine_db(f->engine), &a, "DATABASE.ID"),
        f->database_id, sizeof f->database_id);
    (void)!str_copy_z(
        saf_option_text(saf_engine_db(f->engine), &a, "MASTER.ID"),
        f->master_id, sizeof f->master_id);
    arena_fini(&a);
}

enum err
front_database_open(struct front *f, struct err_info *why)
{
    struct arena a;
    enum err e;

    arena_init(&a, 16384);
    e = open_engine(f, &a, why);
    arena_fini(&a);
    if (e != ERR_OK)
        return e;
    saf_engine_on_publish(f->engine, front_publish, f);
    f->hooks = (struct saf_hooks){ .make_verifier = front_make_verifier,
                                   .check_verifier = front_check_verifier,
                                   .seal_ticket_key = front_seal_ticket_key,
                                   .seal_secret = front_seal_secret,
                                   .rvary = front_rvary,
                                   .arg = f,
                                   .verbs = racdcert_verbs,
                                   .n_verbs = RACDCERT_VERBS };
    note_id(f);
    e = uid_range_read(&f->hooks.uids, why);
    if (e != ERR_OK)
        return e;
    e = kept_migrate(saf_engine_db(f->engine), &f->hooks, why);
    return e == ERR_OK ? front_standby_open(f, why) : e;
}

enum err
front_rvary(void *arg, struct arena *a, enum saf_rvary what,
            struct saf_databases *out, struct err_info *why)
{
    struct front *f = arg;
    char *primary = root_path(a, STORE_FILE);
    char *standby = root_path(a, STORE_STANDBY);
    enum err e = ERR_OK;

    if (primary == NULL || standby == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    switch (what) {
    case SAF_RVARY_LIST:
        break;
    case SAF_RVARY_SWITCH:
        f->wants_switch = true;
        break;
    case SAF_RVARY_ACTIVE:
        e = front_standby_active(f, why);
        break;
    case SAF_RVARY_INACTIVE:
        e = front_standby_inactive(f, why);
        break;
    }
    out->primary = str_of(primary);
    out->standby = access(standby, F_OK) == 0 ? str_of(standby) : STR("");
    out->is_following = front_standby_is_following(f);
    return e;
}

/* A reader elsewhere keeps the log of the old file, which must not be taken
 * for the new one's. */
static enum err
is_quiet(const char *primary, struct err_info *why)
{
    char wal[4096];
    struct stat st;

    (void)snprintf(wal, sizeof wal, "%s-wal", primary);
    return stat(wal, &st) == 0 && st.st_size > 0
               ? err_set(why, ERR_NOT_NOW, "another process reads the database")
               : ERR_OK;
}

static enum err
exchange(const char *primary, const char *standby, struct err_info *why)
{
    return renameat2(AT_FDCWD, primary, AT_FDCWD, standby, RENAME_EXCHANGE) == 0
               ? store_sync_folder(primary, why)
               : err_sys(why, "exchange %s", standby);
}

static void
publish_all(struct front *f)
{
    size_t n;
    const struct saf_class *v = saf_class_all(&n);

    for (size_t i = 0; i < n; i++) {
        struct str image;
        uint64_t generation;
        int fd;

        if (saf_engine_snapshot(f->engine, str_of(v[i].name), &generation, &fd,
                                NULL) == ERR_OK &&
            saf_engine_image(f->engine, str_of(v[i].name), &image, NULL) ==
                ERR_OK)
            front_publish(f, str_of(v[i].name), image, fd);
    }
}

/* --- RVARY SWITCH
 * ------------------------------------------------------------ */

#define LOST_IDS 1000000

struct exchange {
    struct arena arena;
    char *primary, *standby;
    struct store_facts now, next;
    bool is_lost;               /* there is no database but the standby */
    char id[64], master_id[64]; /* of the one in use */
    enum err e;
    struct err_info why;
    struct err_info lost;
    void (*done)(struct front *, bool is_done, struct str line);
};

/* In the thread: reading all of two databases takes its time. */
static void
check_both(void *arg)
{
    struct exchange *x = arg;

    x->e = store_check(x->standby, &x->next, &x->why);
    x->is_lost = store_check(x->primary, &x->now, &x->lost) != ERR_OK;
    if (x->e == ERR_OK && strcmp(x->id, x->next.id) != 0)
        x->e = err_set(&x->why, ERR_NOT_NOW,
                       "it is no copy of the database in use: identities that "
                       "were given out would mean others. End the system, "
                       "then sallyport db restore");
    else if (x->e == ERR_OK && strcmp(x->master_id, x->next.master_id) != 0)
        x->e = err_set(&x->why, ERR_NOT_NOW,
                       "its secrets are sealed under another master key, it "
                       "was copied before sallyport db rekey. RVARY ACTIVE or "
                       "sallyport db backup makes another copy");
}

/* Names that got a number while both were checked, too. */
static int64_t
last_id(struct saf_db *db, const struct exchange *x)
{
    struct saf_query q = saf_db_query(
        db, "SELECT seq FROM sqlite_sequence WHERE name='principals'", "");
    int64_t id = saf_query_next(&q) ? saf_query_int(&q, 0) : 0;

    saf_query_close(&q);
    if (saf_db_check(db, NULL) == ERR_OK && id > 0)
        return id;
    /* Nobody can tell any more: far beyond what it can have been. */
    return x->next.last_id + LOST_IDS;
}

/* The standby becomes the database. What is lost is put aside; its log must not
 * be taken for the new one's. */
static enum err
take_place(const struct exchange *x, const char *damaged, struct err_info *why)
{
    enum err e;

    if (!x->is_lost) {
        e = is_quiet(x->primary, why);
        return e == ERR_OK ? exchange(x->primary, x->standby, why) : e;
    }
    store_drop_log(x->primary);
    if (access(x->primary, F_OK) != 0)
        return rename(x->standby, x->primary) == 0
                   ? store_sync_folder(x->primary, why)
                   : err_sys(why, "%s", x->primary);
    e = exchange(x->primary, x->standby, why);
    if (e == ERR_OK && rename(x->standby, damaged) != 0)
        e = err_sys(why, "%s", damaged);
    return e;
}

static enum err
switch_files(struct front *f, struct exchange *x, struct err_info *why)
{
    char *damaged = root_path(&x->arena, STORE_DAMAGED);
    enum err e;

    /* Following or not: it is the database from here on, or stays as it is. */
    e = damaged == NULL ? err_set(why, ERR_MEMORY, "no storage")
                        : front_standby_end(f, why);
    if (e == ERR_OK)
        e = store_raise_ids(x->standby, last_id(saf_engine_db(f->engine), x),
                            why);
    if (e != ERR_OK)
        return e;
    saf_engine_close(&f->engine);
    e = take_place(x, damaged, why);
    if (e == ERR_OK && (e = front_database_open(f, why)) != ERR_OK) {
        saf_engine_close(&f->engine);
        if (!x->is_lost)
            (void)!exchange(x->primary, x->standby, NULL);
    }
    if (e != ERR_OK && front_database_open(f, NULL) != ERR_OK)
        f->is_ending = true; /* the nest starts another front */
    return e;
}

static void
exchange_end(struct front *f, void *arg)
{
    struct exchange *x = arg;
    struct buf line;

    if (x->e == ERR_OK)
        x->e = switch_files(f, x, &x->why);
    buf_init(&line, 4096);
    if (x->e == ERR_OK) {
        publish_all(f);
        if (x->is_lost)
            MSG_LINE(&line, "SPT1022W", str_of(x->lost.text));
        else
            msg_line(&line, "SPT1015I", NULL, 0);
    } else {
        MSG_LINE(&line, "SPT1016E", str_of(x->why.text));
    }
    record_line(f, STR(""), buf_view(&line));
    x->done(f, x->e == ERR_OK, buf_view(&line));
    buf_fini(&line);
    arena_fini(&x->arena);
    free(x);
}

void
front_switch(struct front *f, struct thread *thread,
             void (*done)(struct front *, bool is_done, struct str line))
{
    struct exchange *x = calloc(1, sizeof *x);
    struct err_info why = { 0 };
    enum err e;

    if (x == NULL) {
        done(f, false, STR("no storage"));
        return;
    }
    arena_init(&x->arena, 16384);
    x->done = done;
    (void)!str_copy_z(str_of(f->database_id), x->id, sizeof x->id);
    (void)!str_copy_z(str_of(f->master_id), x->master_id, sizeof x->master_id);
    x->primary = root_path(&x->arena, STORE_FILE);
    x->standby = root_path(&x->arena, STORE_STANDBY);
    if (x->primary == NULL || x->standby == NULL)
        e = err_set(&why, ERR_MEMORY, "no storage");
    else
        e = thread_start(f, thread, check_both, exchange_end, x, &why);
    if (e == ERR_OK)
        return; /* what is in x is the thread's now */
    x->e = e;
    x->why = why;
    exchange_end(f, x);
}
