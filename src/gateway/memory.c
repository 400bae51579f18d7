#include "gateway/memory.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"

#define FILE_BYTES_MAX 65536u

/* A decimal number at the start of a file; SIZE_MAX: "max", or no such file. */
static size_t
read_number(const char *path)
{
    size_t result = SIZE_MAX;
    struct buf text;
    uint64_t n;

    buf_init(&text, FILE_BYTES_MAX);
    if (file_read(path, &text, NULL) == ERR_OK &&
        str_to_u64(str_trim(buf_view(&text)), &n))
        result = (size_t)n;
    buf_fini(&text);
    return result;
}

/* The least limit of a control group and of all above it. */
static size_t
limit_of(const char *cgroups, const char *sub, struct str group,
         const char *file)
{
    size_t least = SIZE_MAX;

    for (;;) {
        char path[4096];
        size_t n, slash;

        snprintf(path, sizeof path, "%s%s" STR_FMT "/%s", cgroups, sub,
                 STR_ARG(group), file);
        n = read_number(path);
        if (n < least)
            least = n;
        slash = str_rfind_char(group, '/');
        if (slash == STR_NPOS || group.n <= 1)
            return least;
        group = str_sub(group, 0, slash);
    }
}

/* A line of /proc/self/cgroup: number ":" controllers ":" path */
static size_t
limit_of_line(const char *cgroups, struct str line)
{
    size_t first = str_find_char(line, ':'), second;
    struct str rest, controllers;

    if (first == STR_NPOS)
        return SIZE_MAX;
    rest = str_sub(line, first + 1, line.n);
    second = str_find_char(rest, ':');
    if (second == STR_NPOS)
        return SIZE_MAX;
    controllers = str_sub(rest, 0, second);
    rest = str_sub(rest, second + 1, rest.n);
    if (controllers.n == 0)
        return limit_of(cgroups, "", rest, "memory.max");
    if (str_eq_z(controllers, "memory"))
        return limit_of(cgroups, "/memory", rest, "memory.limit_in_bytes");
    return SIZE_MAX;
}

static size_t
machine_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

    return pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX;
}

size_t
memory_limit(const char *proc, const char *cgroups)
{
    size_t least = machine_bytes();
    char path[4096];
    struct buf text;
    struct str rest;

    snprintf(path, sizeof path, "%s/self/cgroup", proc);
    buf_init(&text, FILE_BYTES_MAX);
    if (file_read(path, &text, NULL) != ERR_OK)
        buf_clear(&text);
    rest = buf_view(&text);
    while (rest.n > 0) {
        size_t end = str_find_char(rest, '\n');
        size_t n = limit_of_line(
            cgroups, str_sub(rest, 0, end == STR_NPOS ? rest.n : end));

        if (n < least)
            least = n;
        rest = str_sub(rest, end == STR_NPOS ? rest.n : end + 1, rest.n);
    }
    buf_fini(&text);
    return least;
}

/* The second number of statm is pages. */
size_t
memory_resident(const char *proc)
{
    long page = sysconf(_SC_PAGESIZE);
    char path[4096];
    struct buf text;
    struct str all;
    uint64_t pages = 0;
    size_t blank;

    snprintf(path, sizeof path, "%s/self/statm", proc);
    buf_init(&text, 4096);
    if (file_read(path, &text, NULL) == ERR_OK) {
        all = buf_view(&text);
        blank = str_find_char(all, ' ');
        all = str_sub(all, blank == STR_NPOS ? all.n : blank + 1, all.n);
        if (!str_to_u64(str_sub(all, 0, str_find_char(all, ' ')), &pages))
            pages = 0;
    }
    buf_fini(&text);
    return (size_t)pages * (size_t)page;
}
