/*
 * The front: database, commands, snapshots, identities. One thread, one epoll
 * loop; nothing a client sends makes it wait for that client. It treats every
 * client as hostile: front.c has the table of all they may ask.
 */
#ifndef SALLYPORT_ANGEL_FRONT_H
#define SALLYPORT_ANGEL_FRONT_H

#include "angel.h"
#include "base/buf.h"
#include "base/reader.h"
#include "base/table.h"
#include "saf/authorize.h"
#include "saf/cmd.h"
#include "saf/ich408i.h"
#include "saf/logon.h"
#include "saf/wire.h"
#include "throttle.h"

struct front;

struct watch {
    int fd;
    void (*ready)(struct watch *, unsigned events);
};

/* A named angel, up as long as its owner is connected. */
struct angel {
    char name[WIRE_ANGEL_MAX + 1];
    struct peer *owner;
    struct angel *next;
};

/* What REGISTER_SERVER granted: bits index service_names (front_server.c). */
struct grants {
    struct angel *angel;
    uint32_t services;
};

struct job {
    char job_name[9], job_id[9], user[SAF_USER_MAX + 1], proc[9];
    uid_t uid;          /* OMVS UID, or UINT32_MAX */
    struct watch pidfd; /* ready when the address space has ended */
    struct front *front;
    struct grants grants;
    bool had_grants; /* also from a front that was killed */
    struct buf acee; /* sealed: what HELLO with the token answers */
};

enum peer_state {
    PEER_NEW,     /* nothing known */
    PEER_KNOWN,   /* has an acee */
    PEER_CONTROL, /* the master's own descriptor */
};

struct outgoing {
    struct outgoing *next;
    uint16_t type;
    uint32_t seq;
    int fd; /* -1: none */
    struct buf payload;
};

#define PEER_CLASSES_MAX 64u

struct peer {
    struct watch watch;
    struct front *front;
    struct peer *prev, *next;
    struct chan_peer cred;
    enum peer_state state;
    bool is_dead;   /* let go and freed at the end of the turn */
    bool is_let_go; /* nothing names it any more */
    struct acee *acee;
    struct job *job;
    struct grants grants; /* of a process that is no job */
    unsigned n_pending;
    unsigned n_waits; /* commands that are done but not answered: not read */
    unsigned n_passwords; /* of those */
    struct outgoing *out, **out_tail;
    size_t out_bytes;
    char classes[PEER_CLASSES_MAX][SAF_CLASS_MAX + 1]; /* subscribed */
    unsigned n_classes;
    struct logged *logged; /* its ring; NULL: none */
};

/* A password being compared. */
struct logon_task {
    struct arena arena;
    struct peer *peer; /* NULL: went away */
    uint32_t seq;
    enum wire_type type;
    struct logon logon;
    struct str applid;
    struct saf_job_ask *job; /* WIRE_REGISTER_JOB */
    /* Refused already (unknown, revoked, protected): a password is compared
     * all the same, so that the time taken tells nobody which users exist. */
    bool is_decoy;
    enum err refusal;
    struct saf_rc refusal_rc;
    struct err_info refusal_why;
    struct str port_class, port;
    struct throttle_who who;
    /* What may be a PassTicket, not looked at while its user had to wait; or
     * empty. */
    struct str ticket;
    struct logon_task *next;
};

struct verifier {
    struct watch watch;
    struct front *front;
    struct logon_task *task;
};

struct held;
struct thread;
struct works;   /* front_work.c */
struct parkeds; /* front_parked.c */
struct follow;  /* front_standby.c */

/* Commands of this turn whose commit is to come. */
struct batch {
    struct held *first, **tail;
    unsigned n;
    size_t bytes;
};

struct front {
    int epoll;
    bool is_ending;
    bool is_ready_told;
    uint64_t started_ms;
    const struct front_start *start;
    struct watch listener, nest, signals;
    struct peer *control;
    struct peer *peers;
    unsigned n_peers;
    int keeper, recorder;
    int commands; /* verifier 0, asked synchronously */
    struct verifier verifiers[ANGEL_VERIFIERS]; /* from 1 */
    struct logon_task *tasks, **tasks_tail;
    unsigned n_tasks;
    struct throttles throttles;
    struct saf_engine *engine;
    struct saf_hooks hooks;
    struct batch batch;
    struct works *work;
    struct parkeds *parked;
    struct follow *follow;
    bool begins_following;
    char database_id[64]; /* of the line of databases in use */
    char master_id[64];   /* and of the key of its secrets */
    struct table jobs;    /* by job id */
    struct angel *angels;
    unsigned char token_public[32];
    unsigned char seal_private[32], seal_public[32];
    uid_t owner;            /* of a private image */
    bool wants_switch;      /* RVARY SWITCH, after the command */
    unsigned n_awake;       /* rings that are read from time to time */
    uint64_t complaints_ms; /* since when the refusals below were counted */
    unsigned n_complaints;
};

/* --- loop and peers (front.c) --------------------------------------------- */
MUST_CHECK enum err front_watch(struct front *, struct watch *, int fd,
                                void (*ready)(struct watch *, unsigned),
                                struct err_info *why);
void front_unwatch(struct front *, struct watch *); /* closes */
/* Not watched any more, nor closed: the descriptor, or -1. */
int front_release(struct front *, struct watch *);
void peer_send(struct peer *, enum wire_type, uint32_t seq, struct str payload,
               int fd);
/* Reply with what `result` holds when e is ERR_OK. */
void peer_reply(struct peer *, uint32_t seq, enum err e, struct saf_rc rc,
                const struct err_info *why, struct str result);
/* And a descriptor, which stays the caller's; -1 none. */
void peer_reply_fd(struct peer *, uint32_t seq, enum err e, struct saf_rc rc,
                   const struct err_info *why, struct str result, int fd);
/* Nothing is read from it or sent to it any more. It stays whole until the end
 * of the turn: a handler may go on with it. */
void peer_kill(struct peer *);
/* A client's mistake is worth a line of the log; at most 20 a minute are. */
bool front_may_complain(struct front *);
/* The request was answered later: one less pending. */
void peer_done(struct peer *);
/* Its next request has to wait, or no longer. */
void peer_wait(struct peer *, bool waits);

/* --- other processes (front_calls.c) ---------------------------------------
 */
MUST_CHECK enum err keeper_call(struct front *, enum keep_type,
                                struct str request, struct chan_msg *reply,
                                struct reader *out, struct err_info *why);
/* And with a descriptor, which stays the caller's. */
MUST_CHECK enum err keeper_call_fd(struct front *, enum keep_type,
                                   struct str request, int fd,
                                   struct chan_msg *reply, struct reader *out,
                                   struct err_info *why);
MUST_CHECK enum err keeper_start(struct front *, struct err_info *why);
void record_line(struct front *, struct str job_id, struct str line);
void record_smf(struct front *, struct str record);
/* Hooks of the command language: verifier 0. */
enum err front_make_verifier(void *front, struct str user, struct str secret,
                             bool is_phrase, struct buf *verifier,
                             struct err_info *why);
enum err front_check_verifier(void *front, struct str user, struct str secret,
                              struct str verifier, struct err_info *why);
enum err front_seal_secret(void *front, struct str secret, struct str what,
                           struct buf *sealed, struct err_info *why);
enum err front_seal_ticket_key(void *front, struct str key, struct str profile,
                               struct buf *sealed, struct err_info *why);
/* As logon_ticket.times. */
enum err front_ticket_times(void *front, struct str sealed, struct str profile,
                            struct str user, struct str applid,
                            struct str ticket, uint32_t *times, size_t *n,
                            struct err_info *why);
/* Operator lines of a request: to the system log and back to the client. */
struct line_sink {
    struct front *front;
    struct peer *peer; /* may be NULL */
    uint32_t seq;
    struct str applid; /* of a logon, for the audit */
};
struct saf_lines line_sink_lines(struct line_sink *);

/* --- database (front_database.c) -----------------------------------------
 */
MUST_CHECK enum err front_database_open(struct front *, struct err_info *why);
enum err front_rvary(void *front, struct arena *, enum saf_rvary what,
                     struct saf_databases *out, struct err_info *why);
/* Exchange the database with its standby; `done` tells what came of it, as one
 * line. The thread checks both meanwhile. */
void front_switch(struct front *, struct thread *,
                  void (*done)(struct front *, bool is_done, struct str line));

/* --- commands (front_batch.c) ----------------------------------------------
 */
/* Commit what was gathered and answer it. Before anything that is no command
 * looks at the database, and at the end of a turn. */
void front_batch_end(struct front *);

/* --- identities (front_logon.c, front_verify.c, front_mapped.c) -------------
 */
#define LOGON_ARENA_MAX (1u << 20)

/* From now on this connection is that user; result: as HELLO answers. */
MUST_CHECK enum err front_become(struct peer *, struct str sealed, struct job *,
                                 struct buf *result, struct err_info *why);
MUST_CHECK enum err front_seal(struct front *, const struct acee *,
                               struct buf *out, struct err_info *why);
/* Build and seal in one step. */
MUST_CHECK enum err front_acee(struct front *, const struct logon_ask *,
                               const struct saf_lines *, struct buf *sealed,
                               struct saf_rc *rc, struct err_info *why);
/* A password, phrase or PassTicket to be verified. */
struct logon_request {
    enum wire_type type;
    struct str user, secret;
    struct str fresh;  /* new password or phrase, or empty */
    struct str applid; /* APPL, or empty */
    struct str source; /* for the throttle, or empty */
    struct str port_class, port;
    struct saf_job_ask *job; /* WIRE_REGISTER_JOB */
};
/* Start a comparison; it ends with a reply. Takes the arena and the job's
 * pidfd. */
void logon_start(struct peer *, uint32_t seq, const struct logon_request *,
                 struct arena *);
/* Ports of entry: of a name, as long as class TERMINAL is active; the name of
 * whoever comes from an address. */
void front_terminal(struct front *, struct str name, struct str *port_class,
                    struct str *port);
struct str front_terminal_of(struct arena *, struct str source);
/* It knows where its clients come from. */
bool front_is_server(struct peer *);
/* A server may not act for that security domain; it was told so. */
bool front_refuse_domain(struct peer *, uint32_t seq, struct str applid);
void verifier_attach(struct verifier *, int fd);
/* Milliseconds until a comparison that waits may go on; -1: none does. */
int logon_wait_ms(const struct front *);
void logon_go_on(struct front *);
/* A person, or the job's log, is told of the last access; the system log is
 * not. Once he is in: who is refused learns nothing. */
void logon_tell_greeting(struct peer *, uint32_t seq, const struct logon *,
                         uint64_t now_ms);
void logon_peer_gone(struct front *, struct peer *);

/* --- jobs (front_jobs.c)
 * -------------------------------------------------------- */
struct saf_job_ask {
    struct str job_name, job_id, user, proc, submitter, password, cgroup;
    struct str group, new_password;
    uint32_t more_attrs;
    uint32_t root_uid; /* for a user without a UID, or with UID 0; 0 none */
    bool is_switch;
    int pidfd;
};
/* The user is decided and proved: make token and acee, reply. logon: by a
 * password, NULL otherwise. */
void job_register(struct peer *, uint32_t seq, struct saf_job_ask *,
                  const struct logon *, struct arena *);
void job_end(struct front *, struct job *);
/* Jobs that ran before the front was killed. */
void jobs_restore(struct front *);
/* ERR_DENIED: forged, of another IPL, or the job has ended. */
MUST_CHECK enum err job_of_token(struct front *, struct str token,
                                 struct job **out, struct err_info *why);

/* --- angels (front_server.c)
 * ------------------------------------------------------ */
const struct grants *peer_grants(struct peer *);
bool peer_has_safcred(struct peer *);
/* Servers register again with a front that took the place of a killed one;
 * until they could, who lacks SAFCRED is told to ask again. */
bool front_is_gathering(const struct peer *);
void jobs_save(struct front *);
void angel_peer_gone(struct peer *);

/* --- requests: false ends the connection
 * --------------------------------------------- */
bool on_hello(struct peer *, uint32_t seq, struct chan_msg *);
bool on_logon(struct peer *, uint32_t seq, struct chan_msg *);
bool on_verify(struct peer *, uint32_t seq, struct chan_msg *);
bool on_verify_cert(struct peer *, uint32_t seq, struct chan_msg *);
bool on_verify_token(struct peer *, uint32_t seq, struct chan_msg *);
bool on_acee_of(struct peer *, uint32_t seq, struct chan_msg *);
bool on_command(struct peer *, uint32_t seq, struct chan_msg *);
bool on_check(struct peer *, uint32_t seq, struct chan_msg *);
bool on_snapshot(struct peer *, uint32_t seq, struct chan_msg *);
bool on_ring_read(struct peer *, uint32_t seq, struct chan_msg *);
bool on_key_open(struct peer *, uint32_t seq, struct chan_msg *);
bool on_ticket(struct peer *, uint32_t seq, struct chan_msg *);
bool on_verify_identity(struct peer *, uint32_t seq, struct chan_msg *);
bool on_register_server(struct peer *, uint32_t seq, struct chan_msg *);
bool on_syslog(struct peer *, uint32_t seq, struct chan_msg *);
/* --- decisions made in servers (front_logged.c) ------------------------- */
bool on_log_denial(struct peer *, uint32_t seq, struct chan_msg *);
bool on_audit_ring(struct peer *, uint32_t seq, struct chan_msg *);
/* A started task, which may write to the log. */
bool front_is_logger(const struct peer *);
/* Read the rings that have something, a bounded piece of each. */
void rings_go_on(struct front *);
/* Milliseconds until that is worth while again; -1: all sleep. */
int rings_wait_ms(const struct front *);
/* The writer is gone: what it has put is read, all of it. */
void ring_peer_gone(struct peer *);
bool on_open_angel(struct peer *, uint32_t seq, struct chan_msg *);
bool on_list_servers(struct peer *, uint32_t seq, struct chan_msg *);
bool on_register_job(struct peer *, uint32_t seq, struct chan_msg *);
bool on_job_ended(struct peer *, uint32_t seq, struct chan_msg *);
/* After a command: snapshots that changed go to their subscribers. */
void front_publish(void *front, struct str class_name, struct str image,
                   int fd);

#endif
