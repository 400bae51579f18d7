/*
 * Where the programs are attached: the root of all cgroups, the image's own,
 * the network namespace. Links are pinned, so that they outlive this process,
 * and two maps are common to all images of the machine, so that none touches
 * what is another one's.
 */
#include "ttls/capture_priv.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "ttls/bpffs.h"

/* In the order of replacement: an old connect program may still send what the
 * new engines do not know (refused), never the other way round. */
static const struct {
    const char *name;
    enum bpf_attach_type type;
    enum place place;
} programs[] = {
    { "capture_sockops", BPF_CGROUP_SOCK_OPS, AT_ROOT },
    { "capture_getpeername4", BPF_CGROUP_INET4_GETPEERNAME, AT_ROOT },
    { "capture_getpeername6", BPF_CGROUP_INET6_GETPEERNAME, AT_ROOT },
    { "capture_getsockname4", BPF_CGROUP_INET4_GETSOCKNAME, AT_ROOT },
    { "capture_getsockname6", BPF_CGROUP_INET6_GETSOCKNAME, AT_ROOT },
    { "capture_connect4", BPF_CGROUP_INET4_CONNECT, AT_ROOT },
    { "capture_connect6", BPF_CGROUP_INET6_CONNECT, AT_ROOT },
    { "capture_made4", BPF_CGROUP_INET4_CONNECT, AT_IMAGE },
    { "capture_made6", BPF_CGROUP_INET6_CONNECT, AT_IMAGE },
    { "capture_lookup", BPF_SK_LOOKUP, AT_NETNS },
};

_Static_assert(ARRAY_LEN(programs) == CAPTURE_PROGRAMS, "a link for each");

/* --- pins --------------------------------------------------------------- */

static bool
has_bpf_folder(void)
{
    if (bpffs_is_here())
        return true;
    log_warn("%s cannot be mounted: capture ends with this process",
             BPF_FOLDER);
    return false;
}

void
capture_find_pins(struct capture *c, const char *name)
{
    if (!has_bpf_folder())
        return;
    if ((size_t)snprintf(c->pins, sizeof c->pins, "%s/sallyport-%s", BPF_FOLDER,
                         name) >= sizeof c->pins ||
        (mkdir(c->pins, 0700) != 0 && errno != EEXIST)) {
        log_warn("%s: %s", c->pins, strerror(errno));
        c->pins[0] = '\0';
    }
}

static int
pinned(const struct capture *c, const char *name, char *path, size_t cap)
{
    if (c->pins[0] == '\0')
        return -1;
    (void)snprintf(path, cap, "%s/%s", c->pins, name);
    return bpf_obj_get(path);
}

void
capture_links_init(struct capture *c)
{
    for (size_t i = 0; i < ARRAY_LEN(c->links); i++)
        c->links[i] = -1;
    c->every_engine = c->every_image = -1;
}

bool
capture_has_predecessor(const struct capture *c)
{
    char path[256];
    int link = pinned(c, programs[0].name, path, sizeof path);

    if (link >= 0)
        close(link);
    return link >= 0;
}

/* --- all images ---------------------------------------------------------- */

/* Maps that all images of the machine have in common. */
static const struct {
    const char *name, *path;
} shared[] = {
    { "every_engine", BPF_FOLDER "/sallyport-engines" },
    { "every_image", BPF_FOLDER "/sallyport-images" },
};

bool
capture_share(struct capture *c)
{
    for (size_t i = 0; c->pins[0] != '\0' && i < ARRAY_LEN(shared); i++) {
        struct bpf_map *map =
            bpf_object__find_map_by_name(c->object, shared[i].name);

        if (map == NULL || bpf_map__set_pin_path(map, shared[i].path) != 0)
            return false;
    }
    return true;
}

int
capture_lock(const struct capture *c)
{
    int fd = c->pins[0] == '\0'
                 ? -1
                 : open(BPF_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0)
        IGNORE(flock(fd, LOCK_EX));
    return fd;
}

void
capture_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Another stack of this image: its folder of pins differs in the last part. */
static bool
has_sibling(const struct capture *c)
{
    const char *name = c->pins + strlen(BPF_FOLDER) + 1;
    const char *stack = strrchr(name, '-');
    bool is_found = false;
    struct dirent *d;
    DIR *dir = opendir(BPF_FOLDER);

    while (dir != NULL && !is_found && (d = readdir(dir)) != NULL)
        is_found = strncmp(d->d_name, name, (size_t)(stack - name) + 1) == 0;
    if (dir != NULL)
        closedir(dir);
    return is_found;
}

/* Our rows in the common maps; and the maps, when nobody is left. */
static void
leave_shared(const struct capture *c)
{
    int lock = capture_lock(c);
    uint64_t image;

    for (uint32_t slot = 0; slot < 2; slot++) {
        struct capture_engine key = { c->filter->netns,
                                      c->filter->engine_port[slot], slot };

        (void)bpf_map_delete_elem(c->every_engine, &key);
    }
    if (lock >= 0 && !has_sibling(c))
        (void)bpf_map_delete_elem(c->every_image, &c->filter->image_cgroup);
    for (size_t i = 0; lock >= 0 && i < ARRAY_LEN(shared) &&
                       bpf_map_get_next_key(c->every_image, NULL, &image) != 0;
         i++)
        (void)unlink(shared[i].path);
    capture_unlock(lock);
}

/* --- attaching ------------------------------------------------------------ */

/* Is it where programs are to be now? The scope may be another one since. */
static bool
is_at(int link, int folder, bool is_net)
{
    struct bpf_link_info info = { 0 };
    __u32 n = sizeof info;
    struct stat st;

    if (bpf_obj_get_info_by_fd(link, &info, &n) != 0 || fstat(folder, &st) != 0)
        return false;
    return is_net ? info.netns.netns_ino == st.st_ino
                  : info.cgroup.cgroup_id == st.st_ino;
}

/* Put one program in the place of its predecessor (a link, -1: none), or in a
 * new one; the predecessor refuses what it steers until the new one stands. */
static enum err
attach(struct capture *c, size_t i, int at, int old, const char *path,
       struct err_info *why)
{
    struct bpf_program *program =
        bpf_object__find_program_by_name(c->object, programs[i].name);
    int fd = bpf_program__fd(program), link;

    if (old >= 0 && is_at(old, at, programs[i].place == AT_NETNS) &&
        bpf_link_update(old, fd, NULL) == 0) {
        c->links[i] = old;
        return ERR_OK;
    }
    link = bpf_link_create(fd, at, programs[i].type, NULL);
    if (link < 0)
        err_set(why, ERR_UNSUPPORTED, "program %s cannot be attached: %s",
                programs[i].name, strerror(errno));
    /* It was elsewhere, its cgroup is gone, or it was another kind of link. */
    if (old >= 0) {
        close(old);
        if (link >= 0)
            (void)unlink(path);
    }
    if (link < 0)
        return ERR_UNSUPPORTED;
    if (c->pins[0] != '\0' && bpf_obj_pin(link, path) != 0)
        log_warn("%s: %s", path, strerror(errno));
    c->links[i] = link;
    return ERR_OK;
}

enum err
capture_attach(struct capture *c, struct err_info *why)
{
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < ARRAY_LEN(programs); i++) {
        const char *place = c->places[programs[i].place];
        char path[256];
        int old = pinned(c, programs[i].name, path, sizeof path), at;

        if (place[0] == '\0') { /* its scope had another one */
            if (old >= 0) {
                (void)unlink(path);
                close(old);
            }
            continue;
        }
        at = open(place, O_RDONLY | O_CLOEXEC);
        e = at < 0 ? err_sys(why, "%s", place)
                   : attach(c, i, at, old, path, why);
        if (at >= 0)
            close(at);
    }
    if (e == ERR_OK &&
        bpf_map_update_elem(c->every_image, &c->filter->image_cgroup,
                            &(uint32_t){ 1 }, BPF_ANY) != 0)
        e = err_sys(why, "the image among all images");
    return e;
}

void
capture_detach(struct capture *c)
{
    char path[256];

    for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
        if (c->links[i] < 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", c->pins, programs[i].name);
        if (c->pins[0] != '\0')
            (void)unlink(path);
        (void)bpf_link_detach(c->links[i]);
        close(c->links[i]);
    }
    if (c->pins[0] != '\0')
        (void)rmdir(c->pins);
    if (c->every_image >= 0)
        leave_shared(c);
}
