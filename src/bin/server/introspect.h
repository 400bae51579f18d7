/*
 * What a running server knows of itself, as text for a person: threads,
 * storage, descriptors, ports, requests, configuration files. No values of the
 * configuration and nothing of a request but method and path, so no secrets.
 */
#ifndef SALLYPORT_BIN_SERVER_INTROSPECT_H
#define SALLYPORT_BIN_SERVER_INTROSPECT_H

#include "worker.h"

#define INTROSPECT_PATH_BYTES 4200u

/*
 * Write <kind>_yy.MM.dd_HH.mm.ss.N.txt to the server's folder for dumps; path
 * receives its name, which is absolute.
 */
MUST_CHECK enum err introspect_write(struct worker *, const char *kind,
                                     char path[INTROSPECT_PATH_BYTES],
                                     struct err_info *why);
/* Because a request is hung: kind javacore, CWWKE0067I and CWWKE0068I. */
void introspect_hung(struct worker *);

#endif
