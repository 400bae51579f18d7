#include "watched.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/vec.h"

/* The kernel's clock for files ticks this coarsely, and more. */
#define SETTLE_MS 20

static struct watched_stamp
stamp_of(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return (struct watched_stamp){ 0 };
    return (struct watched_stamp){ .node = (uint64_t)st.st_ino,
                                   .bytes = (uint64_t)st.st_size,
                                   .changed_ns =
                                       (int64_t)st.st_mtim.tv_sec * 1000000000 +
                                       st.st_mtim.tv_nsec + 1 };
}

/* Not one of a clock that goes wrong. */
static bool
is_fresh(const struct watched_stamp *stamp)
{
    int64_t age_ms =
        (int64_t)clock_wall_ms() - stamp->changed_ns / (1000 * 1000);

    return age_ms >= -SETTLE_MS && age_ms <= SETTLE_MS;
}

static struct watched_stamp
stamp_to_keep(const char *path)
{
    struct watched_stamp stamp = stamp_of(path);

    if (is_fresh(&stamp))
        stamp.changed_ns = WATCHED_UNSETTLED;
    return stamp;
}

static bool
is_same(const struct watched_stamp *a, const struct watched_stamp *b)
{
    return a->bytes == b->bytes && a->node == b->node &&
           a->changed_ns == b->changed_ns;
}

const char *
watched_changed(const struct watched *files)
{
    for (size_t i = 0; i < files->n; i++) {
        struct watched_stamp now = stamp_of(files->v[i].path);

        if (!is_same(&now, &files->v[i].stamp))
            return files->v[i].path;
    }
    return NULL;
}

void
watched_settle(const struct watched *files)
{
    for (size_t i = 0; i < files->n; i++) {
        struct watched_stamp now = stamp_of(files->v[i].path);

        if (is_same(&now, &files->v[i].stamp) || !is_fresh(&now))
            continue;
        (void)poll(NULL, 0, SETTLE_MS + 1);
        return;
    }
}

void
watched_begin(struct watched *files)
{
    for (size_t i = 0; i < files->n; i++) {
        files->v[i].stamp = stamp_to_keep(files->v[i].path);
        files->v[i].is_looked = false;
    }
}

static struct watched_file *
find(struct watched *files, struct str path)
{
    for (size_t i = 0; i < files->n; i++)
        if (str_eq_z(path, files->v[i].path))
            return &files->v[i];
    return NULL;
}

void
watched_look(struct watched *files, struct str path)
{
    struct watched_file *file = find(files, path), new = { 0 };

    if (file == NULL) {
        new.path = strndup(path.p, path.n);
        if (new.path == NULL || !VEC_PUSH(files, new)) {
            free(new.path);
            return;
        }
        file = &files->v[files->n - 1];
    }
    file->stamp = stamp_to_keep(file->path);
    file->is_looked = true;
}

void
watched_end(struct watched *files, bool is_taken)
{
    size_t kept = 0;

    for (size_t i = 0; i < files->n; i++) {
        struct watched_file *file = &files->v[i];

        if (is_taken)
            file->is_used = file->is_looked;
        if (file->is_used || file->is_looked)
            files->v[kept++] = *file;
        else
            free(file->path);
    }
    files->n = kept;
}

void
watched_free(struct watched *files)
{
    for (size_t i = 0; i < files->n; i++)
        free(files->v[i].path);
    VEC_FREE(files);
}
