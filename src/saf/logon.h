/*
 * REQUEST=VERIFY as an engine: no clock, no hashing. The caller begins, has
 * the secret compared by a verifier process, and ends. Return codes are those
 * of initACEE: 8/8/16 not defined, 20 wrong, 24 expired, 28 revoked, 32 no
 * access to APPL, 36 and 40 for certificates; for what initACEE does not know
 * those of VERIFY: 8/16/0 new password not valid, 8/48/4 not at this time,
 * 8/48/8 not from this port of entry.
 */
#ifndef SALLYPORT_SAF_LOGON_H
#define SALLYPORT_SAF_LOGON_H

#include "saf/authorize.h"
#include "saf/cmd.h"
#include "saf/ich408i.h"

#define LOGON_RC_UNDEFINED SAF_RC(8, 8, 16)
#define LOGON_RC_PASSWORD SAF_RC(8, 8, 20)
#define LOGON_RC_EXPIRED SAF_RC(8, 8, 24)
#define LOGON_RC_REVOKED SAF_RC(8, 8, 28)
#define LOGON_RC_APPL SAF_RC(8, 8, 32)
#define LOGON_RC_NOTRUST SAF_RC(8, 8, 36)
#define LOGON_RC_NO_USER SAF_RC(8, 8, 40)
#define LOGON_RC_NEW_PASSWORD SAF_RC(8, 16, 0)
#define LOGON_RC_OIDCARD SAF_RC(8, 40, 0)
#define LOGON_RC_TIME SAF_RC(8, 48, 4)
#define LOGON_RC_PORT SAF_RC(8, 48, 8)

struct logon {
    struct saf_user user;
    struct str secret;   /* folded as the user's password is kept */
    struct str verifier; /* to compare it with */
    bool is_phrase;
    /* A new password or phrase given with the old one; empty: none. Folded in
     * place by logon_end. */
    struct str fresh;
    const struct saf_hooks *hooks; /* that compare and hash it */
};

/*
 * Steps before the comparison. ERR_DENIED: refused, *rc and the operator
 * lines say why; ERR_OK: compare out->secret with out->verifier. Results live
 * in the arena.
 */
MUST_CHECK enum err logon_begin(struct saf_engine *, struct arena *,
                                struct str user, struct str secret,
                                uint64_t now_ms, const struct saf_lines *,
                                struct logon *out, struct saf_rc *rc,
                                struct err_info *why);
/*
 * Steps after it. The failure counter is durable when this returns.
 * new_verifier: the record made anew because parameters changed, or empty. A
 * new secret is checked (rules, history, MINCHANGE) and takes effect, also when
 * the old one has expired.
 */
MUST_CHECK enum err logon_end(struct saf_engine *, struct arena *,
                              const struct logon *, bool is_right,
                              struct str new_verifier, uint64_t now_ms,
                              const struct saf_lines *, struct saf_rc *rc,
                              struct err_info *why);

/* What a person is told after it: ICH70001I the last access, ICH70002I or
 * ICH70008I when the password or phrase expires within PASSWORD(WARNING). */
void logon_greet(struct saf_engine *, const struct logon *, uint64_t now_ms,
                 const struct saf_lines *);
/* Somebody proved who he is; the others were vouched for. */
bool logon_is_proved(enum acee_origin);

/*
 * A PassTicket decides: *is_ticket says whether it is one, then as logon_end:
 * ERR_DENIED with *rc for a user who may not log on, and for one that was used
 * before (replay; it counts as a failure). Otherwise it may be a password.
 */
struct logon_ticket {
    struct str user, applid, ticket;
    uint64_t now_ms;
    /* The times `ticket` stands for with the key of `profile` (sealed). */
    enum err (*times)(void *arg, struct str sealed, struct str profile,
                      struct str user, struct str applid, struct str ticket,
                      uint32_t *times, size_t *n, struct err_info *why);
    void *arg;
};
MUST_CHECK enum err logon_ticket(struct saf_engine *, struct arena *,
                                 const struct logon_ticket *,
                                 const struct saf_lines *, bool *is_ticket,
                                 struct saf_rc *rc, struct err_info *why);
/* R_ticketserv's half of it: ERR_OK, ERR_DENIED, ERR_EXISTS (replay),
 * ERR_NOT_FOUND (no key); nobody is revoked. */
MUST_CHECK enum err logon_ticket_check(struct saf_engine *, struct arena *,
                                       const struct logon_ticket *,
                                       struct err_info *why);
/* The key for a user of an application: the most specific discrete profile of
 * PTKTDATA, which must be active and RACLISTed. ERR_NOT_FOUND. */
MUST_CHECK enum err logon_ticket_key(struct saf_engine *, struct arena *,
                                     struct str user, struct str applid,
                                     struct str *profile, struct str *sealed,
                                     bool *may_replay, struct err_info *why);

/* What an acee is made from. */
struct logon_ask {
    struct str user;
    struct str group;  /* empty: the default group */
    struct str applid; /* APPL to check, or empty */
    enum acee_origin origin;
    uint32_t more_attrs;    /* ACEE_TRUSTED, ACEE_PRIVILEGED of STARTED */
    struct str certificate; /* its SHA-256, or empty */
    struct str distributed, registry; /* or empty */
    struct str port_class, port;      /* of entry, or empty */
    bool is_silent;                   /* no ICH408I for a refused APPL */
    /* The owner of the image, by the kernel's word, who owns its files anyway:
     * he is let in though the user is revoked, and is SPECIAL when nobody else
     * who is could log on. SPT0391W and SPT0392W tell it. */
    bool is_image_owner;
    uint64_t now_ms;
};
/*
 * User and group checks, APPL check, group list: an unsealed acee whose parts
 * live in the arena.
 */
MUST_CHECK enum err logon_acee(struct saf_engine *, struct arena *,
                               const struct logon_ask *,
                               const struct saf_lines *, struct acee *out,
                               struct saf_rc *rc, struct err_info *why);

#endif
