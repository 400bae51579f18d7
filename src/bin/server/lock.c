#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

/* How long a worker may outlive a parent that was killed. */
#define ORPHAN_WAIT_MS 5000

static bool
lock_path(const struct settings *s, char *path, size_t cap)
{
    return (size_t)snprintf(path, cap, "%s/workarea/.sLock", s->output_dir) <
           cap;
}

static pid_t
read_holder(int fd)
{
    char text[16] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    uint64_t pid;

    if (n <= 0 || !str_to_u64(str_trim(str_n(text, (size_t)n)), &pid) ||
        pid > INT32_MAX)
        return 0;
    return (pid_t)pid;
}

/* Also one that ended and that nobody has waited for yet: it answers kill(). */
bool
lock_holder_is_gone(pid_t pid)
{
    struct pollfd p = { .events = POLLIN };
    bool is_gone;

    if (pid <= 0)
        return false;
    p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (p.fd < 0)
        return errno == ESRCH;
    is_gone = poll(&p, 1, 0) == 1;
    close(p.fd);
    return is_gone;
}

/* The lock, waiting only for a worker whose parent is dead: it ends at once
 * when it sees that. */
static bool
take(int fd)
{
    for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited += 20) {
        if (!lock_holder_is_gone(read_holder(fd)) || waited > ORPHAN_WAIT_MS)
            return false;
        (void)poll(NULL, 0, 20);
    }
    return true;
}

enum err
lock_take(const struct settings *s, int *fd, pid_t *holder,
          struct err_info *why)
{
    char path[4096], text[16];
    int n;

    *holder = 0;
    if (!lock_path(s, path, sizeof path))
        return err_set(why, ERR_LIMIT, "%s: path too long", s->output_dir);
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (*fd < 0)
        return err_sys(why, "%s", path);
    if (!take(*fd)) {
        *holder = read_holder(*fd);
        close(*fd);
        return err_set(why, ERR_EXISTS, "an instance of server %s is running",
                       s->name);
    }
    n = snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (ftruncate(*fd, 0) != 0 || pwrite(*fd, text, (size_t)n, 0) != n) {
        close(*fd);
        return err_sys(why, "%s", path);
    }
    return ERR_OK;
}

bool
lock_is_readable(const struct settings *s)
{
    char path[4096];
    int fd;

    if (!lock_path(s, path, sizeof path))
        return false;
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT;
    close(fd);
    return true;
}

bool
lock_is_held(const struct settings *s, pid_t *holder)
{
    char path[4096];
    bool is_held;
    int fd;

    if (!lock_path(s, path, sizeof path))
        return false;
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    is_held = flock(fd, LOCK_EX | LOCK_NB) != 0;
    if (is_held && holder != NULL)
        *holder = read_holder(fd);
    close(fd);
    return is_held;
}
