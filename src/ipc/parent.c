#include "ipc/parent.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/reader.h"
#include "ipc/chan.h"
#include "ipc/parent_wire.h"

#define WAITING_MAX 64u

struct parent {
    int fd;
    int waiting_fd; /* readable while commands wait in `waiting` */
    int epoll_fd;   /* of both: what the loop watches */
    uint32_t seq;
    struct chan_msg
        waiting[WAITING_MAX]; /* came while we waited for a socket */
    unsigned n_waiting;
    struct chan_msg last; /* owns the text of the last command */
    char job_name[9];
    char job_id[9];
    char user[9];
};

static enum err
broken(struct err_info *why)
{
    return err_set(why, ERR_PEER, "the parent process broke the protocol");
}

static enum err
read_welcome(struct parent *p, struct err_info *why)
{
    struct pollfd wait = { .fd = p->fd, .events = POLLIN };
    struct str name, id, user;
    struct chan_msg msg;
    struct reader in;
    enum err e;

    if (poll(&wait, 1, 10000) != 1)
        return err_set(why, ERR_TIMEOUT, "the parent process is silent");
    e = chan_recv(p->fd, &msg, why);
    if (e != ERR_OK)
        return e;
    in = reader_of(msg.payload);
    if (msg.type != PARENT_P_WELCOME || !reader_str(&in, 0, 8, &name) ||
        !reader_str(&in, 0, 8, &id) || !reader_str(&in, 0, 8, &user) ||
        !reader_at_end(&in) || !str_copy_z(name, p->job_name, 9) ||
        !str_copy_z(id, p->job_id, 9) || !str_copy_z(user, p->user, 9))
        e = broken(why);
    chan_msg_fini(&msg);
    return e;
}

enum err
parent_attach(int fd, struct parent **out, struct err_info *why)
{
    struct parent *p = calloc(1, sizeof *p);
    struct epoll_event event = { .events = EPOLLIN };
    enum err e;

    if (p == NULL) {
        close(fd);
        return err_set(why, ERR_MEMORY, "no storage for the parent's channel");
    }
    p->fd = fd;
    p->waiting_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (p->waiting_fd < 0 || p->epoll_fd < 0 ||
        epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0 ||
        epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->waiting_fd, &event) != 0)
        e = err_sys(why, "the parent's channel");
    else
        e = read_welcome(p, why);
    if (e == ERR_OK)
        *out = p;
    else
        parent_free(&p);
    return e;
}

void
parent_free(struct parent **parent)
{
    struct parent *p = *parent;

    *parent = NULL;
    if (p == NULL)
        return;
    for (unsigned i = 0; i < p->n_waiting; i++)
        chan_msg_fini(&p->waiting[i]);
    chan_msg_fini(&p->last);
    if (p->epoll_fd >= 0)
        close(p->epoll_fd);
    if (p->waiting_fd >= 0)
        close(p->waiting_fd);
    close(p->fd);
    free(p);
}

/* The next message, waiting for it: the parent always answers. */
static enum err
receive(struct parent *p, struct chan_msg *msg, struct err_info *why)
{
    for (;;) {
        struct pollfd wait = { .fd = p->fd, .events = POLLIN };
        enum err e;

        if (poll(&wait, 1, 30000) == 0)
            return err_set(why, ERR_TIMEOUT, "the parent process is silent");
        e = chan_recv(p->fd, msg, why);
        if (e != ERR_AGAIN)
            return e;
    }
}

static enum err
take_socket(struct chan_msg *msg, int *fd, struct err_info *why)
{
    struct reader in = reader_of(msg->payload);
    struct str text;
    uint8_t code;

    if (!reader_u8(&in, &code) || code > ERR_MEMORY ||
        !reader_str(&in, 0, ERR_TEXT_MAX, &text) || !reader_at_end(&in))
        return broken(why);
    if (code != ERR_OK)
        return err_set(why, (enum err)code, STR_FMT, STR_ARG(text));
    *fd = chan_take_fd(msg, 0);
    return *fd < 0 ? broken(why) : ERR_OK;
}

static enum err
ask(struct parent *p, enum parent_message type, uint32_t seq, const char *host,
    uint16_t port, const bool *reuses, struct err_info *why)
{
    struct buf out;
    enum err e;

    buf_init(&out, 1024);
    buf_str(&out, str_of(host));
    buf_u16(&out, port);
    if (reuses != NULL)
        buf_u8(&out, *reuses);
    e = buf_check(&out, why);
    if (e == ERR_OK)
        e = chan_send(p->fd, (uint16_t)type, seq, buf_view(&out), NULL, 0, why);
    buf_fini(&out);
    return e;
}

enum err
parent_listen(struct parent *p, const char *host, uint16_t port, bool reuses,
              int *fd, struct err_info *why)
{
    uint32_t seq = ++p->seq;
    struct chan_msg msg;
    enum err e = ask(p, PARENT_W_LISTEN, seq, host, port, &reuses, why);

    while (e == ERR_OK) {
        e = receive(p, &msg, why);
        if (e != ERR_OK)
            break;
        if (msg.type == PARENT_P_LISTENING && msg.seq == seq) {
            e = take_socket(&msg, fd, why);
            chan_msg_fini(&msg);
            break;
        }
        if (msg.type != PARENT_P_COMMAND || p->n_waiting == WAITING_MAX) {
            chan_msg_fini(&msg);
            e = broken(why);
            break;
        }
        p->waiting[p->n_waiting++] = msg;
        (void)eventfd_write(p->waiting_fd, 1);
    }
    return e;
}

void
parent_release(struct parent *p, const char *host, uint16_t port)
{
    struct err_info ignored; /* a parent that is gone holds nothing */

    (void)!ask(p, PARENT_W_RELEASE, 0, host, port, NULL, &ignored);
}

static void
tell(const struct parent *p, enum parent_message type, struct str payload)
{
    struct err_info ignored; /* parent_next_command reports a lost parent */

    (void)!chan_send(p->fd, (uint16_t)type, 0, payload, NULL, 0, &ignored);
}

void
parent_ready(struct parent *p)
{
    tell(p, PARENT_W_READY, STR(""));
}

void
parent_give_up(struct parent *p, int exit_status)
{
    const char status = (char)exit_status;

    tell(p, PARENT_W_GIVE_UP, str_n(&status, 1));
}

int
parent_fd(const struct parent *p)
{
    return p->epoll_fd;
}

static bool
take_waiting(struct parent *p, struct chan_msg *msg)
{
    eventfd_t ignored;

    if (p->n_waiting == 0)
        return false;
    *msg = p->waiting[0];
    p->n_waiting--;
    memmove(p->waiting, p->waiting + 1, p->n_waiting * sizeof *p->waiting);
    if (p->n_waiting == 0)
        (void)eventfd_read(p->waiting_fd, &ignored);
    return true;
}

enum err
parent_next_command(struct parent *p, struct parent_command *out,
                    struct err_info *why)
{
    struct reader in;
    uint8_t verb;

    chan_msg_fini(&p->last);
    if (!take_waiting(p, &p->last)) {
        struct pollfd wait = { .fd = p->fd, .events = POLLIN };
        enum err e;

        if (poll(&wait, 1, 0) == 0)
            return err_set(why, ERR_AGAIN, "no command waits");
        e = chan_recv(p->fd, &p->last, why);
        if (e != ERR_OK)
            return e;
    }
    in = reader_of(p->last.payload);
    if (p->last.type != PARENT_P_COMMAND || !reader_u8(&in, &verb) ||
        verb > PARENT_FORCE || !reader_u32(&in, &out->id) ||
        !reader_str(&in, 0, PARENT_TEXT_MAX, &out->text) || !reader_at_end(&in))
        return broken(why);
    out->verb = (enum parent_verb)verb;
    return ERR_OK;
}

void
parent_reply(struct parent *p, uint32_t id, struct str line)
{
    struct buf out;

    buf_init(&out, PARENT_TEXT_MAX + 64);
    buf_u32(&out, id);
    buf_str(&out, str_sub(line, 0, PARENT_TEXT_MAX));
    tell(p, PARENT_W_REPLY, buf_view(&out));
    buf_fini(&out);
}

void
parent_reply_end(struct parent *p, uint32_t id, bool is_done)
{
    struct buf out;

    buf_init(&out, 64);
    buf_u32(&out, id);
    buf_u8(&out, is_done);
    tell(p, PARENT_W_REPLY_END, buf_view(&out));
    buf_fini(&out);
}

static void
tell_line(struct parent *p, enum parent_message type, struct str line)
{
    struct buf out;

    buf_init(&out, PARENT_TEXT_MAX + 64);
    buf_str(&out, str_sub(line, 0, PARENT_TEXT_MAX));
    tell(p, type, buf_view(&out));
    buf_fini(&out);
}

void
parent_wto(struct parent *p, struct str line)
{
    tell_line(p, PARENT_W_WTO, line);
}

void
parent_hard_copy(struct parent *p, struct str line)
{
    tell_line(p, PARENT_W_HARD_COPY, line);
}

const char *
parent_job_name(const struct parent *p)
{
    return p->job_name;
}

const char *
parent_job_id(const struct parent *p)
{
    return p->job_id;
}

const char *
parent_user(const struct parent *p)
{
    return p->user;
}
