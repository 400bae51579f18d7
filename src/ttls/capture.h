/*
 * Capture: the kernel side that sends connections to the engines, loaded and
 * fed. One for each stack; belongs to the stack process. What the programs do
 * stands in bpf/capture.bpf.c; what is attached stays so when this process
 * dies: connections of mapped programs are then refused, not let out.
 */
#ifndef SALLYPORT_TTLS_CAPTURE_H
#define SALLYPORT_TTLS_CAPTURE_H

#include "base/err.h"
#include "ttls/capture_map.h"

struct capture;

struct capture_options {
    const char *root;  /* of all cgroups: the cgroup v2 mount */
    const char *image; /* the image's cgroup, a folder below it */
    bool is_wide;      /* every program is covered; false: the image's jobs, and
                          sockets that they have made */
    const char *pin;   /* name below the bpf file system: image and stack */
    uint32_t engine_uid;
    uint32_t max_connections; /* captured at a time; not 0 */
};

/* The maps an engine works with; borrowed. */
struct capture_fds {
    int by_source, in_peer;
    int counts; /* to be read only */
    int hints;  /* may be mapped: CAPTURE_HINTS counters */
};

/*
 * Load and attach, in place of what a former process of this stack left.
 * Nothing is captured before capture_policy. ERR_UNSUPPORTED: this build or
 * this kernel cannot.
 */
MUST_CHECK enum err capture_open(const struct capture_options *,
                                 struct capture **out, struct err_info *why);
/* Detach everything. */
void capture_close(struct capture **);

/* The engines' listeners, one for IPv4 and one for IPv6 (-1: none). */
MUST_CHECK enum err capture_engines(struct capture *, int fd4, int fd6,
                                    struct err_info *why);
/* What the kernel looks at before it asks an engine. */
struct capture_rules {
    bool is_enabled;
    const uint8_t *out, *in; /* CAPTURE_PORT_BYTES each, a bit a port */
    /* The only addresses outbound connections to these ports are looked at
     * for; NULL: all. */
    const struct capture_prefix *remote;
    size_t n_remote;
    const uint32_t *spared; /* uids that no outbound rule is for */
    size_t n_spared;
    /* Connections may become primary ones (primary.h). Stays so: those that
     * have outlive their policy. */
    bool has_primaries;
};

/*
 * Atomic. Connections to all listeners of watched ports are steered until
 * capture_settled says that who listens has been found out.
 */
MUST_CHECK enum err capture_policy(struct capture *,
                                   const struct capture_rules *,
                                   struct err_info *why);
struct capture_fds capture_fds(const struct capture *);
/* Was the socket with this cookie and local address sent to an engine, and
 * lives? */
bool capture_knows(const struct capture *, uint64_t cookie,
                   const struct capture_addr *local);
uint64_t capture_count(const struct capture *, unsigned which);

/* --- listeners ----------------------------------------------------------- */

/*
 * A search for who listens:
 *
 *   capture_search    begins it
 *   capture_found     for each that sock_diag knows; of several sockets of one
 *                     address one that is steered decides
 *   capture_settled   the last one after a policy: what was not found again is
 *                     forgotten, and only what is known is steered
 */
void capture_search(struct capture *);
MUST_CHECK enum err capture_found(struct capture *, const struct capture_addr *,
                                  uint32_t verdict, struct err_info *why);
MUST_CHECK enum err capture_settled(struct capture *, struct err_info *why);

#endif
