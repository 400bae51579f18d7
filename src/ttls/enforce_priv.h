/* Shared by enforce.c (policy, displays) and enforce_workers.c (the children
 * that enforce it). */
#ifndef SALLYPORT_TTLS_ENFORCE_PRIV_H
#define SALLYPORT_TTLS_ENFORCE_PRIV_H

#include <sys/types.h>
#include <time.h>

#include "ttls/capture.h"
#include "ttls/enforce.h"
#include "ttls/enforce_ports.h"
#include "ttls/engine_wire.h"
#include "ttls/nft.h"

#define ENGINES_MAX 64u

struct worker {
    int listeners[2]; /* IPv4, IPv6; -1: none */
    int chan;         /* to it; -1: it does not run */
    int pidfd;
    pid_t pid;
    bool has_run; /* who is started next is a successor */
};

/* A file as it was when it was read; inode 0: it was not. */
struct enforce_seen {
    uint64_t inode, size;
    struct timespec at;
};

struct enforce {
    struct capture *capture; /* NULL: nftables */
    struct nft_options nft;
    char nft_name[128], nft_image[256], nft_stack[16];
    char why_nft[256]; /* what the kernel says to the programs */
    char *program;
    char stack[9];
    unsigned char secret[ENGINE_SECRET_BYTES];
    struct worker workers[ENGINES_MAX];
    uint32_t n_workers;
    struct worker broker;
    int epoll, timer;
    int tick; /* each second, while something may change by itself */
    struct ttls_policy *policy;
    int policy_fd, files_fd;    /* -1: none */
    uint32_t n_policies;        /* so far: the number of this one */
    struct enforce_ports ports; /* of the policy */
    struct enforce_addrs addrs;
    struct enforce_seen users; /* that the spared ones are from */
    int primaries_fd;          /* primary.h; -1: none */
    bool is_enabled, is_denied, is_ending;
    bool is_wide;     /* for every program; false: for the image's jobs */
    uint64_t passing; /* enforce_passing when listeners were looked for */
};

void enforce_watch(struct enforce *, int fd);
/* The sockets that capture sends connections to: the stack's own, so that what
 * comes while an engine is away waits for its successor. */
MUST_CHECK enum err enforce_listen(struct enforce *, struct err_info *why);
MUST_CHECK enum err enforce_start_engine(struct enforce *, uint32_t number,
                                         struct err_info *why);
MUST_CHECK enum err enforce_start_broker(struct enforce *,
                                         struct err_info *why);
/* The policy in force; an engine that does not take it is ended. */
void enforce_tell_all(struct enforce *);
/* Has it ended? Then it is started again soon, by enforce_restart. */
void enforce_reap(struct enforce *, struct worker *, const char *what);
void enforce_restart(struct enforce *);
void enforce_end_worker(struct worker *);

/* Who listens on watched ports, told to the kernel. False: not all could be
 * noted; what listens there is steered. */
bool enforce_find_listeners(struct enforce *);
/* Another number: it is time to look again. */
uint64_t enforce_passing(const struct enforce *);

/* uids that no outbound rule is for, four bytes each, and what they were
 * taken from. */
void enforce_spare(const struct ttls_policy *, struct enforce_seen *seen,
                   struct buf *out);
bool enforce_users_changed(const struct enforce_seen *);

/* The key databases that it names, read; a descriptor, -1 none. */
int enforce_files(const struct ttls_policy *);

#endif
