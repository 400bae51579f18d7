#include "stub/response.h"

#include <ctype.h>

#include "base/reader.h"

struct parse {
    struct stub_head head;
    bool has_length, has_origin, has_status;
};

static bool
is_token(unsigned char c)
{
    return isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '!' ||
           c == '#' || c == '$' || c == '%' || c == '&' || c == '\'' ||
           c == '*' || c == '+' || c == '^' || c == '`' || c == '|' || c == '~';
}

/* "HTTP/1.1 200 OK" */
static bool
parse_status(struct str line, unsigned *status)
{
    struct reader in = reader_of(line);
    struct str digits;
    uint64_t value;

    if (!reader_accept_str(&in, STR("HTTP/1.1 ")) ||
        !reader_take(&in, 3, &digits) || !str_to_u64(digits, &value) ||
        value < 100 || value > 599 ||
        !(reader_at_end(&in) || reader_accept(&in, ' ')))
        return false;
    *status = (unsigned)value;
    return true;
}

static bool
once(bool *seen)
{
    bool is_first = !*seen;

    *seen = true;
    return is_first;
}

static bool
on_length(struct parse *p, struct str value)
{
    return once(&p->has_length) && str_to_u64(value, &p->head.body_bytes) &&
           p->head.body_bytes <= STUB_BODY_MAX;
}

static bool
on_origin(struct parse *p, struct str value)
{
    p->head.origin =
        str_eq_z(value, "API") ? STUB_ORIGIN_API : STUB_ORIGIN_ZCEE;
    return once(&p->has_origin) &&
           (str_eq_z(value, "API") || str_eq_z(value, "ZCEE"));
}

static bool
on_api_status(struct parse *p, struct str value)
{
    uint64_t status;

    if (!once(&p->has_status) || !str_to_u64(value, &status) || status > 999)
        return false;
    p->head.api_status = (unsigned)status;
    return true;
}

static bool
on_location(struct parse *p, struct str value)
{
    p->head.has_location = value.n > 0;
    return true;
}

static bool
on_connection(struct parse *p, struct str value)
{
    if (str_eq_nocase_z(value, "close"))
        p->head.keeps_open = false;
    return true;
}

/* Transfer codings are not spoken. */
static bool
on_coding(struct parse *p, struct str value)
{
    (void)p;
    (void)value;
    return false;
}

static const struct {
    const char *name;
    bool (*run)(struct parse *, struct str value);
} fields[] = {
    { "Content-Length", on_length },
    { "Sallyport-Origin", on_origin },
    { "Sallyport-Api-Status", on_api_status },
    { "Location", on_location },
    { "Connection", on_connection },
    { "Transfer-Encoding", on_coding },
};

static bool
parse_field(struct parse *p, struct str line)
{
    struct reader in = reader_of(line);
    struct str name = reader_span(&in, is_token), value;

    if (name.n == 0 || !reader_accept(&in, ':'))
        return false;
    value = str_trim(reader_rest(&in));
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (str_eq_nocase_z(name, fields[i].name))
            return fields[i].run(p, value);
    }
    return true;
}

/* The line up to CRLF; a bare CR or LF is refused by who reads the rest. */
static bool
next_line(struct str in, size_t *at, struct str *line)
{
    size_t end = str_find(str_sub(in, *at, in.n), STR("\r\n"));

    if (end == STR_NPOS)
        return false;
    *line = str_sub(in, *at, *at + end);
    *at += end + 2;
    return true;
}

enum err
stub_head_parse(struct str in, struct stub_head *out, struct err_info *why)
{
    struct parse p = { .head = { .keeps_open = true } };
    size_t at = 0, end = str_find(in, STR("\r\n\r\n"));
    struct str line;
    unsigned n = 0;

    if (end == STR_NPOS)
        return in.n > STUB_HEAD_MAX
                   ? err_at(why, ERR_LIMIT, in.n, "the head has no end")
                   : ERR_AGAIN;
    if (end + 4 > STUB_HEAD_MAX)
        return err_at(why, ERR_LIMIT, end, "the head is too long");
    if (!next_line(in, &at, &line) || !parse_status(line, &p.head.status))
        return err_at(why, ERR_SYNTAX, 0, "not an HTTP/1.1 status line");
    while (at < end + 2) {
        size_t from = at;

        if (!next_line(in, &at, &line) || ++n > STUB_FIELDS_MAX ||
            !parse_field(&p, line))
            return err_at(why, ERR_SYNTAX, from, "bad header field");
    }
    if (!p.has_length && p.head.status >= 200 && p.head.status != 204 &&
        p.head.status != 304 && (p.head.status < 300 || p.head.status > 399))
        return err_at(why, ERR_SYNTAX, end, "no Content-Length");
    p.head.head_bytes = end + 4;
    *out = p.head;
    return ERR_OK;
}
