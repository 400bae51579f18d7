/*
 * What a new password or phrase must be: SETROPTS PASSWORD(...), history,
 * MINCHANGE. The same for the commands and for a change at logon.
 */
#ifndef SALLYPORT_SAF_SECRET_RULES_H
#define SALLYPORT_SAF_SECRET_RULES_H

#include "saf/cmd.h"

/* Longer than a password: a phrase. */
#define SECRET_PASSWORD_MAX 8u

struct secret_change {
    struct saf_db *db;
    struct arena *arena;
    const struct saf_hooks *hooks; /* NULL: nothing compares equal */
    const struct saf_user *user;
    bool is_phrase;
    int32_t today;
};

/* One to eight of the characters that are allowed? */
bool password_is_possible(struct saf_db *, struct str password);
/* That, and by RULEn? */
bool password_is_allowed(struct saf_db *, struct arena *, struct str password);
/* 9 to 100 characters, without the user id, mixed enough. */
bool phrase_is_allowed(struct str phrase, struct str user);
/* Upper case, in place, so that no second copy needs wiping. */
void secret_fold(struct str password);
/* Passwords keep their case (SETROPTS MIXEDCASE). */
bool secret_is_mixed(struct saf_db *);
/* What this user enters is folded before it is compared: as long as the
 * password that is kept has no small letter. */
bool secret_folds(struct saf_db *, const struct saf_user *);
void secret_note_case(struct saf_user *, struct str password);
/* Is `secret` what the verifier was made from? */
bool secret_is(const struct secret_change *, struct str secret,
               struct str verifier);
/* The first check of a change by the user that `fresh` (folded) fails, as the
 * id of PASSWORD's message; NULL: it may be taken. `old` was compared. */
const char *secret_why_not(const struct secret_change *, struct str old,
                           struct str fresh);
/* Keep the record of the secret that is being replaced, if any. */
void secret_remember(const struct secret_change *);

#endif
