/*
 * A TLS engine: one process a core, one event loop, no privilege. It accepts
 * what capture sends it, finds out whose connection that is, asks the policy,
 * and speaks TLS on the outer leg while the program's leg stays clear text.
 *
 *   inner leg: the program's connection, over loopback
 *   outer leg: to or from the peer
 *
 * Fails closed: a connection whose owner, rule or keys cannot be found out is
 * reset. Clear text leaves only by a rule that says so, or for want of a rule.
 */
#ifndef SALLYPORT_TTLS_ENGINE_H
#define SALLYPORT_TTLS_ENGINE_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/table.h"
#include "io/loop.h"
#include "ttls/capture_map.h"
#include "ttls/effective.h"
#include "ttls/lineage.h"
#include "ttls/match.h"
#include "ttls/primary.h"

#define ENGINE_SCRATCH_BYTES (64u * 1024u)
/* What four records of a full scratch buffer become, and a long handshake. */
#define ENGINE_CIPHER_BYTES (160u * 1024u)
/* What is read ahead of a connection: a record at most. */
#define ENGINE_AHEAD_BYTES (17u * 1024u)

struct batch;
struct engine;
struct env;

/* --- policy (engine_policy.c) ------------------------------------------- */

/* A rule as connections use it. */
struct mapped {
    struct engine_policy *policy;
    const struct ttls_rule *rule;
    struct ttls_effective eff;
};

/* The policy in force, or a former one that connections still hold. */
struct engine_policy {
    unsigned n_refs;
    uint32_t number; /* the stack's: it counts them */
    struct engine_policy *next_former;
    struct ttls_policy *policy;
    struct ttls_match *match;
    struct table mapped; /* rule address -> struct mapped */
    struct str files;    /* key databases (enforce_files.c); mapped memory */
};

/* files: descriptor of the key databases, -1 none. */
MUST_CHECK enum err engine_policy_new(int fd, int files,
                                      struct engine_policy **out,
                                      struct err_info *why);
/* A file that came with the policy. */
struct engine_file {
    uint8_t is_read;
    uint32_t uid, mode; /* whose it is */
    struct str bytes;
};
/* False: there is none, or it could not be read. */
MUST_CHECK bool engine_policy_file(const struct engine_policy *,
                                   struct str name, struct engine_file *out);
struct engine_policy *engine_policy_ref(struct engine_policy *);
void engine_policy_unref(struct engine_policy **);
/* NULL: no storage. */
struct mapped *engine_policy_map(struct engine_policy *,
                                 const struct ttls_rule *);

/* --- environments (env.h) ----------------------------------------------- */

/* --- connections --------------------------------------------------------- */

enum conn_state {
    CONN_ASKING,    /* whose is it, and is the other leg there? */
    CONN_KEYS,      /* the environment is being made */
    CONN_HANDSHAKE, /* the program's bytes wait */
    CONN_SECURE,
    CONN_CLEAR, /* no rule, not enabled, or the program has not asked yet */
    CONN_ENDED,
};

/* One socket of the two, and what waits to be written to it. */
struct leg {
    struct loop_fd watch; /* fd -1: none */
    struct conn *conn;
    bool may_read, may_write, is_connected;
    bool saw_hangup;    /* an end, or an error, lies behind what can be read */
    bool has_urgent;    /* reads stop at an urgent byte that lies ahead */
    bool at_end;        /* no more will come from it */
    bool is_shut;       /* no more goes to it */
    bool has_much;      /* the last read was a large one */
    bool is_unpaced;    /* its congestion control has been chosen */
    bool is_ahead_kept; /* `ahead` is storage of its own */
    bool is_put;        /* what was written waits in the batch */
    bool is_broken;     /* and could not be sent */
    int ahead_n;        /* bytes, 0 the end, or -errno */
    uint8_t *ahead;     /* read before its turn (batch.h); NULL: nothing */
    uint8_t *held;
    size_t held_at, held_n, held_cap;
};

/* What OpenSSL reads from and writes to: memory for the time of one call. */
struct tls_io {
    const uint8_t *in;
    size_t in_n;
    uint8_t *out;
    size_t out_n, out_cap;
    bool is_ended; /* refuses both */
};

struct who {
    bool is_known, is_job;
    bool is_ours; /* a job of this image, or uses what one has made */
    bool is_v6;   /* the socket it listens with */
    char job[9], user[9];
    uint32_t uid;
    uint32_t tgid; /* 0: not known */
};

/* Who holds a socket: several may. */
#define WHOS_MAX 8u
struct whos {
    size_t n;        /* 0: nobody is known */
    uint32_t age_ms; /* when it came: since it was found */
    struct who v[WHOS_MAX];
    struct lineage of[WHOS_MAX];
};

struct conn {
    struct engine *engine;
    struct conn *next, **prev;
    struct leg inner, outer;
    enum conn_state state;
    bool is_inbound;
    bool has_who;
    bool is_refused; /* the peer's leg failed before its rule was known */
    bool is_waiting; /* for the certificate's user */
    uint32_t id;
    uint64_t cookie; /* of the program's socket */
    struct capture_record record;
    struct capture_addr local, remote; /* as the program sees them */
    struct capture_addr own; /* inbound: the inner leg's, a row of in_peer */
    uint32_t scope;          /* interface of link-local addresses; 0: none */
    struct who who;
    struct mapped *mapped; /* NULL: no rule */
    struct env *env;
    SSL *ssl;
    struct tls_io io;
    struct remote_channel *keys; /* while a handshake may need them */
    bool is_paused;              /* the angel is signing */
    bool must_read;              /* it has, for who negotiates anew */
    uint8_t *stash; /* cipher text that a paused handshake has not read */
    size_t stash_n;
    struct question *question;      /* to the broker; NULL: none */
    struct revocation_check *check; /* NULL: none is under way */
    struct loop_timer timer;
    struct loop_post free_later, again;
    bool is_again;      /* `again` is queued */
    char peer_user[9];  /* of the client's certificate */
    int alert;          /* last one received, -1: none */
    int verify;         /* X509_V_... of the peer's chain */
    uint32_t verify_rc; /* System SSL code for what our own checks found */
    X509 *first_peer;   /* who it is to stay; NULL: anybody */
    bool has_refused;   /* to negotiate anew */
    bool is_anew;       /* TLS before 1.3 has been negotiated anew */
    bool is_handshake_done, saw_peer_bytes;
    bool is_secondary, is_primary; /* secondary.c */
    uint32_t primary;              /* its slot */
    uint32_t own_uid;    /* a secondary's own user; who has the primary's */
    uint64_t alive_ns;   /* its process had its number then */
    struct ancestor kin; /* it, or who it descends from, has a primary one;
                            pid 0: none */
    bool may_have_kin;   /* nobody can say: its process has ended */
    /* Application control. */
    /* Back to clear text: the program wants it, we have asked, it is agreed. */
    bool wants_stop, is_stopping, is_stopped;
    bool allow_timeout, is_timed_out;
    bool is_holding; /* a handshake came before the program asked for one */
    bool must_speak; /* OpenSSL has something to send */
    uint64_t started_s;
    uint64_t n_in, n_out; /* bytes of application data */
};

struct engine_listener {
    struct loop_fd watch;
    struct engine *engine;
    uint16_t port;
};

struct engine {
    struct loop *loop;
    struct loop_fd stack, broker;
    struct engine_listener listeners[2]; /* IPv4, IPv6 */
    bool is_listening;
    int map_source, map_in_peer, map_counts;
    int links; /* /proc/net/dev; -1: there is none */
    bool is_bpf, is_enabled, is_denied;
    bool is_wide; /* for every program; false: for the image's jobs */
    char name[9]; /* of the stack */
    uint32_t number, n_engines;
    bool is_successor;   /* of one that has ended, which is still to be said */
    uint32_t group_said; /* groups up to this one have been looked at */
    unsigned char secret[64];
    struct engine_policy *policy;
    struct engine_policy *former; /* that primary connections were mapped by */
    struct primaries primaries;
    struct loop_timer sweep; /* of closed ones */
    bool is_sweeping;
    struct conn *conns;
    size_t n_conns;
    uint32_t next_id;
    struct table whos;    /* "cgroup uid" -> struct who */
    struct table owners;  /* listener's address, or process -> whos (whos.c) */
    struct table waiting; /* seq -> struct question */
    struct question *unsent, **unsent_end;
    uint32_t next_seq;
    struct env_maker *maker;
    struct revocation_cache *revocations;    /* NULL: none yet; the maker's */
    uint8_t *plain, *cipher_in, *cipher_out; /* scratch of one callback */
    struct batch *batch;                     /* NULL: each socket by itself */
};

/* Serve until the stack goes away. fd: the chan.h pair with the stack. */
MUST_CHECK enum err engine_run(int fd, bool is_successor, struct err_info *why);
/* Follow what the stack has said. A policy is sent before the kernel captures
 * by it, so who catches up after accepting maps by no older one. */
void engine_catch_up(struct engine *);

/* --- legs.c: a connection's other leg ------------------------------------- */

/* To where the program wanted to go, from where it had bound itself. */
MUST_CHECK bool leg_connect_outer(struct conn *);
/* To the program that listens, as a neighbour: the kernel then tells it the
 * client's address. */
MUST_CHECK bool leg_connect_inner(struct conn *);
MUST_CHECK bool leg_name(int fd, struct capture_addr *local);
bool addr_is_any(const struct capture_addr *);

/* --- conn.c: a connection's life ----------------------------------------- */

/* Its socket is the loop's; false: it is closed. */
MUST_CHECK bool leg_watch(struct leg *, int fd, bool is_connected);
void conn_accept(struct engine *, int fd);
/* The outer or inner leg can do something, or a wait is over. */
void conn_go(struct conn *);
/* NULL: it is no leg. */
struct leg *leg_of_watch(struct loop_fd *);
/* Its socket is found broken by conn_go, in this turn still. */
void leg_broke(struct leg *);
/* Mapping is possible: both owner and addresses are known. */
void conn_map(struct conn *);
/* The rule for its owner; NULL: none. */
const struct ttls_rule *conn_rule(struct conn *);
/* Both legs at once, with a reset. */
void conn_reset(struct conn *);
/* TLS may begin; also called by application control. */
void conn_start_tls(struct conn *);
/* The handshake is over, on whatever path: secure from here on, with a leg to
 * the program. False: there can be none, the connection is reset. */
MUST_CHECK bool conn_secure(struct conn *);
/* A secure connection's named group in four decimal digits; before TLS version
 * 1.3 there are no key shares: "". */
void conn_key_share(const struct conn *, char out[8]);
void conn_end(struct conn *);
void conns_close_all(struct engine *);

/* --- relay.c: bytes ------------------------------------------------------- */

/* Move what can be moved. False: the connection has ended. */
MUST_CHECK bool relay_clear(struct conn *);
MUST_CHECK bool relay_secure(struct conn *);
/* False: the program's bytes wait, the peer negotiates anew. */
MUST_CHECK bool relay_may_take(const struct conn *);
/* Write what waits; false: the socket is broken. */
MUST_CHECK bool leg_flush(struct leg *);
MUST_CHECK bool leg_write(struct leg *, const uint8_t *p, size_t n);
enum leg_read { LEG_BYTES, LEG_AGAIN, LEG_END, LEG_BROKEN };
/* *p: where to, and receives where it is. */
enum leg_read leg_read(struct leg *, uint8_t **p, size_t cap, size_t *n);
/* A send has ended with that, bytes or -errno; what it did not take is held.
 * False: the socket is broken. */
MUST_CHECK bool leg_sent(struct leg *, const uint8_t *p, size_t n, int result);
void leg_shut(struct leg *);

/* --- handshake.c ---------------------------------------------------------- */

/* One step; false: it has failed, has been said, and the connection reset. */
MUST_CHECK bool handshake_start(struct conn *);
MUST_CHECK bool handshake_step(struct conn *);
/* The peer's certificate has been looked up: 0, or why it is refused. */
void handshake_checked(struct conn *, unsigned rc);
void handshake_fini(struct conn *);
/* Why OpenSSL has failed on it just now: a System SSL or AT-TLS code; 0 none.
 * (rc.c) */
unsigned handshake_rc(struct conn *);
unsigned rc_of_verify(int x509_error);
/* Bytes that were received and not read stay for later. */
MUST_CHECK bool handshake_stash(struct conn *);

/* --- ask.c: the broker ---------------------------------------------------- */

void ask_who(struct conn *);         /* sets conn->who, then conn_map */
void ask_certificate(struct conn *); /* SAFCheck: then handshake goes on */
void ask_forget(struct conn *);
/* The broker has ended: what it has not answered is asked of the next one, or
 * of nobody when there will be none; then those who wait are reset. */
void ask_lost(struct engine *);
void ask_flush(struct engine *);
void ask_answered(struct engine *, uint32_t seq, struct str payload);
/* priority: syslogd.h */
void ask_line(struct engine *, uint8_t priority, struct str line);

/* --- whos.c: what the broker has said ------------------------------------- */

#define WHOS_LISTENER_MS 1000u /* how long a listener's owners are believed */

void whos_init(struct engine *);
void whos_forget(struct engine *);
/* The connection's owners when they are known already; false: ask. */
MUST_CHECK bool whos_get(const struct conn *, struct whos *out);
/* The broker's answer. `listeners` is what maps_listeners said before it was
 * asked. */
void whos_put(const struct conn *, const struct whos *, uint64_t listeners);
/* The connection becomes that one's of them whose rule says TLS, else who has
 * any rule, else the first one's: none gets clear text that is not for all. */
void whos_choose(struct conn *, const struct whos *);

/* --- secondary.c: SecondaryMap ---------------------------------------------
 */

/* Descriptors of the memory that the engines share. */
MUST_CHECK bool secondary_open(struct engine *, int hints, int slots);
/* Another policy is in force: keep this one while connections are like it. */
void secondary_keep(struct engine *, struct engine_policy **);
void secondary_fini(struct engine *);
/* A connection has been mapped by a rule: it may be primary from now on.
 * False: there is no room to remember it, it must not go on. */
MUST_CHECK bool secondary_note(struct conn *);
void secondary_forget(struct conn *);
/* Who of these processes has a primary connection that it may belong to. */
void secondary_relate(struct conn *, const struct lineage *);
/* Does it belong to one that counts for more than rule (NULL: none)? */
bool secondary_counts(const struct conn *, const struct ttls_rule *rule);
/* Map it like that one, if there is one. False: it cannot be mapped like it, or
 * nobody can say whether it belongs to one that there is. */
MUST_CHECK bool secondary_map(struct conn *, const struct ttls_rule *rule);

/* --- say.c: EZD1281I to EZD1287I ------------------------------------------ */

void say_map(struct conn *);
void say_start(struct conn *, const char *event, const char *add);
void say_event(struct conn *, unsigned rc, const char *event, const char *add);
void say_flow(struct conn *, unsigned rc, const char *action, const char *what,
              const char *add);
void say_data(struct conn *, bool is_sent, bool is_cipher, size_t n);
/* EZD1286I and EZD1287I. */
void say_error(struct conn *, unsigned rc, const char *event);

/* --- flow.c: EZD1284I ------------------------------------------------------
 */

void flow_environment(struct conn *);
void flow_environment_init(struct conn *, unsigned rc);
void flow_handshake(struct conn *);
void flow_handshake_init(struct conn *, unsigned rc);
/* The protocol's name, the cipher's digits in EBCDIC. */
void flow_negotiated(struct conn *, const char *protocol, const char *cipher);
void flow_close(struct conn *);
/* What stands for System SSL's handles: numbers that nothing else has. */
uint64_t flow_env_handle(const struct conn *);
uint64_t flow_handle(const struct conn *);

/* --- rows.c: displays ------------------------------------------------------
 */

void engine_rows(struct engine *, struct str request, struct buf *out);

/* --- control.c: what a program asks of its connection -------------------- */

/* False: no such question. */
MUST_CHECK bool engine_control(struct engine *, struct str question,
                               struct buf *answer);

/* --- kernel's maps (maps.c) ----------------------------------------------- */

/* The record of an accepted connection, by its source; marks it taken. False:
 * there is none, or it is of another one from there. */
MUST_CHECK bool maps_take(struct engine *, int fd,
                          const struct capture_addr *source,
                          struct capture_record *out);
/* Answer getsockname with the outer leg's own address, and getpeername with
 * what "any" has become. */
void maps_seen(struct engine *, const struct capture_record *,
               const struct capture_addr *source);
MUST_CHECK bool maps_peer_put(struct engine *, const struct capture_addr *own,
                              const struct capture_addr *client);
void maps_peer_remove(struct engine *, const struct capture_addr *own);

/* Changes whenever a listener of a watched port comes or goes; false: nobody
 * counts. */
MUST_CHECK bool maps_listeners(const struct engine *, uint64_t *out);

void addr_of_sockaddr(struct capture_addr *, const void *sockaddr);
/* As a socket of family 4 or 6 would name it; *n receives the size. */
void addr_to_sockaddr(const struct capture_addr *, bool as_v6, void *sockaddr,
                      unsigned *n);
bool addr_is_v4(const struct capture_addr *);

#endif
