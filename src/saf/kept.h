/*
 * Secrets in segments that are kept and not used: SESSION(SESSKEY),
 * PROXY(BINDPW), KERB(PASSWORD) (table: secrets.h). In the store each stands
 * sealed under the master key, as "{hexadecimal}"; nobody here reads them.
 */
#ifndef SALLYPORT_SAF_KEPT_H
#define SALLYPORT_SAF_KEPT_H

#include "saf/cmd.h"
#include "saf/store.h"

/* The field's value as it is stored: sealed when it is a secret.
 * ERR_UNSUPPORTED without a keeper, unless there is nothing to seal. */
MUST_CHECK enum err kept_seal(struct arena *, const struct saf_hooks *,
                              const char *segment, const char *field,
                              struct str value, struct str *out,
                              struct err_info *why);
/* As listings show it: without secrets. */
struct str kept_shown(struct arena *, struct str segment, struct str field,
                      struct str value);

/* An earlier release kept a segment as written, in field TEXT, and that what
 * could not be parsed still is: its secrets sealed in their places. */
MUST_CHECK enum err kept_seal_text(struct arena *, const struct saf_hooks *,
                                   const char *segment, struct str text,
                                   struct str *out, struct err_info *why);
/* Make fields of these texts, and seal what is in clear; one transaction, and
 * what was there is overwritten. */
MUST_CHECK enum err kept_migrate(struct saf_db *, const struct saf_hooks *,
                                 struct err_info *why);
/* A secret as it is stored: between the braces. */
bool kept_is_sealed(struct str value);

#endif
