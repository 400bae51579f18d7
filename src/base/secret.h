/*
 * Passwords, keys and tokens: wiped when freed, compared in constant time,
 * never given to a format function.
 */
#ifndef SALLYPORT_BASE_SECRET_H
#define SALLYPORT_BASE_SECRET_H

#include "base/str.h"

struct secret {
    unsigned char *p;
    size_t n;
};

MUST_CHECK bool secret_dup(struct str from, struct secret *out);
void secret_free(struct secret *); /* wipes; may be called twice */
/* Borrowed view, for the one call that needs the bytes. */
struct str secret_view(const struct secret *);
bool secret_eq(const struct secret *, struct str other);
/* Overwrite bytes in a way the compiler keeps. */
void secret_wipe(void *p, size_t n);
/* Keep it out of swap; where that is not allowed, the log says so. */
void secret_lock(const void *p, size_t n);
/* Everything the process touches from here on, before it gives up its
 * privileges. */
void secret_lock_process(void);
/* This process will hold secrets: no core file, and other processes of the
 * same user (their jobs, COBOL workers) cannot read its memory or take its
 * descriptors through /proc. Lost at exec. */
void secret_process(void);

#endif
