#include "ttls/broker.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/reader.h"
#include "ipc/chan.h"
#include "saf/client.h"
#include "ttls/engine_wire.h"
#include "ttls/kept.h"
#include "ttls/lineage.h"
#include "ttls/owner.h"
#include "ttls/sockets.h"
#include "ttls/syslogd.h"

#define SHARERS_MAX 512u /* listening sockets of one address */
#define RING_BYTES_MAX (8u * 1024u * 1024u)

/* One connection as ourselves; NULL while the angel is away. */
static struct saf_client *angel;
static const char *stack_name; /* of lines for the syslog daemon; NULL: none */

static struct saf_client *
angel_get(void)
{
    struct err_info why;

    if (angel == NULL && saf_connect(STR(""), &angel, &why) != ERR_OK)
        log_warn("the security database is away: %s", why.text);
    return angel;
}

/* With the processes they descend from, as of when_ns. */
static void
put_lineage(struct buf *out, uint32_t tgid, uint64_t when_ns)
{
    struct lineage l = { 0 };

    if (tgid != 0)
        lineage_of(tgid, when_ns, &l);
    buf_u8(out, l.is_known);
    buf_u8(out, (uint8_t)l.n);
    for (uint32_t i = 0; i < l.n; i++) {
        buf_u32(out, l.v[i].pid);
        buf_u64(out, l.v[i].start_ns);
    }
}

static void
put_whos(struct buf *out, const struct owner *v, size_t n, uint64_t when_ns)
{
    buf_u8(out, (uint8_t)n);
    for (size_t i = 0; i < n; i++) {
        buf_u8(out, v[i].is_job);
        buf_u8(out, v[i].is_ours);
        buf_u8(out, v[i].is_v6);
        buf_str(out, str_of(v[i].job));
        buf_str(out, str_of(v[i].user));
        buf_u32(out, v[i].uid);
        buf_u32(out, v[i].tgid);
        put_lineage(out, v[i].tgid, when_ns);
    }
}

static void
answer_is(int fd, uint32_t seq, uint32_t age_ms, struct str whos)
{
    struct buf out;

    buf_init(&out, 8192);
    buf_u32(&out, age_ms);
    buf_add(&out, whos);
    IGNORE(chan_send(fd, BROKER_IS, seq, buf_view(&out), NULL, 0, NULL));
    buf_fini(&out);
}

static void
answer_who(int fd, uint32_t seq, const struct owner *w, uint64_t when_ns)
{
    struct buf whos;

    buf_init(&whos, 8192);
    put_whos(&whos, w, w->is_found, when_ns);
    answer_is(fd, seq, 0, buf_view(&whos));
    buf_fini(&whos);
}

static bool
on_who(int fd, const struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    uint32_t uid, tgid;
    struct owner w;
    struct str comm;
    uint64_t cgroup, when_ns;
    char text[17];

    if (!reader_u64(&in, &cgroup) || !reader_u32(&in, &uid) ||
        !reader_u32(&in, &tgid) || !reader_u64(&in, &when_ns) ||
        !reader_str(&in, 0, 16, &comm) || !reader_at_end(&in) ||
        !str_copy_z(comm, text, sizeof text))
        return false;
    owner_of(cgroup, uid, text, &w);
    w.tgid = tgid;
    answer_who(fd, msg->seq, &w, when_ns);
    return true;
}

static uint64_t
now_ms(void)
{
    struct timespec t = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Whose these sockets are, of n_all that there are. False: nobody is sure. */
static bool
find_owners(const struct socket_facts *v, size_t n_all, struct buf *out)
{
    static struct held held[SHARERS_MAX];
    size_t n = n_all < SHARERS_MAX ? n_all : SHARERS_MAX;
    struct owners owners = { .is_more = n < n_all };

    memset(held, 0, n * sizeof *held);
    for (size_t i = 0; i < n; i++)
        held[i].inode = v[i].inode;
    holders_find(held, n);
    for (size_t i = 0; i < n; i++)
        owners_add(&v[i], holders_of(held, n, v[i].inode), &owners);
    put_whos(out, owners.v, owners.is_more ? 0 : owners.n, LINEAGE_NOW);
    return !owners.is_more && owners.n > 0 && !out->failed;
}

static void
answer_owners(int fd, uint32_t seq, const struct socket_facts *v, size_t n,
              uint32_t max_age_ms)
{
    uint64_t began_ms;
    struct str known;
    struct buf whos;
    uint32_t age_ms;

    if (max_age_ms > 0 && n <= SHARERS_MAX &&
        kept_get(v, n, now_ms(), max_age_ms, &known, &age_ms)) {
        answer_is(fd, seq, age_ms, known);
        return;
    }
    buf_init(&whos, 8192);
    began_ms = now_ms(); /* who lets go of one during the walk may be in it */
    if (find_owners(v, n, &whos) && max_age_ms > 0)
        kept_put(v, n, began_ms, buf_view(&whos));
    answer_is(fd, seq, 0, buf_view(&whos));
    buf_fini(&whos);
}

static bool
on_owner(int fd, const struct chan_msg *msg)
{
    static struct socket_facts found[SHARERS_MAX];
    struct reader in = reader_of(msg->payload);
    struct capture_addr local, remote;
    uint32_t max_age_ms = 0;
    size_t n;

    if (!engine_wire_addr(&in, &local))
        return false;
    if (msg->type == BROKER_SOCKET) {
        if (!engine_wire_addr(&in, &remote) || !reader_at_end(&in))
            return false;
        n = socket_find(&local, &remote, found);
    } else {
        if (!reader_u32(&in, &max_age_ms) || !reader_at_end(&in))
            return false;
        n = socket_listeners(&local, found, SHARERS_MAX);
    }
    answer_owners(fd, msg->seq, found, n, max_age_ms);
    return true;
}

/* --- the angel ------------------------------------------------------------ */

static bool
on_certificate(int fd, const struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct acee *acee = NULL;
    struct owner w = { 0 };
    struct saf_rc rc;
    struct str der;

    if (!reader_str(&in, 1, ENGINE_DER_MAX, &der) || !reader_at_end(&in))
        return false;
    if (angel_get() != NULL &&
        saf_verify_certificate(angel, der, STR(""), &acee, &rc, NULL) ==
            ERR_OK) {
        w.is_found = true;
        (void)snprintf(w.user, sizeof w.user, "%s", acee->user);
        acee_unref(&acee);
    }
    answer_who(fd, msg->seq, &w, LINEAGE_NOW);
    return true;
}

/* AT-TLS's own lines, and those that go on with one: an engine cannot speak for
 * anybody else. */
static bool
is_ours(struct str line)
{
    return str_starts(line, STR("EZD")) || str_starts(line, STR("  "));
}

static bool
on_line(int fd, const struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    uint8_t priority;
    struct str line;

    (void)fd;
    if (!reader_u8(&in, &priority) || !syslogd_is_priority(priority) ||
        !reader_str(&in, 1, ENGINE_LINE_MAX, &line) || !reader_at_end(&in) ||
        !is_ours(line))
        return false;
    if (stack_name != NULL)
        syslogd_send(priority, stack_name, line);
    if (angel_get() != NULL)
        saf_syslog(angel, line);
    return true;
}

static void
put_ring(struct buf *out, const struct saf_ring *ring)
{
    buf_u32(out, (uint32_t)ring->n);
    for (size_t i = 0; i < ring->n; i++) {
        const struct saf_ring_cert *c = &ring->certs[i];

        buf_str(out, c->label);
        buf_str(out, c->owner);
        buf_str(out, c->der);
        buf_u8(out, c->has_key);
        buf_u8(out, c->is_default);
        buf_u8(out, (uint8_t)c->usage);
    }
}

/* As the connection's user, over a connection that is nobody else's. With the
 * ring comes a channel over which the angel signs with its keys; the keys stay
 * there. */
static bool
on_ring(int fd, const struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct saf_client *saf = NULL;
    struct saf_ring ring = { 0 };
    struct str user, owner, name;
    struct err_info why = { 0 };
    struct saf_rc rc;
    int keys = -1;
    uint32_t uid;
    struct buf out;
    enum err e;

    if (!reader_str(&in, 0, SAF_USER_MAX, &user) || !reader_u32(&in, &uid) ||
        !reader_str(&in, 0, SAF_USER_MAX, &owner) ||
        !reader_str(&in, 1, SAF_RING_MAX, &name) || !reader_at_end(&in))
        return false;
    e = saf_connect_as(user, uid, &saf, &why);
    if (e == ERR_OK)
        e = saf_ring_read(saf, owner, name, SAF_KEYS_USE, &ring, &rc, &why);
    if (e == ERR_OK)
        e = saf_key_open(saf, owner, name, &keys, &rc, &why);
    buf_init(&out, RING_BYTES_MAX);
    buf_u8(&out, (uint8_t)e);
    buf_str(&out, str_of(why.text));
    if (e == ERR_OK)
        put_ring(&out, &ring);
    IGNORE(chan_send(fd, BROKER_RING_IS, msg->seq, buf_view(&out), &keys,
                     keys >= 0 ? 1 : 0, NULL));
    if (keys >= 0)
        close(keys);
    buf_fini(&out);
    saf_ring_fini(&ring);
    saf_disconnect(&saf);
    return true;
}

/* --- the loop ------------------------------------------------------------- */

static const struct {
    uint16_t type;
    bool (*run)(int fd, const struct chan_msg *);
} requests[] = {
    { BROKER_WHO, on_who },      { BROKER_OWNER, on_owner },
    { BROKER_SOCKET, on_owner }, { BROKER_CERTIFICATE, on_certificate },
    { BROKER_LINE, on_line },    { BROKER_RING, on_ring },
};

bool
broker_serve(int fd)
{
    struct chan_msg msg;
    bool is_fine = false;
    enum err e = chan_recv(fd, &msg, NULL);

    if (e != ERR_OK)
        return e == ERR_AGAIN;
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        if (requests[i].type == msg.type)
            is_fine = requests[i].run(fd, &msg);
    }
    chan_msg_fini(&msg);
    return is_fine;
}

/* One message of an engine that reads what it is told; one that does not is
 * left alone until it does, so that its answers do not pile up. */
static bool
turn(struct pollfd *p)
{
    struct pollfd out = { .fd = p->fd, .events = POLLOUT };

    if ((p->revents & (POLLHUP | POLLERR)) == 0 && poll(&out, 1, 0) == 0) {
        p->events = POLLOUT;
        return true;
    }
    if (p->events == POLLOUT) {
        p->events = POLLIN;
        return true;
    }
    return broker_serve(p->fd);
}

static void
drain_angel(void)
{
    struct err_info why;

    if (saf_process(angel, &why) != ERR_OK)
        saf_disconnect(&angel);
}

enum err
broker_run(const char *stack, const int *fds, size_t n, struct err_info *why)
{
    struct pollfd polls[BROKER_CHANNELS_MAX + 1];
    size_t n_open = n;

    if (n > BROKER_CHANNELS_MAX)
        return err_set(why, ERR_LIMIT, "%zu channels, at most %u", n,
                       BROKER_CHANNELS_MAX);
    stack_name = stack;
    for (size_t i = 0; i < n; i++)
        polls[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
    while (n_open > 0) {
        polls[n].fd = angel == NULL ? -1 : saf_fd(angel);
        polls[n].events = POLLIN;
        if (poll(polls, n + 1, -1) < 0)
            continue;
        if (polls[n].fd >= 0 && polls[n].revents != 0)
            drain_angel();
        for (size_t i = 0; i < n; i++) {
            if (polls[i].revents == 0 || polls[i].fd < 0 || turn(&polls[i]))
                continue;
            chan_close(polls[i].fd);
            polls[i].fd = -1;
            n_open--;
        }
    }
    saf_disconnect(&angel);
    return ERR_OK;
}
