#include "gateway/access_format_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/reader.h"

/* Letter and, where it has one, the argument that is part of its name. */
static const struct {
    char letter;
    const char *argument; /* NULL: without; "": any name, or without */
    enum access_token token;
} tokens[] = {
    { 'a', NULL, TOKEN_REMOTE },
    { 'A', NULL, TOKEN_LOCAL },
    { 'b', NULL, TOKEN_BYTES },
    { 'B', NULL, TOKEN_BYTES_0 },
    { 'C', "", TOKEN_COOKIE },
    { 'D', NULL, TOKEN_ELAPSED },
    { 'h', NULL, TOKEN_REMOTE_HOST },
    { 'i', "", TOKEN_HEADER },
    { 'm', NULL, TOKEN_METHOD },
    { 'o', "", TOKEN_ANSWER_HEADER },
    { 'p', "remote", TOKEN_REMOTE_PORT },
    { 'p', NULL, TOKEN_LOCAL_PORT },
    { 'q', NULL, TOKEN_QUERY },
    { 'r', NULL, TOKEN_LINE },
    { 's', NULL, TOKEN_STATUS },
    { 't', NULL, TOKEN_START },
    { 'u', NULL, TOKEN_USER },
    { 'U', NULL, TOKEN_PATH },
    { 'W', "t", TOKEN_END },
    { 'W', "R", TOKEN_REQUEST_ELAPSED },
};

/* ---- compiling ---- */

static bool
find_token(char letter, bool has_argument, struct str argument,
           enum access_token *out)
{
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        const char *wanted = tokens[i].argument;

        if (tokens[i].letter != letter || (wanted == NULL && has_argument) ||
            (wanted != NULL && wanted[0] != '\0' &&
             (!has_argument || !str_eq_z(argument, wanted))))
            continue;
        *out = tokens[i].token;
        return true;
    }
    return false;
}

static bool
is_not_percent(unsigned char c)
{
    return c != '%';
}

static bool
is_not_brace(unsigned char c)
{
    return c != '}';
}

/* token = "%" [ "{" name "}" ] letter | "%%" */
static enum err
read_token(struct reader *in, struct access_part *out, struct err_info *why)
{
    size_t at = in->pos;
    bool has_argument;

    IGNORE(reader_accept(in, '%'));
    if (reader_accept(in, '%')) {
        *out = (struct access_part){ TOKEN_TEXT, STR("%") };
        return ERR_OK;
    }
    has_argument = reader_accept(in, '{');
    out->text = has_argument ? reader_span(in, is_not_brace) : STR("");
    if ((has_argument && !reader_accept(in, '}')) || reader_at_end(in) ||
        !find_token(reader_peek(in), has_argument, out->text, &out->token))
        return err_at(why, ERR_SYNTAX, at,
                      "logFormat: \"" STR_FMT "\" (character %zu) is no token",
                      STR_ARG(str_sub(in->in, at, in->pos + 1)), at + 1);
    in->pos++;
    return ERR_OK;
}

enum err
access_format_new(struct arena *arena, struct str text,
                  struct access_format **out, struct err_info *why)
{
    struct access_format *f = ARENA_NEW(arena, struct access_format);
    struct reader in;

    text = str_dup(arena, text);
    if (f != NULL)
        f->parts = ARENA_ARRAY(arena, struct access_part, text.n + 1);
    if (f == NULL || f->parts == NULL || text.p == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a log format");
    in = reader_of(text);
    while (!reader_at_end(&in)) {
        struct access_part *part = &f->parts[f->n++];
        enum err e;

        if (reader_peek(&in) != '%')
            *part = (struct access_part){ TOKEN_TEXT,
                                          reader_span(&in, is_not_percent) };
        else if ((e = read_token(&in, part, why)) != ERR_OK)
            return e;
    }
    *out = f;
    return ERR_OK;
}

bool
access_format_wants_local(const struct access_format *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->parts[i].token == TOKEN_LOCAL)
            return true;
    return false;
}

/* ---- values ---- */

static void
add_or_dash(struct buf *out, struct str value)
{
    if (value.n == 0)
        buf_add_char(out, '-');
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];

        if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
            buf_printf(out, "\\x%02x", c);
        else
            buf_add_char(out, (char)c);
    }
}

/* "[21/Nov/2026:02:35:00 +0000]"; made once a second on each thread. */
static void
add_time(struct buf *out, uint64_t at_s)
{
    static const char months[][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun",
        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };
    static _Thread_local uint64_t last_s;
    static _Thread_local char text[48];
    time_t at = (time_t)at_s;
    struct tm tm;
    long zone;

    if (at_s != last_s || text[0] == '\0') {
        localtime_r(&at, &tm);
        zone = tm.tm_gmtoff / 60;
        /* Not strftime: the names must not follow the locale. */
        snprintf(text, sizeof text, "[%02u/%s/%04u:%02u:%02u:%02u %c%02u%02u]",
                 (unsigned)tm.tm_mday % 100, months[tm.tm_mon],
                 (unsigned)(tm.tm_year + 1900) % 10000,
                 (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
                 (unsigned)tm.tm_sec % 100, zone < 0 ? '-' : '+',
                 (unsigned)labs(zone) / 60 % 100, (unsigned)labs(zone) % 60);
        last_s = at_s;
    }
    buf_add_z(out, text);
}

bool
access_is_secret_name(struct str name)
{
    static const char *const words[] = { "password", "passwd", "pwd", "secret",
                                         "token" };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        for (size_t at = 0; at + str_of(words[i]).n <= name.n; at++)
            if (str_starts_nocase(str_sub(name, at, name.n), str_of(words[i])))
                return true;
    return false;
}

/* Values of parameters that look like passwords are not written. */
static void
add_query(struct buf *out, struct str query)
{
    struct str parameter;
    bool is_first = true;

    while (str_token(&query, '&', &parameter)) {
        size_t equal = str_find_char(parameter, '=');

        if (!is_first)
            buf_add_char(out, '&');
        is_first = false;
        if (equal != STR_NPOS &&
            access_is_secret_name(str_sub(parameter, 0, equal))) {
            add_or_dash(out, str_sub(parameter, 0, equal));
            buf_add_z(out, "=*****");
        } else if (parameter.n > 0) {
            add_or_dash(out, parameter);
        }
    }
}

static void
add_line(struct buf *out, const struct access_facts *facts)
{
    static const char *const versions[] = { "HTTP/1.0", "HTTP/1.1", "HTTP/2" };

    if (facts->method.n == 0) { /* refused before it could be read */
        buf_add_char(out, '-');
        return;
    }
    add_or_dash(out, facts->method);
    buf_add_char(out, ' ');
    add_or_dash(out, facts->path.n > 0 ? facts->path : facts->target);
    if (facts->query.n > 0) {
        buf_add_char(out, '?');
        add_query(out, facts->query);
    }
    buf_add_char(out, ' ');
    buf_add_z(out, versions[facts->version == 20   ? 2
                            : facts->version == 10 ? 0
                                                   : 1]);
}

bool
access_is_secret_header(struct str name)
{
    return str_eq_nocase_z(name, "Authorization") ||
           str_eq_nocase_z(name, "Proxy-Authorization") ||
           str_eq_nocase_z(name, "Sallyport-Job-Token");
}

static void
add_header(struct buf *out, const struct http_header *headers, size_t n,
           struct str name)
{
    bool is_first = true;

    for (size_t i = 0; i < n; i++) {
        struct str value = access_is_secret_header(headers[i].name)
                               ? STR("*****")
                               : headers[i].value;

        if (name.n > 0 && !str_eq_nocase(headers[i].name, name))
            continue;
        if (!is_first)
            buf_add_z(out, ", ");
        is_first = false;
        if (name.n == 0) {
            add_or_dash(out, headers[i].name);
            buf_add_char(out, ':');
        }
        add_or_dash(out, value);
        if (name.n > 0)
            return;
    }
    if (is_first)
        buf_add_char(out, '-');
}

static void
add_cookie(struct buf *out, const struct access_facts *facts, struct str name)
{
    for (size_t i = 0; i < facts->n_headers; i++) {
        struct str rest = facts->headers[i].value, cookie;

        if (!str_eq_nocase_z(facts->headers[i].name, "Cookie"))
            continue;
        if (name.n == 0) {
            add_or_dash(out, rest);
            return;
        }
        while (str_token(&rest, ';', &cookie)) {
            size_t equal;

            cookie = str_trim(cookie);
            equal = str_find_char(cookie, '=');
            if (equal != STR_NPOS && str_eq(str_sub(cookie, 0, equal), name)) {
                add_or_dash(out, str_sub(cookie, equal + 1, cookie.n));
                return;
            }
        }
    }
    buf_add_char(out, '-');
}

static void
add_number(struct buf *out, uint64_t number, bool dash_for_0)
{
    if (number == 0 && dash_for_0)
        buf_add_char(out, '-');
    else
        buf_printf(out, "%llu", (unsigned long long)number);
}

static void
add_part(const struct access_part *part, const struct access_facts *facts,
         struct buf *out)
{
    switch (part->token) {
    case TOKEN_TEXT:
        buf_add(out, part->text);
        break;
    case TOKEN_REMOTE:
    case TOKEN_REMOTE_HOST:
        add_or_dash(out, facts->remote);
        break;
    case TOKEN_LOCAL:
        add_or_dash(out, facts->local);
        break;
    case TOKEN_BYTES:
    case TOKEN_BYTES_0:
        add_number(out, facts->body_bytes, part->token == TOKEN_BYTES);
        break;
    case TOKEN_COOKIE:
        add_cookie(out, facts, part->text);
        break;
    case TOKEN_ELAPSED:
    case TOKEN_REQUEST_ELAPSED:
        add_number(out, facts->elapsed_us, false);
        break;
    case TOKEN_HEADER:
        add_header(out, facts->headers, facts->n_headers, part->text);
        break;
    case TOKEN_METHOD:
        add_or_dash(out, facts->method);
        break;
    case TOKEN_ANSWER_HEADER:
        add_header(out, facts->answer_headers, facts->n_answer_headers,
                   part->text);
        break;
    case TOKEN_QUERY:
        if (facts->query.n == 0)
            buf_add_char(out, '-');
        else
            add_query(out, facts->query);
        break;
    case TOKEN_REMOTE_PORT:
        add_number(out, facts->remote_port, true);
        break;
    case TOKEN_LOCAL_PORT:
        add_number(out, facts->local_port, true);
        break;
    case TOKEN_LINE:
        add_line(out, facts);
        break;
    case TOKEN_STATUS:
        add_number(out, facts->status, true);
        break;
    case TOKEN_START:
        add_time(out, facts->start_ms / 1000);
        break;
    case TOKEN_END:
        add_time(out, facts->end_ms / 1000);
        break;
    case TOKEN_USER:
        add_or_dash(out, facts->user);
        break;
    case TOKEN_PATH:
        add_or_dash(out, facts->path);
        break;
    }
}

void
access_format_line(const struct access_format *f,
                   const struct access_facts *facts, struct buf *out)
{
    for (size_t i = 0; i < f->n; i++)
        add_part(&f->parts[i], facts, out);
    buf_add_char(out, '\n');
}
