#include "batch/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/reader.h"
#include "batch/alloc.h"
#include "ipc/chan.h"

#define STOP_WAIT_MS 10000u /* after SIGTERM for P, before SIGKILL */
struct initiator {
    int fd;
    const char *program_dir;
    struct job_order order;
    uint32_t max_code;
    bool has_abended;
    bool is_cancelled;
    bool is_stopped;
    char end_text[256];
    struct {
        char step[9], proc_step[9];
        uint32_t code;
        bool was_run;
    } done[JCL_STEPS_MAX];
    size_t n_done;
};

/* --- words to the master ------------------------------------------------ */

static void
send_text(int fd, uint16_t type, struct str text)
{
    struct buf out;

    buf_init(&out, 4096);
    buf_str(&out, str_sub(text, 0, 2048));
    if (chan_send(fd, type, 0, buf_view(&out), NULL, 0, NULL) != ERR_OK)
        log_debug("the master is gone");
    buf_fini(&out);
}

void
step_log(const struct step *step, struct str line)
{
    send_text(step->init_fd, INIT_LOG, line);
}

static void
log_id(struct initiator *in, const char *id, const struct str *inserts,
       size_t n)
{
    struct buf text;

    buf_init(&text, 2048);
    buf_printf(&text, "%s ", id);
    msg_text(&text, id, inserts, n);
    send_text(in->fd, INIT_LOG, buf_view(&text));
    send_text(in->fd, INIT_SYSMSG, buf_view(&text));
    buf_fini(&text);
}

#define LOG_ID(in, id, ...)                                                    \
    log_id((in), (id), MSG_INSERTS(__VA_ARGS__),                               \
           sizeof(MSG_INSERTS(__VA_ARGS__)) / sizeof(struct str))

static void
send_end(struct initiator *in, enum job_end end)
{
    struct buf out;

    buf_init(&out, 512);
    buf_u8(&out, (uint8_t)end);
    buf_u32(&out, in->max_code);
    buf_str(&out, str_of(in->end_text));
    if (chan_send(in->fd, INIT_END, 0, buf_view(&out), NULL, 0, NULL) != ERR_OK)
        log_debug("the master is gone");
    buf_fini(&out);
}

/* --- the parent --------------------------------------------------------- */

static const struct {
    int signal;
    const char *abend;
    const char *reason;
} abends[] = {
    { SIGSEGV, "S0C4", "protection exception" },
    { SIGBUS, "S0C5", "addressing exception" },
    { SIGILL, "S0C1", "operation exception" },
    { SIGFPE, "S0CB", "division by zero" },
    { SIGXCPU, "S322", "the step's processor time is used up" },
    { SIGKILL, "S222", "cancelled" },
    { SIGTERM, "S222", "ended by a signal" },
    { SIGABRT, "U4039", "the program aborted" },
};

static void
result_of(const struct initiator *in, int status, const struct step_report *r,
          bool has_report, struct step_result *out)
{
    *out = (struct step_result){ .end = STEP_CODE };
    if (in->is_cancelled) {
        out->end = STEP_CANCELLED;
        (void)snprintf(out->abend, sizeof out->abend, "S222");
        (void)snprintf(out->reason, sizeof out->reason, "cancelled");
    } else if (has_report && r->is_abend != 0) {
        out->end = STEP_ABEND;
        memcpy(out->abend, r->abend, sizeof out->abend);
        memcpy(out->reason, r->reason, sizeof out->reason);
    } else if (has_report) {
        out->code = r->code;
    } else if (WIFEXITED(status)) {
        out->code = (uint32_t)WEXITSTATUS(status);
    } else if (in->is_stopped) {
        out->code = 0; /* a task that P ended */
    } else {
        out->end = STEP_ABEND;
        (void)snprintf(out->abend, sizeof out->abend, "U4038");
        for (size_t i = 0; i < ARRAY_LEN(abends); i++) {
            if (abends[i].signal != WTERMSIG(status))
                continue;
            (void)snprintf(out->abend, sizeof out->abend, "%s",
                           abends[i].abend);
            (void)snprintf(out->reason, sizeof out->reason, "%s",
                           abends[i].reason);
        }
    }
}

/* The step and what it started; it may not lead its own group yet. */
static void
kill_step(pid_t pid)
{
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
}

/* A word from the master while a step runs. */
static void
on_master(struct initiator *in, pid_t pid, uint64_t *kill_at_ms)
{
    struct chan_msg msg;
    enum err e = chan_recv(in->fd, &msg, NULL);
    bool is_stop = e == ERR_OK && msg.type == INIT_STOP;
    bool is_cancel = e != ERR_OK || msg.type == INIT_CANCEL;

    if (e == ERR_OK)
        chan_msg_fini(&msg);
    if (is_stop) {
        in->is_stopped = true;
        kill(pid, SIGTERM); /* it ends its own children in order */
        *kill_at_ms = clock_mono_ms() + STOP_WAIT_MS;
    } else if (is_cancel) {
        in->is_cancelled = true; /* a master that died is one, too */
        kill_step(pid);
    }
}

static int
wait_for(struct initiator *in, pid_t pid)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
    uint64_t kill_at_ms = 0;

    for (;;) {
        struct pollfd fds[2] = { { .fd = pidfd, .events = POLLIN },
                                 { .fd = in->fd, .events = POLLIN } };
        nfds_t n = in->is_cancelled ? 1 : 2;
        int wait_ms = kill_at_ms == 0 ? 60000 : 200;

        if (poll(fds, n, wait_ms) < 0 && errno != EINTR)
            break;
        if (pidfd < 0 || fds[0].revents != 0)
            break;
        if (n > 1 && fds[1].revents != 0)
            on_master(in, pid, &kill_at_ms);
        if (kill_at_ms != 0 && clock_mono_ms() >= kill_at_ms)
            kill_step(pid);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    kill(-pid, SIGKILL); /* what it left in the background */
    if (pidfd >= 0)
        close(pidfd);
    return status;
}

static void
run_program(struct initiator *in, struct step *step, struct step_result *result)
{
    struct step_report r = { 0 };
    int fds[2], status;
    bool has_report;
    pid_t pid;

    if (!step_is_known(step)) {
        *result = (struct step_result){ .end = STEP_NOT_FOUND };
        (void)snprintf(result->abend, sizeof result->abend, "S806");
        (void)snprintf(result->reason, sizeof result->reason,
                       "module %s not found", step->jcl->pgm);
        return;
    }
    *result = (struct step_result){ .end = STEP_ABEND };
    (void)snprintf(result->abend, sizeof result->abend, "S80A");
    if (pipe2(fds, O_CLOEXEC) != 0)
        return;
    step->result_fd = fds[1];
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        step_child(step);
        _exit(255);
    }
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return;
    }
    (void)setpgid(pid, pid);
    status = wait_for(in, pid);
    has_report = read(fds[0], &r, sizeof r) == (ssize_t)sizeof r &&
                 r.magic == STEP_MAGIC;
    close(fds[0]);
    r.abend[sizeof r.abend - 1] = r.reason[sizeof r.reason - 1] = '\0';
    result_of(in, status, &r, has_report, result);
}

/* --- conditions --------------------------------------------------------- */

static bool
holds(const struct jcl_cond *cond, uint32_t code)
{
    switch (cond->op) {
    case JCL_GT:
        return cond->code > code;
    case JCL_GE:
        return cond->code >= code;
    case JCL_EQ:
        return cond->code == code;
    case JCL_NE:
        return cond->code != code;
    case JCL_LT:
        return cond->code < code;
    case JCL_LE:
        return cond->code <= code;
    }
    return false;
}

/* COND names a step by the EXEC of the job; .procstep by the procedure's. */
static bool
names_step(const struct jcl_cond *cond, const char *step, const char *proc_step)
{
    if (cond->step[0] == '\0')
        return true;
    if (cond->proc_step[0] != '\0')
        return strcmp(cond->step, proc_step) == 0 &&
               strcmp(cond->proc_step, step) == 0;
    return strcmp(cond->step, step) == 0;
}

static bool
any_holds(const struct initiator *in, const struct jcl_conds *conds)
{
    for (size_t i = 0; i < conds->n; i++) {
        for (size_t k = 0; k < in->n_done; k++) {
            if (in->done[k].was_run &&
                names_step(&conds->v[i], in->done[k].step,
                           in->done[k].proc_step) &&
                holds(&conds->v[i], in->done[k].code))
                return true;
        }
    }
    return false;
}

/* --- steps -------------------------------------------------------------- */

static struct str
time_now(char out[16])
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;

    (void)localtime_r(&now, &tm);
    (void)snprintf(out, 16, "%02d.%02d.%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
    return str_of(out);
}

static enum err
read_ceeopts(struct step *step, struct err_info *why)
{
    struct buf text;
    enum err e;

    buf_init(&text, CEEOPTS_TEXT_MAX);
    e = step_dd_read(step, "CEEOPTS", &text, why);
    if (e == ERR_OK)
        e = ceeopts_parse(step->arena, buf_view(&text), &step->opts, why);
    buf_fini(&text);
    return e;
}

/* A program that prints needs somewhere to; LE takes SYSOUT by itself. */
static enum err
default_output(struct step *step, struct err_info *why)
{
    struct step_dd *dd;

    if (step_has_output(step) || strcmp(step->jcl->pgm, "IEFBR14") == 0)
        return ERR_OK;
    return alloc_sysout(
        step, strncmp(step->jcl->pgm, "BPX", 3) == 0 ? "STDOUT" : "SYSOUT", &dd,
        why);
}

static void
note_done(struct initiator *in, const struct jcl_step *jcl, bool was_run,
          uint32_t code)
{
    size_t i = in->n_done++;

    memcpy(in->done[i].step, jcl->name, sizeof jcl->name);
    memcpy(in->done[i].proc_step, jcl->proc_step, sizeof jcl->proc_step);
    in->done[i].was_run = was_run;
    in->done[i].code = code;
    if (was_run && code > in->max_code)
        in->max_code = code;
}

static void
report_result(struct initiator *in, const struct step *step,
              const struct step_result *r)
{
    struct str name = str_of(in->order.name), label = str_of(step->label);
    char code[16], now[16];
    bool is_system = r->abend[0] == 'S';

    if (r->end == STEP_CODE) {
        (void)snprintf(code, sizeof code, "%04" PRIu32, r->code);
        LOG_ID(in, "IEF142I", name, label, str_of(code));
        note_done(in, step->jcl, true, r->code);
        return;
    }
    in->has_abended = true;
    note_done(in, step->jcl, false, 0);
    (void)snprintf(in->end_text, sizeof in->end_text, "ABEND=%s%s%s%s",
                   r->abend, r->reason[0] == '\0' ? "" : " (", r->reason,
                   r->reason[0] == '\0' ? "" : ")");
    (void)snprintf(code, sizeof code, "%s%s", is_system ? r->abend : "S000",
                   is_system ? " U0000" : "");
    if (r->end == STEP_NOT_FOUND)
        LOG_ID(in, "CSV003I", str_of(step->jcl->pgm));
    LOG_ID(in, "IEF450I", name, label,
           is_system ? str_of(code) : str_of(r->abend),
           r->reason[0] == '\0' ? STR("00000000") : str_of(r->reason),
           time_now(now));
    LOG_ID(in, "IEF472I", name, label,
           is_system ? str_of(r->abend + 1) : STR("000"),
           is_system ? STR("0000") : str_of(r->abend + 1));
}

/* False: the job ends here. */
static bool
run_step(struct initiator *in, struct step *step)
{
    struct str name = str_of(in->order.name), label = str_of(step->label);
    struct step_result result;
    struct err_info why = { 0 };
    enum err e;

    LOG_ID(in, "IEF236I", name, label);
    e = alloc_step(step, &why);
    if (e == ERR_OK)
        e = read_ceeopts(step, &why);
    if (e == ERR_OK)
        e = default_output(step, &why);
    if (e == ERR_DENIED) { /* as OPEN ends without the access */
        result = (struct step_result){ .end = STEP_ABEND, .abend = "S913" };
        (void)snprintf(result.reason, sizeof result.reason, "00000038");
        step_log(step, str_of(why.text));
        alloc_free(step);
        report_result(in, step, &result);
        return true;
    }
    if (e != ERR_OK) {
        LOG_ID(in, e == ERR_NOT_FOUND ? "IEF212I" : "IEF344I", name, label,
               str_of(why.text));
        LOG_ID(in, "IEF272I", name, label);
        (void)snprintf(in->end_text, sizeof in->end_text,
                       "JOB FAILED - JCL ERROR: %.200s", why.text);
        alloc_free(step);
        return false;
    }
    run_program(in, step, &result);
    alloc_free(step);
    report_result(in, step, &result);
    return true;
}

static bool
is_bypassed(struct initiator *in, const struct jcl_step *jcl, struct str label)
{
    struct str name = str_of(in->order.name);

    if (in->has_abended && !jcl->conds.even && !jcl->conds.only) {
        LOG_ID(in, "IEF206I", name, label);
        return true;
    }
    if ((jcl->conds.only && !in->has_abended) || any_holds(in, &jcl->conds)) {
        LOG_ID(in, "IEF202I", name, label);
        return true;
    }
    return false;
}

static enum job_end
run_steps(struct initiator *in)
{
    for (const struct jcl_step *jcl = in->order.job.steps; jcl != NULL;
         jcl = jcl->next) {
        struct arena arena;
        struct step step = { .order = &in->order,
                             .jcl = jcl,
                             .init_fd = in->fd,
                             .program_dir = in->program_dir };
        bool goes_on = true;

        if (in->is_cancelled || in->is_stopped)
            break;
        (void)snprintf(step.label, sizeof step.label, "%s%s%s", jcl->proc_step,
                       jcl->proc_step[0] == '\0' ? "" : " ", jcl->name);
        if (any_holds(in, &in->order.job.conds) ||
            is_bypassed(in, jcl, str_of(step.label))) {
            note_done(in, jcl, false, 0);
            continue;
        }
        arena_init(&arena, 128 * 1024 * 1024);
        step.arena = &arena;
        goes_on = run_step(in, &step);
        arena_fini(&arena);
        if (!goes_on)
            return JOB_JCL_ERROR;
    }
    if (in->is_cancelled)
        return JOB_CANCELLED;
    return in->has_abended ? JOB_ABENDED : JOB_ENDED;
}

/* A job's steps, or what su starts. */
static enum job_end
run_order(struct initiator *in, struct chan_msg *msg)
{
    enum job_end end = JOB_BROKEN;
    struct arena arena;
    struct err_info why;

    if (msg->type == INIT_SU)
        return shell_run(in->fd, msg, &in->max_code, in->end_text,
                         sizeof in->end_text);
    arena_init(&arena, 64 * 1024 * 1024);
    if (msg->type != INIT_RUN)
        (void)snprintf(in->end_text, sizeof in->end_text,
                       "the master did not send a job");
    else if (job_decode(&arena, msg->payload, &in->order, &why) != ERR_OK)
        (void)snprintf(in->end_text, sizeof in->end_text, "%.255s", why.text);
    else
        end = run_steps(in);
    arena_fini(&arena);
    return end;
}

int
initiator_main(const char *program_dir)
{
    struct initiator *in = calloc(1, sizeof *in);
    const char *text = getenv("SALLYPORT_INITIATOR_FD");
    struct chan_msg msg;
    struct err_info why;
    uint64_t number;

    if (in == NULL || text == NULL || !str_to_u64(str_of(text), &number) ||
        number > 0xffff) {
        fprintf(stderr, "sallyport-initiator is started by the master only\n");
        free(in);
        return 2;
    }
    in->fd = (int)number;
    in->program_dir = program_dir;
    (void)fcntl(in->fd, F_SETFD, FD_CLOEXEC);
    (void)unsetenv("SALLYPORT_INITIATOR_FD");
    (void)signal(SIGPIPE, SIG_IGN);
    if (chan_recv(in->fd, &msg, &why) == ERR_OK) {
        send_end(in, run_order(in, &msg));
        chan_msg_fini(&msg);
    }
    close(in->fd);
    free(in);
    return 0;
}
