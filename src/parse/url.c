#include "parse/url.h"

#include <string.h>

#include "base/reader.h"

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool
is_unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

/* ---- UTF-8 ---- */

/* Bytes of the well-formed sequence at p (Unicode 15, table 3-7); 0: none. */
static size_t
utf8_sequence(const unsigned char *p, size_t n)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t size;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    size = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (size > n)
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < size; i++) {
        if (p[i] < low || p[i] > high)
            return 0;
        low = 0x80;
        high = 0xbf;
    }
    return size;
}

/* Text for people and programs: UTF-8 without control characters. */
static bool
is_clean(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t at = 0;

    while (at < s.n) {
        size_t size = utf8_sequence(p + at, s.n - at);

        if (size == 0 || p[at] < 0x20 || p[at] == 0x7f)
            return false;
        at += size;
    }
    return true;
}

/* ---- percent-encoding ---- */

static bool
needs_decoding(struct str in, bool plus_is_space)
{
    return str_find_char(in, '%') != STR_NPOS ||
           (plus_is_space && str_find_char(in, '+') != STR_NPOS);
}

static enum err
decode_into(struct str in, bool plus_is_space, char *p, size_t *n,
            struct err_info *why)
{
    size_t to = 0;

    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];

        if (c == '%') {
            int high = i + 1 < in.n ? hex_value(in.p[i + 1]) : -1;
            int low = i + 2 < in.n ? hex_value(in.p[i + 2]) : -1;

            if (high < 0 || low < 0)
                return err_at(why, ERR_SYNTAX, i,
                              "expected two hexadecimal digits after %%");
            c = (char)(unsigned char)(high * 16 + low);
            i += 2;
        } else if (plus_is_space && c == '+') {
            c = ' ';
        }
        p[to++] = c;
    }
    *n = to;
    return ERR_OK;
}

enum err
url_decode(struct arena *arena, struct str in, bool plus_is_space,
           struct str *out, struct err_info *why)
{
    struct str text = in;
    enum err e;

    if (needs_decoding(in, plus_is_space)) {
        char *p = arena_alloc(arena, in.n);

        if (p == NULL)
            return err_set(why, ERR_MEMORY, "no storage to decode a URL");
        text.p = p;
        if ((e = decode_into(in, plus_is_space, p, &text.n, why)) != ERR_OK)
            return e;
    }
    if (!is_clean(text))
        return err_at(why, ERR_SYNTAX, 0,
                      "expected UTF-8 text without control characters");
    *out = text;
    return ERR_OK;
}

void
url_encode(struct buf *out, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (is_unreserved(c)) {
            buf_add_char(out, (char)c);
        } else {
            buf_add_char(out, '%');
            buf_add_char(out, digits[c >> 4]);
            buf_add_char(out, digits[c & 15]);
        }
    }
}

/* ---- paths ---- */

static size_t
count_char(struct str s, char c)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == c;
    return n;
}

/* RFC 3986, 5.2.4, on decoded segments; false: above the root. */
static bool
add_segment(struct url_path *path, struct str segment, bool is_last)
{
    if (str_eq_z(segment, ".") || str_eq_z(segment, "..")) {
        if (segment.n == 2) {
            if (path->n == 0)
                return false;
            path->n--;
        }
        if (is_last && path->n > 0) /* "/a/." is "/a/" */
            path->segments[path->n++] = STR("");
        return true;
    }
    path->segments[path->n++] = segment;
    return true;
}

enum err
url_path_parse(struct arena *arena, struct str raw, struct url_path *out,
               struct err_info *why)
{
    size_t n = count_char(raw, '/'), at = 1;
    struct url_path path = { 0 };
    struct str rest, piece, segment;
    enum err e;

    if (raw.n > 0 && raw.p[0] != '/')
        return err_at(why, ERR_SYNTAX, 0, "expected a path that begins with /");
    if (n > URL_SEGMENTS_MAX)
        return err_at(why, ERR_LIMIT, 0, "more than %u segments in a path",
                      URL_SEGMENTS_MAX);
    path.segments = ARENA_ARRAY(arena, struct str, n + 1);
    if (path.segments == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a path");
    if (raw.n <= 1) {
        *out = path;
        return ERR_OK;
    }
    rest = str_sub(raw, 1, raw.n);
    while (str_token(&rest, '/', &piece)) {
        if ((e = url_decode(arena, piece, false, &segment, why)) != ERR_OK) {
            if (why != NULL)
                why->at += at;
            return e;
        }
        if (!add_segment(&path, segment, rest.p == NULL))
            return err_at(why, ERR_SYNTAX, at, "the path leaves its root");
        at += piece.n + 1;
    }
    *out = path;
    return ERR_OK;
}

/* ---- queries ---- */

enum err
url_query_parse(struct arena *arena, struct str raw, struct url_query *out,
                struct err_info *why)
{
    size_t n = count_char(raw, '&') + 1, at = 0;
    struct url_query query = { 0 };
    struct str rest = raw, piece;
    enum err e;

    if (n > URL_PAIRS_MAX)
        return err_at(why, ERR_LIMIT, 0, "more than %u query parameters",
                      URL_PAIRS_MAX);
    query.pairs = ARENA_ARRAY(arena, struct url_pair, n);
    if (query.pairs == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a query");
    while (str_token(&rest, '&', &piece)) {
        size_t equals = str_find_char(piece, '=');
        size_t name_end = equals == STR_NPOS ? piece.n : equals;
        struct url_pair *pair = &query.pairs[query.n];
        size_t start = 0;

        e = url_decode(arena, str_sub(piece, 0, name_end), true, &pair->name,
                       why);
        if (e == ERR_OK && equals != STR_NPOS) {
            start = equals + 1;
            pair->has_value = true;
            e = url_decode(arena, str_sub(piece, start, piece.n), true,
                           &pair->value, why);
        }
        if (e != ERR_OK) {
            if (why != NULL)
                why->at += at + start;
            return e;
        }
        query.n += piece.n > 0;
        at += piece.n + 1;
    }
    *out = query;
    return ERR_OK;
}

bool
url_query_get(const struct url_query *query, struct str name, struct str *out)
{
    for (size_t i = 0; i < query->n; i++)
        if (str_eq(query->pairs[i].name, name)) {
            *out = query->pairs[i].value;
            return true;
        }
    return false;
}

/* ---- absolute URLs ---- */

static bool
is_host_char(unsigned char c)
{
    return is_unreserved(c);
}

static bool
is_address_char(unsigned char c)
{
    return hex_value((char)c) >= 0 || c == ':' || c == '.';
}

static bool
is_path_char(unsigned char c)
{
    return c > 0x20 && c < 0x7f && strchr("\"#<>?\\^`{|}", c) == NULL;
}

static bool
is_query_char(unsigned char c)
{
    return c == '?' || is_path_char(c);
}

/* host = reg-name / "[" IPv6 "]" */
static enum err
read_host(struct reader *in, struct url *url, struct err_info *why)
{
    size_t start = in->pos;

    if (reader_accept(in, '[')) {
        url->host = reader_span(in, is_address_char);
        if (!reader_accept(in, ']'))
            return err_at(why, ERR_SYNTAX, in->pos, "expected ]");
    } else {
        url->host = reader_span(in, is_host_char);
    }
    if (url->host.n == 0)
        return err_at(why, ERR_SYNTAX, start, "expected a host");
    return ERR_OK;
}

/* [ ":" port ] */
static enum err
read_port(struct reader *in, struct url *url, struct err_info *why)
{
    uint32_t port = 0;
    size_t start;

    url->port = url->is_https ? 443 : 80;
    if (!reader_accept(in, ':'))
        return ERR_OK;
    start = in->pos;
    if (!reader_decimal(in, &port) || port == 0 || port > 65535)
        return err_at(why, ERR_SYNTAX, start, "expected a port, 1..65535");
    url->port = port;
    url->has_port = true;
    return ERR_OK;
}

/* ( "http" / "https" ) "://" host [ ":" port ] path [ "?" query ] */
enum err
url_parse(struct str text, struct url *out, struct err_info *why)
{
    struct reader in = reader_of(text);
    struct url url = { 0 };
    enum err e;

    if (reader_accept_nocase(&in, STR("https://")))
        url.is_https = true;
    else if (!reader_accept_nocase(&in, STR("http://")))
        return err_at(why, ERR_SYNTAX, 0, "expected http:// or https://");
    if ((e = read_host(&in, &url, why)) != ERR_OK ||
        (e = read_port(&in, &url, why)) != ERR_OK)
        return e;
    url.path = STR("");
    url.query = STR("");
    if (reader_peek(&in) == '/')
        url.path = reader_span(&in, is_path_char);
    if (reader_accept(&in, '?'))
        url.query = reader_span(&in, is_query_char);
    if (!reader_at_end(&in))
        return err_at(why, ERR_SYNTAX, in.pos,
                      "a character that does not belong into a URL here");
    *out = url;
    return ERR_OK;
}
