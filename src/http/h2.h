/*
 * HTTP/2 on a connection of the server: nghttp2 takes frames apart, requests
 * and answers are the same exchanges as with HTTP/1. Private to this folder.
 */
#ifndef SALLYPORT_HTTP_H2_H
#define SALLYPORT_HTTP_H2_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "http/server.h"

struct exchange;
struct h2;
struct http_conn;
struct http_reply;

enum h2_stream_state {
    H2_RECEIVING, /* the request arrives */
    H2_READY,     /* complete, waits for its turn */
    H2_HANDLER,   /* the request is the handler's */
    H2_ANSWERING, /* the answer leaves */
};

/* What an exchange of HTTP/2 has besides. */
struct h2_stream {
    int32_t id; /* 0: HTTP/1 */
    enum h2_stream_state state;
    bool has_head;  /* complete */
    bool has_ended; /* nothing more of the request comes */
    bool is_gone;   /* reset, or the connection has closed: no answer leaves */
    struct exchange *prev, *next; /* of one connection */
    struct exchange *next_ready;
    size_t head_bytes;         /* of the fields so far */
    size_t n_room;             /* of the array of headers */
    struct str answer;         /* what is left to send of its body */
    struct buf rest;           /* holds it when it could not leave at once */
    struct http_source source; /* makes it instead; `read` NULL: none */
    uint64_t source_left;      /* HTTP_LENGTH_UNKNOWN: until it ends */
    /* Status to answer with instead of asking a handler; HTTP/1 uses these two
     * as well, for a body that breaks off. */
    unsigned refused;
    const char *why; /* of that; static */
    /* A body read part by part: what has arrived waits in the exchange's. */
    bool is_wanted; /* the handler waits for a part */
    bool is_queued; /* and one is about to be given */
    size_t lent;    /* bytes of the last part */
    size_t unread;  /* bytes the windows have not been opened for again */
};

/* Whether clear text begins as HTTP/2 (prior knowledge). */
enum h2_preface { H2_PREFACE_NONE, H2_PREFACE_PART, H2_PREFACE_WHOLE };
enum h2_preface h2_preface(const struct http_conn *, struct str in);
/* The request that conn->exchange holds asks for HTTP/2 (Upgrade: h2c) and has
 * got it: the connection speaks HTTP/2 from now on. */
MUST_CHECK bool h2_upgrade(struct http_conn *);
/* Begin: what waits in conn->in belongs to HTTP/2. upgrade: conn->exchange is
 * the request that asked for it (HTTP2-Settings in `settings`) and becomes
 * stream 1. Returns ERR_SYNTAX for malformed settings, ERR_MEMORY. */
MUST_CHECK enum err h2_start(struct http_conn *, struct exchange *upgraded,
                             struct str settings);
/* A step of conn_run: true when another may be possible at once. */
MUST_CHECK bool h2_step(struct http_conn *);
/* http_body_read, http_body_next of a request over HTTP/2. */
void h2_body_read(struct exchange *);
void h2_body_next(struct exchange *);
void h2_reply(struct exchange *, const struct http_reply *);
void h2_on_timeout(struct http_conn *);
/* The connection is closed: let go of all but what handlers still have. */
void h2_close(struct http_conn *);
/* Requests of it that are with the handler. */
bool h2_is_busy(const struct http_conn *);
void h2_free(struct http_conn *);

#endif
