/*
 * The stub's request to the server (our own protocol, doc/internals/stub.md)
 * and its one connection. Blocking, with a deadline.
 */
#ifndef SALLYPORT_STUB_WIRE_H
#define SALLYPORT_STUB_WIRE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "stub/response.h"

#define STUB_REQUEST_MAX (16u * 1024u * 1024u)

/* BAQ variables, read at each call. */
struct stub_settings {
    char host[256];
    char port[6];
    struct str user;     /* BAQUSERNAME, or empty */
    struct str password; /* BAQPASSWORD */
    uint32_t timeout_s;
    bool is_verbose;
};

/* What the program asked for; borrowed from its storage. */
struct stub_call {
    struct str name, path, method;
    struct str request;
    size_t response_bytes; /* capacity */
};

struct stub_link {
    int fd; /* -1: not connected */
    char host[256];
    char port[6];
};

/* ERR_RANGE: a variable is wrong (why names it). */
MUST_CHECK enum err stub_settings_read(struct stub_settings *,
                                       struct err_info *why);
/* The request's head. ERR_RANGE: name, path or method cannot be sent. */
MUST_CHECK enum err stub_request_head(const struct stub_settings *,
                                      const struct stub_call *, struct buf *out,
                                      struct err_info *why);
/*
 * Send and receive. On ERR_OK head and body are the answer.
 * ERR_PEER the connection was refused or lost; ERR_TIMEOUT; ERR_SYNTAX and
 * ERR_LIMIT a bad response; ERR_MEMORY.
 */
MUST_CHECK enum err stub_exchange(struct stub_link *,
                                  const struct stub_settings *, struct str head,
                                  struct str request, struct stub_head *out,
                                  struct buf *body, struct err_info *why);
void stub_link_close(struct stub_link *);

void stub_base64(struct buf *out, struct str in, bool is_url);

#endif
