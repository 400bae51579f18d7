/* Shared by password.c, password_aes.c and password_hash.c. */
#ifndef SALLYPORT_CONFIG_PASSWORD_PRIVATE_H
#define SALLYPORT_CONFIG_PASSWORD_PRIVATE_H

#include "config/password.h"

/* Base64 of a payload into storage of its own, to be wiped by the caller. */
MUST_CHECK enum err password_payload(const char *tag, struct str text,
                                     struct secret *out, struct err_info *why);
void password_put(struct buf *out, const char *tag, struct str bytes);

/* What {file}, {env} or {cred} leads to; ERR_AGAIN: the text is no such
 * reference. */
MUST_CHECK enum err password_fetch(struct str text, struct secret *out,
                                   struct err_info *why);

MUST_CHECK enum err password_open_aes(struct str bytes, struct str key,
                                      struct secret *out, struct err_info *why);

/* What password_check_hash() does before it derives anything. */
MUST_CHECK enum err password_parse_hash(struct str text, struct err_info *why);

/* PBKDF2 with HMAC of "SHA1", "SHA256"...; false when it fails. */
MUST_CHECK bool password_derive(const char *digest, struct str password,
                                struct str salt, uint32_t iterations,
                                unsigned char *out, size_t n);

#endif
