/*
 * What the angel's front is asked, over a chan.h connection to
 * $SALLYPORT_ROOT/angel/front.sock. A client sends requests with a sequence
 * number of its own; the front answers each with one WIRE_REPLY of the same
 * sequence, in any order. Strings are u32 length and bytes; everything is
 * big-endian. A request that is malformed, unknown, or not allowed in the
 * connection's state ends the connection.
 *
 * Reply: u8 enum err, u32 SAF rc, u32 RACF rc, u32 reason, str why, then what
 * the request's comment names after "->" (only when err is ERR_OK, unless
 * said otherwise).
 *
 * While a request runs the front may send WIRE_LINE (a line of a command's
 * output) and WIRE_MESSAGE (an operator line, ICH408I and the like) with its
 * sequence; WIRE_REFRESH comes unasked to those who subscribed, sequence 0.
 */
#ifndef SALLYPORT_SAF_WIRE_H
#define SALLYPORT_SAF_WIRE_H

#include "base/buf.h"
#include "base/reader.h"
#include "saf/saf.h"

#define WIRE_VERSION 1u
#define WIRE_SOCKET "angel/front.sock"

/* Limits of what a client may say. */
#define WIRE_COMMAND_MAX (32u * 1024u)
#define WIRE_PASSWORD_MAX 100u
#define WIRE_TOKEN_MAX 1024u
#define WIRE_DER_MAX (16u * 1024u)
#define WIRE_APPLID_MAX 54u /* SECPFX and APPL names share it */
#define WIRE_LINE_MAX 1024u
#define WIRE_ANGEL_MAX 54u
#define WIRE_SERVICES_MAX 255u
#define WIRE_CGROUP_MAX 4096u
#define WIRE_SOURCE_MAX 64u /* an address as text */
#define WIRE_TERMINAL_MAX 8u
#define WIRE_PENDING_MAX 64u /* unanswered requests of one client */

enum wire_type {
    /* u32 version, str token [, str user, u32 uid] -> str sealed acee, 32
     * bytes seal key. The image's owner (root) may name whom it acts for: a
     * user, or "" and the OMVS UID of one. */
    WIRE_HELLO = 1,
    /* str user, str password [, str new password, str terminal] -> as HELLO.
     * Before or after HELLO. */
    WIRE_LOGON,
    /* str command -> u32 return code; lines before */
    WIRE_COMMAND,
    /* str user, str password, str applid [, str source, str new password] ->
     * str acee. source: the client's address, of a server's client */
    WIRE_VERIFY,
    /* str der, str applid [, str source] -> str acee */
    WIRE_VERIFY_CERT,
    /* str token -> str acee, str "NAME/ID" */
    WIRE_VERIFY_TOKEN,
    /* str user, str applid, u8 origin -> str acee */
    WIRE_ACEE_OF,
    /* str sealed acee or "" for oneself, str class, str resource, u8 level
     * -> decision (wire_decision) */
    WIRE_CHECK,
    /* str class -> str class, u64 generation; one descriptor: the snapshot.
     * Subscribes to WIRE_REFRESH. None when the class is not RACLISTed. */
    WIRE_SNAPSHOT,
    /* str owner, str ring, u8 want_keys -> u64 sequence, u32 n,
     * n x { str label, owner, der, pkcs8, u8 has_key, u8 is_default,
     * u8 usage }; want_keys: 0 none, 1 handed over, 2 has_key only */
    WIRE_RING_READ,
    /* str angel, str service groups ("" all) -> u32 n,
     * n x { str name, u8 is_available } */
    WIRE_REGISTER_SERVER,
    /* str line. No reply. */
    WIRE_SYSLOG,
    /* str sealed acee, str class, str resource, decision. No reply, but
     * WIRE_MESSAGE. */
    WIRE_LOG_DENIAL,
    /* str name -> ; the named angel lives as long as this connection */
    WIRE_OPEN_ANGEL,
    /* u8 enum saf_listing -> u32 n, n x { str job name, u32 asid, u32 pid, str
     * user or angel's name }: asked by an angel */
    WIRE_LIST_SERVERS,
    /* str owner, str ring -> u32 keys; one descriptor: a key channel
     * (ipc/keywire.h) for the private keys RING_READ would hand over */
    WIRE_KEY_OPEN,
    /* R_ticketserv: str user, str appl, str ticket: "" makes one -> str ticket;
     * else checks it -> nothing */
    WIRE_TICKET,
    /* str name, str registry, str applid [, str source] -> str acee: a
     * distributed identity */
    WIRE_VERIFY_IDENTITY,
    /* With one descriptor: a ring (ipc/ring.h) whose records are what
     * LOG_DENIAL has; without: there is something in it. No reply. */
    WIRE_AUDIT_RING,

    /* Only on the descriptor that the master shares with the front: */
    /* str job name, id, user, proc, submitter, password, cgroup, u32 uid
     * for a superuser [, str new password, str group, u8 is_switch]; one
     * descriptor: pidfd -> str token, str acee, str OMVS HOME, str PROGRAM */
    WIRE_REGISTER_JOB = 64,
    /* str job id -> */
    WIRE_JOB_ENDED,

    /* From the front: */
    WIRE_REPLY = 128,
    WIRE_LINE,    /* str text */
    WIRE_MESSAGE, /* str text */
    WIRE_REFRESH, /* str class, u64 generation; one descriptor or none */
    WIRE_READY,   /* on the master's descriptor, once: the front serves; to the
                     connections of a process: it was registered */
    WIRE_WAIT,    /* the request of this sequence takes long, and goes on */
};

/* u32 saf, racf, reason, str profile, u8 is_generic, is_warning, log,
 * requested, allowed, str entry. */
void wire_put_decision(struct buf *, const struct saf_decision *);
MUST_CHECK bool wire_read_decision(struct reader *, struct saf_decision *out);

#endif
