/*
 * The policy agent: reads the configuration, compiles and installs the policy
 * of each stack, takes operator commands, answers pasearch.
 */
#ifndef SALLYPORT_TTLS_AGENT_H
#define SALLYPORT_TTLS_AGENT_H

#include "base/err.h"
#include "ttls/policy.h"

struct agent_options {
    const char *conf_file; /* -c; NULL: environment, then default */
    const char *log_file;  /* -l: path or SYSLOGD; NULL: the same */
    uint32_t debug, trace; /* -d, -t */
    bool follow;           /* -i: changed files are picked up at once */
    bool denies_purged;    /* what a purged policy meant is refused */
    enum ttls_collate collate;
    const char *program; /* our own path, to start stack processes */
};

#define AGENT_FAILED 12 /* exit status of EZZ8434I */

/* The whole life of the agent; its exit status. */
int agent_run(const struct agent_options *);

/* The whole life of a stack process (ipc/stack_wire.h); its exit status. */
/* is_gated: nobody may open a socket before the first policy. */
int stack_run(const char *stack, const char *program_dir, bool is_gated,
              int ready_fd);

/*
 * pagent --check: what is wrong with these policy files, read as one policy,
 * on `out`; the number of errors. Warnings do not count.
 */
unsigned agent_check(const char *const *files, size_t n, enum ttls_collate,
                     bool is_json, void *out_file);

#endif
