#include "ttls/kept.h"

#include <stdlib.h>
#include <string.h>

/* One answer; the sockets, then its bytes. */
struct kept {
    uint64_t when_ms;
    size_t n, n_bytes;
    struct socket_facts sockets[];
};

static struct kept *kept[KEPT_MAX];

/* All that an answer depends on: a socket's owner can be changed (fchown). */
static bool
is_same(const struct socket_facts *a, const struct socket_facts *b)
{
    return a->cookie == b->cookie && a->inode == b->inode &&
           a->cgroup == b->cgroup && a->uid == b->uid && a->is_v6 == b->is_v6;
}

static struct kept **
find(const struct socket_facts *v, size_t n)
{
    for (size_t i = 0; i < KEPT_MAX; i++) {
        const struct kept *k = kept[i];
        size_t same = 0;

        while (k != NULL && k->n == n && same < n &&
               is_same(&k->sockets[same], &v[same]))
            same++;
        if (k != NULL && k->n == n && same == n)
            return &kept[i];
    }
    return NULL;
}

/* Where there is nothing yet, or what is oldest. */
static struct kept **
room(void)
{
    struct kept **oldest = &kept[0];

    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (kept[i] == NULL)
            return &kept[i];
        if (kept[i]->when_ms < (*oldest)->when_ms)
            oldest = &kept[i];
    }
    return oldest;
}

bool
kept_get(const struct socket_facts *v, size_t n, uint64_t now_ms,
         uint32_t max_age_ms, struct str *answer, uint32_t *age_ms)
{
    struct kept **at = n == 0 ? NULL : find(v, n);
    uint64_t age;

    if (at == NULL || now_ms < (*at)->when_ms)
        return false;
    age = now_ms - (*at)->when_ms;
    if (age >= KEPT_MS || age >= max_age_ms)
        return false;
    *answer = str_n(&(*at)->sockets[n], (*at)->n_bytes);
    *age_ms = (uint32_t)age;
    return true;
}

void
kept_put(const struct socket_facts *v, size_t n, uint64_t now_ms,
         struct str answer)
{
    struct kept **at = find(v, n), *k;

    if (at == NULL)
        at = room();
    free(*at);
    *at = NULL;
    k = n == 0 ? NULL : malloc(sizeof *k + n * sizeof *v + answer.n);
    if (k == NULL)
        return;
    k->when_ms = now_ms;
    k->n = n;
    k->n_bytes = answer.n;
    memcpy(k->sockets, v, n * sizeof *v);
    memcpy(&k->sockets[n], answer.p, answer.n);
    *at = k;
}

void
kept_forget(void)
{
    for (size_t i = 0; i < KEPT_MAX; i++) {
        free(kept[i]);
        kept[i] = NULL;
    }
}
