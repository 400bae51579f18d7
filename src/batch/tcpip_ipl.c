/*
 * Stacks at the image's begin and end: the switch as the profile says, the
 * start-up window before the first policy, what starts with a stack.
 */
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/msg.h"
#include "batch/autolog.h"
#include "batch/master_priv.h"
#include "batch/tcpip.h"
#include "batch/tcpip_priv.h"
#include "batch/tcpip_profile.h"
#include "ipc/cgroup.h"
#include "ipc/stack.h"

#define STACK_START_MS 10000
#define CHILDREN_MS 2000u
#define PROFILE_MAX (256u * 1024u)

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

/* A message about a stack, to the operator. */
static void
say(struct master *m, const char *id, const char *name)
{
    struct str inserts[] = { str_of(name) };
    struct buf out;

    buf_init(&out, 512);
    buf_printf(&out, "%s ", id);
    msg_text(&out, id, inserts, ARRAY_LEN(inserts));
    master_syslog(m, "%.*s", STR_ARG(buf_view(&out)));
    buf_fini(&out);
}

struct profile_errors {
    struct master *master;
    const char *path;
};

static void
on_error(void *arg, uint32_t line, const char *text)
{
    struct profile_errors *p = arg;
    char number[16];
    struct buf out;

    (void)snprintf(number, sizeof number, "%u", line);
    buf_init(&out, 2048);
    buf_add_z(&out, "EZZ0318I ");
    MSG_TEXT(&out, "EZZ0318I", STR("ERROR"), str_of(number), str_of(p->path),
             str_of(text));
    master_syslog(p->master, "%.*s", STR_ARG(buf_view(&out)));
    buf_fini(&out);
}

/* What the stack's profile says. An error is told and leaves out what it stands
 * in, no more: a slip in one statement must not switch AT-TLS off. */
static void
profile_of(struct master *m, const char *name, struct tcpip_profile *out)
{
    struct profile_errors errors = { .master = m };
    struct tcpip_hears hears = { .on_error = on_error, .arg = &errors };
    struct err_info why = { 0 };
    struct arena arena;
    struct buf text;
    enum err e = ERR_MEMORY;

    *out = (struct tcpip_profile){ 0 };
    arena_init(&arena, 8192);
    buf_init(&text, PROFILE_MAX);
    errors.path = root_path(&arena, STACK_PROFILE, name);
    if (errors.path != NULL)
        e = file_read_plain(errors.path, &text, &why);
    if (e == ERR_OK)
        e = tcpip_profile_parse(buf_view(&text), &hears, out, &why);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        master_syslog(m, "EZZ0301I CANNOT OPEN PROFILE FILE OF %s: %s", name,
                      why.text);
    buf_fini(&text);
    arena_fini(&arena);
}

static void
reset_one(void *arg, const char *name)
{
    struct master *m = arg;
    struct tcpip_profile profile;
    struct tcpip_state state;
    struct err_info why = { 0 };
    bool is_on;

    profile_of(m, name, &profile);
    autolog_add(m, name, &profile);
    /* A process that holds the stack saw no end of the system. */
    if (tcpip_state_of(name, &state))
        return;
    is_on = profile.has_ttls && profile.is_ttls;
    if (tcpip_write_switch(name, is_on, &why) != ERR_OK)
        log_error("stack %s: %s", name, why.text);
    if (!is_on || root_is_private())
        return;
    if (!start_gated(m, name))
        log_error("the process of stack %s did not start", name);
    else if (tcpip_is_gated(name))
        say(m, "EZZ4248E", name);
}

static bool
is_available(const char *name)
{
    struct tcpip_state state;

    return tcpip_state_of(name, &state) && state.is_on && state.was_complete;
}

void
tcpip_ipl(struct master *m)
{
    stack_each(reset_one, m);
}

void
tcpip_autolog(struct master *m)
{
    autolog_begin(m, is_available);
}

/* Whoever says it: the stack is asked whether it is so. */
void
tcpip_hear(struct master *m, struct str line)
{
    struct str begin = STR("EZZ4250I "), name;
    size_t blank;
    char stack[STACK_NAME_MAX + 1];

    if (!str_starts(line, begin))
        return;
    name = str_trim(line);
    blank = str_rfind_char(name, ' ');
    name = str_sub(name, blank + 1, name.n);
    if (stack_name_ok(name) && str_copy_z(name, stack, sizeof stack) &&
        autolog_waits(m, name) && is_available(stack))
        autolog_available(m, stack);
}

/* A policy that came first is in force from now on. */
void
tcpip_switched_on(struct master *m, const char *name)
{
    struct tcpip_state state;

    if (tcpip_state_of(name, &state) && !state.is_on)
        return;
    if (state.n_rules == 0) /* nor is there a policy without a process */
        say(m, "EZZ4249I", name);
    if (!state.was_complete)
        return;
    say(m, "EZZ4250I", name);
    autolog_available(m, name);
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

    if (!tcpip_is_gated(name))
        return;
    (void)snprintf(resource, sizeof resource, "EZB.INITSTACK.SPRT.%s", name);
    if (saf_check_remote(a->master->saf, a->acee, STR("SERVAUTH"),
                         str_of(resource), SAF_READ, &decision,
                         &why) != ERR_OK ||
        decision.rc.saf != 0)
        return;
    buf_init(&uid, 8);
    buf_u32(&uid, a->uid);
    IGNORE(tcpip_ask(name, STACK_ALLOW, buf_view(&uid), &why));
    buf_fini(&uid);
}

void
tcpip_admit(struct master *m, const struct acee *acee, uint32_t uid)
{
    struct admit admit = { m, acee, uid };

    if (!root_is_private())
        stack_each(admit_one, &admit);
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
    enum err e = tcpip_ask(name, STACK_END, (struct str){ 0 }, &why);

    (void)arg;
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        log_error("stack %s: %s", name, why.text);
    if (!root_is_private())
        end_children(name);
}

void
tcpip_end(void)
{
    stack_each(end_one, NULL);
}
