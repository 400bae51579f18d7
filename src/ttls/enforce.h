/*
 * What makes a stack's policy real: capture of connections and the engines
 * that speak TLS for them. The stack process (src/bin/pagent) owns one of
 * these for each stack and calls it from its loop; nothing here blocks.
 *
 * Fails closed: once enforce_policy has installed a rule with TTLSEnabled On,
 * no failure of this or a later call lets a connection that matches it out in
 * clear text, until enforce_policy installs another policy or is_enabled is
 * false.
 */
#ifndef SALLYPORT_TTLS_ENFORCE_H
#define SALLYPORT_TTLS_ENFORCE_H

#include "ttls/policy.h"

struct enforce;

struct enforce_options {
    const char *stack;       /* "TCPIP1" */
    const char *program_dir; /* where sallyport-ttls is */
    bool is_private;         /* not root: nothing can be captured */
};

/*
 * ERR_UNSUPPORTED: connections cannot be captured here (not root, no BPF and
 * no nftables); `why` is shown to the operator, the policy is held but not
 * enforced.
 */
MUST_CHECK enum err enforce_open(const struct enforce_options *,
                                 struct enforce **out, struct err_info *why);
/* "eBPF" or "nftables": how connections are captured. */
const char *enforce_how(const struct enforce *);
/* Why not by eBPF; "" when they are. */
const char *enforce_why(const struct enforce *);
/*
 * Swap to this policy (NULL: none) and switch. policy_fd is the sealed memfd
 * it was decoded from (with ids assigned, with secrets), -1 when there is
 * none; it is for the engines and stays the caller's. is_denied: new
 * connections that it means to encrypt are refused. Atomic: on failure the
 * state before goes on.
 */
MUST_CHECK enum err enforce_policy(struct enforce *, struct ttls_policy *,
                                   int policy_fd, bool is_enabled,
                                   bool is_denied, struct err_info *why);
/* Readable (epoll) when enforce_run has work. */
int enforce_fd(const struct enforce *);
void enforce_run(struct enforce *);
/* Answer a display (netstat): the request of a STACK_QUERY, JSON text. */
MUST_CHECK enum err enforce_query(struct enforce *, struct str request,
                                  struct buf *answer, struct err_info *why);
/* A program's question about a connection of its own (attls.c), and the answer
 * for it; uid is who asks, by the kernel. */
MUST_CHECK enum err enforce_control(struct enforce *, uint32_t uid,
                                    struct str question, struct buf *answer,
                                    struct err_info *why);
/* Release everything: the operator ends the image. */
void enforce_close(struct enforce **);

#endif
