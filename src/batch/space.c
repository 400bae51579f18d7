/* Address spaces: start, log, end. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/reader.h"
#include "base/secret.h"
#include "batch/master_priv.h"
#include "ipc/chan.h"
#include "ipc/task.h"
#include "ipc/task_wire.h"

static const char *const end_words[] = { "ended", "abend", "jclerror", "broken",
                                         "cancelled" };

const char *
job_end_word(enum job_end end)
{
    return end_words[end];
}

/* --- log ---------------------------------------------------------------- */

static void
write_all(int fd, struct str text)
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
static void
log_line(struct space *space, struct str text)
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
    write_all(space->log_fd, buf_view(&line));
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
    log_line(space, str_of(text));
}

void
space_log_id(struct space *space, const char *id, const struct str *inserts,
             size_t n)
{
    struct buf text;

    buf_init(&text, 2048);
    buf_printf(&text, "%s ", id);
    msg_text(&text, id, inserts, n);
    log_line(space, buf_view(&text));
    master_syslog(space->master, "%s %.*s", space->record.id,
                  STR_ARG(buf_view(&text)));
    buf_fini(&text);
}

static struct str
clock_text(char out[16])
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;

    (void)localtime_r(&now, &tm);
    (void)snprintf(out, 16, "%02d.%02d.%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
    return str_of(out);
}

/* --- the child before it is an initiator -------------------------------- */

static void
keep_open(int fd, const char *name)
{
    char text[16];

    (void)fcntl(fd, F_SETFD, 0);
    (void)snprintf(text, sizeof text, "%d", fd);
    (void)setenv(name, text, 1);
}

/* An address space begins with these variables and nothing else. */
static void
clean_environment(void)
{
    static const char *const kept[] = {
        "PATH",         "LANG",          "TZ",           "SALLYPORT_LOG",
        "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "HOME",
    };
    char *values[ARRAY_LEN(kept)];

    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const char *value = getenv(kept[i]);

        values[i] = value == NULL ? NULL : strdup(value);
    }
    (void)clearenv();
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        if (values[i] != NULL)
            (void)setenv(kept[i], values[i], 1);
        free(values[i]);
    }
    (void)setenv("SALLYPORT_ROOT", root_dir(), 1);
}

static bool
drop_privilege(uint32_t uid, uint32_t gid)
{
    return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 &&
           setresuid(uid, uid, uid) == 0 && setuid(0) != 0;
}

static void
close_others(int task_fd, int init_fd)
{
    for (int fd = 3; fd < 4096; fd++) {
        if (fd != task_fd && fd != init_fd)
            (void)close(fd);
    }
}

/*
 * The forked child waits until the master has registered it with the angel,
 * becomes the job's user and the initiator. It never returns.
 */
NORETURN static void
child_main(const char *program, int task_fd, int init_fd)
{
    struct chan_msg msg;
    struct reader in;
    uint32_t uid, gid;
    uint8_t is_root;
    int token, null_fd;
    sigset_t none;

    close_others(task_fd, init_fd);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setsid();
    if (chan_recv(init_fd, &msg, NULL) != ERR_OK || msg.type != INIT_GO)
        _exit(1); /* refused: the master says why */
    in = reader_of(msg.payload);
    token = chan_take_fd(&msg, 0);
    if (!reader_u32(&in, &uid) || !reader_u32(&in, &gid) ||
        !reader_u8(&in, &is_root) || !reader_at_end(&in) || token < 0)
        _exit(1);
    chan_msg_fini(&msg);
    null_fd = open("/dev/null", O_RDWR);
    if (null_fd >= 0) {
        (void)dup2(null_fd, 0);
        (void)dup2(null_fd, 1);
        if (null_fd > 2)
            close(null_fd);
    }
    (void)umask(027);
    clean_environment();
    keep_open(task_fd, "SALLYPORT_TASK_FD");
    keep_open(init_fd, "SALLYPORT_INITIATOR_FD");
    keep_open(token, "SALLYPORT_TOKEN_FD");
    if (is_root != 0 && !drop_privilege(uid, gid))
        _exit(1);
    if (chdir("/") != 0)
        _exit(1);
    execl(program, program, (char *)NULL);
    _exit(127);
}

static int
pidfd_of(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* --- start -------------------------------------------------------------- */

static enum err
open_logs(struct space *space, struct err_info *why)
{
    enum err e = spool_create(space->record.id, why);

    if (e == ERR_OK)
        e = spool_append(space->record.id, "001.JESMSGLG", &space->log_fd, why);
    if (e == ERR_OK)
        e = spool_append(space->record.id, "003.JESYSMSG", &space->sysmsg_fd,
                         why);
    return e;
}

/* JESJCL: the job as submitted, without the password. */
static void
write_jcl(struct space *space, struct str jcl)
{
    struct str line;
    int fd;

    if (spool_append(space->record.id, "002.JESJCL", &fd, NULL) != ERR_OK)
        return;
    for (unsigned n = 1; str_line(&jcl, &line); n++) {
        char number[16];
        size_t at = str_find(line, STR("PASSWORD="));

        (void)snprintf(number, sizeof number, "%9u ", n);
        write_all(fd, str_of(number));
        if (at != STR_NPOS && str_starts(line, STR("//"))) {
            write_all(fd, str_sub(line, 0, at + 9));
            line = STR("(suppressed)");
        }
        write_all(fd, line);
        write_all(fd, STR("\n"));
    }
    close(fd);
}

static enum err
make_cgroup(struct space *space, struct err_info *why)
{
    struct buf path;
    char pid[32];
    enum err e = ERR_OK;
    int fd;

    space->cgroup[0] = '\0';
    if (root_is_private() || access("/sys/fs/cgroup/cgroup.procs", W_OK) != 0)
        return ERR_OK; /* a container without its own cgroup tree */
    buf_init(&path, sizeof space->cgroup - 1);
    buf_printf(&path, "/sys/fs/cgroup/sallyport/%s", space->record.id);
    if (buf_check(&path, why) == ERR_OK &&
        dir_make(buf_z(&path), 0755, NULL) == ERR_OK) {
        (void)snprintf(space->cgroup, sizeof space->cgroup, "%s", buf_z(&path));
        buf_add_z(&path, "/cgroup.procs");
        (void)snprintf(pid, sizeof pid, "%d", (int)space->pid);
        fd = open(buf_z(&path), O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, pid, strlen(pid)) < 0) {
            log_warn("%s: cannot enter its cgroup", space->record.id);
            space->cgroup[0] = '\0';
        }
        if (fd >= 0)
            close(fd);
    }
    buf_fini(&path);
    return e;
}

static enum err
fork_space(struct space *space, struct err_info *why)
{
    int task[2], init[2];
    char program[512];
    enum err e;

    if ((e = chan_pair(task, why)) != ERR_OK)
        return e;
    if ((e = chan_pair(init, why)) != ERR_OK) {
        close(task[0]);
        close(task[1]);
        return e;
    }
    (void)snprintf(program, sizeof program, "%s/sallyport-initiator",
                   space->master->options.program_dir);
    space->pid = fork();
    if (space->pid == 0)
        child_main(program, task[1], init[1]);
    close(task[1]);
    close(init[1]);
    space->task_fd = task[0];
    space->init_fd = init[0];
    if (space->pid < 0)
        return err_sys(why, "fork");
    space->pidfd = pidfd_of(space->pid);
    if (space->pidfd < 0) {
        e = err_sys(why, "pidfd");
        kill(space->pid, SIGKILL);
        return e;
    }
    (void)fcntl(space->task_fd, F_SETFL, O_NONBLOCK);
    (void)fcntl(space->init_fd, F_SETFL, O_NONBLOCK);
    return make_cgroup(space, why);
}

/* Lines of the security product about this start. */
struct saf_lines {
    struct space *space;
    struct session *session;
};

static void
on_saf_line(void *arg, struct str line)
{
    struct saf_lines *to = arg;

    log_line(to->space, line);
    if (to->session != NULL)
        session_line(to->session, line);
}

/*
 * The Linux user of an address space: the OMVS UID. A superuser (UID 0) of the
 * image, and IBMUSER before it has one, get no Linux root: their address
 * spaces run under the first UID of the range.
 */
static enum err
linux_user(struct space *space, const struct acee *acee, uint32_t *uid,
           struct err_info *why)
{
    struct master *m = space->master;

    *uid = acee->uid;
    if (root_is_private())
        return ERR_OK;
    if (acee->uid == 0 ||
        (acee->uid == UINT32_MAX && strcmp(acee->user, "IBMUSER") == 0))
        *uid = m->uid_first;
    if (*uid == UINT32_MAX)
        return err_set(why, ERR_DENIED,
                       "user %s has no OMVS UID; expected one of %u-%u "
                       "(uidrange of etc/image.conf)",
                       acee->user, m->uid_first, m->uid_last);
    if (*uid < m->uid_first || *uid > m->uid_last)
        return err_set(why, ERR_DENIED,
                       "user %s has OMVS UID %u; expected one of %u-%u "
                       "(uidrange of etc/image.conf)",
                       acee->user, *uid, m->uid_first, m->uid_last);
    return ERR_OK;
}

static enum err
send_go(struct space *space, const struct acee *acee, uint32_t uid,
        struct str token, struct err_info *why)
{
    /* A gid that is somebody's on this machine (0, staff) is not taken. */
    bool has_gid = acee->gid >= space->master->uid_first &&
                   acee->gid <= space->master->uid_last;
    struct buf go;
    int fd = chan_memfd("job-token", token, why);
    enum err e;

    if (fd < 0)
        return ERR_IO;
    buf_init(&go, 64);
    buf_u32(&go, uid);
    buf_u32(&go, has_gid ? acee->gid : uid);
    buf_u8(&go, !root_is_private());
    e = chan_send(space->init_fd, INIT_GO, 0, buf_view(&go), &fd, 1, why);
    buf_fini(&go);
    close(fd);
    return e;
}

static enum err
send_order(struct space *space, const struct jcl_job *job, struct err_info *why)
{
    struct job_order order = { .job = *job };
    struct buf out;
    enum err e;

    memcpy(order.name, space->record.name, sizeof order.name);
    memcpy(order.id, space->record.id, sizeof order.id);
    memcpy(order.user, space->record.user, sizeof order.user);
    memcpy(order.submitter, space->record.submitter, sizeof order.submitter);
    buf_init(&out, 2 * JCL_TEXT_MAX);
    job_encode(&out, &order);
    e = buf_check(&out, why);
    if (e == ERR_OK)
        e = chan_send(space->init_fd, INIT_RUN, 0, buf_view(&out), NULL, 0,
                      why);
    buf_fini(&out);
    return e;
}

static enum err
register_space(struct space *space, const struct space_order *order,
               struct err_info *why)
{
    struct saf_job job = {
        .job_name = str_of(space->record.name),
        .job_id = str_of(space->record.id),
        .user = order->is_task ? STR("") : str_of(space->record.user),
        .proc = order->proc,
        .submitter = str_of(space->record.submitter),
        .password = order->job->password,
        .pidfd = space->pidfd,
        .cgroup = str_of(space->cgroup),
        .root_uid = root_is_private() ? 0 : space->master->uid_first,
    };
    struct saf_lines lines = { space, order->session };
    struct saf_client *control = space->master->control;
    struct buf token;
    struct acee *acee = NULL;
    struct saf_rc rc;
    uint32_t uid = 0;
    enum err e;

    buf_init(&token, TASK_TOKEN_MAX);
    saf_on_message(control, on_saf_line, &lines);
    e = saf_register_job(control, &job, &token, &acee, &rc, why);
    saf_on_message(control, NULL, NULL);
    if (e == ERR_OK)
        e = linux_user(space, acee, &uid, why);
    if (e == ERR_OK) {
        memcpy(space->record.user, acee->user, sizeof space->record.user);
        if (order->is_task)
            space_log_id(space, "IEF695I",
                         MSG_INSERTS(order->proc, str_of(space->record.name),
                                     str_of(acee->user), str_of(acee->group)),
                         4);
        e = send_go(space, acee, uid, buf_view(&token), why);
    }
    acee_unref(&acee);
    if (token.p != NULL)
        secret_wipe(token.p, token.n);
    buf_fini(&token);
    return e;
}

static void
record_end(struct space *space)
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

static enum err
prepare(struct space *space, const struct space_order *order,
        struct err_info *why)
{
    struct spool_record *r = &space->record;
    const struct jcl_job *job = order->job;
    uint32_t number;
    enum err e = spool_next_number(&number, why);

    if (e != ERR_OK)
        return e;
    (void)snprintf(r->id, sizeof r->id, "%s%05" PRIu32,
                   order->is_task ? "STC" : "JOB", number % 100000);
    memcpy(r->name, job->name, sizeof r->name);
    memcpy(r->submitter, order->submitter->user, sizeof r->submitter);
    memcpy(r->user, job->user[0] != '\0' ? job->user : r->submitter,
           sizeof r->user);
    if (!str_copy_z(order->proc, r->proc, sizeof r->proc))
        return err_set(why, ERR_RANGE, "procedure name is too long");
    (void)snprintf(r->state, sizeof r->state, "running");
    r->began_ms = clock_wall_ms();
    if ((e = open_logs(space, why)) != ERR_OK)
        return e;
    write_jcl(space, order->jcl);
    return ERR_OK;
}

static struct space *
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

static void
fail_start(struct space *space, const struct err_info *why)
{
    space_log(space, "%s", why->text);
    space_log_id(space, "IEF452I", MSG_INSERTS(str_of(space->record.name)), 1);
    space->end = JOB_JCL_ERROR;
    record_end(space);
    if (space->pid > 0) {
        kill(space->pid, SIGKILL);
        (void)waitpid(space->pid, NULL, 0);
    }
}

enum err
space_start(struct master *m, const struct space_order *order,
            struct space **out, struct err_info *why)
{
    struct space *space;
    struct err_info local = { 0 };
    char now[16];
    enum err e;

    if (m->n_spaces >= MASTER_SPACES_MAX)
        return err_set(why, ERR_LIMIT,
                       "%u address spaces are active, no more can be started",
                       MASTER_SPACES_MAX);
    space = space_new(m);
    if (space == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an address space");
    space->is_task = order->is_task;
    if ((e = prepare(space, order, &local)) == ERR_OK) {
        if ((e = fork_space(space, &local)) != ERR_OK ||
            (e = register_space(space, order, &local)) != ERR_OK ||
            (e = send_order(space, order->job, &local)) != ERR_OK)
            fail_start(space, &local);
    }
    if (e != ERR_OK) {
        space_free(&space);
        if (why != NULL)
            *why = local;
        return e;
    }
    space->record.pid = space->pid;
    space->record.pid_started = spool_process_started(space->pid);
    if (spool_record_write(&space->record, &local) != ERR_OK)
        log_error("%s: %s", space->record.id, local.text);
    space_log_id(space, "IEF403I",
                 MSG_INSERTS(str_of(space->record.name), clock_text(now)), 2);
    m->spaces[m->n_spaces++] = space;
    *out = space;
    return ERR_OK;
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
                  NULL) == ERR_OK)
        space->is_attached = true;
    buf_fini(&out);
}

/* All a program in an address space may say. */
static bool
task_message(struct space *space, const struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str line = { 0 };

    if (msg->type == TASK_HELLO) {
        send_welcome(space);
        return msg->payload.n == 0;
    }
    if (!reader_str(&in, 0, TASK_LINE_MAX, &line) || !reader_at_end(&in))
        return false;
    switch (msg->type) {
    case TASK_WTO:
        log_line(space, line);
        master_syslog(space->master, "%s %.*s", space->record.id,
                      STR_ARG(line));
        return true;
    case TASK_REPLY:
        log_line(space, line);
        sessions_on_reply(space->master, space, msg->seq, line, false);
        return true;
    case TASK_REPLY_END:
        sessions_on_reply(space->master, space, msg->seq, line, true);
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
        log_line(space, a);
        return true;
    case INIT_SYSMSG:
        if (!reader_str(&in, 0, 2048, &a) || !reader_at_end(&in))
            return false;
        write_all(space->sysmsg_fd, a);
        write_all(space->sysmsg_fd, STR("\n"));
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

static void
end_cgroup(struct space *space)
{
    char path[300];
    int fd;

    if (space->cgroup[0] == '\0')
        return;
    (void)snprintf(path, sizeof path, "%s/cgroup.kill", space->cgroup);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, "1", 1) < 0)
            log_warn("%s: cgroup.kill failed", space->record.id);
        close(fd);
    }
    (void)rmdir(space->cgroup);
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
    end_cgroup(space);
    if (space->end == JOB_BROKEN)
        space_log_id(
            space, "IEF451I",
            MSG_INSERTS(str_of(space->record.name), str_of(space->end_text)),
            2);
    else
        space_log_id(space, space->end == JOB_JCL_ERROR ? "IEF453I" : "IEF404I",
                     MSG_INSERTS(str_of(space->record.name), clock_text(now)),
                     2);
    record_end(space);
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
space_stop(struct space *space, const char *user)
{
    /* A program that listens is asked; another one gets SIGTERM. */
    if (space_command(space, TASK_STOP, ++space->master->next_command, user,
                      (struct str){ 0 }))
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
    record_end(space);
    space_free(&space);
}

void
master_clean_spool(struct master *m)
{
    struct err_info why;

    if (spool_each_job(clean_one, m, &why) != ERR_OK)
        log_warn("spool: %s", why.text);
}
