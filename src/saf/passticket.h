/*
 * PassTickets, legacy algorithm: eight characters that stand for a password,
 * made from user, application, time and a secret key that both sides have.
 *
 * A ticket decodes to the second it was made in (the time-coder is a Feistel
 * network), so checking one costs the same whatever the time. It uses single
 * DES, which libcrypto keeps in its legacy provider only: one block, here.
 *
 * Source: "How the RACF PassTicket generator algorithm works" (z/OS Security
 * Server RACF Macros and Interfaces).
 */
#ifndef SALLYPORT_SAF_PASSTICKET_H
#define SALLYPORT_SAF_PASSTICKET_H

#include "base/err.h"
#include "base/str.h"

#define PASSTICKET_CHARS 8u
#define PASSTICKET_KEY_BYTES 8u
#define PASSTICKET_WINDOW_S 600u /* before and after */
/* Times one ticket may stand for: one in every random trial so far. */
#define PASSTICKET_TIMES_MAX 8u

/* One block, encryption only. */
void des_encrypt(const unsigned char key[8], const unsigned char in[8],
                 unsigned char out[8]);

/* user, appl: 1..8 characters A-Z 0-9 @ # $ (folded to upper case); time:
 * seconds since 1970. ERR_SYNTAX. */
MUST_CHECK enum err passticket_make(const unsigned char key[8], struct str user,
                                    struct str appl, uint32_t time,
                                    char out[PASSTICKET_CHARS],
                                    struct err_info *why);
/* The times the ticket stands for; *n is 0 for no ticket of this key. */
MUST_CHECK enum err passticket_times(const unsigned char key[8],
                                     struct str user, struct str appl,
                                     struct str ticket,
                                     uint32_t times[PASSTICKET_TIMES_MAX],
                                     size_t *n, struct err_info *why);

#endif
