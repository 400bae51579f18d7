/* Submit and console connections: who they are, what they asked for. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "batch/master_priv.h"
#include "batch/master_wire.h"
#include "ipc/chan.h"

/* One Linux user cannot keep the others, or root, from the console. */
static bool
has_room(const struct master *m, uid_t uid)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n_sessions; i++)
        n += m->sessions[i]->uid == uid;
    if (root_is_private() || uid == 0)
        return m->n_sessions < MASTER_SESSIONS_MAX;
    return n < MASTER_SESSIONS_PER_UID &&
           m->n_sessions < MASTER_SESSIONS_MAX - MASTER_SESSIONS_ROOT;
}

void
session_accept(struct master *m)
{
    struct chan_peer peer;
    struct session *s;
    int fd;

    if (chan_accept(m->listener, &fd, &peer, NULL) != ERR_OK)
        return;
    s = has_room(m, peer.uid) ? calloc(1, sizeof *s) : NULL;
    if (s == NULL) {
        log_warn("a client of uid %u was turned away: %zu are connected",
                 (unsigned)peer.uid, m->n_sessions);
        chan_close(fd);
        return;
    }
    *s = (struct session){
        .master = m, .fd = fd, .uid = peer.uid, .pid = peer.pid
    };
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    m->sessions[m->n_sessions++] = s;
}

void
session_free(struct session **session)
{
    struct session *s = *session;

    if (s == NULL)
        return;
    acee_unref(&s->acee);
    chan_close(s->fd);
    free(s);
    *session = NULL;
}

/* A client that does not read loses its connection, never the master's time.*/
static void
send_to(struct session *s, uint16_t type, struct str payload, const int *fd)
{
    if (s->is_closed || s->fd < 0)
        return;
    if (chan_send(s->fd, type, 0, payload, fd, fd == NULL ? 0 : 1, NULL) !=
        ERR_OK)
        s->is_closed = true;
}

void
session_line(struct session *s, struct str line)
{
    struct buf out;

    if (s->fd < 0) {
        master_syslog(s->master, "%.*s", STR_ARG(line));
        return;
    }
    buf_init(&out, MASTER_LINE_MAX + 8);
    buf_str(&out, str_sub(line, 0, MASTER_LINE_MAX));
    send_to(s, MASTER_LINE, buf_view(&out), NULL);
    buf_fini(&out);
}

void
session_printf(struct session *s, const char *fmt, ...)
{
    char text[MASTER_LINE_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    session_line(s, str_of(text));
}

void
session_done(struct session *s, uint8_t status)
{
    char byte = (char)status;

    send_to(s, MASTER_DONE, str_n(&byte, 1), NULL);
}

/* --- requests ----------------------------------------------------------- */

/* Everybody in a private image is its owner; the superusers of another one are
 * those of its first uid. */
static bool
fits(const struct session *s)
{
    return root_is_private() || s->uid == 0 || s->acee->uid == s->uid ||
           (s->uid == s->master->uids.first && space_is_superuser(s->acee));
}

static bool
on_hello(struct session *s, struct reader *in, struct chan_msg *msg)
{
    struct err_info why;
    struct str wire;

    (void)msg;
    if (s->acee != NULL || !reader_str(in, 1, MASTER_ACEE_MAX, &wire) ||
        !reader_at_end(in))
        return false;
    if (acee_parse(wire, saf_seal_key(s->master->saf), &s->acee, &why) !=
        ERR_OK) {
        session_printf(s, "the identity is refused: %s", why.text);
        session_done(s, 8);
        return true;
    }
    if (!fits(s)) {
        acee_unref(&s->acee);
        session_printf(s, "the identity is not the one of Linux user %u",
                       (unsigned)s->uid);
        session_done(s, 8);
        return true;
    }
    session_done(s, 0);
    return true;
}

static void
report_errors(struct session *s, const struct jcl_errors *errors)
{
    for (size_t i = 0; i < errors->n; i++) {
        const struct jcl_error *e = &errors->v[i];

        session_printf(s, "%s%sline %u, column %u: %s",
                       e->source[0] == '\0' ? "" : e->source,
                       e->source[0] == '\0' ? "" : " ", e->pos.line,
                       e->pos.column, e->text);
    }
    if (errors->n_all > errors->n)
        session_printf(s, "%zu more errors", errors->n_all - errors->n);
}

void
session_ended(struct session *s, enum job_end end, uint32_t code,
              const char *text)
{
    struct buf out;

    buf_init(&out, 512);
    buf_u8(&out, (uint8_t)end);
    buf_u32(&out, code);
    buf_str(&out, str_of(text));
    send_to(s, MASTER_ENDED, buf_view(&out), NULL);
    buf_fini(&out);
}

void
session_accepted(struct session *s, const struct space *space, const int *fd)
{
    struct buf out;

    buf_init(&out, 64);
    buf_str(&out, str_of(space->record.name));
    buf_str(&out, str_of(space->record.id));
    send_to(s, MASTER_ACCEPTED, buf_view(&out), fd);
    buf_fini(&out);
}

static void
submit(struct session *s, struct arena *arena, struct str jcl, bool waits)
{
    struct jcl_data_lines *data = ARENA_NEW(arena, struct jcl_data_lines);
    struct jcl_env env = { .sysuid = str_of(s->acee->user),
                           .proc = master_read_member,
                           .arg = &s->uid,
                           .data_lines = data };
    struct jcl_errors *errors = ARENA_NEW(arena, struct jcl_errors);
    struct jcl_job job;
    struct space *space;
    struct err_info why = { 0 };
    enum err e;

    if (errors == NULL || data == NULL) {
        session_ended(s, JOB_BROKEN, 0, "no storage");
        return;
    }
    e = jcl_parse(arena, jcl, &env, &job, errors, &why);
    if (e == ERR_OK && job.hold)
        e = err_set(&why, ERR_UNSUPPORTED,
                    "TYPRUN=HOLD: there is no command to release a job");
    if (e != ERR_OK) {
        report_errors(s, errors);
        if (errors->n_all == 0)
            session_printf(s, "%s", why.text);
        session_ended(s, e == ERR_MEMORY ? JOB_BROKEN : JOB_JCL_ERROR, 0,
                      "JOB NOT RUN - JCL ERROR");
        return;
    }
    if (job.scan) {
        session_ended(s, JOB_ENDED, 0, "TYPRUN=SCAN: no errors found");
        return;
    }
    e = space_start(s->master,
                    &(struct space_order){ .job = &job,
                                           .jcl = jcl,
                                           .data = data,
                                           .submitter = s->acee,
                                           .session = s },
                    &space, &why);
    if (e != ERR_OK) {
        session_printf(s, "%s", why.text);
        session_ended(s, e == ERR_DENIED ? JOB_JCL_ERROR : JOB_BROKEN, 0,
                      e == ERR_DENIED ? "JOB NOT RUN - SECURITY FAILURE"
                                      : "JOB NOT RUN - SYSTEM FAILURE");
        return;
    }
    session_accepted(s, space, NULL);
    if (waits)
        memcpy(s->waits_for, space->record.id, sizeof s->waits_for);
}

static bool
on_submit(struct session *s, struct reader *in, struct chan_msg *msg)
{
    struct arena arena;
    struct str jcl;
    uint8_t waits;

    (void)msg;
    if (s->acee == NULL || s->waits_for[0] != '\0' ||
        !reader_str(in, 0, JCL_TEXT_MAX, &jcl) || !reader_u8(in, &waits) ||
        waits > 1 || !reader_at_end(in))
        return false;
    if (s->master->is_stopping) {
        session_ended(s, JOB_BROKEN, 0, "the system is being shut down");
        return true;
    }
    arena_init(&arena, 64 * 1024 * 1024);
    submit(s, &arena, jcl, waits == 1);
    arena_wipe(&arena); /* PASSWORD= of the JOB card */
    arena_fini(&arena);
    return true;
}

static bool
on_command(struct session *s, struct reader *in, struct chan_msg *msg)
{
    struct str text;

    (void)msg;
    if (s->acee == NULL || s->waiting.id != 0 ||
        !reader_str(in, 1, MASTER_COMMAND_MAX, &text) || !reader_at_end(in))
        return false;
    master_syslog(s->master, "CONSOLE  %s %.*s", s->acee->user, STR_ARG(text));
    operator_command(s, text);
    return true;
}

static void
send_file(void *arg, const char *name, int fd)
{
    struct buf out;

    buf_init(&out, 300);
    buf_str(&out, str_of(name));
    send_to(arg, MASTER_FILE, buf_view(&out), &fd);
    buf_fini(&out);
}

/* Who submitted a job or whose user it runs under may read it; operators and
 * SPECIAL users all. */
static bool
may_read(const struct session *s, const struct spool_record *r)
{
    return (s->acee->attrs & (ACEE_SPECIAL | ACEE_OPERATIONS)) != 0 ||
           strcmp(s->acee->user, r->submitter) == 0 ||
           strcmp(s->acee->user, r->user) == 0;
}

static bool
on_output(struct session *s, struct reader *in, struct chan_msg *msg)
{
    struct spool_record record;
    struct err_info why;
    struct str id;
    char text[9];

    (void)msg;
    if (s->acee == NULL || !reader_str(in, 8, 8, &id) || !reader_at_end(in) ||
        !str_copy_z(id, text, sizeof text) || !jcl_is_name(id))
        return false;
    if (spool_record_read(text, &record, &why) != ERR_OK) {
        session_printf(s, "%s: no such job", text);
        session_done(s, 8);
        return true;
    }
    if (!may_read(s, &record)) {
        session_printf(s, "%s: not authorized to read its output", text);
        session_done(s, 8);
        return true;
    }
    if (spool_each_file(text, send_file, s, &why) != ERR_OK)
        session_printf(s, "%s", why.text);
    session_done(s, 0);
    return true;
}

/* All a client may ask. */
static const struct {
    uint16_t type;
    bool (*run)(struct session *, struct reader *, struct chan_msg *);
} requests[] = {
    { MASTER_HELLO, on_hello },     { MASTER_SUBMIT, on_submit },
    { MASTER_COMMAND, on_command }, { MASTER_OUTPUT, on_output },
    { MASTER_SU, session_on_su },   { MASTER_SIGNAL, session_on_signal },
};

void
session_on_message(struct session *s)
{
    struct chan_msg msg;
    struct reader in;
    bool is_good = false;
    enum err e = chan_recv(s->fd, &msg, NULL);

    if (e == ERR_AGAIN)
        return;
    if (e != ERR_OK) {
        s->is_closed = true;
        return;
    }
    in = reader_of(msg.payload);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        if (requests[i].type == msg.type)
            is_good = requests[i].run(s, &in, &msg);
    }
    chan_msg_fini(&msg);
    if (!is_good)
        s->is_closed = true;
}

/* --- what happened meanwhile -------------------------------------------- */

void
session_line_of(struct session *s, const struct space *space, struct str line)
{
    struct buf text;

    if (!s->waiting.is_for_many) {
        session_line(s, line);
        return;
    }
    buf_init(&text, MASTER_LINE_MAX);
    buf_printf(&text, "%-8s ", space->record.id);
    buf_add(&text, str_sub(line, 0, MASTER_LINE_MAX - text.n));
    session_line(s, buf_view(&text));
    buf_fini(&text);
}

static void line_of(struct session *, const struct space *, const char *fmt,
                    ...) PRINTF_LIKE(3, 4);

static void
line_of(struct session *s, const struct space *space, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    session_line_of(s, space, str_of(text));
}

static bool
is_waited_for(const struct session *s, const struct space *space)
{
    for (size_t i = 0; s->waiting.id != 0 && i < s->waiting.n; i++) {
        if (s->waiting.spaces[i] == space)
            return true;
    }
    return false;
}

/* Of that one all is known; of the last, the command is answered. */
static void
waited_enough(struct session *s, const struct space *space, uint8_t status)
{
    struct waiting *w = &s->waiting;

    for (size_t i = 0; i < w->n; i++) {
        if (w->spaces[i] == space) {
            w->spaces[i] = w->spaces[--w->n];
            break;
        }
    }
    w->status = status > w->status ? status : w->status;
    if (w->n > 0)
        return;
    w->id = 0;
    session_done(s, w->status);
}

/* A task that S still waits for has ended. */
static void
ended_early(struct session *s, const struct space *space)
{
    bool is_good = space->end == JOB_ENDED && space->code == 0;

    if (is_good)
        session_printf(s, "IEF404I %s - ENDED", space->record.name);
    else
        session_printf(s,
                       "%s ENDED BEFORE IT WAS READY - COND CODE %04u %s; "
                       "see its job log %s",
                       space->record.name, space->code, space->end_text,
                       space->record.id);
    if (!is_good)
        session_early_end(s, space);
    session_done(s, is_good ? 0 : 8);
}

void
sessions_on_end(struct master *m, struct space *space)
{
    for (size_t i = 0; i < m->n_sessions; i++) {
        struct session *s = m->sessions[i];

        if (strcmp(s->waits_for, space->record.id) == 0) {
            s->waits_for[0] = '\0';
            session_ended(s, space->end, space->code, space->end_text);
        }
        if (is_waited_for(s, space)) {
            if (!s->waiting.is_stop)
                line_of(s, space, "IEE341I %s NOT ACTIVE", space->record.name);
            waited_enough(s, space, s->waiting.is_stop ? 0 : 8);
        }
        if (space->starter == s)
            ended_early(s, space);
    }
}

void
sessions_on_ready(struct master *m, struct space *space)
{
    for (size_t i = 0; i < m->n_sessions; i++) {
        if (space->starter == m->sessions[i])
            session_done(m->sessions[i], 0);
    }
    space->starter = NULL;
}

void
sessions_on_reply(struct master *m, struct space *space, uint32_t id,
                  struct str line)
{
    for (size_t i = 0; i < m->n_sessions; i++) {
        struct session *s = m->sessions[i];

        if (s->waiting.id == id && is_waited_for(s, space))
            session_line_of(s, space, line);
    }
}

void
sessions_on_reply_end(struct master *m, struct space *space, uint32_t id,
                      bool is_done)
{
    for (size_t i = 0; i < m->n_sessions; i++) {
        struct session *s = m->sessions[i];

        /* P is over when the task has ended, not when it has said it will; or
         * when it has said it will not. */
        if (s->waiting.id == id && !(s->waiting.is_stop && is_done) &&
            is_waited_for(s, space))
            waited_enough(s, space, is_done ? 0 : 8);
    }
}

void
sessions_check_time(struct master *m, uint64_t now_ms)
{
    for (size_t i = 0; i < m->n_sessions; i++) {
        struct session *s = m->sessions[i];

        if (s->waiting.id == 0 || s->waiting.is_stop ||
            now_ms < s->waiting.until_ms)
            continue;
        while (s->waiting.n > 0) {
            struct space *space = s->waiting.spaces[0];

            line_of(s, space,
                    "IEE342I MODIFY REJECTED-TASK BUSY: %s did not reply",
                    space->record.name);
            waited_enough(s, space, 4);
        }
    }
    for (size_t i = 0; i < m->n_spaces; i++) {
        struct space *space = m->spaces[i];

        if (space->starter == NULL || now_ms < space->start_until_ms)
            continue;
        /* A program that does not listen never says that it is ready. */
        if (space->is_attached)
            session_printf(space->starter, "%s is not ready yet",
                           space->record.name);
        session_done(space->starter, space->is_attached ? 4 : 0);
        space->starter = NULL;
    }
}
