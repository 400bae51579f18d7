/* Shared by client.c, client_connect.c, client_calls.c and view.c only. */
#ifndef SALLYPORT_SAF_CLIENT_PRIV_H
#define SALLYPORT_SAF_CLIENT_PRIV_H

#include "base/reader.h"
#include "ipc/chan.h"
#include "ipc/ring.h"
#include "saf/client.h"
#include "saf/wire.h"

struct pending { /* an asynchronous request */
    uint32_t seq;
    enum wire_type type;
    struct buf request; /* kept, to ask again; wiped */
    bool is_sent;
    uint64_t not_before_ms; /* when not sent */
    uint64_t deadline_ms;
    saf_acee_done done;
    void *arg;
    struct pending *next;
};

struct held { /* a reply that came while somebody else's was awaited */
    struct chan_msg msg;
    struct held *next;
};

struct saf_client {
    int fd;    /* the front; -1 while away */
    int epoll; /* what saf_fd gives: fd, timer */
    int timer; /* deadlines and reconnecting */
    struct buf token;
    bool is_as; /* acts for as_user, or the user with as_uid */
    char as_user[SAF_USER_MAX + 1];
    uint32_t as_uid;
    uint32_t next_seq;
    struct acee *self;
    unsigned char seal[ACEE_KEY_BYTES];
    bool is_logged_on; /* by a password, which nobody keeps to say it again */
    bool is_attached;  /* saf_attach: closed at its end only */
    unsigned n_ready;  /* WIRE_READY seen: one of each front */
    bool is_connected_once, is_lost; /* lost: pending requests must fail */
    uint32_t n_lost;                 /* connections that ended */
    uint64_t lost_ms, try_ms;        /* the last; when to connect again */
    struct pending *pending;
    struct held *held, **held_tail;
    struct saf_view *views;
    struct ring ring;   /* of decisions to be recorded; made with the first */
    bool is_ring_stuck; /* was full for long: nobody waits for it again */
    void (*on_message)(void *arg, struct str text);
    void *message_arg;
    void (*on_refresh)(void *arg, struct str class_name);
    void *refresh_arg;
    void (*on_line)(void *arg, struct str text); /* of the running command */
    void *line_arg;
    uint32_t line_seq;
    void (*on_wait)(void *arg);
    void *wait_arg;
};

/* A request and its reply; *out is positioned after the reply's head. The
 * reply's own error comes back as the result. chan_msg_fini(reply). */
enum err client_call(struct saf_client *, enum wire_type, struct str payload,
                     int fd, struct chan_msg *reply, struct reader *out,
                     struct saf_rc *rc, struct err_info *why);

/* The same on the connection that is there. */
enum err client_exchange(struct saf_client *, enum wire_type,
                         struct str payload, int fd, struct chan_msg *reply,
                         struct reader *out, struct saf_rc *rc,
                         struct err_info *why);
/* The connection has ended; what was asked is asked again. */
void client_lose(struct saf_client *);
/* It may be back soon; how often to look, and for how long. */
#define CLIENT_AGAIN_MS 100u
#define CLIENT_COMING_BACK_MS 5000u
/* For ever: what was asked fails. */
void client_drop_all(struct saf_client *);
/* Connected (again) and known to the angel; else why not. */
enum err client_connect(struct saf_client *, struct err_info *why);
/* One message to the front, waiting while its queue is full; fd or -1. */
enum err client_send(struct saf_client *, enum wire_type, uint32_t seq,
                     struct str payload, int fd, struct err_info *why);
/* Wait for the reply to seq; as client_call. */
enum err client_await(struct saf_client *, uint32_t seq, struct chan_msg *reply,
                      struct reader *out, struct saf_rc *rc,
                      struct err_info *why);
/* A reply that does not read as its request promises: ERR_PEER. */
static inline enum err
client_malformed(struct err_info *why)
{
    return err_set(why, ERR_PEER, "angel: malformed reply");
}
/* The sealed acee that a reply holds; the caller owns it. */
enum err client_read_acee(struct saf_client *, struct reader *in,
                          struct acee **out, struct err_info *why);
/* Send what is not sent, connecting again when it is time to; what may not wait
 * any longer stays unsent until its deadline. */
void client_ask_again(struct saf_client *);
/* It was here a moment ago. */
bool client_is_coming_back(const struct saf_client *);
void client_drop_pending(struct pending *);
/* After pending, held or lost changed: when saf_fd is readable next. */
void client_arm_timer(struct saf_client *);

/* A request without reply. */
void client_tell(struct saf_client *, enum wire_type, struct buf *request);

/* Hooks of view.c. */
void view_refreshed(struct saf_client *, struct chan_msg *);
void view_lost(struct saf_client *);
/* What was refused may be granted by now: look at once. */
void view_granted(struct saf_client *);
/* Fetch all snapshots again after reconnecting. */
enum err view_reopen(struct saf_client *, struct err_info *why);
/* What was not mapped when its view was opened: now? */
void view_catch_up(struct saf_client *);
uint64_t view_look_ms(const struct saf_client *); /* when; UINT64_MAX: all is */
void view_forget(struct saf_client *);
/* After reconnecting: what the old front did not read, the new one does. */
void view_give_ring(struct saf_client *);

#endif
