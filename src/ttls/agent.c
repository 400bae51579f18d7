/* The agent's start, loop and end. */
#include "ttls/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "ipc/chan.h"
#include "ttls/agent_priv.h"
#include "ttls/source.h"

extern char **environ;

#define DEFAULT_CONF "/etc/pagent.conf"
#define DEFAULT_LOG "tcpip/pagent.log"
#define STACK_START_MS 15000
#define SETTLE_MS 200 /* after a file changed, for the rest of its friends */

/* --- stack processes ---------------------------------------------------- */

/* The stack process is nobody's child: it outlives us. */
NORETURN static void
stack_child(struct agent *a, const char *stack, int ready_fd)
{
    char number[16];
    sigset_t none;
    pid_t pid;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setsid();
    pid = fork();
    if (pid != 0)
        _exit(pid < 0);
    (void)fcntl(ready_fd, F_SETFD, 0);
    (void)snprintf(number, sizeof number, "%d", ready_fd);
    (void)unsetenv("SALLYPORT_TASK_FD");
    (void)unsetenv("SALLYPORT_TOKEN_FD");
    (void)unsetenv("SALLYPORT_INITIATOR_FD");
    execl(a->options->program, a->options->program, "--stack", stack,
          "--ready-fd", number, (char *)NULL);
    _exit(127);
}

static bool
is_there(const char *stack)
{
    struct stack_answer answer;
    char socket[64];
    bool is_up;

    if (!stack_socket(str_of(stack), socket))
        return false;
    is_up = stack_ask(socket, STACK_STATE, (struct str){ 0 }, -1,
                      STACK_START_MS, &answer, NULL) == ERR_OK;
    stack_answer_fini(&answer);
    return is_up;
}

void
agent_watch_stack(struct image *image)
{
    struct arena arena;
    char *path;

    if (image->alive_fd >= 0)
        return;
    arena_init(&arena, 8192);
    path = root_path(&arena, STACK_SOCKET, image->name);
    if (path == NULL || chan_connect(path, &image->alive_fd, NULL) != ERR_OK)
        image->alive_fd = -1;
    arena_fini(&arena);
}

enum err
agent_stack_start(struct agent *a, const char *stack, struct err_info *why)
{
    struct pollfd p;
    char ready = 0;
    int fds[2];
    pid_t pid;

    if (is_there(stack))
        return ERR_OK;
    if (pipe2(fds, O_CLOEXEC) != 0)
        return err_sys(why, "pipe");
    pid = fork();
    if (pid == 0)
        stack_child(a, stack, fds[1]);
    close(fds[1]);
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
    p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
    if (pid < 0 || poll(&p, 1, STACK_START_MS) != 1 ||
        read(fds[0], &ready, 1) != 1 || ready != 'R') {
        close(fds[0]);
        return err_set(why, ERR_PEER,
                       "the stack's process did not start; see "
                       "tcpip/%s/stack.log",
                       stack);
    }
    close(fds[0]);
    return ERR_OK;
}

/* --- start -------------------------------------------------------------- */

static void
log_compiled(struct agent *a)
{
    struct stat st;
    struct tm tm;
    char text[64];

    if (stat(a->options->program, &st) != 0 ||
        localtime_r(&st.st_mtime, &tm) == NULL ||
        strftime(text, sizeof text, "%b %e %Y at %H:%M:%S", &tm) == 0)
        return;
    agent_logf(a, LEVEL_INFO, "main: Compiled on %s", text);
}

static bool
is_secret_name(struct str name)
{
    return str_find(name, STR("PASSWORD")) != STR_NPOS ||
           str_ends(name, STR("_PW")) || str_ends(name, STR("PASSWD"));
}

static void
log_environment(struct agent *a)
{
    agent_logf(a, LEVEL_INFO, "main: List all environment variables:");
    for (char **e = environ; *e != NULL; e++) {
        struct str text = str_of(*e);
        size_t eq = str_find_char(text, '=');

        if (is_secret_name(str_sub(text, 0, eq)))
            agent_logf(a, LEVEL_INFO, "main: EXPORT '" STR_FMT "=...'",
                       STR_ARG(str_sub(text, 0, eq)));
        else
            agent_logf(a, LEVEL_INFO, "main: EXPORT '%s'", *e);
    }
}

/* -c, else PAGENT_CONFIG_FILE, else /etc/pagent.conf. */
static const char *
choose_conf(struct agent *a)
{
    const char *env = getenv("PAGENT_CONFIG_FILE"), *how = "Use default";
    const char *file = DEFAULT_CONF;

    if (a->options->conf_file != NULL) {
        file = a->options->conf_file;
        how = "Use start option -c";
    } else if (env != NULL && env[0] != '\0') {
        file = env;
        how = "Use environment PAGENT_CONFIG_FILE";
    }
    if (!str_copy_z(str_of(file), a->conf_file, sizeof a->conf_file))
        a->conf_file[0] = '\0';
    return how;
}

static enum err
open_log(struct agent *a, struct err_info *why)
{
    const char *file = a->options->log_file;
    struct arena arena;
    char *folder;
    enum err e;

    arena_init(&arena, 64 * 1024);
    folder = root_path(&arena, "tcpip");
    if (folder == NULL || (e = dir_make(folder, 0755, why)) != ERR_OK) {
        arena_fini(&arena);
        return folder == NULL ? ERR_MEMORY : e;
    }
    if (file == NULL || file[0] == '\0')
        file = getenv("PAGENT_LOG_FILE");
    if (file == NULL || file[0] == '\0')
        file = root_path(&arena, DEFAULT_LOG);
    if (file == NULL)
        e = ERR_MEMORY;
    else
        e = agent_log_open(&a->log, file, getenv("PAGENT_LOG_FILE_CONTROL"),
                           a->task, why);
    arena_fini(&arena);
    return e;
}

/* LogLevel counts from the first line on, so the file is looked at first. */
static void
peek_level(struct agent *a)
{
    struct pagent_conf conf;
    struct buf text;

    a->log.level = PAGENT_LOG_LEVEL;
    buf_init(&text, 4u << 20);
    if (source_read(str_of(a->conf_file), (struct str){ 0 }, text.max, &text,
                    NULL) == ERR_OK) {
        pagent_conf_parse(str_of(a->conf_file), buf_view(&text),
                          STR(STACK_DEFAULT), NULL, NULL, &conf);
        a->log.level = conf.log_level;
    }
    buf_fini(&text);
}

/* --- files that change (-i) --------------------------------------------- */

/* Folders are watched: editors replace files. */
static void
watch_files(struct agent *a)
{
    const char *name;

    if (!a->options->follow)
        return;
    if (a->watch_fd < 0)
        a->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    for (size_t i = 0; (name = agent_file(a, i)) != NULL; i++) {
        struct arena arena;
        char *path, *slash;

        arena_init(&arena, 64 * 1024);
        if (name[0] != '\0' &&
            source_path(&arena, str_of(name), &path, NULL) == ERR_OK &&
            (slash = strrchr(path, '/')) != NULL) {
            *slash = '\0';
            (void)inotify_add_watch(a->watch_fd, path,
                                    IN_CLOSE_WRITE | IN_MOVED_TO);
        }
        arena_fini(&arena);
    }
}

static bool
is_ours(struct agent *a, const char *name)
{
    const char *file;

    for (size_t i = 0; (file = agent_file(a, i)) != NULL; i++) {
        struct str s = str_of(file);
        size_t slash = str_rfind_char(s, '/');
        size_t open = str_find_char(s, '(');

        if (slash != STR_NPOS && str_eq_z(str_sub(s, slash + 1, s.n), name))
            return true;
        if (open != STR_NPOS &&
            str_starts_nocase(str_sub(s, open + 1, s.n), str_of(name)))
            return true;
    }
    return false;
}

static void
on_files(struct agent *a)
{
    _Alignas(struct inotify_event) char bytes[4096];
    ssize_t n;

    while ((n = read(a->watch_fd, bytes, sizeof bytes)) > 0) {
        for (char *p = bytes; p < bytes + n;) {
            struct inotify_event *e = (void *)p;
            uint64_t at_ms = clock_mono_ms() + SETTLE_MS;

            if (e->len > 0 && is_ours(a, e->name) && at_ms < a->refresh_at_ms)
                a->refresh_at_ms = at_ms;
            p += sizeof *e + e->len;
        }
    }
}

/* --- loop --------------------------------------------------------------- */

static int
open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
pass(struct agent *a, enum pass kind)
{
    struct err_info why;

    /* A file that cannot be read leaves everything as it is; it is logged. */
    if (agent_pass(a, kind, &why) == ERR_OK)
        watch_files(a);
}

static void
on_signal(struct agent *a, int fd)
{
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            agent_logf(a, LEVEL_EVENT, "main: SIGHUP received");
            pass(a, PASS_REFRESH);
        } else {
            a->is_ending = true;
        }
    }
}

static void
on_task(struct agent *a)
{
    struct task_command command;
    struct err_info why;
    enum err e;

    while ((e = task_next(a->task, &command, &why)) == ERR_OK) {
        if (command.verb == TASK_STOP)
            a->is_ending = true;
        else
            agent_command(a, &command);
    }
    if (e == ERR_PEER)
        a->is_ending = true; /* the master is gone, and the image with it */
}

static int
wait_ms(const struct agent *a)
{
    uint64_t now_ms = clock_mono_ms();

    if (a->refresh_at_ms == UINT64_MAX)
        return -1;
    if (a->refresh_at_ms <= now_ms)
        return 0;
    return a->refresh_at_ms - now_ms > 3600000
               ? 3600000
               : (int)(a->refresh_at_ms - now_ms);
}

/* A stack whose process died gets another, and its policy back. */
static void
check_stacks(struct agent *a)
{
    for (size_t i = 0; i < a->n_images; i++) {
        if (a->images[i].alive_fd >= 0)
            continue;
        agent_logf(a, LEVEL_SYSERR, "the process of stack %s ended",
                   a->images[i].name);
        pass(a, PASS_UPDATE);
        return;
    }
}

static void
loop(struct agent *a, int signals)
{
    while (!a->is_ending) {
        struct pollfd p[4 + PAGENT_IMAGES_MAX] = {
            { .fd = signals, .events = POLLIN },
            { .fd = a->task == NULL ? -1 : task_fd(a->task), .events = POLLIN },
            { .fd = a->display_fd, .events = POLLIN },
            { .fd = a->watch_fd, .events = POLLIN },
        };
        bool has_lost = false;

        for (size_t i = 0; i < a->n_images; i++)
            p[4 + i] = (struct pollfd){ .fd = a->images[i].alive_fd,
                                        .events = POLLIN };
        if (poll(p, 4 + a->n_images, wait_ms(a)) < 0 && errno != EINTR)
            break;
        for (size_t i = 0; i < a->n_images; i++) {
            if ((p[4 + i].revents & (POLLHUP | POLLERR | POLLIN)) == 0)
                continue;
            close(a->images[i].alive_fd);
            a->images[i].alive_fd = -1;
            has_lost = true;
        }
        if (p[0].revents != 0)
            on_signal(a, signals);
        if (p[1].revents != 0)
            on_task(a);
        if (p[2].revents != 0)
            agent_display_run(a);
        if (p[3].revents != 0)
            on_files(a);
        if (has_lost && !a->is_ending)
            check_stacks(a);
        if (clock_mono_ms() >= a->refresh_at_ms && !a->is_ending)
            pass(a, PASS_UPDATE);
    }
}

static enum err
start(struct agent *a, struct err_info *why)
{
    const char *how = choose_conf(a);
    enum err e = open_log(a, why);

    if (e != ERR_OK)
        return e;
    peek_level(a);
    AGENT_SAY0(a, "main", "EZZ8431I");
    log_compiled(a);
    agent_logf(a, LEVEL_INFO, "main: %s = '%s'", how, a->conf_file);
    log_environment(a);
    if ((e = agent_display_open(a, why)) != ERR_OK)
        return e;
    if ((e = agent_pass(a, PASS_START, why)) != ERR_OK)
        return e;
    watch_files(a);
    if (a->task != NULL)
        task_ready(a->task);
    return ERR_OK;
}

static void
finish(struct agent *a)
{
    agent_display_close(a);
    for (size_t i = 0; i < a->n_images; i++) {
        ttls_policy_unref(&a->images[i].policy);
        if (a->images[i].alive_fd >= 0)
            close(a->images[i].alive_fd);
    }
    agent_log_close(&a->log);
    if (a->watch_fd >= 0)
        close(a->watch_fd);
    task_free(&a->task);
    free(a);
}

int
agent_run(const struct agent_options *options)
{
    int signals = open_signals(), status = 0;
    struct agent *a = signals < 0 ? NULL : calloc(1, sizeof *a);
    struct err_info why = { 0 };

    if (a == NULL)
        return AGENT_FAILED;
    (void)umask(022); /* others reach the sockets below tcpip/ */
    a->options = options;
    a->debug = options->debug;
    a->trace = options->trace;
    a->display_fd = a->watch_fd = a->log.fd = -1;
    a->log.level = PAGENT_LOG_LEVEL;
    if (task_attach(&a->task, &why) != ERR_OK)
        a->task = NULL; /* started by hand */
    if (start(a, &why) != ERR_OK) {
        fprintf(stderr, "sallyport pagent: %s\n", why.text);
        agent_logf(a, LEVEL_SYSERR, "main: %s", why.text);
        AGENT_SAY0(a, "main", "EZZ8434I");
        status = AGENT_FAILED;
    } else {
        loop(a, signals);
        agent_purge(a);
        AGENT_SAY0(a, "main", "EZZ8433I");
    }
    close(signals);
    finish(a);
    return status;
}
