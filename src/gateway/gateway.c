#include "gateway/gateway.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "gateway/key_files.h"
#include "gateway/gateway_priv.h"
#include "gateway/memory.h"
#include "gateway/user_registry.h"
#include "ipc/task.h"

#define OPEN_RETRY_MS 1000u
/* Of what the system lets us have: from there on nothing new is begun. */
#define MEMORY_TIGHT_PERCENT 90u
#define DUMP_AGAIN_MS 60000u

/* --- work on every loop, waited for ----------------------------------------
 */

void
gateway_report(struct gateway *g, unsigned *count)
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

void
gateway_wait(struct gateway *g)
{
    (void)wait_for_none(g, &g->n_waiting, 0);
}

void
gateway_order(struct gateway *g, struct order *orders,
              void (*run)(struct loop_post *), struct snapshot *snapshot,
              const int *fds)
{
    pthread_mutex_lock(&g->lock);
    g->n_waiting = g->n_loops;
    pthread_mutex_unlock(&g->lock);
    for (unsigned i = 0; i < g->n_loops; i++) {
        orders[i].post = (struct loop_post){ .run = run };
        orders[i].looper = &g->loops[i];
        orders[i].snapshot = snapshot;
        orders[i].fds = fds;
        loop_post(g->loops[i].serve.loop, &orders[i].post);
    }
}

static void
run_apply(struct loop_post *post)
{
    struct order *order = CONTAINER_OF(post, struct order, post);

    serve_apply(&order->looper->serve, order->snapshot, order->fds);
    gateway_report(order->looper->gateway, &order->looper->gateway->n_waiting);
}

static void
loop_is_idle(struct serve *serve)
{
    struct looper *looper = CONTAINER_OF(serve, struct looper, serve);

    serve->on_idle = NULL;
    gateway_report(looper->gateway, &looper->gateway->n_busy);
}

static void
run_drain(struct loop_post *post)
{
    struct order *order = CONTAINER_OF(post, struct order, post);

    gateway_report(order->looper->gateway, &order->looper->gateway->n_waiting);
    serve_drain(&order->looper->serve, loop_is_idle);
}

static void
run_end(struct loop_post *post)
{
    struct order *order = CONTAINER_OF(post, struct order, post);
    struct gateway *g = order->looper->gateway;

    loop_stop(order->looper->serve.loop);
    gateway_report(g, &g->n_waiting);
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

/* updateTrigger="polled": as often as pollingRate says, at most twice a second.
 * A store that cannot be read is looked at again when it changes again. */
static void
reload_changed_keys(struct gateway *g)
{
    struct err_info why = { 0 };
    const char *path =
        g->snapshot == NULL
            ? NULL
            : snapshot_polled_change(g->snapshot, clock_mono_ms());

    if (path == NULL)
        return;
    MESSAGES_LOG(g->o.log, KEY_FILES_LOGGER, "CWPKI0811I", str_of(path));
    if (gateway_apply(g, g->snapshot->tree, 0, &why) != ERR_OK)
        snapshot_polled_seen(g->snapshot);
}

static void
retry_ports(struct gateway *g)
{
    uint64_t now_ms = clock_mono_ms();

    if (!g->must_retry_open || g->snapshot == NULL || now_ms < g->next_open_ms)
        return;
    g->n_open_tries++;
    g->next_open_ms = now_ms + OPEN_RETRY_MS;
    gateway_use(g, snapshot_ref(g->snapshot));
}

void
gateway_tick(struct gateway *g)
{
    reload_changed_keys(g);
    angel_look(g);
    retry_ports(g);
    ticket_files_tick(g->tls.tickets);
    /* Nobody counts every byte: what the system counts decides as well. */
    g->memory.is_tight =
        memory_resident("/proc") > g->memory_limit / 100 * MEMORY_TIGHT_PERCENT;
    revoked_tick(&g->revoked, g->tls.revocation, g->o.log, clock_mono_ms());
}

bool
gateway_wants_dump(struct gateway *g)
{
    uint64_t now_ms = clock_mono_ms();

    if (atomic_load(&g->dumps_wanted) == 0 || now_ms < g->next_dump_ms)
        return false;
    g->next_dump_ms = now_ms + DUMP_AGAIN_MS;
    atomic_fetch_sub(&g->dumps_wanted, 1);
    return true;
}

static void
forget_token(struct gateway *g)
{
    if (g->token.p != NULL)
        secret_wipe(g->token.p, g->token.n);
    buf_fini(&g->token);
}

static enum err
start_loops(struct gateway *g, struct err_info *why)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned n = g->o.n_loops > 0 ? g->o.n_loops
                 : cores > 0      ? (unsigned)cores
                                  : 1;

    if (n > LOOPS_MAX)
        n = LOOPS_MAX;
    for (unsigned i = 0; i < n; i++) {
        struct looper *looper = &g->loops[i];
        enum err e = serve_init(&looper->serve, g->o.log, buf_view(&g->token),
                                i, n, why);

        if (e != ERR_OK)
            return e;
        looper->serve.is_unregistered = &g->is_unregistered;
        looper->serve.limits = g->limits;
        looper->serve.memory = &g->memory;
        looper->serve.checker = g->checker;
        looper->serve.dumps_wanted = &g->dumps_wanted;
        looper->serve.metrics = g->metrics;
        looper->serve.control = g->control.loop == NULL ? NULL : &g->control;
        looper->serve.counted = &g->metrics->loops[i];
        g->metrics->n = i + 1;
        looper->gateway = g;
        g->n_loops++;
        if (pthread_create(&looper->thread, NULL, run_loop, looper) != 0)
            return err_sys(why, "thread of an event loop");
        looper->is_running = true;
    }
    return ERR_OK;
}

/* Half of the cores stay with the loops. */
static unsigned
check_threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores > 1 ? (unsigned)cores / 2 : 1;
}

enum err
gateway_new(const struct gateway_options *options, struct gateway **out,
            struct err_info *why)
{
    struct gateway *g = calloc(1, sizeof *g);
    enum err e;

    if (g == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the gateway");
    g->o = *options;
    g->control = (struct control){ options->control, options->notice,
                                   options->notice_arg };
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->done, NULL);
    g->memory_limit = memory_limit("/proc", "/sys/fs/cgroup");
    buf_init(&g->token, 1u << 20);
    IGNORE(task_token_read(&g->token, NULL)); /* none in a plain process */
    g->work_dir = strdup(options->work_dir);
    g->metrics = aligned_alloc(64, sizeof *g->metrics);
    if (g->metrics != NULL)
        metrics_init(g->metrics);
    if (g->work_dir == NULL || g->metrics == NULL)
        e = err_set(why, ERR_MEMORY, "no storage for the gateway");
    else if ((e = dir_make(g->work_dir, 0750, why)) == ERR_OK &&
             (e = limits_new(&g->limits, why)) == ERR_OK &&
             (e = ticket_files_new(g->o.log, &g->tls.tickets, why)) == ERR_OK &&
             (e = revocation_cache_new(&g->tls.revocation, why)) == ERR_OK &&
             (e = checker_new(check_threads(), &g->checker, why)) == ERR_OK &&
             (e = saf_connect_later(buf_view(&g->token), &g->saf, why)) ==
                 ERR_OK) {
        g->metrics->revocation = g->tls.revocation;
        saf_on_message(g->saf, serve_operator_line, g);
        ports_restore_paused(g);
        e = angel_register(g, why);
    }
    if (e != ERR_OK)
        gateway_free(&g);
    else
        *out = g;
    return e;
}

/* --- configuration ----------------------------------------------------------
 */

void
gateway_use(struct gateway *g, struct snapshot *next)
{
    struct order orders[LOOPS_MAX];
    int fds[SNAPSHOT_PORTS_MAX];

    ports_open(g, next, fds);
    g->memory.max = next->limits->max_memory_mb > 0
                        ? (size_t)next->limits->max_memory_mb << 20
                        : g->memory_limit / 2;
    gateway_order(g, orders, run_apply, next, fds);
    gateway_wait(g);
    ports_close_unwanted(g);
    if (g->must_reopen) { /* now that the one before is closed */
        ports_open(g, next, fds);
        gateway_order(g, orders, run_apply, next, fds);
        gateway_wait(g);
    }
    snapshot_unref(&g->snapshot);
    g->snapshot = next;
    web_app_changed(g);
}

/* Takes the reference to artefacts. What is told of them is true then. */
static enum err
use_artefacts(struct gateway *g, struct cfg_tree *tree,
              struct artefacts *artefacts, struct err_info *why)
{
    bool is_update = g->snapshot != NULL;
    struct snapshot *next;
    enum err e;

    if (!is_update)
        artefacts_tell(artefacts, g->o.log);
    g->n_open_tries = 0;
    e = snapshot_new(tree, artefacts, g->saf, g->o.log, &g->tls, is_update,
                     &next, why);
    if (e == ERR_OK) {
        e = user_registry_set(next, g->snapshot, g->o.log, why);
        /* The whole update or nothing. */
        if (e == ERR_OK && is_update)
            e = ports_check_rivals(g, next, why);
        if (e == ERR_OK && is_update && tree != g->snapshot->tree)
            e = ports_open_new(g, next, why);
        if (e != ERR_OK)
            snapshot_unref(&next);
    }
    /* Only now: what is compiled at start forks off one thread. */
    if (e == ERR_OK && g->n_loops == 0) {
        e = start_loops(g, why);
        forget_token(g); /* the clients have their own */
        if (e != ERR_OK)
            snapshot_unref(&next);
    }
    if (e != ERR_OK) {
        artefacts_unref(&artefacts);
        return e;
    }
    artefacts_unref(&g->artefacts);
    g->artefacts = artefacts;
    g->next_open_ms = clock_mono_ms() + OPEN_RETRY_MS;
    if (!is_update)
        web_app_bound(g);
    gateway_use(g, next);
    artefacts_tell(artefacts, g->o.log);
    if (artefacts->has_changed) {
        artefacts_rest(artefacts);
        artefacts_sweep(artefacts, g->work_dir);
    }
    return ERR_OK;
}

enum err
gateway_apply(struct gateway *g, struct cfg_tree *tree, unsigned places,
              struct err_info *why)
{
    struct artefacts_look look = { .places = places,
                                   .is_asked = true,
                                   .workarea = g->work_dir,
                                   .log = g->o.log };
    struct artefacts *artefacts;
    enum err e;

    if (g->snapshot == NULL)
        web_app_loading(g);
    if (g->artefacts != NULL && places == 0 &&
        artefacts_are_of(g->artefacts, tree)) {
        artefacts = artefacts_ref(g->artefacts);
    } else {
        e = artefacts_load(tree, g->artefacts, &look, &artefacts, why);
        if (e != ERR_OK)
            return e;
    }
    return use_artefacts(g, tree, artefacts, why);
}

enum err
gateway_look(struct gateway *g, unsigned places, bool *must_return,
             struct err_info *why)
{
    struct artefacts_look look = { .places = places,
                                   .is_patient = true,
                                   .workarea = g->work_dir,
                                   .log = g->o.log };
    struct artefacts *artefacts;
    enum err e;

    *must_return = false;
    e = artefacts_load(g->snapshot->tree, g->artefacts, &look, &artefacts, why);
    if (e != ERR_OK)
        return e;
    *must_return = artefacts->is_waiting;
    if (artefacts->has_changed)
        return use_artefacts(g, g->snapshot->tree, artefacts, why);
    artefacts_unref(&g->artefacts);
    g->artefacts = artefacts;
    artefacts_tell(artefacts, g->o.log);
    return ERR_OK;
}

void
gateway_clear_auth_cache(struct gateway *g)
{
    if (g->snapshot != NULL)
        auth_cache_clear(g->snapshot->auth_cache);
}

enum err
gateway_reload_keys(struct gateway *g, struct err_info *why)
{
    if (g->snapshot == NULL)
        return err_set(why, ERR_NOT_NOW, "no configuration is in use");
    revocation_cache_clear(g->tls.revocation); /* ask everybody again */
    return gateway_apply(g, g->snapshot->tree, 0, why);
}

/* --- end --------------------------------------------------------------------
 */

bool
gateway_stop(struct gateway *g, uint32_t wait_ms)
{
    struct order orders[LOOPS_MAX];
    bool is_quiet;

    web_app_removed(g);
    for (size_t i = 0; i < g->n_listeners; i++)
        g->listeners[i].is_wanted = false;
    g->n_busy = g->n_loops;
    gateway_order(g, orders, run_drain, NULL, NULL);
    gateway_wait(g);
    is_quiet = wait_for_none(g, &g->n_busy, wait_ms);
    ports_close_unwanted(g);
    gateway_order(g, orders, run_end, NULL, NULL);
    gateway_wait(g);
    for (unsigned i = 0; i < g->n_loops; i++) {
        pthread_join(g->loops[i].thread, NULL);
        g->loops[i].is_running = false;
    }
    return is_quiet;
}

void
gateway_free(struct gateway **at)
{
    struct gateway *g = *at;

    *at = NULL;
    if (g == NULL)
        return;
    if (g->n_loops > 0 && g->loops[0].is_running)
        (void)gateway_stop(g, 1);
    checker_free(&g->checker);
    for (unsigned i = 0; i < g->n_loops; i++)
        serve_fini(&g->loops[i].serve);
    snapshot_unref(&g->snapshot);
    artefacts_unref(&g->artefacts);
    if (g->saf != NULL)
        saf_disconnect(&g->saf);
    pthread_cond_destroy(&g->done);
    pthread_mutex_destroy(&g->lock);
    limits_free(&g->limits);
    ticket_files_free(&g->tls.tickets);
    revocation_cache_unref(&g->tls.revocation);
    metrics_fini(g->metrics);
    free(g->metrics);
    forget_token(g);
    free(g->work_dir);
    free(g);
}
