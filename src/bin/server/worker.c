#include "worker.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "features.h"
#include "introspect.h"
#include "logging.h"
#include "outcome.h"

#define BOOT_LOGGER "com.ibm.ws.kernel.launch.internal.FrameworkManager"
#define QUIESCE_MS 30000u
#define TICK_MS 500u
#define POLL_IDLE_MS 500
#define POLL_MIN_MS 10

struct str
worker_seconds(uint64_t since_ms, char out[32])
{
    uint64_t ms = clock_mono_ms() - since_ms;
    int n = snprintf(out, 32, "%llu.%03u", (unsigned long long)(ms / 1000),
                     (unsigned)(ms % 1000));

    return str_n(out, (size_t)n);
}

/* ---- end ---- */

/* "Saturday, November 21, 2026" and "2:35 AM" */
static void
say_shutdown(struct worker *w)
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    char date[64], hour[32];
    struct tm tm;

    localtime_r(&now, &tm);
    strftime(date, sizeof date, "%A, %B %-d, %Y", &tm);
    strftime(hour, sizeof hour, "%-I:%M %p", &tm);
    MESSAGES_LOG(w->log, BOOT_LOGGER, "CWWKE0055I", str_of(date), str_of(hour),
                 str_of(w->settings->name));
}

/* "1 minutes, 3.2 seconds" */
static void
say_stopped(struct worker *w)
{
    uint64_t ms = clock_mono_ms() - w->started_ms;
    uint64_t s = ms / 1000;
    char text[96];
    int n = 0;

    if (s >= 3600)
        n += snprintf(text, sizeof text, "%llu hours, ",
                      (unsigned long long)(s / 3600));
    if (s >= 60)
        n += snprintf(text + n, sizeof text - (size_t)n, "%llu minutes, ",
                      (unsigned long long)(s / 60 % 60));
    n += snprintf(text + n, sizeof text - (size_t)n, "%llu.%03u seconds",
                  (unsigned long long)(s % 60), (unsigned)(ms % 1000));
    MESSAGES_LOG(w->log, BOOT_LOGGER, "CWWKE0036I", str_of(w->settings->name),
                 str_n(text, (size_t)n));
}

static void
stop(struct worker *w, uint32_t quiesce_ms)
{
    const char *outcome;
    char seconds[16];
    bool is_quiet;

    if (w->is_stopping)
        return;
    w->is_stopping = true;
    say_shutdown(w);
    loop_timer_clear(w->loop, &w->poll_timer);
    loop_timer_clear(w->loop, &w->tick_timer);
    loop_timer_clear(w->loop, &w->archives_timer);
    snprintf(seconds, sizeof seconds, "%u", quiesce_ms / 1000);
    if (quiesce_ms > 1)
        MESSAGES_LOG(w->log, BOOT_LOGGER, "CWWKE1100I", str_of(seconds));
    is_quiet = gateway_stop(w->gateway, quiesce_ms);
    outcome = outcome_of_quiesce(quiesce_ms, is_quiet);
    if (outcome != NULL)
        MESSAGES_LOG0(w->log, BOOT_LOGGER, outcome);
    loop_stop(w->loop);
}

/* ---- events ---- */

static void
on_parent(struct loop_fd *event, unsigned events)
{
    struct worker *w = CONTAINER_OF(event, struct worker, parent_event);
    struct parent_command command;
    struct err_info why;
    enum err e;

    (void)events;
    while (!w->is_stopping &&
           (e = parent_next_command(w->parent, &command, &why)) != ERR_AGAIN) {
        if (e != ERR_OK) {
            /* without a parent nobody can stop us: end now */
            w->exit_status = EXIT_RUNTIME;
            stop(w, 1);
        } else if (command.verb == PARENT_MODIFY) {
            commands_run(w, &command);
        } else {
            stop(w, command.verb == PARENT_STOP ? QUIESCE_MS : 1);
        }
    }
}

/* monitorInterval: 0 is never, as in the original; nobody needs it faster than
 * a hundred times a second. */
static void
schedule_poll(struct worker *w)
{
    int64_t interval_ms = CFG_ONE(w->tree, update)->monitor_interval_ms;

    if (interval_ms == 0)
        interval_ms = POLL_IDLE_MS; /* it may change */
    else if (interval_ms < POLL_MIN_MS)
        interval_ms = POLL_MIN_MS;
    loop_timer_set(w->loop, &w->poll_timer, (uint64_t)interval_ms);
}

static void
on_poll(struct loop_timer *timer)
{
    struct worker *w = CONTAINER_OF(timer, struct worker, poll_timer);
    const struct cfg_update *u = CFG_ONE(w->tree, update);

    if (u->update_trigger == CFG_TRIGGER_POLLED && u->monitor_interval_ms > 0)
        configure_refresh(w);
    schedule_poll(w);
}

static void
on_tick(struct loop_timer *timer)
{
    struct worker *w = CONTAINER_OF(timer, struct worker, tick_timer);

    gateway_tick(w->gateway);
    if (gateway_wants_dump(w->gateway))
        introspect_hung(w);
    messages_log_tick(w->log);
    loop_timer_set(w->loop, timer, TICK_MS);
}

/* ---- start ---- */

static enum err
start_gateway(struct worker *w, struct err_info *why)
{
    const struct settings *s = w->settings;
    struct str required =
        str_trim(pairs_get(&s->bootstrap, "com.ibm.ws.zos.core.angelRequired"));
    struct gateway_options options = {
        .parent = w->parent,
        .control = w->loop,
        .notice = notified,
        .notice_arg = w,
        .log = w->log,
        .server_name = s->name,
        .work_dir = "workarea",
        .angel_name =
            str_trim(pairs_get(&s->bootstrap, "com.ibm.ws.zos.core.angelName")),
        .angel_required = str_eq_nocase_z(required, "true"),
        .angel_services = str_trim(pairs_get(
            &s->bootstrap, "com.ibm.ws.zos.core.angelRequiredServices")),
        .angel_wait = pairs_get(&s->bootstrap,
                                "com.ibm.ws.zos.core.angelWaitTimeSeconds"),
    };
    enum err e;

    if (required.n > 0 && !options.angel_required &&
        !str_eq_nocase_z(required, "false"))
        MESSAGES_LOG(w->log, "com.ibm.ws.zos.core.internal.CoreBundleActivator",
                     "SPT0309W", str_sub(required, 0, 60));
    e = gateway_new(&options, &w->gateway, why);
    if (e != ERR_OK)
        return e;
    features_say_product(w, w->tree);
    features_say_security(w, w->tree, NULL);
    return gateway_apply(w->gateway, w->tree, PLACE_ALL, why);
}

static void
say_launched(struct worker *w)
{
    char octal[8];

    MESSAGES_LOG(w->log, BOOT_LOGGER, "CWWKE0001I", str_of(w->settings->name));
    snprintf(octal, sizeof octal, "%04o", w->settings->umask & 0777u);
    MESSAGES_LOG(w->log, "com.ibm.ws.zos.core.internal.NativeService",
                 "CWWKB0121I", str_of(octal));
}

static enum err
run(struct worker *w, struct err_info *why)
{
    char seconds[32];
    bool is_right;
    enum err e;

    if ((e = configure_log(w, NULL, why)) != ERR_OK)
        return e;
    logging_take_streams(w->log);
    say_launched(w);
    if ((e = configure_start(w, why)) != ERR_OK)
        return e;
    MESSAGES_LOG(w->log, BOOT_LOGGER, "CWWKE0002I",
                 worker_seconds(w->started_ms, seconds));
    MESSAGES_LOG0(w->log, FEATURE_LOGGER, "CWWKF0007I");
    if ((e = loop_new(&w->loop, why)) != ERR_OK ||
        (e = start_gateway(w, why)) != ERR_OK)
        return e;
    is_right = features_fit(w, w->tree);
    features_say(w, w->tree, NULL);
    if (!is_right) {
        w->was_said = true;
        return err_set(why, ERR_NOT_NOW,
                       "a feature is not right and onError of featureManager "
                       "is FAIL");
    }
    MESSAGES_LOG(w->log, FEATURE_LOGGER, "CWWKF0008I",
                 worker_seconds(w->started_ms, seconds));
    w->parent_event =
        (struct loop_fd){ .fd = parent_fd(w->parent), .on_event = on_parent };
    e = loop_add(w->loop, &w->parent_event, LOOP_READ, why);
    if (e != ERR_OK)
        return e;
    w->poll_timer.fire = on_poll;
    schedule_poll(w);
    w->tick_timer.fire = on_tick;
    loop_timer_set(w->loop, &w->tick_timer, TICK_MS);
    archives_schedule(w);
    MESSAGES_LOG(w->log, FEATURE_LOGGER, "CWWKF0011I",
                 str_of(w->settings->name),
                 worker_seconds(w->started_ms, seconds));
    parent_ready(w->parent);
    loop_run(w->loop);
    say_stopped(w);
    return ERR_OK;
}

static void
fini(struct worker *w)
{
    gateway_free(&w->gateway);
    cfg_unref(&w->tree);
    logging_leave_streams();
    messages_log_close(&w->log);
    if (w->loop != NULL)
        loop_free(&w->loop);
    parent_free(&w->parent);
    watched_free(&w->watched);
}

/* There is no log that could take it. */
static void
say_no_log(const struct worker *w, struct str why)
{
    struct buf line;

    buf_init(&line, 8192);
    MSG_LINE(&line, "SPT0465E", str_of(w->settings->name), why);
    log_error("%s %s", buf_z(&line), msg_remedy(buf_view(&line)));
    buf_fini(&line);
}

int
worker_main(const struct settings *settings, int parent_fd_number)
{
    struct worker w = { .settings = settings,
                        .tree_lock = PTHREAD_MUTEX_INITIALIZER,
                        .started_ms = clock_mono_ms() };
    struct err_info why = { 0 };

    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN); /* a terminal's Ctrl-C is the parent's business */
    if (chdir(settings->output_dir) != 0 ||
        parent_attach(parent_fd_number, &w.parent, &why) != ERR_OK) {
        log_error("server %s: %s", settings->name, why.text);
        return EXIT_LAUNCH;
    }
    if (run(&w, &why) != ERR_OK) {
        if (w.log == NULL) {
            say_no_log(&w, str_of(why.text));
        } else {
            struct ffdc_incident incident = { "startup", BOOT_LOGGER, "run",
                                              str_of(why.text) };

            log_error("server %s: %s", settings->name, why.text);
            messages_log_ffdc(w.log, &incident);
            if (!w.was_said)
                MESSAGES_LOG(w.log, BOOT_LOGGER, "CWWKE0018E",
                             str_of(why.text));
            MESSAGES_LOG(w.log, BOOT_LOGGER, "CWWKG0010I",
                         str_of(settings->name));
        }
        w.exit_status = EXIT_LAUNCH;
        parent_give_up(w.parent, w.exit_status);
    }
    fini(&w);
    return w.exit_status;
}
