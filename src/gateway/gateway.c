#include "gateway/gateway.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "gateway/serve.h"
#include "ipc/task.h"

#define ANGEL_LOGGER "com.ibm.ws.zos.core.internal.CoreBundleActivator"
#define TCP_LOGGER "com.ibm.ws.tcpchannel.internal.TCPPort"
#define LOOPS_MAX 64u

struct looper {
    struct serve serve;
    struct gateway *gateway;
    pthread_t thread;
    bool is_running;
};

/* A socket the parent gave us. */
struct listener {
    char host[256];
    uint16_t port;
    int fd;
    bool is_wanted;
    char channel[128]; /* "defaultHttpEndpoint-ssl" */
};

struct gateway {
    struct gateway_options o;
    char *work_dir;
    struct saf_client *saf;      /* the control thread's own */
    atomic_bool is_unregistered; /* loops set it, gateway_tick acts on it */
    struct auth_cache *auth_cache;
    struct artefacts *artefacts;
    struct snapshot *snapshot;
    struct looper loops[LOOPS_MAX];
    unsigned n_loops;
    struct listener listeners[SNAPSHOT_PORTS_MAX * 2];
    size_t n_listeners;
    pthread_mutex_t lock;
    pthread_cond_t done;
    unsigned n_waiting; /* loops that have not carried out an order */
    unsigned n_busy;    /* loops with requests, while draining */
};

/* --- work on every loop, waited for ----------------------------------------
 */

struct order {
    struct loop_post post;
    struct looper *looper;
    struct snapshot *snapshot;
    const int *fds;
};

static void
report(struct gateway *g, unsigned *count)
{
    pthread_mutex_lock(&g->lock);
    if (*count > 0)
        (*count)--;
    pthread_cond_signal(&g->done);
    pthread_mutex_unlock(&g->lock);
}

/* False when wait_ms passed (0: for ever). */
static bool
wait_for_none(struct gateway *g, const unsigned *count, uint32_t wait_ms)
{
    struct timespec end;
    int rc = 0;
    bool all;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += wait_ms / 1000;
    end.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
    if (end.tv_nsec >= 1000000000L) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&g->lock);
    while (*count > 0 && rc != ETIMEDOUT)
        rc = wait_ms == 0 ? pthread_cond_wait(&g->done, &g->lock)
                          : pthread_cond_timedwait(&g->done, &g->lock, &end);
    all = *count == 0;
    pthread_mutex_unlock(&g->lock);
    return all;
}

static void
send_orders(struct gateway *g, struct order *orders,
            void (*run)(struct loop_post *), struct snapshot *snapshot,
            const int *fds)
{
    pthread_mutex_lock(&g->lock);
    g->n_waiting = g->n_loops;
    pthread_mutex_unlock(&g->lock);
    for (unsigned i = 0; i < g->n_loops; i++) {
        orders[i] = (struct order){ .post = { .run = run },
                                    .looper = &g->loops[i],
                                    .snapshot = snapshot,
                                    .fds = fds };
        loop_post(g->loops[i].serve.loop, &orders[i].post);
    }
}

static void
run_apply(struct loop_post *post)
{
    struct order *order = CONTAINER_OF(post, struct order, post);

    serve_apply(&order->looper->serve, order->snapshot, order->fds);
    report(order->looper->gateway, &order->looper->gateway->n_waiting);
}

static void
loop_is_idle(struct serve *serve)
{
    struct looper *looper = CONTAINER_OF(serve, struct looper, serve);

    serve->on_idle = NULL;
    report(looper->gateway, &looper->gateway->n_busy);
}

static void
run_drain(struct loop_post *post)
{
    struct order *order = CONTAINER_OF(post, struct order, post);

    report(order->looper->gateway, &order->looper->gateway->n_waiting);
    serve_drain(&order->looper->serve, loop_is_idle);
}

static void
run_end(struct loop_post *post)
{
    struct order *order = CONTAINER_OF(post, struct order, post);
    struct gateway *g = order->looper->gateway;

    loop_stop(order->looper->serve.loop);
    report(g, &g->n_waiting);
}

static void *
run_loop(void *arg)
{
    struct looper *looper = arg;

    loop_run(looper->serve.loop);
    return NULL;
}

/* --- start -----------------------------------------------------------------
 */

static void
say_angel_away(struct gateway *g, enum err e, struct saf_rc rc)
{
    struct str name = g->o.angel_name;
    char reason[16];

    snprintf(reason, sizeof reason, "%u", rc.reason);
    if (name.n == 0 && e == ERR_DENIED)
        MESSAGES_LOG0(g->o.log, ANGEL_LOGGER, "CWWKB0102I");
    else if (name.n == 0)
        MESSAGES_LOG(g->o.log, ANGEL_LOGGER, "CWWKB0101I", str_of(reason));
    else if (e == ERR_DENIED)
        MESSAGES_LOG(g->o.log, ANGEL_LOGGER, "CWWKB0118W", name);
    else
        MESSAGES_LOG(g->o.log, ANGEL_LOGGER, "CWWKB0117W", name,
                     str_of(reason));
}

static void
say_services(struct gateway *g, const struct saf_services *services)
{
    MESSAGES_LOG(g->o.log, ANGEL_LOGGER, "CWWKB0122I",
                 g->o.angel_name.n > 0 ? g->o.angel_name : STR("default"));
    for (size_t i = 0; i < services->n; i++)
        MESSAGES_LOG(g->o.log, ANGEL_LOGGER,
                     services->v[i].is_available ? "CWWKB0103I" : "CWWKB0104I",
                     str_of(services->v[i].name));
}

/* The services of the angel; without one the server runs, but nobody can be
 * authenticated by SAF: fails closed. */
static enum err
register_server(struct gateway *g, struct err_info *why)
{
    struct saf_services services = { .n = 0 };
    struct saf_rc rc = { 0 };
    enum err e =
        saf_register_server(g->saf, g->o.angel_name, &services, &rc, why);

    if (e == ERR_OK) {
        say_services(g, &services);
        return ERR_OK;
    }
    say_angel_away(g, e, rc);
    if (g->o.angel_required) {
        MESSAGES_LOG0(g->o.log, ANGEL_LOGGER, "CWWKB0116I");
        return e;
    }
    /* An angel that is not up may come; one that refused has decided. */
    g->is_unregistered = e != ERR_DENIED;
    return ERR_OK;
}

void
gateway_tick(struct gateway *g)
{
    struct pollfd pfd = { .fd = saf_fd(g->saf), .events = POLLIN };
    struct saf_services services = { .n = 0 };
    struct err_info why = { 0 };
    struct saf_rc rc = { 0 };
    enum err e;

    if (poll(&pfd, 1, 0) > 0 && saf_process(g->saf, &why) != ERR_OK)
        g->is_unregistered = true;
    if (!g->is_unregistered)
        return;
    e = saf_register_server(g->saf, g->o.angel_name, &services, &rc, &why);
    if (e == ERR_OK)
        say_services(g, &services);
    else if (e == ERR_DENIED)
        say_angel_away(g, e, rc);
    if (e == ERR_OK || e == ERR_DENIED)
        g->is_unregistered = false;
}

static enum err
start_loops(struct gateway *g, struct str token, struct err_info *why)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned n = g->o.n_loops > 0 ? g->o.n_loops
                 : cores > 0      ? (unsigned)cores
                                  : 1;

    if (n > LOOPS_MAX)
        n = LOOPS_MAX;
    for (unsigned i = 0; i < n; i++) {
        struct looper *looper = &g->loops[i];
        enum err e = serve_init(&looper->serve, g->o.log, g->auth_cache, token,
                                i, n, why);

        if (e != ERR_OK)
            return e;
        looper->serve.is_unregistered = &g->is_unregistered;
        looper->gateway = g;
        g->n_loops++;
        if (pthread_create(&looper->thread, NULL, run_loop, looper) != 0)
            return err_sys(why, "thread of an event loop");
        looper->is_running = true;
    }
    return ERR_OK;
}

enum err
gateway_new(const struct gateway_options *options, struct gateway **out,
            struct err_info *why)
{
    struct gateway *g = calloc(1, sizeof *g);
    struct buf token;
    enum err e;

    if (g == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the gateway");
    g->o = *options;
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->done, NULL);
    buf_init(&token, 1u << 20);
    IGNORE(task_token_read(&token, NULL)); /* none in a plain process */
    g->work_dir = strdup(options->work_dir);
    if (g->work_dir == NULL)
        e = err_set(why, ERR_MEMORY, "no storage for the gateway");
    else if ((e = dir_make(g->work_dir, 0750, why)) == ERR_OK &&
             (e = auth_cache_new(25000, &g->auth_cache, why)) == ERR_OK &&
             (e = saf_connect(buf_view(&token), &g->saf, why)) == ERR_OK) {
        saf_on_message(g->saf, serve_operator_line, g);
        e = register_server(g, why);
        if (e == ERR_OK)
            e = start_loops(g, buf_view(&token), why);
    }
    secret_wipe(token.p, token.n);
    buf_fini(&token);
    if (e != ERR_OK)
        gateway_free(&g);
    else
        *out = g;
    return e;
}

/* --- configuration ----------------------------------------------------------
 */

static struct listener *
find_listener(struct gateway *g, const struct port_entry *p)
{
    for (size_t i = 0; i < g->n_listeners; i++) {
        if (g->listeners[i].port == p->port &&
            str_eq_z(p->host, g->listeners[i].host))
            return &g->listeners[i];
    }
    return NULL;
}

static struct str
host_text(const char *host)
{
    return strcmp(host, "*") == 0 ? STR("*  (IPv6)") : str_of(host);
}

static int
open_listener(struct gateway *g, const struct port_entry *p)
{
    struct listener *l = find_listener(g, p);
    struct err_info why;
    char port[8];

    snprintf(port, sizeof port, "%u", p->port);
    if (l != NULL) {
        l->is_wanted = true;
        return l->fd;
    }
    if (g->n_listeners == ARRAY_LEN(g->listeners))
        return -1;
    l = &g->listeners[g->n_listeners];
    snprintf(l->channel, sizeof l->channel, STR_FMT "%s",
             STR_ARG(p->endpoint_id), p->is_tls ? "-ssl" : "");
    if (!str_copy_z(p->host, l->host, sizeof l->host))
        return -1;
    if (parent_listen(g->o.parent, l->host, p->port, &l->fd, &why) != ERR_OK) {
        MESSAGES_LOG(g->o.log, TCP_LOGGER, "CWWKO0221E", str_of(l->channel),
                     str_of(l->host), str_of(port), str_of(why.text));
        return -1;
    }
    l->port = p->port;
    l->is_wanted = true;
    g->n_listeners++;
    MESSAGES_LOG(g->o.log, TCP_LOGGER, "CWWKO0219I", str_of(l->channel),
                 host_text(l->host), str_of(port));
    return l->fd;
}

static void
close_unwanted(struct gateway *g)
{
    for (size_t i = 0; i < g->n_listeners;) {
        struct listener *l = &g->listeners[i];
        char port[8];

        if (l->is_wanted) {
            i++;
            continue;
        }
        snprintf(port, sizeof port, "%u", l->port);
        close(l->fd);
        parent_release(g->o.parent, l->host, l->port);
        MESSAGES_LOG(g->o.log, TCP_LOGGER, "CWWKO0220I", str_of(l->channel),
                     host_text(l->host), str_of(port));
        *l = g->listeners[--g->n_listeners];
    }
}

static void
swap_in(struct gateway *g, struct snapshot *next)
{
    struct order orders[LOOPS_MAX];
    int fds[SNAPSHOT_PORTS_MAX];

    for (size_t i = 0; i < g->n_listeners; i++)
        g->listeners[i].is_wanted = false;
    for (size_t i = 0; i < next->n_ports; i++)
        fds[i] = open_listener(g, &next->ports[i]);
    send_orders(g, orders, run_apply, next, fds);
    (void)wait_for_none(g, &g->n_waiting, 0);
    close_unwanted(g);
    snapshot_unref(&g->snapshot);
    g->snapshot = next;
}

enum err
gateway_apply(struct gateway *g, struct cfg_tree *tree, bool reload_archives,
              struct err_info *why)
{
    struct artefacts *artefacts = NULL;
    struct snapshot *next;
    enum err e;

    if (g->artefacts == NULL || reload_archives ||
        !artefacts_are_of(g->artefacts, tree)) {
        e = artefacts_load(tree, g->work_dir, g->o.log, &artefacts, why);
        if (e != ERR_OK)
            return e;
    } else {
        artefacts = artefacts_ref(g->artefacts);
    }
    e = snapshot_new(tree, artefacts, g->saf, g->o.log, g->snapshot != NULL,
                     &next, why);
    if (e != ERR_OK) {
        artefacts_unref(&artefacts);
        return e;
    }
    artefacts_unref(&g->artefacts);
    g->artefacts = artefacts;
    swap_in(g, next);
    return ERR_OK;
}

void
gateway_clear_auth_cache(struct gateway *g)
{
    auth_cache_clear(g->auth_cache);
}

enum err
gateway_reload_keys(struct gateway *g, struct err_info *why)
{
    if (g->snapshot == NULL)
        return err_set(why, ERR_NOT_NOW, "no configuration is in use");
    return gateway_apply(g, g->snapshot->tree, false, why);
}

/* --- end --------------------------------------------------------------------
 */

void
gateway_stop(struct gateway *g, uint32_t wait_ms)
{
    struct order orders[LOOPS_MAX];

    for (size_t i = 0; i < g->n_listeners; i++)
        g->listeners[i].is_wanted = false;
    g->n_busy = g->n_loops;
    send_orders(g, orders, run_drain, NULL, NULL);
    (void)wait_for_none(g, &g->n_waiting, 0);
    (void)wait_for_none(g, &g->n_busy, wait_ms);
    close_unwanted(g);
    send_orders(g, orders, run_end, NULL, NULL);
    (void)wait_for_none(g, &g->n_waiting, 0);
    for (unsigned i = 0; i < g->n_loops; i++) {
        pthread_join(g->loops[i].thread, NULL);
        g->loops[i].is_running = false;
    }
}

void
gateway_free(struct gateway **at)
{
    struct gateway *g = *at;

    *at = NULL;
    if (g == NULL)
        return;
    if (g->n_loops > 0 && g->loops[0].is_running)
        gateway_stop(g, 1);
    for (unsigned i = 0; i < g->n_loops; i++)
        serve_fini(&g->loops[i].serve);
    snapshot_unref(&g->snapshot);
    artefacts_unref(&g->artefacts);
    if (g->auth_cache != NULL)
        auth_cache_free(&g->auth_cache);
    if (g->saf != NULL)
        saf_disconnect(&g->saf);
    pthread_cond_destroy(&g->done);
    pthread_mutex_destroy(&g->lock);
    free(g->work_dir);
    free(g);
}
