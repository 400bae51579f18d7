/*
 * Tunnels: the test plays what stands around them, the network as a stream
 * socket, the neighbour as the control connection.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/test.h"
#include "isc/link.h"
#include "isc/tunnel.h"

struct world {
    struct loop *loop;
    struct isc_tunnel *tunnel;
    int network;               /* our end of the stream */
    int control;               /* our end of the local connection */
    int far_end;               /* the tunnel's, until it is attached */
    bool is_open;              /* on_open ran */
    char reason[ERR_TEXT_MAX]; /* of on_closed */
    struct loop_timer idle;
};

static void
on_open(void *arg, struct str certificate)
{
    struct world *w = arg;
    struct err_info why;

    assert_int_equal(certificate.n, 0);
    w->is_open = true;
    if (isc_tunnel_attach(w->tunnel, w->far_end, &why) != ERR_OK)
        fail_msg("%s", why.text);
    w->far_end = -1;
}

static void
on_closed(void *arg, const char *reason)
{
    struct world *w = arg;

    (void)snprintf(w->reason, sizeof w->reason, "%s", reason);
    isc_tunnel_free(&w->tunnel);
}

static void
on_idle(struct loop_timer *timer)
{
    loop_stop(CONTAINER_OF(timer, struct world, idle)->loop);
}

/* Until everything that is there has been dealt with: events of a turn run
 * before its timers. */
static void
settle(struct world *w)
{
    for (int i = 0; i < 4; i++) {
        loop_timer_set(w->loop, &w->idle, 0);
        loop_run(w->loop);
    }
}

static void
world_init(struct world *w, enum isc_side side)
{
    const struct isc_tunnel_events events = { on_open, on_closed, w };
    struct err_info why;
    int stream[2], local[2];

    *w = (struct world){ .idle = { .fire = on_idle } };
    assert_int_equal(loop_new(&w->loop, &why), ERR_OK);
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, stream), 0);
    assert_int_equal(isc_pair(local, &why), ERR_OK);
    w->network = stream[0];
    w->control = local[0];
    w->far_end = local[1];
    assert_int_equal(isc_tunnel_new(w->loop, side, stream[1], NULL, STR(""),
                                    &events, &w->tunnel, &why),
                     ERR_OK);
}

static void
world_fini(struct world *w)
{
    isc_tunnel_free(&w->tunnel);
    settle(w);
    loop_free(&w->loop);
    close(w->network);
    close(w->control);
    if (w->far_end >= 0)
        close(w->far_end);
}

static void
push(struct world *w, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = send(w->network, bytes.p, bytes.n, MSG_NOSIGNAL);

        if (n < 0)
            return; /* the tunnel has closed */
        bytes = str_sub(bytes, (size_t)n, bytes.n);
        settle(w);
    }
}

static void
add_bind(struct buf *out, enum isc_type type, uint16_t session)
{
    const struct isc_bind bind = { .applid = STR("ZOSCONN"), .sessions = 1 };
    const struct isc_bind nothing = { .worker = 1 };

    assert_int_equal(isc_bind_write(out, type, session,
                                    type == ISC_SESSION ? &nothing : &bind,
                                    NULL),
                     ERR_OK);
}

static void
a_frame_may_come_in_pieces(void **state)
{
    struct isc_packet packet;
    struct err_info why;
    struct world w;
    struct buf hello;

    (void)state;
    world_init(&w, ISC_REGION_SIDE);
    buf_init(&hello, 4096);
    add_bind(&hello, ISC_HELLO, 0);
    for (size_t i = 0; i < hello.n; i++)
        push(&w, str_n(hello.p + i, 1));
    assert_true(w.is_open);
    isc_packet_init(&packet);
    assert_int_equal(isc_recv(w.control, false, &packet, &why), ERR_OK);
    assert_true(str_eq(buf_view(&packet.bytes), buf_view(&hello)));
    assert_int_equal(isc_recv(w.control, false, &packet, &why), ERR_AGAIN);
    assert_int_equal(w.reason[0], '\0');
    isc_packet_fini(&packet);
    buf_fini(&hello);
    world_fini(&w);
}

/* What the network may not say; the tunnel closes and gives the reason. */
static void
the_network_is_refused(void **state)
{
    static const struct {
        enum isc_side side;
        const char *head; /* 16 bytes of a header, hex */
        const char *reason;
    } rows[] = {
        { ISC_REGION_SIDE, "47455420 2f000000 00000000 00000000", "ZRG1" },
        { ISC_REGION_SIDE, "5a524731 63000000 00000001 00000000", "type 99" },
        { ISC_REGION_SIDE, "5a524731 01010000 00000001 00000000", "flags" },
        { ISC_REGION_SIDE, "5a524731 02000000 00000001 00000000", "type 2 " },
        { ISC_REGION_SIDE, "5a524731 04000001 00000001 00000000", "type 4 " },
        { ISC_REGION_SIDE, "5a524731 06000001 00000001 00000000", "type 6 " },
        { ISC_REGION_SIDE, "5a524731 01000000 00000001 000003f1", "at most" },
        { ISC_REGION_SIDE, "5a524731 05000001 00000001 ffffffff", "at most" },
        { ISC_REGION_SIDE, "5a524731 05000001 00000001 00000000",
          "session 1 " },
        { ISC_REGION_SIDE, "5a524731 0700ffff 00000001 00000000",
          "session 65535" },
        { ISC_CLIENT_SIDE, "5a524731 01000000 00000001 00000000", "type 1 " },
        { ISC_CLIENT_SIDE, "5a524731 05000001 00000001 00000000", "type 5 " },
        { ISC_CLIENT_SIDE, "5a524731 04000000 00000001 00000000",
          "session 0 " },
        { ISC_CLIENT_SIDE, "5a524731 040003e8 00000001 00000000",
          "session 1000 " },
        { ISC_CLIENT_SIDE, "5a524731 06000005 00000001 00000000",
          "session 5 " },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        unsigned char bytes[16];
        const char *p = rows[i].head;
        struct world w;

        for (size_t k = 0; k < sizeof bytes; k++, p += 2) {
            unsigned byte;

            p += *p == ' ';
            assert_int_equal(sscanf(p, "%2x", &byte), 1);
            bytes[k] = (unsigned char)byte;
        }
        world_init(&w, rows[i].side);
        settle(&w);
        push(&w, str_n((char *)bytes, sizeof bytes));
        if (strstr(w.reason, rows[i].reason) == NULL)
            fail_msg("row %zu: \"%s\", expected \"%s\"", i, w.reason,
                     rows[i].reason);
        assert_null(w.tunnel);
        world_fini(&w);
    }
}

/* The region's side: bind, one session, a request whose container is too large
 * for a packet, and its answer. */
static void
a_session_carries_large_containers(void **state)
{
    static struct isc_req req, got;
    struct buf frame, data;
    struct isc_packet packet;
    struct isc_head head;
    struct err_info why;
    struct world w;
    unsigned n_fds;
    int session[2];

    (void)state;
    world_init(&w, ISC_REGION_SIDE);
    isc_packet_init(&packet);
    buf_init(&frame, ISC_STREAM_MAX);
    buf_init(&data, ISC_AREA_MAX);
    add_bind(&frame, ISC_HELLO, 0);
    push(&w, buf_view(&frame));
    assert_int_equal(isc_recv(w.control, false, &packet, &why), ERR_OK);
    buf_clear(&frame);
    add_bind(&frame, ISC_HELLO_ACK, 0);
    assert_int_equal(isc_send(w.control, buf_view(&frame), NULL, 0, &why), 0);
    assert_int_equal(isc_pair(session, &why), ERR_OK);
    buf_clear(&frame);
    add_bind(&frame, ISC_SESSION, 1);
    assert_int_equal(
        isc_send(w.control, buf_view(&frame), &session[1], 1, &why), ERR_OK);
    close(session[1]);
    settle(&w);
    assert_true(isc_tunnel_is_bound(w.tunnel));

    for (int i = 0; i < 300000; i++)
        buf_add_char(&data, (char)('A' + i % 26));
    req = (struct isc_req){ .program = STR("TECHO"),
                            .channel = STR("Channel"),
                            .n_areas = 1 };
    req.areas[0] =
        (struct isc_area){ .name = STR("C"), .data = buf_view(&data) };
    buf_clear(&frame);
    assert_int_equal(isc_req_write(&frame, 1, 7, &req, NULL, &n_fds, &why), 0);
    assert_int_equal(n_fds, 0);
    push(&w, buf_view(&frame));
    assert_int_equal(isc_recv(session[0], false, &packet, &why), ERR_OK);
    assert_int_equal(
        isc_req_read(buf_view(&packet.bytes), packet.n_fds, &head, &got, &why),
        ERR_OK);
    assert_int_equal(head.session, 1);
    assert_int_equal(head.sequence, 7);
    assert_int_equal(isc_areas_map(got.areas, got.n_areas, &packet, &why), 0);
    assert_true(str_eq(got.areas[0].data, buf_view(&data)));
    isc_areas_unmap(got.areas, got.n_areas);

    close(session[0]); /* the region is gone: so is the link */
    settle(&w);
    assert_null(w.tunnel);
    assert_true(strlen(w.reason) > 0);
    isc_packet_fini(&packet);
    buf_fini(&frame);
    buf_fini(&data);
    world_fini(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_may_come_in_pieces),
        cmocka_unit_test(the_network_is_refused),
        cmocka_unit_test(a_session_carries_large_containers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
