/*
 * The process of one stack: holds the installed policy and the switch, owns
 * capture and engines, outlives the agent. It does little, so that little can
 * go wrong in it: policies arrive compiled, from the image's owner only.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "ipc/cgroup.h"
#include "ipc/chan.h"
#include "ipc/stack.h"
#include "ttls/agent.h"
#include "ttls/build.h"
#include "ttls/confined.h"
#include "ttls/enforce.h"
#include "ttls/gate.h"
#include "ttls/handover.h"

#define CALLERS_MAX 64u

struct caller {
    int fd;
    bool is_owner; /* of the image: may change things */
    uint32_t uid;
};

struct stack {
    const char *name;
    int listener;
    int signals;
    struct caller callers[CALLERS_MAX];
    size_t n_callers;
    struct ttls_policy *policy; /* NULL: none */
    int policy_fd;              /* its compiled form, ids and secrets in it */
    struct ttls_ids ids;
    bool is_on;        /* TCPCONFIG TTLS */
    bool was_complete; /* a policy was installed once */
    bool is_denied;    /* the policy is purged: what it means is refused */
    struct enforce *enforce; /* NULL: nothing can be captured */
    struct gate *gate;       /* shut until the first policy; or NULL */
    char why_not[ERR_TEXT_MAX];
    bool is_ending;
};

/* --- answers ------------------------------------------------------------ */

static void
done(int fd, uint32_t seq, enum err code, const char *text, int policy_fd)
{
    struct buf out;

    buf_init(&out, ERR_TEXT_MAX + 16);
    buf_u8(&out, (uint8_t)code);
    buf_str(&out, str_of(text));
    IGNORE(chan_send(fd, STACK_DONE, seq, buf_view(&out), &policy_fd,
                     policy_fd >= 0 ? 1 : 0, NULL));
    buf_fini(&out);
}

static bool
has_policy(const struct stack *s)
{
    return s->policy != NULL && !s->is_denied;
}

static void
tell_state(const struct stack *s, int fd, uint32_t seq)
{
    const struct ttls_rule *const *rules;
    struct buf out;

    buf_init(&out, ERR_TEXT_MAX + 64);
    buf_u8(&out, s->is_on);
    buf_u8(&out, has_policy(s));
    buf_u8(&out, s->was_complete);
    buf_u64(&out, has_policy(s) ? ttls_policy_instance(s->policy) : 0);
    buf_u8(&out, s->enforce != NULL);
    buf_str(&out,
            str_of(s->enforce == NULL ? s->why_not : enforce_why(s->enforce)));
    buf_u32(&out,
            has_policy(s) ? (uint32_t)ttls_policy_rules(s->policy, &rules) : 0);
    IGNORE(chan_send(fd, STACK_IS, seq, buf_view(&out), NULL, 0, NULL));
    buf_fini(&out);
}

/* --- changes ------------------------------------------------------------ */

static enum err
enforce_it(struct stack *s, struct ttls_policy *policy, int policy_fd,
           bool is_on, struct err_info *why)
{
    if (s->enforce == NULL)
        return ERR_OK; /* held, as the operator was told */
    return enforce_policy(s->enforce, policy, policy_fd, is_on, s->is_denied,
                          why);
}

static void
keep(struct stack *s, struct ttls_policy *policy, int policy_fd)
{
    ttls_policy_unref(&s->policy);
    if (s->policy_fd >= 0)
        close(s->policy_fd);
    s->policy = policy;
    s->policy_fd = policy_fd;
}

/* Enforced first, kept then: a failure leaves what was. */
static enum err
install(struct stack *s, int fd, struct err_info *why)
{
    struct ttls_policy *policy = NULL;
    struct ttls_ids ids = s->ids;
    int own_fd = -1;
    enum err e = handover_take(fd, &policy, why);

    if (e != ERR_OK)
        return e;
    ttls_policy_adopt(policy, s->policy, clock_wall_ms() / 1000, &ids);
    e = handover_make(policy, true, &own_fd, why);
    if (e == ERR_OK) {
        bool was_denied = s->is_denied;

        s->is_denied = false;
        e = enforce_it(s, policy, own_fd, s->is_on, why);
        s->is_denied = was_denied && e != ERR_OK;
    }
    if (e != ERR_OK) {
        ttls_policy_unref(&policy);
        if (own_fd >= 0)
            close(own_fd);
        return e;
    }
    keep(s, policy, own_fd);
    s->ids = ids;
    s->was_complete = true;
    gate_open(&s->gate);
    return ERR_OK;
}

static enum err
set_switch(struct stack *s, bool is_on, struct err_info *why)
{
    enum err e = enforce_it(s, s->policy, s->policy_fd, is_on, why);

    if (e == ERR_OK)
        s->is_on = is_on;
    if (e == ERR_OK && !is_on)
        gate_open(&s->gate);
    return e;
}

/* denies: the policy stays for this alone, that its connections are known. */
static enum err
purge(struct stack *s, bool denies, struct err_info *why)
{
    bool was_denied = s->is_denied;
    enum err e;

    if (denies && s->policy == NULL)
        return ERR_OK; /* what a former process refuses is refused still */
    s->is_denied = denies;
    e = s->is_denied ? enforce_it(s, s->policy, s->policy_fd, s->is_on, why)
                     : enforce_it(s, NULL, -1, s->is_on, why);
    if (e != ERR_OK)
        s->is_denied = was_denied;
    else if (!s->is_denied)
        keep(s, NULL, -1);
    return e;
}

/* --- requests ----------------------------------------------------------- */

static void
on_query(struct stack *s, const struct caller *c, const struct chan_msg *msg,
         struct str request)
{
    uint32_t seq = msg->seq;
    int fd = c->fd;
    struct err_info why = { 0 };
    struct buf rows, out;
    enum err e;

    buf_init(&rows, CHAN_BYTES_MAX / 2);
    buf_init(&out, CHAN_BYTES_MAX);
    if (s->enforce == NULL)
        e = err_set(&why, ERR_UNSUPPORTED, "%s", s->why_not);
    else if (msg->type == STACK_CONTROL)
        e = enforce_control(s->enforce, c->uid, request, &rows, &why);
    else
        e = enforce_query(s->enforce, request, &rows, &why);
    if (e == ERR_OK)
        e = buf_check(&rows, &why);
    if (e == ERR_OK) {
        buf_str(&out, buf_view(&rows));
        IGNORE(chan_send(fd, STACK_ROWS, seq, buf_view(&out), NULL, 0, NULL));
    } else {
        done(fd, seq, e, why.text, -1);
    }
    buf_fini(&rows);
    buf_fini(&out);
}

/* What changes something; false for a malformed message. */
static bool
owner_request(struct stack *s, struct caller *c, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct err_info why = { 0 };
    enum err e = ERR_OK;
    int fd = -1;
    uint32_t uid;
    uint8_t on;

    switch (msg->type) {
    case STACK_INSTALL:
        if (!reader_at_end(&in) || (fd = chan_take_fd(msg, 0)) < 0)
            return false;
        e = install(s, fd, &why);
        close(fd);
        done(c->fd, msg->seq, e, why.text, e == ERR_OK ? s->policy_fd : -1);
        break;
    case STACK_GET:
        e = has_policy(s) ? ERR_OK : ERR_NOT_FOUND;
        done(c->fd, msg->seq, e, "", has_policy(s) ? s->policy_fd : -1);
        break;
    case STACK_PURGE:
        if (!reader_u8(&in, &on) || on > 1 || !reader_at_end(&in))
            return false;
        e = purge(s, on != 0, &why);
        done(c->fd, msg->seq, e, why.text, -1);
        break;
    case STACK_CONFIG:
        if (!reader_u8(&in, &on) || on > 1 || !reader_at_end(&in))
            return false;
        e = set_switch(s, on != 0, &why);
        done(c->fd, msg->seq, e, why.text, -1);
        break;
    case STACK_ALLOW:
        if (!reader_u32(&in, &uid) || !reader_at_end(&in))
            return false;
        if (s->gate != NULL)
            gate_allow(s->gate, uid);
        done(c->fd, msg->seq, ERR_OK, "", -1);
        break;
    case STACK_END:
        s->is_ending = true;
        enforce_close(&s->enforce);
        done(c->fd, msg->seq, ERR_OK, "", -1);
        break;
    default:
        return false;
    }
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        log_error("request %04x: %s", msg->type, why.text);
    return true;
}

static bool
request(struct stack *s, struct caller *c, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str text;

    if (msg->type == STACK_STATE && reader_at_end(&in)) {
        tell_state(s, c->fd, msg->seq);
        return true;
    }
    if (msg->type == STACK_QUERY) {
        if (!reader_str(&in, 0, STACK_TEXT_MAX, &text) || !reader_at_end(&in))
            return false;
        on_query(s, c, msg, text);
        return true;
    }
    if (msg->type == STACK_CONTROL) {
        on_query(s, c, msg, msg->payload);
        return true;
    }
    if (!c->is_owner) {
        done(c->fd, msg->seq, ERR_DENIED, "only the image's owner may", -1);
        return true;
    }
    return owner_request(s, c, msg);
}

static void
on_caller(struct stack *s, struct caller *c)
{
    struct chan_msg msg;
    enum err e = chan_recv(c->fd, &msg, NULL);
    bool is_good = e == ERR_AGAIN || (e == ERR_OK && request(s, c, &msg));

    if (e == ERR_OK)
        chan_msg_fini(&msg);
    if (!is_good) {
        chan_close(c->fd);
        c->fd = -1;
    }
}

/* --- loop --------------------------------------------------------------- */

static void
on_connect(struct stack *s)
{
    struct chan_peer peer;
    int fd;

    if (chan_accept(s->listener, &fd, &peer, NULL) != ERR_OK)
        return;
    if (s->n_callers == CALLERS_MAX) {
        chan_close(fd);
        return;
    }
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    s->callers[s->n_callers++] =
        (struct caller){ .fd = fd,
                         .is_owner = peer.uid == 0 || peer.uid == geteuid(),
                         .uid = (uint32_t)peer.uid };
}

static void
drop_gone(struct stack *s)
{
    for (size_t i = 0; i < s->n_callers;) {
        if (s->callers[i].fd < 0)
            s->callers[i] = s->callers[--s->n_callers];
        else
            i++;
    }
}

static void
loop(struct stack *s)
{
    while (!s->is_ending) {
        struct pollfd p[3 + CALLERS_MAX] = {
            { .fd = s->listener, .events = POLLIN },
            { .fd = s->signals, .events = POLLIN },
            { .fd = s->enforce == NULL ? -1 : enforce_fd(s->enforce),
              .events = POLLIN },
        };
        size_t n = s->n_callers;

        for (size_t i = 0; i < n; i++)
            p[3 + i] =
                (struct pollfd){ .fd = s->callers[i].fd, .events = POLLIN };
        if (poll(p, 3 + n, -1) < 0 && errno != EINTR)
            break;
        if (p[2].revents != 0 && s->enforce != NULL)
            enforce_run(s->enforce);
        for (size_t i = 0; i < n && !s->is_ending; i++) {
            if (p[3 + i].revents != 0)
                on_caller(s, &s->callers[i]);
        }
        drop_gone(s);
        if (p[1].revents != 0)
            s->is_ending = true;
        if (p[0].revents != 0)
            on_connect(s);
    }
}

/* --- start -------------------------------------------------------------- */

/* Out of the agent's cgroup, which is ended with the agent. */
static void
leave_cgroup(const char *name)
{
    char image[400], path[512];
    int fd;

    if (root_is_private() || !cgroup_image(image, sizeof image))
        return;
    (void)snprintf(path, sizeof path, "%s/stack-%s", image, name);
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return;
    (void)snprintf(path, sizeof path, "%s/stack-%s/cgroup.procs", image, name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1)
        log_warn("cannot leave the agent's cgroup: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
}

static enum err
open_socket(struct stack *s, struct err_info *why)
{
    struct arena arena;
    char *parent, *folder, *path, *log;
    enum err e = ERR_MEMORY;
    int fd;

    arena_init(&arena, 16 * 1024);
    parent = root_path(&arena, "tcpip");
    folder = root_path(&arena, "tcpip/%s", s->name);
    path = root_path(&arena, STACK_SOCKET, s->name);
    log = root_path(&arena, "tcpip/%s/stack.log", s->name);
    if (folder != NULL && path != NULL && log != NULL) {
        e = dir_make(folder, 0755, why);
        /* Displays and application control are for everybody, whatever mask
         * the folder above was made with. */
        if (parent != NULL)
            (void)chmod(parent, 0755);
        if (e == ERR_OK)
            e = chan_listen(path, 0666, &s->listener, why);
        if (e == ERR_OK)
            (void)fcntl(s->listener, F_SETFL, O_NONBLOCK);
        fd = e == ERR_OK
                 ? open(log,
                        O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                        0640)
                 : -1;
        if (fd >= 0)
            (void)dup2(fd, 2);
        if (fd > 2)
            close(fd);
    }
    arena_fini(&arena);
    return e;
}

/* The switch as OBEYFILE or the profile left it. */
static void
read_switch(struct stack *s)
{
    struct arena arena;
    struct buf text;
    char *path;

    arena_init(&arena, 8192);
    buf_init(&text, 64);
    path = root_path(&arena, STACK_STATE_FILE, s->name);
    if (path != NULL && file_read_plain(path, &text, NULL) == ERR_OK)
        s->is_on = str_eq_z(str_trim(buf_view(&text)), "TTLS");
    buf_fini(&text);
    arena_fini(&arena);
}

/* At IPL it is shut where the profile says TTLS; a process after that finds
 * what was left. */
static void
open_gate(struct stack *s, bool is_gated)
{
    struct err_info why;

    if (root_is_private())
        return;
    if (is_gated && s->is_on && gate_shut(s->name, &s->gate, &why) != ERR_OK)
        log_error("%s", why.text);
    else if (!is_gated)
        s->gate = gate_found(s->name);
    if (!s->is_on)
        gate_open(&s->gate);
}

static void
close_all(struct stack *s)
{
    struct arena arena;
    char *path;

    gate_open(&s->gate);
    enforce_close(&s->enforce);
    keep(s, NULL, -1);
    for (size_t i = 0; i < s->n_callers; i++)
        close(s->callers[i].fd);
    arena_init(&arena, 8192);
    path = root_path(&arena, STACK_SOCKET, s->name);
    if (path != NULL)
        (void)unlink(path);
    arena_fini(&arena);
    close(s->listener);
    close(s->signals);
}

static int
open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Programs are in the kernel, children run; what this process needs no longer
 * it gives up. */
static void
confine(const struct stack *s)
{
    struct err_info why;
    const char *missing = confined_missing();

    if (s->enforce == NULL)
        return;
    if (missing != NULL)
        log_warn("%s", missing);
    if (confined_stack(&why) != ERR_OK)
        log_error("rights that are not needed are kept: %s", why.text);
}

int
stack_run(const char *stack, const char *program_dir, bool is_gated,
          int ready_fd)
{
    struct stack s = { .name = stack, .listener = -1, .policy_fd = -1 };
    struct enforce_options options = { .stack = stack,
                                       .program_dir = program_dir,
                                       .is_private = root_is_private() };
    struct err_info why = { 0 };

    (void)umask(022);
    s.signals = open_signals();
    if (!stack_name_ok(str_of(stack)) || s.signals < 0 ||
        open_socket(&s, &why) != ERR_OK) {
        fprintf(stderr, "stack %s: %s\n", stack, why.text);
        return 1;
    }
    leave_cgroup(stack);
    if (chdir("/") != 0)
        return 1;
    read_switch(&s);
    open_gate(&s, is_gated);
    if (enforce_open(&options, &s.enforce, &why) != ERR_OK) {
        (void)snprintf(s.why_not, sizeof s.why_not, "%s", why.text);
        s.enforce = NULL;
        log_warn("connections are not captured: %s", why.text);
    }
    confine(&s);
    if (ready_fd >= 0) {
        (void)!write(ready_fd, "R", 1);
        close(ready_fd);
    }
    loop(&s);
    close_all(&s);
    return 0;
}
