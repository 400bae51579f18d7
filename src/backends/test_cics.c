/*
 * Provider `cics` against a region that a child process plays: what each
 * answer and each failure becomes, and that nothing hangs.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/provider.h"
#include "base/test.h"
#include "isc/link.h"

#define PORT 23017

static char root[64];
static pid_t region;

/* --- the region -----------------------------------------------------------*/

static void
say_bind(int fd, enum isc_type type, uint16_t session,
         const struct isc_bind *bind, int *with)
{
    struct err_info why;
    struct buf frame;

    buf_init(&frame, ISC_FRAME_MAX);
    if (isc_bind_write(&frame, type, session, bind, &why) != ERR_OK ||
        isc_send(fd, buf_view(&frame), with, with == NULL ? 0 : 1, &why) !=
            ERR_OK)
        _exit(3);
    buf_fini(&frame);
}

static void
answer(int fd, const struct isc_head *head, const struct isc_rsp *rsp)
{
    struct err_info why;
    struct buf frame;
    int fds[ISC_FDS_MAX];
    unsigned n_fds;

    buf_init(&frame, ISC_FRAME_MAX);
    if (isc_rsp_write(&frame, head->session, head->sequence, rsp, fds, &n_fds,
                      &why) != ERR_OK ||
        isc_send(fd, buf_view(&frame), fds, n_fds, &why) != ERR_OK)
        _exit(3);
    while (n_fds > 0)
        close(fds[--n_fds]);
    buf_fini(&frame);
}

/* The program's name says how the request ends. */
static void
serve(int fd)
{
    static struct isc_req req;
    static struct isc_rsp rsp;
    struct isc_packet packet;
    struct isc_head head;
    struct err_info why;

    isc_packet_init(&packet);
    for (;;) {
        if (isc_recv(fd, true, &packet, &why) != ERR_OK ||
            isc_req_read(buf_view(&packet.bytes), packet.n_fds, &head, &req,
                         &why) != ERR_OK)
            _exit(0);
        rsp = (struct isc_rsp){ .applid = STR("CICSREG"), .task = 1 };
        if (str_eq_z(req.program, "ECHO")) {
            rsp.channel = req.channel;
            rsp.n_areas = req.n_areas;
            memcpy(rsp.areas, req.areas, sizeof rsp.areas);
            if (isc_areas_map(rsp.areas, rsp.n_areas, &packet, &why) != ERR_OK)
                _exit(3);
            rsp.has_commarea = req.has_commarea;
            rsp.commarea = req.commarea;
        } else if (str_eq_z(req.program, "ABEND")) {
            rsp.outcome = ISC_ABEND;
            rsp.abcode = STR("ASRA");
        } else if (str_eq_z(req.program, "NOPROG")) {
            rsp.outcome = ISC_NO_PROGRAM;
            rsp.detail = STR("program NOPROG is not defined");
        } else if (str_eq_z(req.program, "WHO")) {
            rsp.outcome = ISC_SECURITY;
            rsp.reason = STR("NO_USER");
        } else if (str_eq_z(req.program, "GARBAGE")) {
            (void)!write(fd, "ZRG1", 4);
            continue;
        } else if (str_eq_z(req.program, "SLOW")) {
            usleep(400 * 1000);
        } else if (str_eq_z(req.program, "DIE")) {
            _exit(0);
        }
        answer(fd, &head, &rsp);
    }
}

static void
play(int listener, uint16_t sessions, const char *nak)
{
    struct isc_bind bind = { .applid = STR("CICSREG"),
                             .networkid = STR("NET"),
                             .sessions = sessions,
                             .worker = 1 };
    struct isc_packet packet;
    struct err_info why;
    int fd = accept(listener, NULL, NULL), pair[2];

    if (fd < 0)
        _exit(3);
    isc_packet_init(&packet);
    if (isc_recv(fd, true, &packet, &why) != ERR_OK)
        _exit(3);
    if (nak != NULL) {
        bind.reason = str_of(nak);
        say_bind(fd, ISC_HELLO_NAK, 0, &bind, NULL);
        pause();
    }
    say_bind(fd, ISC_HELLO_ACK, 0, &bind, NULL);
    if (isc_pair(pair, &why) != ERR_OK)
        _exit(3);
    say_bind(fd, ISC_SESSION, 1, &bind, &pair[1]);
    close(pair[1]);
    (void)fcntl(pair[0], F_SETFL, 0); /* this end waits */
    serve(pair[0]);
}

static void
region_start(const char *nak)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(sa.sun_path, sizeof sa.sun_path, "%s/regions/R/port.%d.sock", root,
             PORT);
    unlink(sa.sun_path);
    if (bind(listener, (struct sockaddr *)&sa, sizeof sa) != 0 ||
        listen(listener, 8) != 0)
        fail_msg("%s cannot be listened on", sa.sun_path);
    region = fork();
    if (region == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        play(listener, 1, nak);
    }
    close(listener);
}

static void
region_stop(void)
{
    if (region > 0) {
        kill(region, SIGKILL);
        waitpid(region, NULL, 0);
    }
    region = 0;
}

/* --- the caller -----------------------------------------------------------*/

struct seen {
    struct loop *loop;
    unsigned n, wanted;
    enum provider_outcome outcome;
    char detail[128], data[64], resource[32];
};

static void
on_done(void *arg, const struct provider_result *result)
{
    struct seen *seen = arg;

    seen->outcome = result->outcome;
    snprintf(seen->detail, sizeof seen->detail, STR_FMT,
             STR_ARG(result->detail));
    snprintf(seen->resource, sizeof seen->resource, STR_FMT,
             STR_ARG(result->sor_resource));
    seen->data[0] = '\0';
    if (result->n_areas > 0)
        snprintf(seen->data, sizeof seen->data, STR_FMT,
                 STR_ARG(result->areas[0].data));
    if (++seen->n == seen->wanted)
        loop_stop(seen->loop);
}

static struct provider_conn *
open_conn(struct loop *loop, const char *host)
{
    const struct provider_setting settings[] = {
        { STR("host"), str_of(host) },
        { STR("port"), STR("23017") },
        { STR("zosConnectApplid"), STR("ZOSCONN") },
        { STR("sendSessions"), STR("1") },
        { STR("connectionTimeout"), STR("2000") },
    };
    const struct provider *p = provider_find(STR("cics"));
    struct provider_conn *conn;
    struct err_info why;

    assert_non_null(p);
    if (p->open(loop, STR("cscvinc"), settings, ARRAY_LEN(settings), NULL,
                &conn, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return conn;
}

static void
start(struct provider_conn *conn, const char *program, uint32_t deadline_ms,
      struct seen *seen, struct provider_invocation **inv)
{
    static const struct provider_area area = { .name = { "Container1", 10 },
                                               .data = { "hello", 5 } };
    struct provider_call call = { .program = str_of(program),
                                  .channel = STR("Channel"),
                                  .areas = &area,
                                  .n_areas = 1,
                                  .deadline_ms = deadline_ms,
                                  .service = "s" };
    struct err_info why;
    unsigned before = seen->n;

    if (provider_find(STR("cics"))
            ->invoke(conn, &call, on_done, seen, inv, &why) != ERR_OK)
        fail_msg("%s", why.text);
    assert_int_equal(seen->n, before); /* never from within invoke */
}

static void
outcome_of_each_answer(void **state)
{
    static const struct {
        const char *program;
        uint32_t deadline_ms;
        enum provider_outcome want;
        const char *detail; /* NULL: any */
    } rows[] = {
        { "ECHO", 0, PROVIDER_OK, NULL },
        { "ABEND", 0, PROVIDER_ABEND, "ASRA" },
        { "NOPROG", 0, PROVIDER_PROGRAM, "program NOPROG is not defined" },
        { "WHO", 0, PROVIDER_SECURITY, "NO_USER" },
        { "SLOW", 50, PROVIDER_TIMEOUT, NULL },
        /* The session is busy until the slow task has answered. */
        { "ECHO", 50, PROVIDER_TIMEOUT, NULL },
        { "ECHO", 2000, PROVIDER_OK, NULL },
        { "GARBAGE", 0, PROVIDER_UNREACHABLE, NULL },
    };
    struct seen seen = { .wanted = 0 };
    struct provider_invocation *inv;
    struct provider_conn *conn;
    struct err_info why;

    (void)state;
    assert_int_equal(loop_new(&seen.loop, &why), ERR_OK);
    region_start(NULL);
    conn = open_conn(seen.loop, "127.0.0.1");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        seen.wanted = seen.n + 1;
        start(conn, rows[i].program, rows[i].deadline_ms, &seen, &inv);
        loop_run(seen.loop);
        assert_int_equal(seen.outcome, rows[i].want);
        if (rows[i].detail != NULL)
            assert_string_equal(seen.detail, rows[i].detail);
        if (rows[i].want == PROVIDER_OK) {
            assert_string_equal(seen.data, "hello");
            assert_string_equal(seen.resource, "CSMI,ECHO");
        }
    }
    provider_find(STR("cics"))->close(&conn);
    region_stop();
    loop_free(&seen.loop);
}

static void
region_dies_and_comes_back(void **state)
{
    struct seen seen = { .wanted = 3 };
    struct provider_invocation *inv;
    struct provider_conn *conn;
    struct err_info why;

    (void)state;
    assert_int_equal(loop_new(&seen.loop, &why), ERR_OK);
    region_start(NULL);
    conn = open_conn(seen.loop, "localhost");
    /* One under way and two that wait: all are told at once. */
    start(conn, "DIE", 0, &seen, &inv);
    start(conn, "ECHO", 0, &seen, &inv);
    start(conn, "ECHO", 0, &seen, &inv);
    loop_run(seen.loop);
    assert_int_equal(seen.outcome, PROVIDER_UNREACHABLE);
    region_stop();
    /* Nobody there: at once as well. */
    seen.wanted = seen.n + 1;
    start(conn, "ECHO", 0, &seen, &inv);
    loop_run(seen.loop);
    assert_int_equal(seen.outcome, PROVIDER_UNREACHABLE);
    region_start(NULL);
    seen.wanted = seen.n + 1;
    start(conn, "ECHO", 0, &seen, &inv);
    loop_run(seen.loop);
    assert_int_equal(seen.outcome, PROVIDER_OK);
    provider_find(STR("cics"))->close(&conn);
    region_stop();
    loop_free(&seen.loop);
}

static void
refused_cancelled_and_remote(void **state)
{
    struct seen seen = { .wanted = 1 };
    struct provider_invocation *inv;
    struct provider_conn *conn;
    struct err_info why;

    (void)state;
    assert_int_equal(loop_new(&seen.loop, &why), ERR_OK);
    region_start("IPCONN_NOT_FOUND");
    conn = open_conn(seen.loop, "127.0.0.1");
    start(conn, "ECHO", 0, &seen, &inv);
    loop_run(seen.loop);
    assert_int_equal(seen.outcome, PROVIDER_CAPABILITY);
    assert_string_equal(seen.detail, "IPCONN_NOT_FOUND");
    provider_find(STR("cics"))->close(&conn);
    region_stop();

    region_start(NULL);
    conn = open_conn(seen.loop, "127.0.0.1");
    start(conn, "SLOW", 0, &seen, &inv);
    provider_find(STR("cics"))->cancel(&inv);
    assert_null(inv);
    seen.n = 0;
    start(conn, "ECHO", 0, &seen, &inv);
    loop_run(seen.loop);
    assert_int_equal(seen.n, 1); /* the cancelled one was silent */
    assert_int_equal(seen.outcome, PROVIDER_OK);
    provider_find(STR("cics"))->close(&conn);
    region_stop();

    conn = open_conn(seen.loop, "192.0.2.1");
    seen.n = 0;
    start(conn, "ECHO", 0, &seen, &inv);
    loop_run(seen.loop);
    assert_int_equal(seen.outcome, PROVIDER_UNREACHABLE);
    provider_find(STR("cics"))->close(&conn);
    loop_free(&seen.loop);
}

static void
settings_are_checked(void **state)
{
    static const struct {
        const char *name, *value, *says;
    } rows[] = {
        { "port", "70000", "port \"70000\" is not 0 to 65535" },
        { "zosConnectApplid", "TOOLONGNAME", "longer than 8" },
        { "sendSessions", "1000", "is not 0 to 999" },
        { "sendSessions", "0", "at least 1" },
    };
    struct loop *loop;
    struct err_info why;

    (void)state;
    assert_null(provider_find(STR("nosuch")));
    assert_int_equal(loop_new(&loop, &why), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct provider_setting settings[] = {
            { STR("port"), STR("1491") },
            { str_of(rows[i].name), str_of(rows[i].value) },
        };
        struct provider_conn *conn = NULL;

        assert_int_equal(
            provider_find(STR("cics"))
                ->open(loop, STR("c"), settings, 2, NULL, &conn, &why),
            ERR_RANGE);
        assert_null(conn);
        if (strstr(why.text, rows[i].says) == NULL)
            fail_msg("%s", why.text);
    }
    loop_free(&loop);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcome_of_each_answer),
        cmocka_unit_test(region_dies_and_comes_back),
        cmocka_unit_test(refused_cancelled_and_remote),
        cmocka_unit_test(settings_are_checked),
    };
    char path[128];
    int status;

    snprintf(root, sizeof root, "/tmp/spt-cics.XXXXXX");
    if (mkdtemp(root) == NULL)
        return 1;
    setenv("SALLYPORT_ROOT", root, 1);
    snprintf(path, sizeof path, "%s/regions", root);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/regions/R", root);
    mkdir(path, 0700);
    status = cmocka_run_group_tests(tests, NULL, NULL);
    region_stop();
    snprintf(path, sizeof path, "%s/regions/R/port.%d.sock", root, PORT);
    unlink(path);
    snprintf(path, sizeof path, "%s/regions/R", root);
    rmdir(path);
    snprintf(path, sizeof path, "%s/regions", root);
    rmdir(path);
    rmdir(root);
    return status;
}
