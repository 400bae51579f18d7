#include "keeper_channels.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/secret.h"
#include "ipc/chan.h"

#define REQUESTS_A_TURN 4u

static struct channel {
    int fd;
    uint32_t uid;
    struct channel_key *keys;
    size_t n_keys;
    /* An answer its client had no room for, or the token has not given yet;
     * nothing is read meanwhile. */
    bool is_waiting, is_at_token;
    uint32_t seq;
    struct buf answer;
} * channels[KEY_CHANNELS_MAX];
static size_t n_channels;
static struct token *token;

void
channels_use_token(struct token *t)
{
    token = t;
}

void
channel_key_fini(struct channel_key *key)
{
    EVP_PKEY_CTX_free(key->signing);
    key->signing = NULL;
    EVP_PKEY_free(key->key);
    key->key = NULL;
    buf_fini(&key->ref);
}

static void
free_keys(struct channel_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        channel_key_fini(&keys[i]);
    free(keys);
}

enum err
channels_add(int fd, uint32_t uid, struct channel_key *keys, size_t n,
             struct err_info *why)
{
    struct channel *c = NULL;
    size_t same = 0;

    for (size_t i = 0; i < n_channels; i++)
        same += channels[i]->uid == uid;
    if (n_channels < KEY_CHANNELS_MAX &&
        (uid == 0 || same < KEY_CHANNELS_PER_UID))
        c = calloc(1, sizeof *c);
    if (c == NULL) {
        chan_close(fd);
        free_keys(keys, n);
        return err_set(why, ERR_LIMIT, "uid %u has %zu key channels open", uid,
                       same);
    }
    c->fd = fd;
    c->uid = uid;
    c->keys = keys;
    c->n_keys = n;
    buf_init(&c->answer, 4096);
    channels[n_channels++] = c;
    return ERR_OK;
}

size_t
channels_poll(struct pollfd *p, size_t cap)
{
    size_t n = n_channels < cap ? n_channels : cap;

    for (size_t i = 0; i < n; i++) {
        p[i].fd = channels[i]->fd;
        p[i].events = channels[i]->is_at_token  ? 0
                      : channels[i]->is_waiting ? POLLOUT
                                                : POLLIN;
        p[i].revents = 0;
    }
    return n;
}

/* False: the channel ends. */
static bool
send_answer(struct channel *c)
{
    enum err e = chan_send(c->fd, KEY_REPLY, c->seq, buf_view(&c->answer), NULL,
                           0, NULL);

    c->is_waiting = e == ERR_AGAIN;
    return e == ERR_OK || e == ERR_AGAIN;
}

static bool
answer(struct channel *c, enum err e, struct str result,
       const struct err_info *why)
{
    buf_clear(&c->answer);
    buf_u8(&c->answer, (uint8_t)e);
    buf_str(&c->answer, e == ERR_OK ? result : str_of(why->text));
    return !c->answer.failed && send_answer(c);
}

/* A peer that is gone shows at the next poll. */
static void
token_answered(void *arg, enum err e, struct str result,
               const struct err_info *why)
{
    struct channel *c = arg;

    c->is_at_token = false;
    (void)!answer(c, e, result, why);
}

static enum err
ask_token(struct channel *c, const struct channel_later *later,
          struct err_info *why)
{
    struct token_ref ref;

    if (token == NULL || !token_ref_read(buf_view(&later->key->ref), &ref))
        return err_set(why, ERR_UNSUPPORTED, "there is no token");
    return token_sign_later(token, &ref, later->scheme, later->digest,
                            later->salt, later->hash, token_answered, c, why);
}

static bool
serve_one(struct channel *c)
{
    struct channel_later later;
    unsigned char result[KEY_RESULT_MAX];
    struct err_info why = { 0 };
    struct chan_msg msg;
    enum err e = chan_recv(c->fd, &msg, NULL);
    size_t n = 0;
    bool is_good;

    if (e != ERR_OK)
        return e == ERR_AGAIN;
    is_good = channel_answer(msg.type, msg.payload, c->keys, c->n_keys, result,
                             &n, &later, &e, &why);
    c->seq = msg.seq;
    if (is_good && later.key != NULL) {
        e = ask_token(c, &later, &why);
        c->is_at_token = e == ERR_OK;
    }
    chan_msg_fini(&msg);
    if (!is_good) {
        log_warn("uid %u: a malformed request ended a key channel", c->uid);
        return false;
    }
    if (c->is_at_token)
        return true;
    is_good = answer(c, e, str_n(result, n), &why);
    secret_wipe(result, n);
    return is_good;
}

static bool
serve(struct channel *c)
{
    if (c->is_at_token)
        return false; /* only its end is waited for */
    if (c->is_waiting && (!send_answer(c) || c->is_waiting))
        return c->is_waiting;
    for (unsigned i = 0;
         i < REQUESTS_A_TURN && !c->is_waiting && !c->is_at_token; i++) {
        struct pollfd p = { .fd = c->fd, .events = POLLIN };

        if (i > 0 && poll(&p, 1, 0) != 1)
            break;
        if (!serve_one(c))
            return false;
    }
    return true;
}

void
channels_serve(const struct pollfd *p, size_t n)
{
    /* Backwards: the last one takes the place of one that ends. */
    for (size_t i = n; i-- > 0;) {
        struct channel *c = channels[i];

        if (p[i].revents == 0 || serve(c))
            continue;
        if (c->is_at_token)
            token_forget(token, c);
        chan_close(c->fd);
        free_keys(c->keys, c->n_keys);
        buf_fini(&c->answer);
        free(c);
        channels[i] = channels[--n_channels];
    }
}
