/* What the files of an authentication attempt share; private to them. */
#ifndef SALLYPORT_AUTH_AUTHENTICATE_PRIV_H
#define SALLYPORT_AUTH_AUTHENTICATE_PRIV_H

#include "auth/authenticate.h"

/* End the attempt; takes the acee's count (NULL: none). */
void attempt_finish(struct auth_attempt *, enum auth_result, struct acee *,
                    struct saf_rc);
/* The acee may answer the next attempt of the same key. */
void attempt_remember(struct auth_attempt *, struct acee *);
/* Finished from the cache, or since the key cannot be made. */
bool attempt_from_cache(struct auth_attempt *, const struct str *parts,
                        size_t n);
/* The certificate is nobody's: basic credentials, or the end. */
void attempt_without_certificate(struct auth_attempt *, struct saf_rc);
void attempt_note(struct auth_attempt *, const char *id,
                  const struct str *inserts, size_t n);

/* registry.c: basicRegistry. The name and password of `a` are there. */
void registry_password(struct auth_attempt *);
void registry_certificate(struct auth_attempt *);

#endif
