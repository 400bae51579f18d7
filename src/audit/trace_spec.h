/*
 * A trace specification: which components say how much.
 *
 *     spec  = rule *( ":" rule )
 *     rule  = name [ "*" ] "=" level [ "=" ( "enabled" / "disabled" ) ]
 *     level = off fatal severe warning audit info config detail fine finer
 *             finest all; event debug entryExit dump of older releases
 *
 * "com.ibm.ws.*" matches that name and all below it; the longest rule that
 * matches decides. What is not named is at info.
 * Source: Liberty, logging and trace, traceSpecification.
 */
#ifndef SALLYPORT_AUDIT_TRACE_SPEC_H
#define SALLYPORT_AUDIT_TRACE_SPEC_H

#include "base/buf.h"
#include "base/err.h"

#define TRACE_RULES_MAX 128u
#define TRACE_SPEC_BYTES_MAX 8192u

enum trace_level {
    TRACE_OFF,
    TRACE_FATAL,
    TRACE_SEVERE,
    TRACE_WARNING,
    TRACE_AUDIT,
    TRACE_INFO,
    TRACE_CONFIG,
    TRACE_DETAIL,
    TRACE_FINE,
    TRACE_FINER,
    TRACE_FINEST,
    TRACE_ALL,
};

struct trace_spec;

/*
 * ERR_SYNTAX  no rule; why->at is the byte of text
 * ERR_LIMIT   more than TRACE_RULES_MAX rules or TRACE_SPEC_BYTES_MAX bytes
 */
MUST_CHECK enum err trace_spec_new(struct str text, struct trace_spec **out,
                                   struct err_info *why);
void trace_spec_free(struct trace_spec **);

/* The level of one component: TRACE_INFO or finer, as what is said at info
 * and above always appears. */
enum trace_level trace_spec_level(const struct trace_spec *, struct str name);
/* The finest level that any rule asks for. */
enum trace_level trace_spec_finest(const struct trace_spec *);
/* "*=info:a.b=all": rules sorted, as TRAS0018I shows them. */
void trace_spec_print(const struct trace_spec *, struct buf *out);

#endif
