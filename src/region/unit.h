/*
 * A task's unit of work on files: its write set over committed data, and its
 * record locks, which the committer holds. Dropped without SYNCPOINT, it has
 * never been.
 */
#ifndef SALLYPORT_REGION_UNIT_H
#define SALLYPORT_REGION_UNIT_H

#include "base/table.h"
#include "region/store.h"

/* A worker's side of the committer. */
struct committer_link {
    int fd;
    uint32_t worker;
    struct store *store;
    /* A new channel after the old committer has gone; -1: none came. */
    int (*replace)(void *arg);
    void *arg;
};

struct unit_entry;

struct unit {
    struct committer_link *link;
    struct table entries; /* file/key -> unit_entry */
    struct unit_entry *first, **last;
    size_t n_bytes;
    uint64_t number;
    bool has_locks;
    bool is_lost; /* the committer went away while we held locks */
};

#define UNIT_BYTES_MAX (32u * 1024u * 1024u)

void unit_init(struct unit *, struct committer_link *);

/* ERR_OK; ERR_TIMEOUT when another task keeps it; ERR_PEER when the unit is
 * lost (the task must end, nothing was written). */
MUST_CHECK enum err unit_lock(struct unit *, const struct file_def *,
                              struct str key, uint32_t wait_ms,
                              struct err_info *why);
/* Give a lock back early; kept when the record is in the write set. */
void unit_unlock(struct unit *, const struct file_def *, struct str key);
/* The record as this task sees it. ERR_NOT_FOUND. at_least: see store_get;
 * a task's own inserts are then not looked at. */
MUST_CHECK enum err unit_get(struct unit *, const struct file_def *,
                             struct str key, bool at_least, struct buf *record,
                             struct err_info *why);
/* Into the write set; record.p == NULL deletes. ERR_LIMIT, ERR_MEMORY. */
MUST_CHECK enum err unit_put(struct unit *, const struct file_def *,
                             struct str key, struct str record,
                             struct err_info *why);
/* SYNCPOINT: ERR_OK, the set lasts; else it never was: ERR_LIMIT no space,
 * ERR_PEER lost, ERR_IO. Locks are gone either way. */
MUST_CHECK enum err unit_commit(struct unit *, struct err_info *why);
void unit_backout(struct unit *);

#endif
