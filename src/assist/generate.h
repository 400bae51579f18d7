/*
 * The policy file of one stack, as a configuration assistant writes it: names
 * made of the objects' names and counted in the order of first use, equal
 * objects written once. Names are those of generated files; what they do not
 * show stands in inferred.h.
 */
#ifndef SALLYPORT_ASSIST_GENERATE_H
#define SALLYPORT_ASSIST_GENERATE_H

#include "assist/model.h"
#include "base/buf.h"

#define GENERATE_RULES_MAX 4096u /* TTLSRule of one stack */
#define GENERATE_FILE_MAX (64u << 20)

/*
 *   before  the file as it is, empty when there is none: its install history
 *           (without one: the stack's) is kept, below the new line
 *   when    "2020-06-12 14:18:57"; empty: no new line
 *
 * ERR_EXISTS  two rules, traffic descriptors or security levels would have one
 *             name, once blanks are filled and it is cut to 32 characters
 * ERR_LIMIT   more than GENERATE_RULES_MAX rules, or a text that is too long
 * ERR_SYNTAX  the parser of policies would refuse it
 * ERR_MEMORY
 */
MUST_CHECK enum err generate_policy(const struct store *,
                                    const struct store_image *,
                                    const struct store_stack *,
                                    struct str before, struct str when,
                                    struct buf *out, struct err_info *why);

/* Where the stack's file is installed, below an image's root. */
struct str generate_path(struct arena *, const struct store_image *,
                         const struct store_stack *);

#endif
