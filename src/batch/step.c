/* A step's child process: its streams, its environment, its program. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "batch/run.h"

static void
report(const struct step *step, const struct step_report *r)
{
    fflush(NULL);
    if (write(step->result_fd, r, sizeof *r) != (ssize_t)sizeof *r)
        _exit(255);
    _exit(0);
}

void
step_finish(const struct step *step, uint32_t code)
{
    struct step_report r = { .magic = STEP_MAGIC, .code = code };

    report(step, &r);
    _exit(255);
}

void
step_abend(const struct step *step, const char *abend, const char *reason)
{
    struct step_report r = { .magic = STEP_MAGIC, .is_abend = 1 };

    (void)snprintf(r.abend, sizeof r.abend, "%s", abend);
    (void)snprintf(r.reason, sizeof r.reason, "%s", reason);
    report(step, &r);
    _exit(255);
}

/* Where a program's standard streams go: the first of these DDs it has. */
static int
stream_fd(const struct step *step, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct step_dd *dd = step_dd_find(step, names[i]);

        if (dd != NULL && dd->fd >= 0)
            return dd->fd;
    }
    return -1;
}

static const char *const out_names[] = { "SYSPRINT", "SYSOUT", "STDOUT",
                                         "SYSTSPRT" };
static const char *const err_names[] = { "STDERR", "SYSPRINT", "SYSOUT",
                                         "STDOUT", "SYSTSPRT" };
static const char *const in_names[] = { "STDIN", "SYSIN" };

static void
redirect(const struct step *step)
{
    int out = stream_fd(step, out_names, ARRAY_LEN(out_names));
    int err = stream_fd(step, err_names, ARRAY_LEN(err_names));
    int in = stream_fd(step, in_names, ARRAY_LEN(in_names));

    if (in >= 0)
        (void)dup2(in, 0);
    if (out >= 0)
        (void)dup2(out, 1);
    if (err >= 0)
        (void)dup2(err, 2);
}

static void
set_environment(const struct step *step)
{
    char name[16];

    for (const struct step_dd *dd = step->dds; dd != NULL; dd = dd->next) {
        char spool[40];

        (void)snprintf(name, sizeof name, "DD_%s", dd->name);
        (void)snprintf(spool, sizeof spool, "/proc/self/fd/%d", dd->fd);
        if (dd->path != NULL)
            (void)setenv(name, dd->path, 1);
        else if (dd->fd >= 0)
            (void)setenv(name, spool, 1);
        if (dd->fd >= 0)
            (void)fcntl(dd->fd, F_SETFD, 0);
    }
    (void)setenv("SALLYPORT_JOB_NAME", step->order->name, 1);
    (void)setenv("SALLYPORT_JOB_ID", step->order->id, 1);
    (void)setenv("SALLYPORT_JOB_USER", step->order->user, 1);
    for (size_t i = 0; i < step->opts.n_variables; i++)
        (void)setenv(step->opts.variables[i].name.p,
                     step->opts.variables[i].value.p, 1);
}

static void
limit_time(const struct step *step)
{
    uint32_t s = step->jcl->time_s, job = step->order->job.time_s;
    struct rlimit limit;

    if (s == 0 || (job != 0 && job < s))
        s = job;
    if (s == 0)
        return;
    limit.rlim_cur = s;
    limit.rlim_max = s + 5;
    (void)setrlimit(RLIMIT_CPU, &limit);
}

/* exec of one of our programs; argv[0] is the path. */
static void
exec_program(const struct step *step, const char *program,
             const char *const *args)
{
    char path[4096];
    char *argv[16] = { path };
    size_t n = 1;

    (void)snprintf(path, sizeof path, "%s/%s", step->program_dir, program);
    for (size_t i = 0; args[i] != NULL && n + 1 < ARRAY_LEN(argv); i++)
        argv[n++] = (char *)(uintptr_t)args[i];
    execv(path, argv);
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    step_abend(step, "S806", "the program cannot be started");
}

static void
run_nothing(const struct step *step)
{
    step_finish(step, 0);
}

/* BBGZANGL: PARM is NAME=xyz or the name itself. */
static void
run_angel(const struct step *step)
{
    struct str name = step->jcl->parm;
    const char *args[] = { "--named", "", NULL };
    char text[64];

    if (str_starts_nocase(name, STR("NAME=")))
        name = str_sub(name, 5, name.n);
    (void)snprintf(text, sizeof text, "%.*s", STR_ARG(name));
    args[1] = text;
    exec_program(step, "sallyport-angel", args);
}

/* DFHSIP: PARM is the APPLID, or APPLID=x among other SIT parameters. */
static void
run_region(const struct step *step)
{
    struct str rest = step->jcl->parm, piece;
    char applid[16] = "";
    const char *args[] = { "--applid", applid, "--foreground", NULL };

    while (str_token(&rest, ',', &piece)) {
        piece = str_trim(piece);
        if (str_starts_nocase(piece, STR("APPLID=")))
            piece = str_sub(piece, 7, piece.n);
        else if (str_find_char(piece, '=') != STR_NPOS)
            continue;
        if (piece.n > 0 && applid[0] == '\0')
            (void)snprintf(applid, sizeof applid, "%.*s", STR_ARG(piece));
    }
    if (applid[0] == '\0')
        (void)snprintf(applid, sizeof applid, "%s", step->order->name);
    exec_program(step, "sallyport-region", args);
}

/* NAME=value lines, as _CEE_ENVFILE_S names them. */
static void
set_lines(struct str text)
{
    struct str line;

    while (str_line(&text, &line)) {
        size_t eq = str_find_char(line, '=');
        char name[64], value[1024];

        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '#' || eq == STR_NPOS ||
            !str_copy_z(str_trim(str_sub(line, 0, eq)), name, sizeof name) ||
            !str_copy_z(str_sub(line, eq + 1, line.n), value, sizeof value))
            continue;
        (void)setenv(name, value, 1);
    }
}

/* ENVAR("_CEE_ENVFILE_S=DD:STDENV") and its like. */
static void
run_time_options(const struct step *step, struct str text)
{
    struct ceeopts *opts = arena_zalloc(step->arena, sizeof *opts);
    struct err_info why;

    if (opts == NULL || ceeopts_parse(step->arena, text, opts, &why) != ERR_OK)
        step_abend(step, "U4038", "the run-time options of PARM");
    for (size_t i = 0; i < opts->n_variables; i++) {
        struct str name = opts->variables[i].name;
        struct str value = opts->variables[i].value;
        struct buf lines;

        (void)setenv(name.p, value.p, 1);
        if (!str_starts(name, STR("_CEE_ENVFILE")) ||
            !str_starts_nocase(value, STR("DD:")))
            continue;
        buf_init(&lines, 64 * 1024);
        if (step_dd_read(step, value.p + 3, &lines, &why) == ERR_OK)
            set_lines(buf_view(&lines));
        buf_fini(&lines);
    }
}

/* PAGENT: PARM is "run-time options/ start options". */
static void
run_pagent(const struct step *step)
{
    struct str parm = step->jcl->parm, word;
    size_t slash = str_find_char(parm, '/'), n = 0;
    const char *args[12] = { NULL };

    if (slash != STR_NPOS) {
        struct str options = str_trim(str_sub(parm, 0, slash));

        if (options.n > 0)
            run_time_options(step, options);
        parm = str_sub(parm, slash + 1, parm.n);
    }
    while (str_token(&parm, ' ', &word) && n + 1 < ARRAY_LEN(args)) {
        if (word.n > 0)
            args[n++] = str_z(step->arena, word);
    }
    exec_program(step, "sallyport-pagent", args);
}

static const struct {
    const char *pgm;
    void (*run)(const struct step *);
} programs[] = {
    { "IEFBR14", run_nothing },    { "IKJEFT01", step_ikjeft01 },
    { "IKJEFT1A", step_ikjeft01 }, { "IKJEFT1B", step_ikjeft01 },
    { "BPXBATCH", step_bpxbatch }, { "BPXBATSL", step_bpxbatch },
    { "BPXBATA2", step_bpxbatch }, { "BPXBATA8", step_bpxbatch },
    { "BBGZANGL", run_angel },     { "DFHSIP", run_region },
    { "PAGENT", run_pagent },
};

void
step_child(const struct step *step)
{
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpgid(0, 0);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    redirect(step);
    set_environment(step);
    limit_time(step);
    (void)fcntl(step->init_fd, F_SETFD, FD_CLOEXEC);
    for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
        if (strcmp(step->jcl->pgm, programs[i].pgm) == 0)
            programs[i].run(step);
    }
    step_load_module(step);
    step_abend(step, "S806", "");
}

bool
step_is_known(const struct step *step)
{
    char *unused;

    for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
        if (strcmp(step->jcl->pgm, programs[i].pgm) == 0)
            return true;
    }
    return step_find_module(step, &unused);
}

bool
step_has_output(const struct step *step)
{
    return stream_fd(step, out_names, ARRAY_LEN(out_names)) >= 0;
}
