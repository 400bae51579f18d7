#include "http/chunked.h"

#define SIZE_DIGITS_MAX 15u
/* Nobody sends these; a peer could otherwise send them for ever. */
#define EXTRA_BYTES_MAX 8192u

enum state {
    IN_SIZE,
    IN_EXTENSION,
    AT_SIZE_LF,
    IN_DATA,
    AT_DATA_CR,
    AT_DATA_LF,
    IN_TRAILER, /* at the start of a line, or inside one */
    AT_TRAILER_LF,
    AT_DONE,
};

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
is_text(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static bool
take_size(struct http_chunked *d, char c)
{
    int digit = hex_value(c);

    if (digit >= 0) {
        if (++d->n_digits > SIZE_DIGITS_MAX)
            return false;
        d->left = d->left * 16 + (unsigned)digit;
        return true;
    }
    if (d->n_digits == 0 || (c != '\r' && c != ';'))
        return false;
    d->state = c == '\r' ? AT_SIZE_LF : IN_EXTENSION;
    return true;
}

static bool
take_trailer(struct http_chunked *d, char c)
{
    if (c == '\r') {
        d->state = AT_TRAILER_LF;
        return true;
    }
    /* A folded line could hide a field from whoever reads it otherwise. */
    if (d->line_bytes == 0 && (c == ' ' || c == '\t'))
        return false;
    d->line_bytes++;
    return is_text(c) && ++d->extra_bytes <= EXTRA_BYTES_MAX;
}

/* One byte of anything but data; false: malformed. */
static bool
take_byte(struct http_chunked *d, char c)
{
    switch ((enum state)d->state) {
    case IN_SIZE:
        return take_size(d, c);
    case IN_EXTENSION:
        if (c == '\r')
            d->state = AT_SIZE_LF;
        else if (!is_text(c) || ++d->extra_bytes > EXTRA_BYTES_MAX)
            return false;
        return true;
    case AT_SIZE_LF:
        d->state = d->left > 0 ? IN_DATA : IN_TRAILER;
        d->n_digits = 0;
        return c == '\n';
    case AT_DATA_CR:
        d->state = AT_DATA_LF;
        return c == '\r';
    case AT_DATA_LF:
        d->state = IN_SIZE;
        return c == '\n';
    case IN_TRAILER:
        return take_trailer(d, c);
    case AT_TRAILER_LF:
        d->state = d->line_bytes == 0 ? AT_DONE : IN_TRAILER;
        d->line_bytes = 0;
        return c == '\n';
    case IN_DATA:
    case AT_DONE:
        break;
    }
    return false;
}

enum err
http_chunked_take(struct http_chunked *d, struct str in, size_t *used,
                  struct buf *body)
{
    size_t at = 0;

    while (at < in.n) {
        if (d->state == IN_DATA) {
            size_t n = in.n - at;

            if (d->left < n)
                n = (size_t)d->left;
            buf_add(body, str_n(in.p + at, n));
            if (body->failed)
                return ERR_LIMIT;
            at += n;
            d->left -= n;
            if (d->left == 0)
                d->state = AT_DATA_CR;
            continue;
        }
        if (!take_byte(d, in.p[at++]))
            return ERR_SYNTAX;
        if (d->state == IN_DATA && d->left > body->max - body->n)
            return ERR_LIMIT;
        if (d->state == AT_DONE) {
            *used = at;
            return ERR_OK;
        }
    }
    *used = at;
    return ERR_AGAIN;
}
