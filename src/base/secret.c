#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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

void
secret_process(void)
{
    const struct rlimit no_core = { 0, 0 };

    (void)setrlimit(RLIMIT_CORE, &no_core);
#ifndef __SANITIZE_ADDRESS__ /* its leak check looks at itself with ptrace */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
