/* Coming to the front, as whoever we are, and leaving it. */
#include "saf/client_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

/* Reply of HELLO and LOGON: who we are, and the seal's key. */
static enum err
take_identity(struct saf_client *c, struct reader *in, struct err_info *why)
{
    struct str wire, key;
    struct acee *self;
    enum err e;

    if (!reader_str(in, 1, ACEE_WIRE_MAX, &wire) ||
        !reader_take(in, ACEE_KEY_BYTES, &key) || !reader_at_end(in))
        return client_malformed(why);
    e = acee_parse(wire, (const unsigned char *)key.p, &self, why);
    if (e != ERR_OK)
        return e;
    memcpy(c->seal, key.p, key.n);
    c->is_connected_once = true;
    acee_unref(&c->self);
    c->self = self;
    return ERR_OK;
}

static enum err
open_socket(struct saf_client *c, struct err_info *why)
{
    struct epoll_event ev = { .events = EPOLLIN };
    struct arena a;
    char *path;
    enum err e;

    arena_init(&a, 8192);
    path = root_path(&a, "%s", WIRE_SOCKET);
    e = path == NULL ? err_set(why, ERR_MEMORY, "no storage")
                     : chan_connect(path, &c->fd, why);
    arena_fini(&a);
    if (e != ERR_OK) {
        c->fd = -1;
        err_prefix(why, "the security database is not available");
        return ERR_PEER;
    }
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0 ||
        epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->fd, &ev) != 0) {
        e = err_sys(why, "connection to the security database");
        close(c->fd);
        c->fd = -1;
    }
    return e;
}

enum err
client_connect(struct saf_client *c, struct err_info *why)
{
    struct buf hello;
    struct chan_msg reply;
    struct reader in;
    struct saf_rc rc;
    enum err e;

    if (c->fd >= 0)
        return ERR_OK;
    if (c->is_logged_on) /* we would be whoever our uid is */
        return err_set(why, ERR_DENIED,
                       "the security database was started again and knows %s "
                       "no longer: log on again",
                       c->self->user);
    e = open_socket(c, why);
    if (e != ERR_OK)
        return e;
    buf_init(&hello, WIRE_TOKEN_MAX + 64);
    buf_u32(&hello, WIRE_VERSION);
    buf_str(&hello, buf_view(&c->token));
    if (c->is_as) {
        buf_str(&hello, str_of(c->as_user));
        buf_u32(&hello, c->as_uid);
    }
    e = client_exchange(c, WIRE_HELLO, buf_view(&hello), -1, &reply, &in, &rc,
                        why);
    if (e == ERR_OK) {
        e = take_identity(c, &in, why);
        chan_msg_fini(&reply);
    }
    secret_wipe(hello.p, hello.n);
    buf_fini(&hello);
    if (e == ERR_OK)
        e = view_reopen(c, why);
    if (e == ERR_OK)
        view_give_ring(c);
    if (e != ERR_OK)
        client_lose(c);
    client_arm_timer(c);
    return e;
}

static enum err
client_new(struct str token, struct saf_client **out, struct err_info *why)
{
    struct epoll_event ev = { .events = EPOLLIN };
    struct saf_client *c = calloc(1, sizeof *c);

    if (c == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    c->fd = -1;
    c->next_seq = 1;
    c->held_tail = &c->held;
    buf_init(&c->token, WIRE_TOKEN_MAX);
    buf_add(&c->token, token);
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (c->epoll < 0 || c->timer < 0 ||
        epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->timer, &ev) != 0 ||
        c->token.failed) {
        enum err e = c->token.failed
                         ? err_set(why, ERR_LIMIT, "job token too long")
                         : err_sys(why, "saf_connect");

        saf_disconnect(&c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

enum err
saf_connect(struct str token, struct saf_client **out, struct err_info *why)
{
    struct saf_client *c;
    enum err e = client_new(token, &c, why);

    if (e != ERR_OK)
        return e;
    e = client_connect(c, why);
    if (e == ERR_OK)
        *out = c;
    else
        saf_disconnect(&c);
    return e;
}

enum err
saf_connect_later(struct str token, struct saf_client **out,
                  struct err_info *why)
{
    struct saf_client *c;
    enum err e = client_new(token, &c, why);

    if (e != ERR_OK)
        return e;
    e = client_connect(c, why);
    if (e == ERR_MEMORY) {
        saf_disconnect(&c);
        return e;
    }
    c->is_lost = false; /* nobody has asked for anything */
    *out = c;
    return ERR_OK;
}

enum err
saf_connect_as(struct str user, uint32_t uid, struct saf_client **out,
               struct err_info *why)
{
    struct saf_client *c;
    enum err e = client_new(STR(""), &c, why);

    if (e != ERR_OK)
        return e;
    c->is_as = true;
    c->as_uid = uid;
    if (!str_copy_z(user, c->as_user, sizeof c->as_user))
        e = err_set(why, ERR_RANGE, "\"" STR_FMT "\" is no user ID",
                    STR_ARG(user));
    if (e == ERR_OK)
        e = client_connect(c, why);
    if (e == ERR_OK)
        *out = c;
    else
        saf_disconnect(&c);
    return e;
}

enum err
saf_attach(int fd, struct saf_client **out, struct err_info *why)
{
    struct epoll_event ev = { .events = EPOLLIN };
    struct saf_client *c;
    enum err e = client_new(STR(""), &c, why);

    if (e != ERR_OK)
        return e;
    c->fd = fd;
    c->is_attached = true;
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) {
        e = err_sys(why, "descriptor of the security database");
        c->fd = -1;
        saf_disconnect(&c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

enum err
saf_open(struct saf_client **out, struct err_info *why)
{
    struct saf_client *c;
    enum err e = client_new(STR(""), &c, why);

    if (e != ERR_OK)
        return e;
    e = open_socket(c, why);
    if (e == ERR_OK)
        *out = c;
    else
        saf_disconnect(&c);
    return e;
}

void
saf_disconnect(struct saf_client **client)
{
    struct saf_client *c = *client;

    if (c == NULL)
        return;
    view_forget(c);
    ring_fini(&c->ring);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    client_drop_all(c);
    if (c->epoll >= 0)
        close(c->epoll);
    if (c->timer >= 0)
        close(c->timer);
    if (c->token.p != NULL)
        secret_wipe(c->token.p, c->token.n);
    buf_fini(&c->token);
    acee_unref(&c->self);
    free(c);
    *client = NULL;
}

const struct acee *
saf_self(const struct saf_client *c)
{
    return c->self;
}

const unsigned char *
saf_seal_key(const struct saf_client *c)
{
    return c->seal;
}

/* "PTS3" of /dev/pts/3: the port of entry of a person; "" without one. */
static void
terminal_name(char out[WIRE_TERMINAL_MAX + 1])
{
    char path[64];
    size_t n = 0;

    out[0] = '\0';
    if (ttyname_r(STDIN_FILENO, path, sizeof path) != 0 &&
        ttyname_r(STDERR_FILENO, path, sizeof path) != 0)
        return;
    for (const char *p = path + strlen("/dev/");
         strlen(path) > strlen("/dev/") && *p != '\0' && n < WIRE_TERMINAL_MAX;
         p++) {
        if (*p != '/')
            out[n++] = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    out[n] = '\0';
}

enum err
saf_logon(struct saf_client *c, struct str user, struct str password,
          struct str fresh, struct saf_rc *rc, struct err_info *why)
{
    char terminal[WIRE_TERMINAL_MAX + 1];
    struct chan_msg reply;
    struct reader in;
    struct buf out;
    enum err e;

    buf_init(&out, 4096);
    buf_str(&out, user);
    buf_str(&out, password);
    buf_str(&out, fresh);
    terminal_name(terminal);
    buf_str(&out, str_of(terminal));
    e = client_call(c, WIRE_LOGON, buf_view(&out), -1, &reply, &in, rc, why);
    if (out.p != NULL)
        secret_wipe(out.p, out.n);
    buf_fini(&out);
    if (e != ERR_OK)
        return e;
    e = take_identity(c, &in, why);
    c->is_logged_on = c->is_logged_on || e == ERR_OK;
    chan_msg_fini(&reply);
    return e;
}
