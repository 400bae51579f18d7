#include "http/coding.h"

#include <string.h>
#include <zlib.h>

#define STEP_BYTES 16384u
#define WINDOW_ZLIB 15
#define WINDOW_GZIP (15 + 16)
#define MEMORY_LEVEL 8

static const struct {
    const char *name;
    enum http_coding coding;
} codings[] = {
    { "gzip", HTTP_CODING_GZIP },         { "x-gzip", HTTP_CODING_X_GZIP },
    { "deflate", HTTP_CODING_DEFLATE },   { "zlib", HTTP_CODING_ZLIB },
    { "identity", HTTP_CODING_IDENTITY },
};

bool
http_coding_of(struct str name, enum http_coding *out)
{
    for (size_t i = 0; i < ARRAY_LEN(codings); i++)
        if (str_eq_nocase_z(name, codings[i].name)) {
            *out = codings[i].coding;
            return true;
        }
    return false;
}

const char *
http_coding_name(enum http_coding coding)
{
    for (size_t i = 0; i < ARRAY_LEN(codings); i++)
        if (codings[i].coding == coding)
            return codings[i].name;
    return "identity";
}

/* qvalue = "0" [ "." 0*3DIGIT ] | "1" [ "." 0*3"0" ], in thousandths */
static bool
read_quality(struct str text, unsigned *out)
{
    unsigned value, scale = 100;

    text = str_trim(text);
    if (text.n == 0 || text.n > 5 || (text.p[0] != '0' && text.p[0] != '1') ||
        (text.n > 1 && text.p[1] != '.'))
        return false;
    value = text.p[0] == '1' ? 1000 : 0;
    for (size_t i = 2; i < text.n; i++, scale /= 10) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        value += (unsigned)(text.p[i] - '0') * scale;
    }
    *out = value;
    return value <= 1000;
}

/* item = coding [ ";" "q=" qvalue ] */
static bool
read_item(struct str item, struct str *name, unsigned *quality)
{
    size_t semicolon = str_find_char(item, ';');
    struct str rest;

    *quality = 1000;
    *name = str_trim(str_sub(item, 0, semicolon));
    if (semicolon == STR_NPOS)
        return true;
    rest = str_trim(str_sub(item, semicolon + 1, item.n));
    return str_starts_nocase(rest, STR("q=")) &&
           read_quality(str_sub(rest, 2, rest.n), quality);
}

enum http_coding
http_coding_choose(struct str accept, bool has_preferred,
                   enum http_coding preferred)
{
    enum http_coding best = HTTP_CODING_IDENTITY;
    bool takes_identity =
        true; /* unless it says otherwise (RFC 9110, 12.5.3) */
    unsigned best_quality = 0;
    struct str item, name;

    while (str_token(&accept, ',', &item)) {
        enum http_coding coding = HTTP_CODING_GZIP;
        unsigned quality;

        if (!read_item(item, &name, &quality))
            return HTTP_CODING_IDENTITY;
        if (str_eq_z(name, "*"))
            coding = has_preferred ? preferred : HTTP_CODING_GZIP;
        else if (!http_coding_of(name, &coding))
            continue;
        if (quality == 0) {
            takes_identity = takes_identity && coding != HTTP_CODING_IDENTITY;
            continue;
        }
        if (has_preferred && coding == preferred)
            return preferred;
        if (quality > best_quality) {
            best = coding;
            best_quality = quality;
        }
    }
    return has_preferred && preferred == HTTP_CODING_IDENTITY && takes_identity
               ? HTTP_CODING_IDENTITY
               : best;
}

static int
window_of(enum http_coding coding)
{
    return coding == HTTP_CODING_GZIP || coding == HTTP_CODING_X_GZIP
               ? WINDOW_GZIP
               : WINDOW_ZLIB;
}

/* zlib does not write through it. */
static Bytef *
input_of(struct str body)
{
    return (Bytef *)(uintptr_t)body.p;
}

enum err
http_encode(enum http_coding coding, struct str body, struct buf *out,
            struct err_info *why)
{
    z_stream z = { .next_in = input_of(body), .avail_in = (uInt)body.n };
    size_t bound;
    char *p;
    int rc;

    if (coding == HTTP_CODING_IDENTITY || body.n > UINT32_MAX / 2)
        return err_set(why, ERR_UNSUPPORTED, "not to be compressed");
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_of(coding),
                     MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return err_set(why, ERR_MEMORY, "no storage for compression");
    bound = deflateBound(&z, (uLong)body.n);
    p = buf_grow(out, bound);
    if (p == NULL) {
        (void)deflateEnd(&z);
        return err_set(why, ERR_MEMORY, "no storage for compression");
    }
    z.next_out = (Bytef *)p;
    z.avail_out = (uInt)bound;
    rc = deflate(&z, Z_FINISH);
    out->n -= z.avail_out;
    (void)deflateEnd(&z);
    return rc == Z_STREAM_END
               ? ERR_OK
               : err_set(why, ERR_MEMORY, "compression did not end");
}

static enum err
decode_step(z_stream *z, const struct http_decode_limits *limits,
            unsigned *n_exceeded, struct buf *out, int *rc,
            struct err_info *why)
{
    uInt before = z->avail_in;
    size_t made, room = out->max - out->n;
    size_t step = room < STEP_BYTES ? room + 1 : STEP_BYTES;
    unsigned char piece[STEP_BYTES + 1];

    z->next_out = piece;
    z->avail_out = (uInt)step;
    *rc = inflate(z, Z_NO_FLUSH);
    made = step - z->avail_out;
    if (*rc != Z_OK && *rc != Z_STREAM_END)
        return err_set(why, ERR_SYNTAX,
                       "the compressed body is damaged or cut off");
    if (made > room)
        return err_set(why, ERR_LIMIT, "the body is too large");
    if (made > (size_t)(before - z->avail_in + 1) * limits->max_ratio &&
        ++*n_exceeded > limits->tolerance)
        return err_set(why, ERR_LIMIT,
                       "the body expands by more than its limit");
    buf_add(out, str_n(piece, made));
    return buf_check(out, why);
}

enum err
http_decode(enum http_coding coding, struct str body,
            const struct http_decode_limits *limits, struct buf *out,
            struct err_info *why)
{
    z_stream z = { .next_in = input_of(body), .avail_in = (uInt)body.n };
    unsigned n_exceeded = 0;
    enum err e = ERR_OK;
    int rc = Z_OK;

    if (coding == HTTP_CODING_IDENTITY) {
        buf_add(out, body);
        return buf_check(out, why);
    }
    if (body.n > UINT32_MAX)
        return err_set(why, ERR_LIMIT, "the body is too large");
    if (inflateInit2(&z, window_of(coding)) != Z_OK)
        return err_set(why, ERR_MEMORY, "no storage for a body");
    while (e == ERR_OK && rc != Z_STREAM_END) {
        e = decode_step(&z, limits, &n_exceeded, out, &rc, why);
    }
    if (e == ERR_OK && z.avail_in > 0)
        e = err_set(why, ERR_SYNTAX, "bytes follow the compressed body");
    (void)inflateEnd(&z);
    return e;
}
