/* Starting, stopping and asking a server (Liberty, server command). */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "artefact/cache.h"
#include "base/cli.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/reader.h"
#include "base/version.h"
#include "gateway/archive_index.h"
#include "ipc/chan.h"
#include "ipc/parent_wire.h"
#include "lock.h"
#include "process.h"
#include "started_task.h"

#define STOP_WAIT_S 30u

/* Why server.xml is none that may be read; NULL when there is nothing. */
static const char *
what_is_wrong(const struct settings *s, char path[4096])
{
    struct stat st;

    snprintf(path, 4096, "%s/server.xml", s->server_dir);
    if (stat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR ? NULL : strerror(errno);
    if (!S_ISREG(st.st_mode))
        return "it is not a regular file";
    return access(path, R_OK) == 0 ? NULL : strerror(errno);
}

/* Another user's folder looks like one that is not there. */
int
control_no_server(const struct settings *s)
{
    char path[4096];
    const char *reason = what_is_wrong(s, path);

    if (reason != NULL) {
        control_say("CWWKE0010E", path, reason, "");
        return EXIT_LOCATION;
    }
    printf("Server %s does not exist.\n", s->name);
    return EXIT_NO_SERVER;
}

bool
control_is_unknown(const struct settings *s)
{
    if (lock_is_readable(s))
        return false;
    printf("Server %s status could not be determined. Check server logs for "
           "details.\n",
           s->name);
    fprintf(stderr, "  %s/workarea cannot be read: ask as its owner.\n",
            s->output_dir);
    return true;
}

/* ---- run ---- */

static enum err
make_work_folders(struct settings *s, struct err_info *why)
{
    const char *folders[] = { settings_path(s, s->output_dir, "workarea"),
                              s->log_dir };
    enum err e = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(folders) && e == ERR_OK; i++) {
        e = dir_make(folders[i], 0777, why);
        if (e == ERR_OK && access(folders[i], W_OK | X_OK) != 0)
            e = err_sys(why, "%s", folders[i]);
    }
    return e;
}

/* Its folders cannot be used; SPT0465E where it is not for want of rights. */
static int
say_unusable(const struct settings *s, enum err e, const struct err_info *why)
{
    if (e == ERR_DENIED)
        control_say("CWWKE0044E", s->output_dir, "", "");
    else
        control_say("SPT0465E", s->name, why->text, "");
    return EXIT_LOCATION;
}

/* False: control_no_server says why. */
static bool
can_read(const struct settings *s)
{
    char path[4096];

    return what_is_wrong(s, path) == NULL;
}

/* What is kept for the next start is made again. The lock is ours. */
static void
clean_work_area(struct settings *s)
{
    const char *folder = settings_path(s, s->output_dir, "workarea");
    const char *index =
        settings_path(s, s->output_dir, "workarea/" ARCHIVE_INDEX_FILE);

    if (folder == NULL || index == NULL)
        return;
    (void)unlink(index);
    (void)image_sweep(folder, NULL, 0, UINT64_MAX);
}

int
control_run(struct settings *s, const struct control_options *o)
{
    struct err_info why;
    pid_t holder;
    int lock, status;
    enum err e;

    if (!can_read(s))
        return control_no_server(s);
    if (!settings_server_exists(s)) {
        control_say("CWWKE0031E", s->name, s->server_dir, "");
        return EXIT_NO_SERVER;
    }
    if (settings_load(s, &status, &why) != ERR_OK) {
        control_say_line(str_of(why.text));
        return status;
    }
    if ((e = make_work_folders(s, &why)) != ERR_OK)
        return say_unusable(s, e, &why);
    e = lock_take(s, &lock, &holder, &why);
    if (e == ERR_EXISTS) {
        control_say("CWWKE0029E", s->name, "", "");
        return EXIT_REDUNDANT;
    }
    if (e != ERR_OK)
        return say_unusable(s, e, &why);
    if (o->is_clean)
        clean_work_area(s);
    return process_run(s, lock, o->ready_fd);
}

/* In the foreground, with all diagnostics. The worker keeps secrets, so only
 * root can attach a debugger to it. */
int
control_debug(struct settings *s, const struct control_options *o)
{
    if (setenv("SALLYPORT_LOG", "debug", 1) != 0)
        return EXIT_LAUNCH;
    log_init("sallyport-server");
    return control_run(s, o);
}

/* ---- start ---- */

/* Where the original names its Java: the system and the locale. */
static void
print_runtime(void)
{
    struct utsname os;
    const char *locale = setlocale(LC_ALL, "");

    if (uname(&os) != 0)
        memset(&os, 0, sizeof os);
    printf("%s %s, version %s (%s)\n", os.sysname, os.machine, os.release,
           locale == NULL ? "C" : locale);
    fflush(stdout);
    (void)setlocale(LC_ALL, "C");
}

static void
say_launching(const struct settings *s)
{
    printf("Launching %s (Sallyport %s) on ", s->name, SALLYPORT_VERSION);
    print_runtime();
}

/* The background process: a session of its own, output in console.log. */
NORETURN static void
become_server(struct settings *s, const struct control_options *o, int ready_fd)
{
    char *console = settings_path(s, s->log_dir, s->log_file);
    struct control_options inner = *o;
    int in = open("/dev/null", O_RDONLY);
    int out =
        console == NULL
            ? -1
            : open(console, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666);

    if (in < 0 || out < 0) {
        control_say("CWWKE0035E", console, strerror(errno), "");
        _exit(EXIT_LAUNCH);
    }
    (void)setsid();
    (void)dup2(in, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(out, STDERR_FILENO);
    close(in);
    close(out);
    say_launching(s);
    inner.ready_fd = ready_fd;
    exit(control_run(s, &inner));
}

void
control_write_pid(const struct settings *s, pid_t pid)
{
    struct str path = str_of(s->pid_file);
    char folder[4096], text[16];
    struct err_info why;
    int n = snprintf(text, sizeof text, "%d\n", (int)pid);

    if (str_copy_z(str_sub(path, 0, str_rfind_char(path, '/')), folder,
                   sizeof folder) &&
        dir_make(folder, 0777, &why) == ERR_OK &&
        file_write_atomic(s->pid_file, str_n(text, (size_t)n), 0666, &why) ==
            ERR_OK)
        return;
    control_say("CWWKB0014W", s->pid_file, why.text, "");
}

static int
already_running(const struct settings *s, pid_t holder)
{
    if (holder > 0)
        printf("Server %s is already running with process ID %d.\n", s->name,
               (int)holder);
    else
        printf("Server %s is already running.\n", s->name);
    return EXIT_REDUNDANT;
}

/* 'R' when ready; the exit status when the process ended first. */
static int
wait_until_ready(struct settings *s, pid_t pid, int ready_fd)
{
    int status;
    char byte;

    if (!cli_wait(ready_fd, "starting the server",
                  (int64_t)s->start_wait_s * 1000)) {
        char seconds[16];

        snprintf(seconds, sizeof seconds, "%u", s->start_wait_s);
        control_say("SPT0467E", s->name, seconds, s->log_dir);
        return EXIT_START;
    }
    if (read(ready_fd, &byte, 1) == 1 && byte == 'R') {
        printf("Server %s started with process ID %d.\n", s->name, (int)pid);
        return EXIT_OK;
    }
    if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
        WEXITSTATUS(status) == EXIT_REDUNDANT)
        return already_running(s, 0);
    printf("Server %s start failed. Check server logs for details.\n", s->name);
    fflush(stdout);
    control_say_errors(s);
    return EXIT_START;
}

int
control_start(struct settings *s, const struct control_options *o)
{
    struct err_info why;
    pid_t holder = 0, pid;
    int fds[2], status;
    enum err e;

    if (!settings_server_exists(s) || !can_read(s))
        return control_no_server(s);
    if (lock_is_held(s, &holder) && !lock_holder_is_gone(holder))
        return already_running(s, holder);
    if (settings_load(s, &status, &why) != ERR_OK) {
        control_say_line(str_of(why.text));
        return status;
    }
    printf("Starting server %s.\n", s->name);
    fflush(stdout);
    if (started_task_is_configured())
        return started_task_start(s, o);
    e = make_work_folders(s, &why);
    if (e == ERR_OK && pipe2(fds, O_CLOEXEC) != 0)
        e = err_sys(&why, "a pipe");
    if (e != ERR_OK)
        return say_unusable(s, e, &why);
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        become_server(s, o, fds[1]);
    }
    close(fds[1]);
    if (pid < 0) {
        fprintf(stderr, "Server %s: %s\n", s->name, strerror(errno));
        return EXIT_START;
    }
    control_write_pid(s, pid);
    status = wait_until_ready(s, pid, fds[0]);
    if (status != EXIT_OK && kill(pid, 0) != 0)
        (void)unlink(s->pid_file);
    return status;
}

/* ---- stop, status, modify ---- */

/* The address is relative, because a socket's path may have 107 bytes only. */
static enum err
connect_to(const struct settings *s, int *fd, struct err_info *why)
{
    if (chdir(s->output_dir) != 0)
        return err_sys(why, "%s", s->output_dir);
    return chan_connect("workarea/.sCommand", fd, why);
}

bool
control_knows(const struct settings *s)
{
    return settings_server_exists(s) || lock_is_held(s, NULL);
}

static int
no_contact(const struct settings *s, enum err e, const struct err_info *why)
{
    if (e == ERR_NOT_FOUND) {
        control_say("CWWKE0089E", s->name, "", "");
        return EXIT_NO_COMMAND_PORT;
    }
    control_say("SPT0466E", s->name, why->text, "");
    return EXIT_NO_CONTACT;
}

static bool
wait_until_gone(const struct settings *s, unsigned timeout_s)
{
    uint64_t end = clock_mono_ms() + (uint64_t)timeout_s * 1000;

    while (lock_is_held(s, NULL)) {
        if (clock_mono_ms() >= end)
            return false;
        (void)poll(NULL, 0, 20);
    }
    return true;
}

int
control_stop(struct settings *s, const struct control_options *o)
{
    const char force = o->is_forced ? 1 : 0;
    struct err_info why;
    enum err e;
    int fd;

    if (!control_knows(s))
        return control_no_server(s);
    if (control_is_unknown(s))
        return EXIT_UNKNOWN;
    if (!lock_is_held(s, NULL)) {
        (void)unlink(s->pid_file); /* a killed server left it */
        printf("Server %s is not running.\n", s->name);
        return EXIT_REDUNDANT;
    }
    printf("Stopping server %s.\n", s->name);
    fflush(stdout);
    e = connect_to(s, &fd, &why);
    if (e == ERR_OK) {
        e = chan_send(fd, PARENT_C_STOP, 0, str_n(&force, 1), NULL, 0, &why);
        if (e != ERR_OK)
            close(fd);
    }
    if (e != ERR_OK && lock_is_held(s, NULL)) /* else it was just ending */
        return no_contact(s, e, &why);
    if (!wait_until_gone(s, o->timeout_s == 0 ? STOP_WAIT_S : o->timeout_s)) {
        printf("Server %s stop failed. Check server logs for details.\n",
               s->name);
        return EXIT_STOP;
    }
    (void)unlink(s->pid_file);
    printf("Server %s stopped.\n", s->name);
    return EXIT_OK;
}

int
control_status(struct settings *s, const struct control_options *o)
{
    pid_t holder = 0;

    int status;

    (void)o;
    if (!control_knows(s)) {
        status = control_no_server(s);
        return status == EXIT_NO_SERVER ? status : EXIT_UNKNOWN;
    }
    if (control_is_unknown(s))
        return EXIT_UNKNOWN;
    if (!lock_is_held(s, &holder)) {
        printf("Server %s is not running.\n", s->name);
        return EXIT_REDUNDANT;
    }
    printf("Server %s is running with process ID %d.\n", s->name, (int)holder);
    return EXIT_OK;
}

/* Lines until the end, which tells how it went. */
static int
read_replies(int fd, struct buf *lines)
{
    for (;;) {
        struct err_info why;
        struct chan_msg msg;
        struct reader in;
        struct str line;

        if (chan_recv(fd, &msg, &why) != ERR_OK)
            return EXIT_NO_CONTACT;
        in = reader_of(msg.payload);
        if (msg.type == PARENT_C_END) {
            uint8_t is_done;
            bool is_good = reader_u8(&in, &is_done) && reader_at_end(&in);

            chan_msg_fini(&msg);
            return !is_good       ? EXIT_NO_CONTACT
                   : is_done == 1 ? EXIT_OK
                                  : EXIT_BAD_ARGUMENT;
        }
        if (msg.type == PARENT_C_LINE &&
            reader_str(&in, 0, PARENT_TEXT_MAX, &line)) {
            buf_add(lines, line);
            buf_add_char(lines, '\n');
        }
        chan_msg_fini(&msg);
    }
}

int
control_ask(const struct settings *s, const char *command, struct buf *lines)
{
    struct err_info why;
    struct buf out;
    int fd, status;
    enum err e = connect_to(s, &fd, &why);

    if (e == ERR_NOT_FOUND)
        return EXIT_NO_COMMAND_PORT;
    if (e != ERR_OK)
        return no_contact(s, e, &why);
    buf_init(&out, PARENT_TEXT_MAX + 16);
    buf_str(&out, str_sub(str_of(command), 0, PARENT_TEXT_MAX));
    e = chan_send(fd, PARENT_C_MODIFY, 0, buf_view(&out), NULL, 0, &why);
    buf_fini(&out);
    status = e == ERR_OK ? read_replies(fd, lines) : no_contact(s, e, &why);
    close(fd);
    return status;
}

int
control_modify(struct settings *s, const char *command)
{
    struct buf lines;
    int status;

    if (!control_knows(s))
        return control_no_server(s);
    if (control_is_unknown(s))
        return EXIT_UNKNOWN;
    if (!lock_is_held(s, NULL)) {
        printf("Server %s is not running.\n", s->name);
        return EXIT_INACTIVE;
    }
    buf_init(&lines, 16u << 20);
    status = control_ask(s, command, &lines);
    if (status == EXIT_NO_COMMAND_PORT)
        control_say("SPT0464E", s->name, "", "");
    printf(STR_FMT, STR_ARG(buf_view(&lines)));
    buf_fini(&lines);
    return status;
}

int
control_version(struct settings *s, const struct control_options *o)
{
    (void)s;
    (void)o;
    printf("Sallyport %s (z/OS Connect EE V3.0 compatible) on ",
           SALLYPORT_VERSION);
    print_runtime();
    return EXIT_OK;
}
