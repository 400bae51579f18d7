/*
 * Load modules: PGM.so from STEPLIB, called through libcob in this (child)
 * process. The parameter is IBM's: a halfword length and the text. The code
 * is RETURN-CODE with all its 32 bits; an exit status would keep eight.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libcob.h> /* needs the above */

#include "base/file.h"
#include "batch/run.h"

static const struct step *running; /* for what libcob calls without context */
static bool has_runtime_error;
static char runtime_error[64];

static bool
folder_has(const struct step *step, const char *folder)
{
    struct str path = str_fmt(step->arena, "%s/%s.so", folder, step->jcl->pgm);

    return path.p != NULL && access(path.p, R_OK) == 0;
}

bool
step_find_module(const struct step *step, char **path)
{
    struct step_dd *lib = step_dd_find(step, "STEPLIB");
    char *link = root_path(step->arena, "datasets/SYS1.LINKLIB");
    struct buf all;
    bool found = false;
    size_t n = lib == NULL ? 0 : lib->n_libraries;

    buf_init(&all, 64 * 1024);
    for (size_t i = 0; i <= n; i++) {
        const char *folder = i < n ? lib->libraries[i] : link;

        if (folder == NULL)
            continue;
        found = found || folder_has(step, folder);
        buf_printf(&all, "%s%s", all.n > 0 ? ":" : "", folder);
    }
    *path = str_z(step->arena, buf_view(&all));
    buf_fini(&all);
    return found && *path != NULL;
}

/* STOP RUN and run-time errors leave through exit(). */
static void
on_leave(int status, void *arg)
{
    const struct step *step = arg;

    if (has_runtime_error)
        step_abend(step, "U4038", runtime_error);
    step_finish(step, (uint32_t)status);
}

static int
on_cobol_error(char *text)
{
    has_runtime_error = true;
    (void)snprintf(runtime_error, sizeof runtime_error, "%s",
                   text == NULL ? "run-time error" : text);
    return 0;
}

static void
default_signals(void)
{
    static const int signals[] = { SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                                   SIGABRT, SIGTERM, SIGHUP, SIGINT };

    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        (void)signal(signals[i], SIG_DFL);
}

/* CALL 'CEE3ABD' USING code, timing: a user abend. */
void CEE3ABD(const int32_t *code, const int32_t *timing);

void
CEE3ABD(const int32_t *code, const int32_t *timing)
{
    char abend[16];

    (void)timing;
    (void)snprintf(abend, sizeof abend, "U%04d",
                   code == NULL ? 0 : (int)(*code & 0xfff));
    step_abend(running, abend, "requested by the program");
}

/* The halfword length counts the text only. */
static unsigned char *
build_parm(const struct step *step)
{
    struct str parm = step->jcl->parm;
    unsigned char *area = arena_zalloc(step->arena, 2 + JCL_PARM_MAX + 256);

    if (area == NULL)
        step_abend(step, "S80A", "no storage");
    area[0] = (unsigned char)(parm.n >> 8);
    area[1] = (unsigned char)parm.n;
    memset(area + 2, ' ', JCL_PARM_MAX);
    if (parm.n > 0)
        memcpy(area + 2, parm.p, parm.n);
    return area;
}

void
step_load_module(const struct step *step)
{
    void *args[1];
    char *path;
    int code;

    running = step;
    if (!step_find_module(step, &path))
        step_abend(step, "S806", "the module is not in STEPLIB");
    (void)setenv("COB_LIBRARY_PATH", path, 1);
    (void)setenv("COB_DISPLAY_WARNINGS", "n", 1);
    args[0] = build_parm(step);
    cob_init(0, NULL);
    default_signals();
    if (on_exit(on_leave, (void *)(uintptr_t)step) != 0)
        step_abend(step, "S80A", "no storage");
    {
        int (*handler)(char *) = on_cobol_error;
        unsigned char install = 0;

        (void)cob_sys_error_proc(&install, &handler);
    }
    if (cob_resolve(step->jcl->pgm) == NULL) {
        fprintf(stderr, "CEE3501S The module %s cannot be loaded: %s\n",
                step->jcl->pgm, cob_resolve_error());
        step_abend(step, "S806", "the module cannot be loaded");
    }
    code = cob_call(step->jcl->pgm, 1, args);
    /* Buffered output of the run time is written by its own end. */
    (void)cob_tidy();
    step_finish(step, (uint32_t)code);
}
