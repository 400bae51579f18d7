#include "http/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/head.h"

/* A source is asked for so much at a time; four hexadecimal digits hold it. */
#define PULL_BYTES ((size_t)12 * 1024)
#define CHUNK_HEAD_BYTES 6u   /* size and line end */
#define CHUNK_EXTRA_BYTES 8u  /* and the one after it */
#define HEAD_FIXED_BYTES 200u /* status line, Date, length, Connection */

void
http_out_init(struct http_out *out, struct pool *pool)
{
    *out = (struct http_out){ .pool = pool };
}

void
http_out_fini(struct http_out *out)
{
    if (out->cap > out->pool->block_bytes) {
        gauge_give(out->pool->gauge, out->cap);
        free(out->p);
    } else {
        pool_put(out->pool, out->p);
    }
    *out = (struct http_out){ .pool = out->pool };
}

/* Room for n more bytes. */
static bool
reserve(struct http_out *out, size_t n)
{
    size_t need, cap;
    char *p;

    if (!size_add(out->n, n, &need))
        return false;
    if (need <= out->cap)
        return true;
    if (out->p == NULL && need <= out->pool->block_bytes) {
        out->p = pool_get(out->pool);
        out->cap = out->p == NULL ? 0 : out->pool->block_bytes;
        return out->p != NULL;
    }
    need -= out->at;
    cap = out->cap * 2 > need ? out->cap * 2 : need;
    if (cap <= out->pool->block_bytes)
        cap = out->pool->block_bytes + 1; /* tells it from a pooled block */
    p = malloc(cap);
    if (p == NULL)
        return false;
    gauge_add(out->pool->gauge, cap); /* an answer is not refused any more */
    if (out->p != NULL)
        memcpy(p, out->p + out->at, out->n - out->at);
    out->n -= out->at;
    out->at = 0;
    n = out->n;
    http_out_fini(out);
    out->p = p;
    out->n = n;
    out->cap = cap;
    return true;
}

static void
put(struct http_out *out, const char *p, size_t n)
{
    if (n > 0)
        memcpy(out->p + out->n, p, n);
    out->n += n;
}

static void
put_str(struct http_out *out, struct str s)
{
    put(out, s.p, s.n);
}

static void
put_number(struct http_out *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(out, digits + at, sizeof digits - at);
}

enum err
http_out_add(struct http_out *out, struct str s)
{
    if (!reserve(out, s.n))
        return ERR_MEMORY;
    put_str(out, s);
    return ERR_OK;
}

static const struct {
    unsigned status;
    const char *reason;
} reasons[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 415, "Unsupported Media Type" },
    { 417, "Expectation Failed" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
};

static void
put_status_line(struct http_out *out, unsigned status)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\n";

    if (status == 200) {
        put(out, ok, sizeof ok - 1);
        return;
    }
    put(out, "HTTP/1.1 ", 9);
    put_number(out, status);
    put(out, " ", 1);
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (reasons[i].status == status)
            put_str(out, str_of(reasons[i].reason));
    put(out, "\r\n", 2);
}

struct str
http_date_text(struct http_date *date)
{
    time_t now = time(NULL);
    struct tm parts;

    if (now != date->second || date->text[0] == '\0') {
        static const char days[][4] = { "Sun", "Mon", "Tue", "Wed",
                                        "Thu", "Fri", "Sat" };
        static const char months[][4] = { "Jan", "Feb", "Mar", "Apr",
                                          "May", "Jun", "Jul", "Aug",
                                          "Sep", "Oct", "Nov", "Dec" };

        gmtime_r(&now, &parts);
        /* Not strftime: the names must not follow the locale. */
        snprintf(date->text, sizeof date->text,
                 "%s, %02u %s %04u %02u:%02u:%02u GMT", days[parts.tm_wday],
                 (unsigned)parts.tm_mday % 100, months[parts.tm_mon],
                 (unsigned)(parts.tm_year + 1900) % 10000,
                 (unsigned)parts.tm_hour % 100, (unsigned)parts.tm_min % 100,
                 (unsigned)parts.tm_sec % 100);
        date->second = now;
    }
    return str_n(date->text, 29);
}

bool
http_status_has_body(unsigned status)
{
    return status >= 200 && status != 204 && status != 304;
}

static bool
measure(const struct http_reply *reply, size_t *n)
{
    *n = HEAD_FIXED_BYTES + reply->body.n;
    if (reply->status < 200 || reply->status > 999)
        return false;
    for (size_t i = 0; i < reply->n_headers; i++) {
        const struct http_header *h = &reply->headers[i];

        if (!http_is_token(h->name) || !http_is_field_value(h->value))
            return false;
        *n += h->name.n + h->value.n + 4;
    }
    return true;
}

static void
put_framing(struct http_out *out, const struct http_reply *reply,
            enum http_out_connection connection)
{
    if (reply->source != NULL && reply->source_bytes == HTTP_LENGTH_UNKNOWN) {
        if (connection != HTTP_OUT_CLOSE_10)
            put(out, "Transfer-Encoding: chunked\r\n", 28);
        return;
    }
    put(out, "Content-Length: ", 16);
    put_number(out,
               reply->source != NULL ? reply->source_bytes : reply->body.n);
    put(out, "\r\n", 2);
}

enum err
http_out_reply(struct http_out *out, struct http_date *date,
               const struct http_reply *reply, bool with_body,
               enum http_out_connection connection)
{
    size_t n;

    if (!measure(reply, &n))
        return ERR_SYNTAX;
    if (!reserve(out, n))
        return ERR_MEMORY;
    put_status_line(out, reply->status);
    for (size_t i = 0; i < reply->n_headers; i++) {
        put_str(out, reply->headers[i].name);
        put(out, ": ", 2);
        put_str(out, reply->headers[i].value);
        put(out, "\r\n", 2);
    }
    if (http_status_has_body(reply->status))
        put_framing(out, reply, connection);
    put(out, "Date: ", 6);
    put_str(out, http_date_text(date));
    put(out, "\r\n", 2);
    if (connection == HTTP_OUT_CLOSE || connection == HTTP_OUT_CLOSE_10)
        put(out, "Connection: Close\r\n", 19);
    else if (connection == HTTP_OUT_KEEP_10)
        put(out, "Connection: Keep-Alive\r\n", 24);
    put(out, "\r\n", 2);
    if (with_body && http_status_has_body(reply->status))
        put_str(out, reply->body);
    return ERR_OK;
}

enum err
http_out_pull(struct http_out *out, const struct http_source *source,
              uint64_t *left, bool is_chunked)
{
    static const char digits[] = "0123456789abcdef";
    bool is_known = *left != HTTP_LENGTH_UNKNOWN;
    size_t cap = PULL_BYTES, n;
    char *at;

    if (*left < cap)
        cap = (size_t)*left;
    if (cap == 0)
        return ERR_OK;
    if (!reserve(out, PULL_BYTES + CHUNK_EXTRA_BYTES))
        return ERR_MEMORY;
    at = out->p + out->n + (is_chunked ? CHUNK_HEAD_BYTES : 0);
    n = source->read(source->arg, at, cap);
    if (n > cap || (n == 0 && is_known))
        return ERR_PEER;
    if (!is_chunked) {
        out->n += n;
        *left -= is_known ? n : 0;
        return *left == 0 || n == 0 ? ERR_OK : ERR_AGAIN;
    }
    if (n == 0) {
        put(out, "0\r\n\r\n", 5);
        return ERR_OK;
    }
    for (unsigned i = 0; i < 4; i++)
        put(out, &digits[n >> (12 - 4 * i) & 15], 1);
    put(out, "\r\n", 2);
    out->n += n;
    put(out, "\r\n", 2);
    return ERR_AGAIN;
}

enum err
http_out_flush(struct http_out *out, struct stream *stream)
{
    while (out->at < out->n) {
        size_t n = 0;
        enum err e =
            stream_write(stream, out->p + out->at, out->n - out->at, &n);

        if (e != ERR_OK)
            return e;
        out->at += n;
    }
    if (out->p != NULL)
        http_out_fini(out);
    return ERR_OK;
}
