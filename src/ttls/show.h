/* Policies for people (pasearch's layout) and for programs (JSON). */
#ifndef SALLYPORT_TTLS_SHOW_H
#define SALLYPORT_TTLS_SHOW_H

#include "ttls/policy.h"

struct show_options {
    const char *image;
    bool rules, actions; /* neither: both */
    bool names_only;
    bool active;       /* rules whose period holds now; neither: these */
    bool inactive;     /* the others */
    struct str filter; /* of rules or actions; '*' last; empty: all */
    char scope;        /* 'G', 'E', 'C'; '\0': all actions */
    uint64_t now_s;
};

/* How many rules or actions were shown. */
size_t ttls_show(const struct ttls_policy *, const struct show_options *,
                 struct buf *out);
size_t ttls_show_json(const struct ttls_policy *, const struct show_options *,
                      struct buf *out);
/* The parameters of one action as ttls_show lists them: those coded, and for
 * groups and environments the defaults, too. */
void ttls_show_action(const struct ttls_obj *, struct buf *out);
/* The conditions of a rule, as a policy file would have them. */
void ttls_show_rule(const struct ttls_rule *, struct buf *out);
/* "text" as a JSON string. */
void ttls_json_text(struct buf *out, struct str text);
/* Is this rule or action wanted? */
bool show_wants(const struct show_options *, struct str name);
bool show_scope(const struct show_options *, enum ttls_stmt);

#endif
