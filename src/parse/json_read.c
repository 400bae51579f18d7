#include "parse/json_read.h"

#include "base/codepage.h"
#include "parse/json_scan.h"

enum state {
    WANT_VALUE,
    WANT_FIRST_KEY, /* key or } */
    WANT_KEY,
    WANT_FIRST_VALUE, /* value or ] */
    WANT_NEXT,        /* , or the closing bracket */
    WANT_END,
};

/* ---- scanners ---- */

static bool
is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

static int
hex_value(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static unsigned
hex4(const char *p)
{
    return (unsigned)(hex_value(p[0]) << 12 | hex_value(p[1]) << 8 |
                      hex_value(p[2]) << 4 | hex_value(p[3]));
}

/* Four hex digits behind "\u"; false otherwise. */
static bool
is_unit(const char *p, const char *end)
{
    return end - p >= 4 && is_hex(p[0]) && is_hex(p[1]) && is_hex(p[2]) &&
           is_hex(p[3]);
}

/* p at a backslash; behind the escape, or NULL. Surrogates only in pairs. */
static const char *
scan_escape(const char *p, const char *end)
{
    unsigned unit;

    if (end - p < 2)
        return NULL;
    if (p[1] != 'u')
        return p[1] != '\0' && strchr("\"\\/bfnrt", p[1]) != NULL ? p + 2
                                                                  : NULL;
    if (!is_unit(p + 2, end))
        return NULL;
    unit = hex4(p + 2);
    p += 6;
    if (unit < 0xD800 || unit > 0xDFFF)
        return p;
    if (unit > 0xDBFF || end - p < 6 || p[0] != '\\' || p[1] != 'u' ||
        !is_unit(p + 2, end))
        return NULL;
    unit = hex4(p + 2);
    return unit >= 0xDC00 && unit <= 0xDFFF ? p + 6 : NULL;
}

const char *
json_scan_string(const char *p, const char *end, bool *has_escape,
                 const char **bad)
{
    *has_escape = false;
    for (;;) {
        uint32_t ucs;
        unsigned n;
        const char *next;

        p = json_plain(p, end);
        if (p == end)
            break;
        if (*p == '"')
            return p;
        if (*p == '\\') {
            *has_escape = true;
            next = scan_escape(p, end);
            if (next == NULL)
                break;
            p = next;
            continue;
        }
        n = utf8_decode(p, (size_t)(end - p), &ucs);
        if (n < 2)
            break;
        p += n;
    }
    *bad = p;
    return NULL;
}

static const char *
scan_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

const char *
json_scan_number(const char *p, const char *end, const char **bad)
{
    const char *q;

    if (p < end && *p == '-')
        p++;
    q = scan_digits(p, end);
    *bad = p;
    if (q == p)
        return NULL;
    if (*p == '0' && q > p + 1) {
        *bad = p + 1;
        return NULL;
    }
    p = q;
    if (p < end && *p == '.') {
        q = scan_digits(++p, end);
        *bad = p;
        if (q == p)
            return NULL;
        p = q;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        q = scan_digits(p, end);
        *bad = p;
        if (q == p)
            return NULL;
        p = q;
    }
    return p;
}

static enum json_event
event_of(char c)
{
    switch (c) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return c == '-' || (c >= '0' && c <= '9') ? JSON_NUMBER : JSON_END;
    }
}

const char *
json_kind(char c)
{
    switch (event_of(c)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_NUMBER:
        return "a number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    case JSON_END:
    case JSON_OBJECT_END:
    case JSON_ARRAY_END:
    case JSON_KEY:
        break;
    }
    return "something else";
}

static const char *
scan_word(const char *p, const char *end, const char *word, size_t n,
          const char **bad)
{
    if ((size_t)(end - p) >= n && memcmp(p, word, n) == 0)
        return p + n;
    *bad = p;
    return NULL;
}

/* A value that opens no level. */
static const char *
scan_scalar(const char *p, const char *end, const char **bad)
{
    bool has_escape;

    if (p == end) {
        *bad = p;
        return NULL;
    }
    switch (event_of(*p)) {
    case JSON_STRING:
        p = json_scan_string(p + 1, end, &has_escape, bad);
        return p == NULL ? NULL : p + 1;
    case JSON_NUMBER:
        return json_scan_number(p, end, bad);
    case JSON_TRUE:
        return scan_word(p, end, "true", 4, bad);
    case JSON_FALSE:
        return scan_word(p, end, "false", 5, bad);
    case JSON_NULL:
        return scan_word(p, end, "null", 4, bad);
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_END:
    case JSON_OBJECT_END:
    case JSON_ARRAY_END:
    case JSON_KEY:
        break;
    }
    *bad = p;
    return NULL;
}

const char *
json_scan_value(const char *p, const char *end, unsigned depth,
                const char **bad, enum err *e)
{
    struct json_reader r;
    enum json_event event;
    struct err_info why;

    *e = ERR_SYNTAX;
    p = json_space(p, end);
    if (p < end && *p != '{' && *p != '[')
        return scan_scalar(p, end, bad);
    json_reader_init(&r, str_n(p, (size_t)(end - p)));
    r.depth_max = depth < JSON_DEPTH_MAX ? depth : JSON_DEPTH_MAX;
    do {
        enum err code = json_next(&r, &event, &why);

        if (code != ERR_OK) {
            *e = code;
            *bad = p + (why.at < r.in.n ? why.at : r.in.n);
            return NULL;
        }
    } while (r.depth > 0);
    return p + r.pos;
}

/* ---- the pull reader ---- */

void
json_reader_init(struct json_reader *r, struct str in)
{
    memset(r, 0, sizeof *r);
    r->in = in;
    r->depth_max = JSON_DEPTH_MAX;
    r->state = WANT_VALUE;
}

static enum err
bad_at(struct json_reader *r, const char *p, const char *what,
       struct err_info *why)
{
    return err_at(why, ERR_SYNTAX, (size_t)(p - r->in.p),
                  "not JSON at byte %zu: %s", (size_t)(p - r->in.p), what);
}

static enum err
open_level(struct json_reader *r, bool is_object, struct err_info *why)
{
    if (r->depth >= r->depth_max)
        return err_at(why, ERR_LIMIT, r->pos, "JSON nested deeper than %u",
                      r->depth_max);
    if (is_object)
        r->is_object |= UINT64_C(1) << r->depth;
    else
        r->is_object &= ~(UINT64_C(1) << r->depth);
    r->depth++;
    r->pos++;
    r->state = is_object ? WANT_FIRST_KEY : WANT_FIRST_VALUE;
    return ERR_OK;
}

static bool
in_object(const struct json_reader *r)
{
    return r->depth > 0 && (r->is_object >> (r->depth - 1) & 1) != 0;
}

static void
after_value(struct json_reader *r)
{
    r->state = r->depth == 0 ? WANT_END : WANT_NEXT;
}

static enum err
take_value(struct json_reader *r, const char *p, enum json_event *event,
           struct err_info *why)
{
    const char *end = r->in.p + r->in.n, *bad = p, *q;

    *event = p < end ? event_of(*p) : JSON_END;
    r->pos = (size_t)(p - r->in.p);
    if (*event == JSON_OBJECT || *event == JSON_ARRAY)
        return open_level(r, *event == JSON_OBJECT, why);
    r->has_escape = false;
    if (*event == JSON_STRING) {
        q = json_scan_string(p + 1, end, &r->has_escape, &bad);
        if (q == NULL)
            return bad_at(r, bad, "bad or unfinished string", why);
        r->text = str_n(p + 1, (size_t)(q - p - 1));
        q++;
    } else {
        q = scan_scalar(p, end, &bad);
        if (q == NULL)
            return bad_at(r, bad, "expected a value", why);
        r->text = str_n(p, (size_t)(q - p));
    }
    r->pos = (size_t)(q - r->in.p);
    after_value(r);
    return ERR_OK;
}

static enum err
take_key(struct json_reader *r, const char *p, struct err_info *why)
{
    const char *end = r->in.p + r->in.n, *bad = p, *q;

    if (p == end || *p != '"')
        return bad_at(r, p, "expected a name in quotes", why);
    q = json_scan_string(p + 1, end, &r->has_escape, &bad);
    if (q == NULL)
        return bad_at(r, bad, "bad or unfinished name", why);
    r->text = str_n(p + 1, (size_t)(q - p - 1));
    q = json_space(q + 1, end);
    if (q == end || *q != ':')
        return bad_at(r, q, "expected a colon", why);
    r->pos = (size_t)(q + 1 - r->in.p);
    r->state = WANT_VALUE;
    return ERR_OK;
}

enum err
json_next(struct json_reader *r, enum json_event *event, struct err_info *why)
{
    const char *end = r->in.p + r->in.n;
    const char *p = json_space(r->in.p + r->pos, end);
    char close = in_object(r) ? '}' : ']';

    if (r->state == WANT_END) {
        *event = JSON_END;
        return p == end ? ERR_OK
                        : bad_at(r, p, "something behind the value", why);
    }
    if (r->state == WANT_NEXT || r->state == WANT_FIRST_KEY ||
        r->state == WANT_FIRST_VALUE) {
        if (p < end && *p == close) {
            *event = close == '}' ? JSON_OBJECT_END : JSON_ARRAY_END;
            r->depth--;
            r->pos = (size_t)(p + 1 - r->in.p);
            after_value(r);
            return ERR_OK;
        }
        if (r->state == WANT_NEXT) {
            if (p == end || *p != ',')
                return bad_at(r, p, "expected a comma or the closing bracket",
                              why);
            p = json_space(p + 1, end);
        }
        if (close == '}') {
            *event = JSON_KEY;
            return take_key(r, p, why);
        }
    }
    return take_value(r, p, event, why);
}

enum err
json_skip(struct json_reader *r, struct err_info *why)
{
    uint32_t depth = r->depth;
    enum json_event event;
    enum err e;

    do {
        e = json_next(r, &event, why);
    } while (e == ERR_OK && r->depth > depth);
    return e;
}

enum err
json_unescape(struct str raw, struct buf *out, struct err_info *why)
{
    for (size_t i = 0; i < raw.n;) {
        char utf8[4];
        uint32_t ucs;
        const char *plain = memchr(raw.p + i, '\\', raw.n - i);
        size_t n = plain == NULL ? raw.n - i : (size_t)(plain - raw.p) - i;

        buf_add(out, str_sub(raw, i, i + n));
        i += n;
        if (i + 1 >= raw.n)
            break;
        switch (raw.p[i + 1]) {
        case 'u':
            if (!is_unit(raw.p + i + 2, raw.p + raw.n))
                return err_at(why, ERR_SYNTAX, i, "bad \\u escape");
            ucs = hex4(raw.p + i + 2);
            i += 6;
            if (ucs >= 0xD800 && ucs <= 0xDBFF && raw.n - i >= 6 &&
                is_unit(raw.p + i + 2, raw.p + raw.n)) {
                ucs = 0x10000 +
                      ((ucs & 0x3FF) << 10 | (hex4(raw.p + i + 2) & 0x3FF));
                i += 6;
            }
            buf_add(out, str_n(utf8, utf8_encode(ucs, utf8)));
            continue;
        case 'b':
            buf_add_char(out, '\b');
            break;
        case 'f':
            buf_add_char(out, '\f');
            break;
        case 'n':
            buf_add_char(out, '\n');
            break;
        case 'r':
            buf_add_char(out, '\r');
            break;
        case 't':
            buf_add_char(out, '\t');
            break;
        default:
            buf_add_char(out, raw.p[i + 1]);
        }
        i += 2;
    }
    return buf_check(out, why);
}

bool
json_equals(const struct json_reader *r, struct str text)
{
    struct buf value;
    bool equal;

    if (!r->has_escape)
        return str_eq(r->text, text);
    buf_init(&value, r->text.n + 1);
    equal = json_unescape(r->text, &value, NULL) == ERR_OK &&
            str_eq(buf_view(&value), text);
    buf_fini(&value);
    return equal;
}

enum err
json_find(struct str doc, struct str path, struct buf *out,
          struct err_info *why)
{
    struct json_reader r;
    enum json_event event;
    struct str rest = path, name;
    enum err e;

    json_reader_init(&r, doc);
    while (str_token(&rest, '/', &name)) {
        if ((e = json_next(&r, &event, why)) != ERR_OK)
            return e;
        if (event != JSON_OBJECT)
            return err_set(why, ERR_NOT_FOUND, "no " STR_FMT, STR_ARG(path));
        for (;;) {
            if ((e = json_next(&r, &event, why)) != ERR_OK)
                return e;
            if (event != JSON_KEY)
                return err_set(why, ERR_NOT_FOUND, "no " STR_FMT,
                               STR_ARG(path));
            if (json_equals(&r, name))
                break;
            if ((e = json_skip(&r, why)) != ERR_OK)
                return e;
        }
    }
    if ((e = json_next(&r, &event, why)) != ERR_OK)
        return e;
    if (event == JSON_OBJECT || event == JSON_ARRAY)
        return err_set(why, ERR_NOT_FOUND, STR_FMT " is no plain value",
                       STR_ARG(path));
    if (event == JSON_STRING)
        return json_unescape(r.text, out, why);
    buf_add(out, r.text);
    return buf_check(out, why);
}

void
json_write_escaped(struct buf *out, struct str text)
{
    static const char hex[] = "0123456789abcdef";
    const char *p = text.p, *end = text.p + text.n;

    while (p < end) {
        const char *q = json_plain(p, end);
        unsigned char c;
        uint32_t ucs;
        unsigned n;

        buf_add(out, str_n(p, (size_t)(q - p)));
        p = q;
        if (p == end)
            break;
        c = (unsigned char)*p;
        if (c == '"' || c == '\\') {
            buf_add_char(out, '\\');
            buf_add_char(out, (char)c);
            p++;
        } else if (c < 0x20) {
            buf_add_z(out, "\\u00");
            buf_add_char(out, hex[c >> 4]);
            buf_add_char(out, hex[c & 15]);
            p++;
        } else {
            n = utf8_decode(p, (size_t)(end - p), &ucs);
            buf_add(out, n > 0 ? str_n(p, n) : STR("\xEF\xBF\xBD"));
            p += n > 0 ? n : 1;
        }
    }
}

void
json_write_string(struct buf *out, struct str text)
{
    buf_add_char(out, '"');
    json_write_escaped(out, text);
    buf_add_char(out, '"');
}
