/*
 * sallyport racf: RACF commands, from the command line, files, standard input
 * or a person. The angel carries them out under our identity; we only split
 * decks into commands and print what comes back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/file.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/secret.h"
#include "ipc/task.h"
#include "prompt.h"
#include "saf/client.h"
#include "saf/cmd.h"
#include "saf/secrets.h"
#include "tso.h"

#define DECK_MAX (16u * 1024u * 1024u)
#define RC_SYSTEM 12u /* the angel is away, a file cannot be read */

struct racf {
    struct saf_client *client;
    bool is_json, is_echo, is_changing;
    uint32_t rc;       /* the highest so far */
    const char *file;  /* of the running deck, or NULL */
    uint32_t n_lines;  /* of the running command, for --json */
    bool is_told;      /* it takes long */
    bool is_unknown;   /* the verb of a command since this was false */
    char invalid[256]; /* the first value that was not valid, or "" */
};

/* --- output
 * ------------------------------------------------------------------- */

static void
json_string(struct str s)
{
    putchar('"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void
on_line(void *arg, struct str text)
{
    struct racf *r = arg;

    r->is_unknown |= str_starts(text, STR("IKJ56500I "));
    if (r->invalid[0] == '\0' &&
        !str_copy_z(tso_invalid_value(text), r->invalid, sizeof r->invalid))
        r->invalid[0] = '\0'; /* too long to be entered again */
    if (!r->is_json) {
        printf(STR_FMT "\n", STR_ARG(text));
        return;
    }
    if (r->n_lines++ > 0)
        fputs(", ", stdout);
    json_string(text);
}

static void
on_message(void *arg, struct str text)
{
    (void)arg;
    fprintf(stderr, STR_FMT "\n", STR_ARG(text));
}

/* A person is told once for each command. */
static void
on_wait(void *arg)
{
    struct racf *r = arg;

    if (r->is_told || !isatty(STDERR_FILENO))
        return;
    r->is_told = true;
    fputs("SPT0390I ", stderr);
    fprintf(stderr, "%s\n", msg_find("SPT0390I")->text);
}

/* --- running
 * -------------------------------------------------------------------- */

static void
echo(struct str command)
{
    struct buf shown;

    buf_init(&shown, 3u * CMD_MAX);
    secrets_add_shown(&shown, command);
    printf(" " STR_FMT "\n", STR_ARG(buf_view(&shown)));
    buf_fini(&shown);
}

static void
on_begin(void *arg, struct str command, uint32_t line)
{
    struct racf *r = arg;

    (void)line;
    r->is_told = false;
    if (r->is_echo && !r->is_json)
        echo(command);
    if (r->is_json) {
        r->n_lines = 0;
        fputs("{\"lines\": [", stdout);
    }
}

static void
on_end(void *arg, uint32_t line, enum err e, uint32_t rc,
       const struct err_info *why)
{
    struct racf *r = arg;

    if (e != ERR_OK)
        rc = RC_SYSTEM;
    if (r->is_json) {
        printf("], \"rc\": %u", rc);
        if (r->file != NULL) {
            fputs(", \"file\": ", stdout);
            json_string(str_of(r->file));
            printf(", \"line\": %u", line);
        }
        if (e != ERR_OK) {
            fputs(", \"error\": ", stdout);
            json_string(str_of(why->text));
        }
        puts("}");
    } else if (e != ERR_OK && r->file != NULL) {
        log_error("%s:%u: %s", r->file, line, why->text);
    } else if (e != ERR_OK) {
        log_error("%s", why->text);
    } else if (rc > 0 && r->file != NULL) {
        fflush(stdout);
        fprintf(stderr, "%s:%u: return code %u\n", r->file, line, rc);
    }
    fflush(stdout);
    if (rc > r->rc)
        r->rc = rc;
}

static struct saf_ahead
ahead_of(struct racf *r, const char *file)
{
    r->file = file;
    return (struct saf_ahead){ .client = r->client,
                               .begin = on_begin,
                               .text = on_line,
                               .end = on_end,
                               .arg = r };
}

static void
run(struct racf *r, struct str command)
{
    struct saf_ahead ahead = ahead_of(r, NULL);

    saf_ahead_send(&ahead, command, 0);
    saf_ahead_drain(&ahead);
}

static void
run_deck(struct racf *r, struct str text, const char *name)
{
    struct saf_ahead ahead = ahead_of(r, name);
    struct saf_deck deck = { .rest = text };
    struct err_info why = { 0 };
    struct buf command;
    uint32_t line;
    enum err e;

    buf_init(&command, CMD_MAX);
    while ((e = saf_deck_next(&deck, &command, &line, &why)) != ERR_NOT_FOUND) {
        if (e == ERR_OK) {
            saf_ahead_send(&ahead, buf_view(&command), line);
            continue;
        }
        saf_ahead_drain(&ahead);
        log_error("%s:%u: %s; it was not run", name, line, why.text);
        r->rc = r->rc < 8 ? 8 : r->rc;
    }
    saf_ahead_drain(&ahead);
    if (command.p != NULL)
        secret_wipe(command.p, command.cap);
    buf_fini(&command);
}

/* From where a password's line has left off: the name /dev/stdin would begin a
 * file again. */
static enum err
read_stdin(struct buf *out, struct err_info *why)
{
    char part[16384];
    ssize_t n;

    do {
        n = read(STDIN_FILENO, part, sizeof part);
        if (n > 0)
            buf_add(out, str_n(part, (size_t)n));
    } while (n > 0 || (n < 0 && errno == EINTR));
    secret_wipe(part, sizeof part);
    return n < 0 ? err_sys(why, "standard input") : buf_check(out, why);
}

static void
run_file(struct racf *r, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct err_info why = { 0 };
    struct buf text;
    enum err e;

    buf_init(&text, DECK_MAX);
    e = is_stdin ? read_stdin(&text, &why) : file_read(path, &text, &why);
    if (e == ERR_OK) {
        run_deck(r, buf_view(&text), is_stdin ? "stdin" : path);
    } else {
        log_error("%s", why.text);
        r->rc = RC_SYSTEM;
    }
    if (text.p != NULL)
        secret_wipe(text.p, text.n);
    buf_fini(&text);
}

struct teller {
    void (*each)(void *arg, struct str candidate);
    void *arg;
};

static void
on_candidate(void *arg, struct str text)
{
    struct teller *t = arg;

    t->each(t->arg, text);
}

/* The angel completes: only it knows operands and profiles. */
static void
ask_candidates(void *arg, struct str text,
               void (*each)(void *each_arg, struct str candidate),
               void *each_arg)
{
    struct racf *r = arg;
    struct teller t = { each, each_arg };
    struct err_info why = { 0 };
    struct buf command;
    uint32_t rc;

    buf_init(&command, CMD_MAX);
    buf_add_z(&command, "COMPLETE('");
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '\n' ||
            ((c == '+' || c == '-') && i + 1 < text.n && text.p[i + 1] == '\n'))
            c = ' '; /* continued */
        if (c == '\'')
            buf_add_char(&command, c);
        buf_add_char(&command, c);
    }
    buf_add_z(&command, "')");
    if (buf_check(&command, NULL) == ERR_OK &&
        saf_command(r->client, buf_view(&command), on_candidate, &t, &rc,
                    &why) != ERR_OK)
        fprintf(stderr, "\n%s\n", why.text);
    if (command.p != NULL)
        secret_wipe(command.p, command.cap);
    buf_fini(&command);
}

static void
drop_secret(struct buf *secret)
{
    if (secret->p != NULL)
        secret_wipe(secret->p, secret->n);
    buf_fini(secret);
}

/* TIME and EXEC, which are TSO's. */
static bool
run_tso(struct racf *r, struct str command, int64_t since_s)
{
    struct arena a;
    struct buf text;
    char *path;
    enum err e;

    buf_init(&text, 1024);
    if (str_eq_nocase_z(command, "TIME")) {
        tso_add_time(&text, (int64_t)time(NULL),
                     (int64_t)(clock() / CLOCKS_PER_SEC),
                     (int64_t)time(NULL) - since_s);
        puts(buf_z(&text));
        buf_fini(&text);
        return true;
    }
    e = tso_exec_name(command, &text);
    arena_init(&a, 1 << 16);
    path = e == ERR_OK ? root_path(&a, "datasets/%s", buf_z(&text)) : NULL;
    if (path != NULL)
        run_file(r, path);
    else if (e != ERR_NOT_FOUND)
        puts("IKJ56701I MISSING DATA SET NAME+\n"
             "IKJ56701I MISSING NAME OF A DATA SET OF COMMANDS, IN FULL AND IN"
             " QUOTES");
    arena_fini(&a);
    buf_fini(&text);
    return e != ERR_NOT_FOUND;
}

/* A value that is not valid is asked for again, as long as the person gives
 * one; `text` is then the command as it was run last. */
static void
run_asking(struct racf *r, struct prompt *p, struct buf *text)
{
    struct buf answer;

    buf_init(&answer, CMD_MAX);
    for (;;) {
        r->rc = 0; /* a person sees each; the last one counts */
        r->invalid[0] = '\0';
        run_deck(r, str_trim(buf_view(text)), "terminal");
        if (r->rc != 8 || r->invalid[0] == '\0' ||
            !tso_has_word(buf_view(text), str_of(r->invalid)))
            break;
        puts("IKJ56703A REENTER THIS OPERAND -");
        buf_clear(&answer);
        if (!prompt_answer(p, &answer) || str_trim(buf_view(&answer)).n == 0 ||
            !tso_replace(text, str_of(r->invalid), str_trim(buf_view(&answer))))
            break;
    }
    drop_secret(&answer);
}

static void
converse(struct racf *r)
{
    struct prompt *p = prompt_new(ask_candidates, r);
    int64_t since_s = (int64_t)time(NULL);
    struct buf text;

    if (p == NULL)
        return;
    buf_init(&text, CMD_MAX);
    puts("Tab completes, HELP shows commands and operands, END ends.");
    while (prompt_line(p, &text)) {
        struct str so_far = str_trim(buf_view(&text));

        if (str_ends(so_far, STR("+")) || str_ends(so_far, STR("-"))) {
            buf_add_char(&text, '\n');
            continue;
        }
        if (str_eq_nocase_z(so_far, "END") || str_eq_nocase_z(so_far, "QUIT"))
            break;
        if (so_far.n > 0 && !run_tso(r, so_far, since_s)) {
            r->is_unknown = false;
            run_asking(r, p, &text);
            so_far = str_trim(buf_view(&text));
            /* What was no command may be a password in the wrong place. */
            if (!r->is_unknown && secrets_find(so_far, 0) == STR_NPOS)
                prompt_remember(p, so_far);
        }
        buf_clear(&text);
    }
    buf_fini(&text);
    prompt_free(&p);
}

/* --- who we are
 * -------------------------------------------------------------------- */

/* Exactly one line, a byte at a time: what follows are commands. False at the
 * end, and for a line that is longer than any password. */
static bool
read_one_line(struct buf *out)
{
    char c = '\n';
    ssize_t n;

    do {
        n = read(STDIN_FILENO, &c, 1);
        if (n == 1 && c != '\n')
            buf_add_char(out, c);
    } while ((n == 1 && c != '\n') || (n < 0 && errno == EINTR));
    return (n == 1 || out->n > 0) && !out->failed;
}

static bool
read_password(const char *label, const char *user, struct buf *out)
{
    struct termios old, quiet;
    bool is_terminal = tcgetattr(STDIN_FILENO, &old) == 0;
    bool ok;

    if (is_terminal) {
        quiet = old;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
        fprintf(stderr, "%s of %s: ", label, user);
    }
    ok = read_one_line(out);
    if (is_terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
        fputc('\n', stderr);
    }
    out->n = str_trim_right(buf_view(out)).n;
    return ok;
}

/* Twice at a terminal, where nobody sees what is typed. */
static enum err
read_new_password(const char *user, struct buf *out, struct err_info *why)
{
    bool is_terminal = isatty(STDIN_FILENO) != 0, is_same;
    struct buf again;

    buf_init(&again, 256);
    is_same =
        read_password("New password", user, out) && out->n > 0 &&
        (!is_terminal || (read_password("New password again", user, &again) &&
                          str_eq_secret(buf_view(out), buf_view(&again))));
    drop_secret(&again);
    return is_same ? ERR_OK
                   : err_set(why, ERR_DENIED,
                             is_terminal
                                 ? "the new passwords differ; nothing changed"
                                 : "no new password was given");
}

static bool
is_expired(enum err e, struct saf_rc rc)
{
    return e == ERR_DENIED && rc.racf == 8 && rc.reason == 24;
}

static enum err
log_on(struct racf *r, const char *user, struct err_info *why)
{
    struct buf password, fresh;
    struct saf_rc rc = SAF_RC(8, 8, 0);
    enum err e = ERR_DENIED;

    buf_init(&password, 256);
    buf_init(&fresh, 256);
    if (!read_password("Password", user, &password))
        (void)err_set(why, e, "no password was given");
    else if (!r->is_changing ||
             (e = read_new_password(user, &fresh, why)) == ERR_OK)
        e = saf_logon(r->client, str_of(user), buf_view(&password),
                      buf_view(&fresh), &rc, why);
    if (is_expired(e, rc) && isatty(STDIN_FILENO) &&
        (e = read_new_password(user, &fresh, why)) == ERR_OK)
        e = saf_logon(r->client, str_of(user), buf_view(&password),
                      buf_view(&fresh), &rc, why);
    drop_secret(&password);
    drop_secret(&fresh);
    return e;
}

static enum err
open_client(struct racf *r, const char *user, struct err_info *why)
{
    struct buf token;
    enum err e;

    buf_init(&token, 4096);
    e = task_token_read(&token, why);
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = user != NULL ? saf_open(&r->client, why)
                         : saf_connect(buf_view(&token), &r->client, why);
    buf_fini(&token);
    if (e == ERR_PEER)
        return err_set(why, e,
                       "the system is not up (%s); start it with: "
                       "sallyport ipl",
                       root_dir());
    if (e != ERR_OK)
        return e;
    saf_on_message(r->client, on_message, r);
    saf_on_wait(r->client, on_wait, r);
    return user == NULL ? ERR_OK : log_on(r, user, why);
}

int
main(int argc, char **argv)
{
    struct racf r = { .rc = 0 };
    const char *user = NULL;
    bool is_file = false;
    struct err_info why = { 0 };
    const struct cli_opt opts[] = {
        { "file", 'f', CLI_FLAG, &is_file, NULL,
          "The arguments are files of commands (- is standard input)." },
        { "user", 'u', CLI_STRING, &user, "USERID",
          "Log on as USERID; the password is asked, or read from the first "
          "line of standard input." },
        { "new-password", 'n', CLI_FLAG, &r.is_changing, NULL,
          "Also ask for a new password (or read it from the second line); it "
          "takes effect with the logon, also when the old one has expired." },
        { "json", 'j', CLI_FLAG, &r.is_json, NULL,
          "One JSON object for each command: lines and rc." },
        { "echo", 'e', CLI_FLAG, &r.is_echo, NULL,
          "Print each command before its reply." },
    };
    const struct cli cli = {
        .command = "sallyport racf",
        .usage = "[options] [COMMAND | --file FILE...]",
        .summary = "Run RACF commands.",
        .detail = "Without COMMAND and FILE, commands are read from standard "
                  "input: with history and completion at a terminal. Besides "
                  "the commands of the original there are HELP and EXPLAIN: "
                  "sallyport racf explain USERID CLASS RESOURCE [ACCESS] tells "
                  "which profile and which line of its list decide, now and "
                  "after a REFRESH. The exit status is the highest return "
                  "code: 0, 4, 8, 12.",
        .opts = opts,
        .n_opts = ARRAY_LEN(opts),
        .min_args = 0,
        .max_args = -1,
    };
    int n = cli_parse(&cli, argc, argv, 16);

    log_init("sallyport racf");
    secret_process();
    if (open_client(&r, user, &why) != ERR_OK) {
        log_error("%s", why.text);
        saf_disconnect(&r.client);
        return RC_SYSTEM;
    }
    if (is_file) {
        for (int i = 1; i <= n; i++)
            run_file(&r, argv[i]);
    } else if (n > 0) {
        struct buf command;

        buf_init(&command, CMD_MAX);
        for (int i = 1; i <= n; i++) {
            if (i > 1)
                buf_add_char(&command, ' ');
            buf_add_z(&command, argv[i]);
        }
        if (buf_check(&command, NULL) == ERR_OK) {
            run(&r, buf_view(&command));
        } else {
            log_error("the command is longer than %u bytes", CMD_MAX);
            r.rc = 8;
        }
        buf_fini(&command);
    } else if (isatty(STDIN_FILENO) && !r.is_json) {
        converse(&r);
    } else {
        run_file(&r, "-");
    }
    saf_disconnect(&r.client);
    return (int)r.rc;
}
