/* V TCPIP and D TCPIP: the operator's hold on the stacks. */
#include <ctype.h>
#include <fcntl.h>
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
#include "batch/tcpip_priv.h"
#include "batch/tcpip_profile.h"
#include "ipc/stack.h"

#define NETSTAT_WAIT_MS 5000
#define OBEYFILE_MAX (256u * 1024u)
#define NETSTAT_MAX (4u * 1024u * 1024u)

/* --- stacks ------------------------------------------------------------- */

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
    stack_each(look, f);
    if (f->n == 1)
        return true;
    if (wanted.n > 0 && !str_eq_z(wanted, STACK_DEFAULT))
        return false;
    (void)snprintf(f->name, sizeof f->name, "%s", STACK_DEFAULT);
    return true;
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
    e = tcpip_ask(name, STACK_CONFIG, str_n(&on, 1), why);
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = tcpip_write_switch(name, profile->is_ttls, why);
    return e;
}

/* "SYS1.TCPPARMS(TTLS)" or "SYS1.TTLS", in apostrophes or not; a sequential
 * data set has no member. */
static bool
split_dsn(struct command *c, struct str *dsn, struct str *library,
          struct str *member)
{
    size_t open;

    *dsn = str_upper(c->arena, str_trim(*dsn));
    if (dsn->n >= 2 && dsn->p[0] == '\'' && dsn->p[dsn->n - 1] == '\'')
        *dsn = str_sub(*dsn, 1, dsn->n - 1);
    open = str_find_char(*dsn, '(');
    *library = str_sub(*dsn, 0, open);
    *member = (struct str){ 0 };
    if (!jcl_is_dsn(*library))
        return false;
    if (open == STR_NPOS)
        return true;
    *member = str_sub(*dsn, open + 1, dsn->n - 1);
    return dsn->p[dsn->n - 1] == ')' && jcl_is_name(*member);
}

static enum err
read_sequential(struct command *c, struct str dsn, struct str *text,
                struct err_info *why)
{
    char *path = root_path(c->arena, "datasets/%.*s", STR_ARG(dsn));
    struct buf file;
    enum err e;

    if (path == NULL)
        return ERR_MEMORY;
    buf_init(&file, OBEYFILE_MAX);
    e = file_read_plain(path, &file, why);
    if (e == ERR_OK) {
        *text = str_dup(c->arena, buf_view(&file));
        if (text->p == NULL)
            e = ERR_MEMORY;
    }
    buf_fini(&file);
    return e;
}

static void
obey(struct command *c, const char *stack, struct str dsn)
{
    struct str library, member, text;
    struct tcpip_profile profile;
    struct err_info why = { 0 };
    struct unused unused = { c, { 0 } };
    struct tcpip_hears hears = { .on_unused = on_unused, .arg = &unused };
    enum err e;

    if (!split_dsn(c, &dsn, &library, &member)) {
        fail(c, "EXPECTED A DATA SET OR MEMBER SUCH AS SYS1.TCPPARMS(TTLS)");
        return;
    }
    unused.file = dsn;
    e = member.n > 0
            ? master_read_member(NULL, c->arena, library, member, &text, &why)
            : read_sequential(c, library, &text, &why);
    if (e != ERR_OK) {
        session_printf(c->session, "EZZ0301I CANNOT OPEN OBEYFILE FILE '%.*s'",
                       STR_ARG(dsn));
        fail(c, "THE FILE CANNOT BE READ");
        return;
    }
    operator_reply(c, "EZZ0300I", dsn, (struct str){ 0 });
    operator_reply(c, "EZZ0309I", dsn, (struct str){ 0 });
    if (tcpip_profile_parse(text, &hears, &profile, &why) != ERR_OK) {
        bad_statement(c, dsn, &why);
        fail(c, "THE PROFILE CONTAINS ERRORS");
        return;
    }
    if (profile.autolog_line > 0) /* the stack has started already */
        on_unused(&unused, STR("AUTOLOG"), profile.autolog_line);
    if (apply(stack, &profile, &why) != ERR_OK) {
        fail(c, why.text);
        return;
    }
    operator_reply(c, "EZZ0316I", dsn, (struct str){ 0 });
    operator_reply(c, "EZZ0053I", (struct str){ 0 }, (struct str){ 0 });
    master_syslog(c->master, "TCPIP %s: OBEYFILE %.*s", stack, STR_ARG(dsn));
    if (profile.has_ttls && profile.is_ttls)
        tcpip_switched_on(c->master, stack);
    session_done(c->session, 0);
}

/* [CMD=]O[BEYFILE] */
static bool
is_obeyfile(struct str verb)
{
    if (str_starts(verb, STR("CMD=")))
        verb = str_sub(verb, 4, verb.n);
    return verb.n > 0 && str_starts(STR("OBEYFILE"), verb);
}

static void
count_active(void *arg, const char *name)
{
    struct tcpip_state state;

    *(unsigned *)arg += tcpip_state_of(name, &state);
}

static unsigned
n_active(void)
{
    unsigned n = 0;

    stack_each(count_active, &n);
    return n;
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
    if (is_obeyfile(verb) && rest.n > 0) {
        rest = str_trim(rest);
        if (str_starts_nocase(rest, STR("DSN=")))
            rest = str_sub(rest, 4, rest.n);
        if (stack.n == 0 && n_active() > 1)
            fail(c, "SEVERAL STACKS ARE ACTIVE: NAME ONE");
        else if (!find_stack(stack, &found))
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

struct report {
    struct command *command;
    unsigned n;
};

static void
report_one(void *arg, const char *name)
{
    struct report *r = arg;
    struct tcpip_state state;

    session_printf(r->command->session, "%5u    %-8s     CS V2R3   %s", ++r->n,
                   name,
                   tcpip_is_gated(name) ? "WAITING FOR PAGENT TTLS POLICY"
                   : tcpip_state_of(name, &state) ? "ACTIVE"
                                                  : "NOT ACTIVE");
}

static void
report(struct command *c)
{
    struct report r = { .command = c };

    session_printf(c->session, "EZAOP50I TCPIP STATUS REPORT");
    session_printf(c->session, "COUNT    TCPIP NAME   VERSION   STATUS");
    session_printf(c->session, "-----    ----------   -------   ----------");
    stack_each(report_one, &r);
    session_printf(c->session, "*** END TCPIP STATUS REPORT ***");
    session_printf(c->session,
                   "EZAOP41I 'DISPLAY TCPIP' COMMAND COMPLETED SUCCESSFULLY");
    session_done(c->session, 0);
}

static void
not_recognized(struct command *c)
{
    session_printf(c->session,
                   "EZZ0061I COMMAND DISPLAY TCPIP NOT RECOGNIZED; expected "
                   "D TCPIP or D TCPIP,[stack],NETSTAT,report");
    session_done(c->session, 8);
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
    while (rest.p != NULL && str_token(&rest, ',', &word)) {
        word = str_upper(c->arena, str_trim(word));
        if (word.n == 0)
            continue;
        if (n == NETSTAT_ARGS || word.p[0] == '-') {
            not_recognized(c);
            return;
        }
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
    not_recognized(c);
}
