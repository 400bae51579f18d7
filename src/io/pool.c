#include "io/pool.h"

#include <stdlib.h>
#include <string.h>

void
pool_init(struct pool *pool, size_t block_bytes, size_t max_free)
{
    REQUIRE(block_bytes >= sizeof(void *));
    *pool = (struct pool){ .block_bytes = block_bytes, .max_free = max_free };
}

void
pool_fini(struct pool *pool)
{
    while (pool->free != NULL) {
        void *block = pool->free;

        memcpy(&pool->free, block, sizeof pool->free);
        free(block);
    }
    pool->n_free = 0;
}

void *
pool_get(struct pool *pool)
{
    void *block = pool->free;

    if (!gauge_take(pool->gauge, pool->block_bytes, 100))
        return NULL;
    if (block == NULL) {
        block = malloc(pool->block_bytes);
        if (block == NULL)
            gauge_give(pool->gauge, pool->block_bytes);
        return block;
    }
    memcpy(&pool->free, block, sizeof pool->free);
    pool->n_free--;
    return block;
}

void
pool_put(struct pool *pool, void *block)
{
    if (block == NULL)
        return;
    gauge_give(pool->gauge, pool->block_bytes);
#ifdef SALLYPORT_ARENA_MALLOC
    (void)pool;
    free(block); /* so that the sanitizer sees a use after the end */
#else
    if (pool->n_free >= pool->max_free) {
        free(block);
        return;
    }
    memcpy(block, &pool->free, sizeof pool->free);
    pool->free = block;
    pool->n_free++;
#endif
}
