#include "ttls/holders.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/cgroup.h"
#include "ttls/lineage.h"

static int
by_inode(const void *a, const void *b)
{
    const struct held *x = a, *y = b;

    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* The line of /proc/PID/FILE that begins so, behind that; false: none. */
static bool
line_of(const char *pid, const char *file, const char *start, char *out,
        int cap)
{
    char path[64];
    bool is_found = false;
    size_t n = strlen(start);
    FILE *f;

    (void)snprintf(path, sizeof path, "/proc/%.20s/%s", pid, file);
    f = fopen(path, "re");
    while (f != NULL && !is_found && fgets(out, cap, f) != NULL)
        is_found = strncmp(out, start, n) == 0;
    if (f != NULL)
        fclose(f);
    if (is_found) {
        memmove(out, out + n, strlen(out + n) + 1);
        out[strcspn(out, "\n")] = '\0';
    }
    return is_found;
}

/* False: it has ended meanwhile. */
static bool
describe(const char *pid, struct holder *h)
{
    char text[600], path[900], mount[256];
    struct process p;
    struct stat st;

    memset(h, 0, sizeof *h);
    h->pid = atoi(pid);
    if (!process_read((uint32_t)h->pid, &p) ||
        !line_of(pid, "status", "Uid:", text, sizeof text))
        return false;
    h->uid = (uint32_t)strtoul(text, NULL, 10);
    if (!cgroup_mount(mount, sizeof mount) ||
        !line_of(pid, "cgroup", "0::", text, sizeof text))
        return false;
    (void)snprintf(path, sizeof path, "%s%s", mount, text);
    if (stat(path, &st) != 0 || !line_of(pid, "comm", "", text, sizeof text))
        return false;
    h->start_ns = p.start_ns;
    h->cgroup = st.st_ino;
    (void)snprintf(h->comm, sizeof h->comm, "%.16s", text);
    return true;
}

static void
add(struct held *s, const struct holder *h)
{
    for (size_t i = 0; i < s->n; i++) {
        struct holder *old = &s->v[i];

        if (old->cgroup != h->cgroup || old->uid != h->uid ||
            strcmp(old->comm, h->comm) != 0)
            continue;
        if (h->start_ns < old->start_ns)
            *old = *h;
        return;
    }
    if (s->n == HOLDERS_MAX)
        s->is_more = true;
    else
        s->v[s->n++] = *h;
}

static void
look_into(const char *pid, struct held *v, size_t n)
{
    char path[64], link[64];
    struct holder holder;
    struct dirent *d;
    bool is_described = false;
    DIR *dir;

    (void)snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
    dir = opendir(path);
    while (dir != NULL && (d = readdir(dir)) != NULL) {
        ssize_t got = readlinkat(dirfd(dir), d->d_name, link, sizeof link - 1);
        struct held *s;

        if (got <= 8 || memcmp(link, "socket:[", 8) != 0)
            continue;
        link[got] = '\0';
        s = (struct held *)(uintptr_t)holders_of(
            v, n, (uint32_t)strtoul(link + 8, NULL, 10));
        if (s == NULL)
            continue;
        if (!is_described && !describe(pid, &holder))
            break;
        is_described = true;
        add(s, &holder);
    }
    if (dir != NULL)
        closedir(dir);
}

void
holders_find(struct held *v, size_t n)
{
    DIR *proc = n == 0 ? NULL : opendir("/proc");
    struct dirent *d;

    qsort(v, n, sizeof *v, by_inode);
    while (proc != NULL && (d = readdir(proc)) != NULL) {
        if (isdigit((unsigned char)d->d_name[0]))
            look_into(d->d_name, v, n);
    }
    if (proc != NULL)
        closedir(proc);
}

const struct held *
holders_of(const struct held *v, size_t n, uint32_t inode)
{
    const struct held key = { .inode = inode };

    return bsearch(&key, v, n, sizeof *v, by_inode);
}
