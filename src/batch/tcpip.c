/* V TCPIP and D TCPIP: the operator's hold on the stacks. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/msg.h"
#include "batch/operator_priv.h"
#include "batch/tcpip.h"
#include "batch/tcpip_profile.h"
#include "ipc/cgroup.h"
#include "ipc/stack.h"

#define STACK_WAIT_MS 5000u
#define STACK_START_MS 10000
#define NETSTAT_WAIT_MS 5000
#define CHILDREN_MS 2000u
#define NETSTAT_MAX (4u * 1024u * 1024u)
#define PROFILE_MAX (256u * 1024u)

/* --- stacks ------------------------------------------------------------- */

/* Each stack of the image has a folder below tcpip/. */
static void
each_stack(void (*run)(void *arg, const char *name), void *arg)
{
    struct arena arena;
    struct dirent *d;
    char *path;
    DIR *dir;

    arena_init(&arena, 8192);
    path = root_path(&arena, "tcpip");
    dir = path == NULL ? NULL : opendir(path);
    while (dir != NULL && (d = readdir(dir)) != NULL) {
        if (stack_name_ok(str_of(d->d_name)))
            run(arg, d->d_name);
    }
    if (dir != NULL)
        (void)closedir(dir);
    arena_fini(&arena);
}

struct found {
    struct str wanted; /* empty: the only one */
    char name[STACK_NAME_MAX + 1];
    unsigned n;
};

static void
look(void *arg, const char *name)
{
    struct found *f = arg;

    if (f->wanted.n > 0 && !str_eq_z(f->wanted, name))
        return;
    f->n++;
    (void)snprintf(f->name, sizeof f->name, "%s", name);
}

/* The named stack; without a name the only one, else the default. */
static bool
find_stack(struct str wanted, struct found *f)
{
    *f = (struct found){ .wanted = wanted };
    each_stack(look, f);
    if (f->n == 1)
        return true;
    if (wanted.n > 0 && !str_eq_z(wanted, STACK_DEFAULT))
        return false;
    (void)snprintf(f->name, sizeof f->name, "%s", STACK_DEFAULT);
    return true;
}

/* ERR_NOT_FOUND: no process holds the stack. */
static enum err
ask_stack(const char *name, uint16_t type, struct str payload,
          struct err_info *why)
{
    struct stack_answer answer = { .fd = -1 };
    char socket[64];
    enum err e;

    if (!stack_socket(str_of(name), socket))
        return err_set(why, ERR_SYNTAX, "no stack's name");
    e = stack_ask(socket, type, payload, -1, STACK_WAIT_MS, &answer, why);
    if (e == ERR_OK)
        e = stack_done(&answer, why);
    stack_answer_fini(&answer);
    return e;
}

static enum err
write_switch(const char *name, bool is_on, struct err_info *why)
{
    struct arena arena;
    char *folder, *path;
    enum err e = ERR_MEMORY;

    arena_init(&arena, 16 * 1024);
    folder = root_path(&arena, "tcpip/%s", name);
    path = root_path(&arena, STACK_STATE_FILE, name);
    if (folder != NULL && path != NULL &&
        (e = dir_make(folder, 0755, why)) == ERR_OK)
        e = file_write_atomic(path, is_on ? STR("TTLS\n") : STR("NOTTLS\n"),
                              0644, why);
    arena_fini(&arena);
    return e;
}

/* --- V TCPIP,[stack],OBEYFILE,dsn --------------------------------------- */

static void
fail(struct command *c, const char *text)
{
    operator_reply(c, "EZZ0059I", str_of(text), (struct str){ 0 });
    session_done(c->session, 8);
}

struct unused {
    struct command *command;
    struct str file;
};

static void
on_unused(void *arg, struct str word, uint32_t line)
{
    struct unused *u = arg;
    char number[16];
    struct buf text;

    (void)snprintf(number, sizeof number, "%u", line);
    buf_init(&text, 1024);
    buf_add_z(&text, "EZZ0319I ");
    MSG_TEXT(&text, "EZZ0319I", str_sub(word, 0, 40), str_of(number), u->file);
    session_line(u->command->session, buf_view(&text));
    buf_fini(&text);
}

static void
bad_statement(struct command *c, struct str file, const struct err_info *why)
{
    char number[16];
    struct buf text;

    (void)snprintf(number, sizeof number, "%u", why->line);
    buf_init(&text, 2048);
    buf_add_z(&text, "EZZ0318I ");
    MSG_TEXT(&text, "EZZ0318I", STR("ERROR"), str_of(number), file,
             str_of(why->text));
    session_line(c->session, buf_view(&text));
    buf_fini(&text);
}

/* Tell the stack first: what it cannot do is not written down. */
static enum err
apply(const char *name, const struct tcpip_profile *profile,
      struct err_info *why)
{
    char on = profile->is_ttls ? 1 : 0;
    enum err e;

    if (!profile->has_ttls)
        return ERR_OK;
    e = ask_stack(name, STACK_CONFIG, str_n(&on, 1), why);
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = write_switch(name, profile->is_ttls, why);
    return e;
}

/* "SYS1.TCPPARMS(TTLS)", in apostrophes or not. */
static bool
split_dsn(struct command *c, struct str *dsn, struct str *library,
          struct str *member)
{
    size_t open;

    *dsn = str_upper(c->arena, str_trim(*dsn));
    if (dsn->n >= 2 && dsn->p[0] == '\'' && dsn->p[dsn->n - 1] == '\'')
        *dsn = str_sub(*dsn, 1, dsn->n - 1);
    open = str_find_char(*dsn, '(');
    if (open == STR_NPOS || dsn->n == 0 || dsn->p[dsn->n - 1] != ')')
        return false;
    *library = str_sub(*dsn, 0, open);
    *member = str_sub(*dsn, open + 1, dsn->n - 1);
    return true;
}

static void
obey(struct command *c, const char *stack, struct str dsn)
{
    struct str library, member, text;
    struct tcpip_profile profile;
    struct err_info why = { 0 };
    struct unused unused = { c, { 0 } };

    if (!split_dsn(c, &dsn, &library, &member)) {
        fail(c, "EXPECTED A MEMBER SUCH AS SYS1.TCPPARMS(TTLS)");
        return;
    }
    unused.file = dsn;
    if (master_read_member(NULL, c->arena, library, member, &text, &why) !=
        ERR_OK) {
        session_printf(c->session, "EZZ0301I CANNOT OPEN OBEYFILE FILE '%.*s'",
                       STR_ARG(dsn));
        fail(c, "THE FILE CANNOT BE READ");
        return;
    }
    operator_reply(c, "EZZ0300I", dsn, (struct str){ 0 });
    operator_reply(c, "EZZ0309I", dsn, (struct str){ 0 });
    if (tcpip_profile_parse(text, on_unused, &unused, &profile, &why) !=
        ERR_OK) {
        bad_statement(c, dsn, &why);
        fail(c, "THE PROFILE CONTAINS ERRORS");
        return;
    }
    if (apply(stack, &profile, &why) != ERR_OK) {
        fail(c, why.text);
        return;
    }
    operator_reply(c, "EZZ0316I", dsn, (struct str){ 0 });
    operator_reply(c, "EZZ0053I", (struct str){ 0 }, (struct str){ 0 });
    master_syslog(c->master, "TCPIP %s: OBEYFILE %.*s", stack, STR_ARG(dsn));
    session_done(c->session, 0);
}

void
tcpip_vary(struct command *c)
{
    struct str rest = c->rest, stack = { 0 }, verb = { 0 };
    struct found found;

    if (!str_eq_z(c->name, "TCPIP")) {
        session_printf(c->session,
                       "IEE309I VARY UNIDENTIFIABLE OPERAND "
                       "\"%.*s\"; expected TCPIP",
                       STR_ARG(c->name));
        session_done(c->session, 8);
        return;
    }
    session_printf(c->session, "EZZ0060I PROCESSING COMMAND: VARY %.*s",
                   STR_ARG(str_upper(c->arena, c->operand)));
    (void)str_token(&rest, ',', &stack);
    (void)str_token(&rest, ',', &verb);
    verb = str_upper(c->arena, str_trim(verb));
    stack = str_upper(c->arena, str_trim(stack));
    if (str_starts_nocase(verb, STR("O")) &&
        str_starts_nocase(STR("OBEYFILE"), verb) && rest.n > 0) {
        if (str_starts_nocase(rest, STR("DSN=")))
            rest = str_sub(rest, 4, rest.n);
        if (!find_stack(stack, &found))
            fail(c, "NO SUCH STACK IN THIS IMAGE");
        else
            obey(c, found.name, rest);
        return;
    }
    operator_reply(c, "EZZ0061I", str_upper(c->arena, c->operand),
                   (struct str){ 0 });
    session_done(c->session, 8);
}

/* --- D TCPIP ------------------------------------------------------------ */

static bool is_up(const char *name);
static bool is_gated(const char *name);

struct report {
    struct command *command;
    unsigned n;
};

static void
report_one(void *arg, const char *name)
{
    struct report *r = arg;

    session_printf(r->command->session, "%5u    %-8s     CS V2R3   %s", ++r->n,
                   name,
                   is_gated(name) ? "WAITING FOR PAGENT TTLS POLICY"
                   : is_up(name)  ? "ACTIVE"
                                  : "NOT ACTIVE");
}

static void
report(struct command *c)
{
    struct report r = { .command = c };

    session_printf(c->session, "EZAOP50I TCPIP STATUS REPORT");
    session_printf(c->session, "COUNT    TCPIP NAME   VERSION   STATUS");
    session_printf(c->session, "-----    ----------   -------   ----------");
    each_stack(report_one, &r);
    session_printf(c->session, "*** END TCPIP STATUS REPORT ***");
    session_printf(c->session,
                   "EZAOP41I 'DISPLAY TCPIP' COMMAND COMPLETED SUCCESSFULLY");
    session_done(c->session, 0);
}

#define NETSTAT_ARGS 12

/* sallyport-netstat as somebody without rights: the stack answers anyone. */
NORETURN static void
netstat_child(const struct master *m, char *const *argv, int out)
{
    char program[512];
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)dup2(out, 1);
    (void)dup2(out, 2);
    (void)close_range(3, ~0u, 0);
    if (!root_is_private() &&
        (setgid(m->uids.first) != 0 || setuid(m->uids.first) != 0))
        _exit(126);
    (void)snprintf(program, sizeof program, "%s/sallyport-netstat",
                   m->options.program_dir);
    (void)setenv("SALLYPORT_ROOT", root_dir(), 1);
    execv(program, argv);
    (void)!write(1, "NETSTAT IS NOT AVAILABLE\n", 25);
    _exit(127);
}

/* What the child says, until it ends or the time is over. */
static void
collect(int fd, struct buf *out)
{
    uint64_t until_ms = clock_mono_ms() + NETSTAT_WAIT_MS;
    char piece[4096];

    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        uint64_t now_ms = clock_mono_ms();
        ssize_t n;

        if (now_ms >= until_ms || poll(&p, 1, (int)(until_ms - now_ms)) <= 0)
            return;
        n = read(fd, piece, sizeof piece);
        if (n <= 0)
            return;
        buf_add(out, str_n(piece, (size_t)n));
    }
}

static void
run_netstat(struct command *c, char *const *argv)
{
    struct buf out;
    struct str text, line;
    int fds[2], status = 1;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0) {
        session_printf(c->session, "NETSTAT IS NOT AVAILABLE");
        session_done(c->session, 8);
        return;
    }
    pid = fork();
    if (pid == 0)
        netstat_child(c->master, argv, fds[1]);
    close(fds[1]);
    buf_init(&out, NETSTAT_MAX);
    collect(fds[0], &out);
    close(fds[0]);
    if (pid > 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, &status, 0);
    }
    text = buf_view(&out);
    while (text.n > 0 && str_line(&text, &line))
        session_line(c->session, line);
    buf_fini(&out);
    session_done(c->session,
                 WIFEXITED(status) && WEXITSTATUS(status) != 0 ? 8 : 0);
}

/* D TCPIP,stack,N,report,option,... to netstat report option -p stack */
static void
netstat(struct command *c, struct str stack, struct str rest)
{
    char *argv[NETSTAT_ARGS + 1] = { NULL };
    struct found found;
    struct str word;
    size_t n = 0;

    if (!find_stack(stack, &found)) {
        operator_reply(c, "IEE341I", stack, (struct str){ 0 });
        session_done(c->session, 8);
        return;
    }
    argv[n++] = str_z(c->arena, STR("sallyport-netstat"));
    argv[n++] = str_z(c->arena, STR("-p"));
    argv[n++] = str_z(c->arena, str_of(found.name));
    while (rest.p != NULL && str_token(&rest, ',', &word) && n < NETSTAT_ARGS) {
        word = str_upper(c->arena, str_trim(word));
        if (word.n > 0 && word.p[0] != '-')
            argv[n++] = str_z(c->arena, word);
    }
    run_netstat(c, argv);
}

void
tcpip_display(struct command *c)
{
    struct str rest = c->rest, stack = { 0 }, verb = { 0 };

    if (rest.n == 0) {
        report(c);
        return;
    }
    (void)str_token(&rest, ',', &stack);
    (void)str_token(&rest, ',', &verb);
    verb = str_upper(c->arena, str_trim(verb));
    if (verb.n > 0 && str_starts_nocase(STR("NETSTAT"), verb)) {
        netstat(c, str_upper(c->arena, str_trim(stack)), rest);
        return;
    }
    session_printf(c->session,
                   "EZZ0061I COMMAND DISPLAY TCPIP NOT RECOGNIZED; expected "
                   "D TCPIP or D TCPIP,[stack],NETSTAT,report");
    session_done(c->session, 8);
}

/* --- the image's begin and end ------------------------------------------ */

/* The stack's process before there is an agent: it holds sockets back. */
static bool
start_gated(struct master *m, const char *name)
{
    char program[512], number[16], ready = 0;
    struct pollfd p;
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0)
        return false;
    (void)snprintf(program, sizeof program, "%s/sallyport-pagent",
                   m->options.program_dir);
    pid = fork();
    if (pid == 0) {
        sigset_t none;

        sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)setsid();
        if (fork() != 0)
            _exit(0);
        (void)dup2(fds[1], 3);
        (void)close_range(4, ~0u, 0);
        (void)snprintf(number, sizeof number, "%d", 3);
        (void)setenv("SALLYPORT_ROOT", root_dir(), 1);
        execl(program, program, "--stack", name, "--gate", "--ready-fd", number,
              (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
    p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
    if (pid > 0 && poll(&p, 1, STACK_START_MS) == 1)
        IGNORE(read(fds[0], &ready, 1));
    close(fds[0]);
    return ready == 'R';
}

static bool
is_gated(const char *name)
{
    struct arena arena;
    char *path;
    bool is_shut;

    arena_init(&arena, 8192);
    path = root_path(&arena, STACK_GATE, name);
    is_shut = path != NULL && access(path, F_OK) == 0;
    arena_fini(&arena);
    return is_shut;
}

static bool
is_up(const char *name)
{
    struct stack_answer answer;
    char socket[64];
    bool yes = stack_socket(str_of(name), socket) &&
               stack_ask(socket, STACK_STATE, (struct str){ 0 }, -1,
                         STACK_WAIT_MS, &answer, NULL) == ERR_OK;

    if (yes)
        stack_answer_fini(&answer);
    return yes;
}

/* What the stack's profile says of TTLS; a bad one: off, and said. */
static bool
profile_of(const char *name)
{
    struct tcpip_profile profile = { 0 };
    struct err_info why = { 0 };
    struct arena arena;
    struct buf text;
    char *path;

    arena_init(&arena, 8192);
    buf_init(&text, PROFILE_MAX);
    path = root_path(&arena, STACK_PROFILE, name);
    if (path != NULL && file_read_plain(path, &text, NULL) == ERR_OK &&
        tcpip_profile_parse(buf_view(&text), NULL, NULL, &profile, &why) !=
            ERR_OK)
        log_error("%s: line %u: %s", path, why.line, why.text);
    buf_fini(&text);
    arena_fini(&arena);
    return profile.has_ttls && profile.is_ttls;
}

static void
reset_one(void *arg, const char *name)
{
    struct master *m = arg;
    struct err_info why = { 0 };
    bool is_on;

    /* A process that holds the stack saw no end of the system. */
    if (is_up(name))
        return;
    is_on = profile_of(name);
    if (write_switch(name, is_on, &why) != ERR_OK)
        log_error("stack %s: %s", name, why.text);
    if (!is_on || root_is_private())
        return;
    if (!start_gated(m, name))
        log_error("the process of stack %s did not start", name);
    else if (is_gated(name))
        master_syslog(m, "EZZ4248E %s WAITING FOR PAGENT TTLS POLICY", name);
}

void
tcpip_ipl(struct master *m)
{
    each_stack(reset_one, m);
}

struct admit {
    struct master *master;
    const struct acee *acee;
    uint32_t uid;
};

/* EZB.INITSTACK.sysname.tcpname; without a profile nobody passes. */
static void
admit_one(void *arg, const char *name)
{
    struct admit *a = arg;
    struct saf_decision decision;
    struct err_info why;
    struct buf uid;
    char resource[64];

    if (!is_gated(name))
        return;
    (void)snprintf(resource, sizeof resource, "EZB.INITSTACK.SPRT.%s", name);
    if (saf_check_remote(a->master->saf, a->acee, STR("SERVAUTH"),
                         str_of(resource), SAF_READ, &decision,
                         &why) != ERR_OK ||
        decision.rc.saf != 0)
        return;
    buf_init(&uid, 8);
    buf_u32(&uid, a->uid);
    IGNORE(ask_stack(name, STACK_ALLOW, buf_view(&uid), &why));
    buf_fini(&uid);
}

void
tcpip_admit(struct master *m, const struct acee *acee, uint32_t uid)
{
    struct admit admit = { m, acee, uid };

    if (!root_is_private())
        each_stack(admit_one, &admit);
}

/* The stack's process ends by itself; engines of one that was killed may still
 * serve their last connections, and its programs are still attached. */
static void
end_children(const char *name)
{
    char image[400], path[512];
    glob_t pins;

    if (!cgroup_image(image, sizeof image))
        return;
    (void)snprintf(path, sizeof path, "%s/stack-%s", image, name);
    cgroup_end_soon(path, CHILDREN_MS);
    (void)snprintf(path, sizeof path, STACK_PINS "/*", strrchr(image, '/') + 1,
                   name);
    if (glob(path, 0, NULL, &pins) != 0)
        return;
    for (size_t i = 0; i < pins.gl_pathc; i++)
        (void)unlink(pins.gl_pathv[i]);
    globfree(&pins);
    *strrchr(path, '/') = '\0';
    (void)rmdir(path);
}

static void
end_one(void *arg, const char *name)
{
    struct err_info why;
    enum err e = ask_stack(name, STACK_END, (struct str){ 0 }, &why);

    (void)arg;
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        log_error("stack %s: %s", name, why.text);
    if (!root_is_private())
        end_children(name);
}

void
tcpip_end(void)
{
    each_stack(end_one, NULL);
}
