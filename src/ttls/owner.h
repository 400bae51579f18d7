/*
 * Whose a process is, as rules name it: job and user. An address space is
 * named by its cgroup, which only root can make and name; a service by its
 * unit; anything else by its program, which is what it calls itself and no
 * proof. For root.
 */
#ifndef SALLYPORT_TTLS_OWNER_H
#define SALLYPORT_TTLS_OWNER_H

#include "ttls/holders.h"
#include "ttls/sockets.h"

#define OWNERS_MAX 8u /* of one socket */

struct owner {
    bool is_found; /* false: it has ended */
    bool is_job;
    bool is_ours; /* a job of this image, or uses what one has made */
    bool is_v6;   /* of a socket: for IPv6 */
    char job[9], user[9];
    uint32_t uid;
    uint32_t tgid; /* of a socket: who holds it; 0: not found */
};

/* Who has made a socket first, if that one holds it still. */
struct owners {
    size_t n;
    bool is_more;   /* than there is room for: nobody is sure */
    bool has_maker; /* in front */
    struct owner v[OWNERS_MAX];
};

/* Load now what naming a user may need, for who cannot load it later. */
void owner_prepare(void);
/* A user outside of jobs: the login name of its uid, or the number. */
void owner_user(uint32_t uid, char out[9]);
void owner_of(uint64_t cgroup, uint32_t uid, const char *comm,
              struct owner *out);
/* Of a socket, by who holds it: added to those that are there. Those who are
 * the same to rules are one. */
void owners_add(const struct socket_facts *, const struct held *,
                struct owners *out);

#endif
