/*
 * Features of featureManager: which exist here, and which pull in others.
 * Source: Liberty, featureManager; z/OS Connect EE features.
 */
#ifndef SALLYPORT_CONFIG_FEATURE_H
#define SALLYPORT_CONFIG_FEATURE_H

#include "config/elements.h"

/* Names compare without case and blanks. */
bool feature_is_known(struct str name);
/* The i-th of all, sorted by name; NULL behind the last. */
const char *feature_name(size_t i);
/* Does something here do what the i-th is for? */
bool feature_has_effect(size_t i);

/*
 * What the tree's featureManager installs: known features and what they pull
 * in, each once, in its latest version, sorted, spelled as in our list.
 * `unknown` (may be NULL) gets the others as written.
 */
MUST_CHECK enum err features_of(const struct cfg_tree *, struct arena *,
                                struct cfg_list *out, struct cfg_list *unknown,
                                struct err_info *why);
/*
 * What is wrong with the list, as messages in order: unknown features, known
 * ones without effect here (SPT0401W), those
 * left out because a later version is there (CWWKF0031I), two versions that
 * exclude each other (CWWKF0033E: the later one stays), none at all. Returns
 * the number of errors.
 */
unsigned features_check(const struct cfg_tree *,
                        void (*say)(void *arg, const char *id, struct str text),
                        void *arg);
/* Is it, or a later version of it, installed, given or pulled in? */
bool features_have(const struct cfg_tree *, const char *name);

#endif
