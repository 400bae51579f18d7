#include "region/channel.h"

#include <stdlib.h>
#include <string.h>

bool
channel_name_ok(struct str name)
{
    static const char extra[] = "$@#/%&?!:|\"=,;<>.-_";

    if (name.n < 1 || name.n > CHANNEL_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              (c >= '0' && c <= '9') ||
              (c != '\0' && strchr(extra, c) != NULL)))
            return false;
    }
    return true;
}

struct channel *
channel_find(const struct channels *all, struct str name)
{
    for (struct channel *c = all->first; c != NULL; c = c->next)
        if (str_eq_z(name, c->name))
            return c;
    return NULL;
}

struct channel *
channel_make(struct channels *all, struct str name)
{
    struct channel *c = channel_find(all, name);

    if (c != NULL)
        return c;
    if ((c = calloc(1, sizeof *c)) == NULL ||
        !str_copy_z(name, c->name, sizeof c->name)) {
        free(c);
        return NULL;
    }
    c->next = all->first;
    all->first = c;
    return c;
}

struct container *
container_find(const struct channel *channel, struct str name)
{
    for (struct container *c = channel->first; c != NULL; c = c->next)
        if (str_eq_z(name, c->name))
            return c;
    return NULL;
}

struct str
container_data(const struct container *c)
{
    return c->borrowed.p != NULL ? c->borrowed : buf_view(&c->data);
}

static struct container *
container_new(struct channels *all, struct channel *channel, struct str name)
{
    struct container **at = &channel->first;
    struct container *c;

    if (all->n_containers >= CHANNEL_COUNT_MAX ||
        (c = calloc(1, sizeof *c)) == NULL)
        return NULL;
    if (!str_copy_z(name, c->name, sizeof c->name)) {
        free(c);
        return NULL;
    }
    buf_init(&c->data, CHANNEL_TASK_MAX);
    while (*at != NULL)
        at = &(*at)->next;
    *at = c;
    all->n_containers++;
    return c;
}

static void
container_free(struct channels *all, struct container *c)
{
    all->n_bytes -= c->data.n;
    all->n_containers--;
    buf_fini(&c->data);
    free(c);
}

enum err
container_put(struct channels *all, struct channel *channel, struct str name,
              struct str data, bool is_char, uint16_t ccsid, bool append)
{
    struct container *c = container_find(channel, name);
    bool is_new = c == NULL;
    struct str old = is_new || !append ? STR("") : container_data(c);
    struct buf made;

    if (old.n + data.n > CHANNEL_TASK_MAX - all->n_bytes)
        return ERR_LIMIT;
    if (is_new && (c = container_new(all, channel, name)) == NULL)
        return ERR_LIMIT;
    buf_init(&made, CHANNEL_TASK_MAX);
    buf_add(&made, old);
    buf_add(&made, data); /* may come from this very container */
    if (made.failed) {
        buf_fini(&made);
        if (is_new)
            (void)container_delete(all, channel, name);
        return ERR_MEMORY;
    }
    all->n_bytes += made.n;
    all->n_bytes -= c->data.n;
    buf_fini(&c->data);
    c->data = made;
    c->borrowed = (struct str){ 0 };
    c->is_char = is_char;
    c->ccsid = ccsid;
    return ERR_OK;
}

enum err
container_borrow(struct channels *all, struct channel *channel, struct str name,
                 struct str data, bool is_char, uint16_t ccsid)
{
    struct container *c = container_new(all, channel, name);

    if (c == NULL)
        return ERR_LIMIT;
    c->borrowed = data.p == NULL ? STR("") : data;
    c->is_char = is_char;
    c->ccsid = ccsid;
    return ERR_OK;
}

bool
container_delete(struct channels *all, struct channel *channel, struct str name)
{
    for (struct container **at = &channel->first; *at != NULL;
         at = &(*at)->next) {
        struct container *c = *at;

        if (!str_eq_z(name, c->name))
            continue;
        *at = c->next;
        container_free(all, c);
        return true;
    }
    return false;
}

uint32_t
browse_start(struct channels *all, const struct channel *channel)
{
    struct browse *b = calloc(1, sizeof *b);
    size_t n = 0;

    if (b == NULL)
        return 0;
    for (struct container *c = channel->first; c != NULL; c = c->next)
        n++;
    b->names = calloc(n == 0 ? 1 : n, sizeof *b->names);
    if (b->names == NULL) {
        free(b);
        return 0;
    }
    for (struct container *c = channel->first; c != NULL; c = c->next)
        memcpy(b->names[b->n++], c->name, sizeof c->name);
    b->token = ++all->last_token;
    b->next = all->browses;
    all->browses = b;
    return b->token;
}

struct browse *
browse_find(const struct channels *all, uint32_t token)
{
    for (struct browse *b = all->browses; b != NULL; b = b->next)
        if (b->token == token)
            return b;
    return NULL;
}

void
browse_end(struct channels *all, uint32_t token)
{
    for (struct browse **at = &all->browses; *at != NULL; at = &(*at)->next) {
        struct browse *b = *at;

        if (b->token != token)
            continue;
        *at = b->next;
        free(b->names);
        free(b);
        return;
    }
}

void
channels_fini(struct channels *all)
{
    while (all->browses != NULL)
        browse_end(all, all->browses->token);
    while (all->first != NULL) {
        struct channel *c = all->first;

        while (c->first != NULL) {
            struct container *next = c->first->next;

            container_free(all, c->first);
            c->first = next;
        }
        all->first = c->next;
        free(c);
    }
    *all = (struct channels){ 0 };
}
