#include "batch/autolog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/master_priv.h"

#define ENTRIES_MAX 256u /* of all stacks */

struct autolog {
    struct autolog_entry {
        struct tcpip_autolog what;
        char stack[9];
        bool has_started;
    } v[ENTRIES_MAX];
    size_t n;
};

void
autolog_add(struct master *m, const char *stack,
            const struct tcpip_profile *profile)
{
    if (profile->n_autolog == 0)
        return;
    if (m->autolog == NULL)
        m->autolog = calloc(1, sizeof *m->autolog);
    for (size_t i = 0; i < profile->n_autolog; i++) {
        struct autolog_entry *e;

        if (m->autolog == NULL || m->autolog->n == ENTRIES_MAX) {
            master_syslog(m, "AUTOLOG OF %s: NO ROOM FOR %s", stack,
                          profile->autolog[i].proc);
            continue;
        }
        e = &m->autolog->v[m->autolog->n++];
        e->what = profile->autolog[i];
        (void)snprintf(e->stack, sizeof e->stack, "%s", stack);
    }
}

/* The text goes behind the name, as an operator would write it [unverified:
 * with a comma of its own or without]. */
static void
start(struct master *m, struct autolog_entry *e)
{
    const char *parm = e->what.parm;
    char operand[9 + TCPIP_PARM_MAX + 2];

    e->has_started = true;
    (void)snprintf(operand, sizeof operand, "%s%s%s", e->what.proc,
                   parm[0] == '\0' || parm[0] == ',' ? "" : ",", parm);
    master_syslog(m, "AUTOLOG OF %s: START %s", e->stack, operand);
    operator_autolog(m, str_of(operand));
}

void
autolog_begin(struct master *m, bool (*is_available)(const char *stack))
{
    static const unsigned turns[] = { TCPIP_DELAY_NONE, TCPIP_DELAY_DVIPA };
    struct autolog *a = m->autolog;

    for (size_t turn = 0; a != NULL && turn < ARRAY_LEN(turns); turn++) {
        for (size_t i = 0; i < a->n; i++) {
            if (a->v[i].what.delay == turns[turn])
                start(m, &a->v[i]);
        }
    }
    for (size_t i = 0; a != NULL && i < a->n; i++) {
        struct autolog_entry *e = &a->v[i];

        if (e->has_started)
            continue;
        if (is_available(e->stack))
            start(m, e);
        else
            master_syslog(m,
                          "AUTOLOG OF %s: %s WAITS FOR AT-TLS SERVICES "
                          "(DELAYSTART TTLS)",
                          e->stack, e->what.proc);
    }
}

bool
autolog_waits(const struct master *m, struct str stack)
{
    const struct autolog *a = m->autolog;

    for (size_t i = 0; a != NULL && i < a->n; i++) {
        if (!a->v[i].has_started && str_eq_z(stack, a->v[i].stack))
            return true;
    }
    return false;
}

void
autolog_available(struct master *m, const char *stack)
{
    struct autolog *a = m->autolog;

    for (size_t i = 0; a != NULL && i < a->n; i++) {
        if (!a->v[i].has_started && strcmp(a->v[i].stack, stack) == 0)
            start(m, &a->v[i]);
    }
}

void
autolog_free(struct master *m)
{
    free(m->autolog);
    m->autolog = NULL;
}
