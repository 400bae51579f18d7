/* Starting an address space: numbered, forked, registered, let go. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/reader.h"
#include "base/secret.h"
#include "ipc/cgroup.h"
#include "batch/master_priv.h"
#include "batch/tcpip.h"
#include "ipc/chan.h"
#include "ipc/task_wire.h"

/* --- the child before it is an initiator -------------------------------- */

enum go { GO_PRIVATE, GO_DROPS, GO_STAYS_ROOT };

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
        "PATH",          "LANG",         "TZ",
        "SALLYPORT_LOG", "ASAN_OPTIONS", "UBSAN_OPTIONS",
        "LSAN_OPTIONS",  "HOME",         "TSAN_OPTIONS",
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
close_between(unsigned first, unsigned last)
{
    if (first <= last)
        (void)close_range(first, last, 0);
}

static void
close_others(int task_fd, int init_fd)
{
    unsigned low = (unsigned)(task_fd < init_fd ? task_fd : init_fd);
    unsigned high = (unsigned)(task_fd < init_fd ? init_fd : task_fd);

    close_between(3, low - 1);
    close_between(low + 1, high - 1);
    close_between(high + 1, ~0u);
}

/* Passwords and tokens stay out of core files; set-user-ID programs of the
 * machine give a job's user nothing more. */
static bool
restrict_child(void)
{
    const struct rlimit no_core = { 0, 0 };

    return setrlimit(RLIMIT_CORE, &no_core) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
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
    /* Who started the system may have ignored some (nohup, a shell's &). */
    for (int i = 1; i < NSIG; i++)
        (void)signal(i, SIG_DFL);
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
    file_limit_lower();
    clean_environment();
    keep_open(task_fd, "SALLYPORT_TASK_FD");
    keep_open(init_fd, "SALLYPORT_INITIATOR_FD");
    keep_open(token, "SALLYPORT_TOKEN_FD");
    if (is_root != GO_PRIVATE &&
        ((is_root != GO_STAYS_ROOT && !drop_privilege(uid, gid)) ||
         !restrict_child()))
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

/* Where a password's value begins on a statement; STR_NPOS without one. */
static size_t
password_at(struct str line)
{
    static const char *const words[] = { "PASSWORD=", "PASSWORD(", "PHRASE(" };
    size_t first = STR_NPOS;

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t at = str_find(line, str_of(words[i]));

        if (at != STR_NPOS && (first == STR_NPOS || at < first))
            first = at + strlen(words[i]) - 1;
    }
    return first == STR_NPOS ? first : first + 1;
}

static bool
is_data_line(const struct jcl_data_lines *data, uint32_t number)
{
    for (size_t i = 0; data != NULL && i < data->n; i++) {
        if (number >= data->v[i].first && number <= data->v[i].last)
            return true;
    }
    return false;
}

/*
 * JESJCL: the statements as submitted, without passwords. In-stream data are
 * left out, as in the original: decks and CEEOPTS hold passwords.
 */
static void
write_jcl(struct space *space, const struct space_order *order)
{
    struct str jcl = order->jcl, line;
    bool goes_on = false; /* a value that may reach the next line */
    int fd;

    if (spool_append(space->record.id, "002.JESJCL", &fd, NULL) != ERR_OK)
        return;
    for (unsigned n = 1; str_line(&jcl, &line); n++) {
        size_t at = password_at(line);
        char number[16];

        if (is_data_line(order->data, n) || !str_starts(line, STR("//")))
            continue;
        (void)snprintf(number, sizeof number, "%9u ", n);
        space_write(fd, str_of(number));
        goes_on = goes_on && str_starts(line, STR("// "));
        if (goes_on) {
            space_write(fd, STR("// "));
            line = STR("(suppressed)");
        } else if (at != STR_NPOS) {
            goes_on =
                at >= line.n || line.p[at] == '(' || line.p[at] == '\'' ||
                (line.p[at - 1] == '(' &&
                 str_find_char(str_sub(line, at, line.n), ')') == STR_NPOS);
            space_write(fd, str_sub(line, 0, at));
            line = STR("(suppressed)");
        }
        space_write(fd, line);
        space_write(fd, STR("\n"));
    }
    close(fd);
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
    cgroup_enter(space->record.id, space->pid, space->cgroup,
                 sizeof space->cgroup);
    return ERR_OK;
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

    space_log_line(to->space, line);
    if (to->session != NULL)
        session_line(to->session, line);
}

/*
 * The Linux user of an address space: the OMVS UID. A superuser (UID 0) of the
 * image, and IBMUSER before it has one, get no Linux root: their address
 * spaces run under the first UID of the range, which is nobody else's, or that
 * user could take a superuser's job over.
 */
bool
space_is_superuser(const struct acee *acee)
{
    return acee->uid == 0 ||
           (acee->uid == UINT32_MAX && strcmp(acee->user, "IBMUSER") == 0);
}

static enum err
linux_user(struct space *space, const struct acee *acee, bool is_su,
           uint32_t *uid, struct err_info *why)
{
    struct master *m = space->master;

    *uid = acee->uid;
    if (root_is_private() && !is_su)
        return ERR_OK;
    if (space_is_superuser(acee))
        *uid = m->uids.first;
    if (*uid == UINT32_MAX)
        return err_set(why, ERR_DENIED,
                       "user %s has no OMVS UID; expected one of %u-%u "
                       "(uidrange of etc/image.conf)",
                       acee->user, uid_range_user_first(m->uids), m->uids.last);
    if (root_is_private())
        return ERR_OK;
    if (acee->uid == m->uids.first ||
        (*uid != m->uids.first && !uid_range_has_user(m->uids, *uid)))
        return err_set(why, ERR_DENIED,
                       "user %s has OMVS UID %u; expected one of %u-%u "
                       "(uidrange of etc/image.conf, without its first, which "
                       "is for superusers)",
                       acee->user, *uid, uid_range_user_first(m->uids),
                       m->uids.last);
    return ERR_OK;
}

static enum err
send_go(struct space *space, const struct acee *acee, uint32_t uid, enum go how,
        struct str token, struct err_info *why)
{
    /* A gid that is somebody's on this machine (0, staff) is not taken. */
    bool has_gid = acee->gid >= space->master->uids.first &&
                   acee->gid <= space->master->uids.last;
    struct buf go;
    int fd = chan_memfd("job-token", token, why);
    enum err e;

    if (fd < 0)
        return ERR_IO;
    buf_init(&go, 64);
    buf_u32(&go, uid);
    buf_u32(&go, has_gid ? acee->gid : uid);
    buf_u8(&go, (uint8_t)how);
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
        .new_password = order->job->new_password,
        .group = order->is_task ? STR("") : str_of(order->job->group),
        .is_switch = order->su != NULL,
        .pidfd = space->pidfd,
        .cgroup = str_of(space->cgroup),
        .root_uid =
            root_is_private() || order->is_root ? 0 : space->master->uids.first,
    };
    struct saf_lines lines = { space, order->session };
    struct saf_client *control = space->master->control;
    struct buf token;
    struct acee *acee = NULL;
    struct saf_omvs omvs;
    struct saf_rc rc;
    uint32_t uid = 0;
    enum err e;

    buf_init(&token, TASK_TOKEN_MAX);
    saf_on_message(control, on_saf_line, &lines);
    e = saf_register_job(control, &job, &token, &acee, &omvs, &rc, why);
    saf_on_message(control, NULL, NULL);
    if (e == ERR_OK)
        e = linux_user(space, acee, order->su != NULL, &uid, why);
    if (e == ERR_OK) {
        memcpy(space->record.user, acee->user, sizeof space->record.user);
        cgroup_name(space->cgroup, space->record.name, acee->user);
        tcpip_admit(space->master, acee, uid);
        if (order->is_task)
            space_log_id(space, "IEF695I",
                         MSG_INSERTS(order->proc, str_of(space->record.name),
                                     str_of(acee->user), str_of(acee->group)),
                         4);
        e = send_go(space, acee, uid,
                    root_is_private()                  ? GO_PRIVATE
                    : order->is_root && acee->uid == 0 ? GO_STAYS_ROOT
                                                       : GO_DROPS,
                    buf_view(&token), why);
    }
    if (e == ERR_OK && order->su != NULL)
        e = su_begin(space, order->su, uid, &omvs, why);
    else if (e == ERR_OK)
        e = send_order(space, order->job, why);
    acee_unref(&acee);
    if (token.p != NULL)
        secret_wipe(token.p, token.n);
    buf_fini(&token);
    return e;
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
                   order->is_task      ? "STC"
                   : order->su != NULL ? "TSU"
                                       : "JOB",
                   number % 100000);
    memcpy(r->name, job->name, sizeof r->name);
    memcpy(r->submitter, order->submitter->user, sizeof r->submitter);
    memcpy(r->user, job->user[0] != '\0' ? job->user : r->submitter,
           sizeof r->user);
    if (!str_copy_z(order->proc, r->proc, sizeof r->proc) ||
        !str_copy_z(order->identifier, space->identifier,
                    sizeof space->identifier))
        return err_set(why, ERR_RANGE, "procedure name is too long");
    (void)snprintf(r->state, sizeof r->state, "running");
    r->began_ms = clock_wall_ms();
    if ((e = open_logs(space, why)) != ERR_OK)
        return e;
    write_jcl(space, order);
    return ERR_OK;
}

static void
fail_start(struct space *space, const struct err_info *why)
{
    space_log(space, "%s", why->text);
    space_log_id(space, "IEF452I", MSG_INSERTS(str_of(space->record.name)), 1);
    space->end = JOB_JCL_ERROR;
    space_record_end(space);
    if (space->pid > 0) {
        kill(space->pid, SIGKILL);
        (void)waitpid(space->pid, NULL, 0);
    }
    space_end_cgroup(space);
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
            (e = register_space(space, order, &local)) != ERR_OK)
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
                 MSG_INSERTS(str_of(space->record.name), space_clock(now)), 2);
    m->spaces[m->n_spaces++] = space;
    *out = space;
    return ERR_OK;
}
