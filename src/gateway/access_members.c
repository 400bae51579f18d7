#include "gateway/access_members.h"

#include <stdio.h>
#include <time.h>

#include "gateway/access_format_priv.h"

struct members {
    struct buf *out;
    uint32_t n;
};

static void
put(struct members *m, const char *prefix, struct str name, bool is_number,
    struct str value)
{
    struct str key = str_sub(name, 0, 200);

    if (m->n >= ACCESS_MEMBERS_MAX)
        return;
    m->n++;
    buf_u32(m->out, (uint32_t)(str_of(prefix).n + key.n));
    buf_add_z(m->out, prefix);
    buf_add(m->out, key);
    buf_u8(m->out, is_number);
    buf_str(m->out, str_sub(value, 0, ACCESS_VALUE_MAX));
}

static void
put_text(struct members *m, const char *name, struct str value)
{
    if (value.n > 0)
        put(m, name, STR(""), false, value);
}

static void
put_number(struct members *m, const char *name, uint64_t value, bool as_text)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)value);

    put(m, name, STR(""), !as_text, str_n(text, (size_t)n));
}

/* 2020-07-14T13:28:19.887-0400 */
static void
put_time(struct members *m, const char *name, uint64_t wall_ms)
{
    time_t at = (time_t)(wall_ms / 1000);
    char text[40], zone[8], whole[56];
    struct tm tm;

    (void)localtime_r(&at, &tm);
    if (strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) == 0 ||
        strftime(zone, sizeof zone, "%z", &tm) == 0)
        return;
    snprintf(whole, sizeof whole, "%s.%03u%s", text, (unsigned)(wall_ms % 1000),
             zone);
    put_text(m, name, str_of(whole));
}

static const char *
protocol(const struct access_facts *facts)
{
    return facts->version == 20   ? "HTTP/2"
           : facts->version == 10 ? "HTTP/1.0"
           : facts->version == 11 ? "HTTP/1.1"
                                  : "";
}

/* Without the values of parameters that look like passwords. */
static void
add_query(struct buf *out, struct str query)
{
    struct str parameter;
    bool is_first = true;

    while (str_token(&query, '&', &parameter)) {
        size_t equal = str_find_char(parameter, '=');

        buf_add_z(out, is_first ? "" : "&");
        is_first = false;
        if (equal != STR_NPOS &&
            access_is_secret_name(str_sub(parameter, 0, equal))) {
            buf_add(out, str_sub(parameter, 0, equal));
            buf_add_z(out, "=*****");
        } else {
            buf_add(out, parameter);
        }
    }
}

static void
put_query(struct members *m, struct str query)
{
    struct buf text;

    buf_init(&text, ACCESS_LINE_MAX);
    add_query(&text, query);
    put(m, "ibm_queryString", STR(""), false, buf_view(&text));
    buf_fini(&text);
}

static void
put_line(struct members *m, const struct access_facts *facts)
{
    struct buf text;

    if (facts->method.n == 0)
        return;
    buf_init(&text, ACCESS_LINE_MAX);
    buf_add(&text, facts->method);
    buf_add_char(&text, ' ');
    buf_add(&text, facts->path.n > 0 ? facts->path : facts->target);
    if (facts->query.n > 0)
        buf_add_char(&text, '?');
    add_query(&text, facts->query);
    buf_printf(&text, " %s", protocol(facts));
    put_text(m, "ibm_requestFirstLine", buf_view(&text));
    buf_fini(&text);
}

/* name "": each of them. */
static void
put_headers(struct members *m, const char *prefix,
            const struct http_header *headers, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (name.n > 0 && !str_eq_nocase(headers[i].name, name))
            continue;
        put(m, prefix, name.n > 0 ? name : headers[i].name, false,
            access_is_secret_header(headers[i].name) ? STR("*****")
                                                     : headers[i].value);
        if (name.n > 0)
            return;
    }
}

static void
put_cookies(struct members *m, const struct access_facts *facts,
            struct str name)
{
    for (size_t i = 0; i < facts->n_headers; i++) {
        struct str rest = facts->headers[i].value, cookie;

        if (!str_eq_nocase_z(facts->headers[i].name, "Cookie"))
            continue;
        while (str_token(&rest, ';', &cookie)) {
            size_t equal;

            cookie = str_trim(cookie);
            equal = str_find_char(cookie, '=');
            if (equal != STR_NPOS &&
                (name.n == 0 || str_eq(str_sub(cookie, 0, equal), name)))
                put(m, "ibm_cookie_", str_sub(cookie, 0, equal), false,
                    str_sub(cookie, equal + 1, cookie.n));
        }
    }
}

static void
put_user_agent(struct members *m, const struct access_facts *facts)
{
    for (size_t i = 0; i < facts->n_headers; i++)
        if (str_eq_nocase_z(facts->headers[i].name, "User-Agent")) {
            put_text(m, "ibm_userAgent", facts->headers[i].value);
            return;
        }
}

static void
put_default(struct members *m, const struct access_facts *facts)
{
    put_text(m, "ibm_remoteHost", facts->remote);
    put_text(m, "ibm_requestProtocol", str_of(protocol(facts)));
    put_text(m, "ibm_requestHost", facts->local);
    put_number(m, "ibm_bytesReceived", facts->body_bytes, false);
    put_text(m, "ibm_requestMethod", facts->method);
    put_number(m, "ibm_requestPort", facts->local_port, true);
    put_query(m, facts->query);
    put_number(m, "ibm_elapsedTime", facts->elapsed_us, false);
    put_number(m, "ibm_responseCode", facts->status, false);
    put_text(m, "ibm_uriPath", facts->path);
    put_user_agent(m, facts);
}

static void
put_part(struct members *m, const struct access_part *part,
         const struct access_facts *facts)
{
    switch (part->token) {
    case TOKEN_TEXT:
        break;
    case TOKEN_REMOTE:
        put_text(m, "ibm_remoteIP", facts->remote);
        break;
    case TOKEN_REMOTE_HOST:
        put_text(m, "ibm_remoteHost", facts->remote);
        break;
    case TOKEN_LOCAL:
        put_text(m, "ibm_requestHost", facts->local);
        break;
    case TOKEN_BYTES:
        put_number(m, "ibm_bytesSent", facts->body_bytes, false);
        break;
    case TOKEN_BYTES_0:
        put_number(m, "ibm_bytesReceived", facts->body_bytes, false);
        break;
    case TOKEN_COOKIE:
        put_cookies(m, facts, part->text);
        break;
    case TOKEN_ELAPSED:
        put_number(m, "ibm_elapsedTime", facts->elapsed_us, false);
        break;
    case TOKEN_REQUEST_ELAPSED:
        put_number(m, "ibm_requestElapsedTime", facts->elapsed_us, false);
        break;
    case TOKEN_HEADER:
        put_headers(m, "ibm_requestHeader_", facts->headers, facts->n_headers,
                    part->text);
        break;
    case TOKEN_METHOD:
        put_text(m, "ibm_requestMethod", facts->method);
        break;
    case TOKEN_ANSWER_HEADER:
        put_headers(m, "ibm_responseHeader_", facts->answer_headers,
                    facts->n_answer_headers, part->text);
        break;
    case TOKEN_QUERY:
        put_query(m, facts->query);
        break;
    case TOKEN_REMOTE_PORT:
        put_number(m, "ibm_remotePort", facts->remote_port, true);
        break;
    case TOKEN_LOCAL_PORT:
        put_number(m, "ibm_requestPort", facts->local_port, true);
        break;
    case TOKEN_LINE:
        put_line(m, facts);
        break;
    case TOKEN_STATUS:
        put_number(m, "ibm_responseCode", facts->status, false);
        break;
    case TOKEN_START:
        put_time(m, "ibm_requestStartTime", facts->start_ms);
        break;
    case TOKEN_END:
        put_time(m, "ibm_accessLogDatetime", facts->end_ms);
        break;
    case TOKEN_USER:
        put_text(m, "ibm_remoteUserID", facts->user);
        break;
    case TOKEN_PATH:
        put_text(m, "ibm_uriPath", facts->path);
        break;
    }
}

/* A token may stand twice in a format; a member only once in an object. */
static bool
is_repeated(const struct access_format *f, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (f->parts[i].token == f->parts[at].token &&
            str_eq(f->parts[i].text, f->parts[at].text))
            return true;
    return false;
}

void
access_members_put(const struct access_format *format,
                   const struct access_facts *facts, struct buf *out)
{
    struct members m = { .out = out };
    size_t at;

    buf_u64(out, facts->end_ms);
    at = out->n;
    buf_u32(out, 0);
    if (format == NULL)
        put_default(&m, facts);
    for (size_t i = 0; format != NULL && i < format->n; i++)
        if (!is_repeated(format, i))
            put_part(&m, &format->parts[i], facts);
    if (out->failed)
        return;
    for (unsigned i = 0; i < 4; i++)
        out->p[at + i] = (char)(m.n >> (24 - 8 * i));
}

bool
access_members_take(struct reader *in, uint64_t *wall_ms,
                    struct log_member out[ACCESS_MEMBERS_MAX], size_t *n)
{
    uint32_t count;

    if (!reader_u64(in, wall_ms) || !reader_u32(in, &count) ||
        count > ACCESS_MEMBERS_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t is_number;

        if (!reader_str(in, 1, 256, &out[i].name) ||
            !reader_u8(in, &is_number) ||
            !reader_str(in, 0, ACCESS_VALUE_MAX, &out[i].value))
            return false;
        out[i].is_number = is_number == 1;
    }
    *n = count;
    return true;
}
