#include "base/confine.h"
#include "base/clock.h"
#include "base/filter.h"
#include "base/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONFINE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_SANITIZED 1
#endif
#endif
#ifndef CONFINE_SANITIZED
#define CONFINE_SANITIZED 0
#endif

#define CONFINE_FD 3

static void
limit(__rlimit_resource_t what, rlim_t value)
{
    struct rlimit r = { value, value };

    (void)setrlimit(what, &r);
}

/* Memory, time, reading files (code page tables are loaded on demand), the
 * pipe, the end. */
static bool
filter_calls(void)
{
    const struct filter_table tables[] = { filter_computing, filter_reading };

    return filter_allow(tables, ARRAY_LEN(tables), NULL) == ERR_OK;
}

static bool
confine_self(const struct confine_limits *limits)
{
    limit(RLIMIT_CPU, limits->seconds);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    /* The sanitizer's shadow is larger than any limit. */
    if (!CONFINE_SANITIZED)
        limit(RLIMIT_AS, limits->memory_bytes);
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_DUMPABLE, 0) == 0 &&
           (CONFINE_SANITIZED || filter_calls());
}

static void
write_all(struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(CONFINE_FD, bytes.p, bytes.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(1);
        bytes = str_sub(bytes, (size_t)n, bytes.n);
    }
}

/* u8 code, u32 at, u32 line, u32 column, str text; then the result. */
NORETURN static void
child(confine_fn fn, void *arg, const struct confine_limits *limits,
      size_t max_bytes, int fd)
{
    struct err_info why = { 0 };
    struct buf head, out;
    enum err e;

    signal(SIGPIPE, SIG_IGN);
    if (dup2(fd, CONFINE_FD) < 0)
        _exit(1);
    close_range(CONFINE_FD + 1, ~0u, 0);
    buf_init(&head, 2 * ERR_TEXT_MAX);
    buf_init(&out, max_bytes);
    if (!confine_self(limits))
        e = err_set(&why, ERR_UNSUPPORTED,
                    "this system cannot confine a process");
    else
        e = fn(arg, &out, &why);
    if (e == ERR_OK)
        e = buf_check(&out, &why);
    buf_u8(&head, (uint8_t)e);
    buf_u32(&head, (uint32_t)why.at);
    buf_u32(&head, why.line);
    buf_u32(&head, why.column);
    buf_str(&head, str_of(why.text));
    write_all(buf_view(&head));
    if (e == ERR_OK)
        write_all(buf_view(&out));
    _exit(0);
}

/* A child under way. */
struct confined {
    pid_t pid;
    int fd;
    struct buf in;
    uint64_t end_ms;
    uint32_t seconds;
    enum err e; /* of reading from it */
    struct err_info why;
    void *arg;
    confine_done done;
};

static enum err
start(struct confined *c, confine_fn fn, void *arg,
      const struct confine_limits *limits, size_t max_bytes,
      struct err_info *why)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return err_sys(why, "pipe");
    c->pid = fork();
    if (c->pid < 0) {
        close(fds[0]);
        close(fds[1]);
        return err_sys(why, "fork");
    }
    if (c->pid == 0)
        child(fn, arg, limits, max_bytes, fds[1]);
    close(fds[1]);
    c->fd = fds[0];
    c->end_ms = clock_mono_ms() + (uint64_t)limits->seconds * 1000;
    c->seconds = limits->seconds;
    c->e = ERR_OK;
    c->arg = arg;
    buf_init(&c->in, max_bytes + 2 * ERR_TEXT_MAX);
    return ERR_OK;
}

/* What it has written so far; true at its end, at an error or too late. */
static bool
has_ended(struct confined *c, bool is_readable)
{
    char piece[65536];
    ssize_t n;

    if (clock_mono_ms() >= c->end_ms) {
        c->e = err_set(&c->why, ERR_TIMEOUT,
                       "processing took longer than %u seconds", c->seconds);
        return true;
    }
    if (!is_readable)
        return false;
    n = read(c->fd, piece, sizeof piece);
    if (n == 0)
        return true;
    if (n < 0 && errno != EINTR)
        c->e = err_sys(&c->why, "cannot read from the confined process");
    if (n > 0)
        buf_add(&c->in, str_n(piece, (size_t)n));
    if (c->in.failed)
        c->e = buf_check(&c->in, &c->why);
    return c->e != ERR_OK;
}

/* Until one of them has something to say, or is late. */
static void
wait_for(struct confined *children, unsigned n, bool is_readable[])
{
    struct pollfd fds[CONFINE_CHILDREN_MAX];
    uint64_t now = clock_mono_ms(), end = UINT64_MAX;

    for (unsigned i = 0; i < n; i++) {
        fds[i] = (struct pollfd){ .fd = children[i].fd, .events = POLLIN };
        is_readable[i] = false;
        if (children[i].end_ms < end)
            end = children[i].end_ms;
    }
    if (poll(fds, n, end > now ? (int)(end - now) : 0) <= 0)
        return;
    for (unsigned i = 0; i < n; i++)
        is_readable[i] = fds[i].revents != 0;
}

static enum err
child_failed(int status, struct err_info *why)
{
    if (WIFSIGNALED(status) &&
        (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
        return err_set(why, ERR_PEER,
                       "the confined process ran into its limits");
    if (WIFSIGNALED(status))
        return err_set(why, ERR_PEER, "the confined process crashed (%s)",
                       strsignal(WTERMSIG(status)));
    return err_set(why, ERR_PEER, "the confined process ended early (%d)",
                   WEXITSTATUS(status));
}

static enum err
take_result(struct buf *in, struct buf *out, struct err_info *why, bool *ok)
{
    struct reader r = reader_of(buf_view(in));
    uint32_t at, line, column;
    struct str text;
    uint8_t code;

    *ok = reader_u8(&r, &code) && code <= ERR_MEMORY && reader_u32(&r, &at) &&
          reader_u32(&r, &line) && reader_u32(&r, &column) &&
          reader_str(&r, 0, ERR_TEXT_MAX, &text);
    if (!*ok)
        return ERR_PEER;
    if (code == ERR_OK) {
        buf_add(out, reader_rest(&r));
        return buf_check(out, why);
    }
    err_set(why, (enum err)code, STR_FMT, STR_ARG(text));
    if (why != NULL) {
        why->at = at;
        why->line = line;
        why->column = column;
    }
    return (enum err)code;
}

/* Reap it; out (with room for the result) gets what its function appended. */
static enum err
finish(struct confined *c, struct buf *out, struct err_info *why)
{
    enum err e = c->e;
    int status = 0;
    bool ok = false;

    close(c->fd);
    if (e != ERR_OK)
        kill(c->pid, SIGKILL);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (e != ERR_OK) {
        if (why != NULL)
            *why = c->why;
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        e = child_failed(status, why);
    } else {
        e = take_result(&c->in, out, why, &ok);
        if (!ok)
            e = child_failed(status, why);
    }
    buf_fini(&c->in);
    return e;
}

enum err
confine_run(confine_fn fn, void *arg, const struct confine_limits *limits,
            struct buf *out, struct err_info *why)
{
    struct confined c = { .pid = 0 };
    bool is_readable = false;
    enum err e = start(&c, fn, arg, limits, out->max - out->n, why);

    if (e != ERR_OK)
        return e;
    while (!has_ended(&c, is_readable))
        wait_for(&c, 1, &is_readable);
    return finish(&c, out, why);
}

/* --- several at once ----------------------------------------------------- */

struct confine_pool {
    struct confine_limits limits;
    unsigned n, max;
    struct confined children[CONFINE_CHILDREN_MAX];
};

enum err
confine_pool_new(unsigned n_children, const struct confine_limits *limits,
                 struct confine_pool **out, struct err_info *why)
{
    struct confine_pool *pool = calloc(1, sizeof *pool);

    if (pool == NULL)
        return err_set(why, ERR_MEMORY, "no storage for processes");
    pool->limits = *limits;
    pool->max = n_children == 0                     ? 1
                : n_children > CONFINE_CHILDREN_MAX ? CONFINE_CHILDREN_MAX
                                                    : n_children;
    *out = pool;
    return ERR_OK;
}

static void
pool_wait(struct confine_pool *pool)
{
    bool is_readable[CONFINE_CHILDREN_MAX];

    wait_for(pool->children, pool->n, is_readable);
    for (unsigned i = pool->n; i-- > 0;) {
        struct confined c = pool->children[i];
        struct err_info why = { 0 };
        struct buf out;
        enum err e;

        if (!has_ended(&pool->children[i], is_readable[i]))
            continue;
        c = pool->children[i];
        pool->children[i] = pool->children[--pool->n];
        buf_init(&out, c.in.max);
        e = finish(&c, &out, &why);
        c.done(c.arg, e, buf_view(&out), &why);
        buf_fini(&out);
    }
}

enum err
confine_pool_add(struct confine_pool *pool, confine_fn fn, void *arg,
                 size_t max_bytes, confine_done done, struct err_info *why)
{
    struct confined c = { .done = done };
    enum err e;

    while (pool->n == pool->max)
        pool_wait(pool);
    e = start(&c, fn, arg, &pool->limits, max_bytes, why);
    if (e == ERR_OK)
        pool->children[pool->n++] = c;
    return e;
}

void
confine_pool_finish(struct confine_pool **at)
{
    struct confine_pool *pool = *at;

    *at = NULL;
    while (pool != NULL && pool->n > 0)
        pool_wait(pool);
    free(pool);
}
