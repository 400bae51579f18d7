/* sallyport-master: the image's start and its end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "batch/client.h"
#include "batch/master.h"

#define STATUS_USAGE 2
#define STATUS_FAILED 16

static bool foreground, stop, status;

static const struct cli_opt opts[] = {
    { "foreground", 'f', CLI_FLAG, &foreground, NULL,
      "stay in the foreground, messages on standard error" },
    { "stop", 0, CLI_FLAG, &stop, NULL,
      "end all address spaces and the system (sallyport shutdown)" },
    { "status", 0, CLI_FLAG, &status, NULL,
      "say whether the system is up, and what is active" },
};

static const struct cli cli = {
    .command = "sallyport ipl",
    .usage = "[options]",
    .summary = "Start the system of $SALLYPORT_ROOT: master and angel.",
    .detail = "The command returns when jobs and operator commands are taken.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
};

static void
print_line(void *arg, struct str text)
{
    (void)arg;
    printf("%.*s\n", STR_ARG(text));
}

static int
operator_text(const char *text)
{
    struct batch_client *client = NULL;
    struct err_info why;
    uint8_t done = 0;
    enum err e;

    e = batch_connect((struct str){ 0 }, (struct str){ 0 }, &client, &why);
    if (e == ERR_OK)
        e = batch_command(client, str_of(text), print_line, NULL, &done, &why);
    batch_disconnect(&client);
    if (e == ERR_OK)
        return done;
    fprintf(stderr, "sallyport: %s\n", why.text);
    return e == ERR_PEER && status ? 4 : STATUS_FAILED;
}

static char *
program_dir(char *path, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", path, cap - 1);

    if (n <= 0)
        return NULL;
    path[n] = '\0';
    *strrchr(path, '/') = '\0';
    return path;
}

static int
run(int ready_fd)
{
    char dir[4096];
    struct master_options options = { .ready_fd = ready_fd };
    struct err_info why;

    options.program_dir = program_dir(dir, sizeof dir);
    if (options.program_dir == NULL) {
        fprintf(stderr, "sallyport-master: cannot find its own folder\n");
        return STATUS_FAILED;
    }
    if (master_run(&options, &why) == ERR_OK)
        return 0;
    fprintf(stderr, "sallyport-master: %s\n", why.text);
    return STATUS_FAILED;
}

/* Diagnostics of a master in the background. */
static void
to_log_file(void)
{
    struct arena arena;
    char *path;
    int fd = -1;

    arena_init(&arena, 8192);
    path = root_path(&arena, "log/master.log");
    if (path != NULL)
        /* The folder is the recorder's: no link of its leads us elsewhere. */
        fd = open(path,
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
                      O_NONBLOCK,
                  0640);
    if (fd >= 0) {
        (void)dup2(fd, 1);
        (void)dup2(fd, 2);
        close(fd);
    }
    arena_fini(&arena);
}

/* The parent returns when the child says it is ready, or has failed. */
static int
run_in_background(void)
{
    struct err_info why;
    struct arena arena;
    int fds[2], null_fd, wait_status = 0;
    char byte = 0;
    pid_t pid;
    char *log;

    arena_init(&arena, 8192);
    log = root_path(&arena, "log");
    if (log == NULL || dir_make(log, 0755, &why) != ERR_OK ||
        pipe2(fds, O_CLOEXEC) != 0) {
        fprintf(stderr, "sallyport: cannot make %s: %s\n",
                log == NULL ? "log" : log, strerror(errno));
        return STATUS_FAILED;
    }
    arena_fini(&arena);
    pid = fork();
    if (pid == 0) {
        int result;

        close(fds[0]);
        (void)setsid();
        null_fd = open("/dev/null", O_RDONLY);
        if (null_fd >= 0)
            (void)dup2(null_fd, 0);
        to_log_file();
        result = run(fds[1]);
        _exit(result);
    }
    close(fds[1]);
    (void)cli_wait(fds[0], "starting the system", -1);
    if (pid > 0 && read(fds[0], &byte, 1) == 1 && byte == 'R') {
        printf("The system %s is up (process %d).\n", root_dir(), (int)pid);
        if (root_is_private())
            printf("Private mode: one Linux user owns this image; its SAF "
                   "users are not isolated from each other.\n");
        return 0;
    }
    if (pid > 0)
        (void)waitpid(pid, &wait_status, 0);
    fprintf(stderr,
            "sallyport: the system did not start; see %s/log/"
            "master.log\n",
            root_dir());
    return STATUS_FAILED;
}

int
main(int argc, char **argv)
{
    log_init("sallyport-master");
    secret_process();
    file_limit_raise();
    (void)cli_parse(&cli, argc, argv, STATUS_USAGE);
    /* What the caller's shell left open would reach every job's parent. */
    (void)close_range(3, ~0u, 0);
    if (stop)
        return operator_text("SHUTDOWN");
    if (status)
        return operator_text("D A,L");
    return foreground ? run(-1) : run_in_background();
}
