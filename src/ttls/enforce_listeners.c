/*
 * Who listens on watched ports. A listener is left alone by the kernel only
 * while no rule is for any process that holds it; it may be handed on at any
 * time, so that holds for two seconds (capture_found), and is found out again
 * each second while connections to it come, or listeners come and go.
 */
#include "ttls/enforce_priv.h"

#include <stdlib.h>

#include "base/log.h"
#include "ttls/owner.h"

#define LISTENERS_MAX 65536u

struct scan {
    const struct enforce *f;
    struct buf found; /* struct socket_facts */
};

static void
note(void *arg, const struct socket_facts *s)
{
    struct scan *scan = arg;

    if ((scan->f->ports.in[s->local.port >> 3] & (1u << (s->local.port & 7))) !=
        0)
        buf_add(&scan->found, str_n(s, sizeof *s));
}

/* Is some rule for who holds it, or nobody knows who does? */
static bool
may_be_meant(const struct enforce *f, const struct socket_facts *s,
             const struct held *held)
{
    struct owners owners = { 0 };

    owners_add(s, held, &owners);
    if (owners.is_more || owners.n == 0)
        return true;
    for (size_t i = 0; i < owners.n; i++) {
        const struct owner *o = &owners.v[i];

        if ((f->is_wide || o->is_ours) &&
            enforce_ports_may(f->policy, s->local.port, o->job, o->user))
            return true;
    }
    return false;
}

static bool
tell(const struct enforce *f, const struct socket_facts *v, size_t n)
{
    struct held *held = n == 0 ? NULL : calloc(n, sizeof *held);
    bool is_complete = held != NULL || n == 0;

    for (size_t i = 0; held != NULL && i < n; i++)
        held[i].inode = v[i].inode;
    if (held != NULL)
        holders_find(held, n);
    for (size_t i = 0; held != NULL && i < n; i++) {
        bool is_meant = may_be_meant(f, &v[i], holders_of(held, n, v[i].inode));

        if (capture_found(f->capture, &v[i].local,
                          is_meant ? CAPTURE_STEER : CAPTURE_LEAVE,
                          NULL) != ERR_OK)
            is_complete = false;
    }
    free(held);
    return is_complete;
}

uint64_t
enforce_passing(const struct enforce *f)
{
    return capture_count(f->capture, CAPTURE_N_PASSING) +
           capture_count(f->capture, CAPTURE_N_LISTENERS);
}

bool
enforce_find_listeners(struct enforce *f)
{
    struct scan scan = { .f = f };
    bool is_complete;

    buf_init(&scan.found, LISTENERS_MAX * sizeof(struct socket_facts));
    f->passing = enforce_passing(f);
    capture_search(f->capture);
    is_complete =
        socket_each(1u << 10, note, &scan) && !scan.found.failed &&
        tell(f, (const struct socket_facts *)(const void *)scan.found.p,
             scan.found.n / sizeof(struct socket_facts));
    if (!is_complete)
        log_warn("who listens could not be found out: connections to all "
                 "listeners of watched ports go through the engines");
    buf_fini(&scan.found);
    return is_complete;
}
