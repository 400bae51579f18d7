#include "saf/token.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/secret.h"
#include "ipc/chan.h"
#include "ipc/keywire.h"
#include "saf/pkcs11.h"

/*
 * Requests, each answered with its type: u8 enum err, str why, result.
 * str token comes first and may be empty.
 */
enum request {
    ASK_WRAP = 1, /* str label, str plain -> str */
    ASK_UNWRAP,   /* str label, str wrapped -> str */
    ASK_NEW_KEY,  /* str label, u8 kind, u32 bits -> str id, str spki */
    ASK_FIND_KEY, /* str label -> str id, str spki */
    ASK_DELETE,   /* str id */
    ASK_SIGN,     /* str id, u8 scheme, u8 digest, u16 salt, str hash -> str */
    ASK_HELLO,    /* -> nothing: the module is loaded */
};

#define REQUEST_MAX (64u * 1024u)
#define WAIT_MS 60000 /* an RSA key of 4096 bits in a slow token */
#define REF_KIND 'T'

/* --- references --------------------------------------------------------- */

void
token_ref_put(const struct token_ref *ref, struct buf *out)
{
    buf_u8(out, REF_KIND);
    buf_str(out, ref->token);
    buf_str(out, ref->id);
    buf_str(out, ref->spki);
}

bool
token_ref_read(struct str text, struct token_ref *out)
{
    struct reader in = reader_of(text);
    uint8_t kind;

    return reader_u8(&in, &kind) && kind == REF_KIND &&
           reader_str(&in, 1, P11_TOKEN_MAX, &out->token) &&
           reader_str(&in, 1, P11_ID_MAX, &out->id) &&
           reader_str(&in, 1, CERT_DER_MAX, &out->spki) && reader_at_end(&in);
}

/* --- the process -------------------------------------------------------- */

struct server {
    struct p11 *p11;
    struct str token; /* the configured one */
};

static bool
on_wrap(struct server *s, struct str token, struct reader *in, struct buf *out,
        enum err *e, struct err_info *why)
{
    struct str label, plain;
    struct buf wrapped;

    if (!reader_str(in, 1, P11_LABEL_MAX, &label) ||
        !reader_str(in, 1, 256, &plain) || !reader_at_end(in))
        return false;
    buf_init(&wrapped, 4096);
    *e = p11_wrap(s->p11, token, label, plain, true, &wrapped, why);
    buf_str(out, buf_view(&wrapped));
    buf_fini(&wrapped);
    return true;
}

static bool
on_unwrap(struct server *s, struct str token, struct reader *in,
          struct buf *out, enum err *e, struct err_info *why)
{
    struct str label, wrapped;
    struct buf plain;

    if (!reader_str(in, 1, P11_LABEL_MAX, &label) ||
        !reader_str(in, 1, 4096, &wrapped) || !reader_at_end(in))
        return false;
    buf_init(&plain, 4096);
    *e = p11_unwrap(s->p11, token, label, wrapped, &plain, why);
    buf_str(out, buf_view(&plain));
    if (plain.p != NULL)
        secret_wipe(plain.p, plain.n);
    buf_fini(&plain);
    return true;
}

static void
put_pair(struct buf *out, struct buf *id, struct buf *spki)
{
    buf_str(out, buf_view(id));
    buf_str(out, buf_view(spki));
    buf_fini(id);
    buf_fini(spki);
}

static bool
on_new_key(struct server *s, struct str token, struct reader *in,
           struct buf *out, enum err *e, struct err_info *why)
{
    struct buf id, spki;
    struct str label;
    uint32_t bits;
    uint8_t kind;

    if (!reader_str(in, 1, P11_LABEL_MAX, &label) || !reader_u8(in, &kind) ||
        kind < CERT_RSA || kind > CERT_DSA || !reader_u32(in, &bits) ||
        !reader_at_end(in))
        return false;
    buf_init(&id, P11_ID_MAX);
    buf_init(&spki, CERT_DER_MAX);
    *e = p11_new_key(s->p11, token, label, (enum cert_key_kind)kind, bits, &id,
                     &spki, why);
    put_pair(out, &id, &spki);
    return true;
}

static bool
on_find_key(struct server *s, struct str token, struct reader *in,
            struct buf *out, enum err *e, struct err_info *why)
{
    struct buf id, spki;
    struct str label;

    if (!reader_str(in, 1, P11_LABEL_MAX, &label) || !reader_at_end(in))
        return false;
    buf_init(&id, P11_ID_MAX);
    buf_init(&spki, CERT_DER_MAX);
    *e = p11_find_key(s->p11, token, label, &id, &spki, why);
    put_pair(out, &id, &spki);
    return true;
}

static bool
on_delete(struct server *s, struct str token, struct reader *in,
          struct buf *out, enum err *e, struct err_info *why)
{
    struct str id;

    (void)out;
    if (!reader_str(in, 1, P11_ID_MAX, &id) || !reader_at_end(in))
        return false;
    *e = p11_delete_key(s->p11, token, id, why);
    return true;
}

static bool
on_sign(struct server *s, struct str token, struct reader *in, struct buf *out,
        enum err *e, struct err_info *why)
{
    struct str id, hash;
    struct buf signature;
    uint8_t scheme, digest;
    uint16_t salt;

    if (!reader_str(in, 1, P11_ID_MAX, &id) || !reader_u8(in, &scheme) ||
        scheme < KEY_PKCS1 || scheme > KEY_ECDSA || !reader_u8(in, &digest) ||
        !reader_u16(in, &salt) || !reader_str(in, 1, KEY_DIGEST_MAX, &hash) ||
        !reader_at_end(in))
        return false;
    buf_init(&signature, KEY_RESULT_MAX);
    *e = p11_sign(s->p11, token, id, scheme, digest, salt, hash, &signature,
                  why);
    buf_str(out, buf_view(&signature));
    buf_fini(&signature);
    return true;
}

static bool
on_hello(struct server *s, struct str token, struct reader *in, struct buf *out,
         enum err *e, struct err_info *why)
{
    (void)s;
    (void)token;
    (void)out;
    (void)e;
    (void)why;
    return reader_at_end(in);
}

static const struct {
    uint16_t type;
    bool (*run)(struct server *, struct str token, struct reader *,
                struct buf *, enum err *, struct err_info *);
} requests[] = {
    { ASK_WRAP, on_wrap },       { ASK_UNWRAP, on_unwrap },
    { ASK_NEW_KEY, on_new_key }, { ASK_FIND_KEY, on_find_key },
    { ASK_DELETE, on_delete },   { ASK_SIGN, on_sign },
    { ASK_HELLO, on_hello },
};

static bool
answer(struct server *s, int fd, const struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct err_info why = { 0 };
    enum err e = ERR_OK;
    struct buf result, reply;
    struct str token;
    bool is_good = false;

    if (!reader_str(&in, 0, P11_TOKEN_MAX, &token))
        return false;
    if (token.n == 0)
        token = s->token;
    buf_init(&result, REQUEST_MAX);
    buf_init(&reply, REQUEST_MAX + 1024u);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        if (requests[i].type == msg->type)
            is_good = requests[i].run(s, token, &in, &result, &e, &why);
    if (e == ERR_OK)
        e = buf_check(&result, &why);
    chan_answer_write(&reply, e, &why, buf_view(&result));
    is_good = is_good && chan_send(fd, msg->type, msg->seq, buf_view(&reply),
                                   NULL, 0, NULL) == ERR_OK;
    if (result.p != NULL)
        secret_wipe(result.p, result.n);
    if (reply.p != NULL)
        secret_wipe(reply.p, reply.n);
    buf_fini(&result);
    buf_fini(&reply);
    return is_good;
}

/* What no module needs and an attacker in it would want. */
static const int forbidden[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(kexec_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(setuid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setresgid),
    SCMP_SYS(setgroups),
};

static enum err
confine_module(const struct angel_conf *conf, struct err_info *why)
{
    const struct rlimit no_core = { 0, 0 };
    gid_t gid = conf->gid;
    scmp_filter_ctx ctx;
    int r;

    if (setrlimit(RLIMIT_CORE, &no_core) != 0)
        return err_sys(why, "RLIMIT_CORE");
    secret_lock_process(); /* the PIN, and what the module keeps */
    if (geteuid() == 0 && (setgroups(gid != 0, &gid) != 0 ||
                           setresgid(UID_TOKEN, UID_TOKEN, UID_TOKEN) != 0 ||
                           setresuid(UID_TOKEN, UID_TOKEN, UID_TOKEN) != 0))
        return err_sys(why, "change to uid %u", UID_TOKEN);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_sys(why, "prctl");
    ctx = seccomp_init(SCMP_ACT_ALLOW);
    r = ctx == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < ARRAY_LEN(forbidden) && r == 0; i++)
        r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), forbidden[i], 0);
    if (r == 0)
        r = seccomp_load(ctx);
    if (ctx != NULL)
        seccomp_release(ctx);
    return r == 0 ? ERR_OK : err_set(why, ERR_IO, "seccomp: %s", strerror(-r));
}

static void
tell(int fd, uint32_t seq, enum err e, const struct err_info *why)
{
    struct buf reply;

    buf_init(&reply, 1024);
    buf_u8(&reply, (uint8_t)e);
    buf_str(&reply, str_of(why->text));
    (void)!chan_send(fd, ASK_HELLO, seq, buf_view(&reply), NULL, 0, NULL);
    buf_fini(&reply);
}

static NORETURN void
serve(const struct angel_conf *conf, int fd)
{
    struct server s = { .token = conf->token };
    struct err_info why = { 0 };
    struct chan_msg msg;
    enum err e;

    (void)prctl(PR_SET_NAME, "angel-token", 0, 0, 0);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    if (dup2(fd, 3) < 0 || close_range(4, ~0u, 0) != 0)
        _exit(1);
    umask(0077);
    for (unsigned i = 0; i < conf->n_env; i++)
        (void)putenv(conf->env[i]);
    e = confine_module(conf, &why);
    if (e == ERR_OK)
        e = p11_open(conf->module, conf->pin, &s.p11, &why);
    if (e != ERR_OK) { /* as the answer to the first request */
        if (chan_recv(3, &msg, NULL) == ERR_OK)
            tell(3, msg.seq, e, &why);
        _exit(1);
    }
    while (chan_recv(3, &msg, NULL) == ERR_OK) {
        bool is_good = answer(&s, 3, &msg);

        chan_msg_fini(&msg);
        if (!is_good)
            _exit(1);
    }
    _exit(0);
}

/* --- the one who asks --------------------------------------------------- */

struct later {
    uint32_t seq;
    token_done *done; /* NULL: nobody waits any more */
    void *arg;
    struct later *next;
};

struct token {
    int fd;
    uint32_t seq;
    struct later *later, **later_tail;
};

int
token_fd(const struct token *t)
{
    return t->fd;
}

static void
finish_later(struct token *t, struct later **at, const struct chan_msg *msg)
{
    struct later *l = *at;
    struct err_info why = { 0 };
    struct reader in;
    struct str result = { NULL, 0 }, bytes = { NULL, 0 };
    enum err e = chan_answer_read(msg, "token", &result, &why);

    in = reader_of(result);
    if (e == ERR_OK &&
        (!reader_str(&in, 1, KEY_RESULT_MAX, &bytes) || !reader_at_end(&in)))
        e = err_set(&why, ERR_PEER, "token: malformed answer");
    *at = l->next;
    if (*at == NULL)
        t->later_tail = at;
    if (l->done != NULL)
        l->done(l->arg, e, bytes, &why);
    free(l);
}

/* One message; true when it is the answer to `seq`, which stays the caller's.
 */
static enum err
take(struct token *t, uint32_t seq, struct chan_msg *msg, bool *is_mine,
     struct err_info *why)
{
    enum err e = chan_recv(t->fd, msg, why);

    *is_mine = false;
    if (e != ERR_OK) {
        err_prefix(why, "token");
        return e;
    }
    *is_mine = seq != 0 && msg->seq == seq;
    if (*is_mine)
        return ERR_OK;
    for (struct later **at = &t->later; *at != NULL; at = &(*at)->next) {
        if ((*at)->seq != msg->seq)
            continue;
        finish_later(t, at, msg);
        break;
    }
    chan_msg_fini(msg);
    return ERR_OK;
}

static enum err
send_request(struct token *t, enum request type, struct buf *request,
             struct err_info *why)
{
    enum err e = buf_check(request, why);

    if (++t->seq == 0)
        t->seq = 1;
    if (e == ERR_OK &&
        (e = chan_send(t->fd, (uint16_t)type, t->seq, buf_view(request), NULL,
                       0, why)) != ERR_OK)
        err_prefix(why, "token");
    if (request->p != NULL)
        secret_wipe(request->p, request->n);
    buf_fini(request);
    return e;
}

static enum err
ask(struct token *t, enum request type, struct buf *request,
    struct chan_msg *msg, struct str *result, struct err_info *why)
{
    enum err e = send_request(t, type, request, why);
    uint32_t seq = t->seq;
    bool is_mine = false;

    while (e == ERR_OK && !is_mine) {
        struct pollfd p = { .fd = t->fd, .events = POLLIN };
        int n = poll(&p, 1, WAIT_MS);

        if (n == 1)
            e = take(t, seq, msg, &is_mine, why);
        else if (n == 0)
            e = err_set(why, ERR_TIMEOUT, "token: no answer in %d s",
                        WAIT_MS / 1000);
        else if (errno != EINTR)
            e = err_sys(why, "token");
    }
    if (e != ERR_OK)
        return e;
    e = chan_answer_read(msg, "token", result, why);
    if (e != ERR_OK)
        chan_msg_fini(msg);
    return e;
}

static void
begin(struct buf *request, struct str token)
{
    buf_init(request, REQUEST_MAX);
    buf_str(request, token);
}

enum err
token_start(const struct angel_conf *conf, struct token **out,
            struct err_info *why)
{
    struct token *t = calloc(1, sizeof *t);
    struct chan_msg msg;
    struct str ignored;
    struct buf request;
    int pair[2];
    pid_t pid;
    enum err e;

    if (t == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a token");
    t->later_tail = &t->later;
    e = chan_pair(pair, why);
    if (e != ERR_OK) {
        free(t);
        return e;
    }
    pid = fork();
    if (pid == 0)
        serve(conf, pair[1]);
    close(pair[1]);
    t->fd = pair[0];
    if (pid < 0) {
        e = err_sys(why, "fork");
    } else {
        begin(&request, STR(""));
        e = ask(t, ASK_HELLO, &request, &msg, &ignored, why);
    }
    if (e != ERR_OK) {
        token_stop(&t);
        return e;
    }
    chan_msg_fini(&msg);
    *out = t;
    return ERR_OK;
}

void
token_stop(struct token **token)
{
    struct token *t = *token;

    *token = NULL;
    if (t == NULL)
        return;
    for (struct later *l = t->later, *next; l != NULL; l = next) {
        next = l->next;
        free(l);
    }
    close(t->fd);
    free(t);
}

static enum err
one_result(struct token *t, enum request type, struct buf *request,
           struct buf *out, struct err_info *why)
{
    struct chan_msg msg;
    struct str result, bytes;
    struct reader in;
    enum err e = ask(t, type, request, &msg, &result, why);

    if (e != ERR_OK)
        return e;
    in = reader_of(result);
    if (reader_str(&in, 1, 4096, &bytes) && reader_at_end(&in))
        buf_add(out, bytes);
    else
        e = err_set(why, ERR_PEER, "token: malformed answer");
    chan_msg_fini(&msg);
    return e == ERR_OK ? buf_check(out, why) : e;
}

enum err
token_wrap(struct token *t, struct str label, struct str plain, struct buf *out,
           struct err_info *why)
{
    struct buf request;

    begin(&request, STR(""));
    buf_str(&request, label);
    buf_str(&request, plain);
    return one_result(t, ASK_WRAP, &request, out, why);
}

enum err
token_unwrap(struct token *t, struct str label, struct str wrapped,
             struct buf *plain, struct err_info *why)
{
    struct buf request;

    begin(&request, STR(""));
    buf_str(&request, label);
    buf_str(&request, wrapped);
    return one_result(t, ASK_UNWRAP, &request, plain, why);
}

static enum err
key_pair(struct token *t, enum request type, struct buf *request,
         struct str token, struct buf *ref, struct buf *spki,
         struct err_info *why)
{
    struct token_ref r = { .token = token };
    struct chan_msg msg;
    struct str result;
    struct reader in;
    enum err e = ask(t, type, request, &msg, &result, why);

    if (e != ERR_OK)
        return e;
    in = reader_of(result);
    if (reader_str(&in, 1, P11_ID_MAX, &r.id) &&
        reader_str(&in, 1, CERT_DER_MAX, &r.spki) && reader_at_end(&in)) {
        token_ref_put(&r, ref);
        buf_add(spki, r.spki);
    } else {
        e = err_set(why, ERR_PEER, "token: malformed answer");
    }
    chan_msg_fini(&msg);
    if (e == ERR_OK)
        e = buf_check(ref, why);
    return e == ERR_OK ? buf_check(spki, why) : e;
}

enum err
token_new_key(struct token *t, struct str token, struct str label,
              enum cert_key_kind kind, uint32_t bits, struct buf *ref,
              struct buf *spki, struct err_info *why)
{
    struct buf request;

    begin(&request, token);
    buf_str(&request, label);
    buf_u8(&request, (uint8_t)kind);
    buf_u32(&request, bits);
    return key_pair(t, ASK_NEW_KEY, &request, token, ref, spki, why);
}

enum err
token_find_key(struct token *t, struct str token, struct str label,
               struct buf *ref, struct buf *spki, struct err_info *why)
{
    struct buf request;

    begin(&request, token);
    buf_str(&request, label);
    return key_pair(t, ASK_FIND_KEY, &request, token, ref, spki, why);
}

enum err
token_delete_key(struct token *t, const struct token_ref *ref,
                 struct err_info *why)
{
    struct chan_msg msg;
    struct str ignored;
    struct buf request;
    enum err e;

    begin(&request, ref->token);
    buf_str(&request, ref->id);
    e = ask(t, ASK_DELETE, &request, &msg, &ignored, why);
    if (e == ERR_OK)
        chan_msg_fini(&msg);
    return e;
}

static void
put_sign(struct buf *request, const struct token_ref *ref, uint8_t scheme,
         uint8_t digest, uint16_t salt, struct str hash)
{
    begin(request, ref->token);
    buf_str(request, ref->id);
    buf_u8(request, scheme);
    buf_u8(request, digest);
    buf_u16(request, salt);
    buf_str(request, hash);
}

enum err
token_sign(struct token *t, const struct token_ref *ref, uint8_t scheme,
           uint8_t digest, uint16_t salt, struct str hash, struct buf *out,
           struct err_info *why)
{
    struct buf request;

    put_sign(&request, ref, scheme, digest, salt, hash);
    return one_result(t, ASK_SIGN, &request, out, why);
}

enum err
token_sign_later(struct token *t, const struct token_ref *ref, uint8_t scheme,
                 uint8_t digest, uint16_t salt, struct str hash,
                 token_done *done, void *arg, struct err_info *why)
{
    struct later *l = calloc(1, sizeof *l);
    struct buf request;
    enum err e;

    if (l == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a request");
    put_sign(&request, ref, scheme, digest, salt, hash);
    e = send_request(t, ASK_SIGN, &request, why);
    if (e != ERR_OK) {
        free(l);
        return e;
    }
    *l = (struct later){ .seq = t->seq, .done = done, .arg = arg };
    *t->later_tail = l;
    t->later_tail = &l->next;
    return ERR_OK;
}

void
token_forget(struct token *t, const void *arg)
{
    for (struct later *l = t->later; l != NULL; l = l->next)
        if (l->arg == arg)
            l->done = NULL;
}

enum err
token_ready(struct token *t, struct err_info *why)
{
    struct chan_msg msg;
    bool is_mine;

    return take(t, 0, &msg, &is_mine, why);
}
