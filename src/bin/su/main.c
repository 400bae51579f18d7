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
    bool is_raw;
    struct termios saved;
};

static void
print_line(void *arg, struct str text)
{
    (void)arg;
    fprintf(stderr, "%.*s\n", STR_ARG(text));
}

/* --- the terminal ------------------------------------------------------- */

static bool
write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

/* False: there is nothing more to come. */
static bool
copy(int from, int to)
{
    char piece[4096];
    ssize_t n = read(from, piece, sizeof piece);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    return n > 0 && write_all(to, piece, (size_t)n);
}

static void
open_keys(struct relay *r)
{
    struct termios raw;

    r->out = isatty(1) ? 1 : isatty(2) ? 2 : 0;
    r->reads_keys = isatty(0) && tcgetattr(0, &r->saved) == 0;
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
    if (info.ssi_signo == SIGWINCH)
        resize(r);
    else
        batch_su_signal(r->client, (int)info.ssi_signo);
}

static enum err
open_signals(struct relay *r, struct err_info *why)
{
    static const int passed[] = { SIGINT,  SIGQUIT, SIGTERM, SIGHUP,
                                  SIGUSR1, SIGUSR2, SIGWINCH };
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

    while (r->terminal >= 0 && poll(&fd, 1, DRAIN_MS) > 0 &&
           copy(r->terminal, r->out))
        continue;
}

static void
relay(struct relay *r)
{
    for (;;) {
        struct pollfd fds[] = {
            { .fd = batch_fd(r->client), .events = POLLIN },
            { .fd = r->signals, .events = POLLIN },
            { .fd = r->terminal, .events = POLLIN },
            { .fd = r->reads_keys && r->terminal >= 0 ? 0 : -1,
              .events = POLLIN },
        };

        if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents != 0)
            on_signal(r);
        if (fds[3].revents != 0 && !copy(0, r->terminal))
            r->reads_keys = false;
        if (fds[2].revents != 0 && !copy(r->terminal, r->out)) {
            close(r->terminal); /* all its users are gone */
            r->terminal = -1;
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

    if (open_signals(r, &why) != ERR_OK ||
        batch_su(r->client, &su, print_line, NULL, &r->terminal, &why) !=
            ERR_OK)
        return fail(&why);
    if (r->terminal >= 0)
        open_keys(r);
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
