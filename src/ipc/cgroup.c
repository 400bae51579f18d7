#include "ipc/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

#define REMOVE_TRIES 20
#define REMOVE_WAIT_US 1000u

bool
cgroup_mount(char *out, size_t cap)
{
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    bool is_found = false;
    struct mntent *m;

    while (mounts != NULL && !is_found && (m = getmntent(mounts)) != NULL)
        is_found = strcmp(m->mnt_type, "cgroup2") == 0 &&
                   str_copy_z(str_of(m->mnt_dir), out, cap);
    if (mounts != NULL)
        endmntent(mounts);
    return is_found;
}

/* Two images of one machine number their jobs alike. */
bool
cgroup_image(char *out, size_t cap)
{
    char mount[256];
    struct stat st;
    int n;

    if (!cgroup_mount(mount, sizeof mount) || stat(root_dir(), &st) != 0)
        return false;
    n = snprintf(out, cap, "%s/sallyport/%llx-%llx", mount,
                 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return n > 0 && (size_t)n < cap && dir_make(out, 0755, NULL) == ERR_OK;
}

static bool
write_file(const char *folder, const char *name, const char *text)
{
    char path[800];
    bool is_ok;
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    is_ok = fd >= 0 && write(fd, text, strlen(text)) > 0;
    if (fd >= 0)
        close(fd);
    return is_ok;
}

void
cgroup_enter(const char *job_id, pid_t pid, char *path, size_t cap)
{
    static bool was_said;
    char image[400], number[32];

    path[0] = '\0';
    if (root_is_private())
        return;
    (void)snprintf(number, sizeof number, "%d", (int)pid);
    if (cgroup_image(image, sizeof image) &&
        (size_t)snprintf(path, cap, "%s/%s", image, job_id) < cap &&
        dir_make(path, 0755, NULL) == ERR_OK &&
        write_file(path, "cgroup.procs", number))
        return;
    path[0] = '\0';
    if (!was_said)
        log_warn("address spaces have no cgroup of their own: no cgroup v2 "
                 "mount may be written here");
    was_said = true;
}

void
cgroup_name(const char *path, const char *job_name, const char *user)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%s %s", job_name, user);

    if (path[0] != '\0' && n > 0 && (size_t)n < sizeof text &&
        setxattr(path, CGROUP_JOB_XATTR, text, (size_t)n, 0) != 0)
        log_warn("%s: the job's name cannot be noted: AT-TLS rules do not "
                 "know it",
                 path);
}

/* The folder of a cgroup by its id, which is its file handle; root only. */
static int
open_by_id(uint64_t id)
{
    struct {
        struct file_handle h;
        uint64_t id;
    } handle = { { sizeof id, 0xfe }, id };
    char mount[256];
    int dir, fd;

    if (!cgroup_mount(mount, sizeof mount))
        return -1;
    dir = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fd = dir < 0 ? -1
                 : open_by_handle_at(dir, &handle.h,
                                     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0)
        close(dir);
    return fd;
}

bool
cgroup_who(uint64_t id, char job_name[9], char user[9], char *path, size_t cap)
{
    char link[64], text[64];
    int fd = open_by_id(id);
    ssize_t n, t;

    job_name[0] = user[0] = path[0] = '\0';
    if (fd < 0)
        return false;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, cap - 1);
    t = fgetxattr(fd, CGROUP_JOB_XATTR, text, sizeof text - 1);
    close(fd);
    path[n < 0 ? 0 : n] = '\0';
    if (n <= 0)
        return false;
    if (t > 0) {
        text[t] = '\0';
        if (sscanf(text, "%8s %8s", job_name, user) != 2)
            job_name[0] = user[0] = '\0';
    }
    return true;
}

bool
cgroup_end(char *path)
{
    bool is_gone;

    if (path[0] == '\0')
        return true;
    if (!write_file(path, "cgroup.kill", "1"))
        log_warn("%s: what is left in it cannot be killed", path);
    for (int i = 0; rmdir(path) != 0 && i < REMOVE_TRIES; i++)
        usleep(REMOVE_WAIT_US); /* the killed ones are still leaving */
    is_gone = access(path, F_OK) != 0;
    *strrchr(path, '/') = '\0';
    (void)rmdir(path); /* the image's folder, with its last job */
    path[0] = '\0';
    return is_gone;
}

static bool
is_of_job(const char *name)
{
    return strncmp(name, "JOB", 3) == 0 || strncmp(name, "STC", 3) == 0 ||
           strncmp(name, "TSU", 3) == 0;
}

bool
cgroup_sweep(bool kill, bool (*is_used)(void *arg, const char *job_id),
             void *arg)
{
    char image[400], path[700];
    struct dirent *entry;
    bool is_clean = true;
    DIR *dir;

    if (root_is_private() || !cgroup_image(image, sizeof image))
        return true;
    dir = opendir(image);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        if (is_used != NULL &&
            (!is_of_job(entry->d_name) || is_used(arg, entry->d_name)))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", image, entry->d_name);
        if (kill && is_of_job(entry->d_name))
            IGNORE(write_file(path, "cgroup.kill", "1"));
        is_clean = rmdir(path) == 0 && is_clean;
    }
    if (dir != NULL)
        (void)closedir(dir);
    (void)rmdir(image);
    return is_clean;
}

void
cgroup_end_soon(char *path, unsigned within_ms)
{
    for (unsigned ms = 0; ms < within_ms; ms += REMOVE_WAIT_US / 1000) {
        if (rmdir(path) == 0 || errno == ENOENT) {
            path[0] = '\0';
            return;
        }
        usleep(REMOVE_WAIT_US);
    }
    (void)cgroup_end(path);
}
