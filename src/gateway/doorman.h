/*
 * Connections whose client's name must be known before they are let in
 * (tcpOptions hostNameIncludeList, hostNameExcludeList). Names are looked up in
 * threads; an answer is kept for a minute. One for each loop, on its thread.
 */
#ifndef SALLYPORT_GATEWAY_DOORMAN_H
#define SALLYPORT_GATEWAY_DOORMAN_H

#include <sys/socket.h>

#include "base/table.h"
#include "gateway/admit.h"
#include "io/loop.h"

#define DOORMAN_WAITING_MAX 256u
#define DOORMAN_KNOWN_MAX 4096u
#define DOORMAN_KEEP_MS 60000u

struct doorman_guest;

struct doorman {
    struct loop *loop;
    /* The name is there: fd is the callee's now. */
    void (*named)(void *port, int fd, const struct sockaddr *, socklen_t,
                  const struct admit_name *);
    struct doorman_guest *guests;
    size_t n;
    struct table known; /* by address */
};

void doorman_init(struct doorman *, struct loop *,
                  void (*named)(void *port, int fd, const struct sockaddr *,
                                socklen_t, const struct admit_name *));
/* Those who still wait must have left (doorman_leave). */
void doorman_fini(struct doorman *);
/* Was it asked lately? Borrowed until the next call. */
MUST_CHECK bool doorman_knows(const struct doorman *, const struct sockaddr *,
                              struct admit_name *out);
/* False: too many wait, or no storage; fd stays the caller's. */
MUST_CHECK bool doorman_ask(struct doorman *, void *port, int fd,
                            const struct sockaddr *);
/* That port closes: so do those who wait for it; `gone` hears of each. */
void doorman_leave(struct doorman *, const void *port,
                   void (*gone)(const struct sockaddr *, void *port));

#endif
