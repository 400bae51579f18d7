#include "ttls/owner.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ipc/cgroup.h"

/* Upper case, what a job name may hold, 8 characters. */
static void
fold(const char *from, char out[9])
{
    size_t n = 0;

    for (; *from != '\0' && n < 8; from++) {
        int c = toupper((unsigned char)*from);

        if (isalnum(c) || strchr("$#@", c) != NULL)
            out[n++] = (char)c;
    }
    out[n] = '\0';
}

void
owner_user(uint32_t uid, char out[9])
{
    char text[16], space[4096];
    struct passwd p, *found = NULL;

    if (getpwuid_r(uid, &p, space, sizeof space, &found) == 0 && found != NULL)
        fold(found->pw_name, out);
    else {
        (void)snprintf(text, sizeof text, "%u", uid);
        fold(text, out);
    }
}

void
owner_of(uint64_t cgroup, uint32_t uid, const char *comm, struct owner *out)
{
    char leaf[256];
    size_t n;

    memset(out, 0, sizeof *out);
    out->uid = uid;
    if (!cgroup_who(cgroup, out->job, out->user, leaf, sizeof leaf))
        return; /* it has ended: nobody's */
    out->is_found = true;
    out->is_job = out->job[0] != '\0';
    if (out->is_job)
        return;
    n = strlen(leaf);
    if (n > 8 && strcmp(leaf + n - 8, ".service") == 0) {
        leaf[n - 8] = '\0';
        fold(leaf, out->job);
    } else {
        fold(comm, out->job);
        log_debug("process %s of uid %u is named by its program", comm, uid);
    }
    owner_user(uid, out->user);
}

void
owner_of_socket(const struct socket_facts *s, bool is_found, struct owner *out)
{
    char comm[17] = "";
    int pid;

    memset(out, 0, sizeof *out);
    if (!is_found)
        return;
    pid = socket_program(s->inode, s->uid, comm);
    owner_of(s->cgroup, s->uid, comm, out);
    out->tgid = (uint32_t)pid;
}
