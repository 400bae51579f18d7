#include "region/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "region/supervisor_priv.h"

#define STOP_WAIT_MS 10000u

/* --- operator commands ----------------------------------------------------*/

static void
begin_stop(struct supervisor *s)
{
    if (s->is_stopping)
        return;
    REGION_LOG(s, "DFHTM1715");
    s->is_stopping = true;
    s->stop_at_ms = clock_mono_ms() + STOP_WAIT_MS;
    bind_unlisten(s);
    pool_retire(s);
}

static void reply(struct supervisor *s, uint32_t id, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static void
reply(struct supervisor *s, uint32_t id, const char *fmt, ...)
{
    char text[256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    task_reply(s->task, id, str_of(text));
}

static void
inquire_ipconn(struct supervisor *s, uint32_t id)
{
    for (size_t i = 0; i < s->defs.n_ipconns; i++) {
        const struct ipconn *conn = s->defs.ipconns[i];
        size_t n = 0, bound = 0;

        for (size_t k = 0; k < s->n_sessions; k++)
            n += s->sessions[k]->partner->ipconn == conn;
        for (size_t k = 0; k < s->n_partners; k++)
            bound += s->partners[k]->ipconn == conn;
        reply(s, id, "IPCONN(" STR_FMT ") APPLID(" STR_FMT ") %s SESSIONS(%zu)",
              STR_ARG(conn->head.name), STR_ARG(conn->applid),
              bound > 0 ? "ACQUIRED" : "RELEASED", n);
    }
}

static void
inquire_task(struct supervisor *s, uint32_t id)
{
    size_t n = 0;

    for (uint32_t i = 1; i <= s->defs.sit.mxt; i++) {
        const struct page *page = &s->pages[i];

        if (atomic_load(&page->state) != PAGE_RUNNING)
            continue;
        n++;
        reply(s, id, "TAS(%07u) TRA(%.4s) PROG(%.8s) USE(%.8s)",
              atomic_load(&page->task), page->transid, page->program,
              page->user);
    }
    reply(s, id, "%zu TASKS", n);
}

static void
retire_reply(struct supervisor *s, uint32_t id)
{
    pool_retire(s);
    reply(s, id, "PROGRAMS: NEW COPY AT NEXT USE");
}

static void
shut_reply(struct supervisor *s, uint32_t id)
{
    reply(s, id, "SHUTDOWN OF " STR_FMT " BEGINS", STR_ARG(s->defs.sit.applid));
    begin_stop(s);
}

/* F region,CEMT … : the commands that are of use without a terminal. */
static const struct {
    const char *text; /* the command begins so */
    void (*run)(struct supervisor *, uint32_t id);
} commands[] = {
    { "CEMT I IPCONN", inquire_ipconn },
    { "CEMT INQUIRE IPCONN", inquire_ipconn },
    { "CEMT I TASK", inquire_task },
    { "CEMT I TAS", inquire_task },
    { "CEMT INQUIRE TASK", inquire_task },
    { "CEMT S PROG", retire_reply },
    { "CEMT SET PROG", retire_reply },
    { "CEMT P SHUT", shut_reply },
    { "CEMT PERFORM SHUT", shut_reply },
};

static void
on_command(struct supervisor *s)
{
    struct task_command command;
    struct err_info why;
    enum err e = task_next(s->task, &command, &why);

    if (e == ERR_AGAIN)
        return;
    if (e != ERR_OK) { /* the master is gone; the region goes on */
        task_free(&s->task);
        return;
    }
    if (command.verb == TASK_STOP) {
        begin_stop(s);
        task_reply_end(s->task, command.id, true);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (str_starts_nocase(command.text, str_of(commands[i].text))) {
            commands[i].run(s, command.id);
            task_reply_end(s->task, command.id, true);
            return;
        }
    reply(s, command.id,
          "DFHAC2001 \"" STR_FMT "\" IS NOT A COMMAND OF THIS REGION",
          STR_ARG(str_sub(command.text, 0, 64)));
    task_reply_end(s->task, command.id, false);
}

/* --- the loop -------------------------------------------------------------*/

static void
on_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;
    bool stop = false;

    while (read(s->signals, &info, sizeof info) == sizeof info)
        stop = stop || info.ssi_signo != SIGCHLD;
    pool_reap(s);
    if (stop)
        begin_stop(s);
}

/* One descriptor of the turn and what to do with it. */
enum what {
    ON_SIGNAL,
    ON_COMMAND,
    ON_LISTEN,
    ON_COMMITTER,
    ON_GATE,
    ON_WORKER,
    ON_PARTNER
};

struct watch {
    enum what what;
    void *of;
};

struct turn {
    struct pollfd *polls;
    struct watch *watches;
    size_t n, cap;
};

static void
add(struct turn *turn, int fd, enum what what, void *of)
{
    if (fd < 0)
        return;
    if (turn->n == turn->cap) {
        size_t cap = turn->cap + 64;

        turn->polls = realloc(turn->polls, cap * sizeof *turn->polls);
        turn->watches = realloc(turn->watches, cap * sizeof *turn->watches);
        REQUIRE(turn->polls != NULL && turn->watches != NULL);
        turn->cap = cap;
    }
    turn->polls[turn->n] = (struct pollfd){ fd, POLLIN, 0 };
    turn->watches[turn->n++] = (struct watch){ what, of };
}

static void
collect(struct supervisor *s, struct turn *turn)
{
    turn->n = 0;
    add(turn, s->signals, ON_SIGNAL, NULL);
    if (s->task != NULL)
        add(turn, task_fd(s->task), ON_COMMAND, NULL);
    add(turn, s->listener, ON_LISTEN, NULL);
    if (s->committer != 0)
        add(turn, s->committer_chan, ON_COMMITTER, NULL);
    if (s->gate != 0)
        add(turn, s->gate_chan, ON_GATE, NULL);
    for (uint32_t i = 0; i < s->defs.sit.mxt; i++)
        if (s->workers[i].pid != 0)
            add(turn, s->workers[i].chan, ON_WORKER, &s->workers[i]);
    for (size_t i = 0; i < s->n_partners; i++)
        add(turn, s->partners[i]->fd, ON_PARTNER, s->partners[i]);
}

static void
dispatch(struct supervisor *s, const struct watch *w)
{
    struct region_worker *worker = w->of;

    switch (w->what) {
    case ON_SIGNAL:
        on_signal(s);
        break;
    case ON_COMMAND:
        if (s->task != NULL)
            on_command(s);
        break;
    case ON_LISTEN:
        if (s->listener >= 0)
            bind_accept(s);
        break;
    case ON_COMMITTER:
        if (s->committer != 0)
            pool_committer_event(s);
        break;
    case ON_GATE:
        if (s->gate != 0)
            pool_gate_event(s);
        break;
    case ON_WORKER:
        if (worker->pid != 0)
            pool_worker_event(s, worker);
        break;
    case ON_PARTNER:
        bind_event(s, w->of);
        break;
    }
}

static bool
all_workers_gone(const struct supervisor *s)
{
    for (uint32_t i = 0; i < s->defs.sit.mxt; i++)
        if (s->workers[i].pid != 0)
            return false;
    return true;
}

static bool
any_worker_ready(const struct supervisor *s)
{
    for (uint32_t i = 0; i < s->defs.sit.mxt; i++)
        if (s->workers[i].is_ready)
            return true;
    return false;
}

static int
next_wake(const struct supervisor *s)
{
    uint64_t now = clock_mono_ms(), at = now + 60000u;

    for (uint32_t i = 0; i < s->defs.sit.mxt; i++)
        if (s->workers[i].pid == 0 && s->workers[i].start_at_ms < at)
            at = s->workers[i].start_at_ms;
    if (s->is_announced && s->gate == 0 && s->gate_start_at_ms > now &&
        s->gate_start_at_ms < at)
        at = s->gate_start_at_ms;
    if (s->n_sessions > 0 && s->defs.sit.mxt > 1 && s->spread_at_ms < at)
        at = s->spread_at_ms;
    if (s->is_stopping)
        at = s->stop_at_ms;
    return at <= now ? (s->committer_ready ? 0 : 20) : (int)(at - now);
}

/* The region takes work as soon as the first worker does. */
static void
announce(struct supervisor *s)
{
    struct err_info why;

    if (s->is_announced || s->is_stopping || !any_worker_ready(s))
        return;
    s->is_announced = true;
    if (bind_listen(s, &why) != ERR_OK) {
        REGION_LOG(s, "DFHSI1599", str_of(why.text));
        s->is_stopping = true;
        s->exit_code = 12;
        return;
    }
    REGION_LOG(s, "DFHSI1517");
    if (s->task != NULL)
        task_ready(s->task);
}

static void
drop_gone(struct supervisor *s)
{
    for (size_t i = s->n_partners; i-- > 0;)
        if (s->partners[i]->is_gone)
            bind_drop(s, s->partners[i]);
}

static void
run(struct supervisor *s)
{
    struct turn turn = { 0 };

    for (;;) {
        pool_turn(s);
        if (s->is_stopping &&
            (all_workers_gone(s) || clock_mono_ms() >= s->stop_at_ms))
            break;
        collect(s, &turn);
        if (poll(turn.polls, turn.n, next_wake(s)) < 0 && errno != EINTR)
            break;
        for (size_t i = 0; i < turn.n; i++)
            if (turn.polls[i].revents != 0)
                dispatch(s, &turn.watches[i]);
        drop_gone(s);
        announce(s);
        spread_turn(s);
    }
    free(turn.polls);
    free(turn.watches);
}

/* --- start ----------------------------------------------------------------*/

static enum err
open_signals(struct supervisor *s, struct err_info *why)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signals < 0 ? err_sys(why, "signalfd") : ERR_OK;
}

static enum err
prepare(struct supervisor *s, struct str applid, struct err_info *why)
{
    struct err_info ignored;
    enum err e = defs_load(&s->defs, applid, why);

    if (e != ERR_OK)
        return e;
    (void)snprintf(s->dir, sizeof s->dir, "%s/regions/" STR_FMT, root_dir(),
                   STR_ARG(s->defs.sit.applid));
    if (task_attach(&s->task, &ignored) != ERR_OK)
        s->task = NULL; /* a plain process: no operator commands */
    region_log_open(s);
    REGION_LOG(s, "DFHSI1500");
    return e;
}

int
supervisor_run(struct str applid)
{
    struct supervisor *s = calloc(1, sizeof *s);
    struct err_info why;
    enum err e;
    int code;

    if (s == NULL)
        return 12;
    s->listener = s->signals = s->log_fd = s->pages_fd = -1;
    isc_packet_init(&s->packet);
    e = prepare(s, applid, &why);
    if (e != ERR_OK) {
        log_error("%s", why.text);
        free(s);
        return 12;
    }
    e = open_signals(s, &why);
    if (e == ERR_OK)
        e = pool_start(s, &why);
    if (e == ERR_OK) {
        run(s);
    } else {
        REGION_LOG(s, "DFHSI1599", str_of(why.text));
        s->exit_code = 12;
    }
    code = s->exit_code;
    bind_unlisten(s);
    for (size_t i = s->n_partners; i-- > 0;)
        bind_drop(s, s->partners[i]);
    if (s->workers != NULL && s->pages != NULL)
        pool_kill(s);
    REGION_LOG(s, "DFHKE1799");
    task_free(&s->task);
    isc_packet_fini(&s->packet);
    free(s->partners);
    free(s->sessions);
    free(s->workers);
    defs_fini(&s->defs);
    free(s);
    return code;
}
