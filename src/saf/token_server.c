#include "saf/token_private.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/filter.h"
#include "base/reader.h"
#include "base/secret.h"
#include "ipc/chan.h"
#include "ipc/keywire.h"
#include "saf/pkcs11.h"

/* --- the process -------------------------------------------------------- */

struct server {
    struct p11 *p11;
    struct str token;  /* the configured one */
    struct str so_pin; /* empty: tokens are neither made nor unmade */
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

/* --- certificates and tokens --------------------------------------------- */

static bool
read_put(struct reader *in, struct p11_put *put)
{
    return reader_str(in, 1, P11_LABEL_MAX, &put->label) &&
           reader_str(in, 1, CERT_DER_MAX, &put->der) &&
           reader_str(in, 1, CERT_DER_MAX, &put->subject) &&
           reader_str(in, 1, CERT_DER_MAX, &put->issuer) &&
           reader_str(in, 1, 256, &put->serial) &&
           reader_u8(in, &put->category) && put->category <= P11_OTHER &&
           reader_str(in, 1, P11_ID_MAX, &put->id) &&
           reader_str(in, 0, CERT_DER_MAX, &put->pkcs8) && reader_at_end(in);
}

/* A token is made and unmade by its security officer, whose PIN is not
 * everybody's; that of keys and master key is not touched. */
static enum err
change_token(struct server *s, struct str token, bool is_new,
             struct err_info *why)
{
    if (str_eq(token, s->token))
        return err_set(why, is_new ? ERR_EXISTS : ERR_DENIED,
                       "it is the token of etc/angel.conf, which holds our "
                       "keys");
    if (str_eq_z(token, P11_FREE_TOKEN))
        return err_set(why, ERR_DENIED, "this name is ours");
    if (s->so_pin.n == 0)
        return err_set(why, ERR_UNSUPPORTED,
                       "token.sopin is not set in etc/angel.conf");
    return is_new ? p11_add_token(s->p11, token, s->so_pin, why)
                  : p11_delete_token(s->p11, token, s->so_pin, why);
}

static bool
on_manage(struct server *s, struct str token, struct reader *in,
          struct buf *out, enum err *e, struct err_info *why)
{
    struct p11_put put;
    struct str id, der, label;
    struct buf spki;
    uint8_t what, with_keys;

    if (!reader_u8(in, &what))
        return false;
    switch (what) {
    case TOKEN_NAMES:
        *e = p11_list_tokens(s->p11, out, why);
        return reader_at_end(in);
    case TOKEN_ADD:
    case TOKEN_DELETE:
        *e = change_token(s, token, what == TOKEN_ADD, why);
        return reader_at_end(in);
    case TOKEN_CERTS:
        *e = p11_list_certs(s->p11, token, out, why);
        return reader_at_end(in);
    case TOKEN_BIND:
        if (!read_put(in, &put))
            return false;
        *e = p11_put_cert(s->p11, token, &put, why);
        return true;
    case TOKEN_UNBIND:
        if (!reader_str(in, 0, P11_ID_MAX, &id) ||
            !reader_str(in, 1, CERT_DER_MAX, &der) ||
            !reader_u8(in, &with_keys) || with_keys > 1 || !reader_at_end(in))
            return false;
        *e = p11_drop_cert(s->p11, token, id, der, with_keys == 1, why);
        return true;
    case TOKEN_KEY:
        if (!reader_str(in, 1, P11_ID_MAX, &id) || !reader_at_end(in))
            return false;
        buf_init(&spki, CERT_DER_MAX);
        *e = p11_public_of(s->p11, token, id, &spki, why);
        buf_str(out, buf_view(&spki));
        buf_fini(&spki);
        return true;
    case TOKEN_PUT_KEY:
        if (!reader_str(in, 1, P11_LABEL_MAX, &label) ||
            !reader_str(in, 1, P11_ID_MAX, &id) ||
            !reader_str(in, 1, CERT_DER_MAX, &der) || !reader_at_end(in))
            return false;
        *e = p11_put_key(s->p11, token, label, id, der, why);
        return true;
    default:
        return false;
    }
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
    { ASK_HELLO, on_hello },     { ASK_MANAGE, on_manage },
};

static bool
answer(struct server *s, int fd, const struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct err_info why = { 0 };
    enum err e = ERR_OK;
    struct buf result;
    struct str token;
    bool is_good = false;

    if (!reader_str(&in, 0, P11_TOKEN_MAX, &token))
        return false;
    if (token.n == 0)
        token = s->token;
    buf_init(&result, RESULT_MAX);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        if (requests[i].type == msg->type)
            is_good = requests[i].run(s, token, &in, &result, &e, &why);
    if (e == ERR_OK)
        e = buf_check(&result, &why);
    is_good = is_good && chan_answer_send(fd, msg->type, msg->seq, e, &why,
                                          buf_view(&result)) == ERR_OK;
    if (result.p != NULL)
        secret_wipe(result.p, result.n);
    buf_fini(&result);
    return is_good;
}

/* What no module needs and an attacker in it would want. */
static const struct filter_row forbidden[] = {
    FILTER_FAIL(execve, EPERM),
    FILTER_FAIL(execveat, EPERM),
    FILTER_FAIL(bpf, EPERM),
    FILTER_FAIL(open_by_handle_at, EPERM),
    FILTER_FAIL(io_uring_setup, EPERM),
    FILTER_FAIL(setuid, EPERM),
    FILTER_FAIL(setresuid, EPERM),
    FILTER_FAIL(setgid, EPERM),
    FILTER_FAIL(setresgid, EPERM),
    FILTER_FAIL(setgroups, EPERM),
};

static enum err
confine_module(const struct angel_conf *conf, struct err_info *why)
{
    const struct rlimit no_core = { 0, 0 };
    const struct filter_table more = FILTER_TABLE(forbidden);
    gid_t gid = conf->gid;

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
    return filter_forbid(&more, 1, why);
}

NORETURN void
token_serve(const struct angel_conf *conf, int fd)
{
    struct server s = { .token = conf->token, .so_pin = conf->so_pin };
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
            (void)!chan_answer_send(3, ASK_HELLO, msg.seq, e, &why, STR(""));
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
