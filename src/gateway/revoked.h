/*
 * Rules for io/revocation from the configuration: element sallyport_revocation
 * of an ssl element, else the properties that Java has for it.
 * Sources: IBM SDK 8, CertPath guide, appendix C (ocsp.*, enableCRLDP); JSSE2
 * guide (com.ibm.jsse2.checkRevocation); JSSE reference guide (jdk.tls.*).
 */
#ifndef SALLYPORT_GATEWAY_REVOKED_H
#define SALLYPORT_GATEWAY_REVOKED_H

#include "audit/messages_log.h"
#include "config/elements.h"
#include "io/revocation.h"

/* How peers of this ssl element are looked at; *out NULL: not at all.
 * ERR_SYNTAX: an address that is none; ERR_UNSUPPORTED. */
MUST_CHECK enum err revoked_peers(const struct cfg_tree *,
                                  const struct cfg_ssl *,
                                  struct revocation_cache *,
                                  struct revocation **out,
                                  struct err_info *why);
/* Whom to ask for OCSP responses to hand out; *out NULL: none are. */
MUST_CHECK enum err revoked_staples(const struct cfg_tree *,
                                    const struct cfg_ssl *,
                                    struct revocation_cache *,
                                    struct revocation **out,
                                    struct err_info *why);

/* What could not be found out since, said once a minute; now and then. */
struct revoked_said {
    uint64_t at_ms[REVOCATION_NOTES]; /* 0: never */
};
void revoked_tick(struct revoked_said *, struct revocation_cache *,
                  struct messages_log *, uint64_t now_ms);

#endif
