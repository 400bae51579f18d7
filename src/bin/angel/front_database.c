/*
 * The database and its standby. Files are exchanged in one step
 * (RENAME_EXCHANGE), so at no instant is there no database; whoever had a
 * number before the exchange keeps it, and nobody else gets it.
 */
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/msg.h"
#include "front_certs.h"
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
    return kept_migrate(saf_engine_db(f->engine), &f->hooks, why);
}

struct str
front_rvary(void *arg, struct arena *a, bool is_switch)
{
    struct front *f = arg;
    char *standby = root_path(a, STORE_STANDBY);

    if (standby == NULL || access(standby, F_OK) != 0)
        return STR("");
    f->wants_switch = is_switch;
    return str_of(standby);
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

        if (saf_engine_image(f->engine, str_of(v[i].name), &image, NULL) ==
            ERR_OK)
            front_publish(f, str_of(v[i].name), image);
    }
}

static enum err
switch_files(struct front *f, const char *primary, const char *standby,
             struct err_info *why)
{
    struct store_facts now, next;
    enum err e;

    if ((e = store_check(standby, &next, why)) != ERR_OK ||
        (e = store_check(primary, &now, why)) != ERR_OK)
        return e;
    if (strcmp(now.id, next.id) != 0)
        return err_set(why, ERR_NOT_NOW,
                       "it is no copy of the database in use: identities that "
                       "were given out would mean others. End the system, "
                       "then sallyport db restore");
    if ((e = store_raise_ids(standby, now.last_id, why)) != ERR_OK)
        return e;
    saf_engine_close(&f->engine);
    e = is_quiet(primary, why);
    if (e == ERR_OK)
        e = exchange(primary, standby, why);
    if (e == ERR_OK && (e = front_database_open(f, why)) != ERR_OK) {
        saf_engine_close(&f->engine);
        (void)!exchange(primary, standby, NULL);
    }
    if (e != ERR_OK && front_database_open(f, NULL) != ERR_OK)
        f->is_ending = true; /* the nest starts another front */
    return e;
}

bool
front_switch(struct front *f, struct buf *line)
{
    struct err_info why = { 0 };
    struct arena a;
    char *primary, *standby;
    enum err e = ERR_MEMORY;

    f->wants_switch = false;
    arena_init(&a, 16384);
    primary = root_path(&a, STORE_FILE);
    standby = root_path(&a, STORE_STANDBY);
    if (primary != NULL && standby != NULL)
        e = switch_files(f, primary, standby, &why);
    if (e == ERR_OK) {
        publish_all(f);
        msg_line(line, "SPT1015I", NULL, 0);
    } else {
        MSG_LINE(line, "SPT1016E", str_of(why.text));
    }
    record_line(f, STR(""), buf_view(line));
    arena_fini(&a);
    return e == ERR_OK;
}
