/*
 * What was learnt and who asks: shared by revocation_cache.c (what is kept, and
 * the threads) and revocation_find.c (one finding, and who waits for it).
 */
#ifndef SALLYPORT_IO_REVOCATION_CACHE_H
#define SALLYPORT_IO_REVOCATION_CACHE_H

#include <pthread.h>

#include "base/table.h"
#include "io/revocation_priv.h"

#define FINDINGS_MAX 16384u
#define LISTS_MAX 32u

/* A finding, or the question for it. */
struct known {
    struct finding finding;
    bool is_asked; /* a thread has it or will; then who waits is in `waiting` */
    struct waiter *waiting;
    /* while it is asked: */
    struct revocation *by;
    struct source source;
    X509 *certificate, *issuer;
    struct revocation_work work;
};

struct kept_crl {
    char *url;
    X509_CRL *crl;
    size_t bytes;
    int64_t since, until;
};

/* A response to staple: another configuration goes on with it. */
struct kept_staple {
    int64_t until;
    struct buf der;
};

struct revocation_cache {
    pthread_mutex_t lock;
    pthread_cond_t work;
    unsigned users;   /* references */
    unsigned threads; /* that run */
    unsigned idle;    /* of those, waiting for work */
    unsigned fetches;
    struct revocation_work *first, **last; /* the queue */
    struct table known;                    /* key: see revocation_find.c */
    struct table staples;                  /* key: of the certificate */
    struct kept_crl lists[LISTS_MAX];
    size_t lists_bytes;
    struct revocation_counts counts;
    struct {
        uint64_t n;
        char text[ERR_TEXT_MAX];
    } failures[REVOCATION_NOTES];
};

/* All with the lock held. */
void cache_forget(struct revocation_cache *, bool is_all);
void cache_note(struct revocation_cache *, enum revocation_note,
                const char *text);
/* False: too much waits. */
bool cache_queue(struct revocation_cache *, struct revocation_work *);

#endif
