/*
 * Interceptors: code called before and after a request, the built-in ones and
 * third-party shared objects alike. A shared object exports
 *
 *     const struct sallyport_interceptor *sallyport_interceptor(void);
 *
 * and is named in server.xml; all other attributes are given to open():
 *
 *     <usr_NAME id="a" sequence="1" library="/opt/site/name.so" key="value"/>
 *     <zosconnect_zosConnectInterceptors id="list" interceptorRef="a"/>
 *
 * Elements in it are given flat: host of the second <peer> as "peer.1.host",
 * several <path>text</path> as one attribute "path" with commas between (a
 * comma or backslash of a text has a backslash before it).
 *
 * Rules: pre-calls run in ascending sequence, post-calls in reverse order and
 * for every interceptor whose pre-call ran. An interceptor cannot change the
 * request or the answer, only refuse the request. Calls come from several
 * threads at once and must not block; a library that says `is_blocking` is not
 * loaded. What cannot be loaded refuses all it should guard.
 */
#ifndef SALLYPORT_INTERCEPTOR_H
#define SALLYPORT_INTERCEPTOR_H

#include <stddef.h>
#include <stdint.h>

#define SALLYPORT_INTERCEPTOR_ABI 1u

/* Borrowed bytes, not NUL-terminated. */
struct sallyport_text {
    const char *p;
    size_t n;
};

enum sallyport_request_type {
    SALLYPORT_API = 1,
    SALLYPORT_SERVICE = 2,
    SALLYPORT_ADMIN = 3,
    SALLYPORT_REQUESTER = 4,
};

/* What an operation is, for authority: see the groups of the authorization
 * interceptor. */
enum sallyport_authority {
    SALLYPORT_READ_AUTHORITY,    /* admin, operations or reader */
    SALLYPORT_OPERATE_AUTHORITY, /* admin or operations */
    SALLYPORT_INVOKE_AUTHORITY,  /* admin or invoke */
};

/* One request. Valid during a call; strings may be empty. */
struct sallyport_request {
    uint32_t abi;
    enum sallyport_request_type type;
    enum sallyport_authority authority;
    uint64_t request_id;       /* unique within the server's run */
    struct sallyport_text url; /* as the client named it */
    struct sallyport_text method;
    struct sallyport_text query;
    struct sallyport_text api_name;
    struct sallyport_text service_name;
    struct sallyport_text requester_name;
    struct sallyport_text user_name;          /* authenticated */
    struct sallyport_text user_name_mapped;   /* SAF user, if another */
    struct sallyport_text user_name_asserted; /* requester */
    struct sallyport_text peer;               /* client's address */
    uint64_t entry_us, exit_us;               /* wall clock */
    unsigned status;                          /* of the answer, in post */
    size_t request_bytes, response_bytes;
    void *host; /* the gateway's own; pass on to the calls below */
};

struct sallyport_refusal {
    unsigned status;    /* 403 unless set */
    char message[1024]; /* errorMessage */
    char details[1024]; /* errorDetails, or "" */
};

enum sallyport_verdict {
    SALLYPORT_GO_ON,
    SALLYPORT_REFUSE, /* *refusal was filled */
};

/* Is the caller (for requesters: the identity to authorize) in this group?
 * 1 yes, 0 no. */
typedef int (*sallyport_in_group)(const struct sallyport_request *,
                                  const char *group);

struct sallyport_host {
    uint32_t abi;
    sallyport_in_group in_group;
};

/* One configured instance's attribute, from server.xml. */
struct sallyport_attribute {
    const char *name;
    const char *value;
};

struct sallyport_interceptor {
    uint32_t abi; /* SALLYPORT_INTERCEPTOR_ABI */
    const char *name;
    int is_blocking;
    /* NULL on failure, with a sentence in why. */
    void *(*open)(const struct sallyport_host *,
                  const struct sallyport_attribute *, size_t n, char *why,
                  size_t why_bytes);
    enum sallyport_verdict (*pre)(void *self, const struct sallyport_request *,
                                  struct sallyport_refusal *);
    void (*post)(void *self, const struct sallyport_request *);
    void (*close)(void *self);
};

/* What the shared object exports. */
const struct sallyport_interceptor *sallyport_interceptor(void);

#endif
