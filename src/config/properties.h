/*
 * The small text files beside server.xml: server.env, jvm.options and
 * bootstrap.properties. Text in, pairs out; reading the files is the caller's.
 * Source: Liberty, server.env and bootstrap.properties.
 */
#ifndef SALLYPORT_CONFIG_PROPERTIES_H
#define SALLYPORT_CONFIG_PROPERTIES_H

#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"

#define PROPERTIES_MAX 10000u

/* Pairs on the heap; their strings live in the arena given. */
struct pairs {
    struct cfg_var *v;
    size_t n, cap;
};
void pairs_fini(struct pairs *);
/* Later ones count (cfg_vars is searched from its end). */
struct cfg_vars pairs_view(const struct pairs *);
/* The value of the last pair of that name; p NULL when absent. */
struct str pairs_get(const struct pairs *, const char *name);

/*
 * KEY=value lines, "#" comments. Names with other characters than letters,
 * digits and "_", and lines without "=" (name.p NULL: what stands there may be
 * the rest of a secret) are left out and given to `refused` (may be NULL).
 */
MUST_CHECK enum err
env_parse(struct arena *, struct str text, struct pairs *out,
          void (*refused)(void *arg, uint32_t line, struct str name), void *arg,
          struct err_info *why);

/* Is the first line "# enable_variable_expansion"? */
bool env_expands(struct str text);
/*
 * A value with $NAME and ${NAME} replaced and quotes removed, as a shell does:
 * nothing inside '...', variables and \\ inside "...". `get` answers like
 * getenv. ERR_SYNTAX: a quote or brace without its end.
 */
MUST_CHECK enum err env_expand(struct arena *, struct str value,
                               const char *(*get)(const char *name),
                               struct str *out, struct err_info *why);

/*
 * -Dname=value lines as pairs; other options are accepted and ignored. A line
 * that does not start with "-", "#" or is not blank is ERR_SYNTAX with its
 * line number.
 */
MUST_CHECK enum err jvm_options_parse(struct arena *, struct str text,
                                      struct pairs *out, struct err_info *why);

/* Java properties: "=", ":" or blanks separate; "\" continues a line; \uXXXX,
 * \t, \n, \r, \f. ERR_SYNTAX: a malformed \u. */
MUST_CHECK enum err properties_parse(struct arena *, struct str text,
                                     struct pairs *out, struct err_info *why);

/* Letters, digits and _ - + . but not first - or . (CWWKE0012E). */
bool server_name_is_valid(struct str name);

#endif
