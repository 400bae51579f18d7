/*
 * AUTOLOG: what starts with the stacks, as if an operator had said S. An entry
 * of a profile starts at IPL, when the stacks are up (DELAYSTART, DELAYSTART
 * DVIPA), or when AT-TLS services are available (DELAYSTART TTLS, EZZ4250I).
 * The image's owner has written the profile: no class is asked whether he may.
 * Private to the master.
 */
#ifndef SALLYPORT_BATCH_AUTOLOG_H
#define SALLYPORT_BATCH_AUTOLOG_H

#include "base/str.h"
#include "batch/tcpip_profile.h"

struct master;

/* At IPL: the entries of this stack. */
void autolog_add(struct master *, const char *stack,
                 const struct tcpip_profile *);
/* All stacks are known, the master is ready. is_available: of a stack, has it
 * AT-TLS services already? */
void autolog_begin(struct master *, bool (*is_available)(const char *stack));
/* Does something wait for this stack's AT-TLS services? */
bool autolog_waits(const struct master *, struct str stack);
/* They are available: what waits for them starts. */
void autolog_available(struct master *, const char *stack);
void autolog_free(struct master *);

#endif
