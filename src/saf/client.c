#include "saf/client_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * One SOCK_SEQPACKET connection. While a caller waits for its own reply,
 * operator lines are handed out at once and replies of asynchronous requests
 * are held for saf_process, so that `done` never runs below another call.
 */
#define RECONNECT_MS 250u
#define FIRST_MS 1000u /* between looks for one that was never there */

void
client_arm_timer(struct saf_client *c)
{
    uint64_t now = clock_mono_ms(), at = UINT64_MAX;
    struct itimerspec when = { 0 };

    for (struct pending *p = c->pending; p != NULL; p = p->next) {
        at = p->deadline_ms < at ? p->deadline_ms : at;
        if (!p->is_sent && p->not_before_ms < at)
            at = p->not_before_ms;
        if (!p->is_sent && c->fd < 0 && c->try_ms > at)
            at = c->try_ms;
    }
    if (c->held != NULL || c->is_lost)
        at = now;
    else if (c->fd < 0 && c->views != NULL)
        at = now + (c->is_connected_once ? RECONNECT_MS : FIRST_MS);
    else if (c->fd >= 0 && view_look_ms(c) < at)
        at = view_look_ms(c);
    if (at != UINT64_MAX) {
        uint64_t in_ms = at > now ? at - now : 0;

        when.it_value.tv_sec = (time_t)(in_ms / 1000);
        when.it_value.tv_nsec = (long)(in_ms % 1000) * 1000000L + 1;
    }
    (void)timerfd_settime(c->timer, 0, &when, NULL);
}

void
client_lose(struct saf_client *c)
{
    if (c->fd < 0)
        return;
    close(c->fd); /* leaves the epoll set with it */
    c->fd = -1;
    c->is_lost = true;
    c->n_lost++;
    c->lost_ms = clock_mono_ms();
    c->try_ms = c->lost_ms + CLIENT_AGAIN_MS;
    for (struct pending *p = c->pending; p != NULL; p = p->next) {
        if (p->is_sent)
            p->not_before_ms = c->try_ms;
        p->is_sent = false;
    }
    view_lost(c);
    client_arm_timer(c);
}

/* --- replies -------------------------------------------------------------- */

/* The head every reply has; see wire.h. */
static enum err
read_head(struct str payload, struct reader *in, struct saf_rc *rc,
          struct err_info *why)
{
    struct str text;
    uint8_t e;

    *in = reader_of(payload);
    if (!reader_u8(in, &e) || e > ERR_MEMORY || !reader_u32(in, &rc->saf) ||
        !reader_u32(in, &rc->racf) || !reader_u32(in, &rc->reason) ||
        !reader_str(in, 0, ERR_TEXT_MAX, &text))
        return client_malformed(why);
    if (e != ERR_OK)
        return err_set(why, (enum err)e, STR_FMT, STR_ARG(text));
    return ERR_OK;
}

enum err
client_read_acee(struct saf_client *c, struct reader *in, struct acee **out,
                 struct err_info *why)
{
    struct str wire;

    if (!reader_str(in, 1, ACEE_WIRE_MAX, &wire))
        return client_malformed(why);
    return acee_parse(wire, c->is_connected_once ? c->seal : NULL, out, why);
}

/* A message that is nobody's reply. */
static void
take_notice(struct saf_client *c, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str text;

    switch (msg->type) {
    case WIRE_MESSAGE:
        if (reader_str(&in, 0, WIRE_LINE_MAX, &text) && c->on_message != NULL)
            c->on_message(c->message_arg, text);
        break;
    case WIRE_LINE:
        if (msg->seq == c->line_seq && c->on_line != NULL &&
            reader_str(&in, 0, WIRE_COMMAND_MAX, &text))
            c->on_line(c->line_arg, text);
        break;
    case WIRE_REFRESH:
        view_refreshed(c, msg);
        break;
    case WIRE_WAIT:
        if (c->on_wait != NULL)
            c->on_wait(c->wait_arg);
        break;
    case WIRE_READY:
        c->n_ready++;
        view_granted(c);
        break;
    default:
        break; /* of a newer angel */
    }
    chan_msg_fini(msg);
}

static bool
hold(struct saf_client *c, struct chan_msg *msg)
{
    struct held *h = malloc(sizeof *h);

    if (h == NULL)
        return false;
    *h = (struct held){ .msg = *msg };
    *c->held_tail = h;
    c->held_tail = &h->next;
    client_arm_timer(c); /* saf_fd must become readable for it */
    return true;
}

static bool
take_held(struct saf_client *c, uint32_t seq, struct chan_msg *out)
{
    for (struct held **at = &c->held; *at != NULL; at = &(*at)->next) {
        struct held *h = *at;

        if (seq != 0 && h->msg.seq != seq)
            continue;
        *out = h->msg;
        *at = h->next;
        if (c->held_tail == &h->next)
            c->held_tail = at;
        free(h);
        return true;
    }
    return false;
}

/* Wait for the reply to seq; anything else is dealt with meanwhile. */
static enum err
await(struct saf_client *c, uint32_t seq, struct chan_msg *reply,
      struct err_info *why)
{
    uint64_t deadline = clock_mono_ms() + SAF_WAIT_MS;
    unsigned n_ready = c->n_ready;

    for (;;) {
        struct pollfd p = { .fd = c->fd, .events = POLLIN };
        struct chan_msg msg;
        uint64_t now;
        enum err e;

        if (take_held(c, seq, reply))
            return ERR_OK;
        if (c->fd < 0)
            return err_set(why, ERR_PEER, "the security database went away");
        e = chan_recv(c->fd, &msg, why);
        if (e == ERR_OK) {
            if (msg.type != WIRE_REPLY) {
                take_notice(c, &msg);
            } else if (msg.seq == seq) {
                *reply = msg;
                return ERR_OK;
            } else if (!hold(c, &msg)) {
                chan_msg_fini(&msg);
                client_lose(c);
            }
            /* The front that had our request was killed. */
            if (c->is_attached && n_ready > 0 && c->n_ready != n_ready)
                return err_set(why, ERR_PEER,
                               "the security database was started again");
            deadline = clock_mono_ms() + SAF_WAIT_MS;
            continue;
        }
        if (e != ERR_AGAIN) {
            client_lose(c);
            return err_set(why, ERR_PEER, "the security database went away");
        }
        now = clock_mono_ms();
        if (now >= deadline) {
            if (!c->is_attached)
                client_lose(
                    c); /* else the master's descriptor would end the angel */
            return err_set(why, ERR_TIMEOUT,
                           "the security database did not answer in %u ms",
                           SAF_WAIT_MS);
        }
        (void)poll(&p, 1, (int)(deadline - now));
    }
}

enum err
client_send(struct saf_client *c, enum wire_type type, uint32_t seq,
            struct str payload, int fd, struct err_info *why)
{
    uint64_t deadline = clock_mono_ms() + SAF_WAIT_MS;
    enum err e;

    while ((e = chan_send(c->fd, (uint16_t)type, seq, payload, &fd,
                          fd >= 0 ? 1 : 0, why)) == ERR_AGAIN &&
           clock_mono_ms() < deadline) {
        struct pollfd p = { .fd = c->fd, .events = POLLOUT };

        (void)poll(&p, 1, 100);
    }
    if (e == ERR_OK || e == ERR_LIMIT)
        return e;
    client_lose(c);
    return err_set(why, ERR_PEER, "the security database went away");
}

/* --- requests --------------------------------------------------------------
 */

enum err
client_await(struct saf_client *c, uint32_t seq, struct chan_msg *reply,
             struct reader *out, struct saf_rc *rc, struct err_info *why)
{
    enum err e = await(c, seq, reply, why);

    if (e == ERR_OK && (e = read_head(reply->payload, out, rc, why)) != ERR_OK)
        chan_msg_fini(reply);
    return e == ERR_AGAIN
               ? err_set(why, ERR_PEER, "the security database is starting")
               : e;
}

enum err
client_exchange(struct saf_client *c, enum wire_type type, struct str payload,
                int fd, struct chan_msg *reply, struct reader *out,
                struct saf_rc *rc, struct err_info *why)
{
    uint32_t seq = c->next_seq++;
    enum err e = client_send(c, type, seq, payload, fd, why);

    return e == ERR_OK ? client_await(c, seq, reply, out, rc, why) : e;
}

enum err
client_call(struct saf_client *c, enum wire_type type, struct str payload,
            int fd, struct chan_msg *reply, struct reader *out,
            struct saf_rc *rc, struct err_info *why)
{
    enum err e = client_connect(c, why);

    *rc = SAF_RC(8, 8, 0);
    return e != ERR_OK
               ? e
               : client_exchange(c, type, payload, fd, reply, out, rc, why);
}

bool
client_is_coming_back(const struct saf_client *c)
{
    return c->is_connected_once && !c->is_attached &&
           (c->fd >= 0 || clock_mono_ms() - c->lost_ms < CLIENT_COMING_BACK_MS);
}

void
client_drop_pending(struct pending *p)
{
    if (p->request.p != NULL)
        secret_wipe(p->request.p, p->request.n);
    buf_fini(&p->request);
    free(p);
}

void
client_ask_again(struct saf_client *c)
{
    uint64_t now = clock_mono_ms();
    bool has_unsent = false;

    for (const struct pending *p = c->pending; p != NULL; p = p->next)
        has_unsent = has_unsent || !p->is_sent;
    if (!has_unsent)
        return;
    if (c->fd < 0 && now >= c->try_ms && client_connect(c, NULL) != ERR_OK)
        c->try_ms = clock_mono_ms() + CLIENT_AGAIN_MS;
    for (struct pending *p = c->pending; p != NULL && c->fd >= 0; p = p->next) {
        if (!p->is_sent && p->not_before_ms <= now)
            p->is_sent = client_send(c, p->type, p->seq, buf_view(&p->request),
                                     -1, NULL) == ERR_OK;
    }
}

/* Those whose time is over, or all. */
static void
fail_pending(struct saf_client *c, bool all)
{
    uint64_t now = clock_mono_ms();
    struct pending **at = &c->pending;

    while (*at != NULL) {
        struct pending *p = *at;
        struct err_info why = { 0 };
        bool is_lost = !p->is_sent && !client_is_coming_back(c);
        enum err e = p->is_sent && !all ? ERR_TIMEOUT : ERR_PEER;

        if (!all && !is_lost && p->deadline_ms > now) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        (void)err_set(&why, e, "the security database %s",
                      e == ERR_TIMEOUT ? "did not answer in time"
                                       : "went away");
        p->done(p->arg, e, NULL, SAF_RC(8, 8, 0), &why);
        client_drop_pending(p);
        at = &c->pending; /* done may have asked for more */
    }
}

void
client_drop_all(struct saf_client *c)
{
    struct chan_msg msg;

    fail_pending(c, true);
    while (take_held(c, 0, &msg))
        chan_msg_fini(&msg);
}

/* --- driving
 * ---------------------------------------------------------------------- */

void
saf_on_message(struct saf_client *c, void (*line)(void *arg, struct str text),
               void *arg)
{
    c->on_message = line;
    c->message_arg = arg;
}

void
saf_on_refresh(struct saf_client *c,
               void (*refreshed)(void *arg, struct str class_name), void *arg)
{
    c->on_refresh = refreshed;
    c->refresh_arg = arg;
}

void
saf_on_wait(struct saf_client *c, void (*waits)(void *arg), void *arg)
{
    c->on_wait = waits;
    c->wait_arg = arg;
}

int
saf_fd(const struct saf_client *c)
{
    return c->epoll;
}

static void
finish(struct saf_client *c, struct chan_msg *msg)
{
    for (struct pending **at = &c->pending; *at != NULL; at = &(*at)->next) {
        struct pending *p = *at;
        struct saf_rc rc = SAF_RC(8, 8, 0);
        struct err_info why = { 0 };
        struct acee *acee = NULL;
        struct reader in;
        enum err e;

        if (p->seq != msg->seq)
            continue;
        e = read_head(msg->payload, &in, &rc, &why);
        /* A front that was started again does not know yet who we are. */
        if (e == ERR_AGAIN && clock_mono_ms() < p->deadline_ms) {
            p->is_sent = false;
            p->not_before_ms = clock_mono_ms() + CLIENT_AGAIN_MS;
            return;
        }
        *at = p->next;
        if (e == ERR_OK)
            e = client_read_acee(c, &in, &acee, &why);
        p->done(p->arg, e, acee, rc, &why);
        client_drop_pending(p);
        return;
    }
}

enum err
saf_process(struct saf_client *c, struct err_info *why)
{
    struct chan_msg msg;
    uint64_t expirations;
    enum err e = ERR_OK;

    while (read(c->timer, &expirations, sizeof expirations) > 0)
        continue;
    while (take_held(c, 0, &msg)) {
        finish(c, &msg);
        chan_msg_fini(&msg);
    }
    while (c->fd >= 0 && (e = chan_recv(c->fd, &msg, why)) == ERR_OK) {
        if (msg.type != WIRE_REPLY) {
            take_notice(c, &msg);
            continue;
        }
        finish(c, &msg);
        chan_msg_fini(&msg);
    }
    if (c->fd >= 0 && e != ERR_AGAIN)
        client_lose(c);
    client_ask_again(c);
    fail_pending(c, false);
    if (c->is_lost) {
        c->is_lost = false;
        e = err_set(why, ERR_PEER, "the security database went away");
    } else {
        e = ERR_OK;
        /* Views follow refreshes, so they come back by themselves. */
        if (c->fd < 0 && c->views != NULL)
            (void)client_connect(c, NULL);
        else if (c->fd >= 0)
            view_catch_up(c);
    }
    client_arm_timer(c);
    return e;
}

void
client_tell(struct saf_client *c, enum wire_type type, struct buf *request)
{
    /* Nobody waits: when the angel is away the line is lost with it. */
    if (!request->failed && client_connect(c, NULL) == ERR_OK)
        (void)!client_send(c, type, 0, buf_view(request), -1, NULL);
}

void
saf_syslog(struct saf_client *c, struct str line)
{
    struct buf out;

    buf_init(&out, 4096);
    buf_str(&out, str_sub(line, 0, WIRE_LINE_MAX));
    client_tell(c, WIRE_SYSLOG, &out);
    buf_fini(&out);
}

enum err
saf_wait_ready(struct saf_client *c, uint32_t wait_ms, struct err_info *why)
{
    uint64_t deadline = clock_mono_ms() + wait_ms;

    while (c->n_ready == 0) {
        struct pollfd p = { .fd = c->fd, .events = POLLIN };
        uint64_t now = clock_mono_ms();

        if (c->fd < 0)
            return err_set(why, ERR_PEER, "the security database ended");
        if (now >= deadline)
            return err_set(why, ERR_TIMEOUT,
                           "the security database was not ready in %u ms",
                           wait_ms);
        (void)poll(&p, 1, (int)(deadline - now));
        (void)!saf_process(c, NULL);
    }
    return ERR_OK;
}

/* A decision the angel made itself, of a class that is not mapped here. */
enum err
saf_check_remote(struct saf_client *c, const struct acee *acee,
                 struct str class_name, struct str resource,
                 enum saf_level level, struct saf_decision *out,
                 struct err_info *why)
{
    struct chan_msg reply;
    struct saf_rc rc;
    struct reader in;
    struct buf request;
    enum err e;

    buf_init(&request, ACEE_WIRE_MAX + 4096u);
    buf_str(&request, acee == NULL ? STR("") : acee->wire);
    buf_str(&request, class_name);
    buf_str(&request, resource);
    buf_u8(&request, (uint8_t)level);
    e = client_call(c, WIRE_CHECK, buf_view(&request), -1, &reply, &in, &rc,
                    why);
    buf_fini(&request);
    if (e != ERR_OK)
        return e;
    if (!wire_read_decision(&in, out) || !reader_at_end(&in))
        e = client_malformed(why);
    chan_msg_fini(&reply);
    return e;
}
