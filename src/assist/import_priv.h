/* Inside of src/assist: what import.c, import_rule.c and import_objects.c
 * share. */
#ifndef SALLYPORT_ASSIST_IMPORT_PRIV_H
#define SALLYPORT_ASSIST_IMPORT_PRIV_H

#include "assist/import.h"
#include "base/table.h"
#include "ttls/stmt.h"

/* A value as the policy has it. */
struct value {
    const struct ttls_obj *obj;
    const struct ttls_row *row;
    struct str text;
    uint32_t line;
};

/* What a generated name says of an object's. */
struct label {
    struct str text; /* empty: it is no generated name */
    bool is_cut;     /* perhaps: there was no room for more */
};

/* What one TTLSRule is made of. */
struct part {
    const struct ttls_rule *rule;
    struct store_texts local, remote;
    struct store_bits trace;
    struct str facility;
    struct str time[TIME_TEXTS];
    bool is_tls; /* else nothing is known of most of these: */
    struct store_type type;
    struct store_level level; /* its label is that of the ciphers */
    struct label of_traffic, of_level;
};

struct import {
    const struct import_options *options;
    struct arena *arena; /* of the store */
    struct store *store;
    struct value *values; /* by object, of one in the order of the file */
    size_t n_values;
    struct part *parts; /* in the order of search */
    size_t n_parts;
    struct str ring, stash; /* the image's */
    struct table told;      /* losses */
    struct table lists;     /* of addresses or ports, by object */
    size_t n_losses;
    bool no_memory;
};

/* The values of an object; *n may be 0. */
const struct value *import_values(const struct import *,
                                  const struct ttls_obj *, size_t *n);
/* Tell, once, what no object can say. */
void import_loss(struct import *, const struct ttls_obj *, uint32_t line,
                 const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Is it this prefix, a number and (unless owner is NULL) ~ and a name? */
bool import_is_generated(struct str name, const char *prefix,
                         struct str *owner);

/* Everything the rule says, but for names. */
void import_rule(struct import *, struct part *);
/* From parts to the store's objects. */
void import_objects(struct import *, struct store_stack *);
/* What all rules have becomes the image's. */
void import_share(struct store_image *, struct store_stack *);

#endif
