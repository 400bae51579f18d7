/*
 * A test client of the region link: binds as a partner and runs a program,
 * one line of output for each request.
 *
 *   iscall SOCKET|tcp:PORT [name=value...]
 *
 *   applid network partner port sessions   of the bind
 *   program transid mirror=1 channel       of the request
 *   container=NAME  data=TEXT  hex=HEX  fill=N (bytes of "A")  commarea=TEXT
 *   user password acee=FILE dn realm       who calls
 *   n=COUNT      requests one after the other (default 1)
 *   each=1       one request on each session at once
 *   ca=FILE      TLS over tcp:PORT of 127.0.0.1, authorities in PEM
 *   cert=FILE    own certificate and key for it, PEM
 *   timeout=MS   how long to wait for an answer (default 10000)
 *   quiet=1      only the summary
 *
 * Output: "CLASS abcode reason user task text", text being the first
 * container or COMMAREA with unprintable bytes as \xNN. Exit status: 0 all
 * answered with OK, 1 some other answer, 2 refused bind, 3 link lost, 4 no
 * answer in time, 16 usage.
 */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "io/resolve.h"
#include "isc/link.h"
#include "isc/tunnel.h"

static struct {
    const char *name, *value;
} options[] = {
    { "applid", "ZOSCONN" },  { "network", "ZOSCONN" },
    { "partner", "" },        { "port", "0" },
    { "sessions", "1" },      { "program", "CSCVINC" },
    { "transid", "" },        { "mirror", "0" },
    { "channel", "Channel" }, { "container", "Container1" },
    { "data", "" },           { "hex", "" },
    { "fill", "0" },          { "commarea", "" },
    { "user", "" },           { "password", "" },
    { "acee", "" },           { "dn", "" },
    { "realm", "" },          { "n", "1" },
    { "each", "0" },          { "timeout", "10000" },
    { "quiet", "0" },         { "ca", "" },
    { "cert", "" },
};

static const char *
option(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return options[i].value;
    abort();
}

static unsigned
number(const char *name)
{
    return (unsigned)strtoul(option(name), NULL, 10);
}

static int sessions[ISC_SESSIONS_MAX];
static unsigned n_sessions;
static struct isc_packet packet;

static int
fail(int status, const char *what, const struct err_info *why)
{
    printf("%s: %s\n", what, why->text);
    return status;
}

static enum err
receive(int fd, struct err_info *why)
{
    struct pollfd p = { fd, POLLIN, 0 };

    if (poll(&p, 1, (int)number("timeout")) == 0)
        return err_set(why, ERR_TIMEOUT, "no answer in time");
    return isc_recv(fd, false, &packet, why);
}

/* --- over the network: a tunnel in a process of its own -------------------*/

static struct str
pem(const char *path, bool is_key)
{
    FILE *f = fopen(path, "r");
    unsigned char *der = NULL;
    EVP_PKEY *key;
    int n = -1;

    if (f != NULL && is_key && (key = PEM_read_PrivateKey(f, 0, 0, 0)) != NULL)
        n = i2d_PKCS8_PRIV_KEY_INFO(EVP_PKEY2PKCS8(key), &der);
    else if (f != NULL && !is_key)
        n = i2d_X509(PEM_read_X509(f, 0, 0, 0), &der);
    if (n <= 0) {
        fprintf(stderr, "%s: not PEM\n", path);
        exit(16);
    }
    return str_n((char *)der, (size_t)n);
}

static struct tls_config *
tls_of_options(void)
{
    struct tls_identity identity;
    struct str trust;
    struct tls_settings settings = { .identities = &identity,
                                     .trust = &trust,
                                     .n_trust = 1 };
    struct tls_config *tls = NULL;
    struct err_info why;

    if (option("ca")[0] == '\0')
        return NULL;
    trust = pem(option("ca"), false);
    if (option("cert")[0] != '\0') {
        identity = (struct tls_identity){ pem(option("cert"), false),
                                          pem(option("cert"), true) };
        settings.n_identities = 1;
    }
    if (tls_config_new(&settings, &tls, &why) != ERR_OK) {
        fprintf(stderr, "%s\n", why.text);
        exit(16);
    }
    return tls;
}

static struct {
    struct isc_tunnel *tunnel;
    int far_end;
} remote;

static void
on_open(void *arg, struct str certificate)
{
    struct err_info why;

    (void)arg;
    (void)certificate;
    if (isc_tunnel_attach(remote.tunnel, remote.far_end, &why) != ERR_OK)
        _exit(16);
}

static void
on_closed(void *arg, const char *reason)
{
    (void)arg;
    fprintf(stderr, "tunnel: %s\n", reason);
    _exit(0);
}

static enum err
connect_remote(unsigned port, int *control, struct err_info *why)
{
    const struct isc_tunnel_events events = { on_open, on_closed, NULL };
    struct loop *loop;
    union address at;
    int fds[2], fd;
    enum err e = isc_pair(fds, why);

    if (e != ERR_OK)
        return e;
    *control = fds[0];
    if (fork() != 0) {
        close(fds[1]);
        return ERR_OK;
    }
    close(fds[0]);
    remote.far_end = fds[1];
    if (!address_parse(STR("127.0.0.1"), port, &at) ||
        (fd = address_connect(&at, why)) < 0 ||
        loop_new(&loop, why) != ERR_OK ||
        isc_tunnel_new(loop, ISC_CLIENT_SIDE, fd, tls_of_options(),
                       STR("127.0.0.1"), &events, &remote.tunnel,
                       why) != ERR_OK)
        _exit(16);
    loop_run(loop);
    _exit(0);
}

static enum err
connect_to(const char *path, int *control, struct err_info *why)
{
    if (strncmp(path, "tcp:", 4) != 0)
        return isc_connect(path, control, why);
    return connect_remote((unsigned)strtoul(path + 4, NULL, 10), control, why);
}

static int
bind_region(const char *path, int *control)
{
    struct isc_bind hello = { .applid = str_of(option("applid")),
                              .networkid = str_of(option("network")),
                              .partner_applid = str_of(option("partner")),
                              .port = (uint16_t)number("port"),
                              .sessions = (uint16_t)number("sessions") };
    struct isc_bind got;
    struct isc_head head;
    struct err_info why;
    struct buf frame;
    unsigned granted = 0;
    enum err e;

    buf_init(&frame, ISC_FRAME_MAX);
    e = connect_to(path, control, &why);
    if (e == ERR_OK)
        e = isc_bind_write(&frame, ISC_HELLO, 0, &hello, &why);
    if (e == ERR_OK)
        e = isc_send(*control, buf_view(&frame), NULL, 0, &why);
    buf_fini(&frame);
    while (e == ERR_OK && (granted == 0 || n_sessions < granted)) {
        e = receive(*control, &why);
        if (e == ERR_OK)
            e = isc_bind_read(buf_view(&packet.bytes), &head, &got, &why);
        if (e != ERR_OK)
            break;
        if (head.type == ISC_HELLO_NAK) {
            printf("NAK " STR_FMT "\n", STR_ARG(got.reason));
            return 2;
        }
        if (head.type == ISC_HELLO_ACK) {
            granted = got.sessions;
            if (number("quiet") == 0)
                printf("ACK " STR_FMT " %u\n", STR_ARG(got.applid), granted);
        } else if (packet.n_fds == 1) {
            sessions[n_sessions++] = packet.fds[0];
            packet.n_fds = 0;
        }
    }
    return e == ERR_OK ? 0 : fail(3, "LOST", &why);
}

static struct str
request_data(struct buf *out)
{
    const char *hex = option("hex");

    buf_init(out, ISC_AREA_MAX);
    buf_add_z(out, option("data"));
    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        char pair[3] = { hex[0], hex[1], '\0' };

        buf_add_char(out, (char)strtoul(pair, NULL, 16));
    }
    for (unsigned i = number("fill"); i > 0; i--)
        buf_add_char(out, 'A');
    return buf_view(out);
}

static enum err
send_request(unsigned session, uint32_t sequence, struct err_info *why)
{
    static struct isc_req req;
    struct buf data, acee, frame;
    int fds[ISC_FDS_MAX];
    unsigned n_fds = 0;
    enum err e = ERR_OK;

    buf_init(&acee, 65536);
    buf_init(&frame, ISC_FRAME_MAX);
    req = (struct isc_req){ .transid = str_of(option("transid")),
                            .eib_and_mirror = number("mirror") != 0,
                            .program = str_of(option("program")),
                            .user = str_of(option("user")),
                            .password = str_of(option("password")),
                            .dn = str_of(option("dn")),
                            .realm = str_of(option("realm")) };
    if (option("acee")[0] != '\0') {
        e = file_read(option("acee"), &acee, why);
        req.acee = buf_view(&acee);
    }
    if (option("commarea")[0] != '\0') {
        req.has_commarea = true;
        req.commarea = str_of(option("commarea"));
    } else if (option("channel")[0] != '\0') {
        req.channel = str_of(option("channel"));
    }
    req.areas[0].name = str_of(option("container"));
    req.areas[0].data = request_data(&data);
    req.n_areas = req.channel.n > 0 && req.areas[0].name.n > 0 ? 1 : 0;
    if (e == ERR_OK)
        e = isc_req_write(&frame, (uint16_t)(session + 1), sequence, &req, fds,
                          &n_fds, why);
    if (e == ERR_OK)
        e = isc_send(sessions[session], buf_view(&frame), fds, n_fds, why);
    while (n_fds > 0)
        close(fds[--n_fds]);
    buf_fini(&data);
    buf_fini(&acee);
    buf_fini(&frame);
    return e;
}

static void
print_response(const struct isc_rsp *rsp)
{
    struct str text = rsp->n_areas > 0 ? rsp->areas[0].data : rsp->commarea;

    printf("%s " STR_FMT " " STR_FMT " " STR_FMT " %u ",
           isc_class_name(rsp->outcome),
           STR_ARG(rsp->abcode.n > 0 ? rsp->abcode : STR("-")),
           STR_ARG(rsp->reason.n > 0 ? rsp->reason : STR("-")),
           STR_ARG(rsp->user.n > 0 ? rsp->user : STR("-")), rsp->task);
    if (text.n > 4096) {
        printf("(%zu bytes)", text.n);
        text.n = 0;
    }
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < ' ' || (unsigned char)text.p[i] > '~')
            printf("\\x%02x", (unsigned char)text.p[i]);
        else
            putchar(text.p[i]);
    putchar('\n');
    fflush(stdout);
}

static int
read_response(unsigned session, uint32_t sequence)
{
    static struct isc_rsp rsp;
    struct isc_head head;
    struct err_info why;
    enum err e;

    do {
        e = receive(sessions[session], &why);
        if (e == ERR_OK)
            e = isc_rsp_read(buf_view(&packet.bytes), packet.n_fds, &head, &rsp,
                             &why);
        if (e != ERR_OK)
            return fail(e == ERR_TIMEOUT ? 4 : 3, "LOST", &why);
    } while (head.sequence != sequence); /* an answer for the dead, too late */
    if (isc_areas_map(rsp.areas, rsp.n_areas, &packet, &why) != ERR_OK)
        return fail(3, "LOST", &why);
    if (number("quiet") == 0)
        print_response(&rsp);
    isc_areas_unmap(rsp.areas, rsp.n_areas);
    return rsp.outcome == ISC_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
    unsigned counts[5] = { 0 }, width;
    uint64_t began;
    int control, status = 0;
    struct err_info why;

    if (argc < 2)
        return 16;
    for (int i = 2; i < argc; i++)
        for (size_t k = 0; k < ARRAY_LEN(options); k++) {
            size_t n = strlen(options[k].name);

            if (strncmp(argv[i], options[k].name, n) == 0 && argv[i][n] == '=')
                options[k].value = argv[i] + n + 1;
        }
    isc_packet_init(&packet);
    if ((status = bind_region(argv[1], &control)) != 0)
        return status;
    began = clock_mono_us();
    width = number("each") != 0 ? n_sessions : 1;
    for (uint32_t i = 0; i < number("n"); i++) {
        for (unsigned s = 0; s < width; s++)
            if (send_request(s, i + 1, &why) != ERR_OK)
                return fail(3, "LOST", &why);
        for (unsigned s = 0; s < width; s++) {
            int got = read_response(s, i + 1);

            counts[got]++;
            if (got == 3)
                return 3;
            if (got > status)
                status = got;
        }
    }
    if (number("quiet") != 0)
        printf("ok %u other %u late %u us/request %llu\n", counts[0], counts[1],
               counts[4],
               (unsigned long long)((clock_mono_us() - began) /
                                    (number("n") * width)));
    return status;
}
