/*
 * sallyport-su: another user's shell or command. The master starts it; this end
 * carries the terminal, the signals and the exit status, and has no privilege.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/log.h"
#include "base/secret.h"
#include "batch/client.h"

#define STATUS_FAILED 125 /* of su itself, as of env and nohup */
#define STATUS_CANCELLED (128 + SIGKILL)
#define DRAIN_MS 500
#define LOOK_MS 300 /* whether the foreground is ours */

static const char *user;

static const struct cli_opt opts[] = {
    { "user", 'u', CLI_STRING, &user, "ID",
      "ask as this SAF user; the password is read" },
};

static const struct cli cli = {
    .command = "sallyport su",
    .usage = "[options] USER [COMMAND [ARGUMENT...]]",
    .summary = "Be another user: start a command, or the user's shell.",
    .detail =
        "Needs READ to BPX.SRV.user in class SURROGAT; nobody's password is "
        "asked. Without\nCOMMAND the PROGRAM of the user's OMVS segment is "
        "started, or /bin/sh.\n"
        "Exit status: the command's, or 128 and the signal that ended it; 125 "
        "refused or\nfailed, 126 the command cannot be run, 127 it was not "
        "found.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = -1,
    .is_prefix = true,
};

struct relay {
    struct batch_client *client;
    int terminal; /* the master's, or -1 */
    int signals;
    int out; /* where the terminal's output goes */
    bool reads_keys;
    bool is_behind; /* in the background */
    bool is_raw;
    struct termios saved;
    char keys[4096]; /* the terminal has no room for them yet */
    size_t n_keys;
};

static void
print_line(void *arg, struct str text)
{
    (void)arg;
    fprintf(stderr, "%.*s\n", STR_ARG(text));
}

/* --- the terminal ------------------------------------------------------- */

/* Who started us may have made its terminal non-blocking. */
static bool
write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno == EAGAIN) {
            struct pollfd room = { .fd = fd, .events = POLLOUT };

            (void)poll(&room, 1, -1);
            continue;
        }
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static bool
is_for_later(ssize_t n)
{
    return n < 0 && (errno == EINTR || errno == EAGAIN);
}

static void
hang_up(struct relay *r)
{
    close(r->terminal);
    r->terminal = -1;
}

/* False: there is nothing more to come. */
static bool
copy_output(const struct relay *r)
{
    char piece[4096];
    ssize_t n = read(r->terminal, piece, sizeof piece);

    return is_for_later(n) || (n > 0 && write_all(r->out, piece, (size_t)n));
}

/* False: the caller's terminal is gone. */
static bool
read_keys(struct relay *r)
{
    ssize_t n = read(0, r->keys, sizeof r->keys);

    r->n_keys = n > 0 ? (size_t)n : 0;
    return n > 0 || is_for_later(n);
}

/* As many as there is room for: a program that does not read, or waits for its
 * own output to be taken, must not keep us. */
static void
type_keys(struct relay *r)
{
    ssize_t n = write(r->terminal, r->keys, r->n_keys);

    if (n < 0 && !is_for_later(n))
        r->n_keys = 0;
    if (n <= 0)
        return;
    r->n_keys -= (size_t)n;
    memmove(r->keys, r->keys + n, r->n_keys);
}

static bool
is_foreground(void)
{
    return tcgetpgrp(0) == getpgrp();
}

/* In the background the terminal is somebody else's. */
static void
open_keys(struct relay *r)
{
    struct termios raw;

    r->out = isatty(1) ? 1 : isatty(2) ? 2 : 0;
    r->is_raw = false;
    r->is_behind = isatty(0) && !is_foreground();
    r->reads_keys = isatty(0) && !r->is_behind && tcgetattr(0, &r->saved) == 0;
    if (!r->reads_keys)
        return;
    raw = r->saved;
    cfmakeraw(&raw);
    r->is_raw = tcsetattr(0, TCSADRAIN, &raw) == 0;
}

static void
close_keys(struct relay *r)
{
    if (r->is_raw)
        (void)tcsetattr(0, TCSADRAIN, &r->saved);
    r->is_raw = false;
}

static void
resize(const struct relay *r)
{
    struct winsize size;

    if (r->terminal >= 0 && ioctl(r->out, TIOCGWINSZ, &size) == 0)
        (void)ioctl(r->terminal, TIOCSWINSZ, &size);
}

/* --- until it ends ------------------------------------------------------ */

static void
on_signal(struct relay *r)
{
    struct signalfd_siginfo info;

    if (read(r->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGCONT && r->terminal >= 0)
        open_keys(r); /* the shell has set its own modes meanwhile */
    if (info.ssi_signo == SIGWINCH || info.ssi_signo == SIGCONT)
        resize(r);
    else
        batch_su_signal(r->client, (int)info.ssi_signo);
}

static enum err
open_signals(struct relay *r, struct err_info *why)
{
    static const int passed[] = { SIGINT,  SIGQUIT, SIGTERM,  SIGHUP,
                                  SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(passed); i++)
        sigaddset(&set, passed[i]);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return r->signals >= 0 ? ERR_OK : err_sys(why, "signalfd");
}

/* What it wrote last is still on its way. */
static void
drain(const struct relay *r)
{
    struct pollfd fd = { .fd = r->terminal, .events = POLLIN };

    while (r->terminal >= 0 && poll(&fd, 1, DRAIN_MS) > 0 && copy_output(r))
        continue;
}

static void
relay(struct relay *r)
{
    for (;;) {
        bool has_keys = r->n_keys > 0;
        struct pollfd fds[] = {
            { .fd = batch_fd(r->client), .events = POLLIN },
            { .fd = r->signals, .events = POLLIN },
            { .fd = r->terminal,
              .events = (short)(has_keys ? POLLIN | POLLOUT : POLLIN) },
            { .fd = r->reads_keys && r->terminal >= 0 && !has_keys ? 0 : -1,
              .events = POLLIN },
        };

        /* A shell's fg tells a job that runs nothing. */
        if (poll(fds, ARRAY_LEN(fds), r->is_behind ? LOOK_MS : -1) < 0) {
            if (errno != EINTR)
                return;
            continue;
        }
        if (r->is_behind && r->terminal >= 0 && is_foreground())
            open_keys(r);
        if (fds[1].revents != 0)
            on_signal(r);
        if (fds[2].revents & POLLOUT)
            type_keys(r);
        if ((fds[2].revents & ~POLLOUT) != 0 && !copy_output(r))
            hang_up(r); /* all its users are gone */
        if (fds[3].revents != 0 && r->reads_keys && !read_keys(r)) {
            r->reads_keys = false;
            if (r->terminal >= 0)
                hang_up(r); /* as the caller's was */
        }
        if (fds[0].revents != 0)
            break;
    }
    drain(r);
}

static int
verdict(const struct batch_result *result)
{
    if (result->end == JOB_ENDED)
        return (int)result->code;
    fprintf(stderr, "sallyport su: %s%s\n",
            result->end == JOB_CANCELLED ? "cancelled " : "", result->text);
    return result->end == JOB_CANCELLED ? STATUS_CANCELLED : STATUS_FAILED;
}

static int
fail(const struct err_info *why)
{
    fprintf(stderr, "sallyport su: %s\n", why->text);
    return STATUS_FAILED;
}

static int
run(struct relay *r, char **args, size_t n)
{
    const struct batch_su su = { .user = str_of(args[0]),
                                 .arguments = args + 1,
                                 .n = n - 1,
                                 .term = getenv("TERM") };
    struct batch_result result = { .end = JOB_BROKEN };
    struct err_info why;

    /* A signal before it is accepted ends us, and with us the request. */
    if (batch_su(r->client, &su, print_line, NULL, &r->terminal, &why) !=
            ERR_OK ||
        open_signals(r, &why) != ERR_OK)
        return fail(&why);
    if (r->terminal >= 0) {
        (void)fcntl(r->terminal, F_SETFL, O_RDWR | O_NONBLOCK);
        open_keys(r);
        resize(r); /* it may have changed since it was sent */
    }
    relay(r);
    close_keys(r);
    if (batch_su_end(r->client, &result, &why) != ERR_OK)
        return fail(&why);
    return verdict(&result);
}

int
main(int argc, char **argv)
{
    struct relay r = { .terminal = -1, .signals = -1 };
    struct err_info why;
    char *password = NULL;
    int n, status;

    log_init("sallyport-su");
    secret_process();
    n = cli_parse(&cli, argc, argv, STATUS_FAILED);
    if (user != NULL && (password = getpass("Password: ")) == NULL)
        return STATUS_FAILED;
    if (batch_connect(str_of(user), str_of(password), &r.client, &why) !=
        ERR_OK)
        return fail(&why);
    if (password != NULL)
        secret_wipe(password, strlen(password));
    status = run(&r, argv + 1, (size_t)n);
    batch_disconnect(&r.client);
    return status;
}
