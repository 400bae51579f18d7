#include "base/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct table_slot {
    char *key; /* NULL: never used; &dead: removed */
    size_t n;
    uint64_t hash;
    void *value;
};

static char dead;
static uint64_t seed;

static uint64_t
hash_of(struct str key)
{
    while (seed == 0) {
        if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
            seed = (uint64_t)(uintptr_t)&seed | 1u;
    }
    return str_hash(key, seed);
}

void
table_init(struct table *t)
{
    *t = (struct table){ 0 };
}

void
table_fini(struct table *t)
{
    for (size_t i = 0; i < t->cap; i++) {
        if (t->slots[i].key != &dead)
            free(t->slots[i].key);
    }
    free(t->slots);
    *t = (struct table){ 0 };
}

static struct table_slot *
find(const struct table *t, struct str key, uint64_t hash)
{
    if (t->cap == 0)
        return NULL;
    for (size_t i = hash & (t->cap - 1);; i = (i + 1) & (t->cap - 1)) {
        struct table_slot *slot = &t->slots[i];

        if (slot->key == NULL)
            return NULL;
        if (slot->key != &dead && slot->hash == hash &&
            str_eq(str_n(slot->key, slot->n), key))
            return slot;
    }
}

void *
table_get(const struct table *t, struct str key)
{
    struct table_slot *slot = find(t, key, hash_of(key));

    return slot == NULL ? NULL : slot->value;
}

static void
place(struct table_slot *slots, size_t cap, struct table_slot slot)
{
    size_t i = slot.hash & (cap - 1);

    while (slots[i].key != NULL)
        i = (i + 1) & (cap - 1);
    slots[i] = slot;
}

static bool
rehash(struct table *t)
{
    size_t cap = 16;
    struct table_slot *slots;

    while (cap < t->n * 2 + 2)
        cap *= 2;
    slots = calloc(cap, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < t->cap; i++) {
        if (t->slots[i].key != NULL && t->slots[i].key != &dead)
            place(slots, cap, t->slots[i]);
    }
    free(t->slots);
    t->slots = slots;
    t->cap = cap;
    t->n_dead = 0;
    return true;
}

bool
table_put(struct table *t, struct str key, void *value, void **old)
{
    uint64_t hash = hash_of(key);
    struct table_slot *slot = find(t, key, hash);
    char *copy;

    if (old != NULL)
        *old = slot == NULL ? NULL : slot->value;
    if (slot != NULL) {
        slot->value = value;
        return true;
    }
    if ((t->n + t->n_dead + 1) * 4 > t->cap * 3 && !rehash(t))
        return false;
    copy = malloc(key.n + 1);
    if (copy == NULL)
        return false;
    if (key.n > 0)
        memcpy(copy, key.p, key.n);
    copy[key.n] = '\0';
    place(t->slots, t->cap, (struct table_slot){ copy, key.n, hash, value });
    t->n++;
    return true;
}

void *
table_remove(struct table *t, struct str key)
{
    struct table_slot *slot = find(t, key, hash_of(key));
    void *value;

    if (slot == NULL)
        return NULL;
    value = slot->value;
    free(slot->key);
    *slot = (struct table_slot){ .key = &dead };
    t->n--;
    t->n_dead++;
    return value;
}

bool
table_next(const struct table *t, size_t *pos, struct str *key, void **value)
{
    for (; *pos < t->cap; (*pos)++) {
        const struct table_slot *slot = &t->slots[*pos];

        if (slot->key != NULL && slot->key != &dead) {
            *key = str_n(slot->key, slot->n);
            *value = slot->value;
            (*pos)++;
            return true;
        }
    }
    return false;
}
