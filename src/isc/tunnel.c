#include "isc/tunnel.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/stream.h"
#include "isc/link.h"

#define READ_CHUNK (64u * 1024u)
#define OUT_HIGH (256u * 1024u) /* then local senders wait */
#define KEEP_MAX                                                               \
    (256u * 1024u) /* storage kept once a large frame is through               \
                    */

struct tunnel_session {
    struct isc_tunnel *tunnel;
    struct loop_fd watch;
    uint16_t number;
};

struct isc_tunnel {
    struct loop *loop;
    enum isc_side side;
    struct stream stream;
    struct loop_fd control; /* fd -1 until attached */
    struct tunnel_session *sessions[ISC_SESSIONS_MAX + 1]; /* by number */
    struct buf in;    /* one frame of the stream, as far as it came */
    struct buf out;   /* for the stream */
    size_t out_done;  /* of it, written */
    struct buf frame; /* a frame in its other form */
    struct isc_packet packet;
    struct isc_req *req;
    struct isc_rsp *rsp;
    struct isc_tunnel_events events;
    struct loop_post end;
    bool was_open, is_bound, is_paused, is_ended;
};

/* Which frames the stream may bring to which side. */
#define IN(type) (1u << (type))
static const unsigned accepted[] = {
    [ISC_REGION_SIDE] = IN(ISC_HELLO) | IN(ISC_PING) | IN(ISC_BYE) |
                        IN(ISC_REQ) | IN(ISC_CANCEL),
    [ISC_CLIENT_SIDE] = IN(ISC_HELLO_ACK) | IN(ISC_HELLO_NAK) |
                        IN(ISC_SESSION) | IN(ISC_PONG) | IN(ISC_BYE) |
                        IN(ISC_RSP),
};
#define OF_SESSION (IN(ISC_REQ) | IN(ISC_CANCEL) | IN(ISC_RSP))

/* --- the end --------------------------------------------------------------*/

static void
close_local(struct isc_tunnel *t, struct loop_fd *watch)
{
    if (watch->fd < 0)
        return;
    loop_remove(t->loop, watch);
    close(watch->fd);
    watch->fd = -1;
}

static void
close_all(struct isc_tunnel *t)
{
    close_local(t, &t->control);
    for (size_t i = 0; i < ARRAY_LEN(t->sessions); i++)
        if (t->sessions[i] != NULL)
            close_local(t, &t->sessions[i]->watch);
    stream_fini(&t->stream);
}

static void
free_now(struct loop_post *post)
{
    struct isc_tunnel *t = CONTAINER_OF(post, struct isc_tunnel, end);

    for (size_t i = 0; i < ARRAY_LEN(t->sessions); i++)
        free(t->sessions[i]);
    buf_fini(&t->in);
    buf_fini(&t->out);
    buf_fini(&t->frame);
    isc_packet_fini(&t->packet);
    free(t->req);
    free(t->rsp);
    free(t);
}

void
isc_tunnel_free(struct isc_tunnel **at)
{
    struct isc_tunnel *t = *at;

    if (t == NULL)
        return;
    *at = NULL;
    if (!t->is_ended)
        close_all(t);
    t->is_ended = true;
    /* Its stream or a watch of its may be on the stack. */
    t->end.run = free_now;
    loop_defer(t->loop, &t->end);
}

bool
isc_tunnel_is_bound(const struct isc_tunnel *t)
{
    return t->is_bound;
}

static void
end(struct isc_tunnel *t, const char *reason)
{
    if (t->is_ended)
        return;
    t->is_ended = true;
    close_all(t);
    t->events.on_closed(t->events.arg, reason);
}

/* --- to the stream --------------------------------------------------------*/

/* A large frame's storage does not stay with an idle partner. */
static void
reset(struct buf *buf)
{
    size_t max = buf->max;

    if (buf->cap <= KEEP_MAX) {
        buf_clear(buf);
        return;
    }
    buf_fini(buf);
    buf_init(buf, max);
}

static void
hold_back(struct isc_tunnel *t, bool is_paused)
{
    unsigned wanted = is_paused ? 0 : LOOP_READ;

    if (t->is_paused == is_paused)
        return;
    t->is_paused = is_paused;
    for (size_t i = 0; i < ARRAY_LEN(t->sessions); i++)
        if (t->sessions[i] != NULL)
            loop_want(t->loop, &t->sessions[i]->watch, wanted);
    if (t->control.fd >= 0)
        loop_want(t->loop, &t->control, wanted);
}

static void
flush(struct isc_tunnel *t)
{
    if (!t->stream.is_open || t->is_ended)
        return;
    while (t->out_done < t->out.n) {
        size_t n = 0;
        enum err e = stream_write(&t->stream, t->out.p + t->out_done,
                                  t->out.n - t->out_done, &n);

        if (e == ERR_AGAIN)
            break;
        if (e != ERR_OK) {
            end(t, "the partner closed the connection");
            return;
        }
        t->out_done += n;
    }
    if (t->out_done == t->out.n) {
        reset(&t->out);
        t->out_done = 0;
    }
    hold_back(t, t->out.n - t->out_done > OUT_HIGH);
}

/* The packet that a local descriptor brought, with its areas inline. */
static enum err
add_flat(struct isc_tunnel *t, const struct isc_head *head,
         struct err_info *why)
{
    struct str bytes = buf_view(&t->packet.bytes);
    struct isc_head ignored;
    unsigned n_fds;
    enum err e;

    if (head->type == ISC_REQ) {
        e = isc_req_read(bytes, t->packet.n_fds, &ignored, t->req, why);
        if (e == ERR_OK)
            e = isc_areas_map(t->req->areas, t->req->n_areas, &t->packet, why);
        if (e != ERR_OK)
            return e;
        e = isc_req_write(&t->out, head->session, head->sequence, t->req, NULL,
                          &n_fds, why);
        isc_areas_unmap(t->req->areas, t->req->n_areas);
        return e;
    }
    e = isc_rsp_read(bytes, t->packet.n_fds, &ignored, t->rsp, why);
    if (e == ERR_OK)
        e = isc_areas_map(t->rsp->areas, t->rsp->n_areas, &t->packet, why);
    if (e != ERR_OK)
        return e;
    e = isc_rsp_write(&t->out, head->session, head->sequence, t->rsp, NULL,
                      &n_fds, why);
    isc_areas_unmap(t->rsp->areas, t->rsp->n_areas);
    return e;
}

static void on_session(struct loop_fd *watch, unsigned events);

/* A session's local end; the tunnel's from here on, also when this fails. */
static enum err
add_session(struct isc_tunnel *t, uint16_t number, int fd, struct err_info *why)
{
    struct tunnel_session *s;
    enum err e;

    if (number == 0 || number > ISC_SESSIONS_MAX ||
        t->sessions[number] != NULL) {
        close(fd);
        return err_set(why, ERR_SYNTAX, "session %u is there twice or not 1-%u",
                       number, ISC_SESSIONS_MAX);
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        close(fd);
        return err_set(why, ERR_MEMORY, "no storage for a session");
    }
    *s = (struct tunnel_session){ .tunnel = t,
                                  .watch = { .fd = fd, .on_event = on_session },
                                  .number = number };
    e = loop_add(t->loop, &s->watch, LOOP_READ, why);
    if (e != ERR_OK) {
        close(fd);
        free(s);
        return e;
    }
    t->sessions[number] = s;
    return ERR_OK;
}

/* number: of the session it came from, 0 the control connection. */
static enum err
from_local(struct isc_tunnel *t, struct loop_fd *watch, uint16_t number,
           struct err_info *why)
{
    enum err e = isc_recv(watch->fd, false, &t->packet, why);
    struct isc_head head;

    if (e == ERR_OK)
        e = isc_head_read(buf_view(&t->packet.bytes), &head, why);
    if (e != ERR_OK)
        return e;
    if (t->side == ISC_REGION_SIDE && number == 0 && head.type == ISC_SESSION) {
        if (t->packet.n_fds != 1)
            return err_set(why, ERR_SYNTAX, "SESSION without its descriptor");
        t->packet.n_fds = 0;
        e = add_session(t, head.session, t->packet.fds[0], why);
    } else if (number != 0) {
        head.session = number;
        t->packet.bytes.p[6] = (char)(number >> 8);
        t->packet.bytes.p[7] = (char)number;
    }
    if (e != ERR_OK)
        return e;
    t->is_bound = t->is_bound || head.type == ISC_HELLO_ACK;
    if (t->packet.n_fds > 0)
        e = add_flat(t, &head, why);
    else
        buf_add(&t->out, buf_view(&t->packet.bytes));
    return e == ERR_OK ? buf_check(&t->out, why) : e;
}

static void
on_local(struct isc_tunnel *t, struct loop_fd *watch, uint16_t number)
{
    struct err_info why;
    enum err e = from_local(t, watch, number, &why);

    isc_packet_close_fds(&t->packet);
    if (e == ERR_OK)
        flush(t);
    else if (e != ERR_AGAIN)
        end(t, why.text);
}

static void
on_session(struct loop_fd *watch, unsigned events)
{
    struct tunnel_session *s =
        CONTAINER_OF(watch, struct tunnel_session, watch);

    (void)events;
    on_local(s->tunnel, watch, s->number);
}

static void
on_control(struct loop_fd *watch, unsigned events)
{
    (void)events;
    on_local(CONTAINER_OF(watch, struct isc_tunnel, control), watch, 0);
}

/* --- from the stream ------------------------------------------------------*/

/* A frame too large for a packet: large areas go into memfds again. */
static enum err
send_packed(struct isc_tunnel *t, int fd, const struct isc_head *head,
            struct err_info *why)
{
    struct str bytes = buf_view(&t->in);
    struct isc_head ignored;
    int fds[ISC_FDS_MAX];
    unsigned n_fds = 0;
    enum err e;

    buf_clear(&t->frame);
    if (head->type == ISC_REQ) {
        e = isc_req_read(bytes, 0, &ignored, t->req, why);
        if (e == ERR_OK)
            e = isc_req_write(&t->frame, head->session, head->sequence, t->req,
                              fds, &n_fds, why);
    } else {
        e = isc_rsp_read(bytes, 0, &ignored, t->rsp, why);
        if (e == ERR_OK)
            e = isc_rsp_write(&t->frame, head->session, head->sequence, t->rsp,
                              fds, &n_fds, why);
    }
    if (e == ERR_OK)
        e = isc_send(fd, buf_view(&t->frame), fds, n_fds, why);
    while (n_fds > 0)
        close(fds[--n_fds]);
    return e;
}

/* The region granted a session: our neighbour gets the other end of a pair. */
static enum err
pass_session(struct isc_tunnel *t, uint16_t number, struct err_info *why)
{
    int fds[2];
    enum err e = isc_pair(fds, why);

    if (e != ERR_OK)
        return e;
    e = add_session(t, number, fds[0], why);
    if (e == ERR_OK)
        e = isc_send(t->control.fd, buf_view(&t->in), &fds[1], 1, why);
    close(fds[1]);
    return e;
}

static enum err
to_local(struct isc_tunnel *t, const struct isc_head *head,
         struct err_info *why)
{
    int fd = t->control.fd;

    if (head->type == ISC_SESSION)
        return pass_session(t, head->session, why);
    if ((IN(head->type) & OF_SESSION) != 0) {
        if (head->session > ISC_SESSIONS_MAX ||
            t->sessions[head->session] == NULL)
            return err_set(why, ERR_SYNTAX, "session %u is not there",
                           head->session);
        fd = t->sessions[head->session]->watch.fd;
    }
    t->is_bound = t->is_bound || head->type == ISC_HELLO_ACK;
    if (t->in.n <= ISC_FRAME_MAX)
        return isc_send(fd, buf_view(&t->in), NULL, 0, why);
    if (head->type != ISC_REQ && head->type != ISC_RSP)
        return err_set(why, ERR_SYNTAX, "frame type %u of %zu bytes",
                       head->type, t->in.n);
    return send_packed(t, fd, head, why);
}

/* How many bytes the frame that begins in t->in has in all. */
static enum err
frame_bytes(struct isc_tunnel *t, struct isc_head *head, size_t *out,
            struct err_info *why)
{
    size_t max = t->is_bound ? ISC_STREAM_MAX : ISC_HELLO_MAX;
    enum err e;

    *out = ISC_HEAD_BYTES;
    if (t->in.n < ISC_HEAD_BYTES)
        return ERR_OK;
    e = isc_head_read(buf_view(&t->in), head, why);
    if (e != ERR_OK)
        return e;
    if ((IN(head->type) & accepted[t->side]) == 0)
        return err_set(why, ERR_SYNTAX, "frame type %u is not expected here",
                       head->type);
    if (head->length > max - ISC_HEAD_BYTES)
        return err_set(why, ERR_LIMIT, "a frame of %u bytes, at most %zu",
                       head->length, max - ISC_HEAD_BYTES);
    *out += head->length;
    return ERR_OK;
}

/* Hand over what is complete. */
static enum err
take(struct isc_tunnel *t, struct str bytes, struct err_info *why)
{
    while (bytes.n > 0) {
        struct isc_head head = { 0 };
        size_t whole, n;
        enum err e = frame_bytes(t, &head, &whole, why);

        if (e != ERR_OK)
            return e;
        n = whole - t->in.n < bytes.n ? whole - t->in.n : bytes.n;
        buf_add(&t->in, str_sub(bytes, 0, n));
        bytes = str_sub(bytes, n, bytes.n);
        if ((e = buf_check(&t->in, why)) != ERR_OK ||
            (e = frame_bytes(t, &head, &whole, why)) != ERR_OK)
            return e;
        if (t->in.n < whole)
            continue;
        e = to_local(t, &head, why);
        if (e == ERR_AGAIN)
            (void)err_set(why, ERR_SYNTAX,
                          "more requests on a session than it may have");
        if (e != ERR_OK)
            return e;
        reset(&t->in);
    }
    return ERR_OK;
}

static void
read_stream(struct isc_tunnel *t)
{
    static _Thread_local char chunk[READ_CHUNK];
    struct err_info why;

    while (!t->is_ended && t->stream.is_open && t->control.fd >= 0) {
        size_t n;
        enum err e = stream_read(&t->stream, chunk, sizeof chunk, &n);

        if (e == ERR_AGAIN)
            return;
        if (e != ERR_OK) {
            end(t, "the partner closed the connection");
            return;
        }
        if (take(t, str_n(chunk, n), &why) != ERR_OK)
            end(t, why.text);
    }
}

static void
tell_open(struct isc_tunnel *t)
{
    unsigned char *der = NULL;
    size_t n = 0;

    t->was_open = true;
    if (stream_peer_certificate(&t->stream, &der, &n) != ERR_OK) {
        end(t, "no storage for the partner's certificate");
        return;
    }
    t->events.on_open(t->events.arg, str_n((char *)der, n));
    free(der);
}

static void
on_ready(struct stream *stream)
{
    struct isc_tunnel *t = CONTAINER_OF(stream, struct isc_tunnel, stream);
    struct err_info why;
    enum err e;

    if (t->is_ended)
        return;
    if (!stream->is_open) {
        e = stream_handshake(stream, &why);
        if (e == ERR_AGAIN)
            return;
        if (e != ERR_OK) {
            end(t, why.text);
            return;
        }
    }
    if (!t->was_open)
        tell_open(t);
    flush(t);
    read_stream(t);
}

/* --- the beginning --------------------------------------------------------*/

enum err
isc_tunnel_new(struct loop *loop, enum isc_side side, int fd,
               struct tls_config *tls, struct str sni,
               const struct isc_tunnel_events *events, struct isc_tunnel **out,
               struct err_info *why)
{
    struct isc_tunnel *t = calloc(1, sizeof *t);
    enum err e;

    if (t == NULL) {
        close(fd);
        return err_set(why, ERR_MEMORY, "no storage for a link");
    }
    t->loop = loop;
    t->side = side;
    t->events = *events;
    t->control = (struct loop_fd){ .fd = -1, .on_event = on_control };
    buf_init(&t->in, ISC_STREAM_MAX);
    buf_init(&t->out, 2u * ISC_STREAM_MAX);
    buf_init(&t->frame, ISC_FRAME_MAX);
    isc_packet_init(&t->packet);
    t->req = calloc(1, sizeof *t->req);
    t->rsp = calloc(1, sizeof *t->rsp);
    e = t->req == NULL || t->rsp == NULL
            ? err_set(why, ERR_MEMORY, "no storage for a link")
            : stream_init(&t->stream, loop, fd, side == ISC_REGION_SIDE, tls,
                          sni, on_ready, why);
    if (e != ERR_OK) {
        close(fd);
        free_now(&t->end);
        return e;
    }
    *out = t;
    return ERR_OK;
}

enum err
isc_tunnel_attach(struct isc_tunnel *t, int control, struct err_info *why)
{
    enum err e;

    REQUIRE(t->control.fd < 0 && !t->is_ended);
    t->control.fd = control;
    e = loop_add(t->loop, &t->control, LOOP_READ, why);
    if (e != ERR_OK) {
        close(control);
        t->control.fd = -1;
        return e;
    }
    if (t->was_open)
        read_stream(t); /* what came meanwhile: no further edge tells of it */
    return ERR_OK;
}
