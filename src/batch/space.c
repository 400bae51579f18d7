/* Address spaces: their log, what they say, their end. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/reader.h"
#include "ipc/cgroup.h"
#include "batch/master_priv.h"
#include "batch/tcpip.h"
#include "ipc/chan.h"
#include "ipc/task_wire.h"

static const char *const end_words[] = { "ended", "abend", "jclerror", "broken",
                                         "cancelled" };

const char *
job_end_word(enum job_end end)
{
    return end_words[end];
}

/* --- log ---------------------------------------------------------------- */

void
space_write(int fd, struct str text)
{
    while (fd >= 0 && text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* a full disk must not stop the job's end */
        text = str_sub(text, (size_t)n, text.n);
    }
}

/* " 02.14.20 JOB00012  text" */
void
space_log_line(struct space *space, struct str text)
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;
    struct buf line;

    buf_init(&line, 4096);
    (void)localtime_r(&now, &tm);
    buf_printf(&line, " %02d.%02d.%02d %s  ", tm.tm_hour, tm.tm_min, tm.tm_sec,
               space->record.id);
    for (size_t i = 0; i < text.n && i < 2048; i++) {
        unsigned char c = (unsigned char)text.p[i];

        buf_add_char(&line, c < ' ' || c == 0x7f ? ' ' : (char)c);
    }
    buf_add_char(&line, '\n');
    space_write(space->log_fd, buf_view(&line));
    buf_fini(&line);
}

void
space_log(struct space *space, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    space_log_line(space, str_of(text));
}

void
space_log_id(struct space *space, const char *id, const struct str *inserts,
             size_t n)
{
    struct buf text;

    buf_init(&text, 2048);
    buf_printf(&text, "%s ", id);
    msg_text(&text, id, inserts, n);
    space_log_line(space, buf_view(&text));
    master_syslog(space->master, "%s %.*s", space->record.id,
                  STR_ARG(buf_view(&text)));
    buf_fini(&text);
}

struct str
space_clock(char out[16])
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;

    (void)localtime_r(&now, &tm);
    (void)snprintf(out, 16, "%02d.%02d.%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
    return str_of(out);
}

void
space_record_end(struct space *space)
{
    struct spool_record *r = &space->record;
    struct err_info why;

    (void)snprintf(r->state, sizeof r->state, "ended");
    (void)snprintf(r->end, sizeof r->end, "%s", job_end_word(space->end));
    r->code = space->code;
    r->ended_ms = clock_wall_ms();
    r->pid = 0;
    if (spool_record_write(r, &why) != ERR_OK)
        log_error("%s: %s", r->id, why.text);
}

struct space *
space_new(struct master *m)
{
    struct space *space = calloc(1, sizeof *space);

    if (space == NULL)
        return NULL;
    space->master = m;
    space->pidfd = space->task_fd = space->init_fd = -1;
    space->log_fd = space->sysmsg_fd = -1;
    space->n_files = 100;
    return space;
}

/* --- running ------------------------------------------------------------ */

struct space *
space_find(struct master *m, struct str job_name)
{
    for (size_t i = 0; i < m->n_spaces; i++) {
        if (str_eq_nocase(job_name, str_of(m->spaces[i]->record.name)))
            return m->spaces[i];
    }
    return NULL;
}

struct space *
space_find_id(struct master *m, const char *id)
{
    for (size_t i = 0; i < m->n_spaces; i++) {
        if (strcmp(id, m->spaces[i]->record.id) == 0)
            return m->spaces[i];
    }
    return NULL;
}

static void
drop_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void
send_welcome(struct space *space)
{
    struct buf out;

    buf_init(&out, 64);
    buf_str(&out, str_of(space->record.name));
    buf_str(&out, str_of(space->record.id));
    buf_str(&out, str_of(space->record.user));
    if (chan_send(space->task_fd, TASK_WELCOME, 0, buf_view(&out), NULL, 0,
                  NULL) == ERR_OK) {
        space->is_attached = true;
        space->start_until_ms = clock_mono_ms() + MASTER_START_WAIT_MS;
    }
    buf_fini(&out);
}

/* All a program in an address space may say. */
static bool
task_message(struct space *space, const struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str line = { 0 };
    uint8_t is_done;

    if (msg->type == TASK_HELLO) {
        send_welcome(space);
        return msg->payload.n == 0;
    }
    if (msg->type == TASK_REPLY_END) {
        if (!reader_u8(&in, &is_done) || is_done > 1 || !reader_at_end(&in))
            return false;
        sessions_on_reply_end(space->master, space, msg->seq, is_done == 1);
        return true;
    }
    if (!reader_str(&in, 0, TASK_LINE_MAX, &line) || !reader_at_end(&in))
        return false;
    switch (msg->type) {
    case TASK_WTO:
    case TASK_HARD_COPY:
        if (msg->type == TASK_WTO)
            space_log_line(space, line);
        master_syslog(space->master, "%s %.*s", space->record.id,
                      STR_ARG(line));
        if (msg->type == TASK_WTO)
            tcpip_hear(space->master, line);
        return true;
    case TASK_REPLY:
        space_log_line(space, line);
        sessions_on_reply(space->master, space, msg->seq, line);
        return true;
    case TASK_READY:
        space->is_ready = true;
        sessions_on_ready(space->master, space);
        return true;
    }
    return false;
}

void
space_on_task(struct space *space)
{
    for (unsigned i = 0; i < 64; i++) {
        struct chan_msg msg;
        enum err e = chan_recv(space->task_fd, &msg, NULL);
        bool is_good;

        if (e == ERR_AGAIN)
            return;
        is_good = e == ERR_OK && task_message(space, &msg);
        if (e == ERR_OK)
            chan_msg_fini(&msg);
        if (!is_good) {
            drop_fd(&space->task_fd);
            space->is_attached = false;
            return;
        }
    }
}

/* Only names that are safe as a file's. */
static bool
give_file(struct space *space, uint32_t seq, struct str step, struct str dd)
{
    char name[40];
    int fd = -1;
    enum err e;

    if ((step.n > 0 && !jcl_is_name(step)) || !jcl_is_name(dd) ||
        space->n_files >= SPOOL_FILES_MAX)
        return false;
    (void)snprintf(name, sizeof name, "%03u.%.*s%s%.*s", ++space->n_files,
                   STR_ARG(step), step.n > 0 ? "." : "", STR_ARG(dd));
    if (spool_append(space->record.id, name, &fd, NULL) != ERR_OK)
        fd = -1;
    e = chan_send(space->init_fd, INIT_FILE, seq, (struct str){ 0 }, &fd,
                  fd >= 0 ? 1 : 0, NULL);
    if (fd >= 0)
        close(fd);
    return e == ERR_OK;
}

static bool
take_end(struct space *space, struct reader *in)
{
    struct str text;
    uint8_t end;

    if (!reader_u8(in, &end) || end > JOB_CANCELLED ||
        !reader_u32(in, &space->code) || !reader_str(in, 0, 255, &text) ||
        !reader_at_end(in) ||
        !str_copy_z(text, space->end_text, sizeof space->end_text))
        return false;
    space->end = (enum job_end)end;
    space->has_ended = true;
    return true;
}

/* All an initiator may ask. */
static bool
initiator_message(struct space *space, const struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str a, b;

    switch (msg->type) {
    case INIT_OPEN:
        return reader_str(&in, 0, 8, &a) && reader_str(&in, 1, 8, &b) &&
               reader_at_end(&in) && give_file(space, msg->seq, a, b);
    case INIT_LOG:
        if (!reader_str(&in, 0, 2048, &a) || !reader_at_end(&in))
            return false;
        space_log_line(space, a);
        return true;
    case INIT_SYSMSG:
        if (!reader_str(&in, 0, 2048, &a) || !reader_at_end(&in))
            return false;
        space_write(space->sysmsg_fd, a);
        space_write(space->sysmsg_fd, STR("\n"));
        return true;
    case INIT_END:
        return take_end(space, &in);
    }
    return false;
}

void
space_on_initiator(struct space *space)
{
    for (unsigned i = 0; i < 64; i++) {
        struct chan_msg msg;
        enum err e = chan_recv(space->init_fd, &msg, NULL);
        bool is_good;

        if (e == ERR_AGAIN)
            return;
        is_good = e == ERR_OK && initiator_message(space, &msg);
        if (e == ERR_OK)
            chan_msg_fini(&msg);
        if (!is_good) {
            if (e == ERR_OK)
                space_kill(space);
            drop_fd(&space->init_fd);
            return;
        }
    }
}

void
space_end_cgroup(struct space *space)
{
    if (!cgroup_end(space->cgroup))
        space->master->sweep_at_ms = clock_mono_ms() + MASTER_SWEEP_MS;
}

/* The process is gone: settle everything and tell who waits. */
void
space_on_exit(struct space *space)
{
    struct master *m = space->master;
    char now[16];
    int status = 0;

    if (space->init_fd >= 0)
        space_on_initiator(space); /* what it said last */
    if (space->task_fd >= 0)
        space_on_task(space);
    if (waitpid(space->pid, &status, WNOHANG) == 0)
        return;
    if (!space->has_ended) {
        space->end = space->is_cancelled ? JOB_CANCELLED : JOB_BROKEN;
        (void)snprintf(space->end_text, sizeof space->end_text, "%s",
                       space->is_cancelled ? "ABEND=S222"
                                           : "the initiator ended early");
    }
    space_end_cgroup(space);
    if (space->end == JOB_BROKEN)
        space_log_id(
            space, "IEF451I",
            MSG_INSERTS(str_of(space->record.name), str_of(space->end_text)),
            2);
    else
        space_log_id(space, space->end == JOB_JCL_ERROR ? "IEF453I" : "IEF404I",
                     MSG_INSERTS(str_of(space->record.name), space_clock(now)),
                     2);
    space_record_end(space);
    if (saf_job_ended(m->control, str_of(space->record.id), NULL) != ERR_OK)
        log_warn("%s: the angel did not hear of its end", space->record.id);
    sessions_on_end(m, space);
    for (size_t i = 0; i < m->n_spaces; i++) {
        if (m->spaces[i] == space) {
            m->spaces[i] = m->spaces[--m->n_spaces];
            break;
        }
    }
    space_free(&space);
}

bool
space_command(struct space *space, enum task_verb verb, uint32_t id,
              const char *user, struct str text)
{
    struct buf out;
    enum err e;

    if (!space->is_attached)
        return false;
    buf_init(&out, 2 * TASK_TEXT_MAX);
    buf_u8(&out, (uint8_t)verb);
    buf_str(&out, str_of(user));
    buf_str(&out, text);
    e = buf_check(&out, NULL);
    if (e == ERR_OK)
        e = chan_send(space->task_fd, TASK_COMMAND, id, buf_view(&out), NULL, 0,
                      NULL);
    buf_fini(&out);
    return e == ERR_OK;
}

void
space_stop(struct space *space, uint32_t id, const char *user)
{
    /* A program that listens is asked; another one gets SIGTERM. */
    if (space_command(space, TASK_STOP, id, user, (struct str){ 0 }))
        return;
    if (space->init_fd >= 0 &&
        chan_send(space->init_fd, INIT_STOP, 0, (struct str){ 0 }, NULL, 0,
                  NULL) != ERR_OK)
        space_kill(space);
}

void
space_cancel(struct space *space)
{
    space->is_cancelled = true;
    space->kill_at_ms = clock_mono_ms() + MASTER_KILL_WAIT_MS;
    if (space->init_fd >= 0 &&
        chan_send(space->init_fd, INIT_CANCEL, 0, (struct str){ 0 }, NULL, 0,
                  NULL) != ERR_OK)
        space_kill(space);
}

void
space_kill(struct space *space)
{
    if (space->pid > 0)
        kill(space->pid, SIGKILL);
}

void
space_free(struct space **space)
{
    struct space *s = *space;

    if (s == NULL)
        return;
    drop_fd(&s->pidfd);
    drop_fd(&s->task_fd);
    drop_fd(&s->init_fd);
    drop_fd(&s->log_fd);
    drop_fd(&s->sysmsg_fd);
    free(s);
    *space = NULL;
}

/* --- after a crash ------------------------------------------------------ */

static void
clean_one(void *arg, const struct spool_record *found)
{
    struct spool_record r = *found;
    struct space *space;

    if (strcmp(r.state, "running") != 0)
        return;
    if (r.pid > 1 && spool_process_started((pid_t)r.pid) == r.pid_started &&
        r.pid_started != 0) {
        kill((pid_t)-r.pid, SIGKILL); /* its session and process group */
        kill((pid_t)r.pid, SIGKILL);
    }
    space = space_new(arg);
    if (space == NULL)
        return;
    space->record = r;
    space->end = JOB_BROKEN;
    if (spool_append(r.id, "001.JESMSGLG", &space->log_fd, NULL) == ERR_OK)
        space_log_id(
            space, "IEF451I",
            MSG_INSERTS(str_of(r.name), STR("the master ended while it ran")),
            2);
    space_record_end(space);
    space_free(&space);
}

void
master_clean_spool(struct master *m)
{
    struct err_info why;

    if (spool_each_job(clean_one, m, &why) != ERR_OK)
        log_warn("spool: %s", why.text);
    if (!cgroup_sweep(true, NULL, NULL))
        m->sweep_at_ms = clock_mono_ms() + MASTER_SWEEP_MS;
}
