/*
 * basicRegistry: users and groups written in the configuration. Made once for
 * each configuration, immutable, used by all loops at once.
 *
 * A {hash} takes a tenth of a second on purpose, so a check that needs one
 * belongs into a thread (auth/checker.h): basic_is_slow says so. Where one user
 * has a {hash}, checks of the others and of unknown users take as long, so that
 * time does not tell who exists.
 *
 * Source: Open Liberty, basicRegistry and its LoggingMessages.
 */
#ifndef SALLYPORT_AUTH_BASIC_H
#define SALLYPORT_AUTH_BASIC_H

#include "base/err.h"
#include "base/str.h"
#include "config/elements.h"

struct basic;

struct basic_user {
    struct str name; /* as configured */
    const struct str *groups;
    size_t n_groups;
};

/* A message about the configuration; id and inserts as in base/msg.h. */
typedef void (*basic_say)(void *arg, const char *id, const struct str *inserts,
                          size_t n);

/*
 * Borrows the element, which must outlive it; basic_free wipes nothing of it.
 * Entries that cannot be used are said and left out: without name or password,
 * or of a name that is there twice (with ignoreCaseForAuthentication also one
 * that differs in case only).
 */
MUST_CHECK enum err basic_new(const struct cfg_basic_registry *, basic_say,
                              void *arg, struct basic **out,
                              struct err_info *why);
void basic_free(struct basic **);

struct str basic_realm(const struct basic *);
/* A check takes long: it needs a {hash}. */
bool basic_is_slow(const struct basic *);

/* The user of that name and password; NULL: there is none. Any thread. */
const struct basic_user *basic_check(const struct basic *, struct str name,
                                     struct str password);

enum basic_mapped {
    BASIC_MAPPED,
    BASIC_NO_NAME, /* CWWKS3112W; *subject is what was looked for */
    BASIC_IGNORED, /* CWWKS3113W: certificateMapMode */
    BASIC_NO_MAPPER,
};
/* The user whose name is the most specific CN of a verified certificate (DER).
 * subject: room for its name in RFC 2253 form, for the message. */
enum basic_mapped basic_map_certificate(const struct basic *, struct str der,
                                        const struct basic_user **out,
                                        char subject[512]);

/* For tests and for whoever knows the name from elsewhere; NULL. */
const struct basic_user *basic_find(const struct basic *, struct str name);

#endif
