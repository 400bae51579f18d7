/*
 * The region link's wire form (doc/internals/isc.md): a frame is a header of
 * ISC_HEAD_BYTES and fields. The protocol is our own, with the semantics of an
 * IPIC connection; it is not IPIC.
 *
 *   header  magic "ZRG1", u8 type, u8 flags (0), u16 session, u32 sequence,
 *           u32 length of what follows
 *   field   u16 tag, u32 length, value
 *
 * Integers are big-endian. Which field may stand in which frame, how long it
 * may be and whether it may repeat is one table (isc_field_rows); a frame that
 * breaks it is refused as a whole, unknown tags included.
 */
#ifndef SALLYPORT_ISC_FRAME_H
#define SALLYPORT_ISC_FRAME_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define ISC_HEAD_BYTES 16u
#define ISC_FRAME_MAX (160u * 1024u)       /* one packet; larger areas: memfd */
#define ISC_INLINE_MAX (64u * 1024u)       /* area bytes inside one frame */
#define ISC_AREA_MAX (64u * 1024u * 1024u) /* one container */
/* A frame on a stream has no descriptors beside it: all areas are inline. */
#define ISC_STREAM_MAX (ISC_AREA_MAX + ISC_FRAME_MAX)
#define ISC_AREAS_MAX 64u         /* containers of one channel */
#define ISC_FDS_MAX ISC_AREAS_MAX /* descriptors of one packet */
#define ISC_SESSIONS_MAX 999u
#define ISC_COMMAREA_MAX 32763u

enum isc_type {
    ISC_HELLO = 1,     /* client: bind */
    ISC_HELLO_ACK = 2, /* region: bound, sessions follow */
    ISC_HELLO_NAK = 3, /* region: refused, reason word */
    ISC_SESSION = 4,   /* region: one session, its descriptor attached */
    ISC_REQ = 5,       /* client, on a session: run a program */
    ISC_RSP = 6,       /* region, on that session: its outcome */
    ISC_CANCEL = 7,    /* client, on a session: nobody waits any more */
    ISC_PING = 8,      /* client, on the control connection */
    ISC_PONG = 9,
    ISC_BYE = 10, /* either: no more requests, close */
};

enum isc_tag {
    ISC_APPLID = 1,            /* 1-8 */
    ISC_NETWORKID = 2,         /* 1-8 */
    ISC_PARTNER_APPLID = 3,    /* whom the client expects */
    ISC_PARTNER_NETWORKID = 4, /* likewise */
    ISC_SESSIONS = 5,          /* u16 wanted or granted */
    ISC_PORT = 6,              /* u16: TCPIPSERVICE the client addressed */
    ISC_LEVEL = 7,             /* product level, for people */
    ISC_REASON = 8,            /* reason word of a refusal */
    ISC_WORKER = 9,            /* u16: worker that serves the session */
    ISC_HEARTBEAT = 10,        /* u32 ms, 0 off */

    ISC_TRANSID = 20,  /* 1-4 */
    ISC_USAGE = 21,    /* u8: 0 EIB_ONLY, 1 EIB_AND_MIRROR */
    ISC_PROGRAM = 22,  /* 1-8 */
    ISC_COMMAREA = 23, /* bytes */
    ISC_CHANNEL = 24,  /* 1-16 */
    ISC_AREA = 25,     /* a container, see isc_area */
    ISC_ACEE = 26,     /* sealed acee */
    ISC_USER = 27,     /* 1-8, with ISC_PASSWORD */
    ISC_PASSWORD = 28, /* or PassTicket */
    ISC_DN = 29,       /* distributed identity */
    ISC_REALM = 30,
    ISC_DEADLINE = 31, /* u32 ms from now */
    ISC_TRACKING = 32, /* correlation token */

    ISC_CLASS = 40,   /* u8 enum isc_class */
    ISC_RESP = 41,    /* u32 */
    ISC_RESP2 = 42,   /* u32 */
    ISC_ABCODE = 43,  /* 4 */
    ISC_TASK = 44,    /* u32 task number */
    ISC_ELAPSED = 46, /* u32 microseconds */
    ISC_TASKUSER = 47,
    ISC_DETAIL = 48, /* a sentence for logs */
};

/* How a request ended. */
enum isc_class {
    ISC_OK,
    ISC_ABEND,       /* abcode */
    ISC_NO_PROGRAM,  /* undefined or not loadable; abcode AEI0 */
    ISC_TRANSACTION, /* mirror transaction undefined or disabled; AEI1 */
    ISC_SECURITY,    /* reason word */
    ISC_CAPACITY,    /* no task slot */
    ISC_BAD_REQUEST, /* the request breaks the protocol's rules */
    ISC_N_CLASSES,
};

/* A container, or the one area of a COMMAREA request (name empty). On the
 * wire: u8 name length, name, u8 type (0 BIT, 1 CHAR), u16 ccsid, u8 place
 * (0 inline: the bytes follow; 1: u8 descriptor index, u32 size). */
struct isc_area {
    struct str name; /* 1-16 */
    bool is_char;
    uint16_t ccsid; /* of CHAR data */
    struct str data;
    int fd_at; /* decoded: index of the descriptor with the data, or -1 */
    uint32_t fd_bytes;
};

struct isc_head {
    uint8_t type;
    uint16_t session;
    uint32_t sequence;
    uint32_t length;
};

/* HELLO, HELLO-ACK, HELLO-NAK and SESSION. */
struct isc_bind {
    struct str applid, networkid;
    struct str partner_applid, partner_networkid;
    uint16_t sessions;
    uint16_t port;
    struct str level;
    struct str reason;
    uint16_t worker;
    uint32_t heartbeat_ms;
};

struct isc_req {
    struct str transid;
    bool eib_and_mirror;
    struct str program;
    bool has_commarea;
    struct str commarea;
    struct str channel;
    struct isc_area areas[ISC_AREAS_MAX];
    size_t n_areas;
    struct str acee;
    struct str user, password;
    struct str dn, realm;
    uint32_t deadline_ms;
    struct str tracking;
};

struct isc_rsp {
    enum isc_class outcome;
    uint32_t resp, resp2;
    struct str abcode;
    struct str reason;
    struct str detail;
    bool has_commarea;
    struct str commarea;
    struct str channel;
    struct isc_area areas[ISC_AREAS_MAX];
    size_t n_areas;
    uint32_t task, elapsed_us;
    struct str user;
    struct str applid;
    struct str transid;
    struct str program;
};

/* Header of a frame of exactly bytes.n bytes. ERR_SYNTAX with what is wrong. */
MUST_CHECK enum err isc_head_read(struct str bytes, struct isc_head *out,
                                  struct err_info *why);

/*
 * Read a whole frame of that kind; results borrow from `bytes`. ERR_SYNTAX
 * names the field. `n_fds` is how many descriptors came with the packet: an
 * area that names another one is refused.
 */
MUST_CHECK enum err isc_bind_read(struct str bytes, struct isc_head *head,
                                  struct isc_bind *out, struct err_info *why);
MUST_CHECK enum err isc_req_read(struct str bytes, unsigned n_fds,
                                 struct isc_head *head, struct isc_req *out,
                                 struct err_info *why);
MUST_CHECK enum err isc_rsp_read(struct str bytes, unsigned n_fds,
                                 struct isc_head *head, struct isc_rsp *out,
                                 struct err_info *why);
/* PING, PONG, BYE, CANCEL: no fields. */
MUST_CHECK enum err isc_plain_read(struct str bytes, struct isc_head *head,
                                   struct err_info *why);

/*
 * Append a frame. Areas that no longer fit ISC_INLINE_MAX are put into sealed
 * memfds: their descriptors are added to fds (room for ISC_FDS_MAX), which the
 * caller closes after sending. With fds NULL (a stream) they all stay inline; a
 * frame that then has more than ISC_STREAM_MAX bytes is ERR_LIMIT. Fails with
 * ERR_RANGE when a value breaks the field table, ERR_LIMIT when it is too
 * large.
 */
MUST_CHECK enum err isc_bind_write(struct buf *out, enum isc_type type,
                                   uint16_t session, const struct isc_bind *,
                                   struct err_info *why);
MUST_CHECK enum err isc_req_write(struct buf *out, uint16_t session,
                                  uint32_t sequence, const struct isc_req *,
                                  int *fds, unsigned *n_fds,
                                  struct err_info *why);
MUST_CHECK enum err isc_rsp_write(struct buf *out, uint16_t session,
                                  uint32_t sequence, const struct isc_rsp *,
                                  int *fds, unsigned *n_fds,
                                  struct err_info *why);
MUST_CHECK enum err isc_plain_write(struct buf *out, enum isc_type type,
                                    uint16_t session, uint32_t sequence,
                                    struct err_info *why);

const char *isc_class_name(enum isc_class); /* "SECURITY" */

#endif
