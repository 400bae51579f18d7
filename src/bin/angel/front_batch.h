/* Commands that share a commit; see front_batch.c. */
#ifndef SALLYPORT_ANGEL_FRONT_BATCH_H
#define SALLYPORT_ANGEL_FRONT_BATCH_H

#include "front.h"

/* A command that was carried out and is not answered yet. */
struct held {
    struct peer *peer; /* NULL: went away */
    uint32_t seq;
    enum err e;
    struct err_info why;
    uint32_t rc;
    bool is_violation;  /* a reply said that authority is missing */
    bool has_changed;   /* something in the database */
    bool is_cut;        /* there was no storage for part of it */
    bool is_switch;     /* RVARY SWITCH */
    struct buf lines;   /* str each */
    struct buf command; /* without its secrets */
    struct saf_refresh *refreshes, **refreshes_tail;
    struct held *next;
};
void held_line(struct held *, struct str text);
/* "<id> <text>", as commands say it. */
void held_msg(struct held *, const char *id, const struct str *inserts,
              size_t n_inserts);
#define HELD_MSG(h, id, ...)                                                   \
    held_msg((h), (id), (const struct str[]){ __VA_ARGS__ },                   \
             sizeof((const struct str[]){ __VA_ARGS__ }) / sizeof(struct str))
/* Carry a command out; its answer follows its commit. False: no storage. */
bool command_run(struct peer *, uint32_t seq, struct str command);
void held_answer(struct held *); /* and free */
void held_free(struct held *);

#endif
