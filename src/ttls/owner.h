/*
 * Whose a process is, as rules name it: job and user. An address space is
 * named by its cgroup, which only root can make and name; a service by its
 * unit; anything else by its program, which is what it calls itself and no
 * proof. For root.
 */
#ifndef SALLYPORT_TTLS_OWNER_H
#define SALLYPORT_TTLS_OWNER_H

#include "ttls/sockets.h"

struct owner {
    bool is_found; /* false: it has ended */
    bool is_job;
    char job[9], user[9];
    uint32_t uid;
    uint32_t tgid; /* owner_of_socket: who holds it; 0: not found */
};

/* A user outside of jobs: the login name of its uid, or the number. */
void owner_user(uint32_t uid, char out[9]);
void owner_of(uint64_t cgroup, uint32_t uid, const char *comm,
              struct owner *out);
void owner_of_socket(const struct socket_facts *, bool is_found,
                     struct owner *out);

#endif
