/*
 * Capture and engines of one stack. The stack process holds the engines'
 * listening sockets, so that what came while an engine was away waits for its
 * successor; engines and broker are children that are started again.
 */
#include "ttls/enforce_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/secret.h"
#include "ipc/cgroup.h"
#include "ipc/chan.h"
#include "ipc/stack_wire.h"
#include "ttls/broker.h"
#include "ttls/primary.h"
#include "ttls/show.h"

#define QUERY_MS 2000

int
enforce_fd(const struct enforce *f)
{
    return f->epoll;
}

static void on_tick(struct enforce *);

void
enforce_run(struct enforce *f)
{
    struct epoll_event ev[16];
    int n = epoll_wait(f->epoll, ev, ARRAY_LEN(ev), 0);
    uint64_t ticks;

    for (int i = 0; i < n; i++) {
        if (ev[i].data.fd == f->timer &&
            read(f->timer, &ticks, sizeof ticks) > 0)
            enforce_restart(f);
        if (ev[i].data.fd == f->tick && read(f->tick, &ticks, sizeof ticks) > 0)
            on_tick(f);
    }
    enforce_reap(f, &f->broker, "the broker");
    for (uint32_t i = 0; i < f->n_workers; i++)
        enforce_reap(f, &f->workers[i], "an engine");
}

/* --- opening
 * ------------------------------------------------------------------------- */

/* "image" (its jobs) or "machine" (every program); an image that is not the
 * machine's own keeps to its jobs unless told otherwise. */
struct scope {
    bool is_wide, no_bpf;
    uint32_t max_connections;
};

static struct scope
read_scope(void)
{
    struct scope scope = { .is_wide =
                               strcmp(root_dir(), "/var/lib/sallyport") == 0,
                           .max_connections = CAPTURE_CONNECTIONS };
    uint64_t n;
    struct arena a;
    struct buf text;
    struct str rest, line;
    char *path;

    arena_init(&a, 16u * 1024u);
    buf_init(&text, 64u * 1024u);
    path = root_path(&a, "etc/image.conf");
    if (path != NULL && file_read(path, &text, NULL) == ERR_OK) {
        rest = buf_view(&text);
        while (str_line(&rest, &line)) {
            line = str_trim(line);
            if (str_starts(line, STR("ttlsscope=")))
                scope.is_wide = str_eq_z(str_sub(line, 10, line.n), "machine");
            if (str_starts(line, STR("ttlscapture=")))
                scope.no_bpf = str_eq_z(str_sub(line, 12, line.n), "nftables");
            if (str_starts(line, STR("ttlsconnections=")) &&
                str_to_u64(str_sub(line, 16, line.n), &n) && n > 0 &&
                n <= 1u << 24)
                scope.max_connections = (uint32_t)n;
        }
    }
    buf_fini(&text);
    arena_fini(&a);
    return scope;
}

static void
name_table(struct enforce *f, const char *name)
{
    size_t n =
        (size_t)snprintf(f->nft_name, sizeof f->nft_name, "sallyport_%s", name);

    for (size_t i = 0; i < n && i < sizeof f->nft_name; i++) {
        if (f->nft_name[i] == '-')
            f->nft_name[i] = '_';
    }
    f->nft =
        (struct nft_options){ .name = f->nft_name, .engine_uid = UID_TTLS };
}

/* Rules of a stack that was killed refuse what they were for; where programs
 * take their place they are in the way. */
static void
sweep_nft(struct enforce *f, const char *name)
{
    name_table(f, name);
    nft_remove(&f->nft);
    f->nft.name = NULL;
}

/* The image's cgroup as nft names it; false: it cannot. */
static bool
name_cgroups(struct enforce *f, const char *image, const char *mount)
{
    const size_t top = strlen("/sys/fs/cgroup/");
    unsigned level = 0;

    for (const char *p = image + strlen(mount); *p != '\0'; p++)
        level += *p == '/';
    if (strncmp(image, "/sys/fs/cgroup/", top) != 0 ||
        (size_t)snprintf(f->nft_image, sizeof f->nft_image, "%s",
                         image + top) >= sizeof f->nft_image)
        return false;
    (void)snprintf(f->nft_stack, sizeof f->nft_stack, "stack-%s", f->stack);
    f->nft.image = f->nft_image;
    f->nft.stack = f->nft_stack;
    f->nft.level = level;
    return true;
}

/* The kernel takes no programs: why says so, and is said to the operator. */
static enum err
open_nft(struct enforce *f, const char *image, const char *mount, bool is_wide,
         const char *name, struct err_info *why)
{
    struct err_info second = { 0 };
    enum err e;

    name_table(f, name);
    f->nft.is_wide = is_wide;
    if (name_cgroups(f, image, mount))
        e = nft_try(&f->nft, &second);
    else
        e = err_set(&second, ERR_UNSUPPORTED,
                    "nft: %s is not below /sys/fs/cgroup", image);
    if (e != ERR_OK) {
        f->nft.name = NULL;
        err_prefix(&second, "%.200s", why->text);
        return err_set(why, ERR_UNSUPPORTED, "%s", second.text);
    }
    (void)snprintf(f->why_nft, sizeof f->why_nft, "%.255s", why->text);
    log_warn("capture by nftables, not by BPF programs: %s", why->text);
    return ERR_OK;
}

static enum err
open_capture(struct enforce *f, struct err_info *why)
{
    struct scope scope = read_scope();
    bool is_wide = f->is_wide = scope.is_wide;
    char image[512], mount[256], pin[256];
    struct capture_options options = { .engine_uid = UID_TTLS,
                                       .is_wide = is_wide,
                                       .max_connections =
                                           scope.max_connections };
    const char *slash;
    enum err e;

    if (!cgroup_mount(mount, sizeof mount) ||
        !cgroup_image(image, sizeof image))
        return err_set(why, ERR_UNSUPPORTED,
                       "there is no cgroup v2 file system that may be written");
    slash = strrchr(image, '/');
    (void)snprintf(pin, sizeof pin, "%s-%s", slash + 1, f->stack);
    options.root = mount;
    options.image = image;
    options.pin = pin;
    e = scope.no_bpf ? err_set(why, ERR_UNSUPPORTED,
                               "etc/image.conf says ttlscapture=nftables")
                     : capture_open(&options, &f->capture, why);
    if (e == ERR_OK) {
        log_info("connections of %s are captured", is_wide ? mount : image);
        sweep_nft(f, pin);
        return e;
    }
    return open_nft(f, image, mount, is_wide, pin, why);
}

/* What the engines know of each other's connections. */
static enum err
make_primaries(struct enforce *f, struct err_info *why)
{
    f->primaries_fd = memfd_create("primaries", MFD_CLOEXEC);
    if (f->primaries_fd < 0 ||
        ftruncate(f->primaries_fd, PRIMARIES_MAX * sizeof(struct primary)) != 0)
        return err_sys(why, "the primary connections");
    return ERR_OK;
}

enum err
enforce_open(const struct enforce_options *options, struct enforce **out,
             struct err_info *why)
{
    struct enforce *f;
    size_t cap = strlen(options->program_dir) + 32;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    enum err e;

    if (options->is_private || geteuid() != 0)
        return err_set(why, ERR_UNSUPPORTED,
                       "connections can be captured by root only");
    f = calloc(1, sizeof *f);
    if (f == NULL || (f->program = malloc(cap)) == NULL) {
        free(f);
        return err_set(why, ERR_MEMORY, "no storage");
    }
    (void)snprintf(f->program, cap, "%s/sallyport-ttls", options->program_dir);
    (void)snprintf(f->stack, sizeof f->stack, "%s", options->stack);
    f->n_workers = cores < 1                   ? 1
                   : cores > (long)ENGINES_MAX ? ENGINES_MAX
                                               : (uint32_t)cores;
    f->policy_fd = f->files_fd = f->primaries_fd = -1;
    f->broker = (struct worker){ { -1, -1 }, -1, -1, 0 };
    for (uint32_t i = 0; i < ENGINES_MAX; i++)
        f->workers[i] = (struct worker){ { -1, -1 }, -1, -1, 0 };
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    f->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    f->tick = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (f->epoll < 0 || f->timer < 0 || f->tick < 0 ||
        getrandom(f->secret, sizeof f->secret, 0) != sizeof f->secret)
        e = err_sys(why, "enforcement");
    else
        e = open_capture(f, why);
    if (e == ERR_OK && f->capture != NULL)
        e = make_primaries(f, why);
    if (e == ERR_OK) {
        enforce_watch(f, f->timer);
        enforce_watch(f, f->tick);
        e = enforce_listen(f, why);
    }
    if (e == ERR_OK && f->capture != NULL)
        e = capture_engines(f->capture, f->workers[0].listeners[0],
                            f->workers[0].listeners[1], why);
    for (uint32_t i = 0; e == ERR_OK && i < f->n_workers; i++)
        e = enforce_start_engine(f, i, why);
    if (e == ERR_OK)
        e = enforce_start_broker(f, why);
    if (e == ERR_OK)
        *out = f;
    else
        enforce_close(&f);
    return e;
}

const char *
enforce_how(const struct enforce *f)
{
    return f->capture != NULL ? "eBPF" : "nftables";
}

const char *
enforce_why(const struct enforce *f)
{
    return f->why_nft;
}

void
enforce_close(struct enforce **which)
{
    struct enforce *f = *which;

    if (f == NULL)
        return;
    f->is_ending = true;
    if (f->capture == NULL && f->nft.name != NULL)
        nft_remove(&f->nft);
    capture_close(&f->capture);
    for (uint32_t i = 0; i < f->n_workers; i++)
        enforce_end_worker(&f->workers[i]);
    enforce_end_worker(&f->broker);
    ttls_policy_unref(&f->policy);
    if (f->policy_fd >= 0)
        close(f->policy_fd);
    if (f->files_fd >= 0)
        close(f->files_fd);
    if (f->primaries_fd >= 0)
        close(f->primaries_fd);
    if (f->epoll >= 0)
        close(f->epoll);
    if (f->timer >= 0)
        close(f->timer);
    if (f->tick >= 0)
        close(f->tick);
    secret_wipe(f->secret, sizeof f->secret);
    free(f->program);
    free(f);
    *which = NULL;
}

/* --- policy
 * ----------------------------------------------------------------------------
 */

static void
set_tick(const struct enforce *f)
{
    bool has_inbound = false;

    for (size_t i = 0; i < sizeof f->ports.in && !has_inbound; i++)
        has_inbound = f->ports.in[i] != 0;
    struct itimerspec each = { 0 };

    each.it_interval.tv_sec = each.it_value.tv_sec =
        has_inbound || f->users.inode != 0;
    IGNORE(timerfd_settime(f->tick, 0, &each, NULL));
}

/* The kernel's side. Who listens is found out before a connection may be sent
 * to an engine, and again for those who came before it was watched. */
static enum err
capture_by(struct enforce *f, struct err_info *why)
{
    struct capture_rules rules = {
        .is_enabled = f->is_enabled && f->policy != NULL,
        .out = f->ports.out,
        .in = f->ports.in,
        .remote = f->addrs.is_any ? NULL : f->addrs.v,
        .n_remote = f->addrs.n,
        .has_primaries = enforce_has_primaries(f->policy),
    };
    struct buf spared;
    enum err e;

    buf_init(&spared, CAPTURE_USERS_MAX * sizeof(uint32_t));
    enforce_spare(f->policy, &f->users, &spared);
    rules.spared = (const uint32_t *)(const void *)spared.p;
    rules.n_spared = spared.n / sizeof(uint32_t);
    e = capture_policy(f->capture, &rules, why);
    if (e == ERR_OK && enforce_find_listeners(f))
        e = capture_settled(f->capture, why);
    buf_fini(&spared);
    set_tick(f);
    return e;
}

/* What holds for a while only is looked at again: listeners while connections
 * to them come, users when the file has changed. */
static void
on_tick(struct enforce *f)
{
    struct err_info why;
    enum err e = ERR_OK;

    if (enforce_users_changed(&f->users)) {
        log_info("users have changed: who is spared is found out again");
        e = capture_by(f, &why);
    } else if (enforce_passing(f) != f->passing && enforce_find_listeners(f)) {
        e = capture_settled(f->capture, &why);
    }
    if (e != ERR_OK)
        log_error("%s", why.text);
}

enum err
enforce_policy(struct enforce *f, struct ttls_policy *policy, int policy_fd,
               bool is_enabled, bool is_denied, struct err_info *why)
{
    int copy = -1;

    if (policy_fd >= 0 && (copy = fcntl(policy_fd, F_DUPFD_CLOEXEC, 3)) < 0)
        return err_sys(why, "the policy");
    /* The engines know the rules before the kernel sends what they are for;
     * what they are sent too early is relayed as no rule of the old policy
     * would have it: it was not captured then. */
    ttls_policy_unref(&f->policy);
    if (f->policy_fd >= 0)
        close(f->policy_fd);
    if (f->files_fd >= 0)
        close(f->files_fd);
    f->files_fd = enforce_files(policy);
    f->policy = policy == NULL ? NULL : ttls_policy_ref(policy);
    f->policy_fd = copy;
    f->is_enabled = is_enabled;
    f->is_denied = is_denied;
    f->n_policies++;
    enforce_ports_of(policy, &f->ports);
    enforce_addrs_of(policy, &f->addrs);
    /* Who listens already: before a connection may be sent to an engine. */
    if (f->capture != NULL)
        (void)enforce_find_listeners(f);
    enforce_tell_all(f);
    if (f->capture != NULL)
        return capture_by(f, why);
    is_enabled = is_enabled && policy != NULL;
    if (enforce_has_primaries(policy))
        log_warn("SecondaryMap has no effect with nftables: secondary "
                 "connections are mapped by rules of their own");
    return nft_policy(&f->nft, is_enabled ? f->ports.out : NULL,
                      is_enabled ? f->ports.in : NULL, why);
}

/* --- displays
 * ------------------------------------------------------------------------------
 */

static bool
ask_engine(struct worker *w, uint16_t type, struct str request, struct buf *out)
{
    struct pollfd p = { .fd = w->chan, .events = POLLIN };
    uint64_t until = clock_mono_ms() + QUERY_MS, now;
    static uint32_t seq;
    uint32_t mine = ++seq;

    if (w->chan < 0 ||
        chan_send(w->chan, type, mine, request, NULL, 0, NULL) != ERR_OK)
        return false;
    while ((now = clock_mono_ms()) < until &&
           poll(&p, 1, (int)(until - now)) > 0) {
        struct chan_msg msg;
        bool is_it;

        if (chan_recv(w->chan, &msg, NULL) != ERR_OK)
            return false;
        is_it = msg.type == type + 1 && msg.seq == mine; /* its answer */
        if (is_it)
            buf_add(out, msg.payload);
        chan_msg_fini(&msg);
        if (is_it)
            return true;
    }
    return false;
}

/* With their parameters, as pasearch lists them, if those are asked for. */
static void
put_groups(const struct ttls_policy *policy, bool with_detail, struct buf *out)
{
    const struct ttls_obj *const *objs;
    size_t n = policy == NULL ? 0 : ttls_policy_objects(policy, &objs);
    bool is_first = true;
    struct buf text;

    buf_init(&text, 256u * 1024u);
    buf_add_z(out, "\"groups\":[");
    for (size_t i = 0; i < n; i++) {
        if (objs[i]->stmt != TTLS_GROUP_ACTION)
            continue;
        buf_add_z(out, is_first ? "{\"name\":" : ",{\"name\":");
        ttls_json_text(out, objs[i]->name);
        buf_printf(
            out, ",\"id\":\"%08X\"",
            ((const struct ttls_group_action *)(const void *)objs[i])->id);
        if (with_detail) {
            buf_clear(&text);
            ttls_show_action(objs[i], &text);
            buf_add_z(out, ",\"text\":");
            ttls_json_text(out, buf_view(&text));
        }
        buf_add_char(out, '}');
        is_first = false;
    }
    buf_add_z(out, "],");
    buf_fini(&text);
}

static bool
is_steered(const struct enforce *f, struct str question)
{
    struct reader in = reader_of(question);
    struct capture_addr local;
    uint32_t request;
    uint64_t cookie;

    return f->capture != NULL && reader_u64(&in, &cookie) &&
           reader_u32(&in, &request) && engine_wire_addr(&in, &local) &&
           capture_knows(f->capture, cookie, &local);
}

/* Whose connection it is only an engine knows: all are asked in turn. payload
 * is the program's question, who asks has been put in by the stack. */
enum err
enforce_control(struct enforce *f, uint32_t uid, struct str question,
                struct buf *answer, struct err_info *why)
{
    struct buf with_uid;
    enum err e = ERR_OK;

    if (question.n < 8)
        return err_set(why, ERR_SYNTAX, "not a question");
    buf_init(&with_uid, 1024);
    buf_add(&with_uid, str_sub(question, 0, 8));
    buf_u32(&with_uid, uid);
    buf_add(&with_uid, str_sub(question, 8, question.n));
    for (uint32_t i = 0; e == ERR_OK && i < f->n_workers; i++) {
        buf_clear(answer);
        if (!ask_engine(&f->workers[i], ENGINE_CONTROL, buf_view(&with_uid),
                        answer))
            continue;
        if (answer->n > 0 && answer->p[0] != 0) /* found */
            break;
    }
    /* On its way to an engine: ask again. */
    if (answer->n == 0 || answer->p[0] == 0) {
        buf_clear(answer);
        buf_u8(answer, !f->is_enabled            ? CONTROL_IS_OFF
                       : is_steered(f, question) ? 2
                                                 : 0);
    }
    buf_fini(&with_uid);
    return e;
}

enum err
enforce_query(struct enforce *f, struct str request, struct buf *answer,
              struct err_info *why)
{
    uint32_t n_silent = 0;
    struct buf rows;

    (void)why;
    buf_init(&rows, CHAN_BYTES_MAX);
    buf_printf(answer, "{\"stack\":\"%s\",\"ttls\":%s,\"how\":\"%s\",",
               f->stack, f->is_enabled ? "true" : "false", enforce_how(f));
    if (f->capture != NULL)
        buf_printf(
            answer, "\"steered\":%llu,\"inbound\":%llu,\"refused\":%llu,",
            (unsigned long long)capture_count(f->capture, CAPTURE_N_STEERED),
            (unsigned long long)capture_count(f->capture, CAPTURE_N_INBOUND),
            (unsigned long long)capture_count(f->capture, CAPTURE_N_REFUSED));
    put_groups(f->policy, str_eq_z(request, STACK_QUERY_GROUPS), answer);
    buf_add_z(answer, "\"connections\":[");
    for (uint32_t i = 0; i < f->n_workers; i++) {
        bool is_first = answer->p[answer->n - 1] == '[';

        buf_clear(&rows);
        n_silent += !ask_engine(&f->workers[i], ENGINE_QUERY, request, &rows);
        if (rows.n <= 2)
            continue;
        if (!is_first)
            buf_add_char(answer, ',');
        buf_add(answer, str_sub(buf_view(&rows), 1, rows.n - 1));
    }
    buf_fini(&rows);
    buf_printf(answer, "],\"silentEngines\":%u}", n_silent);
    return ERR_OK;
}
