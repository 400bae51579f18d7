/*
 * Channels and containers of one task. Everything is charged to the task's
 * budget and freed with it.
 */
#ifndef SALLYPORT_REGION_CHANNEL_H
#define SALLYPORT_REGION_CHANNEL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define CHANNEL_NAME_MAX 16u
#define CHANNEL_TASK_MAX                                                       \
    (128u * 1024u * 1024u)     /* container bytes of a task                    \
                                */
#define CHANNEL_COUNT_MAX 256u /* containers of a task */

struct container {
    struct container *next; /* in order of creation */
    char name[CHANNEL_NAME_MAX + 1];
    bool is_char;
    uint16_t ccsid;
    struct buf data;
    struct str borrowed; /* instead of data, until it is written */
};

struct channel {
    struct channel *next;
    char name[CHANNEL_NAME_MAX + 1];
    struct container *first;
};

struct browse { /* STARTBROWSE CONTAINER: a snapshot of the names */
    struct browse *next;
    uint32_t token;
    size_t n, at;
    char (*names)[CHANNEL_NAME_MAX + 1];
};

struct channels {
    struct channel *first;
    struct browse *browses;
    uint32_t last_token;
    size_t n_containers;
    size_t n_bytes;
};

/* A legal channel or container name: 1-16 of A-Z a-z 0-9 $@#/%&?!:|"=,;<>.-_
 * without trailing blanks. */
bool channel_name_ok(struct str name);

struct channel *channel_find(const struct channels *, struct str name);
/* Makes it when it is not there; NULL without storage. */
struct channel *channel_make(struct channels *, struct str name);
struct container *container_find(const struct channel *, struct str name);
struct str container_data(const struct container *);
/* Create or replace (or append). ERR_LIMIT, ERR_MEMORY leave it as it was. */
MUST_CHECK enum err container_put(struct channels *, struct channel *,
                                  struct str name, struct str data,
                                  bool is_char, uint16_t ccsid, bool append);
/* The same without a copy: `data` outlives the channels. */
MUST_CHECK enum err container_borrow(struct channels *, struct channel *,
                                     struct str name, struct str data,
                                     bool is_char, uint16_t ccsid);
bool container_delete(struct channels *, struct channel *, struct str name);

/* 0 without storage. */
uint32_t browse_start(struct channels *, const struct channel *);
struct browse *browse_find(const struct channels *, uint32_t token);
void browse_end(struct channels *, uint32_t token);

void channels_fini(struct channels *);

#endif
