#include "batch/cgroup.h"

#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

#define REMOVE_TRIES 20
#define REMOVE_WAIT_US 1000u

/* The first cgroup v2 mount: /sys/fs/cgroup, or beside v1's. */
static bool
find_mount(char *out, size_t cap)
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
static bool
image_folder(char *out, size_t cap)
{
    char mount[256];
    struct stat st;
    int n;

    if (!find_mount(mount, sizeof mount) || stat(root_dir(), &st) != 0)
        return false;
    n = snprintf(out, cap, "%s/sallyport/%llx-%llx", mount,
                 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return n > 0 && (size_t)n < cap && dir_make(out, 0755, NULL) == ERR_OK;
}

static bool
write_file(const char *folder, const char *name, const char *text)
{
    char path[512];
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
    if (image_folder(image, sizeof image) &&
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
cgroup_end(char *path)
{
    if (path[0] == '\0')
        return;
    if (!write_file(path, "cgroup.kill", "1"))
        log_warn("%s: what is left in it cannot be killed", path);
    for (int i = 0; rmdir(path) != 0 && i < REMOVE_TRIES; i++)
        usleep(REMOVE_WAIT_US); /* the killed ones are still leaving */
    *strrchr(path, '/') = '\0';
    (void)rmdir(path); /* the image's folder, with its last job */
    path[0] = '\0';
}
