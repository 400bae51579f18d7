#include "front_certs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "front_keys.h"

/*
 * Services of RACDCERT. Keys are the keeper's; foreign certificates are read
 * in a child made for that one input, confined to computing (seccomp), with
 * bounded processor time and memory, which dies afterwards.
 */
#define PARSER_WAIT_MS 10000
#define PARSER_WORD_MS 2000
#define PARSER_CPU_S 5u
#define PARSER_MEMORY (512ul << 20)
#define RESULT_MAX (1u << 20)

/* --- the keeper
 * ---------------------------------------------------------------- */

static enum err
two_results(struct front *f, enum keep_type type, struct buf *request,
            struct buf *first, struct buf *second, struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    struct str a, b;
    enum err e = keeper_call(f, type, buf_view(request), &reply, &in, why);

    if (request->p != NULL)
        secret_wipe(request->p, request->n);
    buf_fini(request);
    if (e != ERR_OK)
        return e;
    if (!reader_str(&in, 1, CERT_DER_MAX, &a) ||
        (second != NULL && !reader_str(&in, 1, CERT_DER_MAX, &b)) ||
        !reader_at_end(&in)) {
        e = err_set(why, ERR_PEER, "key keeper: malformed answer");
    } else {
        buf_add(first, a);
        e = buf_check(first, why);
        if (second != NULL && e == ERR_OK) {
            buf_add(second, b);
            e = buf_check(second, why);
        }
    }
    chan_msg_fini(&reply);
    return e;
}

static enum err
new_key(void *arg, enum cert_key_kind kind, uint32_t bits, struct str name,
        struct str label, struct str owner, struct buf *sealed,
        struct buf *spki, struct err_info *why)
{
    struct buf request;

    if (label.n == 0 && (kind == CERT_RSA || kind == CERT_DSA))
        return front_key(arg, kind, bits, owner, sealed, spki, why);
    buf_init(&request, 1024);
    buf_u8(&request, (uint8_t)kind);
    buf_u32(&request, bits);
    buf_str(&request, owner);
    buf_str(&request, label);
    buf_str(&request, name);
    return two_results(arg, KEEP_NEW_KEY, &request, sealed, spki, why);
}

static enum err
find_key(void *arg, struct str label, struct str owner, struct buf *sealed,
         struct buf *spki, struct err_info *why)
{
    struct buf request;

    buf_init(&request, 1024);
    buf_str(&request, owner);
    buf_str(&request, label);
    return two_results(arg, KEEP_FIND_KEY, &request, sealed, spki, why);
}

static enum err
drop_key(void *arg, struct str sealed, struct str owner, struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    struct buf request;
    enum err e;

    buf_init(&request, 2u * CERT_DER_MAX);
    buf_str(&request, sealed);
    buf_str(&request, owner);
    e = keeper_call(arg, KEEP_DROP_KEY, buf_view(&request), &reply, &in, why);
    buf_fini(&request);
    if (e == ERR_OK)
        chan_msg_fini(&reply);
    return e;
}

static enum err
token(void *arg, uint8_t what, struct str name, struct str id,
      struct str sealed, struct str owner, struct str body, struct buf *out,
      struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    struct buf request;
    enum err e;

    buf_init(&request, 8u * CERT_DER_MAX);
    buf_u8(&request, what);
    buf_str(&request, name);
    buf_str(&request, id);
    buf_str(&request, sealed);
    buf_str(&request, owner);
    buf_str(&request, body);
    e = buf_check(&request, why);
    if (e == ERR_OK)
        e = keeper_call(arg, KEEP_TOKEN, buf_view(&request), &reply, &in, why);
    buf_fini(&request);
    if (e != ERR_OK)
        return e;
    buf_add(out, reader_rest(&in));
    chan_msg_fini(&reply);
    return buf_check(out, why);
}

static enum err
seal_key(void *arg, struct str pkcs8, struct str name, struct str label,
         struct str owner, struct buf *sealed, struct buf *spki,
         struct err_info *why)
{
    struct buf request;

    buf_init(&request, 2u * CERT_DER_MAX);
    buf_str(&request, pkcs8);
    buf_str(&request, owner);
    buf_str(&request, label);
    buf_str(&request, name);
    return two_results(arg, KEEP_SEAL, &request, sealed, spki, why);
}

static enum err
open_key(void *arg, struct str sealed, struct str owner, struct buf *pkcs8,
         struct err_info *why)
{
    struct buf request;

    buf_init(&request, 2u * CERT_DER_MAX);
    buf_str(&request, sealed);
    buf_str(&request, owner);
    return two_results(arg, KEEP_UNSEAL, &request, pkcs8, NULL, why);
}

static enum err
make(void *arg, bool is_request, struct str signer_sealed,
     struct str signer_owner, const struct cert_order *order, struct buf *der,
     struct err_info *why)
{
    struct buf request;

    buf_init(&request, 4u * CERT_DER_MAX);
    buf_str(&request, signer_sealed);
    buf_str(&request, signer_owner);
    cert_order_put(order, &request);
    return two_results(arg, is_request ? KEEP_REQUEST : KEEP_CERTIFY, &request,
                       der, NULL, why);
}

/* --- the confined child
 * -------------------------------------------------------------- */

struct work {
    struct front *front;
    enum { WORK_PARSE, WORK_PKCS12, WORK_PKCS7, WORK_HOST_IDS } kind;
    struct str input, password; /* PARSE; PKCS12: the certificate */
    struct str pkcs8, label;
    const struct str *list; /* trusted ones, authorities, or the chain */
    size_t n_list;
};

static enum err
do_work(const struct work *w, struct buf *out, struct err_info *why)
{
    struct cert_bundle bundle;
    struct arena a;
    enum err e;

    if (w->kind == WORK_PKCS12)
        return certparse_pkcs12(w->input, w->pkcs8, w->list, w->n_list,
                                w->label, w->password, out, why);
    if (w->kind == WORK_PKCS7)
        return certparse_pkcs7(w->list, w->n_list, out, why);
    if (w->kind == WORK_HOST_IDS)
        return hostid_of_cert(w->input, w->list, w->n_list, out, why);
    arena_init(&a, 16u << 20);
    e = certparse(&a, w->input, w->password, w->list, w->n_list, &bundle, why);
    if (e == ERR_OK)
        cert_bundle_put(&bundle, out);
    arena_fini(&a);
    return e;
}

static NORETURN void
child(const struct work *w, int fd)
{
    const struct rlimit cpu = { PARSER_CPU_S, PARSER_CPU_S };
    struct err_info why = { 0 };
    struct buf result;
    enum err e;

    /* The database and every other descriptor stay behind. */
    if (dup2(fd, 3) < 0 || close_range(4, ~0u, 0) != 0)
        _exit(1);
    (void)setrlimit(RLIMIT_CPU, &cpu);
#ifndef __SANITIZE_ADDRESS__
    {
        const struct rlimit memory = { PARSER_MEMORY, PARSER_MEMORY };

        (void)setrlimit(RLIMIT_AS, &memory);
    }
#endif
    buf_init(&result, RESULT_MAX);
    e = confine_parser(&why);
    if (e == ERR_OK)
        e = do_work(w, &result, &why);
    if (e == ERR_OK)
        e = buf_check(&result, &why);
    (void)!chan_answer_send(3, 1, 0, e, &why, buf_view(&result));
    _exit(0);
}

static enum err
take_result(struct chan_msg *msg, struct buf *out, struct err_info *why)
{
    struct str result;
    enum err e = chan_answer_read(msg, "certificate parser", &result, why);

    if (e != ERR_OK)
        return e;
    buf_add(out, result);
    return buf_check(out, why);
}

/* Nobody is served until it is through: whoever asked something meanwhile is
 * told that it goes on, so that no client gives up. */
static bool
await_child(struct front *f, int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    for (int ms = 0; ms < PARSER_WAIT_MS; ms += PARSER_WORD_MS) {
        if (poll(&p, 1, PARSER_WORD_MS) == 1)
            return true;
        for (struct peer *peer = f->peers; peer != NULL; peer = peer->next)
            peer_send(peer, WIRE_WAIT, 0, STR(""), -1);
    }
    return false;
}

/* *was_killed: somebody else ended it, so nothing is known of the input. */
static enum err
run_once(const struct work *w, struct buf *out, bool *was_killed,
         struct err_info *why)
{
    struct chan_msg msg;
    bool has_ended = false;
    int pair[2], status = 0;
    pid_t pid;
    enum err e = chan_pair(pair, why);

    *was_killed = false;
    if (e != ERR_OK)
        return e;
    pid = fork();
    if (pid == 0)
        child(w, pair[1]);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return err_sys(why, "fork");
    }
    if (!await_child(w->front, pair[0]))
        e = err_set(why, ERR_TIMEOUT, "certificate parser: no answer");
    else if (chan_recv(pair[0], &msg, NULL) != ERR_OK) {
        has_ended = true;
        e = err_set(why, ERR_SYNTAX, "certificate parser: ended on this input");
    } else {
        e = take_result(&msg, out, why);
        chan_msg_fini(&msg);
    }
    close(pair[0]);
    if (!has_ended)
        (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    *was_killed =
        has_ended && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    return e;
}

static enum err
run_child(const struct work *w, struct buf *out, struct err_info *why)
{
    bool was_killed;
    enum err e = run_once(w, out, &was_killed, why);

    return was_killed ? run_once(w, out, &was_killed, why) : e;
}

/* What it read, in the arena. */
static enum err
ask_child(const struct work *w, struct arena *a, struct reader *out,
          struct err_info *why)
{
    struct buf result;
    enum err e;

    buf_init(&result, RESULT_MAX);
    e = run_child(w, &result, why);
    if (e == ERR_OK)
        *out = reader_of(str_dup(a, buf_view(&result)));
    if (result.p != NULL)
        secret_wipe(result.p, result.n);
    buf_fini(&result);
    return e;
}

static enum err
malformed(struct err_info *why)
{
    return err_set(why, ERR_PEER, "certificate parser: malformed answer");
}

static enum err
parse(void *arg, struct arena *a, struct str input, struct str password,
      const struct str *trusted, size_t n_trusted, struct cert_bundle *out,
      struct err_info *why)
{
    const struct work w = { .front = arg,
                            .kind = WORK_PARSE,
                            .input = input,
                            .password = password,
                            .list = trusted,
                            .n_list = n_trusted };
    struct reader in;
    enum err e = ask_child(&w, a, &in, why);

    return e != ERR_OK || cert_bundle_read(&in, a, out) ? e : malformed(why);
}

static enum err
host_ids(void *arg, struct arena *a, struct str der, const struct str *cas,
         size_t n_cas, struct hostids *out, struct err_info *why)
{
    const struct work w = { .front = arg,
                            .kind = WORK_HOST_IDS,
                            .input = der,
                            .list = cas,
                            .n_list = n_cas };
    struct reader in;
    enum err e = ask_child(&w, a, &in, why);

    if (e != ERR_OK)
        return e;
    return hostids_read(&in, out) && out->signer < n_cas ? ERR_OK
                                                         : malformed(why);
}

static enum err
pkcs12(void *arg, struct str der, struct str pkcs8, const struct str *chain,
       size_t n_chain, struct str label, struct str password, struct buf *out,
       struct err_info *why)
{
    const struct work w = { .front = arg,
                            .kind = WORK_PKCS12,
                            .input = der,
                            .password = password,
                            .pkcs8 = pkcs8,
                            .label = label,
                            .list = chain,
                            .n_list = n_chain };

    return run_child(&w, out, why);
}

static enum err
pkcs7(void *arg, const struct str *ders, size_t n, struct buf *out,
      struct err_info *why)
{
    const struct work w = {
        .front = arg, .kind = WORK_PKCS7, .list = ders, .n_list = n
    };

    return run_child(&w, out, why);
}

/* --- data sets
 * ---------------------------------------------------------------------------
 */

/* DSN or DSN(MEMBER), checked by racdcert_dsn: no slash, no "..". */
static char *
path_of(struct arena *a, struct str dsn)
{
    size_t paren = str_find_char(dsn, '(');
    struct str base = str_sub(dsn, 0, paren);

    if (paren == STR_NPOS)
        return root_path(a, "datasets/" STR_FMT, STR_ARG(base));
    return root_path(a, "datasets/" STR_FMT "/" STR_FMT, STR_ARG(base),
                     STR_ARG(str_sub(dsn, paren + 1, dsn.n - 1)));
}

static enum err
read_dataset(void *arg, struct str dsn, struct buf *out, struct err_info *why)
{
    struct arena a;
    struct stat st;
    char *path;
    enum err e;

    (void)arg;
    arena_init(&a, 16384);
    path = path_of(&a, dsn);
    if (path == NULL)
        e = err_set(why, ERR_MEMORY, "no storage");
    else if (lstat(path, &st) != 0)
        e = err_set(why, ERR_NOT_FOUND, "there is no such data set");
    else if (!S_ISREG(st.st_mode))
        e = err_set(why, ERR_SYNTAX, "not a sequential data set or a member");
    else /* it may be another one by now */
        e = file_read_plain(path, out, why);
    arena_fini(&a);
    return e;
}

static enum err
write_dataset(void *arg, struct str dsn, struct str content,
              struct err_info *why)
{
    struct arena a;
    char *path;
    enum err e;

    (void)arg;
    arena_init(&a, 16384);
    path = path_of(&a, dsn);
    e = path == NULL ? err_set(why, ERR_MEMORY, "no storage")
                     : file_write_atomic(path, content, 0640, why);
    arena_fini(&a);
    return e;
}

const struct cert_services *
front_cert_services(struct front *f)
{
    static struct cert_services services = {
        .new_key = new_key,
        .find_key = find_key,
        .drop_key = drop_key,
        .token = token,
        .seal_key = seal_key,
        .open_key = open_key,
        .make = make,
        .parse = parse,
        .host_ids = host_ids,
        .pkcs12 = pkcs12,
        .pkcs7 = pkcs7,
        .read = read_dataset,
        .write = write_dataset,
    };

    services.arg = f;
    return &services;
}
