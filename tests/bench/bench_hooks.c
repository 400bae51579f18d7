/*
 * What a stack has attached to the kernel, taken off and put back by turns:
 * bench-hooks FOLDER [PROGRAM...] takes over the links that are pinned in the
 * folder (the stack has then none: end it afterwards), and does what it is told
 * line by line, "on" or "off", with an answer "ok" when it is so. With names,
 * only those programs are ever on. Links to other cgroups than the root of all
 * stay as they are.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/cgroup.h"

#define HOOKS_MAX 32

struct hook {
    char name[64];
    int program, link;
    enum bpf_attach_type type;
    bool is_net; /* else of the root of all cgroups */
    bool is_wanted;
};

static struct hook hooks[HOOKS_MAX];
static size_t n_hooks;
static int root, netns;

static void NORETURN
fail(const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

/* False: it is not where we measure. */
static bool
take(struct hook *h, const char *path)
{
    struct bpf_link_info info = { 0 };
    __u32 n = sizeof info;
    struct stat at;
    int link = bpf_obj_get(path);

    if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &n) != 0)
        fail(path);
    h->is_net = info.type == BPF_LINK_TYPE_NETNS;
    h->type = h->is_net ? info.netns.attach_type : info.cgroup.attach_type;
    if (fstat(h->is_net ? netns : root, &at) != 0)
        fail("where programs are attached");
    if (at.st_ino !=
        (h->is_net ? info.netns.netns_ino : info.cgroup.cgroup_id)) {
        close(link);
        return false;
    }
    h->program = bpf_prog_get_fd_by_id(info.prog_id);
    if (h->program < 0 || bpf_link_detach(link) != 0)
        fail(path);
    close(link);
    h->link = -1;
    return true;
}

static void
take_all(const char *folder, int n_names, char **names)
{
    DIR *dir = opendir(folder);
    struct dirent *d;

    if (dir == NULL)
        fail(folder);
    while (n_hooks < HOOKS_MAX && (d = readdir(dir)) != NULL) {
        struct hook *h = &hooks[n_hooks];
        char path[512];

        if (d->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
        (void)snprintf(h->name, sizeof h->name, "%.63s", d->d_name);
        h->is_wanted = n_names == 0;
        for (int i = 0; i < n_names; i++)
            h->is_wanted = h->is_wanted || strcmp(names[i], h->name) == 0;
        n_hooks += take(h, path);
    }
    closedir(dir);
}

static void
put(struct hook *h, bool is_on)
{
    if (is_on == (h->link >= 0) || !h->is_wanted)
        return;
    if (is_on) {
        h->link = bpf_link_create(h->program, h->is_net ? netns : root, h->type,
                                  NULL);
        if (h->link < 0)
            fail(h->name);
    } else {
        close(h->link);
        h->link = -1;
    }
}

int
main(int argc, char **argv)
{
    char mount[256], line[16];

    if (argc < 2)
        return 2;
    if (!cgroup_mount(mount, sizeof mount))
        fail("cgroup v2");
    root = open(mount, O_RDONLY | O_CLOEXEC);
    netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (root < 0 || netns < 0)
        fail(mount);
    take_all(argv[1], argc - 2, argv + 2);
    if (n_hooks == 0)
        return 2;
    while (fgets(line, sizeof line, stdin) != NULL) {
        for (size_t i = 0; i < n_hooks; i++)
            put(&hooks[i], strcmp(line, "on\n") == 0);
        (void)puts("ok");
        (void)fflush(stdout);
    }
    return 0;
}
