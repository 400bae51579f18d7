/*
 * The trusted base as four kinds of process. The nest (the program's first
 * process; it does nothing else) starts them and starts them again when they
 * die; each has one chan.h pair to the front:
 *
 *     nest ── front ─┬─ keeper      private keys; no SQL, no files, no sockets
 *                    │   └─ maker…  makes RSA and DSA keys, which takes long
 *                    ├─ verifier…   scrypt, slow on purpose
 *                    ├─ recorder    the only writer of log/ and smf/
 *                    └─ (parser)    one for each foreign certificate, confined
 */
#ifndef SALLYPORT_ANGEL_H
#define SALLYPORT_ANGEL_H

#include <sys/types.h>

#include "base/err.h"
#include "ipc/chan.h"
#include "saf/jobtoken.h"

/* Verifier 0 serves commands (PASSWORD operands), the others logons. */
#define ANGEL_VERIFIERS 3u
/* Keys that are made at once. */
#define ANGEL_MAKERS 2u

enum child {
    CHILD_FRONT,
    CHILD_KEEPER,
    CHILD_RECORDER,
    CHILD_VERIFIER, /* and the next ANGEL_VERIFIERS - 1 */
    CHILDREN = CHILD_VERIFIER + ANGEL_VERIFIERS,
};

/* What the front inherits. fds[child] is its end of each pair. */
struct front_start {
    int fds[CHILDREN];
    int nest;    /* NEST_CHILD: u8 child, one descriptor: its new end */
    int control; /* the master's descriptor, or -1 */
    bool is_foreground;
    bool is_again; /* the one before was killed */
    unsigned char ipl[JOBTOKEN_IPL_BYTES];
};
#define NEST_CHILD 1u

/* One Linux user owns the image; decided before any change of uid. */
extern bool angel_is_private;

/* Each runs until its channel ends; the result is the exit status. */
int nest_run(bool is_foreground);
int front_run(const struct front_start *);
int keeper_run(int fd);
int verifier_run(int fd);
int recorder_run(int fd);
/* Program BBGZANGL: `sallyport-angel --named [NAME]`. */
int named_run(const char *name);

/* --- keeper: requests of the front, each answered with the same type: u8 enum
 * err, str why, then the result ------------------------------------------- */
enum keep_type {
    KEEP_START = 1, /* -> 32 bytes token public key, 32 acee private key */
    KEEP_SIGN,      /* str job token body -> 64 bytes */
    /* u8 kind, u32 bits, str ad, str label in the token or "", str token or
     * "" -> str sealed, str spki */
    KEEP_NEW_KEY,
    /* str pkcs8, str ad, str label in the token or "", str token or ""
     * -> str sealed, str spki */
    KEEP_SEAL,
    KEEP_UNSEAL,  /* str sealed, str ad -> str pkcs8 */
    KEEP_CERTIFY, /* see keeper.c -> str der */
    KEEP_REQUEST, /* see keeper.c -> str der */
    /* u32 uid, u32 n, n x { str sealed, str ad }; one descriptor: a key
     * channel (ipc/keywire.h) over which those keys are used */
    KEEP_OPEN,
    KEEP_TICKET_SEAL, /* str key, str profile -> str sealed */
    /* str sealed, profile, user, appl, u32 time, str ticket: "" -> str ticket;
     * else -> u32 n, n x u32 time it stands for */
    KEEP_TICKET,
    KEEP_SECRET_SEAL, /* str secret, str ad -> str sealed */
    KEEP_FIND_KEY, /* str ad, str label in the token -> str sealed, str spki */
    /* u8 enum token_what, str token, id, sealed, owner, request -> its result.
     * TOKEN_BIND: id and private key are added to the request, the key when
     * `sealed` is one; TOKEN_KEY: of `id`, -> str sealed for owner, spki */
    KEEP_TOKEN,
    KEEP_DROP_KEY, /* str sealed, str ad: of the token, deleted there */
    /* As KEEP_NEW_KEY, for keys that take long; one descriptor, on which the
     * result comes as KEEP_NEW_KEY answers. At once: nothing; ERR_NOT_NOW when
     * ANGEL_MAKERS are at work. End of file: the keeper has ended. */
    KEEP_MAKE_KEY,
    /* u16 another type, its request: what a token has part in, so that it takes
     * long; one descriptor, on which the answer comes. At once: nothing;
     * ERR_NOT_NOW when KEEP_ASIDE_MAX are under way. */
    KEEP_ASIDE,
};
#define KEEP_ASIDE_MAX 8u

/* --- verifier ---------------------------------------------------------------
 */
enum verify_type {
    VERIFY_CHECK = 1, /* str user, secret, record -> u8 verdict: 1 right, 0
                         wrong, 2 failed; str new record or "" */
    VERIFY_MAKE,      /* str user, secret -> u8 1 or 2, str record */
};

/* --- recorder ----------------------------------------------------------------
 */
enum record_type {
    RECORD_LOG = 1, /* str job id, str line */
    RECORD_SMF,     /* the record, with its descriptor word */
};

/* --- confinement
 * --------------------------------------------------------------- */
/* No core, no ptrace, no new privileges, and of system calls (seccomp): */
enum confine_as {
    CONFINE_COMPUTE,  /* no files, sockets or processes */
    CONFINE_RECORDER, /* and files */
    CONFINE_FRONT,    /* and Unix sockets, children; no programs */
};
/* In root mode the process runs as its own uid from here on. */
MUST_CHECK enum err confine(enum confine_as, enum child, struct err_info *why);
/* The first process, which forks the others: all but the filter. */
MUST_CHECK enum err confine_nest(struct err_info *why);
/* The seccomp part alone, for a child of a process already confined. */
MUST_CHECK enum err confine_parser(struct err_info *why);
/* Uid of a child in root mode: below etc/image.conf's range of users. */
uid_t confine_uid(enum child);

#endif
