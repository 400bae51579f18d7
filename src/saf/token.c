#include "saf/token_private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/reader.h"
#include "base/secret.h"
#include "ipc/chan.h"
#include "ipc/keywire.h"
#include "saf/pkcs11.h"

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
    struct token_aside *asides;  /* asked */
    struct token_aside *current; /* or NULL */
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
    for (struct token_aside *a = t->asides; a != NULL; a = a->p.next) {
        if (a->p.seq != msg->seq || a->has_answer)
            continue;
        a->p.msg = *msg;
        a->has_answer = true;
        return ERR_OK;
    }
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

/* --- who may not wait ---------------------------------------------------- */

void
token_use_aside(struct token *t, struct token_aside *a)
{
    t->current = a;
}

void
token_aside_fini(struct token *t, struct token_aside *a)
{
    struct token_aside **at = &t->asides;

    while (*at != NULL && *at != a)
        at = &(*at)->p.next;
    if (*at != NULL)
        *at = a->p.next;
    if (a->has_answer)
        chan_msg_fini(&a->p.msg);
    *a = (struct token_aside){ .has_answer = false };
}

int
token_asides_wait_ms(struct token *t, uint64_t now_ms)
{
    int wait_ms = -1;

    for (struct token_aside *a = t->asides; a != NULL; a = a->p.next) {
        if (a->has_answer)
            return 0;
        if (a->p.until_ms <= now_ms) {
            a->p.msg = (struct chan_msg){ .type = 0 };
            a->has_answer = true;
            return 0;
        }
        if (wait_ms < 0 || a->p.until_ms - now_ms < (uint64_t)wait_ms)
            wait_ms = (int)(a->p.until_ms - now_ms);
    }
    return wait_ms;
}

static enum err
timed_out(struct err_info *why)
{
    return err_set(why, ERR_TIMEOUT, "token: no answer in %d s",
                   WAIT_MS / 1000);
}

static enum err
ask_aside(struct token *t, enum request type, struct buf *request,
          struct chan_msg *msg, struct err_info *why)
{
    struct token_aside *a = t->current;
    enum err e;

    if (a->p.is_asked) {
        if (request->p != NULL)
            secret_wipe(request->p, request->n);
        buf_fini(request);
        REQUIRE(a->has_answer); /* it asks once */
        *msg = a->p.msg;
        a->p.msg = (struct chan_msg){ .type = 0 };
        return msg->payload.n > 0 ? ERR_OK : timed_out(why);
    }
    e = send_request(t, type, request, why);
    if (e != ERR_OK)
        return e;
    a->p.is_asked = true;
    a->p.seq = t->seq;
    a->p.until_ms = clock_mono_ms() + WAIT_MS;
    a->p.next = t->asides;
    t->asides = a;
    return err_set(why, ERR_AGAIN, "the token is at work");
}

static enum err
ask_and_wait(struct token *t, enum request type, struct buf *request,
             struct chan_msg *msg, struct err_info *why)
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
            e = timed_out(why);
        else if (errno != EINTR)
            e = err_sys(why, "token");
    }
    return e;
}

static enum err
ask(struct token *t, enum request type, struct buf *request,
    struct chan_msg *msg, struct str *result, struct err_info *why)
{
    enum err e = t->current != NULL ? ask_aside(t, type, request, msg, why)
                                    : ask_and_wait(t, type, request, msg, why);

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
        token_serve(conf, pair[1]);
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

enum err
token_manage(struct token *t, enum token_what what, struct str token,
             struct str body, struct buf *out, struct err_info *why)
{
    struct chan_msg msg;
    struct str result;
    struct buf request;
    enum err e;

    begin(&request, token);
    buf_u8(&request, (uint8_t)what);
    buf_add(&request, body);
    e = ask(t, ASK_MANAGE, &request, &msg, &result, why);
    if (e != ERR_OK)
        return e;
    buf_add(out, result);
    chan_msg_fini(&msg);
    return buf_check(out, why);
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
