#include "ttls/lineage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_A_SECOND 1000000000u
#define FIELD_PARENT 4u /* of proc_pid_stat(5) */
#define FIELD_SESSION 6u
#define FIELD_START 22u

/* "pid (name) S ...": the name may hold anything, also parentheses. Of a
 * process that is just being taken away the kernel says parent 0, session -1.
 */
static bool
read_fields(const char *text, struct process *out)
{
    const char *p = strrchr(text, ')');
    long long v[FIELD_START + 1] = { 0 };

    if (p == NULL || strlen(p) < 4)
        return false;
    p += 3; /* behind the state */
    for (unsigned i = FIELD_PARENT; i <= FIELD_START; i++) {
        char *end;

        v[i] = strtoll(p, &end, 10);
        if (end == p)
            return false;
        p = end;
    }
    if (v[FIELD_SESSION] < 0)
        return false;
    out->parent = (uint32_t)v[FIELD_PARENT];
    out->session = (uint32_t)v[FIELD_SESSION];
    out->start_ns = (uint64_t)v[FIELD_START] *
                    (NS_A_SECOND / (uint64_t)sysconf(_SC_CLK_TCK));
    return true;
}

bool
process_read(uint32_t pid, struct process *out)
{
    char path[32], text[1024];
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%u/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    return read_fields(text, out);
}

static bool
has(const struct lineage *l, uint32_t pid)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (l->v[i].pid == pid)
            return true;
    }
    return false;
}

static bool
is_ancestor(const struct lineage *l, uint32_t pid)
{
    return pid > 1 && !has(l, pid);
}

static void
push(struct lineage *l, uint32_t pid, uint64_t start_ns)
{
    l->v[l->n++] = (struct ancestor){ .pid = pid, .start_ns = start_ns };
}

/* Of who began the session of one that was started then. */
static uint64_t
start_of(uint32_t pid, uint64_t latest_ns)
{
    struct process p;

    return process_read(pid, &p) && p.start_ns <= latest_ns ? p.start_ns : 0;
}

void
lineage_of(uint32_t pid, uint64_t when_ns, struct lineage *out)
{
    struct process p, of = { 0 };
    uint32_t sessions[LINEAGE_MAX];
    size_t n_sessions = 0;
    uint64_t youngest = when_ns;

    *out = (struct lineage){ .n = 0 };
    while (out->n < LINEAGE_MAX) {
        bool is_there = process_read(pid, &p) && p.start_ns <= youngest;

        if (!is_there && out->n == 0)
            return;
        if (!is_there && pid == of.parent) { /* it ended just now */
            if (!is_ancestor(out, of.session))
                break;
            pid = of.session;
            of.parent = 0;
            continue;
        }
        push(out, pid, is_there ? p.start_ns : 0);
        if (!is_there) /* who began the session has ended before */
            break;
        of = p;
        sessions[n_sessions++] = p.session;
        youngest = p.start_ns;
        if (is_ancestor(out, p.parent)) {
            pid = p.parent;
        } else if (is_ancestor(out, p.session)) {
            pid = p.session;
            of.parent = 0;
        } else {
            break;
        }
    }
    /* Who began them may have ended: a subreaper is their children's parent. */
    for (size_t i = 0; i < n_sessions && out->n < LINEAGE_MAX; i++) {
        if (is_ancestor(out, sessions[i]))
            push(out, sessions[i], start_of(sessions[i], out->v[i].start_ns));
    }
    out->is_known = out->n < LINEAGE_MAX;
}
