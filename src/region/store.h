/*
 * The region's files: keyed records in LMDB, below regions/<APPLID>/files/.
 * Any process reads; one process (the committer, or `load`) writes.
 */
#ifndef SALLYPORT_REGION_STORE_H
#define SALLYPORT_REGION_STORE_H

#include "base/buf.h"
#include "base/err.h"
#include "region/defs.h"
#include "region/internal.h"

struct store;

/* defs is borrowed for the store's life. A writer creates what is missing;
 * a reader fails with ERR_NOT_FOUND before a writer has been there. */
MUST_CHECK enum err store_open(const struct region_defs *defs, bool is_writer,
                               struct store **out, struct err_info *why);
void store_close(struct store **);

/*
 * The committed record with that key, or (at_least) the first whose key is not
 * less; `prefix` bytes of key are compared when the key is shorter than the
 * file's. Appended to record. ERR_NOT_FOUND.
 */
MUST_CHECK enum err store_get(struct store *, const struct file_def *,
                              struct str key, bool at_least, struct buf *record,
                              struct err_info *why);

/* One operation of a unit's write set, as it travels to the committer. */
void store_op_put(struct buf *out, const struct file_def *, struct str key,
                  struct str record);
void store_op_delete(struct buf *out, const struct file_def *, struct str key);

/*
 * Writer. Apply a unit's operations, all or none, to the group under way
 * (begun when there is none); nothing lasts before store_commit. The unit's
 * number is recorded in the same transaction under its worker.
 */
MUST_CHECK enum region_outcome store_apply(struct store *, uint32_t worker,
                                           uint64_t unit, struct str ops,
                                           struct err_info *why);
/* Make the group last (one fsync). */
MUST_CHECK enum region_outcome store_commit(struct store *,
                                            struct err_info *why);
/* Number of the last unit of that worker that lasts; 0: none. */
uint64_t store_last_unit(struct store *, uint32_t worker);
/* Forget the worker's number (in the next group). */
void store_forget(struct store *, uint32_t worker);
/* Slots that killed readers left behind. */
void store_sweep(struct store *);
/* True when this writer's store_open made the file. */
bool store_is_new(const struct store *, const struct file_def *);
/* Number of records. */
MUST_CHECK enum err store_count(struct store *, const struct file_def *,
                                uint64_t *out, struct err_info *why);

#endif
