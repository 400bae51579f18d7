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

/* Is that folder the image's, or below it? */
static bool
is_below_image(const char *path)
{
    static char image[512];
    size_t n;

    if (image[0] == '\0' && !cgroup_image(image, sizeof image))
        return false;
    n = strlen(image);
    return strncmp(path, image, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* Nobody has that number, so that no source of names answers before the last
 * one has been asked. */
void
owner_prepare(void)
{
    char user[9];

    owner_user(UINT32_MAX - 1, user);
    IGNORE(is_below_image("")); /* finding the image makes its folder */
}

void
owner_of(uint64_t cgroup, uint32_t uid, const char *comm, struct owner *out)
{
    char path[512], unit[256];
    const char *leaf;
    size_t n;

    memset(out, 0, sizeof *out);
    out->uid = uid;
    if (!cgroup_who(cgroup, out->job, out->user, path, sizeof path))
        return; /* it has ended: nobody's */
    out->is_found = true;
    out->is_job = out->job[0] != '\0';
    out->is_ours = is_below_image(path);
    if (out->is_job)
        return;
    leaf = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
    n = strlen(leaf);
    if (n > 8 && strcmp(leaf + n - 8, ".service") == 0) {
        (void)snprintf(unit, sizeof unit, "%.*s", (int)(n - 8), leaf);
        fold(unit, out->job);
    } else {
        fold(comm, out->job);
        log_debug("process %s of uid %u is named by its program", comm, uid);
    }
    owner_user(uid, out->user);
}

static bool
is_same(const struct owner *a, const struct owner *b)
{
    return strcmp(a->job, b->job) == 0 && strcmp(a->user, b->user) == 0 &&
           a->is_ours == b->is_ours;
}

/* Of several that look like the maker the first one found is in front. */
static void
add(struct owners *out, const struct owner *o, bool is_maker)
{
    size_t at = 0;

    while (at < out->n && !is_same(&out->v[at], o))
        at++;
    if (at == OWNERS_MAX) {
        out->is_more = true;
        return;
    }
    if (at == out->n)
        out->v[out->n++] = *o;
    if (is_maker && !out->has_maker) {
        struct owner first = out->v[at];

        memmove(out->v + 1, out->v, at * sizeof *out->v);
        out->v[0] = first;
        out->has_maker = true;
    }
}

void
owners_add(const struct socket_facts *s, const struct held *held,
           struct owners *out)
{
    struct owner maker, o;
    bool is_any = false;

    owner_of(s->cgroup, s->uid, "", &maker);
    maker.is_v6 = s->is_v6;
    out->is_more = out->is_more || held->is_more;
    for (size_t i = 0; i < held->n; i++) {
        const struct holder *h = &held->v[i];

        owner_of(h->cgroup, h->uid, h->comm, &o);
        o.tgid = (uint32_t)h->pid;
        o.is_ours = o.is_ours || maker.is_ours;
        o.is_v6 = s->is_v6;
        if (o.is_found)
            add(out, &o, h->cgroup == s->cgroup && h->uid == s->uid);
        is_any = is_any || o.is_found;
    }
    /* On its way from one to the other, or just closed. */
    if (!is_any && maker.is_found)
        add(out, &maker, true);
}
