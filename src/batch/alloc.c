#include "batch/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/protect.h"
#include "ipc/chan.h"

#define DATA_MAX (64u * 1024u * 1024u)

struct step_dd *
step_dd_find(const struct step *step, const char *name)
{
    struct step_dd *dd = step->dds;

    while (dd != NULL && strcmp(dd->name, name) != 0)
        dd = dd->next;
    return dd;
}

enum err
step_dd_read(const struct step *step, const char *name, struct buf *out,
             struct err_info *why)
{
    struct step_dd *dd = step_dd_find(step, name);
    char piece[16384];
    off_t at = 0;

    if (dd == NULL || dd->fd < 0)
        return ERR_OK;
    for (;;) {
        ssize_t n = pread(dd->fd, piece, sizeof piece, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(why, "DD %s", name);
        if (n == 0)
            break;
        buf_add(out, str_n(piece, (size_t)n));
        at += n;
    }
    return buf_check(out, why);
}

static struct step_dd *
add_dd(struct step *step, const char *name, enum jcl_dd_kind kind)
{
    struct step_dd *dd = ARENA_NEW(step->arena, struct step_dd), **end;

    if (dd == NULL)
        return NULL;
    (void)snprintf(dd->name, sizeof dd->name, "%s", name);
    dd->kind = kind;
    dd->fd = -1;
    for (end = &step->dds; *end != NULL; end = &(*end)->next)
        ;
    *end = dd;
    return dd;
}

/* The master answers with a descriptor; commands wait until later. */
enum err
alloc_sysout(struct step *step, const char *name, struct step_dd **out,
             struct err_info *why)
{
    static uint32_t seq;
    struct step_dd *dd = add_dd(step, name, JCL_DD_SYSOUT);
    struct chan_msg msg;
    struct buf ask;
    enum err e;

    if (dd == NULL)
        return err_set(why, ERR_MEMORY, "no storage for DD %s", name);
    buf_init(&ask, 64);
    buf_str(&ask, str_of(step->jcl->name));
    buf_str(&ask, str_of(name));
    e = chan_send(step->init_fd, INIT_OPEN, ++seq, buf_view(&ask), NULL, 0,
                  why);
    buf_fini(&ask);
    if (e != ERR_OK || (e = chan_recv(step->init_fd, &msg, why)) != ERR_OK)
        return e;
    if (msg.type == INIT_FILE && msg.seq == seq)
        dd->fd = chan_take_fd(&msg, 0);
    else if (msg.type == INIT_STOP || msg.type == INIT_CANCEL)
        e = err_set(why, ERR_NOT_NOW, "cancelled while DD %s was allocated",
                    name);
    chan_msg_fini(&msg);
    if (e == ERR_OK && dd->fd < 0)
        e = err_set(why, ERR_IO, "the spool has no room for DD %s", name);
    *out = dd;
    return e;
}

/* datasets/DSN or datasets/DSN/MEMBER */
static char *
dataset_path(const struct step *step, const struct jcl_dd *dd)
{
    return dd->member[0] == '\0'
               ? root_path(step->arena, "datasets/%.*s", STR_ARG(dd->dsn))
               : root_path(step->arena, "datasets/%.*s/%s", STR_ARG(dd->dsn),
                           dd->member);
}

/* Before anything is looked up: who may not see a data set does not learn
 * whether it is there. */
static enum err
protect(const struct step *step, const struct jcl_dd *dd, const char *name,
        enum saf_level level, struct err_info *why)
{
    return dd->kind == JCL_DD_DSN
               ? protect_open(step, name, dd->dsn, level, why)
               : ERR_OK;
}

static enum err
not_found(const struct jcl_dd *dd, const char *name, struct err_info *why)
{
    return err_set(why, ERR_NOT_FOUND, "%.*s%s%s%s (DD %s)", STR_ARG(dd->dsn),
                   dd->member[0] == '\0' ? "" : "(", dd->member,
                   dd->member[0] == '\0' ? "" : ")", name);
}

/* An existing folder is a library; several make a search path. */
static enum err
add_libraries(struct step *step, const struct jcl_dd *jcl, struct step_dd *dd,
              struct err_info *why)
{
    size_t n = 0;

    for (const struct jcl_dd *c = jcl; c != NULL; c = c->concat)
        n++;
    dd->libraries = ARENA_ARRAY(step->arena, char *, n);
    if (dd->libraries == NULL)
        return err_set(why, ERR_MEMORY, "no storage for DD %s", dd->name);
    for (const struct jcl_dd *c = jcl; c != NULL; c = c->concat) {
        char *path = c->kind == JCL_DD_DSN    ? dataset_path(step, c)
                     : c->kind == JCL_DD_PATH ? str_z(step->arena, c->path)
                                              : NULL;
        struct stat st;

        enum err e = protect(step, c, jcl->name, SAF_READ, why);

        if (e != ERR_OK)
            return e;
        if (path == NULL || stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
            return not_found(c, jcl->name, why);
        dd->libraries[dd->n_libraries++] = path;
    }
    dd->path = dd->libraries[0];
    return ERR_OK;
}

static enum err
open_path(struct step_dd *dd, char *path, int flags, struct err_info *why)
{
    dd->path = path;
    dd->fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0640);
    return dd->fd >= 0 ? ERR_OK : err_sys(why, "%s (DD %s)", path, dd->name);
}

static enum err
open_dataset(struct step *step, const struct jcl_dd *jcl, struct step_dd *dd,
             struct err_info *why)
{
    char *path = dataset_path(step, jcl);
    struct stat st;
    bool exists;
    enum err e;

    if (path == NULL)
        return err_set(why, ERR_MEMORY, "no storage for DD %s", dd->name);
    exists = stat(path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return add_libraries(step, jcl, dd, why);
    /* A new data set needs ALTER, a new member of a library UPDATE. */
    e = protect(step, jcl, dd->name,
                jcl->status == JCL_SHR             ? SAF_READ
                : exists || jcl->member[0] != '\0' ? SAF_UPDATE
                : jcl->status == JCL_OLD           ? SAF_UPDATE
                                                   : SAF_ALTER,
                why);
    if (e != ERR_OK)
        return e;
    switch (jcl->status) {
    case JCL_SHR:
        return exists ? open_path(dd, path, O_RDONLY, why)
                      : not_found(jcl, dd->name, why);
    case JCL_OLD:
        return exists ? open_path(dd, path, O_RDWR, why)
                      : not_found(jcl, dd->name, why);
    case JCL_MOD:
        return open_path(dd, path, O_WRONLY | O_APPEND | O_CREAT, why);
    case JCL_NEW:
        if (exists && jcl->member[0] == '\0')
            return err_set(why, ERR_EXISTS,
                           "%.*s is already there; expected DISP=OLD or SHR "
                           "(DD %s)",
                           STR_ARG(jcl->dsn), dd->name);
        return open_path(dd, path, O_RDWR | O_CREAT, why);
    }
    return ERR_UNSUPPORTED;
}

/* In-stream data and concatenations: one memory file, read from its start. */
static enum err
open_memory(struct step *step, struct step_dd *dd, struct str content,
            struct err_info *why)
{
    dd->fd = chan_memfd(dd->name, content, why);
    if (dd->fd < 0)
        return ERR_IO;
    dd->path = str_fmt(step->arena, "/proc/self/fd/%d", dd->fd).p == NULL
                   ? NULL
                   : (char *)(uintptr_t)str_fmt(step->arena, "/proc/self/fd/%d",
                                                dd->fd)
                         .p;
    (void)lseek(dd->fd, 0, SEEK_SET);
    return dd->path != NULL
               ? ERR_OK
               : err_set(why, ERR_MEMORY, "no storage for DD %s", dd->name);
}

static enum err
concatenate(struct step *step, const struct jcl_dd *jcl, struct step_dd *dd,
            struct err_info *why)
{
    struct buf all;
    enum err e = ERR_OK;

    buf_init(&all, DATA_MAX);
    for (const struct jcl_dd *c = jcl; e == ERR_OK && c != NULL;
         c = c->concat) {
        char *path = c->kind == JCL_DD_DSN    ? dataset_path(step, c)
                     : c->kind == JCL_DD_PATH ? str_z(step->arena, c->path)
                                              : NULL;

        e = protect(step, c, jcl->name, SAF_READ, why);
        if (e != ERR_OK)
            break;
        if (c->kind == JCL_DD_DATA)
            buf_add(&all, c->data);
        else if (c->kind != JCL_DD_DUMMY)
            e = path == NULL ? not_found(c, jcl->name, why)
                             : file_read(path, &all, why);
        if (e == ERR_NOT_FOUND && c->kind == JCL_DD_DSN)
            e = not_found(c, jcl->name, why);
    }
    if (e == ERR_OK)
        e = buf_check(&all, why);
    if (e == ERR_OK)
        e = open_memory(step, dd, buf_view(&all), why);
    buf_fini(&all);
    return e;
}

static bool
is_library(const struct step *step, const struct jcl_dd *jcl)
{
    char *path = jcl->kind == JCL_DD_DSN && jcl->member[0] == '\0'
                     ? dataset_path(step, jcl)
                     : NULL;
    struct stat st;

    return path != NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static enum err
alloc_dd(struct step *step, const struct jcl_dd *jcl, struct err_info *why)
{
    static const int path_flags[] = { O_RDONLY, O_WRONLY | O_CREAT | O_TRUNC,
                                      O_WRONLY | O_CREAT | O_APPEND };
    struct step_dd *dd;

    if (jcl->kind == JCL_DD_SYSOUT)
        return alloc_sysout(step, jcl->name, &dd, why);
    dd = add_dd(step, jcl->name, jcl->kind);
    if (dd == NULL)
        return err_set(why, ERR_MEMORY, "no storage for DD %s", jcl->name);
    if (jcl->concat != NULL)
        return is_library(step, jcl) ? add_libraries(step, jcl, dd, why)
                                     : concatenate(step, jcl, dd, why);
    switch (jcl->kind) {
    case JCL_DD_NONE:
    case JCL_DD_SYSOUT:
        break;
    case JCL_DD_DUMMY:
        return open_path(dd, (char *)(uintptr_t) "/dev/null", O_RDWR, why);
    case JCL_DD_DATA:
        return open_memory(step, dd, jcl->data, why);
    case JCL_DD_DSN:
        return open_dataset(step, jcl, dd, why);
    case JCL_DD_PATH:
        return open_path(dd, str_z(step->arena, jcl->path),
                         path_flags[jcl->path_access], why);
    }
    return ERR_OK;
}

enum err
alloc_step(struct step *step, struct err_info *why)
{
    for (const struct jcl_dd *dd = step->jcl->dds; dd != NULL; dd = dd->next) {
        enum err e = alloc_dd(step, dd, why);

        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

void
alloc_free(struct step *step)
{
    for (struct step_dd *dd = step->dds; dd != NULL; dd = dd->next) {
        if (dd->fd >= 0)
            close(dd->fd);
        dd->fd = -1;
    }
    step->dds = NULL;
}
