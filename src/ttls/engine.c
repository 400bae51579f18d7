#include "ttls/engine.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/reader.h"
#include "base/secret.h"
#include "io/keystore.h"
#include "io/revocation.h"
#include "ipc/chan.h"
#include "ttls/confined.h"
#include "ttls/engine_wire.h"
#include "ttls/batch.h"
#include "ttls/env.h"
#include "ttls/syslogd.h"

static struct engine *
engine_of_listener(struct loop_fd *watch)
{
    struct engine_listener *l =
        CONTAINER_OF(watch, struct engine_listener, watch);

    return l->engine;
}

static void
on_listener(struct loop_fd *watch, unsigned events)
{
    (void)events;
    conn_accept(engine_of_listener(watch), watch->fd);
}

static void
stop_listening(struct engine *g)
{
    for (size_t i = 0; i < ARRAY_LEN(g->listeners); i++) {
        struct loop_fd *watch = &g->listeners[i].watch;

        if (watch->fd < 0)
            continue;
        if (g->is_listening)
            loop_remove(g->loop, watch);
        close(watch->fd);
        watch->fd = -1;
    }
    g->is_listening = false;
}

/* --- what the stack says
 * ------------------------------------------------------ */

static bool
learn_ports(struct engine *g)
{
    for (size_t i = 0; i < ARRAY_LEN(g->listeners); i++) {
        struct sockaddr_in6 at = { 0 }; /* the port lies alike in IPv4's */
        socklen_t n = sizeof at;
        int fd = g->listeners[i].watch.fd;

        if (fd >= 0 && getsockname(fd, (struct sockaddr *)&at, &n) != 0)
            return false;
        g->listeners[i].port = ntohs(at.sin6_port);
    }
    return true;
}

static bool
on_setup(struct engine *g, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    uint8_t is_bpf, has_v6, is_wide;
    struct str name, secret;
    bool is_open = true;
    int hints, slots;
    unsigned at = 0;

    if (!reader_str(&in, 1, 8, &name) || !reader_u32(&in, &g->number) ||
        !reader_u32(&in, &g->n_engines) || !reader_u8(&in, &is_bpf) ||
        !reader_u8(&in, &has_v6) || !reader_u8(&in, &is_wide) ||
        !reader_str(&in, sizeof g->secret, sizeof g->secret, &secret) ||
        !reader_at_end(&in) || g->number >= g->n_engines ||
        !str_copy_z(name, g->name, sizeof g->name))
        return false;
    memcpy(g->secret, secret.p, sizeof g->secret);
    g->is_bpf = is_bpf != 0;
    g->is_wide = is_wide != 0;
    g->listeners[0].watch.fd = chan_take_fd(msg, at++);
    if (has_v6)
        g->listeners[1].watch.fd = chan_take_fd(msg, at++);
    if (g->is_bpf) {
        g->map_source = chan_take_fd(msg, at++);
        g->map_in_peer = chan_take_fd(msg, at++);
        g->map_counts = chan_take_fd(msg, at++);
        hints = chan_take_fd(msg, at++);
        slots = chan_take_fd(msg, at++);
        is_open = secondary_open(g, hints, slots);
        close(hints);
        close(slots);
    }
    return is_open && g->listeners[0].watch.fd >= 0 && learn_ports(g);
}

static void
on_broker(struct loop_fd *watch, unsigned events)
{
    struct engine *g = CONTAINER_OF(watch, struct engine, broker);

    (void)events;
    for (;;) {
        struct chan_msg msg;
        enum err e = chan_recv(watch->fd, &msg, NULL);

        if (e == ERR_AGAIN)
            return;
        if (e != ERR_OK) {
            /* The stack starts another one and tells us. */
            loop_remove(g->loop, watch);
            close(watch->fd);
            watch->fd = -1;
            ask_lost(g);
            return;
        }
        if (msg.type == BROKER_IS)
            ask_answered(g, msg.seq, msg.payload);
        chan_msg_fini(&msg);
    }
}

static bool
on_new_broker(struct engine *g, struct chan_msg *msg)
{
    int fd = chan_take_fd(msg, 0), sync = chan_take_fd(msg, 1);

    if (fd < 0 || sync < 0)
        return false;
    if (g->broker.fd >= 0) {
        loop_remove(g->loop, &g->broker);
        close(g->broker.fd);
        g->broker.fd = -1;
        ask_lost(g);
    }
    env_maker_channel(g->maker, sync);
    g->broker.fd = fd;
    g->broker.on_event = on_broker;
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        loop_add(g->loop, &g->broker, LOOP_READ, NULL) != ERR_OK)
        return false;
    ask_flush(g);
    return true;
}

static bool
listen_all(struct engine *g)
{
    for (size_t i = 0; i < ARRAY_LEN(g->listeners); i++) {
        struct loop_fd *watch = &g->listeners[i].watch;

        watch->on_event = on_listener;
        g->listeners[i].engine = g;
        if (watch->fd >= 0 &&
            loop_add(g->loop, watch, LOOP_READ, NULL) != ERR_OK)
            return false;
    }
    g->is_listening = true;
    return true;
}

/* All groups are served by each engine. */
static void
say_successor(struct engine *g)
{
    struct buf line;

    if (!g->is_successor)
        return;
    g->is_successor = false;
    buf_init(&line, ENGINE_LINE_MAX);
    buf_printf(&line,
               "EZD2042I AT-TLS GROUPS OF %s HAVE FAILED IN PROCESS %u OF %u: "
               "ITS CONNECTIONS WERE RESET, IT IS STARTED AGAIN",
               g->name, g->number + 1, g->n_engines);
    ask_line(g, SYSLOGD_NONE, buf_view(&line));
    buf_fini(&line);
}

static bool
on_policy(struct engine *g, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct engine_policy *p = NULL;
    struct err_info why;
    uint8_t is_enabled, is_denied, has_policy, has_files;
    uint32_t number;

    if (!reader_u8(&in, &is_enabled) || !reader_u8(&in, &is_denied) ||
        !reader_u8(&in, &has_policy) || !reader_u8(&in, &has_files) ||
        !reader_u32(&in, &number) || !reader_at_end(&in))
        return false;
    if (has_policy &&
        (msg->n_fds < 1u + has_files ||
         engine_policy_new(msg->fds[0], has_files ? msg->fds[1] : -1, &p,
                           &why) != ERR_OK)) {
        log_error("a policy that cannot be read: %s", why.text);
        return false;
    }
    secondary_keep(g, &g->policy);
    if (p != NULL)
        p->number = number;
    g->policy = p;
    g->is_enabled = is_enabled != 0;
    g->is_denied = is_denied != 0;
    env_policy(g, p);
    say_successor(g);
    fips_say_groups(g);
    whos_forget(g); /* listeners that no rule was for were not watched */
    return g->is_listening || listen_all(g);
}

static bool
on_query(struct engine *g, struct chan_msg *msg)
{
    struct buf out;
    enum err e;

    buf_init(&out, CHAN_BYTES_MAX);
    engine_rows(g, msg->payload, &out);
    e = chan_send(g->stack.fd, ENGINE_ROWS, msg->seq, buf_view(&out), NULL, 0,
                  NULL);
    buf_fini(&out);
    return e == ERR_OK || e == ERR_AGAIN;
}

static bool
on_control(struct engine *g, struct chan_msg *msg)
{
    struct buf out;
    bool is_fine;

    buf_init(&out, CHAN_INLINE_MAX);
    is_fine = engine_control(g, msg->payload, &out);
    if (is_fine)
        IGNORE(chan_send(g->stack.fd, ENGINE_TOLD, msg->seq, buf_view(&out),
                         NULL, 0, NULL));
    buf_fini(&out);
    return true; /* what a program says wrongly is its own affair */
}

static const struct {
    uint16_t type;
    bool (*run)(struct engine *, struct chan_msg *);
} from_stack[] = {
    { ENGINE_SETUP, on_setup },     { ENGINE_BROKER, on_new_broker },
    { ENGINE_POLICY, on_policy },   { ENGINE_QUERY, on_query },
    { ENGINE_CONTROL, on_control },
};

/* No stack: no new connection is taken, those that are there may end. */
static void
stack_is_gone(struct engine *g)
{
    loop_remove(g->loop, &g->stack);
    close(g->stack.fd);
    g->stack.fd = -1;
    stop_listening(g);
    if (g->broker.fd < 0)
        ask_lost(g);
    if (g->n_conns == 0)
        loop_stop(g->loop);
}

void
engine_catch_up(struct engine *g)
{
    while (g->stack.fd >= 0) {
        struct chan_msg msg;
        enum err e = chan_recv(g->stack.fd, &msg, NULL);
        bool is_fine = false;

        if (e == ERR_AGAIN)
            return;
        if (e != ERR_OK) {
            stack_is_gone(g);
            return;
        }
        for (size_t i = 0; i < ARRAY_LEN(from_stack); i++) {
            if (from_stack[i].type == msg.type)
                is_fine = from_stack[i].run(g, &msg);
        }
        chan_msg_fini(&msg);
        if (!is_fine) {
            /* Half a policy is none: end, be started again. */
            log_error("message %#x of the stack cannot be followed", msg.type);
            loop_stop(g->loop);
            return;
        }
    }
}

static void
on_stack(struct loop_fd *watch, unsigned events)
{
    (void)events;
    engine_catch_up(CONTAINER_OF(watch, struct engine, stack));
}

/* --- life
 * ------------------------------------------------------------------------ */

static void
free_waiting(struct table *t)
{
    struct str key;
    size_t pos = 0;
    void *value;

    while (table_next(t, &pos, &key, &value))
        free(value);
    table_fini(t);
}

static void
engine_free(struct engine *g)
{
    if (g->loop != NULL)
        conns_close_all(g);
    stop_listening(g);
    env_maker_free(&g->maker);
    revocation_cache_unref(&g->revocations);
    engine_policy_unref(&g->policy);
    secondary_fini(g);
    whos_forget(g);
    free_waiting(&g->waiting);
    secret_wipe(g->secret, sizeof g->secret);
    free(g->plain);
    free(g->cipher_in);
    free(g->cipher_out);
    batch_free(&g->batch);
    if (g->links >= 0)
        close(g->links);
    loop_free(&g->loop);
}

/* All is served as well, by more system calls. */
static void
say_no_ring(const struct err_info *why)
{
    struct buf line;

    buf_init(&line, ENGINE_LINE_MAX);
    MSG_LINE(&line, "SPT0710I", str_of(why->text));
    log_info(STR_FMT, STR_ARG(buf_view(&line)));
    buf_fini(&line);
}

/* What will not be loaded or opened later. */
static void
prepare(struct engine *g)
{
    IGNORE(OPENSSL_init_ssl(0, NULL));
    keystore_prepare();
    revocation_prepare();
    g->links = open("/proc/net/dev", O_RDONLY | O_CLOEXEC);
}

enum err
engine_run(int fd, bool is_successor, struct err_info *why)
{
    static struct engine g = { .map_source = -1,
                               .map_in_peer = -1,
                               .map_counts = -1 };
    struct err_info no_ring;
    enum err e;

    g.stack = (struct loop_fd){ .fd = fd, .on_event = on_stack };
    g.broker.fd = g.listeners[0].watch.fd = g.listeners[1].watch.fd = -1;
    g.is_successor = is_successor;
    whos_init(&g);
    table_init(&g.waiting);
    g.unsent_end = &g.unsent;
    g.plain = malloc(ENGINE_SCRATCH_BYTES);
    g.cipher_in = malloc(ENGINE_SCRATCH_BYTES);
    g.cipher_out = malloc(ENGINE_CIPHER_BYTES);
    file_limit_raise();
    prepare(&g);
    if (g.plain == NULL || g.cipher_in == NULL || g.cipher_out == NULL)
        e = err_set(why, ERR_MEMORY, "no storage");
    else
        e = confined_engine_files(why); /* before there are threads */
    if (e == ERR_OK)
        e = loop_new(&g.loop, why);
    if (e == ERR_OK && batch_new(g.loop, &g.batch, &no_ring) != ERR_OK)
        say_no_ring(&no_ring);
    if (e == ERR_OK)
        e = env_maker_new(&g, &g.maker, why);
    if (e == ERR_OK && fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        e = err_sys(why, "the stack's channel");
    if (e == ERR_OK)
        e = loop_add(g.loop, &g.stack, LOOP_READ, why);
    if (e == ERR_OK)
        e = confined_engine_calls(why);
    if (e == ERR_OK)
        loop_run(g.loop);
    engine_free(&g);
    return e;
}
