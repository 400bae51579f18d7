/* Shared by capture_bpf.c (maps, policy) and capture_links.c (where programs
 * are attached, and what stays when this process dies). */
#ifndef SALLYPORT_TTLS_CAPTURE_PRIV_H
#define SALLYPORT_TTLS_CAPTURE_PRIV_H

#include "ttls/capture.h"

#define CAPTURE_PROGRAMS 10

struct bpf_object;

/* Where programs go. */
enum place {
    AT_ROOT,  /* of all cgroups */
    AT_IMAGE, /* the image's cgroup, unless every program is covered */
    AT_NETNS, /* the network namespace */
    PLACES
};

struct capture {
    struct bpf_object *object;
    int links[CAPTURE_PROGRAMS];
    int policy, filters[2], remotes[2], spared[2], found, engines, counts;
    int every_engine, every_image;
    const uint64_t *listens; /* mapped: LISTENS of them */
    uint64_t *before;        /* their copy when a search began */
    uint32_t search;
    uint64_t until_ns; /* what this search finds holds so long */
    struct capture_fds fds;
    unsigned current; /* the filter in use */
    struct capture_filter *filter;
    char pins[200];       /* folder with the links; "": not pinned */
    char *places[PLACES]; /* files that programs are attached to, "": none */
    bool is_attached;
};

void capture_links_init(struct capture *);
/* A folder that keeps the links; without one they end with us and with the
 * engines, which hold the maps but not the links. */
void capture_find_pins(struct capture *, const char *name);
/* Before the maps are loaded: those that all images have in common. One image
 * at a time makes them, or removes them. */
MUST_CHECK bool capture_share(struct capture *);
int capture_lock(const struct capture *);
void capture_unlock(int lock);
/* Is a predecessor's capture still there? Its programs refuse what they would
 * have sent to its engines, and that must go on until there is a policy. */
bool capture_has_predecessor(const struct capture *);
MUST_CHECK enum err capture_attach(struct capture *, struct err_info *why);
void capture_detach(struct capture *);

#endif
