#include <unistd.h>

#include "base/test.h"
#include "isc/frame.h"
#include "isc/link.h"

static void
req_round_trip(void **state)
{
    static struct isc_req in, out;
    int fds[ISC_FDS_MAX];
    unsigned n_fds = 9;
    struct isc_head head;
    struct err_info why;
    struct buf frame;

    (void)state;
    in = (struct isc_req){ .transid = STR("CSCV"),
                           .eib_and_mirror = true,
                           .program = STR("CSCVINC"),
                           .channel = STR("Channel"),
                           .acee = STR("\0\1\2"),
                           .dn = STR("cn=Fred"),
                           .realm = STR("zosConnect"),
                           .deadline_ms = 30000,
                           .tracking = STR("T-1"),
                           .n_areas = 2 };
    in.areas[0] =
        (struct isc_area){ .name = STR("Container1"), .data = STR("\0bytes") };
    in.areas[1] = (struct isc_area){ .name = STR("TEXT"),
                                     .is_char = true,
                                     .ccsid = 1208 };
    buf_init(&frame, ISC_FRAME_MAX);
    assert_int_equal(isc_req_write(&frame, 3, 77, &in, fds, &n_fds, &why), 0);
    assert_int_equal(n_fds, 0);
    assert_int_equal(isc_req_read(buf_view(&frame), 0, &head, &out, &why), 0);
    assert_int_equal(head.session, 3);
    assert_int_equal(head.sequence, 77);
    assert_true(str_eq_z(out.program, "CSCVINC"));
    assert_true(out.eib_and_mirror);
    assert_int_equal(out.deadline_ms, 30000);
    assert_int_equal(out.n_areas, 2);
    assert_true(str_eq(out.areas[0].data, STR("\0bytes")));
    assert_true(out.areas[1].is_char);
    assert_int_equal(out.areas[1].ccsid, 1208);
    assert_int_equal(out.areas[1].data.n, 0);
    assert_false(out.has_commarea);
    buf_fini(&frame);
}

static void
large_area_is_a_memfd(void **state)
{
    static struct isc_req in, out;
    char *big = calloc(1, 300000);
    struct isc_packet packet;
    struct isc_head head;
    struct err_info why;
    struct buf frame;
    int pair[2], fds[ISC_FDS_MAX];
    char noted[ISC_HEAD_BYTES];
    unsigned n_fds;

    (void)state;
    in = (struct isc_req){ .program = STR("P"),
                           .channel = STR("C"),
                           .n_areas = 2 };
    big[299999] = 'Z';
    in.areas[0] =
        (struct isc_area){ .name = STR("BIG"), .data = str_n(big, 300000) };
    in.areas[1] = (struct isc_area){ .name = STR("SMALL"), .data = STR("s") };
    buf_init(&frame, ISC_FRAME_MAX);
    isc_packet_init(&packet);
    assert_int_equal(isc_pair(pair, &why), 0);
    assert_int_equal(isc_req_write(&frame, 1, 1, &in, fds, &n_fds, &why), 0);
    assert_int_equal(n_fds, 1);
    assert_int_equal(isc_send(pair[0], buf_view(&frame), fds, n_fds, &why), 0);
    close(fds[0]);
    assert_int_equal(isc_recv_noted(pair[1], true, &packet, noted, &why), 0);
    assert_memory_equal(noted, packet.bytes.p, sizeof noted);
    assert_int_equal(isc_head_read(str_n(noted, sizeof noted), &head, &why), 0);
    assert_int_equal(head.type, ISC_REQ);
    /* Without its descriptor the frame is refused. */
    assert_int_equal(
        isc_req_read(buf_view(&packet.bytes), 0, &head, &out, &why),
        ERR_SYNTAX);
    assert_int_equal(
        isc_req_read(buf_view(&packet.bytes), packet.n_fds, &head, &out, &why),
        0);
    assert_int_equal(isc_areas_map(out.areas, out.n_areas, &packet, &why), 0);
    assert_int_equal(out.areas[0].data.n, 300000);
    assert_int_equal(out.areas[0].data.p[299999], 'Z');
    assert_true(str_eq_z(out.areas[1].data, "s"));
    isc_areas_unmap(out.areas, out.n_areas);
    /* A descriptor that the sender could still change is refused. */
    out.areas[0].fd_at = 0;
    close(packet.fds[0]);
    packet.fds[0] = dup(pair[0]);
    assert_int_equal(isc_areas_map(out.areas, 1, &packet, &why), ERR_SYNTAX);
    /* Less than a header, and nothing: no more is noted than was there. */
    memset(noted, 'x', sizeof noted);
    assert_int_equal(isc_send(pair[0], STR("abc"), NULL, 0, &why), 0);
    assert_int_equal(isc_recv_noted(pair[1], true, &packet, noted, &why), 0);
    assert_true(str_eq_z(buf_view(&packet.bytes), "abc"));
    assert_memory_equal(noted, "abcxxxxxxxxxxxxx", sizeof noted);
    assert_int_equal(isc_recv_noted(pair[1], false, &packet, noted, &why),
                     ERR_AGAIN);
    assert_memory_equal(noted, "abcxxxxxxxxxxxxx", sizeof noted);
    close(pair[0]);
    isc_packet_close_fds(&packet);
    assert_int_equal(isc_recv(pair[1], true, &packet, &why), ERR_PEER);
    close(pair[1]);
    isc_packet_fini(&packet);
    buf_fini(&frame);
    free(big);
}

static void
rsp_and_bind_round_trip(void **state)
{
    static struct isc_rsp in, out;
    struct isc_bind hello = { .applid = STR("ZOSCONN"),
                              .networkid = STR("NET"),
                              .sessions = 100,
                              .port = 1491,
                              .heartbeat_ms = 5 },
                    back;
    int fds[ISC_FDS_MAX];
    unsigned n_fds;
    struct isc_head head;
    struct err_info why;
    struct buf frame;

    (void)state;
    in = (struct isc_rsp){ .outcome = ISC_SECURITY,
                           .reason = STR("NO_USER"),
                           .abcode = STR("AEY7"),
                           .task = 12,
                           .user = STR("FRED"),
                           .has_commarea = true };
    buf_init(&frame, ISC_FRAME_MAX);
    assert_int_equal(isc_rsp_write(&frame, 1, 2, &in, fds, &n_fds, &why), 0);
    assert_int_equal(isc_rsp_read(buf_view(&frame), 0, &head, &out, &why), 0);
    assert_int_equal(out.outcome, ISC_SECURITY);
    assert_true(str_eq_z(out.reason, "NO_USER"));
    assert_true(out.has_commarea);
    assert_int_equal(out.task, 12);
    buf_clear(&frame);
    assert_int_equal(isc_bind_write(&frame, ISC_HELLO, 0, &hello, &why), 0);
    assert_int_equal(isc_bind_read(buf_view(&frame), &head, &back, &why), 0);
    assert_int_equal(back.sessions, 100);
    assert_int_equal(back.port, 1491);
    assert_true(str_eq_z(back.applid, "ZOSCONN"));
    buf_fini(&frame);
}

#define HEAD(type, length) "ZRG1" type "\0\0\1\0\0\0\1\0\0\0" length

static void
malformed_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *says;
    } rows[] = {
#define ROW(text, says) { text, sizeof(text) - 1, says }
        ROW("", "ZRG1"),
        ROW("ZRG2\5\0\0\1\0\0\0\1\0\0\0\0", "ZRG1"),
        ROW("ZRG1\5\0\0\1\0\0\0\1\0\0\0", "cut short"),
        ROW(HEAD("\0", "\0"), "type 0"),
        ROW(HEAD("\x0b", "\0"), "type 11"),
        ROW("ZRG1\5\1\0\1\0\0\0\1\0\0\0\0", "flags"),
        ROW(HEAD("\6", "\0"), "not expected"),
        ROW(HEAD("\5", "\1"), "says 1 bytes"),
        ROW(HEAD("\5", "\0"), "without a PROGRAM"),
        ROW(HEAD("\5", "\3") "\0\x16\0", "cut short"),
        ROW(HEAD("\5", "\6") "\0\x16\0\0\0\0", "PROGRAM has 0 bytes"),
        ROW(HEAD("\5", "\x0f") "\0\x16\0\0\0\x09"
                               "123456789",
            "has 9 bytes"),
        ROW(HEAD("\5", "\7") "\0\x16\0\0\0\1\n", "character"),
        ROW(HEAD("\5", "\7") "\0\x16\0\0\0\2P", "cut short"),
        ROW(HEAD("\5", "\x0e") "\0\x16\0\0\0\1P\0\x16\0\0\0\1P", "twice"),
        ROW(HEAD("\5", "\7") "\0\x28\0\0\0\1\0", "may not stand"),
        ROW(HEAD("\5", "\7") "\x7f\xff\0\0\0\1\0", "may not stand"),
        ROW(HEAD("\5", "\7") "\0\x15\0\0\0\1\2", "USAGE"),
        ROW(HEAD("\5", "\x14") "\0\x16\0\0\0\1P\0\x19\0\0\0\7\2AB\0\0\0\0",
            "without a CHANNEL"),
        ROW(HEAD("\5", "\x12") "\0\x16\0\0\0\1P\0\x19\0\0\0\5\0\0\0\0\0",
            "AREA"),
#undef ROW
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str bytes = exact_copy_n(rows[i].bytes, rows[i].n);
        static struct isc_req out;
        struct isc_head head;
        struct err_info why = { 0 };

        assert_int_equal(isc_req_read(bytes, 0, &head, &out, &why), ERR_SYNTAX);
        if (strstr(why.text, rows[i].says) == NULL)
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, why.text,
                     rows[i].says);
        exact_free(bytes);
    }
}

static void
bad_values_are_not_written(void **state)
{
    static struct isc_req req;
    int fds[ISC_FDS_MAX];
    unsigned n_fds;
    struct err_info why;
    struct buf frame;

    (void)state;
    buf_init(&frame, ISC_FRAME_MAX);
    req = (struct isc_req){ .program = STR("TOOLONGNAME") };
    assert_int_equal(isc_req_write(&frame, 1, 1, &req, fds, &n_fds, &why),
                     ERR_RANGE);
    req = (struct isc_req){ .program = STR("P"), .n_areas = 1 };
    req.areas[0].name = STR("A");
    assert_int_equal(isc_req_write(&frame, 1, 1, &req, fds, &n_fds, &why),
                     ERR_RANGE); /* no channel */
    req.channel = STR("C");
    req.areas[0].name = STR("A NAME");
    buf_clear(&frame);
    assert_int_equal(isc_req_write(&frame, 1, 1, &req, fds, &n_fds, &why),
                     ERR_RANGE);
    buf_fini(&frame);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(req_round_trip),
        cmocka_unit_test(large_area_is_a_memfd),
        cmocka_unit_test(rsp_and_bind_round_trip),
        cmocka_unit_test(malformed_is_refused),
        cmocka_unit_test(bad_values_are_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
