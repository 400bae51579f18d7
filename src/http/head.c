#include "http/head.h"

#include <arpa/inet.h>
#include <llhttp.h>
#include <string.h>

#include "base/reader.h"

/* ---- bytes ---- */

enum {
    TOKEN = 1u << 0,  /* tchar of RFC 9110, 5.6.2 */
    VALUE = 1u << 1,  /* field-vchar, blank, tab, obs-text */
    TARGET = 1u << 2, /* what a request target may hold (RFC 3986) */
    HOST = 1u << 3,
};

static bool
is_in(unsigned char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static unsigned char class_of[256];

__attribute__((constructor)) static void
fill_classes(void)
{
    for (unsigned i = 0; i < 256; i++) {
        unsigned char c = (unsigned char)i;
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                        (c >= 'a' && c <= 'z');
        unsigned char bits = 0;

        if (is_alnum || is_in(c, "!#$%&'*+-.^_`|~"))
            bits |= TOKEN;
        if (c == '\t' || (c >= 0x20 && c != 0x7f))
            bits |= VALUE;
        if (c > 0x20 && c < 0x7f && !is_in(c, "\"#<>\\^`{|}"))
            bits |= TARGET;
        if (is_alnum || is_in(c, "-._~"))
            bits |= HOST;
        class_of[i] = bits;
    }
}

static bool
is_host_char(unsigned char c)
{
    return (class_of[c] & HOST) != 0;
}

static bool
all_in(struct str s, unsigned char bit)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(class_of[(unsigned char)s.p[i]] & bit))
            return false;
    return true;
}

bool
http_is_token(struct str s)
{
    return s.n > 0 && all_in(s, TOKEN);
}

bool
http_is_field_value(struct str s)
{
    return all_in(s, VALUE);
}

bool
http_is_target(struct str s)
{
    return s.n > 0 && all_in(s, TARGET);
}

/* ---- strict check of the lines ---- */

size_t
http_head_end(struct str in, size_t *scanned)
{
    size_t at = *scanned;

    while (at < in.n) {
        const char *lf = memchr(in.p + at, '\n', in.n - at);
        size_t next;

        if (lf == NULL) {
            *scanned = in.n;
            return 0;
        }
        next = (size_t)(lf - in.p) + 1;
        if (next < in.n && in.p[next] == '\n')
            return next + 1;
        if (next + 1 < in.n && in.p[next] == '\r' && in.p[next + 1] == '\n')
            return next + 2;
        if (next + 1 >= in.n) {
            *scanned = next - 1; /* the bytes after it decide, later */
            return 0;
        }
        at = next;
    }
    *scanned = in.n;
    return 0;
}

/* Cut one line that ends in CRLF off *rest; a CR or LF alone is refused. */
static bool
take_line(struct str *rest, struct str *line)
{
    const char *cr = memchr(rest->p, '\r', rest->n);
    size_t n;

    if (cr == NULL)
        return false;
    n = (size_t)(cr - rest->p);
    if (n + 1 >= rest->n || cr[1] != '\n' || memchr(rest->p, '\n', n) != NULL)
        return false;
    *line = str_n(rest->p, n);
    *rest = str_n(rest->p + n + 2, rest->n - n - 2);
    return true;
}

static const char *
check_field(struct str line, const struct http_head_limits *limits)
{
    size_t colon;

    if (line.p[0] == ' ' || line.p[0] == '\t')
        return "a header field is folded over two lines";
    colon = str_find_char(line, ':');
    if (colon == STR_NPOS)
        return "a header field has no colon";
    if (!http_is_token(str_sub(line, 0, colon)))
        return "a header field name holds a character that is not allowed";
    if (!http_is_field_value(str_sub(line, colon + 1, line.n)))
        return "a header field value holds a control character";
    if (colon > limits->max_field_bytes ||
        line.n - colon - 1 > limits->max_field_bytes)
        return "a header field is too long";
    return NULL;
}

/* *n_fields: how many there are. */
static const char *
check_fields(struct str rest, const struct http_head_limits *limits,
             size_t *n_fields)
{
    struct str line;
    size_t n = 0;

    for (;;) {
        const char *wrong;

        if (rest.n == 0 || !take_line(&rest, &line))
            return "a line does not end in CR LF";
        if (line.n == 0)
            break;
        if (++n > limits->max_headers)
            return "there are too many header fields";
        if ((wrong = check_field(line, limits)) != NULL)
            return wrong;
    }
    *n_fields = n;
    return rest.n == 0 ? NULL : "an empty line stands inside the head";
}

static const char *const methods[] = {
    "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH",
};

static bool
is_method(struct str s)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (str_eq_z(s, methods[i]))
            return true;
    return false;
}

static unsigned
check_version(struct str version, struct http_head *out, const char **why)
{
    if (str_eq(version, STR("HTTP/1.1"))) {
        out->minor = 1;
        return 0;
    }
    if (str_eq(version, STR("HTTP/1.0"))) {
        out->minor = 0;
        return 0;
    }
    if (version.n == 8 && str_starts(version, STR("HTTP/")) &&
        version.p[5] >= '0' && version.p[5] <= '9' && version.p[6] == '.' &&
        version.p[7] >= '0' && version.p[7] <= '9') {
        *why = "the protocol version is not HTTP/1.1 or HTTP/1.0";
        return 505;
    }
    *why = "the request line does not end in a protocol version";
    return 400;
}

/* method SP target SP version, one blank each (RFC 9112, 3). */
static unsigned
check_request_line(struct str line, const struct http_head_limits *limits,
                   struct http_head *out, const char **why)
{
    size_t first = str_find_char(line, ' ');
    size_t last = str_rfind_char(line, ' ');
    struct str method, target;
    unsigned status;

    if (first == STR_NPOS || first == last) {
        *why = "the request line is not method, target and version";
        return 400;
    }
    method = str_sub(line, 0, first);
    target = str_sub(line, first + 1, last);
    if (!http_is_token(method) || !http_is_target(target)) {
        *why = "the request line holds a character that is not allowed";
        return 400;
    }
    if ((status = check_version(str_sub(line, last + 1, line.n), out, why)) !=
        0)
        return status;
    if (!is_method(method)) {
        *why = "the method is not supported";
        return 501;
    }
    if (target.n > limits->max_field_bytes) {
        *why = "the request target is too long";
        return 400;
    }
    return 0;
}

/* ---- llhttp ---- */

struct collector {
    struct http_head *head;
    size_t cap;
    bool in_value;
    bool is_complete;
};

static int
on_url(llhttp_t *parser, const char *p, size_t n)
{
    struct collector *c = parser->data;

    if (c->head->target.p == NULL)
        c->head->target = str_n(p, n);
    else
        c->head->target.n += n;
    return 0;
}

static int
on_field(llhttp_t *parser, const char *p, size_t n)
{
    struct collector *c = parser->data;
    struct http_head *head = c->head;

    if (head->n_headers == 0 || c->in_value) {
        if (head->n_headers == c->cap)
            return -1;
        head->headers[head->n_headers++] =
            (struct http_header){ .name = str_n(p, n), .value = str_n(p, 0) };
    } else {
        head->headers[head->n_headers - 1].name.n += n;
    }
    c->in_value = false;
    return 0;
}

static int
on_value(llhttp_t *parser, const char *p, size_t n)
{
    struct collector *c = parser->data;
    struct http_header *header;

    if (c->head->n_headers == 0)
        return -1;
    header = &c->head->headers[c->head->n_headers - 1];
    if (c->in_value)
        header->value.n += n;
    else
        header->value = str_n(p, n);
    c->in_value = true;
    return 0;
}

static int
on_value_complete(llhttp_t *parser)
{
    struct collector *c = parser->data;

    c->in_value = true; /* an empty value may come without on_value */
    return 0;
}

static int
on_headers_complete(llhttp_t *parser)
{
    struct collector *c = parser->data;

    c->is_complete = true;
    return 1; /* the body is ours: head_framing and chunked.c */
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
};

/* What llhttp thinks of the body comes after the head is complete and is not
 * asked for; releases differ in it. */
static bool
take_apart(struct arena *arena, struct str text, llhttp_type_t type,
           size_t n_fields, struct http_head *out)
{
    struct collector c = { .head = out, .cap = n_fields };
    llhttp_t parser;

    out->n_headers = 0;
    out->headers =
        arena_alloc(arena, (n_fields + 1) * sizeof(struct http_header));
    if (out->headers == NULL)
        return false;
    llhttp_init(&parser, type, &settings);
    parser.data = &c;
    (void)llhttp_execute(&parser, text.p, text.n);
    if (!c.is_complete || out->n_headers != n_fields)
        return false;
    for (size_t i = 0; i < n_fields; i++)
        out->headers[i].value = str_trim(out->headers[i].value);
    return true;
}

/* ---- meaning of the fields ---- */

/* Fields that frame or route the message; each may come once. */
struct known {
    unsigned n_host, n_length, n_encoding, n_expect;
    struct str host, length, encoding, expect;
    bool has_close, has_keep_alive;
};

static void
read_connection(struct str list, struct known *known)
{
    struct str option;

    while (str_token(&list, ',', &option)) {
        option = str_trim(option);
        if (str_eq_nocase_z(option, "close"))
            known->has_close = true;
        else if (str_eq_nocase_z(option, "keep-alive"))
            known->has_keep_alive = true;
    }
}

static void
note(const struct http_header *header, const char *name, unsigned *n,
     struct str *value)
{
    if (!str_eq_nocase_z(header->name, name))
        return;
    (*n)++;
    *value = header->value;
}

static void
find_known(const struct http_head *head, struct known *known)
{
    for (size_t i = 0; i < head->n_headers; i++) {
        const struct http_header *h = &head->headers[i];

        switch (h->name.n) {
        case 4:
            note(h, "Host", &known->n_host, &known->host);
            break;
        case 6:
            note(h, "Expect", &known->n_expect, &known->expect);
            break;
        case 10:
            if (str_eq_nocase_z(h->name, "Connection"))
                read_connection(h->value, known);
            break;
        case 14:
            note(h, "Content-Length", &known->n_length, &known->length);
            break;
        case 17:
            note(h, "Transfer-Encoding", &known->n_encoding, &known->encoding);
            break;
        default:
            break;
        }
    }
}

/* How the body is delimited (RFC 9112, 6): exactly one way or refused. */
static unsigned
read_framing(const struct known *known, struct http_head *out, const char **why)
{
    if (known->n_encoding > 0 && known->n_length > 0) {
        *why = "both Transfer-Encoding and Content-Length are given";
        return 400;
    }
    if (known->n_encoding > 1 || known->n_length > 1) {
        *why = "the length of the body is given twice";
        return 400;
    }
    if (known->n_encoding == 1) {
        if (out->minor == 0) {
            *why = "Transfer-Encoding is not part of HTTP/1.0";
            return 400;
        }
        if (!str_eq_nocase_z(known->encoding, "chunked")) {
            *why = "the only Transfer-Encoding supported is chunked";
            return 400;
        }
        out->body = HTTP_BODY_CHUNKED;
    }
    if (known->n_length == 1) {
        if (!str_to_u64(known->length, &out->length)) {
            *why = "Content-Length is not a decimal number";
            return 400;
        }
        out->body = out->length > 0 ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
    }
    return 0;
}

static bool
read_keep_alive(const struct known *known, unsigned minor)
{
    if (known->has_close)
        return false;
    return minor >= 1 || known->has_keep_alive;
}

/* An address in brackets, taken off the front. */
static bool
take_ipv6(struct reader *in)
{
    size_t at = in->pos;
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];

    while (!reader_at_end(in) && reader_peek(in) != ']')
        in->pos++;
    return str_copy_z(str_sub(in->in, at, in->pos), text, sizeof text) &&
           inet_pton(AF_INET6, text, &address) == 1 && reader_accept(in, ']');
}

/* host = ( name / "[" IPv6 "]" ) [ ":" *digit ]
 *
 * Escapes and the signs of RFC 3986's reg-name are in no name that is looked
 * up, and servers differ in what they make of them. */
static bool
is_host(struct str text)
{
    struct reader in = reader_of(text);
    uint32_t port = 0;

    if (reader_accept(&in, '[') ? !take_ipv6(&in)
                                : reader_span(&in, is_host_char).n == 0)
        return false;
    if (reader_at_end(&in))
        return true;
    return reader_accept(&in, ':') &&
           (reader_at_end(&in) || (reader_decimal(&in, &port) &&
                                   reader_at_end(&in) && port <= 65535));
}

static unsigned
check_host(const struct known *known, struct http_head *out, const char **why)
{
    if (known->n_host > 1) {
        *why = "the Host header field is given twice";
        return 400;
    }
    if (known->n_host == 0 && out->minor == 1) {
        *why = "the Host header field is missing";
        return 400;
    }
    if (known->n_host == 1 && !is_host(known->host)) {
        *why = "the Host header field is not a host and port";
        return 400;
    }
    return 0;
}

/* origin-form, absolute-form of this host, or * of OPTIONS. */
static unsigned
split_target(const struct known *known, struct http_head *out, const char **why)
{
    struct str rest = out->target;
    size_t at;

    if (str_starts_nocase(rest, STR("http://")) ||
        str_starts_nocase(rest, STR("https://"))) {
        rest = str_sub(rest, str_find(rest, STR("://")) + 3, rest.n);
        for (at = 0; at < rest.n && rest.p[at] != '/' && rest.p[at] != '?';)
            at++;
        if (known->n_host == 1 &&
            !str_eq_nocase(str_sub(rest, 0, at), known->host)) {
            *why = "the request target names another host than Host";
            return 400;
        }
        rest = str_sub(rest, at, rest.n);
    } else if (str_eq(rest, STR("*")) && str_eq_z(out->method, "OPTIONS")) {
        rest = str_sub(rest, 1, 1);
    } else if (rest.p[0] != '/') {
        *why = "the request target does not begin with a slash";
        return 400;
    }
    at = str_find_char(rest, '?');
    out->path = at == STR_NPOS ? rest : str_sub(rest, 0, at);
    out->query = at == STR_NPOS ? STR("") : str_sub(rest, at + 1, rest.n);
    if (out->path.n == 0)
        out->path = STR("/");
    return 0;
}

static unsigned
check_expect(const struct known *known, struct http_head *out, const char **why)
{
    if (known->n_expect == 0 || out->minor == 0)
        return 0;
    if (known->n_expect > 1 ||
        !str_eq_nocase_z(known->expect, "100-continue")) {
        *why = "the only expectation supported is 100-continue";
        return 417;
    }
    out->expects_continue = true;
    return 0;
}

unsigned
http_request_parse(struct arena *arena, struct str head,
                   const struct http_head_limits *limits, struct http_head *out,
                   const char **why)
{
    struct known known = { 0 };
    struct str rest = head, line;
    size_t n_fields = 0;
    unsigned status;

    *out = (struct http_head){ 0 };
    if (!take_line(&rest, &line)) {
        *why = "a line does not end in CR LF";
        return 400;
    }
    if ((status = check_request_line(line, limits, out, why)) != 0)
        return status;
    if ((*why = check_fields(rest, limits, &n_fields)) != NULL)
        return 400;
    if (!take_apart(arena, head, HTTP_REQUEST, n_fields, out)) {
        *why = "the request is malformed";
        return 400;
    }
    out->method = str_sub(line, 0, str_find_char(line, ' '));
    find_known(out, &known);
    if ((status = check_host(&known, out, why)) != 0 ||
        (status = read_framing(&known, out, why)) != 0 ||
        (status = split_target(&known, out, why)) != 0 ||
        (status = check_expect(&known, out, why)) != 0)
        return status;
    out->keep_alive = read_keep_alive(&known, out->minor);
    return 0;
}

static const char *
check_pairs(const struct http_head *head, const struct http_head_limits *limits)
{
    if (head->n_headers > limits->max_headers)
        return "there are too many header fields";
    for (size_t i = 0; i < head->n_headers; i++) {
        const struct http_header *h = &head->headers[i];

        if (!http_is_token(h->name))
            return "a header field name holds a character that is not allowed";
        if (!http_is_field_value(h->value))
            return "a header field value holds a control character";
        if (h->name.n > limits->max_field_bytes ||
            h->value.n > limits->max_field_bytes)
            return "a header field is too long";
    }
    return NULL;
}

unsigned
http_request_check(struct http_head *head,
                   const struct http_head_limits *limits, const char **why)
{
    struct known known = { 0 };
    unsigned status;

    head->minor = 1;
    head->keep_alive = true;
    if (!http_is_token(head->method) || !http_is_target(head->target)) {
        *why = "the method or path holds a character that is not allowed";
        return 400;
    }
    if (!is_method(head->method)) {
        *why = "the method is not supported";
        return 501;
    }
    if (head->target.n > limits->max_field_bytes) {
        *why = "the request target is too long";
        return 400;
    }
    if ((*why = check_pairs(head, limits)) != NULL)
        return 400;
    find_known(head, &known);
    if (known.n_host == 2 && str_eq_nocase(head->headers[0].value, known.host))
        known.n_host = 1; /* Host may repeat :authority (RFC 9113, 8.3.1) */
    if ((status = check_host(&known, head, why)) != 0 ||
        (status = read_framing(&known, head, why)) != 0 ||
        (status = split_target(&known, head, why)) != 0)
        return status;
    return check_expect(&known, head, why);
}

/* "HTTP/1." ("0" | "1") SP 3DIGIT [ SP reason ] */
static bool
read_status_line(struct str line, struct http_head *out)
{
    uint64_t status;

    if (line.n < 12 || !str_starts(line, STR("HTTP/1.")) ||
        (line.p[7] != '0' && line.p[7] != '1') || line.p[8] != ' ' ||
        !str_to_u64(str_sub(line, 9, 12), &status) || status < 100 ||
        (line.n > 12 && line.p[12] != ' ') || !http_is_field_value(line))
        return false;
    out->minor = line.p[7] == '1';
    out->status = (unsigned)status;
    return true;
}

static bool
has_no_body(unsigned status, struct str method)
{
    return status < 200 || status == 204 || status == 304 ||
           str_eq_z(method, "HEAD");
}

bool
http_answer_parse(struct arena *arena, struct str head,
                  const struct http_head_limits *limits, struct str method,
                  struct http_head *out, const char **why)
{
    struct known known = { 0 };
    struct str rest = head, line;
    size_t n_fields = 0;

    *out = (struct http_head){ 0 };
    if (!take_line(&rest, &line) || !read_status_line(line, out)) {
        *why = "the answer does not begin with an HTTP/1 status line";
        return false;
    }
    if ((*why = check_fields(rest, limits, &n_fields)) != NULL)
        return false;
    if (!take_apart(arena, head, HTTP_RESPONSE, n_fields, out)) {
        *why = "the answer is malformed";
        return false;
    }
    find_known(out, &known);
    out->keep_alive = read_keep_alive(&known, out->minor);
    out->body = HTTP_BODY_UNTIL_CLOSE;
    if (read_framing(&known, out, why) != 0)
        return false;
    if (has_no_body(out->status, method))
        out->body = HTTP_BODY_NONE;
    return true;
}
