#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads to the end and closes. */
static enum err
read_all(int fd, const char *path, struct buf *out, struct err_info *why)
{
    enum err e = ERR_OK;

    for (;;) {
        char chunk[16384];
        ssize_t n = read(fd, chunk, sizeof chunk);

        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            e = err_sys(why, "%s", path);
            break;
        }
        buf_add(out, str_n(chunk, (size_t)n));
        if (out->failed) {
            e = err_set(why, ERR_LIMIT, "%s: larger than %zu bytes", path,
                        out->max);
            break;
        }
    }
    close(fd);
    return e;
}

enum err
file_read(const char *path, struct buf *out, struct err_info *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? err_sys(why, "%s", path) : read_all(fd, path, out, why);
}

enum err
file_read_plain(const char *path, struct buf *out, struct err_info *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd < 0 && errno != ELOOP)
        return err_sys(why, "%s", path);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        return err_set(why, ERR_NOT_FOUND, "%s: not an ordinary file", path);
    }
    return read_all(fd, path, out, why);
}

static bool
write_all(int fd, struct str content)
{
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        content = str_sub(content, (size_t)n, content.n);
    }
    return true;
}

static enum err
write_beside(const char *path, struct str content, mode_t mode, bool must_sync,
             struct err_info *why)
{
    char beside[4096];
    enum err e = ERR_OK;
    int fd;

    if ((size_t)snprintf(beside, sizeof beside, "%s.%d.new", path,
                         (int)getpid()) >= sizeof beside)
        return err_set(why, ERR_LIMIT, "%s: path too long", path);
    /* A left-over of a process that died goes; nothing that others put there
     * is written into. */
    (void)unlink(beside);
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
              mode);
    if (fd < 0)
        return err_sys(why, "%s", beside);
    if (!write_all(fd, content) || (must_sync && fsync(fd) != 0))
        e = err_sys(why, "%s", beside);
    if (close(fd) != 0 && e == ERR_OK)
        e = err_sys(why, "%s", beside);
    if (e == ERR_OK && rename(beside, path) != 0)
        e = err_sys(why, "%s", path);
    if (e != ERR_OK)
        unlink(beside);
    return e;
}

enum err
file_write_atomic(const char *path, struct str content, mode_t mode,
                  struct err_info *why)
{
    return write_beside(path, content, mode, true, why);
}

enum err
file_replace(const char *path, struct str content, mode_t mode,
             struct err_info *why)
{
    return write_beside(path, content, mode, false, why);
}

enum err
dir_make(const char *path, mode_t mode, struct err_info *why)
{
    char copy[4096];
    size_t n = strlen(path);
    struct stat st;

    if (n == 0 || n >= sizeof copy)
        return err_set(why, ERR_LIMIT, "directory path is empty or too long");
    memcpy(copy, path, n + 1);
    for (char *p = copy + 1;; p++) {
        char was = *p;

        if (was != '/' && was != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, mode) != 0 && errno != EEXIST)
            return err_sys(why, "%s", copy);
        *p = was;
        if (was != '\0')
            continue;
        if (stat(path, &st) != 0)
            return err_sys(why, "%s", path);
        if (S_ISDIR(st.st_mode))
            return ERR_OK;
        errno = ENOTDIR;
        return err_sys(why, "%s", path);
    }
}

enum err
dir_check(const char *path, struct err_info *why)
{
    char copy[4096];
    size_t n = strlen(path);
    struct stat st;

    if (n == 0 || n >= sizeof copy)
        return err_set(why, ERR_LIMIT, "directory path is empty or too long");
    memcpy(copy, path, n + 1);
    while (stat(copy, &st) != 0) {
        char *slash = strrchr(copy, '/');

        if (errno != ENOENT)
            return err_sys(why, "%s", copy);
        if (slash == NULL)
            (void)strcpy(copy, ".");
        else
            slash[slash == copy ? 1 : 0] = '\0';
    }
    if (!S_ISDIR(st.st_mode))
        return err_set(why, ERR_IO, "%s: %s", copy, strerror(ENOTDIR));
    return access(copy, W_OK | X_OK) == 0 ? ERR_OK : err_sys(why, "%s", copy);
}

static enum err
remove_at(int dir, const char *name, int depth, struct err_info *why)
{
    enum err e = ERR_OK;
    struct dirent *entry;
    DIR *list;
    int fd;

    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return ERR_OK;
    if (errno != EISDIR && errno != EPERM)
        return err_sys(why, "%s", name);
    if (depth > 64)
        return err_set(why, ERR_LIMIT, "%s: nested too deep", name);
    fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || (list = fdopendir(fd)) == NULL) {
        e = err_sys(why, "%s", name);
        if (fd >= 0)
            close(fd);
        return e;
    }
    while (e == ERR_OK && (entry = readdir(list)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            e = remove_at(dirfd(list), entry->d_name, depth + 1, why);
    }
    closedir(list);
    if (e == ERR_OK && unlinkat(dir, name, AT_REMOVEDIR) != 0)
        e = err_sys(why, "%s", name);
    return e;
}

enum err
tree_remove(const char *path, struct err_info *why)
{
    return remove_at(AT_FDCWD, path, 0, why);
}

char *
path_join(struct arena *arena, struct str dir, struct str name)
{
    bool has_slash = dir.n > 0 && dir.p[dir.n - 1] == '/';

    return (char *)(uintptr_t)str_fmt(arena, STR_FMT "%s" STR_FMT, STR_ARG(dir),
                                      has_slash ? "" : "/", STR_ARG(name))
        .p;
}

char *
path_normalise(struct arena *arena, struct str path)
{
    char *out = arena_alloc(arena, path.n + 2);
    size_t n = 0, i = 0;
    bool is_absolute = path.n > 0 && (path.p[0] == '/' || path.p[0] == '\\');

    if (out == NULL)
        return NULL;
    if (is_absolute)
        out[n++] = '/';
    while (i < path.n) {
        size_t from;

        while (i < path.n && (path.p[i] == '/' || path.p[i] == '\\'))
            i++;
        from = i;
        while (i < path.n && path.p[i] != '/' && path.p[i] != '\\')
            i++;
        if (i == from || (i - from == 1 && path.p[from] == '.'))
            continue;
        if (i - from == 2 && path.p[from] == '.' && path.p[from + 1] == '.' &&
            (is_absolute || n > 0)) {
            while (n > is_absolute && out[n - 1] != '/')
                n--;
            if (n > is_absolute)
                n--;
            continue;
        }
        if (n > 0 && out[n - 1] != '/')
            out[n++] = '/';
        memcpy(out + n, path.p + from, i - from);
        n += i - from;
    }
    if (n == 0)
        out[n++] = '.';
    out[n] = '\0';
    return out;
}

const char *
root_dir(void)
{
    static char root[2048];
    const char *given = getenv("SALLYPORT_ROOT");
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    size_t n;

    if (root[0] != '\0')
        return root;
    if (given != NULL && given[0] == '/')
        snprintf(root, sizeof root, "%s", given);
    else if (given != NULL && given[0] != '\0') {
        char cwd[1024];

        snprintf(root, sizeof root, "%s/%s",
                 getcwd(cwd, sizeof cwd) == NULL ? "" : cwd, given);
    } else if (geteuid() == 0)
        snprintf(root, sizeof root, "/var/lib/sallyport");
    else if (state != NULL && state[0] == '/')
        snprintf(root, sizeof root, "%s/sallyport", state);
    else
        snprintf(root, sizeof root, "%s/.local/state/sallyport",
                 home == NULL ? "" : home);
    n = strlen(root);
    while (n > 1 && root[n - 1] == '/')
        root[--n] = '\0';
    return root;
}

char *
root_path(struct arena *arena, const char *fmt, ...)
{
    char below[3072];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(below, sizeof below, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof below)
        return NULL;
    return path_join(arena, str_of(root_dir()), str_of(below));
}

/* The owner of the image decides: an address space of root's image is no
 * superuser itself. */
bool
root_is_private(void)
{
    struct stat st;

    if (stat(root_dir(), &st) != 0)
        return geteuid() != 0;
    return st.st_uid != 0;
}

static void
set_file_limit(rlim_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

void
file_limit_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536)
        set_file_limit(65536);
}

void
file_limit_lower(void)
{
    set_file_limit(1024);
}
