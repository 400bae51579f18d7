#include "stub/wire.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "ipc/task.h"

#define TIMEOUT_DEFAULT_S 10u
#define TIMEOUT_MAX_S 3600u

/* --- environment -------------------------------------------------------- */

static const char *
variable(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? fallback : value;
}

static bool
is_host(const char *text)
{
    size_t n = strlen(text);

    if (n == 0 || n > 253)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (isalnum(c) == 0 && c != '.' && c != '-' && c != '_' && c != ':')
            return false;
    }
    return true;
}

enum err
stub_settings_read(struct stub_settings *s, struct err_info *why)
{
    const char *host = variable("BAQURI", "127.0.0.1");
    const char *port = variable("BAQPORT", "80");
    const char *timeout = variable("BAQTIMEOUT", "10");
    const char *verbose = variable("BAQVERBOSE", "OFF");
    uint64_t number;

    *s = (struct stub_settings){ .timeout_s = TIMEOUT_DEFAULT_S };
    if (!is_host(host))
        return err_set(why, ERR_RANGE,
                       "BAQURI=%.60s is not a host name or address", host);
    (void)snprintf(s->host, sizeof s->host, "%s", host);
    if (!str_to_u64(str_of(port), &number) || number == 0 || number > 65535)
        return err_set(why, ERR_RANGE, "BAQPORT=%.20s is not a port (1..65535)",
                       port);
    (void)snprintf(s->port, sizeof s->port, "%u", (unsigned)number);
    if (!str_to_u64(str_of(timeout), &number) || number == 0 ||
        number > TIMEOUT_MAX_S)
        return err_set(why, ERR_RANGE,
                       "BAQTIMEOUT=%.20s is not a number of seconds (1..%u)",
                       timeout, TIMEOUT_MAX_S);
    s->timeout_s = (uint32_t)number;
    s->user = str_of(variable("BAQUSERNAME", NULL));
    s->password = str_of(getenv("BAQPASSWORD"));
    if (s->user.n > 256 || s->password.n > 256 ||
        str_find_char(s->user, ':') != STR_NPOS)
        return err_set(why, ERR_RANGE,
                       "BAQUSERNAME or BAQPASSWORD is longer than 256 "
                       "characters, or the name has a colon");
    s->is_verbose = strcmp(verbose, "OFF") != 0;
    return ERR_OK;
}

/* --- request ------------------------------------------------------------ */

void
stub_base64(struct buf *out, struct str in, bool is_url)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char url[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *digits = is_url ? url : plain;

    for (size_t i = 0; i < in.n; i += 3) {
        size_t left = in.n - i;
        uint32_t v = (uint32_t)(unsigned char)in.p[i] << 16;

        if (left > 1)
            v |= (uint32_t)(unsigned char)in.p[i + 1] << 8;
        if (left > 2)
            v |= (uint32_t)(unsigned char)in.p[i + 2];
        buf_add_char(out, digits[v >> 18]);
        buf_add_char(out, digits[v >> 12 & 63]);
        if (left > 1)
            buf_add_char(out, digits[v >> 6 & 63]);
        else if (!is_url)
            buf_add_char(out, '=');
        if (left > 2)
            buf_add_char(out, digits[v & 63]);
        else if (!is_url)
            buf_add_char(out, '=');
    }
}

static bool
is_visible(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] <= ' ' || text.p[i] > '~')
            return false;
    }
    return text.n > 0;
}

static void
add_path_segment(struct buf *out, struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];

        if (isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '~')
            buf_add_char(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

/* Who we are: the job's token, or else the Linux user's name, unsigned. */
static void
add_identity(struct buf *out)
{
    const char *name = getenv("SALLYPORT_JOB_NAME");
    const char *id = getenv("SALLYPORT_JOB_ID");
    const char *user = getenv("SALLYPORT_JOB_USER");
    const struct passwd *pw;
    struct buf token;

    if (task_token_read(&token, NULL) == ERR_OK) {
        buf_add_z(out, "Sallyport-Job-Token: ");
        stub_base64(out, buf_view(&token), true);
        buf_add_z(out, "\r\n");
        secret_wipe(token.p, token.n);
        buf_fini(&token);
    }
    if (name != NULL && id != NULL && is_visible(str_of(name)) &&
        is_visible(str_of(id)))
        buf_printf(out, "Sallyport-Job: %s/%s\r\n", name, id);
    if (user == NULL && (pw = getpwuid(getuid())) != NULL)
        user = pw->pw_name;
    if (user != NULL && is_visible(str_of(user)) && strlen(user) <= 8) {
        buf_add_z(out, "Sallyport-User: ");
        for (const char *p = user; *p != '\0'; p++)
            buf_add_char(out, (char)toupper((unsigned char)*p));
        buf_add_z(out, "\r\n");
    }
}

static void
add_basic(struct buf *out, const struct stub_settings *s)
{
    struct buf pair;

    if (s->user.n == 0)
        return;
    buf_init(&pair, 1024);
    buf_add(&pair, s->user);
    buf_add_char(&pair, ':');
    buf_add(&pair, s->password);
    buf_add_z(out, "Authorization: Basic ");
    stub_base64(out, buf_view(&pair), false);
    buf_add_z(out, "\r\n");
    secret_wipe(pair.p, pair.n);
    buf_fini(&pair);
}

enum err
stub_request_head(const struct stub_settings *s, const struct stub_call *call,
                  struct buf *out, struct err_info *why)
{
    if (!is_visible(call->name) || call->name.n > 255)
        return err_set(why, ERR_RANGE,
                       "BAQ-APINAME is not a name of 1 to 255 characters");
    if (!is_visible(call->path) || call->path.n > 255)
        return err_set(why, ERR_RANGE,
                       "BAQ-APIPATH is not a path of 1 to 255 characters");
    if (!is_visible(call->method) || call->method.n > 255)
        return err_set(why, ERR_RANGE, "BAQ-APIMETHOD is not a method");
    buf_add_z(out, "POST /zosConnect/apiRequesters/");
    add_path_segment(out, call->name);
    buf_printf(out,
               " HTTP/1.1\r\nHost: %s:%s\r\n"
               "Content-Type: application/octet-stream\r\n"
               "Content-Length: %zu\r\n"
               "Sallyport-Stub-Level: 1\r\nSallyport-Abi: gnucobol\r\n"
               "Sallyport-Ccsid: 1208\r\n"
               "Sallyport-Response-Bytes: %zu\r\n"
               "Sallyport-Api-Path: %.*s\r\nSallyport-Api-Method: %.*s\r\n",
               s->host, s->port, call->request.n, call->response_bytes,
               STR_ARG(call->path), STR_ARG(call->method));
    add_identity(out);
    add_basic(out, s);
    buf_add_z(out, "\r\n");
    return buf_check(out, why);
}

/* --- connection --------------------------------------------------------- */

void
stub_link_close(struct stub_link *link)
{
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
}

/* True when fd is ready; false at the deadline. */
static bool
wait_fd(int fd, short events, uint64_t until_ms)
{
    for (;;) {
        struct pollfd p = { .fd = fd, .events = events };
        uint64_t now = clock_mono_ms();
        int n = now >= until_ms ? 0 : poll(&p, 1, (int)(until_ms - now));

        if (n > 0)
            return true;
        if (n == 0 || errno != EINTR)
            return false;
    }
}

static int
connect_one(const struct addrinfo *ai, uint64_t until_ms)
{
    int fd =
        socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = 0, on = 1;
    socklen_t n = sizeof error;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
        return fd;
    if (errno == EINPROGRESS && wait_fd(fd, POLLOUT, until_ms) &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0)
        return fd;
    if (error != 0)
        errno = error;
    n = (socklen_t)errno;
    close(fd);
    errno = (int)n;
    return -1;
}

static enum err
link_open(struct stub_link *link, const struct stub_settings *s,
          uint64_t until_ms, struct err_info *why)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    int e = getaddrinfo(s->host, s->port, &hints, &list);

    if (e != 0)
        return err_set(why, ERR_PEER, "%s: %s", s->host, gai_strerror(e));
    errno = 0;
    for (const struct addrinfo *ai = list; ai != NULL && link->fd < 0;
         ai = ai->ai_next)
        link->fd = connect_one(ai, until_ms);
    e = errno;
    freeaddrinfo(list);
    if (link->fd < 0)
        return err_set(why, ERR_PEER, "%s port %s: %s", s->host, s->port,
                       e == 0 || e == EINPROGRESS ? "no answer" : strerror(e));
    (void)snprintf(link->host, sizeof link->host, "%s", s->host);
    (void)snprintf(link->port, sizeof link->port, "%s", s->port);
    return ERR_OK;
}

/* A kept connection that the server has closed since is not used again. */
static bool
link_is_usable(const struct stub_link *link, const struct stub_settings *s)
{
    struct pollfd p = { .fd = link->fd, .events = POLLIN };

    return link->fd >= 0 && strcmp(link->host, s->host) == 0 &&
           strcmp(link->port, s->port) == 0 && poll(&p, 1, 0) == 0;
}

static enum err
send_all(int fd, struct str head, struct str body, uint64_t until_ms,
         struct err_info *why)
{
    struct iovec iov[2] = { { (void *)(uintptr_t)head.p, head.n },
                            { (void *)(uintptr_t)body.p, body.n } };
    size_t left = head.n + body.n;

    while (left > 0) {
        struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
        ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL);

        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (!wait_fd(fd, POLLOUT, until_ms))
                return err_set(why, ERR_TIMEOUT, "the request was not taken");
            continue;
        }
        if (n <= 0)
            return err_set(why, ERR_PEER, "send: %s", strerror(errno));
        left -= (size_t)n;
        for (size_t i = 0; i < 2 && n > 0; i++) {
            size_t cut =
                (size_t)n < iov[i].iov_len ? (size_t)n : iov[i].iov_len;

            iov[i].iov_base = (char *)iov[i].iov_base + cut;
            iov[i].iov_len -= cut;
            n -= (ssize_t)cut;
        }
    }
    return ERR_OK;
}

/* Some more bytes of the answer. */
static enum err
receive(int fd, struct buf *in, uint64_t until_ms, struct err_info *why)
{
    char piece[16384];
    ssize_t n;

    for (;;) {
        if (!wait_fd(fd, POLLIN, until_ms))
            return err_set(why, ERR_TIMEOUT, "no answer in time");
        n = recv(fd, piece, sizeof piece, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return err_set(why, ERR_PEER, "receive: %s", strerror(errno));
        if (n == 0)
            return err_set(why, ERR_PEER, "the server closed the connection");
        buf_add(in, str_n(piece, (size_t)n));
        return buf_check(in, why);
    }
}

static enum err
receive_answer(int fd, struct stub_head *out, struct buf *body,
               uint64_t until_ms, struct err_info *why)
{
    struct buf in;
    enum err e;

    buf_init(&in, STUB_HEAD_MAX + STUB_BODY_MAX + 16384);
    do {
        while ((e = stub_head_parse(buf_view(&in), out, why)) == ERR_AGAIN) {
            if ((e = receive(fd, &in, until_ms, why)) != ERR_OK)
                goto out;
        }
        if (e != ERR_OK)
            goto out;
        if (out->status < 200) { /* an interim answer; the real one follows */
            memmove(in.p, in.p + out->head_bytes, in.n - out->head_bytes);
            in.n -= out->head_bytes;
        }
    } while (out->status < 200);
    while (in.n - out->head_bytes < out->body_bytes) {
        if ((e = receive(fd, &in, until_ms, why)) != ERR_OK)
            goto out;
    }
    if (in.n - out->head_bytes > out->body_bytes) {
        e = err_set(why, ERR_SYNTAX, "more bytes than Content-Length says");
        goto out;
    }
    buf_add(body, str_sub(buf_view(&in), out->head_bytes, in.n));
    e = buf_check(body, why);
out:
    if (in.p != NULL)
        secret_wipe(in.p, in.n);
    buf_fini(&in);
    return e;
}

enum err
stub_exchange(struct stub_link *link, const struct stub_settings *s,
              struct str head, struct str request, struct stub_head *out,
              struct buf *body, struct err_info *why)
{
    uint64_t until_ms = clock_mono_ms() + (uint64_t)s->timeout_s * 1000;
    enum err e = ERR_OK;

    if (!link_is_usable(link, s)) {
        stub_link_close(link);
        e = link_open(link, s, until_ms, why);
    }
    if (e == ERR_OK)
        e = send_all(link->fd, head, request, until_ms, why);
    if (e == ERR_OK)
        e = receive_answer(link->fd, out, body, until_ms, why);
    if (e != ERR_OK || !out->keeps_open)
        stub_link_close(link);
    return e;
}
