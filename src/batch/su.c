/*
 * su: somebody's program under another user, in an address space of its own.
 * What the caller sees of it is a terminal made here (whoever is on the other
 * side of it cannot type into the caller's), or the streams the caller gave.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "batch/master_priv.h"
#include "batch/master_wire.h"

#define STREAMS 3u
#define TERMINAL_MODE 0620
#define HANG_UP_WAIT_MS 15000u /* longer than the initiator itself waits */

/* --- what is asked ------------------------------------------------------ */

/* u32 n, n x str: none with a NUL inside, for they become argv. */
static bool
read_arguments(struct reader *in, struct str *out)
{
    struct reader from = *in;
    struct str one;
    uint32_t n;

    if (!reader_u32(in, &n) || n > MASTER_ARGS_MAX)
        return false;
    while (n-- > 0) {
        if (!reader_str(in, 0, MASTER_ARGS_BYTES_MAX, &one) ||
            str_find_char(one, '\0') != STR_NPOS)
            return false;
    }
    *out = str_sub(from.in, from.pos, in->pos);
    return out->n <= MASTER_ARGS_BYTES_MAX;
}

static bool
read_order(struct reader *in, struct chan_msg *msg, struct str *user,
           struct su_order *out)
{
    uint16_t rows, columns;
    unsigned n = 0;

    if (!reader_str(in, 1, 8, user) || !reader_u8(in, &out->terminals) ||
        out->terminals >= 1u << STREAMS || !reader_u16(in, &rows) ||
        !reader_u16(in, &columns) ||
        !reader_str(in, 0, MASTER_TERM_MAX, &out->term) ||
        str_find_char(out->term, '\0') != STR_NPOS ||
        !read_arguments(in, &out->arguments) || !reader_at_end(in))
        return false;
    out->size = (struct winsize){ .ws_row = rows, .ws_col = columns };
    out->folder = chan_take_fd(msg, n++);
    for (unsigned i = 0; i < STREAMS; i++) {
        out->streams[i] =
            (out->terminals & 1u << i) != 0 ? -1 : chan_take_fd(msg, n++);
        if ((out->terminals & 1u << i) == 0 && out->streams[i] < 0)
            return false;
    }
    return out->folder >= 0;
}

/* Both sides of a new terminal. */
static enum err
open_terminal(struct su_order *order, int *other, struct err_info *why)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 || unlockpt(fd) != 0 ||
        (order->terminal =
             ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 ||
        ioctl(fd, TIOCSWINSZ, &order->size) != 0) {
        enum err e = err_sys(why, "a terminal");

        if (fd >= 0)
            close(fd);
        return e;
    }
    *other = fd;
    return ERR_OK;
}

static void
close_all(const struct su_order *order, int other)
{
    const int fds[] = { order->terminal,   order->folder,     order->streams[0],
                        order->streams[1], order->streams[2], other };

    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

static enum err
start(struct session *s, struct str user, struct su_order *order, int *other,
      struct space **out, struct err_info *why)
{
    struct jcl_job *job;
    struct arena arena;
    enum err e = ERR_OK;

    if (s->master->is_stopping)
        return err_set(why, ERR_PEER, "the system is being shut down");
    if (order->terminals != 0 &&
        (e = open_terminal(order, other, why)) != ERR_OK)
        return e;
    arena_init(&arena, 1024 * 1024);
    job = ARENA_NEW(&arena, struct jcl_job);
    user = str_upper(&arena, user);
    if (job == NULL || user.p == NULL)
        e = err_set(why, ERR_MEMORY, "no storage");
    else if (!jcl_is_name(user) ||
             !str_copy_z(user, job->user, sizeof job->user))
        e = err_set(why, ERR_DENIED,
                    "\"%.*s\" is no user ID; expected 1 to 8 letters, digits, "
                    "#, $ or @",
                    STR_ARG(user));
    if (e == ERR_OK) {
        memcpy(job->name, job->user, sizeof job->name);
        e = space_start(
            s->master,
            &(struct space_order){
                .job = job, .submitter = s->acee, .session = s, .su = order },
            out, why);
    }
    arena_fini(&arena);
    return e;
}

bool
session_on_su(struct session *s, struct reader *in, struct chan_msg *msg)
{
    struct su_order order = { .terminal = -1,
                              .folder = -1,
                              .streams = { -1, -1, -1 } };
    struct err_info why = { 0 };
    struct space *space;
    struct str user;
    int other = -1;

    if (s->acee == NULL || s->waits_for[0] != '\0' ||
        !read_order(in, msg, &user, &order)) {
        close_all(&order, -1);
        return false;
    }
    if (start(s, user, &order, &other, &space, &why) == ERR_OK) {
        session_accepted(s, space, other < 0 ? NULL : &other);
        s->is_su = true;
        memcpy(s->waits_for, space->record.id, sizeof s->waits_for);
        master_syslog(s->master, "%s su %s by %s", space->record.id,
                      space->record.user, space->record.submitter);
    } else {
        session_printf(s, "%s", why.text);
        session_ended(s, JOB_JCL_ERROR, 0, "");
    }
    close_all(&order, other);
    return true;
}

/* --- the address space -------------------------------------------------- */

enum err
su_begin(struct space *space, const struct su_order *order, uint32_t uid,
         const struct saf_omvs *omvs, struct err_info *why)
{
    int fds[2 + STREAMS] = { order->folder };
    unsigned n = 1;
    struct buf out;
    enum err e;

    if (order->terminal >= 0) {
        if (!root_is_private() &&
            (fchown(order->terminal, uid, (gid_t)-1) != 0 ||
             fchmod(order->terminal, TERMINAL_MODE) != 0))
            return err_sys(why, "the terminal");
        fds[n++] = order->terminal;
    }
    for (unsigned i = 0; i < STREAMS; i++) {
        if (order->streams[i] >= 0)
            fds[n++] = order->streams[i];
    }
    buf_init(&out, 2 * MASTER_ARGS_BYTES_MAX);
    buf_str(&out, str_of(space->record.user));
    buf_str(&out, str_of(omvs->home));
    buf_str(&out, str_of(omvs->program));
    buf_u8(&out, order->terminals);
    buf_str(&out, order->term);
    buf_add(&out, order->arguments);
    e = buf_check(&out, why);
    if (e == ERR_OK)
        e = chan_send(space->init_fd, INIT_SU, 0, buf_view(&out), fds, n, why);
    buf_fini(&out);
    return e;
}

static struct space *
started_by(const struct session *s)
{
    return s->is_su && s->waits_for[0] != '\0'
               ? space_find_id(s->master, s->waits_for)
               : NULL;
}

bool
session_on_signal(struct session *s, struct reader *in, struct chan_msg *msg)
{
    struct space *space = started_by(s);
    char byte;
    uint8_t number;

    (void)msg;
    if (!s->is_su || !reader_u8(in, &number) || !reader_at_end(in))
        return false;
    byte = (char)number;
    if (space != NULL && space->init_fd >= 0 &&
        chan_send(space->init_fd, INIT_SIGNAL, 0, str_n(&byte, 1), NULL, 0,
                  NULL) != ERR_OK)
        log_warn("%s: it does not hear", space->record.id);
    return true;
}

/* The initiator runs under the program's own user, who may have stopped it. */
void
su_hang_up(struct session *s)
{
    struct space *space = started_by(s);

    if (space == NULL)
        return;
    space_stop(space, 0, TASK_BY_MASTER);
    space->kill_at_ms = clock_mono_ms() + HANG_UP_WAIT_MS;
}
