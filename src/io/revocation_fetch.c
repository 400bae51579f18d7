/* One HTTP exchange with a responder or for a list, blocking, within limits. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/http.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/revocation_priv.h"

#define PROXY_MAX 270u /* a host name, its port and brackets */

static struct str
library_text(void)
{
    unsigned long code = ERR_peek_last_error();
    const char *text = ERR_reason_error_string(code);

    return str_of(text == NULL ? "no answer" : text);
}

/* From the path on, without a fragment. */
static void
put_path(struct buf *out, const char *url)
{
    struct str rest = str_of(url + strlen("http://"));
    size_t slash = 0;

    while (slash < rest.n && rest.p[slash] != '/' && rest.p[slash] != '?')
        slash++;
    rest = str_sub(rest, slash, rest.n);
    if (rest.n == 0 || rest.p[0] == '?')
        buf_add_char(out, '/');
    buf_add(out, str_sub(rest, 0, str_find_char(rest, '#')));
}

/* The library has read it whole, within the limit, into memory. */
static enum err
take(BIO *answer, size_t max_bytes, struct buf *out, struct err_info *why)
{
    char *p = NULL;
    long n = BIO_get_mem_data(answer, &p);

    if (n <= 0 || (size_t)n > max_bytes)
        return err_set(why, ERR_LIMIT, "an answer of %ld bytes", n);
    buf_init(out, (size_t)n);
    buf_add(out, str_n(p, (size_t)n));
    return buf_check(out, why);
}

/* Of any type: the header has been read, the rest comes until the end. */
static enum err
take_rest(BIO *answer, size_t max_bytes, uint64_t until_ms, struct buf *out,
          struct err_info *why)
{
    char part[16384];
    int fd = -1, n;

    if (BIO_get_fd(answer, &fd) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        return err_set(why, ERR_PEER, "an answer that cannot be read");
    buf_init(out, max_bytes);
    while ((n = BIO_read(answer, part, sizeof part)) > 0 ||
           BIO_should_retry(answer)) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        uint64_t now_ms = clock_mono_ms();

        if (n > 0)
            buf_add(out, str_n(part, (size_t)n));
        else if (now_ms >= until_ms ||
                 poll(&wait, 1, (int)(until_ms - now_ms)) == 0)
            return err_set(why, ERR_PEER, "the answer did not end in time");
        if (out->failed)
            return err_set(why, ERR_LIMIT, "an answer of over %zu bytes",
                           max_bytes);
    }
    return out->n > 0 ? ERR_OK : err_set(why, ERR_PEER, "an empty answer");
}

/* The library's own connect tries a closed port again and again until its time
 * is over; this one says at once that nobody listens. -1 and errno. */
static int
connect_one(const struct addrinfo *to, uint64_t until_ms)
{
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    to->ai_protocol);
    struct pollfd wait = { .fd = fd, .events = POLLOUT };
    socklen_t size = sizeof errno;
    uint64_t now_ms = clock_mono_ms();
    int number = 0;

    if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen) == 0)
        return fd;
    if (errno == EINPROGRESS &&
        (now_ms >= until_ms || poll(&wait, 1, (int)(until_ms - now_ms)) != 1))
        number = ETIMEDOUT;
    else if (errno != EINPROGRESS ||
             getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size) != 0)
        number = errno;
    if (number == 0)
        return fd;
    close(fd);
    errno = number;
    return -1;
}

static enum err
reach(const char *host, const char *port, uint32_t timeout_ms, int *fd,
      struct err_info *why)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    uint64_t until_ms = clock_mono_ms() + timeout_ms;
    int code = getaddrinfo(host, port, &hints, &list);

    if (code != 0)
        return err_set(why, ERR_PEER, "%s: %s", host, gai_strerror(code));
    *fd = -1;
    for (const struct addrinfo *at = list; at != NULL && *fd < 0;
         at = at->ai_next)
        *fd = connect_one(at, until_ms);
    freeaddrinfo(list);
    return *fd >= 0 ? ERR_OK
                    : err_set(why, ERR_PEER, "%s:%s: %s", host, port,
                              strerror(errno));
}

/* Is there a proxy to talk to? The library then connects itself. */
static enum err
reach_proxy(const char *proxy, uint32_t timeout_ms, struct err_info *why)
{
    char *host = NULL, *port = NULL;
    enum err e;
    int fd = -1;

    if (OSSL_HTTP_parse_url(proxy, NULL, NULL, &host, &port, NULL, NULL, NULL,
                            NULL) != 1)
        e = err_set(why, ERR_SYNTAX, "%s is no proxy", proxy);
    else
        e = reach(host, port, timeout_ms, &fd, why);
    if (fd >= 0)
        close(fd);
    OPENSSL_free(host);
    OPENSSL_free(port);
    return e;
}

enum err
fetch_http(const char *url, struct str proxy, const char *content_type,
           struct str body, const char *answer_type, size_t max_bytes,
           uint32_t timeout_ms, struct buf *out, struct err_info *why)
{
    char *host = NULL, *port = NULL;
    char proxy_z[PROXY_MAX];
    BIO *request = NULL, *answer = NULL, *wire = NULL;
    int is_tls = 0, fd = -1, seconds = (int)((timeout_ms + 999) / 1000);
    uint64_t until_ms = clock_mono_ms() + timeout_ms;
    enum err e = ERR_OK;
    struct buf path;

    buf_init(out, 0);
    buf_init(&path, REVOCATION_URL_MAX + 1);
    ERR_clear_error();
    put_path(&path, url);
    if (OSSL_HTTP_parse_url(url, &is_tls, NULL, &host, &port, NULL, NULL, NULL,
                            NULL) != 1 ||
        is_tls || path.failed || !str_copy_z(proxy, proxy_z, sizeof proxy_z)) {
        e = err_set(why, ERR_SYNTAX, "%s is not an http: address", url);
        goto out;
    }
    if (body.n > 0)
        request = BIO_new_mem_buf(body.p, (int)body.n);
    if (proxy.n > 0)
        e = reach_proxy(proxy_z, timeout_ms, why);
    else if ((e = reach(host, port, timeout_ms, &fd, why)) == ERR_OK &&
             (wire = BIO_new_socket(fd, BIO_NOCLOSE)) == NULL)
        e = err_set(why, ERR_MEMORY, "no storage for a connection");
    if (e != ERR_OK)
        goto out;
    answer = OSSL_HTTP_transfer(
        NULL, host, port, buf_z(&path), 0, proxy.n > 0 ? proxy_z : NULL, NULL,
        wire, wire, NULL, NULL, 0, NULL, content_type, request, answer_type,
        answer_type != NULL, max_bytes, seconds, 0);
    /* Later libraries hand out what a 404 says and note that it was one. */
    if (answer == NULL || ERR_peek_last_error() != 0)
        e = err_set(why, ERR_PEER, "%s: " STR_FMT, url,
                    STR_ARG(library_text()));
    else if (answer_type != NULL)
        e = take(answer, max_bytes, out, why);
    else
        e = take_rest(answer, max_bytes, until_ms, out, why);
out:
    BIO_free(request);
    BIO_free_all(answer);
    BIO_free(wire);
    if (fd >= 0)
        close(fd);
    OPENSSL_free(host);
    OPENSSL_free(port);
    buf_fini(&path);
    ERR_clear_error();
    return e;
}
