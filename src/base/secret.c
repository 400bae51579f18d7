#include "base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"

bool
secret_dup(struct str from, struct secret *out)
{
    unsigned char *p = malloc(from.n + 1);

    if (p == NULL)
        return false;
    if (from.n > 0)
        memcpy(p, from.p, from.n);
    p[from.n] = '\0';
    *out = (struct secret){ p, from.n };
    return true;
}

void
secret_free(struct secret *s)
{
    if (s->p != NULL)
        secret_wipe(s->p, s->n);
    free(s->p);
    *s = (struct secret){ NULL, 0 };
}

struct str
secret_view(const struct secret *s)
{
    return str_n(s->p, s->n);
}

bool
secret_eq(const struct secret *s, struct str other)
{
    return str_eq_secret(secret_view(s), other);
}

void
secret_wipe(void *p, size_t n)
{
    if (n > 0)
        explicit_bzero(p, n);
}

#ifdef __SANITIZE_ADDRESS__
/* The sanitizer's shadow is larger than any memory. */
void
secret_lock_process(void)
{
}
#else
/* What a process touches stays in memory from here on: keys, passwords and
 * whatever a library copied of them. Root may lift the limit, which holds
 * after the change of uid. Where neither limit nor privilege allows it (a
 * private image, some containers) what stays for long is locked by itself
 * (secret_lock). */
void
secret_lock_process(void)
{
    const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
    struct rlimit have;
    int what = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT;

    if (setrlimit(RLIMIT_MEMLOCK, &all) != 0 &&
        (getrlimit(RLIMIT_MEMLOCK, &have) != 0 ||
         have.rlim_cur != RLIM_INFINITY))
        what = MCL_CURRENT; /* more would make allocations fail */
    if (mlockall(what) != 0)
        log_info("memory is not locked as a whole (RLIMIT_MEMLOCK): %s",
                 strerror(errno));
}
#endif

void
secret_lock(const void *p, size_t n)
{
    if (mlock(p, n) != 0)
        log_warn("%zu bytes of secrets may be swapped out: %s", n,
                 strerror(errno));
}

void
secret_process(void)
{
    const struct rlimit no_core = { 0, 0 };

    (void)setrlimit(RLIMIT_CORE, &no_core);
#ifndef __SANITIZE_ADDRESS__ /* its leak check looks at itself with ptrace */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
