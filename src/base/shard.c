#include "base/shard.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define N_SHARDS 16u
#define N_WAYS 8u

struct entry {
    unsigned char key[SHARD_KEY_BYTES];
    void *value;
    uint64_t made_ms;
    uint64_t ends_ms;
};

struct shard {
    pthread_mutex_t lock;
    struct entry *entries; /* n_sets sets of N_WAYS */
    struct shard_counts counts;
};

struct shard_cache {
    struct shard_ops ops;
    size_t n_sets; /* in each shard; a power of two */
    struct shard shards[N_SHARDS];
};

enum err
shard_new(size_t max_entries, const struct shard_ops *ops,
          struct shard_cache **out, struct err_info *why)
{
    struct shard_cache *cache = calloc(1, sizeof *cache);

    if (cache == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a cache");
    cache->ops = *ops;
    cache->n_sets = 1;
    while (cache->n_sets * N_WAYS * N_SHARDS < max_entries)
        cache->n_sets *= 2;
    for (unsigned i = 0; i < N_SHARDS; i++) {
        struct shard *shard = &cache->shards[i];

        pthread_mutex_init(&shard->lock, NULL);
        shard->entries = calloc(cache->n_sets * N_WAYS, sizeof(struct entry));
        if (shard->entries == NULL) {
            shard_free(&cache);
            return err_set(why, ERR_MEMORY, "no storage for a cache");
        }
    }
    *out = cache;
    return ERR_OK;
}

void
shard_free(struct shard_cache **cache)
{
    if (*cache == NULL)
        return;
    shard_clear(*cache);
    for (unsigned i = 0; i < N_SHARDS; i++) {
        free((*cache)->shards[i].entries);
        pthread_mutex_destroy(&(*cache)->shards[i].lock);
    }
    free(*cache);
    *cache = NULL;
}

/* Keys are digests, so their bytes are as good as a hash. */
static struct entry *
set_of(struct shard_cache *cache, const unsigned char *key,
       struct shard **shard)
{
    uint64_t word;

    memcpy(&word, key, sizeof word);
    *shard = &cache->shards[word & (N_SHARDS - 1)];
    if ((*shard)->entries == NULL)
        return NULL;
    return &(*shard)->entries[((word >> 8) & (cache->n_sets - 1)) * N_WAYS];
}

void *
shard_get(struct shard_cache *cache, const unsigned char key[SHARD_KEY_BYTES],
          uint64_t now_ms)
{
    struct shard *shard;
    struct entry *set = set_of(cache, key, &shard);
    void *value = NULL;

    pthread_mutex_lock(&shard->lock);
    for (unsigned i = 0; i < N_WAYS; i++) {
        if (set[i].value != NULL && now_ms < set[i].ends_ms &&
            memcmp(set[i].key, key, SHARD_KEY_BYTES) == 0) {
            value = cache->ops.ref(set[i].value);
            break;
        }
    }
    shard->counts.hits += value != NULL;
    shard->counts.misses += value == NULL;
    pthread_mutex_unlock(&shard->lock);
    return value;
}

static struct entry *
victim(struct entry *set, const unsigned char key[SHARD_KEY_BYTES],
       uint64_t now_ms)
{
    struct entry *oldest = &set[0];

    for (unsigned i = 0; i < N_WAYS; i++) {
        if (set[i].value != NULL &&
            memcmp(set[i].key, key, SHARD_KEY_BYTES) == 0)
            return &set[i];
    }
    for (unsigned i = 0; i < N_WAYS; i++) {
        if (set[i].value == NULL || set[i].ends_ms <= now_ms)
            return &set[i];
        if (set[i].made_ms < oldest->made_ms)
            oldest = &set[i];
    }
    return oldest;
}

void
shard_put(struct shard_cache *cache, const unsigned char key[SHARD_KEY_BYTES],
          void *value, uint64_t now_ms, uint64_t ends_ms)
{
    struct shard *shard;
    struct entry *set = set_of(cache, key, &shard), *entry;
    void *old;

    value = cache->ops.ref(value);
    pthread_mutex_lock(&shard->lock);
    entry = victim(set, key, now_ms);
    old = entry->value;
    shard->counts.entries += old == NULL;
    memcpy(entry->key, key, SHARD_KEY_BYTES);
    entry->value = value;
    entry->made_ms = now_ms;
    entry->ends_ms = ends_ms;
    pthread_mutex_unlock(&shard->lock);
    if (old != NULL)
        cache->ops.unref(old);
}

void
shard_clear(struct shard_cache *cache)
{
    for (unsigned i = 0; i < N_SHARDS; i++) {
        struct shard *shard = &cache->shards[i];

        for (size_t n = 0; shard->entries != NULL && n < cache->n_sets * N_WAYS;
             n++) {
            void *old;

            pthread_mutex_lock(&shard->lock);
            old = shard->entries[n].value;
            shard->entries[n] = (struct entry){ .value = NULL };
            shard->counts.entries -= old != NULL;
            pthread_mutex_unlock(&shard->lock);
            if (old != NULL)
                cache->ops.unref(old);
        }
    }
}

void
shard_count(struct shard_cache *cache, struct shard_counts *out)
{
    *out = (struct shard_counts){ 0 };
    for (unsigned i = 0; i < N_SHARDS; i++) {
        struct shard *shard = &cache->shards[i];

        pthread_mutex_lock(&shard->lock);
        out->hits += shard->counts.hits;
        out->misses += shard->counts.misses;
        out->entries += shard->counts.entries;
        pthread_mutex_unlock(&shard->lock);
    }
}
