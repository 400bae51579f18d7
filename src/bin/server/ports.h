/*
 * The ports a configuration asks for, and those that are open: opened through
 * the parent, so that a restart of the worker loses no connection waiting.
 */
#ifndef SALLYPORT_BIN_SERVER_PORTS_H
#define SALLYPORT_BIN_SERVER_PORTS_H

#include "worker.h"

struct port {
    char endpoint[256];
    char host[256];
    uint16_t port;
    bool is_tls;
    bool is_wanted; /* by the configuration being applied */
};

struct ports {
    struct port *v;
    size_t n, cap;
};

/*
 * Open what the worker's tree asks for and is not open, close what it does
 * not ask for. CWWKO0219I, 0220I, 0221E, 0224E. False: a port could not be
 * opened and onError of its endpoint is FAIL.
 */
bool ports_apply(struct ports *, struct worker *);
void ports_close(struct ports *, struct worker *);
void ports_fini(struct ports *);

#endif
