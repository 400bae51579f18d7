/*
 * Answers about listening sockets, for a second: looking for who holds them
 * costs a walk through all processes, and each engine asks for itself. An
 * answer is for exactly the sockets that it was found for, which are compared
 * with what the kernel lists at that moment, so another listener, or one less,
 * is another question. What the kernel does not tell, a descriptor that is
 * handed on, is overlooked for as long as an engine overlooks it by itself
 * (whos.c): its own time begins at the answer's age, not at its arrival.
 */
#ifndef SALLYPORT_TTLS_KEPT_H
#define SALLYPORT_TTLS_KEPT_H

#include "base/str.h"
#include "ttls/sockets.h"

#define KEPT_MAX 64u /* answers; then the oldest goes */
#define KEPT_MS 1000u

/* What was found for exactly these sockets, KEPT_MS and max_age_ms ago at most;
 * it stands until the next kept_put. False: nothing. */
MUST_CHECK bool kept_get(const struct socket_facts *v, size_t n,
                         uint64_t now_ms, uint32_t max_age_ms,
                         struct str *answer, uint32_t *age_ms);
void kept_put(const struct socket_facts *v, size_t n, uint64_t now_ms,
              struct str answer);
void kept_forget(void);

#endif
