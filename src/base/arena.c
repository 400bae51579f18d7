#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define ARENA_BLOCK_BYTES 8192u
#define ARENA_ALIGN 16u

struct arena_block {
    struct arena_block *next;
    size_t cap;
    size_t used;
    size_t pad;
    /* payload follows, 16-byte aligned */
};

_Static_assert(sizeof(struct arena_block) % ARENA_ALIGN == 0,
               "payload stays aligned");

void
arena_init(struct arena *a, size_t max_bytes)
{
    *a = (struct arena){ .max_bytes = max_bytes,
                         .block_bytes = ARENA_BLOCK_BYTES };
}

static void
free_blocks(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *next = block->next;

        free(block);
        block = next;
    }
}

void
arena_fini(struct arena *a)
{
    free_blocks(a->head);
    a->head = NULL;
    a->used_bytes = 0;
}

void
arena_wipe(struct arena *a)
{
    for (struct arena_block *b = a->head; b != NULL; b = b->next)
        secret_wipe(b + 1, b->cap);
}

void
arena_reset(struct arena *a)
{
#ifndef SALLYPORT_ARENA_MALLOC
    if (a->head != NULL && a->head->cap == a->block_bytes) {
        free_blocks(a->head->next);
        a->head->next = NULL;
        a->head->used = 0;
        a->used_bytes = 0;
        return;
    }
#endif
    arena_fini(a);
}

static struct arena_block *
block_new(struct arena *a, size_t cap)
{
    struct arena_block *block;
    size_t total;

    if (!size_add(cap, sizeof *block, &total))
        return NULL;
    block = malloc(total);
    if (block == NULL)
        return NULL;
    *block = (struct arena_block){ .next = a->head, .cap = cap };
    a->head = block;
    return block;
}

void *
arena_alloc(struct arena *a, size_t n_bytes)
{
    struct arena_block *block = a->head;
    size_t need;
    void *p;

    if (!size_add(n_bytes, ARENA_ALIGN - 1, &need))
        return NULL;
    need &= ~(size_t)(ARENA_ALIGN - 1);
    if (need < ARENA_ALIGN)
        need = ARENA_ALIGN;
    if (need > a->max_bytes - a->used_bytes)
        return NULL;
#ifdef SALLYPORT_ARENA_MALLOC
    block = block_new(a, n_bytes > 0 ? n_bytes : 1);
#else
    if (block == NULL || need > block->cap - block->used)
        block = block_new(a, need > a->block_bytes ? need : a->block_bytes);
#endif
    if (block == NULL)
        return NULL;
    p = (char *)(block + 1) + block->used;
    block->used += need;
    a->used_bytes += need;
    return p;
}

void *
arena_zalloc(struct arena *a, size_t n_bytes)
{
    void *p = arena_alloc(a, n_bytes);

    if (p != NULL)
        memset(p, 0, n_bytes);
    return p;
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
    size_t total;

    return size_mul(n, size, &total) ? arena_zalloc(a, total) : NULL;
}

void *
arena_grown(struct arena *a, void *p, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap < 8 ? 16 : *cap * 2;
    void *fresh;

    if (p != NULL && n < *cap)
        return p;
    fresh = arena_array(a, more, size);
    if (fresh == NULL)
        return NULL;
    if (p != NULL && n > 0)
        memcpy(fresh, p, n * size);
    *cap = more;
    return fresh;
}
