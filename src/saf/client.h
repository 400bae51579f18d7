/*
 * A client of the angel's front: one connection, used by one thread (an event
 * loop may drive it without blocking, see saf_fd). Requests time out after
 * SAF_WAIT_MS; an angel that is away fails closed with ERR_PEER and is
 * reconnected on the next request.
 */
#ifndef SALLYPORT_SAF_CLIENT_H
#define SALLYPORT_SAF_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "saf/acee.h"
#include "saf/saf.h"

#define SAF_WAIT_MS 10000u

struct saf_client;

/*
 * Connect as whoever we are: with a job token (an address space) or, when
 * token is empty, as the SAF user whose OMVS UID is this process's uid.
 */
MUST_CHECK enum err saf_connect(struct str token, struct saf_client **out,
                                struct err_info *why);
/* The same where everything must go on without it: what is not there yet, or
 * refuses us, is asked again by each request (ERR_PEER, ERR_DENIED). */
MUST_CHECK enum err saf_connect_later(struct str token, struct saf_client **out,
                                      struct err_info *why);
/* The master: a client over the descriptor it shares with the front it forked
 * (SALLYPORT_ANGEL_CONTROL_FD is the other end). Takes fd. It is nobody
 * (saf_self is NULL) and asks only what wire.h lists for it; the angel's
 * WIRE_READY is seen by saf_wait_ready. */
MUST_CHECK enum err saf_attach(int fd, struct saf_client **out,
                               struct err_info *why);
/* Until the front serves; ERR_TIMEOUT, ERR_PEER. */
MUST_CHECK enum err saf_wait_ready(struct saf_client *, uint32_t wait_ms,
                                   struct err_info *why);
/* Root (the owner of a private image) acting for somebody whom the kernel has
 * named: a user, or "" and the user's OMVS UID. */
MUST_CHECK enum err saf_connect_as(struct str user, uint32_t uid,
                                   struct saf_client **out,
                                   struct err_info *why);
void saf_disconnect(struct saf_client **);
/* Connect as nobody yet, for saf_logon (saf_self is NULL until then). */
MUST_CHECK enum err saf_open(struct saf_client **out, struct err_info *why);
/* Become somebody else on this connection, with a password or phrase; fresh: a
 * new one to put in its place, or empty. When the connection is lost all
 * requests fail (ERR_DENIED): nobody else's identity takes its place. */
MUST_CHECK enum err saf_logon(struct saf_client *, struct str user,
                              struct str password, struct str fresh,
                              struct saf_rc *rc, struct err_info *why);
/* Our own identity. Borrowed. */
const struct acee *saf_self(const struct saf_client *);
/* Key with which acees of this image are sealed. */
const unsigned char *saf_seal_key(const struct saf_client *);

/* --- commands ---------------------------------------------------------- */

/* One RACF command under our identity; `line` is called for each reply line.
 * *rc is the command's return code (0, 4, 8, 12). While an angel that went away
 * is being started again it is waited for, 5 s at most, as long as the command
 * has not been sent; afterwards its fate is not known (ERR_PEER says so). */
MUST_CHECK enum err saf_command(struct saf_client *, struct str command,
                                void (*line)(void *arg, struct str text),
                                void *arg, uint32_t *rc, struct err_info *why);

/*
 * A deck: commands are sent ahead of their answers, so that many share one
 * wait for the disk. They are carried out one after the other, each sees what
 * the one before did. For each, in order: begin, its lines (text), end. When
 * the angel goes away meanwhile, what was sent and not answered ends with
 * ERR_PEER, which says that their fate is not known; the rest waits
 * for it as saf_command does. Initialise with the first five members.
 */
#define SAF_AHEAD_MAX 32u
struct saf_ahead {
    struct saf_client *client;
    void (*begin)(void *arg, struct str command, uint32_t line);
    void (*text)(void *arg, struct str text);
    void (*end)(void *arg, uint32_t line, enum err e, uint32_t rc,
                const struct err_info *why);
    void *arg;
    struct saf_ahead_one { /* private */
        uint32_t seq, line, of_connection;
        enum err e; /* of sending */
        struct err_info why;
        struct buf command;
    } v[SAF_AHEAD_MAX];
    unsigned first, n;
};
/* line: of the deck, for whoever is told. The command is copied. */
void saf_ahead_send(struct saf_ahead *, struct str command, uint32_t line);
void saf_ahead_drain(struct saf_ahead *); /* until all are answered */

/* --- registering (master; servers) ------------------------------------- */

struct saf_job {
    struct str job_name; /* "USER1GET" */
    struct str job_id;   /* "JOB00012", "STC00003" */
    struct str user;     /* "" : decided by class STARTED from proc/job_name */
    struct str proc;     /* member name of a started task, else "" */
    struct str submitter;
    struct str password;     /* of the JOB card, or empty */
    struct str new_password; /* PASSWORD=(old,new) */
    struct str group;        /* GROUP=, or empty: the user's default */
    bool is_switch;    /* su: SURROGAT BPX.SRV.user decides, not user.SUBMIT */
    int pidfd;         /* of the address space */
    struct str cgroup; /* path, or empty in private mode */
    uint32_t root_uid; /* Linux uid it runs under when its user has OMVS UID
                          0 or none; 0 in private mode */
};

/*
 * Master only: register an address space; the token identifies it from now
 * on, *omvs (may be NULL) says where its user is at home. ERR_DENIED with the
 * SAF triple when the submitter may not (SURROGAT) or STARTED gives no user;
 * lines for the operator (ICH408I, IRR01xI) come through the message callback
 * of saf_on_message.
 */
struct saf_omvs {
    char home[SAF_OMVS_PATH_MAX + 1];    /* HOME; "" without one */
    char program[SAF_OMVS_PATH_MAX + 1]; /* PROGRAM, the same */
};
MUST_CHECK enum err saf_register_job(struct saf_client *,
                                     const struct saf_job *, struct buf *token,
                                     struct acee **acee, struct saf_omvs *omvs,
                                     struct saf_rc *rc, struct err_info *why);
MUST_CHECK enum err saf_job_ended(struct saf_client *, struct str job_id,
                                  struct err_info *why);

/* Service groups of the angel (SAFCRED, ZOSWLM, TXRRS, ZOSDUMP, PRODMGR,
 * ZOSAIO, LOCALCOM, WOLA) granted by class SERVER. */
struct saf_service {
    char name[16];
    bool is_available;
};
struct saf_services {
    struct saf_service v[16];
    size_t n;
};
/* angel: "" for the unnamed one. only: the service groups to check and grant,
 * separated by commas; "" all. A process that is no job is registered with all
 * its connections while the one that asked stays open. ERR_NOT_FOUND: no such
 * angel is up (`rc` tells the reason code of CWWKB0101I); ERR_DENIED: no READ
 * to BBG.ANGEL[.name] or BBG.AUTHMOD.BBGZSAFM. */
MUST_CHECK enum err saf_register_server(struct saf_client *, struct str angel,
                                        struct str only,
                                        struct saf_services *out,
                                        struct saf_rc *rc,
                                        struct err_info *why);

/* Program BBGZANGL: the named (or, "", the default) angel is up as long as
 * this client is connected. ERR_EXISTS: another one has the name. */
MUST_CHECK enum err saf_open_angel(struct saf_client *, struct str name,
                                   struct err_info *why);
enum saf_listing { SAF_LIST_SERVERS, SAF_LIST_ANGELS };

/* One that runs. Its strings last as long as the call. */
struct saf_listed {
    struct str job_name; /* the user's name where it is no job */
    uint32_t asid;       /* its job's number; 0: it is no job */
    uint32_t pid;
    struct str name; /* of an angel, "" the default one; a server's user */
};

/* Servers registered with the angel we opened, or all angels. */
MUST_CHECK enum err saf_list_servers(struct saf_client *, enum saf_listing,
                                     void (*each)(void *arg,
                                                  const struct saf_listed *),
                                     void *arg, struct err_info *why);

/* --- authentication ----------------------------------------------------- */

/*
 * All answer with an acee (the caller's to unref) or ERR_DENIED and the triple
 * of REQUEST=VERIFY / initACEE. applid: the APPL checked, "" for
 * none. Failures come with the operator lines (ICH408I, IRR012I...) through
 * saf_on_message, already in the system log; print them to the job log.
 */
typedef void (*saf_acee_done)(void *arg, enum err e, struct acee *acee,
                              struct saf_rc rc, const struct err_info *why);

MUST_CHECK enum err saf_verify(struct saf_client *, struct str user,
                               struct str password, struct str applid,
                               struct acee **out, struct saf_rc *rc,
                               struct err_info *why);
/* Does not block: `done` runs from saf_process. source: the address of whoever
 * gave the password, "" when unknown: guesses from it are slowed down, and it
 * is the port of entry (TERMINAL). */
MUST_CHECK enum err saf_verify_async(struct saf_client *, struct str user,
                                     struct str password, struct str applid,
                                     struct str source, saf_acee_done done,
                                     void *arg, struct err_info *why);
/* Map a verified client certificate (DER) to a user. */
MUST_CHECK enum err saf_verify_certificate(struct saf_client *, struct str der,
                                           struct str applid, struct acee **out,
                                           struct saf_rc *rc,
                                           struct err_info *why);
MUST_CHECK enum err saf_verify_certificate_async(
    struct saf_client *, struct str der, struct str applid, struct str source,
    saf_acee_done done, void *arg, struct err_info *why);
/* A distributed identity that the caller has authenticated (class IDIDMAP):
 * a user of another registry and its realm. SAFCRED only. */
MUST_CHECK enum err
saf_verify_identity_async(struct saf_client *, struct str name,
                          struct str registry, struct str applid,
                          saf_acee_done done, void *arg, struct err_info *why);
/* A job token presented by a peer: the job's identity (requester assertion),
 * ERR_DENIED when it is forged or its job has ended. */
MUST_CHECK enum err saf_verify_token_async(struct saf_client *,
                                           struct str token, saf_acee_done done,
                                           void *arg, struct err_info *why);
/* Without authenticator: the unauthenticated user, an unsigned asserted id.
 * Only address spaces with service group SAFCRED may ask. */
MUST_CHECK enum err saf_acee_of(struct saf_client *, struct str user,
                                struct str applid, enum acee_origin origin,
                                struct acee **out, struct saf_rc *rc,
                                struct err_info *why);
MUST_CHECK enum err saf_acee_of_async(struct saf_client *, struct str user,
                                      struct str applid,
                                      enum acee_origin origin,
                                      saf_acee_done done, void *arg,
                                      struct err_info *why);

/* --- PassTickets (R_ticketserv) ------------------------------------------ */

#define SAF_TICKET_CHARS 8u

/* Make one: UPDATE to IRRPTAUTH.<appl>.<user> in class PTKTDATA. ERR_DENIED,
 * ERR_NOT_FOUND (no key). ticket: SAF_TICKET_CHARS and a NUL. */
MUST_CHECK enum err saf_ticket_make(struct saf_client *, struct str user,
                                    struct str appl,
                                    char ticket[SAF_TICKET_CHARS + 1],
                                    struct saf_rc *rc, struct err_info *why);
/* Check one: READ to the same. ERR_DENIED, ERR_EXISTS (used before),
 * ERR_NOT_FOUND. It never counts as a failed logon. */
MUST_CHECK enum err saf_ticket_check(struct saf_client *, struct str user,
                                     struct str appl, struct str ticket,
                                     struct saf_rc *rc, struct err_info *why);

/* --- authorization ------------------------------------------------------ */

/* The set of RACLIST snapshots this process maps: answered in process, no
 * lock, no system call. Any thread may check while one thread processes. */
struct saf_view;

/* Map the snapshots of these classes and follow their refreshes. */
MUST_CHECK enum err saf_view_open(struct saf_client *,
                                  const char *const *classes, size_t n,
                                  struct saf_view **out, struct err_info *why);
/* The same without the database, or before it lets us see them: all is refused
 * until saf_process could map them. */
MUST_CHECK enum err saf_view_open_later(struct saf_client *,
                                        const char *const *classes, size_t n,
                                        struct saf_view **out,
                                        struct err_info *why);
void saf_view_close(struct saf_view **);
/* REQUEST=FASTAUTH: is acee allowed `level` on `resource` in `class`? Denials
 * are not logged here; see saf_log_access. */
struct saf_decision saf_check(const struct saf_view *, const struct acee *,
                              struct str class_name, struct str resource,
                              enum saf_level level);
/* The same asked of the angel (acee NULL: ourselves), for a class without a
 * view; writes ICH408I where the profile's audit settings want it. */
MUST_CHECK enum err saf_check_remote(struct saf_client *, const struct acee *,
                                     struct str class_name, struct str resource,
                                     enum saf_level level,
                                     struct saf_decision *out,
                                     struct err_info *why);
/* A decision made in process, allowed or refused, for whatever its profile,
 * user or class want recorded (wants_log; otherwise nothing is sent): SMF type
 * 80, and ICH408I for a refusal. */
void saf_log_access(struct saf_client *, const struct acee *,
                    struct str class_name, struct str resource,
                    const struct saf_decision *);

/* --- key rings (R_datalib) ---------------------------------------------- */

struct saf_ring_cert {
    struct str label;
    struct str owner; /* "LIBSERV", "CERTAUTH", "SITE" */
    struct str der;
    struct secret key; /* PKCS#8 DER; empty when not handed over */
    bool has_key;      /* there is one that we may use */
    bool is_default;
    enum { RING_PERSONAL, RING_CERTAUTH, RING_SITE } usage;
};
struct saf_ring {
    struct arena arena;
    struct saf_ring_cert *certs;
    size_t n;
    uint64_t sequence; /* changes when the ring does */
};
enum saf_ring_keys {
    SAF_KEYS_NONE,
    SAF_KEYS_TAKE, /* hand private keys over where R_datalib would */
    SAF_KEYS_USE,  /* only say where there is one: saf_key_open */
};
/* owner "" = ourselves. ERR_DENIED, ERR_NOT_FOUND. */
MUST_CHECK enum err saf_ring_read(struct saf_client *, struct str owner,
                                  struct str ring, enum saf_ring_keys keys,
                                  struct saf_ring *out, struct saf_rc *rc,
                                  struct err_info *why);
void saf_ring_fini(struct saf_ring *);
/* A key channel (ipc/keywire.h) for those private keys of the ring that
 * saf_ring_read would hand over: they stay with the angel. *fd is the caller's;
 * it may be passed to another process. See io/remote_key.h. */
MUST_CHECK enum err saf_key_open(struct saf_client *, struct str owner,
                                 struct str ring, int *fd, struct saf_rc *rc,
                                 struct err_info *why);

/* --- driving ------------------------------------------------------------ */

/* Operator lines that belong to our requests (ICH408I...). */
void saf_on_message(struct saf_client *,
                    void (*line)(void *arg, struct str text), void *arg);
/* What is waited for takes long, and goes on: told every two seconds. */
void saf_on_wait(struct saf_client *, void (*waits)(void *arg), void *arg);
/* A class was refreshed and the view now answers from the new snapshot. */
void saf_on_refresh(struct saf_client *,
                    void (*refreshed)(void *arg, struct str class_name),
                    void *arg);
/* Readable when saf_process has work: replies, refreshes, a deadline, time to
 * reconnect. One descriptor for the client's life. */
int saf_fd(const struct saf_client *);
/* Handle what came: replies, refreshes, messages. Does not block. ERR_PEER
 * when the angel went away (pending requests were failed). */
MUST_CHECK enum err saf_process(struct saf_client *, struct err_info *why);
/* A line for the system log (syslogall.log), from the recorder. */
void saf_syslog(struct saf_client *, struct str line);

#endif
