/*
 * The rings of a store's images, and what is in them: the part of the health
 * check that needs the host. Who looks them up is somebody else; what was not
 * looked up is told as that.
 */
#ifndef SALLYPORT_ASSIST_HEALTH_RING_H
#define SALLYPORT_ASSIST_HEALTH_RING_H

#include "assist/model.h"

#define HEALTH_EXPIRES_DAYS 30

struct ring_name {
    struct str user;        /* whose it is; empty: whoever runs the job */
    struct str ring, stash; /* a path: a key database */
};

struct ring_cert {
    struct str label;
    int64_t from_s, until_s;
    bool is_signer, is_default, has_key;
};

struct ring_facts {
    enum { RING_NOT_LOOKED_UP, RING_IS_MISSING, RING_IS_THERE } state;
    char why[512]; /* RING_NOT_LOOKED_UP, RING_IS_MISSING: with a remedy */
    bool are_keys_known; /* else has_key is false and says nothing */
    const struct ring_cert *certs;
    size_t n;
};

/* What is in it is borrowed until the next one is looked up. */
typedef void (*ring_look_up)(void *arg, const struct ring_name *,
                             struct ring_facts *);

/* Each ring that a rule's traffic needs is looked up; where neither says whose
 * it is, it is the user's, who may be empty. Warnings: the ring is
 * not there or was not looked up; its certificates' dates; a label, a private
 * key, an authority that is not in it. */
void health_rings(const struct store *, struct str user, int64_t now_s,
                  ring_look_up, void *look_up_arg, store_diag, void *arg);

#endif
