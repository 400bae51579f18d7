/* Between the files that make pasearch's layout. */
#ifndef SALLYPORT_TTLS_SHOW_PRIV_H
#define SALLYPORT_TTLS_SHOW_PRIV_H

#include "ttls/show.h"

#define SHOW_ACTION_COLUMN 32u

/* "  name:" and blanks up to the column. */
void show_label(struct buf *, unsigned indent, const char *name,
                unsigned column);
/* The same with a value, and the line's end. */
void show_line(struct buf *, unsigned indent, const char *name, unsigned column,
               struct str value);
/* Created, updated, and an empty line. */
void show_dates(struct buf *, unsigned indent, const struct ttls_obj *);
const char *show_scope_name(enum ttls_stmt);
void show_action(struct buf *, const struct ttls_obj *action,
                 const struct show_options *);

/* What is not coded: not shown, shown, shown for an environment of TLS 1.3. */
enum show_defaults { DFLT_NO, DFLT_YES, DFLT_TLS13 };

enum show_defaults show_defaults_of(const struct ttls_obj *action);
/* Blocks that are shown though not coded: they have defaults. */
bool show_has_defaults(enum ttls_stmt);

struct ttls_row;
/* Is there no default for this row, in view of what is coded beside it? obj may
 * be NULL. */
bool show_is_open(enum ttls_stmt, const struct ttls_row *,
                  const struct ttls_obj *obj);

/* Codes of a row's default as written in the table. */
#define SHOW_CODES_MAX 64u
size_t show_default_codes(const struct ttls_row *, enum show_defaults,
                          uint16_t out[SHOW_CODES_MAX]);

/* The first n bits, '1' or '0'; not coded: all '1'. */
void show_mask(char *out, uint32_t bits, unsigned n, bool is_coded);
/* Is a rule wanted that holds now, or does not? */
bool show_status(const struct show_options *, bool is_active);

#endif
