#include "ttls/capture_priv.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#define LISTENS 65536u
#define LISTENS_BYTES (LISTENS * sizeof(uint64_t))
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* The compiled programs; made by the build from bpf/capture.bpf.c. */
extern const unsigned char capture_object[];
extern const unsigned long capture_object_bytes;

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
    PRINTF_LIKE(2, 0);

static int
quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
    char line[512];

    if (level == LIBBPF_WARN) {
        (void)vsnprintf(line, sizeof line, fmt, ap);
        log_info("%s", line);
    }
    return 0;
}

static int
map_fd(struct capture *c, const char *name)
{
    return bpf_object__find_map_fd_by_name(c->object, name);
}

/* Before it is loaded. A full map refuses, it never forgets. */
static bool
limit(struct capture *c, uint32_t max)
{
    static const char *const names[] = { "by_source", "in_peer" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct bpf_map *map = bpf_object__find_map_by_name(c->object, names[i]);

        if (map == NULL || bpf_map__set_max_entries(map, max) != 0)
            return false;
    }
    return true;
}

/* The same map, for who may not change it; -1: errno says why. */
static int
read_only(int map)
{
    LIBBPF_OPTS(bpf_get_fd_by_id_opts, opts, .open_flags = BPF_F_RDONLY);
    struct bpf_map_info info = { 0 };
    __u32 n = sizeof info;

    return bpf_obj_get_info_by_fd(map, &info, &n) != 0
               ? -1
               : bpf_map_get_fd_by_id_opts(info.id, &opts);
}

static enum err
load(struct capture *c, uint32_t max, struct err_info *why)
{
    DECLARE_LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "sallyport");
    void *at;

    libbpf_set_print(quiet);
    c->object =
        bpf_object__open_mem(capture_object, capture_object_bytes, &opts);
    if (c->object == NULL)
        return err_sys(why, "the capture programs");
    if (!limit(c, max) || !capture_share(c) || bpf_object__load(c->object) != 0)
        return err_set(why, ERR_UNSUPPORTED,
                       "the kernel does not take the capture programs: %s",
                       strerror(errno));
    c->policy = map_fd(c, "policy");
    c->filters[0] = map_fd(c, "filter_a");
    c->filters[1] = map_fd(c, "filter_b");
    c->remotes[0] = map_fd(c, "remote_a");
    c->remotes[1] = map_fd(c, "remote_b");
    c->spared[0] = map_fd(c, "spared_a");
    c->spared[1] = map_fd(c, "spared_b");
    c->found = map_fd(c, "found");
    c->engines = map_fd(c, "engines");
    c->every_engine = map_fd(c, "every_engine");
    c->every_image = map_fd(c, "every_image");
    c->counts = map_fd(c, "counts");
    c->fds = (struct capture_fds){ map_fd(c, "by_source"), map_fd(c, "in_peer"),
                                   read_only(c->counts), map_fd(c, "hints") };
    if (c->fds.counts < 0)
        return err_sys(why, "the kernel's counts");
    at = mmap(NULL, LISTENS_BYTES, PROT_READ, MAP_SHARED, map_fd(c, "listens"),
              0);
    if (at == MAP_FAILED)
        return err_sys(why, "the kernel's counts of listeners");
    c->listens = at;
    return ERR_OK;
}

/* Now, so that what cannot be done is known; or with the first policy. */
static enum err
try_attach(struct capture *c, struct err_info *why)
{
    enum err e;

    if (capture_has_predecessor(c))
        return ERR_OK;
    e = capture_attach(c, why);
    c->is_attached = e == ERR_OK;
    return e;
}

/* Of our network namespace, as the programs see it. */
static uint64_t
netns_cookie(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint64_t cookie = 0;
    socklen_t n = sizeof cookie;

    if (fd < 0)
        return 0;
    if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &n) != 0)
        cookie = 0;
    close(fd);
    return cookie;
}

/* Where programs go, and whom they are for. */
static bool
set_places(struct capture *c, const struct capture_options *options)
{
    const char *places[] = { options->root,
                             options->is_wide ? "" : options->image,
                             "/proc/self/ns/net" };
    char above[512];
    struct stat st;

    if (stat(options->image, &st) != 0)
        return false;
    c->filter->image_cgroup = st.st_ino;
    if ((size_t)snprintf(above, sizeof above, "%s/..", options->image) >=
            sizeof above ||
        stat(above, &st) != 0)
        return false;
    c->filter->images_cgroup = st.st_ino;
    c->filter->is_wide = options->is_wide;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        c->places[i] = strdup(places[i]);
        if (c->places[i] == NULL)
            return false;
    }
    return true;
}

static enum err
load_locked(struct capture *c, uint32_t max, struct err_info *why)
{
    int lock = capture_lock(c);
    enum err e = load(c, max, why);

    capture_unlock(lock);
    return e;
}

enum err
capture_open(const struct capture_options *options, struct capture **out,
             struct err_info *why)
{
    const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
    struct capture *c = calloc(1, sizeof *c);
    enum err e;

    if (c == NULL || (c->filter = calloc(1, sizeof *c->filter)) == NULL ||
        (c->before = malloc(LISTENS_BYTES)) == NULL) {
        if (c != NULL)
            free(c->filter);
        free(c);
        return err_set(why, ERR_MEMORY, "no storage");
    }
    capture_links_init(c);
    c->fds.counts = -1;
    /* Kernels before 5.11 charge maps to it. */
    IGNORE(setrlimit(RLIMIT_MEMLOCK, &unlimited));
    c->filter->engine_uid = options->engine_uid;
    c->filter->max_connections = options->max_connections;
    c->filter->netns = netns_cookie();
    capture_find_pins(c, options->pin);
    e = set_places(c, options) ? load_locked(c, options->max_connections, why)
                               : err_sys(why, "%s", options->image);
    if (e == ERR_OK)
        e = try_attach(c, why);
    if (e == ERR_OK)
        *out = c;
    else
        capture_close(&c);
    return e;
}

void
capture_close(struct capture **which)
{
    struct capture *c = *which;

    if (c == NULL)
        return;
    capture_detach(c);
    if (c->fds.counts >= 0)
        close(c->fds.counts);
    if (c->listens != NULL)
        (void)munmap((void *)(uintptr_t)c->listens, LISTENS_BYTES);
    bpf_object__close(c->object);
    for (size_t i = 0; i < ARRAY_LEN(c->places); i++)
        free(c->places[i]);
    free(c->filter);
    free(c->before);
    free(c);
    *which = NULL;
}

static enum err
put_engine(struct capture *c, uint32_t slot, int fd, struct err_info *why)
{
    struct sockaddr_in6 at = { 0 }; /* the port lies alike in sockaddr_in */
    socklen_t n = sizeof at;
    struct capture_engine key = { .netns = c->filter->netns, .slot = slot };
    uint64_t value = (uint64_t)fd;

    c->filter->engine_port[slot] = 0;
    if (fd < 0)
        return ERR_OK;
    if (getsockname(fd, (struct sockaddr *)&at, &n) != 0 ||
        bpf_map_update_elem(c->engines, &slot, &value, BPF_ANY) != 0)
        return err_sys(why, "the engines' listener");
    c->filter->engine_port[slot] = ntohs(at.sin6_port);
    key.port = c->filter->engine_port[slot];
    return bpf_map_update_elem(c->every_engine, &key, &value, BPF_ANY) == 0
               ? ERR_OK
               : err_sys(why, "the engines' listener among all images'");
}

enum err
capture_engines(struct capture *c, int fd4, int fd6, struct err_info *why)
{
    enum err e = put_engine(c, 0, fd4, why);

    return e == ERR_OK ? put_engine(c, 1, fd6, why) : e;
}

/* False: it has not taken them all. */
static bool
fill_prefixes(int map, const struct capture_prefix *v, size_t n)
{
    struct capture_prefix key;
    uint32_t value = 1;

    while (bpf_map_get_next_key(map, NULL, &key) == 0) {
        if (bpf_map_delete_elem(map, &key) != 0)
            return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (bpf_map_update_elem(map, &v[i], &value, BPF_ANY) != 0)
            return false;
    }
    return true;
}

/* Those there is no room for are not spared. */
static bool
fill_spared(int map, const uint32_t *v, size_t n)
{
    uint32_t key, value = 1;

    while (bpf_map_get_next_key(map, NULL, &key) == 0) {
        if (bpf_map_delete_elem(map, &key) != 0)
            return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (bpf_map_update_elem(map, &v[i], &value, BPF_ANY) != 0)
            break;
    }
    return n > 0;
}

/* Fill the filter that is not in use, then swap. */
enum err
capture_policy(struct capture *c, const struct capture_rules *rules,
               struct err_info *why)
{
    unsigned other = 1 - c->current;
    uint32_t zero = 0;

    c->filter->is_enabled = rules->is_enabled;
    c->filter->must_steer = 1;
    if (rules->has_primaries)
        c->filter->has_primaries = 1;
    c->filter->which = other;
    c->filter->by_addr =
        rules->remote != NULL &&
        fill_prefixes(c->remotes[other], rules->remote, rules->n_remote);
    c->filter->by_user =
        fill_spared(c->spared[other], rules->spared, rules->n_spared);
    memcpy(c->filter->out_ports, rules->out, CAPTURE_PORT_BYTES);
    memcpy(c->filter->in_ports, rules->in, CAPTURE_PORT_BYTES);
    for (size_t i = 0; i < CAPTURE_PORT_BYTES; i++)
        c->filter->leg_ports[i] |= rules->in[i];
    if (bpf_map_update_elem(c->filters[other], &zero, c->filter, BPF_ANY) !=
            0 ||
        bpf_map_update_elem(c->policy, &zero, &c->filters[other], BPF_ANY) != 0)
        return err_sys(why, "the kernel's copy of the policy");
    c->current = other;
    if (c->is_attached)
        return ERR_OK;
    c->is_attached = true;
    return capture_attach(c, why);
}

struct capture_fds
capture_fds(const struct capture *c)
{
    return c->fds;
}

bool
capture_knows(const struct capture *c, uint64_t cookie,
              const struct capture_addr *local)
{
    struct capture_record r;

    return bpf_map_lookup_elem(c->fds.by_source, local, &r) == 0 &&
           r.cookie == cookie;
}

uint64_t
capture_count(const struct capture *c, unsigned which)
{
    uint32_t key = which;
    uint64_t n = 0;

    return bpf_map_lookup_elem(c->counts, &key, &n) == 0 ? n : 0;
}

void
capture_search(struct capture *c)
{
    c->search++;
    c->until_ns = (clock_mono_ms() + CAPTURE_LEAVE_MS) * 1000000u;
    memcpy(c->before, c->listens, LISTENS_BYTES);
}

enum err
capture_found(struct capture *c, const struct capture_addr *at,
              uint32_t verdict, struct err_info *why)
{
    struct capture_found row = { c->until_ns, c->before[at->port], verdict,
                                 c->search },
                         old;

    if (verdict == CAPTURE_LEAVE &&
        bpf_map_lookup_elem(c->found, at, &old) == 0 &&
        old.search == c->search && old.verdict == CAPTURE_STEER)
        return ERR_OK;
    return bpf_map_update_elem(c->found, at, &row, BPF_ANY) == 0
               ? ERR_OK
               : err_sys(why, "a listener's row");
}

/* Rows of sockets that have ended. Who has begun to listen there since is
 * among the kernel's own. */
static void
forget_ended(struct capture *c)
{
    struct capture_addr key, next;
    struct capture_found row;
    bool is_more = bpf_map_get_next_key(c->found, NULL, &next) == 0;

    while (is_more) {
        key = next;
        is_more = bpf_map_get_next_key(c->found, &key, &next) == 0;
        if (bpf_map_lookup_elem(c->found, &key, &row) == 0 &&
            row.search != c->search)
            (void)bpf_map_delete_elem(c->found, &key);
    }
}

enum err
capture_settled(struct capture *c, struct err_info *why)
{
    uint32_t zero = 0;

    forget_ended(c);
    c->filter->must_steer = 0;
    return bpf_map_update_elem(c->filters[c->current], &zero, c->filter,
                               BPF_ANY) == 0
               ? ERR_OK
               : err_sys(why, "the kernel's copy of the policy");
}
