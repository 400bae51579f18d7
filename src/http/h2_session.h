/* The parts of HTTP/2 among themselves. Private to h2*.c. */
#ifndef SALLYPORT_HTTP_H2_SESSION_H
#define SALLYPORT_HTTP_H2_SESSION_H

#include <nghttp2/nghttp2.h>

#include "http/conn.h"

/* Answers are gathered up to here before they are written. */
#define H2_GATHER_BYTES ((size_t)24 * 1024)

struct h2 {
    nghttp2_session *session; /* NULL: closed */
    struct exchange *streams; /* all of them */
    struct exchange *ready, **ready_end;
    unsigned n_in[4];  /* streams by enum h2_stream_state */
    size_t body_bytes; /* of requests that are not answered yet */
    size_t unheard_bytes;
    uint64_t heard_ms, sent_ms; /* when a request or an answer got on */
    uint64_t window_began_ms;   /* of counting resets */
    unsigned n_resets, n_refused;
    unsigned n_empty; /* frames that moved nothing, since one that did */
    struct exchange *submitted; /* being answered right now, still alive */
    struct exchange *given;     /* being given a part, still alive */
    unsigned n_wanted;          /* handlers that wait for a part */
    uint64_t quiet_ms;          /* since heard_ms, when the last one did */
    bool is_over;               /* what is queued leaves, then it closes */
    bool has_said_goodbye;
};

static inline unsigned
h2_streams(const struct h2 *h2)
{
    return h2->n_in[H2_RECEIVING] + h2->n_in[H2_READY] + h2->n_in[H2_HANDLER] +
           h2->n_in[H2_ANSWERING];
}

void h2_set_state(struct http_conn *, struct exchange *, enum h2_stream_state);
/* The stream and its storage end. */
void h2_end_stream(struct http_conn *, struct exchange *);
/* Close after telling the client why (an error code of RFC 9113, 7). */
void h2_give_up(struct http_conn *, uint32_t code, const char *why);

/* h2_in.c: callbacks for what the client sends. */
void h2_in_callbacks(nghttp2_session_callbacks *);
void h2_say_continue(struct http_conn *, int32_t id);
/* The request of an Upgrade has become stream 1, complete. */
void h2_in_upgraded(struct http_conn *, struct exchange *);

/* h2_body.c: bodies read part by part. The windows stay closed for what a
 * handler has not asked to go on after. */
void h2_body_arrived(struct http_conn *, struct exchange *);
/* Give it the part it waits for, or say why there is none. */
void h2_body_give(struct http_conn *, struct exchange *);
/* Nobody will read the rest. */
void h2_body_drop(struct http_conn *, struct exchange *);
/* Open the windows again, for n bytes of the stream. */
void h2_consume(struct http_conn *, int32_t id, size_t n);
/* Into the queue of what conn_run gives to handlers. */
void h2_enqueue(struct h2 *, struct exchange *);

/* h2_out.c: answers. */
void h2_out_callbacks(nghttp2_session_callbacks *);
/* Nothing more is asked of what makes its answer; may be called twice. */
void h2_out_end_source(struct exchange *);
/* An answer of our own to what cannot be a request. */
void h2_out_refuse(struct http_conn *, struct exchange *);
/* As much of what is queued as is written at once. False: no storage. */
MUST_CHECK bool h2_out_fill(struct http_conn *);

#endif
