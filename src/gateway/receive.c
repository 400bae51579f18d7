/*
 * The body of a request, taken from its client only after everything that does
 * not depend on it has let the request pass: route, limits, identity, role and
 * interceptors. A mapping needs the whole message, so that is gathered here, in
 * storage that grows with what arrives and counts against the ceiling of
 * memory.
 */
#include "gateway/serve.h"

bool
receive_hold(struct request *r, size_t n_bytes)
{
    if (!gauge_take(r->serve->memory, n_bytes, HTTP_MEMORY_BODIES))
        return false;
    r->held_bytes += n_bytes;
    return true;
}

static void
on_part(struct http_request *http, enum err e, struct str part)
{
    struct request *r = http->user;
    size_t cap = r->body.cap;

    if (e != ERR_OK && e != ERR_AGAIN) {
        answer_plain(r, 400, "Bad Request"); /* http says why */
        return;
    }
    buf_add(&r->body, part);
    if (r->body.failed || !receive_hold(r, r->body.cap - cap)) {
        answer_limited(r, LIMIT_MEMORY);
        return;
    }
    if (e == ERR_AGAIN) {
        http_body_next(http);
        return;
    }
    http->body = buf_view(&r->body);
    r->info.request_bytes = http->body.n;
    r->then(r);
}

void
receive_body(struct request *r, void (*then)(struct request *))
{
    if (!r->http->has_more) {
        then(r);
        return;
    }
    r->then = then;
    buf_init(&r->body, r->port->entry.options.max_body_bytes);
    http_body_read(r->http, on_part);
}
