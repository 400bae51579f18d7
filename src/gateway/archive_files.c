#include "gateway/archive_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"

static int64_t
time_ns(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct file_stamp
stamp_of(const struct stat *st)
{
    return (struct file_stamp){ .device = (uint64_t)st->st_dev,
                                .node = (uint64_t)st->st_ino,
                                .bytes = (uint64_t)st->st_size,
                                .changed_ns = time_ns(st->st_mtim),
                                .status_ns = time_ns(st->st_ctim) };
}

bool
file_stamp_is_touched(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->bytes != b->bytes || a->changed_ns != b->changed_ns;
}

bool
file_stamp_is_same(const struct file_stamp *a, const struct file_stamp *b)
{
    return !file_stamp_is_touched(a, b) && a->device == b->device &&
           a->node == b->node && a->status_ns == b->status_ns;
}

/* A time that lies ahead is a clock that goes wrong, not a writer at work. */
bool
file_stamp_is_fresh(const struct file_stamp *stamp, uint64_t wall_ms)
{
    int64_t age_ms = (int64_t)wall_ms - stamp->changed_ns / 1000000;

    return age_ms < (int64_t)FILE_SETTLE_MS &&
           age_ms > -(int64_t)FILE_SETTLE_MS;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct folder_file *)a)->name,
                  ((const struct folder_file *)b)->name);
}

void
folder_files_free(struct folder_files *files)
{
    for (size_t i = 0; i < files->n; i++)
        free(files->v[i].name);
    VEC_FREE(files);
}

static enum err
add_file(int folder_fd, const char *folder, const char *name,
         struct folder_files *out, struct err_info *why)
{
    struct folder_file file;
    struct stat st;

    /* what vanished since, or is no file, is not there */
    if (fstatat(folder_fd, name, &st, 0) != 0 || !S_ISREG(st.st_mode))
        return ERR_OK;
    if (out->n == FOLDER_FILES_MAX)
        return err_set(why, ERR_LIMIT, "%s: more than %u archives", folder,
                       FOLDER_FILES_MAX);
    file = (struct folder_file){ strdup(name), stamp_of(&st) };
    if (file.name != NULL && VEC_PUSH(out, file))
        return ERR_OK;
    free(file.name);
    return err_set(why, ERR_MEMORY, "no storage for archives");
}

enum err
folder_scan(const char *folder, const char *suffix, struct folder_files *out,
            struct err_info *why)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    enum err e = ERR_OK;

    if (dir == NULL)
        return errno == ENOENT ? ERR_OK : err_sys(why, "%s", folder);
    for (errno = 0; e == ERR_OK && (entry = readdir(dir)) != NULL; errno = 0) {
        struct str name = str_of(entry->d_name);

        if (name.p[0] != '.' && str_ends(name, str_of(suffix)))
            e = add_file(dirfd(dir), folder, entry->d_name, out, why);
    }
    if (e == ERR_OK && errno != 0)
        e = err_sys(why, "%s", folder);
    closedir(dir);
    if (out->n > 1)
        qsort(out->v, out->n, sizeof *out->v, by_name);
    return e;
}

enum err
archive_file_read(const char *path, struct buf *bytes, struct file_stamp *stamp,
                  struct err_info *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    enum err e = ERR_OK;
    ssize_t n = 1;
    char piece[65536];

    if (fd < 0)
        return err_sys(why, "%s", path);
    if (fstat(fd, &st) != 0)
        e = err_sys(why, "%s", path);
    else if (!S_ISREG(st.st_mode))
        e = err_set(why, ERR_NOT_FOUND, "%s: not a file", path);
    while (e == ERR_OK && n != 0) {
        n = read(fd, piece, sizeof piece);
        if (n < 0 && errno != EINTR)
            e = err_sys(why, "%s", path);
        else if (n > 0)
            buf_add(bytes, str_n(piece, (size_t)n));
        if (bytes->failed)
            e = buf_check(bytes, why);
    }
    close(fd);
    if (e == ERR_OK)
        *stamp = stamp_of(&st);
    return e;
}
