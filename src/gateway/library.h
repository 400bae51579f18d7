/* Interceptors in shared objects (include/sallyport/interceptor.h). */
#ifndef SALLYPORT_GATEWAY_LIBRARY_H
#define SALLYPORT_GATEWAY_LIBRARY_H

#include "base/err.h"
#include "sallyport/interceptor.h"

struct library {
    void *handle;
    const struct sallyport_interceptor *code;
};

/*
 * Load it. What it holds runs as the server, so the file must belong to the
 * server's user or root, and nobody else may write it or its folder.
 *
 * ERR_NOT_FOUND    there is no such file
 * ERR_DENIED       others may write it
 * ERR_SYNTAX       no shared object, or not one of an interceptor
 * ERR_UNSUPPORTED  another ABI version, or a blocking one
 */
MUST_CHECK enum err library_open(const char *path, struct library *out,
                                 struct err_info *why);
/* Without loading it: place and owner alone. */
MUST_CHECK enum err library_check(const char *path, struct err_info *why);
void library_close(struct library *);

#endif
