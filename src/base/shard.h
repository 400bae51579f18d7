/*
 * The caches that a server keeps once, not once a loop (identities, tokens,
 * replay): a bounded table of 32-byte keys in shards with a short lock each,
 * never held across I/O. A key is a keyed digest, so it tells nothing of what
 * was hashed. Values are counted by their owner; the cache holds one count.
 *
 * Entries end by time, by shard_clear, or because eight fresher ones fell into
 * the same set: a cache may always forget.
 */
#ifndef SALLYPORT_BASE_SHARD_H
#define SALLYPORT_BASE_SHARD_H

#include "base/defs.h"
#include "base/err.h"

#define SHARD_KEY_BYTES 32u

struct shard_cache;

struct shard_ops {
    void *(*ref)(void *value);
    void (*unref)(void *value);
};

/* max_entries is rounded up to a power of two (at least 128). */
MUST_CHECK enum err shard_new(size_t max_entries, const struct shard_ops *,
                              struct shard_cache **out, struct err_info *why);
void shard_free(struct shard_cache **);

/* A value the caller must unref, or NULL. */
void *shard_get(struct shard_cache *, const unsigned char key[SHARD_KEY_BYTES],
                uint64_t now_ms);
/* Takes its own count. Replaces what the key had. */
void shard_put(struct shard_cache *, const unsigned char key[SHARD_KEY_BYTES],
               void *value, uint64_t now_ms, uint64_t ends_ms);
void shard_clear(struct shard_cache *);

struct shard_counts {
    uint64_t hits, misses; /* of shard_get, since the start */
    uint64_t entries;      /* some may have ended */
};
void shard_count(struct shard_cache *, struct shard_counts *);

#endif
