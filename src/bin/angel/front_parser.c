/*
 * Foreign certificates are read in a child made for that one input, confined to
 * computing (seccomp), with bounded processor time and memory, which dies
 * afterwards.
 */
#include "front_parser.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "saf/certparse.h"
#include "saf/hostid.h"

#define CPU_S 5u
#define MEMORY (512ul << 20)
#define ARENA_MAX (16u << 20)

void
parser_put(const struct parser_work *w, struct buf *out)
{
    buf_u8(out, (uint8_t)w->kind);
    buf_str(out, w->input);
    buf_str(out, w->password);
    buf_str(out, w->pkcs8);
    buf_str(out, w->label);
    buf_u32(out, (uint32_t)w->n_list);
    for (size_t i = 0; i < w->n_list; i++)
        buf_str(out, w->list[i]);
}

/* Our own words: what does not fit is a bug of ours, and ends the child. */
static struct parser_work
work_of(struct str request, struct arena *a)
{
    struct reader in = reader_of(request);
    struct parser_work w = { .kind = PARSE_INPUT };
    struct str *list;
    uint32_t n = 0;
    uint8_t kind = 0;
    bool is_good = reader_u8(&in, &kind) &&
                   reader_str(&in, 0, PARSER_REQUEST_MAX, &w.input) &&
                   reader_str(&in, 0, PARSER_REQUEST_MAX, &w.password) &&
                   reader_str(&in, 0, PARSER_REQUEST_MAX, &w.pkcs8) &&
                   reader_str(&in, 0, PARSER_REQUEST_MAX, &w.label) &&
                   reader_u32(&in, &n);

    list = is_good ? ARENA_ARRAY(a, struct str, n + 1u) : NULL;
    is_good = is_good && list != NULL;
    for (uint32_t i = 0; i < n && is_good; i++)
        is_good = reader_str(&in, 0, PARSER_REQUEST_MAX, &list[i]);
    REQUIRE(is_good && reader_at_end(&in));
    w.kind = (enum parser_kind)kind;
    w.list = list;
    w.n_list = n;
    return w;
}

static enum err
do_work(const struct parser_work *w, struct buf *out, struct err_info *why)
{
    struct cert_bundle bundle;
    struct arena a;
    enum err e;

    switch (w->kind) {
    case PARSE_PKCS12:
        return certparse_pkcs12(w->input, w->pkcs8, w->list, w->n_list,
                                w->label, w->password, out, why);
    case PARSE_PKCS7:
        return certparse_pkcs7(w->list, w->n_list, out, why);
    case PARSE_HOST_IDS:
        return hostid_of_cert(w->input, w->list, w->n_list, out, why);
    case PARSE_INPUT:
        break;
    }
    arena_init(&a, ARENA_MAX);
    e = certparse(&a, w->input, w->password, w->list, w->n_list, &bundle, why);
    if (e == ERR_OK)
        cert_bundle_put(&bundle, out);
    arena_fini(&a);
    return e;
}

static NORETURN void
child(struct str request, int fd)
{
    /* SIGXCPU first: a SIGKILL is somebody else's. */
    const struct rlimit cpu = { CPU_S, CPU_S + 1u };
    struct err_info why = { 0 };
    struct parser_work w;
    struct buf result;
    struct arena a;
    enum err e;

    /* The database and every other descriptor stay behind. */
    if (dup2(fd, 3) < 0 || close_range(4, ~0u, 0) != 0)
        _exit(1);
    (void)setrlimit(RLIMIT_CPU, &cpu);
#ifndef __SANITIZE_ADDRESS__
    {
        const struct rlimit memory = { MEMORY, MEMORY };

        (void)setrlimit(RLIMIT_AS, &memory);
    }
#endif
    arena_init(&a, PARSER_REQUEST_MAX);
    buf_init(&result, PARSER_RESULT_MAX);
    w = work_of(request, &a);
    e = confine_parser(&why);
    if (e == ERR_OK)
        e = do_work(&w, &result, &why);
    if (e == ERR_OK)
        e = buf_check(&result, &why);
    (void)!chan_answer_send(3, 1, 0, e, &why, buf_view(&result));
    _exit(0);
}

enum err
parser_start(struct str request, struct parser *out, struct err_info *why)
{
    int pair[2];
    enum err e = chan_pair(pair, why);

    *out = (struct parser){ .fd = -1 };
    if (e != ERR_OK)
        return e;
    out->pid = fork();
    if (out->pid == 0)
        child(request, pair[1]);
    close(pair[1]);
    if (out->pid < 0) {
        close(pair[0]);
        return err_sys(why, "fork");
    }
    out->fd = pair[0];
    return ERR_OK;
}

bool
parser_is_done(const struct parser *p, int wait_ms)
{
    struct pollfd fd = { .fd = p->fd, .events = POLLIN };

    return poll(&fd, 1, wait_ms) == 1;
}

/* How it ended. */
static int
bury(struct parser *p)
{
    int status = 0;

    close(p->fd);
    p->fd = -1;
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

void
parser_kill(struct parser *p)
{
    if (p->fd < 0)
        return;
    (void)kill(p->pid, SIGKILL);
    (void)bury(p);
}

enum err
parser_take(struct parser *p, struct buf *out, bool *was_killed,
            struct err_info *why)
{
    struct chan_msg msg;
    struct str result;
    int status;
    enum err e;

    *was_killed = false;
    if (chan_recv(p->fd, &msg, NULL) == ERR_OK) {
        e = chan_answer_read(&msg, "certificate parser", &result, why);
        if (e == ERR_OK) {
            buf_add(out, result);
            e = buf_check(out, why);
        }
        chan_msg_fini(&msg);
        parser_kill(p); /* it is about to end */
        return e;
    }
    status = bury(p);
    *was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        return err_set(why, ERR_LIMIT,
                       "it takes more than %u s of processor time to read",
                       CPU_S);
    return err_set(why, ERR_SYNTAX, "certificate parser: ended on this input");
}
