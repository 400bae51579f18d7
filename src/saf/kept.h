/*
 * Secrets inside segments that are kept as written: SESSION(SESSKEY(...)),
 * PROXY(BINDPW(...)). In the store each stands sealed under the master key, as
 * "{hexadecimal}" in its place; nobody here reads them.
 */
#ifndef SALLYPORT_SAF_KEPT_H
#define SALLYPORT_SAF_KEPT_H

#include "saf/cmd.h"
#include "saf/store.h"

/* The segment's text with its secrets sealed. ERR_UNSUPPORTED without a
 * keeper, unless there is nothing to seal. */
MUST_CHECK enum err kept_seal(struct arena *, const struct saf_hooks *,
                              const char *segment, struct str text,
                              struct str *out, struct err_info *why);
/* As listings show it: without them. */
struct str kept_shown(struct arena *, struct str segment, struct str text);
/* Seal what an earlier release left in clear; one transaction, and what was
 * there is overwritten. */
MUST_CHECK enum err kept_migrate(struct saf_db *, const struct saf_hooks *,
                                 struct err_info *why);

#endif
