/* Inside of src/assist: could two rules have been made of one object, as far
 * as each of them says? */
#ifndef SALLYPORT_ASSIST_IMPORT_FIT_H
#define SALLYPORT_ASSIST_IMPORT_FIT_H

#include "assist/import_priv.h"

bool fit_same_texts(const struct store_texts *, const struct store_texts *);
bool fit_same_strs(const struct str *, const struct str *, size_t n);

/* Do they stand for one name, of which the shorter has lost the end? */
bool fit_label(const struct label *, const struct label *);
void fit_merge_label(struct label *to, const struct label *from);

/* A type of a rule without TLS may be any that has its conditions. */
struct known_type {
    struct store_type type;
    bool is_tls;
};

struct known_type fit_type_of(const struct part *);
bool fit_type(const struct known_type *, const struct known_type *);
void fit_merge_type(struct known_type *to, const struct known_type *from);

/* The level of a client says nothing of client authentication. */
struct known_level {
    struct store_level level;
    struct label label;
    bool is_tls;
};

struct known_level fit_level_of(const struct part *);
bool fit_level(const struct known_level *, const struct known_level *);
void fit_merge_level(struct known_level *to, const struct known_level *from);

#endif
