/*
 * The W3C trace context of a request, carried on to what we call for it: the
 * same trace, a new parent. One that cannot be understood begins anew, as the
 * standard asks, and what vendors said about it is dropped; a request without
 * one begins none. Source: W3C Trace Context, 2.2, 3.2, 3.3, 4.3.
 */
#ifndef SALLYPORT_GATEWAY_TRACEPARENT_H
#define SALLYPORT_GATEWAY_TRACEPARENT_H

#include "base/arena.h"
#include "http/server.h"

#define TRACEPARENT_BYTES 55u
#define TRACE_HEADERS_MAX 2u

/* What a call of ours is named by; random bits. */
struct trace_seed {
    uint64_t trace[2]; /* of a trace that begins here */
    uint64_t span;     /* our part of any trace */
};
/* ERR_IO: no random bits. */
MUST_CHECK enum err trace_seed_take(struct trace_seed *out);

/* Whether it is one we may carry on. */
bool traceparent_is_valid(struct str);
/* Whether it is a list that we may pass on. */
bool tracestate_is_valid(struct str);

/*
 * The headers for our own call, in the arena of the request.
 *
 *   in, n   the headers of the request
 *   out     room for TRACE_HEADERS_MAX; the number there is returned
 */
size_t trace_carry(struct arena *, const struct http_header *in, size_t n,
                   const struct trace_seed *, struct http_header *out);

#endif
