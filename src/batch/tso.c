/*
 * IKJEFT01: the terminal monitor program in batch. Reads SYSTSIN, runs each
 * command under the job's identity and writes SYSTSPRT. What is no row below
 * goes to the security product's command processor.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "batch/deck.h"
#include "batch/run.h"
#include "ipc/task.h"
#include "saf/client.h"
#include "saf/secrets.h"

struct tso {
    const struct step *step;
    struct saf_client *saf;
    struct saf_ahead ahead; /* commands of the deck, sent and not answered */
    bool may_send_ahead;    /* no command decides whether the next one runs */
    FILE *out;
    uint32_t rc;         /* of the last command */
    struct err_info why; /* there is no connection */
    bool is_done;
};

static void
print_line(void *arg, struct str text)
{
    struct tso *t = arg;

    fprintf(t->out, "%.*s\n", STR_ARG(text));
}

static void echo(struct tso *t, struct str command);

static void
begin_command(void *arg, struct str command, uint32_t line)
{
    struct tso *t = arg;

    (void)line;
    fprintf(t->out, "READY\n");
    echo(t, command);
}

static void
end_command(void *arg, uint32_t line, enum err e, uint32_t rc,
            const struct err_info *why)
{
    struct tso *t = arg;

    (void)line;
    if (e != ERR_OK)
        fprintf(t->out, "IKJ56644I %s\n", why->text);
    t->rc = e == ERR_OK ? rc : 12;
    fflush(t->out);
}

/* Connected when the first command needs it. */
static bool
connect_saf(struct tso *t)
{
    struct buf token;
    enum err e;

    if (t->saf != NULL)
        return true;
    e = task_token_read(&token, &t->why);
    if (e == ERR_OK) {
        e = saf_connect(buf_view(&token), &t->saf, &t->why);
        secret_wipe(token.p, token.n);
        buf_fini(&token);
    }
    if (e != ERR_OK)
        return false;
    saf_on_message(t->saf, print_line, t);
    t->ahead = (struct saf_ahead){ .client = t->saf,
                                   .begin = begin_command,
                                   .text = print_line,
                                   .end = end_command,
                                   .arg = t };
    return true;
}

static void
run_saf(struct tso *t, struct str command)
{
    if (!connect_saf(t)) {
        begin_command(t, command, 0);
        fprintf(t->out, "IKJ56644I THE SECURITY PRODUCT IS NOT AVAILABLE: %s\n",
                t->why.text);
        t->rc = 12;
        return;
    }
    saf_ahead_send(&t->ahead, command, 0);
    if (!t->may_send_ahead)
        saf_ahead_drain(&t->ahead);
}

/* PROFILE PREFIX(x) NOPREFIX ...: batch has no terminal whose profile counts.*/
static uint32_t
run_profile(struct tso *t, struct str operand)
{
    if (operand.n == 0)
        fprintf(t->out,
                " IKJ56688I CHAR(0)  LINE(0)    PROMPT   INTERCOM   "
                "NOPAUSE NOMSGID NOMODE  WTPMSG  NORECOVER PREFIX(%s) "
                "PLANGUAGE(ENU) SLANGUAGE(ENU) VARSTORAGE(LOW)\n",
                t->step->order->user);
    return 0;
}

static uint32_t
run_end(struct tso *t, struct str operand)
{
    (void)operand;
    t->is_done = true;
    return 0;
}

/* BPXBATCH SH command, OSHELL command */
static uint32_t
run_shell(struct tso *t, struct str operand)
{
    int status;
    pid_t pid;
    char *text;

    if (str_starts_nocase(operand, STR("SH ")))
        operand = str_trim(str_sub(operand, 3, operand.n));
    text = str_z(t->step->arena, operand);
    if (text == NULL || operand.n == 0) {
        fprintf(t->out, "IKJ56701I MISSING SHELL COMMAND\n");
        return 12;
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        int fd = fileno(t->out);

        if (fd != 1)
            (void)dup2(fd, 1);
        (void)dup2(1, 2);
        execl("/bin/sh", "sh", "-c", text, (char *)NULL);
        _exit(127);
    }
    if (pid < 0)
        return 12;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    /* BPXBATCH gives the exit status times 256. */
    return WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status) * 256u : 12;
}

static const struct {
    const char *verb;
    uint32_t (*run)(struct tso *, struct str operand);
} commands[] = {
    { "PROFILE", run_profile }, { "PROF", run_profile },
    { "BPXBATCH", run_shell },  { "OSHELL", run_shell },
    { "END", run_end },         { "LOGOFF", run_end },
};

/* The command as SYSTSPRT shows it: without secrets. */
static void
echo(struct tso *t, struct str command)
{
    struct buf shown;

    buf_init(&shown, 3u * command.n + 64u);
    secrets_add_shown(&shown, command);
    if (!shown.failed)
        fprintf(t->out, " " STR_FMT, STR_ARG(buf_view(&shown)));
    buf_fini(&shown);
    fputc('\n', t->out);
}

static void
run_command(struct tso *t, struct str command)
{
    size_t end = 0;
    struct str verb, operand;

    command = str_trim(command);
    while (end < command.n && isalnum((unsigned char)command.p[end]) != 0)
        end++;
    verb = str_sub(command, 0, end);
    operand = str_trim(str_sub(command, end, command.n));
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (!str_eq_nocase_z(verb, commands[i].verb))
            continue;
        saf_ahead_drain(&t->ahead);
        begin_command(t, command, 0);
        t->rc = commands[i].run(t, operand);
        return;
    }
    run_saf(t, command);
}

static void
run_deck(struct tso *t, struct str text)
{
    struct deck deck;
    struct buf command;

    deck_init(&deck, text);
    buf_init(&command, DECK_COMMAND_MAX);
    while (!t->is_done && (t->may_send_ahead || t->rc == 0) &&
           deck_next(&deck, &command)) {
        if (buf_check(&command, NULL) != ERR_OK) {
            saf_ahead_drain(&t->ahead);
            fprintf(t->out,
                    "IKJ56602I COMMAND SYSTEM ERROR: the command at "
                    "line %u has more than %u characters\n",
                    deck.line, DECK_COMMAND_MAX);
            t->rc = 12;
            continue;
        }
        run_command(t, buf_view(&command));
        fflush(t->out);
    }
    saf_ahead_drain(&t->ahead);
    if (command.p != NULL)
        secret_wipe(command.p, command.n);
    buf_fini(&command);
}

void
step_ikjeft01(const struct step *step)
{
    struct step_dd *print = step_dd_find(step, "SYSTSPRT");
    struct tso t = { .step = step, .out = stdout };
    struct err_info why;
    struct buf text;

    /* IKJEFT1A and 1B end at a command that fails. */
    t.may_send_ahead = strcmp(step->jcl->pgm, "IKJEFT01") == 0;

    if (print != NULL && print->fd >= 0 &&
        (t.out = fdopen(dup(print->fd), "a")) == NULL)
        t.out = stdout;
    buf_init(&text, JCL_TEXT_MAX);
    if (step->jcl->parm.n > 0)
        run_command(&t, step->jcl->parm);
    if (step_dd_read(step, "SYSTSIN", &text, &why) == ERR_OK)
        run_deck(&t, buf_view(&text));
    else
        fprintf(t.out, "IKJ56602I %s\n", why.text);
    saf_ahead_drain(&t.ahead);
    fprintf(t.out, "READY\nEND\n");
    fflush(t.out);
    saf_disconnect(&t.saf);
    if (text.p != NULL)
        secret_wipe(text.p, text.n);
    buf_fini(&text);
    step_finish(step, t.rc);
}
