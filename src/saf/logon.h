/*
 * REQUEST=VERIFY as an engine: no clock, no hashing. The caller begins, has
 * the secret compared by a verifier process, and ends. Return codes are those
 * of initACEE: 8/8/16 not defined, 20 wrong, 24 expired, 28
 * revoked, 32 no access to APPL, 36 and 40 for certificates.
 */
#ifndef SALLYPORT_SAF_LOGON_H
#define SALLYPORT_SAF_LOGON_H

#include "saf/authorize.h"
#include "saf/ich408i.h"

#define LOGON_RC_UNDEFINED SAF_RC(8, 8, 16)
#define LOGON_RC_PASSWORD SAF_RC(8, 8, 20)
#define LOGON_RC_EXPIRED SAF_RC(8, 8, 24)
#define LOGON_RC_REVOKED SAF_RC(8, 8, 28)
#define LOGON_RC_APPL SAF_RC(8, 8, 32)
#define LOGON_RC_NOTRUST SAF_RC(8, 8, 36)
#define LOGON_RC_NO_USER SAF_RC(8, 8, 40)

struct logon {
    struct saf_user user;
    struct str secret;   /* folded as the user's password is kept */
    struct str verifier; /* to compare it with */
    bool is_phrase;
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
 * new_verifier: the record made anew because parameters changed, or empty.
 */
MUST_CHECK enum err logon_end(struct saf_engine *, struct arena *,
                              const struct logon *, bool is_right,
                              struct str new_verifier, uint64_t now_ms,
                              const struct saf_lines *, struct saf_rc *rc,
                              struct err_info *why);

/* What an acee is made from. */
struct logon_ask {
    struct str user;
    struct str group;  /* empty: the default group */
    struct str applid; /* APPL to check, or empty */
    enum acee_origin origin;
    uint32_t more_attrs;    /* ACEE_TRUSTED, ACEE_PRIVILEGED of STARTED */
    struct str certificate; /* its SHA-256, or empty */
    bool is_silent;         /* no ICH408I for a refused APPL */
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
