/*
 * BPXBATCH and BPXBATSL: a shell command or a program, with STDIN, STDOUT,
 * STDERR and STDENV. PARM is "SH command" or "PGM path arguments"; without
 * PARM, STDPARM holds it. The step's code is the exit status times 256 for
 * BPXBATCH, as in the original, and the exit status for BPXBATSL.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batch/run.h"

#define ARGS_MAX 64u

/* _BPX_BATCH_UMASK=0022: what new files of the program may not allow. */
static void
take_umask(struct str value)
{
    mode_t mask = 0;
    size_t i = 0;

    for (; i < value.n && value.p[i] >= '0' && value.p[i] <= '7' && i < 4; i++)
        mask = mask << 3 | (mode_t)(value.p[i] - '0');
    if (i == value.n && i > 0 && mask <= 0777)
        (void)umask(mask);
    else
        fprintf(stderr,
                "BPXM047I _BPX_BATCH_UMASK=%.*s is ignored; expected four "
                "octal digits, such as 0027\n",
                STR_ARG(value));
}

/* STDENV: NAME=value lines. */
static void
read_environment(const struct step *step)
{
    struct err_info why;
    struct buf text;
    struct str rest, line;

    buf_init(&text, 256 * 1024);
    if (step_dd_read(step, "STDENV", &text, &why) != ERR_OK)
        step_abend(step, "U4093", "STDENV cannot be read");
    rest = buf_view(&text);
    for (uint32_t n = 1; str_line(&rest, &line); n++) {
        size_t eq;
        char *name, *value;

        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        eq = str_find_char(line, '=');
        if (eq == STR_NPOS || eq == 0) {
            fprintf(stderr,
                    "BPXM047I STDENV line %u: \"%.*s\" is not "
                    "NAME=value\n",
                    n, STR_ARG(line));
            continue;
        }
        name = str_z(step->arena, str_sub(line, 0, eq));
        value = str_z(step->arena, str_sub(line, eq + 1, line.n));
        if (name != NULL && value != NULL &&
            strncmp(name, "SALLYPORT_", 10) != 0)
            (void)setenv(name, value, 1);
        if (str_eq_z(str_sub(line, 0, eq), "_BPX_BATCH_UMASK"))
            take_umask(str_sub(line, eq + 1, line.n));
    }
    buf_fini(&text);
}

static struct str
parameter(const struct step *step)
{
    struct buf text;
    struct str copy;

    if (step->jcl->has_parm)
        return str_trim(step->jcl->parm);
    buf_init(&text, 64 * 1024);
    if (step_dd_read(step, "STDPARM", &text, NULL) != ERR_OK)
        step_abend(step, "U4093", "STDPARM cannot be read");
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n')
            text.p[i] = ' ';
    }
    copy = str_trim(str_dup(step->arena, buf_view(&text)));
    buf_fini(&text);
    return copy;
}

/*
 * Where procedures of the original name its launcher (<home>/bin/zosconnect,
 * <home>/bin/server), ours is meant: that path exists on no Linux system.
 */
static const char *
our_program(const struct step *step, const char *path)
{
    static const char *const launchers[] = { "zosconnect", "server",
                                             "bbgzsrv" };
    const char *base = strrchr(path, '/');
    struct str ours;

    base = base == NULL ? path : base + 1;
    if (access(path, X_OK) == 0 && strchr(path, '/') != NULL)
        return path;
    for (size_t i = 0; i < ARRAY_LEN(launchers); i++) {
        if (strcmp(base, launchers[i]) == 0) {
            ours =
                str_fmt(step->arena, "%s/sallyport-server", step->program_dir);
            return ours.p;
        }
    }
    return path;
}

/* The original's native launcher takes the server's name and options alone. */
static bool
is_native_launcher(const char *path)
{
    const char *base = strrchr(path, '/');

    return strcmp(base == NULL ? path : base + 1, "bbgzsrv") == 0 &&
           access(path, X_OK) != 0;
}

/* DD WLPUDIR PATH='dir' is the user directory, unless STDENV names one. */
static void
take_user_dir(const struct step *step)
{
    for (const struct jcl_dd *dd = step->jcl->dds; dd != NULL; dd = dd->next) {
        char *path;

        if (strcmp(dd->name, "WLPUDIR") != 0 || dd->kind != JCL_DD_PATH)
            continue;
        path = str_z(step->arena, dd->path);
        if (path != NULL)
            (void)setenv("WLP_USER_DIR", path, 0);
    }
}

NORETURN static void
run_pgm(const struct step *step, struct str rest)
{
    static char run[] = "run";
    char *argv[ARGS_MAX + 2];
    struct str piece;
    size_t n = 0;
    const char *path;

    while (str_token(&rest, ' ', &piece)) {
        if (piece.n == 0)
            continue;
        if (n >= ARGS_MAX)
            step_abend(step, "U4093", "too many arguments");
        argv[n++] = str_z(step->arena, piece);
        if (n == 1 && argv[0] != NULL && is_native_launcher(argv[0]))
            argv[n++] = run;
    }
    if (n == 0 || argv[0] == NULL) {
        fprintf(stderr, "BPXM047I BPXBATCH FAILED: expected PGM path\n");
        step_finish(step, 255);
    }
    argv[n] = NULL;
    path = our_program(step, argv[0]);
    take_user_dir(step);
    execvp(path, argv);
    fprintf(stderr,
            "BPXM047I BPXBATCH FAILED BECAUSE %s CANNOT BE STARTED: "
            "%s\n",
            path, strerror(errno));
    _exit(127);
}

NORETURN static void
run_sh(const struct step *step, struct str rest)
{
    char *text = str_z(step->arena, rest);

    if (text == NULL)
        step_abend(step, "S80A", "no storage");
    if (rest.n == 0)
        execl("/bin/sh", "sh", "-s", (char *)NULL); /* reads STDIN */
    else
        execl("/bin/sh", "sh", "-c", text, (char *)NULL);
    fprintf(stderr, "BPXM047I /bin/sh: %s\n", strerror(errno));
    _exit(127);
}

void
step_bpxbatch(const struct step *step)
{
    struct str parm = parameter(step);
    bool is_local = strcmp(step->jcl->pgm, "BPXBATCH") != 0;
    bool is_sh = parm.n == 0 || str_eq_nocase_z(parm, "SH") ||
                 str_starts_nocase(parm, STR("SH "));
    bool is_pgm = str_starts_nocase(parm, STR("PGM "));
    int status;
    pid_t pid;

    read_environment(step);
    if (!is_sh && !is_pgm) {
        fprintf(stderr,
                "BPXM047I BPXBATCH FAILED: PARM is \"%.*s\"; expected "
                "SH command or PGM path\n",
                STR_ARG(parm));
        step_finish(step, 255);
    }
    parm = str_trim(str_sub(parm, is_sh ? 2 : 3, parm.n));
    fflush(NULL);
    /* BPXBATSL becomes the program, which then is the task. */
    if (is_local && is_pgm)
        run_pgm(step, parm);
    pid = fork();
    if (pid == 0) {
        if (is_sh)
            run_sh(step, parm);
        run_pgm(step, parm);
    }
    if (pid < 0)
        step_abend(step, "S80A", "no process");
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status)) {
        (void)signal(WTERMSIG(status), SIG_DFL);
        (void)raise(WTERMSIG(status));
    }
    step_finish(step, (uint32_t)WEXITSTATUS(status) * (is_local ? 1u : 256u));
}
