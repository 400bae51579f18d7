/* Inside of src/assist: one value, judged by the parser of policies. */
#ifndef SALLYPORT_ASSIST_PARAM_H
#define SALLYPORT_ASSIST_PARAM_H

#include "base/str.h"
#include "assist/model.h"

#define PARAM_WHY_MAX 512u

/* Would `keyword value` be taken in a block of that statement? `why` (of
 * PARAM_WHY_MAX bytes) says what was found and what was expected. */
MUST_CHECK bool param_check(enum ttls_stmt, const char *keyword, struct str,
                            char *why);
/* Do these go together, each in its statement? The same. */
MUST_CHECK bool param_check_all(const struct store_params *, char *why);
/* Can it stand on a line of a policy? The same. */
MUST_CHECK bool param_is_plain(struct str text, char *why);
/* The suites that a text of ciphers comes to, at most n; how many. */
size_t param_ciphers(struct str text, uint16_t *codes, size_t n);
/* The statement and parameter for an address, a prefix or a range. */
enum ttls_stmt param_of_address(struct str text, const char **keyword);

#endif
