/*
 * The W3C traceparent of a request, carried on to what we call for it: the same
 * trace, a new parent. Source: W3C Trace Context, 3.2.
 */
#ifndef SALLYPORT_GATEWAY_TRACEPARENT_H
#define SALLYPORT_GATEWAY_TRACEPARENT_H

#include "base/str.h"

#define TRACEPARENT_BYTES 55u

/* Whether it is one we may carry on. */
bool traceparent_is_valid(struct str);
/* The value for our own call, in the arena, `span` being our part of the trace.
 * p is NULL when `in` is none or there is no storage. */
struct str traceparent_next(struct arena *, struct str in, uint64_t span);

#endif
