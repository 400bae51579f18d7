/*
 * What proves that a process belongs to a job: signed (Ed25519) by the angel's
 * keeper, bound to one IPL and one job id. Whether that job still runs is
 * known to the front alone, so a token of an ended job is worth nothing.
 *
 * Wire: u32 "SPJT", u8 version, 16 bytes IPL id, str job name, job id, user,
 * u64 made_ms, 64 bytes of signature over everything before it.
 */
#ifndef SALLYPORT_SAF_JOBTOKEN_H
#define SALLYPORT_SAF_JOBTOKEN_H

#include "base/buf.h"
#include "base/err.h"
#include "saf/saf.h"

#define JOBTOKEN_SIGNATURE_BYTES 64u
#define JOBTOKEN_IPL_BYTES 16u

struct jobtoken {
    unsigned char ipl[JOBTOKEN_IPL_BYTES];
    char job_name[9];
    char job_id[9];
    char user[SAF_USER_MAX + 1];
    uint64_t made_ms;
};

/* Everything but the signature. */
void jobtoken_body(const struct jobtoken *, struct buf *out);
/*
 * ERR_SYNTAX  not a token of this version, or bytes too many or too few
 * ERR_DENIED  the signature is wrong
 */
MUST_CHECK enum err jobtoken_parse(struct str token,
                                   const unsigned char public_key[32],
                                   struct jobtoken *out, struct err_info *why);

#endif
