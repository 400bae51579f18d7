#include "auth/decision.h"

static const char *const kinds[] = {
    [DECISION_ROUTE] = "route",         [DECISION_TRANSPORT] = "transport",
    [DECISION_MECHANISM] = "mechanism", [DECISION_IDENTITY] = "identity",
    [DECISION_APPL] = "appl",           [DECISION_ROLE] = "role",
    [DECISION_ASSERTION] = "assertion", [DECISION_SURROGAT] = "surrogat",
    [DECISION_GROUP] = "group",         [DECISION_INTERCEPTOR] = "interceptor",
};

static const char *const verdicts[] = {
    [DECISION_ALLOWED] = "allowed",
    [DECISION_REFUSED] = "refused",
    [DECISION_PASSED_BY] = "passed by",
};

enum decision_verdict
decision_add(struct decision *d, enum decision_kind kind,
             enum decision_verdict verdict, struct str subject,
             struct str object, struct saf_rc rc)
{
    if (d->n < DECISION_STEPS_MAX)
        d->steps[d->n++] =
            (struct decision_step){ kind, verdict, subject, object, rc };
    return verdict;
}

void
decision_print(const struct decision *d, struct buf *out)
{
    for (unsigned i = 0; i < d->n; i++) {
        const struct decision_step *s = &d->steps[i];

        buf_printf(out, "%s: " STR_FMT "%s" STR_FMT ": %s", kinds[s->kind],
                   STR_ARG(s->subject), s->object.n > 0 ? " on " : "",
                   STR_ARG(s->object), verdicts[s->verdict]);
        if (s->rc.saf != 0)
            buf_printf(out, " (%X/%X/%X)", s->rc.saf, s->rc.racf, s->rc.reason);
        buf_add_char(out, '\n');
    }
}
