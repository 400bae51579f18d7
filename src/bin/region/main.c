/*
 * sallyport-region: runs a CICS-like region, translates EXEC CICS, loads
 * files. As a started task (PGM=DFHSIP) the region's name is the job's name.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "region/load.h"
#include "region/supervisor.h"
#include "region/translate.h"

#define BAD_USAGE 16

/* --- translate ------------------------------------------------------------*/

struct copy_path {
    const char *dirs[16];
    size_t n;
};

static bool
read_member(void *arg, struct str member, struct buf *out)
{
    static const char *const suffixes[] = { "", ".cpy", ".CPY", ".cbl" };
    const struct copy_path *path = arg;
    struct err_info why;
    char name[1024];

    if (str_find_char(member, '/') != STR_NPOS || member.n > 64)
        return false;
    for (size_t d = 0; d < path->n; d++)
        for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
            (void)snprintf(name, sizeof name, "%s/" STR_FMT "%s", path->dirs[d],
                           STR_ARG(member), suffixes[i]);
            buf_clear(out);
            if (access(name, R_OK) == 0 && file_read(name, out, &why) == ERR_OK)
                return true;
        }
    return false;
}

static int
translate_main(int argc, char **argv)
{
    const char *out_path = NULL, *copy = NULL;
    bool is_free = false, debugging = false;
    const struct cli_opt opts[] = {
        { "output", 'o', CLI_STRING, &out_path, "FILE", "where to (stdout)" },
        { "copy", 'I', CLI_STRING, &copy, "DIR[:DIR...]",
          "where COPY members that hold EXEC are found" },
        { "free", 'f', CLI_FLAG, &is_free, NULL, "free reference format" },
        { "debugging", 'd', CLI_FLAG, &debugging, NULL,
          "lines with D in column 7 are code" },
    };
    const struct cli cli = {
        .command = "sallyport-region translate",
        .usage = "IN.cbl [-o OUT.cob]",
        .summary = "Translate EXEC CICS commands to calls, for cobc.",
        .opts = opts,
        .n_opts = ARRAY_LEN(opts),
        .min_args = 1,
        .max_args = 1,
    };
    struct copy_path path = { 0 };
    struct translate_options options = { .copy = read_member,
                                         .copy_arg = &path };
    struct buf source, out;
    struct err_info why;
    char *dirs, *save = NULL;
    enum err e;

    (void)cli_parse(&cli, argc, argv, BAD_USAGE);
    dirs = copy == NULL ? NULL : strdup(copy);
    REQUIRE(copy == NULL || dirs != NULL);
    options.name = argv[1];
    options.is_free = is_free;
    options.debugging = debugging;
    for (char *dir = dirs == NULL ? NULL : strtok_r(dirs, ":", &save);
         dir != NULL && path.n < ARRAY_LEN(path.dirs);
         dir = strtok_r(NULL, ":", &save))
        path.dirs[path.n++] = dir;
    buf_init(&source, TRANSLATE_SOURCE_MAX);
    buf_init(&out, 4u * TRANSLATE_SOURCE_MAX);
    e = file_read(argv[1], &source, &why);
    if (e == ERR_OK)
        e = translate(buf_view(&source), &options, &out, &why);
    if (e == ERR_OK && out_path != NULL)
        e = file_write_atomic(out_path, buf_view(&out), 0644, &why);
    else if (e == ERR_OK && fwrite(out.p, 1, out.n, stdout) != out.n)
        e = err_sys(&why, "standard output");
    buf_fini(&source);
    buf_fini(&out);
    free(dirs);
    if (e == ERR_OK)
        return 0;
    fprintf(stderr, "%s\n", why.text);
    return 8;
}

/* --- load -----------------------------------------------------------------*/

static int
load_main(int argc, char **argv)
{
    const char *applid = getenv("SALLYPORT_APPLID");
    struct load_options load = { 0 };
    bool if_empty = false;
    const struct cli_opt opts[] = {
        { "applid", 'a', CLI_STRING, &applid, "NAME", "the region" },
        { "if-empty", '\0', CLI_FLAG, &if_empty, NULL,
          "a file that holds records is left alone, without an error" },
        { "cut", '\0', CLI_FLAG, &load.cut, NULL,
          "cut what is longer than its field" },
    };
    const struct cli cli = {
        .command = "sallyport-region load",
        .usage = "--applid NAME FILE data.csv",
        .summary = "Load a file of a region from CSV (see FIELDS of FILE).",
        .opts = opts,
        .n_opts = ARRAY_LEN(opts),
        .min_args = 2,
        .max_args = 2,
    };
    struct err_info why;
    enum err e;

    (void)cli_parse(&cli, argc, argv, BAD_USAGE);
    if (applid == NULL) {
        fprintf(stderr, "sallyport-region load: --applid is missing\n");
        return BAD_USAGE;
    }
    e = load_file(str_of(applid), str_of(argv[1]), argv[2], &load, &why);
    if (e == ERR_OK) {
        printf("FILE(%s): %llu records loaded, %llu values cut\n", argv[1],
               (unsigned long long)load.n, (unsigned long long)load.n_cut);
        return 0;
    }
    if (e == ERR_EXISTS && if_empty) {
        printf("%s; left alone\n", why.text);
        return 0;
    }
    fprintf(stderr, "%s\n", why.text);
    return 8;
}

/* --- run ------------------------------------------------------------------*/

static void
to_background(void)
{
    int null;
    pid_t pid = fork();

    if (pid != 0)
        _exit(pid < 0 ? 12 : 0);
    (void)setsid();
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd <= 2; fd++)
        (void)dup2(null, fd);
}

/* PARM of the procedure: "APPLID=X" and the like may stand there; only APPLID
 * is taken, the SIT file has the rest. */
static const char *
applid_of(const char *given, int n_args, char **argv)
{
    static char name[9];

    if (given != NULL)
        return given;
    for (int i = 1; i <= n_args; i++) {
        struct str text = str_of(argv[i]);
        size_t at = str_find(text, STR("APPLID="));

        if (at == STR_NPOS)
            continue;
        text = str_sub(text, at + 7, text.n);
        text = str_sub(text, 0, str_find_char(text, ','));
        if (str_copy_z(str_trim(text), name, sizeof name))
            return name;
    }
    return getenv("SALLYPORT_JOB_NAME");
}

static int
run_main(int argc, char **argv)
{
    const char *applid = NULL;
    bool foreground = false;
    const struct cli_opt opts[] = {
        { "applid", 'a', CLI_STRING, &applid, "NAME",
          "the region: its folder below regions/" },
        { "foreground", 'F', CLI_FLAG, &foreground, NULL,
          "do not go to the background" },
    };
    const struct cli cli = {
        .command = "sallyport-region",
        .usage = "--applid NAME [--foreground] | translate ... | load ...",
        .summary = "Run a CICS-like region.",
        .detail = "As a started task (PGM=DFHSIP) it stays in the foreground "
                  "and APPLID may come by PARM.\n",
        .opts = opts,
        .n_opts = ARRAY_LEN(opts),
        .min_args = 0,
        .max_args = -1,
    };
    int n = cli_parse(&cli, argc, argv, BAD_USAGE);

    applid = applid_of(applid, n, argv);
    if (applid == NULL) {
        fprintf(stderr, "sallyport-region: --applid is missing\n");
        return BAD_USAGE;
    }
    if (!foreground && getenv("SALLYPORT_TASK_FD") == NULL)
        to_background();
    return supervisor_run(str_of(applid));
}

int
main(int argc, char **argv)
{
    log_init("sallyport-region");
    secret_process();
    file_limit_raise();
    if (argc > 1 && strcmp(argv[1], "translate") == 0)
        return translate_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "load") == 0)
        return load_main(argc - 1, argv + 1);
    return run_main(argc, argv);
}
