/*
 * Why a request was allowed or refused, step by step: which mechanism was
 * chosen, which user came out, which profile or group answered what. Each
 * step only borrows, so recording costs a few stores; text is made when
 * somebody asks (audit, explain, a refusal's trace).
 */
#ifndef SALLYPORT_AUTH_DECISION_H
#define SALLYPORT_AUTH_DECISION_H

#include "base/buf.h"
#include "base/str.h"
#include "saf/saf.h"

enum decision_kind {
    DECISION_ROUTE,       /* subject: method and path; object: resource */
    DECISION_TRANSPORT,   /* requireSecure; subject: "http" or "https" */
    DECISION_MECHANISM,   /* subject: "basic", "certificate", "none" */
    DECISION_IDENTITY,    /* subject: who was claimed; object: SAF user */
    DECISION_APPL,        /* class APPL; object: profile prefix */
    DECISION_ROLE,        /* class EJBROLE; object: role profile */
    DECISION_ASSERTION,   /* idAssertion; subject: asserted user */
    DECISION_SURROGAT,    /* class SURROGAT; object: profile */
    DECISION_GROUP,       /* authorization interceptor; object: groups */
    DECISION_INTERCEPTOR, /* any other; object: its name */
};

enum decision_verdict {
    DECISION_ALLOWED,
    DECISION_REFUSED,
    DECISION_PASSED_BY, /* did not apply */
};

struct decision_step {
    enum decision_kind kind;
    enum decision_verdict verdict;
    struct str subject;
    struct str object;
    struct saf_rc rc; /* of a SAF check; zero otherwise */
};

#define DECISION_STEPS_MAX 16u

/* One for each request, inside it. */
struct decision {
    struct decision_step steps[DECISION_STEPS_MAX];
    unsigned n;
};

/* Strings are borrowed for the life of the request. Returns verdict, so that a
 * check is one line. A seventeenth step is not kept. */
enum decision_verdict decision_add(struct decision *, enum decision_kind,
                                   enum decision_verdict, struct str subject,
                                   struct str object, struct saf_rc rc);
/* One line a step: "role: USER1 on BBGZDFLT...: refused (8/8/0)". */
void decision_print(const struct decision *, struct buf *out);

#endif
